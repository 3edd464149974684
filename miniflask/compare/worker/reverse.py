"""The alias the other way round: ``import miniflask`` gives the installed Flask.

A program written for miniflask can then be run on Flask unchanged, so far as Flask has what it
uses.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

#: What Flask takes from elsewhere, or calls by another name.
ELSEWHERE = {
    "miniflask.local": "werkzeug.local",
    "miniflask.routing": "werkzeug.routing",
    "miniflask.sansio": "flask.sansio.app",
    "miniflask.scaffold": "flask.sansio.scaffold",
    "miniflask.signing": "itsdangerous",
}


def install() -> None:
    """Make ``import miniflask`` give Flask, in this process."""
    sys.meta_path.insert(0, _Reverse())


def counterpart(name: str) -> str:
    """Return the module of Flask, or of a library it stands on, for one of miniflask."""
    for ours, theirs in ELSEWHERE.items():
        if name == ours or name.startswith(f"{ours}."):
            return theirs + name[len(ours) :]
    return "flask" + name[len("miniflask") :]


class _Reverse(Loader):
    """A finder that answers for the modules of miniflask with those of Flask."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find what to import (``importlib.abc.MetaPathFinder``).

        Raises:
            ModuleNotFoundError: Flask has nothing like it.
        """
        if fullname != "miniflask" and not fullname.startswith("miniflask."):
            return None
        theirs = counterpart(fullname)
        if find_spec(theirs) is None:
            raise ModuleNotFoundError(f"Flask has no counterpart of {fullname!r}", name=fullname)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Give the module that stands behind the name."""
        module = import_module(counterpart(spec.name))
        # The import system is about to put the alias in its place.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give back the module's own spec; it has been run already."""
        alias = module.__spec__
        assert alias is not None
        module.__spec__ = alias.loader_state
