"""What every stage's lowering works with: the stages so far, their names, and the pieces of a SELECT."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from transpiler.dialects.dialect import Dialect, identifier
from transpiler.dialects.ordering import nan_key
from transpiler.frozen import frozen
from transpiler.lowering.block import Block, Lowered, read_from
from transpiler.lowering.clauses import conjunction
from transpiler.lowering.liveness import Needs
from transpiler.lowering.names import Names, column_names
from transpiler.lowering.scalars import ScalarLowering
from transpiler.lowering.ticks import shown, used_columns
from transpiler.plan.relations import OrderKey, Plan, Relation, Scan
from transpiler.plan.scalars import Column, Constant, Scalar

LONGEST_COMMENT = 72
"""How much of the KQL stands above its SQL: a line of 80 columns in a CTE."""


@frozen()
class StageSql:
    """Which CTE a relation became; '' is the statement itself."""

    relation: Relation
    name: str


@dataclass(slots=True)
class Stages:
    """One translation under way: the CTEs so far and the names that are taken.

    ``as_rows``: the statement is to be read by more SQL. Columns stay as they are inside a query (dynamic values as text,
    timespans in microseconds), and the query's order becomes a column, named by ``rank`` ('' when nothing is sorted).
    """

    dialect: Dialect
    plan: Plan
    now: Callable[[], exp.Expr]
    taken: Iterable[str] = ()
    header: str = ""
    as_rows: bool = False
    rank: str = ""
    ctes: list[exp.CTE] = field(default_factory=list)
    stages: list[StageSql] = field(default_factory=list)
    marks: set[str] = field(default_factory=set)
    final_names: dict[Column, str] = field(default_factory=dict)
    scanned: list[Scan] = field(default_factory=list)
    done: dict[int, Lowered | Block] = field(default_factory=dict)
    uses: Mapping[int, int] = field(default_factory=dict)
    needs: Needs = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    relations: Sequence[Relation] = ()
    _used: set[Column] | None = None

    # ---------------------------------------------------------------- stages

    def needed(self, relation: Relation) -> set[Column]:
        """The columns of a relation that someone reads."""
        return self.needs[id(relation)]

    def source(self, relation: Relation) -> Lowered:
        """A relation as something to select from; a SELECT under way is written now."""
        found = self.done[id(relation)]
        if isinstance(found, Block):
            found = self.done[id(relation)] = self.written(found)
        return found

    def joined(self, relation: Relation) -> tuple[Lowered, list[Relation]]:
        """A relation as one side of a join, which names its columns; a table that is read as it is, itself.

        The relations are those that have no stage yet.
        """
        found = self.done[id(relation)]
        if isinstance(found, Block) and self.uses[id(relation)] == 1 and found.is_table:
            assert found.table is not None
            return Lowered(found.table, found.columns, found.plain), list(found.stages)
        return self.source(relation), []

    def open(self, relation: Relation) -> Block:
        """A relation as a SELECT under way, to be gone on with."""
        found = self.done[id(relation)]
        if isinstance(found, Block) and self.uses[id(relation)] == 1:
            return found
        return self.over_stage(self.source(relation))

    def over_stage(self, source: Lowered) -> Block:
        """A new SELECT over a stage."""
        table = source.table if source.table.args.get("this") else None
        columns = source.readable
        return Block(table, source, columns, source.names, {}, columns)

    def reopened(self, block: Block) -> Block:
        """The same as a stage of its own, with a new SELECT over it: also where it only gives columns other names."""
        return self.over_stage(self._emitted(block))

    def open_for(self, relation: Relation, scalars: Sequence[Scalar], kept: Iterable[Column] = ()) -> Block:
        """A SELECT under way over whose table these scalars can be written; ``kept``: the columns that stay as well."""
        block = self.open(relation)
        return block if block.takes(scalars, kept) else self.reopened(block)

    def written(self, block: Block) -> Lowered:
        """A SELECT under way as a stage; none is written for columns that a stage has already."""
        base = block.base
        if base is not None and block.table is not None and block.is_untouched:
            name = base.table.name
            self.stages += [StageSql(r, name) for r in block.stages]
            return Lowered(base.table, base.columns, block.plain)
        return self._emitted(block)

    def _emitted(self, block: Block) -> Lowered:
        columns = self.kept_columns(block)
        names = column_names(columns)
        select = self.selected(block, columns, names, block.computed)
        return self.emit(block.stages, select, columns, names)

    def kept_columns(self, block: Block) -> list[Column]:
        """The columns to write: those that are read, or all where ``*`` says so."""
        base = block.base
        if base is not None and base.columns and block.columns[: len(base.columns)] == base.columns:
            return list(block.columns)
        kept = [c for c in block.columns if c in block.needed]
        if kept or not block.columns:
            return kept
        return [next((c for c in block.columns if c in block.plain), block.columns[0])]

    def selected(
        self, block: Block, columns: Sequence[Column], names: Mapping[Column, str], computed: Mapping[Column, exp.Expr]
    ) -> exp.Select:
        """The SELECT of a block with these columns; ``computed`` gives the trees of those that are not the table's own."""
        select = exp.Select(expressions=self._select_list(block, columns, names, computed))
        if block.table is not None:
            select.set("from_", read_from(block.table))
        self.where(select, block.where)
        return select

    def _select_list(
        self, block: Block, kept: Sequence[Column], names: Mapping[Column, str], computed: Mapping[Column, exp.Expr]
    ) -> list[exp.Expr]:
        """``*``, ``* REPLACE`` or an explicit list, whichever is shortest and right."""
        base = block.base
        own = [base.names.get(c, "") for c in base.columns] if base is not None else []
        count = len(own)
        if count and [names[c] for c in kept[:count]] == own:
            replaced = {
                c: computed[c] if c in computed else block.tree(c)
                for c in kept[:count]
                if block.is_other(c, names[c], computed)
            }
            # BigQuery takes no window function within REPLACE.
            few = count > 2 and len(replaced) * 2 <= count and not any(t.find(exp.Window) for t in replaced.values())
            if not replaced or few:
                changes = [exp.Alias(this=t, alias=self.dialect.identifier(names[c])) for c, t in replaced.items()]
                return [exp.Star(replace=changes or None), *self._listed(block, kept[count:], names, computed)]
        return self._listed(block, kept, names, computed)

    def _listed(
        self, block: Block, columns: Sequence[Column], names: Mapping[Column, str], computed: Mapping[Column, exp.Expr]
    ) -> list[exp.Expr]:
        """Columns one by one. Most are the table's own: they need no look at their tree to tell that they have their name."""
        own = block.plain
        return [
            exp.Column(this=identifier(names[c]))
            if c not in computed and own.get(c) == names[c]
            else self.alias(computed[c] if c in computed else block.tree(c), names[c])
            for c in columns
        ]

    def emit(
        self,
        relations: Sequence[Relation],
        select: exp.Expr,
        columns: Sequence[Column],
        names: Mapping[Column, str],
        above: Sequence[Relation] | None = None,
    ) -> Lowered:
        """A stage of its own, named by the keyword and line of the last of its relations that the query spells.

        ``above``: the relations whose KQL stands above it, all by default.
        """
        name = self.names.unique(_wanted_name(relations))
        self.comment(select, relations if above is None else above)
        alias = exp.TableAlias(this=self.dialect.identifier(name))
        self.ctes.append(exp.CTE(this=select, alias=alias))
        self.stages += [StageSql(r, name) for r in relations]
        return Lowered(exp.Table(this=self.dialect.identifier(name)), tuple(columns), dict(names))

    def comment(self, select: exp.Expr, relations: Iterable[Relation]) -> None:
        """The KQL of the relations, above their SQL."""
        text = " | ".join(r.origin.text for r in relations if r.origin.text)
        if text:
            shortened = text if len(text) <= LONGEST_COMMENT else text[: LONGEST_COMMENT - 1].rstrip() + "…"
            select.add_comments([f" {shortened} "])

    # ---------------------------------------------------------------- scalars

    def over(self, block: Block) -> ScalarLowering:
        """Scalars over the columns of a SELECT under way."""
        return self.scalars(block.tree)

    def over_source(self, source: Lowered) -> ScalarLowering:
        """Scalars over the columns of a stage."""
        return self.scalars(lambda c: exp.Column(this=self.dialect.identifier(source.names[c])))

    def scalars(self, tree: Callable[[Column], exp.Expr]) -> ScalarLowering:
        """Scalars over columns whose trees a function gives."""
        return ScalarLowering(self.dialect, tree, self._table_of, self.now, self.marks)

    def _table_of(self, relation: Relation) -> tuple[exp.Expr, Mapping[Column, str]]:
        lowered = self.source(relation)
        return lowered.table.copy(), lowered.names

    def shown(self, column: Column, scalar: Scalar) -> Scalar:
        """What a column is computed from: a time that is only shown loses the digit that no warehouse holds."""
        cut = shown(scalar)
        return scalar if cut is scalar or column in self._used_columns() else cut

    def _used_columns(self) -> set[Column]:
        """``used_columns`` of the plan, looked for when it is first asked."""
        if self._used is None:
            self._used = used_columns(self.plan, self.relations)
        return self._used

    # ---------------------------------------------------------------- pieces

    def star(self, source: Lowered) -> exp.Select:
        """``SELECT *`` over a stage."""
        return exp.Select(expressions=[exp.Star()], from_=exp.From(this=source.table.copy()))

    def alias(self, tree: exp.Expr, name: str) -> exp.Expr:
        """A tree under a name; a column of that name has it already."""
        if isinstance(tree, exp.Column) and tree.name == name:
            return tree
        return exp.Alias(this=tree, alias=self.dialect.identifier(name))

    def where(self, select: exp.Select, predicates: Sequence[exp.Expr]) -> None:
        """All of the predicates as the WHERE."""
        if predicates:
            whole = conjunction(predicates)
            select.set("where", exp.Where(this=whole.this if isinstance(whole, exp.Paren) else whole))

    def ordered(self, scalars: ScalarLowering, order: Sequence[OrderKey]) -> list[exp.Expr]:
        """The keys of an ORDER BY."""
        keys: list[exp.Expr] = []
        for k in order:
            if not isinstance(k.value, Constant):
                tree = self.dialect.order_key(scalars, k.value)
                keys += [*nan_key(scalars, k), exp.Ordered(this=tree, desc=k.descending, nulls_first=k.nulls_first)]
        return keys

    def order(self, select: exp.Select, scalars: ScalarLowering, order: Sequence[OrderKey]) -> None:
        """An ORDER BY, if there is a key that is no constant."""
        if keys := self.ordered(scalars, order):
            select.set("order", exp.Order(expressions=keys))


def _wanted_name(relations: Sequence[Relation]) -> str:
    """The keyword and line of the last relation that the query spells; fields of aggregated rows have no relation."""
    if not relations:
        return "fields"
    origin = next((r.origin for r in reversed(relations) if r.origin.text), relations[-1].origin)
    keyword = origin.keyword.replace("-", "_") or "stage"
    return f"{keyword}_{origin.line}" if origin.line else keyword
