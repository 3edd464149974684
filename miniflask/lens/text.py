"""Draw a recording as text: a column for each lane, a line for each step.

A lane's column says what is active on it: ``A1 R1`` are an app context and a request context,
``-`` is nothing.  The mark ``>`` stands at the lane that the step happened on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .trace import Event, Lane, State, Trace

# Names that Python gives, with a number that depends on what ran before.
_GIVEN = re.compile(r"(Thread|Task|Dummy|ThreadPoolExecutor|asyncio)[-_]\d+.*")


def draw(trace: Trace, stable: bool = False) -> str:
    """Draw a recording.

    Args:
        trace: The recording.
        stable: Leave out what changes from run to run: times, step numbers, Contexts, and the
            numbers in names of threads.

    Returns:
        The lanes, then a line for each step.
    """
    events = [event for event in trace.events if is_shown(event)]
    lanes = [trace.lanes[n] for n in sorted({event.lane for event in events}) if n in trace.lanes]
    lines = [f"{lane.number}  {lane_name(lane, stable)}" for lane in lanes]
    rows = list(_rows(trace.events, [lane.number for lane in lanes], stable))
    widths = [max(len(cells[i]) for cells, _ in rows) for i in range(len(lanes))] if rows else []
    head = "".join(f"  {lane.number!s:<{width}}" for lane, width in zip(lanes, widths, strict=True))
    times = "" if stable else " " * 14
    lines += ["", f"{times}{head}".rstrip()]
    for cells, rest in rows:
        columns = "".join(f"{c:<{width + 2}}" for c, width in zip(cells, widths, strict=True))
        lines.append(f"{rest[0]}{columns}  {rest[1]}".rstrip())
    return "\n".join(line.rstrip() for line in lines) + "\n"


def is_shown(event: Event) -> bool:
    """Tell whether a step is worth a line: an end is, if it says something new."""
    return event.phase != "end" or event.error is not None or event.kind == "request"


def lane_name(lane: Lane, stable: bool) -> str:
    """Name a lane, its kind first."""
    if stable and _GIVEN.fullmatch(lane.name):
        return lane.kind
    on = "" if lane.kind == "thread" or stable else f" on {printable(lane.thread)}"
    return f"{lane.kind} {printable(lane.name)}{on}"


def printable(text: str) -> str:
    """Make what a client or a program named fit for a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _rows(
    events: list[Event], lanes: list[int], stable: bool
) -> Iterator[tuple[list[str], tuple[str, str]]]:
    """Yield for each line: the lanes' columns; what stands before and after them."""
    bound: dict[int, State | None] = dict.fromkeys(lanes)
    depth = dict.fromkeys(lanes, 0)
    for event in events:
        if event.state is not None:
            bound[event.lane] = event.state
        if event.phase == "end":
            depth[event.lane] -= 1
        if is_shown(event) and event.lane in depth:
            cells = [(">" if n == event.lane else " ") + " " + _holds(bound[n]) for n in lanes]
            when = "" if stable else f"{event.step:>4} {event.time * 1000:7.2f}ms "
            indent = "  " * max(0, depth[event.lane])
            yield cells, (when, indent + _describe(event, stable))
        if event.phase == "begin":
            depth[event.lane] += 1


def _holds(state: State | None) -> str:
    if state is None:
        return "."
    return " ".join(label for label in (state.app, state.request) if label) or "-"


def _describe(event: Event, stable: bool) -> str:
    parts = [printable(event.text)]
    if event.error:
        parts.append(f"raised {event.error}" if event.phase == "end" else event.error)
    if event.token:
        parts.append(f"token {event.token}")
    if event.note and not (stable and "Context" in event.note):
        parts.append(f"({printable(event.note)})")
    if event.source is not None and event.phase != "end":
        parts.append(f"[{printable(str(event.source))}]")
    return "  ".join(parts)
