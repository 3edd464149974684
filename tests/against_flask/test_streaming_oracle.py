"""Bodies that are streamed, on miniflask and on Flask.

The server is played by hand: it takes as much of a body as a test says, and then goes away.  What
is compared is mostly the trace: who ran when, and which contexts were active then.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest
import werkzeug.wrappers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from tests.against_flask.harness import Run, Trace, kind, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

BOTH_TEARDOWNS = ["teardown request", "teardown app"]


def by_hand(app: Any, trace: Trace, take: int | None = None, **spec: Any) -> bytes:
    """Serve one request as a server would that stops after *take* pieces of the body."""
    builder = EnvironBuilder(**spec)
    environ = builder.get_environ()
    builder.close()
    taken: list[bytes] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        trace("started", status)
        return taken.append

    try:
        body = app(environ, start_response)
        # On the short way a stream closes itself.
        trace("returned", kind(body).replace("generator", "ClosingIterator"))
        try:
            taken.extend(islice(body, take))
        finally:
            if hasattr(body, "close"):
                body.close()
            trace("closed")
    except BaseException as e:
        trace("raised", e)
    return b"".join(piece if isinstance(piece, bytes) else repr(piece).encode() for piece in taken)


def with_teardowns(fw: Any, trace: Trace) -> Any:
    """Make an app that traces both kinds of teardown."""
    app = fw.Flask("sample")
    app.teardown_request(trace.hook("teardown request"))
    app.teardown_appcontext(trace.hook("teardown app"))
    return app


def pieces(fw: Any, trace: Trace) -> Iterator[str]:
    """Yield three pieces, with what the proxies say before each and at the end."""
    try:
        for number in range(3):
            trace("piece", number)
            yield f"{number} "
    finally:
        trace("generator ends")


# ---- stream_with_context ----


def streams(fw: Any, trace: Trace) -> dict[str, Callable[[], Any]]:
    """Make views that stream the same three pieces in every way there is."""
    decorated = fw.stream_with_context(functools.partial(pieces, fw, trace))
    wrap = fw.stream_with_context

    class Iterable:
        def __iter__(self) -> Iterator[str]:
            return pieces(fw, trace)

    class Closing:
        def __init__(self) -> None:
            self.inner = pieces(fw, trace)

        def __iter__(self) -> Closing:
            return self

        def __next__(self) -> str:
            return next(self.inner)

        def close(self) -> None:
            trace("close")
            self.inner.close()  # type: ignore[attr-defined]  # a generator

    def note(number: int) -> str:
        trace("piece", number)
        return f"{number} "

    template = "{% for i in [0, 1, 2] %}{{ note(i) }}{% endfor %}"
    return {
        "/plain": lambda: pieces(fw, trace),
        "/response": lambda: fw.Response(pieces(fw, trace)),
        "/response-iterable": lambda: fw.Response(Iterable()),
        "/wrapped": lambda: wrap(pieces(fw, trace)),
        "/decorated": lambda: decorated(),
        "/wrapped-response": lambda: fw.Response(wrap(pieces(fw, trace)), 202),
        "/wrapped-iterable": lambda: wrap(Iterable()),
        "/wrapped-closing": lambda: wrap(Closing()),
        "/wrapped-list": lambda: wrap(["0 ", "1 ", "2 "]),
        "/twice": lambda: wrap(wrap(pieces(fw, trace))),
        "/template": lambda: fw.stream_template_string(template, note=note),
        "/foreign": lambda: werkzeug.wrappers.Response(wrap(pieces(fw, trace))),
        "/wsgi": lambda: werkzeug.wrappers.Response(pieces(fw, trace)).__call__,
    }


WAYS = ["plain", "response", "wrapped", "decorated", "wrapped-response", "wrapped-iterable"]
WAYS += ["response-iterable", "wrapped-closing", "wrapped-list", "twice", "template", "foreign"]
WAYS += ["wsgi"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("take", [0, 1, 2, None])
@pytest.mark.parametrize("way", WAYS)
def test_streams_that_are_taken_in_part(agree: Agree, way: str, take: Any, method: str) -> None:
    """However much a client takes: who runs, with which contexts, is the same."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(with_teardowns(fw, trace), streams(fw, trace))
        got = by_hand(app, trace, take, path=f"/{way}", method=method)
        trace("got", got)
        return app

    run = agree(factory)

    assert not run.values("raised")
    # The response of a WSGI callable is begun inside the view, to learn its status.
    assert run.labels[:3] == ["started", *BOTH_TEARDOWNS] or way == "wsgi"
    unwrapped = {"plain", "response", "response-iterable", "wsgi"}
    again = way not in unwrapped and take != 0 and method == "GET"
    assert run.labels.count("teardown request") == (2 if again else 1)
    if take is None and method == "GET":
        assert run.values("got") == [b"0 1 2 "]
    if method == "HEAD":
        assert "piece" not in run.labels


