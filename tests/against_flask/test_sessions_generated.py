"""Generated visits: what happens to a session over many requests, on both frameworks.

Four applications get the same requests: ours, which opens a session only when somebody asks;
ours with a subclass of its own interface, which opens every session at once; ours with nothing
kept between requests, as a method is overridden wherever something is; and Flask's.
"""

from __future__ import annotations

import copy
import datetime as dt
import uuid
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import flask
import markupsafe
import pytest
import werkzeug.test
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

import miniflask
import miniflask.deferred
import miniflask.sessions
import miniflask.signing
from miniflask.json.provider import DefaultJSONProvider
from tests.against_flask.clock import Clock, stopped_clock
from tests.against_flask.harness import Outcome, Trace, describe, send


@pytest.fixture(scope="module", autouse=True)
def frozen_clock() -> Iterator[None]:
    """Let both frameworks read the same clock."""
    with stopped_clock():
        yield


# ---- what may happen ----

keys = st.sampled_from(["a", "b", "c", " t", "é", "_permanent"])
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from([' "', '" t', "<b>", "x" * 300]),
    st.binary(max_size=8),
    st.builds(markupsafe.Markup, st.text(max_size=4)),
    st.builds(uuid.UUID, int=st.integers(0, 2**128 - 1)),
    st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2090, 1, 1)),
    st.just({1, 2}),  # a set, which JSON cannot write
)
values = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(keys, inner, max_size=2),
    ),
    max_leaves=5,
)
operations = st.one_of(
    st.tuples(st.just("set"), keys, values),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("pop"), keys),
    st.tuples(st.just("setdefault"), keys, atoms),
    st.tuples(st.just("mutate"), keys),
    st.tuples(st.just("update"), st.dictionaries(keys, atoms, max_size=2)),
    st.tuples(st.just("clear")),
    st.tuples(st.just("permanent"), st.booleans()),
    st.tuples(st.just("read"), keys),
    st.tuples(st.sampled_from(["contains", "len", "bool", "copy", "or", "eq", "modified", "new"])),
    st.tuples(st.just("flash"), st.text(max_size=4), st.sampled_from(["message", "error"])),
    st.tuples(
        st.just("flashed"), st.booleans(), st.sampled_from([(), ["error"], ["message", "x"]])
    ),
    st.tuples(st.just("unaccessed")),
)
changes = st.one_of(
    st.tuples(st.just("clock"), st.sampled_from([1, 30, 61, 3600, 2_678_400, 2_678_401, -1, -70])),
    st.tuples(st.just("rotate")),
    st.tuples(st.just("forget old keys")),
    st.tuples(st.just("other key")),
    st.tuples(st.just("no key")),
    st.tuples(
        st.just("config"),
        st.sampled_from(
            [
                ("SESSION_REFRESH_EACH_REQUEST", False),
                ("SESSION_REFRESH_EACH_REQUEST", True),
                ("PERMANENT_SESSION_LIFETIME", 60),
                ("SESSION_COOKIE_NAME", "other"),
                ("SESSION_COOKIE_DOMAIN", "localhost"),
                ("SESSION_COOKIE_PATH", "/path"),
                ("APPLICATION_ROOT", "/"),
                ("SESSION_COOKIE_HTTPONLY", False),
                ("SESSION_COOKIE_SECURE", True),
                ("SESSION_COOKIE_PARTITIONED", True),
                ("SESSION_COOKIE_SAMESITE", "Lax"),
                ("SESSION_COOKIE_SAMESITE", "nonsense"),
                ("MAX_COOKIE_SIZE", 100),
            ]
        ),
    ),
    st.tuples(st.just("drop cookie")),
    st.tuples(st.just("replay"), st.integers(0, 5)),
    st.tuples(st.just("forge"), st.integers(0, 200), st.sampled_from("A.-_=! \x7f")),
    st.tuples(st.just("junk"), st.sampled_from(["", "a", "a.b", "a.b.c", ".", "..", "e30.AAAA.x"])),
)
steps = st.lists(
    st.tuples(st.lists(changes, max_size=2), st.lists(operations, max_size=3)),
    min_size=1,
    max_size=6,
)


