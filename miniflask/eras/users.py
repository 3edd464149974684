"""What users of Flask 1.1 and 2.1 saw besides the stacks.

``FLASK_ENV``, with the ``ENV`` key and its line in the banner; ``PRESERVE_CONTEXT_ON_EXCEPTION``;
``with client`` by ``flask._preserve_context``; the old arguments of ``send_file``; and the names
that could be imported.

Source: Flask 1.1.4 and 2.1.3; of 0.1, only the names that it had.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import markupsafe
from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join as _safe_join
from werkzeug.serving import is_running_from_reloader

from .. import app, globals, helpers, serving, testing
from ..config import Config, ConfigAttribute
from . import STARTS_ON, stacks
from .swap import swap

if TYPE_CHECKING:
    from ..sessions import SessionMixin


def get_env() -> str:
    """Tell the environment that ``FLASK_ENV`` names; ``production`` if it names none.

    Source: Flask 1.0 to 2.2.
    """
    return os.environ.get("FLASK_ENV") or "production"


def get_debug_flag() -> bool:
    """Tell whether debug mode is on: as ``FLASK_DEBUG`` says, or else in ``development``."""
    return _debug_flag() if os.environ.get("FLASK_DEBUG") else get_env() == "development"


_debug_flag = helpers.get_debug_flag


class Flask(stacks.Flask):
    """An application with an environment, which preserves contexts for the debugger."""

    default_config = ImmutableDict(
        {**app.Flask.default_config, "ENV": None, "PRESERVE_CONTEXT_ON_EXCEPTION": None}
    )

    #: What ``FLASK_ENV`` said.
    env = ConfigAttribute[str]("ENV")

    @property
    def preserve_context_on_exception(self) -> bool:
        """Whether a request that failed keeps its context: the setting, or else debug mode."""
        setting: bool | None = self.config["PRESERVE_CONTEXT_ON_EXCEPTION"]
        return self.debug if setting is None else setting

    def make_config(self, instance_relative: bool = False) -> Config:
        """Make the settings, with ``ENV``."""
        config = super().make_config(instance_relative)
        config["ENV"] = get_env()
        return config

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve the application; ``FLASK_ENV``, which a file may set, comes first."""
        if os.environ.get("FLASK_RUN_FROM_CLI") != "true" and helpers.get_load_dotenv(load_dotenv):
            serving.load_dotenv()
            if "FLASK_ENV" in os.environ:
                self.env = get_env()
                self.debug = get_debug_flag()
        super().run(host, port, debug, load_dotenv, **options)


class FlaskClient(testing.FlaskClient):
    """A client that has the request preserve its context, in a ``with`` statement."""

    def _copy_environ(self, other: Any) -> Any:
        return {
            **self.environ_base,
            **other,
            "flask._preserve_context": self.preserve_context,
        }

    def __exit__(self, *exc_info: Any) -> None:
        super().__exit__(*exc_info)
        while (top := stacks._request_ctx_stack.top) is not None and top.preserved:
            top.pop()

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the client's session within one request context, hidden from the block."""
        if self._cookies is None:
            raise RuntimeError("Session transactions only make sense with cookies enabled.")
        app, stack = self.application, stacks._request_ctx_stack
        interface, outer = app.session_interface, stack.top
        context = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(context.request.environ)
        with context:
            session = interface.open_session(app, context.request)
            if session is None:
                raise RuntimeError(
                    "Session backend did not open a session. Check the configuration"
                )
            stack.push(outer)
            try:
                yield session
            finally:
                stack.pop()
            response = app.response_class()
            if not interface.is_null_session(session):
                interface.save_session(app, session, response)
            self._update_cookies_from_response(
                context.request.host.partition(":")[0],
                context.request.path,
                response.headers.getlist("Set-Cookie"),
            )


def _say_what_is_served(quote: str, debug: bool | None, app_import_path: str | None) -> None:
    if is_running_from_reloader():
        return
    if app_import_path is not None:
        # app.run() never loaded the application at once; the command did, unless it reloads.
        lazy = debug or os.environ.get("FLASK_RUN_FROM_CLI") != "true"
        name = f"{quote}{app_import_path}{quote}"
        print(f" * Serving Flask app {name}{' (lazy loading)' if lazy else ''}", flush=True)
    env = get_env()
    print(f" * Environment: {env}", flush=True)
    if env == "production":
        print(
            "   WARNING: This is a development server. Do not use it in a production deployment.\n"
            "   Use a production WSGI server instead.",
            flush=True,
        )
    if debug is not None:
        print(f" * Debug mode: {'on' if debug else 'off'}", flush=True)


def show_server_banner_11(debug: bool | None, app_import_path: str | None) -> None:
    """Say what is being served, and in which environment."""
    _say_what_is_served('"', debug, app_import_path)


def show_server_banner_21(debug: bool | None, app_import_path: str | None) -> None:
    """Say what is being served, and in which environment."""
    _say_what_is_served("'", debug, app_import_path)


# ---- files ----

_send_file, _send_from_directory = helpers.send_file, helpers.send_from_directory
_RENAMED = {
    "attachment_filename": "download_name",
    "cache_timeout": "max_age",
    "add_etags": "etag",
}


def _as_in_1_1(send: Any, source: Any, options: dict[str, Any]) -> Any:
    for old, new in _RENAMED.items():
        options[new] = options.pop(old)
    response = send(**source, **options)
    if not options["as_attachment"]:
        response.headers.pop("Content-Disposition", None)
    return response


