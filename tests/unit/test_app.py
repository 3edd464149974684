"""The application at work: requests from top to bottom, and nothing left behind."""

from __future__ import annotations

import gc
import io
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest
import werkzeug.serving
from werkzeug.test import EnvironBuilder

import miniflask
import miniflask.app
from miniflask import Blueprint, Flask, current_app, g, request, session
from miniflask.routing import BuildError
from miniflask.sessions import SecureCookieSessionInterface
from miniflask.testing import FlaskClient


@pytest.fixture
def app() -> Flask:
    """An application with one view."""
    app = Flask("sample")
    app.add_url_rule("/", "home", lambda: "home")
    return app


# ---- before_first_request ----


def test_before_first_request_runs_once_before_everything(app: Flask) -> None:
    """It comes before the signal, the preprocessors, the hooks and the view, the first time."""
    seen: list[str] = []
    app.before_first_request(lambda: seen.append("first"))
    app.before_first_request(lambda: seen.append("second"))
    app.url_value_preprocessor(lambda endpoint, values: seen.append("preprocess"))
    app.before_request(lambda: seen.append("before"))

    def started(sender: Any) -> None:
        seen.append("signal")

    with miniflask.request_started.connected_to(started, app):
        for _ in range(2):
            app.test_client().get("/")

    every_time = ["signal", "preprocess", "before"]
    assert seen == ["first", "second", *every_time, *every_time]


def test_before_first_request_sees_the_request(app: Flask) -> None:
    """Both contexts are active, and ``g`` and ``session`` are those of the request."""
    app.secret_key = "key"
    app.add_url_rule("/seen", "seen", lambda: f"{g.put} {session['put']}")

    def prepare() -> None:
        g.put = session["put"] = request.path

    app.before_first_request(prepare)

    assert app.test_client().get("/seen").text == "/seen /seen"


def test_before_first_request_may_register(app: Flask) -> None:
    """Until it is done setup is not finished: it may add rules and hooks."""
    app.before_first_request(lambda: app.add_url_rule("/late", "late", lambda: "late"))
    client = app.test_client()

    assert client.get("/").text == "home"
    assert client.get("/late").text == "late"


def test_an_error_before_the_first_request_is_a_500_and_tried_again(app: Flask) -> None:
    """Nothing but a handler for 500 takes it; the next request runs the functions again."""
    seen: list[str] = []

    def fail_once() -> None:
        seen.append("first")
        if len(seen) == 1:
            raise ValueError("not yet")

    app.before_first_request(fail_once)
    app.register_error_handler(ValueError, lambda e: "never")
    app.register_error_handler(500, lambda e: (f"sorry: {e.original_exception}", 500))
    client = app.test_client()

    answers = [client.get("/") for _ in range(3)]
    assert [(r.status_code, r.text) for r in answers] == [
        (500, "sorry: not yet"),
        (200, "home"),
        (200, "home"),
    ]
    assert seen == ["first", "first"]


def test_before_first_request_may_be_a_coroutine_function(app: Flask) -> None:
    """It is run to its end before the view."""
    seen: list[str] = []

    async def prepare() -> None:
        seen.append(request.path)

    app.before_first_request(prepare)
    app.test_client().get("/")

    assert seen == ["/"]


