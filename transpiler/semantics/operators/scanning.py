"""scan: what its steps and their state come to.

One step whose state is a running sum, a value carried forward or a running extreme becomes window functions; the state
of the step (``s.a``) is the last row that matched. Every other scan is followed row by row (semantics.operators.following).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TypeVar, cast

from transpiler.kql import syntax
from transpiler.plan.relations import Filter, OrderKey, Project, UnionAll, Walk, Window
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, WindowCall, columns_of, is_windowed
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.operators.following import Followed, Machine, Part, Step, certain, hoisted
from transpiler.semantics.operators.parameters import word
from transpiler.semantics.operators.substitution import substituted
from transpiler.semantics.scalars.calls import CONVERSIONS, convert, keeps_value, overload_of, row_number
from transpiler.semantics.scalars.expressions import binary, bind_predicate
from transpiler.semantics.scope import RowScope, Scope, Tabular, did_you_mean
from transpiler.semantics.shaping import origin_of, over, project
from transpiler.semantics.windowing import count_true, order_of
from transpiler.source import NOWHERE, Span
from transpiler.types import TYPE_NAMES, Type

_STATE = "$state."
N = TypeVar("N")


class _RowByRowError(Exception):
    """No window function gives this state."""


@binds_operator(syntax.Scan)
def _scan(scope: Scope, tabular: Tabular, node: syntax.Scan) -> Tabular:
    bound = _bound(scope, tabular, node)
    if len(bound.steps) == 1 and bound.steps[0].is_shown and not bound.number:
        try:
            return _windowed(scope, tabular, bound)
        except _RowByRowError:
            pass
    return _followed(scope, tabular, bound)


@dataclass(frozen=True, slots=True)
class _Bound:
    """A scan's names as columns. ``states`` are the stand-ins of ``s.a``; ``number`` is the name of the match's number."""

    node: syntax.Scan
    order: tuple[OrderKey, ...]
    declared: dict[Column, Scalar]
    states: dict[Column, Part]
    steps: tuple[Step, ...]
    number: str


def _bound(scope: Scope, tabular: Tabular, node: syntax.Scan) -> _Bound:
    if node.order or node.partition:
        raise scope.error(
            "KQL200",
            "order by and partition by within scan are not documented",
            node.span,
            hint="sort by … and partition by … ( … ) before it",
        )
    order = order_of(scope, tabular, "scan", node.span)
    declared = _declared(scope, node)
    number = word(node, "with_match_id")
    for name in [*(c.name for c in declared), *([number] if number else [])]:
        if tabular.column(name) is not None or [c.name for c in declared].count(name) > (name != number):
            raise scope.error("KQL101", f"there is a column '{name}' already", node.span)
    states = _states(tabular, declared, node)
    columns = (*tabular.visible, *declared, *states)
    row = replace(scope.over(tabular), row=RowScope(columns, tabular, is_open=tabular.is_open))
    names = frozenset(s.name for s in node.steps)
    if len(names) < len(node.steps):
        raise scope.error("KQL101", "two steps of a scan have one name", node.span)
    steps = tuple(_step(row, states, declared, k, _with_states(s, names)) for k, s in enumerate(node.steps))
    return _Bound(node, order, declared, states, steps, number)


def _step(
    scope: Scope, states: Mapping[Column, Part], declared: Mapping[Column, Scalar], number: int, node: syntax.ScanStep
) -> Step:
    if node.output not in (None, "all", "none"):
        raise scope.error(
            "KQL200", f"output={node.output}: which row ends a series of matches is not documented", node.span
        )
    if node.optional:
        raise scope.error("KQL200", "optional steps of a scan are not documented", node.span)
    condition = substituted(bind_predicate(scope, node.condition), declared)
    _refuse_window(scope, condition, node.condition)
    if number and any(c in states and states[c][0] == number for c in columns_of(condition)):
        raise scope.error(
            "KQL204", "whether a step sees its own state when it takes on a sequence is not documented", node.span
        )
    assigned: dict[Column, Scalar] = {}
    for assignment in node.assignments:
        target = _target(scope, declared, assignment)
        value = _of_state(scope, bind_scalar(scope, assignment.value), target.type, assignment.value)
        _refuse_assigned(scope, value, assigned, assignment)
        _refuse_window(scope, value, assignment.value)
        assigned[target] = substituted(value, declared)
    for column in {c for s in (condition, *assigned.values()) for c in columns_of(s)}:
        if column in states and states[column][0] > number:
            raise scope.error("KQL100", f"step {node.name} knows no state of a later step", node.span)
    return Step(condition, assigned, node.output != "none")


def _target(scope: Scope, declared: Mapping[Column, Scalar], node: syntax.ScanAssignment) -> Column:
    row = scope.row
    known = [*declared, *(row.tabular.visible if row and row.tabular else ())]
    found = next((c for c in known if c.name == node.name), None)
    if found is None:
        names = [c.name for c in known]
        raise scope.error(
            "KQL100", f"no column '{node.name}' to assign to", node.span, hint=did_you_mean(node.name, names)
        )
    return found


def _windowed(scope: Scope, tabular: Tabular, bound: _Bound) -> Tabular:
    """One step as window functions. Raises _RowByRowError where there are none."""
    (step,) = bound.steps
    if columns_of(step.condition) & set(bound.states) or not all(c in bound.declared for c in step.assigned):
        raise _RowByRowError
    machine = _Machine(scope, bound.order, bound.declared, {c: p[1] for c, p in bound.states.items()}, step.assigned)
    computed = {Column(c.name, c.type, True): machine.value(c) for c in bound.declared}
    matched = _matching(scope, tabular, step.condition, bound.node)
    origin = origin_of(scope, bound.node, "scan").without_text
    return project(matched, [*tabular.visible, *computed], computed, origin)


def _followed(scope: Scope, tabular: Tabular, bound: _Bound) -> Tabular:
    """The steps row by row: the rows get their places, are walked, and each step shows those that it matched."""
    found: dict[Column, Scalar] = {}
    steps = tuple(
        replace(
            s,
            condition=hoisted(s.condition, bound.states, found),
            assigned={c: hoisted(v, bound.states, found) for c, v in s.assigned.items()},
        )
        for s in bound.steps
    )
    followed = Machine(steps, bound.states, bound.declared, bool(bound.number)).followed()
    origin = origin_of(scope, bound.node, "scan")
    hidden = origin.without_text
    relation = tabular.relation
    if found:
        relation = Project(columns=(*relation.columns, *found), origin=hidden, input=relation, computed=found)
    place = Column("place", Type.LONG, False)
    number = row_number(bound.order)
    relation = Window(columns=(*relation.columns, place), origin=hidden, input=relation, computed={place: number})
    relation = Walk(
        columns=(*relation.columns, *(s.after for s in followed.states)),
        origin=origin,
        input=relation,
        place=place,
        partition=(),
        levels=followed.levels,
        states=followed.states,
    )
    walked = replace(over(tabular, relation), ordinal=OrderKey.ascending(ColumnRef(place)))
    shown = [_shown(scope, walked, bound, followed, k) for k in reversed(range(len(steps))) if steps[k].is_shown]
    if not shown:
        raise scope.error("KQL204", "a scan that outputs no step has no rows", bound.node.span)
    return shown[0] if len(shown) == 1 else _together(scope, tabular, shown)


def _shown(scope: Scope, walked: Tabular, bound: _Bound, followed: Followed, k: int) -> Tabular:
    """The rows that a step matched."""
    origin = origin_of(scope, bound.node, "scan").without_text
    condition = bound.steps[k].condition
    if not (k == 0 and isinstance(condition, Constant) and condition.value):
        matched = ColumnRef(followed.matched[k])
        columns = walked.relation.columns
        kept = Filter(columns=columns, origin=origin, input=walked.relation, predicate=matched)
        walked = over(walked, kept)
    computed: dict[Column, Scalar] = {}
    visible: list[Column] = []
    for column in (*walked.visible, *bound.declared):
        value = followed.values.get((k, column))
        source: Scalar | None = ColumnRef(value) if value is not None else bound.declared.get(column)
        if source is None:
            visible.append(column)
            continue
        new = Column(column.name, column.type, True)
        computed[new] = source
        visible.append(new)
    if bound.number:
        new = Column(bound.number, Type.LONG, True)
        computed[new] = ColumnRef(followed.sequences[k])
        visible.append(new)
    return project(walked, visible, computed, origin)


def _together(scope: Scope, tabular: Tabular, shown: list[Tabular]) -> Tabular:
    """The rows of several steps, in the order of the input's, of one row those of the last step first."""
    columns = tuple(Column(c.name, c.type, True) for c in shown[0].visible)
    keys = tuple(Column("sort_key", k.value.type, True) for k in tabular.order)
    position = Column("position", Type.LONG, False)
    sources: list[Mapping[Column, Scalar]] = []
    for number, one in enumerate(shown):
        assert one.ordinal is not None
        found: dict[Column, Scalar] = {c: ColumnRef(v) for c, v in zip(columns, one.visible, strict=True)}
        found |= {c: k.value for c, k in zip(keys, one.order, strict=True)}
        spread = binary(scope, "*", one.ordinal.value, Constant(Type.LONG, len(shown)), NOWHERE)
        sources.append({**found, position: binary(scope, "+", spread, Constant(Type.LONG, number), NOWHERE)})
    relation = UnionAll(
        columns=(*columns, *keys, position),
        origin=shown[0].relation.origin,
        inputs=tuple(s.relation for s in shown),
        sources=tuple(sources),
    )
    ordinal = OrderKey.ascending(ColumnRef(position))
    order = tuple(replace(k, value=ColumnRef(c)) for k, c in zip(tabular.order, keys, strict=True))
    order = (*order, ordinal) if order else ()
    return replace(tabular, relation=relation, visible=columns, order=order, ordinal=ordinal, serialized=True)


