"""Settings: a dict that knows how to fill itself.

Only upper-case names are settings.  Every ``from_...`` method reads one kind of source into the
dict and leaves what it does not mention alone.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar, overload

from werkzeug.utils import import_string

if TYPE_CHECKING:
    from typing_extensions import Self

    from .sansio import App

T = TypeVar("T")


class ConfigAttribute(Generic[T]):
    """Make an attribute of the application read and write a setting.

    Args:
        name: The setting, such as ``"SECRET_KEY"``.
        get_converter: Applied to the setting when it is read.

    Source: ``flask.config.ConfigAttribute``.
    """

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload  # on the class: the descriptor itself
    def __get__(self, obj: None, owner: type[App]) -> Self: ...
    @overload  # on an application: the setting
    def __get__(self, obj: App, owner: type[App]) -> T: ...
    def __get__(self, obj: App | None, owner: type[App] | None = None) -> T | Self:
        if obj is None:
            return self
        value = obj.config[self.__name__]
        return value if self.get_converter is None else self.get_converter(value)

    def __set__(self, obj: App, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict):  # type: ignore[type-arg]  # as Flask's: a bare dict to a type checker
    """A dict of settings with methods that read them from files, objects and the environment.

    Args:
        root_path: The folder that relative file names start from.
        defaults: Settings to begin with.

    Source: ``flask.Config``.
    """

    def __init__(
        self, root_path: str | os.PathLike[str], defaults: dict[str, Any] | None = None
    ) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Read the Python file that an environment variable names.

        Args:
            variable_name: The environment variable.
            silent: Return False for an unset variable or a missing file instead of raising.

        Returns:
            Whether a file was read.

        Raises:
            RuntimeError: The variable is not set or is empty.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set"
            " and as such configuration could not be loaded. Set"
            " this variable and make it point to a configuration file"
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads
    ) -> bool:
        """Read every environment variable that starts with a prefix.

        A value that *loads* refuses stays a string.  ``A__B__C`` sets ``config["A"]["B"]["C"]``,
        making the dicts it lacks.

        Args:
            prefix: Without the underscore that separates it from the name.
            loads: Turns the text of a variable into a value.

        Returns:
            Always True.

        Source: Flask 2.1.
        """
        prefix = f"{prefix}_"
        for variable in sorted(name for name in os.environ if name.startswith(prefix)):
            text = os.environ[variable]
            try:
                value = loads(text)
            except Exception:
                value = text
            *parents, key = variable[len(prefix) :].split("__")
            target: dict[str, Any] = self
            for parent in parents:
                if parent not in target:
                    target[parent] = {}
                target = target[parent]
            target[key] = value
        return True

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and keep its upper-case names.

        Args:
            filename: Relative to ``root_path``.
            silent: Return False for a missing file instead of raising.

        Returns:
            Whether a file was read.

        Raises:
            OSError: The file could not be read.
        """
        path = os.path.join(self.root_path, filename)
        module = ModuleType("config")
        module.__file__ = path

        def run(file: IO[Any]) -> None:
            exec(compile(file.read(), path, "exec"), module.__dict__)

        missing = (errno.ENOENT, errno.EISDIR, errno.ENOTDIR)
        if not self._load(path, "rb", run, missing, silent):
            return False
        self.from_object(module)
        return True

    @staticmethod
    def _load(
        path: str, mode: str, load: Callable[[IO[Any]], Any], missing: tuple[int, ...], silent: bool
    ) -> tuple[Any, ...]:
        """Return what *load* makes of a file, alone in a tuple; an empty one if it is missing."""
        try:
            with open(path, mode) as file:
                return (load(file),)
        except OSError as e:
            if silent and e.errno in missing:
                return ()
            e.strerror = f"Unable to load configuration file ({e.strerror})"
            raise

    def from_object(self, obj: object | str) -> None:
        """Keep the upper-case attributes of a module, class or instance.

        Args:
            obj: The object, or the dotted name to import it by.
        """
        if isinstance(obj, str):
            obj = import_string(obj)
        for key in dir(obj):
            if key.isupper():
                self[key] = getattr(obj, key)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Read a file with a loader such as ``json.load`` or ``tomllib.load``.

        Args:
            filename: Relative to ``root_path``.
            load: Turns the open file into a mapping.
            silent: Return False for a missing file instead of raising.
            text: Open the file as text; False for loaders that want bytes.

        Returns:
            Whether a file was read.

        Raises:
            OSError: The file could not be read.

        Source: Flask 2.0; *text* since 2.3.
        """
        path = os.path.join(self.root_path, filename)
        mode = "r" if text else "rb"
        loaded = self._load(path, mode, load, (errno.ENOENT, errno.EISDIR), silent)
        return bool(loaded) and self.from_mapping(*loaded)

    def from_mapping(self, mapping: Mapping[str, Any] | None = None, **kwargs: Any) -> bool:
        """Keep the upper-case keys of a mapping and of the keyword arguments.

        Returns:
            Always True.
        """
        # One assignment a key: a subclass may override __setitem__ to check what comes in.
        for key, value in dict(() if mapping is None else mapping, **kwargs).items():
            if key.isupper():
                self[key] = value
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """Collect the settings whose names start alike, say as keyword arguments.

        Args:
            namespace: The common beginning, such as ``"IMAGE_STORE_"``.
            lowercase: Return the names in lower case.
            trim_namespace: Return the names without *namespace*.

        Returns:
            A new dict.
        """
        start = len(namespace) if trim_namespace else 0
        found = ((key[start:], value) for key, value in self.items() if key.startswith(namespace))
        return {key.lower() if lowercase else key: value for key, value in found}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict.__repr__(self)}>"
