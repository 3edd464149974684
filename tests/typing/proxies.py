"""To a checker each proxy is what it stands for, and a local's types are kept."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from miniflask import Flask, Request, current_app, g, request, session
from miniflask.ctx import AppContext, RequestContext, _AppCtxGlobals
from miniflask.globals import app_ctx, request_ctx
from miniflask.local import Local, LocalManager, LocalProxy, LocalStack, release_local
from miniflask.sessions import SessionMixin

if TYPE_CHECKING:
    from typing_extensions import assert_type


def globals_of_the_framework() -> None:
    assert_type(request, Request)
    assert_type(request.path, str)
    assert_type(request.endpoint, "str | None")
    assert_type(request.view_args, "dict[str, Any] | None")
    assert_type(request.blueprints, list[str])
    assert_type(request.max_content_length, "int | None")
    assert_type(session, SessionMixin)
    assert_type(session.permanent, bool)
    assert_type(session.get("a"), "Any | None")
    assert_type(g, _AppCtxGlobals)
    assert_type(g.anything, Any)
    assert_type(g.get("a"), Any)
    assert_type(current_app, Flask)
    assert_type(current_app.config["A"], Any)
    assert_type(app_ctx, AppContext)
    assert_type(request_ctx, RequestContext)
    assert_type(request_ctx.session, SessionMixin)

    request.no_such_attribute  # type: ignore[attr-defined]  # a Request has none
    current_app.name.no_method()  # type: ignore[attr-defined]  # a str has none


class User:
    """What an application may keep in a local."""

    name: str = ""


def proxies_of_a_program() -> None:
    var: ContextVar[User] = ContextVar("user")
    proxy = LocalProxy(var)
    assert_type(proxy, LocalProxy[User])
    assert_type(proxy._get_current_object(), User)

    def find() -> User:
        return User()

    assert_type(LocalProxy(find), LocalProxy[User])
    stack: LocalStack[User] = LocalStack()
    assert_type(stack.push(User()), Sequence[User])
    assert_type(stack.top, "User | None")
    assert_type(stack.pop(), "User | None")
    assert_type(stack("name"), LocalProxy[Any])
    stack.push("text")  # type: ignore[arg-type]  # a User is expected

    local = Local()
    local.user = User()
    assert_type(local.other, Any)
    assert_type(local("user"), LocalProxy[Any])
    release_local(local)
    release_local(stack)
    release_local(proxy)  # type: ignore[arg-type]  # not a local itself
    LocalManager([local, stack]).cleanup()
