"""Find Chromium for the browser tests, or install Debian's.

    python -m tests.browser.chromium

prints where it is.  If there is none, and it cannot be installed, it says why and what to type.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
APT = ["apt-get", "-q", "-y", "--no-install-recommends"]


def find() -> str | None:
    """Return the path of a Chromium on the search path."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> str | None:
    """Install Debian's Chromium, where this process may.

    Returns:
        What kept it from being installed; None if it is.
    """
    if shutil.which("apt-get") is None:
        return "there is no apt-get here"
    if os.geteuid() != 0:
        return "only root may install it"
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([*APT, "update"], [*APT, "install", "chromium"]):
        try:
            done = subprocess.run(command, env=env, stdout=sys.stderr, timeout=600)
        except subprocess.TimeoutExpired:
            return f"`{' '.join(command)}` took more than ten minutes"
        if done.returncode:
            return f"`{' '.join(command)}` failed"
    return None


def main() -> int:
    """Print the path; return the exit status."""
    problem = None if find() else install()
    path = find()
    if path is None:
        print(
            f"The browser tests do not run: no Chromium was found, and {problem}."
            " Install it: apt-get install chromium",
            file=sys.stderr,
        )
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
