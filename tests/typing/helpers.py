"""What the functions that views call take and return."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import werkzeug.wrappers
from werkzeug.test import TestResponse

import miniflask
from miniflask import Blueprint, Config, Flask, Request, Response
from miniflask.ctx import AppContext, RequestContext
from miniflask.json.provider import DefaultJSONProvider, JSONProvider
from miniflask.sessions import SessionInterface, SessionMixin
from miniflask.testing import FlaskClient

if TYPE_CHECKING:
    from typing_extensions import assert_type


class OwnRequest(Request):
    """A request with an attribute of its own."""

    user: str = ""


class OwnResponse(Response):
    """A response with a type of its own."""

    default_mimetype = "text/plain"


class OwnProvider(DefaultJSONProvider):
    """A provider that leaves the order of keys alone."""

    sort_keys = False


class OwnInterface(SessionInterface):
    """An interface that opens no sessions."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        return None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None: ...


class App(Flask):
    """An application that replaces what may be replaced."""

    request_class = OwnRequest
    response_class = OwnResponse
    json_provider_class = OwnProvider
    session_interface = OwnInterface()
    test_client_class = FlaskClient

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        return 60 if filename else None


app = App(__name__, static_folder=Path("static"), template_folder=None)


def responses() -> None:
    assert_type(miniflask.make_response("a", 201), Response)
    assert_type(miniflask.jsonify(1, 2), Response)
    assert_type(miniflask.redirect("/"), werkzeug.wrappers.Response)
    assert_type(miniflask.url_for("a", _external=True, x=1), str)
    assert_type(miniflask.send_file("a.txt", max_age=5), Response)
    assert_type(miniflask.send_file(Path("a"), last_modified=datetime.datetime.now()), Response)
    assert_type(miniflask.send_file(io.BytesIO(), "text/plain", max_age=lambda name: 5), Response)
    assert_type(miniflask.send_from_directory(Path("a"), "b", as_attachment=True), Response)
    assert_type(miniflask.render_template(["a", "b"], x=1), str)
    assert_type(miniflask.stream_template("a"), Iterator[str])
    assert_type(miniflask.json.dumps({}), str)
    assert_type(miniflask.json.loads(b"{}"), Any)

    miniflask.send_file(5)  # type: ignore[arg-type]  # a path or a file
    miniflask.send_file("a.txt", max_age="5")  # type: ignore[arg-type]  # a number of seconds
    miniflask.url_for(None)  # type: ignore[arg-type]  # a name is expected
    miniflask.url_for("a", _external="yes")  # type: ignore[arg-type]  # a bool is expected
    miniflask.redirect()  # type: ignore[call-arg]  # the location is missing


def aborting(flag: bool) -> str:
    if flag:
        miniflask.abort(404)
    else:
        return "ok"


def streams() -> None:
    assert_type(miniflask.stream_with_context(iter(["a"])), Iterator[str])
    assert_type(miniflask.stream_with_context(iter([b"a"])), Iterator[bytes])
    assert_type(app.ensure_sync(aborting), Callable[..., Any])


def flashes() -> None:
    miniflask.flash("text", "error")
    assert_type(miniflask.get_flashed_messages(), "list[str] | list[tuple[str, str]]")


def applications() -> None:
    assert_type(app.debug, bool)
    assert_type(app.testing, bool)
    assert_type(app.secret_key, "str | bytes | None")
    assert_type(app.permanent_session_lifetime, datetime.timedelta)
    assert_type(app.config, Config)
    assert_type(app.json, JSONProvider)
    assert_type(app.app_context(), AppContext)
    assert_type(app.test_request_context("/", method="POST"), RequestContext)
    assert_type(app.test_client(), FlaskClient)
    with app.test_client() as client:
        assert_type(client, FlaskClient)
        assert_type(client.get("/", follow_redirects=True), TestResponse)
        with client.session_transaction() as session:
            assert_type(session, SessionMixin)
    resource: IO[bytes] = app.open_resource("a.txt")
    resource.close()
    app.debug = "yes"  # type: ignore[assignment]  # a bool is expected
    app.register_blueprint("bp")  # type: ignore[arg-type]  # a blueprint is expected


def blueprints() -> None:
    bp = Blueprint("a", __name__, url_prefix="/a", template_folder=Path("t"))
    child = Blueprint("b", __name__, static_folder="static", cli_group=None)
    bp.register_blueprint(child, url_prefix="/b")
    app.register_blueprint(bp, name="other")
    assert_type(bp.name, str)
    assert_type(bp.root_path, str)
    assert_type(bp.url_prefix, "str | None")
    Blueprint(__name__)  # type: ignore[call-arg]  # the import name is missing
