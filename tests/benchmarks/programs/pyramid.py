"""The programs for Pyramid."""

from __future__ import annotations

from typing import Any

from pyramid.config import Configurator
from pyramid.events import NewRequest, NewResponse
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.session import SignedCookieSessionFactory

from ..material import CHUNKS, ROWS, SECRET, TEN_KEYS, VISITOR, folder, table


def route(config: Any, path: str, view: Any, name: str = "index", **options: Any) -> None:
    """Route a path to a view."""
    config.add_route(name, path)
    config.add_view(view, route_name=name, **options)


def only(view: Any, path: str = "/", **options: Any) -> Any:
    """Make an application with one route."""
    config = Configurator()
    route(config, path, view, **options)
    return config.make_wsgi_app()


def greet(request: Any) -> Any:
    return Response("Hello, World!")


def hello() -> Any:
    return only(greet)


def path() -> Any:
    def user(request: Any) -> Any:
        values = request.matchdict
        return Response(f"{values['name']} is number {int(values['id'])}")

    return only(user, r"/u/{id:\d+}/{name}")


def json() -> Any:
    return only(lambda request: TEN_KEYS, renderer="json")


def query() -> Any:
    def index(request: Any) -> Any:
        return {"q": request.GET["q"], "page": int(request.GET.get("page", 1))}

    return only(index, renderer="json")


def form() -> Any:
    def index(request: Any) -> Any:
        fields = request.POST
        return Response(f"{fields['name']}, {fields['email']}, {fields['age']}")

    return only(index)


def session() -> Any:
    def login(request: Any) -> Any:
        request.session.update(VISITOR)
        return Response("in")

    def read(request: Any) -> Any:
        return Response(f"Hello, {request.session.get('name')}!")

    def write(request: Any) -> Any:
        request.session["visits"] = request.session.get("visits", 0) + 1
        return Response(f"Hello, {request.session['name']}!")

    # Written when it was changed and not with each answer, as in Flask.
    never: Any = None
    sessions = SignedCookieSessionFactory(SECRET, reissue_time=never)
    config = Configurator(session_factory=sessions)
    for name, view in {"": greet, "login": login, "read": read, "write": write}.items():
        route(config, f"/{name}", view, f"page {name}")
    return config.make_wsgi_app()


def hooks() -> Any:
    def teardown(request: Any) -> None:
        pass

    def before(event: Any) -> None:
        event.request.seen = True
        event.request.add_finished_callback(teardown)

    def after(event: Any) -> None:
        pass

    config = Configurator()
    route(config, "/", greet)
    for _ in range(3):
        config.add_subscriber(before, NewRequest)
        config.add_subscriber(after, NewResponse)
    return config.make_wsgi_app()


def blueprints() -> Any:
    def page(request: Any) -> Any:
        return Response(request.route_path("item", number=7))

    def item(request: Any) -> Any:
        return Response(request.matchdict["number"])

    def inner(config: Any) -> None:
        route(config, "/page", page, "page")
        route(config, r"/item/{number:\d+}", item, "item")

    def outer(config: Any) -> None:
        config.include(inner, route_prefix="inner")

    config = Configurator()
    config.include(outer, route_prefix="outer")
    return config.make_wsgi_app()


def make() -> Any:
    return Configurator()


def rules(count: int, shape: str) -> Any:
    return add_rules(make(), count, shape)


def add_rules(config: Any, count: int, shape: str) -> Any:
    def answer(request: Any) -> Any:
        return Response(request.matchdict["name"])

    for number in range(count):
        route(config, shape.format(number).replace("<name>", "{name}"), answer, f"page{number}")
    return config.make_wsgi_app()


def template() -> Any:
    return only(lambda request: Response(table().render(title="Users", rows=ROWS)))


def abort() -> Any:
    def index(request: Any) -> Any:
        raise HTTPNotFound

    def missing(request: Any) -> Any:
        return Response("Nothing here", status=404)

    config = Configurator()
    route(config, "/", index)
    config.add_notfound_view(missing)
    return config.make_wsgi_app()


def stream() -> Any:
    return only(lambda request: Response(app_iter=(chunk.encode() for chunk in CHUNKS)))


def upload() -> Any:
    return only(lambda request: Response(str(len(request.POST["file"].file.read()))))


def static() -> Any:
    config = Configurator()
    config.add_static_view("static", str(folder()))
    return config.make_wsgi_app()
