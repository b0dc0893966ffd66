"""Functions over series that are more than a declaration: several columns, placeholders, constant filters."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.semantics.dispatch import bind_constant, bind_scalar, binds_columns, binds_function
from transpiler.semantics.names import result_name
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.packing import packed
from transpiler.semantics.scope import Scope
from transpiler.types import NUMBERS, Type

_STATISTICS = ("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance")
_LINE = ("rsquare", "slope", "variance", "rvariance", "interception", "line_fit")


def series_of(scope: Scope, node: syntax.Call) -> Scalar:
    """The series that a function takes as its first argument. Raises KqlError (KQL102) for what is not dynamic."""
    series = bind_scalar(scope, node.arguments[0])
    if series.type is not Type.DYNAMIC:
        raise scope.error("KQL102", f"{node.name} takes an array, this is {series.type}", node.arguments[0].span)
    return series


def _statistic(scope: Scope, node: syntax.Call, series: Scalar, which: str, *, finite: bool) -> Call:
    key = "series index" if which in ("min_idx", "max_idx", "len") else "series statistic"
    return replace(call_function(scope, key, [series], node.span), options=(which, finite))


def _ignores(scope: Scope, node: syntax.Call) -> bool:
    if len(node.arguments) < 2:
        return False
    return bool(bind_constant(scope, node.arguments[1], "ignore_nonfinite").value)


@binds_columns("series_stats", takes=(1, 2))
def _stats(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
    """series_stats: seven columns."""
    series = series_of(scope, node)
    finite = _ignores(scope, node)
    name = result_name(node.arguments[0]) or ""
    return [(f"series_stats_{name}_{w}", _statistic(scope, node, series, w, finite=finite)) for w in _STATISTICS]


@binds_columns("series_fit_line", takes=(1, 1))
def _line(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
    """series_fit_line: six columns."""
    series = series_of(scope, node)
    name = result_name(node.arguments[0]) or ""
    return [(f"series_fit_line_{name}_{w}", line_part(scope, node, series, w)) for w in _LINE]


def line_part(scope: Scope, node: syntax.Call, series: Scalar, which: str) -> Call:
    """One of the numbers of the line through a series (``_LINE``), or its values."""
    key = "series line values" if which == "line_fit" else "series line"
    return replace(call_function(scope, key, [series], node.span), options=(which,))


@binds_function("series_stats_dynamic", takes=(1, 2))
def _stats_dynamic(scope: Scope, node: syntax.Call) -> Scalar:
    """The statistics as a bag, sum and length too."""
    series = series_of(scope, node)
    finite = _ignores(scope, node)
    words = (*_STATISTICS, "sum", "len")
    return bag_of(scope, node, {w: _statistic(scope, node, series, w, finite=finite) for w in words})


@binds_function("series_fit_line_dynamic", takes=(1, 1))
def _line_dynamic(scope: Scope, node: syntax.Call) -> Scalar:
    """The line's numbers as a bag."""
    series = series_of(scope, node)
    return bag_of(scope, node, {w: line_part(scope, node, series, w) for w in _LINE})


def bag_of(scope: Scope, node: syntax.Call, members: Mapping[str, Scalar]) -> Scalar:
    """The results of a function of series as one bag."""
    arguments: list[Scalar] = []
    for name, value in members.items():
        arguments += [Constant(Type.STRING, name, node.span), value]
    return packed(scope, "bag_pack", arguments, node.span)


def _placeholder(scope: Scope, scalar: Scalar) -> Constant | None:
    """What stands for missing values, where it is another than the null that it is by default."""
    if isinstance(scalar, Constant) and scalar.value is None:
        return None
    # What a fraction or a NaN comes to in a series of whole numbers is not documented.
    value = scalar.value if isinstance(scalar, Constant) and scalar.type in NUMBERS else None
    number = float(str(value)) if value is not None else math.nan
    if not number.is_integer() or abs(number) > _EXACT:
        raise scope.error("KQL204", "a placeholder that is no constant whole number is not translated", scalar.span)
    return Constant(Type.REAL, number, scalar.span)


_EXACT = 2**53


def _fill(name: str, position: int) -> None:
    @binds_function(name)
    def bind(scope: Scope, node: syntax.Call) -> Scalar:
        arguments = [bind_scalar(scope, a) for a in node.arguments]
        mark = _placeholder(scope, arguments.pop(position)) if len(arguments) > position else None
        if mark is None:
            return call_function(scope, name, arguments, node.span)
        series = arguments[0]
        missing = call_function(scope, "series without", [series, mark], node.span)
        filled = call_function(scope, name, [missing, *arguments[1:]], node.span)
        # What is not filled keeps its placeholder.
        return filled if name == "series_fill_const" else call_function(scope, "series or", [filled, series], node.span)


for _name, _position in {
    "series_fill_const": 2,
    "series_fill_forward": 1,
    "series_fill_backward": 1,
    "series_fill_linear": 1,
}.items():
    _fill(_name, _position)


@binds_function("series_fir", takes=(2, 4))
def _fir(scope: Scope, node: syntax.Call) -> Scalar:
    """A filter of constants. ``options``: (the coefficients as JSON, whether they are whole, centred by how much)."""
    series = series_of(scope, node)
    coefficients = _coefficients(scope, node, 1)
    flags = [bool(bind_constant(scope, a, "the flag").value) for a in node.arguments[2:]]
    normalize = flags[0] if flags else all(c >= 0 for c in coefficients)
    total = sum(coefficients)
    if normalize and any(c < 0 for c in coefficients):
        return Constant(Type.DYNAMIC, None, node.span)
    if normalize:
        if total == 0 or not math.isfinite(total):
            found = "is 0" if total == 0 else "no real holds"
            raise scope.error("KQL104", f"a filter whose sum {found} cannot be normalised", node.arguments[1].span)
        coefficients = [c / total for c in coefficients]
    shift = len(coefficients) // 2 if len(flags) > 1 and flags[1] else 0
    call = call_function(scope, "series_fir", [series, bind_scalar(scope, node.arguments[1])], node.span)
    is_whole = all(isinstance(c, int) for c in coefficients)
    return replace(call, options=(json.dumps(coefficients), is_whole, shift))


@binds_function("series_iir", takes=(3, 3))
def _iir(scope: Scope, node: syntax.Call) -> Scalar:
    """A recursive filter of constants. ``options``: (numerators, denominators) as JSON."""
    series = series_of(scope, node)
    above, below = _coefficients(scope, node, 1), _coefficients(scope, node, 2)
    if not below or below[0] == 0:
        raise scope.error("KQL104", "the first denominator must not be 0", node.arguments[2].span)
    arguments = [series, *(bind_scalar(scope, a) for a in node.arguments[1:])]
    call = call_function(scope, "series_iir", arguments, node.span)
    return replace(call, options=(json.dumps(above), json.dumps(below)))


def _coefficients(scope: Scope, node: syntax.Call, position: int) -> list[int | float]:
    constant = bind_constant(scope, node.arguments[position], "the filter")
    values = json.loads(str(constant.value)) if constant.type is Type.DYNAMIC and constant.value else None
    if not isinstance(values, list) or not values or not all(type(v) in (int, float) for v in values):
        raise scope.error("KQL104", "a filter is a constant array of numbers", node.arguments[position].span)
    try:
        numbers = [v if isinstance(v, int) and -(2**63) <= v < 2**63 else float(v) for v in values]
    except OverflowError:
        numbers = [math.inf]
    if not all(map(math.isfinite, numbers)):
        raise scope.error("KQL104", "a filter holds a number that is beyond all reals", node.arguments[position].span)
    return numbers
