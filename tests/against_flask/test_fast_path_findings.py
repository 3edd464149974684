"""What an adversarial review of the fast way through a request found, held to Flask.

Each program here changes something that the fast way takes for granted.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import flask
import pytest
import werkzeug
import werkzeug.routing
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    MethodNotAllowed,
    NotFound,
    RequestedRangeNotSatisfiable,
    TooManyRequests,
    Unauthorized,
)
from werkzeug.routing import BaseConverter
from werkzeug.test import create_environ

import miniflask
import miniflask.routing
from tests.against_flask.harness import Run, Trace, send, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


def between(app: Any, path: str, action: Callable[[], None]) -> Any:
    """Do something when a request for a path comes, before the application sees it."""
    wsgi_app = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == path:
            action()
        return wsgi_app(environ, start_response)

    app.wsgi_app = middleware
    return app


def replace(owner: Any, name: str, trace: Trace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace a method by one that records that it was called, then does as before."""
    original = getattr(owner, name)

    def replaced(*args: Any, **kwargs: Any) -> Any:
        trace.events.append(name)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, replaced)


def signed(fw: Any) -> Any:
    """Make an application with a key and a view, all of whose requests may go the short way."""
    app = serve(fw.Flask("sample"), {"/": lambda: "hello", "/now": lambda: "hello"})
    app.secret_key = "key"
    return app


# ---- classes that are changed while a program runs ----


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("Request", "__init__"),
        ("Response", "__init__"),
        ("Response", "__call__"),
        ("Response", "close"),
        ("Response", "get_app_iter"),
        ("Response", "get_wsgi_headers"),
        ("Response", "get_wsgi_response"),
        ("Response", "iter_encoded"),
        ("Response", "set_data"),
        ("ctx.AppContext", "__init__"),
        ("ctx.RequestContext", "__init__"),
    ],
)
@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_a_method_replaced_on_a_class_of_the_framework_is_called(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, owner: str, name: str, long: bool
) -> None:
    """Instrumentation that wraps a class's method before the first request sees all of them."""

    def build(fw: Any, trace: Trace) -> Any:
        app = signed(fw)
        if long:
            app.make_response = app.make_response
        found: Any = fw
        for part in owner.split("."):
            found = getattr(found, part)
        replace(found, name, trace, monkeypatch)
        return app

    assert agree(build, "/", "/now").trace == [name, name]


@pytest.mark.parametrize(("owner", "name"), [("Map", "bind_to_environ"), ("MapAdapter", "match")])
def test_a_method_replaced_on_a_class_of_the_router_is_called(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, owner: str, name: str
) -> None:
    """So are those of the router's classes, on which every request depends."""

    def build(fw: Any, trace: Trace) -> Any:
        kit: Any = miniflask.routing if fw is miniflask else werkzeug.routing
        found = getattr(kit, owner)
        replace(found, name, trace, monkeypatch)
        return signed(fw)

    assert agree(build, "/", "/now").trace == [name, name]


@pytest.mark.parametrize(
    ("name", "value"), [("default_status", 201), ("automatically_set_content_length", False)]
)
def test_a_default_set_on_the_class_of_responses_counts(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, name: str, value: Any
) -> None:
    """A program may set a default on the framework's own class."""

    def build(fw: Any, trace: Trace) -> Any:
        monkeypatch.setattr(fw.Response, name, value)
        return signed(fw)

    (changed,) = agree(build, "/").outcomes
    assert changed.code == 201 or changed.header("Content-Length") is None


