"""Flask 2.0 (2021): a ContextVar, and a list changed in place.

The interpreter now keeps the dict, one `contextvars.Context` for each thread, greenlet and task
(PEP 567).  A task starts with a copy of its parent's, and such a copy holds the very same values.
Whoever changes a value in place, changes it for all that hold it.  The release candidate of
Werkzeug 2.0.0 still appended to the list in ``_local.stack``; the release copied it for a push,
but not for a pop.  A child task that pops one of two contexts takes it away from its parent.

Source: ``werkzeug.local`` of Werkzeug 2.0.0; no change up to 2.1.2.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

from .. import local
from . import flask_1_1


def _warn_of(name: str, instead: str = "") -> None:
    message = f"{name!r} is deprecated and will be removed in Werkzeug 2.1.{instead}"
    warnings.warn(message, DeprecationWarning, stacklevel=3)


class _Local:
    """What of the namespace went on after Werkzeug 2.0."""

    __slots__ = ("_storage",)

    def __init__(self) -> None:
        object.__setattr__(self, "_storage", ContextVar("local_storage"))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._storage.get({}).items())

    def __call__(self, name: str) -> LocalProxy:
        """Make a proxy of one attribute."""
        return LocalProxy(self, name)

    def __release_local__(self) -> None:
        self._storage.set({})

    def __getattr__(self, name: str) -> Any:
        try:
            return self._storage.get({})[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._storage.set({**self._storage.get({}), name: value})

    def __delattr__(self, name: str) -> None:
        values = self._storage.get({}).copy()
        if name not in values:
            raise AttributeError(name)
        del values[name]
        self._storage.set(values)


class Local(_Local):
    """A namespace for each Context: a dict in a ContextVar, copied to be changed."""

    __slots__ = ()

    @property
    def __storage__(self) -> dict[str, Any]:
        """The dict of this Context; no longer one that has a dict for everybody."""
        _warn_of("__storage__")
        return self._storage.get({})  # type: ignore[no-any-return]  # Any, by __getattr__

    @property
    def __ident_func__(self) -> Callable[[], Any]:
        """What told one user from another; nothing asks it any more."""
        _warn_of("__ident_func__", " It should not be used in Python 3.7+.")
        return flask_1_1.Local().__ident_func__  # type: ignore[no-any-return]  # of two kinds


class LocalStack:
    """A stack for each Context: the list ``_local.stack``, copied by a push alone."""

    _local_class: Callable[[], Any] = Local

    def __init__(self) -> None:
        self._local = self._local_class()

    def __release_local__(self) -> None:
        self._local.__release_local__()

    def __call__(self) -> LocalProxy:
        """Make a proxy of the item on top."""

        def top() -> Any:
            if self.top is None:
                raise RuntimeError("object unbound")
            return self.top

        return LocalProxy(top)

    def push(self, obj: Any) -> list[Any]:
        """Put an item on top; returns a list that is new."""
        self._local.stack = stack = [*getattr(self._local, "stack", ()), obj]
        return stack

    def pop(self) -> Any:
        """Take the item on top off, for all who hold this list; None when it is empty."""
        stack = getattr(self._local, "stack", None)
        if stack is None:
            return None
        if len(stack) == 1:
            self.__release_local__()
            return stack[-1]
        return stack.pop()

    @property
    def top(self) -> Any:
        """The item on top; None when the stack is empty."""
        stack = getattr(self._local, "stack", None)
        return stack[-1] if stack else None


class LocalProxy(local.LocalProxy[Any]):
    """Stand for what a Local's attribute, or a function, gives at the moment of use.

    As today's, which was written for Werkzeug 2.0; it lacks ``unbound_message`` and paths.

    Args:
        local: A :class:`Local`, or a function that returns the object.
        name: The attribute of the Local.
    """

    __slots__ = ()

    def __init__(self, local: Any, name: str | None = None) -> None:
        def find() -> Any:
            try:
                return getattr(local, name or "")
            except AttributeError:
                raise RuntimeError(f"no object bound to {name}") from None

        super().__init__(find if hasattr(local, "__release_local__") else local)


class Contexts(flask_1_1.Contexts):
    """Two stacks, of app contexts and of request contexts, which are the only truth."""

    _stack_class = LocalStack
