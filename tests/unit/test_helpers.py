"""Functions that views call: what holds outside of a request, and what each of them needs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import werkzeug.wrappers
from werkzeug.exceptions import Forbidden, NotFound

import miniflask
from miniflask import Flask, Response
from miniflask.helpers import get_debug_flag, get_load_dotenv, get_root_path

UNBOUND = {
    "url_for": lambda: miniflask.url_for("view"),
    "make_response": lambda: miniflask.make_response("text"),
    "flash": lambda: miniflask.flash("message"),
    "get_flashed_messages": miniflask.get_flashed_messages,
    "send_file": lambda: miniflask.send_file(__file__),
    "send_from_directory": lambda: miniflask.send_from_directory(".", "file"),
    "get_template_attribute": lambda: miniflask.get_template_attribute("a.html", "macro"),
    "stream_with_context": lambda: miniflask.stream_with_context(iter(())),
}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An application whose files lie in a folder of the test's own."""
    app = Flask("sample", root_path=str(tmp_path))
    app.secret_key = "key"
    return app


# ---- the environment ----


@pytest.mark.parametrize(
    ("value", "debug"),
    [
        *[(None, False), ("", False), ("0", False), ("false", False), ("No", False)],
        *[("1", True), ("true", True), ("anything", True)],
    ],
)
def test_debug_mode_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, debug: bool
) -> None:
    """``FLASK_DEBUG`` turns debug mode on unless it is empty or says no."""
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)

    assert get_debug_flag() is debug
    assert Flask("sample").debug is debug


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize(("value", "load"), [(None, None), ("", None), ("0", True), ("1", False)])
def test_env_files_by_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None, load: bool | None, default: bool
) -> None:
    """``FLASK_SKIP_DOTENV`` says whether to skip them; unset or empty, the default counts."""
    monkeypatch.delenv("FLASK_SKIP_DOTENV", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_SKIP_DOTENV", value)

    assert get_load_dotenv(default) is (default if load is None else load)


# ---- without a context ----


@pytest.mark.parametrize("call", UNBOUND.values(), ids=UNBOUND)
def test_what_needs_a_context_says_so(call: Callable[[], Any]) -> None:
    """Outside of every context these raise the RuntimeError about working outside of one."""
    with pytest.raises(RuntimeError) as caught:
        call()

    first = str(caught.value).splitlines()[0]
    assert first.startswith(("Working outside of ", "'stream_with_context' can only be used"))


def test_abort_and_redirect_work_anywhere(app: Flask) -> None:
    """Without an application they are Werkzeug's; with one, its aborter and response class."""

    class Own(Response):
        """The application's own."""

    class Teapot(Forbidden):
        code = 418

    assert type(miniflask.redirect("/x")) is werkzeug.wrappers.Response
    assert type(miniflask.redirect("/x", Response=Own)) is Own
    with pytest.raises(Forbidden):
        miniflask.abort(403)
    app.response_class = Own
    app.aborter.mapping[403] = Teapot
    with app.app_context():
        assert type(miniflask.redirect("/x", 301)) is Own
        with pytest.raises(Teapot, match="why"):
            miniflask.abort(403, "why")


# ---- responses ----


def test_make_response_takes_the_parts_of_a_tuple(app: Flask) -> None:
    """Nothing is an empty response, one value itself, several are a tuple."""
    with app.test_request_context():
        empty, one = miniflask.make_response(), miniflask.make_response("one")
        two = miniflask.make_response("two", 202)
        pair = miniflask.make_response(("three", 203))

    assert [r.get_data(as_text=True) for r in (empty, one, two, pair)] == [
        "",
        "one",
        "two",
        "three",
    ]
    assert [r.status_code for r in (empty, one, two, pair)] == [200, 200, 202, 203]
    assert miniflask.make_response.__module__ == "miniflask.helpers"


# ---- flashed messages ----


def test_flashing_marks_the_session(app: Flask) -> None:
    """The list is assigned anew, so that the session notices the second message too."""
    with app.test_request_context():
        miniflask.flash("one")
        miniflask.session.modified = False
        miniflask.flash("two", "error")
        assert miniflask.session.modified
        assert miniflask.session["_flashes"] == [("message", "one"), ("error", "two")]


def test_messages_are_taken_once_and_seen_again_within_the_request(app: Flask) -> None:
    """The first look empties the session; each further look gives the same, filtered or not."""
    with app.test_request_context():
        miniflask.flash("one")
        miniflask.flash("two", "error")
        assert miniflask.get_flashed_messages(category_filter=["error"]) == ["two"]
        assert "_flashes" not in miniflask.session
        assert miniflask.get_flashed_messages() == ["one", "two"]
        assert miniflask.get_flashed_messages(with_categories=True) == [
            ("message", "one"),
            ("error", "two"),
        ]


def test_looking_for_messages_changes_no_session(app: Flask) -> None:
    """When there are none, the session is not marked as modified."""
    with app.test_request_context():
        assert miniflask.get_flashed_messages() == []
        assert not miniflask.session.modified


# ---- files ----


def test_relative_paths_start_from_the_application(app: Flask, tmp_path: Path) -> None:
    """``send_file`` and ``send_from_directory`` look beside the application, not in the cwd."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file.txt").write_text("content")

    with app.test_request_context():
        for response in (
            miniflask.send_file("folder/file.txt"),
            miniflask.send_from_directory("folder", "file.txt"),
        ):
            response.direct_passthrough = False
            assert response.get_data() == b"content"
            assert type(response) is Response
            response.close()
        with pytest.raises(NotFound):
            miniflask.send_from_directory("folder", "../secret.txt")


def test_how_long_a_file_is_cached(app: Flask, tmp_path: Path) -> None:
    """An argument counts, or the application decides by the name of the file."""
    (tmp_path / "file.txt").touch()
    app.get_send_file_max_age = lambda filename: len(filename or "")  # type: ignore[method-assign]

    with app.test_request_context():
        ages = []
        choices: list[Any] = [{}, {"max_age": 3}, {"max_age": None}, {"max_age": lambda name: 4}]
        for arguments in choices:
            response = miniflask.send_file("file.txt", **arguments)
            ages.append(response.cache_control.max_age)
            response.close()

    name = len(str(tmp_path / "file.txt"))
    assert ages == [name, 3, name, 4]


# ---- where a module lies ----


def test_the_root_path_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An imported module's file tells; one that is not imported is found, but not run."""
    (tmp_path / "not_imported_yet.py").write_text("raise AssertionError('was run')")
    monkeypatch.syspath_prepend(tmp_path)

    assert get_root_path("miniflask") == str(Path(miniflask.__file__).parent)
    assert get_root_path("not_imported_yet") == str(tmp_path)


@pytest.mark.parametrize("name", ["no_such_module", "no_such.module", "__main__shell"])
def test_the_root_path_of_nothing_is_where_we_are(name: str) -> None:
    """A name that nothing can be imported by means the working directory."""
    assert get_root_path(name) == str(Path.cwd())


def test_a_module_without_a_file_needs_a_root_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An imported namespace package has no file of its own: the error asks for ``root_path``."""
    (tmp_path / "namespace_of_helpers").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    import_module("namespace_of_helpers")

    with pytest.raises(RuntimeError, match="the root path needs to be explicitly provided"):
        get_root_path("namespace_of_helpers")
    del sys.modules["namespace_of_helpers"]


def test_a_module_made_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module without file and spec, as a shell makes, means the working directory."""
    monkeypatch.setitem(sys.modules, "made_by_hand", ModuleType("made_by_hand"))

    assert get_root_path("made_by_hand") == str(Path.cwd())


# ---- streams ----


def test_a_stream_is_closed_with_its_generator(app: Flask) -> None:
    """Closing the wrapper closes the generator while the request is still bound."""
    seen: list[Any] = []

    def parts() -> Iterator[str]:
        try:
            yield "one"
            yield "two"
        finally:
            seen.append(miniflask.request.path)

    with app.test_request_context("/path"):
        stream = miniflask.stream_with_context(parts())
    assert next(stream) == "one"
    assert miniflask.request.path == "/path"
    stream.close()  # type: ignore[attr-defined]  # a generator

    assert seen == ["/path"]
    assert not miniflask.request


def test_a_stream_of_a_decorated_generator_takes_arguments(app: Flask) -> None:
    """As a decorator it hands arguments on and keeps the function's name."""

    @miniflask.stream_with_context
    def parts(*words: str, end: str) -> Iterator[str]:
        """Words."""
        yield from words
        yield end

    decorated: Any = parts
    with app.test_request_context():
        assert list(decorated("a", "b", end="c")) == ["a", "b", "c"]
    assert (decorated.__name__, decorated.__doc__) == ("parts", "Words.")