def test_contexts_during_a_stream(agree: Agree) -> None:
    """A plain generator runs with no context; with ``stream_with_context`` they are back."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(with_teardowns(fw, trace), streams(fw, trace))
        by_hand(app, trace, path="/plain")
        by_hand(app, trace, path="/wrapped")
        return app

    run = agree(factory)

    states = [event[3] for event in run.trace if event[0] == "piece"]
    assert states[:3] == [{}] * 3
    assert [state["request"] for state in states[3:]] == [("GET", "/wrapped", "/wrapped")] * 3


def test_wrapper_and_decorator_tear_down_twice(agree: Agree) -> None:
    """As of 3.1.2 the order is: teardown, the generator, teardown again."""

    def factory(fw: Any, trace: Trace) -> Any:
        return serve(with_teardowns(fw, trace), streams(fw, trace))

    for way in ("/wrapped", "/decorated"):
        run = agree(factory, way)
        generator = ["piece", "piece", "piece", "generator ends"]
        assert run.labels == [*BOTH_TEARDOWNS, *generator, *BOTH_TEARDOWNS]


def test_the_stream_has_the_view_s_g_and_session(agree: Agree) -> None:
    """The same ``g``, request and session come back; a session changed now is not saved."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = with_teardowns(fw, trace)
        app.secret_key = "key"

        def generate() -> Iterator[str]:
            fw.g.late = fw.g.early
            fw.session["late"] = 1
            trace("generate", fw.g.early, fw.request.args["q"], sorted(fw.session))
            yield "x"

        def view() -> Any:
            fw.g.early = "set in the view"
            return fw.stream_with_context(generate())

        app.teardown_appcontext(lambda exc: trace("g", sorted(fw.g)))
        return serve(app, {"/": view, "/session": lambda: sorted(fw.session)})

    run = agree(factory, "/?q=1", "/session", jar=True)

    assert run.details("generate") == [["set in the view", "1", ["late"]]]
    assert run.values("g")[:2] == [["early"], ["early", "late"]]
    assert run.outcomes[0].header("Set-Cookie") is None
    assert run.texts[1] == "[]\n"


OUTSIDE: dict[str, Callable[[Any], Any]] = {
    "generator": lambda fw: fw.stream_with_context(iter("ab")),
    "list": lambda fw: fw.stream_with_context(["a"]),
    "decorator": lambda fw: fw.stream_with_context(lambda: iter("ab")).__name__,
    "decorated": lambda fw: fw.stream_with_context(lambda: iter("ab"))(),
    "neither": lambda fw: fw.stream_with_context(5),
    "none": lambda fw: fw.stream_with_context(None),
}


@pytest.mark.parametrize("form", OUTSIDE)
def test_stream_with_context_needs_a_request(same: Same, form: str) -> None:
    """Outside a request it refuses at once, as a decorator when the function is called."""
    answer = same(OUTSIDE[form])

    def in_app_context(fw: Any) -> Any:
        with fw.Flask("sample").app_context():
            return OUTSIDE[form](fw)

    assert answer == same(in_app_context)
    if form in {"generator", "list", "decorated"}:
        assert answer == (
            "RuntimeError",
            "'stream_with_context' can only be used when a request context is active,"
            " such as in a view function.",
        )


