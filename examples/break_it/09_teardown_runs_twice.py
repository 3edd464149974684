"""Why do teardown functions run twice in tests?

Why:
    ``with client:`` keeps the contexts of the last request for the test to look at. The request
    ends as always, and runs its teardown functions; then the client pushes both contexts again.
    The next request, or the end of the block, pops them, and that runs the functions once more.

Instead:
    Write teardown functions that may run twice: take what has to be closed with ``g.pop``, and
    close it if there is something.

Never:
    teardown: nothing to close
    after /b: /a
"""

from miniflask import Flask, g, request

trace = []
app = Flask("shop")


@app.get("/<name>")
def index(name):
    g.connection = name
    return name


@app.teardown_appcontext
def close(exc):
    connection = g.pop("connection", None)
    trace.append(f"teardown: {f'close {connection}' if connection else 'closed already'}")


with app.test_client() as client:
    client.get("/a")
    trace.append(f"after /a: {request.path}")
    client.get("/b")
    trace.append(f"after /b: {request.path}")
trace.append("after the block")

assert trace == [
    "teardown: close a",
    "after /a: /a",
    "teardown: closed already",
    "teardown: close b",
    "after /b: /b",
    "teardown: closed already",
    "after the block",
]
print(*trace, sep="\n")
