"""Lesson 6: a ContextVar keeps threads, greenlets and tasks apart, and nobody cleans up.

What you see:
    The dict is gone: the interpreter has one of its own, a ``contextvars.Context``, for every
    thread and every task. ``set`` and ``get`` use the one that is running. A task starts with a
    copy of its parent's, so /tasks is right now, and when a thread or task ends its Context goes
    with it. But /nested asks the app a second time from within a view, on the same thread: the
    inner request overwrites the outer one.

Run it:
    $ python examples/06_contextvar.py

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/meet/ann &
    Hello, ann! You asked for /meet/ann.
    $ curl http://127.0.0.1:5000/meet/bob
    Hello, bob! You asked for /meet/bob.
    $ curl http://127.0.0.1:5000/tasks
    The task for /ann sees /ann.
    The task for /bob sees /bob.
    $ curl http://127.0.0.1:5000/nested
    Hello, ann! You asked for /hello/ann.
    Outside of that, the request is for /hello/ann.

The server prints:
    ann is here
    bob is here

In Flask:
    Flask 3.1 has two: one for the app context, one for the request context
    (``miniflask/globals.py``, beside ``flask/globals.py``).

Try:
    Keep what ``current_request.set`` returns, and pass it to ``current_request.reset`` once the
    request is answered. Which answer changes?
"""

import asyncio
import os
import re
import threading
from contextvars import ContextVar

from werkzeug.serving import run_simple
from werkzeug.test import Client, create_environ
from werkzeug.wrappers import Request

current_request = ContextVar("current_request")


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
        current_request.set(Request(environ))
        status, text = self.dispatch(current_request.get().path)
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
    return f"Hello, {name}! You asked for {current_request.get().path}.\n"


@app.route("/meet/<name>")
def meet(name):
    """Greet two people, once both have come."""
    print(f"{name} is here", flush=True)
    meeting.wait()
    return hello(name)


async def task(path):
    """Handle a request in a task, and let another task have a turn in the middle of it."""
    current_request.set(Request(create_environ(path)))
    await asyncio.sleep(0)
    return f"The task for {path} sees {current_request.get().path}.\n"


@app.route("/tasks")
def tasks():
    """Run two tasks on this thread."""

    async def both():
        return "".join(await asyncio.gather(task("/ann"), task("/bob")))

    return asyncio.run(both())


@app.route("/nested")
def nested():
    """Ask this very app, as a test does, while a request is going on."""
    inner = Client(app).get("/hello/ann").text
    return f"{inner}Outside of that, the request is for {current_request.get().path}.\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
