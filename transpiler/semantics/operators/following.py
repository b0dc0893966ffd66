"""scan row by row: every step's state is carried from row to row.

The state of a step is what the rows of its sequence came to, for this step and those before it. A row is tried against
the last step first. It extends a sequence of the step before (which moves on, and leaves that step without one), or else
repeats the step on its own sequence; only the first step begins one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from transpiler.plan.relations import State
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, InRelation, Path, Scalar, columns_of
from transpiler.semantics.operators.substitution import substituted
from transpiler.semantics.scalars.calls import overload_of
from transpiler.source import NOWHERE
from transpiler.types import Type

Part = tuple[int, Column]
"""A column of a step, by the step's number from 0."""


@dataclass(frozen=True, slots=True)
class Step:
    """``condition`` and ``assigned`` are over the row's columns and the stand-ins of ``s.a``."""

    condition: Scalar
    assigned: Mapping[Column, Scalar]
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """What a walk computes; per step whether a row matches, its assigned columns and the number of its sequence."""

    levels: tuple[Mapping[Column, Scalar], ...]
    states: tuple[State, ...]
    matched: tuple[Column, ...]
    values: Mapping[Part, Column]
    sequences: tuple[Column, ...]


@dataclass(slots=True)
class Machine:
    """``stand_ins`` say which column of which step each stands for; ``defaults`` what a declared column is at first."""

    steps: tuple[Step, ...]
    stand_ins: Mapping[Column, Part]
    defaults: Mapping[Column, Scalar]
    numbered: bool
    states: list[State] = field(default_factory=list)
    active: list[State] = field(default_factory=list)
    sequence: list[State] = field(default_factory=list)
    held: list[dict[Part, State]] = field(default_factory=list)

    def followed(self) -> Followed:
        """The walk over the rows."""
        for number in range(len(self.steps)):
            self.active.append(_state(f"step_{number + 1}", Constant(Type.BOOL, False)))
            self.sequence.append(_state(f"sequence_{number + 1}", Constant(Type.LONG, None)))
            self.held.append({p: self._held(number, p) for p in self._needed(number)})
        promoted = {k: Column(f"goes_on_{k + 1}", Type.BOOL, False) for k in range(1, len(self.steps))}
        repeated = {k: Column(f"repeats_{k + 1}", Type.BOOL, False) for k in range(len(self.steps))}
        return _Rows(self, promoted, repeated).followed()

    def _held(self, number: int, part: Part) -> State:
        step, column = part
        return _state(f"step_{number + 1}_{step + 1}_{column.name}", self.default(column))

    def default(self, column: Column) -> Scalar:
        """A column of a step that has no sequence."""
        return self.defaults.get(column, Constant(column.type, None))

    def _needed(self, number: int) -> list[Part]:
        """What the state of a step must hold: what it and later steps read of it and earlier ones, and what it shows."""
        read = [self.stand_ins[c] for step in self.steps[number:] for c in _read(step) if c in self.stand_ins]
        shown = [(number, c) for c in self.steps[number].assigned] if self.steps[number].is_shown else []
        return list(dict.fromkeys(p for p in (*read, *shown) if p[0] <= number))


def _read(step: Step) -> list[Column]:
    scalars = (step.condition, *step.assigned.values())
    return sorted({c for s in scalars for c in columns_of(s)}, key=lambda c: c.name)


