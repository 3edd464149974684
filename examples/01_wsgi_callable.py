"""Lesson 1: a web application is a function that a server calls, once for each request.

What you see:
    The server passes a dict that describes the request, and a function that takes the status
    and the headers. The body is what the application returns: bytes, in an iterable. This
    agreement is WSGI (PEP 3333), and under everything it can do a Flask app keeps to it.

Run it:
    $ python examples/01_wsgi_callable.py

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/
    Hello! You asked for /.
    $ curl http://127.0.0.1:5000/hello/ann
    Hello! You asked for /hello/ann.

In Flask:
    The app is such a callable: ``run_simple("127.0.0.1", 5000, Flask(__name__))`` serves it.

Try:
    Answer with ``environ["QUERY_STRING"]`` and ask for /?name=ann. Who takes it apart?
"""

import os

from werkzeug.serving import run_simple


def application(environ, start_response):
    """Answer any request with the path it asked for."""
    # PEP 3333 passes the path's bytes as latin-1 text, whatever encoding they are in.
    path = environ["PATH_INFO"].encode("latin-1")
    body = b"Hello! You asked for " + path + b".\n"
    start_response(
        "200 OK",
        [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))],
    )
    return [body]


if __name__ == "__main__":
    run_simple("127.0.0.1", int(os.environ.get("PORT", "5000")), application)
