"""The command line against Flask's: the same project, the same words typed, the same answer.

A project is written once for each framework, into folders of that name, with ``{fw}`` standing
for the framework to import.  Most command lines run in this process with Click's runner; a few run
as ``python -m flask`` and ``python -m miniflask``, over real pipes, sockets and signals.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextvars import copy_context
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any
from unittest import mock
from urllib.error import HTTPError
from urllib.request import urlopen

import click
import flask
import flask.cli
import flask.testing
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import miniflask
import miniflask.cli
import miniflask.testing

FRAMEWORKS: dict[str, Any] = {"miniflask": miniflask, "flask": flask}
HERE = str(Path(miniflask.__file__).parent.parent)
Answers = dict[str, Any]


def normalized(text: str, folder: Path) -> str:
    """Take out of a text where things lie, what the framework is called, and its own frames."""
    text = re.sub(rf'  File "(?!{re.escape(str(folder))})[^\n]*\n(?:    [^\n]*\n)*', "", text)
    return text.replace("miniflask", "flask")


class Projects:
    """The same project for each framework, and ways to run command lines in it."""

    def __init__(self, folder: Path) -> None:
        self.folders = {name: folder / name for name in FRAMEWORKS}

    def write(self, files: dict[str, str]) -> None:
        """Write the files of a project, for both."""
        for name, folder in self.folders.items():
            for path, text in files.items():
                file = folder / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(dedent(text).replace("{fw}", name))

    @contextlib.contextmanager
    def inside(self, name: str, env: dict[str, str]) -> Iterator[Path]:
        """Be in a project's folder with only *env* set; forget what was imported from there."""
        folder = self.folders[name]
        back = os.getcwd()
        os.chdir(folder)
        importlib.invalidate_caches()
        try:
            with (
                mock.patch.dict(os.environ, {"HOME": str(folder), **env}, clear=True),
                mock.patch.object(sys, "path", [str(folder), *sys.path]),
                mock.patch.object(sys, "dont_write_bytecode", True),
            ):
                yield folder
        finally:
            os.chdir(back)
            for module, value in list(sys.modules.items()):
                if str(getattr(value, "__file__", "")).startswith(str(folder)):
                    del sys.modules[module]

    def invoke(self, *args: str, env: dict[str, str] | None = None, color: bool = False) -> Answers:
        """Run a command line in this process, on both frameworks."""
        answers = {}
        for name, fw in FRAMEWORKS.items():
            with self.inside(name, env or {}) as folder:
                # A context of its own: Click never closes what help without a word opened.
                result = copy_context().run(
                    CliRunner().invoke,
                    fw.cli.cli,
                    args,
                    color=color,
                    prog_name=f"python -m {name}",
                )
            error = None if result.exception is None else type(result.exception).__name__
            answers[name] = [
                result.exit_code,
                normalized(result.stdout, folder),
                normalized(result.stderr, folder),
                error,
                normalized(str(result.exception), folder),
            ]
        return answers

    def agree(self, *args: str, **options: Any) -> Any:
        """Run a command line on both frameworks, assert that they agree, and return the answer."""
        answers = self.invoke(*args, **options)
        assert answers["miniflask"] == answers["flask"]
        return answers["miniflask"]

    def spawn(self, *args: str, **options: Any) -> dict[str, subprocess.Popen[str]]:
        """Start ``python -m`` on both frameworks."""
        env = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": HERE,
            "PYTHONDONTWRITEBYTECODE": "1",
            **options.pop("env", {}),
        }
        return {
            name: subprocess.Popen(
                [sys.executable, "-m", name, *args],
                cwd=folder,
                env={**env, "HOME": str(folder)},
                text=True,
                start_new_session=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                **options,
            )
            for name, folder in self.folders.items()
        }

    def processes_agree(self, *args: str, input: str = "", **options: Any) -> Any:
        """Run ``python -m`` on both frameworks, assert that they agree, and return the answer."""
        answers = {}
        for name, process in self.spawn(*args, stderr=subprocess.PIPE, **options).items():
            stdout, stderr = process.communicate(input, timeout=30)
            folder = self.folders[name]
            answers[name] = (
                process.returncode,
                normalized(stdout, folder),
                normalized(stderr, folder),
            )
        assert answers["miniflask"] == answers["flask"]
        return answers["miniflask"]


@pytest.fixture
def projects(tmp_path: Path) -> Projects:
    """An empty project for each framework."""
    projects = Projects(tmp_path)
    projects.write({"README": ""})
    return projects


# ---- discovery ----

