"""Who is at work, on what, and in the middle of what; each step goes into the trace.

A token has no moment of its own that could be wrapped.  So a push or pop that is going on is
remembered as a :class:`Move`, and whoever adds a step first looks whether its token has been made
or spent by now.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from .. import globals as names
from ..ctx import AppContext
from . import describe
from .ledger import Ledger
from .places import Source, current_context, current_runner, runner_name
from .trace import Event, Lane, State, Subject, Trace, trim

#: What a function is that is called by way of ``ensure_sync`` anywhere else.
NO_PHASE = ("call", "call")


class Runner:
    """A lane at work: what it is in the middle of."""

    def __init__(self, lane: Lane) -> None:
        self.lane = lane
        #: The innermost says what ``ensure_sync`` hands out.
        self.phases: list[tuple[str, str]] = []
        self.moves: list[Move] = []
        self.state: State | None = None
        self.status = ""


class Move:
    """A push or a pop that is going on: has its token been made or spent yet?"""

    def __init__(self, ctx: Any, kind: str, label: str, source: Source | None) -> None:
        self.ctx, self.kind, self.label, self.source = ctx, kind, label, source
        self.var = names._cv_app if isinstance(ctx, AppContext) else names._cv_request
        tokens = self._tokens()
        self.depth = len(tokens)
        self.top = tokens[-1] if tokens else None

    def _tokens(self) -> list[Any]:
        entries = getattr(self.ctx, "_cv_tokens", ())
        return [entry[0] if isinstance(entry, tuple) else entry for entry in entries]

    def look(self) -> Any:
        """Return the token, once: as soon as it has been made or spent."""
        tokens = self._tokens()
        if self.kind == "push" and len(tokens) > self.depth:
            self.depth = len(tokens)
            return tokens[-1]
        if self.kind == "pop" and len(tokens) < self.depth:
            self.depth = -1
            return self.top
        return None


class Notebook:
    """Turn what happens into the steps of a trace.

    Args:
        trace: Where they go.
    """

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.ledger = Ledger(trace)
        self._lock = trace.changed
        self._began = time.perf_counter()
        self._runners: WeakKeyDictionary[Any, Runner] = WeakKeyDictionary()
        self._subjects: WeakKeyDictionary[Any, Subject] = WeakKeyDictionary()
        self._contexts: dict[int, int] = {}
        self._requests: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._counts = {"A": 0, "R": 0, "T": 0, "C": 0, "request": 0}

    def runner(self) -> Runner:
        """Return what runs this code, with a lane of its own."""
        kind, running = current_runner()
        with self._lock:
            found = self._runners.get(running)
            if found is None:
                number = max(self.trace.lanes, default=0) + 1
                lane = Lane(
                    number, kind, runner_name(kind, running), threading.current_thread().name
                )
                found = self._runners[running] = Runner(lane)
            self.trace.lanes[found.lane.number] = found.lane
            return found

    def note(self, kind: str, phase: str, text: str, **details: Any) -> Event:
        """Add a step, after the tokens that were made or spent since the last one."""
        with self._lock:
            runner, context = self.runner(), self.context()
            for move in runner.moves:
                token = move.look()
                if token is not None:
                    self._note_token(runner, context, move, token)
            return self._add(runner, context, kind, phase, text, **details)

    def context(self) -> int:
        """Return the number of the Context that is running."""
        mark = current_context()
        parent = None if mark.parent is None else self._context_number(mark.parent)
        number = self._context_number(mark.number)
        self.trace.contexts[number] = parent
        return number

    def _context_number(self, mark: int) -> int:
        if mark not in self._contexts:
            self._counts["C"] += 1
            self._contexts[mark] = self._counts["C"]
            trim(self._contexts, self.trace.limit)
        return self._contexts[mark]

    def _add(
        self, runner: Runner, context: int, kind: str, phase: str, text: str, **details: Any
    ) -> Event:
        state: State | None = self._state(runner, context)
        if state == runner.state:
            state = None
        else:
            runner.state = state
        event = Event(
            self.trace.total + 1,
            self.now,
            kind,
            phase,
            text,
            runner.lane.number,
            context,
            state=state,
            **details,
        )
        self.trace.add(event)
        return event

    def _note_token(self, runner: Runner, context: int, move: Move, token: Any) -> None:
        """Note that a token was made or spent."""
        step = self.trace.total + 1
        var, label, source = move.var.name, move.label, move.source
        short = var.rpartition(".")[2]
        note = ""
        if move.kind == "push":
            self._counts["T"] += 1
            name = f"T{self._counts['T']}"
            self.ledger.made(id(token), name, context, var, label, step, source)
            kind, text = "set", f"set {short} to {label}"
        else:
            name, made_in = self.ledger.spent(id(token))
            left = None if token.old_value is token.MISSING else self.label(token.old_value)
            kind, text = "reset", f"reset {short} to {left or 'nothing'}"
            if made_in not in (None, context) and self.label(move.var.get(None)) != left:
                note = f"refused: {name} was made in Context {made_in}, this is Context {context}"
            self.ledger.popped(context, var, self.subject(move.ctx), step, runner.lane, source)
        details = {"subject": label, "token": name, "source": source, "note": note}
        self._add(runner, context, kind, "at", text, **details)

    def _state(self, runner: Runner, context: int) -> State:
        app, request = (self.label(var.get(None)) for var in (names._cv_app, names._cv_request))
        why = self.ledger.why
        return State(
            app,
            why(context, names._cv_app.name, app, runner.lane.kind),
            request,
            why(context, names._cv_request.name, request, runner.lane.kind),
        )

    def label(self, ctx: Any) -> str | None:
        """Name a context: A1 is the first app context that was met, R1 the first request."""
        return None if ctx is None else self.subject(ctx).label

    def subject(self, ctx: Any, copy_of: str | None = None) -> Subject:
        """Describe a context; the recording has the description from now on."""
        with self._lock:
            found = self._subjects.get(ctx)
            if found is None:
                letter = "A" if isinstance(ctx, AppContext) else "R"
                self._counts[letter] += 1
                label = f"{letter}{self._counts[letter]}"
                if isinstance(ctx, AppContext):
                    found = describe.describe_app_context(label, ctx)
                else:
                    number = self._request_number(ctx.request)
                    found = describe.describe_request_context(label, ctx, number, copy_of)
                self._subjects[ctx] = found
            self.trace.subjects[found.label] = found
            return found

    def _request_number(self, request: Any) -> int:
        if request not in self._requests:
            self._counts["request"] += 1
            self._requests[request] = self._counts["request"]
        return self._requests[request]

    @property
    def now(self) -> float:
        """Seconds since the recording began."""
        return time.perf_counter() - self._began


class Span:
    """A step that takes time: notes its begin and its end, and how it ended."""

    def __init__(
        self, notebook: Notebook, runner: Runner, kind: str, text: str, **details: Any
    ) -> None:
        self._notebook, self._runner = notebook, runner
        self._kind, self._text, self._details = kind, text, details
        self._finally: Callable[[], object] | None = None
        #: Says how it ended; by default in the words in which it began.
        self.result: Callable[[], str] | None = None

    def finally_do(self, action: Callable[[], object]) -> None:
        """Do something once the end is noted."""
        self._finally = action

    def __enter__(self) -> Span:
        self._notebook.note(self._kind, "begin", self._text, **self._details)
        self._runner.phases.append(NO_PHASE)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._runner.phases.pop()
        text = self.result() if self.result else self._text
        error = None if exc_type is None else exc_type.__name__
        self._notebook.note(self._kind, "end", text, error=error, **self._details)
        if self._finally is not None:
            self._finally()
