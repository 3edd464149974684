"""Flask 2.1 (2022): copy on write.

A list that somebody else may hold is never changed, only replaced: a pop makes a new one as a
push does.  What a task does to its stacks stays with it.  The contexts themselves are still
shared, and so is what they remember of their pushes: popped by a child task, a context can no
longer be popped by the parent.

Source: ``werkzeug.local`` of Werkzeug 2.1.2 with the ``pop`` of 2.2; Flask 2.1.3 runs on both.
"""

from __future__ import annotations

from typing import Any

from . import flask_1_1, flask_2_0
from .flask_2_0 import LocalProxy as LocalProxy


class Local(flask_2_0._Local):
    """A namespace for each Context, without what Werkzeug 2.0 had deprecated."""

    __slots__ = ()


class LocalStack(flask_2_0.LocalStack):
    """A stack for each Context: the list ``_local.stack``, copied by each write."""

    _local_class = Local

    def pop(self) -> Any:
        """Take the item on top off a copy of the list; None when it is empty."""
        stack = getattr(self._local, "stack", [])
        if len(stack) < 2:
            return super().pop()
        self._local.stack = stack[:-1]
        return stack[-1]


class Contexts(flask_1_1.Contexts):
    """Two stacks, of app contexts and of request contexts, which are the only truth."""

    _stack_class = LocalStack
