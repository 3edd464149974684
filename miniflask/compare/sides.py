"""One of the two sides: a framework, and the child process in which a program runs on it."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from .model import CompareError, Outcome, Request

WORKER = Path(__file__).with_name("worker")
#: The folder that has the package in it.
HOME = str(Path(__file__).parents[2])

# The worker's package is loaded by its path, and under a name that no program has.
BOOT = """\
import sys, importlib.util as util
spec = util.spec_from_file_location(
    "miniflask_compare_worker", sys.argv[1], submodule_search_locations=[sys.argv[2]])
worker = sys.modules[spec.name] = util.module_from_spec(spec)
spec.loader.exec_module(worker)
del sys.argv[1:]
worker.main()
"""


@dataclass(frozen=True)
class Framework:
    """A framework that a program can run on.

    Args:
        name: ``miniflask``, or ``Flask`` and its version.
        module: ``miniflask`` or ``flask``.
        python: The interpreter of its environment.
        path: More folders to import from, after all others.
    """

    name: str
    module: str
    python: str = sys.executable
    path: tuple[str, ...] = ()


class Side:
    """A program at work on a framework, in a child process.

    Args:
        framework: What to run it on.
        app: The program, as ``--app`` takes it.
        timeout: Seconds that loading it, or a request, may take.
        clock: What time it is before the first request, in seconds since the epoch.
        signals: Whether to listen to signals.
    """

    def __init__(
        self, framework: Framework, app: str, timeout: float, clock: int, signals: bool
    ) -> None:
        self.framework = framework
        self.app = app
        self.timeout = timeout
        self.clock = clock
        self.signals = signals
        self._process: subprocess.Popen[str] | None = None

    def load(self) -> dict[str, Any]:
        """Start the child and load the program; return what the worker tells of it.

        Raises:
            CompareError: The child ended or took too long.
        """
        self._errors = tempfile.TemporaryFile(  # noqa: SIM115  # lives as long as the child
            "w+", encoding="utf-8", errors="replace"
        )
        command = [self.framework.python, "-c", BOOT, str(WORKER / "__init__.py"), str(WORKER)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=_environment(),
            encoding="utf-8",
            start_new_session=True,  # so that whatever the program starts ends with it
        )
        self._answers: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        return self._ask(
            {
                "do": "load",
                "app": self.app,
                "framework": self.framework.module,
                "home": HOME,
                "path": self.framework.path,
                "clock": self.clock,
                "signals": self.signals,
            },
            "the program, while it was loaded,",
        )

    def send(self, request: Request, number: int) -> Outcome:
        """Send a request, and return what came of it.

        Args:
            request: The request.
            number: Which one it is, from 1; this decides what time it is, and all chance.

        Raises:
            CompareError: The child ended or took too long.
        """
        message = {**request.message(), "number": number}
        return Outcome.of(self._ask(message, str(request)))

    def begin(self) -> None:
        """Begin requests that leave no mark on later ones."""
        if hasattr(os, "fork"):
            self._ask({"do": "begin"}, "the start of a sequence")
        else:
            self.close()
            self.load()

    def end(self) -> None:
        """Forget what happened since :meth:`begin`."""
        if hasattr(os, "fork"):
            self._ask({"do": "end"}, "the end of a sequence")

    def close(self) -> None:
        """End the child, and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        if hasattr(os, "killpg"):
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, self._errors):
            try:
                if stream is not None:
                    stream.close()
            except BrokenPipeError:
                pass

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Pass on what the child says, and that it says no more."""
        assert process.stdout is not None
        try:
            for line in process.stdout:
                self._answers.put(line)
        except ValueError:
            pass  # closed meanwhile
        self._answers.put("")

    def _ask(self, message: dict[str, Any], about: str) -> dict[str, Any]:
        """Send the child a line, and wait for its answer."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            line = self._answers.get(timeout=self.timeout)
        except BrokenPipeError:
            line = ""
        except Empty:
            raise CompareError(
                f"{about} took longer than {self.timeout:g} seconds on {self.framework.name}."
                " If that is no mistake, allow more: --timeout 120"
            ) from None
        answer: dict[str, Any] = json.loads(line) if line else {"crashed": process.wait()}
        if "crashed" in answer:
            raise CompareError(self._tell_crash(about, answer["crashed"]))
        return answer

    def _tell_crash(self, about: str, code: int) -> str:
        """Say how the child ended, and the last it wrote."""
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        self._errors.seek(0)
        last = "".join(f"\n    {line}" for line in self._errors.read().splitlines()[-5:])
        said = f" The last it wrote:\n{last}\n" if last else ""
        return (
            f"{about} ended the process of {self.framework.name}, with {how}.{said}\n"
            f"See it by itself: {self.by_itself('run')}"
        )

    def by_itself(self, command: str) -> str:
        """Return what to type to have the program on this framework alone."""
        python = "python" if self.framework.python == sys.executable else self.framework.python
        alias = "miniflask.as_flask -m " if self.framework.module == "miniflask" else ""
        return f"{python} -m {alias}flask --app {shlex.quote(self.app)} {command}"


def _environment() -> dict[str, str]:
    """Return the environment variables of a child."""
    alias = str(Path(HOME, "miniflask", "as_flask", "path"))
    path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return {
        **os.environ,
        # Else the child would decide by itself what flask is.
        "PYTHONPATH": os.pathsep.join(entry for entry in path if entry not in ("", alias)),
        "PYTHONHASHSEED": "0",
        "FLASK_RUN_FROM_CLI": "true",
    }
