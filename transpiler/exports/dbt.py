"""A dbt project for BigQuery: an incremental model for each rule, unique by the alert's id, and a view of all alerts.

A run looks at the latest whole interval of the rule's schedule, or at the one that ends at the variable ``run_time``
(``dbt run --vars '{run_time: "2026-03-02 10:05:00+00"}'``). A run that is repeated merges the same alerts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from transpiler.alerts import ALERT_COLUMNS, rule_alerts
from transpiler.alerts.schema import CLUSTER_COLUMNS, PARTITION_COLUMN, quoted_path
from transpiler.catalog import Catalog
from transpiler.exports.header import header_of
from transpiler.exports.merging import aligned_now
from transpiler.exports.schedule import MINIMUM
from transpiler.exports.settings import Settings, window_in_service
from transpiler.lowering.runtime import RunTime
from transpiler.rule.durations import show_duration
from transpiler.rule.model import Rule

# Private characters, which no other text has, mark what dbt fills in.
_RUN_TIME, _TABLE = "\ue000run_time\ue001", "\ue000table\ue001"


def dbt_rule(rule: Rule, catalog: Catalog, settings: Settings) -> str:
    """A rule's model. Raises KqlError for a rule that BigQuery cannot run."""
    window = window_in_service(rule)
    tags = ["alerts", f"severity_{(rule.severity or 'medium').lower()}"]
    tags += [f"every_{show_duration(window.frequency)}"] if window else ["on_demand"]
    partition = f"{{'field': '{PARTITION_COLUMN}', 'data_type': 'timestamp', 'granularity': 'day'}}"
    options = [
        "materialized='incremental'",
        "incremental_strategy='merge'",
        "unique_key='alert_id'",
        f"partition_by={partition}",
        f"cluster_by={json.dumps(list(CLUSTER_COLUMNS))}",
        f"tags={json.dumps(tags)}",
        f"enabled={'true' if rule.enabled else 'false'}",
    ]
    frequency = window.frequency if window else timedelta(days=1)
    head = (
        "{{ config(\n    " + ",\n    ".join(options) + "\n) }}\n\n{% set run_time -%}\n"
        "{% if var('run_time', '') %}TIMESTAMP '{{ var('run_time') }}'"
        f"{{% else %}}{aligned_now(frequency)}{{% endif %}}\n{{%- endset %}}\n\n"
    )
    rests = rule.suppression is not None and rule.suppression.enabled
    first = _body(rule, catalog, settings, rests=False)
    if not rests:
        return head + first
    # The table is not there before the first run.
    later = _body(rule, catalog, settings, rests=True)
    return f"{head}{{% if is_incremental() %}}\n{later}{{% else %}}\n{first}{{% endif %}}\n"


def _body(rule: Rule, catalog: Catalog, settings: Settings, *, rests: bool) -> str:
    made = rule_alerts(
        rule,
        "bigquery",
        catalog,
        now=RunTime(settings.delay),
        delay=settings.delay,
        least=MINIMUM,
        suppressed_by=(_TABLE,) if rests else None,
        header=header_of(rule),
        run_time_as=_RUN_TIME,
    )
    sql = escaped(made.sql.replace(quoted_path("bigquery", (_TABLE,)), _TABLE))
    filled = sql.replace(_TABLE, "{% endraw %}{{ this }}{% raw %}")
    filled = filled.replace(_RUN_TIME, "{% endraw %}{{ run_time }}{% raw %}")
    return f"{{% raw %}}{filled}{{% endraw %}}\n"


def escaped(sql: str) -> str:
    """SQL as the inside of a raw block, which only its own end could end."""
    return sql.replace("{%", "{% endraw %}{{ '{%' }}{% raw %}")


def dbt_project(settings: Settings, names: Sequence[str]) -> dict[str, str]:
    """The project's file and the view of all alerts; ``names`` are those of the rules' models."""
    columns = ",\n  ".join(c.name for c in ALERT_COLUMNS)
    selects = [f"SELECT\n  {columns}\nFROM {{{{ ref('{name}') }}}}" for name in sorted(names)]
    files = {
        "dbt_project.yml": (
            "name: rulesql_alerts\nversion: '1.0.0'\nconfig-version: 2\nprofile: rulesql_alerts\n"
            "model-paths: [models]\nmodels:\n  rulesql_alerts:\n    rules:\n      +schema: " + settings.dataset + "\n"
        )
    }
    if selects:
        body = "\nUNION ALL\n".join(selects)
        files[f"models/{settings.table}.sql"] = f"{{{{ config(materialized='view') }}}}\n\n{body}\n"
    return files
