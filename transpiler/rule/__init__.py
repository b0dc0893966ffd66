"""Rule files: read, checked, with the place of every field.

``document``: a file as nodes with places (``text``: from a scalar back to the file; ``json_nodes``: the same for JSON).
``record``: typed fields off a node. ``model``: a rule as data. ``sentinel``, ``defender``: their files as rules.
``checks``: what Microsoft would refuse, with ``knowledge`` of names. ``load``: files and folders.
``fixture``: what proves a rule.
"""

from __future__ import annotations

from transpiler.rule.checks import check_columns, check_rule, check_together
from transpiler.rule.findings import At, FileError, Finding, Severity
from transpiler.rule.fixture import Event, Expected, Fixture, Given, fixture_folder, load_fixture, load_fixtures
from transpiler.rule.load import LoadedRules, load_rule, load_rules, parse_rule, rule_files
from transpiler.rule.model import Kind, Rule

__all__ = [
    "At",
    "Event",
    "Expected",
    "FileError",
    "Finding",
    "Fixture",
    "Given",
    "Kind",
    "LoadedRules",
    "Rule",
    "Severity",
    "check_columns",
    "check_rule",
    "check_together",
    "fixture_folder",
    "load_fixture",
    "load_fixtures",
    "load_rule",
    "load_rules",
    "parse_rule",
    "rule_files",
]
