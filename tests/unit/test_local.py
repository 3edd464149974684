"""What context locals promise: isolation, a stack that is cheap at any depth, a proxy for all."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import copy
import gc
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import greenlet  # type: ignore[import-untyped]  # greenlet ships no types
import pytest

from miniflask.local import Local, LocalManager, LocalProxy, LocalStack, release_local


class Thing:
    """Something to bind, with attributes, a property that fails, and a trace of what ran."""

    def __init__(self, name: str = "thing") -> None:
        self.name = name
        self.ran: list[str] = []

    @property
    def broken(self) -> str:
        self.ran.append("broken")
        raise AttributeError("the property's own words")

    def __enter__(self) -> Thing:
        self.ran.append("enter")
        return self

    def __exit__(self, *exc: object) -> None:
        self.ran.append("exit")

    async def __aenter__(self) -> Thing:
        self.ran.append("aenter")
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.ran.append("aexit")


def in_thread(func: Callable[[], Any]) -> Any:
    results: list[Any] = []
    thread = threading.Thread(target=lambda: results.append(func()))
    thread.start()
    thread.join()
    return results[0]


def in_greenlet(func: Callable[[], Any]) -> Any:
    return greenlet.greenlet(func).switch()


def in_task(func: Callable[[], Any]) -> Any:
    async def run() -> Any:
        async def child() -> Any:
            return func()

        return await asyncio.create_task(child())

    return asyncio.run(run())


def in_copied_context(func: Callable[[], Any]) -> Any:
    return contextvars.copy_context().run(func)


STRANGERS = [in_thread, in_greenlet]
CHILDREN = [in_task, in_copied_context]


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Switch the cycle collector off, so that only reference counting frees anything."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# Local


def test_local_keeps_attributes() -> None:
    """A Local reads, lists and deletes the attributes that were set on it."""
    local = Local()
    local.a, local.b = 1, 2
    assert (local.a, local.b) == (1, 2)
    assert list(local) == [("a", 1), ("b", 2)]

    del local.a
    assert list(local) == [("b", 2)]


def test_local_names_a_missing_attribute() -> None:
    """Reading or deleting what is not there raises an AttributeError with the bare name."""
    local = Local()
    with pytest.raises(AttributeError, match=r"^missing$"):
        local.missing
    with pytest.raises(AttributeError, match=r"^missing$"):
        del local.missing


@pytest.mark.parametrize("elsewhere", STRANGERS)
def test_local_is_empty_for_a_stranger(elsewhere: Callable[[Any], Any]) -> None:
    """A new thread or greenlet sees nothing of a Local, and what it sets stays with it."""
    local = Local()
    local.a = 1

    def stranger() -> Any:
        seen = dict(local)
        local.a = 2
        return seen

    assert elsewhere(stranger) == {}
    assert local.a == 1


@pytest.mark.parametrize("elsewhere", CHILDREN)
def test_local_is_inherited_by_a_child(elsewhere: Callable[[Any], Any]) -> None:
    """A task or copied Context begins with its parent's attributes; its changes stay with it."""
    local = Local()
    local.a, local.b = 1, 1

    def child() -> Any:
        seen = dict(local)
        del local.b
        local.a, local.c = 2, 2
        return seen

    assert elsewhere(child) == {"a": 1, "b": 1}
    assert dict(local) == {"a": 1, "b": 1}


def test_local_child_misses_later_changes() -> None:
    """What the parent changes after the copy does not show in the child."""
    local = Local()
    local.a = 1
    child = contextvars.copy_context()
    local.a = 2
    del local.a

    assert child.run(lambda: local.a) == 1


def test_local_writes_a_new_dict() -> None:
    """A Local given a variable keeps a dict there, and never changes one that was there."""
    var: ContextVar[dict[str, Any]] = ContextVar("var")
    local = Local(var)
    local.a = 1
    first = var.get()
    local.b = 2
    second = var.get()
    del local.a

    assert [first, second, var.get()] == [{"a": 1}, {"a": 1, "b": 2}, {"b": 2}]


# LocalStack


def test_stack_pushes_and_pops() -> None:
    """The newest item is on top, and popping an empty stack gives None."""
    stack: LocalStack[str] = LocalStack()
    assert (stack.top, stack.pop()) == (None, None)

    stack.push("a")
    stack.push("b")
    assert stack.top == "b"
    assert [stack.pop(), stack.pop(), stack.pop()] == ["b", "a", None]
    assert stack.top is None


