"""Blueprints: what a request meets in them - hooks, errors, URLs, files - on both frameworks.

Source: ``flask.blueprints`` and ``docs/blueprints.rst``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import HTTPException, NotFound

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


# ---- hooks ----

HOOKS = {
    "before_request": "hook",
    "before_app_request": "hook",
    "after_request": "after",
    "after_app_request": "after",
    "teardown_request": "hook",
    "teardown_app_request": "hook",
    "url_value_preprocessor": "hook",
    "app_url_value_preprocessor": "hook",
    "url_defaults": "hook",
    "app_url_defaults": "hook",
}


def three_levels(fw: Any, trace: Trace) -> Any:
    """Make an app with a blueprint in a blueprint, and two of each hook everywhere."""
    app = fw.Flask("sample")
    outer = fw.Blueprint("outer", "sample", url_prefix="/o")
    inner = fw.Blueprint("inner", "sample", url_prefix="/i")
    beside = fw.Blueprint("beside", "sample", url_prefix="/b")
    for place in (app, outer, inner, beside):
        view = view_of_urls(fw, trace)
        place.add_url_rule("/", "index", view)
        place.add_url_rule("/fail", "fail", trace.hook("fail", raises=ValueError("failed")))
        for hook, kind in HOOKS.items():
            for i in range(2):
                if hasattr(place, hook):
                    label = f"{place.name} {hook} {i}"
                    getattr(place, hook)(getattr(trace, kind)(label))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    app.register_blueprint(beside)
    app.teardown_appcontext(trace.hook("teardown_appcontext"))
    return app


def view_of_urls(fw: Any, trace: Trace) -> Any:
    """Make a view that builds URLs all over the place."""

    def view() -> Any:
        trace("view")
        found = {}
        for endpoint in (".index", "index", "outer.index", "outer.inner.index", ".inner.index"):
            try:
                found[endpoint] = fw.url_for(endpoint)
            except Exception as e:
                found[endpoint] = f"{type(e).__name__}: {e}"
        return found

    return view


def test_hooks_run_in_order(agree: Agree) -> None:
    """Before hooks run from the application inwards, the others from the inside out."""
    paths = ["/", "/o/", "/o/i/", "/b/", "/fail", "/o/fail", "/o/i/fail", "/nowhere", "/o/nowhere"]
    run = agree(three_levels, *paths)

    inner = run.labels[run.labels.index("inner url_value_preprocessor 0") :]
    order = [label.rpartition(" ")[0] for label in inner if "url_defaults" not in label]
    assert list(dict.fromkeys(order))[:9] == [
        "inner url_value_preprocessor",
        "sample before_request",
        "outer before_app_request",
        "inner before_app_request",
        "beside before_app_request",
        "outer before_request",
        "inner before_request",
        "",  # the view
        "inner after_request",
    ]


@pytest.mark.parametrize("level", ["sample", "outer", "inner"])
@pytest.mark.parametrize("hook", ["before_request", "before_app_request"])
@pytest.mark.parametrize("value", ["", "stop", 0, None])
def test_a_before_hook_that_answers(agree: Agree, level: str, hook: str, value: Any) -> None:
    """Whatever a before hook returns but None is the answer; after hooks and teardown run."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        outer = fw.Blueprint("outer", "sample")
        inner = fw.Blueprint("inner", "sample")
        for place in (app, outer, inner):
            place.before_request(trace.hook(f"{place.name} before"))
            if place.name == level and (place is not app or hook == "before_request"):
                getattr(place, hook)(trace.hook(f"{place.name} {hook} answers", value))
            place.before_request(trace.hook(f"{place.name} before, later"))
            place.after_request(trace.after(f"{place.name} after"))
            place.teardown_request(trace.hook(f"{place.name} teardown"))
        inner.add_url_rule("/", "index", trace.hook("view", "viewed"))
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        return app

    agree(factory, "/")


