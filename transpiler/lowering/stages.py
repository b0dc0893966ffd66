"""What the stages of a statement are made of: a relation that has SQL, clauses, and the WITH that holds the CTEs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from transpiler.plan.relations import Relation
from transpiler.plan.scalars import Column


@dataclass(frozen=True, slots=True)
class Lowered:
    """A relation that has SQL: the name to select from, its columns in order, and what each is called there."""

    table: exp.Expr
    columns: tuple[Column, ...]
    names: Mapping[Column, str]


@dataclass(frozen=True, slots=True)
class StageSql:
    """Which CTE a relation became."""

    relation: Relation
    name: str


def with_clause(ctes: Sequence[exp.CTE]) -> exp.With:
    """The CTEs of a statement; RECURSIVE where one of them reads itself."""
    return exp.With(expressions=list(ctes), recursive=any(is_recursive(c) for c in ctes) or None)


def is_recursive(cte: exp.CTE) -> bool:
    """Whether a CTE reads itself."""
    return isinstance(cte.this, exp.Union) and any(t.name == cte.alias for t in cte.this.find_all(exp.Table))


def join_words(word: str) -> dict[str, str]:
    """The kind of a join where sqlglot looks for it."""
    return {"side": word} if word in ("LEFT", "RIGHT", "FULL") else {"kind": word}


def conjunction(trees: Sequence[exp.Expr]) -> exp.Expr:
    """All predicates, joined by AND."""
    wrapped = [exp.Paren(this=t) if isinstance(t, exp.Or) else t for t in trees]
    tree = wrapped[0]
    for other in wrapped[1:]:
        tree = exp.And(this=tree, expression=other)
    return tree
