"""A query's text as a lowered statement: parsed, bound and lowered for one target, not printed yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlglot import exp

from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError
from transpiler.dialects.dialect import Dialect
from transpiler.kql import syntax
from transpiler.kql.parser import parse_query
from transpiler.lowering.query import QueryLowering
from transpiler.plan.relations import Plan
from transpiler.semantics import Environment, bind_query
from transpiler.source import Source


@dataclass(frozen=True, slots=True)
class Statement:
    """One SELECT as a tree, the plan behind it, and the lowering that knows its stages, names and tables."""

    tree: exp.Expr
    plan: Plan
    lowering: QueryLowering


def lower_statement(
    source: Source,
    dialect: Dialect,
    catalog: Catalog,
    *,
    now: Callable[[], exp.Expr],
    window: timedelta | None = None,
    parameters: Mapping[str, object] | None = None,
    header: str = "",
    as_rows: bool = False,
    by_arrival: bool = False,
    moments: tuple[datetime, datetime] | None = None,
) -> Statement:
    """A query for a target. ``now`` gives the tree of ``now()``; ``as_rows``: as a part of more SQL (``QueryLowering``).

    ``by_arrival``: the window is that of ingestion in tables that tell it. ``moments`` (UTC): the first and the last
    ``now()`` of a statement over many runs.

    Raises KqlError for text that is not KQL, names that are not known, and what the target cannot do exactly.
    """
    query = parse_query(source)
    environment = Environment(
        catalog, dialect.name, window=window, by_arrival=by_arrival, moments=moments, parameters=parameters or {}
    )
    plan, _ = bind_query(query, source, environment)
    if not plan.visible:
        raise KqlError("KQL204", "the result has no columns; a SELECT has one at least", query.span, source=source)
    taken = [*catalog.names(), *(s.name for s in query.statements if isinstance(s, syntax.Let))]
    lowering = QueryLowering(dialect, plan, now, taken, header, as_rows)
    return Statement(lowering.lower(), plan, lowering)
