"""Sessions in corners that generated visits do not reach, on both frameworks."""

from __future__ import annotations

import datetime as dt
import importlib
from collections.abc import Callable
from typing import Any

import itsdangerous
import pytest
from werkzeug.datastructures import Headers, HeaderSet, ImmutableMultiDict
from werkzeug.test import EnvironBuilder

from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


def mint(value: str, salt: str = "cookie-session") -> str:
    """Sign any text as a session cookie would be signed with the key ``key``."""

    class Verbatim:
        """Writes text as it is."""

        @staticmethod
        def dumps(obj: Any) -> str:
            return str(obj)

        loads = dumps

    serializer: Any = itsdangerous.URLSafeTimedSerializer(
        "key", salt=salt, serializer=Verbatim, signer_kwargs={"key_derivation": "hmac"}
    )
    return str(serializer.dumps(value))


def visits(*, touch: bool) -> Callable[[Any, Trace], Any]:
    """Make an app whose hooks and view are traced; the view may look at the session."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        app.before_request(lambda: trace("before"))
        app.teardown_request(lambda exc: trace("teardown", exc))

        @app.route("/")
        def view() -> str:
            trace("view", repr(fw.session) if touch else None)
            return "done"

        return app

    return factory


PAYLOADS = [
    "{}",
    '{"a":1}',
    '{"_permanent":true}',
    '{"_permanent":0,"a":1}',
    "[]",
    "[[1,2]]",
    "null",
    "1",
    '"text"',
    '{"a":',
    "",
    "NaN",
    '{" t":[1]}',
    '{" t":5}',
    '{" u":"nonsense"}',
    '{" b":"%"}',
    '{"a":{" u":"nonsense"}}',
    '{" di":{" t__":1}}',
    '{"a":" x"}',
    "\ud800",
    "[" * 2_000,
]


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: ascii(p[:20]))
def test_signed_payloads_of_every_kind(agree: Agree, payload: str, touch: bool) -> None:
    """Whatever was signed, also what is no session, comes to the same: a session, or a 500."""
    try:
        cookie = mint(payload)
    except UnicodeError:
        cookie = payload.encode("utf-8", "surrogatepass").decode("latin1")
    environ = {"HTTP_COOKIE": f"session={cookie}"}

    agree(visits(touch=touch), {"path": "/", "environ": environ})


@pytest.mark.parametrize(
    "header",
    [
        "session=",
        'session=""',
        "session",
        "xsession=a; session=b",
        "session=a; session=b",
        f"a=session; session={mint('{}')}",
        f'session="{mint("{}")}"',
        f"SESSION={mint('{}')}",
        f"session={mint('{}', 'another salt')}",
        "session=a.b.c; =session",
        "\x80session=é",
        "session=%7B%7D.a.b",
        "session=.eJw.a.b",
        "session=" + "a" * 10_000,
    ],
    ids=range(14),  # a minted cookie says when that was, and each worker has a clock of its own
)
def test_cookie_headers_of_every_kind(agree: Agree, header: str) -> None:
    """However a client writes its cookies, the same session is found in them."""
    for touch in (False, True):
        agree(visits(touch=touch), {"path": "/", "environ": {"HTTP_COOKIE": header}})


def custom_interface(opens: Any, null: bool = False) -> Callable[[Any, Trace], Any]:
    """Make an app with a session interface of its own, which is traced."""

    def factory(fw: Any, trace: Trace) -> Any:
        sessions = importlib.import_module(f"{fw.__name__}.sessions")

        class Session(dict, sessions.SessionMixin):  # type: ignore[type-arg, name-defined, misc]
            pass

        class Interface(sessions.SessionInterface):  # type: ignore[name-defined, misc]
            def open_session(self, app: Any, request: Any) -> Any:
                trace("open", request.path, request.endpoint)
                if opens == "raises":
                    raise ValueError("cannot open")
                return None if opens == "none" else Session()

            def save_session(self, app: Any, session: Any, response: Any) -> None:
                trace("save", type(session).__name__, session.modified, session.accessed)
                response.set_cookie("mine", str(len(session)))

            def is_null_session(self, obj: Any) -> bool:
                trace("is null", type(obj).__name__)
                return null or bool(super().is_null_session(obj))

        app = fw.Flask("sample")
        app.session_interface = Interface()
        app.before_request(lambda: trace("before"))
        app.teardown_request(lambda exc: trace("teardown", exc))

        @app.route("/")
        def untouched() -> str:
            return "untouched"

        @app.route("/touch")
        def touched() -> str:
            fw.session["a"] = 1
            return "touched"

        return app

    return factory


@pytest.mark.parametrize("opens", ["session", "none", "raises"])
@pytest.mark.parametrize("null", [False, True])
def test_an_interface_of_its_own_is_asked_at_the_same_moments(
    agree: Agree, opens: str, null: bool
) -> None:
    """A custom interface opens in push, before matching, and saves after every hook."""
    agree(custom_interface(opens, null), "/", "/touch", "/missing", ("POST", "/"))


def swapped_mid_request(fw: Any, trace: Trace) -> Any:
    """Make an app that gets another session interface while a request is handled."""
    sessions = importlib.import_module(f"{fw.__name__}.sessions")

    class Interface(sessions.SecureCookieSessionInterface):  # type: ignore[name-defined, misc]
        def save_session(self, app: Any, session: Any, response: Any) -> None:
            trace("save", repr(session), session.accessed, session.modified)

    app = fw.Flask("sample")
    app.secret_key = "key"

    @app.route("/")
    def view() -> str:
        app.session_interface = Interface()
        return "done"

    return app


def test_the_interface_at_the_end_of_the_request_saves(agree: Agree) -> None:
    """An interface that was put in place meanwhile saves the session, untouched as it is."""
    run = agree(swapped_mid_request, "/", "/")

    assert run.labels == ["save", "save"]


def test_a_converter_may_use_the_session(agree: Agree) -> None:
    """The session is open when the URL is matched."""

    def factory(fw: Any, trace: Trace) -> Any:
        routing = importlib.import_module(
            "werkzeug.routing" if fw.__name__ == "flask" else "miniflask.routing"
        )

        class Own(routing.BaseConverter):  # type: ignore[name-defined, misc]
            def to_python(self, value: str) -> str:
                trace("convert")
                return f"{value} {dict(fw.session)}"

        app = fw.Flask("sample")
        app.secret_key = "key"
        app.url_map.converters["own"] = Own
        app.add_url_rule("/<own:value>", "view", lambda value: value)
        return app

    environ = {"HTTP_COOKIE": "session=" + mint('{"user":7}')}
    run = agree(factory, {"path": "/x", "environ": environ})

    assert b"user" in run.outcomes[0].body


@pytest.mark.parametrize("touch", [False, True])
def test_a_forged_permanent_cookie_is_no_session(agree: Agree, touch: bool) -> None:
    """It says that it is permanent, and would be refreshed; but nobody signed it."""
    genuine = mint('{"_permanent":true,"user":7}')
    forged = genuine[:-27] + ("A" if genuine[-27] != "A" else "B") + genuine[-26:]
    requests = [
        {"path": "/", "environ": {"HTTP_COOKIE": f"session={cookie}"}}
        for cookie in (forged, genuine, forged, forged)
    ]
    run = agree(visits(touch=touch), *requests)

    signed = [outcome.header("Set-Cookie") is not None for outcome in run.outcomes]
    assert signed == [False, True, False, False]
    assert ["7" in str(seen) for seen in run.values("view")] == [False, touch, False, False]


# ---- where the cookie is found ----


def cookie_of(user: str) -> str:
    """Return the header that a visitor sends."""
    return "session=" + mint(f'{{"user":"{user}"}}')


def environ_of(user: str) -> dict[str, Any]:
    """Return the environment of a visitor's request."""
    return {**EnvironBuilder().get_environ(), "HTTP_COOKIE": cookie_of(user)}


