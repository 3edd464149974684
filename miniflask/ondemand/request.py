"""The request: a view on the WSGI environment.

A body is read in one piece where it is short and its length is known, and the stream that watches
over the reading is made for whoever asks for it.

Source: ``werkzeug.wrappers.Request`` of Werkzeug 3.1.
"""

from __future__ import annotations

from io import BufferedReader, BytesIO
from typing import IO, TYPE_CHECKING, Any

from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.formparser import FormDataParser
from werkzeug.wrappers import Request as RequestBase
from werkzeug.wsgi import LimitedStream, get_content_length, get_host

from ..stock import Shown
from .attribute import on_demand
from .forms import parse_cookies, parse_parameters

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# As much of a body is read in one go. A client may claim any length, and room is made for it.
_PIECE = 64 * 1024

# What has a part in reading a form, in the class and, as a program may have put it there, in the
# request. Looked at whenever one is read the short way, since it may be replaced at any time.
_READERS = "stream", "_get_stream_for_parsing", "make_form_data_parser", "form_data_parser_class"
_READING = frozenset((*_READERS, "_cached_data"))
_parsing = Shown((FormDataParser, ("__init__", "parse", "_parse_urlencoded")))


def _text(value: str | None) -> str:
    """Decode what PEP 3333 hands over as Latin-1; what is no UTF-8 becomes U+FFFD."""
    if not value or value.isascii():
        return value or ""
    return value.encode("latin1").decode(errors="replace")


def _server(request: Request) -> tuple[str, int | None] | None:
    """Return the name and port of the server; no port on a Unix socket."""
    environ = request._environ
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    try:
        return name, int(environ["SERVER_PORT"])
    except (KeyError, TypeError, ValueError):
        return name, None


def _handed_out(request: Request) -> WSGIEnvironment:
    """Hand the environment out.

    Who has it may change it, and the request must go on to say what it would have said before.
    """
    environ = request._shown = request._environ
    request._environ = environ.copy()
    request._environ.pop("werkzeug.request", None)  # or the request would hold itself
    return environ


def _live(request: Request) -> WSGIEnvironment:
    """Return the environment that the request has now, as a program may have left it."""
    environ: WSGIEnvironment = request.__dict__.get("environ", request._environ)
    return environ


def _shown(request: Request) -> WSGIEnvironment:
    """Return the environment that the request was made of, likewise: what its headers show."""
    environ: WSGIEnvironment = request.__dict__.get("_shown", request._environ)
    return environ


def _environ_of_headers(request: Request) -> WSGIEnvironment | None:
    """Return the environment that the headers show; None if a program made headers of its own."""
    kind: Any = type(request)
    if kind.headers is not _HEADERS_HERE:
        return None
    headers = request.__dict__.get("headers")
    if headers is None:
        return _shown(request)
    return headers.environ if type(headers) is EnvironHeaders else None


def _args(request: Request) -> Any:
    if request.parameter_storage_class is not ImmutableMultiDict:
        return _by_werkzeug.args.fget(request)
    return parse_parameters(request.query_string.decode())


def _cookies(request: Request) -> Any:
    environ = _environ_of_headers(request)
    if environ is None or request.dict_storage_class is not ImmutableMultiDict:
        return _by_werkzeug.cookies.fget(request)
    return parse_cookies(environ.get("HTTP_COOKIE", ""))


def _content_length(request: Request) -> int | None:
    environ = _environ_of_headers(request)
    if environ is None:
        return _by_werkzeug.content_length.fget(request)  # type: ignore[no-any-return]  # as declared
    return get_content_length(environ)


def _stream(request: Request) -> Any:
    """Make the stream, at its end if the body was read without it."""
    if request._read is None:
        return _by_werkzeug.stream.fget(request)
    stream = LimitedStream(BytesIO(bytes(request._read)), request._read)
    stream.read()
    return stream


def _form(request: Request) -> Any:
    request._load_form_data()
    return request.form


def _files(request: Request) -> Any:
    """Return the files; an urlencoded form has none."""
    if request._has_form:
        return ImmutableMultiDict()
    request._load_form_data()
    return request.files


def _size(request: Request, environ: WSGIEnvironment) -> int:
    """Return the length of a body that can be read in one go; -1 if it is not that simple."""
    said = environ.get("CONTENT_LENGTH", "")
    if (
        not (said.isdecimal() and said.isascii() and len(said) < 6)
        or "HTTP_TRANSFER_ENCODING" in environ
        or "wsgi.input_terminated" in environ
        or request.shallow
    ):
        return -1
    size, limit = int(said), request.max_content_length
    return -1 if size > _PIECE or (limit is not None and size > limit) else size


def _body(request: Request) -> bytes | None:
    """Read the body in one go; None if Werkzeug's code has to do it, or it was read already.

    Raises:
        ClientDisconnected: It is shorter than the client said.

    Source: ``werkzeug.wsgi.LimitedStream``, which asks a stream for the same bytes.
    """
    if (
        request._read is not None
        or not _reading.are_those_of(type(request))
        or not _READING.isdisjoint(request.__dict__)
    ):
        return None
    environ = _live(request)
    size, stream = _size(request, environ), environ["wsgi.input"]
    if size < 0 or (type(stream) not in _READ_ALIKE and hasattr(stream, "readinto")):
        return None
    data = _read_all(request, stream, size) if size else b""
    request._read = size
    return data