DISCOVERY = {
    "made.py": """
        from {fw} import Flask

        def make(*parts):
            app = Flask(".".join(map(str, parts)))
            app.add_url_rule("/", app.name)
            return app
    """,
    "app.py": "from made import make\napp = make('app')\nother = make('other')\nnumber = 1",
    "pkg/__init__.py": "from made import make\napplication = make('pkg')",
    "pkg/sub/__init__.py": "",
    "pkg/sub/deep.py": "from made import make\ndef create_app(): return make('deep')",
    "only.py": """
        from made import make
        from {fw} import Flask, current_app, g, request, session
        the_one = make("only")
    """,
    "several.py": "from made import make\na = make('a')\nb = make('b')",
    "factories.py": """
        from made import make
        def create_app(): return None
        def make_app(): return make("from make_app")
    """,
    "wants.py": "from made import make\ndef create_app(one, two=2, *, three=3): "
    "return make(one, two, three)",
    "wrong_inside.py": "def create_app(): return len(1)",
    "wrong_deeper.py": "def make_app(): return inner()\ndef inner(x): pass",
    "callable.py": """
        from made import make
        class Factory:
            def __call__(self): return make("called")
        create_app = Factory()
    """,
    "not_app.py": "app = 'text'\ndef create_app(): return 1",
    "nothing.py": "",
    "bad_import.py": "import nowhere_to_be_found",
    "bad_package/__init__.py": "from os import nowhere_to_be_found",
    "bad_package/module.py": "",
    "bad_syntax.py": "def",
    "raises.py": "raise RuntimeError('oh no')",
}

SPECS = [
    "app", "app.py", "./app.py", "app:app", "app.py:app", "app:other", "app: other ", "app:number",
    "app:nope", "app:", ":app", "", "app:app.name", "app:'app'", "app:app(", "app:app()",
    "app:(app)", "app:[]", "app:lambda: app", "app:app\x00", "C:/app.py", "C:\\app.py:app", "pkg",
    "pkg/", "pkg/__init__.py", "pkg:application", "pkg.sub.deep", "pkg/sub/deep.py",
    "pkg/sub/deep:create_app", "pkg.sub.deep:create_app()", "pkg.sub", "pkg.nope", "pkg/nope.py",
    "only", "several", "several:b", "several.py", "factories", "factories:make_app",
    "factories:create_app", "wants", "wants:create_app", "wants:create_app()",
    "wants:create_app('x')", "wants:create_app('x', 'y', 'z')",
    "wants:create_app('x', two=[1], three={'a': 1})", "wants:create_app('x', four=4)",
    "wants:create_app(one=1, two=-1.5)", "wants:create_app(one)",
    "wants:create_app(__import__('os'))", "wants:create_app('x', **{'two': 5})",
    "wants:create_app(*[1])", "wants:os.create_app('x')", "wants:create_app('x').wsgi_app",
    "wants:create_app('x')()", "wrong_inside", "wrong_inside:create_app",
    "wrong_inside:create_app()", "wrong_inside:create_app(1)", "wrong_deeper",
    "wrong_deeper:make_app", "callable", "callable:create_app", "callable:create_app()",
    "callable:Factory", "not_app", "not_app:app", "not_app:create_app", "nothing",
    "nothing:create_app", "bad_import", "bad_import:app", "bad_package", "bad_package.module",
    "bad_syntax", "raises", "nowhere", "nowhere.deeper", "nowhere:app", "app.py.py", "app.txt",
]  # fmt: skip


@pytest.fixture(scope="module")
def discovery(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    """A project with many modules to find an application in."""
    projects = Projects(tmp_path_factory.mktemp("discovery"))
    projects.write(DISCOVERY)
    return projects


@pytest.mark.parametrize("spec", SPECS)
def test_applications_are_found_as_flask_finds_them(discovery: Projects, spec: str) -> None:
    """Whatever --app or FLASK_APP says leads to the same application, or the same error."""
    answer = discovery.agree("--app", spec, "routes")

    if "\x00" not in spec:
        assert discovery.agree("routes", env={"FLASK_APP": spec}) == answer


def test_the_sample_of_applications_has_every_outcome(discovery: Projects) -> None:
    """Among the samples are found applications, usage errors, and exceptions that go through."""
    found = {discovery.agree("--app", spec, "routes")[0] for spec in SPECS}

    assert found == {0, 1, 2}


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"app.py": "from made import make\napp = make('app')"},
        {"wsgi.py": "from made import make\napp = make('wsgi')"},
        {"wsgi.py": "from made import make\napp = make('wsgi')", "app.py": "raise Exception"},
        {"wsgi.py": "", "app.py": "from made import make\napp = make('app')"},
        {"wsgi.py": "import nowhere", "app.py": "from made import make\napp = make('app')"},
        {"app.py": "import nowhere"},
        {"app/__init__.py": "from made import make\napp = make('package')"},
        {"wsgi/__init__.py": "", "app.py": "from made import make\napp = make('app')"},
        {"__init__.py": "", "app.py": "from made import make\napp = make('in a package')"},
    ],
    ids=lambda files: "+".join(files) or "nothing",
)
def test_without_a_name_the_usual_files_are_tried(
    projects: Projects, files: dict[str, str]
) -> None:
    """wsgi.py goes before app.py, and one that is there but wrong is an error, as in Flask."""
    projects.write({"made.py": DISCOVERY["made.py"], **files})

    projects.agree("routes")
    listing = projects.invoke()
    assert listing["miniflask"][0] == listing["flask"][0]
    assert listing["miniflask"][2].splitlines()[:2] == listing["flask"][2].splitlines()[:2]


