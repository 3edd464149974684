"""Coroutine functions wherever a program may give a function, on both frameworks.

Source: ``docs/async-await.rst`` of Flask, and ``Flask.ensure_sync``.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import flask
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import miniflask
from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

REGISTER = (
    "before_request",
    "after_request",
    "teardown_request",
    "context_processor",
    "before_app_request",
    "after_app_request",
    "teardown_app_request",
    "app_context_processor",
)


def coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a coroutine function of a function; it gives way to the loop on both sides of it."""

    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        result = function(*args, **kwargs)
        await asyncio.sleep(0)
        return result

    wrapped.__name__ = getattr(function, "__name__", "wrapped")
    return wrapped


def make_hook(trace: Trace, kind: str, label: str, action: str = "pass") -> Callable[..., Any]:
    """Make a hook of a kind; it may raise, or answer where a hook may."""

    def hook(*args: Any) -> Any:
        seen = [getattr(arg, "status", arg) for arg in args]
        trace(label, *seen)
        if action == "raise":
            raise LookupError(label)
        if kind.startswith("after"):
            return args[0]
        if kind.endswith("context_processor"):
            return {"seen": label}
        return f"answered by {label}" if action == "answer" else None

    return hook


def build(spec: Any) -> Callable[[Any, Trace], Any]:
    """Return the factory of an app in which some hooks, handlers and views are coroutines."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        bp = fw.Blueprint("bp", "sample")

        def add(register: Callable[..., Any], kind: str, label: str) -> None:
            is_async, action = spec.get(label, (True, "pass"))
            hook = make_hook(trace, kind, label, action)
            register(coroutine(hook) if is_async else hook)

        for place in (app, bp):
            for kind in REGISTER:
                if hasattr(place, kind):
                    add(getattr(place, kind), kind, f"{place.name} {kind}")
            add(place.errorhandler(LookupError), "errorhandler", f"{place.name} errorhandler")
            add(place.errorhandler(404), "errorhandler", f"{place.name} 404")
        add(app.teardown_appcontext, "teardown", "teardown_appcontext")
        add(app.errorhandler(500), "errorhandler", "app 500")

        def view() -> Any:
            add(fw.after_this_request, "after", "after_this_request")
            trace("view", fw.session.get("n"))
            return fw.render_template_string("{{ seen }}")

        bp.add_url_rule("/sync", "sync", view)
        bp.add_url_rule("/async", "async", coroutine(view))
        bp.add_url_rule("/missing", "missing", coroutine(lambda: fw.abort(404)))
        app.register_blueprint(bp)
        return app

    return factory


LABELS = [
    *(f"bp {kind}" for kind in REGISTER),
    *(f"sample {kind}" for kind in REGISTER if "app_" not in kind),
    *("bp errorhandler", "bp 404", "sample errorhandler", "sample 404"),
    *("teardown_appcontext", "app 500", "after_this_request"),
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spec=st.dictionaries(
        st.sampled_from(LABELS),
        st.tuples(st.booleans(), st.sampled_from(["pass", "pass", "raise", "answer"])),
        max_size=8,
    ),
    sent=st.lists(
        st.sampled_from(["/sync", "/async", "/missing", "/nowhere"]), min_size=1, max_size=2
    ),
)
def test_coroutines_in_every_place(agree: Agree, spec: Any, sent: Any) -> None:
    """Hooks, handlers, processors and views behave alike whichever of them are coroutines."""
    agree(build(spec), *sent, jar=True)


def test_everything_at_once(agree: Agree) -> None:
    """With coroutines throughout, the order and the contexts are what they are without."""
    plain = dict.fromkeys(LABELS, (False, "pass"))
    # A coroutine cannot be run to its end from within another one, as a template would have to.
    processors = {label: how for label, how in plain.items() if label.endswith("processor")}
    run = agree(build(processors), "/async", "/async", jar=True)
    sync = agree(build(plain), "/sync", "/sync", jar=True)

    assert run.labels == sync.labels
    assert run.outcomes[0].text == sync.outcomes[0].text == "bp context_processor"


def test_contexts_inside_a_coroutine(agree: Agree) -> None:
    """The proxies work in it and in the tasks it makes; what it sets is there afterwards."""
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"

        async def before() -> None:
            fw.g.before = "before"
            variable.set("before")

        async def part(n: int) -> Any:
            await asyncio.sleep(0)
            trace(f"part {n}", fw.request.args.to_dict(), fw.g.before)
            return fw.url_for("index", n=n)

        async def view() -> Any:
            was = variable.get()
            variable.set("view")
            fw.g.view = "view"
            fw.session["key"] = "value"
            parts = await asyncio.gather(part(1), asyncio.create_task(part(2)))
            return {"parts": parts, "was": was, "app": fw.current_app.name}

        def after(response: Any) -> Any:
            trace("after", variable.get(), sorted(fw.g), dict(fw.session))
            return response

        async def teardown(exc: Any) -> None:
            trace("teardown", variable.get(), fw.g.view)

        app.before_request(before)
        app.after_request(after)
        app.teardown_request(teardown)
        app.add_url_rule("/", "index", view)
        return app

    run = agree(factory, "/?q=1")

    assert run.outcomes[0].text == '{"app":"sample","parts":["/?n=1","/?n=2"],"was":"before"}\n'
    assert sorted(run.labels[:2]) == ["part 1", "part 2"]
    assert run.labels[2:] == ["after", "teardown"]


def test_a_task_that_outlives_its_view(agree: Agree) -> None:
    """A task that is not awaited is cancelled when the view's loop ends."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        async def forever() -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                trace("cancelled", fw.request.path)
                raise

        async def view() -> str:
            app.extensions["task"] = asyncio.create_task(forever())
            await asyncio.sleep(0)
            return "left it"

        app.add_url_rule("/", "index", view)
        return app

    agree(factory, "/")


