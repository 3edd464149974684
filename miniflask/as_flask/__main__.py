"""Run a script or module with the alias installed: ``python -m miniflask.as_flask script.py``."""

from __future__ import annotations

import os
import runpy
import sys
from io import open_code
from types import ModuleType

from . import install

USAGE = """\
Run a program written for Flask on miniflask.

    python -m miniflask.as_flask script.py ARGS
    python -m miniflask.as_flask -m module ARGS"""


def main() -> None:
    """Run what the arguments name, as Python itself would."""
    arguments = sys.argv[1:]
    as_module = arguments[:1] == ["-m"]
    if as_module:
        del arguments[0]
    if not arguments or arguments[0].startswith("-"):
        sys.exit(USAGE)
    install()
    sys.argv = arguments
    if as_module:
        runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = os.path.dirname(os.path.realpath(arguments[0]))
        _run_script(arguments[0])


def _run_script(path: str) -> None:
    """Run a file as ``__main__``.

    ``runpy.run_path`` would say that it belongs to a package, of no name, and the reloader would
    start it again as ``-m script``.
    """
    path = os.path.abspath(path)
    with open_code(path) as file:
        code = compile(file.read(), path, "exec")
    program = sys.modules["__main__"] = ModuleType("__main__")
    program.__file__ = path
    exec(code, program.__dict__)


if __name__ == "__main__":
    main()
