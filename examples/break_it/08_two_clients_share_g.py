"""Why do two test clients see each other's ``g``?

Why:
    ``with client:`` keeps the contexts of its last request active, so that a test can look at
    them. While ann's are, bob's request finds an active app context of the same app, uses it,
    and with it ann's ``g``: a user cached there is now bob's as well.

Instead:
    Use ``with client:`` only where the test looks at ``request``, ``session`` or ``g`` after
    the request, and close it before another client asks.

Never:
    ann, block after block: bob
    bob, at the same time: bob
"""

from miniflask import Flask, g

trace = []
app = Flask("shop")


@app.get("/<name>")
def login(name):
    return g.setdefault("user", name)


with app.test_client() as ann:
    trace.append(f"ann, block after block: {ann.get('/ann').text}")
with app.test_client() as bob:
    trace.append(f"bob, block after block: {bob.get('/bob').text}")

with app.test_client() as ann:
    trace.append(f"ann, at the same time: {ann.get('/ann').text}")
    with app.test_client() as bob:
        trace.append(f"bob, at the same time: {bob.get('/bob').text}")

assert trace == [
    "ann, block after block: ann",
    "bob, block after block: bob",
    "ann, at the same time: ann",
    "bob, at the same time: ann",
]
print(*trace, sep="\n")
