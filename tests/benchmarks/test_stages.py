"""Every stage can be asked for in the same words of both frameworks, and means the same."""

from __future__ import annotations

from typing import Any

import flask
import pytest

import miniflask

from . import requests, stages
from .contenders import OURS, THEIRS

# What the stages lead to, as far as it can be compared.
RESULTS = {
    "static rule matched": ("index", {}),
    "rule with two variables matched": ("user", {"id": 42, "name": "alice"}),
    "before-hooks, none there": None,
    "view found and called": "Hello, World!",
    "`request.args` of two values": {"q": "context locals", "page": "2"},
    "`request.form` of three fields": {"name": "alice", "email": "alice@example.org", "age": "31"},
    "`url_for` with two values": "/u/7/bob",
    "`request.method` by the proxy": "GET",
    "`current_app.name` by the proxy": "benchmark",
    "session opened": {"user": 42, "name": "alice"},
}


@pytest.mark.parametrize("fw", [flask, miniflask], ids=["flask", "miniflask"])
@pytest.mark.parametrize("title", RESULTS)
def test_a_stage_does_what_it_says(fw: Any, title: str) -> None:
    """The statement that is timed gives in both what its title promises."""
    known = stages.names(fw)
    with known["app"].request_context(known["environ"]):
        found = eval(dict(stages.STAGES)[title], known)

    assert (found.to_dict() if hasattr(found, "to_dict") else found) == RESULTS[title]


def test_saving_a_session_sends_the_same_cookie() -> None:
    """The session that is saved was changed, so that there is a cookie to sign."""
    statement = dict(stages.STAGES)["session saved"].replace("app.response_class()", "response")
    cookies = []
    with requests.frozen_time():
        for fw in (flask, miniflask):
            known = stages.names(fw)
            with known["app"].request_context(known["environ"]):
                exec(statement, known)
            cookies.append(known["response"].headers["Set-Cookie"])

    assert cookies[0] == cookies[1]


def test_every_stage_is_measured_for_both() -> None:
    """No stage is missing, and none leaves a context pushed."""
    found = stages.measure(1, 0.0)

    assert list(found) == [title for title, _ in stages.STAGES]
    assert all(taken.keys() == {OURS, THEIRS} for taken in found.values())
