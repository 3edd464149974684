"""The command line: discovery, groups, options, commands."""

from __future__ import annotations

import os
import runpy
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextvars import copy_context
from importlib.metadata import EntryPoint, version
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import click
import pytest
from click.testing import CliRunner, Result

import miniflask.cli
import miniflask.cli.testing
from miniflask import Blueprint, Flask, current_app, g
from miniflask.cli import (
    AppGroup,
    CertParamType,
    FlaskGroup,
    NoAppException,
    ScriptInfo,
    SeparatedPathType,
    cli,
    find_app_by_string,
    find_best_app,
    locate_app,
    pass_script_info,
    prepare_import,
    routes_command,
    run_command,
    shell_command,
    with_appcontext,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty working directory, a clean environment, and imports that are forgotten after."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with mock.patch.dict(os.environ, {"HOME": str(tmp_path)}):
        for name in [name for name in os.environ if name.startswith("FLASK_")]:
            del os.environ[name]
        yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def app() -> Flask:
    """An application."""
    return Flask("sample")


def invoke(command: click.Command, *args: str, **options: Any) -> Result:
    """Run a command in a context of its own, since Click may leave one pushed."""
    return copy_context().run(CliRunner().invoke, command, args, **options)


def module(**names: Any) -> ModuleType:
    """Make a module that holds *names*."""
    made = ModuleType("made")
    made.__dict__.update(names)
    return made


# ---- discovery ----


@pytest.mark.parametrize("name", ["app", "application", "anything"])
def test_the_usual_names_or_the_only_application_are_found(app: Flask, name: str) -> None:
    """An application is found as app, as application, and under any name if it is the only one."""
    assert find_best_app(module(number=1, proxy=current_app, cls=Flask, **{name: app})) is app


def test_a_usual_name_goes_before_others(app: Flask) -> None:
    """app is taken before application, and that before others."""
    other = Flask("other")

    assert find_best_app(module(a=other, application=other, app=app)) is app
    assert find_best_app(module(a=other, application=app)) is app
    assert find_best_app(module(app="not one", application=app)) is app


def test_several_applications_are_an_error(app: Flask) -> None:
    """Without a usual name the program must say which one."""
    with pytest.raises(NoAppException, match="multiple Flask applications .*'made:name'"):
        find_best_app(module(a=app, b=Flask("other")))


@pytest.mark.parametrize("name", ["create_app", "make_app"])
def test_a_factory_is_called(app: Flask, name: str) -> None:
    """A function of a usual name makes the application; one that makes none is passed over."""
    assert find_best_app(module(**{"create_app": lambda: None, name: lambda: app})) is app


def test_a_factory_that_wants_arguments_is_explained() -> None:
    """The error shows how to give them."""
    with pytest.raises(NoAppException, match=r"'create_app' .*'made:create_app\(args\)'"):
        find_best_app(module(create_app=lambda x: None))


def test_a_type_error_inside_a_factory_goes_through() -> None:
    """Only a failed call is explained, not a factory's own mistake."""
    with pytest.raises(TypeError, match="has no len"):
        find_best_app(module(create_app=lambda: len(1)))  # type: ignore[arg-type]  # the mistake
    with pytest.raises(TypeError, match="has no len"):
        find_app_by_string(module(f=lambda x: len(x)), "f(1)")


def test_nothing_found_is_an_error() -> None:
    """A module without an application or factory says so."""
    with pytest.raises(NoAppException, match="Failed to find Flask application or factory"):
        find_best_app(module())


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app", "sample"),
        (" app ", "sample"),
        ("make", "[1, 2]"),
        ("make('x')", "['x', 2]"),
        ("make([3], b={'c': None})", "[[3], {'c': None}]"),
    ],
)
def test_a_name_or_call_leads_to_an_application(app: Flask, text: str, name: str) -> None:
    """Names are looked up, functions called, with literals as arguments."""
    made = module(app=app, make=lambda a=1, b=2: Flask(str([a, b])))

    assert find_app_by_string(made, text).import_name == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Failed to parse '' as an attribute name or function call"),
        ("a.b", "Failed to parse 'a.b'"),
        ("1", "Failed to parse '1'"),
        ("a.b()", "must be a simple name: 'a.b()'"),
        ("f(g())", "Failed to parse arguments as literal values"),
        ("nope", "Failed to find attribute 'nope' in 'made'"),
        ("f(1, 2)", "could not be called with the specified arguments"),
        ("f(1)", "A valid Flask application was not obtained from 'made:f(1)'"),
        ("number", "A valid Flask application was not obtained from 'made:number'"),
    ],
)
def test_other_texts_are_errors(text: str, message: str) -> None:
    """Each mistake after the colon has its own message."""
    with pytest.raises(NoAppException) as caught:
        find_app_by_string(module(f=lambda x: x, number=1), text)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("path", "name", "above"),
    [
        ("plain.py", "plain", ""),
        ("plain", "plain", ""),
        ("package", "package", ""),
        ("package/__init__.py", "package", ""),
        ("package/inner/deep.py", "package.inner.deep", ""),
        ("folder/module.py", "module", "folder"),
        ("dotted.name", "dotted.name", ""),
    ],
)
def test_a_path_becomes_a_module_name(folder: Path, path: str, name: str, above: str) -> None:
    """The name starts at the outermost package, and the folder above it can be imported from."""
    (folder / "package" / "inner").mkdir(parents=True)
    (folder / "package" / "__init__.py").touch()
    (folder / "package" / "inner" / "__init__.py").touch()

    for _ in range(2):
        assert prepare_import(path) == name
        assert sys.path[0] == str((folder / above).resolve())
    assert sys.path.count(sys.path[0]) == 1


