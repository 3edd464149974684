"""What real programs and extensions do to Flask without any rule that says they may.

They put attributes on everything, replace methods on instances, classes and modules, change the
registries directly, and all of that also after the first request.  Each is asked of both.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import werkzeug.serving
from werkzeug.exceptions import NotFound

from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]


def site(fw: Any, trace: Trace, **views: Any) -> Any:
    """Make an app with the views at URLs of their names."""
    app = fw.Flask("sample")
    for name, view in views.items():
        app.add_url_rule(f"/{name}", name, view)
    return app


# ---- attributes on everything ----


def test_anything_takes_attributes(agree: Agree) -> None:
    """App, blueprint, request, response, contexts, ``g``, client, session, environment, rule."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace)
        blueprint = fw.Blueprint("bp", "sample")

        def view() -> Any:
            response = fw.make_response("view")
            things = [
                *[app, blueprint, app.config, app.json, app.jinja_env, app.url_map, app.aborter],
                *[fw.request, fw.current_app, fw.g, fw.session, response, app.session_interface],
                *[fw.globals.request_ctx, fw.globals.app_ctx, fw.request.url_rule],
                *[app.test_client(), fw.globals.request_ctx.url_adapter, app.logger],
            ]
            for thing in things:
                thing.put_there_by_an_extension = 1
            trace("all", all(thing.put_there_by_an_extension == 1 for thing in things))
            return response

        app.add_url_rule("/view", "view", view)
        app.register_blueprint(blueprint)
        return app

    run = agree(program, "/view")

    assert run.values("all") == [True]


