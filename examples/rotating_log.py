r"""A log with a file for each day, that says in each line which request it is about.

What you see:
    Every request leaves a line in ``instance/visits.log``: who asked for what, without the view
    having to say so. At midnight (UTC) the file is put aside under the name of its day, and after
    a week it is deleted. One record is one line whatever a visitor sends: a line break in a path,
    meant to look like a line of its own, is written as text.

Run it:
    $ python examples/rotating_log.py
     * Serving Flask app 'rotating_log'
     * Debug mode: off

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/half/8
    Half of 8 is 4.
    $ curl http://127.0.0.1:5000/last
    INFO 127.0.0.1 GET /half/8 answered with 200
    $ curl -so /dev/null -w '%{http_code}' 'http://127.0.0.1:5000/half/8%0d%0aERROR%20forged'
    404
    $ curl http://127.0.0.1:5000/last
    INFO 127.0.0.1 GET /half/8%0D%0AERROR%20forged answered with 404
    $ curl 'http://127.0.0.1:5000/say?words=one%0Atwo'
    It is in the log.
    $ curl 'http://127.0.0.1:5000/last?lines=2'
    WARNING 127.0.0.1 GET /say somebody says: one\ntwo
    INFO 127.0.0.1 GET /say answered with 200

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports logs the same.

Try:
    Ask for /fail, and read the last lines of the log. Then give the handler an ordinary
    ``logging.Formatter``, and ask for /say once more: which of the lines can be believed?
"""

import logging
import os
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from urllib.parse import quote

from miniflask import Flask, has_request_context, request
from miniflask.logging import default_handler

app = Flask(__name__)

LOG = Path(app.instance_path, "visits.log")


class OneLine(logging.Formatter):
    """Writes a record, with its traceback if it has one, as a single line of visible text."""

    def format(self, record):
        """Show control characters and line breaks as escape sequences."""
        return "".join(
            c if c.isprintable() else c.encode("unicode_escape").decode()
            for c in super().format(record)
        )


def add_request(record):
    """Note on a record which request it is about; a filter that lets everything pass."""
    record.remote, record.method, record.path = "-", "-", "-"
    if has_request_context():
        record.remote, record.method = request.remote_addr, request.method
        # Encoded as in a URL, so that a space cannot look like the end of the path.
        record.path = quote(request.path)
    return True


def make_handler():
    """Make the handler that begins a new file each day."""
    LOG.parent.mkdir(exist_ok=True)
    handler = TimedRotatingFileHandler(
        LOG, when="midnight", utc=True, backupCount=7, encoding="utf-8", errors="backslashreplace"
    )
    handler.addFilter(add_request)
    handler.setFormatter(
        OneLine("%(asctime)s|%(levelname)s %(remote)s %(method)s %(path)s %(message)s")
    )
    return handler


app.logger.setLevel(logging.INFO)
app.logger.removeHandler(default_handler)
app.logger.addHandler(make_handler())


@app.after_request
def log_answer(response):
    """Log each request with the status of its answer."""
    app.logger.info("answered with %d", response.status_code)
    return response


@app.get("/half/<int:n>")
def half(n):
    """Divide, and know nothing of the log."""
    return f"Half of {n} is {n // 2}.\n"


@app.get("/say")
def say():
    """Log what a visitor wants to have logged."""
    app.logger.warning("somebody says: %s", request.args.get("words", ""))
    return "It is in the log.\n"


@app.get("/fail")
def fail():
    """Fail; the traceback is logged by the framework."""
    raise RuntimeError("this view never works")


@app.get("/last")
def last():
    """Show the last lines of the log, without their time."""
    wanted = request.args.get("lines", 1, type=int)
    lines = LOG.read_text("utf-8").splitlines()[-wanted:]
    text = "".join(line.partition("|")[2] + "\n" for line in lines)
    return text, {"Content-Type": "text/plain; charset=utf-8"}


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
