"""From syntax to a typed plan. Every name gets a meaning, every scalar a type, every relation its columns.

In order of control flow: ``statements`` (lets, the query), ``tables`` (what a table is; ``stored`` for sources, ``lookups``
for external data), then the operators by subject: ``rows``, ``columns``, ``summarize`` with ``aggregates``, ``joins``,
``unions``; ``expressions`` for scalars, ``membership`` for lists, ``functions`` and ``calls`` for calls, ``invocation`` for
functions written in KQL, ``names`` for automatic column names, ``folding`` for constants. ``scope`` says what a name means,
``dispatch`` who binds which node, ``shaping`` holds the building blocks that the operators share.
"""

from transpiler.semantics import (
    addresses,
    aggregates,
    apply,
    arrays,
    columns,
    expand,
    expressions,
    functions,
    invoking,
    instants,
    joins,
    locations,
    lookups,
    membership,
    pairs,
    plugins,
    parsing,
    packing,
    ranking,
    scanning,
    rows,
    searching,
    series,
    series_functions,
    summarize,
    tables,
    unions,
    unpacking,
)
from transpiler.semantics.environment import Environment
from transpiler.semantics.statements import bind_query

__all__ = [
    "Environment",
    "addresses",
    "aggregates",
    "apply",
    "arrays",
    "bind_query",
    "columns",
    "expand",
    "expressions",
    "functions",
    "invoking",
    "instants",
    "joins",
    "locations",
    "lookups",
    "membership",
    "pairs",
    "plugins",
    "parsing",
    "packing",
    "ranking",
    "scanning",
    "rows",
    "searching",
    "series",
    "series_functions",
    "summarize",
    "tables",
    "unions",
    "unpacking",
]
