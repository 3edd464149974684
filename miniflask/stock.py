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

from operator import attrgetter
from typing import Any

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


class _Heir(metaclass=_Unread):
    anything = None

    def __init_subclass__(cls) -> None:
        """Tell none of the classes that there is one more."""


class Stock:
    """What classes have of some attributes, and the question whether they still have it.

    Args:
        parts: What is asked for together.
    """

    __slots__ = ("_first", "_heir", "_kept", "_parts")

    def __init__(self, *parts: Part) -> None:
        kinds = dict.fromkeys(kind for kind, _ in parts)
        self._first = parts[0][0]
        self._parts = [(kind, attrgetter(*names)) for kind, names in parts]
        self._kept = self._read()
        self._heir = _Unread("Heir", (_Heir, *kinds), {})

    def holds(self) -> bool:
        """Tell whether all attributes are what they were."""
        return _flags_of(self._heir) & _REMEMBERED != 0 or self._compare()

    def holds_for(self, kind: type) -> bool:
        """Tell the same of the attributes that a subclass of the first class has."""
        if not _flags_of(self._heir) & _REMEMBERED and not self._compare():
            return False
        return kind is self._first or self._parts[0][1](kind) == self._kept[0]

    def _read(self) -> list[Any]:
        return [read(kind) for kind, read in self._parts]

    def _is_kept(self) -> bool:
        try:
            return self._read() == self._kept
        except AttributeError:
            return False

    def _compare(self) -> bool:
        if not self._is_kept():
            return False
        if not _REMEMBERED:
            return True
        type.__getattribute__(self._heir, "anything")  # from here on Python remembers
        if self._is_kept():
            return True
        type.__setattr__(self._heir, "anything", None)  # changed meanwhile: it must forget
        return False


def _is_told() -> bool:
    """Try out whether Python shows that it forgets."""

    class Kind:
        def method(self) -> None: ...

    stock = Stock((Kind, ("method",)))
    for name in ("method", "__call__"):
        stock._compare()
        if not _flags_of(stock._heir) & _REMEMBERED:
            return False
        setattr(Kind, name, getattr(Kind, name, None))
        if _flags_of(stock._heir) & _REMEMBERED:
            return False
    return True


#: Whether it costs next to nothing to ask.
PYTHON_TELLS = _is_told()
if not PYTHON_TELLS:
    _REMEMBERED = 0
    Stock.holds = Stock._is_kept  # type: ignore[method-assign]  # all that is left to do
