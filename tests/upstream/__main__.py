"""Run Flask's own tests on miniflask, unmodified, and on Flask itself as a control.

The sdist of Flask comes from PyPI, once, and is held against its hash; it is kept in ``.cache/``
and unpacked where nothing stays.  Besides its ``tests/`` those of its examples are run.  A test
has to come to the same on miniflask as on Flask, and to pass unless ``exceptions.txt`` has a line
for it; a line that is not needed is an error too.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from tests.lessons.court import misquotes

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
SDIST = CACHE / "flask-3.1.3.tar.gz"
SHA256 = "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb"
#: The folders of the sdist in which pytest finds tests.
SUITES = (".", "examples/tutorial", "examples/javascript")

#: Test id, from the root of the sdist -> "passed", "failed" or "skipped".
Outcomes = dict[str, str]


class Run(NamedTuple):
    """What the tests of a folder came to, and what pytest said."""

    outcomes: Outcomes
    log: str


def sdist() -> Path:
    """Return the archive of Flask's sources, downloaded if it has not been."""
    if not is_genuine():
        download()
    if not is_genuine():
        sys.exit(f"{SDIST} is not the sdist of Flask 3.1.3: its hash differs. Remove it.")
    return SDIST


def is_genuine() -> bool:
    """Tell whether the archive is there, with the hash that PyPI lists."""
    return SDIST.exists() and hashlib.sha256(SDIST.read_bytes()).hexdigest() == SHA256


def download() -> None:
    """Take the archive from PyPI."""
    CACHE.mkdir(exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n", "utf-8")
    with tempfile.TemporaryDirectory() as folder:
        pinned = Path(folder, "requirements.txt")
        pinned.write_text(f"flask==3.1.3 --hash=sha256:{SHA256}\n", "utf-8")
        options = "--no-deps --no-binary :all: --no-build-isolation --require-hashes --retries 2"
        done = subprocess.run(
            [sys.executable, "-m", "pip", "download", *options.split(), "-d", CACHE, "-r", pinned],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
    if done.returncode != 0:
        sys.exit(
            f"{done.stdout}\nFlask's tests come from PyPI, and it could not be reached, or has no"
            " sdist of Flask 3.1.3 with the right hash; see above. With a network, try again:\n\n"
            "    make upstream\n\n"
            f"Without one, put flask-3.1.3.tar.gz into {CACHE}."
        )


def run(source: Path, suite: str, *options: str) -> Run:
    """Run the tests of one folder of the sdist in a Python of their own."""
    report = source / "report.xml"
    report.unlink(missing_ok=True)
    pytest = "-m pytest -q --tb=short -p no:cacheprovider -o junit_family=xunit1".split()
    done = subprocess.run(
        [sys.executable, *pytest, f"--junit-xml={report}", *options],
        cwd=source / suite,
        env={k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "PYTEST_"))},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    if not report.exists():
        sys.exit(f"{done.stdout}\npytest did not get as far as a report in {suite}.")
    cases = ElementTree.parse(report).iter("testcase")
    return Run({test_id(suite, case): outcome(case) for case in cases}, done.stdout)


def test_id(suite: str, case: ElementTree.Element) -> str:
    """Name a test as pytest's command line does, from the root of the sdist."""
    file = case.get("file", "")
    module = file.removesuffix(".py").replace("/", ".")
    classes = case.get("classname", "").removeprefix(module).strip(".").split(".")
    return "::".join(
        [os.path.normpath(f"{suite}/{file}"), *filter(None, classes), case.attrib["name"]]
    )


def outcome(case: ElementTree.Element) -> str:
    """Read what a test came to."""
    found = {element.tag for element in case}
    if found & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in found else "passed"


def excused() -> dict[str, str]:
    """Read which tests may fail, and why."""
    lines = Path(__file__).with_name("exceptions.txt").read_text("utf-8").splitlines()
    parts = [line.partition("  # ") for line in lines if line and not line.startswith("#")]
    for test, _, reason in parts:
        if not reason.strip():
            sys.exit(f"exceptions.txt gives no reason for {test}")
    return {test: reason for test, _, reason in parts}


def complaints(ours: Outcomes, theirs: Outcomes) -> list[str]:
    """List what is wrong: tests that differ from the control or fail, and needless exceptions."""
    excuses = excused()
    wrong = [
        f"{test} {ours.get(test, 'is missing')}, on Flask {theirs.get(test, 'is missing')}"
        for test in sorted(ours.keys() | theirs.keys())
        if test not in excuses and (ours.get(test) != theirs.get(test) or ours[test] == "failed")
    ]
    needless = [
        f"{test} passes: remove it from exceptions.txt"
        for test in excuses
        if ours.get(test) != "failed"
    ]
    return wrong + needless


def summary(outcomes: Outcomes) -> str:
    """Count outcomes, in the words of pytest."""
    counts = Counter(outcomes.values())
    skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
    return f"{counts['passed']} passed, {counts['failed']} failed{skipped}"


def main() -> None:
    """Run every suite on both, print what they came to, and fail if that is not good enough."""
    ours: Outcomes = {}
    theirs: Outcomes = {}
    logs = []
    with tempfile.TemporaryDirectory() as folder, tarfile.open(sdist()) as archive:
        print(f"{'Flask 3.1.3':<22}{'on miniflask':<26}on Flask")
        # Not known before Python 3.11.4; the hash says that nothing in it needs filtering.
        safely: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(folder, **safely)
        source = Path(folder, "flask-3.1.3")
        for suite in SUITES:
            mine, control = run(source, suite, "-p", "miniflask.as_flask"), run(source, suite)
            name = suite if suite != "." else "tests"
            print(f"{name:<22}{summary(mine.outcomes):<26}{summary(control.outcomes)}", flush=True)
            ours |= mine.outcomes
            theirs |= control.outcomes
            logs.append(mine.log)
        wrong = complaints(ours, theirs) + misquotes(source)

    if wrong:
        print(*logs, *wrong, sep="\n")
    for test, reason in excused().items():
        print(f"\nexcused: {test}\n         {reason}")
    passed = Counter(ours.values())["passed"]
    print(f"\n{passed} passed, {len(wrong)} failed")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
