"""What a WSGI environment says of where a request came in."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.exceptions import BadHost

from miniflask.routing import Map, MapAdapter, Rule
from miniflask.routing.environ import _checked_host, encode_host


def bind(
    server_name: str | None = None, subdomain: str | None = None, **environ: Any
) -> MapAdapter:
    """Bind a map to an environment that has little but these keys."""
    scheme = environ.pop("scheme", "http")
    minimal = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": scheme, "HTTP_HOST": "example.com"}
    return Map().bind_to_environ({**minimal, **environ}, server_name, subdomain)


def test_an_adapter_takes_everything_from_the_environment() -> None:
    """Method, mount point, path, query and host are those of the request."""
    adapter = bind(REQUEST_METHOD="POST", SCRIPT_NAME="/app", PATH_INFO="/a", QUERY_STRING="q=1")

    assert vars(adapter) == {
        "map": adapter.map,
        "server_name": "example.com",
        "script_name": "/app/",
        "subdomain": "",
        "url_scheme": "http",
        "path_info": "/a",
        "default_method": "POST",
        "query_args": "q=1",
        "websocket": False,
    }


def test_what_is_missing_has_a_default() -> None:
    """Mount point and path are ``/``, and there is no query."""
    adapter = bind()

    assert (adapter.script_name, adapter.path_info, adapter.query_args) == ("/", "/", None)


@pytest.mark.parametrize(
    ("host", "scheme", "name"),
    [
        ("Example.COM", "http", "example.com"),
        ("example.com:80", "http", "example.com"),
        ("example.com:443", "https", "example.com"),
        ("example.com:80", "https", "example.com:80"),
        ("bücher.example", "http", ""),
        ("bad host", "http", ""),
    ],
)
def test_a_host_is_in_lower_case_and_without_the_schemes_port(
    host: str, scheme: str, name: str
) -> None:
    """What cannot be a host is none."""
    assert bind(HTTP_HOST=host, scheme=scheme).server_name == name


def test_without_a_header_the_server_is_the_host() -> None:
    """HTTP/1.0 clients need not send one."""
    environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "localhost"}

    adapter = Map().bind_to_environ({**environ, "SERVER_PORT": "5000"})

    assert adapter.server_name == "localhost:5000"


@pytest.mark.parametrize(
    ("host", "server_name", "subdomain"),
    [
        ("example.com", "example.com", ""),
        ("www.example.com", "example.com", "www"),
        ("a.b.example.com", "Example.com:80", "a.b"),
        ("a.example.com:5000", "example.com:5000", "a"),
        ("a..b..example.com", "example.com", "a.b"),
    ],
)
def test_a_subdomain_is_what_is_in_front(host: str, server_name: str, subdomain: str) -> None:
    """It is counted from the server name, whatever its case and its default port."""
    adapter = bind(server_name, HTTP_HOST=host)

    assert adapter.subdomain == subdomain


def test_a_given_subdomain_is_not_looked_for() -> None:
    """It wins over the host, and nothing is compared."""
    assert bind("elsewhere.net", "www").subdomain == "www"


def test_a_strange_host_gives_a_warning_and_matches_nothing() -> None:
    """Its subdomain is one that no host can have."""
    with pytest.warns(UserWarning) as caught:
        adapter = bind("elsewhere.net")

    assert adapter.subdomain == "<invalid>"
    assert str(caught[0].message) == (
        "Current server name 'example.com' doesn't match configured server name 'elsewhere.net'"
    )
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("upgrade", "connection", "scheme", "expected"),
    [
        ("websocket", "Upgrade", "http", "ws"),
        ("WebSocket", "keep-alive, upgrade", "https", "wss"),
        ("websocket", "keep-alive", "http", "http"),
        ("h2c", "upgrade", "http", "http"),
    ],
)
def test_a_handshake_makes_it_a_websocket(
    upgrade: str, connection: str, scheme: str, expected: str
) -> None:
    """Both headers are needed."""
    adapter = bind(HTTP_UPGRADE=upgrade, HTTP_CONNECTION=connection, scheme=scheme)

    assert adapter.url_scheme == expected
    assert adapter.websocket == expected.startswith("ws")


def test_text_is_decoded_and_what_cannot_be_is_replaced() -> None:
    """WSGI hands bytes over as Latin-1."""
    adapter = bind(PATH_INFO="/\xc3\xa9\xff", SCRIPT_NAME="/\xc3\xa9", QUERY_STRING="\xc3\xa9")

    assert (adapter.path_info, adapter.script_name, adapter.query_args) == ("/é\ufffd", "/é/", "é")


def test_hosts_are_written_as_dns_has_them() -> None:
    """Other scripts are encoded, the port is left alone, and a name that cannot be is a 400."""
    assert Map().bind("bücher.example:5000").server_name == "xn--bcher-kva.example:5000"
    for host in ("a..b", "x" * 64):
        with pytest.raises(BadHost):
            Map().bind(host)


def test_no_more_than_a_few_hosts_are_remembered() -> None:
    """What clients send cannot fill the memory."""
    for number in range(1_000):
        bind(HTTP_HOST=f"{number}.example.com")

    for remembered in (_checked_host.cache_info(), encode_host.cache_info()):
        assert remembered.maxsize == 256
        assert remembered.currsize <= 256


def test_bind_of_a_subclass_is_not_asked_and_bind_to_environ_is() -> None:
    """A framework overrides the one that it calls."""

    class Reversed(Map):
        """A map that reads environments its own way."""

        def bind(self, *args: Any, **kwargs: Any) -> MapAdapter:
            raise AssertionError("not asked")

        def bind_to_environ(self, environ: Any, *args: Any, **kwargs: Any) -> MapAdapter:
            turned = {**environ, "PATH_INFO": environ["PATH_INFO"][::-1]}
            return super().bind_to_environ(turned, *args, **kwargs)

    environ = {
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "example.com",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "ba/",
    }

    adapter = Reversed([Rule("/ab", endpoint="e")]).bind_to_environ(environ)

    assert adapter.match() == ("e", {})
