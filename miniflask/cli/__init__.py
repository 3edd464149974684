"""The command line: ``miniflask run``, and whatever commands a program adds.

From an argument to a command: ``discovery.py`` finds the application that ``--app`` names,
``info.py`` holds it and pushes its context, ``params.py`` has the options, ``commands.py`` the
commands that are always there, ``groups.py`` puts them together with the application's own.

Source: ``flask.cli``, Flask 3.1.
"""

from __future__ import annotations

from werkzeug.serving import run_simple as run_simple

from ..extras import require

try:
    import click as click
except ModuleNotFoundError:
    require("click", needed_by="The command line", install="click")

from ..serving import load_dotenv as load_dotenv
from ..serving import show_server_banner as show_server_banner
from .commands import routes_command as routes_command
from .commands import run_command as run_command
from .commands import shell_command as shell_command
from .cookie import cookie_command as cookie_command
from .discovery import NoAppException as NoAppException
from .discovery import _called_with_wrong_args as _called_with_wrong_args
from .discovery import find_app_by_string as find_app_by_string
from .discovery import find_best_app as find_best_app
from .discovery import locate_app as locate_app
from .discovery import prepare_import as prepare_import
from .groups import AppGroup as AppGroup
from .groups import FlaskGroup as FlaskGroup
from .info import ScriptInfo as ScriptInfo
from .info import pass_script_info as pass_script_info
from .info import with_appcontext as with_appcontext
from .params import CertParamType as CertParamType
from .params import SeparatedPathType as SeparatedPathType
from .params import _app_option as _app_option
from .params import _debug_option as _debug_option
from .params import _env_file_option as _env_file_option
from .params import _validate_key as _validate_key
from .params import get_version as get_version
from .params import version_option as version_option

cli = FlaskGroup(
    name="miniflask",
    help="""\
Serve, explore and operate an application.

Name it with '--app' or FLASK_APP. Without either, 'wsgi.py' or 'app.py' in the current directory
is taken.
""",
)
cli.add_command(cookie_command)


def main() -> None:
    """Run the command line, and exit."""
    cli.main()