def user_of(fw: Any, kind: Any, change: Callable[[Any], Any] = id) -> Any:
    """Return who is in the session of Alice's request of a class, after a change to it."""
    app = fw.Flask("sample")
    app.secret_key = "key"
    environ = environ_of("Alice")
    request = kind(environ)
    change(request)
    with fw.ctx.RequestContext(app, environ, request=request):
        return fw.session.get("user")


def assign(request: Any) -> None:
    """Give a request another environment; its headers stay those of the one it was made of."""
    request.environ = environ_of("Bob")


def read_and_assign(request: Any) -> None:
    """Do so after reading the first one."""
    assert request.environ
    assign(request)


def change_in_place(request: Any) -> None:
    """Change the environment that the headers show."""
    request.environ.update(environ_of("Bob"))


def change_and_assign(request: Any) -> None:
    """Change it, and give the request another one."""
    request.environ["HTTP_COOKIE"] = "session=none"
    assign(request)


def read_headers(request: Any) -> None:
    """Look at the headers, then change what they show."""
    assert "Cookie" in request.headers
    change_in_place(request)


@pytest.mark.parametrize(
    ("change", "user"),
    [
        (assign, "Alice"),
        (read_and_assign, "Alice"),
        (change_in_place, "Bob"),
        (change_and_assign, None),
        (read_headers, "Bob"),
    ],
)
def test_the_session_is_that_of_the_headers(
    same: Same, change: Callable[[Any], None], user: str | None
) -> None:
    """The cookie is read where a request's headers are, whatever its environment became."""
    assert same(lambda fw: user_of(fw, fw.Request, change)) == user


