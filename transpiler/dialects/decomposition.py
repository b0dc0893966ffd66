"""What the targets share of the functions that take a series apart: when Kusto's answer is not known, and says so.

A query over such a series stops, since a null would hide an anomaly.
"""

from __future__ import annotations

NOT_COMPLETE = (
    "what Kusto answers for a series with elements that are no numbers, or with phases that no point teaches, "
    "is not documented; points"
)
NOT_SPREAD = (
    "how Kusto scores outliers of a series whose points between the percentiles are all equal is not documented; points"
)
# Differences of numbers that stand for equal ones, as a part of the largest.
NOISE = "1e-12"
# The components of a point: its value, the season, the trend and the greatest absolute value of the series.
COMPONENTS = {
    "baseline": "@s@ + @t@",
    "seasonal": "@s@",
    "trend": "@t@",
    "residual": "@y@ - (@s@ + @t@)",
    # What is left where season and trend fit is noise of the computation; scores would make anomalies of it.
    "exact residual": f"CASE WHEN ABS(@y@ - (@s@ + @t@)) <= {NOISE} * @g@ THEN 0 ELSE @y@ - (@s@ + @t@) END",
}
