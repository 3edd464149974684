"""Converters: what a variable of a rule may look like, and which Python value it stands for.

In ``/user/<int:id>`` the name ``int`` picks a converter. Its ``regex`` says which texts fit,
``to_python`` turns the text of a URL into a value, and ``to_url`` turns a value back into text.
Nothing but these members, ``weight`` and ``part_isolating`` is ever asked of a converter, so
classes that inherit from Werkzeug's work here too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .urls import quote_path

if TYPE_CHECKING:
    from uuid import UUID

    from .map import Map


class ValidationError(ValueError):
    """Say, from a converter, that a text or a value does not fit after all.

    While matching, that is the end: no other rule is tried. While building, another rule of the
    endpoint is.

    Source: ``werkzeug.routing.ValidationError``.
    """


def is_validation_error(error: ValueError) -> bool:
    """Tell a converter's refusal from a failure.

    Werkzeug's own class counts as well: whoever raises it has imported its module.
    """
    theirs = getattr(sys.modules.get("werkzeug.routing"), "ValidationError", ValidationError)
    return isinstance(error, (ValidationError, theirs))


class BaseConverter:
    """Accept any text without a slash; the class to inherit from.

    Attributes:
        regex: What the text has to look like, as a regular expression without anchors.
        weight: Where several converters fit, the one with the smallest weight is tried first.
        part_isolating: Whether the text stays between two slashes. A subclass with a ``regex``
            that does not say is taken to, unless the regex has a slash in it.

    Source: ``werkzeug.routing.BaseConverter``; ``part_isolating`` since Werkzeug 2.2.
    """

    regex = "[^/]+"
    weight = 100
    part_isolating = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = cls.__dict__
        if "regex" in own and "part_isolating" not in own:
            cls.part_isolating = "/" not in cls.regex

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        self.map = map

    def to_python(self, value: str) -> Any:
        """Turn the text of a URL into the value that the view gets.

        Raises:
            ValidationError: The text is none of this converter's, although it fits ``regex``.
        """
        return value

    def to_url(self, value: Any) -> str:
        """Turn a value into text for a URL, percent-encoded where it has to be.

        Raises:
            ValidationError: The value cannot be written; another rule of the endpoint may.
        """
        text = str(value)
        # Nearly all values are words or numbers, which two methods of strings can tell.
        return text if text.isalnum() and text.isascii() else quote_path(text)


class UnicodeConverter(BaseConverter):
    """Accept text without a slash, ``<string:name>`` or just ``<name>``; the default.

    Args:
        map: The map that the rule is bound to.
        minlength: Fewest characters.
        maxlength: Most characters; None for no limit.
        length: The exact number of characters, in place of the other two.

    Source: ``werkzeug.routing.UnicodeConverter``.
    """

    def __init__(
        self,
        map: Map,
        minlength: int = 1,
        maxlength: int | None = None,
        length: int | None = None,
    ) -> None:
        super().__init__(map)
        if length is not None:
            count = f"{int(length)}"
        else:
            count = f"{int(minlength)},{'' if maxlength is None else int(maxlength)}"
        self.regex = f"[^/]{{{count}}}"


class AnyConverter(BaseConverter):
    """Accept one of the given texts: ``<any(about, "contact us"):page>``.

    Source: ``werkzeug.routing.AnyConverter``; values are checked when building since Werkzeug 2.2.
    """

    def __init__(self, map: Map, *items: str) -> None:
        super().__init__(map)
        self.items = set(items)
        self.regex = f"(?:{'|'.join(re.escape(item) for item in items)})"

    def to_url(self, value: Any) -> str:
        """Write one of the items.

        Raises:
            ValueError: *value* is not among them.
        """
        if value in self.items:
            return str(value)
        choices = ", ".join(f"'{item}'" for item in sorted(self.items))
        raise ValueError(f"'{value}' is not one of {choices}")


class PathConverter(BaseConverter):
    """Accept text that may contain slashes, though not begin with one: ``<path:page>``.

    Source: ``werkzeug.routing.PathConverter``.
    """

    part_isolating = False
    regex = "[^/].*?"
    weight = 200


class NumberConverter(BaseConverter):
    """Hold what the two converters for numbers share.

    Args:
        map: The map that the rule is bound to.
        fixed_digits: The number of characters there must be, filled up with zeros when building.
        min: The smallest value accepted.
        max: The largest value accepted.
        signed: Whether a minus sign may stand in front.

    Source: ``werkzeug.routing.converters.NumberConverter``; ``signed`` since Werkzeug 0.15.
    """

    weight = 50
    num_convert: Callable[[Any], Any] = int

    def __init__(
        self,
        map: Map,
        fixed_digits: int = 0,
        min: float | None = None,
        max: float | None = None,
        signed: bool = False,
    ) -> None:
        if signed:
            self.regex = self.signed_regex
        super().__init__(map)
        self.fixed_digits = fixed_digits
        self.min = min
        self.max = max
        self.signed = signed

    @property
    def signed_regex(self) -> str:
        """The ``regex`` with room for a minus sign."""
        return f"-?{self.regex}"

    def to_python(self, value: str) -> Any:
        """Read a number, and refuse one of the wrong length or outside the limits."""
        if self.fixed_digits and len(value) != self.fixed_digits:
            raise ValidationError
        try:
            number = self.num_convert(value)
        except ValueError as error:
            # Python refuses to read more digits than sys.get_int_max_str_digits().
            raise ValidationError from error
        if self.min is not None and number < self.min:
            raise ValidationError
        if self.max is not None and number > self.max:
            raise ValidationError
        return number

    def to_url(self, value: Any) -> str:
        """Write a number, or anything that can be read as one."""
        convert = self.num_convert
        text = str(value if value.__class__ is convert else convert(value))
        return text.zfill(self.fixed_digits) if self.fixed_digits else text


class IntegerConverter(NumberConverter):
    """Accept digits, read as an int: ``<int:id>``, ``<int(signed=True):offset>``.

    Source: ``werkzeug.routing.IntegerConverter``.
    """

    regex = r"\d+"


class FloatConverter(NumberConverter):
    """Accept digits on both sides of a point, read as a float: ``<float:ratio>``.

    Source: ``werkzeug.routing.FloatConverter``, which has no ``fixed_digits``.
    """

    regex = r"\d+\.\d+"
    num_convert = float

    def __init__(
        self,
        map: Map,
        min: float | None = None,
        max: float | None = None,
        signed: bool = False,
    ) -> None:
        super().__init__(map, min=min, max=max, signed=signed)


class UUIDConverter(BaseConverter):
    """Accept the usual spelling of a UUID, in either case: ``<uuid:key>``.

    Source: ``werkzeug.routing.UUIDConverter``; the spelling is RFC 9562 section 4.
    """

    regex = "-".join(f"[A-Fa-f0-9]{{{digits}}}" for digits in (8, 4, 4, 4, 12))

    def to_python(self, value: str) -> UUID:
        """Read a UUID."""
        from uuid import UUID  # seldom needed, and slow to import

        return UUID(value)

    def to_url(self, value: UUID) -> str:
        """Write a UUID as it writes itself."""
        return str(value)


#: What a new map knows by name.
DEFAULT_CONVERTERS: Mapping[str, type[BaseConverter]] = {
    "default": UnicodeConverter,
    "string": UnicodeConverter,
    "any": AnyConverter,
    "path": PathConverter,
    "int": IntegerConverter,
    "float": FloatConverter,
    "uuid": UUIDConverter,
}
