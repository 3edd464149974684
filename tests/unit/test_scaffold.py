"""What applications and blueprints share: tables, folders, and the words of their errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import pytest
from werkzeug.exceptions import HTTPException, NotFound

from miniflask import Blueprint, Flask
from miniflask.scaffold import (
    Scaffold,
    _endpoint_from_view_func,
    find_package,
    setupmethod,
)

# Each table, and the decorator that fills it.
TABLES = {
    "before_request_funcs": "before_request",
    "after_request_funcs": "after_request",
    "teardown_request_funcs": "teardown_request",
    "template_context_processors": "context_processor",
    "url_value_preprocessors": "url_value_preprocessor",
    "url_default_functions": "url_defaults",
}


@pytest.fixture
def app() -> Flask:
    """An application without views."""
    return Flask("sample")


# ---- tables ----


def test_hooks_are_kept_under_none_in_the_order_of_registration(app: Flask) -> None:
    """Each decorator returns its function and appends it to the row of the application."""
    functions = [lambda *args: None for _ in range(2)]
    for table, decorator in TABLES.items():
        assert [getattr(app, decorator)(function) for function in functions] == functions
        assert getattr(app, table)[None][-2:] == functions


def test_asking_for_a_row_makes_it(app: Flask) -> None:
    """The tables are default dicts: extensions append to rows that nobody registered."""
    for table in TABLES:
        assert list(getattr(app, table)["a blueprint"]) == []
    assert dict(app.error_handler_spec["a blueprint"][404]) == {}


def test_error_handlers_are_kept_by_code_and_class(app: Flask) -> None:
    """A code stands for its exception; a class that has a code is kept under both."""

    def handler(e: Exception) -> str:
        return "handled"

    app.register_error_handler(404, handler)
    app.register_error_handler(HTTPException, handler)
    assert app.errorhandler(KeyError)(handler) is handler

    assert app.error_handler_spec[None] == {
        404: {NotFound: handler},
        None: {HTTPException: handler, KeyError: handler},
    }


@pytest.mark.parametrize(
    ("key", "error", "words"),
    [
        (799, ValueError, "'799' is not a recognized HTTP error code. Use a subclass of"),
        (KeyError("x"), TypeError, "KeyError('x') is an instance, not a class. Handlers can"),
        (KeyboardInterrupt, ValueError, "'KeyboardInterrupt' is not a subclass of Exception."),
    ],
)
def test_what_errors_cannot_be_handled(
    app: Flask, key: Any, error: type[Exception], words: str
) -> None:
    """An unknown code, an instance, and a class beyond Exception are refused in words."""
    with pytest.raises(error) as caught:
        app.register_error_handler(key, str)

    assert str(caught.value).startswith(words)


# ---- routes ----


def test_a_route_is_named_after_its_view(app: Flask) -> None:
    """The view's name is the endpoint; a decorator that is used twice names only the first."""
    decorate = app.route("/one", endpoint="first")

    def view() -> str:
        return "view"

    assert decorate(view) is view
    decorate(view)
    assert sorted(app.view_functions) == ["first", "static", "view"]


def test_a_rule_without_endpoint_and_view_is_refused(app: Flask) -> None:
    """Something must name the endpoint."""
    with pytest.raises(AssertionError, match="expected view func if endpoint is not provided"):
        app.add_url_rule("/nameless")


def test_a_view_may_be_registered_apart_from_its_rule(app: Flask) -> None:
    """``endpoint`` registers the view of a rule that was added without one."""
    app.add_url_rule("/late", "late")
    app.endpoint("late")(lambda: "late view")

    assert app.test_client().get("/late").text == "late view"


@pytest.mark.parametrize("name", ["get", "post", "put", "delete", "patch"])
def test_a_method_has_a_decorator(app: Flask, name: str) -> None:
    """The short forms take one method, and refuse ``methods``."""

    def view() -> str:
        return name

    assert getattr(app, name)("/view")(view) is view
    assert app.test_client().open("/view", method=name.upper()).text == name
    assert app.test_client().open("/view", method="LOCK").status_code == 405
    with pytest.raises(TypeError, match="Use the 'route' decorator to use the 'methods' argument"):
        getattr(Flask("another"), name)("/view", methods=["GET"])


# ---- when it is too late ----


def test_a_setup_method_checks_whether_it_still_may() -> None:
    """The decorator asks the object first, by the method's name, and then calls the method."""
    asked = []

    class Checked(Scaffold):
        def _check_setup_finished(self, f_name: str) -> None:
            asked.append(f_name)

        @setupmethod
        def register(self, value: int) -> int:
            """Register."""
            return value

    assert Checked("sample").register(7) == 7
    assert asked == ["register"]
    assert (Checked.register.__name__, Checked.register.__doc__) == ("register", "Register.")


def test_an_application_says_why_it_is_too_late(app: Flask) -> None:
    """After the first request the error names the method and what to make sure of."""
    app.test_client().get("/")

    with pytest.raises(AssertionError) as caught:
        app.before_request(print)
    assert str(caught.value).startswith(
        "The setup method 'before_request' can no longer be called on the application."
    )


def test_half_a_class_does_nothing() -> None:
    """``Scaffold`` leaves to its subclasses what differs between them."""
    scaffold = Scaffold("sample")

    with pytest.raises(NotImplementedError):
        scaffold.before_request(print)
    with pytest.raises(NotImplementedError):
        Scaffold.add_url_rule.__wrapped__(scaffold, "/")  # type: ignore[attr-defined]


# ---- folders ----


