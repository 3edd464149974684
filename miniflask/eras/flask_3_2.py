"""Flask 3.2 (not yet released): one merged context.

One variable holds one context, which has a request or has none.  It keeps one token, counts its
pushes, and looks before it pops: unless it is the active one, nothing changes.

Source: ``flask.ctx`` on Flask's main branch, April 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ..local import Local as Local
from ..local import LocalProxy as LocalProxy
from ..local import LocalStack as LocalStack


class Contexts:
    """One variable, of the active application together with its request."""

    def __init__(self) -> None:
        self._cv_app: ContextVar[Any] = ContextVar("eras.app")

    @property
    def app(self) -> Any:
        """The active application; None without one."""
        return self._cv_app.get((None, None))[0]

    @property
    def request(self) -> Any:
        """The active request; None without one."""
        return self._cv_app.get((None, None))[1]

    def push(self, app: Any, request: Any) -> Callable[[], None]:
        """Set the variable; returns the function that resets it.

        That one raises RuntimeError, and changes nothing, when this context is not the active one.
        """
        context = (app, request)
        token = self._cv_app.set(context)
        popped = False

        def pop() -> None:
            nonlocal popped
            found = self._cv_app.get(None)
            if popped or found is not context:
                raise RuntimeError(f"Cannot pop {context!r}, it is not the active {found!r}")
            self._cv_app.reset(token)
            popped = True

        return pop

    def clear(self) -> None:
        """Forget what is active."""
        self._cv_app.set((None, None))
