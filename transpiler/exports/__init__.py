"""From a verdict to files that a team deploys.

``exporting`` (the gate and the report), ``bigquery`` (scheduled queries) with ``schedule``, ``header``, ``writing``.
"""

from transpiler.exports.exporting import Exported, ExportReport, export_rule, export_rules

__all__ = ["ExportReport", "Exported", "export_rule", "export_rules"]
