"""The commands that every application has: ``run``, ``shell`` and ``routes``.

Source: ``flask.cli``, Flask 3.1.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click
from werkzeug.serving import is_running_from_reloader

from ..globals import current_app
from ..helpers import get_debug_flag
from .info import ScriptInfo, pass_script_info, with_appcontext
from .params import CertParamType, SeparatedPathType, _debug_option, _validate_key

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def _load_app(info: ScriptInfo) -> WSGIApplication:
    """Load the application for the server.

    The reloader waits for the mistake to be corrected.  Meanwhile there is an application that
    raises it, where the debugger shows it.
    """
    try:
        return info.load_app()
    except Exception as e:
        if not is_running_from_reloader():
            raise e from None
        traceback.print_exc()
        error = e

    def broken_app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        raise error from None

    return broken_app


@click.command("run", short_help="Serve the application, for development.")
@click.option("--host", "-h", default="127.0.0.1", help="The address to listen on.")
@click.option("--port", "-p", default=5000, help="The port to listen on; 0 for any that is free.")
@click.option(
    "--cert",
    type=CertParamType(),
    help="Speak HTTPS with this certificate file, 'adhoc', or an importable SSLContext.",
    is_eager=True,
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    callback=_validate_key,
    expose_value=False,
    help="The file with the key of the certificate.",
)
@click.option(
    "--reload/--no-reload",
    default=None,
    help="Start again when a file changes. Follows debug mode.",
)
@click.option(
    "--debugger/--no-debugger",
    default=None,
    help="Show errors in the interactive debugger. Follows debug mode.",
)
@click.option(
    "--with-threads/--without-threads",
    default=True,
    help="Answer each request in a thread of its own, or one after the other.",
)
@click.option(
    "--extra-files",
    default=None,
    type=SeparatedPathType(),
    help=f"Start again when these files change, too; separated by {os.path.pathsep!r}.",
)
@click.option(
    "--exclude-patterns",
    default=None,
    type=SeparatedPathType(),
    help="Never start again for files that match these fnmatch patterns; separated by"
    f" {os.path.pathsep!r}.",
)
@pass_script_info
def run_command(
    info: ScriptInfo,
    host: str,
    port: int,
    reload: bool | None,
    debugger: bool | None,
    with_threads: bool,
    cert: Any,
    extra_files: list[str] | None,
    exclude_patterns: list[str] | None,
) -> None:
    """Serve the application with Werkzeug's development server.

    Neither fast nor safe enough for production. With --debug, it starts again when a file
    changes and shows errors in the browser.
    """
    # From the package, at the last moment: that is where programs replace them.
    from . import run_simple, show_server_banner

    app = _load_app(info)
    debug = get_debug_flag()
    show_server_banner(debug, info.app_import_path)
    run_simple(
        host,
        port,
        app,
        use_reloader=debug if reload is None else reload,
        use_debugger=debug if debugger is None else debugger,
        threaded=with_threads,
        ssl_context=cert,
        extra_files=extra_files,
        exclude_patterns=exclude_patterns,
    )


run_command.params.insert(0, _debug_option)


@click.command("shell", short_help="Start a Python shell in the app context.")
@with_appcontext
def shell_command() -> None:
    """Start a Python shell in the app context.

    What the application's shell context processors return is there by name.
    """
    import code

    namespace: dict[str, Any] = {}
    startup = os.environ.get("PYTHONSTARTUP")
    if startup and os.path.isfile(startup):
        with open(startup) as file:
            exec(compile(file.read(), startup, "exec"), namespace)
    namespace.update(current_app.make_shell_context())
    _enter_interactive_mode(namespace)
    banner = (
        f"Python {sys.version} on {sys.platform}\n"
        f"App: {current_app.import_name}\n"
        f"Instance: {current_app.instance_path}"
    )
    code.interact(banner=banner, local=namespace)


def _enter_interactive_mode(namespace: dict[str, Any]) -> None:
    """Do what Python does before its first prompt: history, and completion in *namespace*."""
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        pass
    else:
        # By itself it would complete the names of the command line's own __main__.
        readline.set_completer(Completer(namespace).complete)
    hook()


@click.command("routes", short_help="List the application's routes.")
@click.option(
    "--sort",
    "-s",
    type=click.Choice(("endpoint", "methods", "domain", "rule", "match")),
    default="endpoint",
    help="The column to sort by; 'match' keeps the order in which rules are tried.",
)
@click.option("--all-methods", is_flag=True, help="List HEAD and OPTIONS, too.")
@with_appcontext
def routes_command(sort: str, all_methods: bool) -> None:
    """List the application's routes: endpoint, methods, host or subdomain if any, rule."""
    url_map = current_app.url_map
    domain = "host" if url_map.host_matching else "subdomain"
    hidden = set() if all_methods else {"HEAD", "OPTIONS"}
    rows = [
        {
            "endpoint": rule.endpoint,
            "methods": ", ".join(sorted((rule.methods or set()) - hidden)),
            "domain": getattr(rule, domain) or "",
            "rule": rule.rule,
        }
        for rule in url_map.iter_rules()
    ]
    if not rows:
        click.echo("No routes were registered.")
        return
    titles = {key: key.title() for key in rows[0]}
    if any(row["domain"] for row in rows):
        titles["domain"] = domain.title()
    else:
        del titles["domain"]
    if sort != "match":
        rows.sort(key=itemgetter(sort))
    widths = {key: max(len(row[key]) for row in (titles, *rows)) for key in titles}
    lines = {key: "-" * width for key, width in widths.items()}
    for row in (titles, lines, *rows):
        click.echo("  ".join(row[key].ljust(width) for key, width in widths.items()))
