"""Blueprints: what each setting and each registration does, on both frameworks.

Source: ``flask.blueprints`` and ``flask.sansio.blueprints``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import flask
import flask.blueprints
import pytest
from werkzeug.exceptions import HTTPException

import miniflask
import miniflask.blueprints
from tests.against_flask.harness import Run, Trace

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


def rules_of(app: Any) -> list[Any]:
    """Return the rules of an app but the static one, with where each leads."""
    return [
        [rule.rule, rule.endpoint, sorted(rule.methods), rule.defaults, rule.subdomain]
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    ]


def registered(fw: Any, rules: Any, made: Any, given: Any) -> list[Any]:
    """Register a blueprint with rules on an app, and return the rules that come out."""
    app = fw.Flask("sample")
    bp = fw.Blueprint("bp", "sample", **made)
    for i, rule in enumerate(rules):
        bp.add_url_rule(rule, f"e{i}", lambda: "")
    app.register_blueprint(bp, **given)
    return rules_of(app)


# ---- making one ----


@pytest.mark.parametrize("name", ["", None, "a.b", ".", "ok", "with space", "é"])
def test_names_are_not_empty_and_have_no_dot(same: Same, name: Any) -> None:
    """An empty name and one with a dot are refused, any other is kept."""
    same(lambda fw: repr(fw.Blueprint(name, "sample")))


def test_arguments_are_kept_as_attributes(same: Same) -> None:
    """Everything given to the constructor can be read back under its name."""
    defaults = {"lang": "en"}

    def attributes(fw: Any) -> Any:
        bp = fw.Blueprint(
            "bp",
            "sample",
            "files/",
            "/f/",
            "pages",
            "/p",
            "sub",
            defaults,
            "/somewhere",
            "tools",
        )
        assert bp.url_values_defaults is defaults
        return [
            (bp.name, bp.import_name, bp.static_folder, bp.static_url_path, bp.template_folder),
            (bp.url_prefix, bp.subdomain, bp.root_path, bp.cli_group, bp.has_static_folder),
            (bp.jinja_loader.searchpath, bp.cli.name, bp.deferred_functions, bp._blueprints),
            (bp.view_functions, bp._got_registered_once),
        ]

    made = same(attributes)

    assert made[0] == ["bp", "sample", "/somewhere/files", "/f", "pages"]


def test_defaults_of_the_arguments(same: Same) -> None:
    """Without arguments there is no folder, prefix, subdomain or default."""

    def attributes(fw: Any) -> Any:
        bp = fw.Blueprint("bp", "sample")
        return [
            (bp.static_folder, bp.static_url_path, bp.template_folder, bp.has_static_folder),
            (bp.url_prefix, bp.subdomain, bp.url_values_defaults, bp.jinja_loader),
            (bp.root_path, bp.cli.name, sorted(bp.cli.commands)),
        ]

    same(attributes)


@pytest.mark.parametrize("name", ["Blueprint", "BlueprintSetupState"])
def test_signatures_are_those_of_flask(name: str) -> None:
    """Every public method takes the same arguments, in the same order, with the same defaults."""
    theirs, ours = getattr(flask.blueprints, name), getattr(miniflask.blueprints, name)
    for attribute in dir(theirs):
        if attribute.startswith("_") and attribute != "__init__":
            continue
        assert hasattr(ours, attribute), attribute
        if callable(getattr(theirs, attribute)):
            assert parameters(ours, attribute) == parameters(theirs, attribute), attribute


def parameters(cls: type, name: str) -> list[Any]:
    """Describe the parameters of a method; a default that is no plain value by its type."""
    found = inspect.signature(getattr(cls, name)).parameters.values()
    plain = (str, int, type(None), type(inspect.Parameter.empty))
    return [
        (p.name, p.kind, p.default if isinstance(p.default, plain) else type(p.default))
        for p in found
    ]


def test_attributes_of_a_program_s_own_are_kept(same: Same) -> None:
    """A blueprint takes attributes that it does not know, and methods in place of its own."""

    def program(fw: Any) -> Any:
        app, bp = fw.Flask("sample"), fw.Blueprint("bp", "sample")
        bp.anything = 5
        seen: list[Any] = []
        bp.register = lambda app, options: seen.append((app.name, options))
        app.register_blueprint(bp, url_prefix="/p", own="x")
        return seen, bp.anything

    same(program)


# ---- registering ----


@pytest.mark.parametrize(
    "prefix", [None, "", "/", "/p", "/p/", "/p//", "p", "//p", "/<lang>", "/<lang>/"]
)
@pytest.mark.parametrize("rule", ["/", "", "/y", "y", "y/", "//y", "/<name>", "<name>"])
@pytest.mark.parametrize("where", ["made", "given"])
def test_prefix_and_rule_are_joined(same: Same, prefix: Any, rule: str, where: str) -> None:
    """The slashes between prefix and rule become one; an empty rule is the prefix itself."""
    arguments = {"made": {}, "given": {}, where: {"url_prefix": prefix}}
    same(lambda fw: registered(fw, [rule], arguments["made"], arguments["given"]))


def test_two_ways_to_the_prefix_itself(fw: Any) -> None:
    """Under ``/p/`` the rules ``/`` and the empty one are both ``/p/``; ``y`` is ``/p/y``."""
    rules = registered(fw, ["/", "", "y"], {"url_prefix": "/p/"}, {})

    assert [rule[0] for rule in rules] == ["/p/", "/p/", "/p/y"]


@pytest.mark.parametrize("made", [None, "", "/m"])
@pytest.mark.parametrize("given", [None, "", "/g", "absent"])
@pytest.mark.parametrize("option", ["url_prefix", "subdomain"])
def test_an_option_overrides_what_the_blueprint_says(
    same: Same, option: str, made: Any, given: Any
) -> None:
    """A prefix or subdomain given at registration counts unless it is None."""
    options = {} if given == "absent" else {option: given}
    same(lambda fw: registered(fw, ["/x"], {option: made}, options))


@pytest.mark.parametrize("outer", [None, "", "/o", "/o/", "sub"])
@pytest.mark.parametrize("inner", [None, "", "/i", "i/", "/"])
@pytest.mark.parametrize("given", [None, "", "/g"])
@pytest.mark.parametrize("option", ["url_prefix", "subdomain"])
def test_prefixes_and_subdomains_of_nested_blueprints_are_joined(
    same: Same, option: str, outer: Any, inner: Any, given: Any
) -> None:
    """Outside before inside for prefixes, inside before outside for subdomains."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        around = fw.Blueprint("outer", "sample", **{option: outer})
        within = fw.Blueprint("inner", "sample", **{option: inner})
        within.add_url_rule("/x", "x", lambda: "")
        around.register_blueprint(within, **{option: given})
        app.register_blueprint(around)
        return rules_of(app)

    same(program)


