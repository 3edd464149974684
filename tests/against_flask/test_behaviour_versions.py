"""What 3.1.3 does where its neighbours, or its own documentation, say otherwise.

The first half is a column of a table: one program per row, on which Flask 3.0.3, 3.1.0 to 3.1.3
and 3.2 differ.  The second half takes sentences of Flask's documentation that 3.1.3 does not
keep.  Each is asked of both frameworks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound

from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]


def site(fw: Any, trace: Trace, **views: Any) -> Any:
    """Make an app with traced teardown, and the views at URLs of their names."""
    app = fw.Flask("sample")
    app.secret_key = "key"
    app.teardown_request(trace.hook("tr"))
    app.teardown_appcontext(trace.hook("ta"))
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


# ---- the column of 3.1.3 ----


def test_v_stream_with_context_tears_down_before_and_after(agree: Agree) -> None:
    """As of 3.1.2: teardown, the stream, teardown; before, and again in 3.2, one at the end."""

    def program(fw: Any, trace: Trace) -> Any:
        def parts() -> Iterator[str]:
            trace("gen")
            yield "part"

        return site(fw, trace, view=lambda: fw.stream_with_context(parts()))

    run = agree(program, "/view")

    assert run.labels == ["tr", "ta", "gen", "tr", "ta"]


def test_v_a_client_block_tears_down_twice(agree: Agree) -> None:
    """As of 3.1.2: once at the end of the request and once at the end of the block."""

    def program(fw: Any, trace: Trace) -> None:
        with site(fw, trace, view=lambda: "view").test_client() as client:
            client.get("/view")
            trace("|")

    run = agree(program)

    assert run.labels == ["tr", "ta", "|", "tr", "ta"]


def test_v_a_session_transaction_tears_down_twice(agree: Agree) -> None:
    """In every version from 3.0 on: before the block and after it."""

    def program(fw: Any, trace: Trace) -> None:
        with site(fw, trace).test_client().session_transaction():
            trace("body")

    run = agree(program)

    assert run.labels == ["tr", "ta", "body", "tr", "ta"]


def test_v_g_is_shared_under_an_outer_app_context(agree: Agree) -> None:
    """Up to 3.1 the second request under one app context goes on counting; not in 3.2."""

    def program(fw: Any, trace: Trace) -> None:
        def count() -> str:
            fw.g.count = fw.g.get("count", 0) + 1
            return str(fw.g.count)

        app = site(fw, trace, count=count)
        client = app.test_client()
        with app.app_context():
            trace("counts", [client.get("/count").text for _ in range(2)])

    run = agree(program)

    assert run.values("counts") == [["1", "2"]]


@pytest.mark.parametrize("subdomain_matching", [False, True])
def test_v_server_name_and_another_host(agree: Agree, subdomain_matching: bool) -> None:
    """As of 3.1 SERVER_NAME alone does not refuse other hosts; subdomain matching does."""

    def program(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", subdomain_matching=subdomain_matching)
        app.config["SERVER_NAME"] = "example.com"
        app.add_url_rule("/", "home", lambda: "home")
        return app

    run = agree(program, {"environ": {"HTTP_HOST": "other.org"}})

    assert run.codes == [404 if subdomain_matching else 200]


def test_v_a_look_into_the_session_varies_by_cookie(agree: Agree) -> None:
    """As of 3.1.3 ``"q" in session`` counts as access, as every use of the session does."""

    def program(fw: Any, trace: Trace) -> Any:
        uses: dict[str, Callable[[], Any]] = {
            "contains": lambda: "q" in fw.session,
            "len": lambda: len(fw.session),
            "bool": lambda: bool(fw.session),
            "modified": lambda: fw.session.modified,
            "unwrap": lambda: fw.session._get_current_object(),
            "none": lambda: fw.has_request_context(),
        }
        return site(fw, trace, **{name: lambda use=use: str(use()) for name, use in uses.items()})

    run = agree(program, "/contains", "/len", "/bool", "/modified", "/unwrap", "/none")

    assert [outcome.header("Vary") for outcome in run.outcomes] == ["Cookie"] * 5 + [None]


def test_v_the_newest_key_signs(agree: Agree) -> None:
    """As of 3.1.1 a fallback key only verifies: what is signed opens with the new key alone."""

    def program(fw: Any, trace: Trace) -> None:
        def write() -> str:
            fw.session["written"] = True
            return "written"

        app = site(fw, trace, write=write, read=lambda: str("written" in fw.session))
        app.config["SECRET_KEY_FALLBACKS"] = ["old"]
        client = app.test_client()
        client.get("/write")
        for key, fallbacks in (("key", None), ("old", None), ("newer", ["key"])):
            app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=fallbacks)
            trace(key, client.get("/read").text)

    run = agree(program)

    assert [run.values(key) for key in ("key", "old", "newer")] == [["True"], ["False"], ["True"]]


def test_v_redirects_are_302(agree: Agree) -> None:
    """Up to 3.1 ``redirect`` is a 302 by default; 303 in 3.2."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, one=lambda: fw.redirect("/x"))
        app.add_url_rule("/two", "two", lambda: app.redirect("/x"))
        return app

    run = agree(program, "/one", "/two")

    assert run.codes == [302, 302]
    assert run.outcomes[0].header("Location") == "/x"


