"""Files whose headers are written out: the short way, the long one, and Flask.

Each generated file is sent three times: by our application, by ours with a response class that
replaces a method, so that Werkzeug sends the file, and by Flask.
"""

from __future__ import annotations

import io
import mimetypes
import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import flask
import pytest
import werkzeug.utils
import werkzeug.wsgi
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.http import http_date

import miniflask
import miniflask.ondemand
from miniflask.ondemand import files
from tests.against_flask.harness import Trace, run_on, send

Agree = Callable[..., Any]


class LongResponse(miniflask.Response):
    """Our response with a method replaced, so that nothing is known about it."""

    def set_etag(self, etag: str, weak: bool = False) -> None:
        """Do what Werkzeug's does."""
        super().set_etag(etag, weak)


class ServersWrapper(werkzeug.wsgi.FileWrapper):
    """What a server may offer as ``wsgi.file_wrapper``."""


def sender(spec: dict[str, Any], folder: Path, kind: Any = None) -> Callable[[Any, Trace], Any]:
    """Make a factory of an app that sends files in three ways."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(folder), static_folder="static")
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = spec["age"]
        app.config["USE_X_SENDFILE"] = spec["x_sendfile"]
        if kind is not None:
            app.response_class = kind

        @app.route("/file/<path:name>", methods=["GET", "POST"])
        def file(name: str) -> Any:
            return fw.send_file(f"static/{name}", max_age=spec["own_age"])

        @app.route("/directory/<path:name>", methods=["GET", "POST"])
        def directory(name: str) -> Any:
            return fw.send_from_directory("static", name, **spec["options"])

        if spec["after"]:

            @app.after_request
            def after(response: Any) -> Any:
                trace("after", list(response.headers.keys()), response.direct_passthrough)
                response.headers["X-After"] = "1"
                return response

        return app

    return factory


def requests(spec: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """List the requests for the file, and for one that is not there."""
    path = folder / "static" / spec["name"]
    etag, date = "none", http_date(0)
    if path.is_file():
        stat = path.stat()
        # The path is not known to the client, but the answer to a first request would tell.
        date = http_date(stat.st_mtime)
        client = flask.Flask("asking", root_path=str(folder), static_folder="static").test_client()
        with client.get(f"/static/{quote(spec['name'])}") as answer:
            etag = answer.headers.get("ETag", etag)
    headers = {
        name: value.replace("{etag}", etag).replace("{date}", date)
        for name, value in spec["headers"].items()
    }
    environ = {"wsgi.file_wrapper": ServersWrapper} if spec["wrapper"] else {}
    return [
        {"method": spec["method"], "path": f"/{way}/{quote(spec['name'])}", "headers": headers}
        | {"environ": environ}
        for way in ("static", "file", "directory")
    ]


names = st.sampled_from(
    [
        "a.txt",
        "a.tar.gz",
        "b.css",
        "c",
        "d.JS",
        ".hidden",
        "sub/e.html",
        "f g.txt",
        'q"q.txt',
        "none",
    ]
    + [
        "semi;colon.txt",
        "per%20cent.txt",
        "\xe9.txt",
        "\u20ac.svg",
        "back\\slash",
        "sub",
        "eq=.xml",
    ]
    + ["../outside.txt", "sub/../a.txt", "\x01.txt", "tab\t.txt"]
)
# None that is refused: Werkzeug has opened the file by then, and leaves it open.
ages: Any = st.sampled_from([None, None, 0, 1, 3600, -5, True, 2.5, timedelta(days=1)])
conditions = st.dictionaries(
    st.sampled_from(
        ["If-None-Match", "If-Match", "If-Modified-Since", "If-Unmodified-Since"]
        + ["If-Range", "Range", "Range"]
    ),
    st.sampled_from(
        ["{etag}", "W/{etag}", "{date}", "*", '"other"', "bytes=0-1", "bytes=2-", "bytes=-3"]
        + ["bytes=90000-", "bytes=0-1,3-4", "lines=1", "", "nonsense"]
    ),
    max_size=3,
)
sizes = st.sampled_from([0, 1, 8_191, 8_192, 8_193, 65_536, 100_000])
specs = st.fixed_dictionaries(
    {
        "name": names,
        "size": sizes,
        "mtime": st.floats(0, 4e9) | st.integers(-10, 4 * 10**9) | st.just(1_700_000_000.9999999),
        "method": st.sampled_from(["GET", "GET", "GET", "HEAD", "POST"]),
        "headers": st.just({}) | conditions,
        "age": ages,
        "own_age": st.sampled_from([None, None, 0, 60, len, lambda name: None]),
        "options": st.sampled_from(
            [{}, {}, {"max_age": 5}, {"max_age": lambda name: 7}, {"mimetype": "a/b"}]
            + [{"as_attachment": True}, {"conditional": False}, {"etag": "x"}, {"unknown": 1}]
        ),
        "x_sendfile": st.sampled_from([False] * 5 + [True]),
        "wrapper": st.booleans(),
        "after": st.booleans(),
    }
)
PLAIN: dict[str, Any] = {
    "name": "a.txt",
    "size": 10,
    "mtime": 1_700_000_000.5,
    "method": "GET",
    "headers": {},
    "age": None,
    "own_age": None,
    "options": {},
    "x_sendfile": False,
    "wrapper": False,
    "after": False,
}


@pytest.fixture(scope="module", autouse=True)
def one_moment() -> Iterator[None]:
    """Stop the clock that ``Expires`` is counted from."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(werkzeug.utils, "time", lambda: 1_800_000_000.0)
        yield