def test_trusted_hosts_set_on_the_class_of_requests_count(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the next request on, as no other host must be let in."""

    def build(fw: Any, trace: Trace) -> Any:
        return between(
            signed(fw),
            "/now",
            lambda: monkeypatch.setattr(fw.Request, "trusted_hosts", ["good.example"]),
        )

    assert agree(build, "/", "/now", "/").codes == [200, 400, 400]


# ---- classes of a program's own ----


SET = (
    "environ",
    "headers",
    "host",
    "method",
    "path",
    "query_string",
    "remote_addr",
    "root_path",
    "scheme",
    "server",
)


@pytest.mark.parametrize("settable", [True, False])
@pytest.mark.parametrize("name", SET)
def test_a_request_class_may_take_over_what_is_set(agree: Agree, name: str, settable: bool) -> None:
    """A property gets what would have been set at once; if it takes nothing that is an error."""

    def build(fw: Any, trace: Trace) -> Any:
        def put(request: Any, value: Any) -> None:
            trace.events.append(name)
            vars(request)["kept"] = value

        def get(request: Any) -> Any:
            return vars(request)["kept"]

        app = signed(fw)
        own = {name: property(get, put if settable else None)}
        app.request_class = type("Own", (fw.Request,), own)
        app.add_url_rule("/read", "read", lambda: f"{getattr(fw.request, name)!r:.15}")
        return app

    run = agree(build, "/", "/read")
    assert run.trace == ([name, name] if settable else [])


def test_a_request_class_may_say_what_is_set_anyway(agree: Agree) -> None:
    """A plain attribute of the class is no more than a default."""

    def build(fw: Any, trace: Trace) -> Any:
        app = signed(fw)
        app.request_class = type("Own", (fw.Request,), {"method": "BREW", "path": "/pot"})
        app.add_url_rule("/read", "read", lambda: f"{fw.request.method} {fw.request.path}")
        return app

    assert agree(build, "/read").texts == ["GET /read"]


@pytest.mark.parametrize("status", [None, 201])
def test_a_response_may_become_one_of_werkzeugs(same: Same, status: Any) -> None:
    """Werkzeug turns a response into one of another class by setting its class."""

    def program(fw: Any) -> Any:
        response = werkzeug.Response.force_type(fw.Response("body", status))
        assert type(response) is werkzeug.Response
        return response.status, response.status_code, list(response.headers), response.data

    assert same(program)[1] == (status or 200)


def test_the_class_of_responses_need_not_be_a_subclass_of_the_frameworks(agree: Agree) -> None:
    """What a view makes with the framework's class is turned into the application's."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(signed(fw), {"/made": lambda: fw.Response("body")})
        app.response_class = type("Own", (werkzeug.Response,), {})
        return app

    assert agree(build, "/made", "/").texts == ["body", "hello"]


def test_a_class_of_responses_may_keep_its_headers_elsewhere(agree: Agree) -> None:
    """A property gets what is assigned, and is asked when the response is sent."""

    def build(fw: Any, trace: Trace) -> Any:
        class Elsewhere(fw.Response):  # type: ignore[misc]  # either framework's
            @property
            def headers(self) -> Any:
                return self.kept

            @headers.setter
            def headers(self, value: Any) -> None:
                self.kept = value

        views: dict[str, Callable[[], Any]] = {
            "/text": lambda: "text",
            "/stream": lambda: (chunk for chunk in "ab"),
        }
        app = serve(fw.Flask("sample"), views)
        app.response_class = Elsewhere
        return app

    assert agree(build, "/text", "/stream").codes == [200, 200]


# ---- answers that are changed before they are sent ----


def own_page(*args: Any, **kwargs: Any) -> str:
    """Write a page for one exception."""
    return "its own page"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("code", 410),
        ("code", 999),
        ("code", None),
        ("get_body", own_page),
        ("get_description", own_page),
        ("get_response", lambda *args: werkzeug.Response("its own response", 299)),
    ],
)
@pytest.mark.parametrize("raised", [True, False])
def test_an_http_exception_may_be_changed_before_it_answers(
    agree: Agree, name: str, value: Any, raised: bool
) -> None:
    """What a program sets on one exception decides over what its class says."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            error = NotFound()
            setattr(error, name, value)
            if raised:
                raise error
            return error

        return serve(fw.Flask("sample"), {"/": view, "/plain": lambda: fw.abort(404)})

    changed, plain = agree(build, "/", "/plain").outcomes
    assert changed.text != plain.text


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (TooManyRequests, {"retry_after": "7\r\nX-A: b"}),
        (Unauthorized, {"www_authenticate": WWWAuthenticate("basic", {"realm": "a\nX-A: b"})}),
        (MethodNotAllowed, {"valid_methods": ["GET\rX-A: b"]}),
        (RequestedRangeNotSatisfiable, {"length": 5, "units": "bytes\nX-A: b"}),
    ],
)
@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_no_header_of_an_http_exception_has_a_newline(
    agree: Agree, kind: Any, options: Any, long: bool
) -> None:
    """What it says in a header may be a client's, who must not add headers of its own."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            raise kind(**options)

        app = serve(fw.Flask("sample"), {"/": view})
        if long:
            app.make_response = app.make_response
        return app

    assert agree(build, "/", "/").codes == [500, 500]