def send_file_11(
    filename_or_fp: Any,
    mimetype: str | None = None,
    as_attachment: bool = False,
    attachment_filename: str | None = None,
    add_etags: bool = True,
    cache_timeout: int | None = None,
    conditional: bool = False,
    last_modified: Any = None,
) -> Any:
    """Send a file to the client.

    Args:
        filename_or_fp: ``path_or_file``.
        mimetype: As today.
        as_attachment: As today; without it there is no ``Content-Disposition``.
        attachment_filename: ``download_name``.
        add_etags: ``etag``.
        cache_timeout: ``max_age``.
        conditional: As today, but off.
        last_modified: As today.

    Source: Flask 1.1.
    """
    options = {**locals()}
    return _as_in_1_1(_send_file, {"path_or_file": options.pop("filename_or_fp")}, options)


def send_from_directory_11(directory: Any, filename: Any, **options: Any) -> Any:
    """Send a file from within a folder; the options are those of ``send_file``.

    Source: Flask 1.1.
    """
    if "max_age" in options:  # from the framework's own code
        options["cache_timeout"] = options.pop("max_age")
    defaults: dict[str, Any] = {"as_attachment": False, "conditional": True, "add_etags": True}
    defaults |= {"attachment_filename": None, "cache_timeout": None}
    source = {"directory": directory, "path": filename}
    return _as_in_1_1(_send_from_directory, source, {**defaults, **options})


def _rename(options: dict[str, Any]) -> dict[str, Any]:
    """Give arguments their new names, with the warnings of Flask 2.0 and 2.1."""
    for old, new in _RENAMED.items():
        if options.get(old) is not None:
            warnings.warn(
                f"The {old!r} parameter has been renamed to {new!r}. The old name will be removed"
                " in Flask 2.2.",
                DeprecationWarning,
                stacklevel=3,
            )
            options[new] = options.pop(old)
    return options


def send_file_21(path_or_file: Any, *args: Any, **options: Any) -> Any:
    """Send a file to the client; the old names of arguments still work, with a warning.

    Source: Flask 2.0 and 2.1.
    """
    return _send_file(path_or_file, *args, **_rename(options))


def send_from_directory_21(directory: Any, path: Any, **options: Any) -> Any:
    """Send a file from within a folder; the options are those of ``send_file``.

    Source: Flask 2.0 and 2.1.
    """
    options.setdefault("etag", None)  # so there was none; nor had static files one
    return _send_from_directory(directory, path, **_rename(options))


def safe_join(directory: str, *pathnames: str) -> str:
    """Join paths, and stay within the first.

    Raises:
        NotFound: They lead out of it.

    Source: Flask 0.5 to 2.0, where ``send_from_directory`` used it.
    """
    joined = _safe_join(directory, *pathnames)
    if joined is None:
        raise NotFound()
    return joined


# ---- starting ----


def start(era: str) -> None:
    """Swap the framework's contexts for stacks, and bring back what users of the era saw."""
    swap(stacks.pairs(era) + pairs(era))
    add_names(era)


def pairs(era: str) -> list[tuple[Any, Any]]:
    """List what the framework has, each with what the era has in its place."""
    if era == "0.1":
        return [(app.Flask, stacks.Flask)]
    if era == "1.1":
        half_a_day = {"SEND_FILE_MAX_AGE_DEFAULT": timedelta(hours=12)}
        Flask.default_config = ImmutableDict({**Flask.default_config, **half_a_day})
    own = sys.modules[__name__]
    suffix = era.replace(".", "")
    return [
        (app.Flask, Flask),
        (helpers.get_debug_flag, get_debug_flag),
        (testing.FlaskClient, FlaskClient),
        *(
            (getattr(module, name), getattr(own, f"{name}_{suffix}"))
            for module, name in (
                (serving, "show_server_banner"),
                (helpers, "send_file"),
                (helpers, "send_from_directory"),
            )
        ),
    ]


def add_names(era: str) -> None:
    """Make importable what newer Flasks dropped, also where the alias is the real Flask's."""
    package = vars(import_module("miniflask"))
    package.update(escape=markupsafe.escape, Markup=markupsafe.Markup)
    package["_request_ctx_stack"] = stacks._request_ctx_stack
    if era != "0.1":
        package["_app_ctx_stack"] = stacks._app_ctx_stack
        package["signals_available"] = find_spec("blinker") is not None
        for name in ("_lookup_app_object", "_find_app", "_app_ctx_err_msg", "_request_ctx_err_msg"):
            setattr(globals, name, getattr(stacks, name))
        helpers.__dict__["get_env"] = get_env
    if era == "1.1":
        package["safe_join"] = helpers.__dict__["safe_join"] = safe_join
    stand_in_for(STARTS_ON[era], {} if era == "2.1" else {"flask": [("", "scaffold")]})


def stand_in_for(version: str, dropped: dict[str, list[tuple[str, str]]]) -> None:
    """Have the alias ``flask`` be that of another version, without the names it had dropped."""
    from .. import as_flask

    as_flask.__dict__.update(VERSION=version, _DROPPED=dropped, _version=lambda: version)
    if "flask" not in dropped:
        as_flask.MODULES["flask.scaffold"] = "miniflask.scaffold"
