"""Every export format, for a tame rule and one whose texts try to break out, read back by the tools that will read it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import sqlglot
import yaml

from transpiler.alerts import ALERT_COLUMNS, rule_alerts
from transpiler.alerts.schema import DDL
from transpiler.catalog import Catalog
from transpiler.engine import googlesql
from transpiler.exports import FORMATS, Settings, export_rules
from transpiler.exports.bigquery import alerts_config, bq_script
from transpiler.exports.dataform import dataform_project, dataform_rule
from transpiler.exports.dbt import dbt_project, dbt_rule
from transpiler.exports.merging import aligned_now, merge_alerts
from transpiler.exports.settings import identifier_of
from transpiler.exports.terraform import terraform_project, terraform_rule
from transpiler.lowering.runtime import RunTime
from transpiler.rule import Rule, parse_rule
from transpiler.types import Type
from transpiler.validation import validate

NASTY = "a ${x} %{y} $${z} {{ v }} {% raw %} {% endraw %} {# c #} \\ ' \" ` ``` PARAMS */ -- /* \\n config { js { } é"
COLUMNS = {"TimeGenerated": "datetime", "Host": "string"}
CATALOG = Catalog({"T": COLUMNS})
SETTINGS = Settings()
FIELDS: dict[str, Any] = {
    "id": "11111111-2222-4333-8444-555555555555",
    "kind": "Scheduled",
    "name": "Plain",
    "description": "d",
    "severity": "High",
    "requiredDataConnectors": [],
    "queryFrequency": "15m",
    "queryPeriod": "1h",
    "triggerOperator": "gt",
    "triggerThreshold": 0,
    "query": 'T | where Host has "evil"',
}


def rule_of(**fields: Any) -> Rule:
    return parse_rule(yaml.safe_dump({**FIELDS, **fields}), "rules/r.yaml")


QUOTED = json.dumps(NASTY)
RULES = {
    "plain": rule_of(),
    "nasty": rule_of(name=NASTY, description=f"{NASTY}\u2028\u00a0", query=f"T | extend Text = {QUOTED} // {NASTY}"),
    "rested": rule_of(suppressionEnabled=True, suppressionDuration="5h"),
    "twice": rule_of(
        query="let x = T | where Host has 'e'; x | join kind=inner (x | summarize n = count() by Host) on Host"
    ),
}
every_rule = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def tool(name: str) -> str:
    """A tool's executable: on the PATH, or where RULESQL_<NAME> says."""
    found = os.environ.get(f"RULESQL_{name.upper()}") or shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed; RULESQL_{name.upper()} may name its executable")
    return found


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, capture_output=True, text=True, timeout=300, env={**os.environ, **environment}
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


# ---- the MERGE ------------------------------------------------------------------------------------------------------


@every_rule
def test_the_merge_holds_the_alerts_as_they_are(rule: Rule) -> None:
    sql = merge_alerts(rule, CATALOG, SETTINGS, ("d", "alerts"))
    inner = sql.partition("USING (\n")[2].rpartition(") AS found\n")[0]
    parsed = sqlglot.parse(sql, read="bigquery")
    assert [type(s).__name__ for s in parsed] == ["Merge"]
    if googlesql.available():
        stored = {"T": googlesql.stored({k: Type(v) for k, v in COLUMNS.items()})}
        types = {c.name: DDL["bigquery"].types[c.type] for c in ALERT_COLUMNS}
        stored["d.alerts"] = googlesql.StoredTable(types)
        columns = googlesql.connect().analyze(inner, stored, {"run_time": "TIMESTAMP"})
        assert [(c.name, c.type) for c in columns] == list(types.items())


