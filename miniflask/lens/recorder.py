"""Wrap the framework's methods, and turn each call into steps of a recording.

Nothing here changes what a call does: each wrapper notes, calls the original, notes, and passes
on what came of it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from .. import globals as names
from ..app import Flask
from ..ctx import AppContext, RequestContext
from ..local import LocalProxy
from ..signals import Signal
from . import describe
from .notebook import NO_PHASE, Move, Notebook, Span
from .patching import Patches
from .places import PACKAGE, Source, definition, find_caller, is_program
from .trace import Trace, trim

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
# The file, or the function in ctx.py, by way of which a context is pushed or popped.
_REASONS = {
    "app.py": "wsgi_app",
    "helpers.py": "stream_with_context",
    "testing.py": "test client",
    "in_copied_context": "copy_current_request_context",
}

_READS = ("__setattr__", "__getitem__", "__setitem__", "__contains__", "__iter__")
# Where a proxy passes on what is done to it.
_LOCAL = PACKAGE + "local.py"
_PROXIES = ("app_ctx", "current_app", "g", "request_ctx", "request", "session")


class Recorder(Notebook):
    """Record into a trace from :meth:`start` to :meth:`stop`.

    Args:
        trace: Where to.
        reads: Record a proxy's read when a line reads this context for the first time, and then
            every so many times; 0 for no reads.
    """

    def __init__(self, trace: Trace, reads: int = 100) -> None:
        super().__init__(trace)
        self.reads = reads
        self.active = False
        self._patches = Patches()
        self._hooks: list[tuple[list[Any], Any, Any]] = []
        # How often a line has read a context.
        self._seen: dict[Any, int] = {}
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
            phase = phases[-1] if phases else NO_PHASE
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
            self.ledger.explain(error, proxy, var, lane, context, source, self.now)


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
    while frame is not None and frame.f_code.co_filename == _LOCAL:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(PACKAGE)


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
