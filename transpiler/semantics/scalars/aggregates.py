"""Aggregate calls: one column by the declared rule, lists with their elements in JSON's form, or the several columns of
arg_max, take_any and percentiles."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from transpiler.functions.registry import FUNCTIONS, Function, Nulls
from transpiler.kql import syntax
from transpiler.plan.relations import AggregateCall, OrderKey
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, WindowCall
from transpiler.plan.ticks import ticks_beyond
from transpiler.semantics.dispatch import bind_constant, bind_scalar, bind_whole, check_count
from transpiler.semantics.names import call_name, result_name
from transpiler.semantics.scalars.calls import call_declared, call_function, convert, make_call, overload_of
from transpiler.semantics.scalars.expressions import binary, bind_predicate, connect
from transpiler.semantics.scalars.packing import packed, text_within_json
from transpiler.semantics.scope import Scope
from transpiler.source import Span
from transpiler.types import INTEGERS, NUMBERS, Type

Keys = Mapping[Column, Scalar]


@dataclass(frozen=True, slots=True)
class BoundAggregate:
    """Aggregates of one call and what it shows: mostly their own columns, else scalars over them."""

    calls: tuple[AggregateCall, ...]
    outputs: tuple[tuple[Column, Scalar], ...]


def bind_aggregate(scope: Scope, node: syntax.Call, keys: Keys | None = None) -> BoundAggregate:
    """An aggregate over the rows of a scope; its columns are named as if the query had not named them.

    ``keys`` are the grouping keys, which ``*`` leaves out; without any there may be no row at all.
    """
    keys = keys or {}
    function = FUNCTIONS.known(node.name, aggregate=True)
    if function.refusal:
        raise scope.error("KQL201", f"{node.name} is not translated: {function.refusal}", node.span, hint=function.hint)
    bound = _BINDERS.get(function.name, _declared)(scope, function, node, keys)
    if isinstance(bound, BoundAggregate):
        return bound
    if not keys and (default := _default(bound)) is not None:
        (column,) = bound.columns
        raw = Column(column.name, column.type, True)
        shown = call_function(scope, "coalesce", [ColumnRef(raw, node.span), default], node.span)
        return BoundAggregate((replace(bound, columns=(raw,)),), ((replace(column, nullable=False), shown),))
    return BoundAggregate((bound,), tuple((c, ColumnRef(c, node.span)) for c in bound.columns))


def _default(aggregate: AggregateCall) -> Constant | None:
    """Kusto's answer over no value, where that is not null: sum 0, avg NaN, stdev 0, an empty list."""
    name, t = aggregate.call.overload.name, aggregate.call.type
    name = name.removesuffix("_if").removesuffix("if")
    if name == "avg":
        return Constant(Type.REAL, math.nan) if t is Type.REAL else None
    if name == "sum" or (t is Type.REAL and name in _SPREAD):
        zero: str | float | int = 0.0 if t is Type.REAL else "0" if t is Type.DECIMAL else 0
        return Constant(t, zero)
    empty = {
        "make_list": "[]",
        "make_list_with_nulls": "[]",
        "make_set": "[]",
        "make_bag": "{}",
        "make_dictionary": "{}",
    }
    return Constant(Type.DYNAMIC, empty[name]) if name in empty else None


_SPREAD = frozenset({"stdev", "stdevp", "variance", "variancep", "covariance", "covariancep"})


def _order(scope: Scope) -> tuple[OrderKey, ...]:
    """The order of the rows, for lists: sorted, or known otherwise."""
    tabular = scope.row.tabular if scope.row else None
    if tabular is None:
        return ()
    return tabular.order or ((tabular.ordinal,) if tabular.ordinal is not None else ())


_CHOOSING = frozenset({"max", "maxif", "min", "minif"})


def _column(function: Function, node: syntax.Call, call: Call) -> Column:
    is_end = function.name in _CHOOSING and ticks_beyond(call.arguments[0]) > 0
    return Column(call_name(function, node) or "Column1", call.type, call.nullable, is_end=is_end)


