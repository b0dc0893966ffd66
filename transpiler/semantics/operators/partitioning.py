"""partition: the body runs once for each value of a column, so each of its stages works within that value's rows."""

from __future__ import annotations

from dataclasses import replace

from transpiler.catalog.model import is_unknown
from transpiler.diagnostics import KqlError
from transpiler.kql import syntax
from transpiler.plan.scalars import ColumnRef
from transpiler.semantics.dispatch import bind_operator, bind_scalar, binds_operator
from transpiler.semantics.operators.apply import PerRow
from transpiler.semantics.scope import Openness, Scope, Tabular
from transpiler.semantics.shaping import origin_of, project
from transpiler.types import Type


@binds_operator(syntax.Partition)
def _partition(scope: Scope, tabular: Tabular, node: syntax.Partition) -> Tabular:
    if node.body.source is not None or node.braced or node.scope is not None:
        reason = "partition over a query with a source of its own is not translated: Kusto runs it once for each key"
        raise scope.error("KQL200", reason, node.span, hint="join that query with the keys")
    key = bind_scalar(scope.over(tabular), node.by)
    if not isinstance(key, ColumnRef):
        raise scope.error("KQL104", "partition is by a column", node.by.span, hint="extend computes one before")
    if key.type is Type.DYNAMIC:
        raise scope.error("KQL105", "a dynamic value cannot be partitioned by", node.by.span, hint="tostring(…)")
    if key.type is Type.REAL:
        reason = "partition by a real is not translated: BigQuery partitions by no float"
        raise scope.error("KQL204", reason, node.by.span, hint="tostring(…) or round(…) of it in a column before")
    body = replace(tabular, order=(), serialized=False, alias="", table_name="")
    scope.environment.fix(tabular.relation)
    for operator in node.body.operators:
        body = _bound(scope.without_row(), body, operator, node)
        if body.openness is Openness.OPEN:
            raise scope.error("KQL203", "the columns of the body depend on data that is not declared", operator.span)
    relation, _ = PerRow(scope, tabular.relation, key.column, (), "partition").rewritten(body.relation)
    result = Tabular(relation, body.visible, openness=body.openness)
    return project(result, body.visible, {}, origin_of(scope, node, "partition").without_text)


def _bound(scope: Scope, body: Tabular, operator: syntax.Operator, node: syntax.Partition) -> Tabular:
    """The next operator of the body. Raises KqlError (KQL200) where it reads the rows of its value anew, by a name of ``as``."""
    try:
        return bind_operator(scope, body, operator)
    except KqlError as error:
        names = [o.name for o in node.body.operators if isinstance(o, syntax.As)]
        named = next((n for n in names if is_unknown(error, n)), None)
        if named is None:
            raise
        reason = f"a query over '{named}', the rows of one value, is not translated within partition"
        raise scope.error("KQL200", reason, error.span, hint="summarize … by the column, and join it") from None