def test_a_module_is_imported_and_searched(folder: Path) -> None:
    """locate_app imports, then looks for the name given or the best there is."""
    (folder / "found.py").write_text(
        "from miniflask import Flask\napp = Flask('a'); b = Flask('b')"
    )

    assert locate_app("found", None).import_name == "a"
    assert locate_app("found", "b").import_name == "b"


def test_a_missing_module_is_an_error_or_none() -> None:
    """Whether it is an error is for the caller to say."""
    with pytest.raises(NoAppException, match="Could not import 'nowhere'"):
        locate_app("nowhere", None)
    assert locate_app("nowhere", None, raise_if_not_found=False) is None


def test_a_module_that_fails_to_import_shows_where(folder: Path) -> None:
    """A module that is there is an error even for a try, with its own traceback."""
    (folder / "failing.py").write_text("import nowhere")

    with pytest.raises(
        NoAppException, match=r"(?s)While importing 'failing'.*failing\.py.*nowhere"
    ):
        locate_app("failing", None, raise_if_not_found=False)


# ---- the application of an invocation ----


def test_the_application_is_loaded_once(app: Flask) -> None:
    """A script info keeps what its factory made."""
    factory = mock.Mock(return_value=app)
    info = ScriptInfo(create_app=factory)

    assert info.load_app() is info.load_app() is app
    factory.assert_called_once_with()


@pytest.mark.parametrize("files", [["wsgi.py"], ["app.py"], ["app.py", "wsgi.py"]])
def test_the_usual_files_are_tried(folder: Path, files: list[str]) -> None:
    """Without a name it is wsgi.py, then app.py."""
    for file in files:
        (folder / file).write_text("from miniflask import Flask\napp = Flask(__name__)")

    assert ScriptInfo().load_app().import_name == files[-1][:-3]


@pytest.mark.parametrize("text", ["there.py:b", "there:b", "{folder}/there:b", "./there.py:make()"])
def test_the_import_path_says_where_it_is(folder: Path, text: str) -> None:
    """File or module, then what in it."""
    (folder / "there.py").write_text(
        "from miniflask import Flask\na = Flask('a'); b = Flask('b')\ndef make(): return b"
    )

    assert ScriptInfo(text.format(folder=folder)).load_app().import_name == "b"


