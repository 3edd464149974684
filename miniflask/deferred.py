"""Opening a session only when somebody asks.

Most requests never look at the session, and verifying one is much of what such a request would
cost.  So :func:`defer_session`, called when a request context is pushed, notes what decides about
the session, key, cookie and clock, and leaves the verifying to :meth:`DeferredSession.open`:
nobody can tell when that is done.  Where somebody could, because a program has its own part in
it, the session is opened in push as in Flask.

All that is noted depends on a few strings, so it is kept: most requests find it ready made.
"""

from __future__ import annotations

import json
import struct
import time
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from .config import ConfigAttribute
from .json.provider import DefaultJSONProvider
from .json.tag import TaggedJSONSerializer
from .sessions import (
    COOKIE_GETTERS,
    COOKIE_PARTS,
    VERIFYING_PARTS,
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    _environ_of,
    _find_cookie,
    _has_usual_cookies,
    _kept_signer,
    _make_serializer,
    _texts,
    session_json_serializer,
)
from .signing import BadData, BadSignature, _last_second, base64_decode, bytes_to_int
from .stock import Stock
from .wrappers import Request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask


class _Glimpse(NamedTuple):
    """What a cookie says before anybody has verified it."""

    cookie: str
    #: The token in two parts: what is signed, and the signature.
    signed: bytes
    sig: bytes
    #: The payload: a JSON object in which nothing has a tag.
    text: str
    timestamp: int
    permanent: bool


class DeferredSession:
    """A cookie session that is not opened before it can be observed; shared between requests.

    Args:
        keys: Older keys, oldest first, and the secret key.
        glimpse: What the cookie says; None without one.
        lifetime: How old it may be.
    """

    __slots__ = ("_fits", "_glimpse", "_keys", "_permanent", "_since", "_until")

    def __init__(
        self, keys: tuple[Any, ...], glimpse: _Glimpse | None, lifetime: timedelta
    ) -> None:
        self._keys = keys
        self._glimpse = glimpse
        self._fits = False
        self._permanent, self._since = False, 0
        if glimpse is not None:
            self._permanent, self._since = glimpse.permanent, glimpse.timestamp
        self._until = self._since + int(lifetime.total_seconds()) + 1

    def open(self, app: Flask) -> SecureCookieSession | None:
        """Verify the cookie, as ``open_session`` would have.

        None if a program has a part in reading cookies: then ``open_session`` must be called.
        """
        if self._glimpse is None:
            return SecureCookieSession()
        if session_json_serializer.tags != _stock_tags or not isinstance(
            _lifetime_of(type(app)), ConfigAttribute
        ):
            return None
        # A signature that did fit fits again: key and cookie are the same.
        if self._fits or self._verify(self._glimpse):
            return SecureCookieSession(_scan(self._glimpse.text, 0)[0])
        return self._open_otherwise(self._glimpse.cookie)

    def _verify(self, glimpse: _Glimpse) -> bool:
        signer = _kept_signer(self._keys[-1], self._keys[:-1], *_stock_how)
        self._fits = signer.fits(glimpse.signed, glimpse.sig)
        return self._fits

    def _open_otherwise(self, cookie: str) -> SecureCookieSession:
        """Verify a signature that may be spelled in another way."""
        # Plain JSON will do: nothing has a tag.
        salt, derivation, digest = _stock_how
        serializer = _make_serializer(self._keys, salt, json, derivation, digest)
        try:
            return SecureCookieSession(serializer.loads(cookie))
        except BadSignature:
            return SecureCookieSession()

    def needs_saving(self, app: Flask) -> bool:
        """Tell whether a session that nobody asked for must be looked at by ``save_session``."""
        return not saves_as_usual(app) or (
            self._permanent and app.config["SESSION_REFRESH_EACH_REQUEST"]
        )


class _NoSession(DeferredSession):
    """What becomes a null session, since there is no key to sign another one with."""

    __slots__ = ()

    def open(self, app: Flask) -> NullSession:
        """Make the null session, as ``make_null_session`` would have."""
        return NullSession()


def saves_as_usual(app: Flask) -> bool:
    """Tell whether no program has a part in what becomes of a session."""
    interface = app.session_interface
    return (
        type(interface) is SecureCookieSessionInterface
        and not (interface.__dict__ and not _PARTS.isdisjoint(interface.__dict__))
        and _interface.holds()
    )


def defer_session(
    app: Flask, request: Request | None, environ: WSGIEnvironment
) -> DeferredSession | None:
    """Put off opening the session; None if it must be opened now.

    Now, if a program has any part in it: a session interface of its own, a method or class of
    this one replaced, a tag of its own, its own way with JSON or cookies.  Now as well for any
    cookie that opening might refuse other than by its signature.  This is on every request, so
    it reads no more than it must; what shows only in an open session is left to its opening.

    Args:
        request: None for one of the usual class that has not been made yet.
        environ: What that one will be made of.
    """
    if not _interface.holds():
        return None
    return defer_usual_session(app, request, environ)


