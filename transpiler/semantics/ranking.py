"""top-nested and top-hitters: the leading values of columns by an aggregate, level under level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import Filter, Join, OrderKey, Origin, Relation, Window
from transpiler.plan.scalars import Column, ColumnRef, Constant, WindowCall
from transpiler.semantics.calls import overload_of
from transpiler.semantics.dispatch import bind_whole, binds_operator
from transpiler.semantics.expressions import binary
from transpiler.semantics.names import UniqueNames, result_name
from transpiler.semantics.rows import limited
from transpiler.semantics.scope import Scope, Tabular
from transpiler.semantics.shaping import column_for, origin_of, project, unordered
from transpiler.semantics.summarize import aggregated, bind_aggregate_item, bind_keys
from transpiler.types import Type


@binds_operator(syntax.TopHitters)
def _top_hitters(scope: Scope, tabular: Tabular, node: syntax.TopHitters) -> Tabular:
    """Exact counts or sums; Kusto's are estimates of the same."""
    row = scope.over(tabular)
    count = bind_whole(scope, node.count, "the number of values")
    names = UniqueNames()
    keys = bind_keys(row, (node.value,), names)
    function = "sum" if node.by is not None else "count"
    subject = node.by if node.by is not None else node.value
    arguments = (node.by,) if node.by is not None else ()
    name = f"approximate_{function}_{result_name(subject) or ''}"
    call = syntax.Call(function, arguments, node.span, span=node.span)
    item = bind_aggregate_item(row, syntax.NamedExpression((name,), call, span=node.span), keys, names)
    origin = origin_of(scope, node, "top-hitters")
    result = aggregated(tabular, keys, [item], origin)
    order = (OrderKey(ColumnRef(result.visible[-1]), True, False),)
    return replace(limited(scope, result, count, order, node, "top-hitters"), order=order, serialized=True)


@binds_operator(syntax.TopNested)
def _top_nested(scope: Scope, tabular: Tabular, node: syntax.TopNested) -> Tabular:
    """Each level groups by its own value and those above it, and keeps the leading groups under each of those."""
    levels = [_level(scope, tabular, node, depth) for depth in range(len(node.clauses))]
    relation, shown, _ = levels[0]
    keys = shown[:1]
    for below, columns, below_keys in levels[1:]:
        relation, moved = _under(
            relation, below, keys, below_keys, shown, columns, origin_of(scope, node, "top-nested")
        )
        shown = tuple(moved[c] for c in (*shown, *columns))
        keys = (*(moved[k] for k in keys), moved[columns[0]])
    written = [isinstance(c.by, syntax.NamedExpression) for c in node.clauses]
    return _named_apart(unordered(relation, shown), written, origin_of(scope, node, "top-nested"))


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
    return project(tabular, shown, {new: ColumnRef(old) for old, new in moved.items()}, replace(origin, text=""))


_Level = tuple[Relation, tuple[Column, ...], tuple[Column, ...]]


def _level(scope: Scope, tabular: Tabular, node: syntax.TopNested, depth: int) -> _Level:
    """(the leading groups of a level, its two columns, all its keys)."""
    clause = node.clauses[depth]
    if clause.others is not None:
        raise scope.error("KQL200", "top-nested with others is not translated", clause.span)
    row = scope.over(tabular)
    # The keys above stand under hidden names of their own; a level's names are told from others' at the end.
    above = {k: v for c in node.clauses[:depth] for k, v in bind_keys(row, (c.value,), UniqueNames()).items()}
    names = UniqueNames()
    own = bind_keys(row, (clause.value,), names)
    keys = {**above, **own}
    (key,) = own
    aggregate = clause.by
    if not isinstance(aggregate, syntax.NamedExpression):
        name = f"aggregated_{result_name(clause.value) or key.name}"
        aggregate = syntax.NamedExpression((name,), aggregate, span=aggregate.span)
    item = bind_aggregate_item(row, aggregate, keys, names)
    origin = Origin("top-nested", clause.span, "", scope.source.line_of(clause.span.start))
    result = aggregated(tabular, keys, [item], origin)
    value = result.visible[-1]
    relation = result.relation
    if clause.count is not None:
        relation = _leading(scope, relation, tuple(above), value, clause, origin)
    return relation, (key, value), tuple(above)


def _leading(
    scope: Scope,
    relation: Relation,
    above: tuple[Column, ...],
    value: Column,
    clause: syntax.TopNestedClause,
    origin: Origin,
) -> Relation:
    assert clause.count is not None
    count = bind_whole(scope, clause.count, "the number of values")
    descending = clause.descending is not False
    order = (OrderKey(ColumnRef(value), descending, not descending),)
    if any(k.type is Type.REAL for k in above):
        raise scope.error("KQL204", "a real cannot be a level of top-nested but the last", clause.span)
    rank = Column("row_number", Type.LONG, False)
    partition = tuple(ColumnRef(k) for k in above)
    number = WindowCall(overload_of("row_number"), (), Type.LONG, False, order, partition, clause.span)
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
