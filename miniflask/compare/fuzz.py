"""Sequences of requests that Hypothesis makes up, and makes small again when one parts the sides.

What is made up follows the URL map: mostly paths that exist, with values at the edges, and names
of parameters that the rules mention.  The same seed makes the same sequences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import hypothesis
from hypothesis import strategies as st

from .model import Request
from .session import Result, Session
from .urls import BODIES, METHODS, VARIABLE, Rule, paths

NAMES = ("name", "id", "page", "q", "next", "text")
HEADERS = (
    ("Accept", "application/json"),
    ("If-None-Match", "*"),
    ("Range", "bytes=0-3"),
    ("X-Requested-With", "XMLHttpRequest"),
    ("Authorization", "Basic YW5uOmFubg=="),
)


def sequences(rules: list[Rule], converters: Mapping[str, str]) -> st.SearchStrategy[list[Request]]:
    """Make the strategy for sequences to an application with these rules."""
    mentioned = (v["name"] for rule in rules for v in VARIABLE.finditer(rule.rule))
    names = st.sampled_from(list(dict.fromkeys((*NAMES, *mentioned))))
    texts = st.one_of(st.sampled_from(["", "1", "0", "ann", "ä"]), st.text(max_size=8))
    pairs = st.dictionaries(names, texts, max_size=3)
    each = st.one_of([_requests_to(rule, converters, pairs) for rule in rules] or [_elsewhere()])
    return st.lists(st.one_of(each, each, each, _elsewhere()), min_size=1, max_size=6)


def _requests_to(
    rule: Rule, converters: Mapping[str, str], pairs: st.SearchStrategy[dict[str, str]]
) -> st.SearchStrategy[Request]:
    methods = [m for m in METHODS if m in rule.methods] + list(METHODS)
    return st.builds(
        _make,
        st.just(rule),
        st.sampled_from(list(dict.fromkeys(methods))),
        st.sampled_from(paths(rule.rule, converters)),
        pairs,
        st.one_of(st.none(), _forms(pairs), st.sampled_from(BODIES), _json()),
        st.lists(st.sampled_from(HEADERS), max_size=2, unique_by=lambda pair: pair[0]),
    )


def _elsewhere() -> st.SearchStrategy[Request]:
    """Make requests to paths of which nobody knows whether they exist."""
    path = st.text(st.characters(codec="utf-8"), max_size=10).map(lambda s: f"/{quote(s)}")
    return st.builds(Request, st.sampled_from(METHODS), path)


def _forms(pairs: st.SearchStrategy[dict[str, str]]) -> st.SearchStrategy[tuple[str, bytes]]:
    kind = "application/x-www-form-urlencoded"
    return pairs.map(lambda form: (kind, urlencode(form, errors="replace").encode()))


def _json() -> st.SearchStrategy[tuple[str, bytes]]:
    plain = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=4))
    values = st.one_of(plain, st.dictionaries(st.sampled_from(NAMES), plain, max_size=3))
    return values.map(lambda value: ("application/json", json.dumps(value).encode()))


def _make(
    rule: Rule,
    method: str,
    path: str,
    query: dict[str, str],
    body: tuple[str, bytes] | None,
    headers: list[tuple[str, str]],
) -> Request:
    """Put a request together."""
    target = f"{path}?{urlencode(query, errors='replace')}" if query else path
    request = replace(rule.request(method, target), headers=tuple(headers))
    return request if body is None else request.with_body_of(body)


SLOW = (
    hypothesis.HealthCheck.too_slow,
    hypothesis.HealthCheck.data_too_large,
    hypothesis.HealthCheck.large_base_example,
)


def _settings(count: int) -> hypothesis.settings:
    """Have Hypothesis try that many, keep nothing, say nothing, and take its time."""
    return hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=SLOW,
        verbosity=hypothesis.Verbosity.quiet,
    )


class _Stop(BaseException):
    """An error of ours, on its way past Hypothesis, which would take it for what it looks for."""


def search(session: Session, count: int, seed: int, step: Callable[[], None]) -> list[Result]:
    """Look for a sequence on which the sides part.

    Args:
        session: Both sides.
        count: How many sequences to try.
        seed: Where chance begins.
        step: Called after each sequence.

    Returns:
        What came of the smallest such sequence, its last request being the one on which they
        part; nothing if there is none.

    Raises:
        CompareError: A child ended or took too long.
    """
    found: list[Result] = []

    @hypothesis.seed(seed)
    @_settings(count)
    @hypothesis.given(sequences(session.rules, session.converters))
    def parts(requests: list[Request]) -> None:
        try:
            results = session.play(requests)
        except Exception as e:
            raise _Stop(e) from e
        step()
        if results[-1].difference is not None:
            found[:] = results
            raise AssertionError

    try:
        parts()
    except AssertionError:
        pass
    except _Stop as stop:
        error: Any = stop.args[0]
        raise error from None
    return _without_needless(session, found)


def _without_needless(session: Session, found: list[Result]) -> list[Result]:
    """Leave out each request without which the sides part as well.

    Hypothesis tries that too, and now and then misses one at the front.
    """
    requests = [result.request for result in found]
    for i in range(len(requests) - 1):
        fewer = session.play(requests[:i] + requests[i + 1 :])
        if fewer[-1].difference is not None:
            return _without_needless(session, fewer)
    return found
