"""`with client` runs the teardown hooks twice.

Where:
    docs/reqcontext.rst, "Context Preservation During Testing", the example

Says:
    The hooks are called after "the client with block exits".

In fact:
    They run when the request ends, and once more at the end of the block: the test client
    pushes both contexts again, so that a test can look at them.
"""

from miniflask import Flask, request

app = Flask("claim")


@app.get("/")
def index():
    return "index"


@app.teardown_request
def teardown(exc):
    print("teardown")


with app.test_client() as client:
    client.get("/")
    print("within the block:", request.path)
