"""Put what an era has in the place of what the framework has.

The framework's modules were imported before, so the thing to replace stands in several of them
under one name or another, and some may have kept a method of it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import BuiltinMethodType, ModuleType
from typing import Any

_OWN = "miniflask.eras"


def _modules() -> Iterable[ModuleType]:
    """Find the modules of the framework that are imported, without those of the eras."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "miniflask" and not name.startswith(_OWN):
            yield module


def swap(pairs: Iterable[tuple[Any, Any]]) -> None:
    """Replace each first thing by its second, in every module of the framework."""
    by_id = {id(old): (old, new) for old, new in pairs}
    for module in _modules():
        for name, value in list(vars(module).items()):
            if id(value) in by_id:
                setattr(module, name, by_id[id(value)][1])
            # By its type: a proxy would be asked for what it stands for.
            elif type(value) is BuiltinMethodType and id(value.__self__) in by_id:
                setattr(module, name, getattr(by_id[id(value.__self__)][1], value.__name__))
