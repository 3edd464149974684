"""Old Flasks, each in an environment of its own, made from PyPI when a test first needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class OldFlask(NamedTuple):
    """A Flask with what it needs: the Pythons to try, in this order, and the pinned versions."""

    pythons: str
    pins: str


OLD_FLASKS = {
    "0.1": OldFlask("2.7", "flask==0.1 werkzeug==0.6.1 jinja2==2.4 greenlet==1.1.3"),
    "1.1.4": OldFlask(
        "3.9 3.10",
        "flask==1.1.4 werkzeug==1.0.1 jinja2==2.11.3 markupsafe==2.0.1 itsdangerous==1.1.0"
        " click==7.1.2 greenlet==2.0.2",
    ),
    "2.0.0": OldFlask(
        "3.9 3.10",
        "flask==2.0.0 werkzeug==2.0.0 jinja2==3.0.3 markupsafe==2.0.1 itsdangerous==2.0.1"
        " click==8.0.4 greenlet==2.0.2",
    ),
    "2.0.0rc1": OldFlask("3.9 3.10", "werkzeug==2.0.0rc1"),
    "2.1.3": OldFlask(
        "3.9 3.10",
        "flask==2.1.3 werkzeug==2.1.2 jinja2==3.0.3 markupsafe==2.0.1 itsdangerous==2.1.2"
        " click==8.0.4 greenlet==2.0.2",
    ),
    "2.1.3 on Werkzeug 2.2.3": OldFlask(
        "3.9 3.10",
        "flask==2.1.3 werkzeug==2.2.3 jinja2==3.0.3 markupsafe==2.1.1 itsdangerous==2.1.2"
        " click==8.0.4 greenlet==2.0.2",
    ),
    "2.2.5": OldFlask(
        "3.9 3.10 3.11",
        "flask==2.2.5 werkzeug==2.2.3 jinja2==3.1.2 markupsafe==2.1.1 itsdangerous==2.1.2"
        " click==8.1.3 greenlet==2.0.2",
    ),
}


def _candidates(version: str) -> Iterator[str]:
    """Find what may be that Python: on the path, and where pyenv keeps its own."""
    found = shutil.which(f"python{version}")
    if found is not None:
        yield found
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(root.glob(f"versions/{version}.*/bin/python")))


def find_python(versions: str) -> str | None:
    """Find a Python that runs and is one of the versions; None if there is none."""
    for version in versions.split():
        for candidate in _candidates(version):
            program = "import sys; print('%d.%d' % sys.version_info[:2])"
            done = subprocess.run(
                [candidate, "-c", program], capture_output=True, text=True, timeout=60
            )
            # A shim of pyenv may be there without the Python behind it.
            if done.returncode == 0 and done.stdout.strip() == version:
                return candidate
    return None


def _cache() -> Path:
    """Choose the folder for the environments: in that of the tests, or in the user's cache."""
    if sys.prefix != sys.base_prefix:
        return Path(sys.prefix) / "old-flasks"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "miniflask-old-flasks"


def _install(python: str, folder: Path, old: OldFlask) -> subprocess.CompletedProcess[str]:
    """Make an environment; Python 2.7 has no ``venv``, so it gets a plain folder."""
    pip = ["-m", "pip", "install", "-q", "--disable-pip-version-check"]
    if old.pythons == "2.7":
        command = [python, *pip, "--target", str(folder), *old.pins.split()]
    else:
        subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=120)
        command = [str(folder / "bin" / "python"), *pip, *old.pins.split()]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def environment(version: str) -> tuple[str, dict[str, str]]:
    """Return the Python that has this Flask, and the variables to start it with.

    Skips the test, with the reason, where there is no such Python or PyPI cannot be reached.
    """
    old = OLD_FLASKS[version]
    python = find_python(old.pythons)
    if python is None:
        pytest.skip(f"Flask {version} needs a Python of {old.pythons}, and none is on this machine")
    folder = _cache() / f"{version.split()[0]}-{zlib.crc32(repr((python, old)).encode()):08x}"
    if not folder.exists():
        _make(python, folder, version)
    if old.pythons == "2.7":
        return python, {"PYTHONPATH": str(folder)}
    return str(folder / "bin" / "python"), {}


def _make(python: str, folder: Path, version: str) -> None:
    """Make the environment beside its place, and move it there when it is whole."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        done = _install(python, Path(place) / "made", OLD_FLASKS[version])
        if done.returncode:
            said = done.stderr.strip().splitlines() or ["nothing"]
            pytest.skip(f"Flask {version} cannot be installed from PyPI; pip says: {said[-1]}")
        try:
            (Path(place) / "made").rename(folder)
        except OSError:
            assert folder.exists()  # made by another test process meanwhile


def run(python: str, *args: str, **variables: str) -> str:
    """Run a program without this project's variables; return what it printed."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "MINIFLASK_"))}
    inherited.pop("PYTHONPATH", None)
    done = subprocess.run(
        [python, "-W", "ignore", *args],
        env={**inherited, **variables},
        cwd=ROOT / "tests",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
