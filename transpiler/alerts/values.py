"""Values of the result as JSON and as text, the same on every target: Kusto's ``tostring`` of each type."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from sqlglot import exp

from transpiler.alerts.spelling import Writer
from transpiler.diagnostics import KqlError
from transpiler.functions.registry import FUNCTIONS, Overload
from transpiler.lowering.names import Names
from transpiler.lowering.scalars import ScalarLowering
from transpiler.plan.relations import Relation
from transpiler.plan.scalars import Call, Column, ColumnRef
from transpiler.types import Type

_KEYS: Mapping[Type, str] = {
    Type.INT: "tostring long",
    Type.LONG: "tostring long",
    Type.REAL: "tostring real",
    Type.DECIMAL: "tostring decimal",
    Type.BOOL: "tostring bool",
    Type.DATETIME: "tostring datetime",
    Type.TIMESPAN: "tostring timespan",
    Type.GUID: "tostring guid",
    Type.DYNAMIC: "tostring dynamic",
}
_COSTLY = frozenset({Type.REAL, Type.TIMESPAN})
"""Types whose text is long to write: it becomes a column of its own."""
_QUOTED = frozenset({Type.DATETIME, Type.TIMESPAN, Type.GUID})
"""Types whose text needs quotes in JSON but never an escape."""

EVENT_TIMES = ("TimeGenerated", "Timestamp")


@cache
def _tostring() -> Mapping[str, Overload]:
    return {o.key: o for o in FUNCTIONS.known("tostring").overloads}


@dataclass(frozen=True, slots=True)
class Results:
    """The columns of the rule's result, as the alerts read them. ``names``: what each is called in the SQL."""

    writer: Writer
    columns: tuple[Column, ...]
    names: Mapping[Column, str]
    texts: Mapping[Column, str] = field(default_factory=dict)

    def with_texts(self) -> Results:
        """The same with columns for texts that are long to write (``text_columns``)."""
        names = Names(self.names.values())
        return replace(self, texts={c: names.unique(f"{c.name}_text") for c in self.columns if c.type in _COSTLY})

    def text_columns(self) -> list[tuple[str, exp.Expr]]:
        """The names and trees of the text columns."""
        return [(name, self._spelled(column)) for column, name in self.texts.items()]

    def find(self, name: str) -> Column | None:
        """The result column of a name (names differ by case in KQL)."""
        return next((c for c in self.columns if c.name == name), None)

    @property
    def event_time(self) -> Column | None:
        """The column that says when a row's event was."""
        found = (self.find(name) for name in EVENT_TIMES)
        return next((c for c in found if c is not None and c.type is Type.DATETIME), None)

    def tree(self, column: Column) -> exp.Expr:
        """A column's value."""
        return self.writer.column(self.names[column])

    def raw_text(self, column: Column) -> exp.Expr:
        """A dynamic column's JSON as text."""
        return self.writer.raw_text(self.tree(column))

    def text(self, column: Column) -> exp.Expr:
        """A column's ``tostring``, '' where it is missing."""
        empty = exp.Literal(this="", is_string=True)
        return self.writer.dialect.coalesce(self._text_or_null(column), empty)

    def present(self, column: Column) -> exp.Expr:
        """A column's ``tostring``, NULL where it is missing or empty."""
        return self.writer.sql("NULLIF({x}, '')", x=self._text_or_null(column))

    def _text_or_null(self, column: Column) -> exp.Expr:
        if column in self.texts:
            return self.writer.column(self.texts[column])
        return self._spelled(column)

    def _spelled(self, column: Column) -> exp.Expr:
        if column.type in (Type.STRING, Type.UNKNOWN):
            return self.tree(column)
        overload = _tostring()[_KEYS[column.type]]
        scalar = Call(overload, (ColumnRef(column),), Type.STRING, True)
        tree = self._lowering().value(scalar)
        if column.type is not Type.DYNAMIC:
            return tree
        return self.writer.dynamic_text(tree, self.raw_text(column))

    def json(self, column: Column) -> exp.Expr:
        """A column's value as JSON text; what is missing is ``null``, a missing string ``""``."""
        sql = self.writer.sql
        if column.type in (Type.STRING, Type.UNKNOWN):
            return self.writer.json_text(self.text(column))
        if column.type is Type.DYNAMIC:
            return sql("COALESCE({x}, 'null')", x=self.tree(column))
        if column.type is Type.BOOL:
            return sql("CASE WHEN {x} THEN 'true' WHEN NOT {x} THEN 'false' ELSE 'null' END", x=self.tree(column))
        text = self._text_or_null(column)
        if column.type is Type.REAL:  # NaN and the infinities are no JSON
            return sql("CASE WHEN {x} - {x} = 0 THEN {t} ELSE 'null' END", x=self.tree(column), t=text)
        if column.type in _QUOTED:
            return sql("COALESCE('\"' || {t} || '\"', 'null')", t=text)
        return sql("COALESCE({t}, 'null')", t=text)

    def row(self) -> exp.Expr:
        """The whole row as one JSON object."""
        parts: list[exp.Expr | str] = ["{"]
        for i, column in enumerate(self.columns):
            parts += [("," if i else "") + json.dumps(column.name, ensure_ascii=False) + ":", self.json(column)]
        return self.writer.same_escapes(self.writer.concat([*parts, "}"]))

    def _lowering(self) -> ScalarLowering:
        return ScalarLowering(self.writer.dialect, self.tree, _no_table, _no_clock)


def _no_table(relation: Relation) -> tuple[exp.Expr, Mapping[Column, str]]:
    raise KqlError("KQL204", "an alert reads no table but the rule's result")


def _no_clock() -> exp.Expr:
    raise KqlError("KQL204", "an alert's values do not depend on the time")