def test_subdomains_of_nested_blueprints(fw: Any) -> None:
    """The subdomain of an inner blueprint goes before that of the outer."""
    app = fw.Flask("sample")
    outer = fw.Blueprint("outer", "sample", subdomain="outer")
    inner = fw.Blueprint("inner", "sample", subdomain="inner", url_prefix="/i")
    inner.add_url_rule("/x", "x", lambda: "")
    outer.register_blueprint(inner)
    app.register_blueprint(outer, url_prefix="/o")

    assert rules_of(app) == [
        ["/o/i/x", "outer.inner.x", ["GET", "HEAD", "OPTIONS"], {}, "inner.outer"]
    ]


@pytest.mark.parametrize("made", [None, {}, {"a": 1, "b": 1}])
@pytest.mark.parametrize("given", [None, {}, {"b": 2, "c": 2}, [("c", 3)], "absent"])
@pytest.mark.parametrize("own", [{}, {"defaults": {"c": 4}}, {"defaults": None}])
def test_url_defaults_are_merged(same: Same, made: Any, given: Any, own: Any) -> None:
    """A rule's defaults go over those of the registration, and these over the blueprint's."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", url_defaults=made)
        bp.add_url_rule("/x", "x", lambda **values: values, **own)
        app.register_blueprint(bp, **({} if given == "absent" else {"url_defaults": given}))
        return rules_of(app), app.test_client().get("/x").json

    same(program)


def test_a_rule_may_have_a_subdomain_of_its_own(agree: Agree) -> None:
    """A rule's own subdomain, even None, replaces the blueprint's."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", subdomain_matching=True)
        app.config["SERVER_NAME"] = "example.test"
        bp = fw.Blueprint("bp", "sample", subdomain="bp")
        bp.add_url_rule("/a", "a", trace.hook("a", "ok"))
        bp.add_url_rule("/b", "b", trace.hook("b", "ok"), subdomain="own")
        bp.add_url_rule("/c", "c", trace.hook("c", "ok"), subdomain=None)
        app.register_blueprint(bp)
        trace("rules", rules_of(app))
        return app

    hosts = ["example.test", "bp.example.test", "own.example.test"]
    run = agree(
        factory,
        *[{"path": path, "base_url": f"http://{h}/"} for path in ("/a", "/b", "/c") for h in hosts],
    )

    found = [outcome.code == 200 for outcome in run.outcomes]
    assert found == [False, True, False, False, False, True, True, False, False]


