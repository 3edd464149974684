"""Errors where rebuilds go wrong: the numbered facts B20 to B36, each asked of both frameworks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.exceptions import BadRequest, Conflict, Forbidden, HTTPException, NotFound
from werkzeug.exceptions import InternalServerError as ISE

from tests.against_flask.harness import Run, Trace, serve

Agree = Callable[..., Run]
Factory = Callable[[Any, Trace], Any]


def site(*handlers: Any, view: Any = None, **config: Any) -> Factory:
    """Return a factory for an app with one view at ``/``, traced to the end.

    Args:
        handlers: Pairs: what an error handler of the app is registered for, and its answer.
        view: What the view raises, if an exception; else called with the framework.
        config: Settings.
    """

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config.update(config)
        for key, answer in handlers:
            app.register_error_handler(key, trace.hook(f"handler {name_of(key)}", answer))
        app.after_request(trace.after("after"))
        app.teardown_request(trace.hook("teardown"))
        app.teardown_appcontext(trace.hook("app teardown"))
        add_receiver(fw, trace, app)
        if isinstance(view, BaseException):
            app.add_url_rule("/", "home", trace.hook("view", raises=view))
        else:
            app.add_url_rule("/", "home", lambda: view(fw), methods=["GET", "POST"])
        return app

    return factory


def name_of(key: Any) -> str:
    """Name what a handler is registered for."""
    return str(getattr(key, "__name__", key))


def add_receiver(fw: Any, trace: Trace, app: Any) -> None:
    """Trace ``got_request_exception``."""

    def receiver(sender: Any, exception: BaseException) -> None:
        trace("signal", exception)

    # Signals hold receivers weakly.
    app.extensions["receiver"] = receiver
    fw.got_request_exception.connect(receiver, app)


def nested(*handlers: tuple[str, Any], raises: Exception) -> Factory:
    """Return a factory with a blueprint in a blueprint; the inner view raises.

    Handlers are pairs of level (``app``, ``outer``, ``inner``) and code or class.
    """

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")
        levels = {"app": app, "outer": outer, "inner": inner}
        for level, key in handlers:
            label = f"{level} {name_of(key)}"
            levels[level].register_error_handler(key, trace.hook(label, label))
        inner.add_url_rule("/", "view", trace.hook("view", raises=raises))
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        return app

    return factory


# From the one that is asked first to the one that is asked last, for a NotFound from the view.
PRECEDENCE: list[tuple[str, Any]] = [
    *[("inner", 404), ("outer", 404), ("app", 404)],
    *[("inner", HTTPException), ("inner", Exception)],
    *[("outer", HTTPException), ("outer", Exception)],
    *[("app", HTTPException), ("app", Exception)],
]


@pytest.mark.parametrize("first", range(len(PRECEDENCE)))
def test_b20_handlers_are_asked_by_code_then_by_class(agree: Agree, first: int) -> None:
    """By code before by class, blueprint before app, the class itself before its bases."""
    handlers = PRECEDENCE[first:]

    run = agree(nested(*reversed(handlers), raises=NotFound()), "/o/i/")

    level, key = handlers[0]
    assert run.texts == [f"{level} {name_of(key)}"]
    assert run.codes == [200]


def test_b20_an_app_handler_for_the_code_beats_a_blueprint_class(agree: Agree) -> None:
    """The app's 404 handler is nearer than the blueprint's handler for HTTPException."""
    handlers: list[tuple[str, Any]] = [("inner", HTTPException), ("app", 404)]

    run = agree(nested(*handlers, raises=NotFound()), "/o/i/")

    assert run.texts == ["app 404"]


def test_b20_the_nearest_base_class_wins(agree: Agree) -> None:
    """Among classes the exception's own comes first, in method resolution order."""

    class Both(KeyError, ValueError):
        """Two bases."""

    handlers: list[tuple[str, Any]] = [("app", ValueError), ("app", LookupError)]

    run = agree(nested(*handlers, raises=Both("x")), "/o/i/")

    assert run.texts == ["app LookupError"]