@pytest.mark.bigquery
@pytest.mark.skipif(
    not googlesql.available(), reason="Google's engine is not installed: pip install 'rulesql[bigquery]'"
)
@every_rule
def test_googles_engine_takes_the_merge(rule: Rule) -> None:
    """The analyzer of Google's engine, with MERGE allowed for this test."""
    from zetasql.wasi._pb2.zetasql.resolved_ast import resolved_node_kind_pb2 as kinds

    from transpiler.engine.google_session import GoogleSql

    engine = GoogleSql("UTC")
    engine._language.supported_statement_kinds.append(kinds.RESOLVED_MERGE_STMT)
    types = {c.name: DDL["bigquery"].types[c.type] for c in ALERT_COLUMNS}
    tables = {
        "T": googlesql.StoredTable({"TimeGenerated": "TIMESTAMP", "Host": "STRING"}),
        "alerts": googlesql.StoredTable(types),
    }
    engine.analyze(merge_alerts(rule, CATALOG, SETTINGS, ("alerts",)), tables, {"run_time": "TIMESTAMP"})


# ---- transfer configuration and bq script ---------------------------------------------------------------------------

CONFIG_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["displayName", "dataSourceId", "params", "scheduleOptions"],
    "properties": {
        "displayName": {"type": "string", "minLength": 1},
        "dataSourceId": {"const": "scheduled_query"},
        "params": {
            "type": "object",
            "additionalProperties": False,
            "required": ["query"],
            "properties": {"query": {"type": "string", "maxLength": 1024 * 1024}},
        },
        "schedule": {
            "type": "string",
            "pattern": r"^every (\d+ (hours|mins)( from \d\d:\d\d to \d\d:\d\d)?|(day|[a-z]+day) \d\d:\d\d)$",
        },
        "scheduleOptions": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"disableAutoScheduling": {"type": "boolean"}},
        },
        "disabled": {"const": True},
    },
}
"""projects.locations.transferConfigs, as far as a MERGE may use it: no destination table, no write disposition."""


@every_rule
def test_the_transfer_configuration_follows_its_schema(rule: Rule) -> None:
    config = json.loads(alerts_config(rule, CATALOG, SETTINGS))
    jsonschema.validate(config, CONFIG_SCHEMA)
    wanted = merge_alerts(rule, CATALOG, SETTINGS, ("detections", "alerts"), script=True)
    assert config["params"]["query"] == wanted


def test_a_disabled_rule_and_one_without_schedule() -> None:
    disabled = json.loads(alerts_config(rule_of(enabled=False), CATALOG, SETTINGS))
    jsonschema.validate(disabled, CONFIG_SCHEMA)
    assert disabled["disabled"] is True
    hunting = parse_rule(
        yaml.safe_dump({k: FIELDS[k] for k in ("id", "name", "query")} | {"kind": "Hunting"}), "h.yaml"
    )
    config = json.loads(alerts_config(hunting, CATALOG, SETTINGS))
    jsonschema.validate(config, CONFIG_SCHEMA)
    assert "schedule" not in config
    assert config["scheduleOptions"] == {"disableAutoScheduling": True}


def test_a_near_real_time_rule_runs_every_five_minutes_on_five_minutes() -> None:
    fields = {k: FIELDS[k] for k in ("id", "name", "description", "severity", "query")}
    config = json.loads(
        alerts_config(parse_rule(yaml.safe_dump({**fields, "kind": "NRT"}), "n.yaml"), CATALOG, SETTINGS)
    )
    assert config["schedule"].startswith("every 5 mins")
    assert "TIMESTAMP_SUB(window_end, INTERVAL '5' MINUTE) AS window_start" in config["params"]["query"]


@pytest.mark.parametrize("existing", ["", "projects/1/locations/us/transferConfigs/2"])
@every_rule
def test_the_bq_script_hands_over_what_the_configuration_says(rule: Rule, existing: str, tmp_path: Path) -> None:
    config = alerts_config(rule, CATALOG, SETTINGS)
    write(tmp_path, {"make.sh": bq_script(rule, config, SETTINGS), "bq": '#!/bin/bash\nprintf "%s\\0" "$@" > "$OUT"\n'})
    (tmp_path / "bq").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    environment = {"PATH": path, "OUT": str(tmp_path / "out"), "SERVICE_ACCOUNT": "s@p", "CONFIG": existing}
    run("bash", "make.sh", cwd=tmp_path, **environment)
    arguments = (tmp_path / "out").read_text(encoding="utf-8").split("\0")[:-1]
    options = dict(a[2:].split("=", 1) for a in arguments if a.startswith("--") and "=" in a)
    assert arguments[:2] == (["update", "--transfer_config"] if existing else ["mk", "--transfer_config"])
    assert json.loads(options["params"]) == json.loads(config)["params"]
    assert options["schedule"] == json.loads(config)["schedule"]
    assert options["display_name"] == " ".join(rule.name.split())
    assert options["service_account_name"] == "s@p"
    assert (arguments[-1] == existing) if existing else (options["location"] == "US")


