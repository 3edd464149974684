"""Over real servers: how many requests a second are answered, all contenders in turns."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from .contenders import OURS, THEIRS
from .load import HOST, drive
from .rounds import Times
from .workloads import REQUESTS

SERVERS = ("gunicorn sync", "gunicorn gthread", "waitress")
CONTENDERS = (OURS, THEIRS, "Bottle", "Falcon", "raw WSGI")
WORKLOAD = next(each for each in REQUESTS if each.name == "hello")


@contextmanager
def serving(server: str, contender: str, workload: str) -> Iterator[int]:
    """Start a server in a process of its own; give its port, and end it afterwards."""
    with socket.create_server((HOST, 0), backlog=128) as listening:
        fd = listening.fileno()
        module = [sys.executable, "-m", "tests.benchmarks.serve"]
        process = subprocess.Popen(
            [*module, server, contender, workload, str(fd)],
            pass_fds=[fd],
            stderr=subprocess.DEVNULL,
        )
        port = listening.getsockname()[1]
    try:
        yield port
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def measure(server: str, rounds: int, seconds: float) -> dict[str, Times]:
    """Give the seconds per request of each contender behind a server.

    Raises:
        AssertionError: Something was answered wrongly, or not at all.
    """
    taken: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with ExitStack() as stack:
        ports = {
            name: stack.enter_context(serving(server, name, WORKLOAD.name)) for name in CONTENDERS
        }
        for port in ports.values():
            drive(port, seconds=0.3)  # until it has started, and is warm
        for _ in range(rounds):
            for name, port in ports.items():
                load = drive(port, WORKLOAD.path, seconds=seconds)
                assert load.failed == 0, f"{name} on {server}: {load.errors}"
                taken[name].append(1 / load.rate)
    return {name: Times(tuple(each)) for name, each in taken.items()}
