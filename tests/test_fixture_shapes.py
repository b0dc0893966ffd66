"""Fixtures over a user's own source: which of its shapes they fill, and what is said of those that they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpiler.catalog import Catalog, load_catalog
from transpiler.exports import export_rules
from transpiler.rule import load_fixtures, load_rule
from transpiler.validation import Outcome, validate

RULE = """
id: 11111111-2222-4333-8444-555555555555
kind: Scheduled
name: n
description: d
severity: High
requiredDataConnectors: []
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
query: Web | where User == "eve"
"""
SOURCE = """
table: Web
columns: {TimeGenerated: datetime, User: string}
time: ts
raw: {ts: datetime, who: string}
view: raw | project TimeGenerated = ts, User = who
shapes:
  bigquery:
    stored: {table: p.d.web, columns: {ts: ts TIMESTAMP, who: request JSON $.user}}
  duckdb:
    stored: {table: web, columns: {ts: ts TIMESTAMP, who: request JSON $.user}}
"""
PLAIN = "    plain: {table: Web}\n"
FIXTURE = """
trap: another user
now: 2026-03-02T10:00:00Z
given: {Web: {rows: [{TimeGenerated: 2026-03-02T09:30:00Z, User: eve}, {TimeGenerated: 2026-03-02T09:30:00Z, User: bob}]}}
expect: {rows: [{User: eve}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "rules/r.yaml": RULE,
        "fixtures/r/one.yaml": FIXTURE,
        "catalog/sources/web.yaml": SOURCE,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def verdict_in(folder: Path) -> tuple[Outcome, list[str], list[str]]:
    """The outcome, what the fixture's runs say on DuckDB, and the findings."""
    catalog = load_catalog(folder / "catalog", Catalog())
    rule = load_rule(folder / "rules/r.yaml")
    found = validate(rule, catalog, load_fixtures(rule), targets=("duckdb",))
    return found.outcome, [e.problem for e in found.evidence], [f.message for f in found.findings]


def test_rows_want_a_plain_shape(folder: Path) -> None:
    outcome, (problem,), _ = verdict_in(folder)
    assert outcome is Outcome.FAILED
    assert problem == (
        "given rows fill the shape 'plain', which the source of Web does not have for duckdb (it has stored): "
        "add 'plain: {table: Web}' to it, or give log_entries"
    )


def test_the_shape_that_is_read_and_not_tried_is_told(folder: Path) -> None:
    """The verdict is good, but nothing has read the exported SQL's columns: a path with a typo would pass."""
    source = folder / "catalog/sources/web.yaml"
    source.write_text(SOURCE + PLAIN)
    untried = "no fixture fills Web in the shape 'stored', which the SQL for DuckDB reads"
    assert verdict_in(folder) == (Outcome.PASSED, [""], [untried])
    (folder / "catalog/targets.yaml").write_text("duckdb: {shapes: {Web: plain}}\n")
    assert verdict_in(folder) == (Outcome.PASSED, [""], [])


def test_a_table_that_no_source_places_is_told(folder: Path) -> None:
    """Its name alone is in the SQL: the service finds it only in a default dataset."""
    (folder / "fixtures/r/one.yaml").unlink()
    placed, declared = load_catalog(folder / "catalog", Catalog()), Catalog({"Web": {"User": "string"}})
    for catalog, expected in ((placed, []), (declared, ["in which dataset Web lies is not said"])):
        done = export_rules(
            [folder / "rules/r.yaml"], catalog, folder / "out", root=folder / "rules", allow_untested=True
        )
        told = [f.message for f in done.results[0].notes if "dataset" in f.message]
        assert [text.split(":")[0] for text in told] == expected


OUTSIDE = RULE.replace(
    'query: Web | where User == "eve"',
    "query: |\n  let bad = externaldata(name:string)['https://x.y/z.csv'];\n  Web | where User in (bad)",
)
BAD = "external_z_c13ff6ec"
LISTED = FIXTURE.replace("given: {", f"given: {{{BAD}: {{rows: [{{name: eve}}]}}, ")
_BOTH = "shapes: {{bigquery: {{plain: {{table: p.d.{name}}}}}, duckdb: {{plain: {{table: {name}}}}}}}\n"
PLACED = f"table: {BAD}\ncolumns: {{name: string}}\n" + _BOTH.format(name="bad")
PLAIN_WEB = "table: Web\ncolumns: {TimeGenerated: datetime, User: string}\n" + _BOTH.format(name="web")


def test_what_lies_outside_is_proven_and_demanded_before_export(folder: Path) -> None:
    """Fixtures fill it without a source; the export wants one, and a schema is none: it says not where the table lies."""
    (folder / "rules/r.yaml").write_text(OUTSIDE)
    (folder / "fixtures/r/one.yaml").write_text(LISTED)
    (folder / "catalog/sources/web.yaml").write_text(PLAIN_WEB)
    (folder / "catalog/schemas").mkdir()
    assert verdict_in(folder) == (Outcome.PASSED, [""], [])
    demand = f"no source says where the table {BAD} lies in BigQuery, which stands for https://x.y/z.csv"
    for file, text, expected in (
        ("", "", demand),
        ("schemas/bad.yaml", f"table: {BAD}\ncolumns: {{name: string}}\n", demand),
        ("sources/bad.yaml", PLACED, ""),
    ):
        if file:
            (folder / "catalog" / file).write_text(text)
        catalog = load_catalog(folder / "catalog", Catalog())
        for allow in (False, True):
            done = export_rules(
                [folder / "rules/r.yaml"], catalog, folder / "out", root=folder / "rules", allow_untested=allow
            )
            assert done.results[0].problem.partition(": a source")[0] == expected
