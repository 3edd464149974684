"""Requests that ``compare`` reads from files."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from miniflask.compare.model import CompareError, Request
from miniflask.compare.sources import read_har, read_lines

FORM = "application/x-www-form-urlencoded"


def lines(tmp_path: Path, *said: Any) -> list[Request]:
    """Read requests from lines: texts as they are, anything else as JSON."""
    file = tmp_path / "r.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in said]
    file.write_text("\n".join(texts), "utf-8")
    return read_lines(str(file))


def har(tmp_path: Path, *requests: dict[str, Any], **entry: Any) -> list[Request]:
    """Read requests from a recording."""
    file = tmp_path / "r.har"
    entries = [{"request": request, **entry} for request in requests]
    file.write_text(json.dumps({"log": {"entries": entries}}), "utf-8")
    return read_har(str(file))


def error_of(read: Any, *args: Any, **kwargs: Any) -> str:
    """Return the message of the error that reading ends in."""
    with pytest.raises(CompareError) as caught:
        read(*args, **kwargs)
    assert caught.value.exit_code == 2
    return caught.value.format_message()


@pytest.mark.parametrize(
    ("said", "request_"),
    [
        ({"path": "/"}, Request()),
        ({"path": "/a?b=c#d", "method": "PUT"}, Request("PUT", "/a?b=c")),
        ({"path": "/ä b%20"}, Request(target="/%C3%A4%20b%20")),
        ({"path": "//f"}, Request(target="//f")),
        ({"path": "https://u@h.org:1/x"}, Request("GET", "/x", scheme="https", host="h.org:1")),
        ({"path": "http://h.org"}, Request("GET", "/", host="h.org")),
        ({"path": "/", "headers": {"A": "b"}}, Request(headers=(("A", "b"),))),
        (
            {"path": "/", "headers": [["A", "b"], ["A", "c"]]},
            Request(headers=(("A", "b"), ("A", "c"))),
        ),
        ({"path": "/", "headers": {"Host": "x", "content-length": "9"}}, Request()),
        ({"path": "/", "headers": {"A": "ä"}}, Request(headers=(("A", "Ã¤"),))),
        ({"path": "/", "body": "ä"}, Request(body="ä".encode())),
        ({"path": "/", "base64": "AP8="}, Request(body=b"\x00\xff")),
        (
            {"path": "/", "form": {"a": ["1", "2"], "b": "&"}},
            Request(headers=(("Content-Type", FORM),), body=b"a=1&a=2&b=%26"),
        ),
        (
            {"path": "/", "json": None, "headers": {"content-type": "a/b"}},
            Request(headers=(("content-type", "a/b"),), body=b"null"),
        ),
    ],
)
def test_a_line_is_a_request(tmp_path: Path, said: dict[str, Any], request_: Request) -> None:
    """What a line leaves out goes without saying, and text becomes what goes over the wire."""
    assert lines(tmp_path, said) == [request_]


def test_empty_lines_mean_nothing(tmp_path: Path) -> None:
    """Empty lines, and the mark that some editors begin a file with, are passed over."""
    assert lines(tmp_path, "\ufeff", {"path": "/a"}, "", "  ", {"path": "/b"}) == [
        Request(target="/a"),
        Request(target="/b"),
    ]


def test_a_request_reads_back_what_it_writes(tmp_path: Path) -> None:
    """What stands for a request in a script is the same request when it is read."""
    requests = [
        Request(),
        Request("POST", "/x?y=%20", (("A", "b"), ("A", "c")), b"text", "https", "h.org:1"),
        Request(body=b"\x00\xff"),
        Request(body=b"two\nlines"),
    ]

    assert lines(tmp_path, *(request.line() for request in requests)) == requests


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{", "line 1 is no JSON: Expecting property name enclosed in double quotes at column 2."),
        ("[]", "line 1: has to be an object."),
        ("{}", "line 1 has no 'path'."),
        ('{"path": 1}', "line 1: 'path' has to be a text."),
        ('{"path": "x"}', "line 1: 'x' is neither a path nor the URL of a web page."),
        ('{"path": "ftp://x/"}', "line 1: 'ftp://x/' is neither a path nor the URL of a web page."),
        ('{"path": "http://["}', "line 1 is not what it has to be."),
        ('{"path": "/", "method": "G T"}', "line 1: 'G T' is no method."),
        ('{"path": "/", "method": null}', "line 1: 'method' has to be a text."),
        ('{"path": "/", "patj": 1}', "line 1: nothing is known of 'patj'."),
        ('{"path": "/", "headers": {"A": 1}}', "names and values of headers have to be texts."),
        ('{"path": "/", "headers": [1]}', "line 1 is not what it has to be."),
        ('{"path": "/", "headers": 1}', "line 1 is not what it has to be."),
        ('{"path": "/", "body": 1}', "line 1: 'body' has to be a text."),
        ('{"path": "/", "base64": "?"}', "line 1: 'base64' is none: "),
        ('{"path": "/", "body": "", "json": 1}', "are four ways to say one thing; use one."),
        ('{"path": "/", "form": 1}', "line 1 is not what it has to be."),
    ],
)
def test_a_line_that_is_no_request(tmp_path: Path, said: str, why: str) -> None:
    """What is wrong with a line is said, with its number, and how a line is written."""
    error = error_of(lines, tmp_path, said)

    assert why in error
    assert error.startswith(str(tmp_path))
    assert error.endswith('A request is written {"method": "GET", "path": "/"}')


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is not there, not text or empty is told of with what to type."""
    (tmp_path / "latin").write_bytes(b"\xff")

    assert error_of(read_lines, "nope") == (
        "nope cannot be read: No such file or directory. Check its name: ls"
    )
    assert "is not UTF-8 (invalid start byte at byte 0). Convert it: iconv" in (
        error_of(read_lines, str(tmp_path / "latin"))
    )
    assert error_of(lines, tmp_path).endswith('no request in it. One line is enough: {"path": "/"}')


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is standard input, in UTF-8 wherever one is."""
    data = io.BytesIO('{"path": "/ä"}'.encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(data, encoding="latin-1"))

    assert read_lines("-") == [Request(target="/%C3%A4")]


# ---- recordings ----


def test_a_recording_is_played(tmp_path: Path) -> None:
    """Method, URL, headers and body are those of the entry, at the time of the entry."""
    requests = har(
        tmp_path,
        {
            "method": "POST",
            "url": "https://h.org/x?y=z#f",
            "httpVersion": "h2",
            "headers": [
                {"name": ":authority", "value": "h.org"},
                {"name": "connection", "value": "keep-alive"},
                {"name": "cookie", "value": "a=b"},
                {"name": "content-type", "value": "text/plain"},
            ],
            "postData": {"mimeType": "text/plain", "text": "ä"},
        },
        startedDateTime="2024-01-01T01:00:00.900+01:00",
    )
    headers = (("cookie", "a=b"), ("content-type", "text/plain"))

    assert requests == [
        Request("POST", "/x?y=z", headers, "ä".encode(), "https", "h.org", 1_704_067_200)
    ]


def test_other_hosts_are_left_out(tmp_path: Path) -> None:
    """What a page fetched from elsewhere is not for the program."""
    urls = ("http://localhost:5000/", "https://fonts.example/x", "http://localhost:5000/b")

    requests = har(tmp_path, *({"method": "GET", "url": url} for url in urls))

    assert [request.target for request in requests] == ["/", "/b"]
    assert requests[0].host == "localhost:5000"


def test_forms_and_bytes_in_recordings(tmp_path: Path) -> None:
    """A form may be recorded as its fields, and bytes as base64."""
    url = "http://localhost/"
    form = {"mimeType": FORM, "params": [{"name": "a", "value": "1 2"}, {"name": "b"}]}
    data = {"mimeType": "image/png", "text": "AP8=", "encoding": "base64"}

    requests = har(
        tmp_path,
        {"method": "POST", "url": url, "postData": form},
        {"method": "POST", "url": url, "postData": data},
    )

    assert requests[0].body == b"a=1+2&b="
    assert requests[0].headers == (("Content-Type", FORM),)
    assert requests[1].body == b"\x00\xff"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no JSON: Expecting value at column 1."),
        ("{}", "has no 'log'."),
        ('{"log": []}', "is not what it has to be."),
        ('{"log": {"entries": {}}}', "'log.entries' has to be a list."),
        ('{"log": {"entries": [{}]}}', "entry 0 has no 'request'."),
        ('{"log": {"entries": [{"request": {"url": "/"}}]}}', "entry 0 has no 'method'."),
        ('{"log": {"entries": [7]}}', "entry 0 is not what it has to be."),
        (
            '{"log": {"entries": [{"request": {"method": "GET", "url": "/"},'
            ' "startedDateTime": "then"}]}}',
            "entry 0 is not what it has to be.",
        ),
    ],
)
def test_what_is_no_recording(tmp_path: Path, text: str, why: str) -> None:
    """What is wrong with a recording is said, and how one is made."""
    file = tmp_path / "r.har"
    file.write_text(text, "utf-8")

    error = error_of(read_har, str(file))

    assert why in error
    assert "Save all as HAR" in error
