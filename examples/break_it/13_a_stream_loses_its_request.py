"""Why can a streamed body not read ``request``?

Why:
    The view only makes the generator. The contexts are popped when ``wsgi_app`` returns, and
    the server takes the first piece of the body after that.

Instead:
    Read what the body needs before the first ``yield`` can happen: in the view, into a variable.
    Or wrap the generator in ``stream_with_context`` (the next lesson).

Never:
    body, from the request: /report
"""

from miniflask import Flask, request

trace = []
app = Flask("shop")


@app.get("/report")
def report():
    path = request.path

    def body():
        trace.append(f"body, from a variable: {path}")
        try:
            trace.append(f"body, from the request: {request.path}")
        except RuntimeError as e:
            trace.append(f"body, from the request: {str(e).splitlines()[0]}")
        yield "all of it"

    trace.append("view returns")
    return body()


@app.teardown_request
def teardown(exc):
    trace.append("context popped")


trace.append(f"client has {app.test_client().get('/report').text}")

assert trace == [
    "view returns",
    "context popped",
    "body, from a variable: /report",
    "body, from the request: Working outside of request context.",
    "client has all of it",
]
print(*trace, sep="\n")
