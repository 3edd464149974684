"""Serve each application of ``examples/`` and walk through the whole story of its visitors.

Every program runs twice, in a folder of its own: as it is, and with ``flask`` in its imports.
First the docstring is held to what it promises, as in ``test_lessons.py``.  Then come the
visitors; what the two frameworks answered them has to be the same.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from tests.lessons.docstrings import read_exchanges, read_parts
from tests.lessons.frameworks import FRAMEWORKS, on_flask
from tests.lessons.visitor import DEADLINE, Answer, Visitor, curl
from tests.sockets.server import served

EXAMPLES = Path(__file__).parents[2] / "examples"
MODULES = sorted(EXAMPLES.glob("[a-z]*.py"))
VIEWS = EXAMPLES / "url_map_views.py"
BLOG = EXAMPLES / "blog"
APPLICATIONS = [*(path for path in MODULES if path != VIEWS), BLOG]
SOURCES = [*MODULES, *sorted(BLOG.rglob("*.py"))]

both_frameworks = pytest.mark.parametrize("framework", FRAMEWORKS)
every_application = pytest.mark.parametrize("path", APPLICATIONS, ids=lambda path: path.stem)
every_source = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(EXAMPLES))
)


def copy_examples(framework: str, folder: Path) -> None:
    """Copy the applications into a folder, for one of the frameworks."""
    ignored = shutil.ignore_patterns("[0-9]*", "instance", "__pycache__", "README.md")
    shutil.copytree(EXAMPLES, folder / "examples", ignore=ignored)
    if framework == "flask":
        for source in folder.rglob("*.py"):
            source.write_text(on_flask(source.read_text("utf-8")), "utf-8")


# ---- docstrings ----


def words_after_python(command: str, framework: str) -> list[str]:
    """Return the words of a ``python`` command for one of the frameworks."""
    python, *words = shlex.split(command)
    assert python == "python"
    return [framework if word == "miniflask" else word for word in words]


def run_python(words: list[str], folder: Path) -> list[str]:
    """Run a Python program to its end and return the lines that it prints."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**inherited, "PYTHONIOENCODING": "utf-8"},
        timeout=DEADLINE,
        check=True,
    )
    return [line.rstrip() for line in done.stdout.splitlines()]


# ---- serving ----


class Site:
    """An application that is being served.

    Args:
        port: Where.
        folder: The folder that it runs in, with the copy of ``examples/``.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.visitors: list[Visitor] = []

    def visitor(self) -> Visitor:
        """Have somebody come whom the application does not know."""
        self.visitors.append(Visitor(self.port))
        return self.visitors[-1]


def allowed(answer: Answer) -> set[str]:
    """Return the methods that an answer says are allowed."""
    return set(answer.headers["Allow"].split(", "))


Story = Callable[[Site], None]


def tell(path: Path, framework: str, story: Story, folder: Path, tracebacks: int) -> list[object]:
    """Serve an application, hold it to its docstring, play the story; return all answers."""
    parts = read_parts(path)
    *before, (command, banner) = read_exchanges(parts["Run it"])
    for preparation, printed in before:
        assert run_python(words_after_python(preparation, framework), folder) == printed

    program = ["-m", "tests.lessons.program", str(folder)]
    environ = {"PORT": "0", "FLASK_RUN_PORT": "0", "PYTHONIOENCODING": "utf-8"}
    with served(*program, *words_after_python(command, framework), **environ) as port:
        keep_promises(read_exchanges(parts["Expect"]), framework, port, folder)
        site = Site(port, folder)
        story(site)

    assert (folder / "printed.txt").read_text("utf-8").splitlines() == banner
    complaints = (folder / "errors.txt").read_text("utf-8")
    assert complaints.count("Traceback") == tracebacks, complaints
    assert not re.search(r"\wWarning|Exception ignored", complaints), complaints
    return [answer for visitor in site.visitors for answer in visitor.told]


def keep_promises(
    promised: list[tuple[str, list[str]]], framework: str, port: int, folder: Path
) -> None:
    """Hold a server to the commands and answers in its docstring."""
    jars: dict[str, SimpleCookie] = {}
    for command, output in promised:
        if command.startswith("python "):
            answer = run_python(words_after_python(command, framework), folder)
        else:
            answer = curl(command, port, jars)
        assert (command, answer) == (command, output)


@pytest.fixture
def on_both(tmp_path: Path) -> Callable[..., None]:
    """A function that plays a story on both frameworks and compares all answers."""

    def play(
        path: Path,
        story: Story,
        prepare: Callable[[Path], object] = lambda folder: None,
        tracebacks: int = 0,
    ) -> None:
        def on(framework: str) -> list[object]:
            folder = tmp_path / framework
            copy_examples(framework, folder)
            prepare(folder)
            return tell(path, framework, story, folder, tracebacks)

        with ThreadPoolExecutor() as pool:
            ours, theirs = pool.map(on, FRAMEWORKS)
        assert len(ours) == len(theirs)
        for our, their in zip(ours, theirs):
            assert our == their

    return play


# ---- what all have in common ----


@every_application
def test_a_docstring_has_its_five_parts(path: Path) -> None:
    """Each docstring says what to see, run and expect, the same in Flask, and what to try."""
    parts = read_parts(path)

    assert list(parts) == ["What you see", "Run it", "Expect", "In Flask", "Try"]
    assert all(parts.values())
    assert len(parts["In Flask"].splitlines()) <= 2
    assert f"examples/{path.name}" in parts["Run it"]


@every_source
def test_only_imports_name_the_framework(path: Path) -> None:
    """But for docstrings, no program says which framework it runs on except in its imports."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Module() | ast.ClassDef() | ast.FunctionDef() if ast.get_docstring(node):
                del node.body[0]
    rest = on_flask(ast.unparse(tree))

    assert "miniflask" not in rest


