"""Wrap the framework's methods, and turn each call into steps of a recording.

Nothing here changes what a call does: each wrapper notes, calls the original, notes, and passes
on what came of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial, update_wrapper
from types import TracebackType
from typing import Any
from weakref import WeakKeyDictionary

from .. import globals as names
from ..app import Flask
from ..ctx import AppContext, RequestContext
from ..local import LocalProxy
from ..signals import Signal
from . import describe
from .ledger import Ledger
from .patching import Patches
from .places import (
    PACKAGE,
    Source,
    current_context,
    current_runner,
    definition,
    find_caller,
    is_program,
    runner_name,
)
from .trace import Event, Lane, State, Subject, Trace, trim

#: What a function is that is called by way of ``ensure_sync`` within these methods.
PHASES = {
    "full_dispatch_request": ("hook", "before_first_request"),
    "preprocess_request": ("hook", "before_request"),
    "dispatch_request": ("view", "view"),
    "process_response": ("hook", "after_request"),
    "handle_user_exception": ("handler", "errorhandler"),
    "handle_http_exception": ("handler", "errorhandler"),
    "handle_exception": ("handler", "errorhandler"),
    "update_template_context": ("hook", "context_processor"),
    "do_teardown_request": ("teardown", "teardown_request"),
    "do_teardown_appcontext": ("teardown", "teardown_appcontext"),
}
_NO_PHASE = ("call", "call")

# The file, or the function in ctx.py, by way of which a context is pushed or popped.
_REASONS = {
    "app.py": "wsgi_app",
    "helpers.py": "stream_with_context",
    "testing.py": "test client",
    "in_copied_context": "copy_current_request_context",
}

_READS = ("__setattr__", "__getitem__", "__setitem__", "__contains__", "__iter__")
_PROXIES = ("app_ctx", "current_app", "g", "request_ctx", "request", "session")


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


class Recorder:
    """Record into a trace from :meth:`start` to :meth:`stop`.

    Args:
        trace: Where to.
        reads: Record a proxy's read when a line reads this context for the first time, and then
            every so many times; 0 for no reads.
    """

    def __init__(self, trace: Trace, reads: int = 100) -> None:
        self.trace = trace
        self.reads = reads
        self.active = False
        self.ledger = Ledger(trace)
        self._lock = trace.changed
        self._began = time.perf_counter()
        self._patches = Patches()
        self._runners: WeakKeyDictionary[Any, Runner] = WeakKeyDictionary()
        self._subjects: WeakKeyDictionary[Any, Subject] = WeakKeyDictionary()
        self._contexts: dict[int, int] = {}
        self._requests: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._counts = {"A": 0, "R": 0, "T": 0, "C": 0, "request": 0}
        self._seen: dict[Any, int] = {}
        self._hooks: list[tuple[list[Any], Any, Any]] = []
        self._proxies = {id(getattr(names, name)): name for name in _PROXIES}

    # ---- on and off ----

    def start(self) -> None:
        """Wrap the framework."""
        wrap = self._patches.wrap
        self.active = True
        for cls in (AppContext, RequestContext):
            wrap(cls, "push", partial(self._moving, "push"))
            wrap(cls, "pop", partial(self._moving, "pop"))
        wrap(RequestContext, "copy", self._copying)
        wrap(names._ContextStack, "push", partial(self._stacking, "push"))
        wrap(names._ContextStack, "pop", partial(self._stacking, "pop"))
        wrap(Flask, "wsgi_app", self._serving)
        for name, phase in PHASES.items():
            wrap(Flask, name, partial(self._phase, phase))
        wrap(Flask, "ensure_sync", self._handing_out)
        wrap(Signal, "send", self._sending)
        wrap(LocalProxy, "__getattribute__", self._reading_attribute)
        wrap(LocalProxy, "_get_current_object", self._reading)
        for name in _READS:
            wrap(LocalProxy, name, self._reading)

    def stop(self) -> None:
        """Leave the framework as it was before."""
        self.active = False
        self._patches.undo()
        for functions, original, replacement in self._hooks:
            for i, function in enumerate(functions):
                if function is replacement:
                    functions[i] = original
        self._hooks.clear()

    # ---- steps ----

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
            time.perf_counter() - self._began,
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

    # ---- contexts ----

    def _moving(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap ``push`` or ``pop``."""

        def move(ctx: Any, *args: Any, **kwargs: Any) -> Any:
            runner = self.runner()
            subject = self.subject(ctx)
            label = subject.label
            source, frame = find_caller()
            reason = f"by {runner.moves[-1].label}" if runner.moves else _reason(frame)
            active = names._cv_app.get(None)
            if kind == "push" and label[0] == "R" and active and active.app is ctx.app:
                reason = f"{reason}; {self.label(active)} is active, with its g".removeprefix("; ")
            going = Move(ctx, kind, label, source)
            text = f"{kind} {subject.kind} {label} {subject.title}"
            with Span(self, runner, kind, text, subject=label, source=source, note=reason) as span:
                runner.moves.append(going)
                span.finally_do(lambda: runner.moves.remove(going))
                return original(ctx, *args, **kwargs)

        return update_wrapper(move, original)

    def _copying(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def copy(ctx: Any) -> Any:
            copied = original(ctx)
            label = self.label(ctx)
            new = self.subject(copied, label).label
            text = f"copy request context {label} to {new}: same request and session"
            self.note("copy", "at", text, subject=new, source=find_caller()[0])
            return copied

        return update_wrapper(copy, original)

    def _stacking(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap the ``push`` or ``pop`` of ``_request_ctx_stack`` and ``_app_ctx_stack``."""

        def move(stack: Any, *args: Any) -> Any:
            result = original(stack, *args)
            verb = "set" if kind == "push" else "reset"
            label = self.label(args[0] if args else result)
            text = f"{verb} {stack._var.name.rpartition('.')[2]} by {kind} on the stack"
            self.note(verb, "at", text, subject=label, source=find_caller()[0])
            return result

        return update_wrapper(move, original)

    # ---- a request ----

    def _serving(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def wsgi_app(app: Flask, environ: Any, start_response: Any) -> Any:
            runner = self.runner()
            title = f"request {describe.request_title(environ)}"
            runner.status = ""
            source = find_caller()[0]
            with Span(self, runner, "request", title, source=source, note=app.name) as span:
                span.result = lambda: f"answer {runner.status}".rstrip()
                return original(app, environ, start_response)

        return update_wrapper(wsgi_app, original)

    def _phase(self, phase: tuple[str, str], original: Callable[..., Any]) -> Callable[..., Any]:
        def method(app: Flask, *args: Any, **kwargs: Any) -> Any:
            runner = self.runner()
            if phase[1] == "before_request":
                self._wrap_functions(app.url_value_preprocessors, "url_value_preprocessor")
                self._wrap_functions(app.url_default_functions, "url_defaults")
            runner.phases.append(phase)
            try:
                result = original(app, *args, **kwargs)
            finally:
                runner.phases.pop()
            if phase[1] == "after_request":
                runner.status = getattr(result, "status", "")
            return result

        return update_wrapper(method, original)

    def _wrap_functions(self, functions: dict[Any, list[Any]], name: str) -> None:
        """Replace registered functions that are called without ``ensure_sync``."""
        for row in functions.values():
            for i, function in enumerate(row):
                if not _is_recorded_by(self, function):
                    row[i] = Recorded(self, ("hook", name), function, function)
                    self._hooks.append((row, function, row[i]))

    def _handing_out(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def ensure_sync(app: Flask, func: Any) -> Any:
            phases = self.runner().phases
            phase = phases[-1] if phases else _NO_PHASE
            return Recorded(self, phase, func, original(app, func))

        return update_wrapper(ensure_sync, original)

    def _sending(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def send(signal: Any, *args: Any, **kwargs: Any) -> Any:
            if signal.receivers:
                text = f"signal {signal.name}"
                self.note("signal", "at", text, source=find_caller()[0])
            return original(signal, *args, **kwargs)

        return update_wrapper(send, original)

    # ---- proxies ----

    def _reading_attribute(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def read(proxy: Any, name: str) -> Any:
            proxy_name = self._proxies.get(id(proxy))
            # Python itself asks for such names, say in `isinstance`.
            if proxy_name is None or name.startswith("__"):
                return original(proxy, name)
            return self._read(proxy_name, f".{name}", original, (proxy, name))

        return update_wrapper(read, original)

    def _reading(self, original: Callable[..., Any]) -> Callable[..., Any]:
        # No key is noted: those of a session are its contents.
        suffix = "" if original.__name__ == "_get_current_object" else "[...]"

        def read(proxy: Any, *args: Any) -> Any:
            proxy_name = self._proxies.get(id(proxy))
            if proxy_name is None:
                return original(proxy, *args)
            name = f".{args[0]}" if original.__name__ == "__setattr__" else suffix
            return self._read(proxy_name, name, original, (proxy, *args))

        return update_wrapper(read, original)

    def _read(
        self, proxy: str, name: str, original: Callable[..., Any], args: tuple[Any, ...]
    ) -> Any:
        var = names._cv_app if proxy in _PROXIES[:3] else names._cv_request
        ctx = var.get(None)
        source, frame = find_caller()
        if self.reads and not _inside(frame):
            self._sample(f"{proxy}{name}", ctx, source)
        try:
            return original(*args)
        except RuntimeError as error:
            if ctx is None:
                self._explain(error, proxy, var.name, source)
            raise

    def _sample(self, what: str, ctx: Any, source: Source | None) -> None:
        label = self.label(ctx)
        key = (self.runner().lane.number, what, label, source)
        with self._lock:
            times = self._seen[key] = self._seen.get(key, -1) + 1
            trim(self._seen, self.trace.limit)
        if times % self.reads == 0:
            text = f"read {what} of {label}" if label else f"read {what}: unbound"
            self.note("read", "at", text, subject=label, source=source)

    def _explain(self, error: RuntimeError, proxy: str, var: str, source: Source | None) -> None:
        with self._lock:
            lane, context = self.runner().lane, self.context()
            now = time.perf_counter() - self._began
            self.ledger.explain(error, proxy, var, lane, context, source, now)


class Span:
    """A step that takes time: notes its begin and its end, and how it ended."""

    def __init__(
        self, recorder: Recorder, runner: Runner, kind: str, text: str, **details: Any
    ) -> None:
        self._recorder, self._runner = recorder, runner
        self._kind, self._text, self._details = kind, text, details
        self._finally: Callable[[], object] | None = None
        #: Says how it ended; by default in the words in which it began.
        self.result: Callable[[], str] | None = None

    def finally_do(self, action: Callable[[], object]) -> None:
        """Do something once the end is noted."""
        self._finally = action

    def __enter__(self) -> Span:
        self._recorder.note(self._kind, "begin", self._text, **self._details)
        self._runner.phases.append(_NO_PHASE)
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
        self._recorder.note(self._kind, "end", text, error=error, **self._details)
        if self._finally is not None:
            self._finally()


class Recorded:
    """A function on its way to be called: a hook, a view, a handler.

    Args:
        recorder: What to tell.
        phase: What the function is.
        func: The function, as it was registered.
        sync: What to call.
    """

    def __init__(self, recorder: Recorder, phase: tuple[str, str], func: Any, sync: Any) -> None:
        # First, since it copies what the function has in its `__dict__`.
        update_wrapper(self, sync)
        self._recorder, self._phase, self._func, self._sync = recorder, phase, func, sync

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, as a step that takes time."""
        recorder = self._recorder
        # The framework may have kept it beyond the end of the recording.
        if not recorder.active:
            return self._sync(*args, **kwargs)
        kind, role = self._phase
        text = f"{role} {describe.function_name(self._func)}"
        if kind == "handler" and args:
            text += f" for {type(args[0]).__name__}"
        runner, source = recorder.runner(), definition(self._func)
        with Span(recorder, runner, kind, text, source=source):
            return self._sync(*args, **kwargs)


def _is_recorded_by(recorder: Recorder, function: Any) -> bool:
    """Tell whether a recorder is told of a function; another may have wrapped it since."""
    while isinstance(function, Recorded):
        if function._recorder is recorder:
            return True
        function = function._func
    return False


def _inside(frame: Any) -> bool:
    """Tell whether the framework itself reads a proxy."""
    while frame is not None and frame.f_code.co_filename == LOCAL:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(PACKAGE)


LOCAL = PACKAGE + "local.py"


def _reason(frame: Any) -> str:
    """Say by way of what part of the framework a context is pushed or popped."""
    while frame is not None and not is_program(frame.f_code.co_filename):
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE):
            found = _REASONS.get(code.co_name) or _REASONS.get(code.co_filename[len(PACKAGE) :])
            if found:
                return found
        frame = frame.f_back
    return ""
