"""A walk over rows as a recursive CTE: a step of the recursion goes one row further, in every part at once.

Trap: BigQuery stops a recursion after 500 steps, with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from transpiler.dialects.dialect import Dialect
from transpiler.lowering.block import Lowered
from transpiler.lowering.clauses import conjunction, join_words
from transpiler.lowering.names import column_names
from transpiler.lowering.scalars import ScalarLowering
from transpiler.plan.relations import Walk
from transpiler.plan.scalars import Column, Scalar, columns_of
from transpiler.types import Type

_ROW, _WALK = "r", "w"


@dataclass(slots=True)
class Walking:
    """One walk under way. ``source`` are its rows; ``over`` gives the lowering over the trees of columns."""

    relation: Walk
    dialect: Dialect
    source: Lowered
    over: Callable[[Mapping[Column, exp.Expr]], ScalarLowering]
    upcoming: Column = field(init=False)
    keys: dict[Column, Scalar] = field(init=False)
    read: list[Column] = field(init=False)
    names: dict[Column, str] = field(init=False)

    def __post_init__(self) -> None:
        self.upcoming = Column("next_place", Type.LONG)
        self.keys = {Column("part", p.type): p for p in self.relation.partition}
        levels = [c for level in self.relation.levels for c in level]
        scalars = [s for level in self.relation.levels for s in level.values()]
        scalars += [s.value for s in self.relation.states]
        used = {c for s in scalars for c in columns_of(s)} | {self.relation.place}
        used |= columns_of(self.relation.next) if self.relation.next is not None else set()
        self.read = [c for c in self.source.readable if c in used]
        before = [s.before for s in self.relation.states]
        self.names = column_names([*self.read, *before, *levels, self.upcoming, *self.keys])

    def recursion(self, walk: exp.Identifier) -> exp.Expr:
        """The CTE of that name: for each place that is visited, where the walk goes on and the states."""
        return exp.Union(this=self._start(), expression=self._step(walk), distinct=False)

    def joined(self, walk: exp.Identifier) -> tuple[exp.Select, dict[Column, str]]:
        """The rows, each with its states."""
        after = [s.after for s in self.relation.states]
        names = column_names([*self.source.readable, *after])
        rows = self._rows()
        expressions = [self._named(rows[c].copy(), names[c]) for c in self.source.readable]
        for state in self.relation.states:
            expressions.append(self._named(self._walked(state.before), names[state.after]))
        place = exp.EQ(this=self._walked(self.relation.place), expression=rows[self.relation.place].copy())
        select = exp.Select(expressions=expressions, from_=exp.From(this=self._table(self.source.table, _ROW)))
        join = exp.Join(this=self._table(exp.Table(this=walk.copy()), _WALK), **join_words("LEFT"))
        join.set("on", conjunction([place, *self._same_part()]))
        select.set("joins", [join])
        return select, names

    def _start(self) -> exp.Select:
        """The states before the first row of each part, from which the walk goes to it."""
        scalars = self.over(self._rows())
        place = self._rows()[self.relation.place]
        expressions = [
            self._named(self._typed(exp.Literal.number(0), Type.LONG), self.names[self.relation.place]),
            self._named(self._typed(exp.Literal.number(1), Type.LONG), self.names[self.upcoming]),
        ]
        expressions += [self._named(self._key(scalars, s), self.names[c]) for c, s in self.keys.items()]
        for state in self.relation.states:
            tree = self._typed(scalars.value(state.initial), state.before.type)
            expressions.append(self._named(tree, self.names[state.before]))
        first = exp.Where(this=exp.EQ(this=place.copy(), expression=exp.Literal.number(1)))
        table = self._table(self.source.table, _ROW)
        return exp.Select(expressions=expressions, from_=exp.From(this=table), where=first)

    def _step(self, walk: exp.Identifier) -> exp.Select:
        """The next row of each part, with the states after it."""
        select = self._visited(walk)
        before = [s.before for s in self.relation.states]
        trees: Mapping[Column, exp.Expr] = {**self._rows(), **{c: self._walked(c) for c in before}}
        keys = {c: self._key(self.over(trees), s) for c, s in self.keys.items()}
        inner = [self._named(trees[c].copy(), self.names[c]) for c in (*self.read, *before)]
        inner += [self._named(tree, self.names[c]) for c, tree in keys.items()]
        for level in self.relation.levels:
            scalars = self.over(trees)
            computed = [self._named(scalars.value(s), self.names[c], force=True) for c, s in level.items()]
            select.set("expressions", [*inner, *computed])
            select = exp.Select(expressions=[], from_=exp.From(this=exp.Subquery(this=select)))
            inner = [exp.Star()]
            trees = {c: self._bare(c) for c in self.names}
            keys = {c: trees[c] for c in self.keys}
        select.set("expressions", self._after(trees, keys))
        return select

    def _after(self, trees: Mapping[Column, exp.Expr], keys: Mapping[Column, exp.Expr]) -> list[exp.Expr]:
        scalars = self.over(trees)
        place = trees[self.relation.place].copy()
        following = exp.Add(this=place.copy(), expression=exp.Literal.number(1))
        upcoming = following if self.relation.next is None else scalars.value(self.relation.next)
        expressions = [
            self._named(place, self.names[self.relation.place]),
            self._named(upcoming, self.names[self.upcoming]),
        ]
        expressions += [self._named(tree, self.names[c]) for c, tree in keys.items()]
        for state in self.relation.states:
            tree = self.dialect.projected(state.value, scalars.value(state.value))
            expressions.append(self._named(tree, self.names[state.before]))
        return expressions

    def _visited(self, walk: exp.Identifier) -> exp.Select:
        on = exp.EQ(this=self._rows()[self.relation.place], expression=self._walked(self.upcoming))
        select = exp.Select(from_=exp.From(this=self._table(exp.Table(this=walk.copy()), _WALK)))
        join = exp.Join(this=self._table(self.source.table, _ROW), **join_words("INNER"))
        join.set("on", conjunction([on, *self._same_part()]))
        select.set("joins", [join])
        return select

    def _same_part(self) -> list[exp.Expr]:
        scalars = self.over(self._rows())
        return [
            self.dialect.equal_keys(
                self._walked(c), self._key(scalars, s), s.type, null_safe=s.nullable and s.type is not Type.STRING
            )
            for c, s in self.keys.items()
        ]

    # ---------------------------------------------------------------- pieces

    def _rows(self) -> dict[Column, exp.Expr]:
        return {
            c: exp.Column(this=self._quoted(self.source.names[c]), table=exp.to_identifier(_ROW))
            for c in self.source.readable
        }

    def _walked(self, column: Column) -> exp.Expr:
        return exp.Column(this=self._quoted(self.names[column]), table=exp.to_identifier(_WALK))

    def _bare(self, column: Column) -> exp.Expr:
        return exp.Column(this=self._quoted(self.names[column]))

    def _quoted(self, name: str) -> exp.Identifier:
        return self.dialect.identifier(name)

    def _key(self, scalars: ScalarLowering, key: Scalar) -> exp.Expr:
        return scalars.text(key) if key.type is Type.STRING else scalars.value(key)

    def _typed(self, tree: exp.Expr, t: Type) -> exp.Expr:
        return tree if isinstance(tree, exp.Cast) else exp.Cast(this=tree, to=self.dialect.data_type(t))

    def _table(self, table: exp.Expr, alias: str) -> exp.Expr:
        named = table.copy()
        named.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
        return named

    def _named(self, tree: exp.Expr, name: str, *, force: bool = False) -> exp.Expr:
        if isinstance(tree, exp.Column) and tree.name == name and not force:
            return tree
        return exp.Alias(this=tree, alias=self._quoted(name))
