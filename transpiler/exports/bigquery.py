"""A BigQuery scheduled query as a request of the Data Transfer Service (``projects.locations.transferConfigs.create``)."""

from __future__ import annotations

import json
from typing import Any

from transpiler.api import Translation
from transpiler.exports.schedule import schedule_of
from transpiler.rule.model import Rule

DESTINATION_DATASET = "detections"


def transfer_config(rule: Rule, translation: Translation, table: str, dataset: str = DESTINATION_DATASET) -> str:
    """The request's body as JSON text: schedule from queryFrequency, the SQL, where its rows are appended.

    Rules without a schedule (hunting queries) are made on-demand only.
    """
    config: dict[str, Any] = {  # Any: the service's own JSON
        "displayName": rule.name,
        "dataSourceId": "scheduled_query",
        "destinationDatasetId": dataset,
        "params": {
            "query": translation.sql,
            "destination_table_name_template": table,
            "write_disposition": "WRITE_APPEND",
        },
    }
    if rule.schedule is not None:
        config["schedule"] = schedule_of(rule.schedule.frequency, rule.id).text
        config["scheduleOptions"] = {"disableAutoScheduling": False}
    else:
        config["scheduleOptions"] = {"disableAutoScheduling": True}
    if not rule.enabled:
        config["disabled"] = True
    return json.dumps(config, ensure_ascii=False, indent=2) + "\n"