def _refuse_window(scope: Scope, scalar: Scalar, node: syntax.Expr) -> None:
    if is_windowed(scalar):
        raise scope.error(
            "KQL105", "a window function cannot stand within scan; its state is the row before", node.span
        )


def _refuse_assigned(
    scope: Scope, value: Scalar, assigned: Mapping[Column, Scalar], assignment: syntax.ScanAssignment
) -> None:
    """A column without the step's name is its default; whether an earlier assignment of the step shows is not documented."""
    if columns_of(value) & assigned.keys():
        raise scope.error("KQL204", "the value of a column that the same step has assigned", assignment.span)


def _of_state(scope: Scope, value: Scalar, declared: Type, node: syntax.Expr) -> Scalar:
    """A value as the type that its column is declared with."""
    if value.type is not Type.DYNAMIC and not keeps_value(value, declared):
        reason = f"what scan makes of a {value.type} in a column that is declared as {declared} is not documented"
        raise scope.error("KQL204", reason, node.span, hint=f"{CONVERSIONS[declared]}(…) says it")
    return convert(scope, value, declared)


def _declared(scope: Scope, node: syntax.Scan) -> dict[Column, Scalar]:
    """The declared columns and their defaults."""
    found: dict[Column, Scalar] = {}
    for declaration, default in node.declare:
        t = TYPE_NAMES[declaration.type_name]
        value: Scalar = Constant(t, None, declaration.span)
        if default is not None:
            value = _of_state(scope, bind_scalar(scope.without_row(), default), t, default)
        found[Column(declaration.name, t, True)] = value
    return found