def test_errors_are_red_as_in_flask(projects: Projects) -> None:
    """On a terminal that shows colours, why the application cannot be loaded is red."""
    assert "\x1b[31mError: Could not locate" in projects.agree("nope", color=True)[2]


def module_with_factories(fw: Any) -> ModuleType:
    """Make a module with an application and factories, without a file."""
    module = ModuleType("module")

    def f(a: Any, b: Any = 1) -> Any:
        return fw.Flask(repr((a, b)))

    module.__dict__.update(a=fw.Flask("a"), b=1, f=f)
    return module


def found_by_string(fw: Any, app_name: str) -> Any:
    """Say which application a text stands for, or why none."""
    try:
        return fw.cli.find_app_by_string(module_with_factories(fw), app_name).import_name
    except Exception as e:
        return type(e).__name__, str(e)


@given(st.text("abf(),'1=[]{}*-. :", max_size=12) | st.from_regex(r"f\([ab1'=,*-]{0,6}\)"))
def test_any_text_after_the_colon_is_understood_as_flask_does(app_name: str) -> None:
    """Names and calls give the same application, everything else the same error."""
    assert found_by_string(miniflask, app_name) == found_by_string(flask, app_name)


def prepared(fw: Any, path: str) -> Any:
    """Return the module name that a path is prepared as, and what came onto ``sys.path``."""
    with mock.patch.object(sys, "path", ["first", "second"]):
        return fw.cli.prepare_import(path), sys.path


@given(
    st.lists(st.sampled_from(["package", "inner", "plain", "mod.py", "mod", "__init__.py", ".."]))
)
def test_any_path_is_prepared_as_flask_prepares_it(
    tmp_path_factory: pytest.TempPathFactory, parts: list[str]
) -> None:
    """Names and import paths agree for files and folders, in packages and outside."""
    folder = tmp_path_factory.getbasetemp() / "prepared"
    for package in (folder / "package" / "inner", folder / "plain" / "package"):
        package.mkdir(parents=True, exist_ok=True)
        (package / "__init__.py").touch()
    (folder / "package" / "__init__.py").touch()
    path = os.path.join(folder, *parts)

    assert prepared(miniflask, path) == prepared(flask, path)


# ---- commands ----

