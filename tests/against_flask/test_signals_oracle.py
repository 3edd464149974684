"""Signals: sent at the same moments with the same arguments, to receivers of every kind.

Source: ``flask.signals``, the Signals page of Flask's documentation, and Blinker's.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import blinker
import flask
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import miniflask
from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

NAMES = (
    "template_rendered",
    "before_render_template",
    "request_started",
    "request_finished",
    "request_tearing_down",
    "got_request_exception",
    "appcontext_tearing_down",
    "appcontext_pushed",
    "appcontext_popped",
    "message_flashed",
)


def forget_receivers() -> None:
    """Disconnect whoever listens: signals are global, and a logged traceback keeps an app alive."""
    for fw in (flask, miniflask):
        for name in NAMES:
            getattr(fw, name)._clear_state()


@pytest.fixture(autouse=True)
def nobody_listens() -> Iterator[None]:
    """Leave the signals without receivers."""
    yield
    forget_receivers()


def said(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Describe what a signal carries."""
    described = dict(kwargs)
    if "response" in kwargs:
        response = kwargs["response"]
        headers = [(name, "" if name == "Allow" else value) for name, value in response.headers]
        described["response"] = [response.status, headers]
    if "template" in kwargs:
        described["template"] = kwargs["template"].name
    if "context" in kwargs:
        described["context"] = sorted(kwargs["context"])
    return described


def listen(fw: Any, trace: Trace, app: Any, actions: Any = None, sender: bool = True) -> None:
    """Connect a receiver to every signal; each leaves a trace, then does as *actions* say."""

    def receiver(name: str, action: str) -> Any:
        def receive(sender: Any, **kwargs: Any) -> str:
            trace(f"signal {name}", sender is app, said(kwargs))
            if action == "raise":
                raise ValueError(f"raised by {name}")
            if action == "abort":
                fw.abort(403)
            if action == "touch" and "response" in kwargs:
                kwargs["response"].headers["X-Touched"] = name
            if action == "touch" and "context" in kwargs:
                kwargs["context"]["touched"] = name
            return name

        async def receive_later(sender: Any, **kwargs: Any) -> str:
            await asyncio.sleep(0)
            return receive(sender, **kwargs)

        return receive_later if action == "async" else receive

    # Signals hold receivers weakly: these live as long as the application.
    app.extensions["receivers"] = kept = []
    for name in NAMES:
        kept.append(receiver(name, (actions or {}).get(name, "pass")))
        getattr(fw, name).connect(kept[-1], *([app] if sender else []))


