"""The request and the response, as Werkzeug's with what the framework adds.

Source: ``flask.wrappers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.wrappers import Request as RequestBase  # noqa: F401  # programs import it here
from werkzeug.wrappers import Response as ResponseBase  # noqa: F401  # programs import it here

from . import json, ondemand
from .globals import _cv_app
from .globals import current_app as current_app  # programs replace it here

if TYPE_CHECKING:
    from .routing import Rule


def _blueprint_path(name: str) -> list[str]:
    """List a dotted blueprint name and the names around it, innermost first.

    ``"a.b"`` gives ``["a.b", "a"]``.
    """
    path = [name]
    while "." in name:
        name = name.rpartition(".")[0]
        path.append(name)
    return path


def _blueprints_of(endpoint: str | None) -> list[str]:
    """List the blueprint of an endpoint and those around it, innermost first."""
    if endpoint is None or "." not in endpoint:
        return []
    return _blueprint_path(endpoint.rpartition(".")[0])


def _in_debug_mode() -> bool:
    """Tell whether an application is at work, and in debug mode."""
    app_ctx = _cv_app.get(None)
    return app_ctx is not None and app_ctx.app.debug


def _limit(name: str) -> Any:
    """Make a limit on the request body: set on this request, else configured, else Werkzeug's."""
    own, key = f"_{name}", name.upper()

    def get(request: Request) -> int | None:
        value: int | None = getattr(request, own, None)
        if value is not None:
            return value
        app_ctx = _cv_app.get(None)
        if app_ctx is None:
            return getattr(super(Request, request), name)  # type: ignore[no-any-return]
        return app_ctx.app.config[key]  # type: ignore[no-any-return]

    def put(request: Request, value: int | None) -> None:
        setattr(request, own, value)

    return property(
        get, put, doc=f"The limit ``{key}``, unless set on this request; None is no limit."
    )


class Request(ondemand.Request):
    """The request a view sees as :data:`miniflask.request`.

    Beyond Werkzeug's request it knows the rule that matched its URL and what the rule says about
    the endpoint and its blueprint.
    """

    json_module: Any = json

    #: The rule that matched, or None.
    url_rule: Rule | None = None

    #: What the rule's converters made of the URL, or None without a match.
    view_args: dict[str, Any] | None = None

    #: Why no rule matched; raised when the request is dispatched, after the before-hooks.
    routing_exception: HTTPException | None = None

    if TYPE_CHECKING:
        max_content_length: int | None
        max_form_memory_size: int | None
        max_form_parts: int | None  # type: ignore[assignment]  # likewise
    else:
        max_content_length = _limit("max_content_length")
        max_form_memory_size = _limit("max_form_memory_size")
        max_form_parts = _limit("max_form_parts")

    @property
    def endpoint(self) -> str | None:
        """The name of the view that the URL leads to; None without a match."""
        return None if self.url_rule is None else self.url_rule.endpoint

    @property
    def blueprint(self) -> str | None:
        """The dotted name of the blueprint that the view belongs to, or None."""
        endpoint = self.endpoint
        if endpoint is None or "." not in endpoint:
            return None
        return endpoint.rpartition(".")[0]

    @property
    def blueprints(self) -> list[str]:
        """The names of the view's blueprint and of those around it, innermost first."""
        name = self.blueprint
        return [] if name is None else _blueprint_path(name)

    def _load_form_data(self) -> None:
        super()._load_form_data()
        if _in_debug_mode() and self.mimetype != "multipart/form-data" and not self.files:
            from .debughelpers import attach_enctype_error_multidict

            attach_enctype_error_multidict(self)

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Answer a body that is not JSON with a 400, in detail in debug mode only.

        Raises:
            BadRequest: Always.
            UnsupportedMediaType: The content type is not JSON's.
        """
        try:
            return super().on_json_loading_failed(e)
        except BadRequest as detailed:
            if _in_debug_mode():
                raise
            raise BadRequest() from detailed


class Response(ondemand.Response):
    """The response: Werkzeug's, with HTML as its default type."""

    default_mimetype: str | None = "text/html"
    json_module = json
    autocorrect_location_header = False

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]  # a class attribute in Werkzeug
        """The size in bytes above which a cookie draws a warning: ``MAX_COOKIE_SIZE``."""
        app_ctx = _cv_app.get(None)
        if app_ctx is None:
            return super().max_cookie_size
        return app_ctx.app.config["MAX_COOKIE_SIZE"]  # type: ignore[no-any-return]


Response._watch()
