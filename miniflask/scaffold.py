"""What an application and a blueprint have in common: registering.

Routes, hooks, error handlers, folders.  Everything is kept in tables keyed by the name of a
blueprint, with None for the application itself; registering a blueprint copies its None rows
into the application's rows under the blueprint's name, and dispatch reads nothing but the tables.

Source: ``flask.sansio.scaffold``.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import update_wrapper
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, AnyStr, TypeVar, cast

from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.utils import cached_property

from . import typing as ft
from .extras import require
from .globals import _cv_app, current_app
from .helpers import get_root_path, send_from_directory
from .templating import _default_template_ctx_processor
from .wrappers import Response

if TYPE_CHECKING:
    from jinja2 import BaseLoader

F = TypeVar("F", bound=Callable[..., Any])
T_after_request = TypeVar("T_after_request", bound=ft.AfterRequestCallable[Any])
T_before_request = TypeVar("T_before_request", bound=ft.BeforeRequestCallable)
T_error_handler = TypeVar("T_error_handler", bound=ft.ErrorHandlerCallable)
T_teardown = TypeVar("T_teardown", bound=ft.TeardownCallable)
T_template_context_processor = TypeVar(
    "T_template_context_processor", bound=ft.TemplateContextProcessorCallable
)
T_url_defaults = TypeVar("T_url_defaults", bound=ft.URLDefaultCallable)
T_url_value_preprocessor = TypeVar(
    "T_url_value_preprocessor", bound=ft.URLValuePreprocessorCallable
)
T_route = TypeVar("T_route", bound=ft.RouteCallable)

# Row of a blueprint (None: the application) -> status code or None -> class -> handler.
ErrorHandlerSpec = dict[
    ft.AppOrBlueprintKey,
    dict[int | None, dict[type[Exception], ft.ErrorHandlerCallable]],
]


def setupmethod(f: F) -> F:
    """Refuse a registering method once it could no longer have its effect.

    For an application that is after its first request, for a blueprint after its registration.
    """
    name = f.__name__

    def checked(self: Scaffold, *args: Any, **kwargs: Any) -> Any:
        self._check_setup_finished(name)
        return f(self, *args, **kwargs)

    return cast(F, update_wrapper(checked, f))


class Scaffold:
    """The registering half of applications and blueprints.

    Args:
        import_name: ``__name__`` of the module that makes this.
        static_folder: The folder with static files, relative to the root path.
        static_url_path: The URL they are served under.
        template_folder: The folder with templates, relative to the root path.
        root_path: The folder of the module; found from *import_name* without it.
    """

    name: str
    _static_folder: str | None = None
    _static_url_path: str | None = None

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ):
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path: str = get_root_path(import_name) if root_path is None else root_path

        #: Endpoint -> view.
        self.view_functions: dict[str, ft.RouteCallable] = {}
        #: Row -> code -> exception class -> handler.
        self.error_handler_spec: ErrorHandlerSpec = defaultdict(lambda: defaultdict(dict))

        # Each of these: row -> functions, in the order of their registration.
        self.before_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.BeforeRequestCallable]]
        self.before_request_funcs = defaultdict(list)
        self.after_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.AfterRequestCallable[Any]]]
        self.after_request_funcs = defaultdict(list)
        self.teardown_request_funcs: dict[ft.AppOrBlueprintKey, list[ft.TeardownCallable]]
        self.teardown_request_funcs = defaultdict(list)
        self.template_context_processors: dict[
            ft.AppOrBlueprintKey, list[ft.TemplateContextProcessorCallable]
        ] = defaultdict(list, {None: [_default_template_ctx_processor]})
        self.url_value_preprocessors: dict[
            ft.AppOrBlueprintKey, list[ft.URLValuePreprocessorCallable]
        ] = defaultdict(list)
        self.url_default_functions: dict[ft.AppOrBlueprintKey, list[ft.URLDefaultCallable]]
        self.url_default_functions = defaultdict(list)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        """Raise AssertionError if the setup method *f_name* comes too late."""
        raise NotImplementedError

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the static folder, or None."""
        if self._static_folder is None:
            return None
        return os.path.join(self.root_path, self._static_folder)

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """Whether a static folder is set; it need not exist."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """The URL of static files: as set, else ``/`` and the folder's name, else None."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is None:
            return None
        return f"/{os.path.basename(self.static_folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """The Jinja loader for the template folder, or None."""
        if self.template_folder is None:
            return None
        jinja2 = require("jinja2", needed_by="A template folder", install="jinja2")
        return jinja2.FileSystemLoader(  # type: ignore[no-any-return]  # imported when needed
            os.path.join(self.root_path, self.template_folder)
        )

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Say how long a file is cached, in seconds: ``SEND_FILE_MAX_AGE_DEFAULT``.

        None leaves it to the client to ask each time.  A subclass may decide by *filename*.

        Source: Flask 0.9; None by default since 2.0.
        """
        app_ctx = _cv_app.get(None)
        app = current_app if app_ctx is None else app_ctx.app
        value: Any = app.config["SEND_FILE_MAX_AGE_DEFAULT"]
        if isinstance(value, timedelta):
            return int(value.total_seconds())
        return value  # type: ignore[no-any-return]  # a setting

    def send_static_file(self, filename: str) -> Response:
        """Send a file from the static folder.

        Raises:
            RuntimeError: There is no static folder.
            NotFound: There is no such file in it.

        Source: Flask 0.5.
        """
        if not self.has_static_folder:
            raise RuntimeError("'static_folder' must be set to serve static_files.")
        max_age = self.get_send_file_max_age(filename)
        return send_from_directory(cast(str, self.static_folder), filename, max_age=max_age)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> IO[AnyStr]:
        """Open a file in the folder of the module for reading.

        Args:
            resource: The file, relative to ``root_path``.
            mode: ``"rb"``, ``"r"`` or ``"rt"``.
            encoding: For text (Flask 3.1).

        Raises:
            ValueError: The mode is for writing.
        """
        if mode not in {"r", "rt", "rb"}:
            raise ValueError("Resources can only be opened for reading.")
        path = os.path.join(self.root_path, resource)
        return open(path, mode, encoding=None if mode == "rb" else encoding)

    def _method_route(
        self, method: str, rule: str, options: dict[str, Any]
    ) -> Callable[[T_route], T_route]:
        if "methods" in options:
            raise TypeError("Use the 'route' decorator to use the 'methods' argument.")
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: Any) -> Callable[[T_route], T_route]:
        """Route GET (and HEAD) requests for *rule* to a view.

        Source: Flask 2.0, as the four that follow.
        """
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: Any) -> Callable[[T_route], T_route]:
        """Route POST requests for *rule* to a view."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: Any) -> Callable[[T_route], T_route]:
        """Route PUT requests for *rule* to a view."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: Any) -> Callable[[T_route], T_route]:
        """Route DELETE requests for *rule* to a view."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: Any) -> Callable[[T_route], T_route]:
        """Route PATCH requests for *rule* to a view."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: Any) -> Callable[[T_route], T_route]:
        """Route requests for *rule* to a view, as a decorator.

        Args:
            rule: The URL, with ``<converter:name>`` for its variable parts.
            **options: ``endpoint`` names the view, otherwise its ``__name__`` does; the others
                are those of :meth:`add_url_rule`.
        """

        def decorator(f: T_route) -> T_route:
            # Popped, so that a decorator used twice names only its first view.
            self.add_url_rule(rule, options.pop("endpoint", None), f, **options)
            return f

        return decorator

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
            view_func: The view; may be registered for the endpoint elsewhere.
            provide_automatic_options: Answer OPTIONS with the allowed methods.
            **options: ``methods``, and the arguments of ``routing.Rule``.
        """
        raise NotImplementedError

    @setupmethod
    def endpoint(self, endpoint: str) -> Callable[[F], F]:
        """Register a view for an endpoint whose rules are added elsewhere."""

        def decorator(f: F) -> F:
            self.view_functions[endpoint] = f
            return f

        return decorator

    @setupmethod
    def before_request(self, f: T_before_request) -> T_before_request:
        """Call *f* before the view; if it returns anything but None, that is the response.

        On a blueprint, for requests to its views.
        """
        self.before_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def after_request(self, f: T_after_request) -> T_after_request:
        """Call *f* with the response; it returns that or another one.

        The last registered runs first.  Not called if an exception reaches the server.
        """
        self.after_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: T_teardown) -> T_teardown:
        """Call *f* when the request context is popped, whatever happened.

        It takes the exception that ended the request, or None; what it returns is ignored.  The
        last registered runs first, and one that raises keeps the others from running.
        """
        self.teardown_request_funcs.setdefault(None, []).append(f)
        return f

    @setupmethod
    def context_processor(self, f: T_template_context_processor) -> T_template_context_processor:
        """Call *f* for each template; it returns a dict of variables to add."""
        self.template_context_processors[None].append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Call *f* with the endpoint and the view arguments before any other hook.

        It may change the arguments in place.
        """
        self.url_value_preprocessors[None].append(f)
        return f

    @setupmethod
    def url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Call *f* with endpoint and values whenever a URL is built; it may add values."""
        self.url_default_functions[None].append(f)
        return f

    @setupmethod
    def errorhandler(
        self, code_or_exception: type[Exception] | int
    ) -> Callable[[T_error_handler], T_error_handler]:
        """Handle a status code or an exception class, as a decorator."""

        def decorator(f: T_error_handler) -> T_error_handler:
            self.register_error_handler(code_or_exception, f)
            return f

        return decorator

    @setupmethod
    def register_error_handler(
        self, code_or_exception: type[Exception] | int, f: ft.ErrorHandlerCallable
    ) -> None:
        """Handle a status code or an exception class.

        Args:
            code_or_exception: The code of an HTTP exception, or a class.
            f: Takes the exception, returns what a view may return.

        Raises:
            ValueError: No such code, or not a subclass of Exception.
            TypeError: An instance was passed.
        """
        exc_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exc_class] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """Return the exception class that is meant, and its HTTP code if it has one."""
        exc_class: Any = exc_class_or_code
        if isinstance(exc_class_or_code, int):
            exc_class = default_exceptions.get(exc_class_or_code)
            if exc_class is None:
                raise ValueError(
                    f"'{exc_class_or_code}' is not a recognized HTTP"
                    " error code. Use a subclass of HTTPException with"
                    " that code instead."
                )
        if isinstance(exc_class, Exception):
            raise TypeError(
                f"{exc_class!r} is an instance, not a class. Handlers can"
                " only be registered for Exception classes or HTTP error"
                " codes."
            )
        if not issubclass(exc_class, Exception):
            raise ValueError(
                f"'{exc_class.__name__}' is not a subclass of Exception."
                " Handlers can only be registered for Exception classes"
                " or HTTP error codes."
            )
        return exc_class, exc_class.code if issubclass(exc_class, HTTPException) else None


def _endpoint_from_view_func(view_func: ft.RouteCallable | None) -> str:
    """Name a view's endpoint after the view."""
    assert view_func is not None, "expected view func if endpoint is not provided."
    return view_func.__name__


