"""A Dataform project: the alerts table, and for each rule an operation that merges its alerts.

A run looks at the latest whole interval of the rule's schedule, or at the one that ends at the compilation variable
``run_time``. Tags choose which rules a workflow runs: ``alerts``, the severity, and the interval (``every_15m``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta

from transpiler.alerts import alerts_table
from transpiler.alerts.schema import quoted_path
from transpiler.catalog import Catalog
from transpiler.exports.merging import aligned_now, merge_alerts
from transpiler.exports.settings import Settings, window_in_service
from transpiler.rule.durations import show_duration
from transpiler.rule.model import Rule

_CORE = "3.0.0"
_UNSAFE = re.compile(r"[^A-Za-z0-9 _.,:;()/+-]")
# Private characters, which no other text has, mark what Dataform fills in.
_RUN_TIME, _TABLE = "\ue000run_time\ue001", "\ue000table\ue001"


def dataform_rule(rule: Rule, catalog: Catalog, settings: Settings) -> str:
    """A rule's ``.sqlx`` file. Raises KqlError for a rule that BigQuery cannot run."""
    window = window_in_service(rule)
    frequency = window.frequency if window else timedelta(days=1)
    sql = merge_alerts(rule, catalog, settings, (_TABLE,), _RUN_TIME)
    sql = escaped(sql.replace(quoted_path("bigquery", (_TABLE,)), _TABLE))
    sql = sql.replace(_TABLE, f'${{ref("{settings.table}")}}').replace(_RUN_TIME, "${run_time}")
    tags = ["alerts", f"severity_{(rule.severity or 'medium').lower()}"]
    tags += [f"every_{show_duration(window.frequency)}"] if window else ["on_demand"]
    config = {
        "type": "operations",
        "tags": tags,
        "description": rule.name,
        **({"disabled": True} if not rule.enabled else {}),
    }
    chosen = (
        "js {\n  const given = dataform.projectConfig.vars.run_time;\n"
        f"  const run_time = given ? `TIMESTAMP '${{given}}'` : \"{aligned_now(frequency)}\";\n}}\n"
    )
    return f"config {_object(config)}\n\n{chosen}\n{sql}"


def dataform_project(settings: Settings) -> dict[str, str]:
    """The workflow settings and the alerts table."""
    ddl = alerts_table("bigquery", (_TABLE,)).replace(quoted_path("bigquery", (_TABLE,)), _TABLE).rstrip(";\n")
    config = {"type": "operations", "hasOutput": True, "name": settings.table, "tags": ["alerts_table"]}
    return {
        "workflow_settings.yaml": (
            f"defaultProject: my-project\ndefaultLocation: {settings.location}\n"
            f"defaultDataset: {settings.dataset}\ndataformCoreVersion: {_CORE}\nvars:\n  run_time: ''\n"
        ),
        f"definitions/{settings.table}.sqlx": (
            f"config {_object(config)}\n\n{escaped(ddl).replace(_TABLE, '${self()}')}\n"
        ),
    }


def _object(config: Mapping[str, object]) -> str:
    """A JavaScript object. In its texts all but plain characters are escaped: Dataform reads a block up to a bracket."""
    lines = [f"  {name}: {_value(value)}" for name, value in config.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _value(value: object) -> str:
    if isinstance(value, str):
        return f'"{_UNSAFE.sub(_unicode, value)}"'
    return f"[{', '.join(map(_value, value))}]" if isinstance(value, list) else json.dumps(value)


def _unicode(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


_TOKEN = re.compile(r"(/\*.*?\*/)|('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`)", re.DOTALL)


def escaped(sql: str) -> str:
    """SQL as the body of a ``.sqlx`` file gives it back.

    Dataform fills placeholders everywhere but in comments, and takes the backslashes of comments for JavaScript's.
    """
    parts, at = [], 0
    for match in _TOKEN.finditer(sql):
        parts.append(_filled(sql[at : match.start()]))
        parts.append(match[1].replace("\\", "\\\\") if match[1] else _filled(match[0]))
        at = match.end()
    return "".join([*parts, _filled(sql[at:])])


def _filled(text: str) -> str:
    return text.replace("${", '${"${"}')
