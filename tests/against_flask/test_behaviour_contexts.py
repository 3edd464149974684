"""Hooks and contexts where rebuilds go wrong: the facts C37 to C50, asked of both frameworks."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from contextvars import Context, copy_context
from typing import Any

import greenlet  # type: ignore[import-untyped]  # the distribution has no stubs
import pytest

from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Program = Callable[[Any, Trace], Any]

TEARDOWN = ["tr", "ta"]


def site(fw: Any, trace: Trace, **views: Any) -> Any:
    """Make an app with traced teardown, and the views at URLs of their names."""
    app = fw.Flask("sample")
    app.secret_key = "key"
    app.teardown_request(trace.hook("tr"))
    app.teardown_appcontext(trace.hook("ta"))
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
    return app


def in_thread(function: Callable[[], Any]) -> None:
    """Run a function on a thread of its own, to its end."""
    thread = threading.Thread(target=function)
    thread.start()
    thread.join()


def in_greenlet(function: Callable[[], Any]) -> None:
    """Run a function in a greenlet of its own, to its end."""
    greenlet.greenlet(function).switch()


def in_context(function: Callable[[], Any]) -> None:
    """Run a function in an empty Context, as the start of a thread does."""
    Context().run(function)


LANES = [in_thread, in_greenlet, in_context]


def failure(function: Callable[[], Any]) -> str | None:
    """Name the class of what a function raises; its words may hold an address."""
    try:
        function()
    except Exception as e:
        return type(e).__name__
    return None


def other_context(fw: Any, trace: Trace) -> Any:
    """Make an app context of another application."""
    return fw.Flask("other").app_context()


# ---- C37 to C39: the order of hooks ----


def add_hooks(trace: Trace, place: Any, name: str) -> None:
    """Register two hooks of each kind on an app or blueprint."""
    for i in (1, 2):
        place.url_value_preprocessor(trace.hook(f"{name} preprocess {i}"))
        place.before_request(trace.hook(f"{name} before {i}"))
        place.after_request(trace.after(f"{name} after {i}"))
        place.teardown_request(trace.hook(f"{name} teardown {i}"))


def test_c37_the_order_of_everything(agree: Agree) -> None:
    """Before the view outer first, after it inner first and newest first, then teardown."""

    def program(fw: Any, trace: Trace) -> Any:
        class Sessions(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            def save_session(self, app: Any, session: Any, response: Any) -> None:
                trace("save session")

        def view() -> str:
            trace("view")
            for i in (1, 2):
                fw.after_this_request(trace.after(f"this {i}"))
            return "view"

        app = fw.Flask("sample")
        app.secret_key = "key"
        app.session_interface = Sessions()
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")
        for place, name in ((inner, "inner"), (outer, "outer"), (app, "app")):
            add_hooks(trace, place, name)
        for i in (1, 2):
            app.teardown_appcontext(trace.hook(f"app context {i}"))
        inner.add_url_rule("/", "view", view)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        return app

    run = agree(program, "/o/i/")

    down, up = ("app", "outer", "inner"), ("inner", "outer", "app")
    assert run.labels == [
        *[f"{level} preprocess {i}" for level in down for i in (1, 2)],
        *[f"{level} before {i}" for level in down for i in (1, 2)],
        *["view", "this 1", "this 2"],
        *[f"{level} after {i}" for level in up for i in (2, 1)],
        "save session",
        *[f"{level} teardown {i}" for level in up for i in (2, 1)],
        *["app context 2", "app context 1"],
    ]


@pytest.mark.parametrize("answer", ["", "text", b"", {}, []])
def test_c38_any_answer_of_a_before_hook_ends_the_search(agree: Agree, answer: Any) -> None:
    """What is not None is the response, also when it is empty; after-hooks run, the view not."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=trace.hook("view", "view"))
        app.before_request(trace.hook("first"))
        app.before_request(trace.hook("answers", answer))
        app.before_request(trace.hook("skipped"))
        app.after_request(trace.after("after"))
        return app

    run = agree(program, "/view")

    assert run.codes == [200]
    assert run.labels == ["first", "answers", "after", *TEARDOWN]


def test_c38_an_answer_that_is_no_response_is_an_error(agree: Agree) -> None:
    """False is not None: it counts as an answer, and is refused as one."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=trace.hook("view", "view"))
        app.before_request(trace.hook("answers", False))
        return app

    run = agree(program, "/view")

    assert run.codes == [500]
    assert "view" not in run.labels


def test_c38_preprocessors_run_before_any_hook_and_may_change_arguments(agree: Agree) -> None:
    """Every preprocessor sees the endpoint and may change the view's arguments in place."""

    def program(fw: Any, trace: Trace) -> Any:
        def pop_language(endpoint: str, values: dict[str, Any]) -> None:
            fw.g.language = values.pop("language")

        app = fw.Flask("sample")
        blueprint = fw.Blueprint("bp", "sample", url_prefix="/<language>")
        app.before_request(lambda: trace("before", fw.g.language))
        blueprint.url_value_preprocessor(pop_language)
        blueprint.add_url_rule("/<int:n>", "view", trace.hook("view", "view"))
        app.register_blueprint(blueprint)
        return app

    run = agree(program, "/de/7")

    assert run.values("before") == ["de"]
    assert run.values("view") == [{"n": 7}]


