"""An application as a program: the text that is run, and that a failing example prints."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from functools import cache
from textwrap import indent

from tests.against_flask.generated import preamble
from tests.against_flask.generated.driving import Wsgi
from tests.against_flask.generated.model import (
    App,
    Body,
    Change,
    Hook,
    Options,
    Place,
    Registration,
    Rule,
    Step,
    Visit,
)
from tests.against_flask.generated.vocabulary import (
    CONVERTER,
    EFFECTS,
    LEADING_TO_HOOKS,
    ROLE_OF,
    ROLES,
    TWISTS,
)

HEAD = '''"""A generated application, and requests that are sent to it.

{way}
"""'''
IMPORTS = """
import asyncio
import gc
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from greenlet import getcurrent, greenlet

import {framework} as fw
import {framework}.globals
import {framework}.sessions
import {framework}.views
import werkzeug
import werkzeug.exceptions
"""


def keywords(options: Options) -> str:
    """Write options as keyword arguments, each after a comma."""
    return "".join(f", {name}={value!r}" for name, value in options)


@cache
def _code(word: str, table: str) -> str:
    code = (EFFECTS[word] if table == "effects" else ROLES[table][2][word]).strip("\n")
    if table == "effects" and word in LEADING_TO_HOOKS:
        code = f"@nested\ndef NAME_nested():\n{indent(code, '    ')}"
    return indent(code, "    ")


def statements(name: str, role: str, body: Body) -> str:
    """Write what a function does, indented as its block."""
    telling = ROLES[role][1]
    lines = [] if body.silent else [f'    trace("NAME"{", " + telling if telling else ""})']
    if body.is_async:
        lines.append("    await asyncio.sleep(0)")
    lines += [_code(effect, "effects") for effect in body.effects]
    lines.append(_code(body.outcome, role))
    return "\n".join(lines).replace("NAME", name)


def function(name: str, role: str, body: Body) -> str:
    """Write a function."""
    keyword = "async def" if body.is_async else "def"
    return f"{keyword} {name}({ROLES[role][0]}):\n{statements(name, role, body)}\n"


def method(name: str, of: str, body: Body) -> str:
    """Write a method of a view class."""
    keyword = "async def" if body.is_async else "def"
    code = f"{keyword} {name}(self, **values):\n{statements(of, 'view', body)}\n"
    return indent(code, "    ")


def hook(place: str, name: str, spec: Hook) -> str:
    """Write a hook and its registration."""
    code = function(name, ROLE_OF[spec.kind], spec.body)
    if spec.kind == "build_error":
        return f"{code}app.url_build_error_handlers.append({name})\n"
    if spec.kind == "connect":
        return f"@fw.{spec.by}.connect_via(app)\n{code}"
    return f"@{place}.{spec.kind}{f'({spec.by})' if spec.by else ''}\n{code}"


def rule(place: str, name: str, spec: Rule) -> str:
    """Write a view and its rule."""
    options = keywords(spec.options)
    if spec.form == "function":
        return f"@{place}.route({spec.rule!r}{options})\n{function(name, 'view', spec.body)}"
    if spec.form == "methods":
        base, attributes, methods = "MethodView", "", ["get", "post"]
    else:
        base, methods = "View", ["dispatch_request"]
        attributes = '    methods = ["GET", "PUT"]\n'
        if spec.form == "view once":
            attributes += "    init_every_request = False\n"
    code = "".join(method(each, name, spec.body) for each in methods)
    return (
        f"class {name}(fw.views.{base}):\n{attributes}{code}"
        f"{place}.add_url_rule({spec.rule!r}, view_func={name}.as_view({name!r}){options})\n"
    )


def contents(place: str, spec: Place) -> Iterator[str]:
    """Write the hooks and rules of the application or of a blueprint."""
    for i, each in enumerate(spec.hooks):
        yield hook(place, f"{place}_{each.kind}_{i}", each)
    for i, view in enumerate(spec.rules):
        yield rule(place, f"{place}_view_{i}", view)


def registration(spec: Registration) -> str:
    """Write the registration of a blueprint."""
    parent = "app" if spec.parent < 0 else f"b{spec.parent}"
    return f"{parent}.register_blueprint(b{spec.child}{keywords(spec.options)})\n"


def application(app: App) -> str:
    """Write the application: a text that expects ``fw`` and the preamble's names around it."""
    places = (app.place, *app.blueprints)
    parts = [f'app = fw.Flask("sample", static_folder=None{keywords(app.place.options)})\n']
    parts += [f"app.config[{key!r}] = {value!r}\n" for key, value in app.config]
    parts += [TWISTS[twist].lstrip("\n") + "\n" for twist in app.twists]
    if any("<upper:" in each.rule for place in places for each in place.rules):
        parts.append(CONVERTER.lstrip("\n"))
    for i, blueprint in enumerate(app.blueprints):
        options = keywords(blueprint.options)
        parts.append(f'b{i} = fw.Blueprint("b{i}", "sample"{options})\n')
    parts += contents("app", app.place)
    for i, blueprint in enumerate(app.blueprints):
        parts += contents(f"b{i}", blueprint)
    parts += [registration(each) for each in app.registrations]
    return "\n".join(parts)


def program(app: App, steps: Sequence[Step], way: type[Wsgi], framework: str = "flask") -> str:
    """Write a whole program that runs by itself: application, requests, and how to send them."""
    drivers = [*way.uses, *reversed(way.__mro__[:-1])]
    parts = [
        HEAD.format(way=way.__doc__),
        inspect.getsource(preamble).split('"""', 2)[2],
        IMPORTS.format(framework=framework),
        *(inspect.getsource(each) for each in (Visit, *drivers)),
        application(app),
        f"way = {way.__name__}(fw, app, trace)\npause = way.pause",
        *(line(step) for step in steps),
        "way.finish()\n",
    ]
    return "\n".join(parts)


def line(step: Step) -> str:
    """Write what is done between the start and the end of the program."""
    if isinstance(step, Change):
        return f"try:\n    {step.code}\nexcept Exception as e:\n    trace('changed', e)"
    return f"way.send({list(step.visits)})"