COMMANDS = {
    "app.py": """
        import click
        from {fw} import Blueprint, Flask, current_app, g
        from {fw}.cli import AppGroup, FlaskGroup, ScriptInfo, pass_script_info, with_appcontext

        app = Flask(__name__)
        app.run()

        @app.teardown_appcontext
        def torn_down(e):
            print("torn down:", e)

        @app.cli.command()
        def hello():
            print("hello from", current_app.name, current_app.debug)

        @app.cli.command("with-options")
        @click.argument("name")
        @click.option("--times", "-n", default=1, callback=lambda c, p, v: (v, current_app.name))
        def with_options(name, times):
            click.echo(f"{name} {times}")

        @app.cli.command("outside", with_appcontext=False)
        @click.pass_context
        def outside(ctx):
            print(bool(current_app), ctx.obj is ctx.find_root().obj)

        @app.cli.command()
        @click.argument("what", type=click.Choice(["usage", "abort", "exit", "raise", "interrupt"]))
        def fail(what):
            raise {
                "usage": click.UsageError("not like that"), "abort": click.Abort(),
                "exit": SystemExit(7), "raise": ValueError("wrong"),
                "interrupt": KeyboardInterrupt(),
            }[what]

        @app.cli.group(invoke_without_command=True)
        @click.pass_context
        def database(ctx):
            "Commands for the database."
            g.opened = ctx.invoked_subcommand
            print("opened", g.opened)

        @database.command()
        def create():
            print("created", g.opened, type(database).__name__)

        @click.command()
        @with_appcontext
        def added():
            print("added", current_app.name)

        @click.command()
        @pass_script_info
        def info(info):
            print(info.app_import_path, info.load_app() is app, info.data)

        @click.group()
        def plain(): pass

        @plain.command()
        @with_appcontext
        def inner(): print("inner", current_app.name)

        @plain.command("no-context")
        def no_context(): print("no context needed", bool(current_app))

        for command in (added, info, plain):
            app.cli.add_command(command)

        def blueprint(name, **options):
            b = Blueprint(name, __name__, **options)
            @b.cli.command(f"of-{name}")
            def command():
                "A blueprint's command."
                print("of", name, current_app.name)
            return b

        parent = Blueprint("parent", __name__)
        parent.register_blueprint(blueprint("child"))
        app.register_blueprint(blueprint("named"))
        app.register_blueprint(blueprint("grouped", cli_group="other"))
        app.register_blueprint(blueprint("merged", cli_group=None))
        app.register_blueprint(blueprint("late"), cli_group="renamed")
        app.register_blueprint(parent)
        app.register_blueprint(Blueprint("empty", __name__))

        nested = FlaskGroup(name="nested", create_app=lambda: app, add_default_commands=False)
        outer = click.Group("outer")
        outer.add_command(nested)
    """
}

COMMAND_LINES = [
    "hello", "--debug hello", "--no-debug hello", "with-options", "with-options x",
    "with-options x -n 3", "with-options x -n y", "with-options --nope", "outside", "fail",
    "fail usage", "fail abort", "fail exit", "fail raise", "fail interrupt", "fail other",
    "database", "database create", "database nope", "database --help", "added", "info",
    "--app app:app info", "plain", "plain inner", "plain no-context", "named", "named of-named",
    "grouped", "other of-grouped", "of-merged", "late", "renamed of-late", "parent",
    "parent of-child", "child of-child", "of-child", "empty", "nope", "--nope", "--app",
    "hello extra", "--debug", "--app app:app --debug hello", "hello --help",
    "named of-named --help", "shell extra", "routes --sort nope", "run --port x",
]  # fmt: skip


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Projects:
    """A project with commands of many kinds."""
    projects = Projects(tmp_path_factory.mktemp("commands"))
    projects.write(COMMANDS)
    return projects


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_commands_do_what_they_do_in_flask(commands: Projects, line: str) -> None:
    """Output, exit status, context and teardown agree for commands, groups and mistakes."""
    commands.agree(*line.split())
    commands.agree(*line.split(), env={"FLASK_DEBUG": "1"})


def listed(text: str) -> list[str]:
    """Return the names that a help text lists as commands."""
    return re.findall(r"^  ([\w-]+)", text.partition("Commands:\n")[2], re.MULTILINE)


@pytest.mark.parametrize("line", ["", "--help", "--app app --help"])
def test_help_lists_the_same_commands(commands: Projects, line: str) -> None:
    """The application's commands are listed with those that are always there."""
    ours, theirs = commands.invoke(*line.split()).values()

    names = [name for name in listed(ours[1] + ours[2]) if name != "cookie"]  # ours alone
    assert names == listed(theirs[1] + theirs[2])
    assert {"database", "hello", "of-merged", "run"} <= set(names)
    assert ours[0] == theirs[0]


@pytest.mark.parametrize("args", [["hello"], [], ["nope"], ["database", "create"]])
def test_the_runner_runs_an_applications_commands(commands: Projects, args: list[str]) -> None:
    """test_cli_runner() needs no command line around the commands."""
    answers = []
    for name in FRAMEWORKS:
        with commands.inside(name, {"FLASK_RUN_FROM_CLI": "true"}):
            app = importlib.import_module("app").app
            result = app.test_cli_runner().invoke(args=args)
            own = app.test_cli_runner().invoke(app.cli.commands["hello"], obj=None)
        answers.append((result.exit_code, result.output, own.exit_code, own.output))

    assert answers[0] == answers[1]


@pytest.mark.parametrize("args", ["nested", "nested hello", "nested run", "nested nope"])
def test_a_flask_group_works_inside_another_group(commands: Projects, args: str) -> None:
    """A program's own command line can hold a FlaskGroup with a factory."""
    answers = []
    for name in FRAMEWORKS:
        with commands.inside(name, {"FLASK_RUN_FROM_CLI": "true"}):
            outer = importlib.import_module("app").outer
            result = copy_context().run(CliRunner().invoke, outer, args.split())
        answers.append((result.exit_code, listed(result.output), result.output[-60:]))

    assert answers[0] == answers[1]


