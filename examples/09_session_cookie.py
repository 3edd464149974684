"""Lesson 9: the session is a cookie that everybody can read and nobody can change.

What you see:
    The app of lesson 8 keeps a name in ``session``. Here the cookie that carries it is taken
    apart with nothing but the standard library: the payload, the time, the signature, and how
    the key is made of the secret and a salt. Then the cookie is forged in three ways. Only who
    has the secret succeeds.

Run it:
    $ python examples/09_session_cookie.py
     * Serving Flask app '09_session_cookie'
     * Debug mode: off

Expect, in another terminal:
    $ curl -b "" http://127.0.0.1:5000/login/ann http://127.0.0.1:5000/cookie
    Hello, ann!
    payload    eyJ1c2VyIjoiYW5uIn0
               is base64 for {"user":"ann"}
    time       is base64 for the seconds since 1970, less than a minute ago
    key        HMAC-SHA1("only an example", "cookie-session")
               = a6649d8d91ad79cbe4d1c20d574d445732c70681
    signature  HMAC-SHA1(key, payload.time): as expected
    $ curl -b "" http://127.0.0.1:5000/login/ann http://127.0.0.1:5000/forge
    Hello, ann!
    Another payload, the old signature: Hello, stranger!
    Signed with a guessed secret: Hello, stranger!
    Signed with the key of another salt: Hello, stranger!
    Signed with the secret itself: Hello, admin!
    $ curl http://127.0.0.1:5000/
    Hello, stranger!

In Flask:
    The same file with ``flask`` in place of ``miniflask`` in its imports prints the same, and
    each framework reads the cookies of the other.

Try:
    Put something long into the session, 30 times the same word. Why does the payload begin with
    a dot now, and why is it shorter than the word?
"""

import base64
import hashlib
import hmac
import os
import time

from miniflask import Flask, request, session

app = Flask(__name__)
app.secret_key = "only an example"


@app.route("/")
def hello():
    """Greet whoever the session says is here."""
    return f"Hello, {session.get('user', 'stranger')}!\n"


@app.route("/login/<name>")
def login(name):
    """Believe anybody, as lessons do."""
    session["user"] = name
    return hello()


# ---- what the framework does, written out ----


def encode(data):
    """Write bytes in base64 for URLs, without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    """Read what ``encode`` wrote."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def derive_key(secret, salt="cookie-session"):
    """Make the key: a secret that is used for other things as well gives other keys there."""
    return hmac.digest(secret.encode(), salt.encode(), hashlib.sha1)


def sign(key, payload, seconds):
    """Make a cookie of three parts, the last of which nobody else can make."""
    signature = hmac.digest(key, f"{payload}.{seconds}".encode(), hashlib.sha1)
    return f"{payload}.{seconds}.{encode(signature)}"


# ---- and undone ----


@app.route("/cookie")
def take_apart():
    """Show the parts of the cookie that came with this request."""
    cookie = request.cookies["session"]
    payload, seconds, _ = cookie.split(".")
    key = derive_key(app.secret_key)
    age = time.time() - int.from_bytes(decode(seconds), "big")
    return (
        f"payload    {payload}\n"
        f"           is base64 for {decode(payload).decode()}\n"
        f"time       is base64 for the seconds since 1970, {'less' if age < 60 else 'more'} than a"
        " minute ago\n"
        f'key        HMAC-SHA1("{app.secret_key}", "cookie-session")\n'
        f"           = {key.hex()}\n"
        "signature  HMAC-SHA1(key, payload.time): "
        f"{'as expected' if sign(key, payload, seconds) == cookie else 'something else'}\n"
    )


@app.route("/forge")
def forge():
    """Try to be the admin."""
    _, seconds, signature = request.cookies["session"].split(".")
    payload = encode(b'{"user":"admin"}')
    attempts = {
        "Another payload, the old signature": f"{payload}.{seconds}.{signature}",
        "Signed with a guessed secret": sign(derive_key("guess"), payload, seconds),
        "Signed with the key of another salt": sign(
            derive_key(app.secret_key, "another salt"), payload, seconds
        ),
        "Signed with the secret itself": sign(derive_key(app.secret_key), payload, seconds),
    }
    return "".join(f"{how}: {ask(cookie)}" for how, cookie in attempts.items())


def ask(cookie):
    """Ask this very app with a cookie."""
    client = app.test_client(use_cookies=False)
    return client.get("/", headers={"Cookie": f"session={cookie}"}).text


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
