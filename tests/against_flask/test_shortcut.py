"""The short way through a request is the long way, and both are Flask's."""

from __future__ import annotations

import gc
import hashlib
import random
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import flask
import pytest
import werkzeug.routing
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import Conflict
from werkzeug.test import create_environ, run_wsgi_app

import miniflask
import miniflask.app
import miniflask.ctx
import miniflask.plain
import miniflask.routing
import miniflask.shortcut
import miniflask.signals
from tests.against_flask.clock import stopped_clock
from tests.against_flask.harness import Run, Trace, run_on, serve

Agree = Callable[..., Run]


class LongWay(miniflask.Flask):
    """An application with a part in every request: one method overridden, to no effect."""

    def preprocess_request(self) -> Any:
        """Do as before."""
        return super().preprocess_request()


class Framework:
    """A framework with another class of application."""

    def __init__(self, fw: Any, cls: type) -> None:
        self._fw = fw
        self.Flask = cls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fw, name)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the path of each request that goes the short way."""
    taken: list[str] = []
    answer = miniflask.shortcut.answer

    def recorded(app: Any, environ: Any, start_response: Any) -> Any:
        taken.append(environ["PATH_INFO"])
        return answer(app, environ, start_response)

    monkeypatch.setattr(miniflask.app, "answer", recorded)
    return taken


# ---- what a view may do, as data ----

Step = Callable[[Any, Any, Trace], None]


def touch_session(fw: Any, app: Any, trace: Trace) -> None:
    """Read the session."""
    trace("session", dict(fw.session))


def write_session(fw: Any, app: Any, trace: Trace) -> None:
    """Write the session."""
    fw.session["n"] = fw.session.get("n", 0) + 1


def stay(fw: Any, app: Any, trace: Trace) -> None:
    """Make the session permanent."""
    fw.session.permanent = True


def empty_session(fw: Any, app: Any, trace: Trace) -> None:
    """Take everything out of the session."""
    fw.session.clear()


def keep_much(fw: Any, app: Any, trace: Trace) -> None:
    """Have the session be a cookie that deserves a warning."""
    fw.session["much"] = random.Random(1).randbytes(4000).hex()


def keep_what_cannot_be(fw: Any, app: Any, trace: Trace) -> None:
    """Put something into the session that no JSON can hold."""
    fw.session["set"] = {1}


def keep_what_asks(fw: Any, app: Any, trace: Trace) -> None:
    """Put something into the session that asks for the response when it is saved."""

    def ask(fw: Any) -> str:
        trace("asked")
        fw.after_this_request(trace.after("too late"))
        return "asked"

    fw.session["asks"] = Touching(fw, ask)


def read_request(fw: Any, app: Any, trace: Trace) -> None:
    """Look at the request, and change its environment."""
    request = fw.request
    trace("request", request.path, request.args.get("q"), request.view_args, request.endpoint)
    request.environ["HTTP_HOST"] = "other"
    request.environ["REQUEST_METHOD"] = "OTHER"
    trace("changed", request.method, request.host, request.headers.get("Host"))
    trace("url", fw.url_for("view", x=1, _external=True))


def call_later(fw: Any, app: Any, trace: Trace) -> None:
    """Ask for the response."""
    fw.after_this_request(trace.after("after this"))


def change_g(fw: Any, app: Any, trace: Trace) -> None:
    """Leave something in g."""
    trace("g", fw.g.get("x"), sorted(fw.g))
    fw.g.x = 1


def push_more(fw: Any, app: Any, trace: Trace) -> None:
    """Push and pop both contexts once more."""
    with app.app_context(), fw.globals.request_ctx:
        trace("inner", sorted(fw.g))


def register_late(fw: Any, app: Any, trace: Trace) -> None:
    """Put a hook into its registry while the request is running."""
    app.teardown_request_funcs.setdefault(None, []).append(trace.hook("late"))


def flash(fw: Any, app: Any, trace: Trace) -> None:
    """Flash, and read what was flashed before."""
    trace("flashed", fw.get_flashed_messages())
    fw.flash("hello")


def ask_for_no_body(fw: Any, app: Any, trace: Trace) -> None:
    """Change the request to one that wants no body."""
    fw.request.environ["REQUEST_METHOD"] = "HEAD"


def change_json(fw: Any, app: Any, trace: Trace) -> None:
    """Change how JSON is written."""
    app.json.compact = not app.json.compact
    app.json.mimetype = "application/vnd.api+json"


def ask_options(fw: Any, app: Any, trace: Trace) -> None:
    """Change a setting for the rest of the program."""
    app.config["SESSION_REFRESH_EACH_REQUEST"] = not app.config["SESSION_REFRESH_EACH_REQUEST"]


STEPS: list[Step] = [
    touch_session,
    write_session,
    stay,
    empty_session,
    keep_much,
    keep_what_cannot_be,
    keep_what_asks,
    read_request,
    call_later,
    change_g,
    push_more,
    register_late,
    flash,
    ask_options,
    ask_for_no_body,
    change_json,
]


def add_header(response: Any) -> Any:
    """Say in the response that somebody was here."""
    response.headers["X-Later"] = "yes"
    return response


def ask_for_the_response(fw: Any) -> int:
    """Have the response changed, and count how often this was asked."""
    fw.after_this_request(add_header)
    fw.g.asked = fw.g.get("asked", 0) + 1
    return int(fw.g.asked)


class Touching:
    """An object that looks at the session, or writes to it, when it is made into JSON."""

    def __init__(self, fw: Any, touch: Callable[[Any], Any]) -> None:
        self.fw = fw
        self.touch = touch

    def __html__(self) -> str:
        return str(self.touch(self.fw))


RETURNS: dict[str, Callable[[Any], Any]] = {
    "text": lambda fw: "text é",
    "empty": lambda fw: "",
    "bytes": lambda fw: b"bytes",
    "surrogate": lambda fw: "\ud800",
    "dict": lambda fw: {"a": 1},
    "tuple": lambda fw: ("text", 201, {"X-A": "1"}),
    "response": lambda fw: fw.Response("made"),
    "stream": lambda fw: iter(["a", "b"]),
    "generator": lambda fw: (piece for piece in ("a", b"b", "é")),
    "context": lambda fw: fw.stream_with_context(fw.request.path for _ in range(2)),
    "broken generator": lambda fw: (1 / len(piece) for piece in ["", ""]),
    "list": lambda fw: [1, {"b": "é", "a": None}],
    "reads": lambda fw: {"a": Touching(fw, lambda fw: fw.session.get("n"))},
    "writes": lambda fw: {"a": Touching(fw, lambda fw: fw.session.update(n=5))},
    "calls later": lambda fw: [Touching(fw, ask_for_the_response)],
    "no json": lambda fw: {"a": object()},
    "status": lambda fw: ("text", 404),
    "no status": lambda fw: ("text", 799),
    "no body": lambda fw: ("text", 204),
    "status of json": lambda fw: ({"a": 1}, 201),
    "status of a generator": lambda fw: ((piece for piece in "ab"), 202),
    "headers": lambda fw: ("text", {"X-A": "1"}),
    "page": lambda fw: Conflict("page"),
    "page and status": lambda fw: (Conflict(), 418),
    "none": lambda fw: None,
    "markup": lambda fw: __import__("markupsafe").Markup("<b>"),
}

RAISES: dict[str, BaseException | None] = {
    "nothing": None,
    "error": ValueError("view"),
    "abort": Conflict("view"),
    "exit": SystemExit("view"),
}

HOOKS = (
    "url_value_preprocessor",
    "before_request",
    "after_request",
    "teardown_request",
    "teardown_appcontext",
)

hooks = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(HOOKS),
        "steps": st.lists(st.sampled_from(STEPS), max_size=2),
        "raises": st.sampled_from([*["nothing"] * 7, *sorted(RAISES)]),
        "returns": st.sampled_from([*[None] * 4, *sorted(RETURNS)]),
    }
)

programs = st.fixed_dictionaries(
    {
        "steps": st.lists(st.sampled_from(STEPS), max_size=4),
        "returns": st.sampled_from(sorted(RETURNS)),
        "raises": st.sampled_from([*["nothing"] * 5, *sorted(RAISES)]),
        "handler": st.sampled_from([None, Exception, 404, Conflict]),
        "hooks": st.lists(hooks, max_size=3),
        "key": st.sampled_from(["key", None]),
        "ignore": st.booleans(),
        "coroutine": st.booleans(),
    }
)

requests = st.lists(
    st.fixed_dictionaries(
        {
            "method": st.sampled_from(["GET", "GET", "POST", "HEAD", "OPTIONS", "TRACE"]),
            "path": st.sampled_from(
                ["/v/1", "/v/1", "/v/x", "/", "/slash", "/nowhere", "/v//1", "/broken", "/old"]
            ),
            "query_string": st.sampled_from(["", "q=1"]),
            "headers": st.sampled_from([{}, {"Host": "a..b"}, {"Host": "b.example:80"}]),
        }
    ),
    min_size=2,
    max_size=4,
)


def program(spec: dict[str, Any]) -> Callable[[Any, Trace], Any]:
    """Make the application that the data describes."""

    def build(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            def should_ignore_error(self, error: Any) -> bool:
                return bool(spec["ignore"])

        app = App("sample")
        app.secret_key = spec["key"]
        app.config["PROPAGATE_EXCEPTIONS"] = False

        def view(x: int = 0) -> Any:
            trace("view", x)
            for step in spec["steps"]:
                step(fw, app, trace)
            error = RAISES[spec["raises"]]
            if error is not None:
                raise error
            return RETURNS[spec["returns"]](fw)

        async def coroutine(x: int = 0) -> Any:
            return view(x)

        app.add_url_rule("/v/<int:x>", "view", coroutine if spec["coroutine"] else view)
        app.add_url_rule("/", "home", view, methods=["GET", "POST"])
        app.add_url_rule("/slash/", "slash", view)
        app.add_url_rule("/old", "old", view, redirect_to="/v/7")
        app.add_url_rule("/broken", "broken")
        if spec["handler"]:
            app.register_error_handler(
                spec["handler"], lambda e: (f"handled {type(e).__name__}", 404)
            )
        for hook in spec["hooks"]:
            getattr(app, hook["kind"])(partial(run_hook, hook, fw, app, trace))
        return app

    return build


def run_hook(hook: dict[str, Any], fw: Any, app: Any, trace: Trace, *args: Any) -> Any:
    """Do what the data says, and answer as a hook of its kind does."""
    trace(hook["kind"], *map(repr, args) if hook["kind"].startswith("teardown") else ())
    for step in hook["steps"]:
        # What an app context brings on when it goes must not push another one, for ever.
        if (hook["kind"], step) != ("teardown_appcontext", push_more):
            step(fw, app, trace)
    error = RAISES[hook["raises"]]
    if error is not None:
        raise error
    if hook["kind"] == "after_request":
        return args[0]
    return RETURNS[hook["returns"]](fw) if hook["returns"] else None


@given(programs, requests)
def test_both_ways_are_flasks(spec: dict[str, Any], sent: list[dict[str, Any]]) -> None:
    """Answers, traces and logs are the same on the short way, on the long way and on Flask."""
    factory = program(spec)
    with stopped_clock():
        ours, longer, theirs = (
            run_on(fw, factory, sent, jar=True)
            for fw in (miniflask, Framework(miniflask, LongWay), flask)
        )

    assert ours == longer
    assert ours == theirs


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("path", ["/page/1", "/old", "/slash", "/nowhere"])
def test_debug_mode_explains_a_redirect_that_loses_a_form(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, debug: bool, path: str
) -> None:
    """Whether the rule itself redirects, or where it stands, or a slash is missing."""
    for kit in (miniflask.routing, werkzeug.routing):
        monkeypatch.setattr(kit.RequestRedirect, "code", 301)

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug
        app.config["PROPAGATE_EXCEPTIONS"] = False

        def seen(error: Exception) -> Any:
            trace(type(error).__name__, type(fw.request.routing_exception).__name__)
            return error if fw.request.path == "/nowhere" else "seen"

        app.register_error_handler(Exception, seen)

        def page(number: int = 0) -> str:
            return str(number)

        both = ["GET", "POST"]
        app.add_url_rule("/page/", "page", page, methods=both, defaults={"number": 1})
        app.add_url_rule("/page/<int:number>", "page", page, methods=both)
        app.add_url_rule("/old", "old", page, methods=both, redirect_to="/slash/")
        app.add_url_rule("/slash/", "slash", page, methods=both)
        app.add_url_rule("/first", "first", page, methods=both)
        return app

    run = agree(build, "/first", ("POST", path))
    assert run.labels == (
        ["NotFound"] if path == "/nowhere" else ["FormDataRoutingRedirect"] * debug
    )


# ---- which way ----


def hello(fw: Any, trace: Trace) -> Any:
    """Make the least of applications."""
    app = serve(fw.Flask("sample"), {"/": lambda: "hello"})
    app.secret_key = "key"
    return app


def test_a_view_alone_goes_the_short_way(agree: Agree, short: list[str]) -> None:
    """Nothing but a view: the first request already, and whatever the method or path."""
    agree(hello, "/", ("POST", "/"), "/nowhere", "/")

    assert short == ["/", "/", "/nowhere", "/"]


REGISTER: dict[str, Callable[[Any, Trace], Any]] = {
    "before": lambda app, t: app.before_request_funcs[None].insert(0, t.hook("before")),
    "after": lambda app, t: app.after_request_funcs.setdefault(None, []).append(t.after("after")),
    "teardown": lambda app, t: app.teardown_request_funcs[None].append(t.hook("teardown")),
    "teardown app": lambda app, t: app.teardown_appcontext_funcs.append(t.hook("teardown app")),
    "values": lambda app, t: app.url_value_preprocessors[None].append(t.hook("values")),
    "new table": lambda app, t: setattr(app, "before_request_funcs", {None: [t.hook("new")]}),
}


@pytest.mark.parametrize("which", sorted(REGISTER))
def test_a_hook_of_later_counts(agree: Agree, short: list[str], which: str) -> None:
    """What is put into a registry after the first request runs from then on."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)
        app.add_url_rule("/now", "now", lambda: str(REGISTER[which](app, trace)))
        return app

    run = agree(build, "/", "/now", "/")

    assert short == ["/", "/now", "/"]
    assert which.partition(" ")[0] in run.labels[-1]


