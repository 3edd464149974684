"""Settings: where they can be read from, and what each source leaves alone."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from miniflask import Config, Flask
from miniflask.config import ConfigAttribute

ABSENT = "Unable to load configuration file (No such file or directory)"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Settings whose files are looked for in a folder of the test's own."""
    return Config(tmp_path, {"KEPT": 1})


def test_it_begins_with_its_defaults(config: Config, tmp_path: Path) -> None:
    """The defaults are copied, the root path is kept, and the repr names the class."""
    assert config == {"KEPT": 1}
    assert config.root_path == tmp_path
    assert repr(config) == "<Config {'KEPT': 1}>"
    assert Config(tmp_path) == {}


# ---- mappings and objects ----


def test_only_upper_case_names_are_settings(config: Config) -> None:
    """``from_mapping`` skips other names; keywords come after the mapping."""
    assert config.from_mapping({"A": 1, "b": 2, "Cc": 3, "D_1": 4}, A=5, e=6) is True
    assert config == {"KEPT": 1, "A": 5, "D_1": 4}
    assert config.from_mapping() is True


def test_a_mapping_may_be_a_sequence_of_pairs(config: Config) -> None:
    """What ``dict`` takes, ``from_mapping`` takes."""
    config.from_mapping([("A", 1)])  # type: ignore[arg-type]  # works, and is not promised

    assert config["A"] == 1


def test_every_setting_goes_through_setitem(tmp_path: Path) -> None:
    """A subclass that checks what is assigned sees what each source brings."""

    class Checked(Config):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, f"checked {value}")

    class Settings:
        OBJECT = 1

    config = Checked(tmp_path)
    config.from_mapping(MAPPING=1)
    config.from_object(Settings)

    assert config == {"MAPPING": "checked 1", "OBJECT": "checked 1"}


class Base:
    """Settings on a class."""

    INHERITED = 1
    lower = 2


class Settings(Base):
    """Settings that inherit."""

    OWN = 3

    @property
    def COMPUTED(self) -> int:
        """A setting of an instance."""
        return self.OWN + 1


def test_objects_give_their_upper_case_attributes(config: Config) -> None:
    """Inherited ones count; a property counts for an instance."""
    config.from_object(Settings())

    assert config == {"KEPT": 1, "INHERITED": 1, "OWN": 3, "COMPUTED": 4}


def test_an_object_may_be_named(config: Config) -> None:
    """A dotted name is imported; one that does not exist is an ImportError."""
    config.from_object("errno")

    assert config["ENOENT"] == errno.ENOENT
    with pytest.raises(ImportError):
        config.from_object("no_such_module.Settings")


# ---- files ----


def test_a_python_file(config: Config, tmp_path: Path) -> None:
    """It is run with its own path as ``__file__``; its upper-case names are the settings."""
    (tmp_path / "settings.py").write_text("A = 1\nb = 2\nWHERE = __file__\nNAME = __name__\n")

    assert config.from_pyfile("settings.py") is True
    assert config == {
        "KEPT": 1,
        "A": 1,
        "WHERE": str(tmp_path / "settings.py"),
        "NAME": "config",
    }


def test_a_python_file_in_another_encoding(config: Config, tmp_path: Path) -> None:
    """The file's own declaration of its encoding is heard."""
    source = "# -*- coding: iso-8859-1 -*-\nNAME = 'é'\n"
    (tmp_path / "settings.py").write_bytes(source.encode("iso-8859-1"))

    config.from_pyfile(tmp_path / "settings.py")

    assert config["NAME"] == "é"


def test_an_error_in_a_python_file_is_its_own(config: Config, tmp_path: Path) -> None:
    """A file that does not compile, or raises, is not taken for a missing one."""
    (tmp_path / "syntax.py").write_text("A = = 1")
    (tmp_path / "raises.py").write_text("A = 1 / 0")

    with pytest.raises(SyntaxError):
        config.from_pyfile("syntax.py", silent=True)
    with pytest.raises(ZeroDivisionError):
        config.from_pyfile("raises.py", silent=True)


