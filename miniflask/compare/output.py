"""A verdict in a terminal, a line a request, and for programs, as JSON.

What comes from the program under test may hold anything; control characters are shown escaped.
"""

from __future__ import annotations

import base64
import json
import shlex
import sys
import time
from collections.abc import Iterable
from typing import Any

import click

from .difference import Difference, align
from .model import Outcome, Request
from .session import Result

MARKS = {"=": " ", "!": "!", "<": "<", ">": ">"}
#: Columns of one side of a trace.
WIDTH = 58
#: Seconds after which progress is told even where nobody may be watching.
SILENCE = 5.0


def plain(text: str) -> str:
    """Return a text that cannot do anything to a terminal."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def tell_result(result: Result, names: tuple[str, str]) -> list[str]:
    """Say in lines what came of a request."""
    status = result.left.status or "exception"
    if result.difference is None:
        return [plain(f"same       {result.request}  {status}")]
    return [
        plain(f"different  {result.request}"),
        *tell_difference(result.difference, names),
        *tell_traces(result.left.trace, result.right.trace, names),
    ]


def tell_difference(found: Difference, names: tuple[str, str]) -> list[str]:
    """Say in lines where two outcomes part."""
    width = max(map(len, names))
    shown = [
        "(nothing)" if value is None else plain(value.rstrip("\n"))
        for value in (found.left, found.right)
    ]
    lines = [f"    {name:<{width}}  {value}" for name, value in zip(names, shown, strict=True)]
    return [f"  first difference: {plain(found.where)}", *lines]


def tell_traces(left: tuple[str, ...], right: tuple[str, ...], names: tuple[str, str]) -> list[str]:
    """Say in lines what happened on both sides, side by side."""
    rows = align(left, right)
    width = min(WIDTH, max([len(names[0]), *(len(plain(a or "")) for _, a, _ in rows)]))
    lines = [f"  what happened:\n    {names[0]:<{width}}   {names[1]}"]
    for mark, a, b in rows:
        ours, theirs = _cut(a, width), _cut(b, WIDTH)
        lines.append(f"    {ours:<{width}} {MARKS[mark]} {theirs}".rstrip())
    return lines


def _cut(text: str | None, width: int) -> str:
    text = plain(text or "")
    return text if len(text) <= width else f"{text[: width - 3]}..."


def as_json(
    app: str,
    names: tuple[str, str],
    maps: Difference | None,
    results: Iterable[Result],
    script: str,
) -> str:
    """Return everything as one JSON text."""
    told = [_result(result) for result in results]
    different = sum(not each["same"] for each in told) + (maps is not None)
    verdict: dict[str, Any] = {
        "app": app,
        "sides": list(names),
        "same": different == 0,
        "requests": len(told),
        "different": different,
        "url_map": maps and vars(maps),
        "results": told,
    }
    if script:
        verdict["script"] = script
    return json.dumps(verdict, indent=1)


def _result(result: Result) -> dict[str, Any]:
    return {
        "request": result.request.line(),
        "same": result.difference is None,
        "difference": result.difference and vars(result.difference),
        "left": _outcome(result.left),
        "right": _outcome(result.right),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    told = {**vars(outcome)}
    try:
        told["body"] = outcome.body.decode()
    except UnicodeDecodeError:
        told["base64"] = base64.b64encode(told.pop("body")).decode("ascii")
    return told


def make_script(app: str, options: list[str], requests: Iterable[Request]) -> str:
    """Write a program that sends a few requests to both sides, and so shows their difference.

    Args:
        app: The program.
        options: More words for the command.
        requests: What to send, in order.
    """
    words = ["-m", "miniflask", "compare", app, *options, "--requests", "-"]
    lines = "\n".join(f"    {request.line()!r}," for request in requests)
    return f"""\
# Sends them to: {plain(shlex.join(["python", *words]))}
import json
import subprocess
import sys

REQUESTS = [
{lines}
]

command = [sys.executable, {repr(words)[1:-1]}]
lines = "\\n".join(json.dumps(request) for request in REQUESTS)
sys.exit(subprocess.run(command, input=lines, text=True).returncode)
"""


class Progress:
    """Tell how far long work is, in plain lines on standard error.

    In a terminal every two seconds; elsewhere not before five, and then every ten.

    Args:
        total: How many are planned.
        what: What is counted.
    """

    def __init__(self, total: int, what: str) -> None:
        self._total = total
        self._what = what
        self._done = 0
        watched = sys.stderr.isatty()
        self._pause = 2.0 if watched else 2 * SILENCE
        self._next = time.monotonic() + (self._pause if watched else SILENCE)

    def step(self) -> None:
        """Count one more."""
        self._done += 1
        if time.monotonic() >= self._next:
            # More than planned are tried to make one that differs small.
            of = f" of {self._total}" if self._done <= self._total else ""
            click.echo(f"{self._done}{of} {self._what}", err=True)
            self._next = time.monotonic() + self._pause