def test_push_returns_all_items() -> None:
    """What push returns reads as the list of all items, and later pushes and pops leave it."""
    stack: LocalStack[int] = LocalStack()
    first = stack.push(1)
    both = stack.push(2)
    stack.pop()
    stack.push(3)

    assert first == [1]
    assert both == [1, 2] == list(both)
    assert both[:1] == [1]
    assert both != first
    assert (both[0], both[-1], len(both), repr(both)) == (1, 2, 2, "[1, 2]")
    assert 2 in both
    assert 3 not in both
    with pytest.raises(TypeError, match="unhashable"):
        hash(both)


def test_stack_holds_none() -> None:
    """None can be pushed and takes a place, though top cannot tell it from no item."""
    stack: LocalStack[int | None] = LocalStack()
    stack.push(1)
    assert stack.push(None) == [1, None]
    assert stack.pop() is None
    assert stack.pop() == 1


@pytest.mark.parametrize("elsewhere", STRANGERS)
def test_stack_is_empty_for_a_stranger(elsewhere: Callable[[Any], Any]) -> None:
    """A new thread or greenlet has a stack of its own, empty at first."""
    stack: LocalStack[int] = LocalStack()
    stack.push(1)

    assert elsewhere(lambda: (stack.top, stack.push(2))) == (None, [2])
    assert stack.top == 1


@pytest.mark.parametrize("elsewhere", CHILDREN)
def test_stack_is_inherited_by_a_child(elsewhere: Callable[[Any], Any]) -> None:
    """A child may pop what its parent pushed and push its own: the parent sees neither."""
    stack: LocalStack[int] = LocalStack()
    stack.push(1)
    stack.push(2)

    assert elsewhere(lambda: (stack.pop(), stack.push(3))) == (2, [1, 3])
    assert [stack.pop(), stack.pop()] == [2, 1]


def test_stack_child_misses_later_changes() -> None:
    """What the parent pushes or pops after the copy does not show in the child."""
    stack: LocalStack[int] = LocalStack()
    stack.push(1)
    child = contextvars.copy_context()
    stack.pop()
    stack.push(2)

    assert child.run(lambda: [stack.pop(), stack.pop()]) == [1, None]


def test_stack_takes_a_list_from_its_variable() -> None:
    """A program may put a list into the variable it gave, at any time; it is never changed."""
    var: ContextVar[list[int]] = ContextVar("var")
    stack = LocalStack(var)
    items = [1, 2]
    token = var.set(items)
    assert stack.top == 2
    assert stack.push(3) == [1, 2, 3]
    items.append(4)
    assert [stack.pop(), stack.pop(), stack.pop(), stack.pop()] == [3, 2, 1, None]
    assert items == [1, 2, 4]

    var.reset(token)
    assert stack.top is None
    var.set([])
    assert stack.pop() is None


def test_stack_leaves_a_sequence_in_its_variable() -> None:
    """The variable that a program gave holds what equals the list of items."""
    var: ContextVar[list[int]] = ContextVar("var")
    stack = LocalStack(var)
    assert stack.pop() is None
    with pytest.raises(LookupError):
        var.get()

    stack.push(1)
    stack.push(2)
    assert var.get() == [1, 2]
    stack.pop()
    stack.pop()
    assert var.get() == []
    assert not var.get()


def peak(func: Callable[[], object]) -> int:
    """Measure the bytes that a call has allocated at its worst moment."""
    func()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        func()
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()


def calls(func: Callable[[], object]) -> int:
    """Count the functions, of Python and of C, that a call has called.

    The least of three: the collector, and what it finalizes, may come in between.
    """

    def count() -> int:
        seen: list[str] = []
        sys.setprofile(lambda frame, event, arg: seen.append(event))
        try:
            func()
        finally:
            sys.setprofile(None)
        return sum(event in ("call", "c_call") for event in seen)

    return min(count() for _ in range(3))


@pytest.mark.parametrize("var", [None, ContextVar[Any]("var")], ids=["own", "given"])
def test_push_and_pop_cost_the_same_at_any_depth(var: ContextVar[list[int]] | None) -> None:
    """A push and a pop take as much memory and as many calls at depth 10,000 as at depth 1."""
    stack = LocalStack(var)

    def push_and_pop() -> None:
        stack.push(1)
        stack.pop()

    def cost_at_depth(depth: int) -> tuple[int, int]:
        for item in range(depth):
            stack.push(item)
        return peak(push_and_pop), calls(push_and_pop)

    shallow_bytes, shallow_calls = contextvars.Context().run(cost_at_depth, 1)
    deep_bytes, deep_calls = contextvars.Context().run(cost_at_depth, 10_000)
    assert deep_calls == shallow_calls
    # The interpreter's own table of variables takes some hundred; 10,000 items would take 80,000.
    assert max(shallow_bytes, deep_bytes) < 2_000


