"""What becomes of a task that an ``async def`` view has started?

Why:
    The application is synchronous. Each coroutine view runs in an event loop of its own, made
    for that one call, and when the view returns, the loop is closed and its tasks are
    cancelled. While it lives, the task sees the contexts of the view: it began with a copy.

Instead:
    Await what has to be done (``asyncio.gather``), or hand it to a queue that another process
    works on.

Never:
    mail sent
    both requests had the same loop
"""

import asyncio

from miniflask import Flask, request

trace = []
loops = []
app = Flask("shop")


async def send_mail(forever):
    try:
        trace.append(f"task of {request.path} begins")
        await forever
        trace.append("mail sent")
    except asyncio.CancelledError:
        trace.append("task cancelled")
        raise


@app.get("/order")
async def order():
    loops.append(asyncio.get_running_loop())
    task = asyncio.create_task(send_mail(asyncio.Event().wait()))
    await asyncio.sleep(0)
    trace.append(f"view returns, task {'is done' if task.done() else 'is waiting'}")
    return "ordered"


client = app.test_client()
client.get("/order")
trace.append("answered")
client.get("/order")
first, second = loops
trace.append(f"both requests had {'the same loop' if first is second else 'loops of their own'}")

assert trace == [
    "task of /order begins",
    "view returns, task is waiting",
    "task cancelled",
    "answered",
    "task of /order begins",
    "view returns, task is waiting",
    "task cancelled",
    "both requests had loops of their own",
]
print(*trace, sep="\n")
