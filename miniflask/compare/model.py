"""The words that all of ``compare`` speaks in: a request, an outcome, an error for the user."""

from __future__ import annotations

import base64
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import click


class CompareError(click.ClickException):
    """Nothing could be compared.  The message says why and what to type next."""

    exit_code = 2


@dataclass(frozen=True)
class Request:
    """A request to send.

    Args:
        method: The method, as it is sent.
        target: Path and query, percent-encoded.
        headers: Pairs of name and value; ``Host`` and ``Content-Length`` are made.
        body: The body.
        scheme: ``http`` or ``https``.
        host: Name, and port if it is not the scheme's.
        at: When it was recorded, in seconds since the epoch; None if it was not.
    """

    method: str = "GET"
    target: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    scheme: str = "http"
    host: str = "localhost"
    at: int | None = None

    def __str__(self) -> str:
        kind = next((v.partition(";")[0] for k, v in self.headers if k == "Content-Type"), "")
        host = "" if self.host == "localhost" else f" at {self.host}"
        body = f" {kind or 'body'} of {len(self.body)} bytes" if self.body else ""
        return f"{self.method} {self.target}{host}{body}"

    def with_body_of(self, body: tuple[str, bytes]) -> Request:
        """Return the request with another body: its content type, and its bytes."""
        headers = (*self.headers, ("Content-Type", body[0]))
        return replace(self, headers=headers, body=body[1])

    def message(self) -> dict[str, Any]:
        """Return what a child is told."""
        body = base64.b64encode(self.body).decode("ascii")
        return {"do": "request", **asdict(self), "body": body}

    def line(self) -> dict[str, Any]:
        """Return what stands for it in a file of requests, without what goes without saying."""
        shown: dict[str, Any] = {"method": self.method, "path": self.target}
        if self.headers:
            shown["headers"] = [list(pair) for pair in self.headers]
        if self.body:
            shown["base64"] = base64.b64encode(self.body).decode("ascii")
            if self.body.isascii() and self.body.decode().isprintable():
                shown["body"] = shown.pop("base64") and self.body.decode()
        if (self.scheme, self.host) != ("http", "localhost"):
            shown["path"] = f"{self.scheme}://{self.host}{self.target}"
        return shown


@dataclass(frozen=True)
class Outcome:
    """What one side made of a request.

    Args:
        status: Status code and reason; None if an exception came first.
        headers: Pairs of name and value, in order.
        body: The body.
        raised: The exception that reached the server, in words, or None.
        trace: What happened inside, a line an event.
    """

    status: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raised: str | None = None
    trace: tuple[str, ...] = field(default=())

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Outcome:
        """Read what a child answered."""
        return cls(
            answer["status"],
            tuple((name, value) for name, value in answer["headers"]),
            base64.b64decode(answer["body"]),
            answer["raised"],
            tuple(answer["trace"]),
        )
