"""What a recording says about an application, a request, a function.

It takes what it needs from the environ, because to ask the request or the session would change
them: a session that is looked at makes the response vary by cookie.  Secrets are left out here,
at the only place where a recording meets them.
"""

from __future__ import annotations

import re
from typing import Any

from .trace import Subject

WITHHELD = "[redacted]"
# Cookie, Authorization and Proxy-Authorization, and those that programs make up.
_SECRET = re.compile("auth|cookie|credential|csrf|key|pass|secret|session|signature|token", re.I)


def request_headers(environ: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """List the headers of a request, without the values of those that may be secret."""
    names = {
        key: key.removeprefix("HTTP_").replace("_", "-").title()
        for key in environ
        if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
    }
    return tuple(
        (name, WITHHELD if _SECRET.search(name) else _decode(environ[key]))
        for key, name in sorted(names.items())
        if environ[key]
    )


def request_title(environ: dict[str, Any]) -> str:
    """Name a request by its method and URL, from the path on."""
    path = _decode(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))
    query = environ.get("QUERY_STRING", "")
    return f"{environ.get('REQUEST_METHOD', '')} {path}{'?' if query else ''}{query}"


def _decode(value: Any) -> str:
    """Read a value of the environ as UTF-8, which WSGI hands over as Latin-1 (PEP 3333)."""
    return str(value).encode("latin-1", "replace").decode("utf-8", "replace")


def describe_app_context(label: str, ctx: Any) -> Subject:
    """Describe an app context."""
    return Subject(label, "app context", ctx.app.name, ctx.app.name)


def describe_request_context(
    label: str, ctx: Any, request_number: int, copy_of: str | None
) -> Subject:
    """Describe a request context."""
    environ = ctx.request.environ
    return Subject(
        label,
        "request context",
        ctx.app.name,
        request_title(environ),
        request_number,
        request_headers(environ),
        copy_of,
    )


def function_name(func: Any) -> str:
    """Name a function, or what is called like one."""
    return str(getattr(func, "__name__", type(func).__name__))
