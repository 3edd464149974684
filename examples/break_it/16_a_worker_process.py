"""What does a background worker (Celery, RQ, a cron job) get of the request?

Why:
    It is another process, often on another machine. Nothing of a context can be sent there: a
    proxy has nothing in it, and a request is a socket and a dict of this process. The job is
    data, and the worker makes the app, and pushes an app context, for each task.

Instead:
    Serialise values, not contexts: the user's id, the address of the page. Make the app with a
    factory that both processes import.

Never:
    worker: in a context of its own, shop, a request
    view: proxy can be pickled
"""

import json
import pickle
import subprocess
import sys

from miniflask import Flask, request

WORKER = """
import json, sys
from miniflask import Flask, current_app, has_app_context, has_request_context

app, job = Flask("worker"), json.loads(sys.argv[1])
print(f"worker: {'in a' if has_app_context() else 'no'} context")
with app.app_context():
    asked = "a" if has_request_context() else "no"
    print(f"worker: in a context of its own, {current_app.name}, {asked} request")
    print(f"worker: mail for order {job['order']}, asked for at {job['path']}")
"""

trace = []
app = Flask("shop")


@app.post("/order/<int:number>")
def order(number):
    try:
        pickle.dumps(request)
        trace.append("view: proxy can be pickled")
    except Exception:
        trace.append("view: proxy cannot be pickled")
    job = json.dumps({"order": number, "path": request.path})
    command = [sys.executable, "-c", WORKER, job]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    trace.extend(done.stdout.splitlines())
    return "ordered"


app.test_client().post("/order/3")

assert trace == [
    "view: proxy cannot be pickled",
    "worker: no context",
    "worker: in a context of its own, worker, no request",
    "worker: mail for order 3, asked for at /order/3",
]
print(*trace, sep="\n")
