"""What is pushed when a request arrives, and popped after it.

Two contexts stand around every request.  The *app context* says which application is at work
and carries :data:`g`; a command-line command has one too.  The *request context* adds the
request and its session.  Pushing one makes the proxies of ``globals.py`` resolve to it in this
thread, greenlet or task; popping it runs the teardown hooks and brings back whatever was there
before.

Each push keeps the token that ``ContextVar.set`` returned, and each pop spends one, newest
first.  The tokens are the whole stack: no list of contexts exists anywhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextvars import Token
from functools import update_wrapper
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_host

from . import typing as ft
from .deferred import defer_session
from .globals import _cv_app, _cv_request
from .ondemand import on_demand
from .signals import appcontext_popped, appcontext_pushed
from .stock import Stock
from .wrappers import Request, _blueprints_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .deferred import DeferredSession
    from .routing import MapAdapter, Rule
    from .sessions import SessionMixin

F = TypeVar("F", bound=Callable[..., Any])

# Tells "no exception was passed" from "the exception is None".
_sentinel: Any = object()

# What of a request is asked for in each, so that it has to be made if a program has a part in it.
_asked = Stock((Request, ("__init__", "blueprint", "blueprints", "close", "endpoint")))


class _AppCtxGlobals:
    """The object behind :data:`g`: attributes for the life of an app context.

    Source: ``flask.ctx._AppCtxGlobals``.
    """

    # Called for what the instance and the class lack.
    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self.__dict__:
            raise AttributeError(name)
        del self.__dict__[name]

    def get(self, name: str, default: Any | None = None) -> Any:
        """Return an attribute, or *default*."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _sentinel) -> Any:
        """Remove an attribute and return it.

        Raises:
            KeyError: There is none, and no *default*.
        """
        if default is _sentinel:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return an attribute, set to *default* first if there is none."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = _cv_app.get(None)
        if ctx is None:
            return object.__repr__(self)
        return f"<flask.g of '{ctx.app.name}'>"


