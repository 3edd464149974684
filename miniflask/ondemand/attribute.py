"""An attribute that is worked out when it is first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class _OnDemand:
    # Not a data descriptor: from the second read on Python finds the value without asking it.

    __slots__ = ("__doc__", "compute", "name")

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        # A class that takes it over under another name does not rename it for all others.
        if not hasattr(self, "name"):
            self.name = name

    def __get__(self, obj: Any, owner: type | None = None) -> Any:
        if obj is None:
            return self
        own, name = obj.__dict__, self.name
        # Only a subclass that asks by ``super()`` comes here again.
        if name not in own:
            own[name] = self.compute(obj)
        return own[name]


def on_demand(compute: Callable[[Any], T]) -> T:
    """Make an attribute of *compute*, called with the object at the first read and never again.

    Args:
        compute: Takes the object and returns the value; its docstring is the attribute's.

    Source: ``werkzeug.utils.cached_property`` does the same, and is asked at every read.
    """
    return _OnDemand(compute)  # type: ignore[return-value]  # what reading it gives
