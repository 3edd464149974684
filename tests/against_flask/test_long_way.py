"""What the methods of applications and contexts do where no request takes the short way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flask.sessions
import pytest
import werkzeug.exceptions
import werkzeug.routing

import miniflask.app
import miniflask.deferred
import miniflask.routing
import miniflask.sessions
from tests.against_flask.harness import Run, Trace, serve

Agree = Callable[..., Run]


@pytest.fixture(autouse=True)
def long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep all requests from the short way."""
    monkeypatch.setattr(miniflask.app, "is_free", lambda *args: False)


# ---- responses ----

BODIES: dict[str, Callable[[Any], Any]] = {
    "text": lambda fw: "text",
    "dict": lambda fw: {"a": 1},
    "list": lambda fw: [1],
    "stream": lambda fw: iter(["a", "b"]),
    "response": lambda fw: fw.Response("made", headers={"X-A": "old"}),
    "page": lambda fw: werkzeug.exceptions.Conflict("page"),
}


@pytest.mark.parametrize("body", sorted(BODIES))
@pytest.mark.parametrize(
    "rest",
    [
        (),
        (201,),
        ("201 Own",),
        (None, {"X-A": "new"}),
        ({"X-A": ["1", "2"], "Content-Type": "text/x"},),
        ([("X-A", "1"), ("X-A", "2")],),
        ({},),
        (404, {}),
        (b"201 Own",),
    ],
    ids=repr,
)
def test_what_comes_with_a_body(agree: Agree, body: str, rest: tuple[Any, ...]) -> None:
    """Status and headers count whatever the body is; headers replace those of their names."""

    def build(fw: Any, trace: Trace) -> Any:
        return serve(fw.Flask("sample"), {"/": lambda: (BODIES[body](fw), *rest)})

    agree(build, "/")


def test_a_text_sets_status_and_a_number_status_code(agree: Agree) -> None:
    """A response may tell the two apart."""

    def build(fw: Any, trace: Trace) -> Any:
        class Response(fw.Response):  # type: ignore[misc]
            def __setattr__(self, name: str, value: Any) -> None:
                if trace is not None and name in {"status", "status_code"}:
                    seen.append((name, value))
                super().__setattr__(name, value)

        seen: list[Any] = []

        def answer(status: Any) -> Any:
            response = Response("made")
            seen.clear()
            rv = app.make_response((response, status))
            trace("set", seen)
            return rv

        app = serve(
            fw.Flask("sample"),
            {"/text": lambda: answer("201 Own"), "/number": lambda: answer(201)},
        )
        app.response_class = Response
        return app

    run = agree(build, "/text", "/number")
    assert [seen[0][0] for seen in run.values("set")] == ["status", "status_code"]


@pytest.mark.parametrize("body", sorted(BODIES))
def test_status_and_headers_are_given_even_where_there_are_none(agree: Agree, body: str) -> None:
    """A class of responses with defaults of its own gets None for them, as from Flask."""

    def build(fw: Any, trace: Trace) -> Any:
        class Response(fw.Response):  # type: ignore[misc]
            def __init__(
                self, response: Any = None, status: Any = 202, headers: Any = "default", **rest: Any
            ) -> None:
                trace("made", status, headers, rest)
                headers = None if headers == "default" else headers
                super().__init__(response, status, headers, **rest)

        app = serve(fw.Flask("sample"), {"/": lambda: BODIES[body](fw)})
        app.response_class = Response
        return app

    agree(build, "/", "/nowhere", ("OPTIONS", "/"))


# ---- sessions ----


def test_a_permanent_session_is_sent_again_though_nobody_looks(agree: Agree) -> None:
    """So it is for each request, unless ``SESSION_REFRESH_EACH_REQUEST`` says no."""

    def build(fw: Any, trace: Trace) -> Any:
        def stay() -> str:
            fw.session.permanent = True
            return "stays"

        def refresh(how: int) -> str:
            app.config["SESSION_REFRESH_EACH_REQUEST"] = bool(how)
            return "set"

        app = serve(fw.Flask("sample"), {"/stay": stay, "/refresh/<int:how>": refresh})
        app.secret_key = "key"
        return app

    run = agree(build, "/nowhere", "/stay", "/nowhere", "/refresh/0", "/nowhere", jar=True)
    sent = [outcome.header("Set-Cookie") is not None for outcome in run.outcomes]
    assert sent == [False, True, True, False, False]


