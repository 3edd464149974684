"""The contexts are not in a dict whose keys are thread ids.

Where:
    articles about Werkzeug up to 1.x, and articles that go on copying their drawings

Says:
    The contexts are kept as `{thread_id: {"stack": [...]}}`.

In fact:
    That was so until Werkzeug 2.0. Now a `ContextVar` holds the active context; here two tasks
    take turns on one thread, and each has its own.
"""

import asyncio
import threading

from miniflask import Flask, current_app, globals

threads = set()


async def work(name):
    with Flask(name).app_context():
        threads.add(threading.get_ident())
        await asyncio.sleep(0)
        print(f"the task of {name} sees {current_app.name}")


async def both():
    await asyncio.gather(work("ann"), work("bob"))


asyncio.run(both())
print("threads:", len(threads))
print("kept in a", type(globals._cv_app).__name__)
