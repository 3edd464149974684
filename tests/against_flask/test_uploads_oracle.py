"""Reading what clients send: uploads, bodies that nobody reads, bodies that break off."""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.utils import secure_filename

from tests.against_flask.harness import Run, Trace, serve

Agree = Callable[..., Run]


def with_teardowns(fw: Any, trace: Trace) -> Any:
    """Make an app that traces both kinds of teardown."""
    app = fw.Flask("sample")
    app.teardown_request(trace.hook("teardown request"))
    app.teardown_appcontext(trace.hook("teardown app"))
    return app


NAMES = ["plain.txt", "../../etc/passwd", "C:\\x\\y.txt", "é ü.txt", ".hidden", "a b/c", "CON"]
NAMES += ["/abs", "..", "漢字", 'q"uote.txt', "semi;colon.txt", "-rf", "a" * 300, "new\nline"]


def encoded(data: dict[str, Any]) -> dict[str, Any]:
    """Describe a request that posts a form with files, so that it can be sent twice."""
    with contextlib.closing(EnvironBuilder(method="POST", data=data)) as builder:
        environ = builder.get_environ()
        with environ["wsgi.input"] as body:
            content_type = environ["CONTENT_TYPE"]
            return {
                "path": "/",
                "method": "POST",
                "data": body.read(),
                "content_type": content_type,
            }


def test_uploads_are_saved_under_safe_names(agree: Agree, tmp_path: Path) -> None:
    """Files arrive with their own names; ``secure_filename`` makes names to save them under."""

    def factory(fw: Any, trace: Trace) -> Any:
        folder = tmp_path / fw.__name__
        folder.mkdir(exist_ok=True)

        def upload() -> Any:
            answers = []
            for number, file in enumerate(fw.request.files.getlist("file")):
                name = f"{number}-{secure_filename(file.filename)}"[:100]
                file.save(folder / name)
                answers.append([file.filename, name, file.mimetype, file.name])
            return answers

        app = serve(fw.Flask("sample"), {"/": upload}, methods=["POST"])
        app.extensions["folder"] = folder
        return app

    spec = encoded({"file": [(io.BytesIO(name.encode()), name) for name in NAMES]})
    run = agree(factory, spec)

    assert run.codes == [200]
    saved = [
        sorted((path.name, path.read_bytes()) for path in (tmp_path / name).iterdir())
        for name in ("flask", "miniflask")
    ]
    assert saved[0] == saved[1]
    assert ("1-etc_passwd", b"../../etc/passwd") in saved[0]


@pytest.mark.parametrize("size", [0, 1, 500_000, 1 << 20])
@pytest.mark.parametrize("fails", [True, False])
def test_a_large_upload_is_spooled_and_closed(agree: Agree, size: int, fails: bool) -> None:
    """A MiB arrives whole, and its temporary file is closed when the request ends."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = with_teardowns(fw, trace)

        def upload() -> Any:
            files = fw.request.files
            first, second = files["first"], files["second"]
            app.extensions["kept"] = [first, second]
            if fails:
                raise ValueError("after reading the form")
            digest = hashlib.sha256(first.read()).hexdigest()
            return [digest, second.read().decode(), first.content_length, fw.request.form["text"]]

        def closed() -> Any:
            return [file.stream.closed for file in app.extensions["kept"]]

        app.add_url_rule("/closed", "closed", closed)
        return serve(app, {"/": upload}, methods=["POST"])

    data = {
        "first": (io.BytesIO(b"\r\n--x" * (size // 5)), "big.bin"),
        "second": (io.BytesIO(b"small"), "small.txt"),
        "text": "é",
    }
    run = agree(factory, encoded(data), "/closed")

    assert run.codes == [500 if fails else 200, 200]
    assert run.texts[1] == "[true,true]\n"


READS: dict[str, Callable[[Any], Any]] = {
    "nothing": lambda request: None,
    "args": lambda request: dict(request.args),
    "method": lambda request: [request.method, request.path, request.content_length],
    "data": lambda request: request.get_data(),
    "data uncached": lambda request: [request.get_data(cache=False), request.get_data()],
    "data text": lambda request: request.get_data(as_text=True),
    "data parsed": lambda request: [request.get_data(parse_form_data=True), dict(request.form)],
    "form": lambda request: [dict(request.form), request.get_data()],
    "data then form": lambda request: [request.get_data(), dict(request.form)],
    "stream": lambda request: [request.stream.read(2), request.stream.read()],
    "stream then data": lambda request: [request.stream.read(2), request.get_data()],
    "line": lambda request: list(request.stream),
    "values": lambda request: sorted(request.values),
    "files": lambda request: list(request.files),
    "json": lambda request: request.get_json(silent=True),
    "json then data": lambda request: [request.get_json(silent=True), request.get_data()],
    "input": lambda request: request.environ["wsgi.input"].read(3),
    "wants": lambda request: [request.want_form_data_parsed, request.mimetype],
}


class Counting(io.BytesIO):
    """An input that counts how it is read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and count."""
        self.reads += 1
        return super().read(size)


@pytest.mark.parametrize("form", READS)
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json"])
def test_the_input_is_read_when_somebody_asks(agree: Agree, form: str, content_type: str) -> None:
    """What does not need the body leaves ``wsgi.input`` alone; what does reads it once."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = with_teardowns(fw, trace)
        app.secret_key = "key"
        data = Counting(b"a=1&b=2")

        def view() -> Any:
            trace.attempt("read", lambda: READS[form](fw.request))
            return "x"

        def after(response: Any) -> Any:
            trace("left", data.tell(), data.reads)
            return response

        app.after_request(after)
        serve(app, {"/": view}, methods=["POST"])

        def with_input(environ: Any, start_response: Any) -> Any:
            environ["wsgi.input"] = data
            environ["CONTENT_LENGTH"] = "7"
            environ["CONTENT_TYPE"] = content_type
            return app(environ, start_response)

        return with_input

    run = agree(factory, ("POST", "/?q=1"))

    if form in {"nothing", "args", "method"}:
        assert run.details("left") == [[0, 0]]


@pytest.mark.parametrize("kind_of_end", ["short", "error", "closed"])
def test_a_client_that_stops_sending(agree: Agree, kind_of_end: str) -> None:
    """A body shorter than its length, or an input that raises, is a client that went away."""

    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if kind_of_end == "error":
                raise OSError("connection reset")
            return super().read(size)

    def factory(fw: Any, trace: Trace) -> Any:
        app = with_teardowns(fw, trace)

        def with_input(environ: Any, start_response: Any) -> Any:
            environ["wsgi.input"] = data = Broken(b"abc")
            environ["CONTENT_LENGTH"] = "10"
            if kind_of_end == "closed":
                data.close()
            return app(environ, start_response)

        views = {"/data": lambda: fw.request.data, "/form": lambda: dict(fw.request.form)}
        serve(app, {**views, "/stream": lambda: fw.request.stream.read()}, methods=["POST"])
        return with_input

    run = agree(factory, ("POST", "/data"), ("POST", "/form"), ("POST", "/stream"))

    assert run.codes[0] in {400, 500}
