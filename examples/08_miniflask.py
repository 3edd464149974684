"""Lesson 8: the framework itself, with its contexts at work before your eyes.

What you see:
    The views of lesson 7, in the words of the framework. An app context is pushed around each
    request, then a request context; later both are torn down and popped. Every line in the
    terminal says what the four proxies stand for at that moment (``-`` is nothing: unbound).
    Each column of marks is a thread. The program begins with three requests to itself; the last
    two run at the same time, so their lines mix in any order. The page it serves has more to
    try. Ctrl-C ends it, or with DEMO_REQUESTS=n in the environment the n-th request.

Run it:
    $ python examples/08_miniflask.py
     * Serving Flask app '08_miniflask'
     * Debug mode: off
                                  current_app  g               request         session
    ●   #1  GET /hello/ann        -            -               -               -
    ●   #1  push app context      08_miniflask {}              -               -
    ●   #1  push request context  08_miniflask {}              GET /hello/ann  {}
    ●   #1  before_request hello  08_miniflask {}              GET /hello/ann  {}
    ●   #1  after_request 200     08_miniflask {'name': 'ann'} GET /hello/ann  {}
    ●   #1  teardown_request      08_miniflask {'name': 'ann'} GET /hello/ann  {}
    ●   #1  teardown_appcontext   08_miniflask {'name': 'ann'} -               -
    ●   #1  popped                -            -               -               -
    ●   #1  sent                  -            -               -               -
    ●   #2  GET /meet/ann         -            -               -               -
    ●   #2  push app context      08_miniflask {}              -               -
    ●   #2  push request context  08_miniflask {}              GET /meet/ann   {}
    ●   #2  before_request meet   08_miniflask {}              GET /meet/ann   {}
    ●   #2  ann is here           08_miniflask {'name': 'ann'} GET /meet/ann   {}
    │●  #3  GET /meet/bob         -            -               -               -
    │●  #3  push app context      08_miniflask {}              -               -
    │●  #3  push request context  08_miniflask {}              GET /meet/bob   {}
    │●  #3  before_request meet   08_miniflask {}              GET /meet/bob   {}
    │●  #3  bob is here           08_miniflask {'name': 'bob'} GET /meet/bob   {}
    ●│  #2  after_request 200     08_miniflask {'name': 'ann'} GET /meet/ann   {}
    ●│  #2  teardown_request      08_miniflask {'name': 'ann'} GET /meet/ann   {}
    │●  #3  after_request 200     08_miniflask {'name': 'bob'} GET /meet/bob   {}
    │●  #3  teardown_request      08_miniflask {'name': 'bob'} GET /meet/bob   {}
    ●│  #2  teardown_appcontext   08_miniflask {'name': 'ann'} -               -
    ●│  #2  popped                -            -               -               -
    ●│  #2  sent                  -            -               -               -
     ●  #3  teardown_appcontext   08_miniflask {'name': 'bob'} -               -
     ●  #3  popped                -            -               -               -
     ●  #3  sent                  -            -               -               -
    The program sent these three itself. Send more: http://127.0.0.1:5000/

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
    $ curl -b "" http://127.0.0.1:5000/count http://127.0.0.1:5000/count
    You have asked 1 time(s).
    You have asked 2 time(s).
    $ curl http://127.0.0.1:5000/error
    An error handler made this of: division by zero.

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports prints the same.

Try:
    Ask for /nested and watch ``g``. The inner request pushed one context only: why?
"""

import asyncio
import http.client
import itertools
import os
import secrets
import signal
import socket
import sys
import threading
import time
from contextvars import ContextVar

from markupsafe import Markup, escape
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wsgi import ClosingIterator, get_path_info

from miniflask import (
    Flask,
    current_app,
    g,
    has_app_context,
    has_request_context,
    redirect,
    request,
    session,
    url_for,
)
from miniflask.ctx import AppContext, RequestContext

# ---- the terminal: a line for each thing that happens, a column of marks for each thread ----

LINE = "{:<22.21}{:<13.12}{:<16.15}{:<16.15}{:.16}"
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ

LAST = int(os.environ.get("DEMO_REQUESTS", "0"))

lock = threading.Lock()
numbers = itertools.count(1)
answered = itertools.count(1)
asked = ContextVar("asked", default=(0, 0))  # the request at hand: its column, its number
busy = set()  # the columns in use


