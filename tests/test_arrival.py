"""ingestion_time(): a column that the source names, and a reason with a way out where none does."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from transpiler import transpile
from transpiler.catalog import Catalog, Table, load_catalog
from transpiler.diagnostics import KqlError, RuleError
from transpiler.engine import duckdb, googlesql
from transpiler.types import Type

NOW = datetime(2026, 3, 2, 10)
COLUMNS = {"TimeGenerated": "datetime", "Host": "string", "Arrived": "datetime"}
DECLARED = Catalog({"T": Table("T", COLUMNS, ingestion_time="Arrived"), "U": Table("U", {"Host": "string"})})

SOURCE = """\
table: Logs
columns: {TimeGenerated: datetime, Host: string}
time: at
ingestion_time: got
raw: {at: datetime, got: datetime, host: string}
view: raw | project TimeGenerated = at, Host = host
shapes:
  bigquery:
    stored:
      table: p.d.logs
      columns: {at: at TIMESTAMP, got: got TIMESTAMP, host: host STRING}
    daily:
      like: stored
      table: p.d.logs_*
      shards: day
    json:
      table: p.d.logs
      columns: {at: at TIMESTAMP, got: entry JSON $.received, host: entry JSON $.host}
  duckdb:
    entries:
      table: logs
      columns: {at: entry JSON $.at, got: entry JSON $.got, host: entry JSON $.host}
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return source(tmp_path, SOURCE)


def source(folder: Path, text: str) -> Catalog:
    (folder / "sources").mkdir()
    (folder / "sources" / "logs.yaml").write_text(text)
    return load_catalog(folder)


@pytest.mark.parametrize("target", ["duckdb", "bigquery"])
@pytest.mark.parametrize(
    ("query", "column"),
    [
        ("T | extend ingestion_time()", "$IngestionTime"),
        ("T | project Host, Got = ingestion_time()", "Got"),
        ("T | project Host | where Host != '' | top 5 by Host | extend Got = ingestion_time()", "Got"),
        ("T | summarize Last = max(ingestion_time()) by Host", "Last"),
        ("union T, (T | project Host) | project Host, Got = ingestion_time()", "Got"),
        ("let f = () { T | project Host }; f() | project Got = ingestion_time()", "Got"),
        ("T | project Host | join kind=inner (T | project Host, Got = ingestion_time()) on Host", "Got"),
    ],
)
def test_it_is_the_declared_column_while_rows_are_the_tables_own(target: str, query: str, column: str) -> None:
    found = {c.name: c.type for c in transpile(query, target, DECLARED).columns}
    assert found[column] is Type.DATETIME
    assert "Arrived" not in found or query.startswith("T | extend")


@pytest.mark.parametrize("query", ["T | project Host", "T | where Host has 'a' | summarize count() by Host"])
def test_a_query_that_does_not_ask_reads_no_arrival(query: str) -> None:
    assert "Arrived" not in transpile(query, "bigquery", DECLARED, window=timedelta(hours=1)).sql


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("U | where ingestion_time() > ago(1h)", "not those of tables"),
        ("T | summarize count() by Host | where ingestion_time() > ago(1h)", "not those of tables"),
        ("T | join kind=inner (U) on Host | extend G = ingestion_time()", "not those of tables"),
        ("union T, U | extend G = ingestion_time()", "not those of tables"),
        ("print ingestion_time()", "not those of tables"),
        ("T | where ingestion_time(1) > ago(1h)", "takes no argument"),
    ],
)
def test_elsewhere_it_is_refused(query: str, said: str) -> None:
    with pytest.raises(KqlError, match=said):
        transpile(query, "duckdb", DECLARED)


def test_without_a_declaration_it_is_refused_with_the_way_out() -> None:
    with pytest.raises(KqlError, match="no source says which") as error:
        transpile("T | where ingestion_time() > ago(1h)", "bigquery", {"T": COLUMNS})
    assert error.value.code == "KQL201"
    assert "ingestion_time: COLUMN" in str(error.value.hint)


def test_a_source_names_its_raw_column(catalog: Catalog) -> None:
    for shape, stored in (("stored", "got"), ("json", "entry")):
        found = transpile(
            "Logs | project G = ingestion_time()", "bigquery", catalog.with_shapes("bigquery", {"Logs": shape})
        )
        assert set(found.requires[0].columns) == {"got"}
        assert stored in found.sql
    with duckdb.connect() as engine:
        engine.create_json_table("logs", ['{"at": "2026-03-02T08:00:00Z", "got": "2026-03-02T09:59:00Z", "host": "a"}'])
        sql = transpile("Logs | project Host, G = ingestion_time()", "duckdb", catalog).sql
        assert engine.run(sql).rows == (("a", datetime(2026, 3, 2, 9, 59)),)


@pytest.mark.parametrize("shape", ["stored", "daily", "json"])
def test_a_window_by_arrival_still_bounds_the_partitions(catalog: Catalog, shape: str) -> None:
    chosen = catalog.with_shapes("bigquery", {"Logs": shape})
    sql = transpile("Logs", "bigquery", chosen, now=NOW, window=timedelta(minutes=5), by_arrival=True).sql
    assert "2026-03-02 10:00:00" in sql
    assert "INTERVAL 725 MINUTE" in sql
    assert "INTERVAL 12 HOUR" in sql
    assert "INTERVAL 5 MINUTE" in sql
    assert ("_TABLE_SUFFIX" in sql) is (shape == "daily")
    plain = transpile("Logs", "bigquery", chosen, now=NOW, window=timedelta(minutes=5)).sql
    assert "725" not in plain
    if googlesql.available():
        types = {"at": "TIMESTAMP", "got": "TIMESTAMP", "host": "STRING", "entry": "JSON"}
        name = "p.d.logs_*" if shape == "daily" else "p.d.logs"
        pseudo = {"_TABLE_SUFFIX": "STRING"} if shape == "daily" else {}
        googlesql.connect().analyze(sql, {name: googlesql.StoredTable(types | pseudo)}, {})


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ingestion_time: got", "ingestion_time: arrived", "'arrived' is no datetime among the raw columns"),
        ("ingestion_time: got", "ingestion_time: host", "'host' is no datetime among the raw columns"),
    ],
)
def test_a_column_that_is_no_time_is_an_error_of_the_source(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(RuleError, match=said) as error:
        source(tmp_path, SOURCE.replace(old, new))
    assert error.value.line == 4


def test_a_schema_file_names_its_column(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    path = tmp_path / "schemas" / "t.yaml"
    path.write_text(
        "table: T\ncolumns: {TimeGenerated: datetime, Host: string, Arrived: datetime}\ningestion_time: Arrived\n"
    )
    assert (
        "Arrived"
        in transpile("T | where ingestion_time() > ago(1h) | project Host", "duckdb", load_catalog(tmp_path)).sql
    )
    path.write_text(path.read_text().replace("ingestion_time: Arrived", "ingestion_time: Host"))
    with pytest.raises(RuleError, match="'Host' is no datetime column"):
        load_catalog(tmp_path)


def test_rows_that_are_met_by_very_many_ways_are_looked_at_once() -> None:
    lets = "".join(f"let a{i + 1} = union a{i}, a{i};" for i in range(40))
    sql = transpile(f"let a0 = datatable(x: int)[1]; {lets} a40 | extend t = ingestion_time()", "duckdb").sql
    assert "CAST(NULL AS TIMESTAMP) AS t" in sql
