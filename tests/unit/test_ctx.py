"""App contexts, request contexts, and ``g``: what each push and pop does, and undoes."""

from __future__ import annotations

import weakref
from contextvars import Context
from typing import Any

import pytest
from werkzeug.exceptions import NotFound, SecurityError

import miniflask
import miniflask.ctx
from miniflask import Flask, current_app, g, request, session
from miniflask.ctx import AppContext, RequestContext, _AppCtxGlobals
from miniflask.globals import _cv_app, _cv_request, app_ctx, request_ctx
from miniflask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface


@pytest.fixture
def app() -> Flask:
    """An application with one view."""
    app = Flask("sample")
    app.add_url_rule("/users/<int:n>", "user", lambda n: f"user {n}", methods=["GET", "POST"])
    return app


# ---- g ----


def test_g_is_a_namespace_and_half_a_dict() -> None:
    """Attributes can be set, read, deleted; there are get, pop, setdefault, ``in`` and iter."""
    g = _AppCtxGlobals()
    g.one = 1

    assert g.one == g.get("one") == g.setdefault("one", 2) == 1
    assert g.setdefault("two", 2) == 2
    assert list(g) == ["one", "two"]
    assert "one" in g
    assert "three" not in g
    assert (g.pop("one"), g.pop("one", 0), g.get("one"), g.get("one", 3)) == (1, 0, None, 3)
    assert g.setdefault("none") is None


def test_g_says_what_it_lacks() -> None:
    """Reading or deleting a missing attribute is an AttributeError; ``pop`` a KeyError."""
    g = _AppCtxGlobals()

    with pytest.raises(AttributeError, match=r"^missing$"):
        g.missing
    with pytest.raises(AttributeError, match=r"^missing$"):
        del g.missing
    with pytest.raises(KeyError, match="missing"):
        g.pop("missing")
    g.gone = 1
    del g.gone
    assert list(g) == []


def test_g_keeps_its_methods_however_it_is_used() -> None:
    """An attribute named as a method hides that method on this object only."""
    g = _AppCtxGlobals()
    g.get = "mine"  # type: ignore[method-assign, assignment]

    assert g.get == "mine"  # type: ignore[comparison-overlap]
    assert _AppCtxGlobals().get("x", 1) == 1


def test_g_names_the_active_application(app: Flask) -> None:
    """Its repr names the app whose context is active; without one it is a plain object's."""
    bare = _AppCtxGlobals()

    assert repr(bare).startswith("<miniflask.ctx._AppCtxGlobals object at")
    with app.app_context():
        assert repr(g) == repr(bare) == "<flask.g of 'sample'>"


def test_g_of_a_subclass() -> None:
    """``app_ctx_globals_class`` makes it; attributes of that class are found."""

    class Globals(_AppCtxGlobals):
        default = "from the class"

    app = Flask("sample")
    app.app_ctx_globals_class = Globals
    with app.app_context():
        assert g.default == "from the class"
        assert "default" not in g


# ---- app contexts ----


def test_an_app_context_binds_and_unbinds(app: Flask) -> None:
    """Between push and pop the proxies see the app, and nothing before and after."""
    ctx = app.app_context()

    assert not current_app
    ctx.push()
    assert _cv_app.get() is ctx
    assert current_app._get_current_object() is app  # type: ignore[attr-defined]
    assert g._get_current_object() is ctx.g
    assert app_ctx._get_current_object() is ctx  # type: ignore[attr-defined]
    ctx.pop()
    assert not current_app


def test_each_push_keeps_its_own_way_back(app: Flask) -> None:
    """Contexts nest to any depth, the same one twice as well, and each pop undoes one push."""
    one, two = app.app_context(), Flask("other").app_context()
    seen = []

    for ctx in (one, two, one):
        ctx.push()
        seen.append(current_app.name)
    for ctx in (one, two, one):
        seen.append(current_app.name)
        ctx.pop()

    assert seen == ["sample", "other", "sample", "sample", "other", "sample"]
    assert one._cv_tokens == two._cv_tokens == []


