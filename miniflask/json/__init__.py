"""JSON as the active application does it.

With an application context active these functions are the application's JSON provider
(``app.json``); without one they are the standard library with the provider's extra types.

Source: ``flask.json``.
"""

from __future__ import annotations

import json as _json
from typing import IO, TYPE_CHECKING, Any, AnyStr

from ..globals import _cv_app, current_app
from .provider import _default

if TYPE_CHECKING:
    from ..wrappers import Response


def dumps(obj: Any, **kwargs: Any) -> str:
    """Serialize to a string.

    Args:
        obj: What to serialize.
        **kwargs: For the provider's ``dumps``, else for ``json.dumps``.
    """
    ctx = _cv_app.get(None)
    if ctx is not None:
        return ctx.app.json.dumps(obj, **kwargs)
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Serialize to a text file.

    Args:
        obj: What to serialize.
        fp: A file open for writing text; only UTF-8 is valid JSON.
        **kwargs: For the provider's ``dump``, else for ``json.dump``.
    """
    ctx = _cv_app.get(None)
    if ctx is not None:
        ctx.app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Deserialize a string, or bytes in UTF-8, UTF-16 or UTF-32.

    Raises:
        ValueError: The text is not JSON.
    """
    ctx = _cv_app.get(None)
    if ctx is not None:
        return ctx.app.json.loads(s, **kwargs)
    return _json.loads(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """Deserialize a file, open for text or for bytes.

    Raises:
        ValueError: The text is not JSON.
    """
    ctx = _cv_app.get(None)
    if ctx is not None:
        return ctx.app.json.load(fp, **kwargs)
    return _json.load(fp, **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """Make a response with a JSON body.

    One argument is the body; several are a list of bodies; keywords are an object; nothing at
    all is ``null``.  A view may return a dict or list without calling this.

    Raises:
        TypeError: Both positional and keyword arguments were given.
        RuntimeError: No application context is active.
    """
    return current_app.json.response(*args, **kwargs)
