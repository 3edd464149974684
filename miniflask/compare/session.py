"""Both sides, asked the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from .difference import Difference, find_difference
from .jar import Jar
from .model import CompareError, Outcome, Request
from .sides import Framework, Side
from .snapshot import Snapshot
from .urls import Rule

#: What time it is before the first request, unless a recording says otherwise: 2026-01-01.
EPOCH = 1_767_225_600


@dataclass(frozen=True)
class Result:
    """What came of one request on both sides.

    Args:
        request: The request, without the cookies, of which each side has its own.
        left: What the first side made of it.
        right: What the second side made of it.
        difference: The first thing that is not the same, or None.
    """

    request: Request
    left: Outcome
    right: Outcome
    difference: Difference | None


class Session:
    """A program at work on two frameworks.

    Args:
        app: The program.
        frameworks: The two.
        timeout: Seconds that loading it, or a request, may take.
        clock: What time it is before the first request.
        restore: Files and folders to put back before each side runs.
    """

    def __init__(
        self,
        app: str,
        frameworks: tuple[Framework, Framework],
        timeout: float,
        clock: int = EPOCH,
        restore: tuple[str, ...] = (),
    ) -> None:
        signals = find_spec("blinker") is not None
        self.sides = [Side(f, app, timeout, clock, signals) for f in frameworks]
        self.clock = clock
        self.rules: list[Rule] = []
        self.converters: dict[str, str] = {}
        self.secrets: list[str] = []
        #: Where the URL maps part, or None.
        self.maps: Difference | None = None
        self._jars = [Jar(), Jar()]
        self._snapshot = Snapshot(restore)

    def __enter__(self) -> Session:
        try:
            self._load()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *args: object) -> None:
        self.close()

    def close(self) -> None:
        """End both children, and put back what is to be put back."""
        for side in self.sides:
            side.close()
        self._snapshot.restore()
        self._snapshot.discard()

    def _load(self) -> None:
        """Load the program on both sides.

        Raises:
            CompareError: It does not load on one of them, or on both.
        """
        told = []
        for side in self.sides:
            told.append(side.load())
            if self._snapshot:
                side.close()
                self._snapshot.restore()
        failed = [i for i in (0, 1) if "failed" in told[i]]
        if failed:
            raise CompareError(self._tell_failure(failed, told))
        for each in told:
            self.secrets += [key for key in each["secrets"] if isinstance(key, str) and key]
        self.rules = [Rule(*rule) for rule in told[0]["rules"]]
        self.converters = told[0]["converters"]
        for ours, theirs in zip(told[0]["rules"], told[1]["rules"], strict=False):
            if ours != theirs and self.maps is None:
                self.maps = Difference("URL map", str(Rule(*ours)), str(Rule(*theirs)))
        lengths = [len(each["rules"]) for each in told]
        if self.maps is None and lengths[0] != lengths[1]:
            self.maps = Difference("URL map", *(f"{length} rules" for length in lengths))

    def _tell_failure(self, failed: list[int], told: list[dict[str, Any]]) -> str:
        side, why = self.sides[failed[0]], told[failed[0]]["failed"]
        where = f"\n    at {why['where']}" if why["where"] else ""
        other = self.sides[1 - failed[0]].framework.name
        also = f"nor on {other}" if len(failed) == 2 else f"though it does on {other}"
        return (
            f"{side.app} does not load on {side.framework.name}, {also}:\n\n"
            f"    {why['error']}{where}\n\nSee it by itself: {side.by_itself('routes')}"
        )

    def ask_all(self, requests: Iterable[Request]) -> Iterator[Result]:
        """Send requests, one after the other, each to both sides.

        Where something is to be put back before each side runs, one side gets all, then the other.

        Raises:
            CompareError: A child ended or took too long.
        """
        numbered = list(enumerate(requests, 1))
        lefts = [self._send(0, *each) for each in numbered] if self._restart(0) else []
        self._restart(1)
        for number, request in numbered:
            left = lefts[number - 1] if lefts else self._send(0, number, request)
            right = self._send(1, number, request)
            yield Result(request, left, right, find_difference(left, right))

    def _send(self, i: int, number: int, request: Request) -> Outcome:
        """Send a request to a side, with the cookies that it has set."""
        outcome = self.sides[i].send(self._jars[i].fill(request), number)
        self._jars[i].keep(request, outcome, self.clock + number)
        return outcome

    def _restart(self, i: int) -> bool:
        """Load the program anew after what it changed was put back; tell whether that is needed."""
        if self._snapshot:
            self.sides[1 - i].close()
            self.sides[i].close()
            self._snapshot.restore()
            self.sides[i].load()
        return bool(self._snapshot)

    def play(self, requests: list[Request]) -> list[Result]:
        """Send requests to a program that has just been loaded, and leave no mark on it.

        Returns:
            What came of them, up to the first on which the sides part.

        Raises:
            CompareError: A child ended or took too long.
        """
        results = []
        self._jars = [Jar(), Jar()]
        copied = [] if self._snapshot else self.sides
        for side in copied:
            side.begin()
        for result in self.ask_all(requests):
            results.append(result)
            if result.difference is not None:
                break
        for side in copied:
            side.end()
        return results
