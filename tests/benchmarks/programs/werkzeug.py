"""The programs for Werkzeug without a framework, written as its tutorial does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from itsdangerous import BadSignature
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.routing import Map, Rule, Submount
from werkzeug.wrappers import Request, Response

from ..material import CHUNKS, ROWS, TEN_KEYS, VISITOR, folder, signed, table


class Application:
    """An application: a map whose endpoints are the views themselves."""

    def __init__(self, rules: list[Any]) -> None:
        self.url_map = Map(rules)

    def dispatch(self, request: Request) -> Any:
        adapter = self.url_map.bind_to_environ(request.environ)
        try:
            view, values = adapter.match()
            return view(request, **values)
        except HTTPException as error:
            return self.on_error(error)

    def on_error(self, error: HTTPException) -> Any:
        return error

    def __call__(self, environ: Any, start_response: Any) -> Any:
        response = self.dispatch(Request(environ))
        return response(environ, start_response)


def html(text: Any, status: int = 200) -> Response:
    return Response(text, status, mimetype="text/html")


def only(view: Callable[..., Any], path: str = "/") -> Any:
    """Make an application with one route."""
    return Application([Rule(path, endpoint=view)])


def greet(request: Request) -> Response:
    return html("Hello, World!")


def hello() -> Any:
    return only(greet)


def path() -> Any:
    def user(request: Request, id: int, name: str) -> Response:
        return html(f"{name} is number {id}")

    return only(user, "/u/<int:id>/<name>")


def as_json(value: Any) -> Response:
    from json import dumps

    return Response(dumps(value), mimetype="application/json")


def json() -> Any:
    return only(lambda request: as_json(TEN_KEYS))


def query() -> Any:
    def index(request: Request) -> Response:
        args = request.args
        return as_json({"q": args["q"], "page": args.get("page", 1, type=int)})

    return only(index)


def form() -> Any:
    def index(request: Request) -> Response:
        fields = request.form
        return html(f"{fields['name']}, {fields['email']}, {fields['age']}")

    return only(index)


def opened(request: Request) -> Any:
    """Open the signed cookie."""
    try:
        return signed().loads(request.cookies.get("session", ""), max_age=86400)
    except BadSignature:
        return {}


def kept(visitor: Any, response: Response) -> Response:
    """Put a signed cookie into a response."""
    response.set_cookie("session", str(signed().dumps(visitor)), httponly=True)
    return response


def session() -> Any:
    def login(request: Request) -> Response:
        return kept(VISITOR, html("in"))

    def read(request: Request) -> Response:
        return html(f"Hello, {opened(request).get('name')}!")

    def write(request: Request) -> Response:
        visitor = opened(request)
        visitor["visits"] = visitor.get("visits", 0) + 1
        return kept(visitor, html(f"Hello, {visitor['name']}!"))

    views: dict[str, Any] = {"/": greet, "/login": login, "/read": read, "/write": write}
    return Application([Rule(path, endpoint=view) for path, view in views.items()])


def hooks() -> Any:
    class Hooked(Application):
        def dispatch(self, request: Request) -> Any:
            for before in self.hooks:
                before(request)
            try:
                response = super().dispatch(request)
                for after in self.hooks:
                    after(response)
                return response
            finally:
                for teardown in self.hooks:
                    teardown(None)

        def __init__(self, rules: list[Any]) -> None:
            super().__init__(rules)
            self.hooks: list[Callable[[Any], None]] = [lambda subject: None] * 3

    return Hooked([Rule("/", endpoint=greet)])


def blueprints() -> Any:
    def page(request: Request) -> Response:
        adapter = app.url_map.bind_to_environ(request.environ)
        return html(adapter.build(item, {"number": 7}))

    def item(request: Request, number: int) -> Response:
        return html(str(number))

    inner = [Rule("/page", endpoint=page), Rule("/item/<int:number>", endpoint=item)]
    app = Application([Submount("/outer", [Submount("/inner", inner)])])
    return app


def rules(count: int, shape: str) -> Any:
    def answer(request: Request, name: str) -> Response:
        return html(name)

    return Application([Rule(shape.format(number), endpoint=answer) for number in range(count)])


def template() -> Any:
    return only(lambda request: html(table().render(title="Users", rows=ROWS)))


def abort() -> Any:
    class Handling(Application):
        def on_error(self, error: HTTPException) -> Any:
            return html("Nothing here", 404) if isinstance(error, NotFound) else error

    def index(request: Request) -> Response:
        raise NotFound

    return Handling([Rule("/", endpoint=index)])


def stream() -> Any:
    return only(lambda request: html(iter(CHUNKS)))


def upload() -> Any:
    def view(request: Request) -> Response:
        with request:  # nobody else closes its file
            return html(str(len(request.files["file"].read())))

    return only(view)


def static() -> Any:
    return SharedDataMiddleware(hello(), {"/static": str(folder())})
