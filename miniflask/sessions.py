"""Sessions: a dict per visitor, carried by the visitor in a signed cookie.

An application asks its session interface twice: to open the session when the request context is
pushed, and to save it when the response is made.  The interface built in here keeps the whole
session in the cookie, which the client can read but not alter.

Source: ``flask.sessions``.
"""

from __future__ import annotations

import hashlib
import json
import struct
import time
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from datetime import datetime, timezone
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.datastructures import CallbackDict

from .json.provider import DefaultJSONProvider
from .json.tag import TaggedJSONSerializer
from .signing import (
    BadData,
    BadSignature,
    URLSafeTimedSerializer,
    base64_decode,
    bytes_to_int,
    want_bytes,
)
from .wrappers import Request

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Response


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
        super().__init__(initial, _mark_modified)


def _mark_modified(session: SecureCookieSession) -> None:
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
        return isinstance(obj, self.null_session_class)

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
    keys = (*(app.config["SECRET_KEY_FALLBACKS"] or ()), app.secret_key)
    return keys, interface.salt, serializer, interface.key_derivation, interface.digest_method


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

    def _serializer_for(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Return what :meth:`get_signing_serializer` would make, kept if that is not replaced."""
        make: Any = self.get_signing_serializer
        if app.secret_key and getattr(make, "__func__", None) is _get_signing_serializer:
            with suppress(TypeError):  # something that cannot be a key of the cache
                return _kept_serializer(*_what_decides(self, app, self.serializer))
        serializer: URLSafeTimedSerializer | None = make(app)
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Verify the cookie; an empty session if there is none, or it is forged or too old."""
        serializer = self._serializer_for(app)
        if serializer is None:
            return None
        cookie = request.cookies.get(self.get_cookie_name(app))
        if not cookie:
            return self.session_class()
        max_age = int(app.permanent_session_lifetime.total_seconds())
        try:
            return self.session_class(serializer.loads(cookie, max_age=max_age))
        except BadSignature:
            return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set, refresh or delete the cookie, and say that the response varies by it."""
        if session.accessed:
            response.vary.add("Cookie")
        name = self.get_cookie_name(app)
        attributes: dict[str, Any] = {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "partitioned": self.get_cookie_partitioned(app),
            "samesite": self.get_cookie_samesite(app),
            "httponly": self.get_cookie_httponly(app),
        }
        if not session:
            if session.modified:
                response.delete_cookie(name, **attributes)
                response.vary.add("Cookie")
            return
        if not self.should_set_cookie(app, session):
            return
        expires = self.get_expiration_time(app, session)
        serializer = self._serializer_for(app)
        value = serializer.dumps(dict(session))  # type: ignore[union-attr]  # it was opened
        response.set_cookie(name, value, expires=expires, **attributes)
        # Also when nobody touched the session: a cache must not hand this cookie to others
        # (CVE-2023-30861).
        response.vary.add("Cookie")


_get_signing_serializer = SecureCookieSessionInterface.get_signing_serializer


# ---- opening a session only when somebody asks ----


class DeferredSession:
    """A cookie session that is not opened before it can be observed.

    Most requests never look at the session, and verifying one is much of what such a request
    would cost.  Whatever decides about it is fixed when the context is pushed: key, cookie and
    clock.  Only the verification waits, since nobody can tell when it is done.

    Args:
        serializer: Verifies the cookie.
        cookie: The cookie, of an acceptable age; empty if there is none.
        permanent: Whether the session says so, if the signature is good.
    """

    __slots__ = ("_cookie", "_permanent", "_serializer")

    def __init__(self, serializer: URLSafeTimedSerializer, cookie: str, permanent: bool) -> None:
        self._serializer = serializer
        self._cookie = cookie
        self._permanent = permanent

    def open(self) -> SecureCookieSession:
        """Verify the cookie, as ``open_session`` would have."""
        if not self._cookie:
            return SecureCookieSession()
        try:
            return SecureCookieSession(self._serializer.loads(self._cookie))
        except BadSignature:
            return SecureCookieSession()

    def needs_saving(self, app: Flask) -> bool:
        """Tell whether a session that nobody asked for must be looked at by ``save_session``."""
        return not _is_stock(app) or (
            self._permanent and app.config["SESSION_REFRESH_EACH_REQUEST"]
        )


def defer_session(app: Flask, request: Request) -> DeferredSession | None:
    """Put off opening the session; None if it must be opened now.

    Now, if a program has any part in it: a session interface of its own, a method or class of
    this one replaced, a tag of its own, its own way with JSON or cookies.  Now as well for any
    cookie that opening might refuse other than by its signature.
    """
    if not (_is_stock(app) and isinstance(app.secret_key, (str, bytes)) and app.secret_key):
        return None
    try:
        # With plain JSON: there are no tags to read, and the active application has no part in it.
        serializer = _kept_serializer(*_what_decides(app.session_interface, app, json))
    except TypeError:  # something that cannot be a key of the cache
        return None
    name = app.config["SESSION_COOKIE_NAME"]
    if _is_not_sent(name, request):
        return DeferredSession(serializer, "", False)
    cookie = request.cookies.get(name)
    if not cookie:
        return DeferredSession(serializer, "", False)
    glance = _glance(cookie)
    if glance is None:
        return None
    signed, permanent = glance
    age = int(time.time()) - signed
    if not 0 <= age <= int(app.permanent_session_lifetime.total_seconds()):
        return None
    return DeferredSession(serializer, cookie, permanent)


def _is_not_sent(name: Any, request: Request) -> bool:
    """Tell whether a cookie is certainly not there, without taking the cookies apart."""
    kind = type(request)
    return (
        isinstance(name, str)
        # No name is quoted.
        and kind.cookies is Request.cookies
        and kind.__init__ is Request.__init__
        and name not in request._environ.get("HTTP_COOKIE", "")
        and "cookies" not in vars(request)
    )


@lru_cache(maxsize=256)
def _glance(cookie: str) -> tuple[int, bool] | None:
    """Read a cookie without believing it: when it was signed, and whether it says permanent.

    None if it is anything but an uncompressed JSON object without tags.  Only such a one is sure
    to become a session if its signature is good.
    """
    payload, _, rest = cookie.partition(".")
    try:
        text = base64_decode(payload)
        signed = bytes_to_int(base64_decode(rest.partition(".")[0]))
        # Every tag begins with a space, however that is written.
        tagged = b'" ' in text or b'"\\u0020' in text
        value = None if tagged else json.loads(text.decode())
    except (ValueError, RecursionError, struct.error, BadData):
        return None
    return (signed, bool(value.get("_permanent"))) if isinstance(value, dict) else None


# Whatever of the interface has a part in it.
_PARTS = (
    "get_cookie_domain",
    "get_cookie_httponly",
    "get_cookie_name",
    "get_cookie_partitioned",
    "get_cookie_path",
    "get_cookie_samesite",
    "get_cookie_secure",
    "get_signing_serializer",
    "is_null_session",
    "make_null_session",
    "null_session_class",
    "open_session",
    "save_session",
    "session_class",
    "should_set_cookie",
    "salt",
    "digest_method",
    "key_derivation",
    "serializer",
)
_parts_of_interface = attrgetter(*_PARTS)
_stock_parts = _parts_of_interface(SecureCookieSessionInterface)
_stock_tags = list(session_json_serializer.order)


def _is_stock(app: Flask) -> bool:
    """Tell whether nothing of a program's own opens or saves the sessions of an application."""
    interface = app.session_interface
    provider = app.json
    return (
        type(interface) is SecureCookieSessionInterface
        and vars(interface).keys().isdisjoint(_PARTS)
        and _parts_of_interface(SecureCookieSessionInterface) == _stock_parts
        and session_json_serializer.order == _stock_tags
        and type(provider) is DefaultJSONProvider
        and "loads" not in vars(provider)
    )
