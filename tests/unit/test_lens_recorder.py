from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import greenlet  # type: ignore[import-untyped]  # greenlet ships no types
import pytest

import miniflask
from miniflask import (
    Blueprint,
    Flask,
    copy_current_request_context,
    current_app,
    g,
    lens,
    request,
    session,
    stream_with_context,
)
from miniflask.ctx import AppContext, RequestContext
from miniflask.globals import _ContextStack, _request_ctx_stack
from miniflask.lens.recorder import PHASES, Recorder
from miniflask.local import LocalProxy
from miniflask.signals import Signal

WATCHED = (AppContext, RequestContext, Flask, _ContextStack, Signal, LocalProxy)


def attributes() -> dict[tuple[type, str], Any]:
    """Collect what every class that is ever wrapped, and its bases, are made of."""
    return {
        (base, name): value
        for cls in WATCHED
        for base in cls.__mro__
        if base.__module__.startswith("miniflask")
        for name, value in vars(base).items()
    }


def test_off_nothing_is_replaced() -> None:
    """After a recording each attribute is the very object it was before; during it, some are not.

    No module of the framework imports the lens, so before the first recording the same holds.
    """
    app = Flask(__name__)
    preprocess = app.url_value_preprocessor(lambda endpoint, values: None)
    before = attributes()
    with lens.record():
        app.test_client().get("/")
        during = attributes()
        assert app.url_value_preprocessors[None] != [preprocess]
    after = attributes()

    assert app.url_value_preprocessors[None] == [preprocess]
    assert [key for key in before if after[key] is not before[key]] == []
    assert after.keys() == before.keys()
    changed = {name for (_, name), value in during.items() if value is not before[_, name]}
    assert {"push", "pop", "copy", "wsgi_app", "ensure_sync", "send", *PHASES} <= changed


