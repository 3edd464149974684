"""The programs for Flask and miniflask: the same source, with the framework as its argument."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..material import CHUNKS, LOGIN, READS, ROWS, SECRET, TEN_KEYS, VISITOR, folder


def make(fw: Any, **options: Any) -> Any:
    """Make an application with a secret key, as any has that sets a cookie or flashes."""
    app = fw.Flask(__name__, **{"static_folder": None, **options})
    app.secret_key = SECRET
    return app


def hello(fw: Any) -> Any:
    app = make(fw)

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    return app


def keyless(fw: Any) -> Any:
    app = hello(fw)
    app.secret_key = None
    return app


def path(fw: Any) -> Any:
    app = make(fw)

    @app.get("/u/<int:id>/<name>")
    def user(id: int, name: str) -> str:
        return f"{name} is number {id}"

    return app


def json(fw: Any) -> Any:
    app = make(fw)

    @app.get("/")
    def index() -> Any:
        return TEN_KEYS

    return app


def query(fw: Any) -> Any:
    app = make(fw)
    request = fw.request

    @app.get("/")
    def index() -> Any:
        return {"q": request.args["q"], "page": request.args.get("page", 1, type=int)}

    return app


def form(fw: Any) -> Any:
    app = make(fw)
    request = fw.request

    @app.post("/")
    def index() -> str:
        fields = request.form
        return f"{fields['name']}, {fields['email']}, {fields['age']}"

    return app


def session(fw: Any) -> Any:
    app = make(fw)
    session = fw.session

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    @app.get("/login")
    def login() -> str:
        session.update(VISITOR)
        return "in"

    @app.get("/read")
    def read() -> str:
        return f"Hello, {session.get('name')}!"

    @app.get("/write")
    def write() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return f"Hello, {session['name']}!"

    return app


def hooks(fw: Any) -> Any:
    app = make(fw)
    g = fw.g
    for _ in range(3):

        @app.before_request
        def before() -> None:
            g.seen = True

        @app.after_request
        def after(response: Any) -> Any:
            return response

        @app.teardown_request
        def teardown(error: BaseException | None) -> None:
            pass

    @app.get("/")
    def index() -> str:
        return "Hello, World!"

    return app


def redirect(fw: Any) -> Any:
    app = make(fw)

    @app.get("/new")
    def new() -> str:
        return "Hello, World!"

    @app.get("/old")
    def old() -> Any:
        return fw.redirect(fw.url_for("new"))

    return app


def deployed(fw: Any) -> Any:
    """Do what common extensions and their documentation ask for, at each request."""
    app = make(fw)
    app.config.update(SERVER_NAME="127.0.0.1:5000", TRUSTED_HOSTS=["127.0.0.1"])
    g, session = fw.g, fw.session

    @app.get("/login")
    def login() -> str:
        session.update(LOGIN)
        return "in"

    @app.before_request
    def load_user() -> None:
        g.user = session.get("_user_id")

    @app.after_request
    def secure(response: Any) -> Any:
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @app.teardown_appcontext
    def disconnect(error: BaseException | None) -> None:
        pass

    @app.get("/")
    def index() -> str:
        return f"Hello, {g.user}!"

    return app


def blueprints(fw: Any) -> Any:
    app = make(fw)
    outer = fw.Blueprint("outer", "benchmark", url_prefix="/outer")
    inner = fw.Blueprint("inner", "benchmark", url_prefix="/inner")
    url_for = fw.url_for

    @inner.get("/page")
    def page() -> str:
        return url_for(".item", number=7)  # type: ignore[no-any-return]

    @inner.get("/item/<int:number>")
    def item(number: int) -> str:
        return str(number)

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


def rules(fw: Any, count: int, shape: str) -> Any:
    return add_rules(make(fw), count, shape)


def add_rules(app: Any, count: int, shape: str) -> Any:
    for number in range(count):
        app.add_url_rule(shape.format(number), f"page{number}", lambda name: name)
    return app


def template(fw: Any) -> Any:
    app = make(fw, template_folder=str(folder()))
    render_template = fw.render_template

    @app.get("/")
    def index() -> str:
        return render_template("table.html", title="Users", rows=ROWS)  # type: ignore[no-any-return]

    return app


def abort(fw: Any) -> Any:
    app = make(fw)
    abort = fw.abort

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return "Nothing here", 404

    @app.get("/")
    def index() -> str:
        abort(404)
        return "never"

    return app


def stream(fw: Any) -> Any:
    app = make(fw)

    @app.get("/")
    def index() -> Iterator[str]:
        yield from CHUNKS

    return app


def upload(fw: Any) -> Any:
    app = make(fw)
    request = fw.request

    @app.post("/")
    def index() -> str:
        return str(len(request.files["file"].read()))

    return app


def static(fw: Any) -> Any:
    return make(fw, static_folder=str(folder()), static_url_path="/static")


def proxies(fw: Any) -> Any:
    app = make(fw)
    request = fw.request

    @app.get("/")
    def index() -> str:
        for _ in range(READS):
            request.method
        return "Hello, World!"

    return app
