"""Directives whose content is made when the pages are built, so that it cannot go stale.

``{places}``
    A table of places in our source beside those in the original's, each with its line.  A line
    of the directive is ``what happens | ours | theirs``; a place is ``module:name``.
``{exports}``
    The names that the package itself gives, with links.
``{modules}``
    The reference of each public module that no page of the reference documents by itself.
``{commands}``
    The help of each command of the command line.
``{config-keys}``
    Each key of ``app.config`` with its default; a line of the directive is ``KEY | what it does``.
``{questions}``
    The programs of ``examples/break_it/``, what each does when it is run, and why.  With content,
    the words are taken from there: a question on a line, and below it, each on a line that begins
    with a colon, why, and what to do instead.
``{tree}``
    A drawing of the tree that the rules in the directive make, one rule a line.
``{floors}``
    A drawing of who may import whom, from the contract in ``pyproject.toml``.

On the pages in ``docs/zh/`` they speak Chinese.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import miniflask
from miniflask.routing import Map, Rule

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[2]

#: What directives say by themselves, and what they say on a Chinese page.
CHINESE = {
    "| what happens | miniflask | original |": "| 说明 | miniflask | 原版 |",
    ", line {}": " 第 {} 行",
    "What happens, and why": "结果与原因",
    "**Instead:** ": "**应当这样**：",
    "The rules as a tree: ": "规则组成的树：",
    "(nothing)": "（空）",
    "From the top: ": "自上而下：",
}


class Directive(SphinxDirective):
    """A directive that may have content, and has the words for it in two languages."""

    has_content = True

    def say(self, words: str) -> str:
        """Return words in the language of the page."""
        return CHINESE[words] if self.env.docname.startswith("zh/") else words


class Generated(Directive):
    """A directive that writes Markdown."""

    def run(self) -> list[nodes.Node]:
        """Parse what ``write`` returns, as if it stood in the page."""
        return self.parse_text_to_nodes(self.write(), allow_section_headings=True)

    def rows(self) -> list[list[str]]:
        """Return the cells of each line of the content."""
        return [[cell.strip() for cell in line.split("|")] for line in self.content if line]

    def write(self) -> str:
        """Return Markdown."""
        raise NotImplementedError


# ---- places in the source ----


def find_place(place: str) -> tuple[str, int]:
    """Return the file and the line at which something is defined.

    Args:
        place: ``module:name``; the name may have dots.

    Raises:
        LookupError: There is no such thing.
    """
    module_name, _, name = place.partition(":")
    module = importlib.import_module(module_name)
    file = Path(inspect.getsourcefile(module) or "")
    # From the folder that holds the top package.
    depth = len(module_name.split(".")) + (file.name == "__init__.py")
    shown = Path(*file.parts[-depth:]).as_posix()
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            raise LookupError(f"there is no {part} in {place}")
        found = inspect.getattr_static(found, part)
    if isinstance(found, (property, cached_property)):
        found = found.fget if isinstance(found, property) else found.func
    if inspect.isclass(found) or inspect.isroutine(found):
        return shown, inspect.getsourcelines(inspect.unwrap(found))[1]
    for number, line in enumerate(inspect.getsource(module).splitlines(), 1):
        if re.match(rf"{name}\b.*=", line):
            return shown, number
    raise LookupError(f"{place} is not defined in its module")


def write_place(place: str, line_number: str = ", line {}") -> str:
    """Return a place as a reader finds it, or a dash for none."""
    if not place:
        return "-"
    file, line = find_place(place)
    name = place.partition(":")[2]
    return f"`{name}`<br>`{file}`{line_number.format(line)}"


class Places(Generated):
    """A table of places."""

    def write(self) -> str:
        """Find each place anew."""
        head = self.say("| what happens | miniflask | original |") + "\n| --- | --- | --- |\n"
        line = self.say(", line {}")
        return head + "\n".join(
            f"| {what} | {write_place(ours, line)} | {write_place(theirs, line)} |"
            for what, ours, theirs in self.rows()
        )


# ---- reference ----


def public_modules() -> list[str]:
    """Return the names of all modules without an underscore in front."""
    found = pkgutil.walk_packages(miniflask.__path__, "miniflask.")
    return sorted(module.name for module in found if not re.search(r"\._", module.name))


def documented_modules() -> set[str]:
    """Return the modules that pages of the reference name, and those below them."""
    pages = (ROOT / "docs" / "reference").rglob("*.md")
    text = "\n".join(page.read_text("utf-8") for page in pages)
    named = re.findall(r"^\.\. automodule:: (\S+)", text, re.MULTILINE)
    return {
        name for name in public_modules() if f"{name}.".startswith(tuple(f"{n}." for n in named))
    }


class Exports(Generated):
    """The names of the package itself."""

    def write(self) -> str:
        """Link each to where it is defined."""
        found = sorted(exports().items())
        return ", ".join(f"{{py:obj}}`{name} <{home}.{name}>`" for name, home in found) + "."


def exports() -> dict[str, str]:
    """Return the names that `from miniflask import ...` gives, each with its module."""
    source = inspect.getsource(miniflask)
    pairs = re.findall(r"^from \.(\S*) import (\w+) as", source, re.MULTILINE)
    return {name: f"miniflask.{module}".rstrip(".") for module, name in pairs}


class Modules(Generated):
    """The modules that are left."""

    def write(self) -> str:
        """Write a section for each."""
        left = sorted(set(public_modules()) - documented_modules())
        return "\n\n".join(
            f"## `{name}`\n\n```{{eval-rst}}\n.. automodule:: {name}\n```" for name in left
        )


class Commands(Generated):
    """The commands."""

    def write(self) -> str:
        """Ask the command line for help, as a reader would."""
        summary = self.help()
        listed = summary.partition("\nCommands:\n")[2]
        commands = re.findall(r"^  (\S+)", listed, re.MULTILINE)
        sections = [f"```text\n{summary}```"]
        sections += [f"## `{name}`\n\n```text\n{self.help(name)}```" for name in commands]
        return "\n\n".join(sections)

    def help(self, *command: str) -> str:
        """Return a command's help."""
        words = [sys.executable, "-m", "miniflask", *command, "--help"]
        environ = {**os.environ, "COLUMNS": "80"}
        done = subprocess.run(words, cwd=ROOT / "docs", env=environ, capture_output=True)
        # A command that fails to start shows as a missing line of usage, not as an empty section.
        text = done.stdout.decode()
        if not text.startswith("Usage:"):
            raise self.error(f"{' '.join(words[1:])} printed no help")
        return text


