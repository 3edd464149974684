"""What a generated program finds around it; printed at the head of each.

``trace`` tells what happens and ``pause`` lets another request go on.  Both are replaced when a
program is driven by the tests: standing alone it prints, and there is no other request.
"""

from __future__ import annotations

import threading
from typing import Any

from werkzeug.exceptions import HTTPException


class Own(ValueError):
    """An exception of the program's own."""


class Teapot(HTTPException):
    """An HTTP exception of the program's own."""

    code = 418
    description = "short and stout"


class Stop(BaseException):
    """What no handler gets."""


def trace(label: str, *details: Any) -> None:
    print(label, *map(repr, details))


def pause() -> None:
    """Let another request go on."""


NESTED: list[Any] = []


def nested(function: Any) -> None:
    """Call a function that may lead to hooks, unless such a call has led here.

    Or a hook that pushes a context would be called for that context, and so on.
    """
    if not NESTED:
        NESTED.append(function)
        try:
            function()
        finally:
            NESTED.clear()


def wsgi(environ: Any, start_response: Any) -> Any:
    """A WSGI application, as a view may return it."""
    start_response("207 Multi", [("Content-Type", "text/x-wsgi"), ("X-Wsgi", "1")])
    return [b"from ", b"wsgi"]


def in_thread(function: Any) -> None:
    """Call a function in a thread and wait for it; what it raises is raised here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            function()
        except BaseException as e:
            raised.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
