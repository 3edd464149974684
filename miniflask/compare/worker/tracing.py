"""What happens inside an application while it answers, written down from outside.

Every function that a program registered is wrapped where it was registered, signals get a
listener, and log records are read as they pass.  The framework is not asked to help, so this
works on any that keeps Flask's registries.
"""

from __future__ import annotations

import inspect
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import ModuleType
from typing import Any

#: Registries: row -> functions.
BY_ROW = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "url_value_preprocessors",
    "url_default_functions",
    "template_context_processors",
)
#: Registries: functions.
LISTS = ("before_first_request_funcs", "teardown_appcontext_funcs", "url_build_error_handlers")
SIGNALS = (
    *("appcontext_pushed", "appcontext_popped", "appcontext_tearing_down"),
    *("before_render_template", "template_rendered", "message_flashed"),
    *("request_started", "request_finished", "request_tearing_down", "got_request_exception"),
)
#: Of a longer description only this much is kept.
LONGEST = 80
FRAMEWORKS = ("flask", "miniflask")


def describe(value: Any, depth: int = 2) -> str:
    """Describe a value in few words that are the same on both frameworks."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        text = repr(value)
    elif isinstance(value, BaseException):
        text = f"{type(value).__name__}: {value}"
    elif isinstance(value, dict) and depth:
        text = ", ".join(f"{k!s}: {describe(v, depth - 1)}" for k, v in value.items())
        text = f"{{{text}}}"
    elif isinstance(value, (list, tuple)) and depth:
        text = f"({', '.join(describe(item, depth - 1) for item in value)})"
    elif isinstance(getattr(type(value), "status_code", None), property):
        text = f"<{type(value).__name__} {getattr(value, 'status', '')}>"
    else:
        text = f"<{type(value).__name__}>"
    text = without_addresses(text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def without_addresses(text: str) -> str:
    """Take out where in memory something lies, which is another place in each process."""
    return re.sub(r"\b0x[0-9a-f]{6,16}\b", "0x...", text)


class Trace:
    """The events of a request, each indented by what it happened in."""

    def __init__(self) -> None:
        self.events: list[list[str]] = []
        self._here = threading.local()

    def add(self, *words: str) -> list[str]:
        """Write an event down; more words may be added to it later."""
        event = ["  " * getattr(self._here, "depth", 0), *words]
        self.events.append(event)
        return event

    def take(self) -> list[str]:
        """Return the events so far as lines, and forget them."""
        events, self.events = self.events, []
        return ["".join(event) for event in events]

    @contextmanager
    def step(self, label: str, args: Any, kwargs: Any) -> Iterator[Callable[[Any], Any]]:
        """Write a call down, then what came of it, which is to be told to what this yields."""
        told = [describe(a) for a in args] + [f"{k}={describe(v)}" for k, v in kwargs.items()]
        event = self.add(label, f"({', '.join(told)})")
        depth = self._here.__dict__.setdefault("depth", 0)
        self._here.depth = depth + 1

        def returns(result: Any) -> Any:
            if result is not None:
                event.append(f" -> {describe(result)}")
            return result

        try:
            yield returns
        except BaseException as e:
            event.append(f" raised {describe(e)}")
            raise
        finally:
            self._here.depth = depth

    def wrap(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Make a function that does the same and is written down."""
        if inspect.iscoroutinefunction(function):

            @wraps(function)
            async def traced_coroutine(*args: Any, **kwargs: Any) -> Any:
                with self.step(label, args, kwargs) as returns:
                    return returns(await function(*args, **kwargs))

            return traced_coroutine

        @wraps(function)
        def traced(*args: Any, **kwargs: Any) -> Any:
            with self.step(label, args, kwargs) as returns:
                return returns(function(*args, **kwargs))

        return traced


def watch(app: Any, trace: Trace, signals: ModuleType, connect: bool) -> None:
    """Wrap everything that is registered on an application, and listen to it.

    Args:
        app: The application, before its first request.
        trace: What to write to.
        signals: The framework's module of that name.
        connect: Whether there is a Blinker to listen with, on both sides.
    """
    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = trace.wrap(f"view {endpoint}", view)
    for registry in BY_ROW:
        for row, functions in getattr(app, registry).items():
            _wrap_each(functions, trace, _kind(registry), f"{row}:" if row else "")
    for registry in LISTS:
        _wrap_each(getattr(app, registry, []), trace, _kind(registry), "")
    for row, by_code in app.error_handler_spec.items():
        for handlers in by_code.values():
            for error, handler in handlers.items():
                label = f"errorhandler {f'{row}:' if row else ''}{error.__name__} {_name(handler)}"
                handlers[error] = trace.wrap(label, handler)
    for name in SIGNALS if connect else ():
        getattr(signals, name).connect(_listener(name, trace), weak=False)
    _read_log(trace)


def _kind(registry: str) -> str:
    return registry.replace("_funcs", "").replace("_functions", "").rstrip("s")


def _name(function: Any) -> str:
    return getattr(function, "__qualname__", type(function).__name__).replace("<locals>.", "")


def _wrap_each(functions: Any, trace: Trace, kind: str, row: str) -> None:
    """Wrap the functions of a list in place, but for those that the framework put there."""
    for i, function in enumerate(functions):
        if (getattr(function, "__module__", None) or "").split(".")[0] not in FRAMEWORKS:
            functions[i] = trace.wrap(f"{kind} {row}{_name(function)}", function)


def _listener(name: str, trace: Trace) -> Callable[..., None]:
    def listen(sender: Any, **kwargs: Any) -> None:
        kwargs.pop("context", None)  # all that a template can see
        if "template" in kwargs:
            kwargs["template"] = kwargs["template"].name
        told = ", ".join(f"{k}={describe(v)}" for k, v in sorted(kwargs.items()))
        trace.add(f"signal {name}({told})")

    return listen


def _read_log(trace: Trace) -> None:
    """Write down what is logged, without being a handler: that would change who else is one."""
    call_handlers = logging.Logger.callHandlers

    def read(self: logging.Logger, record: logging.LogRecord) -> None:
        error = f" ({describe(record.exc_info[1])})" if record.exc_info else ""
        trace.add(f"log {record.levelname} {describe(record.getMessage())}{error}")
        call_handlers(self, record)

    logging.Logger.callHandlers = read  # type: ignore[method-assign]  # for the whole process
