"""The rows of a relation that are constants: those of datatable and print, and what constants give when they are computed.

bag_unpack and pivot take their columns from values. Where every row is known, so are the columns; a join, a stored table or
a predicate that only the engine computes leaves open which values there are.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence

from transpiler.plan.relations import Aggregate, Filter, Limit, Project, Reference, Relation, UnionAll, Values, Window
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, columns_of
from transpiler.semantics.constants.conversions import fold_conversion
from transpiler.semantics.constants.folding import fold
from transpiler.semantics.scalars.calls import CONVERSIONS
from transpiler.semantics.scalars.packing import as_dynamic, packed
from transpiler.semantics.scope import Scope
from transpiler.types import Type

Row = Mapping[Column, Constant]


def constant_values(scope: Scope, relation: Relation, column: Column) -> list[Constant] | None:
    """The values of a column, one a row; None where they or the rows depend on data."""
    rows = _rows(scope, relation, [column])
    return None if rows is None else [row[column] for row in rows]


def computed_rows(scope: Scope, relation: Relation, scalars: Mapping[Column, Scalar]) -> list[Row] | None:
    """What scalars over a relation come to in each of its rows; None where they or the rows depend on data."""
    needed = list(dict.fromkeys(c for s in scalars.values() for c in columns_of(s)))
    below = _rows(scope, relation, needed)
    if below is None:
        return None
    rows: list[Row] = []
    for row in below:
        found = {c: _value(scope, s, row) for c, s in scalars.items()}
        known = {c: v for c, v in found.items() if v is not None}
        if len(known) < len(found):
            return None
        rows.append(known)
    return rows


def _rows(scope: Scope, relation: Relation, wanted: Sequence[Column]) -> list[Row] | None:
    match relation:
        case Values():
            return _of_values(relation, wanted)
        case Reference():
            own = {c: relation.target.columns[relation.columns.index(c)] for c in wanted}
            return computed_rows(scope, relation.target, {c: ColumnRef(o) for c, o in own.items()})
        case Project():
            return computed_rows(scope, relation.input, {c: relation.computed.get(c, ColumnRef(c)) for c in wanted})
        case Window() if not any(c in relation.computed for c in wanted):
            return _rows(scope, relation.input, wanted)
        case Limit():
            rows = _rows(scope, relation.input, wanted)
            return rows if rows is not None and len(rows) <= relation.count else None
        case Filter():
            return _kept(scope, relation, wanted)
        case UnionAll():
            return _of_union(scope, relation, wanted)
        case Aggregate() if not relation.keys:
            return None if wanted else [{}]  # a total is one row, over no rows as well
        case Aggregate() if all(c in relation.keys for c in wanted):
            return _distinct(computed_rows(scope, relation.input, {c: relation.keys[c] for c in wanted}))
        case _:
            return None


def _of_values(relation: Values, wanted: Sequence[Column]) -> list[Row] | None:
    rows: list[Row] = []
    for values in relation.rows:
        row = {c: s for c, s in zip(relation.columns, values, strict=True) if c in wanted}
        known = {c: s for c, s in row.items() if isinstance(s, Constant)}
        if len(known) < len(row):
            return None
        rows.append(known)
    return rows


def _of_union(scope: Scope, relation: UnionAll, wanted: Sequence[Column]) -> list[Row] | None:
    rows: list[Row] = []
    for side, source in zip(relation.inputs, relation.sources, strict=True):
        found = computed_rows(scope, side, {c: source.get(c, Constant(c.type, None)) for c in wanted})
        if found is None:
            return None
        rows += found
    return rows


def _kept(scope: Scope, relation: Filter, wanted: Sequence[Column]) -> list[Row] | None:
    """The rows of a filter whose predicate is computed here."""
    test = Column("where_test", Type.BOOL)
    scalars: dict[Column, Scalar] = {**{c: ColumnRef(c) for c in wanted}, test: relation.predicate}
    rows = computed_rows(scope, relation.input, scalars)
    return None if rows is None else [row for row in rows if row[test].value is True]


def _distinct(rows: list[Row] | None) -> list[Row] | None:
    if rows is None:
        return None
    first: dict[tuple[object, ...], Row] = {}
    for row in rows:
        first.setdefault(tuple(c.value for c in row.values()), row)
    return list(first.values())


def _value(scope: Scope, scalar: Scalar, row: Row) -> Constant | None:
    """What a scalar comes to in a row; None where it is not computed here."""
    match scalar:
        case Constant():
            return scalar
        case ColumnRef():
            return row.get(scalar.column)
        case Call() if scalar.overload.name == "case":
            return _branch(scope, scalar, row)
        case Call():
            found = [_value(scope, a, row) for a in scalar.arguments]
            known = tuple(c for c in found if c is not None)
            return _called(scope, scalar, known) if len(known) == len(found) else None
        case _:
            return None


def _branch(scope: Scope, call: Call, row: Row) -> Constant | None:
    *pairs, default = call.arguments
    for test, result in zip(pairs[::2], pairs[1::2], strict=True):
        holds = _value(scope, test, row)
        if holds is None:
            return None
        if holds.value is True:
            return _value(scope, result, row)
    return _value(scope, default, row)


def _called(scope: Scope, call: Call, arguments: tuple[Constant, ...]) -> Constant | None:
    name = call.overload.name
    if name in _PACKING:
        value = packed(scope, name, arguments, call.span)
    elif name in ("dynamic of", "dynamic of text", "json of real"):
        value = as_dynamic(scope, arguments[0])
    elif call.overload.key == "parse_json":
        return _parsed(arguments[0])
    elif name == CONVERSIONS.get(call.type) and len(arguments) == 1:
        return fold_conversion(arguments[0], call.type)
    elif call.type is Type.BOOL:
        return _tested(name, arguments)
    else:
        return fold(call.overload.key, call.type, arguments)
    return value if isinstance(value, Constant) else None


def _parsed(text: Constant) -> Constant | None:
    """A text that is an object or an array of JSON, as a dynamic value. A name that stands twice is left to the engine."""
    try:
        value = json.loads(str(text.value), object_pairs_hook=_object)
    except ValueError:
        return None
    return Constant(Type.DYNAMIC, str(text.value)) if isinstance(value, dict | list) else None


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


_PACKING = ("bag_pack", "pack_array")
_TESTS: dict[str, Callable[[object, object], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}
_OF_TEXTS = ("==", "!=", "in", "isempty", "isnotempty")
_PLAIN = {Type.STRING, Type.LONG, Type.INT, Type.DATETIME, Type.TIMESPAN, Type.BOOL}


def _tested(name: str, arguments: tuple[Constant, ...]) -> Constant | None:
    """A comparison or a connective of values that are there, and of a kind that Python orders as Kusto does."""
    values = ["" if a.type is Type.STRING and a.value is None else a.value for a in arguments]
    if not values or any(v is None for v in values) or not {a.type for a in arguments} <= _PLAIN:
        return None
    is_text = any(isinstance(v, str) for v in values)
    if is_text and (not all(isinstance(v, str) for v in values) or name not in _OF_TEXTS):
        return None
    if name in _TESTS and len(values) == 2:
        return Constant(Type.BOOL, _TESTS[name](*values))
    match name:
        case "in":
            return Constant(Type.BOOL, values[0] in values[1:])
        case "and":
            return Constant(Type.BOOL, all(values))
        case "or":
            return Constant(Type.BOOL, any(values))
        case "not":
            return Constant(Type.BOOL, not values[0])
        case "isempty" | "isnotempty" if is_text:
            return Constant(Type.BOOL, (values[0] == "") is (name == "isempty"))
        case _:
            return None
