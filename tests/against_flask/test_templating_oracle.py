"""Templates: the same folders, environments and hooks on miniflask and on the installed Flask.

Names with a number (``test_e64_...``) state the fact of that number in the list of behaviours
where rebuilt Flasks go wrong.
"""

from __future__ import annotations

import datetime
import decimal
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from tests.against_flask.harness import Run, Trace, kind, serve, write

Agree = Callable[..., Run]
Same = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture
def one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock, so that both frameworks sign the same time into a session cookie."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_000.0)


# ---- rendering ----


def test_names_lists_and_template_objects_are_rendered(agree: Agree, tmp_path: Path) -> None:
    """A template is given by name, as an object, or as the first of a list that exists."""
    write(tmp_path, {"templates/a.html": "a {{ x }}", "templates/sub/b.html": "b {{ x }}"})

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        render = fw.render_template
        return serve(
            app,
            {
                "/name": lambda: render("a.html", x=1),
                "/list": lambda: render(["none.html", "sub/b.html", "a.html"], x=2),
                "/object": lambda: render(app.jinja_env.get_template("a.html"), x=3),
                "/objects": lambda: render(["none", app.jinja_env.from_string("own {{ x }}")], x=4),
                "/missing": lambda: render("none.html"),
                "/all-missing": lambda: render(["none.html", "neither.html"]),
                "/empty": lambda: render([]),
                "/outside": lambda: render("../templates/a.html"),
            },
        )

    paths = ("name", "list", "object", "objects", "missing", "all-missing", "empty", "outside")
    run = agree(factory, *(f"/{path}" for path in paths))

    assert run.texts[:4] == ["a 1", "b 2", "a 3", "own 4"]
    assert run.codes[4:] == [500] * 4
    assert [error for *_, error in run.log] == [
        ("TemplateNotFound", "none.html"),
        ("TemplatesNotFound", "none of the templates given were found: none.html, neither.html"),
        ("TemplatesNotFound", "Tried to select from an empty list of templates."),
        ("TemplateNotFound", "../templates/a.html"),
    ]


def test_errors_in_templates_reach_the_error_handlers(agree: Agree, tmp_path: Path) -> None:
    """A syntax error, an undefined name's attribute and a raising filter are errors of the view."""
    write(tmp_path, {"templates/bad.html": "one\n{% if %}"})

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        app.register_error_handler(jinja2.TemplateError, lambda e: f"{kind(e)}: {e}")
        text = fw.render_template_string
        return serve(
            app,
            {
                "/syntax": lambda: fw.render_template("bad.html"),
                "/string": lambda: text("{{ 1 +"),
                "/undefined": lambda: text("{{ nothing.attribute }}"),
                "/quiet": lambda: text("[{{ nothing }}]"),
                "/filter": lambda: text("{{ 1|nofilter }}"),
                "/zero": lambda: text("{{ 1 // 0 }}"),
            },
        )

    run = agree(factory, "/syntax", "/string", "/undefined", "/quiet", "/filter", "/zero")

    assert [text.partition(":")[0] for text in run.texts[:3]] == [
        "TemplateSyntaxError",
        "TemplateSyntaxError",
        "UndefinedError",
    ]
    assert run.texts[3] == "[]"
    assert run.codes == [200, 200, 200, 200, 200, 500]


RENDERERS: dict[str, Callable[[Any], Any]] = {
    "name": lambda fw: fw.render_template("a.html"),
    "string": lambda fw: fw.render_template_string("a"),
    "stream": lambda fw: fw.stream_template("a.html"),
    "stream string": lambda fw: fw.stream_template_string("a"),
    "attribute": lambda fw: fw.get_template_attribute("a.html", "a"),
}


@pytest.mark.parametrize("renderer", RENDERERS)
def test_rendering_needs_an_application(same: Same, renderer: str) -> None:
    """Without any context every way to render says that there is no application."""
    name, message = same(RENDERERS[renderer])

    assert name == "RuntimeError"
    assert message.startswith("Working outside of application context.")


def test_templates_render_without_a_request(same: Same, tmp_path: Path) -> None:
    """An app context is enough: ``g`` and ``config`` are there, ``request`` is not bound."""
    write(
        tmp_path,
        {"templates/a.html": "{{ g.x }} {{ config.NAME }} {{ 1 if request else 0 }} {{ y }}"},
    )

    def render(fw: Any) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        app.config["NAME"] = "named"
        app.context_processor(lambda: {"y": "from the app"})
        with app.app_context():
            fw.g.x = "kept"
            return [
                fw.render_template("a.html"),
                "".join(fw.stream_template("a.html")),
                fw.render_template_string("{{ 'y' in g }}{{ g|list }}{{ g.get('z', 1) }}"),
            ]

    answers = same(render)

    assert answers == ["kept named 0 from the app"] * 2 + ["False[&#39;x&#39;]1"]


