"""Libraries that are optional: imported when needed, and missed with one clear error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from miniflask.extras import require


def test_what_is_there_is_imported() -> None:
    """The module itself is returned, also one inside a package."""
    assert require("json", needed_by="A test", install="json") is sys.modules["json"]
    assert (
        require("json.decoder", needed_by="A test", install="json") is sys.modules["json.decoder"]
    )


@pytest.mark.parametrize(
    ("module", "install", "title"),
    [
        ("absent_library", "absent-library", "absent-library"),
        ("absent_library.part", "absent-library", "absent-library"),
        ("absent_library", "jinja2", "Jinja2"),
    ],
)
def test_what_is_missing_is_named_with_the_line_to_type(
    module: str, install: str, title: str
) -> None:
    """The error names who needs it, the library as it calls itself, and the command."""
    with pytest.raises(RuntimeError) as caught:
        require(module, needed_by="render_template", install=install)

    assert str(caught.value) == (
        f"render_template needs {title}. Install it: pip install {install}"
    )
    assert caught.value.__suppress_context__


def test_a_library_that_fails_by_itself_keeps_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installed library that misses something of its own is not reported as missing."""
    (tmp_path / "broken_library.py").write_text("import missing_dependency")
    (tmp_path / "failing_library.py").write_text("raise ImportError('too old')")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="missing_dependency"):
        require("broken_library", needed_by="A test", install="broken-library")
    with pytest.raises(ImportError, match="too old"):
        require("failing_library", needed_by="A test", install="failing-library")
