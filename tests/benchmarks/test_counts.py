"""The check of calls and blocks: it counts exactly, and fails when a figure grew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from . import counts
from .counts import VERSION, Counts
from .test_requests import HELLO

BEFORE = {"hello": Counts(100, 20, 0), "json": Counts(120, 30, 0)}


def noop() -> None:
    pass


def test_calls_are_counted_those_in_c_as_well() -> None:
    """Each function that is called counts once, whoever wrote it."""

    def request() -> None:
        noop()
        len("")
        noop()

    assert counts.count_calls(noop) == 0
    assert counts.count_calls(request) == 3


class Answer(list[bytes]):
    """A body, that may be part of a cycle."""


def application(calls: int = 0, blocks: int = 0, cycle: bool = False) -> Any:
    """Make an application that does so many calls more, and holds so many blocks more."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        held = [object() for _ in range(blocks)]
        for _ in range(calls):
            noop()
        start_response("200 OK", [])
        answer = Answer()
        if cycle:
            answer.itself = answer  # type: ignore[attr-defined]  # that is the cycle
        return answer if held or not blocks else None

    return app


def test_each_figure_grows_with_what_it_counts() -> None:
    """More calls, more blocks and a cycle are each seen in their own figure."""
    plain = counts.count(application(), HELLO)
    calls = counts.count(application(calls=7), HELLO)
    blocks = counts.count(application(blocks=40), HELLO)
    cycle = counts.count(application(cycle=True), HELLO)

    assert calls.calls == plain.calls + 7
    assert blocks.blocks >= plain.blocks + 40
    assert (plain.left, cycle.left > 0) == (0, True)


@pytest.mark.parametrize(
    "after,line",
    [
        (Counts(101, 20, 0), "GROWN   hello: calls 100 -> 101"),
        (Counts(100, 23, 0), "GROWN   hello: blocks 20 -> 23"),
        (Counts(90, 10, 1), "GROWN   hello: left 0 -> 1"),
    ],
)
def test_a_figure_that_grew_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], after: Counts, line: str
) -> None:
    """The check says which figure grew, from what to what, and what to type if it is meant."""
    path = tmp_path / "baseline.json"
    counts.save(BEFORE, path)

    assert counts.check({**BEFORE, "hello": after}, path) == 1
    printed = capsys.readouterr().out
    assert line in printed.splitlines()
    assert "make bench-check ARGS=--update" in printed


def test_less_is_reported_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What shrank is worth a new baseline; a block or two may be chance."""
    path = tmp_path / "baseline.json"
    counts.save(BEFORE, path)

    assert counts.check({"hello": Counts(90, 22, 0), "new": Counts(1, 1, 0)}, path) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:2] == ["less    hello: calls 100 -> 90", "without a baseline: new"]


def test_a_python_without_a_baseline_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is compared then, and the check says how a baseline is made."""
    assert counts.check(BEFORE, tmp_path / "none.json") == 0
    printed = capsys.readouterr().out
    assert f"no baseline for Python {VERSION}" in printed
    assert "make bench-check ARGS=--update" in printed


def test_a_new_baseline_keeps_those_of_other_versions(tmp_path: Path) -> None:
    """Saving replaces the figures of the running Python alone."""
    path = tmp_path / "baseline.json"
    path.write_text('{"3.1": {"hello": {"calls": 1, "blocks": 2, "left": 3}}}', "utf-8")
    counts.save(BEFORE, path)

    assert counts.load(path) == {"3.1": {"hello": Counts(1, 2, 3)}, VERSION: BEFORE}


def test_the_committed_baseline_leaves_nothing_to_the_collector() -> None:
    """No request of ours is a reference cycle."""
    baselines = counts.load()

    assert baselines
    assert {each.left for found in baselines.values() for each in found.values()} == {0}
