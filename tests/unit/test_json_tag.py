"""Tagged JSON: what holds without asking Flask."""

from __future__ import annotations

import copy
from collections import OrderedDict, namedtuple
from datetime import datetime, timedelta, timezone
from enum import IntEnum
from typing import Any
from uuid import UUID

import pytest
from markupsafe import Markup

from miniflask.json import tag as tag_module
from miniflask.json.tag import JSONTag, TagDateTime, TagDict, TaggedJSONSerializer, TagTuple

WHEN = datetime(2026, 11, 21, 12, 30, 5, tzinfo=timezone.utc)


class TagOrderedDict(JSONTag):
    """A type of the program's own, which has to come before dicts."""

    __slots__ = ()
    key = " od"

    def check(self, value: Any) -> bool:
        return isinstance(value, OrderedDict)

    def to_json(self, value: Any) -> Any:
        return [[key, self.serializer.tag(item)] for key, item in value.items()]

    def to_python(self, value: Any) -> Any:
        return OrderedDict(value)


class TagShout(JSONTag):
    """A tag for some texts, though text is JSON's own."""

    __slots__ = ()
    key = " s"

    def check(self, value: Any) -> bool:
        return isinstance(value, str) and value.isupper()

    def to_json(self, value: Any) -> Any:
        return value.lower()

    def to_python(self, value: Any) -> Any:
        return value.upper()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1, (2,)), '{" t":[1,{" t":[2]}]}'),
        ([(1,), [2]], '[{" t":[1]},[2]]'),
        (b"\xff", '{" b":"/w=="}'),
        (Markup("<b>"), '{" m":"<b>"}'),
        (UUID(int=10), '{" u":"0000000000000000000000000000000a"}'),
        (WHEN, '{" d":"Sat, 21 Nov 2026 12:30:05 GMT"}'),
        ({"a": (1,), "b": {"c": b""}}, '{"a":{" t":[1]},"b":{"c":{" b":""}}}'),
        ({" t": 1}, '{" di":{" t__":1}}'),
        ({" di": {" di": 1}}, '{" di":{" di__":{" di":{" di__":1}}}}'),
        ({" t": 1, "a": 2}, '{" t":1,"a":2}'),
        ({" x": 1}, '{" x":1}'),
        ('" t": [', '"\\" t\\": ["'),
        ({}, "{}"),
        (None, "null"),
    ],
)
def test_values_survive(value: Any, text: str) -> None:
    """Each type has its form in JSON, and comes back as it was."""
    serializer = TaggedJSONSerializer()
    loaded = serializer.loads(text)

    assert serializer.dumps(value) == text
    assert loaded == value
    assert type(loaded) is type(value)


def test_datetimes_lose_fractions_and_zone() -> None:
    """A datetime comes back in whole seconds and in UTC, also if it was naive."""
    serializer = TaggedJSONSerializer()
    east = WHEN.astimezone(timezone(timedelta(hours=2))) + timedelta(microseconds=7)

    assert serializer.loads(serializer.dumps(east)) == WHEN
    assert serializer.loads(serializer.dumps(WHEN.replace(tzinfo=None))) == WHEN


def test_html_is_asked_for_by_method() -> None:
    """Whatever says what it is in HTML comes back as markup."""

    class Widget:
        def __html__(self) -> str:
            return "<i>"

    serializer = TaggedJSONSerializer()
    assert serializer.loads(serializer.dumps([Widget()])) == [Markup("<i>")]


def test_subclasses_count_as_their_type() -> None:
    """Subclasses of JSON's and Python's types are written as what they are subclasses of."""
    point = namedtuple("point", "x y")
    color = IntEnum("color", "red")
    text = type("Text", (str,), {})
    serializer = TaggedJSONSerializer()
    value = {"p": point(1, 2), "c": color(1), "t": text("x"), "o": OrderedDict(a=(1,))}

    assert serializer.dumps(value) == ('{"p":{" t":[1,2]},"c":1,"t":"x","o":{"a":{" t":[1]}}}')


def test_a_tagged_dict_written_by_hand_is_read() -> None:
    """A tag counts however its key is spelled in JSON."""
    assert TaggedJSONSerializer().loads(
        '[{"\\u0020t": [1, {" u": "0000000000000000000000000000000A"}]}]'
    ) == [(1, UUID(int=10))]


def test_a_registered_type_survives() -> None:
    """A program's tag is used for its type, before dicts if it is put there."""
    serializer = TaggedJSONSerializer()
    serializer.register(TagOrderedDict, index=0)
    value = [OrderedDict(b=(1,), a=2)]

    assert serializer.dumps(value) == '[{" od":[["b",{" t":[1]}],["a",2]]}]'
    loaded = serializer.loads(serializer.dumps(value))
    assert loaded == value
    assert type(loaded[0]) is OrderedDict