class LastWins(ImmutableMultiDict[str, str]):
    """A dict that gives the last of several values."""

    def __getitem__(self, key: str) -> str:
        """Return it."""
        return self.getlist(key)[-1]


OWN: dict[str, Any] = {
    "headers": property(
        lambda self: Headers({"Cookie": cookie_of("Bob")}), lambda self, value: None
    ),
    "cookies": property(lambda self: {"session": cookie_of("Bob").partition("=")[2]}),
    "dict_storage_class": LastWins,
}


def say_twice(request: Any) -> None:
    """Send Bob's cookie behind Alice's."""
    request.environ["HTTP_COOKIE"] += f"; {cookie_of('Bob')}"


@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize("where", ["class", "subclass", "later"])
def test_a_request_class_may_find_cookies_in_its_own_way(
    same: Same, monkeypatch: pytest.MonkeyPatch, name: str, where: str
) -> None:
    """Headers, cookies or a dict for them that a class has of its own decide who it is."""

    def program(fw: Any) -> Any:
        own = type("Own", (fw.Request,), {name: OWN[name]} if where == "subclass" else {})
        if where == "class":
            monkeypatch.setattr(fw.Request, name, OWN[name], raising=False)

        def change(request: Any) -> None:
            say_twice(request)
            if where == "later":
                setattr(own, name, OWN[name])

        return user_of(fw, fw.Request if where == "class" else own, change)

    assert same(program) == "Bob"