@pytest.mark.parametrize(
    "pairs", [[("X-A", "1")], [("X-A", 1)], [("X-A", "1\n")], {"X-A": "1"}], ids=repr
)
def test_an_http_exception_may_have_headers_of_its_own(agree: Agree, pairs: Any) -> None:
    """A program sets them on one exception; the type that they lack is a response's."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            error: Any = NotFound()
            error.get_headers = lambda *args: pairs
            raise error

        return serve(fw.Flask("sample"), {"/": view})

    agree(build, "/", "/")


class Unwritable:
    """A description that cannot be written into a page."""

    def __html__(self) -> str:
        raise TypeError("no description")


@pytest.mark.parametrize(
    "make",
    [
        lambda: NotFound(Unwritable()),  # type: ignore[arg-type]  # as a program may
        lambda: Unauthorized(www_authenticate=5),  # type: ignore[arg-type]  # likewise
    ],
    ids=["description", "header"],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_http_exception_that_cannot_be_written_is_refused(
    agree: Agree, make: Any, method: str
) -> None:
    """As anything else that cannot be made a response, with the same words."""

    def build(fw: Any, trace: Trace) -> Any:
        return serve(fw.Flask("sample"), {"/": make})

    assert "did not return a valid response" in str(agree(build, (method, "/"), (method, "/")).log)


@pytest.mark.parametrize("is_dead", [False, True])
def test_a_json_provider_may_be_another_applications(agree: Agree, is_dead: bool) -> None:
    """That application's debug mode decides how JSON is written, as long as it is there."""

    def build(fw: Any, trace: Trace) -> Any:
        other = fw.Flask("other")
        other.debug = True
        app = serve(fw.Flask("sample"), {"/": lambda: {"a": 1}, "/list": lambda: ([1], 201)})
        app.json = other.json
        if is_dead:
            del other
            gc.collect()
        else:
            app.extensions["other"] = other
        return app

    agree(build, "/", "/", "/list")


@pytest.mark.parametrize("is_on_class", [False, True], ids=["provider", "class"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_prepare_response_obj", lambda *args: ["prepared"]),
        ("compact", False),
        ("default", repr),
        ("dumps", lambda *args, **kwargs: "[]"),
        ("ensure_ascii", False),
        ("mimetype", "application/vnd.api+json"),
        ("response", lambda *args, **kwargs: "a text"),
        ("sort_keys", False),
    ],
)
def test_json_is_written_as_its_provider_does_by_now(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, is_on_class: bool, name: str, value: Any
) -> None:
    """Whatever is set on it or on its class, between two requests."""

    def build(fw: Any, trace: Trace) -> Any:
        view = lambda: {"b": "\u00e9", "a": [Decimal(1)]}  # noqa: E731
        app = serve(fw.Flask("sample"), {"/": view, "/now": view})
        owner = type(app.json) if is_on_class else app.json
        return between(app, "/now", lambda: monkeypatch.setattr(owner, name, value))

    texts = agree(build, "/", "/now", "/").texts
    assert texts[1] == texts[2]
    assert (texts[0] == texts[1]) is (name == "mimetype")


def test_json_is_written_as_debug_mode_is_by_now(agree: Agree) -> None:
    """With indents from the request on before which it is turned on."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: {"a": 1}, "/now": lambda: {"a": 1}})
        return between(app, "/now", lambda: setattr(app, "debug", True))

    texts = agree(build, "/", "/now", "/").texts
    assert texts == ['{"a":1}\n', '{\n  "a": 1\n}\n', '{\n  "a": 1\n}\n']


def test_a_hook_may_replace_what_dispatches(agree: Agree) -> None:
    """The request whose hook it is goes by it already."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "hello"})
        asked: list[int] = []

        @app.before_request
        def replace_dispatch() -> None:
            asked.append(1)
            if len(asked) == 2:
                app.dispatch_request = lambda: "replaced"

        return app

    assert agree(build, "/", "/", "/").texts == ["hello", "replaced", "replaced"]


def test_a_converter_may_listen_to_the_request_that_it_matches(agree: Agree) -> None:
    """It runs before hooks, and before the signal is sent."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        started: list[str] = []

        def note(sender: Any, **values: Any) -> None:
            started.append("heard")

        class Listening(BaseConverter):
            def to_python(self, value: str) -> str:
                if value == "now":
                    fw.request_started.connect(note, app)
                return value

        app.url_map.converters["listening"] = Listening
        app.before_request(lambda: None)
        app.teardown_request(lambda error: fw.request_started.disconnect(note))
        return serve(app, {"/<listening:x>": lambda x: " ".join((x, *started))})

    assert agree(build, "/a", "/b", "/now").texts == ["a", "b", "now heard"]


def test_hooks_run_before_a_url_is_refused(agree: Agree) -> None:
    """Also those that do not look at the request."""
    calls: list[None] = []

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "hello"})
        app.before_request(lambda: calls.append(None))
        return app

    assert agree(build, "/", "/nowhere", ("POST", "/")).codes == [200, 404, 405]
    assert len(calls) == 2 * 3


def test_a_hook_may_leave_another_context(agree: Agree) -> None:
    """Then that one is dispatched."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "hello", "/now": lambda: "now"})
        asked: list[Any] = []

        @app.before_request
        def leave() -> None:
            asked.append(None)
            if len(asked) == 2:
                asked[0] = app.test_request_context("/now")
                asked[0].push()
                app.after_request_funcs[None] = [lambda response: asked[0].pop() or response]

        return app

    assert agree(build, "/", "/").texts == ["hello", "now"]


