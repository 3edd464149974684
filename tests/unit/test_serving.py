"""Around the development server: env files, the banner, and a call that does nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from miniflask.serving import load_dotenv, show_server_banner, warn_ignored_run

NAMES = ("SAMPLE_A", "SAMPLE_B", "SAMPLE_C", "SAMPLE_SET")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without env files, and an environment that is put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WERKZEUG_RUN_MAIN", raising=False)
    for name in NAMES:
        # Set and unset, so that what the files set is gone again after the test.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return tmp_path


def variables() -> list[str | None]:
    """Return what the variables of these tests hold."""
    return [os.environ.get(name) for name in NAMES]


# ---- env files ----


def test_without_files_nothing_is_read(folder: Path) -> None:
    """No file, nothing set, False."""
    assert load_dotenv() is False
    assert load_dotenv(folder / "missing.env") is False
    assert variables() == [None] * 4


def test_the_files_are_read_in_order(folder: Path) -> None:
    """A given file counts before ``.env``, that before ``.flaskenv``, the environment first."""
    (folder / ".flaskenv").write_text("SAMPLE_A=flaskenv\nSAMPLE_B=flaskenv\nSAMPLE_C=flaskenv\n")
    (folder / ".env").write_text("SAMPLE_B=env\nSAMPLE_C=env\nSAMPLE_SET=env\n")
    (folder / "given.env").write_text("SAMPLE_C=given\nSAMPLE_EMPTY\n")
    os.environ["SAMPLE_SET"] = "set"

    assert load_dotenv("given.env") is True
    assert variables() == ["flaskenv", "env", "given", "set"]
    assert "SAMPLE_EMPTY" not in os.environ


def test_files_are_found_in_the_folders_above(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search starts in the working directory and goes up."""
    (folder / ".env").write_text("SAMPLE_A=é above\n", encoding="utf-8")
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")

    assert load_dotenv() is True
    assert variables()[0] == "é above"


def test_the_usual_files_may_be_left_out(folder: Path) -> None:
    """Without the defaults only the given file is read."""
    (folder / ".env").write_text("SAMPLE_A=env\n")
    (folder / "given.env").write_text("SAMPLE_B=given\n")

    assert load_dotenv(load_defaults=False) is False
    assert load_dotenv("given.env", load_defaults=False) is True
    assert variables() == [None, "given", None, None]


@pytest.mark.parametrize("name", [".env", ".flaskenv"])
def test_a_missing_dotenv_is_missed_only_where_there_are_files(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """Without python-dotenv nothing is read; files that lie there draw a tip."""
    monkeypatch.setitem(sys.modules, "dotenv", None)

    assert load_dotenv() is False
    assert capsys.readouterr().err == ""
    (folder / name).write_text("SAMPLE_A=env\n")
    assert load_dotenv() is False
    assert variables()[0] is None
    assert capsys.readouterr().err == (
        " * Tip: There are .env files present. Install python-dotenv to use them.\n"
    )


# ---- the banner ----


@pytest.mark.parametrize(
    ("debug", "app", "lines"),
    [
        (None, None, ""),
        (True, None, " * Debug mode: on\n"),
        (False, "sample:app", " * Serving Flask app 'sample:app'\n * Debug mode: off\n"),
    ],
)
def test_the_banner(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    debug: bool | None,
    app: str | None,
    lines: str,
) -> None:
    """It says what is served and in which mode, once: not in the process of the reloader."""
    monkeypatch.delenv("WERKZEUG_RUN_MAIN", raising=False)
    show_server_banner(debug, app)
    assert capsys.readouterr().out == lines

    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    show_server_banner(debug, app)
    assert capsys.readouterr().out == ""


def test_an_ignored_run_says_so_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The note tells where the call belongs; the process of the reloader keeps quiet."""
    monkeypatch.delenv("WERKZEUG_RUN_MAIN", raising=False)
    warn_ignored_run()
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(" * Ignoring a call to 'app.run()'")
    assert 'if __name__ == "__main__"' in second

    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "true")
    warn_ignored_run()
    assert capsys.readouterr().out == ""
