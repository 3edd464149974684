"""Functions that views call: URLs, responses, files, flashed messages, streams.

Source: ``flask.helpers``.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import update_wrapper
from typing import IO, TYPE_CHECKING, Any, AnyStr, NoReturn, overload

import werkzeug.utils
from werkzeug.exceptions import Aborter
from werkzeug.exceptions import abort as _wz_abort
from werkzeug.utils import redirect as _wz_redirect
from werkzeug.wrappers import Response as BaseResponse

from . import ondemand
from .globals import _cv_app, _cv_request, current_app, request, request_ctx, session
from .signals import message_flashed

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Response

_NO = {"0", "false", "no"}


def get_debug_flag() -> bool:
    """Tell whether ``FLASK_DEBUG`` asks for debug mode."""
    value = os.environ.get("FLASK_DEBUG", "")
    return bool(value) and value.lower() not in _NO


def get_load_dotenv(default: bool = True) -> bool:
    """Tell whether ``.env`` files are to be read: not if ``FLASK_SKIP_DOTENV`` says so.

    Args:
        default: The answer when the variable is not set.
    """
    value = os.environ.get("FLASK_SKIP_DOTENV")
    return value.lower() in _NO if value else default


@overload  # an iterator: wrapped at once
def stream_with_context(generator_or_function: Iterator[AnyStr]) -> Iterator[AnyStr]: ...
@overload  # a generator function: decorated
def stream_with_context(
    generator_or_function: Callable[..., Iterator[AnyStr]],
) -> Callable[[Iterator[AnyStr]], Iterator[AnyStr]]: ...
def stream_with_context(
    generator_or_function: Iterator[AnyStr] | Callable[..., Iterator[AnyStr]],
) -> Iterator[AnyStr] | Callable[[Iterator[AnyStr]], Iterator[AnyStr]]:
    """Keep the current contexts for a generator that streams the response.

    A server iterates over the body after the request has ended.  This pushes the contexts again
    around the iteration, so teardown hooks run a second time when it ends.

    Args:
        generator_or_function: The generator, or as a decorator the generator function.

    Raises:
        RuntimeError: No request context is active.

    Source: Flask 0.9; as of 3.1.2 the contexts are pushed by the first step of the iteration.
    """
    try:
        gen = iter(generator_or_function)  # type: ignore[arg-type]  # a function raises TypeError
    except TypeError:
        function: Any = generator_or_function

        def decorated(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(function(*args, **kwargs))

        return update_wrapper(decorated, function)

    stream = _iterate_in_context(gen)
    # The first step runs here and now, where the contexts are still active.
    next(stream)
    return stream


def _iterate_in_context(gen: Iterator[AnyStr]) -> Iterator[AnyStr]:
    """Take hold of the active contexts on the first step, push them from the second on."""
    req_ctx = _cv_request.get(None)
    if req_ctx is None:
        raise RuntimeError(
            "'stream_with_context' can only be used when a request"
            " context is active, such as in a view function."
        )
    app_ctx = _cv_app.get()
    # By the next step whoever called the application may have put the environment back.
    req_ctx.request.environ  # noqa: B018
    yield None  # type: ignore[misc]  # swallowed by the caller's next()
    with app_ctx, req_ctx:
        try:
            yield from gen
        finally:
            close = getattr(gen, "close", None)
            if close is not None:
                close()


def make_response(*args: Any) -> Response:
    """Make a response of what a view may return, to change it before returning it.

    Args:
        *args: Nothing for an empty response; one value, or the items of a tuple.
    """
    if not args:
        return current_app.response_class()
    return current_app.make_response(args[0] if len(args) == 1 else args)


def url_for(
    endpoint: str,
    *,
    _anchor: str | None = None,
    _method: str | None = None,
    _scheme: str | None = None,
    _external: bool | None = None,
    **values: Any,
) -> str:
    """Build the URL of an endpoint; see ``Flask.url_for``."""
    return current_app.url_for(
        endpoint,
        _anchor=_anchor,
        _method=_method,
        _scheme=_scheme,
        _external=_external,
        **values,
    )


def redirect(
    location: str, code: int = 302, Response: type[BaseResponse] | None = None
) -> BaseResponse:
    """Make a response that sends the client elsewhere.

    The location goes out as it is, also ``//other.example`` and ``javascript:``; never pass on
    what a client sent without checking it.

    Args:
        location: The URL.
        code: 301, 302, 303, 305, 307 or 308.
        Response: The class to make, without an active application.

    Source: with an active application, ``Flask.redirect`` (Flask 2.2).
    """
    if current_app:
        return current_app.redirect(location, code=code)
    return _wz_redirect(location, code=code, Response=Response)


def abort(code: int | BaseResponse, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise the HTTP exception for a status code, or one that carries a response.

    Args:
        code: A status code that ``app.aborter`` knows, or a response.
        *args: For the exception.
        **kwargs: For the exception.

    Raises:
        HTTPException: Always, for a known code.
        LookupError: The code is not known.
    """
    app_ctx = _cv_app.get(None)
    if app_ctx is None:
        _wz_abort(code, *args, **kwargs)
    aborter = app_ctx.app.aborter
    if type(code) is int and type(aborter) is Aborter and Aborter.__call__ is _call_aborter:
        found = aborter.mapping.get(code)
        if found is not None:
            raise found(*args, **kwargs)
    aborter(code, *args, **kwargs)
    _wz_abort(code, *args, **kwargs)


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """Fetch a macro or variable that a template exports.

    Args:
        template_name: The template.
        attribute: The name in it.

    Source: Flask 0.2.
    """
    return getattr(current_app.jinja_env.get_template(template_name).module, attribute)


