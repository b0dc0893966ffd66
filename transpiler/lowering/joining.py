"""``join``, ``lookup`` and ``union``: SELECTs over several inputs."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from transpiler.lowering.block import Block, Lowered
from transpiler.lowering.clauses import conjunction, join_words
from transpiler.lowering.names import column_names
from transpiler.lowering.scalars import ScalarLowering
from transpiler.lowering.stages import Stages
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import Join, Relation, UnionAll
from transpiler.plan.scalars import Column, Scalar
from transpiler.types import Type

_WORDS = {"inner": "INNER", "leftouter": "LEFT", "rightouter": "RIGHT", "fullouter": "FULL", "cross": "CROSS"}


def lower_join(stages: Stages, relation: Join) -> Lowered:
    """A join on equal keys; the sides are ``l`` and ``r``."""
    (left, within_left), (right, within_right) = stages.joined(relation.left), stages.joined(relation.right)
    inside = [*within_left, *within_right, relation]
    own = _qualified(left, "l") | _qualified(right, "r")
    scalars = stages.scalars(lambda c: _column(stages, *own[c]))
    needed = stages.needed(relation)
    columns = [c for c in relation.columns if c in needed and relation.sources[c] in own]
    trees = {c: scalars.columns(relation.sources[c]) for c in columns}
    if not columns:  # rows may be counted only
        columns = list(relation.columns[:1])
        trees = {c: stages.dialect.null(c.type) for c in columns}
    names = column_names(columns)
    select = exp.Select(expressions=[stages.alias(trees[c], names[c]) for c in columns])
    if relation.kind in ("leftsemi", "leftanti", "rightsemi", "rightanti"):
        _semi(stages, select, relation, left, right)
        return stages.emit(inside, select, columns, names, above=[*within_left, relation])
    select.set("from_", exp.From(this=_aliased(left.table, "l")))
    join = exp.Join(this=_aliased(right.table, "r"), **join_words(_WORDS[relation.kind]))
    if relation.kind != "cross":
        pairs = [_pair(stages, _key(scalars, a), _key(scalars, b), a, b) for a, b in relation.on]
        join.set("on", conjunction(pairs) if pairs else exp.Boolean(this=True))
    select.set("joins", [join])
    if relation.condition is not None:
        stages.where(select, [scalars.predicate(relation.condition)])
    return stages.emit(inside, select, columns, names, above=[*within_left, relation])


def _semi(stages: Stages, select: exp.Select, relation: Join, left: Lowered, right: Lowered) -> None:
    """Semi and anti joins as a join with the other side's distinct keys: a correlated EXISTS is not BigQuery's."""
    keep_left = relation.kind.startswith("left")
    kept, other = (left, right) if keep_left else (right, left)
    alias, keys_alias = ("l", "r") if keep_left else ("r", "l")
    mine = [p[0] if keep_left else p[1] for p in relation.on]
    theirs = [p[1] if keep_left else p[0] for p in relation.on]
    inner = stages.over_source(other)
    keys: list[exp.Expr] = [exp.alias_(_key(inner, k), f"k{i}", copy=False) for i, k in enumerate(theirs)]
    anti = relation.kind.endswith("anti")
    if anti:
        keys.append(exp.alias_(exp.Boolean(this=True), "found", copy=False))
    keyed = exp.Select(expressions=keys, distinct=exp.Distinct(), from_=exp.From(this=other.table.copy()))
    outer = stages.scalars(lambda c: _column(stages, alias, kept.names[c]))
    pairs = [
        _pair(stages, _key(outer, a), exp.column(f"k{i}", table=keys_alias, copy=False), a, b)
        for i, (a, b) in enumerate(zip(mine, theirs, strict=True))
    ]
    subquery = exp.Subquery(this=keyed, alias=exp.TableAlias(this=exp.to_identifier(keys_alias)))
    join = exp.Join(this=subquery, on=conjunction(pairs), **join_words("LEFT" if anti else "INNER"))
    select.set("from_", exp.From(this=_aliased(kept.table, alias)))
    select.set("joins", [join])
    if anti:
        found = exp.column("found", table=keys_alias, copy=False)
        stages.where(select, [exp.Is(this=found, expression=exp.Null())])


def _pair(stages: Stages, left: exp.Expr, right: exp.Expr, a: Scalar, b: Scalar) -> exp.Expr:
    null_safe = a.nullable and b.nullable and a.type is not Type.STRING
    if may_be_nan(a) and may_be_nan(b):
        return stages.dialect.equal_reals(left, right, null_safe=null_safe)
    return stages.dialect.equal_keys(left, right, a.type, null_safe=null_safe)


def _key(scalars: ScalarLowering, key: Scalar) -> exp.Expr:
    return scalars.text(key) if key.type is Type.STRING else scalars.value(key)


def _qualified(source: Lowered, alias: str) -> dict[Column, tuple[str, str]]:
    return {c: (alias, n) for c, n in source.names.items()}


def _column(stages: Stages, alias: str, name: str) -> exp.Expr:
    return exp.Column(this=stages.dialect.identifier(name), table=exp.Identifier(this=alias, quoted=False))


def _aliased(table: exp.Expr, alias: str) -> exp.Expr:
    copy = table.copy()
    copy.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return copy


def lower_union(stages: Stages, relation: UnionAll) -> Lowered:
    """All rows of the inputs, each a SELECT of the columns that are needed."""
    needed = stages.needed(relation)
    # Rows may be counted only: then one column of nulls stands for them.
    columns = [c for c in relation.columns if c in needed] or list(relation.columns[:1])
    names = column_names(columns)
    arms: list[exp.Expr] = []
    inside: list[Relation] = []
    for r, source in zip(relation.inputs, relation.sources, strict=True):
        own = {c: source[c] for c in columns if c in source and c in needed}
        block = stages.open_for(r, list(own.values()))
        arms.append(_arm(stages, block, own, columns, names))
        inside += block.stages
    tree = arms[0]
    for other in arms[1:]:
        tree = exp.Union(this=tree, expression=other, distinct=False)
    return stages.emit([*inside, relation], tree, columns, names, above=[relation])


def _arm(
    stages: Stages, block: Block, own: Mapping[Column, Scalar], columns: list[Column], names: Mapping[Column, str]
) -> exp.Select:
    """One input of a union; NULL for what it lacks."""
    scalars = stages.over(block)
    trees = {c: scalars.value(own[c]) if c in own else stages.dialect.null(c.type) for c in columns}
    select = exp.Select(expressions=[stages.alias(trees[c], names[c]) for c in columns])
    if block.table is not None:
        select.set("from_", exp.From(this=block.table.copy()))
    stages.where(select, block.where)
    stages.comment(select, block.stages)
    return select
