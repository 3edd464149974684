"""The application's logger, and where its lines go when nobody has said.

Source: ``flask.logging``.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO

from .globals import request
from .local import LocalProxy

if TYPE_CHECKING:
    from .sansio import App


def _errors_stream() -> TextIO:
    if request:
        return request.environ["wsgi.errors"]  # type: ignore[no-any-return]
    return sys.stderr


#: The server's error stream during a request (PEP 3333), ``sys.stderr`` otherwise.
wsgi_errors_stream: Any = LocalProxy(_errors_stream)

#: Writes a line with time, level and module to :data:`wsgi_errors_stream`.
default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(
    logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Tell whether some handler will write what the logger lets through.

    Handlers of parents count as far as the logger propagates.
    """
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: App) -> logging.Logger:
    """Make the logger that bears the application's name.

    In debug mode its level is DEBUG unless one was set; :data:`default_handler` is added when
    nothing else would write its lines.
    """
    logger = logging.getLogger(app.name)
    if app.debug and not logger.level:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