class ConfigKeys(Generated):
    """The keys of the configuration."""

    def write(self) -> str:
        """Add the default to each line."""
        defaults = miniflask.Flask.default_config
        head = "| key | default | what it does |\n| --- | --- | --- |\n"
        return head + "\n".join(
            f"| `{key}` | `{defaults[key]!r}` | {text} |" for key, text in self.rows()
        )


# ---- examples ----


def load_break_it() -> Any:
    """Return the command in ``examples/break_it/`` as a module."""
    path = ROOT / "examples" / "break_it" / "__main__.py"
    spec = importlib.util.spec_from_file_location("break_it", path)
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # the file is there
    spec.loader.exec_module(module)  # type: ignore[union-attr]  # likewise
    return module


QUESTION = """\
## {number}. {question}

```python
{program}
```

```{{raw}} html
<details><summary>{summary}</summary>
```

```text
{trace}
```

{why}

{label}{instead}

```{{raw}} html
</details>
```
"""


Words = tuple[str, str, str]


def read_words(content: str) -> list[Words]:
    """Return each question, why, and what to do instead, as ``{questions}`` may have them."""
    return re.findall(r"^(\S.*)\n: (.+)\n: (.+)$", content, re.MULTILINE)


class Questions(Generated):
    """The twenty questions."""

    def write(self) -> str:
        """Run each program."""
        break_it = load_break_it()
        lessons = [break_it.Lesson(path) for path in break_it.LESSONS]
        words = read_words("\n".join(self.content)) or [
            (lesson.question, lesson.why, lesson.instead) for lesson in lessons
        ]
        if len(words) != len(lessons):
            raise self.error(f"{len(lessons)} programs, and words for {len(words)}")
        return "\n".join(map(self.write_question, range(1, len(lessons) + 1), lessons, words))

    def write_question(self, number: int, lesson: Any, words: Words) -> str:
        """Write a section."""
        question, why, instead = (text.replace("``", "`") for text in words)
        return QUESTION.format(
            number=number,
            question=question,
            program=lesson.program,
            summary=self.say("What happens, and why"),
            trace="\n".join(lesson.run()),
            why=why,
            label=self.say("**Instead:** "),
            instead=instead,
        )