def test_b20_a_subclass_keeps_the_code_of_its_base(agree: Agree) -> None:
    """A handler for a subclass of a code's exception is asked for that class alone."""

    class Missing(NotFound):
        """A kind of 404."""

    def both(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.register_error_handler(Missing, trace.hook("missing", "missing"))
        app.register_error_handler(404, trace.hook("not found", "not found"))
        app.add_url_rule("/m", "m", trace.hook("m", raises=Missing()))
        app.add_url_rule("/n", "n", trace.hook("n", raises=NotFound()))
        return app

    run = agree(both, "/m", "/n")

    assert run.texts == ["missing", "not found"]


def test_b21_blueprint_handlers_do_not_see_routing_errors(agree: Agree) -> None:
    """A 404 or 405 of routing belongs to no blueprint, whatever the prefix of its URL."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        blueprint = fw.Blueprint("bp", "sample", url_prefix="/b")
        for code in (404, 405):
            blueprint.register_error_handler(code, trace.hook("blueprint", ("bp", 299)))
        blueprint.add_url_rule("/raise", "raise", trace.hook("view", raises=NotFound()))
        app.register_blueprint(blueprint)
        return app

    run = agree(factory, "/b/missing", ("POST", "/b/raise"), "/b/raise")

    assert run.codes == [404, 405, 299]


@pytest.mark.parametrize("key", [500, ISE, HTTPException])
def test_b22_and_b23_handlers_for_500_get_the_error_wrapped(agree: Agree, key: Any) -> None:
    """They get an InternalServerError around it; signal and teardown hear of the original."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = site(view=ValueError("broken"))(fw, trace)

        def handler(e: Any) -> Any:
            trace("handler", type(e).__name__, e.original_exception)
            return "handled", 599

        app.register_error_handler(key, handler)
        return app

    run = agree(factory, "/")

    assert run.codes == [599]
    assert run.details("handler") == [["InternalServerError", ("ValueError", "broken")]]
    assert run.labels == ["view", "signal", "handler", "after", "teardown", "app teardown"]
    assert run.values("signal") == [("ValueError", "broken")]
    assert run.values("teardown") == run.values("app teardown") == [("ValueError", "broken")]
    assert run.log == [("ERROR", "Exception on / [GET]", ("ValueError", "broken"))]


@pytest.mark.parametrize("key", [Exception, ValueError])
def test_b22_and_b23_handlers_for_its_class_get_the_error_itself(agree: Agree, key: Any) -> None:
    """A handler for the class or Exception gets the original; then nobody else hears of it."""
    run = agree(site((key, ("handled", 599)), view=ValueError("broken")), "/")

    assert run.codes == [599]
    assert run.values(f"handler {name_of(key)}") == [("ValueError", "broken")]
    assert "signal" not in run.labels
    assert run.values("teardown") == run.values("app teardown") == [None]
    assert run.log == []


def test_b24_an_exception_in_a_handler_becomes_the_500(agree: Agree) -> None:
    """What a handler raises is what the 500 handler gets, with the first one as its context."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = site(view=ValueError("first"))(fw, trace)

        def last(e: Any) -> str:
            original = e.original_exception
            trace("last", original, original.__context__)
            return "last"

        app.register_error_handler(ValueError, trace.hook("h", raises=KeyError("second")))
        app.register_error_handler(500, last)
        return app

    run = agree(factory, "/")

    assert run.details("last") == [[("KeyError", "'second'"), ("ValueError", "first")]]


def test_b24_handlers_are_not_asked_for_what_a_handler_raises(agree: Agree) -> None:
    """An abort inside an error handler is no second error to look up, but a 500."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = site((409, "never"), view=ValueError("first"))(fw, trace)
        app.register_error_handler(ValueError, trace.hook("h", raises=Conflict()))
        return app

    run = agree(factory, "/")

    assert run.codes == [500]
    assert run.labels == ["view", "h", "signal", "after", "teardown", "app teardown"]


def test_b25_a_response_passes_all_handlers(agree: Agree) -> None:
    """Aborting with a response, or returning an HTTP exception, asks no error handler."""

    def aborting(fw: Any) -> Any:
        fw.abort(fw.Response("stop", status=409))

    keys = (409, 410, HTTPException, Exception)
    handlers = [(key, f"handled by {name_of(key)}") for key in keys]

    aborted = agree(site(*handlers, view=aborting), "/")
    returned = agree(site(*handlers, view=lambda fw: Conflict("returned")), "/")
    raised = agree(site(*handlers, view=Conflict("raised")), "/")

    assert (aborted.codes, aborted.texts) == ([409], ["stop"])
    assert returned.codes == [409]
    assert "returned" in returned.texts[0]
    assert raised.texts == ["handled by 409"]


def test_b25_routing_redirects_pass_all_handlers(agree: Agree) -> None:
    """A slash redirect is sent although a handler for HTTPException would take it."""
    run = agree(redirecting, "/d")

    assert run.codes == [308]
    assert run.labels == []


def redirecting(fw: Any, trace: Trace) -> Any:
    """An app with handlers for everything and a rule with a trailing slash."""
    app = fw.Flask("sample")
    for key in (HTTPException, Exception):
        app.register_error_handler(key, trace.hook("handler", "never"))
    app.add_url_rule("/d/", "d", lambda: "d")
    return app


def test_b25_the_response_of_an_exception_is_sent_as_it_is(agree: Agree) -> None:
    """An HTTP exception with a response of its own answers with that, unless handled."""

    def aborting(fw: Any) -> Any:
        fw.abort(403, response=fw.Response("own", status=499, headers={"X-Own": "1"}))

    run = agree(site(view=aborting), "/")
    handled = agree(site((403, "handled"), view=aborting), "/")

    assert (run.codes, run.texts) == ([499], ["own"])
    assert handled.texts == ["handled"]


def test_b26_an_unknown_code_is_a_lookup_error(agree: Agree) -> None:
    """``abort(799)`` raises LookupError, which is a 500 to the client."""
    run = agree(site(view=lambda fw: fw.abort(799)), "/")

    assert run.codes == [500]
    assert run.values("signal") == [("LookupError", "no exception for 799")]


@pytest.mark.parametrize("key", [799, 308, BaseException, KeyboardInterrupt, object])
def test_b26_a_handler_for_no_known_code_is_refused(agree: Agree, key: Any) -> None:
    """An unknown code, or a class that is no Exception, is a ValueError at registration."""

    def factory(fw: Any, trace: Trace) -> Any:
        for place in (fw.Flask("sample"), fw.Blueprint("bp", "sample")):
            trace.attempt("method", lambda place=place: place.register_error_handler(key, str))  # type: ignore[misc]
            trace.attempt("decorator", lambda place=place: place.errorhandler(key)(str))  # type: ignore[misc]

    run = agree(factory)

    assert [error[0] for error in run.values("method")] == ["ValueError"] * 2
    assert run.values("decorator") == run.values("method")


def test_b26_a_handler_for_an_instance_is_refused(agree: Agree) -> None:
    """An exception instead of its class is a TypeError at registration."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        for instance in (ValueError("x"), NotFound()):
            trace.attempt("instance", lambda e=instance: app.register_error_handler(e, str))  # type: ignore[misc]

    run = agree(factory)

    assert [error[0] for error in run.values("instance")] == ["TypeError"] * 2


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize("propagate", [None, False, True])
def test_b27_when_exceptions_reach_the_server(
    agree: Agree, propagate: bool | None, testing: bool, debug: bool
) -> None:
    """PROPAGATE_EXCEPTIONS decides; while None, testing or debug mode do."""
    config = {"PROPAGATE_EXCEPTIONS": propagate, "TESTING": testing, "DEBUG": debug}

    run = agree(site((500, ("handled", 599)), view=ValueError("broken"), **config), "/")

    if propagate or (propagate is None and (testing or debug)):
        assert run.outcomes[0].raised == ("ValueError", "broken")
        assert run.labels == ["view", "signal", "teardown", "app teardown"]
        assert run.log == []
    else:
        assert run.codes == [599]
    assert run.values("teardown") == [("ValueError", "broken")]


def test_b28_trapping_only_skips_the_default_page(agree: Agree) -> None:
    """Under TRAP_HTTP_EXCEPTIONS an HTTP exception is an error, but its handlers still run."""
    trapped = agree(site(view=Forbidden(), TRAP_HTTP_EXCEPTIONS=True), "/", "/missing")
    handled = agree(
        site((403, "a"), (404, "b"), view=Forbidden(), TRAP_HTTP_EXCEPTIONS=True), "/", "/missing"
    )
    redirected = agree(redirecting_trapped, "/d")

    assert trapped.codes == [500, 500]
    assert [error[0] for error in trapped.values("signal")] == ["Forbidden", "NotFound"]
    assert handled.texts == ["a", "b"]
    assert redirected.texts == ["never"]


def redirecting_trapped(fw: Any, trace: Trace) -> Any:
    """The app of :func:`redirecting` with every HTTP exception trapped."""
    app = redirecting(fw, trace)
    app.config["TRAP_HTTP_EXCEPTIONS"] = True
    return app


@pytest.mark.parametrize("propagate", [None, False])
@pytest.mark.parametrize("trap", [None, False, True])
@pytest.mark.parametrize("debug", [False, True])
def test_b29_a_missing_form_key(
    agree: Agree, debug: bool, trap: bool | None, propagate: bool | None
) -> None:
    """A missing form key is a 400; debug mode and TRAP_BAD_REQUEST_ERRORS make it tell."""
    config = {"DEBUG": debug, "TRAP_BAD_REQUEST_ERRORS": trap, "PROPAGATE_EXCEPTIONS": propagate}

    run = agree(site(view=lambda fw: fw.request.form["wanted"], **config), ("POST", "/"))

    trapped = trap or (debug and trap is None)
    if not trapped:
        assert run.codes == [400]
        assert ("wanted" in run.texts[0]) == debug
    elif debug and propagate is None:
        assert run.outcomes[0].raised[0] == "BadRequestKeyError"
        assert "wanted" in run.outcomes[0].raised[1]
    else:
        assert run.codes == [500]


@pytest.mark.parametrize("trap", [None, False, True])
def test_b29_any_bad_request_can_be_trapped(agree: Agree, trap: bool | None) -> None:
    """TRAP_BAD_REQUEST_ERRORS traps every 400; None traps only missing keys in debug mode."""
    run = agree(site(view=BadRequest("why"), DEBUG=True, TRAP_BAD_REQUEST_ERRORS=trap), "/")

    assert run.codes == [None if trap else 400]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_b30_exits_pass_every_handler(agree: Agree, error: type[BaseException]) -> None:
    """What is no Exception reaches the server; teardown gets it, handlers and log do not."""
    handlers = [(Exception, "never"), (500, "never")]

    run = agree(site(*handlers, view=error("now")), "/")

    assert run.outcomes[0].raised == (error.__name__, "now")
    assert run.labels == ["view", "teardown", "app teardown"]
    assert run.values("teardown") == [(error.__name__, "now")]
    assert run.log == []


def after_hooks(*actions: Any, secret_key: str | None = None) -> Factory:
    """Return a factory for an app whose after-hooks do as told, in the order they run."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = secret_key
        app.register_error_handler(ValueError, trace.hook("handler", "handled"))
        for label, action in reversed(actions):
            hook = trace.after(label) if action == "pass" else trace.hook(label, raises=action)
            app.after_request(hook)
        app.teardown_request(trace.hook("teardown"))
        app.add_url_rule("/", "home", trace.hook("view", "home"))
        return app

    return factory


def test_b31_a_raising_after_hook_makes_the_hooks_run_again(agree: Agree) -> None:
    """It is a 500 for which the hooks run again; what they raise then is logged, no more."""
    bad = ("bad", ValueError("after"))

    run = agree(after_hooks(("a3", "pass"), bad, ("a1", "pass")), "/")

    assert run.codes == [500]
    assert run.labels == ["view", "a3", "bad", "a3", "bad", "teardown"]
    assert run.values("a3") == [200, 500]
    assert run.values("teardown") == [("ValueError", "after")]
    assert [line[1] for line in run.log] == [
        "Exception on / [GET]",
        "Request finalizing failed with an error while handling an error",
    ]


def test_b31_so_it_is_for_an_http_exception(agree: Agree) -> None:
    """An abort in an after-hook is a 500 as well: handlers are for hooks before and views."""
    run = agree(after_hooks(("bad", Forbidden())), "/")

    assert run.codes == [500]


@pytest.mark.parametrize("secret_key", [None, "key"])
def test_b32_an_after_hook_that_returns_none(agree: Agree, secret_key: str | None) -> None:
    """The TypeError reaches the server, since nothing looks at the response before it does."""
    run = agree(after_hooks(("none", None), secret_key=secret_key), "/")

    assert run.outcomes[0].raised == ("TypeError", "'NoneType' object is not callable")
    assert run.log == []


def test_b32_saving_the_session_notices_it_earlier(agree: Agree) -> None:
    """With a session that was used, saving it fails on the missing response: a 500."""
    run = agree(with_session(after_hooks(("none", None), secret_key="key")), "/")

    assert run.codes == [500]
    assert run.labels == ["view", "none", "none", "teardown"]


def with_session(factory: Factory) -> Factory:
    """Have the app of a factory read and write the session before the view."""

    def changed(fw: Any, trace: Trace) -> Any:
        app = factory(fw, trace)
        app.before_request(lambda: fw.session.update(seen=True))
        return app

    return changed


def test_b33_an_error_while_the_body_is_read_reaches_the_server(agree: Agree) -> None:
    """Nobody handles or logs it: the request is over by then."""

    def parts() -> Iterator[str]:
        yield "one"
        raise ValueError("in the body")

    run = agree(site((ValueError, "never"), (500, "never"), view=lambda fw: parts()), "/")

    assert run.outcomes[0].raised == ("ValueError", "in the body")
    assert run.labels == ["after", "teardown", "app teardown"]
    assert run.values("teardown") == [None]
    assert run.log == []


def test_b34_a_raising_teardown_ends_the_request_teardown(agree: Agree) -> None:
    """The other request teardowns are skipped, the app's run, and the response is lost."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.teardown_appcontext(trace.hook("app teardown"))
        app.teardown_request(trace.hook("skipped"))
        app.teardown_request(trace.hook("bad", raises=ValueError("teardown")))
        app.teardown_request(trace.hook("last registered"))
        app.add_url_rule("/", "home", trace.hook("view", "home"))
        return app

    run = agree(factory, "/", "/")

    assert [outcome.raised for outcome in run.outcomes] == [("ValueError", "teardown")] * 2
    assert run.labels == ["view", "last registered", "bad", "app teardown"] * 2
    assert run.values("app teardown") == [None, None]


def test_b34_a_raising_app_teardown_ends_the_app_teardown(agree: Agree) -> None:
    """The other app teardowns are skipped, and the contexts are popped all the same."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.teardown_appcontext(trace.hook("skipped"))
        app.teardown_appcontext(trace.hook("bad", raises=ValueError("teardown")))
        app.add_url_rule("/", "home", trace.hook("view", "home"))
        return app

    run = agree(factory, "/", "/")

    assert run.labels == ["view", "bad"] * 2
    assert [event[3] for event in run.trace if event[0] == "bad"] == [
        {"app": "sample", "g": []}
    ] * 2


@pytest.mark.parametrize("debug", [False, True])
def test_b35_what_counts_as_json(agree: Agree, debug: bool) -> None:
    """Another type is a 415, a bad body a 400 with details in debug mode; silent is None."""

    def view(fw: Any) -> Any:
        silent = "silent" in fw.request.args
        return {"json": fw.request.get_json(silent=silent, force="force" in fw.request.args)}

    def post(data: str, content_type: str, query: str = "") -> dict[str, Any]:
        return {
            "method": "POST",
            "query_string": query,
            "data": data,
            "content_type": content_type,
        }

    run = agree(
        site(view=view, DEBUG=debug),
        post("{}", "application/json"),
        post("{}", "application/vnd.api+json; charset=utf-8"),
        post("{}", "text/plain"),
        post("{", "application/json"),
        post("{}", "text/plain", "force"),
        post("{}", "text/plain", "silent"),
        post("{", "application/json", "silent"),
        post("", "application/json"),
    )

    assert run.codes == [200, 200, 415, 400, 200, 200, 200, 400]
    assert [json.loads(run.texts[i])["json"] for i in (0, 1, 4, 5, 6)] == [{}, {}, {}, None, None]
    assert ("Failed to decode JSON object" in run.texts[3]) == debug


def test_b36_the_limit_counts_when_the_body_is_read(agree: Agree) -> None:
    """A body above MAX_CONTENT_LENGTH is a 413 for a view that reads it, no other."""

    def view(fw: Any) -> Any:
        return {"read": fw.request.get_data, "form": lambda: str(fw.request.form)}.get(
            fw.request.args.get("how", ""), lambda: "ignored"
        )()

    def post(how: str, size: int) -> dict[str, Any]:
        return {"method": "POST", "query_string": f"how={how}", "data": {"x": "y" * size}}

    asked = [post(how, size) for how in ("read", "form", "") for size in (1, 99)]
    run = agree(site(view=view, MAX_CONTENT_LENGTH=10), *asked)

    assert run.codes == [200, 413, 200, 413, 200, 200]


def test_b36_a_request_may_have_limits_of_its_own(agree: Agree) -> None:
    """A limit set on the request counts in place of the setting."""

    def view(fw: Any) -> Any:
        if "limit" in fw.request.args:
            fw.request.max_content_length = int(fw.request.args["limit"])
        return fw.request.get_data()

    def post(query: str) -> dict[str, Any]:
        return {"method": "POST", "query_string": query, "data": b"12345"}

    run = agree(site(view=view, MAX_CONTENT_LENGTH=3), post(""), post("limit=5"), post("limit=4"))

    assert run.codes == [413, 200, 413]


class Alike(Exception):
    """An error that equals every other error."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # no use for one


def test_the_error_that_is_given_is_the_one_raised(fw: Any) -> None:
    """What is propagated is the error handled, even while one that equals it is under way."""
    app = fw.Flask("sample")
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with app.test_request_context(), pytest.raises(Alike, match="given"):
        try:
            raise Alike("under way")
        except Alike:
            app.handle_exception(Alike("given"))


def test_teardown_is_not_told_of_an_error_to_ignore(fw: Any) -> None:
    """What ``should_ignore_error`` says yes to is answered as ever, and hidden from teardown."""
    app = fw.Flask("sample")
    told: list[BaseException | None] = []
    app.should_ignore_error = lambda error: isinstance(error, ValueError)
    app.teardown_request(told.append)

    @app.route("/<name>")
    def view(name: str) -> str:
        raise {"value": ValueError, "key": KeyError}[name]("no")

    client = app.test_client()
    assert [client.get(path).status_code for path in ("/value", "/key")] == [500, 500]
    assert told[0] is None
    assert isinstance(told[1], KeyError)


@pytest.mark.parametrize("make", ["app_context", "test_request_context"])
def test_teardown_is_told_of_any_error_that_pop_is_given(fw: Any, make: str) -> None:
    """An error handed to ``ctx.pop`` reaches teardown, whatever it equals."""
    app = fw.Flask("sample")
    told: list[BaseException | None] = []
    app.teardown_request(told.append)
    app.teardown_appcontext(told.append)
    error = Alike("given")
    ctx = getattr(app, make)()
    ctx.push()
    ctx.pop(error)

    assert [type(found) for found in told] == [Alike] * (1 + (make == "test_request_context"))


def test_without_an_error_of_routing_there_is_none_to_raise(same: Callable[..., Any]) -> None:
    """Called by hand for a request that matched."""

    def ask(fw: Any) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "home"})
        with app.test_request_context("/"):
            app.raise_routing_exception(fw.request)

    assert same(ask)[0] == "TypeError"
