"""Corners in which the two once differed: what a review found, held to Flask.

Each program here replaces, keeps or takes apart something that most programs leave alone.
"""

from __future__ import annotations

import copy
import gc
import hashlib
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from typing import Any, get_type_hints

import flask
import pytest
import werkzeug
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.routing import BaseConverter
from werkzeug.test import create_environ, run_wsgi_app

import miniflask
from miniflask import shortcut
from tests.against_flask.harness import Run, Trace, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


def signed_in(fw: Any) -> Any:
    """Make an app that keeps a number in its session and shows the session."""
    app = fw.Flask("sample")
    app.secret_key = "key"

    def enter() -> str:
        fw.session["user"] = 7
        return "in"

    return serve(app, {"/in": enter, "/": lambda: repr(dict(fw.session)), "/else": lambda: "else"})


# ---- a session that is opened late ----


@pytest.mark.parametrize("at_once", [True, False], ids=["init", "property"])
def test_cookies_that_a_request_class_finds_elsewhere_hold_the_session(
    same: Same, at_once: bool
) -> None:
    """The session is read from the ``cookies`` of the program's own request class."""

    def program(fw: Any) -> Any:
        class FromHeader(fw.Request):  # type: ignore[misc]  # either framework's
            @property
            def cookies(self) -> dict[str, Any]:
                return {"session": self.headers["X-Session"]}

        class Assigned(fw.Request):  # type: ignore[misc]  # either framework's
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.cookies = {"session": self.headers["X-Session"]}

        app = signed_in(fw)
        client = app.test_client()
        client.get("/in")
        cookie = client.get_cookie("session").value
        app.request_class = Assigned if at_once else FromHeader
        return app.test_client().get("/", headers={"X-Session": cookie}).text

    assert same(program) == "{'user': 7}"


@pytest.mark.parametrize("name", [None, b"name", 5, "sessión", "", "two words"])
def test_odd_cookie_names_do_no_harm_until_the_cookie_is_set(agree: Agree, name: Any) -> None:
    """A cookie name that is no text breaks only what sets the cookie."""

    def program(fw: Any, trace: Trace) -> Any:
        app = signed_in(fw)
        app.config["SESSION_COOKIE_NAME"] = name
        return app

    assert agree(program, "/else", "/in", "/", "/else", jar=True).texts[0] == "else"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_a_cookie_name_beyond_ascii_is_found_or_not_as_by_flask(same: Same, encoding: str) -> None:
    """How the bytes of a cookie's name were decoded decides whether the session is found."""

    def program(fw: Any) -> Any:
        app = signed_in(fw)
        app.config["SESSION_COOKIE_NAME"] = "sessión"
        client = app.test_client(use_cookies=False)
        header = client.get("/in").headers["Set-Cookie"].partition(";")[0]
        environ = {"HTTP_COOKIE": header.encode("latin-1").decode(encoding)}
        return client.get("/", environ_overrides=environ).text

    assert same(program) == ("{'user': 7}" if encoding == "utf-8" else "{}")


@pytest.mark.parametrize("whose", ["own", "other"])
def test_the_session_is_read_as_the_application_does_json_at_the_push(
    same: Same, whose: str
) -> None:
    """JSON that changes in the view, or of another app that is active, has no part in it."""

    def program(fw: Any) -> Any:
        class Liar(fw.json.provider.DefaultJSONProvider):  # type: ignore[misc]  # either's
            def loads(self, s: Any, **kwargs: Any) -> Any:
                return {"user": "somebody else"}

        app = signed_in(fw)
        other = fw.Flask("other")

        @app.route("/look")
        def look() -> str:
            changed = app if whose == "own" else other
            changed.json = Liar(changed)
            with changed.app_context():
                return repr(dict(fw.session))

        client = app.test_client()
        client.get("/in")
        return client.get("/look").text

    assert same(program) == "{'user': 7}"


