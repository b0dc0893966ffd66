"""mv-apply: a query over the elements of each row, beside which the row's other columns stand again.

The body is bound like any query over the expanded rows, then rewritten so that each of its stages works within one input
row: what counts, sorts or aggregates does so per row number, and the columns of the input are carried along unseen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from transpiler.kql import syntax
from transpiler.plan.relations import (
    Aggregate,
    AggregateCall,
    Expand,
    Filter,
    FirstPerGroup,
    Limit,
    Origin,
    Project,
    Relation,
    UnionAll,
    Walk,
    Window,
)
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import bind_operator, bind_whole, binds_operator
from transpiler.semantics.operators.expand import Item, bag_kind, bind_items, expanded, in_row_order
from transpiler.semantics.operators.totals import kept_totals, partitioned
from transpiler.semantics.scalars.calls import call_function, make_call, overload_of, row_number
from transpiler.semantics.scope import Openness, Scope, Tabular
from transpiler.semantics.shaping import origin_of, project
from transpiler.source import NOWHERE
from transpiler.types import Type

_KEYWORD = "mv-apply"


@binds_operator(syntax.MvApply)
def _mv_apply(scope: Scope, tabular: Tabular, node: syntax.MvApply) -> Tabular:
    if node.body.source is not None or node.context_id is not None:
        raise scope.error("KQL200", "mv-apply over a table of its own is not translated", node.span)
    if bag_kind(node) == "array":
        raise scope.error(
            "KQL105", "mv-apply expands bags as bags only", node.span, hint="mv-expand kind=array takes pairs"
        )
    limit = bind_whole(scope, node.limit, "the limit") if node.limit is not None else None
    items = bind_items(scope, tabular, node.columns)
    row = Column("row_number", Type.LONG, False)
    numbered = _numbered(scope, tabular, row, node)
    before = tuple(tabular.relation.columns)
    body = expanded(
        scope, replace(numbered, order=(), ordinal=None), node, items, limit, carried=(*before, row), is_indexed=True
    )
    start = body.relation
    for operator in node.body.operators:
        body = bind_operator(scope.without_row(), body, operator)
        if body.openness is Openness.OPEN:
            raise scope.error("KQL203", "the columns of the body depend on data that is not declared", operator.span)
    per_row = PerRow(scope, start, row, before)
    relation, now = per_row.rewritten(body.relation)
    return _result(scope, tabular, replace(body, relation=relation), items, now, node)


def _numbered(scope: Scope, tabular: Tabular, row: Column, node: syntax.MvApply) -> Tabular:
    number = row_number((), span=node.span)
    origin = Origin(_KEYWORD, node.span, "", scope.source.line_of(node.span.start))
    relation = Window(
        columns=(*tabular.relation.columns, row), origin=origin, input=tabular.relation, computed={row: number}
    )
    return replace(tabular, relation=relation, alias="", table_name="")


def _result(
    scope: Scope, outer: Tabular, body: Tabular, items: list[Item], now: Mapping[Column, Column], node: syntax.MvApply
) -> Tabular:
    """The input's columns but those that are expanded, each replaced by the body's of its name, then the rest of the body's."""
    replaced = {i.name for i in items if i.is_column}
    own = {c.name: c for c in body.visible}
    visible = [own.get(c.name, now[c]) for c in outer.visible if c.name not in replaced]
    visible += [c for c in body.visible if c not in visible]
    order = tuple(
        replace(k, value=ColumnRef(now[k.value.column], k.value.span))
        for k in outer.order
        if isinstance(k.value, ColumnRef)
    )
    within = tuple(k for k in body.order if isinstance(k.value, ColumnRef) and k.value.column in body.relation.columns)
    result = Tabular(
        body.relation,
        tuple(visible),
        (*order, *within) if order else (),
        serialized=bool(order),
        openness=body.openness,
    )
    ordinal = outer.ordinal
    if ordinal is not None and isinstance(ordinal.value, ColumnRef):
        ordinal = replace(ordinal, value=ColumnRef(now[ordinal.value.column]))
        result = in_row_order(result, ordinal, within or (ordinal,))
    return project(result, visible, {}, origin_of(scope, node, _KEYWORD).without_text)


