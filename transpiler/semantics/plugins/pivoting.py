"""pivot: the values of a column become columns. They are declared, or known because the rows are constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall
from transpiler.plan.scalars import Column, ColumnRef, Scalar, columns_in, is_windowed
from transpiler.semantics.dispatch import bind_scalar, binds_plugin
from transpiler.semantics.plugins.constant_rows import constant_values
from transpiler.semantics.scalars.aggregates import bind_aggregate
from transpiler.semantics.scope import Scope, Tabular, check_whole
from transpiler.semantics.shaping import origin_of, project, unordered
from transpiler.source import Span
from transpiler.types import INTEGERS, TYPE_NAMES, Type

_CHOOSING = {
    "count": "countif",
    "sum": "sumif",
    "dcount": "dcountif",
    "min": "minif",
    "max": "maxif",
    "any": "take_anyif",
    "take_any": "take_anyif",
}
"""The aggregates over a cell's rows. What a cell without rows holds of the others is not documented."""
_HINT = "declare them: evaluate pivot(x) : (k:string, a:long); or summarize countif(x == …) by …"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A column of the result: a key's, or the name of a value. A type that is not declared is the aggregate's."""

    name: str
    type: Type | None
    span: Span


@binds_plugin("pivot")
def _pivot(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``pivot(x[, sum(v)[, by …]])``: an aggregate (else count()) over the rows of each value of x."""
    if not node.call.arguments:
        raise scope.error("KQL103", "pivot takes a column", node.span)
    first, *rest = node.call.arguments
    row = scope.over(tabular)
    value = bind_scalar(row, first)
    aggregate = rest[0] if rest else syntax.Call("count", (), node.span, span=node.span)
    if not isinstance(aggregate, syntax.Call) or aggregate.name not in _CHOOSING:
        known = ", ".join(f"{name}()" for name in _CHOOSING)
        reason = f"pivot is translated for {known}; what a cell without rows has for others is not documented"
        raise scope.error("KQL200", reason, rest[0].span, hint="summarize with …if(…)")
    given = [bind_scalar(row, k) for k in rest[1:]]
    by = [k.column for k in given if isinstance(k, ColumnRef)]
    if len(by) != len(given) or not isinstance(value, ColumnRef):
        raise scope.error("KQL104", "pivot takes columns", node.span)
    arguments = [bind_scalar(row, a) for a in aggregate.arguments]
    windowed = next((a for a in arguments if is_windowed(a)), None)
    if windowed is not None:
        hint = "extend x = … before it, and pivot with x"
        raise scope.error("KQL204", "a window function within pivot is not translated", windowed.span, hint=hint)
    used = {value.column, *columns_in(arguments)}
    if not rest[1:]:
        check_whole(row, "pivot without columns to group by", node.span)
    by = by if rest[1:] else [c for c in tabular.visible if c not in used]
    wanted = _declared(node)
    if wanted is None:
        wanted = [*(_Wanted(c.name, c.type, node.span) for c in by), *_known(scope, tabular, value, by, node)]
    dynamic = next((c for c in by if c.type is Type.DYNAMIC), None)
    if dynamic is not None:
        raise scope.error("KQL105", f"pivot groups by the dynamic column '{dynamic.name}'", node.span)
    return _rotated(row, tabular, aggregate, first, by, wanted, node)


def _declared(node: syntax.Evaluate) -> list[_Wanted] | None:
    """The columns of a schema without a star; with one, those of the input are not all that is left."""
    if node.schema is None or node.schema_open:
        return None
    return [_Wanted(c.name, TYPE_NAMES[c.type_name], c.span) for c in node.schema]


def _known(
    scope: Scope, tabular: Tabular, value: ColumnRef, by: Sequence[Column], node: syntax.Evaluate
) -> list[_Wanted]:
    """A column for each value of rows that are constants, in the order in which they come. Raises KQL203 for other rows."""
    values = constant_values(scope, tabular.relation, value.column) if node.schema is None else None
    if values is None:
        raise scope.error("KQL203", "the columns that pivot gives depend on the data", node.span, hint=_HINT)
    if value.type is not Type.STRING and value.type not in INTEGERS:
        hint = f"extend {value.column.name} = tostring({value.column.name}) before it"
        raise scope.error(
            "KQL204", f"how pivot names columns after a {value.type} is not documented", node.span, hint=hint
        )
    if any(v.value is None or v.value == "" for v in values):
        raise scope.error(
            "KQL204", "how pivot names the column of an empty value is not documented", node.span, hint=_HINT
        )
    names = list(dict.fromkeys(str(v.value) for v in values))
    taken = next((c.name for c in by if c.name in names), None)
    if taken is not None:
        raise scope.error("KQL101", f"the value '{taken}' has the name of a column", node.span, hint=_HINT)
    return [_Wanted(n, None, node.span) for n in names]


def _rotated(
    row: Scope,
    tabular: Tabular,
    aggregate: syntax.Call,
    value: syntax.Expr,
    by: list[Column],
    wanted: Sequence[_Wanted],
    node: syntax.Evaluate,
) -> Tabular:
    keys: dict[Column, Scalar] = {
        Column(c.name, c.type, c.nullable and c.type is not Type.STRING): ColumnRef(c) for c in by
    }
    groups = {c.name: c for c in keys}
    calls: list[AggregateCall] = []
    computed: dict[Column, Scalar] = {}
    visible: list[Column] = []
    for each in wanted:
        if each.name in groups and groups[each.name].type is each.type:
            visible.append(groups[each.name])
            continue
        found, scalar, own = _cell(row, aggregate, value, each, keys)
        if each.name in groups or each.type not in (None, found.type):
            raise row.error("KQL102", f"'{each.name}' is declared as {each.type}, which it is not", each.span)
        column = Column(each.name, found.type, found.nullable)
        calls += own
        computed[column] = scalar
        visible.append(column)
    columns = (*keys, *(c for call in calls for c in call.columns))
    origin = origin_of(row, node, "evaluate")
    relation = Aggregate(columns=columns, origin=origin, input=tabular.relation, keys=keys, aggregates=tuple(calls))
    return project(unordered(relation, columns), visible, computed, origin.without_text)


def _cell(
    row: Scope, aggregate: syntax.Call, value: syntax.Expr, each: _Wanted, keys: Mapping[Column, Scalar]
) -> tuple[Column, Scalar, Sequence[AggregateCall]]:
    """The aggregate over the rows of one value."""
    text = syntax.Call("tostring", (value,), value.span, span=value.span)
    name = syntax.Literal("string", each.name, span=each.span)
    test = syntax.Binary("==", text, name, value.span, span=value.span)
    chosen = replace(aggregate, name=_CHOOSING[aggregate.name], arguments=(*aggregate.arguments, test))
    bound = bind_aggregate(row, chosen, keys)
    ((found, scalar),) = bound.outputs
    return found, scalar, bound.calls
