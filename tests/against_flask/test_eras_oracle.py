"""The kits of each era, held to the real Werkzeug that they are named after.

The originals live in environments of their own, on older Pythons; see ``old_flasks.py``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.against_flask import old_flasks

KIT_PROBE = str(Path(__file__).with_name("eras_kit_probe.py"))

#: Making an environment takes pip a while.
pytestmark = pytest.mark.timeout(600)


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    """Name the probes that got different answers."""
    assert theirs.keys() == ours.keys()
    return {name for name in theirs if theirs[name] != ours[name]}


@pytest.mark.parametrize(
    ("version", "era", "apart"),
    [
        ("1.1.4", "1.1", set()),
        ("2.0.0", "2.0", set()),
        ("2.1.3", "2.1", {"stack", "inside"}),  # what pop leaves in the list
        # No _local, and other words for what is not bound.
        ("2.1.3 on Werkzeug 2.2.3", "2.1", {"stack", "inside", "local", "unbound"}),
        ("", "3.1", set()),
    ],
)
def test_the_kits_do_what_werkzeugs_did(version: str, era: str, apart: set[str]) -> None:
    """``Local``, ``LocalStack`` and ``LocalProxy`` do and raise what the originals did."""
    python, variables = old_flasks.environment(version) if version else (sys.executable, {})
    kit = f"miniflask.eras.flask_{era.replace('.', '_')}"
    theirs = old_flasks.run(python, KIT_PROBE, "werkzeug.local", **variables)
    ours = old_flasks.run(sys.executable, KIT_PROBE, kit, PYTHONPATH=str(old_flasks.ROOT))

    assert differing(json.loads(theirs), json.loads(ours)) == apart


def test_the_release_candidate_pushed_in_place_as_well() -> None:
    """Werkzeug 2.0.0rc1 appended to the list that was there; the release made a new one."""

    def pushed_in_place(version: str) -> Any:
        python, variables = old_flasks.environment(version)
        answers = json.loads(old_flasks.run(python, KIT_PROBE, "werkzeug.local", **variables))
        # Two lists that pushes returned, and whether they are one.
        return answers["stack"][3][2]

    assert (pushed_in_place("2.0.0rc1"), pushed_in_place("2.0.0")) == (True, False)