@example(PLAIN)
@example({**PLAIN, "size": 0})
@example({**PLAIN, "size": 100_000, "after": True})
@example({**PLAIN, "mtime": 1_700_000_000.9999999})
@example({**PLAIN, "headers": {"Range": "bytes=90000-"}})
@given(specs)
def test_three_ways_agree(spec: dict[str, Any]) -> None:
    """Status, headers in their order, body, errors and what hooks see agree for every file."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "static" / "sub").mkdir(parents=True)
        (folder / "outside.txt").write_text("secret")
        path = folder / "static" / spec["name"]
        if spec["name"] not in ("none", "sub") and ".." not in spec["name"]:
            path.write_bytes(os.urandom(8) * (spec["size"] // 8) + b"x" * (spec["size"] % 8))
            os.utime(path, (spec["mtime"], spec["mtime"]))
        sent = requests(spec, folder)
        theirs = run_on(flask, sender(spec, folder), sent)
        for kind in (None, LongResponse):
            ours = run_on(miniflask, sender(spec, folder, kind), sent)
            assert ours.outcomes == theirs.outcomes
            assert ours.trace == theirs.trace
            assert ours.log == theirs.log


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A root folder with one static file of 100 kB."""
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "a.txt").write_bytes(bytes(range(250)) * 400)
    return tmp_path


@pytest.fixture
def long_sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each file for which Werkzeug makes a response."""
    noted: list[str] = []
    made = miniflask.Response.__init__

    def note(response: Any, *args: Any, **kwargs: Any) -> None:
        noted.append("long")
        made(response, *args, **kwargs)

    monkeypatch.setattr(LongResponse, "__init__", note)
    return noted


def body_of(app: Any, **environ: Any) -> Any:
    """Ask for the static file; returns the body as the server gets it."""
    builder = werkzeug.test.EnvironBuilder("/static/a.txt", environ_overrides=environ)
    return app(builder.get_environ(), lambda status, headers, exc_info=None: lambda data: None)


def test_pieces_and_closing_are_flasks(folder: Path) -> None:
    """The server gets a file wrapper with pieces of the same size; closing it closes the file."""
    pieces = {}
    for fw in (miniflask, flask):
        body = body_of(fw.Flask("sample", root_path=str(folder)))
        assert isinstance(body, werkzeug.wsgi.FileWrapper)
        assert isinstance(body.file, io.BufferedReader)
        pieces[fw.__name__] = [next(body), *body]
        body.close()
        assert body.file.closed
    assert pieces["miniflask"] == pieces["flask"]
    assert len(pieces["flask"]) == 13


def test_the_servers_wrapper_gets_the_file(folder: Path) -> None:
    """A ``wsgi.file_wrapper`` is called with the open file, and its result reaches the server."""
    body = body_of(
        miniflask.Flask("sample", root_path=str(folder)), **{"wsgi.file_wrapper": ServersWrapper}
    )

    assert type(body) is ServersWrapper
    assert body.buffer_size == 8_192
    body.close()


def test_types_added_later_count(agree: Agree, folder: Path) -> None:
    """A type that a program adds after a file was sent is the file's type from then on."""

    def factory(fw: Any, trace: Trace) -> Any:
        return fw.Flask("sample", root_path=str(folder))

    (folder / "static" / "a.own").write_text("x")
    first = agree(factory, "/static/a.own").outcomes[0]
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(mimetypes.types_map, ".own", "text/x-own")
        second = agree(factory, "/static/a.own").outcomes[0]

    assert first.header("Content-Type") == "application/octet-stream"
    assert second.header("Content-Type") == "text/x-own; charset=utf-8"


