"""Whether classes still have what they had when the framework was imported.

A short cut does at once what several methods would do one by one, and may be taken only while no
program has replaced one of them.  Anybody may do that at any time, so it has to be asked at each
request; and to read all these attributes takes a good part of a small request.

But Python has to know as well.  It remembers where it found the attributes of a class.  When
anything is set on a class it forgets that, for this class and for all that inherit from it, and
up to Python 3.12 a flag tells whether it remembers.  So a :class:`Stock` has a class that inherits
from those in question, and on which nobody else can look anything up: while Python remembers it,
none of them has changed.  Where Python does not tell, the attributes are compared each time, by
code that is written out for them: beside each instruction Python keeps what it found there, so
that this takes half the time that a loop would.

Source: ``Py_TPFLAGS_VALID_VERSION_TAG`` and ``PyType_Modified`` of CPython; PEP 659.
"""

from __future__ import annotations

from collections.abc import Iterator
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


def _make_heir(*kinds: type) -> type:
    return _Unread("Heir", (_Heir, *dict.fromkeys(kinds)), {})


def _remember(heir: type) -> None:
    """Have Python remember a class, until something changes."""
    type.__getattribute__(heir, "anything")


def _python_tells() -> bool:
    """Try out whether Python shows that it forgets."""

    class Kind:
        def method(self) -> None: ...

    heir = _make_heir(Kind)
    for name in ("method", "__call__"):
        _remember(heir)
        if not _flags_of(heir) & _REMEMBERED:
            return False
        setattr(Kind, name, getattr(Kind, name, None))
        if _flags_of(heir) & _REMEMBERED:
            return False
    return True


#: Whether it costs next to nothing to ask.
PYTHON_TELLS = _python_tells()


class Stock:
    """What classes have of some attributes, and the question whether they still have it.

    Args:
        parts: What is asked for together.
        seldom: What is asked for as well where Python tells; elsewhere :meth:`is_kept` alone
            looks at it.
    """

    __slots__ = (
        "_answer",
        "_first",
        "_first_shown",
        "_heir",
        "_kept",
        "_kinds",
        "_parts",
        "_shown",
        "_since",
    )

    def __init__(self, *parts: Part, seldom: tuple[Part, ...] = ()) -> None:
        self._parts = (*parts, *seldom)
        self._kinds = [kind for kind, _ in parts]
        self._first = self._kinds[0]
        self._kept = list(self._find_all())
        self._heir = _make_heir(*(kind for kind, _ in self._parts))
        # Since when Python remembers, and what was found since when.
        self._since = object()
        self._answer: tuple[object, bool] = (None, False)
        self._shown, self._first_shown = Shown(*parts), Shown(parts[0])

    def holds(self, kind: type | None = None) -> bool:
        """Tell whether all attributes are what they were.

        Args:
            kind: A subclass of the first class that has to have the same attributes.
        """
        if not (kind is None or kind is self._first or self._first_shown.are_those_of(kind)):
            return False
        if not PYTHON_TELLS:
            return self._shown.are_those_of(*self._kinds)
        if _flags_of(self._heir) & _REMEMBERED:
            since, answer = self._answer
            if since is self._since:
                return answer
        return self._look()

    def is_kept(self) -> bool:
        """Tell so by looking at each attribute, whatever Python tells; this takes its time."""
        # By identity: a wrapper may be equal to what it wraps.
        return all(map(is_, self._find_all(), self._kept))

    def _find_all(self) -> Iterator[Any]:
        return (_find(kind, name) for kind, names in self._parts for name in names)

    def _look(self) -> bool:
        since = self._since
        if not _flags_of(self._heir) & _REMEMBERED:
            # In this order: who finds it remembered must not find an answer of before. And under
            # a mark of one's own: that of another thread may be of a later day.
            since = self._since = object()
            _remember(self._heir)
        answer = self.is_kept()
        self._answer = since, answer
        return answer


class Shown:
    """What classes show to whoever asks for their attributes, to compare other classes with.

    Args:
        parts: The classes, and the names of attributes.
    """

    __slots__ = ("_are_same", "_terms", "_values")

    def __init__(self, *parts: Part) -> None:
        self._terms: list[str] = []
        self._values: dict[str, Any] = {}
        self._are_same: Any = None
        for number, (kind, names) in enumerate(parts):
            for name in names:
                # Of a class method one gets another object each time.
                is_made = isinstance(_find(kind, name), classmethod)
                path, value = f"{name}.__func__" if is_made else name, f"v{len(self._values)}"
                self._values[value] = attrgetter(path)(kind)
                self._terms.append(f"k{number}.{path} is {value}")

    def are_those_of(self, *kinds: type) -> bool:
        """Tell whether classes have the very same.

        Args:
            kinds: As many as there are parts.
        """
        if self._are_same is None:
            # The names are this package's own.
            kept = ", ".join(f"k{number}" for number in range(len(kinds)))
            self._are_same = eval(f"lambda {kept}: {' and '.join(self._terms)}", self._values)
        try:
            return self._are_same(*kinds)  # type: ignore[no-any-return]  # it does
        except Exception:  # of a descriptor, or because there is none any more
            return False


def _find(kind: type, name: str) -> Any:
    """Find an attribute without a word to a descriptor."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def is_method(obj: Any, name: str, function: Any) -> bool:
    """Tell whether an object has this very function for a method, and no wrapper of it."""
    method = getattr(obj, name)
    return type(method) is MethodType and method.__func__ is function
