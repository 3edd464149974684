"""A task starts with the contexts of whoever made it.

Where:
    pallets/quart, docs/discussion/contexts.rst; pages about `contextvars`

Says:
    With `create_task`, contexts "will not exist" in the task. (Further down, the page of Quart
    says that they are copied.)

In fact:
    A task runs in a copy of the `contextvars.Context` in which it was made (PEP 567). It sees
    the same objects; what it sets stays its own.
"""

import asyncio

from miniflask import Flask, current_app, g, request

app = Flask("claim")


@app.get("/")
async def index():
    async def task():
        g.note = "written by the task"
        return f"task: {current_app.name} {request.path}"

    print(await asyncio.create_task(task()))
    print("g is the same object:", g.note)
    return "index"


app.test_client().get("/")
