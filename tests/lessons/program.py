"""Run a Python program in a folder, and keep what it prints in two files there as well.

The words after the folder are those after ``python``: a file, or ``-m`` and a module, and their
arguments.  ``served`` waits for the line with the port; a test can read everything.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from typing import TextIO


class Tee:
    """A stream that writes to a file as well."""

    def __init__(self, stream: TextIO, file: Path) -> None:
        self.streams = [stream, file.open("w", encoding="utf-8")]

    def write(self, text: str) -> int:
        """Write at once, the file first: who has read the line finds it there too."""
        for stream in reversed(self.streams):
            stream.write(text)
            stream.flush()
        return len(text)

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def isatty(self) -> bool:
        """Say that nobody is watching."""
        return False


def main(folder: str, *words: str) -> None:
    """Run the program as Python would have."""
    os.chdir(folder)
    sys.stdout = Tee(sys.stdout, Path("printed.txt"))
    sys.stderr = Tee(sys.stderr, Path("errors.txt"))
    if words[0] == "-m":
        sys.path[0], sys.argv = os.getcwd(), list(words[1:])
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.path[0], sys.argv = os.path.dirname(os.path.abspath(words[0])), list(words)
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