@pytest.mark.parametrize("change", ["url_rule", "view_args", "routing_exception"])
def test_a_hook_may_change_what_matched(agree: Agree, change: str) -> None:
    """Each attribute of the request by which it is dispatched."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/<x>": lambda x: f"saw {x}", "/y/<x>": lambda x: "other"})
        other = next(rule for rule in app.url_map.iter_rules() if rule.rule == "/y/<x>")
        changed = {"url_rule": other, "view_args": {"x": "b"}, "routing_exception": NotFound()}
        app.before_request(lambda: setattr(fw.request, change, changed[change]))
        return app

    assert agree(build, "/a", "/a").texts[1] != "saw a"


def test_a_value_is_made_into_json_once(agree: Agree) -> None:
    """Even if it asks for the response then."""

    def build(fw: Any, trace: Trace) -> Any:
        class Counting:
            def __html__(self) -> str:
                trace("made")
                fw.after_this_request(trace.after("after"))
                return "html"

        views: dict[str, Callable[[], Any]] = {
            "/dict": lambda: {"b": Counting(), "a": 1},
            "/list": lambda: ([Counting()], 201),
        }
        return serve(fw.Flask("sample"), views)

    run = agree(build, "/dict", "/dict", "/list")
    assert run.labels == ["made", "after"] * 3


@pytest.mark.parametrize("headers", [{"X-A": "1"}, {"Vary": "X"}, {}, None], ids=repr)
@pytest.mark.parametrize("visits", [False, True])
def test_headers_may_be_assigned_as_a_dict(agree: Agree, headers: Any, visits: bool) -> None:
    """What is no ``Headers`` is made one when the response is sent, and may be varied before."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            response = fw.Response("body")
            response.headers = None if headers is None else dict(headers)
            if visits and headers is not None:
                fw.session.get("user")
            return response

        return serve(signed(fw), {"/headers": view})

    assert agree(build, "/headers").codes == [200]


@pytest.mark.parametrize("error", ["abort", "args", "json"])
def test_an_http_exception_from_a_view_leaves_no_circle(error: str) -> None:
    """The error is its own answer, and its traceback holds the frames that it went through."""
    app = signed(miniflask)
    fail: dict[str, Callable[[], Any]] = {
        "abort": lambda: miniflask.abort(404),
        "args": lambda: miniflask.request.args["missing"],
        "json": lambda: miniflask.request.get_json(),
    }
    app.add_url_rule("/fail", "fail", lambda: fail[error]())
    assert send(app, "/fail").code in {400, 404, 415}
    gc.collect()
    gc.disable()
    try:
        send(app, "/fail")
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_request_that_a_view_puts_in_place_is_closed(agree: Agree) -> None:
    """The request that the context has at its end is the one that is closed."""

    def build(fw: Any, trace: Trace) -> Any:
        class Closing(fw.Request):  # type: ignore[misc]  # either framework's
            def close(self) -> None:
                trace.events.append("closed")

        def view() -> str:
            fw.globals.request_ctx.request = Closing(fw.request.environ)
            return "replaced"

        return serve(signed(fw), {"/replaced": view})

    assert agree(build, "/replaced").trace == ["closed"]


@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize("status", [None, 201])
def test_a_stream_that_was_begun_is_closed_with_the_body(
    agree: Agree, steps: int, status: Any
) -> None:
    """Also if the client is gone before the server asked for the first chunk."""

    def build(fw: Any, trace: Trace) -> Any:
        begun: list[Any] = []  # so that nothing but closing it ends the generator

        def chunks() -> Any:
            try:
                yield from "abcd"
            finally:
                trace.events.append("closed")

        def view() -> Any:
            begun.append(chunks())
            next(begun[-1])
            return begun[-1] if status is None else (begun[-1], status)

        app = serve(fw.Flask("sample"), {"/": view})

        def leave(environ: Any, start_response: Any) -> Any:
            body = app.wsgi_app(environ, start_response)
            left = [chunk for chunk, _ in zip(body, range(steps), strict=False)] if steps else []
            body.close()
            trace.events.append("left")
            return left

        return leave

    assert agree(build, "/", "/").trace == ["closed", "left"] * 2


