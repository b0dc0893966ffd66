"""Whose column a name is, while nothing can be bound: the rows at a place of the query, and the columns found so far.

A name belongs to the table at the head of its pipeline until an operator closes the columns (project, summarize …).
Behind a join it is the left side's where that may have it. Trap: the left side wins in Kusto, so a name that the right
side has from its own table is given to the left too; the warehouse then says that it is not there, loudly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from transpiler.catalog import Catalog
from transpiler.kql import syntax
from transpiler.semantics.inference.types import TIMES, Facts, Term, Unknown

MAX_CALLS = 1_000
"""How many calls of the query's own functions are followed: functions that call each other twice double at each step."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is known of a table: the columns that the query ``made``, then those of an undeclared table or of what lies below.

    ``below`` are the sides of a union, or the left and the right side of a join.
    """

    made: Mapping[str, Term] = field(default_factory=dict)
    root: str = ""
    below: tuple[Rows, ...] = ()
    is_join: bool = False

    def with_columns(self, made: Mapping[str, Term]) -> Rows:
        """The rows with more columns."""
        return replace(self, made={**self.made, **made})

    def first(self) -> Term:
        """The first column, where it is known which one that is."""
        return None if self.root or self.below else next(iter(self.made.values()), None)


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A scalar let or parameter; ``text`` of a constant string."""

    term: Term = None
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A function of the query with the lets that were known where it stands."""

    body: syntax.FunctionBody
    lets: Lets


Lets: TypeAlias = Mapping[str, "Rows | Value | Function"]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an expression is read: the row before it, and the names around the query."""

    rows: Rows
    lets: Lets


@dataclass(slots=True)
class Reading:
    """One query under reading. ``columns`` maps each undeclared table to its columns in the order of their use."""

    catalog: Catalog
    watchlists: bool = False
    facts: Facts = field(default_factory=Facts)
    columns: dict[str, dict[str, Unknown]] = field(default_factory=dict)
    calls: int = 0
    _found: dict[tuple[Rows, str], Term] = field(default_factory=dict)

    def root(self, name: str) -> Rows:
        """The rows of an undeclared table."""
        self.columns.setdefault(name, {})
        return Rows(root=name)

    def column(self, rows: Rows, name: str) -> Term:
        """The type of the column of a name; None where there is none that can be told."""
        if name in rows.made:
            return rows.made[name]
        if rows.root:
            columns = self.columns[rows.root]
            if name not in columns:
                columns[name] = self.facts.unknown(rows.root, name)
            return columns[name]
        if not rows.below:
            return None
        key = (rows, name)
        if key not in self._found:
            self._found[key] = self._joined(rows, name) if rows.is_join else self._united(rows, name)
        return self._found[key]

    def _united(self, rows: Rows, name: str) -> Term:
        terms = [t for t in (self.column(side, name) for side in rows.below) if t is not None]
        for other in terms[1:]:
            self.facts.same(terms[0], other, is_demanded=True)
        return terms[0] if terms else None

    def _joined(self, rows: Rows, name: str) -> Term:
        left, right = rows.below
        if self.knows(left, name):
            return self.column(left, name)
        if _is_computed(right, name):
            return self.column(right, name)
        base = name[:-1]
        if self.watchlists and name.endswith(tuple("123456789")) and self.knows(left, base):
            return None  # it may be the other side's column of the name without the digit
        if name.endswith("1") and self.knows(right, base) and (is_open(left) or self.knows(left, base)):
            self.column(left, base)
            return self.column(right, base)
        return self.column(left if is_open(left) else right, name)

    def knows(self, rows: Rows, name: str) -> bool:
        """Whether a column of the name was met already; tables that tell the time always have it."""
        stack, seen = [rows], {rows}
        while stack:
            item = stack.pop()
            if name in item.made or (item.root and (name in self.columns[item.root] or name in TIMES)):
                return True
            stack += [side for side in item.below if side not in seen]
            seen.update(item.below)
        return False


def is_open(rows: Rows) -> bool:
    """Whether a name that was not met yet may be one of the columns."""
    stack, seen = [rows], {rows}
    while stack:
        item = stack.pop()
        if item.root:
            return True
        stack += [side for side in item.below if side not in seen]
        seen.update(item.below)
    return False


def _is_computed(rows: Rows, name: str) -> bool:
    """Whether the query itself computes a column under this name, so that it is none of a table's own."""
    if name not in rows.made:
        return any(_is_computed(side, name) for side in rows.below[:1] if not is_open(side))
    term = rows.made[name]
    return not (isinstance(term, Unknown) and term.table and term.name == name)
