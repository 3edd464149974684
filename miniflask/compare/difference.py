"""Where two outcomes part.

What may differ without being a difference: ``Date`` and ``Server``, which belong to the server;
the order of the methods in ``Allow``, which Werkzeug makes from a set; and the place of an object
in memory, where a ``repr`` shows it.  The clock and chance are the same on both sides
(``worker/determinism.py``), so cookies and dates are compared byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from difflib import SequenceMatcher

from .model import Outcome

#: Headers that belong to the server.
IGNORED = {"date", "server"}
#: Headers whose items come in any order.
UNORDERED = {"allow"}
MADE_OF_BODY = {"content-length", "etag"}


#: A mark, and a line from each side.
Row = tuple[str, "str | None", "str | None"]


@dataclass(frozen=True)
class Difference:
    """The first thing that is not the same.

    Args:
        where: Its name: ``status``, ``header Location``, ``body, line 3`` ...
        left: What the one side has, or None.
        right: What the other side has, or None.
    """

    where: str
    left: str | None
    right: str | None


def find_difference(left: Outcome, right: Outcome) -> Difference | None:
    """Find the first difference: in what reaches the client, else in what happened inside."""
    if left.raised != right.raised:
        return Difference("exception that reaches the server", left.raised, right.raised)
    if left.status != right.status:
        return Difference("status", left.status, right.status)
    return (
        # What follows from the body says less than the body does.
        _in_headers(_headers(left, but=MADE_OF_BODY), _headers(right, but=MADE_OF_BODY))
        or _in_body(left.body, right.body)
        or _in_headers(_headers(left), _headers(right))
        or _in_lists("trace, step", left.trace, right.trace)
    )


def align(left: tuple[str, ...], right: tuple[str, ...]) -> list[Row]:
    """Put two traces side by side.

    Returns:
        Rows of a mark and a line from each side, or None: ``=`` the same, ``!`` another,
        ``<`` only on the left, ``>`` only on the right.
    """
    rows: list[Row] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, False).get_opcodes():
        ours, theirs = left[i1:i2], right[j1:j2]
        for k in range(max(len(ours), len(theirs))):
            a = ours[k] if k < len(ours) else None
            b = theirs[k] if k < len(theirs) else None
            mark = "=" if tag == "equal" else "<" if b is None else ">" if a is None else "!"
            rows.append((mark, a, b))
    return rows


def _headers(outcome: Outcome, but: Set[str] = frozenset()) -> list[tuple[str, str]]:
    return [
        (name, ", ".join(sorted(value.split(", "))) if name.lower() in UNORDERED else value)
        for name, value in outcome.headers
        if name.lower() not in IGNORED | but
    ]


def _in_headers(left: list[tuple[str, str]], right: list[tuple[str, str]]) -> Difference | None:
    if left == right:
        return None
    for name in dict.fromkeys(name for name, _ in (*left, *right)):
        ours = [value for key, value in left if key == name]
        theirs = [value for key, value in right if key == name]
        if ours != theirs:
            return Difference(f"header {name}", _joined(ours), _joined(theirs))
    names = [", ".join(name for name, _ in side) for side in (left, right)]
    return Difference("order of the headers", *names)


def _joined(values: list[str]) -> str | None:
    return " | ".join(values) if values else None


def _in_body(left: bytes, right: bytes) -> Difference | None:
    if left == right:
        return None
    return _in_lists("body, line", _lines(left), _lines(right))


def _lines(body: bytes) -> tuple[str, ...]:
    body = re.sub(rb"\b0x[0-9a-f]{6,16}\b", b"0x...", body)
    # Escapes keep apart what is no text.
    return tuple(line.decode("utf-8", "backslashreplace") for line in body.splitlines(True))


def _in_lists(what: str, left: tuple[str, ...], right: tuple[str, ...]) -> Difference | None:
    for i in range(max(len(left), len(right))):
        ours = left[i] if i < len(left) else None
        theirs = right[i] if i < len(right) else None
        if ours != theirs:
            return Difference(f"{what} {i + 1}", ours, theirs)
    return None
