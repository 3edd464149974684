"""Tagged JSON: the same values, texts and tags on ``miniflask.json.tag`` and on Flask's."""

from __future__ import annotations

import decimal
import enum
import json
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from flask.json import tag as flask_tag
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from miniflask.json import tag as our_tag

OURS: Any = our_tag
THEIRS: Any = flask_tag
TAGS = [" di", " t", " b", " m", " u", " d"]


def outcome(program: Callable[[], Any]) -> Any:
    """Return what a program returns, with its types, or type and text of what it raises."""
    try:
        return "returned", typed(program())
    except Exception as error:
        return "raised", type(error).__name__, str(error)


def typed(value: Any) -> Any:
    """Return a value with the type of each part, so that 1, 1.0 and True differ."""
    if isinstance(value, dict):
        return type(value).__name__, [(typed(key), typed(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple)):
        return type(value).__name__, [typed(item) for item in value]
    return type(value).__name__, repr(value)


def both(program: Callable[[Any], Any]) -> Any:
    """Run a program on both modules and hold the outcomes against each other."""
    ours, theirs = outcome(lambda: program(OURS)), outcome(lambda: program(THEIRS))
    assert ours == theirs
    return ours


class Widget:
    """Says what it is in HTML."""

    def __html__(self) -> str:
        return "<widget>"


class HTMLText(str):
    """Text that says what it is in HTML."""

    def __html__(self) -> str:
        return f"<{self}>"


class Text(str):
    """Text of a program's own."""


class Numbers(list[int]):
    """A list of a program's own."""


class Color(enum.IntEnum):
    """A number with a name."""

    RED = 1


@dataclass
class Point:
    """A dataclass, which JSON may know although tags do not."""

    x: int


Pair = namedtuple("Pair", "a b")

texts = st.one_of(
    st.text(max_size=6),
    st.sampled_from([*TAGS, *(tag + "__" for tag in TAGS), '" t"', '{" t": [1]}', "__", " ", '" ']),
)
zones = st.sampled_from(
    [None, timezone.utc, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-12))]
)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.binary(max_size=5),
    st.uuids(),
    st.datetimes(timezones=zones),
    st.dates(),
    st.decimals(allow_nan=False, places=2),
    texts.map(Markup),
    texts.map(Text),
    texts.map(HTMLText),
    st.sampled_from([Widget(), Widget, Color.RED, Point(1), {1}, 1j, print, Text, Ellipsis]),
)
keys = st.one_of(texts, texts.map(Text), st.integers(-1, 1), st.none(), st.booleans(), st.tuples())
values = st.recursive(
    leaves,
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.lists(children, max_size=4).map(tuple),
        st.tuples(children, children).map(lambda pair: Pair(*pair)),
        st.lists(st.integers(), max_size=2).map(Numbers),
        st.dictionaries(texts, children, max_size=1),
        st.dictionaries(keys, children, max_size=3),
        st.dictionaries(texts, children, max_size=3).map(OrderedDict),
        st.dictionaries(texts, children, max_size=2).map(lambda value: defaultdict(list, value)),
    ),
    max_leaves=12,
)


@given(values)
@example({" t": 1})
@example({" di": {" di__": 1}})
@example([{" t": {" b": 2}}])
@example({True: 1, "True": 2, None: 3})
def test_writes_and_reads_any_value_alike(value: Any) -> None:
    """Every value has the same text, or the same error, and is read back as the same value."""
    done = both(lambda m: m.TaggedJSONSerializer().dumps(value))
    both(lambda m: m.TaggedJSONSerializer().tag(value))
    if done[0] == "returned":
        text = our_tag.TaggedJSONSerializer().dumps(value)
        both(lambda m: m.TaggedJSONSerializer().loads(text))


class General(our_tag.TaggedJSONSerializer):
    """Ours, which asks for each value, since a program may have overridden something."""

    def tag(self, value: Any) -> Any:
        """Tag as usual."""
        return super().tag(value)

    def untag(self, value: dict[str, Any]) -> Any:
        """Untag as usual."""
        return super().untag(value)


@given(values)
def test_short_cuts_change_nothing(value: Any) -> None:
    """A subclass that overrides methods, and so is asked each time, comes to the same."""
    kinds = our_tag.TaggedJSONSerializer, General
    before = typed(value)
    texts = [outcome(lambda: kind().dumps(value)) for kind in kinds]
    assert texts[0] == texts[1]
    assert typed(value) == before
    if texts[0][0] == "returned":
        read = [outcome(lambda: typed(kind().loads(texts[0][1]))) for kind in kinds]
        assert read[0] == read[1]


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda children: st.one_of(
        st.lists(children, max_size=4),
        st.dictionaries(st.sampled_from(TAGS), children, min_size=1, max_size=1),
        st.dictionaries(texts, children, max_size=3),
    ),
    max_leaves=12,
)


