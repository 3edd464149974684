"""One request to a WSGI application, as a server would send it, and all that came back."""

from __future__ import annotations

import base64
import io
import sys
from typing import Any
from urllib.parse import unquote_to_bytes

from .tracing import Trace, describe

#: Of a longer body only this much is read; the rest is left, as by a client that went away.
LARGEST_BODY = 1_000_000


def make_environ(request: dict[str, Any]) -> dict[str, Any]:
    """Make the WSGI environment of a request (PEP 3333).

    Args:
        request: ``method``, ``target`` (path and query as they stand in the request line),
            ``scheme``, ``host``, ``headers`` (pairs) and ``body`` (base64).
    """
    path, _, query = request["target"].partition("?")
    body = base64.b64decode(request["body"])
    name, _, port = request["host"].partition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": request["target"],
        "RAW_URI": request["target"],
        "SERVER_NAME": name,
        "SERVER_PORT": port or ("443" if request["scheme"] == "https" else "80"),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": request["host"],
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": request["scheme"],
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if body or request["method"] in ("POST", "PUT", "PATCH"):
        environ["CONTENT_LENGTH"] = str(len(body))
    for header, value in request["headers"]:
        key = header.upper().replace("-", "_")
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        # A header that comes twice is one list (RFC 9110 section 5.3); cookies are told apart by
        # semicolons (RFC 6265).
        glue = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{glue}{value}" if key in environ else value
    return environ


def exchange(app: Any, request: dict[str, Any], trace: Trace) -> dict[str, Any]:
    """Send a request; return status, headers, body, what reached the server, and the trace."""
    head: list[Any] = [None, []]
    parts: list[bytes] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        head[:] = [status, [[k, v] for k, v in headers]]
        return parts.append

    raised = None
    trace.take()
    try:
        body = app(make_environ(request), start_response)
        trace.add(f"answers {head[0]}")
        _read(body, parts, trace)
    except BaseException as e:
        raised = describe(e)
        trace.add(f"the server gets {raised}")
    content = b"".join(parts)
    return {
        "status": head[0],
        "headers": head[1],
        "body": base64.b64encode(content[:LARGEST_BODY]).decode("ascii"),
        "raised": raised,
        "trace": trace.take(),
    }


def _read(body: Any, parts: list[bytes], trace: Trace) -> None:
    """Read a body as a server does, and note when its parts come between other events."""
    size, noted = 0, None
    try:
        for part in body:
            parts.append(part)
            size += len(part)
            if noted is None or trace.events[-1] is not noted:
                noted = trace.add("sends a part of the body")
            if size > LARGEST_BODY:
                break
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    trace.add(f"sent {size} bytes")
