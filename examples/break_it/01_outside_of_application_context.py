"""Why does a script say "Working outside of application context"?

Why:
    ``current_app`` is no application. It looks one up, in this thread or task, at the moment it
    is used. A request pushes an app context, and so does a command of the command line. A
    script has none until it pushes one, and none again once that is popped.

Instead:
    Write ``with app.app_context():`` around what needs it: ``db.create_all()``, a query, a mail.
    Inside a view, do nothing: the context is there.

Never:
    script: EUR
    after the block: EUR
"""

from miniflask import Flask, current_app

trace = []
app = Flask("shop")
app.config["CURRENCY"] = "EUR"


def ask(where):
    try:
        trace.append(f"{where}: {current_app.config['CURRENCY']}")
    except RuntimeError as e:
        trace.append(f"{where}: {str(e).splitlines()[0]}")


@app.get("/")
def index():
    ask("view")
    return "index"


ask("script")
app.test_client().get("/")
with app.app_context():
    ask("within app.app_context()")
ask("after the block")

assert trace == [
    "script: Working outside of application context.",
    "view: EUR",
    "within app.app_context(): EUR",
    "after the block: Working outside of application context.",
]
print(*trace, sep="\n")
