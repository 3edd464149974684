"""Every public name of Flask is ours as well, with the same signature and the same default.

What differs stands in the second table of ``docs/reference/differences.md``, each with its
reason, and nothing else does: a difference that is not listed fails, and so does a line that
names none.
"""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "differences.md"
MODULES = {
    name: name
    for name in (
        "app blueprints cli config ctx debughelpers globals helpers json json.provider json.tag"
        " logging sessions signals templating testing typing views wrappers"
    ).split()
} | {"sansio.app": "sansio", "sansio.blueprints": "blueprints", "sansio.scaffold": "scaffold"}

# Defaults of these kinds are compared by value; others are objects of each framework's own.
PLAIN = (str, bytes, int, float, bool, tuple, frozenset, dict, type(None))


def listed() -> set[str]:
    """Read the names in the table of differing names."""
    table = PAGE.read_text("utf-8").partition("## Names")[2]
    rows = re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([\w.]+)`", row)}


def signature(function: Any) -> Any:
    """Describe the parameters of a callable: names, kinds, defaults by their text."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        (p.name, p.kind, repr(p.default).replace("miniflask", "flask").partition(" at 0x")[0])
        for p in parameters
    ]


def public_names(module: Any) -> Iterator[tuple[str, Any]]:
    """List what a module of Flask has of Flask's: no modules, nothing of other libraries."""
    for name, value in vars(module).items():
        own = getattr(value, "__module__", "flask") or "flask"
        foreign = (inspect.isclass(value) or inspect.isroutine(value)) and own.split(".")[
            0
        ] != "flask"
        if not name.startswith("_") and not inspect.ismodule(value) and not foreign:
            yield name, value


def members(cls: type) -> dict[str, Any]:
    """List the public attributes and the special methods that a class of Flask's defines."""
    bases = [base for base in reversed(cls.__mro__) if base.__module__.split(".")[0] == "flask"]
    return {
        name: getattr(cls, name)
        for base in bases
        for name, value in vars(base).items()
        if not name.startswith("_") or (name.startswith("__") and inspect.isroutine(value))
    }


def differs(theirs: Any, ours: Any) -> bool:
    """Tell whether a function's signature or an attribute's value is not the same."""
    if inspect.isclass(theirs) or inspect.isroutine(theirs):
        return bool(signature(theirs) != signature(ours))
    return isinstance(theirs, PLAIN) and theirs != ours


MISSING = object()


def compare() -> Iterator[tuple[str, bool]]:
    """Name every public thing of Flask, and say whether ours is another or is missing."""
    for name, ours_name in {"": "", **MODULES}.items():
        theirs = importlib.import_module(f"flask.{name}".rstrip("."))
        ours = importlib.import_module(f"miniflask.{ours_name}".rstrip("."))
        for public, value in public_names(theirs):
            path = f"{theirs.__name__}.{public}".removeprefix("flask.")
            rebuilt = getattr(ours, public, MISSING)
            yield path, rebuilt is MISSING or differs(value, rebuilt)
            if inspect.isclass(value) and rebuilt is not MISSING:
                for attribute, original in members(value).items():
                    own = getattr(rebuilt, attribute, MISSING)
                    yield f"{path}.{attribute}", own is MISSING or differs(original, own)


def test_public_names_signatures_and_defaults_are_flasks() -> None:
    """What differs from Flask 3.1.3 is what the page of differences lists."""
    compared = dict(compare())

    assert {name for name, different in compared.items() if different} == listed()
    assert len(compared) > 900, "the comparison looks at less than it did"


def test_modules_that_need_no_import_are_flasks() -> None:
    """What ``import flask`` makes reachable, ``import miniflask`` does, be it at first use."""
    ask = "import sys, {0}; print([(n, n in dir({0})) for n in sys.argv[1:] if hasattr({0}, n)])"
    names = sorted({name.partition(".")[0] for name in MODULES})
    reachable = [
        subprocess.run(  # noqa: S603 -- this very Python
            [sys.executable, "-c", ask.format(fw), *names],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for fw in ("flask", "miniflask")
    ]
    assert "'cli'" in reachable[0]
    assert reachable[0] == reachable[1]


def test_default_settings_are_flasks() -> None:
    """The default configuration has Flask's keys and values."""
    ours = importlib.import_module("miniflask").Flask("sample")

    assert dict(ours.config) == dict(flask.Flask("sample").config)


@pytest.mark.parametrize("name", ["Flask", "Blueprint", "Request", "Response", "g", "Config"])
def test_classes_have_the_same_public_attributes(name: str) -> None:
    """Instances have at least the public attributes that Flask's have."""

    def attributes(framework: Any) -> set[str]:
        things = {
            "Flask": lambda: framework.Flask("sample"),
            "Blueprint": lambda: framework.Blueprint("sample", "sample"),
            "Request": lambda: framework.Request({"REQUEST_METHOD": "GET"}),
            "Response": lambda: framework.Response(),
            "g": lambda: framework.Flask("sample").app_context().g,
            "Config": lambda: framework.Config("."),
        }
        return {attribute for attribute in dir(things[name]()) if not attribute.startswith("_")}

    theirs = attributes(importlib.import_module("flask"))
    ours = attributes(importlib.import_module("miniflask"))

    assert theirs - ours == set()
    assert ours - theirs <= {"before_first_request", "before_first_request_funcs"}
