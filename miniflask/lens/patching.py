"""Replace methods for a while, and put every one of them back.

The framework does not know that it can be watched.  Whoever watches replaces methods on its
classes, which any program may do, and afterwards leaves exactly the objects that were there.
Several may watch at a time, and stop in any order: each replacement wraps the one before, and
when one is taken out, those above it are made anew on what was below.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Make = Callable[[Any], Any]


class _Layers:
    """One method, and who has wrapped it."""

    def __init__(self, original: Any) -> None:
        self.original = self.current = original
        self.makers: list[tuple[Patches, Make]] = []


class Patches:
    """The replacements of one watcher."""

    _wrapped: dict[tuple[type, str], _Layers] = {}
    _lock = threading.RLock()

    def wrap(self, cls: type, name: str, make: Make) -> None:
        """Replace a method where *cls* or a base defines it.

        Args:
            cls: The class that has the method.
            name: The method.
            make: Makes the replacement of what is there.
        """
        owner = next(base for base in cls.__mro__ if name in vars(base))
        with self._lock:
            layers = self._wrapped.setdefault((owner, name), _Layers(vars(owner)[name]))
            layers.makers.append((self, make))
            layers.current = make(vars(owner)[name])
            setattr(owner, name, layers.current)

    def undo(self) -> None:
        """Take the replacements out again, except where a program has put its own on top."""
        with self._lock:
            for (owner, name), layers in [*self._wrapped.items()]:
                layers.makers = [entry for entry in layers.makers if entry[0] is not self]
                found = layers.original
                for _, make in layers.makers:
                    found = make(found)
                if vars(owner)[name] is layers.current:
                    setattr(owner, name, found)
                    layers.current = found
                if not layers.makers:
                    del self._wrapped[owner, name]
