"""From syntax to a typed plan. Every name gets a meaning, every scalar a type, every relation its columns.

In order of control flow: ``statements`` (lets, the query), ``tables`` (what a table is; ``stored`` for sources, ``lookups``
for external data), then the operators by subject: ``rows``, ``columns``, ``summarize`` with ``aggregates``, ``joins``,
``unions``; ``expressions`` for scalars, ``membership`` for lists, ``functions`` and ``calls`` for calls, ``invocation`` for
functions written in KQL, ``names`` for automatic column names, ``folding`` for constants. ``scope`` says what a name means,
``dispatch`` who binds which node, ``shaping`` holds the building blocks that the operators share.
"""

from transpiler.semantics import (
    aggregates,
    apply,
    columns,
    expand,
    expressions,
    functions,
    instants,
    joins,
    lookups,
    membership,
    pairs,
    parsing,
    packing,
    ranking,
    rows,
    searching,
    series,
    summarize,
    tables,
    unions,
)
from transpiler.semantics.environment import Environment
from transpiler.semantics.statements import bind_query

__all__ = [
    "Environment",
    "aggregates",
    "apply",
    "bind_query",
    "columns",
    "expand",
    "expressions",
    "functions",
    "instants",
    "joins",
    "lookups",
    "membership",
    "pairs",
    "parsing",
    "packing",
    "ranking",
    "rows",
    "searching",
    "series",
    "summarize",
    "tables",
    "unions",
]
