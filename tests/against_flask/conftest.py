"""Fixtures that run a program on miniflask and on the installed Flask."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import flask
import pytest

import miniflask
from tests.against_flask.harness import FRAMEWORKS, Run, Trace, describe, run_on

SideBySide = Callable[..., tuple[Run, Run]]
T = TypeVar("T")


def within_a_second(run_both: Callable[[], tuple[T, T]]) -> tuple[T, T]:
    """Return what both came to; try again if they differ and the clock ticked in between.

    A signed cookie holds the second in which it was made.
    """
    second = int(time.time())
    ours, theirs = run_both()
    if ours != theirs and int(time.time()) != second:
        ours, theirs = run_both()
    return ours, theirs


@pytest.fixture
def side_by_side() -> SideBySide:
    """Run a program on both frameworks; returns what it did on ours and on Flask.

    Call it with an app factory and the requests.  ``jar=True`` keeps cookies between them.
    """

    def run(
        factory: Callable[[Any, Trace], Any], *requests: Any, jar: bool = False
    ) -> tuple[Run, Run]:
        return within_a_second(
            lambda: (
                run_on(miniflask, factory, requests, jar),
                run_on(flask, factory, requests, jar),
            )
        )

    return run


@pytest.fixture
def agree(side_by_side: SideBySide) -> Callable[..., Run]:
    """Run a program on both frameworks, assert that they agree, and return what it did."""

    def run(factory: Callable[[Any, Trace], Any], *requests: Any, jar: bool = False) -> Run:
        ours, theirs = side_by_side(factory, *requests, jar=jar)
        assert ours.outcomes == theirs.outcomes
        assert ours.trace == theirs.trace
        assert ours.log == theirs.log
        return ours

    return run


@pytest.fixture
def same() -> Callable[[Callable[[Any], Any]], Any]:
    """Do something with each framework, assert that it comes to the same, and return that.

    An exception that is raised comes back as its class's name and its message.
    """

    def attempt(action: Callable[[Any], Any], fw: Any) -> Any:
        try:
            return describe(action(fw))
        except Exception as e:
            return describe(e)

    def run(action: Callable[[Any], Any]) -> Any:
        ours, theirs = within_a_second(lambda: (attempt(action, miniflask), attempt(action, flask)))
        assert ours == theirs
        return ours

    return run


@pytest.fixture(params=list(FRAMEWORKS))
def fw(request: pytest.FixtureRequest) -> Any:
    """Each of the two frameworks in turn, for a test that states a fact about both."""
    return FRAMEWORKS[request.param]
