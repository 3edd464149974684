"""Every operation on every kind of object, through our proxy and through Werkzeug's.

The table is made of three lists: what is done, what it is done to, and how the proxy is bound.
Results must be equal, exceptions must have the same type and message, and the object must be
left in the same state.
"""

from __future__ import annotations

import abc
import asyncio
import collections.abc
import contextlib
import contextvars
import copy
import inspect
import io
import json
import math
import numbers
import operator
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import werkzeug.local

import miniflask
import miniflask.local

Operation = Callable[[Any], Any]


class Anything:
    """An object with the special methods that no built-in type has all of."""

    class_attribute = "shared"

    def __init__(self) -> None:
        self.attribute = "own"
        self.trace: list[str] = []

    @property
    def broken(self) -> Any:
        self.trace.append("broken")
        raise AttributeError("the property's own words")

    @property
    def raising(self) -> Any:
        raise RuntimeError("not about being bound")

    def method(self, *args: Any, **kwargs: Any) -> Any:
        return args, kwargs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return "called", args, kwargs

    def __repr__(self) -> str:
        return f"Anything({self.__dict__})"

    def __enter__(self) -> Any:
        self.trace.append("enter")
        return "entered"

    def __exit__(self, *exc: Any) -> bool:
        self.trace.append(f"exit {exc[0]}")
        return True

    def __matmul__(self, other: Any) -> Any:
        return "matmul", repr(other)

    def __rmatmul__(self, other: Any) -> Any:
        return "rmatmul", repr(other)

    def __imatmul__(self, other: Any) -> Any:
        self.trace.append("imatmul")
        return self

    def __length_hint__(self) -> int:
        return 12

    def __fspath__(self) -> str:
        return "/anything"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("dynamic"):
            return name
        raise AttributeError(f"never heard of {name}")


class Asynchronous:
    """A context manager, an iterator and an awaitable, each of the asynchronous sort."""

    def __init__(self) -> None:
        self.trace: list[Any] = []

    def __await__(self) -> Any:
        yield from asyncio.sleep(0).__await__()
        return "awaited"

    async def __aenter__(self) -> Any:
        self.trace.append("aenter")
        return "entered"

    async def __aexit__(self, *exc: Any) -> bool:
        self.trace.append(("aexit", exc[0]))
        return True

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        if len(self.trace) >= 3:
            raise StopAsyncIteration
        self.trace.append("anext")
        return len(self.trace)

    def __repr__(self) -> str:
        return f"Asynchronous({self.trace})"


class Refusing:
    """An object whose operations raise errors that a proxy must not take for its own."""

    def _refuse(self, *args: Any) -> Any:
        raise RuntimeError("refused by the object")

    __bool__ = __eq__ = __lt__ = __hash__ = __len__ = __iter__ = __add__ = __radd__ = _refuse
    __call__ = __getitem__ = __setitem__ = __contains__ = __int__ = __enter__ = __dir__ = _refuse

    def __repr__(self) -> str:
        raise LookupError("no repr")


def make_function() -> Any:
    def function(a: int, b: int = 2) -> tuple[int, int]:
        """A function to bind."""
        return a, b

    return function


def make_class() -> Any:
    class Class:
        """A class to bind."""

        made = 0

        def __init__(self, value: int = 1) -> None:
            self.value = value

        def __class_getitem__(cls, item: Any) -> str:
            return f"Class[{item}]"

        def __repr__(self) -> str:
            return "an instance"

    return Class


def make_abc() -> Any:
    class Sized(abc.ABC):
        @abc.abstractmethod
        def __len__(self) -> int: ...

    Sized.register(list)
    return Sized


