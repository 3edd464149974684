"""The arithmetic of interleaved rounds."""

from __future__ import annotations

import pytest

from .rounds import Times, fitting, in_turns


def test_best_median_and_ratios() -> None:
    """One slow round moves neither the best nor the median, nor the ratios."""
    ours, theirs = Times((1.0, 9.0, 1.0)), Times((4.0, 36.0, 6.0))

    assert (ours.best, ours.median) == (1.0, 1.0)
    assert (theirs.best, theirs.median) == (4.0, 6.0)
    assert ours.ratio(theirs) == 4.0
    assert theirs.ratio(ours) == 0.25
    assert ours.median_ratio(theirs) == 4.0


def test_ratios_are_those_of_the_same_round() -> None:
    """A machine that is slow in one round is so for both."""
    ours, theirs = Times((1.0, 10.0, 100.0)), Times((2.0, 20.0, 200.0))

    assert ours.median_ratio(theirs) == 2.0


@pytest.mark.parametrize("each", [0.001, 0.1, 5.0])
def test_a_turn_fits_into_its_budget(each: float) -> None:
    """A quick thing is done as often as fits into the turn, a slow one once."""
    times = fitting(lambda times: times * each, 1.0)

    assert times == pytest.approx(max(1, int(1.0 / each)), rel=0.01)


def test_everyone_gets_a_turn_in_every_round_and_the_order_changes() -> None:
    """What stands first in one round stands last in the next."""
    log: list[str] = []

    def turn(name: str, each: float) -> float:
        log.append(name)
        return each

    taken = in_turns(
        {"a": lambda times: turn("a", times * 1.0), "b": lambda times: turn("b", times * 2.0)},
        3,
        0.5,
    )

    assert log[-6:] == ["a", "b", "b", "a", "a", "b"]
    assert taken == {"a": Times((1.0,) * 3), "b": Times((2.0,) * 3)}
