"""What differs between Flask's versions, shown by ``miniflask compare --against``.

Each version comes from PyPI, into an environment in the test's own folder.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.compare_helpers import compare

PROGRAM = Path(__file__).with_name("version_probes.py")

#: What 3.1.3 answers, and so miniflask.
NEWEST = {
    "stream": "tr ta gen tr ta",
    "client-block": "tr ta | tr ta",
    "session-transaction": "tr ta body tr ta",
    "shared-g": "2",
    "other-host": "200",
    "other-host-subdomains": "404",
    "look-into-session": "Cookie",
    "key-that-signs": "new",
    "redirect": "302",
    "raising-teardown": "bad ta RuntimeError",
    "copied-context": "ValueError well ValueError",
    "raising-after-hook": "bad bad",
}
BEFORE_3_1_2 = {
    "stream": "gen tr ta",
    "client-block": "tr ta | ta tr ta",
    "look-into-session": "-",
}
#: What an older Flask answers otherwise.
OLDER = {
    "2.3.3": {**BEFORE_3_1_2, "other-host": "404"},
    "3.0.3": {**BEFORE_3_1_2, "other-host": "404"},
    "3.1.0": {**BEFORE_3_1_2, "key-that-signs": "old"},
    "3.1.1": BEFORE_3_1_2,
    "3.1.2": {"look-into-session": "-"},
}


def answers(tmp_path: Path, *options: str) -> tuple[dict[str, str], dict[str, str]]:
    """Ask all questions on both sides; what they say is the same has to be the same."""
    lines = "".join(json.dumps({"path": f"/{name}"}) + "\n" for name in NEWEST)
    done = compare(str(PROGRAM), "--requests", "-", "--json", *options, stdin=lines, cache=tmp_path)
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    sides: tuple[dict[str, str], dict[str, str]] = ({}, {})
    for result in told["results"]:
        name = result["request"]["path"][1:]
        sides[0][name], sides[1][name] = result["left"]["body"], result["right"]["body"]
        assert result["same"] == (sides[0][name] == sides[1][name])
    assert told["same"] == (sides[0] == sides[1]) == (done.returncode == 0)
    return sides


def test_the_installed_flask_answers_alike(tmp_path: Path) -> None:
    """On the installed Flask 3.1.3 every question has the answer that miniflask gives."""
    assert answers(tmp_path) == (NEWEST, NEWEST)


@pytest.mark.timeout(600)  # pip may have to wait for the network
@pytest.mark.parametrize("version", OLDER)
def test_an_older_flask_differs_where_it_did(tmp_path: Path, version: str) -> None:
    """Of the questions, exactly those are answered otherwise that the version is known for."""
    ours, theirs = answers(tmp_path, "--against", version)

    assert ours == NEWEST
    assert {name: answer for name, answer in theirs.items() if answer != NEWEST[name]} == (
        OLDER[version]
    )


@pytest.mark.timeout(600)
def test_an_environment_is_made_once(tmp_path: Path) -> None:
    """The first time an environment is made, and told of; then it is there.  Two are compared."""
    line = '{"path": "/other-host"}'
    command = (str(PROGRAM), "--requests", "-", "--against", "3.0.3", "--against", "3.0.3")
    first, second = (compare(*command, stdin=line, cache=tmp_path) for _ in range(2))

    assert first.stderr.splitlines() == [
        f"making an environment for Flask 3.0.3 in {made(tmp_path)}",
        "installing Flask 3.0.3 from PyPI",
    ]
    assert second.stderr == ""
    assert first.stdout == second.stdout
    assert first.stdout.splitlines()[0].endswith("on Flask 3.0.3 and on Flask 3.0.3")
    assert list(made(tmp_path).parent.iterdir()) == [made(tmp_path)]


def made(cache: Path) -> Path:
    """Return the one environment."""
    return next((cache / "miniflask-compare").glob("flask-3.0.3-*"))


@pytest.mark.timeout(600)
def test_a_flask_that_there_is_not(tmp_path: Path) -> None:
    """A version that PyPI does not have is an error with what pip said, and leaves nothing."""
    done = compare(str(PROGRAM), "--against", "3.0.99", cache=tmp_path)

    assert done.returncode == 2
    assert "Error: Flask 3.0.99 could not be had:" in done.stderr
    assert "flask==3.0.99" in done.stderr
    assert done.stderr.endswith("See which there are: pip index versions flask\n")
    assert list((tmp_path / "miniflask-compare").iterdir()) == []
