"""An application before any request: its name, its settings, its registries."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError, NotFound

import miniflask
from miniflask import Blueprint, Config, Flask
from miniflask.json.provider import DefaultJSONProvider
from miniflask.routing import BuildError, Map
from miniflask.sansio import App


@pytest.fixture
def app() -> Flask:
    """An application without views."""
    return Flask("sample")


# ---- name and folders ----


def test_the_name_is_the_import_name(app: Flask) -> None:
    """It is computed once, and may be set."""
    assert app.name == "sample"
    app.name = "another"  # pyright: ignore[reportAttributeAccessIssue]  # may be set
    assert app.name == "another"


@pytest.mark.parametrize(
    ("main", "name"),
    [
        (SimpleNamespace(__file__="/srv/wsgi.py"), "wsgi"),
        (SimpleNamespace(__file__=None), "__main__"),
        (SimpleNamespace(), "__main__"),
    ],
)
def test_a_script_is_named_after_its_file(
    monkeypatch: pytest.MonkeyPatch, main: Any, name: str
) -> None:
    """An application made in ``__main__`` bears the name of the script, if there is one."""
    monkeypatch.setitem(sys.modules, "__main__", main)

    assert Flask("__main__", root_path="/srv", instance_path="/srv/instance").name == name


def test_the_instance_folder_is_absolute(app: Flask, tmp_path: Path) -> None:
    """Given, it must be absolute; found, it lies beside the package or below ``var``."""
    with pytest.raises(ValueError, match="If an instance path is provided it must be absolute"):
        Flask("sample", instance_path="relative")
    assert Flask("sample", instance_path=str(tmp_path)).instance_path == str(tmp_path)
    assert app.instance_path == str(Path.cwd() / "instance")
    installed = Flask("pytest").instance_path
    assert installed == str(Path(sys.prefix) / "var" / "pytest-instance")


def test_settings_may_start_from_the_instance_folder(tmp_path: Path) -> None:
    """Relative files of settings lie beside the application, or in the instance folder."""
    (tmp_path / "settings.py").write_text("A = 1")
    app = Flask("sample", instance_path=str(tmp_path), instance_relative_config=True)

    assert app.config.from_pyfile("settings.py")
    assert app.config["A"] == 1
    assert Flask("sample", root_path=str(tmp_path)).config.root_path == str(tmp_path)


# ---- what it is made of ----


def test_classes_of_ones_own_are_used() -> None:
    """Settings, aborter, JSON provider, rules and map are made by class attributes."""

    class Own(Flask):
        class config_class(Config):
            """Own settings."""

        class aborter_class(Aborter):
            """Own aborter."""

        class json_provider_class(DefaultJSONProvider):
            """Own provider."""

        class url_map_class(Map):
            """Own map."""

    app = Own("sample")

    for part, cls in {
        "config": Own.config_class,
        "aborter": Own.aborter_class,
        "json": Own.json_provider_class,
        "url_map": Own.url_map_class,
    }.items():
        assert type(getattr(app, part)) is cls


def test_two_applications_share_nothing() -> None:
    """Settings and registries of one do not show in another."""
    one, two = Flask("sample"), Flask("sample")
    one.config["A"] = 1
    one.extensions["x"] = one
    one.before_request(print)
    one.teardown_appcontext(print)
    one.register_blueprint(Blueprint("bp", "sample"))

    assert "A" not in two.config
    assert (two.extensions, two.blueprints, two.teardown_appcontext_funcs) == ({}, {}, [])
    assert not two.before_request_funcs.get(None)
    assert Flask.default_config["DEBUG"] is None


def test_the_jinja_environment_is_made_at_first_use(app: Flask) -> None:
    """Until then debug mode changes nothing but the setting; then also ``auto_reload``."""
    app.debug = True
    assert "jinja_env" not in vars(app)
    assert app.jinja_env.auto_reload is True
    app.debug = False
    assert app.jinja_env.auto_reload is False
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    app.debug = True
    app.debug = False
    assert app.jinja_env.auto_reload is False


def test_half_an_application_makes_no_environment() -> None:
    """``App`` leaves it to ``Flask``."""
    with pytest.raises(NotImplementedError):
        App.create_jinja_environment(Flask("sample"))


def test_which_templates_escape(app: Flask) -> None:
    """Templates of HTML, XML and SVG, and those without a name."""
    names = ["a.html", "a.htm", "a.xml", "a.xhtml", "a.svg", None]
    assert all(app.select_jinja_autoescape(name) for name in names)
    others = ["a.txt", "a.html.txt", "html", "a.HTML"]
    assert not any(app.select_jinja_autoescape(name) for name in others)


# ---- registering ----


def test_before_first_request_is_kept(app: Flask) -> None:
    """The functions are listed in order, and the decorator returns the function."""

    def one() -> None:
        """Never called."""

    assert app.before_first_request(one) is one
    assert app.before_first_request_funcs == [one]


def test_before_first_request_comes_too_late_after_it(app: Flask) -> None:
    """As every setup method, it is refused after the first request."""
    app.test_client().get("/")

    with pytest.raises(AssertionError, match="The setup method 'before_first_request'"):
        app.before_first_request(lambda: None)


def test_options_are_automatic_where_nobody_says_otherwise(app: Flask) -> None:
    """What an argument, the view or the setting says is kept on the rule."""

    def view() -> str:
        return "view"

    view.provide_automatic_options = False  # type: ignore[attr-defined]
    app.add_url_rule("/a", "a", str)
    app.add_url_rule("/b", "b", str, provide_automatic_options=False)
    app.add_url_rule("/c", "c", view)
    app.add_url_rule("/d", "d", str, methods=["OPTIONS"])
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.add_url_rule("/e", "e", str)

    rules: dict[str, Any] = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    automatic = {name: rules[name].provide_automatic_options for name in "abcde"}
    assert automatic == {"a": True, "b": False, "c": False, "d": False, "e": False}
    assert rules["a"].methods == {"GET", "HEAD", "OPTIONS"}
    assert rules["b"].methods == rules["e"].methods == {"GET", "HEAD"}


def test_a_rule_is_kept_although_its_view_was_refused(app: Flask) -> None:
    """The endpoint's function is checked after the rule was added: so it is in Flask."""
    app.add_url_rule("/a", "a", str)

    with pytest.raises(AssertionError, match="overwriting an existing endpoint function: a"):
        app.add_url_rule("/b", "a", repr)
    assert [rule.rule for rule in app.url_map.iter_rules("a")] == ["/a", "/b"]


