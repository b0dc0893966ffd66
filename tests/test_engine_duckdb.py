"""DuckDB as the engine of rules: what is stored, what a statement may reach, and how log files are read."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb as client
import pytest

from transpiler.engine import EngineError
from transpiler.engine.duckdb import DuckDb, connect
from transpiler.engine.values import JsonText
from transpiler.types import Type

EVERY_TYPE = {
    "s": Type.STRING,
    "l": Type.LONG,
    "i": Type.INT,
    "r": Type.REAL,
    "b": Type.BOOL,
    "t": Type.DATETIME,
    "d": Type.DYNAMIC,
    "g": Type.GUID,
    "ts": Type.TIMESPAN,
    "dec": Type.DECIMAL,
}


@pytest.fixture
def session() -> Iterator[DuckDb]:
    with connect(threads=1) as db:
        yield db


def test_every_type_is_stored_as_itself(session: DuckDb) -> None:
    row = {
        "s": "a",
        "l": 2**63 - 1,
        "i": 1,
        "r": 1.5,
        "b": True,
        "t": dt.datetime(2024, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
        "d": JsonText('{"b": 1.0, "a": [1]}'),
        "g": "75491DB8-eaf7-40bb-a46a-279872cc82f5",
        "ts": "1.02:03:04",
        "dec": "1.5",
    }
    session.create_table("T", EVERY_TYPE, [row, {}])
    result = session.run("SELECT * FROM T")
    assert [c.type for c in result.columns] == [
        *(
            "VARCHAR",
            "BIGINT",
            "INTEGER",
            "DOUBLE",
            "BOOLEAN",
            "TIMESTAMP",
            "JSON",
            "UUID",
            "INTERVAL",
            "DECIMAL(38,18)",
        )
    ]
    assert result.rows[0] == (
        *("a", 2**63 - 1, 1, 1.5, True, dt.datetime(2024, 1, 1), '{"b": 1.0, "a": [1]}'),
        uuid.UUID("75491db8-eaf7-40bb-a46a-279872cc82f5"),
        dt.timedelta(days=1, hours=2, minutes=3, seconds=4),
        Decimal("1.5"),
    )
    assert result.rows[1] == (None,) * 10


def test_many_rows_keep_their_order(session: DuckDb) -> None:
    session.create_table("T", {"n": Type.LONG}, ([n] for n in range(1001)))
    assert [n for (n,) in session.run("SELECT n FROM T").rows] == list(range(1001))


def test_of_columns_that_differ_by_case_the_first_is_stored(session: DuckDb) -> None:
    session.create_table("T", {"Sub": Type.STRING, "sub": Type.LONG, "n": Type.LONG}, [["a", 5, 7], {"sub": 5}])
    assert session.run("SELECT * FROM T").rows == (("a", 7), (None, None))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([1, 2], "2 values for 1 columns"),
        ({"m": 1}, "no column 'm'; known: n"),
        (["x"], "'x' is no long"),
        ([True], "True is no long"),
        ([1.5], "1.5 is no long"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(session: DuckDb, row: list[object], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        session.create_table("T", {"n": Type.LONG}, [row])


def test_names_are_quoted(session: DuckDb) -> None:
    session.create_table(["a schema", 'T"; DROP TABLE x'], {'c"d': Type.LONG}, [[1]])
    assert session.run('SELECT "c""d" FROM "a schema"."T""; DROP TABLE x"').rows == ((1,),)


def test_the_sessions_zone_is_not_utc(session: DuckDb) -> None:
    ((hour,),) = session.run("SELECT hour(TIMESTAMPTZ '2024-01-01 00:00:00+00')").rows
    assert hour == 5


def test_describe_does_not_run(session: DuckDb) -> None:
    columns = session.describe("-- first\nSELECT error('ran') AS a, 1::BIGINT AS b")
    assert [(c.name, c.type) for c in columns] == [("a", '"NULL"'), ("b", "BIGINT")]


def test_errors_carry_the_engines_words_and_the_statement(session: DuckDb) -> None:
    with pytest.raises(EngineError, match=r"Binder Error.*nope") as failed:
        session.run("SELECT nope")
    assert (failed.value.engine, failed.value.sql) == ("duckdb", "SELECT nope")


def test_a_statement_that_takes_too_long_is_stopped(session: DuckDb) -> None:
    with pytest.raises(EngineError, match=r"[Ii]nterrupt"):
        session.run(
            "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range % 7 = b.range % 11", timeout=0.2
        )


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; SELECT 2",
        "CREATE TABLE x (a INT)",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/new.duckdb'",
        "SET threads = 1",
        "INSTALL httpfs",
        "",
    ],
)
def test_only_one_select_runs(session: DuckDb, tmp_path: Path, sql: str) -> None:
    with pytest.raises(EngineError):
        session.run(sql.format(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM '{file}'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_blob('{folder}/*')",
        "SELECT * FROM read_parquet('https://example.invalid/a.parquet')",
        "SELECT * FROM rows_of_the_test",
    ],
)
def test_a_statement_reads_no_file_url_or_variable(session: DuckDb, tmp_path: Path, sql: str) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    rows_of_the_test = client.sql("SELECT 1 AS a")
    with pytest.raises(EngineError):
        session.run(sql.format(file=secret, folder=tmp_path))
    assert rows_of_the_test is not None


# ---- log files -----------------------------------------------------------------------------------------------------

RECORDS = [
    {"timestamp": "2024-01-01T00:00:00.123456789Z", "n": "5", "a.b": "dot", "x/y": "slash", "d": {"B": [1, None]}},
    {"timestamp": "2024-01-01T05:30:00+05:30", "n": 7, "span": "1.02:03:04.5"},
    {"timestamp": "2024-01-01T00:00:00", "n": 1.5, "d": "text", "flag": True, "span": "-00:00:01"},
    {"timestamp": "yesterday", "n": None, "a.b": {"c": 1}, "span": "long"},
]
COLUMNS = {
    "timestamp": Type.DATETIME,
    "n": Type.LONG,
    "a.b": Type.STRING,
    "x/y": Type.STRING,
    "d": Type.DYNAMIC,
    "flag": Type.BOOL,
    "span": Type.TIMESPAN,
    "absent": Type.STRING,
}
TYPED = [
    (dt.datetime(2024, 1, 1, 0, 0, 0, 123456), 5, "dot", "slash", '{"B":[1,null]}', None, None, None),
    (dt.datetime(2024, 1, 1), 7, None, None, None, None, dt.timedelta(1, 7384, 500000), None),
    (dt.datetime(2024, 1, 1), None, None, None, '"text"', True, dt.timedelta(seconds=-1), None),
    (None, None, '{"c":1}', None, None, None, None, None),
]


def write(path: Path) -> Path:
    lines = "\n".join(map(json.dumps, RECORDS)) + "\n"
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(lines.encode()))
    elif path.suffix == ".json":
        path.write_text(json.dumps(RECORDS, indent=1))
    else:
        path.write_text(lines)
    return path


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.log", "a.json", "a.jsonl.gz", "it's.jsonl"])
def test_json_is_read_as_declared(session: DuckDb, tmp_path: Path, name: str) -> None:
    session.load("T", write(tmp_path / name), COLUMNS)
    assert session.run("SELECT * FROM T").rows == tuple(TYPED)


def test_json_without_columns_is_one_value_a_record(session: DuckDb, tmp_path: Path) -> None:
    session.load("T", write(tmp_path / "a.jsonl"))
    result = session.run("SELECT * FROM T")
    assert [(c.name, c.type) for c in result.columns] == [("entry", "JSON")]
    assert [json.loads(str(entry)) for (entry,) in result.rows] == RECORDS


def test_a_glob_reads_all_and_locks_the_rest_out(session: DuckDb, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("1.jsonl", "2.jsonl"):
        write(tmp_path / "in" / name)
    write(tmp_path / "other.jsonl")
    session.load("T", str(tmp_path / "in" / "*.jsonl"))
    assert session.run("SELECT count(*) FROM T").rows == ((8,),)
    with pytest.raises(EngineError, match="disabled by configuration"):
        session.run(f"SELECT * FROM read_json('{tmp_path / 'other.jsonl'}')")


def test_csv_is_text_until_columns_are_declared(session: DuckDb, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('t,n,S\n2024-01-01 00:00:00+01:00,007,"a ""q"", b"\n,x,\n')
    session.load("Text", path)
    session.load("T", path, {"t": Type.DATETIME, "n": Type.LONG, "s": Type.STRING, "absent": Type.REAL})
    assert session.run("SELECT n FROM Text").rows == (("007",), ("x",))
    assert session.run("SELECT * FROM T").rows == (
        (dt.datetime(2023, 12, 31, 23), 7, 'a "q", b', None),
        (None, None, None, None),
    )


def test_parquet_and_duckdb_files_are_read(session: DuckDb, tmp_path: Path) -> None:
    made = client.connect(str(tmp_path / "logs.duckdb"))
    made.execute(
        "CREATE TABLE Events AS "
        "SELECT TIMESTAMPTZ '2024-01-01 00:00:00+02' AS t, 1.5::DOUBLE AS n, {'a': 1} AS d, 5 AS x"
    )
    made.execute(f"COPY Events TO '{tmp_path / 'events.parquet'}'")
    made.close()
    columns = {"t": Type.DATETIME, "n": Type.LONG, "d": Type.DYNAMIC, "x": Type.STRING}
    session.load("P", tmp_path / "events.parquet", columns)
    session.load("events", tmp_path / "logs.duckdb", columns)
    session.load("Renamed", tmp_path / "logs.duckdb", table="main.Events")
    row = (dt.datetime(2023, 12, 31, 22), None, '{"a":1}', "5")
    assert session.run("SELECT * FROM P").rows == (row,)
    assert session.run("SELECT * FROM events").rows == (row,)
    assert session.run("SELECT x FROM Renamed").rows == ((5,),)
    with pytest.raises(EngineError, match="one SELECT is wanted"):
        session.run("INSERT INTO input_1.main.Events SELECT * FROM Renamed")


def test_what_cannot_be_loaded_says_why(session: DuckDb, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>")
    (tmp_path / "b.csv").write_text("a\n1\n")
    client.connect(str(tmp_path / "c.duckdb")).close()
    for inputs, message in (
        (tmp_path / "none-*.jsonl", "no file matches"),
        (tmp_path / "a.xml", "kind of file is not known; known endings: .csv"),
        ([tmp_path / "b.csv", write(tmp_path / "a.jsonl")], "different kinds cannot be one table: csv, json"),
        (tmp_path / "c.duckdb", "has no table 'T'; it has: none"),
    ):
        with pytest.raises(EngineError, match=message):
            session.load("T", inputs)


def test_a_broken_line_is_an_error_with_its_place(session: DuckDb, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n{"a": \n{"a": 2}\n')
    session.load("T", path)
    with pytest.raises(EngineError, match=r"line 2|Malformed JSON"):
        session.run("SELECT * FROM T")


def test_a_file_larger_than_memory_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    line = json.dumps({"k": "x" * 1000, "n": 1}) + "\n"
    with path.open("w") as file:
        for _ in range(120):
            file.write(line * 1000)
    with connect(threads=1, memory="60MB") as db:
        db.load("T", path, {"n": Type.LONG})
        assert db.run("SELECT sum(n)::BIGINT FROM T").rows == ((120_000,),)


def test_raw_json_documents_keep_their_text(session: DuckDb) -> None:
    session.create_json_table("entries", ['{"b": 1.0, "a": 1, "b": 2}'])
    assert session.run("SELECT entry FROM entries").rows == (('{"b": 1.0, "a": 1, "b": 2}',),)