def defer_usual_session(
    app: Flask, request: Request | None, environ: WSGIEnvironment
) -> DeferredSession | None:
    """Do so while :data:`SESSION_PARTS` are known to be what they were."""
    interface = app.session_interface
    if type(interface) is not SecureCookieSessionInterface or (
        interface.__dict__ and not _PARTS.isdisjoint(interface.__dict__)
    ):
        return None
    secret = app.secret_key
    if secret is None:
        return _without_key
    if not secret or type(secret) not in _texts:
        return None
    if request is not None and not _has_usual_cookies(request):
        return None
    fallbacks = app.config["SECRET_KEY_FALLBACKS"]
    header = (environ if request is None else _environ_of(request)).get("HTTP_COOKIE")
    if not header and not fallbacks:
        return _without_cookie
    return _defer_cookie(app, secret, fallbacks, header or "")


def _defer_cookie(app: Flask, secret: Any, fallbacks: Any, header: str) -> DeferredSession | None:
    """Put off opening the session of a ``Cookie`` header."""
    provider = app.json
    if (
        type(provider) is not DefaultJSONProvider
        or "loads" in provider.__dict__
        or len(session_json_serializer.order) != _stock_tag_count
        or not _reading.holds()
    ):
        return None
    defer = _deferred_for if len(header) <= 4096 else _deferred_for.__wrapped__
    try:
        lifetime = app.config["PERMANENT_SESSION_LIFETIME"]
        if type(lifetime) is not timedelta:
            lifetime = app.permanent_session_lifetime
        name = app.config["SESSION_COOKIE_NAME"]
        if fallbacks:
            deferred = defer(header, name, lifetime, *fallbacks, secret)
        else:
            deferred = defer(header, name, lifetime, secret)
    except Exception:  # then it is open_session's to raise, or to do without
        return None
    if deferred is None or deferred._glimpse is None:
        return deferred
    return deferred if deferred._since <= time.time() < deferred._until else None


# The header is bounded, and so is what is remembered of it.
@lru_cache(maxsize=256)
def _deferred_for(
    header: str, name: str, lifetime: timedelta, *keys: Any
) -> DeferredSession | None:
    """Look at the cookie of a name; None if it takes opening the session to tell."""
    if type(name) is not str or not _texts.issuperset(map(type, keys)):
        return None
    cookie = None
    if name in header:  # no name is quoted
        if not header.isascii():
            return None
        cookie = _find_cookie(header, name)
    glimpse = _glimpse_of(cookie) if cookie else None
    if cookie and glimpse is None:
        return None
    return DeferredSession(keys, glimpse, lifetime)


_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in typeshed


def _glimpse_of(cookie: str) -> _Glimpse | None:
    """Read a cookie without believing it: what was signed, and when.

    None if it is anything but an uncompressed JSON object without tags.  Only such a one is sure
    to become a session if its signature is good.
    """
    try:
        signed, _, sig = cookie.encode().rpartition(b".")
        payload, _, when = signed.rpartition(b".")
        text = base64_decode(payload).decode()
        timestamp = bytes_to_int(base64_decode(when))
        value, end = _scan(text, 0)
    except (ValueError, RecursionError, struct.error, BadData, StopIteration):
        return None
    if (
        payload.startswith(b".")  # compressed
        or timestamp > _last_second
        or end != len(text)
        or type(value) is not dict
        # Every tag begins with a space, however that is written.
        or '" ' in text
        or '"\\u0020' in text
        or text.count("[") + text.count("{") > 50  # deep, and the stack may be so by then
    ):
        return None
    return _Glimpse(cookie, signed, sig, text, timestamp, bool(value.get("_permanent")))


#: What of an interface a program may have replaced so that its sessions are not put off.
_PARTS = frozenset(name for name in dir(SecureCookieSessionInterface) if name[0] != "_")
#: What has a part in a session that is not opened and not saved.
SESSION_PARTS = (
    (
        SecureCookieSessionInterface,
        (
            "digest_method",
            "get_signing_serializer",
            "is_null_session",
            "key_derivation",
            "make_null_session",
            "null_session_class",
            "open_session",
            "salt",
            "save_session",
            "serializer",
            "session_class",
            "should_set_cookie",
            # Asked for each request or response, though nothing comes of it.
            *COOKIE_GETTERS,
        ),
    ),
    COOKIE_PARTS,
)
_interface = Stock(*SESSION_PARTS)
# What has a part besides where there is a cookie.
_reading = Stock(
    (TaggedJSONSerializer, ("loads", "untag")),
    (DefaultJSONProvider, ("loads",)),
    *VERIFYING_PARTS,
)
_lifetime_of = attrgetter("permanent_session_lifetime")

_stock_how = (
    SecureCookieSessionInterface.salt,
    SecureCookieSessionInterface.key_derivation,
    SecureCookieSessionInterface.digest_method,
)
_stock_tags = dict(session_json_serializer.tags)
_stock_tag_count = len(session_json_serializer.order)
_without_cookie = DeferredSession((), None, timedelta(0))
_without_key = _NoSession((), None, timedelta(0))
