"""Functions over dynamic arrays and bags that take constants, defaults, or values of any type."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import replace

from transpiler.functions.arrays import MOST_VALUES
from transpiler.kql import syntax
from transpiler.plan.scalars import Constant, Path, Scalar
from transpiler.plan.ticks import ticks_beyond, whole_microseconds
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_columns, binds_function
from transpiler.semantics.names import sorted_name
from transpiler.semantics.scalars.calls import call_function, convert, make_call, overload_of
from transpiler.semantics.scalars.json_paths import canonical_text, path_steps
from transpiler.semantics.scalars.packing import as_dynamic
from transpiler.semantics.scope import Scope, type_argument
from transpiler.types import INTEGERS, NUMBERS, Type, widest


def _bound(scope: Scope, node: syntax.Call) -> list[Scalar]:
    return [bind_scalar(scope, a) for a in node.arguments]


def _with_value(name: str, position: int, least: int, most: int) -> None:
    """A function of which one argument may have any type."""

    @binds_function(name, takes=(least, most))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        arguments = _bound(scope, node)
        arguments[position] = as_dynamic(scope, arguments[position])
        return call_function(scope, name, arguments, node.span)


_with_value("array_index_of", 1, 2, 5)
_with_value("set_has_element", 1, 2, 2)
_with_value("repeat", 0, 2, 2)


def _shifting(name: str, *, to_left: bool) -> None:
    @binds_function(name, takes=(2, 3))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        array, shift, *default = _bound(scope, node)
        values = [as_dynamic(scope, d) for d in default]
        return call_function(scope, "shifted array", [array, _left(scope, shift, to_left), *values], node.span)


def _rotating(name: str, *, to_left: bool) -> None:
    @binds_function(name, takes=(2, 2))
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        array, shift = _bound(scope, node)
        return call_function(scope, "rotated array", [array, _left(scope, shift, to_left)], node.span)


def _left(scope: Scope, shift: Scalar, to_left: bool) -> Scalar:
    if to_left:
        return shift
    if isinstance(shift, Constant) and isinstance(shift.value, int):
        return replace(shift, value=-shift.value)
    return call_function(scope, "unary -", [shift], shift.span)


_shifting("array_shift_left", to_left=True)
_shifting("array_shift_right", to_left=False)
_rotating("array_rotate_left", to_left=True)
_rotating("array_rotate_right", to_left=False)


@binds_function("array_iff", "array_iif", takes=(3, 3))
def _array_iff(scope: Scope, node: syntax.Call) -> Scalar:
    """A branch that is no array stands for every element."""
    conditions, *branches = _bound(scope, node)
    return call_function(scope, "array_iff", [conditions, *(as_dynamic(scope, b) for b in branches)], node.span)


@binds_function("array_split", takes=(2, 2))
def _array_split(scope: Scope, node: syntax.Call) -> Scalar:
    """Cut at one position or at several; how many must be known, and which, where they are several."""
    array, index = _bound(scope, node)
    positions: object = [] if index.type in INTEGERS and not isinstance(index, Constant) else None
    if isinstance(index, Constant):
        positions = json.loads(str(index.value)) if index.type is Type.DYNAMIC and index.value else [index.value]
    if not isinstance(positions, list) or not all(type(p) is int for p in positions):
        raise scope.error("KQL204", "array_split at positions that are not constant is not translated", node.span)
    if array.type not in (Type.DYNAMIC, Type.UNKNOWN):
        raise scope.error("KQL102", f"array_split takes an array, this is {array.type}", array.span)
    array = convert(scope, array, Type.DYNAMIC)
    call = make_call(scope, overload_of("array_split"), (array, index), node.span)
    return replace(call, options=tuple(positions))


def _sorting(name: str, *, ascending: bool) -> None:
    """array_sort_asc and array_sort_desc: of several arrays each is a column, in the order of the first."""

    @binds_columns(name, takes=(1, None))
    def bind(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
        arguments = [bind_scalar(scope, a) for a in node.arguments]
        nulls_last = True
        if len(arguments) > 1 and arguments[-1].type is Type.BOOL:
            nulls_last = bool(bind_constant(scope, node.arguments[-1], "nulls_last").value)
            arguments.pop()
        for a in arguments:
            if a.type not in (Type.DYNAMIC, Type.UNKNOWN):
                raise scope.error("KQL102", f"{name} takes arrays, this is {a.type}", a.span)
        first, *others = (convert(scope, a, Type.DYNAMIC) for a in arguments)
        calls = [make_call(scope, overload_of("sorted array", "sorted array"), (first,), node.span)]
        by = overload_of("sorted array", "sorted array by")
        calls += [make_call(scope, by, (first, other), node.span) for other in others]
        options = (ascending, nulls_last)
        return [(sorted_name(node.arguments[i], i), replace(c, options=options)) for i, c in enumerate(calls)]


_sorting("array_sort_asc", ascending=True)
_sorting("array_sort_desc", ascending=False)


@binds_function("range", takes=(2, 3))
def _range(scope: Scope, node: syntax.Call) -> Scalar:
    """The step is 1, or one hour between times."""
    arguments = _bound(scope, node)
    if {Type.DATETIME, Type.TIMESPAN} & {a.type for a in arguments[:2]}:
        if len(arguments) == 2:
            arguments.append(Constant(Type.TIMESPAN, 36_000_000_000, node.span))
        start, _, step = arguments
        if ticks_beyond(start):
            reason = "the texts of a range from an end would lack its last digit, which no warehouse holds"
            raise scope.error("KQL206", reason, start.span)
        if isinstance(step, Constant) and isinstance(step.value, int) and step.value:
            arguments[1] = whole_microseconds(arguments[1], upward=step.value < 0)
        return call_function(scope, "range", arguments, node.span)
    if len(arguments) == 2:
        arguments.append(Constant(Type.LONG, 1, node.span))
    check_finite(scope, arguments)
    types = {a.type for a in arguments}
    if types <= NUMBERS:
        wanted = widest(types)
        wanted = Type.LONG if wanted in INTEGERS else Type.REAL
        arguments = [a if a.type in INTEGERS and wanted is Type.LONG else convert(scope, a, wanted) for a in arguments]
    return call_function(scope, "range", _cut_short(arguments), node.span)


def check_finite(scope: Scope, limits: Iterable[Scalar]) -> None:
    """Raises KqlError (KQL204) for a limit or step of a range that is a constant NaN or infinity: no page says what then is."""
    for limit in limits:
        if isinstance(limit, Constant) and isinstance(limit.value, float) and not math.isfinite(limit.value):
            raise scope.error("KQL204", "what a range makes of NaN or an infinity is not documented", limit.span)


def _cut_short(arguments: list[Scalar]) -> list[Scalar]:
    """The arguments of a range of constants, ending where Kusto ends it."""
    start, stop, step = (a.value if isinstance(a, Constant) else None for a in arguments)
    if not (isinstance(start, int) and isinstance(stop, int) and isinstance(step, int)):
        return arguments
    last = start + (MOST_VALUES - 1) * step
    if not step or (stop - last) * step <= 0:
        return arguments
    return [arguments[0], Constant(Type.LONG, last, arguments[1].span), arguments[2]]


@binds_function("extract_json", "extractjson", takes=(2, 3))
def _extract_json(scope: Scope, node: syntax.Call) -> Scalar:
    """The value at a constant JSON path of a text, as a type."""
    written = bind_constant(scope, node.arguments[0], "the path")
    text = bind_scalar(scope, node.arguments[1])
    for given in (written, text):
        if given.type not in (Type.STRING, Type.DYNAMIC, Type.UNKNOWN):
            raise scope.error("KQL102", f"{node.name} takes strings, this is {given.type}", given.span)
    steps = path_steps(str(written.value or ""))
    if steps is None:
        raise scope.error("KQL204", f"the JSON path '{written.value}' is not translated", node.arguments[0].span)
    text = convert(scope, text, Type.STRING)
    base = call_function(scope, "parse_json", [text], node.span)
    value: Scalar = Path(base, steps, node.span) if steps else base
    wanted = type_argument(scope, node.arguments[2]) if len(node.arguments) == 3 else Type.STRING
    return convert(scope, value, wanted)


@binds_function("dynamic_to_json", takes=(1, 1))
def _dynamic_to_json(scope: Scope, node: syntax.Call) -> Scalar:
    """The canonical text of a value; a constant's is written here."""
    (value,) = _bound(scope, node)
    value = as_dynamic(scope, value)
    if isinstance(value, Constant) and value.value is not None:
        return Constant(Type.STRING, canonical_text(str(value.value)), node.span)
    return call_function(scope, "dynamic_to_json", [value], node.span)