def test_a_deep_stack_is_freed_at_once(no_collector: None) -> None:
    """Releasing a stack of 100,000 items frees each of them, without the collector."""
    stack: LocalStack[Thing] = LocalStack()
    oldest = weakref.ref(stack.push(Thing())[0])
    for _ in range(100_000):
        stack.push(Thing())
    release_local(stack)

    assert stack.top is None
    assert oldest() is None


def test_popped_items_are_freed(no_collector: None) -> None:
    """An item popped, or an attribute overwritten or deleted, is freed without the collector."""
    stack: LocalStack[Thing] = LocalStack()
    local = Local()
    local.a, local.b = Thing(), Thing()
    stack.push(Thing())
    stack.push(Thing())
    refs = [weakref.ref(thing) for thing in (local.a, local.b, stack.pop(), stack.pop())]
    local.a = None
    del local.b

    assert [ref() for ref in refs] == [None] * 4


@pytest.mark.parametrize(
    "make",
    [
        lambda thing: LocalProxy(lambda: thing),
        lambda thing: LocalProxy(lambda: thing, "name"),
        lambda thing: LocalProxy(ContextVar("var", default=thing)),
    ],
    ids=["callable", "named", "variable"],
)
def test_proxies_leave_no_cycles(
    no_collector: None, make: Callable[[Thing], LocalProxy[Any]]
) -> None:
    """A proxy that goes away lets go of its object without the collector, used or not."""
    thing = Thing()
    ref = weakref.ref(thing)
    proxy = make(thing)
    str(proxy)
    repr(proxy)
    bool(proxy)
    del thing, proxy

    assert ref() is None


# Releasing


def test_release_local_forgets_for_this_context_only() -> None:
    """Releasing empties a local for who asks, and a child that was copied before keeps it."""
    local, stack = Local(), LocalStack[int]()
    local.a = 1
    stack.push(1)
    child = contextvars.copy_context()
    release_local(local)
    release_local(stack)

    assert (dict(local), stack.top) == ({}, None)
    assert child.run(lambda: (dict(local), stack.top)) == ({"a": 1}, 1)


def test_manager_cleans_up_all_its_locals() -> None:
    """A manager releases each of its locals, and tells how many it has."""
    local, stack = Local(), LocalStack[int]()
    manager = LocalManager([local, stack])
    local.a = 1
    stack.push(1)
    manager.cleanup()

    assert (dict(local), stack.top) == ({}, None)
    assert repr(manager) == "<LocalManager storages: 2>"


def test_manager_takes_none_one_or_many() -> None:
    """A manager is made of nothing, a Local, or an iterable; a single stack is refused."""
    local = Local()
    stack: LocalStack[int] = LocalStack()
    several: list[Local | LocalStack[int]] = [local, stack]
    assert LocalManager().locals == []
    assert LocalManager(local).locals == [local]
    assert LocalManager(iter(several)).locals == several
    with pytest.raises(TypeError, match=r"^'LocalStack' object is not iterable$"):
        LocalManager(stack)


class Body:
    """A response body that tells when it is closed, and what the locals held then."""

    def __init__(self, seen: list[Any], local: Local) -> None:
        self.seen, self.local = seen, local

    def __iter__(self) -> Iterator[bytes]:
        yield b"body"

    def close(self) -> None:
        self.seen.append(dict(self.local))


def test_middleware_releases_when_the_body_is_closed() -> None:
    """The locals live while the body is sent and closed, and are released after that."""
    local = Local()
    seen: list[Any] = []

    @LocalManager(local).middleware
    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        local.user = environ["user"]
        return Body(seen, local)

    body: Any = application({"user": "ada"}, lambda *args: lambda data: None)
    assert application.__name__ == "application"
    assert next(iter(body)) == b"body"
    assert local.user == "ada"
    body.close()
    assert seen == [{"user": "ada"}]
    assert dict(local) == {}


def test_middleware_releases_after_a_body_that_was_never_read() -> None:
    """Closing releases the locals even if nobody asked for the body, which may be a list."""
    local = Local()

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        local.user = "ada"
        return [b"body"]

    body: Any = LocalManager([local]).make_middleware(application)({}, lambda *args: print)
    body.close()

    assert dict(local) == {}


