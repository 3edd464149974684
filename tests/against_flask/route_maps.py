"""Route maps as plain data, and the same questions put to two packages.

A map is written down as data (a rule is a text and options), so that Hypothesis can make and shrink
it and both packages can be given the very same one. What they answer is described in plain data
too, an exception by its name and its words.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import werkzeug.routing
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, MethodNotAllowed

import miniflask.routing

OURS, THEIRS = miniflask.routing, werkzeug.routing
BOTH = (OURS, THEIRS)


class RuleData(NamedTuple):
    """A rule: its text, and the keyword arguments of its class."""

    text: str
    options: dict[str, Any]


class Question(NamedTuple):
    """What to ask an adapter for: one of its methods, with these arguments."""

    ask: str
    arguments: dict[str, Any]


# ---- what rules are made of ----

KEY = "9f0a1e5c-6b1f-4d7b-8a5e-0123456789ab"
NAMES = ["one", "two", "three"]
ENDPOINTS = ["index", "list", "show", "edit"]
METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS"]
TEXTS = ["a", "b", "ab", "a-b", "x.y", "é", "a b", "api", "1", "%", "(a)", "b_c", "a|b"]
VARIABLES = [
    "<{}>",
    "<string:{}>",
    "<string(length=2):{}>",
    "<string(minlength=2, maxlength=3):{}>",
    "<any(a,b,'a b',x.y):{}>",
    "<int:{}>",
    "<int(fixed_digits=2):{}>",
    "<int(max=5):{}>",
    "<int(min=2, signed=True):{}>",
    "<float:{}>",
    "<float(signed=True, max=2.5):{}>",
    "<uuid:{}>",
    "<path:{}>",
    "<odd:{}>",
    "<grouped:{}>",
    "<slashed:{}>",
    "<light:{}>",
]
ISOLATING = [v for v in VARIABLES if v not in ("<path:{}>", "<slashed:{}>")]
PIECES = [
    *TEXTS,
    *["", "7", "05", "42", "-3", "1.5", "-0.5", "abc", "bbx", "aaax", "٣", "²", "x\ny"],
    *[KEY, KEY.upper(), "a-7", "7-a", "a-b-7", "9" * 4400],
]
SEPARATE_PIECES = [piece for piece in PIECES if "/" not in piece]
VALUES: list[Any] = [
    *[1, 7, 42, -3, 1.5, True, "", "a", "b", "ab", "abc", "a b", "a/b", "é", "1", "7", None],
    *["x&y=z+1", ["a", "b"], ("x", 1), [], uuid.UUID(KEY), b"raw", "//a", "?", "%41"],
]
CALL = "(a function)"


def converters(module: ModuleType) -> dict[str, Any]:
    """Make converters of one package that do what its own do not."""
    base: Any = module.BaseConverter
    string: Any = module.UnicodeConverter

    class Odd(base):  # type: ignore[misc]  # the package is a parameter
        """Refuses, after its pattern has matched, what has an even length."""

        def to_python(self, value: str) -> Any:
            if len(value) % 2 == 0:
                raise module.ValidationError(value)
            return value

        def to_url(self, value: Any) -> str:
            if len(str(value)) % 2 == 0:
                raise module.ValidationError(value)
            return str(super().to_url(value))

    class Grouped(base):  # type: ignore[misc]  # as above
        """Has groups of its own, one of them named."""

        regex = r"(?:a|(b))+(?P<inner>x?)"
        weight = 90

    class Slashed(base):  # type: ignore[misc]  # as above
        """May hold slashes, which shows in its pattern."""

        regex = "[ab/]+"
        weight = 120

    class Light(string):  # type: ignore[misc]  # as above
        """Is tried before all others."""

        weight = -1

    return {"odd": Odd, "grouped": Grouped, "slashed": Slashed, "light": Light}


def redirect_by_call(adapter: Any, **values: Any) -> str:
    """Redirect to a path that shows what the function was called with."""
    return f"called/{adapter.server_name}/{sorted(values)}"


def make_map(module: ModuleType, **options: Any) -> Any:
    """Make an empty map of one package that knows the converters above."""
    return module.Map(converters=converters(module), **options)


def make_rule(module: ModuleType, data: RuleData) -> Any:
    """Make a rule of one package."""
    options = dict(data.options)
    if options.get("redirect_to") == CALL:
        options["redirect_to"] = redirect_by_call
    return module.Rule(data.text, **options)


# ---- strategies ----


@st.composite
def stretches(draw: st.DrawFn, names: list[str], variables: list[str] = VARIABLES) -> str:
    """Write what stands between two slashes of a rule; takes what it needs off *names*."""
    text = ""
    for kind in draw(st.sampled_from(["t", "v", "t", "v", "tv", "vt", "tvt", "vtv"])):
        if kind == "v" and names:
            text += draw(st.sampled_from(variables)).format(names.pop())
        else:
            text += draw(st.sampled_from(TEXTS))
    return text


@st.composite
def domains(draw: st.DrawFn, names: list[str]) -> str:
    """Write the subdomain or host of a rule."""
    if draw(st.booleans()):
        return draw(st.sampled_from(["", "www", "api.www", "example.com", "localhost:5000"]))
    suffix = draw(st.sampled_from(["", ".www", ".example.com"]))
    return draw(stretches(names, ISOLATING)) + suffix


@st.composite
def rules(draw: st.DrawFn) -> RuleData:
    """Write a rule; most have few options."""
    names = draw(st.permutations(NAMES))
    text = "".join("/" + draw(stretches(names)) for _ in range(draw(st.integers(0, 3))))
    text += draw(st.sampled_from(["", "/", "", "/", "//"])) if text else "/"
    if draw(st.integers(0, 9)) == 0:
        text = text.replace("/", "//", 1)
    if draw(st.integers(0, 19)) == 0:
        text = text.replace(draw(st.sampled_from(NAMES)), NAMES[0])
    values = st.sampled_from([1, 7, "a", "ab"])
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "methods": st.lists(st.sampled_from(METHODS), min_size=1, max_size=2),
        "defaults": st.dictionaries(st.sampled_from(NAMES), values, max_size=2),
        "strict_slashes": st.booleans(),
        "merge_slashes": st.booleans(),
        "alias": st.just(True),
        "build_only": st.just(True),
        "websocket": st.just(True),
        "redirect_to": st.sampled_from(["to", "/to", "to/<one>", "<two>?x", CALL]),
        "subdomain": domains(names),
        "host": domains(names),
    }
    common = st.sampled_from(["methods", "defaults", "strict_slashes"])
    chosen = draw(st.sets(common, max_size=1))
    if draw(st.booleans()):
        chosen |= draw(st.sets(st.sampled_from(list(strategies)), max_size=2))
    if "websocket" in chosen:
        chosen.discard("methods")
    options = {option: draw(strategies[option]) for option in sorted(chosen)}
    return RuleData(text, {"endpoint": draw(st.sampled_from(ENDPOINTS)), **options})


map_options = st.fixed_dictionaries(
    {},
    optional={
        "default_subdomain": st.sampled_from(["", "www"]),
        "strict_slashes": st.booleans(),
        "merge_slashes": st.booleans(),
        "redirect_defaults": st.booleans(),
        "sort_parameters": st.booleans(),
        "host_matching": st.booleans(),
    },
)


@st.composite
def bindings(draw: st.DrawFn, known: list[RuleData], host_matching: bool) -> dict[str, Any]:
    """Write what an adapter is bound to, often the domain of a rule."""
    data = draw(st.sampled_from(known))
    chosen: dict[str, Any] = {
        "server_name": draw(st.sampled_from(["example.com", "localhost:5000", "EXAMPLE.com"])),
        "script_name": draw(st.sampled_from([None, None, "/", "/app", "/app/"])),
        "url_scheme": draw(st.sampled_from(["http", "http", "https", "ws", "wss", ""])),
        "default_method": draw(st.sampled_from(["GET", "GET", "POST"])),
        "query_args": draw(st.sampled_from([None, {"page": 2}, "raw=1"])),
    }
    if host_matching:
        chosen["server_name"] = draw(domains_near(data, "host")) or "example.com"
    else:
        chosen["subdomain"] = draw(st.one_of(st.none(), domains_near(data, "subdomain")))
    return chosen


@st.composite
def domains_near(draw: st.DrawFn, data: RuleData, option: str) -> str:
    """Write a host or subdomain that a rule matches, or almost."""
    domain = data.options.get(option) or draw(st.sampled_from(["", "www", "example.com"]))
    return re.sub("<[^>]*>", lambda found: draw(st.sampled_from(SEPARATE_PIECES)), domain)


@st.composite
def paths_near(draw: st.DrawFn, data: RuleData) -> str:
    """Write a path that a rule matches, or almost."""
    path = re.sub("<[^>]*>", lambda found: draw(st.sampled_from(PIECES)), data.text)
    at = draw(st.integers(0, len(path)))
    spoiled = [path, path, path, path + "/", path.rstrip("/"), path[:at] + "/" + path[at:]]
    spoiled += [path.lstrip("/"), "/" + path, path[:at], path[:at] + "é" + path[at:]]
    return draw(st.sampled_from(spoiled))


any_path = st.lists(st.sampled_from(PIECES), max_size=4).map(lambda pieces: "/" + "/".join(pieces))


@st.composite
def questions(draw: st.DrawFn, known: list[RuleData]) -> Question:
    """Write a question about a map that has these rules."""
    ask = draw(st.sampled_from(["match"] * 4 + ["build"] * 3 + ["test", "allowed_methods"]))
    return Question(ask, draw((building if ask == "build" else matching)(known, ask)))


@st.composite
def building(draw: st.DrawFn, known: list[RuleData], ask: str) -> dict[str, Any]:
    """Write the arguments of ``build``."""
    endpoint = draw(st.sampled_from(known)).options["endpoint"]
    values = st.dictionaries(st.sampled_from([*NAMES, "q"]), st.sampled_from(VALUES), max_size=4)
    return {
        "endpoint": draw(st.sampled_from([endpoint, endpoint, endpoint, "lost"])),
        "values": draw(values),
        "method": draw(st.sampled_from([None, None, None, *METHODS])),
        "force_external": draw(st.sampled_from([False, False, True])),
        "append_unknown": draw(st.sampled_from([True, True, False])),
        "url_scheme": draw(st.sampled_from([None, None, "", "https", "ws"])),
    }


@st.composite
def matching(draw: st.DrawFn, known: list[RuleData], ask: str) -> dict[str, Any]:
    """Write the arguments of ``match``, or of a method that calls it."""
    near = paths_near(draw(st.sampled_from(known)))
    arguments: dict[str, Any] = {"path_info": draw(st.one_of(near, near, any_path))}
    if ask == "match":
        arguments["return_rule"] = True
        arguments["query_args"] = draw(st.sampled_from([None, None, {}, {"q": "ü 1"}, "q=1&r"]))
        arguments["websocket"] = draw(st.sampled_from([None, None, None, True, False]))
    if ask != "allowed_methods":
        arguments["method"] = draw(st.sampled_from([None, None, "GET", "post", "HEAD", "PUT"]))
    return arguments


# ---- answers ----


def answer(adapter: Any, question: Question) -> Any:
    """Put a question to one package, and describe the answer."""
    result = outcome(lambda: getattr(adapter, question.ask)(**question.arguments))
    return set(result) if question.ask == "allowed_methods" else result


def outcome(action: Callable[[], Any]) -> Any:
    """Do something, and describe what comes of it."""
    try:
        return describe(action())
    except Exception as error:
        return describe_error(error)


def describe(result: Any) -> Any:
    """Write a result so that the package it is from does not show."""
    match result:
        case (rule, Mapping() as values) if hasattr(rule, "rule"):
            shown = {name: (type(value), str(value)) for name, value in values.items()}
            return rule.rule, rule.endpoint, shown
    return result


def describe_error(error: Exception) -> list[Any]:
    """Write what a program can see of an exception."""
    described: list[Any] = [type(error).__name__]
    if isinstance(error, HTTPException):
        described += [error.code, error.description, getattr(error, "new_url", None)]
        if isinstance(error, MethodNotAllowed):
            described.append(set(error.valid_methods or ()))
    elif isinstance(error, SyntaxError):
        described.append(error.msg)
    else:
        described.append(str(error))
    return [*described, describe_rule(getattr(error, "suggested", None))]


def describe_rule(rule: Any) -> Any:
    """Write a rule so that neither its package nor the order of its methods shows."""
    return re.sub(r" \([A-Z, ]+\) ->", " ->", repr(rule)), rule and rule.methods
