"""The short way through a request that nothing but its view has a part in.

Most requests run one function: no hook, no signal, no session that anybody looks at, no method
replaced.  The steps of ``Flask.wsgi_app`` then come down to four: bind the two context variables,
find the rule, call the view, send its text.  :func:`answer` takes these four in one go.  It sees
beforehand whether anybody else has a part in the request, and then does nothing; and where
something unusual happens on the way, it goes on by the methods that the long way calls.

So this is never a second behaviour: ``tests/against_flask/test_shortcut.py`` drives the same
programs along this way, along the long way, and on Flask.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException

from .ctx import AppContext, RequestContext, _AppCtxGlobals
from .deferred import defer_session
from .globals import _cv_app, _cv_request
from .routing import Map, MapAdapter
from .signals import in_use
from .wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .app import Flask

#: The registries of an application in which nothing may be registered.
REGISTRIES = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "teardown_appcontext_funcs",
    "url_value_preprocessors",
)

#: The methods of an application that are not called on this way, since all of them are known.
SKIPPED = (
    "request_context",
    "app_context",
    "create_url_adapter",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
)

#: The schemes under which other rules match than under all others.
WEBSOCKET_SCHEMES = frozenset(("ws", "wss"))

#: What else a program may have an object or a class of its own for.
_PLAIN = ("request_class", "response_class", "app_ctx_globals_class", "url_map")

#: What :func:`reasons` reads of an application.
DECIDES = frozenset((*REGISTRIES, *SKIPPED, *_PLAIN, "subdomain_matching"))

# Read from the classes anew for each request: a program may replace a method at any time.
methods_of = attrgetter(*SKIPPED)
_of_contexts = attrgetter("push", "pop")
_of_response = attrgetter("__init__", "__call__", "default_mimetype")

_CONTEXTS = (_of_contexts(RequestContext), _of_contexts(AppContext))
_RESPONSE = _of_response(Response)
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_TEXT = "text/html; charset=utf-8"
# What a request has to do when it ends: close files, and forget what kept it from matching.
_TO_BE_LET_GO = ("files", "routing_exception")
_new = object.__new__


@lru_cache(maxsize=256)
def is_sound_host(header: str | None) -> bool:
    """Tell whether any route map takes this for a host; what clients send is kept for a while."""
    environ = {"wsgi.url_scheme": "http", "REQUEST_METHOD": "GET", "HTTP_HOST": header}
    try:
        Map().bind_to_environ(environ, subdomain="")
    except HTTPException:
        return False
    return header is not None


# Read once for each application: who replaces these does so before the first request.
_read_once = (
    (RequestContext, attrgetter("__init__")),
    (AppContext, attrgetter("__init__")),
    (Request, attrgetter("__init__")),
    (
        Response,
        attrgetter(
            "automatically_set_content_length",
            "close",
            "default_status",
            "get_app_iter",
            "get_wsgi_headers",
            "get_wsgi_response",
            "iter_encoded",
            "set_data",
        ),
    ),
    (Map, attrgetter("bind_to_environ")),
    (MapAdapter, attrgetter("match")),
)


def _classes() -> list[Any]:
    """Read what of the framework's own classes has a part in requests."""
    return [read(kind) for kind, read in _read_once]


_STOCK = _classes()


def reasons(app: Flask) -> tuple[Any, ...]:
    """Collect what keeps an application from the short way, each of them empty or false if not.

    It is kept until one of the attributes is set to something else; what is registered later
    shows, because these are the registries themselves.
    """
    return (
        *(getattr(app, name) for name in REGISTRIES),
        app.request_class is not Request,
        app.response_class is not Response,
        app.app_ctx_globals_class is not _AppCtxGlobals,
        app.subdomain_matching,
        type(app.url_map) is not Map,
        any(name in vars(app) for name in SKIPPED),
        _classes() != _STOCK,
    )


def _is_watched(app: Flask) -> bool:
    """Tell whether anything registered has a part in every request."""
    return any(app._reasons or app._collect_reasons()) or (
        bool(in_use) and any(signal.receivers for signal in in_use)
    )