def test_a_session_that_nobody_looks_at_is_not_opened(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cookie need not be verified then; the client keeps it."""
    opened: list[Any] = []
    original = miniflask.deferred.DeferredSession.open

    def recorded(self: Any, app: Any) -> Any:
        opened.append(self)
        return original(self, app)

    monkeypatch.setattr(miniflask.deferred.DeferredSession, "open", recorded)

    def build(fw: Any, trace: Trace) -> Any:
        def write() -> str:
            fw.session["n"] = 1
            return "written"

        app = serve(fw.Flask("sample"), {"/write": write, "/": lambda: "no session"})
        app.secret_key = "key"
        return app

    agree(build, "/write", "/", "/nowhere", jar=True)
    assert len(opened) == 1


def test_a_salt_set_on_the_class_signs_and_reads(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part of the interface that only reads cookies is noticed when a session is opened."""
    for kit in (miniflask.sessions, flask.sessions):
        monkeypatch.setattr(kit.SecureCookieSessionInterface, "salt", "own")

    def build(fw: Any, trace: Trace) -> Any:
        def count() -> str:
            fw.session["n"] = fw.session.get("n", 0) + 1
            return str(fw.session["n"])

        app = serve(fw.Flask("sample"), {"/": count})
        app.secret_key = "key"
        return app

    assert agree(build, "/", "/", jar=True).texts == ["1", "2"]


# ---- before the view ----


@pytest.mark.parametrize("prepared", [False, True])
def test_after_the_first_request_setup_is_over(fw: Any, prepared: bool) -> None:
    """Whether or not something was to be done before that request."""
    app = fw.Flask("sample")
    if prepared and fw is miniflask:  # Flask dropped it in 2.3
        app.before_first_request(lambda: None)
    app.before_request(lambda: None)
    app.test_client().get("/")

    with pytest.raises(AssertionError, match="can no longer be called on the application"):
        app.before_request(lambda: None)


def test_a_rule_that_is_put_into_the_map_has_no_automatic_options(agree: Agree) -> None:
    """It was not made by the application, which alone says so: its view is called."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        kit = miniflask.routing if fw is miniflask else werkzeug.routing
        app.url_map.add(kit.Rule("/", endpoint="own"))
        app.view_functions["own"] = lambda: fw.request.method
        return app

    assert agree(build, "/", ("OPTIONS", "/")).texts == ["GET", "OPTIONS"]


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("code", [301, 302, 307, 308])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT"])
def test_debug_mode_explains_a_redirect_that_loses_a_form(
    agree: Agree, monkeypatch: pytest.MonkeyPatch, debug: bool, code: int, method: str
) -> None:
    """It depends on the status whether a client sends the form once more."""
    for kit in (miniflask.routing, werkzeug.routing):
        monkeypatch.setattr(kit.RequestRedirect, "code", code)

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.debug = debug
        app.register_error_handler(AssertionError, lambda e: ("explained", 500))
        methods = ["GET", "POST", "PUT", "OPTIONS"]
        app.add_url_rule("/slash/", "slash", lambda: "slash", methods=methods)
        return app

    run = agree(build, (method, "/slash"))
    lost = debug and code in {301, 302} and method in {"POST", "PUT"}
    assert run.codes == [500 if lost else code]


def test_an_exit_reaches_server_and_teardown(agree: Agree) -> None:
    """No handler is asked, and nothing is logged."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": trace.hook("view", raises=SystemExit("3"))})
        app.register_error_handler(Exception, trace.hook("handler"))
        app.teardown_request(trace.hook("request"))
        app.teardown_appcontext(trace.hook("app"))
        return app

    run = agree(build, "/")
    assert run.outcomes[0].raised == ("SystemExit", "3")
    assert run.values("request") == run.values("app") == [("SystemExit", "3")]


def test_a_debugger_is_handed_both_contexts(agree: Agree) -> None:
    """The app context first, while they are active; an error makes no difference."""

    def build(fw: Any, trace: Trace) -> Any:
        app = serve(fw.Flask("sample"), {"/": lambda: "home", "/bad": lambda: str(1 / 0)})
        wsgi_app = app.wsgi_app

        def debugger(environ: Any, start_response: Any) -> Any:
            environ["werkzeug.debug.preserve_context"] = lambda ctx: trace("kept", ctx)
            return wsgi_app(environ, start_response)

        app.wsgi_app = debugger
        app.teardown_request(trace.hook("teardown"))
        return app

    run = agree(build, "/", "/bad")
    assert run.values("kept") == ["AppContext", "RequestContext"] * 2
    assert run.labels == ["kept", "kept", "teardown"] * 2


