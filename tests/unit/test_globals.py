"""The proxies everyone imports, and the old stacks as a view on what is active."""

from __future__ import annotations

import threading
from contextvars import Context, copy_context
from functools import partial

import pytest

import miniflask.globals
from miniflask import Flask, current_app, g, request, session
from miniflask.globals import (
    _app_ctx_stack,
    _cv_app,
    _cv_request,
    _lookup_req_object,
    _request_ctx_stack,
    app_ctx,
    request_ctx,
)
from miniflask.local import LocalProxy

OF_THE_APP = ["app_ctx", "current_app", "g"]
OF_THE_REQUEST = ["request_ctx", "request", "session"]


@pytest.fixture
def app() -> Flask:
    """An application without views."""
    return Flask("sample")


# ---- the proxies ----


def test_each_proxy_stands_for_a_part_of_its_context(app: Flask) -> None:
    """Two stand for the contexts themselves, four for what those carry."""
    with app.test_request_context() as ctx:
        app_context = _cv_app.get()
        stands_for = {
            "app_ctx": app_context,
            "current_app": app,
            "g": app_context.g,
            "request_ctx": ctx,
            "request": ctx.request,
            "session": ctx.session,
        }
        for name, thing in stands_for.items():
            assert getattr(miniflask.globals, name)._get_current_object() is thing


def test_the_variables_bear_telling_names() -> None:
    """The repr of a variable, which a LookupError shows, says whose it is."""
    assert (_cv_app.name, _cv_request.name) == ("miniflask.app_ctx", "miniflask.request_ctx")


@pytest.mark.parametrize(
    ("names", "kind"), [(OF_THE_APP, "application"), (OF_THE_REQUEST, "request")]
)
def test_an_unbound_proxy_says_which_context_is_missing(names: list[str], kind: str) -> None:
    """The first line of the error says which of the two contexts is missing."""
    for name in names:
        with pytest.raises(RuntimeError) as caught:
            getattr(miniflask.globals, name).anything
        assert str(caught.value).splitlines()[0] == f"Working outside of {kind} context."
        assert caught.value.__suppress_context__


def test_the_app_proxies_work_without_a_request(app: Flask) -> None:
    """In an app context the three of the request stay unbound."""
    with app.app_context():
        assert current_app.name == "sample"
        assert repr(g) == "<flask.g of 'sample'>"
        assert [repr(proxy) for proxy in (request, session)] == ["<LocalProxy unbound>"] * 2


def test_each_use_looks_anew(app: Flask) -> None:
    """What was a method of one request is, asked again, that of the next."""
    paths = []
    for path in ("/one", "/two"):
        with app.test_request_context(path):
            paths.append(request.path)

    assert paths == ["/one", "/two"]


# ---- the old stacks ----


def test_the_stacks_show_what_is_active(app: Flask) -> None:
    """``top`` is the context that the proxies look at, None without one."""
    assert (_request_ctx_stack.top, _app_ctx_stack.top) == (None, None)
    with app.app_context() as outer:
        assert _app_ctx_stack.top is outer
        assert _request_ctx_stack.top is None
        with app.test_request_context() as ctx:
            assert _request_ctx_stack.top is ctx
            assert _app_ctx_stack.top is outer
    assert (_request_ctx_stack.top, _app_ctx_stack.top) == (None, None)


def test_pushing_on_a_stack_changes_what_the_proxies_see(app: Flask) -> None:
    """A push makes a context active, a pop brings back the one below and returns it."""
    one, two = app.test_request_context("/one"), app.test_request_context("/two")

    _request_ctx_stack.push(one)
    _request_ctx_stack.push(two)
    assert request.path == "/two"
    assert _request_ctx_stack.pop() is two
    assert request.path == "/one"
    assert _request_ctx_stack.pop() is one
    assert not request


def test_a_push_on_the_stack_opens_no_session_and_matches_nothing(app: Flask) -> None:
    """It makes active and no more: no app context, no session, no rule; and no teardown."""
    torn_down = []
    app.teardown_request(lambda exc: torn_down.append(exc))
    ctx = app.test_request_context()

    _request_ctx_stack.push(ctx)
    assert (ctx._session, ctx.request.routing_exception) == (None, None)
    assert not current_app
    _request_ctx_stack.pop()

    assert torn_down == []


