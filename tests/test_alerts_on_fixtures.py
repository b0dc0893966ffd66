"""The gate for alerts (as many as the fixtures' rows make, the same everywhere), and the project's rules in every format."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.test_exports_formats import CONFIG_SCHEMA, PROFILE, dataform_compiled, run, terraform_text, tool
from transpiler.alerts import RuleAlerts, rule_alerts
from transpiler.catalog import Catalog, default_catalog
from transpiler.exports import FORMATS, ExportReport, export_rules
from transpiler.rule import load_fixtures, load_rule
from transpiler.rule.model import Operator, Trigger
from transpiler.validation.alerting import alerts_problem, passes

ROOT = Path(__file__).parents[1]
RULES = sorted((ROOT / "rules").rglob("*.yaml"))
DELAY = dt.timedelta(minutes=5)


@pytest.mark.parametrize(
    ("operator", "rows"),
    [(Operator.GT, {3, 4}), (Operator.LT, {0, 1}), (Operator.EQ, {2}), (Operator.NE, {0, 1, 3, 4})],
)
def test_which_counts_pass(operator: Operator, rows: set[int]) -> None:
    assert {n for n in range(5) if passes(Trigger(operator, 2), n)} == rows
    assert [passes(None, n) for n in (0, 1)] == [False, True]


def test_a_near_real_time_rule_is_proven_over_the_window_that_is_exported(tmp_path: Path) -> None:
    """A run every minute, as Sentinel has it, would not see an event of three minutes ago; BigQuery's does."""
    for name in ("rules", "fixtures/r"):
        (tmp_path / name).mkdir(parents=True)
    text = re.sub(r"^(query(Frequency|Period)|trigger\w+): .*\n", "", CASE["rule"], flags=re.MULTILINE)
    (tmp_path / "rules/r.yaml").write_text(text.replace("Scheduled", "NRT"))
    fixture = CASE["fixture"].replace("09:55:00Z", "09:57:00Z")
    (tmp_path / "fixtures/r/one.yaml").write_text(fixture)
    catalog = Catalog({"T": {"TimeGenerated": "datetime", "Host": "string"}})
    report = export_rules(
        [tmp_path / "rules/r.yaml"],
        catalog,
        tmp_path / "out",
        root=tmp_path / "rules",
        fixtures=tmp_path / "fixtures",
        formats=("sql", "alerts"),
    )
    assert report.is_good, report.results[0].problem
    for name in ("r.sql", "r.alerts.sql"):
        assert "INTERVAL '5' MINUTE" in (tmp_path / "out/duckdb" / name).read_text()


CASE = {
    "rule": """
id: 11111111-2222-4333-8444-555555555555
kind: Scheduled
name: n
description: d
severity: High
requiredDataConnectors: []
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 1
query: T | where Host has 'evil'
""",
    "fixture": """
trap: two rows
now: 2026-03-02T10:00:00Z
given: {T: {rows: [{TimeGenerated: 2026-03-02T09:55:00Z, Host: evil}, {TimeGenerated: 2026-03-02T09:56:00Z, Host: evil}]}}
expect: {count: 2}
""",
}


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "rules").mkdir()
    (tmp_path / "fixtures/r").mkdir(parents=True)
    (tmp_path / "rules/r.yaml").write_text(CASE["rule"])
    (tmp_path / "fixtures/r/one.yaml").write_text(CASE["fixture"])
    rule = load_rule(tmp_path / "rules/r.yaml")
    catalog = Catalog({"T": {"TimeGenerated": "datetime", "Host": "string"}})

    def found(old: str = "", new: str = "", target: str = "duckdb") -> str:
        def changed(*arguments: Any, **named: Any) -> RuleAlerts:
            made = rule_alerts(*arguments, **named)
            sql = made.sql.replace(old, new) if old and made.target == target else made.sql
            return dataclasses.replace(made, sql=sql)

        monkeypatch.setattr("transpiler.validation.alerting.rule_alerts", changed)
        return alerts_problem(rule, catalog, load_fixtures(rule), DELAY)

    return found


def test_right_alerts_have_no_problem(problem: Any) -> None:
    assert problem() == ""


