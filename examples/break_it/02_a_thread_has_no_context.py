"""Why does ``current_app`` fail in a thread that a view has started?

Why:
    A new thread starts with an empty ``contextvars.Context``. The proxy is resolved where it is
    used, not where the function was written, so ``current_app.app_context()`` inside the thread
    asks for the very thing that is missing.

Instead:
    Take the application itself along, with ``current_app._get_current_object()``, and push a
    context of its own in the thread.

Never:
    thread, current_app.app_context(): shop
"""

import threading

from miniflask import Flask, current_app

trace = []
app = Flask("shop")


def in_thread(function, *args):
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


def ask_the_proxy():
    try:
        with current_app.app_context():
            trace.append(f"thread, current_app.app_context(): {current_app.name}")
    except RuntimeError as e:
        trace.append(f"thread, current_app.app_context(): {str(e).splitlines()[0]}")


def ask_the_app(app):
    with app.app_context():
        trace.append(f"thread, app.app_context(): {current_app.name}")


@app.get("/")
def index():
    trace.append(f"view: {current_app.name}")
    in_thread(ask_the_proxy)
    in_thread(ask_the_app, current_app._get_current_object())
    return "index"


app.test_client().get("/")

assert trace == [
    "view: shop",
    "thread, current_app.app_context(): Working outside of application context.",
    "thread, app.app_context(): shop",
]
print(*trace, sep="\n")