def test_tables_may_be_written_to(agree: Agree) -> None:
    """Rows put into a blueprint's tables by hand arrive, under dotted names for inner ones."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")
        outer.before_request_funcs.setdefault(None, []).append(trace.hook("own row"))
        outer.before_request_funcs["inner"] = [trace.hook("row of inner")]
        outer.error_handler_spec["inner"][404][NotFound] = trace.hook("404", "x")
        outer.view_functions["outer.inner.late"] = trace.hook("late view", "late")
        inner.add_url_rule("/", "index", trace.hook("view", "ok"))
        inner.add_url_rule("/late", "late")
        inner.add_url_rule("/gone", "gone", lambda: fw.abort(404))
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        app.before_request_funcs["outer"].insert(0, trace.hook("put first"))
        trace("spec", app.error_handler_spec["outer.inner"])
        return app

    run = agree(factory, "/o/i/", "/o/i/late", "/o/i/gone")

    assert run.labels.count("row of inner") == 3
    assert [outcome.text for outcome in run.outcomes] == ["ok", "late", "x"]


def test_a_language_in_the_url(agree: Agree) -> None:
    """A preprocessor takes a variable out, and url_defaults puts it back, for one blueprint."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", url_prefix="/<lang>")

        def take(endpoint: Any, values: Any) -> None:
            fw.g.lang = values.pop("lang")

        def give(endpoint: str, values: Any) -> None:
            values.setdefault("lang", fw.g.lang)

        def index() -> Any:
            trace("view")
            return [fw.g.lang, fw.url_for(".about"), fw.url_for(".about", lang="it"), outside()]

        def outside() -> str:
            return str(fw.url_for("plain"))

        bp.url_value_preprocessor(take)
        bp.url_defaults(give)
        bp.add_url_rule("/", "index", index)
        bp.add_url_rule("/about", "about", lambda: fw.g.lang)
        app.add_url_rule("/plain", "plain", lambda: "")
        app.register_blueprint(bp)
        return app

    run = agree(factory, "/de/", "/fr/about", "/plain")

    assert run.outcomes[0].text == '["de","/de/about","/it/about","/plain"]\n'


# ---- errors ----

PLACES = ["app", "outer", "inner"]
KEYS: dict[str, Any] = {
    "404": 404,
    "NotFound": NotFound,
    "500": 500,
    "HTTPException": HTTPException,
    "Exception": Exception,
    "KeyError": KeyError,
    "LookupError": LookupError,
}


def handled_at(*registrations: tuple[str, str]) -> Any:
    """Return the factory of nested blueprints with handlers for these keys at these places."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")
        places = dict(zip(PLACES, (app, outer, inner), strict=True))
        for place, key in registrations:
            label = f"{place} {key}"
            places[place].register_error_handler(KEYS[key], trace.hook(label, label))
        inner.add_url_rule("/missing", "missing", lambda: fw.abort(404))
        inner.add_url_rule("/key", "key", trace.hook("view", raises=KeyError("key")))
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        return app

    return factory


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("place", PLACES)
def test_the_nearest_handler_answers(agree: Agree, place: str, key: str) -> None:
    """By code before by class, inside before outside, the class itself before its bases."""
    for other in ((place, key) for place in PLACES for key in KEYS):
        agree(
            handled_at((place, key), other),
            "/o/i/missing",
            "/o/i/key",
            "/o/i/nowhere",
            ("POST", "/o/i/key"),
        )


def test_an_application_s_code_beats_a_blueprint_s_class(fw: Any) -> None:
    """The application's handler for 404 comes before a blueprint's for HTTPException."""
    app = fw.Flask("sample")
    bp = fw.Blueprint("bp", "sample", url_prefix="/bp")
    app.register_error_handler(404, lambda e: "app by code")
    bp.register_error_handler(HTTPException, lambda e: "bp by class")
    bp.add_url_rule("/missing", "missing", lambda: fw.abort(404))
    bp.add_url_rule("/gone", "gone", lambda: fw.abort(410))
    app.register_blueprint(bp)
    client = app.test_client()

    assert client.get("/bp/missing").text == "app by code"
    assert client.get("/bp/gone").text == "bp by class"


def test_a_blueprint_s_404_handler_does_not_see_unknown_urls(fw: Any) -> None:
    """A URL that no rule matches belongs to no blueprint, whatever its prefix."""
    app = fw.Flask("sample")
    bp = fw.Blueprint("bp", "sample", url_prefix="/bp")
    bp.register_error_handler(404, lambda e: "from bp")
    app.register_blueprint(bp)

    assert app.test_client().get("/bp/nowhere").text != "from bp"


def test_handlers_for_the_whole_application(agree: Agree) -> None:
    """``app_errorhandler`` handles for all, is registered once, and the last one counts."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        one, two = fw.Blueprint("one", "sample"), fw.Blueprint("two", "sample")
        one.app_errorhandler(404)(trace.hook("one 404", "one"))
        two.app_errorhandler(404)(trace.hook("two 404", "two"))
        one.app_errorhandler(ValueError)(trace.hook("one ValueError", "one"))
        one.add_url_rule("/value", "value", trace.hook("view", raises=ValueError("value")))
        app.register_blueprint(one)
        app.register_blueprint(two)
        app.register_blueprint(one, name="again", url_prefix="/again")
        return app

    run = agree(factory, "/nowhere", "/value", "/again/value")

    assert [outcome.text for outcome in run.outcomes] == ["two", "one", "one"]