# ---- environments ----


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss", None])
@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_the_scheme_decides_about_websockets(agree: Agree, scheme: Any, long: bool) -> None:
    """A request whose scheme is a websocket's matches no other rule; one without a scheme fails."""

    def build(fw: Any, trace: Trace) -> Any:
        app = signed(fw)
        app.add_url_rule("/ws", "ws", lambda: "ws", websocket=True)
        if long:
            app.make_response = app.make_response
        wsgi_app = app.wsgi_app

        def serve_with_scheme(environ: Any, start_response: Any) -> Any:
            del environ["wsgi.url_scheme"]
            if scheme is not None:
                environ["wsgi.url_scheme"] = scheme
            return wsgi_app(environ, start_response)

        app.wsgi_app = serve_with_scheme
        return app

    agree(build, "/", "/ws", "/nowhere")


@pytest.mark.parametrize("long", [False, True], ids=["short", "long"])
def test_a_stream_outlives_the_environment(agree: Agree, long: bool) -> None:
    """Middleware may put the environment back while a stream still reads the request."""

    def build(fw: Any, trace: Trace) -> Any:
        def chunks() -> Any:
            request = fw.request
            yield f"{request.method} {request.script_root} {request.path} {fw.url_for('/stream')}"

        app = serve(signed(fw), {"/stream": lambda: fw.stream_with_context(chunks())})
        if long:
            app.make_response = app.make_response
        wsgi_app = app.wsgi_app

        def mounted(environ: Any, start_response: Any) -> Any:
            before = environ.copy()
            environ.update(SCRIPT_NAME="/mount", PATH_INFO=environ["PATH_INFO"][len("/mount") :])
            try:
                return wsgi_app(environ, start_response)
            finally:
                environ.update(before, REQUEST_METHOD="NONE")

        app.wsgi_app = mounted
        return app

    assert agree(build, "/mount/stream").texts == ["GET /mount /stream /mount/stream"]


def test_an_environ_edited_before_the_request_is_looked_at_is_a_known_difference() -> None:
    """Flask has read the path by then; the table of differences says so."""

    def path(fw: Any) -> str:
        app = fw.Flask("sample")
        environ = create_environ("/came")
        app.before_request(lambda: environ.update(PATH_INFO="/edited"))
        app.add_url_rule("/came", "view", lambda: fw.request.path)
        return b"".join(app.wsgi_app(environ, lambda *args: None)).decode()

    assert (path(flask), path(miniflask)) == ("/came", "/edited")


def test_the_class_of_responses_of_an_own_class_may_be_replaced_later() -> None:
    """Each request looks for it."""

    def kinds(fw: Any) -> tuple[str, str]:
        class Own(fw.Flask):  # type: ignore[misc]  # either framework's
            pass

        app = Own("sample")
        app.add_url_rule("/", "view", lambda: "text")
        before = app.test_client().get("/").mimetype
        Own.response_class = type("Plain", (fw.Response,), {"default_mimetype": "text/plain"})
        return before, app.test_client().get("/").mimetype

    assert kinds(flask) == kinds(miniflask) == ("text/html", "text/plain")


def test_a_stream_to_an_untrusted_host_that_nobody_closes_is_a_known_difference() -> None:
    """The error about the host, which Flask keeps, leads to the stream; the table says so."""

    def still_there(fw: Any) -> bool:
        app = fw.Flask("sample")
        app.config["TRUSTED_HOSTS"] = ["localhost"]
        app.before_request(lambda: fw.stream_with_context(iter(["one", "two"])))
        body = iter(app(create_environ(base_url="http://elsewhere"), lambda *args: None))
        next(body)
        del body
        gc.collect()
        active: bool = fw.has_request_context()
        if active:
            fw.request.routing_exception = None
        assert not fw.has_request_context()
        return active

    assert (still_there(flask), still_there(miniflask)) == (True, False)


def test_a_stream_that_answers_an_error_is_a_known_difference() -> None:
    """Nobody reads it to its end, and in Flask it is part of the circle of the error."""

    def still_there(fw: Any) -> bool:
        app = fw.Flask("streams_errors")
        app.logger.disabled = True  # a record would hold the error
        app.add_url_rule("/", "view", lambda: 1 / 0)

        @app.after_request
        def stream(response: Any) -> Any:
            response.response = fw.stream_with_context(iter(["one", "two"]))
            return response

        app.test_client().get("/")
        active: bool = fw.has_request_context()
        gc.collect()
        assert not fw.has_request_context()
        return active

    gc.collect()
    gc.disable()
    try:
        assert (still_there(flask), still_there(miniflask)) == (True, False)
    finally:
        gc.enable()


