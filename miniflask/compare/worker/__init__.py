"""The child process of ``miniflask compare``: one program, on one framework, asked line by line.

A line of JSON comes in, a line of JSON goes out.  The first line says what to load; each line
after it is a request, or ``begin`` and ``end`` around requests that must leave no mark on later
ones.  The parent loads this package by its path, under a name of its own: in the environment of
another Flask there is no miniflask to import it from, and nothing here may import from the rest
of the package.  The standard library and whatever framework is asked for are enough.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import warnings
from importlib import import_module
from typing import Any, TextIO

from . import determinism, reverse
from .exchange import exchange
from .tracing import Trace, watch

#: What stands for an exception or a status that ended a child.
Answer = dict[str, Any]


class Worker:
    """Load a program and answer for it.

    Args:
        lines: Where requests come from.
        answers: Where answers go.
    """

    def __init__(self, lines: TextIO, answers: TextIO) -> None:
        self.lines = lines
        self.answers = answers
        self.trace = Trace()
        self.app: Any = None
        self.clock = determinism.Clock(0)

    def serve(self) -> None:
        """Answer line after line until there are no more."""
        for line in self.lines:
            answer = self.obey(json.loads(line))
            if answer is not None:
                self.say(answer)

    def say(self, answer: Answer) -> None:
        """Send a line."""
        self.answers.write(json.dumps(answer) + "\n")
        self.answers.flush()

    def obey(self, command: Answer) -> Answer | None:
        """Do what a line says; None if somebody else answers."""
        if command["do"] == "load":
            return self.load(command)
        if command["do"] == "begin":
            return self.begin()
        if command["do"] == "end":
            # Nothing of the program may run at exit: it was only a copy.
            sys.stderr.flush()
            os._exit(0)
        determinism.at_request(self.clock, command["number"])
        return exchange(self.app, command, self.trace)

    def load(self, command: Answer) -> Answer:
        """Import the program and find the application in it, as the command line does."""
        self.clock = determinism.install(command["clock"])
        sys.path += command["path"]
        framework = _choose(command["framework"], command["home"])
        try:
            cli = import_module(f"{framework}.cli")
        except ImportError as e:
            return {"failed": {"error": f"The framework itself does not: {e}", "where": None}}
        info = cli.ScriptInfo(app_import_path=command["app"], set_debug_flag=False)
        determinism.at_request(self.clock, 0)
        try:
            self.app = info.load_app()
        except BaseException as e:
            return {"failed": _tell(e, os.path.dirname(str(cli.__file__)))}
        watch(self.app, self.trace, import_module(f"{framework}.signals"), command["signals"])
        return _describe(self.app)

    def begin(self) -> Answer | None:
        """Go on in a copy of this process until ``end``, then say how that went."""
        with warnings.catch_warnings():
            # Of a program that has threads, which do not come along: nothing here waits for them.
            warnings.simplefilter("ignore", DeprecationWarning)
            copy = os.fork()
        if copy == 0:
            return {"ready": True}
        _, status = os.waitpid(copy, 0)
        code = os.waitstatus_to_exitcode(status)
        return {"ready": True} if code == 0 else {"crashed": code}


def _choose(framework: str, home: str) -> str:
    """Make both names, ``flask`` and ``miniflask``, mean one framework; return its own name."""
    if framework == "flask":
        reverse.install()
        return framework
    # At the end: other things that lie in that folder must not hide the program's.
    sys.path.append(home)
    import_module("miniflask.as_flask").install()
    return framework


def _tell(e: BaseException, framework: str) -> dict[str, Any]:
    """Say what kept a program from loading, and where in the program that is."""
    hidden = e.__context__
    if isinstance(hidden, ImportError) and hidden.__traceback__ and hidden.__traceback__.tb_next:
        e = hidden  # the command line would show its traceback
    formatted = getattr(e, "format_message", None)
    if formatted is not None:
        return {"error": formatted(), "where": None}
    own = [
        f"{frame.filename}, line {frame.lineno}"
        for frame in traceback.extract_tb(e.__traceback__)
        if not frame.filename.startswith((framework, os.path.dirname(__file__), "<frozen"))
    ]
    return {"error": f"{type(e).__name__}: {e}", "where": own[-1] if own else None}


def _describe(app: Any) -> Answer:
    """Say what the parent needs to know of an application."""
    config = app.config
    keys = [config.get("SECRET_KEY"), *(config.get("SECRET_KEY_FALLBACKS") or ())]
    return {
        "rules": sorted(
            [rule.rule, rule.endpoint, sorted(rule.methods or ()), _host(app, rule)]
            for rule in app.url_map.iter_rules()
        ),
        "converters": {name: c.regex for name, c in app.url_map.converters.items()},
        "secrets": [key.decode("latin-1") if isinstance(key, bytes) else key for key in keys],
    }


def _host(app: Any, rule: Any) -> str:
    """Return the host that a rule is for, which may have variables; any if that is empty."""
    if app.url_map.host_matching:
        return rule.host or ""
    server = app.config.get("SERVER_NAME") or ""
    return f"{rule.subdomain}.{server}" if server and rule.subdomain else server


def main() -> None:
    """Talk over what were standard input and output; the program gets others."""
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    Worker(lines, answers).serve()
