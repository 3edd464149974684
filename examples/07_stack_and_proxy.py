"""Lesson 7: a stack lets requests nest, and a proxy to its top is the ``request`` to import.

What you see:
    The ContextVar holds a stack. A request is pushed when it arrives and popped when it is
    answered, so the outer one comes back: /nested is right now. The stack is a tuple, never
    changed in place, because a task's copied Context refers to the very same object. And the
    views say ``request`` again, as in lesson 4: it is bound once, and looks up to the top of the
    stack each time it is used.

Run it:
    $ python examples/07_stack_and_proxy.py

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
    Outside of that, the request is for /nested.

The server prints:
    ann is here
    bob is here

In Flask:
    ``request`` is a ``LocalProxy`` on a ContextVar (``miniflask/local.py``). Since Flask 2.2 the
    stack is nothing but the tokens of ``ContextVar.set`` (``miniflask/ctx.py``).

Try:
    Keep a list: ``push`` sets a new one if there is none, and then both change it in place.
    Which answers are wrong now? Werkzeug 2.0.0 came with that bug.
"""

import asyncio
import os
import re
import threading
from contextvars import ContextVar

from werkzeug.serving import run_simple
from werkzeug.test import Client, create_environ
from werkzeug.wrappers import Request

stack = ContextVar("stack", default=())


def push(new):
    """Make *new* the current request."""
    stack.set((*stack.get(), new))


def pop():
    """Make the request below the current one again."""
    stack.set(stack.get()[:-1])


class Proxy:
    """Whatever it is asked for, it asks the current request."""

    def __getattr__(self, name):
        if not stack.get():
            raise RuntimeError("Working outside of request context.")
        return getattr(stack.get()[-1], name)


request = Proxy()


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
        push(Request(environ))
        try:
            status, text = self.dispatch(request.path)
        finally:
            pop()
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


async def task(path):
    """Handle a request in a task, and let another task have a turn in the middle of it."""
    push(Request(create_environ(path)))
    await asyncio.sleep(0)
    answer = f"The task for {path} sees {request.path}.\n"
    pop()
    return answer


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
    return f"{inner}Outside of that, the request is for {request.path}.\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
