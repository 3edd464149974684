"""How the time of a request depends on the number of rules: on the first, a middle, the last.

A growth exponent says it in one figure: 0 is not at all, 1 is as the number of rules does.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from time import process_time

from . import requests, wsgi
from .contenders import OURS, THEIRS, adder
from .rounds import Times
from .workloads import COUNTS, SHAPES, among

PLACES = ("first", "middle", "last")
#: The peers with the longest way to 5,000 rules need a minute to add them.
PEERS_UP_TO = 1_000
PEERS = ("Bottle", "Falcon", "Pyramid")


@dataclass(frozen=True)
class Crowd:
    """Applications with so many rules of one shape, and what each request takes."""

    shape: str
    count: int
    adding: Mapping[str, Times]
    places: Mapping[str, Mapping[str, Times]]


def crowd(shape: str, count: int, rounds: int, budget: float) -> Crowd:
    """Add the rules, a few in more rounds than many, then ask for each place."""
    names = (OURS, THEIRS) + (PEERS if count <= PEERS_UP_TO else ())
    workload = among(count, shape, "first")
    apps: dict[str, wsgi.App] = {}
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(3 + 300 // count):
        for name in names:
            # As in a fresh process: the collector looks at what is made here alone.
            apps.pop(name, None)
            gc.collect()
            gc.freeze()
            add = adder(name, workload)
            began = process_time()
            app = add()
            wsgi.ask(app, wsgi.prepare(app, workload))  # what is put off until the first request
            taken[name].append(process_time() - began)
            gc.unfreeze()
            apps[name] = app
    adding = {name: Times(tuple(rounds)) for name, rounds in taken.items()}
    places = {
        place: requests.measure(among(count, shape, place), apps, rounds, budget)
        for place in PLACES
    }
    return Crowd(shape, count, adding, places)


def measure(rounds: int, budget: float, counts: tuple[int, ...] = COUNTS) -> list[Crowd]:
    """Measure every shape with every number of rules."""
    return [crowd(shape, count, rounds, budget) for shape in SHAPES for count in counts]


def exponent(few: tuple[int, float], many: tuple[int, float]) -> float:
    """Give the power of the count that the time grows with, from two points."""
    return log(many[1] / few[1]) / log(many[0] / few[0])


def exponents(crowds: list[Crowd], shape: str, place: str) -> dict[str, float]:
    """Give each contender's growth exponent, from its fewest rules to its most."""
    points: dict[str, list[tuple[int, float]]] = {}
    for each in crowds:
        if each.shape == shape:
            for name, times in each.places[place].items():
                points.setdefault(name, []).append((each.count, times.best))
    return {name: exponent(p[0], p[-1]) for name, p in points.items() if len(p) > 1}