@pytest.mark.parametrize("kind", ["filter", "test", "global"])
def test_filters_tests_and_globals(app: Flask, kind: str) -> None:
    """Each is registered under its own name or another, as decorator and by a call."""

    def double(value: str) -> str:
        return value * 2

    table = getattr(app.jinja_env, f"{kind}s")
    assert getattr(app, f"template_{kind}")()(double) is double
    getattr(app, f"template_{kind}")("twice")(double)
    getattr(app, f"add_template_{kind}")(double, "again")

    assert [table[name] for name in ("double", "twice", "again")] == [double] * 3


def test_blueprints_are_listed_in_their_order(app: Flask) -> None:
    """``iter_blueprints`` gives them as registered."""
    blueprints = [Blueprint(name, "sample") for name in "cab"]
    for blueprint in blueprints:
        app.register_blueprint(blueprint)

    assert list(app.iter_blueprints()) == blueprints


# ---- errors ----


@pytest.mark.parametrize(
    ("error", "config", "trapped"),
    [
        (NotFound(), {}, False),
        (NotFound(), {"TRAP_HTTP_EXCEPTIONS": True}, True),
        (BadRequest(), {"TRAP_BAD_REQUEST_ERRORS": True}, True),
        (NotFound(), {"TRAP_BAD_REQUEST_ERRORS": True}, False),
        (BadRequestKeyError(), {}, False),
        (BadRequestKeyError(), {"DEBUG": True}, True),
        (BadRequest(), {"DEBUG": True}, False),
        (BadRequestKeyError(), {"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False}, False),
    ],
)
def test_which_errors_are_trapped(
    app: Flask, error: Exception, config: dict[str, Any], trapped: bool
) -> None:
    """Two settings decide; in debug mode a missing form key is trapped without them."""
    app.config.update(config)

    assert app.trap_http_exception(error) is trapped


def test_no_error_is_ignored_by_itself(app: Flask) -> None:
    """``should_ignore_error`` is for subclasses: then teardown does not hear of the error."""
    seen: list[Any] = []

    class Ignoring(Flask):
        def should_ignore_error(self, error: BaseException | None) -> bool:
            return isinstance(error, ZeroDivisionError)

    assert app.should_ignore_error(ValueError()) is False
    ignoring = Ignoring("sample")
    ignoring.add_url_rule("/", "bad", lambda: str(1 / 0))
    ignoring.teardown_request(seen.append)
    ignoring.test_client().get("/")
    assert seen == [None]


# ---- URLs ----


def test_defaults_are_asked_from_the_application_to_the_inner_blueprint(app: Flask) -> None:
    """For an endpoint of nested blueprints: the app's, the outer's, the inner's functions."""
    asked: list[Any] = []

    def asking(row: str | None) -> Any:
        return lambda endpoint, values: asked.append(row)

    for row in ("outer.inner", None, "outer", "other"):
        app.url_default_functions[row].append(asking(row))
    app.inject_url_defaults("outer.inner.view", {})

    assert asked == [None, "outer", "outer.inner"]


def test_the_first_answer_to_a_build_error_counts(app: Flask) -> None:
    """Handlers are asked in order; None and BuildErrors go on to the next one."""

    def raises(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
        raise BuildError(f"{endpoint} again", {}, None)

    handlers: list[Any] = [lambda *args: None, raises, lambda error, *args: f"/{error.endpoint}"]
    app.url_build_error_handlers.extend(handlers)

    with app.test_request_context():
        assert miniflask.url_for("missing") == "/missing again"
        app.url_build_error_handlers.pop()
        with pytest.raises(BuildError, match="missing again"):
            miniflask.url_for("missing")


def test_an_empty_answer_to_a_build_error_counts(app: Flask) -> None:
    """Only None means that a handler does not know."""
    app.url_build_error_handlers.append(lambda *args: "")

    with app.test_request_context():
        assert miniflask.url_for("missing") == ""


def test_the_handler_of_a_build_error_knows_everything(app: Flask) -> None:
    """It gets the endpoint, and the values with the four special arguments."""
    asked: list[Any] = []

    def handler(error: Exception, endpoint: str, values: dict[str, Any]) -> str:
        asked.append((endpoint, values))
        return "/"

    app.url_build_error_handlers.append(handler)

    with app.test_request_context():
        miniflask.url_for("missing", x=1, _anchor="a")

    special = {"_anchor": "a", "_method": None, "_scheme": None, "_external": False}
    assert asked == [("missing", {"x": 1, **special})]


def test_redirect_is_a_response_of_the_application(app: Flask) -> None:
    """``app.redirect`` makes a ``response_class`` with the status."""

    class Own(miniflask.Response):
        """The application's own."""

    app.response_class = Own

    assert type(app.redirect("/x")) is Own
    assert (app.redirect("/x").status_code, app.redirect("/x", 308).status_code) == (302, 308)