def test_a_missing_alert_is_found(problem: Any) -> None:
    assert problem("row_count > 1", "row_count > 2") == "one: duckdb (plain): 0 alerts of 0 rows, not 1 of 2"


def test_another_number_of_rows_is_found(problem: Any) -> None:
    assert problem("COUNT(*) AS row_count", "3 AS row_count") == "one: duckdb (plain): 1 alerts of 3 rows, not 1 of 2"


def test_sql_that_an_engine_refuses_is_found(problem: Any) -> None:
    assert problem("COUNT(*)", "no_such(*)").startswith("one: alerts: ")


@pytest.mark.bigquery
def test_engines_that_differ_are_found(problem: Any) -> None:
    pytest.importorskip("zetasql")
    said = problem("'High' AS severity", "'Low' AS severity", target="bigquery")
    assert said == "one: bigquery (plain): severity is 'Low', on another engine 'High'"


# ---- the project's own rules in every format --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ExportReport, Path]]:
    out = tmp_path_factory.mktemp("out")
    fixtures, rules = ROOT / "fixtures", ROOT / "rules"
    done = export_rules(RULES, default_catalog(), out, root=rules, fixtures=fixtures, formats=list(FORMATS))
    yield done, out
    shutil.rmtree(out)


@pytest.mark.slow
def test_every_rule_of_the_project_is_exported_in_every_format(exported: tuple[ExportReport, Path]) -> None:
    done, out = exported
    assert {r.path: r.problem for r in done.results if not r.is_good} == {}
    assert len(done.results) == len(RULES)
    for folder, pattern in (("bigquery", "*.alerts.json"), ("terraform", "gcp*.tf.json"), ("dbt", "gcp*.sql")):
        assert len(list((out / folder).rglob(pattern))) == len(RULES)
    assert len(list((out / "dataform").rglob("gcp*.sqlx"))) == len(RULES)


@pytest.mark.slow
def test_their_configurations_agree(exported: tuple[ExportReport, Path]) -> None:
    _, out = exported
    schedules = []
    for path in sorted((out / "bigquery").rglob("*.alerts.json")):
        config = json.loads(path.read_text())
        jsonschema.validate(config, CONFIG_SCHEMA)
        name = str(path.relative_to(out / "bigquery")).removesuffix(".alerts.json").replace("/", "_")
        terraform = json.loads((out / f"terraform/{name}.tf.json").read_text())
        resource = terraform["resource"]["google_bigquery_data_transfer_config"][name]
        assert resource["schedule"] == config["schedule"]
        query = terraform_text(resource["params"]["query"]).replace("`p.d.alerts`", "`detections.alerts`")
        assert query == config["params"]["query"]
        schedules.append(config["schedule"])
    assert all(not re.search(r"(from| )00:00( to|$)", s) for s in schedules), "a schedule on the hour may fire twice"


@pytest.mark.slow
def test_dbt_parses_them(exported: tuple[ExportReport, Path], tmp_path: Path) -> None:
    project = shutil.copytree(exported[1] / "dbt", tmp_path / "dbt")
    (project / "profiles.yml").write_text(yaml.safe_dump(PROFILE))
    run(tool("dbt"), "parse", "--profiles-dir", project, cwd=project, DBT_SEND_ANONYMOUS_USAGE_STATS="false")
    manifest = json.loads((project / "target/manifest.json").read_text())
    assert len(manifest["nodes"]) == len(RULES) + 1


@pytest.mark.slow
def test_dataform_compiles_them(exported: tuple[ExportReport, Path], tmp_path: Path) -> None:
    compiled = dataform_compiled(shutil.copytree(exported[1] / "dataform", tmp_path / "dataform"))
    assert len(compiled["operations"]) == len(RULES) + 1


@pytest.mark.slow
def test_terraform_reads_them(exported: tuple[ExportReport, Path], tmp_path: Path) -> None:
    project = shutil.copytree(exported[1] / "terraform", tmp_path / "terraform")
    assert "hashicorp/google" in run(tool("terraform"), "providers", cwd=project, TF_CLI_CONFIG_FILE=os.devnull)