@pytest.mark.parametrize("name", sorted(OWN))
def test_a_session_is_found_in_the_way_of_the_class_that_was_changed(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """So it is when a program changes the framework's own class, between two requests."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"

        @app.route("/")
        def view() -> str:
            return str(fw.session.get("user"))

        @app.route("/change")
        def change() -> str:
            monkeypatch.setattr(fw.Request, name, OWN[name], raising=False)
            return "changed"

        return app

    environ = {"HTTP_COOKIE": f"{cookie_of('Alice')}; {cookie_of('Bob')}"}
    requests = [{"path": path, "environ": environ} for path in ("/", "/change", "/")]

    assert agree(factory, *requests).texts == ["Alice", "changed", "Bob"]


# ---- what an interface is asked, and what becomes of the answers ----


def parts_of(fw: Any) -> Any:
    """Return the module with the sessions of a framework."""
    return importlib.import_module(f"{fw.__name__}.sessions")


@pytest.mark.parametrize(
    "use",
    [
        lambda interface: interface.open_session(None, None),
        lambda interface: interface.save_session(None, None, None),
        lambda interface: interface.pickle_based,
        lambda interface: [name for name in dir(interface.null_session_class) if "fail" in name],
        lambda interface: interface.is_null_session({}),
        lambda interface: interface.make_null_session(None).accessed,
    ],
)
def test_the_bare_interface_agrees(same: Same, use: Callable[[Any], Any]) -> None:
    """The base class opens and saves nothing, and tells the same about itself."""
    same(lambda fw: use(parts_of(fw).SessionInterface()))


COOKIE_SETTINGS = {
    "SESSION_COOKIE_NAME": "other",
    "SESSION_COOKIE_DOMAIN": "example.com",
    "SESSION_COOKIE_PATH": "/sub",
    "SESSION_COOKIE_HTTPONLY": False,
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Strict",
    "SESSION_COOKIE_PARTITIONED": True,
}


@pytest.mark.parametrize("settings", [{}, COOKIE_SETTINGS], ids=["default", "changed"])
def test_each_getter_says_what_is_set(same: Same, settings: dict[str, Any]) -> None:
    """A subclass that asks ``super()`` for an attribute of the cookie gets the setting."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.config.update(settings)
        interface = parts_of(fw).SecureCookieSessionInterface()
        names = [name.removeprefix("SESSION_COOKIE_").lower() for name in COOKIE_SETTINGS]
        return [getattr(interface, f"get_cookie_{name}")(app) for name in names]

    assert same(program) == list(settings.values()) or not settings


def writes(
    settings: dict[str, Any], interface: Callable[[Any], Any] | None = None, **attributes: Any
) -> Callable[[Any, Trace], Any]:
    """Make an app that writes into a permanent session.

    Args:
        settings: Its config, beside a key.
        interface: Makes the session interface, for a framework.
        attributes: Of the class of responses.
    """

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.config.update({"SECRET_KEY": "key", **settings})
        app.response_class = type("Own", (fw.Response,), attributes)
        if interface is not None:
            app.session_interface = interface(fw)

        @app.route("/")
        def view() -> str:
            fw.session["user"] = 7
            return "done"

        @app.route("/stay")
        def stay() -> Any:
            fw.session.permanent = True
            return view()

        return app

    return factory


@pytest.mark.parametrize(
    "expires",
    [
        dt.datetime(2030, 1, 2, 3, 4, 5),
        dt.datetime(2030, 1, 2, 3, 4, 5, 999_999, dt.timezone.utc),
        dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(0), "other name")),
        dt.datetime(2030, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        dt.date(2030, 1, 2),
        1_900_000_000,
        1_900_000_000.9,
        "Wed, 02 Jan 2030 03:04:05 GMT",
        None,
    ],
    ids=repr,
)
def test_a_session_may_expire_whenever_it_likes(agree: Agree, expires: Any) -> None:
    """What an interface of a program's own says about expiry is written as Werkzeug writes it."""

    def interface(fw: Any) -> Any:
        own = {"get_expiration_time": lambda self, app, session: expires}
        return type("Own", (parts_of(fw).SecureCookieSessionInterface,), own)()

    run = agree(writes({}, interface), "/stay", "/stay")

    assert [outcome.header("Set-Cookie") is not None for outcome in run.outcomes] == [True, True]


@pytest.mark.parametrize("name", ["n\nm", "n\rm", "\r\n", "n\x0bm"])
def test_no_cookie_breaks_its_header(agree: Agree, name: str) -> None:
    """The name of a cookie with a newline is refused where the header is set."""
    run = agree(writes({"SESSION_COOKIE_NAME": name}), "/", "/stay", "/")

    assert run.codes == ([500] * 3 if name != "n\x0bm" else [200] * 3)


def test_an_attribute_may_be_written_otherwise_each_time(agree: Agree) -> None:
    """An attribute that is neither text nor a truth value is asked for its text for each cookie."""

    class Counts:
        def __init__(self) -> None:
            self.numbers = iter(range(10))

        def __str__(self) -> str:
            return f"number {next(self.numbers)}"

    def factory(fw: Any, trace: Trace) -> Any:
        return writes({"SESSION_COOKIE_SECURE": Counts()})(fw, trace)

    run = agree(factory, "/", "/", "/stay")

    written = [str(outcome.header("Set-Cookie")) for outcome in run.outcomes]
    assert [text.partition("Secure=")[2][:8] for text in written] == [
        "number 0",
        "number 1",
        "number 2",
    ]