def operate(fw: Any, trace: Trace, operation: Any) -> Any:
    """Do one thing to the session, and return what came of it."""
    kind, *args = operation
    session = fw.session
    actions: dict[str, Any] = {
        "set": lambda key, value: session.__setitem__(key, value),
        "delete": lambda key: session.__delitem__(key),
        "pop": lambda key: session.pop(key, "gone"),
        "setdefault": lambda key, value: session.setdefault(key, value),
        "mutate": lambda key: session[key].append("more"),
        "update": lambda mapping: session.update(mapping),
        "clear": lambda: session.clear(),
        "permanent": lambda value: setattr(session, "permanent", value),
        "read": lambda key: session.get(key),
        "contains": lambda: "a" in session,
        "len": lambda: len(session),
        "bool": lambda: bool(session),
        "copy": lambda: session.copy(),
        "or": lambda: session | {"z": 1},
        "eq": lambda: session == {},
        "modified": lambda: session.modified,
        "new": lambda: session.new,
        "flash": lambda message, category: fw.flash(message, category),
        "flashed": lambda pairs, only: fw.get_flashed_messages(pairs, only),
        "unaccessed": lambda: dict(fw.globals.request_ctx._session),
    }
    return actions[kind](*args)


def make_app(fw: Any, trace: Trace, script: list[Any]) -> Any:
    """Make an application whose view does the operations at the head of *script*."""
    app = fw.Flask("sample")
    app.secret_key = "first key"

    @app.route("/path/")
    def view() -> str:
        for operation in script.pop(0):
            try:
                trace(operation[0], repr(operate(fw, trace, operation)))
            except Exception as e:
                trace(f"{operation[0]} raised", e)
        return "done"

    return app


class EagerInterface(miniflask.sessions.SecureCookieSessionInterface):
    """The interface built in, in a subclass, for which nothing is put off."""


class GeneralInterface(miniflask.sessions.SecureCookieSessionInterface):
    """The interface built in, which asks for a serializer each time."""

    def get_signing_serializer(self, app: Any) -> Any:
        """Return the usual serializer."""
        return super().get_signing_serializer(app)


class GeneralRequest(miniflask.Request):
    """A request whose cookies are taken apart each time."""

    @property
    def cookies(self) -> Any:
        """Return the usual cookies."""
        return super().cookies


class GeneralResponse(miniflask.Response):
    """A response for which nothing is known about cookies."""

    @property
    def vary(self) -> Any:
        """Return the usual set."""
        return super().vary

    def set_cookie(self, *args: Any, **kwargs: Any) -> None:
        """Set a cookie as usual."""
        super().set_cookie(*args, **kwargs)


class GeneralProvider(DefaultJSONProvider):
    """A provider that makes its encoder each time."""

    @staticmethod
    def default(o: Any) -> Any:
        """Serialize what the usual provider does."""
        return DefaultJSONProvider.default(o)


def make_general(app: Any) -> None:
    """Override a method wherever something is kept."""
    app.session_interface = GeneralInterface()
    app.request_class = GeneralRequest
    app.response_class = GeneralResponse
    app.json = GeneralProvider(app)


def make_eager(app: Any) -> None:
    """Have every session opened at once."""
    app.session_interface = EagerInterface()


