"""The alias under which a program written for Flask runs on miniflask.

An alias stays for the life of its process, so none is installed in this one: each test runs
programs in a Python of their own, and most hold the answer against that of the real Flask.
"""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
import venv
from importlib import import_module
from pathlib import Path
from types import ModuleType

import flask
import pytest

import miniflask
from miniflask.as_flask import _ELSEWHERE, MODULES, __main__

ROOT = Path(miniflask.__file__).parents[1]
SITE = Path(flask.__file__).parents[1]
INSTALL = "import miniflask.as_flask; miniflask.as_flask.install()\n"
FILE = "import flask; print(flask.__file__)"
#: Starts Python with the arguments that it is given itself.
CHILD = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"

#: What an older Flask had: module and name.
GONE = [
    *(("flask", name) for name in ("Markup", "escape", "safe_join", "signals_available", "ext")),
    *(("flask", name) for name in ("_app_ctx_stack", "_request_ctx_stack", "scaffold")),
    ("flask", "Flask.before_first_request"),
    ("flask", "Flask.before_first_request_funcs"),
    ("flask.app", "_request_ctx_stack"),
    *(("flask.globals", name) for name in ("_app_ctx_stack", "_request_ctx_stack")),
    *(("flask.globals", name) for name in ("_lookup_req_object", "_find_app")),
    *(("flask.helpers", name) for name in ("get_env", "locked_cached_property", "safe_join")),
    *(("flask.json", name) for name in ("JSONEncoder", "JSONDecoder", "htmlsafe_dumps")),
    *(
        ("flask.sansio.app", name)
        for name in (
            "App.before_first_request",
            "App.before_first_request_funcs",
            "T_before_first_request",
        )
    ),
    ("flask.scaffold", "Scaffold"),
    ("flask.signals", "signals_available"),
    ("flask.testing", "make_test_environ_builder"),
    ("flask.wrappers", "JSONMixin"),
]


