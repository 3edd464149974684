"""What views return and call: responses, redirects and errors, on both frameworks.

Names with a number (``test_d52_...``) state the fact of that number in the list of behaviours
where rebuilt Flasks go wrong.
"""

from __future__ import annotations

import functools
import io
import types
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
import werkzeug.exceptions
import werkzeug.routing
import werkzeug.utils
import werkzeug.wrappers
from markupsafe import Markup
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from tests.against_flask.harness import Run, Trace, kind, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


def returning(make: Callable[[Any], Any]) -> Callable[[Any, Trace], Any]:
    """Return a factory of an app whose one view returns what *make* makes."""

    def factory(fw: Any, trace: Trace) -> Any:
        return serve(fw.Flask("sample"), {"/": lambda: make(fw)})

    return factory


class Pair(NamedTuple):
    """A tuple of body and status with names."""

    body: str
    status: int


# ---- responses ----

TUPLES: dict[str, tuple[Callable[[Any], Any], int]] = {
    "body": (lambda fw: "x", 200),
    "body, status": (lambda fw: ("x", 201), 201),
    "body, text status": (lambda fw: ("x", "299 Fine"), 299),
    "body, enum status": (lambda fw: ("x", HTTPStatus.CREATED), 201),
    "body, bytes status": (lambda fw: ("x", b"201 Made"), 500),
    "dict, bytes status": (lambda fw: ({}, b"201 Made"), 500),
    "body, empty status": (lambda fw: ("x", ""), 500),
    "body, word status": (lambda fw: ("x", "wrong"), 0),
    "body, zero status": (lambda fw: ("x", 0), 0),
    "response, zero status": (lambda fw: (fw.Response("x"), 0), 0),
    "body, high status": (lambda fw: ("x", 999), 999),
    "body, float status": (lambda fw: ("x", 2.5), 500),
    "body, headers dict": (lambda fw: ("x", {"X-A": "1"}), 200),
    "body, headers list": (lambda fw: ("x", [("X-A", "1"), ("X-A", "2")]), 200),
    "body, headers tuple": (lambda fw: ("x", (("X-A", "1"),)), 200),
    "body, Headers": (lambda fw: ("x", Headers([("X-A", "1")])), 200),
    "body, empty headers": (lambda fw: ("x", {}), 200),
    "body, bad headers": (lambda fw: ("x", ["X-A"]), 500),
    "body, newline header": (lambda fw: ("x", {"X-A": "1\r\nX-B: 2"}), 500),
    "body, status, headers": (lambda fw: ("x", 202, {"X-A": "1"}), 202),
    "body, none, headers": (lambda fw: ("x", None, {"X-A": "1"}), 200),
    "body, status, none": (lambda fw: ("x", 202, None), 202),
    "body, none": (lambda fw: ("x", None), 200),
    "body, none, none": (lambda fw: ("x", None, None), 200),
    "body, headers, status": (lambda fw: ("x", {"X-A": "1"}, 202), 500),
    "none, status": (lambda fw: (None, 200), 500),
    "none, none, none": (lambda fw: (None, None, None), 500),
    "none": (lambda fw: None, 500),
    "empty tuple": (lambda fw: (), 500),
    "one": (lambda fw: ("x",), 500),
    "four": (lambda fw: ("x", 200, {}, "y"), 500),
    "nested": (lambda fw: (("x", 201), 202), 500),
    "named tuple": (lambda fw: Pair("x", 201), 201),
    "response, status": (lambda fw: (fw.Response("x", 201), 202), 202),
    "response, text status": (lambda fw: (fw.Response("x", 201), "299 Fine"), 299),
    "response, none": (lambda fw: (fw.Response("x", 201), None), 201),
    "response, status, headers": (lambda fw: (fw.Response("x", 201), 202, {"X-A": "1"}), 202),
    "dict, status, headers": (lambda fw: ({"a": 1}, 202, {"X-A": "1"}), 202),
    "generator, status": (lambda fw: ((c for c in "abc"), 202, {"X-A": "1"}), 202),
}


@pytest.mark.parametrize("form", TUPLES)
def test_d51_tuples(agree: Agree, form: str) -> None:
    """A second item that is a mapping, list or tuple is headers, anything else the status."""
    make, code = TUPLES[form]

    run = agree(returning(make), "/")

    assert run.codes == [code]


