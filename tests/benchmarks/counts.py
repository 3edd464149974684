"""What does not jitter: function calls, and blocks of memory, of one request.

``make bench-check`` holds these figures of ours to ``baseline.json``, and fails when one grew.
They depend on the version of Python, so each minor version has a baseline of its own.
"""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import wsgi
from .contenders import OURS, THEIRS, build
from .requests import frozen_time
from .workloads import REQUESTS, Workload

BASELINE = Path(__file__).with_name("baseline.json")
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
# A file has other names and numbers in each process, and those may need a block or two more.
CHANCE = {"calls": 0, "blocks": 2, "left": 0}
WARM_UP = 50
REPEATS = 20


@dataclass(frozen=True)
class Counts:
    """The least that any of several requests needed.

    Args:
        calls: Functions called, those written in C among them.
        blocks: Blocks of memory that the request holds when its response starts.
        left: Objects that a request leaves to the cycle collector.
    """

    calls: int
    blocks: int
    left: int


def count_calls(request: Callable[[], Any]) -> int:
    """Count the functions that a request calls, apart from the request itself."""
    calls = 0

    def profile(frame: Any, event: str, arg: Any) -> None:
        nonlocal calls
        if event == "call" or event == "c_call":
            calls += 1

    sys.setprofile(profile)
    try:
        request()
    finally:
        sys.setprofile(None)
    return calls - 2  # the request, and setprofile


def count_blocks(app: wsgi.App, environ: dict[str, Any], body: bytes) -> int:
    """Count the blocks that a request holds at the moment when its response starts."""
    held = 0

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        nonlocal held
        held = sys.getallocatedblocks()
        return None

    request = {**environ, "wsgi.input": io.BytesIO(body)}
    before = sys.getallocatedblocks()
    result = app(request, start_response)
    for _ in result:
        pass
    getattr(result, "close", int)()
    return held - before


def count(app: wsgi.App, workload: Workload) -> Counts:
    """Warm an application up, and count what one request needs."""
    environ = wsgi.prepare(app, workload)

    def request() -> None:
        wsgi.repeat(app, environ, workload.body, 1)

    for _ in range(WARM_UP):
        request()
    gc.collect()
    gc.disable()
    try:
        calls = min(count_calls(request) for _ in range(REPEATS))
        blocks = min(count_blocks(app, environ, workload.body) for _ in range(REPEATS))
        gc.collect()
        for _ in range(REPEATS):
            request()
        left = gc.collect() // REPEATS
    finally:
        gc.enable()
    return Counts(calls, blocks, left)


def measure(name: str) -> dict[str, Counts]:
    """Count every workload of a contender."""
    found = {}
    with frozen_time():
        for workload in REQUESTS:
            app = build(name, workload)
            if app is not None:
                found[workload.name] = count(app, workload)
    return found


def measure_apart(name: str) -> dict[str, Counts]:
    """Count in a process of its own, where hashes are the same every time."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.counts", name],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    return {key: Counts(**value) for key, value in json.loads(done.stdout).items()}


def compare(found: dict[str, Counts], known: dict[str, Counts]) -> tuple[list[str], list[str]]:
    """List what grew since the baseline, and what shrank; a new workload is not compared."""
    grown, shrunk = list[str](), list[str]()
    for name, counts in found.items():
        for field, figure in asdict(counts).items():
            before = asdict(known.get(name, counts))[field]
            if abs(figure - before) > CHANCE[field]:
                line = f"{name}: {field} {before} -> {figure}"
                (grown if figure > before else shrunk).append(line)
    return grown, shrunk


def load(path: Path = BASELINE) -> dict[str, dict[str, Counts]]:
    """Read the baselines of all versions of Python."""
    written = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {
        version: {name: Counts(**counts) for name, counts in found.items()}
        for version, found in written.items()
    }


def save(found: dict[str, Counts], path: Path = BASELINE) -> None:
    """Make these figures the baseline of this version of Python, a line for each workload."""
    baselines = {**load(path), VERSION: found}
    versions = []
    for version, counts in sorted(baselines.items()):
        lines = [f'    "{name}": {json.dumps(asdict(each))}' for name, each in counts.items()]
        versions.append(f'  "{version}": {{\n' + ",\n".join(lines) + "\n  }")
    path.write_text("{\n" + ",\n".join(versions) + "\n}\n", "utf-8")


def check(found: dict[str, Counts], path: Path = BASELINE) -> int:
    """Print how the figures compare with the baseline; give the exit status."""
    known = load(path).get(VERSION)
    if known is None:
        print(
            f"Nothing was compared: there is no baseline for Python {VERSION}.\n"
            "Make one of this checkout:  make bench-check ARGS=--update"
        )
        return 0
    grown, shrunk = compare(found, known)
    for line in shrunk:
        print(f"less    {line}")
    for line in grown:
        print(f"GROWN   {line}")
    new = sorted(found.keys() - known.keys())
    if new:
        print(f"without a baseline: {', '.join(new)}")
    print(f"{len(found)} workloads on Python {VERSION}: {len(grown)} figures grew.")
    if grown or shrunk or new:
        print("If this is meant, keep it:  make bench-check ARGS=--update")
    return 1 if grown else 0


def main(arguments: list[str]) -> int:
    """Check; with ``--update`` make a new baseline; with a contender's name print its figures."""
    if arguments and arguments[0] in (OURS, THEIRS):
        found = measure(arguments[0])
        print(json.dumps({name: asdict(counts) for name, counts in found.items()}))
        return 0
    found = measure_apart(OURS)
    if "--update" in arguments:
        save(found)
    return check(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
