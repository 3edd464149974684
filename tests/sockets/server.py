"""Programs served by ``run_simple`` in a process of their own, for tests over real sockets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNNING = re.compile(r"Running on https?://[^:/]+:(\d+)")


@contextmanager
def served(*command: str, **environ: str) -> Iterator[int]:
    """Run a Python program that serves on a port of the system's choice, until the block ends.

    Args:
        *command: What to give to the interpreter: a file, or ``-c`` and a program.
        **environ: Environment variables to add.

    Yields:
        The port, read from the line that the server prints.

    Raises:
        AssertionError: The program ended without serving.
    """
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *command],
        cwd=ROOT,
        # Another test may have run a command, which tells applications not to serve.
        env={**os.environ, "FLASK_RUN_FROM_CLI": "", "PYTHONUNBUFFERED": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    printed: list[str] = []
    port = drain = None
    try:
        for line in process.stdout:
            printed.append(line)
            found = RUNNING.search(line)
            if found:
                port = int(found[1])
                break
        assert port, "the program did not serve:\n" + "".join(printed)
        # Read on, or the program would block once the pipe is full.
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        drain.start()
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)
        if drain is not None:
            drain.join(timeout=10)
        process.stdout.close()
