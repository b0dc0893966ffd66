"""A BigQuery scheduled query as a request of the Data Transfer Service (``projects.locations.transferConfigs.create``)."""

from __future__ import annotations

import json
import shlex
from typing import Any

from transpiler.api import Translation
from transpiler.catalog import Catalog
from transpiler.exports.merging import merge_alerts
from transpiler.exports.schedule import schedule_of
from transpiler.exports.settings import Settings, window_in_service
from transpiler.rule.model import Rule

DESTINATION_DATASET = "detections"


def transfer_config(rule: Rule, translation: Translation, table: str, dataset: str = DESTINATION_DATASET) -> str:
    """The request's body as JSON text: schedule from queryFrequency, the SQL, where its rows are appended.

    Rules without a schedule (hunting queries) are made on-demand only.
    """
    params = {
        "query": translation.sql,
        "destination_table_name_template": table,
        "write_disposition": "WRITE_APPEND",
    }
    return _config(rule, params, dataset)


def alerts_config(rule: Rule, catalog: Catalog, settings: Settings) -> str:
    """The request's body for the rule's alerts. A MERGE writes its own table, so no destination may be named.

    What the rule would read more than once is in temporary tables: the service runs scripts as it runs a statement.
    Raises KqlError for a rule that BigQuery cannot run.
    """
    sql = merge_alerts(rule, catalog, settings, settings.alerts_path, script=True)
    return _config(rule, {"query": sql}, None)


def _config(rule: Rule, params: dict[str, str], dataset: str | None) -> str:
    config: dict[str, Any] = {"displayName": rule.name, "dataSourceId": "scheduled_query"}  # Any: the service's JSON
    if dataset is not None:
        config["destinationDatasetId"] = dataset
    config["params"] = params
    window = window_in_service(rule)
    if window is not None:
        config["schedule"] = schedule_of(window.frequency, rule.id).text
    config["scheduleOptions"] = {"disableAutoScheduling": window is None}
    if not rule.enabled:
        config["disabled"] = True
    return json.dumps(config, ensure_ascii=False, indent=2) + "\n"


def bq_script(rule: Rule, config: str, settings: Settings) -> str:
    """A shell script that makes the scheduled query with the ``bq`` tool, or changes it when CONFIG names one.

    ``config``: what ``alerts_config`` gives. The query is in a quoted here-document on one line, so no text of the rule is
    ever read by the shell.
    """
    data = json.loads(config)
    params = json.dumps(data["params"])  # ASCII on one line: it can hold no line that ends the here-document
    schedule = ["--no_auto_scheduling"] if "schedule" not in data else [f"--schedule={data['schedule']}"]
    options = [f"--display_name={rule.name}", *schedule]
    listed = "\n  ".join(shlex.quote(" ".join(o.split())) for o in options)
    return f"""#!/usr/bin/env bash
# Makes a scheduled query in the project that gcloud has set. The alerts table must exist:
#   bq query --use_legacy_sql=false < alerts_table.sql
# LOCATION: of the dataset. SERVICE_ACCOUNT: runs the query (optional). CONFIG: the resource name of one to be changed.
set -euo pipefail

location="${{LOCATION:-{settings.location}}}"
IFS= read -r params <<'PARAMS'
{params}
PARAMS
options=(
  {listed}
  "--params=$params"
)
if [ -n "${{SERVICE_ACCOUNT:-}}" ]; then
  options+=("--service_account_name=$SERVICE_ACCOUNT")
fi
if [ -n "${{CONFIG:-}}" ]; then
  bq update --transfer_config "${{options[@]}}" "$CONFIG"
else
  bq mk --transfer_config --data_source=scheduled_query --location="$location" "${{options[@]}}"
fi
"""
