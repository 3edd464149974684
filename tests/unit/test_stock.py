"""Whether classes are as they came: by what Python remembers, and by comparing."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from types import MethodType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniflask import stock
from miniflask.stock import Stock


@pytest.fixture(params=[True, False], ids=["as Python tells", "by comparing"])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Each of the two ways in turn, on any Python: one that never tells is asked each time."""
    monkeypatch.setattr(stock, "PYTHON_TELLS", request.param)
    return request.param


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have Python tell, or a stand-in for one that does, which forgets when this is called."""
    remembered: list[type] = []
    if not stock.PYTHON_TELLS:
        flags = stock._REMEMBERED
        monkeypatch.setattr(stock, "_flags_of", lambda kind: flags if remembered else 0)
        monkeypatch.setattr(stock, "_remember", remembered.append)
        monkeypatch.setattr(stock, "PYTHON_TELLS", True)
    return remembered.clear


class Base:
    """A class that others inherit from."""

    def inherited(self) -> None:
        """Do nothing."""

    def method(self) -> None:
        """Do nothing."""


def make() -> tuple[Any, Any, Any]:
    """Make a class, one below it, and a third that has nothing to do with them."""

    class Above(Base):
        value = 1

        def method(self) -> None: ...

        def __call__(self) -> None: ...

    class Below(Above):
        pass

    class Other:
        value = 1

    return Above, Below, Other


NAMES = ("inherited", "method", "value", "__call__")

CHANGES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "a method": lambda above, below, other: setattr(below, "method", len),
    "a method of a class above": lambda above, below, other: setattr(above, "method", len),
    "a special method": lambda above, below, other: setattr(above, "__call__", len),
    "a value": lambda above, below, other: setattr(above, "value", 2),
    "the other class": lambda above, below, other: setattr(other, "value", 2),
    "one in front of an inherited one": lambda above, below, other: setattr(above, "inherited", 1),
    "something equal": lambda above, below, other: setattr(above, "method", Equal(above.method)),
    "what raises": lambda above, below, other: setattr(above, "method", Raising()),
    "a deleted one": lambda above, below, other: delattr(above, "method"),
    "other bases": lambda above, below, other: setattr(below, "__bases__", (Stranger,)),
}


class Stranger:
    """A class with the same names."""

    inherited = method = value = __call__ = None


class Equal:
    """A wrapper that equals what it wraps, as those of tracing agents do."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped

    def __call__(self, *args: Any) -> Any:
        return self.wrapped(*args)

    def __eq__(self, other: object) -> bool:
        return bool(self.wrapped == other)

    __hash__ = None  # type: ignore[assignment]  # as it is for who has an __eq__


class Raising:
    """A descriptor that is not made for being asked on the class."""

    def __get__(self, obj: Any, owner: type) -> Any:
        raise RuntimeError("not on the class")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_change_is_seen(change: str) -> None:
    """Of whatever kind, at once, and for as long as it is there."""
    above, below, other = make()
    kept = Stock((below, NAMES), (other, ("value",)))
    assert kept.holds()
    assert kept.holds()

    CHANGES[change](above, below, other)

    assert not kept.is_kept()
    assert kept.holds() is False
    assert kept.holds() is False
    assert kept.holds(below) is False


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_what_is_asked_for_seldom_is_seen_where_python_tells(told: bool, change: str) -> None:
    """And by whoever looks at each attribute."""
    above, below, other = make()
    kept = Stock((Equal, ("__eq__",)), seldom=((below, NAMES), (other, ("value",))))
    assert kept.holds()

    CHANGES[change](above, below, other)

    assert kept.holds() != told
    assert not kept.is_kept()


@pytest.mark.usefixtures("told")
def test_what_is_put_back_counts_again() -> None:
    """And whatever else is set on a class counts for nothing."""
    above, below, other = make()
    kept = Stock((below, NAMES), (other, ("value",)))
    usual = above.method
    for _ in range(3):
        above.method = len
        assert not kept.holds()
        above.method = usual
        below.something_else = 1
        assert kept.holds()


@pytest.mark.usefixtures("told")
def test_a_subclass_may_have_something_of_its_own() -> None:
    """Which counts for the subclass alone."""
    above, below, _ = make()
    kept = Stock((above, NAMES))
    assert kept.holds(above)
    assert kept.holds(below)

    for mine in (len, Equal(above.method), Raising()):
        below.method = mine
        assert kept.holds(above)
        assert not kept.holds(below)


@pytest.mark.usefixtures("told")
def test_a_subclass_is_one_of_the_first_class() -> None:
    """Whatever other classes are asked for beside it."""
    above, below, other = make()
    kept = Stock((above, NAMES), (other, ("value",)))
    assert kept.holds(below)
    assert kept.holds(above)
    assert not kept.holds(other)


def test_an_answer_is_kept_for_as_long_as_nothing_changes(
    monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]
) -> None:
    """Whichever it is, where Python tells."""
    above, _, _ = make()
    kept = Stock((above, NAMES))
    find = stock._find
    found: list[str] = []

    def count(kind: type, name: str) -> Any:
        found.append(name)
        return find(kind, name)

    monkeypatch.setattr(stock, "_find", count)

    for value, holds in ((above.value, True), (2, False), (1, True)):
        above.value = value
        forget()
        found.clear()
        assert kept.holds() is holds
        assert found
        found.clear()
        assert kept.holds() is kept.holds() is holds
        assert not found


