"""Run every code block of the README files and of ``docs/``.

- The ``python`` blocks of a page run in order, in one namespace.  What one prints stands in an
  ``output`` block right below it; a block without one prints nothing.
- In a ``console`` block, a line that begins with ``$`` is a command, and the lines below it are
  what it prints.  ``make`` commands have to be targets; they are not run.  ``pip`` commands have
  to install this checkout, with extras that exist.  Lessons with a number and ``curl`` commands
  have to stand in a lesson's docstring in the same words, where ``test_lessons.py`` runs them.
  Servers are run by ``test_deployment.py``, any other command at the root of the checkout.
- ``text`` is for what nobody can run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib.metadata import metadata
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = [
    README,
    ROOT / "examples" / "README.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
]
#: What a page about us imports, and what it would import for the same from the originals.
ORIGINALS = {
    r"miniflask\.local": "werkzeug.local",
    r"miniflask\.routing": "werkzeug.routing",
    r"miniflask\.signing": "itsdangerous",
    "miniflask": "flask",
}
#: Pages about what the originals do not have.
OURS_ALONE = {"lens.md", "sentinel.md"}
LANGUAGES = {"python", "output", "console", "text", "toml", "ini", "html", "http", "diff"}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


class Block(NamedTuple):
    """A fenced block: its language, its text, and the line it begins at."""

    language: str
    text: str
    line: int


def read_blocks(markdown: str, first_line: int = 1) -> Iterator[Block]:
    """Find the blocks of a page; those inside a directive such as ``{note}`` count as well."""
    fences = re.compile(r"^( *)(`{3,}|~{3,})(.*)\n((?:.*\n)*?)\1\2 *$", re.MULTILINE)
    for fence in fences.finditer(markdown):
        line = first_line + markdown[: fence.start()].count("\n")
        language, text = fence[3].strip(), textwrap.dedent(fence[4])
        if language.startswith("{"):
            yield from read_blocks(text, line + 1)
        else:
            yield Block(language, text, line)


def as_original(code: str) -> str:
    """Return a program with the originals imported in place of what is rebuilt here."""
    for ours, theirs in ORIGINALS.items():
        code = re.sub(rf"^(from|import) {ours}\b", rf"\1 {theirs}", code, flags=re.MULTILINE)
    return code


def run_python(
    page: Path, namespace: dict[str, Any], translate: Callable[[str], str] = str
) -> list[tuple[str, str]]:
    """Run the blocks of a page; return what each printed, with what it was to print."""
    blocks = [*read_blocks(page.read_text("utf-8")), Block("text", "", 0)]
    printed = []
    for block, below in zip(blocks, blocks[1:]):
        if block.language == "python":
            # Empty lines in front, so that a traceback names the line of the page.
            code = compile("\n" * block.line + translate(block.text), str(page), "exec")
            with redirect_stdout(StringIO()) as out:
                exec(code, namespace)
            printed.append((out.getvalue(), below.text if below.language == "output" else ""))
    return printed


def stands_in_a_lesson(command: str, output: list[str]) -> bool:
    """Tell whether a lesson's docstring has the command, with these lines below it."""
    passage = textwrap.indent("\n".join([f"$ {command}", *output, ""]), "    ")
    return any(passage in lesson.read_text("utf-8") for lesson in (ROOT / "examples").glob("*.py"))


def check_command(command: str, output: list[str]) -> None:
    """Hold a command to what the page says about it."""
    words = [word for word in command.split() if not re.match(r"[A-Z_]+=", word)]
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text("utf-8")
        assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), command
        assert output == [], "what make prints is not compared"
        subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    elif words[0] == "pip":
        check_installs_checkout(words)
    elif words[0] == "curl" or re.match(r"python examples/\w+\.py", command):
        assert stands_in_a_lesson(command, output), command
    elif words[0] in {"gunicorn", "waitress-serve"} or command == "python serve.py":
        # test_deployment.py runs them.
        assert f"$ {command}\n" in (ROOT / "docs" / "how-to" / "deploy.md").read_text("utf-8")
    else:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            command,
            shell=True,
            cwd=ROOT,
            env={**os.environ, "PATH": path},
            stdout=subprocess.PIPE,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
        assert done.stdout.splitlines() == output


def extras() -> set[str]:
    """Return the extras that the distribution declares."""
    return set(metadata("miniflask-study").get_all("Provides-Extra") or ())


