"""Another Flask, taken from PyPI into an environment of its own.

An environment is made once and kept in the user's cache directory.  It is made beside its place
and moved there when it is complete, so that one that was interrupted is never used.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .model import CompareError
from .sides import Framework

#: What pip may take, in seconds.
PATIENCE = 600


def cache_folder() -> Path:
    """Return the folder for environments: ``XDG_CACHE_HOME``, or what the system has for it."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(base) if base else Path.home() / ".cache") / "miniflask-compare"


def installed() -> Framework:
    """Return the Flask that is installed beside us.

    Raises:
        CompareError: There is none.
    """
    try:
        # Not by importing it: that would be the alias, where that is installed.
        return Framework(f"Flask {version('flask')}", "flask")
    except PackageNotFoundError:
        raise CompareError(
            "compare needs Flask. Install it: pip install flask==3.1.3\n"
            "Or name a version, to have it taken from PyPI: --against 3.1.3"
        ) from None


def fetched(flask: str, tell: Callable[[str], None]) -> Framework:
    """Return another Flask; the first time, make the environment for it.

    Args:
        flask: The version.
        tell: Called with a line, before something that takes long.

    Raises:
        CompareError: That is no version, or there is no such Flask, or no way to get it.
    """
    if not re.fullmatch(r"\d+(\.\d+)*((a|b|rc)\d+)?", flask):
        raise CompareError(f"{flask!r} is no version. Give one as PyPI has it: --against 3.0.3")
    folder = cache_folder() / f"flask-{flask}-{sys.implementation.cache_tag}"
    if not folder.is_dir():
        _make(folder, flask, tell)
    # What else the program imports comes from our environment.
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return Framework(f"Flask {flask}", "flask", str(python), tuple(filter(None, sys.path)))


def _make(folder: Path, flask: str, tell: Callable[[str], None]) -> None:
    """Make an environment with a Flask in it."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=folder.parent))
    except OSError as e:
        raise CompareError(
            f"{folder.parent} cannot be written to: {e.strerror}. Name another folder:"
            " export XDG_CACHE_HOME=..."
        ) from None
    try:
        tell(f"making an environment for Flask {flask} in {folder}")
        _run([sys.executable, "-m", "venv", str(beside)], flask)
        tell(f"installing Flask {flask} from PyPI")
        python = str(beside / ("Scripts" if os.name == "nt" else "bin") / "python")
        _run([python, "-m", "pip", "install", "--quiet", *wanted(flask)], flask)
        try:
            beside.rename(folder)
        except OSError:
            pass  # somebody else made it meanwhile
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def wanted(flask: str) -> list[str]:
    """Say what to install for a Flask: itself, and the Werkzeug that is compared with.

    Older Flasks let pip choose libraries that they do not run on: those before 2.3 Werkzeug 3,
    those before 2.0 MarkupSafe 2.1.
    """
    number = tuple(int(n) for n in re.findall(r"\d+", flask)[:2])
    werkzeug = f"werkzeug=={version('werkzeug')}" if number >= (2, 3) else "werkzeug<3"
    return [f"flask=={flask}", werkzeug, *(["markupsafe<2.1"] if number < (2,) else [])]


def _run(command: list[str], flask: str) -> None:
    """Run a command, which says nothing unless it fails."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        raise CompareError(
            f"Flask {flask} could not be had within {PATIENCE} seconds. Is PyPI within reach?"
            f" Try: pip download flask=={flask}"
        ) from None
    if done.returncode != 0:
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        said = "".join(f"\n    {line}" for line in (errors or done.stdout.splitlines())[-3:])
        raise CompareError(
            f"Flask {flask} could not be had:\n{said}\n\n"
            f"See which there are: pip index versions flask"
        )