def show(event):
    """Print what happens, and what each proxy stands for at this moment."""
    column, number = asked.get()
    names = ["-", "-", "-", "-"]
    if has_app_context():
        names[:2] = current_app.name, {name: g.get(name) for name in g}
    if has_request_context():
        # To look into the session is to use it: every answer here says ``Vary: Cookie``.
        names[2:] = f"{request.method} {request.path}", dict(session)
    # repr, so that a path cannot carry control characters into the terminal.
    line = LINE.format(*(repr(str(text))[1:-1] for text in (event, *names)))
    with lock:
        signs = ("●" if i == column else "│" if i in busy else " " for i in range(3))
        marks = (f"\x1b[3{1 + i}m{s}\x1b[0m" if COLOUR else s for i, s in enumerate(signs))
        print(f"{''.join(marks)} #{number:<3}{line}".rstrip(), flush=True)


class WatchedAppContext(AppContext):
    """An app context that shows when it is pushed."""

    def push(self):
        """Push, then show."""
        super().push()
        show("push app context")


class WatchedRequestContext(RequestContext):
    """A request context that shows when it is pushed."""

    def push(self):
        """Push, then show."""
        super().push()
        show("push request context")


class WatchedFlask(Flask):
    """An app that shows each request before its contexts are pushed and after they are popped."""

    def app_context(self):
        """Make an app context."""
        return WatchedAppContext(self)

    def request_context(self, environ):
        """Make a request context."""
        return WatchedRequestContext(self, environ)

    def wsgi_app(self, environ, start_response):
        """Give the thread a column and the request a number, and answer it."""
        column, outer = asked.get()
        with lock:
            if not outer:
                column = min(set(range(len(busy) + 1)) - busy)
                busy.add(column)
            token = asked.set((column, next(numbers)))
        show(f"{environ['REQUEST_METHOD']} {get_path_info(environ)}")

        def sent():
            show("sent")
            asked.reset(token)
            if not outer:
                busy.remove(column)
                if next(answered) == LAST:
                    signal.raise_signal(signal.SIGINT)

        body = super().wsgi_app(environ, start_response)
        show("popped")
        return ClosingIterator(body, sent)


app = WatchedFlask(__name__)
app.secret_key = secrets.token_bytes()


@app.before_request
def before_request():
    """Show which view is next."""
    show(f"before_request {request.endpoint}")


@app.after_request
def after_request(response):
    """Show the view's answer."""
    show(f"after_request {response.status_code}")
    return response


@app.teardown_request
def teardown_request(exc):
    """Show the last moment of the request context."""
    show("teardown_request")


@app.teardown_appcontext
def teardown_appcontext(exc):
    """Show the last moment of the app context."""
    show("teardown_appcontext")


# ---- the views: those of lesson 7 ----

meeting = threading.Barrier(2)


@app.get("/hello/<name>")
def hello(name):
    """Greet somebody."""
    g.name = name
    return f"Hello, {escape(name)}! You asked for {escape(request.path)}.\n"


@app.get("/meet/<name>")
def meet(name):
    """Greet two people, once both have come."""
    g.name = name
    show(f"{name} is here")
    try:
        meeting.wait(timeout=30)
    except threading.BrokenBarrierError:
        meeting.reset()
        return "Nobody else came.\n", 503
    return hello(name)


async def task(path):
    """Handle a request in a task, and let another task have a turn in the middle of it."""
    with app.test_request_context(path):
        await asyncio.sleep(0)
        return f"The task for {path} sees {request.path}.\n"


@app.get("/tasks")
def tasks():
    """Run two tasks on this thread."""

    async def both():
        return "".join(await asyncio.gather(task("/ann"), task("/bob")))

    return asyncio.run(both())


@app.get("/nested")
def nested():
    """Ask this very app, as a test does, while a request is going on."""
    inner = app.test_client().get("/hello/ann", buffered=True).text
    return f"{inner}Outside of that, the request is for {request.path}.\n"


# ---- what a browser adds: cookies, redirects, errors, and a page to start from ----


@app.get("/greet")
def greet():
    """Send the form's name to the view that greets."""
    return redirect(url_for("hello", name=request.args.get("name") or "nobody"))


@app.get("/count")
def count():
    """Count in the session, which the browser keeps as a signed cookie."""
    session["count"] = session.get("count", 0) + 1
    return f"You have asked {session['count']} time(s).\n"


