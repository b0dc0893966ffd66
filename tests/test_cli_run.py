"""Ad-hoc runs: files of every kind, shapes found from their records, formats of output."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from transpiler.cli import app

ROOT = Path(__file__).parents[1]
RULE = "gcp/dns/malicious_python_packages"
AT = ("--at", "2026-03-02T10:00:00Z")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def rulesql(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


def entry(insert_id: str, minute: int, name: str) -> dict[str, object]:
    return {
        "logName": "projects/p/logs/dns.googleapis.com%2Fdns_queries",
        "insertId": insert_id,
        "timestamp": f"2026-03-02T09:{minute:02d}:00Z",
        "resource": {"type": "dns_query"},
        "jsonPayload": {"queryName": name, "queryType": "A", "responseCode": "NOERROR", "sourceIP": "10.0.0.1"},
    }


ENTRIES = [
    entry("hit", 50, "tornadodomain.000webhostapp.com."),
    entry("near", 50, "xtornadodomain.000webhostapp.com."),
    entry("early", 44, "tornadodomain.000webhostapp.com."),
]


def hits(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [row["EventOriginalUid"] for row in json.loads(result.stdout)]


def lines(path: Path, entries: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(e) + "\n" for e in entries))
    return path


def test_log_entries_are_read_in_their_own_shape(tmp_path: Path) -> None:
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    result = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "--format", "json")
    assert hits(result) == ["hit"]
    assert "log_entries" in result.stderr


def test_the_window_is_the_callers_when_given(tmp_path: Path) -> None:
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    table = ("--table", f"GCPCloudDNS={path}")
    assert sorted(hits(rulesql("run", RULE, *table, *AT, "--window", "1h", "-f", "json"))) == ["early", "hit"]
    assert sorted(hits(rulesql("run", RULE, *table, "--window", "all", "-f", "json"))) == ["early", "hit"]
    assert hits(rulesql("run", RULE, *table, "-f", "json")) == []


def test_flat_files_are_read_in_the_plain_shape(tmp_path: Path) -> None:
    path = tmp_path / "dns.csv"
    path.write_text(
        "TimeGenerated,Query,SrcIpAddr,EventOriginalUid\n2026-03-02T09:50:00Z,tornadodomain.000webhostapp.com,10.0.0.1,flat\n"
    )
    result = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "-f", "json")
    assert hits(result) == ["flat"]
    assert "plain" in result.stderr


def test_a_shape_that_is_given_is_not_questioned(tmp_path: Path) -> None:
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    result = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", "--shape", "GCPCloudDNS=plain", *AT, "-f", "json")
    assert hits(result) == []


def test_globs_and_gzip_and_repeated_tables(tmp_path: Path) -> None:
    for i, part in enumerate(ENTRIES):
        with gzip.open(tmp_path / f"dns-{i}.jsonl.gz", "wt") as file:
            file.write(json.dumps(part) + "\n")
    glob = rulesql("run", RULE, "--table", f"GCPCloudDNS={tmp_path}/dns-*.jsonl.gz", *AT, "-f", "json")
    parts = [arg for i in range(3) for arg in ("--table", f"GCPCloudDNS={tmp_path}/dns-{i}.jsonl.gz")]
    assert hits(glob) == hits(rulesql("run", RULE, *parts, *AT, "-f", "json")) == ["hit"]


def test_a_json_array(tmp_path: Path) -> None:
    path = tmp_path / "dns.json"
    path.write_text(json.dumps(ENTRIES))
    assert hits(rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "-f", "json")) == ["hit"]


def test_parquet_and_duckdb_files(tmp_path: Path) -> None:
    connection = duckdb.connect(str(tmp_path / "x.duckdb"))
    connection.execute(
        "CREATE TABLE dns AS SELECT TIMESTAMP '2026-03-02 09:50:00' AS TimeGenerated, "
        "'tornadodomain.000webhostapp.com' AS Query, '10.0.0.1' AS SrcIpAddr, 'flat' AS EventOriginalUid"
    )
    connection.execute(f"COPY dns TO '{tmp_path}/dns.parquet' (FORMAT parquet)")
    connection.close()
    for given in (f"{tmp_path}/dns.parquet", f"{tmp_path}/x.duckdb#dns"):
        assert hits(rulesql("run", RULE, "--table", f"GCPCloudDNS={given}", *AT, "-f", "json")) == ["flat"]


def test_log_entries_in_typed_columns_are_the_same_entries(tmp_path: Path) -> None:
    """DuckDB would write a zoned instant in the session's zone; a record is JSON whatever file it lies in."""
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    alerts = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "--alerts", "-f", "json")
    connection = duckdb.connect(str(tmp_path / "x.duckdb"))
    connection.execute("SET TimeZone = 'Asia/Kathmandu'")
    for kind, zone in (("plain", " AT TIME ZONE 'UTC'"), ("zoned", "")):
        connection.execute(
            f"CREATE OR REPLACE TABLE dns AS SELECT * REPLACE (timestamp::TIMESTAMPTZ{zone} AS timestamp) "
            f"FROM read_json('{path}', columns = {{logName: 'VARCHAR', insertId: 'VARCHAR', timestamp: 'VARCHAR', "
            "resource: 'JSON', jsonPayload: 'STRUCT(queryName VARCHAR, queryType VARCHAR, responseCode VARCHAR, "
            "sourceIP VARCHAR)'})"
        )
        connection.execute(f"COPY dns TO '{tmp_path}/{kind}.parquet'")
    connection.close()
    for given in (f"{tmp_path}/plain.parquet", f"{tmp_path}/zoned.parquet", f"{tmp_path}/x.duckdb#dns"):
        found = rulesql("run", RULE, "--table", f"GCPCloudDNS={given}", *AT, "--alerts", "-f", "json")
        assert "log_entries" in found.stderr
        assert json.loads(found.stdout) == json.loads(alerts.stdout) != []


