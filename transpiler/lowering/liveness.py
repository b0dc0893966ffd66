"""Which columns each relation must yield, so that a table is read for no more than the query uses."""

from __future__ import annotations

from collections.abc import Iterable

from transpiler.plan.relations import (
    Aggregate,
    Expand,
    Filter,
    FirstPerGroup,
    Join,
    Limit,
    Plan,
    Project,
    Reference,
    Relation,
    Scan,
    Series,
    UnionAll,
    Values,
    Window,
    inputs,
)
from transpiler.plan.scalars import Column, InRelation, Scalar, ScalarSubquery, children, columns_of

Needs = dict[int, set[Column]]


def scalars_of(relation: Relation) -> list[Scalar]:
    """Every scalar that a relation evaluates."""
    match relation:
        case Scan():
            return list(relation.window)
        case Values():
            return [s for row in relation.rows for s in row]
        case Series():
            return [relation.start, relation.stop, relation.step]
        case Filter():
            return [relation.predicate]
        case Project():
            return list(relation.computed.values())
        case Window():
            return list(relation.computed.values())
        case Aggregate():
            found: list[Scalar] = list(relation.keys.values())
            for a in relation.aggregates:
                found += [a.call, *(k.value for k in a.order)]
            return found
        case Limit():
            return [k.value for k in relation.order]
        case FirstPerGroup():
            return [*relation.keys, *(k.value for k in relation.order)]
        case Join():
            pairs = [s for pair in relation.on for s in pair]
            return pairs + ([relation.condition] if relation.condition is not None else [])
        case UnionAll():
            return [s for source in relation.sources for s in source.values()]
        case Expand():
            return [e.value for e in relation.expansions]
        case Reference():
            return []


def _subquery_uses(scalars: Iterable[Scalar]) -> list[tuple[Relation, Column]]:
    found: list[tuple[Relation, Column]] = []
    stack = list(scalars)
    while stack:
        s = stack.pop()
        if isinstance(s, InRelation | ScalarSubquery):
            found.append((s.relation, s.column))
        stack.extend(children(s))
    return found


def in_order(plan: Plan) -> list[Relation]:
    """Every relation of a plan, what is read before what reads it."""
    done: set[int] = set()
    found: list[Relation] = []
    stack: list[tuple[Relation, bool]] = [(plan.relation, False)]
    stack += [(r, False) for r, _ in _subquery_uses(k.value for k in plan.order)]
    while stack:
        relation, ready = stack.pop()
        if ready:
            if id(relation) not in done:
                done.add(id(relation))
                found.append(relation)
            continue
        if id(relation) in done:
            continue
        stack.append((relation, True))
        before = [*inputs(relation), *(r for r, _ in _subquery_uses(scalars_of(relation)))]
        stack.extend((r, False) for r in reversed(before))
    return found


def needs_of(plan: Plan, relations: list[Relation]) -> Needs:
    """The columns that are used of each relation, by ``id``. ``relations`` as ``in_order`` gives them."""
    needs: Needs = {id(r): set() for r in relations}
    needs[id(plan.relation)] |= set(plan.visible) | {c for k in plan.order for c in columns_of(k.value)}
    for relation in reversed(relations):
        own = needs[id(relation)]
        for target, columns in _passed_on(relation, own):
            needs[id(target)] |= columns
        for target, column in _subquery_uses(scalars_of(relation)):
            needs[id(target)].add(column)
    return needs


def _passed_on(relation: Relation, own: set[Column]) -> list[tuple[Relation, set[Column]]]:
    match relation:
        case Scan() | Values() | Series():
            return []
        case Reference():
            return [(relation.target, _referred(relation, own))]
        case Join():
            read = {c for s in scalars_of(relation) for c in columns_of(s)} | {
                relation.sources[c] for c in own if c in relation.sources
            }
            return [(side, read & set(side.columns)) for side in (relation.left, relation.right)]
        case UnionAll():
            return [
                (r, {c for out, s in source.items() if out in own for c in columns_of(s)})
                for r, source in zip(relation.inputs, relation.sources, strict=True)
            ]
        case Aggregate():
            return [(relation.input, {c for s in scalars_of(relation) for c in columns_of(s)})]
        case _:
            read = {c for s in scalars_of(relation) for c in columns_of(s)}
            return [(relation.input, (read | own) & set(relation.input.columns))]


def _referred(relation: Reference, own: set[Column]) -> set[Column]:
    return {t for c, t in zip(relation.columns, relation.target.columns, strict=True) if c in own}