_PATHS = ("$.", "$[")


def _key_steps(scope: Scope, node: syntax.Call, key: Constant) -> tuple[str, ...]:
    """The names that lead to a member: one, or several for a JSON path (``$.a.b``)."""
    written = str(key.value or "")
    if not written.startswith(_PATHS) and written != "$":
        return (written,)
    names = [s for s in path_steps(written) or () if isinstance(s, str)]
    if len(names) != len(path_steps(written) or ()) or not names:
        raise scope.error("KQL204", f"the JSON path '{written}' is not translated in {node.name}", node.span)
    return tuple(names)


@binds_function("bag_has_key", takes=(2, 2))
def _bag_has_key(scope: Scope, node: syntax.Call) -> Scalar:
    """A constant key may be a path; the options are its steps."""
    call = call_function(scope, "bag_has_key", _bound(scope, node), node.span)
    key = call.arguments[1]
    return replace(call, options=_key_steps(scope, node, key)) if isinstance(key, Constant) else call


@binds_function("bag_set_key", takes=(3, 3))
def _bag_set_key(scope: Scope, node: syntax.Call) -> Scalar:
    """The options are the steps to the member."""
    bag, key, value = _bound(scope, node)
    if not isinstance(key, Constant):
        raise scope.error("KQL104", "the key must be a constant", node.arguments[1].span)
    call = call_function(scope, "bag_set_key", [bag, key, as_dynamic(scope, value)], node.span)
    return replace(call, options=_key_steps(scope, node, key))


@binds_function("bag_remove_keys", takes=(2, 2))
def _bag_remove_keys(scope: Scope, node: syntax.Call) -> Scalar:
    """Keys of a constant array that are paths lead to members of inner bags; each option is the steps of one, as JSON."""
    bag, keys = _bound(scope, node)
    paths: list[str] = []
    if (
        isinstance(keys, Constant)
        and keys.type is Type.DYNAMIC
        and isinstance(listed := json.loads(str(keys.value or "null")), list)
    ):
        paths = [
            json.dumps(_key_steps(scope, node, Constant(Type.STRING, key, keys.span)))
            for key in listed
            if isinstance(key, str) and (key.startswith(_PATHS) or key == "$")
        ]
    return replace(call_function(scope, "bag_remove_keys", [bag, keys], node.span), options=tuple(paths))
