"""Parameters of operators that are words or texts: ``kind=inner``, ``withsource=T``, ``flags=i``."""

from __future__ import annotations

from collections.abc import Sequence

from transpiler.kql import syntax
from transpiler.semantics.scope import Scope


def word(node: syntax.OperatorNode, name: str, default: str = "") -> str:
    """A parameter that is a bare word or a text; the default where it is not written."""
    value = next((p.value for p in node.parameters if p.name.lower() == name), None)
    match value:
        case syntax.Name():
            return value.name
        case syntax.Literal():
            return str(value.value)
        case _:
            return default


def kind_of(scope: Scope, node: syntax.OperatorNode, known: Sequence[str]) -> str:
    """The ``kind`` of an operator, by default the first of those that are known. Raises KqlError (KQL105) for another."""
    kind = word(node, "kind", known[0]).lower()
    if kind not in known:
        raise scope.error("KQL105", f"{node.keyword} has no kind '{kind}'; known: {', '.join(known)}", node.span)
    return kind
