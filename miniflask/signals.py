"""The moments that other code can listen to.

Each signal stands in for a ``blinker`` signal that is made when somebody first connects.  Until
then sending costs one truth test (``if request_started.receivers``) and Blinker, an extra, is
not imported.  From then on every use goes to the real one.

Source: ``flask.signals``; Blinker has been required by Flask since 2.3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .extras import require

if TYPE_CHECKING:
    from blinker import NamedSignal


# The names of the signals that anybody ever used: while there is none, nobody listens.
in_use: list[str] = []


class Signal:
    """A named moment with receivers, backed by Blinker once it is used.

    Args:
        name: The name Flask gives the signal, such as ``"request-started"``.
        doc: When it is sent and with which arguments.

    Every attribute that is not defined here is that of ``blinker.NamedSignal``: ``connect``,
    ``connected_to``, ``disconnect``, ``has_receivers_for``, ``muted`` and so on.
    """

    def __init__(self, name: str, doc: str | None = None) -> None:
        self.name = name
        self.__doc__ = doc

    # An instance attribute of this name, put there by the real signal, hides it.
    receivers: dict[Any, Any] = {}
    _real: NamedSignal

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name == "_real":
            # Of two threads that come at once, both must get the same one.
            real = self.__dict__.setdefault("_real", self._make_real())
            self.receivers = real.receivers
            in_use.append(self.name)
            return real
        return getattr(self._real, name)

    def _make_real(self) -> NamedSignal:
        blinker = require("blinker", needed_by=f"The signal {self.name!r}", install="blinker")
        return blinker.NamedSignal(self.name, self.__doc__)  # type: ignore[no-any-return]

    def send(
        self, sender: Any = None, /, *, _async_wrapper: Any = None, **kwargs: Any
    ) -> list[tuple[Callable[..., Any], Any]]:
        """Call every receiver that listens to *sender*.

        Args:
            sender: The application the moment belongs to.
            _async_wrapper: Makes a coroutine receiver callable; ``Flask.ensure_sync``.
            **kwargs: Passed on to each receiver.

        Returns:
            Pairs of receiver and what it returned; empty without receivers.
        """
        if not self.receivers:
            return []
        return self._real.send(sender, _async_wrapper=_async_wrapper, **kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


template_rendered = Signal("template-rendered", "After a template: template, context.")
before_render_template = Signal("before-render-template", "Before a template: template, context.")
request_started = Signal("request-started", "Before the first hook of a request.")
request_finished = Signal("request-finished", "When the response is made: response.")
request_tearing_down = Signal("request-tearing-down", "After the request's teardowns: exc.")
got_request_exception = Signal("got-request-exception", "For an unhandled exception: exception.")
appcontext_tearing_down = Signal("appcontext-tearing-down", "After the app's teardowns: exc.")
appcontext_pushed = Signal("appcontext-pushed", "When an application context is pushed.")
appcontext_popped = Signal("appcontext-popped", "When an application context is popped.")
message_flashed = Signal("message-flashed", "For each flash: message, category.")


def __getattr__(name: str) -> Any:
    """Offer ``Namespace`` and ``_signals``, in which programs make signals of their own."""
    if name not in ("Namespace", "_signals"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    namespace = require("blinker", needed_by="A namespace of signals", install="blinker").Namespace
    if name == "Namespace":
        return namespace
    ours = {found.name: found for found in globals().copy().values() if isinstance(found, Signal)}
    return globals().setdefault(name, namespace(ours))


# Those that every request sends.
_of_each_request = (
    appcontext_pushed,
    request_started,
    request_finished,
    request_tearing_down,
    appcontext_tearing_down,
    appcontext_popped,
)


def is_listened_to() -> bool:
    """Tell whether a signal of every request has a receiver; none has if none is :data:`in_use`."""
    return any(signal.receivers for signal in _of_each_request)
