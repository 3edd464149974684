"""Writing, reading, changing and discarding notes."""

import pytest

EMMA = {"book": "Emma", "stars": "4", "thoughts": "Witty.\r\n<b>Long</b>, too."}


@pytest.fixture
def ann(enter):
    """A browser of somebody who has written one note."""
    browser = enter("Ann")
    browser.post("/write", data=EMMA)
    return browser


def test_an_empty_shelf_says_so(client):
    """Before anybody writes, the shelf says that there is nothing."""
    assert "Nobody has written anything yet." in client.get("/").text


def test_everybody_reads_a_note(ann, client):
    """A note shows who wrote it; its text is text, and keeps its lines."""
    page = client.get("/notes/1").text

    assert "<h1>Emma</h1>" in page
    assert "★★★★☆ Ann" in page
    assert "Witty.\n&lt;b&gt;Long&lt;/b&gt;, too." in page
    assert "Change" not in page


def test_its_writer_changes_a_note(ann):
    """The form shows the note as it is, and what is sent replaces it."""
    assert '<option value="4" selected>' in ann.get("/notes/1/change").text
    answer = ann.post("/notes/1/change", data=EMMA | {"stars": "5"}, follow_redirects=True)

    assert answer.request.path == "/notes/1"
    assert "It is changed." in answer.text
    assert "★★★★★" in answer.text


def test_its_writer_discards_a_note(ann):
    """A discarded note is gone, and its number is not used again."""
    assert "It is off the shelf." in ann.post("/notes/1/discard", follow_redirects=True).text
    assert ann.get("/notes/1").status_code == 404
    assert ann.post("/write", data=EMMA).location == "/notes/2"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/notes/1/change"),
        ("POST", "/notes/1/change"),
        ("POST", "/notes/1/discard"),
    ],
)
def test_nobody_else_changes_a_note(ann, enter, client, app, method, path):
    """Another reader is refused, a stranger is sent to the door, and the note stays."""
    refused = enter("Bob").open(path, method=method, data=EMMA | {"book": "Mine"})
    sent_away = client.open(path, method=method, data=EMMA | {"book": "Mine"})

    assert refused.status_code == 403
    assert "Only Ann can change this note." in refused.text
    assert sent_away.location == "/enter"
    assert "<h1>Emma</h1>" in client.get("/notes/1").text


@pytest.mark.parametrize("path", ["/write", "/notes/1/change"])
def test_a_note_that_lacks_something_comes_back(ann, path):
    """The form comes back as it was sent, with the complaint, and nothing is kept."""
    for wrong, complaint in [
        ({"book": " "}, "Say which book it was"),
        ({"book": "x" * 201}, "Say which book it was"),
        ({"stars": "6"}, "Give it one star to five."),
        ({"stars": "many"}, "Give it one star to five."),
        ({"thoughts": ""}, "Say what you think of it."),
    ]:
        answer = ann.post(path, data=EMMA | {"book": "Persuasion"} | wrong)

        assert answer.status_code == 422
        assert complaint in answer.text
        assert wrong.get("book", "Persuasion").strip() in answer.text
    assert "Persuasion" not in ann.get("/").text


def test_a_note_that_is_not_there(ann):
    """Whatever the number, a missing note is a 404."""
    for number in ("0", "2", str(2**63), "9" * 30, "-1", "one"):
        assert ann.get(f"/notes/{number}").status_code == 404
        assert ann.post(f"/notes/{number}/discard").status_code == 404


def test_the_shelf_has_pages(ann):
    """The newest notes come first; each page links to its neighbours."""
    for book in ("Persuasion", "Lady Susan"):
        ann.post("/write", data=EMMA | {"book": book})
    first, second = ann.get("/").text, ann.get("/?page=2").text

    assert first.index("Lady Susan") < first.index("Persuasion")
    assert 'href="/?page=2" rel="next"' in first
    assert "Emma" not in first
    assert "Emma" in second
    assert 'href="/?page=1" rel="prev"' in second


def test_a_page_that_is_not_there(ann):
    """A page before the first or after the last is a 404."""
    for page in ("0", "2", "-1", "9" * 30):
        assert ann.get(f"/?page={page}").status_code == 404