def test_a_near_real_time_rule_has_its_own_window(tmp_path: Path) -> None:
    text = (ROOT / f"rules/{RULE}.yaml").read_text().replace("kind: Scheduled", "kind: NRT")
    for field in ("queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"):
        text = re.sub(rf"^{field}: .*\n", "", text, flags=re.MULTILINE)
    rule = tmp_path / "nrt.yaml"
    rule.write_text(text)
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    for at, found in (("09:50:30", ["hit"]), ("10:00:00", [])):
        result = rulesql("run", rule, "--table", f"GCPCloudDNS={path}", "--at", f"2026-03-02T{at}Z", "-f", "json")
        assert hits(result) == found
    said = rulesql("run", rule, "--table", f"GCPCloudDNS={path}", *AT, "--alerts")
    assert "no ingestion time of GCPCloudDNS is declared" in said.stderr
    assert "INTERVAL '5' MINUTE" in rulesql("translate", rule, "--target", "duckdb").stdout


def test_the_delay_is_in_the_run_time(tmp_path: Path) -> None:
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    for delay, due in (("0", "10:00:00"), ("PT12M", "10:12:00")):
        result = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "--alerts", "-f", "json", "--delay", delay)
        assert json.loads(result.stdout)[0]["run_time"] == f"2026-03-02T{due}Z"
    assert rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", "--alerts", "--delay", "soon").exit_code == 2
    translated = rulesql("translate", f"rules/{RULE}.yaml", "--now", "run-time", "--delay", "12m").stdout
    assert "INTERVAL 27 MINUTE" in translated


def test_a_table_without_files_is_an_error_unless_allowed() -> None:
    missing = rulesql("run", RULE, *AT)
    assert missing.exit_code == 2
    assert "GCPCloudDNS" in missing.stderr
    assert hits(rulesql("run", RULE, *AT, "--missing-as-empty", "-f", "json")) == []


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [
        {"at": "2026-03-02T10:00:00Z", "host": "a", "status": 200, "took": 1.5, "extra": {"k": [1, "x"]}},
        {"at": "2026-03-02T10:00:01.25Z", "host": "b", "status": 500, "took": 2.5},
    ]
    return lines(tmp_path / "log.jsonl", rows)


