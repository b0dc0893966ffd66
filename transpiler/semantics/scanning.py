"""scan with one step, where its state is a running sum, a value carried forward or a running extreme: window functions.

The state of the step (``s.a``) is the last row that matched. A state that is computed from itself in another way would have
to be followed row by row, which SQL does not do, and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TypeVar, cast

from transpiler.kql import syntax
from transpiler.plan.relations import Filter, OrderKey
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, WindowCall, columns_of
from transpiler.semantics.calls import convert, overload_of
from transpiler.semantics.dispatch import bind_scalar, binds_operator
from transpiler.semantics.expressions import binary, bind_predicate
from transpiler.semantics.scope import RowScope, Scope, Tabular
from transpiler.semantics.shaping import origin_of, over, project
from transpiler.semantics.substitution import substituted
from transpiler.semantics.windowing import contains_window, count_true, order_of
from transpiler.source import Span
from transpiler.types import TYPE_NAMES, Type

_STATE = "$state."
N = TypeVar("N")


@binds_operator(syntax.Scan)
def _scan(scope: Scope, tabular: Tabular, node: syntax.Scan) -> Tabular:
    if len(node.steps) != 1 or node.order or node.partition or node.parameters:
        raise scope.error("KQL200", "scan is translated with one step and no further clause", node.span)
    (step,) = node.steps
    if step.output not in (None, "all") or step.optional:
        raise scope.error("KQL200", "scan is translated for a plain step that yields all its rows", step.span)
    order = order_of(scope, tabular, "scan", node.span)
    declared = _declared(scope, node)
    states = _states(tabular, declared)
    row = replace(
        scope.over(tabular), row=RowScope((*tabular.visible, *declared, *states), tabular, is_open=tabular.is_open)
    )
    step = _with_states(step, step.name)
    condition = substituted(bind_predicate(row, step.condition), dict(declared))
    _refuse_window(scope, condition, step.condition)
    if columns_of(condition) & set(states):
        raise scope.error("KQL204", "the rows that match depend on the rows before", step.condition.span)
    matched = _matching(scope, tabular, condition, node)
    machine = _Machine(scope, order, declared, states)
    for assignment in step.assignments:
        target = next((c for c in declared if c.name == assignment.name), None)
        if target is None:
            raise scope.error("KQL100", f"scan declares no column '{assignment.name}'", assignment.span)
        value = convert(scope, bind_scalar(row, assignment.value), target.type)
        _refuse_assigned(scope, value, machine, assignment)
        _refuse_window(scope, value, assignment.value)
        machine.assigned[target] = substituted(value, dict(declared))
    computed = {Column(c.name, c.type, True): machine.value(c) for c in declared}
    visible = [c for c in tabular.visible if c.name not in {n.name for n in computed}]
    return project(matched, [*visible, *computed], computed, replace(origin_of(scope, node, "scan"), text=""))


def _refuse_window(scope: Scope, scalar: Scalar, node: syntax.Expr) -> None:
    if contains_window(scalar):
        raise scope.error(
            "KQL105", "a window function cannot stand within scan; its state is the row before", node.span
        )


def _refuse_assigned(scope: Scope, value: Scalar, machine: _Machine, assignment: syntax.ScanAssignment) -> None:
    """A column without the step's name is its default; whether an earlier assignment of the step shows is not documented."""
    if columns_of(value) & machine.assigned.keys():
        raise scope.error("KQL204", "the value of a column that the same step has assigned", assignment.span)


def _declared(scope: Scope, node: syntax.Scan) -> dict[Column, Scalar]:
    """The declared columns and their defaults."""
    found: dict[Column, Scalar] = {}
    for declaration, default in node.declare:
        t = TYPE_NAMES[declaration.type_name]
        value: Scalar = Constant(t, None, declaration.span)
        if default is not None:
            value = convert(scope, bind_scalar(scope.without_row(), default), t)
        found[Column(declaration.name, t, True)] = value
    return found


