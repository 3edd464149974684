"""JSON that keeps tuples, bytes, markup, UUIDs and datetimes.

JSON has no words for these, so each is written as an object whose only key is a *tag*:
``(1, 2)`` becomes ``{" t": [1, 2]}`` and is read back as a tuple.  A dict that happens to look
like that is tagged itself, so it is never misread.  Sessions are written this way.

A program adds a type of its own with a subclass of :class:`JSONTag`::

    class TagSet(JSONTag):
        key = " s"

        def check(self, value):
            return isinstance(value, set)

        def to_json(self, value):
            return [self.serializer.tag(item) for item in value]

        def to_python(self, value):
            return set(value)

    app.session_interface.serializer.register(TagSet)

Source: ``flask.json.tag``.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from . import dumps, loads


class JSONTag:
    """Write and read one type.

    Args:
        serializer: What it is registered with; tags the values inside a value.
    """

    __slots__ = ("serializer",)

    #: The tag.  Empty for a type of JSON's own, of which only the contents may need tags.
    key: str = ""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: Any) -> bool:
        """Tell whether a value is of this type."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """Return what stands for the value in JSON, without the tag."""
        raise NotImplementedError

    def to_python(self, value: Any) -> Any:
        """Return the value that :meth:`to_json` was given."""
        raise NotImplementedError

    def tag(self, value: Any) -> dict[str, Any]:
        """Return what stands for the value in JSON, with the tag."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """Escape a dict that looks like a tagged value: its key gets ``__`` behind it."""

    __slots__ = ()
    key = " di"

    def check(self, value: Any) -> bool:
        """Tell whether the only key of a dict is a registered tag."""
        if not isinstance(value, dict) or len(value) != 1:
            return False
        return next(iter(value)) in self.serializer.tags

    def to_json(self, value: Any) -> Any:
        """Return the dict with its key escaped."""
        key = next(iter(value))
        return {f"{key}__": self.serializer.tag(value[key])}

    def to_python(self, value: Any) -> Any:
        """Return the dict with its key as it was."""
        key = next(iter(value))
        return {key[:-2]: value[key]}


class PassDict(JSONTag):
    """Leave a dict what it is, and tag its values."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Tell whether this is a dict."""
        return isinstance(value, dict)

    def to_json(self, value: Any) -> Any:
        """Return the dict with tagged values; JSON has only strings for keys."""
        tag = self.serializer.tag
        return {key: tag(item) for key, item in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    """Write a tuple as a list."""

    __slots__ = ()
    key = " t"

    def check(self, value: Any) -> bool:
        """Tell whether this is a tuple."""
        return isinstance(value, tuple)

    def to_json(self, value: Any) -> Any:
        """Return a list of the tagged items."""
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: Any) -> Any:
        """Return the tuple."""
        return tuple(value)


class PassList(JSONTag):
    """Leave a list what it is, and tag its items."""

    __slots__ = ()

    def check(self, value: Any) -> bool:
        """Tell whether this is a list."""
        return isinstance(value, list)

    def to_json(self, value: Any) -> Any:
        """Return a list of the tagged items."""
        return [self.serializer.tag(item) for item in value]

    tag = to_json


class TagBytes(JSONTag):
    """Write bytes in base64."""

    __slots__ = ()
    key = " b"

    def check(self, value: Any) -> bool:
        """Tell whether this is bytes."""
        return isinstance(value, bytes)

    def to_json(self, value: Any) -> Any:
        """Return base64 text."""
        return b64encode(value).decode("ascii")

    def to_python(self, value: Any) -> Any:
        """Return the bytes."""
        return b64decode(value)


class TagMarkup(JSONTag):
    """Write anything with an ``__html__`` method as its HTML, and read it as ``Markup``."""

    __slots__ = ()
    key = " m"

    def check(self, value: Any) -> bool:
        """Tell whether the value can say what it is in HTML."""
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        """Return the HTML."""
        return str(value.__html__())

    def to_python(self, value: Any) -> Any:
        """Return the HTML as ``Markup``."""
        return Markup(value)


class TagUUID(JSONTag):
    """Write a UUID as 32 hexadecimal digits."""

    __slots__ = ()
    key = " u"

    def check(self, value: Any) -> bool:
        """Tell whether this is a UUID."""
        from uuid import UUID  # seldom needed, and slow to import

        return isinstance(value, UUID)

    def to_json(self, value: Any) -> Any:
        """Return the digits."""
        return value.hex

    def to_python(self, value: Any) -> Any:
        """Return the UUID."""
        from uuid import UUID

        return UUID(value)


