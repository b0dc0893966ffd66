"""Log entries as rows: what a sink, a bucket's view and an export make of the same entry."""

from __future__ import annotations

import pytest

from transpiler.catalog import Shape, default_catalog
from transpiler.catalog.layouts import StoredRows, sink_table, stored_tables

CATALOG = default_catalog()
DNS: dict[str, object] = {
    "insertId": "1",
    "logName": "projects/p/logs/dns.googleapis.com%2Fdns_queries",
    "timestamp": "2026-03-02T09:00:00.123456789Z",
    "severity": "INFO",
    "resource": {"type": "dns_query", "labels": {"project_id": "p"}},
    "jsonPayload": {"queryName": "a.", "serverLatency": 3, "authAnswer": True, "sourceIP": None},
}
AUDIT: dict[str, object] = {
    "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity",
    "timestamp": "2026-03-02T09:00:00Z",
    "resource": {"type": "project", "labels": {"project_id": "p"}},
    "labels": {"compute.googleapis.com/resource_name": "vm"},
    "protoPayload": {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
        "serviceName": "s",
        "authenticationInfo": {"principalEmail": "a@b"},
        "authorizationInfo": [{"permission": "x", "granted": True}, {"permission": "y", "resource": "r"}],
        "status": {},
        "numResponseItems": "5",
        "request": {"@type": "t", "a": ["é"]},
        "serviceData": {"@type": "type.googleapis.com/google.iam.v1.logging.AuditData", "policyDelta": {"x": 1}},
    },
}


def _shape(table: str, target: str, name: str) -> Shape:
    shape = CATALOG.sources[table].shape(target, name)
    assert shape is not None
    return shape


def _stored(table: str, target: str, name: str, *entries: dict[str, object]) -> dict[str, StoredRows]:
    return stored_tables(_shape(table, target, name), entries)


def test_a_sink_lowers_the_payload_s_names_makes_numbers_floats_and_cuts_nanoseconds() -> None:
    ((name, table),) = _stored("GCPCloudDNS", "bigquery", "sink", DNS).items()
    assert name == "my-project.logs.dns_googleapis_com_dns_queries"
    assert table.columns["timestamp"] == "TIMESTAMP"
    payload = table.columns["jsonPayload"]
    assert "`queryname` STRING" in payload
    assert "`serverlatency` FLOAT64" in payload
    assert "`authanswer` BOOL" in payload
    assert "`sourceip`" not in payload, "a field that no entry had does not exist"
    assert "`responsecode` STRING" in payload, "the source says that it is always there"
    assert table.rows[0]["jsonPayload"] == {"queryname": "a.", "serverlatency": 3, "authanswer": True}
    assert table.rows[0]["timestamp"] == "2026-03-02T09:00:00.123456Z"


def test_a_sink_shortens_an_audit_payload() -> None:
    (table,) = _stored("GCPAuditLogs", "bigquery", "sink", AUDIT).values()
    audit = table.columns["protopayload_auditlog"]
    for part in (
        "`requestJson` STRING",
        "`numResponseItems` INT64",
        "`authorizationInfo` ARRAY<STRUCT<`permission` STRING, `granted` BOOL, `resource` STRING>>",
        "`servicedata_v1_iam` STRUCT<`policyDelta` STRUCT<`x` FLOAT64>>",
        "`methodName` STRING",
    ):
        assert part in audit
    assert "status" not in audit, "an empty STRUCT cannot be stored"
    row = table.rows[0]["protopayload_auditlog"]
    assert row["requestJson"] == '{"@type":"t","a":["é"]}'
    assert row["numResponseItems"] == 5
    assert "status" not in row
    assert table.columns["labels"] == "STRUCT<`compute_googleapis_com_resource_name` STRING>"


def test_a_bucket_s_view_has_snake_case_around_json() -> None:
    ((name, dns),) = _stored("GCPCloudDNS", "bigquery", "all_logs", DNS).items()
    assert name == "my-project.logs._AllLogs"
    assert (dns.columns["json_payload"], dns.columns["resource"]) == ("JSON", "STRUCT<`type` STRING, `labels` JSON>")
    assert dns.rows[0]["log_id"] == "dns.googleapis.com/dns_queries"
    assert dns.rows[0]["json_payload"] == DNS["jsonPayload"]
    (audit,) = _stored("GCPAuditLogs", "bigquery", "all_logs", AUDIT).values()
    log = audit.rows[0]["proto_payload"]["audit_log"]
    assert log["authentication_info"] == {"principal_email": "a@b"}
    assert log["request"] == {"@type": "t", "a": ["é"]}
    assert "`request` JSON" in audit.columns["proto_payload"]


def test_an_export_keeps_entries_as_they_are() -> None:
    (table,) = _stored("GCPCloudDNS", "duckdb", "log_entries", DNS, AUDIT).values()
    assert table.columns == {"entry": "JSON"}
    assert table.rows == [{"entry": DNS}, {"entry": AUDIT}]


def test_a_sink_writes_each_log_into_its_own_table_and_each_day_into_its_own_shard() -> None:
    later = {**DNS, "timestamp": "2026-03-03T00:00:00Z"}
    (sink,) = _stored("GCPCloudDNS", "bigquery", "sink", DNS, AUDIT, later).values()
    assert len(sink.rows) == 2
    shards = _stored("GCPCloudDNS", "bigquery", "shards", later, DNS, AUDIT)
    prefix = "my-project.logs.dns_googleapis_com_dns_queries_"
    assert {name: len(t.rows) for name, t in shards.items()} == {prefix + "20260302": 1, prefix + "20260303": 1}
    assert (
        sink_table("organizations/1/logs/cloudaudit.googleapis.com%2Fdata_access")
        == "cloudaudit_googleapis_com_data_access"
    )


def test_no_entries_are_an_empty_table_with_the_columns_that_are_always_there() -> None:
    (table,) = _stored("GCPCloudDNS", "bigquery", "sink").values()
    assert table.columns["timestamp"] == "TIMESTAMP"
    assert "`queryname` STRING" in table.columns["jsonPayload"]
    assert table.rows == []
    assert len(_stored("GCPCloudDNS", "bigquery", "shards")) == 1


def test_a_field_of_two_types_cannot_be_stored() -> None:
    other = {**DNS, "jsonPayload": {"queryName": 5}}
    with pytest.raises(ValueError, match=r"jsonPayload\.queryname is FLOAT64 in one entry and STRING in another"):
        _stored("GCPCloudDNS", "bigquery", "sink", DNS, other)


def test_a_plain_table_is_not_made_of_log_entries() -> None:
    with pytest.raises(ValueError, match="no log entries can be laid out as 'plain'"):
        _stored("GCPCloudDNS", "duckdb", "plain", DNS)
