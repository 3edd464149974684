"""Requests for everything in a URL map.

Each rule is asked with usual values under every method, with the bodies that browsers and
programs send; then with each of its variables at the edges of what its converter takes, and
beyond.  The same map makes the same requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from .model import Request

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
WITH_BODY = {"POST", "PUT", "PATCH", "DELETE"}
FORM = ("application/x-www-form-urlencoded", b"name=ann&text=%C3%A4+%26+b&n=1")
BODIES = (
    FORM,
    ("application/json", json.dumps({"name": "ann", "n": 1}).encode()),
    ("application/json", b'{"name": '),
)

#: Of each converter first a usual value, then edges, then what it does not take.
VALUES = {
    "default": ("ann", "a b", "ä", "a.b", "a%b", "0", "x" * 300),
    "path": ("a/b", "a", "a//b", "../a", "a/"),
    "int": ("1", "0", "007", "99999999999999999999", "-1", "1.0", "x"),
    "float": ("1.5", "0.0", "1e3", "-1.5", "1"),
    "uuid": ("00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000A", "a"),
}
#: For converters of the program itself: one of these will do.
GUESSES = ("1", "a", "ann", "a-b", "A", "2024-02-29", "2024", "en", "a,b", "1,2", "0a", "a/b")

VARIABLE = re.compile(
    r"<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<options>.*?)\))?:)?(?P<name>[a-zA-Z_]\w*)>"
)


class Rule(NamedTuple):
    """A rule of a URL map, as a child tells it."""

    rule: str
    endpoint: str
    methods: list[str]
    host: str

    def request(self, method: str, path: str) -> Request:
        """Make a request to the rule's host."""
        host = VARIABLE.sub("ann", self.host) or "localhost"
        return Request(method, path, host=host)


def requests_for(rules: list[Rule], converters: Mapping[str, str]) -> list[Request]:
    """Make the requests for a URL map.

    Args:
        rules: The rules.
        converters: The names of the converters, with the pattern each takes.
    """
    made = [r for rule in rules for r in _requests_for_rule(rule, converters)]
    made += [rule.request("GET", "/no-such-page") for rule in rules[:1]]
    return list(dict.fromkeys(made))


def _requests_for_rule(rule: Rule, converters: Mapping[str, str]) -> Iterator[Request]:
    usual, *others = paths(rule.rule, converters)
    first = next((m for m in METHODS if m in rule.methods), "GET")
    for method in METHODS:
        request = rule.request(method, usual)
        yield request
        if method in WITH_BODY and method in rule.methods:
            yield from (request.with_body_of(body) for body in BODIES)
    for path in others:
        yield rule.request(first, path)
    yield rule.request(first, f"{usual}?name=b%C3%B6b&page=2&page=3")
    # The other side of a trailing slash, and slashes to be merged.
    yield rule.request(first, usual[:-1] if usual.endswith("/") and usual != "/" else f"{usual}/")
    yield rule.request(first, usual.replace("/", "//"))


def paths(rule: str, converters: Mapping[str, str]) -> list[str]:
    """Make paths for a rule: one with usual values, then one for each other value of each."""
    variables = list(VARIABLE.finditer(rule))
    values = [
        values_of(v["converter"] or "default", v["options"] or "", converters) for v in variables
    ]
    found = [_fill(rule, variables, [each[0] for each in values])]
    for i, each in enumerate(values):
        for value in each[1:]:
            chosen = [value if i == j else other[0] for j, other in enumerate(values)]
            found.append(_fill(rule, variables, chosen))
    return found


def values_of(converter: str, options: str, converters: Mapping[str, str]) -> tuple[str, ...]:
    """Choose values for a variable, a usual one first."""
    if converter == "any":
        items = [item.strip(" '\"") for item in options.split(",")]
        return (*items, "".join(items))
    known = VALUES.get({"string": "default"}.get(converter, converter))
    if known is None:
        pattern = converters.get(converter, "")
        fitting = [guess for guess in GUESSES if re.fullmatch(pattern, guess)]
        return tuple(fitting + [guess for guess in GUESSES[:4] if guess not in fitting])
    return tuple(dict.fromkeys((*_fitted(known[0], options), *known)))


def _fitted(usual: str, options: str) -> Iterator[str]:
    """Fit a usual value to ``length=3``, ``min=5``, ``fixed_digits=4``; then the edges of that."""
    limits = {name: int(n) for name, n in re.findall(r"(\w+)\s*=\s*(-?\d+)", options)}
    digits = limits.pop("fixed_digits", 0)
    lengths = {limits.pop(name, 0) for name in ("length", "minlength", "maxlength")} - {0}
    if re.fullmatch(r"\s*\d+\s*", options):
        lengths.add(int(options))
    yield from (("a" * length) for length in sorted(lengths))
    yield from (("a" * (length + 1)) for length in sorted(lengths))
    for limit in limits.values():
        yield from (str(n).zfill(digits) for n in (limit, limit - 1, limit + 1))
    if digits and not limits:
        yield from (usual.zfill(digits), usual.zfill(digits + 1))


def _fill(rule: str, variables: list[Any], values: list[str]) -> str:
    """Put values into a rule, and encode the whole for a request line."""
    path, done = "", 0
    for variable, value in zip(variables, values, strict=True):
        path += quote(rule[done : variable.start()], safe="/|")
        path += quote(value, safe="/" if variable["converter"] == "path" else "")
        done = variable.end()
    return path + quote(rule[done:], safe="/|")
