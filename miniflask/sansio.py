"""What an application is before any request: its settings, its name, its registries.

``Flask`` in ``app.py`` adds what happens during a request.  The line between the two halves is
Flask's own (``flask/sansio/app.py``): nothing here reads or writes a socket.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, ValuesView
from datetime import timedelta
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError
from werkzeug.utils import cached_property
from werkzeug.utils import redirect as _wz_redirect

from . import typing as ft
from .config import Config, ConfigAttribute
from .ctx import _AppCtxGlobals
from .helpers import get_debug_flag
from .json.provider import DefaultJSONProvider, JSONProvider
from .logging import create_logger
from .ondemand import on_demand
from .routing import BuildError, Map, Rule
from .scaffold import Scaffold, T_teardown, _endpoint_from_view_func, find_package, setupmethod
from .shortcut import DECIDES, reasons
from .templating import require_jinja
from .wrappers import _blueprint_path

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from .blueprints import Blueprint
    from .cli import AppGroup
    from .jinja import DispatchingJinjaLoader, Environment
    from .stock import Stock
    from .testing import FlaskClient, FlaskCliRunner
    from .wrappers import Response

T_before_first_request = TypeVar("T_before_first_request", bound=ft.BeforeFirstRequestCallable)
T_shell_context_processor = TypeVar(
    "T_shell_context_processor", bound=ft.ShellContextProcessorCallable
)
T_template_filter = TypeVar("T_template_filter", bound=ft.TemplateFilterCallable)
T_template_global = TypeVar("T_template_global", bound=ft.TemplateGlobalCallable)
T_template_test = TypeVar("T_template_test", bound=ft.TemplateTestCallable)


def _make_timedelta(value: timedelta | int | None) -> timedelta | None:
    if value is None or isinstance(value, timedelta):
        return value
    return timedelta(seconds=value)


class _EnvironmentClass:
    """The default of ``jinja_environment``: a class that exists once Jinja2 is imported."""

    def __get__(self, app: App | None, owner: type[App]) -> type[Environment]:
        return require_jinja("A template").Environment  # type: ignore[no-any-return]


class App(Scaffold):
    """The half of an application that registers and configures.

    The arguments are those of ``miniflask.Flask``.
    """

    #: Makes :attr:`aborter`, which ``abort`` calls.
    aborter_class = Aborter
    #: Makes :attr:`jinja_env`.
    jinja_environment: Any = _EnvironmentClass()
    #: Makes :data:`miniflask.g` for each app context.
    app_ctx_globals_class = _AppCtxGlobals
    #: Makes :attr:`config`.
    config_class = Config
    #: Makes :attr:`json`.
    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    #: Makes each rule of :attr:`url_map`.
    url_rule_class = Rule
    #: Makes :attr:`url_map`.
    url_map_class = Map
    #: Makes the test client; None for ``miniflask.testing.FlaskClient``.
    test_client_class: type[FlaskClient] | None = None
    #: Makes the command runner; None for ``miniflask.testing.FlaskCliRunner``.
    test_cli_runner_class: type[FlaskCliRunner] | None = None

    _reasons: tuple[str, ...] | None = None

    @on_demand
    def before_first_request_funcs(self) -> list[ft.BeforeFirstRequestCallable]:
        """The functions to call before the first request; Flask dropped the list in 2.3."""
        return []

    #: Whether tests are at work: errors reach them instead of becoming a 500.
    testing = ConfigAttribute[bool]("TESTING")
    #: What the session cookie is signed with.
    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    #: How long a permanent session lasts; a number is seconds.
    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=_make_timedelta,  # type: ignore[arg-type]  # None only if so configured
    )

    #: Arguments for the Jinja environment; to be changed before it is first used.
    jinja_options: dict[str, Any] = {}
    default_config: dict[str, Any]
    response_class: type[Response]
    cli: AppGroup

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        #: A folder for files that belong to this installation.
        self.instance_path = self._check_instance_path(instance_path)
        #: The settings.
        self.config = self.make_config(instance_relative_config)
        #: Raises the HTTP exception for a status code.
        self.aborter = self.make_aborter()
        #: Does JSON for the application.
        self.json: JSONProvider = self.json_provider_class(self)

        #: Called with error, endpoint and values when a URL cannot be built.
        self.url_build_error_handlers: list[Callable[[Exception, str, dict[str, Any]], str]] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = []
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []

        #: Full name -> blueprint, in the order of their registration.
        self.blueprints: dict[str, Blueprint] = {}
        #: A place for extensions to keep what belongs to this application.
        self.extensions: dict[str, Any] = {}
        #: The route map.
        self.url_map = self.url_map_class(host_matching=host_matching)
        self.subdomain_matching = subdomain_matching
        self._got_first_request = False
        self._first_request_lock = Lock()
        # Named now, though made later: the name may be set to something else meanwhile.
        self._cli_name = self.name
        if self.has_static_folder:
            self._add_static_route(static_host, host_matching)
        # Python looks attributes up much faster in a dict of its own than in one that shares its
        # keys with other instances, which is what it has made here.
        self.__dict__ = dict(self.__dict__)

    def _check_instance_path(self, path: str | None) -> str:
        """Return the folder that was given, or find one.

        Raises:
            ValueError: It is not an absolute path.
        """
        if path is None:
            return self.auto_find_instance_path()
        if not os.path.isabs(path):
            raise ValueError(
                "If an instance path is provided it must be absolute."
                " A relative path was given instead."
            )
        return path

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in DECIDES:
            self._reasons = None

    def _collect_reasons(self, stock: Stock) -> tuple[str, ...]:
        """Collect what decides about the short way, for as long as none of it is replaced."""
        self._reasons = reasons(self, stock)  # type: ignore[arg-type]  # only a Flask has requests
        return self._reasons

    def _add_static_route(self, static_host: str | None, host_matching: bool) -> None:
        """Route static files; there is nothing to serve them with here."""

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called"
                " on the application. It has already handled its first"
                " request, any changes will not be applied"
                " consistently.\n"
                "Make sure all imports, decorators, functions, etc."
                " needed to set up the application are done before"
                " running it."
            )

    @cached_property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]  # may be set
        """The import name; for a script, the file's name without ``.py``."""
        if self.import_name != "__main__":
            return self.import_name
        filename: str | None = getattr(sys.modules["__main__"], "__file__", None)
        if filename is None:
            return "__main__"
        return os.path.splitext(os.path.basename(filename))[0]

    @cached_property
    def logger(self) -> logging.Logger:
        """The logger named as the application; see ``miniflask.logging``."""
        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """The Jinja environment, made by :meth:`create_jinja_environment` at first use."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        """Make the Jinja environment."""
        raise NotImplementedError()

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make the settings: the defaults, and DEBUG as ``FLASK_DEBUG`` says.

        Args:
            instance_relative: Have file names start from the instance folder.
        """
        root_path = self.instance_path if instance_relative else self.root_path
        return self.config_class(root_path, {**self.default_config, "DEBUG": get_debug_flag()})

    def make_aborter(self) -> Aborter:
        """Make what ``abort`` calls.

        Source: Flask 2.2.
        """
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """Find the instance folder: beside the package, or under ``var`` if installed.

        Source: Flask 0.8.
        """
        prefix, folder = find_package(self.import_name)
        if prefix is None:
            return os.path.join(folder, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def create_global_jinja_loader(self) -> DispatchingJinjaLoader:
        """Make the loader that asks the application's and every blueprint's folder."""
        return require_jinja("A template").DispatchingJinjaLoader(self)  # type: ignore[no-any-return]

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Tell whether a template escapes what it prints: HTML, XML, SVG and strings do."""
        return filename is None or filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    @property
    def debug(self) -> bool:
        """Whether debug mode is on: the setting ``DEBUG``."""
        return self.config["DEBUG"]  # type: ignore[no-any-return]

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        # An environment that is made later will look at the setting itself.
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.jinja_env.auto_reload = value

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Register a blueprint.

        Args:
            blueprint: The blueprint.
            **options: ``name``, ``url_prefix``, ``subdomain``, ``url_defaults``, ``cli_group``
                in place of the blueprint's own.

        Source: Flask 0.7; *name* since 2.0.1.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> ValuesView[Blueprint]:
        """Iterate over the blueprints in the order of their registration."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Route requests for *rule* to an endpoint.

        Args:
            rule: The URL, with ``<converter:name>`` for its variable parts.
            endpoint: The name to build URLs with; the view's ``__name__`` without it.
            view_func: The view; may be registered for the endpoint elsewhere. Its attributes
                ``methods``, ``required_methods`` and ``provide_automatic_options`` are used
                where the arguments say nothing.
            provide_automatic_options: Answer OPTIONS with the allowed methods.
            **options: ``methods``, and the arguments of ``routing.Rule``.

        Raises:
            TypeError: *methods* is a string.
            AssertionError: The endpoint has another view already.
        """
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        options["endpoint"] = endpoint

        methods = options.pop("methods", None)
        if methods is None:
            methods = getattr(view_func, "methods", None) or ("GET",)
        if isinstance(methods, str):
            raise TypeError(
                "Allowed methods must be a list of strings, for"
                ' example: @app.route(..., methods=["POST"])'
            )
        methods = {method.upper() for method in methods}
        required: set[str] = set(getattr(view_func, "required_methods", ()))

        if provide_automatic_options is None:
            provide_automatic_options = getattr(view_func, "provide_automatic_options", None)
        if provide_automatic_options is None:
            provide_automatic_options = (
                "OPTIONS" not in methods and self.config["PROVIDE_AUTOMATIC_OPTIONS"]
            )
            if provide_automatic_options:
                required.add("OPTIONS")

        rule_obj = self.url_rule_class(rule, methods=methods | required, **options)
        rule_obj.provide_automatic_options = provide_automatic_options  # type: ignore[attr-defined]
        self.url_map.add(rule_obj)

        if view_func is not None:
            known = self.view_functions.get(endpoint)
            if known is not None and known != view_func:
                raise AssertionError(
                    "View function mapping is overwriting an existing"
                    f" endpoint function: {endpoint}"
                )
            self.view_functions[endpoint] = view_func

    @setupmethod
    def template_filter(
        self, name: str | None = None
    ) -> Callable[[T_template_filter], T_template_filter]:
        """Register a template filter, as a decorator.

        Args:
            name: The filter's name; the function's without it.
        """

        def decorator(f: T_template_filter) -> T_template_filter:
            self.add_template_filter(f, name=name)
            return f

        return decorator

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Register a template filter."""
        self.jinja_env.filters[name or f.__name__] = f

    @setupmethod
    def template_test(
        self, name: str | None = None
    ) -> Callable[[T_template_test], T_template_test]:
        """Register a template test, as a decorator.

        Source: Flask 0.10.
        """

        def decorator(f: T_template_test) -> T_template_test:
            self.add_template_test(f, name=name)
            return f

        return decorator

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Register a template test."""
        self.jinja_env.tests[name or f.__name__] = f

    @setupmethod
    def template_global(
        self, name: str | None = None
    ) -> Callable[[T_template_global], T_template_global]:
        """Register a template global, as a decorator.

        Source: Flask 0.10.
        """

        def decorator(f: T_template_global) -> T_template_global:
            self.add_template_global(f, name=name)
            return f

        return decorator

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Register a template global."""
        self.jinja_env.globals[name or f.__name__] = f

    @setupmethod
    def before_first_request(self, f: T_before_first_request) -> T_before_first_request:
        """Call *f* once, before anything else is done for the first request.

        Requests that arrive meanwhile on other threads wait for it.  Set up your application
        where you make it instead: with several worker processes this runs in each of them.

        Source: Flask up to 2.2, which deprecated it; 2.3 dropped it.
        """
        self.before_first_request_funcs.append(f)
        return f

    @setupmethod
    def teardown_appcontext(self, f: T_teardown) -> T_teardown:
        """Call *f* when an app context is popped, after the request's teardown functions.

        It takes the exception that ended the context's work, or None.  The last registered runs
        first.

        Source: Flask 0.9.
        """
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: T_shell_context_processor) -> T_shell_context_processor:
        """Call *f* for the variables of the interactive shell; it returns a dict.

        Source: Flask 0.11.
        """
        self.shell_context_processors.append(f)
        return f

    def _find_error_handler(
        self, e: Exception, blueprints: list[str]
    ) -> ft.ErrorHandlerCallable | None:
        """Find the handler nearest to an exception.

        By code before by class alone; for each the blueprint's, those of the blueprints around
        it, the application's; in each the exception's own class before its bases.
        """
        exc_class, code = self._get_exc_class_and_code(type(e))
        spec = self.error_handler_spec
        rows = [spec[name] for name in (*blueprints, None) if name in spec]
        for by in (None,) if code is None else (code, None):
            for row in rows:
                handlers = row.get(by)
                if not handlers:
                    continue
                for cls in exc_class.__mro__:
                    handler = handlers.get(cls)
                    if handler is not None:
                        return handler
        return None

    def trap_http_exception(self, e: Exception) -> bool:
        """Tell whether an HTTP exception is treated as any other one.

        ``TRAP_HTTP_EXCEPTIONS`` says so for all of them, ``TRAP_BAD_REQUEST_ERRORS`` for bad
        requests; in debug mode a missing form key is trapped unless the latter is False.

        Source: Flask 0.8.  Handlers registered for the exception still run.
        """
        if self.config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap_bad_request = self.config["TRAP_BAD_REQUEST_ERRORS"]
        if trap_bad_request is None:
            return bool(self.debug) and isinstance(e, BadRequestKeyError)
        return bool(trap_bad_request) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Tell whether the teardown functions should not hear of an error; a subclass decides.

        Source: Flask 0.10.
        """
        return False

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """Make a response of :attr:`response_class` that sends the client elsewhere.

        Args:
            location: The URL.
            code: The status.

        Source: Flask 2.2.
        """
        return _wz_redirect(location, code=code, Response=self.response_class)

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Let the ``url_defaults`` functions add values before a URL is built.

        The application's come first, then those of the endpoint's blueprints, outer first.

        Source: Flask 0.7.
        """
        if not self.url_default_functions:
            return
        names: Iterable[str | None] = (None,)
        if "." in endpoint:
            names = chain(names, reversed(_blueprint_path(endpoint.rpartition(".")[0])))
        for name in names:
            if name in self.url_default_functions:
                for func in self.url_default_functions[name]:
                    func(endpoint, values)

    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, Any]
    ) -> str:
        """Ask each of ``url_build_error_handlers`` for a URL; raise the error if none has one.

        Args:
            error: Why the URL could not be built; a handler may raise another one.
            endpoint: The endpoint.
            values: The values, and ``_anchor``, ``_method``, ``_scheme``, ``_external``.

        Raises:
            BuildError: No handler returned anything but None.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as e:
                error = e
            else:
                if url is not None:
                    return url
        try:
            # As it stands if it is the one being handled, for the shorter traceback.
            if error is sys.exc_info()[1]:
                raise
            raise error
        finally:
            # Its traceback holds this frame, and the frame would hold it.
            del error
