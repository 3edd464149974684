"""Each era, held to the real Flask that it is named after.

The same program asks both: ``eras_probe.py``, which runs the very exercises of
``miniflask/eras/exercises.py`` and some thirty questions about what users saw.  The real Flasks
live in environments of their own, on older Pythons; see ``old_flasks.py``.
"""

from __future__ import annotations

import json
import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from miniflask.eras import load
from miniflask.eras.exercises import EXERCISES, run
from tests.against_flask import old_flasks

PROBE = str(Path(__file__).with_name("eras_probe.py"))

KIT_PROBE = str(Path(__file__).with_name("eras_kit_probe.py"))

#: Making an environment takes pip a while.
pytestmark = pytest.mark.timeout(600)

#: Where Flask 2.0.0 differs from 2.1.3, on whose era the framework starts.
SINCE_2_1 = {
    "exercises",  # pop changes the list in place: era 2.0
    "names",  # safe_join
    "joins",  # likewise
    "idents",  # __ident_func__
    "g_of_request",  # deprecated
    "files",  # the version in a warning
}

#: What Flask 2.2.5 still had, deprecated, and what changed from there to 3.1.3.
SINCE_2_2 = {
    *("names", "stacks", "lists", "idents", "lookups", "preserved_after_error", "preserved_with"),
    *("with_client", "streaming", "environment", "banner", "joins", "first_request"),
}


@cache
def on_flask(version: str) -> dict[str, Any]:
    """Ask the real Flask of that version."""
    python, variables = old_flasks.environment(version)
    answers: dict[str, Any] = json.loads(old_flasks.run(python, PROBE, "flask", **variables))
    return answers


@cache
def on_miniflask(era: str) -> dict[str, Any]:
    """Ask miniflask, started on an era; on none for an empty one."""
    variables = {"MINIFLASK_ERA": era} if era else {}
    path = str(old_flasks.ROOT)
    printed = old_flasks.run(sys.executable, PROBE, "miniflask", PYTHONPATH=path, **variables)
    answers: dict[str, Any] = json.loads(printed)
    return answers


def differing(theirs: dict[str, Any], ours: dict[str, Any]) -> set[str]:
    """Name the probes that got different answers."""
    assert theirs.keys() == ours.keys()
    return {name for name in theirs if theirs[name] != ours[name]}


def seen_by(era: str) -> dict[str, Any]:
    """What each exercise sees on the kit of an era, as JSON has it."""
    seen = {e.__name__: run(e, load(era).Contexts()) for e in EXERCISES}
    answer: dict[str, Any] = json.loads(json.dumps(seen))
    return answer


@pytest.mark.parametrize(("version", "era"), [("1.1.4", "1.1"), ("2.2.5", "3.1")])
def test_the_table_is_what_the_real_flask_shows(version: str, era: str) -> None:
    """Every exercise sees on the era's kit what it sees on the Flask that shipped it."""
    assert seen_by(era) == on_flask(version)["exercises"]


def test_the_list_is_changed_in_place_by_pop() -> None:
    """Flask 2.0.0 with Werkzeug 2.0.0 shares what a pop does; so did 2.1.3 with Werkzeug 2.1.2."""
    assert seen_by("2.0") == on_flask("2.0.0")["exercises"]
    assert seen_by("2.0") == on_flask("2.1.3")["exercises"]


def test_the_release_candidate_pushed_in_place_as_well() -> None:
    """Werkzeug 2.0.0rc1 appended to the list that was there; the release made a new one."""

    def pushed_in_place(version: str) -> Any:
        python, variables = old_flasks.environment(version)
        answers = json.loads(old_flasks.run(python, KIT_PROBE, "werkzeug.local", **variables))
        # Two lists that pushes returned, and whether they are one.
        return answers["stack"][3][2]

    assert (pushed_in_place("2.0.0rc1"), pushed_in_place("2.0.0")) == (True, False)