def test_a_file_changed_later_is_sent_as_it_is(agree: Agree, folder: Path) -> None:
    """Length, validators and content are those of the file at each request."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(folder))
        path = folder / "static" / "a.txt"
        path.write_bytes(b"first")
        os.utime(path, (1, 1))

        @app.route("/change")
        def change() -> str:
            path.write_bytes(b"the second")
            os.utime(path, (2, 2))
            return ""

        return app

    run = agree(factory, "/static/a.txt", "/change", "/static/a.txt")

    assert run.texts == ["first", "", "the second"]
    assert run.outcomes[0].header("ETag") != run.outcomes[2].header("ETag")


@pytest.mark.parametrize("change", ["config", "method", "class", "folder", "x-sendfile"])
def test_what_is_changed_later_counts(agree: Agree, folder: Path, change: str) -> None:
    """Settings, methods, classes and folders changed after the first file count for the next."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(folder))

        class Marked(fw.Response):  # type: ignore[misc]  # of either framework
            @property
            def cache_control(self) -> Any:
                trace("cache_control")
                return super().cache_control

        def change_it() -> str:
            if change == "config":
                app.config["SEND_FILE_MAX_AGE_DEFAULT"] = timedelta(hours=1)
            elif change == "method":
                app.get_send_file_max_age = lambda name: 5
            elif change == "class":
                app.response_class = Marked
            elif change == "folder":
                app.static_folder = "nowhere"
            else:
                app.config["USE_X_SENDFILE"] = True
            return ""

        app.add_url_rule("/change", view_func=change_it)
        return app

    run = agree(factory, "/static/a.txt", "/change", "/static/a.txt")

    assert run.outcomes[0] != run.outcomes[2] or run.labels == ["cache_control"]


@pytest.mark.parametrize("name", ["send_file", "send_from_directory"])
def test_werkzeugs_functions_replaced_later_are_called(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str
) -> None:
    """A program that replaces Werkzeug's function, as tests do, sees it called."""
    app = miniflask.Flask("sample", root_path=str(folder))
    assert send(app, "/static/a.txt").code == 200

    monkeypatch.setattr(werkzeug.utils, name, lambda *args, **kwargs: "replaced")

    assert send(app, "/static/a.txt").text == "replaced"


def test_a_pipe_is_no_file(folder: Path) -> None:
    """A named pipe in the folder is a 404, and is not opened, which would wait for a writer."""
    os.mkfifo(folder / "static" / "pipe")

    assert send(miniflask.Flask("sample", root_path=str(folder)), "/static/pipe").code == 404


def test_most_files_go_the_short_way(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A file that nothing unusual is asked of is sent without Werkzeug's function."""
    app = miniflask.Flask("sample", root_path=str(folder))
    app.add_url_rule("/file", view_func=lambda: miniflask.send_file("static/a.txt"), endpoint="f")
    sent: list[str] = []
    send_path = files.send_path

    def note(kind: Any, path: str, *args: Any) -> Any:
        sent.append(path)
        return send_path(kind, path, *args)

    monkeypatch.setattr(miniflask.ondemand, "send_path", note)
    for path in ("/static/a.txt", "/file"):
        assert send(app, path).code == 200

    assert sent == [str(folder / "static" / "a.txt")] * 2