def test_d51_a_missing_body_names_the_endpoint(agree: Agree) -> None:
    """None as the body is an error that says which view it was, dots and all."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample")
        bp.add_url_rule("/bp", "forgot", lambda: (None, 200))
        app.register_blueprint(bp)
        return serve(app, {"/own": lambda: None})

    run = agree(factory, "/own", "/bp")

    messages = [error[1] for *_, error in run.log]
    assert [message.partition("'")[2].partition("'")[0] for message in messages] == [
        "/own",
        "bp.forgot",
    ]


HEADERS: dict[str, Any] = {
    "replace": {"X-A": "new"},
    "several": {"X-A": ["3", "4"]},
    "tuple value": {"X-A": ("3", "4")},
    "pairs": [("X-A", "3"), ("X-A", "4")],
    "case": {"x-a": "new"},
    "type": {"Content-Type": "text/x-own"},
    "length": {"Content-Length": "1"},
    "number": {"X-A": 5},
    "none": {"X-A": None},
    "Headers": Headers([("X-A", "3"), ("X-A", "4")]),
    "other": {"X-C": "c"},
    "cookie": {"Set-Cookie": ["a=1", "b=2"]},
}


@pytest.mark.parametrize("form", HEADERS)
@pytest.mark.parametrize("body", ["str", "dict", "response", "wsgi"])
def test_d52_headers_replace_those_of_the_same_name(agree: Agree, form: str, body: str) -> None:
    """The headers of a tuple replace same-named ones, and a list of values sends several."""

    def make(fw: Any) -> Any:
        response = fw.Response("x", headers=[("X-A", "1"), ("X-A", "2"), ("X-B", "b")])
        plain = werkzeug.wrappers.Response("x", headers={"X-A": "1"}, mimetype="text/plain")
        bodies = {"str": "x", "dict": {}, "response": response, "wsgi": plain}
        return bodies[body], HEADERS[form]

    run = agree(returning(make), "/")

    got = [value for name, value in run.outcomes[0].headers if name.lower() == "x-a"]
    if form in {"several", "tuple value", "Headers"}:
        assert got == ["3", "4"]
    elif form == "pairs":
        # Two pairs of one name are two replacements, except for a response that is made anew.
        assert got == (["3", "4"] if body == "str" else ["4"])
    elif form in {"replace", "case"}:
        assert got == ["new"]


class Html:
    """An object that can say what it is in HTML, which is not enough for a body."""

    def __html__(self) -> str:
        return "<b>"


def wsgi(environ: Any, start_response: Any) -> Any:
    """Answer as a WSGI application."""
    start_response("207 Multi", [("Content-Type", "text/x-wsgi"), ("X-Path", environ["PATH_INFO"])])
    return [b"from ", b"wsgi"]


BODIES: dict[str, tuple[Callable[[Any], Any], int]] = {
    "str": (lambda fw: "é", 200),
    "empty str": (lambda fw: "", 200),
    "Markup": (lambda fw: Markup("<b>"), 200),
    "bytes": (lambda fw: b"\xff", 200),
    "bytearray": (lambda fw: bytearray(b"x"), 200),
    "dict": (lambda fw: {"b": 1, "a": [None]}, 200),
    "empty dict": (lambda fw: {}, 200),
    "ordered dict": (lambda fw: OrderedDict(b=1, a=2), 200),
    "default dict": (lambda fw: defaultdict(int, a=1), 200),
    "list": (lambda fw: [1, {"x": "é"}], 200),
    "empty list": (lambda fw: [], 200),
    "iterator of str": (lambda fw: iter(["a", "é"]), 200),
    "iterator of bytes": (lambda fw: iter([b"a", b"b"]), 200),
    "map": (lambda fw: map(str, [1, 2]), 200),
    "file": (lambda fw: io.BytesIO(b"one\ntwo\n"), 200),
    "Response": (lambda fw: fw.Response("x", 201), 201),
    "foreign Response": (lambda fw: werkzeug.wrappers.Response("x", 201), 201),
    "function": (lambda fw: wsgi, 207),
    "partial": (lambda fw: functools.partial(wsgi), 207),
    "application": (lambda fw: returning(lambda fw: "inner app")(fw, Trace(fw)), 200),
    "exception": (lambda fw: HTTPException("described", fw.Response("own", 410)), 410),
    "true": (lambda fw: True, 500),
    "zero": (lambda fw: 0, 500),
    "float": (lambda fw: 1.5, 500),
    "set": (lambda fw: {1}, 500),
    "frozenset": (lambda fw: frozenset(), 500),
    "memoryview": (lambda fw: memoryview(b"x"), 500),
    "range": (lambda fw: range(3), 500),
    "object": (lambda fw: object(), 500),
    "html": (lambda fw: Html(), 500),
    "mapping": (lambda fw: types.MappingProxyType({}), 500),
    "function without arguments": (lambda fw: lambda: "x", 500),
    "class": (lambda fw: Html, 500),
    "not implemented": (lambda fw: NotImplemented, 500),
}


@pytest.mark.parametrize("form", BODIES)
def test_d53_bodies(agree: Agree, form: str) -> None:
    """Text, bytes, iterators, dicts, lists, responses and WSGI callables; nothing else."""
    make, code = BODIES[form]

    run = agree(returning(make), "/", ("HEAD", "/"))

    assert run.codes == [code, code]
    assert run.outcomes[1].body == b""


def test_d54_foreign_responses_become_the_app_s_class(agree: Agree) -> None:
    """They are turned into ``response_class``, and keep their type, headers and status."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Own(fw.Response):  # type: ignore[misc]  # of either framework
            default_mimetype = "text/x-default"

        class Derived(Own):
            pass

        app = fw.Flask("sample")
        app.response_class = Own
        plain = werkzeug.wrappers.Response

        def after(response: Any) -> Any:
            trace("after", kind(response), response.mimetype, response.status_code)
            return response

        app.after_request(after)
        return serve(
            app,
            {
                "/str": lambda: "x",
                "/plain": lambda: plain("x", 202, {"X-A": "1"}, "text/x-plain"),
                "/framework": lambda: fw.Response("x"),
                "/derived": lambda: Derived("x"),
                "/wsgi": lambda: (wsgi, 208),
                "/redirect": lambda: fw.redirect("/"),
                "/json": lambda: {"a": 1},
                "/made": lambda: fw.make_response(plain("x")),
            },
        )

    paths = ["str", "plain", "framework", "derived", "wsgi", "redirect", "json", "made"]
    run = agree(factory, *(f"/{path}" for path in paths))

    assert [detail[0] for detail in run.details("after")] == [*["Own"] * 3, "Derived", *["Own"] * 4]
    assert run.details("after")[1] == ["Own", "text/x-plain", 202]
    assert run.outcomes[1].header("X-A") == "1"


