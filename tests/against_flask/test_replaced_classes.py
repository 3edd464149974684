"""Whatever a program puts on a class of the framework's is asked as often as Flask asks it.

At any time: here after an application has answered requests, where Python tells of it.  Each
method, property and class method of a class is replaced in turn by one that says that it was
asked, and does as before.
"""

from __future__ import annotations

import functools
import inspect
import subprocess
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import flask
import flask.ctx
import flask.json.provider
import flask.sessions
import itsdangerous
import pytest
import werkzeug.routing
import werkzeug.wrappers
from flask.json.tag import TaggedJSONSerializer as TheirSerializer
from werkzeug.utils import cached_property

import miniflask
import miniflask.ctx
import miniflask.json.provider
import miniflask.routing
import miniflask.sessions
import miniflask.signing
from miniflask import stock
from miniflask.json.tag import TaggedJSONSerializer
from miniflask.ondemand.attribute import _OnDemand
from tests.against_flask.harness import Trace, run_on

Pair = tuple[Any, Any]

CLASSES: dict[str, Pair] = {
    "Flask": (miniflask.Flask, flask.Flask),
    "RequestContext": (miniflask.ctx.RequestContext, flask.ctx.RequestContext),
    "AppContext": (miniflask.ctx.AppContext, flask.ctx.AppContext),
    "_AppCtxGlobals": (miniflask.ctx._AppCtxGlobals, flask.ctx._AppCtxGlobals),
    "Request": (miniflask.Request, flask.Request),
    "Response": (miniflask.Response, flask.Response),
    "SecureCookieSessionInterface": (
        miniflask.sessions.SecureCookieSessionInterface,
        flask.sessions.SecureCookieSessionInterface,
    ),
    "SecureCookieSession": (
        miniflask.sessions.SecureCookieSession,
        flask.sessions.SecureCookieSession,
    ),
    "NullSession": (miniflask.sessions.NullSession, flask.sessions.NullSession),
    "Map": (miniflask.routing.Map, werkzeug.routing.Map),
    "MapAdapter": (miniflask.routing.MapAdapter, werkzeug.routing.MapAdapter),
    "Rule": (miniflask.routing.Rule, werkzeug.routing.Rule),
    "IntegerConverter": (miniflask.routing.IntegerConverter, werkzeug.routing.IntegerConverter),
    "DefaultJSONProvider": (
        miniflask.json.provider.DefaultJSONProvider,
        flask.json.provider.DefaultJSONProvider,
    ),
    "TaggedJSONSerializer": (TaggedJSONSerializer, TheirSerializer),
    "URLSafeTimedSerializer": (
        miniflask.signing.URLSafeTimedSerializer,
        itsdangerous.URLSafeTimedSerializer,
    ),
    "TimestampSigner": (miniflask.signing.TimestampSigner, itsdangerous.TimestampSigner),
}

# Asked less often than by Flask, and never in vain; each is in the table of differences.
ASKED_LESS = {
    "Request": {
        # Where there are hooks or handlers of a blueprint to be found.
        *("blueprint", "blueprints", "endpoint"),
        # Where there are files, or a body that is not short.
        *("content_length", "max_content_length", "max_form_memory_size", "max_form_parts"),
        "mimetype_params",
    },
    # Once where a session is read and written.
    "Response": {"vary"},
    # Where somebody asks for the session.
    "SecureCookieSession": {"__init__", "permanent"},
    "MapAdapter": {"get_default_redirect", "get_host"},
    "Rule": {"build", "suitable_for"},
    # Where there is something to write.
    "DefaultJSONProvider": {"dumps"},
    "TaggedJSONSerializer": {"dumps", "tag"},
    "URLSafeTimedSerializer": {"__init__"},
    "TimestampSigner": {"__init__", "timestamp_to_datetime"},
}

# To replace these is to break Python's own working, or another test's.
NEVER = frozenset(
    """
    __class__ __class_getitem__ __del__ __dict__ __eq__ __getattr__ __getattribute__ __hash__
    __init_subclass__ __new__ __reduce__ __setattr__ __weakref__
    """.split()
)

REQUESTS = (
    "/",
    "/number/3",
    "/login",
    "/look",
    "/gone",
    "/fails",
    "/args?x=1",
    {"path": "/form", "method": "POST", "data": {"x": "7"}},
    "/nowhere",
    "/stream",
)


def program(fw: Any, trace: Trace) -> Any:
    """A view of each common kind."""
    app = fw.Flask("sample", static_folder=None)
    app.secret_key = "key"

    def login() -> str:
        fw.session["user"] = 7
        return "in"

    def fails() -> str:
        raise ValueError("on purpose")

    views: dict[str, Callable[..., Any]] = {
        "/": lambda: "hello",
        "/number/<int:n>": lambda n: {"n": n, "url": fw.url_for("/number/<int:n>", n=n)},
        "/login": login,
        "/look": lambda: str(fw.session.get("user")),
        "/gone": lambda: fw.abort(410),
        "/fails": fails,
        "/args": lambda: fw.request.args.get("x", "") + str(fw.g.get("z")),
        "/stream": lambda: (part for part in ("one", "two")),
    }
    for rule, view in views.items():
        app.add_url_rule(rule, rule, view)
    app.add_url_rule("/form", "form", lambda: fw.request.form.get("x", ""), methods=["POST"])
    app.register_error_handler(404, lambda e: ("not here", 404))
    return app


