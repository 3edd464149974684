"""Sessions: what is ours is when they are opened, and that nobody can tell."""

from __future__ import annotations

import base64
import functools
import hashlib
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest import mock

import pytest
import werkzeug.sansio.response
from werkzeug.test import EnvironBuilder

import miniflask
import miniflask.ondemand.request
from miniflask import deferred, sessions, signing
from miniflask.json.provider import DefaultJSONProvider
from miniflask.json.tag import JSONTag, TaggedJSONSerializer
from miniflask.sessions import SecureCookieSession, SecureCookieSessionInterface
from miniflask.signing import TimestampSigner, URLSafeTimedSerializer


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that gets what of each cookie is verified, at the moment when it is."""
    # Another test may have had the same cookie in the same second.
    deferred._deferred_for.cache_clear()
    cookies = []
    fits = signing._KeptSigner.fits

    def spy(self: Any, signed: bytes, sig: bytes) -> bool:
        cookies.append(signed)
        return fits(self, signed, sig)

    monkeypatch.setattr(signing._KeptSigner, "fits", spy)
    return cookies


@pytest.fixture
def app() -> miniflask.Flask:
    """An app with a view that leaves the session alone, and others that do not."""
    app = miniflask.Flask("sample")
    app.secret_key = "key"

    @app.route("/login")
    def login() -> str:
        miniflask.session["user"] = 7
        return "in"

    @app.route("/login/compressed")
    def login_compressed() -> str:
        miniflask.session["name"] = "x" * 200
        return login()

    @app.route("/login/for/good")
    def login_for_good() -> str:
        miniflask.session.permanent = True
        return login()

    @app.route("/untouched")
    def untouched() -> str:
        return "public"

    @app.route("/look")
    def look() -> str:
        return repr(dict(miniflask.session))

    return app


@pytest.mark.parametrize("path", ["/untouched", "/look"])
@pytest.mark.parametrize("login", ["/login", "/login/compressed"])
def test_a_cookie_is_verified_once(
    app: miniflask.Flask, verified: list[Any], login: str, path: str
) -> None:
    """What is known of its text is kept, whether or not somebody asks for the session."""
    client = app.test_client()
    client.get(login)
    verified.clear()

    bodies = {client.get(path).data for _ in range(3)}

    assert len(bodies) == 1
    assert len(verified) == 1


def test_an_attribute_of_an_extension_changes_nothing(
    app: miniflask.Flask, verified: list[Any]
) -> None:
    """An extension may keep something on the session interface."""
    interface: Any = SecureCookieSessionInterface()
    interface.put_there_by_an_extension = 1
    app.session_interface = interface
    client = app.test_client()
    client.get("/login")
    client.get("/untouched")
    verified.clear()

    client.get("/untouched")

    assert verified == []


def test_a_permanent_session_is_opened_to_be_refreshed(app: miniflask.Flask) -> None:
    """Though nobody asked; not if the settings say no."""
    client = app.test_client()
    client.get("/login/for/good")

    assert "Set-Cookie" in client.get("/untouched").headers
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    assert "Set-Cookie" not in client.get("/untouched").headers


def test_the_private_attribute_opens_the_session_too(app: miniflask.Flask) -> None:
    """Extensions read and assign ``_session`` of the context; that does not count as use."""
    client = app.test_client()
    client.get("/login")

    with client:
        client.get("/untouched")
        ctx: Any = miniflask.globals.request_ctx
        assert ctx._session == {"user": 7}
        assert not ctx._session.accessed
        ctx._session = SecureCookieSession({"user": 8})
        assert miniflask.session["user"] == 8


class Subclass(SecureCookieSessionInterface):
    """An interface of a program's own."""


class Provider(DefaultJSONProvider):
    """A provider of a program's own."""


class Tag(JSONTag):
    """A tag of a program's own."""

    key = " own"

    def check(self, value: Any) -> bool:
        """Tell whether this is a complex number."""
        return isinstance(value, complex)

    def to_json(self, value: Any) -> Any:
        """Return its parts."""
        return [value.real, value.imag]

    def to_python(self, value: Any) -> Any:
        """Return the number."""
        return complex(*value)


def own_class(app: Any, patch: pytest.MonkeyPatch) -> None:
    app.session_interface = Subclass()


