"""Generated applications: a state machine sends requests to both frameworks in every way.

Everything observed is compared after each step: what went over the wire, hooks and their
arguments, what the proxies resolved to, signals, records logged, warnings, and what was raised
where nobody could catch it.  A failing example ends with a program that shows the difference.

With the profile *deep* the ten ways make 100,000 pairs of an application and requests.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import flask
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

import miniflask
from tests.against_flask.clock import stopped_clock
from tests.against_flask.generated.comparing import Difference, Pair, Side, plain
from tests.against_flask.generated.driving import (
    Abandoned,
    ByClient,
    ClosedEarly,
    Head,
    OuterAppContext,
    WithClient,
    Wsgi,
)
from tests.against_flask.generated.model import (
    App,
    Body,
    Change,
    Hook,
    Place,
    Registration,
    Rule,
    Send,
    Step,
    Visit,
)
from tests.against_flask.generated.source import program
from tests.against_flask.generated.strategies import apps, changes, sends
from tests.against_flask.generated.together import Greenlets, Tasks, Threads
from tests.against_flask.generated.vocabulary import SIGNALS

#: How many examples are tried in one go.
PART = 500

WAYS: list[type[Wsgi]] = [
    Wsgi,
    Head,
    ClosedEarly,
    Abandoned,
    OuterAppContext,
    ByClient,
    WithClient,
    Threads,
    Tasks,
    Greenlets,
]


@pytest.fixture(scope="module", autouse=True)
def frozen_clock() -> Iterator[None]:
    """Let both frameworks read the same clock, and the collector look at what is new alone."""
    gc.collect()  # or the receivers that other tests have left would stay
    gc.freeze()
    with stopped_clock():
        yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """See that no receiver outlives its application: with one, no request goes the short way."""
    yield
    for fw in (miniflask, flask):
        assert not [name for name in SIGNALS if getattr(fw, name).receivers]


class Visits(RuleBasedStateMachine):
    """One application on both frameworks, and what happens to it."""

    way: type[Wsgi] = Wsgi
    pairs = 0
    pair: Pair

    @initialize(app=apps())
    def build(self, app: App) -> None:
        """Build the application."""
        self.pair = Pair(app, self.way)
        self.pair.compare()

    @rule(step=st.runner().flatmap(lambda machine: sends(machine.pair.app)))
    def send(self, step: Send) -> None:
        """Send some requests."""
        self.pair.step(step)

    @rule(step=changes)
    def change(self, step: Change) -> None:
        """Change something in the running program."""
        self.pair.step(step)

    def teardown(self) -> None:
        """Leave nothing behind."""
        if hasattr(self, "pair"):
            type(self).pairs += 1
            self.pair.finish()


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_generated_applications_agree(
    way: type[Wsgi], record_property: Callable[[str, object], None]
) -> None:
    """Whatever an application does, and however it is driven, nobody sees a difference."""
    machine: type[Visits] = type(f"{way.__name__}Visits", (Visits,), {"way": way})
    # Hypothesis gets slower with all that it has tried, so it begins anew now and then.
    for begin in range(0, settings().max_examples, PART):
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=min(PART, settings().max_examples - begin),
                stateful_step_count=4,
                suppress_health_check=[HealthCheck.too_slow],
            ),
        )
    record_property("pairs", machine.pairs)


EXAMPLE = App(
    place=Place(
        rules=(Rule("/", Body(("g", "session count"), "generator in context")),),
        hooks=(
            Hook("before_request", Body(("flash",))),
            Hook("after_request", Body((), "header")),
            Hook("teardown_request", Body(("flashed",))),
            Hook("errorhandler", Body((), "status"), "404"),
            Hook("connect", Body(), "request_finished"),
        ),
    ),
    config=(("SECRET_KEY", "key"),),
    twists=("middleware",),
    blueprints=(
        Place((Rule("/m", Body((), "dict"), "methods"),), options=(("url_prefix", "/b"),)),
    ),
    registrations=(Registration(-1, 0),),
)
STEPS: list[Step] = [
    Send((Visit("/"), Visit("/b/m", "POST"))),
    Change("app.debug = True"),
    Send((Visit("/b/missing"), Visit("/"))),
]


def labels(lines: Iterable[str]) -> list[str]:
    """Cut what was told down to the first word of each line."""
    return [line.split(" ", 1)[0] for line in lines]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_application_is_printed_as_a_program_that_runs_by_itself(
    way: type[Wsgi], tmp_path: Path
) -> None:
    """A printed program tells in either framework what the value did when it was driven."""
    pair = Pair(EXAMPLE, way)
    for step in STEPS:
        pair.step(step)
    pair.finish()
    for framework in ("flask", "miniflask"):
        script = tmp_path / f"on_{framework}.py"
        script.write_text(program(EXAMPLE, STEPS, way, framework), encoding="utf-8")
        environ = {**os.environ, "PYTHONPATH": os.getcwd(), "PYTHONIOENCODING": "utf-8"}
        ran = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, encoding="utf-8", env=environ
        )
        assert ran.returncode == 0, ran.stderr
        assert labels(ran.stdout.splitlines()) == labels(event[0] for event in pair.told)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(drawn=apps().flatmap(lambda app: st.tuples(st.just(app), sends(app))))
def test_any_application_can_be_printed(drawn: tuple[App, Send]) -> None:
    """The printed text of an application, as a module, does all that the value does."""
    app, step = drawn
    pair = Pair(app, Wsgi)
    pair.step(step)
    pair.finish()
    for fw in (flask, miniflask):
        text = program(app, [], Wsgi, fw.__name__).partition("\nway = ")[0]
        side = Side(fw, compile(text, "<generated application>", "exec"), Wsgi)
        side.step(step)
        side.finish()
        assert plain(side.trace.events) == plain(pair.told)


def test_an_application_shrinks_to_what_matters() -> None:
    """What has no part in a failure is left out of the example that is shown."""

    def has_raising_hook(app: App) -> bool:
        return any(hook.body.outcome.startswith("raise") for hook in app.place.hooks)

    found = find(apps(), has_raising_hook)

    assert len(found.place.hooks) == 1
    assert found.place.hooks[0].body.effects == ()
    assert (found.blueprints, found.twists) == ((), ())


def test_a_difference_is_told_with_a_program_that_shows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the frameworks part, the error holds both traces and a program."""
    monkeypatch.setattr(miniflask.Flask, "preprocess_request", lambda self: "another answer")
    pair = Pair(EXAMPLE, Wsgi)
    with pytest.raises(Difference) as caught:
        pair.step(STEPS[0])
    pair.finish()
    text = str(caught.value)
    compile(text[text.index('"""A generated') :], "<printed>", "exec")
    assert text.startswith("ours: ")
    assert "theirs: " in text