TARGETS: dict[str, Callable[[], Any]] = {
    "int": lambda: 6,
    "bool": lambda: True,
    "float": lambda: 2.5,
    "complex": lambda: 1 + 2j,
    "None": lambda: None,
    "str": lambda: "text %s",
    "bytes": lambda: b"bytes",
    "bytearray": lambda: bytearray(b"array"),
    "list": lambda: [3, 1, 2],
    "tuple": lambda: (1, "x"),
    "dict": lambda: {"k": 1, 0: "zero"},
    "set": lambda: {1},
    "range": lambda: range(3),
    "iterator": lambda: iter([1, 2]),
    "function": make_function,
    "builtin": lambda: len,
    "class": make_class,
    "type": lambda: int,
    "abc": make_abc,
    "path": lambda: Path("some/where"),
    "module": lambda: ModuleType("bound"),
    "anything": Anything,
    "asynchronous": Asynchronous,
    "refusing": Refusing,
    "file": lambda: io.StringIO("line one\nline two\n"),
    "lock": lambda: contextlib.nullcontext("inside"),
}


class Holder:
    """Something whose attribute is the object."""

    def __init__(self, target: Any) -> None:
        self.held = target
        self.inner = self


def by_variable(module: ModuleType, target: Any) -> Any:
    return module.LocalProxy(ContextVar("var", default=target))


def by_attribute(module: ModuleType, target: Any) -> Any:
    return module.LocalProxy(ContextVar("var", default=Holder(target)), "held")


def favoured(proxy: Any) -> Any:
    """Make this the proxy that is quicker to look through than others, where there is one."""
    if isinstance(proxy, miniflask.local.LocalProxy):
        miniflask.local.favour(proxy)
    return proxy


@pytest.fixture(autouse=True)
def _favourite_as_it_was() -> Iterator[None]:
    yield
    miniflask.local.favour(miniflask.request)


def by_favourite(module: ModuleType, target: Any) -> Any:
    return favoured(by_attribute(module, target))


def by_dotted_attribute(module: ModuleType, target: Any) -> Any:
    return module.LocalProxy(ContextVar("var", default=Holder(target)), "inner.held")


def by_local(module: ModuleType, target: Any) -> Any:
    local = module.Local()
    local.held = target
    return local("held")


def by_stack(module: ModuleType, target: Any) -> Any:
    stack = module.LocalStack()
    stack.push(Holder(target))
    return stack("held")


def by_function(module: ModuleType, target: Any) -> Any:
    return module.LocalProxy(lambda: target)


def by_subclass(module: ModuleType, target: Any) -> Any:
    return type("LocalProxy", (module.LocalProxy,), {})(lambda: target)


def by_proxy(module: ModuleType, target: Any) -> Any:
    return module.LocalProxy(lambda: module.LocalProxy(lambda: target))


BOUND = [
    *(by_variable, by_attribute, by_favourite, by_dotted_attribute, by_local),
    *(by_stack, by_function, by_subclass, by_proxy),
]


def raises(error: Exception) -> Callable[[], Any]:
    def find() -> Any:
        raise error

    return find


UNBOUND: dict[str, Callable[[ModuleType], Any]] = {
    "variable": lambda module: module.LocalProxy(ContextVar("var")),
    "message": lambda module: module.LocalProxy(ContextVar("var"), "a", unbound_message="mine"),
    "favourite": lambda module: favoured(
        module.LocalProxy(ContextVar("var"), "a", unbound_message="mine")
    ),
    "local": lambda module: module.Local()("held"),
    "stack": lambda module: module.LocalStack()(),
    "stack attribute": lambda module: module.LocalStack()("held"),
    "missing attribute": lambda module: module.LocalProxy(ContextVar("var", default=1), "held"),
    "RuntimeError": lambda module: module.LocalProxy(raises(RuntimeError("its own"))),
    "LookupError": lambda module: module.LocalProxy(raises(LookupError("its own"))),
    "AttributeError": lambda module: module.LocalProxy(raises(AttributeError("its own"))),
    "ValueError": lambda module: module.LocalProxy(raises(ValueError("its own")), "held"),
    "property": lambda module: module.LocalProxy(ContextVar("v", default=Anything()), "raising"),
    "unbound proxy": lambda module: module.LocalProxy(
        lambda: module.LocalProxy(ContextVar("var"))._get_current_object()
    ),
    "subclass": lambda module: type("LocalProxy", (module.LocalProxy,), {})(ContextVar("var")),
}


