"""The eras side by side: their modules, the exercises, the table, and the command."""

from __future__ import annotations

import sys
import threading
from typing import Any

import greenlet  # type: ignore[import-untyped]  # greenlet ships no types
import pytest
from click.testing import CliRunner

from miniflask.eras import ERAS, STARTS_ON, exercises, load, swap
from miniflask.eras.command import eras_command
from miniflask.eras.exercises import EXERCISES, Look, NotRun, run
from miniflask.eras.table import draw, explain, find_out

every_era = pytest.mark.parametrize("era", ERAS)
OF_STACKS = ["0.1", "1.1", "2.0", "2.1"]


@every_era
def test_every_era_has_the_same_names(era: str) -> None:
    """A module named after the Flask that shipped it, with the four names of the small API."""
    module = load(era)

    assert module.__name__.endswith(f"flask_{era.replace('.', '_')}")
    assert module.__doc__.startswith(f"Flask {era} (")
    for name in ("Local", "LocalStack", "LocalProxy", "Contexts"):
        assert getattr(module, name).__doc__


def test_the_framework_starts_on_all_but_one() -> None:
    """The era of 2.0 is there to be looked at only."""
    assert set(ERAS) - set(STARTS_ON) == {"2.0"}


def test_an_unknown_era_is_answered_with_those_there_are() -> None:
    """Asking for another one names all six."""
    with pytest.raises(KeyError, match=r"no era '9'; the eras are 0\.1, 1\.1, 2\.0, 2\.1, 3\.1"):
        load("9")


# ---- what is special about one ----


def test_the_first_dict_is_keyed_by_thread() -> None:
    """In 0.1 ``__storage__`` has a dict per thread id, until it is released."""
    local = load("0.1").Local()
    local.a = 1

    assert local.__storage__ == {threading.get_ident(): {"a": 1}}
    assert local.__ident_func__ is threading.get_ident
    local.__release_local__()
    assert local.__storage__ == {}


def test_the_second_dict_is_keyed_by_greenlet() -> None:
    """In 1.1 a greenlet is the key, that of the thread where no other runs."""
    local = load("1.1").Local()
    local.a = 1

    assert local.__storage__ == {greenlet.getcurrent(): {"a": 1}}


@pytest.mark.parametrize("era", OF_STACKS)
def test_the_last_pop_releases_the_list(era: str) -> None:
    """Of a stack with a ``_local``, the attribute ``stack`` goes with the last item."""
    stack = load(era).LocalStack()
    stack.push(1)
    assert stack._local.stack == [1]
    stack.pop()
    assert not hasattr(stack._local, "stack")


@pytest.mark.parametrize("era", ["0.1", "1.1"])
def test_the_function_that_tells_who_asks_can_be_replaced(era: str) -> None:
    """A stack takes another ``__ident_func__``, and has another list for each of its answers."""
    stack, who = load(era).LocalStack(), ["one"]
    stack.__ident_func__ = lambda: who[0]
    stack.push(1)
    who[0] = "two"

    assert stack.top is None
    assert stack.__ident_func__() == "two"


def test_only_2_0_warns_of_the_old_names() -> None:
    """Werkzeug 2.0 deprecated ``__storage__`` and ``__ident_func__``, 2.1 had neither."""
    local = load("2.0").Local()
    with pytest.warns(DeprecationWarning, match="'__storage__' is deprecated"):
        assert local.__storage__ == {}
    with pytest.warns(DeprecationWarning, match="'__ident_func__' is deprecated"):
        assert callable(local.__ident_func__)

    later = load("2.1").Local()
    assert not hasattr(later, "__storage__")
    assert not hasattr(later, "__ident_func__")


@pytest.mark.parametrize(("era", "left"), [("2.0", ["a"]), ("2.1", ["a", "b"])])
def test_a_pop_changes_the_list_or_copies_it(era: str, left: list[str]) -> None:
    """Whoever holds the list that ``push`` returned sees a pop in 2.0, and none in 2.1."""
    stack = load(era).LocalStack()
    stack.push("a")
    held = stack.push("b")
    assert stack.pop() == "b"
    assert held == left


