"""How the browser tests come by their browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.browser import chromium


def test_what_is_there_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A Chromium on the search path is printed, and nothing is installed."""
    monkeypatch.setattr(shutil, "which", {"chromium": "/bin/chromium"}.get)
    monkeypatch.setattr(chromium, "install", None)

    assert chromium.main() == 0
    assert capsys.readouterr().out == "/bin/chromium\n"


@pytest.mark.parametrize(
    ("apt", "uid", "reason"),
    [
        (None, 0, "there is no apt-get here"),
        ("/bin/apt-get", 1000, "only root may install it"),
        ("/bin/apt-get", 0, "`apt-get -q -y --no-install-recommends update` failed"),
    ],
)
def test_what_keeps_it_from_running_is_printed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    apt: str | None,
    uid: int,
    reason: str,
) -> None:
    """Without a Chromium the reason is printed, with what to type."""
    monkeypatch.setattr(shutil, "which", {"apt-get": apt}.get)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setattr(
        subprocess, "run", lambda command, **options: subprocess.CompletedProcess(command, 100)
    )

    assert chromium.main() == 1
    assert capsys.readouterr().err == (
        f"The browser tests do not run: no Chromium was found, and {reason}."
        " Install it: apt-get install chromium\n"
    )


def test_root_installs_debians(monkeypatch: pytest.MonkeyPatch) -> None:
    """Root on Debian gets it installed, by apt-get, and used."""
    there = {"apt-get": "/bin/apt-get"}
    done: list[str] = []

    def run(command: list[str], **options: Any) -> Any:
        done.append(command[-1])
        there["chromium"] = "/bin/chromium"
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(shutil, "which", there.get)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", run)

    assert chromium.main() == 0
    assert done == ["update", "chromium"]
