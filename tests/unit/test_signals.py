"""Signals: nothing until somebody listens, Blinker's from then on, one error without Blinker."""

from __future__ import annotations

import sys
import threading
from typing import Any

import blinker
import pytest

import miniflask
from miniflask import Flask
from miniflask.signals import Signal

NAMES = [
    *["template_rendered", "before_render_template"],
    *["request_started", "request_finished", "request_tearing_down", "got_request_exception"],
    *["appcontext_tearing_down", "appcontext_pushed", "appcontext_popped", "message_flashed"],
]


@pytest.fixture
def without_blinker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``import blinker`` fail as if it were not installed, with no signal used so far."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "blinker"]:
        monkeypatch.delitem(sys.modules, name)

    class Blocker:
        """Refuse to find one distribution."""

        def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
            if name.partition(".")[0] == "blinker":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Blocker(), *sys.meta_path])
    for name in NAMES:
        for attribute in ("_real", "receivers"):
            monkeypatch.delitem(vars(getattr(miniflask, name)), attribute, raising=False)


def test_there_is_a_signal_for_each_moment() -> None:
    """Each of Flask's ten is exported, bears its name with dashes, and says when it is sent."""
    for name in NAMES:
        signal = getattr(miniflask, name)
        assert isinstance(signal, Signal)
        assert signal.name == name.replace("_", "-")
        assert repr(signal) == f"<Signal {signal.name!r}>"
        assert signal.__doc__


def test_a_signal_nobody_listens_to_is_one_truth_test() -> None:
    """Without receivers nothing real is made, and sending calls nobody."""
    signal = Signal("fresh")

    assert not signal.receivers
    assert signal.send("sender", anything=1) == []
    assert "_real" not in vars(signal)


def test_the_first_connect_makes_the_real_one() -> None:
    """From then on attributes are Blinker's, and ``receivers`` is the real signal's dict."""
    signal = Signal("fresh", "When it is sent.")
    calls = []

    def receiver(sender: Any, **kwargs: Any) -> str:
        calls.append((sender, kwargs))
        return "answer"

    assert signal.connect(receiver) is receiver
    assert isinstance(signal._real, blinker.NamedSignal)
    assert (signal._real.name, signal._real.__doc__) == ("fresh", "When it is sent.")
    assert signal.receivers is signal._real.receivers
    assert signal.send("sender", key=1) == [(receiver, "answer")]
    assert calls == [("sender", {"key": 1})]
    signal.disconnect(receiver)
    assert not signal.receivers
    assert signal.send("sender") == []


def test_what_blinker_offers_is_there() -> None:
    """``connected_to``, ``connect_via``, ``has_receivers_for`` and ``muted`` work."""
    signal = Signal("fresh")
    heard: list[Any] = []

    @signal.connect_via("sender")
    def via(sender: Any) -> None:
        heard.append("via")

    with signal.connected_to(heard.append, sender="sender"):
        signal.send("sender")
        signal.send("another")
        with signal.muted():
            signal.send("sender")
        assert signal.has_receivers_for("sender")
        assert not signal.has_receivers_for("another")
    signal.send("sender")

    assert sorted(heard) == ["sender", "via", "via"]


def test_a_dead_receiver_is_forgotten() -> None:
    """Receivers are held weakly, and the truth test notices when the last is gone."""
    signal = Signal("fresh")

    def receiver(sender: Any) -> None:
        """Never called."""

    signal.connect(receiver)
    del receiver

    assert not signal.receivers
    assert signal.send("sender") == []


def test_a_coroutine_receiver_is_wrapped() -> None:
    """``_async_wrapper`` makes a coroutine function callable, as ``ensure_sync`` does."""
    signal = Signal("fresh")

    async def receiver(sender: Any) -> str:
        return f"awaited for {sender}"

    signal.connect(receiver)

    ((_, answer),) = signal.send("app", _async_wrapper=Flask("sample").ensure_sync)
    assert answer == "awaited for app"


def test_what_no_signal_has_is_an_attribute_error() -> None:
    """Special names are never forwarded, and others only as far as Blinker has them."""
    signal = Signal("fresh")

    assert not hasattr(signal, "__wrapped__")
    assert "_real" not in vars(signal)
    with pytest.raises(AttributeError, match="no_such_thing"):
        signal.no_such_thing


def test_two_threads_make_one_real_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that use a fresh signal at the same moment get the same real one."""
    meet = threading.Barrier(2)

    class Slow(Signal):
        def _make_real(self) -> blinker.NamedSignal:
            meet.wait()
            return super()._make_real()

    signal = Slow("fresh")
    receivers = [lambda sender, i=i: i for i in range(2)]
    # The attribute is looked up in the thread, not here.
    threads = [threading.Thread(target=lambda r=r: signal.connect(r)) for r in receivers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer for _, answer in signal.send("sender")) == [0, 1]
    assert signal.receivers is signal._real.receivers


@pytest.mark.usefixtures("without_blinker")
def test_without_blinker_an_application_runs() -> None:
    """Requests, errors, flashes and templates send their signals to nobody."""
    app = Flask("sample")
    app.secret_key = "key"
    app.add_url_rule("/bad", "bad", lambda: str(1 / 0))

    def view() -> str:
        miniflask.flash("message")
        return miniflask.render_template_string("{{ get_flashed_messages() }}")

    app.add_url_rule("/", "view", view)
    client = app.test_client()

    assert client.get("/").status_code == 200
    assert client.get("/bad").status_code == 500
    assert "blinker" not in sys.modules


@pytest.mark.usefixtures("without_blinker")
def test_without_blinker_listening_says_what_to_install() -> None:
    """Connecting is one clear error, which names the signal and the line to type."""
    with pytest.raises(RuntimeError) as caught:
        miniflask.request_started.connect(print)

    assert str(caught.value) == (
        "The signal 'request-started' needs blinker. Install it: pip install blinker"
    )


@pytest.mark.parametrize("name", ["message_flashed", "template_rendered", "request_started"])
def test_the_sender_is_the_application_itself(name: str) -> None:
    """Not the proxy: a receiver that connected for one application hears that one only."""
    app = Flask("sample")
    app.secret_key = "key"
    heard: list[Any] = []

    def view() -> str:
        miniflask.flash("message")
        return miniflask.render_template_string("text")

    def receiver(sender: Any, **kwargs: Any) -> None:
        heard.append((sender, sorted(kwargs)))

    app.add_url_rule("/", "view", view)
    with getattr(miniflask, name).connected_to(receiver, app):
        app.test_client().get("/")

    arguments = {
        "message_flashed": ["category", "message"],
        "template_rendered": ["context", "template"],
        "request_started": [],
    }
    assert [(sender is app, names) for sender, names in heard] == [(True, arguments[name])]
