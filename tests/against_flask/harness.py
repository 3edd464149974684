"""The same program on miniflask and on the installed Flask, compared.

A test writes an app factory once::

    def hello(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        @app.route("/")
        def index() -> str:
            trace("view")
            return "hi"

        return app

and hands it to the ``side_by_side`` fixture with the requests to send.  Everything a client, a
hook or a log could see is compared: status, headers in their order, body, exceptions that reach
the server, what was traced (with the thread and what the proxies resolved to), what was logged.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import flask.globals
import flask.sessions
import flask.testing
import flask.views
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

import miniflask
import miniflask.globals
import miniflask.sessions
import miniflask.testing
import miniflask.views

FRAMEWORKS = {"flask": flask, "miniflask": miniflask}

# Sent in an order that changes from run to run, because they are made from sets.
UNORDERED = {"Allow"}


def describe(value: Any) -> Any:
    """Turn a value into something that compares equal across the two frameworks."""
    if isinstance(value, BaseException):
        return (type(value).__name__, str(value))
    if isinstance(value, (str, bytes, int, float, bool, type(None))):
        return value
    if isinstance(value, (list, tuple)):
        return [describe(item) for item in value]
    if isinstance(value, dict):
        return {str(key): describe(item) for key, item in value.items()}
    return type(value).__name__


def kind(value: Any) -> str:
    """Name a value's class; as a template filter it tells a proxy from what it stands for."""
    return type(value).__name__


def serve(app: Any, views: dict[str, Callable[..., Any]], **options: Any) -> Any:
    """Route each URL to its view, named as the URL; returns the app."""
    for rule, view in views.items():
        app.add_url_rule(rule, rule, view, **options)
    return app


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


class Trace:
    """Record what happens in a program, with the thread and the state of the proxies."""

    def __init__(self, fw: Any) -> None:
        self.fw = fw
        self.events: list[Any] = []
        # Not by their ids, which are used again.
        self._this_thread = threading.local()
        self._threads = 0

    def __call__(self, label: str, *details: Any) -> None:
        """Record an event; *details* may be any values, exceptions among them."""
        if not hasattr(self._this_thread, "number"):
            self._this_thread.number = self._threads
            self._threads += 1
        thread = self._this_thread.number
        self.events.append((label, [describe(d) for d in details], thread, self.proxies()))

    def proxies(self) -> dict[str, Any]:
        """Say what each proxy resolves to, without touching the session."""
        state: dict[str, Any] = {}
        if self.fw.has_app_context():
            state["app"] = self.fw.current_app.name
            state["g"] = sorted(self.fw.g)
        if self.fw.has_request_context():
            request = self.fw.request
            state["request"] = (request.method, request.path, request.endpoint)
            state["view_args"] = describe(request.view_args)
            state["blueprints"] = list(request.blueprints)
        return state

    def labels(self) -> list[str]:
        """Return the labels alone, in order."""
        return [event[0] for event in self.events]

    def hook(
        self, label: str, returns: Any = None, raises: BaseException | None = None
    ) -> Callable[..., Any]:
        """Make a view, hook or handler that records its arguments, then returns or raises."""

        def function(*args: Any, **kwargs: Any) -> Any:
            self(label, *args, *([kwargs] if kwargs else []))
            if raises is not None:
                raise raises
            return returns

        return function

    def after(self, label: str) -> Callable[[Any], Any]:
        """Make an after-hook that records the status and passes the response on."""

        def function(response: Any) -> Any:
            self(label, response.status_code)
            return response

        return function

    def attempt(self, label: str, function: Callable[[], Any]) -> None:
        """Record what a function returns, or what it raises."""
        try:
            result = function()
        except BaseException as e:
            result = e
        self(label, result)


@dataclass
class Outcome:
    """What one request came to."""

    status: str | None = None
    headers: list[tuple[str, Any]] = field(default_factory=list)
    body: bytes = b""
    raised: Any = None
    warned: list[str] = field(default_factory=list)

    @property
    def code(self) -> int | None:
        """The status code; None if an exception reached the server."""
        return None if self.status is None else int(self.status.partition(" ")[0])

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def header(self, name: str) -> Any:
        """Return the first header of that name, or None."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class Run:
    """What a program did on one framework: an outcome per request, the trace, the log."""

    outcomes: list[Outcome]
    trace: list[Any]
    log: list[Any]

    @property
    def labels(self) -> list[str]:
        """The labels of the traced events, in order."""
        return [event[0] for event in self.trace]

    @property
    def codes(self) -> list[int | None]:
        """The status code of each request."""
        return [outcome.code for outcome in self.outcomes]

    @property
    def texts(self) -> list[str]:
        """The body of each response."""
        return [outcome.text for outcome in self.outcomes]

    def details(self, label: str) -> list[Any]:
        """Return what was recorded under a label, an entry per event."""
        return [event[1] for event in self.trace if event[0] == label]

    def values(self, label: str) -> list[Any]:
        """Return the first thing that was recorded under a label, an entry per event."""
        return [details[0] for details in self.details(label)]


def _headers(pairs: Any) -> list[tuple[str, Any]]:
    return [
        (name, frozenset(value.split(", ")) if name in UNORDERED else value)
        for name, value in pairs
        if name != "Date"
    ]


class _LogCapture(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        self.lines.append((record.levelname, record.getMessage(), describe(error)))


def send(app: Any, spec: Any, cookies: Client | None = None) -> Outcome:
    """Send one request to a WSGI application as a server would.

    Args:
        app: The WSGI application.
        spec: A path, a pair of method and path, or a dict of ``EnvironBuilder`` arguments; its
            key ``environ`` overrides entries of the environment afterwards.
        cookies: A client whose cookie jar is used and updated.
    """
    if isinstance(spec, str):
        spec = {"path": spec}
    elif isinstance(spec, tuple):
        spec = {"method": spec[0], "path": spec[1]}
    spec = dict(spec)
    overrides = spec.pop("environ", {})
    builder = EnvironBuilder(**spec)
    environ = builder.get_environ()
    builder.close()
    environ.update(overrides)
    if cookies is not None:
        cookies._add_cookies_to_wsgi(environ)
    outcome = Outcome()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
            if cookies is not None:
                cookies._update_cookies_from_response(
                    environ["HTTP_HOST"].partition(":")[0],
                    environ["PATH_INFO"],
                    headers.getlist("Set-Cookie"),
                )
            outcome.status, outcome.headers = status, _headers(headers)
            outcome.body = b"".join(body)
        except BaseException as e:
            outcome.raised = describe(e)
    # When a file that nobody closed is noticed is up to the garbage collector.
    outcome.warned = [
        f"{w.category.__name__}: {w.message}"
        for w in caught
        if not issubclass(w.category, ResourceWarning)
    ]
    return outcome


def run_on(fw: Any, factory: Callable[[Any, Trace], Any], requests: Any, jar: bool = False) -> Run:
    """Build the app that *factory* makes on one framework, and send it *requests*."""
    capture = _LogCapture()
    logger = logging.getLogger("sample")
    logger.handlers[:] = [capture]
    logger.setLevel(logging.NOTSET)
    trace = Trace(fw)
    app = factory(fw, trace)
    cookies = Client(app) if jar else None
    outcomes = [send(app, spec, cookies) for spec in requests]
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)
    return Run(outcomes, trace.events, capture.lines)
