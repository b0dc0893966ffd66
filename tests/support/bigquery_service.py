"""What the BigQuery service refuses although Google's local engine accepts it: a walk over the tree of a statement.

The service plans queries for many machines and so has limits that the reference engine, which just evaluates, has not:
https://cloud.google.com/bigquery/docs/reference/standard-sql/subqueries#correlated_subqueries and
https://cloud.google.com/bigquery/docs/reference/standard-sql/query-syntax#join_types
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

MAX_LENGTH = 1024 * 1024  # characters of a query that the service takes
_FLOATS = (exp.DType.DOUBLE, exp.DType.FLOAT)


def refusals(
    sql: str, tables: Mapping[str, Collection[str]] | None = None, floats: Mapping[str, Collection[str]] | None = None
) -> list[str]:
    """Every reason why the service refuses a statement that its analyzer accepts; [] when none is found.

    ``tables`` maps names of stored tables to their columns: with it, a column without qualifier is found in its table.
    ``floats`` maps them to their columns of type FLOAT64.
    """
    if len(sql) > MAX_LENGTH:
        return [f"the statement is longer than {MAX_LENGTH} characters"]
    try:
        statements = sqlglot.parse(sql, read="bigquery")
    except SqlglotError as e:
        return [f"not readable: {e}"]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        kinds = ", ".join(type(s).__name__ for s in statements)
        return [f"one query is wanted, found: {kinds}"]
    walk = _Walk(statements[0], tables or {}, floats or {})
    return [text for check in _CHECKS for text in check(walk)]


class _Walk:
    """A statement with what its names stand for."""

    def __init__(
        self, root: exp.Query, tables: Mapping[str, Collection[str]], floats: Mapping[str, Collection[str]]
    ) -> None:
        self.root = root
        self.tables = {name.lower(): frozenset(c.lower() for c in columns) for name, columns in tables.items()}
        self.floats = {name.lower(): frozenset(c.lower() for c in columns) for name, columns in floats.items()}
        self.ctes = {cte.alias.lower(): cte.this for cte in root.find_all(exp.CTE)}

    def outputs(self, query: exp.Expr) -> frozenset[str] | None:
        """The column names that a query delivers, in lower case; None when they are not known."""
        if isinstance(query, exp.SetOperation):
            return self.outputs(query.this)
        if isinstance(query, exp.Subquery):
            return self.outputs(query.this)
        if not isinstance(query, exp.Select):
            return None
        names: set[str] = set()
        for item in query.expressions:
            if item.is_star:
                for source in sources(query):
                    known = self.columns(source)
                    if known is None:
                        return None
                    names |= known
            else:
                names.add(item.alias_or_name.lower())
        return frozenset(names)

    def columns(self, source: exp.Expr) -> frozenset[str] | None:
        """The column names of a table, subquery or UNNEST of a FROM clause; None when they are not known."""
        if isinstance(source, exp.Table):
            name = ".".join(part.name for part in source.parts).lower()
            return self.outputs(self.ctes[name]) if name in self.ctes else self.tables.get(name)
        if isinstance(source, exp.Unnest):
            alias = source.args.get("alias")
            names = {c.name.lower() for c in alias.columns} if alias else set()
            names |= {field.name.lower() for field in source.find_all(exp.ColumnDef)}  # ARRAY<STRUCT<…>>[…]
            offset = source.args.get("offset")
            return frozenset(names | ({offset.name.lower()} if isinstance(offset, exp.Identifier) else set()))
        return self.outputs(source)


def sources(select: exp.Expr) -> list[exp.Expr]:
    """What a SELECT reads: the tables, subqueries and UNNESTs of its FROM clause and joins."""
    start = select.args.get("from_")
    joins = select.args.get("joins") or []
    return ([start.this] if start else []) + [j.this for j in joins]


def source_name(source: exp.Expr) -> str:
    """The name by which a source's columns are qualified, in lower case."""
    if isinstance(source, exp.Unnest):
        alias = source.args.get("alias")
        return (alias.name or (alias.columns[0].name if alias.columns else "")).lower() if alias else ""
    return source.alias_or_name.lower()


def _selects_above(node: exp.Expr) -> Iterator[exp.Select]:
    above = node.find_ancestor(exp.Select)
    while above is not None:
        yield above
        above = above.find_ancestor(exp.Select)


# ---- the checks ----------------------------------------------------------------------------------------------------


