"""Config: every way to fill it, and what goes wrong, on both frameworks.

Source: ``flask.config`` and the Configuration Handling page of Flask's documentation.
"""

from __future__ import annotations

import collections
import errno
import inspect
import json
import os
import sys
import types
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from functools import partial
from importlib import import_module
from operator import methodcaller
from pathlib import Path
from typing import Any

import flask
import flask.config
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import miniflask
import miniflask.config
from tests.against_flask.harness import Run, Trace

tomllib: Any = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")

FRAMEWORKS: tuple[Any, ...] = (flask, miniflask)


def attempt(program: Callable[[Any], Any], fw: Any) -> Any:
    """Run a program; an error comes back as all that a handler of it could read."""
    try:
        return program(fw)
    except OSError as e:
        return type(e), str(e), e.errno, e.strerror, e.filename
    except Exception as e:
        return type(e), str(e)


def both(program: Callable[[Any], Any]) -> Any:
    """Run a program on both frameworks, check that the results are equal, and return one."""
    theirs, ours = (attempt(program, fw) for fw in FRAMEWORKS)
    assert ours == theirs
    assert repr(ours) == repr(theirs)  # the order of keys, and 1 for True
    return ours


def filled(fill: Callable[[Any], Any], root: object = "/root", **defaults: Any) -> Any:
    """Return what a method returned or raised on a fresh config, and the config as a dict."""

    def program(fw: Any) -> Any:
        config = fw.Config(root, deepcopy(defaults))
        result = attempt(lambda _: fill(config), fw)
        return result, dict(config)

    return both(program)


# ---- the object ----


def test_the_defaults_are_flasks() -> None:
    """A new application has Flask's settings, in Flask's order."""
    ours, theirs = miniflask.Flask("sample").config, flask.Flask("sample").config

    assert list(ours.items()) == list(theirs.items())
    assert dict(miniflask.Flask.default_config) == dict(flask.Flask.default_config)
    assert type(miniflask.Flask.default_config) is type(flask.Flask.default_config)


@pytest.mark.parametrize("name", ["Config", "ConfigAttribute"])
def test_signatures_are_those_of_flask(name: str) -> None:
    """Every public method takes the same arguments, in the same order, with the same defaults."""
    theirs, ours = getattr(flask.config, name), getattr(miniflask.config, name)
    for attribute, method in vars(theirs).items():
        if inspect.isfunction(method):
            parameters = inspect.signature(getattr(ours, attribute)).parameters.values()
            assert [(p.name, p.kind, p.default) for p in parameters] == [
                (p.name, p.kind, p.default) for p in inspect.signature(method).parameters.values()
            ], attribute


@pytest.mark.parametrize("defaults", [None, {}, {"A": 1, "b": 2, 3: 4}])
def test_it_is_a_dict_with_a_root(defaults: Any) -> None:
    """Config holds a copy of its defaults, whatever their keys, and prints as itself."""

    def program(fw: Any) -> Any:
        config = fw.Config("/root", defaults)
        assert dict in type(config).__mro__
        before = dict(config)
        config["NEW"] = 1
        return before, repr(config), config.root_path, config == {**before, "NEW": 1}, defaults

    both(program)


def test_a_subclass_prints_under_its_own_name() -> None:
    """``repr`` uses the name of the class."""
    both(lambda fw: repr(type("Settings", (fw.Config,), {})("/", {"A": 1})))


