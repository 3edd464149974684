"""Context locals: how much faster ours are than Werkzeug's, measured in turns in one process."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from contextvars import ContextVar
from timeit import Timer
from types import ModuleType
from typing import Any

import werkzeug.local

import miniflask.local

# Many short rounds: on a busy machine a short one has a chance to run undisturbed.
ROUNDS = 300
BUDGET = 1_000


class Thing:
    """What the proxies stand for."""

    def __init__(self) -> None:
        self.name = "thing"
        self.thing = self

    def __call__(self) -> None:
        pass


def proxy(module: ModuleType, obj: Any, name: str | None = None) -> Any:
    """Make a proxy of a variable that holds *obj*."""
    var: ContextVar[Any] = ContextVar("var")
    var.set(obj)
    return module.LocalProxy(var, name)


def stack(module: ModuleType, depth: int) -> Any:
    """Make a stack of so many items."""
    made = module.LocalStack()
    for item in range(depth):
        made.push(item)
    return made


def local(module: ModuleType) -> Any:
    """Make a Local with one attribute."""
    made = module.Local()
    made.name = "local"
    return made


# What is measured, how it is written, what `it` is, and how often that fits into a round.
CASES: list[tuple[str, str, Callable[[ModuleType], Any], int]] = [
    ("proxy.name", "it.name", lambda m: proxy(m, Thing()), BUDGET),
    ("proxy.name, of an attribute", "it.name", lambda m: proxy(m, Thing(), "thing"), BUDGET),
    ("proxy.name = x", "it.name = 1", lambda m: proxy(m, Thing()), BUDGET),
    ("proxy[key]", "it['key']", lambda m: proxy(m, {"key": 1}), BUDGET),
    ("key in proxy", "'key' in it", lambda m: proxy(m, {"key": 1}), BUDGET),
    ("proxy()", "it()", lambda m: proxy(m, Thing()), BUDGET),
    ("bool(proxy)", "bool(it)", lambda m: proxy(m, Thing()), BUDGET),
    ("isinstance(proxy, int)", "isinstance(it, int)", lambda m: proxy(m, Thing()), BUDGET),
    (
        "proxy._get_current_object()",
        "it._get_current_object()",
        lambda m: proxy(m, Thing()),
        BUDGET,
    ),
    ("LocalStack push and pop, depth 1", "it.push(0); it.pop()", lambda m: stack(m, 1), BUDGET),
    ("LocalStack push and pop, depth 100", "it.push(0); it.pop()", lambda m: stack(m, 100), BUDGET),
    (
        "LocalStack push and pop, depth 10,000",
        "it.push(0); it.pop()",
        lambda m: stack(m, 10_000),
        5,
    ),
    ("Local get", "it.name", local, BUDGET),
    ("Local set", "it.name = 1", local, BUDGET),
]


def ratio(statement: str, prepare: Callable[[ModuleType], Any], times: int) -> float:
    """Tell how many times as long Werkzeug's takes, by the best of interleaved rounds."""
    theirs, ours = (
        Timer(statement, globals={"it": prepare(module)})
        for module in (werkzeug.local, miniflask.local)
    )
    rounds = [(theirs.timeit(times), ours.timeit(times)) for _ in range(ROUNDS)]
    return min(their for their, _ in rounds) / min(our for _, our in rounds)


def measure() -> list[tuple[str, float]]:
    """Give the name of each case, and how many times as fast as Werkzeug's ours is."""
    # An empty Context: what a variable costs depends on how many others are set beside it.
    return [
        (name, contextvars.Context().run(ratio, statement, prepare, times))
        for name, statement, prepare, times in CASES
    ]
