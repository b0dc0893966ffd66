"""``where``, ``extend``, ``project``, ``top``, ``summarize``, ``mv-expand`` and windows: what one SELECT does to one input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from transpiler.dialects.windowing import partition_key
from transpiler.lowering.block import MOST_NODES, Block, Lowered, read_from
from transpiler.lowering.liveness import live_aggregates
from transpiler.lowering.names import column_names
from transpiler.lowering.stages import Stages
from transpiler.plan.relations import (
    Aggregate,
    AggregateCall,
    Expand,
    Filter,
    FirstPerGroup,
    Limit,
    OrderKey,
    Project,
    Relation,
    Window,
)
from transpiler.plan.scalars import (
    Call,
    Column,
    ColumnRef,
    Constant,
    Scalar,
    children,
    columns_of,
    is_windowed,
    subqueries_of,
)
from transpiler.types import Type


def lower_filter(stages: Stages, relation: Filter) -> Block:
    """A condition more, on the table itself where its columns are short."""
    needed = stages.needed(relation)
    block = stages.open_for(relation.input, [relation.predicate], needed)
    if block.table is None:  # BigQuery has no WHERE without a FROM
        block = stages.reopened(block)
    return block.filtered(relation, stages.over(block).predicate(relation.predicate), needed)


def lower_project(stages: Stages, relation: Project) -> Block | Lowered:
    """Columns more, or fewer."""
    needed = stages.needed(relation)
    computed = {c: s for c, s in relation.computed.items() if c in needed}
    if any(is_windowed(s) for s in computed.values()):
        return lower_window(stages, relation)
    kept = (c for c in relation.columns if c in needed and c not in computed)
    block = stages.open_for(relation.input, list(computed.values()), kept)
    have = computed.keys() | block.columns
    columns = tuple([c for c in relation.columns if c in have])
    if needed.isdisjoint(columns):
        columns, computed = _one_column(relation, block, columns)
    scalars = stages.over(block)
    values = {c: stages.shown(c, s) for c, s in computed.items()}
    trees = {c: stages.dialect.projected(s, scalars.value(s)) for c, s in values.items()}
    return block.projected(relation, columns, trees, needed)


def _one_column(
    relation: Project, block: Block, columns: tuple[Column, ...]
) -> tuple[tuple[Column, ...], dict[Column, Scalar]]:
    """Where no column is needed (``count`` counts rows): the block's own, else one whose own inputs the block has."""
    if columns or block.columns:
        return columns or block.columns[:1], {}
    have = set(block.columns)
    for column, scalar in relation.computed.items():
        if columns_of(scalar) <= have and not subqueries_of((scalar,)):
            return (column,), {column: scalar}
    return (), {}


def lower_window(stages: Stages, relation: Project | Window) -> Lowered:
    """Window functions over a stage."""
    block = stages.over_stage(stages.source(relation.input))
    needed = stages.needed(relation)
    computed = {c: s for c, s in relation.computed.items() if c in needed}
    have = set(block.columns)
    columns = tuple(c for c in relation.columns if c in have or c in computed)
    if not any(c in needed for c in columns):
        columns = columns or block.columns[:1]
    scalars = stages.over(block)
    trees = {c: stages.dialect.projected(s, scalars.value(s)) for c, s in computed.items()}
    return stages.written(block.projected(relation, columns, trees, needed))


def lower_limit(stages: Stages, relation: Limit) -> Lowered:
    """The first rows, of the SELECT under way where the order means the same there."""
    block = _sortable(stages, relation.input, relation.order)
    columns = stages.kept_columns(block)
    names = column_names(columns)
    select = stages.selected(block, columns, names, block.computed)
    stages.order(select, stages.over(block), relation.order)
    select.set("limit", exp.Limit(expression=exp.Literal.number(relation.count)))
    return stages.emit([*block.stages, relation], select, columns, names)


