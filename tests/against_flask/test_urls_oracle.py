"""Building URLs: the same rules, settings and calls on both frameworks.

Names with a number (``test_e59_...``) state the fact of that number in the list of behaviours
where rebuilt Flasks go wrong.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.against_flask.harness import Run, Trace, kind, serve

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]

generated = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def blueprints(fw: Any) -> Any:
    """Make an app with views at every level that report URLs relative to where they are."""
    app = fw.Flask("sample")
    outer = fw.Blueprint("outer", "sample", url_prefix="/o")
    inner = fw.Blueprint("inner", "sample", url_prefix="/i")

    def view() -> Any:
        answers = {}
        for endpoint in (".x", "x", ".inner.x", "outer.x", "outer.inner.x", ".none", "..x", "."):
            try:
                answers[endpoint] = fw.url_for(endpoint)
            except Exception as e:
                answers[endpoint] = f"{kind(e)}: {e}"
        return answers

    for owner in (app, outer, inner):
        owner.add_url_rule("/", "view", view)
        owner.add_url_rule("/x", "x", view)
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


def test_e59_relative_endpoints(agree: Agree) -> None:
    """A leading dot is the current blueprint, by its full name; at app level the dot is dropped."""
    run = agree(lambda fw, trace: blueprints(fw), "/", "/o/", "/o/i/")

    answers = [json.loads(text) for text in run.texts]
    assert [answer[".x"] for answer in answers] == ["/x", "/o/x", "/o/i/x"]
    assert answers[1][".inner.x"] == "/o/i/x"
    assert answers[2][".inner.x"].startswith("BuildError")


def test_e59_an_endpoint_that_starts_with_a_dot(agree: Agree) -> None:
    """An app may name an endpoint so; then the blueprint's name is empty, not absent."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        def view() -> Any:
            trace.attempt("x", lambda: fw.url_for(".x"))
            return [fw.request.blueprint, fw.request.blueprints, fw.request.endpoint]

        app.add_url_rule("/", ".view", view)
        app.add_url_rule("/x", "x", view)
        return app

    assert agree(factory, "/").texts == ['["",[""],".view"]\n']


SCHEMES = [
    {"_scheme": "https"},
    {"_scheme": "https", "_external": True},
    {"_scheme": "https", "_external": False},
    {"_scheme": ""},
    {"_scheme": "", "_external": True},
    {"_scheme": "ftp", "_external": None},
    {"_external": True},
    {"_external": False},
    {},
]


@pytest.mark.parametrize("options", SCHEMES, ids=repr)
@pytest.mark.parametrize("server_name", [None, "example.com:81"])
def test_e60_schemes_and_external_urls(same: Same, options: Any, server_name: Any) -> None:
    """A scheme implies an external URL; outside a request URLs are external by default."""

    def build(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.config.update(SERVER_NAME=server_name, APPLICATION_ROOT="/root")
        app.add_url_rule("/x", "x")

        def attempt(function: Any) -> Any:
            try:
                return function("x", **options)
            except Exception as e:
                return [kind(e), str(e)]

        answers = [attempt(app.url_for), attempt(fw.url_for)]
        with app.app_context():
            answers += [attempt(app.url_for), attempt(fw.url_for)]
        with app.test_request_context("/", base_url="http://here:99/script"):
            answers += [attempt(app.url_for), attempt(fw.url_for)]
        return answers

    bare, unbound, *_, here, proxied = same(build)

    assert unbound[0] == "RuntimeError"
    assert here == proxied
    if options == {}:
        assert here == "/script/x"
        assert server_name is None or bare == "http://example.com:81/root/x"
    if options == {"_scheme": "https", "_external": False}:
        assert here == ["ValueError", "When specifying '_scheme', '_external' must be True."]


VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "anchor": ({"n": "a", "_anchor": "x y/é?&"}, "/v/a#x%20y/%C3%A9?&"),
    "empty anchor": ({"n": "a", "_anchor": ""}, "/v/a#"),
    "percent anchor": ({"n": "a", "_anchor": "%20<>"}, "/v/a#%20%3C%3E"),
    "none": ({"n": "a", "q": None}, "/v/a"),
    "list": ({"n": "a", "q": [1, "b", None]}, "/v/a?q=1&q=b"),
    "tuple": ({"n": "a", "q": (1, 2)}, "/v/a?q=1&q=2"),
    "spaces": ({"n": "a b", "q": "c d+e"}, "/v/a%20b?q=c+d%2Be"),
    "unicode": ({"n": "é", "q": "ü"}, "/v/%C3%A9?q=%C3%BC"),
    "slash": ({"n": "a/b"}, "/v/a/b"),
    "empty": ({"n": ""}, "/v/"),
    "dots": ({"n": ".."}, "/v/.."),
    "question": ({"n": "a?b#c"}, "/v/a%3Fb%23c"),
    "order": ({"n": "a", "z": 1, "y": 2}, "/v/a?z=1&y=2"),
    "bool": ({"n": True, "q": False}, "/v/True?q=False"),
    "missing": ({"q": 1}, ""),
    "none for a variable": ({"n": None}, ""),
}