def own_method(app: Any, patch: pytest.MonkeyPatch) -> None:
    interface = SecureCookieSessionInterface()
    app.session_interface = interface
    patch.setattr(interface, "salt", "cookie-session")


def method_of_the_class(app: Any, patch: pytest.MonkeyPatch) -> None:
    save = SecureCookieSessionInterface.save_session
    patch.setattr(
        SecureCookieSessionInterface, "save_session", lambda self, *args: save(self, *args)
    )


def own_provider(app: Any, patch: pytest.MonkeyPatch) -> None:
    app.json = Provider(app)


def own_loads(app: Any, patch: pytest.MonkeyPatch) -> None:
    app.json.loads = app.json.loads


def own_tag(app: Any, patch: pytest.MonkeyPatch) -> None:
    serializer = sessions.session_json_serializer
    patch.setattr(serializer, "tags", dict(serializer.tags))
    patch.setattr(serializer, "order", list(serializer.order))
    serializer.register(Tag)


CHANGES = [
    own_class,
    own_method,
    method_of_the_class,
    own_provider,
    own_loads,
    own_tag,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_whatever_a_program_replaces_opens_sessions_at_once(
    app: miniflask.Flask,
    verified: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Any, pytest.MonkeyPatch], None],
) -> None:
    """From a change on, also after the first request, each session is opened in push."""
    client = app.test_client()
    client.get("/login")
    client.get("/untouched")
    verified.clear()

    change(app, monkeypatch)
    client.get("/untouched")

    assert len(verified) == 1


