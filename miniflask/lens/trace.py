"""What was recorded: steps, on lanes, about contexts.

Nothing is kept here but numbers, names and lines.  A recording holds no request, session or
application alive, and has no place for the contents of a session or the value of a secret.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .places import Source

#: The kinds of steps, each with what it is.
KINDS = {
    "request": "a request reaches the application, and is answered",
    "push": "a context is made the active one",
    "pop": "a context stops being the active one",
    "set": "a context variable is set; the token brings its old value back",
    "reset": "a token is spent",
    "copy": "a request context is copied",
    "hook": "a function registered to run around views",
    "view": "the view",
    "handler": "an error handler",
    "teardown": "a function registered to run when a context is popped",
    "call": "a function called by way of ensure_sync",
    "signal": "a signal is sent to its receivers",
    "read": "a proxy looks up what it stands for",
}


@dataclass(frozen=True)
class Lane:
    """A thread, greenlet or task."""

    number: int
    kind: str
    name: str
    thread: str


@dataclass(frozen=True)
class Subject:
    """An app context or a request context, by the name that the recording gives it: A1, R1.

    Args:
        label: That name.
        kind: ``app context`` or ``request context``.
        app: The name of the application.
        title: The request, as method and URL; the application's name for an app context.
        request: Numbers the request object, which a copied context shares.
        headers: The request's headers, secrets withheld.
        copy_of: The context that it is a copy of.
    """

    label: str
    kind: str
    app: str
    title: str
    request: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    copy_of: str | None = None


@dataclass(frozen=True)
class State:
    """What the two variables hold on a lane, and why."""

    app: str | None
    app_why: str
    request: str | None
    request_why: str


@dataclass(frozen=True)
class Event:
    """One step.

    Args:
        step: Counts from 1.
        time: Seconds since the recording began.
        kind: One of :data:`KINDS`.
        phase: ``begin`` and ``end`` of something that takes time, else ``at``.
        text: What happened.
        lane: The number of the lane it happened on.
        context: The number of the ``contextvars.Context`` it happened in.
        subject: The context it is about.
        token: The token that was made or spent.
        source: The line of the program that led to it.
        note: Who asked for it, or why it went wrong.
        error: The class of the exception it ended with.
        state: What the lane's variables hold from now on; None for what they held before.
    """

    step: int
    time: float
    kind: str
    phase: str
    text: str
    lane: int
    context: int
    subject: str | None = None
    token: str | None = None
    source: Source | None = None
    note: str = ""
    error: str | None = None
    state: State | None = None


class Trace:
    """A recording; complete once it is stopped, readable at any time.

    Args:
        limit: How many steps to keep; older ones are dropped.
        title: What was recorded.
    """

    def __init__(self, limit: int = 100_000, title: str = "") -> None:
        self.limit = limit
        self.title = title
        self.lanes: dict[int, Lane] = {}
        self.subjects: dict[str, Subject] = {}
        #: Context number -> number of the Context that it is a copy of.
        self.contexts: dict[int, int | None] = {}
        self.total = 0
        #: The time of the last step.
        self.latest = 0.0
        #: Notified of each new step.
        self.changed = threading.Condition(threading.RLock())
        self._events: deque[Event] = deque(maxlen=limit)

    @property
    def events(self) -> list[Event]:
        """The steps, oldest first."""
        with self.changed:
            return list(self._events)

    def add(self, event: Event) -> None:
        """Append a step, and tell whoever waits for one."""
        with self.changed:
            self._events.append(event)
            self.total, self.latest = event.step, event.time
            for table in (self.lanes, self.subjects, self.contexts):
                trim(table, self.limit)
            self.changed.notify_all()

    def since(self, step: int) -> dict[str, Any]:
        """Return the steps after *step*, with the lanes and contexts that they name, for JSON."""
        with self.changed:
            events = list(self._tail(self.total - step))
            lanes = {event.lane for event in events}
            return {
                "events": [as_json(event) for event in events],
                "lanes": [vars(self.lanes[n]) for n in sorted(lanes) if n in self.lanes],
                "subjects": {
                    label: vars(self.subjects[label])
                    for label in sorted(mentioned(events))
                    if label in self.subjects
                },
            }

    def _tail(self, length: int) -> Iterator[Event]:
        return islice(self._events, max(0, len(self._events) - length), None)

    def text(self, stable: bool = False) -> str:
        """Draw the recording as text; see :func:`miniflask.lens.text.draw`."""
        from .text import draw

        return draw(self, stable)

    def html(self) -> str:
        """Draw the recording as one page that needs no network."""
        from .page import page

        return page(self)

    def chrome(self) -> str:
        """Return the recording in Chrome's Trace Event Format, for ``ui.perfetto.dev``."""
        from .chrome import chrome

        return chrome(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the recording to a file: ``.html`` the page, ``.json`` Chrome's, else text."""
        suffix = os.path.splitext(path)[1]
        content = {".html": self.html, ".json": self.chrome}.get(suffix, self.text)()
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)


def trim(table: dict[Any, Any], limit: int) -> None:
    """Drop the oldest entries of a table that has more than *limit*."""
    while len(table) > limit:
        del table[next(iter(table))]


def mentioned(events: list[Event]) -> set[str]:
    """List the contexts that some steps name."""
    labels = {event.subject for event in events}
    for event in events:
        if event.state is not None:
            labels |= {event.state.app, event.state.request}
    return {label for label in labels if label is not None}


def as_json(event: Event) -> dict[str, Any]:
    """Make a step ready for JSON; what is empty is left out."""
    given = {name: value for name, value in vars(event).items() if value not in (None, "")}
    if event.source is not None:
        given["source"] = str(event.source)
        given["function"] = event.source.function
    if event.state is not None:
        given["state"] = vars(event.state)
    return given
