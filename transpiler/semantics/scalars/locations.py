"""geo_info_from_ip_address: Kusto looks an address up in its own database of places; here a named table takes its place.

The table ``geo_info_from_ip_address`` holds one row per network, and no two networks overlap: ``first_address`` and
``last_address`` as ``parse_ipv6`` writes them (an IPv4 address as ``0000:…:ffff:…``), and ``location``, the bag of country,
state, city, latitude and longitude. The distinct addresses are looked up in stages of their own, before the operator that
asks.
"""

from __future__ import annotations

from collections.abc import Iterator

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, Join
from transpiler.plan.scalars import Column, ColumnRef, Scalar
from transpiler.semantics.dispatch import bind_scalar, binds_function, check_count, prepares
from transpiler.semantics.inference.contract import walk
from transpiler.semantics.lookups import named_table
from transpiler.semantics.scalars.calls import call_function, convert
from transpiler.semantics.scalars.expressions import binary, connect
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, over
from transpiler.types import Type

NAME = "geo_info_from_ip_address"
COLUMNS: dict[str, Type] = {"first_address": Type.STRING, "last_address": Type.STRING, "location": Type.DYNAMIC}
_ROWS = (
    syntax.Extend,
    syntax.Project,
    syntax.Where,
    syntax.Summarize,
    syntax.Distinct,
    syntax.Serialize,
    syntax.Sort,
    syntax.Top,
    syntax.MvExpand,
    syntax.ProjectByNames,
)


def _calls(node: syntax.Node) -> Iterator[syntax.Call]:
    """The calls within an operator, tables of their own excepted."""
    yield from (n for n in walk(node) if isinstance(n, syntax.Call) and n.name == NAME)


@prepares
def _prepare(scope: Scope, tabular: Tabular, operator: syntax.Node) -> Tabular:
    """The input with a hidden column for each address that the operator asks about."""
    if not isinstance(operator, _ROWS) or NAME not in scope.source.text or _is_own(scope):
        return tabular
    found: dict[str, Column] = {}
    for call in _calls(operator):
        check_count(scope, call, (1, 1))
        written = scope.source.slice(call.arguments[0].span)
        if written not in found:
            tabular, found[written] = _located(scope, tabular, call, operator)
        scope.environment.located[id(scope.source), call.span.start] = found[written]
    return tabular


def _is_own(scope: Scope) -> bool:
    return NAME in scope.bindings or scope.environment.function(NAME) is not None


@binds_function(NAME)
def _geo_info(scope: Scope, node: syntax.Call) -> Scalar:
    column = scope.environment.located.get((id(scope.source), node.span.start))
    tabular = scope.row.tabular if scope.row is not None else None
    if column is None or tabular is None or column not in tabular.relation.columns:
        raise scope.error(
            "KQL200", f"{NAME} is not translated here", node.span, hint="extend computes it for each row, before this"
        )
    return ColumnRef(column, node.span)


def _located(scope: Scope, tabular: Tabular, call: syntax.Call, operator: syntax.Node) -> tuple[Tabular, Column]:
    origin = origin_of(scope, call, "geo_info").without_text
    ip = convert(scope, bind_scalar(scope.over(tabular), call.arguments[0]), Type.STRING)
    key, address = Column("ip", Type.STRING, False), Column("address", Type.STRING, False)
    asked = Aggregate(
        columns=(key, address),
        origin=origin,
        input=tabular.relation,
        keys={key: ip, address: call_function(scope, "parse_ipv6", [ip], call.span)},
        aggregates=(),
    )
    told, first, last, fact = _places(scope, call)
    after = binary(scope, "<=", ColumnRef(first), ColumnRef(address), call.span)
    before = binary(scope, "<=", ColumnRef(address), ColumnRef(last), call.span)
    found_key, found_fact = Column("ip", Type.STRING, False), column_for(NAME, ColumnRef(fact))
    found = Join(
        columns=(found_key, found_fact),
        origin=origin,
        kind="cross",
        left=asked,
        right=told.relation,
        on=(),
        sources={found_key: key, found_fact: fact},
        condition=connect(scope, "and", [after, before], call.span),
    )
    relation = Join(
        columns=(*tabular.relation.columns, found_fact),
        origin=origin,
        kind="leftouter",
        left=tabular.relation,
        right=found,
        on=((ip, ColumnRef(found_key)),),
        sources={**{c: c for c in tabular.relation.columns}, found_fact: found_fact},
    )
    return over(tabular, relation), found_fact


def _places(scope: Scope, call: syntax.Call) -> tuple[Tabular, Column, Column, Column]:
    """The table of places: the bounds of each network, and what is known of it as a bag."""
    places = named_table(scope, NAME, COLUMNS, "lookup", NAME, call.span)
    columns = [places.column(name) for name in COLUMNS]
    for (name, wanted), column in zip(COLUMNS.items(), columns, strict=True):
        if column is None or column.type is not wanted:
            raise scope.error("KQL100", f"the table {NAME} needs a column {name} ({wanted})", call.span)
    first, last, fact = (c for c in columns if c is not None)
    return places, first, last, fact
