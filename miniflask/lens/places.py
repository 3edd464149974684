"""Where something happens: on which lane, in which Context, at which line.

A *lane* is what runs code one step after the other: a thread, a greenlet or a task.  Variables
belong to a ``contextvars.Context``, and a lane may run in several of them.  Python does not tell
which Context is the current one, but it refuses to reset a token anywhere but in the Context that
made it (PEP 567).  So a variable remembers a token of its own Context: if that can be reset, this
is the Context it was made in; if not, this is a copy of it.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from contextvars import ContextVar, Token
from functools import lru_cache
from inspect import unwrap
from itertools import count
from types import FrameType
from typing import Any, NamedTuple

import werkzeug

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_WERKZEUG = os.path.dirname(os.path.abspath(werkzeug.__file__)) + os.sep
_LIBRARY = sysconfig.get_path("stdlib") + os.sep


class Source(NamedTuple):
    """A line of a program."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        name = os.path.basename(self.file)
        # The framework's own lines move whenever it is edited.
        return name if self.file.startswith(PACKAGE) else f"{name}:{self.line}"


class Mark:
    """The identity of one ``contextvars.Context``.

    Args:
        parent: The Context that it is a copy of, if that was marked.
    """

    _numbers = count(1)

    def __init__(self, parent: Mark | None) -> None:
        self.number = next(self._numbers)
        self.parent = None if parent is None else parent.number
        self.token: Token[None] = _probe.set(None)


_mark: ContextVar[Mark] = ContextVar("miniflask.lens.mark")
_probe: ContextVar[None] = ContextVar("miniflask.lens.probe")


def current_context() -> Mark:
    """Return the mark of the Context that is running; a copy gets a mark of its own."""
    mark = _mark.get(None)
    if mark is not None:
        try:
            _probe.reset(mark.token)
        except (ValueError, RuntimeError):  # RuntimeError: its own lane is just renewing it
            pass
        else:
            mark.token = _probe.set(None)
            return mark
    mark = Mark(mark)
    _mark.set(mark)
    return mark


def current_runner() -> tuple[str, Any]:
    """Return what runs this code: its kind, and the task, greenlet or thread itself."""
    asyncio, greenlet = sys.modules.get("asyncio"), sys.modules.get("greenlet")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        task = asyncio.current_task()
        if task is not None:
            return "task", task
    if greenlet is not None:
        current = greenlet.getcurrent()
        if current.parent is not None:
            return "greenlet", current
    return "thread", threading.current_thread()


def runner_name(kind: str, runner: Any) -> str:
    """Name a runner as its program does, or by its kind."""
    if kind == "task":
        return str(runner.get_name())
    return str(getattr(runner, "name", kind))


@lru_cache(maxsize=1000)
def is_program(file: str) -> bool:
    """Tell whether a file belongs to a program, rather than to what carries the program."""
    if file.startswith((PACKAGE, _WERKZEUG, "<frozen")):
        return False
    return not file.startswith(_LIBRARY) or "-packages" + os.sep in file


def find_caller() -> tuple[Source | None, FrameType | None]:
    """Find the line of the program that led here.

    Returns:
        The line; the nearest one outside of the lens if no program is involved.  And the frame
        that called the lens.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    nearest = frame
    while frame is not None and not is_program(frame.f_code.co_filename):
        frame = frame.f_back
    found = frame or nearest
    if found is None:
        return None, None
    code = found.f_code
    return Source(code.co_filename, found.f_lineno, code.co_name), nearest


def definition(func: Any) -> Source | None:
    """Find the line at which a function begins."""
    code = getattr(unwrap(func), "__code__", None)
    return None if code is None else Source(code.co_filename, code.co_firstlineno, code.co_name)