def test_the_list_is_copied_on_every_write() -> None:
    """Flask 2.1.3 with Werkzeug 2.2.3 shares nothing any more."""
    assert seen_by("2.1") == on_flask("2.1.3 on Werkzeug 2.2.3")["exercises"]
    assert differing(seen_by("2.1"), seen_by("2.0")) == {"child_pops", "parent_pops_as_well"}


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


@pytest.mark.parametrize("era", ["0.1", "1.1", "2.1", "3.1", "3.2"])
def test_the_framework_shows_what_the_kit_shows(era: str) -> None:
    """Started on an era, the whole framework is isolated as the era's few lines are."""
    assert on_miniflask(era)["exercises"] == seen_by(era)


@pytest.mark.parametrize(
    ("version", "era", "apart"),
    [
        ("1.1.4", "1.1", set()),
        ("2.0.0", "2.1", SINCE_2_1),
        ("2.1.3", "2.1", {"exercises"}),  # the pop of Werkzeug 2.1.2, asked above
        ("2.2.5", "3.1", SINCE_2_2),
    ],
)
def test_users_see_what_they_saw(version: str, era: str, apart: set[str]) -> None:
    """Preserved contexts, ``FLASK_ENV``, old arguments and names: the answers are the same."""
    assert differing(on_flask(version), on_miniflask(era)) == apart


def test_era_3_1_is_the_default() -> None:
    """Asking for 3.1 changes nothing."""
    assert on_miniflask("3.1") == on_miniflask("")


def test_era_3_1_is_the_flask_installed_here() -> None:
    """Flask 3.1.3 answers as the default does, but for what it dropped."""
    theirs = json.loads(old_flasks.run(sys.executable, PROBE, "flask"))
    ours = {**on_miniflask("")}
    for answers in (theirs, ours):
        for name in answers:
            answers[name] = re.sub(r"\['AttributeError', .*\]", "dropped", str(answers[name]))

    assert differing(theirs, ours) == {"names", "first_request"}


def test_era_3_2_is_what_flasks_main_branch_does() -> None:
    """What changes from 3.1.3: the numbers were taken from Flask's main branch in April 2026."""
    before, after = on_miniflask("3.1"), on_miniflask("3.2")

    assert (before["redirects"], after["redirects"]) == (302, 303)
    assert before["shared_g"][0][:2] == ["1", "2"]
    assert after["shared_g"][0][:2] == ["1", "1"]
    assert before["streaming"][1] == ["tr", "ta", "gen", "tr", "ta"]
    assert after["streaming"][1] == ["gen", "tr", "ta"]
    assert before["teardown_fails"][:2] == [["view", "bad", "ta"], ["RuntimeError", "bad"]]
    assert after["teardown_fails"][0] == ["view", "bad", "tr", "ta"]
    group = "ExceptionGroup" if sys.version_info >= (3, 11) else "RuntimeError"
    assert after["teardown_fails"][1][0] == group
    assert before["copied_for_two"][1] == ["ValueError", "ValueError"]
    assert after["copied_for_two"][1] == [None, "RuntimeError"]
    assert after["wrong_pop"] == ["RuntimeError", "/2", []]
    assert {name for name in before if before[name] != after[name]} == {
        *("exercises", "redirects", "shared_g", "streaming", "teardown_fails", "copied_for_two"),
        *("wrong_pop", "unbound", "names", "lookups", "auto_pop", "g_of_request"),
    }


# ---- Flask 0.1, on Python 2.7 ----

