"""Lesson 3: what the app remembers is which view answers which path.

What you see:
    ``@app.route`` turns a rule into a regular expression and puts it on a list, next to the view.
    For each request the app goes down the list; the named groups of the first match become the
    view's arguments. No match: 404. All a view has to do now is to return text.

Run it:
    $ python examples/03_routing.py

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/hello/ann
    Hello, ann! You asked for /hello/ann.
    $ curl http://127.0.0.1:5000/nowhere
    No rule matches this path.

In Flask:
    ``@app.route("/hello/<name>")`` reads the same. ``app.url_map`` holds the rules, sorted so
    that the order of registration hardly matters, and builds URLs from them as well.

Try:
    Add a rule ``/a.b`` and ask for /axb. Which characters does ``route`` have to escape?
"""

import os
import re

from werkzeug.serving import run_simple


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

    def dispatch(self, environ):
        """Return the status and the text of the answer."""
        # PEP 3333 passes the path's bytes as latin-1 text, whatever encoding they are in.
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        for pattern, view in self.routes:
            match = pattern.fullmatch(path)
            if match:
                return "200 OK", view(path, **match.groupdict())
        return "404 Not Found", "No rule matches this path.\n"

    def __call__(self, environ, start_response):
        """Answer with what the view for the path says."""
        status, text = self.dispatch(environ)
        body = text.encode()
        start_response(
            status,
            [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
        )
        return [body]

    def run(self, host="127.0.0.1", port=5000):
        """Serve this application until Ctrl-C."""
        run_simple(host, port, self)


app = App()


@app.route("/hello/<name>")
def hello(path, name):
    """Greet somebody."""
    return f"Hello, {name}! You asked for {path}.\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
