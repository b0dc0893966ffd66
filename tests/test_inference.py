"""The columns of an undeclared table, told by what a query does with them. A line is a query and the columns it speaks for."""

from __future__ import annotations

import pytest

from transpiler import transpile

CASES = """
T | where A == 1                                      | A: long
T | where A > 1.5                                     | A: real
T | where A has 'x' or B matches regex 'y'            | A: string, B: string
T | where TimeGenerated > ago(1d)                     | TimeGenerated: datetime
T | where A > ago(1d) and B < now() - 2h              | A: datetime, B: datetime
T | where A == TimeGenerated                          | A: datetime, TimeGenerated: datetime
T | extend d = datetime_diff('day', A, B)             | A: datetime, B: datetime
T | summarize n = count() by bin(A, 1h)               | A: datetime
T | summarize n = sum(A) by B                         | A: real, B: string
T | extend x = A.b.c                                  | A: dynamic
T | mv-expand A                                       | A: dynamic
T | where A in (1, 2) and B between (1 .. 5)          | A: long, B: long
T | extend x = strlen(A), y = tostring(B)             | A: string, B: string
T | extend A = 1 | where A == 2 and B == 'x'          | B: string
T | join kind=inner (U | where C == 1) on K           | K: string
let X = T | where A == 1; X | where B == true         | A: long, B: bool
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines())
def test_columns_told_by_their_use(line: str) -> None:
    query, _, columns = line.rpartition("| ")
    found = transpile(query.strip(), target="duckdb", infer=True).inferred["T"]
    assert ", ".join(f"{name}: {kind}" for name, kind in found.items()) == columns
