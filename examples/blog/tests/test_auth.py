"""Joining, entering, leaving."""

import pytest

from miniflask import g, session

from ..db import get_db

ANN = {"name": "Ann", "password": "marmalade"}


def test_joining_makes_an_account_without_the_password(client, app):
    """A new reader is sent to the door, and the database knows only a hash."""
    answer = client.post("/join", data=ANN)
    with app.app_context():
        [reader] = get_db().execute("SELECT * FROM reader").fetchall()

    assert answer.location == "/enter"
    assert reader["name"] == "Ann"
    assert reader["password_hash"].startswith("pbkdf2:sha256:1$")


def test_joining_says_what_is_wrong(client):
    """A name or password that cannot be gets a complaint, and the form with the name again."""
    client.post("/join", data=ANN)
    for name, password, complaint in [
        ("A", "marmalade", "A name has 2 to 30 characters."),
        ("A" * 31, "marmalade", "A name has 2 to 30 characters."),
        ("An\nn", "marmalade", "A name has 2 to 30 characters."),
        ("Bob", "jam", "A password has at least 8 characters."),
        (" ann ", "marmalade", "Somebody is called ann already."),
    ]:
        answer = client.post("/join", data={"name": name, "password": password})

        assert answer.status_code == 422
        assert f'<p class="error" role="status">{complaint}</p>' in answer.text
        assert f'value="{name.strip()}"' in answer.text


def test_entering_begins_a_new_session(client):
    """Who enters is known from then on, and what the session held before is gone."""
    client.post("/join", data=ANN)
    with client.session_transaction() as before:
        before["planted"] = True

    with client:
        assert client.post("/enter", data=ANN).location == "/"
        client.get("/")
        assert g.reader["name"] == "Ann"
        assert "planted" not in session


@pytest.mark.parametrize("wrong", [{"name": "Eve"}, {"password": "Marmalade"}])
def test_entering_needs_both(client, wrong):
    """A wrong name and a wrong password get the same answer."""
    client.post("/join", data=ANN)
    answer = client.post("/enter", data=ANN | wrong)

    assert answer.status_code == 403
    assert "This is not a name with its password." in answer.text


def test_a_form_without_its_fields_is_refused(client):
    """A request that no form of ours makes is a 400."""
    assert client.post("/join", data={}).status_code == 400
    assert client.post("/enter", data={}).status_code == 400


def test_leaving_ends_the_session(enter):
    """Who has left is nobody; a link alone makes nobody leave."""
    browser = enter("Ann")

    assert browser.get("/leave").status_code == 405
    assert "Leave, Ann" in browser.get("/").text
    assert "Come back soon." in browser.post("/leave", follow_redirects=True).text
    assert "Leave, Ann" not in browser.get("/").text


def test_a_reader_who_was_deleted_is_nobody(enter, app):
    """A session that outlives its account counts as none."""
    browser = enter("Ann")
    with app.app_context(), get_db() as db:
        db.execute("DELETE FROM reader")

    assert "Leave" not in browser.get("/").text


def test_after_the_door_comes_what_was_wanted(client):
    """Who was sent to the door is sent on from there, once."""
    client.post("/join", data=ANN)
    sent_away = client.get("/notes/3/change")

    assert sent_away.location == "/enter"
    assert client.post("/enter", data=ANN).location == "/notes/3/change"
    assert client.post("/enter", data=ANN).location == "/"
