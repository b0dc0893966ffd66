"""Rules whose files or tables would be the same: none overwrites another's."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from transpiler.catalog import Catalog
from transpiler.cli.app import app
from transpiler.exports import ExportReport, Settings, export_rules

CATALOG = Catalog({"T": {"TimeGenerated": "datetime", "Host": "string"}})


def exported(folder: Path, formats: list[str], *names: str) -> ExportReport:
    """The export of rules with these paths below a rules folder, each with an id of its own."""
    root = folder / "rules"
    paths = [root / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        number = zlib.crc32(f"{path.parent.name}/{path.name}".encode())
        fields = {
            "id": f"11111111-2222-4333-8444-{number:012d}",
            "kind": "Scheduled",
            "name": "Rule",
            "description": "d",
            "severity": "High",
            "queryFrequency": "1h",
            "queryPeriod": "1h",
            "triggerOperator": "gt",
            "triggerThreshold": 0,
            "query": "T | where Host has 'evil'",
        }
        path.write_text(yaml.safe_dump(fields))
    out = folder / "out"
    return export_rules(paths, CATALOG, out, root=root, allow_untested=True, formats=formats, settings=Settings())


@pytest.mark.parametrize(
    ("form", "names", "lost"),
    [
        ("sql", ["a.yaml", "a.yml"], "a.sql"),
        ("sql", ["A.yaml", "a.yml"], "a.sql"),
        ("scheduled-query", ["a/b.yaml", "a_b.yaml"], "table a_b"),
        ("terraform", ["a/b.yaml", "a-b.yaml"], "terraform/a_b.tf.json"),
        ("terraform", ["main.yaml", "x.yaml"], "terraform/main.tf.json"),
        ("alerts", ["alerts.yaml", "alerts.alerts.yaml", "x/a.yaml", "x/a.yml"], "a.alerts.sql"),
        ("dbt", ["alerts.yaml", "x.yaml"], "dbt/models/rules/alerts.sql"),
        ("dataform", ["alerts.yaml", "x.yaml"], "dataform/definitions/rules/alerts.sqlx"),
    ],
)
def test_no_rule_overwrites_another(tmp_path: Path, form: str, names: list[str], lost: str) -> None:
    done = exported(tmp_path, [form], *names)
    (bad,) = [r for r in done.results if not r.is_good]
    assert lost in bad.problem
    assert not bad.files
    assert len(done.results) == len(names)


def test_a_later_export_overwrites_no_other_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert exported(Path(), ["terraform"], "a/b.yaml").is_good
    assert exported(tmp_path, ["terraform"], "a/b.yaml").is_good
    (later,) = exported(Path(), ["terraform"], "a_b.yaml").results
    assert "terraform/a_b.tf.json" in later.problem


def test_a_table_has_a_name_in_which_the_service_fills_in_nothing(tmp_path: Path) -> None:
    done = exported(tmp_path, ["scheduled-query"], "x {run_date} $1.yaml")
    (text,) = done.results[0].files.values()
    assert '"destination_table_name_template": "x_run_date_1_' in text


@pytest.mark.parametrize("given", [("--alerts", "a;b.c`"), ("--location", "US}$(x)")])
def test_names_that_are_no_names_are_refused(given: tuple[str, str]) -> None:
    result = CliRunner().invoke(app, ["export", *given])
    assert result.exit_code == 2
    assert given[0] in result.output