def test_the_same_blueprint_under_several_names(agree: Agree) -> None:
    """Each name has its own endpoints, and the hooks run for the name that was asked for."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", url_prefix="/bp")
        bp.before_request(trace.hook("before"))
        bp.before_app_request(trace.hook("before app"))
        bp.record(lambda state: trace("record", state.name, state.first_registration))
        bp.record_once(lambda state: trace("record once", state.name))

        def index() -> Any:
            return [fw.request.endpoint, fw.url_for(".index"), fw.url_for("bp.index")]

        bp.route("/")(index)
        app.register_blueprint(bp)
        app.register_blueprint(bp, name="again", url_prefix="/again")
        app.register_blueprint(bp, name="third", url_prefix="/third")
        return app

    run = agree(factory, "/bp/", "/again/", "/third/")

    assert run.labels == [
        "record",
        "record once",
        "record",
        "record",
        *["before app", "before"] * 3,
    ]
    assert [outcome.text for outcome in run.outcomes] == [
        '["bp.index","/bp/","/bp/"]\n',
        '["again.index","/again/","/bp/"]\n',
        '["third.index","/third/","/bp/"]\n',
    ]


def two_of(fw: Any) -> Any:
    """Make an app and two blueprints of one name."""
    return fw.Flask("sample"), fw.Blueprint("bp", "a"), fw.Blueprint("bp", "b")


def test_a_name_is_taken_once(same: Same) -> None:
    """A second registration under a name says whether it is the same blueprint."""

    def the_same(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        app.register_blueprint(bp)
        app.register_blueprint(bp)

    def another(fw: Any) -> Any:
        app, bp, other = two_of(fw)
        app.register_blueprint(bp)
        app.register_blueprint(other)

    def as_named(fw: Any) -> Any:
        app, bp, other = two_of(fw)
        app.register_blueprint(bp, name="x")
        app.register_blueprint(other, name="x")

    def nested(fw: Any) -> Any:
        app, bp, other = two_of(fw)
        outer = fw.Blueprint("outer", "sample")
        outer.register_blueprint(bp)
        outer.register_blueprint(other)
        app.register_blueprint(outer)

    def nested_twice(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        outer = fw.Blueprint("outer", "sample")
        outer.register_blueprint(bp)
        outer.register_blueprint(bp)
        app.register_blueprint(outer)

    assert same(the_same)[1].startswith("The name 'bp' is already registered for this blueprint.")
    assert "a different blueprint." in same(another)[1]
    assert same(as_named)[1].startswith("The name 'x' is already registered for a different")
    assert "a different blueprint 'outer.bp'." in same(nested)[1]
    assert "this blueprint 'outer.bp'." in same(nested_twice)[1]


def test_a_name_may_come_again_elsewhere_in_the_tree(same: Same) -> None:
    """Names need only differ among those with the same blueprint around them."""

    def program(fw: Any) -> Any:
        app, bp, other = two_of(fw)
        bp.register_blueprint(other)
        app.register_blueprint(bp)
        app.register_blueprint(other, name="third")
        return list(app.blueprints), [bp.import_name for bp in app.iter_blueprints()]

    assert same(program) == [["bp", "bp.bp", "third"], ["a", "b", "b"]]


def test_a_blueprint_does_not_go_into_itself(same: Same) -> None:
    """Registering a blueprint on itself is refused."""

    def program(fw: Any) -> Any:
        bp = fw.Blueprint("bp", "sample")
        bp.register_blueprint(bp)

    assert same(program) == ("ValueError", "Cannot register a blueprint on itself")


def test_the_same_blueprint_on_two_applications(same: Same) -> None:
    """For each application the registration is the first, and hooks go to both."""

    def program(fw: Any) -> Any:
        bp = fw.Blueprint("bp", "sample")
        once: list[str] = []
        bp.record_once(lambda state: once.append(state.app.name))
        bp.before_app_request(lambda: None)
        apps = fw.Flask("one"), fw.Flask("two")
        for app in apps:
            app.register_blueprint(bp)
        return once, [len(app.before_request_funcs[None]) for app in apps]

    assert same(program) == [["one", "two"], [1, 1]]


def test_nested_registrations_carry_their_options(same: Same) -> None:
    """Options of an inner registration, known or not, arrive at the setup state."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        outer, inner = fw.Blueprint("outer", "sample"), fw.Blueprint("inner", "sample")
        seen: list[Any] = []
        inner.record(lambda state: seen.append((state.name, state.name_prefix, state.options)))
        inner.add_url_rule("/x", "x", lambda **values: values)
        given = {"url_prefix": None, "own": 1, "name": "renamed", "url_defaults": {"d": 1}}
        outer.register_blueprint(inner, **given)
        app.register_blueprint(outer, url_prefix="/o", name="there", own=2, url_defaults={"e": 2})
        return seen, rules_of(app), list(app.blueprints), given

    same(program)