def _states(tabular: Tabular, declared: dict[Column, Scalar]) -> dict[Column, Column]:
    """A stand-in for each ``s.column`` of the state, and what it is the state of."""
    return {Column(f"{_STATE}{c.name}", c.type, True): c for c in (*declared, *tabular.visible)}


def _with_states(node: N, step: str) -> N:
    """The syntax tree with ``s.a`` as one name."""
    if isinstance(node, syntax.Member) and isinstance(node.base, syntax.Name) and node.base.name == step:
        return cast("N", syntax.Name(f"{_STATE}{node.name}", span=node.span))
    if isinstance(node, tuple) and not isinstance(node, Span):
        return cast("N", tuple(_with_states(n, step) for n in node))
    if not is_dataclass(node) or isinstance(node, type):
        return node
    changes = {
        f.name: new for f in fields(node) if (new := _with_states(old := getattr(node, f.name), step)) is not old
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
    assigned: dict[Column, Scalar] = field(default_factory=dict)
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
            raise self._refuse(value)
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

    def _refuse(self, value: Scalar) -> Exception:
        return self.scope.error("KQL204", "the state of this scan must be followed row by row", value.span)

    def _folded(self, value: Scalar, own: Column, default: Scalar) -> Scalar:
        """A value that reads its own state: a running sum, a reset, a carried value, a running extreme."""
        if isinstance(value, Call) and value.overload.name in ("max_of", "min_of"):
            return self._extreme(value, own, default)
        added = self._added(value, own)
        if added is not None:
            return binary(self.scope, "+", default, self._sum(added, (), value.span), value.span)
        if not (isinstance(value, Call) and value.overload.name == "case" and len(value.arguments) == 3):
            raise self._refuse(value)
        condition, then, otherwise = value.arguments
        if own in columns_of(condition):
            raise self._refuse(value)
        if own in columns_of(then):
            condition, then, otherwise = _negated(condition), otherwise, then
        if own in columns_of(then):
            raise self._refuse(value)
        return self._reset(_true(condition), then, otherwise, own, default)

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
            raise self._refuse(otherwise)
        zero = Constant(Type.REAL, 0.0) if added.type is Type.REAL else Constant(Type.LONG, 0)
        later = Call(overload_of("case"), (condition, zero, added), added.type, False, span)
        return binary(self.scope, "+", first, self._sum(later, (part,), span), span)

    def _added(self, value: Scalar, own: Column) -> Scalar | None:
        """What is added to the state in ``s.a + x``; None for another form, or an x that may be null (it would stay null)."""
        if not (isinstance(value, Call) and value.overload.name == "+" and len(value.arguments) == 2):
            return None
        for state, other in (value.arguments, value.arguments[::-1]):
            if isinstance(state, ColumnRef) and state.column is own and own not in columns_of(other):
                return None if other.nullable else other
        return None

    def _sum(self, added: Scalar, partition: tuple[Scalar, ...], span: Span) -> Scalar:
        return WindowCall(overload_of("row_cumsum"), (added,), added.type, False, self.order, partition, span)

    def _extreme(self, value: Call, own: Column, default: Scalar) -> Scalar:
        """``max_of(s.a, x)``; the default is the first state."""
        others = [a for a in value.arguments if not (isinstance(a, ColumnRef) and a.column is own)]
        if len(others) != 1 or own in columns_of(others[0]) or others[0].nullable or default.nullable:
            raise self._refuse(value)
        name = "running max" if value.overload.name == "max_of" else "running min"
        running = WindowCall(overload_of(name), (others[0],), value.type, False, self.order, (), value.span)
        return replace(value, arguments=(default, running))


def _negated(condition: Scalar) -> Scalar:
    return Call(overload_of("not"), (_true(condition),), Type.BOOL, False, condition.span)


def _true(condition: Scalar) -> Scalar:
    """The condition, false where it is null."""
    if not condition.nullable:
        return condition
    no = Constant(Type.BOOL, False, condition.span)
    return Call(overload_of("coalesce", "coalesce"), (condition, no), Type.BOOL, False, condition.span)
