"""Polygons on Kusto's sphere that the query holds itself: which are valid, and the edges that a point is compared with.

Edges are geodesics. A ring stands for the smaller of the two regions that it bounds, whatever its direction; here it must
lie within half a turn of longitude, where the smaller region is the one without the poles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

Json = Any  # what a dynamic literal holds
Point = tuple[float, float]
Ring = list[Point]
Vector = tuple[float, float, float]

MOST_EDGES = 1000
_TOUCHING = 1e-14


class NotKnownError(Exception):
    """What Kusto makes of the polygon is not known here; the message says what it is about it."""


@dataclass(frozen=True, slots=True)
class _Segment:
    """An edge from west to east, its longitudes counted on past 180; one along a meridian, from south to north."""

    west: Point
    east: Point


def edges_of(value: Json) -> list[float] | None:
    """Four numbers per edge of a Polygon or MultiPolygon: the longitudes of its ends from west to east, and the weights of
    the sines by which the tangent of its latitude is found between them; along a meridian, the tangents themselves.

    What reaches past 180 degrees is there twice, a turn apart. None for what is no valid polygon.
    """
    polygons = _polygons(value)
    if polygons is None:
        return None
    if sum(len(ring) - 1 for rings in polygons for ring in rings) > MOST_EDGES:
        raise NotKnownError(f"it has more than {MOST_EDGES} edges")
    parts = [[_unwound(ring) for ring in rings] for rings in polygons]
    flat = [ring for rings in parts for ring in rings]
    segments = [_segment(a, b) for ring in flat for a, b in pairwise(ring)]
    _check_crossings(segments)
    _check_nesting(parts)
    return [number for segment in segments for number in _numbers(segment)]


def _polygons(value: Json) -> list[list[Ring]] | None:
    """The rings of each polygon; None for what is no GeoJSON of that kind, or breaks a rule of rings."""
    if not isinstance(value, dict):
        return None
    kind, coordinates = value.get("type"), value.get("coordinates")
    if kind not in ("Polygon", "MultiPolygon") or not isinstance(coordinates, list) or not coordinates:
        return None
    found = []
    for polygon in [coordinates] if kind == "Polygon" else coordinates:
        if not isinstance(polygon, list) or not polygon:
            return None
        rings = [_ring(ring) for ring in polygon]
        if None in rings:
            return None
        found.append([ring for ring in rings if ring is not None])
    return found


def _ring(value: Json) -> Ring | None:
    if not isinstance(value, list) or not all(isinstance(p, list) for p in value):
        return None
    if not all(isinstance(c, int | float) and not isinstance(c, bool) for p in value for c in p):
        return None
    if any(len(p) < 2 for p in value):
        return None
    if any(len(p) > 2 for p in value):
        raise NotKnownError("its positions have altitudes")
    ring = [(float(x), float(y)) for x, y in value]
    if not all(abs(x) <= 180 and abs(y) <= 90 for x, y in ring):
        return None
    return ring if len(ring) >= 4 and ring[0] == ring[-1] and len(set(ring)) == len(ring) - 1 else None


def _turned(longitude: float) -> float:
    """A difference of longitudes the shorter way round."""
    return longitude - 360 if longitude > 180 else longitude + 360 if longitude < -180 else longitude


def _unwound(ring: Ring) -> Ring:
    """The ring with its longitudes counted on from the first vertex, past 180 if need be."""
    if any(abs(y) == 90 for _, y in ring):
        raise NotKnownError("it has a vertex at a pole")
    first = ring[0][0]
    turns = [_turned(x - first) for x, _ in ring]
    if max(turns) - min(turns) >= 180:
        raise NotKnownError("a ring of it spans half a turn of longitude or more")
    times = [round((first + t - x) / 360) for (x, _), t in zip(ring, turns, strict=True)]
    # Longitudes are kept, or raised by a turn: so that those of several rings can be compared exactly.
    found = [(x + 360 * (n - min(times)), y) for (x, y), n in zip(ring, times, strict=True)]
    if len(set(found)) < len(found) - 1:
        raise NotKnownError("two vertices are one place on the antimeridian")
    return found


def _segment(a: Point, b: Point) -> _Segment:
    return _Segment(*sorted((a, b)))


@lru_cache(maxsize=4096)
def _vector(point: Point) -> Vector:
    x, y = map(math.radians, point)
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


def _less(a: Vector, b: Vector) -> Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _side(edge: _Segment, point: Point) -> int:
    """1 on an edge's left, -1 on its right, 0 too near its great circle to tell; in differences, for edges are short."""
    origin = _vector(edge.west)
    (a, b, c), (d, e, f) = _less(_vector(edge.east), origin), _less(_vector(point), origin)
    found = _dot(origin, (b * f - c * e, c * d - a * f, a * e - b * d))
    noise = _TOUCHING * (math.hypot(a, b, c) + math.hypot(d, e, f))
    return 0 if abs(found) <= noise else 1 if found > 0 else -1