def test_columns_of_an_undeclared_table_are_found_and_told(log: Path) -> None:
    result = rulesql(
        "query", "Log | where status >= 500 and at > datetime(2026-03-02)", "--table", f"Log={log}", "-f", "json"
    )
    assert result.exit_code == 0
    assert json.loads(result.stdout) == [
        {"at": "2026-03-02T10:00:01.250000Z", "host": "b", "status": 500, "took": 2.5, "extra": None}
    ]
    assert "at: datetime, host: string, status: long, took: real, extra: dynamic" in result.stderr


def test_dynamic_values_are_nested_in_json_and_text_in_csv(log: Path) -> None:
    query = "Log | where host == 'a' | project extra, gap = at - datetime(2026-03-01T09:59:00Z)"
    as_json = rulesql("query", query, "--table", f"Log={log}", "-f", "json")
    assert json.loads(as_json.stdout) == [{"extra": {"k": [1, "x"]}, "gap": "1.00:01:00"}]
    as_csv = rulesql("query", query, "--table", f"Log={log}", "-f", "csv")
    (row,) = csv.DictReader(io.StringIO(as_csv.stdout))
    assert json.loads(row["extra"]) == {"k": [1, "x"]}
    assert row["gap"] == "1.00:01:00"


def test_the_ending_of_the_output_gives_the_format(log: Path, tmp_path: Path) -> None:
    for name in ("hits.csv", "hits.json", "hits.parquet"):
        result = rulesql("query", "Log | project host", "--table", f"Log={log}", "-o", tmp_path / name)
        assert (result.exit_code, result.stdout) == (0, ""), result.output
    assert (tmp_path / "hits.csv").read_text() == "host\na\nb\n"
    assert json.loads((tmp_path / "hits.json").read_text()) == [{"host": "a"}, {"host": "b"}]
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT host FROM '{tmp_path}/hits.parquet'").fetchall()
    assert found == [("a",), ("b",)]


