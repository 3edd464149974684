"""Sessions: what is ours is when they are opened, and that nobody can tell."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import miniflask
from miniflask import sessions
from miniflask.json.provider import DefaultJSONProvider
from miniflask.json.tag import JSONTag
from miniflask.sessions import SecureCookieSession, SecureCookieSessionInterface
from miniflask.signing import URLSafeTimedSerializer


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A list that gets each cookie that is verified, at the moment when it is."""
    cookies = []
    loads = URLSafeTimedSerializer.loads

    def spy(self: Any, s: Any, *args: Any, **kwargs: Any) -> Any:
        cookies.append(s)
        return loads(self, s, *args, **kwargs)

    monkeypatch.setattr(URLSafeTimedSerializer, "loads", spy)
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


def test_an_unused_session_is_not_verified(app: miniflask.Flask, verified: list[Any]) -> None:
    """A request that never asks for the session leaves its cookie unverified."""
    client = app.test_client()
    client.get("/login")
    verified.clear()

    response = client.get("/untouched")

    assert response.data == b"public"
    assert "Vary" not in response.headers
    assert verified == []


def test_an_attribute_of_an_extension_changes_nothing(
    app: miniflask.Flask, verified: list[Any]
) -> None:
    """An extension may keep something on the session interface."""
    interface: Any = SecureCookieSessionInterface()
    interface.put_there_by_an_extension = 1
    app.session_interface = interface
    client = app.test_client()
    client.get("/login")
    verified.clear()

    client.get("/untouched")

    assert verified == []


def test_a_used_session_is_verified_once(app: miniflask.Flask, verified: list[Any]) -> None:
    """A request that asks for the session several times verifies its cookie once."""
    client = app.test_client()
    client.get("/login")
    verified.clear()

    assert client.get("/look").data == b"{'user': 7}"
    assert len(verified) == 1


def test_a_permanent_session_is_opened_to_be_refreshed(
    app: miniflask.Flask, verified: list[Any]
) -> None:
    """A permanent session is refreshed though nobody asked; not if the settings say no."""
    client = app.test_client()
    client.get("/login/for/good")
    verified.clear()

    assert "Set-Cookie" in client.get("/untouched").headers
    assert len(verified) == 1

    verified.clear()
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    assert "Set-Cookie" not in client.get("/untouched").headers
    assert verified == []


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


CHANGES = [own_class, own_method, method_of_the_class, own_provider, own_loads, own_tag]


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


@pytest.mark.parametrize("value", ["x" * 200, ("a", "tuple"), b"bytes"])
def test_a_cookie_that_is_not_plain_json_is_opened_at_once(
    app: miniflask.Flask, verified: list[Any], value: Any
) -> None:
    """A compressed or tagged payload, which may fail to be read, is verified in push."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["value"] = value
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

    assert sessions._glance.cache_info().currsize <= 256


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