@pytest.mark.parametrize("expression", ["request.path", "session.x", "get_flashed_messages()"])
def test_what_belongs_to_a_request_is_not_there_without_one(same: Same, expression: str) -> None:
    """Reading the request, the session or the flashed messages says that there is no request."""

    def render(fw: Any) -> Any:
        with fw.Flask("sample").app_context():
            return fw.render_template_string(f"{{{{ {expression} }}}}")

    name, message = same(render)

    assert name == "RuntimeError"
    assert message.startswith("Working outside of request context.")


# ---- streaming ----


@pytest.mark.usefixtures("one_moment")
def test_a_streamed_template_sees_the_request_after_it_ended(agree: Agree, tmp_path: Path) -> None:
    """The generator runs with the contexts pushed again, and both signals are sent."""
    write(tmp_path, {"templates/s.html": "{% for i in rows %}{{ note(i) }}{% endfor %}"})

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        app.secret_key = "key"

        def note(row: Any) -> str:
            trace("row", row)
            return f"{row} {fw.request.path} {fw.session.get('x')} {fw.current_app.name};"

        def stream() -> Any:
            fw.session["x"] = "y"
            return fw.stream_template("s.html", rows=[1, 2], note=note)

        app.teardown_request(trace.hook("teardown request"))
        app.teardown_appcontext(trace.hook("teardown app"))
        source = "{{ note(rows) }}"
        return serve(
            app,
            {
                "/name": stream,
                "/string": lambda: fw.stream_template_string(source, rows=3, note=note),
                "/list": lambda: fw.stream_template(["none", "s.html"], rows=[4], note=note),
                "/missing": lambda: fw.stream_template("none.html"),
            },
        )

    run = agree(factory, "/name", "/string", ("HEAD", "/list"), "/list", "/missing")

    assert run.texts[:2] == ["1 /name y sample;2 /name y sample;", "3 /string None sample;"]
    assert run.codes == [200, 200, 200, 200, 500]
    once = ["teardown request", "teardown app"]
    assert run.labels[:6] == [*once, "row", "row", *once]