def replace(
    owner: Any, name: str, trace: Trace, monkeypatch: pytest.MonkeyPatch | None = None
) -> None:
    """Replace a method by one that records that it was called, then does as before."""
    original = getattr(owner, name)

    def replaced(*args: Any, **kwargs: Any) -> Any:
        trace(name)
        return original(*args, **kwargs)

    (setattr if monkeypatch is None else monkeypatch.setattr)(owner, name, replaced)


def replaces(app: Any, action: Callable[[], None]) -> None:
    """Do something when a request for ``/replace`` comes, before the application sees it."""
    wsgi_app = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        if environ["PATH_INFO"] == "/replace":
            action()
        return wsgi_app(environ, start_response)

    app.wsgi_app = middleware


@pytest.mark.parametrize("name", [*miniflask.shortcut.SKIPPED, "ensure_sync", "handle_exception"])
@pytest.mark.parametrize("where", ["instance", "class", "subclass"])
def test_a_method_replaced_later_is_called(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, name: str, where: str
) -> None:
    """On the application, its class or a class between: after the first request as before it."""

    def build(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            pass

        app = serve(App("sample"), {"/": lambda: "hello"})
        app.secret_key = "key"
        owner = {"instance": app, "class": fw.Flask, "subclass": App}[where]
        replaces(app, lambda: replace(owner, name, trace, monkeypatch))
        return app

    run = agree(build, "/", "/replace", "/", "/nowhere")
    assert name in run.labels or name == "handle_exception"


def test_a_method_replaced_by_the_view_is_called(agree: Agree) -> None:
    """On the application itself even by the very request that replaces it."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)

        def view() -> str:
            for name in ("finalize_request", "process_response", "do_teardown_request"):
                replace(app, name, trace)
            return "replaced"

        app.add_url_rule("/replace", "replace", view)
        return app

    assert agree(build, "/", "/replace").labels == [
        "finalize_request",
        "process_response",
        "do_teardown_request",
    ]


@pytest.mark.parametrize("owner", ["RequestContext", "AppContext"])
@pytest.mark.parametrize("name", ["push", "pop"])
def test_a_context_method_replaced_later_is_called(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, owner: str, name: str
) -> None:
    """So are the methods of the contexts' classes."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)
        replaces(app, lambda: replace(getattr(fw.ctx, owner), name, trace, monkeypatch))
        return app

    assert name in agree(build, "/", "/replace", "/").labels


def test_a_secret_key_that_is_worked_out_counts(agree: Agree) -> None:
    """On a class between, though the setting says that there is none."""

    def build(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            @property
            def secret_key(self) -> str:
                return "key"

        app = serve(App("sample"), {"/": lambda: "hello", "/n": lambda: fw.session.get("n", "no")})

        def keep() -> str:
            fw.session["n"] = "yes"
            return "kept"

        app.add_url_rule("/keep", "keep", keep)
        return app

    assert agree(build, "/", "/keep", "/n", jar=True).texts == ["hello", "kept", "yes"]


@pytest.mark.parametrize("pops", [False, True])
@pytest.mark.parametrize("kind", ["teardown_request", "teardown_appcontext"])
def test_a_context_that_the_view_pushed_again_stays(
    agree: Agree, short: list[str], kind: str, pops: bool
) -> None:
    """Unless it is popped; nothing is torn down before the last pop."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)
        getattr(app, kind)(trace.hook(kind))

        def view() -> str:
            ctx = fw.globals.request_ctx._get_current_object()
            ctx.push()
            if pops:
                ctx.pop()
            trace("left", ctx.app.name)
            return "pushed"

        app.add_url_rule("/push", "push", view)
        answer = app.wsgi_app

        def middleware(environ: Any, start_response: Any) -> Any:
            try:
                return answer(environ, start_response)
            finally:
                trace("answered", fw.has_request_context())
                if fw.has_request_context():
                    fw.globals.request_ctx.pop()
                trace("popped", fw.has_request_context(), fw.has_app_context())

        app.wsgi_app = middleware
        return app

    run = agree(build, "/", "/push")
    assert run.values("answered") == [False, not pops]
    assert run.labels[-3:] == [*((kind, "answered") if pops else ("answered", kind)), "popped"]
    assert short == ["/", "/push"]


@pytest.mark.parametrize("raises", [False, True])
@pytest.mark.parametrize("kind", ["teardown_request", "teardown_appcontext", "no hook"])
def test_uploads_are_closed_after_teardown(agree: Agree, kind: str, raises: bool) -> None:
    """If no function of it raises."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)
        kept: list[Any] = []

        def tear_down(error: Any) -> None:
            trace("torn down", kept[-1].closed)
            if raises:
                raise ValueError(kind)

        if kind != "no hook":
            getattr(app, kind)(tear_down)

        def view() -> str:
            kept.append(fw.request.files["f"].stream)
            return "kept"

        app.add_url_rule("/upload", "upload", view, methods=["POST"])
        answer = app.wsgi_app

        def middleware(environ: Any, start_response: Any) -> Any:
            try:
                return answer(environ, start_response)
            finally:
                trace("then", kept[-1].closed, fw.has_app_context())
                kept[-1].close()

        app.wsgi_app = middleware
        return app

    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    run = agree(
        build,
        {
            "path": "/upload",
            "method": "POST",
            "data": head + b"text\r\n--b--\r\n",
            "content_type": "multipart/form-data; boundary=b",
        },
    )
    assert run.details("then") == [[not (raises and kind == "teardown_request"), False]]


def test_a_class_set_later_is_used(agree: Agree, short: list[str]) -> None:
    """Of requests, responses and g; and another route map."""

    def build(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            def __init__(self, *args: Any) -> None:
                trace("request made")
                super().__init__(*args)

        class Response(fw.Response):  # type: ignore[misc]
            default_mimetype = "text/plain"

        class Globals(fw.ctx._AppCtxGlobals):  # type: ignore[misc]
            def __init__(self) -> None:
                trace("g made")

        app = hello(fw, trace)

        def change(name: str, cls: type) -> str:
            setattr(app, name, cls)
            return "changed"

        names = {
            "/request": ("request_class", Request),
            "/response": ("response_class", Response),
            "/g": ("app_ctx_globals_class", Globals),
        }
        for path, (name, cls) in names.items():
            app.add_url_rule(path, path, partial(change, name, cls))
        return app

    run = agree(build, "/", "/request", "/", "/response", "/", "/g", "/")

    assert short == ["/", "/request"]
    assert run.labels == ["request made"] * 5 + ["g made"]


def test_settings_changed_later_count(agree: Agree) -> None:
    """Of hosts, subdomains and sessions."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)
        settings: list[dict[str, Any]] = [
            {"TRUSTED_HOSTS": ["good.example"]},
            {"TRUSTED_HOSTS": None, "SERVER_NAME": "localhost"},
            {"SECRET_KEY": None},
        ]

        def change(number: int) -> str:
            app.config.update(settings[number])
            return fw.url_for("change", number=1, _external=True)  # type: ignore[no-any-return]

        app.add_url_rule("/change/<int:number>", "change", change)
        app.add_url_rule("/session", "session", lambda: str(fw.session.setdefault("a", 1)))
        return app

    run = agree(build, "/session", "/change/0", "/", "/change/1", "/")
    assert run.codes == [200, 200, 400, 400, 400]
    run = agree(build, "/change/1", "/", "/session", "/change/2", "/session")
    assert run.codes == [200, 200, 200, 200, 500]


def test_a_lifetime_of_sessions_that_is_worked_out_counts(agree: Agree) -> None:
    """By a subclass of the application, which has to be asked whenever a session is read."""

    def build(fw: Any, trace: Trace) -> Any:
        asked: list[str] = []

        class App(fw.Flask):  # type: ignore[misc]
            @property
            def permanent_session_lifetime(self) -> timedelta:
                asked.append("lifetime")
                return timedelta(days=1)

        app = App("sample")
        app.secret_key = "key"
        app.add_url_rule("/write", "write", lambda: fw.session.setdefault("a", "written"))
        app.add_url_rule("/read", "read", lambda: f"{fw.session['a']} {len(asked)}")
        return app

    run = agree(build, "/write", "/read", "/read", jar=True)
    assert [o.body for o in run.outcomes] == [b"written", b"written 1", b"written 2"]


@pytest.mark.parametrize(
    "name",
    [
        "appcontext_pushed",
        "request_started",
        "request_finished",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ],
)
def test_a_receiver_of_later_is_called(agree: Agree, short: list[str], name: str) -> None:
    """A signal that somebody connects to in a request is sent in the next, and no longer after."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)
        signal = getattr(fw, name)

        def receive(sender: Any, **kwargs: Any) -> None:
            trace(name, sorted(kwargs))

        app.add_url_rule("/on", "on", lambda: str(signal.connect(receive) and 1))
        app.add_url_rule("/off", "off", lambda: str(signal.disconnect(receive)))
        return app

    run = agree(build, "/", "/on", "/", "/off", "/")

    assert name in run.labels
    assert short == ["/", "/on", "/"]


def test_a_signal_of_a_program_s_own_keeps_nobody_from_the_short_way(
    agree: Agree, short: list[str]
) -> None:
    """Nobody sends it but the program."""

    def receive(sender: Any) -> None: ...

    signal = miniflask.signals.Signal("own")
    signal.connect(receive)

    agree(hello, "/", "/")

    assert signal.receivers
    assert short == ["/", "/"]


def test_contexts_of_another_application_around(agree: Agree, short: list[str]) -> None:
    """A request within a context that is pushed already takes the long way."""

    def build(fw: Any, trace: Trace) -> Any:
        app = hello(fw, trace)

        def nested() -> str:
            fw.g.x = 1
            with app.app_context():
                return app.test_client().get("/g").text  # type: ignore[no-any-return]

        app.add_url_rule("/nested", "nested", nested)
        app.add_url_rule("/g", "g", lambda: str(sorted(fw.g)))
        return app

    assert agree(build, "/nested", "/g").texts == ["[]", "[]"]
    assert short == ["/nested", "/g"]


@pytest.mark.parametrize("touched", [False, True])
def test_the_app_context_of_a_request_has_no_adapter(
    agree: Agree, short: list[str], touched: bool
) -> None:
    """Without SERVER_NAME only the request's context has one."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            adapter = fw.globals.request_ctx.url_adapter if touched else "untouched"
            return f"{adapter is None} {fw.globals.app_ctx.url_adapter}"

        return serve(fw.Flask("sample"), {"/": view})

    assert agree(build, "/").texts == ["False None"]
    assert short == ["/"]


HOSTS: dict[str, tuple[dict[str, Any], bool]] = {
    "a name": ({"SERVER_NAME": "b.example:80"}, True),
    "a name with a root": ({"SERVER_NAME": "b.example", "APPLICATION_ROOT": "/root"}, True),
    "nothing like a name": ({"SERVER_NAME": 5}, False),
    "trusted": ({"TRUSTED_HOSTS": ["c.example", ".example"]}, True),
    "trusted, in a tuple": ({"TRUSTED_HOSTS": ("a.example",)}, True),
    "both": ({"SERVER_NAME": "b.example", "TRUSTED_HOSTS": ["a.example"]}, True),
    "not trusted": ({"TRUSTED_HOSTS": ["b.example"]}, False),
    "nobody is": ({"TRUSTED_HOSTS": []}, False),
    "in a text": ({"TRUSTED_HOSTS": "a.example"}, False),
    "not a text": ({"TRUSTED_HOSTS": [5, "a.example"]}, False),
}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("name", sorted(HOSTS))
def test_settings_of_hosts(agree: Agree, short: list[str], name: str, debug: bool) -> None:
    """Whatever the view asks of them, and though it changes them before it asks."""
    settings, goes_short = HOSTS[name]

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config.update(settings, PROPAGATE_EXCEPTIONS=False, DEBUG=debug)

        def view(change: int = 0) -> str:
            if change:
                app.config.update(SERVER_NAME="changed", TRUSTED_HOSTS=["a.example", "changed"])
            adapter, outer = fw.globals.request_ctx.url_adapter, fw.globals.app_ctx.url_adapter
            trace(adapter.server_name, adapter.subdomain, outer and vars(outer)["server_name"])
            trace(fw.request.trusted_hosts, fw.request.host, fw.request.url)
            trace(fw.url_for("view", change=1, _external=True), adapter.get_host(None))
            return "seen"

        app.add_url_rule("/view", "view", view)
        app.add_url_rule("/view/<int:change>/", "view", view)
        return app

    there = {"Host": "a.example:80"}
    paths = ["/view", "/view", "/view/1", "/nowhere", "/view/1/"]
    agree(build, *({"path": path, "headers": there} for path in paths))
    # What is changed counts from the next request on.
    assert short == paths[: len(paths) if goes_short else 0]


def test_a_server_name_that_no_host_can_have(short: list[str]) -> None:
    """Then nothing can be pushed, as in Flask."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "hello"})
        app.config["SERVER_NAME"] = "b..example"
        return app

    for fw in (miniflask, flask):
        (outcome,) = run_on(fw, build, ["/"]).outcomes
        assert outcome.raised is not None
        assert outcome.raised[0] == "LookupError"
    assert short == []


@pytest.mark.parametrize("returned", ["text", "dict"])
@pytest.mark.parametrize("touched", [False, True])
def test_nothing_is_left_to_the_collector(returned: str, touched: bool) -> None:
    """A request leaves no circle behind, whatever its view looks at."""
    app = miniflask.Flask("sample")

    @app.route("/<int:x>")
    def view(x: int) -> Any:
        if touched:
            assert miniflask.request.args.get("q") is None
            assert miniflask.session.get("n") is None
        return "text" if returned == "text" else {"x": x}

    def ask(path: str) -> None:
        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": path,
            "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http",
        }
        body: Iterator[bytes] = iter(app(environ, lambda status, headers, exc=None: None))  # type: ignore[arg-type]
        assert b"".join(body)

    app.secret_key = "key"
    ask("/1")
    ask("/x")
    gc.collect()
    gc.disable()
    try:
        for path in ("/1", "/x", "/1"):
            ask(path)
        assert gc.collect() == 0
    finally:
        gc.enable()


# ---- the session in headers ----


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record what each request that goes the short way sends without a response object."""
    sent: list[str] = []
    write_plainly = miniflask.plain.write_plainly

    def recorded(app: Any, ctx: Any, rv: Any) -> Any:
        made = write_plainly(app, ctx, rv)
        sent.append("response" if made is None else made[0])
        return made

    monkeypatch.setattr(miniflask.shortcut, "write_plainly", recorded)
    return sent


SESSIONS: dict[str, Callable[[Any], Any]] = {
    "written": lambda session: session.update(n=1),
    "written, then permanent": lambda session: session.update(n=1, _permanent=True),
    "permanent, then only read": lambda session: (
        session.get("n") or session.update(n=1, _permanent=True)
    ),
    "changed unnoticed": lambda session: session.setdefault("list", []).append(1),
    "emptied": lambda session: session.clear(),
    "too large": lambda session: session.update(much=random.Random(1).randbytes(4000).hex()),
    "tagged": lambda session: session.update(at=datetime(2026, 1, 2), pair=(1, 2), raw=b"x"),
    "compressed": lambda session: session.update(
        _fresh=True, _id=hashlib.sha512().hexdigest(), n=session.get("n", 0) + 1
    ),
    "untouched": lambda session: None,
}


@pytest.mark.filterwarnings("ignore:The 'session' cookie is too large")
@pytest.mark.parametrize("refresh", [False, True])
@pytest.mark.parametrize("attributes", [{}, {"SAMESITE": "Lax", "PATH": "/a", "SECURE": True}])
@pytest.mark.parametrize("name", sorted(SESSIONS))
def test_a_session_is_saved_without_a_response(
    agree: Agree, unseen: list[str], name: str, attributes: dict[str, Any], refresh: bool
) -> None:
    """To the byte, in the order of Flask's headers: in a text, JSON, a stream, a page."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
        app.config.update({f"SESSION_COOKIE_{key}": value for key, value in attributes.items()})

        def view(kind: str) -> Any:
            SESSIONS[name](fw.session)
            return RETURNS[kind](fw)

        app.add_url_rule("/first", "first", lambda: "no request was answered before")
        app.add_url_rule("/untouched", "untouched", lambda: "untouched")
        app.add_url_rule("/<kind>", "view", view)
        return app

    kinds = "text", "list", "status of json", "generator", "status", "page"
    paths = [f"/{each}" for kind in kinds for each in (kind, "untouched")]
    with stopped_clock():
        # To read tags, or much, takes opening the session at once.
        agree(build, "/first", *paths, jar=name not in ("tagged", "too large"))
    assert "response" not in unseen
    assert len(unseen) == len(paths)


def test_a_cookie_that_is_too_large_warns_from_where_flasks_does(unseen: list[str]) -> None:
    """Once, and out of Werkzeug, whoever may filter by that."""

    def warned(fw: Any) -> list[Any]:
        app = serve(fw.Flask("sample"), {"/": lambda: SESSIONS["too large"](fw.session) or "kept"})
        app.secret_key = "key"
        environ = create_environ()
        run_wsgi_app(app, environ)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            run_wsgi_app(app, environ)
        return [(str(w.message), Path(w.filename).parts[-3:]) for w in caught]

    ours, theirs = warned(miniflask), warned(flask)
    assert ours == theirs
    assert len(theirs) == 1
    assert unseen == ["200 OK"]


@pytest.mark.parametrize("name", ["reads", "writes", "calls later"])
def test_json_may_ask_for_anything_while_it_is_written(
    agree: Agree, unseen: list[str], name: str
) -> None:
    """Once; and whoever asked for the response gets one."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: RETURNS[name](fw)})
        app.secret_key = "key"
        return app

    with stopped_clock():
        agree(build, "/", "/", "/", jar=True)
    assert ("response" in unseen) == (name == "calls later")


def test_a_null_session_is_not_saved(agree: Agree, unseen: list[str]) -> None:
    """Nor does the response vary by it."""

    def build(fw: Any, trace: Trace) -> Any:
        return serve(fw.Flask("sample"), {"/": lambda: str(fw.session.get("n"))})

    assert agree(build, "/", "/").texts == ["None", "None"]
    assert unseen == ["200 OK"]


@pytest.mark.parametrize("place", ["instance", "class"])
@pytest.mark.parametrize("name", ["save_session", "should_set_cookie", "is_null_session"])
def test_how_sessions_are_saved_may_be_replaced_by_the_view(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, place: str, name: str
) -> None:
    """Its own session is saved in this way."""

    def build(fw: Any, trace: Trace) -> Any:
        monkeypatch.undo()
        app = fw.Flask("sample")
        app.secret_key = "key"
        app.session_interface = interface = fw.sessions.SecureCookieSessionInterface()
        owner = interface if place == "instance" else type(interface)
        original = getattr(owner, name)

        def replaced(*args: Any) -> Any:
            trace(name)
            return original(*args)

        def view() -> str:
            fw.session["n"] = 1
            monkeypatch.setattr(owner, name, replaced)
            return "saved"

        return serve(app, {"/first": lambda: "not replaced", "/": view})

    with stopped_clock():
        assert name in agree(build, "/first", "/").labels


def test_an_interface_of_a_program_is_shown_the_response(agree: Agree) -> None:
    """Whatever it does with it, before it saves the session as usual."""

    def build(fw: Any, trace: Trace) -> Any:
        class Looking(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            def save_session(self, app: Any, session: Any, response: Any) -> None:
                trace(response.status, response.get_data(as_text=True), [*response.headers])
                super().save_session(app, session, response)

        app = serve(fw.Flask("sample"), {"/": lambda: fw.session.setdefault("n", "text")})
        app.secret_key = "key"
        app.session_interface = Looking()
        return app

    with stopped_clock():
        assert len(agree(build, "/", "/", "/", jar=True).labels) == 3


@pytest.mark.parametrize("name", ["tagged", "forged", "old"])
def test_a_session_that_is_opened_at_once(agree: Agree, unseen: list[str], name: str) -> None:
    """Of a cookie that has tags, is none of ours, or was made too long ago."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        if name == "old":
            app.permanent_session_lifetime = -1

        def view(n: int) -> Any:
            trace("seen", dict(fw.session) if n else None, fw.request.view_args)
            if n == 2:
                SESSIONS["tagged"](fw.session)
            return {"n": n}

        app.add_url_rule("/<int:n>", "view", view)
        signer = app.session_interface.get_signing_serializer(app)
        token = signer.dumps({"pair": (1, 2)} if name == "tagged" else {"a": 1})
        app.config["TOKEN"] = token + "x" * (name == "forged")
        wsgi_app = app.wsgi_app

        def with_cookie(environ: Any, start_response: Any) -> Any:
            environ["HTTP_COOKIE"] = f"session={app.config['TOKEN']}"
            return wsgi_app(environ, start_response)

        app.wsgi_app = with_cookie
        return app

    with stopped_clock():
        agree(build, "/0", "/0", "/1", "/2", "/no", "/1")
    assert unseen == ["200 OK", "200 OK", "200 OK", "404 NOT FOUND", "200 OK"]


def test_a_session_of_another_class_is_saved(agree: Agree) -> None:
    """One that a program has put into the context in the place of Flask's."""

    def build(fw: Any, trace: Trace) -> Any:
        class Session(fw.sessions.SecureCookieSession):  # type: ignore[misc]
            modified = property(lambda self: True, lambda self, value: trace("marked", value))

        def view() -> str:
            fw.globals.request_ctx._session = fw.globals.request_ctx.session = Session({"n": 1})
            return "saved"

        app = serve(fw.Flask("sample"), {"/": view})
        app.secret_key = "key"
        return app

    with stopped_clock():
        agree(build, "/")