def _states(tabular: Tabular, declared: Mapping[Column, Scalar], node: syntax.Scan) -> dict[Column, Part]:
    """A stand-in for each ``s.column`` of the state, and what it is the state of."""
    return {
        Column(f"{_STATE}{s.name}.{c.name}", c.type, True): (number, c)
        for number, s in enumerate(node.steps)
        for c in (*declared, *tabular.visible)
    }


def _with_states(node: N, steps: frozenset[str]) -> N:
    """The syntax tree with ``s.a`` as one name."""
    if isinstance(node, syntax.Member) and isinstance(node.base, syntax.Name) and node.base.name in steps:
        return cast("N", syntax.Name(f"{_STATE}{node.base.name}.{node.name}", span=node.span))
    if isinstance(node, tuple) and not isinstance(node, Span):
        return cast("N", tuple(_with_states(n, steps) for n in node))
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes = {
        f.name: new for f in fields(node) if (new := _with_states(old := getattr(node, f.name), steps)) is not old
    }
    return cast("N", replace(node, **changes)) if changes else node


def _matching(scope: Scope, tabular: Tabular, condition: Scalar, node: syntax.Scan) -> Tabular:
    if isinstance(condition, Constant) and condition.value:
        return tabular
    relation = Filter(
        columns=tabular.relation.columns,
        origin=origin_of(scope, node, "scan"),
        input=tabular.relation,
        predicate=condition,
    )
    return over(tabular, relation)