#: Runs on Python 2.7 with Flask 0.1 and on today's with miniflask.
PROBE_0_1 = """
import json, sys, threading
if sys.argv[1] == "flask":
    sys.modules["greenlet"] = None  # as where it was not installed
fw = __import__(sys.argv[1])
if sys.argv[1] == "flask":
    del sys.modules["greenlet"]
import greenlet

stack, seen = fw._request_ctx_stack, {}
app, blog = fw.Flask("json"), fw.Flask("threading")
app.secret_key = "key"

@app.route("/")
def index():
    fw.g.n = getattr(fw.g, "n", 0) + 1
    return str(fw.g.n)

@app.route("/fail")
def fail():
    raise ValueError("no")

def push(path, of=app):
    ctx = of.test_request_context(path)
    ctx.__enter__()
    return lambda: ctx.__exit__(None, None, None)

def path():
    return fw.request.path if stack.top is not None else None

def attempt(action):
    try:
        return action()
    except Exception as e:
        return [isinstance(e, AttributeError), str(e)]

def in_thread(action):
    found = []
    thread = threading.Thread(target=lambda: found.append((get_ident(), attempt(action))))
    thread.start()
    thread.join(60)
    return found[0]

try:
    from threading import get_ident
except ImportError:
    from thread import get_ident

local = stack._local
seen["outside"] = [stack.top, stack.pop(), hasattr(local, "stack")]
seen["unbound"] = [attempt(lambda: fw.request.path), attempt(lambda: fw.session.keys())]
pop = push("/a")
seen["storage"] = [get_ident() in local.__storage__, len(local.stack)]
pop_blog = push("/b", blog)
seen["nested"] = [path(), fw.current_app == blog, stack.top.app is blog, len(local.stack)]
pop_blog()
seen["after"] = [path(), fw.current_app == app]
seen["thread"] = in_thread(path)[1]
pop()
seen["released"] = [hasattr(local, "stack"), get_ident() in local.__storage__]

first, second = push("/first"), push("/second")
first()
seen["wrong order"] = [path()]
second()
seen["wrong order"].append(path())

old = in_thread(lambda: push("/old") and None)[0]
found = []
for _ in range(20):
    go_on = threading.Event()
    def later():
        if get_ident() == old:
            found.append(path())
        go_on.wait(60)
    threads = [threading.Thread(target=later) for _ in range(16)]
    [thread.start() for thread in threads]
    go_on.set()
    [thread.join(60) for thread in threads]
seen["the id again"] = found[:1]
local.__storage__.clear()

hub = greenlet.getcurrent()
def work(where):
    pop = push(where)
    hub.switch()
    where = path()
    pop()
    return where
one, two = greenlet.greenlet(work), greenlet.greenlet(work)
one.switch("/a"); two.switch("/b")
seen["greenlets"] = [one.switch(), two.switch()]

def body():
    while True:
        yield path()
generator = body()
pop = push("/a")
found = [next(generator)]
pop()
pop = push("/b")
seen["generator"] = found + [next(generator)]
pop()

client = app.test_client()
pop = push("/outer")
seen["g"] = [client.get("/").data.decode(), client.get("/").data.decode(), path()]
pop()

def fail_once(debug):
    app.debug = debug
    ctx = app.test_request_context("/x")
    ctx.__enter__()
    try:
        raise ValueError("no")
    except ValueError:
        ctx.__exit__(*sys.exc_info())
    left = path()
    local.__release_local__()
    return left
seen["failed"] = [fail_once(False), fail_once(True)]

app.debug = True
attempt(lambda: client.get("/fail"))
seen["failed request"] = path()
local.__release_local__()
print(json.dumps(seen, sort_keys=True))
"""


def test_flask_0_1_on_python_2_7(tmp_path: Path) -> None:
    """One stack in a dict keyed by thread id: the answers of 2010, from the Flask of 2010."""
    program = tmp_path / "probe.py"
    program.write_text(PROBE_0_1)
    python, variables = old_flasks.environment("0.1")
    path = str(old_flasks.ROOT)

    theirs = old_flasks.run(python, str(program), "flask", **variables)
    ours = old_flasks.run(
        sys.executable, str(program), "miniflask", PYTHONPATH=path, MINIFLASK_ERA="0.1"
    )
    assert json.loads(ours) == json.loads(theirs)
