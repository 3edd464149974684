"""The framework on the era of the merged context: 3.2.

One class, :class:`AppContext`, is both kinds of context: with a request or without.  One variable
holds the active one.  What the framework's code takes for the variable of the request context is
a view on it.  Every request brings its own context, so a ``g`` that was there before is not its
``g``; and every teardown function runs, whatever another one raised.

Not brought along: methods of the application that take the context as their first argument.

Source: ``flask.ctx``, ``flask.globals`` and ``flask.app`` on Flask's main branch, April 2026.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextvars import Token
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .. import app, ctx, globals, helpers
from ..globals import _cv_app
from ..local import LocalProxy, favour
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_tearing_down,
)
from .swap import swap

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Response as BaseResponse

    from ..sessions import SessionMixin
    from ..wrappers import Request

# Word for word those of Flask's main branch.
_no_app_msg = """\
Working outside of application context.

Attempted to use functionality that expected a current application to be set. To
solve this, set up an app context using 'with app.app_context()'. See the
documentation on app context for more information."""
_no_req_msg = """\
Working outside of request context.

Attempted to use functionality that expected an active HTTP request. See the
documentation on request context for more information."""


class _CollectErrors:
    """Let each of several steps fail, and raise at the end what they raised."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def __enter__(self) -> None:
        pass

    def __exit__(self, exc_type: Any, error: BaseException | None, tb: Any) -> bool:
        if error is not None:
            self.errors.append(error)
        return True

    def raise_any(self, message: str) -> None:
        """Raise all of them in a group (PEP 654); before Python 3.11, the first."""
        if self.errors:
            if sys.version_info >= (3, 11):
                raise BaseExceptionGroup(message, self.errors)  # noqa: F821  # 3.11 and later
            raise self.errors[0]


class AppContext(ctx.RequestContext):
    """The application at work with its globals, and the request if there is one.

    Args:
        app: The application.
        request: The request; None for a context outside of requests.
        session: Use this session instead of opening one.

    Source: ``flask.ctx.AppContext`` of Flask 3.2.
    """

    def __init__(
        self,
        app: Any,
        *,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self._cv_token: Token[Any] | None = None
        self._push_count = 0
        self.g = app.app_ctx_globals_class()
        if request is not None:
            super().__init__(app, request.environ, request, session)
        else:
            self.app = app
            self.url_adapter = app.create_url_adapter(None)

    @classmethod
    def from_environ(cls, app: Any, environ: WSGIEnvironment, /) -> AppContext:
        """Make a context of a WSGI environment."""
        request = app.request_class(environ)
        request.json_module = app.json
        return cls(app, request=request)

    @property
    def has_request(self) -> bool:
        """Whether the context has a request."""
        return "request" in self.__dict__

    @property
    def request(self) -> Request:
        """The request.

        Raises:
            RuntimeError: The context has none.
        """
        if not self.has_request:
            raise RuntimeError("There is no request in this context.")
        return self.__dict__["request"]  # type: ignore[no-any-return]  # the framework looks there

    @request.setter  # it may be set, as the attribute that it replaces
    def request(self, request: Request) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.__dict__["request"] = request

    @property
    def session(self) -> SessionMixin:
        """The session; to ask for it counts as access."""
        _ = self.request  # raises without one
        return super().session

    def copy(self) -> AppContext:
        """Make another context with the same request and session."""
        session = self._session if self.has_request else None
        return type(self)(self.app, request=self.__dict__.get("request"), session=session)

    def push(self) -> None:
        """Make this the active context; once it is, only count."""
        self._push_count += 1
        if self._cv_token is not None:
            return
        self._cv_token = _cv_app.set(self)  # type: ignore[arg-type]  # what it holds in this era
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)
        if self.has_request:
            super().push()

    def pop(self, exc: BaseException | None = None) -> None:
        """Undo one push; the last one runs all teardown functions.

        Raises:
            RuntimeError: This is not the active context; nothing was changed.
            BaseExceptionGroup: What the teardown functions raised.
        """
        self._check_active()
        self._push_count -= 1
        if self._push_count > 0:
            return
        collect = _CollectErrors()
        if self.has_request:
            with collect:
                self.app.do_teardown_request(exc)
            with collect:
                self.request.close()
            self._cv_tokens.clear()
        with collect:
            self.app.do_teardown_appcontext(exc)
        _cv_app.reset(self._cv_token)  # type: ignore[arg-type]  # checked above
        self._cv_token = None
        if appcontext_popped.receivers:
            with collect:
                appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)
        collect.raise_any("Errors during context teardown")

    def _check_active(self) -> None:
        active: Any = _cv_app.get(None)
        if self._cv_token is None:
            reason = "it is not pushed"
        elif active is None:
            reason = "there is no active context"
        elif active is not self:
            reason = f"it is not the active context ({active!r})"
        else:
            return
        raise RuntimeError(f"Cannot pop this context ({self!r}), {reason}.")

    def __repr__(self) -> str:
        request = f", {self.request.method} {self.request.url!r}" if self.has_request else ""
        return f"<{type(self).__name__} {id(self)} of {self.app.name}{request}>"


