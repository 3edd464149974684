"""The session is opened when the request context is pushed.

Where:
    the docstring of `AppContext` on Flask's main branch, which will be 3.2, as of April 2026

Says:
    The session is loaded the "first time it is accessed".

In fact:
    `push` opens it there as well. What is run here is 3.1.3, where the interface is asked before
    the URL is matched, so that a converter may use the session.
"""

from miniflask import Flask
from miniflask.sessions import SecureCookieSessionInterface


class Interface(SecureCookieSessionInterface):
    def open_session(self, app, request):
        print("opened, rule:", request.url_rule)
        return super().open_session(app, request)


app = Flask("claim")
app.session_interface = Interface()


@app.get("/")
def index():
    print("view, session not used")
    return "index"


app.test_client().get("/")
