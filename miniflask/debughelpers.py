"""Explanations that only debug mode gives.

Source: ``flask.debughelpers``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .globals import request_ctx
from .routing import RequestRedirect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.loaders import BaseLoader

    from .sansio import App
    from .scaffold import Scaffold
    from .wrappers import Request


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text came where bytes were expected, or the other way round."""


class DebugFilesKeyError(KeyError, AssertionError):
    """A file is missing because the form was not sent as ``multipart/form-data``.

    Args:
        request: The request whose ``files`` was asked.
        key: The name of the form field.
    """

    def __init__(self, request: Request, key: str) -> None:
        self.msg = (
            f"You tried to access the file {key!r} in the request.files dictionary but it does"
            f" not exist. The mimetype for the request is {request.mimetype!r} instead of"
            " 'multipart/form-data' which means that no file contents were transmitted. To fix"
            ' this error you should provide enctype="multipart/form-data" in your form.'
        )
        if names := request.form.getlist(key):
            self.msg += (
                "\n\nThe browser instead transmitted some file names. This was submitted: "
                + ", ".join(map(repr, names))
            )

    def __str__(self) -> str:
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """A redirect to the canonical URL would make the browser drop the form.

    Args:
        request: The request that was about to be redirected.
    """

    def __init__(self, request: Request) -> None:
        exc = request.routing_exception
        assert isinstance(exc, RequestRedirect)
        slash = ""
        if exc.new_url.partition("?")[0] == f"{request.base_url}/":
            slash = (
                " The URL was defined with a trailing slash. Flask will redirect to the URL"
                " with a trailing slash if it was accessed without one."
            )
        super().__init__(
            f"A request was sent to '{request.url}', but routing issued a redirect to the"
            f" canonical URL '{exc.new_url}'.{slash} Send requests to the canonical URL, or use"
            " 307 or 308 for routing redirects. Otherwise, browsers will drop form data.\n\n"
            "This exception is only raised in debug mode."
        )


def attach_enctype_error_multidict(request: Request) -> None:
    """Make ``request.files`` explain a missing key that the form does have.

    Args:
        request: A request whose form was not sent as ``multipart/form-data``.
    """
    plain = type(request.files)

    class Explaining(plain):  # type: ignore[valid-type,misc]  # the class is only known here
        def __getitem__(self, key: str) -> Any:
            try:
                return super().__getitem__(key)
            except KeyError as e:
                if key not in request.form:
                    raise
                raise DebugFilesKeyError(request, key).with_traceback(e.__traceback__) from None

    Explaining.__name__ = plain.__name__
    Explaining.__module__ = plain.__module__
    request.files.__class__ = Explaining


def _describe_loader(loader: BaseLoader) -> Iterator[str]:
    """List a loader's class and its plain public attributes, a line each."""
    yield f"class: {type(loader).__module__}.{type(loader).__name__}"
    for key, value in sorted(vars(loader).items()):
        if key.startswith("_"):
            continue
        if isinstance(value, (tuple, list)):
            if all(isinstance(item, str) for item in value):
                yield f"{key}:"
                yield from (f"  - {item}" for item in value)
        elif isinstance(value, (str, int, float, bool)):
            yield f"{key}: {value!r}"


def explain_template_loading_attempts(
    app: App,
    template: str,
    attempts: list[tuple[BaseLoader, Scaffold, tuple[str, str | None, Any] | None]],
) -> None:
    """Log which loaders were asked for a template, and which of them had it.

    Args:
        app: The application, whose logger is used.
        template: The template's name.
        attempts: For each loader: the loader, the app or blueprint it belongs to, and what it
            found or None.
    """
    lines = [f"Locating template {template!r}:"]
    for number, (loader, owner, source) in enumerate(attempts, 1):
        if owner is app:
            whose = f"application {owner.import_name!r}"
        else:
            whose = f"blueprint {owner.name!r} ({owner.import_name})"
        lines.append(f"{number:5}: trying loader of {whose}")
        lines.extend(f"       {line}" for line in _describe_loader(loader))
        found = "no match" if source is None else f"found ({source[1] or '<string>'!r})"
        lines.append(f"       -> {found}")

    hits = sum(source is not None for _, _, source in attempts)
    if hits == 0:
        lines.append("Error: the template could not be found.")
    elif hits > 1:
        lines.append("Warning: multiple loaders returned a match for the template.")
    blueprint = request_ctx.request.blueprint if request_ctx else None
    if hits != 1 and blueprint is not None:
        lines.append(
            "  The template was looked up from an endpoint that belongs to the blueprint"
            f" {blueprint!r}."
        )
        lines.append("  Maybe you did not place a template in the right folder?")
        lines.append("  See https://flask.palletsprojects.com/blueprints/#templates")
    app.logger.info("\n".join(lines))
