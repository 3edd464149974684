"""Run a program on miniflask, and the same one with ``flask`` in its imports."""

from __future__ import annotations

import contextvars
import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

FRAMEWORKS = ("miniflask", "flask")


class Ran(NamedTuple):
    """What a program printed, and the names that it left."""

    printed: str
    names: dict[str, Any]


def on_flask(source: str) -> str:
    """Return a program with Flask imported in our place."""
    return re.sub(r"^(from|import) miniflask\b", r"\1 flask", source, flags=re.MULTILINE)


def run_program(path: Path, framework: str) -> Ran:
    """Run a program here, in a ``contextvars.Context`` of its own.

    Args:
        path: The program, written for miniflask.
        framework: One of :data:`FRAMEWORKS`.
    """
    source = path.read_text("utf-8")
    code = compile(on_flask(source) if framework == "flask" else source, str(path), "exec")
    names: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    with redirect_stdout(StringIO()) as out:
        contextvars.Context().run(exec, code, names)
    return Ran(out.getvalue(), names)