@pytest.mark.parametrize("source", ["mapping", "object", "env", "file", "pyfile"])
def test_a_subclass_may_check_what_comes_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    """Each setting passes through ``__setitem__``, in the same order."""
    (tmp_path / "config.py").write_text("B = 2\nA = 1\nc = 3\n")
    (tmp_path / "config.json").write_text('{"B": 2, "A": 1, "c": 3}')
    for key in ("B", "A", "D__X", "D__Y"):
        monkeypatch.setenv(f"SAMPLE_{key}", "5")
    fills: dict[str, Callable[[Any], Any]] = {
        "mapping": lambda config: config.from_mapping({"B": 2, "A": 1, "c": 3}, D=4),
        "object": lambda config: config.from_object(types.SimpleNamespace(B=2, A=1, c=3)),
        "env": lambda config: config.from_prefixed_env("SAMPLE"),
        "file": lambda config: config.from_file("config.json", json.load),
        "pyfile": lambda config: config.from_pyfile("config.py"),
    }

    def program(fw: Any) -> Any:
        seen: list[Any] = []

        class Checked(fw.Config):  # type: ignore[misc]
            def __setitem__(self, key: str, value: Any) -> None:
                seen.append((key, repr(value)))
                if key == "A":
                    raise ValueError("no A")
                super().__setitem__(key, value)

        config = Checked(tmp_path, {"A": 0})
        result = attempt(lambda _: fills[source](config), fw)
        return result, dict(config), seen

    assert both(program)[0] == (ValueError, "no A")


def test_an_application_may_have_a_class_of_config_of_its_own() -> None:
    """``config_class`` and ``make_config`` decide; the attributes of the app read from it."""

    def program(fw: Any) -> Any:
        class Settings(fw.Config):  # type: ignore[misc]
            pass

        class App(fw.Flask):  # type: ignore[misc]
            config_class = Settings

            def make_config(self, instance_relative: bool = False) -> Any:
                config = super().make_config(instance_relative)
                config["TESTING"] = "from make_config"
                return config

        app = App("sample", root_path="/r", instance_path="/i", instance_relative_config=True)
        return type(app.config).__name__, app.config.root_path, app.testing, app.debug

    assert both(program) == ("Settings", "/i", "from make_config", False)


# ---- attributes of the application ----


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("testing", True),
        ("testing", "yes"),
        ("debug", True),
        ("secret_key", "key"),
        ("secret_key", b"key"),
        ("permanent_session_lifetime", timedelta(minutes=1)),
        ("permanent_session_lifetime", 90),
        ("permanent_session_lifetime", None),
        ("permanent_session_lifetime", "no number"),
    ],
)
def test_attributes_read_and_write_settings(attribute: str, value: Any) -> None:
    """Setting the attribute changes the setting, and the reverse."""

    def program(fw: Any) -> Any:
        one, two = fw.Flask("sample"), fw.Flask("sample")
        setattr(one, attribute, value)
        two.config[attribute.upper()] = value
        return [
            (app.config[attribute.upper()], attempt(partial(getattr, app), attribute))
            for app in (one, two)
        ]

    both(program)


def test_attributes_of_a_program_s_own() -> None:
    """ConfigAttribute makes any setting an attribute, with a converter for reading."""

    def program(fw: Any) -> Any:
        class App(fw.Flask):  # type: ignore[misc]
            plain = fw.config.ConfigAttribute("PLAIN")
            number = fw.config.ConfigAttribute("NUMBER", get_converter=int)

        app = App("sample")
        missing = attempt(lambda _: app.plain, fw)
        app.plain, app.number = "a", "12"
        assert App.plain is App.__dict__["plain"]
        named = (App.plain.__name__, App.number.__name__, App.plain.get_converter)
        app.config["NUMBER"] = "13"
        return missing, app.plain, app.number, app.config["PLAIN"], named

    assert both(program)[:3] == ((KeyError, "'PLAIN'"), "a", 13)


# ---- mappings ----

keys = st.one_of(
    st.sampled_from(["A", "B_1", "lower", "Mixed", "", "_", "1", "É", "é", "A B", "ﬁ", "SELF"]),
    st.text(max_size=5),
)
values = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([1]))


@given(
    given_mapping=st.one_of(st.none(), st.dictionaries(keys, values, max_size=5)),
    kwargs=st.dictionaries(keys.filter(lambda k: k not in {"self", "mapping"}), values, max_size=3),
    before=st.dictionaries(keys, values, max_size=3),
)
def test_only_upper_case_keys_are_settings(given_mapping: Any, kwargs: Any, before: Any) -> None:
    """Of a mapping and of keyword arguments, the upper-case keys are kept, in order."""

    def program(fw: Any) -> Any:
        config = fw.Config("/", before)
        return config.from_mapping(given_mapping, **kwargs), dict(config)

    both(program)