def test_c39_app_hooks_of_a_blueprint_are_added_once(agree: Agree) -> None:
    """They join the app's list when the blueprint is registered, the first time only."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=trace.hook("view", "view"))
        blueprint = fw.Blueprint("bp", "sample")
        blueprint.before_app_request(trace.hook("bp before app"))
        blueprint.after_app_request(trace.after("bp after app"))
        blueprint.teardown_app_request(trace.hook("bp teardown app"))
        blueprint.app_url_value_preprocessor(trace.hook("bp preprocess app"))
        blueprint.app_errorhandler(404)(trace.hook("bp 404", ("bp", 404)))
        blueprint.before_request(trace.hook("never"))
        app.before_request(trace.hook("earlier"))
        app.register_blueprint(blueprint)
        app.register_blueprint(blueprint, name="again")
        app.before_request(trace.hook("later"))
        return app

    run = agree(program, "/view", "/missing")

    before = ["bp preprocess app", "earlier", "bp before app", "later"]
    assert run.labels == [
        *[*before, "view", "bp after app", "bp teardown app", *TEARDOWN],
        *[*before, "bp 404", "bp after app", "bp teardown app", *TEARDOWN],
    ]


# ---- C40, C41: pushing and popping ----


def test_c40_a_request_joins_the_active_app_context(agree: Agree) -> None:
    """Under an app context of the same app a request shares ``g`` and ends no app context."""

    def program(fw: Any, trace: Trace) -> None:
        def count() -> str:
            fw.g.count = fw.g.get("count", 0) + 1
            return str(fw.g.count)

        app = site(fw, trace, count=count)
        client = app.test_client()
        trace("alone", [client.get("/count").text for _ in range(2)])
        with app.app_context() as ctx:
            trace("joined", [client.get("/count").text for _ in range(2)])
            trace("same", fw.g.count, ctx.g is fw.g._get_current_object())
        with other_context(fw, trace):
            trace("under another app", [client.get("/count").text for _ in range(2)])

    run = agree(program)

    assert run.values("alone") == run.values("under another app") == [["1", "1"]]
    assert run.details("joined") == [[["1", "2"]]]
    assert run.details("same") == [[2, True]]
    assert run.labels == [
        *[*TEARDOWN, *TEARDOWN, "alone"],
        *["tr", "tr", "joined", "same", "ta"],
        *[*TEARDOWN, *TEARDOWN, "under another app"],
    ]


def test_c40_nested_applications(agree: Agree) -> None:
    """A request to another application inside a view hides this one's proxies until it ends."""

    def program(fw: Any, trace: Trace) -> Any:
        def within() -> Any:
            trace("inner")
            return fw.current_app.name

        inner = site(fw, trace, inner=within)
        inner.name = "inner"

        def outer() -> Any:
            fw.g.kept = "outer"
            fw.session["kept"] = "outer"
            trace("before")
            answer = inner.test_client().get("/inner").text
            trace("after", fw.g.kept, fw.session["kept"])
            return answer

        return site(fw, trace, outer=outer)

    run = agree(program, "/outer")

    assert run.texts == ["inner"]
    assert [(event[0], event[3]["app"]) for event in run.trace] == [
        *[("before", "sample"), ("inner", "inner"), ("tr", "inner"), ("ta", "inner")],
        *[("after", "sample"), ("tr", "sample"), ("ta", "sample")],
    ]


