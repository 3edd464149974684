"""An application with an empty journal, and people who use it."""

import pytest

from .. import create_app


@pytest.fixture
def bare_app(tmp_path):
    """The application as it is before ``init-db``."""
    return create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "only for tests",
            "DATABASE": str(tmp_path / "journal.sqlite"),
            "NOTES_PER_PAGE": 2,
            "PASSWORD_HASH": "pbkdf2:sha256:1",  # a safe one is slow on purpose
        }
    )


@pytest.fixture
def app(bare_app):
    """The application with an empty journal."""
    bare_app.test_cli_runner().invoke(args=["init-db"])
    return bare_app


@pytest.fixture
def client(app):
    """A browser of somebody who has not entered."""
    return app.test_client()


@pytest.fixture
def enter(app):
    """A function that makes a browser in which somebody has joined and entered."""

    def enter(name):
        browser = app.test_client()
        account = {"name": name, "password": "marmalade"}
        browser.post("/join", data=account)
        browser.post("/enter", data=account)
        return browser

    return enter
