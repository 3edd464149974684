"""The response: a body, with headers once somebody wants to see them.

Most responses are a text and its type.  Such a one keeps just that, and goes out without a
``Headers`` object, an encoding generator or a closing iterator ever being made.

Source: ``werkzeug.wrappers.Response`` of Werkzeug 3.1; PEP 3333.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from werkzeug import wsgi
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.urls import iri_to_uri
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import FileWrapper

from ..stock import Shown, Stock
from .attribute import on_demand

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from typing_extensions import Self

# What has a part in each of these steps. Looked at whenever one is taken the short way, since a
# program may replace a method of a class at any time.
_MAKING = "headers", "set_data", "status", "default_status", "automatically_set_content_length"
_SENDING = "get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded"
_page_parts = Shown(
    (HTTPException, ("__call__", "get_response", "get_body", "get_description", "name"))
)

#: The exceptions of Werkzeug's that are nothing but a status and a page.
PAGES = frozenset(default_exceptions.values())
_stock_get_headers = {kind: kind.get_headers for kind in PAGES}
_SENDERS = frozenset(_SENDING)
# What a program may have set on one exception that is not of its class.
_DECIDES = frozenset(("code", "get_body", "get_description", "get_headers", "get_response"))
#: The statuses whose responses have no body.
BODILESS = frozenset((*range(100, 200), 204, 304))

_LENGTH = "content-length"
_LOCATIONS = {"location": "Location", "content-location": "Content-Location"}
# A path, maybe with a query, that is written as in a URI already.
_is_uri = re.compile(
    r"/(?!/)[\w.~%:@!$&'()*+,;=/-]*(\?[\w.~%:@!$&'()*+,;=/?-]+)?", re.ASCII
).fullmatch

Pairs = list[tuple[str, str]]


@lru_cache(maxsize=64)
def content_type_of(mimetype: str) -> str:
    """Add the charset that a type of text has; one with a newline is refused as a header is."""
    headers = Headers()
    headers["Content-Type"] = get_content_type(mimetype, "utf-8")
    return headers["Content-Type"]


def _uri_of(location: str) -> str:
    """Write a location in ASCII, as ``iri_to_uri``."""
    return location if _is_uri(location) else iri_to_uri(location)


@lru_cache(maxsize=128)
def _page(kind: type[HTTPException], code: int, phrase: str | None, text: str | None) -> bytes:
    """Write the page of an HTTP exception that says nothing beyond what its class says."""
    return kind.get_body(kind()).encode()


def page_of(error: Any, environ: WSGIEnvironment) -> tuple[Pairs, bytes] | None:
    """Write the page of an exception of one of :data:`PAGES`, with its headers.

    None if a program has a part in it: then the exception must be run as the application it is.
    """
    kind: Any = type(error)
    if (
        error.response is not None
        or not _DECIDES.isdisjoint(error.__dict__)
        or not _page_parts.are_those_of(kind)
        or kind.get_headers is not _stock_get_headers[kind]
    ):
        return None
    if "description" in error.__dict__ or type(kind.description) is not str:
        body = error.get_body(environ).encode()
    else:
        body = _page(kind, kind.code, HTTP_STATUS_CODES.get(kind.code), kind.description)
    pairs = error.get_headers(environ)
    if kind.get_headers is not HTTPException.get_headers:
        pairs = Headers(pairs)  # which refuses a newline; what they say may be a client's
    return [*pairs, ("Content-Length", str(len(body)))], body


def _headers_of(response: Response) -> Headers:
    headers = Headers()
    for pair in response._pairs or ():
        headers.add(*pair)  # one by one, in half the time
    return headers


def _become(response: Response, kind: type) -> None:
    """Give a response another class, which may be Werkzeug's and know nothing of demand."""
    response.headers, response._on_close  # noqa: B018
    response._status, response._status_code = response._status, response._status_code
    object.__dict__["__class__"].__set__(response, kind)


