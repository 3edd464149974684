"""Measure things in turns, so that a busy machine is as unfair to one as to the other.

Every round gives each contender one short turn. The best turn is the one that nothing disturbed;
the median of the rounds' own ratios says whether that was luck.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

#: Does something so many times, and gives the seconds that it took.
Turn = Callable[[int], float]


@dataclass(frozen=True)
class Times:
    """The seconds that one thing took in each round."""

    rounds: tuple[float, ...]

    @property
    def best(self) -> float:
        """The least: what it takes when nothing interferes."""
        return min(self.rounds)

    @property
    def median(self) -> float:
        """What it took in the middle one of the rounds."""
        return median(self.rounds)

    def ratio(self, other: Times) -> float:
        """Tell how many times as long as this the other one takes, by the best of both."""
        return other.best / self.best

    def median_ratio(self, other: Times) -> float:
        """Tell the same by the median of the ratios in each round."""
        return median(his / mine for mine, his in zip(self.rounds, other.rounds, strict=True))


def fitting(turn: Turn, budget: float) -> int:
    """Find how many times a thing fits into a turn of so many seconds; at least once."""
    times = 1
    while (taken := turn(times)) < budget / 2 and times < 1_000_000:
        times = max(times + 1, int(times * min(10.0, budget / max(taken, 1e-9))))
    return max(1, min(times, int(times * budget / taken))) if taken else times


def in_turns(turns: Mapping[str, Turn], rounds: int, budget: float) -> dict[str, Times]:
    """Give everyone a turn of about *budget* seconds in every round."""
    sizes = {name: fitting(turn, budget) for name, turn in turns.items()}
    taken: dict[str, list[float]] = {name: [] for name in turns}
    order = list(turns)
    for _ in range(rounds):
        for name in order:
            taken[name].append(turns[name](sizes[name]) / sizes[name])
        order.reverse()  # whoever follows the slowest does so in every other round only
    return {name: Times(tuple(each)) for name, each in taken.items()}
