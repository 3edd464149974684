"""The short way through a request in which the framework is as it came.

Most programs replace no method and no class of the framework, most requests have no error and no
session that anybody looks at, and most views return a text.  The steps of ``Flask.wsgi_app`` then
come down to four: bind the two context variables, find the rule, call the view, send its text.
:func:`answer` takes these four in one go.  Whatever has a part in a request besides, a hook, a
handler, a session, a response that somebody may see, is given it by the methods that the long way
calls.

So this is never a second behaviour: ``tests/against_flask/test_shortcut.py`` drives the same
programs along this way, along the long way, and on Flask.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_host

from .ctx import AppContext, RequestContext, _AppCtxGlobals
from .deferred import READING_PARTS, SESSION_PARTS, defer_usual_session, saves_as_usual
from .globals import _cv_app, _cv_request
from .plain import write_plainly
from .routing import Map, MapAdapter
from .signals import in_use, is_listened_to
from .stock import PYTHON_TELLS, Stock
from .wrappers import Request, Response, _blueprints_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .app import Flask
    from .config import Config

#: The methods of an application whose work this way does by itself; nobody takes it while one of
#: them is replaced.
SKIPPED = (
    "request_context",
    "app_context",
    "create_url_adapter",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "raise_routing_exception",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
)

#: The schemes under which other rules match than under all others.
WEBSOCKET_SCHEMES = frozenset(("ws", "wss"))

_CLASSES = ("request_class", "response_class", "app_ctx_globals_class")
#: What of an application's class decides.
OF_CLASS = (*SKIPPED, *_CLASSES, "secret_key")

#: What :func:`reasons` reads of an application.
DECIDES = frozenset((*SKIPPED, *_CLASSES, "session_interface", "subdomain_matching", "url_map"))

#: What else it does by itself, or goes by: classes and names of attributes.
PARTS = (
    (RequestContext, ("pop", "push")),
    (AppContext, ("pop", "push")),
    (Request, ("trusted_hosts",)),
    (Response, ("__call__", "__init__", "default_mimetype")),
    *SESSION_PARTS,
)
#: The rest of it, which hardly anybody replaces.
SELDOM = (
    (RequestContext, ("__init__", "match_request")),
    (AppContext, ("__init__",)),
    (Request, ("__init__", "blueprint", "blueprints", "close", "endpoint", "host")),
    (
        Response,
        (
            "automatically_set_content_length",
            "close",
            "default_status",
            "force_type",
            "get_app_iter",
            "get_wsgi_headers",
            "get_wsgi_response",
            "headers",
            "is_sequence",
            "iter_encoded",
            "max_cookie_size",
            "set_cookie",
            "set_data",
            "status",
            "status_code",
            "vary",
        ),
    ),
    *READING_PARTS,
    (Map, ("bind", "bind_to_environ", "update")),
    (MapAdapter, ("__init__", "match")),
)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_new = object.__new__
_app_context, _set_app_context, _reset_app_context = _cv_app.get, _cv_app.set, _cv_app.reset
_context, _set_context, _reset_context = _cv_request.get, _cv_request.set, _cv_request.reset


#: Hosts that any route map takes for one; to look here is quicker than to call.
_sound_hosts: set[str] = set()


@lru_cache(maxsize=256)
def is_sound_host(header: str | None) -> bool:
    """Tell whether any route map takes this for a host; what clients send is kept for a while.

    Args:
        header: The ``Host`` header.
    """
    if header is None:
        return False
    environ = {"wsgi.url_scheme": "http", "REQUEST_METHOD": "GET", "HTTP_HOST": header}
    try:
        Map().bind_to_environ(environ, subdomain="")
        get_host(environ)
    except HTTPException:
        return False
    if len(_sound_hosts) >= 256:
        _sound_hosts.clear()
        is_sound_host.cache_clear()  # or the busiest of them would be answered from there
    _sound_hosts.add(header)
    return True


@lru_cache(maxsize=256)
def _is_among(header: str | None, scheme: str, *hosts: str) -> bool:
    """Tell whether a host is one of those trusted; on the scheme depends which port is left out."""
    try:
        get_host({"wsgi.url_scheme": scheme, "HTTP_HOST": header}, hosts)
    except HTTPException:
        return False
    return True


_names = itemgetter("SERVER_NAME", "APPLICATION_ROOT", "PREFERRED_URL_SCHEME")


def _can_be_bound(*names: Any) -> bool:
    """Tell whether an adapter can be made of these settings."""
    return {*map(type, names)} == {str} and _has_adapter(*names)


@lru_cache(maxsize=8)
def _has_adapter(server_name: str, root: str, scheme: str) -> bool:
    try:
        Map().bind(server_name, root, url_scheme=scheme)
    except Exception:  # push's to raise
        return False
    return True


def reasons(app: Flask, stock: Stock) -> tuple[str, ...]:
    """Name what keeps an application from the short way.

    It is kept until one of the attributes is set to something else.

    Args:
        app: The application.
        stock: As for :func:`is_free`.
    """
    parts = {
        "request_class": app.request_class is not Request,
        "response_class": app.response_class is not Response,
        "app_ctx_globals_class": app.app_ctx_globals_class is not _AppCtxGlobals,
        "subdomain_matching": app.subdomain_matching,
        "url_map": type(app.url_map) is not Map,
        "a method": not vars(app).keys().isdisjoint(SKIPPED),
        "a class": not (PYTHON_TELLS or stock.is_kept()),
    }
    return tuple(part for part, is_own in parts.items() if is_own)


def is_free(app: Flask, environ: WSGIEnvironment, stock: Stock) -> bool:
    """Tell whether a request may take the short way: nothing on it is a program's own.

    Args:
        app: The application.
        environ: The WSGI environment.
        stock: What ``Flask`` has for :data:`OF_CLASS`, and the other classes for :data:`PARTS`
            and :data:`SELDOM`.
    """
    config = app.config
    return not (
        (app._reasons is None and app._collect_reasons(stock))
        or app._reasons
        or not stock.holds(type(app))
        or not app.url_map._finds
        or (config["TRUSTED_HOSTS"] is not None and not _is_trusted(environ, config))
        or (config["SERVER_NAME"] is not None and not _can_be_bound(*_names(config)))
        or _app_context(None) is not None
        or environ["REQUEST_METHOD"] not in _METHODS
        or "HTTP_UPGRADE" in environ
        or environ["wsgi.url_scheme"] in WEBSOCKET_SCHEMES
        or "werkzeug.debug.preserve_context" in environ
        or (
            environ.get("HTTP_HOST") not in _sound_hosts
            and not is_sound_host(environ.get("HTTP_HOST"))
        )
        or (in_use and is_listened_to())
    )


def _is_trusted(environ: WSGIEnvironment, config: Config) -> bool:
    """Tell whether the host is among those that a program trusts, if it names them as usual."""
    hosts = config["TRUSTED_HOSTS"]
    return (
        type(hosts) in (list, tuple)
        and {*map(type, hosts)} == {str}
        and _is_among(environ.get("HTTP_HOST"), environ["wsgi.url_scheme"], *hosts)
    )


def answer(app: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Do for a request that is free what ``Flask.wsgi_app`` does."""
    ctx, app_ctx = _push(app, environ)
    error: BaseException | None = None
    plain: Any = None
    response: Any = None
    try:
        try:
            deferred = ctx._deferred_session = defer_usual_session(
                app, app.config["SECRET_KEY"], None, environ
            )
            if deferred is None:
                ctx._open_session()
            if not app._got_first_request or (deferred is None and not saves_as_usual(app)):
                # An interface of a program's own may have done anything by now.
                ctx.match_request()
                response = app.full_dispatch_request()
            else:
                rv = _call_view(app, ctx, environ)
                plain = write_plainly(app, ctx, rv)
                if plain is None:
                    response = app.finalize_request(rv if ctx._made is None else ctx._made)
        except Exception as e:
            error = e
            response = app.handle_exception(e)
        except BaseException as e:
            error = e
            raise
        if plain is None:
            return response(environ, start_response)  # type: ignore[no-any-return]  # it does
        status, pairs, body = plain
        start_response(status, pairs)
        return body  # type: ignore[no-any-return]  # of _Plain
    finally:
        rv = None  # An HTTP exception is its own answer, and its traceback leads to this frame.
        try:
            if error is not None:
                ctx.pop(None if app.should_ignore_error(error) else error)
            elif app.teardown_request_funcs:
                _tear_down(app, ctx, app_ctx)
            elif not _end_quietly(app, ctx, app_ctx):
                ctx.pop(None)
        finally:
            del error