def test_a_drive_letter_is_no_module_name() -> None:
    """A colon before a slash belongs to the path."""
    with pytest.raises(NoAppException, match=r"Could not import 'C:\\\\app'"):
        ScriptInfo("C:\\app").load_app()


def test_no_application_is_explained() -> None:
    """The error names every way to say where it is."""
    for info in (ScriptInfo(), ScriptInfo(create_app=lambda: None)):  # type: ignore[arg-type, return-value]  # the mistake
        with pytest.raises(NoAppException, match=r"--app.*FLASK_APP.*wsgi\.py.*app\.py"):
            info.load_app()


@pytest.mark.parametrize(("asked", "debug"), [("1", True), ("0", False)])
def test_loading_sets_debug_mode(app: Flask, asked: str, debug: bool) -> None:
    """FLASK_DEBUG decides, unless the script says that it does not."""
    os.environ["FLASK_DEBUG"] = asked
    app.debug = not debug

    assert ScriptInfo(create_app=lambda: app, set_debug_flag=False).load_app().debug is not debug
    assert ScriptInfo(create_app=lambda: app).load_app().debug is debug


@pytest.mark.parametrize(
    ("skip", "default", "load"), [("", False, False), ("1", True, False), ("0", False, True)]
)
def test_env_files_can_be_skipped(skip: str, default: bool, load: bool) -> None:
    """FLASK_SKIP_DOTENV beats the argument."""
    os.environ["FLASK_SKIP_DOTENV"] = skip

    assert ScriptInfo(load_dotenv_defaults=default).load_dotenv_defaults is load


def test_a_decorated_command_runs_in_the_app_context(app: Flask) -> None:
    """The context is there for the command and its subcommands, and torn down at the end."""
    torn_down: list[BaseException | None] = []
    app.teardown_appcontext(torn_down.append)

    @click.group(invoke_without_command=True)
    @with_appcontext
    def outer() -> None:
        """The docstring."""
        g.outer = current_app.name

    @outer.command()
    def inner() -> None:
        click.echo(g.outer)

    result = invoke(outer, "inner", obj=ScriptInfo(create_app=lambda: app))

    assert (result.output, torn_down) == ("sample\n", [None])
    assert outer.help == "The docstring."


def test_a_context_that_is_there_is_used(app: Flask) -> None:
    """The application is not loaded when its context is pushed already."""

    @click.command()
    @with_appcontext
    def command() -> None:
        click.echo(g.mark)

    with app.app_context():
        g.mark = "same"
        result = CliRunner().invoke(command)
    assert result.output == "same\n"


def test_a_command_gets_the_script_info() -> None:
    """pass_script_info hands over the one there is, or makes one."""

    @click.command()
    @pass_script_info
    def command(info: ScriptInfo) -> None:
        click.echo(info.app_import_path)

    assert invoke(command, obj=ScriptInfo("here")).output == "here\n"
    assert invoke(command, obj=None).output == "\n"


# ---- groups ----


def test_commands_of_an_application_have_its_context(app: Flask) -> None:
    """app.cli and its subgroups push the context, unless told not to."""

    @app.cli.command()
    def inside() -> None:
        click.echo(current_app.name)

    @app.cli.command("outside", with_appcontext=False)
    def outside() -> None:
        click.echo(bool(current_app))

    @app.cli.group()
    def sub() -> None:
        pass

    @sub.command()
    def deep() -> None:
        click.echo(current_app.name)

    runner = app.test_cli_runner()

    assert isinstance(sub, AppGroup)
    assert [runner.invoke(args=[name]).output for name in ("inside", "outside")] == [
        "sample\n",
        "False\n",
    ]
    assert runner.invoke(args=["sub", "deep"]).output == "sample\n"


def test_a_subgroup_may_be_of_another_class(app: Flask) -> None:
    """cls= decides."""

    @app.cli.group(cls=click.Group)
    def plain() -> None:
        pass

    assert type(plain) is click.Group


