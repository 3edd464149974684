"""The contexts are gone before a body is sent.

Where:
    docs/reqcontext.rst, "How the Context Works"; many drawings of a request's life

Says:
    The contexts are popped after the response has been "generated and sent".

In fact:
    They are popped when `wsgi_app` returns. The server iterates over the body after that, and
    a generator finds no context.
"""

from miniflask import Flask, has_app_context, has_request_context

app = Flask("claim")


@app.get("/")
def stream():
    def body():
        print("body: request context", has_request_context(), "app context", has_app_context())
        yield "sent"

    print("view: request context", has_request_context(), "app context", has_app_context())
    return body()


@app.teardown_request
def teardown(exc):
    print("popped")


app.test_client().get("/", buffered=True)