def test_v_a_raising_teardown_ends_the_others(agree: Agree) -> None:
    """Up to 3.1 the first error in teardown goes out alone; 3.2 runs all and groups the errors."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=lambda: "view")
        app.teardown_request(trace.hook("bad", raises=RuntimeError("teardown")))
        return app

    run = agree(program, "/view")

    assert run.labels == ["bad", "ta"]
    assert run.outcomes[0].raised == ("RuntimeError", "teardown")


@pytest.mark.parametrize("copies", [1, 3])
def test_v_a_copied_context_is_for_one_thread_at_a_time(agree: Agree, copies: int) -> None:
    """One copy in three threads at once mixes up its tokens; a copy for each does not."""

    def program(fw: Any, trace: Trace) -> Any:
        inside = [threading.Event() for _ in range(3)]
        may_leave = [threading.Event() for _ in range(3)]

        def work(i: int) -> None:
            inside[i].set()
            may_leave[i].wait()

        def run(copied: Callable[[int], None], i: int) -> None:
            try:
                copied(i)
            except ValueError as e:
                trace("left", i, "was created in a different Context" in str(e))
            else:
                trace("left", i, "well")

        def view() -> str:
            copied = [fw.copy_current_request_context(work) for _ in range(copies)] * 3
            threads = [threading.Thread(target=run, args=(copied[i], i)) for i in range(3)]
            for thread, entered in zip(threads, inside, strict=True):
                thread.start()
                entered.wait()
            for thread, leave in zip(threads, may_leave, strict=True):
                leave.set()
                thread.join()
            return "view"

        return site(fw, trace, view=view)

    run = agree(program, "/view")

    # With one copy, the first to leave spends the token of the last to enter.
    outcomes = [True, "well", True] if copies == 1 else ["well"] * 3
    assert run.details("left") == [list(pair) for pair in enumerate(outcomes)]
    assert run.codes == [200]


def test_v_after_hooks_run_again_when_one_raises(agree: Agree) -> None:
    """A raising after-hook makes a 500, for which the after-hooks run once more."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=lambda: "view")
        app.after_request(trace.hook("bad", raises=RuntimeError("after")))
        app.after_request(trace.after("good"))
        return app

    run = agree(program, "/view")

    assert run.labels == ["good", "bad", "good", "bad", "tr", "ta"]
    assert run.codes == [500]


# ---- sentences of the documentation that 3.1.3 does not keep ----


