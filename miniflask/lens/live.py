"""Show a recording while it grows: a small server of its own, for this machine's browser only.

Steps go to the page as they happen, by Server-Sent Events.  The page tells a lot about an
application, so the server listens on the loopback address, and answers only those who asked for
it by a name of the loopback: a page elsewhere that has its own name point here (DNS rebinding) is
turned away, and so is a page elsewhere that embeds this one.

Source: Server-Sent Events, HTML Living Standard, section 9.2.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .page import dumps, page
from .trace import Trace

NAMES = {"localhost", "127.0.0.1", "[::1]"}
#: Browsers that may watch at a time; each holds a thread.
WATCHERS = 8
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class LensServer(ThreadingHTTPServer):
    """Serve the page of one recording, and its steps.

    Args:
        trace: The recording.
        port: The port on 127.0.0.1; 0 for any that is free.

    Raises:
        OSError: The port is taken.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, trace: Trace, port: int = 0) -> None:
        self.trace = trace
        #: Tells this recording from that of a server that stood here before.
        self.name = secrets.token_hex(4)
        self.closing = False
        self.watchers = threading.BoundedSemaphore(WATCHERS)
        super().__init__(("127.0.0.1", port), Handler)

    @property
    def url(self) -> str:
        """Where to look."""
        return f"http://127.0.0.1:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that goes away in the middle is no error."""

    def end(self) -> None:
        """Send the watchers away, and stop listening."""
        with self.trace.changed:
            self.closing = True
            self.trace.changed.notify_all()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answer ``/`` with the page, ``/events`` with a stream of steps."""

    server: LensServer  # pyright: ignore[reportIncompatibleVariableOverride]  # no other makes it
    timeout = 60

    def do_GET(self) -> None:
        """Answer a browser."""
        name = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        url = urlsplit(self.path)
        if name not in NAMES:
            self._answer(403, "The lens answers to a name of the loopback address only.\n")
        elif url.path == "/":
            self._answer(200, page(self.server.trace, live=self.server.name), "text/html")
        elif url.path == "/events":
            self._watch(parse_qs(url.query))
        else:
            self._answer(404, "The lens has one page: /\n")

    def _answer(self, status: int, text: str, mimetype: str = "text/plain") -> None:
        body = text.encode()
        self._head(status, f"{mimetype}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _head(self, status: int, content_type: str) -> None:
        self.send_response(status)
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)

    def _watch(self, query: dict[str, list[str]]) -> None:
        """Send steps until the browser or the server goes away."""
        if not self.server.watchers.acquire(blocking=False):
            self._answer(503, f"{WATCHERS} pages are watching already; close one.\n")
            return
        try:
            asked = self.headers.get("Last-Event-ID") or query.get("after", [""])[0]
            name, _, step = asked.partition("-")
            known = name == self.server.name and step.isdecimal()
            self._head(200, "text/event-stream")
            self.end_headers()
            self._send_steps(int(step) if known else 0)
        except OSError:
            pass  # it went away
        finally:
            self.server.watchers.release()

    def _send_steps(self, after: int) -> None:
        trace, name = self.server.trace, self.server.name
        while True:
            with trace.changed:
                if trace.total == after and not self.server.closing:
                    trace.changed.wait(timeout=15)
                if self.server.closing:
                    return
                batch, last = {"live": name, **trace.since(after)}, trace.total
            # The comment finds out whether anybody is still there.
            message = f"id: {name}-{last}\ndata: {dumps(batch)}\n\n" if last > after else ":\n\n"
            self.wfile.write(message.encode())
            after = last

    def log_message(self, format: str, *args: Any) -> None:
        """Leave the terminal to the application's server."""


@contextmanager
def serving(server: LensServer) -> Iterator[LensServer]:
    """Serve in a thread until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True, name="lens")
    thread.start()
    try:
        yield server
    finally:
        server.end()
        thread.join()
