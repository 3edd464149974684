from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import miniflask
from miniflask import Flask, copy_current_request_context, lens, request, stream_with_context
from miniflask.ctx import AppContext, RequestContext
from miniflask.globals import _app_ctx_stack, _request_ctx_stack
from miniflask.lens import Leak, Sentinel
from miniflask.lens.sentinel import BOOK, watch_all

METHODS = [
    (cls, name)
    for cls, names in [
        (AppContext, ["push", "pop"]),
        (RequestContext, ["push", "pop"]),
        (Flask, ["wsgi_app", "do_teardown_request", "do_teardown_appcontext"]),
    ]
    for name in names
]


SENTINELS: list[Sentinel] = []


@pytest.fixture(autouse=True)
def closed_book() -> Iterator[None]:
    """Unwrap the framework after each test, and forget what the test left pushed."""
    before = [vars(cls)[name] for cls, name in METHODS]
    yield
    while SENTINELS:
        SENTINELS.pop().close()
    BOOK.latest.clear()
    while _request_ctx_stack.pop() or _app_ctx_stack.pop():
        pass
    assert [vars(cls)[name] for cls, name in METHODS] == before


def guarded(app: Flask) -> list[Leak]:
    """Put a sentinel around an app; return the list that its reports go to."""
    leaks: list[Leak] = []
    SENTINELS.append(Sentinel(app.wsgi_app, leaks.append))
    app.wsgi_app = SENTINELS[-1]  # type: ignore[method-assign]
    return leaks


