"""A test behind an innerunique join, where it reads the left side alone, chooses among the left rows of a key.

Which of them stays Kusto does not say, but for this: a later test on the left side is moved before the choice, so that a
key which has a row that meets the test is in the answer (documentation of the innerunique join). A let is a calculation, not
its value, so that each of its uses chooses anew, but for what is materialized.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from transpiler.plan.relations import (
    Aggregate,
    Expand,
    Filter,
    FirstPerGroup,
    Join,
    Origin,
    Project,
    Reference,
    Relation,
    UnionAll,
    inputs,
)
from transpiler.plan.scalars import Call, ColumnRef, Constant, Scalar, columns_of, is_windowed
from transpiler.semantics.operators.substitution import substituted
from transpiler.semantics.scalars.calls import overload_of
from transpiler.semantics.scalars.expressions import connect
from transpiler.semantics.scope import Scope
from transpiler.types import Type

_KEEPS_LEFT = frozenset({"inner", "leftouter", "leftsemi", "leftanti"})
_KEEPS_RIGHT = frozenset({"inner", "rightouter", "rightsemi", "rightanti"})
_Passing: TypeAlias = Filter | Project | Aggregate | Expand | Reference

_MAX_TEST = 500
"""How many nodes a test may come to in terms of the join: extends that use each other twice double at each step."""

_MAX_SOUGHT = 500
"""How often a query looks for a choice: lets that use each other twice double at each step, and so do their tests."""


def chosen(scope: Scope, relation: Relation, test: Scalar, origin: Origin) -> tuple[Relation, list[Scalar]]:
    """The relation with those parts of a test moved before the choice of a row that can be, and the parts that remain."""
    if not scope.environment.chooses:
        return relation, [test]
    remaining: list[Scalar] = []
    *before, last = _conjuncts(test)
    unsaid = origin.without_text
    for part in (*before, last):
        said = unsaid if remaining or part is not last else origin
        moved = None if is_windowed(part) else _moved(scope, relation, part, said)
        if moved is None:
            remaining.append(part)
        else:
            relation = moved
    return relation, remaining


def _conjuncts(test: Scalar) -> list[Scalar]:
    if isinstance(test, Call) and test.overload.name == "and":
        return [part for argument in test.arguments for part in _conjuncts(argument)]
    return [test]


def _moved(scope: Scope, relation: Relation, test: Scalar, origin: Origin) -> Relation | None:
    """The relation whose rows meet the test since it was made before a choice; None where it is before none."""
    scope.environment.sought += 1
    if scope.environment.sought > _MAX_SOUGHT:
        return None
    passed: list[_Passing] = []
    while isinstance(relation, _Passing) and not scope.environment.is_fixed(relation):
        inner = _before(relation, test)
        if inner is None or is_windowed(inner) or scope.environment.size_of(inner) > _MAX_TEST:
            return None
        passed.append(relation)
        test, relation = inner, inputs(relation)[0]
    below: Relation | None = None
    if isinstance(relation, Join) and not scope.environment.is_fixed(relation):
        below = _within_join(scope, relation, test, origin)
    elif isinstance(relation, UnionAll) and not scope.environment.is_fixed(relation):
        below = _within_union(scope, relation, test, origin)
    for above in reversed(passed):
        below = None if below is None else _over(above, below)
    return below


def _before(relation: _Passing, test: Scalar) -> Scalar | None:
    """The test in terms of what a relation reads; None where it does not keep or drop the rows of its input by it."""
    match relation:
        case Filter():
            return test
        case Project():
            # Trap: the rows that a test drops are counted and looked at by the window functions of a column beside it.
            return None if any(map(is_windowed, relation.computed.values())) else substituted(test, relation.computed)
        case Aggregate():
            keys = {c: _never_missing(s) for c, s in relation.keys.items()}
            return substituted(test, keys) if columns_of(test) <= keys.keys() else None
        case Expand():
            return test if columns_of(test) <= set(relation.input.columns) else None
        case Reference():
            columns = zip(relation.columns, relation.target.columns, strict=True)
            return substituted(test, {mine: ColumnRef(theirs) for mine, theirs in columns})


def _never_missing(key: Scalar) -> Scalar:
    """A key as its groups have it: a missing text is '' there, and the test is written for that."""
    if key.type is not Type.STRING or not key.nullable:
        return key
    empty = Constant(Type.STRING, "", key.span)
    return Call(overload_of("coalesce", "coalesce string"), (key, empty), Type.STRING, False, key.span)


def _over(above: _Passing, below: Relation) -> Relation:
    return replace(above, target=below) if isinstance(above, Reference) else replace(above, input=below)


def _within_join(scope: Scope, join: Join, test: Scalar, origin: Origin) -> Join | None:
    inner = substituted(test, {c: ColumnRef(join.sources[c]) for c in columns_of(test) if c in join.sources})
    read = columns_of(inner)
    if not read or _has_common_part((join.left, join.right)):
        return None
    if join.kind in _KEEPS_LEFT and read <= set(join.left.columns):
        left = _within_left(scope, join.left, inner, origin)
        return None if left is None else replace(join, left=left)
    if join.kind in _KEEPS_RIGHT and read <= set(join.right.columns):
        right = _moved(scope, join.right, inner, origin)
        return None if right is None else replace(join, right=right)
    return None


def _has_common_part(sides: tuple[Relation, ...]) -> bool:
    """Whether two sides are made of the same rows, as an operator that joins groups to their rows has them.

    Trap: moved into one of them, a test would choose there alone. Each use of a let is a choice of its own (``Reference``).
    """
    met: set[int] = set()
    for side in sides:
        parts: dict[int, Relation] = {}
        waiting = [side]
        while waiting:
            relation = waiting.pop()
            if id(relation) not in parts:
                parts[id(relation)] = relation
                waiting += () if isinstance(relation, Reference) else inputs(relation)
        if not met.isdisjoint(parts):
            return True
        met |= parts.keys()
    return False


def _within_left(scope: Scope, left: Relation, test: Scalar, origin: Origin) -> Relation | None:
    if not isinstance(left, FirstPerGroup) or not left.is_any:
        return _moved(scope, left, test, origin)
    below = _moved(scope, left.input, test, origin)
    return replace(left, input=_tested(scope, left.input, test, origin) if below is None else below)


def _within_union(scope: Scope, union: UnionAll, test: Scalar, origin: Origin) -> UnionAll | None:
    read = columns_of(test)
    if not read or not all(read <= source.keys() for source in union.sources) or _has_common_part(union.inputs):
        return None
    tests = [substituted(test, source) for source in union.sources]
    sides = list(zip(union.inputs, tests, strict=True))
    moved = [_moved(scope, side, inner, origin) for side, inner in sides]
    if not any(moved):
        return None
    sides_tested = (m or _tested(scope, side, inner, origin) for m, (side, inner) in zip(moved, sides, strict=True))
    return replace(union, inputs=tuple(sides_tested))


def _tested(scope: Scope, relation: Relation, test: Scalar, origin: Origin) -> Filter:
    """The rows that meet a test; parts of one ``where`` are one stage again."""
    if isinstance(relation, Filter) and relation.origin.span == origin.span:
        both = connect(scope, "and", [*_conjuncts(relation.predicate), test], origin.span)
        return replace(relation, origin=origin, predicate=both)
    return Filter(columns=relation.columns, origin=origin, input=relation, predicate=test)