# ---- environment ----

ENVIRONMENT = {
    "app.py": """
        import os
        from {fw} import Flask

        app = Flask(__name__)

        @app.cli.command()
        def show():
            print({k: v for k, v in sorted(os.environ.items()) if k[:2] in ("A_", "FL")}, app.debug)
    """,
    "other.py": "from app import app",
    ".env": "A_ENV=env\nA_BOTH=env\nA_ALL=env\nA_UTF=\u00fc\nA_EMPTY=\nA_NONE\n",
    ".flaskenv": "A_FLASKENV=flaskenv\nA_BOTH=flaskenv\nFLASK_DEBUG=1\n",
    "given.env": "A_ALL=given\nA_GIVEN=given\nFLASK_APP=other\n",
    "empty.env": "",
}


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"A_ALL": "outside", "A_NONE": "outside", "FLASK_DEBUG": "0"},
        {"FLASK_SKIP_DOTENV": "1"},
        {"FLASK_SKIP_DOTENV": "no"},
        {"FLASK_ENV_FILE": "given.env"},
        {"FLASK_ENV_FILE": "missing.env"},
        {"FLASK_DEBUG": "false"},
        {"FLASK_DEBUG": "maybe"},
    ],
    ids=str,
)
def test_environment_and_env_files_agree(projects: Projects, env: dict[str, str]) -> None:
    """What is set by whom, and which setting counts, is as in Flask."""
    projects.write(ENVIRONMENT)

    for line in (
        "show",
        "--env-file given.env show",
        "-e empty.env show",
        "-e nowhere.env show",
        "-e . show",
        "--debug show",
        "--no-debug show",
    ):
        projects.agree(*line.split(), env=env)
    (projects.folders["flask"] / "deeper").mkdir()
    (projects.folders["miniflask"] / "deeper").mkdir()
    projects.agree("--app", "other", "show", env=env)


@pytest.mark.parametrize("with_files", [True, False])
@pytest.mark.parametrize("line", ["show", "-e given.env show", "-e given.env"])
def test_without_python_dotenv_the_words_are_flasks(
    projects: Projects, line: str, with_files: bool
) -> None:
    """A file asked for is an error, a file lying there a tip."""
    files = dict(ENVIRONMENT)
    if not with_files:
        del files[".env"], files[".flaskenv"]
    projects.write(files)

    with mock.patch.dict(sys.modules, {"dotenv": None}):
        projects.agree(*line.split())


# ---- routes ----

ROUTED = {
    "app.py": """
        from {fw} import Blueprint, Flask

        app = Flask(__name__)

        def routes(app):
            view = lambda **kw: ""
            app.add_url_rule("/zebra", "aardvark", view, methods=["PUT", "DELETE"])
            app.add_url_rule("/<path:everything>", "last", view)
            app.add_url_rule("/<int:number>/", "number", view, methods=["POST"])
            app.add_url_rule("/any", "any", view, methods=[])
            app.add_url_rule("/zebra", "zebra", view, methods=["GET", "POST", "OPTIONS"])
            b = Blueprint("b", __name__, url_prefix="/b")
            b.add_url_rule("/in", "inner", view)
            app.register_blueprint(b)
            return app

        routes(app)
        bare = Flask(__name__, static_folder=None)

        sub = routes(Flask(__name__, subdomain_matching=True))
        sub.config["SERVER_NAME"] = "example.com"
        sub.add_url_rule("/x", "xx", lambda: "", subdomain="s")
        sub.register_blueprint(Blueprint("bs", __name__, subdomain="<name>"))
        sub.add_url_rule("/y", "yy", lambda: "", subdomain="<name>")

        host = Flask(__name__, static_host="static.example.com", host_matching=True)
        host.add_url_rule("/a", "zz", lambda: "", methods=["PUT", "POST"])
        host.add_url_rule("/x", "xx", lambda: "", host="example.com")
        host.add_url_rule("/x", "aa", lambda: "", host="<name>.example.com")
    """
}


