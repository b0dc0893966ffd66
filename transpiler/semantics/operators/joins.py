"""join and lookup: kinds, keys, and the columns of both sides."""

from __future__ import annotations

from dataclasses import replace

from transpiler.kql import syntax
from transpiler.plan.relations import FirstPerGroup, Join
from transpiler.plan.scalars import Column, ColumnRef, Scalar, columns_of
from transpiler.semantics.dispatch import bind_scalar, bind_source, binds_operator
from transpiler.semantics.names import UniqueNames
from transpiler.semantics.operators.parameters import kind_of
from transpiler.semantics.scope import Openness, RowScope, Scope, Tabular, did_you_mean
from transpiler.semantics.shaping import origin_of, unordered
from transpiler.source import Span
from transpiler.types import INTEGERS, NUMBERS, Type

# The default comes first.
KINDS = {
    "innerunique": "inner",
    "inner": "inner",
    "leftouter": "leftouter",
    "rightouter": "rightouter",
    "fullouter": "fullouter",
    "leftsemi": "leftsemi",
    "rightsemi": "rightsemi",
    "leftanti": "leftanti",
    "leftantisemi": "leftanti",
    "anti": "leftanti",
    "rightanti": "rightanti",
    "rightantisemi": "rightanti",
}
Key = tuple[Scalar, Scalar]


@binds_operator(syntax.Join)
def _join(scope: Scope, tabular: Tabular, node: syntax.Join) -> Tabular:
    kind = kind_of(scope, node, list(KINDS))
    right = bind_source(scope.without_row(), node.right)
    left = tabular
    if KINDS[kind] not in ("leftsemi", "leftanti"):
        check_left(scope, left, node)
    if node.where is not None:
        raise scope.error("KQL200", "join … where is not translated", node.span)
    keys = bind_keys(scope, left, right, node.on)
    if not keys:
        raise scope.error("KQL105", "a join needs at least one key", node.span)
    if kind == "innerunique":
        left = _unique(left, [k[0] for k in keys])
        scope.environment.chooses = True
    return _joined(scope, left, right, KINDS[kind], keys, node)


def check_left(scope: Scope, left: Tabular, node: syntax.OperatorNode) -> None:
    """Raises KQL203 for a left side whose columns are not all known: any name behind the join might be one of them.

    The right side's may be unknown: a name that the left side has is never theirs.
    """
    if left.openness is Openness.OPEN:
        raise scope.error(
            "KQL203",
            f"the columns of the left side of {node.keyword} depend on data that is not declared",
            node.span,
            hint="project the columns that are wanted first",
        )


def _unique(left: Tabular, keys: list[Scalar]) -> Tabular:
    """Innerunique keeps one left row per key: the first by the row order, any where there is none (``choosing``)."""
    relation = FirstPerGroup(
        columns=left.relation.columns,
        origin=replace(left.relation.origin.without_text, keyword="unique"),
        input=left.relation,
        keys=tuple(keys),
        order=left.order,
        is_any=True,
    )
    return replace(left, relation=relation)


def bind_keys(scope: Scope, left: Tabular, right: Tabular, on: tuple[syntax.Expr, ...]) -> list[Key]:
    """Pairs of left and right key, as one type each."""
    keys: list[Key] = []
    for item in on:
        for part in _conjuncts(item):
            keys.append(_key(scope, left, right, part))
    return keys


def _conjuncts(item: syntax.Expr) -> list[syntax.Expr]:
    if isinstance(item, syntax.Logical) and item.operator == "and":
        return [c for o in item.operands for c in _conjuncts(o)]
    return [item]


def _key(scope: Scope, left: Tabular, right: Tabular, item: syntax.Expr) -> Key:
    if isinstance(item, syntax.Name):
        return _common(scope, left, right, item)
    if isinstance(item, syntax.Binary) and item.operator == "==" and _is_of_side(item.left) and _is_of_side(item.right):
        row = replace(scope, row=RowScope((), left=left, right=right))
        a, b = bind_scalar(row, item.left), bind_scalar(row, item.right)
        mine, theirs = set(left.visible), set(right.visible)
        if columns_of(a) <= mine and columns_of(b) <= theirs:
            return _typed(scope, a, b, item.span)
        if columns_of(b) <= mine and columns_of(a) <= theirs:
            return _typed(scope, b, a, item.span)
    raise scope.error(
        "KQL105",
        "a join key is a column of both sides, or $left.a == $right.b",
        item.span,
        hint="extend computes a key before the join",
    )


