"""Only an exception that no handler took sends `got_request_exception`.

Where:
    docs/reqcontext.rst, "Signals"

Says:
    The signal is sent "before an errorhandler is looked up".

In fact:
    A handler for the exception itself is looked up first, and if there is one, nothing is sent.
    The signal is sent when the exception becomes a 500, before a handler for that one.
"""

from miniflask import Flask, got_request_exception

app = Flask("claim")
app.logger.disabled = True


@app.get("/<value>")
def number(value):
    return str(int(value) // 0)


@app.errorhandler(ValueError)
def not_a_number(error):
    print("handler for ValueError")
    return "not a number", 400


@app.errorhandler(500)
def failed(error):
    print("handler for 500")
    return "failed", 500


def sent(sender, exception):
    print("signal:", type(exception).__name__)


with got_request_exception.connected_to(sent, app):
    for path in ("/x", "/1"):
        print(path)
        app.test_client().get(path)
