"""Templates that take short ways through dicts and globals: the long ways, and Flask.

Each generated program renders with our environment, with ours after Jinja's own methods are put
back, and with Flask's.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Callable
from typing import Any

import flask
import jinja2
from hypothesis import example, given
from hypothesis import strategies as st

import miniflask
import miniflask.jinja
from tests.against_flask.harness import Trace, run_on

Agree = Callable[..., Any]


class Own:
    """An object with attributes, items, and one that fails."""

    a = "attribute"

    def __getitem__(self, key: Any) -> Any:
        return f"item {key}"

    @property
    def fails(self) -> str:
        """Fail as a missing attribute does."""
        raise AttributeError("inside")


class OwnDict(dict[str, Any]):
    """A dict with attributes, and with something for every key."""

    a = "attribute"

    def __missing__(self, key: str) -> str:
        return f"missing {key}"


MAKERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "dict": dict,
    "dict of a subclass": OwnDict,
    "defaultdict": lambda items: collections.defaultdict(str, items),
    "object": lambda items: Own(),
    "list": lambda items: [items],
    "none": lambda items: None,
}
NAMES = ["a", "b", "items", "keys", "fromkeys", "__len__", "__class__", "fails", "_x", "get"]
names = st.sampled_from(NAMES)
UNDEFINED = [jinja2.Undefined, jinja2.StrictUndefined, jinja2.ChainableUndefined]
scopes = st.dictionaries(names, st.integers(0, 9) | st.text("<ab&", max_size=3), max_size=4)
specs = st.fixed_dictionaries(
    {
        "maker": st.sampled_from(sorted(MAKERS)),
        "values": scopes,
        "read": st.lists(names, min_size=1, max_size=4),
        "undefined": st.sampled_from(UNDEFINED),
        "given": scopes,
        "environment": scopes,
        "template": st.none() | scopes,
        "processed": scopes,
        "string": st.booleans(),
    }
)


SAMPLE: dict[str, Any] = {
    "maker": "dict",
    "values": {"a": "<b>", "items": 1},
    "read": ["a", "items", "b"],
    "undefined": jinja2.Undefined,
    "given": {"b": 1},
    "environment": {"a": "global", "b": "global"},
    "template": {"a": "template's"},
    "processed": {"b": 2, "get": 3},
    "string": False,
}


def source(read: list[str]) -> str:
    """Write a template that reads names of a row, and the same names as variables."""
    cells = "".join(f"[{{{{ row.{name} is defined }}}} {{{{ row.{name} }}}}]" for name in read)
    variables = "".join(f"[{{{{ {name} }}}}]" for name in read)
    macro = f"{{% macro m() %}}{variables}{{% endmacro %}}{{{{ m() }}}}"
    return f"{cells}{variables}{macro}{{% include 'part.txt' %}}{{% import 'part.txt' as p %}}"


def factory_of(spec: dict[str, Any], long: bool = False) -> Callable[[Any, Trace], Any]:
    """Make a factory of an app that renders a row, twice."""
    text = source(spec["read"])
    variables = "".join(f"({{{{ {name} }}}})" for name in spec["read"])

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.jinja_loader = jinja2.DictLoader({"t.html": text, "part.txt": variables})
        env = app.jinja_env
        env.undefined = spec["undefined"]
        if long:
            env.template_class = jinja2.Template
            env.getattr = lambda obj, name: jinja2.Environment.getattr(env, obj, name)
        app.context_processor(lambda: dict(spec["processed"]))

        @app.route("/")
        def view() -> str:
            row = MAKERS[spec["maker"]](spec["values"])
            if spec["string"]:
                return str(fw.render_template_string(text, row=row, **spec["given"]))
            template = env.get_template("t.html", globals=spec["template"])
            return str(fw.render_template(template, row=row, **spec["given"]))

        @app.route("/globals")
        def change() -> str:
            env.globals.update(spec["environment"])
            return ""

        return app

    return factory


def cleaned(run: Any) -> Any:
    """Return the outcomes and what was logged, without the addresses of methods."""
    texts = [re.sub(r" at 0x\w+", "", text) for text in run.texts]
    return run.codes, texts, run.log


@example(SAMPLE)
@example({**SAMPLE, "maker": "dict of a subclass"})
@given(specs)
def test_three_ways_agree(spec: dict[str, Any]) -> None:
    """Attributes, items, missing names, and every scope a name may come from agree."""
    path = ["/", "/globals", "/"]
    theirs = cleaned(run_on(flask, factory_of(spec), path))

    assert cleaned(run_on(miniflask, factory_of(spec), path)) == theirs
    assert cleaned(run_on(miniflask, factory_of(spec, long=True), path)) == theirs


def test_an_environment_of_the_programs_own(agree: Agree) -> None:
    """A subclass of the environment that overrides the look-up is asked, also for dicts."""

    def factory(fw: Any, trace: Trace) -> Any:
        class Environment(fw.templating.Environment):  # type: ignore[misc]  # of either framework
            def getattr(self, obj: Any, attribute: str) -> Any:
                return f"own {super().getattr(obj, attribute)}"

        class App(fw.Flask):  # type: ignore[misc]  # likewise
            jinja_environment = Environment

        app = App("sample")
        app.add_url_rule("/", "i", lambda: fw.render_template_string("{{ x.a }}", x={"a": 1}))
        return app

    assert agree(factory, "/").texts == ["own 1"]


def test_what_is_added_later_is_seen(agree: Agree) -> None:
    """Globals, processors, of blueprints too, and a template class count from when they are set."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")
        app.jinja_loader = jinja2.DictLoader({"t.html": "{{ a }}{{ b }}{{ c }}"})
        bp = fw.Blueprint("bp", "sample")

        class Marked(jinja2.Template):
            def render(self, *args: Any, **kwargs: Any) -> str:
                return f"marked {super().render(*args, **kwargs)}"

        @bp.route("/<add>")
        def view(add: str) -> str:
            if add == "globals":
                app.jinja_env.globals["a"] = "a"
            elif add == "processor":
                app.template_context_processors[None].append(lambda: {"b": "b"})
            elif add == "blueprint":
                app.template_context_processors["bp"].append(lambda: {"c": "c"})
            elif add == "class":
                app.jinja_env.template_class = Marked
                app.jinja_env.cache.clear()
            return str(fw.render_template("t.html"))

        app.register_blueprint(bp)
        return app

    run = agree(factory, "/none", "/globals", "/processor", "/blueprint", "/class")

    assert run.texts == ["", "a", "ab", "abc", "marked abc"]


def test_a_template_says_what_it_is() -> None:
    """The class of our templates is a ``jinja2.Template`` with that name."""
    template = miniflask.Flask("sample").jinja_env.from_string("x")

    assert isinstance(template, jinja2.Template)
    assert repr(template).startswith("<Template memory:")