@dataclass(frozen=True, slots=True)
class PerRow:
    """The rewriting of a body: ``start`` is the relation of the expanded rows, ``row`` the number of the input's row."""

    scope: Scope
    start: Relation
    row: Column
    before: tuple[Column, ...]
    keyword: str = _KEYWORD
    done: dict[int, tuple[Relation, Mapping[Column, Column]]] = field(default_factory=dict)

    def rewritten(self, relation: Relation) -> tuple[Relation, Mapping[Column, Column]]:
        """The relation within each row, and what each column of the input (and the row's number) is called there."""
        if id(relation) not in self.done:
            self.done[id(relation)] = self._rewritten(relation)
        return self.done[id(relation)]

    def _rewritten(self, relation: Relation) -> tuple[Relation, Mapping[Column, Column]]:
        if relation is self.start:
            return relation, {c: c for c in (*self.before, self.row)}
        match relation:
            case Filter() | Project() | Expand():
                below, now = self.rewritten(relation.input)
                return self._passed(relation, below, now), now
            case Window():
                below, now = self.rewritten(relation.input)
                return self._passed(self._window(relation, now), below, now), now
            case Walk():
                below, now = self.rewritten(relation.input)
                partition = (*relation.partition, self._key(now))
                return self._passed(replace(relation, partition=partition), below, now), now
            case UnionAll():
                return self._union(relation)
            case Limit():
                return self._limit(relation)
            case FirstPerGroup():
                below, now = self.rewritten(relation.input)
                keys = (*relation.keys, ColumnRef(now[self.row]))
                return self._passed(replace(relation, keys=keys), below, now), now
            case Aggregate():
                return self._aggregate(relation)
            case _:
                keyword, span = relation.origin.keyword, relation.origin.span
                reason = f"'{keyword}' within {self.keyword} is not translated: Kusto runs it once for each"
                is_partition = self.keyword == "partition"
                hint = (
                    f"{keyword} with the key of the partition among its own"
                    if is_partition
                    else f"mv-expand, then {keyword}"
                )
                raise self.scope.error("KQL200", reason, span, hint=hint)

    def _passed(
        self,
        relation: Filter | Project | Expand | Window | Walk | FirstPerGroup,
        below: Relation,
        now: Mapping[Column, Column],
    ) -> Relation:
        columns = tuple(dict.fromkeys([*relation.columns, *now.values()]))
        if isinstance(relation, Project):
            computed = {c: partitioned(s, self._key(now)) for c, s in relation.computed.items()}
            return replace(relation, columns=columns, input=below, computed=computed)
        return replace(relation, columns=columns, input=below)

    def _window(self, relation: Window, now: Mapping[Column, Column]) -> Window:
        """Window functions run within the row, but for the numbering of rows by an mv-apply of the body."""
        if relation.origin.keyword == _KEYWORD:
            return relation
        computed = {c: replace(w, partition=(*w.partition, self._key(now))) for c, w in relation.computed.items()}
        return replace(relation, computed=computed)

    def _key(self, now: Mapping[Column, Column]) -> ColumnRef:
        return ColumnRef(now[self.row])

    def _union(self, relation: UnionAll) -> tuple[Relation, Mapping[Column, Column]]:
        """Several views of the same rows, as scan's steps are; a table of its own ends in a refusal further down."""
        parts = [self.rewritten(r) for r in relation.inputs]
        moved = {c: Column(c.name, c.type, c.nullable, c.is_absent) for c in parts[0][1]}
        sources: list[Mapping[Column, Scalar]] = []
        for source, (_, now) in zip(relation.sources, parts, strict=True):
            within = {c: partitioned(s, self._key(now)) for c, s in source.items()}
            sources.append({**within, **{new: ColumnRef(now[c]) for c, new in moved.items() if not c.is_absent}})
        columns = (*relation.columns, *moved.values())
        inputs = tuple(r for r, _ in parts)
        return replace(relation, columns=columns, inputs=inputs, sources=tuple(sources)), moved

    def _limit(self, relation: Limit) -> tuple[Relation, Mapping[Column, Column]]:
        """The first rows of each row's table: those whose number in it is small enough."""
        below, now = self.rewritten(relation.input)
        position = Column("position", Type.LONG, False)
        number = row_number(relation.order, (self._key(now),))
        columns = tuple(dict.fromkeys([*relation.columns, *now.values()]))
        origin = relation.origin.without_text
        counted = Window(columns=(*columns, position), origin=origin, input=below, computed={position: number})
        count = Constant(Type.LONG, relation.count)
        test = call_function(self.scope, "<=", [ColumnRef(position), count], relation.origin.span)
        return Filter(columns=columns, origin=relation.origin, input=counted, predicate=test), now

    def _aggregate(self, relation: Aggregate) -> tuple[Relation, Mapping[Column, Column]]:
        """Groups within the row; of the input's columns, which are all the same there, any value is the value."""
        relation = kept_totals(self.scope, relation, self.start, self.keyword)
        below, now = self.rewritten(relation.input)
        # Any value of texts is NULL where all are empty.
        moved = {c: Column(c.name, c.type, c.nullable or c.type is Type.STRING, c.is_absent) for c in now}
        keys = {**relation.keys, moved[self.row]: self._key(now)}
        calls = [self._any(now[c], new) for c, new in moved.items() if c is not self.row and not c.is_absent]
        columns = (*relation.columns, *(c for c in moved.values() if not c.is_absent))
        aggregates = (*relation.aggregates, *calls)
        return replace(relation, columns=columns, input=below, keys=keys, aggregates=aggregates), moved

    def _any(self, column: Column, new: Column) -> AggregateCall:
        overload = overload_of("take_any", aggregate=True)
        call = make_call(self.scope, overload, (ColumnRef(column),), NOWHERE, column.type)
        return AggregateCall(columns=(new,), call=replace(call, options=(True,)))
