"""bag_unpack: the properties of bags become columns. They are declared, or known from constants and from bag_pack."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from transpiler.kql import syntax
from transpiler.plan.scalars import Column, ColumnRef, Path, Scalar
from transpiler.semantics.dispatch import bind_scalar, binds_plugin
from transpiler.semantics.plugins.bag_members import bag_members
from transpiler.semantics.plugins.evaluate import plugin_options
from transpiler.semantics.scalars.calls import convert
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, project
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


def _known(scope: Scope, tabular: Tabular, column: Column, node: syntax.Evaluate) -> Schema:
    """The properties that are known without the data. Raises KQL203 where they, or their types, are not."""
    hint = "declare them: evaluate bag_unpack(d) : (a:string, b:long)"
    types = bag_members(scope, tabular.relation, column)
    if types is None:
        raise scope.error("KQL203", "the columns that bag_unpack gives depend on the data", node.span, hint=hint)
    unknown = next((n for n, t in types.items() if t is Type.UNKNOWN), None)
    if unknown is not None:
        reason = f"the type of the column that bag_unpack gives for '{unknown}' is not known from the query"
        raise scope.error("KQL203", reason, node.span, hint=hint)
    return types