def test_a_context_can_be_pushed_again_after_its_end(app: Flask) -> None:
    """A popped context is not used up: pushing it again brings back its ``g``."""
    ended: list[Any] = []
    app.teardown_appcontext(ended.append)
    with app.app_context() as ctx:
        g.kept = 1
    with ctx:
        assert g.kept == 1

    assert ended == [None, None]


def test_an_app_context_has_the_adapter_of_server_name(app: Flask) -> None:
    """With SERVER_NAME it can build URLs; without there is no adapter."""
    assert app.app_context().url_adapter is None
    app.config["SERVER_NAME"] = "example.com"
    assert app.app_context().url_adapter is not None


def test_a_context_manager_hands_itself_out(app: Flask) -> None:
    """``with app.app_context() as ctx`` and its twin give the context."""
    with app.app_context() as outer, app.test_request_context() as inner:
        assert isinstance(outer, AppContext)
        assert isinstance(inner, RequestContext)
        assert outer is app_ctx._get_current_object()  # type: ignore[attr-defined]
        assert inner is request_ctx._get_current_object()  # type: ignore[attr-defined]


def test_the_context_is_active_during_its_teardown_and_gone_at_its_popped_signal(
    app: Flask,
) -> None:
    """Teardown functions see the context; when ``appcontext_popped`` is sent it is gone."""
    events: list[tuple[str, bool]] = []

    def receiver(label: str) -> Any:
        return lambda *args, **kwargs: events.append((label, bool(current_app)))

    pushed, tearing_down, popped = (receiver(label) for label in ("pushed", "signal", "popped"))
    app.teardown_appcontext(receiver("teardown"))
    with (
        miniflask.appcontext_pushed.connected_to(pushed, app),
        miniflask.appcontext_tearing_down.connected_to(tearing_down, app),
        miniflask.appcontext_popped.connected_to(popped, app),
        app.app_context(),
    ):
        pass

    assert events == [("pushed", True), ("teardown", True), ("signal", True), ("popped", False)]


def test_a_raising_teardown_leaves_no_context_behind(app: Flask) -> None:
    """Even when teardown raises, the variable is reset before the error goes on."""

    def bad(exc: BaseException | None) -> None:
        raise ValueError("teardown")

    app.teardown_appcontext(bad)
    with pytest.raises(ValueError, match="teardown"), app.app_context():
        pass

    assert not current_app


# ---- request contexts ----


def test_nothing_is_parsed_before_somebody_asks(app: Flask) -> None:
    """Pushing a request context reads neither query, form, body nor cookies."""
    with app.test_request_context("/users/3?q=1", method="POST", data={"a": "b"}):
        parsed = {"args", "form", "files", "values", "cookies", "data", "json"}
        assert parsed.isdisjoint(vars(request._get_current_object()))  # type: ignore[attr-defined]
        assert request.args["q"] == "1"
        assert "args" in vars(request._get_current_object())  # type: ignore[attr-defined]


def test_a_pushed_context_knows_rule_and_arguments(app: Flask) -> None:
    """The push matches the URL: endpoint and arguments are there, or the reason why not."""
    with app.test_request_context("/users/3"):
        assert (request.endpoint, request.view_args) == ("user", {"n": 3})
        assert request.routing_exception is None
    with app.test_request_context("/nowhere"):
        assert (request.endpoint, request.view_args) == (None, None)
        assert request.routing_exception is not None
        assert request.routing_exception.code == 404


def test_a_request_context_brings_an_app_context(app: Flask) -> None:
    """It pushes one of its app unless one is active, and pops only what it pushed."""
    with app.app_context() as outer:
        with app.test_request_context():
            assert _cv_app.get() is outer
        assert _cv_app.get() is outer
        with Flask("other").test_request_context():
            assert current_app.name == "other"
        assert _cv_app.get() is outer


