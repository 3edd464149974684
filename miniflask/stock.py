"""Whether classes still have what they had when the framework was imported.

A short cut does at once what several methods would do one by one, and may be taken only while no
program has replaced one of them.  Anybody may do that at any time, so it has to be asked at each
request; and to read the attributes of a handful of classes costs a fifth of a small request.

But Python has to know as well.  It remembers where it found the attributes of a class.  When
anything is set on a class it forgets that, for this class and for all that inherit from it, and
up to Python 3.12 a flag tells whether it remembers.  So a :class:`Stock` has a class that inherits
from those in question, and on which nobody else can look anything up: while Python remembers it,
none of them has changed.  Where Python does not tell, the attributes are compared each time.

Source: ``Py_TPFLAGS_VALID_VERSION_TAG`` and ``PyType_Modified`` of CPython.
"""

from __future__ import annotations

from operator import attrgetter, is_
from types import MethodType
from typing import Any, NoReturn

#: A class and the names of attributes.
Part = tuple[type, tuple[str, ...]]

_REMEMBERED = 1 << 19
_flags_of: Any = vars(type)["__flags__"].__get__


class _Blank: ...


class _Unread(type):
    """The class of classes that only this module can look anything up on.

    Whoever else did, say a tool that goes through all classes there are, would make Python
    remember again.  It is shown what an empty class has.
    """

    def __getattribute__(cls, name: str) -> Any:
        return getattr(_Blank, name)

    def __call__(cls, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("This class is only there to notice changes of those that it inherits from")


class _Heir(metaclass=_Unread):
    anything = None

    def __init_subclass__(cls) -> None:
        """Tell none of the classes that there is one more."""


class Stock:
    """What classes have of some attributes, and the question whether they still have it.

    Args:
        parts: What is asked for together.
    """

    __slots__ = (
        "_changed_since",
        "_first",
        "_heir",
        "_kept",
        "_parts",
        "_shown",
        "_since",
        "_unchanged_since",
        "_values",
    )

    def __init__(self, *parts: Part) -> None:
        self._parts = parts
        self._first = parts[0][0]
        self._kept = [_find(kind, name) for kind, names in parts for name in names]
        self._shown = [Shown(*part) for part in parts]
        self._values = [shown.values for shown in self._shown]
        self._heir = _Unread("Heir", (_Heir, *dict.fromkeys(kind for kind, _ in parts)), {})
        # Since when Python remembers, and since when it has done so without a change, if it has.
        self._since: object = object()
        self._unchanged_since: object = None
        self._changed_since: object = None

    def holds(self) -> bool:
        """Tell whether all attributes are what they were."""
        if _flags_of(self._heir) & _REMEMBERED and self._unchanged_since is self._since:
            return True
        return self._look()

    def holds_for(self, kind: type) -> bool:
        """Tell the same of the attributes that a subclass of the first class has."""
        if kind is not self._first:
            return self._shown[0].are_those_of(kind) and self.holds()
        # Once more what `holds` does, since every request comes by here.
        if _flags_of(self._heir) & _REMEMBERED and self._unchanged_since is self._since:
            return True
        return self.holds()

    def _look(self) -> bool:
        if not _flags_of(self._heir) & _REMEMBERED:
            # In this order: who finds it remembered must not find an answer of before.
            self._since = object()
            type.__getattribute__(self._heir, "anything")  # from here on Python remembers
        since = self._since
        if self._changed_since is since:
            return False
        if self.is_kept():
            self._unchanged_since = since
            return True
        self._changed_since = since
        return False

    def is_kept(self) -> bool:
        """Tell so by looking at each attribute, whatever Python tells; this takes its time."""
        found = (_find(kind, name) for kind, names in self._parts for name in names)
        # By identity: a wrapper may be equal to what it wraps.
        return all(map(is_, found, self._kept))

    def _is_shown(self) -> bool:
        # Not by identity, which would take twice as long.
        try:
            return [shown.show(shown.kind) for shown in self._shown] == self._values
        except Exception:  # of a descriptor, or because there is none any more
            return False


def is_method(obj: Any, name: str, function: Any) -> bool:
    """Tell whether an object has this very function for a method, and no wrapper of it."""
    method = getattr(obj, name)
    return type(method) is MethodType and method.__func__ is function


def _find(kind: type, name: str) -> Any:
    """Find an attribute without a word to a descriptor."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


class Shown:
    """What a class shows to whoever asks for its attributes, to compare its subclasses with.

    Args:
        kind: The class.
        names: The names of the attributes.
    """

    __slots__ = ("kind", "show", "values")

    def __init__(self, kind: type, names: tuple[str, ...]) -> None:
        self.kind = kind
        made = {name for name in names if isinstance(_find(kind, name), classmethod)}
        paths = [f"{name}.__func__" if name in made else name for name in names]
        # The first once more, as for one alone there would be no tuple.
        self.show = attrgetter(paths[0], *paths)
        self.values = self.show(kind)

    def are_those_of(self, kind: type) -> bool:
        """Tell whether a class has the very same."""
        try:
            return all(map(is_, self.show(kind), self.values))
        except Exception:  # of a descriptor, or because there is none any more
            return False


def _is_told() -> bool:
    """Try out whether Python shows that it forgets."""

    class Kind:
        def method(self) -> None: ...

    stock = Stock((Kind, ("method",)))
    for name in ("method", "__call__"):
        stock._look()
        if not _flags_of(stock._heir) & _REMEMBERED:
            return False
        setattr(Kind, name, getattr(Kind, name, None))
        if _flags_of(stock._heir) & _REMEMBERED:
            return False
    return True


#: Whether it costs next to nothing to ask.
PYTHON_TELLS = _is_told()
if not PYTHON_TELLS:
    Stock.holds = Stock._is_shown  # type: ignore[method-assign]  # all that is left to do
