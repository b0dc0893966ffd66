"""What the binder computes of constants, and what the engines compute of the same values in columns, is the same."""

from __future__ import annotations

import pytest

from tests.support.running import kusto_rows
from transpiler.engine import googlesql
from transpiler.engine.comparison import same

INSTANTS = (
    "datetime(2020-02-29 13:04:05.123456)",
    "datetime(1955-11-05 00:00:00)",
    "datetime(1969-12-31 23:59:59.999999)",
    "datetime(2024-03-03 00:00:00)",
    "datetime(0003-01-07 12:00:00)",
    "datetime(9999-11-30 23:59:59.5)",
)
SPANS = ("time(1.02:03:04.567)", "-90m", "0s", "time(-12.23:59:59.000001)", "time(365.00:00:00)")
WHOLE = ("0", "7", "-7", "9223372036854775807", "-1", "1000000007")
REALS = ("2.5", "-2.5", "0.0", "-0.7", "1e15", "12345.678")

OF_INSTANTS = (
    *(f"{e}of{unit}({{x}}{n})" for e in ("start", "end") for unit in ("day", "week", "month", "year") for n in ("", ", -1")),
    *(f"{f}({{x}})" for f in ("dayofweek", "dayofmonth", "dayofyear", "hourofday", "monthofyear", "getyear")),
    *(f"week{f}({{x}})" for f in ("_of_year", "ofyear")),
    *(f"datetime_part('{p}', {{x}})" for p in ("quarter", "second", "millisecond", "microsecond", "nanosecond")),
    *(f"datetime_add('{u}', {n}, {{x}})" for u in ("month", "week", "second") for n in (1, -1)),
    *(
        f"datetime_diff('{u}', {{x}}, datetime(1999-12-31 23:30:00.25))"
        for u in ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond")
    ),
    *(f"bin({{x}}, {s})" for s in ("1d", "1h", "5m", "7d", "30d", "7s", "250ms")),
    "bin_at({x}, 7h, datetime(2020-01-01 03:00))",
    "format_datetime({x}, 'yyyy-MM-dd HH:mm:ss.ffffff [y/M/d h:m:s tt] F')",
    "{x} + 36h",
    "{x} - datetime(2000-01-01)",
    "{x} % 7h",
    "{x} / 1d",
)  # fmt: skip
OF_SPANS = (
    "format_timespan({x}, 'd.hh:mm:ss.fffffff')", "format_timespan({x}, 'dd h:m:s FF')", "bin({x}, 1h)", "bin_at({x}, 1h, 20m)",
    "{x} * 3", "{x} / 7", "{x} % 7m", "{x} / 1h", "-({x})", "{x} + 1d", "datetime(2020-01-01) - {x}",
)  # fmt: skip
OF_WHOLE = (
    "{x} / 3",
    "{x} % 3",
    "{x} % -5",
    "bin({x}, 10)",
    "bin_at({x}, 10, 3)",
    "{x} * 9223372036854775807",
    "{x} - 1 + 1",
)
OF_REALS = ("{x} / 3.0", "{x} % 2.0", "bin({x}, 0.5)", "-({x})", "{x} / 0.0", "bin_at({x}, 2.5, 7.0)")

CASES = [
    *((t, e, INSTANTS) for t, group in (("datetime", OF_INSTANTS),) for e in group),
    *(("timespan", e, SPANS) for e in OF_SPANS),
    *(("long", e, WHOLE) for e in OF_WHOLE),
    *(("real", e, REALS) for e in OF_REALS),
]


@pytest.mark.parametrize("target", ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)])
@pytest.mark.parametrize("kind", ["datetime", "timespan", "long", "real"])
def test_a_constant_and_a_column_come_to_the_same(target: str, kind: str) -> None:
    if target == "bigquery" and not googlesql.available():
        pytest.skip("Google's engine is not installed")
    wrong = []
    values = next(v for k, _, v in CASES if k == kind)
    expressions = [e for k, e, _ in CASES if k == kind]
    listed = ", ".join(f"e{i} = {e.format(x='x')}" for i, e in enumerate(expressions))
    columns = kusto_rows(f"datatable(x:{kind})[{', '.join(values)}] | project {listed}", target)
    for value, row in zip(values, columns, strict=True):
        (folded,) = kusto_rows(
            "print " + ", ".join(f"e{i} = {e.format(x=value)}" for i, e in enumerate(expressions)), target
        )
        for e, a, b in zip(expressions, folded, row, strict=True):
            if not same(a, b):
                wrong.append(f"{e.format(x=value)}: {a} as a constant, {b} in a column")
    assert not wrong, "\n".join(wrong)
