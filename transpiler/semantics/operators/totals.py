"""Totals within the parts of ``mv-apply`` and ``partition``: a part of which no row is left has a total all the same.

Kusto runs the body once a part, and ``summarize`` without ``by`` answers for no rows, too. In SQL a group without rows is no
group. So what would drop rows (a predicate, an empty array that is expanded) becomes a column that the rows carry, and the
aggregates take the rows in which it is true. Stages between do their work among those rows: the column is one more key of
their groups and windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

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
    UnionAll,
    Walk,
    Window,
)
from transpiler.plan.scalars import Call, Column, ColumnRef, Constant, Scalar, WindowCall
from transpiler.semantics.operators.substitution import with_parts
from transpiler.semantics.scalars.calls import call_function, make_call, overload_of, row_number
from transpiler.semantics.scope import Scope
from transpiler.source import Span
from transpiler.types import Type

_PARTS = {"mv-apply": "a row's elements", "partition": "a partition"}
_HINT = "summarize … by one = 1 gives no row where none are left"


def kept_totals(scope: Scope, total: Aggregate, start: Relation, keyword: str) -> Aggregate:
    """An aggregate of the body, over rows that are marked instead of dropped where it has no ``by``.

    ``start`` is the relation whose parts the body sees. Raises KqlError where the rows cannot be marked.
    """
    if total.keys or not total.aggregates or not _may_be_empty(total.input, start):
        return total
    refusal = scope.error(
        "KQL204", f"a total over filtered rows of {_PARTS[keyword]}, which may be none", total.origin.span, hint=_HINT
    )
    below, keep = _Marking(scope, start, keyword, refusal).marked(total.input)
    assert keep is not None
    calls = [_conditional(scope, a, keep) for a in total.aggregates]
    if None in calls:
        raise refusal
    return replace(total, input=below, aggregates=tuple(c for c in calls if c is not None))


def _may_be_empty(relation: Relation, start: Relation) -> bool:
    """Whether nothing may be left of a part. A total has its row for certain."""
    match relation:
        case _ if relation is start:
            return False
        case Filter() | Expand():
            return True
        case Limit():
            return relation.count < 1 or _may_be_empty(relation.input, start)
        case Aggregate():
            return bool(relation.keys) and _may_be_empty(relation.input, start)
        case UnionAll():
            return all(_may_be_empty(r, start) for r in relation.inputs)
        case Project() | Window() | Walk() | FirstPerGroup():
            return _may_be_empty(relation.input, start)
        case _:
            return False


def partitioned(scalar: Scalar, key: Scalar) -> Scalar:
    """A scalar whose window functions run within the rows of one key."""
    if isinstance(scalar, WindowCall):
        return replace(scalar, partition=(*scalar.partition, key))
    return with_parts(scalar, lambda part: partitioned(part, key))


_Marked = tuple[Relation, Column | None]


@dataclass(frozen=True, slots=True)
class _Marking:
    """The rewriting of what leads to a total. A relation that cannot lose a part's last row stays, and has no mark."""

    scope: Scope
    start: Relation
    keyword: str
    refusal: Exception
    done: dict[int, _Marked] = field(default_factory=dict)

    def marked(self, relation: Relation) -> _Marked:
        """The relation with the rows that it would drop, and the column that is true in the others."""
        if not _may_be_empty(relation, self.start):
            return relation, None
        if id(relation) not in self.done:
            self.done[id(relation)] = self._marked(relation)
        return self.done[id(relation)]

    def _marked(self, relation: Relation) -> _Marked:
        match relation:
            case UnionAll():
                return self._union(relation)
            case Limit():
                return self._limit(relation)
            case Filter():
                below, keep = self.marked(relation.input)
                test = relation.predicate if keep is None else partitioned(relation.predicate, ColumnRef(keep))
                return self._mark(relation, below, keep, test)
            case Expand():
                return self._expand(relation)
            case Aggregate():
                return self._groups(relation)
            case Project() | Window() | Walk() | FirstPerGroup():
                return self._passed(relation)
            case _:
                raise self.refusal

    def _mark(self, relation: Filter | Limit, below: Relation, keep: Column | None, test: Scalar) -> _Marked:
        """The rows with a column that says whether the predicate, and those before it, hold."""
        if keep is not None:
            test = call_function(self.scope, "and", [ColumnRef(keep), test], relation.origin.span)
        mark = _mark_column()
        columns = (*relation.columns, mark)
        return Project(columns=columns, origin=relation.origin, input=below, computed={mark: test}), mark

    def _passed(self, relation: Project | Window | Walk | FirstPerGroup) -> _Marked:
        below, keep = self.marked(relation.input)
        assert keep is not None
        key, columns = ColumnRef(keep), (*relation.columns, keep)
        match relation:
            case Project():
                computed = {c: partitioned(s, key) for c, s in relation.computed.items()}
                return replace(relation, columns=columns, input=below, computed=computed), keep
            case Walk():
                return replace(relation, columns=columns, input=below, partition=(*relation.partition, key)), keep
            case FirstPerGroup():
                return replace(relation, columns=columns, input=below, keys=(*relation.keys, key)), keep
            case Window():
                passed = replace(relation, columns=columns, input=below)
                if relation.origin.keyword == "mv-apply":  # the numbering of rows by an mv-apply of the body
                    return passed, keep
                within = {c: replace(w, partition=(*w.partition, key)) for c, w in relation.computed.items()}
                return replace(passed, computed=within), keep

    def _limit(self, relation: Limit) -> _Marked:
        """The first of the kept rows keep their mark."""
        below, keep = self.marked(relation.input)
        span = relation.origin.span
        if relation.count < 1:
            return self._mark(relation, below, None, Constant(Type.BOOL, False, span))
        assert keep is not None
        position = Column("position", Type.LONG, False)
        number = row_number(relation.order, (ColumnRef(keep),))
        counted = Window(
            columns=(*relation.columns, keep, position), origin=relation.origin.without_text, input=below,
            computed={position: number},
        )  # fmt: skip
        count = Constant(Type.LONG, relation.count)
        return self._mark(relation, counted, keep, call_function(self.scope, "<=", [ColumnRef(position), count], span))

    def _expand(self, relation: Expand) -> _Marked:
        """Where there is nothing to expand, a null is: its row is not kept."""
        if relation.limit is not None and relation.limit < 1:
            raise self.refusal
        below, keep = self.marked(relation.input)
        span = relation.origin.span
        first, *rest = relation.expansions
        test = self._has_elements(first.value, span)
        for other in rest:
            test = call_function(self.scope, "or", [test, self._has_elements(other.value, span)], span)
        value = _where(test, first.value, span)
        if keep is not None:
            test = call_function(self.scope, "and", [ColumnRef(keep), test], span)
        mark, filled = _mark_column(), Column(first.column.name, Type.DYNAMIC, True)
        columns = (*relation.input.columns, filled, mark)
        source = Project(
            columns=columns, origin=relation.origin.without_text, input=below, computed={mark: test, filled: value}
        )
        expansions = (replace(first, value=ColumnRef(filled)), *rest)
        return replace(relation, columns=(*relation.columns, mark), input=source, expansions=expansions), mark

    def _has_elements(self, value: Scalar, span: Span) -> Scalar:
        """False for an array or a bag without members; a null has its one row."""
        members = [value, call_function(self.scope, "bag_keys", [value], span)]
        tests: list[Scalar] = []
        for each in members:
            length = call_function(self.scope, "array_length", [each], span)
            known = call_function(self.scope, "coalesce", [length, Constant(Type.LONG, 1)], span)
            tests.append(call_function(self.scope, ">", [known, Constant(Type.LONG, 0)], span))
        return call_function(self.scope, "and", tests, span)

    def _groups(self, relation: Aggregate) -> _Marked:
        """Groups of kept rows, and groups of the others."""
        below, keep = self.marked(relation.input)
        assert keep is not None
        mark = _mark_column()
        keys = {**relation.keys, mark: ColumnRef(keep)}
        return replace(relation, columns=(*relation.columns, mark), input=below, keys=keys), mark

    def _union(self, relation: UnionAll) -> _Marked:
        parts = [self.marked(r) for r in relation.inputs]
        mark = _mark_column()
        sources = []
        for source, (_, keep) in zip(relation.sources, parts, strict=True):
            assert keep is not None
            key = ColumnRef(keep)
            sources.append({**{c: partitioned(s, key) for c, s in source.items()}, mark: key})
        inputs = tuple(r for r, _ in parts)
        return replace(relation, columns=(*relation.columns, mark), inputs=inputs, sources=tuple(sources)), mark


def _mark_column() -> Column:
    return Column("is_kept", Type.BOOL, True)


def _where(test: Scalar, value: Scalar, span: Span) -> Scalar:
    """The value where the test holds, else null."""
    return Call(overload_of("case"), (test, value, Constant(value.type, None)), value.type, True, span)


def _conditional(scope: Scope, aggregate: AggregateCall, keep: Column) -> AggregateCall | None:
    """The aggregate over the kept rows; None where it has no such form."""
    call = aggregate.call
    arguments: list[Scalar] = list(call.arguments)
    if call.overload.key == "percentile":  # which passes nulls over
        arguments[0] = _where(ColumnRef(keep), arguments[0], call.span)
        return replace(aggregate, call=replace(call, arguments=tuple(arguments)))
    found = _form(call.overload)
    if found is None:
        return None
    overload, place = found
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