def start(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
    """Do as a server does, that looks at nothing."""
    return lambda data: None


def call(app: Flask, path: str) -> Iterable[bytes]:
    """Call an app as a server does; whether to iterate and close is left to the test."""
    environ = app.test_request_context(path).request.environ
    return app(environ, start)


def streaming_app() -> Flask:
    app = Flask(__name__)

    @app.get("/stream")
    def stream() -> Any:
        def lines() -> Iterator[str]:
            while True:
                yield request.path

        return stream_with_context(lines())

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    return app


def test_a_stream_that_nobody_closes_is_named_by_the_next_request() -> None:
    """A body that was begun and neither exhausted nor closed is found when the worker goes on."""
    app = streaming_app()
    leaks = guarded(app)
    body: Any = iter(call(app, "/stream?n=1"))
    next(body)
    next(body)
    assert leaks == []

    call(app, "/plain")

    assert [leak.culprit for leak in leaks] == ["abandoned stream"] * 2
    assert {leak.request for leak in leaks} == {"GET /stream?n=1"}
    assert "close it" in str(leaks[0])
    call(app, "/plain")
    assert len(leaks) == 2
    body.close()  # not left to the collector, which may come in the middle of anything


def test_a_stream_hidden_by_a_middleware_is_named_at_the_end() -> None:
    """A middleware that drops `close` is caught when the server closes what it got."""
    app = streaming_app()
    inner = app.wsgi_app
    kept: list[Any] = []

    def careless(environ: Any, start_response: Any) -> Iterator[bytes]:
        kept.append(inner(environ, start_response))
        return (chunk for chunk in kept[0])

    app.wsgi_app = careless  # type: ignore[method-assign]
    leaks = guarded(app)
    body: Any = iter(call(app, "/stream"))
    next(body)
    next(body)

    body.close()

    assert {leak.culprit for leak in leaks} == {"abandoned stream"}
    kept[0].close()


def test_a_stream_closed_in_another_thread_is_named() -> None:
    """A pop in another Context than the push leaves the context where it was."""
    app = streaming_app()
    leaks = guarded(app)
    body: Any = iter(call(app, "/stream"))
    next(body)
    next(body)
    errors: list[BaseException] = []

    def close() -> None:
        try:
            body.close()
        except (ValueError, LookupError) as error:
            errors.append(error)

    thread = threading.Thread(target=close, name="closer")
    thread.start()
    thread.join()

    assert errors
    assert {leak.culprit for leak in leaks} == {"abandoned stream"}
    assert "was popped on 'closer', in another Context" in leaks[0].message


def test_an_unbalanced_push_is_named_with_its_line() -> None:
    """A view that pushes and does not pop is named by the line that pushes."""
    app, other = Flask(__name__), Flask("other")
    leaks = guarded(app)
    line = 0

    @app.get("/")
    def view() -> str:
        nonlocal line
        line = sys._getframe().f_lineno + 1
        other.app_context().push()
        return "pushed"

    with pytest.raises(AssertionError, match="Popped wrong app context"):
        call(app, "/")

    (leak,) = leaks
    assert leak.culprit == "unbalanced push"
    assert leak.request == "GET /"
    assert leak.source is not None
    assert (leak.source.file, leak.source.line) == (__file__, line)
    assert f"app context of 'other' pushed at test_lens_sentinel.py:{line}" in str(leak)


def test_a_request_context_left_in_a_view_is_one_leak() -> None:
    """The app context that a push brought along is not reported beside it."""
    app, other = Flask(__name__), Flask("other")
    leaks = guarded(app)

    @app.get("/")
    def view() -> str:
        other.test_request_context("/x").push()
        return "pushed"

    with pytest.raises(AssertionError, match="Popped wrong"):
        call(app, "/")

    assert [leak.message.partition(" pushed")[0] for leak in leaks] == [
        "The request context of 'other'"
    ]


def test_a_copy_that_two_threads_use_at_once_is_named() -> None:
    """One copied context in two threads shares its tokens; the second push is reported."""
    app = Flask(__name__)
    guarded(app)
    inside, leave = threading.Barrier(3, timeout=10), threading.Barrier(3, timeout=10)
    failed: list[BaseException] = []

    with app.test_request_context("/"):

        @copy_current_request_context
        def work() -> None:
            inside.wait()
            leave.wait()

    def run() -> None:
        try:
            work()
        except (ValueError, LookupError, AssertionError) as error:
            failed.append(error)

    reported: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: reported.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("miniflask.lens.sentinel")
    logger.addHandler(handler)
    threads = [threading.Thread(target=run, name=name) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    inside.wait()
    leave.wait()
    for thread in threads:
        thread.join()
    logger.removeHandler(handler)

    assert reported[0].startswith("copied context used twice: The request context of")
    assert "make a copy for each use" in reported[0]


def tearing_down_by_hand(app: Flask) -> Callable[[], str]:
    def view() -> str:
        app.do_teardown_request(None)
        return "twice"

    return view


def test_teardown_run_by_hand_is_reported() -> None:
    """Teardown functions that run twice for one context are named with its push."""
    app = Flask(__name__)
    leaks = guarded(app)
    app.add_url_rule("/", "view", tearing_down_by_hand(app))

    list(call(app, "/"))

    (leak,) = leaks
    assert leak.culprit == "teardown not exactly once"
    assert "run 2 times" in leak.message


def test_what_report_raises_reaches_the_server() -> None:
    """A test suite can make a leak fail the request."""
    app = Flask(__name__)

    def fail(leak: Leak) -> None:
        raise RuntimeError(leak.culprit)

    SENTINELS.append(Sentinel(app.wsgi_app, fail))
    app.wsgi_app = SENTINELS[-1]  # type: ignore[method-assign]
    app.add_url_rule("/", "view", tearing_down_by_hand(app))

    with pytest.raises(RuntimeError, match="teardown not exactly once"):
        call(app, "/")


STEPS = ["nested app", "nested request", "stream", "copy", "abort", "fail", "session", "client"]


@given(st.lists(st.sampled_from(STEPS), max_size=6), st.booleans(), st.booleans())
def test_clean_programs_are_not_accused(steps: list[str], preserve: bool, outer: bool) -> None:
    """Whatever a view nests, streams, copies or raises: if all is balanced, nothing is said."""
    leaks, client = generated(steps)
    context = client.application.app_context() if outer else None
    if context:
        context.push()
    if preserve:
        with client:
            answers = [client.get(f"/{n}", buffered=True) for n in range(len(steps))]
    else:
        answers = [client.get(f"/{n}", buffered=True) for n in range(len(steps))]
    for answer in answers:
        answer.close()
    if context:
        context.pop()

    assert leaks == []


def generated(steps: list[str]) -> tuple[list[Leak], Any]:
    app, other = Flask("generated"), Flask("other")
    app.secret_key = "key"
    app.teardown_request(lambda error: None)
    app.errorhandler(ZeroDivisionError)(lambda error: "handled")
    leaks = guarded(app)

    def view(step: str) -> Any:
        if step == "nested app":
            with other.app_context(), app.app_context():
                return "nested"
        if step == "nested request":
            with other.test_request_context("/x"), app.test_request_context("/y"):
                return request.path
        if step == "stream":
            return stream_with_context(request.path for _ in range(3))
        if step == "copy":
            thread = threading.Thread(target=copy_current_request_context(lambda: request.path))
            thread.start()
            thread.join()
        if step == "abort":
            miniflask.abort(403)
        if step == "fail":
            return str(1 // 0)
        if step == "session":
            miniflask.session["step"] = step
        if step == "client":
            return app.test_client().get("/inner").data
        return step

    for n, step in enumerate(steps):
        app.add_url_rule(f"/{n}", f"view{n}", lambda step=step: view(step))
    app.add_url_rule("/inner", "inner", lambda: "inner")
    return leaks, app.test_client()


def test_sentinel_and_lens_stop_in_any_order() -> None:
    """One may begin within the other and outlast it; each goes on to see what it is there for."""
    app = Flask(__name__)
    app.add_url_rule("/", "view", tearing_down_by_hand(app))
    with lens.record():
        leaks = guarded(app)
    list(call(app, "/"))
    assert len(leaks) == 1

    with lens.record() as trace:
        SENTINELS.pop().close()
        list(call(app, "/"))
    assert len(leaks) == 1
    assert "teardown" not in leaks[0].request
    assert [event.kind for event in trace.events].count("pop") == 4


def test_watch_all_checks_every_app_until_undone() -> None:
    """What the environment variable does: every app is checked, those made later too."""
    stop = watch_all()
    app = Flask(__name__)
    app.add_url_rule("/", "view", tearing_down_by_hand(app))
    reported: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: reported.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("miniflask.lens.sentinel")
    logger.addHandler(handler)
    app.test_client().get("/")
    stop()
    app.test_client().get("/")
    logger.removeHandler(handler)

    assert len(reported) == 1
    assert "teardown not exactly once in 'GET /'" in reported[0]


PROGRAM = """
import sys
import miniflask
app = miniflask.Flask("program")
app.add_url_rule("/", "view", lambda: app.do_teardown_request(None) or "twice")
app.test_client().get("/")
print("miniflask.lens" in sys.modules)
"""


@pytest.mark.parametrize(("value", "loaded"), [("1", "True"), ("", "False")])
def test_the_environment_turns_it_on(
    monkeypatch: pytest.MonkeyPatch, value: str, loaded: str
) -> None:
    """MINIFLASK_SENTINEL=1 is enough; without it the lens is not even imported."""
    monkeypatch.setenv("MINIFLASK_SENTINEL", value)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.strip() == loaded
    assert ("teardown not exactly once" in done.stderr) == bool(value)
