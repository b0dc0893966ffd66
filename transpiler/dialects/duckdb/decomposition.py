"""DuckDB's spellings: a series taken apart into season, trend and the rest, and the scores of outliers."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.decomposition import COMPONENTS, NOISE, NOT_COMPLETE, NOT_SPREAD
from transpiler.dialects.duckdb.series import ELEMENTS, as_json
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call

# The places of a line count from the middle, where its height is the average.
_PLACE = "(@i@ - (len(@d@) + 1) / 2)"
_SLOPE = (
    f"list_sum(list_transform(range(1, len(@d@) + 1), lambda @i@: {_PLACE} * (@d@[@i@] - @a@))) "
    "/ NULLIF(len(@d@) * (pow(len(@d@), 2) - 1) / 12, 0)"
)
_TRENDS = {"none": "CAST(0 AS DOUBLE)", "avg": "@a@", "linefit": f"@a@ + @b@ * {_PLACE}"}
# The series as numbers, NULL for what is none. Its text is long where it comes of another of these functions.
_NUMBERS = f"list_transform({ELEMENTS}, lambda @e@: TRY_CAST(@e@ AS DOUBLE))".replace("{x}", "@j@")
SERIES = f"SELECT {_NUMBERS} AS @l@ FROM (SELECT {{v}} AS @j@)"


def _stop(reason: str, count: str) -> str:
    return f"CAST(error(concat('{reason}: ', {count})) AS DOUBLE[])"


def _component(speller: Speller, of: Call) -> exp.Expr:
    """One component, in the order of the points. Only points ``k``, which are not held out, teach season and trend.

    All is computed by functions of lists: rows of an unnested series would be grouped by its text again.
    """
    which, period, trend, held_out = of.options
    season = f"@m@[(@i@ - 1) % {period or 1} + 1]"
    medians = (
        f"list_transform(range(1, {period} + 1), lambda @i@: list_median(list_slice(@k@, @i@, len(@k@), {period})))"
    )
    taught = f"SELECT @l@, list_slice(@l@, 1, greatest(len(@l@) - {held_out}, 0)) AS @k@ FROM ({SERIES})"
    seasons = f"SELECT @l@, @k@, {medians if period else '[0.0]'} AS @m@ FROM ({taught})"
    rest = f"SELECT @l@, @m@, list_transform(range(1, len(@k@) + 1), lambda @i@: @k@[@i@] - {season}) AS @d@ FROM ({seasons})"
    averages = f"SELECT @l@, @m@, @d@, list_avg(@d@) AS @a@ FROM ({rest})"
    slopes = f"SELECT @l@, @m@, @d@, @a@, {_SLOPE if trend == 'linefit' else '0'} AS @b@ FROM ({averages})"
    value = COMPONENTS[str(which)].replace("@y@", "@l@[@i@]").replace("@s@", season)
    value = value.replace("@t@", f"({_TRENDS[str(trend)]})")
    value = value.replace("@g@", "greatest(abs(list_min(@l@)), abs(list_max(@l@)))")
    point = f"CAST({value} AS DOUBLE)"
    known = (
        f"list_count(list_transform(range(1, len(@l@) + 1), lambda @i@: @l@[@i@] + {season} + {_TRENDS[str(trend)]}))"
    )
    template = (
        f"(SELECT CASE WHEN {known} < len(@l@) THEN {_stop(NOT_COMPLETE, 'len(@l@)')} "
        f"ELSE list_transform(range(1, len(@l@) + 1), lambda @i@: {point}) END FROM ({slopes}))"
    )
    return as_json(speller, hygienic(speller, template, v=speller.value(of.arguments[0])))


def _percentile(percent: object) -> str:
    """Between two points along the line through them. The place is computed in whole numbers, so that it is a point's exactly."""
    place = f"(len(@k@) - 1) * {percent}"
    low, high = f"@k@[{place} // 100 + 1]", f"@k@[{place} // 100 + 2]"
    return f"{low} + ({place} % 100) / 100 * (COALESCE({high}, {low}) - {low})"


def _scores(speller: Speller, of: Call) -> exp.Expr:
    low, high, factor, missing = of.options
    counts = "isfinite(@e@)" + ("" if missing is None else f" AND @e@ <> {missing!r}")
    score = (
        f"CASE WHEN NOT COALESCE({counts} AND @b@ - @a@ > @z@, FALSE) THEN 0 "
        f"WHEN @e@ > @b@ THEN (@e@ - @b@) / (@b@ - @a@) * {factor!r} "
        f"WHEN @e@ < @a@ THEN (@e@ - @a@) / (@b@ - @a@) * {factor!r} ELSE 0 END"
    )
    known = f"SELECT @l@, list_sort(list_filter(@l@, lambda @e@: {counts})) AS @k@ FROM ({SERIES})"
    fences = (
        f"SELECT @l@, @k@, {_percentile(low)} AS @a@, {_percentile(high)} AS @b@, "
        f"{NOISE} * greatest(abs(@k@[1]), abs(@k@[-1])) AS @z@ FROM ({known})"
    )
    is_flat = "@b@ - @a@ <= @z@ AND (@k@[1] < @a@ - @z@ OR @k@[-1] > @b@ + @z@)"
    template = (
        f"(SELECT CASE WHEN {is_flat} THEN {_stop(NOT_SPREAD, 'len(@k@)')} "
        f"ELSE list_transform(@l@, lambda @e@: CAST({score} AS DOUBLE)) END FROM ({fences}))"
    )
    return as_json(speller, hygienic(speller, template, v=speller.value(of.arguments[0])))


def _flags(speller: Speller, of: Call) -> exp.Expr:
    (threshold,) = of.options
    flag = f"CASE WHEN @e@ > {threshold!r} THEN 1 WHEN @e@ < -({threshold!r}) THEN -1 ELSE 0 END"
    template = f"(SELECT CAST(to_json(list_transform(@l@, lambda @e@: {flag})) AS TEXT) FROM ({SERIES}))"
    return hygienic(speller, template, v=speller.value(of.arguments[0]))


SPELLINGS: dict[str, Spelling] = {"series component": _component, "series_outliers": _scores, "series flags": _flags}