def _common(scope: Scope, left: Tabular, right: Tabular, item: syntax.Name) -> Key:
    """A column of both sides, which has one type: Kusto compares an int with a long only where both are named."""
    a, b = _on_side(scope, left, item, "left"), _on_side(scope, right, item, "right")
    if {a.type, b.type} == INTEGERS:
        raise scope.error(
            "KQL102",
            f"the common column '{item.name}' is {a.type} on the left side and {b.type} on the right",
            item.span,
            hint=f"$left.{item.name} == $right.{item.name} compares them",
        )
    return _typed(scope, a, b, item.span)


def _is_of_side(node: syntax.Expr) -> bool:
    """Whether this is ``$left.a`` or ``$right.a``. Public rules write them in either order."""
    return (
        isinstance(node, syntax.Member) and isinstance(node.base, syntax.Name) and node.base.name in ("$left", "$right")
    )


def _on_side(scope: Scope, side: Tabular, item: syntax.Name, name: str) -> ColumnRef:
    column = side.column(item.name)
    if column is None:
        known = [c.name for c in side.visible]
        raise scope.error(
            "KQL100", f"no column '{item.name}' on the {name} side", item.span, hint=did_you_mean(item.name, known)
        )
    return ColumnRef(column, item.span)


def _typed(scope: Scope, a: Scalar, b: Scalar, span: Span) -> Key:
    if a.type is Type.DYNAMIC or b.type is Type.DYNAMIC:
        raise scope.error("KQL105", "a dynamic value cannot be a join key", span, hint="convert it: tostring(…)")
    if a.type is b.type:
        return a, b
    if {a.type, b.type} <= NUMBERS and Type.REAL not in (a.type, b.type) and Type.DECIMAL not in (a.type, b.type):
        return a, b
    raise scope.error("KQL102", f"join keys of different types: {a.type} and {b.type}", span)


def _joined(scope: Scope, left: Tabular, right: Tabular, kind: str, keys: list[Key], node: syntax.Join) -> Tabular:
    names = UniqueNames()
    sources: dict[Column, Column] = {}
    if not kind.startswith("right") or kind == "rightouter":
        _take(sources, names, left.visible, padded=kind in ("rightouter", "fullouter"))
    if kind in ("inner", "leftouter", "rightouter", "fullouter") or kind.startswith(("rightsemi", "rightanti")):
        _take(sources, names, right.visible, padded=kind in ("leftouter", "fullouter"))
    columns = tuple(sources)
    relation = Join(
        columns=columns,
        origin=origin_of(scope, node, "join"),
        kind=kind,
        left=left.relation,
        right=right.relation,
        on=tuple(keys),
        sources=sources,
    )
    shown = (side for side in (left, right) if any(c in side.visible for c in sources.values()))
    openness = max((side.openness for side in shown), default=Openness.CLOSED)
    return unordered(relation, columns, openness=openness)


def _take(sources: dict[Column, Column], names: UniqueNames, columns: tuple[Column, ...], *, padded: bool) -> None:
    """The columns of one side; a name that is taken gets a number. ``padded``: the side may be missing from a row.

    A name that is free keeps its column even when an earlier column of the side could become it: beside a left ``i``, a
    right side ``i, i1`` becomes ``i2, i1``.
    """
    free = {c.name for c in columns if names.take(c.name)}
    for column in columns:
        name = column.name if column.name in free else names.unique(column.name)
        among = () if padded else column.among
        new = replace(column, name=name, nullable=column.nullable or padded, known=None, among=among)
        sources[new] = column


@binds_operator(syntax.Lookup)
def _lookup(scope: Scope, tabular: Tabular, node: syntax.Lookup) -> Tabular:
    """lookup: like a left (or inner) join, without the right side's keys."""
    kind = kind_of(scope, node, ("leftouter", "inner"))
    right = bind_source(scope.without_row(), node.right)
    check_left(scope, tabular, node)
    keys = bind_keys(scope, tabular, right, node.on)
    names = UniqueNames()
    sources: dict[Column, Column] = {}
    _take(sources, names, tabular.visible, padded=False)
    key_columns = {c for _, k in keys for c in columns_of(k)}
    _take(sources, names, tuple(c for c in right.visible if c not in key_columns), padded=kind == "leftouter")
    relation = Join(
        columns=tuple(sources),
        origin=origin_of(scope, node, "lookup"),
        kind=kind,
        left=tabular.relation,
        right=right.relation,
        on=tuple(keys),
        sources=sources,
    )
    return unordered(relation, tuple(sources), openness=max(tabular.openness, right.openness))