# ---- Terraform ------------------------------------------------------------------------------------------------------


def terraform_text(text: str) -> str:
    """What Terraform makes of a JSON string: doubled markers are single, references are looked up."""
    known = {
        "var.project": "p",
        "google_bigquery_dataset.detections.dataset_id": "d",
        "google_bigquery_table.alerts.table_id": "alerts",
    }
    pattern = r"\$\$\{|%%\{|\$\{([^}]*)\}|%\{"
    return re.sub(pattern, lambda m: known[m[1]] if m[1] else {"$${": "${", "%%{": "%{"}[m[0]], text)


@every_rule
def test_terraform_gives_the_sql_back(rule: Rule) -> None:
    data = json.loads(terraform_rule(rule, "r", CATALOG, SETTINGS))
    config = data["resource"]["google_bigquery_data_transfer_config"]["r"]
    assert terraform_text(config["params"]["query"]) == merge_alerts(
        rule, CATALOG, SETTINGS, ("p", "d", "alerts"), script=True
    )
    assert terraform_text(config["display_name"]) == rule.name


def test_the_terraform_table_is_the_alerts_table() -> None:
    main = json.loads(terraform_project(SETTINGS)["main.tf.json"])
    table = main["resource"]["google_bigquery_table"]["alerts"]
    schema = json.loads(terraform_text(table["schema"]))
    assert [(f["name"], f["mode"] == "REQUIRED") for f in schema] == [(c.name, c.required) for c in ALERT_COLUMNS]
    assert {f["type"] for f in schema} == {"STRING", "TIMESTAMP", "INTEGER"}
    assert table["time_partitioning"] == {"type": "DAY", "field": "window_end"}


def test_terraform_reads_the_configuration(tmp_path: Path) -> None:
    executable = tool("terraform")
    files = {f"{n}.tf.json": terraform_rule(r, n, CATALOG, SETTINGS) for n, r in RULES.items()}
    write(tmp_path, {**files, **terraform_project(SETTINGS)})
    out = run(executable, "providers", cwd=tmp_path, TF_CLI_CONFIG_FILE=os.devnull, CHECKPOINT_DISABLE="1")
    assert "hashicorp/google" in out


@every_rule
def test_terraform_evaluates_the_sql_to_itself(rule: Rule, tmp_path: Path) -> None:
    """The query as a local value, which needs no provider; the references stand for names."""
    executable = tool("terraform")
    data = json.loads(terraform_rule(rule, "r", CATALOG, SETTINGS))
    query = data["resource"]["google_bigquery_data_transfer_config"]["r"]["params"]["query"]
    for reference, name in (("var.project", "p"), ("google_bigquery_dataset.detections.dataset_id", "d")):
        query = query.replace(f"${{{reference}}}", f'${{"{name}"}}')
    query = query.replace("${google_bigquery_table.alerts.table_id}", '${"alerts"}')
    write(tmp_path, {"main.tf.json": json.dumps({"output": {"query": {"value": query}}})})
    run(executable, "apply", "-auto-approve", "-input=false", cwd=tmp_path, TF_CLI_CONFIG_FILE=os.devnull)
    out = run(executable, "output", "-json", cwd=tmp_path, TF_CLI_CONFIG_FILE=os.devnull)
    assert json.loads(out)["query"]["value"] == merge_alerts(rule, CATALOG, SETTINGS, ("p", "d", "alerts"), script=True)


def squeezed(sql: str) -> str:
    return "".join(sql.split())


# ---- Dataform -------------------------------------------------------------------------------------------------------