def _push(app: Flask, environ: WSGIEnvironment) -> tuple[RequestContext, AppContext]:
    """Make the two contexts and bind the variables to them."""
    app_ctx, ctx = _new(AppContext), _new(RequestContext)
    app_ctx.app = ctx.app = app
    app_ctx.g = _AppCtxGlobals()
    ctx._environ, ctx._after_request_functions = environ, []
    if app.config["SERVER_NAME"] is not None or app.config["TRUSTED_HOSTS"] is not None:
        ctx._host_settings = app.config["SERVER_NAME"], app.config["TRUSTED_HOSTS"]
        app_ctx.url_adapter = app.create_url_adapter(None)
    app_ctx._cv_tokens = [_set_app_context(app_ctx)]
    ctx._cv_tokens = [(_set_context(ctx), app_ctx)]
    return ctx, app_ctx


def _call_view(app: Flask, ctx: RequestContext, environ: WSGIEnvironment) -> Any:
    """Find the rule and call its view; return what either, a hook or an error handler answers."""
    if app.before_request_funcs or app.url_value_preprocessors:
        ctx.match_request()
        if in_use and is_listened_to():  # by now: since a converter ran
            return app._call_hooks_and_view()
        return _run_hooks_and_call_view(app, ctx)
    try:
        found = app.url_map.find(environ, ctx._host_settings[0])
        if found is None:
            ctx.match_request()
            found = ctx._match()
        rule, view_args = ctx._matched = found
        if "werkzeug.request" in environ:
            ctx._tell_request()  # a converter asked for it
        type(rule.endpoint) is str or _blueprints_of(rule.endpoint)  # as in dispatch_request
        view = app.ensure_sync(app.view_functions[rule.endpoint])
        return view(**view_args) if view_args else view()  # no empty dict to be unpacked
    except Exception as e:
        return app.handle_user_exception(e) if ctx._matched else _answer_refusal(app, ctx, e)