@dataclass(slots=True)
class _Machine:
    """What each declared column comes to, over the rows that match."""

    scope: Scope
    order: tuple[OrderKey, ...]
    declared: dict[Column, Scalar]
    states: dict[Column, Column]
    assigned: Mapping[Column, Scalar]
    done: dict[Column, Scalar] = field(default_factory=dict)
    open: set[Column] = field(default_factory=set)

    def value(self, column: Column) -> Scalar:
        """The column after each row."""
        if column not in self.assigned:
            return self.declared[column]
        if column in self.done:
            return self.done[column]
        value = self.assigned[column]
        if column in self.open:
            raise _RowByRowError
        self.open.add(column)
        own = next(s for s, c in self.states.items() if c is column)
        for state in columns_of(value) & self.states.keys() - {own}:
            value = substituted(value, {state: self._previous(self.states[state], value.span)})
        if own in columns_of(value):
            value = self._folded(value, own, self.declared[column])
        self.open.discard(column)
        self.done[column] = value
        return value

    def _previous(self, column: Column, span: Span) -> Scalar:
        """The state of a column: its value after the row before, its default (or null) at the first."""
        if column in self.declared:
            now, default = self.value(column), self.declared[column]
            if column not in self.assigned:
                return default
            if isinstance(default, Constant) and default.value is not None:
                arguments: tuple[Scalar, ...] = (now, Constant(Type.LONG, 1, span), default)
                return WindowCall(overload_of("prev"), arguments, column.type, True, self.order, (), span)
        else:
            now = ColumnRef(column, span)
        return WindowCall(overload_of("prev"), (now,), column.type, True, self.order, (), span)

    def _folded(self, value: Scalar, own: Column, default: Scalar) -> Scalar:
        """A value that reads its own state: a running sum, a reset, a carried value, a running extreme."""
        if isinstance(value, Call) and value.overload.name in ("max_of", "min_of"):
            return self._extreme(value, own, default)
        added = self._added(value, own)
        if added is not None:
            return binary(self.scope, "+", default, self._sum(added, (), value.span), value.span)
        if not (isinstance(value, Call) and value.overload.name == "case" and len(value.arguments) == 3):
            raise _RowByRowError
        condition, then, otherwise = value.arguments
        if own in columns_of(condition):
            raise _RowByRowError
        if own in columns_of(then):
            condition, then, otherwise = _negated(condition), otherwise, then
        if own in columns_of(then):
            raise _RowByRowError
        return self._reset(certain(condition), then, otherwise, own, default)

    def _reset(self, condition: Scalar, then: Scalar, otherwise: Scalar, own: Column, default: Scalar) -> Scalar:
        """``iff(c, x, s.a)`` and ``iff(c, x, s.a + y)``: from each row with c on, a part of the rows begins."""
        span = otherwise.span
        part = replace(count_true(condition, span), order=self.order)
        start = Call(overload_of("case"), (condition, then, default), then.type, True, span)
        first = WindowCall(overload_of("running first"), (start,), then.type, True, self.order, (part,), span)
        if isinstance(otherwise, ColumnRef) and otherwise.column is own:
            return first
        added = self._added(otherwise, own)
        if added is None:
            raise _RowByRowError
        zero = Constant(Type.REAL, 0.0) if added.type is Type.REAL else Constant(Type.LONG, 0)
        later = Call(overload_of("case"), (condition, zero, added), added.type, added.nullable, span)
        return binary(self.scope, "+", first, self._sum(later, (part,), span), span)

    def _added(self, value: Scalar, own: Column) -> Scalar | None:
        """What is added to the state in ``s.a + x``; None for another form."""
        if not (isinstance(value, Call) and value.overload.name == "+" and len(value.arguments) == 2):
            return None
        for state, other in (value.arguments, value.arguments[::-1]):
            if isinstance(state, ColumnRef) and state.column is own and own not in columns_of(other):
                return other
        return None

    def _sum(self, added: Scalar, partition: tuple[Scalar, ...], span: Span) -> Scalar:
        """The sum so far; from a null on it is null."""
        total = WindowCall(overload_of("row_cumsum"), (added,), added.type, False, self.order, partition, span)
        if not added.nullable:
            return total
        missing = Call(overload_of("isnull", "isnull"), (added,), Type.BOOL, False, span)
        nulls = replace(count_true(missing, span), order=self.order, partition=partition)
        spoiled = binary(self.scope, ">", nulls, Constant(Type.LONG, 0, span), span)
        nothing = Constant(added.type, None, span)
        return Call(overload_of("case"), (spoiled, nothing, total), added.type, True, span)

    def _extreme(self, value: Call, own: Column, default: Scalar) -> Scalar:
        """``max_of(s.a, x)``, which passes nulls over, as windows do; the default is the first state."""
        others = [a for a in value.arguments if not (isinstance(a, ColumnRef) and a.column is own)]
        if len(others) != 1 or own in columns_of(others[0]) or value.type is Type.STRING:
            raise _RowByRowError
        name = "running max" if value.overload.name == "max_of" else "running min"
        running = WindowCall(overload_of(name), (others[0],), value.type, True, self.order, (), value.span)
        return replace(value, arguments=(default, running))


def _negated(condition: Scalar) -> Scalar:
    return Call(overload_of("not"), (certain(condition),), Type.BOOL, False, condition.span)
