"""activity_counts_metrics and session_count: what is new in each period of a timeline.

Of both there is an answer of the engine (oracle: activity-counts-metrics-plugin, session-count-plugin): the row at the very end
of an analysis of counts is counted; the bins of sessions are those of bin(), whatever the start; and a session begins where the
id was not seen for the whole look-back (41 slots after it is new, 40 are not). That windows without rows are not shown is
from a run over days of which one is missing, printed in a public course on these plugins.
"""

from __future__ import annotations

from transpiler.kql import syntax
from transpiler.plan.scalars import Column, ColumnRef, Constant
from transpiler.semantics.dispatch import binds_plugin
from transpiler.semantics.plugins.activity import Analysis, Plugin, analysis, keys_of
from transpiler.semantics.plugins.sliding import check_start
from transpiler.semantics.scope import Scope, Tabular
from transpiler.types import Type

_ONE = Constant(Type.LONG, 1)
_TRUE = Constant(Type.BOOL, True)


@binds_plugin("activity_counts_metrics")
def _activity_counts_metrics(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``(id, timeline, start, end, window, dimension …)``: an id is new in the first window of its slice that has it."""
    plugin = Plugin(scope, tabular, node)
    wanted = "an id, a timeline, a start, an end, a window, and dimensions"
    found = analysis(plugin, 1, wanted, with_end=True)
    (window,) = found.steps
    check_start(found, window)
    bin_, hits = Column("bin", found.when.type, False), Column("hits", Type.LONG, False)
    others = keys_of([found.who, *found.slices])
    keys = {bin_: plugin.call("bin", ColumnRef(found.when), window), **others}
    visits = plugin.grouped(found.rows, keys, {hits: plugin.total("count")})
    nth = Column("nth", Type.LONG, False)
    visits = plugin.beside(visits, {nth: plugin.over("row_number", None, bin_, list(others))})
    slices = keys_of([bin_, *list(others)[1:]])
    when, *dimensions = slices
    count, distinct, new = (Column(n, Type.LONG, False) for n in ("rows_there", "ids", "new_ids"))
    totals = {
        count: plugin.total("sum", ColumnRef(hits)),
        distinct: plugin.total("count"),
        new: plugin.total("countif", plugin.compare("==", ColumnRef(nth), _ONE)),
    }
    result = plugin.grouped(visits, slices, totals)
    so_far = Column("ids_so_far", Type.LONG, False)
    result = plugin.beside(result, {so_far: plugin.over("row_cumsum", ColumnRef(new), when, dimensions)})
    names = ("count", "dcount", "new_dcount", "aggregated_dcount")
    counts = [(n, ColumnRef(c)) for n, c in zip(names, (count, distinct, new, so_far), strict=True)]
    return plugin.shown(result, [*found.named(when, dimensions), *counts])


@binds_plugin("session_count")
def _session_count(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``(id, timeline, start, end, bin, lookback, dimension …)``: how many sessions begin in each bin, as bin() gives them."""
    plugin = Plugin(scope, tabular, node)
    wanted = "an id, a timeline, a start, an end, a bin, how far it looks back, and dimensions"
    found = analysis(plugin, 2, wanted, with_end=False)
    step, _ = found.steps
    moments, when, begins = _beginnings(found)
    bin_, sessions = Column("bin", when.type, False), Column("sessions", Type.LONG, False)
    slices = keys_of([c for c in moments.visible if c.name.startswith("slice_")])
    keys = {bin_: plugin.call("bin", ColumnRef(when), step), **slices}
    result = plugin.grouped(moments, keys, {sessions: plugin.total("countif", ColumnRef(begins))})
    some = plugin.compare(">", ColumnRef(sessions), Constant(Type.LONG, 0))
    message = "no session begins in a period that has rows, and whether it is shown then is not settled"
    result = plugin.kept(result, plugin.checked(_TRUE, some, message, ColumnRef(bin_)))
    return plugin.shown(result, [*found.named(bin_, list(slices)), ("count_sessions", ColumnRef(sessions))])


def _beginnings(found: Analysis) -> tuple[Tabular, Column, Column]:
    """Each moment of each id, and whether a session begins there. Two rows that begin one at the same moment stop the query."""
    plugin = found.plugin
    lookback = found.steps[1]
    keys = keys_of([found.who, found.when, *found.slices])
    who, when, *slices = keys
    hits, before = Column("hits", Type.LONG, False), Column("before", when.type, True)
    moments = plugin.grouped(found.rows, keys, {hits: plugin.total("count")})
    moments = plugin.beside(moments, {before: plugin.over("prev", ColumnRef(when), when, [who, *slices])})
    gap = plugin.compare("-", ColumnRef(when), ColumnRef(before))
    begins = Column("begins", Type.BOOL, False)
    is_new = plugin.call("coalesce", plugin.compare(">=", gap, lookback), _TRUE)
    moments = plugin.extended(moments, {begins: is_new})
    single = plugin.compare("==", ColumnRef(hits), _ONE)
    is_settled = plugin.call("or", plugin.call("not", ColumnRef(begins)), single)
    message = (
        "a session begins with several rows of one moment, and whether each counts is not settled; make them one before"
    )
    return plugin.kept(moments, plugin.checked(_TRUE, is_settled, message, ColumnRef(when))), when, begins