class Visitor:
    """A browser with one cookie, which remembers all it ever had."""

    def __init__(self, fw: Any, script: list[Any], prepare: Callable[[Any], None] | None) -> None:
        self.trace = Trace(fw)
        self.app = make_app(fw, self.trace, script)
        if prepare is not None:
            prepare(self.app)
        self.cookie: str | None = None
        self.seen: list[str] = []

    def change(self, change: Any) -> None:
        """Change the application's settings or the cookie; the clock is everybody's."""
        kind, *args = change
        config = self.app.config
        if kind == "rotate":
            old = config["SECRET_KEY"]
            config["SECRET_KEY_FALLBACKS"] = [*(config["SECRET_KEY_FALLBACKS"] or ()), old or "x"]
            config["SECRET_KEY"] = f"after {old}"
        elif kind == "forget old keys":
            config["SECRET_KEY_FALLBACKS"] = None
        elif kind == "other key":
            config["SECRET_KEY"] = b"other"
        elif kind == "no key":
            config["SECRET_KEY"] = None
        elif kind == "config":
            config[args[0][0]] = args[0][1]
        elif kind == "drop cookie":
            self.cookie = None
        elif kind == "replay" and self.seen:
            self.cookie = self.seen[args[0] % len(self.seen)]
        elif kind == "forge" and self.cookie:
            at = args[0] % len(self.cookie)
            self.cookie = self.cookie[:at] + args[1] + self.cookie[at + 1 :]
        elif kind == "junk":
            self.cookie = args[0]

    def visit(self) -> Outcome:
        """Send the cookie, and keep the one that comes back."""
        name = self.app.config["SESSION_COOKIE_NAME"]
        sent = {} if self.cookie is None else {"HTTP_COOKIE": f"x=1; {name}={self.cookie}; y=2"}
        outcome = send(self.app, {"path": "/path/", "environ": sent})
        for header, value in outcome.headers:
            if header == "Set-Cookie" and value.startswith(f"{name}="):
                self.cookie = value.partition("=")[2].partition(";")[0] or None
                if self.cookie:
                    self.seen.append(self.cookie)
        return outcome


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_visits_agree(steps: Any) -> None:
    """Session, Set-Cookie and Vary agree over any sequence of requests, rotations and forgeries."""
    Clock.now = 1_700_000_000.0
    scripts = [[copy.deepcopy(operations) for _, operations in steps] for _ in range(4)]
    lazy = Visitor(miniflask, scripts[0], None)
    eager = Visitor(miniflask, scripts[1], make_eager)
    general = Visitor(miniflask, scripts[2], make_general)
    theirs = Visitor(flask, scripts[3], None)
    cookies = 0
    for step_changes, _ in steps:
        for change in step_changes:
            if change[0] == "clock":
                Clock.now += change[1]
            for visitor in (lazy, eager, general, theirs):
                visitor.change(change)
        outcome = theirs.visit()
        cookies += theirs.cookie is not None
        assert lazy.visit() == outcome
        assert eager.visit() == outcome
        assert general.visit() == outcome
        for visitor in (lazy, eager, general):
            assert visitor.trace.events == theirs.trace.events
    event(f"{cookies} cookies")


def test_describe_keeps_what_matters() -> None:
    """The comparison of traces tells values apart that are equal but not the same."""
    assert describe({"a": (1, [2])}) == {"a": [1, [2]]}
    assert describe(ValueError("x")) == ("ValueError", "x")


settings_of_cookies = st.fixed_dictionaries(
    {},
    optional={
        "SESSION_COOKIE_NAME": st.sampled_from(
            ["session", "s", "a b", "é", "n;m", "n=m", "n\nm", "session-2"]
        ),
        "SESSION_COOKIE_DOMAIN": st.sampled_from(
            [None, False, "example.com", ".a.b", "a:80", "bücher.de"]
        ),
        "SESSION_COOKIE_PATH": st.sampled_from([None, "/", "/a b", "/é;x", "/a/b?c"]),
        "SESSION_COOKIE_HTTPONLY": st.sampled_from([True, False, None, 1, 0, "yes"]),
        "SESSION_COOKIE_SECURE": st.sampled_from([True, False, None, 1, 1.0, "yes"]),
        "SESSION_COOKIE_PARTITIONED": st.sampled_from([True, False, 1]),
        "SESSION_COOKIE_SAMESITE": st.sampled_from([None, "Lax", "strict", "none", "other", True]),
        "MAX_COOKIE_SIZE": st.sampled_from([0, 100, 150, 4093]),
        "PERMANENT_SESSION_LIFETIME": st.sampled_from([dt.timedelta(1), 5, dt.timedelta(0, 0.5)]),
    },
)