def test_a_decorated_function_keeps_its_name_and_arguments(agree: Agree) -> None:
    """The decorator passes arguments on, and the function looks like itself."""

    def factory(fw: Any, trace: Trace) -> Any:
        @fw.stream_with_context
        def generate(*args: Any, **kwargs: Any) -> Iterator[str]:
            """Documented."""
            yield f"{args} {kwargs} {fw.request.path}"

        trace("name", generate.__name__, generate.__doc__, generate.__wrapped__.__name__)
        return serve(fw.Flask("sample"), {"/": lambda: generate(1, x=2)})

    assert agree(factory, "/").texts == ["(1,) {'x': 2} /"]


def test_a_plain_generator_cannot_read_the_request(agree: Agree) -> None:
    """The proxies are unbound when the server iterates; the error reaches the server."""

    def factory(fw: Any, trace: Trace) -> Any:
        def generate() -> Iterator[str]:
            yield "a"
            yield fw.request.path

        app = with_teardowns(fw, trace)
        app.register_error_handler(Exception, trace.hook("handler", "handled"))
        return serve(app, {"/": generate})

    run = agree(factory, "/")

    assert run.outcomes[0].raised[1].startswith("Working outside of request context.")
    assert run.labels == BOTH_TEARDOWNS


# ---- the other conditions of a stream ----


def in_client(app: Any, trace: Trace) -> None:
    """Send a request with the client, then read the body."""
    response = app.test_client().get("/wrapped")
    trace("got", response.status_code)
    trace("text", response.get_data())


def in_client_block(app: Any, trace: Trace) -> None:
    """Send two requests in a ``with`` block, which keeps the contexts."""
    with app.test_client() as client:
        trace("text", client.get("/wrapped").get_data())
        trace("between")
        trace("text", client.get("/decorated", buffered=True).get_data())
        trace("end")


def in_client_unread(app: Any, trace: Trace) -> None:
    """Close a response of the client without reading it."""
    with app.test_client() as client:
        client.get("/wrapped").close()
        trace("end")


def in_app_context(app: Any, trace: Trace) -> None:
    """Serve inside an app context of the same app."""
    with app.app_context():
        by_hand(app, trace, path="/wrapped")
        trace("end")


def in_request_context(app: Any, trace: Trace) -> None:
    """Serve inside another request context of the same app."""
    with app.test_request_context("/outer"):
        by_hand(app, trace, 1, path="/wrapped")
        trace("end")


def in_thread(app: Any, trace: Trace) -> None:
    """Serve in a thread of its own."""
    thread = threading.Thread(target=by_hand, args=(app, trace), kwargs={"path": "/wrapped"})
    thread.start()
    thread.join()


def in_task(app: Any, trace: Trace) -> None:
    """Serve in two asyncio tasks, one after the other."""

    async def main() -> None:
        for take in (1, None):

            async def task(take: int | None = take) -> None:
                by_hand(app, trace, take, path="/wrapped")

            await asyncio.create_task(task())
            trace("task ended")

    asyncio.run(main())


