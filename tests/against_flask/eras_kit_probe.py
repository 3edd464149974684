"""What ``Local``, ``LocalStack`` and ``LocalProxy`` do, printed as JSON.

``python eras_kit_probe.py MODULE`` with ``werkzeug.local``, in the environment of an old Flask,
or with the module of an era.
"""

from __future__ import annotations

import json
import operator
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any


class Thing:
    """Something to stand for."""

    def __init__(self) -> None:
        self.a = 1

    def __call__(self, *args: Any) -> Any:
        return args

    def __enter__(self) -> str:
        return "entered"

    def __exit__(self, *exc_info: Any) -> None:
        self.a = 2


def attempt(action: Callable[[], Any]) -> Any:
    """Return what an action returns, or the exception that it raises."""
    try:
        return action()
    except Exception as e:
        return [type(e).__name__, str(e)]


def local(kit: Any) -> Iterator[Any]:
    """A Local: what is set, read, deleted and released."""
    local = kit.Local()
    yield attempt(lambda: local.a)
    local.a, local.b = 1, 2
    yield [local.a, hasattr(local, "c")]
    yield attempt(partial(delattr, local, "c"))
    del local.a
    yield attempt(lambda: local.a)
    proxy = local("b")
    yield [proxy == 2, repr(proxy)]
    local.b = 3
    yield [proxy == 3, int(proxy), proxy + 1, proxy * 2, -proxy]
    # Of what it iterates over, the keys are the thing that changed.
    yield [type(key).__name__ for key, _ in local]
    local.__release_local__()
    yield [hasattr(local, "b"), bool(proxy), repr(proxy), list(local)]
    yield attempt(lambda: proxy + 1)


def stack(kit: Any) -> Iterator[Any]:
    """A LocalStack: what is on it, and the list behind it."""
    stack = kit.LocalStack()
    yield [stack.top, stack.pop()]
    proxy = stack()
    yield [bool(proxy), repr(proxy), attempt(lambda: proxy + 1)]
    first = stack.push("a")
    yield [list(first), stack.top, proxy.upper()]
    second = stack.push("b")
    yield [list(first), list(second), first is second, proxy.upper()]
    yield [stack.pop(), list(first), list(second), stack.top]
    yield [stack.pop(), list(first), list(second), stack.top, stack.pop()]
    stack.push("c")
    stack.push("d")
    stack.__release_local__()
    yield [stack.top, stack.pop()]


def inside(kit: Any) -> Iterator[Any]:
    """What is kept in ``_local.stack``."""
    stack = kit.LocalStack()
    for action in (lambda: stack.push(1), lambda: stack.push(2), stack.pop, stack.pop):
        action()
        yield [hasattr(stack._local, "stack"), getattr(stack._local, "stack", None)]


OPERATORS = (
    "lt le eq ne gt ge add sub mul truediv floordiv mod pow lshift rshift and or xor"
    " iadd isub imul ifloordiv imod ipow ilshift irshift iand ior ixor"
)


def numbers(kit: Any) -> Iterator[Any]:
    """A proxy of a number in every operation, on either side."""
    proxy = kit.LocalProxy(lambda: 6)
    for name in OPERATORS.split():
        operation = getattr(operator, f"__{name}__")
        yield [name, attempt(partial(operation, proxy, 2))]
    for name in "lt le eq ne gt ge add sub mul truediv floordiv mod".split():
        operation = getattr(operator, f"__{name}__")
        yield [name, attempt(partial(operation, 8, proxy))]
    for function in (abs, operator.neg, operator.pos, operator.invert, operator.index, hash):
        yield attempt(partial(function, proxy))
    for shown in (int, float, str, repr, bool, lambda p: divmod(p, 4), complex):
        yield str(attempt(partial(shown, proxy)))


def containers(kit: Any) -> Iterator[Any]:
    """A proxy of a list and of a dict."""
    items, table = [1, 2, 3], {"a": 1}
    proxy, mapping = kit.LocalProxy(lambda: items), kit.LocalProxy(lambda: table)
    yield [len(proxy), list(proxy), 2 in proxy, proxy[0], proxy[1:], proxy + [4], proxy == [1, 2]]
    proxy[0] = 9
    del proxy[1]
    proxy.append(7)
    mapping["b"] = 2
    yield [items, mapping["b"], sorted(mapping), "a" in mapping, mapping.get("z")]
    yield [attempt(lambda: proxy[99]), attempt(lambda: mapping["z"]), attempt(lambda: hash(proxy))]
    name = proxy
    name += [5]
    yield [items, type(name).__name__]


def things(kit: Any) -> Iterator[Any]:
    """A proxy of an object: attributes, calls, ``with``, and what kind of thing it is."""
    thing = Thing()
    proxy = kit.LocalProxy(lambda: thing)
    yield [proxy.a, proxy(1, 2), isinstance(proxy, Thing), type(proxy).__name__, "a" in dir(proxy)]
    proxy.b = 2
    yield [vars(thing), proxy.__dict__ == thing.__dict__]
    del proxy.b
    yield [hasattr(thing, "b"), attempt(partial(getattr, proxy, "b"))]
    with proxy as entered:
        yield entered
    yield [thing.a, proxy == thing, proxy._get_current_object() is thing]


def unbound(kit: Any) -> Iterator[Any]:
    """A proxy of nothing: of a name in a Local, and of a function that raises."""

    def missing() -> Any:
        raise RuntimeError("nothing here")

    for proxy in (kit.Local()("name"), kit.LocalProxy(missing)):
        yield [bool(proxy), repr(proxy), dir(proxy)]
        for action in (str, len, lambda p: p.a, lambda p: p(), lambda p: p + 1, hash):
            yield attempt(partial(action, proxy))
        yield attempt(partial(getattr, proxy, "__dict__"))


PROBES = [local, stack, inside, numbers, containers, things, unbound]


if __name__ == "__main__":
    kit = import_module(sys.argv[1])
    answers = {probe.__name__: attempt(lambda: list(probe(kit))) for probe in PROBES}  # noqa: B023
    print(json.dumps(answers, default=str))