def test_an_error_in_a_streamed_template_reaches_the_server(agree: Agree) -> None:
    """It is raised while the body is iterated, when no handler can answer any more."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.register_error_handler(ZeroDivisionError, lambda e: "handled")
        app.teardown_request(trace.hook("teardown"))
        return serve(app, {"/": lambda: fw.stream_template_string("a{{ 1 // 0 }}")})

    run = agree(factory, "/")

    assert run.outcomes[0].raised == ("ZeroDivisionError", "integer division or modulo by zero")
    assert [kind(exc) for exc in run.values("teardown")] == ["NoneType", "tuple"]


# ---- signals ----


def test_signals_carry_the_template_and_its_variables(agree: Agree, tmp_path: Path) -> None:
    """Both signals are sent in order; a receiver of the first may still change the variables."""
    write(tmp_path, {"templates/a.html": "{{ x }}"})

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))

        def before(sender: Any, template: Any, context: Any, **extra: Any) -> None:
            trace("before", sender is app, template.name, sorted(context), sorted(extra))
            context["x"] = "changed"

        async def after(sender: Any, template: Any, context: Any) -> None:
            trace("after", sender is app, template.name, context["x"])

        # Kept alive by the app: signals hold their receivers weakly.
        app.extensions["receivers"] = before, after
        fw.before_render_template.connect(before, app)
        fw.template_rendered.connect(after, app)
        return serve(
            app,
            {
                "/name": lambda: fw.render_template("a.html", x=1),
                "/string": lambda: fw.render_template_string("{{ x }}", y=1),
                "/stream": lambda: fw.stream_template("a.html", x=1),
                "/stream-string": lambda: fw.stream_template_string("{{ x }}"),
                "/fails": lambda: fw.render_template_string("{{ 1 // 0 }}"),
            },
        )

    run = agree(factory, "/name", "/string", "/stream", "/stream-string", "/fails")

    assert run.texts[:4] == ["changed"] * 4
    assert run.labels == ["before", "after"] * 4 + ["before"]
    assert run.details("before")[1] == [True, None, ["g", "request", "y"], []]


# ---- loaders ----


def blueprints_app(fw: Any, folder: Path) -> Any:
    """Make an app with a folder of its own, two blueprints and one inside the first."""
    app = fw.Flask("sample", root_path=str(folder))
    one = fw.Blueprint("one", "sample", root_path=str(folder / "one"), template_folder="t")
    two = fw.Blueprint("two", "sample", root_path=str(folder / "two"), template_folder="t")
    inner = fw.Blueprint("inner", "sample", root_path=str(folder / "in"), template_folder="t")
    none = fw.Blueprint("none", "sample")
    one.register_blueprint(inner, url_prefix="/inner")
    for blueprint in (one, none, two):
        app.register_blueprint(blueprint, url_prefix=f"/{blueprint.name}")
    return app


FOLDERS = {
    "templates/app.html": "app",
    "templates/all.html": "app's all",
    "one/t/all.html": "one's all",
    "one/t/both.html": "one's both",
    "two/t/both.html": "two's both",
    "two/t/only.html": "two's only",
    "in/t/both.html": "inner's both",
    "in/t/nested.html": "{% extends 'base.html' %}{% block b %}inner{% endblock %}",
    "two/t/base.html": "<{% block b %}{% endblock %}>",
}


def test_folders_are_asked_in_the_order_of_registration(same: Same, tmp_path: Path) -> None:
    """The app's folder comes first, then the blueprints' as registered, a parent before a child."""
    write(tmp_path, FOLDERS)

    def render(fw: Any) -> Any:
        app = blueprints_app(fw, tmp_path)
        with app.app_context():
            names = [name.rpartition("/")[2] for name in FOLDERS]
            return {name: fw.render_template(name) for name in names}

    answers = same(render)

    assert answers["all.html"] == "app's all"
    assert answers["both.html"] == "one's both"
    assert answers["only.html"] == "two's only"
    assert answers["nested.html"] == "<inner>"


def test_the_environment_lists_each_template_once(same: Same, tmp_path: Path) -> None:
    """``list_templates`` has the names of all folders, whoever has them."""
    write(tmp_path, FOLDERS)

    def names(fw: Any) -> Any:
        app = blueprints_app(fw, tmp_path)
        loader = app.jinja_env.loader
        return [sorted(app.jinja_env.list_templates()), kind(loader), loader.app is app]

    listed = same(names)

    assert listed[0] == sorted({name.rpartition("/")[2] for name in FOLDERS})
    assert listed[1:] == ["DispatchingJinjaLoader", True]


class CountingLoader(jinja2.BaseLoader):
    """A loader with attributes of every kind that an explanation shows or leaves out."""

    def __init__(self) -> None:
        self.names = ["a", "b"]
        self.pair = ("c", "d")
        self.mixed = ["e", 1]
        self.number = 5
        self.ratio = 0.5
        self.flag = True
        self.nothing = None
        self.table = {"k": "v"}
        self._private = "hidden"

    def get_source(self, environment: Any, template: str) -> Any:
        """Find only names that start with ``counted``."""
        if not template.startswith("counted"):
            raise jinja2.TemplateNotFound(template)
        return "counted", None, None


def test_loading_is_explained_in_the_log(agree: Agree, tmp_path: Path) -> None:
    """With ``EXPLAIN_TEMPLATE_LOADING`` each lookup says which loaders were asked and what came."""
    write(tmp_path, FOLDERS)
    names = ["app.html", "all.html", "both.html", "none.html", "nested.html", "counted", "text"]

    def factory(fw: Any, trace: Trace) -> Any:
        app = blueprints_app(fw, tmp_path)
        app.config["EXPLAIN_TEMPLATE_LOADING"] = True
        app.logger.setLevel("INFO")
        extra = fw.Blueprint("extra", "tests.sample", url_prefix="/extra")
        extra.jinja_loader = jinja2.ChoiceLoader([jinja2.DictLoader({"text": "from a dict"})])
        counting = fw.Blueprint("counting", "sample")
        counting.jinja_loader = CountingLoader()
        # A name is located once, then the environment has it; so each view has names of its own.
        for blueprint, view in ((app, "/<name>"), (extra, "/<name>")):
            blueprint.add_url_rule(view, "show", lambda name: fw.render_template(name))
        app.register_blueprint(extra)
        app.register_blueprint(counting)
        app.jinja_options = {"cache_size": 0}
        with app.app_context():
            trace.attempt("no request", lambda: fw.render_template("both.html"))
        return app

    run = agree(factory, *(f"/{name}" for name in names), *(f"/extra/{name}" for name in names))

    explained = [text for level, text, _ in run.log if level == "INFO"]
    assert len(explained) == 17
    assert "Warning: multiple loaders returned a match for the template." in explained[0]
    assert sum("Error: the template could not be found." in text for text in explained) == 2
    assert any("endpoint that belongs to the blueprint 'extra'" in text for text in explained)
    assert any("  - a\n" in text and "number: 5" in text for text in explained)
    assert not any("hidden" in text or "mixed" in text for text in explained)


def test_an_app_may_have_no_folder_or_its_own_loader(same: Same) -> None:
    """``template_folder=None`` means no loader; ``jinja_loader`` may be set or overridden."""

    def loaders(fw: Any) -> Any:
        class Own(fw.Flask):  # type: ignore[misc]  # of either framework
            jinja_loader = jinja2.DictLoader({"a": "own a"})

        bare = fw.Flask("sample", template_folder=None)
        assigned = fw.Flask("sample")
        assigned.jinja_loader = jinja2.DictLoader({"a": "assigned a"})

        class Global(fw.Flask):  # type: ignore[misc]  # of either framework
            def create_global_jinja_loader(self) -> Any:
                return jinja2.DictLoader({"a": f"global a of {self.name}"})

        answers: list[Any] = [bare.jinja_loader, bare.jinja_env.list_templates()]
        for app in (Own("sample"), assigned, Global("sample")):
            with app.app_context():
                answers.append(fw.render_template("a"))
        with bare.app_context():
            try:
                fw.render_template("a")
            except jinja2.TemplateNotFound as e:
                answers.append(str(e))
        return answers

    assert same(loaders) == [None, [], "own a", "assigned a", "global a of sample", "a"]


def test_the_folder_may_be_a_path_or_absolute(same: Same, tmp_path: Path) -> None:
    """``template_folder`` is joined to the root path, and the loader searches there."""

    def places(fw: Any) -> Any:
        apps = [
            fw.Flask("sample", root_path="/root"),
            fw.Flask("sample", root_path="/root", template_folder=Path("pages")),
            fw.Flask("sample", root_path="/root", template_folder=tmp_path),
            fw.Blueprint("b", "sample", root_path="/root", template_folder="../t"),
            fw.Blueprint("b", "sample", root_path="/root"),
        ]
        return [
            [str(app.template_folder), app.jinja_loader and app.jinja_loader.searchpath]
            for app in apps
        ]

    answers = same(places)

    assert answers[1] == ["pages", ["/root/pages"]]
    assert answers[2][1] == [str(tmp_path)]
    assert answers[4] == ["None", None]


# ---- filters, tests, globals ----


def test_filters_tests_and_globals_are_registered(agree: Agree) -> None:
    """Decorators with and without a name, and the ``add`` methods, of app and blueprint."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample")
        made = []
        for owner, prefix in ((app, ""), (bp, "app_")):
            tag = prefix or "own_"

            def plain(value: Any = "called", tag: str = tag) -> Any:
                return f"{tag}{value}"

            for what in ("filter", "test", "global"):
                decorate = getattr(owner, f"{prefix}template_{what}")
                add = getattr(owner, f"add_{prefix}template_{what}")
                plain.__name__ = f"{tag}bare"
                made.append(decorate()(plain) is plain)
                made.append(decorate(f"{tag}named")(plain) is plain)
                made.append(decorate(name=f"{tag}keyword")(plain) is plain)
                made.append(add(plain, f"{tag}added") is None)
                add(plain, name=f"{tag}added2")
        app.register_blueprint(bp)
        assert all(made)
        parts = [f"{{{{ 'x'|{t}{n} }}}}" for t in ("own_", "app_") for n in ("bare", "named")]
        parts += [f"{{{{ 1 is {t}{n} }}}}" for t in ("own_", "app_") for n in ("keyword", "added")]
        parts += [f"{{{{ {t}{n}() }}}}" for t in ("own_", "app_") for n in ("bare", "added2")]
        return serve(app, {"/": lambda: fw.render_template_string(" ".join(parts))})

    run = agree(factory, "/")

    assert run.texts[0].split() == [
        *["own_x", "own_x", "app_x", "app_x"],
        *["own_1", "own_1", "app_1", "app_1"],
        *["own_called", "own_called", "app_called", "app_called"],
    ]


