"""Parts: what a rule's text is taken apart into."""

from __future__ import annotations

import re
from typing import Any

import pytest

from miniflask.routing import Map, Rule, parse_converter_args
from miniflask.routing.parts import RulePart, Token, read_tokens


def parts(text: str, **options: Any) -> list[RulePart]:
    """Return the parts of a rule's path."""
    rule = Rule(text, **options)
    rule.bind(Map())
    return rule._parts[1:]


def test_tokens_are_slashes_texts_and_variables() -> None:
    """A variable has a converter, its own or the default, and maybe arguments."""
    assert list(read_tokens("/a<b>/<int(max=2):c>")) == [
        Token("/"),
        Token("a"),
        Token("b", "default"),
        Token("/"),
        Token("c", "int", "max=2"),
    ]


@pytest.mark.parametrize("rule", ["<", "/<a", "/<1>", "/<a-b>", "/<>", "/<int(:x>", "/<a:>"])
def test_a_bracket_that_opens_no_variable_is_malformed(rule: str) -> None:
    """The error shows the whole text."""
    with pytest.raises(ValueError, match=f"^malformed url rule: {re.escape(repr(rule))}$"):
        list(read_tokens(rule))


@pytest.mark.parametrize(
    ("text", "args", "kwargs"),
    [
        ("", (), {}),
        ("1", (1,), {}),
        ("-", (), {}),
        ("1.5, true, True, None", (1.5, "true", True, None), {}),
        ("a, 'b c', \"d,e\"", ("a", "b c", "d,e"), {}),
        ("length=2", (), {"length": 2}),
        (" a = x.y , b='1'", (), {"a": "x.y", "b": "1"}),
        ("1,2", ("1,2",), {}),
        ("1, 2", (1, 2), {}),
    ],
)
def test_converter_arguments_are_python_values(
    text: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Numbers and constants are read as such; other texts need quotes only around spaces."""
    assert parse_converter_args(text) == (args, kwargs)


def test_something_between_arguments_is_an_error() -> None:
    """The error shows what is not an argument."""
    with pytest.raises(ValueError, match="^Cannot parse converter argument 'b'$"):
        parse_converter_args("a,b c")


def test_static_parts_are_texts() -> None:
    """A rule without variables has the texts between its slashes, empty ones too."""
    assert [part.content for part in parts("/a/b/")] == ["", "a", "b", ""]
    assert all(part.static and not part.final for part in parts("/a/b/"))


def test_a_part_with_variables_is_a_pattern() -> None:
    """Text around a variable is escaped, and known besides."""
    part = parts("/x.<int:a>-<b>.html")[1]

    assert not part.static
    assert re.match(part.content, "x.5-b.html")
    assert not re.match(part.content, "xy5-b.html")
    assert not re.match(part.content, "x.5-b.html\n")
    assert (part.starts, part.ends) == ("x.", ".html")


def test_a_converter_that_takes_slashes_makes_the_last_part() -> None:
    """Everything behind it belongs to the same pattern."""
    rule = parts("/a/<path:p>/b/<c>")

    assert [part.final for part in rule] == [False, False, True]
    assert re.match(rule[-1].content, "x/y/b/z")


def test_a_final_part_may_end_in_a_slash_that_is_missing() -> None:
    """Its pattern fits with and without the slash, and an empty part follows."""
    *_, part, behind = parts("/<path:p>/")

    assert part.suffixed
    assert re.match(part.content, "a/b")
    assert re.match(part.content, "a/b/")
    assert not re.match(part.content, "a/b//")
    assert (behind.content, behind.static) == ("", True)


def test_slashes_in_a_row_are_one_unless_the_rule_wants_them() -> None:
    """``merge_slashes`` decides how the rule itself is read."""
    assert [part.content for part in parts("/a//b")] == ["", "a", "b"]
    assert [part.content for part in parts("/a//b", merge_slashes=False)] == ["", "a", "", "b"]


def test_weights_put_the_more_particular_part_first() -> None:
    """More text before less, longer before shorter, more arguments before fewer, then weights."""
    texts = ["p<a>s", "pp<a>", "p<a>", "<a><b>", "<int:a>", "<a>", "<path:a>"]

    weights = [parts(f"/{text}")[1].weight for text in texts]

    assert weights == sorted(weights)
    assert len(set(weights)) == len(weights)
