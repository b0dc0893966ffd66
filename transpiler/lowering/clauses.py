"""Clauses that several kinds of statements have: conditions, joins, and the WITH that holds the CTEs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp


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
    """All of the trees by AND."""
    wrapped = [exp.Paren(this=t) if isinstance(t, exp.Or) else t for t in trees]
    tree = wrapped[0]
    for other in wrapped[1:]:
        tree = exp.And(this=tree, expression=other)
    return tree
