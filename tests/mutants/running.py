"""Run tests on a mutant, in a child process that finds the mutant where the module would be.

The parent has imported everything but miniflask, so a child starts at once; and it is forked, so
nothing is ever written into the work tree.  A process that a test starts itself sees the original.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

import asgiref.sync  # noqa: F401  # this and Flask's only so that no child has to
import flask  # noqa: F401
import pytest
from hypothesis import Phase, settings

from .making import ROOT, Mutant

#: Seconds after which a mutant that loops for ever is stopped: in a test, or elsewhere.
TEST_LIMIT, CPU_LIMIT, WAIT_LIMIT = 30, 90, 300
SURVIVED, KILLED, BROKEN = 0, 1, 2

# The parent has already imported plugins that pytest would rather have rewritten.
_PYTEST = ["-q", "-x", "-W", "ignore::pytest.PytestAssertRewriteWarning"]

# Enough to fail on; nobody reads the smallest example of it.
settings.register_profile(
    "mutants",
    max_examples=100,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


class Baseline(NamedTuple):
    """What the tests do on the original."""

    #: Test -> the lines at which the functions begin that it called.
    calls: dict[str, list[int]]
    #: Test -> seconds.
    seconds: dict[str, float]
    #: Tests that fail without any mutant; they decide nothing.
    failed: list[str]
    #: As in *calls*: what an import calls, and with it every test.
    imported: list[int]


class _MutantLoader(SourceFileLoader):
    """Load a module from another source than its file has."""

    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self.source = source

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.source, self.path, "exec", dont_inherit=True)


class _MutantFinder(MetaPathFinder):
    """Find the mutant where its module is looked for."""

    def __init__(self, module: str, source: str) -> None:
        self.name = "miniflask." + module.removesuffix(".py").replace("/", ".")
        self.loader = _MutantLoader(self.name, str(ROOT / "miniflask" / module), source)

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(
            fullname, self.loader.path, loader=self.loader
        )


class _Watch:
    """A plugin of pytest that records what each test calls, and how it ends."""

    def __init__(self, module: str) -> None:
        self.path = str(ROOT / "miniflask" / module)
        self.baseline = Baseline({}, {}, [], [])

    @contextmanager
    def recorded(self) -> Iterator[list[int]]:
        """Fill a list with the lines at which the functions begin that are called meanwhile."""
        lines: list[int] = []

        def called(frame: FrameType, event: str, arg: object) -> None:
            if frame.f_code.co_filename == self.path and frame.f_code.co_firstlineno not in lines:
                lines.append(frame.f_code.co_firstlineno)

        threading.settrace(called)
        sys.settrace(called)
        try:
            yield lines
        finally:
            sys.settrace(None)
            threading.settrace(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Any:
        start = time.perf_counter()
        with self.recorded() as self.baseline.calls[item.nodeid]:
            try:
                return (yield)
            finally:
                self.baseline.seconds[item.nodeid] = time.perf_counter() - start

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.baseline.failed.append(report.nodeid)


class _Choice:
    """A plugin of pytest that keeps some of the tests, in an order of its own."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = [item for item in items if item.nodeid in self.place]
        items[:] = sorted(chosen, key=lambda item: self.place[item.nodeid])


def measure(module: str, files: tuple[str, ...], notes: Path) -> Baseline:
    """Run all tests of *files* on the original, and note what they call of *module*."""

    def child() -> int:
        watch = _Watch(module)
        with watch.recorded() as lines:
            import miniflask  # noqa: F401
        watch.baseline.imported.extend(lines)
        pytest.main([*_PYTEST, "--maxfail=0", *files], plugins=[watch])
        notes.write_text(json.dumps(watch.baseline), "utf-8")
        return SURVIVED

    os.waitpid(_fork(child), 0)
    return Baseline(*json.loads(notes.read_text("utf-8")))


def choose(mutant: Mutant, baseline: Baseline) -> list[str]:
    """Return the tests that call what was changed; all if an import does.

    File by file as the plan has them, since to load one costs the most; then the quickest first.
    """
    files = list(dict.fromkeys(map(_file, baseline.calls)))
    everywhere = mutant.span == (0, 0) or _meets(mutant, baseline.imported)
    tests = [
        test
        for test, lines in baseline.calls.items()
        if test not in baseline.failed and (everywhere or _meets(mutant, lines))
    ]
    return sorted(tests, key=lambda test: (files.index(_file(test)), baseline.seconds[test], test))


def _meets(mutant: Mutant, lines: list[int]) -> bool:
    return any(mutant.span[0] <= line <= mutant.span[1] for line in lines)


def _file(test: str) -> str:
    return test.partition("::")[0]


def try_mutant(module: str, mutant: Mutant, tests: list[str]) -> int:
    """Run the tests on the mutant, file by file, until one fails."""
    sys.meta_path.insert(0, _MutantFinder(module, mutant.source))
    try:
        import miniflask  # noqa: F401
    except BaseException:
        return KILLED
    by_file: dict[str, list[str]] = {}
    for test in tests:
        by_file.setdefault(_file(test), []).append(test)
    for file, chosen in by_file.items():
        code = pytest.main([*_PYTEST, f"--timeout={TEST_LIMIT}", file], plugins=[_Choice(chosen)])
        if code == pytest.ExitCode.USAGE_ERROR:
            return BROKEN
        if code not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            return KILLED
    return SURVIVED


def try_all(
    module: str, mutants: Iterable[Mutant], baseline: Baseline, workers: int
) -> Iterator[tuple[Mutant, bool]]:
    """Try the mutants, some at a time; yield each with whether it was killed."""
    running: dict[int, tuple[Mutant, float]] = {}
    waiting = iter(mutants)
    try:
        while True:
            while len(running) < workers and (mutant := next(waiting, None)):
                tests = choose(mutant, baseline)
                pid = _fork(partial(try_mutant, module, mutant, tests))
                running[pid] = mutant, time.monotonic() + WAIT_LIMIT
            if not running:
                return
            for pid, status in list(_ended(running)):
                mutant = running.pop(pid)[0]
                if status == BROKEN:
                    raise RuntimeError(f"pytest could not run on the mutant {mutant.name}")
                yield mutant, status != SURVIVED
            time.sleep(0.02)
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGKILL)


def _ended(running: dict[int, tuple[Mutant, float]]) -> Iterator[tuple[int, int]]:
    """Yield each child that has come to its end, or to its limit, with its exit status."""
    for pid, (_, deadline) in running.items():
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            yield pid, os.waitstatus_to_exitcode(status)
        elif time.monotonic() > deadline:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            yield pid, KILLED


def _fork(work: Callable[[], int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_LIMIT, CPU_LIMIT))
        os.environ["HYPOTHESIS_PROFILE"] = "mutants"
        os.chdir(ROOT)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        os._exit(work())
    finally:
        os._exit(BROKEN)
