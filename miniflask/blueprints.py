"""Blueprints: set-up that is recorded now and replayed on an application later.

A blueprint registers routes and hooks as an application does, but only writes them down.
``app.register_blueprint`` replays the routes under a name and a URL prefix, and copies the hooks
into the application's tables under that name.  The same blueprint may be registered several
times, under several names, and may contain blueprints itself.

Source: ``flask.blueprints`` and ``flask.sansio.blueprints``.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from functools import cached_property, update_wrapper
from typing import IO, TYPE_CHECKING, Any, AnyStr, TypeVar

from . import typing as ft
from .ctx import _sentinel
from .scaffold import (
    Scaffold,
    T_after_request,
    T_before_request,
    T_error_handler,
    T_teardown,
    T_template_context_processor,
    T_url_defaults,
    T_url_value_preprocessor,
    _endpoint_from_view_func,
    setupmethod,
)

if TYPE_CHECKING:
    from .cli import AppGroup
    from .sansio import App

DeferredSetupFunction = Callable[["BlueprintSetupState"], None]
T_template_filter = TypeVar("T_template_filter", bound=ft.TemplateFilterCallable)
T_template_global = TypeVar("T_template_global", bound=ft.TemplateGlobalCallable)
T_template_test = TypeVar("T_template_test", bound=ft.TemplateTestCallable)


class BlueprintSetupState:
    """One registration of a blueprint: what a recorded function is replayed with.

    Args:
        blueprint: The blueprint.
        app: The application.
        options: What ``register_blueprint`` was called with.
        first_registration: Whether this application has not met the blueprint before.
    """

    def __init__(
        self, blueprint: Blueprint, app: App, options: Any, first_registration: bool
    ) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration

        #: As registered, else as the blueprint says.
        self.subdomain: str | None = self._option("subdomain")
        self.url_prefix: str | None = self._option("url_prefix")

        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults: dict[str, Any] = {
            **blueprint.url_values_defaults,
            **dict(options.get("url_defaults", ())),
        }

    def _option(self, key: str) -> Any:
        value = self.options.get(key)
        return getattr(self.blueprint, key) if value is None else value

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: Any,
    ) -> None:
        """Add a rule to the application, under the blueprint's prefix and name."""
        if self.url_prefix is not None:
            rule = _join_paths(self.url_prefix, rule) if rule else self.url_prefix
        options.setdefault("subdomain", self.subdomain)
        if endpoint is None:
            endpoint = _endpoint_from_view_func(view_func)
        defaults = self.url_defaults
        if "defaults" in options:
            defaults = dict(defaults, **options.pop("defaults"))
        self.app.add_url_rule(
            rule,
            f"{self.name_prefix}.{self.name}.{endpoint}".lstrip("."),
            view_func,
            defaults=defaults,
            **options,
        )


def _join_paths(prefix: str, path: str) -> str:
    return f"{prefix.rstrip('/')}/{path.lstrip('/')}"


def _combine(outer: str | None, inner: str | None, join: Callable[[str, str], str]) -> str | None:
    """Join what a parent and a child say; where one says nothing the other counts."""
    if outer is None or inner is None:
        return outer if inner is None else inner
    return join(outer, inner)


