"""Making the application."""

import stat

from .. import create_app, own_key


def test_a_configuration_replaces_that_of_the_installation():
    """What the factory is given counts, and nothing is written anywhere."""
    app = create_app({"TESTING": True, "NOTES_PER_PAGE": 7})

    assert app.testing
    assert app.config["NOTES_PER_PAGE"] == 7
    assert app.secret_key is None


def test_each_application_is_its_own():
    """Two applications of one process share no configuration."""
    one, other = create_app({"NOTES_PER_PAGE": 1}), create_app({"NOTES_PER_PAGE": 2})

    assert one.config["NOTES_PER_PAGE"] == 1
    assert other.config["NOTES_PER_PAGE"] == 2


def test_the_key_of_an_installation_stays_the_same(tmp_path):
    """The first to ask makes the key, of 32 bytes that only the owner can read."""
    path = tmp_path / "secret_key"
    key = own_key(path)

    assert len(key) == 32
    assert own_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_errors_are_pages_of_the_site(client):
    """An error has the frame of every page, and keeps its status and headers."""
    lost, wrong = client.get("/nowhere"), client.put("/join")

    assert (lost.status_code, wrong.status_code) == (404, 405)
    assert "Read lately" in lost.text
    assert wrong.allow.as_set() == {"get", "head", "options", "post"}


def test_the_style_sheet_is_served(client):
    """The frame links to a style sheet that is there."""
    assert 'href="/static/style.css"' in client.get("/").text
    with client.get("/static/style.css") as sheet:
        assert sheet.mimetype == "text/css"
