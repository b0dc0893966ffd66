"""sliding_window_counts and activity_engagement: periods that look back over those before them.

A row is counted in its own bin and in those that look back on it, so that it is repeated rather than joined: the technique of
Kusto's page of samples, "Perform aggregations over a sliding window", to which the page of sliding_window_counts refers (an
answer of the engine agrees: oracle, sliding-window-counts-plugin). A period with nothing to look back on has no row. Of
activity_engagement the page defines the counts; that it shows periods with rows of their own only, and that the outer period
ends with the inner one, is from a run that is printed in a public course on these plugins.
"""

from __future__ import annotations

from transpiler.kql import syntax
from transpiler.plan.scalars import Column, ColumnRef, Constant
from transpiler.semantics.dispatch import binds_plugin
from transpiler.semantics.operators.series import is_aligned
from transpiler.semantics.plugins.activity import Analysis, Plugin, analysis, keys_of, repeated
from transpiler.semantics.scope import Scope, Tabular
from transpiler.types import Type


@binds_plugin("sliding_window_counts")
def _sliding_window_counts(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``(id, timeline, start, end, lookback, bin, dimension …)``: bins begin at the start, the last is the one of the end."""
    plugin = Plugin(scope, tabular, node)
    wanted = "an id, a timeline, a start, an end, how far it looks back, a bin, and dimensions"
    found = analysis(plugin, 2, wanted, with_end=True)
    lookback, step = found.steps
    visits, bin_, who, hits = _visits(found, step)
    rows, period, _ = repeated(plugin, visits, bin_, step, plugin.multiple(lookback, step))
    rows = plugin.kept(rows, plugin.compare("<=", ColumnRef(period), found.end))
    by_name = {c.name: c for c in rows.visible}
    keys = keys_of([period, *(by_name[c.name] for c in found.slices)])
    count, distinct = Column("hits", Type.LONG, False), Column("ids", Type.LONG, False)
    totals = {
        count: plugin.total("sum", ColumnRef(by_name[hits.name])),
        distinct: plugin.total("dcount", ColumnRef(by_name[who.name])),
    }
    result = plugin.grouped(rows, keys, totals)
    when, *slices = keys
    counts = [("Count", ColumnRef(count)), ("Dcount", ColumnRef(distinct))]
    return plugin.shown(result, [*found.named(when, slices), *counts])


@binds_plugin("activity_engagement")
def _activity_engagement(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``(id, timeline, start, end, inner, outer, dimension …)``: a row for each inner period that has rows of its own."""
    plugin = Plugin(scope, tabular, node)
    wanted = "an id, a timeline, a start, an end, an inner and an outer period, and dimensions"
    found = analysis(plugin, 2, wanted, with_end=False)
    inner, outer = found.steps
    check_start(found, inner)
    visits, bin_, who, _ = _visits(found, inner)
    rows, period, delay = repeated(plugin, visits, bin_, inner, plugin.multiple(outer, inner))
    by_name = {c.name: c for c in rows.visible}
    keys = keys_of([period, *(by_name[c.name] for c in found.slices)])
    within, around = Column("inner_ids", Type.LONG, False), Column("outer_ids", Type.LONG, False)
    is_own = plugin.compare("==", ColumnRef(delay), Constant(delay.type, 0))
    visitor = ColumnRef(by_name[who.name])
    totals = {within: plugin.total("dcountif", visitor, is_own), around: plugin.total("dcount", visitor)}
    result = plugin.grouped(rows, keys, totals)
    result = plugin.kept(result, plugin.compare(">", ColumnRef(within), Constant(Type.LONG, 0)))
    when, *slices = keys
    ratio = plugin.compare("/", plugin.call("toreal", ColumnRef(within)), plugin.call("toreal", ColumnRef(around)))
    counts = [("dcount_activities_inner", ColumnRef(within)), ("dcount_activities_outer", ColumnRef(around))]
    return plugin.shown(result, [*found.named(when, slices), *counts, ("activity_ratio", ratio)])


def _visits(found: Analysis, step: Constant) -> tuple[Tabular, Column, Column, Column]:
    """Who was there in which bin, how often: the rows, their bin, id and count."""
    plugin = found.plugin
    bin_, hits = Column("bin", found.when.type, False), Column("hits", Type.LONG, False)
    others = keys_of([found.who, *found.slices])
    keys = {bin_: plugin.call("bin_at", ColumnRef(found.when), step, found.start), **others}
    rows = plugin.grouped(found.rows, keys, {hits: plugin.total("count")})
    return rows, bin_, next(iter(others)), hits


def check_start(found: Analysis, step: Constant) -> None:
    """Raises KqlError (KQL204) unless bins from the start on are those that bin() gives: from which they count is not settled."""
    plugin = found.plugin
    if not is_aligned(found.start, step):
        message = f"whether the periods of {plugin.name} begin at its start or where bin() begins them is not settled"
        hint = "start with a multiple of the period: startofday(…), bin(…, period), a constant"
        raise plugin.scope.error("KQL204", message, plugin.node.call.arguments[2].span, hint=hint)
