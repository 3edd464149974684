"""The Jinja side of templates: the environment and the loader that asks every folder.

Importing this module imports Jinja2; everything else goes through ``templating.py``.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, TemplateNotFound
from jinja2 import Environment as BaseEnvironment
from jinja2 import Template as BaseTemplate
from jinja2.runtime import Context, new_context

from .debughelpers import explain_template_loading_attempts

if TYPE_CHECKING:
    from .sansio import App
    from .scaffold import Scaffold

_OF_DICTS = frozenset(dir(dict))

Source = tuple[str, str | None, Callable[[], bool] | None]


class Template(BaseTemplate):
    """A template that looks at the globals of its environment once for each rendering.

    Jinja keeps them and the template's own as a chain of dicts, and asks that for every name.
    """

    def new_context(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,
        locals: Mapping[str, Any] | None = None,
    ) -> Context:
        """Make what a rendering reads its variables from; see ``jinja2.Template.new_context``."""
        names = self.globals
        if type(names) is ChainMap:
            names = {}
            for scope in reversed(self.globals.maps):  # type: ignore[attr-defined]  # a ChainMap
                names.update(scope)
        blocks = self.blocks
        return new_context(self.environment, self.name, blocks, vars, shared, names, locals)


class Environment(BaseEnvironment):
    """A Jinja environment that belongs to an application.

    Args:
        app: The application, which also makes the loader.
        **options: For ``jinja2.Environment``.

    Source: ``flask.templating.Environment``.
    """

    def __init__(self, app: App, **options: Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app

    template_class = Template

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look up what ``obj.attribute`` stands for in a template.

        It is the item if there is no such attribute, as in rows that are dicts: there it is known
        beforehand.
        """
        if type(obj) is dict and attribute in obj and attribute not in _OF_DICTS:
            return obj[attribute]
        return super().getattr(obj, attribute)


class DispatchingJinjaLoader(BaseLoader):
    """Look for a template in the application's folder, then in those of its blueprints.

    Source: ``flask.templating.DispatchingJinjaLoader``.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> Source:
        """Return the first source found; log every attempt if the app wants it explained.

        Raises:
            TemplateNotFound: No folder has it.
        """
        explain = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        attempts: list[tuple[BaseLoader, Scaffold, Source | None]] = []
        found: Source | None = None
        for owner, loader in self._iter_loaders(template):
            source = self._try(loader, environment, template)
            attempts.append((loader, owner, source))
            found = found or source
            if found and not explain:
                break
        if explain:
            explain_template_loading_attempts(self.app, template, attempts)
        if found is None:
            raise TemplateNotFound(template)
        return found

    @staticmethod
    def _try(loader: BaseLoader, environment: BaseEnvironment, template: str) -> Source | None:
        try:
            return loader.get_source(environment, template)
        except TemplateNotFound:
            return None

    def _iter_loaders(self, template: str) -> Iterator[tuple[Scaffold, BaseLoader]]:
        for owner in (self.app, *self.app.iter_blueprints()):
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """List the names in all folders, each once."""
        loaders = (loader for _, loader in self._iter_loaders(""))
        return list({name for loader in loaders for name in loader.list_templates()})
