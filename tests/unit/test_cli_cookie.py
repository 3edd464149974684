"""The ``cookie`` command."""

from __future__ import annotations

import base64
import zlib
from unittest import mock

import flask
import pytest
from click.testing import CliRunner, Result

import miniflask.signing
from miniflask.cli import cli

SECRET = "a secret that nobody may see"


def mint(session: dict[str, object], seconds: int = 1_700_000_000) -> str:
    """Let Flask make a cookie at a given time."""
    app = flask.Flask("sample")
    app.secret_key = SECRET
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    with mock.patch("itsdangerous.timed.time.time", lambda: seconds):
        return str(serializer.dumps(session))


def run(*args: str, **env: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(cli, ["cookie", *args], env=env)


def test_a_cookie_is_taken_apart() -> None:
    """Payload, session, time, signature and key derivation are shown, and what to do next."""
    cookie = mint({"user": "ada", "pair": (1, 2)})
    payload, time, signature = cookie.split(".")

    result = run(cookie)

    assert result.exit_code == 0
    assert result.output.splitlines() == [
        f"payload    {payload}",
        '           base64 of {"user":"ada","pair":{" t":[1,2]}}',
        "           the session {'user': 'ada', 'pair': (1, 2)}",
        f"time       {time}",
        "           2023-11-14 22:13:20 UTC",
        f"signature  {signature}",
        "           HMAC-SHA1(key, payload.time), 20 bytes",
        "key        HMAC-SHA1(secret key, 'cookie-session')",
        "checked    no; name the secret key's variable with --secret-key-from-env",
    ]


@pytest.mark.parametrize(("secret", "code", "word"), [(SECRET, 0, "good"), ("other", 1, "BAD")])
def test_the_signature_is_checked_without_showing_the_secret(
    secret: str, code: int, word: str
) -> None:
    """With the key in the environment the signature is checked; the key is never printed."""
    result = run(mint({"a": 1}), "--secret-key-from-env", "THE_KEY", THE_KEY=secret)

    assert result.exit_code == code
    assert result.output.splitlines()[-1].startswith(f"checked    {word}")
    assert secret not in result.output


def test_a_compressed_cookie_is_unpacked() -> None:
    """A payload that begins with a dot is unpacked."""
    result = run(mint({"a": "x" * 200}))

    assert "compressed, base64 of" in result.output
    assert "x" * 200 in result.output


def test_a_bomb_is_not_unpacked() -> None:
    """A payload that would grow beyond all bounds is refused in words."""
    bomb = base64.urlsafe_b64encode(zlib.compress(b'"' + b"0" * 50_000_000 + b'"')).decode()

    result = run(f".{bomb.rstrip('=')}.a.b")

    assert "more than 1,000,000 bytes when unpacked" in result.output
    assert len(result.output) < 2 * len(bomb)


def test_control_characters_do_not_reach_the_terminal() -> None:
    """What a stranger put into a cookie is shown escaped."""
    payload = miniflask.signing.base64_encode(b'{"a":"\x1b[2J"}').decode()

    result = run(f"{payload}.a.\x1bb")

    assert "\x1b" not in result.output
    assert "\\x1b" in result.output


def test_what_is_no_cookie_is_said_so() -> None:
    """A value without three parts is an error that says what to copy."""
    result = run("nonsense")

    assert result.exit_code == 1
    assert "has three parts, payload.time.signature; this has 1. Copy" in result.output


def test_a_missing_variable_is_named() -> None:
    """Without the environment variable the error says how to set it."""
    result = run(mint({"a": 1}), "--secret-key-from-env", "THE_KEY", THE_KEY="")

    assert result.exit_code == 1
    assert "'THE_KEY' is not set" in result.output
    assert "export THE_KEY=" in result.output
