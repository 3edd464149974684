"""The route map against Werkzeug's: the same rules and the same questions, put to both.

Hypothesis writes a map down as plain data. Both packages make rules of it, and every question about it (which
rule does this path match, where does it redirect, which URL has this endpoint) has to get the same answer, down
to the exception's words.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import pytest
import werkzeug.routing
from hypothesis import given, note
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed

import miniflask.routing

BOTH = (miniflask.routing, werkzeug.routing)
KEY = "9f0a1e5c-6b1f-4d7b-8a5e-0123456789ab"


class RuleData(NamedTuple):
    """A rule as plain data: its text, and the keyword arguments of its class."""

    text: str
    options: dict[str, Any]


class Question(NamedTuple):
    """What to ask an adapter for: a method of it, with these arguments."""

    ask: str
    arguments: dict[str, Any]


def custom_converters(module: ModuleType) -> dict[str, Any]:
    """Make converters of one package that do what the built-in ones do not."""

    class Odd(module.BaseConverter):  # type: ignore[misc, name-defined]  # the package is a parameter
        """Refuses, after the pattern has matched, whatever has an even length."""

        def to_python(self, value: str) -> Any:
            if len(value) % 2 == 0:
                raise module.ValidationError(f"{value} is even")
            return value

        def to_url(self, value: Any) -> str:
            if len(str(value)) % 2 == 0:
                raise module.ValidationError("even")
            return str(super().to_url(value))

    class Grouped(module.BaseConverter):  # type: ignore[misc, name-defined]
        """Has groups of its own, one of them named."""

        regex = r"(?:a|(b))+(?P<inner>x?)"
        weight = 90

    class Slashed(module.BaseConverter):  # type: ignore[misc, name-defined]
        """May hold slashes, which its pattern says."""

        regex = "[ab/]+"
        weight = 120

    class Light(module.UnicodeConverter):  # type: ignore[misc, name-defined]
        """Is tried before all others."""

        weight = -1

    return {"odd": Odd, "grouped": Grouped, "slashed": Slashed, "light": Light}


# ---- what is generated ----

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
NAMES = ["one", "two", "three"]
ENDPOINTS = ["index", "list", "show", "edit"]
METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS"]
PIECES = [
    *TEXTS,
    "",
    "7",
    "05",
    "42",
    "-3",
    "1.5",
    "-0.5",
    "abc",
    "bbx",
    "aaax",
    "٣",
    "²",
    "x\ny",
    KEY,
]
PIECES += [KEY.upper(), "a-7", "7-a", "a-b-7", "9" * 4400]
VALUES = st.sampled_from(
    [
        1,
        7,
        42,
        -3,
        1.5,
        True,
        "",
        "a",
        "b",
        "ab",
        "abc",
        "a b",
        "a/b",
        "é",
        "1",
        "x&y=z+1",
        "7",
        None,
    ]
    + [["a", "b"], ("x", 1), [], uuid.UUID(KEY), b"raw", "//a", "?", "%41"]  # type: ignore[list-item]
)


@st.composite
def stretches(draw: st.DrawFn, names: list[str], variables: list[str] = VARIABLES) -> str:
    """A piece of a rule: text, a variable, or several of both."""
    text = ""
    for kind in draw(st.sampled_from(["t", "v", "t", "v", "tv", "vt", "tvt", "vtv"])):
        if kind == "v" and names:
            text += draw(st.sampled_from(variables)).format(names.pop())
        else:
            text += draw(st.sampled_from(TEXTS))
    return text


@st.composite
def domains(draw: st.DrawFn, names: list[str]) -> str:
    """A subdomain or host, as a rule has it."""
    isolating = [v for v in VARIABLES if "path" not in v and "slashed" not in v]
    if draw(st.booleans()):
        return draw(st.sampled_from(["", "www", "api.www", "example.com", "localhost:5000"]))
    return draw(stretches(names, isolating)) + draw(st.sampled_from(["", ".www", ".example.com"]))


@st.composite
def rules(draw: st.DrawFn) -> RuleData:
    """A rule, with few options as a rule."""
    names = draw(st.permutations(NAMES))
    text = "".join("/" + draw(stretches(names)) for _ in range(draw(st.integers(0, 3))))
    text += draw(st.sampled_from(["", "/", "", "/", "//"])) if text else "/"
    if draw(st.integers(0, 9)) == 0:
        text = text.replace("/", "//", 1)
    used = [name for name in NAMES if name not in names]
    options: dict[str, Any] = {"endpoint": draw(st.sampled_from(ENDPOINTS))}
    sometimes: dict[str, st.SearchStrategy[Any]] = {
        "methods": st.lists(st.sampled_from(METHODS), min_size=1, max_size=2),
        "defaults": st.dictionaries(
            st.sampled_from(NAMES), st.sampled_from([1, 7, "a", "ab"]), max_size=2
        ),
        "strict_slashes": st.booleans(),
        "merge_slashes": st.booleans(),
        "alias": st.just(True),
        "build_only": st.just(True),
        "websocket": st.just(True),
        "redirect_to": st.sampled_from(["to", "/to", "to/<one>", "<two>?x", CALL]),
        "subdomain": domains(names),
        "host": domains(names),
    }
    frequent = draw(st.sets(st.sampled_from(["methods", "defaults", "strict_slashes"]), max_size=1))
    rare = (
        draw(st.sets(st.sampled_from(list(sometimes)), max_size=2))
        if draw(st.booleans())
        else set()
    )
    for option in sorted(frequent | rare):
        options[option] = draw(sometimes[option])
    if options.get("websocket"):
        options.pop("methods", None)
    del used
    return RuleData(text, options)


CALL = "call"


def call_redirect(adapter: Any, **values: Any) -> str:
    """Redirect to a path that shows the values; for both packages."""
    return f"called/{adapter.server_name}/{sorted(values)}"


def options_for(data: RuleData) -> dict[str, Any]:
    """Put in what plain data cannot hold."""
    options = dict(data.options)
    if options.get("redirect_to") == CALL:
        options["redirect_to"] = call_redirect
    return options


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
def paths_near(draw: st.DrawFn, data: RuleData) -> str:
    """A path that the rule matches, or almost."""
    path = re.sub("<[^>]*>", lambda found: draw(st.sampled_from(PIECES)), data.text)
    at = draw(st.integers(0, len(path)))
    spoiled = [path, path, path, path + "/", path.rstrip("/"), path[:at] + "/" + path[at:]]
    spoiled += [path.lstrip("/"), "/" + path, path[:at], path[:at] + "é" + path[at:]]
    return draw(st.sampled_from(spoiled))


@st.composite
def domains_near(draw: st.DrawFn, data: RuleData, key: str) -> str:
    """A host or subdomain that the rule matches, or almost."""
    domain = data.options.get(key) or draw(st.sampled_from(["", "www", "example.com"]))
    pieces = [piece for piece in PIECES if "/" not in piece]
    return re.sub("<[^>]*>", lambda found: draw(st.sampled_from(pieces)), domain)


any_path = st.lists(st.sampled_from(PIECES), max_size=4).map(lambda pieces: "/" + "/".join(pieces))


@st.composite
def questions(draw: st.DrawFn, known: list[RuleData]) -> Question:
    """A question about a map with these rules."""
    ask = draw(st.sampled_from(["match"] * 4 + ["build"] * 3 + ["test", "allowed_methods"]))
    data = draw(st.sampled_from(known))
    if ask == "build":
        arguments: dict[str, Any] = {
            "endpoint": draw(
                st.sampled_from([data.options["endpoint"], data.options["endpoint"], "lost"])
            ),
            "values": draw(st.dictionaries(st.sampled_from([*NAMES, "q"]), VALUES, max_size=4)),
            "method": draw(st.sampled_from([None, None, None, *METHODS])),
            "force_external": draw(st.sampled_from([False, False, True])),
            "append_unknown": draw(st.sampled_from([True, True, False])),
            "url_scheme": draw(st.sampled_from([None, None, "", "https", "ws"])),
        }
        return Question(ask, arguments)
    path = draw(st.one_of(paths_near(data), paths_near(data), any_path))
    arguments = {"path_info": path}
    if ask == "match":
        arguments["query_args"] = draw(st.sampled_from([None, None, {}, {"q": "ü 1"}, "q=1&r"]))
        arguments["websocket"] = draw(st.sampled_from([None, None, None, True, False]))
    if ask != "allowed_methods":
        arguments["method"] = draw(st.sampled_from([None, None, "GET", "post", "HEAD", "PUT"]))
    return Question(ask, arguments)


@st.composite
def bindings(draw: st.DrawFn, known: list[RuleData], host_matching: bool) -> dict[str, Any]:
    """What an adapter is bound to."""
    data = draw(st.sampled_from(known))
    given: dict[str, Any] = {
        "server_name": draw(st.sampled_from(["example.com", "localhost:5000", "EXAMPLE.com"])),
        "script_name": draw(st.sampled_from([None, None, "/", "/app", "/app/"])),
        "url_scheme": draw(st.sampled_from(["http", "http", "https", "ws", "wss", ""])),
        "default_method": draw(st.sampled_from(["GET", "GET", "POST"])),
        "query_args": draw(st.sampled_from([None, {"page": 2}, "raw=1"])),
    }
    if host_matching:
        given["server_name"] = draw(domains_near(data, "host")) or "example.com"
    else:
        given["subdomain"] = draw(st.one_of(st.none(), domains_near(data, "subdomain")))
    return given


# ---- how it is asked ----


def describe(result: Any) -> Any:
    """Make a result comparable between the packages."""
    if isinstance(result, tuple) and hasattr(result[0], "rule"):
        rule, values = result
        return rule.rule, rule.endpoint, {key: (type(v), str(v)) for key, v in values.items()}
    return result


def describe_error(error: Exception) -> Any:
    """Name an exception, and what a program can see of it."""
    described: list[Any] = [type(error).__name__]
    if isinstance(error, HTTPException):
        described += [error.code, error.description, getattr(error, "new_url", None)]
        if isinstance(error, MethodNotAllowed):
            described.append(set(error.valid_methods or ()))
    else:
        described.append(re.sub(r" \(<werkzeug routing>, line 1\)$", "", str(error)))
    if hasattr(error, "suggested"):
        described.append(repr_rule(error.suggested))
    return described


def repr_rule(rule: Any) -> Any:
    """Write a rule so that the order of its methods does not show."""
    text = re.sub(r" \([A-Z, ]+\) ->", " ->", repr(rule))
    return text, rule and rule.methods


def outcome(action: Callable[[], Any]) -> Any:
    """Do something, and describe what comes of it."""
    try:
        return describe(action())
    except Exception as error:
        return describe_error(error)


def ask(adapter: Any, question: Question) -> Any:
    """Put a question to one of the packages."""
    arguments = dict(question.arguments)
    if question.ask == "match":
        arguments["return_rule"] = True
    answer = outcome(lambda: getattr(adapter, question.ask)(**arguments))
    return set(answer) if question.ask == "allowed_methods" else answer


def make_map(module: ModuleType, options: Mapping[str, Any]) -> Any:
    """Make an empty map of one package, with all converters."""
    return module.Map(converters=custom_converters(module), **options)


def add(module: ModuleType, url_map: Any, data: RuleData) -> Any:
    """Add a rule to a map, and describe what comes of it."""
    return outcome(lambda: url_map.add(module.Rule(data.text, **options_for(data))))


@given(st.data())
def test_every_answer_is_werkzeugs(data: st.DataObject) -> None:
    """Adding, matching, redirecting and building come to the same, with rules added in between."""
    options = data.draw(map_options, "map")
    maps = [make_map(module, options) for module in BOTH]
    known: list[RuleData] = []
    for _ in range(data.draw(st.integers(1, 2), "rounds")):
        for rule in data.draw(st.lists(rules(), min_size=1, max_size=8), "rules"):
            ours, theirs = (add(m, url_map, rule) for m, url_map in zip(BOTH, maps))
            assert ours == theirs
            known.append(rule)
        binding = data.draw(bindings(known, options.get("host_matching", False)), "bind")
        adapters = [outcome(lambda: url_map.bind(**binding)) for url_map in maps]
        if isinstance(adapters[1], list):
            assert adapters[0] == adapters[1]
            continue
        for question in data.draw(st.lists(questions(known), min_size=1, max_size=12), "questions"):
            ours, theirs = (ask(adapter, question) for adapter in adapters)
            note(f"{question}: {ours} / {theirs}")
            assert ours == theirs
    listed = [[repr_rule(rule) for rule in url_map.iter_rules()] for url_map in maps]
    assert listed[0] == listed[1]
