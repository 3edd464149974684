"""Who is measured: miniflask, Flask, and the frameworks that people compare Flask with."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, partial
from importlib.machinery import EXTENSION_SUFFIXES, FileFinder, ModuleSpec, SourceFileLoader
from importlib.metadata import version
from types import ModuleType
from typing import Any

from .workloads import Workload
from .wsgi import App

OURS, THEIRS = "miniflask", "Flask"
#: Who competes for being the fastest peer; Werkzeug and a bare callable are no frameworks.
PEERS = ("Bottle", "Falcon", "Falcon, compiled", "Pyramid")


class SourceFinder:
    """Find the modules of a package in their source alone, as if nothing had been compiled."""

    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the package; say of a compiled one that there is none."""
        if name.partition(".")[0] != self.package:
            return None
        for folder in sys.path if path is None else path:
            spec = FileFinder(folder, (SourceFileLoader, [".py"])).find_spec(name)
            if spec is not None and spec.loader is not None:
                return spec
        raise ModuleNotFoundError(f"No source of {name}", name=name)


@contextmanager
def set_aside(package: str) -> Iterator[None]:
    """Forget the modules of a package meanwhile, and everything that is imported of it."""

    def take() -> dict[str, ModuleType]:
        names = [name for name in sys.modules if name.partition(".")[0] == package]
        return {name: sys.modules.pop(name) for name in names}

    before = take()
    try:
        yield
    finally:
        take()
        sys.modules.update(before)


@cache
def pure_falcon() -> ModuleType:
    """Import Falcon as it is where nothing of it could be compiled."""
    finder = SourceFinder("falcon")
    with set_aside("falcon"):
        sys.meta_path.insert(0, finder)
        try:
            return importlib.import_module("falcon")
        finally:
            sys.meta_path.remove(finder)


def compiled_falcon() -> ModuleType | None:
    """Import Falcon as it is installed, if any of it is compiled."""
    falcon = importlib.import_module("falcon")
    compiled = [m for name, m in sys.modules.items() if name.startswith("falcon.")]
    ends = tuple(EXTENSION_SUFFIXES)
    found = any((getattr(m, "__file__", None) or "").endswith(ends) for m in compiled)
    return falcon if found else None


# The module with the programs of each, and the framework that they take as an argument, if any.
CONTENDERS: dict[str, tuple[str, Callable[[], Any] | None]] = {
    OURS: ("flasks", lambda: importlib.import_module("miniflask")),
    THEIRS: ("flasks", lambda: importlib.import_module("flask")),
    "Bottle": ("bottle", None),
    "Falcon": ("falcon", pure_falcon),
    "Falcon, compiled": ("falcon", compiled_falcon),
    "Pyramid": ("pyramid", None),
    "Werkzeug": ("werkzeug", None),
    "raw WSGI": ("raw", None),
}


def _programs(name: str) -> tuple[Any, tuple[Any, ...]]:
    """Give the module with a contender's programs, and what each of them takes first."""
    module, framework = CONTENDERS[name]
    programs = importlib.import_module(f"{__package__}.programs.{module}")
    return programs, () if framework is None else (framework(),)


def build(name: str, workload: Workload) -> App | None:
    """Make a contender's program for a workload; None if it has no such thing."""
    programs, first = _programs(name)
    program = getattr(programs, workload.program, None)
    if program is None or first == (None,):
        return None
    app: App = program(*first, *workload.arguments)
    return app


def adder(name: str, workload: Workload) -> Callable[[], App]:
    """Make a contender's application without rules; return what adds those of a workload."""
    programs, first = _programs(name)
    return partial(programs.add_rules, programs.make(*first), *workload.arguments)


def build_all(workload: Workload, names: Sequence[str] = tuple(CONTENDERS)) -> dict[str, App]:
    """Make the programs of all who have one."""
    made = {name: build(name, workload) for name in names}
    return {name: app for name, app in made.items() if app is not None}


def versions() -> dict[str, str]:
    """Give the versions of what is measured."""
    names = ["flask", "werkzeug", "bottle", "falcon", "pyramid", "gunicorn", "waitress"]
    return {name.title(): version(name) for name in names}
