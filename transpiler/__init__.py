"""Microsoft Sentinel rules and KQL as SQL for BigQuery and DuckDB that means what Kusto means."""

from __future__ import annotations

from transpiler.diagnostics import KqlError
from transpiler.kql.parser import parse_query
from transpiler.kql.syntax import Query
from transpiler.source import Source

__all__ = ["KqlError", "parse"]


def parse(kql: str) -> Query:
    """The syntax tree of a query's text; KqlError where it is not KQL."""
    return parse_query(Source(kql))