# LocalProxy: what it is bound to


def bound_proxies(thing: Thing) -> dict[str, LocalProxy[Any]]:
    """Make a proxy of each kind for the same thing."""
    var: ContextVar[Any] = ContextVar("var")
    local, stack = Local(), LocalStack[Any]()
    holder = Thing("holder")
    holder.thing = thing  # type: ignore[attr-defined]  # for this test
    holder.holder = holder  # type: ignore[attr-defined]  # for this test
    var.set(holder)
    local.thing = thing
    stack.push(holder)
    return {
        "variable": LocalProxy(ContextVar("default", default=thing)),
        "attribute": LocalProxy(var, "thing"),
        "dotted": LocalProxy(var, "holder.holder.thing"),
        "local": local("thing"),
        "local constructor": LocalProxy(local, "thing"),
        "stack": stack("thing"),
        "function": LocalProxy(lambda: thing),
        "function's attribute": LocalProxy(lambda: holder, "thing"),
    }


KINDS = list(bound_proxies(Thing()))


@pytest.mark.parametrize("kind", KINDS)
def test_proxy_finds_its_object(kind: str) -> None:
    """Each kind of proxy reads, sets and deletes attributes of the object that it is bound to."""
    thing = Thing()
    proxy: Any = bound_proxies(thing)[kind]
    proxy.extra = 1

    assert proxy._get_current_object() is thing
    assert proxy.name == "thing"
    assert thing.__dict__["extra"] == 1
    del proxy.extra
    assert not hasattr(thing, "extra")


def test_proxy_of_the_whole_stack_item() -> None:
    """A stack called without a name gives a proxy of the item on top."""
    stack: LocalStack[list[int]] = LocalStack()
    proxy = stack()
    stack.push([1])
    stack.push([1, 2])
    assert proxy == [1, 2]
    stack.pop()
    assert proxy == [1]
    stack.pop()
    assert repr(proxy) == "<LocalProxy unbound>"


def test_proxy_of_what_cannot_be_proxied() -> None:
    """A proxy of a Local without a name, or of a thing that holds nothing, is refused."""
    with pytest.raises(TypeError, match=r"^'name' is required when proxying a 'Local' object\.$"):
        LocalProxy(Local())
    with pytest.raises(TypeError, match=r"^Don't know how to proxy '<class 'int'>'\.$"):
        LocalProxy(5)  # type: ignore[arg-type]  # on purpose


def test_proxy_forgets_nothing_and_remembers_nothing() -> None:
    """Each use looks the object up anew, exactly once."""
    asked: list[int] = []

    def find() -> dict[str, int]:
        asked.append(len(asked))
        return {"asked": len(asked)}

    proxy: Any = LocalProxy(find)
    uses: list[Callable[[], object]] = [
        lambda: proxy["asked"],
        lambda: proxy.keys(),
        lambda: "asked" in proxy,
        lambda: len(proxy),
        lambda: proxy == {},
        lambda: iter(proxy),
        lambda: proxy.__setitem__("k", 1),
        lambda: isinstance(proxy, int),
        lambda: str(proxy),
    ]
    for count, use in enumerate(uses, 1):
        use()
        assert len(asked) == count


# LocalProxy: unbound


def unbound_proxies(message: str | None) -> list[LocalProxy[Any]]:
    """Make a proxy of each kind that is bound to nothing."""
    local, stack = Local(), LocalStack[Any]()
    return [
        LocalProxy(ContextVar("var"), unbound_message=message),
        LocalProxy(ContextVar("var"), "name", unbound_message=message),
        local("name", unbound_message=message),
        stack(unbound_message=message),
        stack("name", unbound_message=message),
    ]


@pytest.mark.parametrize("message", [None, "say what to do"])
def test_unbound_proxy_raises_its_message(message: str | None) -> None:
    """Using an unbound proxy raises a RuntimeError with the message it was given, or a default."""
    for proxy in unbound_proxies(message):
        uses: list[Callable[[], object]] = [
            proxy._get_current_object,
            lambda: proxy.name,
            lambda: str(proxy),
            lambda: proxy["key"],
            lambda: len(proxy),
            lambda: proxy(),
            lambda: setattr(proxy, "name", 1),
        ]
        for use in uses:
            with pytest.raises(RuntimeError) as caught:
                use()
            assert str(caught.value) == (message or "object is not bound")
            assert caught.value.__suppress_context__


