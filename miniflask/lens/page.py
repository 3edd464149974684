"""Draw a recording as one page: style, script and data inside, no network needed.

What was recorded is data from outside: a URL may be an attack.  It goes into the page as JSON
that cannot end its element, the script shows it as text, and a Content Security Policy lets
nothing run but this one script.
"""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape
from pathlib import Path
from typing import Any

from .text import draw
from .trace import Trace

_FOLDER = Path(__file__).parent
# Characters that can end a script element, or a line of old JavaScript.
_UNSAFE = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def page(trace: Trace, live: str = "") -> str:
    """Return the page of a recording.

    Args:
        trace: The recording.
        live: Go on to ask ``events``, beside the page, for what comes later in the recording of
            this name.
    """
    style, script = _asset("page.css"), _asset("page.js")
    title = f"{trace.title} · miniflask lens" if trace.title else "miniflask lens"
    values = {
        "policy": content_policy(style, script),
        "title": escape(title),
        "style": style,
        "script": script,
        "text": escape(draw(trace)),
        "data": dumps({"live": live, **trace.since(0)}),
    }
    template = _asset("page.html")
    # Piece by piece, so that no value is searched for the name of another.
    first, *rest = template.split("{{")
    pieces = [first]
    for part in rest:
        name, _, after = part.partition("}}")
        pieces += values[name], after
    return "".join(pieces)


def dumps(value: Any) -> str:
    """Write JSON that may stand in an HTML element, in one line."""
    return json.dumps(value).translate(_UNSAFE)


def content_policy(style: str, script: str) -> str:
    """Allow this style and this script, the stream of steps, and nothing else."""
    return (
        "default-src 'none'; base-uri 'none'; form-action 'none'; connect-src 'self';"
        f" img-src data:; style-src-elem '{_digest(style)}'; style-src-attr 'unsafe-inline';"
        f" script-src '{_digest(script)}'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
