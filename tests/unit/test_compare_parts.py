"""The smaller parts of ``compare``: cookies, differences, alignment, secrets, progress, scripts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miniflask.compare import environments, output
from miniflask.compare.difference import Difference, align, find_difference
from miniflask.compare.jar import Jar
from miniflask.compare.model import CompareError, Outcome, Request
from miniflask.compare.redaction import Redaction
from miniflask.compare.session import Result
from miniflask.compare.worker import reverse
from miniflask.compare.worker.exchange import exchange, make_environ
from miniflask.compare.worker.tracing import Trace, describe

NOW = 1_767_225_600


def cookies_after(*set_cookie: str, path: str = "/", brought: str = "", at: str = "/") -> str:
    """Return the Cookie header that is sent once a response has set cookies."""
    jar = Jar()
    request = Request(target=path)
    headers = tuple(("Set-Cookie", line) for line in set_cookie)
    jar.keep(request, Outcome(status="200 OK", headers=headers), NOW)
    own = (("Cookie", brought),) if brought else ()
    return dict(jar.fill(Request(target=at, headers=own)).headers).get("Cookie", "")


# ---- cookies ----


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("a=b", "a=b"),
        ("a=b; Path=/; HttpOnly; Secure", "a=b"),
        ("a=b=c", "a=b=c"),
        ("a=b; Max-Age=10", "a=b"),
        ("a=b; Max-Age=0", ""),
        ("a=b; Max-Age=x", "a=b"),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", ""),
        ("a=b; Expires=Thu, 01 Jan 2026 00:00:01 GMT", "a=b"),
        ("a=b; Expires=never", "a=b"),
        ("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", "a=b"),
        ("a=b; Path=/other", ""),
        ("a=b; Path=relative", "a=b"),
    ],
)
def test_a_cookie_is_kept_until_it_expires(line: str, sent: str) -> None:
    """What is set is sent back, until its Max-Age or Expires says otherwise."""
    assert cookies_after(line) == sent


@pytest.mark.parametrize(
    ("under", "at", "is_sent"),
    [
        ("/a", "/a", True),
        ("/a", "/a/b", True),
        ("/a", "/a?q=/b", True),
        ("/a", "/ab", False),
        ("/a/", "/a", False),
        ("/a/", "/a/b", True),
        ("/", "/a", True),
    ],
)
def test_a_cookie_has_a_path(under: str, at: str, is_sent: bool) -> None:
    """A cookie is sent to the path that it was set for, and below."""
    assert (cookies_after(f"a=b; Path={under}", at=at) == "a=b") is is_sent


def test_a_cookie_without_a_path() -> None:
    """It has the folder of the URL that set it."""
    assert cookies_after("a=b", path="/x/y?/z", at="/x/other") == "a=b"
    assert cookies_after("a=b", path="/x/y", at="/z") == ""


def test_the_longest_path_wins() -> None:
    """Of two cookies of a name, the one for the longer path is sent."""
    assert cookies_after("a=1; Path=/", "a=2; Path=/x", at="/x") == "a=2"
    assert cookies_after("a=1; Path=/", "a=2; Path=/x", at="/y") == "a=1"


def test_recorded_cookies_give_way() -> None:
    """What a request brings along is sent until the program sets or deletes it."""
    assert cookies_after(brought="a=1; b=2") == "a=1; b=2"
    assert cookies_after("a=9; Path=/", brought="a=1; b=2") == "b=2; a=9"
    assert cookies_after("a=; Max-Age=0; Path=/", brought="a=1; b=2") == "b=2"


# ---- differences ----


def outcome(*headers: tuple[str, str], **parts: Any) -> Outcome:
    """Make an outcome."""
    return Outcome(**{"status": "200 OK", "headers": headers, **parts})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (outcome(("Date", "1"), ("Server", "a")), outcome(("Date", "2"))),
        (outcome(("Allow", "GET, HEAD")), outcome(("Allow", "HEAD, GET"))),
        (outcome(body=b"<x at 0x7f12345678>"), outcome(body=b"<x at 0x7f87654321>")),
    ],
)
def test_what_is_no_difference(left: Outcome, right: Outcome) -> None:
    """What belongs to the server, the order of a set and places in memory do not count."""
    assert find_difference(left, right) is None


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (outcome(raised="A: 1"), outcome(), ("exception that reaches the server", "A: 1", None)),
        (outcome(), outcome(status="404 X"), ("status", "200 OK", "404 X")),
        (outcome(("A", "1"), ("A", "2")), outcome(("A", "1")), ("header A", "1 | 2", "1")),
        (outcome(), outcome(("A", "")), ("header A", None, "")),
        (
            outcome(("A", ""), ("B", "")),
            outcome(("B", ""), ("A", "")),
            ("order of the headers", "A, B", "B, A"),
        ),
        (
            outcome(("Allow", "GET")),
            outcome(("Allow", "GET, PUT")),
            ("header Allow", "GET", "GET, PUT"),
        ),
        (outcome(body=b"a\nb"), outcome(body=b"a\nc"), ("body, line 2", "b", "c")),
        (outcome(body=b"a\n"), outcome(body=b"a"), ("body, line 1", "a\n", "a")),
        (outcome(body=b"\xff"), outcome(body=b"\xfe"), ("body, line 1", "\\xff", "\\xfe")),
        (
            outcome(("Content-Length", "1"), body=b"a"),
            outcome(("Content-Length", "2"), body=b"bb"),
            ("body, line 1", "a", "bb"),
        ),
        (outcome(("ETag", "1")), outcome(("ETag", "2")), ("header ETag", "1", "2")),
        (outcome(trace=("a", "b")), outcome(trace=("a",)), ("trace, step 2", "b", None)),
    ],
)
def test_the_first_difference(left: Outcome, right: Outcome, found: Any) -> None:
    """What a client would see comes first, and says more than what follows from it."""
    assert find_difference(left, right) == Difference(*found)


LINES = st.lists(st.sampled_from("abc")).map(tuple)


@given(LINES, LINES)
def test_aligned_traces_are_the_traces(left: tuple[str, ...], right: tuple[str, ...]) -> None:
    """Each side of the rows reads as the trace, and the marks say what they should."""
    rows = align(left, right)

    assert tuple(a for _, a, _ in rows if a is not None) == left
    assert tuple(b for _, _, b in rows if b is not None) == right
    for mark, a, b in rows:
        assert mark == ("<" if b is None else ">" if a is None else "=" if a == b else "!")
    assert (left == right) == all(mark == "=" for mark, _, _ in rows)


# ---- secrets ----


def test_a_secret_has_one_number_everywhere() -> None:
    """Equal secrets have the same number in each place, and other secrets another."""
    cookie = ("Set-Cookie", "session=aaaaaaaaaa; HttpOnly")
    other = ("Set-Cookie", "session=bbbbbbbbbb; HttpOnly")
    request = Request(target="/?t=aaaaaaaaaa", headers=(("Cookie", "session=aaaaaaaaaa; x=y"),))
    found = Difference("header Set-Cookie", cookie[1], other[1])

    shown = Redaction(["k"]).result(
        Result(request, outcome(cookie, body=b"\xff aaaaaaaaaa k ok"), outcome(other), found)
    )

    assert shown.request.headers == (("Cookie", "session=[secret 2]; x=[secret 3]"),)
    assert shown.request.target == "/?t=[secret 2]"
    assert shown.left.headers == (("Set-Cookie", "session=[secret 2]; HttpOnly"),)
    assert shown.left.body == b"\xff [secret 2] [secret 1] ok"
    assert shown.difference == Difference(
        "header Set-Cookie", "session=[secret 2]; HttpOnly", "session=[secret 4]; HttpOnly"
    )


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (("Authorization", "Basic eHh4eHh4"), "Basic [secret 1]"),
        (("Authorization", "xxxxxxxx"), "[secret 1]"),
        (("Proxy-Authorization", "Bearer x y"), "Bearer [secret 1]"),
        (("X-API-Key", "xxxxxxxx"), "[secret 1]"),
        (("Cookie", "loose"), "[secret 1]"),
        (("Cookie", "empty="), "empty="),
        (("Accept", "text/html"), "text/html"),
    ],
)
def test_which_headers_are_secret(header: tuple[str, str], shown: str) -> None:
    """Values of headers with credentials are taken out, whatever their scheme."""
    assert Redaction([]).request(Request(headers=(header,))).headers == ((header[0], shown),)


# ---- output ----


def test_progress_waits_where_nobody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a terminal the first line comes after five seconds, then one in ten."""
    clock = count()
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    progress = output.Progress(20, "requests")
    for _ in range(22):
        progress.step()

    assert capsys.readouterr().err == "5 of 20 requests\n15 of 20 requests\n"


