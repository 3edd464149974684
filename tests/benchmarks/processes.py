"""What a fresh process pays: the time of the import, and memory, after it and after requests.

Run as ``python -m tests.benchmarks.processes <contender>`` it prints the memory of one contender.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

from .rounds import Times

MODULES = {"miniflask": "miniflask", "Flask": "flask", "Bottle": "bottle", "Falcon": "falcon"}
FEW, MANY = 10_000, 200_000

IMPORT = "import time; t = time.process_time(); import {}; print(time.process_time() - t)"


def run(*arguments: str) -> Any:
    """Run Python with these arguments; give what it prints, as JSON."""
    # What pip installs is compiled, so the checkout has to be as well.
    compiling = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
        env=compiling,
    )
    return json.loads(done.stdout)


def import_times(rounds: int) -> dict[str, Times]:
    """Give the seconds that each import takes, in fresh processes in turns."""
    taken: dict[str, list[float]] = {name: [] for name in MODULES}
    for _ in range(rounds + 1):
        for name, module in MODULES.items():
            taken[name].append(run("-c", IMPORT.format(module)))
    # The first one of each may have had to compile, and to read from the disk.
    return {name: Times(tuple(each[1:])) for name, each in taken.items()}


def resident() -> int:
    """Give the resident memory of this process in bytes; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(x for x in status.read_text("utf-8").splitlines() if x.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def traced(module: str) -> int:
    """Give the bytes that Python holds for a module and all it imports."""
    tracemalloc.start()
    try:
        __import__(module)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


def grow(contender: str, few: int, many: int) -> dict[str, int]:
    """Give the memory after the import, after a few requests, and after many more."""
    bare = resident()
    __import__(MODULES[contender])
    gc.collect()
    imported = resident() - bare
    from . import wsgi
    from .contenders import build
    from .workloads import REQUESTS

    workload = REQUESTS[0]
    app = build(contender, workload)
    assert app is not None
    environ = wsgi.prepare(app, workload)
    sizes = []
    for times in (100, few, many):
        wsgi.repeat(app, environ, b"", times)
        gc.collect()
        sizes.append((resident(), sys.getallocatedblocks()))
    return {
        "imported": imported,
        "after_few": sizes[1][0] - sizes[0][0],
        "growth": sizes[2][0] - sizes[1][0],
        "blocks": sizes[2][1] - sizes[1][1],
    }


def memory(contender: str, few: int = FEW, many: int = MANY) -> dict[str, int]:
    """Measure a contender's memory in fresh processes."""
    module = "tests.benchmarks.processes"
    found: dict[str, int] = run("-m", module, contender, str(few), str(many))
    return {**found, "traced": run("-m", module, "traced", MODULES[contender])}


def main(arguments: list[str]) -> None:
    """Print the figures of one contender."""
    if arguments[0] == "traced":
        print(traced(arguments[1]))
    else:
        contender, few, many = arguments
        print(json.dumps(grow(contender, int(few), int(many))))


if __name__ == "__main__":
    main(sys.argv[1:])
