"""Relations of the plan: what each stage reads and which columns it yields. Sugar is gone; names are gone (columns have identity).

Every relation states its output ``columns``, in order, hidden sort keys included. ``origin`` leads back to the KQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

from transpiler.catalog import Physical
from transpiler.frozen import frozen
from transpiler.plan.scalars import Call, Column, Scalar, WindowCall
from transpiler.source import NOWHERE, Span


@frozen()
class Origin:
    """Where a stage comes from: its KQL keyword, the place of its text, the text on one line, and the line's number.

    A stage without a text is none that the query spells: no comment stands above it, and ``Translation.stages`` leaves it out.
    """

    keyword: str
    span: Span = NOWHERE
    text: str = ""
    line: int = 0

    @property
    def without_text(self) -> Origin:
        """The same without its text: of a further stage that one operator comes to."""
        return replace(self, text="") if self.text else self


@frozen()
class OrderKey:
    """One key of an order. Kusto's default: descending, nulls last when descending, first when ascending."""

    value: Scalar
    descending: bool = True
    nulls_first: bool = False

    @classmethod
    def ascending(cls, value: Scalar) -> OrderKey:
        """From the least value on, as Kusto's ``asc`` has it: nulls first."""
        return cls(value, descending=False, nulls_first=True)


@frozen(eq=False, kw_only=True)
class Node:
    """What every relation has."""

    columns: tuple[Column, ...]
    origin: Origin


@frozen(eq=False, kw_only=True)
class Scan(Node):
    """A table of the warehouse. ``physical`` says how each column is stored: under a name, or as a source's shape tells.

    ``window`` are predicates on the bare time column (over the scan's own columns) that come before all others.
    ``lookback`` is the window's length where ``shards`` (one table a day, by suffix) are to be cut too.
    ``kind``: table, external, watchlist or lookup; ``url`` is the origin of those that are no tables of the warehouse.
    """

    table: str
    identifier: tuple[str, ...]
    physical: Mapping[Column, str | Physical]
    time_column: Column | None = None
    window: tuple[Scalar, ...] = ()
    shards: str = ""
    lookback: tuple[Scalar, Scalar] | None = None
    kind: str = "table"
    url: str = ""


@frozen(eq=False, kw_only=True)
class Values(Node):
    """Rows of constants: datatable, print's single row."""

    rows: tuple[tuple[Scalar, ...], ...]


@frozen(eq=False, kw_only=True)
class Series(Node):
    """``range x from start to stop step step``."""

    start: Scalar
    stop: Scalar
    step: Scalar


@frozen(eq=False, kw_only=True)
class Filter(Node):
    """The rows for which the predicate is true."""

    input: Relation
    predicate: Scalar


@frozen(eq=False, kw_only=True)
class Project(Node):
    """Computes columns. An output column that is not in ``computed`` is one of the input's."""

    input: Relation
    computed: Mapping[Column, Scalar]


@frozen(eq=False, kw_only=True)
class AggregateCall:
    """One aggregate. ``order`` is the order of its input where it matters (make_list)."""

    columns: tuple[Column, ...]
    call: Call
    order: tuple[OrderKey, ...] = ()


@frozen(eq=False, kw_only=True)
class Aggregate(Node):
    """``summarize``: keys computed over the input, then aggregates. Without aggregates it is ``distinct``."""

    input: Relation
    keys: Mapping[Column, Scalar]
    aggregates: tuple[AggregateCall, ...]


@frozen(eq=False, kw_only=True)
class Limit(Node):
    """The first rows: by ``order``, or any."""

    input: Relation
    count: int
    order: tuple[OrderKey, ...] = ()


@frozen(eq=False, kw_only=True)
class FirstPerGroup(Node):
    """The first row of each group by an order, whole: innerunique's left side, arg_max over every column.

    ``is_any``: the query does not say which row, so that a later test may choose it.
    """

    input: Relation
    keys: tuple[Scalar, ...]
    order: tuple[OrderKey, ...]
    is_any: bool = False


