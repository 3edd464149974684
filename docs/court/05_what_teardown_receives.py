"""A handled exception reaches the teardown hooks, if the handler was one for a 500.

Where:
    the docstring of `Scaffold.teardown_request`

Says:
    When an `errorhandler` takes the exception, "the teardown will not receive it".

In fact:
    That holds for a handler of the exception's own class. A handler for 500 (or for
    `InternalServerError`, or `HTTPException`) makes a page of it, and teardown still gets it.
"""

from werkzeug.exceptions import HTTPException, InternalServerError

from miniflask import Flask


def tell(handled):
    app = Flask("claim")

    @app.get("/")
    def fail():
        raise ValueError

    @app.teardown_request
    def teardown(exc):
        print(getattr(handled, "__name__", handled), "handled, teardown receives", repr(exc))

    app.logger.disabled = True
    app.register_error_handler(handled, lambda error: ("handled", 500))
    app.test_client().get("/")


for handled in (ValueError, Exception, 500, InternalServerError, HTTPException):
    tell(handled)