def test_a_registration_can_be_repeated_with_its_children(same: Same) -> None:
    """A blueprint registered again under another name brings those inside it again."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        outer, inner = fw.Blueprint("outer", "sample"), fw.Blueprint("inner", "sample")
        inner.add_url_rule("/x", "x", lambda: "")
        inner.before_app_request(lambda: None)
        inner.before_request(lambda: None)
        outer.register_blueprint(inner, url_prefix="/i")
        app.register_blueprint(outer, url_prefix="/one")
        app.register_blueprint(outer, url_prefix="/two", name="two")
        hooks = {str(key): len(value) for key, value in app.before_request_funcs.items()}
        return rules_of(app), list(app.blueprints), hooks

    same(program)


def test_rules_before_and_after_their_view(agree: Agree) -> None:
    """``endpoint`` on a blueprint registers a view under the full name that it is given."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample")
        bp.add_url_rule("/x", "x")
        bp.endpoint("bp.x")(trace.hook("view", "found"))
        bp.add_url_rule("/y", "y")
        bp.endpoint("y")(trace.hook("never", "lost"))
        app.register_blueprint(bp)
        trace("views", sorted(app.view_functions))
        return app

    run = agree(factory, "/x", "/y")

    assert [outcome.code for outcome in run.outcomes] == [200, 500]