def dataform_compiled(project: Path) -> Any:
    """What Dataform's own compiler makes of a project; the folder is changed so that it needs no network."""
    executable = Path(tool("dataform")).resolve()
    places = (parent / "node_modules/@dataform/core" for parent in executable.parents)
    core = next((place for place in places if place.is_dir()), None)
    if core is None:
        pytest.skip("the package @dataform/core is not installed beside the Dataform command")
    version = json.loads((core / "package.json").read_text())["version"]
    settings = project / "workflow_settings.yaml"
    settings.write_text(re.sub(r"dataformCoreVersion.*\n", "", settings.read_text()))
    write(project, {"package.json": json.dumps({"dependencies": {"@dataform/core": version}})})
    shutil.copytree(core, project / "node_modules/@dataform/core")
    compiled = json.loads(run(executable, "compile", ".", "--json", cwd=project))
    assert not compiled.get("graphErrors", {}).get("compilationErrors")
    return compiled


def test_dataform_compiles_the_project(tmp_path: Path) -> None:
    """Every MERGE comes back as it was, over the alerts table, at the aligned run time."""
    rules = {f"definitions/rules/{n}.sqlx": dataform_rule(r, CATALOG, SETTINGS) for n, r in RULES.items()}
    write(tmp_path, {**rules, **dataform_project(SETTINGS)})
    compiled = dataform_compiled(tmp_path)
    queries = {o["target"]["name"]: "\n".join(o["queries"]).strip() for o in compiled["operations"]}
    assert queries.keys() == {"alerts", *RULES}
    for name, rule in RULES.items():
        path = ("my-project", "detections", "alerts")
        now = aligned_now(dt.timedelta(minutes=15))
        # Lines are broken where the SQL is printed, and that was with the placeholder's length.
        assert squeezed(queries[name]) == squeezed(merge_alerts(rule, CATALOG, SETTINGS, path, now))
    tags = {o["target"]["name"]: o["tags"] for o in compiled["operations"]}
    assert tags["plain"] == ["alerts", "severity_high", "every_15m"]


# ---- dbt ------------------------------------------------------------------------------------------------------------

PROFILE = {
    "rulesql_alerts": {
        "target": "dev",
        "outputs": {"dev": {"type": "bigquery", "method": "oauth", "project": "p", "dataset": "d", "threads": 1}},
    }
}


def test_dbt_parses_the_project(tmp_path: Path) -> None:
    executable = tool("dbt")
    models = {f"models/rules/{n}.sql": dbt_rule(r, CATALOG, SETTINGS) for n, r in RULES.items()}
    write(tmp_path, {**models, **dbt_project(SETTINGS, list(RULES)), "profiles.yml": yaml.safe_dump(PROFILE)})
    run(executable, "parse", "--profiles-dir", tmp_path, cwd=tmp_path, DBT_SEND_ANONYMOUS_USAGE_STATS="false")
    manifest = json.loads((tmp_path / "target/manifest.json").read_text())
    nodes = {n["name"]: n for n in manifest["nodes"].values()}
    assert nodes.keys() == {"alerts", *RULES}
    assert nodes["plain"]["config"]["unique_key"] == "alert_id"
    assert nodes["plain"]["config"]["materialized"] == "incremental"
    assert sorted(nodes["alerts"]["depends_on"]["nodes"]) == sorted(f"model.rulesql_alerts.{n}" for n in RULES)


RENDER = """
import json, sys, jinja2
def render(text, incremental):
    return jinja2.Environment(keep_trailing_newline=True).from_string(text).render(
        config=lambda **k: "", var=lambda name, default="": default, this="`p.d.m`", is_incremental=lambda: incremental)
print(json.dumps([render(json.load(sys.stdin), sys.argv[1] == "1")]))
"""


@pytest.mark.parametrize("incremental", [False, True])
@every_rule
def test_a_dbt_model_renders_to_the_alerts(rule: Rule, incremental: bool) -> None:
    python = Path(tool("dbt")).with_name("python")
    if not python.exists():
        pytest.skip("the Python beside dbt, which has its Jinja, is not there")
    done = subprocess.run(
        [python, "-c", RENDER, str(int(incremental))],
        input=json.dumps(dbt_rule(rule, CATALOG, SETTINGS)),
        capture_output=True,
        text=True,
        check=True,
    )
    made = rule_alerts(
        rule,
        "bigquery",
        CATALOG,
        now=RunTime(),
        suppressed_by=("p", "d", "m") if incremental and rule.suppression else None,
        header=_header(rule),
        run_time_as=aligned_now(dt.timedelta(minutes=15)),
    )
    assert squeezed(json.loads(done.stdout)[0]) == squeezed(made.sql)