def test_the_stack_pops_as_many_as_it_was_given(app: Flask) -> None:
    """Of three contexts pushed on a stack, each pop uncovers the one below."""
    contexts = [app.app_context() for _ in range(3)]
    for ctx in contexts:
        _app_ctx_stack.push(ctx)
    assert [_app_ctx_stack.pop() for _ in range(4)] == [*reversed(contexts), None]


def test_popping_an_empty_stack_is_none() -> None:
    """As the old stacks did, ``pop`` gives None when there is nothing."""
    assert (_request_ctx_stack.pop(), _app_ctx_stack.pop()) == (None, None)


def test_the_stack_pops_what_a_context_pushed(app: Flask) -> None:
    """Contexts pushed by ``ctx.push()`` can be popped from the stack, without teardown."""
    torn_down = []
    app.teardown_appcontext(lambda exc: torn_down.append(exc))
    ctx = app.test_request_context("/path")
    ctx.push()
    ctx.push()

    assert [_request_ctx_stack.pop() for _ in range(3)] == [ctx, ctx, None]
    assert _app_ctx_stack.pop() is not None
    assert _app_ctx_stack.top is None
    assert ctx._cv_tokens == torn_down == []


def test_both_ways_of_pushing_may_alternate(app: Flask) -> None:
    """Each pop undoes the newest push, whichever way that was made."""
    one, two, three = (app.app_context() for _ in range(3))
    one.push()
    _app_ctx_stack.push(two)
    three.push()
    _app_ctx_stack.push(one)

    assert [_app_ctx_stack.pop() for _ in range(5)] == [one, three, two, one, None]


def test_a_thread_has_a_stack_of_its_own(app: Flask) -> None:
    """What one thread has pushed another does not see, and cannot pop."""
    seen: list[object] = []

    def work() -> None:
        seen.extend([_request_ctx_stack.top, _request_ctx_stack.pop()])

    with app.test_request_context() as ctx:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        assert _request_ctx_stack.top is ctx

    assert seen == [None, None]


def test_a_copied_context_keeps_its_pushes_to_itself(app: Flask) -> None:
    """A push in a copied ``contextvars.Context`` does not show in the original."""
    one, two = app.app_context(), app.app_context()

    def in_the_copy() -> None:
        assert _app_ctx_stack.top is one
        _app_ctx_stack.push(two)
        assert _app_ctx_stack.pop() is two
        _app_ctx_stack.push(two)

    _app_ctx_stack.push(one)
    copy_context().run(in_the_copy)
    assert _app_ctx_stack.pop() is one
    assert Context().run(lambda: _app_ctx_stack.top) is None


# ---- _lookup_req_object ----


def test_lookup_req_object_reads_the_active_request_context(app: Flask) -> None:
    """It is what old Flasks made their proxies of, and such proxies still work."""
    old_request = LocalProxy(partial(_lookup_req_object, "request"))

    with app.test_request_context("/path"):
        assert _lookup_req_object("request") is request._get_current_object()  # type: ignore[attr-defined]
        assert old_request.path == "/path"
        assert _lookup_req_object("app") is app
        with pytest.raises(AttributeError, match="missing"):
            _lookup_req_object("missing")


def test_lookup_req_object_outside_of_a_request(app: Flask) -> None:
    """Without a request context it raises what the proxies raise."""
    with app.app_context(), pytest.raises(RuntimeError, match=r"^Working outside of request"):
        _lookup_req_object("request")


def test_contexts_are_proxied_as_well(app: Flask) -> None:
    """``app_ctx`` and ``request_ctx`` take attributes and pass isinstance."""
    with app.test_request_context() as ctx:
        request_ctx.flashes = [("message", "text")]
        assert ctx.flashes == [("message", "text")]
        assert isinstance(request_ctx, type(ctx))
        assert isinstance(app_ctx, type(_cv_app.get()))
