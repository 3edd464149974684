"""Replace attributes for a while, and put every one of them back.

The framework does not know that it can be watched.  Whoever watches replaces methods on its
classes, which any program may do, and afterwards leaves exactly the objects that were there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Patches:
    """The replacements that are in force; undone in the opposite order."""

    def __init__(self) -> None:
        self._originals: list[tuple[type, str, Any]] = []

    def wrap(self, cls: type, name: str, make: Callable[[Any], Any]) -> None:
        """Replace a method where *cls* or a base defines it.

        Args:
            cls: The class that has the method.
            name: The method.
            make: Makes the replacement of the original.
        """
        owner = next(base for base in cls.__mro__ if name in vars(base))
        original = vars(owner)[name]
        self._originals.append((owner, name, original))
        setattr(owner, name, make(original))

    @property
    def in_force(self) -> bool:
        """Whether anything is replaced."""
        return bool(self._originals)

    def undo(self) -> None:
        """Put the originals back."""
        while self._originals:
            owner, name, original = self._originals.pop()
            setattr(owner, name, original)