@pytest.mark.parametrize(
    "drive",
    [
        in_client,
        in_client_block,
        in_client_unread,
        in_app_context,
        in_request_context,
        in_thread,
        in_task,
    ],
)
def test_streams_under_every_driver(agree: Agree, drive: Callable[[Any, Trace], None]) -> None:
    """Client, client block, outer contexts, threads and tasks see the same events."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(with_teardowns(fw, trace), streams(fw, trace))
        drive(app, trace)
        trace("afterwards")
        return app

    run = agree(factory)

    assert run.trace[-1][3] == {}
    assert run.labels.count("teardown request") >= 2


@pytest.mark.parametrize("first", ["same", "copied", "thread"])
@pytest.mark.parametrize("second", ["same", "copied", "thread"])
def test_a_stream_that_changes_context(agree: Agree, first: str, second: str) -> None:
    """A body begun in one ``contextvars.Context`` and ended in another cannot reset its tokens."""

    def run_in(where: str, step: Callable[[], Any]) -> Any:
        if where == "same":
            return step()
        if where == "copied":
            return contextvars.copy_context().run(step)
        results: list[Any] = []
        thread = threading.Thread(target=lambda: results.append(step()))
        thread.start()
        thread.join()
        return results[0]

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), streams(fw, trace))
        # The messages of these errors name the context variable and its address.
        app.teardown_request(lambda exc: trace("teardown request", kind(exc)))
        app.teardown_appcontext(lambda exc: trace("teardown app", kind(exc)))

        def outcome(function: Callable[[], Any]) -> Any:
            try:
                return function()
            except Exception as e:
                return kind(e)

        def program() -> None:
            environ = EnvironBuilder("/wrapped").get_environ()
            body = app(environ, lambda status, headers, exc_info=None: None)
            iterator = iter(body)
            trace("first", run_in(first, lambda: outcome(lambda: next(iterator))))
            trace("between")
            trace("second", run_in(second, lambda: outcome(body.close)))

        contextvars.copy_context().run(program)
        return app

    run = agree(factory)

    assert run.values("first") == [b"0 "]
    assert (run.values("second") == [None]) == (first == second == "same")


# ---- errors while streaming ----


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("error", [ValueError("late"), KeyboardInterrupt(), SystemExit(3)])
def test_an_error_while_iterating_reaches_the_server(
    agree: Agree, at: int, wrapped: bool, error: BaseException
) -> None:
    """No handler runs any more; the second teardown hears of the error."""

    def factory(fw: Any, trace: Trace) -> Any:
        def generate() -> Iterator[str]:
            for number in range(3):
                if number == at:
                    raise error
                yield str(number)

        app = with_teardowns(fw, trace)
        app.register_error_handler(Exception, trace.hook("handler", "handled"))
        app.register_error_handler(500, trace.hook("handler 500", "handled"))
        view = (lambda: fw.stream_with_context(generate())) if wrapped else generate
        serve(app, {"/": view})
        trace("got", by_hand(app, trace, path="/"))
        return app

    run = agree(factory)

    assert run.values("raised")[0][0] == kind(error)
    assert run.values("got") == [b"012"[:at]]
    assert not {"handler", "handler 500"} & set(run.labels)
    heard = [run.values("teardown request"), run.values("teardown app")]
    assert [len(values) for values in heard] == ([2, 2] if wrapped else [1, 1])
    assert heard[0][0] is None


@pytest.mark.parametrize("where", ["teardown request", "teardown app", "close"])
def test_an_error_while_closing_a_stream(agree: Agree, where: str) -> None:
    """What raises at the end of a stream replaces what was going on, and contexts are popped."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        ended: list[bool] = []

        def fail(label: str) -> Callable[[Any], None]:
            def hook(exc: Any) -> None:
                trace(label, exc)
                if label == where and ended:
                    raise ValueError(label)

            return hook

        def generate() -> Iterator[str]:
            try:
                yield "a"
                yield "b"
            finally:
                ended.append(True)
                if where == "close":
                    raise ValueError("close")

        app.teardown_request(fail("teardown request"))
        app.teardown_appcontext(fail("teardown app"))
        serve(app, {"/": lambda: fw.stream_with_context(generate())})
        by_hand(app, trace, 1, path="/")
        ended.clear()
        by_hand(app, trace, None, path="/")
        return app

    run = agree(factory)

    assert run.values("raised") == [("ValueError", where)] * 2
    assert run.trace[-1][3] == {}


ITEMS: dict[str, list[Any]] = {
    "empty": [],
    "empty pieces": ["", b"", "x"],
    "mixed": ["é", b"\xff"],
    "numbers": [1, 2],
    "none": ["a", None],
    "bytearray": [bytearray(b"x")],
    "nested": [["a"]],
}


