"""What a request makes of its query, cookies and body: the short ways, the long ones, and Flask.

Each generated request is read three times, in the same order: by our request, by our request with
every part of Werkzeug's put back, and by Flask's.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from unittest import mock

import flask
import pytest
import werkzeug.exceptions
import werkzeug.formparser
import werkzeug.wrappers
import werkzeug.wsgi
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers, ImmutableMultiDict, MultiDict

import miniflask
import miniflask.ondemand
from miniflask.ondemand import forms
from tests.against_flask.harness import describe

URLENCODED = "application/x-www-form-urlencoded"
SHORT_WAYS = (
    "args",
    "cookies",
    "content_length",
    "stream",
    "form",
    "files",
    "values",
    "want_form_data_parsed",
    "_parse_content_type",
    "get_data",
    "close",
)


class LongWay(miniflask.Request):
    """Our request with Werkzeug's parts put back."""

    def _load_form_data(self) -> None:
        # Not this method itself, because Flask's asks for more in debug mode.
        long_way = werkzeug.wrappers.Request._load_form_data
        with mock.patch.object(miniflask.ondemand.Request, "_load_form_data", long_way):
            super()._load_form_data()


for _name in SHORT_WAYS:
    setattr(LongWay, _name, getattr(werkzeug.wrappers.Request, _name))


class Trickle:
    """An input that has no ``readinto`` and gives less than it was asked for."""

    def __init__(self, data: bytes, step: int = 3, error: Exception | None = None) -> None:
        self.rest, self.step, self.error = data, step, error
        self.asked: list[int] = []

    def read(self, size: int = -1) -> bytes:
        """Give a few bytes, and in the end nothing, or the error."""
        self.asked.append(size)
        size = self.step if size < 0 else min(size, self.step)
        data, self.rest = self.rest[:size], self.rest[size:]
        if not data and self.error is not None:
            raise self.error
        return data


class OddInput(io.BytesIO):
    """An input whose ``readinto`` gives something else than its ``read``."""

    def readinto(self, buffer: Any) -> int:
        """Give what ``read`` gives, in capitals."""
        data = self.read(len(buffer)).upper()
        buffer[: len(data)] = data
        return len(data)


INPUTS: dict[str, Callable[[bytes], Any]] = {
    "bytes": io.BytesIO,
    "buffered": lambda data: io.BufferedReader(io.BytesIO(data)),
    "trickle": Trickle,
    "whole": lambda data: Trickle(data, 1 << 20),
    "breaks": lambda data: Trickle(data, 1 << 20, OSError("gone")),
    "odd": OddInput,
}


def read_multi(values: Any) -> Any:
    """List a multidict with its class; an uploaded file as its name and content."""
    return type(values).__name__, [
        (key, value if isinstance(value, str) else (value.filename, value.read()))
        for key, value in values.items(multi=True)
    ]


READS: dict[str, Callable[[Any], Any]] = {
    "args": lambda r: read_multi(r.args),
    "form": lambda r: read_multi(r.form),
    "files": lambda r: read_multi(r.files),
    "values": lambda r: read_multi(r.values),
    "cookies": lambda r: read_multi(r.cookies),
    "get_data": lambda r: r.get_data(),
    "get_data, not kept": lambda r: r.get_data(cache=False),
    "get_data, form first": lambda r: r.get_data(parse_form_data=True),
    "text": lambda r: r.get_data(as_text=True),
    "data": lambda r: r.data,
    "json": lambda r: r.get_json(silent=True),
    "stream": lambda r: (r.stream.read(), getattr(r.stream, "limit", None)),
    "some of the stream": lambda r: r.stream.read(2),
    "mimetype": lambda r: (r.mimetype, r.mimetype_params),
    "content_length": lambda r: r.content_length,
    "query": lambda r: r.full_path,
    "headers": lambda r: sorted(r.headers),
    "terminate": lambda r: r.environ.update({"wsgi.input_terminated": True}),
    "another type": lambda r: r.environ.update(CONTENT_TYPE="text/plain"),
    "another cookie": lambda r: r.environ.update(HTTP_COOKIE="changed=1"),
    "close": lambda r: r.close(),
}


