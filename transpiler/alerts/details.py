"""Titles, severity, tactics, properties and custom details that a row gives to its alert.

Meaning: "Customize alert details" and "Surface custom details". A value that is empty, of the wrong form or too long is
dropped, and the alert keeps the rule's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce

from sqlglot import exp

from transpiler.alerts.spelling import Writer
from transpiler.alerts.values import Results
from transpiler.rule.checks import PLACEHOLDER
from transpiler.rule.knowledge import SEVERITIES, TACTICS
from transpiler.rule.model import Rule

MOST_VALUES = 50
"""Different values of one overridden field in a run (more: the rule's own everywhere), and of one custom detail."""
MOST_NAME_BYTES = 256
MOST_DESCRIPTION_BYTES = 5 * 1024
MOST_DETAIL_BYTES = 2 * 1024


@dataclass(frozen=True, slots=True)
class Override:
    """A column of the rows with the value that a row gives to a field of its alert, NULL for the rule's own.

    ``field`` is the alert's column, or the name of a property. ``pattern`` and ``most`` (bytes) say which values are
    taken; others are dropped. ``is_counted``: its different values are limited.
    """

    name: str
    field: str
    tree: exp.Expr
    pattern: str = ""
    most: int = 0
    is_property: bool = False
    is_counted: bool = True

    def taken(self, writer: Writer) -> exp.Expr:
        """The column's value, NULL where it is of the wrong form or too long."""
        column = writer.column(self.name)
        conditions = [f"{{n}} <= {self.most}"] if self.most else []
        conditions += ["{k}"] if self.pattern else []
        if not conditions or isinstance(self.tree, exp.Literal):
            return column
        length, known = writer.byte_length(column), writer.matches(column.copy(), self.pattern)
        return writer.sql(f"CASE WHEN {' AND '.join(conditions)} THEN {{x}} END", n=length, k=known, x=column.copy())


@dataclass(frozen=True, slots=True)
class Detail:
    """A column of the rows with a custom detail's value as a JSON string, NULL where it is empty."""

    name: str
    key: str
    tree: exp.Expr


def override_columns(rule: Rule, results: Results) -> list[Override]:
    """The overrides whose columns the result has."""
    return [*_formats(rule, results), *_columns(rule, results), *_properties(rule, results)]


def _formats(rule: Rule, results: Results) -> Iterator[Override]:
    for field, text, most in (
        ("alert_name", rule.alert.display_name, MOST_NAME_BYTES),
        ("alert_description", rule.alert.description, MOST_DESCRIPTION_BYTES),
    ):
        tree = filled(text, results) if text else None
        if tree is not None:
            yield Override(f"own_{field}", field, tree, most=most)


def filled(text: str, results: Results) -> exp.Expr | None:
    """A format with its ``{{column}}`` placeholders filled: NULL when one is empty; None when a column is not there."""
    parts: list[exp.Expr] = []
    at = 0
    for match in PLACEHOLDER.finditer(text):
        column = results.find(match[1])
        if column is None:
            return None
        if before := text[at : match.start()]:
            parts.append(results.writer.literal(before))
        parts.append(results.present(column))
        at = match.end()
    if rest := text[at:]:
        parts.append(results.writer.literal(rest))
    # || gives NULL when one part is NULL, in both targets; CONCAT does not in DuckDB.
    return reduce(lambda left, right: exp.DPipe(this=left, expression=right), parts)


def _columns(rule: Rule, results: Results) -> Iterator[Override]:
    if (column := results.find(rule.alert.severity_column or "")) is not None:
        words = " ".join(f"WHEN '{name.lower()}' THEN '{name}'" for name in SEVERITIES)
        tree = results.writer.sql(f"CASE LOWER({{x}}) {words} END", x=results.text(column))
        yield Override("own_severity", "severity", tree, is_counted=False)
    if (column := results.find(rule.alert.tactics_column or "")) is not None:
        one = "|".join(TACTICS)
        pattern = f'^\\[("({one})",?)+\\]$'
        tree = _tactics(results, results.text(column))
        yield Override("own_tactics", "tactics", tree, pattern, is_counted=False)


def _tactics(results: Results, text: exp.Expr) -> exp.Expr:
    """One tactic, several with commas, or a JSON array of them, as a JSON array."""
    writer = results.writer
    bare = writer.without(text, r'[\[\]"\s]')
    return writer.concat(['["', writer.sql("REPLACE({x}, ',', {q})", x=bare, q=writer.literal('","')), '"]'])


_FORMS: Mapping[str, str] = {
    "ConfidenceLevel": "^(Low|High|Unknown)$",
    "ConfidenceScore": r"^(0(\.[0-9]+)?|1(\.0+)?)$",
    "Techniques": r'^\["T[0-9]{4}"\]$',
}
_LONG = frozenset({"ExtendedLinks", "RemediationSteps"})
"""Properties that are collections, and so may be longer."""


def _properties(rule: Rule, results: Results) -> Iterator[Override]:
    writer = results.writer
    for number, (name, wanted) in enumerate(rule.alert.properties, 1):
        column = results.find(wanted)
        if column is None:
            continue
        tree, form = results.present(column), _FORMS.get(name, "")
        if name == "Techniques":
            yield Override("own_techniques", "techniques", writer.sql("'[\"' || {x} || '\"]'", x=tree), form)
            continue
        most = MOST_DESCRIPTION_BYTES if name in _LONG else MOST_NAME_BYTES
        yield Override(f"property_{number}", name, tree, form, most, is_property=True)


def detail_columns(rule: Rule, results: Results) -> list[Detail]:
    """The custom details whose columns the result has."""
    found: list[Detail] = []
    for key, name in rule.custom_details.items():
        column = results.find(name)
        if column is None:
            continue
        writer = results.writer
        text = writer.same_escapes(writer.json_text(results.text(column)))
        tree = writer.sql("CASE WHEN {t} <> '' THEN {x} END", t=results.text(column), x=text)
        safe = re.sub(r"\W", "_", key, flags=re.ASCII)
        found.append(Detail(f"detail_{len(found) + 1}_{safe}", key, tree))
    return found
