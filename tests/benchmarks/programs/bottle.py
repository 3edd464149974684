"""The programs for Bottle."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import Any

from ..material import CHUNKS, READS, ROWS, SECRET, TEN_KEYS, VISITOR, folder, table

# It has no types, and what a checker guesses of its descriptors is wrong.
bottle: Any = importlib.import_module("bottle")
request, response = bottle.request, bottle.response


def only(view: Any, path: str = "/", method: str = "GET") -> Any:
    """Make an application with one route."""
    app = bottle.Bottle()
    app.route(path, method, view)
    return app


def hello() -> Any:
    return only(lambda: "Hello, World!")


def path() -> Any:
    def user(id: int, name: str) -> str:
        return f"{name} is number {id}"

    return only(user, "/u/<id:int>/<name>")


def json() -> Any:
    return only(lambda: TEN_KEYS)


def query() -> Any:
    def index() -> dict[str, Any]:
        return {"q": request.query["q"], "page": request.query.get("page", 1, type=int)}

    return only(index)


def form() -> Any:
    def index() -> str:
        fields = request.forms
        return f"{fields['name']}, {fields['email']}, {fields['age']}"

    return only(index, method="POST")


def session() -> Any:
    app = hello()

    @app.get("/login")
    def login() -> str:
        response.set_cookie("session", VISITOR, secret=SECRET, httponly=True, path="/")
        return "in"

    @app.get("/read")
    def read() -> str:
        visitor = request.get_cookie("session", {}, secret=SECRET)
        return f"Hello, {visitor.get('name')}!"

    @app.get("/write")
    def write() -> str:
        visitor = request.get_cookie("session", {}, secret=SECRET)
        visitor["visits"] = visitor.get("visits", 0) + 1
        response.set_cookie("session", visitor, secret=SECRET, httponly=True, path="/")
        return f"Hello, {visitor['name']}!"

    return app


def hooks() -> Any:
    app = hello()

    def before() -> None:
        request.environ["seen"] = True

    def after() -> None:
        pass

    for _ in range(3):
        app.add_hook("before_request", before)
        app.add_hook("after_request", after)
    return app


def blueprints() -> Any:
    app, outer, inner = bottle.Bottle(), bottle.Bottle(), bottle.Bottle()

    @inner.get("/page")
    def page() -> Any:
        return app.get_url("item", number=7)

    @inner.get("/item/<number:int>", name="item")
    def item(number: int) -> str:
        return str(number)

    outer.mount("/inner/", inner)
    app.mount("/outer/", outer)
    return app


def make() -> Any:
    return bottle.Bottle()


def rules(count: int, shape: str) -> Any:
    return add_rules(make(), count, shape)


def add_rules(app: Any, count: int, shape: str) -> Any:
    for number in range(count):
        app.get(shape.format(number))(lambda name: name)
    return app


def template() -> Any:
    return only(lambda: table().render(title="Users", rows=ROWS))


def abort() -> Any:
    app = only(lambda: bottle.abort(404))

    @app.error(404)
    def missing(error: Exception) -> str:
        return "Nothing here"

    return app


def stream() -> Any:
    def index() -> Iterator[str]:
        yield from CHUNKS

    return only(index)


def upload() -> Any:
    return only(lambda: str(len(request.files["file"].file.read())), method="POST")


def static() -> Any:
    def serve(name: str) -> Any:
        return bottle.static_file(name, root=str(folder()))

    return only(serve, "/static/<name:path>")


def proxies() -> Any:
    def index() -> str:
        for _ in range(READS):
            request.method
        return "Hello, World!"

    return only(index)