def _header(rule: Rule) -> str:
    from transpiler.exports.header import header_of

    return header_of(rule)


def test_a_header_has_only_what_the_rule_has() -> None:
    fields = {k: v for k, v in FIELDS.items() if k != "version"}
    plain = parse_rule(yaml.safe_dump({**fields, "kind": "Hunting", "name": "A hunt", "id": None}), "n.yaml")
    assert re.fullmatch(r" A hunt\n   source: n\.yaml, sha256 [0-9a-f]{64} ", _header(plain))
    assert f"\n   id: {FIELDS['id']}" in _header(parse_rule(yaml.safe_dump(FIELDS), "n.yaml"))


# ---- the gate -------------------------------------------------------------------------------------------------------

FIXTURE = """
trap: the needle is there
now: 2026-03-02T10:00:00Z
given:
  T:
    rows: [{TimeGenerated: 2026-03-02T09:55:00Z, Host: evil}, {TimeGenerated: 2026-03-02T09:55:00Z, Host: good}]
expect:
  rows: [{Host: %s}]
"""


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Any]:
    write(tmp_path, {"rules/a/r.yaml": yaml.safe_dump(FIELDS), "fixtures/a/r/one.yaml": FIXTURE % "evil"})

    def export(**arguments: Any) -> Any:
        path = tmp_path / "rules/a/r.yaml"
        given = {"root": tmp_path / "rules", "fixtures": tmp_path / "fixtures", "formats": list(FORMATS), **arguments}
        return export_rules([path], CATALOG, tmp_path / "out", **given)

    return export


