"""What is ours in the testing tools: nothing but Werkzeug is imported for the client."""

from __future__ import annotations

import subprocess
import sys

import pytest

import miniflask
import miniflask.testing

PROGRAM = """
import sys
import miniflask

app = miniflask.Flask("sample")
app.secret_key = "key"
app.add_url_rule("/", "index", lambda: dict(miniflask.session))

with app.test_client() as client:
    with client.session_transaction() as session:
        session["x"] = 1
    print(client.get("/").json, miniflask.request.path)
with app.test_request_context("/there"):
    print(miniflask.request.path)
print(sorted({"click", "jinja2", "blinker", "asgiref", "dotenv"} & set(sys.modules)))
"""


def test_the_client_needs_no_extra() -> None:
    """Client, sessions and test contexts import neither Click nor any other extra."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert result.stdout.splitlines() == ["{'x': 1} /", "/there", "[]"]


def test_the_command_runner_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Click the runner says what to install, and the client goes on working."""
    for name in [name for name in sys.modules if name.startswith(("click", "miniflask.cli"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "click", None)
    app = miniflask.Flask("sample")
    app.add_url_rule("/", "index", lambda: "still here")

    assert app.test_client().get("/").text == "still here"
    with pytest.raises(RuntimeError, match="pip install click"):
        app.test_cli_runner()


def test_the_runner_is_the_command_line_s() -> None:
    """``FlaskCliRunner`` is imported from here as in Flask, and other names are refused."""
    from miniflask.cli.testing import FlaskCliRunner

    assert miniflask.testing.FlaskCliRunner is FlaskCliRunner
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        miniflask.testing.nothing  # type: ignore[attr-defined]  # that is the point


def test_a_client_without_a_request_closes_without_trouble() -> None:
    """An empty block leaves nothing pushed, and the client can be used and entered again."""
    client = miniflask.Flask("sample").test_client()

    with client:
        pass
    with client as again:
        assert again is client
        assert client.preserve_context
    assert not client.preserve_context


def test_a_copied_builder_is_left_alone() -> None:
    """The builder that is handed to ``open`` keeps its own base environment."""
    app = miniflask.Flask("sample")
    builder = miniflask.testing.EnvironBuilder(app, "/")

    with app.test_client() as client:
        client.open(builder)

    assert builder.environ_base is None
