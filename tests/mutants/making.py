"""Make the mutants of a module: its source with one small change each.

A change that Python does not see is none: annotations, docstrings, what only type checkers read.
Nor is ``==`` for ``is`` beside None or ``type(...)``: no ``__eq__`` here says yes to the one, and
types have none of their own.
Whatever comes to the same tree as the original, or as an earlier mutant, is left out.
"""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cosmic_ray.ast import ast_nodes, get_ast

from .operators import operators

ROOT = Path(__file__).parents[2]


class Mutant(NamedTuple):
    """A module with one change."""

    #: Where, and what became what: the same after lines above were added or removed.
    name: str
    #: First and last line of the outermost method or function around it; (0, 0) outside of one.
    span: tuple[int, int]
    source: str


def make_mutants(module: str, functions: tuple[str, ...] = ()) -> list[Mutant]:
    """Make all mutants of a module of the package, or of some functions of it.

    Args:
        module: Its file, relative to the package, as in ``json/tag.py``.
        functions: Names such as ``Flask.wsgi_app``; all that the module has when there is none.
    """
    original = (ROOT / "miniflask" / module).read_text("utf-8")
    places = list(_functions(ast.parse(original)))
    seen = {None, _meaning(original)}  # None: Python refuses it
    mutants: dict[str, Mutant] = {}
    for source in _changed(original):
        line, before, after = _difference(original, source)
        place, span = next(
            ((name, span) for name, span in places if span[0] <= line <= span[1]), ("", (0, 0))
        )
        if functions and place not in functions:
            continue
        meaning = _meaning(source)
        if meaning not in seen:
            seen.add(meaning)
            name = _unused(f"{module} {place or 'module'}: {before} => {after}", mutants)
            mutants[name] = Mutant(name, span, source)
    return list(mutants.values())


def _changed(source: str) -> Iterator[str]:
    """Yield the source with one change, for every change that an operator makes to a node."""
    starts = [0, *itertools.accumulate(map(len, source.splitlines(keepends=True)))]
    nodes = list(ast_nodes(get_ast(source)))
    for operator, node in itertools.product(operators(), nodes):
        for index, _ in enumerate(operator.mutation_positions(node)):
            # What is above is not copied: a leaf would bring the whole tree along.
            changed = copy.deepcopy(node, {id(node.parent): node.parent})
            try:
                changed = operator.mutate(changed, index)
            except AttributeError:
                continue  # Cosmic Ray's ExceptionReplacer knows no names with dots
            (line, column), (last, end) = node.get_start_pos_of_prefix(), node.end_pos
            yield (
                source[: starts[line - 1] + column]
                + (changed.get_code() if changed else "")
                + source[starts[last - 1] + end :]
            )


def _functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from _functions(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min((node.lineno, *(found.lineno for found in node.decorator_list)))
            yield f"{prefix}{node.name}", (first, node.end_lineno or first)


def _difference(old: str, new: str) -> tuple[int, str, str]:
    """Return the number of the first line that differs, and the lines that do, before and after."""
    a, b = old.splitlines(), new.splitlines()
    start = end = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    before, after = a[start : len(a) - end], b[start : len(b) - end]
    return start + 1, _on_one_line(before), _on_one_line(after)


def _on_one_line(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())


def _unused(name: str, taken: dict[str, Mutant]) -> str:
    """Number the second and later changes that look alike."""
    names = itertools.chain([name], (f"{name} (no. {n})" for n in itertools.count(2)))
    return next(candidate for candidate in names if candidate not in taken)


def _meaning(source: str) -> str | None:
    """Return what Python makes of *source*; None when it refuses it."""
    try:
        tree = ast.parse(source)
        compile(source, "", "exec", dont_inherit=True)
    except SyntaxError:
        return None
    return ast.dump(_Bare().visit(tree))


class _Bare(ast.NodeTransformer):
    """Take out of a tree what changes nothing when the program runs."""

    def generic_visit(self, node: ast.AST) -> Any:
        node = super().generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [found for found in body if not _is_idle(found)]  # type: ignore[attr-defined]  # it has one
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        if any(
            isinstance(found, ast.Name) and found.id == "overload" for found in node.decorator_list
        ):
            return None
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> Any:
        assigned = node.value and ast.Assign([node.target], node.value)
        return self.visit(assigned) if assigned else None

    def visit_Assign(self, node: ast.Assign) -> Any:
        return None if _calls(node.value, "TypeVar", "ParamSpec") else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> Any:
        return None if "TYPE_CHECKING" in ast.dump(node.test) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        return self.visit(node.args[1]) if _calls(node, "cast") else self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        inner = node.operand
        if isinstance(node.op, ast.Not) and isinstance(inner, ast.Compare):
            if isinstance(inner.ops[0], (ast.Is, ast.In)):
                inner.ops = [ast.IsNot() if isinstance(inner.ops[0], ast.Is) else ast.NotIn()]
                return self.visit(inner)
        return self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> Any:
        right = node.comparators[-1]
        is_none = isinstance(right, ast.Constant) and right.value is None
        if len(node.ops) == 1 and (is_none or _calls(node.left, "type")):
            if isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
                node.ops = [ast.Is() if isinstance(node.ops[0], ast.Eq) else ast.IsNot()]
        return self.generic_visit(node)


def _calls(node: ast.AST | None, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def _is_idle(node: Any) -> bool:
    """Tell whether a statement does nothing: ``pass``, a docstring, ``...``."""
    return isinstance(node, ast.Pass) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )
