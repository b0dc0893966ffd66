"""Scalars of the plan: every one has a KQL type, a place, and an answer to "may its SQL be NULL?".

A string that is missing is NULL or '' and means the same; ``nullable`` says whether NULL can occur, so that a guard is
written only where it is needed. Times are ticks of 100 ns in constants, microseconds in SQL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from transpiler.frozen import frozen
from transpiler.functions.registry import Overload
from transpiler.source import NOWHERE, Span
from transpiler.types import Type

if TYPE_CHECKING:
    from transpiler.plan.relations import OrderKey, Relation


@frozen(eq=False)
class Column:
    """A column with an identity of its own: two columns of the same name are two objects.

    ``nullable``: whether a stored NULL can occur. ``is_absent``: a declared column that no warehouse can store, because
    an earlier column has the same name in another case; it is NULL, and predicates on it are refused. ``is_number``: a
    real that is known not to be NaN. ``known``: the constant that every row has in it. ``among``: the constants that its
    rows are written with. ``is_end``: the computed end of a day or its kin, a tick behind what the warehouse holds of it.
    """

    name: str
    type: Type
    nullable: bool = True
    is_absent: bool = False
    is_number: bool = False
    known: Constant | None = None
    among: tuple[Constant, ...] = ()
    is_end: bool = False


@frozen()
class Constant:
    """A literal or a folded constant. ``value`` as in the syntax tree's Literal; None is a typed null."""

    type: Type
    value: str | bool | int | float | None
    span: Span = NOWHERE

    @property
    def nullable(self) -> bool:
        """Only a null constant is NULL; a null string is an empty string."""
        return self.value is None


@frozen()
class ColumnRef:
    """The value of a column of the input."""

    column: Column
    span: Span = NOWHERE

    @property
    def type(self) -> Type:
        """The column's type."""
        return self.column.type

    @property
    def nullable(self) -> bool:
        """Whether the column may hold NULL."""
        return self.column.nullable


@frozen()
class Call:
    """A function, operator or aggregate applied to arguments. ``overload.key`` is what the dialect spells.

    ``options`` carries constants that are part of the spelling (a format, a date part), already checked.
    """

    overload: Overload
    arguments: tuple[Scalar, ...]
    type: Type
    nullable: bool
    span: Span = NOWHERE
    options: tuple[str | int | float | bool | None, ...] = ()


@frozen()
class Path:
    """``base.a[0]['c']``: steps into a dynamic value. A step is a property name, an index, or a scalar computed per row."""

    base: Scalar
    steps: tuple[str | int | Scalar, ...]
    span: Span = NOWHERE
    type: Type = Type.DYNAMIC
    nullable: bool = True


@frozen()
class RunTime:
    """``now()``: one instant per run; what it is written as is the target's and the caller's choice."""

    span: Span = NOWHERE
    type: Type = Type.DATETIME
    nullable: bool = False


@frozen()
class InRelation:
    """``value in (tabular)``: the first column of a relation. ``operator`` is in, in~, has_any or has_all; never NULL."""

    operator: str
    value: Scalar
    relation: Relation
    column: Column
    span: Span = NOWHERE
    type: Type = Type.BOOL
    nullable: bool = False


@frozen()
class ScalarSubquery:
    """``toscalar(tabular)``: the first column of the first row, NULL when there is none."""

    relation: Relation
    column: Column
    span: Span = NOWHERE
    nullable: bool = True

    @property
    def type(self) -> Type:
        """The type of the column."""
        return self.column.type


@frozen()
class WindowCall:
    """A window function over the serialised rows: ``order`` is the order of the input, ``partition`` and ``restart`` split it."""

    overload: Overload
    arguments: tuple[Scalar, ...]
    type: Type
    nullable: bool
    order: tuple[OrderKey, ...] = field(default=())
    partition: tuple[Scalar, ...] = field(default=())
    span: Span = NOWHERE


Scalar: TypeAlias = Constant | ColumnRef | Call | Path | RunTime | InRelation | ScalarSubquery | WindowCall


# Nearly all scalars are columns, constants, and calls of them: walks that are taken for each operator see to those themselves.
_LEAVES = (ColumnRef, Constant)


def children(scalar: Scalar) -> tuple[Scalar, ...]:
    """The scalars directly within one (not those of its subqueries)."""
    if isinstance(scalar, _LEAVES):
        return ()
    if isinstance(scalar, Call):
        return scalar.arguments
    if isinstance(scalar, Path):
        return (scalar.base, *(s for s in scalar.steps if not isinstance(s, (str, int))))
    if isinstance(scalar, WindowCall):
        return scalar.arguments + scalar.partition + tuple(k.value for k in scalar.order)
    return (scalar.value,) if isinstance(scalar, InRelation) else ()


def columns_of(scalar: Scalar) -> set[Column]:
    """The columns of the input that a scalar reads."""
    return {scalar.column} if isinstance(scalar, ColumnRef) else columns_in(children(scalar))


def columns_in(scalars: Iterable[Scalar]) -> set[Column]:
    """The columns of the input that any of the scalars reads."""
    found: set[Column] = set()
    stack = list(scalars)
    while stack:
        s = stack.pop()
        if isinstance(s, ColumnRef):
            found.add(s.column)
        elif isinstance(s, Call):
            stack += s.arguments
        else:
            stack += children(s)
    return found


def subqueries_of(scalars: Iterable[Scalar]) -> list[tuple[Relation, Column]]:
    """The relations that scalars read on their own, each with the column that is wanted of it."""
    found: list[tuple[Relation, Column]] = []
    stack = list(scalars)
    while stack:
        s = stack.pop()
        if isinstance(s, Call):
            stack += s.arguments
        elif not isinstance(s, _LEAVES):
            if isinstance(s, (InRelation, ScalarSubquery)):
                found.append((s.relation, s.column))
            stack += children(s)
    return found


def is_windowed(scalar: Scalar) -> bool:
    """Whether a scalar looks at other rows, so that only a SELECT's list may hold it."""
    stack = [scalar]
    while stack:
        s = stack.pop()
        if isinstance(s, Call):
            stack += s.arguments
        elif not isinstance(s, _LEAVES):
            if isinstance(s, WindowCall):
                return True
            stack += children(s)
    return False
