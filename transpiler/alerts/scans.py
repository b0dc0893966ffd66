"""How often a statement reads each table. BigQuery keeps no result of a CTE: each reference to one runs it again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlglot import exp

from transpiler.alerts.clock import is_continuous
from transpiler.alerts.sharing import shared_stages
from transpiler.api import dialect_of
from transpiler.catalog import Catalog, Physical
from transpiler.diagnostics import KqlError
from transpiler.lowering.query import QueryLowering
from transpiler.lowering.runtime import RunTime, now_tree
from transpiler.lowering.statement import lower_statement
from transpiler.plan.relations import Scan
from transpiler.rule.model import Rule
from transpiler.source import Span


@dataclass(frozen=True, slots=True)
class TableScan:
    """One place in which a query reads a table.

    ``columns`` are those of the warehouse (STRUCT fields with dots), ``times`` how often the place is run in one statement,
    ``times_in_script`` with temporary tables. ``partition``: the stored column that the window's predicate stands on, ''
    when there is none that prunes. ``shards``: daily tables.
    """

    table: str
    physical: str
    columns: tuple[str, ...]
    times: int
    times_in_script: int
    partition: str
    shards: bool
    span: Span


def table_scans(rule: Rule, catalog: Catalog, period: timedelta | None, target: str = "bigquery") -> list[TableScan]:
    """The scans of a rule's query, in order. Raises KqlError as ``transpile`` does."""
    dialect = dialect_of(target)
    now = RunTime() if dialect.has_run_time else None
    try:
        statement = lower_statement(
            rule.source,
            dialect,
            catalog,
            now=lambda: now_tree(dialect, now),
            window=period,
            as_rows=True,
            by_arrival=is_continuous(rule),
        )
    except KqlError as error:
        raise error.in_source(rule.source) from None
    times, in_script = _times(statement.tree), _times_in_script(statement.tree)
    return [_scan(scan, statement.lowering, times, in_script) for scan in statement.lowering.scans()]


def _scan(scan: Scan, lowering: QueryLowering, times: Mapping[str, int], in_script: Mapping[str, int]) -> TableScan:
    read = lowering.read_columns(scan)
    stored = [_stored(scan.physical[c]) for c in read]
    partition = _stored(scan.physical[scan.time_column]) if scan.window and scan.time_column else ""
    columns = list(dict.fromkeys([*stored, *([partition] if partition else [])]))
    where = next((s.name for s in lowering.stages if s.relation is scan), "")
    identifier = ".".join(scan.identifier)
    return TableScan(
        scan.table,
        identifier,
        tuple(columns),
        times.get(where.lower(), 1),
        in_script.get(where.lower(), 1),
        partition,
        bool(scan.shards),
        scan.origin.span,
    )


def _stored(physical: str | Physical) -> str:
    """The column that is charged: a field of a STRUCT is a column of its own, a path into JSON is not."""
    return physical if isinstance(physical, str) else ".".join(physical.column)


def _times(tree: exp.Expr) -> dict[str, int]:
    """How often each CTE is run, by its name in lower case; the statement itself (``''``) once, as one that reads itself is."""
    with_ = tree.args.get("with_")
    ctes: Sequence[exp.Expr] = with_.expressions if with_ else []
    names = {cte.alias.lower() for cte in ctes}
    reads: dict[str, Counter[str]] = {cte.alias.lower(): _references(cte.this, names) for cte in ctes}
    last = tree.copy()
    last.set("with_", None)
    times: Counter[str] = Counter({"": 1})
    times.update(_references(last, names))
    for name in reversed([cte.alias.lower() for cte in ctes]):
        own = 1 if reads[name].pop(name, 0) else times[name]
        for other, count in reads[name].items():
            times[other] += count * own
    return dict(times)


def _times_in_script(tree: exp.Expr) -> dict[str, int]:
    """The same when what is read more than once is put into temporary tables first."""
    shared, last = shared_stages(tree)
    total: Counter[str] = Counter()
    for name, statement in [*((s.name.lower(), s.select) for s in shared), ("", last)]:
        own = _times(statement)
        total.update({k: v for k, v in own.items() if k})
        total[name] += 1
    return dict(total)


def _references(tree: exp.Expr, names: set[str]) -> Counter[str]:
    return Counter(t.name.lower() for t in tree.find_all(exp.Table) if t.name.lower() in names)
