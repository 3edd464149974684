"""The ``compare`` command, as its users meet it: programs go in, lines and exit codes come out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compare_helpers import ROOT, compare, write_program

#: What both frameworks answer with their own name.
NAMES_ITSELF = '@app.get("/name")\ndef name(): return flask.__name__\n'
DIFFERS = "import flask\napp = flask.Flask(__name__)\n" + NAMES_ITSELF
ASK = '{"path": "%s"}\n'


def told(*args: Any, code: int = 0, **options: Any) -> list[str]:
    """Run the command; return the lines that it prints."""
    done = compare(*map(str, args), **options)
    assert done.returncode == code, done.stdout + done.stderr
    # On a slow machine there may be progress to tell.
    assert re.fullmatch(r"(\d+( of \d+)? (requests|sequences)\n)*", done.stderr)
    return done.stdout.splitlines()


def refused(*args: Any, **options: Any) -> str:
    """Run the command; return its error, which is one, and no traceback."""
    done = compare(*map(str, args), **options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(re.findall("^Error: ", done.stderr, re.MULTILINE)) == 1
    assert "Traceback" not in done.stderr
    return done.stderr.partition("Error: ")[2].strip()


# ---- the verdict ----


def test_everything_the_same(tmp_path: Path) -> None:
    """Every request for the URL map has a line, then comes the sum; the exit code is 0."""
    program = write_program(tmp_path, "@app.get('/n/<int:n>')\ndef view(n): return {'n': n}\n")

    lines = told(program)

    assert lines[0] == f"{program} on miniflask and on Flask 3.1.3"
    assert "same       GET /n/1  200 OK" in lines
    assert "same       POST /n/1  405 METHOD NOT ALLOWED" in lines
    assert "same       GET /n/x  404 NOT FOUND" in lines
    assert "same       GET /static/a/b  404 NOT FOUND" in lines
    assert lines[-1] == f"{len(lines) - 2} requests, none different"


def test_a_difference_is_shown_with_both_traces(tmp_path: Path) -> None:
    """What differs first is said, and what happened inside stands side by side; exit code 1."""
    program = write_program(
        tmp_path,
        """\
        import flask
        app = flask.Flask(__name__)

        @app.before_request
        def early():
            if flask.__name__ == "flask" and flask.request.path == "/b":
                return "early"

        @app.get("/<name>")
        def view(name): return name
        """,
    )
    done = told(program, "--requests", "-", stdin=ASK % "/a" + ASK % "/b", code=1)

    assert done == [
        f"{program} on miniflask and on Flask 3.1.3",
        "same       GET /a  200 OK",
        "different  GET /b",
        "  first difference: body, line 1",
        "    miniflask    b",
        "    Flask 3.1.3  early",
        "  what happened:",
        "    miniflask                                             Flask 3.1.3",
        "    signal appcontext_pushed()                            signal appcontext_pushed()",
        "    signal request_started()                              signal request_started()",
        "    before_request early()                              "
        "! before_request early() -> 'early'",
        "    view view(name='b') -> 'b'                          <",
        *(
            f"    {line:<51}   {line}"
            for line in (
                "signal request_finished(response=<Response 200 OK>)",
                "signal request_tearing_down(exc=None)",
                "signal appcontext_tearing_down(exc=None)",
                "signal appcontext_popped()",
                "answers 200 OK",
                "sends a part of the body",
            )
        ),
        "    sent 1 bytes                                        ! sent 5 bytes",
        "2 requests, 1 different",
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("return '', 200 if on_flask else 201", "status"),
        ("return '', {'X-On': flask.__name__}", "header X-On"),
        ("return 'same\\n' + flask.__name__", "body, line 2"),
        ("raise KeyboardInterrupt(flask.__name__)", "exception that reaches the server"),
        ("app.logger.error(flask.__name__); return ''", "trace, step 4"),
        ("on_flask and flask.flash('x'); return ''", "header Vary"),
    ],
)
def test_whatever_differs_is_found(tmp_path: Path, text: str, where: str) -> None:
    """A difference in any part of an answer, or in what was logged alone, is a difference."""
    program = write_program(
        tmp_path,
        "import flask\napp = flask.Flask(__name__)\napp.secret_key = 'x'\n"
        f"on_flask = flask.__name__ == 'flask'\n@app.get('/')\ndef view():\n    {text}\n",
    )

    lines = told(program, "--requests", "-", stdin=ASK % "/", code=1)

    assert lines[2] == f"  first difference: {where}"


def test_another_url_map_is_a_difference(tmp_path: Path) -> None:
    """Rules that only one side has are told, though no request may show them."""
    program = write_program(tmp_path, DIFFERS + "app.add_url_rule('/' + flask.__name__, 'x')\n")

    lines = told(program, "--requests", "-", stdin=ASK % "/", code=1)

    assert lines[1:3] == ["different  the URL maps", "  first difference: URL map"]
    assert lines[3].startswith("    miniflask    Rule(rule='/miniflask', endpoint='x'")
    assert lines[4].startswith("    Flask 3.1.3  Rule(rule='/flask', endpoint='x'")
    assert lines[-1] == "1 request, 1 different"


def test_what_happens_inside_is_traced(tmp_path: Path) -> None:
    """Every kind of function that a program registers is in the trace, with what came of it."""
    program = write_program(
        tmp_path,
        """\
        from flask import *
        app = Flask(__name__)
        app.secret_key = "a key that is long"
        bp = Blueprint("bp", __name__, url_prefix="/bp")

        @app.url_value_preprocessor
        def preprocess(endpoint, values): pass

        @app.url_defaults
        def defaults(endpoint, values): pass

        @app.context_processor
        def processor(): return {"n": 1}

        @app.before_request
        async def before(): pass

        @bp.before_request
        def bp_before(): pass

        @app.after_request
        def after(response): return response

        @app.teardown_request
        def teardown(exc): raise RuntimeError("late")

        @app.teardown_appcontext
        def teardown_app(exc): pass

        @app.errorhandler(ZeroDivisionError)
        def divided(e): return "handled", 500

        @bp.get("/<int:n>")
        async def view(n):
            flash("hello")
            url_for(".view", n=1)
            render_template_string("{{ n }}")
            app.logger.warning("dividing by %s", 0)
            return str(1 / 0)

        app.register_blueprint(bp)
        """,
    )
    done = json.loads("".join(told(program, "--requests", "-", "--json", stdin=ASK % "/bp/1")))

    assert done["same"] is True
    assert done["results"][0]["left"]["trace"] == [
        "signal appcontext_pushed()",
        "signal request_started()",
        "url_value_preprocessor preprocess('bp.view', {n: 1})",
        "before_request before()",
        "before_request bp:bp_before()",
        "view bp.view(n=1) raised ZeroDivisionError: division by zero",
        "  signal message_flashed(category='message', message='hello')",
        "  url_default defaults('bp.view', {n: 1})",
        "  template_context_processor processor() -> {n: 1}",
        "  signal before_render_template(template=None)",
        "  signal template_rendered(template=None)",
        "  log WARNING 'dividing by 0'",
        "errorhandler ZeroDivisionError divided(ZeroDivisionError: division by zero)"
        " -> ('handled', 500)",
        "after_request after(<Response 500 INTERNAL SERVER ERROR>)"
        " -> <Response 500 INTERNAL SERVER ERROR>",
        "signal request_finished(response=<Response 500 INTERNAL SERVER ERROR>)",
        "teardown_request teardown(None) raised RuntimeError: late",
        "teardown_appcontext teardown_app(None)",
        "signal appcontext_tearing_down(exc=None)",
        "signal appcontext_popped()",
        "the server gets RuntimeError: late",
    ]


# ---- programs, written for either ----


@pytest.mark.parametrize("name", ["flask", "miniflask"])
def test_a_program_for_either_framework_runs_on_both(tmp_path: Path, name: str) -> None:
    """Both names mean miniflask on the one side and Flask on the other, modules below included."""
    program = write_program(
        tmp_path,
        f"""\
        import flask, miniflask, {name}.views
        from {name}.json.tag import TaggedJSONSerializer
        from {name} import Flask, request
        from werkzeug.routing import Map

        app = Flask(__name__)

        class View({name}.views.MethodView):
            def get(self):
                kinds = [Flask, type(request), Map, TaggedJSONSerializer]
                return " ".join([str(flask is miniflask), *(k.__module__ for k in kinds)])

        app.add_url_rule("/", view_func=View.as_view("view"))
        """,
    )
    done = json.loads("".join(told(program, "--requests", "-", "--json", stdin=ASK % "/", code=1)))

    assert [done["results"][0][side]["body"] for side in ("left", "right")] == [
        "True miniflask.app miniflask.local miniflask.routing.map miniflask.json.tag",
        "True flask.app werkzeug.local werkzeug.routing.map flask.json.tag",
    ]


def test_the_kits_are_their_originals_on_flask(tmp_path: Path) -> None:
    """What miniflask rebuilt is, for a program that runs on Flask, what it was rebuilt from."""
    program = write_program(
        tmp_path,
        """\
        from miniflask import Flask
        from miniflask.local import LocalStack
        from miniflask.routing.converters import BaseConverter
        from miniflask.sansio import App
        from miniflask.scaffold import Scaffold
        from miniflask.signing import Signer

        app = Flask(__name__)
        kinds = [LocalStack, BaseConverter, App, Scaffold, Signer]
        app.add_url_rule("/", "view", lambda: " ".join(kind.__module__ for kind in kinds))
        """,
    )
    done = json.loads("".join(told(program, "--requests", "-", "--json", stdin=ASK % "/", code=1)))

    assert done["results"][0]["right"]["body"] == (
        "werkzeug.local werkzeug.routing.converters flask.sansio.app flask.sansio.scaffold"
        " itsdangerous.signer"
    )


@pytest.mark.parametrize("app", ["shop", "shop.py", "shop:shop", "shop:make('x')", "shop.py:shop"])
def test_every_way_to_name_a_program(tmp_path: Path, app: str) -> None:
    """A file, a module, a name in it and a factory with arguments are all found."""
    text = (
        "from flask import *\nshop = Flask('shop')\n"
        "def make(name):\n    app = Flask(name)\n    return app\n"
    )
    write_program(tmp_path, text, "shop.py")

    assert told(app, "--requests", "-", stdin=ASK % "/", cwd=tmp_path)[-1].endswith(
        "none different"
    )


def test_sessions_flow(tmp_path: Path) -> None:
    """Each side keeps the cookies that it was given, and both sign them alike."""
    program = write_program(
        tmp_path,
        """\
        app.secret_key = "a key that is long"

        @app.get("/")
        def count():
            session.permanent = True
            session["n"] = session.get("n", 0) + 1
            return str(session["n"])
        """,
    )
    done = json.loads("".join(told(program, "--requests", "-", "--json", stdin=ASK % "/" * 3)))

    assert [result["left"]["body"] for result in done["results"]] == ["1", "2", "3"]
    assert [result["right"]["body"] for result in done["results"]] == ["1", "2", "3"]


def test_clock_and_chance_are_the_same_on_both_sides(tmp_path: Path) -> None:
    """Time stands still during a request and moves on between two; random values are equal."""
    program = write_program(
        tmp_path,
        """\
        import datetime, os, pickle, random, secrets, time, uuid
        from flask import *
        app = Flask(__name__)
        app.secret_key = os.urandom(8)

        @app.get("/now")
        def now():
            moments = [time.time(), time.time_ns() / 1e9, datetime.datetime.now().timestamp()]
            moments += [datetime.datetime.now(datetime.timezone.utc).timestamp()]
            assert len({*moments}) == 1, moments
            assert isinstance(datetime.datetime(2000, 1, 1), datetime.date)
            assert type(datetime.datetime.now()).__name__ == "datetime"
            class Later(datetime.datetime): pass
            assert isinstance(Later.now(), Later) and issubclass(Later, datetime.date)
            assert not isinstance(datetime.datetime.now(), Later)
            assert pickle.loads(pickle.dumps(datetime.datetime.now())) == datetime.datetime.now()
            assert str(datetime.date.today()) == time.strftime("%Y-%m-%d")
            assert time.gmtime().tm_sec == datetime.datetime.utcnow().second
            assert time.localtime(0).tm_year in (1969, 1970)
            return str(int(moments[0]))

        @app.get("/chance")
        def chance():
            session["seen"] = True
            words = {"ann", "bob", "cam", "dan", "eve", "fay", "gus", "hal", "ida", "joe"}
            return f"{uuid.uuid4()} {secrets.token_hex()} {random.random()} {object()} {words}"
        """,
    )
    paths = ("/now", "/now", "/chance", "/chance")
    lines = "".join(ASK % path for path in paths)
    done = json.loads("".join(told(program, "--requests", "-", "--json", stdin=lines)))

    bodies = [result["left"]["body"] for result in done["results"]]
    assert bodies[:2] == ["1767225601", "1767225602"]
    assert bodies[2] != bodies[3]


def test_what_a_program_prints_or_reads_is_not_in_the_way(tmp_path: Path) -> None:
    """Standard input is empty and standard output goes nowhere, for the program."""
    text = "import sys\nprint('loud')\nheard = sys.stdin.read()\n"
    text += "@app.get('/')\ndef view():\n    print('louder', flush=True)\n    return repr(heard)\n"
    program = write_program(tmp_path, "from flask import *\napp = Flask(__name__)\n" + text)

    done = json.loads("".join(told(program, "--requests", "-", "--json", stdin=ASK % "/")))

    assert done["results"][0]["left"]["body"] == "''"


def test_app_run_is_ignored(tmp_path: Path) -> None:
    """A file that serves itself when it is imported is compared all the same."""
    program = write_program(tmp_path, "app.run()\n")

    assert told(program, "--requests", "-", stdin=ASK % "/")[-1] == "1 request, none different"


def test_a_body_without_end_is_cut_off(tmp_path: Path) -> None:
    """Of a stream that does not end a million bytes are read, and it is closed."""
    text = """\
    @app.get("/")
    def view():
        def parts():
            try:
                while True:
                    yield "x" * 100_000
            except GeneratorExit:
                app.logger.error("closed")
                raise
        return parts()
    """
    done = json.loads(
        "".join(told(write_program(tmp_path, text), "--requests", "-", "--json", stdin=ASK % "/"))
    )

    left = done["results"][0]["left"]
    assert len(left["body"]) == 1_000_000
    assert left["trace"][-2:] == ["log ERROR 'closed'", "sent 1100000 bytes"]


def test_subdomains_and_hosts_are_asked_for(tmp_path: Path) -> None:
    """Requests for a rule go to the host that it is for."""
    sub = "from flask import *\napp = Flask(__name__, subdomain_matching=True)\n"
    sub += "app.config['SERVER_NAME'] = 'example.com'\n"
    sub += "app.add_url_rule('/', 'sub', lambda who: who, subdomain='<who>')\n"
    host = "from flask import *\n"
    host += "app = Flask(__name__, static_host='s.org', host_matching=True)\n"
    host += "app.add_url_rule('/', 'host', lambda: 'here', host='h.org')\n"

    first = told(write_program(tmp_path, sub, "sub.py"))
    second = told(write_program(tmp_path, host, "host.py"))

    assert "same       GET / at ann.example.com  200 OK" in first
    assert "same       GET / at h.org  200 OK" in second
    assert "same       GET /static/a/b at s.org  404 NOT FOUND" in second


# ---- what cannot be compared ----


def test_a_program_that_loads_on_one_side_only(tmp_path: Path) -> None:
    """Which side, which error, where in the program, and what to type are said."""
    text = "from miniflask import Flask\napp = Flask(__name__)\napp.before_first_request(print)\n"
    program = write_program(tmp_path, text)

    assert refused(program) == (
        f"{program} does not load on Flask 3.1.3, though it does on miniflask:\n\n"
        "    AttributeError: 'Flask' object has no attribute 'before_first_request'\n"
        f"    at {program}, line 3\n\n"
        f"See it by itself: python -m flask --app {program} routes"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import no_such_thing", "ModuleNotFoundError: No module named 'no_such_thing'\n    at "),
        ("x = = 1", "SyntaxError: invalid syntax (program.py, line 4)"),
        ("raise SystemExit(3)", "SystemExit: 3\n    at "),
        ("import math", "Failed to find Flask application or factory in module 'program'."),
        ("import miniflask.lens_of_nobody", "ModuleNotFoundError: "),
    ],
)
def test_a_program_that_loads_on_neither_side(tmp_path: Path, text: str, said: str) -> None:
    """That neither side loads it is said, and what to type to see that."""
    program = write_program(tmp_path, text)

    error = refused(program)

    assert error.startswith(f"{program} does not load on miniflask, nor on Flask 3.1.3:\n\n    ")
    assert said in error
    see = f"See it by itself: python -m miniflask.as_flask -m flask --app {program} routes"
    assert error.endswith(see)


def test_a_framework_that_does_not_load(tmp_path: Path) -> None:
    """If Flask is hidden by a file of that name, or has lost what it needs, that is said."""
    program = write_program(tmp_path, "import miniflask\napp = miniflask.Flask(__name__)\n")
    (tmp_path / "flask.py").write_text("import nothing_like_it\n")

    error = refused(program, cwd=tmp_path)

    assert "does not load on Flask 3.1.3, though it does on miniflask:" in error
    assert "    The framework itself does not: No module named 'nothing_like_it'\n" in error


def test_what_to_type_shows_it(tmp_path: Path) -> None:
    """The commands that errors end with do run the program on that side."""
    program = write_program(tmp_path, DIFFERS)
    for words in (["miniflask.as_flask", "-m", "flask"], ["flask"]):
        done = subprocess.run(
            [sys.executable, "-m", *words, "--app", str(program), "routes"],
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
        )
        assert "name" in done.stdout


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("os._exit(3)", "ended the process of miniflask, with exit code 3"),
        ("os.kill(os.getpid(), 9)", "ended the process of miniflask, with signal SIGKILL"),
        ("os.read(os.pipe()[0], 1)", "took longer than 2 seconds on miniflask"),
    ],
)
@pytest.mark.timeout(60)  # the limit of the test is that the command has one
@pytest.mark.parametrize("when", ["load", "request", "sequence"])
def test_a_crash_and_a_hang(tmp_path: Path, text: str, how: str, when: str) -> None:
    """A child that ends or does not answer is told of, with what it wrote last and what to do."""
    program = write_program(
        tmp_path,
        "import os, sys\nfrom flask import *\napp = Flask(__name__, static_folder=None)\n"
        f"def fall():\n    print('last words', file=sys.stderr, flush=True)\n    {text}\n"
        f"app.add_url_rule('/', 'fall', fall)\nif {when == 'load'}: fall()\n",
    )

    limit = "2" if "longer" in how else "45"
    options = ["--fuzz", "50"] if when == "sequence" else ["--requests", "-"]
    error = refused(program, *options, "--timeout", limit, stdin=ASK % "/")

    assert how in error
    assert (when == "load") == error.startswith("the program, while it was loaded, ")
    if "longer" in how:
        assert error.endswith("allow more: --timeout 120")
    else:
        assert "The last it wrote:\n\n    last words\n" in error
        assert error.endswith(f"-m miniflask.as_flask -m flask --app {program} run")


def test_nothing_is_left_running(tmp_path: Path) -> None:
    """A program that hangs is ended, and what it started with it."""
    program = write_program(
        tmp_path,
        """\
        import os, subprocess, sys
        from flask import *
        app = Flask(__name__)
        WAIT = "import signal; signal.alarm(60); signal.pause()"

        @app.get("/")
        def view():
            child = subprocess.Popen([sys.executable, "-c", WAIT])
            open(os.path.join(app.root_path, "pids"), "w").write(f"{os.getpid()} {child.pid}")
            child.wait()
        """,
    )

    refused(program, "--requests", "-", "--timeout", "3", stdin=ASK % "/")

    for pid in (tmp_path / "pids").read_text().split():
        # Gone, or waiting only for somebody to ask how it ended.
        status = Path("/proc", pid, "stat")
        assert not status.exists() or ") Z " in status.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Missing argument 'APP'."),
        (["x", "--fuzz", "0"], "Invalid value for '--fuzz': 0 is not in the range x>=1."),
        (["x", "--fuzz", "1", "--har", "f"], "--har and --fuzz do not go together; use one."),
        (["x", "--timeout", "0"], "--timeout has to be a number of seconds above 0."),
        (["x", "--timeout", "nan"], "--timeout has to be a number of seconds above 0."),
        (["x", *["--against", "1"] * 3], "--against takes one version, or two to compare"),
        (["x", "--against", "../3"], "'../3' is no version. Give one as PyPI has it: --against"),
        (["x", "--har", "/nope"], "/nope cannot be read: No such file or directory."),
        (["nofile.py"], "Could not import 'nofile'."),
    ],
)
def test_bad_arguments(words: list[str], said: str) -> None:
    """Arguments that make no sense are refused with what is wrong about them."""
    assert said in refused(*words)


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    """A report with no place to be is an error that names another."""
    program = write_program(tmp_path, "")

    assert refused(program, "--report", tmp_path) == (
        f"{tmp_path} cannot be written: Is a directory. Name another file: --report compare.html"
    )


@pytest.mark.parametrize(
    ("missing", "words", "said"),
    [
        ("flask", [], "compare needs Flask. Install it: pip install flask==3.1.3"),
        ("hypothesis", ["--fuzz", "1"], "--fuzz needs hypothesis. Install it: pip install hypo"),
    ],
)
def test_a_missing_extra(tmp_path: Path, missing: str, words: list[str], said: str) -> None:
    """Without Flask, or for --fuzz without Hypothesis, the error says what to install."""
    program = write_program(tmp_path, "")
    hide = f"""\
