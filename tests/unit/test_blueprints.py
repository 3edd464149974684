"""Blueprints: what they write down, what they replay, and how names and prefixes are joined."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from miniflask import Blueprint, Flask
from miniflask.blueprints import BlueprintSetupState


def view() -> str:
    """Answer anything."""
    return "ok"


def rules(app: Flask) -> list[tuple[str, str]]:
    """Return URL and endpoint of every rule but that of the application's static files."""
    found = [(rule.rule, rule.endpoint) for rule in app.url_map.iter_rules()]
    return [rule for rule in found if rule[1] != "static"]


def test_nothing_happens_before_registration() -> None:
    """A blueprint only writes down what it is told."""
    bp = Blueprint("bp", __name__)
    bp.add_url_rule("/x", "x", view)

    assert len(bp.deferred_functions) == 1
    assert bp.view_functions == {}
    assert repr(bp) == "<Blueprint 'bp'>"


def test_registering_replays_under_name_and_prefix() -> None:
    """A rule gets the prefix before its URL and the name before its endpoint."""
    app, bp = Flask("sample"), Blueprint("bp", __name__, url_prefix="/p")
    bp.add_url_rule("/x", "x", view)
    app.register_blueprint(bp)

    assert rules(app) == [("/p/x", "bp.x")]
    assert app.view_functions["bp.x"] is view
    assert app.blueprints == {"bp": bp}
    assert app.test_client().get("/p/x").text == "ok"


def test_nested_to_any_depth() -> None:
    """Each level adds its prefix and its name."""
    app = Flask("sample")
    levels = [Blueprint(f"b{i}", __name__, url_prefix=f"/{i}") for i in range(5)]
    levels[-1].add_url_rule("/x", "x", view)
    for inner, outer in zip(levels[:0:-1], levels[-2::-1], strict=True):
        outer.register_blueprint(inner)
    app.register_blueprint(levels[0])

    assert rules(app) == [("/0/1/2/3/4/x", "b0.b1.b2.b3.b4.x")]
    assert list(app.blueprints)[-1] == "b0.b1.b2.b3.b4"


@pytest.mark.parametrize(
    ("prefix", "rule", "url"),
    [
        ("/p", "/x", "/p/x"),
        ("/p/", "/x", "/p/x"),
        ("/p/", "x", "/p/x"),
        ("/p", "/", "/p/"),
        ("/p", "", "/p"),
        ("/p/", "", "/p/"),
        ("/", "/x", "/x"),
        ("", "/x", "/x"),
        (None, "/x", "/x"),
        ("//p//", "//x", "//p/x"),
    ],
)
def test_prefix_and_rule(prefix: str | None, rule: str, url: str) -> None:
    """One slash joins them, however many there were; an empty rule adds none."""
    app, bp = Flask("sample"), Blueprint("bp", __name__, url_prefix=prefix)
    bp.add_url_rule(rule, "x", view)
    app.register_blueprint(bp)

    assert rules(app) == [(url, "bp.x")]


@pytest.mark.parametrize(
    ("outer", "inner", "joined"),
    [
        (None, None, None),
        ("o", None, "o"),
        (None, "i", "i"),
        ("o", "i", "i.o"),
        ("", "i", "i."),
    ],
)
def test_subdomains_are_joined_inside_out(
    outer: str | None, inner: str | None, joined: str | None
) -> None:
    """The inner subdomain stands before the outer; what says nothing adds nothing."""
    seen: list[str | None] = []
    around = Blueprint("outer", __name__, subdomain=outer)
    within = Blueprint("inner", __name__, subdomain=inner)
    within.record(lambda state: seen.append(state.subdomain))
    around.register_blueprint(within)
    Flask("sample").register_blueprint(around)

    assert seen == [joined]


def test_the_state_tells_how_it_is_registered() -> None:
    """Options of the registration go before what the blueprint says itself."""
    states: list[BlueprintSetupState] = []
    bp = Blueprint("bp", __name__, url_prefix="/own", url_defaults={"a": 1, "b": 1})
    bp.record(states.append)
    app = Flask("sample")
    app.register_blueprint(bp)
    app.register_blueprint(bp, name="again", url_prefix="/given", url_defaults={"b": 2})

    assert [(s.name, s.url_prefix, s.url_defaults, s.first_registration) for s in states] == [
        ("bp", "/own", {"a": 1, "b": 1}, True),
        ("again", "/given", {"a": 1, "b": 2}, False),
    ]


