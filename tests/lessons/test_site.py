"""The pages build without a warning, and describe every public name, key and command."""

from __future__ import annotations

import html
import importlib
import importlib.util
import inspect
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import flask
import pytest

import miniflask
import miniflask.routing
from tests.lessons import recordings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CONFIG = DOCS / "reference" / "config.md"


def build(folder: Path) -> Path:
    """Build the pages as `make docs` does."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html"]
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FLASK_")}
    done = subprocess.run(
        [*command, "-d", str(folder / "trees"), str(DOCS), str(folder / "html")],
        env=environ,
        capture_output=True,
        encoding="utf-8",
        timeout=280,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.fixture(scope="module")
def generated() -> Any:
    """The directives that write parts of the pages."""
    path = DOCS / "_ext" / "generated.py"
    spec = importlib.util.spec_from_file_location("generated", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def described(site: Path) -> set[str]:
    """Return the names in the site's inventory of Python objects."""
    *_, inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)
    lines = zlib.decompress(inventory).decode().splitlines()
    return {line.split()[0] for line in lines if " py:" in line}


def page(site: Path, name: str) -> str:
    """Return the text of a page, without its markup."""
    return re.sub("<[^>]+>", "", (site / f"{name}.html").read_text("utf-8"))


def defined_in(module: ModuleType) -> Iterator[str]:
    """Yield the public classes and functions that a module defines, and what classes define."""
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
            continue
        if inspect.isclass(value):
            yield name
            for member in vars(value):
                if not member.startswith("_") and callable(getattr(value, member, None)):
                    yield f"{name}.{member}"
        elif inspect.isfunction(value):
            yield name


def check_names_of_the_package(site: Path, generated: Any) -> None:
    """Whatever `from miniflask import ...` gives has an entry in the reference."""
    exported = generated.exports()

    assert {f"{home}.{name}" for name, home in exported.items()} <= described(site)
    assert set(exported) == {
        name
        for name, value in vars(miniflask).items()
        if not name.startswith("_") and (name == "json" or not inspect.ismodule(value))
    } - {"TYPE_CHECKING", "Any", "annotations"}


def check_public_definitions(site: Path, generated: Any) -> None:
    """Each public class, method and function of each public module has an entry."""
    names = described(site)
    routing = {name for name in vars(miniflask.routing) if not name.startswith("_")}
    missing = []
    for module_name in generated.public_modules():
        prefix = module_name
        for name in defined_in(importlib.import_module(module_name)):
            if module_name.startswith("miniflask.routing."):
                if name.partition(".")[0] not in routing:
                    continue  # not a name of the kit, only of one of its files
                prefix = "miniflask.routing"
            if f"{prefix}.{name}" not in names:
                missing.append(f"{prefix}.{name}")

    assert missing == []


def check_keys_of_the_configuration(site: Path, generated: Any) -> None:
    """The table has the keys that Flask has, each with Flask's default."""
    keys = re.findall(r"^([A-Z_]+) \| (\S.*)", CONFIG.read_text("utf-8"), re.MULTILINE)
    shown = page(site, "reference/config")

    assert [key for key, _ in keys] == list(flask.Flask.default_config)
    assert miniflask.Flask.default_config == flask.Flask.default_config
    for key, default in flask.Flask.default_config.items():
        assert re.search(
            rf"{key}\s+{re.escape(repr(default))}\s".replace("'", "(?:'|&#39;)"), shown
        )