@pytest.mark.parametrize("part", ["session", "adapter"])
def test_c40_an_error_while_pushing_is_a_500(agree: Agree, part: str) -> None:
    """What fails between the push of the app context and the hooks is answered and torn down."""

    def program(fw: Any, trace: Trace) -> Any:
        class Sessions(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            def open_session(self, app: Any, request: Any) -> Any:
                raise ValueError("session")

        app = site(fw, trace, view=lambda: "view")
        app.before_request(trace.hook("never"))
        if part == "session":
            app.session_interface = Sessions()
        else:
            app.url_map.bind_to_environ = lambda *args, **kwargs: Adapter()
        return app

    class Adapter:
        """An adapter that cannot match."""

        def match(self, return_rule: bool) -> Any:
            raise ValueError("adapter")

    run = agree(program, "/view")

    assert run.codes == [500]
    assert run.labels == TEARDOWN
    assert run.values("tr") == [("ValueError", part)]


def test_c40_an_error_while_making_the_request_reaches_the_server(agree: Agree) -> None:
    """Before there is a context nothing can be handled, hooked or torn down."""

    def program(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                raise ValueError("request")

        app = site(fw, trace, view=lambda: "view")
        app.request_class = Request
        return app

    run = agree(program, "/view")

    assert run.outcomes[0].raised == ("ValueError", "request")
    assert run.labels == []


def test_c40_a_converter_may_use_the_session(agree: Agree) -> None:
    """The session is open when the URL is matched; an abort in a converter waits for the hooks."""

    def program(fw: Any, trace: Trace) -> Any:
        base: Any = fw.Flask.url_map_class.default_converters["default"].__base__

        class Remembering(base):  # type: ignore[misc]
            def to_python(self, value: str) -> str:
                trace("converting", fw.session.get("last"))
                fw.session["last"] = value
                if value == "no":
                    fw.abort(403)
                return value

        app = site(fw, trace)
        app.url_map.converters["remembering"] = Remembering
        app.before_request(trace.hook("before"))
        app.add_url_rule("/v/<remembering:x>", "view", lambda x: x)
        return app

    run = agree(program, "/v/a", "/v/b", "/v/no", jar=True)

    assert run.codes == [200, 200, 403]
    assert run.values("converting") == [None, "a", "b"]
    assert run.labels[-4:] == ["converting", "before", *TEARDOWN]


def test_c41_a_context_pushed_twice_is_torn_down_once(agree: Agree) -> None:
    """Only the last pop of a context runs its teardown functions."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        for ctx in (app.app_context(), app.test_request_context()):
            ctx.push()
            ctx.push()
            trace("twice")
            ctx.pop()
            trace("once")
            ctx.pop()
            trace("gone")

    run = agree(program)

    assert run.labels == [*["twice", "once", "ta", "gone"], *["twice", "once", *TEARDOWN, "gone"]]
    assert [bool(event[3]) for event in run.trace if event[0] != "ta"] == [
        *[True, True, False],
        *[True, True, True, False],
    ]


def test_c41_a_double_push_keeps_the_session_and_its_changes(agree: Agree) -> None:
    """The session is opened by the first push; a second one leaves it alone."""

    def program(fw: Any, trace: Trace) -> None:
        ctx = site(fw, trace).test_request_context()
        with ctx:
            fw.session["changed"] = True
            with ctx:
                trace("session", dict(fw.session))

    run = agree(program)

    assert run.values("session") == [{"changed": True}]


@pytest.mark.parametrize("kind", ["app_context", "test_request_context"])
def test_c41_popping_out_of_order_raises_after_the_reset(agree: Agree, kind: str) -> None:
    """It is an AssertionError, and by then the variable holds what was below: a wrong state."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        one, two = getattr(app, kind)(), getattr(app, kind)()
        var = fw.globals._cv_app if kind == "app_context" else fw.globals._cv_request
        names = {None: "nothing", one: "one", two: "two"}
        one.push()
        two.push()
        try:
            one.pop()
        except AssertionError as e:
            trace("raised", str(e).partition("(")[0])
        trace("left", names[var.get(None)])
        trace("next", failure(two.pop))
        trace("left", names[var.get(None)])

    run = agree(lambda fw, trace: Context().run(program, fw, trace))

    kind_words = kind.replace("test_", "").replace("_", " ")
    assert run.values("raised") == [f"Popped wrong {kind_words}. "]
    assert run.values("next") == ["LookupError"]
    assert run.values("left") == ["nothing", "nothing"]


def test_c41_the_wrong_order_names_both_contexts(agree: Agree) -> None:
    """The error says which context was found and which was to be popped."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        one, two = app.test_request_context("/1"), app.test_request_context("/2?x=y")
        one.push()
        two.push()
        trace.attempt("popped", one.pop)

    run = agree(lambda fw, trace: Context().run(program, fw, trace))

    assert run.values("popped") == [
        (
            "AssertionError",
            "Popped wrong request context. "
            "(<RequestContext 'http://localhost/2?x=y' [GET] of sample>"
            " instead of <RequestContext 'http://localhost/1' [GET] of sample>)",
        )
    ]


@pytest.mark.parametrize("kind", ["app_context", "test_request_context"])
def test_c41_a_pop_without_a_push(agree: Agree, kind: str) -> None:
    """Popping what was never pushed fails without running any teardown."""

    def program(fw: Any, trace: Trace) -> None:
        trace("popped", failure(getattr(site(fw, trace), kind)().pop))

    run = agree(lambda fw, trace: Context().run(program, fw, trace))

    assert run.labels == ["popped"]
    assert run.values("popped") == ["LookupError"]


@pytest.mark.parametrize("lane", LANES)
def test_c41_a_context_cannot_be_popped_from_elsewhere(agree: Agree, lane: Any) -> None:
    """Another thread, greenlet or Context has no such context to pop: LookupError."""

    def program(fw: Any, trace: Trace) -> None:
        ctx = site(fw, trace).app_context()
        ctx.push()
        lane(lambda: trace("elsewhere", failure(ctx.pop)))

    run = agree(lambda fw, trace: Context().run(program, fw, trace))

    assert run.labels == ["ta", "elsewhere"]
    assert run.values("elsewhere") == ["LookupError"]


def test_c41_a_task_cannot_pop_what_its_parent_pushed(agree: Agree) -> None:
    """A task sees its parent's context in the copy, but its token belongs to the parent."""

    def program(fw: Any, trace: Trace) -> None:
        async def child() -> None:
            trace("sees", fw.current_app.name)
            try:
                ctx.pop()
            except ValueError as e:
                trace("raised", "was created in a different Context" in str(e))

        async def parent() -> None:
            ctx.push()
            await asyncio.create_task(child())
            trace("parent still has it")

        ctx = site(fw, trace).app_context()
        asyncio.run(parent())

    run = agree(program)

    assert run.labels == ["sees", "ta", "raised", "parent still has it"]
    assert run.values("raised") == [True]


@pytest.mark.parametrize("lane", LANES)
def test_c41_a_new_lane_starts_with_nothing(agree: Agree, lane: Any) -> None:
    """A new thread or greenlet has no context, and what it pushes nobody else sees."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)

        def work() -> None:
            trace.attempt("unbound", lambda: fw.current_app.name)
            with app.test_request_context("/inside"):
                trace("inside")

        with app.test_request_context("/outside"):
            lane(work)
            trace("outside")

    run = agree(program)

    assert run.values("unbound")[0][0] == "RuntimeError"
    paths = [(event[0], event[3].get("request", [None] * 2)[1]) for event in run.trace]
    assert paths == [
        ("unbound", None),
        *[("inside", "/inside"), ("tr", "/inside"), ("ta", None)],
        *[("outside", "/outside"), ("tr", "/outside"), ("ta", None)],
    ]


def test_c41_a_task_starts_with_a_copy(agree: Agree) -> None:
    """A task sees its parent's request; what it pushes on top the parent does not see."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)

        async def child() -> None:
            trace("child sees")
            with app.test_request_context("/child"):
                pushed.set()
                await looked.wait()
                trace("child")
            trace("child again")

        async def parent() -> None:
            task = asyncio.create_task(child())
            await pushed.wait()
            trace("parent")
            looked.set()
            await task

        pushed, looked = asyncio.Event(), asyncio.Event()
        with app.test_request_context("/parent"):
            asyncio.run(parent())

    run = agree(program)

    paths = [(event[0], event[3]["request"][1]) for event in run.trace if "ta" != event[0]]
    assert paths == [
        *[("child sees", "/parent"), ("parent", "/parent"), ("child", "/child")],
        *[("tr", "/child"), ("child again", "/parent"), ("tr", "/parent")],
    ]


def test_c41_requests_taking_turns_keep_apart(agree: Agree) -> None:
    """Two greenlets in the middle of two requests each see their own one at every step."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)

        def work(name: str) -> None:
            with app.test_request_context(f"/{name}"):
                for step in range(2):
                    fw.g.step = fw.session["step"] = step
                    main.switch()
                    trace(name, fw.g.step, fw.session["step"])

        main = greenlet.getcurrent()
        workers = {name: greenlet.greenlet(work) for name in ("one", "two")}
        for name, worker in workers.items():
            worker.switch(name)
        for _ in range(2):
            for worker in workers.values():
                worker.switch()

    run = agree(program)

    steps = [event for event in run.trace if event[0] in ("one", "two")]
    assert [(e[0], e[1], e[3]["request"][1]) for e in steps] == [
        (name, [step, step], f"/{name}") for step in range(2) for name in ("one", "two")
    ]


# ---- C42 to C44: contexts in tests ----


def test_c42_a_test_request_context_runs_no_hooks_but_teardown(agree: Agree) -> None:
    """It matches the URL and opens the session; ``preprocess_request`` runs the hooks."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, view=trace.hook("view", "view"))
        app.url_value_preprocessor(trace.hook("preprocess"))
        app.before_request(trace.hook("before"))
        with app.test_request_context("/view?a=b", method="POST", data={"c": "d"}):
            trace("inside", fw.request.endpoint, fw.request.args["a"], fw.request.form["c"])
            trace("session", type(fw.session._get_current_object()).__name__)
            trace.attempt("hooks", app.preprocess_request)
            trace.attempt("dispatch", app.dispatch_request)
        with app.test_request_context("/missing"):
            trace("routing", fw.request.routing_exception)
            trace.attempt("dispatch", app.dispatch_request)

    run = agree(program)

    assert run.labels == [
        *["inside", "session", "preprocess", "before", "hooks", "view", "dispatch", *TEARDOWN],
        *["routing", "dispatch", *TEARDOWN],
    ]
    assert run.details("inside") == [["view", "b", "d"]]
    assert run.values("routing")[0][0] == "NotFound"


def test_c42_the_block_tells_teardown_of_its_exception(agree: Agree) -> None:
    """An exception that leaves the ``with`` block is handed to every teardown function."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        for ctx in (app.test_request_context(), app.app_context()):
            with suppress(ValueError), ctx:
                raise ValueError("inside")

    run = agree(program)

    assert run.labels == [*TEARDOWN, "ta"]
    assert set(run.values("tr") + run.values("ta")) == {("ValueError", "inside")}


def test_c42_pop_takes_the_exception_being_handled(agree: Agree) -> None:
    """Without an argument, ``pop`` hands on the exception that is being handled, if any."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        for make in (app.test_request_context, app.app_context):
            for arguments in ((), (None,), (KeyError("given"),)):
                ctx = make()
                ctx.push()
                try:
                    raise ValueError("handled")
                except ValueError:
                    ctx.pop(*arguments)
            ctx = make()
            ctx.push()
            ctx.pop()

    run = agree(program)

    told = [("ValueError", "handled"), None, ("KeyError", "'given'"), None]
    assert run.values("tr") == told
    assert run.values("ta") == [*told, *told]


def test_c43_a_session_transaction_is_two_cycles(agree: Agree) -> None:
    """Opening and saving each push and pop a context, so teardown runs before and after."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, read=lambda: dict(fw.session))
        client = app.test_client()
        with client.session_transaction() as session:
            session["written"] = True
            trace("body")
        trace("read", client.get("/read").json)

    run = agree(program)

    assert run.labels == [*TEARDOWN, "body", *TEARDOWN, *TEARDOWN, "read"]
    assert run.values("read") == [{"written": True}]


def test_c43_a_session_transaction_needs_cookies_and_a_session(agree: Agree) -> None:
    """Without a cookie jar it is a TypeError, without a session a RuntimeError."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        no_jar = app.test_client(use_cookies=False)
        trace.attempt("no jar", lambda: no_jar.session_transaction().__enter__())
        app.secret_key = None
        trace.attempt("no key", lambda: app.test_client().session_transaction().__enter__())

    run = agree(program)

    assert [run.values(label)[0][0] for label in ("no jar", "no key")] == [
        "TypeError",
        "RuntimeError",
    ]


def test_c44_a_client_block_keeps_the_contexts(agree: Agree) -> None:
    """In a ``with client`` block the last request's contexts stay until the next one or the end."""

    def program(fw: Any, trace: Trace) -> None:
        def view() -> str:
            fw.g.kept = fw.request.args["n"]
            fw.session["kept"] = fw.request.args["n"]
            return "view"

        app = site(fw, trace, view=view)
        with app.test_client() as client:
            for n in "12":
                client.get(f"/view?n={n}")
                trace("kept", fw.request.args["n"], fw.g.kept, fw.session["kept"])
        trace("gone")

    run = agree(program)

    assert run.details("kept") == [["1"] * 3, ["2"] * 3]
    assert run.labels == [*TEARDOWN, "kept", *TEARDOWN, *TEARDOWN, "kept", *TEARDOWN, "gone"]
    assert run.trace[-1][3] == {}


def test_c44_a_client_block_does_not_nest(agree: Agree) -> None:
    """Entering a client that is entered is a RuntimeError; two clients may nest."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, view=lambda: "view")
        with app.test_client() as client:
            trace.attempt("again", client.__enter__)
            client.get("/view?1")
            with app.test_client() as second:
                second.get("/view?2")
                trace("second", fw.request.query_string)
            trace("first", fw.request.query_string)

    run = agree(program)

    assert run.values("again") == [("RuntimeError", "Cannot nest client invocations")]
    assert (run.values("second"), run.values("first")) == ([b"2"], [b"1"])


def test_c44_after_an_error_no_contexts_are_kept(agree: Agree) -> None:
    """A request that raises leaves nothing to look at, and does not disturb the next one."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, bad=trace.hook("bad", raises=ValueError("bad")), good=lambda: "good")
        app.testing = True
        with app.test_client() as client:
            trace.attempt("raised", lambda: client.get("/bad"))
            trace("state")
            client.get("/good")
            trace("state")

    run = agree(program)

    assert run.values("raised") == [("ValueError", "bad")]
    states = [event[3].get("request") for event in run.trace if event[0] == "state"]
    assert states == [None, ("GET", "/good", "good")]


# ---- C45, C46: streaming ----


def test_c45_call_on_close_runs_after_teardown_without_contexts(agree: Agree) -> None:
    """Functions left with the response run when the server closes it: all contexts are gone."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            response = fw.make_response("view")
            response.call_on_close(trace.hook("closed"))
            return response

        return site(fw, trace, view=view)

    run = agree(program, "/view")

    assert run.labels == [*TEARDOWN, "closed"]
    assert run.trace[-1][3] == {}


def parts(trace: Trace) -> Iterator[str]:
    """A body in two parts that traces its start and its end."""
    trace("start")
    try:
        yield "one"
        yield "two"
    finally:
        trace("end")


def test_c45_a_head_never_starts_the_generator(agree: Agree) -> None:
    """HEAD runs the view but not the body it returned; teardown runs once all the same."""

    def program(fw: Any, trace: Trace) -> Any:
        return site(fw, trace, view=lambda: parts(trace))

    run = agree(program, ("HEAD", "/view"), "/view")

    assert run.texts == ["", "onetwo"]
    assert run.labels == [*TEARDOWN, *TEARDOWN, "start", "end"]


def test_c46_a_generator_runs_without_contexts(agree: Agree) -> None:
    """The body is iterated after the pop: a plain generator finds every proxy unbound."""

    def program(fw: Any, trace: Trace) -> Any:
        return site(fw, trace, view=lambda: parts(trace))

    run = agree(program, "/view")

    assert [event[3] for event in run.trace if event[0] == "start"] == [{}]


@pytest.mark.parametrize("form", ["wrapped", "decorated"])
def test_c46_stream_with_context_pushes_the_contexts_again(agree: Agree, form: str) -> None:
    """The stream sees the request, and the teardown functions run again after it."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            fw.g.kept = 1
            if form == "wrapped":
                return fw.stream_with_context(parts(trace))
            return fw.stream_with_context(parts)(trace)

        return site(fw, trace, view=view)

    run = agree(program, "/view?x")

    assert run.texts == ["onetwo"]
    assert run.labels == [*TEARDOWN, "start", "end", *TEARDOWN]
    start = next(event for event in run.trace if event[0] == "start")
    assert start[3]["request"] == ("GET", "/view", "view")
    assert start[3]["g"] == ["kept"]


def test_c46_an_abandoned_stream_is_closed(agree: Agree) -> None:
    """Closing the response in the middle ends the generator inside the contexts, then they go."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, view=lambda: fw.stream_with_context(parts(trace)))
        response = app.test_client().get("/view")
        body = response.iter_encoded()
        trace("first part", next(body))
        response.close()
        trace("closed")

    run = agree(program)

    assert run.labels == [*TEARDOWN, "start", "first part", "end", *TEARDOWN, "closed"]
    assert "request" in run.trace[run.labels.index("end")][3]
    assert run.trace[-1][3] == {}


def test_c46_a_stream_that_was_never_started_needs_no_teardown(agree: Agree) -> None:
    """A HEAD of a stream with context pushes nothing again."""

    def program(fw: Any, trace: Trace) -> Any:
        return site(fw, trace, view=lambda: fw.stream_with_context(parts(trace)))

    run = agree(program, ("HEAD", "/view"))

    assert run.labels == TEARDOWN


def test_c46_an_error_in_a_stream_is_told_to_its_teardown(agree: Agree) -> None:
    """What the generator raises reaches the server, and the second teardown gets it."""

    def program(fw: Any, trace: Trace) -> Any:
        def broken() -> Iterator[str]:
            yield "one"
            raise ValueError("in the stream")

        return site(fw, trace, view=lambda: fw.stream_with_context(broken()))

    run = agree(program, "/view")

    assert run.outcomes[0].raised == ("ValueError", "in the stream")
    assert run.values("tr") == run.values("ta") == [None, ("ValueError", "in the stream")]


def test_c46_a_stream_needs_a_request(agree: Agree) -> None:
    """Outside a request it is a RuntimeError: at once for a generator, else when called."""

    def program(fw: Any, trace: Trace) -> None:
        decorated = fw.stream_with_context(parts)
        trace("name", decorated.__name__)
        trace.attempt("called", lambda: decorated(trace))
        trace.attempt("wrapped", lambda: fw.stream_with_context(parts(trace)))
        with site(fw, trace).app_context():
            trace.attempt("app context", lambda: fw.stream_with_context(iter("ab")))

    run = agree(program)

    assert run.values("name") == ["parts"]
    for label in ("called", "wrapped", "app context"):
        assert run.values(label)[0][0] == "RuntimeError"
        assert "'stream_with_context' can only be used" in run.values(label)[0][1]


def test_c46_a_stream_may_be_any_iterator(agree: Agree) -> None:
    """What is wrapped need not be a generator, and need not have ``close``."""

    def program(fw: Any, trace: Trace) -> Any:
        return site(fw, trace, view=lambda: fw.stream_with_context(iter(["a", "b"])))

    run = agree(program, "/view")

    assert run.texts == ["ab"]


# ---- C47 to C50: asking from anywhere ----


def test_c47_asking_for_a_context_touches_nothing(agree: Agree) -> None:
    """``has_request_context`` leaves the session alone; a look at ``session`` does not."""

    def program(fw: Any, trace: Trace) -> Any:
        def asked() -> str:
            return f"{fw.has_request_context()} {fw.has_app_context()} {bool(fw.request)}"

        return site(fw, trace, asked=asked, looked=lambda: str(bool(fw.session)))

    run = agree(program, "/asked", "/looked")

    assert run.texts == ["True True True", "False"]
    assert [outcome.header("Vary") for outcome in run.outcomes] == [None, "Cookie"]


@pytest.mark.parametrize("name", ["current_app", "g", "request", "session"])
def test_c47_an_unbound_proxy(agree: Agree, name: str) -> None:
    """It is false, has an empty dir and a telling repr; most else raises RuntimeError."""

    def program(fw: Any, trace: Trace) -> None:
        proxy = getattr(fw, name)
        trace("state", fw.has_app_context(), fw.has_request_context())
        for label, function in {
            "bool": bool,
            "repr": repr,
            "dir": dir,
            "str": str,
            "len": len,
            "hash": hash,
            "attribute": lambda proxy: proxy.anything,
            "hasattr": lambda proxy: hasattr(proxy, "anything"),
            "call": lambda proxy: proxy(),
            "equal": lambda proxy: proxy == 1,
            "set": lambda proxy: setattr(proxy, "x", 1),
        }.items():
            trace.attempt(label, lambda function=function: function(proxy))  # type: ignore[misc]

    run = agree(program)

    assert run.details("state") == [[False, False]]
    assert run.values("bool") == [False]
    assert run.values("repr") == ["<LocalProxy unbound>"]
    assert run.values("dir") == [[]]
    # For these two Python swallows the error of the look-up.
    assert run.values("hash") == [("TypeError", "unhashable type: 'LocalProxy'")]
    assert run.values("equal") == [False]
    for label in ("str", "len", "attribute", "hasattr", "call", "set"):
        assert run.values(label)[0][0] == "RuntimeError"


def test_c48_what_needs_a_request_says_so(agree: Agree) -> None:
    """``after_this_request`` and ``copy_current_request_context`` name themselves."""

    def program(fw: Any, trace: Trace) -> None:
        with site(fw, trace).app_context():
            trace.attempt("raised", lambda: fw.after_this_request(str))
            trace.attempt("raised", lambda: fw.copy_current_request_context(str))

    run = agree(program)

    assert [error[1].partition(" ")[0] for error in run.values("raised")] == [
        "'after_this_request'",
        "'copy_current_request_context'",
    ]


@pytest.mark.parametrize("lane", LANES)
def test_c48_a_copied_context_shares_request_and_session(agree: Agree, lane: Any) -> None:
    """The copy has the same request and session, an empty ``g`` and a teardown of its own."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            fw.g.mine = 1
            fw.session["mine"] = 1
            request = fw.request._get_current_object()
            app_ctx = fw.globals.app_ctx._get_current_object()

            def work(n: int) -> None:
                """Work elsewhere."""
                trace("work", n, fw.request._get_current_object() is request)
                trace("app context", fw.globals.app_ctx._get_current_object() is app_ctx)
                fw.session["theirs"] = fw.session["mine"] + n

            copied = fw.copy_current_request_context(work)
            trace("wrapped", copied.__name__, copied.__doc__)
            lane(lambda: copied(1))
            trace("view done", fw.session["theirs"], fw.g.mine)
            return "view"

        return site(fw, trace, view=view)

    run = agree(program, "/view")

    assert run.labels == [
        *["wrapped", "work", "app context", *TEARDOWN, "view done", *TEARDOWN],
    ]
    assert run.details("work") == [[1, True]]
    assert run.values("app context") == [False]
    assert run.trace[1][3]["g"] == []
    assert run.details("view done") == [[2, 1]]
    assert run.outcomes[0].header("Set-Cookie") is not None


def test_c48_a_copied_context_outlives_its_request(agree: Agree) -> None:
    """The copy may be run after the request ended, and again after that."""

    def program(fw: Any, trace: Trace) -> None:
        def view() -> str:
            kept.append(fw.copy_current_request_context(lambda: trace("work", fw.request.path)))
            return "view"

        kept: list[Any] = []
        site(fw, trace, view=view).test_client().get("/view")
        kept[0]()
        kept[0]()

    run = agree(program)

    assert run.labels == [*TEARDOWN, "work", *TEARDOWN, "work", *TEARDOWN]


def test_c48_a_copied_context_in_a_task(agree: Agree) -> None:
    """A coroutine function is run to its end by the copy; ``g`` is shared with a plain task."""

    def program(fw: Any, trace: Trace) -> Any:
        async def child() -> None:
            trace("task", fw.g.mine)

        async def main() -> None:
            await asyncio.create_task(child())

        async def copied() -> None:
            trace("copied", fw.request.path, "mine" in fw.g)

        def view() -> str:
            fw.g.mine = 1
            asyncio.run(main())
            fw.copy_current_request_context(copied)()
            return "view"

        return site(fw, trace, view=view)

    run = agree(program, "/view")

    assert run.values("task") == [1]
    assert [event[1] for event in run.trace if event[0] == "copied"] == [["/view", True]]


def test_c48_after_this_request_belongs_to_one_request(agree: Agree) -> None:
    """The function is called for the request that registered it and no other."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            if "once" in fw.request.args:
                trace("same", fw.after_this_request(hook) is hook)
            return "view"

        hook = trace.after("this request")
        return site(fw, trace, view=view)

    run = agree(program, "/view?once", "/view")

    assert run.labels == ["same", "this request", *TEARDOWN, *TEARDOWN]


def coroutine(trace: Trace, label: str, returns: Any = None, raises: Any = None) -> Any:
    """Make a coroutine function that traces itself and its loop."""

    async def function(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        trace(label, asyncio.get_running_loop().is_running())
        if raises is not None:
            raise raises
        return args[0] if returns == "argument" else returns

    return function


def test_c49_everything_may_be_a_coroutine_function(agree: Agree) -> None:
    """Views, hooks, handlers, teardown functions and context processors may be ``async def``."""

    def program(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.before_request(coroutine(trace, "before"))
        app.after_request(coroutine(trace, "after", "argument"))
        app.teardown_request(coroutine(trace, "teardown"))
        app.teardown_appcontext(coroutine(trace, "app teardown"))
        app.context_processor(coroutine(trace, "processor", {"name": "value"}))
        app.register_error_handler(ValueError, coroutine(trace, "handler", "handled"))
        app.register_error_handler(404, coroutine(trace, "404 handler", "handled"))
        app.register_error_handler(500, coroutine(trace, "500 handler", "handled"))

        def template() -> Any:
            fw.after_this_request(coroutine(trace, "this", "argument"))
            return fw.render_template_string("{{ name }}")

        app.add_url_rule("/template", "template", template)
        app.add_url_rule("/view", "view", coroutine(trace, "view", "view"))
        app.add_url_rule("/bad", "bad", coroutine(trace, "bad", raises=ValueError("bad")))
        app.add_url_rule("/worse", "worse", coroutine(trace, "worse", raises=KeyError("bad")))
        return app

    run = agree(program, "/template", "/view", "/bad", "/worse", "/missing")

    assert run.texts == ["value", "view", "handled", "handled", "handled"]
    end = ["after", "teardown", "app teardown"]
    assert run.labels == [
        *["before", "processor", "this", *end],
        *["before", "view", *end],
        *["before", "bad", "handler", *end],
        *["before", "worse", "500 handler", *end],
        *["before", "404 handler", *end],
    ]


def test_c49_a_coroutine_sees_the_request_and_its_changes_come_back(agree: Agree) -> None:
    """A coroutine view runs in a copy of the context; ``g`` and ``session`` are the same."""

    def program(fw: Any, trace: Trace) -> Any:
        async def view() -> str:
            fw.g.seen = fw.session["seen"] = 1
            trace("view")
            return "view"

        app = site(fw, trace, view=view)
        app.after_request(trace.after("after"))
        return app

    run = agree(program, "/view")

    assert [event[3]["g"] for event in run.trace[:2]] == [["seen"]] * 2
    assert run.outcomes[0].header("Set-Cookie") is not None


def test_c49_signals_may_have_coroutine_receivers(agree: Agree) -> None:
    """The framework's own signals wrap a receiver that is a coroutine function."""

    def program(fw: Any, trace: Trace) -> Any:
        names = ("request_started", "request_finished", "request_tearing_down")
        app = site(fw, trace, view=lambda: "view")
        for name in names:
            app.extensions[name] = receiver = coroutine(trace, name)
            getattr(fw, name).connect(receiver, app)
        return app

    run = agree(program, "/view")

    assert run.labels == [
        *["request_started", "request_finished", "tr", "request_tearing_down", "ta"],
    ]


def test_c49_without_asgiref_the_extra_is_named(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without asgiref a coroutine view is a RuntimeError that names the ``async`` extra."""
    monkeypatch.setitem(sys.modules, "asgiref.sync", None)

    def program(fw: Any, trace: Trace) -> None:
        app = fw.Flask("sample")
        try:
            app.ensure_sync(coroutine(trace, "never"))
        except RuntimeError as e:
            trace("raised", "'async' extra" in str(e))
        trace("sync", app.ensure_sync(str) is str)

    run = agree(program)

    assert run.values("raised") == [True]
    assert run.values("sync") == [True]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("current_app", "Working outside of application context."),
        ("g", "Working outside of application context."),
        ("request", "Working outside of request context."),
        ("session", "Working outside of request context."),
    ],
)
def test_c50_the_words_of_an_unbound_proxy(agree: Agree, name: str, words: str) -> None:
    """People search for these messages: they are Flask's to the letter."""

    def program(fw: Any, trace: Trace) -> None:
        trace.attempt("unbound", lambda: getattr(fw, name).anything)
        trace.attempt("unwrapped", lambda: getattr(fw, name)._get_current_object())

    run = agree(program)

    assert run.values("unbound") == run.values("unwrapped")
    assert run.values("unbound")[0][1].splitlines()[0] == words


def test_c50_copying_the_context_by_hand(agree: Agree) -> None:
    """``contextvars.copy_context`` carries the very same contexts, ``g`` included."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        with app.test_request_context("/here"):
            fw.g.shared = [1]
            copied = copy_context()
        in_thread(lambda: copied.run(lambda: trace("thread", fw.request.path, fw.g.shared)))

    run = agree(program)

    assert run.details("thread") == [["/here", [1]]]


@pytest.mark.parametrize("step", ["preprocess_request", "dispatch_request"])
def test_a_step_of_dispatch_needs_a_request_context(step: str, same: Callable[..., Any]) -> None:
    """Called by hand and outside of a request, a step of dispatch says what is missing."""
    outcome = same(lambda fw: getattr(fw.Flask("sample"), step)())

    assert "Working outside of request context." in str(outcome)


def test_g_gives_any_default_back(fw: Any) -> None:
    """``g.pop`` of an absent name returns the default it was given, whatever that equals."""

    class EqualsAll:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]  # no use for one

    default = EqualsAll()
    with fw.Flask("sample").app_context():
        assert fw.g.pop("absent", default) is default