class Falsy(dict[str, Any]):
    """A mapping that is never true."""

    def __bool__(self) -> bool:
        return False


class OnlyKeys:
    """What ``dict.update`` takes for a mapping."""

    def keys(self) -> list[str]:
        return ["A", "b"]

    def __getitem__(self, key: str) -> str:
        return key * 2


@pytest.mark.parametrize(
    "mapping",
    [
        [("A", 1), ("b", 2)],
        (("A", 1), ("A", 2)),
        Falsy(A=1),
        OnlyKeys(),
        collections.ChainMap({"A": 1}, {"A": 2, "B": 3}),
        types.MappingProxyType({"A": 1}),
        [],
        (),
        "",
        {1: 2},
        {"A": 1, None: 2},
        [("A",)],
        ["AB"],
        5,
        0,
        False,
        "text",
    ],
    ids=lambda value: repr(value).partition(" at 0x")[0],
)
def test_what_passes_for_a_mapping(mapping: Any) -> None:
    """Whatever ``dict`` accepts is accepted; all else raises what ``dict`` raises."""
    filled(lambda config: config.from_mapping(mapping))
    filled(lambda config: config.from_mapping(mapping, C=3, d=4))


def test_more_than_one_mapping_is_refused() -> None:
    """There is one positional argument."""

    def kind(fw: Any) -> Any:
        return type(attempt(lambda _: fw.Config("/").from_mapping({}, {}), fw))

    both(kind)


# ---- the environment ----

names = st.sampled_from(
    ["A", "a", "B", "A__X", "A__Y", "A__X__Z", "B__1", "__A", "A__", "A____B", "NULL__X", "", "_"]
)
texts = st.one_of(
    st.sampled_from(["1", "1.5", "true", "null", "[1, 2]", '{"X": 1}', '"text"', "text", "", "{"]),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    variables=st.dictionaries(names, texts, max_size=6),
    prefix=st.sampled_from(["SAMPLE", "SAMPLE_A", ""]),
    defaults=st.dictionaries(
        st.sampled_from(["A", "B"]), st.sampled_from(["text", {"X": 1}, {}, None, 3]), max_size=2
    ),
)
def test_settings_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, variables: Any, prefix: str, defaults: Any
) -> None:
    """Variables with the prefix are read as JSON or kept as text; ``__`` reaches into dicts."""

    def program(fw: Any) -> Any:
        config = fw.Config("/", json.loads(json.dumps(defaults)))
        result = attempt(lambda _: config.from_prefixed_env(prefix), fw)
        return result, dict(config)

    with monkeypatch.context() as environment:
        environment.setattr(
            os, "environ", {f"SAMPLE_{name}": text for name, text in variables.items()}
        )
        both(program)


def test_nested_names_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dicts that are lacking are made, those there are kept."""
    monkeypatch.setenv("FLASK_A__B__C", "1")
    monkeypatch.setenv("FLASK_A__B__D", "[2]")
    monkeypatch.setenv("FLASK_E", "text")
    _, config = filled(lambda config: config.from_prefixed_env(), A={"B": {"X": 0}})

    assert config["A"] == {"B": {"X": 0, "C": 1, "D": [2]}}
    assert config["E"] == "text"


@pytest.mark.parametrize("there", [None, 3, "text", "a B b", [], {"B": "text"}, {"B": None}])
def test_nested_names_in_what_is_no_dict(monkeypatch: pytest.MonkeyPatch, there: Any) -> None:
    """A setting that cannot be reached into raises what reaching into it raises."""
    monkeypatch.setenv("SAMPLE_A__B__C", "1")
    filled(lambda config: config.from_prefixed_env("SAMPLE"), A=there)


@pytest.mark.parametrize("loads", [str.upper, int, lambda text: text.missing, json.loads])
def test_loaders_of_the_environment(monkeypatch: pytest.MonkeyPatch, loads: Any) -> None:
    """What *loads* makes of a text is the setting; if it raises, the text is."""
    for name, text in {"A": "12", "B": "text", "C": "[1"}.items():
        monkeypatch.setenv(f"SAMPLE_{name}", text)
    filled(lambda config: config.from_prefixed_env("SAMPLE", loads=loads))


def test_a_loader_that_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only exceptions that are errors are swallowed."""
    monkeypatch.setenv("SAMPLE_A", "1")

    def interrupt(text: str) -> None:
        raise KeyboardInterrupt

    for fw in FRAMEWORKS:
        with pytest.raises(KeyboardInterrupt):
            fw.Config("/").from_prefixed_env("SAMPLE", loads=interrupt)


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("value", [None, "", "there.py", "missing.py", "folder", "/absolute.py"])
def test_a_file_named_by_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, silent: bool
) -> None:
    """An unset variable and a missing file are errors, or False with *silent*."""
    (tmp_path / "there.py").write_text("A = 1")
    (tmp_path / "folder").mkdir()
    monkeypatch.delenv("SAMPLE_FILE", raising=False)
    if value is not None:
        monkeypatch.setenv("SAMPLE_FILE", value)

    filled(lambda config: config.from_envvar("SAMPLE_FILE", silent=silent), tmp_path)


