"""Why does a test's second request find what the first one left on ``g``?

Why:
    ``g`` belongs to the app context. A request pushes one only if none of the same app is
    active. The fixture's ``with app.app_context():`` is, so both requests use it, and its ``g``.
    Flask 3.2 will push a new one for each request.

Instead:
    Make requests outside of ``with app.app_context():``; enter it only around the lines that
    need it, such as a look into the database.

Never:
    a request on its own: 2
"""

from miniflask import Flask, g

trace = []
app = Flask("shop")


@app.get("/")
def index():
    g.count = g.get("count", 0) + 1
    return str(g.count)


client = app.test_client()

for _ in range(2):
    trace.append(f"a request on its own: {client.get('/').text}")

with app.app_context():
    for _ in range(2):
        trace.append(f"a request within app.app_context(): {client.get('/').text}")

assert trace == [
    "a request on its own: 1",
    "a request on its own: 1",
    "a request within app.app_context(): 1",
    "a request within app.app_context(): 2",
]
print(*trace, sep="\n")
