"""Two decorators that make use of ``g``: one remembers answers, the other asks who is there.

What you see:
    /bill needs a price three times and the visitor twice, and works each out once: a function
    below ``@once_per_request`` keeps its answers on ``g``, which goes when the request goes. So
    the next bill looks everything up again, and no visitor is ever served another one's answer.
    ``@login_required`` sends those away who have not said who they are.

Run it:
    $ python examples/caching.py
     * Serving Flask app 'caching'
     * Debug mode: off

Expect, in another terminal:
    $ curl -so /dev/null -w '%{http_code} %{redirect_url}' http://127.0.0.1:5000/bill
    302 http://127.0.0.1:5000/login
    $ curl -d name=ann -d password=guess http://127.0.0.1:5000/login
    Nobody has that name and that password.
    $ curl -c jar -d name=ann -d password=saffron http://127.0.0.1:5000/login
    Hello, ann.
    $ curl -b jar http://127.0.0.1:5000/bill
    ann owes 11: tea 4, cake 3, tea 4.
    Looked up: user ann, price of tea, price of cake.
    $ curl -b jar http://127.0.0.1:5000/bill
    ann owes 11: tea 4, cake 3, tea 4.
    Looked up: user ann, price of tea, price of cake.

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports answers the same.

Try:
    Keep the answers in a dict of the module instead of on ``g``. Log in as ann, then as bob
    (password cinnamon). Who owes what, and what would a price of tomorrow be?
"""

import os
import secrets
from functools import wraps

from werkzeug.security import check_password_hash, generate_password_hash

from miniflask import Flask, g, redirect, request, session, url_for

app = Flask(__name__)
app.secret_key = secrets.token_bytes()

PRICES = {"tea": 4, "cake": 3}
PASSWORDS = {
    "ann": generate_password_hash("saffron"),
    "bob": generate_password_hash("cinnamon"),
}


def once_per_request(function):
    """Call the function once for each set of arguments, as long as a request lasts."""

    @wraps(function)
    def remembering(*args, **kwargs):
        answers = g.setdefault("answers", {})
        # The function itself, not its name: two modules may have functions of one name.
        key = function, args, frozenset(kwargs.items())
        if key not in answers:
            answers[key] = function(*args, **kwargs)
        return answers[key]

    return remembering


def looked_up(what):
    """Note what had to be looked up for this request."""
    g.setdefault("looked_up", []).append(what)


@once_per_request
def current_user():
    """Return the visitor's name, or None."""
    name = session.get("user")
    looked_up(f"user {name}")
    return name if name in PASSWORDS else None


@once_per_request
def price_of(item):
    """Return what something costs."""
    looked_up(f"price of {item}")
    return PRICES[item]


def login_required(view):
    """Let only those see the view who have logged in."""

    @wraps(view)
    def guarded(**arguments):
        if current_user() is None:
            return redirect(url_for("login_form"))
        return view(**arguments)

    return guarded


@app.get("/bill")
@login_required
def bill():
    """Add up, asking for the price of each item as if that were cheap."""
    items = ["tea", "cake", "tea"]
    lines = ", ".join(f"{item} {price_of(item)}" for item in items)
    total = sum(price_of(item) for item in items)
    return f"{current_user()} owes {total}: {lines}.\nLooked up: {', '.join(g.looked_up)}.\n"


@app.get("/login")
def login_form():
    """Ask who it is."""
    return (
        '<form method="post"><input name="name" placeholder="name">'
        '<input name="password" type="password"><button>Log in</button></form>\n'
    )


@app.post("/login")
def login():
    """Note in the session who it is."""
    name = request.form["name"]
    known = PASSWORDS.get(name)
    if known is None or not check_password_hash(known, request.form["password"]):
        return "Nobody has that name and that password.\n", 403
    session.clear()
    session["user"] = name
    return f"Hello, {name}.\n"


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