# ---- objects ----


class Base:
    """Settings that are inherited."""

    INHERITED = 1
    OVERRIDDEN = 1
    lower = 1


class Settings(Base):
    """Settings of a class, an instance of which computes one more."""

    OVERRIDDEN = 2
    _PRIVATE = 3
    Mixed = 4

    @property
    def COMPUTED(self) -> int:
        return self.OVERRIDDEN * 10

    @property
    def broken(self) -> int:
        raise AssertionError("read a lower-case name")


class Failing:
    """Settings that cannot be read."""

    AAA = 1

    @property
    def BBB(self) -> int:
        raise LookupError("no B")


@pytest.mark.parametrize(
    "obj",
    [
        Settings,
        Settings(),
        Failing(),
        None,
        5,
        types.SimpleNamespace(A=1, b=2),
        errno,
        "errno",
        "json.decoder",
        "json:decoder",
        "json.decoder.JSONDecoder",
        "no_such_module",
        "json.no_such_name",
        "json.decoder.JSONDecoder.nothing",
        "",
        ".",
    ],
    ids=lambda value: str(value).partition(" at 0x")[0],
)
def test_upper_case_attributes_of_an_object(obj: Any) -> None:
    """Modules, classes, instances, or their dotted names; inherited attributes too."""

    def program(fw: Any) -> Any:
        config = fw.Config("/")
        result = attempt(lambda _: config.from_object(obj), fw)
        return result, sorted((key, str(value)) for key, value in config.items())

    both(program)


# ---- files ----

SOURCES: dict[str, str | bytes] = {
    "plain.py": "A = 1\nb = 2\nfrom os import path as PATH\n_C = 3\nÉ = 'é'\n",
    "latin.py": b"# coding: latin-1\nA = '\xe9'\n",
    "bad_coding.py": b"A = '\xe9'\n",
    "null.py": b"A = 1\0",
    "names.py": "A = __file__\nB = __name__\n",
    "empty.py": "",
    "syntax.py": "A = = 1\n",
    "raises.py": "A = 1\nraise LookupError('in the file')\n",
    "os_error.py": "A = 1\nopen('/no/such/file')\n",
    "own_os_error.py": "A = 1\nraise OSError(2, 'of its own', 'name')\n",
    "odd_os_error.py": "raise OSError('only text')\n",
    "exits.py": "import sys\nsys.exit('bye')\n",
    "crlf.py": b"A = 1\r\nB = 2\r\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with configuration files good and bad."""
    for name, source in SOURCES.items():
        data = source if isinstance(source, bytes) else source.encode()
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder").mkdir()
    (tmp_path / "settings.json").write_text('{"A": 1, "b": 2, "C": {"d": "é"}}', encoding="utf-8")
    (tmp_path / "settings.toml").write_text('A = 1\nb = 2\n[C]\nd = "é"\n', encoding="utf-8")
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "null.json").write_text("null")
    (tmp_path / "bad.json").write_text("{")
    return tmp_path


