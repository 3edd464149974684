"""Each of the twenty does what it says, on both frameworks, and can be predicted."""

from __future__ import annotations

import ast
import importlib.util
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lessons.frameworks import FRAMEWORKS

FOLDER = Path(__file__).parents[2] / "examples" / "break_it"
LESSONS = sorted(FOLDER.glob("[0-9]*.py"))

every_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
both_frameworks = pytest.mark.parametrize("framework", FRAMEWORKS)


def load() -> Any:
    """Return the program that lists, runs and asks, as a module."""
    spec = importlib.util.spec_from_file_location("break_it", FOLDER / "__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asserted(path: Path) -> list[str]:
    """Return the events that the last statement but one of a lesson asserts."""
    check = ast.parse(path.read_text("utf-8")).body[-2]
    assert isinstance(check, ast.Assert)
    assert isinstance(check.test, ast.Compare)
    assert ast.unparse(check.test.left) == "trace"
    events: list[str] = ast.literal_eval(check.test.comparators[0])
    return events


def test_there_are_twenty() -> None:
    """The lessons are numbered from 01 to 20."""
    assert [path.name[:3] for path in LESSONS] == [f"{n:02}_" for n in range(1, 21)]


@every_lesson
def test_a_lesson_asks_and_explains(path: Path) -> None:
    """A lesson is a question, with why, what to do instead, and what could be believed."""
    lesson = load().Lesson(path)

    assert lesson.question.endswith("?")
    assert "\n" not in lesson.question
    assert all([lesson.why, lesson.instead, lesson.never])


@every_lesson
def test_a_lesson_runs_on_flask_when_its_imports_say_so(path: Path) -> None:
    """A lesson names the framework in its imports alone, in those of a worker as well."""
    lines = path.read_text("utf-8").splitlines()

    assert [s for s in lines if "miniflask" in s and not s.startswith("from miniflask")] == []


@every_lesson
def test_a_lesson_does_the_same_on_both(path: Path) -> None:
    """On Flask and on miniflask the very events happen that the lesson asserts."""
    module = load()
    traces = [module.Lesson(path, framework).run() for framework in FRAMEWORKS]

    assert traces == [asserted(path)] * 2


@every_lesson
def test_what_never_happens_does_not(path: Path) -> None:
    """What can be chosen besides is wrong, and a letter is enough for each choice."""
    lesson, events = load().Lesson(path), asserted(path)

    assert set(events).isdisjoint(lesson.never)
    assert len({*events, *lesson.never}) <= 26


@every_lesson
def test_the_right_prediction_is_praised(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever types the letters in the order of events is told so, and why."""
    module, events = load(), asserted(path)
    lesson = module.Lesson(path)
    choices = sorted({*events, *lesson.never})
    letters = " ".join("abcdefghijklmnopqrstuvwxyz"[choices.index(event)] for event in events)
    monkeypatch.setattr(sys, "stdin", io.StringIO(letters + "\n"))

    module.predict(lesson, lesson.run())
    shown, _, revealed = capsys.readouterr().out.partition("What happens:\n")

    assert "assert trace" not in shown
    assert lesson.why not in shown
    assert revealed == "".join(f"    {event}\n" for event in events) + "\nAll as you said.\n"


def break_it(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command as a reader would."""
    return subprocess.run(
        [sys.executable, "-W", "error", str(FOLDER), *words],
        input=typed,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_the_questions_are_listed() -> None:
    """Without a number the command lists the questions, and what to type next."""
    done = break_it()
    *lines, _, hint = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert len(lines) == 20
    assert lines[6].startswith(" 7. Why does a test's second request")
    assert hint == "Predict one: python examples/break_it 1 --predict"


@both_frameworks
def test_a_number_runs_and_explains(framework: str) -> None:
    """With a number the command prints the question, what happens, and why."""
    done = break_it("7", "--on", framework)
    question, _, *rest = done.stdout.splitlines()

    assert (done.returncode, done.stderr) == (0, "")
    assert question.startswith("7. Why")
    assert rest[:4] == asserted(LESSONS[6])
    assert rest[4:6] == ["", "Why:"]


@every_lesson
def test_watching_changes_nothing(path: Path) -> None:
    """A lesson does the same while the lens records it, and something is recorded."""
    module = load()
    trace, lanes = module.run_watched(module.Lesson(path))

    assert trace == asserted(path)
    assert f"[{path.name}:" in lanes


def test_the_lens_shows_the_contexts() -> None:
    """With ``--lens`` the recording stands between what happens and why, line by line."""
    done = break_it("7", "--lens")
    _, _, shown = done.stdout.partition("What the lens saw:\n")
    lanes, _, _ = shown.partition("\nWhy:\n")
    lines = [line.partition("  [")[0] for line in lanes.splitlines()]

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[2:6] == asserted(LESSONS[6])
    assert lines.count("    > -          push request context R2 GET /  (wsgi_app)") == 1
    active = "push request context R4 GET /  (wsgi_app; A3 is active, with its g)"
    assert f"    > A3         {active}" in lines


def test_the_lens_watches_miniflask_alone() -> None:
    """Asked for a recording on Flask, the command says what to leave out."""
    done = break_it("7", "--lens", "--on", "flask")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(
        "the lens watches miniflask alone. Leave out --lens or --on flask\n"
    )


@both_frameworks
def test_a_wrong_prediction_is_put_beside_what_happens(framework: str) -> None:
    """Every line that differs is marked, with what was said; unknown letters are asked again."""
    done = break_it("7", "--predict", "--on", framework, typed="a x\na, a d c b\n")
    shown, _, revealed = done.stdout.partition("What happens:\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert f"from {framework} import Flask, g" in shown
    assert "There is no x; the letters are a to d." in shown
    assert revealed.splitlines()[:7] == [
        "    a request on its own: 1",
        "    a request on its own: 1",
        "  ! a request within app.app_context(): 1    "
        "(you said: a request within app.app_context(): 2)",
        "  ! a request within app.app_context(): 2    "
        "(you said: a request within app.app_context(): 1)",
        "  ! (no more)    (you said: a request on its own: 2)",
        "",
        "Not quite; the lines with ! differ.",
    ]


def test_the_end_of_the_input_is_an_answer() -> None:
    """Whoever says nothing is shown everything."""
    done = break_it("7", "--predict")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("(you said: (nothing))") == 4
    assert "\nWhy:\n" in done.stdout


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lesson whose package is missing says which, and what to type; ours is the checkout."""
    module = load()
    for package, typed in ("greenlet", "greenlet"), ("miniflask", "."):
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, package, None)
            patch.setattr(sys, "argv", ["break_it", "17"])
            with pytest.raises(SystemExit, match=rf"needs {package}\. .*: pip install {typed}$"):
                module.main()


def test_a_file_runs_by_itself() -> None:
    """A lesson run as a program prints what happened."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(LESSONS[6])],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        timeout=60,
        check=True,
    )

    assert done.stdout.splitlines() == asserted(LESSONS[6])
