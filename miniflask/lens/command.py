"""``miniflask lens SCRIPT``, and ``miniflask run --lens``."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from copy import copy
from typing import Any

import click
from werkzeug.serving import is_running_from_reloader

from . import record
from .live import LensServer, serving
from .trace import Trace


@click.command(
    "lens",
    short_help="Run a script, and show what happened to the contexts.",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("--html", type=click.Path(dir_okay=False), help="Write a page to look at.")
@click.option(
    "--chrome",
    type=click.Path(dir_okay=False),
    help="Write Chrome's Trace Event Format, for ui.perfetto.dev.",
)
@click.option("--stable", is_flag=True, help="Leave out of the text what changes with each run.")
@click.option("--reads", default=100, help="Show each read once, then every so many; 0 for none.")
@click.argument("script", type=click.Path(exists=True, dir_okay=False))
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def lens_command(
    html: str | None,
    chrome: str | None,
    stable: bool,
    reads: int,
    script: str,
    args: tuple[str, ...],
) -> None:
    """Run a script, and show what happened to the contexts: on which thread, when and where.

    A text with a column for each thread, greenlet or task is printed when the script has ended.
    """
    sys.argv[:] = [script, *args]
    sys.path[0] = os.path.dirname(os.path.abspath(script))
    with record(reads=reads, title=os.path.basename(script)) as trace:
        try:
            runpy.run_path(script, run_name="__main__")
        finally:
            click.echo(trace.text(stable), nl=False)
            for path, content in ((html, trace.html), (chrome, trace.chrome)):
                if path is not None:
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(content())


def with_lens(run_command: click.Command, server: Any) -> click.Command:
    """Make a ``run`` command that has the options ``--lens`` and ``--lens-port`` as well.

    Args:
        run_command: The command; it stays what it is.
        server: The module that the command takes ``run_simple`` from.
    """
    command, run = copy(run_command), run_command.callback
    assert run is not None

    def run_watched(lens: bool, lens_port: int, **options: Any) -> Any:
        if not lens:
            return run(**options)
        original = server.run_simple
        server.run_simple = watched(original, lens_port)
        try:
            return run(**options)
        finally:
            server.run_simple = original

    command.callback = run_watched
    command.params = [
        *run_command.params,
        click.Option(["--lens"], is_flag=True, help="Show the contexts live in a browser."),
        click.Option(
            ["--lens-port"],
            default=5050,
            show_default=True,
            help="The port of that page; 0 for any that is free.",
        ),
    ]
    return command


def watched(run_simple: Callable[..., None], port: int) -> Callable[..., None]:
    """Wrap ``run_simple`` so that a recording and its page stand beside the server."""

    def run(host: str, server_port: int, app: Any, **options: Any) -> None:
        # The process that only waits for files to change serves nothing.
        if options.get("use_reloader") and not is_running_from_reloader():
            run_simple(host, server_port, app, **options)
            return
        title = getattr(app, "name", "")
        with record(limit=5000, title=title) as trace, serving(_open(trace, port)) as lens:
            print(f" * Lens: {lens.url}", flush=True)
            run_simple(host, server_port, app, **options)

    return run


def _open(trace: Trace, port: int) -> LensServer:
    try:
        return LensServer(trace, port)
    except OSError as error:
        raise click.ClickException(
            f"The lens cannot listen on port {port}: {error.strerror}."
            " Choose another: --lens-port 0"
        ) from None
