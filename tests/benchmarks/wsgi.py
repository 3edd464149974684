"""A WSGI server without a network: it calls an application with the same request, many times."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from time import process_time
from typing import Any

from .workloads import Workload

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True)
class Answer:
    """What a client sees."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """Give the values of a header."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())


def make_environ(workload: Workload, cookie: str = "") -> dict[str, Any]:
    """Write the request of a workload as a server would (PEP 3333)."""
    environ = {
        "REQUEST_METHOD": "POST" if workload.body else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": workload.path,
        "QUERY_STRING": workload.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:5000",
        "HTTP_ACCEPT": "*/*",
        "HTTP_USER_AGENT": "benchmark",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if workload.body:
        environ["CONTENT_TYPE"] = workload.content_type
        environ["CONTENT_LENGTH"] = str(len(workload.body))
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    return environ


def ask(app: App, environ: dict[str, Any], body: bytes = b"") -> Answer:
    """Send a request, and keep what comes back."""
    sent: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        sent[:] = [status, list(headers)]
        return None

    result = app({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
    content = b"".join(result)
    getattr(result, "close", int)()
    return Answer(sent[0], sent[1], content)


def prepare(app: App, workload: Workload) -> dict[str, Any]:
    """Make the environ of a workload, with the cookies of the page that is visited first."""
    if not workload.visited:
        return make_environ(workload)
    page = ask(app, make_environ(Workload("", "", "", workload.visited)))
    jar = SimpleCookie()
    for name, value in page.headers:
        if name.lower() == "set-cookie":
            jar.load(value)
    cookies = [f"{name}={morsel.coded_value}" for name, morsel in jar.items()]
    return make_environ(workload, "; ".join(cookies))


def _start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
    """Forget what is sent."""


def repeat(app: App, environ: dict[str, Any], body: bytes, times: int) -> None:
    """Send a request again and again, and read every answer to its end."""
    make_input = io.BytesIO
    for _ in range(times):
        request = environ.copy()
        request["wsgi.input"] = make_input(body)
        result = app(request, _start_response)
        for _chunk in result:
            pass
        close = getattr(result, "close", None)
        if close is not None:
            close()


def seconds(app: App, environ: dict[str, Any], body: bytes, times: int) -> float:
    """Give the seconds of the process that so many requests take."""
    began = process_time()
    repeat(app, environ, body, times)
    return process_time() - began
