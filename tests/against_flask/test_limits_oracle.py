"""What is refused: bodies over a limit, untrusted hosts, and what debug mode says of it.

Names with a number (``test_b36_...``) state the fact of that number in the list of behaviours
where rebuilt Flasks go wrong.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import flask
import flask.debughelpers
import pytest
import werkzeug.datastructures
import werkzeug.exceptions
import werkzeug.formparser
import werkzeug.routing
import werkzeug.utils
import werkzeug.wrappers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequestKeyError

import miniflask.debughelpers
import miniflask.routing
from tests.against_flask.harness import Run, Trace, kind, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

generated = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


# ---- limits ----

LIMIT_NAMES = ["MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS"]
BOUNDARY = "boundary"


def multipart(fields: int, size: int, filename: str = "") -> bytes:
    """Write a multipart body with fields or files of a size."""
    name = f'; filename="{filename}"' if filename else ""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="f{n}"{name}\r\n\r\n{"x" * size}\r\n'
        for n in range(fields)
    ]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode()


BODIES_TO_LIMIT: dict[str, tuple[str, Callable[[int, int], bytes]]] = {
    "urlencoded": (
        "application/x-www-form-urlencoded",
        lambda fields, size: "&".join(f"f{n}={'x' * size}" for n in range(fields)).encode(),
    ),
    "multipart": (f"multipart/form-data; boundary={BOUNDARY}", multipart),
    "files": (
        f"multipart/form-data; boundary={BOUNDARY}",
        lambda fields, size: multipart(fields, size, "a.txt"),
    ),
    "json": ("application/json", lambda fields, size: json.dumps(["x" * size] * fields).encode()),
    "text": ("text/plain", lambda fields, size: b"x" * size * fields),
}
READERS: dict[str, Callable[[Any], Any]] = {
    "ignore": lambda request: "ignored",
    "data": lambda request: len(request.get_data()),
    "form": lambda request: {k: len(v) for k, v in request.form.items()},
    "files": lambda request: {k: len(f.read()) for k, f in request.files.items()},
    "values": lambda request: len(request.values),
    "json": lambda request: len(request.get_json(silent=False)),
    "stream": lambda request: len(request.stream.read()),
    "limits": lambda request: [
        *[request.max_content_length, request.max_form_memory_size, request.max_form_parts]
    ],
}
numbers = st.none() | st.sampled_from([0, 1, 2, 10, 100, 10_000])
limits = st.dictionaries(st.sampled_from(LIMIT_NAMES), numbers, max_size=3)


@generated
@given(
    body=st.sampled_from(sorted(BODIES_TO_LIMIT)),
    fields=st.integers(0, 4),
    size=st.sampled_from([0, 1, 9, 10, 11, 99]),
    reader=st.sampled_from(sorted(READERS)),
    config=limits,
    on_class=limits,
    on_request=limits,
    chunked=st.sampled_from(["length", "terminated", "open"]),
)
def test_limits_on_bodies(
    agree: Agree, config: Any, on_class: Any, on_request: Any, **case: Any
) -> None:
    """A limit counts when the body is read: set on the request, its class, or in the config."""
    content_type, make = BODIES_TO_LIMIT[case["body"]]

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config.update(config)
        app.request_class = type(
            "Limited", (fw.Request,), {name.lower(): value for name, value in on_class.items()}
        )

        def view() -> Any:
            for name, value in on_request.items():
                setattr(fw.request, name.lower(), value)
            return fw.jsonify(READERS[case["reader"]](fw.request))

        app.register_error_handler(413, lambda e: (f"handled {kind(e)}", 413))
        app.register_error_handler(400, lambda e: ("bad", 400))
        return serve(app, {"/": view}, methods=["POST"])

    data = make(case["fields"], case["size"])
    environ: dict[str, Any] = {}
    if case["chunked"] != "length":
        environ = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked"}
        environ["wsgi.input_terminated"] = case["chunked"] == "terminated"
    spec = {"path": "/", "method": "POST", "data": data, "content_type": content_type}
    agree(factory, {**spec, "environ": environ})


def test_b36_a_body_that_is_not_read_is_not_too_large(agree: Agree) -> None:
    """``MAX_CONTENT_LENGTH`` applies when the body is read, and may be raised for one request."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config["MAX_CONTENT_LENGTH"] = 5

        def raised() -> Any:
            fw.request.max_content_length = 100
            return fw.request.get_data()

        views = {"/ignored": lambda: "ok", "/read": lambda: fw.request.data, "/raised": raised}
        return serve(app, views, methods=["POST"])

    specs = [
        {"path": path, "method": "POST", "data": b"0123456789"}
        for path in ("/ignored", "/read", "/raised")
    ]
    run = agree(factory, *specs)

    assert run.codes == [200, 413, 200]