def test_a_payload_with_an_escaped_tag_is_read_as_tagged(same: Same) -> None:
    """A tag is one however the JSON of a signed cookie spells it."""

    def program(fw: Any) -> Any:
        app = signed_in(fw)
        serializer = app.session_interface.get_signing_serializer(app)

        class Written:
            @staticmethod
            def dumps(value: Any) -> str:
                return '{"pair":{"\\u0020t":[1,2]}}'

        serializer.serializer = Written
        cookie = {"Cookie": f"session={serializer.dumps(0)}"}
        return app.test_client(use_cookies=False).get("/", headers=cookie).text

    assert same(program) == "{'pair': (1, 2)}"


@pytest.mark.parametrize("method", ["get_cookie_domain", "get_cookie_path", "get_cookie_samesite"])
def test_a_replaced_cookie_method_is_asked_for_every_response(same: Same, method: str) -> None:
    """A method that was replaced on the base class is called though nobody used the session."""

    def program(fw: Any) -> Any:
        asked = []
        base = fw.sessions.SessionInterface
        original = getattr(base, method)

        def replacement(self: Any, app: Any) -> Any:
            asked.append(method)
            return original(self, app)

        setattr(base, method, replacement)
        try:
            signed_in(fw).test_client().get("/else")
        finally:
            setattr(base, method, original)
        return asked

    assert same(program) == [method]


def test_a_serializer_that_a_subclass_changes_is_its_own(same: Same) -> None:
    """What a subclass does to the serializer it inherits changes no other application's."""

    def program(fw: Any) -> Any:
        class Sha512(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]  # either's
            def get_signing_serializer(self, app: Any) -> Any:
                serializer = super().get_signing_serializer(app)
                serializer.signer_kwargs["digest_method"] = hashlib.sha512
                serializer.secret_keys.append(b"more")
                return serializer

        plain, changed = signed_in(fw), signed_in(fw)
        changed.session_interface = Sha512()
        lengths = []
        for app in (plain, changed, plain):
            serializer = app.session_interface.get_signing_serializer(app)
            lengths.append((len(serializer.dumps({})), serializer.secret_keys))
        return repr(lengths)

    same(program)


def test_the_interface_at_the_end_of_a_transaction_saves(same: Same) -> None:
    """The test client asks the application for its session interface each time anew."""

    def program(fw: Any) -> Any:
        saved = []

        class Keep(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]  # either's
            def save_session(self, app: Any, session: Any, response: Any) -> None:
                saved.append(dict(session))

        app = signed_in(fw)
        with app.test_client().session_transaction() as session:
            app.session_interface = Keep()
            session["user"] = 8
        return saved

    assert same(program) == [{"user": 8}]


# ---- outside of a request, or with a request that is another one ----


@pytest.mark.parametrize(
    "call",
    [
        lambda fw, app: app.preprocess_request(),
        lambda fw, app: app.process_response(app.response_class()),
        lambda fw, app: app.finalize_request("body"),
        lambda fw, app: app.full_dispatch_request(),
        lambda fw, app: fw.send_file("file.txt"),
        lambda fw, app: fw.send_from_directory("folder", "file.txt"),
        lambda fw, app: fw.send_from_directory("folder", "file.txt", max_age=1),
    ],
)
def test_outside_of_a_request_the_error_says_so(same: Same, call: Any) -> None:
    """What needs a request raises the RuntimeError that explains it."""
    assert same(lambda fw: call(fw, fw.Flask("sample")))[0] == "RuntimeError"


def test_a_preprocessor_may_put_another_request_in_place(agree: Agree) -> None:
    """The next preprocessor is called with what the new request says."""

    def program(fw: Any, trace: Trace) -> Any:
        class Another(fw.Request):  # type: ignore[misc]  # either framework's
            endpoint = "another"

        app = serve(fw.Flask("sample"), {"/": lambda: "view"})

        @app.url_value_preprocessor
        def replace(endpoint: Any, values: Any) -> None:
            fw.globals.request_ctx.request = Another(fw.request.environ)

        app.url_value_preprocessor(trace.hook("second"))
        return app

    assert agree(program, "/").details("second") == [["another", None]]


