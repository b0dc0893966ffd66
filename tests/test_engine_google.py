"""Google's engine as BigQuery: its types and values, its tables, and what it must not accept."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from transpiler.api import transpile
from transpiler.catalog import load_catalog
from transpiler.engine import EngineError, googlesql
from transpiler.engine.googlesql import StoredTable, stored
from transpiler.engine.values import JsonText
from transpiler.types import Type

NO_ENGINE = "Google's engine is not installed: pip install 'rulesql[bigquery]'"
pytestmark = [pytest.mark.bigquery, pytest.mark.skipif(not googlesql.available(), reason=NO_ENGINE)]
UTC = dt.UTC


def rows(sql: str, tables: dict[str, StoredTable] | None = None) -> list[tuple[object, ...]]:
    return list(googlesql.connect().execute(sql, tables).rows)


@pytest.mark.parametrize(
    ("sql", "kind", "value"),
    [
        ("CAST('x' AS STRING)", "STRING", "x"),
        ("9223372036854775807", "INT64", 2**63 - 1),
        ("1.5", "FLOAT64", 1.5),
        ("TRUE", "BOOL", True),
        ("TIMESTAMP '0001-01-01 00:00:00+00'", "TIMESTAMP", dt.datetime(1, 1, 1, tzinfo=UTC)),
        ("TIMESTAMP '9999-12-31 23:59:59.999999+00'", "TIMESTAMP", dt.datetime.max.replace(tzinfo=UTC)),
        ("TIMESTAMP '1969-12-31 23:59:59.5+00'", "TIMESTAMP", dt.datetime(1969, 12, 31, 23, 59, 59, 500000, UTC)),
        ("DATE '2024-02-29'", "DATE", dt.date(2024, 2, 29)),
        ("DATETIME '2024-02-29 01:02:03.5'", "DATETIME", dt.datetime(2024, 2, 29, 1, 2, 3, 500000)),
        ("B'\\xff'", "BYTES", b"\xff"),
        (
            "BIGNUMERIC '-1.23456789012345678901234567890123456789'",
            "BIGNUMERIC",
            Decimal("-1.23456789012345678901234567890123456789"),
        ),
        ("NUMERIC '1.5'", "NUMERIC", Decimal("1.5")),
        ("INTERVAL '1 2:3:4.5' DAY TO SECOND", "INTERVAL", dt.timedelta(1, 7384, 500000)),
        ('JSON \'{"b":1,"a":[1.0]}\'', "JSON", '{"a":[1.0],"b":1}'),
        ("[1, 2]", "ARRAY<INT64>", [1, 2]),
        ("STRUCT(1 AS x, ['y'] AS z)", "STRUCT<x INT64, z ARRAY<STRING>>", {"x": 1, "z": ["y"]}),
        ("CAST(NULL AS STRING)", "STRING", None),
    ],
)
def test_values_come_out_as_what_they_are(sql: str, kind: str, value: object) -> None:
    result = googlesql.connect().execute(f"SELECT {sql} AS a")
    assert [(c.name, c.type) for c in result.columns] == [("a", kind)]
    assert result.rows == ((value,),)
    assert googlesql.connect().analyze(f"SELECT {sql} AS a") == result.columns


def test_stored_values_come_back() -> None:
    columns = {
        "s": Type.STRING,
        "S": Type.LONG,  # no warehouse stores both
        "l": Type.LONG,
        "r": Type.REAL,
        "b": Type.BOOL,
        "t": Type.DATETIME,
        "d": Type.DYNAMIC,
        "g": Type.GUID,
        "ts": Type.TIMESPAN,
        "dec": Type.DECIMAL,
    }
    long_number = Decimal("-1234567890.12345678901234567890123456789012345678")
    moment = dt.datetime(2024, 1, 1, tzinfo=UTC)
    row = ["a", 1, 2, float("inf"), False, moment, {"z": [None], "é": 1}, "g", dt.timedelta(-1, 5), long_number]
    table = stored(columns, [row, {}])
    assert rows("SELECT * FROM T", {"T": table}) == [
        ("a", 2, float("inf"), False, moment, '{"z":[null],"é":1}', "g", dt.timedelta(-1, 5), long_number),
        (None,) * 9,
    ]


def test_stored_json_is_what_the_service_keeps_of_it() -> None:
    text = JsonText('{"b": 1e2, "a": 123456789012345678901, "b": 2, "c": {"y": 1.50, "x": null}}')
    ((kept,),) = rows("SELECT j FROM T", {"T": StoredTable({"j": "JSON"}, [[text]])})
    assert kept == '{"a":1.2345678901234568e+20,"b":100.0,"c":{"x":null,"y":1.5}}'


@pytest.mark.parametrize(
    ("columns", "row", "message"),
    [
        ({"n": "INT64"}, ["1"], "row 1: '1' is no INT64"),
        ({"n": "INT64"}, [True], "True is no INT64"),
        ({"n": "INT64"}, [1, 2], "2 values for 1 columns"),
        ({"n": "INT64"}, {"m": 1}, "no column 'm'; known: n"),
        ({"p": "STRUCT<a STRING>"}, [{"b": "x"}], "STRUCT<a STRING> has no field 'b'"),
        ({"n": "INT65"}, [1], "'INT65' is no type of BigQuery"),
        ({"n": "ARRAY<INT64"}, [1], "is no type of BigQuery"),
        ({"t": "TIMESTAMP"}, ["yesterday"], "'yesterday' is no datetime"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(columns: dict[str, str], row: list[object], message: str) -> None:
    with pytest.raises(EngineError) as failed:
        rows("SELECT * FROM T", {"T": StoredTable(columns, [row])})
    assert message in str(failed.value)


# ---- the three shapes in which Cloud DNS logs lie ------------------------------------------------------------------

SINK = {"timestamp": "TIMESTAMP", "jsonPayload": "STRUCT<queryname STRING, sourceip STRING>", "severity": "STRING"}
SHARDS = {
    "my-proj.logs.dns_queries_20240101": StoredTable(
        {"timestamp": "TIMESTAMP", "jsonPayload": "STRUCT<queryname STRING>", "dropped": "STRING"},
        [["2024-01-01T00:00:00Z", {"queryName": "old."}, "x"]],
    ),
    "my-proj.logs.dns_queries_20240102": StoredTable(SINK, [{"jsonPayload": {"queryname": "new."}}]),
    "my-proj.logs.other": StoredTable(SINK, [{}]),
}


@pytest.mark.parametrize(
    "path",
    [
        "`my-proj.logs.t`",
        "`my-proj`.`logs`.`t`",
        "`my-proj`.logs.t",
        "`my-proj` . /* x */ `logs.t`",
        "`my-proj`.logs.t AS t",
    ],
)
def test_a_table_is_found_however_its_path_is_quoted(path: str) -> None:
    table = {"my-proj.logs.t": StoredTable(SINK, [{"jsonPayload": {"queryname": "a."}}])}
    if "/*" in path:
        with pytest.raises(EngineError, match="Table not found"):
            rows(f"SELECT t.jsonPayload.queryname FROM {path}", table)
        return
    assert rows(f"SELECT t.jsonPayload.queryname, jsonPayload.sourceip AS s FROM {path} -- x", table) == [("a.", None)]
    assert rows(f"SELECT '{path}' AS a FROM {path} WHERE t.severity IS NULL", table) == [(path,)]


def test_the_path_of_another_table_is_unknown() -> None:
    with pytest.raises(EngineError, match="Table not found"):
        rows("SELECT 1 AS a FROM `my-proj.logs.u`", {"my-proj.logs.t": StoredTable(SINK)})


def test_shards_are_one_table_in_the_newest_ones_columns() -> None:
    fields = "jsonPayload.queryname AS q, jsonPayload.sourceip AS s, _TABLE_SUFFIX AS day"
    sql = f"SELECT {fields} FROM `my-proj.logs.dns_queries_*`"
    assert rows(sql, SHARDS) == [("old.", None, "20240101"), ("new.", None, "20240102")]
    assert rows(f"{sql} WHERE _TABLE_SUFFIX >= '20240102'", SHARDS) == [("new.", None, "20240102")]
    assert [
        c.name for c in googlesql.connect().analyze("SELECT * FROM `my-proj`.`logs`.`dns_queries_*`", SHARDS)
    ] == list(SINK)
    with pytest.raises(EngineError, match="does not match any table"):
        rows("SELECT 1 AS a FROM `my-proj.logs.none_*`", SHARDS)


def test_a_field_that_never_occurred_is_unknown_unless_read_as_json() -> None:
    table = {"p.d.t": StoredTable(SINK, [{"jsonPayload": {"queryname": "a."}}])}
    with pytest.raises(EngineError, match="Field name rdata does not exist"):
        rows("SELECT jsonPayload.rdata FROM `p.d.t`", table)
    assert rows("SELECT JSON_VALUE(TO_JSON(jsonPayload), '$.rdata') AS r FROM `p.d.t`", table) == [(None,)]


WHOLE = """\
table: T
columns: {TimeGenerated: datetime, Tags: dynamic, Payload: dynamic}
time: at
raw: {at: datetime, tags: dynamic, payload: dynamic}
view: raw | project TimeGenerated = at, Tags = tags, Payload = payload
shapes:
  bigquery:
    one: {table: p.d.t, columns: {at: at TIMESTAMP, tags: tags ARRAY, payload: payload STRUCT}}
