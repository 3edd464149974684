"""What a view may return is accepted; what it may not is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import werkzeug.wrappers
from typing_extensions import TypedDict
from werkzeug.datastructures import Headers

from miniflask import Flask, Response, jsonify, redirect, render_template, stream_with_context
from miniflask.views import MethodView, View

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

app = Flask(__name__)


class Item(TypedDict):
    """JSON with known keys."""

    name: str


@app.get("/text")
def text() -> str:
    return "text"


@app.get("/bytes")
def data() -> bytes:
    return b"data"


@app.get("/json")
def json_object() -> dict[str, Any]:
    return {}


@app.get("/typed")
def typed_dict() -> Item:
    return {"name": "a"}


@app.get("/list")
def json_list() -> list[Item]:
    return [{"name": "a"}]


@app.get("/response")
def response() -> Response:
    return jsonify(a=1)


@app.get("/werkzeug")
def werkzeug_response() -> werkzeug.wrappers.Response:
    return redirect("/")


@app.get("/generator")
def generator() -> Generator[str, None, None]:
    yield "a"


@app.get("/iterator")
def iterator() -> Iterator[bytes]:
    yield b"a"


@app.get("/context")
def in_context() -> Iterator[str]:
    return stream_with_context(iter(["a"]))


@app.get("/async")
async def coroutine() -> str:
    return render_template("a.html")


@app.get("/status")
def status() -> tuple[str, int]:
    return "a", HTTPStatus.CREATED


@app.get("/headers")
def headers() -> tuple[dict[str, int], dict[str, str]]:
    return {"a": 1}, {"X-A": "1"}


@app.get("/all")
def everything() -> tuple[str, int, list[tuple[str, str]]]:
    return "a", 200, [("X-A", "1")]


@app.get("/headers-object")
def headers_object() -> tuple[Response, Headers]:
    return Response(), Headers()


@app.get("/wsgi")
def wsgi() -> Flask:
    return app


@app.get("/start")
def function() -> Any:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        return []

    return answer


class Shown(View):
    """A view as a class."""

    def __init__(self, template: str) -> None:
        self.template = template

    def dispatch_request(self, number: int) -> str:  # type: ignore[override]
        return f"{self.template}{number}"


class Items(MethodView):
    """A view with a method for each HTTP method."""

    def get(self) -> list[Item]:
        return []

    async def post(self) -> tuple[Item, int]:
        return {"name": "a"}, 201


app.add_url_rule("/shown/<int:number>", view_func=Shown.as_view("shown", "a.html"))
app.add_url_rule("/items", view_func=Items.as_view("items"))
app.add_url_rule("/later", "later")
app.add_url_rule("/lambda", "lambda", lambda: "a")


def refused() -> None:
    @app.get("/int")  # type: ignore[type-var]  # a number is no body
    def number() -> int:
        return 1

    @app.get("/none")  # type: ignore[type-var]  # the return is missing
    def nothing() -> None: ...

    @app.get("/set")  # type: ignore[type-var]  # no order, no JSON
    def unordered() -> set[str]:
        return set()

    @app.get("/object")  # type: ignore[type-var]  # anything else
    def anything() -> object:
        return object()

    @app.get("/four")  # type: ignore[type-var]  # at most three items
    def four() -> tuple[str, int, dict[str, str], str]:
        return "", 200, {}, ""

    @app.get("/swapped")  # type: ignore[type-var]  # the status comes before the headers
    def swapped() -> tuple[str, dict[str, str], int]:
        return "", {}, 200

    app.get(1)  # type: ignore[arg-type]  # a rule is a string
    app.add_url_rule("/x", view_func="x")  # type: ignore[arg-type]  # a function is expected


@app.get("/stream")
async def stream() -> AsyncIterator[str]:
    async def produce() -> AsyncIterator[str]:
        yield "a"

    return produce()
