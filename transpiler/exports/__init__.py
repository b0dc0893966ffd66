"""From a verdict to files that a team deploys.

``exporting`` (the gate and the report) writes what ``formats`` give: ``bigquery`` (scheduled queries, a bq script),
``terraform``, ``dataform``, ``dbt``, with ``merging``, ``schedule``, ``header``, ``settings``, ``writing``.
``cost``: what a rule's runs cost.
"""

from transpiler.exports.cost import Cost, TableSize, cost
from transpiler.exports.exporting import Exported, ExportReport, export_rule, export_rules
from transpiler.exports.formats import DEFAULT_FORMATS, FORMATS
from transpiler.exports.settings import Settings

__all__ = [
    "DEFAULT_FORMATS",
    "FORMATS",
    "Cost",
    "ExportReport",
    "Exported",
    "Settings",
    "TableSize",
    "cost",
    "export_rule",
    "export_rules",
]