def on_the_left(operate: Callable[[Any, Any], Any], other: Any) -> Operation:
    return lambda p: operate(p, other)


def on_the_right(operate: Callable[[Any, Any], Any], other: Any) -> Operation:
    return lambda p: operate(other, p)


def on_itself(operate: Callable[[Any, Any], Any]) -> Operation:
    return lambda p: operate(p, p)


def in_place(operate: Callable[[Any, Any], Any], other: Any) -> Operation:
    def operation(p: Any) -> Any:
        result = operate(p, other)
        return "the proxy itself" if result is p else result

    return operation


def with_statement(p: Any) -> Any:
    with p as entered:
        raise KeyError("swallowed?")
    return entered


async def async_with(p: Any) -> Any:
    async with p as entered:
        raise KeyError("swallowed?")
    return entered


async def awaiting(p: Any) -> Any:
    return await p


async def async_for(p: Any) -> Any:
    return [item async for item in p]


async def async_next(p: Any) -> Any:
    return await anext(p)


def match_statement(p: Any) -> str:
    match p:
        case int():
            return "int"
        case {"k": _}:
            return "mapping"
        case [_, *_]:
            return "sequence"
        case str() | bytes():
            return "text"
        case _:
            return "other"


def signature(p: Any) -> str:
    try:
        return str(inspect.signature(p))
    except ValueError:
        return "no signature found"


def exit_stack(p: Any) -> Any:
    with contextlib.ExitStack() as stack:
        return stack.enter_context(p)


def delete_item(p: Any, key: Any) -> None:
    del p[key]


def set_class(p: Any) -> None:
    p.__class__ = Asynchronous


NO_NAME: Any = 5
OTHERS: dict[str, Any] = {
    "2": 2,
    "2.5": 2.5,
    "'x'": "x",
    "[1]": [1],
    "{1}": {1},
    "{'a': 1}": {"a": 1},
}
BINARY = "add sub mul matmul truediv floordiv mod pow lshift rshift and xor or".split()
COMPARISONS = "lt le eq ne gt ge".split()
TWO_SIDED = {word: getattr(operator, f"__{word}__") for word in (*BINARY, *COMPARISONS)}
TWO_SIDED["divmod"] = divmod
TYPES: list[Any] = [int, str, list, dict, type, Anything, numbers.Number, os.PathLike]
TYPES += [getattr(collections.abc, name) for name in collections.abc.__all__]