@pytest.mark.parametrize("app", ["app", "bare", "sub", "host"])
def test_routes_are_listed_as_flask_lists_them(projects: Projects, app: str) -> None:
    """The table agrees in every order, with and without hosts, subdomains and all methods."""
    projects.write(ROUTED)
    tables = set()

    for sort in ("endpoint", "methods", "domain", "rule", "match"):
        for more in ([], ["--all-methods"]):
            tables.add(projects.agree("-A", f"app:{app}", "routes", "-s", sort, *more)[1])
    assert len(tables) == {"app": 8, "bare": 1, "sub": 10, "host": 10}[app]


# ---- run ----


def run_agrees(projects: Projects, *args: str, env: dict[str, str] | None = None) -> Any:
    """Hold ``run`` against Flask's, up to what the server is asked to do."""
    with (
        mock.patch.object(flask.cli, "run_simple") as theirs,
        mock.patch.object(miniflask.cli, "run_simple") as ours,
    ):
        answer = projects.agree(*args, env=env)
    served = [
        re.sub(
            rf"{folder}| at 0x\w+",
            "",
            str([[type(c.args[2]), c.args[:2], c.kwargs] for c in calls]),
        )
        for folder, calls in zip(
            projects.folders.values(), (ours.call_args_list, theirs.call_args_list), strict=True
        )
    ]
    assert served[0].replace("miniflask", "flask") == served[1]
    return answer


RUN = {
    "app.py": "from {fw} import Flask\napp = Flask(__name__)",
    "context.py": "import ssl\nours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\nnone = 1",
    "cert.pem": "",
    "key.pem": "",
    "adhoc": "",
}

RUN_LINES = [
    "run", "--debug run", "run --debug", "--debug run --no-debug", "run --host 0.0.0.0 --port 80",
    "run -h ::1 -p 0", "run --port -1", "run --reload", "run --no-reload",
    "--debug run --no-reload", "--debug run --no-debugger", "run --debugger", "run --with-threads",
    "run --without-threads", "run --extra-files a:b/c", "run --extra-files cert.pem",
    "run --exclude-patterns *.x:y", "run --cert cert.pem --key key.pem",
    "run --key key.pem --cert cert.pem", "run --cert cert.pem", "run --key key.pem",
    "run --cert adhoc", "run --cert ADHOC", "run --cert adhoc --key key.pem", "run --cert ./adhoc",
    "run --cert adhoc:", "run --cert nope.pem", "run --cert nope:nope", "run --cert .",
    "run --cert context:ours", "run --cert context:ours --key key.pem", "run --cert context:none",
    "run --cert context:none --key key.pem", "run --cert cert.pem --key nope", "run --cert",
    "--app app:app run", "--app nope run", "run extra", "run --reload --reload", "run --cert=",
]  # fmt: skip


@pytest.mark.parametrize("line", RUN_LINES)
def test_run_asks_the_server_for_what_flask_does(projects: Projects, line: str) -> None:
    """Every option of run, alone and combined, reaches the server or is refused alike."""
    projects.write({k: v for k, v in RUN.items() if k != "adhoc" or "./adhoc" in line})

    run_agrees(projects, *line.split())


@pytest.mark.parametrize(
    "env",
    [
        {"FLASK_RUN_PORT": "81", "FLASK_RUN_HOST": "h", "FLASK_RUN_RELOAD": "1"},
        {"FLASK_RUN_PORT": "x"},
        {"FLASK_RUN_DEBUG": "1"},
        {"FLASK_DEBUG": "1", "FLASK_RUN_DEBUG": "0"},
        {"FLASK_RUN_EXTRA_FILES": "a:b", "FLASK_RUN_WITH_THREADS": "0"},
        {"FLASK_RUN_CERT": "adhoc"},
        {"FLASK_RUN_CERT": "cert.pem", "FLASK_RUN_KEY": "key.pem"},
        {"FLASK_RUN_KEY": "key.pem"},
    ],
    ids=str,
)
def test_run_takes_its_options_from_the_environment(
    projects: Projects, env: dict[str, str]
) -> None:
    """FLASK_RUN_* variables stand for the options, and options beat them."""
    projects.write({k: v for k, v in RUN.items() if k != "adhoc"})

    run_agrees(projects, "run", env=env)
    run_agrees(projects, "run", "--port", "82", "--no-debug", env=env)


@pytest.mark.parametrize("missing", ["ssl", "cryptography"])
def test_run_says_what_a_certificate_needs(projects: Projects, missing: str) -> None:
    """Without ssl or cryptography the same words say so."""
    projects.write({k: v for k, v in RUN.items() if k != "adhoc"})

    with mock.patch.dict(sys.modules, {missing: None}):
        answer = run_agrees(projects, "run", "--cert", "adhoc")
    assert answer[0] == 2


