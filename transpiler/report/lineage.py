"""Where the columns of a result come from: through the plan, down to the columns of tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from transpiler.plan.relations import (
    Aggregate,
    AggregateCall,
    Expand,
    Join,
    Plan,
    Project,
    Reference,
    Relation,
    Scan,
    UnionAll,
    Window,
    inputs,
)
from transpiler.plan.scalars import Column, ColumnRef, InRelation, Scalar, ScalarSubquery, children
from transpiler.source import NOWHERE, Source
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Lineage:
    """A result column. ``sources`` are the table columns it is computed from (``Table.Column``); none for constants.

    ``expression`` is the KQL that computes it, '' for a column that is passed through.
    """

    name: str
    type: Type
    sources: tuple[str, ...]
    expression: str = ""


@dataclass(slots=True)
class _Origins:
    """What each column of a plan is made of: scalars over columns below it, or a column of a table."""

    stored: dict[Column, str] = field(default_factory=dict)
    made: dict[Column, tuple[Scalar, ...]] = field(default_factory=dict)
    texts: dict[Column, str] = field(default_factory=dict)
    aggregated: set[Column] = field(default_factory=set)


def lineage(plan: Plan, source: Source) -> tuple[Lineage, ...]:
    """The origin of every column that a plan shows."""
    origins = _Origins()
    for relation in _relations(plan.relation):
        _record(relation, origins, source)
    return tuple(
        Lineage(c.name, c.type, _sources(c, origins), "" if _passed(c, origins) else _text(c, origins))
        for c in plan.visible
    )


def _relations(root: Relation) -> Iterator[Relation]:
    seen: set[int] = set()
    stack: list[Relation] = [root]
    while stack:
        relation = stack.pop()
        if id(relation) in seen:
            continue
        seen.add(id(relation))
        yield relation
        stack.extend(inputs(relation))
        stack.extend(_subqueries(relation))


def _subqueries(relation: Relation) -> Iterator[Relation]:
    if isinstance(relation, Project):
        for scalar in relation.computed.values():
            for part in _parts(scalar):
                if isinstance(part, ScalarSubquery | InRelation):
                    yield part.relation


def _parts(scalar: Scalar) -> Iterator[Scalar]:
    stack = [scalar]
    while stack:
        part = stack.pop()
        yield part
        stack.extend(reversed(children(part)))


def _record(relation: Relation, origins: _Origins, source: Source) -> None:
    """Notes what a relation's new columns are made of."""
    match relation:
        case Scan():
            origins.stored.update({c: f"{relation.table}.{c.name}" for c in relation.columns})
        case Project():
            _computed(relation.computed, relation, origins, source)
        case Aggregate():
            _computed(relation.keys, relation, origins, source)
            for aggregate in relation.aggregates:
                _aggregated(aggregate, relation, origins, source)
        case Join():
            origins.made.update({c: (ColumnRef(below),) for c, below in relation.sources.items()})
        case UnionAll():
            for column in relation.columns:
                origins.made[column] = tuple(side[column] for side in relation.sources if column in side)
        case Expand():
            _computed({e.column: e.value for e in relation.expansions}, relation, origins, source)
        case Window():
            _computed(relation.computed, relation, origins, source)
        case Reference():
            pairs = zip(relation.columns, relation.target.columns, strict=False)
            origins.made.update({c: (ColumnRef(below),) for c, below in pairs})
        case _:
            pass


def _computed(found: Mapping[Column, Scalar], relation: Relation, origins: _Origins, source: Source) -> None:
    own = _is_own(relation, source)
    for column, scalar in found.items():
        origins.made[column] = (scalar,)
        if own and scalar.span != NOWHERE:
            origins.texts[column] = " ".join(source.slice(scalar.span).split())


def _aggregated(aggregate: AggregateCall, relation: Relation, origins: _Origins, source: Source) -> None:
    """The columns of an aggregate; each of arg_max's is one of its arguments."""
    columns, arguments = aggregate.columns, aggregate.call.arguments
    _computed(dict.fromkeys(columns, aggregate.call), relation, origins, source)
    origins.aggregated.update(columns)
    if len(columns) > 1 and len(columns) == len(arguments):
        origins.made.update({c: (a,) for c, a in zip(columns, arguments, strict=True)})


_COMPARED = 40
"""How much of a stage's text, which is cut where it is long, tells it from another text's."""


def _is_own(relation: Relation, source: Source) -> bool:
    """Whether a stage stands in the query itself and not in a function of the catalog, whose spans are another text's."""
    text = " ".join(relation.origin.text.split())[:_COMPARED]
    return bool(text) and " ".join(source.slice(relation.origin.span).split()).startswith(text)


def _passed(column: Column, origins: _Origins) -> bool:
    """Whether a column is a table's, as it is, through renames only."""
    seen: set[Column] = set()
    while column not in origins.stored and column not in seen:
        seen.add(column)
        scalars = origins.made.get(column, ())
        if len(scalars) != 1 or not isinstance(scalars[0], ColumnRef) or column in origins.aggregated:
            return False
        column = scalars[0].column
    return True


def _text(column: Column, origins: _Origins) -> str:
    """The expression that computes a column, behind renames."""
    seen: set[Column] = set()
    while column not in seen:
        seen.add(column)
        scalars = origins.made.get(column, ())
        if len(scalars) != 1 or not isinstance(scalars[0], ColumnRef) or column in origins.aggregated:
            break
        column = scalars[0].column
    return origins.texts.get(column, "")


def _sources(column: Column, origins: _Origins) -> tuple[str, ...]:
    """The table columns that a column is computed from, in the order in which they are met."""
    found: dict[str, None] = {}
    seen: set[Column] = set()
    stack = [column]
    while stack:
        current = stack.pop()
        if current in seen:
            continue
        seen.add(current)
        if current in origins.stored:
            found[origins.stored[current]] = None
            continue
        below = [c for scalar in origins.made.get(current, ()) for c in _columns(scalar)]
        stack.extend(reversed(below))
    return tuple(found)


def _columns(scalar: Scalar) -> Iterator[Column]:
    for part in _parts(scalar):
        if isinstance(part, (ColumnRef, ScalarSubquery)):
            yield part.column
