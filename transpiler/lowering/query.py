"""A plan to one SQL statement: CTEs named by keyword and line, each under a comment with its KQL text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter

from sqlglot import exp

from transpiler.diagnostics import KqlError
from transpiler.dialects.dialect import shown_otherwise, stored_otherwise
from transpiler.lowering import joining, selecting
from transpiler.lowering.beside import set_beside
from transpiler.lowering.block import Block, Lowered, distinct
from transpiler.lowering.clauses import with_clause
from transpiler.lowering.lifting import lift, lift_windows
from transpiler.lowering.liveness import needs_of, survey
from transpiler.lowering.names import Names, column_names
from transpiler.lowering.scalars import ROWS, WINDOWED
from transpiler.lowering.stages import Stages, StageSql
from transpiler.lowering.walking import Walking
from transpiler.plan.relations import (
    Aggregate,
    Expand,
    Filter,
    FirstPerGroup,
    Join,
    Limit,
    Project,
    Reference,
    Relation,
    Scan,
    Series,
    UnionAll,
    Values,
    Walk,
    Window,
)
from transpiler.plan.scalars import Column, columns_in, columns_of

MAX_RELATIONS = 2000
"""How many stages a statement may come to; a table of the catalog counts as one."""
MAX_CHAIN = 250
"""How many stages may lie one on another: DuckDB's binder recurses through CTEs and stops at about a thousand levels."""


_name_of = attrgetter("name")


