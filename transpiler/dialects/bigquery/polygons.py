"""BigQuery's spelling of geo_point_in_polygon: subqueries over arrays alone."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.polygons import DEGREE, NOT_FOLLOWED, STORED_EDGE, PolygonForms, polygon_spellings, turned
from transpiler.dialects.spelling import Spelling

_POLYGONS = (
    "CASE JSON_VALUE({v}, '$.type') WHEN 'Polygon' THEN [JSON_QUERY({v}, '$.coordinates')] "
    "WHEN 'MultiPolygon' THEN JSON_QUERY_ARRAY({v}, '$.coordinates') END"
)
# What holds no ring counts as one that is none.
_RINGS = "IF(ARRAY_LENGTH(JSON_QUERY_ARRAY(@p@)) > 0, JSON_QUERY_ARRAY(@p@), ['null'])"
_X, _Y = ("SAFE_CAST(JSON_QUERY(@c@, '$[0]') AS FLOAT64)", "SAFE_CAST(JSON_QUERY(@c@, '$[1]') AS FLOAT64)")
_FIRST = "SAFE_CAST(JSON_QUERY(@r@, '$[0][0]') AS FLOAT64)"
_VERTEX = (
    f"SELECT AS STRUCT @e1@, @e2@, @z@, {turned('(@e1@ - {x})')} AS turn, {turned('(@e1@ - @f@)')} AS extent, "
    f"TAN(@e2@ * {DEGREE}) AS tangent "
    f"FROM (SELECT {_X} + 0e0 AS @e1@, {_Y} + 0e0 AS @e2@, {_FIRST} AS @f@, ARRAY_LENGTH(JSON_QUERY_ARRAY(@c@)) AS @z@, @o@ "
    "FROM UNNEST(JSON_QUERY_ARRAY(@r@)) AS @c@ WITH OFFSET AS @o@) ORDER BY @o@"
)
_ON_GLOBE = "COALESCE(@c@.@z@ >= 2 AND @c@.@e1@ BETWEEN -180 AND 180 AND @c@.@e2@ BETWEEN -90 AND 90, FALSE)"
_PLACE = "CONCAT(CAST(@c@.@e1@ AS STRING), ' ', CAST(@c@.@e2@ AS STRING))"
_LAST = "@w@[SAFE_OFFSET(ARRAY_LENGTH(@w@) - 1)]"
_EDGE = STORED_EDGE.replace("<a>", "@a@").replace("<b>", "@b@")
_EDGES = (
    f"(SELECT SUM({_EDGE}) FROM UNNEST(@w@) AS @a@ WITH OFFSET AS @i@ "
    "INNER JOIN UNNEST(@w@) AS @b@ WITH OFFSET AS @k@ ON @k@ = @i@ + 1)"
)
_RING = (
    f"(SELECT CASE WHEN COUNT(*) >= 4 AND COUNTIF({_ON_GLOBE}) = COUNT(*) AND COUNT(DISTINCT {_PLACE}) = COUNT(*) - 1 "
    "AND COUNT(DISTINCT IF(@j@ = 0 OR @j@ = ARRAY_LENGTH(@w@) - 1, <place>, NULL)) = 1 "
    "THEN CASE WHEN COUNTIF(@c@.@z@ > 2 OR ABS(@c@.@e2@) = 90) > 0 OR MAX(@c@.extent) - MIN(@c@.extent) >= 180 "
    f"THEN {NOT_FOLLOWED} ELSE ANY_VALUE(@g@) END END FROM UNNEST(@w@) AS @c@ WITH OFFSET AS @j@)"
).replace("<place>", _PLACE)
_STORED = (
    "(SELECT CASE WHEN COUNT(@h@) = COUNT(*) AND COUNT(*) > 0 THEN SUM(@h@) END "
    f"FROM (SELECT {_RING} AS @h@ FROM (SELECT @w@, {_EDGES} AS @g@ "
    f"FROM (SELECT ARRAY({_VERTEX}) AS @w@ FROM UNNEST({_POLYGONS}) AS @p@, UNNEST({_RINGS}) AS @r@))))"
)
_KNOWN_PARTS = {name: f"@e@.{name}" for name in ("@a@", "@b@", "@p@", "@q@")}

SPELLINGS: dict[str, Spelling] = polygon_spellings(
    PolygonForms(
        known=(
            "(SELECT SUM(<edge>) "
            "FROM UNNEST(ARRAY<STRUCT<@a@ FLOAT64, @b@ FLOAT64, @p@ FLOAT64, @q@ FLOAT64>>[{edges*}]) AS @e@)"
        ),
        parts=_KNOWN_PARTS,
        edge=lambda numbers: exp.Tuple(expressions=numbers),
        stored=_STORED,
        # ERROR would not stand beside window functions.
        error="CAST(CAST(CONCAT(<message>, ': ', CAST({x} AS STRING), ' ', CAST({y} AS STRING)) AS INT64) AS BOOL)",
    )
)
