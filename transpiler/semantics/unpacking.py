"""bag_unpack and pivot: values become columns. The columns are declared, or known because the bags are constants."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import Aggregate, AggregateCall, Project, Reference, Relation, Values
from transpiler.plan.scalars import Column, ColumnRef, Constant, Path, Scalar, columns_of
from transpiler.semantics.aggregates import bind_aggregate
from transpiler.semantics.calls import convert
from transpiler.semantics.dispatch import bind_scalar, binds_plugin
from transpiler.semantics.plugins import plugin_options
from transpiler.semantics.scope import Scope, Tabular, check_whole
from transpiler.semantics.shaping import column_for, origin_of, project, unordered
from transpiler.types import TYPE_NAMES, Type

_OPTIONS = ("OutputColumnPrefix", "columnsConflict", "ignoredProperties")
_CONFLICTS = ("error", "replace_source", "keep_source")
Schema = Mapping[str, Type]


@binds_plugin("bag_unpack")
def _bag_unpack(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    first, *rest = node.call.arguments or (node.call,)
    bag = bind_scalar(scope.over(tabular), first)
    if not isinstance(bag, ColumnRef) or bag.type is not Type.DYNAMIC:
        raise scope.error("KQL102", "bag_unpack takes a dynamic column", first.span)
    options = plugin_options(scope, node, rest, _OPTIONS)
    prefix = str(options.get("OutputColumnPrefix") or "")
    conflict = str(options.get("columnsConflict") or "error")
    if conflict not in _CONFLICTS:
        raise scope.error("KQL104", f"columnsConflict is one of {', '.join(_CONFLICTS)}", node.span)
    kept = [c for c in tabular.visible if c is not bag.column]
    computed: dict[Column, Scalar] = {}
    if node.schema is not None:
        declared = {c.name: TYPE_NAMES[c.type_name] for c in node.schema}
        source = {c.name: c for c in kept}
        own = dict(declared) if conflict == "replace_source" else {n: t for n, t in declared.items() if n not in source}
        unpacked = _properties(scope, bag, own, prefix, computed, node)
        visible = _declared(scope, declared, source, unpacked, node)
        visible = [*(c for c in kept if c.name not in declared), *visible] if node.schema_open else visible
        return project(tabular, visible, computed, origin_of(scope, node, "evaluate"))
    ignored = json.loads(str(options.get("ignoredProperties") or "[]"))
    found = {prefix + n: t for n, t in _known(scope, tabular, bag.column, node).items() if n not in ignored}
    unpacked = _properties(scope, bag, found, prefix, computed, node)
    visible = _merged(scope, kept, unpacked, conflict, node)
    computed = {c: s for c, s in computed.items() if c in visible}
    return project(tabular, visible, computed, origin_of(scope, node, "evaluate"))


def _properties(
    scope: Scope, bag: ColumnRef, schema: Schema, prefix: str, computed: dict[Column, Scalar], node: syntax.Evaluate
) -> dict[str, Column]:
    """A column per property; a declared name without the prefix names the property itself."""
    found: dict[str, Column] = {}
    for name, wanted in schema.items():
        value = convert(scope, Path(bag, (name.removeprefix(prefix),), node.span), wanted)
        column = column_for(name, value)
        computed[column] = value
        found[name] = column
    return found


def _declared(
    scope: Scope, declared: Schema, source: Mapping[str, Column], unpacked: Mapping[str, Column], node: syntax.Evaluate
) -> list[Column]:
    """The declared columns, in their order: those of the input, else properties."""
    visible: list[Column] = []
    for name, wanted in declared.items():
        column = unpacked.get(name) or source[name]
        if column.type is not wanted:
            raise scope.error("KQL102", f"column '{name}' is {column.type}, declared as {wanted}", node.span)
        visible.append(column)
    return visible


def _merged(
    scope: Scope, kept: Iterable[Column], unpacked: Mapping[str, Column], conflict: str, node: syntax.Evaluate
) -> list[Column]:
    """The columns of the input and the unpacked ones, which come in the order of their names."""
    visible = list(kept)
    for name in sorted(unpacked):
        position = next((i for i, c in enumerate(visible) if c.name == name), None)
        if position is None:
            visible.append(unpacked[name])
        elif conflict == "replace_source":
            visible[position] = unpacked[name]
        elif conflict == "error":
            raise scope.error(
                "KQL101",
                f"the property '{name}' has the name of a column",
                node.span,
                hint='columnsConflict="replace_source" or "keep_source"',
            )
    return visible


# ---------------------------------------------------------------- bags that are constants


def _known(scope: Scope, tabular: Tabular, column: Column, node: syntax.Evaluate) -> Schema:
    """The properties of bags that are all constants, with their types. Raises KQL203 where they depend on the data."""
    bags = _constants(tabular.relation, column)
    if bags is None:
        raise scope.error(
            "KQL203",
            "the columns that bag_unpack gives depend on the data",
            node.span,
            hint="declare them: evaluate bag_unpack(d) : (a:string, b:long)",
        )
    types: dict[str, set[Type]] = {}
    for bag in bags:
        value = None if bag.value is None else json.loads(str(bag.value))
        for name, member in value.items() if isinstance(value, dict) else ():
            if member is not None:
                types.setdefault(name, set()).add(_KINDS.get(type(member), Type.DYNAMIC))
    mixed = next((n for n, t in types.items() if len(t) > 1), None)
    if mixed is not None:
        raise scope.error("KQL203", f"the property '{mixed}' has values of several types", node.span)
    return {name: next(iter(t)) for name, t in types.items()}


_KINDS: dict[type, Type] = {bool: Type.BOOL, int: Type.LONG, float: Type.REAL, str: Type.STRING}


def _constants(relation: Relation, column: Column) -> list[Constant] | None:
    """The values of a column in all rows, where every row is constant and none is filtered away."""
    match relation:
        case Values():
            position = relation.columns.index(column)
            found = [row[position] for row in relation.rows]
            return (
                [s for s in found if isinstance(s, Constant)] if all(isinstance(s, Constant) for s in found) else None
            )
        case Reference():
            return _constants(relation.target, relation.target.columns[relation.columns.index(column)])
        case Project():
            value = relation.computed.get(column)
            if value is None:
                return _constants(relation.input, column)
            if isinstance(value, ColumnRef):
                return _constants(relation.input, value.column)
            return [value] if isinstance(value, Constant) and _constants_rows(relation.input) else None
        case _:
            return None


def _constants_rows(relation: Relation) -> bool:
    """Whether a relation is certain to have rows: print's single one."""
    return isinstance(relation, Values) and len(relation.rows) > 0


