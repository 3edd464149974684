"""Lesson 2: an object can be that function, and unlike a function it remembers things.

What you see:
    An instance with ``__call__`` is as good a WSGI application as lesson 1's function. What it
    is told once, in ``__init__``, it knows in every request; and it can bring ``run()`` along.

Run it:
    $ python examples/02_app_class.py

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/hello/ann
    Hello from lesson 2! You asked for /hello/ann.

In Flask:
    ``app = Flask(__name__)`` and ``app.run()``. Flask's ``__call__`` only calls
    ``self.wsgi_app``, so that middleware can wrap that one and ``app`` stays the app.

Try:
    Make two apps with two names, and serve the second one in a thread, on another port.
"""

import os

from werkzeug.serving import run_simple


class App:
    """A WSGI application with a name."""

    def __init__(self, name):
        self.name = name

    def __call__(self, environ, start_response):
        """Answer any request with the path it asked for."""
        # PEP 3333 passes the path's bytes as latin-1 text, whatever encoding they are in.
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        body = f"Hello from {self.name}! You asked for {path}.\n".encode()
        start_response(
            "200 OK",
            [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
        )
        return [body]

    def run(self, host="127.0.0.1", port=5000):
        """Serve this application until Ctrl-C."""
        run_simple(host, port, self)


app = App("lesson 2")

if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
