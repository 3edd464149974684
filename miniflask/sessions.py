"""Sessions: a dict per visitor, carried by the visitor in a signed cookie.

An application asks its session interface twice: to open the session when the request context is
pushed, and to save it when the response is made.  The interface built in here keeps the whole
session in the cookie, which the client can read but not alter.

Much of what opening and saving would cost is the same for each request: the keys that are made of
the secret, the attributes of the cookie.  It is kept, under everything that decides about it, so
that a setting or method which a program changes counts from the next request on.  And most
requests never look at the session: then it is not opened at all (``deferred.py``).

Source: ``flask.sessions``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import datetime, timezone
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.datastructures import CallbackDict
from werkzeug.http import dump_cookie, http_date, parse_cookie

from .json.tag import TaggedJSONSerializer
from .signing import (
    BadSignature,
    TimestampSigner,
    URLSafeTimedSerializer,
    _encode_payload,
    _KeptSigner,
    want_bytes,
)
from .stock import Stock, is_method
from .wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .ondemand.response import Pairs


class SessionMixin(MutableMapping[str, Any]):
    """What a session has beyond a dict."""

    @property
    def permanent(self) -> bool:
        """Whether the cookie outlives the browser; kept in the session as ``_permanent``."""
        return self.get("_permanent", False)  # type: ignore[no-any-return]  # as it was stored

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)

    #: Whether the session was made for this request; some interfaces set it, this one does not.
    new = False

    #: Whether the session changed and must be saved; True where changes cannot be noticed.
    modified = True

    #: Whether the request asked for the session, so that the response varies by cookie.
    accessed = False


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):  # pyright: ignore[reportIncompatibleMethodOverride]  # between the bases
    """A session that notices when it is changed, though not when a value inside it is.

    Args:
        initial: What it begins with.
    """

    modified = False

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        dict.__init__(self, () if initial is None else initial)
        self.on_update = _mark_modified


def _mark_modified(session: Any) -> None:
    session.modified = True


class NullSession(SecureCookieSession):
    """The session of an application without a secret key: empty, and refusing to be written."""

    def _fail(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise RuntimeError(
            "The session is unavailable because no secret key was set."
            "  Set the secret_key on the application to something unique and secret."
        )

    __setitem__ = __delitem__ = clear = pop = popitem = update = setdefault = _fail
    del _fail


class SessionInterface:
    """How an application opens and saves sessions; a subclass defines both.

    Source: Flask 0.8.
    """

    #: The class of the session for an application that cannot have one.
    null_session_class = NullSession

    #: Whether pickle is at work, for extensions that ask.
    pickle_based = False

    def make_null_session(self, app: Flask) -> NullSession:
        """Make the session to use when :meth:`open_session` returned None."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Tell whether this is a session that is never saved."""
        kind = self.null_session_class
        # The usual answer, without asking an abstract base class.
        if kind is NullSession and type(obj) is SecureCookieSession:
            return False
        return isinstance(obj, kind)

    def get_cookie_name(self, app: Flask) -> str:
        """Return ``SESSION_COOKIE_NAME``."""
        return app.config["SESSION_COOKIE_NAME"]  # type: ignore[no-any-return]

    def get_cookie_domain(self, app: Flask) -> str | None:
        """Return ``SESSION_COOKIE_DOMAIN``; None is the host that answered, and no other."""
        return app.config["SESSION_COOKIE_DOMAIN"]  # type: ignore[no-any-return]

    def get_cookie_path(self, app: Flask) -> str:
        """Return ``SESSION_COOKIE_PATH``, or ``APPLICATION_ROOT``."""
        path: str = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return path

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Return ``SESSION_COOKIE_HTTPONLY``: whether scripts are kept from the cookie."""
        return app.config["SESSION_COOKIE_HTTPONLY"]  # type: ignore[no-any-return]

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return ``SESSION_COOKIE_SECURE``: whether the cookie travels over HTTPS only."""
        return app.config["SESSION_COOKIE_SECURE"]  # type: ignore[no-any-return]

    def get_cookie_samesite(self, app: Flask) -> str | None:
        """Return ``SESSION_COOKIE_SAMESITE``: ``"Strict"``, ``"Lax"`` or None."""
        return app.config["SESSION_COOKIE_SAMESITE"]  # type: ignore[no-any-return]

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Return ``SESSION_COOKIE_PARTITIONED`` (Flask 3.1)."""
        return app.config["SESSION_COOKIE_PARTITIONED"]  # type: ignore[no-any-return]

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """Return when the cookie expires: never before the browser closes, if not permanent."""
        if session.permanent:
            return datetime.now(timezone.utc) + app.permanent_session_lifetime
        return None

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Tell whether the response needs the cookie.

        It does when the session was modified, and for a permanent session also when
        ``SESSION_REFRESH_EACH_REQUEST`` is on.
        """
        return session.modified or (
            session.permanent and app.config["SESSION_REFRESH_EACH_REQUEST"]
        )

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """Return the request's session, or None if there cannot be one.

        Called when the request context is pushed, before the URL is matched.
        """
        raise NotImplementedError()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save the session, after every ``after_request`` function; not for a null session."""
        raise NotImplementedError()


#: Puts a session into JSON and back, with tags for what JSON lacks.
session_json_serializer = TaggedJSONSerializer()


def _lazy_sha1(string: bytes = b"") -> Any:
    """Make a SHA-1 hash; looked up when called, because FIPS builds do not have it."""
    return hashlib.sha1(string)


def _make_serializer(
    keys: tuple[str | bytes, ...], salt: str, serializer: Any, key_derivation: str, digest: Any
) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        [want_bytes(key) for key in keys],
        salt=salt,
        serializer=serializer,
        signer_kwargs={"key_derivation": key_derivation, "digest_method": digest},
    )


@lru_cache(maxsize=64)
def _kept_serializer(*decides: Any) -> URLSafeTimedSerializer:
    """Make a serializer once for the same settings; no program may get hold of it."""
    serializer = _make_serializer(*decides)
    serializer._kept_signer(None)
    return serializer


def _what_decides(interface: Any, app: Flask, serializer: Any) -> tuple[Any, ...]:
    """Collect the arguments for :func:`_make_serializer`."""
    # A tuple first: what cannot be one is refused in Flask's words.
    keys = (*tuple(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key)
    return keys, interface.salt, serializer, interface.key_derivation, interface.digest_method


#: What of a class of requests decides which cookies they have.
COOKIE_PARTS = (Request, ("cookies", "headers", "dict_storage_class"))
_cookie_stock = Stock(COOKIE_PARTS)


def _has_usual_cookies(request: Request) -> bool:
    """Tell whether the cookies of a request are what its environ says, and no program's."""
    return _cookie_stock.holds(type(request)) and vars(request).keys().isdisjoint(
        ("cookies", "headers")
    )