def program(
    actions: Any = None, handled: bool = False, config: Any = None, sender: bool = True
) -> Any:
    """Return the factory of an app with hooks on two levels, and a receiver for every signal."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config.update(SECRET_KEY="key", **(config or {}))
        bp = fw.Blueprint("bp", "sample")
        for place in (app, bp):
            place.url_value_preprocessor(trace.hook(f"{place.name} preprocess"))
            place.before_request(trace.hook(f"{place.name} before"))
            place.after_request(trace.after(f"{place.name} after"))
            place.teardown_request(trace.hook(f"{place.name} teardown"))
            place.context_processor(trace.hook(f"{place.name} context processor", {}))
            if handled:
                place.register_error_handler(ValueError, trace.hook(f"{place.name} handler", "x"))
        app.teardown_appcontext(trace.hook("teardown_appcontext"))
        listen(fw, trace, app, actions, sender)
        for name, view in views(fw, trace, app).items():
            bp.add_url_rule(f"/{name}", name, view)
        app.register_blueprint(bp)
        return app

    return factory


VIEWS = ("plain", "template", "flash", "error", "abort", "stream", "nested", "test_client", "after")


def views(fw: Any, trace: Trace, app: Any) -> dict[str, Any]:
    """Make a view for each of the things that can happen while a request is handled."""

    def template() -> Any:
        fw.render_template_string("{{ a }}", a=1)
        return fw.render_template_string("{{ touched|default('untouched') }}")

    def flash() -> Any:
        fw.flash("first")
        fw.flash("second", "category")
        return fw.get_flashed_messages(with_categories=True)

    def stream() -> Any:
        def parts() -> Iterator[str]:
            for part in "ab":
                trace(f"part {part}")
                yield part

        return fw.Response(fw.stream_with_context(parts()))

    def nested() -> str:
        with app.app_context():
            trace("app context")
        with app.test_request_context("/plain"):
            trace("request context")
        with fw.Flask("other").app_context():
            trace("app context of another app")
        return "nested"

    def after() -> str:
        fw.after_this_request(trace.after("after this"))
        return "after"

    return {
        "plain": trace.hook("view", "plain"),
        "template": template,
        "flash": flash,
        "error": trace.hook("view", raises=LookupError("from the view")),
        "abort": lambda: fw.abort(404),
        "stream": stream,
        "nested": nested,
        "test_client": lambda: app.test_client().get("/plain").text,
        "after": after,
    }


REQUESTS = [*[f"/{name}" for name in VIEWS], "/nowhere", ("POST", "/plain"), ("HEAD", "/stream")]


@pytest.mark.parametrize("sender", [True, False], ids=["this app", "any sender"])
@pytest.mark.parametrize("config", [{}, {"TESTING": True}, {"DEBUG": True}], ids=str)
def test_all_signals_among_the_hooks(agree: Agree, config: Any, sender: bool) -> None:
    """Each signal comes at its place between the hooks, with its arguments and the contexts."""
    agree(program(config=config, sender=sender), *REQUESTS, ("OPTIONS", "/plain"))


def test_when_the_signals_of_a_request_come(agree: Agree) -> None:
    """Started before the first hook; finished after the last; torn down after the teardowns."""
    run = agree(program(), "/template")

    assert run.labels == [
        "signal appcontext_pushed",
        "signal request_started",
        "sample preprocess",
        "bp preprocess",
        "sample before",
        "bp before",
        *["sample context processor", "bp context processor"],
        *["signal before_render_template", "signal template_rendered"],
        *["sample context processor", "bp context processor"],
        *["signal before_render_template", "signal template_rendered"],
        "bp after",
        "sample after",
        "signal request_finished",
        "bp teardown",
        "sample teardown",
        "signal request_tearing_down",
        "teardown_appcontext",
        "signal appcontext_tearing_down",
        "signal appcontext_popped",
    ]


def test_when_an_exception_is_signalled(agree: Agree) -> None:
    """Only an exception that no handler took is signalled, before the 500 is made."""
    run = agree(program(), "/error", "/abort")
    start = run.labels.index("view")

    assert run.labels[start : start + 4] == [
        "view",
        "signal got_request_exception",
        "bp after",
        "sample after",
    ]
    assert run.labels.count("signal got_request_exception") == 1


actions = st.dictionaries(
    st.sampled_from(NAMES),
    st.sampled_from(["raise", "abort", "touch", "async"]),
    max_size=3,
).filter(lambda drawn: drawn.get("appcontext_pushed") not in ("raise", "abort"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    actions=actions,
    handled=st.booleans(),
    config=st.fixed_dictionaries(
        {},
        optional={
            "TESTING": st.booleans(),
            "PROPAGATE_EXCEPTIONS": st.booleans(),
            "TRAP_HTTP_EXCEPTIONS": st.booleans(),
        },
    ),
    sender=st.booleans(),
    sent=st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=3),
)
def test_receivers_of_every_kind(
    agree: Agree, actions: Any, handled: bool, config: Any, sender: bool, sent: Any
) -> None:
    """Receivers that raise, abort, change what they get or are coroutines do it as on Flask."""
    agree(program(actions, handled, config, sender), *sent)
    forget_receivers()


def test_a_receiver_that_keeps_a_context_from_being_pushed(same: Same) -> None:
    """If ``appcontext_pushed`` raises, an error of popping escapes and the context stays."""

    def request(fw: Any, seen: list[Any]) -> None:
        app = fw.Flask("sample")
        listen(fw, Trace(fw), app, {"appcontext_pushed": "raise"})
        try:
            app.test_client().get("/")
        except LookupError as e:
            seen.append(("raised", type(e).__name__, repr(e.__context__)))
        seen.append((fw.has_app_context(), fw.has_request_context()))

    def program(fw: Any) -> Any:
        seen: list[Any] = []
        copy_context().run(request, fw, seen)
        return seen

    assert same(program)[1] == [True, False]


# ---- what Blinker offers ----


def test_the_names_of_the_signals(same: Same) -> None:
    """The same ten are exported from the package and from its module."""

    def program(fw: Any) -> Any:
        exported = [name for name in NAMES if getattr(fw, name) is getattr(fw.signals, name)]
        return exported, [getattr(fw, name).name for name in NAMES]

    assert same(program)[0] == list(NAMES)


def test_signals_of_a_program_s_own(same: Same) -> None:
    """Extensions take ``Namespace`` or ``_signals`` from the module; the ten are in the latter."""

    def program(fw: Any) -> Any:
        assert fw.signals.Namespace is blinker.Namespace
        assert fw.signals._signals is fw.signals._signals
        for name in NAMES:
            assert fw.signals._signals.signal(name.replace("_", "-")) is getattr(fw, name)
        own = fw.signals._signals.signal("of-my-own")
        assert own is fw.signals._signals["of-my-own"]
        with own.connected_to(lambda sender, **kwargs: [sender, kwargs]):
            found = [answer for _, answer in own.send("sender", a=1)]
        del fw.signals._signals["of-my-own"]
        return found, list(fw.signals._signals), hasattr(fw.signals, "signals_available")

    assert same(program)[0] == [["sender", {"a": 1}]]


def test_everything_that_blinker_offers_is_there() -> None:
    """Every public attribute of a NamedSignal is found on ours, and nothing else but Flask's."""
    real, ours = blinker.NamedSignal("x"), miniflask.request_started
    for name in dir(real):
        if not name.startswith("__"):
            assert type(getattr(ours, name)) is type(getattr(real, name)), name
    assert ours.ANY is blinker.ANY
    assert not hasattr(ours, "nothing")
    assert not hasattr(real, "nothing")


