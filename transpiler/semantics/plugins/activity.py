"""What the plugins of user analytics share: the rows of an analysis, with what is not settled about them made loud.

Kusto's pages say that such a plugin analyses ids along a timeline from a start to an end. They do not say what becomes of rows
beyond both, of ids that are null, and where bins begin. So rows without a moment are in no period, and every other row must
lie within the analysis: one that does not stops the query with a message that tells the way out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import (
    Aggregate,
    AggregateCall,
    Filter,
    Join,
    OrderKey,
    Origin,
    Project,
    Series,
    Window,
)
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, WindowCall
from transpiler.semantics.dispatch import bind_scalar
from transpiler.semantics.plugins.matching import column_of
from transpiler.semantics.scalars.calls import call_function, convert, overload_of
from transpiler.semantics.scalars.expressions import binary, connect
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, project, unordered
from transpiler.types import INTEGERS, TYPE_NAMES, Type

_STEPS = {Type.DATETIME: Type.TIMESPAN, Type.LONG: Type.LONG}
"""What a timeline may hold, and the type of its steps."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A call of a plugin: the scope around it, its input and the places in the query's text."""

    scope: Scope
    input: Tabular
    node: syntax.Evaluate

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.node.call.name

    @property
    def origin(self) -> Origin:
        """The origin of the first stage; those after it repeat no text."""
        return origin_of(self.scope, self.node, "evaluate")

    @property
    def plain(self) -> Origin:
        """The origin of every other stage."""
        return self.origin.without_text

    def check_count(self, least: int, wanted: str) -> None:
        """Raises KqlError (KQL103) for too few arguments."""
        if len(self.node.call.arguments) < least:
            raise self.scope.error("KQL103", f"{self.name} takes {wanted}", self.node.span)

    def timeline(self, node: syntax.Expr) -> Column:
        """The column of moments. Raises KqlError (KQL204) for one whose bins are not translated."""
        column = column_of(self.scope, self.input, node)
        if column.type not in _STEPS:
            hint = f"extend {column.name} = tolong({column.name})" if column.type in INTEGERS else ""
            message = f"{self.name} is translated along datetimes and longs, '{column.name}' is {column.type}"
            raise self.scope.error("KQL204", message, node.span, hint=hint)
        return column

    def key(self, node: syntax.Expr) -> Column:
        """The column of an id or of a dimension."""
        column = column_of(self.scope, self.input, node)
        if column.type is Type.DYNAMIC:
            message = f"{self.name} does not take the dynamic column '{column.name}'"
            raise self.scope.error("KQL102", message, node.span, hint="extend it as tostring(…) before")
        if column.type in (Type.REAL, Type.DECIMAL):
            message = f"{self.name} is not translated for keys that are no whole numbers, as '{column.name}' is"
            raise self.scope.error("KQL204", message, node.span, hint="extend it as tostring(…) or tolong(…) before")
        return column

    def step(self, node: syntax.Expr, timeline: Column) -> Constant:
        """A constant length of time, or of the timeline's numbers, greater than zero."""
        scalar = bind_scalar(self.scope.without_row(), node)
        wanted = _STEPS[timeline.type]
        if scalar.type is Type.STRING:
            raise self.scope.error("KQL204", f"the periods of {self.name} are not translated by name", node.span)
        if scalar.type is not wanted and not {scalar.type, wanted} <= INTEGERS:
            message = f"a step along '{timeline.name}' is a {wanted}, this is {scalar.type}"
            raise self.scope.error("KQL102", message, node.span)
        if not isinstance(scalar, Constant) or not isinstance(scalar.value, int):
            raise self.scope.error("KQL104", f"the steps of {self.name} are constants", node.span)
        if scalar.value <= 0:
            raise self.scope.error("KQL104", f"a step of {self.name} is greater than zero", node.span)
        return Constant(wanted, scalar.value, scalar.span)

    def multiple(self, long: Constant, short: Constant) -> int:
        """How many whole steps a longer one has. Raises KqlError (KQL204) for none or a rest: what is then, is not settled."""
        assert isinstance(long.value, int)
        assert isinstance(short.value, int)
        if long.value % short.value:
            message = f"{self.name} looks back over whole steps only, and how it rounds others is not settled"
            raise self.scope.error("KQL204", message, long.span, hint="give a multiple of the step")
        return long.value // short.value

    def limit(self, node: syntax.Expr, timeline: Column) -> Scalar:
        """The start or the end of the analysis."""
        scalar = bind_scalar(self.scope.without_row(), node)
        if scalar.type is not timeline.type and not {scalar.type, timeline.type} <= INTEGERS:
            message = f"an analysis along '{timeline.name}' is bounded by a {timeline.type}, this is {scalar.type}"
            raise self.scope.error("KQL102", message, node.span)
        if isinstance(scalar, Constant) and scalar.value is None:
            raise self.scope.error("KQL104", f"{self.name} is bounded by a {scalar.type}, this is null", node.span)
        return convert(self.scope, scalar, timeline.type)

    def call(self, name: str, *arguments: Scalar) -> Scalar:
        """A function of the plan."""
        return call_function(self.scope, name, arguments, self.node.span)

    def compare(self, operator: str, left: Scalar, right: Scalar) -> Scalar:
        """A comparison or a sum of the plan."""
        return binary(self.scope, operator, left, right, self.node.span)

    def all_of(self, tests: Sequence[Scalar]) -> Scalar:
        """The conjunction of tests."""
        return connect(self.scope, "and", list(tests), self.node.span)

    def checked(self, value: Scalar, holds: Scalar, message: str, shown: Scalar) -> Scalar:
        """The value where the test holds; elsewhere the query stops, and the message ends in what is shown."""
        text = Constant(Type.STRING, f"{self.name}: {message}")
        return self.call("value if", value, holds, text, convert(self.scope, shown, Type.STRING))

    def present(self, column: Column) -> Scalar:
        """An id. A null one stops the query: whether plugins count it is not settled (a missing text is the empty one)."""
        value = ColumnRef(column)
        if not column.nullable or column.type is Type.STRING:
            return value
        message = f"a row has no '{column.name}'; where isnotnull({column.name}) before"
        return self.checked(value, self.call("isnotnull", value), message, Constant(Type.STRING, "null"))

    def kept(self, rows: Tabular, predicate: Scalar) -> Tabular:
        """The rows for which a predicate is true."""
        relation = Filter(
            columns=rows.relation.columns, origin=self.plain, input=rows.relation, predicate=predicate
        )  # fmt: skip
        return unordered(relation, rows.visible)

    def grouped(self, rows: Tabular, keys: Mapping[Column, Scalar], totals: Mapping[Column, Call]) -> Tabular:
        """A row for each group of keys, with aggregates over its rows."""
        calls = tuple(
            AggregateCall(columns=(c,), call=replace(a, nullable=c.nullable, options=(True,)))
            for c, a in totals.items()
        )
        columns = (*keys, *totals)
        relation = Aggregate(columns=columns, origin=self.plain, input=rows.relation, keys=dict(keys), aggregates=calls)
        return unordered(relation, columns)

    def total(self, name: str, *arguments: Scalar) -> Call:
        """An aggregate of the plan."""
        return call_function(self.scope, name, arguments, self.node.span, aggregate=True)

    def beside(self, rows: Tabular, computed: Mapping[Column, WindowCall]) -> Tabular:
        """The rows with columns that look at other rows."""
        columns = (*rows.relation.columns, *computed)
        relation = Window(columns=columns, origin=self.plain, input=rows.relation, computed=computed)
        return unordered(relation, columns)

    def extended(self, rows: Tabular, computed: Mapping[Column, Scalar]) -> Tabular:
        """The rows with computed columns."""
        columns = (*rows.relation.columns, *computed)
        relation = Project(columns=columns, origin=self.plain, input=rows.relation, computed=computed)
        return unordered(relation, (*rows.visible, *computed))

    def over(self, name: str, argument: Scalar | None, order: Column | None, parts: Sequence[Column]) -> WindowCall:
        """A window function over the rows of a part, by an ascending column or over all of them."""
        arguments = () if argument is None else (argument,)
        kind = Type.LONG if argument is None else argument.type
        keys = () if order is None else (OrderKey(ColumnRef(order), descending=False, nulls_first=True),)
        partition = tuple(ColumnRef(p) for p in parts)
        return WindowCall(overload_of(name), arguments, kind, name == "prev", keys, partition, self.node.span)

    def shown(self, rows: Tabular, columns: Sequence[tuple[str, Scalar]]) -> Tabular:
        """The result: columns under their final names. Raises KqlError (KQL101) where two have one name."""
        names = [name for name, _ in columns]
        twice = next((n for n in names if names.count(n) > 1), None)
        if twice is not None:
            hint = f"project-rename another = {twice} before it"
            raise self.scope.error(
                "KQL101", f"two columns of {self.name} are named '{twice}'", self.node.span, hint=hint
            )
        computed = {column_for(name, scalar): scalar for name, scalar in columns}
        self._check_schema(computed)
        return project(rows, tuple(computed), computed, self.plain)

    def _check_schema(self, columns: Iterable[Column]) -> None:
        """Raises KqlError (KQL102) for a declared schema that the result has not."""
        if self.node.schema is None:
            return
        declared = [f"{c.name}:{TYPE_NAMES[c.type_name]}" for c in self.node.schema]
        given = [f"{c.name}:{c.type}" for c in columns]
        if declared != given or self.node.schema_open:
            message = f"{self.name} gives ({', '.join(given)}), which is not what is declared"
            raise self.scope.error("KQL102", message, self.node.span)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The rows of a plugin: who, when, and the dimensions by which everything is sliced; with the names that these had."""

    plugin: Plugin
    rows: Tabular
    who: Column
    when: Column
    slices: tuple[Column, ...]
    names: tuple[str, ...]
    start: Scalar
    end: Scalar
    steps: tuple[Constant, ...]

    def named(self, when: Column, slices: Iterable[Column]) -> list[tuple[str, Scalar]]:
        """The first columns of the result: the period, then the dimensions."""
        return [(n, ColumnRef(c)) for n, c in zip(self.names, (when, *slices), strict=True)]


def analysis(plugin: Plugin, steps: int, wanted: str, *, with_end: bool) -> Analysis:
    """The arguments ``id, timeline, start, end, step …, dimension …`` and the rows that they are about.

    ``with_end``: whether it is settled that a row at the very end is counted.
    """
    arguments = plugin.node.call.arguments
    plugin.check_count(4 + steps, wanted)
    who, timeline = plugin.key(arguments[0]), plugin.timeline(arguments[1])
    start, end = (plugin.limit(a, timeline) for a in arguments[2:4])
    lengths = tuple(plugin.step(a, timeline) for a in arguments[4 : 4 + steps])
    dimensions = [plugin.key(a) for a in arguments[4 + steps :]]
    moment = ColumnRef(timeline)
    rows = plugin.input if not timeline.nullable else plugin.kept(plugin.input, plugin.call("isnotnull", moment))
    tests = [plugin.compare(">=", moment, start), plugin.compare("<=" if with_end else "<", moment, end)]
    where = "from its start to its end" if with_end else "from its start to before its end"
    known = plugin.checked(moment, plugin.all_of(tests), f"a row does not lie {where}; filter such rows before", moment)
    when = Column("moment", timeline.type, False)
    identity = Column("id", who.type, who.nullable and who.type is Type.STRING)
    computed = {identity: plugin.present(who), when: known}
    slices = {Column(f"slice_{i}", d.type, d.nullable): ColumnRef(d) for i, d in enumerate(dimensions, 1)}
    rows = project(rows, (*computed, *slices), {**computed, **slices}, plugin.origin, keep_order=False)
    names = (timeline.name, *(d.name for d in dimensions))
    rows = unordered(rows.relation, rows.visible)
    return Analysis(plugin, rows, identity, when, tuple(slices), names, start, end, lengths)


def keys_of(columns: Iterable[Column]) -> dict[Column, Scalar]:
    """Columns as keys of a group: a missing text leaves as the empty one."""
    return {Column(c.name, c.type, c.nullable and c.type is not Type.STRING): ColumnRef(c) for c in columns}


def repeated(plugin: Plugin, rows: Tabular, bin_: Column, step: Constant, count: int) -> tuple[Tabular, Column, Column]:
    """Every row once for each of so many periods from its own bin on: the rows, the period, and how far it lies behind the bin."""
    assert isinstance(step.value, int)
    zero, last = (Constant(step.type, v) for v in (0, step.value * (count - 1)))
    delay = Column("delay", step.type, False)
    delays = Series(columns=(delay,), origin=plugin.plain, start=zero, stop=last, step=step)
    sources = {Column(c.name, c.type, c.nullable): c for c in (*rows.visible, delay)}
    moved = {old: new for new, old in sources.items()}
    relation = Join(
        columns=tuple(sources),
        origin=plugin.plain,
        kind="cross",
        left=rows.relation,
        right=delays,
        on=(),
        sources=sources,
    )
    period = Column("period", bin_.type, False)
    value = plugin.compare("+", ColumnRef(moved[bin_]), ColumnRef(moved[delay]))
    rows = plugin.extended(unordered(relation, tuple(sources)), {period: value})
    return rows, period, moved[delay]