def test_attributes_of_the_request_are_there_after_the_view(agree: Agree) -> None:
    """What a view puts on the request and the context, hooks after it find there."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            fw.request.mine = fw.globals.request_ctx.mine = fw.globals.app_ctx.mine = "kept"
            return "view"

        def seen(response: Any) -> Any:
            trace("seen", fw.request.mine, fw.globals.request_ctx.mine, fw.globals.app_ctx.mine)
            return response

        app = site(fw, trace, view=view)
        app.after_request(seen)
        return app

    run = agree(program, "/view")

    assert run.details("seen") == [["kept"] * 3]


def test_the_session_and_g_may_be_replaced(agree: Agree) -> None:
    """Assigning ``_session`` of a request context and ``g`` of an app context takes effect."""

    def program(fw: Any, trace: Trace) -> Any:
        def view() -> str:
            fw.globals.request_ctx._session = fw.sessions.SecureCookieSession({"put": "there"})
            fw.globals.app_ctx.g = replaced = fw.ctx._AppCtxGlobals()
            replaced.name = "replaced"
            fw.session["and"] = "changed"
            return f"{sorted(fw.session)} {fw.g.name} {fw.globals._cv_app.get().g is replaced}"

        app = site(fw, trace, view=view, read=lambda: dict(fw.session))
        app.secret_key = "key"
        return app

    run = agree(program, "/view", "/read", jar=True)

    assert run.texts[0] == "['and', 'put'] replaced True"
    assert run.outcomes[1].text == '{"and":"changed","put":"there"}\n'


# ---- methods replaced ----

# Each is on the way of a request to a view that works, or to one that raises.
ON_THE_WAY = {
    "/view": [
        *["wsgi_app", "request_context", "create_url_adapter", "full_dispatch_request"],
        *["preprocess_request", "dispatch_request", "ensure_sync", "finalize_request"],
        *["make_response", "process_response", "do_teardown_request", "do_teardown_appcontext"],
        *["app_context"],
    ],
    "/bad": [
        *["handle_user_exception", "handle_exception", "log_exception", "should_ignore_error"],
    ],
    "/missing": [
        *["raise_routing_exception", "handle_http_exception", "trap_http_exception"],
    ],
    "/url": ["url_for", "inject_url_defaults"],
    "/build-error": ["handle_url_build_error"],
    "/redirect": ["redirect"],
    "/template": ["update_template_context", "create_jinja_environment"],
}
REPLACED = [(path, name) for path, names in ON_THE_WAY.items() for name in names]


def with_views(fw: Any, trace: Trace) -> Any:
    """Make an app with a view for each of the paths above."""
    return site(
        fw,
        trace,
        view=lambda: "view",
        bad=trace.hook("bad", raises=ValueError("bad")),
        url=lambda: fw.url_for("view"),
        redirect=lambda: fw.redirect("/view"),
        template=lambda: fw.render_template_string("{{ 1 + 1 }}"),
        **{"build-error": lambda: fw.url_for("nowhere")},
    )


def traced(trace: Trace, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a method to trace its calls."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        trace(name)
        return original(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(("path", "name"), REPLACED)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_method_replaced_on_the_app_is_called(
    agree: Agree, path: str, name: str, when: str
) -> None:
    """An extension may wrap any method on the instance, before or after the first request."""

    def program(fw: Any, trace: Trace) -> None:
        app = with_views(fw, trace)
        client = app.test_client()
        if when == "after" and name != "create_jinja_environment":
            client.get(path)
            trace("answered")
        setattr(app, name, traced(trace, name, getattr(app, name)))
        trace("status", client.get(path).status_code)

    run = agree(program)

    assert name in run.labels


@pytest.mark.parametrize(("path", "name"), REPLACED)
def test_a_method_replaced_on_the_class_is_called(agree: Agree, path: str, name: str) -> None:
    """A tool may wrap any method on the class, also for applications that exist already."""

    def program(fw: Any, trace: Trace) -> None:
        app = with_views(fw, trace)
        client = app.test_client()
        if name != "create_jinja_environment":
            client.get(path)
            trace("answered")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fw.Flask, name, traced(trace, name, getattr(fw.Flask, name)))
            trace("status", client.get(path).status_code)

    run = agree(program)

    assert name in run.labels


def test_call_replaced_on_the_class_is_called(agree: Agree) -> None:
    """Tracing tools wrap ``Flask.__call__``."""

    def program(fw: Any, trace: Trace) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fw.Flask, "__call__", traced(trace, "call", fw.Flask.__call__))
            trace("text", site(fw, trace, view=lambda: "view").test_client().get("/view").text)

    run = agree(program)

    assert run.labels == ["call", "text"]


@pytest.mark.parametrize("method", ["push", "pop", "match_request", "__init__", "copy"])
def test_a_method_replaced_on_the_request_context_is_called(agree: Agree, method: str) -> None:
    """Tools wrap the methods of ``RequestContext`` on the class."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, view=lambda: fw.copy_current_request_context(str)() or "view")
        cls = fw.ctx.RequestContext
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(cls, method, traced(trace, method, getattr(cls, method)))
            app.test_client().get("/view")

    run = agree(program)

    assert method in run.labels


def test_a_replaced_handler_decides(agree: Agree) -> None:
    """What a replaced method returns is what counts: error trackers and REST tools do this."""

    def program(fw: Any, trace: Trace) -> Any:
        app = with_views(fw, trace)
        app.handle_exception = lambda e: app.make_response((f"caught {e}", 599))
        app.handle_user_exception = lambda e: (
            (f"seen {e.code}", 499) if isinstance(e, NotFound) else reraise(e)
        )
        app.wsgi_app = prefixed(app.wsgi_app)
        return app

    run = agree(program, "/bad", "/missing", "/view")

    assert run.texts == ["caught bad", "seen 404", "view"]
    assert run.codes == [599, 499, 200]
    assert [outcome.header("X-Middleware") for outcome in run.outcomes] == ["1"] * 3


def reraise(error: BaseException) -> Any:
    """Raise an error."""
    raise error


def prefixed(wsgi_app: Any) -> Any:
    """Wrap a WSGI application in a middleware that adds a header."""

    def middleware(environ: Any, start_response: Any) -> Any:
        def start(status: Any, headers: Any, exc_info: Any = None) -> Any:
            return start_response(status, [("X-Middleware", "1"), *headers], exc_info)

        return wsgi_app(environ, start)

    return middleware


# ---- registries changed directly ----