@pytest.mark.parametrize("form", VALUES)
def test_e61_values_and_anchors(same: Same, form: str) -> None:
    """None is dropped, also from lists, which repeat; spaces are plus signs, anchors quoted."""
    values, expected = VALUES[form]

    def build(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.add_url_rule("/v/<n>", "v")
        with app.test_request_context():
            return fw.url_for("v", **values)

    url = same(build)

    if expected:
        assert url == expected
    else:
        assert url[0] == "BuildError"


def test_e62_methods_and_hosts_pick_the_rule(same: Same) -> None:
    """``_method`` picks among an endpoint's rules; another subdomain makes the URL external."""

    def build(fw: Any) -> Any:
        app = fw.Flask("sample", subdomain_matching=True)
        app.config["SERVER_NAME"] = "example.com"
        app.add_url_rule("/get", "x", methods=["GET"])
        app.add_url_rule("/post", "x", methods=["POST"])
        app.add_url_rule("/sub", "sub", subdomain="api")
        app.add_url_rule("/any", "any", subdomain="<name>")
        hosted = fw.Flask("sample", host_matching=True, static_folder=None)
        hosted.add_url_rule("/h", "h", host="<h>.example")
        answers = []
        with app.test_request_context("/", base_url="https://example.com"):
            for method in (None, "GET", "POST", "HEAD", "post", "PUT"):
                try:
                    answers.append(fw.url_for("x", _method=method))
                except Exception as e:
                    answers.append([kind(e), str(e)])
            answers += [fw.url_for("sub"), fw.url_for("any", name="b"), fw.url_for("any", name="")]
        with app.test_request_context("/", subdomain="api"):
            answers += [fw.url_for("sub"), fw.url_for("x")]
        with hosted.test_request_context("/", base_url="http://a.example"):
            answers += [fw.url_for("h", h="a"), fw.url_for("h", h="b", _scheme="https")]
        return answers

    answers = same(build)

    assert answers[:3] == ["/get", "/get", "/post"]
    assert answers[6] == "https://api.example.com/sub"
    assert answers[9:11] == ["/sub", "http://example.com/get"]


def test_a_method_that_the_only_rule_does_not_have(same: Same) -> None:
    """``_method`` is asked for even where there is nothing to pick from."""

    def build(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.add_url_rule("/only", "only", methods=["GET"])
        with app.test_request_context("/only"):
            answers = [fw.url_for("only", _method="GET")]
            for method in ("DELETE", "get"):
                with pytest.raises(LookupError) as raised:
                    fw.url_for("only", _method=method)
                answers.append(str(raised.value))
        return answers

    assert "'DELETE'" in same(build)[1]


def test_e63_defaults_of_urls(agree: Agree) -> None:
    """They run for the app, then for the target's blueprints, also for unknown endpoints."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = blueprints(fw)
        inner = fw.Blueprint("third", "sample", url_prefix="/third")
        inner.add_url_rule("/<lang>", "x", lambda lang: lang)

        def defaults(label: str) -> Any:
            def add(endpoint: str, values: dict[str, Any]) -> None:
                trace(label, endpoint, values)
                values.setdefault("lang", label)

            return add

        inner.url_defaults(defaults("blueprint"))
        inner.app_url_defaults(defaults("all"))
        app.url_defaults(defaults("app"))
        app.register_blueprint(inner)

        def view() -> Any:
            for endpoint in ("third.x", "view", "nowhere", "third.none", "other.x"):
                trace.attempt(f"to {endpoint}", functools.partial(fw.url_for, endpoint, n=1))
            return ""

        return serve(app, {"/go": view})

    run = agree(factory, "/go")

    assert run.values("to third.x") == ["/third/app?n=1"]
    assert run.values("to view") == ["/?n=1&lang=app"]
    assert run.labels[:4] == ["app", "all", "blueprint", "to third.x"]
    assert run.values("app")[2] == "nowhere"


def test_e63_handlers_of_build_errors(agree: Agree) -> None:
    """A handler may answer, pass by returning None, or raise another error; it sees all values."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        def handler(error: Exception, endpoint: str, values: dict[str, Any]) -> Any:
            trace("handler", error, endpoint, values)
            if endpoint == "answered":
                return "/answer"
            if endpoint == "raised":
                raise ValueError("in the handler")
            if endpoint == "rebuilt":
                fw.url_for("third")
            return None

        app.url_build_error_handlers += [lambda e, endpoint, values: None, handler]

        def view() -> Any:
            for endpoint in ("answered", "raised", "passed", "rebuilt"):
                build = functools.partial(fw.url_for, endpoint, x=1, _anchor="a", _method="GET")
                trace.attempt(endpoint, functools.partial(build, _external=True))
            return ""

        return serve(app, {"/": view})

    run = agree(factory, "/")

    assert run.values("answered") == ["/answer"]
    assert run.values("raised") == [("ValueError", "in the handler")]
    assert run.values("passed")[0][0] == "BuildError"
    assert sorted(run.details("handler")[0][2]) == [
        *["_anchor", "_external", "_method", "_scheme", "x"]
    ]


def test_e75_full_path_and_script_root(agree: Agree) -> None:
    """``full_path`` always ends with a question mark and the query; URLs begin at the root."""

    def factory(fw: Any, trace: Trace) -> Any:
        def view() -> Any:
            request = fw.request
            return {
                "full": request.full_path,
                "root": request.script_root,
                "url": request.url,
                "base": request.base_url,
                "root url": request.root_url,
                "for": fw.url_for("/x", a=1),
                "external": fw.url_for("/x", _external=True),
            }

        return serve(fw.Flask("sample"), {"/x": view})

    run = agree(
        factory,
        "/x",
        "/x?a=b",
        {"path": "/x", "base_url": "https://example.com:8443/app/"},
        {"path": "/x?é=ü", "base_url": "http://h/a/b"},
    )

    answers = [json.loads(text) for text in run.texts]
    assert [answer["full"] for answer in answers[:2]] == ["/x?", "/x?a=b"]
    assert answers[2]["for"] == "/app/x?a=1"
    assert answers[2]["external"] == "https://example.com:8443/app/x"


RULES = [
    "/",
    "/a/",
    "/s/<x>",
    "/i/<int:x>",
    "/signed/<int(signed=True):x>",
    "/fixed/<int(fixed_digits=3):x>",
    "/bounded/<int(min=1, max=9):x>",
    "/f/<float:x>",
    "/p/<path:x>/end",
    "/two/<x>/<int:y>",
    "/any/<any(a, b):x>",
    "/u/<uuid:x>",
    "/len/<string(length=2):x>",
    "/é ü/<x>",
    "/pre-<x>.<y>",
]
ENDPOINTS = ["one", "two", "bp.one", "bp.inner.one"]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 1000),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["a", "b", "ab", "a/b", "//", "%2F", "5", "-5", "é"]),
    st.uuids(),
    st.lists(st.integers(0, 9) | st.text(max_size=2), max_size=2),
)
rules = st.lists(
    st.fixed_dictionaries(
        {
            "rule": st.sampled_from(RULES),
            "endpoint": st.sampled_from(ENDPOINTS),
            "methods": st.sampled_from([None, ["GET"], ["POST"], ["PUT", "DELETE"]]),
        },
        optional={
            "defaults": st.dictionaries(
                st.sampled_from(["x", "y"]), st.sampled_from([1, "a"]), min_size=1
            ),
            "place": st.sampled_from(["api", "", "other.example"]),
            "strict_slashes": st.booleans(),
            "build_only": st.booleans(),
        },
    ),
    min_size=1,
    max_size=5,
)
configs = st.fixed_dictionaries(
    {},
    optional={
        "SERVER_NAME": st.sampled_from(["example.com", "example.com:8080", "localhost"]),
        "APPLICATION_ROOT": st.sampled_from(["/root", "/root/", "/a/b"]),
        "PREFERRED_URL_SCHEME": st.sampled_from(["http", "https"]),
    },
)
places = st.sampled_from(
    [
        None,
        "app",
        *[{"path": "/"}, {"path": "/s/here"}, {"path": "/two/a/1"}, {"path": "/nowhere"}],
        {"path": "/s/x", "base_url": "https://example.com:8080/script"},
        {"path": "/s/x", "base_url": "http://api.example.com"},
        {"path": "/s/x", "base_url": "http://other.example/é"},
    ]
)
calls = st.lists(
    st.fixed_dictionaries(
        {"endpoint": st.sampled_from([*ENDPOINTS, ".one", ".inner.one", "onee", "static"])},
        optional={
            **dict.fromkeys(("x", "y", "q", "filename"), values),
            "_anchor": st.text(max_size=4),
            "_method": st.sampled_from(["GET", "POST", "PUT", "HEAD", "get"]),
            "_scheme": st.sampled_from(["https", "ws", ""]),
            "_external": st.booleans(),
        },
    ),
    min_size=1,
    max_size=4,
)


