"""Totals within the parts of ``mv-apply`` and ``partition``: a part of which ``where`` leaves no row has a total all the same.

Kusto runs the body once a part, and ``summarize`` without ``by`` answers for no rows, too. In SQL a group without rows is no
group. So the predicates become a column that the rows carry, and the aggregates take the rows in which it is true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transpiler.functions.registry import FUNCTIONS, Overload
from transpiler.plan.relations import (
    Aggregate,
    AggregateCall,
    Expand,
    Filter,
    FirstPerGroup,
    Limit,
    Project,
    Relation,
    Walk,
    Window,
)
from transpiler.plan.scalars import Column, ColumnRef, Scalar, is_windowed
from transpiler.semantics.calls import call_function, make_call
from transpiler.semantics.scope import Scope
from transpiler.types import Type

_SHAPING = (Project, Window, Walk, FirstPerGroup)


def kept_totals(scope: Scope, total: Aggregate, start: Relation, keyword: str) -> Aggregate:
    """An aggregate of the body, over rows that are marked instead of filtered where it has no ``by``.

    ``start`` is the relation whose parts the body sees. Raises KqlError where the rows cannot be marked.
    """
    if total.keys or not total.aggregates:
        return total
    path = _path(total.input, start)
    if not any(_drops(r) for r in path):
        return total
    refusal = scope.error(
        "KQL204", f"a total over filtered rows of {_PARTS[keyword]}, which may be none", total.origin.span
    )
    below: Relation = path[-1].input if path else start
    keep: Column | None = None
    for relation in reversed(path):
        if keep is None and not _drops(relation):
            below = replace(relation, input=below)
        elif isinstance(relation, Filter) and not is_windowed(relation.predicate):
            below, keep = _marked(scope, relation, below, keep)
        elif isinstance(relation, Project) and not any(map(is_windowed, relation.computed.values())):
            below = replace(relation, columns=(*relation.columns, *([keep] if keep else [])), input=below)
        else:
            raise refusal
    assert keep is not None
    calls = [_conditional(scope, a, keep) for a in total.aggregates]
    if None in calls:
        raise refusal
    return replace(total, input=below, aggregates=tuple(c for c in calls if c is not None))


_PARTS = {"mv-apply": "a row's elements", "partition": "a partition"}


def _path(
    relation: Relation, start: Relation
) -> list[Filter | Limit | Expand | Project | Window | Walk | FirstPerGroup]:
    """The relations down to the one whose parts have rows for certain: the start, or another total."""
    path = []
    while relation is not start and isinstance(relation, (Filter, Limit, Expand, *_SHAPING)):
        path.append(relation)
        relation = relation.input
    return path


def _drops(relation: Relation) -> bool:
    """Whether nothing may be left of a part."""
    return isinstance(relation, Filter | Expand) or (isinstance(relation, Limit) and relation.count < 1)


def _marked(scope: Scope, relation: Filter, below: Relation, keep: Column | None) -> tuple[Project, Column]:
    """The rows with a column that says whether the predicate, and those before it, hold."""
    test = relation.predicate
    if keep is not None:
        test = call_function(scope, "and", [ColumnRef(keep), test], relation.origin.span)
    mark = Column("is_kept", Type.BOOL, True)
    columns = (*relation.columns, mark)
    return Project(columns=columns, origin=relation.origin, input=below, computed={mark: test}), mark


def _conditional(scope: Scope, aggregate: AggregateCall, keep: Column) -> AggregateCall | None:
    """The aggregate over the kept rows; None where it has no such form."""
    call = aggregate.call
    found = _form(call.overload)
    if found is None:
        return None
    overload, place = found
    arguments: list[Scalar] = list(call.arguments)
    test: Scalar = ColumnRef(keep)
    if place < len(arguments) and overload is call.overload:
        test = call_function(scope, "and", [test, arguments[place]], call.span)
        arguments[place] = test
    else:
        arguments.insert(place, test)
    made = make_call(scope, overload, tuple(arguments), call.span, call.type)
    return replace(aggregate, call=replace(made, options=call.options))


def _form(overload: Overload) -> tuple[Overload, int] | None:
    """The overload that takes a predicate, and where: the aggregate's own, or that of its ``…if``."""
    if (place := _place(overload)) is not None:
        return overload, place
    function = FUNCTIONS.find(f"{overload.name}if", aggregate=True)
    forms: Sequence[Overload] = function.overloads if function is not None else ()
    keys = (f"{overload.key} if", f"{overload.key}if")
    form = next((o for o in forms if o.key in keys), None)
    place = _place(form) if form is not None else None
    return None if form is None or place is None else (form, place)


def _place(overload: Overload) -> int | None:
    names = [p.name for p in overload.parameters]
    return next((i for i, name in enumerate(names) if name in ("predicate", "present")), None)
