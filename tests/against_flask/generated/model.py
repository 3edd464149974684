"""A whole application as a plain value, that can be compared, shrunk and printed.

What a function does is told in words of ``vocabulary``: some effects, then one outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Options = tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Body:
    """What a function does when it is called."""

    effects: tuple[str, ...] = ()
    outcome: str = "pass"
    is_async: bool = False
    #: Without a word of being called: to tell that, it would look at the request.
    silent: bool = False


@dataclass(frozen=True)
class Hook:
    """A function to register by the method *kind*; *by* names its argument, if it takes one.

    For a kind that has no argument of its own, such as ``before_request``, *by* is None; for an
    error handler it is what it handles, for a signal its name.
    """

    kind: str
    body: Body
    by: str | None = None


@dataclass(frozen=True)
class Rule:
    """A URL rule and its view."""

    rule: str
    body: Body
    form: str = "function"
    options: Options = ()


@dataclass(frozen=True)
class Place:
    """What the application and each blueprint have: rules and hooks."""

    rules: tuple[Rule, ...] = ()
    hooks: tuple[Hook, ...] = ()
    options: Options = ()


@dataclass(frozen=True)
class Registration:
    """A blueprint registered on the application (-1) or on a blueprint before it."""

    parent: int
    child: int
    options: Options = ()


@dataclass(frozen=True)
class App:
    """An application: its own rules and hooks, blueprints, and how these are registered."""

    place: Place = field(default_factory=Place)
    config: Options = ()
    twists: tuple[str, ...] = ()
    blueprints: tuple[Place, ...] = ()
    registrations: tuple[Registration, ...] = ()


@dataclass(frozen=True)
class Visit:
    """A request to send."""

    path: str = "/"
    method: str = "GET"
    host: str = "localhost"
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Send:
    """Some requests, sent together where the way of driving can."""

    visits: tuple[Visit, ...]


@dataclass(frozen=True)
class Change:
    """A line of code that is run between requests."""

    code: str


Step = Send | Change
