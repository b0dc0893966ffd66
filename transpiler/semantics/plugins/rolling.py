"""rolling_percentile: for each bin, a percentile of the rows of the last few bins, that one included.

Bins are those of bin(), and a percentile is a value, by nearest rank (an answer of the engine: oracle, rolling-percentile-plugin).
There is a row for each bin that has rows; what Kusto gives for bins between them that have none, and for slices that begin later
or end earlier than others, is not settled and stops the query.
"""

from __future__ import annotations

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall, Join
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar, ScalarSubquery
from transpiler.semantics.dispatch import bind_whole, binds_plugin
from transpiler.semantics.plugins.activity import Plugin, keys_of, repeated
from transpiler.semantics.plugins.matching import column_of
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import project, unordered
from transpiler.types import SUMMABLE, Type

_VALUES = (Type.LONG, Type.REAL, Type.DATETIME, Type.TIMESPAN)


@binds_plugin("rolling_percentile")
def _rolling_percentile(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``(value, percentage, index, bin, bins a window, dimension …)``: a row for each bin and slice."""
    plugin = Plugin(scope, tabular, node)
    plugin.check_count(5, "a value, a percentage, an index, a bin, a number of bins, and dimensions")
    value_node, point_node, index_node, step_node, count_node, *others = node.call.arguments
    value, index = _value(plugin, value_node), plugin.timeline(index_node)
    point = _literal(plugin, point_node, "the percentage", 0, 100)
    count = _literal(plugin, count_node, "the number of bins", 1, None)
    step = plugin.step(step_node, index)
    dimensions = [plugin.key(o) for o in others]
    number, bin_ = Column("number", value.type, value.nullable), Column("bin", index.type, False)
    slices = {Column(f"slice_{i}", d.type, d.nullable): ColumnRef(d) for i, d in enumerate(dimensions, 1)}
    computed = {bin_: plugin.call("bin", _known(plugin, index, value), step), number: ColumnRef(value), **slices}
    rows = project(tabular, tuple(computed), computed, plugin.origin, keep_order=False)
    rows = unordered(rows.relation, rows.visible)
    windows = _windows(plugin, rows, bin_, tuple(slices), step)
    found, keys = _looked_back(plugin, rows, windows, bin_, step, count)
    by_name = {c.name: c for c in found.visible}
    percentile = Column("percentile", value.type, value.nullable)
    ranked = plugin.total("percentile", ColumnRef(by_name[number.name]), Constant(Type.LONG, point))
    result = plugin.grouped(found, keys_of(keys), {percentile: ranked})
    names = (index.name, *(d.name for d in dimensions))
    shown = [(n, ColumnRef(c)) for n, c in zip(names, result.visible, strict=False)]
    name = f"rolling_{count}_percentile_{value.name}_{point}"
    return plugin.shown(result, [*shown, (name, ColumnRef(percentile))])


def _value(plugin: Plugin, node: syntax.Expr) -> Column:
    column = column_of(plugin.scope, plugin.input, node)
    if column.type not in SUMMABLE:
        message = f"{plugin.name} takes numbers and times, '{column.name}' is {column.type}"
        raise plugin.scope.error("KQL102", message, node.span)
    if column.type not in _VALUES:
        message = f"the type that {plugin.name} gives for a value of type {column.type} is not settled"
        hint = f"extend {column.name} = tolong(…) or toreal(…) before it"
        raise plugin.scope.error("KQL204", message, node.span, hint=hint)
    return column


def _known(plugin: Plugin, index: Column, value: Column) -> Scalar:
    """The index. A row without one or without a value stops the query: whether its bin is shown is not settled."""
    missing = [c for c in (index, value) if c.nullable]
    if not missing:
        return ColumnRef(index)
    tests = [plugin.call("isnotnull", ColumnRef(c)) for c in missing]
    message = f"a row has no '{index.name}' or no '{value.name}', and whether it counts is not settled; filter such rows before"
    return plugin.checked(ColumnRef(index), plugin.all_of(tests), message, Constant(Type.STRING, "null"))


def _literal(plugin: Plugin, node: syntax.Expr, what: str, least: int, most: int | None) -> int:
    """A whole number that the call itself writes: the name of the result's column repeats it."""
    if not isinstance(node, syntax.Literal):
        message = f"{what} of {plugin.name} is part of a column's name, and is translated where it is written"
        raise plugin.scope.error("KQL204", message, node.span, hint="write a number here")
    if node.kind == "real":
        message = f"how {plugin.name} names the column of a fraction is not settled"
        raise plugin.scope.error("KQL204", message, node.span, hint="write a whole number")
    number = bind_whole(plugin.scope, node, what)
    if number < least or (most is not None and number > most):
        raise plugin.scope.error("KQL104", f"{what} of {plugin.name} is out of range: {number}", node.span)
    return number


def _windows(plugin: Plugin, rows: Tabular, bin_: Column, slices: tuple[Column, ...], step: Constant) -> Tabular:
    """The bins of every slice. Unless each slice has all bins from the first of all to the last, the query stops."""
    keys = keys_of([bin_, *slices])
    when, *parts = keys
    windows = plugin.grouped(rows, keys, {})
    one = Constant(Type.LONG, 1)
    bins = Column("bins", Type.LONG, False)
    windows = plugin.beside(windows, {bins: plugin.over("total sum", one, None, parts)})
    first, last = (_extreme(plugin, windows, when, word) for word in ("min", "max"))
    length = plugin.compare("*", step, plugin.compare("-", ColumnRef(bins), one))
    is_full = plugin.compare("==", plugin.compare("-", last, first), length)
    message = "a bin between the first and the last has no rows, and what it gives then is not settled"
    kept = plugin.kept(windows, plugin.checked(Constant(Type.BOOL, True), is_full, message, ColumnRef(when)))
    return unordered(kept.relation, tuple(keys))


def _extreme(plugin: Plugin, windows: Tabular, when: Column, word: str) -> Scalar:
    """The first or the last bin of all slices."""
    column = Column(f"{word}_bin", when.type, True)
    call = AggregateCall(columns=(column,), call=plugin.total(word, ColumnRef(when)))
    relation = Aggregate(
        columns=(column,), origin=plugin.plain, input=windows.relation, keys={}, aggregates=(call,)
    )  # fmt: skip
    return ScalarSubquery(relation, column, plugin.node.span)


def _looked_back(
    plugin: Plugin, rows: Tabular, windows: Tabular, bin_: Column, step: Constant, count: int
) -> tuple[Tabular, list[Column]]:
    """Every row with the bins that look back on it, and the columns of bin and slice."""
    repeats, period, _ = repeated(plugin, rows, bin_, step, count)
    by_name = {c.name: c for c in repeats.visible}
    when, *parts = windows.visible
    pairs = [(period, when), *((by_name[p.name], p) for p in parts)]
    number = by_name["number"]
    sources = {Column(c.name, c.type, c.nullable): c for c in (*windows.visible, number)}
    relation = Join(
        columns=tuple(sources),
        origin=plugin.plain,
        kind="inner",
        left=repeats.relation,
        right=windows.relation,
        on=tuple((ColumnRef(a), ColumnRef(b)) for a, b in pairs),
        sources=sources,
    )
    return unordered(relation, tuple(sources)), [c for c in sources if sources[c] is not number]