@pytest.mark.parametrize(
    ("endpoint", "name"),
    [("a.b", "view"), (None, "a.b"), ("x", "a.b"), ("", "view"), (None, None), ("x", None)],
)
def test_endpoints_have_no_dot(same: Same, endpoint: Any, name: Any) -> None:
    """A dot in an endpoint or in the view's name is refused."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)

        def view() -> str:
            return ""

        if name:
            view.__name__ = name
        bp.add_url_rule("/x", endpoint, view if name else None)
        app.register_blueprint(bp)
        return rules_of(app)

    same(program)


def test_views_without_a_name(same: Same) -> None:
    """An object without ``__name__`` is a view if the endpoint is given, else an error."""

    class View:
        def __call__(self) -> str:
            return "called"

    def program(endpoint: Any) -> Any:
        def run(fw: Any) -> Any:
            app, bp, _ = two_of(fw)
            bp.add_url_rule("/x", endpoint, View())
            app.register_blueprint(bp)
            return app.test_client().get("/x").text

        return run

    assert same(program("x")) == "called"
    same(program(None))


# ---- recorded now, replayed later ----


def test_the_setup_state(same: Same) -> None:
    """A recorded function sees the application, the blueprint and how it is registered."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", url_prefix="/p", url_defaults={"a": 1})
        seen: list[Any] = []

        def recorded(state: Any) -> None:
            assert state.app is app
            assert state.blueprint is bp
            assert isinstance(state, fw.blueprints.BlueprintSetupState)
            assert state.url_defaults is not bp.url_values_defaults
            seen.append((state.name, state.name_prefix, state.url_prefix, state.subdomain))
            seen.append((state.url_defaults, state.options, state.first_registration))
            state.add_url_rule("/added", "added", lambda **values: values, methods=["POST"])
            state.add_url_rule("/named", view_func=named, defaults={"b": 2})
            state.app.add_url_rule("/outside", "outside", lambda: "")

        def named(**values: Any) -> Any:
            return values

        bp.record(recorded)
        app.register_blueprint(bp, subdomain="s")
        return seen, rules_of(app)

    same(program)


def test_recorded_functions_run_in_order_after_the_static_route(same: Same) -> None:
    """Routes and recorded functions are replayed in the order they were written down."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", static_folder="static")
        seen: list[Any] = []
        bp.record(lambda state: seen.append([rule[1] for rule in rules_of(state.app)]))
        bp.add_url_rule("/x", "x", lambda: "")
        bp.record_once(lambda state: seen.append([rule[1] for rule in rules_of(state.app)]))
        app.register_blueprint(bp)
        return seen, len(bp.deferred_functions)

    assert same(program) == [[["bp.static"], ["bp.static", "bp.x"]], 3]


def test_recorded_functions_keep_their_names(same: Same) -> None:
    """What is recorded once still has the name and the docstring of the function."""

    def program(fw: Any) -> Any:
        bp = fw.Blueprint("bp", "sample")
        bp.record_once(two_of)
        bp.record(two_of)
        return [(f.__name__, f.__doc__) for f in bp.deferred_functions], bp.deferred_functions[1]

    assert same(program)[0][0] == ["two_of", two_of.__doc__]


def test_setup_states_of_a_program_s_own(agree: Agree) -> None:
    """``make_setup_state`` may return another class, whose rules pass through it."""

    def factory(fw: Any, trace: Trace) -> Any:
        class State(fw.blueprints.BlueprintSetupState):  # type: ignore[misc]
            def add_url_rule(
                self, rule: str, endpoint: Any = None, view_func: Any = None, **options: Any
            ) -> None:
                trace("add_url_rule", rule, endpoint, sorted(options))
                super().add_url_rule(f"/v2{rule}", endpoint, view_func, **options)

        class Blueprint(fw.Blueprint):  # type: ignore[misc]
            def make_setup_state(
                self, app: Any, options: Any, first_registration: bool = False
            ) -> Any:
                trace("make_setup_state", options, first_registration)
                return State(self, app, options, first_registration)

        app = fw.Flask("sample")
        bp = Blueprint("bp", "sample", static_folder="static", url_prefix="/bp")
        inner = Blueprint("inner", "sample", url_prefix="/inner")
        bp.route("/x")(lambda: "x")
        inner.add_url_rule("/y", "y", lambda: fw.url_for(".y"))
        bp.register_blueprint(inner)
        app.register_blueprint(bp)
        app.register_blueprint(bp, name="again", url_prefix="/again")
        return app

    run = agree(factory, "/bp/v2/x", "/bp/inner/v2/y", "/again/inner/v2/y")

    assert [outcome.text for outcome in run.outcomes[1:]] == ["/bp/inner/v2/y", "/again/inner/v2/y"]


def test_a_state_s_add_url_rule_may_be_replaced(same: Same) -> None:
    """A recorded function may replace ``add_url_rule`` on the state for those that follow."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        bp.add_url_rule("/first", "first", lambda: "")

        def replace(state: Any) -> None:
            original = state.add_url_rule
            state.host = "kept"
            state.add_url_rule = lambda rule, *rest, **options: original(
                f"/by-{state.host}{rule}", *rest, **options
            )

        bp.record(replace)
        bp.add_url_rule("/second", "second", lambda: "")
        app.register_blueprint(bp)
        return rules_of(app)

    same(program)


