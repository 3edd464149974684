"""Whole requests in one process: how many times as fast as Flask miniflask answers them.

Run ``python -m tests.benchmarks.requests hello json`` for some workloads, or name none for all.
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

import flask

import miniflask

from . import rounds, wsgi
from .programs import flasks
from .workloads import REQUESTS, Workload

ROUNDS = 40
BUDGET = 0.004

FRAMEWORKS: dict[str, Any] = {"miniflask": miniflask, "Flask": flask}


def build(framework: Any, workload: Workload) -> wsgi.App:
    """Make the program of a workload, for miniflask or Flask."""
    app: wsgi.App = getattr(flasks, workload.program)(framework, *workload.arguments)
    return app


@contextmanager
def frozen_time() -> Iterator[None]:
    """Let the time stand still, for cookies that hold it."""
    with mock.patch("time.time", return_value=float(int(time.time()))):
        yield


def check(apps: Mapping[str, wsgi.App], workload: Workload) -> None:
    """Compare the answers: all of it between miniflask and Flask, what is meant with the others.

    Raises:
        AssertionError: An answer is another one.
    """
    with frozen_time():
        answers = {
            n: wsgi.ask(a, wsgi.prepare(a, workload), workload.body) for n, a in apps.items()
        }
    flask_answer = answers["Flask"]
    for name, answer in answers.items():
        seen, expected = (outline(each, workload) for each in (answer, flask_answer))
        assert seen == expected, f"{workload.name}: {name} {seen}, Flask {expected}"
    assert flask_answer.status.startswith(f"{workload.status} "), flask_answer.status
    assert answers["miniflask"] == flask_answer, (answers["miniflask"], flask_answer)


def outline(answer: wsgi.Answer, workload: Workload) -> tuple[Any, ...]:
    """Say what an answer means: its status, its kind of content, its body, if it sets a cookie."""
    kind = (
        answer.header("Content-Type").partition(";")[0] if workload.read(b"0") is not None else ""
    )
    cookie = bool(answer.header("Set-Cookie"))
    return answer.status.partition(" ")[0], kind, workload.read(answer.body), cookie


def measure(
    workload: Workload,
    apps: Mapping[str, wsgi.App],
    times: int = ROUNDS,
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
        return rounds.in_turns(turns, times, budget)
    finally:
        gc.unfreeze()


def main(names: list[str]) -> None:
    """Print a line for each workload named, or for all."""
    known = {workload.name: workload for workload in REQUESTS}
    print(f"{'workload':<14}{'Flask, us':>10}{'ours, us':>10}{'ratio':>8}{'median':>8}")
    for name in names or known:
        workload = known[name]
        taken = measure(workload, {n: build(fw, workload) for n, fw in FRAMEWORKS.items()})
        ours, theirs = taken["miniflask"], taken["Flask"]
        print(
            f"{name:<14}{theirs.best * 1e6:10.1f}{ours.best * 1e6:10.1f}"
            f"{ours.ratio(theirs):8.2f}{ours.median_ratio(theirs):8.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
