"""How text becomes part of a URL's path or query."""

from __future__ import annotations

from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from miniflask.routing.urls import encode_query, quote_path


@given(st.text())
def test_a_path_is_quoted_whether_or_not_it_has_to_be(text: str) -> None:
    """Looking first whether anything is unsafe changes nothing but the time it takes."""
    assert quote_path(text) == quote(text, safe="!$&'()*+,/:;=@")


@given(st.text())
def test_a_query_is_quoted_whether_or_not_it_has_to_be(text: str) -> None:
    """Spaces become plus signs; other characters are safe than in a path."""
    assert encode_query({text: ""}) == quote_plus(text, safe="!$'()*,/:;?@") + "="


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ""),
        ({"a": 1, "b": "x y"}, "a=1&b=x+y"),
        ({"a": None, "b": 0, "c": False, "d": ""}, "b=0&c=False&d="),
        ({"a": [1, 2], "b": (), "c": ("&", "=")}, "a=1&a=2&c=%26&c=%3D"),
        ({"a": b"\xff/"}, "a=%FF/"),
        (MultiDict([("a", "1"), ("b", "2"), ("a", "3")]), "a=1&a=3&b=2"),
        ([("a", 1), ("a", None), ("ä", "ö")], "a=1&%C3%A4=%C3%B6"),
    ],
)
def test_values_become_pairs(query: object, expected: str) -> None:
    """Several values give several pairs, None gives none, and bytes are taken as they are."""
    assert encode_query(query) == expected  # type: ignore[arg-type]  # any of what it accepts