def _declared(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall:
    """An aggregate of one column, by its declaration."""
    arguments = [bind_scalar(scope, a) for a in node.arguments]
    _refuse_dynamic(scope, function, arguments, node)
    call = call_declared(scope, function, arguments, node.span)
    call = _with_rows(call, keys)
    return AggregateCall(columns=(_column(function, node, call),), call=call)


def _with_rows(call: Call, keys: Keys, *options: str | int | None) -> Call:
    """The call with the fact that a group of a ``by`` has rows; then only nulls or a predicate can leave it without a value."""
    nullable = call.nullable
    if call.overload.nulls is Nulls.MAYBE and call.arguments:
        has_predicate = any(p.name == "predicate" for p in call.overload.parameters)
        value = call.arguments[0]
        nullable = not keys or has_predicate or (value.nullable and value.type is not Type.STRING)
    return replace(call, nullable=nullable, options=(bool(keys), *options))


def _refuse_dynamic(scope: Scope, function: Function, arguments: list[Scalar], node: syntax.Call) -> None:
    """An aggregate that computes with values takes no dynamic ones: Microsoft's binder and the engine refuse them."""
    for position, argument in enumerate(arguments):
        parameters = [p for o in function.overloads if (p := o.parameter(position)) is not None]
        if argument.type is Type.DYNAMIC and parameters and all(Type.DYNAMIC not in p.accepts for p in parameters):
            raise scope.error(
                "KQL102",
                f"{node.name} does not take a dynamic value",
                node.arguments[position].span,
                hint="convert it: tolong(…), todouble(…), todatetime(…)",
            )


def _count(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall:
    """count() and the older count(x), which counts every row, nulls too."""
    check_count(scope, node, (0, 1))
    for argument in node.arguments:
        if bind_scalar(scope, argument).type is Type.BOOL:
            raise scope.error("KQL105", "count of a predicate is ambiguous", argument.span, hint="countif(…) counts")
    call = _with_rows(make_call(scope, function.overloads[0], (), node.span), keys)
    return AggregateCall(columns=(_column(function, node, call),), call=call)


def _covariance(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall:
    """The engine names covariance after both its arguments."""
    bound = _declared(scope, function, node, keys)
    names = "_".join(n for a in node.arguments[:2] if (n := result_name(a)))
    return replace(bound, columns=(Column(f"{function.name}_{names}", Type.REAL, False),))


# ---------------------------------------------------------------- lists

_OLD_LIMIT = 128
_AS_TEXT = frozenset({Type.DATETIME, Type.TIMESPAN, Type.GUID, Type.DECIMAL})


def _list(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall | BoundAggregate:
    """make_list, make_set and kin. The options say what the elements are:

    native: SQL values that become JSON as they are; json: JSON texts; flat: dynamic values, of which arrays give their elements.
    """
    has_predicate = function.name.endswith("_if")
    least = 2 if has_predicate else 1
    check_count(scope, node, (least, least + (function.name != "make_list_with_nulls")))
    value = bind_scalar(scope, node.arguments[0])
    conditions = [bind_predicate(scope, node.arguments[1])] if has_predicate else []
    # The old spellings keep no more, unless they say how many (documentation: make_set).
    limit = _OLD_LIMIT if node.name in ("makeset", "makelist") else None
    if len(node.arguments) > least:
        limit = bind_whole(scope, node.arguments[least], "the limit")
    if limit is not None and limit < 0:
        raise scope.error("KQL104", "the limit is 0 or more", node.arguments[least].span)
    element, kind = _element(scope, value)
    if element is not value and value.nullable:
        if function.name == "make_list_with_nulls":
            element = _null_or(scope, value, element, node.span)
        else:
            conditions.append(call_function(scope, "isnotnull", [value], node.span))
    arguments = (element, *([connect(scope, "and", conditions, node.span)] if conditions else []))
    order = () if function.name.startswith("make_set") else _order(scope)
    if kind == "flat" and (function.name.startswith("make_set") or limit is not None):
        return _flat_part(scope, function, node, arguments, (limit, keys, order))
    call = make_call(scope, function.overloads[0], arguments, node.span)
    call = _with_rows(call, keys, kind, limit)
    return AggregateCall(columns=(_column(function, node, call),), call=call, order=order)


def _flat_part(
    scope: Scope,
    function: Function,
    node: syntax.Call,
    arguments: tuple[Scalar, ...],
    how: tuple[int | None, Keys, tuple[OrderKey, ...]],
) -> BoundAggregate:
    """A set, or the first elements, of dynamic values: the list of all elements, and a part of it."""
    limit, keys, order = how
    every = overload_of("make_list", aggregate=True)
    call = _with_rows(make_call(scope, every, arguments, node.span), keys, "flat", None)
    raw = Column(call_name(function, node) or "Column1", Type.DYNAMIC, True)
    key = "distinct elements" if function.name.startswith("make_set") else "first elements"
    part = call_function(scope, key, [ColumnRef(raw, node.span)], node.span)
    part = replace(part, options=(limit,))
    empty = Constant(Type.DYNAMIC, "[]", node.span)
    shown = part if keys else call_function(scope, "coalesce", [part, empty], node.span)
    aggregate = AggregateCall(columns=(raw,), call=call, order=order)
    return BoundAggregate((aggregate,), ((Column(raw.name, Type.DYNAMIC, False), shown),))


def list_with_nulls(
    scope: Scope, name: str, value: Scalar, order: tuple[OrderKey, ...], span: Span, *, has_rows: bool
) -> AggregateCall:
    """All values in an order as an array, nulls too; for operators that make arrays themselves."""
    element, kind = _element(scope, value)
    if element is not value and value.nullable:
        element = _null_or(scope, value, element, span)
    call = make_call(scope, overload_of("make_list_with_nulls", aggregate=True), (element,), span)
    call = replace(call, options=(has_rows, kind, None))
    return AggregateCall(columns=(Column(name, Type.DYNAMIC, False),), call=call, order=order)


def _null_or(scope: Scope, value: Scalar, element: Scalar, span: Span) -> Scalar:
    """The element, null where the value is. A string is never null; as a dynamic value it may be."""
    present = call_function(scope, "isnotnull", [value], span)
    none = Constant(Type.DYNAMIC, None, span)
    case = make_call(scope, overload_of("case"), (present, element, none), span, Type.DYNAMIC)
    return replace(case, nullable=True)


def _element(scope: Scope, value: Scalar) -> tuple[Scalar, str]:
    """A value as it stands in JSON, and what it is."""
    if value.type in _AS_TEXT:
        return convert(scope, value, Type.STRING), "native"
    if value.type is Type.REAL:
        return call_function(scope, "json of real", [value, text_within_json(scope, value)], value.span), "json"
    if value.type is Type.DYNAMIC:
        return value, "flat"
    return value, "native"


def _bag(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall:
    """make_bag: what is no bag is passed over."""
    has_predicate = function.name.endswith("_if")
    least = 2 if has_predicate else 1
    check_count(scope, node, (least, least + 1))
    value = bind_scalar(scope, node.arguments[0])
    if value.type is not Type.DYNAMIC:
        raise scope.error("KQL102", f"{node.name} takes a dynamic value, this is {value.type}", node.arguments[0].span)
    if len(node.arguments) > least:
        raise scope.error("KQL204", f"{node.name} with a limit keeps members that Kusto chooses", node.span)
    predicates = (bind_predicate(scope, node.arguments[1]),) if has_predicate else ()
    call = _with_rows(make_call(scope, function.overloads[0], (value, *predicates), node.span), keys)
    return AggregateCall(columns=(_column(function, node, call),), call=call, order=_order(scope))


# ---------------------------------------------------------------- several columns


_Returned = list[tuple[int, str | None, Scalar]]


def _returned(scope: Scope, node: syntax.Call, before: Sequence[Scalar], keys: Keys) -> _Returned:
    """(position, name, value) of what arg_max and take_any return behind the arguments ``before``.

    ``*`` is every column that is no key and is not an argument itself, whatever the key or the argument is named.
    """
    found: _Returned = []
    shown = {s.column for s in (*before, *keys.values()) if isinstance(s, ColumnRef)}
    has_star = False
    for position, argument in enumerate(node.arguments[len(before) :], start=len(before)):
        if isinstance(argument, syntax.Star):
            columns = [c for c in (scope.row.columns if scope.row else ()) if c not in shown]
            found += [(position, c.name, ColumnRef(c, argument.span)) for c in columns]
            shown.update(columns)
            has_star = True
            continue
        scalar = bind_scalar(scope, argument)
        if isinstance(scalar, ColumnRef):
            if has_star and scalar.column in shown:
                continue
            shown.add(scalar.column)
        found.append((position, result_name(argument), scalar))
    return found


def _check_varies(scope: Scope, node: syntax.Call, value: Scalar) -> None:
    """A literal in ORDER BY is a position in SQL."""
    if isinstance(value, Constant):
        raise scope.error("KQL204", f"{node.name} orders the rows by a constant", node.arguments[0].span)


def _of_row(name: str, scalar: Scalar, may_lack: bool) -> Column:
    """A column for a value of one of the rows, of which there may be none."""
    return Column(name, scalar.type, may_lack or scalar.nullable, is_end=ticks_beyond(scalar) > 0)


def _extreme(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall:
    """arg_max and arg_min: the first argument's extreme, then the returned values of one row that has it."""
    check_count(scope, node, (1, None))
    extreme = bind_scalar(scope, node.arguments[0])
    if extreme.type not in function.overloads[0].parameters[0].accepts:
        raise scope.error("KQL102", f"{node.name} does not order a {extreme.type}", node.arguments[0].span)
    _check_varies(scope, node, extreme)
    word = "max" if function.name == "arg_max" else "min"
    first_name = result_name(node.arguments[0])
    is_old = node.name in ("argmax", "argmin")
    prefix = f"{word}_{first_name or ''}"
    returned = _returned(scope, node, [extreme], keys)
    columns = [_of_row(prefix if is_old else first_name or f"{word}_", extreme, not keys)]
    for position, name, scalar in returned:
        old_name = f"{prefix}_{name}" if is_old and name else name
        columns.append(_of_row(old_name or f"{prefix}_arg{position}", scalar, not keys))
    call = make_call(scope, function.overloads[0], (extreme, *(s for *_, s in returned)), node.span, extreme.type)
    return AggregateCall(columns=tuple(columns), call=_with_rows(call, keys))


def _any(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> AggregateCall:
    """take_any: values of one row; the old ``any`` prefixes their names."""
    check_count(scope, node, (1, None))
    returned = _returned(scope, node, [], keys)
    if not returned:
        raise scope.error("KQL105", f"{node.name}(*) returns nothing: every column is a key", node.span)
    prefix = "any_" if node.name == "any" else ""
    alone = prefix if prefix and len(node.arguments) == 1 else ""
    columns = [_of_row(f"{prefix}{n}" if n else alone or f"any_arg{p}", s, True) for p, n, s in returned]
    call = make_call(scope, function.overloads[0], tuple(s for *_, s in returned), node.span, returned[0][2].type)
    return AggregateCall(columns=tuple(columns), call=_with_rows(call, keys))


_RANKED = NUMBERS | {Type.DATETIME, Type.TIMESPAN}
# A percentile of ints is a long, one of decimals a real.
_RANKED_AS = {Type.INT: Type.LONG, Type.DECIMAL: Type.REAL}


def _percentiles(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> BoundAggregate:
    """percentile, percentiles and percentiles_array: a column for each percentage, or one array of them."""
    check_count(scope, node, (2, None))
    value = bind_scalar(scope, node.arguments[0])
    if value.type not in _RANKED:
        raise scope.error(
            "KQL102", f"{node.name} takes numbers and times, this is {value.type}", node.arguments[0].span
        )
    _check_varies(scope, node, value)
    points = _points(scope, node.arguments[1:])
    name = result_name(node.arguments[0]) or ""
    value = convert(scope, value, _RANKED_AS.get(value.type, value.type))
    t = value.type
    columns = tuple(Column(f"percentile_{name}_{_point_text(p)}", t, True) for p in points)
    call = make_call(scope, function.overloads[0], (value, *points), node.span, t)
    aggregate = AggregateCall(columns=columns, call=_with_rows(call, keys))
    return shown_percentiles(scope, node, (aggregate,), name)


def shown_percentiles(scope: Scope, node: syntax.Call, calls: tuple[AggregateCall, ...], name: str) -> BoundAggregate:
    """The columns of percentiles, or of ``…_array`` one array."""
    columns = [c for call in calls for c in call.columns]
    refs = [ColumnRef(c, node.span) for c in columns]
    if not node.name.endswith("_array"):
        return BoundAggregate(calls, tuple(zip(columns, refs, strict=True)))
    array = packed(scope, "pack_array", refs, node.span)
    return BoundAggregate(calls, ((Column(f"percentiles_{name}", Type.DYNAMIC, False), array),))


def _points(scope: Scope, arguments: tuple[syntax.Expr, ...]) -> list[Constant]:
    """The percentages: numbers, or one dynamic array of numbers."""
    points: list[Constant] = []
    for argument in arguments:
        point = bind_constant(scope, argument, "the percentage")
        if point.type is Type.DYNAMIC and len(arguments) == 1:
            values = json.loads(str(point.value))
            points += [Constant(Type.REAL, float(v), point.span) for v in values]
            continue
        if point.type not in NUMBERS or point.value is None:
            raise scope.error("KQL102", "a percentage must be a number", argument.span)
        points.append(point)
    if any(not 0 <= float(str(p.value)) <= 100 for p in points):
        raise scope.error("KQL104", "a percentage lies between 0 and 100", arguments[0].span)
    return points


def _point_text(point: Constant) -> str:
    value = point.value
    return (str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)).replace(".", "_")


def _weighted(scope: Scope, function: Function, node: syntax.Call, keys: Keys) -> BoundAggregate:
    """Percentilew and kin: the least value up to which the weights make up the percentage of all weights."""
    check_count(scope, node, (3, None))
    value, weight = (bind_scalar(scope, a) for a in node.arguments[:2])
    if value.type not in _RANKED or weight.type not in INTEGERS or any(k.type is Type.REAL for k in keys):
        raise scope.error("KQL204", f"{node.name} takes a number or time and whole weights, by no reals", node.span)
    span = node.span
    zero = Constant(Type.LONG, 0, span)
    present = call_function(scope, "isnotnull", [value], span)
    weight = make_call(scope, overload_of("case"), (present, weight, zero), span, Type.LONG)
    weight = make_call(scope, overload_of("coalesce", "coalesce"), (weight, zero), span, Type.LONG)
    parts = tuple(keys.values())
    up_to = WindowCall(overload_of("sum up to"), (weight,), Type.LONG, False, (OrderKey.ascending(value),), parts, span)
    total = WindowCall(overload_of("total sum"), (weight,), Type.LONG, False, (), parts, span)
    name = result_name(node.arguments[0]) or ""
    value = convert(scope, value, Type.REAL) if value.type is Type.DECIMAL else value
    t = _RANKED_AS.get(value.type, value.type)
    calls = []
    for point in _points(scope, node.arguments[2:]):
        whole, _, digits = str(point.value).partition(".")
        top, bottom = (Constant(Type.LONG, n, span) for n in (int(whole + digits), 100 * 10 ** len(digits)))
        reached = binary(
            scope, ">=", binary(scope, "*", up_to, bottom, span), binary(scope, "*", total, top, span), span
        )
        counts = connect(scope, "and", [binary(scope, ">", weight, zero, span), reached], span)
        least = call_function(scope, "minif", [value, counts], span, aggregate=True)
        column = Column(f"percentile_{name}_{_point_text(point)}", t, True)
        calls.append(AggregateCall(columns=(column,), call=_with_rows(least, keys)))
    return shown_percentiles(scope, node, tuple(calls), name)


Binder = Callable[[Scope, Function, syntax.Call, Keys], AggregateCall | BoundAggregate]
_BINDERS: dict[str, Binder] = {
    "count": _count,
    **dict.fromkeys(("covariance", "covarianceif", "covariancep", "covariancepif"), _covariance),
    **dict.fromkeys(("make_list", "make_list_if", "make_list_with_nulls", "make_set", "make_set_if"), _list),
    **dict.fromkeys(("make_bag", "make_bag_if", "make_dictionary"), _bag),
    **dict.fromkeys(("arg_max", "arg_min"), _extreme),
    "take_any": _any,
    **dict.fromkeys(("percentile", "percentiles_array"), _percentiles),
    **dict.fromkeys(("percentilew", "percentilesw", "percentilesw_array"), _weighted),
}
