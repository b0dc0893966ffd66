"""What a plan reads: its relations in order, and which columns each must yield, so that no table is read for more than that."""

from __future__ import annotations

from dataclasses import replace

from transpiler.diagnostics import KqlError
from transpiler.frozen import frozen
from transpiler.plan.relations import (
    Aggregate,
    AggregateCall,
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
    Walk,
    Window,
    inputs,
)
from transpiler.plan.scalars import Column, ColumnRef, Scalar, children, columns_in, columns_of, subqueries_of

Needs = dict[int, set[Column]]


def pruned(aggregate: AggregateCall, needed: set[Column]) -> AggregateCall:
    """arg_max and take_any without the returned columns that nobody reads (``arg_max(t, *)`` of a wide table)."""
    key = aggregate.call.overload.key
    if key not in ("arg_max", "arg_min", "take_any") or len(aggregate.columns) != len(aggregate.call.arguments):
        return aggregate
    always = 0 if key == "take_any" else 1
    pairs = list(zip(aggregate.columns, aggregate.call.arguments, strict=True))
    kept = pairs[:always] + [p for p in pairs[always:] if p[0] in needed]
    kept = kept or pairs[:1]
    call = replace(aggregate.call, arguments=tuple(a for _, a in kept))
    return replace(aggregate, columns=tuple(c for c, _ in kept), call=call)


def live_aggregates(relation: Aggregate, needed: set[Column]) -> list[AggregateCall]:
    """The aggregates that someone reads, pruned; without keys at least one, so that there is a row."""
    read = [a for a in relation.aggregates if not needed.isdisjoint(a.columns)]
    if not read and not relation.keys:
        read = list(relation.aggregates[:1])
    return [pruned(a, needed) for a in read]


def scalars_of(relation: Relation, needed: set[Column] | None = None) -> list[Scalar]:
    """Every scalar that a relation evaluates; ``needed``: only for the columns that are read of it."""
    match relation:
        case Filter():
            return [relation.predicate]
        case Project() | Window():
            return [s for c, s in relation.computed.items() if needed is None or c in needed]
        case Scan():
            return list(relation.window)
        case Values():
            return [s for row in relation.rows for s in row]
        case Series():
            return [relation.start, relation.stop, relation.step]
        case Aggregate():
            found: list[Scalar] = list(relation.keys.values())
            for a in relation.aggregates if needed is None else live_aggregates(relation, needed):
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
            return [s for source in relation.sources for c, s in source.items() if needed is None or c in needed]
        case Expand():
            return [e.value for e in relation.expansions]
        case Walk():
            found = [ColumnRef(relation.place), *([relation.next] if relation.next is not None else [])]
            found += [*relation.partition, *(s for level in relation.levels for s in level.values())]
            return found + [s for state in relation.states for s in (state.initial, state.value)]
        case Reference():
            return []


@frozen(eq=False)
class Survey:
    """Every relation of a plan, what is read before what reads it.

    By ``id``: ``uses`` says how many places read each, ``asking`` are those whose scalars read tables of their own.
    ``has_subqueries``: whether any scalar does, those of the order included.
    """

    relations: list[Relation]
    uses: dict[int, int]
    asking: set[int]
    has_subqueries: bool


def survey(plan: Plan, most: int) -> Survey:
    """A plan at a glance. Raises KQL004 when more than ``most`` relations lie one on another."""
    ordering = [r for r, _ in subqueries_of(k.value for k in plan.order)]
    relations: list[Relation] = []
    reads: dict[int, list[Relation]] = {}
    uses: dict[int, int] = {}
    asking: set[int] = set()
    height: dict[int, int] = {}
    stack = [plan.relation, *ordering]
    for relation in stack:
        uses[id(relation)] = uses.get(id(relation), 0) + 1
    while stack:
        relation = stack[-1]
        key = id(relation)
        below = reads.get(key)
        if below is None:
            below = reads[key] = _read_by(relation, asking)
            for r in below:
                uses[id(r)] = uses.get(id(r), 0) + 1
            if waiting := [r for r in reversed(below) if id(r) not in reads]:
                stack += waiting
                continue
        stack.pop()
        if key not in height:
            own = 0 if isinstance(relation, Reference) else 1
            height[key] = own + max((height[id(r)] for r in below), default=0)
            if height[key] > most:
                raise KqlError("KQL004", f"more than {most} stages lie one on another here", relation.origin.span)
            relations.append(relation)
    return Survey(relations, uses, asking, bool(ordering or asking))


def _read_by(relation: Relation, asking: set[int]) -> list[Relation]:
    """What a relation reads: its inputs, then the tables within its scalars, which are noted."""
    below = list(inputs(relation))
    if within := subqueries_of(scalars_of(relation)):
        asking.add(id(relation))
        below += [r for r, _ in within]
    return below


def needs_of(plan: Plan, found: Survey) -> Needs:
    """The columns that are used of each relation, by ``id``."""
    # The sets are never changed: a relation that reads nothing more hands its own on, which are all columns of a wide table.
    needs: Needs = {id(r): set() for r in found.relations}
    needs[id(plan.relation)] = columns_in([k.value for k in plan.order]).union(plan.visible)
    for relation in reversed(found.relations):
        own = needs[id(relation)]
        scalars = scalars_of(relation, own)
        read = columns_in(scalars)
        _check_reads(relation, own, read)
        for target, columns in _passed_on(relation, own, read):
            needs[id(target)] = needs[id(target)] | columns if needs[id(target)] else columns
        if id(relation) in found.asking:
            for target, column in subqueries_of(scalars):
                needs[id(target)] = needs[id(target)] | {column}
    return needs


def _passed_on(relation: Relation, own: set[Column], read: set[Column]) -> list[tuple[Relation, set[Column]]]:
    """What is needed of each relation below; ``own``: what is needed of this one, ``read``: what its scalars read."""
    match relation:
        case Filter() | Limit():
            return [(relation.input, own if read <= own else own | read)]
        case Project():
            return [(relation.input, own.difference(relation.computed) | read)]
        case Scan() | Values() | Series():
            return []
        case Reference():
            return [(relation.target, _referred(relation, own))]
        case Join():
            wanted = read | {relation.sources[c] for c in own if c in relation.sources}
            return [(side, wanted.intersection(side.columns)) for side in (relation.left, relation.right)]
        case UnionAll():
            return [
                (r, {c for out, s in source.items() if out in own for c in columns_of(s)})
                for r, source in zip(relation.inputs, relation.sources, strict=True)
            ]
        case Aggregate():
            return [(relation.input, read)]
        case _:
            return [(relation.input, (own | read).intersection(relation.input.columns))]


def _check_reads(relation: Relation, own: set[Column], read: set[Column]) -> None:
    """Raises KQL105 for a table within a scalar (``toscalar``, ``in``) that reads the row around it, by a function's parameter."""
    # A window is over the scan's own columns, a walk reads its states.
    if not read or isinstance(relation, Scan | Walk):
        return
    missing = read.difference(*[i.columns for i in inputs(relation)])
    scalars = scalars_of(relation, own) if missing else []
    while missing:
        scalar = scalars.pop()
        if isinstance(scalar, ColumnRef) and scalar.column in missing:
            reason = f"'{scalar.column.name}' is a column of the row; a table within a scalar cannot read it"
            raise KqlError("KQL105", reason, scalar.span, hint="join the tables, or give the function a constant")
        scalars.extend(children(scalar))


def _referred(relation: Reference, own: set[Column]) -> set[Column]:
    return {t for c, t in zip(relation.columns, relation.target.columns, strict=True) if c in own}
