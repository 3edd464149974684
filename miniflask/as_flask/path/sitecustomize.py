"""What an interpreter runs at its start that was started by an aliased program.

This folder is on its ``PYTHONPATH``, and Python imports a module of this name first of all.  An
interpreter that never asks for Flask pays nothing; the first time it does, the alias is installed.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

TYPE_CHECKING = False  # every interpreter waits for this module: it does without `typing`
if TYPE_CHECKING:
    from typing import Any


class _AliasLater:
    """A finder that installs the alias when it is first needed, and hands over to it."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> Any:
        """Find what to import (``importlib.abc.MetaPathFinder``)."""
        if fullname in ("flask", "werkzeug.local", "werkzeug.routing"):
            return self._alias().find_spec(fullname, path, target)
        return None

    def find_distributions(self, context: Any) -> Any:
        """Find a distribution (``importlib.metadata.DistributionFinder``)."""
        if context.name and context.name.lower() == "flask":
            return self._alias().find_distributions(context)
        return ()

    def _alias(self) -> Any:
        try:
            alias = import_module("miniflask.as_flask")
        except ModuleNotFoundError:
            sys.path.append(os.path.abspath(os.path.join(__file__, *[os.pardir] * 4)))
            alias = import_module("miniflask.as_flask")
        alias.install()
        return alias._Alias()


sys.meta_path.insert(0, _AliasLater())
# Whoever else has a module of this name wants it to be run as well; where nobody has, Python
# expects to hear so from its import.
sys.path.remove(os.path.dirname(__file__))
del sys.modules[__name__]
import_module(__name__)