def check_installs_checkout(words: list[str]) -> None:
    """Hold a ``pip`` command to installing this folder, with extras that it has."""
    target = re.fullmatch(r"""["']?\.(?:\[([\w,]+)\])?["']?""", words[-1])
    assert words[:2] == ["pip", "install"]
    assert target
    assert set((target[1] or "full").split(",")) <= extras()


@every_page
def test_every_block_names_its_language(page: Path) -> None:
    """A block says what it is, in the one word for it, so that none escapes being run."""
    markdown = page.read_text("utf-8")
    unknown = [b for b in read_blocks(markdown) if b.language not in LANGUAGES]
    fences = re.findall(r"^ *(?:```|~~~)", markdown, flags=re.MULTILINE)

    assert unknown == []
    assert len(fences) % 2 == 0


@every_page
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every Python block runs, and prints what the page says."""
    monkeypatch.chdir(tmp_path)
    for printed, promised in run_python(page, {"__name__": "page"}):
        assert printed == promised


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.name not in OURS_ALONE],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_python_blocks_print_the_same_on_the_originals(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page says about our names, Flask, Werkzeug and ItsDangerous say about theirs."""
    monkeypatch.chdir(tmp_path)
    for printed, promised in run_python(page, {"__name__": "page"}, as_original):
        assert printed == promised


@every_page
def test_commands_hold(page: Path) -> None:
    """Every command exists, and prints what the page says."""
    for block in read_blocks(page.read_text("utf-8")):
        if block.language == "console":
            command, output = "", list[str]()
            for line in [*block.text.splitlines(), "$ "]:
                if not line.startswith("$ "):
                    output.append(line)
                    continue
                if command:
                    check_command(command, output)
                command, output = line[2:], []


@every_page
def test_every_path_named_exists(page: Path) -> None:
    """Each file that a page links to or names with its folder is there."""
    markdown = page.read_text("utf-8")
    linked = re.findall(r"\]\((?!\w+:|#)([^)#]+)", markdown)
    named = re.findall(r"`((?:miniflask|examples|tests|docs)/[^`\s]*)`", markdown)

    assert [path for path in linked if not (page.parent / path).exists()] == []
    assert [path for path in named if not (ROOT / path).exists()] == []


@every_page
def test_nobody_is_sent_to_the_other_project(page: Path) -> None:
    """No page tells anyone to install ``miniflask``: on PyPI, that is not ours."""
    assert not re.search(r"pip install (?:-\S+ )*['\"]?miniflask", page.read_text("utf-8"))


def test_the_readme_lists_every_extra() -> None:
    """The table of extras has exactly those that pyproject.toml declares."""
    table = README.read_text("utf-8").partition("| extra |")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == extras()


def test_the_examples_list_every_lesson() -> None:
    """The list of lessons links to each lesson, in order."""
    listed = re.findall(r"^\d\. .*?\]\((.*?)\)", PAGES[1].read_text("utf-8"), re.MULTILINE)

    assert listed == sorted(path.name for path in (ROOT / "examples").glob("[0-9]*.py"))


def test_the_readme_program_does_the_same_in_both_frameworks() -> None:
    """The twelve lines answer alike on miniflask and on Flask; only their first line differs."""
    program = next(b for b in read_blocks(README.read_text("utf-8")) if b.language == "python").text
    first, rest = program.split("\n", 1)
    assert len(program.splitlines()) == 12
    assert "flask" not in rest

    ours, theirs = answers(program), answers(first.replace("miniflask", "flask") + "\n" + rest)
    assert ours == theirs
    assert [status for status, *_ in ours] == [200, 200, 404, 405, 200]


def answers(program: str) -> list[tuple[int, dict[str, Any], str]]:
    """Run a program that makes an ``app``; return its answers to a few requests."""
    namespace: dict[str, Any] = {"__name__": "program"}
    exec(program, namespace)
    client = namespace["app"].test_client()
    found = []
    for method, path in [
        ("GET", "/hello/ann"),
        ("GET", "/hello/b%C3%B6b"),
        ("GET", "/hello/"),
        ("POST", "/hello/ann"),
        ("OPTIONS", "/hello/ann"),
    ]:
        response = client.open(path, method=method)
        headers: dict[str, Any] = dict(response.headers)
        # A set in any order; a value that holds the time.
        headers["Allow"] = sorted(response.allow)
        headers["Set-Cookie"] = re.sub("=.*?;", "=;", headers.get("Set-Cookie", ""), count=1)
        found.append((response.status_code, headers, response.text))
    return found
