"""BigQuery's spellings: the place at which two lines fit a series best, and what they are."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.bigquery.series import LINE, NUMBER, POINTS, REAL_TEXT, SLOPE, joined, of_array
from transpiler.dialects.computed import hygienic
from transpiler.dialects.segmented_lines import EQUAL_FITS, FEW_POINTS, FEWEST_POINTS, NO_BEST_SPLIT, SHORTEST_PART
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call

# What the line through a part leaves of its squares; through one point it leaves nothing.
_REST = f"(COUNT(*) * (VAR_POP(@y@) - COALESCE(POW({SLOPE}, 2) * VAR_POP(@x@), 0)))"
_SPLITS = "UNNEST(GENERATE_ARRAY(1, ARRAY_LENGTH(JSON_QUERY_ARRAY({s})) - 1)) AS @k@"
_NUMBERS = f"SELECT {NUMBER} AS @y@, CAST(@o@ AS FLOAT64) AS @x@ FROM {POINTS}"
_PARTS = f"SELECT @k@, @x@ < @k@ AS @p@, @y@, @x@ FROM ({_NUMBERS}) CROSS JOIN {_SPLITS}"
_EACH = f"SELECT @k@, SUM(@d@) AS @t@ FROM (SELECT @k@, {_REST} AS @d@ FROM ({_PARTS}) GROUP BY @k@, @p@) GROUP BY @k@"
_BEST = (
    "SELECT ARRAY_AGG(@k@ ORDER BY @t@ LIMIT 1)[SAFE_OFFSET(0)] AS @k@, "
    f"ARRAY_AGG(@t@ ORDER BY @t@ LIMIT 2) AS @t@ FROM ({_EACH})"
)
_ALL = f"SELECT COUNT(*) AS @n@, COUNT(@y@) AS @c@, VAR_POP(@y@) * COUNT(*) AS @v@ FROM ({_NUMBERS})"
_LEAST = "@t@[SAFE_OFFSET(0)]"
# The places of the numbers on each side, and the place before the first of them: positions count from 1.
_SIDES = {"left": ("@x@ < @k@", "-1"), "right": ("@x@ >= @k@", "(@k@ - 1)")}


def _of_side(which: str, side: str) -> str:
    places, before = _SIDES[side]
    return f"(SELECT {LINE[which]} FROM (SELECT @y@, @x@ - {before} AS @x@ FROM ({_NUMBERS}) WHERE {places}))"


def _fitted() -> str:
    """The text of the two lines: the average of a side is their height in its middle."""
    lines = ", ".join(
        f"(SELECT AS STRUCT {LINE['slope']} AS slope, {LINE['interception']} AS base FROM ({_NUMBERS}) WHERE {places})"
        for places, _ in _SIDES.values()
    )
    height = "@f@[OFFSET(IF(@o@ < @k@, 0, 1))].slope * @o@ + @f@[OFFSET(IF(@o@ < @k@, 0, 1))].base"
    return joined(REAL_TEXT.replace("{r}", height), f"{POINTS} CROSS JOIN (SELECT [{lines}] AS @f@)")


_VALUES = {
    "split_idx": "@k@",
    "rsquare": f"1 - {_LEAST} / @v@",
    "rvariance": f"{_LEAST} / (@n@ - 1)",
    "line_fit": _fitted(),
}


def _split(speller: Speller, of: Call) -> exp.Expr:
    """``t`` is what the two best splits leave, ``k`` the place of the best. NULL for what is no array."""
    which, side = map(str, of.options)

    def stop(reason: str) -> str:
        return f"ERROR(CONCAT('{reason}: ', CAST(@n@ AS STRING)))"

    at_edge = f"@k@ NOT BETWEEN {SHORTEST_PART} AND @n@ - {SHORTEST_PART}"
    as_good = f"@t@[SAFE_OFFSET(1)] <= {_LEAST} + {EQUAL_FITS} * @v@"
    body = (
        f"(SELECT CASE WHEN @c@ < @n@ OR @n@ < {FEWEST_POINTS} THEN {stop(FEW_POINTS)} "
        f"WHEN {at_edge} OR {as_good} THEN {stop(NO_BEST_SPLIT)} "
        f"ELSE {_of_side(which, side) if side else _VALUES[which]} END FROM ({_BEST}) CROSS JOIN ({_ALL}))"
    )
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, of_array(body), s=s))


SPELLINGS: dict[str, Spelling] = {
    "series split": _split,
    "series split fit": _split,
    "series split values": _split,
}
