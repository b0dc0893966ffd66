"""rulesql: KQL detection rules as BigQuery and DuckDB SQL that means what Kusto means, or an honest refusal.

``parse`` and ``transpile`` raise nothing but ``KqlError``; ``load_rule`` raises ``RuleError``. ``validate`` and ``export_rules``
report what they find. Rules, validation and export are loaded when they are first used, so that translating needs no engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from transpiler.api import ColumnInfo, Requirement, Stage, Translation, parse, transpile
from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError, RuleError
from transpiler.lowering.runtime import RunTime

if TYPE_CHECKING:
    from transpiler.exports import export_rules as export
    from transpiler.rule import load_rule, load_rules
    from transpiler.validation import Verdict, validate

__version__ = "0.1.0"

_LATER = {
    "export": ("transpiler.exports", "export_rules"),
    "load_rule": ("transpiler.rule", "load_rule"),
    "load_rules": ("transpiler.rule", "load_rules"),
    "validate": ("transpiler.validation", "validate"),
    "Verdict": ("transpiler.validation", "Verdict"),
}


def __getattr__(name: str) -> object:
    if name in _LATER:
        module, attribute = _LATER[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "Catalog",
    "ColumnInfo",
    "KqlError",
    "Requirement",
    "RuleError",
    "RunTime",
    "Stage",
    "Translation",
    "Verdict",
    "__version__",
    "export",
    "load_rule",
    "load_rules",
    "parse",
    "transpile",
    "validate",
]
