"""Distances on a sphere, in SQL that every target reads."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call, Constant, Scalar
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


# The components, to the east and to the north, of the way from one point to another. Both vanish between equal and between
# antipodal points.
_EASTWARD = f"SIN(({{x2}} - {{x1}}) * {_DEGREE}) * COS({{y2}} * {_DEGREE})"
_NORTHWARD = (
    f"COS({{y1}} * {_DEGREE}) * SIN({{y2}} * {_DEGREE}) "
    f"- SIN({{y1}} * {_DEGREE}) * COS({{y2}} * {_DEGREE}) * COS(({{x2}} - {{x1}}) * {_DEGREE})"
)
_TURN = "6.283185307179586e0"
_NOISE = "1e-14"


def _direction(speller: Speller, here: tuple[Scalar, Scalar], there: tuple[Scalar, Scalar]) -> exp.Expr:
    """The azimuth from one point to another between -π and π; NULL off the globe, and where there is no direction."""
    on_globe = " AND ".join(
        f"{{{a}}} BETWEEN -{m} AND {m}" for a, m in (("x1", 180), ("y1", 90), ("x2", 180), ("y2", 90))
    )
    slots = ("x1", "y1", "x2", "y2")

    def over(left: tuple[str, ...], trees: dict[str, exp.Expr]) -> exp.Expr:
        if left:
            scalar = (*here, *there)[slots.index(left[0])]
            return speller.once(speller.value(scalar), lambda v: over(left[1:], {**trees, left[0]: v}))
        east, north = speller.sql(_EASTWARD, **trees), speller.sql(_NORTHWARD, **trees)
        found = speller.once(
            east,
            lambda e: speller.once(
                north,
                lambda n: speller.sql(
                    f"CASE WHEN ABS({{e}}) + ABS({{n}}) > {_NOISE} THEN ATAN2({{e}}, {{n}}) END", e=e, n=n
                ),
            ),
        )
        return speller.sql(f"CASE WHEN {on_globe} THEN {{found}} END", found=found, **trees)

    return over(slots, {})


def _azimuth(speller: Speller, call: Call) -> exp.Expr:
    x1, y1, x2, y2 = call.arguments
    return _turned(speller, _direction(speller, (x1, y1), (x2, y2)))


def _angle(speller: Speller, call: Call) -> exp.Expr:
    """At the second point, with the clock from the first to the third."""
    x1, y1, x2, y2, x3, y3 = call.arguments
    first, last = _direction(speller, (x2, y2), (x1, y1)), _direction(speller, (x2, y2), (x3, y3))
    return _turned(speller, speller.sql("{b} - {a}", a=first, b=last))


def _turned(speller: Speller, angle: exp.Expr) -> exp.Expr:
    """An angle from 0 up to a whole turn."""
    return speller.once(angle, lambda v: speller.sql(f"CASE WHEN {{v}} < 0 THEN {{v}} + {_TURN} ELSE {{v}} END", v=v))


SPELLINGS: dict[str, Spelling] = {
    "geo_distance_2points": _distance,
    "geo_point_in_circle": _in_circle,
    "geo_azimuth": _azimuth,
    "geo_angle": _angle,
}
