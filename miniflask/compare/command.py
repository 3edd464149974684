"""The ``compare`` command: its options, and what comes after each other.

The exit code is 0 if everything was the same, 1 if something was not, and 2 if nothing could be
compared.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..extras import require
from . import environments, output, report, sources, urls
from .model import CompareError, Request
from .redaction import Redaction
from .session import EPOCH, Result, Session
from .sides import Framework

if TYPE_CHECKING:
    from types import ModuleType


@dataclass(frozen=True)
class Options:
    """What was asked for, as it stands in the options."""

    app: str
    har: str | None
    requests: str | None
    fuzz: int | None
    seed: int
    against: tuple[str, ...]
    timeout: float
    restore: tuple[str, ...]
    report: str | None
    as_json: bool

    @property
    def words(self) -> list[str]:
        """The options that a script to show a difference needs as well."""
        given = (("--against", self.against), ("--restore", self.restore))
        return [word for name, values in given for value in values for word in (name, value)]


@click.command("compare", short_help="Run a program on miniflask and on Flask, and compare.")
@click.argument("app")
@click.option("--har", metavar="FILE", help="Send what a browser recorded (HAR 1.2).")
@click.option(
    "--requests", metavar="FILE", help="Send these requests: lines of JSON; '-' for standard input."
)
@click.option(
    "--fuzz",
    type=click.IntRange(min=1),
    metavar="N",
    help="Make up N sequences of requests; print the smallest that differs as a program.",
)
@click.option("--seed", default=0, show_default=True, help="Where the chance of --fuzz begins.")
@click.option(
    "--against",
    multiple=True,
    metavar="VERSION",
    help="Compare with this Flask, taken from PyPI; given twice, compare the two.",
)
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How long loading the program, or a request, may take.",
)
@click.option(
    "--restore",
    multiple=True,
    metavar="PATH",
    help="Put this file or folder back as it was, before each side runs and at the end.",
)
@click.option("--report", metavar="FILE", help="Write a page of HTML as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def compare_command(**given: Any) -> None:
    """Run the program APP on miniflask and on Flask, and compare what it does.

    APP is what '--app' takes: a file, a module, 'module:name' or 'module:factory()'. It may be
    written for either framework. Both get the same requests: without an option, requests for
    everything in the URL map. What they answer is compared, and what happens inside: which
    functions run, in which order, what they return, what is logged.

    The exit code is 0 if all is the same, 1 if something differs, 2 if it could not be compared.
    """
    options = Options(**given)
    _check(options)
    frameworks = _frameworks(options)
    requests = _read_requests(options)
    fuzz = _require_fuzz() if options.fuzz else None
    clock = EPOCH if not requests or requests[0].at is None else requests[0].at
    names = (frameworks[0].name, frameworks[1].name)
    with Session(options.app, frameworks, options.timeout, clock, options.restore) as session:
        verdict = Verdict(options, names, session)
        if fuzz is not None:
            verdict.search(fuzz)
        else:
            verdict.ask(requests or urls.requests_for(session.rules, session.converters))
    raise click.exceptions.Exit(verdict.conclude())


def _check(options: Options) -> None:
    """Refuse options that do not go together."""
    given = [name for name in ("har", "requests", "fuzz") if getattr(options, name) is not None]
    if len(given) > 1:
        raise click.UsageError(f"--{given[0]} and --{given[1]} do not go together; use one.")
    if len(options.against) > 2:
        raise click.UsageError("--against takes one version, or two to compare with each other.")
    if not (math.isfinite(options.timeout) and options.timeout > 0):
        raise click.UsageError("--timeout has to be a number of seconds above 0.")


def _frameworks(options: Options) -> tuple[Framework, Framework]:
    """Return what is on the two sides."""
    fetched = [environments.fetched(version, _tell) for version in options.against]
    if len(fetched) == 2:
        return fetched[0], fetched[1]
    return Framework("miniflask", "miniflask"), fetched[0] if fetched else environments.installed()


def _read_requests(options: Options) -> list[Request]:
    if options.har is not None:
        return sources.read_har(options.har)
    if options.requests is not None:
        return sources.read_lines(options.requests)
    return []


def _require_fuzz() -> ModuleType:
    # Otherwise Hypothesis keeps a folder in whatever the current one is.
    folder = environments.cache_folder() / "hypothesis"
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(folder))
    try:
        require("hypothesis", needed_by="--fuzz", install="hypothesis")
    except RuntimeError as e:
        raise CompareError(str(e)) from None
    from . import fuzz

    return fuzz


def _tell(line: str) -> None:
    click.echo(line, err=True)


class Verdict:
    """What was found so far, and how it is told.

    Args:
        options: What was asked for.
        names: The two sides.
        session: Both, with the program loaded.
    """

    def __init__(self, options: Options, names: tuple[str, str], session: Session) -> None:
        self.options = options
        self.names = names
        self.session = session
        self.redaction = Redaction(session.secrets)
        self.results: list[Result] = []
        self.tried = 0
        self.script = ""
        self._print(f"{options.app} on {names[0]} and on {names[1]}")
        if session.maps is not None:
            self._print("different  the URL maps")
            self._print(*output.tell_difference(session.maps, names))

    def _print(self, *lines: str) -> None:
        if not self.options.as_json:
            for line in lines:
                click.echo(line)

    def ask(self, requests: list[Request]) -> None:
        """Send requests, and tell of each."""
        progress = output.Progress(len(requests), "requests")
        for result in self.session.ask_all(requests):
            self._add(result)
            progress.step()
        self.tried = len(requests)

    def search(self, fuzz: ModuleType) -> None:
        """Look for a sequence that differs, and tell of the smallest."""
        progress = output.Progress(self.options.fuzz or 0, "sequences")

        def step() -> None:
            self.tried += 1
            progress.step()

        found = fuzz.search(self.session, self.options.fuzz, self.options.seed, step)
        for result in found:
            self._add(result)
        if found:
            requests = [result.request for result in found]
            self.script = output.make_script(self.options.app, self.options.words, requests)
            self._print("", "This program shows it:", "", self.script)

    def _add(self, result: Result) -> None:
        self.results.append(self.redaction.result(result))
        self._print(*output.tell_result(self.results[-1], self.names))

    def conclude(self) -> int:
        """Tell the verdict, write what was asked for, and return the exit code."""
        different = sum(result.difference is not None for result in self.results)
        different += self.session.maps is not None
        what = ("sequence" if self.options.fuzz else "request") + "s" * (self.tried != 1)
        summary = f"{self.tried} {what}, {different or 'none'} different"
        self._print(summary)
        told = (self.options.app, self.names, self.session.maps, self.results, self.script)
        if self.options.as_json:
            click.echo(output.as_json(*told))
        if self.options.report is not None:
            page = report.make_page(*told, summary)
            try:
                Path(self.options.report).write_text(page, "utf-8", "replace")
            except OSError as e:
                raise CompareError(
                    f"{self.options.report} cannot be written: {e.strerror}. Name another file:"
                    " --report compare.html"
                ) from None
        return 1 if different else 0
