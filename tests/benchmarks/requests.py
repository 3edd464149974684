"""Whole requests in one process: how many times as fast as Flask and its peers miniflask is.

Run ``python -m tests.benchmarks.requests hello json`` for some workloads beside Flask alone, or
name none for all.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest import mock

from . import rounds, wsgi
from .contenders import OURS, THEIRS, build_all
from .workloads import REQUESTS, Workload, unread

ROUNDS = 40
BUDGET = 0.004


@contextmanager
def frozen_time() -> Iterator[None]:
    """Let the time stand still, for cookies that hold it."""
    now = float(int(time.time()))
    with mock.patch("time.time", lambda: now):
        yield


def outline(answer: wsgi.Answer, workload: Workload) -> tuple[Any, ...]:
    """Say what an answer means: its status, its kind of content, its body, if it sets a cookie."""
    kind = answer.header("Content-Type").partition(";")[0]
    return (
        int(answer.status.partition(" ")[0]),
        kind if workload.read is not unread else "",
        workload.read(answer.body),
        bool(answer.header("Set-Cookie")),
    )


def check(apps: Mapping[str, wsgi.App], workload: Workload) -> None:
    """Compare the answers: all of it between miniflask and Flask, what is meant with the others.

    Raises:
        AssertionError: An answer is another one.
    """
    with frozen_time():
        answers = {
            name: wsgi.ask(app, wsgi.prepare(app, workload), workload.body)
            for name, app in apps.items()
        }
    theirs = answers[THEIRS]
    expected = outline(theirs, workload)
    assert expected[0] == workload.status, f"{workload.name}: {THEIRS} answers {theirs.status}"
    for name, answer in answers.items():
        seen = outline(answer, workload)
        assert seen == expected, f"{workload.name}: {name} says {seen}, {THEIRS} {expected}"
    ours = answers.get(OURS, theirs)
    assert ours == theirs, f"{workload.name}: {OURS} says {ours}, {THEIRS} {theirs}"


def measure(
    workload: Workload,
    apps: Mapping[str, wsgi.App],
    count: int = ROUNDS,
    budget: float = BUDGET,
) -> dict[str, rounds.Times]:
    """Compare the answers of all, then time them in turns."""
    check(apps, workload)
    turns = {
        name: partial(wsgi.seconds, app, wsgi.prepare(app, workload), workload.body)
        for name, app in apps.items()
    }
    gc.collect()
    gc.freeze()  # what is loaded already should cost nobody a collection
    try:
        return rounds.in_turns(turns, count, budget)
    finally:
        gc.unfreeze()


def main(names: list[str]) -> None:
    """Print a line for each workload named, or for all."""
    known = {workload.name: workload for workload in REQUESTS}
    print(f"{'workload':<14}{'Flask, us':>10}{'ours, us':>10}{'ratio':>8}{'median':>8}")
    for name in names or known:
        taken = measure(known[name], build_all(known[name], (OURS, THEIRS)))
        ours, theirs = taken[OURS], taken[THEIRS]
        print(
            f"{name:<14}{theirs.best * 1e6:10.1f}{ours.best * 1e6:10.1f}"
            f"{ours.ratio(theirs):8.2f}{ours.median_ratio(theirs):8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
