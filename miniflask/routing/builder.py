"""Building, the inverse of matching: from an endpoint's values to the URL that has them.

A rule keeps its trace: the texts and variables it was read as. A ``Builder`` goes along it once,
the first time that a URL is asked for, and makes two forms of it, one for the domain and one for
the path. Neighbouring texts become one, already quoted, and so do variables that have a default.
What is left to do for each URL is to fill the slots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .urls import quote_path

if TYPE_CHECKING:
    from .converters import BaseConverter
    from .rules import Rule

#: What separates, in a rule's trace, the host or subdomain from the path.
DOMAIN_END = (False, "|")

# The name of a variable, what writes its value, and the text up to the next variable.
Slot = tuple[str, "BaseConverter", str]


class Form:
    """A text with slots.

    Args:
        rule: The rule that knows the converters and the defaults.
        trace: The texts and variables to make the form of.

    Attributes:
        head: The text up to the first slot.
        slots: The slots.
    """

    def __init__(self, rule: Rule, trace: Iterable[tuple[bool, str]]) -> None:
        self.head = ""
        self.slots: list[Slot] = []
        defaults = rule.defaults or {}
        for is_variable, text in trace:
            if not is_variable:
                self._append(quote_path(text))
            elif text in defaults:
                self._append(rule._converters[text].to_url(defaults[text]))
            else:
                self.slots.append((text, rule._converters[text], ""))

    def _append(self, text: str) -> None:
        if self.slots:
            name, converter, behind = self.slots[-1]
            self.slots[-1] = (name, converter, behind + text)
        else:
            self.head += text

    def fill(self, values: Mapping[str, Any]) -> str:
        """Write a value into each slot."""
        text = self.head
        for name, converter, behind in self.slots:
            text += converter.to_url(values[name]) + behind
        return text


class Builder:
    """What builds the URLs of one rule, and reads its trace only when there is one to build.

    Args:
        rule: A rule that has been read.
    """

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._path: Form | None = None

    def compile(self) -> Form:
        """Make both forms, the defaults written by their converters, and return the path's."""
        rule = self._rule
        end = rule._trace.index(DOMAIN_END)
        self._domain = Form(rule, rule._trace[:end])
        self._constant_domain = None if self._domain.slots else self._domain.head
        self._names = {name for is_variable, name in rule._trace if is_variable}
        self._names.update(map(str, rule.defaults or ()))
        path = self._path = Form(rule, rule._trace[end + 1 :])
        return path

    def build(self, values: Mapping[str, Any], append_unknown: bool) -> tuple[str, str]:
        """Put together the domain, and the path with its query.

        Args:
            values: A value for each variable; what is left over goes into the query.
            append_unknown: Whether there is to be a query.
        """
        path = self._path or self.compile()
        query = self._query(values) if append_unknown else ""
        domain = self._domain.fill(values)
        return domain, path.fill(values) + query

    def build_simply(
        self, values: Mapping[str, Any], domain: str | None, append_unknown: bool
    ) -> str | None:
        """Put together the path and its query, if that is all there is to do.

        Most URLs come to no more, and here that takes one step, not the five of the long way.

        Returns:
            The path; None if the URL is on another domain, or anything is wrong, which the long
            way will tell in the right order.
        """
        path = self._path or self.compile()
        if domain is None or domain != self._constant_domain:
            return None
        text = path.head
        try:
            for name, converter, behind in path.slots:
                value = values[name]
                if value is None:
                    return None
                text += converter.to_url(value) + behind
        except Exception:
            return None
        if append_unknown and len(values) > len(path.slots):
            text += self._query(values)
        return text

    def _query(self, values: Mapping[str, Any]) -> str:
        names = self._names
        left_over = {n: v for n, v in values.items() if n not in names and v is not None}
        if not left_over:
            return ""
        # Passed on as keyword arguments are, so that a name that is no text is an error here too.
        query = self._rule._encode_query_vars(dict(**left_over))
        return f"?{query}" if query else ""
