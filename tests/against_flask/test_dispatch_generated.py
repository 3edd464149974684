"""Generated programs: hooks, handlers and views with every kind of outcome, on both frameworks.

A program is plain data, so that Hypothesis can shrink it; ``build`` turns it into an application
of either framework.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import werkzeug.exceptions
import werkzeug.wrappers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.against_flask.harness import Run, Trace

LEVELS = ("app", "outer", "inner")
EXCEPTIONS: dict[str, type[Exception]] = {
    "ValueError": ValueError,
    "KeyError": KeyError,
    "ZeroDivisionError": ZeroDivisionError,
}
CODES = (400, 403, 404, 405, 418, 500, 503)
HANDLED: dict[str, Any] = {
    "403": 403,
    "404": 404,
    "405": 405,
    "500": 500,
    "Exception": Exception,
    "ValueError": ValueError,
    "LookupError": LookupError,
    "HTTPException": werkzeug.exceptions.HTTPException,
    "InternalServerError": werkzeug.exceptions.InternalServerError,
    "Forbidden": werkzeug.exceptions.Forbidden,
}

# ---- what a hook, handler or view does when it is called ----

raising = st.one_of(
    st.sampled_from(sorted(EXCEPTIONS)).map(lambda name: ("raise", name)),
    st.sampled_from(CODES).map(lambda code: ("abort", code)),
    st.just(("abort_response", "stop")),
)
value_forms = st.sampled_from(
    [
        "str",
        "empty str",
        "bytes",
        "bytearray",
        "dict",
        "list",
        "generator",
        "response",
        "werkzeug response",
        "wsgi",
        "http exception",
        "redirect",
        "false",
        "zero",
        "none",
        "int",
        "set",
        "memoryview",
        "status",
        "status text",
        "headers dict",
        "headers list",
        "status headers",
        "none headers",
        "none status",
        "one tuple",
        "four tuple",
    ]
)
returning = value_forms.map(lambda form: ("return", form))
passing = st.just(("pass",))
before_action = st.one_of(passing, passing, passing, returning, raising)
after_action = st.one_of(
    passing, passing, passing, st.just(("replace",)), st.just(("none",)), raising
)
quiet_action = st.one_of(passing, passing, passing, passing, raising)
view_action = st.one_of(returning, returning, raising)

hooks = st.fixed_dictionaries(
    {
        "preprocess": st.lists(quiet_action, max_size=1),
        "before": st.lists(before_action, max_size=2),
        "after": st.lists(after_action, max_size=2),
        "teardown": st.lists(quiet_action, max_size=2),
        "handlers": st.dictionaries(
            st.sampled_from(sorted(HANDLED)), st.one_of(returning, returning, raising), max_size=2
        ),
    }
)
programs = st.fixed_dictionaries(
    {
        "config": st.fixed_dictionaries(
            {},
            optional={
                "TESTING": st.booleans(),
                "DEBUG": st.booleans(),
                "PROPAGATE_EXCEPTIONS": st.sampled_from([None, True, False]),
                "TRAP_HTTP_EXCEPTIONS": st.booleans(),
                "TRAP_BAD_REQUEST_ERRORS": st.sampled_from([None, True, False]),
                "SECRET_KEY": st.just("key"),
            },
        ),
        "levels": st.fixed_dictionaries(dict.fromkeys(LEVELS, hooks)),
        "teardown_appcontext": st.lists(quiet_action, max_size=2),
        "view": view_action,
        "after_this_request": st.lists(after_action, max_size=2),
        "touch_session": st.booleans(),
    }
)
requests = st.lists(
    st.tuples(
        st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE"]),
        st.sampled_from(["/", "/o/", "/o/i/", "/o/i/7", "/o/i/x", "/o", "/missing", "/post"]),
    ),
    min_size=1,
    max_size=3,
)


def make_value(fw: Any, form: str) -> Any:
    """Make what a view returns in the form of that name."""
    forms: dict[str, Callable[[], Any]] = {
        "str": lambda: "text é",
        "empty str": lambda: "",
        "bytes": lambda: b"bytes",
        "bytearray": lambda: bytearray(b"array"),
        "dict": lambda: {"b": 1, "a": [None, "é"]},
        "list": lambda: [1, {"x": 2}],
        "generator": lambda: (part for part in ["one", "two"]),
        "response": lambda: fw.Response("own", status=202, headers={"X-Own": "1"}),
        "werkzeug response": lambda: werkzeug.wrappers.Response("theirs", mimetype="text/plain"),
        "wsgi": lambda: wsgi_callable,
        "http exception": lambda: werkzeug.exceptions.Gone("gone away"),
        "redirect": lambda: fw.redirect("/elsewhere"),
        "false": lambda: False,
        "zero": lambda: 0,
        "none": lambda: None,
        "int": lambda: 42,
        "set": lambda: {1},
        "memoryview": lambda: memoryview(b"view"),
        "status": lambda: ("made", 201),
        "status text": lambda: ("made", "299 Fine"),
        "headers dict": lambda: ("made", {"X-A": ["1", "2"], "Content-Type": "text/x"}),
        "headers list": lambda: ("made", [("X-A", "1"), ("X-A", "2")]),
        "status headers": lambda: ({"a": 1}, 203, {"X-A": "1"}),
        "none headers": lambda: ("made", None, {"X-A": "1"}),
        "none status": lambda: (None, 200),
        "one tuple": lambda: ("alone",),
        "four tuple": lambda: ("a", 200, {}, "b"),
    }
    return forms[form]()


def wsgi_callable(environ: Any, start_response: Any) -> Any:
    """A WSGI application, as a view may return it."""
    start_response("207 Multi", [("Content-Type", "text/x-wsgi")])
    return [b"from wsgi"]


def act(fw: Any, action: Any) -> Any:
    """Do what an action says; returns None for ``pass``."""
    kind = action[0]
    if kind == "raise":
        raise EXCEPTIONS[action[1]](f"raised {action[1]}")
    if kind == "abort":
        fw.abort(action[1])
    if kind == "abort_response":
        fw.abort(fw.Response(action[1], status=409))
    if kind == "return":
        return make_value(fw, action[1])
    return None


def add_hooks(fw: Any, trace: Trace, place: Any, level: str, spec: Any) -> None:
    """Register the hooks and handlers of one level on an app or blueprint."""

    def preprocess(i: int, action: Any) -> Any:
        def hook(endpoint: Any, values: Any) -> None:
            trace(f"{level} preprocess {i}", endpoint, values)
            act(fw, action)

        return hook

    def before(i: int, action: Any) -> Any:
        def hook() -> Any:
            trace(f"{level} before {i}")
            return act(fw, action)

        return hook

    def teardown(i: int, action: Any) -> Any:
        def hook(exc: Any) -> None:
            trace(f"{level} teardown {i}", exc)
            act(fw, action)

        return hook

    def handler(key: str, action: Any) -> Any:
        def handle(exc: Any) -> Any:
            trace(f"{level} handler {key}", exc, getattr(exc, "original_exception", None))
            return act(fw, action)

        return handle

    for i, action in enumerate(spec["preprocess"]):
        place.url_value_preprocessor(preprocess(i, action))
    for i, action in enumerate(spec["before"]):
        place.before_request(before(i, action))
    for i, action in enumerate(spec["after"]):
        place.after_request(make_after(fw, trace, f"{level} after {i}", action))
    for i, action in enumerate(spec["teardown"]):
        place.teardown_request(teardown(i, action))
    for key, action in sorted(spec["handlers"].items()):
        place.register_error_handler(HANDLED[key], handler(key, action))


def make_after(fw: Any, trace: Trace, label: str, action: Any) -> Any:
    """Make an after-hook."""

    def hook(response: Any) -> Any:
        trace(label, getattr(response, "status", None))
        if action == ("replace",):
            return fw.make_response(("replaced", 217))
        if action == ("none",):
            return None
        act(fw, action)
        response.headers.add("X-After", label)
        return response

    return hook


def build(program: Any) -> Callable[[Any, Trace], Any]:
    """Return an app factory for a program."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config.update(program["config"])
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")

        def view(**kwargs: Any) -> Any:
            trace("view", kwargs)
            if program["touch_session"]:
                fw.session.get("seen")
            for i, action in enumerate(program["after_this_request"]):
                fw.after_this_request(make_after(fw, trace, f"after this {i}", action))
            return act(fw, program["view"])

        app.add_url_rule("/", "index", view)
        app.add_url_rule("/post", "post", view, methods=["POST"])
        outer.add_url_rule("/", "index", view)
        inner.add_url_rule("/", "index", view)
        inner.add_url_rule("/<int:number>", "number", view, methods=["GET", "POST"])
        for level, place in zip(LEVELS, (app, outer, inner), strict=True):
            add_hooks(fw, trace, place, level, program["levels"][level])
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        for i, action in enumerate(program["teardown_appcontext"]):
            app.teardown_appcontext(make_teardown_appcontext(fw, trace, i, action))
        return app

    return factory


def make_teardown_appcontext(fw: Any, trace: Trace, i: int, action: Any) -> Any:
    """Make a teardown function for app contexts."""

    def hook(exc: Any) -> None:
        trace(f"teardown appcontext {i}", exc)
        act(fw, action)

    return hook


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(program=programs, sent=requests)
def test_generated_programs_agree(agree: Callable[..., Run], program: Any, sent: Any) -> None:
    """Responses, traces and logs agree whatever hooks, handlers and views do."""
    agree(build(program), *sent)