def test_a_request_without_the_frameworks_attributes_leaves_no_context(same: Same) -> None:
    """Werkzeug's own class is refused by an error, and the contexts are popped all the same."""

    def program(fw: Any) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "view"})
        app.testing = True
        app.request_class = werkzeug.Request
        try:
            app.test_client().get("/")
        except AttributeError as e:
            return str(e), fw.has_request_context(), fw.has_app_context()

    assert same(program) == ["'Request' object has no attribute 'blueprints'", False, False]


def test_an_http_exception_from_setting_the_rule_is_one_of_routing(agree: Agree) -> None:
    """A request class may refuse the rule that matched."""

    def program(fw: Any, trace: Trace) -> Any:
        def refuse(request: Any, rule: Any) -> None:
            raise Forbidden()

        app = serve(fw.Flask("sample"), {"/": lambda: "view"})
        app.request_class = type(
            "Picky", (fw.Request,), {"url_rule": property(lambda request: None, refuse)}
        )
        return app

    assert agree(program, "/").codes == [403]


def test_matching_without_an_adapter_is_an_attribute_error(same: Same) -> None:
    """An application that binds no map has nothing to match with."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.create_url_adapter = lambda request: None
        return app.test_request_context("/").match_request()

    assert same(program)[0] == "AttributeError"


def test_an_endpoint_that_is_a_number_is_refused(same: Same) -> None:
    """Blueprints are looked for in the endpoint, zero among them."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.testing = True
        app.add_url_rule("/", 0, lambda: "view")
        return app.test_client().get("/").text

    assert same(program)[0] == "TypeError"


# ---- errors ----


def test_an_error_behind_an_invalid_answer_stays_in_the_traceback(same: Same) -> None:
    """The error being handled is told of when what its handler returned is no response."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        with app.test_request_context():
            try:
                try:
                    raise LookupError("first")
                except LookupError:
                    app.make_response(5)
            except TypeError as e:
                return e.__suppress_context__, e.__context__

    assert same(program) == [False, ("LookupError", "first")]


@pytest.mark.parametrize("linked_by", ["context", "cause", "circle"])
def test_the_traceback_of_an_error_of_routing_is_kept_in_that_of_its_handler(
    same: Same, linked_by: str
) -> None:
    """An error raised while a 404 was handled still shows where the 404 came from."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.testing = True

        @app.errorhandler(404)
        def fail(e: NotFound) -> None:
            error = RuntimeError("handler")
            if linked_by == "cause":
                raise ValueError("between") from e
            if linked_by == "circle":
                error.__cause__ = error
            raise error

        try:
            app.test_client().get("/nowhere")
        except Exception as e:
            found = e.__context__ if linked_by != "cause" else e.__cause__
            return found, found.__traceback__ is not None  # type: ignore[union-attr]

    assert same(program)[1] is True