def test_a_registered_tag_may_take_plain_types() -> None:
    """Once a tag for texts is registered, every text is offered to it, wherever it is."""
    serializer = TaggedJSONSerializer()
    value = ["LOUD", {"a": "LOUD", "b": "low"}]
    assert serializer.dumps(value) == '["LOUD",{"a":"LOUD","b":"low"}]'

    serializer.register(TagShout)

    assert serializer.dumps(value) == '[{" s":"loud"},{"a":{" s":"loud"},"b":"low"}]'
    assert serializer.loads(serializer.dumps(value)) == value


def test_order_and_tags_may_be_changed_by_hand() -> None:
    """The lists are the program's to change: a tag that is taken out is gone."""
    serializer = TaggedJSONSerializer()
    serializer.order = [each for each in serializer.order if not isinstance(each, TagDict)]
    assert serializer.dumps({" t": 1}) == '{" t":1}'
    serializer.order.insert(0, TagShout(serializer))
    assert serializer.dumps(["LOUD"]) == '[{" s":"loud"}]'
    del serializer.tags[" t"]
    assert serializer.loads('{" t":[1]}') == {" t": [1]}


def test_a_taken_key_is_refused() -> None:
    """A second tag for a key raises KeyError, unless it is forced; both then stay in order."""

    class TagTupleAgain(TagTuple):
        __slots__ = ()

        def to_python(self, value: Any) -> Any:
            return tuple(reversed(value))

    serializer = TaggedJSONSerializer()
    with pytest.raises(KeyError, match="Tag ' t' is already registered."):
        serializer.register(TagTupleAgain)
    serializer.register(TagTupleAgain, force=True)

    assert len(serializer.order) == 9
    assert serializer.loads('{" t":[1,2]}') == (2, 1)


def test_default_tags_may_be_chosen() -> None:
    """A subclass knows the tags that it lists, and no others."""

    class OnlyDates(TaggedJSONSerializer):
        default_tags = [TagDateTime]

    serializer = OnlyDates()
    assert list(serializer.tags) == [" d"]
    assert serializer.dumps(WHEN) == TaggedJSONSerializer().dumps(WHEN)
    assert serializer.dumps([(1,), "x"]) == '[[1],"x"]'


def test_a_subclass_may_override_tagging() -> None:
    """An overridden ``tag`` sees every value, and an overridden ``untag`` every object."""

    class Watching(TaggedJSONSerializer):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def tag(self, value: Any) -> Any:
            self.seen.append(value)
            return super().tag(value)

        def untag(self, value: dict[str, Any]) -> Any:
            self.seen.append(value)
            return super().untag(value)

    serializer = Watching()
    serializer.dumps({"a": [1, "x"], "b": None})
    assert serializer.seen == [{"a": [1, "x"], "b": None}, [1, "x"], 1, "x", None]
    serializer.seen.clear()
    serializer.loads('{"a":{},"b":{" t":[{}]}}')
    assert serializer.seen == [{}, {}, {" t": [{}]}, {"a": {}, "b": ({},)}]


def test_a_subclass_without_constructor_call_works() -> None:
    """A subclass may set up its tags in its own way."""

    class Bare(TaggedJSONSerializer):
        def __init__(self) -> None:
            self.tags = {}
            self.order = []

    assert Bare().dumps({"a": [1]}) == '{"a":[1]}'


def test_json_is_the_application_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tagged values are written and read by the functions of ``miniflask.json``, compactly."""
    monkeypatch.setattr(tag_module, "dumps", lambda value, **kwargs: (value, kwargs))
    monkeypatch.setattr(tag_module, "loads", lambda text: {" t": [text]})

    serializer: Any = TaggedJSONSerializer()
    assert serializer.dumps((1,)) == ({" t": [1]}, {"separators": (",", ":")})
    assert serializer.loads("x") == ("x",)


def test_values_are_not_changed() -> None:
    """Tagging builds new containers and leaves the program's as they were."""
    value = {"a": [1, (2,)], "b": {"c": [3]}}
    before = copy.deepcopy(value)
    tagged = TaggedJSONSerializer().tag(value)
    tagged["b"]["c"].append(4)
    tagged["a"].append(5)

    assert value == before


def test_a_serializer_can_be_copied() -> None:
    """A deep copy of a serializer writes the same, and is registered with on its own."""
    serializer = TaggedJSONSerializer()
    clone = copy.deepcopy(serializer)
    clone.register(TagShout)

    assert clone.dumps(["LOUD", (1,)]) == '[{" s":"loud"},{" t":[1]}]'
    assert serializer.dumps(["LOUD", (1,)]) == '["LOUD",{" t":[1]}]'


@pytest.mark.parametrize("method", ["check", "to_json", "to_python"])
def test_a_tag_must_say_what_it_does(method: str) -> None:
    """The base class of tags leaves the work to its subclasses."""
    with pytest.raises(NotImplementedError):
        getattr(JSONTag(TaggedJSONSerializer()), method)(1)
