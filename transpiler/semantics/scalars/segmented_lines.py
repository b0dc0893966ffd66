"""series_fit_2lines: the two lines through a series that is cut in two where they fit it best.

That the split is the number of points on the left, and that the right line counts from 1 behind it, is how Kusto's
documentation computes the jump between them (page of ``series_shapes_fl``). How short a part may be and which of two equal
splits Kusto takes is not documented: there the query stops.
"""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.scalars import Scalar
from transpiler.semantics.dispatch import binds_columns, binds_function
from transpiler.semantics.names import result_name
from transpiler.semantics.scalars.calls import call_function
from transpiler.semantics.scalars.series_functions import bag_of, line_part, series_of
from transpiler.semantics.scope import Scope

_PART = ("rsquare", "slope", "interception", "variance", "rvariance")
_KEYS = {"split_idx": "series split", "line_fit": "series split values"}


def _whole(scope: Scope, node: syntax.Call) -> dict[str, Scalar]:
    """What is said of the series and its best split."""
    series = series_of(scope, node)

    def of_split(which: str) -> Scalar:
        key = _KEYS.get(which, "series split fit")
        return replace(call_function(scope, key, [series], node.span), options=(which, ""))

    return {
        "rsquare": of_split("rsquare"),
        "split_idx": of_split("split_idx"),
        "variance": line_part(scope, node, series, "variance"),
        "rvariance": of_split("rvariance"),
        "line_fit": of_split("line_fit"),
    }


def _side(scope: Scope, node: syntax.Call, side: str) -> dict[str, Scalar]:
    """What is said of the line on one side of the split."""
    series = series_of(scope, node)
    call = call_function(scope, "series split fit", [series], node.span)
    return {which: replace(call, options=(which, side)) for which in _PART}


@binds_columns("series_fit_2lines", takes=(1, 1))
def _two_lines(scope: Scope, node: syntax.Call) -> list[tuple[str | None, Scalar]]:
    """series_fit_2lines: fifteen columns."""
    name = f"series_fit_2lines_{result_name(node.arguments[0]) or ''}"
    columns = _whole(scope, node)
    for side in ("right", "left"):
        columns |= {f"{side}_{which}": part for which, part in _side(scope, node, side).items()}
    return [(f"{name}_{which}", scalar) for which, scalar in columns.items()]


@binds_function("series_fit_2lines_dynamic", takes=(1, 1))
def _two_lines_dynamic(scope: Scope, node: syntax.Call) -> Scalar:
    """The same as a bag, with a bag for each side."""
    sides = {side: bag_of(scope, node, _side(scope, node, side)) for side in ("right", "left")}
    return bag_of(scope, node, {**_whole(scope, node), **sides})