class AppContext:
    """The application at work, and a place for its globals.

    Usable in a ``with`` statement.  ``Flask.app_context`` makes one.

    Args:
        app: The application.

    Source: ``flask.ctx.AppContext``, Flask 3.1.
    """

    #: Builds URLs outside of a request; None without ``SERVER_NAME``.
    url_adapter: MapAdapter | None = None

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.url_adapter = app.create_url_adapter(None)
        self.g: _AppCtxGlobals = app.app_ctx_globals_class()
        self._cv_tokens: list[Token[AppContext]] = []

    def push(self) -> None:
        """Make this the active app context."""
        self._cv_tokens.append(_cv_app.set(self))
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Undo one push; the last one runs the app's teardown hooks.

        Args:
            exc: Handed to the hooks; by default the exception being handled, or None.

        Raises:
            AssertionError: Another context was pushed after this one and not popped.
        """
        try:
            if len(self._cv_tokens) == 1:
                self.app.do_teardown_appcontext(sys.exc_info()[1] if exc is _sentinel else exc)
        finally:
            top = _cv_app.get()
            _cv_app.reset(self._cv_tokens.pop())
        if top is not self:
            raise AssertionError(f"Popped wrong app context. ({top!r} instead of {self!r})")
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)

    def __enter__(self) -> AppContext:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)


class RequestContext:
    """One request: the request object, its session, its place in the route map.

    Usable in a ``with`` statement.  ``Flask.request_context`` and ``test_request_context`` make
    one.

    Args:
        app: The application.
        environ: The WSGI environment (PEP 3333).
        request: Use this request instead of making one from *environ*.
        session: Use this session instead of opening one.

    Source: ``flask.ctx.RequestContext``, Flask 3.1; Flask 3.2 merges it into the app context.
    """

    flashes: list[tuple[str, str]] | None = None
    _opened_session: SessionMixin | None = None
    _deferred_session: DeferredSession | None = None
    # The rule and the view's arguments, or why there are none, for when somebody asks for the
    # request.
    _matched: tuple[Rule, Any] | None = None
    _refused: HTTPException | None = None
    # SERVER_NAME and TRUSTED_HOSTS as they were, for when somebody asks for adapter or request.
    _host_settings: tuple[str | None, list[str] | None] = (None, None)
    # What the view returned, if the short way has made it a response that somebody may see.
    _made: Any = None

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self._environ = environ
        self._after_request_functions: list[ft.AfterRequestCallable[Any]] = []
        # With each token, the app context that the same push had to bring along.
        self._cv_tokens: list[tuple[Token[RequestContext], AppContext | None]] = []
        if session is not None:
            self._opened_session = session
        if request is not None:
            self.request = request
        elif app.request_class is not Request or not _asked.holds():
            self.request  # noqa: B018  # made by being read: a program's class may do anything
        if not app._matches_by_path(environ):
            self.url_adapter = self._bind()

    @on_demand
    def request(self) -> Request:
        """The request."""
        app = self.app
        request = app.request_class(self._environ)
        request.json_module = app.json
        trusted_hosts = self._host_settings[1]
        if trusted_hosts is not None:
            request.trusted_hosts = trusted_hosts
            # It was checked already.
            request.host = get_host(  # pyright: ignore[reportAttributeAccessIssue]  # may be set
                self._environ
            )
        if self._matched is not None:
            request.url_rule, request.view_args = self._matched
        elif self._refused is not None:
            request.routing_exception = self._refused
        return request

    def _bind(self) -> MapAdapter | None:
        """Ask the application for its route map as this request sees it; None if it is refused."""
        try:
            return self.app.create_url_adapter(self.request)
        except HTTPException as e:
            self._refuse(e)
            return None

    @on_demand
    def url_adapter(self) -> MapAdapter | None:
        """The route map as this request sees it."""
        # As it would have been made at first, when the host had no part in it.
        url_map = self.app.url_map
        return url_map.bind_to_environ(
            self._environ_as_it_came,
            server_name=self._host_settings[0],
            subdomain=url_map.default_subdomain or "",
        )

    @property
    def _environ_as_it_came(self) -> WSGIEnvironment:
        return self.request._environ if "request" in self.__dict__ else self._environ

    def _build_url(
        self,
        endpoint: Any,
        values: dict[str, Any],
        *,
        method: str | None,
        url_scheme: str | None,
        force_external: bool,
    ) -> str:
        """Build a URL as the adapter would, without one where that is enough."""
        url = None
        if method is None and not force_external and "url_adapter" not in self.__dict__:
            url = self.app.url_map.build_path(endpoint, values, self._environ_as_it_came)
        if url is None:
            url = self.url_adapter.build(  # type: ignore[union-attr]  # None for an untrusted host
                endpoint,
                values,
                method=method,
                url_scheme=url_scheme,
                force_external=force_external,
            )
        return url

    def copy(self) -> RequestContext:
        """Make another context for the same request and session, to push in another thread."""
        return self.__class__(
            self.app, environ=self.request.environ, request=self.request, session=self._session
        )

    def push(self) -> None:
        """Make this the active request context: push an app context, open the session, match.

        An active app context of the same application is used as it is, with its ``g``.
        """
        app_ctx = None
        active = _cv_app.get(None)
        if active is None or active.app is not self.app:
            app_ctx = self.app.app_context()
            app_ctx.push()
        self._cv_tokens.append((_cv_request.set(self), app_ctx))

        # Before matching, so that a converter may use the session.
        if self._opened_session is None and self._deferred_session is None:
            self._deferred_session = defer_session(
                self.app, self.__dict__.get("request"), self._environ
            )
            if self._deferred_session is None:
                self._open_session()

        if "url_adapter" not in self.__dict__ or self.url_adapter is not None:
            self.match_request()

    def match_request(self) -> None:
        """Find the rule for the URL, or keep the reason why there is none for dispatch."""
        try:
            found: Any = None
            if "url_adapter" not in self.__dict__:
                found = self.app.url_map.find(self._environ, self._host_settings[0])
            if found is None:
                found = self.url_adapter.match(return_rule=True)  # type: ignore[union-attr]  # see push
            self._matched = found
            self._tell_request()
        except HTTPException as e:
            self._refuse(e)

    def _tell_request(self) -> None:
        """Tell a request that is there already what matched."""
        if "request" in self.__dict__ and self._matched is not None:
            self.request.url_rule, self.request.view_args = self._matched

    def _refuse(self, error: HTTPException) -> None:
        """Keep why there is no rule."""
        self._refused = error
        if "request" in self.__dict__:
            self.request.routing_exception = error

    def _match(self) -> tuple[Any, Any]:
        """Return the rule and the view's arguments, as hooks may have left them.

        Raises:
            HTTPException: Why there are none.
        """
        if self._matched is not None and "request" not in self.__dict__:
            return self._matched
        request = self.request
        if request.routing_exception is not None:
            self.app.raise_routing_exception(request)
        return request.url_rule, request.view_args

    @property
    def _blueprints(self) -> list[str]:
        """What the request's ``blueprints`` are, without making one of the usual class for it."""
        if "request" in self.__dict__:
            return self.request.blueprints
        return [] if self._matched is None else _blueprints_of(self._matched[0].endpoint)

    @property
    def _method(self) -> str:
        if "request" in self.__dict__:
            return self.request.method
        method: str = self._environ["REQUEST_METHOD"]
        return method.upper()

    def _open_session(self) -> None:
        """Have the session interface open the session, or make a null session."""
        interface = self.app.session_interface
        session = interface.open_session(self.app, self.request)
        self._session = interface.make_null_session(self.app) if session is None else session

    @property
    def _session(self) -> SessionMixin | None:
        """The session, without counting as access; opened now if that was put off."""
        if self._deferred_session is not None:
            session = self._deferred_session.open(self.app)
            if session is None:
                self._open_session()
            else:
                self._session = session
        return self._opened_session

    @_session.setter
    def _session(self, session: SessionMixin | None) -> None:
        self._opened_session, self._deferred_session = session, None

    @property
    def session(self) -> SessionMixin:
        """The session; to ask for it counts as access, so that the response varies by cookie.

        Source: Flask 3.1.3, CVE-2026-27205.
        """
        session = self._session
        assert session is not None, "The session has not yet been opened."
        session.accessed = True
        return session

    def pop(self, exc: BaseException | None = _sentinel) -> None:
        """Undo one push; the last one runs the request's teardown hooks and closes the request.

        Args:
            exc: Handed to the hooks; by default the exception being handled, or None.

        Raises:
            AssertionError: Another context was pushed after this one and not popped.
        """
        if len(self._cv_tokens) != 1:  # none, if the push has failed
            self._reset(exc)
            return
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        try:
            self.app.do_teardown_request(exc)
        except BaseException:
            self._leave(exc)
            raise
        self._close_and_leave(exc)

    def _close_and_leave(self, exc: BaseException | None) -> None:
        try:
            if "request" in self.__dict__:
                close = getattr(self.request, "close", None)
                if close is not None:
                    close()
        finally:
            self._leave(exc)

    def _leave(self, exc: BaseException | None) -> None:
        if "request" in self.__dict__ or self._refused is not None:
            self._let_go(exc)
        self._reset(exc)

    def _let_go(self, exc: BaseException | None) -> None:
        """Cut two circles now, or the collector would have to.

        The environ and the request refer to each other, and an error of routing to the frames
        that raised it.  They are those of the active context, which is the one that ends even if
        another was to be popped.
        """
        top = _cv_request.get()
        stored = top._refused
        if "request" in top.__dict__:
            top._environ["werkzeug.request"] = None
            stored = getattr(top.request, "routing_exception", None)
        if stored is not None and not _leads_to(stored, exc):
            stored.__traceback__ = stored.__context__ = stored.__cause__ = None

    def _reset(self, exc: BaseException | None) -> None:
        """Bring back the context below, and pop the app context that came with this push."""
        top = _cv_request.get()
        token, app_ctx = self._cv_tokens.pop()
        _cv_request.reset(token)
        if app_ctx is not None:
            app_ctx.pop(exc)
        if top is not self:
            raise AssertionError(f"Popped wrong request context. ({top!r} instead of {self!r})")

    def __enter__(self) -> RequestContext:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.request.url!r}"
            f" [{self.request.method}] of {self.app.name}>"
        )