FILES = [*SOURCES, "missing.py", "folder", "plain.py/inside", "", "folder/../plain.py", "a\0b"]


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_python_files(folder: Path, name: str, silent: bool) -> None:
    """A Python file is run; what goes wrong in reading or running it is the same error."""

    def program(fw: Any) -> Any:
        config = fw.Config(folder)
        try:
            result = attempt(lambda _: config.from_pyfile(name, silent=silent), fw)
        except SystemExit as e:
            result = "exit", e.code
        return result, {key: str(value) for key, value in config.items()}

    both(program)


def test_an_error_while_a_python_file_runs_counts_as_one_of_reading(folder: Path) -> None:
    """An OSError raised by the file itself is silenced, or gets the same explanation."""
    loud, _ = filled(lambda config: config.from_pyfile("os_error.py"), folder)
    quiet, _ = filled(lambda config: config.from_pyfile("os_error.py", silent=True), folder)

    assert loud[3] == "Unable to load configuration file (No such file or directory)"
    assert quiet is False


@pytest.mark.parametrize("kind", [str, Path, lambda path: path / "plain.py"])
def test_file_names_and_roots_of_any_kind(folder: Path, kind: Any) -> None:
    """Names may be paths, relative to the root or absolute, and the root may be one too."""
    name = kind(folder / "plain.py") if kind in (str, Path) else kind(folder)
    filled(lambda config: config.from_pyfile(name), "/elsewhere")
    filled(lambda config: config.from_pyfile("plain.py"), kind(folder))
    filled(lambda config: config.from_pyfile("names.py"), folder)


LOADERS: dict[str, Any] = {
    "json": json.load,
    "toml": tomllib.load,
    "read": lambda file: {"A": file.read(), "B": file.mode, "C": file.name},
    "none": lambda file: None,
    "pairs": lambda file: [("A", 1)],
    "closed": lambda file: {"A": file.closed},
    "raises": lambda file: int("x"),
    "os error": lambda file: open("/no/such/file"),
}


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("loader", LOADERS)
def test_files_with_a_loader(folder: Path, loader: str, text: bool, silent: bool) -> None:
    """The loader gets the open file, as text or bytes; its errors and results are the same."""
    for name in (
        "settings.json",
        "settings.toml",
        "list.json",
        "null.json",
        "bad.json",
        "latin.py",
        "missing.json",
        "folder",
        "settings.json/inside",
    ):
        read = methodcaller("from_file", name, LOADERS[loader], silent=silent, text=text)
        filled(read, folder)


def test_json_and_toml(folder: Path) -> None:
    """A JSON file and a TOML file hold the same settings; lower-case names are left out."""
    from_json = filled(lambda config: config.from_file("settings.json", json.load), folder)
    from_toml = filled(
        lambda config: config.from_file("settings.toml", tomllib.load, text=False), folder
    )

    assert from_json == from_toml == (True, {"A": 1, "C": {"d": "é"}})


def test_a_file_that_may_not_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors other than a missing file are raised even with *silent*."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", "config.py")

    monkeypatch.setattr("builtins.open", refuse)
    for silent in (False, True):
        loud, _ = filled(methodcaller("from_pyfile", "x", silent=silent), folder)
        filled(methodcaller("from_file", "x", json.load, silent=silent), folder)
        assert loud[0] is PermissionError
        assert loud[3] == "Unable to load configuration file (Permission denied)"


def test_a_mapping_that_is_never_true(folder: Path) -> None:
    """A loader's result is used whether or not it counts as true."""
    result, config = filled(
        lambda config: config.from_file("settings.json", lambda file: Falsy(A=1)), folder
    )

    assert (result, config) == (True, {"A": 1})


# ---- namespaces ----


@given(
    settings=st.dictionaries(keys, values, max_size=6),
    namespace=st.sampled_from(["", "A", "B_", "M", "é", "ﬁ"]),
    lowercase=st.booleans(),
    trim=st.booleans(),
)
def test_settings_that_begin_alike(
    settings: Any, namespace: str, lowercase: bool, trim: bool
) -> None:
    """``get_namespace`` collects them, in order, the last of equal names counting."""
    both(
        lambda fw: list(fw.Config("/", settings).get_namespace(namespace, lowercase, trim).items())
    )


