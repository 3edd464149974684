"""An application on both frameworks, driven step by step, and everything observed compared."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import io
import logging
import re
import sys
import warnings
from collections.abc import Callable
from itertools import zip_longest
from types import CodeType
from typing import Any

import flask
import werkzeug
import werkzeug.exceptions

import miniflask
from tests.against_flask.generated import preamble
from tests.against_flask.generated.driving import Wsgi
from tests.against_flask.generated.model import App, Change, Step
from tests.against_flask.generated.source import application, program
from tests.against_flask.generated.vocabulary import SIGNALS
from tests.against_flask.harness import Trace

LOGGER = logging.getLogger("sample")
VARYING = re.compile(r"( at 0x[0-9a-f]+| \(<[^()]*>, line \d+\))|\bminiflask\b")
AROUND = {**vars(preamble), "asyncio": asyncio, "io": io, "werkzeug": werkzeug}


class Difference(AssertionError):
    """The frameworks do not agree; the message is a program that shows it."""


class Logged(logging.Handler):
    """Trace what is logged."""

    def __init__(self, trace: Trace) -> None:
        super().__init__()
        self.trace = trace

    def emit(self, record: logging.LogRecord) -> None:
        """Trace a record, with the exception that it tells of."""
        error = record.exc_info[1] if record.exc_info else None
        self.trace("logged", record.levelname, record.getMessage(), error)


class Side:
    """An application on one framework, in a ``contextvars.Context`` of its own.

    The Context keeps what a request left behind for the requests after it, and nothing else.
    """

    def __init__(self, fw: Any, code: CodeType, way: type[Wsgi]) -> None:
        self.fw = fw
        self.trace = Trace(fw)
        self.context = contextvars.Context()
        self.handler = Logged(self.trace)
        self.level = logging.NOTSET
        self.names: dict[str, Any] = {}
        self.way: Wsgi | None = None
        self.observe(lambda: self.build(code, way))

    def build(self, code: CodeType, way: type[Wsgi]) -> None:
        """Run the application's code, and get ready to drive it."""
        self.names = {**AROUND, "fw": self.fw, "trace": self.trace}
        try:
            exec(code, self.names)
        except Exception as e:
            self.trace("not built", e)
            return
        self.way = way(self.fw, self.names["app"], self.trace)
        self.names.update(trace=self.trace, pause=self.way.pause)

    def step(self, step: Step) -> None:
        """Send requests, or run a line of code."""
        if isinstance(step, Change):
            self.observe(lambda: self.change(step.code))
        elif self.way is not None:
            self.observe(lambda: self.way.send(step.visits))  # type: ignore[union-attr]

    def change(self, code: str) -> None:
        """Run a line of code in the program."""
        try:
            exec(code, self.names)
        except Exception as e:
            self.trace("changed", e)

    def finish(self) -> None:
        """Drive it to its end, and leave nothing behind."""
        if self.way is not None:
            self.observe(self.way.finish)
        if "app" in self.names:
            for name in SIGNALS:
                signal = getattr(self.fw, name)
                for receiver in list(signal.receivers_for(self.names["app"])):
                    signal.disconnect(receiver)  # from every sender: else a trace of it stays
        self.names.clear()

    def observe(self, action: Callable[[], None]) -> None:
        """Do something in our Context, tracing what is logged, warned of, and cannot be raised."""
        hook, sys.unraisablehook = sys.unraisablehook, self.unraisable
        LOGGER.handlers[:] = [self.handler]
        LOGGER.setLevel(self.level)
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                self.context.run(action)
        finally:
            self.level = LOGGER.level
            LOGGER.handlers.clear()
            sys.unraisablehook = hook
        for warning in caught:
            # When a file that nobody closed is noticed is up to the garbage collector.
            if not issubclass(warning.category, ResourceWarning):
                self.trace("warned", warning.category.__name__, str(warning.message))

    def take(self) -> list[Any]:
        """Return what was traced since the last time."""
        events, self.trace.events[:] = list(self.trace.events), []
        return events

    def unraisable(self, unraisable: Any) -> None:
        """Trace what was raised where nobody could catch it."""
        self.trace("unraisable", unraisable.exc_value)


class Pair:
    """An application on both frameworks, compared after each step."""

    def __init__(self, app: App, way: type[Wsgi]) -> None:
        self.app = app
        self.way = way
        self.steps: list[Step] = []
        #: Everything that was traced, on Flask.
        self.told: list[Any] = []
        self.parted = False
        # What is dropped is collected where a way of driving says so, and nowhere else.
        gc.disable()
        LOGGER.propagate = False
        code = compile(application(app), "<generated application>", "exec")
        self.ours, self.theirs = (Side(fw, code, way) for fw in (miniflask, flask))

    def step(self, step: Step) -> None:
        """Do the same with both, and compare what came of it."""
        self.steps.append(step)
        self.ours.step(step)
        self.theirs.step(step)
        self.compare()

    def finish(self) -> None:
        """Drive both to their end."""
        self.ours.finish()
        self.theirs.finish()
        LOGGER.setLevel(logging.NOTSET)
        LOGGER.propagate = True
        gc.enable()
        if not self.parted:
            self.compare()

    def compare(self) -> None:
        """Raise a difference, if there is one, with a program that shows it."""
        ours, theirs = self.ours.take(), self.theirs.take()
        self.told += theirs
        if ours == theirs or (ours := plain(ours)) == (theirs := plain(theirs)):
            return
        self.parted = True
        where = next(
            i for i, pair in enumerate(zip_longest(ours, theirs)) if len({*map(repr, pair)}) > 1
        )
        shown = [
            f"{name}: {events[where : where + 3]}"
            for name, events in (("ours", ours), ("theirs", theirs))
        ]
        raise Difference("\n".join([*shown, "", program(self.app, self.steps, self.way)]))


def plain(value: Any) -> Any:
    """Leave out of what was traced where an object lies, and which framework it is of."""
    if isinstance(value, str):
        return VARYING.sub(lambda match: "" if match[1] else "flask", value)
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value