def test_an_app_context_of_a_proxied_app_is_not_the_same() -> None:
    """Whether the active context may be joined is asked by identity of the applications."""
    one, two = Flask("sample"), Flask("sample")

    with one.app_context() as outer, two.test_request_context():
        assert _cv_app.get() is not outer


def test_the_session_is_opened_once_and_only_by_a_push(app: Flask) -> None:
    """Before the push there is none; without a secret key it is a null session."""
    ctx = app.test_request_context()

    with pytest.raises(AssertionError, match=r"^The session has not yet been opened\.$"):
        ctx.session
    with ctx:
        assert isinstance(ctx._session, NullSession)
        assert not ctx._session.accessed
        assert session._get_current_object() is ctx._session  # type: ignore[attr-defined]
        assert ctx._session.accessed


def test_a_context_takes_a_ready_request_and_session(app: Flask) -> None:
    """With both given nothing is made or opened: that is how a copy shares them."""
    first = app.test_request_context("/users/1")
    own = SecureCookieSession({"own": True})
    ctx = RequestContext(app, first.request.environ, request=first.request, session=own)

    assert ctx.request is first.request
    with ctx:
        assert session["own"]
        assert request.endpoint == "user"


def test_a_copy_has_the_class_of_the_original(app: Flask) -> None:
    """``copy`` of a subclass gives that subclass, with request and session but no flashes."""

    class Context(RequestContext):
        """An application's own."""

    app.request_context = lambda environ: Context(app, environ)  # type: ignore[method-assign]
    with app.test_request_context() as ctx:
        ctx.flashes = [("message", "seen")]
        copied = ctx.copy()

    assert type(copied) is Context
    assert (copied.request, copied._session, copied.flashes) == (ctx.request, ctx._session, None)


def test_the_last_pop_closes_the_request_and_cuts_the_circle(app: Flask) -> None:
    """Request and environ refer to each other; the last pop closes the one and cuts the link."""
    closed = []

    class Request(miniflask.Request):
        def close(self) -> None:
            closed.append(self.environ["werkzeug.request"] is self)
            super().close()

    app.request_class = Request
    ctx = app.test_request_context()
    ctx.push()
    ctx.push()
    ctx.pop()
    assert ctx.request.environ["werkzeug.request"] is ctx.request
    ctx.pop()

    assert closed == [True]
    assert ctx.request.environ["werkzeug.request"] is None


def test_a_request_need_not_have_close(app: Flask) -> None:
    """A request class without ``close`` is popped all the same."""

    class Request(miniflask.Request):
        close = None  # type: ignore[assignment]

    app.request_class = Request
    with app.test_request_context():
        pass

    assert not request


def test_an_untrusted_host_has_no_adapter(app: Flask) -> None:
    """Then the push matches nothing, and the stored error waits for the dispatch."""
    app.config["TRUSTED_HOSTS"] = ["example.com"]
    with app.test_request_context("/users/3", headers={"Host": "bad.com"}) as ctx:
        assert ctx.url_adapter is None
        assert isinstance(request.routing_exception, SecurityError)
        with pytest.raises(SecurityError):
            app.dispatch_request()


def test_a_failing_session_leaves_the_contexts_to_whoever_pushed(app: Flask) -> None:
    """When opening the session raises, ``wsgi_app`` pops; a ``with`` block never began."""

    class Sessions(SecureCookieSessionInterface):
        def open_session(self, app: Any, request: Any) -> Any:
            raise OSError("no store")

    app.session_interface = Sessions()
    app.testing = True
    with pytest.raises(OSError, match="no store"):
        app.test_client().get("/users/3")
    assert not request
    assert not current_app


def test_popping_the_wrong_context_names_both(app: Flask) -> None:
    """The error shows the context that was active and the one that was to be popped."""

    def wrong() -> None:
        one, two = app.test_request_context("/1"), app.test_request_context("/2")
        one.push()
        two.push()
        with pytest.raises(AssertionError) as caught:
            one.pop()
        assert str(caught.value) == (
            "Popped wrong request context. ("
            "<RequestContext 'http://localhost/2' [GET] of sample> instead of "
            "<RequestContext 'http://localhost/1' [GET] of sample>)"
        )

    Context().run(wrong)


