"""What a WSGI environment says of where a request came in, as the map needs it.

Hosts are remembered, because the same few come with every request and checking one takes longer
than matching. What clients send is remembered for the last few hundred hosts and no more.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from werkzeug.exceptions import BadHost
from werkzeug.wsgi import get_host

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_DEFAULT_PORTS = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}


def read_scheme(environ: WSGIEnvironment) -> str:
    """Return the URL scheme, which is ``ws`` or ``wss`` where a websocket is asked for.

    Source: RFC 6455 section 4.2.1.
    """
    scheme: str = environ["wsgi.url_scheme"]
    if "HTTP_UPGRADE" not in environ or environ["HTTP_UPGRADE"].lower() != "websocket":
        return scheme
    options = environ.get("HTTP_CONNECTION", "").lower().split(",")
    if not any(option.strip(" \t") == "upgrade" for option in options):
        return scheme
    return "wss" if scheme == "https" else "ws"


def read_host(environ: WSGIEnvironment) -> str:
    """Return the host in lower case, with the port if it is not the scheme's own.

    Source: ``werkzeug.wsgi.get_host``, which does the work.
    """
    get = environ.get
    return _checked_host(
        get("wsgi.url_scheme"), get("HTTP_HOST"), get("SERVER_NAME"), get("SERVER_PORT")
    )


@lru_cache(maxsize=256)
def _checked_host(scheme: str, header: str | None, name: str | None, port: str | None) -> str:
    given = {"HTTP_HOST": header, "SERVER_NAME": name, "SERVER_PORT": port}
    environ = {key: value for key, value in given.items() if value is not None}
    return get_host({"wsgi.url_scheme": scheme, **environ}).lower()


@lru_cache(maxsize=256)
def encode_host(host: str) -> str:
    """Return a host as DNS knows it; the port has no part in that.

    Raises:
        BadHost: A label of the name is empty or too long.

    Source: IDNA, RFC 3490.
    """
    name, separator, port = host.partition(":")
    try:
        return f"{name.encode('idna').decode('ascii')}{separator}{port}"
    except UnicodeError as error:
        raise BadHost from error


def without_default_port(host: str, scheme: str) -> str:
    """Return a host without a port that goes without saying, as ``read_host`` does."""
    return host.removesuffix(_DEFAULT_PORTS.get(scheme, ""))


def subdomain_of(host: str, server_name: str) -> str | None:
    """Return what *host* has in front of *server_name*, None if it is not below it."""
    labels, known = host.split("."), server_name.split(".")
    if labels[-len(known) :] != known:
        return None
    return ".".join(filter(None, labels[: -len(known)]))


def read_text(environ: WSGIEnvironment, key: str) -> str | None:
    """Return a value of the environment decoded, None if it is not there.

    Source: PEP 3333 "Unicode Issues"; what is no UTF-8 becomes U+FFFD, as in Werkzeug 3.
    """
    value: str | None = environ.get(key)
    if value is None or value.isascii():
        return value
    return value.encode("latin1").decode(errors="replace")
