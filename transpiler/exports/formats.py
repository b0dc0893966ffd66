"""The formats in which rules are exported, by name. A format gives files for each rule, and files for all rules once.

Every path is relative to the output folder. What a format writes for a rule depends on that rule alone, so that a rule
can be exported alone; files for all rules depend on the settings and on which rules have files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from transpiler.alerts import alerts_table, rule_alerts
from transpiler.catalog import Catalog
from transpiler.exports.bigquery import alerts_config, bq_script, transfer_config
from transpiler.exports.dataform import dataform_project, dataform_rule
from transpiler.exports.dbt import dbt_project, dbt_rule
from transpiler.exports.header import header_of
from transpiler.exports.merging import merge_alerts
from transpiler.exports.schedule import MINIMUM
from transpiler.exports.settings import Settings, identifier_of
from transpiler.exports.terraform import terraform_project, terraform_rule
from transpiler.rule.model import Rule
from transpiler.validation import Verdict

Files = dict[str, str]


@dataclass(frozen=True, slots=True)
class RuleExport:
    """One rule on its way out. ``stem`` is its path below the rules folder, without its ending."""

    rule: Rule
    verdict: Verdict
    stem: str
    catalog: Catalog
    settings: Settings


@dataclass(frozen=True, slots=True)
class Format:
    """``for_rule`` and ``for_all`` give contents by path; ``for_all`` gets the identifiers of all rules that have files.

    ``needs_alerts``: the files hold the rule's alerts, which are proven with the query.
    """

    name: str
    help: str
    for_rule: Callable[[RuleExport], Files]
    for_all: Callable[[Settings, Sequence[str]], Files] = lambda settings, names: {}
    needs_alerts: bool = True
    listing: str = ""
    """The folder in which the names of other rules' files are looked up, and their ending, as a glob."""
    reserved: Callable[[Settings], Sequence[str]] = lambda settings: ()
    """Files that no rule may have, because their names mean the alerts table in the project."""


def _sql(export: RuleExport) -> Files:
    return {f"{target}/{export.stem}.sql": t.sql for target, t in export.verdict.translations.items()}


def _scheduled_query(export: RuleExport) -> Files:
    translation = export.verdict.translations.get("bigquery")
    if translation is None:
        return {}
    table = identifier_of(export.stem)  # the service fills in {run_date} and the like
    return {f"bigquery/{export.stem}.json": transfer_config(export.rule, translation, table, export.settings.dataset)}


def _alerts(export: RuleExport) -> Files:
    rule, settings = export.rule, export.settings
    made = rule_alerts(
        rule, "duckdb", export.catalog, least=MINIMUM, suppressed_by=(settings.table,), header=header_of(rule)
    )
    merge = merge_alerts(rule, export.catalog, settings, settings.alerts_path, script=True)
    return {f"duckdb/{export.stem}.alerts.sql": made.sql, f"bigquery/{export.stem}.alerts.sql": merge}


def _alerts_tables(settings: Settings, names: Sequence[str]) -> Files:
    return {
        "bigquery/alerts_table.sql": alerts_table("bigquery", settings.alerts_path),
        "duckdb/alerts_table.sql": alerts_table("duckdb", (settings.table,)),
    }


def _scheduled_alerts(export: RuleExport) -> Files:
    config = alerts_config(export.rule, export.catalog, export.settings)
    return {
        f"bigquery/{export.stem}.alerts.json": config,
        f"bigquery/{export.stem}.alerts.sh": bq_script(export.rule, config, export.settings),
    }


def _terraform(export: RuleExport) -> Files:
    name = identifier_of(export.stem)
    return {f"terraform/{name}.tf.json": terraform_rule(export.rule, name, export.catalog, export.settings)}


def _dataform(export: RuleExport) -> Files:
    name = identifier_of(export.stem)
    return {f"dataform/definitions/rules/{name}.sqlx": dataform_rule(export.rule, export.catalog, export.settings)}


def _dbt(export: RuleExport) -> Files:
    name = identifier_of(export.stem)
    return {f"dbt/models/rules/{name}.sql": dbt_rule(export.rule, export.catalog, export.settings)}


def _prefixed(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}


FORMATS: Mapping[str, Format] = {
    f.name: f
    for f in (
        Format("sql", "the query's rows, for BigQuery and DuckDB", _sql, needs_alerts=False),
        Format(
            "scheduled-query",
            "a BigQuery scheduled query that appends the query's rows",
            _scheduled_query,
            needs_alerts=False,
        ),
        Format(
            "alerts",
            "the rule's alerts as plain SQL: a SELECT for DuckDB, a MERGE for BigQuery with the parameter @run_time; "
            "and the table that holds alerts",
            _alerts,
            _alerts_tables,
        ),
        Format(
            "scheduled-alerts",
            "a BigQuery scheduled query that merges the rule's alerts into the alerts table, and a bq script",
            _scheduled_alerts,
            _alerts_tables,
        ),
        Format(
            "terraform",
            "Terraform (JSON): dataset, alerts table, a transfer configuration for each rule",
            _terraform,
            lambda settings, names: _prefixed("terraform", terraform_project(settings)),
        ),
        Format(
            "dataform",
            "a Dataform project: an operation with tags for each rule",
            _dataform,
            lambda settings, names: _prefixed("dataform", dataform_project(settings)),
            reserved=lambda settings: (f"dataform/definitions/rules/{settings.table}.sqlx",),
        ),
        Format(
            "dbt",
            "a dbt project: an incremental model for each rule, and a view of all alerts",
            _dbt,
            lambda settings, names: _prefixed("dbt", dbt_project(settings, names)),
            listing="dbt/models/rules/*.sql",
            reserved=lambda settings: (f"dbt/models/rules/{settings.table}.sql",),
        ),
    )
}
"""Every format by its name."""

DEFAULT_FORMATS = ("sql", "scheduled-query")


def formats_of(names: Sequence[str]) -> tuple[Format, ...]:
    """The formats of these names. Raises ValueError for one that is not known."""
    unknown = [n for n in names if n not in FORMATS]
    if unknown:
        raise ValueError(f"no format '{unknown[0]}'; known: {', '.join(FORMATS)}")
    return tuple(FORMATS[n] for n in dict.fromkeys(names))
