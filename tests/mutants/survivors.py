"""The list of the mutants that no test can kill, each with the reason."""

from __future__ import annotations

from pathlib import Path

LIST = Path(__file__).with_name("survivors.txt")


def read_survivors() -> dict[str, str]:
    """Return mutant -> why it is equivalent.

    In the file a mutant is a line, and the indented lines below it are its reason.

    Raises:
        ValueError: A mutant has no reason, or a reason no mutant.
    """
    reasons: dict[str, str] = {}
    name = ""
    for number, line in enumerate(LIST.read_text("utf-8").splitlines(), 1):
        if line.startswith("    "):
            reasons[name] = f"{reasons.get(name, '')} {line.strip()}".strip()
        elif line and not line.startswith("#"):
            name = line
            reasons[name] = ""
        if line.startswith("    ") and not name:
            raise ValueError(f"{LIST}:{number}: this reason stands below no mutant.")
    if unexplained := [name for name, reason in reasons.items() if not reason]:
        raise ValueError(f"{LIST}: write below it why no test can kill: {unexplained[0]}")
    return reasons
