"""The database: one connection for each request that needs one."""

import os
import sqlite3
from contextlib import closing

import click

from miniflask import abort, current_app, g
from miniflask.cli import with_appcontext


def get_db():
    """Return the connection of this request; the first call opens it."""
    if "db" not in g:
        path = current_app.config["DATABASE"]
        if not os.path.exists(path):
            # connect() would make an empty one.
            abort(503, "There is no journal yet. Make one with the command init-db.")
        g.db = sqlite3.connect(path)
        g.db.row_factory = sqlite3.Row
        g.db.execute("PRAGMA foreign_keys = ON")
    return g.db


def close_db(exc):
    """Close the connection, if there is one."""
    if "db" in g:
        g.db.close()


def init_db():
    """Make the tables that are not there yet."""
    with (
        closing(sqlite3.connect(current_app.config["DATABASE"])) as db,
        current_app.open_resource("schema.sql", "r") as schema,
    ):
        db.executescript(schema.read())


@click.command("init-db")
@with_appcontext
def prepare():
    """Make the tables that are not there yet; what is there stays."""
    init_db()
    count = get_db().execute("SELECT count(*) FROM note").fetchone()[0]
    click.echo(f"The journal is ready, with {count} notes.")


def set_up(app):
    """Have an application close its connections, and give it the command."""
    app.cli.add_command(prepare)
    app.teardown_appcontext(close_db)
