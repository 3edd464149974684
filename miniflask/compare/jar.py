"""The cookies of one visitor to one side.

Small, because it has one host to think of: what is set is sent back until it expires, to the
paths it was set for.  ``Secure`` cookies are sent over any scheme, as browsers do to localhost.
"""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime

from .model import Outcome, Request


class Jar:
    """A cookie jar (RFC 6265 section 5, for a single host)."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str], str] = {}
        # What a recorded request brings along is old news once the program has set it.
        self._decided: set[str] = set()

    def fill(self, request: Request) -> Request:
        """Return a request with the jar's cookies, and those of its own nobody has set since."""
        path = request.target.partition("?")[0]
        brought = [value for name, value in request.headers if name.lower() == "cookie"]
        sent = {k: v for k, v in _parse(brought).items() if k not in self._decided}
        # The longest path first (section 5.4).
        for (name, under), value in sorted(self._cookies.items(), key=lambda c: -len(c[0][1])):
            if _matches(path, under):
                sent.setdefault(name, value)
        headers = tuple(pair for pair in request.headers if pair[0].lower() != "cookie")
        if sent:
            line = "; ".join(f"{name}={value}" for name, value in sent.items())
            headers = (*headers, ("Cookie", line))
        return replace(request, headers=headers)

    def keep(self, request: Request, outcome: Outcome, now: float) -> None:
        """Keep the cookies that a response sets, and drop those it deletes."""
        for header, line in outcome.headers:
            if header.lower() != "set-cookie":
                continue
            pair, *attributes = (part.strip() for part in line.split(";"))
            name, _, value = pair.partition("=")
            said = {k.lower(): v for k, _, v in (a.partition("=") for a in attributes)}
            under = said.get("path", "")
            if not under.startswith("/"):
                under = request.target.partition("?")[0].rpartition("/")[0] or "/"
            self._decided.add(name)
            self._cookies[name, under] = value
            if _is_over(said, now):
                del self._cookies[name, under]


def _parse(headers: list[str]) -> dict[str, str]:
    """Read ``Cookie`` headers."""
    pairs = (pair.strip() for header in headers for pair in header.split(";"))
    return {k: v for k, _, v in (p.partition("=") for p in pairs) if k}


def _matches(path: str, under: str) -> bool:
    """Tell whether a cookie for a path is sent to another (section 5.1.4)."""
    return path == under or path.startswith(under if under.endswith("/") else f"{under}/")


def _is_over(said: dict[str, str], now: float) -> bool:
    """Tell whether a cookie with these attributes has expired."""
    try:
        if "max-age" in said:
            return int(said["max-age"]) <= 0
        return "expires" in said and parsedate_to_datetime(said["expires"]).timestamp() <= now
    except ValueError:
        return False
