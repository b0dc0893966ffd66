"""Lengths of lines and rings on Kusto's sphere, for values that the query holds itself.

Of several lines Kusto measures the union: what is crossed or shared is not measured here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, pairwise
from typing import Any

Json = Any  # what a dynamic literal holds
Point = tuple[float, float]
Edge = tuple[Point, Point]
Vector = tuple[float, float, float]

RADIUS = 6371010.0
_TOUCHING = 1e-13


class NotMeasuredError(Exception):
    """What Kusto makes of the value is not known here."""


def line_length(value: Json) -> float | None:
    """Metres of a LineString, or of several that do not meet; None for what is no valid one."""
    kind, coordinates = _parts(value)
    if kind == "LineString":
        lines = [_points(coordinates)]
    elif kind == "MultiLineString" and isinstance(coordinates, list) and coordinates:
        lines = [_points(c) for c in coordinates]
    else:
        raise NotMeasuredError
    if any(line is None or len(line) < 2 for line in lines):
        return None
    return _total([list(pairwise(line)) for line in lines if line is not None])


def perimeter(value: Json) -> float | None:
    """Metres of the rings of a Polygon; None for what is no valid one."""
    kind, coordinates = _parts(value)
    if kind == "MultiPolygon" and isinstance(coordinates, list) and len(coordinates) == 1:
        coordinates = coordinates[0]
    elif kind != "Polygon":
        raise NotMeasuredError
    if not isinstance(coordinates, list) or not coordinates:
        raise NotMeasuredError
    rings = [_points(c) for c in coordinates]
    if any(ring is None or len(ring) < 4 or ring[0] != ring[-1] for ring in rings):
        return None
    if any(len(set(ring[1:])) < len(ring) - 1 for ring in rings if ring is not None):
        return None
    edges = [list(pairwise(ring)) for ring in rings if ring is not None]
    if any(_meet(a, b) for ring in edges for a, b in combinations(ring, 2) if not set(a) & set(b)):
        raise NotMeasuredError
    return _total(edges)


def _parts(value: Json) -> tuple[Json, Json]:
    if not isinstance(value, dict) or set(value) != {"type", "coordinates"}:
        raise NotMeasuredError
    return value["type"], value["coordinates"]


def _points(value: Json) -> list[Point] | None:
    """Points on the globe; None when one is not."""
    if not isinstance(value, list) or not all(isinstance(p, list) and len(p) == 2 for p in value):
        raise NotMeasuredError
    if not all(isinstance(c, int | float) and not isinstance(c, bool) for p in value for c in p):
        raise NotMeasuredError
    found = [(float(x), float(y)) for x, y in value]
    return found if all(abs(x) <= 180 and abs(y) <= 90 for x, y in found) else None


def _total(lines: Sequence[list[Edge]]) -> float | None:
    edges = [edge for line in lines for edge in line]
    if any(a == b for a, b in edges) or any(
        _meet(a, b) for one, other in combinations(lines, 2) for a in one for b in other
    ):
        raise NotMeasuredError
    lengths = [_length(edge) for edge in edges]
    return None if any(n > math.pi - _TOUCHING for n in lengths) else math.fsum(lengths) * RADIUS


def _length(edge: Edge) -> float:
    (x1, y1), (x2, y2) = ((math.radians(x), math.radians(y)) for x, y in edge)
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    return 2 * math.asin(min(1.0, math.sqrt(half)))


def _vector(point: Point) -> Vector:
    x, y = map(math.radians, point)
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


def _side(edge: Edge, point: Point) -> float:
    """On which side of an edge's great circle a point lies."""
    (a, b, c), (d, e, f), (x, y, z) = _vector(edge[0]), _vector(edge[1]), _vector(point)
    return (b * f - c * e) * x + (c * d - a * f) * y + (a * e - b * d) * z


def _meet(one: Edge, other: Edge) -> bool:
    """Whether two edges cross or touch, or may do so."""
    sides = [_side(one, p) for p in other] + [_side(other, p) for p in one]
    if any(abs(s) < _TOUCHING for s in sides):
        return True
    return sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0
