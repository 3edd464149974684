"""Opening a session only when somebody asks.

Most requests never look at the session, and opening one is much of what such a request would
cost.  So :func:`defer_session`, called when a request context is pushed, looks at the clock and
at what it knows of the cookie, and leaves the rest to :meth:`DeferredSession.open`: nobody can
tell when that is done.  Where somebody could, because a program has its own part in it, the
session is opened in push as in Flask.

What is known of a cookie depends on a few strings, so it is kept: whether its signature is good,
and what the session will be made of.  Only a cookie with a good signature is read at all.
"""

from __future__ import annotations

import json
import time
import zlib
from datetime import timedelta
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

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
    _texts,
    session_json_serializer,
)
from .signing import _last_second, base64_decode, bytes_to_int
from .stock import PYTHON_TELLS, Stock
from .wrappers import Request, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .app import Flask
    from .signing import _KeptSigner


class DeferredSession:
    """A cookie session that is not opened before it can be observed; shared between requests.

    Args:
        text: A JSON object in which nothing has a tag, out of a cookie with a good signature;
            None without a cookie.
        since: When the cookie was made, in seconds since 1970.
        until: From when on it is too old.
        permanent: What it says of itself.
    """

    __slots__ = ("_permanent", "_since", "_text", "_until")

    def __init__(
        self, text: str | None = None, since: float = 0, until: float = 0, permanent: bool = False
    ) -> None:
        self._text, self._since, self._until, self._permanent = text, since, until, permanent

    def open(self, app: Flask) -> SecureCookieSession | None:
        """Make the session, as ``open_session`` would have.

        None if a program has a part in reading cookies: then ``open_session`` must be called.
        """
        if self._text is None:
            return SecureCookieSession()
        if session_json_serializer.tags != _stock_tags or not isinstance(
            _lifetime_of(type(app)), ConfigAttribute
        ):
            return None
        return SecureCookieSession(_scan(self._text, 0)[0])

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
        and _saving.holds()
    )


def defer_session(
    app: Flask, request: Request | None, environ: WSGIEnvironment
) -> DeferredSession | None:
    """Put off opening the session; None if it must be opened now.

    Now, if a program has any part in it: a session interface of its own, a method or class of
    this one replaced, a tag of its own, its own way with JSON or cookies.  Now as well for any
    cookie that opening might refuse.  This is on every request, so it reads no more than it must;
    what shows only in an open session is left to its opening.

    Args:
        request: None for one of the usual class that has not been made yet.
        environ: What that one will be made of.
    """
    if not _interface.holds():
        return None
    return defer_usual_session(app, app.secret_key, request, environ)


def defer_usual_session(
    app: Flask, secret: str | bytes | None, request: Request | None, environ: WSGIEnvironment
) -> DeferredSession | None:
    """Do so while :data:`SESSION_PARTS` are known to be what they were."""
    # As in saves_as_usual, which a request without a session need not call.
    interface = app.session_interface
    if type(interface) is not SecureCookieSessionInterface or (
        interface.__dict__ and not _PARTS.isdisjoint(interface.__dict__)
    ):
        return None
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
        or not (PYTHON_TELLS or _reading.holds())
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
    if deferred is None or deferred._text is None:
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
    if not cookie:
        return _without_cookie
    return _read(cookie, _kept_signer(keys[-1], keys[:-1], *_stock_how), lifetime)


_scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in typeshed


def _read(cookie: str, signer: _KeptSigner, lifetime: timedelta) -> DeferredSession | None:
    """Read a cookie; None if opening it might end in anything but a session.

    Raises:
        Exception: Opening it may raise one as well.
    """
    signed, _, sig = cookie.encode().rpartition(b".")
    if not signer.fits(signed, sig):
        return None
    payload, _, when = signed.rpartition(b".")
    timestamp = bytes_to_int(base64_decode(when))
    if payload.startswith(b"."):
        text = zlib.decompress(base64_decode(payload[1:])).decode()
    else:
        text = base64_decode(payload).decode()
    value, end = _scan(text, 0)
    if (
        timestamp > _last_second
        or end != len(text)
        or type(value) is not dict
        or len(text) > 16_384  # it is kept
        # Every tag begins with a space, however that is written.
        or '" ' in text
        or '"\\u0020' in text
        or text.count("[") + text.count("{") > 50  # deep, and the stack may be so by then
    ):
        return None
    since = float(timestamp)  # as the clock tells it, with which it is compared
    until = since + int(lifetime.total_seconds()) + 1
    return DeferredSession(text, since, until, bool(value.get("_permanent")))


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
#: What has a part besides where there is a cookie.
READING_PARTS = (
    (TaggedJSONSerializer, ("loads", "untag")),
    (DefaultJSONProvider, ("loads",)),
    *VERIFYING_PARTS,
)
_interface = Stock(*SESSION_PARTS, seldom=READING_PARTS)
# Where Python does not tell, and the one above leaves what is seldom replaced alone.
_reading = Stock(*READING_PARTS)
_saving = Stock(*SESSION_PARTS, (Response, ("max_cookie_size", "set_cookie", "vary")))
_lifetime_of = attrgetter("permanent_session_lifetime")

_stock_how = (
    SecureCookieSessionInterface.salt,
    SecureCookieSessionInterface.key_derivation,
    SecureCookieSessionInterface.digest_method,
)
_stock_tags = dict(session_json_serializer.tags)
_stock_tag_count = len(session_json_serializer.order)
_without_cookie = DeferredSession()
_without_key = _NoSession()
