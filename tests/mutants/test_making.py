"""The mutants themselves: which changes count, what they are called, and how they are run."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import making, survivors
from tests.mutants.__main__ import report
from tests.mutants.making import ROOT, Mutant, make_mutants
from tests.mutants.plan import PLANS
from tests.mutants.running import Baseline, choose

MODULE = '''\
"""A module."""
from __future__ import annotations


def first(x: int | None) -> int | None:
    """Do something."""
    if x is None:
        return 1
    return x


class Holder:
    @property
    def second(self) -> int:
        return 2
'''


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of a package of its own."""
    (tmp_path / "miniflask").mkdir()
    (tmp_path / "miniflask" / "sample.py").write_text(MODULE, "utf-8")
    monkeypatch.setattr(making, "ROOT", tmp_path)
    return "sample.py"


def test_each_change_has_a_name_that_holds_still(module: str) -> None:
    """A mutant is named by its file, its function, and the line before and after."""
    names = {mutant.name for mutant in make_mutants(module)}

    assert "sample.py first: if x is None: => if x is not None:" in names
    assert "sample.py first: return x => pass" in names
    assert "sample.py Holder.second: @property => " in names


def test_what_nobody_can_see_is_no_change(module: str) -> None:
    """Annotations and docstrings stay as they are, and so does ``is None``."""
    mutants = make_mutants(module)

    assert all('"""Do something."""' in mutant.source for mutant in mutants)
    assert all("x: int | None" in mutant.source for mutant in mutants)
    assert all("== None" not in mutant.source for mutant in mutants)
    assert len({mutant.source for mutant in mutants}) == len(mutants)


def test_some_functions_of_a_module(module: str) -> None:
    """A plan may name the functions that are changed."""
    mutants = make_mutants(module, ("Holder.second",))

    assert {mutant.span for mutant in mutants} == {(13, 15)}


def test_a_mutant_meets_the_tests_that_call_what_was_changed() -> None:
    """File by file, the quickest first; those that fail by themselves are no evidence."""
    calls = {"1::a": [3, 9], "1::b": [4], "2::c": [20, 4], "2::d": [3]}
    baseline = Baseline(calls, {"1::a": 2.0, "1::b": 1.0, "2::c": 0.5, "2::d": 0.1}, ["2::d"], [30])

    assert choose(Mutant("", (9, 9), ""), baseline) == ["1::a"]
    assert choose(Mutant("", (29, 31), ""), baseline) == ["1::b", "1::a", "2::c"]
    assert choose(Mutant("", (0, 0), ""), baseline) == ["1::b", "1::a", "2::c"]


TRY_THREE = """
from tests.mutants.making import ROOT, Mutant
from tests.mutants.running import Baseline, try_all

test = "tests/unit/test_globals.py::test_the_variables_bear_telling_names"
original = (ROOT / "miniflask/globals.py").read_text("utf-8")
sources = {
    "same": original,
    "other": original.replace("miniflask.app_ctx", "miniflask.ctx"),
    "none": "1 / 0",
}
mutants = [Mutant(name, (0, 0), source) for name, source in sources.items()]
for mutant, killed in try_all("globals.py", mutants, Baseline({test: []}, {test: 0}, [], []), 1):
    print(mutant.name, "killed" if killed else "lives")
"""


def test_children_tell_a_kill_from_a_survival() -> None:
    """A test that fails on the mutant kills it, and so does an import that fails."""
    done = subprocess.run(
        [sys.executable, "-c", TRY_THREE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["same lives", "other killed", "none killed"]


def test_the_report_holds_survivors_against_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    """A survivor without a reason fails the run; so does a reason that is no longer needed."""
    results = {f"m.py f: {n}": n != 7 for n in range(20)}

    assert report("m.py", results, {"m.py f: 7"}) == 0
    assert report("m.py", results, set()) == 1
    assert report("m.py", results, {"m.py f: 7", "m.py f: 8"}) == 1
    assert report("m.py", {"m.py f: 7": False}, {"m.py f: 7"}) == 1
    assert "19 of 20 killed, 95.0 %" in capsys.readouterr().out


def test_the_list_of_survivors_is_sound() -> None:
    """Each line names a module of the plan, and has a reason."""
    assert {name.partition(" ")[0] for name in survivors.read_survivors()} <= PLANS.keys()


def test_a_survivor_needs_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without an indented one below it is refused, and so is the reverse."""
    monkeypatch.setattr(survivors, "LIST", tmp_path / "survivors.txt")
    for text in ("m.py f: a => b\n", "    A reason.\n"):
        survivors.LIST.write_text(text, "utf-8")
        with pytest.raises(ValueError, match="survivors.txt"):
            survivors.read_survivors()


def test_the_plan_names_what_exists() -> None:
    """Its modules, tests and functions are all there."""
    for name, plan in PLANS.items():
        assert all((ROOT / test).exists() for test in plan.tests)
        places = dict(making._functions(ast.parse((ROOT / "miniflask" / name).read_text("utf-8"))))
        assert set(plan.functions) <= places.keys()
