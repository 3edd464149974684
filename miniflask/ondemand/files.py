"""A file as a response, its headers written out.

``werkzeug.utils.send_file`` sets each header of a response by itself, and parses and renders some
of them more than once.  For a file on disk that nobody asks anything unusual of they are known
beforehand.  A conditional or a range request goes on from there by Werkzeug's code.

Source: ``werkzeug.utils.send_file`` of Werkzeug 3.1; RFC 9110, sections 8, 13 and 14; RFC 6266.
"""

from __future__ import annotations

import mimetypes
import os
from functools import lru_cache
from stat import S_ISREG
from time import time
from typing import TYPE_CHECKING, Any
from zlib import adler32

import werkzeug.utils
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound, RequestedRangeNotSatisfiable
from werkzeug.http import http_date
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import wrap_file

from ..stock import Shown
from .response import Pairs, Response, content_type_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# What has a part in making such a response, and in Werkzeug what this module stands in for.
_parts = Shown(
    (
        Response,
        (
            "__new__",
            "__init__",
            "headers",
            "default_status",
            "content_length",
            "last_modified",
            "cache_control",
            "expires",
            "set_etag",
            "make_conditional",
        ),
    )
)
_utils: Any = werkzeug.utils  # with its clock, which a test may have stopped
_send_file, _send_from_directory = _utils.send_file, _utils.send_from_directory
# The file is read in pieces of 8 KiB, as a file wrapper asks for them, out of a buffer that saves
# most calls to the system.
_BUFFER = 64 * 1024
_CONDITIONS = frozenset(
    (
        "HTTP_RANGE",
        "HTTP_IF_MATCH",
        "HTTP_IF_NONE_MATCH",
        "HTTP_IF_MODIFIED_SINCE",
        "HTTP_IF_UNMODIFIED_SINCE",
        "HTTP_IF_RANGE",
    )
)

_http_date = lru_cache(maxsize=256)(http_date)


@lru_cache(maxsize=1)
def _offer() -> Pairs:
    """Ask Werkzeug whether it offers ranges to who did not ask for one: it does since 3.1.9."""
    response = ResponseBase()
    response.make_conditional({"REQUEST_METHOD": "GET"}, accept_ranges=True, complete_length=1)
    return [pair for pair in response.headers if pair[0] == "Accept-Ranges"]


def can_send(kind: type[Any]) -> bool:
    """Tell whether :func:`send_path` can make a response of a class.

    Not if a program has replaced a part of the class, or what this module stands in for.
    """
    return (
        issubclass(kind, Response)
        and _parts.are_those_of(kind)
        and _utils.send_file is _send_file
        and _utils.send_from_directory is _send_from_directory
    )


def find_file(root_path: str, directory: str, name: str) -> tuple[str, os.stat_result]:
    """Find a file below a folder.

    Args:
        root_path: Where a relative *directory* begins.
        directory: The folder.
        name: The file in it; may come from a client.

    Raises:
        NotFound: No such file in that folder.

    Source: ``werkzeug.utils.send_from_directory``.
    """
    joined = safe_join(directory, name)
    if joined is None:
        raise NotFound()
    path = os.path.join(root_path, joined)
    try:
        stat = os.stat(path)
    except (OSError, ValueError):
        raise NotFound() from None
    if not S_ISREG(stat.st_mode):
        raise NotFound()
    return path, stat


def send_path(
    kind: type[Response],
    path: str,
    stat: os.stat_result,
    environ: WSGIEnvironment,
    max_age: int | None,
) -> Response:
    """Make a response of a file.

    Args:
        kind: The class of the response.
        path: The file, ASCII.
        stat: What the system says of it.
        environ: The WSGI environment of the request.
        max_age: How long to cache, in seconds; None to ask each time.

    Raises:
        RequestedRangeNotSatisfiable: There are no such bytes in the file.

    Source: ``werkzeug.utils.send_file``.
    """
    mimetype, encoding = mimetypes.guess_type(os.path.basename(path))
    *pairs, etag = _describe(path, stat.st_size, stat.st_mtime, mimetype, encoding)
    pairs += _caching(max_age)
    pairs.append(etag)
    file = open(path, "rb", buffering=_BUFFER)  # noqa: SIM115  # closed with the response
    response: Response = kind.__new__(kind)
    response._pairs, response._is_sized = pairs, True
    response.response = wrap_file(environ, file)
    response.direct_passthrough = True
    if environ["REQUEST_METHOD"] in ("GET", "HEAD") and _CONDITIONS.isdisjoint(environ):
        pairs.append(("Date", _http_date(int(time()))))
        pairs += _offer()
        return response
    try:
        response.make_conditional(environ, accept_ranges=True, complete_length=stat.st_size)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    return response


# What a file's headers are made of decides about them, so they are kept.
@lru_cache(maxsize=256)
def _describe(
    path: str, size: int, mtime: float, mimetype: str | None, encoding: str | None
) -> tuple[tuple[str, str], ...]:
    headers = Headers()
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    headers.set("Content-Disposition", "inline", filename=os.path.basename(path))
    headers["Content-Type"] = content_type_of(mimetype or "application/octet-stream")
    headers["Content-Length"] = str(size)
    headers["Last-Modified"] = http_date(mtime)
    check = adler32(path.encode()) & 0xFFFFFFFF
    headers["ETag"] = f'"{mtime}-{size}-{check}"'
    return tuple(headers)


def _caching(max_age: int | None) -> Pairs:
    if max_age is None:
        return [("Cache-Control", "no-cache")]
    policy = "public" if max_age > 0 else "no-cache"
    return [
        ("Cache-Control", f"{policy}, max-age={max_age}"),
        ("Expires", _http_date(int(_utils.time() + max_age))),
    ]
