"""Serve each lesson over a real socket, do what its docstring says, compare all it promises.

A docstring has titled parts.  ``Run it`` holds the command and what the server prints at once;
``Expect`` holds ``curl`` commands and their answers; ``The server prints``, where there is one,
what the server has printed after those.  A command that ends in ``&`` waits for the next one: it
has arrived when the server prints a line with ``is here``.  ``curl`` is played by this file.
"""

from __future__ import annotations

import argparse
import ast
import http.client
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Condition, Thread
from typing import IO, Any
from urllib.parse import urlsplit

import pytest

from tests.lessons.docstrings import read_exchanges, read_parts

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "examples").glob("[0-9][0-9]_*.py"))
DEMO = ROOT / "examples" / "08_miniflask.py"
DEADLINE = 30

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)


class Lines:
    """The lines of a stream, collected as they come."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.lines: list[str] = []
        self.ended = False
        self.changed = Condition()
        self.reader = Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self) -> None:
        for line in self.stream:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_until(self, condition: Callable[[list[str]], bool]) -> list[str]:
        with self.changed:
            self.changed.wait_for(lambda: self.ended or condition(self.lines), DEADLINE)
            assert condition(self.lines), "\n".join(["it printed only:", *self.lines])
            return list(self.lines)


class Server:
    """A program that serves, at work in a process of its own."""

    def __init__(self, program: Path, **environment: str) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "DEMO_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", str(program)],
            cwd=ROOT,
            env={**inherited, "PORT": "0", "PYTHONIOENCODING": "utf-8", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert self.process.stdout
        assert self.process.stderr
        self.out = Lines(self.process.stdout)
        self.err = Lines(self.process.stderr)

    def port(self) -> int:
        """Return the port, once the server has said it."""
        address = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
        lines = self.err.wait_until(lambda lines: any(map(address.search, lines)))
        return int(next(filter(None, map(address.search, lines)))[1])

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.process.terminate()
        try:
            self.process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
        with self.process:
            self.out.reader.join()
            self.err.reader.join()


@contextmanager
def serving(program: Path, **environment: str) -> Iterator[Server]:
    """Serve; afterwards hold the program to having complained about nothing."""
    server = Server(program, **environment)
    try:
        yield server
    finally:
        server.stop()
    complaints = re.compile(r"Traceback|\wWarning|Exception ignored")
    assert not any(map(complaints.search, server.err.lines)), "\n".join(server.err.lines)


def curl(command: str, port: int) -> list[str]:
    """Do what the ``curl`` command of a docstring does, on the port that the server has."""
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-b", dest="cookies")
    parser.add_argument("urls", nargs="+")
    name, *words = shlex.split(command)
    assert name == "curl"
    options = parser.parse_args(words)
    cookies = SimpleCookie(options.cookies or "")
    answers = b""
    for url in map(urlsplit, options.urls):
        assert url.netloc == "127.0.0.1:5000"
        headers = {"Cookie": "; ".join(f"{k}={v.coded_value}" for k, v in cookies.items())}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        with closing(connection):
            connection.request("GET", url.path, headers=headers if cookies else {})
            response = connection.getresponse()
            answers += response.read()
        if options.cookies is not None:
            for cookie in response.headers.get_all("Set-Cookie", []):
                cookies.load(cookie)
    return answers.decode().splitlines()


def by_request(lines: list[str]) -> tuple[list[str], list[str]]:
    """Sort lines by the number of their request, if any: several at once mix in any order."""
    numbered = re.compile(r"[●│ ]+ (#(\d+) .*)")
    found = [(match, line) for line in lines for match in [numbered.fullmatch(line)]]
    of_requests = [match for match, _ in found if match]
    return (
        [line for match, line in found if not match],
        [match[1] for match in sorted(of_requests, key=lambda match: int(match[2]))],
    )


def play(program: Path, parts: dict[str, str]) -> None:
    """Serve a program, do what the docstring says, and compare."""
    with serving(program) as server, ThreadPoolExecutor() as pool:
        port = server.port()
        [(_, at_once)] = read_exchanges(parts["Run it"].replace(":5000/", f":{port}/"))
        printed = server.out.wait_until(lambda lines: len(lines) >= len(at_once))
        assert by_request(printed) == by_request(at_once)

        promised = read_exchanges(parts["Expect"])
        answers: list[Future[list[str]]] = []
        for command, _ in promised:
            before = len(server.out.lines)
            answers.append(pool.submit(curl, command.rstrip(" &"), port))
            if command.endswith("&"):
                server.out.wait_until(lambda lines: any("is here" in s for s in lines[before:]))
            else:
                wait(answers[-1:], DEADLINE)
        assert [(c, a.result(DEADLINE)) for (c, _), a in zip(promised, answers)] == promised

        if "The server prints" in parts:
            lines = parts["The server prints"].splitlines()
            assert server.out.wait_until(lambda printed: len(printed) >= len(lines)) == lines


def test_lessons_are_numbered() -> None:
    """The lessons are numbered from 01 without a gap, and the demo is the eighth."""
    numbers = [lesson.name[:3] for lesson in LESSONS]

    assert numbers == [f"{n:02}_" for n in range(1, len(LESSONS) + 1)]
    assert LESSONS.index(DEMO) == 7


@every_lesson
def test_a_docstring_has_its_five_parts(lesson: Path) -> None:
    """Each docstring says what to see, run and expect, the same in Flask, and what to try."""
    parts = read_parts(lesson)
    parts.pop("The server prints", None)

    assert list(parts) == ["What you see", "Run it", "Expect", "In Flask", "Try"]
    assert all(parts.values())
    assert len(parts["In Flask"].splitlines()) <= 2
    assert parts["Run it"].splitlines()[0] == f"$ python examples/{lesson.name}"


@every_lesson
def test_a_lesson_serves_only_when_run(lesson: Path) -> None:
    """The last statement of each file starts the server, and only if the file is the program."""
    *_, last = ast.parse(lesson.read_text("utf-8")).body

    assert isinstance(last, ast.If)
    assert ast.unparse(last.test) == "__name__ == '__main__'"
    assert re.match(r"(run_simple|app\.run)\(", ast.unparse(last.body[-1]))


@every_lesson
def test_a_lesson_does_what_its_docstring_says(lesson: Path) -> None:
    """Every command gets the promised answer, and the server prints the promised lines."""
    play(lesson, read_parts(lesson))


@pytest.mark.parametrize("lesson", LESSONS[7:], ids=lambda path: path.stem)
def test_a_lesson_of_the_framework_is_the_same_in_flask(lesson: Path, tmp_path: Path) -> None:
    """With Flask imported in our place, a lesson keeps every promise as well."""
    program, imports = re.subn(
        r"^from miniflask\b", "from flask", lesson.read_text("utf-8"), flags=re.MULTILINE
    )
    (tmp_path / lesson.name).write_text(program, "utf-8")

    assert imports
    play(tmp_path / lesson.name, read_parts(lesson))


def test_the_demo_ends_after_as_many_requests_as_told() -> None:
    """With DEMO_REQUESTS=3 the last lesson ends by itself after its own three requests."""
    with serving(DEMO, DEMO_REQUESTS="3") as server:
        status = server.process.wait(DEADLINE)

    assert status == 0
    assert sum(bool(re.search(r"#\d +sent ", line)) for line in server.out.lines) == 3


@pytest.fixture
def demo() -> Any:
    """The last lesson as a module."""
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_needs_no_network_and_its_links_work(demo: Any) -> None:
    """The demo's page refers to nothing but the demo, and each link gets the answer it names."""
    client = demo.app.test_client()
    page = client.get("/").text
    links = set(re.findall(r'(?:href|action|src)="([^"]*)"', page)) - {"data:,"}

    assert "url(" not in page
    assert {link: client.get(link).status_code for link in links} == {
        "/greet": 302,
        "/count": 200,
        "/two": 200,
        "/tasks": 200,
        "/nested": 200,
        "/error": 500,
        "/nowhere": 404,
    }