@pytest.mark.parametrize("values", [(True, 1, 1.0), (1, True), (False, 0, 0.0), (0, False)])
@pytest.mark.parametrize("name", ["SECURE", "HTTPONLY", "PARTITIONED"])
def test_what_is_equal_is_not_written_alike(agree: Agree, name: str, values: Any) -> None:
    """A number stands in the header where a truth value would not, whichever was there before."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = writes({})(fw, trace)
        left = iter(values)
        app.before_request(
            lambda: app.config.update({f"SESSION_COOKIE_{name}": next(left)})  # returns None
        )
        return app

    run = agree(factory, *["/"] * len(values))

    headers = [str(outcome.header("Set-Cookie")) for outcome in run.outcomes]
    endings = [header.partition("; ")[2] for header in headers]
    assert len(set(endings)) == len(values)


@pytest.mark.parametrize("path", ["/", "/stay"])
def test_a_cookie_as_large_as_it_may_be_draws_no_warning(agree: Agree, path: str) -> None:
    """One byte more does; no limit is no limit."""
    size = len(str(agree(writes({}), path).outcomes[0].header("Set-Cookie")))

    limits = [size - 1, size, size + 1, 0]
    runs = [agree(writes({"MAX_COOKIE_SIZE": limit}), path) for limit in limits]

    assert [len(run.outcomes[0].warned) for run in runs] == [1, 0, 0, 0]


@pytest.mark.parametrize("accessed", [False, True])
@pytest.mark.parametrize("modified", [False, True])
@pytest.mark.parametrize("content", [{}, {"user": 7}])
def test_what_is_saved_varies_by_cookie(
    same: Same, content: Any, modified: bool, accessed: bool
) -> None:
    """So does the deletion of a session that was emptied without being asked for."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        session = parts_of(fw).SecureCookieSession(content)
        session.modified, session.accessed = modified, accessed
        response = app.response_class("body")
        with app.app_context():
            app.session_interface.save_session(app, session, response)
        return list(response.headers)

    headers = dict(same(program))
    assert ("Vary" in headers) == (modified or accessed)


@pytest.mark.parametrize(
    "settings",
    [
        {"SECRET_KEY": 5},
        {"SECRET_KEY": ["key"]},
        {"SECRET_KEY": bytearray(b"key")},
        {"SECRET_KEY": b"key"},
        {"SECRET_KEY_FALLBACKS": [5]},
        {"SECRET_KEY_FALLBACKS": [None]},
        {"SECRET_KEY_FALLBACKS": [["key"]]},
        {"SECRET_KEY_FALLBACKS": "text"},
        {"SECRET_KEY_FALLBACKS": ("old", b"older")},
    ],
    ids=repr,
)
def test_odd_keys_sign_or_fail_alike(agree: Agree, settings: dict[str, Any]) -> None:
    """What is no key fails when it is needed, with the same error."""
    agree(writes(settings), "/", "/stay", "/")


@pytest.mark.parametrize("secret", [None, "", b""])
def test_without_a_key_nothing_is_signed(same: Same, secret: Any) -> None:
    """An interface that is told to save though there is no key fails."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.secret_key = secret
        session = parts_of(fw).SecureCookieSession({"user": 7})
        session["user"] = 8
        with app.app_context():
            app.session_interface.save_session(app, session, app.response_class("body"))

    assert same(program)[0] == "AttributeError"


@pytest.mark.parametrize("text", [b"{}", bytearray(b"{}"), "{}"])
def test_a_serializer_may_write_something_else_than_text(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, text: Any
) -> None:
    """What a method put on the usual serializer's class writes is signed, or refused, as there."""

    def interface(fw: Any) -> Any:
        made = parts_of(fw).SecureCookieSessionInterface()
        made.serializer = type(made.serializer)()
        monkeypatch.setattr(type(made.serializer), "dumps", lambda self, value: text)
        return made

    agree(writes({}, interface), "/", "/stay")


def test_a_response_may_keep_elsewhere_what_it_varies_by(agree: Agree) -> None:
    """The session says to ``vary`` that it varies, and adds no header by itself."""
    kept = HeaderSet()

    run = agree(writes({}, vary=property(lambda self: kept)), "/")

    assert run.outcomes[0].header("Vary") is None
    assert list(kept) == ["Cookie"]