# ---- URLs ----


def test_relative_endpoints(agree: Agree) -> None:
    """A leading dot stands for the blueprint that answers, at any depth; at the top for none."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")
        deep = fw.Blueprint("deep", "sample", url_prefix="/d")
        for place in (app, outer, inner, deep):
            place.add_url_rule("/", "index", view_of_urls(fw, trace))
        inner.register_blueprint(deep)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        app.register_blueprint(inner, name="outer2", url_prefix="/o2")
        return app

    run = agree(factory, "/", "/o/", "/o/i/", "/o/i/d/", "/o2/", "/o2/d/")

    assert run.outcomes[0].text.startswith('{".index":"/",')
    assert run.outcomes[3].text.startswith('{".index":"/o/i/d/",')


def test_request_blueprint_and_blueprints(agree: Agree) -> None:
    """The request names the blueprint that answers, and those around it from the inside out."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        outer, inner = fw.Blueprint("outer", "sample"), fw.Blueprint("inner", "sample")

        def view() -> Any:
            return [fw.request.endpoint, fw.request.blueprint, fw.request.blueprints]

        app.add_url_rule("/", "index", view)
        app.add_url_rule("/dotted", "dotted.by.hand", view)
        outer.add_url_rule("/o", "index", view)
        inner.add_url_rule("/i", "index", view)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        app.register_blueprint(outer, name="x", url_prefix="/x")
        return app

    run = agree(factory, "/", "/dotted", "/o", "/i", "/x/i", "/nowhere")

    assert run.outcomes[4].text == '["x.inner.index","x.inner",["x.inner","x"]]\n'