def test_before_first_request_on_many_threads_at_once(app: Flask) -> None:
    """One thread runs it; the others wait until it is done, and do not run it again."""
    count = 8
    pushed, arrived = threading.Barrier(count), threading.Semaphore(0)
    calls: list[int] = []
    answers: list[str] = []

    class Sessions(SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Any) -> Any:
            pushed.wait()
            return super().open_session(app, request)

    class CountingLock:
        """A lock that tells how many have come to it."""

        def __init__(self) -> None:
            self.lock = threading.Lock()

        def __enter__(self) -> None:
            arrived.release()
            self.lock.acquire()

        def __exit__(self, *args: object) -> None:
            self.lock.release()

    def prepare() -> None:
        calls.append(1)
        for _ in range(count):
            assert arrived.acquire(timeout=60)

    app.session_interface = Sessions()
    app._first_request_lock = CountingLock()  # type: ignore[assignment]
    app.before_first_request(prepare)
    app.add_url_rule("/calls", "calls", lambda: str(len(calls)))
    threads = [
        threading.Thread(target=lambda: answers.append(app.test_client().get("/calls").text))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert calls == [1]
    assert answers == ["1"] * count
    app.session_interface = SecureCookieSessionInterface()
    app.test_client().get("/calls")
    assert not arrived.acquire(blocking=False), "a later request waits for nobody"


# ---- from the server to the view and back ----


def test_calling_the_app_calls_wsgi_app(app: Flask) -> None:
    """``wsgi_app`` may be wrapped in middleware, and the app stays the app."""
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        environ["PATH_INFO"] = "/"
        return inner(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]

    assert app.test_client().get("/elsewhere").text == "home"


def test_a_view_is_called_with_its_arguments(app: Flask) -> None:
    """What the converters made comes as keyword arguments."""
    app.add_url_rule("/<int:n>/<name>", "view", lambda **values: values)

    assert app.test_client().get("/3/x").json == {"n": 3, "name": "x"}


def test_only_coroutine_functions_are_wrapped(app: Flask) -> None:
    """``ensure_sync`` gives back what can be called as it is."""

    async def view() -> str:
        return "awaited"

    assert app.ensure_sync(len) is len
    assert app.ensure_sync(view)() == "awaited"


def test_a_missing_asgiref_is_named_with_the_line_to_type(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without asgiref a coroutine view is an error that says what to install."""
    monkeypatch.setitem(sys.modules, "asgiref.sync", None)

    async def view() -> str:
        return "never"

    with pytest.raises(RuntimeError) as caught:
        app.ensure_sync(view)
    assert str(caught.value).endswith("Install it: pip install asgiref")
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "The view function for 'view' did not return a valid response. The function either"),
        (7, "The view function did not return a valid response. The return type must be a string"),
        (("a", 200, {}, 1), "The view function did not return a valid response tuple."),
        (("a",), "The view function did not return a valid response tuple."),
        ((None, 200), "The view function for 'view' did not return a valid response."),
    ],
)
def test_what_is_no_response_is_refused_in_words(app: Flask, value: Any, words: str) -> None:
    """The error says which view it was, or what a view may return."""
    app.testing = True
    app.add_url_rule("/view", "view", lambda: value)

    with pytest.raises(TypeError) as caught:
        app.test_client().get("/view")
    assert str(caught.value).startswith(words)


def test_a_class_that_is_no_response_is_named(app: Flask) -> None:
    """The type that was returned ends the message; a failing callable adds its own words."""

    def takes_nothing() -> None:
        """Not a WSGI application."""

    with app.test_request_context():
        with pytest.raises(TypeError, match=r"but it was a set\.$"):
            app.make_response({1})  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^takes_nothing|^test_a_class.*positional"):
            app.make_response(takes_nothing)  # type: ignore[arg-type]


def test_unhandled_errors_are_logged_with_the_request(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """The line names path and method, and carries the exception."""
    app.add_url_rule("/bad", "bad", lambda: str(1 / 0), methods=["POST"])
    app.test_client().post("/bad")

    (record,) = caplog.records
    assert record.getMessage() == "Exception on /bad [POST]"
    assert record.exc_info is not None
    assert record.exc_info[0] is ZeroDivisionError


def test_an_error_that_was_not_raised_is_raised_as_it_is(app: Flask) -> None:
    """``handle_exception`` may be called with any exception; in tests that one is raised."""
    app.testing = True
    with app.test_request_context():
        with pytest.raises(ValueError, match="given"):
            app.handle_exception(ValueError("given"))
        try:
            raise KeyError("handled")
        except KeyError:
            with pytest.raises(ValueError, match="given"):
                app.handle_exception(ValueError("given"))


def test_teardown_finds_the_error_being_handled(app: Flask) -> None:
    """Called by hand without an argument, teardown takes the exception being handled, if any."""
    seen: list[Any] = []
    app.teardown_request(seen.append)
    app.teardown_appcontext(seen.append)

    with app.test_request_context():
        app.do_teardown_request()
        app.do_teardown_appcontext()
        try:
            raise ValueError("handled")
        except ValueError as e:
            app.do_teardown_request()
            app.do_teardown_appcontext()
            assert seen == [None, None, e, e]


# ---- URLs without a request ----


def test_building_urls_needs_a_server_name(app: Flask) -> None:
    """Outside of a request it is SERVER_NAME that makes URLs, external by default."""
    with pytest.raises(RuntimeError, match="Unable to build URLs outside an active request"):
        app.url_for("home")
    app.config.update(
        SERVER_NAME="example.com", APPLICATION_ROOT="/root", PREFERRED_URL_SCHEME="https"
    )

    assert app.url_for("home") == "https://example.com/root/"
    assert app.url_for("home", _external=False) == "/root/"
    with app.app_context():
        assert miniflask.url_for("home", _scheme="http") == "http://example.com/root/"


def test_a_scheme_is_for_external_urls(app: Flask) -> None:
    """It implies one within a request, and is refused for one that is not external."""
    with app.test_request_context():
        assert app.url_for("home", _scheme="https") == "https://localhost/"
        with pytest.raises(ValueError, match="When specifying '_scheme', '_external' must be True"):
            app.url_for("home", _scheme="https", _external=False)


def test_values_may_have_any_name(app: Flask) -> None:
    """``self`` and ``endpoint`` are names a rule may use."""
    app.add_url_rule("/<self>", "view", lambda self: self)

    with app.test_request_context():
        assert app.url_for("view", self="x") == "/x"


# ---- static files ----


def test_static_files_and_host_matching_go_together() -> None:
    """A static host is needed with host matching, and refused without."""
    mismatched: list[Any] = [{"host_matching": True}, {"static_host": "a.example"}]
    for options in mismatched:
        with pytest.raises(AssertionError, match="Invalid static_host/host_matching combination"):
            Flask("sample", **options)
    Flask("sample", host_matching=True, static_folder=None)
    both = Flask("sample", host_matching=True, static_host="a.example")
    assert [rule.host for rule in both.url_map.iter_rules("static")] == ["a.example"]


# ---- around the application ----


def test_clients_and_runners_may_be_of_another_class(app: Flask) -> None:
    """The attribute names a class; without one it is ours."""

    class Client(FlaskClient):
        """The application's own."""

    assert type(app.test_client()) is FlaskClient
    app.test_client_class = Client
    assert type(app.test_client()) is Client
    assert type(app.test_cli_runner()).__name__ == "FlaskCliRunner"
    assert app.test_cli_runner().app is app


def test_the_command_group_is_made_when_it_is_used(app: Flask) -> None:
    """``app.cli`` bears the name of the application, and serving needs none."""
    app.test_client().get("/")
    assert "cli" not in vars(app)
    assert app.cli.name == "sample"


def test_the_shell_knows_the_application(app: Flask) -> None:
    """``app`` and ``g`` are there, and what the processors add, the last one winning."""
    app.shell_context_processor(lambda: {"a": 1, "b": 1})
    app.shell_context_processor(lambda: {"b": 2})

    assert app.make_shell_context() == {"app": app, "g": g, "a": 1, "b": 2}


def test_instance_files_may_be_written(tmp_path: Any) -> None:
    """Files of the instance folder open in any mode, text as UTF-8."""
    app = Flask("sample", instance_path=str(tmp_path))
    with app.open_instance_resource("data.txt", "w") as file:
        file.write("é")
    with app.open_instance_resource("data.txt") as file:
        assert file.read() == "é".encode()  # type: ignore[comparison-overlap]


# ---- app.run ----


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What ``run_simple`` was called with, in place of serving."""
    calls: list[Any] = []

    def run_simple(*args: Any, **kwargs: Any) -> None:
        calls.append((*args, kwargs))

    for name in ("FLASK_RUN_FROM_CLI", "FLASK_DEBUG", "FLASK_SKIP_DOTENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(werkzeug.serving, "run_simple", run_simple)
    return calls


PLAIN = {"threaded": True, "use_debugger": False, "use_reloader": False}
DEBUG = {"threaded": True, "use_debugger": True, "use_reloader": True}


@pytest.mark.parametrize(
    ("server_name", "arguments", "host", "port"),
    [
        (None, {}, "127.0.0.1", 5000),
        ("example.com:80", {}, "example.com", 80),
        ("example.com", {}, "example.com", 5000),
        (":80", {}, "127.0.0.1", 80),
        ("example.com:80", {"host": "::1", "port": "81"}, "::1", 81),
        ("example.com:80", {"port": 0}, "example.com", 0),
        ("", {"host": ""}, "127.0.0.1", 5000),
    ],
)
def test_where_an_app_runs(
    app: Flask,
    served: list[Any],
    server_name: str | None,
    arguments: dict[str, Any],
    host: str,
    port: int,
) -> None:
    """What is given counts, then SERVER_NAME, then 127.0.0.1 and 5000."""
    app.config["SERVER_NAME"] = server_name
    app.run(load_dotenv=False, **arguments)

    assert served == [(host, port, app, PLAIN)]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ({}, PLAIN),
        ({"debug": True}, DEBUG),
        ({"debug": True, "use_reloader": False, "threaded": False, "ssl_context": "adhoc"}, None),
    ],
)
def test_how_an_app_runs(
    app: Flask, served: list[Any], arguments: dict[str, Any], options: dict[str, Any] | None
) -> None:
    """Reloader and debugger follow debug mode; every option may be given."""
    app.run(load_dotenv=False, **arguments)

    given = {key: value for key, value in arguments.items() if key != "debug"}
    assert served[0][3] == (options or {"use_debugger": True, **given})
    assert app.debug is bool(arguments.get("debug"))


def test_running_reads_env_files(
    app: Flask, served: list[Any], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may turn debug mode on; an argument, or asking not to read them, counts more."""
    (tmp_path / ".flaskenv").write_text("FLASK_DEBUG=1\n")
    monkeypatch.chdir(tmp_path)
    modes = []
    choices: list[Any] = [{"load_dotenv": False}, {}, {"debug": False}]
    for arguments in choices:
        # Set and unset, so that it is gone again after the test.
        monkeypatch.setenv("FLASK_DEBUG", "")
        monkeypatch.delenv("FLASK_DEBUG")
        app.debug = False
        app.run(**arguments)
        modes.append(app.debug)

    assert modes == [False, True, False]


def test_an_app_that_stopped_may_be_set_up_further(app: Flask, served: list[Any]) -> None:
    """After ``run``, also when the server raised, an interactive shell may register again."""
    app.test_client().get("/")
    app.run(load_dotenv=False)
    app.before_request(lambda: None)
    app.test_client().get("/")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(werkzeug.serving, "run_simple", lambda *args, **kwargs: sys.exit(3))
        with pytest.raises(SystemExit):
            app.run(load_dotenv=False)
    app.before_request(lambda: None)


def test_the_command_line_serves_in_place_of_run(
    app: Flask,
    served: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Under ``miniflask run`` a call of ``app.run()`` says that it does nothing."""
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")
    app.run()

    assert served == []
    assert "Ignoring a call to 'app.run()'" in capsys.readouterr().out


# ---- PEP 3333 ----


def streaming(app: Flask) -> None:
    """Add views of every kind to an application."""
    app.secret_key = "key"

    def stream() -> Iterator[str]:
        yield "one"
        yield "two"

    def read() -> dict[str, Any]:
        session["read"] = 1
        return {"form": request.form, "body": request.get_data(as_text=True)}

    app.add_url_rule("/bad", "bad", lambda: str(1 / 0))
    app.add_url_rule("/read", "read", read, methods=["POST"])
    app.add_url_rule("/stream", "stream", stream)
    app.add_url_rule("/kept", "kept", lambda: miniflask.stream_with_context(stream()))
    app.add_url_rule("/empty", "empty", lambda: ("", 204))
    app.add_url_rule("/slash/", "slash", lambda: "slash")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[("GET", "/"), ("HEAD", "/"), ("OPTIONS", "/"), ("DELETE", "/"), ("POST", "/read")],
        *[("GET", "/missing"), ("GET", "/bad"), ("HEAD", "/bad"), ("GET", "/slash")],
        *[("GET", "/stream"), ("HEAD", "/stream"), ("GET", "/kept"), ("GET", "/static/missing")],
    ],
)
def test_the_application_keeps_to_pep_3333(app: Flask, method: str, path: str) -> None:
    """The validator of the standard library finds nothing wrong with any kind of answer."""
    streaming(app)
    builder = EnvironBuilder(path, method=method, data={"a": "b"} if method == "POST" else None)
    environ = dict(builder.get_environ())
    builder.close()
    environ["wsgi.errors"] = io.StringIO()
    started: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        started.append(status)
        return lambda data: None

    body: Any = validator(app)(environ, start_response)
    data = b"".join(body)
    body.close()

    assert len(started) == 1
    assert (data == b"") == (method in ("HEAD", "OPTIONS"))


# ---- nothing is left behind ----


def environ_for(path: str, method: str = "GET", body: bytes = b"", **extra: Any) -> dict[str, Any]:
    """Make the environment of a request, without leaving a circle of its own."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",  # or it would not go the short way
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **extra,
    }


def serve(app: Flask, environ: dict[str, Any]) -> str | None:
    """Answer a request as a server does; returns the status, or None if it raised."""
    statuses: list[str] = []
    body: Any = ()
    try:
        body = app.wsgi_app(environ, lambda status, *args: statuses.append(status))  # type: ignore[arg-type]
        for _ in body:
            pass
    except Exception:
        return None
    finally:
        if hasattr(body, "close"):
            body.close()
    return statuses[0]


def busy() -> Flask:
    """Make an application that does everything that could leave a circle behind."""
    app = Flask("busy")
    app.secret_key = "key"
    app.logger.disabled = True
    blueprint = Blueprint("bp", "sample", url_prefix="/bp", static_folder="static")

    def store() -> str:
        session["stored"] = session.get("stored", 0) + 1
        miniflask.flash("stored")
        return str(miniflask.get_flashed_messages())

    def handle_badly(error: Exception) -> str:
        return f"{1 // 0}"

    def hook_response(response: Any) -> Any:
        response.call_on_close(lambda: None)
        return response

    def after() -> str:
        miniflask.after_this_request(hook_response)
        return "after"

    def replace_error(error: Exception, endpoint: str, values: dict[str, Any]) -> Any:
        if endpoint == "replaced":
            raise BuildError("another", {}, None)

    def copied() -> str:
        return miniflask.copy_current_request_context(lambda: request.path)()

    views: dict[str, Callable[..., Any]] = {
        "ok": lambda: "ok",
        "json": lambda: {"a": [1]},
        "bad": lambda: 1 // 0,
        "handled": lambda: int("no number"),
        "in_handler": lambda: [][1],
        "abort": lambda: miniflask.abort(403),
        "abort_handled": lambda: miniflask.abort(410),
        "abort_response": lambda: miniflask.abort(miniflask.Response("stop")),
        "nothing": lambda: None,
        "store": store,
        "url": lambda: miniflask.url_for(".ok", q=1),
        "build_error": lambda: miniflask.url_for("nowhere"),
        "build_error_replaced": lambda: miniflask.url_for("replaced"),
        "redirect": lambda: miniflask.redirect("/bp/ok"),
        "stream": lambda: iter(["a", "b"]),
        "kept": lambda: miniflask.stream_with_context(iter(["a", "b"])),
        "after": after,
        "copied": copied,
        "read": lambda: request.get_json(),
        "form": lambda: request.form["missing"],
    }
    for name, view in views.items():
        blueprint.add_url_rule(f"/{name}", name, view, methods=["GET", "POST"])
    blueprint.add_url_rule("/slash/", "slash", views["ok"])
    app.register_error_handler(ValueError, lambda e: "handled")
    app.register_error_handler(405, lambda e: request.path)
    app.register_error_handler(410, lambda e: "gone")
    app.register_error_handler(IndexError, handle_badly)
    app.url_build_error_handlers.append(replace_error)
    app.before_request(lambda: None)
    app.after_request(hook_response)
    app.teardown_request(lambda exc: None)
    app.register_blueprint(blueprint)
    return app


BUSY = sorted(name for name in busy().view_functions if name != "static" and "static" not in name)
REQUESTS: dict[str, dict[str, Any]] = {
    **{name: {"path": f"/bp/{name.removeprefix('bp.')}"} for name in BUSY},
    "missing": {"path": "/missing"},
    "slash missing": {"path": "/bp/slash"},
    "method not allowed": {"path": "/bp/ok", "method": "PUT"},
    "options": {"path": "/bp/ok", "method": "OPTIONS"},
    "head of a stream": {"path": "/bp/kept", "method": "HEAD"},
    "static file missing": {"path": "/bp/static/missing"},
    "bad json": {
        "path": "/bp/read",
        "method": "POST",
        "body": b"{",
        "CONTENT_TYPE": "application/json",
    },
    "no json": {"path": "/bp/read", "method": "POST", "body": b"{}", "CONTENT_TYPE": "text/plain"},
    "forged session": {"path": "/bp/store", "HTTP_COOKIE": "session=forged"},
    "untrusted host": {"path": "/bp/ok", "HTTP_HOST": "a b"},
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Turn the cyclic garbage collector off, and have it forget all objects there are."""
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def left_over(name: str, testing: bool) -> int:
    """Send a request a few times; return how many objects that leaves to the collector."""
    app = busy()
    app.testing = testing
    serve(app, environ_for(**REQUESTS[name]))
    gc.collect()

    for _ in range(3):
        serve(app, environ_for(**REQUESTS[name]))

    return gc.collect()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_leaves_nothing_to_the_garbage_collector(name: str, testing: bool) -> None:
    """Whatever a request came to, reference counting alone frees all that it made."""
    assert left_over(name, testing) == 0


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize("name", REQUESTS)
def test_nor_does_one_that_takes_the_long_way(
    monkeypatch: pytest.MonkeyPatch, name: str, testing: bool
) -> None:
    """A program that replaces a part of the framework has no more to collect."""
    monkeypatch.setattr(miniflask.app, "is_free", lambda *args: False)

    assert left_over(name, testing) == 0


@pytest.mark.usefixtures("no_collector")
def test_an_untrusted_host_leaves_nothing_either() -> None:
    """An error that was stored while the context was made is let go of as well."""
    app = busy()
    app.config["TRUSTED_HOSTS"] = ["example.com"]
    assert serve(app, environ_for("/bp/ok", HTTP_HOST="bad.com")) == "400 BAD REQUEST"
    gc.collect()

    serve(app, environ_for("/bp/ok", HTTP_HOST="bad.com"))

    assert gc.collect() == 0


@pytest.mark.usefixtures("no_collector")
def test_requests_die_with_their_response() -> None:
    """Request, contexts and session are gone when the body was sent and the environ let go."""
    app = busy()
    kept: list[weakref.ref[Any]] = []

    def remember() -> None:
        ctx = miniflask.globals._cv_request.get()
        things = [ctx, miniflask.globals._cv_app.get(), ctx.request, ctx.session, g]
        kept.extend(weakref.ref(getattr(t, "_get_current_object", lambda t=t: t)()) for t in things)

    app.before_request(remember)
    for request_ in ("bp.store", "bp.kept", "bp.bad", "missing"):
        serve(app, environ_for(**REQUESTS[request_]))
        assert kept
        assert [ref() for ref in kept] == [None] * len(kept)
        kept.clear()


@pytest.mark.usefixtures("no_collector")
def test_an_application_dies_with_its_last_reference() -> None:
    """An app with a blueprint, static files, sessions and requests behind it holds no circle."""
    app = busy()
    client = app.test_client()
    client.get("/bp/store")
    client.get("/bp/url")
    with app.app_context():
        assert current_app.name == "busy"
    dead = weakref.ref(app)
    del app, client

    assert dead() is None


def test_looking_at_every_object_disturbs_no_proxy() -> None:
    """Tools that ask ``isinstance`` of all objects do not trip over an unbound proxy."""
    # A weak proxy of another test may have lost what it stood for.
    objects = [thing for thing in gc.get_objects() if type(thing) not in weakref.ProxyTypes]

    assert any(thing is current_app for thing in objects)
    assert not any(isinstance(thing, Flask) and thing is current_app for thing in objects)
    assert [type(thing).__name__ for thing in (current_app, request)] == ["LocalProxy"] * 2
