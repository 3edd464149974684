"""Reading what the docstrings of lessons and applications promise."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from threading import Lock

# CPython 3.11 fails now and then when two threads parse at once (cpython#106905).
_parsing = Lock()


def read_parts(path: Path) -> dict[str, str]:
    """Return the titled parts of a program's docstring; a title ends at its first comma."""
    source = path / "__init__.py" if path.is_dir() else path
    with _parsing:
        doc = ast.get_docstring(ast.parse(source.read_text("utf-8"))) or ""
    _, *rest = re.split(r"^(\S.*):\n(?= )", doc, flags=re.MULTILINE)
    titles = [title.partition(",")[0] for title in rest[::2]]
    return dict(zip(titles, (textwrap.dedent(text).rstrip() for text in rest[1::2])))


def read_exchanges(text: str) -> list[tuple[str, list[str]]]:
    """Return the commands in a part, each with the lines below it."""
    exchanges: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            exchanges.append((line[2:], []))
        else:
            exchanges[-1][1].append(line)
    return exchanges