def _sortable(stages: Stages, relation: Relation, order: tuple[OrderKey, ...], keys: tuple[Scalar, ...] = ()) -> Block:
    """An input as a SELECT that may get an ORDER BY or a QUALIFY over its table's own columns."""
    block = stages.open(relation)
    names = column_names(stages.kept_columns(block))
    read = {c for s in (*keys, *(k.value for k in order)) for c in columns_of(s)}
    return stages.reopened(block) if block.table is None or block.hides(read, names) else block


def lower_first_per_group(stages: Stages, relation: FirstPerGroup) -> Lowered:
    """The first row of each group, whole."""
    block = _sortable(stages, relation.input, relation.order, relation.keys)
    scalars = stages.over(block)
    keys = [partition_key(scalars, k) for k in relation.keys]
    order = stages.ordered(scalars, relation.order)
    window = exp.Window(this=exp.Anonymous(this="ROW_NUMBER", expressions=[]))
    if keys:
        window.set("partition_by", keys)
    if order:
        window.set("order", exp.Order(expressions=order))
    columns = stages.kept_columns(block)
    names = column_names(columns)
    select = stages.selected(block, columns, names, block.computed)
    select.set("qualify", exp.Qualify(this=exp.EQ(this=window, expression=exp.Literal.number(1))))
    return stages.emit([*block.stages, relation], select, columns, names)


def lower_aggregate(stages: Stages, relation: Aggregate) -> Lowered | Block:
    """Groups and what is computed of each, over the SELECT under way where its columns are short.

    Where several columns come from one row (arg_max), that row is a column, and they are its fields above it.
    """
    aggregates = live_aggregates(relation, stages.needed(relation))
    block, aggregates = _lifted(stages, _grouped(stages, relation, aggregates), relation, aggregates)
    scalars = stages.over(block)
    computed = {c for a in aggregates for c in a.columns}
    columns = [c for c in relation.columns if c in relation.keys or c in computed]
    names = column_names(columns)
    trees = {c: _group_key(stages, block, key) for c, key in relation.keys.items()}
    for aggregate in aggregates:
        trees.update(stages.dialect.aggregate(scalars, aggregate))
    rows = _rows(stages, trees, names)
    trees.update(rows.trees)
    kept = [*(c for c in columns if c not in rows.fields), *rows.trees]
    select = exp.Select(expressions=[stages.alias(trees[c], names[c]) for c in kept])
    if block.table is not None:
        select.set("from_", read_from(block.table))
    stages.where(select, block.where)
    if not relation.aggregates:
        select.set("distinct", exp.Distinct())
    elif relation.keys:
        positions = [exp.Literal.number(kept.index(c) + 1) for c in relation.keys]
        select.set("group", exp.Group(expressions=positions))
    lowered = stages.emit([*block.stages, relation], select, kept, {c: names[c] for c in kept})
    return rows.over(stages.over_stage(lowered), tuple(columns)) if rows.trees else lowered


@dataclass(frozen=True, slots=True)
class Rows:
    """Aggregated rows that several columns are fields of: the column and tree of each row, and each field over its row."""

    trees: Mapping[Column, exp.Expr]
    fields: Mapping[Column, exp.Expr]

    def over(self, block: Block, columns: tuple[Column, ...]) -> Block:
        """The same columns over the stage that has the rows."""
        plain = {c: n for c, n in block.plain.items() if c not in self.trees}
        return replace(block, columns=columns, plain=plain, computed=self.fields, needed=columns)


def _rows(stages: Stages, trees: Mapping[Column, exp.Expr], names: dict[Column, str]) -> Rows:
    """The rows that two columns or more are taken from; each gets a name among ``names``."""
    dots = {c: t for c, t in trees.items() if isinstance(t, exp.Dot) and not isinstance(t.this, exp.Column)}
    times = Counter(id(t.this) for t in dots.values())
    rows: dict[int, Column] = {}
    found: dict[Column, exp.Expr] = {}
    fields: dict[Column, exp.Expr] = {}
    for column, dot in dots.items():
        if times[id(dot.this)] < 2:
            continue
        if id(dot.this) not in rows:
            row = rows[id(dot.this)] = Column("first_row", Type.DYNAMIC)
            names[row] = stages.names.unique("first_row")
            found[row] = dot.this
        name = stages.dialect.identifier(names[rows[id(dot.this)]])
        fields[column] = exp.Dot(this=exp.Column(this=name), expression=dot.expression)
    return Rows(found, fields)