def _expression_subqueries(root: exp.Expr) -> Iterator[exp.Query]:
    """Queries where a value is wanted: scalar subqueries, EXISTS, IN, ARRAY."""
    for node in root.find_all(exp.Query):
        parent = node.parent
        if isinstance(node, exp.Subquery):
            if not isinstance(parent, exp.From | exp.Join | exp.SetOperation | exp.Subquery):
                yield node
        elif isinstance(parent, exp.Exists | exp.Array):
            yield node


def _correlated_over_table(walk: _Walk) -> Iterator[str]:
    for query in _expression_subqueries(walk.root):
        if query.find(exp.Table) is None:
            continue
        outer = {source_name(s) for select in _selects_above(query) for s in sources(select)}
        for column in query.find_all(exp.Column):
            if _is_outer(walk, column, query, outer):
                yield f"a correlated subquery over a table: {column.sql('bigquery')} comes from outside"
                break


def _is_outer(walk: _Walk, column: exp.Column, query: exp.Query, outer: set[str]) -> bool:
    inner: list[exp.Select] = []
    for select in _selects_above(column):
        inner.append(select)
        if select is query or select is query.this:
            break
    if qualifier := column.table.lower():
        return qualifier in outer and not any(qualifier == source_name(s) for x in inner for s in sources(x))
    for select in inner:
        if column.name.lower() in {item.alias_or_name.lower() for item in select.expressions if item is not column}:
            return False
        for source in sources(select):
            known = walk.columns(source)
            if known is None or column.name.lower() in known:
                return False
    return True


def _join_without_equality(walk: _Walk) -> Iterator[str]:
    for join in walk.root.find_all(exp.Join):
        side = join.side.upper()
        if side not in ("LEFT", "RIGHT", "FULL") or join.args.get("using"):
            continue
        if isinstance(join.this, exp.Unnest) and side == "LEFT":
            continue
        on = join.args.get("on")
        name = source_name(join.this)
        if not any(_links(part, name) for part in _conjuncts(on)):
            yield f"a {side} JOIN needs an equality of fields from both sides: {join.sql('bigquery')[:100]}"


def _conjuncts(condition: exp.Expr | None) -> list[exp.Expr]:
    if isinstance(condition, exp.Paren):
        return _conjuncts(condition.this)
    if isinstance(condition, exp.And):
        return _conjuncts(condition.this) + _conjuncts(condition.expression)
    return [condition] if isinstance(condition, exp.EQ) else []


def _links(equality: exp.Expr, joined: str) -> bool:
    """Whether one side of an equality is of the joined table alone, and the other of others alone."""
    left, right = (_qualifiers(equality.args[key]) for key in ("this", "expression"))
    one_each = (left == {joined} and right and joined not in right) or (
        right == {joined} and left and joined not in left
    )
    return bool(one_each)


def _qualifiers(node: exp.Expr) -> set[str]:
    return {c.table.lower() for c in node.find_all(exp.Column)}


def _subquery_in_join_condition(walk: _Walk) -> Iterator[str]:
    for join in walk.root.find_all(exp.Join):
        on = join.args.get("on")
        if join.side and on is not None and on.find(exp.Query):
            yield f"a subquery in the condition of an outer join: {on.sql('bigquery')[:100]}"


def _order_without_limit(walk: _Walk) -> Iterator[str]:
    for query in walk.root.find_all(exp.Query):
        if query is walk.root or isinstance(query.parent, exp.Array):
            continue
        if query.args.get("order") and not query.args.get("limit"):
            yield f"an ORDER BY inside a query orders nothing: {query.args['order'].sql('bigquery').strip()[:100]}"


def _partition_by_float(walk: _Walk) -> Iterator[str]:
    for window in walk.root.find_all(exp.Window):
        for key in window.args.get("partition_by") or []:
            if _is_float(walk, key):
                yield f"PARTITION BY a FLOAT64: {key.sql('bigquery')}"


def _is_float(walk: _Walk, value: exp.Expr) -> bool:
    match value:
        case exp.Cast():
            return value.to.this in _FLOATS
        case exp.Literal():
            return not value.is_string and not value.is_int
        case exp.Column():
            select = value.find_ancestor(exp.Select)
            near = [s for s in (sources(select) if select else []) if value.table.lower() in ("", source_name(s))]
            return any(value.name.lower() in _float_outputs(walk, _query_of(walk, s), select) for s in near)
    if isinstance(value, exp.Binary | exp.Paren | exp.Neg) and not isinstance(value, exp.Predicate | exp.Connector):
        return any(_is_float(walk, v) for v in value.iter_expressions())
    return False


