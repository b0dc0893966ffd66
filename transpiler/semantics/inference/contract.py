"""Columns and types of undeclared tables, from their use in a query: a contract that a data engineer can read and mend.

The syntax tree is read, not the plan: nothing can be bound yet. Statements, tables and the query's own functions are
followed here, operators in ``operators``, expressions in ``values``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from transpiler.catalog import Catalog, Table
from transpiler.kql import syntax
from transpiler.semantics.inference.operators import after
from transpiler.semantics.inference.rows import MAX_CALLS, Function, Lets, Place, Reading, Rows, Value
from transpiler.semantics.inference.types import Term, type_of
from transpiler.semantics.inference.values import children, compare, read
from transpiler.types import TYPE_NAMES

_WATCHLIST = "#"
_NO_ROWS = Rows()


@dataclass(frozen=True, slots=True)
class Contract:
    """KQL types by column of each table that a query reads and nobody declares. Names in order of use.

    ``guesses`` are the columns (``T.x``) of which nothing tells the type although rows are ordered by them: they are
    taken for strings, and a number or a time would come in another order.
    """

    tables: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()


def infer_tables(query: syntax.Query, catalog: Catalog) -> Contract:
    """The undeclared tables of a query.

    Raises KqlError (KQL203) for a column whose type nothing tells where a string would be a wrong guess.
    """
    reading = Reading(catalog)
    statements(reading, {}, query.statements)
    reading.facts.settle()
    tables = {t: {c: str(type_of(u)) for c, u in columns.items()} for t, columns in reading.columns.items()}
    columns = [u for of_table in reading.columns.values() for u in of_table.values()]
    return Contract(tables, tuple(f"{u.table}.{u.name}" for u in columns if u.is_ordered and u.kind() is None))


def watchlist_columns(query: syntax.Query, catalog: Catalog) -> dict[int, list[str]]:
    """The columns that a query uses of each call of ``_GetWatchlist``, by the place where the call begins."""
    reading = Reading(catalog, watchlists=True)
    statements(reading, {}, query.statements)
    found = reading.columns.items()
    return {int(root[1:]): list(columns) for root, columns in found if root.startswith(_WATCHLIST)}


def declared_with(catalog: Catalog, inferred: Mapping[str, Mapping[str, str]]) -> Catalog:
    """The catalog and the inferred tables."""
    tables = {name: Table(name, columns, inferred=True) for name, columns in inferred.items()}
    return catalog.merged(Catalog(tables)) if tables else catalog


def statements(reading: Reading, lets: Lets, found: Iterable[syntax.Statement]) -> Rows | Term:
    """Reads statements in order; what the last expression is."""
    last: Rows | Term = None
    for statement in found:
        match statement:
            case syntax.Let(value=syntax.FunctionBody() as body):
                lets = {**lets, statement.name: Function(body, lets)}
            case syntax.Let():
                value = _value(reading, lets, statement.value)
                lets = {**lets, statement.name: value}
            case syntax.DeclareParameters():
                given = {p.name: Value(TYPE_NAMES.get(p.type_name or "string")) for p in statement.parameters}
                lets = {**lets, **given}
            case syntax.QueryStatement():
                value = _value(reading, lets, statement.value, is_result=True)
                last = value.term if isinstance(value, Value) else value if isinstance(value, Rows) else None
            case _:
                pass
    return last


def _value(reading: Reading, lets: Lets, node: syntax.Node, *, is_result: bool = False) -> Rows | Value | Function:
    """What a let holds, or an expression that is a result."""
    match node:
        case syntax.Name() if isinstance(lets.get(node.name), Function) and not is_result:
            return lets[node.name]
        case syntax.Name():
            value = lets.get(node.name)
            return value if isinstance(value, Value) else table(reading, lets, node)
        case syntax.Pipeline() | syntax.DataTable() | syntax.ExternalData():
            return table(reading, lets, node)
        case syntax.Call(name="materialize" | "table" | "_GetWatchlist" | "view"):
            return table(reading, lets, node)
        case syntax.Call() if isinstance(own := lets.get(node.name), Rows | Function):
            if isinstance(own, Rows):
                return own
            found = called(reading, Place(_NO_ROWS, lets), own, node)
            return found if isinstance(found, Rows) else Value(found)
        case syntax.Call() if reading.catalog.function(node.name) is not None:
            return _NO_ROWS
        case _:
            text = node.value if isinstance(node, syntax.Literal) and isinstance(node.value, str) else None
            return Value(read(reading, Place(_NO_ROWS, lets), node), text)


def table(reading: Reading, lets: Lets, node: syntax.Node | None) -> Rows:
    """The rows of a tabular expression."""
    match node:
        case syntax.Name():
            return _named(reading, lets, node.name, node)
        case syntax.Pipeline():
            rows = table(reading, lets, node.source) if node.source is not None else _NO_ROWS
            return operators(reading, lets, rows, node.operators)
        case syntax.DataTable() | syntax.ExternalData():
            return Rows({c.name: TYPE_NAMES.get(c.type_name) for c in node.columns})
        case syntax.Call(name="_GetWatchlist") if reading.watchlists:
            return reading.root(f"{_WATCHLIST}{node.span.start}")
        case syntax.Call(name="materialize" | "view") if node.arguments and node.name not in lets:
            return table(reading, lets, node.arguments[0])
        case syntax.Call(name="table") if node.arguments and node.name not in lets:
            name = _text(lets, node.arguments[0])
            return _named(reading, lets, name, node) if name is not None else _NO_ROWS
        case syntax.Call():
            own = lets.get(node.name)
            found = called(reading, Place(_NO_ROWS, lets), own, node) if isinstance(own, Function) else own
            return found if isinstance(found, Rows) else _NO_ROWS
        case syntax.Bracketed():
            return table(reading, lets, node.value)
        case _:
            return _NO_ROWS


def _text(lets: Lets, node: syntax.Node) -> str | None:
    if isinstance(node, syntax.Literal) and node.kind == "string":
        return str(node.value)
    value = lets.get(node.name) if isinstance(node, syntax.Name) else None
    return value.text if isinstance(value, Value) else None


def _named(reading: Reading, lets: Lets, name: str, node: syntax.Node) -> Rows:
    found = lets.get(name)
    if isinstance(found, Function):
        call = syntax.Call(name, (), node.span, span=node.span)
        result = called(reading, Place(_NO_ROWS, lets), found, call)
        return result if isinstance(result, Rows) else _NO_ROWS
    if found is not None:
        return found if isinstance(found, Rows) else _NO_ROWS
    declared = reading.catalog.table(name)
    if declared is not None:
        return Rows({c: TYPE_NAMES.get(t) for c, t in declared.columns.items()})
    return _NO_ROWS if reading.catalog.function(name) else reading.root(name)


def operators(reading: Reading, lets: Lets, rows: Rows, found: Iterable[syntax.Operator]) -> Rows:
    """The rows behind operators, one after another. ``as`` names what follows."""
    for operator in found:
        if isinstance(operator, syntax.As):
            lets = {**lets, operator.name: rows}
            continue
        rows = after(reading, Place(rows, lets), operator)
    return rows


def called(
    reading: Reading, place: Place, function: Function, node: syntax.Call, first: Rows | None = None
) -> Rows | Term:
    """What a call of one of the query's own functions gives: rows, or a type."""
    reading.calls += 1
    if reading.calls > MAX_CALLS:
        return None
    given = {a.names[0]: a.value for a in node.arguments if isinstance(a, syntax.NamedExpression) and a.names}
    queue: list[Rows | syntax.Node] = [a for a in node.arguments if not isinstance(a, syntax.NamedExpression)]
    queue = [first, *queue] if first is not None else queue
    inner = dict(function.lets)
    for parameter in function.body.parameters:
        argument = given.get(parameter.name) or (queue.pop(0) if queue else parameter.default)
        inner[parameter.name] = _argument(reading, place, parameter, argument)
    return statements(reading, inner, function.body.statements)


def _argument(
    reading: Reading, place: Place, parameter: syntax.Parameter, argument: Rows | syntax.Node | None
) -> Rows | Value:
    if isinstance(argument, Rows):
        return argument
    if parameter.columns is not None or parameter.open:
        return table(reading, place.lets, argument)
    kind = TYPE_NAMES.get(parameter.type_name or "")
    if argument is None:
        return Value(kind)
    found = read(reading, place, argument)
    compare(found, kind)
    return Value(kind, _text(place.lets, argument))


def walk(node: syntax.Node) -> Iterator[syntax.Node]:
    """A node and all below it, tables of their own excepted."""
    stack: list[syntax.Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        below = [c for c in children(current) if not isinstance(c, syntax.Pipeline | syntax.DataTable)]
        stack.extend(reversed(below))


__all__ = ["Contract", "called", "declared_with", "infer_tables", "table", "walk", "watchlist_columns"]
