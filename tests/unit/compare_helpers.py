"""Run ``miniflask compare`` as its users do."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import miniflask

ROOT = Path(miniflask.__file__).parents[1]


def compare(
    *args: str, stdin: str = "", cwd: Path = ROOT, cache: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the command, with an own folder for environments if one is given."""
    if cache is not None:
        env["XDG_CACHE_HOME"] = str(cache)
    return subprocess.run(
        [sys.executable, "-m", "miniflask", "compare", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=500,
    )


def write_program(folder: Path, text: str, name: str = "program.py") -> Path:
    """Write a program with an application, whose import lines the text may leave out."""
    path = folder / name
    head = "" if "import" in text else "from flask import *\n\napp = Flask(__name__)\n"
    path.write_text(head + textwrap.dedent(text), "utf-8")
    return path
