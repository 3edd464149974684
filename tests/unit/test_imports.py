"""What importing and using the package imports."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import markupsafe
import pytest
import werkzeug

import miniflask

PACKAGE = Path(miniflask.__file__).parent
REBUILT = ("flask", "itsdangerous", "werkzeug.local", "werkzeug.routing")
EXTRAS = ("jinja2", "click", "dotenv", "blinker", "asgiref")
SOURCES = sorted(PACKAGE.rglob("*.py"))

USE_IT = """
import sys
sys.path.insert(0, sys.argv[1])
import miniflask

app = miniflask.Flask("sample")
app.secret_key = "key"
part = miniflask.Blueprint("part", "sample", url_prefix="/part")

@part.get("/<int:n>")
def view(n):
    miniflask.session["n"] = n
    return {"n": n, "url": miniflask.url_for(".view", n=n + 1)}

app.register_blueprint(part)
app.debug = True
client = app.test_client()
assert client.get("/part/1").json == {"n": 1, "url": "/part/2"}
assert client.get("/nowhere").status_code == 404
print(*sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names)))
"""


@pytest.fixture
def werkzeug_alone(tmp_path: Path) -> Path:
    """A folder to import from that holds Werkzeug, what Werkzeug needs, and the package."""
    for package in (werkzeug, markupsafe, miniflask):
        assert package.__file__ is not None
        folder = Path(package.__file__).parent
        (tmp_path / folder.name).symlink_to(folder)
    info = next(Path(werkzeug.__file__).parents[1].glob("werkzeug-*.dist-info"))
    (tmp_path / info.name).symlink_to(info)
    return tmp_path


def run_alone(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run a program that can import the standard library and *folder* only."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-W", "error", "-c", program, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_werkzeug_alone_is_enough(werkzeug_alone: Path) -> None:
    """An app with a blueprint, a session and JSON runs where only Werkzeug is installed."""
    done = run_alone(werkzeug_alone, USE_IT)

    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) - {"__main__"} == {"markupsafe", "miniflask", "werkzeug"}


def test_no_extra_is_imported_before_it_is_used() -> None:
    """Importing the package imports no extra, and none of the originals, though they are there."""
    program = "import miniflask, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert not set(done.stdout.split()) & {*EXTRAS, *REBUILT}


def test_what_is_slow_to_import_and_seldom_needed_waits() -> None:
    """Beyond what Werkzeug brings along, most programs get by without these."""
    program = (
        "import werkzeug, sys; before = {*sys.modules}; import miniflask;"
        "print({'decimal', 'difflib', 'pprint', 'uuid'} & {*sys.modules} - before)"
    )
    command = [sys.executable, "-c", program]

    assert subprocess.run(command, capture_output=True, text=True).stdout == "set()\n"


def test_what_is_missing_is_named(werkzeug_alone: Path) -> None:
    """Without Jinja2 a template says what to install, and the client sees a plain 500."""
    program = USE_IT.partition("app.debug")[0] + (
        "app.add_url_rule('/t', 't', lambda: miniflask.render_template_string('hi'))\n"
        "assert app.test_client().get('/t').status_code == 500\n"
        "app.testing = True\n"
        "app.test_client().get('/t')\n"
    )
    done = run_alone(werkzeug_alone, program)

    last = done.stderr.splitlines()[-1]
    assert last == (
        "RuntimeError: render_template_string needs Jinja2. Install it: pip install jinja2"
    )


def imported(tree: ast.Module) -> set[str]:
    """List the modules that a source file imports, at its top or anywhere inside."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_imports_an_original(source: Path) -> None:
    """No module imports what it rebuilds, nor anything private of Werkzeug's."""
    names = imported(ast.parse(source.read_text("utf-8")))

    assert not names & set(REBUILT)
    assert not [n for n in names if n.startswith(REBUILT) and n.partition(".")[0] != "werkzeug"]
    assert not [n for n in names if n.startswith("werkzeug.") and "._" in n]