class _RequestView:
    """The active context if it has a request, where the framework expects a ContextVar."""

    def get(self, *default: Any) -> Any:
        """Return the active context, or *default*.

        Raises:
            LookupError: No context with a request is active, and there is no default.
        """
        active: Any = _cv_app.get(None)
        if active is not None and active.has_request:
            return active
        if not default:
            raise LookupError(self)
        return default[0]

    def set(self, context: Any) -> None:
        """Do nothing: the one variable has been set."""

    def reset(self, token: None) -> None:
        """Do nothing: the one variable will be set back."""


class Flask(app.Flask):
    """An application with one context for each request."""

    def app_context(self) -> Any:
        """Make a context without a request."""
        return AppContext(self)

    def request_context(self, environ: WSGIEnvironment) -> Any:
        """Make a context with a request."""
        return AppContext.from_environ(self, environ)

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Run all teardown functions of the blueprints, then of the application."""
        names = chain(globals.request.blueprints, (None,))
        functions = [f for name in names for f in reversed(self.teardown_request_funcs[name])]
        self._tear_down(functions, request_tearing_down, exc, "Errors during request teardown")

    def do_teardown_appcontext(self, exc: BaseException | None = None) -> None:
        """Run all functions registered with ``teardown_appcontext``, the last one first."""
        functions = reversed(self.teardown_appcontext_funcs)
        self._tear_down(functions, appcontext_tearing_down, exc, "Errors during app teardown")

    def _tear_down(self, functions: Any, signal: Any, exc: Any, message: str) -> None:
        collect = _CollectErrors()
        for function in functions:
            with collect:
                self.ensure_sync(function)(exc)
        with collect:
            signal.send(self, _async_wrapper=self.ensure_sync, exc=exc)
        collect.raise_any(message)

    def redirect(self, location: str, code: int = 303) -> BaseResponse:
        """Make a response that sends the client elsewhere, with GET."""
        return super().redirect(location, code)


_redirect = helpers.redirect


def redirect(location: str, code: int = 303, Response: Any = None) -> BaseResponse:
    """Make a response that sends the client elsewhere, with GET."""
    return _redirect(location, code, Response)


def _iterate_in_context(gen: Any) -> Iterator[Any]:
    """Push the context again at once, and pop it when the stream has ended."""
    context: Any = _cv_app.get(None)
    if context is None:
        raise RuntimeError(
            "'stream_with_context' can only be used when a request"
            " context is active, such as in a view function."
        )
    with context:
        yield None
        try:
            yield from gen
        finally:
            if hasattr(gen, "close"):
                gen.close()


def _merge(module: ModuleType, gone: str, kept: str) -> None:
    """Have a name stand for the one that it was merged with, and warn."""
    namespace = vars(module)
    del namespace[gone]

    def __getattr__(name: str) -> Any:
        if name != gone:
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        warnings.warn(
            f"{gone!r} has merged with {kept!r}, and will be removed in Flask 4.0."
            f" Use {kept!r} instead.",
            DeprecationWarning,
            stacklevel=2,
        )
        return namespace[kept]

    namespace["__getattr__"] = __getattr__


def start(era: str) -> None:
    """Swap the framework's two contexts for one."""
    proxy: Callable[..., Any] = LocalProxy
    app_ctx = proxy(_cv_app, unbound_message=_no_app_msg)
    pairs: list[tuple[Any, Any]] = [
        (globals._cv_request, _RequestView()),
        (globals._no_app_msg, _no_app_msg),
        (globals._no_req_msg, _no_req_msg),
        (globals.app_ctx, app_ctx),
        (globals.request_ctx, app_ctx),
        (globals.current_app, proxy(_cv_app, "app", unbound_message=_no_app_msg)),
        (globals.g, proxy(_cv_app, "g", unbound_message=_no_app_msg)),
        (globals.request, proxy(_cv_app, "request", unbound_message=_no_req_msg)),
        (globals.session, proxy(_cv_app, "session", unbound_message=_no_req_msg)),
        (ctx.AppContext, AppContext),
        (ctx.RequestContext, AppContext),
        (app.Flask, Flask),
        (helpers.redirect, redirect),
        (helpers._iterate_in_context, _iterate_in_context),
    ]
    swap(pairs)
    favour(globals.request)
    _merge(ctx, "RequestContext", "AppContext")
    _merge(globals, "request_ctx", "app_ctx")
    # Views on a variable that is not there any more.
    for name in ("_app_ctx_stack", "_request_ctx_stack", "_lookup_req_object"):
        delattr(globals, name)
