"""Do greenlets (gevent) and tasks keep their contexts apart, as threads do?

Why:
    Each thread, greenlet and task has a ``contextvars.Context`` of its own, and the active
    contexts are kept there. So all three are apart from each other once they run. They differ
    in how they begin: a thread and a greenlet with nothing, a task with a copy of what was
    active where it was made.

Instead:
    Rely on it, with gevent too: it needs no patch of ours. Push a context in a thread or
    greenlet that you start; a task brings one along.

Never:
    a greenlet begins with shop
    a task begins with nothing
    greenlet ann sees bob
    task ann sees bob
"""

import asyncio
import threading

from greenlet import getcurrent, greenlet

from miniflask import Flask, current_app, has_app_context

trace = []


def begin(kind):
    trace.append(f"{kind} begins with {current_app.name if has_app_context() else 'nothing'}")


async def in_task():
    begin("a task")


with Flask("shop").app_context():
    thread = threading.Thread(target=begin, args=("a thread",))
    thread.start()
    thread.join()
    greenlet(begin).switch("a greenlet")
    asyncio.run(in_task())


def work(name, take_turns):
    with Flask(name).app_context():
        take_turns()
        trace.append(f"greenlet {name} sees {current_app.name}")


async def work_in_task(name):
    with Flask(name).app_context():
        await asyncio.sleep(0)
        trace.append(f"task {name} sees {current_app.name}")


async def both():
    await asyncio.gather(work_in_task("ann"), work_in_task("bob"))


here = getcurrent()
ann, bob = greenlet(work), greenlet(work)
ann.switch("ann", here.switch)
bob.switch("bob", here.switch)
ann.switch()
bob.switch()
asyncio.run(both())

assert trace == [
    "a thread begins with nothing",
    "a greenlet begins with nothing",
    "a task begins with shop",
    "greenlet ann sees ann",
    "greenlet bob sees bob",
    "task ann sees ann",
    "task bob sees bob",
]
print(*trace, sep="\n")
