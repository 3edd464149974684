"""Parameters: what a query string, a form or a ``Cookie`` header says, as names and values.

Few of them have anything to be decoded.  They are split, and only a name or value with a percent
sign or a plus in it is decoded.

Source: ``urllib.parse.parse_qsl`` and ``werkzeug.http.parse_cookie``, as the request of Werkzeug
3.1 calls them; WHATWG URL, section 5.1; RFC 6265, section 4.2.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, unquote_to_bytes

from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.sansio.http import parse_cookie

Parameters = ImmutableMultiDict[str, str]

_new: Any = ImmutableMultiDict.__new__
_fill: Any = dict.update


def _decoded(text: str) -> str:
    """Decode percent signs; bytes that are no UTF-8 stay encoded, as Werkzeug's do."""
    if "%" not in text:
        return text
    if text.isascii():  # as it is from every client that keeps to the standard
        return unquote_to_bytes(text).decode(errors="werkzeug.url_quote")
    return unquote(text, errors="werkzeug.url_quote")


def _multidict(lists: dict[str, list[str]]) -> Parameters:
    """Make a multidict of names and their values, which is just what it keeps."""
    made: Parameters = _new(ImmutableMultiDict)
    _fill(made, lists)
    return made


def parse_parameters(text: str) -> Parameters:
    """Parse a query string, or an urlencoded form."""
    lists: dict[str, list[str]] = {}
    is_encoded = "%" in text
    for pair in text.replace("+", " ").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if is_encoded:
                name, value = _decoded(name), _decoded(value)
            if name in lists:
                lists[name].append(value)
            else:
                lists[name] = [value]
    return _multidict(lists)


def parse_cookies(header: str) -> Parameters:
    """Parse a ``Cookie`` header.

    As long as there are no quotes, a semicolon ends a cookie, and one with white space inside is
    none.
    """
    if '"' in header:
        return parse_cookie(header, cls=ImmutableMultiDict)  # type: ignore[return-value]  # of cls
    lists: dict[str, list[str]] = {}
    for cookie in header.split(";"):
        name, _, value = cookie.partition("=")
        name, value = name.strip(" \t"), value.strip(" \t")
        if name and not (" " in name or " " in value or "\t" in name or "\t" in value):
            lists.setdefault(name, []).append(value)
    return _multidict(lists)
