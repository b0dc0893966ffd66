"""DuckDB's spelling of geo_point_in_polygon: functions of lists, for rows of an unnested polygon would be grouped again."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.polygons import DEGREE, NOT_FOLLOWED, STORED_EDGE, PolygonForms, polygon_spellings, turned
from transpiler.dialects.spelling import Spelling

_COORDINATES = "json_extract({v}, '$.coordinates')"
# A text or a bool would be cast to a number.
_POLYGONS = (
    f"CASE WHEN regexp_matches(CAST({_COORDINATES} AS VARCHAR), '[\"tf]') THEN NULL "
    f"WHEN json_extract_string({{v}}, '$.type') = 'Polygon' THEN [TRY_CAST({_COORDINATES} AS DOUBLE[][][])] "
    f"WHEN json_extract_string({{v}}, '$.type') = 'MultiPolygon' THEN TRY_CAST({_COORDINATES} AS DOUBLE[][][][]) END"
)
_VERTEX = (
    f"struct_pack(x := @c@[1] + 0, y := @c@[2] + 0, z := len(@c@), turn := {turned('(@c@[1] - {x})')}, "
    f"extent := {turned('(@c@[1] - @r@[1][1])')}, tangent := CASE WHEN abs(@c@[2]) <= 90 THEN tan(@c@[2] * {DEGREE}) END)"
)
_ON_GLOBE = "COALESCE(@c@.z >= 2 AND @c@.x BETWEEN -180 AND 180 AND @c@.y BETWEEN -90 AND 90, FALSE)"
_IS_RING = (
    "len(@r@) >= 4 AND @r@[1].x = @r@[-1].x AND @r@[1].y = @r@[-1].y "
    "AND len(list_distinct(list_transform(@r@, lambda @c@: [@c@.x, @c@.y]))) = len(@r@) - 1 "
    f"AND list_bool_and(list_transform(@r@, lambda @c@: {_ON_GLOBE}))"
)
_TURNS = "list_transform(@r@, lambda @c@: @c@.extent)"
_IS_NOT_FOLLOWED = (
    "list_bool_or(list_transform(@r@, lambda @c@: @c@.z > 2 OR abs(@c@.y) = 90)) "
    f"OR list_max({_TURNS}) - list_min({_TURNS}) >= 180"
)
_EDGE = STORED_EDGE.replace("<a>", "@r@[@i@]").replace("<b>", "@r@[@i@ + 1]")
_RING = (
    f"CASE WHEN {_IS_RING} THEN CASE WHEN {_IS_NOT_FOLLOWED} THEN {NOT_FOLLOWED} "
    f"ELSE list_sum(list_transform(range(1, len(@r@)), lambda @i@: {_EDGE})) END END"
)
_VERTICES = f"list_transform(flatten(@m@), lambda @r@: list_transform(@r@, lambda @c@: {_VERTEX}))"
_HAS_RINGS = "len(@h@) > 0 AND list_bool_and(list_transform(@m@, lambda @p@: COALESCE(len(@p@) > 0, FALSE)))"
_STORED = (
    f"(SELECT CAST(CASE WHEN list_count(@h@) = len(@h@) AND {_HAS_RINGS} THEN list_sum(@h@) END AS BIGINT) "
    f"FROM (SELECT @m@, list_transform(@w@, lambda @r@: {_RING}) AS @h@ "
    f"FROM (SELECT @m@, {_VERTICES} AS @w@ FROM (SELECT {_POLYGONS} AS @m@))))"
)
_KNOWN_PARTS = {"@a@": "@e@[1]", "@b@": "@e@[2]", "@p@": "@e@[3]", "@q@": "@e@[4]"}

SPELLINGS: dict[str, Spelling] = polygon_spellings(
    PolygonForms(
        known="CAST(list_sum(list_transform([{edges*}], lambda @e@: <edge>)) AS BIGINT)",
        parts=_KNOWN_PARTS,
        edge=lambda numbers: exp.Array(expressions=numbers),
        stored=_STORED,
        error="CAST(error(concat(<message>, ': ', {x}, ' ', {y})) AS BOOLEAN)",
    )
)
