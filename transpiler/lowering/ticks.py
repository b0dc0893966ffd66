"""Constants of time that a microsecond cannot hold: shown, they lose their last digit; computed with, they are refused.

Both warehouses cut what Kusto holds at 100 ns, as they cut every stored instant. A constant like that may be a column that
the query only hands on to its result. Where a column takes part in a comparison or a computation the digit could matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from transpiler.kql.instants import TICKS_PER_MICROSECOND
from transpiler.lowering.liveness import scalars_of
from transpiler.plan.relations import Join, Plan, Project, Reference, Relation, UnionAll
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar, columns_of
from transpiler.plan.ticks import uneven_ticks


def used_columns(plan: Plan, relations: Iterable[Relation]) -> set[Column]:
    """The columns that some scalar reads for more than to hand them on."""
    used: set[Column] = {c for k in plan.order for c in columns_of(k.value)}
    copies: list[tuple[Column, Column]] = []
    for relation in relations:
        scalars = scalars_of(relation)
        match relation:
            case Project():
                copies += [(c, s.column) for c, s in relation.computed.items() if isinstance(s, ColumnRef)]
                scalars = [s for s in scalars if not isinstance(s, ColumnRef)]
            case UnionAll():
                copies += [(c, s.column) for m in relation.sources for c, s in m.items() if isinstance(s, ColumnRef)]
                scalars = [s for s in scalars if not isinstance(s, ColumnRef)]
            case Reference():
                copies += list(zip(relation.columns, relation.target.columns, strict=True))
            case Join():
                copies += list(relation.sources.items())
            case _:
                pass
        used |= {c for s in scalars for c in columns_of(s)}
    # A copy is read after what it copies.
    for copy, original in reversed(copies):
        if copy in used:
            used.add(original)
    return used


def shown(scalar: Scalar) -> Scalar:
    """A constant of time without the digit that no warehouse holds; anything else as it is."""
    if not isinstance(scalar, Constant) or (ticks := uneven_ticks(scalar)) is None:
        return scalar
    whole = abs(ticks) // TICKS_PER_MICROSECOND * TICKS_PER_MICROSECOND
    return replace(scalar, value=whole if ticks >= 0 else -whole)