@pytest.mark.parametrize(
    ("options", "line"),
    [({}, "part go"), ({"cli_group": "x"}, "x go"), ({"cli_group": None}, "go")],
)
def test_a_blueprints_commands_are_the_applications(app: Flask, options: Any, line: str) -> None:
    """They form a group of the blueprint's name, of another, or none."""
    part = Blueprint("part", __name__, **options)
    part.cli.command("go")(lambda: click.echo(current_app.name))
    app.register_blueprint(part)

    assert app.test_cli_runner().invoke(args=line).output == "sample\n"


def test_a_flask_group_has_the_common_commands_and_the_applications(app: Flask) -> None:
    """Both kinds are listed and found, and a common one goes before the application's."""
    app.cli.command("own")(lambda: click.echo(f"own {current_app.name}"))
    app.cli.command("run")(lambda: click.echo("not this one"))
    group = FlaskGroup(create_app=lambda: app)

    assert invoke(group, "own").output == "own sample\n"
    with mock.patch.object(miniflask.cli, "run_simple"):
        assert "not this one" not in invoke(group, "run").output
    for line in ([], ["--help"]):
        for name in ("own", "routes", "run", "shell"):
            assert f"\n  {name}" in invoke(group, *line).output


def test_a_flask_group_can_do_without_common_parts(app: Flask) -> None:
    """The common commands, the version and the prefix of the variables are up to the program."""
    called = []
    group = FlaskGroup(
        add_default_commands=False,
        create_app=lambda: app,
        add_version_option=False,
        params=[click.Option(["--mine"])],
        context_settings={"auto_envvar_prefix": "MINE"},
        callback=lambda mine: called.append(mine),
    )
    app.cli.command("own")(lambda: None)

    assert invoke(group, "run").exit_code == 2
    assert invoke(group, "--version").exit_code == 2
    assert invoke(group, "own", env={"MINE_MINE": "x"}).exit_code == 0
    assert called == ["x"]


def test_another_applications_context_is_not_mistaken_for_its_own(app: Flask) -> None:
    """A command runs in the context of the application that it belongs to."""
    app.cli.command("own")(lambda: click.echo(current_app.name))
    group = FlaskGroup(create_app=lambda: app)

    with Flask("other").app_context():
        result = CliRunner().invoke(group, ["own"])
    assert result.output == "sample\n"


def test_an_application_that_cannot_be_loaded_leaves_the_common_commands() -> None:
    """Help shows the error beside what is there, an unknown command after it."""
    for line in ([], ["--help"], ["nope"]):
        result = invoke(cli, *line)
        assert result.stderr.startswith("Error: Could not locate a Flask application.")
        assert "Usage: miniflask" in result.output
    assert invoke(cli, "--help").exit_code == 0
    assert invoke(cli, "nope").exit_code == 2


def test_help_survives_an_application_that_raises(folder: Path) -> None:
    """The traceback comes first, then the help."""
    (folder / "app.py").write_text("raise RuntimeError('oh no')")

    result = invoke(cli, "--help")

    assert "RuntimeError: oh no\n" in result.stderr
    assert "Usage:" in result.stdout
    assert result.exit_code == 0


