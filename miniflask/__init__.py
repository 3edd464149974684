"""Flask taken apart and rebuilt from scratch on raw Werkzeug.

Change ``from flask import ...`` to ``from miniflask import ...`` and a program goes on working.
To see how, read ``app.py`` from the top, then ``ctx.py``, ``local.py`` and ``routing/``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from . import json as json
from .app import Flask as Flask
from .blueprints import Blueprint as Blueprint
from .config import Config as Config
from .ctx import after_this_request as after_this_request
from .ctx import copy_current_request_context as copy_current_request_context
from .ctx import has_app_context as has_app_context
from .ctx import has_request_context as has_request_context
from .globals import current_app as current_app
from .globals import g as g
from .globals import request as request
from .globals import session as session
from .helpers import abort as abort
from .helpers import flash as flash
from .helpers import get_flashed_messages as get_flashed_messages
from .helpers import get_template_attribute as get_template_attribute
from .helpers import make_response as make_response
from .helpers import redirect as redirect
from .helpers import send_file as send_file
from .helpers import send_from_directory as send_from_directory
from .helpers import stream_with_context as stream_with_context
from .helpers import url_for as url_for
from .json import jsonify as jsonify
from .signals import appcontext_popped as appcontext_popped
from .signals import appcontext_pushed as appcontext_pushed
from .signals import appcontext_tearing_down as appcontext_tearing_down
from .signals import before_render_template as before_render_template
from .signals import got_request_exception as got_request_exception
from .signals import message_flashed as message_flashed
from .signals import request_finished as request_finished
from .signals import request_started as request_started
from .signals import request_tearing_down as request_tearing_down
from .signals import template_rendered as template_rendered
from .templating import render_template as render_template
from .templating import render_template_string as render_template_string
from .templating import stream_template as stream_template
from .templating import stream_template_string as stream_template_string
from .wrappers import Request as Request
from .wrappers import Response as Response

if os.environ.get("MINIFLASK_EXPLAIN"):
    from .lens import explain as _explain

    _explain()
if os.environ.get("MINIFLASK_SENTINEL"):
    from .lens.sentinel import watch_all as _watch_all

    _watch_all()

if not TYPE_CHECKING:

    def __dir__() -> list[str]:
        import sys  # ``globals`` is a module here

        return [*vars(sys.modules[__name__]), "cli"]

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("miniflask-study")
        if name == "cli":  # there without being imported, as in Flask; click is an extra
            from importlib import import_module

            return import_module(f"{__name__}.cli")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if "MINIFLASK_ERA" in os.environ:
    from .eras import start

    start(os.environ["MINIFLASK_ERA"])
