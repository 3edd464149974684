"""The route map: how much faster ours is than Werkzeug's, measured in turns in one process."""

from __future__ import annotations

import gc
from collections.abc import Callable
from math import log
from time import perf_counter
from timeit import Timer
from types import ModuleType
from typing import Any

import werkzeug.routing
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ

import miniflask.routing

ORIGINAL, OURS = werkzeug.routing, miniflask.routing
FEW, MANY = 10, 5_000
ROUNDS = 30


def application(module: ModuleType, count: int) -> Any:
    """Make an adapter for *count* rules: half of them static, half with two variables."""
    rules = [
        module.Rule(f"/page{n}", endpoint=f"page{n}", methods=["GET"]) for n in range(count // 2)
    ]
    rules += [
        module.Rule(f"/user{n}/<int:id>/<name>", endpoint=f"user{n}", methods=["GET"])
        for n in range(count - count // 2)
    ]
    return module.Map(rules).bind("localhost")


def crowd(module: ModuleType) -> Any:
    """Make an adapter for a thousand rules that differ only behind their variable."""
    rules = [module.Rule(f"/<name>-k{n}", endpoint=f"k{n}") for n in range(1_000)]
    return module.Map(rules).bind("localhost")


def miss(adapter: Any) -> None:
    """Ask for a path that no rule matches."""
    try:
        adapter.match("/nowhere")
    except HTTPException:
        pass


def best(statement: str, times: int, **names: Any) -> float:
    """Give the seconds of one run of *statement*, the best of several rounds, garbage collector on."""
    timer = Timer(statement, "import gc; gc.enable()", globals=names)
    return min(timer.repeat(ROUNDS, times)) / times


def both(statement: str, theirs: Any, ours: Any, times: int = 2_000) -> tuple[float, float]:
    """Give the seconds of the original and of ours, the best of rounds taken in turns."""
    timers = [
        Timer(statement, "gc.enable()", globals={"it": it, "miss": miss, "gc": gc})
        for it in (theirs, ours)
    ]
    rounds = [[timer.timeit(times) / times for timer in timers] for _ in range(ROUNDS)]
    original, our = map(min, zip(*rounds))
    return original, our


CASES: list[tuple[str, str]] = [
    ("match, static", "it.match('/page3')"),
    ("match, two variables", "it.match('/user3/7/bob')"),
    ("match, nothing found", "miss(it)"),
    ("build, static", "it.build('page3')"),
    ("build, two variables", "it.build('user3', {'id': 7, 'name': 'bob'})"),
    ("build, with a query", "it.build('user3', {'id': 7, 'name': 'bob', 'page': 2})"),
]


def seconds_to_start(module: ModuleType) -> float:
    """Add 5,000 rules and match once."""
    start = perf_counter()
    application(module, MANY).match("/page3")
    return perf_counter() - start


def measure() -> list[tuple[str, float]]:
    """Give the name of each figure, and how many times as fast as Werkzeug's ours is.

    Exponents say how our time grows from 10 to 5,000 rules: 0 is not at all, 1 as the rules do.
    """
    figures: list[tuple[str, float]] = []
    adapters = {count: [application(m, count) for m in (ORIGINAL, OURS)] for count in (FEW, MANY)}
    for name, statement in CASES:
        ours = {}
        for count, (theirs, our) in adapters.items():
            original, ours[count] = both(statement, theirs, our)
            figures.append((f"{name}, {count:,} rules", original / ours[count]))
        exponent = log(ours[MANY] / ours[FEW]) / log(MANY / FEW)
        figures.append((f"{name}, growth exponent", exponent))
    original, our = both("it.match('/bob-k7')", crowd(ORIGINAL), crowd(OURS), times=3)
    figures.append(("match, /<name>-k7 among 1,000", original / our))
    environ = create_environ("/user3/7/bob")
    original, our = (
        both(
            "it.bind_to_environ(environ)".replace("environ)", f"{environ!r})"),
            adapters[FEW][0].map,
            adapters[FEW][1].map,
        )
        if 0
        else (1, 1)
    )
    starts = [[seconds_to_start(module) for module in (ORIGINAL, OURS)] for _ in range(3)]
    original, our = map(min, zip(*starts))
    figures.append(("adding 5,000 rules and matching once", original / our))
    return figures
