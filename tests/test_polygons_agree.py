"""Points in random polygons: constant ones and stored ones, on both engines, against vectors in space.

The model knows no longitudes: a way from the point to one far outside crosses the edges an odd number of times from within.
"""

from __future__ import annotations

import json
import math
import random
from functools import cache

import pytest

from transpiler import transpile
from transpiler.engine import duckdb, googlesql
from transpiler.engine.values import JsonText
from transpiler.types import Type

Point = tuple[float, float]
Vector = tuple[float, float, float]
# Around the equator, the antimeridian and near a pole; the size is the greatest distance from the middle, in degrees.
PLACES = (
    ((0.0, 0.0), 30.0),
    ((179.9, -10.0), 20.0),
    ((-179.5, 50.0), 5.0),
    ((12.5, 80.0), 8.0),
    ((-74.0, 40.7), 0.001),
    ((100.0, -60.0), 25.0),
    ((-179.99999, 0.0), 1e-4),
)
COLUMNS = {"n": Type.LONG, "x": Type.REAL, "y": Type.REAL, "p": Type.DYNAMIC}


def _vector(point: Point) -> Vector:
    x, y = map(math.radians, point)
    return math.cos(y) * math.cos(x), math.cos(y) * math.sin(x), math.sin(y)


def _turn(a: Vector, b: Vector, c: Vector) -> bool:
    """Whether three points follow each other against the clock."""
    u, v = [b[i] - a[i] for i in range(3)], [c[i] - a[i] for i in range(3)]
    normal = u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]
    return sum(n * p for n, p in zip(normal, a, strict=True)) > 0


def _cross(a: Vector, b: Vector, c: Vector, d: Vector) -> bool:
    return _turn(a, c, b) == _turn(c, b, d) == _turn(b, d, a) == _turn(d, a, c)


def is_within(point: Point, rings: list[list[Point]], outside: Point) -> bool:
    """By the crossings of a way to the outside."""
    a, b = _vector(point), _vector(outside)
    edges = [(_vector(r[i]), _vector(r[i + 1])) for r in rings for i in range(len(r) - 1)]
    return sum(_cross(a, b, c, d) for c, d in edges) % 2 == 1


def _moved(middle: Point, angle: float, distance: float) -> Point:
    x = middle[0] + distance * math.cos(angle) / math.cos(math.radians(middle[1]))
    y = middle[1] + distance * math.sin(angle)
    return (x + 180) % 360 - 180, y


@cache
def drawn() -> list[tuple[str, list[list[Point]], list[Point], Point]]:
    """Polygons, shaped like stars and every other with a hole; their points; a place outside."""
    random_ = random.Random(20)
    found = []
    for number, (middle, size) in enumerate(PLACES * 2):
        angles = [math.tau * (i + random_.uniform(0.1, 0.9)) / 9 for i in range(9)]
        shell = [_moved(middle, a, size * random_.uniform(0.6, 1)) for a in angles]
        rings = [[*shell, shell[0]]]
        if number % 2:
            hole = [_moved(middle, -a, size * random_.uniform(0.1, 0.25)) for a in angles]
            rings.append([*hole, hole[0]])
        points = [_moved(middle, random_.uniform(0, 7), size * random_.uniform(0, 1.1)) for _ in range(12)]
        outside = (middle[0] + 91.2 if middle[0] < 0 else middle[0] - 91.2), -middle[1] / 2
        kind, coordinates = ("Polygon", rings) if number % 3 else ("MultiPolygon", [rings])
        found.append((json.dumps({"type": kind, "coordinates": coordinates}), rings, points, outside))
    return found


def rows_and_answers() -> tuple[list[tuple[int, float, float, JsonText]], dict[int, bool]]:
    """A row per point, and whether it lies within."""
    rows: list[tuple[int, float, float, JsonText]] = []
    answers = {}
    for polygon, rings, points, outside in drawn():
        for point in points:
            answers[len(rows)] = is_within(point, rings, outside)
            rows.append((len(rows), *point, JsonText(polygon)))
    return rows, answers


def test_the_model_finds_both() -> None:
    _, answers = rows_and_answers()
    assert 40 < sum(answers.values()) < len(answers) - 40
    square: list[Point] = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]
    assert is_within((5, 10.03), [square], (90, 1))
    assert not is_within((5, 10.04), [square], (90, 1))


def _run(target: str, kql: str) -> dict[int, bool]:
    rows, _ = rows_and_answers()
    made = transpile(kql, target=target, tables={"T": {name: str(t) for name, t in COLUMNS.items()}})
    if target == "duckdb":
        with duckdb.connect(threads=1) as session:
            session.create_table("T", COLUMNS, rows)
            found = session.run(made.sql).rows
    else:
        found = googlesql.connect().execute(made.sql, {"T": googlesql.stored(COLUMNS, rows)}).rows
    return {int(str(n)): str(r).lower() == "true" for n, r in found}


TARGETS = (
    "duckdb",
    pytest.param(
        "bigquery",
        marks=[
            pytest.mark.bigquery,
            pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed"),
        ],
    ),
)


@pytest.mark.parametrize("target", TARGETS)
def test_stored_polygons(target: str) -> None:
    assert _run(target, "T | project n, r = geo_point_in_polygon(x, y, p)") == rows_and_answers()[1]


@pytest.mark.parametrize("target", TARGETS)
def test_constant_polygons(target: str) -> None:
    arms = ", ".join(
        f"n < {12 * (i + 1)}, geo_point_in_polygon(x, y, dynamic({polygon}))" for i, (polygon, *_) in enumerate(drawn())
    )
    assert _run(target, f"T | project n, r = case({arms}, false)") == rows_and_answers()[1]
