"""DuckDB's spellings: the place at which two lines fit a series best, and what they are."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb.decomposition import SERIES
from transpiler.dialects.duckdb.series import as_json
from transpiler.dialects.segmented_lines import EQUAL_FITS, FEW_POINTS, FEWEST_POINTS, NO_BEST_SPLIT, SHORTEST_PART
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call

# Of a part ``d``: places count from its middle, so that nothing cancels out.
_MOMENT = "list_sum(list_transform(range(1, len(@d@) + 1), lambda @i@: (@i@ - (len(@d@) + 1) / 2) * (@d@[@i@] - list_avg(@d@))))"
_SLOPE = f"({_MOMENT} * 12 / NULLIF(len(@d@) * (pow(len(@d@), 2) - 1), 0))"
_SQUARES = "(list_var_pop(@d@) * len(@d@))"
# What the line through a part leaves of its squares; through one point it leaves nothing.
_REST = f"({_SQUARES} - COALESCE(pow({_SLOPE}, 2) * len(@d@) * (pow(len(@d@), 2) - 1) / 12, 0))"
_OF_PART = {
    "rsquare": f"1 - {_REST} / {_SQUARES}",
    "slope": _SLOPE,
    "interception": f"list_avg(@d@) - {_SLOPE} * (len(@d@) + 1) / 2",
    "variance": "list_var_samp(@d@)",
    "rvariance": f"{_REST} / (len(@d@) - 1)",
}
_FITTED = f"list_transform(range(1, len(@d@) + 1), lambda @j@: list_avg(@d@) + {_SLOPE} * (@j@ - (len(@d@) + 1) / 2))"
_PARTS = "[list_slice(@l@, 1, @k@), list_slice(@l@, @k@ + 1, len(@l@))]"
_EACH = f"list_transform(range(1, len(@l@)), lambda @k@: list_sum(list_transform({_PARTS}, lambda @d@: {_REST})))"
_ALL = _SQUARES.replace("@d@", "@l@")
_VALUES = {
    "split_idx": "CAST(@k@ AS BIGINT)",
    "rsquare": f"1 - list_min(@t@) / {_ALL}",
    "rvariance": "list_min(@t@) / (len(@l@) - 1)",
    "line_fit": f"CASE WHEN @l@ IS NOT NULL THEN flatten(list_transform({_PARTS}, lambda @d@: {_FITTED})) END",
}
_SIDES = {"left": 1, "right": 2}
_AS_GOOD = f"len(list_filter(@t@, lambda @e@: @e@ <= list_min(@t@) + {EQUAL_FITS} * {_ALL}))"


def _split(speller: Speller, of: Call) -> exp.Expr:
    """``t`` is what each split leaves, ``k`` the place of the best. NULL for what is no array."""
    which, side = map(str, of.options)
    value = _VALUES[which] if not side else f"list_transform({_PARTS}, lambda @d@: {_OF_PART[which]})[{_SIDES[side]}]"
    stopped = {"split_idx": "BIGINT", "line_fit": "DOUBLE[]"}.get(which, "DOUBLE")

    def stop(reason: str) -> str:
        return f"CAST(error(concat('{reason}: ', len(@l@))) AS {stopped})"

    at_edge = f"@k@ NOT BETWEEN {SHORTEST_PART} AND len(@l@) - {SHORTEST_PART}"
    each = f"SELECT @l@, {_EACH} AS @t@ FROM ({SERIES})"
    template = (
        f"(SELECT CASE WHEN list_count(@l@) < len(@l@) OR len(@l@) < {FEWEST_POINTS} THEN {stop(FEW_POINTS)} "
        f"WHEN {at_edge} OR {_AS_GOOD} > 1 THEN {stop(NO_BEST_SPLIT)} ELSE {value} END "
        f"FROM (SELECT @l@, @t@, list_position(@t@, list_min(@t@)) AS @k@ FROM ({each})))"
    )
    return hygienic(speller, template, v=speller.value(of.arguments[0]))


def _values(speller: Speller, of: Call) -> exp.Expr:
    return as_json(speller, _split(speller, of))


SPELLINGS: dict[str, Spelling] = {
    "series split": _split,
    "series split fit": _split,
    "series split values": _values,
}