def flash(message: str, category: str = "message") -> None:
    """Keep a message in the session for the next request that asks for it.

    Args:
        message: The text.
        category: A word to sort by, such as ``"error"`` or ``"info"``.

    Source: Flask 0.3.
    """
    # Assigned anew, since changing a list inside the session does not mark it as modified.
    flashes = session.get("_flashes", [])
    flashes.append((category, message))
    session["_flashes"] = flashes
    if message_flashed.receivers:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own
        message_flashed.send(
            app, _async_wrapper=app.ensure_sync, message=message, category=category
        )


def get_flashed_messages(
    with_categories: bool = False, category_filter: Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the flashed messages out of the session.

    Within one request every call gives the same messages.

    Args:
        with_categories: Return pairs of category and message.
        category_filter: Only these categories; empty for all.

    Source: Flask 0.3; *category_filter* since 0.9.
    """
    flashes = request_ctx.flashes
    if flashes is None:
        flashes = session.pop("_flashes") if "_flashes" in session else []
        request_ctx.flashes = flashes
    if category_filter:
        flashes = [flash for flash in flashes if flash[0] in category_filter]
    return flashes if with_categories else [flash[1] for flash in flashes]


def _with_app_defaults(**kwargs: Any) -> dict[str, Any]:
    """Add to the arguments of Werkzeug's file functions what the application decides."""
    if kwargs.get("max_age") is None:
        kwargs["max_age"] = current_app.get_send_file_max_age
    return {
        **kwargs,
        "environ": request.environ,
        "use_x_sendfile": current_app.config["USE_X_SENDFILE"],
        "response_class": current_app.response_class,
        "_root_path": current_app.root_path,
    }


def _sending_app() -> Flask | None:
    """Return the application if it leaves to send a file as most are sent, else None."""
    if _cv_request.get(None) is None:
        return None
    app = _cv_app.get().app
    if (
        app.config["USE_X_SENDFILE"]
        or not os.path.isabs(app.root_path)
        or not ondemand.can_send(app.response_class)
    ):
        return None
    return app


def _send_found(app: Flask, path: str, stat: os.stat_result, max_age: Any) -> Any:
    """Send a file that was found, saying no more about it than how long to keep it."""
    ctx: Any = _cv_request.get()
    made = vars(ctx).get("request")
    environ = ctx._environ if made is None else vars(made).get("environ") or made._environ
    if max_age is None:
        max_age = app.get_send_file_max_age
    if callable(max_age):
        max_age = max_age(path)
    if path.isascii() and (max_age is None or type(max_age) is int):
        return ondemand.send_path(app.response_class, path, stat, environ, max_age)
    options = {"max_age": max_age, "response_class": app.response_class}
    return werkzeug.utils.send_file(path, environ, **options, _root_path=app.root_path)


def send_file(
    path_or_file: os.PathLike[AnyStr] | str | IO[bytes],
    mimetype: str | None = None,
    as_attachment: bool = False,
    download_name: str | None = None,
    conditional: bool = True,
    etag: bool | str = True,
    last_modified: datetime | int | float | None = None,
    max_age: None | (int | Callable[[str | None], int | None]) = None,
) -> Response:
    """Send a file to the client.

    Never pass a path that a client sent; for those there is :func:`send_from_directory`.

    Args:
        path_or_file: A path, relative to the application's root path, or a file open for bytes.
        mimetype: The content type; guessed from the name without it.
        as_attachment: Have the browser save the file.
        download_name: The name to save it under.
        conditional: Answer conditional and range requests (RFC 9110, sections 13 and 14).
        etag: Compute a validator, or use this one.
        last_modified: The time to say, in seconds or as a datetime.
        max_age: How long to cache, in seconds, or a function of the name that says so.

    Source: ``werkzeug.utils.send_file``.
    """
    is_usual = (
        type(path_or_file) is str
        and mimetype is download_name is last_modified is None
        and conditional is etag is True
        and as_attachment is False
    )
    if is_usual and (app := _sending_app()) is not None:
        path = os.path.join(app.root_path, path_or_file)  # type: ignore[arg-type]  # see is_usual
        return _send_found(app, path, os.stat(path), max_age)  # type: ignore[no-any-return]
    return werkzeug.utils.send_file(  # type: ignore[return-value]  # made by response_class
        **_with_app_defaults(
            path_or_file=path_or_file,
            environ=request.environ,
            mimetype=mimetype,
            as_attachment=as_attachment,
            download_name=download_name,
            conditional=conditional,
            etag=etag,
            last_modified=last_modified,
            max_age=max_age,
        )
    )


def send_from_directory(
    directory: os.PathLike[str] | str, path: os.PathLike[str] | str, **kwargs: Any
) -> Response:
    """Send a file from within a folder; a path that leads out of it is a 404.

    Args:
        directory: The folder, relative to the application's root path.
        path: The file, relative to *directory*; may come from a client.
        **kwargs: For :func:`send_file`.

    Raises:
        NotFound: No such file in that folder.

    Source: ``werkzeug.utils.send_from_directory``.
    """
    app = None if kwargs.keys() - {"max_age"} else _sending_app()
    if app is not None:
        found = ondemand.find_file(app.root_path, os.fspath(directory), os.fspath(path))
        return _send_found(app, *found, kwargs.get("max_age"))  # type: ignore[no-any-return]
    return werkzeug.utils.send_from_directory(  # type: ignore[return-value]
        directory, path, **_with_app_defaults(**kwargs)
    )


def get_root_path(import_name: str) -> str:
    """Find the folder that a module lies in, or the working directory.

    Args:
        import_name: The module's dotted name.

    Raises:
        RuntimeError: The module is there but has no file, as a namespace package.
    """
    module = sys.modules.get(import_name)
    filename: str | None = getattr(module, "__file__", None)
    if filename is not None:
        return os.path.dirname(os.path.abspath(filename))

    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    loader = None if spec is None else spec.loader
    # Unimportable, or typed into a shell.
    if loader is None:
        return os.getcwd()

    get_filename: Any = getattr(loader, "get_filename", None)
    if get_filename is not None:
        filename = get_filename(import_name)
    else:
        filename = getattr(importlib.import_module(import_name), "__file__", None)
    if filename is None:
        raise RuntimeError(
            "No root path can be found for the provided module"
            f" {import_name!r}. This can happen because the module"
            " came from an import hook that does not provide file"
            " name information or because it's a namespace package."
            " In this case the root path needs to be explicitly"
            " provided."
        )
    return os.path.dirname(os.path.abspath(filename))


_call_aborter = Aborter.__call__
