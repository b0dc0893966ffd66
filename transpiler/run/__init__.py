"""A query on log files, now: no warehouse, no import, one DuckDB in memory that reads the files while it runs.

``inputs`` (files given for tables, and which shape they have), ``adhoc`` (the run itself).
"""

from transpiler.run.adhoc import Prepared, prepare, prepare_alerts, prepare_rule, ready
from transpiler.run.inputs import Input, chosen_shape, inferred_tables

__all__ = ["Input", "Prepared", "chosen_shape", "inferred_tables", "prepare", "prepare_alerts", "prepare_rule", "ready"]