def test_progress_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a terminal a line comes every two seconds; beyond what was planned, without a total."""
    clock = count()
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = output.Progress(3, "sequences")
    for _ in range(4):
        progress.step()

    assert capsys.readouterr().err == "2 of 3 sequences\n4 sequences\n"


@given(st.text(), st.lists(st.builds(Request, st.just("GET"), st.text(), body=st.binary())))
def test_a_script_is_a_program(app: str, requests: list[Request]) -> None:
    """Whatever the program's name and the requests hold, what is printed can be compiled."""
    script = output.make_script(app.replace("\0", ""), ["--against", "3.0.3"], requests)

    compile(script.encode("utf-8", "replace"), "script", "exec")


# ---- environments ----


@pytest.mark.parametrize(
    ("version", "werkzeug"),
    [("1.1.4", "<3"), ("2.2.5", "<3"), ("2.3.3", "=="), ("3.0.3", "=="), ("10.0", "==")],
)
def test_the_werkzeug_of_an_older_flask(version: str, werkzeug: str) -> None:
    """Flask is compared on the Werkzeug that is installed, unless it is too old for it."""
    flask, other, *_ = environments.wanted(version)

    assert flask == f"flask=={version}"
    assert other.startswith(f"werkzeug{werkzeug}")


def test_a_cache_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If there is no place for an environment, the error says how to choose one."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(CompareError, match="Name another folder: export XDG_CACHE_HOME="):
        environments.fetched("3.0.3", print)