def test_a_rule_for_any_method_goes_before_a_later_one(agree: Agree) -> None:
    """A rule that is added without methods matches all of them, also ahead of one that has some."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.url_map.add(app.url_rule_class("/", endpoint="any"))
        app.add_url_rule("/", "get", lambda: "get")
        app.add_url_rule("/start", "start", lambda: "start")
        app.view_functions["any"] = lambda: "any"
        return app

    assert agree(build, "/start", "/", "/").texts == ["start", "any", "any"]


def test_a_registry_of_views_is_asked_once_for_each_request(agree: Agree) -> None:
    """One of a program's own may give another view each time."""

    def build(fw: Any, trace: Trace) -> Any:
        class Turns(dict):  # type: ignore[type-arg]
            turn = 0

            def __getitem__(self, endpoint: str) -> Any:
                self.turn += 1
                return lambda: f"view {self.turn}"

        app = fw.Flask("sample")
        app.add_url_rule("/", "view")
        app.view_functions = Turns()
        return app

    bodies = [outcome.body for outcome in agree(build, "/", "/", "/").outcomes]
    assert bodies == [b"view 1", b"view 2", b"view 3"]


def test_a_key_may_be_anything_that_a_subclass_makes_it(agree: Agree) -> None:
    """A descriptor that is not made for being asked on the class, or a text that forbids ``==``."""

    class Vault:
        def __get__(self, app: Any, owner: type) -> Any:
            return app.config["VAULT"]

    class Secret(str):
        def __eq__(self, other: object) -> bool:
            raise TypeError("compare in constant time")

        __hash__ = str.__hash__

    for key in (Vault(), Secret("key"), property(lambda app: app.config["VAULT"])):

        def build(fw: Any, trace: Trace, key: Any = key) -> Any:
            class App(fw.Flask):  # type: ignore[misc]
                secret_key = key

            app = App("sample")
            app.config["VAULT"] = "key"
            app.add_url_rule("/", "view", lambda: str(fw.session.setdefault("a", "set")))
            return app

        assert agree(build, "/", "/", jar=True).codes == [200, 200]


class Shows:
    """A descriptor that shows one thing on a class and gives another on its instances."""

    def __init__(self, shown: Any, make: Callable[[Any], Any]) -> None:
        self.shown, self.make = shown, make

    def __get__(self, obj: Any, owner: type) -> Any:
        return self.shown if obj is None else self.make(obj)


