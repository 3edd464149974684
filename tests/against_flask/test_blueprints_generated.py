"""Generated trees of blueprints, registered in every way, on both frameworks.

A program is plain data: some blueprints, and a list of registrations.  A blueprint is only ever
registered on the application or on one that comes before it in the list, so that there are no
circles; but as often as you like, under other names, and in orders that come too late.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException

from tests.against_flask.harness import Run, Trace, run_on

HOST = "example.test"
VARIABLE = re.compile(r"<(?:[^<>]*:)?(\w+)>")

names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
prefixes = st.sampled_from([None, "/p", "/p/", "/q/r", "/q", "/<lang>", "/", "", "//p//", "q"])
subdomains = st.sampled_from([None, None, None, "", "s", "t.u", "<sub>"])
defaults = st.sampled_from([None, {}, {"lang": "en"}, {"n": 1}, {"lang": "fr", "n": 2}])
actions = st.sampled_from(["pass", "pass", "pass", "return", "abort 404", "value", "key"])
handled = st.sampled_from(["404", "500", "ValueError", "LookupError", "Exception", "HTTPException"])
hooks = st.sets(
    st.sampled_from(
        [
            "url_value_preprocessor",
            "before_request",
            "after_request",
            "teardown_request",
            "url_defaults",
            "context_processor",
            "app_url_value_preprocessor",
            "before_app_request",
            "after_app_request",
            "teardown_app_request",
            "app_url_defaults",
            "app_context_processor",
        ]
    ),
    min_size=1,
    max_size=5,
)
rules = st.lists(
    st.fixed_dictionaries(
        {
            "rule": st.sampled_from(["/", "/", "/x", "/x/", "/y/<int:n>", "/<name>", "", "x"]),
            "endpoint": st.sampled_from([None, None, "one", "two"]),
        },
        optional={
            "methods": st.sampled_from([["POST"], ["GET", "PUT"]]),
            "defaults": st.sampled_from([{"n": 3}, {"lang": "de"}]),
            "subdomain": st.sampled_from(["own", "<sub>", None]),
            "strict_slashes": st.booleans(),
        },
    ),
    min_size=1,
    max_size=2,
)
blueprints = st.fixed_dictionaries(
    {
        "name": names,
        "rules": rules,
        "action": actions,
        "hooks": hooks,
        "handlers": st.sets(handled, max_size=2),
        "app_handlers": st.sets(handled, max_size=1),
        "arguments": st.fixed_dictionaries(
            {},
            optional={
                "url_prefix": prefixes,
                "subdomain": subdomains,
                "url_defaults": defaults,
                "static_folder": st.just("static"),
                "static_url_path": st.sampled_from(["/files", "/files/"]),
                "cli_group": st.sampled_from([None, "tools"]),
            },
        ),
    }
)
registration_options = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["a", "other", "third"]),
        "url_prefix": prefixes,
        "subdomain": subdomains,
        "url_defaults": defaults.filter(lambda value: value is not None),
        "cli_group": st.sampled_from([None, "jobs"]),
        "unknown": st.just(1),
    },
)
renamed = st.tuples(registration_options, st.sampled_from(["a", "other", "third"])).map(
    lambda drawn: {**drawn[0], "name": drawn[1]}
)


@st.composite
def programs(draw: st.DrawFn) -> Any:
    """Draw blueprints and registrations: a parent (-1: the application), a child, options."""
    made = draw(st.lists(blueprints, min_size=2, max_size=4))
    registrations = [
        (draw(st.sampled_from([child - 1, child - 1, draw(st.integers(-1, child - 1))])), child)
        for child in range(len(made))
    ]
    for child in draw(st.lists(st.integers(0, len(made) - 1), max_size=2)):
        registrations.append((draw(st.integers(-1, child - 1)), child))
    if draw(st.integers(0, 4)):
        # Inner ones first: a blueprint that is registered takes no more blueprints.
        registrations.sort(reverse=True)
    again = [edge in registrations[:i] for i, edge in enumerate(registrations)]
    options = [draw(renamed if more else registration_options) for more in again]
    return {
        "blueprints": made,
        "registrations": [(*e, o) for e, o in zip(registrations, options, strict=True)],
        # Subdomains are matched on the long way alone.
        "subdomain_matching": draw(st.booleans()),
    }


EXCEPTIONS: dict[str, Any] = {
    "404": 404,
    "500": 500,
    "ValueError": ValueError,
    "LookupError": LookupError,
    "Exception": Exception,
    "HTTPException": HTTPException,
}


def build(program: Any) -> Callable[[Any, Trace], Any]:
    """Return an app factory for a program."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", subdomain_matching=program["subdomain_matching"])
        app.config["SERVER_NAME"] = HOST
        made = [
            make_blueprint(fw, trace, app, i, spec) for i, spec in enumerate(program["blueprints"])
        ]
        for parent, child, options in program["registrations"]:
            place = app if parent < 0 else made[parent]
            register = partial(place.register_blueprint, made[child], **options)
            trace.attempt(f"register {child} on {parent}", partial(without_place, register))
        trace("state", state(app, made))
        return app

    return factory


