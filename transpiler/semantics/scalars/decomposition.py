"""Seasons, trends and outliers of a series: series_decompose and its family, series_seasonal, series_outliers.

The components are those of Kusto's documentation: the season is the median of the points of the same phase, the trend is the
average or the line of what is left. The scores are those that its author and its answers show (https://stackoverflow.com/q/75264555).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.semantics.dispatch import (
    bind_constant,
    bind_whole,
    binds_columns,
    binds_function,
)
from transpiler.semantics.names import result_name
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.series_functions import series_of
from transpiler.semantics.scope import Scope
from transpiler.types import NUMBERS

_COMPONENTS = ("baseline", "seasonal", "trend", "residual")
_TRENDS = ("avg", "linefit", "none")
_DEFAULT_THRESHOLD = 1.5
# (low percentile, high percentile, factor). The factor makes the scores of normally distributed values alike at 1.5; Kusto
# computes it from quantiles of its own, which no formula gives: this is what its answers come to, to the last digit.
_FENCES = {"ctukey": (10, 90, 2.772605605507915), "tukey": (25, 75, 1.0)}


@dataclass(frozen=True, slots=True)
class _Model:
    """What to extract: a season of so many points (0: none), a trend; the last ``held_out`` points teach nothing."""

    period: int
    trend: str = "none"
    held_out: int = 0


def _period(scope: Scope, node: syntax.Call, position: int) -> int:
    """The period, which must be given: -1, the default, has Kusto detect it."""
    is_given = len(node.arguments) > position
    span = node.arguments[position].span if is_given else node.span
    period = bind_whole(scope, node.arguments[position], "the period") if is_given else -1
    if period == -1:
        raise scope.error(
            "KQL201",
            f"{node.name} is not translated without a period: it would be found by Kusto's own detection, and which peaks "
            "of the autocorrelation count as periods is not documented",
            span,
            hint=f"give the number of points in a season as argument {position + 1}, e.g. 7 for days, 24 for hours, or 0 for none",
        )
    return period


def _model(scope: Scope, node: syntax.Call, position: int, held_out: int) -> _Model:
    """The model of the arguments from ``position`` on: the period, the trend."""
    period = _period(scope, node, position)
    if period < 0:
        raise scope.error("KQL204", "a period below -1 is not documented", node.arguments[position].span)
    trend = _choice(scope, node, position + 1, _TRENDS, "the trend")
    return _Model(period, trend, held_out)


def _choice(scope: Scope, node: syntax.Call, position: int, words: tuple[str, ...], what: str) -> str:
    """One of some words; the first by default."""
    if len(node.arguments) <= position:
        return words[0]
    value = bind_constant(scope, node.arguments[position], what).value
    if value not in words:
        raise scope.error("KQL104", f"{what} is one of {', '.join(words)}", node.arguments[position].span)
    return str(value)


def _points(scope: Scope, node: syntax.Call, position: int) -> int:
    """How many points at the end are held out."""
    if len(node.arguments) <= position:
        return 0
    points = bind_whole(scope, node.arguments[position], "the number of points")
    if points < 0:
        raise scope.error("KQL104", "the number of points is not negative", node.arguments[position].span)
    return points


def _component(scope: Scope, node: syntax.Call, series: Scalar, which: str, model: _Model) -> Call:
    call = call_function(scope, "series component", [series], node.span)
    return replace(call, options=(which, model.period, model.trend, model.held_out))


def _named(node: syntax.Call, parts: dict[str, Scalar]) -> list[tuple[str | None, Scalar]]:
    name = result_name(node.arguments[0]) or ""
    return [(f"{node.name}_{name}_{which}", scalar) for which, scalar in parts.items()]


def _components(scope: Scope, node: syntax.Call, series: Scalar, model: _Model) -> list[tuple[str | None, Scalar]]:
    return _named(node, {w: _component(scope, node, series, w, model) for w in _COMPONENTS})


@binds_columns("series_decompose", takes=(1, 5))
def _decompose(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
    """series_decompose: four columns."""
    series = series_of(scope, node)
    return _components(scope, node, series, _model(scope, node, 1, _points(scope, node, 3)))


@binds_columns("series_decompose_forecast", takes=(2, 5))
def _forecast(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
    """series_decompose_forecast: as series_decompose, which learns from all but the last points."""
    series = series_of(scope, node)
    return _components(scope, node, series, _model(scope, node, 2, _points(scope, node, 1)))


@binds_columns("series_decompose_anomalies", takes=(1, 7))
def _anomalies(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
    """series_decompose_anomalies: the outliers of the residual, as flags and as scores, and the baseline."""
    series = series_of(scope, node)
    threshold = _threshold(scope, node)
    model = _model(scope, node, 2, _points(scope, node, 4))
    kind = _choice(scope, node, 5, tuple(_FENCES), "the method")
    scores = _scores(scope, node, _component(scope, node, series, "exact residual", model), kind, None)
    flags = replace(call_function(scope, "series flags", [scores], node.span), options=(threshold,))
    baseline = _component(scope, node, series, "baseline", model)
    return _named(node, {"ad_flag": flags, "ad_score": scores, "baseline": baseline})


def _threshold(scope: Scope, node: syntax.Call) -> float:
    if len(node.arguments) < 2:
        return _DEFAULT_THRESHOLD
    constant = bind_constant(scope, node.arguments[1], "the threshold")
    value = _number(constant)
    if value is None:
        raise scope.error("KQL104", "the threshold is a number", node.arguments[1].span)
    return value


def _number(constant: Constant) -> float | None:
    """The finite number of a constant."""
    if constant.type not in NUMBERS or constant.value is None:
        return None
    value = float(str(constant.value))
    return value if math.isfinite(value) else None


def _scores(scope: Scope, node: syntax.Call, series: Scalar, kind: str, missing: float | None) -> Call:
    call = call_function(scope, "series_outliers", [series], node.span)
    return replace(call, options=(*_FENCES[kind], missing))


@binds_function("series_seasonal", takes=(1, 2))
def _seasonal(scope: Scope, node: syntax.Call) -> Scalar:
    """The seasonal component; a series of zeros for a period that is not positive."""
    series = series_of(scope, node)
    return _component(scope, node, series, "seasonal", _Model(max(_period(scope, node, 1), 0)))


@binds_function("series_outliers", takes=(1, 5))
def _outliers(scope: Scope, node: syntax.Call) -> Scalar:
    """The scores of Tukey's test."""
    series = series_of(scope, node)
    kind = _choice(scope, node, 1, tuple(_FENCES), "the kind")
    missing = None
    if len(node.arguments) > 2:
        constant = bind_constant(scope, node.arguments[2], "the missing value")
        missing = _number(constant)
        if missing is None and constant.value is not None:
            raise scope.error(
                "KQL204", "a missing value that is no finite number is not translated", node.arguments[2].span
            )
    if kind == "ctukey":
        _check_percentiles(scope, node)
    return _scores(scope, node, series, kind, missing)


def _check_percentiles(scope: Scope, node: syntax.Call) -> None:
    for argument, known in zip(node.arguments[3:], _FENCES["ctukey"], strict=False):
        if _number(bind_constant(scope, argument, "the percentile")) != known:
            raise scope.error(
                "KQL204",
                f"how Kusto scales scores between other percentiles than {_FENCES['ctukey'][0]} and "
                f"{_FENCES['ctukey'][1]} is not documented",
                argument.span,
            )