def test_url_defaults_of_the_target(agree: Agree) -> None:
    """Those of the endpoint's own blueprints run, not of the blueprint that asks."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        one, two = fw.Blueprint("one", "sample"), fw.Blueprint("two", "sample")
        inner = fw.Blueprint("inner", "sample")
        for place in (app, one, two, inner):
            place.url_defaults(trace.hook(f"{place.name} url_defaults"))
        one.app_url_defaults(trace.hook("one app_url_defaults"))
        two.add_url_rule("/two", "index", lambda: "")
        inner.add_url_rule("/inner", "index", lambda: "")
        two.register_blueprint(inner)

        def index() -> Any:
            trace("view")
            unknown = ("two.missing", "nowhere.missing", "missing")
            for endpoint in ("two.index", "two.inner.index", ".index", *unknown):
                trace.attempt(endpoint, partial(fw.url_for, endpoint, a=1))
            return "ok"

        one.add_url_rule("/", "index", index)
        app.register_blueprint(one)
        app.register_blueprint(two)
        return app

    run = agree(factory, "/")

    start = run.labels.index("view")
    assert run.labels[start + 1 : start + 5] == [
        "sample url_defaults",
        "one app_url_defaults",
        "two url_defaults",
        "two.index",
    ]


# ---- files ----


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """Make the folder of an application and of two blueprints, with files in each."""
    for place in ("app", "one", "two"):
        templates, static = tmp_path / place / "templates", tmp_path / place / "static"
        templates.mkdir(parents=True)
        static.mkdir()
        (templates / f"{place}.html").write_text(f"{place}: {{{{ seen }}}} {{{{ own }}}}")
        (static / f"{place}.txt").write_text(f"static of {place}, é", encoding="utf-8")
        if place != "app":
            (templates / "both.html").write_text(f"both in {place}")
    (tmp_path / "app" / "templates" / "one.html").write_text("one, overridden by app")
    return tmp_path


def with_folders(module: Path, order: tuple[str, ...] = ("one", "two")) -> Any:
    """Return the factory of an app and two blueprints with folders of their own."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(module / "app"))
        folders = {"static_folder": "static", "template_folder": "templates"}
        made = {
            name: fw.Blueprint(
                name, "sample", root_path=str(module / name), url_prefix=f"/{name}", **folders
            )
            for name in ("one", "two")
        }
        app.context_processor(lambda: {"seen": "by app", "own": "app"})
        for place in (app, *made.values()):
            place.add_url_rule(
                "/t/<name>", "template", lambda name: fw.render_template(f"{name}.html", own="view")
            )
            place.add_url_rule("/url", "url", lambda: fw.url_for(".static", filename="x.txt"))
        made["one"].context_processor(lambda: {"seen": "by one"})
        made["two"].app_context_processor(lambda: {"seen": "by two for all"})
        for name in order:
            app.register_blueprint(made[name])
        return app

    return factory


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_templates_of_blueprints(agree: Agree, module: Path, order: Any) -> None:
    """The application's templates come first, then the blueprints' as they were registered."""
    run = agree(
        with_folders(module, order),
        *[f"{place}/t/{name}" for place in ("", "/one") for name in ("app", "one", "two", "both")],
    )

    assert [outcome.text for outcome in run.outcomes] == [
        "app: by two for all view",
        "one, overridden by app",
        "two: by two for all view",
        f"both in {order[0]}",
        "app: by one view",
        "one, overridden by app",
        "two: by one view",
        f"both in {order[0]}",
    ]


def test_static_files_of_blueprints(agree: Agree, module: Path) -> None:
    """Each blueprint serves its own folder below its prefix, as the application does."""
    paths = [
        f"{prefix}/static/{name}.txt" for prefix in ("", "/one", "/two") for name in ("app", "one")
    ]
    run = agree(
        with_folders(module),
        *paths,
        "/one/static/",
        "/one/static/../../app/static/app.txt",
        ("HEAD", "/one/static/one.txt"),
        ("POST", "/one/static/one.txt"),
        ("OPTIONS", "/one/static/one.txt"),
        {"path": "/one/static/one.txt", "headers": {"Range": "bytes=0-5"}},
        "/url",
        "/one/url",
        "/two/url",
    )

    assert [outcome.code for outcome in run.outcomes[:6]] == [200, 404, 404, 200, 404, 404]
    assert run.outcomes[-2].text == "/one/static/x.txt"


