"""The request: a view on the WSGI environment.

Source: ``werkzeug.wrappers.Request`` of Werkzeug 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Request as RequestBase
from werkzeug.wsgi import get_host

from .attribute import on_demand

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def _text(value: str | None) -> str:
    """Decode what PEP 3333 hands over as Latin-1; what is no UTF-8 becomes U+FFFD."""
    if not value or value.isascii():
        return value or ""
    return value.encode("latin1").decode(errors="replace")


def _server(request: Request) -> tuple[str, int | None] | None:
    """Return the name and port of the server; no port on a Unix socket."""
    environ = request._environ
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    try:
        return name, int(environ["SERVER_PORT"])
    except (KeyError, TypeError, ValueError):
        return name, None


def _handed_out(request: Request) -> WSGIEnvironment:
    """Hand the environment out.

    Who has it may change it, and the request must go on to say what it would have said before.
    """
    environ = request._environ
    request._environ = environ.copy()
    request._environ.pop("werkzeug.request", None)  # or the request would hold itself
    return environ


def _headers(request: Request) -> EnvironHeaders:
    """Make the one part that always shows the environment as it is."""
    return EnvironHeaders(request.__dict__.get("environ", request._environ))


class Request(RequestBase):
    """A request that reads its environment on demand.

    Args:
        environ: The WSGI environment (PEP 3333).
        populate_request: Put the request into the environment as ``werkzeug.request``.
        shallow: Refuse to read the body.

    Source: ``werkzeug.wrappers.Request``.
    """

    def __init__(
        self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False
    ) -> None:
        self._environ = environ
        self.shallow = shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    if not TYPE_CHECKING:  # to a type checker they are what Werkzeug declares
        environ = on_demand(_handed_out)
        method = on_demand(lambda self: self._environ.get("REQUEST_METHOD", "GET").upper())
        scheme = on_demand(lambda self: self._environ.get("wsgi.url_scheme", "http"))
        server = on_demand(_server)
        root_path = on_demand(lambda self: _text(self._environ.get("SCRIPT_NAME")).rstrip("/"))
        path = on_demand(lambda self: f"/{_text(self._environ.get('PATH_INFO')).lstrip('/')}")
        query_string = on_demand(
            lambda self: self._environ.get("QUERY_STRING", "").encode("latin1")
        )
        headers = on_demand(_headers)
        remote_addr = on_demand(lambda self: self._environ.get("REMOTE_ADDR"))
        host = on_demand(lambda self: get_host(self._environ, self.trusted_hosts))

    def close(self) -> None:
        """Close the files that were uploaded, if the body was read at all."""
        if "files" in self.__dict__:
            super().close()
