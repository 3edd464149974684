"""A table that is sent while it is made, and that stops when nobody reads it any more.

What you see:
    /squares.csv has no end, and yet the first rows arrive at once: the view returns a generator,
    and each row goes out before the next one is computed. ``stream_with_context`` keeps
    ``request`` for it, though the view returned long ago. When the reader hangs up, the server
    closes the generator, and its ``finally`` is where to give back what it holds.

Run it:
    $ python examples/csv_stream.py
     * Serving Flask app 'csv_stream'
     * Debug mode: off

Expect, in another terminal:
    $ curl http://127.0.0.1:5000/squares/3.csv
    number,square,remark
    0,0,"for 127.0.0.1, row 0"
    1,1,"for 127.0.0.1, row 1"
    2,4,"for 127.0.0.1, row 2"
    $ curl http://127.0.0.1:5000/ended
    /squares/3.csv was read to its end.
    $ curl -s http://127.0.0.1:5000/squares.csv | head -n 2
    number,square,remark
    0,0,"for 127.0.0.1, row 0"
    $ curl http://127.0.0.1:5000/ended
    /squares.csv was given up.

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports answers the same.

Try:
    Take ``stream_with_context`` away. Which row is the last to arrive, and what does the server
    print? Why is the status 200 all the same?
"""

import csv
import itertools
import os
import queue

from miniflask import Flask, Response, request, stream_with_context

app = Flask(__name__)

ended = queue.Queue()  # what /ended has to tell


class Echo:
    """A file for ``csv.writer`` that keeps nothing: ``writerow`` returns what it writes."""

    def write(self, text):
        """Give the text back."""
        return text


def table(numbers):
    """Make the lines of the table, one by one."""
    to_line = csv.writer(Echo()).writerow
    outcome = "given up"
    try:
        yield to_line(["number", "square", "remark"])
        for n in numbers:
            yield to_line([n, n * n, f"for {request.remote_addr}, row {n}"])
        outcome = "read to its end"
    finally:
        # Also reached when the reader has gone: close() raises GeneratorExit at the yield.
        ended.put(f"{request.path} was {outcome}.\n")


@app.get("/squares.csv")
@app.get("/squares/<int:rows>.csv")
def squares(rows=None):
    """Send a table of squares, of so many rows or without an end."""
    numbers = itertools.count() if rows is None else range(rows)
    return Response(
        stream_with_context(table(numbers)),
        mimetype="text/csv",
        headers={"Content-Disposition": "attachment; filename=squares.csv"},
    )


@app.get("/ended")
def tell():
    """Wait until a table has ended, and say how."""
    try:
        return ended.get(timeout=30)
    except queue.Empty:
        return "No table has ended.\n", 503


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
