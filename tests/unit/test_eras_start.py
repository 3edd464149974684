"""The framework started on an era: each test runs a program in a Python of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import miniflask
from miniflask.eras import STARTS_ON

ROOT = Path(miniflask.__file__).parents[1]
every_start = pytest.mark.parametrize("era", STARTS_ON)


def python(*args: str, code: int = 0, **variables: str) -> str:
    """Run Python with the arguments; return what it printed, on both streams."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "MINIFLASK_"))}
    done = subprocess.run(
        [sys.executable, *args],
        cwd=ROOT,
        env={**inherited, "PYTHONPATH": str(ROOT), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def under(era: str, program: str, code: int = 0) -> str:
    """Run a program on an era; return what it printed."""
    return python("-c", program, code=code, MINIFLASK_ERA=era)


# ---- reading the variable ----


@pytest.mark.parametrize("era", ["2.0", "1.0", "", "three"])
def test_an_era_that_does_not_start_is_refused(era: str) -> None:
    """The error names what was asked for, the eras there are, and the line to type."""
    last = under(era, "import miniflask", code=1)

    assert f"RuntimeError: MINIFLASK_ERA is {era!r}, which miniflask cannot start on." in last
    assert "It starts on 0.1, 1.1, 2.1, 3.1, 3.2." in last
    assert last.endswith("    MINIFLASK_ERA=1.1 python app.py\n")


USE_IT = """
import sys, miniflask
app = miniflask.Flask("sample")
app.add_url_rule("/", "index", lambda: miniflask.request.path)
assert app.test_client().get("/").text == "/"
print(*sorted(name for name in sys.modules if name.startswith("miniflask.eras")))
print(type(app).__module__, type(app.test_request_context()).__module__)
"""


def test_nothing_is_loaded_without_it() -> None:
    """On no era, no module of the eras is imported, and the classes are the framework's own."""
    assert python("-c", USE_IT) == "\nminiflask.app miniflask.ctx\n"


def test_the_default_era_changes_nothing() -> None:
    """On 3.1 only the table of eras is loaded, and the classes are the framework's own."""
    assert under("3.1", USE_IT) == "miniflask.eras\nminiflask.app miniflask.ctx\n"


def test_it_is_read_once() -> None:
    """Setting the variable after the import changes nothing."""
    program = "import os, miniflask; os.environ['MINIFLASK_ERA'] = '1.1'; " + USE_IT.strip()

    assert python("-c", program.replace("\n", ";", 1)) == "\nminiflask.app miniflask.ctx\n"


# ---- one program on each ----

APPLICATION = """
import miniflask
from miniflask import Blueprint, Flask, g, redirect, request, session, url_for

app = Flask("sample")
app.secret_key = "key"
part = Blueprint("part", "sample", url_prefix="/part")
events = []
app.teardown_request(lambda exc: events.append(f"tr {request.path} {exc!r}"))

@app.before_request
def count():
    g.n = session["n"] = session.get("n", 0) + 1

@part.route("/<int:n>")
def show(n):
    return {"n": n, "seen": g.n, "url": url_for(".show", n=n + 1), "at": request.blueprint}

@app.route("/away")
def away():
    return redirect(url_for("part.show", n=1), 302)

@app.errorhandler(404)
def missing(e):
    return miniflask.render_template_string("{{ request.path }} {{ g.n }} {{ session.n }}"), 404

@app.route("/fail")
def fail():
    raise KeyError("no")

app.register_blueprint(part)
app.logger.disabled = True
client = app.test_client()
for path in ("/part/1", "/nowhere", "/away", "/fail"):
    response = client.get(path)
    print(response.status_code, response.location, response.text.strip()[:60])
with app.app_context():
    print(miniflask.current_app.name, bool(request))
print(events, bool(request), bool(miniflask.current_app))
"""


@every_start
def test_one_application_answers_alike_on_each(era: str) -> None:
    """Blueprint, session, template, error handler and redirect work whatever keeps the contexts."""
    assert under(era, APPLICATION) == python("-c", APPLICATION)


@every_start
def test_the_command_line_works_on_each(era: str) -> None:
    """``routes`` runs in an app context, on whatever era."""
    said = python("-m", "miniflask", "--app", "examples.json_api", "routes", MINIFLASK_ERA=era)

    assert said == python("-m", "miniflask", "--app", "examples.json_api", "routes")


# ---- the eras of the stacks ----


@pytest.mark.parametrize("era", ["0.1", "1.1", "2.1"])
def test_the_stacks_are_the_only_truth(era: str) -> None:
    """What is put on a stack by hand is what the proxies and the framework find."""
    under(
        era,
        """
import miniflask, miniflask.globals as globals
from miniflask import _request_ctx_stack as stack, request
assert stack is globals._request_ctx_stack and stack is not globals._app_ctx_stack
assert not hasattr(globals._cv_request, "name")
app = miniflask.Flask("sample")
ctx = app.test_request_context("/by-hand")
stack.push(ctx)
assert (stack._local.stack, request.path, miniflask.has_request_context()) == ([ctx], "/by-hand", 1)
assert globals._lookup_req_object("request") is ctx.request
assert stack.pop() is ctx and not request and not miniflask.has_request_context()
""",
    )


def test_the_proxies_are_partials_of_the_lookup() -> None:
    """``request`` is what old articles say: a proxy of ``partial(_lookup_req_object, ...)``."""
    under(
        "1.1",
        """
from functools import partial
from miniflask.globals import _lookup_req_object, request, session
for name, proxy in (("request", request), ("session", session)):
    found = object.__getattribute__(proxy, "_LocalProxy__local")
    assert isinstance(found, partial) and found.func is _lookup_req_object, found
    assert found.args == (name,)
""",
    )


def test_in_debug_mode_0_1_leaves_a_failed_context() -> None:
    """It stays for good: nobody remembers to pop it."""
    under(
        "0.1",
        """
import miniflask
app = miniflask.Flask("sample")
app.debug = True
app.add_url_rule("/<n>", "fail", lambda n: 1 / 0)
for n in (1, 2):
    try:
        app.test_client().get(f"/{n}")
    except ZeroDivisionError:
        pass
    assert miniflask.request.path == f"/{n}"
assert [c.request.path for c in miniflask._request_ctx_stack._local.stack] == ["/1", "/2"]
""",
    )


@pytest.mark.parametrize(("era", "quote"), [("1.1", '"'), ("2.1", "'")])
def test_the_banner_names_the_environment(era: str, quote: str) -> None:
    """The command's banner has the environment line; it is lazy only when it reloads."""
    program = "import miniflask.cli; miniflask.cli.show_server_banner(False, 'app.py')"
    said = python("-c", program, MINIFLASK_ERA=era, FLASK_ENV="staging", FLASK_RUN_FROM_CLI="true")

    assert said.splitlines() == [
        f" * Serving Flask app {quote}app.py{quote}",
        " * Environment: staging",
        " * Debug mode: off",
    ]


def test_a_file_may_set_the_environment(tmp_path: Path) -> None:
    """``app.run()`` reads ``FLASK_ENV`` from ``.flaskenv`` before it serves."""
    (tmp_path / ".flaskenv").write_text("FLASK_ENV=development\n")
    program = f"""
import os, werkzeug.serving, miniflask
os.chdir({str(tmp_path)!r})
werkzeug.serving.run_simple = lambda *args, **kwargs: None
app = miniflask.Flask("sample")
assert (app.env, app.debug) == ("production", False)
app.run()
assert (app.env, app.debug) == ("development", True)
"""
    assert " * Environment: development" in under("2.1", program)


# ---- the era of the merged context ----


def test_there_is_one_context() -> None:
    """On 3.2 the active context is one object, with a request or without."""
    under(
        "3.2",
        """
import warnings, miniflask, miniflask.ctx as ctx, miniflask.globals as globals
app = miniflask.Flask("sample")
with app.test_request_context("/a") as outer:
    assert type(outer) is ctx.AppContext and outer.has_request
    assert globals._cv_app.get() is outer and globals.app_ctx.request.path == "/a"
    with app.app_context() as inner:
        assert not inner.has_request and not miniflask.request and not miniflask.session
        assert not miniflask.has_request_context() and miniflask.has_app_context()
        try:
            inner.request
        except RuntimeError as e:
            assert str(e) == "There is no request in this context."
        else:
            raise AssertionError
    assert miniflask.request.path == "/a"
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    assert ctx.RequestContext is ctx.AppContext and globals.request_ctx is globals.app_ctx
assert [str(w.message).split(",")[0] for w in caught] == [
    "'RequestContext' has merged with 'AppContext'", "'request_ctx' has merged with 'app_ctx'"
]
assert not hasattr(globals, "_request_ctx_stack") and not hasattr(ctx, "anything")
""",
    )


def test_a_wrong_pop_is_refused_and_changes_nothing() -> None:
    """On 3.2 the three ways to pop what cannot be popped each have their own words."""
    said = under(
        "3.2",
        """
import re, threading, miniflask
app = miniflask.Flask("sample")
one, two = app.test_request_context("/1"), app.app_context()

def attempt():
    try:
        one.pop()
    except RuntimeError as e:
        print(re.sub(r" [0-9]+ ", " N ", str(e)))

attempt()
one.push()
two.push()
attempt()
two.pop()
thread = threading.Thread(target=attempt)
thread.start()
thread.join()
one.pop()
assert not miniflask.request
""",
    )
    one = "<AppContext N of sample, GET 'http://localhost/1'>"
    assert said.splitlines() == [
        f"Cannot pop this context ({one}), it is not pushed.",
        f"Cannot pop this context ({one}), it is not the active context"
        " (<AppContext N of sample>).",
        f"Cannot pop this context ({one}), there is no active context.",
    ]


def test_every_teardown_function_runs() -> None:
    """On 3.2 errors are collected, of the request's and the application's functions and signals."""
    program = """
import miniflask
app = miniflask.Flask("sample")
events = []

def bad(where):
    def teardown(exc):
        events.append(where)
        raise ValueError(where)
    return teardown

for n in (1, 2):
    app.teardown_request(bad(f"tr{n}"))
    app.teardown_appcontext(bad(f"ta{n}"))

def leaves(e):
    return [m for inner in e.exceptions for m in leaves(inner)] if hasattr(e, "exceptions") else [
        str(e)]

try:
    with app.test_request_context():
        pass
except Exception as e:
    print(events, leaves(e))
"""
    collected = "['tr2', 'tr1', 'ta2', 'ta1']"
    raised = collected if sys.version_info >= (3, 11) else "['tr2']"
    assert under("3.2", program) == f"{collected} {raised}\n"


# ---- the alias ----

ALIAS = """
import miniflask.as_flask; miniflask.as_flask.install()
import importlib.metadata, warnings
import flask, flask.globals
"""


@pytest.mark.parametrize(("era", "version"), [("1.1", "1.1.4"), ("2.1", "2.1.3")])
def test_the_alias_is_of_the_same_era(era: str, version: str) -> None:
    """Names that the Flask of the era had can be imported from ``flask``, and it says its age."""
    under(
        era,
        ALIAS
        + f"""
from flask import _app_ctx_stack, _request_ctx_stack, escape, Markup, signals_available
from flask.globals import _find_app, _lookup_app_object, _lookup_req_object
from flask.helpers import get_env
assert flask.__version__ == importlib.metadata.version("flask") == {version!r}
assert flask.Flask.before_first_request and flask.globals._request_ctx_stack is _request_ctx_stack
assert hasattr(flask, "safe_join") == ({era!r} == "1.1")
assert hasattr(flask, "scaffold") == ({era!r} == "2.1")
""",
    )


def test_the_alias_of_2_1_has_the_scaffold() -> None:
    """Flask 2.0 to 2.2 had ``flask.scaffold``."""
    under(
        "2.1", ALIAS + "from flask.scaffold import Scaffold; assert Scaffold in flask.Flask.mro()"
    )


@pytest.mark.parametrize("era", ["3.1", "3.2"])
def test_newer_eras_bring_nothing_back(era: str) -> None:
    """From 3.1 on the old names stay absent under ``flask``."""
    under(
        era,
        ALIAS
        + """
for name in ("_request_ctx_stack", "_app_ctx_stack", "escape", "Markup", "signals_available"):
    assert not hasattr(flask, name), name
assert not hasattr(flask.globals, "_request_ctx_stack")
""",
    )