def _float_outputs(walk: _Walk, query: exp.Expr, reader: exp.Expr | None) -> set[str]:
    """The names of the FLOAT64 columns of a query or table; a CTE that reads itself has none of its own."""
    if query is reader:
        return set()
    if isinstance(query, exp.Table):
        return set(walk.floats.get(query.name.lower(), ()))
    if isinstance(query, exp.Subquery | exp.SetOperation):
        return _float_outputs(walk, query.this, reader)
    found: set[str] = set()
    for item in query.expressions if isinstance(query, exp.Select) else ():
        if item.is_star:
            found.update(*(_float_outputs(walk, _query_of(walk, s), query) for s in sources(query)))
        elif _is_float(walk, item.unalias()):
            found.add(item.alias_or_name.lower())
    return found


def _null_in_returned_array(walk: _Walk) -> Iterator[str]:
    for name, value in _projections(walk, walk.root):
        if _may_hold_null(walk, value):
            yield f"column '{name}' returns an array that may hold NULL: {value.sql('bigquery')[:100]}"


_NO_NAME = re.compile(r"""[!"$()*,./;?@\[\\\]^`{}~\x00-\x1f]""")
_NO_PREFIX = ("_table_", "_file_", "_partition", "_row_timestamp", "__root__", "_colidentifier", "_change_")


def _forbidden_name(walk: _Walk) -> Iterator[str]:
    for name, _ in _projections(walk, walk.root):
        if _NO_NAME.search(name) or len(name) > 300 or name.lower().startswith(_NO_PREFIX):
            yield f"no column of a result is called {name[:400]!r}"


def _projections(walk: _Walk, query: exp.Expr) -> Iterator[tuple[str, exp.Expr]]:
    """The output columns of a query: name and the expression behind it, through ``SELECT *``."""
    if isinstance(query, exp.Subquery):
        yield from _projections(walk, query.this)
    elif isinstance(query, exp.SetOperation):
        yield from _projections(walk, query.this)
        yield from _projections(walk, query.expression)
    elif isinstance(query, exp.Select):
        for item in query.expressions:
            if item.is_star:
                for source in sources(query):
                    yield from _projections(walk, _query_of(walk, source))
            else:
                yield item.alias_or_name, item.unalias()


def _query_of(walk: _Walk, source: exp.Expr) -> exp.Expr:
    """What a source reads; of a CTE that reads itself, nothing that its first part does not yield."""
    if not isinstance(source, exp.Table):
        return source
    around = source.find_ancestor(exp.CTE)
    if around is not None and around.alias.lower() == source.name.lower():
        return source
    found: exp.Expr = walk.ctes.get(source.name.lower(), source)
    return found


_ARRAY_PARTS = (exp.ArrayConcat, exp.Coalesce, exp.If, exp.Case, exp.Paren)


def _may_hold_null(walk: _Walk, value: exp.Expr) -> bool:
    match value:
        case exp.IgnoreNulls():
            return False
        case exp.ArrayAgg():
            return True
        case exp.Array():
            return any(isinstance(e, exp.Null | exp.Query) for e in value.expressions)
        case exp.Column():
            return any(_may_hold_null(walk, v) for v in _behind(walk, value))
    if isinstance(value, _ARRAY_PARTS):
        return any(_may_hold_null(walk, v) for v in value.iter_expressions())
    return False


def _behind(walk: _Walk, column: exp.Column) -> Iterator[exp.Expr]:
    select = column.find_ancestor(exp.Select)
    for source in sources(select) if select else []:
        query = _query_of(walk, source)
        if query is select or (column.table and column.table.lower() != source_name(source)):
            continue
        yield from (v for name, v in _projections(walk, query) if name.lower() == column.name.lower())


def _window_in_conditional(walk: _Walk) -> Iterator[str]:
    """Google's analyzer says so where it holds conditional functions to their order; whether the service does is not known."""
    for window in walk.root.find_all(exp.Window):
        if window.find_ancestor(exp.If, exp.Case, exp.Coalesce):
            yield f"a window function within a conditional expression is not implemented: {window.sql('bigquery')[:80]}"


_CHECKS: tuple[Callable[[_Walk], Iterator[str]], ...] = (
    _correlated_over_table,
    _join_without_equality,
    _subquery_in_join_condition,
    _order_without_limit,
    _partition_by_float,
    _window_in_conditional,
    _null_in_returned_array,
    _forbidden_name,
)