def _leads_to(error: BaseException, exc: BaseException | None) -> bool:
    """Tell whether an error is *exc*, or told of in its traceback."""
    told: list[BaseException] = []
    coming = [exc]
    while coming:
        found = coming.pop()
        if found is error:
            return True
        # A program may have made a circle of them.
        if found is not None and not any(found is known for known in told):
            told.append(found)
            coming += (found.__cause__, found.__context__)
    return False


def has_request_context() -> bool:
    """Tell whether a request context is active, without touching the request.

    Source: Flask 0.7.
    """
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Tell whether an app context is active.

    Source: Flask 0.9.
    """
    return _cv_app.get(None) is not None


def _active_request_context(asker: str) -> RequestContext:
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            f"'{asker}' can only be used when a request context is active,"
            " such as in a view function."
        )
    return ctx


def after_this_request(f: ft.AfterRequestCallable[Any]) -> ft.AfterRequestCallable[Any]:
    """Call a function with the response of the current request only.

    It takes the response and returns it or another one, and runs before every
    ``after_request`` function.

    Raises:
        RuntimeError: No request context is active.

    Source: Flask 0.9.
    """
    _active_request_context("after_this_request")._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Make a function that runs in a copy of the current request context, say in a thread.

    The copy has the same request and session, and a new app context with an empty ``g``.  It is
    one context: call the result in one thread at a time.

    Raises:
        RuntimeError: No request context is active.

    Source: Flask 0.10; the session is carried along since 1.1.
    """
    ctx = _active_request_context("copy_current_request_context").copy()

    def in_copied_context(*args: Any, **kwargs: Any) -> Any:
        with ctx:
            return ctx.app.ensure_sync(f)(*args, **kwargs)

    return update_wrapper(in_copied_context, f)  # type: ignore[return-value]  # same signature
