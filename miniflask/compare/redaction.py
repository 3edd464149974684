"""What nobody who reads a report may see: keys, cookies, passwords to the program.

A value is a secret by where it stands (in ``Cookie``, ``Set-Cookie``, ``Authorization`` and their
like, or as a key in the settings), and is then taken out wherever else it stands.  Each is told
by a number, the same one wherever it was, so that one can still see which are equal.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .difference import Difference
from .model import Outcome, Request
from .session import Result

#: Headers whose whole value is a secret.
CREDENTIALS = {
    *("authorization", "proxy-authorization", "x-api-key", "x-auth-token", "x-csrf-token"),
    *("x-csrftoken", "x-xsrf-token"),
}
#: A shorter value is a word that stands in many places and tells nothing.
SHORTEST = 8


class Redaction:
    """Take secrets out, and remember which ones there were.

    Args:
        keys: The keys of the program, which are secret however short they are.
    """

    def __init__(self, keys: list[str]) -> None:
        self._numbers: dict[str, int] = {}
        self._everywhere: list[str] = []
        for key in keys:
            self._learn(key, always=True)

    def result(self, result: Result) -> Result:
        """Return a result without its secrets."""
        for headers in (result.request.headers, result.left.headers, result.right.headers):
            for header in headers:
                self._header(*header)
        found = result.difference
        if found is not None:
            found = self._difference(found)
        return Result(
            self.request(result.request),
            self._outcome(result.left),
            self._outcome(result.right),
            found,
        )

    def request(self, request: Request) -> Request:
        """Return a request without its secrets."""
        return replace(
            request,
            target=self.text(request.target),
            headers=tuple((name, self._header(name, value)) for name, value in request.headers),
            body=self._bytes(request.body),
        )

    def text(self, text: str) -> str:
        """Return a text without the secrets that are known."""
        # The longest first: one may be part of another.
        for secret in sorted(self._everywhere, key=len, reverse=True):
            if secret in text:
                # A short key that is a word is not taken out of the middle of other words.
                before = r"(?<!\w)" if secret[0].isalnum() else ""
                after = r"(?!\w)" if secret[-1].isalnum() else ""
                pattern = f"{before}{re.escape(secret)}{after}"
                if len(secret) >= SHORTEST:
                    pattern = re.escape(secret)
                text = re.sub(pattern, lambda _, s=secret: self._shown(s), text)  # type: ignore[misc]
        return text

    def _learn(self, secret: str, always: bool = False) -> str:
        """Remember a secret, and return what is shown for it."""
        if not secret:
            return ""
        self._numbers.setdefault(secret, len(self._numbers) + 1)
        if (always or len(secret) >= SHORTEST) and secret not in self._everywhere:
            self._everywhere.append(secret)
        return self._shown(secret)

    def _shown(self, secret: str) -> str:
        return f"[secret {self._numbers[secret]}]"

    def _header(self, name: str, value: str) -> str:
        """Return the value of a header without its secrets, and remember them."""
        name = name.lower()
        if name in CREDENTIALS:
            kind, space, rest = value.partition(" ")
            return f"{kind} {self._learn(rest)}" if space else self._learn(value)
        if name == "set-cookie":
            pair, semicolon, attributes = value.partition(";")
            return self._cookie(pair) + semicolon + attributes
        if name == "cookie":
            return "; ".join(self._cookie(pair.strip()) for pair in value.split(";"))
        return self.text(value)

    def _cookie(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        return name + equals + self._learn(value) if equals else self._learn(name)

    def _bytes(self, body: bytes) -> bytes:
        # Each byte as a character: what is no text comes through unharmed.
        return self.text(body.decode("latin-1")).encode("latin-1")

    def _outcome(self, outcome: Outcome) -> Outcome:
        return replace(
            outcome,
            headers=tuple((name, self._header(name, value)) for name, value in outcome.headers),
            body=self._bytes(outcome.body),
            raised=outcome.raised and self.text(outcome.raised),
            trace=tuple(self.text(line) for line in outcome.trace),
        )

    def _difference(self, found: Difference) -> Difference:
        """Return a difference without its secrets; in a header they stand by themselves."""
        name = found.where.removeprefix("header ")
        shown = [
            value and " | ".join(self._header(name, part) for part in value.split(" | "))
            for value in (found.left, found.right)
        ]
        return Difference(found.where, *shown)
