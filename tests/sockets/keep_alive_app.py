"""Serve an app whose view proves that it saw its own request, ``g`` and arguments."""

from __future__ import annotations

import socket
from typing import Any

from werkzeug.serving import WSGIRequestHandler

from miniflask import Flask, current_app, g, request

app = Flask(__name__)


@app.before_request
def remember() -> None:
    """Put what only this request knows into g, before the view runs."""
    assert not list(g), "g was not new"
    g.token = request.headers["X-Token"]


@app.get("/echo/<int:thread>/<int:number>")
def echo(thread: int, number: int) -> dict[str, Any]:
    """Say everything that this view can see of its request."""
    return {
        "view_args": [thread, number],
        "path": request.path,
        "query": request.args["q"],
        "g": g.token,
        "header": request.headers["X-Token"],
        "app": current_app.name,
    }


class KeepAliveHandler(WSGIRequestHandler):
    """Leaves connections open, which is safe here: no request has a body.

    Werkzeug closes each connection, and before that discards whatever can still be read from it.
    On a kept connection that would be the next request, so it is given another one to drain.
    """

    def run_wsgi(self) -> None:
        """Answer a request, with nothing to discard after it."""
        connection = self.connection
        quiet, other_end = socket.socketpair()
        with quiet, other_end:
            self.connection = quiet
            super().run_wsgi()
        self.connection = connection

    def send_header(self, keyword: str, value: str) -> None:
        """Send every header but the one with which Werkzeug closes each connection."""
        if keyword != "Connection":
            super().send_header(keyword, value)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


if __name__ == "__main__":
    app.run(port=0, threaded=True, request_handler=KeepAliveHandler)