def test_plugins_add_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entry points of both groups are commands, under their own names; ours win."""
    loaded = {"theirs": click.Command("x", callback=lambda: click.echo("theirs"))}
    loaded["ours"] = click.Command("y", callback=lambda: click.echo("ours"))
    monkeypatch.setattr(sys.modules[__name__], "plugins", loaded, raising=False)
    monkeypatch.setitem(sys.modules, "plugins", module(**loaded))
    points = {
        "flask.commands": [
            EntryPoint("theirs", "plugins:theirs", "flask.commands"),
            EntryPoint("both", "plugins:theirs", "flask.commands"),
        ],
        "miniflask.commands": [EntryPoint("both", "plugins:ours", "miniflask.commands")],
    }
    group = FlaskGroup(load_dotenv=False)

    with mock.patch(
        "importlib.metadata.entry_points", side_effect=lambda group: points[group]
    ) as asked:
        assert invoke(group, "theirs").output == "theirs\n"
        assert invoke(group, "both").output == "ours\n"
    assert asked.call_count == 2


def test_importing_the_application_cannot_start_a_server(folder: Path) -> None:
    """app.run() is a notice while a command runs."""
    (folder / "app.py").write_text("from miniflask import Flask\napp = Flask('a')\napp.run()")

    assert "Ignoring a call to 'app.run()'" in invoke(cli, "routes").output
    assert os.environ["FLASK_RUN_FROM_CLI"] == "true"


# ---- options ----


def test_the_version_is_that_of_all_involved() -> None:
    """--version shows Python, miniflask and Werkzeug, and exits."""
    result = invoke(cli, "--version")

    assert result.output.split() == [
        *("Python", sys.version.split()[0]),
        *("miniflask-study", version("miniflask-study")),
        *("Werkzeug", version("werkzeug")),
    ]


def test_the_version_waits_for_the_option() -> None:
    """Nothing is shown when the flag is absent, or when only completion is asked for."""
    context = click.Context(cli, resilient_parsing=True)

    miniflask.cli.get_version(context, miniflask.cli.version_option, True)
    miniflask.cli.get_version(context, miniflask.cli.version_option, False)


@pytest.mark.parametrize(
    ("line", "env", "debug"),
    [
        ("show", {}, False),
        ("--debug show", {}, True),
        ("show", {"FLASK_DEBUG": "1"}, True),
        ("--no-debug show", {"FLASK_DEBUG": "1"}, False),
        ("--debug show", {"FLASK_DEBUG": "0"}, True),
    ],
)
def test_debug_mode_is_an_option(app: Flask, line: str, env: dict[str, str], debug: bool) -> None:
    """--debug beats FLASK_DEBUG, and a factory sees it already."""
    seen = []

    def create_app() -> Flask:
        seen.append(miniflask.helpers.get_debug_flag())
        return app

    app.cli.command("show")(lambda: click.echo(current_app.debug))

    assert invoke(FlaskGroup(create_app=create_app), *line.split(), env=env).output == f"{debug}\n"
    assert seen == [debug]


def test_env_files_set_what_is_not_set(folder: Path, app: Flask) -> None:
    """A file given beats .env, that .flaskenv, and the environment all."""
    (folder / ".flaskenv").write_text("T_A=flaskenv\nT_B=flaskenv\nT_C=flaskenv\nT_D=flaskenv")
    (folder / ".env").write_text("T_B=env\nT_C=env\nT_D=env")
    (folder / "given").write_text("T_C=given\nT_D=given")
    app.cli.command("show")(lambda: click.echo("".join(os.environ[f"T_{x}"][0] for x in "ABCD")))

    result = invoke(
        FlaskGroup(create_app=lambda: app), "-e", "given", "show", env={"T_D": "outside"}
    )

    assert result.output == "fego\n"


def test_an_env_file_may_name_the_application(folder: Path) -> None:
    """The file is read before the application is looked for, also for help."""
    (folder / "module.py").write_text(
        "from miniflask import Flask\na = Flask('a')\na.cli.command('own')(lambda: print('ran'))"
    )
    (folder / ".env").write_text("FLASK_APP=module")

    assert invoke(cli, "own").output == "ran\n"
    for line in ([], ["--help"]):
        os.environ.pop("FLASK_APP", None)
        assert "\n  own" in invoke(cli, *line).output


def test_help_lists_the_commands_of_the_application_named(folder: Path) -> None:
    """--app is processed before --help."""
    (folder / "module.py").write_text(
        "from miniflask import Flask\na = Flask('a')\na.cli.command('own')(print)"
    )

    assert "\n  own" in invoke(cli, "--app", "module", "--help").output


def test_an_env_file_needs_python_dotenv(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for a file without the library is an error; without asking nothing happens."""
    (folder / "given").touch()
    monkeypatch.setitem(sys.modules, "dotenv", None)

    result = invoke(cli, "-e", "given", "routes")

    assert "python-dotenv must be installed to load an env file." in result.output
    assert result.exit_code == 2
    assert "dotenv" not in invoke(cli, "routes").output