ADDERS = [f"{add}template_{what}" for what in ("filter", "test", "global") for add in ("", "add_")]


@pytest.mark.parametrize("name", ADDERS)
def test_registering_too_late_is_refused(same: Same, name: str) -> None:
    """After the first request an app refuses, and a blueprint after its registration."""

    def late(fw: Any) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample")
        app.register_blueprint(bp)
        app.test_client().get("/")
        texts = []
        for owner, method in ((app, name), (bp, name.replace("template", "app_template"))):
            try:
                getattr(owner, method)(kind)
            except AssertionError as e:
                texts.append(str(e))
        return texts

    answers = same(late)

    assert [text.partition("'")[2].partition("'")[0] for text in answers] == [
        name,
        name.replace("template", "app_template"),
    ]


def test_the_environment_has_jinja_s_filters_and_flask_s_globals(same: Same) -> None:
    """The names that a template can use without asking are the same."""

    def names(fw: Any) -> Any:
        env = fw.Flask("sample").jinja_env
        return [
            sorted(env.filters),
            sorted(env.tests),
            sorted(env.globals),
            sorted(env.policies),
            sorted(env.extensions),
            [kind(env), env.app.name, env.optimized, env.undefined.__name__, env.cache.capacity],
            {name: kind(env.globals[name]) for name in ("request", "session", "g", "config")},
        ]

    answers = same(names)

    assert set(answers[2]) >= {
        "config",
        "g",
        "get_flashed_messages",
        "request",
        "session",
        "url_for",
    }
    assert answers[6]["g"] == "LocalProxy"