def environ_of(spec: dict[str, Any]) -> dict[str, Any]:
    """Make a new environment with a new input."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": spec["method"],
        "PATH_INFO": "/",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": INPUTS[spec["input"]](spec["body"]),
        "QUERY_STRING": spec["query"],
        "CONTENT_TYPE": spec["type"],
        "CONTENT_LENGTH": spec["length"],
        "HTTP_TRANSFER_ENCODING": spec["transfer"],
        "HTTP_COOKIE": spec["cookie"],
        "wsgi.input_terminated": spec["terminated"],
    }
    return {key: value for key, value in environ.items() if value is not None}


def read(fw: Any, kind: type[Any], spec: dict[str, Any]) -> list[Any]:
    """Make a request of *kind* and read it, several times over; returns all that was seen."""
    app = fw.Flask("sample")
    app.debug = spec["debug"]
    app.config.update(MAX_CONTENT_LENGTH=spec["limit"], MAX_FORM_MEMORY_SIZE=spec["memory"])
    seen: list[Any] = []
    with app.app_context():
        environ = environ_of(spec)
        request = kind(environ, shallow=spec["shallow"])
        for name in spec["reads"]:
            try:
                seen.append((name, describe(READS[name](request))))
            except Exception as e:
                seen.append((name, describe(e)))
        seen.append(getattr(environ["wsgi.input"], "rest", None))
    return seen


def check(spec: dict[str, Any]) -> list[Any]:
    """Assert that the three ways agree; returns what was seen."""
    ours = read(miniflask, miniflask.Request, spec)
    assert ours == read(miniflask, LongWay, spec)
    assert ours == read(flask, flask.Request, spec)
    return ours


PLAIN: dict[str, Any] = {
    "method": "POST",
    "input": "bytes",
    "body": b"",
    "query": "",
    "type": URLENCODED,
    "length": None,
    "transfer": None,
    "cookie": None,
    "terminated": None,
    "limit": None,
    "memory": 500_000,
    "shallow": False,
    "debug": False,
    "reads": ["form", "files", "stream", "values"],
}

pieces = st.sampled_from(
    ["a", "b", "=", "&", "&&", "==", ";", "+", "%", "%20", "%2B", "%3d", "%26", "%C3%A9", "%ff"]
    + ["%zz", "%E2%82", " ", "\t", "\n", '"', "\\", ",", "\xe9", "\xff", "\x00", "ab", "1"]
)
texts = st.lists(pieces, max_size=12).map("".join) | st.text(
    st.characters(max_codepoint=255), max_size=20
)
bodies = texts.map(lambda text: text.encode("latin1")) | st.binary(max_size=30)
multipart = (
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x\r\n"
    b"Content-Disposition: form-data; name=f; filename=f.txt\r\n\r\ndata\r\n--x--\r\n"
)
specs = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT"]),
        "input": st.sampled_from(sorted(INPUTS)),
        "body": bodies | st.sampled_from([multipart, b'{"a": [1]}', b"a=1&b=2&a=3"]),
        "query": st.none() | texts,
        "type": st.none()
        | st.sampled_from(
            [URLENCODED, URLENCODED, URLENCODED.title(), f" {URLENCODED} ", f"{URLENCODED};", ""]
            + [f"{URLENCODED}; charset=latin1", "application/json", "text/plain", "a/b; c=d"]
            + ["multipart/form-data; boundary=x", "multipart/form-data", "\xe9"]
        ),
        "length": st.sampled_from(["exact"] * 6 + ["short", "long", "huge", None, "", "x", "-1"])
        | st.sampled_from(["+3", " 3 ", "3_0", "\u0663", "\xb2", "03", "9" * 5000]),
        "transfer": st.sampled_from([None] * 6 + ["chunked", "gzip, chunked", "gzip", ""]),
        "cookie": st.none() | texts,
        "terminated": st.sampled_from([None] * 5 + [True, False]),
        "limit": st.sampled_from([None] * 4 + [0, 3, 10, 1000]),
        "memory": st.sampled_from([500_000, 2, None]),
        "shallow": st.sampled_from([False] * 9 + [True]),
        "debug": st.booleans(),
        "reads": st.lists(st.sampled_from(sorted(READS)), min_size=1, max_size=6),
    }
)


@example({**PLAIN, "length": "exact", "body": b"a=1&b=2&a=3&=&c&d=%zz%20+x&e=%ff&;=;"})
@example({**PLAIN, "length": "exact", "body": b"a=\xff"})
@example({**PLAIN, "debug": True, "reads": ["data", "another type", "mimetype"]})
@example({**PLAIN, "length": "exact", "body": b"a=1", "debug": True, "reads": ["form", "files"]})
@example({**PLAIN, "length": "long", "body": b"a=1", "reads": ["form", "form", "stream", "stream"]})
@example({**PLAIN, "length": "long", "input": "breaks", "body": b"a=1", "reads": ["form"] * 2})
@given(specs)
def test_three_ways_agree(spec: dict[str, Any]) -> None:
    """Whatever is sent and in whatever order it is read, values, errors and leftovers agree."""
    size = len(spec["body"])
    said = {"exact": size, "short": max(size - 2, 0), "long": size + 2, "huge": 10**9}
    length = spec["length"]
    check({**spec, "length": str(said[length]) if length in said else length})


@pytest.mark.parametrize("first", READS)
@pytest.mark.parametrize("second", READS)
def test_whatever_is_read_after_whatever(first: str, second: str) -> None:
    """A short form of a known length, on which nothing is unusual."""
    check({**PLAIN, "body": b"a=1&b=2", "length": "7", "reads": [first, second, "get_data"]})


@given(texts)
def test_parameters_and_cookies(text: str) -> None:
    """Names and values are split and decoded as by Werkzeug's request, for any text at all."""
    environ = {"QUERY_STRING": text, "HTTP_COOKIE": text}
    theirs = werkzeug.wrappers.Request(environ)
    try:
        decoded = theirs.query_string.decode()
    except UnicodeDecodeError:
        decoded = ""
    else:
        assert forms.parse_parameters(decoded) == theirs.args
    assert forms.parse_cookies(text) == theirs.cookies


