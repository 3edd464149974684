"""From the text after ``--app`` to an application.

``path/to/module.py:create_app("x")`` has two halves.  The first names a file or a module, which
is put on the import path and imported.  The second names something in it: an application, or a
function that makes one, with arguments that are literals.  Without the second half the usual names
are tried.

Source: ``flask.cli``, Flask 3.1.
"""

from __future__ import annotations

import ast
import inspect
import os
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeGuard, overload

import click

from ..sansio import App

if TYPE_CHECKING:
    from ..app import Flask


class NoAppException(click.UsageError):
    """There is no application to be found, or it cannot be loaded."""


def _is_app(value: object) -> TypeGuard[Flask]:
    # The half of an application that lies below the command line tells it as well.
    return isinstance(value, App)


def find_best_app(module: ModuleType) -> Flask:
    """Find the application that a module most likely means.

    First what ``app`` or ``application`` holds, then the only application there is, then what the
    functions ``create_app`` and ``make_app`` return when called without arguments.

    Args:
        module: The imported module.

    Raises:
        NoAppException: There is none, or several, or a factory wants arguments.
        TypeError: A factory raised it itself.
    """
    for name in ("app", "application"):
        value = getattr(module, name, None)
        if _is_app(value):
            return value

    apps = [value for value in vars(module).values() if _is_app(value)]
    if len(apps) == 1:
        return apps[0]
    if apps:
        raise NoAppException(
            f"Detected multiple Flask applications in module '{module.__name__}'."
            f" Use '{module.__name__}:name' to specify the correct one."
        )

    for name in ("create_app", "make_app"):
        factory = getattr(module, name, None)
        if inspect.isfunction(factory):
            made = _call_factory(
                factory,
                wrong_args=f"Detected factory '{name}' in module '{module.__name__}',"
                " but could not call it without arguments. Use"
                f" '{module.__name__}:{name}(args)' to specify arguments.",
            )
            if _is_app(made):
                return made

    raise NoAppException(
        f"Failed to find Flask application or factory in module '{module.__name__}'."
        f" Use '{module.__name__}:name' to specify one."
    )


def _call_factory(
    factory: Callable[..., Any], *args: Any, wrong_args: str, **kwargs: Any
) -> object:
    """Call a factory, and tell a call with the wrong arguments from an error inside."""
    try:
        return factory(*args, **kwargs)
    except TypeError as e:
        if _called_with_wrong_args(factory):
            raise NoAppException(wrong_args) from e
        raise


def _called_with_wrong_args(f: Callable[..., Any]) -> bool:
    """Tell whether the ``TypeError`` being handled came from the call of *f*, not from within."""
    return all(frame.f_code is not f.__code__ for frame, _ in traceback.walk_tb(sys.exc_info()[2]))


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """Find the application that a name, or a call with literal arguments, stands for.

    Args:
        module: The imported module.
        app_name: As ``app``, ``create_app`` or ``create_app("x", debug=True)``.

    Raises:
        NoAppException: The text is neither, the name is not there, the arguments do not fit, or
            what came of it is no application.
        TypeError: A factory raised it itself.
    """
    name, args, kwargs = _parse_app_name(app_name)
    try:
        value = getattr(module, name)
    except AttributeError as e:
        raise NoAppException(f"Failed to find attribute {name!r} in {module.__name__!r}.") from e
    if inspect.isfunction(value):
        value = _call_factory(
            value,
            *args,
            wrong_args=f"The factory {app_name!r} in module {module.__name__!r}"
            " could not be called with the specified arguments.",
            **kwargs,
        )
    if _is_app(value):
        return value
    raise NoAppException(
        f"A valid Flask application was not obtained from '{module.__name__}:{app_name}'."
    )


def _parse_app_name(app_name: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Take ``name`` or ``name(literal, key=literal)`` apart, without evaluating anything."""
    try:
        expression = ast.parse(app_name.strip(), mode="eval").body
    except SyntaxError:
        expression = None
    if isinstance(expression, ast.Name):
        return expression.id, [], {}
    if not isinstance(expression, ast.Call):
        raise NoAppException(f"Failed to parse {app_name!r} as an attribute name or function call.")
    if not isinstance(expression.func, ast.Name):
        raise NoAppException(f"Function reference must be a simple name: {app_name!r}.")
    try:
        args = [ast.literal_eval(arg) for arg in expression.args]
        kwargs = {kw.arg: ast.literal_eval(kw.value) for kw in expression.keywords if kw.arg}
    except ValueError:
        raise NoAppException(
            f"Failed to parse arguments as literal values: {app_name!r}."
        ) from None
    return expression.func.id, args, kwargs


def prepare_import(path: str) -> str:
    """Make a file importable, and return the name to import it by.

    The folder above its outermost package goes to the front of ``sys.path``.

    Args:
        path: A Python file or a package's folder, with or without ``.py``; a dotted name passes
            through.
    """
    path = os.path.realpath(path)
    stem, extension = os.path.splitext(path)
    if extension == ".py":
        path = stem
    if os.path.basename(path) == "__init__":
        path = os.path.dirname(path)

    folder, name = os.path.split(path)
    while os.path.exists(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        name = f"{package}.{name}"
    if sys.path[0] != folder:
        sys.path.insert(0, folder)
    return name


@overload  # the default: an application, or an exception
def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: Literal[True] = True
) -> Flask: ...
@overload  # a try: None if there is no such module
def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: Literal[False]
) -> Flask | None: ...
def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool = True
) -> Flask | None:
    """Import a module and find the application in it.

    Args:
        module_name: The dotted name.
        app_name: For :func:`find_app_by_string`; None for :func:`find_best_app`.
        raise_if_not_found: Whether a module that is not there is an error.

    Returns:
        The application; None if there is no such module and that is no error.

    Raises:
        NoAppException: The module or the application was not found, or the module's own imports
            failed.
    """
    try:
        __import__(module_name)
    except ImportError as e:
        # Only a traceback that goes on below this line got into the module.
        if e.__traceback__ is not None and e.__traceback__.tb_next is not None:
            raise NoAppException(
                f"While importing {module_name!r}, an ImportError was"
                f" raised:\n\n{traceback.format_exc()}"
            ) from None
        if raise_if_not_found:
            raise NoAppException(f"Could not import {module_name!r}.") from None
        return None
    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)