def _check_crossings(segments: Sequence[_Segment]) -> None:
    """Compares the edges that share longitudes, also a turn apart."""
    turns = (0, 360) if any(s.east[0] >= 180 for s in segments) else (0,)
    turned = [_Segment((s.west[0] + t, s.west[1]), (s.east[0] + t, s.east[1])) for s in segments for t in turns]
    open_: list[_Segment] = []
    for one in sorted(turned, key=lambda s: s.west[0]):
        open_ = [other for other in open_ if other.east[0] >= one.west[0]]
        for other in open_:
            _check_pair(one, other)
        open_.append(one)


def _check_pair(one: _Segment, other: _Segment) -> None:
    if not _overlap(one, other):
        return
    shared = {one.west, one.east} & {other.west, other.east}
    if len(shared) == 2:
        raise NotKnownError("two of its rings share an edge")
    if shared:
        (corner,) = shared
        a, b = (s.east if s.west == corner else s.west for s in (one, other))
        u, v = (_less(_vector(p), _vector(corner)) for p in (a, b))
        if not (_side(one, b) and _side(other, a)) and _dot(u, v) > 0:
            raise NotKnownError("two of its edges overlap")
        return
    of_other = [_side(one, p) for p in (other.west, other.east)]
    of_one = [_side(other, p) for p in (one.west, one.east)]
    if of_other[0] * of_other[1] <= 0 and of_one[0] * of_one[1] <= 0:
        raise NotKnownError("its edges cross or touch")


def _overlap(one: _Segment, other: _Segment) -> bool:
    """Whether edges of common longitudes may share latitudes, too."""
    (low, high), (least, most) = (sorted((s.west[1], s.east[1])) for s in (one, other))
    # A geodesic rises above its ends by less than the square of its extent, in radians.
    rise = math.degrees(max(math.radians(s.east[0] - s.west[0]) ** 2 for s in (one, other))) + 1e-9
    return least <= high + rise and low <= most + rise


def _check_nesting(parts: Sequence[Sequence[Ring]]) -> None:
    """A hole lies within its shell and in no other hole, a polygon outside all others."""
    for shell, *holes in parts:
        if not all(_within(hole, shell) for hole in holes):
            raise NotKnownError("a hole of it lies outside its shell")
        if any(_within(a, b) for a in holes for b in holes if a is not b):
            raise NotKnownError("a hole of it lies within another")
    for n, rings in enumerate(parts):
        for other in (*parts[:n], *parts[n + 1 :]):
            if sum(_within(other[0], ring) for ring in rings) % 2:
                raise NotKnownError("its polygons overlap")


def _within(inner: Ring, outer: Ring) -> bool:
    """Whether a ring that does not cross another lies in it: the first vertex that is none of the other's tells."""
    shared = {(x + turn, y) for x, y in outer for turn in (0, 360)}
    for x, y in inner:
        if (x, y) not in shared and (x + 360, y) not in shared:
            return bool(sum(_is_above(edge, x, y) for edge in pairwise(outer)) % 2)
    raise NotKnownError("two of its rings have the same vertices")


def _is_above(edge: tuple[Point, Point], x: float, y: float) -> bool:
    """Whether an edge passes a point's meridian north of it."""
    for turn in (-360, 0, 360):
        west, east, first, last = _weights(_segment(*edge), turn)
        if west <= x < east:
            height = first * math.sin(math.radians(east - x)) + last * math.sin(math.radians(x - west))
            return height > math.tan(math.radians(y))
    return False


def _weights(segment: _Segment, turn: float) -> tuple[float, float, float, float]:
    (west, south), (east, north) = segment.west, segment.east
    extent = math.sin(math.radians(east - west)) or 1.0
    first, last = (math.tan(math.radians(y)) / extent for y in (south, north))
    return west + turn, east + turn, first, last


def _numbers(segment: _Segment) -> Iterator[float]:
    for turn in (0, -360):
        if segment.west[0] + turn <= 180 and segment.east[0] + turn >= -180:
            yield from _weights(segment, turn)
