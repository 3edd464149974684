"""Where does "Token was created in a different Context" come from?

Why:
    ``ContextVar.set`` returns a token, and only the ``contextvars.Context`` that minted it may
    ``reset`` with it. A context keeps the tokens of its pushes in one list. When two threads
    push the same copy at once, each pops the token of the other. Without the events below it
    would depend on luck, and fail on some days only.

Instead:
    Call ``copy_current_request_context`` once for every call, not once for all of them. The
    last two threads do.

Never:
    a copy for both
    ann leaves: RuntimeError
"""

import threading

from miniflask import Flask, copy_current_request_context

trace = []
app = Flask("shop")


def run_two(for_ann, for_bob):
    """Ann comes, bob comes, ann goes, bob goes."""
    bob_came, ann_went = threading.Event(), threading.Event()

    def bob():
        try:
            for_bob(lambda: (trace.append("bob is in"), bob_came.set(), ann_went.wait(10)))
            trace.append("bob left")
        except Exception as e:
            trace.append(f"bob leaves: {type(e).__name__}")

    thread = threading.Thread(target=bob)

    def ann():
        try:
            for_ann(lambda: (trace.append("ann is in"), thread.start(), bob_came.wait(10)))
            trace.append("ann left")
        except Exception as e:
            trace.append(f"ann leaves: {type(e).__name__}")
        ann_went.set()

    first = threading.Thread(target=ann)
    first.start()
    first.join()
    thread.join()


def call(function):
    function()


with app.test_request_context():
    trace.append("one copy for both")
    shared = copy_current_request_context(call)
    run_two(shared, shared)
    trace.append("a copy for each")
    run_two(copy_current_request_context(call), copy_current_request_context(call))

assert trace == [
    "one copy for both",
    "ann is in",
    "bob is in",
    "ann leaves: ValueError",
    "bob leaves: ValueError",
    "a copy for each",
    "ann is in",
    "bob is in",
    "ann left",
    "bob left",
]
print(*trace, sep="\n")