def test_a_method_is_the_function_and_no_wrapper_that_equals_it() -> None:
    """A wrapper has something to do."""

    class Kind:
        def method(self) -> None: ...

    obj: Any = Kind()
    assert stock.is_method(obj, "method", Kind.method)
    obj.method = MethodType(Equal(Kind.method), obj)
    assert obj.method.__func__ == Kind.method
    assert not stock.is_method(obj, "method", Kind.method)
    obj.method = Kind.method
    assert not stock.is_method(obj, "method", Kind.method)


@pytest.mark.usefixtures("told")
def test_who_goes_through_all_classes_hides_no_change() -> None:
    """A tool that asks every class for everything makes Python remember those that it asks."""
    above, below, other = make()
    kept = Stock((below, NAMES), (other, ("value",)))
    assert kept.holds()

    above.method = len
    for kind in below.__subclasses__() + other.__subclasses__():
        assert kind.__subclasses__() == []
        for name in (*dir(kind), *NAMES):
            getattr(kind, name, None)
        with pytest.raises(TypeError, match="only there to notice"):
            kind()

    assert not kept.holds()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_change_while_it_is_asked_is_seen_by_whoever_asks_next(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """Another thread may make it between two steps of the answer, and a third ask."""
    monkeypatch.setattr(stock, "PYTHON_TELLS", True)
    above, _, _ = make()
    kept = Stock((above, NAMES))
    find = stock._find
    others: list[Any] = []

    def interrupted(kind: type, name: str) -> Any:
        found = find(kind, name) if when == "after" else None
        if name == NAMES[-1] and not others:
            others.append("change")
            above.__call__ = len
            others.append(kept.holds())
        return find(kind, name) if when == "before" else found

    monkeypatch.setattr(stock, "_find", interrupted)

    kept.holds()

    assert others == ["change", False]
    assert not kept.holds()


def test_two_threads_may_ask_while_a_third_changes(
    monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]
) -> None:
    """The one that has looked before the change, and answers after it, is not believed."""
    first, second = (threading.Event() for _ in range(2))
    steps = {name: threading.Event() for name in ("first remembers", "first looked")}
    above, _, _ = make()
    kept = Stock((above, NAMES))
    remember, is_kept = stock._remember, Stock.is_kept

    def pausing_remember(heir: type) -> None:
        if threading.current_thread().name == "first":
            steps["first remembers"].set()
            assert first.wait(10)
        elif threading.current_thread().name == "second":
            first.set()
            assert steps["first looked"].wait(10)
            above.method = len
            forget()
        remember(heir)

    def pausing_look(self: Stock) -> bool:
        answer = is_kept(self)
        if threading.current_thread().name == "first":
            steps["first looked"].set()
            assert second.wait(10)
        return answer

    monkeypatch.setattr(stock, "_remember", pausing_remember)
    monkeypatch.setattr(Stock, "is_kept", pausing_look)
    asking = {name: threading.Thread(target=kept.holds, name=name) for name in ("first", "second")}
    asking["first"].start()
    assert steps["first remembers"].wait(10)
    asking["second"].start()
    asking["second"].join(10)
    second.set()
    asking["first"].join(10)

    assert not kept.is_kept()
    assert not kept.holds()


def test_no_class_is_told_that_there_is_one_more() -> None:
    """Who counts the subclasses of a class counts its own."""
    told: list[type] = []

    class Counting:
        def __init_subclass__(cls) -> None:
            told.append(cls)

        def method(self) -> None: ...

    assert Stock((Counting, ("method",))).holds()
    assert told == []


def test_it_goes_when_its_classes_go() -> None:
    """A stock and the classes in it refer to each other, which is the collector's to find."""
    above, below, other = make()
    kept = Stock((below, NAMES), (other, ("value",)))
    assert kept.holds()
    gc.collect()
    del above, below, other, kept
    assert gc.collect() > 0
    assert not [kind for kind in Base.__subclasses__() if kind.__name__ == "Above"]


def test_python_is_believed_only_if_it_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """CPython does up to 3.12, and is tried out whatever its version."""
    assert stock._python_tells() == stock.PYTHON_TELLS == (sys.version_info < (3, 13))

    monkeypatch.setattr(stock, "_flags_of", lambda kind: 0)
    assert not stock._python_tells()
    monkeypatch.setattr(stock, "_flags_of", lambda kind: 1 << 19)
    assert not stock._python_tells()


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["above", "below", "other"]),
        st.sampled_from([*NAMES, "something else"]),
        st.sampled_from(["set", "delete", "put back", "ask", "ask twice", "look up"]),
    ),
    max_size=30,
)


@given(steps=STEPS)
def test_it_says_what_a_comparison_would(steps: list[tuple[str, str, str]]) -> None:
    """Whatever is set, deleted, put back and looked up on the classes, in any order."""
    kinds: dict[str, Any] = dict(zip(("above", "below", "other"), make(), strict=True))
    below, other = kinds["below"], kinds["other"]
    kept = Stock((below, NAMES), (other, ("value",)))

    def read() -> list[Any]:
        return [getattr(below, name, None) for name in NAMES] + [getattr(other, "value", None)]

    usual = {owner: dict(vars(kind)) for owner, kind in kinds.items()}
    first = read()
    for owner, name, step in steps:
        kind = kinds[owner]
        if step == "set":
            setattr(kind, name, len)
        elif step == "delete" and name in vars(kind):
            delattr(kind, name)
        elif step == "put back" and name in usual[owner]:
            setattr(kind, name, usual[owner][name])
        elif step == "look up":
            getattr(kind, name, None)
        elif step.startswith("ask"):
            for _ in step.split():
                assert kept.holds() == (read() == first)
    assert kept.holds() == (read() == first)