# ---- what the request says ----


def test_what_a_hook_leaves_on_the_request_counts(agree: Agree) -> None:
    """Another rule, other arguments, another method, or an error, in place of what matched."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        child = fw.Blueprint("child", "sample")
        child.after_request(trace.after("after child"))
        child.add_url_rule("/child/<name>", "view", trace.hook("child", returns="child"))
        app.register_blueprint(child)
        serve(app, {"/<name>": trace.hook("view", returns="view")})
        rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}

        def change() -> None:
            request = fw.request
            what = request.args.get("change")
            if what == "rule":
                request.url_rule = rules["child.view"]
            elif what == "arguments":
                request.view_args = {"name": "changed"}
            elif what == "method":
                request.method = "OPTIONS"
            elif what == "error":
                request.routing_exception = werkzeug.exceptions.Gone()

        app.before_request(change)
        return app

    changes = ("", "rule", "arguments", "method", "error")
    run = agree(build, *(f"/given?change={change}" for change in changes), "/child/given")
    assert run.codes == [200, 200, 200, 200, 410, 200]
    assert run.values("view") == [{"name": "given"}, {"name": "changed"}]
    assert run.labels.count("after child") == 2


def test_a_request_class_says_what_method_and_blueprints_are(agree: Agree) -> None:
    """The application asks the request, and not what matched."""

    def build(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            blueprints = ["other"]  # noqa: RUF012

            @property
            def method(self) -> str:
                return "OPTIONS" if "options" in self.args else "GET"

            @method.setter
            def method(self, value: str) -> None: ...

        app = fw.Flask("sample")
        app.request_class = Request
        for name in ("own", "other"):
            blueprint = fw.Blueprint(name, "sample")
            blueprint.before_request(trace.hook(f"before {name}"))
            blueprint.add_url_rule(f"/{name}", "view", lambda: "view")
            app.register_blueprint(blueprint)
        return app

    run = agree(build, "/own", "/own?options", "/other")
    assert run.texts == ["view", "", "view"]
    assert run.labels == ["before other"] * 3


def test_a_request_is_made_if_the_making_is_a_program_s_own(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though nobody asks for it: one class has another constructor, the other is another."""

    def build(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            def __init__(self, *args: Any) -> None:
                trace("made")
                super().__init__(*args)

        def use_own_class() -> str:
            app.request_class = Request
            return "used"

        def replace_constructor() -> str:
            app.request_class = fw.Request
            original = fw.Request.__init__

            def made(self: Any, *args: Any) -> None:
                trace("made with another constructor")
                original(self, *args)

            monkeypatch.setattr(fw.Request, "__init__", made)
            return "replaced"

        app = fw.Flask("sample")
        return serve(
            app, {"/": lambda: "home", "/own": use_own_class, "/replace": replace_constructor}
        )

    assert agree(build, "/", "/own", "/", "/replace", "/").labels == [
        "made",
        "made",
        "made with another constructor",
    ]


def test_a_method_in_small_letters_is_the_same_method(agree: Agree) -> None:
    """As servers may hand it on; the automatic answer to OPTIONS is given all the same."""

    def build(fw: Any, trace: Trace) -> Any:
        return serve(fw.Flask("sample"), {"/": lambda: "home"})

    methods = ("get", "options", "Options", "head", "post")
    run = agree(build, *({"path": "/", "environ": {"REQUEST_METHOD": m}} for m in methods))
    assert run.codes == [200, 200, 200, 200, 405]
    assert run.texts[:3] == ["home", "", ""]


def test_a_request_reads_json_as_the_application_does(agree: Agree) -> None:
    """With the application's provider, also once the contexts are gone."""

    def build(fw: Any, trace: Trace) -> Any:
        class Provider(fw.json.provider.DefaultJSONProvider):  # type: ignore[misc]
            def loads(self, s: Any, **kwargs: Any) -> Any:
                return ["own", super().loads(s, **kwargs)]

        def view() -> Any:
            requests.append(fw.request._get_current_object())
            return fw.request.get_json() if "now" in fw.request.args else "later"

        def closed(exc: BaseException | None) -> None:
            fw.request.get_data()

        requests: list[Any] = []
        app = serve(fw.Flask("sample"), {"/": view}, methods=["POST"])
        app.teardown_request(closed)
        app.json = Provider(app)
        wsgi_app = app.wsgi_app

        def middleware(environ: Any, start_response: Any) -> Any:
            try:
                return wsgi_app(environ, start_response)
            finally:
                trace("later", requests[-1].get_json())

        app.wsgi_app = middleware
        return app

    post = {"method": "POST", "json": {"a": 1}}
    run = agree(build, {"path": "/?now", **post}, {"path": "/", **post})
    assert run.texts == ['["own",{"a":1}]\n', "later"]
    assert run.values("later") == [["own", {"a": 1}]] * 2


def test_a_converter_may_ask_for_the_request(agree: Agree) -> None:
    """It is made before anything has matched, and told afterwards what did, or why nothing."""

    def build(fw: Any, trace: Trace) -> Any:
        kit = miniflask.routing if fw is miniflask else werkzeug.routing

        class Asking(kit.BaseConverter):  # type: ignore[misc, name-defined]
            def to_python(self, value: str) -> str:
                trace("asked", fw.request.path, fw.request.endpoint)
                if value == "wrong":
                    raise kit.ValidationError
                return value

        app = fw.Flask("sample")
        app.url_map.converters["asking"] = Asking
        app.register_error_handler(404, trace.hook("handler", returns="none"))
        return serve(app, {"/<asking:x>": trace.hook("view", returns="view")})

    run = agree(build, "/right", "/wrong", ("OPTIONS", "/right"))
    assert run.texts == ["view", "none", ""]
    assert run.labels == ["asked", "view", "asked", "handler", "asked"]


# ---- the adapter ----


def test_an_adapter_that_a_program_puts_in_place_builds_urls(agree: Agree) -> None:
    """The context's attribute is read for each URL, also when no host is to be in it."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            before = fw.url_for("/")
            fw.globals.request_ctx.url_adapter = app.url_map.bind("other", "/script")
            return f"{before} {fw.url_for('/')} {fw.url_for('/', _external=True)}"

        app = serve(fw.Flask("sample"), {"/": view})
        return app

    assert agree(build, "/").texts == ["/ /script/ http://other/script/"]


@pytest.mark.parametrize("looked", [False, True])
def test_urls_are_built_of_the_environment_as_it_came(agree: Agree, looked: bool) -> None:
    """What a view changes in it is not in them, whether or not it has asked for one before."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            first = fw.url_for("/") if looked else ""
            fw.request.environ.update(HTTP_HOST="other", SCRIPT_NAME="/other")
            return f"{first} {fw.url_for('/')} {fw.url_for('/', _external=True)}"

        return serve(fw.Flask("sample"), {"/": view})

    run = agree(build, {"path": "/", "environ": {"SCRIPT_NAME": "/script"}})
    assert run.texts[0].endswith(" /script/ http://localhost/script/")


@pytest.mark.parametrize("default", ["", "www"])
def test_the_adapter_is_that_of_the_default_subdomain(agree: Agree, default: str) -> None:
    """Whatever the host is, as long as subdomains are not matched."""

    def build(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            adapter = fw.globals.request_ctx.url_adapter
            return f"{adapter.subdomain!r} {adapter.server_name} {fw.url_for('/')}"

        app = fw.Flask("sample")
        app.url_map.default_subdomain = default
        return serve(app, {"/": view})

    run = agree(build, "/", {"path": "/", "headers": {"Host": "a.example:81"}})
    assert run.texts[0].startswith(repr(default))


def test_hosts_and_subdomains_are_matched(agree: Agree) -> None:
    """Which rule it is may depend on them; a page of another host is not found."""

    def build(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", host_matching=True, static_folder=None)
        for host in ("a.example", "b.example"):
            app.add_url_rule("/", host, lambda host=host: host, host=host)
        return app

    hosts = ("a.example", "b.example", "c.example")
    run = agree(build, *({"path": "/", "headers": {"Host": host}} for host in hosts))
    assert run.codes == [200, 200, 404]
    assert run.texts[:2] == ["a.example", "b.example"]