"""


@pytest.mark.parametrize(
    ("kql", "expected"),
    [
        ("project Tags, Payload", ("[9007199254740993]", '{"n":9007199254740993}')),
        ("project tostring(Tags), gettype(Payload.n)", ("[9007199254740993]", "long")),
        ("project set_has_element(Tags, 9007199254740993), tolong(Payload.n)", (True, 9007199254740993)),
        ("mv-expand Tags to typeof(long) | project Tags", (9007199254740993,)),
    ],
)
def test_a_whole_array_or_struct_holds_longs_beyond_a_reals_digits(
    tmp_path: Path, kql: str, expected: tuple[object, ...]
) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "T.yaml").write_text(WHOLE, "utf-8")
    sql = transpile(f"T | {kql}", "bigquery", load_catalog(tmp_path)).sql
    stored_there = {"at": "TIMESTAMP", "tags": "ARRAY<INT64>", "payload": "STRUCT<n INT64>"}
    large = 9007199254740993
    some = StoredTable(stored_there, [["2024-01-01T00:00:00Z", [large], {"n": large}]])
    assert rows(sql, {"p.d.t": some}) == [expected]


def test_the_run_time_is_a_parameter() -> None:
    engine = googlesql.connect()
    moment = dt.datetime(2024, 1, 1, tzinfo=UTC)
    result = engine.execute("SELECT @run_time AS t", parameters={"run_time": ("TIMESTAMP", moment)})
    assert result.rows == ((moment,),)
    assert engine.analyze("SELECT @run_time AS t", parameters={"run_time": "TIMESTAMP"}) == result.columns
    with pytest.raises(EngineError, match="run_time"):
        engine.analyze("SELECT @run_time AS t")


# ---- the dialect ---------------------------------------------------------------------------------------------------

FOREIGN = {
    "a function of the open-source engine": [
        "SELECT ARRAY_MAX([1]) AS a",
        "SELECT TYPEOF(1) AS a",
        "SELECT IFERROR(1, 2) AS a",
    ],
    "a clause of the open-source engine": [
        "SELECT COUNT(*) FILTER (WHERE TRUE) AS a FROM UNNEST([1])",
        "SELECT ARRAY_FILTER([1], e -> e > 0) AS a",
        "SELECT 1 AS a LIMIT 1 + 1",
        "SELECT JSON_VALUE(JSON '1', CONCAT('$', '')) AS a",
        "SELECT [1] = [1] AS a",
        "SELECT CAST(1 AS FLOAT32) AS a",
        "SELECT CAST(1 AS INT32) AS a",
    ],
    "another dialect": ["SELECT 1 :: INT64 AS a", 'SELECT "a"."b" FROM "a"', "SELECT regexp_matches('a', 'a') AS a"],
    "no query": ["CREATE TEMP FUNCTION f() AS (1)", "SELECT 1 AS a; SELECT 2 AS a", "DELETE FROM T WHERE TRUE", ""],
    "a result that cannot be saved": ["SELECT 1 AS a, 2 AS A"],
    "a partition by a real": ["SELECT ROW_NUMBER() OVER (PARTITION BY x) AS a FROM UNNEST([1.5]) AS x"],
    "a look-around": ["SELECT REGEXP_CONTAINS('a', r'(?=a)') AS a"],
}


@pytest.mark.parametrize(("reason", "sql"), [(r, sql) for r, many in FOREIGN.items() for sql in many])
def test_what_bigquery_lacks_is_refused(reason: str, sql: str) -> None:
    with pytest.raises(EngineError) as failed:
        rows(sql)
    assert failed.value.engine == "googlesql"
    assert failed.value.sql == sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a, COUNT(*) AS n FROM UNNEST(['x', 'y']) AS a GROUP BY ALL QUALIFY ROW_NUMBER() OVER (ORDER BY a) = 1",
        "SELECT ANY_VALUE(x HAVING MAX y) AS a FROM (SELECT 1 AS x, 2 AS y)",
        "SELECT TIMESTAMP_BUCKET(TIMESTAMP '2024-01-01 00:00:07+00', INTERVAL 5 SECOND) AS a",
        "SELECT SAFE.SUBSTR('a', 0, -1) AS a, WITH(x AS 1, x + 1) AS b",
        "SELECT JSON_QUERY(JSON '{\"a\":[1]}', '$.a') AS a, LAX_INT64(JSON '\"5\"') AS b",
        "SELECT 1 AS a UNION ALL BY NAME SELECT 2 AS a LIMIT 1",
        "SELECT STRING_AGG(x, ',' ORDER BY x LIMIT 2) AS a FROM UNNEST(['b', 'a']) AS x",
        "SELECT REGEXP_CONTAINS('Ä', r'(?i)ä') AS a",
    ],
)
def test_what_bigquery_has_is_executed(sql: str) -> None:
    assert len(rows(sql)) == 1


def test_the_default_zone_is_not_utc() -> None:
    assert rows("SELECT FORMAT_TIMESTAMP('%H:%M', TIMESTAMP '2024-01-01 00:00:00+00') AS a") == [("05:30",)]


def test_a_chain_that_exhausts_the_stack_is_an_error() -> None:
    with pytest.raises(EngineError, match="stack"):
        rows("SELECT " + " + ".join(["1"] * 5000) + " AS a")
    assert rows("SELECT 1 AS a") == [(1,)]


def test_the_engine_goes_on_after_it_broke_down(monkeypatch: pytest.MonkeyPatch) -> None:
    module = googlesql.connect()._wasm

    def break_down(method: str, data: bytes) -> bytes:
        module._exports["wasm_free"](module._store, 0x7FFFFF00)  # no such address: the module traps
        raise AssertionError("no trap")

    monkeypatch.setattr(module, "_exchange", break_down)
    with pytest.raises(EngineError, match="the engine broke down"):
        rows("SELECT 1 AS a")
    monkeypatch.undo()
    assert rows("SELECT 1 AS a") == [(1,)]


def test_the_compiled_module_is_kept_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from transpiler.engine.wasm import cache_folder

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "rulesql"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "rulesql"


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    for package in ("zetasql", "wasmtime"):
        (tmp_path / f"{package}.py").write_text(f"raise ModuleNotFoundError('no', name='{package}')\n")
    code = "from transpiler.engine import googlesql; googlesql.connect()"
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])])
    run = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert "EngineMissingError" in run.stderr.splitlines()[-1]
    assert "pip install 'rulesql[bigquery]'" in run.stderr.splitlines()[-1]