@pytest.mark.parametrize("size", [0, 1, 100, 65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("source", ["bytes", "buffered", "whole", "trickle"])
@pytest.mark.parametrize("missing", [0, 1])
def test_bodies_around_a_piece(size: int, source: str, missing: int) -> None:
    """A body longer than what is read in one go, or cut off, is no other body."""
    body = b"a=" + b"x" * size
    spec = {**PLAIN, "input": source, "body": body, "length": str(len(body) + missing)}
    check(spec)
    check({**spec, "reads": ["get_data", "stream", "form"]})


@pytest.mark.parametrize("terminated", [None, True, False])
@pytest.mark.parametrize("transfer", [None, "", "gzip", "chunked", "gzip, Chunked"])
@pytest.mark.parametrize("length", [None, "2", "3"])
def test_where_a_body_ends(
    terminated: bool | None, transfer: str | None, length: str | None
) -> None:
    """A server that ends the input itself, and a body in chunks, are read as Flask reads them."""
    body = {"body": b"a=1&b=2", "length": length}
    check({**PLAIN, **body, "terminated": terminated, "transfer": transfer})


def test_many_fields() -> None:
    """The number of fields of an urlencoded form has no limit of its own."""
    body = b"&".join(b"n%d=%d" % (n % 1_500, n) for n in range(3_000))
    seen = check({**PLAIN, "body": body, "length": str(len(body)), "reads": ["form", "args"]})

    assert len(seen[0][1][1]) == 3_000


@pytest.mark.parametrize("length", ["70000", "99999", "10000000"])
def test_room_is_made_for_what_came(length: str) -> None:
    """A client that claims a huge body makes nobody ask for all of it at once."""
    environ = environ_of({**PLAIN, "input": "trickle", "body": b"a=1", "length": length})
    with pytest.raises(werkzeug.exceptions.ClientDisconnected):
        miniflask.Request(environ).form  # noqa: B018  # read for the error

    assert max(environ["wsgi.input"].asked) <= 64 * 1024


@pytest.fixture
def long_reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each body that Werkzeug's code reads."""
    noted: list[str] = []

    def note(*args: Any, **kwargs: Any) -> Any:
        noted.append("long")
        return werkzeug.wsgi.get_input_stream(*args, **kwargs)

    monkeypatch.setattr("werkzeug.wrappers.request.get_input_stream", note)
    return noted


SENT = {**PLAIN, "body": b"a=1&b=%20", "length": "9", "query": "q=1", "cookie": "c=1"}


def test_a_plain_form_goes_the_short_way(long_reads: list[str]) -> None:
    """A form, JSON and data of a known length are read without Werkzeug's stream."""
    request = miniflask.Request(environ_of(SENT))
    assert request.form.to_dict(flat=False) == {"a": ["1"], "b": [" "]}
    assert miniflask.Request(environ_of(SENT)).get_data() == SENT["body"]
    json = {**SENT, "type": "application/json", "body": b"[1]", "length": "3"}
    assert miniflask.Request(environ_of(json)).json == [1]
    assert long_reads == []
    assert "files" not in vars(request)
    assert "stream" not in vars(request)


class Parser(werkzeug.formparser.FormDataParser):
    """A form parser that adds a field."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        """Parse, and add."""
        stream, form, files = super().parse(*args, **kwargs)
        return stream, ImmutableMultiDict([*form.items(), ("added", "1")]), files


OTHER: dict[str, Any] = {
    "parameter_storage_class": MultiDict,
    "dict_storage_class": MultiDict,
    "form_data_parser_class": Parser,
    "make_form_data_parser": lambda self: Parser(cls=MultiDict),
    "_get_stream_for_parsing": lambda self: io.BytesIO(b"own=1"),
    "_load_form_data": lambda self: self.__dict__.update(form="own", files="own"),
    "want_form_data_parsed": False,
    "mimetype": "text/plain",
    "content_length": 3,
    "max_content_length": 3,
    "stream": property(lambda self: io.BytesIO(b"own=1")),
    "headers": property(
        lambda self: Headers({"Cookie": "own=1", "Content-Type": "own/type"}),
        lambda self, headers: None,
    ),
    "args": property(lambda self: "own"),
    "form": property(lambda self: "own"),
    "files": property(lambda self: "own"),
    "cookies": property(lambda self: "own"),
    "values": property(lambda self: "own"),
    "get_data": lambda self, *args, **kwargs: b"own",
}
READ_ALL = ["args", "form", "files", "values", "cookies", "mimetype", "content_length", "data"]


def seen_by(request: Any) -> list[Any]:
    """Read all of a request."""
    seen = []
    for name in [*READ_ALL, "stream"]:
        try:
            value = getattr(request, name)
            if isinstance(value, MultiDict):
                value = read_multi(value)
            elif name == "stream":
                value = value.read()
        except Exception as e:
            value = e
        seen.append((name, describe(value)))
    return seen


@pytest.mark.parametrize("name", sorted(OTHER))
@pytest.mark.parametrize("later", [False, True])
def test_what_a_class_replaces_is_used(name: str, later: bool) -> None:
    """A part of the class replaced by a program, also after the first request, has its say."""

    def run(base: type[Any]) -> list[Any]:
        kind = type("Kind", (base,), {})
        if later:
            seen_by(kind(environ_of(SENT)))
        setattr(kind, name, OTHER[name])
        return seen_by(kind(environ_of(SENT)))

    assert run(miniflask.Request) == run(flask.Request)


OWN: dict[str, Callable[[Any], Any]] = {
    **{
        name: lambda request: MultiDict({"own": "1"})
        for name in ("args", "form", "files", "cookies")
    },
    "stream": lambda request: io.BytesIO(b"own=1"),
    "_cached_data": lambda request: b"own=1",
    "headers": lambda request: Headers({"Cookie": "own=1", "Content-Type": "own/type"}),
    "environ": lambda request: {**request.environ, "CONTENT_TYPE": "own/type"},
    "query_string": lambda request: b"own=1",
    "content_length": lambda request: 3,
    "max_content_length": lambda request: 3,
    "shallow": lambda request: True,
    "form_data_parser_class": lambda request: Parser,
    "parameter_storage_class": lambda request: MultiDict,
    "dict_storage_class": lambda request: MultiDict,
    "make_form_data_parser": lambda request: lambda: Parser(cls=MultiDict),
    "_get_stream_for_parsing": lambda request: lambda: io.BytesIO(b"own=1"),
}


@pytest.mark.parametrize("name", sorted(OWN))
@pytest.mark.parametrize("sent", [URLENCODED, "text/plain"])
def test_what_a_request_replaces_is_used(name: str, sent: str) -> None:
    """A part that a program sets on the request has its say, also after the environ was read."""

    def run(kind: type[Any], first: bool) -> list[Any]:
        request = kind(environ_of({**SENT, "type": sent}))
        if first:
            request.environ  # noqa: B018  # handed out
        setattr(request, name, OWN[name](request))
        return seen_by(request)

    assert run(miniflask.Request, False) == run(flask.Request, False)
    assert run(miniflask.Request, True) == run(flask.Request, True)


@pytest.mark.parametrize("method", ["__init__", "parse", "_parse_urlencoded"])
def test_a_patched_parser_is_used(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """A method of Werkzeug's form parser replaced after the first request is called."""
    called: list[str] = []
    parser = werkzeug.formparser.FormDataParser
    original = getattr(parser, method)

    def spy(*args: Any, **kwargs: Any) -> Any:
        called.append(method)
        return original(*args, **kwargs)

    miniflask.Request(environ_of(SENT)).form  # noqa: B018  # the first
    monkeypatch.setattr(parser, method, spy)
    request = miniflask.Request(environ_of(SENT))

    assert request.form["a"] == "1"
    assert called == [method]


def test_super_is_asked_again_and_again() -> None:
    """A subclass may wrap an attribute and ask ``super()`` at each read, for the same object."""

    class Wrapping(miniflask.Request):
        @property
        def form(self) -> Any:
            return super().form

        @property
        def args(self) -> Any:
            return super().args

    request = Wrapping(environ_of(SENT))

    assert request.form is request.form
    assert request.args is request.args
    assert request.form["a"] == request.args["q"] == "1"


def test_limits_changed_later_count() -> None:
    """``MAX_CONTENT_LENGTH`` is looked at for each form, in the config and on the request."""
    app = miniflask.Flask("sample")
    with app.app_context():
        assert miniflask.Request(environ_of(SENT)).form["a"] == "1"
        app.config["MAX_CONTENT_LENGTH"] = 8
        with pytest.raises(werkzeug.exceptions.RequestEntityTooLarge):
            miniflask.Request(environ_of(SENT)).form  # noqa: B018  # read for the error
        request = miniflask.Request(environ_of(SENT))
        request.max_content_length = 9
        assert request.form["a"] == "1"