def test_what_a_class_shows_is_not_what_its_instances_have(agree: Agree) -> None:
    """The key of a tenant, the salt of an interface, the JSON and the cookies of a program."""

    def build(fw: Any, trace: Trace) -> Any:
        class Interface(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            usual = fw.sessions.SecureCookieSessionInterface.get_signing_serializer

            def salted(self, app: Any) -> Any:
                serializer = self.usual(app)
                serializer.salt = b"mine"
                return serializer

            get_signing_serializer = Shows(usual, lambda self: self.salted)

        class Provider(fw.json.provider.DefaultJSONProvider):  # type: ignore[misc]
            usual = fw.json.provider.DefaultJSONProvider.dumps

            def spaced(self, value: Any, **kwargs: Any) -> Any:
                return f"{self.usual(value, **kwargs)}  "

            dumps = Shows(usual, lambda self: self.spaced)

        class Response(fw.Response):  # type: ignore[misc]
            def strictly(self, name: str, value: str = "", **kwargs: Any) -> None:
                super().set_cookie(name, value, **{**kwargs, "samesite": "Strict"})

            set_cookie = Shows(fw.Response.set_cookie, lambda self: self.strictly)

        class App(fw.Flask):  # type: ignore[misc]
            secret_key = Shows(fw.Flask.secret_key, lambda self: "of the tenant")
            session_interface = Interface()
            json_provider_class = Provider
            response_class = Response

        app = App("sample")
        app.config["SECRET_KEY"] = "of the configuration"
        app.add_url_rule("/write", "write", lambda: fw.session.setdefault("a", "set"))
        app.add_url_rule("/read", "read", lambda: {"a": fw.session.get("a")})
        return app

    run = agree(build, "/write", "/read", "/write", "/read", jar=True)
    assert [o.body for o in run.outcomes] == [b"set", b'{"a":"set"}  \n'] * 2
    assert "SameSite=Strict" in str(run.outcomes[0].headers)


def test_an_interface_may_work_its_salt_out_without_a_cookie(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And may refuse to, on the class, at any time."""

    def build(fw: Any, trace: Trace) -> Any:
        def salt(self: Any) -> str:
            trace("salt asked")
            return "salt"

        app = fw.Flask("sample")
        app.secret_key = "key"
        app.add_url_rule("/", "view", lambda: "hello")
        interface = fw.sessions.SecureCookieSessionInterface
        change = lambda: monkeypatch.setattr(interface, "salt", property(salt))  # noqa: E731
        return between(app, "/change", change)

    assert agree(build, "/", "/change", "/").labels == ["salt asked"] * 2


def test_cookies_of_a_replaced_class_are_asked_without_a_header(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may come from anywhere else, say from a header of a proxy's."""
    names = {"cookies": property(lambda request: FromElsewhere(request.headers))}

    class FromElsewhere(dict):  # type: ignore[type-arg]
        def __init__(self, headers: Any) -> None:
            super().__init__(session=headers.get("X-Session", ""))

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        token = app.session_interface.get_signing_serializer(app).dumps({"user": "ann"})
        app.config["TOKEN"] = token
        app.add_url_rule("/", "view", lambda: str(fw.session.get("user")))
        monkeypatch.setattr(fw.Request, "cookies", names["cookies"])
        wsgi_app = app.wsgi_app

        def proxy(environ: Any, start_response: Any) -> Any:
            environ["HTTP_X_SESSION"] = token
            return wsgi_app(environ, start_response)

        app.wsgi_app = proxy
        return app

    assert [outcome.body for outcome in agree(build, "/", "/").outcomes] == [b"ann", b"ann"]


def test_a_view_may_become_a_coroutine_function(agree: Agree) -> None:
    """While it is the view: a program that is reloaded in place gives it another code."""

    async def awaited() -> str:
        return "awaited"

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            return "called"

        app = serve(fw.Flask("sample"), {"/": view, "/change": lambda: "changed"})
        return between(app, "/change", lambda: setattr(view, "__code__", awaited.__code__))

    run = agree(build, "/", "/", "/change", "/")
    assert run.texts == ["called", "called", "changed", "awaited"]


# ---- what a review of the session in headers, and of hosts in settings, found ----


def writing(fw: Any, **settings: Any) -> Any:
    """Make an application with a key; its first request goes the long way."""
    app = serve(fw.Flask("sample"), {"/first": lambda: "first"})
    app.secret_key = "key"
    app.config.update(settings)
    return app


@pytest.mark.parametrize("hooked", [False, True])
def test_redirects_of_the_route_map_lead_to_the_server_name(agree: Agree, hooked: bool) -> None:
    """Not to whatever host a client names."""

    def build(fw: Any, trace: Trace) -> Any:
        app = writing(fw, SERVER_NAME="good.example", TRUSTED_HOSTS=["evil.example"])
        if hooked:
            app.before_request(trace.hook("before"))

        def elsewhere(adapter: Any, n: int) -> str:
            trace(adapter.server_name, adapter.build("new", {"n": n}, force_external=True))
            return f"/new/{n}"

        app.add_url_rule("/new/<int:n>", "new", lambda n: "new")
        app.add_url_rule("/old", "old", redirect_to="/new/1")
        app.add_url_rule("/older/<int:n>", "older", redirect_to=elsewhere)
        app.add_url_rule("/page/", "page", lambda page: "page", defaults={"page": 1})
        app.add_url_rule("/page/<int:page>", "page")
        return app

    there = {"Host": "evil.example"}
    paths = "/first", "/old", "/older/2", "/page/1", "/page"
    run = agree(build, *({"path": path, "headers": there} for path in paths))
    locations = [dict(outcome.headers).get("Location", "") for outcome in run.outcomes[1:]]
    assert all(location.startswith("http://good.example/") for location in locations[:3])


def test_a_host_that_was_trusted_stays_so_for_its_request(agree: Agree) -> None:
    """Though the list is changed in place before anybody asks for the host."""

    def build(fw: Any, trace: Trace) -> Any:
        app = writing(fw, TRUSTED_HOSTS=["a.example"])

        def change() -> str:
            app.config["TRUSTED_HOSTS"][0] = "b.example"
            return f"{fw.request.host} {fw.request.trusted_hosts}"

        return serve(app, {"/": change})

    there = {"Host": "a.example"}
    run = agree(build, *({"path": path, "headers": there} for path in ("/first", "/", "/")))
    assert run.codes == [200, 200, 400]


@pytest.mark.parametrize("name", ["_cookie", "_saved", "_signer_for", "_cookie_settings"])
def test_an_interface_may_have_any_names_of_its_own(agree: Agree, name: str) -> None:
    """What saves a session takes no name that a subclass may have."""

    def build(fw: Any, trace: Trace) -> Any:
        interface = fw.sessions.SecureCookieSessionInterface
        app = writing(fw)
        app.session_interface = type("Own", (interface,), {name: lambda self: trace(name)})()
        return serve(app, {"/": lambda: fw.session.setdefault("n", "written")})

    assert agree(build, "/first", "/", "/").codes == [200, 200, 200]


def test_what_saves_a_session_instead_is_shown_the_response(agree: Agree) -> None:
    """Also where the view itself has put it on the interface."""

    def build(fw: Any, trace: Trace) -> Any:
        app = writing(fw)
        app.session_interface = interface = fw.sessions.SecureCookieSessionInterface()

        def save(app: Any, session: Any, response: Any) -> None:
            trace("saves", response.get_data(), list(response.headers))
            response.status_code = 299
            response.headers["X-Saved"] = "1"
            response.data = "other"

        def view() -> str:
            fw.session["n"] = 1
            interface.save_session = save
            return "body"

        return serve(app, {"/": view})

    assert agree(build, "/first", "/").codes == [200, 299]


@pytest.mark.parametrize(
    "settings", [{"APPLICATION_ROOT": 5}, {"PREFERRED_URL_SCHEME": []}, {"APPLICATION_ROOT": None}]
)
def test_an_adapter_that_cannot_be_made_is_an_error_of_the_push(
    settings: dict[str, Any],
) -> None:
    """With the signal that goes with it."""

    def outcome(fw: Any) -> Any:
        app = writing(fw, SERVER_NAME="a.example")
        send(app, "/first")
        app.config.update(settings)
        seen: list[str] = []

        def receive(sender: Any, exception: Exception) -> None:
            seen.append(repr(exception))

        with fw.got_request_exception.connected_to(receive, app):
            raised = send(app, "/first").raised
        return seen, raised and raised[0]

    assert outcome(miniflask) == outcome(flask)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize(
    "names", [["SERVER_NAME"], ["TRUSTED_HOSTS"], ["SERVER_NAME", "TRUSTED_HOSTS"]]
)
def test_a_setting_is_missed_where_it_is_read(agree: Agree, own: bool, names: list[str]) -> None:
    """A program that makes its adapters itself may do without."""

    def build(fw: Any, trace: Trace) -> Any:
        class Own(fw.Flask):  # type: ignore[misc]
            def create_url_adapter(self, request: Any) -> Any:
                return request and self.url_map.bind("x", path_info=request.path)

        app = serve((Own if own else fw.Flask)("sample"), {"/": lambda: "hello"})
        for name in names:
            del app.config[name]
        return app

    agree(build, "/", "/")


@pytest.mark.parametrize("accessed", [False, True])
def test_what_is_saved_may_change_how_it_is_saved(agree: Agree, accessed: bool) -> None:
    """The limit of a cookie counts as it is then, and access as it was before."""

    def build(fw: Any, trace: Trace) -> Any:
        app = writing(fw)

        class Kept:
            def __html__(self) -> str:
                app.config["MAX_COOKIE_SIZE"] = 5
                return str(fw.session.get("n"))

        def view() -> str:
            session = fw.session._get_current_object()
            session["kept"] = Kept()
            session.accessed = accessed
            return "written"

        return serve(app, {"/": view})

    run = agree(build, "/first", "/", "/")
    assert [len(outcome.warned) for outcome in run.outcomes] == [0, 1, 1]


def test_what_a_page_varies_by_is_one_header(agree: Agree, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the class of the error says besides."""
    headers = [("Content-Type", "text/html"), ("Vary", "Accept"), ("Location", "/é")]
    monkeypatch.setattr(NotFound, "get_headers", lambda self, *args: headers)

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> None:
            fw.session["n"] = 1
            fw.abort(404)

        return serve(writing(fw), {"/": view})

    run = agree(build, "/first", "/")
    assert ("Vary", "Accept, Cookie") in run.outcomes[1].headers


def test_a_long_name_of_a_cookie_warns_once(agree: Agree) -> None:
    """As the cookie, not as what it is made of."""

    def build(fw: Any, trace: Trace) -> Any:
        app = writing(fw, SESSION_COOKIE_NAME="n" * 5_000)
        return serve(app, {"/": lambda: fw.session.setdefault("n", "written")})

    run = agree(build, "/first", "/", "/")
    assert [len(outcome.warned) for outcome in run.outcomes] == [0, 1, 1]
