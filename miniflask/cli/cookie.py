"""The ``cookie`` command: a session cookie, taken apart.

The secret is never an argument, which other users of the machine could read, and never printed.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from datetime import datetime, timezone

import click

from ..sessions import SecureCookieSessionInterface, session_json_serializer
from ..signing import TimestampSigner, base64_decode, bytes_to_int

# A cookie of some thousand characters may claim to be gigabytes.
LARGEST_PAYLOAD = 1_000_000


@click.command("cookie", short_help="Take a session cookie apart.")
@click.argument("value")
@click.option(
    "--secret-key-from-env",
    "variable",
    metavar="NAME",
    help="Check the signature with the secret key in this environment variable.",
)
def cookie_command(value: str, variable: str | None) -> None:
    """Take a session cookie apart: its payload, when it was signed, and by what key.

    Nothing of that is secret. With the secret key in an environment variable, the signature is
    checked as well; the exit code is 1 if it does not fit.
    """
    parts = value.rsplit(".", 2)
    if len(parts) != 3:
        raise click.ClickException(
            "A session cookie has three parts, payload.time.signature; this has"
            f" {len(parts)}. Copy the value of the cookie as the browser shows it."
        )
    payload, time, signature = parts
    _show("payload", payload, *_explain(_read_payload, payload))
    _show("time", time, *_explain(_read_time, time))
    _show("signature", signature, *_explain(_read_signature, signature))
    salt = SecureCookieSessionInterface.salt
    click.echo(f"key        HMAC-SHA1(secret key, {salt!r})")
    if variable is None:
        click.echo("checked    no; name the secret key's variable with --secret-key-from-env")
    else:
        _check(value, variable)


def _check(value: str, variable: str) -> None:
    """Say whether the key in an environment variable signed the cookie."""
    interface = SecureCookieSessionInterface
    secret = os.environ.get(variable)
    if not secret:
        raise click.ClickException(
            f"The environment variable {variable!r} is not set. Set it to the secret key:"
            f" export {variable}=..."
        )
    signer = TimestampSigner(
        secret,
        salt=interface.salt,
        key_derivation=interface.key_derivation,
        digest_method=interface.digest_method,
    )
    good = signer.validate(value)
    click.echo(f"checked    {'good: signed with this key' if good else 'BAD: not signed with it'}")
    if not good:
        raise click.exceptions.Exit(1)


def _show(name: str, text: str, *meaning: str) -> None:
    for title, line in zip((name, "", ""), (text, *meaning), strict=False):
        # A cookie comes from a stranger, who may have put control characters into it.
        shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        click.echo(f"{title:<11}{shown}")


def _explain(read: Callable[[str], list[str]], text: str) -> list[str]:
    try:
        return read(text)
    except Exception as e:
        return [f"cannot be read: {type(e).__name__}: {e}"]


def _read_payload(text: str) -> list[str]:
    """Say what a payload carries."""
    packed = text.startswith(".")
    data = base64_decode(text.removeprefix("."))
    if packed:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(data, LARGEST_PAYLOAD)
        if unpacking.unconsumed_tail:
            raise ValueError(f"more than {LARGEST_PAYLOAD:,} bytes when unpacked")
    session = session_json_serializer.loads(data.decode())
    kind = "compressed, base64" if packed else "base64"
    return [f"{kind} of {data.decode()}", f"the session {session!r}"]


def _read_time(text: str) -> list[str]:
    """Say when a cookie was signed."""
    moment = datetime.fromtimestamp(bytes_to_int(base64_decode(text)), tz=timezone.utc)
    return [f"{moment:%Y-%m-%d %H:%M:%S} UTC"]


def _read_signature(text: str) -> list[str]:
    """Say what a signature is."""
    return [f"HMAC-SHA1(key, payload.time), {len(base64_decode(text))} bytes"]