def test_an_application_s_add_url_rule_may_be_replaced(same: Same) -> None:
    """Rules of blueprints pass through the application's ``add_url_rule``."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        seen: list[Any] = []
        app.add_url_rule = lambda *args, **kw: seen.append((args[:2], sorted(kw.items())))
        bp.add_url_rule("/x", "x", lambda: "", provide_automatic_options=False, strict_slashes=True)
        bp.route("/y", methods=["PUT"], endpoint="y")(lambda: "")
        app.register_blueprint(bp, url_prefix="/p")
        return seen

    same(program)


SETUP: dict[str, tuple[Any, ...]] = {
    "record": (lambda state: None,),
    "record_once": (lambda state: None,),
    "register_blueprint": (None,),
    "add_url_rule": ("/x", "x", lambda: ""),
    "route": ("/x",),
    "get": ("/x",),
    "post": ("/x",),
    "put": ("/x",),
    "delete": ("/x",),
    "patch": ("/x",),
    "endpoint": ("x",),
    "before_request": (lambda: None,),
    "after_request": (lambda response: response,),
    "teardown_request": (lambda exc: None,),
    "context_processor": (dict,),
    "url_value_preprocessor": (lambda endpoint, values: None,),
    "url_defaults": (lambda endpoint, values: None,),
    "errorhandler": (404,),
    "register_error_handler": (404, lambda e: ""),
    "app_template_filter": (),
    "add_app_template_filter": (str.upper,),
    "app_template_test": (),
    "add_app_template_test": (str.isupper,),
    "app_template_global": (),
    "add_app_template_global": (max,),
    "before_app_request": (lambda: None,),
    "after_app_request": (lambda response: response,),
    "teardown_app_request": (lambda exc: None,),
    "app_context_processor": (dict,),
    "app_url_value_preprocessor": (lambda endpoint, values: None,),
    "app_url_defaults": (lambda endpoint, values: None,),
    "app_errorhandler": (404,),
}


@pytest.mark.parametrize("method", sorted(SETUP))
def test_setup_after_registration_is_refused(same: Same, method: str) -> None:
    """Every setup method names itself when it comes after the registration."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        app.register_blueprint(bp)
        getattr(bp, method)(*SETUP[method])

    kind, message = same(program)

    assert kind == "AssertionError"
    assert message.startswith(
        f"The setup method '{method}' can no longer be called on the blueprint"
    )