def _read_all(request: Request, stream: IO[bytes], size: int) -> bytes:
    data, error = b"", None
    try:
        data = stream.read(size) or b""
    except (OSError, ValueError) as e:
        error = e
    if len(data) < size:
        # Whoever tries again goes on here, and never reads what follows the body.
        rest = request.__dict__["stream"] = LimitedStream(stream, size - len(data))
        if error is not None:
            raise ClientDisconnected() from error
        data += rest.read()
        del request.__dict__["stream"]
    return data


# Their `read` and `readinto` give the same.
_READ_ALIKE = frozenset((BytesIO, BufferedReader))
_by_werkzeug: Any = RequestBase


def _headers(request: Request) -> EnvironHeaders:
    """Make the one part that always shows the environment as it is."""
    return EnvironHeaders(_shown(request))


# What Werkzeug sets on a request at once.
_SET = (
    "environ",
    "headers",
    "method",
    "path",
    "query_string",
    "remote_addr",
    "root_path",
    "scheme",
    "server",
)


class Request(RequestBase):
    """A request that reads its environment on demand.

    Args:
        environ: The WSGI environment (PEP 3333).
        populate_request: Put the request into the environment as ``werkzeug.request``.
        shallow: Refuse to read the body.

    Source: ``werkzeug.wrappers.Request``.
    """

    # The environment itself, once it was handed out.
    _shown: WSGIEnvironment
    # The length of a body that was read without its stream, and whether it was a form.
    _read: int | None = None
    _has_form = False
    # Whether a program's class has put something of its own where Werkzeug assigns.
    _is_replaced = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._is_replaced = any(getattr(cls, name) is not Request.__dict__[name] for name in _SET)

    def __init__(
        self, environ: WSGIEnvironment, populate_request: bool = True, shallow: bool = False
    ) -> None:
        self._environ = environ
        if self._is_replaced:
            super().__init__(environ, populate_request, shallow)
            return
        self.shallow = shallow
        if populate_request and not shallow:
            environ["werkzeug.request"] = self

    if not TYPE_CHECKING:  # to a type checker they are what Werkzeug declares
        environ = on_demand(_handed_out)
        method = on_demand(lambda self: self._environ.get("REQUEST_METHOD", "GET").upper())
        scheme = on_demand(lambda self: self._environ.get("wsgi.url_scheme", "http"))
        server = on_demand(_server)
        root_path = on_demand(lambda self: _text(self._environ.get("SCRIPT_NAME")).rstrip("/"))
        path = on_demand(lambda self: f"/{_text(self._environ.get('PATH_INFO')).lstrip('/')}")
        query_string = on_demand(
            lambda self: self._environ.get("QUERY_STRING", "").encode("latin1")
        )
        headers = on_demand(_headers)
        remote_addr = on_demand(lambda self: self._environ.get("REMOTE_ADDR"))
        host = on_demand(lambda self: get_host(self._environ, self.trusted_hosts))
        args = on_demand(_args)
        cookies = on_demand(_cookies)
        content_length = on_demand(_content_length)
        stream = on_demand(_stream)
        form = on_demand(_form)
        files = on_demand(_files)
        values = on_demand(_by_werkzeug.values.fget)

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether the request says what its body is; if so, a form is looked for in it."""
        return bool(_live(self).get("CONTENT_TYPE"))

    def _parse_content_type(self) -> None:
        environ = _environ_of_headers(self)
        header = ";" if environ is None else environ.get("CONTENT_TYPE", "")
        if ";" in header or "_parsed_content_type" in self.__dict__:
            super()._parse_content_type()
        else:
            self._parsed_content_type = header.strip(), {}

    def _load_form_data(self) -> None:
        """Read the form and the files, if that was not done."""
        own = self.__dict__
        if (
            "form" in own
            or self.parameter_storage_class is not ImmutableMultiDict
            or not self.want_form_data_parsed
            or self.mimetype != "application/x-www-form-urlencoded"
            or not _parsing.are_those_of(FormDataParser)
            or (body := _body(self)) is None
        ):
            super()._load_form_data()
            return
        try:
            own["form"] = parse_parameters(body.decode())
        except UnicodeDecodeError:  # as Werkzeug takes it
            own["form"] = ImmutableMultiDict()
        own.pop("files", None)
        self._has_form = True

    if not TYPE_CHECKING:

        def get_data(self, cache=True, as_text=False, parse_form_data=False):
            """Return the body; see ``werkzeug.wrappers.Request.get_data``."""
            if cache and not parse_form_data and (body := _body(self)) is not None:
                self._cached_data = body
            return super().get_data(cache, as_text, parse_form_data)

    def close(self) -> None:
        """Close the files that were uploaded, if the body was read at all."""
        if "files" in self.__dict__:
            super().close()


_HEADERS_HERE = vars(Request)["headers"]
_reading = Shown((Request, _READERS))
