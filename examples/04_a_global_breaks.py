"""Lesson 4: one global ``request`` for everybody works until two requests come at once.

What you see:
    Lesson 3 had to pass the path to every view. Now a view takes what it needs from a global,
    which the app sets when a request arrives. But the server has a thread for each request.
    /meet waits until two are there: the later one has overwritten the global, so ann's view
    reads bob's request. Her name is right, because an argument belongs to one call.

Run it:
    $ python examples/04_a_global_breaks.py

Expect, in another terminal (with ``&`` ann waits, and is answered once bob has come):
    $ curl http://127.0.0.1:5000/hello/ann
    Hello, ann! You asked for /hello/ann.
    $ curl http://127.0.0.1:5000/meet/ann &
    Hello, ann! You asked for /meet/bob.
    $ curl http://127.0.0.1:5000/meet/bob
    Hello, bob! You asked for /meet/bob.

The server prints:
    ann is here
    bob is here

In Flask:
    ``from flask import request`` is a global as well, and safe: lesson 7 gets there.

Try:
    Take ``threaded=True`` away, and ask the same. Why is bob never answered?
"""

import os
import re
import threading

from werkzeug.serving import run_simple
from werkzeug.wrappers import Request

request = None


class App:
    """A WSGI application that finds a view for each path."""

    def __init__(self):
        self.routes = []

    def route(self, rule):
        """Register the view below for the paths that look like *rule*."""
        pattern = re.compile(re.sub(r"<(\w+)>", r"(?P<\1>[^/]+)", rule))

        def register(view):
            self.routes.append((pattern, view))
            return view

        return register

    def dispatch(self, path):
        """Return the status and the text of the answer."""
        for pattern, view in self.routes:
            match = pattern.fullmatch(path)
            if match:
                return "200 OK", view(**match.groupdict())
        return "404 Not Found", "No rule matches this path.\n"

    def __call__(self, environ, start_response):
        """Answer with what the view for the path says."""
        global request
        request = Request(environ)
        status, text = self.dispatch(request.path)
        body = text.encode()
        start_response(
            status,
            [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
        )
        return [body]

    def run(self, host="127.0.0.1", port=5000):
        """Serve this application until Ctrl-C, each request in a thread of its own."""
        run_simple(host, port, self, threaded=True)


app = App()
meeting = threading.Barrier(2)


@app.route("/hello/<name>")
def hello(name):
    """Greet somebody."""
    return f"Hello, {name}! You asked for {request.path}.\n"


@app.route("/meet/<name>")
def meet(name):
    """Greet two people, once both have come."""
    print(f"{name} is here", flush=True)
    meeting.wait()
    return hello(name)


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
