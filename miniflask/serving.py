"""What ``app.run()`` and the ``run`` command do around the server: env files and the banner.

Here and not in ``cli/``, because ``app.run()`` works without the command line's libraries.

Source: ``load_dotenv`` and ``show_server_banner`` of ``flask.cli``.
"""

from __future__ import annotations

import os
import sys

from werkzeug.serving import is_running_from_reloader


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Read environment variables from files, where they are not set already.

    Args:
        path: A file to read first, so that what it says counts.
        load_defaults: Read the ``.env`` and ``.flaskenv`` found in this folder or above it.

    Returns:
        Whether a file set anything.

    Source: Flask 1.0; *load_defaults* since 3.1.
    """
    try:
        import dotenv
    except ModuleNotFoundError:
        if path or os.path.isfile(".env") or os.path.isfile(".flaskenv"):
            print(
                " * Tip: There are .env files present. Install python-dotenv to use them.",
                file=sys.stderr,
            )
        return False

    files: list[str | os.PathLike[str]] = []
    if load_defaults:
        files += [dotenv.find_dotenv(name, usecwd=True) for name in (".flaskenv", ".env")]
    if path is not None and os.path.isfile(path):
        files.append(path)
    values: dict[str, str | None] = {}
    for file in files:
        if file:
            values.update(dotenv.dotenv_values(file, encoding="utf-8"))
    for key, value in values.items():
        if value is not None:
            os.environ.setdefault(key, value)
    return bool(values)


def show_server_banner(debug: bool | None, app_import_path: str | None) -> None:
    """Say what is being served, unless the reloader has said so before.

    Args:
        debug: Whether debug mode is on; None leaves the line out.
        app_import_path: The application; None leaves the line out.
    """
    if is_running_from_reloader():
        return
    if app_import_path is not None:
        print(f" * Serving Flask app '{app_import_path}'", flush=True)
    if debug is not None:
        print(f" * Debug mode: {'on' if debug else 'off'}", flush=True)


def warn_ignored_run() -> None:
    """Say that ``app.run()`` does nothing while the command line serves the application."""
    if not is_running_from_reloader():
        print(
            " * Ignoring a call to 'app.run()' that would block the current 'flask' CLI command.\n"
            "   Only call 'app.run()' in an 'if __name__ == \"__main__\"' guard.",
            flush=True,
        )
