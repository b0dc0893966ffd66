"""sliding_window_counts and activity_engagement: periods that look back over those before them.

A row is counted in its own bin and in those that look back on it, so that it is repeated rather than joined: the technique of
Kusto's page of samples, "Perform aggregations over a sliding window", to which the page of sliding_window_counts refers (an
answer of the engine agrees: oracle, sliding-window-counts-plugin). A period with nothing to look back on has no row. Of
activity_engagement the page defines the counts; that it shows periods with rows of their own only, and that the outer period
ends with the inner one, is from a run that is printed in a public course on these plugins.
"""

from __future__ import annotations

from dataclasses import dataclass

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
    visits = _visits(found, step, plugin.multiple(lookback, step))
    rows = plugin.kept(visits.rows, plugin.compare("<=", ColumnRef(visits.period), found.end))
    keys = keys_of([visits.period, *visits.slices])
    count, distinct = Column("hits", Type.LONG, False), Column("ids", Type.LONG, False)
    totals = {
        count: plugin.total("sum", ColumnRef(visits.hits)),
        distinct: plugin.total("dcount", ColumnRef(visits.who)),
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
    visits = _visits(found, inner, plugin.multiple(outer, inner))
    keys = keys_of([visits.period, *visits.slices])
    within, around = Column("inner_ids", Type.LONG, False), Column("outer_ids", Type.LONG, False)
    is_own = plugin.compare("==", ColumnRef(visits.delay), Constant(visits.delay.type, 0))
    visitor = ColumnRef(visits.who)
    totals = {within: plugin.total("dcountif", visitor, is_own), around: plugin.total("dcount", visitor)}
    result = plugin.grouped(visits.rows, keys, totals)
    result = plugin.kept(result, plugin.compare(">", ColumnRef(within), Constant(Type.LONG, 0)))
    when, *slices = keys
    ratio = plugin.compare("/", plugin.call("toreal", ColumnRef(within)), plugin.call("toreal", ColumnRef(around)))
    counts = [("dcount_activities_inner", ColumnRef(within)), ("dcount_activities_outer", ColumnRef(around))]
    return plugin.shown(result, [*found.named(when, slices), *counts, ("activity_ratio", ratio)])


@dataclass(frozen=True, slots=True)
class Visits:
    """Who was there how often, in each period that looks back on the visit, and how long after the visit's own bin that is."""

    rows: Tabular
    period: Column
    delay: Column
    who: Column
    hits: Column
    slices: tuple[Column, ...]


def _visits(found: Analysis, step: Constant, periods: int) -> Visits:
    """The visits of each bin, repeated in as many periods as look back on it."""
    plugin = found.plugin
    bin_, hits = Column("bin", found.when.type, False), Column("hits", Type.LONG, False)
    others = keys_of([found.who, *found.slices])
    keys = {bin_: plugin.call("bin_at", ColumnRef(found.when), step, found.start), **others}
    visits = plugin.grouped(found.rows, keys, {hits: plugin.total("count")})
    rows, period, delay = repeated(plugin, visits, bin_, step, periods)
    now = {c.name: c for c in rows.visible}
    who, *slices = (now[c.name] for c in others)
    return Visits(rows, period, delay, who, now[hits.name], tuple(slices))


def check_start(found: Analysis, step: Constant) -> None:
    """Raises KqlError (KQL204) unless bins from the start on are those that bin() gives: from which they count is not settled."""
    plugin = found.plugin
    if not is_aligned(found.start, step):
        message = f"whether the periods of {plugin.name} begin at its start or where bin() begins them is not settled"
        hint = "start with a multiple of the period: startofday(…), bin(…, period), a constant"
        raise plugin.scope.error("KQL204", message, plugin.node.call.arguments[2].span, hint=hint)
