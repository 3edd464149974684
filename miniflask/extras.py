"""Libraries that are asked for only when something needs them.

``import miniflask`` needs Werkzeug alone.  Templates, the command line, signals and coroutine
views each stand on a well-kept library that is imported at first use, here, so that all of them
say the same thing when it is missing: who needs it, and the line to type.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def require(module: str, *, needed_by: str, install: str) -> Any:
    """Import a library that is an extra, or say how to install it.

    Args:
        module: The dotted name to import, such as ``"jinja2"``.
        needed_by: What the user called, named first in the error.
        install: The library's name as ``pip install`` takes it.

    Returns:
        The imported module.

    Raises:
        RuntimeError: The library is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as e:
        # A library that is there but fails on an import of its own keeps its own error.
        if e.name is None or e.name.partition(".")[0] != module.partition(".")[0]:
            raise
        title = {"jinja2": "Jinja2"}.get(install, install)
        raise RuntimeError(
            f"{needed_by} needs {title}. Install it: pip install {install}"
        ) from None
