"""A program that asks the framework that it runs on about what differs between Flask's versions.

Each URL is a question, and the answer is a few words.  ``test_compare_versions.py`` has it
compared with Flasks from PyPI.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import flask

app = flask.Flask(__name__)


def site(view: Callable[[], Any], events: list[str], **options: Any) -> flask.Flask:
    """Make an application with one view, that notes its teardowns."""
    inner = flask.Flask("inner", **options)
    inner.secret_key = "new"
    inner.add_url_rule("/", "view", view)
    inner.teardown_request(lambda exc: events.append("tr"))
    inner.teardown_appcontext(lambda exc: events.append("ta"))
    return inner


@app.get("/stream")
def stream() -> str:
    """When is teardown, and when the stream?"""
    events: list[str] = []

    def parts() -> Iterator[str]:
        events.append("gen")
        yield "part"

    inner = site(lambda: flask.stream_with_context(parts()), events)
    inner.test_client().get("/", buffered=True)
    return " ".join(events)


@app.get("/client-block")
def client_block() -> str:
    """When is teardown, if a client keeps the contexts?"""
    events: list[str] = []
    with site(lambda: "view", events).test_client() as client:
        client.get("/")
        events.append("|")
    return " ".join(events)


@app.get("/session-transaction")
def session_transaction() -> str:
    """When is teardown around a session transaction?"""
    events: list[str] = []
    with site(lambda: "view", events).test_client().session_transaction():
        events.append("body")
    return " ".join(events)


@app.get("/shared-g")
def shared_g() -> str:
    """Do two requests under one app context share its g?"""

    def count() -> str:
        flask.g.count = flask.g.get("count", 0) + 1
        return str(flask.g.count)

    inner = site(count, [])
    with inner.app_context():
        inner.test_client().get("/")
        return inner.test_client().get("/").text


def status_of_other_host(**options: Any) -> str:
    """Ask for another host than SERVER_NAME."""
    inner = site(lambda: "view", [], **options)
    inner.config["SERVER_NAME"] = "example.com"
    return str(inner.test_client().get("/", headers={"Host": "other.org"}).status_code)


@app.get("/other-host")
def other_host() -> str:
    """Does SERVER_NAME keep other hosts out?"""
    return status_of_other_host()


@app.get("/other-host-subdomains")
def other_host_subdomains() -> str:
    """Does it where subdomains are matched?"""
    return status_of_other_host(subdomain_matching=True)


@app.get("/look-into-session")
def look_into_session() -> str:
    """Does a response vary by cookie once the session was looked into?"""
    inner = site(lambda: str("q" in flask.session), [])
    return inner.test_client().get("/").headers.get("Vary", "-")


@app.get("/key-that-signs")
def key_that_signs() -> str:
    """Which key signs, if there is an older one to fall back to?"""

    def visit() -> str:
        flask.session["seen"] = True
        return "view"

    inner = site(visit, [])
    inner.config["SECRET_KEY_FALLBACKS"] = ["old"]
    client = inner.test_client()
    client.get("/")
    reader = site(lambda: str("seen" in flask.session), [])
    cookie = client.get_cookie("session")
    assert cookie is not None
    headers = {"Cookie": f"session={cookie.value}"}
    answer = reader.test_client(use_cookies=False).get("/", headers=headers).text
    return "new" if answer == "True" else "old"


@app.get("/redirect")
def redirect() -> str:
    """Which status has a redirect by default?"""
    inner = site(lambda: flask.redirect("/x"), [])
    return str(inner.test_client().get("/").status_code)


@app.get("/raising-teardown")
def raising_teardown() -> str:
    """Which teardowns run when the first raises, and what goes out?"""
    events: list[str] = []
    inner = site(lambda: "view", events)

    @inner.teardown_request
    def bad(exc: BaseException | None) -> None:
        events.append("bad")
        raise RuntimeError("teardown")

    try:
        inner.test_client().get("/")
    except Exception as e:
        events.append(type(e).__name__)
    return " ".join(events)


@app.get("/copied-context")
def copied_context() -> str:
    """Can one copy of a request context be used in three threads at once?"""
    turns = [threading.Barrier(2, timeout=20) for _ in range(6)]
    outcomes: list[str] = []

    def inside(i: int) -> None:
        turns[2 * i].wait()
        turns[2 * i + 1].wait()

    def use(i: int, copied: Callable[[int], None]) -> None:
        try:
            copied(i)
        except (ValueError, RuntimeError) as e:
            outcomes.append(type(e).__name__)
        else:
            outcomes.append("well")

    def view() -> str:
        copied = flask.copy_current_request_context(inside)
        threads = [threading.Thread(target=use, args=(i, copied)) for i in range(3)]
        for i, thread in enumerate(threads):
            thread.start()
            turns[2 * i].wait()
        for i, thread in enumerate(threads):
            turns[2 * i + 1].wait()
            thread.join()
        return " ".join(outcomes)

    return site(view, []).test_client().get("/").text


@app.get("/raising-after-hook")
def raising_after_hook() -> str:
    """How often does an after-hook run that raises?"""
    events: list[str] = []
    inner = site(lambda: "view", [])

    @inner.after_request
    def bad(response: flask.Response) -> flask.Response:
        events.append("bad")
        raise RuntimeError("after")

    inner.test_client().get("/")
    return " ".join(events)