class Methods:
    """An object with a coroutine method."""

    async def method(self) -> str:
        return "method"


async def generator() -> Any:
    """Make an asynchronous generator, which is no coroutine function."""
    yield "never"


FORMS: dict[str, Any] = {
    "function": coroutine(lambda: "function"),
    "partial": functools.partial(coroutine(lambda value: value), "partial"),
    "method": Methods().method,
    "generator": generator,
}


@pytest.mark.parametrize("form", FORMS)
def test_what_counts_as_a_coroutine_function(agree: Agree, form: str) -> None:
    """What ``inspect`` calls one is wrapped; the others come to the same as on Flask."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        trace("wrapped", app.ensure_sync(FORMS[form]) is not FORMS[form])
        app.add_url_rule("/", "index", FORMS[form])
        return app

    run = agree(factory, "/")

    assert run.trace[0][1] == [form != "generator"]
    assert run.outcomes[0].code == (500 if form == "generator" else 200)


@pytest.fixture
def unawaited() -> Iterator[Callable[..., Any]]:
    """Make a function that returns a coroutine but is no coroutine function."""
    made: list[Any] = []

    def function(*args: Any, **kwargs: Any) -> Any:
        made.append(asyncio.sleep(0))
        return made[-1]

    yield function
    assert made
    for unfinished in made:
        unfinished.close()


def test_a_function_that_returns_a_coroutine(agree: Agree, unawaited: Any) -> None:
    """A view that is not itself a coroutine function is not awaited, nor a hook."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.teardown_request(unawaited)
        app.add_url_rule("/", "index", unawaited)
        return app

    assert agree(factory, "/").log[0][2][1].endswith("but it was a coroutine.")


def test_what_is_never_awaited(same: Same, unawaited: Any) -> None:
    """URL preprocessors, URL defaults and shell context processors are called as they are."""

    def program(fw: Any) -> Any:
        passed: list[str] = []

        class App(fw.Flask):  # type: ignore[misc]
            def ensure_sync(self, func: Any) -> Any:
                passed.append(func.__name__)
                return super().ensure_sync(func)

        app = App("sample")
        app.url_value_preprocessor(unawaited)
        app.url_defaults(unawaited)
        app.add_url_rule("/", "index", lambda: fw.url_for("index"))
        app.shell_context_processor(dict)
        with app.app_context():
            app.make_shell_context()
        return app.test_client().get("/").text, passed

    assert same(program) == ["/", ["<lambda>"]]


def test_an_application_inside_a_running_loop(agree: Agree) -> None:
    """A coroutine view cannot be called from a coroutine on the same thread; others can."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        inner = fw.Flask("sample")
        for place in (app, inner):
            place.add_url_rule("/sync", "sync", lambda: "sync")
            place.add_url_rule("/async", "async", coroutine(lambda: "async"))

        async def outer(name: str) -> Any:
            return inner.test_client().get(f"/{name}").text

        app.add_url_rule("/outer/<name>", "outer", outer)
        return app

    run = agree(factory, "/outer/sync", "/outer/async")

    assert run.outcomes[0].text == "sync"


def test_errors_of_coroutines(agree: Agree) -> None:
    """An exception comes out of a coroutine as it went in, with its cause, to the handlers."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        async def view(how: str) -> Any:
            await asyncio.sleep(0)
            if how == "abort":
                fw.abort(fw.Response("response", 418))
            if how == "cancel":
                raise asyncio.CancelledError("cancelled")
            if how == "exit":
                raise SystemExit(3)
            try:
                raise KeyError("inner")
            except KeyError as e:
                raise ValueError("outer") from e

        async def handle(e: Any) -> Any:
            trace("handler", e, e.__cause__, e.__context__)
            raise LookupError("from the handler")

        app.register_error_handler(ValueError, handle)
        app.teardown_request(coroutine(trace.hook("teardown")))
        app.add_url_rule("/<how>", "view", view)
        return app

    agree(factory, "/raise", "/abort", "/cancel", "/exit")


