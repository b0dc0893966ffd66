"""Files as analysts have them: what is read of them, what is refused, and what is said of those that hold something else."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from transpiler.cli import app


def rulesql(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


ROWS: list[tuple[str, str, list[dict[str, object]]]] = [
    ("quoted.csv", 'a,b\n"x ""y"", z","1\n2"\n', [{"a": 'x "y", z', "b": "1\n2"}]),
    ("semicolons.csv", "a;b\nx;1\n", [{"a": "x", "b": 1}]),
    ("codes.csv", "a,b\n007,1.5\n", [{"a": "007", "b": 1.5}]),
    ("types.csv", "a\n1\nx\n", [{"a": "1"}, {"a": "x"}]),
    ("commented.csv", "# from the proxy\na,b\nx,1\n", [{"a": "x", "b": 1}]),
    # DuckDB would begin with the line that has the most fields, and take it for the heading.
    ("one_column.csv", "a\nx\ny,z\n", [{"a": "x"}, {"a": "y,z"}]),
    ("array.json", '[{"a": 1}, {"a": null}]', [{"a": 1}, {"a": None}]),
    # DuckDB calls every whole number above zero a UBIGINT; a long would be null here.
    ("beyond.jsonl", '{"a": 9223372036854775808}\n{"a": 1}\n', [{"a": 9223372036854775808.0}, {"a": 1.0}]),
    ("last_long.jsonl", '{"a": 9223372036854775807}\n', [{"a": 9223372036854775807}]),
    ("nameless.jsonl", '{"": 1, "a": 2}\n', [{"a": 2}]),
    ("mixed.jsonl", '{"a": 1}\n{"a": "x"}\n', [{"a": 1}, {"a": "x"}]),
    ("marked.jsonl", '\ufeff{"a": 1}\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}]),
]


@pytest.mark.parametrize(("name", "text", "rows"), ROWS, ids=[name for name, *_ in ROWS])
def test_rows_of_files_that_nobody_declared(
    name: str, text: str, rows: list[dict[str, object]], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(text, newline="")
    result = rulesql("query", "T", "--table", f"T={tmp_path / name}", "-f", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == rows


REFUSED: list[tuple[str, bytes, str]] = [
    ("longer.csv", b"a,b\nx,1\nx,1,2\n", "have not all as many fields as the heading 'a,b'"),
    ("shorter.csv", b"a,b,c\nx,1,2\nx\n", "have not all as many fields as the heading 'a,b,c'"),
    ("empty.csv", b"", "holds no record"),
    ("empty.jsonl", b"", "holds no record"),
    ("latin.csv", b"a,b\nx,J\xfcrgen\n", "not utf-8 encoded.\nin "),
    ("numbers.jsonl", b"1\n2\n", "no JSON objects"),
    ("cut.jsonl", b'{"a": 1}\n{"a": ', "unexpected end of data"),
    ("junk.jsonl", b"\x00\xff\xfe\x01", "Malformed JSON"),
    ("notes.doc", b"a", "the kind of file is not known"),
]


@pytest.mark.parametrize(("name", "data", "message"), REFUSED, ids=[name for name, *_ in REFUSED])
def test_files_that_are_refused(name: str, data: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    result = rulesql("query", "T", "--table", f"T={tmp_path / name}")
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert "Possible" not in result.stderr


def test_lines_of_another_length_are_refused_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\nx,1\n")
    (tmp_path / "b.csv").write_text("a,b,c\nx,1,2\nx\n")
    result = rulesql("query", "T", "--table", f"T={tmp_path}/*.csv")
    assert result.exit_code == 1
    assert "one of 2 files" in result.stderr


def test_values_of_typed_files(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT TIME '10:00:01.5' AS clock, INTERVAL 25 HOUR AS span, DATE '2026-03-02' AS day, [1, NULL] AS list, "
            "{'k': 'v'} AS record, 1.50::DECIMAL(10, 2) AS price, 18446744073709551615::UBIGINT AS large, "
            f"TIMESTAMPTZ '2026-03-02 01:00:00+01' AS zoned) TO '{tmp_path}/t.parquet'"
        )
    result = rulesql("query", "T", "--table", f"T={tmp_path}/t.parquet", "-f", "json")
    (row,) = json.loads(result.stdout)
    assert row == {
        "clock": "10:00:01.5000000",
        "span": "1.01:00:00",
        "day": "2026-03-02T00:00:00Z",
        "list": [1, None],
        "record": {"k": "v"},
        "price": "1.5",
        "large": "18446744073709551615",
        "zoned": "2026-03-02T00:00:00Z",
    }


def test_a_shown_value_sends_the_terminal_no_commands(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"a": "\\u001b[2Jx\\ty\\u009b1m\\u00a0"}\n')
    table = rulesql("query", "T", "--table", f"T={tmp_path}/log.jsonl").stdout
    assert not {"\x1b", "\x9b"} & set(table)
    assert "\N{REPLACEMENT CHARACTER}[2Jx" in table
    exact = rulesql("query", "T", "--table", f"T={tmp_path}/log.jsonl", "-f", "json").stdout
    assert json.loads(exact) == [{"a": "\x1b[2Jx\ty\x9b1m\xa0"}]


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    schemas = tmp_path / "catalog" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "T.yaml").write_text("table: T\ncolumns: {TimeGenerated: datetime, User: string}\n")
    (schemas / "Timeless.yaml").write_text("table: Timeless\ncolumns: {at: datetime, User: string}\n")
    return tmp_path / "catalog"


@pytest.mark.parametrize(
    ("name", "text", "is_said"),
    [
        ("other.csv", "when,who\nnow,bob\n", True),
        ("other.jsonl", '{"when": 1}\n', True),
        ("case.jsonl", '{"user": "bob"}\n', True),
        ("case.csv", "user,x\nbob,1\n", False),
        ("one.jsonl", '{"User": "bob"}\n', False),
        ("none.jsonl", "", False),
    ],
)
def test_files_of_something_else_are_told(name: str, text: str, is_said: bool, catalog: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    result = rulesql("query", "T | count", "--table", f"T={tmp_path / name}", "--catalog", catalog)
    assert result.exit_code == 0, result.output
    assert ("has none of the table's columns" in result.stderr) is is_said


@pytest.mark.parametrize(("table", "is_said"), [("T", False), ("Timeless", True), ("Unknown", True)])
def test_a_window_that_cuts_nothing_is_told(table: str, is_said: bool, catalog: Path, tmp_path: Path) -> None:
    """Without a time column every run sees all rows, and the moments in the summary would say otherwise."""
    path = tmp_path / "log.csv"
    path.write_text("at,TimeGeneratedAt,User\n2026-03-02T09:00:00Z,2026-03-02T09:00:00Z,bob\n")
    arguments = ("query", f"{table} | count", "--table", f"{table}={path}", "--catalog", catalog)
    said = f"the window does not cut {table}:"
    assert (said in rulesql(*arguments, "--window", "1h").stderr) is is_said
    assert said not in rulesql(*arguments).stderr


def test_a_rule_over_a_table_without_a_time_is_told(tmp_path: Path) -> None:
    rule = tmp_path / "rule.yaml"
    rule.write_text(
        "name: n\nkind: Scheduled\nid: x\nseverity: High\nqueryFrequency: 1h\nqueryPeriod: 1h\nquery: T | where a == 1\n"
    )
    for given in (("--table", "T=a:long,at:datetime"), ("--infer-schema",)):
        result = rulesql("translate", rule, *given)
        assert result.exit_code == 0
        assert "the window does not cut T:" in result.stderr
        assert "the window does not cut" not in rulesql("translate", rule, *given, "--window", "all").stderr
    cut = rulesql("translate", rule, "--table", "T=a:long,TimeGenerated:datetime")
    assert "the window does not cut" not in cut.stderr


def test_fields_that_differ_only_by_case_are_refused(tmp_path: Path) -> None:
    """DuckDB takes their columns for one; the second's values would be lost without a word. A declared one is read."""
    path = tmp_path / "log.jsonl"
    path.write_text('{"user": "ann", "User": "bob"}\n{"User": "eve"}\n')
    result = rulesql("query", "T", "--table", f"T={path}")
    assert result.exit_code != 0
    assert "the fields 'user' and 'User' differ only by case" in result.stderr
    (tmp_path / "c/schemas").mkdir(parents=True)
    (tmp_path / "c/schemas/t.yaml").write_text("table: T\ncolumns: {User: string}\n")
    declared = rulesql("query", "T | project User", "--table", f"T={path}", "--catalog", tmp_path / "c", "-f", "json")
    assert json.loads(declared.stdout) == [{"User": "bob"}, {"User": "eve"}]
