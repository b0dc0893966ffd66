"""BigQuery's spellings: a series taken apart into season, trend and the rest, and the scores of outliers."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.bigquery.series import NUMBER, POINTS, REAL_TEXT, joined, of_array
from transpiler.dialects.computed import hygienic
from transpiler.dialects.decomposition import COMPONENTS, NOISE, NOT_COMPLETE, NOT_SPREAD
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call

_TRENDS = {
    "none": "CAST(0 AS FLOAT64)",
    "avg": "AVG(@d@) OVER ()",
    "linefit": "AVG(@d@) OVER () + COVAR_POP(@d@, @x@) OVER () / NULLIF(VAR_POP(@x@) OVER (), 0) * (@o@ - AVG(@x@) OVER ())",
}


def _stop(reason: str, count: str) -> str:
    return f"ERROR(CONCAT('{reason}: ', CAST({count} AS STRING)))"


def _component(speller: Speller, of: Call) -> exp.Expr:
    """One component, in the order of the points. Only points ``k``, which are not held out, teach season and trend."""
    which, period, trend, held_out = of.options
    season = f"PERCENTILE_CONT(@k@, 0.5) OVER (PARTITION BY MOD(@o@, {period}))" if period else "CAST(0 AS FLOAT64)"
    taught = (
        f"SELECT {NUMBER} AS @y@, @o@, "
        f"IF(@o@ < ARRAY_LENGTH(JSON_QUERY_ARRAY({{s}})) - {held_out}, {NUMBER}, NULL) AS @k@ FROM {POINTS}"
    )
    seasons = f"SELECT @y@, @o@, @k@, {season} AS @s@ FROM ({taught})"
    rest = (
        f"SELECT @y@, @o@, @s@, @k@ - @s@ AS @d@, IF(@k@ IS NULL, NULL, CAST(@o@ AS FLOAT64)) AS @x@ FROM ({seasons})"
    )
    trends = f"SELECT @y@, @o@, @s@, {_TRENDS[str(trend)]} AS @t@, MAX(ABS(@y@)) OVER () AS @g@ FROM ({rest})"
    text = REAL_TEXT.replace("{r}", COMPONENTS[str(which)])
    # The windows stand in FROM: BigQuery's analyzer takes none within IF.
    body = (
        "(SELECT IF(JSON_QUERY_ARRAY({s}) IS NULL, NULL, "
        f"IF(COUNT(@y@ + @s@ + @t@) < COUNT(*), {_stop(NOT_COMPLETE, 'COUNT(*)')}, "
        f"CONCAT('[', COALESCE(STRING_AGG({text}, ',' ORDER BY @o@), ''), ']'))) FROM ({trends}))"
    )
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))


def _percentile(percent: object) -> str:
    """Between two points along the line through them. The place is computed in whole numbers, so that it is a point's exactly."""
    place = f"(ARRAY_LENGTH(@k@) - 1) * {percent}"
    low, high = f"@k@[SAFE_OFFSET(DIV({place}, 100))]", f"@k@[SAFE_OFFSET(DIV({place}, 100) + 1)]"
    return f"{low} + MOD({place}, 100) / 100 * (COALESCE({high}, {low}) - {low})"


def _scores(speller: Speller, of: Call) -> exp.Expr:
    low, high, factor, missing = of.options
    counts = "@y@ IS NOT NULL AND NOT IS_NAN(@y@) AND NOT IS_INF(@y@)"
    if missing is not None:
        counts += f" AND @y@ <> {missing!r}"
    points = f"SELECT {NUMBER} AS @y@ FROM UNNEST(JSON_QUERY_ARRAY({{s}})) AS @e@"
    known = f"SELECT ARRAY(SELECT @y@ FROM ({points}) WHERE {counts} ORDER BY @y@) AS @k@"
    least, most = "@k@[SAFE_OFFSET(0)]", "@k@[SAFE_OFFSET(ARRAY_LENGTH(@k@) - 1)]"
    fences = (
        f"SELECT @k@, {_percentile(low)} AS @a@, {_percentile(high)} AS @b@, "
        f"{NOISE} * GREATEST(ABS({least}), ABS({most})) AS @z@ FROM ({known})"
    )
    is_flat = f"@b@ - @a@ <= @z@ AND ({least} < @a@ - @z@ OR {most} > @b@ + @z@)"
    score = (
        f"CASE WHEN NOT COALESCE({counts} AND @b@ - @a@ > @z@, FALSE) THEN 0 "
        f"WHEN @y@ > @b@ THEN (@y@ - @b@) / (@b@ - @a@) * {factor!r} "
        f"WHEN @y@ < @a@ THEN (@y@ - @a@) / (@b@ - @a@) * {factor!r} ELSE 0 END"
    )
    each = joined(REAL_TEXT.replace("{r}", score), f"(SELECT {NUMBER} AS @y@, @o@ FROM {POINTS})")
    body = f"(SELECT IF({is_flat}, {_stop(NOT_SPREAD, 'ARRAY_LENGTH(@k@)')}, {each}) FROM ({fences}))"
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, of_array(body), s=s))


def _flags(speller: Speller, of: Call) -> exp.Expr:
    (threshold,) = of.options
    flag = f"CASE WHEN {NUMBER} > {threshold!r} THEN '1' WHEN {NUMBER} < -({threshold!r}) THEN '-1' ELSE '0' END"
    body = of_array(joined(flag, POINTS))
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))


SPELLINGS: dict[str, Spelling] = {"series component": _component, "series_outliers": _scores, "series flags": _flags}