def hears(signal: Any, sender: Any = None, **kwargs: Any) -> list[Any]:
    """Send a signal and return what the receivers returned, sorted."""
    return sorted(str(result) for _, result in signal.send(sender, **kwargs))


def test_connecting_and_disconnecting(same: Same) -> None:
    """``connect`` returns the receiver, for any sender or for one; ``disconnect`` undoes it."""

    def program(fw: Any) -> Any:
        signal, app, other = fw.message_flashed, fw.Flask("app"), fw.Flask("other")

        def one(sender: Any, **kwargs: Any) -> Any:
            return "one", getattr(sender, "name", sender), kwargs

        def two(sender: Any) -> Any:
            return "two"

        seen: list[Any] = [signal.connect(one) is one, signal.connect(two, sender=app) is two]
        senders = (app, other, None, "text")

        def look() -> None:
            seen.append([hears(signal, sender) for sender in senders])
            seen.append([signal.has_receivers_for(sender) for sender in senders])
            seen.append([len(list(signal.receivers_for(sender))) for sender in senders])
            seen.append([bool(signal.receivers), signal.has_receivers_for(signal.ANY)])

        look()
        signal.disconnect(one)
        look()
        signal.disconnect(two, other)
        look()
        signal.disconnect(two, app)
        look()
        signal.disconnect(two)
        signal.disconnect(two)
        look()
        return seen

    same(program)