def test_an_application_that_fails_to_load_is_served_when_reloading(projects: Projects) -> None:
    """In the reloader's child, run prints the error and serves an application that raises it."""
    projects.write({"app.py": "raise RuntimeError('oh no')"})

    for reloading in ("true", "false"):
        answer = run_agrees(projects, "run", env={"WERKZEUG_RUN_MAIN": reloading})
        assert answer[0] == {"true": 0, "false": 1}[reloading]


# ---- the surface ----


def without_words(info: Any) -> Any:
    """Drop from Click's description of a command what only its help text shows."""
    if isinstance(info, dict):
        words = ("help", "short_help", "epilog")
        return {key: without_words(value) for key, value in info.items() if key not in words}
    return [without_words(item) for item in info] if isinstance(info, list) else info


def test_commands_have_flasks_options() -> None:
    """Click describes our command line as it describes Flask's, apart from the help texts."""
    described = [
        without_words(fw.cli.cli.to_info_dict(click.Context(fw.cli.cli, obj=fw.cli.ScriptInfo())))
        for fw in FRAMEWORKS.values()
    ]
    described[0]["name"] = described[1]["name"]
    for description in described:
        description["commands"].pop("cookie", None)  # ours alone
    processed = [
        [
            (param.name, param.is_eager, param.expose_value, param.metavar)
            for command in (fw.cli.cli, *fw.cli.cli.commands.values())
            for param in command.params
            if command.name != "cookie"
        ]
        for fw in FRAMEWORKS.values()
    ]

    assert described[0] == described[1]
    assert processed[0] == processed[1]


@pytest.mark.parametrize(
    "name",
    [
        "AppGroup", "AppGroup.command", "AppGroup.group", "CertParamType", "CertParamType.convert",
        "FlaskGroup", "FlaskGroup.get_command", "FlaskGroup.list_commands",
        "FlaskGroup.make_context", "FlaskGroup.parse_args", "NoAppException", "ScriptInfo",
        "ScriptInfo.load_app", "SeparatedPathType.convert", "_called_with_wrong_args",
        "find_app_by_string", "find_best_app", "get_version", "load_dotenv", "locate_app", "main",
        "pass_script_info", "prepare_import", "show_server_banner", "with_appcontext",
    ],
)  # fmt: skip
def test_names_have_flasks_parameters(name: str) -> None:
    """Every public name can be called as Flask's can, with the same defaults."""
    parameters = []
    for fw in FRAMEWORKS.values():
        value = fw.cli
        for part in name.split("."):
            value = getattr(value, part)
        signature = inspect.signature(value)
        parameters.append([(p.name, p.kind, p.default) for p in signature.parameters.values()])

    assert parameters[0] == parameters[1]


def test_the_runner_has_flasks_parameters() -> None:
    """FlaskCliRunner is made and invoked as Flask's."""
    for method in ("__init__", "invoke"):
        ours, theirs = (
            list(inspect.signature(getattr(fw.testing.FlaskCliRunner, method)).parameters)
            for fw in FRAMEWORKS.values()
        )
        assert ours == theirs