def test_d57_defaults_of_a_response(agree: Agree) -> None:
    """HTML in UTF-8 unless told otherwise; HEAD keeps the length of what it does not send."""

    def factory(fw: Any, trace: Trace) -> Any:
        return serve(
            fw.Flask("sample"),
            {
                "/": lambda: "é",
                "/plain": lambda: fw.Response("x", mimetype="text/plain"),
                "/binary": lambda: fw.Response(b"x", mimetype="image/png"),
                "/typed": lambda: fw.Response("x", content_type="text/x-a; charset=ascii"),
                "/stream": lambda: iter(["x"]),
                "/empty": lambda: fw.make_response(),
                "/none": lambda: fw.Response(status=204),
                "/unchanged": lambda: fw.Response("x", status=304),
            },
        )

    paths = ["", "plain", "binary", "typed", "stream", "empty", "none", "unchanged"]
    run = agree(factory, *(f"/{path}" for path in paths), *(("HEAD", f"/{path}") for path in paths))

    assert run.outcomes[0].headers == [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", "2"),
    ]
    assert run.outcomes[8].headers == run.outcomes[0].headers
    assert run.outcomes[8].body == b""
    assert run.outcomes[4].header("Content-Length") is None


def test_make_response_takes_what_a_view_may_return(agree: Agree) -> None:
    """Nothing, one value, or the items of a tuple; ``app.make_response`` takes the tuple."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        calls: dict[str, Callable[[], Any]] = {
            "none": lambda: fw.make_response(),
            "one": lambda: fw.make_response("x"),
            "tuple": lambda: fw.make_response(("x", 201)),
            "two": lambda: fw.make_response("x", 201),
            "three": lambda: fw.make_response("x", 201, {"X-A": "1"}),
            "four": lambda: fw.make_response("x", 201, {}, 1),
            "explicit none": lambda: fw.make_response(None),
            "app": lambda: app.make_response(("x", 203)),
            "same": lambda: app.make_response(fw.make_response("x", 204)),
        }

        def view() -> Any:
            for name, call in calls.items():
                trace.attempt(name, functools.partial(describe_response, call))
            return ""

        return serve(app, {"/": view})

    run = agree(factory, "/")

    assert run.values("three") == [["Response", "201 CREATED", "x", "1"]]
    assert run.values("explicit none")[0][0] == "TypeError"


def describe_response(make: Callable[[], Any]) -> list[Any]:
    """List what matters of a response."""
    response = make()
    return [kind(response), response.status, response.get_data(True), response.headers.get("X-A")]


# ---- redirect and abort ----

LOCATIONS = ["rel", "/abs?q=1#f", "http://other.example/x", "//evil.example", "javascript:x"]
LOCATIONS += ["/é?ü=ß", "/a b", "/a%20b", "", "?q", '/"<>', "/new\r\nline", "/tab\t", "\\\\evil"]


@pytest.mark.parametrize("location", LOCATIONS)
def test_d56_redirect(agree: Agree, location: str) -> None:
    """The location stays relative and is sent as it is, but quoted; 302 unless told otherwise."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        views: dict[str, Callable[[], Any]] = {
            "/": lambda: fw.redirect(location),
            "/app": lambda: app.redirect(location, 307),
            "/class": lambda: fw.redirect(location, Response=werkzeug.wrappers.Response),
        }
        for code in (301, 303, 305, 308, 300, 200, 304, 404, 999):
            views[f"/{code}"] = functools.partial(fw.redirect, location, code)
        return serve(app, views)

    paths = ["/", "/app", "/class"]
    paths += [f"/{code}" for code in (301, 303, 305, 308, 300, 200, 304, 404, 999)]
    run = agree(factory, *paths)

    if "\n" in location:
        assert run.log[0][2] == ("ValueError", "Header values must not contain newline characters.")
    else:
        assert run.codes[:3] == [302, 307, 302]