def test_every_application_is_listed() -> None:
    """The list of applications links to each, and to nothing else."""
    readme = (EXAMPLES / "README.md").read_text("utf-8")
    _, _, applications = readme.partition("\n## Applications\n")
    listed = re.findall(r"^- \[`(.*?)`\]\((.*?)\)", applications, re.MULTILINE)

    assert [name for name, _ in listed] == [target for _, target in listed]
    assert {target.rstrip("/") for _, target in listed} == {path.name for path in APPLICATIONS}


# ---- the blog ----


def test_the_tests_of_the_blog_pass(tmp_path: Path) -> None:
    """The blog's own tests pass on either framework."""
    plugins = [f"-pno:{name}" for name in ("cacheprovider", "xdist", "hypothesispytest")]

    def last_line(framework: str) -> str:
        folder = tmp_path / framework
        copy_examples(framework, folder)
        return run_python(["-m", "pytest", "-q", *plugins, "examples/blog"], folder)[-1]

    with ThreadPoolExecutor() as pool:
        ours, theirs = pool.map(last_line, FRAMEWORKS)
    assert re.match(r"\d\d passed in ", ours)
    assert ours.split(" in ")[0] == theirs.split(" in ")[0]


ANN = {"name": "Ann", "password": "marmalade"}
BOB = {"name": "Bob", "password": "porcupine"}
EMMA = {"book": "Emma", "stars": "4", "thoughts": "Witty.\r\n<b>Long</b>, too."}


def join_and_write(site: Site) -> Visitor:
    """Ann wants to write, has to join and enter, makes mistakes, and writes."""
    ann = site.visitor()
    assert "Nobody has written anything yet." in ann.get("/").text
    door = ann.follow(ann.get("/write"))
    assert '<p class="error" role="status">Please enter first.</p>' in door.text
    assert "Please enter first." not in ann.get("/enter").text

    assert ann.submit("/join", **ANN | {"password": "jam"}).status == 422
    welcome = ann.follow(ann.submit("/join", **ANN))
    assert '<p class="done" role="status">Welcome, Ann. Now enter.</p>' in welcome.text
    assert "Somebody is called Ann already." in ann.submit("/join", **ANN).text
    assert ann.submit("/join", name="Eve").status == 400

    assert ann.submit("/enter", **ANN | {"password": "Marmalade"}).status == 403
    form = ann.follow(ann.submit("/enter", **ANN))
    assert "<h1>Write</h1>" in form.text
    assert "Leave, Ann" in form.text

    assert "Give it one star" in ann.submit("/write", **EMMA | {"stars": "6"}).text
    note = ann.follow(ann.submit("/write", **EMMA))
    assert "It is on the shelf." in note.text
    assert "Witty.\n&lt;b&gt;Long&lt;/b&gt;, too." in note.text
    return ann