def test_connecting_as_a_decorator(same: Same) -> None:
    """``connect`` and ``connect_via`` serve as decorators; the latter holds on to its receiver."""

    def program(fw: Any) -> Any:
        signal, app = fw.message_flashed, fw.Flask("app")

        def strong(sender: Any) -> str:
            return "via"

        signal.connect_via(app)(strong)
        strong_ref = strong
        del strong
        gc.collect()
        found = hears(signal, app), hears(signal)
        signal.disconnect(strong_ref)
        return found

    assert same(program) == [["via"], []]


def test_connecting_for_a_while(same: Same) -> None:
    """``connected_to`` connects in a ``with`` block, also one that is left by an exception."""

    def program(fw: Any) -> Any:
        signal, app = fw.request_started, fw.Flask("app")
        seen: list[Any] = []

        def receiver(sender: Any) -> None:
            seen.append(sender.name)

        with signal.connected_to(receiver, sender=app):
            app.test_client().get("/")
            fw.Flask("other").test_client().get("/")
        app.test_client().get("/")
        with pytest.raises(ZeroDivisionError), signal.connected_to(receiver):
            fw.Flask("other").test_client().get("/")
            raise ZeroDivisionError
        app.test_client().get("/")
        return seen, hasattr(signal, "temporarily_connected_to"), bool(signal.receivers)

    assert same(program)[0] == ["app", "other"]


def test_a_muted_signal(same: Same) -> None:
    """Inside ``muted`` nobody hears; afterwards all do."""

    def program(fw: Any) -> Any:
        signal, app = fw.request_started, fw.Flask("app")
        seen: list[Any] = []

        def receiver(sender: Any) -> None:
            seen.append(signal.is_muted)

        with signal.connected_to(receiver):
            with signal.muted():
                app.test_client().get("/")
                seen.append(("muted", signal.is_muted, signal.send(app)))
            app.test_client().get("/")
        return seen

    assert same(program) == [["muted", True, []], False]


def test_receivers_are_held_weakly(same: Same) -> None:
    """A function or bound method that nobody else holds is forgotten, unless ``weak=False``."""

    class Listener:
        def hear(self, sender: Any) -> str:
            return "method"

    def program(fw: Any) -> Any:
        signal = fw.message_flashed
        listener = Listener()
        signal.connect(lambda sender: "lambda")
        signal.connect(listener.hear)
        held = lambda sender: "held"  # noqa: E731
        signal.connect(held, weak=False)
        gc.collect()
        seen = [hears(signal)]
        del listener
        gc.collect()
        seen.append(hears(signal))
        signal.disconnect(held)
        return seen, bool(signal.receivers)

    assert same(program) == [[["held", "method"], ["held"]], False]


def test_a_receiver_goes_with_its_sender(same: Same) -> None:
    """A receiver for an application that is gone is no longer called for anybody."""

    def program(fw: Any) -> Any:
        signal = fw.message_flashed
        calls: list[Any] = []

        def receiver(sender: Any) -> None:
            calls.append(sender)

        app = fw.Flask("app")
        signal.connect(receiver, app)
        del app
        gc.collect()
        for _ in range(3):
            signal.send(fw.Flask("another"))
        found = calls, bool(signal.receivers)
        signal.disconnect(receiver)
        return found

    assert same(program)[0] == []


def test_sending_by_hand(same: Same) -> None:
    """``send`` takes one sender and keywords, and returns receivers with their results."""

    def program(fw: Any) -> Any:
        signal = fw.message_flashed
        seen: list[Any] = []

        def receiver(sender: Any, **kwargs: Any) -> Any:
            return [sender, kwargs]

        def attempt(*args: Any, **kwargs: Any) -> None:
            try:
                seen.append([result for _, result in signal.send(*args, **kwargs)])
            except TypeError as e:
                seen.append(type(e))

        attempt()
        with signal.connected_to(receiver):
            attempt()
            attempt("sender", a=1)
            attempt(None, sender="keyword")
            attempt("one", "two")
            assert signal.send(None)[0][0] is receiver
        with signal.connected_to(lambda: "takes nothing"):
            attempt("sender")
        attempt("nobody")
        return seen

    same(program)


