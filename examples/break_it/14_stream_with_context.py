"""What does ``stream_with_context`` do to the teardown functions?

Why:
    It pushes the request context a second time, around the iteration, which begins after the
    first pop. So the functions run at the end of the request, when the body has hardly begun,
    and again at the end of the body, also when the client has hung up. What the first run
    has closed, the body finds closed. (Flask 3.1.1 and before, and 3.2, run them once.)

Instead:
    Open in the generator, with ``with``, what the generator reads from.

Never:
    body goes on: unbound
    second piece
"""

from miniflask import Flask, request, stream_with_context

trace = []
app = Flask("shop")


@app.get("/report")
def report():
    @stream_with_context
    def body():
        try:
            trace.append("body begins")
            yield "one"
            trace.append("second piece")
            yield "two"
        finally:
            trace.append(f"body ends: {request.path}")

    trace.append("view returns")
    return body()


@app.teardown_request
def teardown(exc):
    trace.append("teardown_request")


response = app.test_client().get("/report")
pieces = response.iter_encoded()
trace.append(f"client takes {next(pieces).decode()}")
response.close()
trace.append("client hung up")

assert trace == [
    "view returns",
    "teardown_request",
    "body begins",
    "client takes one",
    "body ends: /report",
    "teardown_request",
    "client hung up",
]
print(*trace, sep="\n")