def _environ_of(request: Request) -> WSGIEnvironment:
    """Return the environment that the headers of a request show, without handing it out."""
    environ: WSGIEnvironment = vars(request).get("_shown", request._environ)
    return environ


def _find_cookie(header: str, name: str) -> str | None:
    """Return the first cookie of a name from a header in ASCII.

    Source: ``werkzeug.http.parse_cookie``.
    """
    if '"' in header:
        return parse_cookie(header).get(name)
    found = _cookie_pattern(name).search(header)
    return (found[1] or "") if found else None


@lru_cache(maxsize=16)
def _cookie_pattern(name: str) -> re.Pattern[str]:
    """Compile the pattern for a cookie without quotes."""
    if not re.fullmatch(r'[^ \t=";]+', name):
        return re.compile(r"(?!)()")  # cannot be a name
    value = r"(?:=[ \t]*([^ \t;]*)[ \t]*)?"
    return re.compile(rf"(?:\A|;)[ \t]*{re.escape(name)}[ \t]*{value}(?:;|\Z)")


def _cookie_of(request: Request, name: str) -> str | None:
    """Return a cookie of a request, without taking apart the others."""
    if type(name) is str and _has_usual_cookies(request):
        header = _environ_of(request).get("HTTP_COOKIE", "")
        if name not in header:  # no name is quoted
            return None
        if header.isascii():
            return _find_cookie(header, name)
    return request.cookies.get(name)