def test_coroutine_receivers_by_hand(same: Same) -> None:
    """A coroutine function needs a wrapper; ``send_async`` awaits it, and wraps the others."""

    async def later(sender: Any, **kwargs: Any) -> Any:
        return ["later", sender]

    def now(sender: Any, **kwargs: Any) -> Any:
        return ["now", sender]

    def wrap(function: Any) -> Any:
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            return ["wrapped", function(*args, **kwargs)]

        return wrapped

    def program(fw: Any) -> Any:
        signal = fw.message_flashed
        with signal.connected_to(later):
            results: list[Any] = [r for _, r in asyncio.run(signal.send_async("a"))]
            wrapper = fw.Flask("sample").async_to_sync
            results += [r for _, r in signal.send("b", _async_wrapper=wrapper)]
            with pytest.raises(RuntimeError, match="Cannot send to a coroutine function"):
                signal.send("c")
        with signal.connected_to(now):
            results += [r for _, r in asyncio.run(signal.send_async("d", _sync_wrapper=wrap))]
            with pytest.raises(RuntimeError, match="Cannot send to a non-coroutine function"):
                asyncio.run(signal.send_async("e"))
        return results

    assert same(program) == [["later", "a"], ["later", "b"], ["wrapped", ["now", "d"]]]


def test_signals_about_signals(same: Same) -> None:
    """``receiver_connected`` and ``receiver_disconnected`` tell who comes and goes."""

    def program(fw: Any) -> Any:
        signal = fw.appcontext_popped
        seen: list[Any] = []

        def receiver(sender: Any) -> None:
            """Never called."""

        def came(sender: Any, **kwargs: Any) -> None:
            assert isinstance(sender, blinker.NamedSignal)
            seen.append(["came", sender.name, kwargs["receiver"] is receiver, kwargs["weak"]])

        def went(sender: Any, **kwargs: Any) -> None:
            seen.append(["went", sorted(kwargs), kwargs["sender"]])

        with (
            signal.receiver_connected.connected_to(came),
            signal.receiver_disconnected.connected_to(went),
        ):
            signal.connect(receiver, sender="x", weak=False)
            signal.disconnect(receiver, sender="x")
            signal.disconnect(receiver)
        return seen

    same(program)


def test_receivers_hear_while_others_leave(agree: Agree) -> None:
    """A receiver may disconnect itself or connect another while the signal is sent."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        def once(sender: Any, **kwargs: Any) -> None:
            trace("once")
            fw.request_started.disconnect(once)
            fw.request_finished.connect(later, app)

        def later(sender: Any, **kwargs: Any) -> None:
            trace("later", said(kwargs))

        app.extensions["receivers"] = [once, later]
        fw.request_started.connect(once, app)
        return app

    assert agree(factory, "/", "/").labels == ["once", "later", "later"]


def test_contexts_outside_a_request(same: Same) -> None:
    """Pushing and popping by hand sends the signals of the app context, once each."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        trace = Trace(fw)
        listen(fw, trace, app)
        context = app.app_context()
        context.push()
        context.push()
        context.pop()
        with pytest.raises(ZeroDivisionError), app.test_request_context("/"):
            raise ZeroDivisionError("inside")
        context.pop(ValueError("given"))
        with app.app_context(), fw.Flask("other").app_context():
            pass
        app.preprocess_request_called = False
        return trace.events

    same(program)


def test_flashes_outside_of_any_receiver_s_interest(same: Same) -> None:
    """The sender is the application itself, not the proxy that stands for it."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        seen: list[Any] = []

        def receiver(sender: Any, **kwargs: Any) -> None:
            seen.append((sender is app, type(sender).__name__, kwargs))

        with fw.message_flashed.connected_to(receiver), app.test_request_context():
            fw.flash("text")
            fw.flash({"any": "thing"}, "category")
        return seen

    same(program)
