from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from miniflask import Flask, cli, lens
from miniflask.lens import command, live
from miniflask.lens.command import lens_command, watched, with_lens
from miniflask.lens.live import LensServer, serving

APP = Flask("shop")
APP.add_url_rule("/<path:path>", "view", lambda path: path)


@pytest.fixture
def recorded() -> Iterator[tuple[lens.Trace, LensServer]]:
    """A recording that goes on, and its server."""
    with lens.record(title="shop") as trace, serving(LensServer(trace)) as server:
        yield trace, server


def ask(server: LensServer, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def next_steps(response: http.client.HTTPResponse) -> dict[str, Any]:
    """Read one message of the stream."""
    lines = []
    while (line := response.readline()) not in (b"\n", b""):
        lines.append(line.decode())
    found: dict[str, Any] = json.loads(lines[1].removeprefix("data: "))
    assert lines[0] == f"id: {found['live']}-{found['events'][-1]['step']}\n"
    return found


@pytest.mark.parametrize("path", ["/", "/events"])
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:{port}", 200),
        ("127.0.0.1:{port}", 200),
        ("[::1]:{port}", 200),
        ("localhost", 200),
        ("evil.example:{port}", 403),
        ("localhost.evil.example:{port}", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
    ],
)
def test_only_names_of_the_loopback_are_answered(
    recorded: tuple[lens.Trace, LensServer], path: str, host: str, status: int
) -> None:
    """A page elsewhere that has its own name point here learns nothing."""
    trace, server = recorded
    APP.test_client().get("/secret-path")
    response = ask(server, path, Host=host.format(port=server.server_port))

    assert response.status == status
    if status == 403:
        assert b"secret-path" not in response.read()


def test_it_listens_on_the_loopback_only(recorded: tuple[lens.Trace, LensServer]) -> None:
    """Nobody outside this machine can connect."""
    _, server = recorded

    assert server.server_address[0] == "127.0.0.1"
    assert server.url == f"http://127.0.0.1:{server.server_port}/"


def test_answers_keep_to_themselves(recorded: tuple[lens.Trace, LensServer]) -> None:
    """No other page may embed or read the page, and no browser keeps or guesses anything."""
    response = ask(recorded[1], "/")

    assert response.headers["X-Frame-Options"] == "DENY"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in response.headers
    assert ask(recorded[1], "/elsewhere").status == 404


def test_steps_come_as_they_happen(recorded: tuple[lens.Trace, LensServer]) -> None:
    """A watcher gets what was recorded before, then each step once, with its lane and contexts."""
    trace, server = recorded
    APP.test_client().get("/early")
    response = ask(server, "/events")
    assert response.headers["Content-Type"] == "text/event-stream"
    early = next_steps(response)
    assert early["events"][0]["text"] == "request GET /early"
    assert early["subjects"]["R1"]["title"] == "GET /early"
    assert early["lanes"][0]["kind"] == "thread"

    APP.test_client().get("/late")
    seen = [event["step"] for event in early["events"]]
    while seen[-1] < trace.total:
        seen += [event["step"] for event in next_steps(response)["events"]]
    assert seen == list(range(1, trace.total + 1))


@pytest.mark.parametrize("by_header", [False, True])
def test_a_watcher_goes_on_where_it_was(
    recorded: tuple[lens.Trace, LensServer], by_header: bool
) -> None:
    """The page says what it has; a browser that comes back, by Last-Event-ID."""
    APP.test_client().get("/ok")
    server = recorded[1]
    last = f"{server.name}-5"
    if by_header:
        resumed = ask(server, "/events", **{"Last-Event-ID": last})
    else:
        resumed = ask(server, f"/events?after={last}")

    assert next_steps(resumed)["events"][0]["step"] == 6


@pytest.mark.parametrize("after", ["0a0b0c0d-5", "5", "-5", "x", ""])
def test_a_strange_place_to_go_on_from_is_the_beginning(
    recorded: tuple[lens.Trace, LensServer], after: str
) -> None:
    """A page from before a restart starts anew, and so does nonsense."""
    APP.test_client().get("/ok")

    assert next_steps(ask(recorded[1], f"/events?after={after}"))["events"][0]["step"] == 1