def python(*args: str, cwd: Path = ROOT, code: int = 0, **env: str) -> str:
    """Run Python with the arguments; return what it printed, on both streams."""
    done = subprocess.run(
        [sys.executable, *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == code, done.stdout
    return done.stdout


def aliased(program: str, *args: str, cwd: Path = ROOT, code: int = 0, **env: str) -> str:
    """Run a program after installing the alias; return what it printed."""
    return python("-c", INSTALL + program, *args, cwd=cwd, code=code, **env)


def on_both(program: str, cwd: Path = ROOT) -> str:
    """Run a program on Flask and on miniflask, and return what both printed."""
    theirs, ours = python("-c", program, cwd=cwd), aliased(program, cwd=cwd)
    assert ours == theirs
    return ours


def names_of_modules() -> list[str]:
    """List what the real Flask consists of."""
    folder = Path(flask.__file__).parent
    found = pkgutil.walk_packages([str(folder)], "flask.")
    sansio = (f"flask.sansio.{file.stem}" for file in (folder / "sansio").glob("*.py"))
    return sorted({"flask", *(module.name for module in found), *sansio} - {"flask.__main__"})


def test_every_module_of_flask_is_one_of_ours() -> None:
    """Each module that Flask consists of is, imported by itself, the one that stands behind it."""
    program = """\
import sys
from importlib import import_module
for name, behind in miniflask.as_flask.MODULES.items():
    assert import_module(name) is sys.modules[behind] is import_module(behind), name
    print(name)
"""
    names = [name for name in aliased(program).split() if name.startswith("flask")]

    assert sorted(names) == names_of_modules()


def test_the_order_of_imports_does_not_matter() -> None:
    """Modules that were imported before the alias was installed are those that it gives."""
    ours = sorted(set(MODULES.values()))
    program = f"""\
import sys
from importlib import import_module
ours = {{name: import_module(name) for name in {ours!r}}}
{INSTALL}
for name, behind in miniflask.as_flask.MODULES.items():
    parent, _, attribute = name.rpartition(".")
    assert import_module(name) is ours[behind] is sys.modules[behind], name
    assert not parent or getattr(import_module(parent), attribute) is ours[behind], name
    assert ours[behind].__spec__.name == behind, name
"""
    python("-c", program)


def test_the_package_is_miniflask() -> None:
    """``flask`` itself is miniflask, with the command line as an attribute, as Flask has it."""
    aliased("import flask, miniflask; assert flask is miniflask; assert flask.cli.with_appcontext")


def test_sansio_is_a_namespace() -> None:
    """``flask.sansio`` is a package without a file, and without names of its own."""
    program = (
        "import flask.sansio.app as a, flask.sansio as s; print(s.__file__, hasattr(s, 'App'))"
    )

    assert on_both(program) == "None False\n"


@pytest.mark.parametrize("name", ["routing", "serving", "scaffold", "extras", "cli.groups"])
def test_our_other_modules_are_not_flasks(name: str) -> None:
    """What only miniflask consists of cannot be imported under the name of Flask."""
    program = f"try: import flask.{name}\nexcept ModuleNotFoundError as e: print(e.name)"

    assert aliased(program) == f"flask.{name}\n"


@pytest.mark.parametrize("before", ["", "import werkzeug.routing.exceptions, werkzeug.local\n"])
def test_one_process_has_one_of_each_kit(before: str) -> None:
    """Werkzeug's router and locals are ours, whether or not the originals were imported before."""
    program = """\
import werkzeug, flask, miniflask.routing, miniflask.local
if werkzeug_imported:
    assert werkzeug.routing is miniflask.routing
from werkzeug.routing.exceptions import BuildError, RequestRedirect
from werkzeug.routing import BuildError as same
from werkzeug.local import LocalProxy
assert BuildError is same is werkzeug.routing.BuildError is miniflask.routing.BuildError
assert RequestRedirect is miniflask.routing.RequestRedirect
assert LocalProxy is werkzeug.local.LocalProxy is type(flask.request)
"""
    python("-c", f"werkzeug_imported = {bool(before)}\n" + before + INSTALL + program)


def test_nothing_happens_before_it_is_installed() -> None:
    """Importing the alias's module installs nothing."""
    program = "import miniflask.as_flask, flask; print(flask.__file__)"

    assert Path(python("-c", program).strip()) == Path(flask.__file__)


def test_it_refuses_after_the_real_flask() -> None:
    """Installed too late, the alias names the Flask that is there and what to type instead."""
    said = python("-c", "import flask\n" + INSTALL, code=1)

    assert "RuntimeError: Flask was imported before the alias was installed" in said
    assert flask.__file__ in said
    assert "python -m miniflask.as_flask script.py" in said


def test_installing_twice_is_installing_once() -> None:
    """A second call changes nothing: neither the finders nor what children inherit."""
    program = f"""\
import os, sys
before = os.environ["PYTHONPATH"], list(sys.meta_path)
{INSTALL}
assert before == (os.environ["PYTHONPATH"], sys.meta_path)
"""
    aliased(program)


def test_it_stands_in_where_flask_is_not_installed(tmp_path: Path) -> None:
    """Without Flask and ItsDangerous on the machine a program runs, and reads Flask's version."""
    info = next(path.name for path in SITE.glob("werkzeug-*.dist-info"))
    for name in ("werkzeug", info, "markupsafe", "jinja2"):
        (tmp_path / name).symlink_to(SITE / name)
    (tmp_path / "miniflask").symlink_to(ROOT / "miniflask")
    program = """\
import importlib.metadata as metadata
print(metadata.version("flask"), metadata.metadata("Flask")["Name"], metadata.files("flask"))
import flask
app = flask.Flask("app")
app.secret_key = "k"
app.add_url_rule("/", "i", lambda: flask.render_template_string("{{ session.setdefault('n', 1) }}"))
print(app.test_client().get("/").text, *(m for m in ("flask", "itsdangerous") if m in sys.modules))
"""
    path = f"import sys; sys.path.append({str(tmp_path)!r})\n"

    assert python("-I", "-S", "-c", path + INSTALL + program) == "3.1.3 Flask None\n1 flask\n"


def test_the_version_is_that_of_the_flask_stood_in_for(tmp_path: Path) -> None:
    """Another Flask that happens to be installed does not give its version to a program."""
    other = tmp_path / "flask-2.0.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: flask\nVersion: 2.0.0\n")
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    program = "from importlib.metadata import version; print(version('flask'), version('Flask'))"

    assert aliased(path + program) == "3.1.3 3.1.3\n"
    assert aliased(program) == "3.1.3 3.1.3\n"


def test_the_version_attribute_warns_as_flasks_does() -> None:
    """``flask.__version__`` answers with the same warning, which points at the line that asks."""
    program = """\
import warnings
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import flask
    print(flask.__version__)
print(*((w.category, w.message, w.filename, w.lineno) for w in caught))
"""
    ours, theirs = aliased(program), python("-c", "\n" + program)

    assert "DeprecationWarning" in ours
    assert ours == theirs


SCRIPT = """\
import sys, werkzeug.routing, flask
print(__name__, __file__, __package__, __spec__ and __spec__.name, sys.argv, sys.path[0])
print(sys.modules["__main__"].__dict__ is globals(), flask.Flask(__name__))
sys.exit(3)
"""


@pytest.mark.parametrize(
    "args",
    [
        ["program.py", "a", "-b", "--c=d"],
        ["folder/inside.py"],
        ["folder/link.py", "x"],
        ["-m", "program", "-m", "x"],
        ["-m", "folder.inside"],
        ["-m", "folder"],
    ],
    ids=" ".join,
)
def test_a_program_is_started_as_python_starts_it(tmp_path: Path, args: list[str]) -> None:
    """Name, file, package, arguments, path and exit status are those of a program run directly."""
    (tmp_path / "folder").mkdir()
    for name in ("program", "folder/inside", "folder/__main__", "folder/__init__"):
        (tmp_path / f"{name}.py").write_text(SCRIPT if name != "folder/__init__" else "")
    (tmp_path / "folder" / "link.py").symlink_to(tmp_path / "program.py")

    theirs = python(*args, cwd=tmp_path, code=3)
    ours = python("-m", "miniflask.as_flask", *args, cwd=tmp_path, code=3)

    assert ours == theirs


def test_a_started_program_runs_on_miniflask(tmp_path: Path) -> None:
    """The script, and the module, get miniflask for Flask."""
    (tmp_path / "program.py").write_text(FILE)

    for program in (["program.py"], ["-m", "program"]):
        said = python("-m", "miniflask.as_flask", *program, cwd=tmp_path)
        assert said.strip() == miniflask.__file__


@pytest.mark.parametrize("args", [[], ["-m"], ["--help"], ["-c", "1"]], ids=str)
def test_what_cannot_be_started_is_told_what_to_type(args: list[str]) -> None:
    """Without a program, the usage is shown."""
    said = python("-m", "miniflask.as_flask", *args, code=1)

    assert said == __main__.USAGE + "\n"


def test_children_inherit_it(tmp_path: Path) -> None:
    """Interpreters that a program starts anywhere, and those that they start, have the alias."""
    program = f"""\
import multiprocessing, subprocess, sys
run = [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])"]
for args in ([], run, run + run):
    subprocess.run([*args, sys.executable, "-c", "import werkzeug.routing as r;" + {FILE!r} +
        ";print(r.__name__, __import__('os').environ['PYTHONPATH'].count('as_flask'))"])
"""
    answer = [miniflask.__file__, "miniflask.routing 1"]

    assert aliased(program, cwd=tmp_path).splitlines() == answer * 3


def test_spawned_processes_inherit_it(tmp_path: Path) -> None:
    """A worker of ``multiprocessing`` that is spawned has the alias as well."""
    (tmp_path / "program.py").write_text(f"""\
import multiprocessing
def work():
    {FILE}
if __name__ == "__main__":
    worker = multiprocessing.get_context("spawn").Process(target=work)
    worker.start()
    worker.join()
""")
    said = python("-m", "miniflask.as_flask", "program.py", cwd=tmp_path)

    assert said.strip() == miniflask.__file__


def test_a_child_that_needs_no_flask_pays_nothing() -> None:
    """A child imports nothing of miniflask before it imports Flask or asks for its version."""
    program = """\
import sys
print([name for name in sys.modules if name.partition(".")[0] in ("miniflask", "typing")])
from importlib.metadata import version
print(version("flask"), version("werkzeug") > "3", "miniflask" in sys.modules)
"""
    assert aliased(CHILD, "-c", program) == "[]\n3.1.3 True True\n"


def test_a_child_runs_the_sitecustomize_it_would_have_run(tmp_path: Path) -> None:
    """The module by which children inherit the alias hides no other one of its name."""
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.customized = True")
    program = "import sys; print(hasattr(sys, 'customized'), 'sitecustomize' in sys.modules)"
    paths = os.pathsep.join([str(ROOT), str(tmp_path)])

    assert aliased(CHILD, "-c", program, PYTHONPATH=paths) == "True True\n"
    # Some systems have one of their own.
    plain = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert aliased(CHILD, "-c", program) == plain.stdout


def test_a_child_in_another_environment_finds_miniflask(tmp_path: Path) -> None:
    """An interpreter that has Werkzeug, but miniflask only by inheritance, gets it all the same."""
    venv.create(tmp_path / "venv", symlinks=os.name != "nt")
    for name in ("werkzeug", "markupsafe"):
        (tmp_path / name).symlink_to(SITE / name)
    child = f"import sys; sys.path.append({str(tmp_path)!r}); {FILE}"
    program = """\
import os, subprocess, sys
first = os.environ["PYTHONPATH"].partition(os.pathsep)[0]
subprocess.run(sys.argv[1:], env={**os.environ, "PYTHONPATH": first}, check=True)
"""
    folder = "Scripts" if os.name == "nt" else "bin"
    interpreter = str(tmp_path / "venv" / folder / "python")

    assert aliased(program, interpreter, "-c", child, cwd=tmp_path).strip() == miniflask.__file__


def test_a_test_suite_runs_on_it(tmp_path: Path) -> None:
    """As a plugin of pytest it comes before every conftest, and warnings as errors do not hurt."""
    (tmp_path / "conftest.py").write_text("import flask, werkzeug.routing as routing")
    (tmp_path / "test_it.py").write_text("""\
import conftest, flask, miniflask, werkzeug.routing
def test_it():
    assert flask is miniflask is conftest.flask
    assert conftest.routing is werkzeug.routing is miniflask.routing
""")
    options = "-q -W error -p no:cacheprovider -p miniflask.as_flask".split()

    assert "1 passed" in python("-m", "pytest", *options, cwd=tmp_path)


@pytest.mark.parametrize("args", [["--version"], ["run"]], ids=" ".join)
def test_the_command_line_says_it_is_flasks(tmp_path: Path, args: list[str]) -> None:
    """``flask --version``, and what is said where there is no application, are in Flask's words."""
    code = 0 if args == ["--version"] else 2
    theirs = python("-m", "flask", *args, cwd=tmp_path, code=code)

    for how in (["-m", "miniflask.as_flask"], ["-c", INSTALL + CHILD]):
        assert python(*how, "-m", "flask", *args, cwd=tmp_path, code=code) == theirs
    assert "Flask 3.1.3" in theirs or "'flask --app'" in theirs


def test_the_group_of_commands_has_flasks_name() -> None:
    """The name by which a test runner calls the command line is Flask's."""
    assert on_both("import flask.cli; print(flask.cli.cli.name)") == "flask\n"


def test_names_that_flask_keeps_elsewhere_are_served() -> None:
    """Each name served for programs' sake is in the real module, and of the same class there."""
    names = [(module, name) for module, names in _ELSEWHERE.items() for name in names]
    program = f"""\
from importlib import import_module
import flask
with flask.Flask("app").app_context():
    for module, name in {names!r}:
        found = getattr(import_module(module), name)
        its_class = found if isinstance(found, type) else type(found)
        own = its_class.__module__.startswith(("flask", "miniflask", "werkzeug"))
        print(module, name, its_class.__name__, "ours" if own else its_class.__module__)
"""
    # Flask's splitting function keeps its results, ours is a function.
    kept = "_lru_cache_wrapper functools", "function builtins"
    theirs, ours = python("-c", program), aliased(program)

    assert ours == theirs.replace(*kept)


def is_of_the_standard_library(found: object) -> bool:
    """Tell whether a module of Flask merely imported this from there."""
    home = found.__name__ if type(found) is ModuleType else getattr(found, "__module__", None)
    return str(home).partition(".")[0] in sys.stdlib_module_names


def test_every_name_in_flasks_modules_is_there() -> None:
    """Our modules have what Flask's have, but for type variables and steps that nobody imports."""
    with flask.Flask("app").test_request_context():
        names = [
            (module, name)
            for module in names_of_modules()
            for name, found in vars(import_module(module)).items()
            if f"{module}.{name}" not in MODULES
            and not (name.startswith("__") or is_of_the_standard_library(found))
        ]
    program = f"""\
from importlib import import_module
for module, name in {names!r}:
    if not hasattr(import_module(module), name):
        print(f"{{module}}.{{name}}")
"""
    assert set(aliased(program).split()) == {
        "flask.cli.F",
        "flask.cli._path_is_ancestor",
        "flask.debughelpers._dump_loader_info",
        "flask.sansio.scaffold._find_package_path",
        "flask.sansio.scaffold._sentinel",
        "flask.testing._get_werkzeug_version",
        "flask.testing._werkzeug_version",
        "flask.views.F",
    }


def test_private_functions_do_what_flasks_do() -> None:
    """What programs call though it is private gives what Flask's gives."""
    program = """\
import datetime, os
import flask.app, flask.cli, flask.helpers, flask.sansio.app, flask.signals, flask.templating
import flask.testing, flask.wrappers
print(flask.app._make_timedelta(5), flask.app._make_timedelta(datetime.timedelta(1)))
for module in (flask.helpers, flask.sansio.app, flask.wrappers):
    print(module._split_blueprint_path("a.b.c"))
with flask.Flask("app", root_path="/root").test_request_context():
    given = flask.helpers._prepare_send_file_kwargs(path_or_file="x", max_age=None)
    print(sorted(given), given["_root_path"], given["response_class"] is flask.Response)
os.environ["FLASK_DEBUG"] = "1"
print(flask.cli.get_debug_flag(), flask.cli.is_running_from_reloader())
print(flask.templating.TemplateNotFound, flask.signals.Namespace)
print(flask.templating.Environment.__bases__, flask.testing.FlaskCliRunner.__name__)
print(sorted(flask.signals._signals))
"""
    on_both(program)


def test_what_flask_dropped_is_absent() -> None:
    """Names of older Flasks are absent, so that extensions choose the way of Flask 3.1.3."""
    program = f"""\
import operator, warnings
from importlib import import_module
for module, name in {GONE!r}:
    try:
        operator.attrgetter(name)(import_module(module))
        print(module, name, "is there")
    except (AttributeError, ModuleNotFoundError) as e:
        print(module, name, type(e).__name__)
"""
    assert "is there" not in on_both(program)


def test_a_missing_name_is_an_import_error() -> None:
    """Importing a name that neither has fails as any import does, in each module."""
    modules = sorted({module for module, _ in GONE} - {"flask.scaffold"} | set(_ELSEWHERE))
    program = f"""\
for module in {modules!r}:
    try:
        exec(f"from {{module}} import nothing_like_it")
    except ImportError as e:
        print(module, type(e).__name__)
"""
    assert len(on_both(program).splitlines()) == len(modules)


def test_modules_imported_anew_are_the_same() -> None:
    """A program that drops Flask's modules and imports them again gets the same ones."""
    program = """\
import sys, flask, flask.globals, flask.cli
before = flask, flask.globals, flask.cli
for name in [name for name in sys.modules if name.partition(".")[0] == "flask"]:
    del sys.modules[name]
import flask, flask.globals, flask.cli
assert before == (flask, flask.globals, flask.cli)
assert flask.cli.get_debug_flag() is False
"""
    aliased(program)


def test_filters_for_warnings_know_the_modules() -> None:
    """A module calls itself by Flask's name for it: a filter can name it."""
    names = sorted(name for name in names_of_modules() if name not in ("flask", "flask.sansio"))
    program = f"""\
from importlib import import_module
print(*(import_module(name).__name__ for name in {names!r}))
"""
    expected = ["flask.blueprints" if n == "flask.sansio.blueprints" else n for n in names]

    assert sorted(aliased(program).split()) == sorted(expected)