def _run_hooks_and_call_view(app: Flask, ctx: RequestContext) -> Any:
    """Do so with hooks before the view, of a request that may never be made."""
    try:
        rv = app.preprocess_request()
        if rv is not None:
            return rv
        if (
            ctx._matched is None
            or "request" in ctx.__dict__  # then it says what is called
            or _context(None) is not ctx
            or app._reasons is None
        ):
            return app.dispatch_request()
        return app._call_view_of(*ctx._matched)
    except Exception as e:
        return app.handle_user_exception(e)


def _answer_refusal(app: Flask, ctx: RequestContext, error: Exception) -> Any:
    """Return what answers the error that kept the URL from matching."""
    if ctx._refused is None:
        if not isinstance(error, HTTPException):
            raise  # what the caller caught: a converter's, from which no handler protects
        ctx._refuse(error)
        if app.debug:
            try:
                app.raise_routing_exception(ctx.request)
            except Exception as explained:
                return app.handle_user_exception(explained)
    return app.handle_user_exception(error)


def _tear_down(app: Flask, ctx: RequestContext, app_ctx: AppContext) -> None:
    """Pop the contexts, with teardown functions."""
    if len(ctx._cv_tokens) != 1:  # then this is not the end
        ctx.pop(None)
        return
    try:
        ctx.app.do_teardown_request(None)  # as pop does, should a program have set another
    except BaseException:
        ctx._leave(None)
        raise
    if not _end_quietly(app, ctx, app_ctx):
        ctx._close_and_leave(None)


def _end_quietly(app: Flask, ctx: RequestContext, app_ctx: AppContext) -> bool:
    """Pop the contexts, if that is hardly more than setting the variables back; tell if it did.

    It is more if something else is active or listens, or if the request is of a program's own
    class or has files to close.
    """
    tokens, app_tokens = ctx._cv_tokens, app_ctx._cv_tokens
    if (
        _context(None) is not ctx
        or _app_context(None) is not app_ctx
        or ctx.app is not app
        or len(tokens) != 1
        or len(app_tokens) != 1
        or app._reasons is None
        or (in_use and is_listened_to())
    ):
        return False
    if "request" in ctx.__dict__:
        request = ctx.request
        if type(request) is not Request:
            return False
        own = request.__dict__
        # To be closed, to be forgotten, or a program's own way to do so.
        if "files" in own or "routing_exception" in own or "close" in own:
            return False
        ctx._environ["werkzeug.request"] = None
    elif ctx._refused is not None:
        ctx._let_go(None)
    _reset_context(tokens.pop()[0])
    if app.teardown_appcontext_funcs:
        app_ctx.pop(None)
    else:
        _reset_app_context(app_tokens.pop())
    return True