class SecureCookieSessionInterface(SessionInterface):
    """Keep the session in a signed cookie.

    Each attribute can be overridden by a subclass.
    """

    #: Goes into the key, so that no other signed value passes for a session.
    salt = "cookie-session"
    #: The hash for key and signature.
    digest_method = staticmethod(_lazy_sha1)
    #: How the key is made of secret and salt.
    key_derivation = "hmac"
    #: Turns the session into text and back.
    serializer = session_json_serializer
    session_class = SecureCookieSession

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what signs and verifies the cookie; None without a secret key.

        The newest key is last: it signs, and the ``SECRET_KEY_FALLBACKS`` before it only verify
        (CVE-2025-47278).  Each call makes one, since a subclass may change what it gets; but the
        keys are derived only once.
        """
        if not app.secret_key:
            return None
        decides = _what_decides(self, app, self.serializer)
        serializer = _make_serializer(*decides)
        with suppress(TypeError):  # something that cannot be a key of the cache
            serializer._kept = _kept_serializer(*decides)._kept
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Verify the cookie; an empty session if there is none, or it is forged or too old."""
        serializer = _serializer_for(self, app)
        if serializer is None:
            return None
        cookie = _cookie_of(request, self.get_cookie_name(app))
        if not cookie:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(serializer.loads(cookie, max_age=max_age))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set, refresh or delete the cookie, and say that the response varies by it."""
        accessed = session.accessed
        if accessed:
            _vary_by_cookie(response)
        name, settings = _cookie_settings(self, app)
        if not session:
            if session.modified:
                response.delete_cookie(name, **_attributes(settings))
                _vary_by_cookie(response)
            return
        if not self.should_set_cookie(app, session):
            return
        header, value, expires = _make_cookie(self, app, session, name, settings)
        if (
            header is None
            or not _sets_cookies_as_usual(response)
            or _is_too_large(header, response.max_cookie_size)
        ):
            response.set_cookie(name, value, expires=expires, **_attributes(settings))
        else:
            _add_header(response, "Set-Cookie", header)
        # Also when nobody touched the session: a cache must not hand this cookie to others
        # (CVE-2023-30861).
        if not accessed:
            _vary_by_cookie(response)


def headers_for(
    interface: SecureCookieSessionInterface, app: Flask, session: SecureCookieSession
) -> Pairs | None:
    """Return the headers that ``save_session`` would add to a response without any of them.

    Args:
        interface: One of which no program has replaced a part.
        app: The application.
        session: The session.

    Returns:
        The headers; None if it would not set the cookie.
    """
    if not session or not interface.should_set_cookie(app, session):
        return None
    accessed = session.accessed
    name, settings = _cookie_settings(interface, app)
    header, value, expires = _make_cookie(interface, app, session, name, settings)
    if header is None or _is_too_large(header, app.config["MAX_COOKIE_SIZE"]):
        response = Response()
        response.set_cookie(name, value, expires=expires, **_attributes(settings))
        header = response.headers["Set-Cookie"]
    cookie = "Set-Cookie", header
    return [VARY, cookie] if accessed else [cookie, VARY]


def _serializer_for(
    interface: SecureCookieSessionInterface, app: Flask
) -> URLSafeTimedSerializer | None:
    """Return what ``get_signing_serializer`` would make, kept if that is not replaced."""
    if app.secret_key and is_method(interface, "get_signing_serializer", _get_signing_serializer):
        try:
            return _kept_serializer(*_what_decides(interface, app, interface.serializer))
        except TypeError:  # something that cannot be a key of the cache
            pass
    return interface.get_signing_serializer(app)


def _cookie_settings(
    interface: SecureCookieSessionInterface, app: Flask
) -> tuple[str, tuple[Any, ...]]:
    """Return the name of the cookie, and its attributes as :func:`_attributes` names them."""
    if not interface.__dict__ and _cookie_getters.holds(type(interface)):
        name, path, root, *settings = _read_cookie_settings(app.config)
        return name, (path or root, *settings)
    return interface.get_cookie_name(app), (
        interface.get_cookie_path(app),
        interface.get_cookie_domain(app),
        interface.get_cookie_secure(app),
        interface.get_cookie_partitioned(app),
        interface.get_cookie_samesite(app),
        interface.get_cookie_httponly(app),
    )


def _make_cookie(
    interface: SecureCookieSessionInterface,
    app: Flask,
    session: SessionMixin,
    name: str,
    settings: tuple[Any, ...],
) -> tuple[str | None, str, datetime | None]:
    """Sign the session, with whatever was kept from other requests.

    Returns:
        The header, None if a program has a part in it; the token; when it expires.
    """
    expires = interface.get_expiration_time(app, session)
    content = dict(session)
    signer = _signer_for(interface, app)
    text = interface.serializer.dumps(content) if signer is not None else None
    if signer is None or type(text) is not str:
        serializer: Any = _serializer_for(interface, app)
        return None, serializer.dumps(content), expires
    value = signer.sign(_encode_payload(text.encode())).decode()
    return _cookie_header(name, value, expires, settings), value, expires


def _signer_for(interface: SecureCookieSessionInterface, app: Flask) -> _KeptSigner | None:
    """Return the signer of the usual serializer, kept; None if a program has a part in it."""
    if (
        not is_method(interface, "get_signing_serializer", _get_signing_serializer)
        or type(interface.serializer) is not TaggedJSONSerializer
        or not _writing.holds()
    ):
        return None
    secret, fallbacks = app.secret_key, app.config["SECRET_KEY_FALLBACKS"]
    try:
        return _kept_signer(
            secret,
            tuple(fallbacks) if fallbacks else (),
            interface.salt,
            interface.key_derivation,
            interface.digest_method,
        )
    except Exception:  # then it is the serializer's to raise
        return None


_get_signing_serializer = SecureCookieSessionInterface.get_signing_serializer
#: The methods of an interface that say what a cookie is like.
COOKIE_GETTERS = (
    "get_cookie_name",
    "get_cookie_path",
    "get_cookie_domain",
    "get_cookie_secure",
    "get_cookie_partitioned",
    "get_cookie_samesite",
    "get_cookie_httponly",
)
_cookie_getters = Stock((SecureCookieSessionInterface, COOKIE_GETTERS))
_read_cookie_settings = itemgetter(
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_PATH",
    "APPLICATION_ROOT",
    "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_PARTITIONED",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_COOKIE_HTTPONLY",
)


def _attributes(settings: tuple[Any, ...]) -> dict[str, Any]:
    """Return the settings of a cookie as arguments for ``set_cookie`` and ``delete_cookie``."""
    names = "path", "domain", "secure", "partitioned", "samesite", "httponly"
    return dict(zip(names, settings, strict=True))


_texts = frozenset({str, bytes})


@lru_cache(maxsize=64)
def _kept_signer(
    secret: Any, fallbacks: tuple[Any, ...], salt: Any, key_derivation: str, digest_method: Any
) -> _KeptSigner:
    """Make what signs and verifies cookies, once for the same settings.

    Raises:
        Exception: Something is not of the usual type, or cannot be remembered.
    """
    if not secret or not _texts.issuperset(map(type, (secret, *fallbacks))):
        raise TypeError("not a key")
    keys = [want_bytes(key) for key in (*fallbacks, secret)]
    return _KeptSigner(keys, salt, key_derivation=key_derivation, digest_method=digest_method)


#: What verifies tokens: a program may have put something in the place of any of it.
VERIFYING_PARTS = (
    (URLSafeTimedSerializer, ("loads", "load_payload", "make_signer", "iter_unsigners")),
    (
        TimestampSigner,
        ("unsign", "derive_key", "get_signature", "verify_signature", "get_timestamp"),
    ),
)
_writing = Stock(
    (URLSafeTimedSerializer, ("dumps", "dump_payload", "make_signer")),
    (TimestampSigner, ("sign", "derive_key", "get_signature", "get_timestamp")),
)


#: Says that what is sent depends on the session.
VARY = ("Vary", "Cookie")
_stock_vary = Response.vary
_stock_headers = Response.headers
_stock_set_cookie = Response.set_cookie
_stock_limit = Response.max_cookie_size


def _unseen_pairs(response: Response) -> list[tuple[str, str]] | None:
    """Return what the headers will be made of, if nobody has seen them yet."""
    own = response.__dict__
    if "headers" in own or type(response).headers is not _stock_headers:
        return None
    return own.get("_pairs")


def _add_header(response: Response, name: str, value: str) -> None:
    """Add a header that is known to be well-formed."""
    pairs = _unseen_pairs(response)
    if pairs is None:
        response.headers.add(name, value)
    else:
        pairs.append((name, value))


def _vary_by_cookie(response: Response) -> None:
    """Do ``response.vary.add("Cookie")``, without taking apart a header that is not there."""
    if not isinstance(response, Response) or type(response).vary is not _stock_vary:
        response.vary.add("Cookie")
        return
    pairs: Any = _unseen_pairs(response)
    if pairs is None:
        pairs = response.headers
    if isinstance(pairs, dict):
        response.vary.add("Cookie")
        return
    # Not by a look-up, which would make an error and catch it.
    for name, _ in pairs:
        if name.lower() == "vary":
            response.vary.add("Cookie")
            return
    if pairs.__class__ is list:
        pairs.append(VARY)
    else:
        pairs.add(*VARY)


def _sets_cookies_as_usual(response: Response) -> bool:
    return (
        is_method(response, "set_cookie", _stock_set_cookie)
        and type(response).max_cookie_size is _stock_limit
        and "max_cookie_size" not in vars(response)
    )


def _is_too_large(header: str, limit: int) -> bool:
    """Tell whether a cookie deserves a warning."""
    return bool(limit) and len(header) > limit


def _cookie_header(
    name: str, value: str, expires: datetime | None, settings: tuple[Any, ...]
) -> str | None:
    """Return the ``Set-Cookie`` header for a token, made of what was kept for its attributes.

    None if that may not be what it would be made of now.
    """
    if expires is not None and getattr(expires, "tzinfo", None) is not timezone.utc:
        return None
    try:
        head, tail, end = _cookie_parts(name, expires is not None, *settings)
    except TypeError:  # an attribute that cannot be remembered
        return None
    date = "" if expires is None else _http_date(int(expires.timestamp()))
    return f"{head}{value}{tail}{date}{end}"


# Typed, because what is true otherwise than as True is written into the header.
@lru_cache(maxsize=64, typed=True)
def _cookie_parts(name: str, expiring: bool, *settings: Any) -> tuple[str, str, str]:
    """Return a ``Set-Cookie`` header in three parts: up to the value, to the date, to the end.

    The value of a token needs no quotes.
    """
    if not {type(each) for each in settings} <= _plain:
        raise TypeError("an attribute that may look otherwise each time")
    attributes = _attributes(settings)
    header = dump_cookie(name, expires="\0" if expiring else None, max_size=0, **attributes)
    if "\n" in header or "\r" in header:
        raise TypeError("no header can hold it")
    start = len(name.encode().decode("latin1")) + 1
    tail, _, end = header[start:].partition("\0")
    return header[:start], tail, end


_plain = {str, bool, type(None)}
_http_date = lru_cache(maxsize=8)(http_date)