OPERATIONS: dict[str, Operation] = {
    # What functions of Python do
    **{
        f.__name__: f
        for f in (
            *(repr, str, bytes, bytearray, ascii, bool, len, iter, next, reversed, abs),
            *(int, float, complex, round, bin, hex, chr, callable, list, tuple, set, dict, vars),
            *(sorted, sum, max, any, all, enumerate, memoryview, operator.index, operator.not_),
            *(operator.neg, operator.pos, operator.invert, operator.length_hint, math.trunc),
            *(math.floor, math.ceil, math.sqrt, os.fspath, json.dumps, pickle.dumps),
            *(inspect.isawaitable, inspect.isclass, inspect.isfunction),
            *(signature, inspect.unwrap, match_statement, with_statement, exit_stack),
        )
    },
    "doc": lambda p: p.__doc__ == type(p).__doc__ or p.__doc__,
    # `copyreg` leaves this one on classes that it has seen.
    "dir": lambda p: [name for name in dir(p) if name != "__slotnames__"],
    "hash": lambda p: hash(p) == hash(p._get_current_object()),
    "round 1": lambda p: round(p, 1),
    "pow 3": lambda p: pow(p, 2, 5),
    "pow of 3": lambda p: pow(2, p, 5),
    "pow modulo": lambda p: pow(2, 5, p),
    "format": lambda p: format(p, ""),
    "format spec": lambda p: format(p, ">9"),
    "f-string": lambda p: f"{p!r:>30} {p}",
    "percent": lambda p: operator.mod("%s", p),
    "percent d": lambda p: operator.mod("%d", p),
    "join": lambda p: "".join(p),
    "int from base": lambda p: int(p, 36),
    "isinstance of": lambda p: [isinstance(p, cls) for cls in TYPES],
    "issubclass of": lambda p: [issubclass(p, cls) for cls in TYPES[:3]],
    "isinstance by": lambda p: isinstance(1, p),
    "isinstance by, a list": lambda p: isinstance([], p),
    "issubclass by": lambda p: issubclass(bool, p),
    "type": lambda p: type(p).__name__,
    "class": lambda p: p.__class__,
    "set class": set_class,
    "identity of class": lambda p: p.__class__ is type(p),
    "copy": copy.copy,
    "copy is another": lambda p: copy.copy(p) is p,
    "deepcopy": copy.deepcopy,
    "deepcopy in a list": lambda p: copy.deepcopy([p, p]),
    "unpack": lambda p: [*p],
    "unpack two": lambda p: [(a, b) for a, b in [p]],
    "unpack mapping": lambda p: {**p},
    "star call": lambda p: make_function()(*p),
    "key": lambda p: {p: 1},
    "subscript of": lambda p: ["zero", "one"][p],
    "slice of": lambda p: [0, 1, 2, 3][:p],
    "range of": lambda p: range(p),
    "sort key": lambda p: sorted([3, 1], key=p),
    # Calls
    "call": lambda p: p(),
    "call 1": lambda p: p(1),
    "call keyword": lambda p: p(1, b=3),
    # Attributes
    "attribute": lambda p: p.attribute,
    "class attribute": lambda p: p.class_attribute,
    "dynamic attribute": lambda p: p.dynamic_name,
    "missing attribute": lambda p: p.missing,
    "weak references": lambda p: p.__weakref__,
    "broken property": lambda p: p.broken,
    "raising property": lambda p: p.raising,
    "method": lambda p: p.method(1, k=2),
    "upper": lambda p: p.upper(),
    "append": lambda p: p.append(4),
    "hasattr": lambda p: [hasattr(p, name) for name in ("attribute", "missing", "__html__")],
    "getattr default": lambda p: getattr(p, "missing", "default"),
    "set attribute": lambda p: setattr(p, "attribute", 1),
    "set new attribute": lambda p: setattr(p, "new", 1),
    "delete attribute": lambda p: delattr(p, "attribute"),
    "delete missing attribute": lambda p: delattr(p, "missing"),
    "attribute with a wrong name": lambda p: getattr(p, NO_NAME),
    "current object": lambda p: p._get_current_object(),
    # Items
    "item 0": lambda p: p[0],
    "item k": lambda p: p["k"],
    "item slice": lambda p: p[1:],
    "item missing": lambda p: p["missing"],
    "item of a type": lambda p: p[int],
    "set item": lambda p: operator.setitem(p, 0, 9),
    "set item k": lambda p: operator.setitem(p, "k", 9),
    "set slice": lambda p: operator.setitem(p, slice(1), [7, 8]),
    "delete item": lambda p: delete_item(p, 0),
    "delete item missing": lambda p: delete_item(p, "missing"),
    "contains 1": lambda p: 1 in p,
    "contains x": lambda p: "x" in p,
    "contains list": lambda p: [] in p,
    "contained": lambda p: p in [1, 6, "text %s"],
    "count": lambda p: operator.countOf(p, 1),
    # Two operands
    **{
        f"{word} {name}": on_the_left(operate, other)
        for word, operate in TWO_SIDED.items()
        for name, other in OTHERS.items()
    },
    **{
        f"{name} {word}": on_the_right(operate, other)
        for word, operate in TWO_SIDED.items()
        for name, other in OTHERS.items()
    },
    **{f"{word} itself": on_itself(operate) for word, operate in TWO_SIDED.items()},
    **{
        f"in place {word} {name}": in_place(getattr(operator, f"__i{word}__"), other)
        for word in BINARY
        for name, other in OTHERS.items()
    },
    "add to a list": lambda p: operator.concat([1], p),
    # Asynchronous
    "async with": lambda p: drive(async_with(p)),
    "await": lambda p: drive(awaiting(p)),
    "async for": lambda p: drive(async_for(p)),
    "anext": lambda p: drive(async_next(p)),
}

