"""Write a recording in Chrome's Trace Event Format.

Source: "Trace Event Format" of the Chromium project; ``ui.perfetto.dev`` and
``chrome://tracing`` read it.
"""

from __future__ import annotations

import json
import os
from typing import Any

from .trace import Event, Trace

_PHASES = {"begin": "B", "end": "E", "at": "i"}


def chrome(trace: Trace) -> str:
    """Return a recording as JSON, a thread of Chrome's for each lane.

    Calls are slices.  Contexts are asynchronous slices, from set to reset, since they need not
    nest.
    """
    process = os.getpid()
    named = [
        {
            "ph": "M",
            "name": "thread_name",
            "pid": process,
            "tid": lane.number,
            "args": {"name": f"{lane.kind} {lane.name}"},
        }
        for lane in trace.lanes.values()
    ]
    steps = [
        {**entry, "pid": process, "tid": event.lane, "ts": round(event.time * 1e6, 3)}
        for event in trace.events
        for entry in _entries(event)
    ]
    return json.dumps({"traceEvents": named + steps, "displayTimeUnit": "ms"}, indent=1)


def _entries(event: Event) -> list[dict[str, Any]]:
    args: dict[str, Any] = {"step": event.step, "Context": event.context}
    for name in ("subject", "token", "note", "error"):
        if getattr(event, name):
            args[name] = getattr(event, name)
    if event.source is not None:
        args["source"] = str(event.source)
    entry: dict[str, Any] = {
        "ph": _PHASES[event.phase],
        "cat": event.kind,
        "name": event.text,
        "args": args,
    }
    if event.phase == "at":
        entry["s"] = "t"
    entries = [entry]
    if event.kind in ("set", "reset"):
        ph = "b" if event.kind == "set" else "e"
        entries.append({"ph": ph, "cat": "context", "name": event.subject, "id": event.subject})
    return entries
