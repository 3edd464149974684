"""Why can an old extension not import ``_request_ctx_stack``?

Why:
    Flask 2.2 put two ContextVars in place of the two stacks, and 2.3 dropped the names. Other
    names went as well, some to MarkupSafe. Extensions hung their connections on
    ``_app_ctx_stack.top``; that object is the app context, and its ``g`` does the same.

Instead:
    Keep what lasts for a request on ``g``, under a name that begins with the extension's. Ask
    ``has_request_context()`` instead of ``_request_ctx_stack.top is None``.

Never:
    _request_ctx_stack: found
    _app_ctx_stack: found
    second call: None, request: False
"""

import importlib

from miniflask import Flask, g, has_request_context

trace = []
app = Flask("shop")
package = importlib.import_module(Flask.__module__.partition(".")[0])

for name in ("_request_ctx_stack", "_app_ctx_stack", "Markup", "escape", "has_request_context"):
    try:
        exec(f"from {package.__name__} import {name}")
        trace.append(f"{name}: found")
    except ImportError:
        trace.append(f"{name}: ImportError")


def connection():
    """What the extension did with ``_app_ctx_stack.top.old_connection``."""
    if "_old_connection" not in g:
        trace.append("connect")
        g._old_connection = "a connection"
    return g._old_connection


@app.teardown_appcontext
def close(exc):
    if g.pop("_old_connection", None):
        trace.append("close")


with app.app_context():
    trace.append(f"first call: {connection()}, request: {has_request_context()}")
    trace.append(f"second call: {connection()}, request: {has_request_context()}")

assert trace == [
    "_request_ctx_stack: ImportError",
    "_app_ctx_stack: ImportError",
    "Markup: ImportError",
    "escape: ImportError",
    "has_request_context: found",
    "connect",
    "first call: a connection, request: False",
    "second call: a connection, request: False",
    "close",
]
print(*trace, sep="\n")
