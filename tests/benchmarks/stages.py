"""Where a request spends its time: each stage by itself, for Flask and for miniflask.

A stage is what both frameworks offer under the same name, so that one statement measures both.
Run ``python -m tests.benchmarks.stages`` to print the table.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from time import process_time
from timeit import Timer
from typing import Any

from . import report, wsgi
from .contenders import CONTENDERS, OURS, THEIRS
from .material import SECRET, TEN_KEYS, VISITOR
from .rounds import Times, in_turns
from .workloads import FORM, URLENCODED, Workload

# What is measured, and how it is written. All of it runs inside a request of `app`.
STAGES: list[tuple[str, str]] = [
    ("a whole request", "answer(app)"),
    ("request context made", "app.request_context(environ)"),
    (
        "request context made, pushed (session, match) and popped",
        "it = app.request_context(environ); it.push(); it.pop()",
    ),
    ("app context made, pushed and popped", "it = app.app_context(); it.push(); it.pop()"),
    ("request made", "app.request_class(environ)"),
    ("request made, and its method", "app.request_class(environ).method"),
    ("URL adapter made", "app.create_url_adapter(request)"),
    ("static rule matched", "adapter.match('/', 'GET')"),
    ("rule with two variables matched", "adapter.match('/u/42/alice', 'GET')"),
    ("session opened, none sent", "sessions.open_session(app, app.request_class(environ))"),
    ("session opened", "sessions.open_session(app, app.request_class(with_cookie))"),
    ("session saved", "sessions.save_session(app, visitor, app.response_class())"),
    ("before-hooks, none there", "app.preprocess_request()"),
    ("after-hooks, none there", "app.process_response(response)"),
    ("teardown hooks, none there", "app.do_teardown_request(None)"),
    ("view found and called", "app.dispatch_request()"),
    ("hooks, view and response", "app.full_dispatch_request()"),
    ("response made of text", "app.make_response('Hello, World!')"),
    (
        "response made of text and sent",
        "app.make_response('Hello, World!')(environ, start_response)",
    ),
    ("JSON of ten keys, made into a response", "app.json.response(ten_keys)"),
    ("`request.args` of two values", "app.request_class(environ).args"),
    ("`request.form` of three fields", "app.request_class({**form, 'wsgi.input': io(FORM)}).form"),
    ("`url_for` with two values", "fw.url_for('user', id=7, name='bob')"),
    ("`request.method` by the proxy", "proxy.method"),
    ("`current_app.name` by the proxy", "fw.current_app.name"),
]


def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
    """Take what a server would send."""
    return None


def application(fw: Any) -> Any:
    """Make an application with two rules and no hooks."""
    app = fw.Flask("benchmark", static_folder=None)
    app.secret_key = SECRET
    app.add_url_rule("/", "index", lambda: "Hello, World!")
    app.add_url_rule("/u/<int:id>/<name>", "user", lambda id, name: name)
    app.add_url_rule("/login", "login", lambda: fw.session.update(VISITOR) or "in")
    return app


def names(fw: Any) -> dict[str, Any]:
    """Give what the statements mean by their names, in a request that is being answered."""
    app = application(fw)
    environ = wsgi.make_environ(Workload("", "", "", query="q=context+locals&page=2"))
    with_cookie = wsgi.prepare(app, Workload("", "", "", visited="/login"))
    form = wsgi.make_environ(Workload("", "", "", body=FORM, content_type=URLENCODED))
    request = app.request_class(environ)
    session = app.session_interface.session_class(VISITOR)
    session.modified = True
    return {
        **globals(),
        "fw": fw,
        "app": app,
        "environ": environ,
        "with_cookie": with_cookie,
        "form": form,
        "io": BytesIO,
        "request": request,
        "proxy": fw.request,
        "adapter": app.create_url_adapter(request),
        "sessions": app.session_interface,
        "visitor": session,
        "response": app.response_class("Hello, World!"),
        "ten_keys": TEN_KEYS,
        "answer": lambda app: wsgi.repeat(app, environ, b"", 1),
    }


def turn(timer: Timer, times: int) -> float:
    """Give the seconds for so many repetitions."""
    return timer.timeit(times)


def stage(statement: str, sides: dict[str, dict[str, Any]], rounds: int, budget: float) -> Any:
    """Measure a stage of both, each inside a request of its own."""
    turns: dict[str, Callable[[int], float]] = {}
    with ExitStack() as stack:
        for name, known in sides.items():
            stack.enter_context(known["app"].request_context(known["environ"]))
            timer = Timer(statement, "gc.enable()", process_time, {**known, "gc": gc})
            turns[name] = partial(turn, timer)
        return in_turns(turns, rounds, budget)


def measure(rounds: int, budget: float) -> dict[str, dict[str, Times]]:
    """Measure every stage of Flask and miniflask in turns."""
    frameworks = {name: CONTENDERS[name][1] for name in (OURS, THEIRS)}
    sides = {name: names(load()) for name, load in frameworks.items() if load is not None}
    return {title: stage(statement, sides, rounds, budget) for title, statement in STAGES}


if __name__ == "__main__":
    print(report.stages(measure(20, 0.002)))
