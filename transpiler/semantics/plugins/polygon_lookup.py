"""geo_polygon_lookup: a join of points with the polygons that hold them. Rows without a match are kept by joining the distinct
points first: no warehouse need know an outer join on a computed condition."""

from __future__ import annotations

from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, Origin
from transpiler.plan.scalars import Column, ColumnRef
from transpiler.semantics.dispatch import bind_source, binds_plugin
from transpiler.semantics.plugins.evaluate import plugin_options
from transpiler.semantics.plugins.matching import column_of, joined
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scope import Openness, Scope, Tabular
from transpiler.semantics.shaping import origin_of, unordered
from transpiler.types import Type

_OPTIONS = ("radius", "return_unmatched", "lookup_area_radius", "return_lookup_key")


@dataclass(frozen=True, slots=True)
class _Lookup:
    """One look-up: the two tables, the coordinates and the polygon, and the columns that it adds."""

    left: Tabular
    right: Tabular
    longitude: Column
    latitude: Column
    polygon: Column
    added: tuple[Column, ...]
    keeps_unmatched: bool


@binds_plugin("geo_polygon_lookup")
def _polygon_lookup(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    lookup = _arguments(scope, tabular, node)
    origin = origin_of(scope, node, "evaluate")
    if Openness.OPEN in (lookup.left.openness, lookup.right.openness):
        raise scope.error("KQL203", "the columns of a side of geo_polygon_lookup are not declared", node.span)
    if lookup.keeps_unmatched:
        return _with_unmatched(scope, lookup, node, origin)
    return _matched(scope, lookup, node, origin)


def _matched(scope: Scope, lookup: _Lookup, node: syntax.Evaluate, origin: Origin) -> Tabular:
    places = [ColumnRef(c) for c in (lookup.longitude, lookup.latitude, lookup.polygon)]
    condition = call_function(scope, "geo_point_in_polygon", places, node.span)
    shown = [(c, c.name) for c in (*lookup.left.visible, *lookup.added)]
    return joined(lookup.left, lookup.right, shown, (), (), condition, origin)


def _arguments(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> _Lookup:
    if len(node.call.arguments) < 4:
        text = "geo_polygon_lookup takes a table, its polygon, a longitude and a latitude"
        raise scope.error("KQL103", text, node.span)
    table, polygon, longitude, latitude, *rest = node.call.arguments
    right = bind_source(scope.without_row(), table)
    options = plugin_options(scope, node, rest, _OPTIONS)
    for name in ("radius", "lookup_area_radius"):
        if options.get(name) is not None:
            reason = f"geo_polygon_lookup with '{name}' is not translated: its distances on the sphere are Kusto's own"
            raise scope.error("KQL201", reason, node.span, hint="without it a polygon holds a point or not")
    key = _column(scope, right, polygon, (Type.DYNAMIC,))
    numbers = (Type.REAL, Type.LONG, Type.INT)
    added = tuple(c for c in right.visible if c != key or options.get("return_lookup_key") is True)
    return _Lookup(
        tabular,
        right,
        _column(scope, tabular, longitude, numbers),
        _column(scope, tabular, latitude, numbers),
        key,
        added,
        options.get("return_unmatched") is True,
    )


def _column(scope: Scope, tabular: Tabular, node: syntax.Expr, types: tuple[Type, ...]) -> Column:
    column = column_of(scope, tabular, node)
    if column.type not in types:
        text = f"'{column.name}' is {column.type}, {types[0]} is expected here"
        raise scope.error("KQL102", text, node.span)
    return column


def _with_unmatched(scope: Scope, lookup: _Lookup, node: syntax.Evaluate, origin: Origin) -> Tabular:
    """Distinct points with their polygons, then every row with what its point has."""
    pieces = origin.without_text
    keys = {c: Column(c.name, c.type, c.nullable) for c in (lookup.longitude, lookup.latitude)}
    relation = Aggregate(
        columns=tuple(keys.values()),
        origin=pieces,
        input=lookup.left.relation,
        keys={k: ColumnRef(c) for c, k in keys.items()},
        aggregates=(),
    )
    points = unordered(relation, keys.values())
    found = _matched(
        scope,
        replace(lookup, left=points, longitude=keys[lookup.longitude], latitude=keys[lookup.latitude]),
        node,
        pieces,
    )
    columns = tuple(found.visible)
    on = tuple((ColumnRef(c), ColumnRef(k)) for c, k in zip(keys, columns, strict=False))
    added = columns[len(keys) :]
    polygons = [(new, old.name) for new, old in zip(added, lookup.added, strict=True)]
    shown = [*((c, c.name) for c in lookup.left.visible), *polygons]
    return joined(lookup.left, found, shown, added, on, None, origin)