@dataclass(frozen=True, slots=True)
class _Rows:
    """One row's transition. ``promoted`` and ``repeated`` say of each step how the row matches it."""

    machine: Machine
    promoted: Mapping[int, Column]
    repeated: Mapping[int, Column]

    def followed(self) -> Followed:
        m = self.machine
        steps = range(len(m.steps))
        first = {c: self._promotes(k) for k, c in self.promoted.items()}
        second = {c: self._repeats(k) for k, c in self.repeated.items()}
        values = {(k, c): Column(c.name, c.type, True) for k in steps for _, c in self._own(k)}
        third = {column: self._value(k, c) for (k, c), column in values.items()}
        matched = [_state(f"matches_{k + 1}", Constant(Type.BOOL, False), self._matches(k)) for k in steps]
        states = [*matched, *(_next(m.active[k], self._stays(k)) for k in steps)]
        states += [_next(s, self._held(k, p, values)) for k in steps for p, s in m.held[k].items()]
        if m.numbered:
            states += self._sequences()
        shown = {(k, c): m.held[k][k, c].after for k in steps if m.steps[k].is_shown for c in m.steps[k].assigned}
        levels = tuple(level for level in (first, second, third) if level)
        after = tuple(s.after for s in m.sequence)
        wanted = {s.after for k, s in enumerate(matched) if m.steps[k].is_shown} | set(shown.values())
        wanted |= {s for k, s in enumerate(after) if m.numbered and m.steps[k].is_shown}
        states = _live(levels, states, wanted)
        return Followed(levels, tuple(states), tuple(s.after for s in matched), shown, after)

    def _own(self, k: int) -> list[Part]:
        return [p for p in self.machine.held[k] if p[0] == k]

    # ---------------------------------------------------------------- how a row matches

    def _promotes(self, k: int) -> Scalar:
        before = self.machine.held[k - 1]
        condition = self._seen(self.machine.steps[k].condition, {p: _before(s) for p, s in before.items()})
        return _all(_before(self.machine.active[k - 1]), certain(condition))

    def _repeats(self, k: int) -> Scalar:
        condition = certain(self._seen(self.machine.steps[k].condition, self._current(k)))
        if k == 0:
            return condition
        free = [_not(ColumnRef(self.promoted[k]))]
        return _all(*free, self._remains(k), condition)

    def _remains(self, k: int) -> Scalar:
        """Whether the step still has its sequence, once the later steps have been tried."""
        active = _before(self.machine.active[k])
        return _all(active, _not(ColumnRef(self.promoted[k + 1]))) if k + 1 in self.promoted else active

    def _current(self, k: int) -> dict[Part, Scalar]:
        """The state of a step that is not promoted to; that of the first is empty where its sequence has moved on."""
        held = self.machine.held[k]
        found: dict[Part, Scalar] = {p: _before(s) for p, s in held.items()}
        if k == 0 and 1 in self.promoted:
            moved = ColumnRef(self.promoted[1])
            found = {p: _choice(moved, self.machine.default(p[1]), s) for p, s in found.items()}
        return found

    def _matches(self, k: int) -> Scalar:
        repeats = ColumnRef(self.repeated[k])
        return _any(ColumnRef(self.promoted[k]), repeats) if k in self.promoted else repeats

    # ---------------------------------------------------------------- what becomes of the state

    def _value(self, k: int, column: Column) -> Scalar:
        """A column of the row once the step has matched it."""
        m = self.machine
        value = m.steps[k].assigned.get(column)
        if value is None:
            return m.default(column) if column in m.defaults else ColumnRef(column)
        current = self._current(k)
        if k in self.promoted:
            earlier = m.held[k - 1]
            goes_on = ColumnRef(self.promoted[k])
            current = {
                p: _choice(goes_on, _before(earlier[p]) if p[0] < k else m.default(p[1]), s) for p, s in current.items()
            }
        return self._seen(value, current)

    def _stays(self, k: int) -> Scalar:
        return _any(self._matches(k), self._remains(k))

    def _held(self, k: int, part: Part, values: Mapping[Part, Column]) -> Scalar:
        state = self.machine.held[k][part]
        if part[0] < k:
            return _choice(ColumnRef(self.promoted[k]), _before(self.machine.held[k - 1][part]), _before(state))
        return _choice(self._matches(k), ColumnRef(values[part]), self._current(k)[part])

    def _sequences(self) -> list[State]:
        """The number of each step's sequence: a new one where the first step begins a sequence."""
        m = self.machine
        count = _state("sequences", Constant(Type.LONG, 0))
        begins = _all(self._matches(0), _not(self._remains(0)))
        more = Call(overload_of("+"), (_before(count), Constant(Type.LONG, 1)), Type.LONG, False)
        states = [_next(count, _choice(begins, more, _before(count)))]
        states.append(_next(m.sequence[0], _choice(begins, _before(count), _before(m.sequence[0]))))
        for k, goes_on in self.promoted.items():
            chosen = _choice(ColumnRef(goes_on), _before(m.sequence[k - 1]), _before(m.sequence[k]))
            states.append(_next(m.sequence[k], chosen))
        return states

    def _seen(self, scalar: Scalar, parts: Mapping[Part, Scalar]) -> Scalar:
        """The scalar with each ``s.a`` as a state says."""
        stand_ins = {c: parts[p] for c, p in self.machine.stand_ins.items() if p in parts}
        return substituted(scalar, stand_ins)


def hoisted(scalar: Scalar, states: Iterable[Column], found: dict[Column, Scalar]) -> Scalar:
    """The scalar with what does not read the state as columns, which are ``found`` before the walk."""
    stand_ins = set(states)
    if not columns_of(scalar) & stand_ins:
        if isinstance(scalar, Constant | ColumnRef):
            return scalar
        column = next((c for c, s in found.items() if s == scalar), None)
        if column is None:
            column = Column("scan_value", scalar.type, scalar.nullable)
            found[column] = scalar
        return ColumnRef(column, scalar.span)
    match scalar:
        case Call():
            arguments = tuple(hoisted(a, stand_ins, found) for a in scalar.arguments)
            return Call(scalar.overload, arguments, scalar.type, scalar.nullable, scalar.span, scalar.options)
        case Path():
            return Path(hoisted(scalar.base, stand_ins, found), scalar.steps, scalar.span)
        case InRelation() | _:
            return scalar


# ---------------------------------------------------------------- pieces


def _state(name: str, initial: Scalar, value: Scalar | None = None) -> State:
    before, after = (Column(name, initial.type, True) for _ in range(2))
    return State(before, after, initial, value if value is not None else ColumnRef(before))


def _live(levels: Iterable[Mapping[Column, Scalar]], states: list[State], wanted: set[Column]) -> list[State]:
    """The states that are shown, or read on the way."""
    read = {c for level in levels for s in level.values() for c in columns_of(s)}
    live: list[State] = []
    more = True
    while more:
        more = False
        for state in states:
            if state not in live and (state.after in wanted or state.before in read):
                live.append(state)
                read |= columns_of(state.value)
                more = True
    return [s for s in states if s in live]


def _next(state: State, value: Scalar) -> State:
    return State(state.before, state.after, state.initial, value)


def _before(state: State) -> ColumnRef:
    return ColumnRef(state.before)


def _logic(name: str, *operands: Scalar) -> Scalar:
    return Call(overload_of(name), operands, Type.BOOL, False)


def _all(*operands: Scalar) -> Scalar:
    return _logic("and", *operands)


def _any(*operands: Scalar) -> Scalar:
    return _logic("or", *operands)


def _not(operand: Scalar) -> Scalar:
    return _logic("not", operand)


def certain(condition: Scalar) -> Scalar:
    """The condition, false where it is null."""
    if not condition.nullable:
        return condition
    no = Constant(Type.BOOL, False, NOWHERE)
    return Call(overload_of("coalesce", "coalesce"), (condition, no), Type.BOOL, False, condition.span)


def _choice(condition: Scalar, then: Scalar, otherwise: Scalar) -> Scalar:
    if then == otherwise:
        return then
    return Call(overload_of("case"), (condition, then, otherwise), otherwise.type, True)
