"""Applications, requests and changes at random.

What comes first in a list is what Hypothesis shrinks to.  Weights are repetitions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import strategies as st

from tests.against_flask.generated.model import (
    App,
    Body,
    Change,
    Hook,
    Options,
    Place,
    Registration,
    Rule,
    Send,
    Visit,
)
from tests.against_flask.generated.vocabulary import (
    APP_HOOKS,
    BLUEPRINT_HOOKS,
    CHANGES,
    EFFECTS,
    HANDLED,
    LIKELY,
    ROLE_OF,
    ROLES,
    SIGNALS,
    STREAMS,
    TWISTS,
)

T = TypeVar("T")


def weighted(values: Sequence[T], likely: Sequence[T], times: int) -> st.SearchStrategy[T]:
    """Choose a value; the likely ones *times* as often, and first when shrinking."""
    return st.sampled_from([*list(likely) * times, *values])


def some(options: dict[str, Sequence[Any]], often: int = 6) -> st.SearchStrategy[Options]:
    """Choose a few of many options, each with one of its values."""
    pairs = [(name, value) for name, values in options.items() for value in values]
    return st.lists(st.sampled_from(pairs), max_size=often, unique_by=lambda pair: pair[0]).map(
        lambda chosen: tuple(sorted(chosen, key=lambda pair: pair[0]))
    )


def seldom(options: dict[str, Sequence[Any]]) -> st.SearchStrategy[Options]:
    """Choose one of many options, one time in three."""
    pairs = [((name, value),) for name, values in options.items() for value in values]
    return st.sampled_from([*[()] * 2 * len(pairs), *pairs])


# ---- functions ----

#: How a function of each role mostly ends.
USUALLY = {
    "view": ("text", "text", "dict", *STREAMS, "raise ValueError", "raise Own", "abort 404"),
    "before": ("pass",) * 5 + ("empty",),
    "after": ("same", "header"),
    "teardown": ("pass",),
    "handler": ("status", "text", "return error"),
    "preprocessor": ("drop value",),
    "url defaults": ("lang",),
    "processor": ("seen",),
    "receiver": ("pass",),
    "build error": ("pass", "url"),
}
# Those that are called without being made synchronous first.
NEVER_ASYNC = {"preprocessor", "url defaults", "build error"}


def bodies(role: str) -> st.SearchStrategy[Body]:
    """Choose what a function of a role does."""
    outcomes = list(ROLES[role][2])
    usual = USUALLY[role]
    times = max(1, (1 if role == "view" else 5) * len(outcomes) // len(usual))
    return st.builds(
        Body,
        effects=st.lists(weighted(list(EFFECTS), LIKELY, 12), max_size=2).map(tuple),
        outcome=weighted(outcomes, usual, times),
        is_async=st.just(False) if role in NEVER_ASYNC else st.sampled_from([False] * 15 + [True]),
        silent=st.sampled_from([False, True] if role == "view" else [False] * 3 + [True]),
    )


OFTEN = ["before_request", "after_request", "teardown_request", "errorhandler"]
# With a hook of another kind a request does not go the whole of the short way.
QUIET = ("errorhandler", "url_defaults", "context_processor", "build_error", "app_errorhandler")


def hooks(kinds: dict[str, str]) -> st.SearchStrategy[Hook]:
    """Choose a hook among the methods that register one."""

    def of_kind(kind: str) -> st.SearchStrategy[Hook]:
        by: st.SearchStrategy[str | None] = st.none()
        if kind.endswith("errorhandler"):
            by = st.sampled_from(HANDLED)
        elif kind == "connect":
            by = st.sampled_from(SIGNALS)
        return st.builds(Hook, st.just(kind), bodies(ROLE_OF[kind]), by)

    often = [kind for kind in OFTEN if kind in kinds]
    # Made once: that takes Hypothesis longer than to choose.
    made = {kind: of_kind(kind) for kind in kinds}
    return st.sampled_from([*often * 2, *kinds]).flatmap(made.__getitem__)


def quiet(kinds: dict[str, str]) -> dict[str, str]:
    """Leave out the kinds of hook that keep a request from the short way."""
    return {kind: role for kind, role in kinds.items() if kind in QUIET}


# ---- rules, blueprints, applications ----

RULES = (
    "/",
    "/",
    "/x",
    "/x/",
    "/n/<int:n>",
    "/<name>",
    "/f/<path:rest>",
    "/<int:n>/<name>",
    "/any/<any(a, b):kind>",
    "/two/<string(length=2):two>",
    "/float/<float:n>",
    "/up/<upper:word>",
)
FORMS = ("function", "function", "function", "function", "view", "view once", "methods")
RULE_OPTIONS: dict[str, Sequence[Any]] = {
    "methods": (["POST"], ["GET", "PUT"], ["GET", "OPTIONS"]),
    "defaults": ({"n": 1}, {"lang": "de"}),
    "strict_slashes": (False,),
    "endpoint": ("one",),
    "provide_automatic_options": (False, True),
    "subdomain": ("own", "<sub>"),
    "redirect_to": ("/n/<n>",),
    "merge_slashes": (False,),
}
BLUEPRINT_OPTIONS: dict[str, Sequence[Any]] = {
    "url_prefix": ("/p", "/p/", "/q/r", "/"),
    "subdomain": ("s",),
    "url_defaults": ({"lang": "en"}, {"n": 2}),
}
# Variables for a whole tree; those of nested blueprints would meet in one rule.
ROOT_OPTIONS: dict[str, Sequence[Any]] = {
    "url_prefix": ("/<lang>", "/r", ""),
    "subdomain": ("<sub>",),
    "url_defaults": ({"lang": "it"},),
}
CONFIG: dict[str, Sequence[Any]] = {
    "DEBUG": (True,),
    "TESTING": (True,),
    "PROPAGATE_EXCEPTIONS": (False, True),
    "TRAP_HTTP_EXCEPTIONS": (True,),
    "TRAP_BAD_REQUEST_ERRORS": (True, False),
    "TRUSTED_HOSTS": (["localhost"],),
    "SERVER_NAME": ("example.test", "localhost"),
    "APPLICATION_ROOT": ("/root",),
    "PREFERRED_URL_SCHEME": ("https",),
    "PROVIDE_AUTOMATIC_OPTIONS": (False,),
    "MAX_CONTENT_LENGTH": (3,),
    "MAX_COOKIE_SIZE": (60,),
    "PERMANENT_SESSION_LIFETIME": (60,),
    "SESSION_REFRESH_EACH_REQUEST": (False,),
    "SESSION_COOKIE_NAME": ("own",),
    "SESSION_COOKIE_DOMAIN": ("example.test",),
    "SESSION_COOKIE_PATH": ("/p",),
    "SESSION_COOKIE_HTTPONLY": (False,),
    "SESSION_COOKIE_SECURE": (True,),
    "SESSION_COOKIE_PARTITIONED": (True,),
    "SESSION_COOKIE_SAMESITE": ("Lax", "nonsense"),
    "SECRET_KEY_FALLBACKS": (["older"],),
}

rules = st.builds(
    Rule, st.sampled_from(RULES), bodies("view"), st.sampled_from(FORMS), seldom(RULE_OPTIONS)
)


# Hooks that do nothing but tell that they were called; of some kinds two, for their order.
WATCHING = (
    Hook("before_request", Body()),
    Hook("after_request", Body((), "header")),
    Hook("after_request", Body((), "header")),
    Hook("teardown_request", Body()),
    Hook("teardown_request", Body()),
)
# Handlers for the same errors, by code and by class, so that the nearest has to be found.
CATCHING = tuple(
    Hook("errorhandler", Body((), "status"), by)
    for by in ("404", "werkzeug.exceptions.HTTPException", "ValueError", "Exception")
)
LISTENING = tuple(Hook("connect", Body(), name) for name in SIGNALS)


def one_receiver_each(hooks: tuple[Hook, ...]) -> tuple[Hook, ...]:
    """Leave out a second receiver of a signal: which of two comes first is left to chance."""
    last = {hook.by: hook for hook in hooks if hook.kind == "connect"}
    return tuple(hook for hook in hooks if hook.kind != "connect" or last[hook.by] is hook)


def places(
    kinds: dict[str, str], sets: Sequence[tuple[Hook, ...]], options: st.SearchStrategy[Options]
) -> st.SearchStrategy[Place]:
    """Choose what belongs to the application or to a blueprint."""
    return st.builds(
        Place,
        st.lists(rules, min_size=1, max_size=2).map(tuple),
        st.builds(
            lambda watching, others: one_receiver_each((*watching, *others)),
            st.sampled_from([(), CATCHING[:2], CATCHING[2:], *sets]),
            st.lists(hooks(kinds), max_size=4),
        ),
        options,
    )


@dataclass(frozen=True)
class Kind:
    """What an application is chosen from."""

    place: st.SearchStrategy[Place]
    blueprint: st.SearchStrategy[Place]
    config: st.SearchStrategy[Options]
    twists: st.SearchStrategy[list[str]]


def configs(among: dict[str, Sequence[Any]]) -> st.SearchStrategy[Options]:
    """Choose some settings, mostly with a key for sessions."""
    keys = st.sampled_from([(("SECRET_KEY", "key"),)] * 5 + [()])
    return st.tuples(keys, some(among, 3)).map(lambda drawn: (*drawn[0], *drawn[1]))


ANY = Kind(
    places(
        APP_HOOKS,
        (WATCHING, WATCHING + CATCHING, LISTENING),
        seldom({"subdomain_matching": (True,)}),
    ),
    places(BLUEPRINT_HOOKS, (WATCHING, WATCHING + CATCHING), some(BLUEPRINT_OPTIONS, 1)),
    configs(CONFIG),
    st.lists(st.sampled_from(list(TWISTS)), max_size=2, unique=True),
)
# Half of the applications are such that requests may go the whole of the short way.
PLAIN = Kind(
    places(quiet(APP_HOOKS), (), st.just(())),
    places(quiet(BLUEPRINT_HOOKS), (), some(BLUEPRINT_OPTIONS, 1)),
    configs({k: v for k, v in CONFIG.items() if k not in ("SERVER_NAME", "TRUSTED_HOSTS")}),
    st.just([]),
)


@st.composite
def registrations(draw: st.DrawFn, count: int) -> tuple[Registration, ...]:
    """Choose a tree of blueprints, some of them in it twice."""
    # A chain most of the time, for hooks on every level.
    edges = [
        (draw(st.sampled_from([*[child - 1] * 3, *range(-1, child)])), child)
        for child in range(count)
    ]
    if count and draw(st.integers(0, 3)) == 3:
        child = draw(st.integers(0, count - 1))
        edges.append((draw(st.integers(-1, child - 1)), child))
    # Inner ones first: a blueprint that is registered takes no more blueprints.
    edges.sort(key=lambda edge: edge[1], reverse=True)
    made = []
    for i, (parent, child) in enumerate(edges):
        again = (parent, child) in edges[:i]
        options = draw(seldom(BLUEPRINT_OPTIONS if parent >= 0 else ROOT_OPTIONS))
        made.append(
            Registration(parent, child, (("name", "again"), *options) if again else options)
        )
    return tuple(made)


@st.composite
def apps(draw: st.DrawFn) -> App:
    """Choose a whole application."""
    kind = draw(st.sampled_from([PLAIN, ANY]))
    blueprints = draw(st.lists(kind.blueprint, max_size=3))
    return App(
        place=draw(kind.place),
        config=draw(kind.config),
        twists=tuple(draw(kind.twists)),
        blueprints=tuple(blueprints),
        registrations=draw(registrations(len(blueprints))),
    )


# ---- requests ----

VARIABLE = re.compile(r"<([^<>]*)>")
# For each converter what it takes, and something else.
VALUES = {
    "int": ("1", "x"),
    "float": ("1.5", "x"),
    "any(a, b)": ("a", "c"),
    "string(length=2)": ("ab", "abc"),
    "path": ("a/b", "a"),
    "upper": ("word", "x"),
}
METHODS = ("GET",) * 14 + ("POST", "POST", "HEAD", "OPTIONS", "PUT", "DELETE")
HOSTS = ("localhost",) * 24 + ("example.test", "s.example.test", "own.example.test", "evil host")
BODIES = (("", b""),) * 10 + (
    ("application/x-www-form-urlencoded", b"a=1&b=2"),
    ("application/json", b'{"a": 1}'),
    ("application/json", b"{"),
    ("text/plain", b"a=1"),
)


def paths(app: App) -> list[str]:
    """List URLs that an application may answer, more often than those that it cannot."""
    found = ["/", *(rule.rule for rule in app.place.rules)]
    for i, blueprint in enumerate(app.blueprints):
        own = [prefix + rule.rule for prefix in prefixes(app, i) for rule in blueprint.rules]
        found += own * (i + 1)
    good, *bad = zip(*map(filled, found), strict=True)
    return [*good * 4, *dict.fromkeys(path for paths in bad for path in paths), "/missing/at/all"]


def prefixes(app: App, index: int) -> list[str]:
    """List the URL prefixes under which a blueprint is found; the application's is empty."""
    if index < 0:
        return [""]
    own = dict(app.blueprints[index].options).get("url_prefix", "")
    return [
        before + dict(each.options).get("url_prefix", own).rstrip("/")
        for each in app.registrations
        if each.child == index
        for before in prefixes(app, each.parent)
    ]


def filled(rule: str) -> tuple[str, str]:
    """Put values into a rule's variables: once such as they take, once others."""
    fitting, other = (
        VARIABLE.sub(lambda match: VALUES.get(match[1].rpartition(":")[0], ("v", "v"))[i], rule)
        for i in (0, 1)
    )
    return fitting, other


def visits(app: App) -> st.SearchStrategy[Visit]:
    """Choose a request that an application may answer."""
    return st.builds(
        lambda path, query, method, host, body: Visit(path + query, method, host, *body),
        st.sampled_from(paths(app)),
        st.sampled_from([*[""] * 6, *["?x=1"] * 4, "/"]),
        st.sampled_from(METHODS),
        st.sampled_from(HOSTS),
        st.sampled_from(BODIES),
    )


def sends(app: App) -> st.SearchStrategy[Send]:
    """Choose one to three requests to send together."""
    return st.builds(Send, st.lists(visits(app), min_size=1, max_size=3).map(tuple))


changes = st.sampled_from(CHANGES).map(Change)