def test_unbound_proxy_cannot_be_iterated() -> None:
    """A loop over an unbound proxy fails as a loop over anything that is not iterable does."""
    for proxy in unbound_proxies("never shown"):
        with pytest.raises(TypeError, match=r"^'LocalProxy' object is not iterable$"):
            iter(proxy)


def test_unbound_proxy_can_be_looked_at() -> None:
    """An unbound proxy is false, has a repr, an empty dir, its class's doc, and its own class."""
    for proxy in unbound_proxies(None):
        assert not proxy
        assert repr(proxy) == "<LocalProxy unbound>"
        assert dir(proxy) == []
        assert proxy.__doc__ == LocalProxy.__doc__
        assert proxy.__class__ is LocalProxy
        assert isinstance(proxy, LocalProxy)


def test_unbound_proxy_shows_what_it_wraps() -> None:
    """`__wrapped__` is the local while nothing is bound, and the object's own afterwards."""
    stack: LocalStack[Any] = LocalStack()
    proxy: Any = stack()
    while_unbound = proxy.__wrapped__
    stack.push(contextlib.contextmanager(in_thread))

    assert while_unbound is stack
    assert proxy.__wrapped__ is in_thread
    stack.push(Thing())
    assert not hasattr(proxy, "__wrapped__")


def test_unbound_proxy_survives_a_walk_over_every_object() -> None:
    """Asking for the class of every live object, as debuggers do, raises nothing."""
    proxies = unbound_proxies("never shown")
    ours = {id(proxy) for proxy in proxies}  # not those that another test has left behind
    found = [obj for obj in gc.get_objects() if id(obj) in ours and not isinstance(obj, Local)]

    assert {id(obj) for obj in found} == ours


def test_a_function_raises_its_own_errors() -> None:
    """What the function behind a proxy raises comes out as it is, a LookupError too."""

    def find() -> Any:
        raise KeyError("the function's own")

    proxy: Any = LocalProxy(find, unbound_message="never shown")
    with pytest.raises(KeyError, match="the function's own"):
        proxy.name
    with pytest.raises(KeyError, match="the function's own"):
        proxy["name"]


# LocalProxy: passing on


def test_a_property_that_fails_runs_once() -> None:
    """A property that raises AttributeError runs once, and its own message comes out."""
    thing = Thing()
    proxy: Any = LocalProxy(lambda: thing)
    with pytest.raises(AttributeError, match=r"^the property's own words$"):
        proxy.broken

    assert thing.ran == ["broken"]


def test_proxy_passes_for_its_object() -> None:
    """`isinstance` and `==` ask the object; `type` and `is` can tell the proxy from it."""
    thing = Thing()
    proxy: Any = LocalProxy(lambda: thing)

    assert proxy == thing
    assert proxy is not thing
    assert proxy.__dict__ is thing.__dict__
    assert type(proxy) is LocalProxy
    assert isinstance(proxy, Thing)


def test_in_place_operators_keep_the_name_on_the_proxy() -> None:
    """`proxy += x` changes the object and leaves the name bound to the proxy."""
    items = [1]
    proxy = name = LocalProxy(lambda: items)
    name += [2]

    assert name is proxy
    assert items == [1, 2]


def test_operators_work_from_both_sides() -> None:
    """A proxy may stand on either side of an operator, or on both."""
    seven, two = LocalProxy(lambda: 7), LocalProxy(lambda: 2)

    assert [seven - 2, 7 - two, seven - two] == [5, 5, 5]
    assert [divmod(seven, two), pow(seven, 2, 5), 2**two] == [(3, 1), 4, 4]
    assert [seven > two, 7 > two, seven == 7, seven != two] == [True] * 4


def test_with_leaves_the_object_that_it_entered() -> None:
    """`with proxy` exits the object it entered, whatever is bound by then."""
    stack: LocalStack[Thing] = LocalStack()
    proxy: Any = stack()
    thing = Thing()
    stack.push(thing)
    with proxy as entered:
        stack.pop()

    async def enter_and_leave() -> None:
        stack.push(thing)
        async with proxy:
            stack.push(Thing("other"))

    asyncio.run(enter_and_leave())
    assert entered is thing
    assert thing.ran == ["enter", "exit", "aenter", "aexit"]