def test_pip_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiting for PyPI has an end, and leaves nothing behind."""

    def run(*args: Any, **kwargs: Any) -> Any:
        raise subprocess.TimeoutExpired("pip", environments.PATIENCE)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(subprocess, "run", run)

    with pytest.raises(CompareError, match="within 600 seconds. Is PyPI within reach"):
        environments.fetched("3.0.3", print)
    assert list((tmp_path / "miniflask-compare").iterdir()) == []


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without XDG_CACHE_HOME it is ``~/.cache``, or what Windows has for it."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert environments.cache_folder() == Path.home() / ".cache" / "miniflask-compare"
    monkeypatch.setenv("LOCALAPPDATA", "/there")
    assert environments.cache_folder() == Path("/there/miniflask-compare")


# ---- the worker ----


def message(**parts: Any) -> dict[str, Any]:
    """Return what a child is told of a request."""
    return Request(**parts).message()


def test_an_environ_is_a_servers() -> None:
    """Path, query, host, headers and body are where PEP 3333 wants them."""
    headers = (
        ("Content-Type", "a/b"),
        ("X-A", "1"),
        ("x-a", "2"),
        ("Cookie", "a"),
        ("Cookie", "b"),
    )
    environ = make_environ(
        message(
            method="POST",
            target="//x%C3%A4%2F?q=%20",
            headers=headers,
            body=b"12",
            scheme="https",
            host="h.org:81",
        )
    )

    expected = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "//x\xc3\xa4/",
        "QUERY_STRING": "q=%20",
        "REQUEST_URI": "//x%C3%A4%2F?q=%20",
        "SERVER_NAME": "h.org",
        "SERVER_PORT": "81",
        "HTTP_HOST": "h.org:81",
        "wsgi.url_scheme": "https",
        "CONTENT_TYPE": "a/b",
        "CONTENT_LENGTH": "2",
        "HTTP_X_A": "1,2",
        "HTTP_COOKIE": "a; b",
    }
    assert {key: environ[key] for key in expected} == expected
    assert environ["wsgi.input"].read() == b"12"
    assert "CONTENT_LENGTH" not in make_environ(message())
    assert make_environ(message(method="PUT"))["CONTENT_LENGTH"] == "0"


def test_parts_of_a_body_are_in_the_trace() -> None:
    """When parts come between other events can be seen, and that the body was closed."""
    trace = Trace()

    class Body:
        def __iter__(self) -> Any:
            yield b"a"
            yield b"b"
            trace.add("between")
            yield b"c"

        def close(self) -> None:
            trace.add("closed")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])(b"written ")
        return Body()

    answer = exchange(app, message(), trace)

    assert Outcome.of(answer).body == b"written abc"
    assert answer["trace"] == [
        *("answers 200 OK", "sends a part of the body", "between", "sends a part of the body"),
        *("closed", "sent 3 bytes"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ("a", "'a'"),
        (b"a", "b'a'"),
        (ValueError("x"), "ValueError: x"),
        ([1, (2, [3, [4]])], "(1, (2, <list>))"),
        ({"a": {"b": 1}}, "{a: {b: 1}}"),
        (object(), "<object>"),
        ("0x7f0011223344", "'0x...'"),
        ("x" * 100, f"'{'x' * 79}... (102 characters)"),
    ],
)
def test_values_are_described_alike(value: Any, text: str) -> None:
    """A value is told in few words, without where it lies in memory."""
    assert describe(value) == text


def test_the_reverse_alias_names_what_there_is_not() -> None:
    """A module that Flask has nothing like cannot be imported, and the error says that."""
    assert reverse.counterpart("miniflask.routing.rules") == "werkzeug.routing.rules"
    assert reverse.counterpart("miniflask.json.tag") == "flask.json.tag"
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import reverse; reverse.install()\n"
        "import flask, miniflask, miniflask.views\n"
        "assert miniflask is flask and miniflask.views is flask.views\n"
        "assert flask.views.__spec__.name == 'flask.views'\n"
        "import miniflask.serving\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, os.path.dirname(reverse.__file__)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: Flask has no counterpart of 'miniflask.serving'"
    )
