"""Names of a catalog: what stands behind them, and what is said when nothing does."""

from __future__ import annotations

import pytest

from transpiler.catalog import Catalog, Function, Shape, Table, TargetConfig, default_catalog, kql_type
from transpiler.diagnostics import KqlError
from transpiler.source import Source, Span


def test_tables_may_be_plain_mappings() -> None:
    catalog = Catalog(tables={"T": {"a": "string", "Timestamp": "date", "b": "double"}})
    table = catalog.table("T")
    assert table is not None
    assert list(table.columns.items()) == [("a", "string"), ("Timestamp", "datetime"), ("b", "real")]
    assert table.time == "Timestamp"
    shape = catalog.shape("T", "duckdb")
    assert shape is not None
    assert (shape.is_plain, shape.identifier, shape.time) == (True, ("T",), "Timestamp")


@pytest.mark.parametrize(
    ("columns", "time"),
    [
        ({"Timestamp": "datetime", "TimeGenerated": "datetime"}, "TimeGenerated"),
        ({"Timestamp": "datetime"}, "Timestamp"),
        ({"TimeGenerated": "string", "Timestamp": "datetime"}, "Timestamp"),
        ({"timegenerated": "datetime"}, ""),
        ({}, ""),
    ],
)
def test_the_time_column_is_sentinel_s_then_defender_s(columns: dict[str, str], time: str) -> None:
    assert Table("T", columns).time == time
    assert Table("T", columns, time="").time == ""


def test_a_type_that_kql_does_not_have_is_refused() -> None:
    assert [kql_type(t) for t in ("Double", "uniqueid", "INT64", "date")] == ["real", "guid", "long", "datetime"]
    with pytest.raises(ValueError, match="'varchar' is not a KQL type; known: "):
        Table("T", {"a": "varchar"})


def test_functions_may_be_plain_texts() -> None:
    function = Catalog(functions={"f": "T | where x"}).function("f")
    assert function == Function("f", Source("T | where x", "f"))


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("gcpclouddns", "did you mean GCPCloudDNS?"),
        ("GCPClodDNS", "did you mean GCPCloudDNS"),
        ("GcpDns", "did you mean GCPDNS?"),
        ("SigninLogs", ""),
    ],
)
def test_an_unknown_name_is_an_error_that_says_how_to_declare_it(name: str, suggestion: str) -> None:
    with pytest.raises(KqlError) as caught:
        default_catalog().resolve(name, "bigquery", Span(3, 9))
    error = caught.value
    assert (error.code, error.span) == ("KQL100", Span(3, 9))
    assert f"no table or function '{name}'" in error.message
    assert suggestion in error.message
    assert ("did you mean" in error.message) == bool(suggestion)
    assert f"table: {name}" in error.hint
    assert "rulesql schema import" in error.hint


def test_a_user_chooses_shapes_and_parameters_by_target() -> None:
    catalog = default_catalog().with_parameters("bigquery", {"project": "acme.com:prod", "dataset": "siem"})
    shape = catalog.shape("GCPCloudDNS", "bigquery")
    assert shape is not None
    assert (shape.name, shape.identifier) == ("sink", ("acme.com:prod", "siem", "dns_googleapis_com_dns_queries"))
    chosen = catalog.with_shapes("bigquery", {"GCPCloudDNS": "all_logs", "*": "shards"})
    names = {name: found.name for name in ("GCPCloudDNS", "GCPVPCFlow") if (found := chosen.shape(name, "bigquery"))}
    assert names == {"GCPCloudDNS": "all_logs", "GCPVPCFlow": "shards"}
    other = chosen.shape("GCPCloudDNS", "duckdb")
    assert other is not None
    assert other.name == "log_entries"


def test_a_shape_that_a_table_lacks_is_an_error_unless_it_was_meant_for_all() -> None:
    catalog = default_catalog()
    shape = catalog.with_shapes("bigquery", {"*": "sentinel"}).shape("GCPVPCFlow", "bigquery")
    assert shape is not None
    assert shape.name == "sink"
    with pytest.raises(KqlError, match="no shape 'sentinel' for bigquery; known: sink, shards, all_logs, plain"):
        catalog.with_shapes("bigquery", {"GCPVPCFlow": "sentinel"}).shape("GCPVPCFlow", "bigquery")


def test_a_target_that_a_source_does_not_know_reads_the_table_itself() -> None:
    shape = default_catalog().shape("GCPCloudDNS", "snowflake")
    assert shape is not None
    assert (shape.is_plain, shape.identifier) == (True, ("GCPCloudDNS",))


def test_a_user_s_table_takes_the_place_of_the_product_s_with_its_source() -> None:
    own = Catalog(
        tables={"GCPCloudDNS": {"TimeGenerated": "datetime", "Query": "string"}}, targets={"duckdb": TargetConfig()}
    )
    merged = default_catalog().merged(own)
    found = merged.resolve("GCPCloudDNS", "bigquery")
    assert isinstance(found, Shape)
    assert found.is_plain
    assert list(found.table.columns) == ["TimeGenerated", "Query"]
    assert isinstance(merged.resolve("GCPVPCFlow", "bigquery"), Shape)
    assert isinstance(merged.resolve("SentinelGCPCloudDNS", "bigquery"), Function)