@pytest.mark.parametrize("name", ["log.csv", "log.json", "log.parquet"])
def test_a_query_may_write_the_file_that_it_reads(name: str, log: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    rulesql("query", "Log | project host", "--table", f"Log={log}", "-o", path)
    for _ in range(2):
        result = rulesql("query", "T | extend host = strcat(host, '!')", "--table", f"T={path}", "-o", path)
        assert result.exit_code == 0, result.output
    answer = rulesql("query", "T | sort by host asc", "--table", f"T={path}", "-f", "csv").stdout
    assert answer == "host\na!!\nb!!\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([log.name, name])


@pytest.mark.parametrize("name", ["hits.csv", "hits.json", "hits.parquet", "hits.txt"])
def test_a_query_that_fails_leaves_an_earlier_output_as_it_is(name: str, tmp_path: Path) -> None:
    broken, output = tmp_path / "log.jsonl", tmp_path / name
    broken.write_text('{"host": "a"}\nno json\n')
    schemas = tmp_path / "catalog" / "schemas"
    schemas.mkdir(parents=True)
    (schemas / "T.yaml").write_text("table: T\ncolumns: {host: string}\n")
    output.write_text("earlier")
    arguments = ("query", "T", "--table", f"T={broken}", "--catalog", tmp_path / "catalog")
    assert rulesql(*arguments, "-o", output).exit_code == 1
    assert output.read_text() == "earlier"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(["catalog", "log.jsonl", name])
    for form in ("json", "csv"):
        assert rulesql(*arguments, "-f", form).stdout == ""


def test_an_output_that_is_no_plain_file_is_written_and_not_replaced(log: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert rulesql("query", "Log | count", "--table", f"Log={log}", "-o", pipe).exit_code == 0
    assert os.read(reader, 100) == b"Count\n2\n"
    os.close(reader)
    assert pipe.is_fifo()


def test_an_ending_that_gives_no_format_is_wrong_usage(log: Path, tmp_path: Path) -> None:
    result = rulesql("query", "Log", "--table", f"Log={log}", "-o", tmp_path / "hits.jsonl")
    assert result.exit_code == 2
    assert "'.jsonl' gives no format" in result.stderr
    assert not (tmp_path / "hits.jsonl").exists()
    said = rulesql("query", "Log | project host", "--table", f"Log={log}", "-f", "json", "-o", tmp_path / "hits.jsonl")
    assert said.exit_code == 0


def test_a_table_in_a_file_holds_every_row(tmp_path: Path) -> None:
    output = tmp_path / "numbers.txt"
    assert rulesql("query", "range n from 1 to 1500 step 1", "-o", output).exit_code == 0
    assert [line.strip() for line in output.read_text().splitlines()] == ["n", *map(str, range(1, 1501))]


def test_parquet_wants_a_file(log: Path) -> None:
    assert rulesql("query", "Log", "--table", f"Log={log}", "-f", "parquet").exit_code == 2


def test_query_from_standard_input_with_parameters(log: Path) -> None:
    text = "declare query_parameters (least: long = 0); Log | where status >= least | count"
    result = rulesql("query", "-", "--table", f"Log={log}", "-p", "least=500", "-f", "csv", stdin=text)
    assert result.stdout == "Count\n1\n"


def test_a_narrow_result_is_a_table_and_a_wide_one_a_list(log: Path) -> None:
    narrow = rulesql("query", "Log | project host, status", "--table", f"Log={log}")
    assert narrow.stdout.splitlines() == ["host  status", "a        200", "b        500"]
    wide = ", ".join(f"a_long_name_of_a_column_{i} = host" for i in range(9))
    listed = rulesql("query", f"Log | take 1 | project {wide}", "--table", f"Log={log}")
    assert listed.stdout.splitlines()[:2] == ["row 1", "  a_long_name_of_a_column_0  a"]


def test_a_table_of_another_name_has_a_way_out(log: Path) -> None:
    result = rulesql("query", "Lag | count", "--table", f"Log={log}")
    assert result.exit_code == 1
    assert "no table or function 'Lag'" in result.stderr
    assert "--table" in result.stderr


def test_a_file_that_is_not_what_its_name_says(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    path.write_text("no parquet")
    result = rulesql("query", "T | count", "--table", f"T={path}")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: duckdb: ")
    assert "Traceback" not in result.stderr


def test_a_query_cannot_read_other_files(log: Path) -> None:
    result = rulesql("query", "externaldata (a: string) ['/etc/passwd'] | count", "--table", f"Log={log}")
    assert result.exit_code != 0


def test_rows_are_counted_where_no_column_is_needed(tmp_path: Path) -> None:
    """The source's view computes columns out of fields that nothing reads any more."""
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    result = rulesql("query", "GCPCloudDNS | count", "--table", f"GCPCloudDNS={path}", "-f", "csv")
    assert result.stdout == "Count\n3\n"


def test_alerts_of_a_run(tmp_path: Path) -> None:
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    result = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "--alerts", "-f", "json")
    (alert,) = json.loads(result.stdout)
    assert (alert["severity"], alert["row_count"]) == ("High", 1)
    assert "tornadodomain.000webhostapp.com." in alert["entities"]
    quiet = rulesql(
        "run", RULE, "--table", f"GCPCloudDNS={path}", "--at", "2026-03-02T12:00:00Z", "--alerts", "-f", "json"
    )
    assert json.loads(quiet.stdout) == []


def test_alerts_have_the_rules_own_window(tmp_path: Path) -> None:
    path = lines(tmp_path / "dns.jsonl", ENTRIES)
    result = rulesql("run", RULE, "--table", f"GCPCloudDNS={path}", *AT, "--alerts", "--window", "1d")
    assert result.exit_code == 2