def test_a_limit_that_is_no_number_is_an_error(agree: Agree) -> None:
    """As when it comes from an environment variable; the error names what was compared."""

    def factory(fw: Any, trace: Trace) -> Any:
        views = {"/": lambda: fw.request.get_data()}
        app = serve(fw.Flask("sample"), views, methods=["POST"])
        app.config["MAX_CONTENT_LENGTH"] = "16"
        return app

    assert agree(factory, {"path": "/", "method": "POST", "data": b"body"}).codes == [500]


@pytest.mark.parametrize("name", LIMIT_NAMES)
@pytest.mark.parametrize("own", [None, 0, 1, 7])
def test_a_limit_of_the_request_comes_first(agree: Agree, name: str, own: int | None) -> None:
    """What is set on a request, zero as well, beats the configuration; None falls back to it."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config[name] = 5

        def view() -> Any:
            before = getattr(fw.request, name.lower())
            setattr(fw.request, name.lower(), own)
            return [before, getattr(fw.request, name.lower())]

        return serve(app, {"/": view})

    run = agree(factory, "/")

    assert json.loads(run.texts[0]) == [5, 5 if own is None else own]


@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_default_limits_on_forms(agree: Agree, form: str) -> None:
    """By default a field has at most 500,000 bytes and a form 1,000 parts, if it is multipart."""
    content_type, make = BODIES_TO_LIMIT[form]

    def factory(fw: Any, trace: Trace) -> Any:
        views = {"/": lambda: fw.jsonify(len(fw.request.form))}
        return serve(fw.Flask("sample"), views, methods=["POST"])

    bodies = [make(1, 499_000), make(1, 500_001), make(1000, 1), make(1001, 1)]
    specs = [
        {"path": "/", "method": "POST", "data": data, "content_type": content_type}
        for data in bodies
    ]
    run = agree(factory, *specs)

    assert run.codes == ([200, 413, 200, 413] if form == "multipart" else [200] * 4)


def test_limits_without_an_app(same: Same) -> None:
    """Outside an application the limits of a request are Werkzeug's."""

    def read(fw: Any) -> Any:
        request = fw.Request({"REQUEST_METHOD": "GET"})
        before = READERS["limits"](request)
        request.max_content_length = 5
        request.max_form_parts = None
        return [before, READERS["limits"](request)]

    assert same(read) == [[None, 500_000, 1000], [5, 500_000, 1000]]


HOSTS = ["example.com", "example.com:81", "a.sub.com", "sub.com", "evil.com", "EXAMPLE.com", ""]
HOSTS += ["example.com.evil.com", "bad host", "a..b", "[::1]", "example.com@evil.com", "é.com"]


@pytest.mark.parametrize("trusted", [None, [], ["example.com", ".sub.com"], ["example.com:81"]])
@pytest.mark.parametrize("handled", [True, False])
def test_b16_trusted_hosts(agree: Agree, trusted: Any, handled: bool) -> None:
    """An untrusted host is a 400 after the before-hooks, with no URLs to build."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config["TRUSTED_HOSTS"] = trusted

        def before() -> None:
            exc = fw.request.routing_exception
            trace("before", exc, fw.request.endpoint)
            trace.attempt("url", lambda: fw.url_for("/"))

        app.before_request(before)
        if handled:
            app.register_error_handler(400, lambda e: (f"handled {kind(e)}: {e}", 400))
        return serve(app, {"/": lambda: fw.request.host})

    run = agree(factory, *({"path": "/", "environ": {"HTTP_HOST": host}} for host in HOSTS))

    if trusted and len(trusted) == 2:
        assert run.codes[:5] == [200, 200, 200, 200, 400]
        assert run.details("before")[4][0][0] == "SecurityError"


# ---- what only debug mode says ----


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("trap", [None, True, False])
@pytest.mark.parametrize("propagate", [None, False])
def test_b29_a_missing_key_is_a_bad_request(
    agree: Agree, debug: bool, trap: Any, propagate: Any
) -> None:
    """It is a 400; in debug mode it propagates and names the key, unless told not to."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug
        app.config["TRAP_BAD_REQUEST_ERRORS"] = trap
        app.config["PROPAGATE_EXCEPTIONS"] = propagate

        def own() -> Any:
            raise BadRequestKeyError("own key")

        return serve(
            app,
            {
                "/form": lambda: fw.request.form["missing"],
                "/args": lambda: fw.request.args["missing"],
                "/headers": lambda: fw.request.headers["Missing"],
                "/cookies": lambda: fw.request.cookies["missing"],
                "/abort": lambda: fw.abort(400),
                "/own": own,
                "/plain": lambda: dict[str, str]()["missing"],
            },
        )

    run = agree(factory, "/form", "/args", "/headers", "/cookies", "/abort", "/own", "/plain")

    if not debug and not trap:
        # A missing header is a plain KeyError.
        assert run.codes[:6] == [400, 400, 500, 400, 400, 400]
    if debug and trap is False:
        assert b"missing" in run.outcomes[0].body
    if debug and trap is None and propagate is None:
        assert run.outcomes[0].raised[0] == "BadRequestKeyError"


