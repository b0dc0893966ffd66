"""top-nested: the leading values of columns by an aggregate, level under level, and with ``others`` what they leave over.

The groups that a level leaves over stand together, under the same groups above: a row for them and no more for what is below,
with the text of ``others`` and the aggregate at each level that has it, and nothing at a level that has none (the rows of
an example that the operator's page had until 2024: two levels with others, and one without between them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import Filter, Join, OrderKey, Origin, Project, Relation, UnionAll, Window
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import bind_constant, bind_whole, binds_operator
from transpiler.semantics.names import UniqueNames, result_name
from transpiler.semantics.operators.summarize import AggregateItem, aggregated, bind_aggregate_item, bind_keys
from transpiler.semantics.scalars.calls import convert, row_number
from transpiler.semantics.scalars.expressions import binary
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, project, unordered
from transpiler.types import Type, promotes


@dataclass(frozen=True, slots=True)
class _Level:
    """A level: its own key over the input's rows, the rows' groups by it and by the keys ``above``, and its aggregate's column."""

    clause: syntax.TopNestedClause
    key: Column
    scalar: Scalar
    value: Column
    above: tuple[Column, ...]
    relation: Relation
    others: Constant | None


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The groups that are chosen down to a level: the keys of all levels, and what they show."""

    relation: Relation
    keys: tuple[Column, ...]
    shown: tuple[Column, ...]


@binds_operator(syntax.TopNested)
def _top_nested(scope: Scope, tabular: Tabular, node: syntax.TopNested) -> Tabular:
    """Each level groups by its own value and those above it, and keeps the leading groups under each of those."""
    origin = origin_of(scope, node, "top-nested")
    levels = [_level(scope, tabular, node, depth) for depth in range(len(node.clauses))]
    first = levels[0]
    chosen = [_Chosen(first.relation, (first.key,), (first.key, first.value))]
    for level in levels[1:]:
        last = chosen[-1]
        columns = (level.key, level.value)
        relation, moved = _under(last.relation, level.relation, last.keys, level.above, last.shown, columns, origin)
        shown = tuple(moved[c] for c in (*last.shown, *columns))
        keys = (*(moved[k] for k in last.keys), moved[level.key])
        chosen.append(_Chosen(relation, keys, shown))
    result = unordered(chosen[-1].relation, chosen[-1].shown)
    if any(level.others is not None for level in levels):
        result = _with_others(scope, tabular, levels, chosen, origin)
    written = [isinstance(c.by, syntax.NamedExpression) for c in node.clauses]
    return _named_apart(result, written, origin)


def _named_apart(tabular: Tabular, written: Sequence[bool], origin: Origin) -> Tabular:
    """The levels' columns, a value and its aggregate each. One whose name is taken gets a number behind it, written or not."""
    names = UniqueNames()
    finals: dict[Column, str] = {}
    for value, aggregate, is_written in zip(tabular.visible[::2], tabular.visible[1::2], written, strict=True):
        finals[value] = names.unique(value.name)
        follows = aggregate.name == f"aggregated_{value.name}" and not is_written
        finals[aggregate] = names.unique(f"aggregated_{finals[value]}" if follows else aggregate.name)
    if all(c.name == final for c, final in finals.items()):
        return tabular
    moved = {c: column_for(final, ColumnRef(c)) for c, final in finals.items() if c.name != final}
    shown = [moved.get(c, c) for c in tabular.visible]
    return project(tabular, shown, {new: ColumnRef(old) for old, new in moved.items()}, origin.without_text)


def _level(scope: Scope, tabular: Tabular, node: syntax.TopNested, depth: int) -> _Level:
    clause = node.clauses[depth]
    row = scope.over(tabular)
    # The keys above stand under hidden names of their own; a level's names are told from others' at the end.
    above = {k: v for c in node.clauses[:depth] for k, v in bind_keys(row, (c.value,), UniqueNames()).items()}
    names = UniqueNames()
    own = bind_keys(row, (clause.value,), names)
    ((key, scalar),) = own.items()
    item = _aggregate(row, clause, key, {**above, **own}, names)
    origin = Origin("top-nested", clause.span, "", scope.source.line_of(clause.span.start))
    result = aggregated(tabular, {**above, **own}, [item], origin)
    value = result.visible[-1]
    relation = result.relation
    if clause.count is not None:
        relation = _leading(scope, relation, tuple(above), key, value, clause, origin)
    others = _others(scope, clause, key) if clause.others is not None else None
    return _Level(clause, key, scalar, value, tuple(above), relation, others)


def _aggregate(
    row: Scope, clause: syntax.TopNestedClause, key: Column, keys: dict[Column, Scalar], names: UniqueNames
) -> AggregateItem:
    aggregate = clause.by
    if not isinstance(aggregate, syntax.NamedExpression):
        name = f"aggregated_{result_name(clause.value) or key.name}"
        aggregate = syntax.NamedExpression((name,), aggregate, span=aggregate.span)
    return bind_aggregate_item(row, aggregate, keys, names)


def _others(scope: Scope, clause: syntax.TopNestedClause, key: Column) -> Constant:
    """What stands for the values that are left over. Raises KqlError for a value that the column cannot hold."""
    assert clause.others is not None
    given = bind_constant(scope.without_row(), clause.others, "others")
    found = convert(scope, given, key.type) if promotes(given.type, key.type) else given
    if not isinstance(found, Constant) or found.type is not key.type:
        raise scope.error(
            "KQL204",
            f"how a {given.type} stands for others among values that are {key.type} is not documented",
            clause.others.span,
            hint=f"of {key.name} = tostring(…)" if given.type is Type.STRING else f"with others = {key.type}(…)",
        )
    return found


