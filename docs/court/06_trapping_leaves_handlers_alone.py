"""`TRAP_HTTP_EXCEPTIONS` keeps no handler from running.

Where:
    the docstring of `App.trap_http_exception`

Says:
    For an exception that is trapped, the error handler "is not called".

In fact:
    A registered handler answers as ever. What trapping skips is the default page: without a
    handler the exception goes on as if it were any other.
"""

from werkzeug.exceptions import HTTPException

from miniflask import Flask, abort

app = Flask("claim")
app.config.update(TESTING=True, TRAP_HTTP_EXCEPTIONS=True)


@app.get("/<int:code>")
def fail(code):
    abort(code)


@app.errorhandler(404)
def missing(error):
    return "our own page"


client = app.test_client()
print("404:", client.get("/404").text)
try:
    client.get("/403")
except HTTPException as e:
    print("403: raised", type(e).__name__)
