"""Groups of commands: an application's or blueprint's own, and the whole command line.

Source: ``flask.cli``, Flask 3.1.
"""

from __future__ import annotations

import importlib.metadata
import os
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..globals import _cv_app
from .commands import routes_command, run_command, shell_command
from .discovery import NoAppException
from .info import ScriptInfo, with_appcontext
from .params import _app_option, _debug_option, _env_file_option, version_option

if TYPE_CHECKING:
    from ..app import Flask


class AppGroup(click.Group):
    """A group whose commands run in the application's context.

    ``app.cli`` and ``blueprint.cli`` are such groups.

    Source: Flask 0.11.
    """

    def command(  # type: ignore[override]  # always called, never a bare decorator
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Command]:
        """Make a command of a function.

        Args:
            *args: For ``click.Group.command``.
            **kwargs: Likewise; with ``with_appcontext=False`` the function runs outside the
                application's context.
        """
        in_context = kwargs.pop("with_appcontext", True)
        make = super().command(*args, **kwargs)
        return lambda f: make(with_appcontext(f) if in_context else f)

    def group(  # type: ignore[override]  # always called, never a bare decorator
        self, *args: Any, **kwargs: Any
    ) -> Callable[[Callable[..., Any]], click.Group]:
        """Make a subgroup of a function, an :class:`AppGroup` as well.

        Args:
            *args: For ``click.Group.group``.
            **kwargs: Likewise.
        """
        kwargs.setdefault("cls", AppGroup)
        return super().group(*args, **kwargs)  # type: ignore[no-any-return]  # Any in its overloads


def _echo_error(message: str) -> None:
    click.secho(f"{message}\n", err=True, fg="red")


class FlaskGroup(AppGroup):
    """The command line of an application: common commands, those of plugins, and its own.

    Args:
        add_default_commands: Have ``run``, ``shell`` and ``routes``.
        create_app: Makes the application, which otherwise ``--app`` names.
        add_version_option: Have ``--version``.
        load_dotenv: Read ``.env`` and ``.flaskenv``, if python-dotenv is installed.
        set_debug_flag: Turn debug mode on or off as ``FLASK_DEBUG`` says.
        **extra: For ``click.Group``.

    Source: Flask 0.11; ``--app``, ``--debug`` and ``--env-file`` since 2.2.
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        # Options with callbacks, for the group's own callback is the program's.
        params = [*(extra.pop("params", None) or ()), _env_file_option, _app_option, _debug_option]
        if add_version_option:
            params.append(version_option)
        extra.setdefault("context_settings", {}).setdefault("auto_envvar_prefix", "FLASK")
        super().__init__(params=params, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        if add_default_commands:
            for command in (run_command, shell_command, routes_command):
                self.add_command(command)
        self._loaded_plugin_commands = False

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Make Click's context for one invocation, with a :class:`ScriptInfo` as its object."""
        # Importing the application may call app.run(), and the command would never begin.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in extra and "obj" not in self.context_settings:
            extra["obj"] = ScriptInfo(
                create_app=self.create_app,
                set_debug_flag=self.set_debug_flag,
                load_dotenv_defaults=self.load_dotenv,
            )
        return super().make_context(info_name, args, parent=parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Process the options, and see to it that help knows the application's commands."""
        helps = [[name] for name in self.get_help_option_names(ctx)]
        if args in helps or (not args and self.no_args_is_help):
            # Help comes before options that are not given, but the environment may set these two.
            for option in (_env_file_option, _app_option):
                option.handle_parse_result(ctx, {}, [])
        return super().parse_args(ctx, args)

    def get_command(  # pyright: ignore[reportIncompatibleMethodOverride]  # Flask's word: name
        self, ctx: click.Context, name: str
    ) -> click.Command | None:
        """Find a command; only for those of the application, load it and push its context."""
        self._load_plugin_commands()
        command = super().get_command(ctx, name)
        if command is not None:
            return command
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except NoAppException as e:
            _echo_error(f"Error: {e.format_message()}")
            return None
        active = _cv_app.get(None)
        if active is None or active.app is not app:
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List all commands; an application that cannot be loaded adds none but an error."""
        self._load_plugin_commands()
        names = set(super().list_commands(ctx))
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as e:
            _echo_error(f"Error: {e.format_message()}")
        except Exception:
            _echo_error(traceback.format_exc())
        return sorted(names)

    def _load_plugin_commands(self) -> None:
        """Add what installed distributions offer as entry points, once."""
        if self._loaded_plugin_commands:
            return
        for group in ("flask.commands", "miniflask.commands"):
            for entry_point in importlib.metadata.entry_points(group=group):
                self.add_command(entry_point.load(), entry_point.name)
        self._loaded_plugin_commands = True
