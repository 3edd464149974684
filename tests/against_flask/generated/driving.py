"""The ways in which requests are sent to an application, as a server or a test would.

What comes back is traced: start of the response, each chunk, what was raised.  With the traces of
hooks and views in the same list, the order of everything is compared as well.
"""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.against_flask.generated.model import Visit


def plain(headers: Any) -> list[tuple[str, str]]:
    """Bring into order what is made from a set, and leave out the time of day."""
    return [
        (name, ", ".join(sorted(value.split(", "))) if name == "Allow" else value)
        for name, value in headers
        if name != "Date"
    ]


class Wsgi:
    """Bare WSGI calls with a cookie jar: call, iterate, close."""

    #: How much of a body is read; None for all of it.
    chunks: int | None = None
    #: What a printed program has to define besides the class.
    uses: tuple[Any, ...] = (plain,)

    def __init__(self, fw: Any, app: Any, trace: Callable[..., None]) -> None:
        self.fw = fw
        self.app = app
        self.trace = trace
        self.cookies: dict[str, str] = {}

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests, one after the other."""
        for visit in visits:
            for _ in self.answer(visit):
                pass

    def finish(self) -> None:
        """Let go of everything."""

    def pause(self) -> None:
        """Let another request go on, from within one."""

    def environ(self, visit: Visit) -> dict[str, Any]:
        """Make the WSGI environment of a request."""
        path, _, query = visit.path.partition("?")
        return {
            "REQUEST_METHOD": visit.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.encode().decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": visit.host,
            "HTTP_COOKIE": "; ".join(f"{k}={v}" for k, v in self.cookies.items()),
            "CONTENT_TYPE": visit.content_type,
            "CONTENT_LENGTH": str(len(visit.body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(visit.body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        """Trace the head of a response, and keep its cookies."""
        self.trace("start", status, plain(headers))
        for name, value in headers:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
                if not self.cookies[key]:
                    del self.cookies[key]
        return lambda data: self.trace("written", data)

    def answer(self, visit: Visit) -> Iterator[None]:
        """Have a request answered, in steps between which others may run."""
        body: Any = ()
        try:
            body = self.app(self.environ(visit), self.start_response)
            yield
            for count, chunk in enumerate(body, 1):
                self.trace("chunk", chunk)
                yield
                if count == self.chunks:
                    break
        except BaseException as e:
            self.trace("raised", e)
        self.let_go(body)

    def let_go(self, body: Any) -> None:
        """Be done with a body: close it, as PEP 3333 wants."""
        try:
            if hasattr(body, "close"):
                body.close()
        except BaseException as e:
            self.trace("raised by close", e)
        self.trace("closed")


class Head(Wsgi):
    """Each request is a HEAD request."""

    def environ(self, visit: Visit) -> dict[str, Any]:
        """Make the environment of a HEAD request."""
        return {**super().environ(visit), "REQUEST_METHOD": "HEAD"}


class ClosedEarly(Wsgi):
    """The client goes away after the first chunk, and the server closes the body."""

    chunks = 1


class Abandoned(Wsgi):
    """A server that drops the body after its first chunk and leaves the rest to the collector."""

    chunks = 1

    def environ(self, visit: Visit) -> dict[str, Any]:
        """Make an environment with a trusted host: Flask never lets go of what another begins."""
        trusted = self.app.config["TRUSTED_HOSTS"] or [visit.host]
        return {**super().environ(visit), "HTTP_HOST": trusted[0]}

    def let_go(self, body: Any) -> None:
        """Drop the body without closing it."""
        self.trace("dropped")

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests, and collect what is left of each."""
        for visit in visits:
            super().send([visit])
            gc.collect(0)
            self.trace("collected")


class OuterAppContext(Wsgi):
    """The requests are sent inside an app context that is active already."""

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests inside one app context."""
        try:
            with self.app.app_context():
                self.fw.g.outer = True
                super().send(visits)
                self.trace("still inside", self.fw.g.get("count"))
        except BaseException as e:
            self.trace("raised by app context", e)
        self.trace("outside")


class ByClient(Wsgi):
    """The framework's own test client."""

    def __init__(self, fw: Any, app: Any, trace: Callable[..., None]) -> None:
        super().__init__(fw, app, trace)
        self.client: Any = app.test_client()

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests by the client."""
        for visit in visits:
            self.open(visit)

    def open(self, visit: Visit) -> None:
        """Send one request by the client, and read the response."""
        path, _, query = visit.path.partition("?")
        try:
            response = self.client.open(
                path,
                query_string=query,
                method=visit.method,
                base_url=f"http://{visit.host}/",
                data=visit.body,
                content_type=visit.content_type,
            )
            self.trace("start", response.status, plain(response.headers))
            self.trace("data", response.data)
            response.close()
        except BaseException as e:
            self.trace("raised", e)
        gc.collect(0)  # Flask leaves to it a response that an error holds
        self.trace("closed")


class WithClient(ByClient):
    """The test client in a ``with`` statement, which keeps the contexts."""

    def send(self, visits: Sequence[Visit]) -> None:
        """Send requests, and look at what is kept after each."""
        try:
            with self.client:
                for visit in visits:
                    self.open(visit)
                    if self.fw.has_request_context():
                        self.trace("kept", dict(self.fw.session), self.fw.g.get("count"))
        except BaseException as e:
            self.trace("raised by with", e)
        self.trace("outside")