@pytest.mark.parametrize("max_age", [None, 0, 60, "timedelta"])
def test_how_long_static_files_are_kept(
    agree: Agree, module: Path, max_age: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEND_FILE_MAX_AGE_DEFAULT counts for blueprints too, and a subclass may decide."""
    monkeypatch.setattr("werkzeug.utils.time", lambda: 1_000_000_000)  # for Expires
    seconds = timedelta(minutes=2) if max_age == "timedelta" else max_age

    def factory(fw: Any, trace: Trace) -> Any:
        app = with_folders(module)(fw, trace)
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = seconds

        class Blueprint(fw.Blueprint):  # type: ignore[misc]
            def get_send_file_max_age(self, filename: Any) -> Any:
                trace("asked", filename, super().get_send_file_max_age(filename))
                return 7

        folder = str(module / "one" / "static")
        app.register_blueprint(Blueprint("own", "sample", static_folder=folder, url_prefix="/own"))
        return app

    agree(factory, "/one/static/one.txt", "/own/static/one.txt")


@pytest.mark.parametrize("static_folder", [None, "static", "static/", "a/b", "/abs/files", "", "."])
@pytest.mark.parametrize("static_url_path", [None, "", "/", "/s", "/s/", "s"])
def test_where_static_files_are(same: Same, static_folder: Any, static_url_path: Any) -> None:
    """Folder, URL and rule agree for every way to give them."""

    def program(fw: Any) -> Any:
        app = fw.Flask("sample", static_folder=None)
        bp = fw.Blueprint(
            "bp",
            "sample",
            static_folder=static_folder,
            static_url_path=static_url_path,
            root_path="/root",
        )
        found = [bp.static_folder, bp.static_url_path, bp.has_static_folder]
        app.register_blueprint(bp, url_prefix="/p")
        return found, rules_of(app)

    same(program)


def test_static_files_without_a_folder(same: Same) -> None:
    """``send_static_file`` says what it lacks."""
    same(lambda fw: fw.Blueprint("bp", "sample").send_static_file("x"))


@pytest.mark.parametrize("mode", ["rb", "r", "rt", "w", "a", "r+", "rb+", "x", ""])
@pytest.mark.parametrize("encoding", ["default", "utf-8", "latin-1", None])
def test_open_resource(same: Same, module: Path, mode: str, encoding: Any) -> None:
    """Files beside the module are opened for reading only, as UTF-8 unless said otherwise."""

    def program(fw: Any) -> Any:
        bp = fw.Blueprint("bp", "sample", root_path=str(module))
        arguments = () if encoding == "default" else (encoding,)
        with bp.open_resource("one/static/one.txt", mode, *arguments) as file:
            return file.read(), getattr(file, "encoding", None), file.name

    same(program)


def test_open_resource_that_is_not_there(same: Same, module: Path) -> None:
    """A missing file raises what ``open`` raises."""
    same(lambda fw: fw.Blueprint("bp", "x", root_path=str(module)).open_resource("missing"))


def test_template_helpers_for_the_application(agree: Agree) -> None:
    """Filters, tests and globals of a blueprint serve every template, under name or function."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample")

        def twice(text: str) -> str:
            return text * 2

        def short(text: str) -> bool:
            return len(text) < 3

        def answer() -> int:
            return 42

        bp.app_template_filter()(twice)
        bp.app_template_filter("half")(lambda text: text[: len(text) // 2])
        bp.app_template_test()(short)
        bp.app_template_test(name="long")(lambda text: len(text) > 3)
        bp.app_template_global()(answer)
        bp.app_template_global("asked")(lambda: "?")
        bp.add_app_template_filter(str.upper, "shout")
        bp.add_app_template_filter(twice)
        bp.add_app_template_test(str.isupper, name="loud")
        bp.add_app_template_global(max, "most")
        bp.add_app_template_global(answer)
        source = (
            "{{ 'ab'|twice }} {{ 'abcd'|half }} {{ 'ab' is short }} {{ 'abcd' is long }}"
            " {{ answer() }} {{ asked() }} {{ 'x'|shout }} {{ 'X' is loud }} {{ most(1, 2) }}"
        )
        app.add_url_rule("/", "index", lambda: fw.render_template_string(source))
        app.register_blueprint(bp)
        app.register_blueprint(bp, name="again")
        return app

    assert agree(factory, "/").outcomes[0].text == "abab ab True True 42 ? X True 2"