def test_trapping_is_told_by_a_bool(same: Same) -> None:
    """Whatever debug mode is set to, the answer is True or False."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.config["DEBUG"] = 0
        return repr(app.trap_http_exception(NotFound()))

    assert same(program) == "False"


# ---- classes and names ----


@pytest.mark.parametrize("name", ["max_content_length", "max_form_memory_size", "max_form_parts"])
def test_limits_are_properties(same: Same, name: str) -> None:
    """A subclass may give a limit another setter, or a value in the private attribute."""

    def program(fw: Any) -> Any:
        limit = getattr(fw.Request, name)

        class Double(fw.Request):  # type: ignore[misc]  # either framework's
            pass

        setattr(Double, name, limit.setter(lambda self, value: limit.fset(self, 2 * value)))
        private = type("Private", (fw.Request,), {f"_{name}": 7})
        request = Double({})
        setattr(request, name, 4)
        return getattr(request, name), getattr(private({}), name), isinstance(limit, property)

    assert same(program) == [8, 7, True]


def test_a_view_is_named_in_errors_as_flask_names_it(same: Same) -> None:
    """The function that ``as_view`` makes has the qualified name that logs and metrics show."""

    def program(fw: Any) -> Any:
        view = fw.views.View.as_view("x")
        return view.__qualname__, view.view_class

    assert same(program)[0] == "View.as_view.<locals>.view"


@pytest.mark.parametrize("attribute", ["name", "import_name"])
def test_an_application_is_named_when_it_is_made(same: Same, attribute: str) -> None:
    """What is assigned later renames neither the commands nor, as the import name, the app."""

    def program(fw: Any) -> Any:
        app = fw.Flask("first")
        setattr(app, attribute, "second")
        return app.cli.name, app.name

    assert same(program)[0] == "first"


def test_a_class_may_say_that_it_has_no_static_folder(same: Same) -> None:
    """``has_static_folder`` decides, also for files that are asked for by name."""

    def program(fw: Any) -> Any:
        bare = type("Bare", (fw.Flask,), {"has_static_folder": False})
        return bare("sample").send_static_file("file.txt")

    assert same(program)[0] == "RuntimeError"


@pytest.mark.parametrize(
    "find",
    [lambda fw: fw.after_this_request, lambda fw: fw.Flask.send_static_file],
    ids=["after_this_request", "send_static_file"],
)
def test_annotations_are_there_at_run_time(same: Same, find: Any) -> None:
    """What Flask lets a program look up in annotations can be looked up."""
    assert same(lambda fw: sorted(get_type_hints(find(fw))))


def test_a_converter_is_asked_once_though_other_rules_have_defaults(agree: Agree) -> None:
    """What a URL says is converted once for a request, also where a redirect is considered."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Own(BaseConverter):
            def to_python(self, value: str) -> str:
                trace("to_python", value)
                return value

        app = fw.Flask("sample")
        app.url_map.converters["own"] = Own
        view = trace.hook("view", "done")
        app.add_url_rule("/own/<own:value>", "own", view)
        app.add_url_rule("/page/", "page", view, defaults={"value": "1"})
        app.add_url_rule("/page/<own:value>", "page", view)
        app.add_url_rule("/old/<own:value>", "old", view, redirect_to="/own/<value>")
        return app

    run = agree(factory, "/own/a", "/page/1", "/page/2", "/old/b")

    assert run.codes == [200, 308, 200, 308]
    assert run.labels.count("to_python") == 4


