"""What is wrong with a rule's file is a finding with its place and a way out, and stops that rule only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from transpiler.cli import app

FIELDS: dict[str, Any] = {  # Any: YAML
    "id": "6e8a9b3e-3b2f-4f0e-9a57-0c5f4d6b7a81",
    "kind": "Scheduled",
    "name": "A host that looks evil up",
    "description": "Lookups.",
    "severity": "Medium",
    "requiredDataConnectors": [],
    "queryFrequency": "15m",
    "queryPeriod": "15m",
    "triggerOperator": "gt",
    "triggerThreshold": 0,
    "tactics": ["InitialAccess"],
    "relevantTechniques": ["T1190"],
    "query": "GCPCloudDNS | where Query has 'evil' | project TimeGenerated, Query, SrcIpAddr",
    "version": "1.0.0",
}
FOUR = "{{Query}} {{SrcIpAddr}} {{TimeGenerated}} {{Query}}"
IP = {"entityType": "IP", "fieldMappings": [{"identifier": "Address", "columnName": "SourceIp"}]}

ERRORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "duration": ({"queryFrequency": "soon"}, "queryFrequency", "forms: 5m, 1h, 14d"),
    "period": ({"queryFrequency": "1h"}, "queryPeriod", "set queryPeriod to 1h or more"),
    "kind": ({"kind": "Sheduled"}, "kind", "known: Scheduled, NRT, Hunting"),
    "no query of its own": ({"kind": "Fusion"}, "kind", "rules of kind Fusion have no query of their own"),
    "operator": ({"triggerOperator": "above"}, "triggerOperator", "known: gt, lt, eq, ne"),
    "threshold": ({"triggerThreshold": -1}, "triggerThreshold", "0 to 10000"),
    "severity": ({"severity": "Critical"}, "severity", "known: High, Medium, Low, Informational"),
}
"""What leaves a rule out: changed fields, the field of the place, what is said."""

DOUBTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "entity column": ({"entityMappings": [IP]}, "columnName", "no column 'SourceIp' (the query returns TimeGenerated"),
    "detail column": ({"customDetails": {"Host": "srcipaddr"}}, "Host", "did you mean SrcIpAddr?"),
    "placeholders": (
        {"alertDetailsOverride": {"alertDisplayNameFormat": FOUR}},
        "alertDisplayNameFormat",
        "4 placeholders in alertDisplayNameFormat; the limit is 3 (move the others to customDetails)",
    ),
    "no technique": ({"relevantTechniques": []}, "tactics", "tactics without techniques"),
    "other tactic": ({"tactics": ["Impact"]}, "relevantTechniques", "add one of them to tactics"),
    "unknown field": ({"suppresionEnabled": True}, "suppresionEnabled", "did you mean suppressionEnabled?"),
}
"""What is said of a rule that is used all the same."""


def rulesql(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "120"})


def line_of(text: str, field: str) -> int:
    """The line of a field in a YAML text, from 1."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip(" -").startswith(f"{field}:"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "good", {"id": "0b1a7a55-8d7b-4b58-9d3e-2f6f3f0d9c11"})
    return tmp_path


def write(folder: Path, name: str, fields: dict[str, Any]) -> str:  # Any: YAML
    text = yaml.safe_dump({**FIELDS, **fields}, sort_keys=False)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / f"{name}.yaml").write_text(text)
    return text


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_stops_that_rule_only(case: str, folder: Path) -> None:
    fields, field, said = ERRORS[case]
    text = write(folder, "bad", fields)
    result = rulesql("export", "--allow-untested", "--format", "sql", "--format", "scheduled-alerts")
    assert result.exit_code == 1
    assert f"rules/bad.yaml:{line_of(text, field)}:" in result.output
    assert said in result.output
    written = {p.name for p in (folder / "out").rglob("*") if p.is_file()}
    assert written == {"good.sql", "good.alerts.json", "good.alerts.sh", "alerts_table.sql", "report.json"}


@pytest.mark.parametrize("case", DOUBTS)
def test_a_doubt_is_told_at_its_place(case: str, folder: Path) -> None:
    fields, field, said = DOUBTS[case]
    text = write(folder, "doubtful", fields)
    result = rulesql("validate")
    assert result.exit_code == 0, result.output
    shown = [line.strip() for line in result.stdout.splitlines() if said in line]
    assert len(shown) == 1, result.stdout
    at = line_of(text, field)
    # A list's own place is that of its first item.
    assert shown[0].startswith((f"rules/doubtful.yaml:{at}:", f"rules/doubtful.yaml:{at + 1}:"))


def test_two_rules_of_one_id(folder: Path) -> None:
    """Their alerts would have the same ids: the second rule's would be taken for the first's and never be written."""
    write(folder, "one", {})
    text = write(folder, "two", {"name": "Another"})
    said = f"rules/two.yaml:{line_of(text, 'id')}:5: warning: RULE008 the id {FIELDS['id']} is also that of"
    result = rulesql("validate")
    assert result.exit_code == 0
    assert said in result.stdout
    plain = rulesql("export", "--allow-untested")
    assert plain.exit_code == 0
    assert said in plain.stdout
    alerts = rulesql("export", "--allow-untested", "--out", "alerts", "--format", "terraform")
    assert alerts.exit_code == 1
    assert said in alerts.stdout
    assert "give one of the two rules a new GUID" in alerts.stdout
    written = {p.name for p in (folder / "alerts/terraform").iterdir()}
    assert written == {"main.tf.json", "good.tf.json", "one.tf.json"}
    entries = {e["path"]: e for e in json.loads((folder / "alerts/report.json").read_text())["results"]}
    assert entries["rules/two.yaml"]["verdict"] == "not exported"


@pytest.mark.parametrize("command", ["backtest", "cost", "coverage"])
def test_other_commands_go_on_after_a_bad_rule(command: str, folder: Path) -> None:
    write(folder, "bad", {"queryFrequency": "soon"})
    (folder / "dns.csv").write_text("TimeGenerated,Query,SrcIpAddr\n2026-03-02T09:50:00Z,evil,10.0.0.1\n")
    period = ("--from", "2026-03-02", "--to", "2026-03-03", "--table", "GCPCloudDNS=dns.csv")
    result = rulesql(command, "rules", *(period if command == "backtest" else ()))
    assert "bad.yaml" in result.output
    assert "'queryFrequency' must be a duration, found 'soon'" in " ".join(result.output.split())
    assert ("1 alert in 1 of 96 runs" if command == "backtest" else "") in result.output
    assert result.exit_code == 1