# ---------------------------------------------------------------- pivot


_CHOOSING = {"count": "countif", "sum": "sumif", "dcount": "dcountif", "min": "minif", "max": "maxif"}
"""The aggregates over a cell's rows. What a cell without rows holds of the others is not documented."""


@binds_plugin("pivot")
def _pivot(scope: Scope, tabular: Tabular, node: syntax.Evaluate) -> Tabular:
    """``pivot(x[, sum(v)[, by …]]) : (…)``: an aggregate (else count()) over the rows of each declared value of x."""
    hint = "declare them: evaluate pivot(x) : (k:string, a:long); or summarize countif(x == …) by …"
    if node.schema is None or node.schema_open:
        raise scope.error("KQL203", "the columns that pivot gives depend on the data", node.span, hint=hint)
    if not node.call.arguments:
        raise scope.error("KQL103", "pivot takes a column", node.span)
    first, *rest = node.call.arguments
    row = scope.over(tabular)
    value = bind_scalar(row, first)
    aggregate = rest[0] if rest else syntax.Call("count", (), node.span, span=node.span)
    if not isinstance(aggregate, syntax.Call) or aggregate.name not in _CHOOSING:
        known = ", ".join(f"{name}()" for name in _CHOOSING)
        raise scope.error("KQL200", f"pivot is translated for {known}", rest[0].span, hint="summarize with …if(…)")
    given = [bind_scalar(row, k) for k in rest[1:]]
    by = [k.column for k in given if isinstance(k, ColumnRef)]
    if len(by) != len(given) or not isinstance(value, ColumnRef):
        raise scope.error("KQL104", "pivot takes columns", node.span)
    used = {value.column, *(c for a in aggregate.arguments for c in columns_of(bind_scalar(row, a)))}
    if not rest[1:]:
        check_whole(row, "pivot without columns to group by", node.span)
    by = by if rest[1:] else [c for c in tabular.visible if c not in used]
    dynamic = next((c for c in by if c.type is Type.DYNAMIC), None)
    if dynamic is not None:
        raise scope.error("KQL105", f"pivot groups by the dynamic column '{dynamic.name}'", node.span)
    return _rotated(row, tabular, aggregate, first, by, node)


def _rotated(
    row: Scope, tabular: Tabular, aggregate: syntax.Call, value: syntax.Expr, by: list[Column], node: syntax.Evaluate
) -> Tabular:
    keys: dict[Column, Scalar] = {
        Column(c.name, c.type, c.nullable and c.type is not Type.STRING): ColumnRef(c) for c in by
    }
    groups = {c.name: c for c in keys}
    text = syntax.Call("tostring", (value,), value.span, span=value.span)
    calls: list[AggregateCall] = []
    computed: dict[Column, Scalar] = {}
    visible: list[Column] = []
    for declared in node.schema or ():
        wanted = TYPE_NAMES[declared.type_name]
        if declared.name in groups and groups[declared.name].type is wanted:
            visible.append(groups[declared.name])
            continue
        name = syntax.Literal("string", declared.name, span=declared.span)
        test = syntax.Binary("==", text, name, value.span, span=value.span)
        arguments = (*aggregate.arguments, test)
        chosen = replace(aggregate, name=_CHOOSING[aggregate.name], arguments=arguments)
        bound = bind_aggregate(row, chosen, keys)
        ((found, scalar),) = bound.outputs
        if declared.name in groups or wanted is not found.type:
            raise row.error("KQL102", f"'{declared.name}' is declared as {wanted}, which it is not", declared.span)
        column = Column(declared.name, found.type, found.nullable)
        calls += bound.calls
        computed[column] = scalar
        visible.append(column)
    columns = (*keys, *(c for call in calls for c in call.columns))
    origin = origin_of(row, node, "evaluate")
    relation = Aggregate(columns=columns, origin=origin, input=tabular.relation, keys=keys, aggregates=tuple(calls))
    return project(unordered(relation, columns), visible, computed, replace(origin, text=""))
