"""Try the mutants of the modules in ``plan.py``, or of those given, and sum them up.

What was found is kept in ``.cache/mutants/``, so an interrupted run goes on where it was.  A kept
kill holds while the module is the same; survivors are tried again when a test has changed, and
``--fresh`` tries everything.  Exit code 1: under 90 % of a module's mutants were killed, or the
survivors are not those that ``survivors.txt`` explains.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from .making import ROOT, make_mutants
from .plan import PLANS
from .running import Baseline, choose, measure, try_all
from .survivors import LIST, read_survivors

CACHE = ROOT / ".cache" / "mutants"
GOAL = 90


def main() -> int:
    """Run, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("modules", nargs="*", help=f"of {', '.join(PLANS)}; all by default")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if unknown := set(given.modules) - PLANS.keys():
        parser.error(f"no such module: {', '.join(sorted(unknown))}. There are {', '.join(PLANS)}.")
    explained = read_survivors()
    codes = []
    for module in given.modules or PLANS:
        results = run_module(module, given.workers, given.fresh)
        codes.append(report(module, results, {n for n in explained if n.startswith(f"{module} ")}))
    return max(codes)


def run_module(module: str, workers: int, fresh: bool) -> dict[str, bool]:
    """Try every mutant of *module* that no earlier run has; return mutant -> killed."""
    plan = PLANS[module]
    CACHE.mkdir(parents=True, exist_ok=True)
    store = CACHE / f"{module.replace('/', '.')}.json"
    kept = recall(store, module, plan.tests, fresh)
    print(f"{module}: measuring its tests", flush=True)
    known: Baseline | None = kept["baseline"]
    baseline = known or measure(module, plan.tests, store.with_suffix(".baseline"))
    kept["baseline"] = baseline
    for test in baseline.failed:
        print(f"    fails without a mutant, so it decides nothing: {test}")
    mutants = make_mutants(module, plan.functions)
    results: dict[str, bool] = kept["results"]
    left = [mutant for mutant in mutants if mutant.name not in results]
    print(f"{module}: {len(mutants)} mutants, {len(left)} to try", flush=True)
    for number, (mutant, killed) in enumerate(try_all(module, left, baseline, workers), 1):
        results[mutant.name] = killed
        store.write_text(json.dumps(kept), "utf-8")
        if sys.stdout.isatty() or number % 25 == 0:
            print(
                f"    {number}/{len(left)}", end="\r" if sys.stdout.isatty() else "\n", flush=True
            )
        if not killed:
            print(
                f"    lives, past {len(choose(mutant, baseline))} tests: {mutant.name}", flush=True
            )
    return {mutant.name: results[mutant.name] for mutant in mutants}


def recall(store: Path, module: str, tests: tuple[str, ...], fresh: bool) -> dict[str, Any]:
    """Return what earlier runs found and still holds."""
    source = digest(ROOT / "miniflask" / module)
    tests_digest = digest(*(ROOT / test for test in tests))
    kept: dict[str, Any] = {"results": {}, "baseline": None}
    if store.exists() and not fresh:
        found = json.loads(store.read_text("utf-8"))
        if found["source"] == source:
            kept = found
            if found["tests"] == tests_digest:
                kept["baseline"] = found["baseline"] and Baseline(*found["baseline"])
            else:
                kept["baseline"] = None
                kept["results"] = {name: True for name, killed in kept["results"].items() if killed}
    return {**kept, "source": source, "tests": tests_digest}


def digest(*files: Path) -> str:
    """Return a hash of what the files hold."""
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def report(module: str, results: dict[str, bool], explained: set[str]) -> int:
    """Print what became of the mutants of a module; return the exit code for it."""
    lived = {name for name, killed in results.items() if not killed}
    killed = len(results) - len(lived)
    percent = 100 * killed / len(results)
    print(
        f"{module}: {killed} of {len(results)} killed, {percent:.1f} %;"
        f" {len(lived & explained)} survivors are explained"
    )
    for name in sorted(lived - explained):
        print(f"    add a test, or a line to {LIST.relative_to(ROOT)}: {name}")
    for name in sorted(explained - lived):
        print(f"    killed or gone, take it out of {LIST.relative_to(ROOT)}: {name}")
    return int(percent < GOAL or lived != explained)


if __name__ == "__main__":
    sys.exit(main())