def without_place(register: Callable[[], None]) -> None:
    """Register; a SyntaxError, for a variable that comes twice, says it without file and line."""
    try:
        register()
    except SyntaxError as e:
        raise ValueError(e.msg) from None


def make_blueprint(fw: Any, trace: Trace, app: Any, i: int, spec: Any) -> Any:
    """Make the blueprint of that number."""
    blueprint = fw.Blueprint(spec["name"], "sample", **spec["arguments"])

    def view(**values: Any) -> Any:
        here = (fw.request.blueprint, fw.request.url_rule.rule)
        trace(f"view {i}", here, values, sorted(urls(fw, app).items()))
        action = fw.request.args.get("do") or spec["action"]
        if action == "return":
            return fw.render_template_string("{{ seen|default('nothing') }}")
        return act(fw, action) or f"view {i}"

    view.__name__ = f"view{i}"
    for rule in spec["rules"]:
        blueprint.add_url_rule(view_func=view, **rule)
    for hook in sorted(spec["hooks"]):
        getattr(blueprint, hook)(make_hook(trace, hook, f"{hook} {i}"))
    for key in sorted(spec["handlers"]):
        blueprint.register_error_handler(EXCEPTIONS[key], handler(trace, i, key))
    for key in sorted(spec["app_handlers"]):
        decorate = blueprint.app_errorhandler(EXCEPTIONS[key])
        decorate(handler(trace, i, f"app {key}"))
    blueprint.record(lambda state: trace(f"record {i}", described_state(state)))
    blueprint.record_once(lambda state: trace(f"record once {i}", state.name))
    blueprint.cli.command(f"command{i}")(lambda: None)
    return blueprint


def act(fw: Any, action: str) -> Any:
    """Do what a view is told to do."""
    if action == "abort 404":
        fw.abort(404)
    if action == "value":
        raise ValueError("a value")
    if action == "key":
        raise KeyError("a key")
    return None


def handler(trace: Trace, i: int, key: str) -> Any:
    """Make an error handler."""

    def handle(error: Any) -> Any:
        trace(f"handler {i} {key}", error, getattr(error, "original_exception", None))
        return f"handled by {i} {key}", 299

    return handle


def make_hook(trace: Trace, kind: str, label: str) -> Any:
    """Make a hook of a kind that leaves a trace of itself."""

    def preprocess(endpoint: Any, values: Any) -> None:
        trace(label, endpoint, values)
        if values is not None:
            values["seen"] = [*values.get("seen", ()), label]

    def url_defaults(endpoint: str, values: Any) -> None:
        values.setdefault("lang", label.replace(" ", "-"))

    def after(response: Any) -> Any:
        response.headers.add("X-After", label)
        return trace.after(label)(response)

    if kind.endswith("url_value_preprocessor"):
        return preprocess
    if kind.endswith("url_defaults"):
        return url_defaults
    if kind.startswith("after"):
        return after
    return trace.hook(label, {"seen": label} if kind.endswith("context_processor") else None)


