"""Building blocks of tabular binders: project over a relation, keep its order alive, name what it shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from transpiler.kql import syntax
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import Origin, Project, Relation
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar, columns_of
from transpiler.plan.ticks import ticks_beyond
from transpiler.semantics.scalars.calls import convert
from transpiler.semantics.scope import Openness, Scope, Tabular
from transpiler.types import Type


def origin_of(scope: Scope, node: syntax.Node, keyword: str) -> Origin:
    """Where a stage comes from; its KQL text on one line, cut where it is long. A source's view is no stage of the query."""
    if scope.is_source:
        return Origin(keyword, node.span)
    text = " ".join(scope.source.slice(node.span).split())
    text = text if len(text) <= 200 else text[:197] + "..."
    return Origin(keyword, node.span, text, scope.source.line_of(node.span.start))


def column_for(name: str, scalar: Scalar) -> Column:
    """A new column that holds a scalar."""
    known = scalar if isinstance(scalar, Constant) else None
    among = scalar.column.among if isinstance(scalar, ColumnRef) else ()
    is_number, is_end = not may_be_nan(scalar), ticks_beyond(scalar) > 0
    return Column(name, scalar.type, scalar.nullable, is_number=is_number, known=known, among=among, is_end=is_end)


def project(
    tabular: Tabular,
    visible: Sequence[Column],
    computed: Mapping[Column, Scalar],
    origin: Origin,
    *,
    keep_order: bool = True,
) -> Tabular:
    """The relation with other visible columns. Sort keys that fall away are carried along, hidden, behind the visible ones."""
    from transpiler.semantics.windowing import staged

    tabular, computed = staged(tabular, computed)
    columns = list(visible)
    order = tabular.order if keep_order else ()
    for key in order:
        columns += [c for c in columns_of(key.value) if c not in columns]
    ordinal = tabular.ordinal if keep_order else None
    if ordinal is not None:
        columns += [c for c in columns_of(ordinal.value) if c not in columns]
    if tabular.arrival in tabular.relation.columns and tabular.arrival not in columns:
        columns.append(tabular.arrival)
    relation = Project(input=tabular.relation, columns=tuple(columns), computed=computed, origin=origin)
    return tabular.over(relation, tuple(visible), order, ordinal)


def over(tabular: Tabular, relation: Relation, visible: Iterable[Column] | None = None) -> Tabular:
    """The same rows seen through another relation that passes every column on."""
    shown = tabular.visible if visible is None else tuple(visible)
    return tabular.over(relation, shown, tabular.order, tabular.ordinal)


def unordered(relation: Relation, visible: Iterable[Column], *, openness: Openness = Openness.CLOSED) -> Tabular:
    """A relation without an order."""
    return Tabular(relation, tuple(visible), openness=openness)


def converted_column(scope: Scope, tabular: Tabular, column: Column, wanted: Type) -> tuple[Tabular, Column]:
    """The relation with one column as another type."""
    scalar = convert(scope, ColumnRef(column), wanted)
    new = column_for(column.name, scalar)
    visible = [new if c is column else c for c in tabular.visible]
    origin = Origin(tabular.relation.origin.keyword, line=tabular.relation.origin.line)
    return project(tabular, visible, {new: scalar}, origin), new
