"""What a name means at a place: columns first, then lets (inner before outer), then the catalog's tables and functions."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from transpiler.diagnostics import KqlError
from transpiler.frozen import frozen
from transpiler.kql import syntax
from transpiler.plan.relations import AggregateCall, OrderKey, Relation
from transpiler.plan.scalars import Column, Scalar
from transpiler.source import Source, Span
from transpiler.types import TYPE_NAMES, Type

if TYPE_CHECKING:
    from transpiler.semantics.environment import Environment


class Openness(IntEnum):
    """What is known of the columns that a table has beside those that are seen. The wider one wins where tables meet.

    Of an INFERRED table every column that the query names is seen, so names can be told apart behind a join or a union,
    and only what looks at all columns cannot be said. WHOLE is the same where the query asks for all of them (``*``):
    what shows them is refused as well. Of an OPEN table any name may be a column that is not seen. Of a DISPUTED one all are
    known, but where the engine shows one Microsoft's binder shows two.
    """

    CLOSED = 0
    DISPUTED = 1
    INFERRED = 2
    WHOLE = 3
    OPEN = 4

    def asked_whole(self) -> Openness:
        """The columns behind an operator that names them by ``*``, by a pattern or by what it leaves out."""
        return Openness.WHOLE if self is Openness.INFERRED else self


DECLARE = "declare the table's columns in a schema file (rulesql schema import makes one)"


@frozen()
class Tabular:
    """A relation with the columns that the query sees (the relation may carry hidden sort keys), and the order of its rows.

    ``openness``: whether there may be columns that are not declared. ``table_name`` is the ``$table`` of search and union,
    ``alias`` the name that ``as`` gave. ``ordinal`` numbers the rows where their order is known without a sort (datatable,
    range) or was fixed by a window function: the result is not ordered by it, serialised rows are. ``arrival`` is the
    column that holds when each row was ingested, carried along hidden while the rows are the table's own.
    """

    relation: Relation
    visible: tuple[Column, ...]
    order: tuple[OrderKey, ...] = ()
    ordinal: OrderKey | None = None
    serialized: bool = False
    openness: Openness = Openness.CLOSED
    table_name: str = ""
    alias: str = ""
    arrival: Column | None = None

    def over(
        self,
        relation: Relation,
        visible: tuple[Column, ...],
        order: tuple[OrderKey, ...],
        ordinal: OrderKey | None,
    ) -> Tabular:
        """The same rows seen through another relation. Written out, for ``dataclasses.replace`` is slow and this is frequent."""
        return Tabular(
            relation,
            visible,
            order,
            ordinal,
            self.serialized,
            self.openness,
            self.table_name,
            self.alias,
            self.arrival,
        )

    @property
    def is_open(self) -> bool:
        """Whether there may be columns that are not seen."""
        return self.openness > Openness.DISPUTED

    def column(self, name: str) -> Column | None:
        """The visible column of a name, or None."""
        return next((c for c in self.visible if c.name == name), None)


@frozen()
class ScalarLet:
    """``let x = 5;`` or a scalar parameter."""

    value: Scalar


@frozen()
class TabularLet:
    """``let T = … | …;`` or a tabular parameter: bound once, referred to with fresh columns.

    ``table``: the stored table of which it is another name and nothing else (``let T = Table;``).
    """

    name: str
    value: Tabular
    table: str = ""


@frozen()
class FunctionLet:
    """``let f = (x:long) { … };`` with the scope in which it was declared."""

    name: str
    body: syntax.FunctionBody
    scope: Scope
    source: Source


Binding: TypeAlias = ScalarLet | TabularLet | FunctionLet


@frozen()
class RowScope:
    """The columns of the current row. ``left`` and ``right`` are set within a join's ``on``."""

    columns: tuple[Column, ...]
    tabular: Tabular | None = None
    left: Tabular | None = None
    right: Tabular | None = None
    is_open: bool = False


@dataclass(slots=True)
class Aggregation:
    """The aggregates that ``summarize`` has met so far; an aggregate call within an expression becomes one of these columns."""

    calls: list[AggregateCall] = field(default_factory=list)
    keys: Mapping[Column, Scalar] = field(default_factory=dict)