@pytest.mark.parametrize("debug", [True, False])
def test_a_form_without_its_enctype_is_explained(agree: Agree, debug: bool) -> None:
    """In debug mode a missing file whose name came as a field says what the form lacks."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug

        def upload(name: str) -> Any:
            files = fw.request.files
            trace("class", kind(files), type(files).__module__, files.get(name), name in files)
            return fw.request.files[name].read()

        app.add_url_rule("/<name>", "upload", upload, methods=["POST"])
        return app

    forms: list[dict[str, Any]] = [
        {"data": {"f": "name.txt"}},
        {"data": {"f": ["one.txt", "two.txt"]}},
        {"data": {"other": "x"}},
        {"data": b"x", "content_type": "text/plain"},
        {"data": {"f": "x"}, "content_type": "multipart/form-data"},
        {"data": {"other": (io.BytesIO(b"x"), "x.txt")}},
    ]
    specs = [{"path": "/f", "method": "POST", **form} for form in forms[:5]]
    run = agree(factory, *specs)

    if debug:
        assert run.outcomes[0].raised[0] == "DebugFilesKeyError"
        assert "'one.txt', 'two.txt'" in run.outcomes[1].raised[1]
        assert run.outcomes[2].raised[0] == "BadRequestKeyError"
    else:
        assert run.codes == [400] * 5


def test_files_of_another_type_are_left_alone(agree: Agree) -> None:
    """A request class that takes files from elsewhere has nothing to be explained."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Parser(werkzeug.formparser.FormDataParser):
            def parse(self, stream: Any, *args: Any, **kwargs: Any) -> Any:
                files = self.cls([("f", werkzeug.datastructures.FileStorage(stream, "a.txt"))])
                return io.BytesIO(), self.cls([("g", "named in the form")]), files

        class Own(fw.Request):  # type: ignore[misc]  # of either framework
            form_data_parser_class = Parser

        app = fw.Flask("sample")
        app.debug = True
        app.request_class = Own

        def upload() -> Any:
            trace("class", type(fw.request.files).__mro__[1].__name__)
            return [fw.request.files["f"].read().decode(), fw.request.files["g"].name]

        return serve(app, {"/": upload}, methods=["POST"])

    run = agree(
        factory, {"path": "/", "method": "POST", "data": b"x", "content_type": "text/x-own"}
    )

    assert run.outcomes[0].raised[0] == "BadRequestKeyError"


ROUTING = {"flask": werkzeug.routing, "miniflask": miniflask.routing}


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"])
def test_a_redirect_that_would_lose_a_form_is_explained(
    agree: Agree, debug: bool, code: int, method: str
) -> None:
    """In debug mode a routing redirect that is not 307 or 308 is an error for POST and the like."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug

        def redirect_to(url: str) -> Callable[[], None]:
            def before() -> None:
                exc = ROUTING[fw.__name__].RequestRedirect(url)
                exc.code = code
                if fw.request.path in url:
                    fw.request.routing_exception = exc

            return before

        app.before_request(redirect_to("http://localhost/slash/?q=1"))
        app.before_request(redirect_to("http://elsewhere/other"))
        return serve(app, {"/real/": lambda: "real"}, methods=[method])

    run = agree(factory, (method, "/slash?q=1"), (method, "/other"), (method, "/real"))

    if debug and code in {301, 302} and method in {"POST", "PUT", "DELETE"}:
        raised = run.outcomes[0].raised
        assert raised[0] == "FormDataRoutingRedirect"
        assert "defined with a trailing slash" in raised[1]
    else:
        assert run.codes[:2] == [code, code]
    assert run.codes[2] == 308


def test_unexpected_unicode_error_is_both_errors(same: Same) -> None:
    """The class that programs may catch is an assertion and a Unicode error."""

    def bases(fw: Any) -> Any:
        module = {"flask": flask.debughelpers, "miniflask": miniflask.debughelpers}[fw.__name__]
        return [base.__name__ for base in module.UnexpectedUnicodeError.__mro__]

    assert same(bases)[1:3] == ["AssertionError", "UnicodeError"]