def test_a_push_that_failed_halfway_tears_no_request_down(side_by_side: Any) -> None:
    """What a receiver raises while the app context is pushed leaves no request context to pop."""

    def factory(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            def do_teardown_request(self, *args: Any) -> None:
                trace("teardown")
                super().do_teardown_request(*args)

        app = App("sample")
        app.add_url_rule("/", "home", lambda: "home")

        def fail(sender: Any, **kwargs: Any) -> None:
            if sender is app:
                raise ValueError("receiver")

        fw.appcontext_pushed.connect(fail)
        connected.append((fw.appcontext_pushed, fail))
        return app

    connected: list[tuple[Any, Any]] = []
    for run in Context().run(side_by_side, factory, "/"):
        assert run.labels == []
        assert run.outcomes[0].raised[0] == "LookupError"
    for signal, receiver in connected:
        signal.disconnect(receiver)


# ---- hooks on the short way ----


def push_another(fw: Any, app: Any, trace: Trace) -> None:
    """Leave the context of another request on top, and have it sign a session."""
    fw.g.other = app.test_request_context("/other")
    fw.g.other.push()
    fw.session["x"] = 1
    fw.after_this_request(trace.after("after other"))


def pop_it(fw: Any, app: Any, trace: Trace) -> None:
    """Take the context away in which the request runs."""
    fw.globals.request_ctx.pop()


def pop_app(fw: Any, app: Any, trace: Trace) -> None:
    """Take the application's context away, below the one of the request."""
    fw.globals.app_ctx._get_current_object().pop()


def close_otherwise(fw: Any, app: Any, trace: Trace) -> None:
    """Have the request closed by something else."""
    fw.request.close = lambda: trace("closed")


def close_a_copy(fw: Any, app: Any, trace: Trace) -> None:
    """Put another request into the context."""
    other = copy.copy(fw.request._get_current_object())
    other.close = lambda: trace("closed")
    fw.globals.request_ctx.request = other


def save_otherwise(fw: Any, app: Any, trace: Trace) -> None:
    """Replace a method of the session interface, of this very object."""
    app.session_interface.save_session = lambda *args: trace("saved", type(args[2]).__name__)


def change_the_application(fw: Any, app: Any, trace: Trace) -> None:
    """Put another application into the context."""
    other = fw.Flask("sample")
    other.teardown_request(trace.hook("other's"))
    fw.globals._cv_request.get().app = other


def add_a_hook(fw: Any, app: Any, trace: Trace) -> None:
    """Give the blueprint a hook, while those of the application run."""
    app.before_request_funcs.setdefault("part", []).append(trace.hook("late"))


def forget_everything(fw: Any, app: Any, trace: Trace) -> None:
    """Empty the environment that the server made."""
    fw.request.environ.clear()


@pytest.mark.parametrize("hooks", [[], ["teardown_request"], ["teardown_appcontext"]])
@pytest.mark.parametrize("place", ["before_request", "url_value_preprocessor", "view"])
@pytest.mark.parametrize(
    "change",
    [
        push_another,
        pop_it,
        pop_app,
        close_otherwise,
        close_a_copy,
        save_otherwise,
        change_the_application,
        add_a_hook,
        forget_everything,
    ],
)
def test_what_is_changed_below_a_request(
    agree: Agree, change: Any, place: str, hooks: list[str]
) -> None:
    """Is what its end finds: contexts, a way to close it or to save its session, hooks."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        app.session_interface = fw.sessions.SecureCookieSessionInterface()
        part = fw.Blueprint("part", "sample")

        def act(*args: Any) -> None:
            if fw.request.path == "/change":
                change(fw, app, trace)

        def view() -> str:
            if place == "view":
                act()
            return "seen"

        part.add_url_rule("/change", "view", view)
        app.register_blueprint(part)
        app.add_url_rule("/other", "other", lambda: "other")
        if place != "view":
            getattr(app, place)(act)
        for kind in hooks:
            getattr(app, kind)(trace.hook(kind))
        answer = app.wsgi_app

        def middleware(environ: Any, start_response: Any) -> Any:
            def started(status: str, headers: Any, exc_info: Any = None) -> Any:
                trace("started", status)
                return start_response(status, headers, exc_info)

            def ask() -> Any:
                try:
                    return answer(environ, started)
                except LookupError:  # which names its variable
                    trace("raised LookupError")
                    return fw.Response("raised")({"REQUEST_METHOD": "GET"}, start_response)
                finally:
                    trace("left", fw.has_request_context(), fw.has_app_context())

            return Context().run(ask)

        app.wsgi_app = middleware
        return app

    agree(factory, "/other", "/change", "/other")


def test_endpoints_that_are_no_texts_keep_hooks_from_running(agree: Agree) -> None:
    """Flask looks for the blueprints of a request before it runs any hook."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.before_request(trace.hook("hook", "answered"))
        app.url_map.add(app.url_rule_class("/", endpoint=5))
        app.view_functions[5] = lambda: "view"
        return app

    assert "hook" not in agree(factory, "/").labels


# ---- requests and responses with something of a program's own ----


def test_an_attribute_of_requests_may_have_two_names(agree: Agree) -> None:
    """The second one changes nothing about the first."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            arguments = fw.Request.args

        app = fw.Flask("sample")
        app.add_url_rule("/", "plain", lambda: repr(fw.request.args))
        own = fw.Flask("own")
        own.request_class = Request
        own.add_url_rule("/", "own", lambda: repr((fw.request.arguments, fw.request.args)))
        client = own.test_client()
        trace("own", client.get("/?q=1").text)
        return app

    assert agree(factory, "/?q=1").texts == ["ImmutableMultiDict([('q', '1')])"]


def test_a_descriptor_may_be_for_requests_alone(agree: Agree) -> None:
    """And fail on the class; it may ask for what it hides."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Lazy:
            def __init__(self, find: Any) -> None:
                self.find = find

            def __get__(self, obj: Any, owner: Any) -> Any:
                return self.find(obj)

        class Request(fw.Request):  # type: ignore[misc]
            @Lazy
            def args(self) -> Any:
                return dict(super().args)

        app = fw.Flask("sample")
        app.request_class = Request
        app.add_url_rule("/", "view", lambda: repr(fw.request.args))
        return app

    assert agree(factory, "/?q=1").texts == ["{'q': '1'}"]


def test_what_is_set_on_a_request_is_found_by_super(agree: Agree) -> None:
    """And what was worked out is not worked out again."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            def byte(self) -> bytes:
                return super().stream.read(1)  # type: ignore[no-any-return]

            def arguments(self) -> Any:
                return super().args

        app = fw.Flask("sample")
        app.request_class = Request

        def view() -> str:
            request = fw.request
            request.args = {"mine": 1}
            read = type(request._get_current_object()).values.__get__
            trace("same", read(request) is read(request))
            return repr((request.arguments(), request.args, [request.byte() for _ in range(4)]))

        app.add_url_rule("/", "view", view, methods=["POST"])
        return app

    sent = {"path": "/", "method": "POST", "data": b"abc", "content_type": "text/plain"}
    assert "b'a', b'b', b'c', b''" in agree(factory, sent).texts[0]


@pytest.mark.parametrize("kind", [property(lambda self: "text/plain"), "text/plain", None])
def test_any_default_type_of_responses_counts(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    """Also one that is worked out, and none."""

    def factory(fw: Any, trace: Trace) -> Any:
        monkeypatch.setattr(fw.Response, "default_mimetype", kind)
        return serve(fw.Flask("sample"), {"/": lambda: fw.make_response("x")})

    agree(factory, "/")


@pytest.mark.parametrize(
    "name", ["_making", "_sending", "_making_text", "_keep", "_body", "_chunks"]
)
def test_names_on_a_response_are_free(agree: Agree, name: str) -> None:
    """For whatever a program keeps there, on the response or its class."""

    def factory(fw: Any, trace: Trace) -> Any:
        own = type("Response", (fw.Response,), {name: True})

        def view() -> Any:
            response = fw.make_response("x")
            setattr(response, name, True)
            return response

        return serve(fw.Flask("sample"), {"/": view, "/own": lambda: own("x")})

    assert agree(factory, "/", "/own").texts == ["x", "x"]


def test_a_body_that_grows_after_it_was_sent(agree: Agree) -> None:
    """Is read as it is when the server reads it."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        kept: list[Any] = []
        app.after_request(lambda response: kept.append(response) or response)  # type: ignore[func-returns-value]
        app.teardown_request(lambda error: kept[-1].response.append("é"))
        return serve(app, {"/": lambda: "x"})

    run = agree(factory, "/")
    assert run.texts == ["xé"]


# ---- what mutants of the short way lived through ----


def test_a_session_interface_that_changes_the_application(agree: Agree) -> None:
    """What it replaces while it opens a session is asked in that very request."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "view", "/2": lambda: "view"})

        class Interface(fw.sessions.SecureCookieSessionInterface):  # type: ignore[misc]
            def open_session(self, app: Any, request: Any) -> Any:
                if request.path == "/2":
                    app.dispatch_request = lambda: "in its place"
                return super().open_session(app, request)

        app.session_interface = Interface()
        return app

    assert agree(factory, "/", "/2", "/").texts == ["view", "in its place", "in its place"]


def test_no_handler_protects_from_a_converter(agree: Agree) -> None:
    """What it raises comes up before anything is dispatched; a handler for 500 is told of it."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        class Raising(BaseConverter):
            def to_python(self, value: str) -> Any:
                raise RuntimeError(value)

        app.url_map.converters["raising"] = Raising
        app.register_error_handler(RuntimeError, lambda error: "handled")
        app.register_error_handler(500, lambda error: repr(error.original_exception))
        return serve(app, {"/": lambda: "first", "/<raising:value>": lambda value: value})

    assert agree(factory, "/", "/x").texts == ["first", "RuntimeError('x')"]


@pytest.mark.parametrize(
    ("endpoint", "raised"), [(5, True), (None, False), (("a", "b"), False), (("a", "."), True)]
)
def test_an_endpoint_that_is_no_text(agree: Agree, endpoint: Any, raised: bool) -> None:
    """An error reaches the server if no blueprint can be looked for in it: every request does."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "first"})
        app.url_map.add(app.url_rule_class("/own", endpoint=endpoint))
        app.view_functions[endpoint] = lambda: "found"
        return app

    assert agree(factory, "/", "/own").codes == [200, None if raised else 200]


def test_an_error_is_not_left_to_the_collector() -> None:
    """Its traceback leads to the frame that handles it, which must not lead back."""
    # Its logger is nobody else's.
    app = serve(miniflask.Flask("unheard"), {"/": lambda: "first", "/error": lambda: 1 / 0})
    app.logger.disabled = True

    def visit(path: str) -> str:
        body, status, _ = run_wsgi_app(app, create_environ(path))
        b"".join(body)
        return status

    visit("/")
    visit("/error")
    gc.collect()
    gc.disable()
    try:
        assert visit("/error") == "500 INTERNAL SERVER ERROR"
        assert gc.collect() == 0
    finally:
        gc.enable()


class _Own(str):
    """A text that may do anything."""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mimetype", None),
        ("mimetype", _Own("application/own")),
        ("response", lambda *args, **kwargs: "a text"),
    ],
    ids=["no type", "own text", "own response"],
)
def test_what_is_set_on_a_provider_of_json_counts(agree: Agree, name: str, value: Any) -> None:
    """For what a view returns, as for jsonify."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "first", "/json": lambda: {"a": 1}})
        setattr(app.json, name, value)
        return app

    agree(factory, "/", "/json")


def test_fallback_keys_that_are_no_list(agree: Agree) -> None:
    """Fail each request, whether or not it brings a cookie."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "first"})
        app.config.update(SECRET_KEY="key", SECRET_KEY_FALLBACKS=5)
        return app

    assert agree(factory, "/", "/").codes == [500, 500]


@pytest.mark.parametrize("key", ["", b""], ids=["text", "bytes"])
def test_an_empty_key_is_none(agree: Agree, key: Any) -> None:
    """Sessions can be read, and cannot be written."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = key
        app.register_error_handler(RuntimeError, lambda error: "refused")
        views = {
            "/": lambda: repr(fw.session),
            "/write": lambda: str(fw.session.setdefault("a", "b")),
        }
        return serve(app, views)

    assert agree(factory, "/", "/write", "/").texts[1] == "refused"


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "TRACE", "get", "OWN"])
def test_a_method_that_few_requests_have(agree: Agree, method: str) -> None:
    """Is answered by the framework, or by a view that asks for it."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "first"})
        app.add_url_rule("/own", "own", lambda: fw.request.method, methods=[method])
        return app

    agree(factory, "/", (method, "/"), (method, "/own"))


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\xc2\xa0", " \xe9"], ids=ascii)
def test_a_session_after_what_is_no_ascii(agree: Agree, space: str) -> None:
    """A cookie's name has whatever stands before it, if that is no space in a header."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        return serve(app, {"/": lambda: str(dict(fw.session)), "/hello": lambda: "hello"})

    app = flask.Flask("sample")
    app.secret_key = "key"
    cookie = SecureCookieSessionInterface().get_signing_serializer(app).dumps({"a": 1})  # type: ignore[union-attr]
    visits = [
        {"path": path, "environ": {"HTTP_COOKIE": f"x=1;{space}session={cookie}"}}
        for path in ("/hello", "/", "/hello", "/")
    ]
    agree(factory, *visits)