class Blueprint(Scaffold):
    """A part of an application, registered on it under a name.

    Args:
        name: Goes before the endpoints, with a dot; may not contain one.
        import_name: ``__name__`` of the module that makes the blueprint.
        static_folder: A folder with static files, served by a route of the blueprint's own.
        static_url_path: The URL of static files, below *url_prefix*.
        template_folder: A folder with templates, asked after the application's.
        url_prefix: Goes before the blueprint's URLs.
        subdomain: For the blueprint's rules.
        url_defaults: Default values for the blueprint's rules.
        root_path: The folder of the module; found from *import_name* without it.
        cli_group: The name of the command group; None merges the commands into the
            application's.

    Source: ``flask.Blueprint``, Flask 0.7; nested since 2.0.
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = _sentinel,
    ):
        super().__init__(
            import_name=import_name,
            static_folder=static_folder,
            static_url_path=static_url_path,
            template_folder=template_folder,
            root_path=root_path,
        )
        if not name:
            raise ValueError("'name' may not be empty.")
        if "." in name:
            raise ValueError("'name' may not contain a dot '.' character.")
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.url_values_defaults: dict[str, Any] = {} if url_defaults is None else url_defaults
        self.cli_group = cli_group
        #: What to replay at each registration, in the order it was recorded.
        self.deferred_functions: list[DeferredSetupFunction] = []
        self._blueprints: list[tuple[Blueprint, dict[str, Any]]] = []

    @cached_property
    def cli(self) -> AppGroup:
        """The blueprint's command group."""
        from .cli import AppGroup

        return AppGroup(self.name)

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"The setup method '{f_name}' can no longer be called on the blueprint"
                f" '{self.name}'. It has already been registered at least once, any"
                " changes will not be applied consistently.\n"
                "Make sure all imports, decorators, functions, etc. needed to set up"
                " the blueprint are done before registering it."
            )

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Call *func* with the setup state at each registration."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Call *func* with the setup state at the first registration on an application."""

        def first_time_only(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(first_time_only, func))

    def make_setup_state(
        self, app: App, options: dict[str, Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Make the state for one registration; a subclass may return its own."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """Put a blueprint inside this one; registered whenever this one is.

        Source: Flask 2.0.
        """
        if blueprint is self:
            raise ValueError("Cannot register a blueprint on itself")
        self._blueprints.append((blueprint, options))

    def register(self, app: App, options: dict[str, Any]) -> None:
        """Register the blueprint on an application, and then those inside it.

        ``Flask.register_blueprint`` calls this.

        Args:
            app: The application.
            options: ``name``, ``url_prefix``, ``subdomain``, ``url_defaults``, ``cli_group``.

        Raises:
            ValueError: The name is taken.
        """
        name = self._claim_name(app, options)
        first = not any(blueprint is self for blueprint in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first)

        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,
                endpoint="static",
            )
        self._merge_blueprint_funcs(app, name)
        for replay in self.deferred_functions:
            replay(state)
        self._merge_commands(app, name, options.get("cli_group", self.cli_group))
        for child, child_options in self._blueprints:
            child.register(app, self._options_for(child, child_options, state, name))

    def _claim_name(self, app: App, options: dict[str, Any]) -> str:
        """Return the full name to register under, if it is free."""
        own = options.get("name", self.name)
        name: str = f"{options.get('name_prefix', '')}.{own}".lstrip(".")
        if name in app.blueprints:
            whose = "this" if app.blueprints[name] is self else "a different"
            where = f" '{name}'" if own != name else ""
            raise ValueError(
                f"The name '{own}' is already registered for"
                f" {whose} blueprint{where}. Use 'name=' to"
                " provide a unique name."
            )
        return name

    @staticmethod
    def _options_for(
        child: Blueprint, options: dict[str, Any], state: BlueprintSetupState, name: str
    ) -> dict[str, Any]:
        """Work out the options of a blueprint inside this one."""
        own = {
            key: getattr(child, key) if options.get(key) is None else options[key]
            for key in ("url_prefix", "subdomain")
        }
        inherited = {
            "url_prefix": _combine(state.url_prefix, own["url_prefix"], _join_paths),
            "subdomain": _combine(
                state.subdomain, own["subdomain"], lambda outer, inner: f"{inner}.{outer}"
            ),
        }
        given = {key: value for key, value in inherited.items() if value is not None}
        return {**options, **given, "name_prefix": name}

    def _merge_blueprint_funcs(self, app: App, name: str) -> None:
        """Copy hooks, error handlers and views into the application's rows under *name*."""

        def row(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for key, by_code in self.error_handler_spec.items():
            copied = {code: dict(by_class) for code, by_class in by_code.items()}
            app.error_handler_spec[row(key)] = defaultdict(dict, copied)
        app.view_functions.update(self.view_functions)
        for table in (
            "before_request_funcs",
            "after_request_funcs",
            "teardown_request_funcs",
            "url_default_functions",
            "url_value_preprocessors",
            "template_context_processors",
        ):
            for key, functions in getattr(self, table).items():
                getattr(app, table)[row(key)].extend(functions)

    def _merge_commands(self, app: App, name: str, group: str | None) -> None:
        """Give the blueprint's commands to the application, if it has any."""
        if "cli" not in self.__dict__ or not self.cli.commands:
            return
        if group is None:
            app.cli.commands.update(self.cli.commands)
        else:
            self.cli.name = name if group is _sentinel else group
            app.cli.add_command(self.cli)

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Record a rule; see ``Flask.add_url_rule``.

        Raises:
            ValueError: The endpoint or the view's name contains a dot.
        """
        if endpoint and "." in endpoint:
            raise ValueError("'endpoint' may not contain a dot '.' character.")
        if view_func and "." in getattr(view_func, "__name__", ""):
            raise ValueError("'view_func' name may not contain a dot '.' character.")
        self.record(
            lambda state: state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )
        )

    # Each of the following is the application's method of that name, recorded.

    @setupmethod
    def app_template_filter(
        self, name: str | None = None
    ) -> Callable[[T_template_filter], T_template_filter]:
        """Register a template filter on the application, as a decorator."""

        def decorator(f: T_template_filter) -> T_template_filter:
            self.add_app_template_filter(f, name=name)
            return f

        return decorator

    @setupmethod
    def add_app_template_filter(
        self, f: ft.TemplateFilterCallable, name: str | None = None
    ) -> None:
        """Register a template filter on the application."""
        self._record_template("filters", f, name)

    @setupmethod
    def app_template_test(
        self, name: str | None = None
    ) -> Callable[[T_template_test], T_template_test]:
        """Register a template test on the application, as a decorator."""

        def decorator(f: T_template_test) -> T_template_test:
            self.add_app_template_test(f, name=name)
            return f

        return decorator

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Register a template test on the application."""
        self._record_template("tests", f, name)

    @setupmethod
    def app_template_global(
        self, name: str | None = None
    ) -> Callable[[T_template_global], T_template_global]:
        """Register a template global on the application, as a decorator."""

        def decorator(f: T_template_global) -> T_template_global:
            self.add_app_template_global(f, name=name)
            return f

        return decorator

    @setupmethod
    def add_app_template_global(
        self, f: ft.TemplateGlobalCallable, name: str | None = None
    ) -> None:
        """Register a template global on the application."""
        self._record_template("globals", f, name)

    def _record_template(self, table: str, f: Callable[..., Any], name: str | None) -> None:
        def register(state: BlueprintSetupState) -> None:
            getattr(state.app.jinja_env, table)[name or f.__name__] = f

        self.record_once(register)

    def _record_hook(self, table: str, f: Callable[..., Any]) -> None:
        def register(state: BlueprintSetupState) -> None:
            getattr(state.app, table).setdefault(None, []).append(f)

        self.record_once(register)

    @setupmethod
    def before_app_request(self, f: T_before_request) -> T_before_request:
        """Call *f* before every request of the application."""
        self._record_hook("before_request_funcs", f)
        return f

    @setupmethod
    def after_app_request(self, f: T_after_request) -> T_after_request:
        """Call *f* with every response of the application."""
        self._record_hook("after_request_funcs", f)
        return f

    @setupmethod
    def teardown_app_request(self, f: T_teardown) -> T_teardown:
        """Call *f* after every request of the application."""
        self._record_hook("teardown_request_funcs", f)
        return f

    @setupmethod
    def app_context_processor(
        self, f: T_template_context_processor
    ) -> T_template_context_processor:
        """Call *f* for every template of the application."""
        self._record_hook("template_context_processors", f)
        return f

    @setupmethod
    def app_url_value_preprocessor(self, f: T_url_value_preprocessor) -> T_url_value_preprocessor:
        """Call *f* with endpoint and view arguments of every request of the application."""
        self._record_hook("url_value_preprocessors", f)
        return f

    @setupmethod
    def app_url_defaults(self, f: T_url_defaults) -> T_url_defaults:
        """Call *f* whenever the application builds a URL."""
        self._record_hook("url_default_functions", f)
        return f

    @setupmethod
    def app_errorhandler(
        self, code: type[Exception] | int
    ) -> Callable[[T_error_handler], T_error_handler]:
        """Handle a status code or an exception class for the whole application."""

        def decorator(f: T_error_handler) -> T_error_handler:
            def register(state: BlueprintSetupState) -> None:
                state.app.errorhandler(code)(f)

            self.record_once(register)
            return f

        return decorator

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> IO[AnyStr]:
        """Open a file in the blueprint's folder for reading; see ``Flask.open_resource``."""
        return super().open_resource(resource, mode, encoding)