@pytest.mark.parametrize("items", ITEMS)
@pytest.mark.parametrize("wrapped", [True, False])
def test_what_a_stream_may_yield(agree: Agree, items: str, wrapped: bool) -> None:
    """Text and bytes in any mixture; something else is passed on or refused alike."""

    def factory(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            iterator = iter(ITEMS[items])
            return fw.stream_with_context(iterator) if wrapped else iterator

        return serve(with_teardowns(fw, trace), {"/": view})

    run = agree(factory, "/", ("HEAD", "/"))

    assert run.codes[1] == 200


def test_asynchronous_generators_are_no_bodies(agree: Agree) -> None:
    """WSGI cannot iterate one, so it is a wrong return value."""

    def factory(fw: Any, trace: Trace) -> Any:
        async def generate() -> Any:
            yield "x"

        async def view() -> Any:
            return iter(["from ", "a coroutine"])

        return serve(fw.Flask("sample"), {"/": generate, "/view": view})

    run = agree(factory, "/", "/view")

    assert run.codes == [500, 200]
    assert run.texts[1] == "from a coroutine"


# ---- responses ----


def test_d45_call_on_close_runs_after_teardown(agree: Agree) -> None:
    """Callbacks run in order when the body is closed, without contexts, also for HEAD."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = with_teardowns(fw, trace)

        def view(make: Callable[[], Any]) -> Any:
            response = make()
            response.call_on_close(lambda: trace("on close 1"))
            assert response.call_on_close(in_order) is in_order
            return response

        def in_order() -> None:
            trace("on close 2")

        def after(response: Any) -> Any:
            response.call_on_close(lambda: trace("on close from hook"))
            return response

        app.after_request(after)
        wrap = fw.stream_with_context
        views: dict[str, Callable[..., Any]] = {
            "/text": functools.partial(view, lambda: fw.Response("x")),
            "/stream": functools.partial(view, lambda: fw.Response(pieces(fw, trace))),
            "/wrapped": functools.partial(view, lambda: fw.Response(wrap(pieces(fw, trace)))),
            "/none": functools.partial(view, lambda: fw.Response(status=204)),
        }
        serve(app, views)
        for path in views:
            for method in ("GET", "HEAD"):
                for take in (None, 0, 1):
                    by_hand(app, trace, take, path=path, method=method)
        return app

    run = agree(factory)

    assert run.labels.count("on close 1") == run.labels.count("on close from hook") == 24
    assert all(event[3] == {} for event in run.trace if event[0].startswith("on close"))
    first = run.labels[: run.labels.index("closed")]
    assert first == [
        "started",
        *BOTH_TEARDOWNS,
        "returned",
        "on close 1",
        "on close 2",
        "on close from hook",
    ]


def test_a_callback_that_raises(agree: Agree) -> None:
    """It keeps the later ones from running, and reaches the server."""

    def factory(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            response = fw.Response(pieces(fw, trace))
            response.call_on_close(trace.hook("first", raises=ValueError("on close")))
            response.call_on_close(trace.hook("second"))
            return response

        app = serve(with_teardowns(fw, trace), {"/": view})
        by_hand(app, trace, 1, path="/")
        return app

    run = agree(factory)

    assert run.values("raised") == [("ValueError", "on close")]


def test_after_hooks_may_read_or_replace_a_stream(agree: Agree) -> None:
    """Reading the data consumes the generator while the contexts are still active."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(with_teardowns(fw, trace), streams(fw, trace))

        def after(response: Any) -> Any:
            what = fw.request.args.get("do")
            trace("after", response.is_streamed, response.is_sequence)
            if what == "read":
                trace("read", response.get_data())
            elif what == "set":
                response.set_data("set")
            elif what == "freeze":
                response.freeze()
            elif what == "sequence":
                response.make_sequence()
            elif what == "length":
                trace("length", response.calculate_content_length())
            elif what == "wrap":
                inner = response.response
                response.response = (piece.upper() for piece in inner)
            elif what == "write":
                response.stream.write("written")
            elif what == "passthrough":
                response.direct_passthrough = True
            elif what == "json":
                trace("json", response.get_json(silent=True))
            trace("left", response.is_streamed, sorted(response.headers.keys()))
            return response

        app.after_request(after)
        return app

    wishes = ["none", "read", "set", "freeze", "sequence", "length", "wrap", "write"]
    wishes += ["passthrough", "json"]
    for way in ("plain", "wrapped"):
        run = agree(factory, *(f"/{way}?do={wish}" for wish in wishes))

        assert run.texts[1] == "0 1 2 "
        assert run.outcomes[1].header("Content-Length") == "6"
        assert run.texts[2] == "set"


def test_direct_passthrough(agree: Agree) -> None:
    """The iterable goes to the server untouched; its data cannot be read meanwhile."""

    def factory(fw: Any, trace: Trace) -> Any:
        def after(response: Any) -> Any:
            trace.attempt("data", response.get_data)
            trace.attempt("length", response.calculate_content_length)
            return response

        class Pieces:
            def __iter__(self) -> Iterator[bytes]:
                return iter([b"a", b"b"])

            def close(self) -> None:
                trace("close")

        app = fw.Flask("sample")
        app.after_request(after)
        views = {
            "/pieces": lambda: fw.Response(Pieces(), direct_passthrough=True),
            "/list": lambda: fw.Response([b"a", b"b"], direct_passthrough=True),
            "/plain": lambda: fw.Response(Pieces()),
        }
        serve(app, views)
        for path in views:
            by_hand(app, trace, path=path)
            by_hand(app, trace, path=path, method="HEAD")
        return app

    run = agree(factory)

    assert run.values("data")[0][0] == "RuntimeError"
    assert run.values("returned")[0] == "Pieces"


# ---- everything at once ----

actions = st.one_of(
    st.sampled_from(["text", "é", ""]).map(lambda text: ("yield", text)),
    st.binary(max_size=3).map(lambda data: ("yield", data)),
    st.sampled_from(["trace", "request", "g", "session", "raise", "abort", "return"]).map(
        lambda name: (name,)
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    script=st.lists(actions, max_size=5),
    wrapping=st.sampled_from(["plain", "wrapped", "decorated", "twice"]),
    form=st.sampled_from(["bare", "tuple", "response", "passthrough", "foreign"]),
    take=st.none() | st.integers(0, 5),
    method=st.sampled_from(["GET", "GET", "HEAD", "POST"]),
    on_close=st.integers(0, 2),
    hook=st.sampled_from(["none", "read", "replace", "raise"]),
    outer=st.booleans(),
    debug=st.booleans(),
)
def test_generated_streams(
    agree: Agree, script: Any, wrapping: str, form: str, take: Any, method: str, **case: Any
) -> None:
    """Generators that yield, look, raise and stop, wrapped and taken in every way, agree."""

    def factory(fw: Any, trace: Trace) -> Any:
        def generate() -> Iterator[Any]:
            try:
                for action, *value in script:
                    if action == "yield":
                        yield value[0]
                    elif action == "request":
                        trace.attempt("request", lambda: fw.request.path)
                    elif action == "g":
                        trace.attempt("g", lambda: fw.g.setdefault("n", 1))
                    elif action == "session":
                        trace.attempt("session", lambda: fw.session.get("x"))
                    elif action == "raise":
                        raise ValueError("in the stream")
                    elif action == "abort":
                        fw.abort(404)
                    elif action == "return":
                        return
                    trace("step", action)
            finally:
                trace("generator ends")

        wrap = fw.stream_with_context
        make: dict[str, Callable[[], Any]] = {
            "plain": generate,
            "wrapped": lambda: wrap(generate()),
            "decorated": wrap(generate),
            "twice": lambda: wrap(wrap(generate())),
        }

        def view() -> Any:
            body = make[wrapping]()
            if form == "bare":
                return body
            if form == "tuple":
                return body, 201, {"X-A": "1"}
            cls = werkzeug.wrappers.Response if form == "foreign" else fw.Response
            response = cls(body, direct_passthrough=form == "passthrough")
            for number in range(case["on_close"]):
                response.call_on_close(trace.hook(f"on close {number}"))
            return response

        def after(response: Any) -> Any:
            trace("after", response.status_code, response.is_streamed)
            if case["hook"] == "read":
                response.get_data()
            elif case["hook"] == "replace":
                return fw.Response("replaced")
            elif case["hook"] == "raise":
                raise KeyError("after")
            return response

        app = with_teardowns(fw, trace)
        app.debug = case["debug"]
        app.after_request(after)
        app.register_error_handler(ValueError, trace.hook("handler", "handled"))
        serve(app, {"/": view}, methods=["GET", "POST"])
        if case["outer"]:
            with app.app_context():
                trace("got", by_hand(app, trace, take, path="/", method=method))
        else:
            trace("got", by_hand(app, trace, take, path="/", method=method))
        trace("end")
        return app

    run = agree(factory)

    assert run.trace[-1][3] == {}
