"""The properties of the bags of a column, and their types, as far as they are known without the data: of bags that are
constants, and of bags that bag_pack makes of known names, or a function that always makes the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from transpiler.plan.relations import (
    Aggregate,
    Expand,
    Filter,
    FirstPerGroup,
    Join,
    Limit,
    Project,
    Reference,
    Relation,
    UnionAll,
    Window,
)
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar
from transpiler.semantics.plugins.constant_rows import computed_rows, constant_values
from transpiler.semantics.scope import Scope
from transpiler.types import Type

Members = Mapping[str, Type]

_KINDS: dict[type, Type] = {bool: Type.BOOL, int: Type.LONG, float: Type.REAL, str: Type.STRING}
_MADE_OF = {Type.STRING: Type.STRING, Type.BOOL: Type.BOOL, Type.INT: Type.LONG, Type.LONG: Type.LONG}
_QUERY = "Query Parameters"
_URL = ("Scheme", "Host", "Port", "Path", "Username", "Password", "Fragment")
_PATH = ("Scheme", "RootPath", "DirectoryPath", "DirectoryName", "Filename", "Extension", "AlternateDataStreamName")
# Functions whose bags have the same properties whatever they are given.
_ALWAYS: dict[str, Members] = {
    "parse_url": {**dict.fromkeys(_URL, Type.STRING), _QUERY: Type.DYNAMIC},
    "parse_urlquery": {_QUERY: Type.DYNAMIC},
    "parse_path": dict.fromkeys(_PATH, Type.STRING),
}
_MAKING = frozenset({"make_bag", "make_bag_if", "make_dictionary"})
_WHOLE = frozenset({"bag_pack", "pack_array", "bag_merge"})


def bag_members(scope: Scope, relation: Relation, column: Column) -> Members | None:
    """The type of each property: dynamic where its values differ in type, unknown where the query does not say it.

    None where the properties depend on the data.
    """
    constants = constant_values(scope, relation, column)
    if constants is not None:
        return _merged([_of_constant(c) for c in constants])
    return _of_column(scope, relation, column)


def _merged(found: Iterable[Members | None]) -> Members | None:
    """What several bags have together."""
    types: dict[str, Type] = {}
    for members in found:
        if members is None:
            return None
        for name, kind in members.items():
            other = types.get(name, kind)
            mixed = Type.UNKNOWN if Type.UNKNOWN in (kind, other) else Type.DYNAMIC
            types[name] = kind if other is kind else mixed
    return types


def _of_constant(bag: Constant) -> Members:
    """A null has no type, and gives no column by itself."""
    value = None if bag.value is None else json.loads(str(bag.value))
    members = value.items() if isinstance(value, dict) else ()
    return {n: _KINDS.get(type(m), Type.DYNAMIC) for n, m in members if m is not None}


def _of_column(scope: Scope, relation: Relation, column: Column) -> Members | None:
    """The properties of a column by what computes it, whatever rows are left."""
    match relation:
        case Project():
            value = relation.computed.get(column)
            return (
                _of_column(scope, relation.input, column) if value is None else _of_scalar(scope, relation.input, value)
            )
        case Filter() | Limit() | FirstPerGroup():
            return _of_column(scope, relation.input, column)
        case Window() if column not in relation.computed:
            return _of_column(scope, relation.input, column)
        case Expand() if all(e.column is not column for e in relation.expansions) and column is not relation.index:
            return _of_column(scope, relation.input, column)
        case Reference():
            return _of_column(scope, relation.target, relation.target.columns[relation.columns.index(column)])
        case Join():
            source = relation.sources[column]
            side = relation.left if source in relation.left.columns else relation.right
            return _of_column(scope, side, source)
        case Aggregate():
            return _of_made(scope, relation, column)
        case UnionAll():
            sides = zip(relation.inputs, relation.sources, strict=True)
            return _merged([_of_scalar(scope, side, own[column]) for side, own in sides if column in own])
        case _:
            return None


def _of_made(scope: Scope, relation: Aggregate, column: Column) -> Members | None:
    """The properties of the bags that make_bag makes of constants. Which of two types a property has is not told here."""
    call = next((a.call for a in relation.aggregates if column in a.columns), None)
    if call is None or call.overload.name not in _MAKING:
        return None
    bag, test = Column("bag", Type.DYNAMIC), Column("test", Type.BOOL)
    always = Constant(Type.BOOL, True)
    scalars = {bag: call.arguments[0], test: call.arguments[1] if len(call.arguments) > 1 else always}
    rows = computed_rows(scope, relation.input, scalars)
    if rows is None:
        return None
    found = [_of_constant(row[bag]) for row in rows if row[test].value is True]
    return {n: t if all(m.get(n, t) is t for m in found) else Type.UNKNOWN for m in found for n, t in m.items()}


def _of_scalar(scope: Scope, relation: Relation, scalar: Scalar) -> Members | None:
    match scalar:
        case Constant():
            return _of_constant(scalar)
        case ColumnRef():
            return _of_column(scope, relation, scalar.column)
        case Call() if scalar.overload.name == "bag_pack":
            return _of_pairs(scalar)
        case Call() if scalar.overload.name in _ALWAYS:
            return _ALWAYS[scalar.overload.name]
        case Call() if scalar.overload.name == "bag_merge":
            return _of_merge([_of_scalar(scope, relation, a) for a in scalar.arguments])
        case Call() if scalar.overload.name == "coalesce" and scalar.arguments[1:] == (Constant(Type.DYNAMIC, "{}"),):
            return _of_scalar(scope, relation, scalar.arguments[0])  # the bag of no rows
        case Call() if scalar.overload.name == "case":
            branches = [*scalar.arguments[1::2], scalar.arguments[-1]]
            first, *others = [_of_scalar(scope, relation, b) for b in branches]
            return first if all(o == first for o in others) else None
        case _:
            return None


def _of_merge(bags: list[Members | None]) -> Members | None:
    """The first bag that has a property gives its value."""
    found: dict[str, Type] = {}
    for members in bags:
        if members is None:
            return None
        found = {**members, **found}
    return found


def _of_pairs(call: Call) -> Members | None:
    found: dict[str, Type] = {}
    for key, value in zip(call.arguments[::2], call.arguments[1::2], strict=True):
        if not isinstance(key, Constant):
            return None
        if isinstance(value, Constant) and value.type is Type.DYNAMIC:
            if value.value is not None:
                found[str(key.value)] = _KINDS.get(type(json.loads(str(value.value))), Type.DYNAMIC)
            continue
        if isinstance(value, Constant) and value.value is None and value.type is not Type.STRING:
            continue
        found[str(key.value)] = _kind(value)
    return found


def _kind(value: Scalar) -> Type:
    """The type that a value has within a bag; unknown where it depends on the data, or is no type of JSON's."""
    if (known := _MADE_OF.get(value.type)) is not None:
        return known
    if not isinstance(value, Call):
        return Type.UNKNOWN
    if value.overload.name == "json of real":
        return Type.REAL
    return Type.DYNAMIC if value.overload.name in _WHOLE else Type.UNKNOWN
