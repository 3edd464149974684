"""The names that everyone imports, and that mean something else to each request.

Two context variables hold the application context and the request context that are active in
this thread, greenlet or task.  :data:`current_app`, :data:`g`, :data:`request` and
:data:`session` are proxies: each use of one looks into its variable anew and forwards to what
lies there.  Nothing else lives in this module, so anything may import it.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .local import LocalProxy, favour

if TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .wrappers import Request

# Word for word Flask's: people paste these lines into a search box, and programs match them.
_no_app_msg = """\
Working outside of application context.

This typically means that you attempted to use functionality that needed
the current application. To solve this, set up an application context
with app.app_context(). See the documentation for more information."""

_no_req_msg = """\
Working outside of request context.

This typically means that you attempted to use functionality that needed
an active HTTP request. Consult the documentation on testing for
information about how to avoid this problem."""

_cv_app: ContextVar[AppContext] = ContextVar("miniflask.app_ctx")
_cv_request: ContextVar[RequestContext] = ContextVar("miniflask.request_ctx")

# To a type checker each proxy is what it stands for; that is what the ignores are about.
app_ctx: AppContext = LocalProxy(_cv_app, unbound_message=_no_app_msg)  # type: ignore[assignment]
current_app: Flask = LocalProxy(_cv_app, "app", unbound_message=_no_app_msg)  # type: ignore[assignment]
g: _AppCtxGlobals = LocalProxy(_cv_app, "g", unbound_message=_no_app_msg)  # type: ignore[assignment]

request_ctx: RequestContext = LocalProxy(  # type: ignore[assignment]
    _cv_request, unbound_message=_no_req_msg
)
request: Request = LocalProxy(_cv_request, "request", unbound_message=_no_req_msg)  # type: ignore[assignment]
favour(request)  # which is read the most
session: SessionMixin = LocalProxy(_cv_request, "session", unbound_message=_no_req_msg)  # type: ignore[assignment]


def _request_context() -> RequestContext:
    """Return the active request context, as the proxies find it and without one in between.

    Raises:
        RuntimeError: None is active.
    """
    try:
        return _cv_request.get()
    except LookupError:
        raise RuntimeError(_no_req_msg) from None


C = TypeVar("C", bound="AppContext | RequestContext")


class _ContextStack(Generic[C]):
    """Show the active contexts as the stack that old articles describe.

    A live view: ``top`` is what the proxies look at, and ``push`` and ``pop`` change what they
    look at.  Unlike ``ctx.push()`` and ``ctx.pop()`` they open no session and run no teardown.

    Source: ``flask.globals._request_ctx_stack`` and ``_app_ctx_stack``, which Flask 2.2
    deprecated and 2.3 dropped.
    """

    def __init__(self, var: ContextVar[C]) -> None:
        self._var = var
        self._pushed: ContextVar[tuple[tuple[C, Token[C]], ...]] = ContextVar(f"{var.name}.pushed")

    @property
    def top(self) -> C | None:
        """The active context, or None."""
        return self._var.get(None)

    def push(self, ctx: C) -> None:
        """Make *ctx* the active context until it is popped."""
        self._pushed.set((*self._pushed.get(()), (ctx, self._var.set(ctx))))

    def pop(self) -> C | None:
        """Make the context below the active one active again.

        Returns:
            The context that was active; None when there was none.
        """
        ctx = self.top
        if ctx is None:
            return None
        pushed = self._pushed.get(())
        if pushed and pushed[-1][0] is ctx:
            self._pushed.set(pushed[:-1])
            self._var.reset(pushed[-1][1])
        else:
            entry: Any = ctx._cv_tokens.pop()
            self._var.reset(entry[0] if isinstance(entry, tuple) else entry)
        return ctx


_app_ctx_stack: _ContextStack[AppContext] = _ContextStack(_cv_app)
_request_ctx_stack: _ContextStack[RequestContext] = _ContextStack(_cv_request)


def _lookup_req_object(name: str) -> Any:
    """Read an attribute of the active request context.

    Old Flasks built ``request`` as ``LocalProxy(partial(_lookup_req_object, "request"))``.

    Raises:
        RuntimeError: No request context is active.

    Source: ``flask.globals._lookup_req_object``; dropped by Flask 2.2.
    """
    top = _request_ctx_stack.top
    if top is None:
        raise RuntimeError(_no_req_msg)
    return getattr(top, name)