def test_d56_redirect_goes_through_the_app(same: Same) -> None:
    """``redirect`` calls ``app.redirect`` and its class; without an app it is Werkzeug's own."""

    def redirects(fw: Any) -> Any:
        class Own(fw.Response):  # type: ignore[misc]  # of either framework
            pass

        class App(fw.Flask):  # type: ignore[misc]  # of either framework
            response_class = Own

            def redirect(self, location: str, code: int = 302) -> Any:
                return super().redirect(f"{location}?from=app", code=code)

        made = [fw.redirect("/x"), fw.redirect("/x", 301, Response=Own)]
        with App("sample").app_context():
            made += [fw.redirect("/x"), fw.redirect("/x", 301, werkzeug.wrappers.Response)]
        return [[kind(r), r.status_code, r.location, r.get_data(True)] for r in made]

    answers = same(redirects)

    assert [answer[:3] for answer in answers] == [
        ["Response", 302, "/x"],
        ["Own", 301, "/x"],
        ["Own", 302, "/x?from=app"],
        ["Own", 301, "/x?from=app"],
    ]


ABORTS: dict[str, Callable[[Any], Any]] = {
    "code": lambda fw: fw.abort(404),
    "description": lambda fw: fw.abort(404, "gone fishing"),
    "keyword": lambda fw: fw.abort(400, description="bad"),
    "response keyword": lambda fw: fw.abort(400, response=fw.Response("own", 409)),
    "response": lambda fw: fw.abort(fw.Response("own", 409)),
    "status": lambda fw: fw.abort(HTTPStatus.GONE),
    "method": lambda fw: fw.abort(405, valid_methods=["PUT"]),
    "retry": lambda fw: fw.abort(503, retry_after=5),
    "unknown": lambda fw: fw.abort(799),
    "ok": lambda fw: fw.abort(200),
    "text": lambda fw: fw.abort("404"),
    "none": lambda fw: fw.abort(None),
    "callable": lambda fw: fw.abort(wsgi),
    "extra": lambda fw: fw.abort(fw.Response("x"), "description"),
}


@pytest.mark.parametrize("form", ABORTS)
def test_abort(agree: Agree, same: Same, form: str) -> None:
    """``abort`` raises what the app's aborter knows; without an app what Werkzeug knows."""
    run = agree(returning(ABORTS[form]), "/")
    outside = same(ABORTS[form])

    assert run.outcomes[0].raised is None
    assert isinstance(outside, tuple)


def test_the_aborter_can_be_extended(agree: Agree) -> None:
    """``app.aborter`` has a mapping of its own, made by ``aborter_class`` or ``make_aborter``."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Teapot(HTTPException):
            code = 799
            description = "short and stout"

        class Counting(werkzeug.exceptions.Aborter):
            def __call__(self, code: Any, *args: Any, **kwargs: Any) -> Any:
                trace("aborter", code)
                return super().__call__(code, *args, **kwargs)

        class App(fw.Flask):  # type: ignore[misc]  # of either framework
            aborter_class = Counting

            def make_aborter(self) -> Any:
                return self.aborter_class(extra={800: werkzeug.exceptions.Gone})

        app = App("sample")
        app.aborter.mapping[799] = Teapot
        app.register_error_handler(Teapot, lambda e: (f"handled {e}", 418))
        views = {f"/{code}": lambda code=code: fw.abort(code) for code in (404, 799, 800, 801)}
        return serve(app, views)

    run = agree(factory, "/404", "/799", "/800", "/801")

    assert run.codes == [404, 418, 410, 500]
    assert run.values("aborter") == [404, 799, 800, 801]
