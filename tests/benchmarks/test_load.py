"""The load generator, on responses of every shape, on a tiny server, and on a real one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from . import load, processes
from .load import Load, drive
from .servers import serving


class Handler(BaseHTTPRequestHandler):
    """Answers ``/close`` and ends the connection, ``/keep`` and keeps it."""

    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]] = set()

    def do_GET(self) -> None:
        self.connections.add(self.client_address)
        self.send_response(200 if self.path in ("/keep", "/close") else 404)
        self.send_header("Content-Length", "2")
        if self.path == "/close":
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    """Serve on loopback, in a thread."""
    Handler.connections = set()
    with ThreadingHTTPServer((load.HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def read(data: bytes) -> tuple[int, bool, bytes]:
    """Read one response; give its status, whether the connection stays open, and what is left."""

    async def run() -> tuple[int, bool, bytes]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        status, open_still = await load.read_response(reader)
        return status, open_still, await reader.read()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "data,expected",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP", (200, True, b"HTTP")),
        (
            b"HTTP/1.1 404 NO\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
            (404, False, b""),
        ),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\nH",
            (200, True, b"H"),
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", (200, False, b"")),
    ],
    ids=["length", "close", "chunked", "end"],
)
def test_a_response_ends_where_its_framing_says(
    data: bytes, expected: tuple[int, bool, bytes]
) -> None:
    """By its length, its last chunk, or the end of the connection."""
    assert read(data) == expected


def test_a_response_cut_short_is_an_error() -> None:
    """Half a body is no answer."""
    with pytest.raises(asyncio.IncompleteReadError):
        read(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok")


def test_connections_are_kept(port: int) -> None:
    """Each connection asks again as soon as it is answered."""
    found = drive(port, "/keep", seconds=0.1, connections=2)

    assert found.failed == 0
    assert found.answered >= 2
    assert found.rate == found.answered / found.seconds
    assert len(Handler.connections) == 2


def test_a_closed_connection_is_opened_anew(port: int) -> None:
    """A server that closes after each answer is asked over a new connection each time."""
    found = drive(port, "/close", seconds=0.1, connections=2)

    assert found.failed == 0
    assert len(Handler.connections) == found.answered >= 2


def test_another_status_is_a_failure(port: int) -> None:
    """An error page is quick to make, and is not counted."""
    found = drive(port, "/nowhere", seconds=0.05, connections=1)

    assert found.answered == 0
    assert found.failed >= 1
    assert set(found.errors) == {"status 404"}


def test_few_reasons_are_kept() -> None:
    """A server that fails a thousand times fails for the same reasons."""
    found = Load()
    for number in range(100):
        found.fail(f"reason {number}")

    assert (found.failed, len(found.errors)) == (100, 5)


@pytest.mark.parametrize("server", ["gunicorn gthread", "waitress"])
def test_a_real_server_is_started_and_ended(server: str) -> None:
    """It answers while it is measured, and nobody listens afterwards."""
    with serving(server, "miniflask", "hello") as port:
        found = drive(port, seconds=0.05, connections=1)

    assert found.failed == 0
    assert found.answered >= 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((load.HOST, port))


def test_memory_is_measured_in_fresh_processes() -> None:
    """The figures of a process that imports, and then answers."""
    found = processes.memory("miniflask", 10, 10)

    assert found["traced"] > 1_000_000
    assert found.keys() == {"traced", "imported", "after_few", "growth", "blocks"}


def test_fresh_processes_may_keep_what_they_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever measures, or its makefile, may have forbidden it."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")

    assert processes.run("-c", "import sys; print(int(sys.dont_write_bytecode))") == 0