@generated
@given(
    rules=rules,
    config=configs,
    place=places,
    calls=calls,
    matching=st.sampled_from(["", "host_matching", "subdomain_matching"]),
)
def test_generated_urls(
    same: Same, rules: Any, config: Any, place: Any, calls: Any, matching: str
) -> None:
    """Every URL that can be asked for, in a request and outside, is the same or fails alike."""

    def make(fw: Any) -> Any:
        static = {"static_folder": None} if matching == "host_matching" else {}
        app = fw.Flask("sample", **static, **({matching: True} if matching else {}))
        app.config.update(config)
        for rule in rules:
            options = dict(rule)
            at = options.pop("place", None)
            if at is not None and matching:
                options[matching.partition("_")[0]] = at
            app.add_url_rule(view_func=lambda **kwargs: "", **options)
        return app

    def ask(fw: Any, app: Any, call: dict[str, Any]) -> Any:
        url_for = app.url_for if place is None else fw.url_for
        try:
            return url_for(**call)
        except Exception as e:
            return [kind(e), str(e)]

    def build(fw: Any) -> Any:
        app = make(fw)
        if place is None:
            return [ask(fw, app, call) for call in calls]
        with app.app_context() if place == "app" else app.test_request_context(**place):
            return [ask(fw, app, call) for call in calls]

    same(build)
