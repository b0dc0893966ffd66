"""A SELECT that is not written yet: a table or a stage, the columns made of it so far, and the conditions on its rows.

``where``, ``extend`` and ``project`` one after another are one SELECT, as a person would write them, as long as nothing
long has to be written twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from sqlglot import exp

from transpiler.dialects.dialect import identifier
from transpiler.frozen import frozen
from transpiler.lowering.names import Names
from transpiler.plan.relations import Reference, Relation, Scan
from transpiler.plan.scalars import Column, ColumnRef, Scalar, children
from transpiler.types import Type

MOST_REPEATED = 14
"""How many nodes of trees may be written a second time before a stage of its own is shorter."""
MOST_NODES = 90
"""How large a tree may grow by what is put into it; a longer one is hard to read."""


@frozen()
class Lowered:
    """A relation that has SQL.

    ``table`` is what to select from, ``columns`` are all that it yields, in order, and ``names`` says what each column
    that may be read is called there (two columns may be one: ``extend a = b``).
    """

    table: exp.Expr
    columns: tuple[Column, ...]
    names: Mapping[Column, str]

    @property
    def readable(self) -> tuple[Column, ...]:
        """The columns that may be read, in order."""
        own = tuple(c for c in self.columns if c in self.names)
        return own if len(own) == len(self.names) else (*own, *(c for c in self.names if c not in own))


@frozen()
class Block:
    """A SELECT under way over ``table``. ``base`` is the stage that it reads; None for a table of the warehouse.

    ``columns`` are those that may be read, in order: each is a column of the table (``plain``) or a tree over it
    (``computed``). ``needed`` are those that someone reads. ``stages`` are the relations that went into it.
    """

    table: exp.Expr | None
    base: Lowered | None
    columns: tuple[Column, ...]
    plain: Mapping[Column, str]
    computed: Mapping[Column, exp.Expr]
    needed: Collection[Column]
    where: tuple[exp.Expr, ...] = ()
    stages: tuple[Relation, ...] = ()

    @property
    def is_untouched(self) -> bool:
        """Whether its columns are the table's own and no row is left out."""
        return not self.where and not self.computed

    @property
    def is_table(self) -> bool:
        """Whether it is nothing but a table of the warehouse."""
        return self.base is None and self.table is not None and self.is_untouched

    def tree(self, column: Column) -> exp.Expr:
        """A fresh tree of a column, over the table."""
        name = self.plain.get(column)
        return exp.Column(this=identifier(name)) if name is not None else self.computed[column].copy()

    def is_other(self, column: Column, name: str, computed: Mapping[Column, exp.Expr]) -> bool:
        """Whether a column is not simply the table's column of that name."""
        return column in computed or self.plain.get(column) != name

    def takes(self, scalars: Iterable[Scalar], kept: Iterable[Column]) -> bool:
        """Whether scalars over this block's columns can be written over its table instead.

        ``kept``: the columns that are still written as well.
        """
        if not self.computed:
            return True
        read = references(scalars, self.computed)
        if not read:
            return True
        staying = set(kept)
        repeated = 0
        for column, count in read.items():
            tree = self.computed[column]
            if is_odd_constant(tree, column):
                return False
            size = len(list(tree.walk()))
            times = count if column in staying else count - 1
            repeated += times * max(size - 2, 0)
            if size > MOST_NODES or repeated > MOST_REPEATED:
                return False
        return True

    def filtered(self, relation: Relation, predicate: exp.Expr, needed: Collection[Column]) -> Block:
        """With one condition more."""
        where, stages = (*self.where, predicate), (*self.stages, relation)
        return Block(self.table, self.base, self.columns, self.plain, self.computed, needed, where, stages)

    def projected(
        self,
        relation: Relation,
        columns: tuple[Column, ...],
        computed: Mapping[Column, exp.Expr],
        needed: Collection[Column],
    ) -> Block:
        """With other columns: the computed ones, and of its own those that are named."""
        plain = {c: self.plain[c] for c in columns if c in self.plain}
        trees = {c: computed[c] if c in computed else self.computed[c] for c in columns if c not in plain}
        for column, tree in list(trees.items()):
            # A column under another name is that column.
            if isinstance(tree, exp.Column) and column in computed and not tree.args.get("table"):
                plain[column] = tree.name
                del trees[column]
        return Block(self.table, self.base, columns, plain, trees, needed, self.where, (*self.stages, relation))

    def renamed(self, reference: Reference, needed: Collection[Column]) -> Block:
        """The same under a reference's columns."""
        mapping = dict(zip(reference.target.columns, reference.columns, strict=True))
        return replace(
            self,
            columns=tuple(mapping[c] for c in self.columns if c in mapping),
            plain={mapping[c]: n for c, n in self.plain.items() if c in mapping},
            computed={mapping[c]: t for c, t in self.computed.items() if c in mapping},
            needed=needed,
        )

    def hides(self, columns: Iterable[Column], names: Mapping[Column, str]) -> bool:
        """Whether a sort key over these columns could be read otherwise: ORDER BY prefers the names that SELECT gives."""
        own = {self.plain[c].lower() if c in self.plain else "" for c in columns}
        if "" in own:
            return True
        given = {n.lower(): c for c, n in names.items()}
        return any(n in given and (given[n] not in self.plain or self.plain[given[n]].lower() != n) for n in own)


def is_odd_constant(tree: exp.Expr, column: Column) -> bool:
    """Whether a tree reads no column and is more than a plain literal.

    Trap: DuckDB finds other functions for a NULL and for the text of a JSON value than for a column of their type.
    """
    if isinstance(tree, exp.Literal | exp.Boolean):
        return column.type is Type.DYNAMIC
    return tree.find(exp.Column) is None


def references(scalars: Iterable[Scalar], columns: Collection[Column]) -> dict[Column, int]:
    """How often scalars read each of some columns, those that they do read."""
    found: dict[Column, int] = {}
    stack = list(scalars)
    while stack:
        scalar = stack.pop()
        if isinstance(scalar, ColumnRef):
            if scalar.column in columns:
                found[scalar.column] = found.get(scalar.column, 0) + 1
        else:
            stack += children(scalar)
    return found


def read_from(table: exp.Expr) -> exp.From:
    """A FROM of a table: of the tree itself where it stands nowhere yet."""
    return exp.From(this=table if table.parent is None else table.copy())


def distinct(table: exp.Table, scan: Scan) -> exp.Table:
    """The table under another name where a column has its own: BigQuery would read that name as the whole row."""
    name = scan.identifier[-1].rpartition(".")[2].lower()
    columns = [p if isinstance(p, str) else p.column[0] for p in scan.physical.values()]
    if f"\n{name}\n" in "\n".join(("", *columns, "")).lower():  # one text is searched faster than many names
        alias = Names(columns).unique(f"{name}_rows")
        table.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
    return table
