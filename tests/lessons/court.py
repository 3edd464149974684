"""Write ``docs/reference/court.md``: what documentation says, and what is so when it is run.

Each program in ``docs/court/`` is a claim.  Its docstring says where a statement stands and what
it says; what the program prints is the evidence, on Flask and on miniflask.  ``make court`` runs
them all and writes the page.
"""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import version
from pathlib import Path

from tests.lessons.docstrings import read_parts
from tests.lessons.frameworks import FRAMEWORKS, run_program

ROOT = Path(__file__).parents[2]
CLAIMS = sorted((ROOT / "docs" / "court").glob("[0-9]*.py"))
PAGE = ROOT / "docs" / "reference" / "court.md"

HEAD = """\
# Docs court

{count} statements about Flask that many have read, most of them in its own documentation.
Under each stands a program, and what it prints.

`make court` ran every program on Flask {version} and on miniflask, and wrote this page.
Both printed the same; a test runs them again, and compares the result with this page.
To run one yourself: `python docs/court/{first}`; on Flask, with `flask` in its imports.
"""

CLAIM = """
## {title}

**Where:** {where}

**It says:** {says}

**In fact:** {fact}

```python
{program}
```

It prints:

```output
{printed}
```
"""


class Disagreement(Exception):
    """The frameworks do not print the same."""


def evidence(claim: Path) -> str:
    """Return what a claim's program prints on either framework.

    Raises:
        Disagreement: They do not print the same.
    """
    printed = {framework: run_program(claim, framework).printed for framework in FRAMEWORKS}
    if len(set(printed.values())) > 1:
        raise Disagreement(f"{claim.name}: {printed}")
    return printed["flask"].rstrip()


def prose(text: str) -> str:
    """Put a paragraph of a docstring on one line for each sentence."""
    return re.sub(r"([.?!]) (?=[A-Z`(])", r"\1\n", " ".join(text.split()))


def write_claim(claim: Path) -> str:
    """Return a claim's part of the page."""
    source = claim.read_text("utf-8")
    docstring, *_ = ast.parse(source).body
    parts = read_parts(claim)
    return CLAIM.format(
        title=source[3:].partition("\n")[0].rstrip("."),
        where=prose(parts["Where"]),
        says=prose(parts["Says"]),
        fact=prose(parts["In fact"]),
        program="\n".join(source.splitlines()[docstring.end_lineno :]).strip(),
        printed=evidence(claim),
    )


def write_page() -> str:
    """Run every claim on both frameworks and return the page."""
    head = HEAD.format(count=len(CLAIMS), version=version("flask"), first=CLAIMS[0].name)
    return head + "".join(map(write_claim, CLAIMS))


def misquotes(source: Path) -> list[str]:
    """Return what claims quote from the pages of Flask's own documentation, and is not there.

    Args:
        source: The folder with Flask's source; ``make upstream`` has one.
    """
    wrong = []
    for claim in CLAIMS:
        parts = read_parts(claim)
        page = source / parts["Where"].partition(",")[0]
        if page.suffix == ".rst":
            text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"\1", page.read_text("utf-8"))
            words = " ".join(text.split())
            quoted = re.findall(r'"(.*?)"', " ".join(parts["Says"].split()))
            wrong += [f'{claim.name}: "{q}" is not in {page}' for q in quoted if q not in words]
    return wrong


if __name__ == "__main__":
    try:
        PAGE.write_text(write_page(), "utf-8")
    except Disagreement as e:
        sys.exit(f"Flask and miniflask do not print the same. Mend one of them.\n{e}")