def _package_parent(import_name: str) -> str:
    """Find the folder that holds the top-level package or module of *import_name*."""
    top = import_name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return os.getcwd()

    locations = spec.submodule_search_locations
    if not locations:
        assert spec.origin is not None
        return os.path.dirname(spec.origin)
    if spec.origin is not None:
        return os.path.dirname(os.path.dirname(spec.origin))
    # A namespace package lies in several folders: take the one this package is in.
    package = importlib.util.find_spec(import_name)
    folder = next(iter(locations))
    if package is not None and package.submodule_search_locations:
        path = Path(os.path.commonpath(list(package.submodule_search_locations)))
        folder = next(place for place in locations if path.is_relative_to(place))
    return os.path.dirname(folder)


def find_package(import_name: str) -> tuple[str | None, str]:
    """Find where a package is installed and where it is imported from.

    Args:
        import_name: The package's dotted name.

    Returns:
        The installation's prefix, or None if the package is not installed; and the folder that
        holds the top-level package.
    """
    folder = _package_parent(import_name)
    prefix = os.path.abspath(sys.prefix)
    if PurePath(folder).is_relative_to(prefix):
        return prefix, folder

    parent, name = os.path.split(folder)
    if name.lower() != "site-packages":
        return None, folder
    above, parent_name = os.path.split(parent)
    if parent_name.lower() == "lib":  # Windows: prefix/lib/site-packages
        return above, folder
    if os.path.basename(above).lower() == "lib":  # POSIX: prefix/lib/pythonX.Y/site-packages
        return os.path.dirname(above), folder
    return parent, folder