@pytest.mark.parametrize("part", deferred.SESSION_PARTS[0][1])
def test_any_part_of_the_interface_s_class_that_is_replaced_is_asked(
    app: miniflask.Flask, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """What a program puts on the class counts for saving, and from the next push on for opening."""
    client = app.test_client()
    client.get("/login")
    before: Any = app.request_context(client_environ(client))
    after: Any = app.request_context(client_environ(client))

    with before:
        waiting = before._deferred_session
        assert not waiting.needs_saving(app)
        assert waiting.open(app) == {"user": 7}
        monkeypatch.setattr(
            SecureCookieSessionInterface,
            part,
            replaced(part, getattr(SecureCookieSessionInterface, part)),
        )
        assert waiting.needs_saving(app)
        assert waiting.open(app) == {"user": 7}
        with after:
            assert after._deferred_session is None


@pytest.mark.parametrize("part", sorted(deferred._PARTS))
def test_any_part_put_on_the_interface_is_asked(app: miniflask.Flask, part: str) -> None:
    """Whatever a program puts on its interface counts, from push to saving."""
    client = app.test_client()
    client.get("/login")
    interface = app.session_interface = SecureCookieSessionInterface()
    before: Any = app.request_context(client_environ(client))
    after: Any = app.request_context(client_environ(client))

    with before:
        waiting = before._deferred_session
        assert not waiting.needs_saving(app)
        setattr(interface, part, replaced(part, getattr(interface, part)))
        assert waiting.needs_saving(app)
        with after:
            assert after._deferred_session is None


def replaced(part: str, usual: Any) -> Any:
    """Return what does the same as a part of the interface, and is not it."""
    if part in ("salt", "key_derivation"):
        return "concat"
    if part == "serializer":
        return TaggedJSONSerializer()
    if part.endswith("_class"):
        return type("Mine", (usual,), {})
    if part == "digest_method":
        return staticmethod(functools.partial(usual))
    return functools.wraps(usual)(lambda *args: usual(*args))


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (DefaultJSONProvider, "loads"),
        (TaggedJSONSerializer, "loads"),
        (TaggedJSONSerializer, "untag"),
        (URLSafeTimedSerializer, "loads"),
        (URLSafeTimedSerializer, "load_payload"),
        (URLSafeTimedSerializer, "make_signer"),
        (TimestampSigner, "unsign"),
        (TimestampSigner, "get_timestamp"),
        (miniflask.Request, "cookies"),
        (miniflask.Flask, "permanent_session_lifetime"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
def test_a_replaced_reader_is_asked_when_the_session_is_opened(
    app: miniflask.Flask, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """What a program puts in the place of a reader of cookies reads, even a cookie read before."""
    client = app.test_client()
    client.get("/login")
    client.get("/look")
    asked: list[str] = []
    usual = getattr(owner, name)

    def mine(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(name)
        bound = usual.__get__(self)
        return bound(*args, **kwargs) if callable(bound) else bound

    read = property(mine) if name in ("cookies", "permanent_session_lifetime") else mine
    monkeypatch.setattr(owner, name, read)

    assert client.get("/look").data == b"{'user': 7}"
    assert asked


def test_a_tag_put_where_a_usual_one_was_is_asked(
    app: miniflask.Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tags themselves may be changed too, and read what has their key."""
    client = app.test_client()
    client.get("/login")
    client.get("/look")
    serializer = sessions.session_json_serializer
    monkeypatch.setitem(serializer.tags, "user", Doubled(serializer))

    assert client.get("/look").data == b"{'user': [7, 7]}"


class Doubled(JSONTag):
    """A tag without a space in its key."""

    key = "user"

    def to_python(self, value: Any) -> Any:
        """Return it twice."""
        return {"user": [value, value]}


def client_environ(client: Any) -> Any:
    """Return the environ of a request with the session cookie of a client."""
    return {**EnvironBuilder().get_environ(), "HTTP_COOKIE": f"session={cookie_of(client)}"}


@pytest.mark.parametrize(
    ("age", "good"), [(-1, False), (0, True), (60, True), (61, False), (10**6, False)]
)
@pytest.mark.parametrize("path", ["/login", "/login/for/good"])
def test_a_session_lives_as_long_as_it_may_when_it_is_pushed(
    app: miniflask.Flask, path: str, age: int, good: bool
) -> None:
    """A session too old, or from the future, is empty; whenever in the request it is opened."""
    app.config["PERMANENT_SESSION_LIFETIME"] = 60
    client = app.test_client()
    now = time.time()
    with mock.patch("time.time", return_value=now):
        client.get(path)
    with mock.patch("time.time", return_value=now + age):
        ctx: Any = app.request_context(client_environ(client))
        assert ("Set-Cookie" in client.get("/untouched").headers) == (good and "good" in path)
        ctx.push()
    app.config["PERMANENT_SESSION_LIFETIME"] = 10**9 if not good else 0

    assert ("user" in ctx.session) == good
    ctx.pop()


def test_what_is_noted_of_a_cookie_is_shared(app: miniflask.Flask) -> None:
    """Requests without a cookie, or with the same one, make nothing that they need not."""
    client = app.test_client()
    client.get("/login")
    for environ in (EnvironBuilder().get_environ(), client_environ(client)):
        ctxs: Any = [app.request_context(environ.copy()) for _ in range(2)]
        with ctxs[0], ctxs[1]:
            assert ctxs[0]._deferred_session is ctxs[1]._deferred_session is not None
            assert ctxs[0].session is not ctxs[1].session
            assert ctxs[0].session == ctxs[1].session


@pytest.mark.parametrize("lifetime", [3, 3.0, timedelta(seconds=3)])
def test_a_lifetime_that_changes_counts_for_a_cookie_seen_before(
    app: miniflask.Flask, lifetime: Any
) -> None:
    """How old a session may be is no part of what is kept, neither shortened nor lengthened."""
    client = app.test_client(use_cookies=False)
    now = time.time()
    with mock.patch("time.time", return_value=now):
        header = client.get("/login/for/good").headers["Set-Cookie"].partition(";")[0]
    environ = {**EnvironBuilder().get_environ(), "HTTP_COOKIE": header}

    with mock.patch("time.time", return_value=now + 10):
        for setting, found in [(60, True), (lifetime, False), (60, True)]:
            app.config["PERMANENT_SESSION_LIFETIME"] = setting
            with app.request_context(environ.copy()):
                assert ("user" in miniflask.session) == found


class Patient(miniflask.Flask):
    """An application that decides by itself about keys and ages."""

    lifetime = timedelta(seconds=60)
    secret = "key"
    permanent_session_lifetime = property(lambda self: self.lifetime)
    secret_key = property(lambda self: self.secret)


@pytest.mark.parametrize(
    ("name", "value"), [("lifetime", timedelta(seconds=3)), ("secret", "other"), ("secret", None)]
)
def test_a_property_of_the_application_decides(app: miniflask.Flask, name: str, value: Any) -> None:
    """A subclass may override what the settings say, and change its mind."""
    client = app.test_client(use_cookies=False)
    now = time.time()
    with mock.patch("time.time", return_value=now):
        header = client.get("/login").headers["Set-Cookie"].partition(";")[0]
    environ = {**EnvironBuilder().get_environ(), "HTTP_COOKIE": header}
    patient = Patient("sample")

    with mock.patch("time.time", return_value=now + 10):
        for _ in range(2):
            with patient.request_context(environ.copy()):
                assert miniflask.session == {"user": 7}
        setattr(patient, name, value)
        with patient.request_context(environ.copy()):
            assert miniflask.session == {}


@pytest.mark.parametrize("value", [("a", "tuple"), b"bytes"])
def test_a_cookie_that_is_not_plain_json_is_opened_at_once(
    app: miniflask.Flask, verified: list[Any], value: Any
) -> None:
    """A tagged payload, which may fail to be read, is opened in push."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["value"] = value
    client.get("/untouched")
    verified.clear()

    client.get("/untouched")

    assert len(verified) == 1


@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_key_at_the_time_of_the_push_counts(app: miniflask.Flask, moment: str) -> None:
    """A key that changes while a request is handled does not change the session it has."""
    client = app.test_client()
    client.get("/login")

    with app.test_request_context(headers={"Cookie": f"session={cookie_of(client)}"}):
        if moment == "before":
            assert miniflask.session["user"] == 7
        app.secret_key = "another"
        assert miniflask.session["user"] == 7


def cookie_of(client: Any) -> str:
    """Return the session cookie of a client."""
    return str(client.get_cookie("session").value)


def test_glances_are_bounded(app: miniflask.Flask) -> None:
    """What is remembered of cookies that clients send has a limit, whatever they send."""
    client = app.test_client(use_cookies=False)
    for i in range(300):
        payload = base64.urlsafe_b64encode(f'{{"n":{i}}}'.encode()).decode().rstrip("=")
        client.get("/untouched", headers={"Cookie": f"session={payload}.ZVPxAA.x"})

    assert 200 < deferred._deferred_for.cache_info().currsize <= 256
    client.get("/untouched", headers={"Cookie": f"session={'a' * 5000}"})
    misses = deferred._deferred_for.cache_info().misses
    client.get("/untouched", headers={"Cookie": f"session={'a' * 5001}"})
    assert deferred._deferred_for.cache_info().misses == misses


def test_the_same_settings_share_derived_keys_only(app: miniflask.Flask) -> None:
    """Keys are derived once for the same settings, but each serializer is the caller's own."""
    interface = SecureCookieSessionInterface()
    one = interface.get_signing_serializer(app)
    again = interface.get_signing_serializer(app)
    assert one is not None
    assert again is not None
    assert again is not one
    assert again._kept_signer(None) is one._kept_signer(None)
    again.signer_kwargs["digest_method"] = hashlib.sha512
    assert one.loads(one.dumps({})) == {}

    app.config["SECRET_KEY_FALLBACKS"] = ["old"]
    two = interface.get_signing_serializer(app)

    assert one is not two
    assert two is not None
    assert two.secret_keys == [b"old", b"key"]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("SECRET_KEY", "another", None),
        ("SECRET_KEY_FALLBACKS", ["old"], None),
        ("SESSION_COOKIE_NAME", "other", "other="),
        ("SESSION_COOKIE_NAME", "é", "Ã©="),
        ("SESSION_COOKIE_DOMAIN", "example.com", "Domain=example.com"),
        ("SESSION_COOKIE_PATH", "/sub", "Path=/sub"),
        ("APPLICATION_ROOT", "/root", "Path=/root"),
        ("SESSION_COOKIE_SECURE", True, "Secure"),
        ("SESSION_COOKIE_SECURE", 1, "Secure=1"),
        ("SESSION_COOKIE_PARTITIONED", True, "Partitioned"),
        ("SESSION_COOKIE_SAMESITE", "lax", "SameSite=Lax"),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/login/for/good"])
def test_a_setting_that_changes_counts_from_then_on(
    app: miniflask.Flask, path: str, key: str, value: Any, text: str | None
) -> None:
    """Whatever of a cookie is kept between requests is made anew for another setting."""
    client = app.test_client(use_cookies=False)
    before = client.get(path).headers["Set-Cookie"]
    app.config[key] = value
    after = client.get(path).headers["Set-Cookie"]
    made: Any = SecureCookieSessionInterface().get_signing_serializer(app)

    token = after.partition("=")[2].partition(";")[0]
    assert made.loads(token)["user"] == 7
    assert text is None or text in after.replace(token, "").split("; ") + [after[: len(text)]]
    assert text is None or text not in before.split("; ")
    assert ("Expires=" in after) == (path == "/login/for/good")


def fail(*args: Any, **kwargs: Any) -> Any:
    """Be what must not be called."""
    raise AssertionError("took the long way")


@pytest.fixture
def long_ways(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A function after which nothing can be made anew that should have been kept."""
    for kept in (sessions._kept_serializer, sessions._kept_signer, sessions._cookie_parts):
        kept.cache_clear()

    def close() -> None:
        for owner, name in [
            (sessions, "_KeptSigner"),
            (sessions, "_make_serializer"),
            (sessions, "dump_cookie"),
            (sessions, "parse_cookie"),
            (miniflask.ondemand.request, "parse_cookies"),
            (werkzeug.sansio.response, "dump_cookie"),
        ]:
            monkeypatch.setattr(owner, name, fail)

    return close


@pytest.mark.parametrize("permanent", [False, True])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"SECRET_KEY_FALLBACKS": []},
        {"SECRET_KEY_FALLBACKS": ["old"]},
        {"MAX_COOKIE_SIZE": 0},
        {"SESSION_COOKIE_DOMAIN": "example.com", "SESSION_COOKIE_SAMESITE": "Lax"},
    ],
)
def test_a_session_is_saved_with_what_was_kept(
    app: miniflask.Flask, long_ways: Callable[[], None], settings: Any, permanent: bool
) -> None:
    """The second time nothing is derived or written that is the same, and no headers are made."""
    app.config.update(settings)
    session: Any = SecureCookieSession({"user": 7})
    session.permanent = permanent

    def save() -> Any:
        response = app.response_class("body")
        with app.app_context(), mock.patch("time.time", return_value=1_700_000_000.0):
            app.session_interface.save_session(app, session, response)
        assert "headers" not in vars(response)
        return response

    first = save()
    long_ways()
    again = save()

    name = "Set-Cookie"
    assert first.headers[name].partition(";")[0] == again.headers[name].partition(";")[0]
    assert again.headers["Vary"] == "Cookie"


def test_the_largest_cookie_is_set_with_what_was_kept(
    app: miniflask.Flask, long_ways: Callable[[], None]
) -> None:
    """A cookie that just fits needs no warning, and so no long way."""
    client = app.test_client()
    app.config["MAX_COOKIE_SIZE"] = len(client.get("/login").headers["Set-Cookie"])
    long_ways()

    assert "Set-Cookie" in client.get("/login").headers


class Own(miniflask.Request):
    """A request of a program's own, with the usual cookies."""

    def __init__(self, environ: Any) -> None:
        super().__init__(environ)
        self.mine = 1


@pytest.mark.parametrize("kind", [miniflask.Request, Own])
def test_a_session_is_opened_with_what_was_kept(
    app: miniflask.Flask, long_ways: Callable[[], None], kind: type[miniflask.Request]
) -> None:
    """The second time no serializer is made, and the other cookies are not taken apart."""
    interface: Any = app.session_interface
    client = app.test_client()
    client.get("/login")
    environ = {**EnvironBuilder().get_environ(), "HTTP_COOKIE": f"a=1; session={cookie_of(client)}"}
    assert interface.open_session(app, kind(environ.copy())) == {"user": 7}
    long_ways()
    request = kind(environ)

    assert interface.open_session(app, request) == {"user": 7}
    assert not {"cookies", "headers", "environ"} & vars(request).keys()
    for header in ('other="x"', "other=é", ""):
        environ["HTTP_COOKIE"] = header
        assert interface.open_session(app, kind(environ)) == {}


def test_what_is_kept_is_bounded(app: miniflask.Flask) -> None:
    """Settings that change all the time do not fill the memory."""
    client = app.test_client(use_cookies=False)
    for number in range(70):
        app.config.update(
            SECRET_KEY=f"key {number}",
            SESSION_COOKIE_NAME=f"name{number}",
            PERMANENT_SESSION_LIFETIME=timedelta(days=number),
        )
        client.get("/login/for/good")
        assert client.get("/look", headers={"Cookie": f"name{number}=1"}).data == b"{}"

    limits = {
        sessions._cookie_parts: 64,
        sessions._kept_serializer: 64,
        sessions._kept_signer: 64,
        sessions._cookie_pattern: 16,
        sessions._http_date: 8,
    }
    for kept, limit in limits.items():
        assert kept.cache_info().currsize <= limit


def test_a_serializer_is_kept_unless_a_program_makes_it(app: miniflask.Flask) -> None:
    """The one inside is the same for the same settings; nobody gets hold of it."""
    interface = SecureCookieSessionInterface()

    assert sessions._serializer_for(interface, app) is sessions._serializer_for(interface, app)
    assert sessions._serializer_for(interface, app) is not interface.get_signing_serializer(app)
    assert sessions._serializer_for(Signing(), app) is not sessions._serializer_for(Signing(), app)


def test_a_cookie_that_is_too_large_draws_the_warning(app: miniflask.Flask) -> None:
    """The limit is read for each cookie, and is no part of what is kept."""
    client = app.test_client()
    client.get("/login")
    app.config["MAX_COOKIE_SIZE"] = 50

    with pytest.warns(UserWarning, match="The 'session' cookie is too large"):
        client.get("/login")


def test_a_signature_spelled_otherwise_is_accepted(app: miniflask.Flask) -> None:
    """The last character of a signature has bits that do not count, as in ItsDangerous."""
    client = app.test_client()
    client.get("/login")
    cookie, client = cookie_of(client), app.test_client(use_cookies=False)
    spelled = cookie[:-1] + chr(ord(cookie[-1]) + 1)

    accepted = [
        client.get("/look", headers={"Cookie": f"session={text}"}).text
        for text in (cookie, spelled, cookie[:-2] + "__")
    ]

    assert accepted == ["{'user': 7}", "{'user': 7}", "{}"]


def test_a_cookie_of_another_request_class_is_its_own_matter(app: miniflask.Flask) -> None:
    """Cookies that a request class makes up, or that were put on the request, are used."""
    client = app.test_client()
    client.get("/login")
    cookie = cookie_of(client)

    class Renamed(miniflask.Request):
        @property
        def cookies(self) -> Any:
            return {"session": self.headers["X-Session"]}  # whatever has a ``get``

    ctx = app.request_context(EnvironBuilder().get_environ())
    ctx.request.cookies = {"session": cookie}  # type: ignore[assignment]  # it is cached
    with ctx:
        assert miniflask.session == {"user": 7}
    app.request_class = Renamed
    assert app.test_client().get("/look", headers={"X-Session": cookie}).data == b"{'user': 7}"


def token(text: str, when: str = "ZVPxAA", *, compressed: bool = False) -> str:
    """Sign a payload as the cookie of a session, whatever it is."""
    payload = "." + encoded(zlib.compress(text.encode())) if compressed else encoded(text.encode())
    signer = TimestampSigner("key", salt="cookie-session", key_derivation="hmac")
    signed = f"{payload}.{when}"
    return f"{signed}.{signer.get_signature(signed).decode()}"


def content_of(cookie: str) -> Any:
    """Return what is known of a cookie without opening the session; None if nothing is."""
    found = deferred._deferred_for(f"session={cookie}", "session", timedelta(1), "key")
    return None if found is None else found._text


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "{} ",
        '{"a":{"\\u0020t":[1]}}',
        '{"a":{" t":[1]}}',
        "[1]",
        '{"a":' + "[" * 60 + "]" * 60 + "}",
        '{"a":' * 60 + "1" + "}" * 60,
        f'{{"a":"{"b" * 20_000}"}}',
    ],
)
def test_only_a_plain_object_waits(text: str, compressed: bool) -> None:
    """JSON with white space around it, with tags, deep or long, or no object, is opened at once."""
    assert content_of(token(text, compressed=compressed)) is None
    assert content_of(token('{"a":1}', compressed=compressed)) == '{"a":1}'


@pytest.mark.parametrize("text", ["\ufeff{}", " {}", '{"a":1', ""])
def test_what_does_not_begin_as_json_does_not_wait(text: str) -> None:
    """Opening it raises the error, if there is one to raise."""
    with pytest.raises((StopIteration, ValueError)):
        content_of(token(text))


def test_only_a_good_signature_waits() -> None:
    """Nothing else is even read: what is compressed may be large."""
    good = token('{"a":1}', compressed=True)
    assert content_of(good) is not None
    assert content_of(good[:-2] + "xx") is None
    assert content_of(token("{}", encoded(b"\x7f" * 8))) is None


def encoded(data: bytes) -> str:
    """Return bytes in the base64 of tokens."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.mark.parametrize("name", ["dumps", "dump_payload", "make_signer"])
def test_a_replaced_method_of_the_serializer_writes_the_cookie(
    app: miniflask.Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What a program puts on the serializer's class is called from then on."""
    client = app.test_client()
    client.get("/login")
    calls = []
    usual = getattr(URLSafeTimedSerializer, name)

    def mine(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        return usual(self, *args, **kwargs)

    monkeypatch.setattr(URLSafeTimedSerializer, name, mine)

    client.get("/login")
    assert calls


class Salted(SecureCookieSessionInterface):
    """An interface with a purpose of its own."""

    salt = "another"


class Signing(SecureCookieSessionInterface):
    """An interface that makes its own serializer."""

    def get_signing_serializer(self, app: Any) -> URLSafeTimedSerializer | None:
        """Return one with another salt."""
        return URLSafeTimedSerializer(app.secret_key, salt="another", signer_kwargs=HOW)


HOW = {"key_derivation": "hmac", "digest_method": hashlib.sha1}


@pytest.mark.parametrize("kind", [Salted, Signing])
def test_what_an_interface_signs_with_is_its_own(
    app: miniflask.Flask, kind: type[SecureCookieSessionInterface]
) -> None:
    """A salt or serializer of an interface of a program's own signs, and alone verifies."""
    client = app.test_client()
    client.get("/login")
    app.session_interface = kind()
    assert client.get("/look").data == b"{}"

    client.get("/login")

    assert client.get("/look").data == b"{'user': 7}"
    assert Signing().get_signing_serializer(app).loads(cookie_of(client)) == {"user": 7}  # type: ignore[union-attr]  # there is a key


class Unhashable:
    """A serializer that cannot be a key of a cache."""

    __hash__ = None  # type: ignore[assignment]  # that is the point

    def dumps(self, value: Any) -> str:
        """Write one thing only."""
        return "{}"

    def loads(self, text: str) -> Any:
        """Read one thing only."""
        return {}


def test_a_serializer_that_cannot_be_hashed_works(app: miniflask.Flask) -> None:
    """A serializer of a program's own need not be hashable."""
    interface = Subclass()
    interface.serializer = Unhashable()  # type: ignore[assignment]  # duck typing
    app.session_interface = interface

    assert app.test_client().get("/login").status_code == 200


@pytest.fixture
def null_app() -> Iterator[miniflask.Flask]:
    """An app without a secret key."""
    yield miniflask.Flask("sample")


@pytest.mark.parametrize(
    "write",
    [
        lambda s: s.__setitem__("a", 1),
        lambda s: s.__delitem__("a"),
        lambda s: s.clear(),
        lambda s: s.pop("a"),
        lambda s: s.popitem(),
        lambda s: s.update(a=1),
        lambda s: s.setdefault("a", 1),
    ],
)
def test_a_null_session_can_be_read_but_not_written(
    null_app: miniflask.Flask, write: Callable[[Any], None]
) -> None:
    """Without a secret key reading works, and every way of writing says what to set."""
    with null_app.test_request_context():
        assert miniflask.session.get("a") is None
        with pytest.raises(RuntimeError, match="Set the secret_key on the application"):
            write(miniflask.session)


@pytest.mark.parametrize("where", ["class", "subclass"])
@pytest.mark.parametrize("name", ["set_cookie", "vary"])
def test_a_response_of_a_program_s_own_is_asked(
    app: miniflask.Flask, monkeypatch: pytest.MonkeyPatch, where: str, name: str
) -> None:
    """A way with cookies, ``Vary`` or headers that a response has of its own is used."""
    client = app.test_client()
    client.get("/login")
    asked = []
    usual = getattr(miniflask.Response, name)

    def set_cookie(self: Any, *args: Any, **kwargs: Any) -> None:
        asked.append(name)
        usual(self, *args, **kwargs)

    def get(self: Any) -> Any:
        asked.append(name)
        return usual.__get__(self)

    mine: Any = set_cookie if name == "set_cookie" else property(get)
    if where == "class":
        monkeypatch.setattr(miniflask.Response, name, mine)
    else:
        app.response_class = type("Mine", (miniflask.Response,), {name: mine})

    headers = client.get("/login").headers

    assert asked
    assert "Set-Cookie" in headers
    assert headers["Vary"] == "Cookie"


def test_a_method_put_on_the_response_is_asked(app: miniflask.Flask) -> None:
    """An ``after_request`` function may replace how its response sets cookies."""
    calls: list[Any] = []

    @app.after_request
    def watch(response: Any) -> Any:
        response.set_cookie = lambda *args, **kwargs: calls.append((args, kwargs))
        return response

    assert "Set-Cookie" not in app.test_client().get("/login").headers
    assert [args[0] for args, _ in calls] == ["session"]


def test_a_header_that_varies_already_is_kept(app: miniflask.Flask) -> None:
    """``Cookie`` joins what the response varies by, whether or not somebody saw its headers."""
    seen: list[Any] = [lambda response: response.headers.add("vary", "Accept") or response]
    app.after_request(lambda response: seen[0](response))

    assert app.test_client().get("/login").headers.getlist("Vary") == ["Accept, Cookie"]
    seen[0] = lambda response: response.headers.get("X") or response
    assert app.test_client().get("/login").headers.getlist("Vary") == ["Cookie"]
    seen[0] = lambda response: response
    assert app.test_client().get("/login").headers.getlist("Vary") == ["Cookie"]


@pytest.mark.parametrize("where", ["instance", "subclass", "class"])
@pytest.mark.parametrize(
    ("getter", "value", "text"),
    [
        ("get_cookie_name", "other", "other="),
        ("get_cookie_path", "/mine", "Path=/mine"),
        ("get_cookie_domain", "example.com", "Domain=example.com"),
        ("get_cookie_secure", True, "Secure"),
        ("get_cookie_partitioned", True, "Partitioned"),
        ("get_cookie_samesite", "Lax", "SameSite=Lax"),
        ("get_cookie_httponly", False, "Path=/"),
    ],
)
def test_a_getter_of_a_program_s_own_decides_about_the_cookie(
    app: miniflask.Flask,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    getter: str,
    value: Any,
    text: str,
) -> None:
    """Each attribute of the cookie is asked for where a program put its own answer."""
    client = app.test_client()
    client.get("/login")
    own: Any = lambda *args: value  # noqa: E731  # a method in two of three places
    if where == "class":
        monkeypatch.setattr(SecureCookieSessionInterface, getter, own)
    elif where == "subclass":
        app.session_interface = type("Own", (SecureCookieSessionInterface,), {getter: own})()
    else:
        app.session_interface = SecureCookieSessionInterface()
        setattr(app.session_interface, getter, own)

    header = client.get("/login").headers["Set-Cookie"]

    assert text in [header[: len(text)], *header.split("; ")]
    assert ("HttpOnly" in header) == (getter != "get_cookie_httponly")


def test_an_older_key_opens_a_session_that_was_put_off(app: miniflask.Flask) -> None:
    """After a rotation the cookie counts while its key is a fallback, and not longer."""
    client = app.test_client()
    client.get("/login/for/good")
    environ = client_environ(client)
    app.secret_key = "new"

    for fallbacks, found in [(None, False), (["older", "key"], True), ([], False)]:
        app.config["SECRET_KEY_FALLBACKS"] = fallbacks
        with app.request_context(environ.copy()):
            assert ("user" in miniflask.session) == found


@pytest.mark.parametrize("secret", [None, "", b""])
def test_an_empty_key_is_none(app: miniflask.Flask, secret: Any) -> None:
    """A key that says nothing makes a null session, whatever key was there before."""
    client = app.test_client()
    client.get("/login")
    environ = client_environ(client)
    app.secret_key = secret

    with app.request_context(environ):
        assert isinstance(miniflask.session, sessions.NullSession)


def test_what_a_null_session_is_may_be_replaced() -> None:
    """The class of null sessions decides which ones are never saved."""
    interface = SecureCookieSessionInterface()
    assert not interface.is_null_session(SecureCookieSession())
    assert interface.is_null_session(sessions.NullSession())

    interface.null_session_class = SecureCookieSession  # type: ignore[assignment]  # as a program may

    assert interface.is_null_session(SecureCookieSession())
