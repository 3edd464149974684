"""What the commands of one invocation share: which application, and its context.

Source: ``flask.cli``, Flask 3.1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..globals import current_app
from ..helpers import get_debug_flag, get_load_dotenv
from .discovery import NoAppException, locate_app, prepare_import

if TYPE_CHECKING:
    from ..app import Flask

#: What the program is called that its users type.
PROGRAM = "miniflask"


class ScriptInfo:
    """Know how to load the application, and load it once; Click's context object here.

    Args:
        app_import_path: What ``--app`` says.
        create_app: Makes the application instead.
        set_debug_flag: Whether loading turns debug mode on or off as ``FLASK_DEBUG`` says.
        load_dotenv_defaults: Whether ``.env`` and ``.flaskenv`` are read, unless
            ``FLASK_SKIP_DOTENV`` decides.

    Source: Flask 0.11; *load_dotenv_defaults* since 3.1.
    """

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        #: For whatever commands want to hand to each other.
        self.data: dict[Any, Any] = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self._loaded_app: Flask | None = None

    def load_app(self) -> Flask:
        """Return the application; the first call loads it.

        Raises:
            NoAppException: There is none to be found.
        """
        if self._loaded_app is None:
            app = self._find_app()
            if app is None:
                raise NoAppException(
                    f"Could not locate a Flask application. Use the '{PROGRAM} --app' option,"
                    " 'FLASK_APP' environment variable, or a 'wsgi.py' or 'app.py' file in the"
                    " current directory."
                )
            if self.set_debug_flag:
                app.debug = get_debug_flag()
            self._loaded_app = app
        return self._loaded_app

    def _find_app(self) -> Flask | None:
        """Ask the factory, or the import path, or the files ``wsgi.py`` and ``app.py``."""
        if self.create_app is not None:
            return self.create_app()
        if self.app_import_path:
            # A colon before a slash follows the letter of a drive.
            path, *name = re.split(r":(?![\\/])", self.app_import_path, maxsplit=1)
            return locate_app(prepare_import(path), name[0] if name else None)
        for path in ("wsgi.py", "app.py"):
            app = locate_app(prepare_import(path), None, raise_if_not_found=False)
            if app is not None:
                return app
        return None


#: Hands the :class:`ScriptInfo` to a command as its first argument.
pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)

F = TypeVar("F", bound=Callable[..., Any])


def with_appcontext(f: F) -> F:
    """Run a command's function in the application's context.

    The context stays until the command line is done, so that subcommands have it too.  Commands
    made with ``app.cli.command()`` do not need this.

    Args:
        f: The function, below the ``@click.command()``.

    Source: Flask 0.11; there for subcommands since 2.2.
    """

    @click.pass_context
    def in_context(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not current_app:
            ctx.with_resource(ctx.ensure_object(ScriptInfo).load_app().app_context())
        return ctx.invoke(f, *args, **kwargs)

    return update_wrapper(in_context, f)  # type: ignore[return-value]  # stands in for f
