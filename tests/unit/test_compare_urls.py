"""Requests that ``compare`` makes of a URL map."""

from __future__ import annotations

import re

import pytest

import miniflask
from miniflask.compare.model import Request
from miniflask.compare.urls import VALUES, Rule, paths, requests_for, values_of
from miniflask.routing import BaseConverter


def rule(text: str, *methods: str, host: str = "") -> Rule:
    """Make a rule."""
    return Rule(text, "view", list(methods) or ["GET", "HEAD", "OPTIONS"], host)


def test_every_method_is_tried_on_usual_values() -> None:
    """Methods that the rule does not take are tried as well, without a body."""
    made = requests_for([rule("/n/<int:n>")], {})

    assert {r.method for r in made if r.target == "/n/1"} == {
        *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    }
    assert all(r.body == b"" for r in made)


def test_bodies_go_where_they_are_taken() -> None:
    """A method that the rule takes gets nothing, a form, JSON, and broken JSON."""
    made = [r for r in requests_for([rule("/", "POST")], {}) if r.method == "POST"]

    kinds = [dict(r.headers).get("Content-Type") for r in made if r.target == "/"]
    form = "application/x-www-form-urlencoded"
    assert kinds == [None, form, "application/json", "application/json"]


def test_edges_of_each_variable() -> None:
    """Each variable takes each of its values, while the others keep their usual one."""
    found = paths("/<int:a>/<float:b>", {})

    assert found[0] == "/1/1.5"
    assert found[1:] == [
        *(f"/{value}/1.5" for value in VALUES["int"][1:]),
        *(f"/1/{value}" for value in VALUES["float"][1:]),
    ]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("/<x>", "/ann"),
        ("/<string:x>", "/ann"),
        ("/<string(length=2):x>", "/aa"),
        ("/<string(2):x>", "/aa"),
        ("/<string(minlength=4, maxlength=5):x>", "/aaaa"),
        ("/<int(min=5):x>", "/5"),
        ("/<int(max=0):x>", "/0"),
        ("/<int(fixed_digits=3):x>", "/001"),
        ("/<int(min=5, fixed_digits=3):x>", "/005"),
        ("/<any(about, 'help'):x>", "/about"),
        ("/<path:x>", "/a/b"),
        ("/<uuid:x>", "/00000000-0000-0000-0000-00000000000a"),
        ("/<year:x>", "/2024"),
        ("/a b/ä/<x>.html", "/a%20b/%C3%A4/ann.html"),
    ],
)
def test_usual_values_match(text: str, first: str) -> None:
    """The first path that is made for a rule is one that it matches."""

    class Year(BaseConverter):
        regex = r"\d{4}"

    app = miniflask.Flask(__name__)
    app.url_map.converters["year"] = Year
    app.add_url_rule(text, "view", lambda **values: "")
    converters = {name: c.regex for name, c in app.url_map.converters.items()}

    assert paths(text, converters)[0] == first
    assert app.test_client().get(first).status_code == 200


def test_values_beyond_the_edges() -> None:
    """With the values that fit come those next to them, and those of other kinds."""
    assert {"4", "5", "6", "x", "-1"} <= set(values_of("int", "min=5", {}))
    assert {"aa", "aaa"} <= set(values_of("string", "length=2", {}))
    assert values_of("any", "a, b", {}) == ("a", "b", "ab")
    assert values_of("unknown", "", {"unknown": "[A-Z]"})[0] == "A"
    assert "1" in values_of("unknown", "", {"unknown": "[A-Z]"})


def test_slashes_and_queries_are_tried() -> None:
    """A rule is asked with the other ending, doubled slashes, and a query."""
    targets = [r.target for r in requests_for([rule("/a/"), rule("/b"), rule("/")], {})]

    assert {"/a", "/b/", "//a//", "//b", "/b?name=b%C3%B6b&page=2&page=3"} <= set(targets)
    assert "/no-such-page" in targets
    assert len(requests_for([rule("/")], {})) == len(set(requests_for([rule("/")], {})))


def test_a_host_is_filled_in() -> None:
    """A rule for a host with a variable is asked at one that fits."""
    made = requests_for([rule("/", host="<who>.example.com")], {})

    assert {r.host for r in made} == {"ann.example.com"}
    assert str(made[0]) == "GET / at ann.example.com"


def test_the_same_map_makes_the_same_requests() -> None:
    """Nothing is left to chance."""
    rules = [rule("/<a>/<int:b>"), rule("/", "POST")]

    assert requests_for(rules, {}) == requests_for(list(rules), {})


def test_targets_are_what_goes_into_a_request_line() -> None:
    """Whatever the values, a target has no spaces and nothing beyond ASCII."""
    for request in requests_for([rule("/<a>/<path:b>/ä <c>")], {}):
        assert re.fullmatch(r"/[!-~]*", request.target)
        assert isinstance(request, Request)
