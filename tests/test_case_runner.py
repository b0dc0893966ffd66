"""The runner of the data cases fails what is wrong: judged with translations made by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.functions import parse_lines, run_lines
from tests.support.markdown import Case, parse_cases, rewrite_snapshots
from tests.support.running import CaseFailedError, check_case
from tests.support.tables import MalformedCaseError, parse_table
from transpiler.diagnostics import KqlError
from transpiler.engine import googlesql
from transpiler.source import Source, Span
from transpiler.types import Type

CASE = """
# Operators
Prose without a fence is no case.

## where keeps bob
The trap.
```given T
Account:string | n:long
bob            | 1
NULL           | 2
""             |
```
```kql
T | where n == 1
```
```rows
Account | n
bob     | 1
```
```sql duckdb
old
```
"""
RIGHT_SQL = 'SELECT "Account", n FROM T WHERE n = 1'


@dataclass(frozen=True)
class Promised:
    name: str
    type: str
    sql_name: str


@dataclass(frozen=True)
class Made:
    sql: str
    columns: list[Promised]


def returns(sql: str, *columns: tuple[str, str]) -> Callable[..., Made]:
    """A translation that is always this SQL and promises these columns."""
    return lambda kql, **_: Made(sql, [Promised(n, t, n) for n, t in columns])


def refuses(kql: str, **_: object) -> Made:
    raise KqlError("KQL100", "no table 'T'", Span(0, 1), source=Source(kql))


def case(text: str = CASE) -> Case:
    (only,) = parse_cases(text)
    return only


RIGHT = returns(RIGHT_SQL, ("Account", "string"), ("n", "long"))


def test_a_case_is_read_whole() -> None:
    read = case()
    assert (read.title, read.line, read.kql) == ("where keeps bob", 5, "T | where n == 1")
    assert read.given["T"].rows() == [["bob", 1], [None, 2], ["", None]]
    assert read.snapshots["duckdb"].text == "old"


def test_a_right_translation_passes() -> None:
    assert check_case(case(), "duckdb", RIGHT) == RIGHT_SQL


WRONG = {
    "1 row is missing": returns('SELECT "Account", n FROM T WHERE n = 5', ("Account", "string"), ("n", "long")),
    "1 row is not expected": returns('SELECT "Account", n FROM T WHERE n < 3', ("Account", "string"), ("n", "long")),
    "columns Account:string, m:long": returns(RIGHT_SQL, ("Account", "string"), ("m", "long")),
    "columns Account:string": returns(RIGHT_SQL, ("Account", "string")),
    "describes ['Account', 'm']": returns('SELECT "Account", n AS m FROM T', ("Account", "string"), ("n", "long")),
    "promised as long; duckdb describes INTEGER": returns(
        'SELECT "Account", n::INTEGER AS n FROM T WHERE n = 1', ("Account", "string"), ("n", "long")
    ),
    "DuckDB refuses": returns("SELECT nope FROM T", ("Account", "string"), ("n", "long")),
    "one SELECT is wanted": returns(RIGHT_SQL + "; DROP TABLE T", ("Account", "string"), ("n", "long")),
    "refused: KQL100": refuses,
}


@pytest.mark.parametrize("reason", WRONG)
def test_a_wrong_translation_fails(reason: str) -> None:
    with pytest.raises(CaseFailedError) as failed:
        check_case(case(), "duckdb", WRONG[reason])
    assert reason in str(failed.value)


def test_order_counts_only_where_it_is_written() -> None:
    text = CASE.replace("bob     | 1\n```", "bob | 1\n | 2\n```")
    backwards = returns('SELECT "Account", n FROM T WHERE n < 3 ORDER BY n DESC', ("Account", "string"), ("n", "long"))
    check_case(case(text), "duckdb", backwards)
    with pytest.raises(CaseFailedError, match="their order is not"):
        check_case(case(text.replace("```rows", "```rows ordered")), "duckdb", backwards)


ERROR = "## refused\n```kql\nT | take 1\n```\n```error\nKQL100 no table\nat 1:1\n```\n"


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        (ERROR, ""),
        (ERROR.replace("KQL100", "KQL101"), "refused otherwise"),
        (ERROR.replace("no table", "no column"), "refused otherwise"),
        (ERROR.replace("at 1:1", "at 1:2"), "points to 1:1"),
        (ERROR.replace("error", "error bigquery"), "refused: KQL100"),
    ],
)
def test_a_refusal_is_compared(text: str, failure: str) -> None:
    if not failure:
        assert check_case(case(text), "duckdb", refuses) is None
        return
    with pytest.raises(CaseFailedError, match=failure):
        check_case(case(text), "duckdb", refuses)


def test_a_missing_refusal_fails() -> None:
    with pytest.raises(CaseFailedError, match="not refused with KQL100"):
        check_case(case(ERROR), "duckdb", RIGHT)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("## a\n```kql\nT\n```\n", 1, "expects nothing"),
        ("## a\n```rows\nx\n```\n", 1, "one kql fence"),
        ("## a\n```kql\nT\n", 2, "not closed"),
        ("## a\n```kql\nT\n```\n```rowz\nx\n```\n", 5, "'rowz' is not known"),
        ("## a\n```kql\nT\n```\n```rows\nx | y\n1\n```\n", 7, "1 cells for 2 columns"),
        ("## a\n```given T\nx:text\n```\n```kql\nT\n```\n```rows\nx\n```\n", 3, "no KQL type"),
        ("## a\n```given T\nx\n```\n```kql\nT\n```\n```rows\nx\n```\n", 0, "has no type"),
        (ERROR + ERROR, 1, "two cases"),
        (ERROR.replace("KQL100", "oops"), 6, "begins with a code"),
        (ERROR.replace("at 1:1", "somewhere"), 7, "second line"),
        ("## a\n```kql\nT\n```\n```rows\nx\n```\n```sql oracle\n```\n", 8, "names one target"),
        ("## a\n```kql\nT\n```\n```rows\nx\n```\n```options\nnwo: 1\n```\n", 0, "'nwo' is not known"),
    ],
)
def test_a_malformed_case_is_told_with_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(MalformedCaseError, match=message) as failed:
        parse_cases(text)
    assert failed.value.line == line


def test_update_rewrites_sql_fences_only(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(CASE + CASE.replace("where keeps bob", "again").replace("old\n", ""), encoding="utf-8")
    firsts = [c.snapshots["duckdb"].first for c in parse_cases(path.read_text(encoding="utf-8"))]
    rewrite_snapshots(path, dict.fromkeys(firsts, "SELECT 1\nFROM T\n"))
    after = path.read_text(encoding="utf-8")
    assert [c.snapshots["duckdb"].text for c in parse_cases(after)] == ["SELECT 1\nFROM T"] * 2
    assert after.replace("SELECT 1\nFROM T\n", "") == (CASE + CASE.replace("where keeps bob", "again")).replace(
        "old\n", ""
    )
    rows = next(i for i, line in enumerate(after.splitlines(), 1) if line == "```rows") + 1
    with pytest.raises(MalformedCaseError, match="only sql fences"):
        rewrite_snapshots(path, {rows: "x"})


def test_cells_say_null_empty_and_json() -> None:
    table = parse_table(
        's:string | d:dynamic | t:timespan | b:bool\n"NULL" | {"a": [1]} | 1.02:03:04.5 | true\n | | 90s |\n'
    )
    assert table.rows()[0][:2] == ["NULL", '{"a": [1]}']
    assert str(table.rows()[0][2]) == "1 day, 2:03:04.500000"
    assert table.rows()[1][:2] == [None, None]
    assert table.typed()["b"] is Type.BOOL


# ---- one-line cases: the stub takes the expressions for SQL --------------------------------------------------------

KQL_OF = {"VARCHAR": "string", "INTEGER": "long", "BIGINT": "long", "DOUBLE": "real", "BOOLEAN": "bool"}


def stub(kql: str, target: str, tables: object) -> Made:
    """``print l1 = length('a'), r1 = 1`` with SQL for KQL: everything is BIGINT but what is compared or quoted."""
    if "nope" in kql:
        raise KqlError("KQL204", "the target cannot do nope", Span(0, 1))
    parts = [
        p.partition(" = ") for p in kql.removeprefix("print ").replace(", r", "\0r").replace(", l", "\0l").split("\0")
    ]
    kinds = [
        "string" if "'" in e and "(" not in e else "bool" if "<" in e or e in ("true", "false") else "long"
        for _, _, e in parts
    ]
    casts = {"string": "VARCHAR", "bool": "BOOLEAN", "long": "BIGINT"}
    if target == "bigquery":
        casts = {"string": "STRING", "bool": "BOOL", "long": "INT64"}
    fields = (f"CAST({e} AS {casts[k]}) AS {n}" for (n, _, e), k in zip(parts, kinds, strict=True))
    return Made("SELECT " + ", ".join(fields), [Promised(n, k, n) for (n, _, _), k in zip(parts, kinds, strict=True)])


LINES = """
// a comment
length('héllo') == 5   // characters
length('a == b // c') == 11
length('a') == 2
(1 < 2) == true
length('a') == '1'
syntax error( == 1
nope(1) !! KQL204 cannot do nope
nope(2) !! KQL100
length('b') !! KQL204
nope(3) == 1 @duckdb
length('c') == 1 @bigquery
"""


def test_each_line_is_judged_on_its_own() -> None:
    cases = parse_lines(LINES)
    failures = run_lines(cases, "duckdb", stub)
    wrong = {case.number: case.expression for case in cases if case.number in failures}
    assert wrong == {
        5: "length('a')",
        7: "length('a')",
        8: "syntax error(",
        10: "nope(2)",
        11: "length('b')",
        12: "nope(3)",
        13: "length('c')",
    }
    assert "is 1, not 2" in failures[5]
    assert "is a long (1), not a string ('1')" in failures[7]
    assert "DuckDB refuses" in failures[8]
    assert "not refused" in failures[13]


@pytest.mark.parametrize("line", ["length('a')", "length('a') == length('b')", "length('a == b')"])
def test_a_line_without_a_literal_is_malformed(line: str) -> None:
    with pytest.raises(MalformedCaseError):
        parse_lines(line)


@pytest.mark.bigquery
@pytest.mark.skipif(
    not googlesql.available(), reason="Google's engine is not installed: pip install 'rulesql[bigquery]'"
)
class TestOnGooglesEngine:
    SQL = "SELECT Account, n FROM T WHERE n = 1"

    def test_a_right_translation_passes(self) -> None:
        check_case(case(), "bigquery", returns(self.SQL, ("Account", "string"), ("n", "long")))

    @pytest.mark.parametrize(
        ("sql", "reason"),
        [
            ("SELECT Account, n FROM T WHERE n = 2", "1 row is missing, 1 row is not expected"),
            ("SELECT Account, n FROM (SELECT * FROM T ORDER BY n) WHERE n = 1", "the BigQuery service refuses"),
            ("SELECT Account, nope AS n FROM T", "GoogleSQL refuses"),
            ("SELECT Account, CAST(n AS STRING) AS n FROM T", "promised as long; bigquery describes STRING"),
        ],
    )
    def test_a_wrong_translation_fails(self, sql: str, reason: str) -> None:
        with pytest.raises(CaseFailedError, match=reason):
            check_case(case(), "bigquery", returns(sql, ("Account", "string"), ("n", "long")))

    def test_lines_run_there_too(self) -> None:
        cases = parse_lines("length('héllo') == 5\nlength('a') == 2\nlength('a') == 1 @duckdb")
        assert set(run_lines(cases, "bigquery", stub)) == {2, 3}
