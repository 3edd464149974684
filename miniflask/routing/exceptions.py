"""What routing raises: for the client, for the programmer, and for itself.

``RequestRedirect`` and ``WebsocketMismatch`` are HTTP errors and can be sent as they are.
``BuildError`` tells a programmer what to change. ``NoMatch``, ``RequestPath`` and
``RequestAliasRedirect`` never leave ``MapAdapter.match``: with them the state machine tells the
adapter how a search ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.utils import redirect

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Request, Response

    from .adapter import MapAdapter
    from .rules import Rule


class RoutingException(Exception):
    """Be the base of what is raised when a URL leads elsewhere or cannot be built.

    Source: ``werkzeug.routing.RoutingException``.
    """


class RequestRedirect(HTTPException, RoutingException):
    """Send the client to the address at which the resource really is.

    Attributes:
        new_url: That address, absolute.

    Source: ``werkzeug.routing.RequestRedirect``; 308, RFC 9110 section 15.4.9.
    """

    code = 308

    def __init__(self, new_url: str) -> None:
        super().__init__(new_url)
        self.new_url = new_url

    def get_response(
        self,
        environ: WSGIEnvironment | Request | None = None,
        scope: dict[str, Any] | None = None,
    ) -> Response:
        """Make the redirect that a server can send; neither argument changes it."""
        return redirect(self.new_url, self.code or 308)


class RequestPath(RoutingException):
    """Report that another spelling of the path would match.

    Attributes:
        path_info: That spelling: with a slash at its end, or with single slashes.

    Source: ``werkzeug.routing.RequestPath``.
    """

    def __init__(self, path_info: str) -> None:
        super().__init__()
        self.path_info = path_info


class RequestAliasRedirect(RoutingException):
    """Report that an alias matched, and that the canonical URL is to be built.

    Attributes:
        matched_values: The values of the variable parts.
        endpoint: The endpoint that both rules share.

    Source: ``werkzeug.routing.RequestAliasRedirect``.
    """

    def __init__(self, matched_values: Mapping[str, Any], endpoint: Any) -> None:
        super().__init__()
        self.matched_values = matched_values
        self.endpoint = endpoint


class WebsocketMismatch(BadRequest):
    """Refuse plain HTTP for a websocket's URL, or a websocket for any other.

    Source: ``werkzeug.routing.WebsocketMismatch``, since Werkzeug 1.0.
    """


class NoMatch(Exception):
    """Report that no rule matches, and how close some came.

    Attributes:
        have_match_for: Methods for which the same path would have matched.
        websocket_mismatch: Whether it would have matched as a websocket, or as none.

    Source: ``werkzeug.routing.NoMatch``.
    """

    def __init__(self, have_match_for: set[str], websocket_mismatch: bool) -> None:
        super().__init__(have_match_for, websocket_mismatch)
        self.have_match_for = have_match_for
        self.websocket_mismatch = websocket_mismatch


class BuildError(RoutingException, LookupError):
    """Say that no URL can be built, and which rule was perhaps meant.

    Attributes:
        endpoint: What to build was asked for.
        values: The values given, without those that were None.
        method: The method asked for, or None.
        adapter: Where it was asked, and where a suggestion is looked for.

    Source: ``werkzeug.routing.BuildError``.
    """

    def __init__(
        self,
        endpoint: Any,
        values: Mapping[str, Any],
        method: str | None,
        adapter: MapAdapter | None = None,
    ) -> None:
        super().__init__(endpoint, values, method)
        self.endpoint = endpoint
        self.values = values
        self.method = method
        self.adapter = adapter

    @cached_property
    def suggested(self) -> Rule | None:
        """The rule that was perhaps meant, None where there are no rules."""
        return self.closest_rule(self.adapter)

    def closest_rule(self, adapter: MapAdapter | None) -> Rule | None:
        """Find the rule whose endpoint is spelled most like this one; the first among equals."""
        rules = adapter.map._rules if adapter else []
        return max(rules, key=self._likeness, default=None)

    def _likeness(self, rule: Rule) -> float:
        from difflib import SequenceMatcher  # seldom needed, and slow to import

        spelling = SequenceMatcher(None, str(rule.endpoint), str(self.endpoint)).ratio()
        takes_values = rule.arguments.issuperset(self.values or ())
        takes_method = bool(rule.methods and self.method in rule.methods)
        # Not `+`: since Python 3.12 sum() rounds less, and the last digit may decide.
        return sum([0.98 * spelling, 0.01 * takes_values, 0.01 * takes_method])

    def __str__(self) -> str:
        message = f"Could not build url for endpoint {self.endpoint!r}"
        if self.method:
            message += f" ({self.method!r})"
        if self.values:
            message += f" with values {sorted(self.values)!r}"
        return f"{message}.{self._advice()}"

    def _advice(self) -> str:
        rule = self.suggested
        if not rule:
            return ""
        if rule.endpoint != self.endpoint:
            return f" Did you mean {rule.endpoint!r} instead?"
        advice = ""
        if self.method and rule.methods is not None and self.method not in rule.methods:
            advice += f" Did you mean to use methods {sorted(rule.methods)!r}?"
        missing = rule.arguments.difference(self.values)
        if missing:
            advice += f" Did you forget to specify values {sorted(missing)!r}?"
        return advice
