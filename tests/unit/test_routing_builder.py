"""Building, the inverse of matching."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniflask.routing import BaseConverter, Map, Rule, ValidationError
from miniflask.routing.builder import Builder, Form


def bound(text: str, **options: Any) -> Rule:
    """Return a rule that is bound to a map of its own."""
    rule = Rule(text, **options)
    Map([rule])
    return rule


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        (bound("/"), {}, ("", "/")),
        (bound("/a/é x"), {}, ("", "/a/%C3%A9%20x")),
        (bound("/<a>-<int:b>.html"), {"a": "x/y", "b": "07"}, ("", "/x/y-7.html")),
        (bound("/<a>", subdomain="<b>.www"), {"a": 1, "b": 2}, ("2.www", "/1")),
        (bound("/<a>"), {"a": 1, "b": "x y", "c": [1, 2]}, ("", "/1?b=x+y&c=1&c=2")),
        (bound("/<a>"), {"a": 1, "b": None}, ("", "/1")),
        (bound("/all/", defaults={"page": 1}), {"page": 1, "q": 2}, ("", "/all/?q=2")),
        (bound("/<int(fixed_digits=3):n>", defaults={"n": 7}), {}, ("", "/007")),
    ],
)
def test_values_are_put_back_into_the_text(
    rule: Rule, values: dict[str, Any], expected: tuple[str, str]
) -> None:
    """Variables get their values, and what is left over goes into the query."""
    assert rule.build(values) == expected


def test_without_a_query_the_rest_is_dropped() -> None:
    """``append_unknown`` decides."""
    assert bound("/<a>").build({"a": 1, "b": 2}, append_unknown=False) == ("", "/1")


def test_a_value_without_a_text_as_its_name_is_an_error() -> None:
    """Values are keyword arguments."""
    with pytest.raises(TypeError, match="keywords must be strings"):
        bound("/a").build({1: 2})  # type: ignore[dict-item]  # the point


class Shy(BaseConverter):
    """A converter that counts how often it writes, and refuses one value."""

    written: list[Any] = []

    def to_url(self, value: Any) -> str:
        self.written.append(value)
        if value == "no":
            raise ValidationError
        return str(value)


@pytest.fixture
def shy_map() -> Map:
    """A map that knows the shy converter."""
    Shy.written = []
    return Map(converters={"shy": Shy})


def test_a_refusal_while_building_is_no_url(shy_map: Map) -> None:
    """The rule has no URL then, and another one may."""
    rule = Rule("/<shy:a>", endpoint="e")
    shy_map.add(rule)

    assert rule.build({"a": "yes"}) == ("", "/yes")
    assert rule.build({"a": "no"}) is None


def test_defaults_are_written_once_when_the_rule_is_added(shy_map: Map) -> None:
    """A default that is part of the path is constant from then on."""
    rule = Rule("/<shy:a>", endpoint="e", defaults={"a": "x"})
    shy_map.add(rule)
    assert Shy.written == ["x"]

    assert [rule.build({}), rule.build({"a": "x"})] == [("", "/x")] * 2
    assert Shy.written == ["x"]
    with pytest.raises(ValidationError):
        shy_map.add(Rule("/<shy:a>", defaults={"a": "no"}))


def test_a_rule_that_is_never_built_is_not_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding many rules costs little, because building waits for the first URL."""
    prepared: list[Builder] = []
    compile_now = Builder.compile

    def compile_and_tell(builder: Builder) -> Form:
        prepared.append(builder)
        return compile_now(builder)

    monkeypatch.setattr(Builder, "compile", compile_and_tell)
    adapter = Map([Rule(f"/{n}/<a>", endpoint=n) for n in range(5)]).bind("localhost")

    assert adapter.match("/3/x") == (3, {"a": "x"})
    assert prepared == []
    for _ in range(2):
        assert adapter.build(3, {"a": "x"}) == "/3/x"
    assert len(prepared) == 1


pieces = st.text("abc xyzé-_.~%&=?#+", min_size=1)


@given(pieces, st.integers(min_value=0), pieces)
def test_what_was_built_matches(a: str, b: int, c: str) -> None:
    """A URL of values without slashes, decoded, brings them back."""
    adapter = Map([Rule("/<a>/<int:b>/x-<c>", endpoint="e")]).bind("localhost")

    url = adapter.build("e", {"a": a, "b": b, "c": c})

    assert adapter.match(unquote(url)) == ("e", {"a": a, "b": b, "c": c})


def test_sorting_is_the_maps_decision() -> None:
    """Queries are sorted if the map says so, by the key it gives."""
    values = {"b": 1, "a": [3, 2], "c": 0}

    def build(**options: Any) -> str:
        return Map([Rule("/", endpoint="e")], **options).bind("localhost").build("e", values)

    assert build() == "/?b=1&a=3&a=2&c=0"
    assert build(sort_parameters=True) == "/?a=2&a=3&b=1&c=0"
    by_name = build(sort_parameters=True, sort_key=lambda pair: -ord(pair[0]))
    assert by_name == "/?c=0&b=1&a=3&a=2"