def test_off_the_lens_is_not_even_imported() -> None:
    """A program that serves requests without the lens does not load it."""
    program = (
        "import miniflask, sys; app = miniflask.Flask('p'); app.test_client().get('/');"
        "print([name for name in sys.modules if name.startswith('miniflask.lens')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout == "[]\n"


def shop() -> Flask:
    app = Flask("shop")
    app.secret_key = "key"
    api = Blueprint("api", __name__)

    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None: ...

    @app.before_request
    def open_db() -> None:
        g.db = "db"

    @app.after_request
    def mark(response: Any) -> Any:
        return response

    @app.teardown_request
    def close_db(error: BaseException | None) -> None: ...

    @app.teardown_appcontext
    def close_app(error: BaseException | None) -> None: ...

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return "missing", 404

    @app.get("/ok")
    def ok() -> str:
        return f"{current_app.name} {request.path}"

    @app.get("/fail")
    def fail() -> str:
        raise ZeroDivisionError("a message may hold anything")

    @api.get("/api")
    def listing() -> str:
        return "listing"

    app.register_blueprint(api)
    return app


def steps(trace: lens.Trace) -> list[str]:
    """Draw a recording without its lanes, columns and lines."""
    lines = trace.text(stable=True).split("\n\n", 1)[1].splitlines()[1:]
    return [line.split("  [")[0] for line in lines]


def test_a_request_step_by_step() -> None:
    """Everything that one request does with contexts, in order, nested as it was called."""
    client = shop().test_client()
    with lens.record() as trace:
        client.get("/ok")

    assert steps(trace) == [
        "> -        request GET /ok  (shop)",
        "> -          push request context R1 GET /ok  (wsgi_app)",
        "> -            push app context A1 shop  (by R1)",
        "> A1             set app_ctx to A1  token T1",
        "> A1 R1        set request_ctx to R1  token T2",
        "> A1 R1      url_value_preprocessor pull",
        "> A1 R1      before_request open_db",
        "> A1 R1        read g.db of A1",
        "> A1 R1      view ok",
        "> A1 R1        read current_app.name of A1",
        "> A1 R1        read request.path of R1",
        "> A1 R1      after_request mark",
        "> A1 R1      pop request context R1 GET /ok  (wsgi_app)",
        "> A1 R1        teardown_request close_db",
        "> A1           reset request_ctx to nothing  token T2",
        "> A1           pop app context A1 shop  (by R1)",
        "> A1             teardown_appcontext close_app",
        "> -              reset app_ctx to nothing  token T1",
        "> -        answer 200 OK  (shop)",
    ]


def test_lines_are_those_of_the_program() -> None:
    """A step leads to the line that asked for it; a function, to where it is defined."""
    app = shop()
    with lens.record() as trace:
        app.test_client().get("/ok")
    here = test_lines_are_those_of_the_program.__code__.co_firstlineno

    found = {event.text: event.source for event in trace.events}
    push, view = found["push request context R1 GET /ok"], found["view ok"]
    assert push is not None
    assert view is not None
    assert (push.file, push.line, push.function) == (
        __file__,
        here + 4,
        "test_lines_are_those_of_the_program",
    )
    assert view.function == "ok"
    assert view.line == app.view_functions["ok"].__code__.co_firstlineno


def test_handlers_and_errors_are_named_by_class() -> None:
    """A handler names the exception it is for, a view that raised what it raised; no messages."""
    client = shop().test_client()
    with lens.record() as trace:
        client.get("/nowhere")
        client.get("/fail")
    text = trace.text(stable=True)

    assert "errorhandler missing for NotFound" in text
    assert "view fail  raised ZeroDivisionError" in text
    assert "answer 500 INTERNAL SERVER ERROR" in text
    assert "may hold anything" not in text


def test_a_signal_is_noted_when_somebody_listens() -> None:
    """A signal that is sent to a receiver is a step."""
    app = shop()

    def receive(sender: Any, **kwargs: Any) -> None: ...

    with lens.record() as trace, miniflask.request_started.connected_to(receive, app):
        app.test_client().get("/ok")

    assert [event.text for event in trace.events if event.kind == "signal"] == [
        "signal request-started"
    ]


def run_in_thread(function: Any, name: str = "worker") -> None:
    thread = threading.Thread(target=function, name=name)
    thread.start()
    thread.join()


def test_a_thread_has_a_lane_and_an_empty_context() -> None:
    """What a thread started by a view reads is noted on its own lane, and why it is unbound."""
    app = shop()

    def read() -> None:
        with pytest.raises(RuntimeError):
            request.path

    with lens.record() as trace, app.test_request_context("/ok"):
        run_in_thread(read)

    (event,) = [event for event in trace.events if event.kind == "read"]
    assert event.text == "read request.path: unbound"
    assert (trace.lanes[event.lane].kind, trace.lanes[event.lane].name) == ("thread", "worker")
    assert event.state is not None
    assert event.state.request_why == (
        f"nothing was pushed in Context {event.context}; a new thread begins with an empty one"
    )


def test_a_copied_request_context_shares_the_request() -> None:
    """The copy is a context of its own: same request object, another app context."""
    with lens.record() as trace, shop().test_request_context("/ok"):
        run_in_thread(copy_current_request_context(lambda: request.path))

    first, copied = trace.subjects["R1"], trace.subjects["R2"]
    assert (copied.copy_of, copied.request) == ("R1", first.request)
    assert [event.text for event in trace.events if event.kind == "copy"] == [
        "copy request context R1 to R2: same request and session"
    ]
    pushed = next(e for e in trace.events if e.kind == "push" and e.subject == "R2")
    assert pushed.note == "copy_current_request_context"
    assert {e.subject for e in trace.events if e.kind == "set"} == {"A1", "R1", "A2", "R2"}


def test_a_task_inherits_its_parents_context() -> None:
    """A child task runs in a copy of the Context it was created in, and sees what was there."""
    app = shop()

    async def child() -> str:
        return request.path

    async def parent() -> None:
        with app.test_request_context("/ok"):
            await asyncio.create_task(child(), name="child")

    with lens.record() as trace:
        asyncio.run(parent())

    (event,) = [event for event in trace.events if event.kind == "read"]
    lane = trace.lanes[event.lane]
    assert (lane.kind, lane.name) == ("task", "child")
    assert event.state is not None
    assert event.state.request == "R1"
    origin = trace.contexts[event.context]
    assert f"is a copy of Context {origin}, where step" in event.state.request_why


def test_a_greenlet_has_a_lane() -> None:
    """A greenlet begins with an empty Context, beside the thread that it runs on."""
    with lens.record() as trace, shop().test_request_context("/ok"):
        greenlet.greenlet(lambda: bool(request)).switch()

    (event,) = [event for event in trace.events if event.kind == "read"]
    assert event.text == "read request: unbound"
    assert trace.lanes[event.lane].kind == "greenlet"


def test_a_context_is_known_again() -> None:
    """Each contextvars.Context has one number, however often and wherever it runs."""
    app = shop()
    contexts = [contextvars.copy_context() for _ in range(2)]

    def read() -> None:
        with app.app_context():
            _ = current_app.name

    with lens.record() as trace:
        read()
        for context in (*contexts, *contexts):
            context.run(read)
        run_in_thread(lambda: contexts[0].run(read))

    reads = [event.context for event in trace.events if event.kind == "read"]
    assert reads == [1, 2, 3, 2, 3, 2]


def test_a_token_is_refused_in_another_context() -> None:
    """The ledger says where the token was made that Python refuses to reset."""
    app = shop()
    ctx = app.app_context()

    def pop() -> None:
        with pytest.raises(LookupError):
            ctx.pop()

    with lens.record() as trace:
        contextvars.Context().run(ctx.push)
        with app.app_context():
            contextvars.copy_context().run(lambda: pytest.raises(ValueError, ctx.pop))

    (refused,) = [event for event in trace.events if event.note.startswith("refused")]
    assert refused.kind == "reset"
    assert refused.token == "T1"
    assert refused.note == "refused: T1 was made in Context 1, this is Context 3"


def test_reasons_say_who_pushed() -> None:
    """A stream, the test client and an active app context are named where they matter."""
    app = shop()
    app.add_url_rule(
        "/stream", "stream", lambda: stream_with_context(request.path for _ in range(2))
    )
    with lens.record() as trace, app.app_context():
        assert app.test_client().get("/stream").data == b"/stream/stream"
        with app.test_client() as client:
            client.get("/ok")

    notes = {event.note for event in trace.events if event.kind == "push"}
    active = "A1 is active, with its g"
    assert f"wsgi_app; {active}" in notes
    assert f"stream_with_context; {active}" in notes
    assert f"test client; {active}" in notes


def test_reads_are_sampled() -> None:
    """The first read at a line counts, then every so many; with 0 none."""
    app = shop()

    def read_often() -> None:
        for _ in range(25):
            _ = request.path

    def count(reads: int) -> int:
        with lens.record(reads=reads) as trace, app.test_request_context("/ok"):
            read_often()
        return len([event for event in trace.events if event.kind == "read"])

    assert [count(reads) for reads in (0, 1, 10, 100)] == [0, 25, 3, 1]


def test_every_way_to_read_is_noted() -> None:
    """Attributes, items, membership, iteration, truth and the object itself; keys are not told."""
    app = shop()
    with lens.record() as trace, app.test_request_context("/ok"):
        session["key-of-session"] = 1
        _ = session["key-of-session"]
        _ = "key-of-session" in session
        for _ in session:
            pass
        _ = bool(session)
        g.name = "x"
        _ = current_app._get_current_object()  # type: ignore[attr-defined]

    assert [event.text for event in trace.events if event.kind == "read"] == [
        *["read session[...] of R1"] * 4,
        "read session of R1",
        "read g.name of A1",
        "read current_app._get_current_object of A1",
    ]


def test_what_the_framework_reads_is_its_own_affair() -> None:
    """Helpers that look at the proxies on behalf of a view add no reads."""
    app = shop()
    with lens.record(reads=1) as trace, app.test_request_context("/ok"):
        miniflask.make_response(miniflask.url_for("ok"))
        miniflask.redirect("/")
        miniflask.flash("message")
        miniflask.get_flashed_messages()

    assert [event.text for event in trace.events if event.kind == "read"] == []


def test_recording_changes_no_answer() -> None:
    """A request is answered alike while it is recorded, its session unread and its cookie unset."""
    app = shop()

    def answers() -> list[Any]:
        client = app.test_client()
        client.set_cookie("session", "bad")
        responses = [client.get(path) for path in ("/ok", "/nowhere", "/fail", "/api")]
        return [(r.status, r.data, sorted(r.headers)) for r in responses]

    plain = answers()
    with lens.record():
        recorded = answers()

    assert recorded == plain
    assert not any("Vary" in headers for *_, headers in recorded)


def test_exceptions_pass_through() -> None:
    """What a view raises arrives as it was raised, and the steps say what it was."""
    app = shop()
    app.testing = True
    with lens.record() as trace, pytest.raises(ZeroDivisionError, match="may hold anything"):
        app.test_client().get("/fail")

    ended = [(event.text, event.error) for event in trace.events if event.error]
    assert ended == [("view fail", "ZeroDivisionError"), ("answer", "ZeroDivisionError")]


def test_recordings_nest() -> None:
    """A recording inside another sees its own part; the outer one sees all."""
    client = shop().test_client()
    with lens.record() as outer:
        client.get("/ok")
        with lens.record() as inner:
            client.get("/ok")

    once = steps(inner)
    assert len(steps(outer)) == 2 * len(once)
    assert "> A1 R1      before_request open_db" in once


def test_a_function_kept_beyond_the_end_is_called_as_it_is() -> None:
    """What ensure_sync handed out during a recording works afterwards, and notes nothing."""
    app = shop()
    with lens.record() as trace:
        kept = app.ensure_sync(lambda: "called")
    total = trace.total

    assert kept() == "called"
    assert trace.total == total


def test_old_steps_are_dropped() -> None:
    """A recording with a limit keeps the latest steps, and forgets what nobody names any more."""
    client = shop().test_client()
    with lens.record(limit=50) as trace:
        for _ in range(60):
            client.get("/ok")

    assert len(trace.events) == 50
    assert trace.events[-1].step == trace.total > 500
    assert len(trace.subjects) <= 50
    assert trace.text().count("answer 200 OK") == 2


def test_the_old_stacks_are_watched() -> None:
    """A push and a pop on `_request_ctx_stack` are steps as well."""
    ctx = shop().test_request_context("/ok")
    with lens.record() as trace:
        _request_ctx_stack.push(ctx)
        _request_ctx_stack.pop()

    assert [event.text for event in trace.events] == [
        "set request_ctx by push on the stack",
        "reset request_ctx by pop on the stack",
    ]
    assert [event.state.request for event in trace.events if event.state] == ["R1", None]


@pytest.fixture
def explaining() -> Iterator[Recorder]:
    """Errors that explain themselves."""
    recorder = lens.explain()
    yield recorder
    recorder.stop()


def notes(error: BaseException) -> list[str]:
    """Return the notes of an error, which Python 3.10 does not know."""
    found: list[str] = vars(error)["__notes__"]
    return found


def unbound() -> RuntimeError:
    with pytest.raises(RuntimeError) as caught:
        request.path
    return caught.value


def test_an_error_explains_itself(explaining: Recorder) -> None:
    """The message is Flask's; the note says where it was read, why it is unbound, who popped."""
    plain = RuntimeError(miniflask.globals._no_req_msg)
    with shop().test_request_context("/ok?n=1"):
        pass
    found: list[RuntimeError] = []
    run_in_thread(lambda: found.append(unbound()))

    (error,) = found
    assert str(error) == str(plain)
    (note,) = notes(error)
    assert "`request` was read on thread 'worker' (test_lens_recorder.py:" in note
    assert "a new thread begins with an empty one" in note
    assert "The last one popped was R1 (GET /ok?n=1), on thread 'MainThread'" in note
    assert "copy_current_request_context(function)" in note
    assert explaining.trace.lanes


def test_an_error_in_the_same_thread_names_the_pop(explaining: Recorder) -> None:
    """After a pop the note leads to the line that popped."""
    with shop().test_request_context("/ok"):
        pass
    note = notes(unbound())[0]

    assert "popped R1 (test_lens_recorder.py:" in note
    assert "nothing lay below" in note


def test_other_errors_are_left_alone(explaining: Recorder) -> None:
    """A RuntimeError that a bound object raises gets no note."""
    app = shop()

    class Broken:
        @property
        def value(self) -> None:
            raise RuntimeError("its own")

    with app.app_context():
        g.broken = Broken()
        with pytest.raises(RuntimeError) as caught:
            _ = g.broken.value

    assert not hasattr(caught.value, "__notes__")


def test_without_notes_the_explanation_is_the_cause() -> None:
    """On Python 3.10, which prints no notes, the traceback shows it as the cause."""
    from miniflask.lens.ledger import add_note

    class Old(BaseException):
        """As exceptions were before PEP 678."""

        add_note = property()  # so that hasattr says no

    error = Old()
    add_note(error, "why")

    assert str(error.__cause__) == "why"
    assert notes(error) == ["why"]


def test_the_environment_turns_explanations_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """With MINIFLASK_EXPLAIN=1 a traceback says who popped the context."""
    monkeypatch.setenv("MINIFLASK_EXPLAIN", "1")
    program = "import miniflask; miniflask.request.path"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)

    assert b"No context of this kind was popped since the recording began." in done.stderr
