"""What is changed in a module: the operators of Cosmic Ray, and one more.

Of the replacements that Cosmic Ray has for a binary operator or a comparison those are taken that
a slip of the hand could have made; ``a < None`` dies of its TypeError and says nothing about tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Name

_CHOSEN = re.compile(
    r"core/(?:"
    r"ReplaceBinaryOperator_(?:Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|Mod_Mul|Pow_Mul"
    r"|BitOr_BitAnd|BitAnd_BitOr|BitXor_BitAnd|LShift_RShift|RShift_LShift)"
    r"|ReplaceComparisonOperator_(?:Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_GtE|LtE_Lt|LtE_Gt|Gt_GtE|Gt_LtE"
    r"|GtE_Gt|GtE_Lt|Is_IsNot|Is_Eq|IsNot_Is|IsNot_NotEq)"
    r"|ReplaceUnaryOperator_(?:USub_UAdd|Delete_Not|Delete_Invert)|AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue"
    r"|ReplaceAndWithOr|ReplaceOrWithAnd|ReplaceBreakWithContinue|ReplaceContinueWithBreak"
    r"|ExceptionReplacer|NumberReplacer|RemoveDecorator|ZeroIterationForLoop)"
)


class RemoveStatement:
    """Put ``pass`` in place of a simple statement, with what Cosmic Ray asks of an operator."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        """Yield the place of *node* if it is a statement that does something."""
        if node.type == "simple_stmt" and not node.children[0].type.startswith("import_"):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """Put ``pass`` where the statement is, as far in as it was."""
        statement = node.children[0]
        prefix = statement.get_first_leaf().prefix
        node.children[0] = Name("pass", statement.start_pos, prefix)
        return node


def operators() -> list[Any]:
    """Return an instance of every operator that is used."""
    names = [name for name in operator_names() if _CHOSEN.fullmatch(name)]
    return [*(get_operator(name)() for name in names), RemoveStatement()]