def _grouped(stages: Stages, relation: Aggregate, aggregates: list[AggregateCall]) -> Block:
    scalars = _scalars_of(relation, aggregates)
    block = stages.open_for(relation.input, scalars)
    constants = {c for c, t in block.computed.items() if t.find(exp.Column) is None}
    read = {c for s in scalars for c in columns_of(s)}
    # Neither target groups or orders by a literal, and BigQuery aggregates no SELECT without a FROM.
    return stages.reopened(block) if block.table is None or constants & read else block


def _scalars_of(relation: Aggregate, aggregates: list[AggregateCall]) -> list[Scalar]:
    """What is computed over the input: keys, calls, and what their rows are ordered by."""
    return [*relation.keys.values(), *(v for a in aggregates for v in (a.call, *(k.value for k in a.order)))]


def _lifted(
    stages: Stages, block: Block, relation: Aggregate, aggregates: list[AggregateCall]
) -> tuple[Block, list[AggregateCall]]:
    """Values that are aggregated, as columns of a stage below: long dynamic ones, since a list reads each of its values several
    times, and those with window functions, which stay out of the conditionals around an aggregate.
    """
    scalars = stages.over(block)
    lifted: dict[Scalar, Column] = {}
    trees: dict[Column, exp.Expr] = {}
    for value in {id(v): v for a in aggregates for v in a.call.arguments}.values():
        if isinstance(value, ColumnRef | Constant):
            continue
        is_windowed = _calls(value, stages.dialect.windowed)
        if value.type is Type.DYNAMIC or is_windowed:
            tree = scalars.value(value)
            if is_windowed or sum(1 for _ in tree.walk()) > MOST_NODES:
                column = lifted[value] = Column(f"{aggregates[0].columns[0].name}_value", value.type, value.nullable)
                trees[column] = tree
    if not lifted:
        return block, aggregates
    changed = [_over(a, lifted) for a in aggregates]
    read = {c for s in _scalars_of(relation, changed) for c in columns_of(s)}
    wider = replace(
        block, columns=(*block.columns, *trees), computed={**block.computed, **trees}, needed=[*read, *trees]
    )
    return stages.reopened(wider), changed


def _calls(scalar: Scalar, keys: Collection[str]) -> bool:
    """Whether a scalar calls one of some functions."""
    if not keys:
        return False
    if isinstance(scalar, Call) and scalar.overload.key in keys:
        return True
    return any(_calls(child, keys) for child in children(scalar))


def _over(aggregate: AggregateCall, lifted: Mapping[Scalar, Column]) -> AggregateCall:
    """An aggregate that reads lifted values as columns."""
    arguments = tuple(ColumnRef(lifted[v], aggregate.call.span) if v in lifted else v for v in aggregate.call.arguments)
    return replace(aggregate, call=replace(aggregate.call, arguments=arguments))


def _group_key(stages: Stages, block: Block, key: Scalar) -> exp.Expr:
    scalars = stages.over(block)
    if key.type is Type.STRING:
        return scalars.text(key)
    return stages.dialect.group_key(stages.dialect.projected(key, scalars.value(key)), key.type)


def lower_expand(stages: Stages, relation: Expand) -> Lowered:
    """A row per element of a value."""
    source = stages.source(relation.input)
    needed = stages.needed(relation)
    # Every value is expanded, read or not: the longest makes the rows.
    elements = {e.column for e in relation.expansions}
    own = set(relation.input.columns)
    columns = [c for c in relation.columns if c in elements or (c in needed and (c in source.names or c not in own))]
    names: Mapping[Column, str] = column_names(columns)
    expand = relation if relation.index in names else replace(relation, index=None)
    scalars = stages.over_source(source)
    kept = [stages.alias(scalars.columns(c), names[c]) for c in columns if c in source.names]
    select = stages.dialect.expand(scalars, expand, source.table.copy(), kept, names)
    return stages.emit([relation], select, columns, names)