@pytest.mark.parametrize("method", ["ensure_sync", "async_to_sync"])
def test_the_conversion_may_be_overridden(agree: Agree, method: str) -> None:
    """Every function passes through ``ensure_sync``, coroutines through ``async_to_sync``."""

    def factory(fw: Any, trace: Trace) -> Any:
        def convert(self: Any, func: Any) -> Any:
            trace(f"convert {getattr(func, '__name__', func)}")
            if inspect.iscoroutinefunction(func):
                return lambda *args, **kwargs: asyncio.run(func(*args, **kwargs))
            return func

        App = type("App", (fw.Flask,), {method: convert})
        app = App("sample")

        def named(name: str, function: Any, is_async: bool) -> Any:
            function = coroutine(function) if is_async else function
            function.__name__ = name
            return function

        for is_async in (False, True):
            suffix = " async" if is_async else ""
            for kind in ("before_request", "after_request", "teardown_request"):
                hook = make_hook(trace, kind, f"{kind}{suffix}")
                getattr(app, kind)(named(f"{kind}{suffix}", hook, is_async))
            processor = make_hook(trace, "context_processor", f"processor{suffix}")
            app.context_processor(named(f"processor{suffix}", processor, is_async))
            teardown = make_hook(trace, "teardown", f"appcontext{suffix}")
            app.teardown_appcontext(named(f"appcontext{suffix}", teardown, is_async))

            def view(is_async: bool = is_async) -> Any:
                return "text" if is_async else fw.render_template_string("{{ seen }}")

            view_name = f"view{suffix}"
            app.add_url_rule(f"/{is_async}", view_name, named(view_name, view, is_async))
        app.register_error_handler(404, named("handler", lambda e: "handled", True))
        return app

    run = agree(factory, "/False", "/True", "/nowhere")

    assert "convert view async" in run.labels
    assert ("convert view" in run.labels) == (method == "ensure_sync")


def test_converting_by_hand(same: Same) -> None:
    """Extensions call ``current_app.ensure_sync`` for the functions they are given."""

    async def add(a: int, b: int) -> int:
        return a + b

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        with app.app_context():
            total = fw.current_app.ensure_sync(add)(1, b=2)
        return total, app.async_to_sync(add)(3, 4), app.ensure_sync(len) is len

    assert same(program) == [3, 7, True]


def test_a_copied_request_context_around_a_coroutine(agree: Agree) -> None:
    """``copy_current_request_context`` makes a coroutine function callable."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        async def work(n: int) -> Any:
            await asyncio.sleep(0)
            trace("work", n, fw.request.path)
            return n * 2

        def view() -> Any:
            copied = fw.copy_current_request_context(work)
            trace("copied", copied.__name__, inspect.iscoroutinefunction(copied))
            return [copied(4)]

        app.add_url_rule("/", "index", view)
        app.teardown_request(trace.hook("teardown"))
        return app

    agree(factory, "/")


def test_what_a_coroutine_returns(agree: Agree) -> None:
    """A coroutine view may return whatever a view may."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        values: list[Any] = ["text", b"bytes", {"a": 1}, [1], ("t", 201), ("t", {"X-A": "b"}), None]
        for i, value in enumerate(values):
            app.add_url_rule(f"/{i}", f"e{i}", coroutine(lambda value=value: value))
        app.add_url_rule("/7", "e7", coroutine(lambda: fw.Response("r", 202)))
        app.add_url_rule("/8", "e8", coroutine(lambda: (part for part in "ab")))
        app.add_url_rule("/9", "e9", coroutine(lambda: 42))
        return app

    agree(factory, *[f"/{i}" for i in range(10)])


def test_without_asgiref(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coroutine is refused with a RuntimeError that names the extra; the rest goes on."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "asgiref"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "asgiref", None)
    monkeypatch.setitem(sys.modules, "asgiref.sync", None)
    messages = []
    for fw in (flask, miniflask):
        app = fw.Flask("sample")
        app.testing = True
        app.add_url_rule("/async", "async", coroutine(lambda: "async"))
        app.add_url_rule("/sync", "sync", lambda: "sync")
        client = app.test_client()
        with pytest.raises(RuntimeError) as caught:
            client.get("/async")
        assert client.get("/sync").text == "sync"
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        messages.append(str(caught.value))

    assert "'async' extra" in messages[0]
    assert messages[1] == (
        "Async views need asgiref, which the 'async' extra brings. Install it: pip install asgiref"
    )
