"""The application: a WSGI callable that turns each request into a response.

Read :meth:`Flask.wsgi_app` first; the methods after it come in the order in which a request
meets them.  What is registered before any request is in ``sansio.py``.

Source: ``flask/app.py`` and ``docs/lifecycle.rst`` of Flask 3.1.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Coroutine, Iterable, Iterator
from datetime import timedelta
from functools import cached_property
from inspect import CO_COROUTINE, iscoroutinefunction
from itertools import chain
from types import FunctionType, TracebackType
from typing import IO, TYPE_CHECKING, Any, AnyStr, NoReturn
from urllib.parse import quote as _url_quote

from werkzeug.datastructures import Headers, ImmutableDict
from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse
from werkzeug.wsgi import get_host

from . import serving
from . import typing as ft
from .ctx import AppContext, RequestContext, _sentinel
from .globals import _cv_app, _cv_request, _request_context, g, request, session
from .globals import request_ctx as request_ctx  # programs replace it here
from .helpers import get_debug_flag, get_flashed_messages, get_load_dotenv
from .ondemand import PAGES
from .routing import BuildError, Map, MapAdapter, RequestRedirect, RoutingException
from .sansio import App
from .sessions import SecureCookieSessionInterface, SessionInterface
from .shortcut import OF_CLASS, PARTS, SELDOM, WEBSOCKET_SCHEMES, answer, is_free, is_sound_host
from .signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from .stock import Stock, is_method
from .wrappers import Request, Response, _blueprints_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .cli import AppGroup
    from .jinja import Environment
    from .testing import FlaskClient, FlaskCliRunner

# Since Python 3.12 any function may be marked as one that returns a coroutine.
_FUNCTIONS_ARE_MARKED = sys.version_info >= (3, 12)

ExcInfo = tuple[type, BaseException, TracebackType] | tuple[None, None, None]


class Flask(App):
    """An application.

    Args:
        import_name: ``__name__`` of the module or package that makes the application; files are
            found beside it.
        static_url_path: The URL of static files; ``/`` and the folder's name without it.
        static_folder: The folder with static files, relative to the root path.
        static_host: The host that serves static files, with *host_matching*.
        host_matching: Match the host of every rule.
        subdomain_matching: Match the subdomain below ``SERVER_NAME``.
        template_folder: The folder with templates, relative to the root path.
        instance_path: The folder for what belongs to this installation, an absolute path.
        instance_relative_config: Read configuration files from the instance folder.
        root_path: The folder that relative paths start from; found from *import_name*.

    Source: ``flask.Flask``, Flask 3.1.
    """

    default_config: dict[str, Any] = ImmutableDict(
        {
            "DEBUG": None,
            "TESTING": False,
            "PROPAGATE_EXCEPTIONS": None,
            "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False,
            "TRUSTED_HOSTS": None,
            "SERVER_NAME": None,
            "APPLICATION_ROOT": "/",
            "SESSION_COOKIE_NAME": "session",
            "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_PARTITIONED": False,
            "SESSION_COOKIE_SAMESITE": None,
            "SESSION_REFRESH_EACH_REQUEST": True,
            "MAX_CONTENT_LENGTH": None,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1_000,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False,
            "EXPLAIN_TEMPLATE_LOADING": False,
            "PREFERRED_URL_SCHEME": "http",
            "TEMPLATES_AUTO_RELOAD": None,
            "MAX_COOKIE_SIZE": 4093,
            "PROVIDE_AUTOMATIC_OPTIONS": True,
        }
    )

    #: Makes the request of each request context.
    request_class: type[Request] = Request
    #: Makes every response that is not returned ready-made.
    response_class: type[Response] = Response
    #: Opens and saves sessions.
    session_interface: SessionInterface = SecureCookieSessionInterface()

    @cached_property
    def cli(self) -> AppGroup:  # type: ignore[override]  # an attribute in App
        """The application's command group."""
        from .cli import AppGroup

        return AppGroup(self._cli_name)

    def _add_static_route(self, static_host: str | None, host_matching: bool) -> None:
        """Route static files, whether or not the folder exists yet."""
        assert bool(static_host) == host_matching, "Invalid static_host/host_matching combination"
        # Weak, or the application would hold itself alive by its own view.
        app = weakref.ref(self)
        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            endpoint="static",
            host=static_host,
            view_func=lambda **kw: app().send_static_file(**kw),  # type: ignore[union-attr]
        )

    # ---- one request, top to bottom ----

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI server (PEP 3333).

        Middleware wraps :meth:`wsgi_app`, so that ``app`` stays the application.
        """
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request: push the contexts, dispatch, send, pop.

        Args:
            environ: The WSGI environment.
            start_response: Takes status and headers (PEP 3333).

        Returns:
            The body.  The server iterates over it after the contexts are popped.
        """
        if is_free(self, environ, _STOCK):
            return answer(self, environ, start_response)
        ctx = self.request_context(environ)
        error: BaseException | None = None
        try:
            try:
                ctx.push()
                response = self.full_dispatch_request()
            except Exception as e:
                error = e
                response = self.handle_exception(e)
            except BaseException as e:
                error = e
                raise
            return response(environ, start_response)
        finally:
            if "werkzeug.debug.preserve_context" in environ:
                environ["werkzeug.debug.preserve_context"](_cv_app.get())
                environ["werkzeug.debug.preserve_context"](_cv_request.get())
            if error is not None and self.should_ignore_error(error):
                error = None
            try:
                ctx.pop(error)
            finally:
                # Its traceback holds this frame, and the frame would hold it.
                del error

    def full_dispatch_request(self) -> Response:
        """Run the hooks, the view and the error handlers, and make the response of the outcome.

        Source: Flask 0.7.
        """
        if not self._got_first_request:
            self._run_before_first_request()
        return self.finalize_request(self._call_hooks_and_view())

    def _call_hooks_and_view(self) -> ft.ResponseReturnValue | HTTPException:
        """Return what a hook, the view or an error handler answers."""
        try:
            if request_started.receivers:
                request_started.send(self, _async_wrapper=self.ensure_sync)
            rv = self.preprocess_request()
            return self.dispatch_request() if rv is None else rv
        except Exception as e:
            return self.handle_user_exception(e)

    def _run_before_first_request(self) -> None:
        """Run the functions once; whoever comes meanwhile waits.  After an error, once more."""
        if "before_first_request_funcs" not in self.__dict__:
            self._got_first_request = True
            return
        with self._first_request_lock:
            if not self._got_first_request:
                for func in self.before_first_request_funcs:
                    self.ensure_sync(func)()
                self._got_first_request = True

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the URL value preprocessors, then the before-hooks.

        Of each kind the application's come first, then those of the blueprints, outer first.

        Returns:
            What the first hook returned that did not return None; then neither the other hooks
            nor the view run.
        """
        ctx = _request_context()
        if not (self.url_value_preprocessors or self.before_request_funcs):
            return None
        names = (None, *reversed(ctx._blueprints))
        if self.url_value_preprocessors:
            for name in names:
                if name in self.url_value_preprocessors:
                    for preprocess in self.url_value_preprocessors[name]:
                        preprocess(ctx.request.endpoint, ctx.request.view_args)
        for name in names:
            if name in self.before_request_funcs:
                for before in self.before_request_funcs[name]:
                    rv = self.ensure_sync(before)()
                    if rv is not None:
                        return rv  # type: ignore[no-any-return]  # whatever a hook returns
        return None

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Call the view that the URL leads to, or raise why there is none.

        Returns:
            What the view returned; not yet a response.
        """
        ctx = _request_context()
        rule, view_args = ctx._match()
        if getattr(rule, "provide_automatic_options", False) and ctx._method == "OPTIONS":
            return self.make_default_options_response()
        return self._call_view_of(rule, view_args)

    def _call_view_of(self, rule: Any, view_args: Any) -> ft.ResponseReturnValue:
        # Refuses most things but a text, as Flask's hooks do.
        type(rule.endpoint) is str or _blueprints_of(rule.endpoint)
        view = self.ensure_sync(self.view_functions[rule.endpoint])
        return view(**view_args)  # type: ignore[no-any-return]

    def raise_routing_exception(self, request: Request) -> NoReturn:
        """Raise what kept the URL from matching.

        In debug mode a redirect that would lose the form of a request raises an explanation.
        """
        exc: Any = request.routing_exception
        if (
            self.debug
            and isinstance(exc, RequestRedirect)
            and exc.code not in {307, 308}
            and request.method not in {"GET", "HEAD", "OPTIONS"}
        ):
            from .debughelpers import FormDataRoutingRedirect

            raise FormDataRoutingRedirect(request)
        raise exc

    def make_default_options_response(self) -> Response:
        """Make the answer to OPTIONS: no body, and the methods of the URL in ``Allow``.

        Source: Flask 0.7.
        """
        adapter = _request_context().url_adapter
        response = self.response_class()
        response.allow.update(adapter.allowed_methods())  # type: ignore[union-attr]  # it matched
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that can be called as it is; wrap a coroutine function.

        Source: Flask 2.0.
        """
        # All that can be said of a plain function without asking at length.
        if type(func) is FunctionType and not (
            func.__code__.co_flags & CO_COROUTINE or (_FUNCTIONS_ARE_MARKED and func.__dict__)
        ):
            return func
        return self.async_to_sync(func) if iscoroutinefunction(func) else func

    def async_to_sync(self, func: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
        """Wrap a coroutine function in one that runs it to its end, in a loop of its own.

        Raises:
            RuntimeError: asgiref is not installed.

        Source: Flask 2.0.
        """
        try:
            from asgiref.sync import async_to_sync
        except ImportError:
            raise RuntimeError(
                "Async views need asgiref, which the 'async' extra brings."
                " Install it: pip install asgiref"
            ) from None
        return async_to_sync(func)

    # ---- errors ----

    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """Find an answer to an exception from a hook or view: its handler's, or itself.

        Raises:
            Exception: No handler is registered for it, and it is not an HTTP exception.
        """
        if isinstance(e, BadRequestKeyError) and (
            self.debug or self.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            e.show_exception = True
        if isinstance(e, HTTPException) and not self.trap_http_exception(e):
            return self.handle_http_exception(e)
        handler = self._find_error_handler(e, _request_context()._blueprints)
        if handler is None:
            raise
        return self.ensure_sync(handler)(e)  # type: ignore[no-any-return]

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """Return a handler's answer to an HTTP exception, or the exception as its own answer.

        Routing redirects, and exceptions that only carry a response, have no handlers.

        Source: Flask 0.3.
        """
        if e.code is None or isinstance(e, RoutingException):
            return e
        handler = self._find_error_handler(e, _request_context()._blueprints)
        if handler is None:
            return e
        return self.ensure_sync(handler)(e)  # type: ignore[no-any-return]

    def handle_exception(self, e: Exception) -> Response:
        """Answer an exception that nobody handled: log it, and make a 500.

        Handlers for 500 and for ``InternalServerError`` get an ``InternalServerError`` with the
        exception as its ``original_exception``.

        Raises:
            Exception: *e* itself, in debug mode, in tests, or if ``PROPAGATE_EXCEPTIONS`` says so.

        Source: Flask 0.3; always an ``InternalServerError`` since 1.1.
        """
        exc_info = sys.exc_info()
        if got_request_exception.receivers:
            got_request_exception.send(self, _async_wrapper=self.ensure_sync, exception=e)
        propagate = self.config["PROPAGATE_EXCEPTIONS"]
        if propagate is None:
            propagate = self.testing or self.debug
        if propagate:
            # As it stands if it is the one being handled, for the shorter traceback.
            if exc_info[1] is e:
                raise
            raise e

        self.log_exception(exc_info)
        answer: HTTPException | ft.ResponseReturnValue = InternalServerError(original_exception=e)
        handler = self._find_error_handler(answer, _request_context()._blueprints)  # type: ignore[arg-type]
        if handler is not None:
            answer = self.ensure_sync(handler)(answer)
        return self.finalize_request(answer, from_error_handler=True)

    def log_exception(self, exc_info: ExcInfo) -> None:
        """Log an exception that nobody handled.

        Source: Flask 0.8.
        """
        self.logger.error(f"Exception on {request.path} [{request.method}]", exc_info=exc_info)

    # ---- the response ----

    def finalize_request(
        self,
        rv: ft.ResponseReturnValue | HTTPException,
        from_error_handler: bool = False,
    ) -> Response:
        """Make the response of what a view or handler returned, and run the after-hooks.

        Args:
            rv: What was returned.
            from_error_handler: Log what goes wrong here instead of raising it.
        """
        response = self.make_response(rv)
        try:
            response = self.process_response(response)
            if request_finished.receivers:
                request_finished.send(self, _async_wrapper=self.ensure_sync, response=response)
        except Exception:
            if not from_error_handler:
                raise
            self.logger.exception("Request finalizing failed with an error while handling an error")
        return response

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """Make a response of what a view returned.

        Args:
            rv: A body; or a tuple of body and status, body and headers, or all three. A body is
                text, bytes, a dict or list (as JSON), an iterator that streams, a response, or
                a WSGI callable.

        Raises:
            TypeError: It is none of these.

        Source: Flask 0.2; dicts since 1.1, lists and iterators since 2.2.
        """
        if isinstance(rv, str):
            if self.response_class is Response:
                return Response._of_text(rv)
            return self.response_class(rv, status=None, headers=None)  # in full, as below
        body, status, headers = _split_return_value(rv)
        if body is None:
            raise TypeError(
                f"The view function for {request.endpoint!r} did not"
                " return a valid response. The function either returned"
                " None or ended without a return statement."
            )
        if isinstance(body, self.response_class):
            response = body
        elif type(body) in PAGES:
            response = self._force_response(body, _request_context()._environ)
        elif isinstance(body, (str, bytes, bytearray, Iterator)):
            # All at once, so that a subclass may override its defaults.
            return self.response_class(body, status=status, headers=headers)
        elif isinstance(body, (dict, list)):
            response = self.json.response(body)
        else:
            response = self._force_response(body, None)

        if status is not None:
            if isinstance(status, (str, bytes, bytearray)):
                response.status = status  # type: ignore[assignment]  # bytes raise, as in Flask
            else:
                response.status_code = status
        if headers:
            response.headers.update(headers)
        return response

    def _force_response(self, body: Any, environ: WSGIEnvironment | None) -> Response:
        """Turn another class of response, or a WSGI callable, into a ``response_class``.

        Without an *environ* it is run with the request's.
        """
        if not (isinstance(body, BaseResponse) or callable(body)):
            raise TypeError(_refusal(body))
        try:
            environ = request.environ if environ is None else environ
            return self.response_class.force_type(body, environ)  # type: ignore[return-value]  # of it
        except TypeError as e:
            raise TypeError(f"{e}\n{_refusal(body)}").with_traceback(e.__traceback__) from None

    def process_response(self, response: Response) -> Response:
        """Run the after-hooks, then save the session.

        First those of this request, then the blueprints', inner first, then the application's;
        of the latter two the last registered runs first.
        """
        ctx = _request_context()
        for func in ctx._after_request_functions:
            response = self.ensure_sync(func)(response)
        if self.after_request_funcs:
            for func in _inner_first(ctx, self.after_request_funcs):
                response = self.ensure_sync(func)(response)
        deferred = ctx._deferred_session
        if deferred is not None and not deferred.needs_saving(self):
            return response
        if not self.session_interface.is_null_session(ctx._session):
            self.session_interface.save_session(self, ctx._session, response)  # type: ignore[arg-type]
        return response

    # ---- teardown ----

    def do_teardown_request(self, exc: BaseException | None = _sentinel) -> None:
        """Run the teardown functions of the blueprints, inner first, then the application's.

        Args:
            exc: Handed to them; by default the exception being handled, or None.
        """
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        ctx = _request_context()
        if self.teardown_request_funcs:
            for func in _inner_first(ctx, self.teardown_request_funcs):
                self.ensure_sync(func)(exc)
        if request_tearing_down.receivers:
            request_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    def do_teardown_appcontext(self, exc: BaseException | None = _sentinel) -> None:
        """Run the functions registered with ``teardown_appcontext``, the last one first.

        Args:
            exc: Handed to them; by default the exception being handled, or None.

        Source: Flask 0.9.
        """
        if exc is _sentinel:
            exc = sys.exc_info()[1]
        if self.teardown_appcontext_funcs:
            for func in reversed(self.teardown_appcontext_funcs):
                self.ensure_sync(func)(exc)
        if appcontext_tearing_down.receivers:
            appcontext_tearing_down.send(self, _async_wrapper=self.ensure_sync, exc=exc)

    # ---- contexts ----

    def app_context(self) -> AppContext:
        """Make an app context, for a ``with`` statement.

        Source: Flask 0.9.
        """
        return AppContext(self)

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        """Make a request context of a WSGI environment; :meth:`wsgi_app` calls this."""
        return RequestContext(self, environ)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """Make a request context for a test or a shell; no hooks run but teardown.

        Args:
            *args: For ``miniflask.testing.EnvironBuilder``, the path first.
            **kwargs: Likewise.
        """
        from .testing import EnvironBuilder

        builder = EnvironBuilder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    # ---- URLs ----

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Bind the route map to a request, or to ``SERVER_NAME`` for an app context.

        Args:
            request: The request; None outside of one.

        Returns:
            The adapter; None outside of a request without ``SERVER_NAME``.

        Raises:
            SecurityError: The host is not among ``TRUSTED_HOSTS``.

        Source: Flask 0.6; ``SERVER_NAME`` does not restrict requests to its host since 3.1.
        """
        server_name = self.config["SERVER_NAME"]
        if request is None:
            if server_name is None:
                return None
            return self.url_map.bind(
                server_name,
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )

        trusted_hosts = self.config["TRUSTED_HOSTS"]
        if trusted_hosts is not None:
            request.trusted_hosts = trusted_hosts
        environ = getattr(request, "_environ", None) or request.environ
        # Checked here, so that a bad host is an error of routing with hooks and handlers.
        request.host = get_host(  # pyright: ignore[reportAttributeAccessIssue]  # may be set
            environ, request.trusted_hosts
        )
        subdomain = None
        if self.url_map.host_matching:
            server_name = None
        elif not self.subdomain_matching:
            subdomain = self.url_map.default_subdomain or ""
        return self.url_map.bind_to_environ(environ, server_name=server_name, subdomain=subdomain)

    def _matches_by_path(self, environ: WSGIEnvironment) -> bool:
        """Tell whether the URL can be matched without an adapter, by its path and method alone.

        Not if a host is to be checked or to be matched, or if a program has a part in it.
        """
        url_map, config = self.url_map, self.config
        return (
            is_method(self, "create_url_adapter", _create_url_adapter)
            and type(url_map) is Map
            and url_map._finds
            and _adapting.holds()
            and _hosts.holds(self.request_class)
            and not self.subdomain_matching
            and config["TRUSTED_HOSTS"] is None
            and config["SERVER_NAME"] is None
            and "HTTP_UPGRADE" not in environ
            and environ["wsgi.url_scheme"] not in WEBSOCKET_SCHEMES
            and is_sound_host(environ.get("HTTP_HOST"))
        )

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """Build the URL of an endpoint.

        Args:
            endpoint: Its name; a leading dot stands for the blueprint of the current request.
            _anchor: Goes after ``#``.
            _method: Picks among the endpoint's rules.
            _scheme: Goes before ``://``; implies an external URL.
            _external: Build a whole URL with scheme and host; the default outside a request.
            **values: For the rule's variables; what is left becomes the query.

        Raises:
            BuildError: No rule fits, and no ``url_build_error_handlers`` knew better.
            RuntimeError: Outside a request, ``SERVER_NAME`` is not set.
            ValueError: *_scheme* for a URL that is not external.

        Source: Flask 2.2 as a method.
        """
        req_ctx = _cv_request.get(None)
        if req_ctx is not None:
            build = req_ctx._build_url
            if endpoint[:1] == ".":
                blueprints = req_ctx._blueprints
                endpoint = f"{blueprints[0]}{endpoint}" if blueprints else endpoint[1:]
            if _external is None:
                _external = _scheme is not None
        else:
            build = self._adapter_outside_request().build
            if _external is None:
                _external = True
        if _scheme is not None and not _external:
            raise ValueError("When specifying '_scheme', '_external' must be True.")

        self.inject_url_defaults(endpoint, values)
        try:
            url = build(
                endpoint, values, method=_method, url_scheme=_scheme, force_external=_external
            )
        except BuildError as error:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(error, endpoint, values)
        if _anchor is not None:
            fragment = _url_quote(_anchor, safe="%!#$&'()*+,/:;=?@")
            url = f"{url}#{fragment}"
        return url

    def _adapter_outside_request(self) -> MapAdapter:
        app_ctx = _cv_app.get(None)
        adapter = self.create_url_adapter(None) if app_ctx is None else app_ctx.url_adapter
        if adapter is None:
            raise RuntimeError(
                "Unable to build URLs outside an active request"
                " without 'SERVER_NAME' configured. Also configure"
                " 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as"
                " needed."
            )
        return adapter

    # ---- templates ----

    def create_jinja_environment(self) -> Environment:
        """Make the Jinja environment, with the framework's globals.

        Source: Flask 0.5.
        """
        options = dict(self.jinja_options)
        options.setdefault("autoescape", self.select_jinja_autoescape)
        if "auto_reload" not in options:
            auto_reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if auto_reload is None else auto_reload
        environment: Environment = self.jinja_environment(self, **options)
        environment.globals.update(
            url_for=self.url_for,
            get_flashed_messages=get_flashed_messages,
            config=self.config,
            # Also added by the default context processor; here for templates that are imported.
            request=request,
            session=session,
            g=g,
        )
        environment.policies["json.dumps_function"] = self.json.dumps
        return environment

    def update_template_context(self, context: dict[str, Any]) -> None:
        """Add what the context processors give to a template's variables, in place.

        The application's processors come first, during a request then those of its blueprints,
        outer first.  What *context* has already stays.
        """
        processors = self.template_context_processors
        names: Iterable[str | None] = (None,)
        if len(processors) > 1 and request:
            names = chain(names, reversed(request.blueprints))
        given = context.copy()
        for name in names:
            if name in processors:
                for processor in processors[name]:
                    context.update(self.ensure_sync(processor)())
        context.update(given)

    # ---- files, shell, server, tests ----

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> IO[AnyStr]:
        """Open a file in the instance folder, also for writing.

        Args:
            resource: The file, relative to ``instance_path``.
            mode: As for ``open``.
            encoding: For text (Flask 3.1).
        """
        path = os.path.join(self.instance_path, resource)
        return open(path, mode, encoding=None if "b" in mode else encoding)

    def make_shell_context(self) -> dict[str, Any]:
        """Collect the variables of the interactive shell.

        Source: Flask 0.11.
        """
        variables = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            variables.update(processor())
        return variables

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve the application with Werkzeug's development server; not for production.

        Args:
            host: The address to listen on; that of ``SERVER_NAME``, or 127.0.0.1.
            port: The port; that of ``SERVER_NAME``, or 5000.
            debug: Turn debug mode on or off, whatever the environment says.
            load_dotenv: Read ``.env`` and ``.flaskenv``, if python-dotenv is installed.
            **options: For ``werkzeug.serving.run_simple``: ``use_reloader``, ``threaded`` ...
        """
        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            serving.warn_ignored_run()
            return
        # Programs silence the banner by replacing it in the command line's module.
        cli: Any = sys.modules.get(f"{__package__}.cli", serving)
        if get_load_dotenv(load_dotenv):
            cli.load_dotenv()
            # Only now may the files have said so.
            if "FLASK_DEBUG" in os.environ:
                self.debug = get_debug_flag()
        if debug is not None:
            self.debug = bool(debug)

        name, _, name_port = (self.config.get("SERVER_NAME") or "").partition(":")
        host = host or name or "127.0.0.1"
        port = int(port if port or port == 0 else name_port or 5000)
        options.setdefault("use_reloader", self.debug)
        options.setdefault("use_debugger", self.debug)
        options.setdefault("threaded", True)
        cli.show_server_banner(self.debug, self.name)

        from werkzeug.serving import run_simple  # looked up now: programs replace it there

        try:
            run_simple(host, port, self, **options)
        finally:
            # An interactive shell may go on to register things.
            self._got_first_request = False

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> FlaskClient:
        """Make a client that calls the application without a server.

        Args:
            use_cookies: Keep cookies from one request to the next.
            **kwargs: For the client's class.
        """
        cls: Any = self.test_client_class
        if cls is None:
            from .testing import FlaskClient as cls
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)  # type: ignore[no-any-return]

    def test_cli_runner(self, **kwargs: Any) -> FlaskCliRunner:
        """Make a runner for the application's commands.

        Args:
            **kwargs: For the runner's class.

        Source: Flask 1.0.
        """
        cls: Any = self.test_cli_runner_class
        if cls is None:
            from .testing import FlaskCliRunner as cls
        return cls(self, **kwargs)  # type: ignore[no-any-return]


_STOCK = Stock((Flask, OF_CLASS), *PARTS, seldom=SELDOM)
# What an adapter of its own is needed for, if a program has a part in it.
_adapting = Stock((Map, ("bind", "bind_to_environ", "update")), (MapAdapter, ("__init__", "match")))
_hosts = Stock((Request, ("host", "trusted_hosts")))
_create_url_adapter = Flask.create_url_adapter


def _inner_first(ctx: RequestContext, hooks: dict[Any, list[Any]]) -> Iterator[Any]:
    """Give the hooks for a request: inner blueprints', outer's, the application's; last first."""
    if len(hooks) == 1 and None in hooks:
        return reversed(hooks[None])  # type: ignore[no-any-return]  # an iterator
    names = (*ctx._blueprints, None)
    return (func for name in names if name in hooks for func in reversed(hooks[name]))


def _refusal(body: Any) -> str:
    return (
        "The view function did not return a valid"
        " response. The return type must be a string,"
        " dict, list, tuple with headers or status,"
        " Response instance, or WSGI callable, but it"
        f" was a {type(body).__name__}."
    )


def _split_return_value(rv: Any) -> tuple[Any, Any, Any]:
    """Take what a view returned apart into body, status and headers; None where absent."""
    if not isinstance(rv, tuple):
        return rv, None, None
    if len(rv) == 3:
        return rv
    if len(rv) == 2:
        body, second = rv
        if isinstance(second, (Headers, dict, tuple, list)):
            return body, None, second
        return body, second, None
    raise TypeError(
        "The view function did not return a valid response tuple."
        " The tuple must have the form (body, status, headers),"
        " (body, status), or (body, headers)."
    )
