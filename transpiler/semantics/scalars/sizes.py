"""estimate_data_size: how many bytes Kusto finds values to have."""

from __future__ import annotations

from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, Scalar
from transpiler.semantics.dispatch import bind_scalar, binds_function
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.expressions import binary
from transpiler.semantics.scalars.packing import stored_columns
from transpiler.semantics.scope import Scope
from transpiler.types import Type


@binds_function("estimate_data_size")
def _estimate_data_size(scope: Scope, node: syntax.Call) -> Scalar:
    """A long has 8 bytes and a string those of its text; what else Kusto counts is not documented."""
    if len(node.arguments) == 1 and isinstance(node.arguments[0], syntax.Star):
        values = stored_columns(scope, node)
    else:
        values = [bind_scalar(scope, a) for a in node.arguments]
    if odd := next((v for v in values if v.type not in (Type.LONG, Type.STRING)), None):
        raise scope.error(
            "KQL204", f"estimate_data_size: how large Kusto finds a {odd.type} is not documented", node.span
        )
    total: Scalar = Constant(Type.LONG, 8 * sum(v.type is Type.LONG for v in values), node.span)
    for value in values:
        if value.type is Type.STRING:
            total = binary(scope, "+", total, call_function(scope, "string_size", [value], node.span), node.span)
    return total
