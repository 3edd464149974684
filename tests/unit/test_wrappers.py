"""The request and the response: what they add to Werkzeug's."""

from __future__ import annotations

from typing import Any

import pytest
import werkzeug.wrappers
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from werkzeug.test import EnvironBuilder

import miniflask
from miniflask import Flask, Request, Response, request
from miniflask.wrappers import _blueprint_path

LIMITS = {
    "max_content_length": "MAX_CONTENT_LENGTH",
    "max_form_memory_size": "MAX_FORM_MEMORY_SIZE",
    "max_form_parts": "MAX_FORM_PARTS",
}


@pytest.fixture
def bare() -> Request:
    """A request that belongs to no application."""
    return Request(EnvironBuilder().get_environ())


@pytest.mark.parametrize(
    ("name", "path"),
    [("a", ["a"]), ("a.b", ["a.b", "a"]), ("a.b.c", ["a.b.c", "a.b", "a"]), ("", [""])],
)
def test_a_dotted_name_and_those_around_it(name: str, path: list[str]) -> None:
    """The names of nested blueprints come innermost first."""
    assert _blueprint_path(name) == path


def test_an_unmatched_request_knows_nothing(bare: Request) -> None:
    """Without a rule there is no endpoint, no blueprint, and no reason why not."""
    assert (bare.url_rule, bare.view_args, bare.routing_exception) == (None, None, None)
    assert (bare.endpoint, bare.blueprint, bare.blueprints) == (None, None, [])


@pytest.mark.parametrize(
    ("endpoint", "blueprint", "blueprints"),
    [("view", None, []), ("a.view", "a", ["a"]), ("a.b.view", "a.b", ["a.b", "a"])],
)
def test_the_endpoint_tells_the_blueprints(
    bare: Request, endpoint: str, blueprint: str | None, blueprints: list[str]
) -> None:
    """All but the last part of an endpoint is the blueprint's name."""
    bare.url_rule = Flask.url_rule_class("/", endpoint=endpoint)

    assert (bare.endpoint, bare.blueprint, bare.blueprints) == (endpoint, blueprint, blueprints)


@pytest.mark.parametrize(("attribute", "key"), LIMITS.items())
def test_a_limit_is_own_or_configured_or_werkzeugs(bare: Request, attribute: str, key: str) -> None:
    """Set on the request it counts, else the setting does, else Werkzeug's own default."""
    app = Flask("sample")
    app.config[key] = 7

    assert getattr(bare, attribute) == getattr(werkzeug.wrappers.Request, attribute)
    with app.app_context():
        assert getattr(bare, attribute) == 7
        setattr(bare, attribute, 8)
        assert getattr(bare, attribute) == 8
        setattr(bare, attribute, None)
        assert getattr(bare, attribute) == 7
    assert key in (vars(Request)[attribute].__doc__ or "")
    assert getattr(Request, attribute) is vars(Request)[attribute]


def test_a_limit_may_be_replaced_by_a_subclass(bare: Request) -> None:
    """A plain attribute on a subclass counts in place of the setting."""

    class Limited(Request):
        max_form_parts = 3

    with Flask("sample").test_request_context():
        assert Limited(bare.environ).max_form_parts == 3


@pytest.mark.parametrize("debug", [False, True])
def test_bad_json_is_explained_in_debug_mode_only(debug: bool) -> None:
    """The 400 has the decoder's words in debug mode; without, it has them as its cause."""
    app = Flask("sample")
    app.debug = debug
    with app.test_request_context(data="{", content_type="application/json"):
        with pytest.raises(BadRequest) as caught:
            request.get_json()

    explained = "Failed to decode JSON object"
    assert (explained in str(caught.value.description)) == debug
    assert debug or explained in str(caught.value.__cause__)


def test_bad_json_without_an_application(bare: Request) -> None:
    """A request of its own answers as in production: no details."""
    with pytest.raises(BadRequest) as caught:
        bare.on_json_loading_failed(ValueError("details"))
    assert "details" not in str(caught.value)
    with pytest.raises(UnsupportedMediaType):
        bare.on_json_loading_failed(None)


def test_a_missing_file_is_explained_in_debug_mode() -> None:
    """If the form was not sent as multipart, a file it names is missing with a reason."""
    app = Flask("sample")
    app.debug = True
    form = {"data": {"photo": "me.png"}, "method": "POST"}
    with app.test_request_context(**form):
        with pytest.raises(KeyError, match="me.png") as caught:
            request.files["photo"]
        assert 'enctype="multipart/form-data"' in str(caught.value)
        with pytest.raises(BadRequest):
            request.files["another"]
    app.debug = False
    with app.test_request_context(**form), pytest.raises(BadRequest):
        request.files["photo"]


def test_json_is_the_applications_while_it_has_the_request() -> None:
    """``json_module`` is the package's, and in a request the application's provider."""
    app = Flask("sample")

    assert Request.json_module is Response.json_module is miniflask.json
    with app.test_request_context():
        assert request.json_module is app.json


def test_a_response_is_html_and_keeps_its_location() -> None:
    """The default type is HTML, and a relative Location goes out as it is."""
    response = Response("text")
    moved = Response(status=302, headers={"Location": "relative"})
    environ = EnvironBuilder().get_environ()

    assert response.mimetype == "text/html"
    assert moved.get_wsgi_headers(environ)["Location"] == "relative"


def test_the_size_of_a_cookie_that_draws_a_warning() -> None:
    """It is the setting of the active application, else Werkzeug's."""
    app = Flask("sample")
    app.config["MAX_COOKIE_SIZE"] = 50
    response = Response()

    assert response.max_cookie_size == werkzeug.wrappers.Response.max_cookie_size
    with app.app_context(), pytest.warns(UserWarning, match="cookie is too large"):
        response.set_cookie("name", "x" * 50)


def test_attributes_of_ones_own_are_kept(bare: Request) -> None:
    """Extensions put attributes on requests and responses."""
    things: list[Any] = [bare, Response()]
    for thing in things:
        thing.put_there = 1
        assert thing.put_there == 1


def test_what_a_subclass_asks_for_by_super_is_worked_out_once() -> None:
    """However often it asks."""

    class Own(Request):
        @property
        def args(self) -> Any:
            return super().args

    request = Own(EnvironBuilder("/?q=1").get_environ())

    assert request.args["q"] == "1"
    assert request.args is request.args
