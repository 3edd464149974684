"""Run a program written for Flask on miniflask, without changing a line of it.

Three ways to say so::

    python -m miniflask.as_flask script.py ARGS        also: -m module ARGS
    pytest -p miniflask.as_flask                       a test suite
    import miniflask.as_flask; miniflask.as_flask.install()

From then on ``import flask`` gives miniflask, each ``flask.x`` being the very module that stands
behind it, and ``werkzeug.routing`` and ``werkzeug.local`` give the kits rebuilt here, so that one
process has one ``BuildError`` and one ``LocalProxy``.  It makes no difference whether Flask is
installed.  Interpreters that the program starts inherit the alias.

What Flask 3.1.3 does not have, because an older Flask did, is absent as well: extensions look for
such names to choose what to do.  An old era (``MINIFLASK_ERA``) brings its names back.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

#: The Flask that is stood in for.
VERSION = "3.1.3"

_SAME_NAME = (
    "app blueprints cli config ctx debughelpers globals helpers json json.provider json.tag"
    " logging sessions signals templating testing typing views wrappers"
)
_ROUTING = "converters exceptions map matcher rules"

#: The module to import -> the module that is given.
MODULES = {
    "flask": "miniflask",
    **{f"flask.{name}": f"miniflask.{name}" for name in _SAME_NAME.split()},
    "flask.sansio.app": "miniflask.sansio",
    "flask.sansio.blueprints": "miniflask.blueprints",
    "flask.sansio.scaffold": "miniflask.scaffold",
    "werkzeug.local": "miniflask.local",
    "werkzeug.routing": "miniflask.routing",
    **{f"werkzeug.routing.{name}": f"miniflask.routing.{name}" for name in _ROUTING.split()},
}


def _from(place: str, names: str) -> dict[str, str]:
    return {name: f"{place}:{name}" for name in names.split()}


_BLUEPRINT_PATH = {"_split_blueprint_path": "miniflask.wrappers:_blueprint_path"}

#: Names that programs find in a module of Flask, though it only imports them itself, or they are
#: private there, and that ours does not have: alias -> name -> where it is.
_ELSEWHERE = {
    "flask": {"cli": "miniflask.cli"},
    "flask.app": {
        "cli": "miniflask.cli",
        "click": "click",
        **_from("miniflask.globals", "current_app"),
        **_from("miniflask.helpers", "send_from_directory"),
        **_from("miniflask.jinja", "Environment"),
        **_from("miniflask.routing", "Rule"),
        **_from("miniflask.sansio", "_make_timedelta T_shell_context_processor T_template_filter"),
        **_from("miniflask.sansio", "T_teardown T_template_global T_template_test"),
        **_from("werkzeug.serving", "is_running_from_reloader"),
    },
    "flask.blueprints": {
        "SansioBlueprint": "miniflask.blueprints:Blueprint",
        **_from("miniflask.cli", "AppGroup"),
        **_from("miniflask.globals", "current_app"),
        **_from("miniflask.helpers", "send_from_directory"),
    },
    "flask.cli": {
        **_from("click.core", "ParameterSource"),
        **_from("miniflask.cli.params", "_env_file_callback _set_app _set_debug"),
        **_from("miniflask.globals", "current_app"),
        **_from("miniflask.helpers", "get_debug_flag get_load_dotenv"),
        **_from("werkzeug.serving", "is_running_from_reloader"),
        **_from("werkzeug.utils", "import_string"),
    },
    "flask.debughelpers": {
        **_from("jinja2", "BaseLoader"),
        **_from("miniflask.blueprints", "Blueprint"),
        **_from("miniflask.sansio", "App"),
    },
    "flask.helpers": {
        "_prepare_send_file_kwargs": "miniflask.helpers:_with_app_defaults",
        **_BLUEPRINT_PATH,
    },
    "flask.sansio.app": {
        **_BLUEPRINT_PATH,
        **_from("miniflask.jinja", "DispatchingJinjaLoader Environment"),
        **_from("werkzeug.sansio.response", "Response"),
    },
    "flask.sansio.scaffold": _from("jinja2", "BaseLoader FileSystemLoader"),
    "flask.templating": {
        "BaseEnvironment": "jinja2:Environment",
        **_from("jinja2", "BaseLoader Template TemplateNotFound"),
    },
    "flask.testing": {
        **_from("click.testing", "CliRunner Result"),
        **_from("miniflask.cli", "ScriptInfo"),
    },
    "flask.wrappers": _BLUEPRINT_PATH,
}

#: Names that Flask 3.1.3 does not have: alias -> class or "", and the name.
_DROPPED = {
    "flask": [("", "scaffold")],
    "flask.globals": [
        ("", "_app_ctx_stack"),
        ("", "_lookup_req_object"),
        ("", "_request_ctx_stack"),
    ],
    "flask.sansio.app": [
        ("App", "before_first_request"),
        ("App", "before_first_request_funcs"),
        ("", "T_before_first_request"),
    ],
}


def install() -> None:
    """Make ``import flask`` give miniflask, in this process and in those that it starts.

    Raises:
        RuntimeError: Flask was imported before.
    """
    if any(isinstance(finder, _Alias) for finder in sys.meta_path):
        return
    known = sys.modules.get("flask")
    if known is not None:
        raise RuntimeError(
            f"Flask was imported before the alias was installed, from {known.__file__}; objects of"
            " both would meet. Install it before anything imports flask, or start the program"
            " with it:\n\n    python -m miniflask.as_flask script.py"
        )
    sys.meta_path.insert(0, _Alias())
    replaced = [m for m in sys.modules if m.startswith(("werkzeug.local", "werkzeug.routing"))]
    for name in replaced:
        del sys.modules[name]
    for name in replaced:
        import_module(name)
    _let_children_inherit()


def _let_children_inherit() -> None:
    """Have the interpreters that this process starts run ``path/sitecustomize.py`` first."""
    path = str(Path(__file__).with_name("path"))
    inherited = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if path not in inherited:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (path, *inherited)))


class _Alias(Loader):
    """A finder that answers for the modules of Flask with those of miniflask."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find what to import (``importlib.abc.MetaPathFinder``).

        Raises:
            ModuleNotFoundError: Flask has no such module.
        """
        if fullname in MODULES:
            is_package = any(name.startswith(f"{fullname}.") for name in MODULES)
            return ModuleSpec(fullname, self, is_package=is_package)
        if fullname == "flask.sansio":
            return ModuleSpec(fullname, None, is_package=True)
        if fullname == "flask.__main__":
            import_module("flask.cli")  # what is about to run knows it by our name only
            return spec_from_file_location(fullname, Path(__file__).parents[1] / "__main__.py")
        if fullname.startswith("flask."):
            # The folder of miniflask has modules of its own, and is where the import would look.
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Give the module that stands behind the name."""
        module = import_module(MODULES[spec.name])
        # The import system is about to put the alias in its place.
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Make the module, which has been run already, one of Flask 3.1.3."""
        alias = module.__spec__
        assert alias is not None
        module.__spec__ = alias.loader_state
        # Filters for warnings name the module that they come from. The package keeps its name:
        # the relative imports inside need it.
        if alias.name.startswith("flask.") and module.__name__.startswith("miniflask."):
            module.__dict__["__name__"] = alias.name
        for owner, name in _DROPPED.get(alias.name, ()):
            place = getattr(module, owner) if owner else module
            if name in vars(place):
                delattr(place, name)
        _serve_elsewhere(alias.name, module)
        if alias.name == "flask.cli":
            _name_command_line(module)
        elif alias.name == "flask":
            _import_what_is_loaded()

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context
    ) -> Iterable[importlib.metadata.Distribution]:
        """Answer for the distribution of Flask where that very version is not installed."""
        if context.name and context.name.lower() == "flask" and _installed() != VERSION:
            yield _FlaskDistribution()


def _import_what_is_loaded() -> None:
    """Give the modules that miniflask consists of so far their other name."""
    for name, behind in MODULES.items():
        if name.startswith("flask.") and behind in sys.modules:
            import_module(name)


def _name_command_line(cli: Any) -> None:
    """Have the command line speak of Flask."""
    cli.cli.name = cli.info.PROGRAM = "flask"
    cli.params.DISTRIBUTION = "Flask"


def _serve_elsewhere(alias: str, module: ModuleType) -> None:
    """Give the module what Flask's has and ours keeps elsewhere, once somebody asks."""
    places = _ELSEWHERE.get(alias)
    if places is None:
        return
    own = getattr(module, "__getattr__", None)

    def __getattr__(name: str) -> Any:
        if alias == "flask" and name == "__version__":
            return _version()
        if name in places:
            place, _, attribute = places[name].partition(":")
            found = import_module(place)
            return getattr(found, attribute) if attribute else found
        if own is not None:
            return own(name)
        raise AttributeError(f"module {alias!r} has no attribute {name!r}")

    module.__dict__["__getattr__"] = __getattr__


def _version() -> str:
    """Answer for ``flask.__version__`` as Flask does."""
    warnings.warn(
        "The '__version__' attribute is deprecated and will be removed in"
        " Flask 3.2. Use feature detection or"
        " 'importlib.metadata.version(\"flask\")' instead.",
        DeprecationWarning,
        stacklevel=3,
    )
    return importlib.metadata.version("flask")


def _installed() -> str | None:
    """Return the version of the Flask that is installed."""
    finder = importlib.metadata.MetadataPathFinder
    context = importlib.metadata.DistributionFinder.Context(name="flask")
    return next((found.version for found in finder.find_distributions(context)), None)


class _FlaskDistribution(importlib.metadata.Distribution):
    """The distribution that stands in for Flask's."""

    def read_text(self, filename: str) -> str | None:
        """Read a file of the distribution: there is only its metadata."""
        if filename != "METADATA":
            return None
        return f"Metadata-Version: 2.1\nName: Flask\nVersion: {VERSION}\n"

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        """Locate a file of the distribution: they are miniflask's."""
        return Path(__file__).parents[2] / path


def pytest_addoption() -> None:
    """Install the alias when pytest loads this as a plugin: before any test or conftest file."""
    install()
