"""A proxy passes for what it stands for.

Where:
    docs/reqcontext.rst, "Notes On Proxies"

Says:
    Proxies "cannot fake their type", so that instance checks need the object behind them.

In fact:
    `isinstance` also asks for `__class__`, which the proxy answers in the name of its object.
    Only `type` and `is` see the proxy.
"""

from miniflask import Flask, current_app

app = Flask("claim")

with app.app_context():
    print("isinstance:", isinstance(current_app, Flask))
    print("type:", type(current_app).__name__)
    print("==:", current_app == app)
    print("is:", current_app is app)
