"""Flask 3.1 (2024): two ContextVars, and tokens.

No stack is left.  ``ContextVar.set`` returns a token that remembers what was there before, and
``reset`` brings it back; a context keeps the token of each of its pushes.  A token belongs to the
Context that it was made in, so nobody can reset it elsewhere.  In the wrong order it brings back
what nobody asked for.

This is what miniflask runs on: see ``miniflask/local.py`` and ``miniflask/ctx.py``.

Source: ``flask.ctx`` since Flask 2.2, ``werkzeug.local`` of Werkzeug 3.1.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ..local import Local as Local
from ..local import LocalProxy as LocalProxy
from ..local import LocalStack as LocalStack


class Contexts:
    """Two variables, of the active application and of the active request."""

    def __init__(self) -> None:
        self._cv_app: ContextVar[Any] = ContextVar("eras.app")
        self._cv_request: ContextVar[Any] = ContextVar("eras.request")

    @property
    def app(self) -> Any:
        """The active application; None without one."""
        return self._cv_app.get(None)

    @property
    def request(self) -> Any:
        """The active request; None without one."""
        return self._cv_request.get(None)

    def push(self, app: Any, request: Any) -> Callable[[], None]:
        """Set the variables; returns the function that resets them.

        That one raises AssertionError when another request was active, after the reset.
        """
        app_token = None if self._cv_app.get(None) == app else self._cv_app.set(app)
        tokens = [(self._cv_request.set(request), app_token)]

        def pop() -> None:
            found = self._cv_request.get()
            token, app_token = tokens.pop()
            self._cv_request.reset(token)
            if app_token is not None:
                self._cv_app.reset(app_token)
            if found != request:
                raise AssertionError(f"Popped {found!r} instead of {request!r}")

        return pop

    def clear(self) -> None:
        """Forget what is active."""
        self._cv_app.set(None)
        self._cv_request.set(None)
