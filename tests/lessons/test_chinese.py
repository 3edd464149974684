"""The Chinese edition does not fall behind: what is the same in both languages stays the same."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lessons.test_break_it import LESSONS, load
from tests.lessons.test_docs import read_blocks

DOCS = Path(__file__).parents[2] / "docs"
CHINESE = DOCS / "zh"
PAGES = sorted(page for name in ("tutorial", "explanation") for page in (DOCS / name).rglob("*.md"))
NAMES = [page.relative_to(DOCS).as_posix() for page in PAGES]
#: Pages that have no English page of which they are a translation.
OF_ITS_OWN = {"index.md", "glossary.md"}

DIFFERENT = """\
docs/zh/{name} does not have the same {aspect} as docs/{name}.
Either the English page has changed since it was translated; see how:
    git log -p docs/{name}
and make the same change, in Chinese, in docs/zh/{name}. Or a mistake was made there.
Code stays as it is in English, except for its comments."""

FENCE = re.compile(r"^(`{3,})(.*)\n((?:.*\n)*?)\1 *$", re.MULTILINE)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")

every_page = pytest.mark.parametrize("name", NAMES)


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def headings(page: Path) -> list[int]:
    """Return the level of each heading."""
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]


def blocks(page: Path) -> list[tuple[str, str]]:
    """Return each block of code with its language; of Python, comments are left out."""
    return [
        (block.language, ast.unparse(ast.parse(block.text)))
        if block.language == "python"
        else (block.language, block.text)
        for block in read_blocks(page.read_text("utf-8"))
    ]


def directives(page: Path) -> list[tuple[str, object]]:
    """Return each directive, with what is not words in it."""
    found: list[tuple[str, object]] = []
    for _, name, content in FENCE.findall(page.read_text("utf-8")):
        if name == "{places}":
            found.append((name, [line.split(" | ")[1:] for line in content.splitlines()]))
        elif name.startswith("{"):
            found.append((name, "" if name == "{questions}" else content))
    return found


def tables(page: Path) -> list[int]:
    """Return how many cells each row of each table has."""
    return [row.count("|") - 1 for row in re.findall(r"^\|.*\|$", prose(page), re.MULTILINE)]


def names_in_code(page: Path) -> list[str]:
    """Return whatever is set as code within a sentence."""
    return sorted(set(SPAN.findall(prose(page))))


def links(page: Path) -> list[str]:
    """Return where links lead, seen from ``docs/``, to whichever of the two editions."""
    targets = re.findall(r"\]\(([^)]+)\)", prose(page))
    below = [os.path.relpath(page.parent / target, DOCS) for target in targets]
    return sorted(target.removeprefix("zh/") for target in below)


def paragraphs(page: Path) -> int:
    """Return how many paragraphs, tables and lists there are."""
    return len(re.findall(r"\S(?=\n\n|\n*\Z)", prose(page)))


@every_page
@pytest.mark.parametrize(
    "aspect",
    [headings, blocks, directives, tables, names_in_code, links, paragraphs],
    ids=lambda aspect: aspect.__name__,
)
def test_a_page_keeps_up_with_its_english_page(name: str, aspect: Callable[[Path], object]) -> None:
    """What does not depend on the language is the same on both pages."""
    translated = CHINESE / name
    assert translated.exists(), f"docs/{name} is new: translate it to docs/zh/{name}"

    advice = DIFFERENT.format(name=name, aspect=aspect.__name__.replace("_", " "))
    assert aspect(translated) == aspect(DOCS / name), advice


def test_no_page_outlives_its_english_page() -> None:
    """Every other page of the edition has a page to be held against."""
    pages = {page.relative_to(CHINESE).as_posix() for page in CHINESE.rglob("*.md")}

    assert pages - set(NAMES) == OF_ITS_OWN, "delete what is gone in English, or move it along"


def test_the_index_lists_the_pages_in_the_same_order() -> None:
    """Whoever reads on meets the pages as in English."""
    listed, expected = (
        re.findall(r"^(?:tutorial|explanation)/\S+$", index.read_text("utf-8"), re.MULTILINE)
        for index in (CHINESE / "index.md", DOCS / "index.md")
    )

    assert listed == expected, "list the pages in docs/zh/index.md as docs/index.md does"


def test_each_question_is_translated() -> None:
    """There are words for each program, and they name the same things as the English words."""
    text = (CHINESE / "tutorial" / "break-it.md").read_text("utf-8")
    words = re.findall(r"^(\S.*)\n: (.+)\n: (.+)$", text, re.MULTILINE)
    assert len(words) == len(LESSONS), "docs/zh/tutorial/break-it.md needs words for each program"

    for path, translated in zip(LESSONS, words):
        lesson = load().Lesson(path)
        english = f"{lesson.question} {lesson.why} {lesson.instead}".replace("``", "`")
        assert set(SPAN.findall(" ".join(translated))) == set(
            SPAN.findall(english.replace("\n", " "))
        ), f"docs/zh/tutorial/break-it.md does not say what examples/break_it/{path.name} says"


def test_the_glossary_has_every_term() -> None:
    """A term of the English glossary has its word in the Chinese one."""
    english = (DOCS / "reference" / "glossary.md").read_text("utf-8")
    terms = re.findall(r"^(\S.*)\n: ", english, re.MULTILINE)
    table = (CHINESE / "glossary.md").read_text("utf-8")
    translated = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)

    assert terms
    assert set(terms) <= set(translated), "add what is missing to docs/zh/glossary.md"
    assert translated[2:] == sorted(translated[2:], key=lambda term: term.strip("`").lower())


@every_page
def test_sentences_end_where_lines_end(name: str) -> None:
    """Lines of a paragraph are joined without a blank, so each ends with a Chinese mark."""
    lines = prose(CHINESE / name).splitlines()
    joined = [
        line
        for line, below in zip(lines, lines[1:])
        if line and below and not re.match(r"[|#-]|\d+\. ", below)
    ]

    assert [line for line in joined if not re.search(r"[。？！：；]\**$", line)] == []
