"""Who runs the teardown functions when a worker has a copied context?

Why:
    The copy is a context like any other: when the worker's function returns, it is popped, and
    its teardown functions run, in the worker. The view's own context runs them again. If they
    close something that both use, the worker closes it under the view's feet.

Instead:
    Keep what has to be closed on ``g``, which worker and view do not share, and let a teardown
    function close only what it finds there.

Never:
    teardown_request in the view's thread, request unbound
"""

import threading

from miniflask import Flask, copy_current_request_context

trace = []
app = Flask("shop")


def here():
    return threading.current_thread().name


@app.teardown_request
def end_of_request(exc):
    trace.append(f"teardown_request in the {here()}")


@app.teardown_appcontext
def end_of_app_context(exc):
    trace.append(f"teardown_appcontext in the {here()}")


@app.get("/")
def index():
    @copy_current_request_context
    def work():
        trace.append("worker done")

    worker = threading.Thread(target=work, name="worker")
    worker.start()
    worker.join()
    trace.append("view done")
    return "index"


server = threading.Thread(target=app.test_client().get, args=("/",), name="view's thread")
server.start()
server.join()

assert trace == [
    "worker done",
    "teardown_request in the worker",
    "teardown_appcontext in the worker",
    "view done",
    "teardown_request in the view's thread",
    "teardown_appcontext in the view's thread",
]
print(*trace, sep="\n")