def test_exit_stack_takes_a_proxy() -> None:
    """`ExitStack.enter_context`, which takes the methods from the class, works."""
    thing = Thing()
    with contextlib.ExitStack() as exits:
        proxy: Any = LocalProxy(lambda: thing)
        assert exits.enter_context(proxy) is thing

    assert thing.ran == ["enter", "exit"]


def test_a_method_asked_for_by_name_keeps_its_object() -> None:
    """`proxy.__getitem__` belongs to the object bound when it was asked for, as others do."""
    stack: LocalStack[dict[str, int]] = LocalStack()
    proxy: Any = stack()
    stack.push({"k": 1})
    get, contains, length = proxy.__getitem__, proxy.__contains__, proxy.__len__
    stack.pop()

    assert (get("k"), contains("k"), length()) == (1, True, 1)
    with pytest.raises(RuntimeError):
        proxy.__getitem__


def test_copies_are_of_the_object() -> None:
    """Copying a proxy copies its object, and gives no proxy."""
    items = [[1]]
    proxy: Any = LocalProxy(lambda: items)
    shallow, deep = copy.copy(proxy), copy.deepcopy(proxy)

    assert [type(shallow), type(deep)] == [list, list]
    assert shallow == deep == items
    assert shallow[0] is items[0]
    assert deep[0] is not items[0]


def test_proxy_class_shows_its_own_documentation() -> None:
    """The class keeps its docstring, and a bound proxy shows that of its object."""
    assert str(LocalProxy.__doc__).startswith("Stand for")
    assert LocalProxy(Thing).__doc__ == Thing.__doc__


# LocalProxy: subclasses


class Shouting(LocalProxy[Any]):
    """A proxy with things of its own, as programs make them."""

    __slots__ = ("volume",)

    def __init__(self, local: Any, volume: int) -> None:
        super().__init__(local)
        object.__setattr__(self, "volume", volume)

    kind = "shouting"

    @property
    def name(self) -> str:
        return str(self._get_current_object().name.upper())

    @property
    def fails(self) -> str:
        raise AttributeError("tried here first")

    def shout(self) -> str:
        return f"{self.name}{'!' * self.volume}"

    def __getitem__(self, key: Any) -> Any:
        return f"own {super().__getitem__(key)}"

    def __int__(self) -> int:
        return 42


def test_a_subclass_comes_before_the_object() -> None:
    """What a subclass defines is found first; all else, even what fails there, in the object."""
    thing: Any = Thing()
    thing.kind = thing.shout = thing.volume = "the thing's"
    thing.fails = "found in the thing"
    proxy = Shouting(lambda: thing, 2)
    proxy.set = 1

    assert (proxy.kind, proxy.shout()) == ("shouting", "THING!!")
    assert int(proxy) == 42
    assert proxy.fails == "found in the thing"
    assert (thing.set, proxy.ran) == (1, [])
    assert isinstance(proxy, Thing)
    assert Shouting(lambda: {"k": 1}, 1)["k"] == "own 1"
    assert repr(Shouting(ContextVar("var"), 1)) == "<Shouting unbound>"


def test_a_subclass_may_find_its_object_itself() -> None:
    """Overriding `_get_current_object` is enough for everything to go there."""

    class Fixed(LocalProxy[Any]):
        def __init__(self) -> None:
            pass

        def _get_current_object(self) -> Any:
            return {"k": 1}

    proxy = Fixed()
    proxy["new"] = 1

    assert proxy["k"] == 1
    assert "k" in proxy
    assert proxy.keys() == {"k"}
    assert len(proxy) == 1
    assert isinstance(proxy, dict)
    assert Fixed().get("k") == 1


def test_a_subclass_may_replace_the_passing_on_of_attributes() -> None:
    """A subclass, or one of that, that defines `__getattr__` decides what the rest means."""

    class Lazy(LocalProxy[Any]):
        def __getattr__(self, name: str) -> Any:
            return f"no {name}"

    class Lazier(Lazy):
        def __getattr__(self, name: str) -> Any:
            return super().__getattr__(name) + "!"

    assert Lazy(Thing).name == "no name"
    assert Lazier(Thing).name == "no name!"
    assert Lazy(Thing)._get_current_object().name == "thing"


def test_a_proxy_is_generic() -> None:
    """`LocalProxy[T]` and `LocalStack[T]` can be written, and tell a checker what is inside."""
    proxy: LocalProxy[Thing] = LocalProxy(Thing)
    thing: Thing = proxy._get_current_object()
    item: Thing | None = LocalStack[Thing]().top

    assert (thing.name, item) == ("thing", None)