def check_commands(site: Path, generated: Any) -> None:
    """The page of commands has what each prints for `--help`, with all its options."""
    done = subprocess.run(
        [sys.executable, "-m", "miniflask", "--help"],
        cwd=DOCS,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    commands = re.findall(r"^  (\S+)", done.stdout.partition("Commands:\n")[2], re.MULTILINE)
    shown = page(site, "reference/commands")

    assert {"cookie", "routes", "run", "shell"} <= set(commands)
    for command in commands:
        assert re.search(rf"Usage: .*miniflask {command} \[OPTIONS\]", shown), command
    assert shown.count("--help") >= len(commands) + 1


def check_floors(site: Path, generated: Any) -> None:
    """The drawing names every module that the contract of the house names."""
    drawing = (site / "explanation" / "architecture.html").read_text("utf-8")
    title = drawing.partition("<title>From the top: ")[2].partition("</title>")[0]

    assert title == "; ".join(generated.read_floors())


def check_questions(site: Path, generated: Any) -> None:
    """The page of questions has every program, folded below it what happens."""
    shown = html.unescape(page(site, "tutorial/break-it"))
    # Headings have curly quotes.
    shown = shown.translate(dict(zip(map(ord, "\u2018\u2019\u201c\u201d"), "''\"\"")))
    for path in sorted((ROOT / "examples" / "break_it").glob("[0-9]*.py")):
        lesson = generated.load_break_it().Lesson(path)
        assert lesson.question.replace("``", "") in shown
        assert lesson.program in shown
        assert "\n".join(lesson.run()) in shown


def check_chinese_edition(site: Path, generated: Any) -> None:
    """Each Chinese page says that it is one, and what is generated is there as in English."""
    for source in sorted((DOCS / "zh").rglob("*.md")):
        name = source.relative_to(DOCS / "zh").with_suffix("").as_posix()
        chinese = (site / "zh" / f"{name}.html").read_text("utf-8")
        assert ' lang="zh-CN" ' in chinese
        assert not re.search("[。？！：；，]\n[^\n<]", chinese), name
        if name not in {"index", "glossary"}:
            english = (site / f"{name}.html").read_text("utf-8")
            assert ' lang="en" ' in english
            assert same_in_both(chinese) == same_in_both(english)


def same_in_both(markup: str) -> list[str]:
    """Return programs without comments, outputs, places with their lines, and shapes."""
    article = markup.partition("<article")[2].partition("</article>")[0]
    article = re.sub('<span class="c1">.*?</span>', "", article)
    what = r"<pre>.*?</pre>|<(?:path|rect) .*?>|([\w/]+\.py)</span></code>(?:, line| 第) (\d+)"
    return [" ".join(m.groups()) if m[1] else m[0] for m in re.finditer(what, article, re.DOTALL)]


def check_recordings(site: Path, generated: Any) -> None:
    """Each recording is on its page as text, and in a frame whose file is in the site."""
    for name, count in recordings.pages_with_recordings().items():
        frames, texts = recordings.frames(site, name), recordings.texts(site, name)
        assert len(frames) == len(texts) == count, name
        # The Chinese edition has the same programs.
        expected = recordings.RECORDED[name.removeprefix("zh/")]
        for wanted, frame, text in zip(expected, frames, texts):
            assert recordings.are_in_order(wanted, text.splitlines())
            assert recordings.are_in_order(wanted, recordings.steps(frame))


CHECKS = [
    check_names_of_the_package,
    check_public_definitions,
    check_keys_of_the_configuration,
    check_commands,
    check_floors,
    check_questions,
    check_chinese_edition,
    check_recordings,
]


@pytest.mark.timeout(300)
def test_the_pages_build_and_describe_everything(generated: Any, tmp_path: Path) -> None:
    """Without a warning, and with every public name, key, command and floor."""
    site = build(tmp_path)
    for check in CHECKS:
        check(site, generated)


@pytest.mark.parametrize(
    ("place", "found"),
    [
        ("miniflask.app:Flask.wsgi_app", "miniflask/app.py"),
        ("miniflask.ctx:RequestContext.session", "miniflask/ctx.py"),
        ("miniflask.globals:request", "miniflask/globals.py"),
        ("miniflask.routing.map:Map", "miniflask/routing/map.py"),
        ("flask.sansio.app:App.jinja_env", "flask/sansio/app.py"),
    ],
)
def test_a_place_is_the_line_of_its_definition(generated: Any, place: str, found: str) -> None:
    """Methods, properties, and variables are found where their definition begins."""
    file, number = generated.find_place(place)
    module = importlib.import_module(place.partition(":")[0])
    lines = inspect.getsource(module).splitlines()
    name = place.rpartition(".")[2].rpartition(":")[2]

    assert file == found
    assert any(re.search(rf"\b{name}\b", line) for line in lines[number - 1 : number + 2])


def test_a_place_that_is_gone_is_an_error(generated: Any) -> None:
    """A page that names something that no longer exists does not build."""
    with pytest.raises(LookupError, match="there is no wsgi_application in miniflask"):
        generated.find_place("miniflask.app:Flask.wsgi_application")


def test_the_tree_of_rules_is_in_the_order_of_matching(generated: Any) -> None:
    """What is fixed comes first, then what is narrow, then what takes everything."""
    tree = generated.grow_tree(["/<path:rest>", "/users/<name>", "/users/<int:id>", "/users/me"])

    assert list(generated.walk_tree(tree)) == [
        (0, "users"),
        (1, "me"),
        (2, "→ /users/me"),
        (1, "<int:id>"),
        (2, "→ /users/<int:id>"),
        (1, "<name>"),
        (2, "→ /users/<name>"),
        (0, "<path:rest>"),
        (1, "→ /<path:rest>"),
    ]