def test_all_formats_at_once(project: Callable[..., Any], tmp_path: Path) -> None:
    done = project()
    assert done.is_good, done.results[0].problem
    written = {str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert written == {
        *("bigquery/a/r.sql", "bigquery/a/r.json", "bigquery/a/r.alerts.json", "bigquery/a/r.alerts.sh"),
        *("duckdb/a/r.sql", "duckdb/a/r.alerts.sql", "bigquery/alerts_table.sql", "duckdb/alerts_table.sql"),
        "bigquery/a/r.alerts.sql",
        *("terraform/main.tf.json", "terraform/a_r.tf.json", "report.json"),
        *("dataform/workflow_settings.yaml", "dataform/definitions/alerts.sqlx", "dataform/definitions/rules/a_r.sqlx"),
        *("dbt/dbt_project.yml", "dbt/models/alerts.sql", "dbt/models/rules/a_r.sql"),
    }
    config = json.loads((tmp_path / "out/bigquery/a/r.alerts.json").read_text())
    assert (tmp_path / "out/bigquery/a/r.alerts.sql").read_text() == config["params"]["query"]
    assert project(check=True).is_good
    (tmp_path / "out/terraform/main.tf.json").write_text("{}")
    assert project(check=True).stale == ("terraform/main.tf.json",)


def test_the_delay_is_in_every_statement(project: Callable[..., Any], tmp_path: Path) -> None:
    assert project(settings=Settings(delay=dt.timedelta(minutes=12))).is_good
    for name in ("bigquery/a/r.sql", "bigquery/a/r.json", "bigquery/a/r.alerts.json", "terraform/a_r.tf.json"):
        assert "INTERVAL 12 MINUTE" in (tmp_path / "out" / name).read_text(), name
    for name in ("dataform/definitions/rules/a_r.sqlx", "dbt/models/rules/a_r.sql"):
        assert "INTERVAL 12 MINUTE" in (tmp_path / "out" / name).read_text(), name


def test_formats_are_chosen_by_name(project: Callable[..., Any], tmp_path: Path) -> None:
    assert project(formats=["terraform"]).is_good
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["report.json", "terraform"]
    with pytest.raises(ValueError, match="no format 'pulumi'; known: sql, "):
        project(formats=["pulumi"])


def test_nothing_of_a_failing_rule_is_written(project: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, {"fixtures/a/r/one.yaml": FIXTURE % "good"})
    assert not project().is_good
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.json"]


@pytest.mark.parametrize(
    ("stem", "name"),
    [("gcp/dns/a_b", "gcp_dns_a_b"), ("a-b", "a_b"), ("1/x", "r_1_x"), ("a b", "a_b_c8687a08"), ("ä", "rule_33e6d73f")],
)
def test_names_are_made_of_paths(stem: str, name: str) -> None:
    assert re.fullmatch(r"[A-Za-z]\w*", identifier_of(stem), re.ASCII)
    assert identifier_of(stem) == name


@pytest.mark.parametrize("target", ["bigquery", "duckdb"])
def test_the_query_of_a_continuous_rule_has_a_window_too(target: str) -> None:
    fields = {k: FIELDS[k] for k in ("id", "name", "description", "severity", "query")}
    rule = parse_rule(yaml.safe_dump({**fields, "kind": "NRT"}), "n.yaml")
    verdict = validate(rule, CATALOG)
    where = verdict.translations[target].sql.partition("WHERE")[2]
    assert where.count("TimeGenerated") == 2
    assert ("INTERVAL 10 MINUTE" if target == "bigquery" else "INTERVAL 5 MINUTE") in where.replace("'", "")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"queryFrequency": "7h", "queryPeriod": "7h"}, "the day is no multiple of it"),
        ({"queryFrequency": "7h", "queryPeriod": "7h"}, "a queryPeriod longer than the frequency misses no event"),
        ({"queryFrequency": "00:07:30", "queryPeriod": "00:07:30"}, "each run looks back 8m, so that no event"),
        ({"queryFrequency": "15m", "queryPeriod": "1h"}, "an event can be in several alerts"),
        ({"query": "T | join kind=inner (Assets) on Host"}, "every run reads all of Assets"),
        ({"query": "let x = T | where Host has 'e'; union x, x"}, "one statement reads T 2 times"),
        (
            {"query": "T | sort by TimeGenerated asc | extend S = row_window_session(TimeGenerated, 1h, 5m)"},
            "BigQuery stops a run with an error after 500 steps",
        ),
    ],
)
def test_what_the_service_does_otherwise_is_reported(tmp_path: Path, fields: dict[str, str], said: str) -> None:
    write(tmp_path, {"rules/r.yaml": yaml.safe_dump({**FIELDS, **fields})})
    catalog = Catalog({"T": COLUMNS, "Assets": {"Host": "string"}})
    done = export_rules(
        [tmp_path / "rules/r.yaml"], catalog, tmp_path / "out", root=tmp_path / "rules", allow_untested=True
    )
    assert done.is_good
    report = json.loads((tmp_path / "out/report.json").read_text())
    assert any(said in text for text in report["results"][0]["findings"])


def test_a_continuous_detection_runs_as_often_as_the_service_can(tmp_path: Path) -> None:
    template = {"title": "t", "severity": "low", "tactics": ["Execution"]}
    data = {
        "displayName": "Continuous",
        "queryCondition": {"queryText": "DeviceEvents | project Timestamp, DeviceId"},
        "schedule": {"period": "0"},
        "detectionAction": {"alertTemplate": template},
    }
    write(tmp_path, {"rules/c.json": json.dumps(data)})
    catalog = Catalog({"DeviceEvents": {"Timestamp": "datetime", "DeviceId": "string"}})
    done = export_rules(
        [tmp_path / "rules/c.json"],
        catalog,
        tmp_path / "out",
        root=tmp_path / "rules",
        allow_untested=True,
        formats=["scheduled-alerts", "terraform", "dataform", "dbt"],
    )
    assert done.is_good, done.results[0].problem
    config = json.loads((tmp_path / "out/bigquery/c.alerts.json").read_text())
    assert config["schedule"].startswith("every 5 mins from 00:0")
    said = [f.message for f in done.results[0].notes]
    assert any("no ingestion time of DeviceEvents is declared" in text for text in said)
    assert any("runs a query every 5 minutes at most" in text for text in said)
