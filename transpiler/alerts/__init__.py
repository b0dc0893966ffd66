"""A rule as it runs: its result rows become alerts, in one SQL statement of one fixed schema.

``schema``: the columns of an alert and the table that holds them. ``clock``: window and run time. ``values``: result
values as JSON and as text. ``entities`` and ``details``: what each row says of the alert. ``spelling``: the few
constructs in which the targets differ. ``statement``: all of it put together. ``runs``: many runs in one statement.
``scans``: how often tables are read. ``notes``: what cannot be kept, as findings.

Meaning: Microsoft's "Scheduled analytics rules", "Customize alert details", "Surface custom details", "Entity types
reference". Both targets give the same rows; JSON text differs in one way only: DuckDB writes the escapes of rare control
characters in capitals (``\\u000B``) and U+2028, U+2029 as they are.
"""

from __future__ import annotations

from transpiler.alerts.clock import RunWindow, is_continuous, run_window
from transpiler.alerts.runs import alerts_over_runs
from transpiler.alerts.schema import ALERT_COLUMNS, AlertColumn, alerts_table
from transpiler.alerts.statement import RuleAlerts, rule_alerts

__all__ = [
    "ALERT_COLUMNS",
    "AlertColumn",
    "RuleAlerts",
    "RunWindow",
    "alerts_over_runs",
    "alerts_table",
    "is_continuous",
    "rule_alerts",
    "run_window",
]
