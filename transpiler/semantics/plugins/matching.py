"""What the look-ups of plugins share: the columns they are given, and the join of both sides."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from transpiler.kql import syntax
from transpiler.plan.relations import Join, Origin
from transpiler.plan.scalars import Column, ColumnRef, Scalar
from transpiler.semantics.dispatch import bind_scalar
from transpiler.semantics.names import UniqueNames
from transpiler.semantics.scope import Scope, Tabular, did_you_mean
from transpiler.semantics.shaping import unordered


def column_of(scope: Scope, tabular: Tabular, node: syntax.Expr) -> Column:
    """The column that an argument names. Raises KqlError (KQL104) for any other expression."""
    scalar = bind_scalar(scope.over(tabular), node)
    if not isinstance(scalar, ColumnRef):
        hint = did_you_mean(getattr(node, "name", ""), [c.name for c in tabular.visible])
        raise scope.error("KQL104", "a column is expected here", node.span, hint=hint)
    return scalar.column


def joined(
    left: Tabular,
    right: Tabular,
    shown: Iterable[tuple[Column, str]],
    found: Collection[Column],
    on: tuple[tuple[Scalar, Scalar], ...],
    condition: Scalar | None,
    origin: Origin,
) -> Tabular:
    """Both sides where the condition holds; without one, every row of the left with what is equal ``on`` the keys.

    ``shown`` are columns of either side with the names that they shall have; a name that is taken gets a number. ``found``
    are those of the right side, which are null where there is no match.
    """
    names = UniqueNames()
    sources: dict[Column, Column] = {}
    for column, name in shown:
        nullable = column.nullable or (condition is None and column in found)
        sources[Column(names.unique(name), column.type, nullable, column.is_absent)] = column
    relation = Join(
        columns=tuple(sources),
        origin=origin,
        kind="leftouter" if condition is None else "cross",
        left=left.relation,
        right=right.relation,
        on=on,
        sources=sources,
        condition=condition,
    )
    return unordered(relation, tuple(sources), openness=max(left.openness, right.openness))
