"""The adapter: a map, seen from one request.

A map knows rules. It does not know under which host the program is reached, where it is mounted, or
which path was asked for. ``Map.bind`` adds that and gives a ``MapAdapter``, which matches,
redirects and builds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urljoin, urlunsplit

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from .converters import is_validation_error
from .exceptions import (
    BuildError,
    NoMatch,
    RequestAliasRedirect,
    RequestPath,
    RequestRedirect,
    WebsocketMismatch,
)
from .matcher import LOST, UNKNOWN_SITE
from .urls import encode_query, quote_path

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from .map import Map
    from .rules import Rule

Query = Mapping[str, Any] | str

_placeholder = re.compile("<([^>]+)>")

# The pieces that are read of a path without variables.
_NOTHING: list[Any] = []


class MapAdapter:
    """Match and build with what is known of a request.

    Args:
        map: The map with the rules.
        server_name: The host, without the subdomain unless the map matches hosts.
        script_name: Where the program is mounted.
        subdomain: The subdomain; None if the map matches hosts.
        url_scheme: ``http``, ``https``, ``ws`` or ``wss``.
        path_info: The path to match if none is given.
        default_method: The method to match if none is given.
        query_args: The query to keep in redirects, a mapping or a string.

    Source: ``werkzeug.routing.MapAdapter``.
    """

    def __init__(
        self,
        map: Map,
        server_name: str,
        script_name: str,
        subdomain: str | None,
        url_scheme: str,
        path_info: str,
        default_method: str,
        query_args: Query | None = None,
    ) -> None:
        self.map = map
        self.server_name = server_name
        self.script_name = script_name if script_name.endswith("/") else f"{script_name}/"
        self.subdomain = subdomain
        self.url_scheme = url_scheme
        self.path_info = path_info
        self.default_method = default_method
        self.query_args = query_args
        self.websocket = url_scheme in {"ws", "wss"}

    @overload
    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: Literal[False] = False,
        query_args: Query | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, Mapping[str, Any]]: ...

    @overload
    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: Literal[True] = True,
        query_args: Query | None = None,
        websocket: bool | None = None,
    ) -> tuple[Rule, Mapping[str, Any]]: ...

    def match(
        self,
        path_info: str | None = None,
        method: str | None = None,
        return_rule: bool = False,
        query_args: Query | None = None,
        websocket: bool | None = None,
    ) -> tuple[Any, Mapping[str, Any]]:
        """Find the rule for a path.

        Each argument that is None is taken from the adapter.

        Args:
            path_info: The path, decoded.
            method: The HTTP method.
            return_rule: Whether to return the rule in place of its endpoint.
            query_args: The query to keep in redirects.
            websocket: Whether it is for a websocket.

        Returns:
            The endpoint or the rule, and the values of the variables.

        Raises:
            RequestRedirect: The resource is at another address.
            MethodNotAllowed: Only other methods match.
            WebsocketMismatch: Only a websocket would match, or only plain HTTP.
            NotFound: Nothing matches.

        Source: ``werkzeug.routing.MapAdapter.match``; ``websocket`` since Werkzeug 1.0.
        """
        self.map.update()
        domain = self.subdomain
        if domain is None or self.map.host_matching:
            domain = self.server_name
        rule, values = self._match(
            domain,
            self.path_info if path_info is None else path_info,
            (method or self.default_method).upper(),
            self.websocket if websocket is None else websocket,
            query_args,
        )
        return (rule if return_rule else rule.endpoint), values

    def _match(
        self, domain: str, path: str, method: str, websocket: bool, query_args: Query | None
    ) -> tuple[Rule, dict[str, Any]]:
        """Find the rule, while the map is up to date.

        Every request comes through here, which is why this is dense: in one piece it takes a fifth
        less than in two. What it does is a walk along the states of ``matcher.py``, from piece to
        piece of the path; where that cannot tell, there is a search.
        """
        site = self.map._matcher.sites.get(domain, UNKNOWN_SITE)
        state = site.exact.get(path)
        pieces: list[Any] = _NOTHING
        if state is None:
            state = site.start
            pieces = path.lstrip("/").split("/")
            for piece in pieces:
                following = state.static.get(piece)
                if following is None:
                    way = state.lone_way
                    if way is not None:
                        test = way.test
                        if test(piece):
                            following = way.state
                    elif state.dynamic:
                        following = state.step(pieces)
                    if following is None:
                        if state.only_way and piece and "//" not in path:
                            raise NotFound
                        state = LOST
                        break
                state = following
        for rule, read in state.plain_rules:
            if (rule.methods is None or method in rule.methods) and rule.websocket == websocket:
                try:
                    values = read(pieces)
                except ValueError as error:
                    if not is_validation_error(error):
                        raise
                    raise self._refusal(domain, path, method, websocket) from None
                break
        else:
            rule, values = self._search(domain, path, method, query_args, websocket)
        if rule.redirect_to is not None or (values and self.map._endpoints_with_defaults):
            self._redirect_elsewhere(rule, values, method, query_args)
        return rule, values

    def _refusal(self, domain: str, path: str, method: str, websocket: bool) -> HTTPException:
        """Return the error for a text that a converter refused, with what came close before it."""
        return _http_error(self.map._matcher.refusal(domain, path, method, websocket))

    def _search(
        self, domain: str, path_info: str, method: str, query_args: Query | None, websocket: bool
    ) -> tuple[Rule, dict[str, Any]]:
        """Match the long way, from which a path or an alias may be redirected."""
        path = f"/{path_info.lstrip('/')}" if path_info else ""
        query = self._query(query_args)
        try:
            return self.map._matcher.match(domain, path, method, websocket)
        except NoMatch as error:
            raise _http_error(error) from None
        except RequestPath as error:
            url = self.make_redirect_url(quote_path(error.path_info), query)
        except RequestAliasRedirect as error:
            asked = f"{domain}|{path}"
            url = self.make_alias_redirect_url(
                asked, error.endpoint, error.matched_values, method, query
            )
        raise RequestRedirect(url)

    def _query(self, query_args: Query | None) -> Query:
        return (self.query_args or {}) if query_args is None else query_args

    def _redirect_elsewhere(
        self, rule: Rule, values: dict[str, Any], method: str, query_args: Query | None
    ) -> None:
        """Redirect if what matched is at home at another address."""
        if values:
            self._redirect_to_default(rule, values, method, query_args)
        if rule.redirect_to is not None:
            raise RequestRedirect(self._redirect_target(rule, values))

    def _redirect_to_default(
        self, rule: Rule, values: dict[str, Any], method: str, query_args: Query | None
    ) -> None:
        if self.map.redirect_defaults and rule.endpoint in self.map._endpoints_with_defaults:
            url = self.get_default_redirect(rule, method, values, self._query(query_args))
            if url is not None:
                raise RequestRedirect(url)

    def get_default_redirect(
        self, rule: Rule, method: str, values: dict[str, Any], query_args: Query
    ) -> str | None:
        """Return the URL of the sibling that has these values as its defaults, or None.

        Args:
            rule: The rule that matched; only those that are built before it count.
            method: The HTTP method.
            values: What it matched with; the defaults are added.
            query_args: The query to keep.
        """
        for other in self.map._rules_by_endpoint[rule.endpoint]:
            if other is rule:
                break
            if other.provides_defaults_for(rule) and other.suitable_for(values, method):
                values.update(other.defaults or {})
                domain_part, path = other.build(values)  # type: ignore[misc]  # it is suitable
                return self.make_redirect_url(path, query_args, domain_part=domain_part)
        return None

    def _redirect_target(self, rule: Rule, values: Mapping[str, Any]) -> str:
        if isinstance(rule.redirect_to, str):
            target = _placeholder.sub(
                lambda found: rule._converters[found[1]].to_url(values[found[1]]), rule.redirect_to
            )
        else:
            assert rule.redirect_to is not None
            target = rule.redirect_to(self, **values)
        host = f"{self.subdomain}.{self.server_name}" if self.subdomain else self.server_name
        return urljoin(f"{self.url_scheme or 'http'}://{host}{self.script_name}", target)

    def test(self, path_info: str | None = None, method: str | None = None) -> bool:
        """Tell whether a path matches, or redirects to one that does."""
        try:
            self.match(path_info, method)
        except RequestRedirect:
            return True
        except HTTPException:
            return False
        return True

    def allowed_methods(self, path_info: str | None = None) -> Iterable[str]:
        """Return the methods that match a path, in no order; none if every method does, or no rule.

        Source: ``werkzeug.routing.MapAdapter.allowed_methods``, since Werkzeug 0.7.
        """
        try:
            self.match(path_info, method="--")
        except MethodNotAllowed as error:
            return error.valid_methods or ()
        except HTTPException:
            pass
        return []

    def dispatch(
        self,
        view_func: Callable[[Any, Mapping[str, Any]], WSGIApplication],
        path_info: str | None = None,
        method: str | None = None,
        catch_http_exceptions: bool = False,
    ) -> WSGIApplication:
        """Match, and call a view with the endpoint and the values.

        Args:
            view_func: What to call.
            path_info: As for ``match``.
            method: As for ``match``.
            catch_http_exceptions: Whether HTTP errors are returned and not raised.

        Returns:
            What the view returns; or a redirect or an HTTP error, which are applications too.
        """
        try:
            try:
                endpoint, values = self.match(path_info, method)
            except RequestRedirect as redirect:
                return redirect
            return view_func(endpoint, values)
        except HTTPException as error:
            if catch_http_exceptions:
                return error
            raise

    def get_host(self, domain_part: str | None) -> str:
        """Return the whole host for a domain part that was built.

        Args:
            domain_part: A subdomain, or a host if the map matches hosts; None for the
                adapter's own.
        """
        if self.map.host_matching:
            return self.server_name if domain_part is None else domain_part
        subdomain = self.subdomain if domain_part is None else domain_part
        return f"{subdomain}.{self.server_name}" if subdomain else self.server_name

    def encode_query_args(self, query_args: Query) -> str:
        """Write a query string; one that is a string already stays as it is."""
        return query_args if isinstance(query_args, str) else encode_query(query_args)

    def make_redirect_url(
        self, path_info: str, query_args: Query | None = None, domain_part: str | None = None
    ) -> str:
        """Return the absolute URL of a path of this map.

        Args:
            path_info: The path, quoted, without the mount point.
            query_args: The query; None for the adapter's own.
            domain_part: As for ``get_host``.
        """
        if query_args is None:
            query_args = self.query_args
        query = self.encode_query_args(query_args) if query_args else ""
        path = f"{self.script_name.strip('/')}/{path_info.lstrip('/')}"
        scheme = self.url_scheme or "http"
        return urlunsplit((scheme, self.get_host(domain_part), path, query, ""))

    def make_alias_redirect_url(
        self,
        path: str,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str,
        query_args: Query,
    ) -> str:
        """Return the absolute URL that an alias stands for.

        Args:
            path: The domain and path that matched.
            endpoint: The endpoint to build.
            values: Its values.
            method: The HTTP method.
            query_args: The query to keep.
        """
        url = self.build(endpoint, values, method, append_unknown=False, force_external=True)
        if query_args:
            url += f"?{self.encode_query_args(query_args)}"
        assert url != path, "detected invalid alias setting. No canonical URL found"
        return url

    def build(
        self,
        endpoint: Any,
        values: Mapping[str, Any] | None = None,
        method: str | None = None,
        force_external: bool = False,
        append_unknown: bool = True,
        url_scheme: str | None = None,
    ) -> str:
        """Build the URL of an endpoint: a path, or a whole URL where the host is another one.

        Args:
            endpoint: What a match would return.
            values: The values of the variables; others go into the query, and None counts as
                not given.
            method: The HTTP method that the URL is for; None tries the adapter's, then any.
            force_external: Whether to give a whole URL in any case.
            append_unknown: Whether there may be a query.
            url_scheme: The scheme of a whole URL; None for the adapter's.

        Raises:
            BuildError: The endpoint has no rule for these values and this method.

        Source: ``werkzeug.routing.MapAdapter.build``; ``url_scheme`` since Werkzeug 2.0.
        """
        map = self.map
        map.update()
        if method is None and not force_external and (values is None or values.__class__ is dict):
            builder = map._simple_builders.get(endpoint)
            if builder is not None:
                path = builder.build_simply(values or {}, self.subdomain, append_unknown)
                if path is not None:
                    return f"{self.script_name.rstrip('/')}/{path.lstrip('/')}"
        given = _given_values(values)
        built = self._build_first(endpoint, given, method, append_unknown)
        if built is None:
            raise BuildError(endpoint, given, method, self)
        if url_scheme is None:
            url_scheme = self.url_scheme
        return self._assemble(*built, force_external, url_scheme)

    def _build_first(
        self, endpoint: Any, values: Mapping[str, Any], method: str | None, append_unknown: bool
    ) -> tuple[str, str, bool] | None:
        """Build with the first rule that is suitable, though one on this very host is better."""
        first = None
        for wanted in (self.default_method, None) if method is None else (method,):
            for rule in self.map._rules_by_endpoint.get(endpoint, ()):
                if not rule.suitable_for(values, wanted):
                    continue
                built = _build(rule, values, append_unknown)
                if built is None:
                    continue
                if not self.map.host_matching or built[0] == self.server_name:
                    return *built, rule.websocket
                first = first or (*built, rule.websocket)
            if first is not None:
                return first
        return None

    def _assemble(
        self, domain_part: str, path: str, websocket: bool, force_external: bool, scheme: str
    ) -> str:
        host = self.get_host(domain_part)
        path = path.lstrip("/")
        if not force_external and not websocket and self._is_here(domain_part, host):
            return f"{self.script_name.rstrip('/')}/{path}"
        # Browsers need the whole URL of a websocket, and the way back to HTTP too.
        secure = scheme in {"https", "wss"}
        if websocket:
            scheme = "wss" if secure else "ws"
        elif scheme:
            scheme = "https" if secure else "http"
        return f"{scheme}{':' if scheme else ''}//{host}{self.script_name[:-1]}/{path}"

    def _is_here(self, domain_part: str, host: str) -> bool:
        if self.map.host_matching:
            return host == self.server_name
        return domain_part == self.subdomain


class NeedsAdapter(Exception):
    """Say that only an adapter that was bound to the request can tell.

    Args:
        found: The rule that matches and its values; None if not even that is known.
    """

    def __init__(self, found: tuple[Rule, dict[str, Any]] | None = None) -> None:
        super().__init__()
        self.found = found


class PathAdapter(MapAdapter):
    """Match by path and method alone, for every request of a map alike.

    There is one for each map, and with it most requests need no adapter of their own.

    Args:
        map: The map with the rules.
    """

    def __init__(self, map: Map) -> None:
        super().__init__(map, "", "/", None, "http", "/", "")

    def _search(self, *args: Any, **kwargs: Any) -> Any:
        raise NeedsAdapter

    def _redirect_elsewhere(
        self, rule: Rule, values: dict[str, Any], method: str, query_args: Query | None
    ) -> None:
        if rule.redirect_to is not None or rule.endpoint in self.map._endpoints_with_defaults:
            raise NeedsAdapter((rule, values))


def _build(rule: Rule, values: Mapping[str, Any], append_unknown: bool) -> tuple[str, str] | None:
    try:
        return rule.build(values, append_unknown)
    except ValueError as error:
        # A rule of Werkzeug's does not know the refusal of a converter of ours.
        if not is_validation_error(error):
            raise
        return None


def _http_error(error: NoMatch) -> HTTPException:
    """Return what answers a request that nothing matches, by what came close."""
    if error.have_match_for:
        return MethodNotAllowed(valid_methods=list(error.have_match_for))
    return WebsocketMismatch() if error.websocket_mismatch else NotFound()


def _given_values(values: Mapping[str, Any] | None) -> dict[str, Any]:
    if not values:
        return {}
    if isinstance(values, MultiDict):
        lists = dict.items(values)
        return {key: many[0] if len(many) == 1 else many for key, many in lists if many}
    return {key: value for key, value in values.items() if value is not None}
