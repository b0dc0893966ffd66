"""A test behind an innerunique join, where it reads the left side alone, chooses among the left rows of a key.

Which of them stays Kusto does not say, but for this: a later test on the left side is moved before the choice, so that a
key which has a row that meets the test is in the answer (documentation of the innerunique join).
"""

from __future__ import annotations

from dataclasses import replace

from transpiler.plan.relations import Filter, FirstPerGroup, Join, Origin, Project, Relation
from transpiler.plan.scalars import Call, Column, ColumnRef, Scalar, columns_of, is_windowed
from transpiler.semantics.operators.substitution import substituted
from transpiler.semantics.scope import Scope

_KEEPS_LEFT = frozenset({"inner", "leftouter", "leftsemi", "leftanti"})
_KEEPS_RIGHT = frozenset({"inner", "rightouter", "rightsemi", "rightanti"})
_MAX_TEST = (
    500  # nodes of a test that is written in terms of the join: extends that use each other twice double at each step
)


def chosen(scope: Scope, relation: Relation, test: Scalar, origin: Origin) -> tuple[Relation, list[Scalar]]:
    """The relation with those parts of a test moved before the choice of a row that can be, and the parts that remain."""
    if not scope.environment.chooses:
        return relation, [test]
    remaining: list[Scalar] = []
    parts = _conjuncts(test)
    origin = origin if len(parts) == 1 else replace(origin, text="")
    for part in parts:
        moved = None if is_windowed(part) else _moved(scope, relation, part, origin)
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
    passed: list[Filter | Project] = []
    while isinstance(relation, Filter | Project) and relation is not scope.begins_with:
        if isinstance(relation, Project):
            test = substituted(test, relation.computed)
            if is_windowed(test) or scope.environment.size_of(test) > _MAX_TEST:
                return None
        passed.append(relation)
        relation = relation.input
    if not isinstance(relation, Join) or relation is scope.begins_with:
        return None
    below: Relation | None = _within_join(scope, relation, test, origin)
    for above in reversed(passed):
        below = None if below is None else replace(above, input=below)
    return below


def _within_join(scope: Scope, join: Join, test: Scalar, origin: Origin) -> Join | None:
    sources: dict[Column, Scalar] = {c: ColumnRef(join.sources[c]) for c in columns_of(test) if c in join.sources}
    inner = substituted(test, sources)
    read = columns_of(inner)
    if not read:
        return None
    if join.kind in _KEEPS_LEFT and read <= set(join.left.columns):
        left = _within_left(scope, join.left, inner, origin)
        return None if left is None else replace(join, left=left)
    if join.kind in _KEEPS_RIGHT and read <= set(join.right.columns):
        right = _moved(scope, join.right, inner, origin)
        return None if right is None else replace(join, right=right)
    return None


def _within_left(scope: Scope, left: Relation, test: Scalar, origin: Origin) -> Relation | None:
    if not isinstance(left, FirstPerGroup) or not left.is_any:
        return _moved(scope, left, test, origin)
    below = _moved(scope, left.input, test, origin)
    if below is None:
        below = Filter(columns=left.input.columns, origin=origin, input=left.input, predicate=test)
    return replace(left, input=below)
