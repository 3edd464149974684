"""The database: opened late, closed always, made by a command."""

import sqlite3

import pytest

from ..db import get_db


def test_a_connection_lasts_as_long_as_its_context(app):
    """Within an app context there is one connection; after it, it is closed."""
    with app.app_context():
        db = get_db()
        assert get_db() is db

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        db.execute("SELECT 1")


def test_a_context_that_needs_no_connection_opens_none(app):
    """The connection is opened by whoever first asks for it."""
    with app.app_context() as ctx:
        assert "db" not in ctx.g


def test_the_command_keeps_what_is_there(app, enter):
    """Run once more, the command deletes nothing, and says how much there is."""
    enter("ann").post("/write", data={"book": "Emma", "stars": "4", "thoughts": "Witty."})
    result = app.test_cli_runner().invoke(args=["init-db"])

    assert result.output == "The journal is ready, with 1 notes.\n"


def test_without_a_journal_the_command_is_named(bare_app):
    """A visitor who comes too early is told what is missing, and no empty file is made."""
    answer = bare_app.test_client().get("/")

    assert answer.status_code == 503
    assert "init-db" in answer.text
    assert bare_app.test_client().get("/").status_code == 503
