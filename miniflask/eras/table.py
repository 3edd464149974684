"""What stays isolated in each era, found out by running the exercises."""

from __future__ import annotations

from collections.abc import Iterable

from . import ERAS, load
from .exercises import EXERCISES, Look, NotRun, run

#: Era -> title of an exercise -> what was seen; the name of a library that is missing.
Findings = dict[str, dict[str, "list[Look] | str"]]


def find_out(eras: Iterable[str] = ERAS) -> Findings:
    """Run every exercise on every era."""
    found: Findings = {}
    for era in eras:
        found[era] = {}
        for exercise in EXERCISES:
            title = (exercise.__doc__ or "").rstrip(".")
            try:
                found[era][title] = run(exercise, load(era).Contexts())
            except NotRun as missing:
                found[era][title] = str(missing)
    return found


def _verdict(looks: list[Look] | str) -> str:
    if isinstance(looks, str):
        return "?"
    return "yes" if all(look.seen == look.expected for look in looks) else "NO"


def draw(found: Findings) -> list[str]:
    """Draw the table, a line for each exercise, a column for each era; below, what they are."""
    titles = list(next(iter(found.values())))
    heading = "stays isolated"
    width = max(map(len, [heading, *titles]))
    lines = ["  ".join([heading.ljust(width), *(era.rjust(3) for era in found)])]
    lines.append("  ".join(["-" * width, *("-" * 3 for _ in found)]))
    for title in titles:
        cells = (_verdict(found[era][title]).rjust(3) for era in found)
        lines.append("  ".join([title.ljust(width), *cells]))
    return [*lines, "", *(f"{era}  {ERAS[era]}" for era in found)]


def explain(found: Findings) -> list[str]:
    """Tell for each NO what was seen, and for each ? what to install."""
    lines = []
    for title in next(iter(found.values())):
        told = [(era, _told(found[era][title])) for era in found]
        if any(words for _, words in told):
            lines += ["", title]
            lines += [f"  {era}: {words}" for era, words in told if words]
    return lines


def _told(looks: list[Look] | str) -> str:
    if isinstance(looks, str):
        return f"needs {looks}: pip install {looks}"
    wrong = (look for look in looks if look.seen != look.expected)
    return "; ".join(f"{where} saw {seen}, not {expected}" for where, expected, seen in wrong)
