"""What the targets share of series_fit_2lines: when the best split is the best for certain, and why the query stops else."""

from __future__ import annotations

SHORTEST_PART = 3
"""With so many points on each side, a split is one that Kusto tries, however short a part it allows."""
FEWEST_POINTS = 2 * SHORTEST_PART
EQUAL_FITS = "1e-9"
"""By less than this part of the squares of the series, two splits fit equally well: only their last digits differ."""
FEW_POINTS = (
    "what series_fit_2lines makes of fewer than six points, or of elements that are no numbers, is not documented"
)
NO_BEST_SPLIT = (
    "series_fit_2lines fits as well with another split, or best with one that leaves fewer than three points on one side, "
    "and what Kusto takes then is not documented"
)