def is_free(app: Flask, environ: WSGIEnvironment, methods: tuple[Any, ...]) -> bool:
    """Tell whether nothing is known to have a part in a request but its view.

    Args:
        app: The application.
        environ: The WSGI environment.
        methods: What the class of the application has for :data:`SKIPPED` if nobody replaced it.
    """
    url_map, config = app.url_map, app.config
    return not (
        _is_watched(app)
        or methods_of(type(app)) != methods
        or "bind_to_environ" in url_map.__dict__
        or url_map.host_matching
        or config["TRUSTED_HOSTS"] is not None
        or config["SERVER_NAME"] is not None
        or _cv_app.get(None) is not None
        or environ["REQUEST_METHOD"] not in _METHODS
        or "HTTP_UPGRADE" in environ
        or environ["wsgi.url_scheme"] in WEBSOCKET_SCHEMES
        or "werkzeug.debug.preserve_context" in environ
        or not is_sound_host(environ.get("HTTP_HOST"))
        or (_of_contexts(RequestContext), _of_contexts(AppContext)) != _CONTEXTS
        or Request.trusted_hosts is not None
        or _of_response(Response) != _RESPONSE
    )


def answer(app: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Do for a request that is free what ``Flask.wsgi_app`` does."""
    app_ctx, ctx = _new(AppContext), _new(RequestContext)
    app_ctx.app = ctx.app = app
    app_ctx.url_adapter, app_ctx.g = None, _AppCtxGlobals()
    ctx._environ, ctx._after_request_functions = environ, []
    app_token = _cv_app.set(app_ctx)
    token = _cv_request.set(ctx)
    app_ctx._cv_tokens, ctx._cv_tokens = [app_token], [(token, app_ctx)]
    text: bytes | None = None
    response: Any = None
    watched = True
    error: BaseException | None = None
    try:
        try:
            deferred = ctx._deferred_session = defer_session(app, None, environ)
            if deferred is None:
                ctx._open_session()
            ctx.match_request()
            matched = ctx._matched
            if matched is None:
                response = app.full_dispatch_request()
            else:
                if not app._got_first_request:
                    app._run_before_first_request()
                rv = _call_view(app, *matched)
                watched = _is_watched(app)
                if (
                    type(rv) is str
                    and ctx._deferred_session is deferred
                    and deferred is not None
                    and not deferred.needs_saving(app)
                    and not ctx._after_request_functions
                    and not watched
                ):
                    text = rv.encode()
                else:
                    try:
                        response = app.finalize_request(rv)
                    finally:
                        # An HTTP exception is its own answer, and its traceback holds this frame.
                        del rv
        except Exception as e:
            error = e
            response = app.handle_exception(e)
        except BaseException as e:
            error = e
            raise
        if text is None:
            return response(environ, start_response)  # type: ignore[no-any-return]
        length = str(len(text))
        start_response("200 OK", [("Content-Type", _TEXT), ("Content-Length", length)])
        return _once(text)
    finally:
        request = ctx.__dict__.get("request")
        if (
            not watched
            and error is None
            and _cv_request.get() is ctx
            and _cv_app.get() is app_ctx
            and len(ctx._cv_tokens) == len(app_ctx._cv_tokens) == 1
            and (
                request is None
                or (type(request) is Request and request.__dict__.keys().isdisjoint(_TO_BE_LET_GO))
            )
        ):
            if request is not None:
                environ["werkzeug.request"] = None
            _cv_request.reset(token)
            _cv_app.reset(app_token)
            ctx._cv_tokens.clear()
            app_ctx._cv_tokens.clear()
        else:
            if error is not None and app.should_ignore_error(error):
                error = None
            try:
                ctx.pop(error)
            finally:
                del error


def _call_view(app: Flask, rule: Any, view_args: Any) -> Any:
    try:
        "." in rule.endpoint  # noqa: B015  # as in dispatch_request
        return app.ensure_sync(app.view_functions[rule.endpoint])(**view_args)
    except Exception as e:
        return app.handle_user_exception(e)


def _once(text: bytes) -> Iterator[bytes]:
    yield text