def test_the_answers_escape_what_they_are_given(demo: Any) -> None:
    """Markup in a URL comes back as text, by way of the form as well."""
    client = demo.app.test_client()
    sent = client.get("/greet", query_string={"name": "<b>ann"}, follow_redirects=True)

    assert sent.text == "Hello, &lt;b&gt;ann! You asked for /hello/&lt;b&gt;ann.\n"


def test_the_terminal_shows_control_characters_as_text(
    demo: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """No path can make the terminal do anything."""
    demo.app.test_client().get("/\x1b[31m\r\n")
    shown = capsys.readouterr().out

    assert r"GET /\x1b[31m" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_a_nested_request_pushes_a_request_context_only(
    demo: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The inner request of /nested uses the app context, and so the ``g``, of the outer one."""
    demo.app.test_client().get("/nested")
    shown = capsys.readouterr().out

    assert shown.count("push request context") == 2
    assert shown.count("push app context") == 1
    assert re.search(r"#1 +after_request 200 +demo +\{'name': 'ann'\} GET /nested ", shown)


def test_somebody_who_waits_in_vain_is_told_so(demo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When nobody else comes to the meeting in time, it ends, and the next two can meet."""
    waiting = demo.meeting.wait
    monkeypatch.setattr(demo.meeting, "wait", lambda timeout: waiting(0))

    assert demo.app.test_client().get("/meet/ann").status_code == 503
    assert not demo.meeting.broken
