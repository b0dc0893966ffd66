"""Comparisons and choices over constants, for places that take a constant only: ``take iff(days == 0, 1, days)``.

Elsewhere they are left as they are written: a reader finds them in the SQL again.
"""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable

from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.semantics.constants.conversions import fold_conversion
from transpiler.semantics.constants.folding import fold
from transpiler.types import INTEGERS, Type

_COMPARED: dict[str, Callable[[object, object], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,  # type: ignore[dict-item]  # two values of one type
    "<=": operator.le,  # type: ignore[dict-item]
    ">": operator.gt,  # type: ignore[dict-item]
    ">=": operator.ge,  # type: ignore[dict-item]
}
_MOST = 1000  # elements of an array that is written out
_EXACT_BITS = 53  # of a whole number that is a real
_ORDERED = frozenset({Type.INT, Type.LONG, Type.REAL, Type.DATETIME, Type.TIMESPAN})


def computed(scalar: Scalar) -> Constant | None:
    """The constant that a scalar comes to; None where it reads a row, or is of another kind than those here."""
    if isinstance(scalar, Constant):
        return scalar
    if not isinstance(scalar, Call):
        return None
    return _KINDS.get(scalar.overload.name, _folded)(scalar)


def truth(scalar: Scalar) -> bool | None:
    """What a condition over constants comes to, null as false; None for any other."""
    constant = computed(scalar)
    return None if constant is None else bool(constant.value)


def _all(call: Call) -> list[Constant] | None:
    found = [computed(a) for a in call.arguments]
    known = [c for c in found if c is not None]
    return known if len(known) == len(found) else None


def _compared(call: Call) -> Constant | None:
    """Texts are only equal or not: how Kusto orders them is not asked here."""
    arguments = _all(call)
    if arguments is None:
        return None
    left, right = arguments
    name = call.overload.name
    is_equality = left.type is right.type in (Type.STRING, Type.BOOL) and name in ("==", "!=")
    if not is_equality and not {left.type, right.type} <= _ORDERED:
        return None
    if left.value is None or right.value is None:
        return None
    return Constant(Type.BOOL, _COMPARED[name](left.value, right.value), call.span)


def _connected(call: Call) -> Constant | None:
    arguments = _all(call)
    if arguments is None or any(a.value is None for a in arguments):
        return None
    values = [bool(a.value) for a in arguments]
    name = call.overload.name
    result = not values[0] if name == "not" else all(values) if name == "and" else any(values)
    return Constant(Type.BOOL, result, call.span)


def _chosen(call: Call) -> Constant | None:
    """``case`` and ``iff``: what is not chosen need be no constant."""
    *pairs, last = call.arguments
    for condition, value in zip(pairs[::2], pairs[1::2], strict=True):
        holds = truth(condition)
        if holds is None:
            return None
        if holds:
            return computed(value)
    return computed(last)


def _first(call: Call) -> Constant | None:
    for argument in call.arguments:
        constant = computed(argument)
        if constant is None or constant.value not in (None, ""):
            return constant
    return constant


def _extreme(call: Call) -> Constant | None:
    arguments = _all(call)
    if arguments is None or any(a.value is None or a.type not in _ORDERED for a in arguments):
        return None
    best = max if call.overload.name == "max_of" else min
    return best(arguments, key=lambda a: a.value)  # type: ignore[arg-type,return-value]  # values of one type


def _length(call: Call) -> Constant | None:
    arguments = _all(call)
    if arguments is None:
        return None
    value = arguments[0].value
    found = json.loads(value) if isinstance(value, str) and arguments[0].type is Type.DYNAMIC else None
    return Constant(Type.LONG, len(found), call.span) if isinstance(found, list) else None


def _repeated(call: Call) -> Constant | None:
    arguments = _all(call)
    if arguments is None:
        return None
    element, count = arguments
    if not isinstance(count.value, int) or not 0 <= count.value <= _MOST:
        return None
    written = "null" if element.value is None else str(element.value)
    return Constant(Type.DYNAMIC, f"[{','.join([written] * count.value)}]", call.span)


def _ranged(call: Call) -> Constant | None:
    """Whole numbers only: sums of reals are the engine's."""
    values = [a.value for a in _all(call) or () if a.type in INTEGERS]
    if len(values) != 3 or not all(isinstance(v, int) for v in values):
        return None
    start, stop, step = (int(v) for v in values if v is not None)
    if step == 0 or (stop - start) // step > _MOST:
        return None
    listed = range(start, stop + (1 if step > 0 else -1), step)
    return Constant(Type.DYNAMIC, f"[{','.join(map(str, listed))}]", call.span)


def _power(call: Call) -> Constant | None:
    """Of whole numbers that come to one that a real holds exactly; the rest is rounded by the engine."""
    values = [float(str(a.value)) for a in _all(call) or () if a.value is not None]
    if len(values) != 2 or not all(math.isfinite(v) and v == int(v) for v in values):
        return None
    base, exponent = (int(v) for v in values)
    if not 0 <= exponent <= _EXACT_BITS or abs(base) ** exponent > 1 << _EXACT_BITS:
        return None
    return Constant(Type.REAL, float(base**exponent), call.span)


def _converted(call: Call) -> Constant | None:
    arguments = _all(call)
    return fold_conversion(arguments[0], call.type) if arguments else None


def _folded(call: Call) -> Constant | None:
    """An operator over what comes to constants."""
    arguments = _all(call)
    return fold(call.overload.key, call.type, tuple(arguments)) if arguments else None


_KINDS: dict[str, Callable[[Call], Constant | None]] = {
    **dict.fromkeys(_COMPARED, _compared),
    **dict.fromkeys(("and", "or", "not"), _connected),
    "case": _chosen,
    "coalesce": _first,
    **dict.fromkeys(("max_of", "min_of"), _extreme),
    "pow": _power,
    **dict.fromkeys(("toint", "tolong", "toreal"), _converted),
    "array_length": _length,
    "repeat": _repeated,
    "range": _ranged,
}
