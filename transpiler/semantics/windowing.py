"""Window functions: over which order they run, and how nested ones, restarts and ranks become stages.

SQL has no window function within another, in WHERE, or within an aggregate. There, and where a restart splits the rows,
each function becomes a hidden column of a stage of its own; the order of the rows is fixed by a row number first, so that
rows with equal sort keys stand in one order for all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from transpiler.functions.registry import FUNCTIONS, Function
from transpiler.kql import syntax
from transpiler.plan.relations import Expand, OrderKey, Origin, Relation, State, Walk, Window, inputs, is_single
from transpiler.plan.scalars import (
    Call,
    Column,
    ColumnRef,
    Constant,
    InRelation,
    Path,
    Scalar,
    WindowCall,
    children,
    columns_of,
    is_windowed,
)
from transpiler.plan.ticks import ticks_beyond
from transpiler.semantics import sessions
from transpiler.semantics.scalars.calls import call_declared, convert, keeps_value, make_call, overload_of, row_number
from transpiler.semantics.scalars.packing import as_dynamic
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for
from transpiler.source import NOWHERE, Span
from transpiler.types import ORDERABLE, Type


def window_call(scope: Scope, function: Function, arguments: list[Scalar], node: syntax.Call) -> Scalar:
    """A window function over the rows in their order. Raises KqlError where the rows have none."""
    tabular = scope.row.tabular if scope.row else None
    if function.refusal:
        call_declared(scope, function, arguments, node.span)
    if tabular is None or not (tabular.serialized or tabular.order):
        raise scope.error(
            "KQL105",
            f"'{function.name}' needs serialised rows",
            node.span,
            hint="sort by … or serialize comes before it",
        )
    if function.name in ("prev", "next"):
        return _neighbour(scope, tabular, function, arguments, node)
    call = call_declared(scope, function, arguments, node.span)
    return _over_rows(scope, tabular, call)


def _over_rows(scope: Scope, tabular: Tabular, call: Call) -> WindowCall:
    order = order_of(scope, tabular, call.overload.name, call.span)
    return WindowCall(call.overload, call.arguments, call.type, call.nullable, order, (), call.span)


def _neighbour(
    scope: Scope, tabular: Tabular, function: Function, arguments: list[Scalar], node: syntax.Call
) -> Scalar:
    """``prev`` and ``next``: a column of another row. What is given where there is no such row is a literal in SQL; another
    value of the query's own (``now()``) stands where a constant of that row is missing.
    """
    if arguments and not isinstance(arguments[0], ColumnRef):
        raise scope.error(
            "KQL104",
            f"{node.name} takes a column",
            arguments[0].span,
            hint="extend computes it before, in a column of its own",
        )
    if len(arguments) == 3 and arguments[2].type is not arguments[0].type:
        to_dynamic = arguments[0].type is Type.DYNAMIC
        default = arguments[2]
        if not to_dynamic and not keeps_value(default, arguments[0].type):
            reason = f"the default of {node.name} is {default.type}, the column {arguments[0].type}"
            hint = "what Kusto makes of such a default is not documented; write it as the column's type"
            raise scope.error("KQL204", reason, default.span, hint=hint)
        arguments[2] = as_dynamic(scope, default) if to_dynamic else convert(scope, default, arguments[0].type)
    call = call_declared(scope, function, arguments, node.span)
    _check_offset(scope, call, node)
    if len(arguments) < 3 or isinstance(arguments[2], Constant):
        return _over_rows(scope, tabular, call)
    default = call.arguments[2]
    if columns_of(default) or is_windowed(default):
        raise scope.error("KQL104", f"the default of {node.name} must be the same for all rows", default.span)
    one = Constant(Type.LONG, 1, node.span)
    there = _over_rows(scope, tabular, call_declared(scope, function, [one, arguments[1]], node.span))
    found = _over_rows(scope, tabular, call_declared(scope, function, arguments[:2], node.span))
    case = make_call(
        scope, overload_of("case"), (_call("isnull", [there], node.span), default, found), node.span, call.type
    )
    return replace(case, nullable=True)


def order_of(scope: Scope, tabular: Tabular, what: str, span: Span) -> tuple[OrderKey, ...]:
    """The order of serialised rows: their number where one is known, else the sort keys; any for one row. Raises KqlError."""
    if tabular.ordinal is not None and not _is_expanded(tabular):
        return (tabular.ordinal,)
    if tabular.order:
        return tabular.order
    key = next((c for c in tabular.visible if c.type in ORDERABLE), None)
    if key is None or not is_single(tabular.relation):
        raise scope.error(
            "KQL204",
            f"'{what}' runs over rows of which the warehouse knows no order",
            span,
            hint="sort by … gives them one",
        )
    return (OrderKey.ascending(ColumnRef(key)),)


def _check_offset(scope: Scope, call: Call, node: syntax.Call) -> None:
    """An offset is a literal in SQL."""
    if len(call.arguments) < 2:
        return
    offset = call.arguments[1]
    if not isinstance(offset, Constant):
        raise scope.error("KQL104", f"the offset of {node.name} must be a constant", offset.span)
    if not isinstance(offset.value, int) or offset.value < 1:
        raise scope.error("KQL104", f"the offset of {node.name} must be 1 or more", offset.span)


def _is_expanded(tabular: Tabular) -> bool:
    """Whether rows were multiplied after their number was given, so that it orders them no more."""
    if tabular.ordinal is None or not isinstance(tabular.ordinal.value, ColumnRef):
        return False
    column = tabular.ordinal.value.column
    relation: Relation | None = tabular.relation
    while relation is not None:
        before = next((r for r in inputs(relation) if column in r.columns), None)
        if isinstance(relation, Expand) and before is not None:
            return True
        relation = before
    return False


# Within these a window function may stand; within a CASE, COALESCE and the like BigQuery's engine refuses it.
_PLAIN = frozenset({"+", "-", "*", "negate", "+ datetime", "- datetime", "- datetimes"})


def _is_simple(scalar: Scalar) -> bool:
    """Whether every window function within a scalar can be written in its place."""
    if not is_windowed(scalar):
        return True
    if isinstance(scalar, Call):
        return scalar.overload.key in _PLAIN and all(_is_simple(a) for a in scalar.arguments)
    if not isinstance(scalar, WindowCall) or any(is_windowed(c) for c in children(scalar)):
        return False
    name = scalar.overload.name
    has_restart = name in ("row_number", "row_cumsum") and len(scalar.arguments) > 1
    return not has_restart and not name.startswith("row_rank") and name != "row_window_session"


def staged(
    tabular: Tabular, scalars: Mapping[Column, Scalar], *, in_place: bool = True
) -> tuple[Tabular, dict[Column, Scalar]]:
    """The relation and its new columns, with window functions as earlier stages where they cannot stand in place.

    ``in_place``: whether SQL takes a window function where the scalars will stand at all.
    """
    with_windows = [s for s in scalars.values() if is_windowed(s)]
    if not with_windows:
        return tabular, dict(scalars)
    if in_place and all(_is_simple(s) for s in with_windows):
        return _numbered(tabular, dict(scalars))
    stages = _Stages(tabular)
    resolved = {c: stages.resolve(s)[0] for c, s in scalars.items()}
    return stages.tabular(), resolved


def computed_before(tabular: Tabular, scalars: Sequence[Scalar]) -> tuple[Tabular, dict[int, Scalar]]:
    """The relation with a stage for what looks at other rows, and what stands for each such scalar after it, by its ``id``."""
    places = {column_for("value", s): s for s in scalars if is_windowed(s)}
    if not places:
        return tabular, {}
    before, computed = staged(tabular, places, in_place=False)
    return before, {id(s): computed[c] for c, s in places.items()}


def _numbered(tabular: Tabular, scalars: dict[Column, Scalar]) -> tuple[Tabular, dict[Column, Scalar]]:
    """Rows with equal sort keys keep the order in which a window function has met them: a row number says it."""
    if tabular.ordinal is not None:
        return tabular, scalars
    numbers = [
        c
        for c, s in scalars.items()
        if isinstance(s, WindowCall) and s.overload.name == "row_number" and not s.arguments
    ]
    column = numbers[0] if numbers else Column("row_order", Type.LONG, False)
    if not numbers:
        scalars[column] = row_number(tabular.order)
    ordinal = OrderKey.ascending(ColumnRef(column))
    return replace(tabular, ordinal=ordinal, order=(*tabular.order, ordinal)), scalars


@dataclass(frozen=True, slots=True)
class Walked:
    """A state that is followed through the rows of a part, whose places are known by then."""

    place: Scalar
    part: Scalar
    state: State
    next: Scalar | None = None

    def over(self, relation: Relation) -> Walk:
        """The walk over a relation."""
        assert isinstance(self.place, ColumnRef)
        return Walk(
            columns=(*relation.columns, self.state.after),
            origin=Origin("window", NOWHERE, "", relation.origin.line),
            input=relation,
            place=self.place.column,
            partition=(self.part,),
            levels=(),
            states=(self.state,),
            next=self.next,
        )


# Written by the binder over an order of their own, not that of the rows.
_OWN_ORDER = frozenset({"sum up to", "total sum"})


@dataclass(slots=True)
class _Stages:
    """Hidden columns by the stage in which they are computed. Stage 0 runs over the sort keys and numbers the rows for the rest.

    ``walks`` begin once their stage is computed; their columns belong to the stage after.
    """

    input: Tabular
    levels: list[dict[Column, WindowCall]] = field(default_factory=list)
    walks: dict[int, list[Walked]] = field(default_factory=dict)
    made: dict[Column, int] = field(default_factory=dict)
    known: dict[str, Column] = field(default_factory=dict)
    ordinal: OrderKey | None = None

    def __post_init__(self) -> None:
        self.ordinal = self.input.ordinal
        if self.ordinal is None:
            column = self._place(row_number(self.input.order), 0)
            self.ordinal = OrderKey.ascending(ColumnRef(column))

    def resolve(self, scalar: Scalar) -> tuple[Scalar, int]:
        """The scalar over hidden columns, and the first stage after which it can be computed."""
        match scalar:
            case WindowCall():
                return self._window(scalar)
            case Call():
                parts = [self.resolve(a) for a in scalar.arguments]
                return replace(scalar, arguments=tuple(p for p, _ in parts)), max((n for _, n in parts), default=0)
            case Path():
                base, level = self.resolve(scalar.base)
                steps: list[str | int | Scalar] = []
                for step in scalar.steps:
                    if isinstance(step, str | int):
                        steps.append(step)
                        continue
                    found, n = self.resolve(step)
                    steps.append(found)
                    level = max(level, n)
                return replace(scalar, base=base, steps=tuple(steps)), level
            case InRelation():
                value, level = self.resolve(scalar.value)
                return replace(scalar, value=value), level
            case ColumnRef():
                return scalar, self.made.get(scalar.column, -1) + 1
            case _:
                return scalar, 0

    def _window(self, w: WindowCall) -> tuple[Scalar, int]:
        name = w.overload.name
        if name in ("row_number", "row_cumsum") and len(w.arguments) > 1:
            return self._restarted(w)
        if name.startswith("row_rank"):
            return self._rank(w)
        if name == "row_window_session":
            return self._session(w)
        parts = [self.resolve(a) for a in w.arguments]
        groups = [self.resolve(p) for p in w.partition]
        level = max((n for _, n in (*parts, *groups)), default=0)
        partition = tuple(p for p, _ in groups)
        return self._column(replace(w, arguments=tuple(p for p, _ in parts), partition=partition), level)

    def _column(self, w: WindowCall, level: int) -> tuple[Scalar, int]:
        assert self.ordinal is not None
        level = max([level, *(self.resolve(p)[1] for p in w.partition)])
        order = self.input.order if level == 0 and self.input.ordinal is None else (self.ordinal,)
        if w.overload.name in _OWN_ORDER:
            order = w.order
        column = self._place(replace(w, order=order), level)
        return ColumnRef(column, w.span), level + 1

    def _place(self, w: WindowCall, level: int) -> Column:
        while len(self.levels) <= level:
            self.levels.append({})
        name = {"row_number": "row_order" if not self.made else "row_number"}.get(w.overload.name, w.overload.name)
        column = Column(name.replace(" ", "_"), w.type, w.nullable, is_end=ticks_beyond(w) > 0)
        self.levels[level][column] = w
        self.made[column] = level
        return column

    def _restarted(self, w: WindowCall) -> tuple[Scalar, int]:
        """A count of the restarts so far splits the rows into partitions."""
        group, level = self._group(w.arguments[1], w.span)
        partition = () if group is None else (group,)
        first, first_level = self.resolve(w.arguments[0])
        inner = replace(w, arguments=(first,), partition=partition)
        return self._column(inner, max(level, first_level))

    def _group(self, restart: Scalar, span: Span) -> tuple[Scalar | None, int]:
        if isinstance(restart, Constant) and not restart.value:
            return None, 0
        restart, level = self.resolve(restart)
        return self._column(count_true(restart, span), level)

    def _rank(self, w: WindowCall) -> tuple[Scalar, int]:
        """Dense: how often the term changed so far. Min: the row number of the last change."""
        group, group_level = self._group(w.arguments[1], w.span) if len(w.arguments) > 1 else (None, 0)
        partition = () if group is None else (group,)
        term, level = self.resolve(w.arguments[0])
        number, number_level = self._column(row_number((), partition), group_level)
        previous, previous_level = self._column(
            WindowCall(overload_of("prev"), (term,), term.type, True, (), partition), max(level, group_level)
        )
        same = _same(term, previous, w.span)
        is_first = _call("==", [number, Constant(Type.LONG, 1)], w.span)
        keeps = _call("and", [_call("not", [is_first], w.span), same], w.span)
        changed = _call("not", [keeps], w.span)
        at = max(level, number_level, previous_level)
        if w.overload.name == "row_rank_dense":
            return self._column(replace(count_true(changed, w.span), partition=partition), at)
        start = _case(changed, number, Constant(Type.LONG, 0), w.span)
        running = WindowCall(overload_of("running max"), (start,), Type.LONG, False, (), partition, w.span)
        return self._column(running, at)

    def _session(self, w: WindowCall) -> tuple[Scalar, int]:
        """The start of each row's session. Whatever needs no start to be known splits the rows into parts."""
        time, level = self.resolve(w.arguments[0])
        previous, at = self._column(WindowCall(overload_of("prev"), (time,), time.type, True, ()), level)
        is_new = sessions.begins_anyway(time, previous, w)
        if len(w.arguments) > 3:
            restart, restart_level = self.resolve(w.arguments[3])
            is_new, at = _call("or", [is_new, restart], w.span), max(at, restart_level)
        part, at = self._column(count_true(is_new, w.span), at)
        if sessions.is_ascending(w, self.input.order):
            return self._jumped(time, part, w, at)
        place, at = self._column(row_number((), (part,)), at)
        return self._walk(Walked(place, part, sessions.followed(time, w)), at)

    def _jumped(self, time: Scalar, part: Scalar, w: WindowCall, level: int) -> tuple[Scalar, int]:
        """Rows in the order of their times: from each start the walk goes to the first row that is far enough from it."""
        partition = (part,)
        place, _ = self._column(row_number((), partition), level)
        elapsed = sessions.since_epoch(time, w.span)
        near = WindowCall(overload_of("count within"), (elapsed, w.arguments[1]), Type.LONG, False, (), partition)
        count, at = self._column(near, level)
        following = Call(overload_of("+"), (count, Constant(Type.LONG, 1)), Type.LONG, False, w.span)
        start, at = self._walk(Walked(place, part, sessions.started(time), following), at)
        last = WindowCall(overload_of("running max"), (start,), time.type, True, (), partition)
        return self._column(last, at)

    def _walk(self, walk: Walked, level: int) -> tuple[Scalar, int]:
        self.walks.setdefault(level - 1, []).append(walk)
        self.made[walk.state.after] = level - 1
        return ColumnRef(walk.state.after), level

    def tabular(self) -> Tabular:
        """The input under all stages."""
        relation = self.input.relation
        origin = Origin("window", NOWHERE, "", relation.origin.line)
        for number, level in enumerate(self.levels):
            if level:
                relation = Window(columns=(*relation.columns, *level), origin=origin, input=relation, computed=level)
            for walk in self.walks.get(number, ()):
                relation = walk.over(relation)
        order = self.input.order
        if self.input.ordinal is None and self.ordinal is not None:
            order = (*order, self.ordinal)
        return replace(self.input, relation=relation, ordinal=self.ordinal, order=order)


def _call(name: str, arguments: list[Scalar], span: Span) -> Call:
    function = FUNCTIONS.known(name)
    is_text = arguments[0].type is Type.STRING
    overload = next((o for o in function.overloads if o.key.endswith(" string") == is_text), function.overloads[0])
    return Call(overload, tuple(arguments), Type.BOOL, False, span)


def _same(term: Scalar, previous: Scalar, span: Span) -> Scalar:
    """Equal, or both null."""
    if term.type is Type.STRING:
        return _call("==", [term, previous], span)
    equal = _call("==", [term, previous], span)
    both = _call("and", [_call("isnull", [term], span), _call("isnull", [previous], span)], span)
    return _call("or", [equal, both], span) if term.nullable else equal


def _case(condition: Scalar, then: Scalar, otherwise: Scalar, span: Span) -> Call:
    return Call(overload_of("case"), (condition, then, otherwise), Type.LONG, False, span)


def count_true(condition: Scalar, span: Span) -> WindowCall:
    """How many rows so far meet a condition."""
    one = _case(condition, Constant(Type.LONG, 1), Constant(Type.LONG, 0), span)
    return WindowCall(overload_of("row_cumsum"), (one,), Type.LONG, False, (), (), span)
