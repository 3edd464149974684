"""Where does a value live: on ``g``, on the request, or in the session?

Why:
    ``g`` lives as long as an app context, an attribute of ``request`` as long as the request:
    both are gone when the view's redirect has been sent. The session goes to the browser, in a
    signed cookie, and comes back with the next request. Another browser has another one.

Instead:
    ``g`` for what a request needs in several places, such as its connection; the session for
    what a visitor should find again; a database for what everybody should.

Never:
    after the redirect, g: ann
    after the redirect, request: ann
    another browser, session: ann
"""

from miniflask import Flask, g, redirect, request, session

trace = []
app = Flask("shop")
app.secret_key = "only an example"


def look(when):
    trace.append(f"{when}, g: {g.get('user')}")
    trace.append(f"{when}, request: {getattr(request, 'user', None)}")
    trace.append(f"{when}, session: {session.get('user')}")


@app.post("/login")
def login():
    g.user = request.user = session["user"] = "ann"
    look("in the view")
    return redirect("/home")


@app.get("/home")
def home():
    look(request.args.get("when", "after the redirect"))
    return "home"


app.test_client().post("/login", follow_redirects=True)
app.test_client().get("/home?when=another browser")

assert trace == [
    "in the view, g: ann",
    "in the view, request: ann",
    "in the view, session: ann",
    "after the redirect, g: None",
    "after the redirect, request: None",
    "after the redirect, session: ann",
    "another browser, g: None",
    "another browser, request: None",
    "another browser, session: None",
]
print(*trace, sep="\n")