@every_era
def test_contexts_are_pushed_and_popped(era: str) -> None:
    """The contexts of an era start empty, nest, and end empty."""
    contexts = load(era).Contexts()
    seen = [(contexts.app, contexts.request)]
    pop_outer = contexts.push("shop", "/a")
    pop_inner = contexts.push("shop", "/b")
    seen.append((contexts.app, contexts.request))
    pop_inner()
    seen.append((contexts.app, contexts.request))
    pop_outer()
    assert [*seen, (contexts.app, contexts.request)] == [
        (None, None),
        ("shop", "/b"),
        ("shop", "/a"),
        (None, None),
    ]


# ---- the exercises ----


@every_era
@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.__name__)
def test_an_exercise_leaves_nothing_behind(era: str, exercise: Any) -> None:
    """After an exercise, a second run on the same contexts sees what the first saw."""
    contexts = load(era).Contexts()

    assert run(exercise, contexts) == run(exercise, contexts)
    assert (contexts.app, contexts.request) == (None, None)


def test_every_exercise_has_a_title_of_its_own() -> None:
    """The first line of each docstring is a line of the table."""
    titles = [exercise.__doc__ for exercise in EXERCISES]

    assert all(title and title.count("\n") == 0 for title in titles)
    assert len(set(titles)) == len(EXERCISES)


def test_greenlets_need_greenlet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is missing, the exercise says so instead of running."""
    monkeypatch.setitem(sys.modules, "greenlet", None)
    with pytest.raises(NotRun, match=r"^greenlet$"):
        exercises.greenlets(load("2.1").Contexts())

    found = find_out(["2.1"])
    line = next(line for line in draw(found) if line.startswith("Two greenlets"))
    assert line.endswith("  ?")
    assert "  2.1: needs greenlet: pip install greenlet" in explain(found)


# ---- the table ----

FOUND: dict[str, dict[str, list[Look] | str]] = {
    "1.1": {"A title": [Look("the one", "/a", "/a"), Look("the other", "/b", "/a")], "B": "thing"},
    "3.1": {"A title": [Look("the one", "/a", "/a")], "B": []},
}


def test_the_table_says_what_stayed_apart() -> None:
    """``yes`` if every look saw what was to be seen, ``NO`` if one did not, ``?`` if none was."""
    assert draw(FOUND) == [
        "stays isolated  1.1  3.1",
        "--------------  ---  ---",
        "A title          NO  yes",
        "B                 ?  yes",
        "",
        f"1.1  {ERAS['1.1']}",
        f"3.1  {ERAS['3.1']}",
    ]


def test_the_explanation_says_what_was_seen() -> None:
    """Each NO is explained by what was seen in place of what, each ? by what to install."""
    assert explain(FOUND) == [
        "",
        "A title",
        "  1.1: the other saw /a, not /b",
        "",
        "B",
        "  1.1: needs thing: pip install thing",
    ]


def test_the_command_prints_the_table_of_a_run() -> None:
    """``miniflask eras`` runs the exercises and prints what came out, with reasons if asked."""
    found = find_out()
    short, long = CliRunner().invoke(eras_command), CliRunner().invoke(eras_command, ["--why"])

    assert short.output.splitlines() == draw(found)
    assert long.output.splitlines() == draw(found) + explain(found)


def test_the_exercises_tell_the_eras_apart() -> None:
    """From each era to the next, some exercise sees something else; two threads never do."""
    found = list(find_out().values())

    assert all(older != newer for older, newer in zip(found, found[1:]))
    threads = [era["Two threads at work at once"] for era in found]
    assert threads == [threads[0]] * 6


# ---- swapping ----


def test_a_thing_is_replaced_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under every name in every module of the framework, and so are its methods; no one else's."""
    old, new, other = [1], [2], [1]
    module, stranger = type(sys)("miniflask.made_up"), type(sys)("stranger")
    vars(module).update(a=old, b=old, c=other, add=old.append)
    vars(stranger).update(a=old)
    monkeypatch.setitem(sys.modules, "miniflask.made_up", module)
    monkeypatch.setitem(sys.modules, "stranger", stranger)

    swap.swap([(old, new)])

    vars(module)["add"](3)
    assert (vars(module)["a"], vars(module)["b"]) == ([2, 3], [2, 3])
    assert vars(module)["c"] is other
    assert vars(stranger)["a"] is old