class Response(ResponseBase):
    """A response that makes its headers on demand.

    Arguments and attributes are those of ``werkzeug.wrappers.Response``.
    """

    # What this class, or the one that it inherits from, had when it was made.
    __making: Stock
    __making_text: Stock
    __sending: Stock

    # What the headers will be made of, while nobody has seen them; None if a class keeps them
    # elsewhere.
    _pairs: Pairs | None = None
    _is_sized = False
    _status = "200 OK"
    _status_code = 200

    if not TYPE_CHECKING:  # to a type checker they are what Werkzeug declares
        headers = on_demand(_headers_of)
        _on_close = on_demand(lambda self: [])
        __class__ = property(type, _become)

    def __init__(
        self,
        response: Any = None,
        status: Any = None,
        headers: Any = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        kind = type(response)
        plain_type = self.default_mimetype if mimetype is None else mimetype
        if (
            headers is not None
            or content_type is not None
            or plain_type is None
            or not self.__making.holds(type(self))
        ):
            super().__init__(response, status, headers, mimetype, content_type, direct_passthrough)
            return
        self._pairs = [("Content-Type", content_type_of(plain_type))]
        if status is not None:
            self._set_status(status)
        self.direct_passthrough = direct_passthrough
        if kind is str or kind is bytes:
            self.__keep(response.encode() if kind is str else response)
        elif isinstance(response, (str, bytes, bytearray)):
            self.set_data(response)  # type: ignore[arg-type]  # a bytearray is taken as well
        else:
            self.response = [] if response is None else response

    @classmethod
    def _watch(cls) -> None:
        """Watch over the parts of this class, of which each request makes responses."""
        cls.__making = Stock((cls, _MAKING))
        cls.__making_text = Stock((cls, (*_MAKING, "__init__", "__new__")))
        cls.__sending = Stock((cls, (*_SENDING, "is_sequence", "status", "status_code")))

    @classmethod
    def _of_text(cls, text: str) -> Self:
        """Make the response of a text, in half the time if nobody has a part in making one."""
        mimetype = cls.default_mimetype
        if type(mimetype) is not str or not cls.__making_text.holds(cls):
            return cls(text, status=None, headers=None)  # in full, for a class of a program's own
        made = cls.__new__(cls)
        made._pairs = [("Content-Type", content_type_of(mimetype))]
        made.direct_passthrough = False
        made.__keep(text.encode())
        return made

    def __keep(self, body: bytes) -> None:
        self._pairs.append(("Content-Length", str(len(body))))  # type: ignore[union-attr]  # begun
        self.response = [body]
        self._is_sized = True

    def _set_status(self, status: Any) -> None:
        if type(status) is int and status in HTTP_STATUS_CODES:
            self._status = f"{status} {HTTP_STATUS_CODES[status].upper()}"
            self._status_code = status
        else:
            self.status = status

    @classmethod
    def force_type(cls, response: Any, environ: WSGIEnvironment | None = None) -> Response:
        """Make a response of this class out of another one, or of a WSGI application.

        Args:
            response: The response, which is changed itself, or the application, which is run.
            environ: What to run it with.

        Source: ``werkzeug.wrappers.Response.force_type``.  The page of an HTTP exception, of
        which the exception is the application, is written here without running it.
        """
        page = None
        if environ is not None and environ["REQUEST_METHOD"] != "HEAD" and type(response) in PAGES:
            page = page_of(response, environ)
        if page is None:
            return super().force_type(response, environ)  # type: ignore[return-value]  # of cls
        forced = cls.__new__(cls)
        forced._pairs, body = page
        # As the application would be run: with a body that can be iterated over once.
        forced.response = iter([body])
        forced.direct_passthrough = False
        forced._is_sized = True
        forced._set_status(response.code)
        return forced

    def __copy__(self) -> Self:
        """Share what the copy of a response shares: headers, and what is called at its end."""
        self.headers, self._on_close  # noqa: B018
        copied = type(self).__new__(type(self))
        vars(copied).update(vars(self))
        return copied

    def close(self) -> None:
        """Close the body, if it can be, then call what ``call_on_close`` was given."""
        if type(self.response) is not list:
            close = getattr(self.response, "close", None)
            if close is not None:
                close()
        for func in self.__dict__.get("_on_close", ()):
            func()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send the response (PEP 3333).

        Returns:
            The body; its ``close`` closes the response.
        """
        pairs = self._final_pairs(environ)
        if pairs is None:
            return super().__call__(environ, start_response)
        has_body = environ["REQUEST_METHOD"] != "HEAD" and self._status_code != 204
        start_response(self._status, pairs)
        if not has_body:
            return wsgi.ClosingIterator((), self.close)
        if self.direct_passthrough:
            body: Any = self.response
            return _Pieces(body.file, body.buffer_size) if type(body) is FileWrapper else body
        return ClosingIterator(self)

    def _final_pairs(self, environ: WSGIEnvironment) -> Pairs | None:
        """Return the headers that go out; None if there is more to be done than is done here."""
        own, code = self.__dict__, self._status_code
        if (
            (code in BODILESS and code != 204)
            or not self.__sending.holds(type(self))
            or not _SENDERS.isdisjoint(own)
        ):
            return None
        if "headers" not in own:
            if self._pairs is None:
                return None
            pairs, has_length = self._pairs.copy(), self._is_sized
        else:
            if type(self.headers) is not Headers:  # Werkzeug makes headers of much
                return None
            pairs = list(self.headers)
            names = [name.lower() for name, _ in pairs]
            has_length = _LENGTH in names
            if not _LOCATIONS.keys().isdisjoint(names):
                if self.autocorrect_location_header or max(map(names.count, _LOCATIONS)) > 1:
                    return None
                for name, title in _LOCATIONS.items():
                    if name in names:
                        place = names.index(name)
                        pairs[place] = title, _uri_of(pairs[place][1])
        if code == 204:
            return [pair for pair in pairs if pair[0].lower() != _LENGTH]
        if not has_length and self.automatically_set_content_length and self.is_sequence:
            pairs.append(("Content-Length", str(sum(map(len, _encoded(self.response))))))
        return pairs


Response._watch()


class ClosingIterator(wsgi.ClosingIterator):
    """The body on its way to the server: once through its chunks, then close the response."""

    def __init__(self, response: Response) -> None:
        self._response = response
        self._body: Any = response.response
        self._chunks: Iterator[bytes] | None = None

    def __iter__(self) -> Any:
        if self._chunks is None:
            body = self._body
            if type(body) is list and len(body) == 1 and type(body[0]) is bytes:
                self._chunks = iter(body)
            else:
                self._chunks = _encoded(body)
        return self._chunks

    def __next__(self) -> bytes:
        return next(iter(self))  # type: ignore[no-any-return]  # of an iterator of bytes

    def close(self) -> None:
        """Let the chunks end, then the response."""
        if type(self._chunks) is GeneratorType:
            self._chunks.close()
        self._response.close()


class _Pieces(FileWrapper):
    """A file on its way to the server, in the same pieces; nobody seeks in it any more."""

    def __iter__(self) -> Any:
        return iter(partial(self.file.read, self.buffer_size), b"")


def _encoded(chunks: Iterable[str | bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk.encode() if isinstance(chunk, str) else chunk
