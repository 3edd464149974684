"""Lesson 5: a dict with a place for each thread keeps the requests of threads apart.

What you see:
    The one global is now a dict, and its key is the id of the thread that asks. Each thread has
    to leave its place when it is done, because thread ids are used again. /meet is right now.
    But asyncio tasks take turns on one thread, as greenlets do, and so they share one place:
    in /tasks the first task reads the request of the second.

Run it:
    $ python examples/05_thread_ident.py

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/meet/ann &
    Hello, ann! You asked for /meet/ann.
    $ curl http://127.0.0.1:5000/meet/bob
    Hello, bob! You asked for /meet/bob.
    $ curl http://127.0.0.1:5000/tasks
    The task for /ann sees /bob.
    The task for /bob sees /bob.

The server prints:
    ann is here
    bob is here

In Flask:
    Flask 0.1 did this with Werkzeug's ``Local``, keyed by greenlet where there was one. Since
    Werkzeug 2.0 it is history, though many articles still draw the dict.

Try:
    Do not ``del`` the place, print ``requests`` in ``hello``, and ask for it a few times. Is each
    thread's id a new one? What does a thread see that has set nothing?
"""

import asyncio
import os
import re
import threading

from werkzeug.serving import run_simple
from werkzeug.test import create_environ
from werkzeug.wrappers import Request

requests = {}


def current_request():
    """Return the request of the thread that asks."""
    return requests[threading.get_ident()]


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
        requests[threading.get_ident()] = Request(environ)
        try:
            status, text = self.dispatch(current_request().path)
        finally:
            del requests[threading.get_ident()]
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
    return f"Hello, {name}! You asked for {current_request().path}.\n"


@app.route("/meet/<name>")
def meet(name):
    """Greet two people, once both have come."""
    print(f"{name} is here", flush=True)
    meeting.wait()
    return hello(name)


async def task(path):
    """Handle a request in a task, and let another task have a turn in the middle of it."""
    requests[threading.get_ident()] = Request(create_environ(path))
    await asyncio.sleep(0)
    return f"The task for {path} sees {current_request().path}.\n"


@app.route("/tasks")
def tasks():
    """Run two tasks on this thread."""

    async def both():
        return "".join(await asyncio.gather(task("/ann"), task("/bob")))

    return asyncio.run(both())


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
