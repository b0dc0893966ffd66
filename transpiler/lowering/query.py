"""A plan to one SQL statement: a CTE per stage, named by keyword and line, each under a comment with its KQL text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from transpiler.diagnostics import KqlError
from transpiler.dialects.dialect import Dialect
from transpiler.lowering.liveness import Needs, check_chain, in_order, live_aggregates, needs_of, uses_of
from transpiler.lowering.names import Names, column_names
from transpiler.lowering.reading import Reading, distinct
from transpiler.lowering.scalars import ScalarLowering
from transpiler.lowering.stages import Lowered, StageSql, conjunction, join_words, with_clause
from transpiler.lowering.ticks import shown, used_columns
from transpiler.lowering.walking import Walking
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import (
    Aggregate,
    Expand,
    Filter,
    FirstPerGroup,
    Join,
    Limit,
    OrderKey,
    Plan,
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
from transpiler.plan.scalars import Column, Constant, Scalar, columns_of, subqueries_of
from transpiler.types import Type

MAX_RELATIONS = 2000
"""How many stages a statement may come to; a table of the catalog counts as one."""
MAX_CHAIN = 250
"""How many stages may lie one on another: DuckDB's binder recurses through CTEs and stops at about a thousand levels."""


@dataclass(slots=True)
class QueryLowering:
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
    final_names: dict[Column, str] = field(default_factory=dict)
    scanned: list[Scan] = field(default_factory=list)
    _done: dict[int, Lowered | Reading] = field(default_factory=dict)
    _uses: Counter[int] = field(default_factory=Counter)
    _read: dict[int, list[Column]] = field(default_factory=dict)
    _names: Names = field(init=False)
    _needs: Needs = field(init=False)
    _used: set[Column] = field(init=False)

    def lower(self) -> exp.Expr:
        """The whole statement. Raises KqlError for what the target cannot do."""
        relations = in_order(self.plan)
        if len(relations) > MAX_RELATIONS:
            raise KqlError(
                "KQL004",
                f"the query comes to {len(relations)} stages; {MAX_RELATIONS} are translated",
                relations[MAX_RELATIONS].origin.span,
                hint="functions that call each other twice multiply; let keeps a table's stages once",
            )
        check_chain(relations, MAX_CHAIN)
        self._needs = needs_of(self.plan, relations)
        self._used = used_columns(self.plan, relations)
        self._uses = uses_of(self.plan, relations)
        columns = {c.name for r in relations for c in r.columns}
        self._names = Names([*self.taken, *columns])
        for relation in relations:
            self._done[id(relation)] = self._relation(relation)
        return self._final()

    def scans(self) -> list[Scan]:
        """The tables that the statement reads, in order."""
        return self.scanned

    def read_columns(self, scan: Scan) -> list[Column]:
        """The columns that are read of a table, its time column for the window included."""
        return self._read[id(scan)]

    # ---------------------------------------------------------------- stages

    def _relation(self, relation: Relation) -> Lowered | Reading:
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
                return self._filter_reading(relation) or self._filter(relation)
            case Project():
                return self._project_reading(relation) or self._project(relation, relation.computed)
            case Window():
                return self._project(relation, relation.computed)
            case Aggregate():
                return self._aggregate(relation)
            case Limit():
                return self._limit(relation)
            case FirstPerGroup():
                return self._first_per_group(relation)
            case Join():
                return self._join(relation)
            case UnionAll():
                return self._union(relation)
            case Expand():
                return self._expand(relation)
            case Walk():
                return self._walk(relation)

    def _emit(
        self, relation: Relation, select: exp.Expr, columns: Sequence[Column], names: Mapping[Column, str]
    ) -> Lowered:
        origin = relation.origin
        keyword = origin.keyword.replace("-", "_") or "stage"
        name = self._names.unique(f"{keyword}_{origin.line}" if origin.line else keyword)
        if origin.text:
            select.add_comments([f" {origin.text} "])
        alias = exp.TableAlias(this=self.dialect.identifier(name))
        self.ctes.append(exp.CTE(this=select, alias=alias))
        self.stages.append(StageSql(relation, name))
        return Lowered(exp.Table(this=self.dialect.identifier(name)), tuple(columns), dict(names))

    def _source(self, relation: Relation) -> Lowered:
        """A relation that has SQL; a table that is being read is written now."""
        found = self._done[id(relation)]
        if isinstance(found, Reading):
            found = self._done[id(relation)] = self._written(found)
        return found

    def _reading(self, relation: Relation) -> Reading | None:
        """The table that is being read, if no one else reads the same relation."""
        found = self._done[id(relation)]
        return found if isinstance(found, Reading) and self._uses[id(relation)] == 1 else None

    def _reference(self, relation: Reference) -> Lowered | Reading:
        reading = self._reading(relation.target)
        if reading is not None:
            return reading.renamed(relation)
        target = self._source(relation.target)
        mapping = dict(zip(relation.target.columns, relation.columns, strict=True))
        columns = [mapping[c] for c in target.columns if c in mapping]
        names = {mapping[c]: n for c, n in target.names.items() if c in mapping}
        return Lowered(target.table, tuple(columns), names)

    def _scan(self, scan: Scan) -> Reading:
        needed = self._needs[id(scan)]
        columns = [c for c in scan.columns if c in needed] or list(scan.columns[:1])
        windowed = [c for w in scan.window for c in columns_of(w)]
        raw = {c: self._raw(scan, c) for c in scan.columns if c in windowed or c in columns}
        self._read[id(scan)] = [c for c in scan.columns if c in raw]
        scalars = self._over(raw)
        where = [*(self.dialect.shard_filter(scalars, scan) if scan.shards else [])]
        where += [scalars.predicate(w) for w in scan.window]
        trees = {c: self._stored(scan, raw[c], c) for c in columns}
        self.scanned.append(scan)
        return Reading(scan, distinct(self.dialect.table(scan.identifier), scan), trees, tuple(where), (scan,))

    def _filter_reading(self, relation: Filter) -> Reading | None:
        reading = self._reading(relation.input)
        if reading is None or not reading.takes_filter(relation):
            return None
        return reading.filtered_by(relation, self._over(reading.trees).predicate(relation.predicate))

    def _project_reading(self, relation: Project) -> Reading | None:
        reading = self._reading(relation.input)
        if reading is None:
            return None
        needed = self._needs[id(relation)]
        computed = {c: s for c, s in relation.computed.items() if c in needed}
        if not reading.takes_project(relation, computed):
            return None
        scalars = self._over(reading.trees)
        kept = [c for c in relation.columns if c in needed and (c in computed or c in reading.trees)]
        kept = kept or [c for c in relation.columns if c in reading.trees][:1]
        if not kept:
            return None
        return reading.with_trees({c: scalars.value(computed[c]) if c in computed else reading.trees[c] for c in kept})

    def _written(self, reading: Reading) -> Lowered:
        """The CTE that reads a table."""
        names = column_names(reading.columns)
        select = exp.Select(expressions=[self._alias(t, names[c]) for c, t in reading.trees.items()])
        select.set("from_", exp.From(this=reading.table))
        self._where(select, reading.where)
        lowered = self._emit(reading.stages[-1], select, reading.columns, names)
        select.comments = [f" {' | '.join(r.origin.text for r in reading.stages if r.origin.text)} "]
        self.stages[-1:] = [StageSql(r, self.stages[-1].name) for r in reading.stages]
        return lowered

    def _raw(self, scan: Scan, column: Column) -> exp.Expr:
        """A stored column as it lies in the table: a plain name, or what a source's shape says."""
        physical = scan.physical[column]
        if isinstance(physical, str):
            return exp.Column(this=self.dialect.identifier(physical))
        return self.dialect.read(physical, column.type)

    def _stored(self, scan: Scan, raw: exp.Expr, column: Column) -> exp.Expr:
        if column.is_absent:
            return self.dialect.null(column.type)
        return self.dialect.stored(raw.copy(), column) if isinstance(scan.physical[column], str) else raw.copy()

    def _values(self, values: Values) -> Lowered:
        if not values.columns:
            return Lowered(exp.Table(), (), {})
        needed = self._needs[id(values)]
        places = [i for i, c in enumerate(values.columns) if c in needed] or [0]
        columns = [values.columns[i] for i in places]
        names = column_names(columns)
        scalars = self._over({})
        rows = [[scalars.value(self._shown(values.columns[i], row[i])) for i in places] for row in values.rows]
        select = self.dialect.values(
            [self.dialect.identifier(names[c]) for c in columns], [c.type for c in columns], rows
        )
        return self._emit(values, select, columns, names)

    def _shown(self, column: Column, scalar: Scalar) -> Scalar:
        return scalar if column in self._used else shown(scalar)

    def _series(self, series: Series) -> Lowered:
        names = column_names(series.columns)
        name = self.dialect.identifier(names[series.columns[0]])
        return self._emit(series, self.dialect.series(self._over({}), series, name), series.columns, names)

    def _filter(self, relation: Filter) -> Lowered:
        source = self._source(relation.input)
        select = self._star(source)
        self._where(select, [self._over_source(source).predicate(relation.predicate)])
        return self._emit(relation, select, source.columns, source.names)

    def _project(self, relation: Project | Window, computed: Mapping[Column, Scalar]) -> Lowered:
        source = self._source(relation.input)
        needed = self._needs[id(relation)]
        have = set(source.columns)
        kept = [c for c in relation.columns if c in needed if c in computed or c in have]
        every = [c for c in relation.columns if c in have or (c in computed and c in needed)]
        if every[: len(source.columns)] == list(source.columns):
            kept = every
        kept = kept or _any_column(relation, computed, source)
        names = column_names(kept)
        scalars = self._over_source(source)
        values = {c: self._shown(c, s) for c, s in computed.items() if c in kept}
        trees = {c: self.dialect.projected(s, scalars.value(s)) for c, s in values.items()}
        if kept == list(source.columns) and names == source.names:
            self.stages.append(StageSql(relation, source.table.name))
            return Lowered(source.table, source.columns, source.names)
        expressions = self._select_list(source, kept, names, trees)
        select = exp.Select(expressions=expressions)
        if source.columns or not isinstance(relation.input, Values):
            select.set("from_", exp.From(this=source.table.copy()))
        return self._emit(relation, select, kept, names)

    def _select_list(
        self, source: Lowered, kept: Sequence[Column], names: Mapping[Column, str], trees: Mapping[Column, exp.Expr]
    ) -> list[exp.Expr]:
        """``*``, ``* REPLACE`` or an explicit list, whichever is shortest and right."""
        count = len(source.columns)
        same = [
            n
            for n, (a, b) in enumerate(zip(source.columns, kept, strict=False))
            if a is b and source.names[a] == names[b]
        ]
        if count and len(same) == count:
            return [exp.Star(), *(self._alias(trees[c], names[c]) for c in kept[count:])]
        replaced = [b for a, b in zip(source.columns, kept, strict=False) if a is not b]
        in_place = len(kept) >= count and all(
            a is b or (b in trees and names[b] == source.names[a]) for a, b in zip(source.columns, kept, strict=False)
        )
        in_place = in_place and all(names[b] == source.names[a] for a, b in zip(source.columns, kept, strict=False))
        in_place = in_place and all(c in trees for c in kept[count:])
        replaced = [c for c in replaced if not (isinstance(trees.get(c), exp.Column) and trees[c].name == names[c])]
        if count and in_place and (count > 2 or not replaced) and len(replaced) * 2 <= count:
            star = exp.Star(replace=[self._alias(trees[c], names[c], force=True) for c in replaced] or None)
            return [star, *(self._alias(trees[c], names[c]) for c in kept[count:])]
        own = self._references(source)
        return [self._alias(trees[c] if c in trees else own[c], names[c]) for c in kept]

    def _aggregate(self, relation: Aggregate) -> Lowered:
        source = self._source(relation.input)
        scalars = self._over_source(source)
        needed = self._needs[id(relation)]
        aggregates = live_aggregates(relation, needed)
        computed = {c for a in aggregates for c in a.columns}
        columns = [c for c in relation.columns if c in relation.keys or c in computed]
        names = column_names(columns)
        trees: dict[Column, exp.Expr] = {}
        for column, key in relation.keys.items():
            trees[column] = (
                scalars.text(key)
                if key.type is Type.STRING
                else self.dialect.group_key(self.dialect.projected(key, scalars.value(key)), key.type)
            )
        for aggregate in aggregates:
            trees.update(self.dialect.aggregate(scalars, aggregate))
        expressions = [self._alias(trees[c], names[c]) for c in columns]
        select = exp.Select(expressions=expressions)
        select.set("from_", exp.From(this=source.table.copy()))
        if not relation.aggregates:
            select.set("distinct", exp.Distinct())
        elif relation.keys:
            positions = [exp.Literal.number(columns.index(c) + 1) for c in relation.keys]
            select.set("group", exp.Group(expressions=positions))
        return self._emit(relation, select, columns, names)

    def _limit(self, relation: Limit) -> Lowered:
        source = self._source(relation.input)
        select = self._star(source)
        self._order(select, self._over_source(source), relation.order)
        select.set("limit", exp.Limit(expression=exp.Literal.number(relation.count)))
        return self._emit(relation, select, source.columns, source.names)

    def _first_per_group(self, relation: FirstPerGroup) -> Lowered:
        source = self._source(relation.input)
        scalars = self._over_source(source)
        keys = [scalars.text(k) if k.type is Type.STRING else scalars.value(k) for k in relation.keys]
        order = self._ordered(scalars, relation.order)
        window = exp.Window(this=exp.Anonymous(this="ROW_NUMBER", expressions=[]))
        if keys:
            window.set("partition_by", keys)
        if order:
            window.set("order", exp.Order(expressions=order))
        select = self._star(source)
        select.set("qualify", exp.Qualify(this=exp.EQ(this=window, expression=exp.Literal.number(1))))
        return self._emit(relation, select, source.columns, source.names)

    def _expand(self, relation: Expand) -> Lowered:
        source = self._source(relation.input)
        needed = self._needs[id(relation)]
        # Every value is expanded, read or not: the longest makes the rows.
        elements = {e.column for e in relation.expansions}
        columns = [c for c in relation.columns if c in elements or (c in needed and self._is_made(relation, c, source))]
        names = column_names(columns)
        expand = relation if relation.index in names else replace(relation, index=None)
        own = self._references(source)
        kept = [self._alias(own[c], names[c]) for c in columns if c in own]
        select = self.dialect.expand(self._over_source(source), expand, source.table.copy(), kept, names)
        return self._emit(relation, select, columns, names)

    def _walk(self, relation: Walk) -> Lowered:
        source = self._source(relation.input)
        name = source.table.name
        self.dialect.materialize(next(c for c in self.ctes if c.alias == name))
        walking = Walking(relation, self.dialect, source, self._over)
        walk = self.dialect.identifier(self._names.unique(f"{name}_walk"))
        self.ctes.append(exp.CTE(this=walking.recursion(walk), alias=exp.TableAlias(this=walk)))
        select, names = walking.joined(walk)
        return self._emit(relation, select, list(names), names)

    def _is_made(self, relation: Expand, column: Column, source: Lowered) -> bool:
        return column in source.columns or column not in relation.input.columns

    # ---------------------------------------------------------------- joins and unions

    def _join(self, relation: Join) -> Lowered:
        left, right = self._source(relation.left), self._source(relation.right)
        own = self._qualified(left, "l") | self._qualified(right, "r")
        scalars = self._over(own)
        on = self._on(relation, scalars)
        needed = self._needs[id(relation)]
        columns = [c for c in relation.columns if c in needed and relation.sources[c] in own] or list(
            relation.columns[:1]
        )
        names = column_names(columns)
        select = exp.Select(
            expressions=[self._alias(own[relation.sources[c]].copy(), names[c], force=True) for c in columns]
        )
        if relation.kind in ("leftsemi", "leftanti", "rightsemi", "rightanti"):
            self._semi(select, relation, left, right)
        else:
            select.set("from_", exp.From(this=self._aliased(left.table, "l")))
            kind = {"inner": "INNER", "leftouter": "LEFT", "rightouter": "RIGHT", "fullouter": "FULL", "cross": "CROSS"}
            word = kind[relation.kind]
            join = exp.Join(this=self._aliased(right.table, "r"), **join_words(word))
            if word != "CROSS":
                join.set("on", on)
            select.set("joins", [join])
            if relation.condition is not None:
                self._where(select, [scalars.predicate(relation.condition)])
        return self._emit(relation, select, columns, names)

    def _on(self, relation: Join, scalars: ScalarLowering) -> exp.Expr:
        pairs = [self._pair(self._key(scalars, a), self._key(scalars, b), a, b) for a, b in relation.on]
        return conjunction(pairs) if pairs else exp.Boolean(this=True)

    def _pair(self, left: exp.Expr, right: exp.Expr, a: Scalar, b: Scalar) -> exp.Expr:
        null_safe = a.nullable and b.nullable and a.type is not Type.STRING
        if may_be_nan(a) and may_be_nan(b):
            return self.dialect.equal_reals(left, right, null_safe=null_safe)
        return self.dialect.equal_keys(left, right, a.type, null_safe=null_safe)

    def _semi(self, select: exp.Select, relation: Join, left: Lowered, right: Lowered) -> None:
        """Semi and anti joins as a join with the other side's distinct keys: a correlated EXISTS is not BigQuery's."""
        keep_left = relation.kind.startswith("left")
        kept, other = (left, right) if keep_left else (right, left)
        alias, keys_alias = ("l", "r") if keep_left else ("r", "l")
        mine = [p[0] if keep_left else p[1] for p in relation.on]
        theirs = [p[1] if keep_left else p[0] for p in relation.on]
        inner = self._over_source(other)
        keys: list[exp.Expr] = [exp.alias_(self._key(inner, k), f"k{i}", copy=False) for i, k in enumerate(theirs)]
        anti = relation.kind.endswith("anti")
        if anti:
            keys.append(exp.alias_(exp.Boolean(this=True), "found", copy=False))
        keyed = exp.Select(expressions=keys, distinct=exp.Distinct(), from_=exp.From(this=other.table.copy()))
        outer = self._over(self._qualified(kept, alias))
        pairs = [
            self._pair(self._key(outer, a), exp.column(f"k{i}", table=keys_alias, copy=False), a, b)
            for i, (a, b) in enumerate(zip(mine, theirs, strict=True))
        ]
        subquery = exp.Subquery(this=keyed, alias=exp.TableAlias(this=exp.to_identifier(keys_alias)))
        join = exp.Join(this=subquery, on=conjunction(pairs), **join_words("LEFT" if anti else "INNER"))
        select.set("from_", exp.From(this=self._aliased(kept.table, alias)))
        select.set("joins", [join])
        if anti:
            found = exp.column("found", table=keys_alias, copy=False)
            self._where(select, [exp.Is(this=found, expression=exp.Null())])

    def _key(self, scalars: ScalarLowering, key: Scalar) -> exp.Expr:
        return scalars.text(key) if key.type is Type.STRING else scalars.value(key)

    def _union(self, relation: UnionAll) -> Lowered:
        needed = self._needs[id(relation)]
        columns = [c for c in relation.columns if c in needed] or list(relation.columns[:1])
        names = column_names(columns)
        selects: list[exp.Expr] = []
        for r, source in zip(relation.inputs, relation.sources, strict=True):
            lowered = self._source(r)
            scalars = self._over_source(lowered)
            expressions = [
                self._alias(
                    scalars.value(source[c]) if c in source else self.dialect.null(c.type), names[c], force=not selects
                )
                for c in columns
            ]
            select = exp.Select(expressions=expressions)
            select.set("from_", exp.From(this=lowered.table.copy()))
            selects.append(select)
        tree = selects[0]
        for other in selects[1:]:
            tree = exp.Union(this=tree, expression=other, distinct=False)
        return self._emit(relation, tree, columns, names)

    # ---------------------------------------------------------------- the end

    def _final(self) -> exp.Expr:
        source = self._source(self.plan.relation)
        self.final_names = column_names(self.plan.visible)
        scalars = self._over_source(source)
        own = self._references(source)
        shown = {c: own[c] if self.as_rows else self.dialect.shown(own[c].copy(), c.type) for c in self.plan.visible}
        same = list(self.plan.visible) == list(source.columns) and all(
            self.final_names[c] == source.names[c] for c in self.plan.visible
        )
        changed = [c for c in self.plan.visible if shown[c] != own[c]]
        if same and not changed:
            expressions: list[exp.Expr] = [exp.Star()]
        elif same and len(self.plan.visible) > 2 and len(changed) * 2 <= len(self.plan.visible):
            expressions = [exp.Star(replace=[self._alias(shown[c], source.names[c], force=True) for c in changed])]
        else:
            expressions = [self._alias(shown[c], self.final_names[c]) for c in self.plan.visible]
        select = exp.Select(expressions=expressions)
        select.set("from_", exp.From(this=source.table.copy()))
        if self.as_rows:
            self._ranked(select, self._ordered(scalars, self.plan.order))
        else:
            self._order(select, scalars, self.plan.order)
        select = self._inlined(select, source)
        if self.ctes:
            select.set("with_", with_clause(self.ctes))
        if self.header:
            # sqlglot writes the comments of a SELECT behind its CTEs, those of the WITH before them.
            first = select.args.get("with_") or select
            first.comments = [self.header, *(first.comments or [])]
        return select

    def _ranked(self, select: exp.Select, keys: list[exp.Expr]) -> None:
        """The place of each row in the query's order, equal for rows that the order does not tell apart."""
        if keys:
            self.rank = Names(self.final_names.values()).unique("result_rank")
            window = exp.Window(this=exp.Anonymous(this="RANK", expressions=[]), order=exp.Order(expressions=keys))
            select.append("expressions", exp.Alias(this=window, alias=exp.to_identifier(self.rank)))

    def _inlined(self, select: exp.Select, source: Lowered) -> exp.Select:
        """The last stage is the statement itself where nothing is left to do after it."""
        last = self.ctes[-1] if self.ctes else None
        star = select.expressions[0]
        if last is None or not isinstance(star, exp.Star) or star.args.get("replace") or select.args.get("order"):
            return select
        if len(select.expressions) > 1:
            return select
        if not isinstance(last.this, exp.Select) or last.alias != source.table.name or self._is_reread(last.alias):
            return select
        self.ctes.pop()
        self.stages = [StageSql(s.relation, "") if s.name == last.alias else s for s in self.stages]
        return last.this

    def _is_reread(self, name: str) -> bool:
        """Whether another CTE reads the one of that name."""
        return any(t.name == name for cte in self.ctes[:-1] for t in cte.this.find_all(exp.Table))

    # ---------------------------------------------------------------- pieces

    def _over(self, trees: Mapping[Column, exp.Expr]) -> ScalarLowering:
        return ScalarLowering(self.dialect, trees, self._table_of, self.now)

    def _over_source(self, source: Lowered) -> ScalarLowering:
        return self._over(self._references(source))

    def _references(self, source: Lowered) -> dict[Column, exp.Expr]:
        return {c: exp.Column(this=self.dialect.identifier(source.names[c])) for c in source.columns}

    def _qualified(self, source: Lowered, alias: str) -> dict[Column, exp.Expr]:
        table = exp.to_identifier(alias)
        return {
            c: exp.Column(this=self.dialect.identifier(source.names[c]), table=table.copy()) for c in source.columns
        }

    def _table_of(self, relation: Relation) -> tuple[exp.Expr, Mapping[Column, str]]:
        lowered = self._source(relation)
        return lowered.table.copy(), lowered.names

    def _star(self, source: Lowered) -> exp.Select:
        return exp.Select(expressions=[exp.Star()], from_=exp.From(this=source.table.copy()))

    def _aliased(self, table: exp.Expr, alias: str) -> exp.Expr:
        copy = table.copy()
        copy.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
        return copy

    def _alias(self, tree: exp.Expr, name: str, *, force: bool = False) -> exp.Expr:
        if not force and isinstance(tree, exp.Column) and tree.name == name:
            return tree
        if isinstance(tree, exp.Column) and tree.name == name and not tree.args.get("table"):
            return tree
        return exp.Alias(this=tree, alias=self.dialect.identifier(name))

    def _where(self, select: exp.Select, predicates: Sequence[exp.Expr]) -> None:
        if predicates:
            select.set("where", exp.Where(this=conjunction(predicates)))

    def _ordered(self, scalars: ScalarLowering, order: Sequence[OrderKey]) -> list[exp.Expr]:
        return [
            exp.Ordered(this=self.dialect.order_key(scalars, k.value), desc=k.descending, nulls_first=k.nulls_first)
            for k in order
            if not isinstance(k.value, Constant)
        ]

    def _order(self, select: exp.Select, scalars: ScalarLowering, order: Sequence[OrderKey]) -> None:
        if keys := self._ordered(scalars, order):
            select.set("order", exp.Order(expressions=keys))


def _any_column(relation: Project | Window, computed: Mapping[Column, Scalar], source: Lowered) -> list[Column]:
    """One column where none is needed (``count`` counts rows): one whose own inputs the source has."""
    have = set(source.columns)
    possible = (
        c
        for c in relation.columns
        if c in have or (c in computed and columns_of(computed[c]) <= have and not subqueries_of(computed[c]))
    )
    return [next(possible, None) or source.columns[0]] if source.columns else [*possible][:1]
