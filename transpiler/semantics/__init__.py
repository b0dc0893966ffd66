"""From syntax to a typed plan. Every name gets a meaning, every scalar a type, every relation its columns.

In order of control flow: ``statements`` (lets, the query), ``tables`` (what a table is; ``stored`` for sources, ``lookups``
for external data), then ``operators`` and ``plugins`` for what stands between bars, ``scalars`` for what stands within them,
``constants`` for what is known while binding. ``scope`` says what a name means, ``names`` how a column is called that has
none, ``invocation`` binds functions written in KQL, ``dispatch`` tells who binds which node; ``shaping`` and ``windowing`` (with
``sessions``) are what the operators share. ``inference`` reads the columns of undeclared tables off their use.

Importing this package registers every binder.
"""

from transpiler.semantics import lookups, tables
from transpiler.semantics.environment import Environment
from transpiler.semantics.operators import (
    apply,
    columns,
    expand,
    invoking,
    joins,
    nesting,
    pairs,
    parsing,
    partitioning,
    ranking,
    rows,
    scanning,
    searching,
    series,
    summarize,
    unions,
)
from transpiler.semantics.plugins import (
    addresses,
    evaluate,
    narrowing,
    periods,
    pivoting,
    polygon_lookup,
    rolling,
    sliding,
    unpacking,
)
from transpiler.semantics.scalars import (
    aggregates,
    arrays,
    arrival,
    choices,
    constant_functions,
    decomposition,
    expressions,
    functions,
    instants,
    locations,
    membership,
    packing,
    polygon_tests,
    reflection,
    segmented_lines,
    series_functions,
    sizes,
    units,
)
from transpiler.semantics.statements import bind_query

__all__ = ["Environment", "bind_query"]