@frozen()
class Scope:
    """Everything that a binder needs to know at a place of the query. ``is_source``: the text is a source's view, not the query."""

    environment: Environment
    source: Source
    bindings: Mapping[str, Binding] = field(default_factory=dict)
    row: RowScope | None = None
    depth: int = 0
    is_source: bool = False
    aggregation: Aggregation | None = None

    def bind(self, name: str, binding: Binding) -> Scope:
        """This scope and one more let."""
        bindings = {**self.bindings, name: binding}
        return Scope(self.environment, self.source, bindings, self.row, self.depth, self.is_source, self.aggregation)

    def over(self, tabular: Tabular) -> Scope:
        """This scope with the columns of a relation."""
        row = RowScope(tabular.visible, tabular, is_open=tabular.is_open)
        return Scope(self.environment, self.source, self.bindings, row, self.depth, self.is_source, self.aggregation)

    def column(self, name: str) -> Column | None:
        """The current row's column of a name; None where there is no such column, or no row."""
        return None if self.row is None else self.environment.named(self.row.columns).get(name)

    def without_row(self) -> Scope:
        """This scope where no row is at hand."""
        return replace(self, row=None)

    def at_pipeline(self) -> Scope:
        """This scope at the start of a pipeline: no row, and no aggregates to collect."""
        return Scope(self.environment, self.source, self.bindings, None, self.depth, self.is_source)

    def error(self, code: str, message: str, span: Span, *, hint: str = "") -> KqlError:
        """A refusal at a place of this scope's text."""
        return KqlError(code, message, span, hint=hint, source=self.source)


def check_whole(scope: Scope, what: str, span: Span) -> None:
    """Raises KqlError (KQL203) where ``what`` looks at every column of the row and not all are known."""
    if scope.row is not None and scope.row.is_open:
        raise scope.error("KQL203", f"{what} looks at every column, and not all are declared", span, hint=DECLARE)
    if scope.row is not None and scope.row.tabular and scope.row.tabular.openness is Openness.DISPUTED:
        message = f"{what} looks at every column, and of one that parse has replaced Microsoft's binder has two"
        raise scope.error("KQL204", message, span, hint="project the columns that are wanted first")


def check_first(scope: Scope, tabular: Tabular, span: Span) -> None:
    """Raises KqlError (KQL203) for a table that is read by its first column and whose columns are not all known."""
    if tabular.is_open:
        message = "the table's first column is meant, and its columns are not declared"
        raise scope.error("KQL203", message, span, hint="project the column that is wanted")


def count_text(takes: tuple[int, int | None]) -> str:
    """How many arguments are taken, in words: ``no argument``, ``1 argument``, ``2 to 3 arguments``, ``2 or more arguments``."""
    least, most = takes
    if most is None:
        return f"{least} or more arguments"
    if least == most:
        return "1 argument" if most == 1 else f"{most} arguments" if most else "no argument"
    return f"{least} to {most} arguments"


def type_named(scope: Scope, name: str, span: Span) -> Type:
    """The type of a name in ``typeof(…)``, where the grammar takes any name. Raises KqlError (KQL100) for no type's name."""
    found = TYPE_NAMES.get(name)
    if found is None:
        raise scope.error("KQL100", f"'{name}' is not a type", span, hint=did_you_mean(name, TYPE_NAMES))
    return found


def type_argument(scope: Scope, node: syntax.Node) -> Type:
    """The type that an argument ``typeof(…)`` names. Raises KqlError for another expression (KQL104), or no type (KQL100)."""
    if not isinstance(node, syntax.TypeOf) or node.type_name is None:
        raise scope.error("KQL104", "a typeof(…) is expected here", node.span)
    return type_named(scope, node.type_name, node.span)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean 'EventID'?``, or '' when nothing is close."""
    names = list(dict.fromkeys(known))
    folded = {n.lower(): n for n in names}
    if name.lower() in folded:
        return f"did you mean '{folded[name.lower()]}'? names are case-sensitive"
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.7)
    return f"did you mean '{close[0]}'?" if close else ""
