"""Six ways to keep the contexts, each named after the Flask that shipped it.

Most of what is written about context locals describes a way that is gone.  Every module here
holds one of them behind the same small API: the ``Local``, ``LocalStack`` and ``LocalProxy`` of
its day, and ``Contexts``, which pushes and pops as that Flask did.  Read them in order of age;
each is the one before with one thing changed.  ``exercises.py`` does the same to all of them,
and ``miniflask eras`` prints what stayed isolated.

The framework itself starts on five of them, so that one application can be watched under each::

    MINIFLASK_ERA=1.1 python app.py

That is read once, when miniflask is imported; without it none of this is loaded.

Source: Werkzeug 0.6.1, 1.0.1, 2.0.0, 2.1.2 with 2.2, and 3.1; Flask 0.1, 1.1.4, 2.0.0, 2.1.3,
3.1.3 and its main branch of April 2026, the coming 3.2.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

#: Era -> how it keeps the contexts, in a few words.
ERAS = {
    "0.1": "a dict keyed by thread id, a stack of contexts in it",
    "1.1": "the same keyed by greenlet, two stacks",
    "2.0": "a ContextVar that holds a list, changed in place by pop",
    "2.1": "a ContextVar that holds a list, copied on each write",
    "3.1": "two ContextVars, each push keeping its token",
    "3.2": "one ContextVar, one merged context",
}

#: The eras that the framework starts on -> the version of Flask that each stands for.
STARTS_ON = {"0.1": "0.1", "1.1": "1.1.4", "2.1": "2.1.3", "3.1": "3.1.3", "3.2": "3.2.0.dev0"}


class Contexts(Protocol):
    """What the exercises use of an era: contexts that are pushed, popped and looked at."""

    @property
    def app(self) -> Any:
        """The application that ``current_app`` would resolve to; None without one."""

    @property
    def request(self) -> Any:
        """What ``request`` would resolve to; None without one."""

    def push(self, app: Any, request: Any) -> Callable[[], None]:
        """Push a request's contexts; returns the function that pops them."""
        ...

    def clear(self) -> None:
        """Forget whatever this thread, greenlet or task has left."""


def load(era: str) -> Any:
    """Import the module of an era.

    Args:
        era: One of :data:`ERAS`.

    Raises:
        KeyError: There is no such era.
    """
    if era not in ERAS:
        raise KeyError(f"no era {era!r}; the eras are {', '.join(ERAS)}")
    return import_module(f"{__name__}.flask_{era.replace('.', '_')}")


def start(era: str) -> None:
    """Have the framework run on an era, for the rest of the process.

    Args:
        era: One of :data:`STARTS_ON`.

    Raises:
        RuntimeError: The framework does not start on such an era.
    """
    if era not in STARTS_ON:
        raise RuntimeError(
            f"MINIFLASK_ERA is {era!r}, which miniflask cannot start on."
            f" It starts on {', '.join(STARTS_ON)}. Choose one, or leave the variable out for"
            " 3.1:\n\n    MINIFLASK_ERA=1.1 python app.py"
        )
    if era == "3.1":
        return
    import_module(f"{__name__}.{'merged' if era == '3.2' else 'users'}").start(era)
