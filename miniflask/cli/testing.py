"""Calling an application's commands without a terminal.

Source: ``flask.testing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from .info import ScriptInfo

if TYPE_CHECKING:
    from ..app import Flask


class FlaskCliRunner(CliRunner):
    """Run commands of one application; ``app.test_cli_runner()`` makes it.

    Args:
        app: The application.
        **kwargs: For ``click.testing.CliRunner``.

    Source: Flask 1.0.
    """

    def __init__(self, app: Flask, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]  # the command may be left out
        self, cli: Any = None, args: Any = None, **kwargs: Any
    ) -> Result:
        """Run a command and return what it wrote and how it ended.

        Args:
            cli: The command; the application's group without it.
            args: The words after the command, a list or one text.
            **kwargs: For ``click.testing.CliRunner.invoke``. Without ``obj`` the command gets a
                :class:`ScriptInfo` that loads the application.
        """
        if "obj" not in kwargs:
            kwargs["obj"] = ScriptInfo(create_app=lambda: self.app)
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
