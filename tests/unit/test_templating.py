"""What is ours in templates: Jinja2 is imported by the first one, and missed with one error."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import miniflask
import miniflask.templating

NEEDS_JINJA: dict[str, Callable[[miniflask.Flask], Any]] = {
    "render_template": lambda app: miniflask.render_template("a.html"),
    "render_template_string": lambda app: miniflask.render_template_string("a"),
    "stream_template": lambda app: miniflask.stream_template("a.html"),
    "stream_template_string": lambda app: miniflask.stream_template_string("a"),
    "A template": lambda app: app.jinja_env,
    "A template folder": lambda app: app.jinja_loader,
}


@pytest.fixture
def without_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make ``import jinja2`` fail as if it were not installed."""
    monkeypatch.setitem(sys.modules, "jinja2", None)


@pytest.mark.usefixtures("without_jinja")
@pytest.mark.parametrize("name", NEEDS_JINJA)
def test_a_missing_jinja_is_named_with_the_line_to_type(name: str) -> None:
    """Whatever needs Jinja2 raises one error that says so and how to install it."""
    app = miniflask.Flask("sample")

    with app.app_context(), pytest.raises(RuntimeError) as caught:
        NEEDS_JINJA[name](app)

    assert str(caught.value) == f"{name} needs Jinja2. Install it: pip install jinja2"


@pytest.mark.usefixtures("without_jinja")
def test_everything_but_templates_works_without_jinja() -> None:
    """Views, context processors, blueprints with templates and debug mode need no Jinja2."""
    app = miniflask.Flask("sample")
    app.debug = True
    app.context_processor(dict)
    app.register_blueprint(miniflask.Blueprint("bp", "sample", template_folder="templates"))
    app.add_url_rule("/", "index", lambda: {"debug": app.debug})

    assert app.test_client().get("/").json == {"debug": True}


@pytest.mark.usefixtures("without_jinja")
def test_a_filter_needs_jinja() -> None:
    """Registering a filter touches the environment, so it needs Jinja2."""
    app = miniflask.Flask("sample")

    with pytest.raises(RuntimeError, match="A template needs Jinja2"):
        app.template_filter("shout")(str.upper)


def test_an_import_error_inside_jinja_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If Jinja2 is there but lacks something of its own, that is the error."""
    (tmp_path / "jinja2.py").write_text("import something_of_its_own")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "jinja2", raising=False)
    app = miniflask.Flask("sample")

    with app.app_context(), pytest.raises(ModuleNotFoundError, match="something_of_its_own"):
        miniflask.render_template_string("a")


PROGRAM = """
import sys
import miniflask

app = miniflask.Flask("sample")
app.debug = True

@app.route("/")
def index():
    return "no template"

@app.route("/template")
def template():
    return miniflask.render_template_string("a template")

client = app.test_client()
print(client.get("/").text, "jinja2" in sys.modules)
print(client.get("/template").text, "jinja2" in sys.modules)
"""


def test_jinja_is_imported_by_the_first_template() -> None:
    """A program that renders nothing never imports Jinja2."""
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert result.stdout.splitlines() == ["no template False", "a template True"]


def test_the_module_gives_out_flask_s_names() -> None:
    """``Environment`` and ``DispatchingJinjaLoader`` can be imported from ``templating``."""
    app = miniflask.Flask("sample")

    assert isinstance(app.jinja_env, miniflask.templating.Environment)
    assert isinstance(app.jinja_env.loader, miniflask.templating.DispatchingJinjaLoader)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        miniflask.templating.nothing  # type: ignore[attr-defined]  # that is the point


def test_debug_mode_leaves_a_later_environment_its_options() -> None:
    """To set ``debug`` does not make the Jinja environment, so options may still be changed."""
    app = miniflask.Flask("sample")
    app.debug = True
    app.jinja_options = {"trim_blocks": True}

    assert app.jinja_env.trim_blocks
    assert app.jinja_env.auto_reload
