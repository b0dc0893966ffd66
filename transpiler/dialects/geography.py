"""Distances on a sphere, in SQL that every target reads."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call, Constant
from transpiler.types import Type

_DIAMETER = f"{2 * 6371010}e0"
_DEGREE = "1.7453292519943295e-2"
# Haversine. Rounding may leave a square above 1, which ASIN refuses.
_DISTANCE = (
    f"CASE WHEN {{x1}} BETWEEN -180 AND 180 AND {{x2}} BETWEEN -180 AND 180 AND {{y1}} BETWEEN -90 AND 90 "
    f"AND {{y2}} BETWEEN -90 AND 90 THEN {_DIAMETER} * ASIN(LEAST(1e0, SQRT("
    f"POW(SIN(({{y2}} - {{y1}}) * {_DEGREE} / 2e0), 2) + COS({{y1}} * {_DEGREE}) * COS({{y2}} * {_DEGREE}) "
    f"* POW(SIN(({{x2}} - {{x1}}) * {_DEGREE} / 2e0), 2)))) END"
)


def _distance(speller: Speller, call: Call) -> exp.Expr:
    x1, y1, x2, y2, *spheroid = call.arguments
    if spheroid and isinstance(spheroid[0], Constant) and spheroid[0].value:
        raise speller.refuse("geo_distance_2points on a spheroid is not translated", spheroid[0].span)

    def over(names: tuple[str, ...], trees: dict[str, exp.Expr]) -> exp.Expr:
        if not names:
            return speller.sql(_DISTANCE, **trees)
        scalar = dict(zip(("x1", "y1", "x2", "y2"), (x1, y1, x2, y2), strict=True))[names[0]]
        return speller.once(speller.value(scalar), lambda v: over(names[1:], {**trees, names[0]: v}))

    return over(("x1", "y1", "x2", "y2"), {})


def _in_circle(speller: Speller, call: Call) -> exp.Expr:
    *points, radius = call.arguments
    distance = _distance(speller, replace(call, arguments=tuple(points), type=Type.REAL))
    test = "CASE WHEN {r} >= 0 THEN {d} <= {r} END"
    return speller.once(speller.value(radius), lambda r: speller.sql(test, d=distance, r=r))


SPELLINGS: dict[str, Spelling] = {"geo_distance_2points": _distance, "geo_point_in_circle": _in_circle}