def test_registries_may_be_changed_at_any_time(agree: Agree) -> None:
    """Hooks, views and error handlers put straight into the tables count from the next request."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, view=lambda: "view")
        app.before_request(trace.hook("registered"))
        client = app.test_client()
        trace("first", client.get("/view").text, client.get("/missing").status_code)
        app.before_request_funcs[None].insert(0, trace.hook("inserted"))
        app.after_request_funcs.setdefault(None, []).append(trace.after("after"))
        app.teardown_request_funcs.setdefault(None, []).append(trace.hook("teardown"))
        app.teardown_appcontext_funcs.append(trace.hook("app teardown"))
        app.url_value_preprocessors[None].append(trace.hook("preprocess"))
        app.template_context_processors[None].append(lambda: {"given": "from a processor"})
        app.view_functions["view"] = lambda: fw.render_template_string("{{ given }}")
        app.error_handler_spec[None][404][NotFound] = lambda e: ("handled", 299)
        trace("second", client.get("/view").text, client.get("/missing").status_code)
        app.before_request_funcs[None].clear()
        del app.before_request_funcs[None]
        trace("third", client.get("/view").text)

    run = agree(program)

    hooks = ["preprocess", "inserted", "registered", "after", "teardown", "app teardown"]
    assert run.labels == [
        *["registered", "registered", "first", *hooks, *hooks, "second"],
        *[hook for hook in hooks if hook not in ("inserted", "registered")],
        "third",
    ]
    assert run.details("first") == [["view", 404]]
    assert run.details("second") == [["from a processor", 299]]
    assert run.details("third") == [["from a processor"]]


def test_registries_may_be_replaced(agree: Agree) -> None:
    """A table may be a new object, also a plain dict without the rows that nobody registered."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(fw, trace, view=lambda: "view", other=lambda: "other")
        app.before_request_funcs = {None: [trace.hook("before")]}
        app.after_request_funcs = {}
        app.teardown_request_funcs = {}
        app.url_value_preprocessors = {}
        app.url_default_functions = {}
        app.view_functions = {"view": lambda: "replaced"}
        app.teardown_appcontext_funcs = [trace.hook("app teardown")]
        return app

    run = agree(program, "/view", "/other")

    assert (run.codes[0], run.texts[0]) == (200, "replaced")
    assert run.codes[1] == 500
    assert run.labels == ["before", "app teardown"] * 2


def test_rules_may_be_added_to_the_map(agree: Agree) -> None:
    """A rule put into ``url_map`` is matched, with its view in ``view_functions``."""

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace, view=lambda: "view")
        client = app.test_client()
        trace("before", client.get("/late/1").status_code, client.options("/late/1").status_code)
        app.url_map.add(app.url_rule_class("/late/<int:n>", endpoint="late"))
        app.view_functions["late"] = lambda n: f"late {n}"
        trace("after", client.get("/late/1").text, client.options("/late/1").status_code)

    run = agree(program)

    assert run.details("before") == [[404, 404]]
    # The map knows no automatic OPTIONS: the attribute on the rule is Flask's.
    assert run.details("after") == [["late 1", 200]]


def test_extensions_and_jinja_env_are_there_to_be_changed(agree: Agree) -> None:
    """``extensions`` is a dict; filters, globals and options may be set on the environment."""

    def program(fw: Any, trace: Trace) -> Any:
        app = site(
            fw, trace, view=lambda: fw.render_template_string("{{ shout('a')|twice }} <%= 1 %>")
        )
        app.extensions["mine"] = app
        app.jinja_options = {"variable_start_string": "{{", "trim_blocks": True}
        app.jinja_env.filters["twice"] = lambda text: text * 2
        app.jinja_env.globals["shout"] = lambda text: text.upper()
        app.jinja_env.add_extension("jinja2.ext.do")
        trace("extensions", sorted(app.extensions))
        return app

    run = agree(program, "/view")

    assert run.texts == ["AA <%= 1 %>"]
    assert run.values("extensions") == [["mine"]]


