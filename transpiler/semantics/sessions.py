"""row_window_session: where sessions begin.

A row begins one if it is the first, if it or the row before has no time, if it is far enough from the row before, or if it
restarts: none of these asks where the session began. Between two such rows only the distance from the start counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transpiler.kql.instants import UNIX_EPOCH
from transpiler.plan.relations import OrderKey, State
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, WindowCall
from transpiler.semantics.scalars.calls import overload_of
from transpiler.source import Span
from transpiler.types import Type


def begins_anyway(time: Scalar, previous: Scalar, w: WindowCall) -> Scalar:
    """Whether a row begins a session whatever the session's start, but for the restart."""
    missing = [_call("isnull", (previous,), w.span)]
    missing += [_call("isnull", (time,), w.span)] if time.nullable else []
    return _call("or", (*missing, _is_far(time, previous, w.arguments[2], w.span)), w.span)


def followed(time: Scalar, w: WindowCall) -> State:
    """The session's start, row by row through a part."""
    before = Column("session", time.type, True)
    start = ColumnRef(before, w.span)
    is_new = _call("or", (_call("isnull", (start,), w.span), _is_far(time, start, w.arguments[1], w.span)), w.span)
    value = Call(overload_of("case"), (is_new, time, start), time.type, True, w.span)
    return State(before, Column("session", time.type, True), Constant(time.type, None), value)


def started(time: Scalar) -> State:
    """The time of a row that is visited, which is one that begins a session."""
    before, after = (Column("session_start", time.type, True) for _ in range(2))
    return State(before, after, Constant(time.type, None), time)


def since_epoch(time: Scalar, span: Span) -> Scalar:
    """A time as a number that a frame of rows can be measured in."""
    epoch = Constant(Type.DATETIME, UNIX_EPOCH, span)
    return Call(overload_of("-", "- datetimes"), (time, epoch), Type.TIMESPAN, time.nullable, span)


def is_ascending(w: WindowCall, order: Sequence[OrderKey]) -> bool:
    """Whether the times of a part never descend: they are sorted, within groups each of which restarts."""
    time, from_first = w.arguments[:2]
    if not isinstance(time, ColumnRef) or not (isinstance(from_first, Constant) and int(from_first.value or 0) > 0):
        return False
    restarting = set(_changes(w.arguments[3])) if len(w.arguments) > 3 else set()
    for key in order:
        if not isinstance(key.value, ColumnRef):
            return False
        if key.value.column is time.column:
            return not key.descending
        if key.value.column not in restarting:
            return False
    return False


def _changes(restart: Scalar) -> Iterator[Column]:
    """The columns of whose changes each restarts: ``a != prev(a) or b != prev(b)``."""
    match restart:
        case Call(overload=overload) if overload.key == "or":
            for argument in restart.arguments:
                yield from _changes(argument)
        case Call(overload=overload) if overload.name == "!=":
            for one, other in (restart.arguments, restart.arguments[::-1]):
                if isinstance(one, ColumnRef) and isinstance(other, WindowCall) and other.overload.name == "prev":
                    before = other.arguments[0]
                    if len(other.arguments) == 1 and isinstance(before, ColumnRef) and before.column is one.column:
                        yield one.column


def _is_far(time: Scalar, start: Scalar, distance: Scalar, span: Span) -> Scalar:
    passed = Call(overload_of("-", "- datetimes"), (time, start), Type.TIMESPAN, True, span)
    return Call(overload_of(">=", ">="), (passed, distance), Type.BOOL, True, span)


def _call(name: str, arguments: tuple[Scalar, ...], span: Span) -> Call:
    nullable = name == "or" and any(a.nullable for a in arguments)
    key = {"isnull": "isnull"}.get(name)
    return Call(overload_of(name, key), arguments, Type.BOOL, nullable, span)