def test_watchers_are_bounded(
    recorded: tuple[lens.Trace, LensServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One page too many is told so, and takes no thread."""
    APP.test_client().get("/ok")
    watchers = [ask(recorded[1], "/events") for _ in range(live.WATCHERS)]
    refused = ask(recorded[1], "/events")

    assert [w.status for w in watchers] == [200] * live.WATCHERS
    assert refused.status == 503
    assert b"close one" in refused.read()


def test_the_end_sends_watchers_away() -> None:
    """When the block ends, streams end, the port is free and the thread is gone."""
    with lens.record() as trace, serving(LensServer(trace)) as server:
        APP.test_client().get("/ok")
        response = ask(server, "/events")
        next_steps(response)
        port = server.server_port
    assert response.read() == b""

    with serving(LensServer(trace, port)) as again:
        assert again.server_port == port
    for thread in threading.enumerate():
        if thread.name == "lens" or "process_request_thread" in thread.name:
            thread.join(10)
            assert not thread.is_alive()


SCRIPT = """
import sys
from miniflask import Flask
app = Flask("script")
app.add_url_rule("/", "view", lambda: sys.argv[1])
print(app.test_client().get("/").text, __name__)
if "--fail" in sys.argv:
    raise SystemExit(3)
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script; the interpreter's own arguments are put back afterwards."""
    monkeypatch.setattr("sys.argv", ["pytest"])
    monkeypatch.setattr("sys.path", ["first"])
    path = tmp_path / "script.py"
    path.write_text(SCRIPT, "utf-8")
    return path


def test_a_script_is_run_and_drawn(script: Path, tmp_path: Path) -> None:
    """The script runs as it would alone, arguments and all; then comes what happened."""
    page, chrome = tmp_path / "page.html", tmp_path / "chrome.json"
    options = ["--stable", "--html", str(page), "--chrome", str(chrome)]
    done = CliRunner().invoke(lens_command, [*options, str(script), "--ok", "--html"])

    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert lines[0] == "--ok __main__"
    assert lines[1] == "1  thread MainThread"
    assert lines[-1] == "> -        answer 200 OK  (script)"
    assert "script.py · miniflask lens" in page.read_text("utf-8")
    assert json.loads(chrome.read_text("utf-8"))["traceEvents"]


def test_the_program_has_the_command(script: Path) -> None:
    """`python -m miniflask lens` runs a script, and prints what happened."""
    command = [sys.executable, "-m", "miniflask", "lens", "--stable", str(script), "--ok"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.startswith("--ok __main__\n1  thread MainThread\n")


def test_a_script_that_fails_is_drawn_as_well(script: Path) -> None:
    """What happened until then is shown, and the exit status is the script's."""
    done = CliRunner().invoke(lens_command, [str(script), "--fail"])

    assert done.exit_code == 3
    assert "answer 200 OK" in done.output


def test_run_without_the_option_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --lens nothing is recorded and run_simple is called as it is."""
    called: list[Any] = []

    def run_simple(host: str, port: int, app: Any, **options: Any) -> None:
        called.append((host, port))

    monkeypatch.setattr(cli, "run_simple", run_simple)
    monkeypatch.setattr(command, "record", None)
    info = cli.ScriptInfo(create_app=lambda: APP)
    done = CliRunner().invoke(with_lens(cli.run_command, cli), ["--port", "0"], obj=info)

    assert done.exit_code == 0, done.output
    assert called == [("127.0.0.1", 0)]


def test_run_with_the_option_shows_the_lens(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --lens the address is printed, and what the app does while it is served is recorded."""
    seen: list[str] = []

    def run_simple(host: str, port: int, app: Any, **options: Any) -> None:
        app.test_client().get("/served")
        (server,) = (t for t in threading.enumerate() if t.name == "lens")
        seen.append(server.name)

    monkeypatch.setattr(cli, "run_simple", run_simple)
    info = cli.ScriptInfo(create_app=lambda: APP)
    done = CliRunner().invoke(
        with_lens(cli.run_command, cli), ["--port", "0", "--lens", "--lens-port", "0"], obj=info
    )

    assert done.exit_code == 0, done.output
    assert " * Lens: http://127.0.0.1:" in done.output
    assert seen == ["lens"]
    assert vars(cli)["run_simple"] is run_simple


def test_the_waiting_process_of_the_reloader_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the process that serves has a lens; the one that restarts it has none."""
    monkeypatch.delenv("WERKZEUG_RUN_MAIN", raising=False)
    watched(lambda *args, **options: None, 0)("host", 0, APP, use_reloader=True)
    assert capsys.readouterr().out == ""

    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    watched(lambda *args, **options: None, 0)("host", 0, APP, use_reloader=True)
    assert "Lens:" in capsys.readouterr().out


def test_a_port_that_is_taken_is_named(recorded: tuple[lens.Trace, LensServer]) -> None:
    """The error names the port, and what to type."""
    port = recorded[1].server_port
    with pytest.raises(click.ClickException, match=rf"port {port}: .* --lens-port 0"):
        watched(lambda *args, **options: None, port)("host", 0, APP)


def test_what_the_server_raises_is_its_own() -> None:
    """An OSError of the application's server is not taken for one of the lens."""

    def run_simple(*args: Any, **options: Any) -> None:
        raise OSError("its own")

    with pytest.raises(OSError, match="its own"):
        watched(run_simple, 0)("host", 0, APP)