def test_a_decorator_made_in_time_but_used_too_late(same: Same) -> None:
    """What a decorator does is checked when it does it."""

    def late(method: str, *args: Any) -> Any:
        def program(fw: Any) -> Any:
            app, bp, _ = two_of(fw)
            decorator = getattr(bp, method)(*args)
            app.register_blueprint(bp)
            decorator(lambda *args: "")

        return program

    for method, *args in [
        ("route", "/x"),
        ("get", "/x"),
        ("endpoint", "x"),
        ("errorhandler", 404),
        ("app_errorhandler", 404),
        ("app_template_filter", "f"),
        ("app_template_test", "f"),
        ("app_template_global", "f"),
    ]:
        same(late(method, *args))


def test_a_failed_registration_counts(same: Same) -> None:
    """A registration that fails half-way leaves its name taken and the blueprint closed."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        bp.add_url_rule("no slash", "x", lambda: "")
        seen: list[Any] = []
        for _ in range(2):
            try:
                app.register_blueprint(bp)
            except ValueError as e:
                seen.append(e)
        try:
            bp.before_request(dict)
        except AssertionError as e:
            seen.append(e)
        return seen, list(app.blueprints)

    same(program)


def test_an_application_that_has_answered_takes_no_blueprint(same: Same) -> None:
    """``register_blueprint`` after the first request is refused."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        app.test_client().get("/")
        app.register_blueprint(bp)

    same(program)


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
def test_methods_are_not_given_twice(same: Same, method: str) -> None:
    """The short decorators refuse *methods*."""
    same(lambda fw: getattr(fw.Blueprint("bp", "sample"), method)("/x", methods=["GET"]))


@pytest.mark.parametrize("method", ["errorhandler", "app_errorhandler", "register_error_handler"])
@pytest.mark.parametrize("key", [799, "404", BaseException, ValueError("x"), 301, HTTPException()])
def test_what_cannot_be_handled(same: Same, method: str, key: Any) -> None:
    """Unknown codes, instances and classes that are no exceptions are refused, and when."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        seen: list[Any] = []

        def register() -> None:
            if method == "register_error_handler":
                bp.register_error_handler(key, lambda e: "")
            else:
                getattr(bp, method)(key)(lambda e: "")

        for call in (register, lambda: app.register_blueprint(bp)):
            try:
                call()
            except Exception as e:
                seen.append(e)
        return seen

    same(program)


# ---- commands ----


@pytest.mark.parametrize("made", ["absent", None, "group", "bp"])
@pytest.mark.parametrize("given", ["absent", None, "other"])
@pytest.mark.parametrize("name", ["bp", "renamed"])
def test_commands_of_a_blueprint(same: Same, made: Any, given: Any, name: str) -> None:
    """They make a group of the blueprint's name, of another, or are merged into the app's."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", **({} if made == "absent" else {"cli_group": made}))
        inner = fw.Blueprint("inner", "sample")
        bp.cli.command("hello")(lambda: print("hello"))
        inner.cli.command("within")(lambda: print("within"))
        bp.register_blueprint(inner)
        app.register_blueprint(bp, name=name, **({} if given == "absent" else {"cli_group": given}))
        groups = {key: command.name for key, command in app.cli.commands.items()}
        calls = [["hello"], [str(bp.cli.name), "hello"], [str(inner.cli.name), "within"]]
        runner = app.test_cli_runner()
        return groups, [
            (result.exit_code, result.output) for result in (runner.invoke(args=c) for c in calls)
        ]

    same(program)


def test_a_blueprint_without_commands_makes_no_group(same: Same) -> None:
    """Looking at ``cli`` does not make it appear."""

    def program(fw: Any) -> Any:
        app, bp, _ = two_of(fw)
        assert bp.cli.commands == {}
        app.register_blueprint(bp, cli_group="group")
        return list(app.cli.commands), bp.cli.name

    same(program)


def test_the_frameworks_are_not_mixed_up() -> None:
    """Each framework's blueprint is a class of its own, so that these tests compare two things."""
    assert not issubclass(miniflask.Blueprint, flask.Blueprint)
    assert miniflask.blueprints.Blueprint is miniflask.Blueprint