import importlib.metadata, sys
sys.modules[{missing!r}] = None
find = importlib.metadata.version
def version(name):
    if name == {missing!r}:
        raise importlib.metadata.PackageNotFoundError(name)
    return find(name)
importlib.metadata.version = version
sys.argv = ["miniflask", "compare", *sys.argv[1:]]
from miniflask.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", hide, str(program), *words],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert done.returncode == 2
    assert f"Error: {said}" in done.stderr
    assert "Traceback" not in done.stderr


def test_neither_extra_is_imported_by_the_parent(tmp_path: Path) -> None:
    """The process that compares imports no Flask, and no Hypothesis unless it is to make up."""
    program = write_program(tmp_path, "")
    code = (
        "import sys; sys.argv = ['miniflask', *sys.argv[1:]]\n"
        "from miniflask.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: print({'flask', 'hypothesis', 'itsdangerous'} & {*sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "compare", str(program)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert done.stdout.splitlines()[-1] == "set()"


# ---- made up ----


def test_fuzz_shrinks_to_a_program_that_shows_it(tmp_path: Path) -> None:
    """Of what differs only after a login the smallest sequence is printed, as a program."""
    program = write_program(
        tmp_path,
        """\
        import flask
        from flask import request, session
        app = flask.Flask(__name__, static_folder=None)
        app.secret_key = "a key that is long"

        @app.post("/login")
        def login():
            session["in"] = True
            return "welcome"

        @app.get("/secret/<int:n>")
        def secret(n):
            return flask.__name__ if "in" in session else "nothing"
        """,
    )

    lines = told(program, "--fuzz", "1000", code=1)
    script = tmp_path / "script.py"
    script.write_text("\n".join(lines[lines.index("This program shows it:") + 2 : -2]), "utf-8")
    shown = subprocess.run(
        [sys.executable, str(script)], cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60
    )

    assert re.match(r"same       POST /login", lines[1])
    assert re.match(r"different  (GET|HEAD) /secret/\d+$", lines[2])
    assert re.fullmatch(r"\d+ sequences, 1 different", lines[-1])
    assert shown.returncode == 1, shown.stderr
    assert shown.stdout.splitlines()[:3] == lines[:3]
    assert told(program, "--fuzz", "1000", code=1) == lines


def test_fuzz_finds_nothing_where_there_is_nothing(tmp_path: Path) -> None:
    """All sequences are tried, each from a fresh start, and another seed makes other ones."""
    program = write_program(
        tmp_path,
        """\
        seen = []

        @app.get("/<path:p>")
        def view(p):
            seen.append(p)
            assert len(seen) < 7
            return str(seen)
        """,
    )

    here = tmp_path / "here"
    here.mkdir()

    lines = told(program, "--fuzz", "30", cwd=here, cache=tmp_path)

    assert lines[-1] == "30 sequences, none different"
    assert list(here.iterdir()) == []
    assert told(program, "--fuzz", "30", "--seed", "7")[-1] == "30 sequences, none different"


# ---- reports ----


def test_json_has_everything(tmp_path: Path) -> None:
    """The JSON says which sides, how many, and for each request what both made of it."""
    program = write_program(tmp_path, DIFFERS)

    done = json.loads(
        "".join(told(program, "--json", "--requests", "-", stdin=ASK % "/name", code=1))
    )

    assert {key: done[key] for key in ("app", "sides", "same", "requests", "different")} == {
        "app": str(program),
        "sides": ["miniflask", "Flask 3.1.3"],
        "same": False,
        "requests": 1,
        "different": 1,
    }
    (result,) = done["results"]
    assert result["request"] == {"method": "GET", "path": "/name"}
    assert result["difference"] == {"where": "body, line 1", "left": "miniflask", "right": "flask"}
    assert result["right"]["headers"] == [
        ["Content-Type", "text/html; charset=utf-8"],
        ["Content-Length", "5"],
    ]


def test_secrets_are_in_no_report(tmp_path: Path) -> None:
    """Keys, cookies and credentials are replaced by numbers, wherever they turn up."""
    program = write_program(
        tmp_path,
        """\
        import flask
        from flask import *
        app = flask.Flask(__name__)
        app.secret_key = "dev"
        app.config["SECRET_KEY_FALLBACKS"] = ["an older key"]

        @app.get("/<name>")
        def view(name):
            session["in"] = True
            key = "<dev> develop " + app.config["SECRET_KEY_FALLBACKS"][0]
            response = make_response(f"{key} {request.authorization} {request.cookies} " + name)
            response.set_cookie("token", f"of-{flask.__name__}-only")
            return response
        """,
    )
    line = json.dumps(
        {
            "path": "/of-flask-only",
            "headers": {"Authorization": "Bearer letmeinplease", "Cookie": "own=mycookievalue"},
        }
    )
    report = tmp_path / "report.html"

    printed = told(program, "--requests", "-", "--report", report, stdin=line, code=1)
    as_json = told(program, "--requests", "-", "--json", stdin=line, code=1)

    for text in (report.read_text("utf-8"), "\n".join(printed), "\n".join(as_json)):
        for secret in ("older key", "letmein", "mycookie", "of-flask-only", "of-miniflask", "eyJ"):
            assert secret not in text
        assert "dev " not in text
        assert "dev&" not in text
        assert "[secret " in text
    assert " develop [secret 2] " in json.loads("".join(as_json))["results"][0]["left"]["body"]


def test_the_page_is_escaped_and_stands_alone(tmp_path: Path) -> None:
    """Nothing from the program or its requests is markup, and nothing is fetched or run."""
    program = write_program(
        tmp_path,
        "import flask\napp = flask.Flask('<b>')\n"
        "@app.get('/<path:p>')\ndef view(p): return '<script>' + p + flask.__name__\n",
    )
    report = tmp_path / "report.html"
    line = '{"path": "/<img src=x>", "headers": {"X-<i>": "<u>"}}'

    told(program, "--requests", "-", "--report", report, stdin=line, code=1)
    page = report.read_text("utf-8")

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;&lt;img src=x&gt;miniflask" in page
    assert "default-src 'none'" in page
    assert "color-scheme: light dark" in page
    assert not re.search(r"https?://|@import|url\(", page)
    assert page.count("<details open>") == 1


def test_the_terminal_gets_no_control_characters(tmp_path: Path) -> None:
    """What a program answers is shown escaped."""
    text = "import flask\napp = flask.Flask(__name__)\n"
    text += "@app.get('/')\ndef view(): return '\\x1b[2J' + flask.__name__\n"
    program = write_program(tmp_path, text)

    lines = told(program, "--requests", "-", stdin=ASK % "/", code=1)

    assert "\x1b" not in "".join(lines)
    assert "    miniflask    \\x1b[2Jminiflask" in lines


def test_a_har_file_is_played(tmp_path: Path) -> None:
    """A recording is sent at the time it was made, with the cookies that came along."""
    program = write_program(
        tmp_path,
        """\
        import time
        from flask import *
        app = Flask(__name__)

        @app.post("/form")
        def form():
            return f"{request.form['name']} {request.cookies['theme']} {int(time.time())}"
        """,
    )
    entry = {
        "startedDateTime": "2024-01-01T00:00:00.500Z",
        "request": {
            "method": "POST",
            "url": "http://localhost:5000/form",
            "headers": [{"name": "Cookie", "value": "theme=dark"}],
            "postData": {
                "mimeType": "application/x-www-form-urlencoded",
                "params": [{"name": "name", "value": "ä"}],
            },
        },
    }
    har = tmp_path / "recorded.har"
    har.write_text(json.dumps({"log": {"entries": [entry]}}), "utf-8")

    done = json.loads("".join(told(program, "--har", har, "--json")))

    assert done["results"][0]["left"]["body"] == "ä dark 1704067201"


def test_an_alias_around_the_command_changes_nothing(tmp_path: Path) -> None:
    """Started by a program that runs under the alias, the one side is still the real Flask."""
    program = write_program(tmp_path, DIFFERS)
    command = ["-m", "miniflask.as_flask", "-m", "miniflask", "compare", str(program)]
    done = subprocess.run(
        [sys.executable, *command, "--requests", "-"],
        cwd=ROOT,
        input=ASK % "/name",
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )

    assert done.stdout.splitlines()[3:5] == ["    miniflask    miniflask", "    Flask 3.1.3  flask"]


def test_help_lists_the_command() -> None:
    """``python -m miniflask`` has it, and the program ``miniflask`` is that same function."""
    done = subprocess.run(
        [sys.executable, "-m", "miniflask", "compare", "--help"],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert "Run the program APP on miniflask and on Flask" in done.stdout


# ---- files that a program changes ----

KEEPS_NOTES = """\
import flask, os
from flask import *
app = Flask(__name__)
notes = os.path.join(app.root_path, "data", "notes.txt")
os.makedirs(os.path.dirname(notes), exist_ok=True)

@app.post("/")
def write():
    with open(notes, "a") as file:
        print(request.method, file=file)
    return "written"

@app.get("/")
def read():
    with open(notes) as file:
        return file.read()
"""


@pytest.mark.parametrize("exists", [True, False])
def test_files_are_put_back(tmp_path: Path, exists: bool) -> None:
    """Each side meets the files as they were before, and so does whoever comes after."""
    program = write_program(tmp_path, KEEPS_NOTES)
    data = tmp_path / "data"
    if exists:
        data.mkdir()
        (data / "notes.txt").write_text("before\n")
    lines = '{"path": "/", "method": "POST"}\n' * 2 + ASK % "/"

    command = (program, "--requests", "-", "--restore", data, "--json")
    done = json.loads("".join(told(*command, stdin=lines)))

    expected = ("before\n" if exists else "") + "POST\n" * 2
    assert done["results"][2]["left"]["body"] == done["results"][2]["right"]["body"] == expected
    assert data.exists() is exists
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []
    if exists:
        assert (data / "notes.txt").read_text() == "before\n"


def test_fuzz_with_files_that_are_put_back(tmp_path: Path) -> None:
    """Each made up sequence meets the files as they were, on both sides; the script says so."""
    count = "@app.get('/count')\ndef count(): return (write(), read())[1]\n"
    name = "@app.get('/name')\ndef name(): return flask.__name__\n"
    same = write_program(tmp_path, KEEPS_NOTES + count)
    other = write_program(tmp_path, KEEPS_NOTES + count + name, "other.py")
    data = tmp_path / "data"
    data.mkdir()

    assert told(same, "--fuzz", "15", "--restore", data)[-1] == "15 sequences, none different"
    lines = told(other, "--fuzz", "60", "--restore", data, code=1)
    assert lines[1].startswith("different  GET /name")
    assert f"'--restore', '{data}', '--requests', '-'" in "\n".join(lines)
    assert list(data.iterdir()) == []


def test_files_that_cannot_be_copied(tmp_path: Path) -> None:
    """What cannot be read cannot be put back, and nothing is run."""
    (tmp_path / "link").symlink_to("link")
    os.mkfifo(tmp_path / "pipe")
    program = write_program(tmp_path, "")

    assert "cannot be copied, to be put back: " in refused(program, "--restore", tmp_path)