def _leading(
    scope: Scope,
    relation: Relation,
    above: tuple[Column, ...],
    key: Column,
    value: Column,
    clause: syntax.TopNestedClause,
    origin: Origin,
) -> Relation:
    assert clause.count is not None
    count = bind_whole(scope, clause.count, "the number of values")
    descending = clause.descending is not False
    order = [OrderKey(ColumnRef(value), descending, not descending)]
    if clause.others is not None:  # which of equals are left over is asked twice, and must be answered alike
        order.append(OrderKey(ColumnRef(key)))
    if any(k.type is Type.REAL for k in above):
        raise scope.error("KQL204", "a real cannot be a level of top-nested but the last", clause.span)
    rank = Column("row_number", Type.LONG, False)
    partition = tuple(ColumnRef(k) for k in above)
    number = row_number(tuple(order), partition, clause.span)
    ranked = Window(columns=(*relation.columns, rank), origin=origin, input=relation, computed={rank: number})
    test = binary(scope, "<=", ColumnRef(rank), Constant(Type.LONG, count, clause.span), clause.span)
    return Filter(columns=ranked.columns, origin=origin, input=ranked, predicate=test)


def _under(
    left: Relation,
    right: Relation,
    keys: tuple[Column, ...],
    below: tuple[Column, ...],
    shown: tuple[Column, ...],
    columns: tuple[Column, ...],
    origin: Origin,
) -> tuple[Relation, dict[Column, Column]]:
    """The groups of a level under the chosen groups above it."""
    kept = dict.fromkeys((*shown, *keys, *columns))
    moved = {c: Column(c.name, c.type, c.nullable) for c in kept}
    on = tuple((ColumnRef(a), ColumnRef(b)) for a, b in zip(keys, below, strict=True))
    join = Join(
        columns=tuple(moved.values()),
        origin=origin,
        kind="inner",
        left=left,
        right=right,
        on=on,
        sources={new: old for old, new in moved.items()},
    )
    return join, moved


def _with_others(
    scope: Scope, tabular: Tabular, levels: Sequence[_Level], chosen: Sequence[_Chosen], origin: Origin
) -> Tabular:
    """The chosen groups, and for each level that leaves some over a row of those, under each of the groups above it."""
    columns = tuple(Column(c.name, c.type, True) for c in chosen[-1].shown)
    inputs = [chosen[-1].relation]
    sources: list[Mapping[Column, Scalar]] = [
        {c: ColumnRef(own) for c, own in zip(columns, chosen[-1].shown, strict=True)}
    ]
    for depth, level in enumerate(levels):
        if level.clause.count is None or all(below.others is None for below in levels[depth:]):
            continue
        relation, shown = _left_over(scope, tabular, levels, chosen, depth, origin)
        inputs.append(relation)
        sources.append({c: s for c, s in zip(columns, shown, strict=True) if s is not None})
    union = UnionAll(columns=columns, origin=origin.without_text, inputs=tuple(inputs), sources=tuple(sources))
    return unordered(union, columns)


def _left_over(
    scope: Scope,
    tabular: Tabular,
    levels: Sequence[_Level],
    chosen: Sequence[_Chosen],
    depth: int,
    origin: Origin,
) -> tuple[Relation, list[Scalar | None]]:
    """The aggregates of what a level leaves over, by the groups above it, and what each column of the result is there."""
    rows = _rows_left_over(tabular, levels, chosen, depth, origin.without_text)
    # A key of one value: without any key the aggregates would have a row over no rows, too.
    above: dict[Column, Scalar] = {Column("one", Type.LONG, False): Constant(Type.LONG, 1)}
    if depth:
        above = {Column(c.name, c.type, c.nullable): ColumnRef(c) for c in rows.columns[:depth]}
    row, names = scope.over(tabular), UniqueNames()
    below = [level for level in levels[depth:] if level.others is not None]
    items = [_aggregate(row, level.clause, level.key, above, names) for level in below]
    groups = aggregated(replace(tabular, relation=rows), above, items, origin.without_text)
    values = groups.visible[len(above) :]
    relation = groups.relation
    shown: list[Scalar | None] = []
    if depth:
        last = chosen[depth - 1]
        relation, moved = _under(last.relation, relation, last.keys, tuple(above), last.shown, values, origin)
        values = tuple(moved[v] for v in values)
        shown += [ColumnRef(moved[c]) for c in last.shown]
    found = {id(level): ColumnRef(v) for level, v in zip(below, values, strict=True)}
    for level in levels[depth:]:
        shown += [level.others, found.get(id(level))]
    return relation, shown


def _rows_left_over(
    tabular: Tabular, levels: Sequence[_Level], chosen: Sequence[_Chosen], depth: int, origin: Origin
) -> Relation:
    """The input's rows that no group of a level takes, though one of each level above does; the keys come first."""
    keys = {Column(level.key.name, level.key.type, level.key.nullable): level.scalar for level in levels[: depth + 1]}
    relation: Relation = Project(
        columns=(*keys, *tabular.relation.columns), origin=origin, input=tabular.relation, computed=keys
    )
    sides = [(chosen[depth - 1], "leftsemi")] if depth else []
    for side, kind in (*sides, (chosen[depth], "leftanti")):
        on = tuple((ColumnRef(a), ColumnRef(b)) for a, b in zip(keys, side.keys, strict=False))
        sources = {c: c for c in relation.columns}
        relation = Join(
            columns=relation.columns,
            origin=origin,
            kind=kind,
            left=relation,
            right=side.relation,
            on=on,
            sources=sources,
        )
    return relation
