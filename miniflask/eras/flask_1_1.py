"""Flask 1.1 (2019): the dict keyed by greenlet, and two stacks.

Where greenlet is installed, every thread runs in one as well, so the greenlet alone tells who
asks.  It is an object, kept alive by being a key: no later thread is taken for it.  Tasks of
asyncio take turns within one greenlet, and share everything.

Since 0.9 there are two kinds of context, each with its own stack.  A request brings an app
context along if that of its application is not on top, and remembers for each push whether it
did.

Source: ``werkzeug.local`` of Werkzeug 1.0.1, ``flask.ctx`` and ``flask.globals`` of Flask 1.1.4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import flask_0_1
from .flask_0_1 import LocalProxy as LocalProxy

try:
    from greenlet import getcurrent as get_ident  # type: ignore[import-untyped]  # has no stubs
except ImportError:
    from threading import get_ident


class Local(flask_0_1.Local):
    """A namespace for each greenlet: ``__storage__`` has a dict per greenlet."""

    __slots__ = ()
    _ident_func: Callable[[], Any] = staticmethod(get_ident)


class LocalStack(flask_0_1.LocalStack):
    """A stack for each greenlet: the list ``_local.stack``, released by the last pop."""

    _local_class = Local


class Contexts:
    """Two stacks, of app contexts and of request contexts, which are the only truth."""

    _stack_class: Callable[[], Any] = LocalStack

    def __init__(self) -> None:
        self._app_ctx_stack = self._stack_class()
        self._request_ctx_stack = self._stack_class()

    @property
    def app(self) -> Any:
        """The application on top of its stack; None without one."""
        return self._app_ctx_stack.top

    @property
    def request(self) -> Any:
        """The request on top of its stack; None without one."""
        return self._request_ctx_stack.top

    def push(self, app: Any, request: Any) -> Callable[[], None]:
        """Push a request's contexts; returns the function that pops them.

        That one raises AssertionError for a wrong context, after it was popped.
        """
        implicit = [self._app_ctx_stack.top != app]
        if implicit[0]:
            self._app_ctx_stack.push(app)
        self._request_ctx_stack.push(request)

        def pop() -> None:
            brought_app = implicit.pop()
            popped = [(self._request_ctx_stack.pop(), request)]
            if brought_app:
                popped.insert(0, (self._app_ctx_stack.pop(), app))
            for found, expected in popped:
                if found != expected:
                    raise AssertionError(f"Popped {found!r} instead of {expected!r}")

        return pop

    def clear(self) -> None:
        """Empty the stacks of this greenlet, or task."""
        self._app_ctx_stack.__release_local__()
        self._request_ctx_stack.__release_local__()
