"""An attribute that is worked out when it is first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


_set = object.__setattr__


class _OnDemand:
    """Not a data descriptor: from the second read on Python finds the value without asking it."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        if obj is None:
            return self
        if getattr(type(obj), self.name) is self:
            value = self.compute(obj)
            _set(obj, self.name, value)
            return value
        # Only a subclass that asks by ``super()`` comes here again.
        if self.name not in obj.__dict__:
            obj.__dict__[self.name] = self.compute(obj)
        return obj.__dict__[self.name]


def on_demand(compute: Callable[[Any], T]) -> T:
    """Make an attribute of *compute*, called with the object at the first read and never again.

    Args:
        compute: Takes the object and returns the value; its docstring is the attribute's.

    Source: ``werkzeug.utils.cached_property`` does the same, and is asked at every read.
    """
    return _OnDemand(compute)  # type: ignore[return-value]  # what reading it gives


def keep_in_place(kind: type, *names: str) -> None:
    """Have Python keep these attributes in the instances themselves, and not in a dict beside.

    It does so with the names that the first thirty instances of a class have.  What is worked out
    on demand may come later than that, and each instance that has it would get a dict of its own,
    in which whatever it has takes longer to find.

    Args:
        kind: A class whose instances can do without ``__init__`` and ``__setattr__``.
        *names: No more than twenty-nine.

    Source: CPython since 3.11, ``init_inline_values``; to others it makes no difference.
    """
    first: Any = object.__new__(kind)
    for name in names:
        _set(first, name, None)
