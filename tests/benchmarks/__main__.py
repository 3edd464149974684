"""Measure everything side by side, and write ``docs/reference/speed.md`` with its picture.

``--quick`` takes less than a minute, leaves the kits out, and prints the page instead.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from time import monotonic

from . import (
    counts,
    growth,
    local,
    processes,
    report,
    requests,
    routing,
    servers,
    signing,
    stages,
    threads,
)
from .contenders import OURS, THEIRS, build_all
from .workloads import COUNTS, REQUESTS


@dataclass(frozen=True)
class Effort:
    """How long everything is measured."""

    rounds: int
    budget: float
    counts: tuple[int, ...]
    imports: int
    server_rounds: int
    server_seconds: float
    few: int
    many: int
    kits: bool


FULL = Effort(60, 0.004, COUNTS, 10, 4, 1.0, processes.FEW, processes.MANY, True)
QUICK = Effort(6, 0.002, COUNTS[:2], 2, 2, 0.3, 1_000, 5_000, False)


def say(what: str) -> None:
    """Tell whoever waits what is measured now."""
    print(f"{monotonic() - BEGAN:5.0f} s  {what}", file=sys.stderr, flush=True)


BEGAN = monotonic()


def measure_requests(effort: Effort) -> report.Requests:
    """Measure every workload."""
    found = {}
    for workload in REQUESTS:
        say(workload.title)
        apps = build_all(workload)
        found[workload.name] = requests.measure(workload, apps, effort.rounds, effort.budget)
    return found


def measure_processes(effort: Effort) -> list[str]:
    """Measure whatever needs processes or threads of its own."""
    say("threads")
    side_by_side = threads.measure(effort.rounds // 2, effort.budget * 2)
    say("servers")
    served = {
        server: servers.measure(server, effort.server_rounds, effort.server_seconds)
        for server in servers.SERVERS
    }
    say("imports and memory")
    imports = processes.import_times(effort.imports)
    memory = {n: processes.memory(n, effort.few, effort.many) for n in (OURS, THEIRS)}
    return [
        report.turns("Eight threads", "microseconds per request", side_by_side, 1e6),
        report.servers(served),
        report.turns("Import", "milliseconds, a fresh process", imports, 1e3),
        report.memory(memory, effort.few, effort.many),
    ]


def measure_all(effort: Effort) -> tuple[str, str]:
    """Measure everything; give the page and the picture."""
    found = measure_requests(effort)
    say("many rules")
    crowds = growth.measure(max(effort.rounds // 4, 2), effort.budget, effort.counts)
    say("stages")
    staged = stages.measure(effort.rounds // 2, effort.budget)
    sections = [report.INTRO, report.machine(), report.requests(found)]
    sections += [report.stages(staged), report.rules(crowds)]
    sections += measure_processes(effort)
    say("calls and blocks")
    sections.append(report.counts(counts.measure_apart(OURS), counts.measure_apart(THEIRS)))
    if effort.kits:
        kits = {}
        for module in (local, routing, signing):
            name = module.__name__.rpartition(".")[2]
            say(name)
            kits[name] = module.measure()
        sections.append(report.kits(kits))
    return "\n\n".join(sections) + "\n", report.picture(found)


def main(arguments: list[str]) -> None:
    """Measure; write the page and the picture, or only print the page after a quick run."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure less, and write nothing")
    quick = parser.parse_args(arguments).quick
    page, picture = measure_all(QUICK if quick else FULL)
    if not quick:
        report.PAGE.write_text(page, "utf-8")
        report.PICTURE.write_text(picture, "utf-8")
    print(page)
    say("done")


if __name__ == "__main__":
    main(sys.argv[1:])
