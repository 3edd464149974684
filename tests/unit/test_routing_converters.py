"""Converters: what a variable looks like, and which value it stands for."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, cast
from uuid import UUID

import pytest
import werkzeug.routing
from hypothesis import given
from hypothesis import strategies as st

from miniflask.routing import (
    BaseConverter,
    FloatConverter,
    IntegerConverter,
    Map,
    Rule,
    UUIDConverter,
    ValidationError,
)
from miniflask.routing.converters import is_validation_error

KEY = "9f0a1e5c-6b1f-4d7b-8a5e-0123456789ab"


def match(rule: str, path: str, **converters: Any) -> Any:
    """Return the values of *rule* for *path*, None if it does not match."""
    adapter = Map([Rule(rule, endpoint="e")], converters=converters).bind("localhost")
    return adapter.match(path)[1] if adapter.test(path) else None


@pytest.mark.parametrize(
    ("variable", "fits", "misses"),
    [
        ("<x>", {"a": "a", "é ü": "é ü", "a.b": "a.b"}, ["", "a/b"]),
        ("<string(length=2):x>", {"ab": "ab"}, ["a", "abc"]),
        ("<string(minlength=2):x>", {"ab": "ab", "abc": "abc"}, ["a"]),
        ("<string(maxlength=2):x>", {"a": "a", "ab": "ab"}, ["abc"]),
        ('<any(a, "b c", d.e):x>', {"a": "a", "b c": "b c", "d.e": "d.e"}, ["b", "dxe"]),
        ("<path:x>", {"a": "a", "a/b": "a/b", "a/": "a/"}, ["", "/a\nb"]),
        ("<int:x>", {"0": 0, "007": 7}, ["-1", "1.0", "x", ""]),
        ("<int(signed=True):x>", {"-1": -1, "1": 1}, ["--1", "+1"]),
        ("<int(fixed_digits=3):x>", {"007": 7}, ["7", "0007"]),
        ("<int(min=2, max=4):x>", {"2": 2, "4": 4}, ["1", "5"]),
        ("<float:x>", {"1.5": 1.5, "0.0": 0.0}, ["1", "1.", ".5", "-1.5"]),
        ("<float(signed=True, max=2):x>", {"-1.5": -1.5}, ["2.5"]),
        ("<uuid:x>", {KEY: UUID(KEY), KEY.upper(): UUID(KEY)}, [KEY[:-1], KEY.replace("-", "")]),
    ],
)
def test_a_converter_says_what_fits_and_what_it_means(
    variable: str, fits: dict[str, Any], misses: list[str]
) -> None:
    """Texts that fit become values; a rule does not match the others."""
    for text, value in fits.items():
        found = match(f"/{variable}", f"/{text}")
        assert found == {"x": value}
        assert type(found["x"]) is type(value)
    for text in misses:
        assert match(f"/{variable}", f"/{text}") is None


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("<x>", "a b/é", "a%20b/%C3%A9"),
        ("<x>", 5, "5"),
        ("<any(a, b):x>", "b", "b"),
        ("<path:x>", "a/b c", "a/b%20c"),
        ("<int:x>", "07", "7"),
        ("<int(fixed_digits=3):x>", 7, "007"),
        ("<float:x>", 2, "2.0"),
        ("<uuid:x>", UUID(KEY), KEY),
    ],
)
def test_a_converter_writes_values(variable: str, value: Any, text: str) -> None:
    """A value becomes the text that stands for it, quoted where it has to be."""
    adapter = Map([Rule(f"/{variable}", endpoint="e")]).bind("localhost")

    assert adapter.build("e", {"x": value}) == f"/{text}"


@given(st.integers(min_value=0))
def test_ints_come_back_as_they_were_built(number: int) -> None:
    """Every int from 0 up survives a URL."""
    converter = IntegerConverter(cast(Any, None))

    assert converter.to_python(converter.to_url(number)) == number


@given(st.uuids())
def test_uuids_come_back_as_they_were_built(key: UUID) -> None:
    """Every UUID survives a URL."""
    converter = UUIDConverter(cast(Any, None))

    assert converter.to_python(converter.to_url(key)) == key


def test_a_float_has_no_fixed_digits() -> None:
    """They are for ints alone."""
    with pytest.raises(TypeError, match="fixed_digits"):
        FloatConverter(cast(Any, None), fixed_digits=2)  # type: ignore[call-arg]  # the point


def test_a_subclass_is_asked_for_everything() -> None:
    """Pattern, reading and writing of a converter of one's own are used, with its arguments."""

    class ListConverter(BaseConverter):
        """Several values in one piece."""

        regex = r"\w+(?:[+-]\w+)*"

        def __init__(self, map: Map, separator: str = "+") -> None:
            super().__init__(map)
            self.separator = separator

        def to_python(self, value: str) -> list[str]:
            return value.split(self.separator)

        def to_url(self, value: list[str]) -> str:
            return self.separator.join(value)

    url_map = Map(converters={"list": ListConverter})
    url_map.add(Rule("/<list:x>", endpoint="plus"))
    url_map.add(Rule("/d/<list('-'):x>", endpoint="dash"))
    adapter = url_map.bind("localhost")

    assert adapter.match("/a+b") == ("plus", {"x": ["a", "b"]})
    assert adapter.match("/d/a-b") == ("dash", {"x": ["a", "b"]})
    assert adapter.build("dash", {"x": ["a", "b"]}) == "/d/a-b"


