"""What a view returned, written without a response object where nobody could see one.

A text, JSON, either with a status, a generator, the page of an error; with the headers in which
the session is saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from werkzeug.http import HTTP_STATUS_CODES

from .deferred import saves_as_usual
from .globals import _cv_request
from .json.provider import DefaultJSONProvider, encode_as_usual, is_as_it_came
from .ondemand.response import BODILESS, PAGES, Pairs, content_type_of, page_of
from .sessions import VARY, SecureCookieSession, headers_for
from .signals import in_use, is_listened_to
from .stock import Stock
from .wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .ctx import RequestContext

# What of a JSON provider makes a response.
_MAKERS = "response", "_prepare_response_obj"
_makes_json = Stock((DefaultJSONProvider, _MAKERS))

_HTML = ("Content-Type", "text/html; charset=utf-8")
_JSON = ("Content-Type", content_type_of("application/json"))
#: The status lines of responses that have a body.
_LINES = {
    code: f"{code} {phrase.upper()}"
    for code, phrase in HTTP_STATUS_CODES.items()
    if code not in BODILESS
}
_context = _cv_request.get
_Plain = tuple[str, Pairs, Iterator[bytes]]
_Line = str | None


def write_plainly(app: Flask, ctx: RequestContext, rv: Any) -> _Plain | None:
    """Write what a view returned, and save the session.

    Args:
        app: The application.
        ctx: The request; what was made of *rv* is left there if it must not be made again.
        rv: What the view returned, or whatever answers instead of it.

    Returns:
        The status line, the headers and the body; None if it takes a response.
    """
    # Since the beginning the view may have changed the method; without one, sending raises.
    if ctx._environ.get("REQUEST_METHOD", "HEAD") == "HEAD" or not _is_unseen(app, ctx):
        return None
    plain: _Plain | None
    if type(rv) is str:  # most are: what the steps below would come to
        body = rv.encode()
        plain = "200 OK", [_HTML, ("Content-Length", str(len(body)))], _once(body)
    else:
        plain = _written(app, ctx, rv)
        if plain is None:
            return None
    deferred = ctx._deferred_session
    if deferred is None or (deferred._permanent and app.config["SESSION_REFRESH_EACH_REQUEST"]):
        plain[1].extend(_saved(app, ctx))
    return plain


def _is_unseen(app: Flask, ctx: RequestContext) -> bool:
    """Tell whether nobody may see the response, or save the session in a way of its own."""
    return not (
        app.after_request_funcs
        or ctx._after_request_functions
        or app._reasons is None
        or (in_use and is_listened_to())
        or _context(None) is not ctx
        or (
            (ctx._deferred_session is None or app.session_interface.__dict__)
            and not saves_as_usual(app)
        )
    )


def _written(app: Flask, ctx: RequestContext, rv: Any) -> _Plain | None:
    """Write what is no mere text: something with a status, JSON, a stream, the page of an error."""
    kind, line = type(rv), None
    if kind is tuple and len(rv) == 2 and type(rv[1]) is int and rv[1] in _LINES:
        line, rv = _LINES[rv[1]], rv[0]
        kind = type(rv)
    write = _WRITERS.get(kind)
    plain: _Plain | None = None if write is None else write(app, ctx._environ, line, rv)
    # What was written may have asked for anything.
    if plain is None or _is_unseen(app, ctx):
        return plain
    if write is _write_json:  # it has had its say, and must not have it again
        ctx._made = Response(b"".join(plain[2]), plain[0], content_type=plain[1][0][1])
    return None


def _saved(app: Flask, ctx: RequestContext) -> Iterable[tuple[str, str]]:
    """Save the session; return the headers that this takes."""
    session: Any = ctx._session
    interface: Any = app.session_interface
    saved: Pairs | None = None
    if type(session) is SecureCookieSession:
        if not session.modified and "_permanent" not in session:
            return (VARY,) if session.accessed else ()
        saved = headers_for(interface, app, session)
    if saved is None:
        response = Response()
        del response.headers["Content-Type"]
        if not interface.is_null_session(session):
            interface.save_session(app, session, response)
        saved = list(response.headers)
    return saved


def _write_text(app: Flask, environ: WSGIEnvironment, line: _Line, text: str) -> _Plain:
    body = text.encode()
    return line or "200 OK", [_HTML, ("Content-Length", str(len(body)))], _once(body)


def _write_json(app: Flask, environ: WSGIEnvironment, line: _Line, value: Any) -> _Plain | None:
    """Write what ``app.json.response`` would; None if a program's own does."""
    provider: Any = app.json
    is_usual = is_as_it_came(provider)
    if not (is_usual or _writes_as_usual(provider)) or provider._app != app:
        return None
    if is_usual and not app.debug:
        body, kind = f"{encode_as_usual(value)}\n".encode(), _JSON
    else:
        body = provider._document(value, app).encode()
        kind = "Content-Type", content_type_of(provider.mimetype)
    return line or "200 OK", [kind, ("Content-Length", str(len(body)))], _once(body)


def _writes_as_usual(provider: Any) -> bool:
    """Tell whether a provider makes a response as the default one does, of whatever it writes."""
    return (
        isinstance(provider, DefaultJSONProvider)
        and type(provider.mimetype) is str
        and vars(provider).keys().isdisjoint(_MAKERS)
        and _makes_json.holds(type(provider))
    )


def _write_page(app: Flask, environ: WSGIEnvironment, line: _Line, error: Any) -> _Plain | None:
    """Write the page of an HTTP exception; None if a program has a part in it."""
    try:
        page = None if line else page_of(error, environ)
    except TypeError:
        return None  # make_response says what is wrong
    return None if page is None else (_LINES[error.code], page[0], _once(page[1]))


def _write_stream(app: Flask, environ: WSGIEnvironment, line: _Line, chunks: Any) -> _Plain:
    stream = _streamed(chunks)
    next(stream)  # so that closing it closes what it goes through
    return line or "200 OK", [_HTML], stream


_WRITERS: dict[type, Any] = {
    str: _write_text,
    **dict.fromkeys((dict, list), _write_json),
    **dict.fromkeys(PAGES, _write_page),
    GeneratorType: _write_stream,
}


def _once(body: bytes) -> Iterator[bytes]:
    yield body


def _streamed(chunks: Any) -> Iterator[bytes]:
    try:
        yield b""  # for who makes it
        for chunk in chunks:
            yield chunk.encode() if type(chunk) is str else _bytes_of(chunk)
    finally:
        chunks.close()


def _bytes_of(chunk: Any) -> Any:
    return chunk.encode() if isinstance(chunk, str) else chunk
