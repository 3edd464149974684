"""The programs for Falcon, which is an argument because there are two: compiled, and pure Python.

It has no sessions, no blueprints and no proxies; its middleware stands in for hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from itsdangerous import BadSignature

from ..material import CHUNKS, ROWS, TEN_KEYS, VISITOR, folder, signed, table


class Get:
    """A resource that answers GET with a function."""

    def __init__(self, view: Callable[..., None]) -> None:
        self.on_get = view


class Post:
    """A resource that answers POST with a function."""

    def __init__(self, view: Callable[..., None]) -> None:
        self.on_post = view


def only(falcon: Any, resource: Any, path: str = "/", **options: Any) -> Any:
    """Make an application with one route, that answers with HTML."""
    app = falcon.App(**{"media_type": falcon.MEDIA_HTML, **options})
    app.add_route(path, resource)
    return app


def greet(req: Any, resp: Any) -> None:
    resp.text = "Hello, World!"


def hello(falcon: Any) -> Any:
    return only(falcon, Get(greet))


def path(falcon: Any) -> Any:
    def user(req: Any, resp: Any, id: int, name: str) -> None:
        resp.text = f"{name} is number {id}"

    return only(falcon, Get(user), "/u/{id:int}/{name}")


def json(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        resp.media = TEN_KEYS

    return only(falcon, Get(index), media_type=falcon.MEDIA_JSON)


def query(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        resp.media = {"q": req.get_param("q"), "page": req.get_param_as_int("page", default=1)}

    return only(falcon, Get(index), media_type=falcon.MEDIA_JSON)


def form(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        fields = req.get_media()
        resp.text = f"{fields['name']}, {fields['email']}, {fields['age']}"

    return only(falcon, Post(index))


def opened(req: Any) -> Any:
    """Open the signed cookie."""
    try:
        return signed().loads(req.cookies.get("session", ""), max_age=86400)
    except BadSignature:
        return {}


def session(falcon: Any) -> Any:
    def keep(resp: Any, visitor: Any) -> None:
        resp.set_cookie("session", signed().dumps(visitor), path="/", secure=False)

    def login(req: Any, resp: Any) -> None:
        keep(resp, VISITOR)
        resp.text = "in"

    def read(req: Any, resp: Any) -> None:
        resp.text = f"Hello, {opened(req).get('name')}!"

    def write(req: Any, resp: Any) -> None:
        visitor = opened(req)
        visitor["visits"] = visitor.get("visits", 0) + 1
        keep(resp, visitor)
        resp.text = f"Hello, {visitor['name']}!"

    app = hello(falcon)
    for path, view in {"/login": login, "/read": read, "/write": write}.items():
        app.add_route(path, Get(view))
    return app


class Hooks:
    """Middleware: what runs before a request, and what runs after it whatever happened."""

    def process_request(self, req: Any, resp: Any) -> None:
        req.context.seen = True

    def process_response(self, req: Any, resp: Any, resource: Any, req_succeeded: bool) -> None:
        pass


def hooks(falcon: Any) -> Any:
    return only(falcon, Get(greet), middleware=[Hooks(), Hooks(), Hooks()])


def make(falcon: Any) -> Any:
    return falcon.App(media_type=falcon.MEDIA_HTML)


def rules(falcon: Any, count: int, shape: str) -> Any:
    return add_rules(make(falcon), count, shape)


def add_rules(app: Any, count: int, shape: str) -> Any:
    def answer(req: Any, resp: Any, name: str) -> None:
        resp.text = name

    for number in range(count):
        app.add_route(shape.format(number).replace("<name>", "{name}"), Get(answer))
    return app


def template(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        resp.text = table().render(title="Users", rows=ROWS)

    return only(falcon, Get(index))


def abort(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        raise falcon.HTTPNotFound

    def missing(req: Any, resp: Any, error: Exception, params: Any) -> None:
        resp.status = 404
        resp.text = "Nothing here"

    app = only(falcon, Get(index))
    app.add_error_handler(falcon.HTTPNotFound, missing)
    return app


def stream(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        resp.stream = (chunk.encode() for chunk in CHUNKS)

    return only(falcon, Get(index))


def upload(falcon: Any) -> Any:
    def index(req: Any, resp: Any) -> None:
        resp.text = "".join(str(len(part.stream.read())) for part in req.get_media())

    app = only(falcon, Post(index))
    app.req_options.media_handlers[falcon.MEDIA_MULTIPART] = falcon.media.MultipartFormHandler()
    return app


def static(falcon: Any) -> Any:
    app = falcon.App()
    app.add_static_route("/static", str(folder()))
    return app
