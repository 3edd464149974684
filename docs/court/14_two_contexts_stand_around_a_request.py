"""Two contexts stand around a request, and the inner one goes first.

Where:
    drawings that have one box labelled "context"

Says:
    One context is pushed before the view, and popped after the response.

In fact:
    Flask 3.1 has two, with a teardown each. Flask's main branch has merged them.
"""

from miniflask import Flask, globals, has_app_context, has_request_context

app = Flask("claim")


def tell(moment):
    print(f"{moment}: request context {has_request_context()}, app context {has_app_context()}")


@app.get("/")
def index():
    print(type(globals.app_ctx._get_current_object()).__name__)
    print(type(globals.request_ctx._get_current_object()).__name__)
    return "index"


@app.teardown_request
def end_of_request(exc):
    tell("teardown_request")


@app.teardown_appcontext
def end_of_app_context(exc):
    tell("teardown_appcontext")


app.test_client().get("/")
