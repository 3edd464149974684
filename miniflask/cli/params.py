"""The options that every command line of an application has, and the types of those of ``run``.

Source: ``flask.cli``, Flask 3.1.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
from typing import Any

import click
from click.core import ParameterSource
from werkzeug.utils import import_string

from .info import ScriptInfo

#: The distribution that ``--version`` speaks of.
DISTRIBUTION = "miniflask-study"


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Show the versions that matter for a bug report, and exit."""
    if not value or ctx.resilient_parsing:
        return
    click.echo(
        f"Python {platform.python_version()}\n"
        f"{DISTRIBUTION} {importlib.metadata.version(DISTRIBUTION)}\n"
        f"Werkzeug {importlib.metadata.version('werkzeug')}",
        color=ctx.color,
    )
    ctx.exit()


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool) -> bool | None:
    if ctx.get_parameter_source("debug") in (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP):
        return None
    # In the environment a factory can see it before there is an application.
    os.environ["FLASK_DEBUG"] = "1" if value else "0"
    return value


def _env_file_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    # From the package, at the last moment: that is where programs replace it.
    from . import load_dotenv

    if value is not None:
        try:
            import dotenv  # noqa: F401  # is it there?
        except ImportError:
            raise click.BadParameter(
                "python-dotenv must be installed to load an env file.", ctx, param
            ) from None
    if value is not None or ctx.obj.load_dotenv_defaults:
        load_dotenv(value, load_defaults=ctx.obj.load_dotenv_defaults)
    return value


# Eager options are processed first: the env file may name the application, and both must be known
# when --help, eager too, lists the application's commands.
_env_file_option = click.Option(
    ["-e", "--env-file"],
    type=click.Path(exists=True, dir_okay=False),
    help="Set environment variables from this file, where they are not set yet. Goes before"
    " '.env', and that before '.flaskenv'. Needs python-dotenv.",
    is_eager=True,
    expose_value=False,
    callback=_env_file_callback,
)

_app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    help="Where the application is: 'module', 'module:name' or 'module:factory(args)'. The module"
    " is a dotted name or a file. The names 'app', 'application', 'create_app' and 'make_app'"
    " are found by themselves.",
    is_eager=True,
    expose_value=False,
    callback=_set_app,
)

_debug_option = click.Option(
    ["--debug/--no-debug"],
    help="Turn debug mode on or off.",
    expose_value=False,
    callback=_set_debug,
)

version_option = click.Option(
    ["--version"],
    help="Show the versions of Python, miniflask-study and Werkzeug.",
    expose_value=False,
    callback=get_version,
    is_flag=True,
    is_eager=True,
)


class CertParamType(click.ParamType):  # type: ignore[type-arg]  # generic only in newer Clicks
    """The type of ``--cert``: a file, ``adhoc``, or the import path of an ``ssl.SSLContext``."""

    name = "path"

    def __init__(self) -> None:
        self.path_type = click.Path(exists=True, dir_okay=False, resolve_path=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return a path, ``"adhoc"`` or a context."""
        try:
            import ssl
        except ImportError:
            raise click.BadParameter(
                'Using "--cert" requires Python to be compiled with SSL support.', ctx, param
            ) from None
        try:
            return self.path_type(value, param, ctx)
        except click.BadParameter:
            name = click.STRING(value, param, ctx).lower()
            if name == "adhoc":
                return self._adhoc(param, ctx)
            context = import_string(name, silent=True)
            if isinstance(context, ssl.SSLContext):
                return context
            raise

    def _adhoc(self, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            import cryptography  # noqa: F401  # is it there?
        except ImportError:
            raise click.BadParameter(
                "Using ad-hoc certificates requires the cryptography library.", ctx, param
            ) from None
        return "adhoc"


def _validate_key(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Hold ``--key`` against ``--cert``: a certificate file needs it, nothing else takes it."""
    cert = ctx.params.get("cert")
    # The file would have been made an absolute path.
    is_adhoc = cert == "adhoc"
    is_file = isinstance(cert, str) and not is_adhoc
    if value is None:
        if is_file:
            raise click.BadParameter('Required when using "--cert".', ctx, param)
        return None
    if is_adhoc:
        raise click.BadParameter('When "--cert" is "adhoc", "--key" is not used.', ctx, param)
    if not cert:
        raise click.BadParameter('"--cert" must also be specified.', ctx, param)
    if not is_file:
        raise click.BadParameter(
            'When "--cert" is an SSLContext object, "--key" is not used.', ctx, param
        )
    ctx.params["cert"] = cert, value
    return value


class SeparatedPathType(click.Path):
    """A list of paths, separated as in ``PATH``: by ``:``, on Windows by ``;``."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Split the value, and convert each path."""
        convert = super().convert  # a comprehension has no super() of its own before Python 3.12
        return [convert(path, param, ctx) for path in self.split_envvar_value(value)]
