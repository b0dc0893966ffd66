"""A table and what is done to it at once: the source's own columns and filters, and the query's first ``where``.

One SELECT reads a table as a person would write it; every later stage is a CTE of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlglot import exp

from transpiler.lowering.names import Names
from transpiler.plan.relations import Filter, Project, Reference, Relation, Scan
from transpiler.plan.scalars import Column, Scalar, columns_of

MOST_NODES = 14
"""Up to how many nodes a tree may have to be written twice (in the SELECT and in the WHERE)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A SELECT over a physical table that is not written yet. ``trees`` gives each column over the table itself."""

    scan: Scan
    table: exp.Expr
    trees: Mapping[Column, exp.Expr]
    where: tuple[exp.Expr, ...]
    stages: tuple[Relation, ...]
    filtered: bool = False

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that it yields, in order."""
        return tuple(self.trees)

    def takes_filter(self, relation: Filter) -> bool:
        """Whether a filter can be written into the same SELECT: the source's own always, the query's first one."""
        return not (self.filtered and relation.origin.text) and all(
            is_simple(self.trees[c]) for c in columns_of(relation.predicate) if c in self.trees
        )

    def takes_project(self, relation: Project, computed: Mapping[Column, Scalar]) -> bool:
        """Whether computed columns can be written into the same SELECT: those of a source's view."""
        if self.filtered or relation.origin.text:
            return False
        used = [c for s in computed.values() for c in columns_of(s)]
        return all(is_simple(self.trees[c]) or used.count(c) < 2 for c in used if c in self.trees)

    def filtered_by(self, relation: Filter, predicate: exp.Expr) -> Reading:
        """With one predicate more."""
        own = relation.origin.text != ""
        stages = (*self.stages, relation) if own else self.stages
        return replace(self, where=(*self.where, predicate), stages=stages, filtered=self.filtered or own)

    def with_trees(self, trees: Mapping[Column, exp.Expr]) -> Reading:
        """With other columns."""
        return replace(self, trees=trees)

    def renamed(self, reference: Reference) -> Reading:
        """The same under a reference's columns."""
        mapping = dict(zip(reference.target.columns, reference.columns, strict=True))
        return replace(self, trees={mapping[c]: t for c, t in self.trees.items() if c in mapping})


def distinct(table: exp.Table, scan: Scan) -> exp.Table:
    """The table under another name where a column has its own: BigQuery would read that name as the whole row."""
    name = scan.identifier[-1].rpartition(".")[2].lower()
    columns = {p.lower() if isinstance(p, str) else p.column[0].lower() for p in scan.physical.values()}
    if name in columns:
        alias = Names(columns).unique(f"{name}_rows")
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return table


def is_simple(tree: exp.Expr) -> bool:
    """Whether a tree is short enough to be written twice."""
    return sum(1 for _ in tree.walk()) <= MOST_NODES
