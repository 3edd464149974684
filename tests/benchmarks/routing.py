"""The route map: how much faster ours is than Werkzeug's, measured in turns in one process."""

from __future__ import annotations

import gc
from math import log
from time import process_time
from timeit import Timer
from types import ModuleType
from typing import Any

import werkzeug.routing
from werkzeug.exceptions import HTTPException
from werkzeug.test import create_environ

import miniflask.routing

BOTH = (werkzeug.routing, miniflask.routing)
FEW, MANY = 10, 5_000
ROUNDS = 30

# What is measured, and how it is written; `it` is an adapter.
CASES: list[tuple[str, str]] = [
    ("match, static", "it.match('/page3')"),
    ("match, one variable", "it.match('/tag3/python')"),
    ("match, two variables", "it.match('/user3/7/bob')"),
    ("match, nothing found", "miss(it, '/nowhere')"),
    ("match, a missing slash", "miss(it, '/list3')"),
    ("build, static", "it.build('page3')"),
    ("build, two variables", "it.build('user3', {'id': 7, 'name': 'bob'})"),
    ("build, with a query", "it.build('user3', {'id': 7, 'name': 'bob', 'page': 2})"),
    ("bind to an environment", "it.map.bind_to_environ(environ, subdomain='')"),
]


def application(module: ModuleType, count: int) -> Any:
    """Make an adapter of a map with so many rules, with and without variables."""
    kinds = [("page", ""), ("user", "/<int:id>/<name>"), ("tag", "/<name>"), ("list", "/")]
    rules = []
    for number in range(count):
        name, rest = kinds[number % 4]
        name = f"{name}{number // 4 if count == MANY else number // 4 + 3}"
        rules.append(module.Rule(f"/{name}{rest}", endpoint=name, methods=["GET"]))
    return module.Map(rules).bind("localhost")


def crowd(module: ModuleType) -> Any:
    """Make an adapter of a map with a thousand rules that differ only behind their variable."""
    rules = [module.Rule(f"/<name>-k{number}", endpoint=number) for number in range(1_000)]
    return module.Map(rules).bind("localhost")


def miss(adapter: Any, path: str) -> None:
    """Ask for a path that no rule matches as it is."""
    try:
        adapter.match(path)
    except HTTPException:
        return
    raise AssertionError(f"{path} was found")


def seconds(statement: str, adapters: list[Any], times: int = 2_000) -> list[float]:
    """Give the seconds that a statement takes each of them, the best of rounds taken in turns."""
    environ = create_environ("/user3/7/bob")
    timers = [
        # Timer() switches the garbage collector off, and servers do not. Time of the process,
        # because on a busy machine the slower one would be interrupted more often.
        Timer(statement, "gc.enable()", process_time, {**globals(), "it": it, "environ": environ})
        for it in adapters
    ]
    rounds = [[timer.timeit(times) / times for timer in timers] for _ in range(ROUNDS)]
    return [min(taken) for taken in zip(*rounds, strict=True)]


def start(module: ModuleType) -> float:
    """Give the seconds that it takes to add 5,000 rules and match once."""
    gc.collect()
    began = process_time()
    application(module, MANY).match("/page3")
    return process_time() - began


def ratio(pair: list[float]) -> float:
    """Give how many times as long the first took as the second."""
    theirs, ours = pair
    return theirs / ours


def measure() -> list[tuple[str, float]]:
    """Give the name of each figure, and how many times as fast as Werkzeug's ours is.

    A growth exponent says how our time depends on the number of rules: 0 is not at all, 1 is as
    the rules do.
    """
    starts = [[start(module) for module in BOTH] for _ in range(3)]
    figures = [(f"adding {MANY:,} rules and matching once", ratio(list(map(min, *starts))))]
    taken = {}
    for count in (FEW, MANY):
        gc.collect()
        adapters = [application(module, count) for module in BOTH]
        for name, statement in CASES:
            taken[name, count] = seconds(statement, adapters)
    for name, _ in CASES:
        few, many = taken[name, FEW], taken[name, MANY]
        figures.append((f"{name}, {FEW} rules", ratio(few)))
        figures.append((f"{name}, {MANY:,} rules", ratio(many)))
        figures.append((f"{name}, growth exponent", log(many[1] / few[1], MANY / FEW)))
    among = seconds("it.match('/bob-k7')", [crowd(module) for module in BOTH], times=3)
    figures.append(("match, /<name>-k7 among 1,000", ratio(among)))
    return figures
