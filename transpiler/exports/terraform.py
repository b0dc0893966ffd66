"""Terraform in its JSON syntax: the dataset, the alerts table, and a transfer configuration for each rule.

Terraform reads ``${`` and ``%{`` in every JSON string as its own, so those of the SQL are doubled.
"""

from __future__ import annotations

import json
from typing import Any

from transpiler.alerts.schema import ALERT_COLUMNS, CLUSTER_COLUMNS, DDL, PARTITION_COLUMN
from transpiler.catalog import Catalog
from transpiler.exports.merging import merge_alerts
from transpiler.exports.schedule import schedule_of
from transpiler.exports.settings import Settings, window_in_service
from transpiler.rule.model import Rule

Json = Any  # Terraform's own JSON
# Private characters, which no other text has, mark where Terraform fills in a name.
_PROJECT, _DATASET, _TABLE = "\ue000project\ue001", "\ue000dataset\ue001", "\ue000table\ue001"
_FILLED = {
    _PROJECT: "${var.project}",
    _DATASET: "${google_bigquery_dataset.detections.dataset_id}",
    _TABLE: "${google_bigquery_table.alerts.table_id}",
}


def escaped(text: str) -> str:
    """A text that Terraform takes as it is."""
    return text.replace("${", "$${").replace("%{", "%%{")


def terraform_rule(rule: Rule, name: str, catalog: Catalog, settings: Settings) -> str:
    """A rule's file. ``name`` is the resource's. Raises KqlError for a rule that BigQuery cannot run."""
    sql = escaped(merge_alerts(rule, catalog, settings, (_PROJECT, _DATASET, _TABLE), script=True))
    for marker, reference in _FILLED.items():
        sql = sql.replace(marker, reference)
    window = window_in_service(rule)
    config: dict[str, Json] = {
        "project": "${var.project}",
        "location": "${var.location}",
        "service_account_name": "${var.service_account}",
        "display_name": escaped(rule.name),
        "data_source_id": "scheduled_query",
        "params": {"query": sql},
    }
    if window is not None:
        config["schedule"] = schedule_of(window.frequency, rule.id).text
    else:
        config["schedule_options"] = {"disable_auto_scheduling": True}
    if not rule.enabled:
        config["disabled"] = True
    return _text({"resource": {"google_bigquery_data_transfer_config": {name: config}}})


def terraform_project(settings: Settings) -> dict[str, str]:
    """What all rules share: provider, variables, dataset, alerts table."""
    dataset = {
        "project": "${var.project}",
        "dataset_id": "${var.dataset}",
        "location": "${var.location}",
        "description": "Alerts of detection rules.",
    }
    table = {
        "project": "${var.project}",
        "dataset_id": "${google_bigquery_dataset.detections.dataset_id}",
        "table_id": settings.table,
        "time_partitioning": {"type": "DAY", "field": PARTITION_COLUMN},
        "clustering": list(CLUSTER_COLUMNS),
        "deletion_protection": True,
        "schema": escaped(json.dumps(_schema(), ensure_ascii=False)),
    }
    main: dict[str, Json] = {
        "terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": ">= 5.0"}}},
        "variable": _variables(settings),
        "resource": {
            "google_bigquery_dataset": {"detections": dataset},
            "google_bigquery_table": {"alerts": table},
        },
    }
    return {"main.tf.json": _text(main)}


def _variables(settings: Settings) -> Json:
    return {
        "project": {"type": "string", "description": "The project of the scheduled queries and their alerts."},
        "location": {"type": "string", "default": settings.location, "description": "BigQuery's location."},
        "dataset": {"type": "string", "default": settings.dataset, "description": "The dataset of the alerts."},
        "service_account": {"type": "string", "description": "The account that runs the scheduled queries."},
    }


def _schema() -> list[Json]:
    return [
        {
            "name": c.name,
            "type": {"INT64": "INTEGER"}.get(DDL["bigquery"].types[c.type], DDL["bigquery"].types[c.type]),
            "mode": "REQUIRED" if c.required else "NULLABLE",
            "description": c.description,
        }
        for c in ALERT_COLUMNS
    ]


def _text(data: Json) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"
