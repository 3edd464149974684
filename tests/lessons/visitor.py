"""What visits the servers in the tests of the examples: somebody with a browser, and ``curl``.

Both speak through a :class:`Visitor`, which keeps cookies and remembers every answer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shlex
from collections.abc import Mapping
from contextlib import closing
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

DEADLINE = 30
BOUNDARY = "the-boundary"


class Answer(NamedTuple):
    """What a server answered to one request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Visitor:
    """Somebody whose browser keeps cookies, and does not follow redirects by itself.

    Args:
        port: Where the server is.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: SimpleCookie = SimpleCookie()
        #: What was asked and answered, in a form that does not depend on time and place.
        self.told: list[Any] = []

    def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        lines: int | None = None,
    ) -> Answer:
        """Send a request and read the answer.

        Args:
            method: The method.
            target: Path and query, sent as they are.
            body: The body.
            headers: Headers to add.
            lines: Hang up after so many lines of the answer's body.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        with closing(connection):
            connection.request(method, target, body or None, {**self.cookie(), **(headers or {})})
            with connection.getresponse() as response:
                sent = response.read() if lines is None else read_lines(response, lines)
            answer = Answer(response.status, response.headers, sent)
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.keep(cookie)
        self.told.append((method, target, *self.comparable(answer)))
        return answer

    def cookie(self) -> dict[str, str]:
        """Return the ``Cookie`` header."""
        pairs = [f"{name}={morsel.coded_value}" for name, morsel in self.cookies.items()]
        return {"Cookie": "; ".join(pairs)} if pairs else {}

    def keep(self, cookie: str) -> None:
        """Keep a cookie, or forget the one that it deletes."""
        for name, morsel in SimpleCookie(cookie).items():
            self.cookies[name] = morsel
            if morsel["max-age"] == "0":
                del self.cookies[name]

    def comparable(self, answer: Answer) -> tuple[Any, ...]:
        """Return an answer without what differs from one run to the next."""
        headers = []
        for name, value in answer.headers.items():
            if name == "Set-Cookie":
                # The payload stays; the time and the signature go.
                value = re.sub(r"\.[\w-]+\.[\w-]+;", ".TIME.SIGNATURE;", value, count=1)
            elif name == "Allow":
                value = ", ".join(sorted(value.split(", ")))
            elif name == "ETag":
                # Made of a file's time, size and path.
                value = re.sub(r'^"[\d.]+-(\d+)-\d+"$', r'"TIME-\1-PATH"', value)
            elif name in {"Date", "Last-Modified"}:
                value = "TIME"
            headers.append((name, value.replace(f":{self.port}", ":PORT")))
        body = answer.body.replace(f":{self.port}".encode(), b":PORT")
        return answer.status, sorted(headers), re.sub(rb"\d{4}-\d\d-\d\d", b"DAY", body)

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for something."""
        return self.ask("GET", target, headers=headers)

    def submit(self, target: str, **fields: str) -> Answer:
        """Submit a form."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", target, urlencode(fields).encode(), headers)

    def upload(self, target: str, name: str, content: bytes, **headers: str) -> Answer:
        """Submit a form with one file in the field ``file``."""
        headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        body = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + content + f"\r\n--{BOUNDARY}--".encode()
        return self.ask("POST", target, body, headers)

    def send_json(self, method: str, target: str, value: Any, **headers: str) -> Answer:
        """Send JSON; a keyword such as ``if_match`` is a header."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        sent["Content-Type"] = "application/json"
        return self.ask(method, target, json.dumps(value).encode(), sent)

    def follow(self, answer: Answer) -> Answer:
        """Go where an answer sends the visitor."""
        return self.get(answer.headers["Location"])


def read_lines(response: http.client.HTTPResponse, count: int) -> bytes:
    """Read some lines of a body."""
    return b"".join(response.readline() for _ in range(count))


def make_parser() -> argparse.ArgumentParser:
    """Make a parser for those options of ``curl`` that the examples use."""
    parser = argparse.ArgumentParser(prog="curl")
    for flag in ("-s", "--path-as-is"):
        parser.add_argument(flag, action="store_true")
    for option in ("-b", "-c", "-o", "-r", "-w", "-X", "--json"):
        parser.add_argument(option, default="")
    for option in ("-d", "-F", "-H"):
        parser.add_argument(option, action="append", default=[])
    parser.add_argument("url", type=urlsplit)
    return parser


def curl(command: str, port: int, jars: dict[str, SimpleCookie]) -> list[str]:
    """Do what a ``curl`` command of a docstring does, and return the lines that it prints.

    Args:
        command: The command; it may end in ``| head -n`` and a number.
        port: The port to ask instead of 5000.
        jars: The files that keep cookies, by name.
    """
    command, _, head = command.partition(" | head -n ")
    name, *words = shlex.split(command)
    assert name == "curl"
    options = make_parser().parse_args(words)
    assert options.url.netloc == "127.0.0.1:5000"
    visitor = Visitor(port)
    visitor.cookies.update(jars.get(options.b, SimpleCookie()))
    answer = play(visitor, options, int(head) if head else None)
    if options.c:
        jars[options.c] = visitor.cookies
    shown = "" if options.o == "/dev/null" else answer.text
    location = answer.headers.get("Location")
    redirect_url = urljoin(options.url.geturl(), location) if location else ""
    status: str = options.w.replace("%{http_code}", str(answer.status))
    return (shown + status.replace("%{redirect_url}", redirect_url)).splitlines()


def play(visitor: Visitor, options: argparse.Namespace, lines: int | None) -> Answer:
    """Send the request that the options of ``curl`` describe."""
    target = options.url._replace(scheme="", netloc="").geturl()
    headers = dict(text.split(": ", 1) for text in options.H)
    if options.r:
        headers["Range"] = f"bytes={options.r}"
    if options.F:
        [field] = options.F
        content, _, name = field.removeprefix("file=").partition(";filename=")
        return visitor.upload(target, name, content.encode())
    method, body = "GET", b""
    if options.d:
        method, body = "POST", "&".join(options.d).encode()
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    if options.json:
        method, body = "POST", options.json.encode()
        headers["Content-Type"] = "application/json"
    return visitor.ask(options.X or method, target, body, headers, lines)