# ---- what is found before it is looked at closely ----


@pytest.mark.parametrize("rule", ["/\xc3\xa9", "/\xe9", "/\xc3\xa9/"], ids=ascii)
def test_a_path_is_decoded_before_it_is_found(agree: Agree, rule: str) -> None:
    """Though the bytes of another, as a server passes them on, may read like a rule."""

    def factory(fw: Any, trace: Trace) -> Any:
        return serve(fw.Flask("sample"), {rule: lambda: "found"})

    texts = (rule, "/\xe9", "/\xe9/")
    paths = [text.encode().decode("latin1") for text in texts]
    visits = [{"path": "/", "environ": {"PATH_INFO": path}} for path in (*texts, *paths)]
    assert "found" in agree(factory, *visits).texts


def test_hosts_that_are_remembered_are_bounded() -> None:
    """Strangers name any number of them."""
    apps = [serve(fw.Flask("sample"), {"/": lambda: "hello"}) for fw in (miniflask, flask)]
    for number in range(1000):
        for name in (f"{number}.example", f"{number}..example"):
            environ = create_environ("/", headers={"Host": name})
            ours, theirs = (run_wsgi_app(app, dict(environ))[1] for app in apps)
            assert ours == theirs

    assert 0 < len(shortcut._sound_hosts) <= 256
    assert not [name for name in shortcut._sound_hosts if ".." in name]


