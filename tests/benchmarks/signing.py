"""Signed tokens: how much faster ours are than ItsDangerous', measured in turns in one process."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from timeit import Timer
from types import ModuleType
from typing import Any
from unittest import mock

import flask
import flask.sessions
import itsdangerous
from werkzeug.test import EnvironBuilder

import miniflask
import miniflask.sessions
import miniflask.signing

ROUNDS = 200
BUDGET = 100
SESSION = {"user_id": 42, "name": "alice", "cart": [1, 2, 3], "_permanent": True}
VISIT = {"user_id": 42, "name": "alice"}
LOGIN = {
    "_user_id": "42",
    "_fresh": True,
    "_id": "ab" * 64,
    "csrf_token": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
    "_flashes": [("message", "Welcome back.")],
}

# What one side of the comparison consists of: a module for tokens, and the framework above it.
Side = tuple[ModuleType, Any]
THEIRS: Side = (itsdangerous, flask)
OURS: Side = (miniflask.signing, miniflask)


def signer(name: str) -> Callable[[Side], dict[str, Any]]:
    """Prepare a signer, and a value that it signed."""

    def prepare(side: Side) -> dict[str, Any]:
        made = getattr(side[0], name)("a secret key")
        return {"it": made, "signed": made.sign(b"value")}

    return prepare


def cookies(session: dict[str, Any], visitors: int = 1) -> Callable[[Side], dict[str, Any]]:
    """Prepare what makes session cookies, and the cookies of visitors who came at other times."""

    def prepare(side: Side) -> dict[str, Any]:
        app = side[1].Flask("benchmark")
        app.secret_key = "a secret key"
        interface = side[1].sessions.SecureCookieSessionInterface()
        get = interface.get_signing_serializer
        if hasattr(side[1].sessions, "_serializer_for"):  # the one that is kept
            get = partial(side[1].sessions._serializer_for, interface)
        made = get(app)
        now, cookies = time.time(), []
        for visitor in range(visitors):
            with mock.patch("time.time", return_value=now - visitor):
                cookies.append(made.dumps(session))
        return {"it": made, "get": get, "session": session, "cookies": cookies, "app": app}

    return prepare


def visit(session: dict[str, Any]) -> Callable[[Side], dict[str, Any]]:
    """Prepare a request that brings a session, and what opens and saves one."""

    def prepare(side: Side) -> dict[str, Any]:
        names = cookies(session)(side)
        app, interface = names["app"], names["app"].session_interface
        environ = EnvironBuilder().get_environ()
        environ["HTTP_COOKIE"] = f"theme=dark; session={names['cookies'][0]}; lang=en"
        defer = getattr(getattr(side[1], "deferred", None), "defer_session", None)

        def open_session(request: Any) -> Any:
            deferred = defer and defer(app, request, environ)
            return deferred.open(app) if deferred else interface.open_session(app, request)

        def leave_session(request: Any) -> None:
            deferred = defer and defer(app, request, environ)
            if not deferred or deferred.needs_saving(app):
                opened = interface.open_session(app, request)
                interface.save_session(app, opened, app.response_class())

        def save_session() -> None:
            kept["n"] = 1
            kept.accessed = True
            response.headers.clear()
            interface.save_session(app, kept, response)

        response, kept = app.response_class(), app.session_interface.session_class(session)
        return {
            "app": app,
            "request": lambda: app.request_class(environ),
            "open": open_session,
            "leave": leave_session,
            "save": save_session,
        }

    return prepare


LOAD = "for cookie in cookies: it.loads(cookie, max_age=86400)"
DUMP = "it.dumps(session)"
# Each framework gets its serializer anew in each request.
REQUEST_LOAD = LOAD.replace("it.", "get(app).")
REQUEST_DUMP = DUMP.replace("it.", "get(app).")

# What is measured, how it is written, what it is done with, and how often that fits into a round.
CASES: list[tuple[str, str, Callable[[Side], dict[str, Any]], int]] = [
    ("sign", "it.sign(b'value')", signer("Signer"), BUDGET),
    ("unsign", "it.unsign(signed)", signer("Signer"), BUDGET),
    ("sign with time", "it.sign(b'value')", signer("TimestampSigner"), BUDGET),
    ("unsign with time", "it.unsign(signed, 60)", signer("TimestampSigner"), BUDGET),
    ("session load in a request", REQUEST_LOAD, cookies(SESSION), BUDGET),
    ("session load in a request, after login", REQUEST_LOAD, cookies(LOGIN), BUDGET),
    ("session dump in a request", REQUEST_DUMP, cookies(SESSION), BUDGET),
    ("session dump in a request, after login", REQUEST_DUMP, cookies(LOGIN), BUDGET),
    ("session opened by a request", "open(request())", visit(VISIT), BUDGET),
    ("session not used by a request", "leave(request())", visit(VISIT), BUDGET),
    ("session saved in a response", "save()", visit(VISIT), BUDGET),
    ("permanent session saved", "save()", visit(SESSION), BUDGET),
    ("session saved, after login", "save()", visit(LOGIN), BUDGET),
    ("session load", LOAD, cookies(SESSION), BUDGET),
    ("session load, of 1,000 visitors", LOAD, cookies(SESSION, 1_000), 1),
    ("session load, after login", LOAD, cookies(LOGIN), BUDGET),
    ("session dump", DUMP, cookies(SESSION), BUDGET),
    ("session dump, after login", DUMP, cookies(LOGIN), BUDGET),
]


def ratio(statement: str, prepare: Callable[[Side], dict[str, Any]], times: int) -> float:
    """Tell how many times as long the original takes, by the best of interleaved rounds."""
    theirs, ours = prepare(THEIRS), prepare(OURS)
    with ExitStack() as stack:
        for names in (theirs, ours):
            if "app" in names:
                stack.enter_context(names["app"].app_context())
        timers = [
            Timer(statement, "import gc; gc.enable()", time.process_time, g) for g in (theirs, ours)
        ]
        rounds = [[timer.timeit(times) for timer in timers] for _ in range(ROUNDS)]
    return min(their for their, _ in rounds) / min(our for _, our in rounds)


def measure() -> list[tuple[str, float]]:
    """Give the name of each case, and how many times as fast as the original ours is."""
    return [(name, ratio(statement, prepare, times)) for name, statement, prepare, times in CASES]


if __name__ == "__main__":
    for name, figure in measure():
        print(f"{name:<40} {figure:6.2f}")