def test_record_once_runs_for_the_first_name_only() -> None:
    """What is recorded once is replayed at the first registration on an application."""
    calls: list[str] = []
    bp = Blueprint("bp", __name__)
    bp.record(lambda state: calls.append(f"every {state.name}"))
    bp.record_once(lambda state: calls.append(f"once {state.name}"))
    app = Flask("sample")
    app.register_blueprint(bp)
    app.register_blueprint(bp, name="again")

    assert calls == ["every bp", "once bp", "every again"]


def test_hooks_are_copied_under_each_name() -> None:
    """The application's tables get a row for every name, with copies of the hooks."""
    app, bp = Flask("sample"), Blueprint("bp", __name__)
    bp.before_request(dict)
    bp.before_app_request(list)
    bp.register_error_handler(404, str)
    app.register_blueprint(bp)
    app.register_blueprint(bp, name="again")

    assert app.before_request_funcs == {"bp": [dict], None: [list], "again": [dict]}
    app.before_request_funcs["bp"].clear()
    assert bp.before_request_funcs == {None: [dict]}
    assert app.error_handler_spec["bp"] == app.error_handler_spec["again"]
    assert app.error_handler_spec["bp"][404] is not bp.error_handler_spec[None][404]


def test_a_name_is_taken_once() -> None:
    """Another blueprint under the name, or the same one, is refused."""
    app, bp = Flask("sample"), Blueprint("bp", __name__)
    app.register_blueprint(bp)

    with pytest.raises(ValueError, match="already registered for this blueprint"):
        app.register_blueprint(bp)
    with pytest.raises(ValueError, match="already registered for a different blueprint"):
        app.register_blueprint(Blueprint("bp", __name__))


def test_a_registered_blueprint_is_closed() -> None:
    """Later changes would reach only later registrations, so they are refused."""
    app, bp = Flask("sample"), Blueprint("bp", __name__)
    app.register_blueprint(bp)

    with pytest.raises(AssertionError, match="'before_request' can no longer be called on the bl"):
        bp.before_request(dict)


@pytest.mark.parametrize("name", ["", "a.b"])
def test_names_that_cannot_be(name: str) -> None:
    """A name is not empty and has no dot, which parts names from endpoints."""
    with pytest.raises(ValueError, match="'name' may not"):
        Blueprint(name, __name__)


def test_endpoints_have_no_dot() -> None:
    """Neither the endpoint nor a view's name may look like a blueprint's."""
    bp = Blueprint("bp", __name__)

    def dotted() -> str:
        return ""

    dotted.__name__ = "a.b"
    with pytest.raises(ValueError, match="'endpoint' may not contain a dot"):
        bp.add_url_rule("/", "a.b", view)
    with pytest.raises(ValueError, match="'view_func' name may not contain a dot"):
        bp.add_url_rule("/", None, dotted)


@pytest.mark.parametrize(
    ("made", "options", "commands"),
    [
        ({}, {}, {"bp": ["hello"]}),
        ({}, {"name": "renamed"}, {"renamed": ["hello"]}),
        ({"cli_group": "group"}, {}, {"group": ["hello"]}),
        ({"cli_group": "group"}, {"cli_group": "other"}, {"other": ["hello"]}),
        ({"cli_group": None}, {}, {"hello": None}),
        ({}, {"cli_group": None}, {"hello": None}),
    ],
)
def test_commands_become_a_group_or_are_merged(made: Any, options: Any, commands: Any) -> None:
    """The group has the blueprint's name unless one is given; None puts them at the top."""
    app, bp = Flask("sample"), Blueprint("bp", __name__, **made)
    bp.cli.command("hello")(view)
    app.register_blueprint(bp, **options)

    assert {
        name: sorted(getattr(command, "commands", ())) or None
        for name, command in app.cli.commands.items()
    } == commands


def test_a_blueprint_without_commands_needs_no_click() -> None:
    """Making and registering one imports neither Click nor Jinja2."""
    program = (
        "import sys, miniflask\n"
        "bp = miniflask.Blueprint('bp', 'sample', static_folder='static')\n"
        "bp.register_blueprint(miniflask.Blueprint('inner', 'sample'))\n"
        "miniflask.Flask('sample').register_blueprint(bp)\n"
        "print([name for name in ('click', 'jinja2') if name in sys.modules])\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert answer.stdout == "[]\n"
