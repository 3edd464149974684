"""The map: the rules of a program, and what they have in common.

A map gathers rules, binds them, and keeps them in two orders: in the state machine for matching,
and by endpoint for building. Adding is cheap; what has to be put in order is put in order when
somebody next matches or builds. The map knows nothing of requests, so that all of them can share
it; for each, ``bind`` makes an adapter.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import ImmutableDict

from .adapter import MapAdapter as MapAdapter
from .adapter import NeedsAdapter, PathAdapter, Query
from .builder import Builder
from .converters import DEFAULT_CONVERTERS
from .environ import (
    encode_host,
    read_host,
    read_scheme,
    read_text,
    subdomain_of,
    without_default_port,
)
from .matcher import LOST, UNKNOWN_SITE, StateMachineMatcher
from .rules import Rule

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Request

    from .converters import BaseConverter
    from .rules import RuleFactory

# What a program may set on a map, so that it has a part in each request.
_METHODS = frozenset(("bind", "bind_to_environ", "update"))
_DECIDES = frozenset(("host_matching", *_METHODS))


class Map:
    """Keep the rules of a program.

    Args:
        rules: Rules and rule factories to begin with.
        default_subdomain: The subdomain of rules that name none.
        strict_slashes: Whether rules tell ``/list`` from ``/list/`` unless they say otherwise.
        merge_slashes: Whether several slashes in a row count as one unless a rule says otherwise.
        redirect_defaults: Whether values that are the defaults of another rule redirect there.
        converters: Converters by name, besides those every map has.
        sort_parameters: Whether queries are sorted when building.
        sort_key: What to sort queries by, a function of a name and a value.
        host_matching: Whether rules have a whole host in place of a subdomain.

    Attributes:
        converters: All converters by name; more may be put in.

    Source: ``werkzeug.routing.Map``.
    """

    #: The converters that every map has.
    default_converters = ImmutableDict(DEFAULT_CONVERTERS)

    #: The lock that keeps threads from putting the rules in order together.
    lock_class = Lock

    def __init__(
        self,
        rules: Iterable[RuleFactory] | None = None,
        default_subdomain: str = "",
        strict_slashes: bool = True,
        merge_slashes: bool = True,
        redirect_defaults: bool = True,
        converters: Mapping[str, type[BaseConverter]] | None = None,
        sort_parameters: bool = False,
        sort_key: Callable[[Any], Any] | None = None,
        host_matching: bool = False,
    ) -> None:
        self._matcher = StateMachineMatcher(merge_slashes)
        self._rules_by_endpoint: dict[Any, list[Rule]] = {}
        self._endpoints_with_defaults: set[Any] = set()
        self._simple_builders: dict[Any, Builder] = {}
        self._remap = True
        self._remap_lock = self.lock_class()
        self._path_adapter = PathAdapter(self)
        self.default_subdomain = default_subdomain
        self.strict_slashes = strict_slashes
        self.redirect_defaults = redirect_defaults
        self.host_matching = host_matching
        self.converters: dict[str, type[BaseConverter]] = {
            **self.default_converters,
            **(converters or {}),
        }
        self.sort_parameters = sort_parameters
        self.sort_key = sort_key
        for factory in rules or ():
            self.add(factory)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _DECIDES:
            self._look_at_itself()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in _DECIDES:
            self._look_at_itself()

    def _look_at_itself(self) -> None:
        """Note whether :meth:`find` is enough: no hosts, no method that a program has set here."""
        own = vars(self)
        self._finds = not own.get("host_matching") and own.keys().isdisjoint(_METHODS)

    @property
    def merge_slashes(self) -> bool:
        """Whether several slashes in a row count as one, unless a rule says otherwise."""
        return self._matcher.merge_slashes

    @merge_slashes.setter
    def merge_slashes(self, value: bool) -> None:
        self._matcher.merge_slashes = value

    def add(self, rulefactory: RuleFactory) -> None:
        """Bind a rule, or the rules of a factory, and add them.

        Raises:
            RuntimeError: A rule belongs to a map already.
            LookupError: A rule names an unknown converter.
            ValueError: A rule cannot be read.
        """
        for rule in rulefactory.get_rules(self):
            rule.bind(self)
            with self._remap_lock:
                if not rule.build_only:
                    self._matcher.add(rule)
                self._rules_by_endpoint.setdefault(rule.endpoint, []).append(rule)
                self._remap = True

    def update(self) -> None:
        """Put the rules in order if some were added; matching and building call this first."""
        if not self._remap:
            return
        with self._remap_lock:
            if not self._remap:
                return
            self._matcher.update()
            for rules in self._rules_by_endpoint.values():
                rules[:] = sorted(rules, key=lambda rule: rule.build_compare_key())
            self._endpoints_with_defaults = {
                endpoint
                for endpoint, rules in self._rules_by_endpoint.items()
                if any(rule.defaults for rule in rules)
            }
            self._simple_builders = {
                endpoint: rules[0]._builder
                for endpoint, rules in self._rules_by_endpoint.items()
                if len(rules) == 1 and _builds_simply(rules[0])
            }
            self._remap = False

    @property
    def _rules(self) -> list[Rule]:
        return [rule for rules in self._rules_by_endpoint.values() for rule in rules]

    def iter_rules(self, endpoint: Any | None = None) -> Iterator[Rule]:
        """Return all rules, endpoint by endpoint, or the rules of one.

        Raises:
            KeyError: The endpoint has no rules.
        """
        self.update()
        return iter(self._rules if endpoint is None else self._rules_by_endpoint[endpoint])

    def is_endpoint_expecting(self, endpoint: Any, *arguments: str) -> bool:
        """Tell whether some rule of an endpoint has all these arguments.

        Raises:
            KeyError: The endpoint has no rules.
        """
        self.update()
        rules = self._rules_by_endpoint[endpoint]
        return any(rule.arguments.issuperset(arguments) for rule in rules)

    def bind(
        self,
        server_name: str,
        script_name: str | None = None,
        subdomain: str | None = None,
        url_scheme: str = "http",
        default_method: str = "GET",
        path_info: str | None = None,
        query_args: Query | None = None,
    ) -> MapAdapter:
        """Make an adapter from what is known of a request.

        Args:
            server_name: The host, without the subdomain unless the map matches hosts.
            script_name: Where the program is mounted; None for ``/``.
            subdomain: The subdomain; None for the map's default.
            url_scheme: ``http``, ``https``, ``ws`` or ``wss``.
            default_method: The method to match if none is given.
            path_info: The path to match if none is given; None for ``/``.
            query_args: The query to keep in redirects.

        Raises:
            RuntimeError: A subdomain was given, but the map matches hosts.
            BadHost: The host is no valid domain name.

        Source: ``werkzeug.routing.Map.bind``.
        """
        if not self.host_matching:
            subdomain = self.default_subdomain if subdomain is None else subdomain
        elif subdomain is not None:
            raise RuntimeError("host matching enabled and a subdomain was provided")
        return MapAdapter(
            self,
            encode_host(server_name.lower()),
            "/" if script_name is None else script_name,
            subdomain,
            url_scheme,
            "/" if path_info is None else path_info,
            default_method,
            query_args,
        )

    def bind_to_environ(
        self,
        environ: WSGIEnvironment | Request,
        server_name: str | None = None,
        subdomain: str | None = None,
    ) -> MapAdapter:
        """Make an adapter from a WSGI environment.

        Args:
            environ: The environment, or a request that has one.
            server_name: The host below which subdomains are; None for the request's own.
            subdomain: The subdomain; None to take what the request's host has before *server_name*.

        Raises:
            BadHost: The host is no valid domain name.

        A host that is not below *server_name* gives a warning and the subdomain ``<invalid>``. A
        subclass's ``bind`` is not asked.

        Source: ``werkzeug.routing.Map.bind_to_environ``.
        """
        env = getattr(environ, "environ", environ)
        assert isinstance(env, dict), (
            f"{type(environ).__name__!r} is not a WSGI environment (has to be a dict)"
        )
        host, scheme = read_host(env), read_scheme(env)
        if server_name is None:
            server_name = host
        else:
            server_name = without_default_port(server_name.lower(), scheme)
        if subdomain is None and not self.host_matching:
            subdomain = subdomain_of(host, server_name)
            if subdomain is None:
                warnings.warn(
                    f"Current server name {host!r} doesn't match configured"
                    f" server name {server_name!r}",
                    stacklevel=2,
                )
                subdomain = "<invalid>"
        return Map.bind(
            self,
            server_name,
            read_text(env, "SCRIPT_NAME"),
            subdomain,
            scheme,
            env["REQUEST_METHOD"],
            read_text(env, "PATH_INFO"),
            read_text(env, "QUERY_STRING"),
        )

    def find(
        self, environ: WSGIEnvironment, server_name: str | None = None
    ) -> tuple[Rule, Mapping[str, Any]] | None:
        """Match a request by its path and method alone, without an adapter.

        That is enough unless hosts, subdomains or websockets have a part in it.

        Args:
            environ: The WSGI environment.
            server_name: Where redirects lead to; the host of the request by default.

        Returns:
            The rule and the values of its variables; None if only an adapter can tell.

        Raises:
            HTTPException: As from ``MapAdapter.match``.
        """
        path: Any = environ.get("PATH_INFO", "/")
        method = environ["REQUEST_METHOD"]
        if not self._remap:
            # A path without variables, where it is most likely to be found.
            site = self._matcher.sites.get(self.default_subdomain or "", UNKNOWN_SITE)
            for rule, _ in site.exact.get(path, LOST).plain_rules:
                if (rule.methods is None or method in rule.methods) and not rule.websocket:
                    if rule.redirect_to is None:
                        return rule, {}
                    break
        if not path.isascii():
            path = read_text(environ, "PATH_INFO")
        if self._remap:
            self.update()
        try:
            return self._path_adapter._match(
                self.default_subdomain or "", path, method.upper(), False, None
            )
        except NeedsAdapter as error:
            found = error.found
        if found is not None:
            # A converter was asked already, and must not be asked twice.
            adapter = self.bind_to_environ(environ, server_name, self.default_subdomain or "")
            adapter._redirect_elsewhere(*found, method.upper(), None)
        return found

    def build_path(
        self, endpoint: Any, values: dict[str, Any], environ: WSGIEnvironment
    ) -> str | None:
        """Build the URL of an endpoint on the host of a request, without an adapter.

        Returns:
            The path, with the query; None if only an adapter can tell, or tell what is wrong.
        """
        self.update()
        builder = self._simple_builders.get(endpoint)
        if builder is None or MapAdapter.build is not _build:
            return None
        path = builder.build_simply(values, self.default_subdomain or "", True)
        if path is None:
            return None
        script = (read_text(environ, "SCRIPT_NAME") or "").rstrip("/")
        return f"{script}/{path.lstrip('/')}"

    def __repr__(self) -> str:
        from pprint import pformat  # seldom needed, and slow to import

        return f"{type(self).__name__}({pformat(list(self.iter_rules()))})"


_build = MapAdapter.build


def _builds_simply(rule: Rule) -> bool:
    """Tell whether building a rule is left to its builder, and no value of it is decided."""
    own_methods = (rule.build, rule.suitable_for)
    if [getattr(m, "__func__", None) for m in own_methods] != [Rule.build, Rule.suitable_for]:
        return False
    return not rule.defaults and not rule.websocket