# All that Werkzeug's proxy passes on, to be asked for by name; but hashes are of addresses.
NAMES = [
    name
    for name, value in vars(werkzeug.local.LocalProxy).items()
    if type(value).__name__ in ("_ProxyLookup", "_ProxyIOp") and name != "__hash__"
]
WITHOUT_ARGUMENTS = """
    __repr__ __str__ __bytes__ __bool__ __dir__ __len__ __length_hint__ __iter__ __next__
    __reversed__ __neg__ __pos__ __abs__ __invert__ __complex__ __int__ __float__ __index__
    __round__ __trunc__ __floor__ __ceil__ __enter__ __await__ __aiter__ __anext__ __aenter__
    __copy__
""".split()


def arguments_for(name: str) -> list[tuple[Any, ...]]:
    """List what to call a special method with."""
    if name in WITHOUT_ARGUMENTS:
        return [()]
    if name in ("__setattr__", "__setitem__"):
        return [("attribute", 1), (0, 1)]
    if name in ("__exit__", "__aexit__"):
        return [(None, None, None)]
    if name == "__deepcopy__":
        return [({},)]
    return [(2,), ("attribute",), ([1],)]


def drive(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as e:
            return e.value


# A copy notes on the class where its objects keep what.
ALIKE = {"0x[0-9a-f]+": "address", "werkzeug[.]local": "miniflask.local", "'__slotnames__', ": ""}


def words(text: str) -> str:
    """Tell addresses and the two modules alike."""
    for told, alike in ALIKE.items():
        text = re.sub(told, alike, text)
    return text


def outcome(operation: Operation, p: Any) -> tuple[str, str]:
    """Say what an operation gives: a type and a repr, or an exception and its message."""
    try:
        result = operation(p)
        if inspect.iscoroutine(result):
            result = drive(result)
        return type(result).__name__, words(repr(result))
    except Exception as e:
        return f"raised {type(e).__name__}", words(str(e))


def outcomes(
    module: ModuleType, operations: dict[str, Operation], make: Callable[[ModuleType], Any]
) -> dict[str, Any]:
    """Try each operation on a proxy made afresh, in a Context of its own."""
    return {
        name: contextvars.Context().run(lambda: outcome(operation, make(module)))
        for name, operation in operations.items()
    }


def bound_outcomes(
    module: ModuleType,
    operations: dict[str, Operation],
    bind: Callable[[ModuleType, Any], Any],
    make_target: Callable[[], Any],
) -> dict[str, Any]:
    """Try each operation on a bound proxy, and look at the object afterwards as well."""
    found = {}
    for name, operation in operations.items():
        target = make_target()
        done = contextvars.Context().run(lambda: outcome(operation, bind(module, target)))
        found[name] = done, outcome(repr, target)
    return found


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """List what is not the same; an empty answer is what every test wants."""
    return {name: (ours[name], theirs[name]) for name in ours if ours[name] != theirs[name]}


def by_name(p: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(p, name)(*arguments)


def by_name_on_class(p: Any, name: str, arguments: tuple[Any, ...]) -> Any:
    return getattr(type(p), name)(p, *arguments)


NAMED: dict[str, Operation] = {
    f"{how.__name__} {name}{arguments}": partial(how, name=name, arguments=arguments)
    for how in (by_name, by_name_on_class)
    for name in NAMES
    for arguments in arguments_for(name)
    # Two that only our subclasses have on the class in Werkzeug's way.
    if (how, name) not in [(by_name_on_class, "__getattr__"), (by_name_on_class, "__iter__")]
}
NAMED |= {f"hasattr {name}": on_the_left(hasattr, name) for name in NAMES}

# Werkzeug binds its own functions to the object, which has no effect when that is None: they are
# called without it. Ours pass None on like anything else.
FUNCTIONS_OF_WERKZEUG = re.compile(
    r"('x'|2|2\.5|\[1\]|\{.*\}) |.* itself|in place|add to|"
    r"copy|deepcopy|call|signature|sort key|.* by|"
    r".*__(r|i|copy|deepcopy|call|instancecheck|subclasscheck)"
)


@pytest.mark.parametrize("operations", [OPERATIONS, NAMED], ids=["used", "named"])
@pytest.mark.parametrize("bind", BOUND)
@pytest.mark.parametrize("target", TARGETS)
def test_bound(
    bind: Callable[[ModuleType, Any], Any], target: str, operations: dict[str, Operation]
) -> None:
    """Every operation on a bound proxy gives, raises and changes what it does with Werkzeug's."""
    if target == "None":
        operations = {k: v for k, v in operations.items() if not FUNCTIONS_OF_WERKZEUG.match(k)}
    if target in {"class", "type", "abc"} and sys.version_info >= (3, 13):
        # Takes the class of the proxy for a proxy, and both fail in words of their own.
        operations = {k: v for k, v in operations.items() if k != "signature"}
    ours = bound_outcomes(miniflask.local, operations, bind, TARGETS[target])
    theirs = bound_outcomes(werkzeug.local, operations, bind, TARGETS[target])

    assert differences(ours, theirs) == {}


@pytest.mark.parametrize("operations", [OPERATIONS, NAMED], ids=["used", "named"])
@pytest.mark.parametrize("kind", UNBOUND)
def test_unbound(kind: str, operations: dict[str, Operation]) -> None:
    """Every operation on an unbound proxy gives or raises what it does with Werkzeug's."""
    if kind in ("AttributeError", "missing attribute"):
        # `copy` believes that there is no `__deepcopy__`, and takes the proxy itself to pieces.
        operations = {k: v for k, v in operations.items() if not k.startswith("deepcopy")}
    ours = outcomes(miniflask.local, operations, UNBOUND[kind])
    theirs = outcomes(werkzeug.local, operations, UNBOUND[kind])

    assert differences(ours, theirs) == {}


@pytest.mark.parametrize("library", [miniflask.local, werkzeug.local])
def test_the_methods_of_a_proxy_are_looked_up_before_they_are_called(library: Any) -> None:
    """Whoever asks a proxy for a special method by name gets the object's, or the error."""
    var: ContextVar[Any] = ContextVar("var")
    proxy = library.LocalProxy(var)
    special = ["__getattr__", "__setattr__", "__getitem__", "__setitem__", "__contains__"]
    for name in special:
        with pytest.raises(RuntimeError, match="object is not bound"):
            getattr(proxy, name)

    def program() -> None:
        var.set({"a": 1})
        assert proxy.__getattr__("get")("a") == 1
        methods = [getattr(proxy, name) for name in special[2:]]
        var.set({})
        assert methods[0]("a") == 1
        assert methods[2]("a")

    contextvars.copy_context().run(program)


@pytest.mark.parametrize("library", [miniflask.local, werkzeug.local])
def test_a_subclass_of_a_proxy_is_set_up_by_every_base(library: Any) -> None:
    """A base beside the proxy's class hears of the subclass; an option nobody takes is refused."""
    heard: list[str] = []

    class Listening:
        def __init_subclass__(cls, option: str, **kwargs: Any) -> None:
            super().__init_subclass__(**kwargs)
            heard.append(option)

    both: Any = type("Both", (library.LocalProxy, Listening), {}, option="loud")

    assert heard == ["loud"]
    assert both(lambda: {"a": 1})["a"] == 1
    with pytest.raises(TypeError, match=r"Alone\.__init_subclass__\(\) takes no keyword arguments"):
        type("Alone", (library.LocalProxy,), {}, option="loud")
