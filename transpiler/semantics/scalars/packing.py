"""Functions that make dynamic values of others: bag_pack and kin, pack_array, pack_all, bag_pack_columns, and extract_json."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar
from transpiler.semantics.constants.conversions import fold_conversion, json_real_text
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_function
from transpiler.semantics.names import result_name
from transpiler.semantics.scalars.calls import call_function, convert, make_call, overload_of
from transpiler.semantics.scope import Scope, check_whole
from transpiler.source import Span
from transpiler.types import INTEGERS, Type

# What JSON has a form for; the dialects write it.
_NATIVE = frozenset({Type.STRING, Type.LONG, Type.INT, Type.BOOL, Type.DYNAMIC, Type.UNKNOWN})


def json_constant(constant: Constant) -> str | None:
    """The JSON text of a constant, ``null`` for a null; None where it is not written here."""
    value = constant.value
    if value is None:
        return '""' if constant.type is Type.STRING else "null"
    match constant.type:
        case Type.DYNAMIC:
            return str(value)
        case Type.BOOL:
            return "true" if value else "false"
        case Type.INT | Type.LONG:
            return str(value)
        case Type.STRING:
            return json.dumps(str(value), ensure_ascii=False)
        case Type.REAL:
            number = float(value)
            if math.isinf(number):
                return '"Infinity"' if number > 0 else '"-Infinity"'
            return '"NaN"' if math.isnan(number) else json_real_text(number)
        case _:
            written = fold_conversion(constant, Type.STRING)
            return None if written is None else json.dumps(str(written.value))


def as_dynamic(scope: Scope, scalar: Scalar) -> Scalar:
    """A scalar as a dynamic value: a string is a string (and not parsed), an instant the text that Kusto prints."""
    if scalar.type in (Type.DYNAMIC, Type.UNKNOWN):
        return scalar
    if isinstance(scalar, Constant) and (written := json_constant(scalar)) is not None:
        return Constant(Type.DYNAMIC, None if written == "null" else written, scalar.span)
    if scalar.type in INTEGERS or scalar.type in (Type.BOOL, Type.STRING):
        return call_function(scope, "dynamic of", [scalar], scalar.span)
    if scalar.type is Type.REAL:
        overload = overload_of("json of real")
        return make_call(scope, overload, (scalar, text_within_json(scope, scalar)), scalar.span, Type.DYNAMIC)
    return call_function(scope, "dynamic of text", [convert(scope, scalar, Type.STRING)], scalar.span)


def text_within_json(scope: Scope, real: Scalar) -> Scalar:
    """A real's text with the nearest digits; the call's option says so."""
    text = convert(scope, real, Type.STRING)
    return replace(text, options=("nearest",)) if isinstance(text, Call) else text


def element(scope: Scope, scalar: Scalar) -> Scalar:
    """A value to be put into a bag or an array."""
    return scalar if scalar.type in _NATIVE else as_dynamic(scope, scalar)


def packed(scope: Scope, name: str, arguments: Sequence[Scalar], span: Span) -> Scalar:
    """The call of ``bag_pack`` or ``pack_array``, or the constant that it comes to."""
    written = [json_constant(a) if isinstance(a, Constant) else None for a in arguments]
    if all(w is not None for w in written):
        if name == "pack_array":
            return Constant(Type.DYNAMIC, f"[{','.join(map(str, written))}]", span)
        pairs = zip(written[::2], written[1::2], strict=True)
        return Constant(Type.DYNAMIC, "{" + ",".join(f"{k}:{v}" for k, v in pairs) + "}", span)
    return make_call(scope, overload_of(name), tuple(element(scope, a) for a in arguments), span)


def member_of(scope: Scope, bag: Scalar, name: str) -> Scalar | None:
    """A member of a bag that is packed here, so that nothing is packed to be taken apart again.

    None for another bag, one without the member, and one with computed keys, which may have the same name.
    """
    if not isinstance(bag, Call) or bag.overload.name != "bag_pack":
        return None
    pairs = list(zip(bag.arguments[::2], bag.arguments[1::2], strict=True))
    if not all(isinstance(key, Constant) for key, _ in pairs):
        return None
    found = next((value for key, value in pairs if isinstance(key, Constant) and key.value == name), None)
    return None if found is None else as_dynamic(scope, found)


@binds_function("bag_pack", "pack", "pack_dictionary")
def _bag_pack(scope: Scope, node: syntax.Call) -> Scalar:
    if len(node.arguments) % 2 or not node.arguments:
        raise scope.error("KQL103", f"{node.name} takes pairs of a key and a value", node.span)
    arguments = [bind_scalar(scope, a) for a in node.arguments]
    for position in range(0, len(arguments), 2):
        key = arguments[position]
        if key.type not in (Type.STRING, Type.DYNAMIC, Type.UNKNOWN):
            raise scope.error("KQL102", f"a key of {node.name} is a string, this is {key.type}", key.span)
        arguments[position] = convert(scope, key, Type.STRING)
    keys = [a.value for a in arguments[::2] if isinstance(a, Constant)]
    if len(set(keys)) != len(keys):
        raise scope.error("KQL204", f"{node.name} with the same key twice is not translated", node.span)
    return packed(scope, "bag_pack", arguments, node.span)


@binds_function("pack_array", takes=(1, None))
def _pack_array(scope: Scope, node: syntax.Call) -> Scalar:
    if len(node.arguments) == 1 and isinstance(node.arguments[0], syntax.Star):
        return packed(scope, "pack_array", stored_columns(scope, node), node.span)
    return packed(scope, "pack_array", [bind_scalar(scope, a) for a in node.arguments], node.span)


def stored_columns(scope: Scope, node: syntax.Call) -> list[Scalar]:
    """Every column of the row that is stored."""
    if scope.row is None:
        raise scope.error("KQL105", f"{node.name} packs columns, and there are none here", node.span)
    check_whole(scope, node.name, node.span)
    return [ColumnRef(c, node.span) for c in scope.row.columns]


@binds_function("bag_pack_columns", takes=(1, None))
def _bag_pack_columns(scope: Scope, node: syntax.Call) -> Scalar:
    arguments: list[Scalar] = []
    for argument in node.arguments:
        scalar = bind_scalar(scope, argument)
        name = result_name(argument)
        if name is None or not isinstance(argument, syntax.Name):
            raise scope.error("KQL104", "bag_pack_columns takes columns", argument.span)
        arguments += [Constant(Type.STRING, name, argument.span), scalar]
    return packed(scope, "bag_pack", arguments, node.span)


@binds_function("pack_all", takes=(0, 1))
def _pack_all(scope: Scope, node: syntax.Call) -> Scalar:
    ignore = bool(node.arguments) and bool(bind_constant(scope, node.arguments[0], "ignore_null_empty").value)
    pairs = [s for c in stored_columns(scope, node) for s in (Constant(Type.STRING, _name(c), node.span), c)]
    if not ignore:
        return packed(scope, "bag_pack", pairs, node.span)
    return call_function(scope, "bag of present", [element(scope, p) for p in pairs], node.span)


def _name(scalar: Scalar) -> str:
    assert isinstance(scalar, ColumnRef)
    return scalar.column.name
