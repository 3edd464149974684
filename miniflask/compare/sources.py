"""Requests from files: what a browser recorded (HAR 1.2), or JSON lines written by hand.

Whatever is wrong with a file is said with the number of the line or entry.
"""

from __future__ import annotations

import base64
import binascii
import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .model import CompareError, Request

#: What belongs to a connection and not to a request, or is made anew.
NOT_SENT = {
    *("host", "content-length", "connection", "keep-alive", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade", "http2-settings"),
}
FORM = "application/x-www-form-urlencoded"


class _Wrong(ValueError):
    """Something in a file is not what it has to be."""


def read_lines(name: str) -> list[Request]:
    """Read requests from a file of JSON lines; ``-`` is standard input.

    Each line is an object: ``path`` (with its query, or a whole URL) and, if they are not ``GET``
    and nothing, ``method``, ``headers`` (an object, or pairs) and one of ``body`` (text), ``form``
    (an object), ``json`` (any value) and ``base64``.

    Raises:
        CompareError: The file cannot be read, or a line is no request.
    """
    found = []
    for number, line in enumerate(_read(name).splitlines(), 1):
        if line.strip():
            found.append(_checked(_from_line, line, f"{name}, line {number}"))
    return _some(found, name)


def read_har(name: str) -> list[Request]:
    """Read the requests of a HAR file that go to the host of the first.

    Raises:
        CompareError: The file cannot be read, or is no HAR.

    Source: HAR 1.2.
    """
    text = _read(name)
    entries = _checked(lambda text: json.loads(text)["log"]["entries"], text, name)
    if not isinstance(entries, list):
        raise CompareError(f"{name}: 'log.entries' has to be a list. {_HELP}")
    found = [
        _checked(_from_entry, entry, f"{name}, entry {number}")
        for number, entry in enumerate(entries)
    ]
    return [r for r in _some(found, name) if (r.scheme, r.host) == (found[0].scheme, found[0].host)]


_HELP = (
    "In a browser: developer tools, Network, and there 'Save all as HAR'."
    " Lines of JSON are read with --requests"
)


def _read(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.buffer.read().decode()
        return Path(name).read_text("utf-8-sig")
    except OSError as e:
        raise CompareError(f"{name} cannot be read: {e.strerror}. Check its name: ls") from None
    except UnicodeDecodeError as e:
        raise CompareError(
            f"{name} is not UTF-8 ({e.reason} at byte {e.start}). Convert it: iconv -t utf-8 {name}"
        ) from None


def _some(found: list[Request], name: str) -> list[Request]:
    if not found:
        raise CompareError(f'{name} has no request in it. One line is enough: {{"path": "/"}}')
    return found


def _checked(make: Callable[[Any], Any], value: Any, where: str) -> Any:
    """Make something of a value, and say where it stands if that fails."""
    try:
        return make(value)
    except json.JSONDecodeError as e:
        why = f"is no JSON: {e.msg} at column {e.colno}"
    except KeyError as e:
        why = f"has no {e.args[0]!r}"
    except _Wrong as e:
        why = f": {e}"
    except (TypeError, ValueError, AttributeError, IndexError):
        why = "is not what it has to be"
    help = _HELP if ".har" in where else 'A request is written {"method": "GET", "path": "/"}'
    raise CompareError(f"{where} {why}. {help}".replace(" :", ":"))


def _from_line(line: str) -> Request:
    """Read a line."""
    said = json.loads(line)
    if not isinstance(said, dict):
        raise _Wrong("has to be an object")
    unknown = said.keys() - {"method", "path", "headers", "body", "form", "json", "base64"}
    if unknown:
        raise _Wrong(f"nothing is known of {sorted(unknown)[0]!r}")
    if len(said.keys() & {"body", "form", "json", "base64"}) > 1:
        raise _Wrong("'body', 'form', 'json' and 'base64' are four ways to say one thing; use one")
    headers = said.get("headers", {})
    pairs = headers.items() if isinstance(headers, dict) else headers
    kind, body = _body(said)
    return _make(_text(said, "method", "GET"), _text(said, "path"), pairs, kind, body)


def _text(said: dict[str, Any], name: str, default: str | None = None) -> str:
    value = said[name] if default is None else said.get(name, default)
    if not isinstance(value, str):
        raise _Wrong(f"{name!r} has to be a text")
    return value


def _body(said: dict[str, Any]) -> tuple[str, bytes]:
    """Return the content type that goes without saying, and the body."""
    if "form" in said:
        return FORM, urlencode(said["form"], doseq=True).encode()
    if "json" in said:
        return "application/json", json.dumps(said["json"]).encode()
    if "base64" in said:
        try:
            return "", base64.b64decode(_text(said, "base64"), validate=True)
        except binascii.Error as e:
            raise _Wrong(f"'base64' is none: {e}") from None
    return "", _text(said, "body", "").encode()


def _from_entry(entry: dict[str, Any]) -> Request:
    """Read an entry of a HAR file."""
    said = entry["request"]
    posted = said.get("postData") or {}
    text = posted.get("text")
    body = (text or "").encode()
    if posted.get("encoding") == "base64":
        body = base64.b64decode(body)
    elif text is None and posted.get("params"):
        body = urlencode([(p["name"], p.get("value", "")) for p in posted["params"]]).encode()
    pairs = [(header["name"], header["value"]) for header in said.get("headers", ())]
    at = None
    if "startedDateTime" in entry:
        # Before Python 3.11, Z is not understood.
        started = datetime.fromisoformat(entry["startedDateTime"].replace("Z", "+00:00"))
        at = int(started.timestamp())
    url = _text(said, "url")
    return _make(_text(said, "method"), url, pairs, posted.get("mimeType", ""), body, at)


def _make(
    method: str, url: str, pairs: Any, kind: str, body: bytes, at: int | None = None
) -> Request:
    """Make a request of what a file says."""
    scheme, host, target = "http", "localhost", url
    if not url.startswith("/"):
        parts = urlsplit(url)
        scheme, host = parts.scheme, parts.netloc.rpartition("@")[2]
        if scheme not in ("http", "https") or not host:
            raise _Wrong(f"{url!r} is neither a path nor the URL of a web page")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not method.isascii() or not method.isprintable() or not method or " " in method:
        raise _Wrong(f"{method!r} is no method")
    headers = []
    for name, value in pairs:
        if not isinstance(name, str) or not isinstance(value, str):
            raise _Wrong("names and values of headers have to be texts")
        if name.lower() not in NOT_SENT and not name.startswith(":"):
            # As they are in an environ: bytes, each as a character (PEP 3333).
            headers.append((name, value.encode().decode("latin-1")))
    if kind and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    target = quote(target.partition("#")[0], safe="/?%:@!$&'()*+,;=~[]|\\^`{}\"<>-._")
    return Request(method, target, tuple(headers), body, scheme, host, at)
