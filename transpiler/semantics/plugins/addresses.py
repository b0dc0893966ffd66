"""ipv4_lookup and ipv6_lookup: a join of addresses with the networks that hold them.

The networks' bounds are columns of their own, so that the join compares numbers. Rows without a match are kept by joining
the distinct addresses first: no warehouse need know an outer join on a range.
"""

from __future__ import annotations

from dataclasses import dataclass

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, Origin, Project
from transpiler.plan.scalars import Column, ColumnRef, Scalar
from transpiler.semantics.dispatch import bind_source, binds_plugin
from transpiler.semantics.operators.joins import check_left
from transpiler.semantics.plugins.evaluate import plugin_options
from transpiler.semantics.plugins.matching import column_of, joined
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.expressions import binary, connect
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, over, unordered
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Lookup:
    """One look-up: the two tables, the address and the network, and the columns that must be equal, too."""

    left: Tabular
    right: Tabular
    address: Column
    network: Column
    extra: tuple[tuple[Column, Column], ...]
    keeps_unmatched: bool
    is_six: bool

    @property
    def found(self) -> list[Column]:
        """What a network adds to a row: a further key is a column of the left side, as with ``lookup``."""
        equal = [right for _, right in self.extra]
        return [c for c in self.right.visible if c not in equal]


@binds_plugin("ipv4_lookup", "ipv6_lookup")
def _lookup(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    lookup = _arguments(scope, tabular, node)
    origin = origin_of(scope, node, "evaluate")
    pieces = origin.without_text
    check_left(scope, lookup.left, node)
    if lookup.keeps_unmatched:
        return _with_unmatched(scope, lookup, node, origin)
    left, number = (
        _numbered(scope, lookup.left, lookup.address, node, pieces) if not lookup.is_six else (lookup.left, None)
    )
    right, condition = _bounded(scope, lookup, number, lookup.address, node, pieces)
    tests = [condition, *(_equal(scope, a, b, node) for a, b in lookup.extra)]
    condition = connect(scope, "and", tests, node.span)
    shown = [(c, c.name) for c in (*lookup.left.visible, *lookup.found)]
    return joined(left, right, shown, (), (), condition, origin)


def _arguments(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Lookup:
    name = node.call.name
    if len(node.call.arguments) < 3:
        raise scope.error("KQL103", f"{name} takes a table, an address and a network", node.span)
    table, address, network, *rest = node.call.arguments
    right = bind_source(scope.without_row(), table)
    names = [a for a in rest if isinstance(a, syntax.Name) and tabular.column(a.name) is not None]
    if names and name == "ipv6_lookup":
        raise scope.error("KQL103", "ipv6_lookup takes no further keys", names[0].span)
    options = plugin_options(scope, node, [a for a in rest if a not in names], ("return_unmatched",))
    extra = tuple((column_of(scope, tabular, a), column_of(scope, right, a)) for a in names)
    return Lookup(
        tabular,
        right,
        _text_column(scope, tabular, address),
        _text_column(scope, right, network),
        extra,
        options.get("return_unmatched") is True,
        name == "ipv6_lookup",
    )


def _text_column(scope: Scope, tabular: Tabular, node: syntax.Expr) -> Column:
    column = column_of(scope, tabular, node)
    if column.type is not Type.STRING:
        raise scope.error("KQL102", f"an address is a string, '{column.name}' is {column.type}", node.span)
    return column


def _equal(scope: Scope, left: Column, right: Column, node: syntax.Node) -> Scalar:
    return binary(scope, "==", ColumnRef(left), ColumnRef(right), node.span)


def _extended(tabular: Tabular, computed: dict[Column, Scalar], origin: Origin) -> Tabular:
    columns = (*tabular.relation.columns, *computed)
    return over(tabular, Project(columns=columns, origin=origin, input=tabular.relation, computed=computed))


def _numbered(
    scope: Scope, tabular: Tabular, address: Column, node: syntax.Node, origin: Origin
) -> tuple[Tabular, Column]:
    """The table with its addresses as numbers."""
    number = call_function(scope, "parse_ipv4", [ColumnRef(address)], node.span)
    column = column_for("ip_number", number)
    return _extended(tabular, {column: number}, origin), column


def _bounded(
    scope: Scope, lookup: Lookup, number: Column | None, address: Column, node: syntax.Node, origin: Origin
) -> tuple[Tabular, Scalar]:
    """The networks with their bounds, and the condition that one holds the address."""
    network = ColumnRef(lookup.network)
    if number is None:
        call = call_function(scope, "ipv6_is_in_range", [ColumnRef(address), network], node.span)
        return lookup.right, call
    first = call_function(scope, "parse_ipv4", [network], node.span)
    prefix = call_function(scope, "ipv4_netmask_suffix", [network], node.span)
    low, bits = column_for("first_number", first), column_for("prefix_length", prefix)
    right = _extended(lookup.right, {low: first, bits: prefix}, origin)
    last = call_function(scope, "ipv4 last", [ColumnRef(low), ColumnRef(bits)], node.span)
    high = column_for("last_number", last)
    right = _extended(right, {high: last}, origin)
    between = call_function(scope, "between", [ColumnRef(number), ColumnRef(low), ColumnRef(high)], node.span)
    return right, between


def _with_unmatched(scope: Scope, lookup: Lookup, node: syntax.Node, origin: Origin) -> Tabular:
    """Distinct addresses with their networks, then every row with what its address has."""
    pieces = origin.without_text
    keys = {lookup.address: Column("ip", Type.STRING, False)}
    keys |= {a: Column(a.name, a.type, a.nullable and a.type is not Type.STRING) for a, _ in lookup.extra}
    relation = Aggregate(
        columns=tuple(keys.values()),
        origin=pieces,
        input=lookup.left.relation,
        keys={k: ColumnRef(c) for c, k in keys.items()},
        aggregates=(),
    )
    addresses, address = unordered(relation, keys.values()), keys[lookup.address]
    number = None
    if not lookup.is_six:
        addresses, number = _numbered(scope, addresses, address, node, pieces)
    right, condition = _bounded(scope, lookup, number, address, node, pieces)
    tests = [condition, *(_equal(scope, keys[a], b, node) for a, b in lookup.extra)]
    shown = [(c, c.name) for c in (*keys.values(), *lookup.found)]
    found = joined(addresses, right, shown, (), (), connect(scope, "and", tests, node.span), pieces)
    on = tuple((ColumnRef(a), ColumnRef(k)) for a, k in zip(keys, found.visible, strict=False))
    added = found.visible[len(keys) :]
    networks = [(new, old.name) for new, old in zip(added, lookup.found, strict=True)]
    sides = [[(c, c.name) for c in lookup.left.visible], networks]
    if lookup.is_six:
        sides.reverse()
    return joined(lookup.left, found, [c for side in sides for c in side], added, on, None, origin)
