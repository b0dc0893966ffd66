"""The columns of an undeclared table, told by what a query does with them. A line is a query and the columns it speaks for."""

from __future__ import annotations

import pytest

from transpiler import transpile
from transpiler.diagnostics import KqlError

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
T | summarize percentile(A, 95)                       | A: real
T | summarize percentiles(A, 50, 95), percentiles_array(B, 5) | A: real, B: real
T | summarize percentilew(A, B, 50)                   | A: real, B: long
T | summarize P = percentile(A, 95) | where P > 3h    | A: timespan
T | summarize P = percentile(A, 95) | where P > 3     | A: long
T | extend X = -A                                     | A: real
T | extend X = -A | where X > 1h                      | A: timespan
T | top-hitters 3 of A by B                           | A: string, B: real
T | summarize M = max(A) | where M > 3                | A: long
T | extend x = A.b.c                                  | A: dynamic
T | mv-expand A                                       | A: dynamic
T | where A in (1, 2) and B between (1 .. 5)          | A: long, B: long
T | extend x = strlen(A), y = tostring(B)             | A: string, B: string
T | extend A = 1 | where A == 2 and B == 'x'          | B: string
T | join kind=inner (U | where C == 1) on K           | K: string
let X = T | where A == 1; X | where B == true         | A: long, B: bool
let X = T; let Y = X; Y | where A == 1                | A: long
T | extend D = A - B | where D > 1h                   | A: datetime, B: datetime
T | extend D = now() - A | where D < 3d               | A: datetime
T | where A + B > ago(1d) | where B == 2h             | A: datetime, B: timespan
T | extend X = A + B | where A == 1                   | A: long, B: long
T | extend X = A / B | where B == 1                   | A: long, B: long
T | extend X = A / B | where X > 1.5 and B == 2.0     | A: real, B: real
T | extend S = A * 2 | summarize avg(S)               | A: long
T | summarize S = sum(A) | extend G = S / 1024        | A: long
T | where A > B | where B < 10                        | A: long, B: long
T | where A between (B .. C) and C == 1.5             | A: real, B: real, C: real
T | where A == 1 or A =~ 'failure'                    | A: string
T | where A and B == 1                                | A: bool, B: long
T | where isnull(A) or A < 3                          | A: long
T | extend X = iff(A == 1, B, ago(1d))                | A: long, B: datetime
T | extend X = A, A = tostring(B) | where X == 1      | A: long, B: string
T | extend X = column_ifexists('A', 0)                | A: long
T | summarize arg_max(A, *) by B | where C == 'x' | project B | A: string, B: string, C: string
T | where A == 1 | union (U | where B == 2) | where B > 1 and A < 3 | A: long, B: long
T | join (U | summarize N = count() by K) on K | where N > 1 | K: string
T | join (U | where A == 1) on K | project K1, A1     | K: string, A: string
T | as X | join (X | where A == 1) on A               | A: long
search in (T) A: 'x' and B > 2                        | A: string, B: long
union withsource='S' T, U | where S == 'T' and A == 1   | A: long
T | mv-expand with_itemindex='I' A | where I == 1     | A: dynamic
find in (T) where A == 1 project B                    | A: long, B: string
let f = (n: string) { table(n) | where A == 1 }; f('T') | A: long
let f = (t: (*), n: long) { t | where A == n }; T | invoke f(1) | A: long
let f = (n: datetime) { startofday(n) }; T | extend D = f(A) | A: datetime
T | mv-apply X = A on (where tostring(X) == B)        | A: dynamic, B: string
T | partition by K (top 1 by A) | where A == 1        | K: string, A: long
T | where K in ((U | where J == 1 | project J))       | K: long
T | evaluate sliding_window_counts(A, B, ago(7d), now(), 3d, 1d, C) | where Dcount > 2 | A: string, B: datetime, C: string
T | evaluate session_count(A, B, 0, 100, 10, 5) | where count_sessions > 2 | A: string, B: long
T | evaluate rolling_percentile(A, 50, B, 1h, 3) | where B > ago(1d) | A: real, B: datetime
T | evaluate rolling_percentile(A, 50, B, 1h, 3) | where rolling_3_percentile_A_50 > 2 and B > ago(1d) | A: long, B: datetime
T | where A == 5 | join (datatable(A:string)['5']) on A | project A | A: string
T | project A | lookup (datatable(K:string)['5']) on $left.A == $right.K | where A == 5 | A: string
T | lookup (datatable(A:int)[5]) on A | where A == 5 | project A | A: int
T | where A in (5, 6) | union (datatable(A:string)['5']) | project A | A: string
"""

TABLES = """
T | where A == 1 | union U | project A                | T(A: long) U(A: long)
T | join (U | where A == 1) on $left.K == $right.A    | T(K: long) U(A: long)
T | where A == 1 | join (U | where C == 'x') on A     | T(A: long) U(C: string, A: long)
T | as X | join kind=leftsemi (X) on A                | T(A: string)
T | where A == 1 | join (U | where A has 'x') on A    | T(A: string) U(A: string)
U | where A has 'x' | join (T | where B == 1) on $left.A == $right.B | U(A: string) T(B: string)
"""

# What looks at every column says nothing true of a table of which only the named columns are known.
UNSAID = """
T | search 'x' | count                                | every column
T | where * contains 'x' | count                      | every column
T | where * !has 'x' | project A                      | every column
T | distinct *                                        | every column
T | extend P = pack_all() | project P                 | every column
T | where A == 1 | getschema                          | getschema looks at every
search in (T) 'x'                                     | every column
find in (T) where A == 1                              | every column
T | summarize arg_max(A, *) by B                      | every column
T | summarize take_any(A, *) by B                     | every column
T | where A == 1 and B == 2 | project-away A          | every column
T | where A == 1 | project-reorder *                  | every column
T | take 10                                           | nothing is known of the result's columns
print X = toscalar(T | where A == 1)                  | first column
U | where K in ((T | where A == 1)) | project K       | first column
T | extend X = A | evaluate pivot(X) : (a: long)      | every column
T | where isnull(A)                                   | type of column 'A' of T: isnull of a string
T | where isnotnull(A) | project A                    | type of column 'A' of T: isnotnull of a string
T | extend X = A / B                                  | type of column 'A' of T: '/' does not take
T | summarize S = sum(A), N = sum(B) | extend X = S/N | longs and of reals
T | where A > B                                       | type of column 'A' of T: '>' does not compare
"""


@pytest.mark.parametrize("line", CASES.strip().splitlines())
def test_columns_told_by_their_use(line: str) -> None:
    query, _, columns = line.rpartition("| ")
    found = transpile(query.strip(), target="duckdb", infer=True).inferred["T"]
    assert ", ".join(f"{name}: {kind}" for name, kind in found.items()) == columns


@pytest.mark.parametrize("line", TABLES.strip().splitlines())
def test_tables_tell_each_other_their_types(line: str) -> None:
    query, _, tables = line.rpartition("| ")
    found = transpile(query.strip(), target="duckdb", infer=True).inferred
    told = (f"{t}({', '.join(f'{c}: {k}' for c, k in columns.items())})" for t, columns in found.items())
    assert " ".join(told) == tables


def test_the_step_of_a_bin_does_not_tell_what_a_value_out_of_sight_is() -> None:
    """Two names for two results of one aggregate are out of sight."""
    query = """T | where B > now() | summarize (X, Y) = arg_max(B, C) | extend X = bin(X, 1h)
        | join (U | where A > now()) on $left.X == $right.A"""
    assert transpile(query, target="duckdb", infer=True).inferred["U"] == {"A": "datetime"}


@pytest.mark.parametrize("line", UNSAID.strip().splitlines())
@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
def test_what_depends_on_columns_that_no_one_names_is_refused(line: str, target: str) -> None:
    query, _, reason = line.rpartition("| ")
    with pytest.raises(KqlError) as refused:
        transpile(query.strip(), target=target, infer=True)
    assert refused.value.code == "KQL203"
    assert reason in refused.value.message
    assert refused.value.hint
    assert refused.value.line == 1


GUESSES = """
T | sort by A                                         | T.A
T | top 3 by A                                        | T.A
T | summarize max(A), min(B) by C                     | T.A, T.B
T | summarize arg_max(A, B)                           | T.A
T | extend X = max_of(A, B) | project X               | T.A, T.B
T | top-nested 3 of A by max(B)                       | T.B
T | join (U | top 1 by B) on A                        | U.B
T | sort by A | where A > 1                           |
T | summarize A = sum(A) by B | sort by A             |
T | sort by TimeGenerated | where A has 'x'           |
T | where A has 'x' | sort by A                       |
"""


@pytest.mark.parametrize("line", GUESSES.strip().splitlines())
def test_a_type_that_nothing_tells_is_named_where_rows_are_ordered_by_it(line: str) -> None:
    query, _, guesses = line.rpartition("|")
    found = transpile(query.strip(), target="duckdb", infer=True)
    assert ", ".join(found.guesses) == guesses.strip()


def test_a_declared_table_answers_what_an_inferred_one_cannot() -> None:
    found = transpile("T | where * has 'x' | count", "duckdb", {"T": {"A": "string"}}, infer=True)
    assert found.inferred == {}
    assert "A" in found.sql


def test_functions_that_call_each_other_twice_end() -> None:
    lets = "".join(f"let f{n + 1} = () {{ union f{n}(), f{n}() }};" for n in range(40))
    with pytest.raises(KqlError):
        transpile(f"let f0 = () {{ T | where A == 1 }};{lets} f40()", "duckdb", infer=True)
