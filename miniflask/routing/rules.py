"""Rules: a URL pattern with its endpoint, and factories that make many rules of few.

A rule is read once and used in two directions. For matching it becomes parts (``parts.py``), which
the state machine arranges with those of all other rules (``matcher.py``). For building it leaves a
trace, which is walked the other way (``builder.py``). Reading waits for ``bind``: only the map
knows the converters, and what it wants of slashes and subdomains.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Template
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import iter_multi_items

from .builder import DOMAIN_END, Builder
from .converters import is_validation_error
from .parts import PartDraft, RulePart, Token, parse_converter_args, read_tokens
from .urls import encode_query

if TYPE_CHECKING:
    from .converters import BaseConverter
    from .map import Map

_slashes = re.compile("/{2,}")


class RuleFactory:
    """Give a map its rules; a rule is the factory of itself.

    Source: ``werkzeug.routing.RuleFactory``.
    """

    def get_rules(self, map: Map) -> Iterable[Rule]:
        """Return rules that are bound to no map yet.

        Args:
            map: The map that asks, and will bind them.
        """
        raise NotImplementedError


class Rule(RuleFactory):
    """Say which URLs lead to an endpoint, and how its URLs are built.

    Args:
        string: The path, with variables such as ``<name>``, ``<int:id>``, ``<any(a, b):letter>``.
        defaults: Values that belong to this very URL. With ``{"page": 1}`` on ``/all/``, a
            sibling ``/all/<int:page>`` redirects page 1 to ``/all/``.
        subdomain: The subdomain, possibly with variables; None for the map's default.
        methods: The HTTP methods that match, None for all. GET brings HEAD with it.
        build_only: Whether the rule is for building alone and never matches.
        endpoint: What a match returns and building asks for; any hashable object.
        strict_slashes: Whether ``/list`` is redirected to a rule ``/list/`` rather than served by
            it, and ``/item/`` is not found for a rule ``/item``; None for the map's answer.
        merge_slashes: Whether several slashes count as one; None for the map's answer.
        redirect_to: Where a match redirects: a text with ``<name>`` in it, or a function of the
            adapter and the values.
        alias: Whether a match redirects to the endpoint's canonical URL.
        host: The whole host, possibly with variables, for maps that match hosts.
        websocket: Whether the rule is for websockets, and for nothing else.

    Raises:
        ValueError: *string* has no leading slash, or *methods* are none that a websocket can have.
        TypeError: *methods* is a string.

    Source: ``werkzeug.routing.Rule``; ``websocket`` and ``merge_slashes`` since Werkzeug 1.0.
    """

    def __init__(
        self,
        string: str,
        defaults: Mapping[str, Any] | None = None,
        subdomain: str | None = None,
        methods: Iterable[str] | None = None,
        build_only: bool = False,
        endpoint: Any | None = None,
        strict_slashes: bool | None = None,
        merge_slashes: bool | None = None,
        redirect_to: str | Callable[..., str] | None = None,
        alias: bool = False,
        host: str | None = None,
        websocket: bool = False,
    ) -> None:
        if not string.startswith("/"):
            raise ValueError(f"URL rule '{string}' must start with a slash.")
        self.rule = string
        self.is_branch = string.endswith("/")
        self.is_leaf = not self.is_branch
        self.map: Map = None  # type: ignore[assignment]  # until bind() is called
        self.defaults = defaults
        self.subdomain = subdomain
        self.methods = None if methods is None else _read_methods(methods, websocket)
        self.build_only = build_only
        self.endpoint: Any = endpoint
        self.strict_slashes = strict_slashes
        self.merge_slashes = merge_slashes
        self.redirect_to = redirect_to
        self.alias = alias
        self.host = host
        self.websocket = websocket
        self.arguments = set(map(str, defaults or ()))
        self._converters: dict[str, BaseConverter] = {}
        self._trace: list[tuple[bool, str]] = []
        self._parts: list[RulePart] = []

    def empty(self) -> Rule:
        """Return a copy that is bound to no map."""
        return type(self)(self.rule, **self.get_empty_kwargs())

    def get_empty_kwargs(self) -> dict[str, Any]:
        """Return what ``empty`` passes to the copy's class, for subclasses to add to.

        Source: Werkzeug 3.1, which leaves out ``merge_slashes`` and ``websocket``.
        """
        return {
            "defaults": dict(self.defaults) if self.defaults else None,
            "subdomain": self.subdomain,
            "methods": self.methods,
            "build_only": self.build_only,
            "endpoint": self.endpoint,
            "strict_slashes": self.strict_slashes,
            "redirect_to": self.redirect_to,
            "alias": self.alias,
            "host": self.host,
        }

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Return this rule alone."""
        yield self

    def bind(self, map: Map, rebind: bool = False) -> None:
        """Belong to *map*, take over what it decides, and be read.

        Raises:
            RuntimeError: The rule belongs to a map already, and *rebind* is not set.
            LookupError: The map knows no converter of a name that the rule uses.
            ValueError: The rule cannot be read.
        """
        if self.map is not None and not rebind:
            raise RuntimeError(f"url rule {self!r} already bound to map {self.map!r}")
        self.map = map
        if self.strict_slashes is None:
            self.strict_slashes = map.strict_slashes
        if self.merge_slashes is None:
            self.merge_slashes = map.merge_slashes
        if self.subdomain is None:
            self.subdomain = map.default_subdomain
        self.compile()

    def refresh(self) -> None:
        """Read the rule again, after it was changed in place."""
        self.bind(self.map, rebind=True)
        self.map._remap = True

    def compile(self) -> None:
        """Read the domain and the path into parts, converters and the trace."""
        assert self.map is not None, "rule not bound"
        domain = self.host if self.map.host_matching else self.subdomain
        path = _slashes.sub("/", self.rule) if self.merge_slashes else self.rule
        self._trace, self._converters = [], {}
        self._parts = self._read(domain or "")
        self._trace.append(DOMAIN_END)
        self._parts += self._read(path)
        self._builder = Builder(self)
        if self.defaults:
            # Now, so that it is an error of adding the rule if a converter refuses its default.
            self._builder.compile()
        self._refuse_repeated_variables()

    def _read(self, text: str) -> list[RulePart]:
        parts: list[RulePart] = []
        draft = PartDraft()
        for token in read_tokens(text):
            self._trace.append((bool(token.converter), token.text))
            if token.converter:
                draft.add_argument(self._add_converter(token))
            elif token.text != "/" or draft.final:
                draft.add_text(token.text)
            else:
                parts += draft.finish()
                draft = PartDraft()
        return parts + draft.finish()

    def _add_converter(self, token: Token) -> BaseConverter:
        args, kwargs = parse_converter_args(token.arguments) if token.arguments else ((), {})
        converter = self.get_converter(token.text, token.converter, args, kwargs)
        self._converters[token.text] = converter
        self.arguments.add(token.text)
        return converter

    def _refuse_repeated_variables(self) -> None:
        defaults = self.defaults or ()
        seen: set[str] = set()
        for is_variable, name in self._trace:
            if is_variable and name not in defaults:
                if name in seen:
                    # Werkzeug compiles a function with these names, and this is Python's answer.
                    raise SyntaxError(f"duplicate argument {name!r} in function definition")
                seen.add(name)

    def get_converter(
        self,
        variable_name: str,
        converter_name: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> BaseConverter:
        """Make the converter of one variable.

        Raises:
            LookupError: The map knows no *converter_name*.

        Source: ``werkzeug.routing.Rule.get_converter``, since Werkzeug 0.9.
        """
        if converter_name not in self.map.converters:
            raise LookupError(f"the converter {converter_name!r} does not exist")
        return self.map.converters[converter_name](self.map, *args, **kwargs)

    def build(
        self, values: Mapping[str, Any], append_unknown: bool = True
    ) -> tuple[str, str] | None:
        """Put together the domain part and the path of a URL.

        Args:
            values: A value for each variable; others go into the query.
            append_unknown: Whether there may be a query.

        Returns:
            The subdomain or host, and the path; None if a converter does not accept its value.
        """
        try:
            return self._builder.build(values, append_unknown)
        except ValueError as error:
            if is_validation_error(error):
                return None
            raise

    def _encode_query_vars(self, query_vars: Mapping[str, Any]) -> str:
        if not self.map.sort_parameters:
            return encode_query(query_vars)
        return encode_query(sorted(iter_multi_items(query_vars), key=self.map.sort_key))

    def suitable_for(self, values: Mapping[str, Any], method: str | None = None) -> bool:
        """Tell whether these values, and the method if one is given, are this rule's.

        Every argument needs a value or a default, and a value that has a default must equal it.
        """
        if method is not None and self.methods is not None and method not in self.methods:
            return False
        defaults = self.defaults or {}
        for name in self.arguments:
            if name not in values and name not in defaults:
                return False
        return not any(
            name in values and default != values[name] for name, default in defaults.items()
        )

    def provides_defaults_for(self, rule: Rule) -> bool:
        """Tell whether this rule is the more fitting URL for some values of *rule*."""
        return bool(
            not self.build_only
            and self.defaults
            and self.endpoint == rule.endpoint
            and self != rule
            and self.arguments == rule.arguments
        )

    def build_compare_key(self) -> tuple[int, int, int]:
        """Return what the rules of an endpoint are sorted by, the first to build in front.

        An alias comes last, then more arguments come before fewer, then more defaults.
        """
        return (1 if self.alias else 0, -len(self.arguments), -len(self.defaults or ()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._trace == other._trace

    # Equal while their texts are, and these change when a rule is bound.
    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return self.rule

    def __repr__(self) -> str:
        if self.map is None:
            return f"<{type(self).__name__} (unbound)>"
        texts = (f"<{text}>" if is_variable else text for is_variable, text in self._trace)
        pattern = "".join(texts).lstrip("|")
        methods = "" if self.methods is None else f" ({', '.join(self.methods)})"
        return f"<{type(self).__name__} {pattern!r}{methods} -> {self.endpoint}>"


def _read_methods(methods: Iterable[str], websocket: bool) -> set[str]:
    if isinstance(methods, str):
        raise TypeError("'methods' should be a list of strings.")
    names = {name.upper() for name in methods}
    if "GET" in names:
        names.add("HEAD")
    if websocket and names - {"GET", "HEAD", "OPTIONS"}:
        raise ValueError("WebSocket rules can only use 'GET', 'HEAD', and 'OPTIONS' methods.")
    return names


class Subdomain(RuleFactory):
    """Put rules on a subdomain: ``Subdomain("<lang>", [Rule("/"), Rule("/about")])``.

    Source: ``werkzeug.routing.Subdomain``.
    """

    def __init__(self, subdomain: str, rules: Iterable[RuleFactory]) -> None:
        self.subdomain = subdomain
        self.rules = rules

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Return copies of the rules, on the subdomain."""
        for rule in _copies(self.rules, map):
            rule.subdomain = self.subdomain
            yield rule


class Submount(RuleFactory):
    """Put rules below a path: ``Submount("/blog", [Rule("/"), Rule("/<slug>")])``.

    Source: ``werkzeug.routing.Submount``.
    """

    def __init__(self, path: str, rules: Iterable[RuleFactory]) -> None:
        self.path = path.rstrip("/")
        self.rules = rules

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Return copies of the rules, below the path."""
        for rule in _copies(self.rules, map):
            rule.rule = self.path + rule.rule
            yield rule


class EndpointPrefix(RuleFactory):
    """Put a text before endpoints: ``EndpointPrefix("blog.", [Rule("/", endpoint="index")])``.

    Source: ``werkzeug.routing.EndpointPrefix``.
    """

    def __init__(self, prefix: str, rules: Iterable[RuleFactory]) -> None:
        self.prefix = prefix
        self.rules = rules

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Return copies of the rules, with the longer endpoints."""
        for rule in _copies(self.rules, map):
            rule.endpoint = self.prefix + rule.endpoint
            yield rule


def _copies(factories: Iterable[RuleFactory], map: Map) -> Iterator[Rule]:
    return (rule.empty() for factory in factories for rule in factory.get_rules(map))


class RuleTemplate:
    """Keep rules with ``$placeholders``, to be filled in by calling the template.

    ``resource = RuleTemplate([Rule("/$name/", endpoint="$name.list")])`` gives rules for a map with
    ``resource(name="user")``.

    Source: ``werkzeug.routing.RuleTemplate``.
    """

    def __init__(self, rules: Iterable[RuleFactory]) -> None:
        self.rules = list(rules)

    def __call__(self, *args: Any, **kwargs: Any) -> RuleTemplateFactory:
        """Return the rules with these values, given as for a dict."""
        return RuleTemplateFactory(self.rules, dict(*args, **kwargs))


class RuleTemplateFactory(RuleFactory):
    """Fill in the placeholders of a ``RuleTemplate``.

    The rules are of the class ``Rule``, whatever they were, and take over path, defaults,
    subdomain, methods, ``build_only``, endpoint and ``strict_slashes``, and nothing else.

    Source: ``werkzeug.routing.RuleTemplateFactory``.
    """

    def __init__(self, rules: Iterable[RuleFactory], context: dict[str, Any]) -> None:
        self.rules = rules
        self.context = context

    def get_rules(self, map: Map) -> Iterator[Rule]:
        """Return new rules with the placeholders filled in."""
        for factory in self.rules:
            for rule in factory.get_rules(map):
                defaults = {key: self._fill(value) for key, value in (rule.defaults or {}).items()}
                yield Rule(
                    self._fill(rule.rule),
                    defaults or None,
                    self._fill(rule.subdomain),
                    rule.methods,
                    rule.build_only,
                    self._fill(rule.endpoint),
                    rule.strict_slashes,
                )

    def _fill(self, value: Any) -> Any:
        return Template(value).substitute(self.context) if isinstance(value, str) else value