class Saved(dict):  # type: ignore[type-arg]  # any session will do
    """A session to save."""

    accessed = modified = True
    permanent = False


@given(
    st.lists(
        st.tuples(settings_of_cookies, st.booleans(), st.booleans(), st.text(max_size=300)),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([None, "Vary", "vary"]),
    st.sampled_from(["Accept", "cookie", "Accept, Cookie", "*", ""]),
)
def test_cookies_are_set_alike(cases: list[Any], vary: str | None, value: str) -> None:
    """The headers of a saved session agree for any settings, which may change in between."""

    def save(fw: Any, prepare: Callable[[Any], None] | None) -> list[Any]:
        app = fw.Flask("sample")
        app.secret_key = "key"
        if prepare is not None:
            prepare(app)
        done = []
        for changes, permanent, accessed, text in cases:
            app.config.update(changes)
            session = Saved(text=text)
            session.permanent, session.accessed = permanent, accessed
            response = app.response_class("body", headers=None if vary is None else {vary: value})
            with app.app_context(), warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                try:
                    app.session_interface.save_session(app, session, response)
                except Exception as e:
                    done.append(describe(e))
            messages = [str(each.message) for each in warned if each.category is UserWarning]
            done.append([list(response.headers), messages])
        return done

    theirs = save(flask, None)
    assert save(miniflask, None) == theirs
    assert save(miniflask, make_general) == theirs


cookie_texts = st.lists(
    st.sampled_from([*'ab=;; \t\n"\\,.\x00é\u0100', "session", "session=", "; session=", "=x;"]),
    max_size=10,
).map("".join)
cookie_names = st.one_of(
    st.just("session"),
    st.just("a"),
    st.sampled_from(
        ["session", "a", "ab", "", "a b", "=", "a;b", "é", '"', "a.b", "\n", "(", "a\n"]
    ),
    st.text(st.sampled_from("ab=; .[\n"), max_size=3),
)


@given(cookie_texts, cookie_names)
@example("session", "session")
@example("session=", "session")
@example('a="x; session=1"; session=2', "session")
@example('session="1"', "session")
@example("a=1;\tsession\t=\t2\t;b", "session")
@example("a session=1; session=2", "session")
@example("session=1\n", "session")
@example("session=1 \n", "session")
@example("session=1 2; session=3", "session")
@example("xsession=1; sessionx=2; session=3; session=4", "session")
def test_one_cookie_is_found_as_among_all(header: str, name: str) -> None:
    """The first cookie of a name is found in any header in which Werkzeug finds it."""

    def find(fw: Any, prepare: Callable[[Any], None] | None) -> Any:
        app = fw.Flask("sample")
        environ = {**werkzeug.test.EnvironBuilder().get_environ(), "HTTP_COOKIE": header}
        app.config.update(SESSION_COOKIE_NAME=name, SECRET_KEY="key")
        if prepare is not None:
            prepare(app)
        return app.request_class(environ)

    def attempt(action: Callable[[], Any]) -> Any:
        try:
            return action()
        except Exception as e:
            return describe(e)

    expected = attempt(lambda: find(flask, None).cookies.get(name))
    for prepare in (None, make_general):
        request = find(miniflask, prepare)
        assert attempt(lambda: miniflask.sessions._cookie_of(request, name)) == expected
    if header.isascii():
        assert miniflask.sessions._find_cookie(header, name) == expected
        found = miniflask.deferred._deferred_for(header, name, dt.timedelta(1), "key")
        assert (found is None) == bool(expected)  # nothing here is signed
    event("found" if expected else "not found")
