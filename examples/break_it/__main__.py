"""Twenty questions about contexts: predict what a small program does, then see.

    python examples/break_it                       list the questions
    python examples/break_it 7                     run the seventh, and explain
    python examples/break_it 7 --predict           say first in which order things happen
    python examples/break_it 7 --lens              and show what happened to the contexts
    python examples/break_it 7 --on flask          the same on real Flask

Each file also runs by itself: ``python examples/break_it/07_g_survives_between_requests.py``.
"""

import argparse
import ast
import contextlib
import contextvars
import io
import re
import sys
import textwrap
from pathlib import Path
from string import ascii_lowercase

LESSONS = sorted(Path(__file__).parent.glob("[0-9]*.py"))


class Lesson:
    """One of the twenty: a question, a program, what it does, and why.

    Args:
        path: The program.
        framework: ``miniflask``, or ``flask`` to have that in its imports.
    """

    def __init__(self, path, framework="miniflask"):
        self.path = path
        self.source = re.sub(
            r"^from miniflask\b", f"from {framework}", path.read_text("utf-8"), flags=re.MULTILINE
        )
        tree = ast.parse(self.source)
        question, *parts = re.split(r"^(\w+):\n", ast.get_docstring(tree), flags=re.MULTILINE)
        texts = [textwrap.dedent(text).strip() for text in parts[1::2]]
        parts = dict(zip(parts[::2], texts, strict=True))
        self.question = question.strip()
        self.why = parts["Why"]
        self.instead = parts["Instead"]
        #: Events that do not happen, to choose from as well.
        self.never = parts["Never"].splitlines()
        #: The program without its docstring, and without the assertion that gives it away.
        first, last = tree.body[0].end_lineno, tree.body[-2].lineno - 1
        self.program = "\n".join(self.source.splitlines()[first:last]).strip()

    def run(self):
        """Run the program, and return what happened, in order."""
        names = {"__name__": "__main__", "__file__": str(self.path)}
        with contextlib.redirect_stdout(io.StringIO()):
            contextvars.Context().run(exec, compile(self.source, self.path, "exec"), names)
        return names["trace"]


def run_watched(lesson):
    """Run a program; return what happened, and the lens's recording of it as text."""
    from miniflask import lens

    with lens.record() as recording:
        trace = lesson.run()
    return trace, recording.text(stable=True)


def list_questions():
    """Print the twenty questions."""
    for number, path in enumerate(LESSONS, 1):
        print(f"{number:>2}. {Lesson(path).question}")
    print("\nPredict one: python examples/break_it 1 --predict")


def explain(lesson):
    """Print why it happens, and what to do instead."""
    for title, text in ("Why", lesson.why), ("Instead", lesson.instead):
        print(f"\n{title}:")
        print(textwrap.indent(text, "    "))


def predict(lesson, trace):
    """Print the program, ask what will happen, and compare with what does."""
    print(textwrap.indent(lesson.program, "    "))
    choices = dict(zip(ascii_lowercase, sorted({*trace, *lesson.never}), strict=False))
    print("\nWhat may happen:")
    for letter, event in choices.items():
        print(f"    {letter}  {event}")
    print(f"\n{len(trace)} of these do happen, and some may happen twice.")
    guessed = [choices[letter] for letter in ask(choices)]
    print("\nWhat happens:")
    for number, event in enumerate(trace):
        guess = guessed[number] if number < len(guessed) else "(nothing)"
        print(f"    {event}" if guess == event else f"  ! {event}    (you said: {guess})")
    for guess in guessed[len(trace) :]:
        print(f"  ! (no more)    (you said: {guess})")
    print("\nAll as you said." if guessed == trace else "\nNot quite; the lines with ! differ.")


def ask(choices):
    """Ask for letters until each is one of the choices; the end of the input is an answer too."""
    while True:
        print("In which order? Type letters, such as b a c: ", end="", flush=True)
        letters = re.findall(r"\S", sys.stdin.readline().lower().replace(",", " "))
        unknown = [letter for letter in letters if letter not in choices]
        if not unknown:
            print()
            return letters
        print(f"There is no {unknown[0]}; the letters are a to {max(choices)}.")


def main():
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="break_it", description=__doc__.partition("\n")[0])
    parser.add_argument("number", nargs="?", type=int, choices=range(1, len(LESSONS) + 1))
    parser.add_argument("--predict", action="store_true", help="be asked what happens first")
    parser.add_argument("--lens", action="store_true", help="show what happened to the contexts")
    parser.add_argument("--on", choices=("miniflask", "flask"), default="miniflask")
    options = parser.parse_args()
    if options.lens and options.on == "flask":
        parser.error("the lens watches miniflask alone. Leave out --lens or --on flask")
    if options.number is None:
        list_questions()
        return
    lesson = Lesson(LESSONS[options.number - 1], options.on)
    print(f"{options.number}. {lesson.question}\n")
    try:
        trace, lanes = run_watched(lesson) if options.lens else (lesson.run(), "")
    except ModuleNotFoundError as e:
        package = "." if e.name == "miniflask" else e.name  # that name is another's on PyPI
        sys.exit(f"{lesson.path.name} needs {e.name}. Install it: pip install {package}")
    if options.predict:
        predict(lesson, trace)
    else:
        print(*trace, sep="\n")
    if lanes:
        print("\nWhat the lens saw:")
        print(textwrap.indent(lanes, "    "), end="")
    explain(lesson)


if __name__ == "__main__":
    main()