def test_settings_count_when_they_are_changed(agree: Agree) -> None:
    """Settings are read at each request, not when the application is made."""

    def program(fw: Any, trace: Trace) -> None:
        app = with_views(fw, trace)
        app.secret_key = "key"
        client = app.test_client()
        trace("before", client.get("/bad").status_code)
        app.config.update(PROPAGATE_EXCEPTIONS=True, SESSION_COOKIE_NAME="other")
        trace.attempt("after", lambda: client.get("/bad"))
        with client.session_transaction() as session:
            session["x"] = 1
        trace("cookie", client.get_cookie("other") is not None)

    run = agree(program)

    assert run.values("before") == [500]
    assert run.values("after") == [("ValueError", "bad")]
    assert run.values("cookie") == [True]


# ---- blueprints ----


def test_a_setup_state_of_ones_own(agree: Agree) -> None:
    """``make_setup_state`` may return a subclass, or change the state before it is used."""

    def program(fw: Any, trace: Trace) -> Any:
        class State(fw.blueprints.BlueprintSetupState):  # type: ignore[misc]
            def add_url_rule(
                self, rule: str, endpoint: Any = None, view_func: Any = None, **options: Any
            ) -> None:
                trace("rule", rule, endpoint, sorted(options))
                super().add_url_rule(f"/v1{rule}", endpoint, view_func, **options)

        class Blueprint(fw.Blueprint):  # type: ignore[misc]
            def make_setup_state(
                self, app: Any, options: Any, first_registration: bool = False
            ) -> Any:
                state = State(self, app, options, first_registration)
                trace("state", state.url_prefix, sorted(options), first_registration)
                return state

        app = site(fw, trace)
        blueprint = Blueprint("bp", "sample", url_prefix="/b")
        blueprint.add_url_rule("/x", "x", lambda: fw.url_for(".x"))
        blueprint.record(lambda state: trace("recorded", type(state).__name__))
        app.register_blueprint(blueprint)
        app.register_blueprint(blueprint, name="again", url_prefix="/again")
        return app

    run = agree(program, "/b/v1/x", "/again/v1/x", "/b/x")

    assert run.codes == [200, 200, 404]
    assert run.texts[:2] == ["/b/v1/x", "/again/v1/x"]
    assert run.values("recorded") == ["State"] * 2


def test_a_state_with_its_method_replaced(agree: Agree) -> None:
    """An extension may replace ``add_url_rule`` on the state of a registration."""

    def program(fw: Any, trace: Trace) -> Any:
        def record(state: Any) -> None:
            state.host = None
            original = state.add_url_rule
            state.add_url_rule = lambda rule, *args, **options: original(
                f"/swapped{rule}", *args, **options
            )

        app = site(fw, trace)
        blueprint = fw.Blueprint("bp", "sample")
        blueprint.record(record)
        blueprint.add_url_rule("/x", "x", lambda: "x")
        app.register_blueprint(blueprint)
        return app

    run = agree(program, "/swapped/x", "/x")

    assert run.codes == [200, 404]


def test_a_blueprint_may_register_itself_in_its_own_way(agree: Agree) -> None:
    """``register`` may be overridden, and ``deferred_functions`` and ``_blueprints`` read."""

    def program(fw: Any, trace: Trace) -> Any:
        class Blueprint(fw.Blueprint):  # type: ignore[misc]
            def register(self, app: Any, options: Any) -> None:
                trace("registering", len(self.deferred_functions), len(self._blueprints), options)
                super().register(app, options)
                trace("registered", sorted(app.blueprints), self._got_registered_once)

        app = site(fw, trace)
        blueprint = Blueprint("bp", "sample")
        blueprint.register_blueprint(Blueprint("child", "sample", url_prefix="/c"))
        blueprint.add_url_rule("/x", "x", lambda: "x")
        app.register_blueprint(blueprint, url_prefix="/p")
        return app

    run = agree(program, "/p/x")

    assert run.values("registered") == [["bp", "bp.child"]] * 2
    assert run.codes == [200]


# ---- classes of their own ----