# ---- drawings ----


class Drawing(Directive):
    """A directive that draws; the colours are those of the page's text."""

    def run(self) -> list[nodes.Node]:
        """Put the drawing into the page, with its text for those who do not see it."""
        title, width, height, shapes = self.draw()
        svg = (
            f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" '
            'xmlns="http://www.w3.org/2000/svg" fill="none" stroke="currentColor" '
            'style="max-width: 100%; height: auto; font: 13px monospace">'
            f"<title>{escape(title)}</title>{''.join(shapes)}</svg>"
        )
        return [nodes.raw("", f"<p>{svg}</p>", format="html")]

    def draw(self) -> tuple[str, int, int, list[str]]:
        """Return a title, a size, and shapes."""
        raise NotImplementedError


def text_at(x: int, y: int, text: str, **attributes: str) -> str:
    """Return a line of text."""
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<text x="{x}" y="{y}" fill="currentColor" stroke="none"{more}>{escape(text)}</text>'


Branches = dict[str, "Branches"]
NOTHING = "(nothing)"


def grow_tree(rules: list[str]) -> Branches:
    """Return the tree that rules share, the ways from a place in the order they are tried."""
    bound = Map([Rule(rule, endpoint=rule) for rule in rules]).iter_rules()
    tree: Branches = {}
    for rule in sorted(bound, key=lambda rule: [(not p.static, p.weight) for p in rule._parts]):
        place = tree
        for piece in rule.rule.split("/")[1:]:
            place = place.setdefault(piece or NOTHING, {})
        place[f"\N{RIGHTWARDS ARROW} {rule.rule}"] = {}
    return tree


def walk_tree(tree: Branches, depth: int = 0) -> Iterator[tuple[int, str]]:
    """Yield each branch with its depth, from the top."""
    for name, branches in tree.items():
        yield depth, name
        yield from walk_tree(branches, depth + 1)


class Tree(Drawing):
    """The tree of rules."""

    def draw(self) -> tuple[str, int, int, list[str]]:
        """Draw a line for each branch, further right the deeper it is."""
        rules = [line for line in self.content if line]
        words = {NOTHING: self.say(NOTHING)}
        lines = [(depth, words.get(name, name)) for depth, name in walk_tree(grow_tree(rules))]
        shapes = []
        last_at: dict[int, int] = {-1: 0}
        for number, (depth, name) in enumerate(lines):
            x, y = 12 + 36 * depth, 24 + 24 * number
            top = last_at[depth - 1]
            shapes.append(f'<path d="M{x - 24} {top + 8} V{y - 4} H{x - 4}"/>' if depth else "")
            last_at[depth] = y
            weight = {"font_weight": "bold"} if name.startswith("\N{RIGHTWARDS ARROW}") else {}
            shapes.append(text_at(x, y, name, **weight))
        tree = "; ".join(f"{'>' * depth} {name}" for depth, name in lines)
        title = self.say("The rules as a tree: ") + tree
        return title, 460, 24 * len(lines) + 12, shapes


def read_floors() -> list[str]:
    """Return the floors of the house, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    return next(c["layers"] for c in contracts if c["type"] == "layers")


class Floors(Drawing):
    """The floors."""

    def draw(self) -> tuple[str, int, int, list[str]]:
        """Draw a box for each floor."""
        floors = read_floors()
        shapes = []
        for number, floor in enumerate(floors):
            y = 4 + 34 * number
            shapes.append(f'<rect x="4" y="{y}" width="732" height="28" rx="4"/>')
            shapes.append(text_at(16, y + 19, floor.replace(" : ", "   ").replace(" | ", "   ")))
        title = self.say("From the top: ") + "; ".join(floors)
        return title, 740, 34 * len(floors) + 4, shapes


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the directives."""
    app.add_directive("places", Places)
    app.add_directive("exports", Exports)
    app.add_directive("modules", Modules)
    app.add_directive("commands", Commands)
    app.add_directive("config-keys", ConfigKeys)
    app.add_directive("questions", Questions)
    app.add_directive("tree", Tree)
    app.add_directive("floors", Floors)
    return {"parallel_read_safe": True, "version": "1"}
