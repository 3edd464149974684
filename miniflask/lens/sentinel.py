"""Check after each request that the worker is clean, and name who left something behind.

A context that stays pushed makes the next request on that worker see somebody else's ``g``.  The
sentinel notes each push with its line, and looks at three moments: when the application has
returned, when the response is closed, and when the next request comes.  By then whatever a
request has pushed must be popped, where it was pushed, and the teardown functions must have run
once for each time that a context was active.

``app.wsgi_app = Sentinel(app.wsgi_app)`` turns it on for one application, and
``MINIFLASK_SENTINEL=1`` in the environment for every application of a process.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from functools import partial, update_wrapper
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from .. import globals as names
from ..app import Flask
from ..ctx import AppContext, RequestContext
from .describe import request_title
from .patching import Patches
from .places import PACKAGE, Source, current_context, current_runner, find_caller, runner_name

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ABANDONED = "abandoned stream"
UNBALANCED = "unbalanced push"
USED_TWICE = "copied context used twice"
TEARDOWN = "teardown not exactly once"

logger = logging.getLogger(__name__)


class Leak(NamedTuple):
    """What was left behind, and by whom.

    Args:
        culprit: One of the constants above.
        request: The request it began in, as method and URL; empty outside of one.
        source: The line that pushed the context.
        message: What happened, and what to do about it.
    """

    culprit: str
    request: str
    source: Source | None
    message: str

    def __str__(self) -> str:
        request = f" in {self.request!r}" if self.request else ""
        return f"{self.culprit}{request}: {self.message}"


def log(leak: Leak) -> None:
    """Log a leak as an error."""
    logger.error("%s", leak)


class Push:
    """A context that is pushed: where, and for what request."""

    def __init__(self, ctx: Any, brought: bool) -> None:
        self.source, frame = find_caller()
        self.kind = "app context" if isinstance(ctx, AppContext) else "request context"
        self.app_name = ctx.app.name
        self.where = runner_name(*current_runner())
        self.mark = current_context()
        self.watch = _watch.get()
        #: Pushed by ``stream_with_context``.
        self.streams = _is_within(frame, "helpers.py")
        #: Pushed by the push of a request context.
        self.brought = brought

    def __str__(self) -> str:
        return f"The {self.kind} of {self.app_name!r} pushed at {self.source} on {self.where!r}"

    def report(self, culprit: str, message: str) -> None:
        """Tell what went wrong with this push."""
        watch = self.watch
        leak = Leak(culprit, watch.title if watch else "", self.source, f"{self} {message}")
        (watch.report if watch else log)(leak)


class Watch:
    """One request, and what was pushed in it and is not popped yet."""

    def __init__(self, title: str, report: Callable[[Leak], object]) -> None:
        self.title, self.report = title, report
        self.pushed: list[Push] = []

    def check(self) -> None:
        """Report what is still pushed, each once."""
        left, self.pushed = self.pushed, []
        for push in left:
            if push.brought:
                continue
            if push.streams:
                push.report(ABANDONED, "stayed: exhaust the body of the response, or close it.")
            else:
                push.report(UNBALANCED, "was not popped: push it by a with statement.")


_watch: ContextVar[Watch | None] = ContextVar("miniflask.lens.watch", default=None)


class Book:
    """What is pushed and popped in this process, from :meth:`open` to :meth:`close`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._patches = Patches()
        self._readers = 0
        self._pushes: WeakKeyDictionary[Any, list[Push]] = WeakKeyDictionary()
        # How often the teardown functions ran since a context became active.
        self._teardowns: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        # What each thread, greenlet or task is in the middle of.
        self._going: WeakKeyDictionary[Any, dict[str, list[Any]]] = WeakKeyDictionary()
        #: What each thread, greenlet or task answered last.
        self.latest: WeakKeyDictionary[Any, Watch] = WeakKeyDictionary()

    def open(self) -> None:
        """Note from now on what is pushed and popped, for one more reader."""
        with self._lock:
            self._readers += 1
            if self._readers > 1:
                return
            wrap = self._patches.wrap
            for cls in (AppContext, RequestContext):
                wrap(cls, "push", self._pushing)
                wrap(cls, "pop", self._popping)
            wrap(Flask, "do_teardown_request", partial(self._tearing_down, names._cv_request))
            wrap(Flask, "do_teardown_appcontext", partial(self._tearing_down, names._cv_app))

    def close(self) -> None:
        """Leave the framework as it was before, if this was the last reader."""
        with self._lock:
            self._readers -= 1
            if self._readers == 0:
                self._patches.undo()

    def _stack(self, name: str) -> list[Any]:
        return self._going.setdefault(current_runner()[1], {}).setdefault(name, [])

    def _pushing(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def push(ctx: Any) -> Any:
            going = self._stack("pushing")
            entry = Push(ctx, brought=bool(going))
            with self._lock:
                entries = self._pushes.setdefault(ctx, [])
                elsewhere = [other for other in entries if other.mark is not entry.mark]
                if not entries:
                    self._teardowns[ctx] = 0
                entries.append(entry)
                if entry.watch is not None:
                    entry.watch.pushed.append(entry)
            if elsewhere:
                message = f"is active on {elsewhere[0].where!r} as well: make a copy for each use."
                entry.report(USED_TWICE, message)
            going.append(ctx)
            try:
                return original(ctx)
            finally:
                going.pop()

        return update_wrapper(push, original)

    def _popping(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def pop(ctx: Any, *args: Any, **kwargs: Any) -> Any:
            going = self._stack("popping")
            going.append(ctx)
            try:
                return original(ctx, *args, **kwargs)
            finally:
                going.pop()
                self._settle(ctx)

        return update_wrapper(pop, original)

    def _settle(self, ctx: Any) -> None:
        """Strike out the push that a pop undoes: the last one made here."""
        mark = current_context()
        with self._lock:
            entries = self._pushes.get(ctx)
            if not entries:
                return
            here = [entry for entry in entries if entry.mark is mark]
            entry = (here or entries)[-1]
            entries.remove(entry)
            if entry.watch is not None and entry in entry.watch.pushed:
                entry.watch.pushed.remove(entry)
            times = 1 if entries else self._teardowns.get(ctx, 1)
        if entry.mark is not mark and not entry.brought:
            where = runner_name(*current_runner())
            message = f"was popped on {where!r}, in another Context, so it stays where it was."
            entry.report(ABANDONED if entry.streams else USED_TWICE, message)
        if times != 1:
            entry.report(TEARDOWN, f"had its teardown functions run {times} times.")

    def _tearing_down(
        self, var: ContextVar[Any], original: Callable[..., Any]
    ) -> Callable[..., Any]:
        def teardown(app: Flask, *args: Any, **kwargs: Any) -> Any:
            popping = self._stack("popping")
            ctx = popping[-1] if popping else var.get(None)
            if ctx in self._teardowns:
                self._teardowns[ctx] += 1
            return original(app, *args, **kwargs)

        return update_wrapper(teardown, original)


BOOK = Book()


class Sentinel:
    """Check that each request to a WSGI application leaves its worker clean.

    Args:
        app: The application; ``app.wsgi_app`` of a miniflask application.
        report: Called with each :class:`Leak`; by default it is logged as an error.  What it
            raises goes to the server.
    """

    def __init__(self, app: WSGIApplication, report: Callable[[Leak], object] = log) -> None:
        self.app = app
        self.report = report
        BOOK.open()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI server (PEP 3333)."""
        return _answer(self.app, environ, start_response, self.report)

    def close(self) -> None:
        """Note pushes and pops no longer, if no other sentinel does; the app goes on to answer."""
        BOOK.close()


def _answer(
    app: WSGIApplication,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    report: Callable[[Leak], object],
) -> Iterable[bytes]:
    watch = Watch(request_title(environ), report)
    if _watch.get() is None:
        worker = current_runner()[1]
        previous = BOOK.latest.get(worker)
        if previous is not None:
            previous.check()
        BOOK.latest[worker] = watch
    return _Body(watch, _watched(watch, app, environ, start_response))


def _watched(watch: Watch, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function on behalf of a request."""
    token = _watch.set(watch)
    try:
        return function(*args)
    finally:
        _watch.reset(token)
        if function != next:
            watch.check()


class _Body:
    """The body of a response, produced and closed on behalf of its request."""

    def __init__(self, watch: Watch, body: Iterable[bytes]) -> None:
        self._watch, self._body = watch, body
        self._iterator: Iterator[bytes] | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._iterator is None:
            self._iterator = iter(self._body)
        item: bytes = _watched(self._watch, next, self._iterator)
        return item

    def close(self) -> None:
        """Close the body, and check."""
        _watched(self._watch, getattr(self._body, "close", lambda: None))


def _is_within(frame: FrameType | None, module: str) -> bool:
    """Tell whether a module of the framework is the nearest but ``ctx.py``."""
    own = (f"{PACKAGE}ctx.py", f"{PACKAGE}globals.py")
    while frame is not None and frame.f_code.co_filename in own:
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename == PACKAGE + module


def watch_all() -> Callable[[], None]:
    """Check every request to every application from now on, as ``MINIFLASK_SENTINEL=1`` does.

    Returns:
        A function that ends it.
    """
    patches = Patches()

    def watching(original: Callable[..., Any]) -> Callable[..., Any]:
        def wsgi_app(app: Flask, environ: Any, start_response: Any) -> Any:
            return _answer(partial(original, app), environ, start_response, log)

        return update_wrapper(wsgi_app, original)

    def stop() -> None:
        patches.undo()
        BOOK.close()

    BOOK.open()
    patches.wrap(Flask, "wsgi_app", watching)
    return stop