def test_classes_may_be_replaced_by_subclasses(agree: Agree) -> None:
    """Request, response, globals, config, JSON provider, aborter, client: one attribute each."""

    def program(fw: Any, trace: Trace) -> Any:
        class Request(fw.Request):  # type: ignore[misc]
            @property
            def shouted(self) -> str:
                return str(self.path).upper()

        class Response(fw.Response):  # type: ignore[misc]
            default_mimetype = "text/x-own"

        class Globals:
            def __init__(self) -> None:
                self.made = "by us"

            def __iter__(self) -> Any:
                return iter(vars(self))

        class Config(fw.Config):  # type: ignore[misc]
            def __getitem__(self, key: str) -> Any:
                return "own" if key == "OWN" else super().__getitem__(key)

        class Provider(fw.json.provider.DefaultJSONProvider):  # type: ignore[misc]
            def dumps(self, obj: Any, **kwargs: Any) -> str:
                return f"own {super().dumps(obj, **kwargs)}"

        class Client(fw.testing.FlaskClient):  # type: ignore[misc]
            def __init__(self, *args: Any, own: str = "", **kwargs: Any) -> None:
                trace("client", own)
                super().__init__(*args, **kwargs)

        class Sample(fw.Flask):  # type: ignore[misc]
            request_class = Request
            response_class = Response
            app_ctx_globals_class = Globals
            config_class = Config
            json_provider_class = Provider
            test_client_class = Client

        def view() -> Any:
            return {"x": [fw.request.shouted, fw.g.made, fw.current_app.config["OWN"]]}

        app = Sample("sample")
        app.add_url_rule("/view", "view", view)
        app.add_url_rule("/text", "text", lambda: "text")
        app.test_client(own="argument")
        return app

    run = agree(program, "/view", "/text")

    assert run.texts[0] == 'own {"x":["/VIEW","by us","own"]}\n'
    assert run.outcomes[1].header("Content-Type") == "text/x-own; charset=utf-8"
    assert run.values("client") == ["argument"]


def test_converters_rules_and_maps_of_ones_own(agree: Agree) -> None:
    """Converters are registered on the map; ``url_rule_class`` and ``url_map_class`` count."""

    def program(fw: Any, trace: Trace) -> Any:
        base_map, base_rule = fw.Flask.url_map_class, fw.Flask.url_rule_class
        base_converter = base_map.default_converters["default"].__base__

        class Reversed(base_converter):  # type: ignore[misc,valid-type]
            def to_python(self, value: str) -> str:
                return value[::-1]

            def to_url(self, value: str) -> str:
                return super().to_url(value[::-1])  # type: ignore[no-any-return]

        class OneOf(base_converter):  # type: ignore[misc,valid-type]
            def __init__(self, map: Any, *words: str, **options: str) -> None:
                super().__init__(map)
                self.regex = "|".join([*words, *options.values()])

        class Rule(base_rule):  # type: ignore[misc,valid-type]
            def __init__(self, rule: str, **options: Any) -> None:
                trace("rule", rule)
                super().__init__(rule, **options)

        class Map(base_map):  # type: ignore[misc,valid-type]
            own = "map"

        class Sample(fw.Flask):  # type: ignore[misc]
            url_rule_class = Rule
            url_map_class = Map

        app = Sample("sample", static_folder=None)
        app.url_map.converters.update(reversed=Reversed, oneof=OneOf)
        app.add_url_rule("/r/<reversed:x>", "r", lambda x: f"{x} {fw.url_for('r', x=x)}")
        app.add_url_rule("/o/<oneof(a, b, last='c'):x>", "o", lambda x: f"{x} {app.url_map.own}")
        return app

    run = agree(program, "/r/abc", "/o/b", "/o/c", "/o/d")

    assert run.texts[:3] == ["cba /r/abc", "b map", "c map"]
    assert run.codes[3] == 404


