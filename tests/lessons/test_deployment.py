"""Run the commands of the page about deployment, on both frameworks, for many visitors at once."""

from __future__ import annotations

import http.client
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.lessons.frameworks import FRAMEWORKS, on_flask
from tests.lessons.test_docs import ROOT, read_blocks

PAGE = ROOT / "docs" / "how-to" / "deploy.md"
BLOCKS = list(read_blocks(PAGE.read_text("utf-8")))
COMMANDS = [b.text.removeprefix("$ ").rstrip() for b in BLOCKS if b.language == "console"]
LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)")
DEADLINE = 30

both_frameworks = pytest.mark.parametrize("framework", FRAMEWORKS)
every_command = pytest.mark.parametrize("command", COMMANDS)


def write_files(folder: Path, framework: str) -> None:
    """Write the files that the page shows; any port will do."""
    [app] = [block.text for block in BLOCKS if block.language == "python"]
    [server] = [block.text for block in BLOCKS if block.language == "text"]
    (folder / "wsgi.py").write_text(on_flask(app) if framework == "flask" else app, "utf-8")
    (folder / "serve.py").write_text(server.replace("8000", "0"), "utf-8")


@contextmanager
def running(command: str, folder: Path, **environ: str) -> Iterator[int]:
    """Run a command of the page on a port of the system's choice; yield the port."""
    words = shlex.split(command.replace(":8000", ":0"))
    program = Path(sys.executable).parent / words[0]
    process = subprocess.Popen(
        [str(program), *words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "SECRET_KEY": "for a test", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # A server that never says where it listens must not hold the test up.
    guard = threading.Timer(DEADLINE, process.kill)
    guard.start()
    assert process.stdout
    printed: list[str] = []
    drain = threading.Thread(target=printed.extend, args=(process.stdout,))
    try:
        port = None
        for line in process.stdout:
            printed.append(line)
            if found := LISTENING.search(line):
                port = int(found[1])
                break
        assert port, "".join(printed)
        drain.start()
        yield port
    finally:
        process.terminate()
        process.wait(DEADLINE)
        guard.cancel()
        if drain.ident:
            drain.join(DEADLINE)
        process.stdout.close()
    assert "Traceback" not in "".join(printed), "".join(printed)


def visit(port: int, name: str, times: int = 3, **headers: str) -> list[str]:
    """Ask several times on one connection, with the cookie that was set; return the answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    answers = []
    with closing(connection):
        for _ in range(times):
            connection.request("GET", f"/hello/{name}", headers=sent)
            response = connection.getresponse()
            answers.append(response.read().decode().strip())
            cookie = response.headers["Set-Cookie"]
            answers[-1] += " secure" if "; Secure" in (cookie or "") else ""
            sent["Cookie"] = (cookie or "").partition(";")[0]
    return answers


@both_frameworks
@every_command
def test_each_visitor_of_a_server_gets_an_own_context(
    command: str, framework: str, tmp_path: Path
) -> None:
    """Eight visitors at once: each sees its own request, its own ``g`` and its own session."""
    write_files(tmp_path, framework)
    names = [f"visitor{number}" for number in range(8)]
    with running(command, tmp_path) as port, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: visit(port, name), names))

    assert answers == [[f"{name} {name} {n} http" for n in (1, 2, 3)] for name in names]


def test_the_page_shows_each_server() -> None:
    """The page has two ways to run gunicorn, one with gevent alone, and two with waitress."""
    assert [shlex.split(command)[0] for command in COMMANDS] == [
        "gunicorn",
        "gunicorn",
        "python",
        "waitress-serve",
        "waitress-serve",
    ]


@both_frameworks
@pytest.mark.parametrize("command", [COMMANDS[0], COMMANDS[2], COMMANDS[-1]])
def test_the_settings_for_a_proxy_do_what_the_page_says(
    command: str, framework: str, tmp_path: Path
) -> None:
    """Behind a proxy the scheme is the visitor's, the cookie is secure, and hosts are checked."""
    write_files(tmp_path, framework)
    environ = {"BEHIND_PROXY": "1", "PUBLIC_HOST": "shop.example"}
    headers = {"X_Forwarded_Proto": "https", "X_Forwarded_For": "192.0.2.1"}
    with running(command, tmp_path, **environ) as port:
        [served] = visit(port, "ann", 1, X_Forwarded_Host="shop.example", **headers)
        [refused] = visit(port, "ann", 1, X_Forwarded_Host="evil.example", **headers)

    assert served == "ann ann 1 https secure"
    assert "400 Bad Request" in refused
