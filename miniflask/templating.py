"""Rendering templates with Jinja2, which is imported by the first template.

The Jinja side (``Environment``, ``DispatchingJinjaLoader``) is in ``jinja.py``; this module
gives it out under Flask's names, and works out what a template can see.

Source: ``flask.templating``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .extras import require
from .globals import _cv_app, _cv_request, current_app, request
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if TYPE_CHECKING:
    from jinja2 import Template

    from .app import Flask
    from .jinja import DispatchingJinjaLoader as DispatchingJinjaLoader
    from .jinja import Environment as Environment
else:

    def __getattr__(name: str) -> Any:
        if name in ("DispatchingJinjaLoader", "Environment"):
            return getattr(require_jinja("A template"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def require_jinja(needed_by: str) -> Any:
    """Import ``miniflask.jinja``, or say that *needed_by* needs Jinja2."""
    require("jinja2", needed_by=needed_by, install="jinja2")
    from . import jinja

    return jinja


def _default_template_ctx_processor() -> dict[str, Any]:
    """Give templates ``g`` and ``request``, unwrapped.

    ``session`` stays the proxy among the environment's globals: to read it counts as access.
    """
    app_ctx = _cv_app.get(None)
    req_ctx = _cv_request.get(None)
    variables: dict[str, Any] = {}
    if app_ctx is not None:
        variables["g"] = app_ctx.g
    if req_ctx is not None:
        variables["request"] = req_ctx.request
    return variables


def _app_for(caller: str) -> Flask:
    """Return the active application itself, ready to render for *caller*."""
    app_ctx = _cv_app.get(None)
    if app_ctx is None or "jinja_env" not in app_ctx.app.__dict__:
        require_jinja(caller)
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's
        return app
    return app_ctx.app


def _announce(signal: Any, app: Flask, template: Template, context: dict[str, Any]) -> None:
    if signal.receivers:
        signal.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _render(app: Flask, template: Template, context: dict[str, Any]) -> str:
    app.update_template_context(context)
    _announce(before_render_template, app, template, context)
    text = template.render(context)
    _announce(template_rendered, app, template, context)
    return text


def render_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> str:
    """Render a template from the template folders.

    Args:
        template_name_or_list: A name, a template, or several of which the first found is used.
        **context: The template's variables.
    """
    app = _app_for("render_template")
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """Render a template given as a string, with autoescaping on.

    Args:
        source: The template's text; never put together from what a client sent.
        **context: The template's variables.
    """
    app = _app_for("render_template_string")
    return _render(app, app.jinja_env.from_string(source), context)


def _stream(app: Flask, template: Template, context: dict[str, Any]) -> Iterator[str]:
    app.update_template_context(context)
    _announce(before_render_template, app, template, context)

    def generate() -> Iterator[str]:
        yield from template.generate(context)
        _announce(template_rendered, app, template, context)

    return stream_with_context(generate()) if request else generate()


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: Any
) -> Iterator[str]:
    """Render a template piece by piece, as a response that is streamed.

    Args:
        template_name_or_list: A name, a template, or several of which the first found is used.
        **context: The template's variables.

    Source: Flask 2.2.
    """
    app = _app_for("stream_template")
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """Render a template given as a string piece by piece.

    Args:
        source: The template's text; never put together from what a client sent.
        **context: The template's variables.

    Source: Flask 2.2.
    """
    app = _app_for("stream_template_string")
    return _stream(app, app.jinja_env.from_string(source), context)