def test_a_session_interface_of_ones_own(agree: Agree) -> None:
    """Server-side sessions: open, save, and a session class with ids; ``accessed`` decides."""

    def program(fw: Any, trace: Trace) -> Any:
        class Session(dict[str, Any], fw.sessions.SessionMixin):  # type: ignore[misc]
            sid = "7"

        class Sessions(fw.sessions.SessionInterface):  # type: ignore[misc]
            stored: dict[str, Any] = {}

            def open_session(self, app: Any, request: Any) -> Any:
                sid = request.cookies.get(self.get_cookie_name(app))
                trace("open", sid)
                return Session(self.stored.get(sid, {}))

            def save_session(self, app: Any, session: Any, response: Any) -> None:
                trace("save", dict(session), session.accessed, session.modified)
                self.stored[session.sid] = dict(session)
                response.set_cookie(self.get_cookie_name(app), session.sid)

        def view() -> str:
            fw.session["n"] = fw.session.get("n", 0) + 1
            return str(fw.session["n"])

        app = site(fw, trace, view=view, plain=lambda: "plain")
        app.session_interface = Sessions()
        return app

    run = agree(program, "/view", "/plain", "/view", jar=True)

    assert run.texts == ["1", "plain", "2"]
    assert run.details("save") == [
        [{"n": 1}, True, True],
        [{"n": 1}, False, True],
        [{"n": 2}, True, True],
    ]


# ---- names that are looked up at call time ----


def test_module_globals_are_looked_up_when_they_are_used(agree: Agree) -> None:
    """Test tools replace ``flask.templating._render`` and ``flask.Flask`` for a while."""

    def program(fw: Any, trace: Trace) -> None:
        client = with_views(fw, trace).test_client()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fw.templating, "_render", lambda app, template, context: "replaced")
            trace("template", client.get("/template").text)
            patch.setattr(fw, "Flask", lambda *args: "another")
            trace("class", fw.Flask("sample"))

    run = agree(program)

    assert run.values("template") == ["replaced"]
    assert run.values("class") == ["another"]


def test_run_simple_is_looked_up_when_the_app_runs(
    agree: Agree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``app.run`` calls what ``werkzeug.serving.run_simple`` is by then."""
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)
    monkeypatch.setenv("FLASK_SKIP_DOTENV", "1")

    def program(fw: Any, trace: Trace) -> None:
        app = site(fw, trace)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(werkzeug.serving, "run_simple", trace.hook("run_simple"))
            app.run(port=0, use_reloader=False)

    run = agree(program)

    host, port, app, options = run.details("run_simple")[0]
    assert (host, port, app) == ("127.0.0.1", 0, "Flask")
    assert options == {"threaded": True, "use_debugger": False, "use_reloader": False}


def test_what_extensions_import(agree: Agree) -> None:
    """The private names that extensions import are there and do what they did."""

    def program(fw: Any, trace: Trace) -> None:
        scaffold: Any = sys.modules[fw.Flask.route.__module__]
        trace("endpoint", scaffold._endpoint_from_view_func(site))
        trace("attribute", fw.config.ConfigAttribute("X").__name__)
        trace("response base", fw.wrappers.ResponseBase is werkzeug.wrappers.Response)
        trace("request base", fw.wrappers.RequestBase is werkzeug.wrappers.Request)
        with site(fw, trace).test_request_context():
            trace("var", fw.globals._cv_app.get().app.name, fw.globals._cv_request.get().app.name)

    run = agree(program)

    assert run.values("endpoint") == ["site"]
    assert run.values("response base") == run.values("request base") == [True]
    assert run.details("var") == [["sample", "sample"]]


def test_the_client_makes_its_requests_by_a_method(agree: Agree) -> None:
    """``FlaskClient._request_from_builder_args`` turns the arguments into a request."""

    def program(fw: Any, trace: Trace) -> None:
        client = site(fw, trace).test_client()
        arguments = {"method": "POST", "json": {"a": 1}}
        request = client._request_from_builder_args(("/path?q=1",), arguments)
        trace("request", request.method, request.path, request.json, request.environ["REMOTE_ADDR"])

    run = agree(program)

    assert run.details("request") == [["POST", "/path", {"a": 1}, "127.0.0.1"]]