@given(json_values, st.booleans(), st.booleans())
@example({" u": 5}, False, False)
@example({" u": "nonsense"}, False, False)
@example({" b": "%"}, False, False)
@example({" b": "A"}, False, False)
@example({" d": "yesterday"}, False, False)
@example({" t": None}, False, False)
@example({" di": {}}, False, False)
@example({" di": {"a": 1, "b": 2}}, False, False)
@example({" di": []}, False, False)
def test_reads_any_json_alike(value: Any, escaped: bool, encoded: bool) -> None:
    """JSON that nobody wrote with tags, or with wrong ones, is read or refused alike."""
    text: Any = json.dumps(value)
    if escaped:
        text = text.replace('" ', '"\\u0020')
    if encoded:
        text = text.encode()
    both(lambda m: m.TaggedJSONSerializer().loads(text))


@given(st.text(' "tdbmu{}[]:,1\\', max_size=12))
def test_refuses_what_is_not_json_alike(text: str) -> None:
    """Text that is hardly JSON is read or refused alike."""
    both(lambda m: m.TaggedJSONSerializer().loads(text))


def _tag_class(m: Any, key: str, taken: type, mark: str) -> Any:
    """Make a tag for one exact type, which leaves a mark."""

    class Tag(m.JSONTag):  # type: ignore[misc]  # a class of either module
        def check(self, value: Any) -> bool:
            return type(value) is taken

        def to_json(self, value: Any) -> Any:
            return [mark, repr(value)]

        def to_python(self, value: Any) -> Any:
            return mark, value

    Tag.key = key
    return Tag


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", " t", " x", "x", " di"]),
            st.sampled_from([str, int, dict, list, tuple, bool]),
            st.booleans(),
            st.sampled_from([None, 0, 1, 3, 20, -1]),
        ),
        max_size=3,
    ),
    values,
    json_values,
)
def test_registers_tags_alike(registered: list[Any], value: Any, text_value: Any) -> None:
    """Tags of a program's own take what they took in Flask, in the same order."""

    def make(m: Any) -> Any:
        serializer = m.TaggedJSONSerializer()
        for number, (key, taken, force, index) in enumerate(registered):
            serializer.register(_tag_class(m, key, taken, f"mark {number}"), force, index)
        return serializer

    done = both(lambda m: [type(tag).__name__ for tag in make(m).order])
    if done[0] == "returned":
        both(lambda m: list(make(m).tags))
        both(lambda m: make(m).dumps(value))
        both(lambda m: make(m).loads(json.dumps(text_value)))


@given(st.permutations(range(8)), st.integers(0, 8), values)
def test_reorders_tags_alike(order: list[int], length: int, value: Any) -> None:
    """Tags in any other order, or only some of them, take what they took in Flask."""

    def by_hand(m: Any) -> Any:
        serializer = m.TaggedJSONSerializer()
        serializer.order = [serializer.order[index] for index in order[:length]]
        return serializer

    def by_subclass(m: Any) -> Any:
        default_tags = [m.TaggedJSONSerializer.default_tags[index] for index in order[:length]]
        return type("Some", (m.TaggedJSONSerializer,), {"default_tags": default_tags})()

    both(lambda m: by_hand(m).dumps(value))
    both(lambda m: by_subclass(m).dumps(value))


NAMES = ["TagDict", "PassDict", "TagTuple", "PassList", "TagBytes", "TagMarkup", "TagUUID"]


@pytest.mark.parametrize("name", [*NAMES, "TagDateTime"])
def test_each_tag_alone_alike(name: str) -> None:
    """Each tag has Flask's key, recognises what Flask's does, and converts it the same way."""

    def make(m: Any) -> Any:
        return getattr(m, name)(m.TaggedJSONSerializer())

    both(lambda m: make(m).key)
    both(lambda m: [cls.__name__ for cls in m.TaggedJSONSerializer.default_tags])
    samples = [
        1,
        "x",
        (1,),
        [b""],
        {},
        {" t": 1},
        {"a": (1,)},
        b"x",
        Markup("x"),
        Widget(),
        UUID(int=1),
    ]
    for sample in [*samples, datetime(2026, 1, 1), date(2026, 1, 1), decimal.Decimal(1)]:
        both(lambda m: make(m).check(sample))
        both(lambda m: make(m).tag(sample) if make(m).check(sample) else None)
        both(lambda m: make(m).to_json(sample) if make(m).check(sample) else None)
    for sample in [[1], "AA==", "00000000000000000000000000000001", {"a__": 1}]:
        both(lambda m: make(m).to_python(sample))