@frozen(eq=False, kw_only=True)
class Join(Node):
    """A join on equal keys. ``kind``: inner, leftouter, rightouter, fullouter, leftsemi, leftanti, rightsemi, rightanti, cross.

    Output columns are new; ``sources`` maps each to a column of the left or the right input. ``condition`` is a further
    predicate (inner and cross only).
    """

    kind: str
    left: Relation
    right: Relation
    on: tuple[tuple[Scalar, Scalar], ...]
    sources: Mapping[Column, Column]
    condition: Scalar | None = None


@frozen(eq=False, kw_only=True)
class UnionAll(Node):
    """All rows of all inputs. ``sources[i][column]`` computes an output column from input i; what it lacks is NULL there."""

    inputs: tuple[Relation, ...]
    sources: tuple[Mapping[Column, Scalar], ...]


@frozen(eq=False, kw_only=True)
class Expansion:
    """One expanded column of mv-expand: the dynamic value, and the column of its elements."""

    column: Column
    value: Scalar


@frozen(eq=False, kw_only=True)
class Expand(Node):
    """``mv-expand``: a row per element. ``index`` is the column of positions from 0, ``limit`` the most elements of a value.

    ``bag_as_array``: a bag gives ``[name, value]`` for each member, else ``{name: value}``.
    """

    input: Relation
    expansions: tuple[Expansion, ...]
    index: Column | None = None
    limit: int | None = None
    bag_as_array: bool = False


@frozen(eq=False, kw_only=True)
class Window(Node):
    """Columns computed by window functions over the input."""

    input: Relation
    computed: Mapping[Column, WindowCall]


@frozen()
class State:
    """What a walk carries from row to row: ``before`` a row and ``after`` it, at first ``initial``, then ``value``."""

    before: Column
    after: Column
    initial: Scalar
    value: Scalar


@frozen(eq=False, kw_only=True)
class Walk(Node):
    """Columns that depend on what the rows before came to: each part's rows are visited one after another.

    ``place`` numbers the rows of each part from 1; ``next``, over the input, is the place that is visited after a row (the
    next one where it is None). ``levels`` are columns that a row computes, each level over the input, the states before the
    row and the levels before; ``value`` of a state is over all of them. A row that is not visited has NULL states.
    """

    input: Relation
    place: Column
    partition: tuple[Scalar, ...]
    levels: tuple[Mapping[Column, Scalar], ...]
    states: tuple[State, ...]
    next: Scalar | None = None


@frozen(eq=False, kw_only=True)
class Reference(Node):
    """Another use of a relation that has a name of its own (a let): new columns, position by position, no SQL of its own."""

    name: str
    target: Relation


Relation: TypeAlias = (
    Scan
    | Values
    | Series
    | Filter
    | Project
    | Aggregate
    | Limit
    | FirstPerGroup
    | Join
    | UnionAll
    | Expand
    | Window
    | Walk
    | Reference
)


@frozen(eq=False)
class Plan:
    """A whole query: the last relation, the columns it shows, and the order of its rows."""

    relation: Relation
    visible: tuple[Column, ...]
    order: tuple[OrderKey, ...] = ()


def inputs(relation: Relation) -> tuple[Relation, ...]:
    """The relations that one reads from directly (not those of its scalars' subqueries)."""
    match relation:
        case Filter() | Project():
            return (relation.input,)
        case Scan() | Values() | Series():
            return ()
        case Join():
            return (relation.left, relation.right)
        case UnionAll():
            return relation.inputs
        case Reference():
            return (relation.target,)
        case _:
            return (relation.input,)


def is_single(relation: Relation) -> bool:
    """Whether a relation has one row at most: that of ``print``, of ``summarize`` without keys, of ``take 1``."""
    match relation:
        case Values():
            return len(relation.rows) <= 1
        case Aggregate():
            return not relation.keys or is_single(relation.input)
        case Limit():
            return relation.count <= 1 or is_single(relation.input)
        case Project() | Filter() | Window() | FirstPerGroup():
            return is_single(relation.input)
        case Reference():
            return is_single(relation.target)
        case _:
            return False
