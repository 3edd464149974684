"""Where a package is found: the same folders as Flask's own function names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import flask.sansio.scaffold
import pytest

import miniflask.scaffold


def ask_both(name: str) -> Any:
    """Return where a package is; both have to say so."""
    ours = miniflask.scaffold.find_package(name)
    theirs = flask.sansio.scaffold.find_package(name)
    assert ours == theirs
    return ours


def test_a_module_of_one_file_lies_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of a module is the one that holds its file, whatever it is asked for."""
    (tmp_path / "module_of_one_file.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    assert ask_both("module_of_one_file") == (None, str(tmp_path))


def test_an_absent_part_of_a_namespace_package_lies_in_its_first_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a part to go by, the first folder of a namespace package counts."""
    for folder in ("second", "first"):
        (tmp_path / folder / "wide_namespace").mkdir(parents=True)
        monkeypatch.syspath_prepend(tmp_path / folder)
    try:
        assert ask_both("wide_namespace.absent") == (None, str(tmp_path / "first"))
    finally:
        sys.modules.pop("wide_namespace", None)


class _Refusing(MetaPathFinder):
    """An import hook that lets nobody import one name."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname == "refused_package":
            raise ImportError("not here")
        return None


def test_a_package_that_refuses_to_be_found_is_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import hook that raises ImportError counts as not found."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [_Refusing(), *sys.meta_path])

    assert ask_both("refused_package") == (None, str(tmp_path))


def test_folders_can_be_asked_for_before_they_are_set(fw: Any) -> None:
    """A subclass that looks before it calls ``super().__init__`` finds no static folder."""
    seen: list[Any] = []

    class Early(fw.Flask):  # type: ignore[misc]  # a framework is Any
        def __init__(self) -> None:
            seen.extend([self.static_folder, self.static_url_path, self.has_static_folder])
            super().__init__("sample")

    Early()
    assert seen == [None, None, False]


def test_endpoint_gives_the_view_back(fw: Any) -> None:
    """``@app.endpoint`` registers a function and leaves its name bound to it."""
    app = fw.Flask("sample")

    def view() -> str:
        return "here"

    assert app.endpoint("home")(view) is view
    assert app.view_functions == {"static": app.view_functions["static"], "home": view}


def test_how_long_a_file_is_cached_is_a_setting_of_the_active_application(
    same: Callable[..., Any],
) -> None:
    """Of the one whose context is active, whoever is asked; without one that is an error."""

    def ask(fw: Any) -> Any:
        own, other = fw.Flask("sample"), fw.Flask("other")
        other.config["SEND_FILE_MAX_AGE_DEFAULT"] = 7
        with other.app_context():
            seen = [own.get_send_file_max_age("file"), other.get_send_file_max_age("file")]
        try:
            own.get_send_file_max_age("file")
        except RuntimeError as error:
            return [*seen, error]

    found = same(ask)
    assert found[:2] == [7, 7]
    assert found[2][0] == "RuntimeError"