# ---- what a template can see ----

SOURCES = ["global", "app", "app again", "outer", "inner", "argument"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    setting=st.fixed_dictionaries(
        {
            source: st.sets(st.sampled_from(["x", "request", "g", "url_for", "session", "config"]))
            for source in SOURCES
        }
    )
)
def test_e64_precedence(agree: Agree, setting: dict[str, set[str]]) -> None:
    """Arguments beat context processors, the innermost and latest of these wins, then globals."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.add_template_filter(kind)
        outer = fw.Blueprint("outer", "sample", url_prefix="/o")
        inner = fw.Blueprint("inner", "sample", url_prefix="/i")

        def values(source: str) -> dict[str, str]:
            return dict.fromkeys(setting[source], source)

        def processor(source: str) -> Callable[[], dict[str, str]]:
            def process() -> dict[str, str]:
                trace(source)
                return values(source)

            return process

        for source, owner in zip(SOURCES[1:5], (app, app, outer, inner), strict=True):
            owner.context_processor(processor(source))
        app.jinja_env.globals.update(values("global"))
        names = ("x", "request", "g", "url_for", "session", "config")
        source = "|".join(
            f"{{{{ {name} if {name} is string else {name}|kind }}}}" for name in names
        )

        def show() -> Any:
            return fw.render_template_string(source, **values("argument"))

        for owner in (app, outer, inner):
            owner.add_url_rule("/", "show", show)
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        with app.app_context():
            trace.attempt("no request", show)
        return app

    run = agree(factory, "/", "/o/", "/o/i/")

    seen = {"no request": 2, "/": 2, "/o/": 3, "/o/i/": 4}
    texts = dict(zip(seen, [*run.values("no request"), *run.texts], strict=True))
    for place, depth in seen.items():
        can = ["global", *SOURCES[1 : 1 + depth], "argument"]
        winners = [source for source in can if "x" in setting[source]]
        assert texts[place].split("|")[0] == (winners[-1] if winners else "Undefined")


def test_e64_processors_may_be_coroutines_and_must_give_mappings(agree: Agree) -> None:
    """A coroutine function works as a processor; one that returns None is a TypeError."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        bp = fw.Blueprint("bp", "sample", url_prefix="/bp")

        async def later() -> dict[str, Any]:
            return {"x": "awaited"}

        app.context_processor(later)
        bp.app_context_processor(lambda: {"y": "by a blueprint for all"})
        bp.context_processor(lambda: None)
        bp.add_url_rule("/", "none", lambda: fw.render_template_string("{{ x }}"))
        app.register_blueprint(bp)
        return serve(app, {"/": lambda: fw.render_template_string("{{ x }}, {{ y }}")})

    run = agree(factory, "/", "/bp/")

    assert run.texts[0] == "awaited, by a blueprint for all"
    assert run.log[0][2] == ("TypeError", "'NoneType' object is not iterable")