def test_a_stored_error_lets_go_of_the_frames_unless_it_is_on_its_way_out(app: Flask) -> None:
    """The last pop takes the traceback off a routing error, but not off one that is raised."""
    with app.test_request_context("/nowhere") as ctx:
        stored = ctx.request.routing_exception
        assert stored is not None
        assert stored.__traceback__ is not None
    left = [stored.__traceback__, stored.__context__, stored.__cause__]
    assert left == [None, None, None]

    app.config.update(TESTING=True, TRAP_HTTP_EXCEPTIONS=True)
    with pytest.raises(NotFound) as caught:
        app.test_client().get("/nowhere")
    assert "match_request" in [entry.name for entry in caught.traceback]


@pytest.mark.parametrize("path", ["/users/3", "/nowhere"])
def test_an_error_that_a_hook_stores_lets_go_of_the_frames_too(app: Flask, path: str) -> None:
    """What the request says at the end counts, and not what kept the URL from matching."""
    stored = NotFound()
    with app.test_request_context(path):
        try:
            raise stored
        except NotFound as e:
            request.routing_exception = e

    assert stored.__traceback__ is None


@pytest.mark.parametrize("path", ["/users/3", "/nowhere"])
def test_a_popped_context_is_freed_at_once(app: Flask, path: str) -> None:
    """No token, variable or circle keeps a context alive once it is popped and let go."""
    with app.test_request_context(path) as ctx:
        kept = [weakref.ref(thing) for thing in (ctx, _cv_app.get(), ctx.request)]
    del ctx

    assert [ref() for ref in kept] == [None, None, None]
    assert _cv_request.get(None) is None


@pytest.mark.parametrize("path", ["/users/3", "/nowhere"])
def test_a_request_that_nobody_asks_for_is_not_made(app: Flask, path: str) -> None:
    """And its context, with the error of routing that it may hold, is freed at once."""
    with app.test_request_context(path) as ctx:
        assert "request" not in vars(ctx)
        kept = weakref.ref(ctx)
    assert "request" not in vars(ctx)
    del ctx

    assert kept() is None


# ---- functions ----


def test_asking_whether_contexts_are_active(app: Flask) -> None:
    """Both are False outside, one is True in an app context, both are in a request."""

    def active() -> tuple[bool, bool]:
        return miniflask.has_app_context(), miniflask.has_request_context()

    assert active() == (False, False)
    with app.app_context():
        assert active() == (True, False)
    with app.test_request_context():
        assert active() == (True, True)


@pytest.mark.parametrize("name", ["after_this_request", "copy_current_request_context"])
def test_functions_that_need_a_request_name_themselves(name: str) -> None:
    """The error says which function was called and where it may be."""
    with pytest.raises(RuntimeError) as caught:
        getattr(miniflask, name)(print)

    assert str(caught.value) == (
        f"'{name}' can only be used when a request context is active, such as in a view function."
    )


def test_a_copied_function_keeps_its_name_and_its_result(app: Flask) -> None:
    """The wrapper looks like the function, hands arguments on, and gives back the result."""

    def work(a: int, *, b: int) -> tuple[int, str]:
        """Add."""
        return a + b, request.path

    with app.test_request_context("/users/3"):
        copied = miniflask.copy_current_request_context(work)

    assert (copied.__name__, copied.__doc__) == ("work", "Add.")
    assert copied(1, b=2) == (3, "/users/3")


class Alike(Exception):
    """An error that equals every other error."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # no use for one


def test_an_error_is_found_however_far_down_it_is_told_of() -> None:
    """Causes and contexts are followed through errors that are equal, and around in circles."""
    error, last, middle, first = NotFound(), Alike(), Alike(), Alike()
    first.__cause__, middle.__context__, last.__cause__ = middle, last, first

    assert not miniflask.ctx._leads_to(error, first)
    last.__context__ = error
    assert miniflask.ctx._leads_to(error, first)