def meddle(site: Site) -> None:
    """Bob reads Ann's note, and cannot change it, whatever he sends."""
    bob = site.visitor()
    bob.submit("/join", **BOB)
    assert bob.follow(bob.submit("/enter", **BOB)).status == 200
    assert "★★★★☆ Ann" in bob.get("/notes/1").text
    for answer in (
        bob.get("/notes/1/change"),
        bob.submit("/notes/1/change", **EMMA | {"book": "Mine"}),
        bob.submit("/notes/1/discard"),
    ):
        assert answer.status == 403
        assert "Only Ann can change this note." in answer.text
    assert bob.submit("/leave").headers["Location"] == "/"
    assert bob.get("/notes/1/change").headers["Location"] == "/enter"


def forge(site: Site, ann: Visitor) -> None:
    """Somebody alters a session cookie, and is nobody."""
    eve = site.visitor()
    payload, _, rest = ann.cookies["session"].value.partition(".")
    eve.cookies["session"] = f"{payload[:-1]}A.{rest}"
    assert "Leave, Ann" in ann.get("/").text
    assert "Leave" not in eve.get("/").text
    assert eve.submit("/notes/1/discard").headers["Location"] == "/enter"


def lose_the_way(site: Site) -> None:
    """Somebody asks for what there is not."""
    stray = site.visitor()
    for target in ("/notes/9", f"/notes/{2**63}", "/notes/one", "/write/", "/?page=2", "/static/x"):
        answer = stray.get(target)
        assert answer.status == 404
        assert "Back to the shelf" in answer.text
    answer = stray.get("/leave")
    assert (answer.status, allowed(answer)) == (405, {"OPTIONS", "POST"})
    assert stray.ask("OPTIONS", "/write").status == 200
    assert stray.ask("HEAD", "/").body == b""
    too_much = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "100001"}
    assert stray.ask("POST", "/enter", headers=too_much).status == 413

    sheet = stray.get("/static/style.css")
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    again = stray.get("/static/style.css", {"If-None-Match": sheet.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")


def change_and_leave(ann: Visitor) -> None:
    """Ann changes her note, fills a second page, discards, and leaves."""
    changed = ann.follow(ann.submit("/notes/1/change", **EMMA | {"stars": "5"}))
    assert "★★★★★ Ann" in changed.text
    for number in range(2, 7):
        location = ann.submit("/write", **EMMA | {"book": f"Volume {number}"}).headers["Location"]
        assert location == f"/notes/{number}"
    assert "Emma" not in ann.get("/").text
    assert "Emma" in ann.get("/?page=2").text
    gone = ann.follow(ann.submit("/notes/6/discard"))
    assert "It is off the shelf." in gone.text
    assert "Emma" in gone.text
    assert ann.get("/notes/6").status == 404
    assert "Come back soon." in ann.follow(ann.submit("/leave")).text
    assert ann.get("/write").status == 302


def lose_the_journal(site: Site) -> None:
    """The owner loses the database, and then puts something else in its place."""
    visitor = site.visitor()
    journal = site.folder / "examples" / "instance" / "journal.sqlite"
    journal.unlink()
    answer = visitor.get("/")
    assert (answer.status, "init-db" in answer.text) == (503, True)
    journal.write_bytes(b"This is not a database. " * 50)
    answer = visitor.get("/")
    assert (answer.status, "not a database" in answer.text) == (500, False)


def test_the_blog(on_both: Callable[..., None]) -> None:
    """Readers join, enter, write, change and discard notes of their own only, and leave."""

    def prepare(folder: Path) -> None:
        settings = folder / "examples" / "instance" / "settings.py"
        settings.parent.mkdir()
        # A safe one is slow on purpose.
        settings.write_text("PASSWORD_HASH = 'pbkdf2:sha256:1'\n")

    def story(site: Site) -> None:
        ann = join_and_write(site)
        meddle(site)
        forge(site, ann)
        lose_the_way(site)
        change_and_leave(ann)
        key = site.folder / "examples" / "instance" / "secret_key"
        assert stat.S_IMODE(key.stat().st_mode) & 0o077 == 0
        lose_the_journal(site)

    on_both(BLOG, story, prepare, tracebacks=1)


# ---- files ----

LEAD_OUT = [
    "/files/../files.py",
    "/files/%2e%2e/files.py",
    "/files/..%2ffiles.py",
    "/files/..%2f..%2ffiles.py",
    "/files/..%5c..%5cfiles.py",
    "/files/%2fetc%2fpasswd",
    "/files//etc/passwd",
    "/files/a/../../../files.py",
    "/files/%00",
    "/files/notes.txt%00.png",
    "/files/.",
    "/files/..",
    "/files/",
]


def upload(site: Site) -> Visitor:
    """Somebody puts files on the shelf, and tries what is not taken."""
    visitor = site.visitor()
    assert "Nothing is here yet." in visitor.get("/").text
    assert visitor.upload("/files", "notes.txt", b"0123456789").status == 201
    assert visitor.upload("/files", "../../etc/passwd.TXT", b"").text == (
        "etc_passwd.TXT is here now.\n"
    )
    answer = visitor.upload("/files", "a b.png", b"\x89PNG\r\n", Accept="text/html,*/*;q=0.8")
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert '<a href="/files/a_b.png">a_b.png</a> 6 Bytes' in visitor.follow(answer).text

    refused = {"..": 400, "": 400, "x" * 100 + ".txt": 400, "page.html": 415, "txt": 415}
    for name, status in {**refused, "notes.txt": 409, "a.txt.exe": 415}.items():
        assert visitor.upload("/files", name, b"<script>").status == status
    assert visitor.submit("/files", file="no file").status == 400
    too_much = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": "1000001"}
    assert visitor.ask("POST", "/files", headers=too_much).status == 413
    assert visitor.get("/files").text == "6 a_b.png\n0 etc_passwd.TXT\n10 notes.txt\n"
    return visitor


def download(visitor: Visitor) -> None:
    """Somebody fetches a file, parts of it, and asks whether it has changed."""
    whole = visitor.get("/files/notes.txt")
    assert whole.body == b"0123456789"
    assert whole.headers["Content-Disposition"] == "attachment; filename=notes.txt"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert visitor.ask("HEAD", "/files/notes.txt").headers["Content-Length"] == "10"

    etag = whole.headers["ETag"]
    for wanted, status, body in [
        ({"Range": "bytes=2-4"}, 206, b"234"),
        ({"Range": "bytes=7-"}, 206, b"789"),
        ({"Range": "bytes=-1"}, 206, b"9"),
        ({"Range": "bytes=2-4", "If-Range": etag}, 206, b"234"),
        ({"Range": "bytes=2-4", "If-Range": '"another"'}, 200, b"0123456789"),
        ({"If-None-Match": etag}, 304, b""),
        ({"If-Modified-Since": whole.headers["Last-Modified"]}, 304, b""),
        ({"If-None-Match": '"another"'}, 200, b"0123456789"),
    ]:
        answer = visitor.get("/files/notes.txt", wanted)
        assert (wanted, answer.status, answer.body) == (wanted, status, body)
    answer = visitor.get("/files/notes.txt", {"Range": "bytes=10-"})
    assert (answer.status, answer.headers["Content-Range"]) == (416, "bytes */10")
    visitor.get("/files/notes.txt", {"Range": "bytes=0-1,4-5"})
    visitor.get("/files/notes.txt", {"Range": "lines=1"})


def test_files(on_both: Callable[..., None]) -> None:
    """Files are put, listed, fetched whole and in part, thrown away, and nothing leads out."""

    def story(site: Site) -> None:
        before = {path for path in site.folder.rglob("*") if "__pycache__" not in path.parts}
        visitor = upload(site)
        download(visitor)
        for target in LEAD_OUT:
            for method in ("GET", "DELETE", "POST"):
                suffix = "/delete" if method == "POST" else ""
                answer = visitor.ask(method, target + suffix)
                assert (target, answer.status in {308, 404, 405}) == (target, True)
        assert visitor.ask("DELETE", "/files/a_b.png").text == "a_b.png is gone.\n"
        assert visitor.submit("/files/etc_passwd.TXT/delete").status == 200
        assert visitor.submit("/files/etc_passwd.TXT/delete").status == 404
        assert visitor.get("/files").text == "10 notes.txt\n"
        after = {path for path in site.folder.rglob("*") if "__pycache__" not in path.parts}
        assert after - before == {site.folder / "instance" / "uploads" / "notes.txt"}
        assert before - after == set()

    on_both(EXAMPLES / "files.py", story)


# ---- the API ----


def expect_problem(answer: Answer, status: int, type: str) -> Any:
    """Hold an answer to being a problem document, and return it."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json.keys() >= {"type", "title", "status", "detail", "instance"}
    assert (answer.status, answer.json["status"], answer.json["type"]) == (status, status, type)
    return answer.json


def change_plants(client: Visitor) -> None:
    """Add, replace and delete plants."""
    added = client.send_json("POST", "/plants", {"name": "ivy", "days": 7})
    assert (added.status, added.headers["Location"]) == (201, "/plants/3")
    shown = client.get("/plants/3")
    assert shown.json == {"name": "ivy", "days": 7, "url": "/plants/3"}
    etag = shown.headers["ETag"]
    assert added.headers["ETag"] == etag

    assert client.get("/plants/3", {"If-None-Match": etag}).status == 304
    changed = client.send_json("PUT", "/plants/3", {"name": "ivy", "days": 5}, if_match=etag)
    assert changed.json["days"] == 5
    late = client.send_json("PUT", "/plants/3", {"name": "ivy", "days": 9}, if_match=etag)
    expect_problem(late, 412, "/problems/outdated")
    assert client.get("/plants/3", {"If-None-Match": etag}).json["days"] == 5
    taken = client.send_json("PUT", "/plants/3", {"name": "fern", "days": 5})
    assert expect_problem(taken, 409, "/problems/name-taken")["owner"] == "/plants/1"

    outdated = client.ask("DELETE", "/plants/3", headers={"If-Match": etag})
    expect_problem(outdated, 412, "/problems/outdated")
    gone = client.ask("DELETE", "/plants/3", headers={"If-Match": changed.headers["ETag"]})
    assert (gone.status, gone.body) == (204, b"")
    for method in ("GET", "DELETE"):
        expect_problem(client.ask(method, "/plants/3"), 404, "/problems/no-such-plant")
    late = client.send_json("PUT", "/plants/3", {"name": "ivy", "days": 5})
    expect_problem(late, 404, "/problems/no-such-plant")


def send_nonsense(client: Visitor) -> None:
    """Send what is not valid, in each way that there is."""
    for plant, pointers in [
        ({"name": " ", "days": 3}, ["/name"]),
        ({"name": "x" * 41, "days": 3}, ["/name"]),
        ({"name": "a\nb", "days": 3}, ["/name"]),
        ({"name": 1, "days": True}, ["/name", "/days"]),
        ({"name": "oak", "days": 366}, ["/days"]),
        ({"name": "oak", "days": 1.5}, ["/days"]),
        ({"name": "oak", "days": 1, "a/b": 0, "a~": 0}, ["/a~1b", "/a~0"]),
        ([], ["/name", "/days"]),
        (None, ["/name", "/days"]),
    ]:
        answer = client.send_json("POST", "/plants", plant)
        errors = expect_problem(answer, 422, "/problems/not-valid")["errors"]
        assert [error["pointer"] for error in errors] == pointers
    for query in ("page=0", "page=-1", "page=x", "page=", "size=51", "page=1000000"):
        answer = client.get(f"/plants?{query}")
        errors = expect_problem(answer, 422, "/problems/not-valid")["errors"]
        assert [error["parameter"] for error in errors] == [query.partition("=")[0]]


def cause_http_errors(client: Visitor) -> None:
    """Cause errors that the framework raises."""
    as_json = {"Content-Type": "application/json"}
    for answer, status in [
        (client.get("/nowhere"), 404),
        (client.get("/problems/boredom"), 404),
        (client.get("/plants/one"), 404),
        (client.ask("POST", "/plants", b'{"name": ', as_json), 400),
        (client.ask("POST", "/plants", b"\xff", as_json), 400),
        (client.ask("POST", "/plants", b"name=oak"), 415),
        (client.ask("POST", "/plants", headers={**as_json, "Content-Length": "10001"}), 413),
        (client.ask("DELETE", "/plants"), 405),
    ]:
        expect_problem(answer, status, "about:blank")
    assert allowed(answer) == {"GET", "HEAD", "OPTIONS", "POST"}
    assert answer.headers.get_all("Content-Length") == [str(len(answer.body))]


def follow_pages(client: Visitor) -> None:
    """Follow the links from the first page to the last, and back."""
    for number in range(5):
        client.send_json("POST", "/plants", {"name": f"tree {number}", "days": 9})
    urls, pages = ["/plants?size=3"], list[Any]()
    while len(pages) < len(urls):
        pages.append(client.get(urls[-1]).json)
        urls += [pages[-1]["next"]] if "next" in pages[-1] else []
    found = [plant["url"] for page in pages for plant in page["plants"]]
    assert found == [f"/plants/{n}" for n in (1, 2, 5, 6, 7, 8, 9)]
    assert {page["total"] for page in pages} == {7}
    assert client.get(pages[-1]["previous"]).json == pages[-2]
    assert client.get("/plants?page=9").json["plants"] == []
    assert "next" not in client.get("/plants?size=7").json


def test_the_api(on_both: Callable[..., None]) -> None:
    """Plants are added, listed in pages, changed and deleted; every error is a problem."""

    def story(site: Site) -> None:
        client = site.visitor()
        change_plants(client)
        send_nonsense(client)
        cause_http_errors(client)
        taken = client.send_json("POST", "/plants", {"name": "fern", "days": 1})
        expect_problem(taken, 409, "/problems/name-taken")
        follow_pages(client)
        for slug in ("no-such-plant", "name-taken", "outdated", "not-valid"):
            assert client.get(f"/problems/{slug}").json["title"]

    on_both(EXAMPLES / "json_api.py", story)


# ---- the small ones ----


def test_the_csv_stream(on_both: Callable[..., None]) -> None:
    """A table is sent as it is made; its generator ends when the table does or the reader goes."""

    def story(site: Site) -> None:
        reader = site.visitor()
        table = reader.get("/squares/1000.csv")
        assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert table.headers["Content-Disposition"] == "attachment; filename=squares.csv"
        assert "Content-Length" not in table.headers
        assert table.body.endswith(b'\r\n999,998001,"for 127.0.0.1, row 999"\r\n')
        assert table.body.count(b"\r\n") == 1001
        assert reader.get("/ended").text == "/squares/1000.csv was read to its end.\n"

        beginning = reader.ask("GET", "/squares.csv", lines=501)
        assert beginning.body.endswith(b'\r\n499,249001,"for 127.0.0.1, row 499"\r\n')
        assert reader.get("/ended").text == "/squares.csv was given up.\n"

        # Who asks for the headers only starts no table: the next to end is the one after.
        assert reader.ask("HEAD", "/squares.csv").body == b""
        assert reader.get("/squares/0.csv").text == "number,square,remark\r\n"
        assert reader.get("/ended").text == "/squares/0.csv was read to its end.\n"
        assert reader.get("/squares/-1.csv").status == 404

    on_both(EXAMPLES / "csv_stream.py", story)


def test_caching(on_both: Callable[..., None]) -> None:
    """What was looked up is known until the request ends, and nobody gets another one's answer."""

    def story(site: Site) -> None:
        ann, bob, eve = site.visitor(), site.visitor(), site.visitor()
        ann.submit("/login", name="ann", password="saffron")
        bob.submit("/login", name="bob", password="cinnamon")
        assert eve.submit("/login", name="bob", password="saffron").status == 403
        for visitor, name in [(ann, "ann"), (bob, "bob"), (ann, "ann")]:
            bill = visitor.get("/bill").text
            assert bill.startswith(f"{name} owes 11: ")
            assert bill.endswith(f"Looked up: user {name}, price of tea, price of cake.\n")
        assert eve.get("/bill").headers["Location"] == "/login"
        assert eve.submit("/login", name="bob").status == 400
        assert '<form method="post">' in eve.get("/login").text

    on_both(EXAMPLES / "caching.py", story)


def test_the_url_map(on_both: Callable[..., None]) -> None:
    """Views named in the table answer, and the table decides which methods they have."""

    def story(site: Site) -> None:
        visitor = site.visitor()
        assert visitor.get("/people/%3Cb%3E").text == "Hello, &lt;b&gt;!\n"
        assert visitor.submit("/people/ann", greeting="Ahoy").text == "Ahoy, ann!\n"
        assert visitor.get("/add/2/x").status == 404
        refused = visitor.submit("/add/2/3")
        assert (refused.status, allowed(refused)) == (405, {"GET", "HEAD", "OPTIONS"})
        assert visitor.ask("HEAD", "/add/2/3").headers["Content-Length"] == "10"

    on_both(EXAMPLES / "url_map.py", story)


def test_the_rotating_log(on_both: Callable[..., None]) -> None:
    """Yesterday's log is put aside; today's has a line for each record, whatever is in it."""
    yesterday = datetime(2001, 2, 3, 12, tzinfo=timezone.utc).timestamp()

    def prepare(folder: Path) -> None:
        log = folder / "instance" / "visits.log"
        log.parent.mkdir()
        log.write_text("what happened yesterday\n")
        os.utime(log, (yesterday, yesterday))

    def story(site: Site) -> None:
        visitor = site.visitor()
        log = site.folder / "instance" / "visits.log"
        assert log.with_name("visits.log.2001-02-03").read_text() == "what happened yesterday\n"

        before = log.read_text("utf-8").splitlines()
        assert visitor.get("/half/3").text == "Half of 3 is 1.\n"
        assert visitor.get("/fail").status == 500
        assert visitor.get("/nowhere%0d%0a2001-02-03|ERROR%20forged%e2%80%a8%1b[31m").status == 404
        assert visitor.get("/say?words=a%0d%0ab%1b[31m%e2%80%a8c").status == 200
        after = log.read_text("utf-8")
        lines = [line.split("|", 1) for line in after.splitlines()[len(before) :]]

        assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}", time) for time, _ in lines)
        records = [record for _, record in lines]
        error = records.pop(1)
        assert error.startswith(
            r"ERROR 127.0.0.1 GET /fail Exception on /fail [GET]\nTraceback (most recent call last)"
        )
        assert error.endswith(r"\nRuntimeError: this view never works")
        forged = "/nowhere%0D%0A2001-02-03%7CERROR%20forged%E2%80%A8%1B%5B31m"
        assert records == [
            "INFO 127.0.0.1 GET /half/3 answered with 200",
            "INFO 127.0.0.1 GET /fail answered with 500",
            f"INFO 127.0.0.1 GET {forged} answered with 404",
            r"WARNING 127.0.0.1 GET /say somebody says: a\r\nb\x1b[31m\u2028c",
            "INFO 127.0.0.1 GET /say answered with 200",
        ]
        assert all(line.isprintable() for line in after.split("\n"))

    on_both(EXAMPLES / "rotating_log.py", story, prepare)


@both_frameworks
def test_two_apps(framework: str, tmp_path: Path) -> None:
    """The program without a server prints the promised table."""
    copy_examples(framework, tmp_path)
    parts = read_parts(EXAMPLES / "two_apps.py")
    [(command, _)] = read_exchanges(parts["Run it"])

    printed = run_python(words_after_python(command, framework), tmp_path)
    assert printed == parts["Expect"].splitlines()
