"""``rulesql backtest`` and ``rulesql cost`` as programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transpiler.cli import app

RULE = """
id: 11111111-2222-4333-8444-555555555555
kind: Scheduled
name: Evil hosts
description: d
severity: High
requiredDataConnectors: []
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
query: Log | where Host has 'evil' | project TimeGenerated, Host
entityMappings: [{entityType: Host, fieldMappings: [{identifier: HostName, columnName: Host}]}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/evil.yaml").write_text(RULE)
    schemas = tmp_path / "catalog/schemas"
    schemas.mkdir(parents=True)
    (schemas / "log.yaml").write_text("table: Log\ncolumns: {TimeGenerated: datetime, Host: string}\n")
    moments = [f"2026-03-0{1 + n // 24}T{n % 24:02d}:30:00Z" for n in range(0, 48, 3)]
    lines = [json.dumps({"TimeGenerated": m, "Host": f"evil {n % 2}"}) for n, m in enumerate(moments)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    return tmp_path


def call(folder: Path, *arguments: str, code: int = 0) -> str:
    common = ["--rules", str(folder / "rules"), "--catalog", str(folder / "catalog")]
    done = CliRunner().invoke(app, [*arguments, *common])
    assert done.exit_code == code, done.output
    # An error stands in a box, whose lines are cut at its width.
    return done.stdout if code == 0 else re.sub(r"[\s│]+", " ", done.output)


PERIOD = ("--from", "2026-03-01", "--to", "2026-03-03")


def test_a_backtest_is_a_plot_and_a_page(folder: Path) -> None:
    table = f"Log={folder / 'log.jsonl'}"
    out = call(folder, "backtest", "evil", *PERIOD, "--table", table, "--html", str(folder / "page.html"))
    assert out.startswith("Evil hosts: 16 alerts in 16 of 48 runs\n")
    bars = [int(n) for n in re.findall(r"^2026-03-01 \d\d:00 +(\d+)  █+", out, re.MULTILINE)]
    assert sum(bars) == 8
    days = call(folder, "backtest", "evil", *PERIOD[:3], "2026-03-05", "--table", table)
    assert re.search(r"^2026-03-01 +8  █+$", days, re.MULTILINE)
    assert "       8  host  evil 0" in out
    assert (folder / "page.html").read_text().startswith("<!doctype html>")


def test_a_backtest_is_data(folder: Path) -> None:
    arguments = ("--table", f"Log={folder / 'log.jsonl'}", "--keep", str(folder / "kept"), "--format", "json")
    (data,) = json.loads(call(folder, "backtest", "evil", *PERIOD, *arguments))
    assert (data["runs"], data["alerts"], data["computed"]) == (48, 16, "together")
    assert data["days"] == {"2026-03-01": 8, "2026-03-02": 8}
    assert data["noisy_runs"][0] == {"scheduled": "2026-03-01T01:00:00Z", "alerts": 1, "rows": 1, "rested": False}
    assert [p.suffix for p in (folder / "kept").iterdir()] == [".jsonl"]
    assert json.loads(call(folder, "backtest", "evil", *PERIOD, *arguments)) == [data]


def test_a_table_without_files_is_a_usage_error(folder: Path) -> None:
    assert "give --table Log=FILE" in call(folder, "backtest", "evil", *PERIOD, code=2)


def test_one_rules_error_leaves_the_others(folder: Path) -> None:
    (folder / "rules/broken.yaml").write_text(RULE.replace("Log | where", "Log | wher"))
    table = f"Log={folder / 'log.jsonl'}"
    out = call(folder, "backtest", "broken", "evil", *PERIOD, "--table", table, code=1)
    assert "KQL003" in out
    assert "Evil hosts: 16 alerts" in out


def test_cost_as_text_and_data(folder: Path) -> None:
    out = call(folder, "cost", "evil", "--size", "Log=24/90")
    assert "  Log: cut on TimeGenerated, 25.00 GB a run\n" in out
    assert "  720 runs in 30 days: 18,000 GB, $102.32 on demand\n" in out
    (data,) = json.loads(call(folder, "cost", "evil", "--size", "Log=24/90", "--hourly", "--format", "json"))
    assert data["bytes_per_run"] == 2 * 10**9
    assert data["scans"][0]["columns"] == ["TimeGenerated", "Host"]
    assert "not of the form GB/DAYS" in call(folder, "cost", "--size", "Log=much", code=2)


def test_a_rule_without_files_costs_the_others_nothing(folder: Path) -> None:
    text = RULE.replace("Log |", "Other |").replace("Evil hosts", "Others").replace("11111111", "21111111")
    (folder / "rules/other.yaml").write_text(text)
    (folder / "catalog/schemas/other.yaml").write_text(
        "table: Other\ncolumns: {TimeGenerated: datetime, Host: string}\n"
    )
    table = f"Log={folder / 'log.jsonl'}"
    out = call(folder, "backtest", "evil", "other", *PERIOD, "--table", table, code=1)
    assert "Evil hosts: 16 alerts in 16 of 48 runs" in out
    assert "no files for tables that 'Others' reads: give --table Other=FILE" in out
    assert "'Others'" in call(folder, "backtest", "other", *PERIOD, "--table", table, code=2)


def test_a_page_that_cannot_be_written_is_named(folder: Path) -> None:
    table = f"Log={folder / 'log.jsonl'}"
    out = call(folder, "backtest", "evil", *PERIOD, "--table", table, "--html", str(folder), code=1)
    assert f"error: {folder}: Is a directory" in out