@pytest.mark.parametrize("spec", ["text", "adhoc", "context"])
def test_certificates_are_converted_as_flask_converts_them(
    spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CertParamType answers alike when called by itself."""
    module = ModuleType("module_with_context")
    module.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # type: ignore[attr-defined]  # made up
    monkeypatch.setitem(sys.modules, "module_with_context", module)
    answers: list[Any] = []

    for fw in FRAMEWORKS.values():
        try:
            value = {"context": "module_with_context:context"}.get(spec, spec)
            answers.append(fw.cli.CertParamType().convert(value, None, None))
        except click.BadParameter as e:
            answers.append(e.format_message())
    assert answers[0] == answers[1]


# ---- processes ----


@pytest.mark.parametrize(
    ("line", "input", "code"),
    [
        ("hello", "", 0),
        ("plugged", "", 0),
        ("fail raise", "", 1),
        ("--app nope nope", "", 2),
        ("--app chained run", "", 1),
        (
            "shell",
            "import sys\nprint(app, g, made_here, startup)\n1 +\nsys.exit(5)\n",
            5,
        ),
    ],
)
def test_processes_agree(projects: Projects, line: str, input: str, code: int) -> None:
    """python -m runs commands, shells and mistakes as python -m flask does."""
    projects.write(
        {
            **COMMANDS,
            "shelled.py": "from app import app\n"
            "app.shell_context_processor(lambda: {'made_here': 1})\n",
            "chained.py": "try: 1 / 0\nexcept Exception as e: raise ValueError('chained') from e",
            "startup.py": "startup = made_here = 'from startup'",
            "plugin.py": "import click\nplugged = click.command()(lambda: print('plugged in'))",
            "plugin-1.dist-info/METADATA": "Name: plugin\nVersion: 1\n",
            "plugin-1.dist-info/entry_points.txt": "[flask.commands]\nplugged = plugin:plugged\n",
        }
    )
    env = {"FLASK_APP": "shelled", "PYTHONSTARTUP": "startup.py"}

    assert projects.processes_agree(*line.split(), input=input, env=env)[0] == code


class Server:
    """A server that runs as a process of its own; its output is read line by line."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.lines: list[str] = []
        self._seen = 0
        self._more = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.url = self.wait_for("Running on ").rpartition(" ")[2]

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._more:
                self.lines.append(line.rstrip())
                self._more.notify()

    def _next(self, text: str) -> str | None:
        """Return the next line with *text* in it, if it is there already."""
        for self._seen, line in enumerate(self.lines[self._seen :], self._seen + 1):
            if text in line:
                return line
        return None

    def wait_for(self, text: str) -> str:
        """Wait until the server writes a line with *text* in it, and return it."""
        with self._more:
            line = self._more.wait_for(lambda: self._next(text), timeout=30)
        assert line is not None, f"no {text!r} in {self.lines}"
        return line

    def get(self) -> tuple[int, str]:
        """Return status and body of a request; of an error its first line alone."""
        try:
            with urlopen(self.url, timeout=30) as response:
                return response.status, response.read().decode()
        except HTTPError as e:
            with e:
                title = re.search("<title>(.*)$", e.read().decode(), re.MULTILINE)
                return e.code, title[1] if title else ""

    def stop(self) -> tuple[int, list[str]]:
        """Terminate it, and return its exit status and what it wrote, dates and ports aside."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(timeout=30)
        finally:
            # A group of its own: the server and what the reloader started.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self._reader.join(timeout=30)
        text = normalized("\n".join(self.lines), self.folder)
        return status, re.sub(r":\d+$|\[.*?\]", "", text, flags=re.MULTILINE).splitlines()


@contextlib.contextmanager
def serving(projects: Projects, *args: str) -> Iterator[list[Server]]:
    """Serve a project with both frameworks, on ports that the system picks."""
    processes = projects.spawn(
        *args, stderr=subprocess.STDOUT, env={"WERKZEUG_DEBUG_PIN": "123-456-789"}
    )
    servers: list[Server] = []
    with contextlib.ExitStack() as stack:
        for name, process in processes.items():
            stack.enter_context(process)
            stack.callback(process.kill)
        for name, process in processes.items():
            servers.append(Server(process, projects.folders[name]))
            stack.callback(servers[-1].stop)
        yield servers


def test_run_serves_over_a_real_port(projects: Projects) -> None:
    """run answers requests, and says on the terminal what Flask says."""
    projects.write({"app.py": "from {fw} import Flask\napp = Flask(__name__)\napp.get('/')(str)"})

    with serving(projects, "run", "--port", "0") as servers:
        assert [server.get() for server in servers] == [(200, "")] * 2
        ours, theirs = (server.stop() for server in servers)
    assert ours == theirs
    assert ours[0] == -signal.SIGTERM


def test_the_reloader_serves_what_was_edited(projects: Projects) -> None:
    """With --debug, an edit restarts the server, a mistake is shown, a named file counts, too."""
    source = "from {fw} import Flask\napp = Flask(__name__)\napp.get('/')(lambda: 'ANSWER')"
    edits = [
        ("app.py", source.replace("ANSWER", "edited"), (200, "edited")),
        ("app.py", "raise RuntimeError('half done')", (500, "RuntimeError: half done")),
        ("app.py", source.replace("ANSWER", "repaired"), (200, "repaired")),
        ("settings.txt", "changed", (200, "repaired")),
    ]
    projects.write({"app.py": source, "settings.txt": "", "ignored.py": ""})
    line = ["run", "--debug", "--port", "0", "--extra-files", "settings.txt"]

    with serving(projects, *line, "--exclude-patterns", f"{HERE}/*") as servers:
        assert [server.get() for server in servers] == [(200, "ANSWER")] * 2
        for path, text, answer in edits:
            projects.write({path: text})
            for server in servers:
                server.wait_for("Detected change")
                server.wait_for("Restarting with")
            assert [server.get() for server in servers] == [answer] * 2
        ours, theirs = (server.stop() for server in servers)
    assert ours == theirs
    assert ours[0] == 0
