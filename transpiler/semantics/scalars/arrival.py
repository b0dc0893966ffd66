"""ingestion_time(): when a row arrived, where the table's source says which column holds it."""

from __future__ import annotations

from transpiler.functions import FUNCTIONS
from transpiler.kql import syntax
from transpiler.plan.relations import Relation, Scan, inputs
from transpiler.plan.scalars import ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import binds_function
from transpiler.semantics.scope import Scope
from transpiler.types import Type


def _is_stored(relation: Relation) -> bool:
    """Whether some of the rows are those of a table, and not all of a ``datatable`` or a ``range``."""
    ahead, seen = [relation], {id(relation)}
    while ahead:
        current = ahead.pop()
        if isinstance(current, Scan):
            return True
        # Trap: what a let holds may be met by very many ways.
        fresh = [i for i in inputs(current) if id(i) not in seen]
        seen.update(map(id, fresh))
        ahead += fresh
    return False


@binds_function("ingestion_time", takes=(0, 0))
def _ingestion_time(scope: Scope, node: syntax.Call) -> Scalar:
    """The hidden column of the rows at hand, null for rows that no table stores. Rows that were grouped or joined are no table's
    own."""
    tabular = scope.row.tabular if scope.row is not None else None
    if tabular is not None and not _is_stored(tabular.relation):
        return Constant(Type.DATETIME, None, node.span)
    if tabular is not None and tabular.arrival is not None and tabular.arrival in tabular.relation.columns:
        return ColumnRef(tabular.arrival, node.span)
    declared = FUNCTIONS.known("ingestion_time")
    catalog = scope.environment.catalog
    if any(t.ingestion_time for t in map(catalog.table, catalog.tables) if t) or any(
        s.ingestion_time for source in catalog.sources.values() for s in source.shapes.values()
    ):
        message = "ingestion_time is not translated: these rows are not those of tables that say when they arrived"
        hint = f"{declared.hint}; and keep the time in a column before summarize, join or mv-expand"
        raise scope.error("KQL201", message, node.span, hint=hint)
    raise scope.error("KQL201", f"ingestion_time is not translated: {declared.refusal}", node.span, hint=declared.hint)