def test_reading_env_files_can_be_turned_off(folder: Path, app: Flask) -> None:
    """A group with load_dotenv=False reads none by itself, but the one asked for."""
    (folder / ".env").write_text("T_ENV=env")
    (folder / "given").write_text("T_GIVEN=given")
    app.cli.command("show")(
        lambda: click.echo(f"{'T_ENV' in os.environ} {'T_GIVEN' in os.environ}")
    )
    group = FlaskGroup(create_app=lambda: app, load_dotenv=False)

    assert invoke(group, "show").output == "False False\n"
    assert invoke(group, "-e", "given", "show").output == "False True\n"


def test_a_certificate_is_a_file_adhoc_or_a_context(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file becomes its path, adhoc stays, an import path becomes the context."""
    (folder / "cert.pem").touch()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "contexts", module(ours=context, number=1))

    def convert(value: str) -> Any:
        return CertParamType().convert(value, None, None)

    assert convert("cert.pem") == str((folder / "cert.pem").resolve())
    assert convert("ADHOC") == "adhoc"
    assert convert("contexts:ours") is context
    for wrong in ("nope.pem", "contexts:number"):
        with pytest.raises(click.BadParameter, match="does not exist"):
            convert(wrong)


@pytest.mark.parametrize(
    ("missing", "words"), [("ssl", "SSL support"), ("cryptography", "cryptography library")]
)
def test_a_certificate_needs_libraries(
    monkeypatch: pytest.MonkeyPatch, missing: str, words: str
) -> None:
    """What is missing for it is said."""
    monkeypatch.setitem(sys.modules, missing, None)

    with pytest.raises(click.BadParameter, match=words):
        CertParamType().convert("adhoc", None, None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--cert file", 'Required when using "--cert".'),
        ("--key file", '"--cert" must also be specified.'),
        ("--cert adhoc --key file", 'When "--cert" is "adhoc", "--key" is not used.'),
        ("--key file --cert contexts:ours", "SSLContext object"),
    ],
)
def test_a_key_goes_with_a_certificate_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch, line: str, words: str
) -> None:
    """Neither goes alone, and nothing else takes a key."""
    (folder / "file").touch()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "contexts", module(ours=context))

    with pytest.raises(click.BadParameter, match=words):
        run_command.make_context("run", line.split())
    path = str((folder / "file").resolve())
    both = run_command.make_context("run", ["--key", "file", "--cert", "file"])
    assert both.params["cert"] == (path, path)


def test_paths_are_separated_as_in_path() -> None:
    """One option takes several paths."""
    joined = os.pathsep.join(["a", "b/c"])

    assert SeparatedPathType().convert(joined, None, None) == ["a", "b/c"]


# ---- commands ----


def run(app: Any, *args: str) -> tuple[Result, mock.Mock]:
    """Run ``run`` without its server; return the result and what the server was asked."""
    with mock.patch.object(miniflask.cli, "run_simple") as server:
        result = invoke(FlaskGroup(create_app=app), *args)
    return result, server


@pytest.mark.parametrize("line", ["--debug run", "run --debug", "run"])
def test_reloader_and_debugger_follow_debug_mode(app: Flask, line: str) -> None:
    """With --debug both are on."""
    _, server = run(lambda: app, *line.split())

    assert server.call_args.args == ("127.0.0.1", 5000, app)
    assert server.call_args.kwargs == {
        "use_reloader": "--debug" in line,
        "use_debugger": "--debug" in line,
        "threaded": True,
        "ssl_context": None,
        "extra_files": None,
        "exclude_patterns": None,
    }


def test_the_options_of_run_reach_the_server(app: Flask) -> None:
    """Each option is passed on, and beats debug mode."""
    line = "--debug run -h h -p 1 --no-reload --no-debugger --without-threads --cert adhoc"

    _, server = run(lambda: app, *line.split(), "--extra-files", "a", "--exclude-patterns", "b")

    assert server.call_args.args == ("h", 1, app)
    assert server.call_args.kwargs == {
        "use_reloader": False,
        "use_debugger": False,
        "threaded": False,
        "ssl_context": "adhoc",
        "extra_files": ["a"],
        "exclude_patterns": ["b"],
    }


def test_run_says_what_it_serves(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The banner names application and mode; a program may replace it."""
    result, _ = run(lambda: app, "--app", "here", "--debug", "run")
    assert result.output == " * Serving Flask app 'here'\n * Debug mode: on\n"

    monkeypatch.setattr(miniflask.cli, "show_server_banner", lambda *args: print("own", *args))
    assert run(lambda: app, "--no-debug", "run")[0].output == "own False None\n"


def test_an_error_while_loading_ends_run_but_not_the_reloader() -> None:
    """In the reloader's child the error is printed and served instead."""
    error = ValueError("oh no")
    error.__cause__ = KeyError()
    create_app = mock.Mock(side_effect=error)

    result, server = run(create_app, "run")
    assert isinstance(result.exception, ValueError)
    assert not server.called

    os.environ["WERKZEUG_RUN_MAIN"] = "true"
    result, server = run(create_app, "run")
    assert "ValueError: oh no" in result.stderr
    error.__cause__ = KeyError()
    with pytest.raises(ValueError, match="oh no"):
        server.call_args.args[2]({}, None)
    assert error.__cause__ is None, "the debugger shows the error alone"


def test_the_shell_knows_the_shell_context(folder: Path, app: Flask) -> None:
    """Names come from the startup file, then from the application."""
    (folder / "startup.py").write_text("here = name = 'startup'")
    os.environ["PYTHONSTARTUP"] = "startup.py"
    app.shell_context_processor(lambda: {"name": "processor"})

    with (
        mock.patch("code.interact") as interact,
        mock.patch("sys.__interactivehook__", create=True),
    ):
        result = invoke(shell_command, obj=ScriptInfo(create_app=lambda: app))

    assert result.exit_code == 0
    banner, namespace = interact.call_args.kwargs["banner"], interact.call_args.kwargs["local"]
    assert banner.splitlines()[-2:] == [f"App: {app.import_name}", f"Instance: {app.instance_path}"]
    assert (namespace["app"], namespace["here"], namespace["name"]) == (app, "startup", "processor")


@pytest.mark.parametrize("readline", [True, False])
def test_the_shell_completes_its_own_names(app: Flask, readline: bool) -> None:
    """With readline, completion is set up for the shell's names; then Python's hook runs."""
    fake = mock.Mock() if readline else None
    hook = mock.Mock()

    with (
        mock.patch("code.interact") as interact,
        mock.patch("sys.__interactivehook__", hook, create=True),
        mock.patch.dict(sys.modules, {"readline": fake}),
    ):
        result = invoke(shell_command, obj=ScriptInfo(create_app=lambda: app))

    assert result.exit_code == 0
    assert interact.call_count == hook.call_count == 1
    if fake is not None:
        completer = fake.set_completer.call_args_list[-1].args[0].__self__
        assert completer.namespace is interact.call_args.kwargs["local"]


def test_the_shell_does_without_the_hook(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Isolated Pythons have none."""
    monkeypatch.delattr(sys, "__interactivehook__", raising=False)

    with mock.patch("code.interact") as interact:
        invoke(shell_command, obj=ScriptInfo(create_app=lambda: app))
    assert interact.call_count == 1


def routes(app: Flask, *args: str) -> list[str]:
    """Return the lines that ``routes`` prints."""
    result = invoke(routes_command, *args, obj=ScriptInfo(create_app=lambda: app))
    return result.output.splitlines()


@pytest.mark.parametrize(
    ("sort", "rules"),
    [
        ("endpoint", ["/b", "/a", "/c"]),
        ("methods", ["/a", "/c", "/b"]),
        ("rule", ["/a", "/b", "/c"]),
        ("match", ["/c", "/b", "/a"]),
        ("domain", ["/c", "/b", "/a"]),
    ],
)
def test_routes_are_sorted_by_a_column(sort: str, rules: list[str]) -> None:
    """Endpoint, methods or rule; everything else keeps the order of matching."""
    app = Flask("sample", static_folder=None)
    for rule, endpoint, method in (("/c", "z", "GET"), ("/b", "x", "POST"), ("/a", "y", "DELETE")):
        app.add_url_rule(rule, endpoint, methods=[method])

    table = routes(app, "--sort", sort)

    assert [row.split()[-1] for row in table[2:]] == rules


def test_routes_are_a_table() -> None:
    """Columns are as wide as their widest cell, and HEAD and OPTIONS are left out."""
    app = Flask("sample", static_folder=None)
    app.add_url_rule("/long/rule", "e", methods=["GET", "POST"])

    assert routes(app) == [
        "Endpoint  Methods    Rule      ",
        "--------  ---------  ----------",
        "e         GET, POST  /long/rule",
    ]
    assert "GET, HEAD, OPTIONS, POST" in routes(app, "--all-methods")[2]


def test_routes_show_subdomains_and_hosts() -> None:
    """There is a column for them only where a rule has one."""
    sub = Flask("sample", static_folder=None)
    sub.add_url_rule("/a", "a", subdomain="s")
    host = Flask("sample", static_host="h", host_matching=True)
    none = Flask("sample", static_folder=None)

    assert routes(sub)[0].split() == ["Endpoint", "Methods", "Subdomain", "Rule"]
    assert routes(sub)[2].split() == ["a", "GET", "s", "/a"]
    assert routes(host)[0].split() == ["Endpoint", "Methods", "Host", "Rule"]
    assert routes(host)[2].split() == ["static", "GET", "h", "/static/<path:filename>"]
    assert routes(none) == ["No routes were registered."]


# ---- around it ----


def test_the_runner_runs_the_applications_commands(app: Flask) -> None:
    """Without a command it is the application's group, and the runner's application is loaded."""
    app.cli.command("own")(lambda: click.echo(current_app.name))
    runner = app.test_cli_runner()

    assert isinstance(runner, miniflask.cli.testing.FlaskCliRunner)
    assert runner.invoke(args=["own"]).output == "sample\n"
    assert runner.invoke(app.cli.commands["own"]).output == "sample\n"
    assert "No such command" in runner.invoke(cli, ["own"], obj=ScriptInfo()).output
    assert "Could not locate" in runner.invoke(app.cli.commands["own"], obj=None).output


def test_the_program_is_the_package() -> None:
    """python -m miniflask and the program miniflask are one command line."""
    for name in ("miniflask", "miniflask.__main__"):
        with (
            mock.patch.object(sys, "argv", ["miniflask", "--version"]),
            pytest.raises(SystemExit) as caught,
        ):
            runpy.run_module(name, run_name="__main__", alter_sys=False)
        assert caught.value.code == 0
    with mock.patch.object(sys, "argv", ["x", "nope"]), pytest.raises(SystemExit) as caught:
        miniflask.cli.main()
    assert caught.value.code == 2


def python(source: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a Python of its own."""
    env = {**os.environ, "PYTHONPATH": str(Path(miniflask.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", source, *args], env=env, capture_output=True, text=True, timeout=60
    )


def test_importing_miniflask_imports_no_click() -> None:
    """An application that uses no commands does without the library."""
    source = "import sys, miniflask; miniflask.Flask('x'); print('click' in sys.modules)"

    assert python(source).stdout == "False\n"


def test_without_click_the_program_says_what_to_type() -> None:
    """One line, and exit status 2; in a program one exception."""
    without = "import sys; sys.modules['click'] = None; "
    result = python(without + "import runpy; runpy.run_module('miniflask', run_name='__main__')")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "The miniflask command needs click. Install it: pip install click\n"

    result = python(without + "import miniflask; miniflask.Flask('x').cli")
    assert result.stderr.endswith(
        "RuntimeError: The command line needs click. Install it: pip install click\n"
    )