@pytest.mark.parametrize(
    ("folder", "url_path", "expected"),
    [
        ("static", None, "/static"),
        ("a/files/", None, "/files"),
        (Path("files"), None, "/files"),
        ("static", "/assets/", "/assets"),
        ("static", "", ""),
        (None, "/assets", "/assets"),
        (None, None, None),
    ],
)
def test_the_url_of_static_files(folder: Any, url_path: str | None, expected: str | None) -> None:
    """As given, or ``/`` and the folder's own name; a slash at the end is dropped."""
    scaffold = Scaffold("sample", static_folder=folder, static_url_path=url_path)

    assert scaffold.static_url_path == expected
    assert scaffold.has_static_folder is (folder is not None)


def test_folders_start_from_the_root_path(tmp_path: Path) -> None:
    """Static folder, templates and resources are found beside the module."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "a.html").write_text("template")
    (tmp_path / "data.txt").write_text("é", encoding="utf-8")
    scaffold = Scaffold("sample", "static/", template_folder="templates", root_path=str(tmp_path))

    assert scaffold.static_folder == str(tmp_path / "static")
    assert scaffold.jinja_loader is scaffold.jinja_loader
    assert scaffold.jinja_loader is not None
    assert scaffold.jinja_loader.list_templates() == ["a.html"]
    assert Scaffold("sample").jinja_loader is None
    binary: IO[bytes] = scaffold.open_resource("data.txt")
    text: IO[str] = scaffold.open_resource("data.txt", "r", encoding="utf-8")
    with binary, text:
        assert (binary.read(), text.read()) == ("é".encode(), "é")


@pytest.mark.parametrize("mode", ["w", "a", "rb+", "wb"])
def test_resources_are_for_reading(app: Flask, mode: str) -> None:
    """A mode that writes is a ValueError, before the file is touched."""
    with pytest.raises(ValueError, match="Resources can only be opened for reading"):
        app.open_resource("sample", mode)


def test_a_blueprint_opens_text_as_utf_8(tmp_path: Path) -> None:
    """Its ``open_resource`` has UTF-8 as its default encoding, that of an app the locale's."""
    (tmp_path / "data.txt").write_text("é", encoding="utf-8")

    file: Any = Blueprint("bp", "sample", root_path=str(tmp_path)).open_resource("data.txt", "r")
    with file:
        assert (file.read(), file.encoding) == ("é", "utf-8")


@pytest.mark.parametrize(
    ("setting", "age"), [(None, None), (60, 60), (timedelta(minutes=2), 120), (0, 0)]
)
def test_how_long_files_are_cached(app: Flask, setting: Any, age: int | None) -> None:
    """``SEND_FILE_MAX_AGE_DEFAULT`` may be None, seconds or a timedelta."""
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = setting

    with app.app_context():
        assert app.get_send_file_max_age("file.txt") == age


def test_static_files_need_a_folder() -> None:
    """``send_static_file`` without a static folder is a RuntimeError."""
    with pytest.raises(RuntimeError, match="'static_folder' must be set to serve static_files"):
        Scaffold("sample").send_static_file("file.txt")


def test_the_repr_names_it(app: Flask) -> None:
    """Class and name are shown."""
    assert repr(app) == "<Flask 'sample'>"
    assert repr(Blueprint("bp", "sample")) == "<Blueprint 'bp'>"


# ---- where a package is installed ----

Make = Callable[[Path], None]


def package(folder: str) -> Make:
    """Make a package ``sample_package`` in a folder."""

    def make(root: Path) -> None:
        (root / folder / "sample_package").mkdir(parents=True)
        (root / folder / "sample_package" / "__init__.py").touch()

    return make


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [
        ("project", None),
        ("env/lib/python3.11/site-packages", "env"),
        ("env/Lib/site-packages", "env"),
        ("env/site-packages", "env"),
        ("env/lib/dist", None),
    ],
)
def test_a_package_is_installed_if_it_lies_in_site_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, prefix: str | None
) -> None:
    """The prefix is found for the layouts of POSIX and Windows; elsewhere there is none."""
    package(folder)(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / folder)

    expected = None if prefix is None else str(tmp_path / prefix)
    assert find_package("sample_package") == (expected, str(tmp_path / folder))
    assert find_package("sample_package.part") == (expected, str(tmp_path / folder))


def test_a_package_below_the_interpreter_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anything below ``sys.prefix`` belongs to the installation."""
    package("anywhere")(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "anywhere")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))

    assert find_package("sample_package") == (str(tmp_path), str(tmp_path / "anywhere"))


def test_a_module_that_is_not_there_is_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be found is taken to lie where we are."""
    monkeypatch.chdir(tmp_path)

    assert find_package("no_such_package") == (None, str(tmp_path))
    assert find_package("no_such_package.part") == (None, str(tmp_path))


def test_a_namespace_package_lies_where_its_part_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the folders of a namespace package the one that holds the asked part counts."""
    for folder in ("one", "two"):
        (tmp_path / folder / "split_namespace" / f"part_{folder}").mkdir(parents=True)
        monkeypatch.syspath_prepend(tmp_path / folder)

    for folder in ("one", "two"):
        name = f"split_namespace.part_{folder}"
        assert find_package(name) == (None, str(tmp_path / folder))
        (tmp_path / folder / "split_namespace" / f"part_{folder}" / "__init__.py").touch()
        assert find_package(name) == (None, str(tmp_path / folder))
    for name in [name for name in sys.modules if name.startswith("split_namespace")]:
        del sys.modules[name]


def test_a_view_may_be_any_callable_with_a_name(app: Flask) -> None:
    """What is callable and has ``__name__`` needs no endpoint."""
    view: Any = SimpleNamespace(__name__="named")

    assert _endpoint_from_view_func(view) == "named"
    with pytest.raises(AttributeError):
        app.add_url_rule("/", view_func=Blueprint("bp", "sample"))  # type: ignore[arg-type]