def urls(fw: Any, app: Any) -> dict[str, Any]:
    """Build the URL of every endpoint, by its full name and relative to where we are."""
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    relative = {f".{'.'.join(e.split('.')[n:])}" for e in endpoints for n in (1, 2)}
    found: dict[str, Any] = {}
    for endpoint in endpoints | relative | {".missing", "x"}:
        for values in ({}, {"lang": "it", "n": 7, "name": "é", "filename": "f", "sub": "w"}):
            try:
                found[f"{endpoint} {len(values)}"] = fw.url_for(endpoint, **values)
            except Exception as e:
                found[f"{endpoint} {len(values)}"] = [type(e).__name__, str(e)]
    return found


def described_state(state: Any) -> Any:
    """Describe a setup state by what programs read of it."""
    return {
        "name": state.name,
        "name_prefix": state.name_prefix,
        "url_prefix": state.url_prefix,
        "subdomain": state.subdomain,
        "url_defaults": state.url_defaults,
        "options": state.options,
        "first": state.first_registration,
    }


def state(app: Any, made: list[Any]) -> Any:
    """Describe everything that registering has left on the application."""
    tables = (
        "before_request_funcs",
        "after_request_funcs",
        "teardown_request_funcs",
        "url_default_functions",
        "url_value_preprocessors",
        "template_context_processors",
    )
    return {
        "rules": [described_rule(rule) for rule in app.url_map.iter_rules()],
        "views": list(app.view_functions),
        "blueprints": [[name, made.index(bp)] for name, bp in app.blueprints.items()],
        "hooks": {
            table: sorted((str(k), len(v)) for k, v in getattr(app, table).items() if v)
            for table in tables
        },
        "handlers": sorted(
            (str(name), str(code), cls.__name__)
            for name, by_code in app.error_handler_spec.items()
            for code, by_class in by_code.items()
            for cls in by_class
        ),
        "commands": [[name, command.name] for name, command in sorted(app.cli.commands.items())],
        "cli names": [bp.cli.name for bp in made],
    }


def described_rule(rule: Any) -> Any:
    """Describe a rule."""
    return [
        rule.rule,
        rule.endpoint,
        sorted(rule.methods),
        rule.defaults,
        rule.subdomain,
        rule.strict_slashes,
        rule.provide_automatic_options,
    ]


def visits(program: Any) -> list[Any]:
    """Make requests for every rule that Flask's map has in the end, and around them."""
    registered = run_on(flask, build(program), []).trace[-1][1][0]["rules"]
    sent: list[Any] = [{"path": "/missing", "environ": {"HTTP_HOST": HOST}}]
    for i, (rule, endpoint, methods, _, subdomain, *_) in enumerate(registered):
        if endpoint.endswith("static"):
            continue  # takes no variables but its own, and says so in its qualified name
        path = VARIABLE.sub(lambda m: "5" if m[1] == "n" else "v", rule)
        host = f"{VARIABLE.sub('w', subdomain)}.{HOST}".lstrip(".")
        act = ("", "?do=abort 404", "?do=value", "?do=key", "?do=return")[i % 5]
        for query in {"", act}:
            method = "PUT" if "PUT" in methods else methods[0]
            # Given like this because the test client refuses the host of subdomain "s.".
            environ = {"HTTP_HOST": host}
            sent.append({"method": method, "path": path + query, "environ": environ})
    return sent


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(program=programs())
def test_generated_trees_of_blueprints_agree(agree: Callable[..., Run], program: Any) -> None:
    """Rules, endpoints, hooks, errors, commands and URLs agree however blueprints are nested."""
    agree(build(program), *visits(program))