Read = Callable[[Config, str, bool], bool]
READERS: dict[str, Read] = {
    "from_pyfile": lambda config, name, silent: config.from_pyfile(name, silent=silent),
    "from_file": lambda config, name, silent: config.from_file(name, json.load, silent=silent),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_missing_file(config: Config, tmp_path: Path, read: Read) -> None:
    """It is an OSError that says what failed, or False when silent; a folder as well."""
    (tmp_path / "folder").mkdir()

    for name in ("missing", "folder"):
        assert read(config, name, True) is False
        with pytest.raises(OSError) as caught:
            read(config, name, False)
        assert caught.value.strerror is not None
        assert caught.value.strerror.startswith("Unable to load configuration file (")
    assert config == {"KEPT": 1}


def test_a_file_below_a_file_is_missing_to_python_files_only(
    config: Config, tmp_path: Path
) -> None:
    """``ENOTDIR`` is silenced by ``from_pyfile`` and not by ``from_file``: so it is in Flask."""
    (tmp_path / "file").touch()

    assert config.from_pyfile("file/settings.py", silent=True) is False
    with pytest.raises(NotADirectoryError):
        config.from_file("file/settings.json", json.load, silent=True)


def test_a_file_with_a_loader(config: Config, tmp_path: Path) -> None:
    """The loader gets the open file, as text or as bytes, and returns a mapping."""
    (tmp_path / "settings.json").write_text('{"A": 1, "b": 2}')

    def load_bytes(file: Any) -> dict[str, Any]:
        return {"BYTES": file.read()}

    assert config.from_file("settings.json", json.load) is True
    assert config.from_file("settings.json", load_bytes, text=False) is True
    assert config == {"KEPT": 1, "A": 1, "BYTES": b'{"A": 1, "b": 2}'}


def test_an_empty_mapping_from_a_file_was_read(config: Config, tmp_path: Path) -> None:
    """A file that holds no settings is no missing file."""
    (tmp_path / "settings.json").write_text("{}")

    assert config.from_file("settings.json", json.load, silent=True) is True


# ---- the environment ----


def test_a_variable_names_a_python_file(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``from_envvar`` reads the file that the variable names."""
    (tmp_path / "settings.py").write_text("A = 1")
    monkeypatch.setenv("SAMPLE_SETTINGS", str(tmp_path / "settings.py"))

    assert config.from_envvar("SAMPLE_SETTINGS") is True
    assert config["A"] == 1


@pytest.mark.parametrize("value", [None, ""])
def test_an_unset_variable(
    config: Config, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    """Unset or empty is a RuntimeError that names the variable, or False when silent."""
    monkeypatch.delenv("SAMPLE_SETTINGS", raising=False)
    if value is not None:
        monkeypatch.setenv("SAMPLE_SETTINGS", value)

    assert config.from_envvar("SAMPLE_SETTINGS", silent=True) is False
    with pytest.raises(RuntimeError) as caught:
        config.from_envvar("SAMPLE_SETTINGS")
    assert str(caught.value).startswith(
        "The environment variable 'SAMPLE_SETTINGS' is not set and as such"
    )


def test_a_variable_that_names_a_missing_file(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may be missing when silent, no less than the variable."""
    monkeypatch.setenv("SAMPLE_SETTINGS", str(tmp_path / "missing.py"))

    assert config.from_envvar("SAMPLE_SETTINGS", silent=True) is False
    with pytest.raises(FileNotFoundError, match="Unable to load configuration file"):
        config.from_envvar("SAMPLE_SETTINGS")


def test_variables_with_a_prefix(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a setting; a value that is JSON is loaded, any other stays text."""
    for name, value in {
        "SAMPLE_INT": "1",
        "SAMPLE_LIST": '[1, "a"]',
        "SAMPLE_FALSE": "false",
        "SAMPLE_TEXT": "plain text",
        "SAMPLE_PY": "False",
        "SAMPLE_lower": "2",
        "SAMPLES": "another prefix",
        "OTHER_INT": "3",
    }.items():
        monkeypatch.setenv(name, value)

    assert config.from_prefixed_env("SAMPLE") is True
    assert config == {
        "KEPT": 1,
        "INT": 1,
        "LIST": [1, "a"],
        "FALSE": False,
        "TEXT": "plain text",
        "PY": "False",
        "lower": 2,
    }


def test_the_prefix_is_flask_by_default(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """``FLASK_X`` sets ``X``, and a loader of one's own may be given."""
    monkeypatch.setenv("FLASK_SAMPLE_SETTING", "text")

    config.from_prefixed_env(loads=str.upper)

    assert config["SAMPLE_SETTING"] == "TEXT"


def test_two_underscores_lead_into_a_dict(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """``A__b__c`` sets a key of a dict in a dict; dicts that exist are filled, others made."""
    config["EXISTS"] = {"old": 1}
    monkeypatch.setenv("SAMPLE_EXISTS__new", "2")
    monkeypatch.setenv("SAMPLE_MADE__a__b", "3")

    config.from_prefixed_env("SAMPLE")

    assert config["EXISTS"] == {"old": 1, "new": 2}
    assert config["MADE"] == {"a": {"b": 3}}


# ---- reading groups of settings ----


def test_settings_that_start_alike(config: Config) -> None:
    """``get_namespace`` collects them as keyword arguments, or under their full names."""
    config.update(STORE_TYPE="fs", STORE_PATH="/var", OTHER=1)

    assert config.get_namespace("STORE_") == {"type": "fs", "path": "/var"}
    assert config.get_namespace("STORE_", lowercase=False) == {"TYPE": "fs", "PATH": "/var"}
    assert config.get_namespace("STORE_", trim_namespace=False) == {
        "store_type": "fs",
        "store_path": "/var",
    }
    assert config.get_namespace("MISSING_") == {}


# ---- attributes of the application ----


def test_an_attribute_reads_and_writes_a_setting() -> None:
    """On an application it is the setting, converted; on the class the descriptor itself."""

    class Sample(Flask):
        limit = ConfigAttribute[int]("LIMIT", get_converter=int)

    app = Sample("sample")
    app.config["LIMIT"] = "7"

    assert app.limit == 7
    app.limit = 8
    assert app.config["LIMIT"] == 8
    assert isinstance(Sample.limit, ConfigAttribute)
    assert Sample.limit.__name__ == "LIMIT"


def test_the_attributes_that_every_application_has() -> None:
    """``testing``, ``secret_key`` and ``permanent_session_lifetime`` are settings."""
    app = Flask("sample")
    app.testing, app.secret_key = True, "key"
    app.config["PERMANENT_SESSION_LIFETIME"] = 60

    assert (app.config["TESTING"], app.config["SECRET_KEY"]) == (True, "key")
    assert app.permanent_session_lifetime.total_seconds() == 60
    app.config["PERMANENT_SESSION_LIFETIME"] = None
    assert app.permanent_session_lifetime is None