def test_a_namespace() -> None:
    """Names are trimmed and in lower case unless one says otherwise."""
    settings = {"STORE_TYPE": "fs", "STORE_PATH": "/x", "OTHER": 1}

    def program(fw: Any) -> Any:
        config = fw.Config("/", settings)
        return (
            config.get_namespace("STORE_"),
            config.get_namespace("STORE_", lowercase=False),
            config.get_namespace("STORE_", trim_namespace=False),
            config.get_namespace("STORE_", False, False),
        )

    assert both(program)[0] == {"type": "fs", "path": "/x"}


def test_a_namespace_among_keys_that_are_no_text() -> None:
    """A key that is no string raises."""
    both(lambda fw: fw.Config("/", {1: 2}).get_namespace("A"))


# ---- instance folders ----


@pytest.mark.parametrize("relative", [False, True])
def test_where_file_names_start_from(tmp_path: Path, relative: bool) -> None:
    """From the application's folder, or from the instance folder if that was asked for."""
    root, instance = tmp_path / "root", tmp_path / "instance"
    for place in (root, instance):
        place.mkdir()
        (place / "config.py").write_text(f"PLACE = {place.name!r}\n")

    def program(fw: Any) -> Any:
        app = fw.Flask(
            "sample",
            root_path=str(root),
            instance_path=str(instance),
            instance_relative_config=relative,
        )
        app.config.from_pyfile("config.py")
        return app.config["PLACE"], app.config.root_path, app.instance_path

    assert both(program)[0] == ("instance" if relative else "root")


@pytest.mark.parametrize("path", ["relative", "", ".", "./x", "/absolute", None])
def test_instance_paths_are_absolute(path: Any) -> None:
    """A relative instance path is refused; without one a folder is found."""
    both(lambda fw: fw.Flask("sample", instance_path=path).instance_path)


@pytest.mark.parametrize(
    "layout", ["module", "package", "namespace", "site-packages", "lib/python3/site-packages"]
)
def test_finding_the_instance_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    """Beside a module or package; under ``var`` of the prefix for an installed one."""
    place = tmp_path if layout in ("module", "package", "namespace") else tmp_path / layout
    name = f"sample_{layout.replace('/', '_').replace('-', '_')}"
    package = place / name
    if layout == "module":
        place.mkdir(exist_ok=True)
        (place / f"{name}.py").touch()
    else:
        package.mkdir(parents=True)
        if layout != "namespace":
            (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(place))

    found = both(lambda fw: fw.Flask(name).instance_path)

    assert found.startswith(str(tmp_path))


# ---- what DEBUG starts as ----


@pytest.mark.parametrize("value", [None, "", "0", "false", "No", "1", "true", "2", "off"])
def test_debug_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """FLASK_DEBUG decides what DEBUG is at first."""
    monkeypatch.delenv("FLASK_DEBUG", raising=False)
    if value is not None:
        monkeypatch.setenv("FLASK_DEBUG", value)

    def program(fw: Any) -> Any:
        app = fw.Flask("sample")
        return app.config["DEBUG"], app.debug

    both(program)


def test_settings_count_from_the_next_request_on(agree: Callable[..., Run]) -> None:
    """A view may change a setting; nothing keeps what it read before."""

    def factory(fw: Any, trace: Trace) -> Any:
        app = fw.Flask("sample")

        def view() -> Any:
            flags = ("TESTING", "PROPAGATE_EXCEPTIONS", "MAX_CONTENT_LENGTH")
            before: Mapping[str, Any] = {key: fw.current_app.config[key] for key in flags}
            app.config.update(TESTING=True, MAX_CONTENT_LENGTH=3)
            return dict(before)

        app.add_url_rule("/", "index", view)
        app.add_url_rule("/fail", "fail", trace.hook("view", raises=ValueError("x")))
        app.add_url_rule("/data", "data", lambda: fw.request.data, methods=["POST"])
        return app

    data = {"method": "POST", "path": "/data", "data": b"12345"}
    run = agree(factory, "/fail", data, "/", "/fail", data)

    assert [outcome.code for outcome in run.outcomes] == [500, 200, 200, None, 413]