def replaceable(ours: Any, theirs: Any) -> list[str]:
    """Name what of Flask's class, and of those above it, can be replaced by what tells in both."""
    names = sorted({name for kind in theirs.__mro__[:-1] for name in vars(kind)} - NEVER)
    public = [n for n in names if not n.startswith("_") or n.startswith("__")]
    statics = [[inspect.getattr_static(cls, n) for cls in (ours, theirs)] for n in public]
    found = zip(public, statics, strict=True)
    return [n for n, values in found if all(telling(value, lambda: None) for value in values)]


class Wrapper:
    """Passes for the function that it wraps, as the wrappers of tracing agents do."""

    def __init__(self, does: Any, func: Any, obj: Any = None) -> None:
        self.does, self.__func__, self.obj = does, func, obj

    def __get__(self, obj: Any, owner: Any = None) -> Wrapper:
        return self if obj is None else Wrapper(self.does.__get__(obj), self.__func__, obj)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.does(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)

    def __eq__(self, other: object) -> bool:
        return other in (self.__func__, self.__func__.__get__(self.obj))

    __hash__ = None  # type: ignore[assignment]  # nobody asks


def telling(value: Any, tell: Callable[[], None]) -> Any:
    """Make what tells that it was asked, then does what was there before; None if it cannot."""

    def tells(func: Any) -> Any:
        @functools.wraps(func)
        def told(*args: Any, **kwargs: Any) -> Any:
            tell()
            return func(*args, **kwargs)

        return told

    if isinstance(value, FunctionType):
        return Wrapper(tells(value), value)
    if type(value) is property:
        return property(tells(value.fget), value.fset, value.fdel)
    if isinstance(value, classmethod):
        return classmethod(tells(value.__func__))
    if isinstance(value, cached_property):
        return cached_property(tells(value.fget), value.__name__)
    if isinstance(value, _OnDemand):
        return cached_property(tells(value.compute), value.name)
    return None


def ask(fw: Any, cls: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Tell how often each request asks for something that was replaced just before."""
    asked: list[int] = []

    def tell() -> None:
        asked[-1] += 1

    def counted(fw: Any, trace: Trace) -> Any:
        app = program(fw, trace)
        wsgi_app = app.wsgi_app

        def count(environ: Any, start_response: Any) -> Any:
            if environ["PATH_INFO"] == "/replace":
                value = telling(inspect.getattr_static(cls, name), tell)
                monkeypatch.setattr(cls, name, value)
            asked.append(0)
            return wsgi_app(environ, start_response)

        app.wsgi_app = count
        return app

    try:
        earlier = REQUESTS if stock.PYTHON_TELLS else ()
        run_on(fw, counted, [*earlier, "/replace", *REQUESTS], jar=True)
    finally:
        monkeypatch.undo()
    return asked[-len(REQUESTS) :]


@pytest.mark.parametrize("owner", sorted(CLASSES))
def test_what_is_replaced_on_a_class_is_asked_as_often_as_by_flask(
    monkeypatch: pytest.MonkeyPatch, owner: str
) -> None:
    """Whatever it is, and whenever it was replaced."""
    ours, theirs = CLASSES[owner]
    names = replaceable(ours, theirs)
    assert names
    different = {
        name
        for name in names
        if ask(miniflask, ours, name, monkeypatch) != ask(flask, theirs, name, monkeypatch)
    }
    assert different == ASKED_LESS.get(owner, set())


@pytest.mark.parametrize(
    ("owner", "name"), [(o, n) for o in ASKED_LESS for n in sorted(ASKED_LESS[o])]
)
def test_nothing_is_asked_more_often_than_by_flask(
    monkeypatch: pytest.MonkeyPatch, owner: str, name: str
) -> None:
    """What is asked less often is so for every request."""
    ours, theirs = CLASSES[owner]
    counts = zip(
        ask(miniflask, ours, name, monkeypatch), ask(flask, theirs, name, monkeypatch), strict=True
    )
    assert all(here <= there for here, there in counts)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (werkzeug.wrappers.Request, "__init__"),
        (werkzeug.wrappers.Request, "close"),
        (werkzeug.wrappers.Response, "__call__"),
        (werkzeug.wrappers.Response, "__init__"),
        (werkzeug.wrappers.Response, "close"),
        (werkzeug.wrappers.Response, "force_type"),
    ],
)
def test_methods_of_werkzeugs_own_classes_are_not_asked(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    """Flask's requests and responses are Werkzeug's with a few methods of their own."""
    asked: list[str] = []

    def gone(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.add_url_rule("/", view_func=lambda: fw.abort(410))
        return app

    replaced = telling(inspect.getattr_static(owner, name), lambda: asked.append(name))
    monkeypatch.setattr(owner, name, replaced)
    ours = run_on(miniflask, gone, ["/"])
    assert not asked
    assert run_on(flask, gone, ["/"]) == ours
    assert asked


def test_only_our_classes_have_heirs_before_there_is_a_program() -> None:
    """They notice changes; nobody can make one or read anything from it."""
    show = "import {0}; print(*map(type, {0}.Flask.__subclasses__()))"
    shown = [
        subprocess.run(  # noqa: S603 -- this very Python
            [sys.executable, "-c", show.format(fw)], capture_output=True, text=True, check=True
        ).stdout.split()
        for fw in ("miniflask", "flask")
    ]
    assert shown == [["<class", "'miniflask.stock._Unread'>"], []]
    (heir,) = [c for c in miniflask.Flask.__subclasses__() if type(c) is stock._Unread]
    assert not hasattr(heir, "wsgi_app")
    with pytest.raises(TypeError, match="only there to notice changes"):
        heir("sample")
