"""What a statement of BigQuery reads more than once, put into temporary tables that are filled once.

BigQuery keeps no result of a CTE: a let that is used three times is computed, and its tables are read and charged, three
times. In a script each such stage becomes a temporary table of its own name before the statement, which then reads it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from transpiler.lowering.clauses import is_recursive, with_clause

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}", re.ASCII)
_RESERVED = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier", "_change_")
"""How a stored column may be called in BigQuery: not all that a CTE's column may be."""


@dataclass(frozen=True, slots=True)
class SharedStage:
    """A temporary table: its name, the columns, and the SELECT that fills it."""

    name: str
    columns: tuple[str, ...]
    select: exp.Expr


def shared_stages(tree: exp.Expr) -> tuple[list[SharedStage], exp.Expr]:
    """The stages of a statement that are worth a temporary table, in order, and the statement that reads them.

    A stage pays when it is read twice or more, reads a stored table itself, and is smaller than what it reads: a bare
    copy of a table would be read as often as the table.
    """
    ctes: list[exp.CTE] = list(tree.args["with_"].expressions) if tree.args.get("with_") else []
    bodies = {cte.alias: cte for cte in ctes}
    last = tree.copy()
    last.set("with_", None)
    uses = Counter(name for part in (*(c.this for c in ctes), last) for name in _read(part, bodies))
    columns = _columns_of(bodies)
    stored, smaller = _reading_stored(bodies), _smaller(bodies)
    chosen = [
        name
        for name, cte in bodies.items()
        if uses[name] > 1 and name in stored and not is_recursive(cte) and _is_storable(columns[name])
        if name in smaller
    ]
    shared = [
        SharedStage(name, columns[name] or (), _with_needed(bodies[name].this.copy(), bodies, chosen))
        for name in chosen
    ]
    return shared, _with_needed(last, bodies, chosen) if shared else tree


def _read(tree: exp.Expr, bodies: Mapping[str, exp.CTE]) -> list[str]:
    """The CTEs that a part names, once for each place."""
    return [t.name for t in tree.find_all(exp.Table) if not t.args.get("db") and t.name in bodies]


def _reading_stored(bodies: Mapping[str, exp.CTE]) -> set[str]:
    """The CTEs that read a table of the warehouse, directly or through others. Those before are listed before."""
    found: set[str] = set()
    for name, cte in bodies.items():
        tables = [t for t in cte.this.find_all(exp.Table) if t.name]
        if any(t.args.get("db") or t.name not in bodies or t.name in found for t in tables):
            found.add(name)
    return found


def _smaller(bodies: Mapping[str, exp.CTE]) -> set[str]:
    """The CTEs in which, or below which, rows are left out or put together."""
    kinds = (exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Limit, exp.Distinct, exp.Join)
    found: set[str] = set()
    for name, cte in bodies.items():
        if cte.this.find(*kinds) is not None or found & set(_read(cte.this, bodies)):
            found.add(name)
    return found


def _is_storable(columns: Sequence[str] | None) -> bool:
    """Whether a table may have these columns. None: they are not known."""
    return bool(columns) and all(_COLUMN.fullmatch(c) and not c.lower().startswith(_RESERVED) for c in columns or ())


def _with_needed(tree: exp.Expr, bodies: Mapping[str, exp.CTE], chosen: Sequence[str]) -> exp.Expr:
    """A SELECT with the CTEs that it still needs; the chosen ones are tables by now."""
    needed: set[str] = set()
    waiting = _read(tree, bodies)
    while waiting:
        name = waiting.pop()
        if name not in needed and name not in chosen:
            needed.add(name)
            waiting += _read(bodies[name].this, bodies)
    kept = [cte.copy() for name, cte in bodies.items() if name in needed]
    if not kept:
        return tree
    if isinstance(tree, exp.Select):
        tree.set("with_", with_clause(kept))
        return tree
    outer = exp.Select(expressions=[exp.Star()], from_=exp.From(this=exp.Subquery(this=tree)))
    outer.set("with_", with_clause(kept))
    return outer


def _columns_of(bodies: Mapping[str, exp.CTE]) -> dict[str, tuple[str, ...] | None]:
    """The names of each CTE's columns; None where they cannot be told."""
    found: dict[str, tuple[str, ...] | None] = {}
    for name, cte in bodies.items():
        found[name] = _output(cte.this, found)
    return found


def _output(tree: exp.Expr, known: Mapping[str, tuple[str, ...] | None]) -> tuple[str, ...] | None:
    while isinstance(tree, exp.SetOperation | exp.Subquery):
        tree = tree.this
    if not isinstance(tree, exp.Select):
        return None
    names: list[str] = []
    for item in tree.expressions:
        if isinstance(item, exp.Star):
            source = tree.args.get("from_")
            table = source.this if source else None
            inner = known.get(table.name) if isinstance(table, exp.Table) and not tree.args.get("joins") else None
            if inner is None or item.args.get("except_") or item.args.get("rename"):
                return None
            names += inner
        elif isinstance(item, exp.Alias | exp.Column) and item.output_name:
            names.append(item.output_name)
        else:
            return None
    return tuple(names)
