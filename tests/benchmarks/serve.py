"""Serve one contender's program with a real server, on a socket that is handed down.

Run by ``servers.py`` as ``python -m tests.benchmarks.serve <server> <contender> <workload> <fd>``.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import gunicorn.app.base
import waitress

from .contenders import build
from .workloads import REQUESTS
from .wsgi import App

THREADS = 4
AT_MOST = 300


class Gunicorn(gunicorn.app.base.BaseApplication):  # type: ignore[misc]  # it has no types
    """Gunicorn, set up by a program and not by a file."""

    def __init__(self, app: App, options: dict[str, Any]) -> None:
        self.served = app
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options."""
        for key, value in self.options.items():
            self.cfg.set(key, value)

    def load(self) -> Any:
        """Give the application."""
        return self.served


def gunicorn_with(worker: str, **options: Any) -> Callable[[App, int], None]:
    """Make the server with one worker of a kind."""

    def run(app: App, fd: int) -> None:
        settings = {"bind": f"fd://{fd}", "worker_class": worker, "loglevel": "error", **options}
        Gunicorn(app, settings).run()

    return run


def run_waitress(app: App, fd: int) -> None:
    """Serve with Waitress."""
    listening = socket.socket(fileno=fd)
    waitress.serve(app, sockets=[listening], threads=THREADS, _quiet=True)


SERVERS: dict[str, Callable[[App, int], None]] = {
    "gunicorn sync": gunicorn_with("sync"),
    "gunicorn gthread": gunicorn_with("gthread", threads=THREADS),
    "waitress": run_waitress,
}


def main(server: str, contender: str, name: str, fd: str) -> None:
    """Serve until the process is told to end."""
    workload = next(each for each in REQUESTS if each.name == name)
    app = build(contender, workload)
    assert app is not None, f"{contender} has no program for {name}"
    signal.alarm(AT_MOST)  # whoever started us may be gone, and could not end us
    SERVERS[server](app, int(fd))


if __name__ == "__main__":
    main(*sys.argv[1:])