def test_converters_may_be_put_into_a_map_later() -> None:
    """A map's ``converters`` is a dict like any other, and belongs to that map alone."""

    class Letter(BaseConverter):
        """One letter."""

        regex = "[a-z]"

    url_map = Map()
    url_map.converters["letter"] = Letter
    url_map.add(Rule("/<letter:x>", endpoint="e"))

    assert url_map.bind("localhost").match("/a") == ("e", {"x": "a"})
    assert "letter" not in Map().converters


# ---- converters made for Werkzeug ----


class Even(werkzeug.routing.BaseConverter):
    """A converter that inherits from Werkzeug's class and knows nothing of ours."""

    regex = r"\d+"

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise werkzeug.routing.ValidationError("odd")
        return int(value)

    def to_url(self, value: int) -> str:
        if value % 2:
            raise werkzeug.routing.ValidationError("odd")
        return str(value)


class Broken(BaseConverter):
    """A converter with a mistake in it."""

    def to_python(self, value: str) -> Any:
        raise ValueError("a mistake")


def test_a_converter_of_werkzeugs_class_works_and_may_refuse() -> None:
    """Its ValidationError is a refusal here too, both ways."""
    rules = [Rule("/<even:x>", endpoint="e"), Rule("/odd/<x>", endpoint="e")]
    url_map = Map(rules, converters={"even": cast(Any, Even)})
    adapter = url_map.bind("localhost")

    assert adapter.match("/4") == ("e", {"x": 4})
    assert not adapter.test("/3")
    assert adapter.build("e", {"x": 4}) == "/4"
    assert adapter.build("e", {"x": 3}) == "/odd/3"


def test_every_built_in_converter_of_werkzeug_works() -> None:
    """Werkzeug's own converters may take the place of ours."""
    theirs = cast(Any, dict(werkzeug.routing.Map.default_converters))
    url_map = Map([Rule("/<int(max=3):a>/<path:b>", endpoint="e")], converters=theirs)
    adapter = url_map.bind("localhost")

    assert adapter.match("/3/x/y") == ("e", {"a": 3, "b": "x/y"})
    assert not adapter.test("/4/x")


def test_another_error_is_no_refusal() -> None:
    """A ValueError that is no ValidationError reaches whoever asked."""
    with pytest.raises(ValueError, match="a mistake"):
        match("/<broken:x>", "/1", broken=Broken)


def test_refusals_are_told_from_other_errors() -> None:
    """Only the two classes, and what inherits from them, are refusals."""

    class OtherError(ValueError):
        """An error that happens to be called alike elsewhere."""

    OtherError.__name__ = "ValidationError"

    assert is_validation_error(ValidationError())
    assert is_validation_error(werkzeug.routing.ValidationError())
    assert not is_validation_error(ValueError())
    assert not is_validation_error(OtherError())


def test_a_refusal_is_known_without_werkzeugs_router() -> None:
    """Where nobody imported ``werkzeug.routing``, a refusal does not import it either."""
    program = """
import sys
from miniflask.routing import Map, Rule
adapter = Map([Rule("/<int(max=1):n>")]).bind("localhost")
assert adapter.test("/1") and not adapter.test("/2")
assert "werkzeug.routing" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