class TagDateTime(JSONTag):
    """Write a datetime as an HTTP date: whole seconds, read back as UTC.

    Source: RFC 9110, section 5.6.7.
    """

    __slots__ = ()
    key = " d"

    def check(self, value: Any) -> bool:
        """Tell whether this is a datetime."""
        return isinstance(value, datetime)

    def to_json(self, value: Any) -> Any:
        """Return the HTTP date; a naive datetime is taken for UTC."""
        return http_date(value)

    def to_python(self, value: Any) -> Any:
        """Return an aware datetime in UTC."""
        return parse_date(value)


_scalars = frozenset({str, int, float, bool, type(None)})


class TaggedJSONSerializer:
    """Write and read JSON with tags: dicts, tuples, bytes, markup, UUIDs, datetimes."""

    __slots__ = ("_stock_order", "order", "tags")

    #: The tags that a new serializer knows, in the order in which a value is offered to them.
    default_tags: list[type[JSONTag]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        self._stock_order = [*self.order] if [*map(type, self.order)] == _stock else None

    def register(
        self, tag_class: type[JSONTag], force: bool = False, index: int | None = None
    ) -> None:
        """Teach the serializer a type.

        Args:
            tag_class: Made into a tag of this serializer.
            force: Take a key from the tag that has it.
            index: Where in the order of tags to put it: a special kind of dict before dicts;
                None is last.

        Raises:
            KeyError: Another tag has the key.
        """
        tag = tag_class(self)
        if tag.key:
            if not force and tag.key in self.tags:
                raise KeyError(f"Tag '{tag.key}' is already registered.")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: Any) -> Any:
        """Return what stands for a value in JSON."""
        # What the tags of this module would make of the commonest types, asked one by one.
        if type(self) is TaggedJSONSerializer and self.order == self._stock_order:
            kind = type(value)
            if kind in _scalars:
                return value
            if kind is dict and len(value) != 1:
                return {k: v if type(v) in _scalars else self.tag(v) for k, v in value.items()}
            if kind is list:
                return [v if type(v) in _scalars else self.tag(v) for v in value]
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, Any]) -> Any:
        """Return the value that an object in JSON stands for: most often itself."""
        if len(value) == 1:
            key = next(iter(value))
            if key in self.tags:
                return self.tags[key].to_python(value[key])
        return value

    def _untag_scan(self, value: Any) -> Any:
        """Untag a value, and first what is in it."""
        if type(self) is TaggedJSONSerializer and TaggedJSONSerializer.untag is _stock_untag:
            return _untagged(value, self.tags)
        scan = self._untag_scan
        if isinstance(value, dict):
            return self.untag({k: scan(v) for k, v in value.items()})
        if isinstance(value, list):
            return [scan(v) for v in value]
        return value

    def dumps(self, value: Any) -> str:
        """Return a value as compact JSON."""
        stock = type(self) is TaggedJSONSerializer and TaggedJSONSerializer.tag is _stock_tag
        if stock and self.order == self._stock_order:
            return dumps(_tagged(value, self), separators=(",", ":"))
        return dumps(self.tag(value), separators=(",", ":"))

    def loads(self, value: str) -> Any:
        """Return the value that :meth:`dumps` wrote."""
        return self._untag_scan(loads(value))


_stock = [*TaggedJSONSerializer.default_tags]
_stock_tag = TaggedJSONSerializer.tag
_stock_untag = TaggedJSONSerializer.untag
_all_scalars = _scalars.issuperset


def _tagged(value: Any, serializer: TaggedJSONSerializer) -> Any:
    """Do as :meth:`TaggedJSONSerializer.tag` for a reader who changes nothing.

    What needs no tag is not copied; and tuples, in which messages are flashed, are not offered
    to the tags before theirs.  Each container is looked through at once, by the library.
    """
    kind = type(value)
    if kind is dict and len(value) != 1:
        if _all_scalars(map(type, value.values())):
            return value
        return {k: v if type(v) in _scalars else _tagged(v, serializer) for k, v in value.items()}
    if kind is list or kind is tuple:
        if not _all_scalars(map(type, value)):
            value = [v if type(v) in _scalars else _tagged(v, serializer) for v in value]
        return value if kind is list else {TagTuple.key: [*value]}
    return serializer.tag(value)


def _untagged(value: Any, tags: dict[str, JSONTag]) -> Any:
    """Do as ``_untag_scan``, without a call for each object that has no tag."""
    if isinstance(value, list):
        if _all_scalars(map(type, value)):
            return [*value]
        return [v if type(v) in _scalars else _untagged(v, tags) for v in value]
    if not isinstance(value, dict):
        return value
    if _all_scalars(map(type, value.values())):
        value = {**value}
    else:
        value = {k: v if type(v) in _scalars else _untagged(v, tags) for k, v in value.items()}
    if len(value) == 1:
        key = next(iter(value))
        if key in tags:
            return tags[key].to_python(value[key])
    return value