@app.get("/error")
def error():
    """Fail."""
    return str(1 / 0)


@app.errorhandler(ZeroDivisionError)
def divided(e):
    """Answer in place of a view that divided by zero."""
    return f"An error handler made this of: {escape(e)}.\n", 500


@app.get("/two")
def two():
    """Have the browser ask for two greetings at once."""
    return '<iframe src="/meet/ann"></iframe><iframe src="/meet/bob"></iframe>'


@app.get("/")
def index():
    """Explain, and offer things to try."""
    proxies = {"current_app": current_app, "g": g, "request": request, "session": session}
    row = Markup("<tr><th><code>%s</code><td><code>%r</code>")
    return PAGE % Markup().join(row % item for item in proxies.items())


PAGE = Markup("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>miniflask: contexts at work</title>
<style>
  :root { color-scheme: light dark; --line: light-dark(#d8dee4, #3d444d); --mark: #0a7ea4 }
  body { max-width: 46rem; margin: 3rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui }
  h1 { margin: 0; font-size: 1.7rem }
  code { font-size: .9em }
  table { width: min(46rem, 92vw); border-collapse: collapse }
  th, td { padding: .3rem 1rem .3rem 0; border-top: 1px solid var(--line); text-align: left }
  ul { padding: 0; list-style: none }
  li { margin: .4rem 0 }
  a, button { color: var(--mark); font-weight: 600 }
  input, button { font: inherit; padding: .1rem .5rem }
  iframe { width: min(46rem, 92vw); height: 8rem; border: 1px solid var(--line) }
</style>
<h1>Contexts at work</h1>
<p>Every view of this app imports the same four names, and many requests run at once. Keep the
terminal in sight while you click: each line there is one moment of a request, and says what the
four names stand for in it. While this page was made, they stood for
<table>%s</table>
<ul>
<li><form action="/greet" target="answer">Greet <input name="name" value="Ann" size="8">
  <button>go</button> &ndash; a redirect, and a view with an argument</form>
<li><a href="/count" target="answer">Count</a> &ndash; kept in the session; ask more than once
<li><a href="/two" target="answer">Two at once</a> &ndash; they wait for each other, and each
  has its own <code>request</code> and <code>g</code>
<li><a href="/tasks" target="answer">Two tasks</a> &ndash; the same on one thread, with asyncio
<li><a href="/nested" target="answer">Nested</a> &ndash; a request within a request
<li><a href="/error" target="answer">An error</a> &ndash; the view fails, a handler answers
<li><a href="/nowhere" target="answer">Nowhere</a> &ndash; no rule matches: both contexts are
  pushed and popped all the same
</ul>
<iframe name="answer" title="the answer"></iframe>
<p>To see how it is done, read <code>examples/</code> from lesson 1.
""")


# ---- serving ----


class Handler(WSGIRequestHandler):
    """The server's side of a connection, without the log lines that ``show`` replaces."""

    def log_request(self, *args):
        """Leave it to the app."""


def serves(port):
    """Tell whether the server is there, and has begun to serve."""
    try:
        with socket.create_connection(("127.0.0.1", port)) as probe:
            probe.shutdown(socket.SHUT_WR)
            return not probe.recv(1)  # hung up: this was no request
    except ConnectionRefusedError:
        return False


def ask(port, path):
    """Send this server a request, and read the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    connection.getresponse().read()
    connection.close()


def wait_for(condition):
    """Look again and again until something is the case."""
    while not condition():
        time.sleep(0.01)


def begin(port):
    """Make three requests, so that there is something to see at once."""
    wait_for(lambda: serves(port))
    print("        " + LINE.format("", "current_app", "g", "request", "session"), flush=True)
    ask(port, "/hello/ann")
    ann = threading.Thread(target=ask, args=(port, "/meet/ann"))
    ann.start()
    wait_for(lambda: meeting.n_waiting)
    ask(port, "/meet/bob")
    ann.join()
    wait_for(lambda: not busy)
    print(f"The program sent these three itself. Send more: http://127.0.0.1:{port}/", flush=True)


if __name__ == "__main__":
    port = int(os.environ.get("PORT", "5000"))
    if not port:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
    sys.stdout.reconfigure(errors="replace")  # for a terminal that has no ●
    if LAST:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's `&` ignores it
    threading.Thread(target=begin, args=(port,), daemon=True).start()
    app.run(port=port, debug=False, request_handler=Handler)