def test_d_proxies_do_fake_their_type(agree: Agree) -> None:
    """Said to be unable to fake their type; ``isinstance`` is answered by the object."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        with app.test_request_context():
            proxy = fw.current_app
            trace("isinstance", isinstance(proxy, fw.Flask), isinstance(fw.request, fw.Request))
            trace("type", type(proxy).__name__, proxy.__class__ is fw.Flask)
            trace("same", proxy is app, proxy == app, isinstance(proxy, type(proxy)))

    run = agree(program)

    assert run.details("isinstance") == [[True, True]]
    assert run.details("type") == [["LocalProxy", True]]
    assert run.details("same") == [[False, True, True]]


def test_d_got_request_exception_is_for_what_no_handler_took(agree: Agree) -> None:
    """Said to be sent before a handler is looked up; a handled exception sends nothing."""

    def program(fw: Any, trace: Trace) -> Any:
        def receiver(sender: Any, exception: BaseException) -> None:
            trace("signal", exception)

        app = site(
            fw,
            trace,
            handled=trace.hook("view", raises=ValueError("handled")),
            unhandled=trace.hook("view", raises=KeyError("unhandled")),
        )
        app.register_error_handler(ValueError, trace.hook("handler", "handled"))
        app.extensions["receiver"] = receiver
        fw.got_request_exception.connect(receiver, app)
        return app

    run = agree(program, "/handled", "/unhandled")

    assert run.values("signal") == [("KeyError", "'unhandled'")]


def test_d_the_context_is_popped_before_the_body_is_sent(agree: Agree) -> None:
    """Said to be popped once the response is sent; it is, before the body is iterated."""

    def program(fw: Any, trace: Trace) -> Any:
        def parts() -> Iterator[str]:
            trace("sending")
            yield "part"

        return site(fw, trace, view=parts)

    run = agree(program, "/view")

    assert run.labels == ["tr", "ta", "sending"]
    assert run.trace[-1][3] == {}


def test_d_teardown_runs_inside_the_client_block_as_well(agree: Agree) -> None:
    """Said to run after the block; it runs at the end of each request and after the block."""

    def program(fw: Any, trace: Trace) -> None:
        with site(fw, trace, view=lambda: "view").test_client() as client:
            for _ in range(2):
                client.get("/view")
                trace("in the block")
        trace("after it")

    run = agree(program)

    assert run.labels == [
        *["tr", "ta", "in the block"],
        *["tr", "ta", "tr", "ta", "in the block"],
        *["tr", "ta", "after it"],
    ]


@pytest.mark.parametrize("key", [500, InternalServerError, HTTPException, Exception, ValueError])
def test_d_teardown_is_told_of_some_handled_errors(agree: Agree, key: Any) -> None:
    """Said not to hear of a handled error; if a handler for 500 took it, teardown does."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=trace.hook("view", raises=ValueError("broken")))
        app.register_error_handler(key, trace.hook("handler", "handled"))
        return app

    run = agree(program, "/view")

    expected = None if key in (Exception, ValueError) else ("ValueError", "broken")
    assert run.texts == ["handled"]
    assert run.values("tr") == run.values("ta") == [expected]


def test_d_a_trapped_exception_still_has_its_handler(agree: Agree) -> None:
    """Said to skip the handler if trapped; a handler that is registered for it still runs."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=trace.hook("view", raises=NotFound()))
        app.config["TRAP_HTTP_EXCEPTIONS"] = True
        app.register_error_handler(404, trace.hook("handler", "handled"))
        return app

    run = agree(program, "/view")

    assert run.texts == ["handled"]


def test_d_the_app_context_is_made_by_the_push(agree: Agree) -> None:
    """Said to come with the request context; made by its push, and only if there is none."""

    def program(fw: Any, trace: Trace) -> None:
        class Sample(fw.Flask):  # type: ignore[misc]
            def app_context(self) -> Any:
                trace("made")
                return super().app_context()

        app = Sample("sample")
        ctx = app.test_request_context()
        trace("request context made")
        with ctx:
            trace("pushed")
        with app.app_context():
            trace("active")
            with app.test_request_context():
                trace("pushed")

    run = agree(program)

    assert run.labels == [
        *["request context made", "made", "pushed"],
        *["made", "active", "pushed"],
    ]


def test_d_functions_after_this_request_are_never_cleared(agree: Agree) -> None:
    """Said to be cleared once called; when finalizing fails they are called again."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            fw.after_this_request(trace.after("this request"))
            return "view"

        app = site(fw, trace, view=view)
        app.after_request(trace.hook("bad", raises=RuntimeError("after")))
        return app

    run = agree(program, "/view")

    assert run.labels == ["this request", "bad"] * 2 + ["tr", "ta"]


@pytest.mark.parametrize(
    ("attribute", "code"),
    [("provide_automatic_methods", 200), ("provide_automatic_options", 405)],
)
def test_d_the_attribute_is_provide_automatic_options(
    agree: Agree, attribute: str, code: int
) -> None:
    """``add_url_rule`` names one attribute of a view and reads another."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            return "view"

        setattr(view, attribute, False)
        return site(fw, trace, view=view)

    run = agree(program, ("OPTIONS", "/view"))

    assert run.codes == [code]


def test_d_the_session_is_opened_by_the_push(agree: Agree) -> None:
    """3.2 speaks of loading it on first access; pushing has always opened it."""

    def program(fw: Any, trace: Trace) -> None:
        class Sessions(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            def open_session(self, app: Any, request: Any) -> Any:
                trace("opened")
                return super().open_session(app, request)

        app = site(fw, trace)
        app.session_interface = Sessions()
        ctx = app.test_request_context()
        with suppress(AssertionError):
            trace("too early", ctx.session)
        trace("made")
        with ctx:
            trace("pushed")

    run = agree(program)

    assert run.labels == ["made", "opened", "pushed", "tr", "ta"]
