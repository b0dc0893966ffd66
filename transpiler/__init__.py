"""rulesql: KQL detection rules as BigQuery and DuckDB SQL that means what Kusto means, or an honest refusal.

``parse`` and ``transpile`` raise nothing but ``KqlError``; ``load_rule`` raises ``RuleError``.
"""

from __future__ import annotations

from transpiler.api import ColumnInfo, Requirement, Stage, Translation, parse, transpile
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError, RuleError
from transpiler.lowering.runtime import RunTime

__version__ = "0.1.0"

__all__ = [
    "Catalog",
    "ColumnInfo",
    "KqlError",
    "Requirement",
    "RuleError",
    "RunTime",
    "Stage",
    "Translation",
    "__version__",
    "parse",
    "transpile",
]
