"""What does ``copy_current_request_context`` take into a thread?

Why:
    The copy has the same request and the same session. But it has a new app context, and with
    it an empty ``g``: that belongs to the app context, which is not copied. What the worker
    writes on its ``g``, the view never sees; what it writes to the session, the view does.

Instead:
    Pass to the worker, as arguments, what it needs from ``g``. Take from it what it returns.

Never:
    worker: g.user is ann
    worker: another request
    worker: another session
    view: g.user is bob
    view: session has no note
"""

import threading

from miniflask import Flask, copy_current_request_context, g, request, session

trace = []
app = Flask("shop")
app.secret_key = "only an example"


@app.get("/")
def index():
    g.user = "ann"
    asked = request._get_current_object()
    opened = session._get_current_object()

    @copy_current_request_context
    def work():
        same = request._get_current_object() is asked
        trace.append(f"worker: {'the same' if same else 'another'} request")
        same = session._get_current_object() is opened
        trace.append(f"worker: {'the same' if same else 'another'} session")
        trace.append(f"worker: g.user is {g.get('user')}")
        g.user = "bob"
        session["note"] = "from the worker"

    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    trace.append(f"view: g.user is {g.user}")
    trace.append(f"view: session has {session.get('note', 'no note')}")
    return "index"


app.test_client().get("/")

assert trace == [
    "worker: the same request",
    "worker: the same session",
    "worker: g.user is None",
    "view: g.user is ann",
    "view: session has from the worker",
]
print(*trace, sep="\n")
