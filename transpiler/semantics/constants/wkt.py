"""Shapes written as well-known text, read into GeoJSON, where it is known what Kusto reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Json = Any  # a dynamic value

_TOKEN = re.compile(r"\s*([A-Za-z]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[(),])")
_DEPTHS = {
    "POINT": ("Point", 0),
    "LINESTRING": ("LineString", 1),
    "POLYGON": ("Polygon", 2),
    "MULTIPOINT": ("MultiPoint", 1),
    "MULTILINESTRING": ("MultiLineString", 2),
    "MULTIPOLYGON": ("MultiPolygon", 3),
}
_COLLECTION = "GEOMETRYCOLLECTION"
# Of other kinds it is not documented which are supported.
_OTHERS = frozenset(
    "CIRCULARSTRING COMPOUNDCURVE CURVE CURVEPOLYGON LINEARRING MULTICURVE MULTISURFACE POLYHEDRALSURFACE SRID SURFACE TIN "
    "TRIANGLE".split()
)
_MOST_NESTED = 20


class NotReadError(Exception):
    """What Kusto makes of the text is not known here."""


class _NoShapeError(Exception):
    """The text is no shape."""


def shape_of(text: str) -> Json:
    """The GeoJSON of a shape; None for a text that is none. Raises NotReadError where Kusto's answer is not known: for empty
    shapes, heights, places off the globe, lines of one point and rings that are not closed."""
    try:
        reader = _Reader(_tokens(text))
        shape = reader.shape(0)
        reader.end()
    except _NoShapeError:
        return None
    return shape


def _tokens(text: str) -> list[str]:
    found, position, end = [], 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotReadError if ";" in text or "=" in text else _NoShapeError
        found.append(match[1])
        position = match.end()
    return found


class _Reader:
    """Reads tokens one after another."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._next = 0

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise _NoShapeError
        self._next += 1
        return token

    def end(self) -> None:
        """Nothing is left."""
        if self._peek():
            raise _NoShapeError

    def shape(self, depth: int) -> Json:
        """One shape."""
        name = self._take()
        if name.upper().rstrip("ZM") not in (*_DEPTHS, _COLLECTION, *_OTHERS):
            raise _NoShapeError
        if name not in (*_DEPTHS, _COLLECTION) or self._peek().isalpha() or depth > _MOST_NESTED:
            raise NotReadError  # other kinds and cases, EMPTY, Z and M
        if name == _COLLECTION:
            return {"type": "GeometryCollection", "geometries": self._several(lambda: self.shape(depth + 1))}
        kind, levels = _DEPTHS[name]
        if name == "MULTIPOINT":
            found = self._several(self._point_of_many)
        elif levels:
            found = self._nested(levels)
        else:
            (found,) = self._several(self._position, most=1)
        _check(kind, found)
        return {"type": kind, "coordinates": found}

    def _several(self, read: Callable[[], Json], most: int = 10**6) -> list[Json]:
        """Things between parentheses."""
        self._take("(")
        found = [read()]
        while self._peek() == "," and len(found) < most:
            self._take(",")
            found.append(read())
        self._take(")")
        return found

    def _nested(self, levels: int) -> list[Json]:
        return self._several(self._position if levels == 1 else lambda: self._nested(levels - 1))

    def _point_of_many(self) -> list[float]:
        """A point of several may have parentheses of its own."""
        if self._peek() != "(":
            return self._position()
        (found,) = self._several(self._position, most=1)
        return list(found)

    def _position(self) -> list[float]:
        found = [self._number(), self._number()]
        if self._peek() not in (",", ")", ""):
            raise NotReadError  # a height
        if not (abs(found[0]) <= 180 and abs(found[1]) <= 90):
            raise NotReadError
        return found

    def _number(self) -> float:
        token = self._take()
        if token in "()," or token[0].isalpha():
            raise NotReadError if token.isalpha() else _NoShapeError
        return float(token)


def _check(kind: str, coordinates: Json) -> None:
    """Raises NotReadError for lines and rings that are too short, and rings that are not closed."""
    if kind in ("LineString", "MultiLineString"):
        lines = [coordinates] if kind == "LineString" else coordinates
        if any(len(line) < 2 for line in lines):
            raise NotReadError
    if kind in ("Polygon", "MultiPolygon"):
        polygons = [coordinates] if kind == "Polygon" else coordinates
        if any(len(ring) < 4 or ring[0] != ring[-1] for rings in polygons for ring in rings):
            raise NotReadError
