"""Parts: what a rule's text is taken apart into.

A rule is read from slash to slash, and each stretch becomes one ``RulePart``.
``/user/<int:id>-<name>`` has three: the empty text before the first slash, the text ``user``, and a
regular expression for ``<int:id>-<name>``. A converter that may swallow slashes (``<path:page>``)
makes its part *final*: it runs to the end of the rule.

Every part has a weight, and where several fit a piece of a URL, the one with the smallest weight is
tried first: more static text before less, longer text before shorter, more arguments before fewer,
and only then the converters' own weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .converters import BaseConverter

# The groups of the arguments in a part's pattern. They have names because a converter's regex may
# have groups of its own, and Werkzeug's names so that the parts of its rules can be read as well.
ARGUMENT = "__werkzeug_"

_NAME = "[a-zA-Z_][a-zA-Z0-9_]*"
_TOKEN = re.compile(
    rf"""
    (?P<slash> / )
    | (?P<static> [^</]+ )
    | < (?: (?P<converter> {_NAME} ) (?: \( (?P<arguments> .*? ) \) )? : )?
        (?P<variable> {_NAME} ) >
    """,
    re.VERBOSE,
)

# The dots after digits are wild on purpose: to Werkzeug, `1,2` is one argument, the text "1,2".
_CONVERTER_ARGUMENT = re.compile(
    r"""
    \s* (?: (?P<name> \w+ ) \s* = \s* )?
    (?P<value> \d+.\d+ | \d+. | [\w.]+ | [urUR]? (?P<quoted> "[^"]*" | '[^']*' ) )
    \s* ,
    """,
    re.VERBOSE,
)
_CONSTANTS = {"None": None, "True": True, "False": False}

# Minus the number of static texts, the position and minus the length of each, minus the number of
# arguments, the weights of their converters.
Weight = tuple[int, tuple[tuple[int, int], ...], int, tuple[int, ...]]


class RulePart(NamedTuple):
    """A stretch of a rule: text to be equal to, or a pattern to fit.

    Attributes:
        content: The text if *static*, else the regular expression.
        final: Whether the part takes all that is left of a URL, slashes included.
        static: Whether there is no argument in the part.
        suffixed: Whether a final part ends with a slash, which a URL may lack.
        weight: When to try the part among those beside it.
        starts: The text before the first argument.
        ends: The text after the last argument.

    Source: ``werkzeug.routing.rules.RulePart``, since Werkzeug 2.2; the last two are ours.
    """

    content: str
    final: bool
    static: bool
    suffixed: bool
    weight: Weight
    starts: str = ""
    ends: str = ""


# What stands in front of the first slash, and behind a last one: every rule has it.
_NOTHING = RulePart("", False, True, False, (0, (), 0, ()))


class Token(NamedTuple):
    """A slash or another text of a rule, or a variable with its converter.

    Attributes:
        text: The text, or the name of the variable.
        converter: The name of the variable's converter; "" marks a text.
        arguments: What stands in parentheses behind the converter's name.
    """

    text: str
    converter: str = ""
    arguments: str = ""


def read_tokens(rule: str) -> Iterator[Token]:
    """Split a rule's text into slashes, other texts, and variables.

    Raises:
        ValueError: The text has a ``<`` that opens no variable.
    """
    position = 0
    while position < len(rule):
        found = _TOKEN.match(rule, position)
        if found is None:
            raise ValueError(f"malformed url rule: {rule!r}")
        variable, converter, arguments = found.group("variable", "converter", "arguments")
        if variable is None:
            yield Token(found[0])
        else:
            yield Token(variable, converter or "default", arguments or "")
        position = found.end()


def parse_converter_args(argstr: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Read what stands in the parentheses of ``<any(a, "b c"):x>`` or ``<string(length=2):x>``.

    Returns:
        Positional and keyword arguments for the converter's class.

    Raises:
        ValueError: Something between two arguments is none.

    Source: ``werkzeug.routing.parse_converter_args``.
    """
    argstr += ","
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    position = 0
    for item in _CONVERTER_ARGUMENT.finditer(argstr):
        if item.start() != position:
            strange = argstr[position : item.start()]
            raise ValueError(f"Cannot parse converter argument '{strange}'")
        value = _python_value(item["quoted"] or item["value"])
        if item["name"]:
            kwargs[item["name"]] = value
        else:
            args.append(value)
        position = item.end()
    return tuple(args), kwargs


def _python_value(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text[1:-1] if text[0] in "\"'" else text


class PartDraft:
    """A part while the tokens of a rule are read into it.

    There is always one text more than there are arguments: the texts stand around them.
    """

    def __init__(self) -> None:
        self.final = False
        self._texts = [""]
        self._text_weights: list[tuple[int, int]] = []
        self._regexes: list[str] = []
        self._argument_weights: list[int] = []

    def add_text(self, text: str) -> None:
        """Append static text; the slashes of a final part have no weight."""
        self._texts[-1] += text
        if text != "/":
            self._text_weights.append((len(self._text_weights), -len(text)))

    def add_argument(self, converter: BaseConverter) -> None:
        """Append an argument; one that may hold slashes makes the part final."""
        self._texts.append("")
        self._regexes.append(converter.regex)
        self._argument_weights.append(converter.weight)
        self.final = self.final or not converter.part_isolating

    def finish(self) -> list[RulePart]:
        """Make the part, and if it ends in a slash that a URL may lack, the text behind that."""
        starts, ends = self._texts[0], self._texts[-1]
        if not starts and not self._regexes:
            return [_NOTHING]
        texts, arguments = tuple(self._text_weights), tuple(self._argument_weights)
        weight = (-len(texts), texts, -len(arguments), arguments)
        if not arguments:
            return [RulePart(starts, False, True, False, weight)]
        if self.final and ends.endswith("/"):
            # Without the slash the rule should still be found, to redirect to where it has one.
            content = self._pattern().removesuffix("/") + r"(?<!/)(/?)\Z"
            return [RulePart(content, True, False, True, weight, starts), _NOTHING]
        content = self._pattern() + r"\Z"
        return [RulePart(content, self.final, False, False, weight, starts, ends)]

    def _pattern(self) -> str:
        pattern = re.escape(self._texts[0])
        for number, regex in enumerate(self._regexes):
            text = self._texts[number + 1]
            pattern += f"(?P<{ARGUMENT}{number}>{regex}){re.escape(text)}"
        return pattern
