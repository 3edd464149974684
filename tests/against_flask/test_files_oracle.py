"""Files that are sent and read: the same folders and conditions on both frameworks.

Names with a number (``test_d58_...``) state the fact of that number in the list of behaviours
where rebuilt Flasks go wrong.
"""

from __future__ import annotations

import datetime
import importlib
import io
import os
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import werkzeug.exceptions
import werkzeug.routing
import werkzeug.utils
import werkzeug.wrappers

from tests.against_flask.harness import Run, Trace, kind, serve, write

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


CONTENT = b"0123456789abcdef" * 4
REQUEST_HEADERS: dict[str, dict[str, str]] = {
    "plain": {},
    "etag": {"If-None-Match": "{etag}"},
    "weak etag": {"If-None-Match": 'W/"x", W/{etag}'},
    "any etag": {"If-None-Match": "*"},
    "other etag": {"If-None-Match": '"other"'},
    "since": {"If-Modified-Since": "{date}"},
    "long since": {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    "bad since": {"If-Modified-Since": "yesterday"},
    "match": {"If-Match": "{etag}"},
    "no match": {"If-Match": '"other"'},
    "unmodified": {"If-Unmodified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    "range": {"Range": "bytes=2-5"},
    "open range": {"Range": "bytes=60-"},
    "suffix range": {"Range": "bytes=-4"},
    "long range": {"Range": "bytes=60-1000"},
    "whole range": {"Range": "bytes=0-63"},
    "beyond": {"Range": "bytes=64-"},
    "backwards": {"Range": "bytes=5-2"},
    "several": {"Range": "bytes=0-1,4-5"},
    "units": {"Range": "lines=1-2"},
    "garbage": {"Range": "bytes=x"},
    "if range": {"Range": "bytes=2-5", "If-Range": "{etag}"},
    "if range date": {"Range": "bytes=2-5", "If-Range": "{date}"},
    "other if range": {"Range": "bytes=2-5", "If-Range": '"other"'},
    "etag and range": {"Range": "bytes=2-5", "If-None-Match": "{etag}"},
}


def ask_in_all_ways(
    agree: Agree, factory: Callable[[Any, Trace], Any], path: str
) -> dict[str, int]:
    """Send GET and HEAD with all kinds of conditions; returns the status code of each GET."""
    first = agree(factory, path).outcomes[0]
    known = {"{etag}": first.header("ETag") or '"none"', "{date}": first.header("Last-Modified")}

    def filled(text: str) -> str:
        for mark, value in known.items():
            text = text.replace(mark, value or "")
        return text

    specs = [
        {"method": method, "path": path, "headers": {k: filled(v) for k, v in headers.items()}}
        for method in ("GET", "HEAD")
        for headers in REQUEST_HEADERS.values()
    ]
    run = agree(factory, *specs)
    codes = [code or 0 for code in run.codes]
    return dict(zip(REQUEST_HEADERS, codes[: len(REQUEST_HEADERS)], strict=True))


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock that ``Expires`` is counted from."""
    monkeypatch.setattr(werkzeug.utils, "time", lambda: 1_800_000_000.0)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A root folder with a static folder and files, last changed at a known time."""
    names = ["a.txt", "static/a.txt", "static/sub/b.css", "static/.hidden", "static/é ü.txt"]
    write(tmp_path, dict.fromkeys([*names, "bp/assets/c.js", "data.bin", "noext"], CONTENT))
    for path in tmp_path.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return tmp_path


def test_d58_static_files_and_conditions(agree: Agree, files: Path) -> None:
    """Static files have validators, answer 304, 206 and 416, and must be revalidated."""

    def factory(fw: Any, trace: Trace) -> Any:
        return fw.Flask("sample", root_path=str(files))

    codes = ask_in_all_ways(agree, factory, "/static/a.txt")
    first = agree(factory, "/static/a.txt").outcomes[0]

    assert first.body == CONTENT
    assert first.header("Cache-Control") == "no-cache"
    assert first.header("Content-Disposition") == "inline; filename=a.txt"
    assert [codes[name] for name in ("plain", "etag", "since", "range", "beyond", "several")] == [
        *[200, 304, 304],
        *[206, 416, 416],
    ]


STATIC_PATHS = ["a.txt", "sub/b.css", "sub", "sub/", "", ".hidden", "none.txt", "../a.txt"]
STATIC_PATHS += ["%2e%2e", "a%00b", "%C3%A9%20%C3%BC.txt", "sub/../a.txt", "sub//b.css", "a.txt/"]
STATIC_PATHS += ["..%2fa.txt", "%2fetc/passwd", "sub%5cb.css", "CON", "x" * 5000]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
def test_d58_paths_of_static_files(agree: Agree, files: Path, method: str) -> None:
    """Only files inside the folder are sent; folders, escapes and odd names are 404, POST 405."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(files))
        bp = fw.Blueprint("bp", "sample", "assets", root_path=str(files / "bp"), url_prefix="/bp")
        own = fw.Blueprint("own", "sample", "assets", "/x", root_path=str(files / "bp"))
        app.register_blueprint(bp)
        app.register_blueprint(own)
        return app

    specs = [(method, f"/static/{path}") for path in STATIC_PATHS]
    specs += [(method, path) for path in ("/bp/assets/c.js", "/x/c.js", "/assets/c.js")]
    run = agree(factory, *specs)

    found = {"GET": 200, "HEAD": 200, "POST": 405, "OPTIONS": 200}[method]
    assert run.codes[:3] == [found, found, {"GET": 404, "HEAD": 404}.get(method, found)]
    assert run.codes[-3:] == [found, found, 404]


STATIC_OPTIONS: dict[str, dict[str, Any]] = {
    "none": {"static_folder": None},
    "absent": {"static_folder": "absent"},
    "path": {"static_folder": Path("static")},
    "slash": {"static_folder": "static/"},
    "nested": {"static_folder": "static/sub"},
    "root url": {"static_url_path": ""},
    "slash url": {"static_url_path": "/"},
    "url": {"static_url_path": "/files/"},
    "url without slash": {"static_url_path": "files"},
    "host": {"static_host": "static.example", "host_matching": True},
    "host only": {"static_host": "static.example"},
    "matching only": {"host_matching": True},
}


@pytest.mark.parametrize("form", STATIC_OPTIONS)
def test_d58_options_of_the_static_route(same: Same, files: Path, form: str) -> None:
    """The route is there even if the folder is not; its URL is the folder's name or as given."""

    def routes(fw: Any) -> Any:
        app = fw.Flask("sample", root_path=str(files), **STATIC_OPTIONS[form])
        rules = [[r.rule, r.endpoint, r.host, sorted(r.methods)] for r in app.url_map.iter_rules()]
        client = app.test_client()
        answers = []
        for url in ("/static/a.txt", "/a.txt", "/files/a.txt", "/sub/b.css"):
            with client.get(url, base_url="http://static.example") as response:
                answers.append(response.status_code)
        return [rules, app.static_folder, app.static_url_path, app.has_static_folder, answers]

    same(routes)


def test_d58_the_static_view_does_not_keep_the_app_alive(same: Same) -> None:
    """The route holds the app weakly, so that an app that nobody uses goes away at once."""

    def gone(fw: Any) -> Any:
        view = fw.Flask("sample").view_functions["static"]
        try:
            view(filename="x")
        except Exception as e:
            return kind(e)

    assert same(gone) == "AttributeError"


SENT: dict[str, Callable[[Any, Path], Any]] = {
    "relative": lambda fw, root: fw.send_file("a.txt"),
    "path": lambda fw, root: fw.send_file(Path("static/sub/b.css")),
    "absolute": lambda fw, root: fw.send_file(root / "a.txt"),
    "bytes path": lambda fw, root: fw.send_file(os.fsencode(root / "a.txt")),
    "no extension": lambda fw, root: fw.send_file("noext"),
    "missing": lambda fw, root: fw.send_file("none.txt"),
    "folder": lambda fw, root: fw.send_file("static"),
    "mimetype": lambda fw, root: fw.send_file("a.txt", "text/x-own"),
    "attachment": lambda fw, root: fw.send_file("a.txt", as_attachment=True),
    "name": lambda fw, root: fw.send_file("a.txt", download_name="é ü.csv"),
    "name attachment": lambda fw, root: fw.send_file("a.txt", None, True, 'q"uo;te.txt'),
    "name newline": lambda fw, root: fw.send_file("a.txt", download_name="a\nb"),
    "gzip": lambda fw, root: fw.send_file("data.bin", download_name="x.tar.gz"),
    "unconditional": lambda fw, root: fw.send_file("a.txt", conditional=False),
    "no etag": lambda fw, root: fw.send_file("a.txt", etag=False),
    "own etag": lambda fw, root: fw.send_file("a.txt", etag="own"),
    "time": lambda fw, root: fw.send_file("a.txt", last_modified=1_600_000_000),
    "float time": lambda fw, root: fw.send_file("a.txt", last_modified=1.5),
    "datetime": lambda fw, root: fw.send_file(
        "a.txt", last_modified=datetime.datetime(2020, 1, 2, tzinfo=datetime.timezone.utc)
    ),
    "age": lambda fw, root: fw.send_file("a.txt", max_age=60),
    "age zero": lambda fw, root: fw.send_file("a.txt", max_age=0),
    "age function": lambda fw, root: fw.send_file("a.txt", max_age=lambda name: len(name or "")),
    "buffer": lambda fw, root: fw.send_file(io.BytesIO(CONTENT), "text/plain"),
    "buffer name": lambda fw, root: fw.send_file(io.BytesIO(CONTENT), download_name="b.json"),
    "buffer etag": lambda fw, root: fw.send_file(io.BytesIO(CONTENT), "text/plain", etag="b"),
    "buffer bare": lambda fw, root: fw.send_file(io.BytesIO(CONTENT)),
    "buffer attachment": lambda fw, root: fw.send_file(io.BytesIO(b""), "text/plain", True),
    "text": lambda fw, root: fw.send_file(io.StringIO("text"), "text/plain"),
    "open file": lambda fw, root: fw.send_file(open(root / "a.txt", "rb"), "text/plain"),
    "directory": lambda fw, root: fw.send_from_directory("static", "a.txt"),
    "directory path": lambda fw, root: fw.send_from_directory(root / "static", Path("sub/b.css")),
    "directory escape": lambda fw, root: fw.send_from_directory("static", "../a.txt"),
    "directory missing": lambda fw, root: fw.send_from_directory("absent", "a.txt"),
    "directory absolute": lambda fw, root: fw.send_from_directory("static", str(root / "a.txt")),
    "directory options": lambda fw, root: fw.send_from_directory(
        "static", "a.txt", as_attachment=True, max_age=5, mimetype="text/x-own"
    ),
    "directory unknown option": lambda fw, root: fw.send_from_directory("static", "a.txt", x=1),
}


@pytest.mark.usefixtures("one_moment")
@pytest.mark.parametrize("form", SENT)
def test_send_file(agree: Agree, files: Path, form: str) -> None:
    """Paths start at the root path; every argument and every conditional request agree."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(files))
        return serve(app, {"/": lambda: SENT[form](fw, files)})

    codes = ask_in_all_ways(agree, factory, "/")

    wrong = {"missing", "folder", "text", "buffer bare", "buffer attachment", "name newline"}
    wrong |= {"directory unknown option", "bytes path"}
    absent = {"directory escape", "directory missing", "directory absolute"}
    assert codes["plain"] == (500 if form in wrong else 404 if form in absent else 200)


AGES = [None, 0, 60, datetime.timedelta(days=2, seconds=3), datetime.timedelta(seconds=1.5)]


@pytest.mark.usefixtures("one_moment")
@pytest.mark.parametrize("age", AGES, ids=str)
def test_how_long_a_file_is_cached(agree: Agree, files: Path, age: Any) -> None:
    """``SEND_FILE_MAX_AGE_DEFAULT`` counts, and an app or blueprint may decide for itself."""

    def factory(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]  # of either framework
            def get_send_file_max_age(self, filename: Any) -> Any:
                trace("app", filename)
                default = super().get_send_file_max_age(filename)
                return 7 if str(filename).endswith("css") else default

        class Part(fw.Blueprint):  # type: ignore[misc]  # of either framework
            def get_send_file_max_age(self, filename: Any) -> Any:
                trace("blueprint", filename)
                return 8 if filename == "c.js" else super().get_send_file_max_age(filename)

        app = App("sample", root_path=str(files))
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = age
        app.register_blueprint(Part("p", "sample", "assets", "/p", root_path=str(files / "bp")))
        return serve(app, {"/own": lambda: fw.send_file("a.txt")})

    run = agree(factory, "/static/a.txt", "/static/sub/b.css", "/p/c.js", "/own")

    controls = [outcome.header("Cache-Control") for outcome in run.outcomes]
    assert controls[1:3] == ["no-cache, max-age=7", "no-cache, max-age=8"] or controls[1:3] == [
        "public, max-age=7",
        "public, max-age=8",
    ]
    assert (controls[0] == "no-cache") == (age is None)


@pytest.mark.parametrize("path", ["/static/a.txt", "/own", "/buffer"])
def test_x_sendfile_leaves_the_file_to_the_server(agree: Agree, files: Path, path: str) -> None:
    """With ``USE_X_SENDFILE`` a header names the file, and the body is empty."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(files))
        app.config["USE_X_SENDFILE"] = True
        buffer = io.BytesIO(CONTENT)
        views: dict[str, Callable[[], Any]] = {
            "/own": lambda: fw.send_file("a.txt"),
            "/buffer": lambda: fw.send_file(buffer, "text/plain"),
        }
        return serve(app, views)

    run = agree(factory, path)

    assert (run.outcomes[0].header("X-Sendfile") is None) == (path == "/buffer")


def test_sent_files_are_responses_of_the_app(agree: Agree, files: Path) -> None:
    """They are of ``response_class``, pass the hooks, and use the server's file wrapper."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Own(fw.Response):  # type: ignore[misc]  # of either framework
            pass

        app = fw.Flask("sample", root_path=str(files))
        app.response_class = Own

        def after(response: Any) -> Any:
            trace("after", kind(response), response.direct_passthrough, response.is_streamed)
            return response

        app.after_request(after)
        return serve(app, {"/": lambda: fw.send_file("a.txt")})

    class Wrapper:
        def __init__(self, file: Any, size: int = 0) -> None:
            self.file = file

        def __iter__(self) -> Any:
            return iter([b"wrapped ", self.file.read()])

        def close(self) -> None:
            self.file.close()

    run = agree(factory, "/", {"path": "/", "environ": {"wsgi.file_wrapper": Wrapper}})

    assert run.details("after") == [["Own", True, True]] * 2
    assert run.texts[1].startswith("wrapped 0123")


@pytest.mark.parametrize("name", ["send_file", "send_from_directory"])
def test_sending_a_file_needs_a_request(same: Same, name: str) -> None:
    """Outside a request both functions say so."""

    def send(fw: Any) -> Any:
        with fw.Flask("sample").app_context():
            return getattr(fw, name)("a.txt", "b.txt")

    assert same(send)[1].startswith("Working outside of request context.")


def test_static_files_without_a_folder(same: Same) -> None:
    """``send_static_file`` without a static folder is a RuntimeError."""

    def send(fw: Any) -> Any:
        app = fw.Flask("sample", static_folder=None)
        with app.test_request_context():
            return app.send_static_file("x")

    assert same(send) == ("RuntimeError", "'static_folder' must be set to serve static_files.")


# ---- files that the program reads ----


@pytest.mark.parametrize("mode", ["rb", "r", "rt", "w", "wb", "a", "r+", "br", "x"])
@pytest.mark.parametrize("encoding", [None, "latin-1", "absent"])
def test_open_resource(same: Same, tmp_path: Path, mode: str, encoding: str | None) -> None:
    """Resources open for reading only, by default in UTF-8 from a blueprint, not from an app."""
    write(tmp_path, {"a.txt": "é\n", "sub/b.txt": "b"})

    def read(fw: Any) -> Any:
        answers: list[Any] = []
        for owner in (fw.Flask("s", root_path=str(tmp_path)), fw.Blueprint("b", "s")):
            owner.root_path = str(tmp_path)
            options = {} if encoding == "absent" else {"encoding": encoding}
            for name in ("a.txt", "sub/b.txt", "none.txt"):
                try:
                    with owner.open_resource(name, mode, **options) as file:
                        answers.append([file.read(), getattr(file, "encoding", None)])
                except Exception as e:
                    answers.append([kind(e), str(e)])
        return answers

    answers = same(read)

    if mode not in {"rb", "r", "rt"}:
        assert answers == [["ValueError", "Resources can only be opened for reading."]] * 6


def test_open_instance_resource(same: Same, tmp_path: Path) -> None:
    """Files in the instance folder may be written, as UTF-8 unless told otherwise."""

    def use(fw: Any) -> Any:
        app = fw.Flask("sample", instance_path=str(tmp_path))
        with app.open_instance_resource("a.txt", "w") as file:
            file.write("é")
        with app.open_instance_resource("b.txt", "w", "latin-1") as file:
            file.write("é")
        answers = [(tmp_path / name).read_bytes() for name in ("a.txt", "b.txt")]
        with app.open_instance_resource("a.txt") as file:
            answers.append(file.read())
        with app.open_instance_resource("a.txt", mode="r", encoding=None) as file:
            answers.append(kind(file).encode())
        return [*answers, app.instance_path]

    assert same(use) == ["é".encode(), b"\xe9", "é".encode(), b"TextIOWrapper", str(tmp_path)]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path with modules and packages of every kind."""
    write(
        tmp_path,
        {
            "rp_module.py": "",
            "rp_package/__init__.py": "",
            "rp_package/inner.py": "",
            "rp_namespace/inner.py": "",
            "rp_broken.py": "raise ValueError",
        },
    )
    monkeypatch.syspath_prepend(tmp_path)
    fileless = types.ModuleType("rp_fileless")
    odd = types.ModuleType("rp_none")
    odd.__file__ = None
    monkeypatch.setitem(sys.modules, "rp_fileless", fileless)
    monkeypatch.setitem(sys.modules, "rp_none", odd)
    return tmp_path


NAMES = ["rp_module", "rp_package", "rp_package.inner", "rp_namespace", "rp_namespace.inner"]
NAMES += ["rp_broken", "rp_fileless", "rp_none", "os", "json.decoder", "sys", "absent", "absent.x"]
NAMES += ["__main__", "os.path", "rp_module.x", ".relative", ""]


@pytest.mark.usefixtures("modules")
@pytest.mark.parametrize("name", NAMES)
def test_get_root_path(same: Same, name: str) -> None:
    """It is the module's folder, the working directory for what cannot be found, or an error."""

    def find(fw: Any) -> Any:
        for module in [m for m in sys.modules if m.startswith(("rp_mod", "rp_name", "rp_pack"))]:
            del sys.modules[module]
        return fw.helpers.get_root_path(name)

    found = same(find)

    if name.startswith("absent"):
        assert found == os.getcwd()


def test_get_root_path_of_an_imported_namespace(same: Same, modules: Path) -> None:
    """A namespace package lies in no one folder, so once it is imported it is an error."""
    importlib.import_module("rp_namespace.inner")

    def find(fw: Any) -> Any:
        path = fw.helpers.get_root_path
        return [path("rp_namespace.inner"), path("rp_namespace")]

    assert same(find)[0] == "RuntimeError"
    assert same(lambda fw: fw.helpers.get_root_path("rp_namespace.inner")) == str(
        modules / "rp_namespace"
    )


@pytest.mark.parametrize("value", [None, "", "0", "1", "no", "No", "false", "FALSE", "true", "x"])
def test_flags_from_the_environment(
    same: Same, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """``FLASK_DEBUG`` and ``FLASK_SKIP_DOTENV`` are on unless empty, 0, no or false."""
    for name in ("FLASK_DEBUG", "FLASK_SKIP_DOTENV"):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)

    def flags(fw: Any) -> Any:
        helpers = fw.helpers
        loads = [helpers.get_load_dotenv(), helpers.get_load_dotenv(default=False)]
        return [helpers.get_debug_flag(), *loads, fw.Flask("sample").debug]

    answers = same(flags)

    on = value in {"1", "true", "x"}
    assert answers[0] is on
    assert answers[1:3] == ([True, False] if not value else [not on, not on])
