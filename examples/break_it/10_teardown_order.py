"""In which order do teardown functions run, and what if one raises?

Why:
    Those of the blueprint come before those of the app, and of each the last registered comes
    first. Each gets the exception that nobody handled, or None. One that raises ends the row:
    ``app, first`` is skipped. The app context is popped all the same, so its functions run. And
    the answer, which was ready, is lost: the exception goes to the server.

Instead:
    Let no exception out of a teardown function: what may fail goes into ``try``, and a log.

Never:
    request, app, first: None
    app context: the disk is full
    answer: 200
"""

from miniflask import Blueprint, Flask

trace = []
app = Flask("shop")
bp = Blueprint("bp", __name__)


@bp.get("/")
def index():
    return "index"


@bp.teardown_request
def of_blueprint(exc):
    trace.append(f"request, blueprint: {exc}")


@app.teardown_request
def first(exc):
    trace.append(f"request, app, first: {exc}")


@app.teardown_request
def second(exc):
    trace.append(f"request, app, second: {exc}")
    raise RuntimeError("the disk is full")


@app.teardown_appcontext
def of_app_context(exc):
    trace.append(f"app context: {exc}")


app.register_blueprint(bp)

try:
    trace.append(f"answer: {app.test_client().get('/').status_code}")
except RuntimeError as e:
    trace.append(f"the server gets: {e}")

assert trace == [
    "request, blueprint: None",
    "request, app, second: None",
    "app context: None",
    "the server gets: the disk is full",
]
print(*trace, sep="\n")