@dataclass(slots=True)
class QueryLowering(Stages):
    """The translation of one plan: ``lower`` gives the statement, after which the rest says what went into it."""

    read: dict[int, list[Column]] = field(default_factory=dict)

    def lower(self) -> exp.Expr:
        """The whole statement. Raises KqlError for what the target cannot do."""
        found = survey(self.plan, MAX_CHAIN)
        relations = found.relations
        if len(relations) > MAX_RELATIONS:
            raise KqlError(
                "KQL004",
                f"the query comes to {len(relations)} stages; {MAX_RELATIONS} are translated",
                relations[MAX_RELATIONS].origin.span,
                hint="functions that call each other twice multiply; let keeps a table's stages once",
            )
        self.needs = needs_of(self.plan, found)
        self.relations, self.uses = relations, found.uses
        shared = {id(r.columns): r.columns for r in relations}.values()
        self.names = Names(chain(self.taken, map(_name_of, chain.from_iterable(shared))))
        for relation in relations:
            self.done[id(relation)] = self._relation(relation)
        tree = self._final()
        if found.has_subqueries:
            set_beside(tree, self.dialect, self.names)
        if self.dialect.rows_stay_out:
            if found.has_subqueries or ROWS in self.marks:
                lift(tree, self.dialect)
        elif WINDOWED in self.marks:
            lift_windows(tree, self.dialect)
        return tree

    def scans(self) -> list[Scan]:
        """The tables that the statement reads, in order."""
        return self.scanned

    def read_columns(self, scan: Scan) -> list[Column]:
        """The columns that are read of a table, its time column for the window included."""
        return self.read[id(scan)]

    # ---------------------------------------------------------------- stages

    def _relation(self, relation: Relation) -> Lowered | Block:
        match relation:
            case Reference():
                return self._reference(relation)
            case Scan():
                return self._scan(relation)
            case Values():
                return self._values(relation)
            case Series():
                return self._series(relation)
            case Filter():
                return selecting.lower_filter(self, relation)
            case Project():
                return selecting.lower_project(self, relation)
            case Window():
                return selecting.lower_window(self, relation)
            case Aggregate():
                return selecting.lower_aggregate(self, relation)
            case Limit():
                return selecting.lower_limit(self, relation)
            case FirstPerGroup():
                return selecting.lower_first_per_group(self, relation)
            case Expand():
                return selecting.lower_expand(self, relation)
            case Walk():
                return self._walk(relation)
            case Join():
                return joining.lower_join(self, relation)
            case UnionAll():
                return joining.lower_union(self, relation)

    def _reference(self, relation: Reference) -> Lowered | Block:
        found = self.done[id(relation.target)]
        if isinstance(found, Block) and self.uses[id(relation.target)] == 1:
            return found.renamed(relation, self.needed(relation))
        target = self.source(relation.target)
        mapping = dict(zip(relation.target.columns, relation.columns, strict=True))
        names = {mapping[c]: n for c, n in target.names.items() if c in mapping}
        return Lowered(target.table, tuple(mapping.get(c, c) for c in target.columns), names)

    def _scan(self, scan: Scan) -> Block:
        needed = self.needed(scan)
        columns = [c for c in scan.columns if c in needed] or list(scan.columns[:1])
        read = columns_in(scan.window).union(columns) if scan.window else columns
        self.read[id(scan)] = [c for c in scan.columns if c in read] if scan.window else columns
        scalars = self.scalars(lambda c: self._raw(scan, c))
        where = [*(self.dialect.shard_filter(scalars, scan) if scan.shards else [])]
        where += [scalars.predicate(w) for w in scan.window]
        self.scanned.append(scan)
        table = distinct(self.dialect.table(scan.identifier), scan)
        plain, computed = self._stored(scan, columns)
        return Block(table, None, tuple(columns), plain, computed, columns, tuple(where), (scan,))

    def _raw(self, scan: Scan, column: Column) -> exp.Expr:
        """A stored column as it lies in the table: a plain name, or what a source's shape says."""
        physical = scan.physical[column]
        if isinstance(physical, str):
            return exp.Column(this=self.dialect.identifier(physical))
        return self.dialect.read(physical, column.type)

    def _stored(self, scan: Scan, columns: Sequence[Column]) -> tuple[dict[Column, str], dict[Column, exp.Expr]]:
        """What stored columns are within the query: the names of those that are as they lie in the table, else trees."""
        plain: dict[Column, str] = {}
        computed: dict[Column, exp.Expr] = {}
        changed = stored_otherwise(self.dialect)
        for column in columns:
            if column.is_absent:
                computed[column] = self.dialect.null(column.type)
                continue
            physical = scan.physical[column]
            if not isinstance(physical, str):
                tree = self._raw(scan, column)
                if isinstance(tree, exp.Column) and not tree.args.get("table"):
                    plain[column] = tree.name
                else:
                    computed[column] = tree
            elif column.type in changed:
                computed[column] = self.dialect.stored(self._raw(scan, column), column.type)
            else:
                plain[column] = physical
        return plain, computed

    def _values(self, values: Values) -> Lowered:
        if not values.columns:
            return Lowered(exp.Table(), (), {})
        needed = self.needed(values)
        places = [i for i, c in enumerate(values.columns) if c in needed] or [0]
        columns = [values.columns[i] for i in places]
        names = column_names(columns)
        scalars = self.scalars(_no_column)
        rows = [[scalars.value(self.shown(values.columns[i], row[i])) for i in places] for row in values.rows]
        select = self.dialect.values(
            [self.dialect.identifier(names[c]) for c in columns], [c.type for c in columns], rows
        )
        return self.emit([values], select, columns, names)

    def _series(self, series: Series) -> Lowered:
        names = column_names(series.columns)
        name = self.dialect.identifier(names[series.columns[0]])
        tree = self.dialect.series(self.scalars(_no_column), series, name)
        return self.emit([series], tree, series.columns, names)

    def _walk(self, relation: Walk) -> Lowered:
        source = self.source(relation.input)
        name = source.table.name
        self.dialect.materialize(next(c for c in self.ctes if c.alias == name))
        walking = Walking(relation, self.dialect, source, lambda trees: self.scalars(lambda c: trees[c].copy()))
        walk = self.dialect.identifier(self.names.unique(f"{name}_walk"))
        self.ctes.append(exp.CTE(this=walking.recursion(walk), alias=exp.TableAlias(this=walk)))
        select, names = walking.joined(walk)
        return self.emit([relation], select, list(names), names)

    # ---------------------------------------------------------------- the end

    def _final(self) -> exp.Expr:
        names = self.final_names = column_names(self.plan.visible, self.dialect.output_name)
        block = self._last()
        select = self.selected(block, self.plan.visible, names, self._shown_trees(block))
        self.comment(select, block.stages)
        self.stages += [StageSql(r, "") for r in block.stages]
        if self.as_rows:
            self._ranked(select, self.ordered(self.over(block), self.plan.order))
        else:
            self.order(select, self.over(block), self.plan.order)
        select = self._inlined(select, block)
        if self.ctes:
            select.set("with_", with_clause(self.ctes))
        if self.header:
            # sqlglot writes the comments of a SELECT behind its CTEs, those of the WITH before them.
            first = select.args.get("with_") or select
            first.comments = [self.header, *(first.comments or [])]
        return select

    def _last(self) -> Block:
        """The SELECT under way that the statement ends in; a stage more where its order would be read otherwise."""
        block = self.open(self.plan.relation)
        read = {c for k in self.plan.order for c in columns_of(k.value)}
        if read and (block.table is None or block.hides(read, self.final_names)):
            return self.reopened(block)
        return block

    def _shown_trees(self, block: Block) -> dict[Column, exp.Expr]:
        """The visible columns that are not the table's own as they are."""
        trees: dict[Column, exp.Expr] = {}
        changed = frozenset() if self.as_rows else shown_otherwise(self.dialect)
        for column in self.plan.visible:
            if column.type in changed or column in block.computed:
                tree = block.tree(column)
                trees[column] = tree if self.as_rows else self.dialect.shown(tree, column.type)
        return trees

    def _ranked(self, select: exp.Select, keys: list[exp.Expr]) -> None:
        """The place of each row in the query's order, equal for rows that the order does not tell apart."""
        if keys:
            self.rank = Names(self.final_names.values()).unique("result_rank")
            window = exp.Window(this=exp.Anonymous(this="RANK", expressions=[]), order=exp.Order(expressions=keys))
            select.append("expressions", exp.Alias(this=window, alias=exp.to_identifier(self.rank)))

    def _inlined(self, select: exp.Select, block: Block) -> exp.Select:
        """The last stage is the statement itself where only its order, or how its columns are shown, is left to say."""
        last = self.ctes[-1] if self.ctes else None
        if last is None or block.table is None or last.alias != block.table.name or self._is_reread(last.alias):
            return select
        inner = last.this
        if not isinstance(inner, exp.Select) or not block.is_untouched or self.rank:
            return select
        if not self._is_star(select) and not self._shows(inner, block):
            return select
        order = select.args.get("order")
        if order is not None and not (
            _is_open(inner) and all(isinstance(k.this, exp.Column) for k in order.expressions)
        ):
            return select
        if order is not None:
            inner.set("order", order)
        if not self._is_star(select):
            inner.set("expressions", self._shown_again(inner, block))
        self.ctes.pop()
        self.stages = [StageSql(s.relation, "") if s.name == last.alias else s for s in self.stages]
        return inner

    def _is_star(self, select: exp.Select) -> bool:
        star = select.expressions[0]
        return len(select.expressions) == 1 and isinstance(star, exp.Star) and not star.args.get("replace")

    def _shows(self, inner: exp.Select, block: Block) -> bool:
        """Whether the columns of a stage can be shown where they are made: its own, in order, and not grouped by."""
        visible = self.plan.visible
        is_whole = block.base is not None and visible == block.base.columns and _is_open(inner)
        if not is_whole or len(inner.expressions) != len(visible):
            return False
        if any(self.final_names[c] != e.alias_or_name for c, e in zip(visible, inner.expressions, strict=True)):
            return False
        group = inner.args.get("group")
        grouped = {int(p.name) - 1 for p in group.expressions} if group is not None else set()
        ordered = {c for k in self.plan.order for c in columns_of(k.value)}
        return not any((i in grouped or c in ordered) and self._is_changed(c) for i, c in enumerate(visible))

    def _is_changed(self, column: Column) -> bool:
        """Whether a column of this type is shown as another value than it has inside the query."""
        return column.type in shown_otherwise(self.dialect)

    def _shown_again(self, inner: exp.Select, block: Block) -> list[exp.Expr]:
        found: list[exp.Expr] = []
        for column, listed in zip(self.plan.visible, inner.expressions, strict=True):
            tree = listed.this if isinstance(listed, exp.Alias) else listed
            shown = self.dialect.shown(tree, column.type)
            found.append(listed if shown is tree else self.alias(shown, self.final_names[column]))
        return found

    def _is_reread(self, name: str) -> bool:
        """Whether another CTE reads the one of that name."""
        return any(t.name == name for cte in self.ctes[:-1] for t in cte.this.find_all(exp.Table))


def _is_open(select: exp.Select) -> bool:
    """Whether a SELECT may be ordered: it lists its columns, nothing in it depends on which, and it reads a table.

    Trap: BigQuery orders no SELECT without FROM, such as ``print``'s single row.
    """
    args = ("distinct", "limit", "order", "qualify")
    return (
        bool(select.args.get("from_"))
        and not any(select.args.get(a) for a in args)
        and not any(isinstance(e, exp.Star) for e in select.expressions)
    )


def _no_column(column: Column) -> exp.Expr:
    raise KeyError(column.name)