def test_strangers_do_not_drive_the_busiest_host_out() -> None:
    """Whatever they name, it is looked for in the same place again."""
    for number in range(600):
        assert shortcut.is_sound_host(f"{number}.example")
        assert shortcut.is_sound_host("busy.example")
    assert "busy.example" in shortcut._sound_hosts
    assert len(shortcut._sound_hosts) <= 256


@pytest.mark.parametrize("warm", [True, False], ids=["after requests", "before any"])
@pytest.mark.parametrize("name", ["bind", "bind_to_environ", "update", "host_matching"])
def test_what_is_set_on_the_route_map_counts(agree: Agree, name: str, warm: bool) -> None:
    """From the next request on, and until it is taken away."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "hello", "/<name>": lambda name: name})
        url_map, wsgi_app = app.url_map, app.wsgi_app
        usual = getattr(url_map, name)

        def told(*args: Any, **kwargs: Any) -> Any:
            trace("asked", name)
            return usual(*args, **kwargs)

        def steered(environ: Any, start_response: Any) -> Any:
            trace(environ["PATH_INFO"])
            if environ["QUERY_STRING"] == "set":
                setattr(url_map, name, True if name == "host_matching" else told)
            elif environ["QUERY_STRING"] == "back" and name == "host_matching":
                url_map.host_matching = False
            elif environ["QUERY_STRING"] == "back":
                delattr(url_map, name)
            return wsgi_app(environ, start_response)

        app.wsgi_app = steered
        return app

    earlier = ("/", "/ann") if warm else ()
    agree(factory, *earlier, "/?set", "/", "/ann", "/no/where", "/?back", "/", "/ann")


@pytest.mark.parametrize("edit", ["read", "replace", "sequence", "length"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_that_becomes_a_list_has_one_length(
    agree: Agree, tmp_path: Path, edit: str, method: str
) -> None:
    """A hook that logs or shortens bodies makes one of it."""
    (tmp_path / "a.txt").write_bytes(b"0123456789")
    edits: dict[str, Callable[[Any], Any]] = {
        "read": lambda response: response.get_data(),
        "replace": lambda response: setattr(response, "response", [b"short"]),
        "sequence": lambda response: response.make_sequence(),
        "length": lambda response: response.calculate_content_length(),
    }

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", static_folder=tmp_path, static_url_path="/files")

        @app.after_request
        def log(response: Any) -> Any:
            response.direct_passthrough = False
            edits[edit](response)
            return response

        return app

    run = agree(factory, (method, "/files/a.txt"))
    assert str(run.outcomes[0]).count("Content-Length") == 1


def test_a_server_may_read_files_into_lists(agree: Agree, tmp_path: Path) -> None:
    """By its ``wsgi.file_wrapper``."""
    (tmp_path / "a.txt").write_bytes(b"0123456789")

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        return serve(app, {"/": lambda: fw.send_file(str(tmp_path / "a.txt"))})

    def wrap(file: Any, size: int = 0) -> list[bytes]:
        with file:
            return [file.read()]

    agree(factory, {"path": "/", "environ": {"wsgi.file_wrapper": wrap}})


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP", "ftp", ""])
@pytest.mark.parametrize("host", ["a:80:80", "a:80", "a:443", "a", "b:80", "a:443:443"])
def test_which_hosts_are_trusted_depends_on_the_scheme(
    agree: Agree, host: str, scheme: str
) -> None:
    """Since its usual port does not count."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "hello", "/list/": lambda: "list"})
        app.config["TRUSTED_HOSTS"] = ["a"]
        return app

    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    agree(factory, *({"path": path, "environ": environ} for path in ("/", "/", "/list")))
