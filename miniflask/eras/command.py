"""The command ``miniflask eras``."""

from __future__ import annotations

import click

from .table import draw, explain, find_out


@click.command("eras", short_help="Run the same exercises on six eras of context locals.")
@click.option("--why", is_flag=True, help="Tell what was seen where something did not stay apart.")
def eras_command(why: bool) -> None:
    """Run the same exercises on six eras of context locals.

    Prints for each era what stayed isolated in that run. Each is named after the Flask that
    shipped it; MINIFLASK_ERA starts the framework itself on one.
    """
    found = find_out()
    for line in draw(found) + (explain(found) if why else []):
        click.echo(line)