def test_e64_update_template_context_keeps_what_is_there(same: Same) -> None:
    """``update_template_context`` works in place and never overwrites."""

    def update(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.context_processor(lambda: {"x": "processor", "y": "processor"})
        context = {"x": "given", "g": None}
        with app.test_request_context("/"):
            result = app.update_template_context(context)
        return [result, {key: context[key] for key in sorted(context)}]

    assert same(update) == [None, {"g": None, "request": "Request", "x": "given", "y": "processor"}]


def test_e65_session_stays_a_proxy_and_the_others_are_unwrapped(
    agree: Agree, tmp_path: Path
) -> None:
    """``request`` and ``g`` are the objects themselves; imported templates see proxies."""
    macro = "{{ request|kind }} {{ g|kind }} {{ session|kind }}"
    files = {"m": f"{{% macro show() %}}{macro}{{% endmacro %}}", "inc": macro}
    write(tmp_path, {f"templates/{name}": text for name, text in files.items()})

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        app.add_template_filter(kind)
        text = fw.render_template_string
        return serve(
            app,
            {
                "/own": lambda: text(macro),
                "/import": lambda: text("{% import 'm' as m %}{{ m.show() }}"),
                "/with": lambda: text("{% import 'm' as m with context %}{{ m.show() }}"),
                "/include": lambda: text("{% include 'inc' %}"),
                "/attribute": lambda: fw.get_template_attribute("m", "show")(),
            },
        )

    run = agree(factory, "/own", "/import", "/with", "/include", "/attribute")

    unwrapped, proxies = "Request _AppCtxGlobals LocalProxy", "LocalProxy LocalProxy LocalProxy"
    assert run.texts == [unwrapped, proxies, unwrapped, unwrapped, proxies]


SESSION_SOURCES = {
    "nothing about it": False,
    "{{ g }}{{ request.path }}": False,
    "{{ session.x }}": True,
    "{{ session['x'] }}": True,
    "{{ session.get('x') }}": True,
    "{% if session %}yes{% endif %}": True,
    "{% if 'x' in session %}yes{% endif %}": True,
    "{{ session|length }}": True,
    "{% for key in session %}{{ key }}{% endfor %}": True,
    "{{ session is mapping }}": True,
    "{{ get_flashed_messages() }}": True,
    "{% set s = session %}": False,
    "{% if false %}{{ session.x }}{% endif %}": False,
}


@pytest.mark.parametrize("source", SESSION_SOURCES)
@pytest.mark.parametrize("renderer", ["render_template_string", "stream_template_string"])
def test_e65_a_template_that_reads_the_session_varies_by_cookie(
    agree: Agree, source: str, renderer: str
) -> None:
    """``Vary: Cookie`` is sent exactly when the template looked at the session in time."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        return serve(app, {"/": lambda: getattr(fw, renderer)(source)})

    run = agree(factory, "/")

    expected = SESSION_SOURCES[source] and renderer == "render_template_string"
    assert run.outcomes[0].header("Vary") == ("Cookie" if expected else None)


@pytest.mark.usefixtures("one_moment")
def test_e65_templates_may_write_the_session(agree: Agree) -> None:
    """``session.update`` in a rendered template sets the cookie; in a streamed one it is late."""
    source = "{% set _ = session.update(x=1) %}{{ session.x }}"

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"
        app.after_request(trace.after("after"))
        return serve(
            app,
            {
                "/": lambda: fw.render_template_string(source),
                "/stream": lambda: fw.stream_template_string(source),
                "/read": lambda: fw.render_template_string("{{ session|length }}"),
            },
        )

    run = agree(factory, "/stream", "/read", jar=True)
    assert run.texts == ["1", "0"]

    run = agree(factory, "/", "/read", jar=True)
    assert run.texts == ["1", "1"]


# ---- escaping ----

SUFFIXES = ["html", "htm", "xml", "xhtml", "svg", "txt", "js", "HTML", "html.j2", "jinja", "md"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_e66_autoescape_goes_by_the_name(agree: Agree, tmp_path: Path, suffix: str) -> None:
    """Files named as HTML, XML or SVG are escaped; others are not."""
    write(tmp_path, {f"templates/a.{suffix}": "{{ x }}{{ safe }}"})

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        values = {"x": "<&'\">", "safe": Markup("<b>")}
        return serve(app, {"/": lambda: fw.render_template(f"a.{suffix}", **values)})

    escaped = agree(factory, "/").texts[0] == "&lt;&amp;&#39;&#34;&gt;<b>"

    assert escaped == (suffix in {"html", "htm", "xml", "xhtml", "svg"})


def test_e66_strings_are_escaped(agree: Agree) -> None:
    """A template from a string is escaped, unless it says otherwise; streamed as well."""
    sources = [
        "{{ x }}",
        "{{ x|safe }}",
        "{% autoescape false %}{{ x }}{% endautoescape %}",
        "{{ x|e|e }}",
        "{{ '<i>' ~ x }}",
    ]

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        for number, source in enumerate(sources):
            for name in ("render_template_string", "stream_template_string"):
                app.add_url_rule(
                    f"/{name}/{number}",
                    f"{name}{number}",
                    lambda name=name, source=source: getattr(fw, name)(source, x="<b>"),
                )
        return app

    names = ("render_template_string", "stream_template_string")
    run = agree(factory, *(f"/{name}/{number}" for name in names for number in range(5)))

    assert run.texts[:5] == ["&lt;b&gt;", "<b>", "<b>", "&lt;b&gt;", "&lt;i&gt;&lt;b&gt;"]
    assert run.texts[5:] == run.texts[:5]


def test_e66_the_app_decides_about_escaping(same: Same) -> None:
    """``select_jinja_autoescape`` may be overridden, and ``jinja_options`` beats it."""

    def choose(fw: Any) -> Any:
        class Never(fw.Flask):  # type: ignore[misc]  # of either framework
            def select_jinja_autoescape(self, filename: Any) -> bool:
                return filename is not None

        option = Never("sample")
        option.jinja_options = {"autoescape": True}
        answers = []
        for app in (fw.Flask("sample"), Never("sample"), option):
            with app.app_context():
                answers.append(fw.render_template_string("{{ '<' }}"))
        return answers

    assert same(choose) == ["&lt;", "<", "&lt;"]


# ---- the environment ----


@pytest.mark.parametrize("setting", [None, True, False])
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("first", ["environment", "debug"])
def test_auto_reload_follows_debug_mode(same: Same, setting: Any, debug: bool, first: str) -> None:
    """``TEMPLATES_AUTO_RELOAD`` decides; None leaves it to debug mode, also when that changes."""

    def reloads(fw: Any) -> Any:
        app = fw.Flask("sample")
        app.config["TEMPLATES_AUTO_RELOAD"] = setting
        if first == "environment":
            before = app.jinja_env.auto_reload
            app.debug = debug
            return [before, app.jinja_env.auto_reload]
        app.debug = debug
        return [app.jinja_env.auto_reload]

    assert same(reloads)[-1] == (debug if setting is None else setting)


@pytest.mark.parametrize("reload", [True, False])
def test_a_changed_file_is_read_again(agree: Agree, tmp_path: Path, reload: bool) -> None:
    """With auto reload a template that changed on disk is compiled anew."""
    path = write(tmp_path, {"templates/a.html": "old"}) / "templates/a.html"

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        app.config["TEMPLATES_AUTO_RELOAD"] = reload

        def change() -> str:
            path.write_text("new")
            os.utime(path, (1, 1))
            return "changed"

        path.write_text("old")
        return serve(app, {"/": lambda: fw.render_template("a.html"), "/change": change})

    run = agree(factory, "/", "/change", "/")

    assert run.texts == ["old", "changed", "new" if reload else "old"]


def test_options_and_classes_of_the_environment(same: Same) -> None:
    """``jinja_options`` are passed on, ``jinja_environment`` is the class, hooks change both."""

    def environments(fw: Any) -> Any:
        class Env(fw.templating.Environment):  # type: ignore[misc]  # of either framework
            def __init__(self, app: Any, **options: Any) -> None:
                super().__init__(app, **options)
                self.noted = sorted(options)

        class App(fw.Flask):  # type: ignore[misc]  # of either framework
            jinja_environment = Env
            jinja_options = {"trim_blocks": True, "extensions": ["jinja2.ext.do"]}

            def create_jinja_environment(self) -> Any:
                env = super().create_jinja_environment()
                env.globals["extra"] = "added"
                return env

        app = App("sample")
        app.jinja_env.line_statement_prefix = "#"
        strict = fw.Flask("sample")
        strict.jinja_options = {"undefined": jinja2.StrictUndefined, "loader": None}
        with app.app_context():
            texts = [
                fw.render_template_string("{% if 1 %}\nx{% endif %}{% do [] %}\n{{ extra }}"),
                fw.render_template_string("# if 1\ny\n# endif"),
            ]
        with strict.app_context():
            try:
                fw.render_template_string("{{ nothing }}")
            except jinja2.UndefinedError as e:
                texts.append(str(e))
        return [texts, kind(app.jinja_env), app.jinja_env.noted, strict.jinja_env.loader]

    answers = same(environments)

    assert answers[0] == ["xadded", "y\n", "'nothing' is undefined"]
    assert answers[1:] == ["Env", ["auto_reload", "autoescape", "extensions", "trim_blocks"], None]


def test_get_template_attribute_gives_macros_and_variables(same: Same, tmp_path: Path) -> None:
    """Exported names of a template are attributes; a missing one is an AttributeError."""
    source = "{% macro hi(n='x') %}Hi {{ n }} {{ request and request.path }}{% endmacro %}"
    write(tmp_path, {"templates/m": source + "{% set v = 5 %}{% set _p = 6 %}"})

    def attributes(fw: Any) -> Any:
        app = fw.Flask("sample", root_path=str(tmp_path))
        with app.test_request_context("/here"):
            get = fw.get_template_attribute
            answers = [get("m", "hi")("<a>"), get("m", "v"), get("m", "hi").name]
            for template, name in (("m", "none"), ("none", "v"), ("m", "_p")):
                try:
                    answers.append(get(template, name))
                except Exception as e:
                    answers.append([kind(e), str(e).partition(" at 0x")[0]])
            return answers

    answers = same(attributes)

    assert answers[:3] == ["Hi &lt;a&gt; /here", 5, "hi"] or answers[0] == "Hi <a> /here"
    assert answers[3][0] == "AttributeError"
    assert answers[4] == ["TemplateNotFound", "none"]


JSON_VALUES = [
    {"b": [1, 2.5, None, True], "a": "é"},
    "</script><!-- & ' \" >",
    datetime.datetime(2026, 11, 21, 10, 30, tzinfo=datetime.timezone.utc),
    datetime.date(2026, 11, 21),
    decimal.Decimal("1.50"),
    uuid.UUID(int=7),
    Markup("<b>"),
    (1, 2),
    {1: "int key"},
]


@pytest.mark.parametrize("value", JSON_VALUES, ids=repr)
def test_tojson_uses_the_provider(agree: Agree, value: Any) -> None:
    """The ``tojson`` filter writes what ``app.json`` writes, safe inside a script element."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        text = fw.render_template_string
        return serve(
            app,
            {
                "/": lambda: text("{{ x|tojson }}", x=value),
                "/indent": lambda: text("{{ x|tojson(indent=1) }}", x=value),
            },
        )

    run = agree(factory, "/", "/indent")

    assert run.codes == [200, 200]
    assert "<" not in run.texts[0]


def test_tojson_keeps_the_provider_the_environment_was_made_with(same: Same) -> None:
    """A provider that replaces ``app.json`` later than the environment is not used by templates."""

    def providers(fw: Any) -> Any:
        class Upper(fw.json.provider.DefaultJSONProvider):  # type: ignore[misc]
            def dumps(self, obj: Any, **kwargs: Any) -> str:
                return str(super().dumps(obj, **kwargs)).upper()

        early, late = fw.Flask("sample"), fw.Flask("sample")
        early.json = Upper(early)
        assert late.jinja_env
        late.json = Upper(late)
        answers = []
        for app in (early, late):
            with app.app_context():
                answers.append(fw.render_template_string("{{ {'k': 'v'}|tojson }}"))
        return answers

    assert same(providers) == ['{"K": "V"}', '{"k": "v"}']


def test_urls_and_configuration_in_templates(agree: Agree) -> None:
    """``url_for`` in a template is the app's own; ``config`` is the live configuration."""

    def factory(fw: Any, trace: Trace) -> Any:
        class App(fw.Flask):  # type: ignore[misc]  # of either framework
            def url_for(self, endpoint: str, **values: Any) -> str:
                return f"{super().url_for(endpoint, **values)}!"

        app = App("sample")
        app.config["NAME"] = "early"
        app.add_url_rule("/at/<x>", "at", lambda x: x)
        source = "{{ url_for('at', x='a b', q='<') }} {{ config['NAME'] }} {{ config.DEBUG }}"
        assert app.jinja_env
        app.config["NAME"] = "late"
        return serve(app, {"/": lambda: fw.render_template_string(source)})

    assert agree(factory, "/").texts == ["/at/a%20b?q=%3C! late False"]


@pytest.mark.usefixtures("one_moment")
def test_flashed_messages_in_templates(agree: Agree) -> None:
    """Messages are shown to the next request that asks, with categories and filters."""
    source = (
        "{% for c, m in get_flashed_messages(with_categories=true) %}{{ c }}:{{ m }};{% endfor %}"
        "{{ get_flashed_messages(category_filter=['error'])|join(',') }}"
    )

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.secret_key = "key"

        def flash() -> str:
            fw.flash("<plain>")
            fw.flash("bad", "error")
            return str(fw.render_template_string(source))

        return serve(app, {"/flash": flash, "/show": lambda: fw.render_template_string(source)})

    run = agree(factory, "/flash", "/show", "/show", jar=True)

    assert run.texts == ["message:&lt;plain&gt;;error:bad;bad", "", ""]
