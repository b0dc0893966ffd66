"""Walks over a query's syntax tree: every node, the tables that it names, the constants behind its lets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from transpiler.kql import syntax as s

_TABLE_CALLS = frozenset({"materialize", "view", "toscalar", "totable"})
"""Functions whose argument is a table."""

BUILT_IN_TABLES = _TABLE_CALLS | {"table", "externaldata", "datatable", "union", "database", "cluster"}


def walk(node: s.Node) -> Iterator[s.Node]:
    """The node and all nodes below it, parents first, in the order of the text."""
    stack: list[object] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(reversed(item))
        elif isinstance(item, s.Node):
            yield item
            stack.extend(getattr(item, f.name) for f in reversed(fields(item)) if f.name != "span")


@dataclass(frozen=True, slots=True)
class Named:
    """What a query names where a table stands and does not define itself."""

    tables: tuple[str, ...]
    functions: tuple[str, ...]
    patterns: tuple[str, ...]


def named_tables(query: s.Query) -> Named:
    """The tables, tabular functions and wildcards (``union Security*``) of a query, in the order of the text."""
    own = _own_names(query)
    tables: dict[str, None] = {}
    functions: dict[str, None] = {}
    patterns: dict[str, None] = {}
    places = list(_table_places(query))
    used = {place.name for place in places if isinstance(place, s.Name | s.Call)}
    places += [let.value for let in lets(query).values() if let.name in used]
    for place in places:
        match place:
            case s.Name() if place.name not in own:
                tables[place.name] = None
            case s.Call() if place.base is None and place.name not in own | BUILT_IN_TABLES:
                functions[place.name] = None
            case s.TabularWildcard() if place.base is None:
                patterns[place.pattern] = None
            case _:
                pass
    return Named(tuple(tables), tuple(functions), tuple(patterns))


def _own_names(query: s.Query) -> set[str]:
    found: set[str] = set()
    for node in walk(query):
        if isinstance(node, s.Let | s.As | s.Parameter):
            found.add(node.name)
        elif isinstance(node, s.Fork):
            found |= {name for name, _ in node.branches if name}
    return found


def _table_places(query: s.Query) -> Iterator[s.Node]:
    """Every node that stands where a table is wanted."""
    for node in walk(query):
        match node:
            case s.Pipeline(source=source) if source is not None:
                yield source
            case s.Union(operands=operands):
                yield from operands
            case s.Join(right=right) | s.Lookup(right=right):
                yield right
            case s.Search(tables=tables) | s.Find(tables=tables):
                yield from tables
            case s.QueryStatement(value=value):
                yield value
            case s.Call(name=name, arguments=arguments) if name in _TABLE_CALLS:
                yield from arguments
            case _:
                pass


def lets(query: s.Query) -> dict[str, s.Let]:
    """The query's own lets by name; a later one of the same name wins, as it does for what follows."""
    return {statement.name: statement for statement in query.statements if isinstance(statement, s.Let)}


_SAME_TEXT = frozenset({"tolower", "toupper", "tostring", "trim", "materialize", "dynamic", "strcat", "pack_array"})
_MAX_HOPS = 20


def constants(expression: s.Node, known: Mapping[str, s.Let], hops: int = 0) -> list[str] | None:
    """The constants that an expression comes to, as texts: literals, lists, lets, one-column tables. None for others."""
    if hops > _MAX_HOPS:
        return None
    match expression:
        case s.Literal():
            return _of_literal(expression)
        case s.Name(name=name) if name in known:
            return constants(known[name].value, known, hops + 1)
        case s.Unary(operator="-", operand=s.Literal(value=int() | float() as number)):
            return [str(-number)]
        case s.DataTable(columns=(_,), values=values):
            return _joined(values, known, hops)
        case s.Pipeline(source=source) if source is not None and _keeps_values(expression):
            return constants(source, known, hops + 1)
        case s.Call(name=name, arguments=arguments) if name in _SAME_TEXT - {"strcat"}:
            return _joined(arguments[:1] if name != "pack_array" else arguments, known, hops)
        case _:
            return None


def _keeps_values(pipeline: s.Pipeline) -> bool:
    """Whether the operators leave a one-column table's values as they are."""
    kept = (s.Project, s.Distinct, s.ProjectKeep, s.ProjectRename)
    return all(isinstance(operator, kept) for operator in pipeline.operators)


def _joined(items: tuple[s.Expr, ...], known: Mapping[str, s.Let], hops: int) -> list[str] | None:
    found: list[str] = []
    for item in items:
        values = constants(item, known, hops + 1)
        if values is None:
            return None
        found += values
    return found


def _of_literal(literal: s.Literal) -> list[str] | None:
    if literal.value is None:
        return None
    if literal.kind == "dynamic":
        value = json.loads(str(literal.value))
        items = value if isinstance(value, list) else [value]
        simple = [i for i in items if isinstance(i, str | int | float) and not isinstance(i, bool)]
        return [str(i) for i in simple] if len(simple) == len(items) else None
    if literal.kind in ("string", "int", "long", "real", "decimal", "guid"):
        return [str(literal.value)]
    return None
