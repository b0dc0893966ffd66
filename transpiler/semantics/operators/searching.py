"""search and find: a predicate over every column, of the input, of given tables, or of all tables.

A text by itself asks every column for the term, what is no string by its text; ``*`` at its ends widens it to a prefix, a
suffix or any part, and within it stands for any text. Each table is filtered by its own columns before the tables are
united: a column that a table lacks is null there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace

from transpiler.kql import syntax
from transpiler.plan.relations import Filter, Origin, Project, Scan
from transpiler.plan.scalars import Column, ColumnRef, Constant, Scalar
from transpiler.semantics.dispatch import bind_scalar, bind_source, binds_operator
from transpiler.semantics.operators.parameters import kind_of, word
from transpiler.semantics.operators.patterns import escaped
from transpiler.semantics.operators.unions import matching_tables, unite
from transpiler.semantics.scalars.calls import call_function, convert
from transpiler.semantics.scalars.expressions import binary, bind_predicate, connect
from transpiler.semantics.scalars.packing import packed
from transpiler.semantics.scope import (
    DECLARE,
    Openness,
    ScalarLet,
    Scope,
    Tabular,
    check_whole,
    did_you_mean,
    type_named,
)
from transpiler.semantics.shaping import origin_of, over, project
from transpiler.types import Type

TABLE = "$table"
_OPERATORS = {
    (False, False): "has",
    (False, True): "hasprefix",
    (True, False): "hassuffix",
    (True, True): "contains",
}
Side = tuple[str, Tabular]


# ---------------------------------------------------------------- the predicate


def bind_search(scope: Scope, node: syntax.Expr, *, case_sensitive: bool) -> Scalar | None:
    """The predicate of search; None when it holds for every row. Raises KqlError for what is no predicate."""
    match node:
        case syntax.Star():
            return None
        case syntax.Literal(kind="string"):
            return _in_any_column(scope, node, case_sensitive)
        case syntax.Logical():
            found = [bind_search(scope, o, case_sensitive=case_sensitive) for o in node.operands]
            if node.operator == "or" and None in found:
                return None
            kept = [f for f in found if f is not None]
            return connect(scope, node.operator, kept, node.span) if kept else None
        case syntax.Call(name="not", arguments=(inner,)):
            held = bind_search(scope, inner, case_sensitive=case_sensitive)
            if held is None:
                return Constant(Type.BOOL, False, node.span)
            return call_function(scope, "not", [held], node.span)
        case syntax.Binary(operator=":"):
            return _in_column(scope, node, case_sensitive)
        case syntax.Literal():
            raise scope.error(
                "KQL102", f"search takes texts and predicates, this is {node.kind}", node.span, hint=f'"{node.value}"'
            )
        case _:
            return bind_predicate(scope, node)


def _in_any_column(scope: Scope, node: syntax.Literal, case_sensitive: bool) -> Scalar | None:
    assert scope.row is not None
    term = _term(scope, node, case_sensitive)
    if term is None:
        return None
    check_whole(scope, "a text to search for", node.span)
    tests = [_holds(scope, ColumnRef(c, node.span), *term) for c in scope.row.columns if not c.is_absent]
    return connect(scope, "or", tests, node.span) if tests else Constant(Type.BOOL, False, node.span)


def _in_column(scope: Scope, node: syntax.Binary, case_sensitive: bool) -> Scalar | None:
    """``column: "term"``."""
    value = bind_scalar(scope, node.left)
    if not isinstance(node.right, syntax.Literal) or node.right.kind != "string" or value.type is not Type.STRING:
        raise scope.error("KQL102", "':' asks a column of strings for a text", node.span)
    term = _term(scope, node.right, case_sensitive)
    return None if term is None else _holds(scope, value, *term)


def _term(scope: Scope, node: syntax.Literal, case_sensitive: bool) -> tuple[str, Constant] | None:
    """The operator and the text that a term asks for; None for a term of stars only."""
    written = str(node.value or "")
    bare = written.strip("*")
    if not bare:
        return None
    if "*" in bare:
        if bare != written:
            raise scope.error(
                "KQL200",
                "a search term with a '*' within and another at its end is not translated",
                node.span,
                hint='* matches regex "…" says what is meant',
            )
        pattern = ".*".join(escaped(part) for part in bare.split("*"))
        fold = "" if case_sensitive else "(?i)"
        return "matches regex", Constant(Type.STRING, rf"{fold}\b{pattern}\b", node.span)
    name = _OPERATORS[written.startswith("*"), written.endswith("*")]
    return name + ("_cs" if case_sensitive else ""), Constant(Type.STRING, bare, node.span)


def _holds(scope: Scope, value: Scalar, operator: str, term: Constant) -> Scalar:
    return binary(scope, operator, convert(scope, value, Type.STRING), term, term.span)


# ---------------------------------------------------------------- the tables


def nodes_in(node: object) -> Iterator[syntax.Node]:
    """An expression's node and all below it, tables of its own excepted: their columns are not the row's."""
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, syntax.Node) and is_dataclass(item):
            yield item
            if not isinstance(item, syntax.Pipeline | syntax.DataTable):
                stack.extend(getattr(item, f.name) for f in fields_of(item))


def names_in(node: object) -> Iterator[syntax.Name]:
    """Every bare name within an expression."""
    return (item for item in nodes_in(node) if isinstance(item, syntax.Name))


def _sides(scope: Scope, tables: tuple[syntax.Expr, ...], node: syntax.Node, argument: str) -> list[Side]:
    """The tables that are given, or all."""
    sides: list[Side] = []
    without_row = scope.without_row()
    for table in tables or (syntax.Star(span=node.span),):
        if isinstance(table, syntax.TabularWildcard | syntax.NamePattern | syntax.Star):
            pattern = "*" if isinstance(table, syntax.Star) else table.pattern
            names = matching_tables(scope, pattern, table, False)
            sides += [(n, bind_source(without_row, syntax.Name(n, span=table.span))) for n in names]
            continue
        bound = bind_source(without_row, table)
        sides.append((table.name if isinstance(table, syntax.Name) else f"{argument}{len(sides)}", bound))
    for name, side in sides:
        _check_named(scope, f"'{name}'", side, node)
    return sides


def _check_named(scope: Scope, name: str, side: Tabular, node: syntax.Node) -> None:
    """Raises KqlError (KQL203) for a table of which a name may be a column that is not declared, or may be none."""
    if side.openness is Openness.OPEN:
        raise scope.error("KQL203", f"the columns of {name} are not declared", node.span, hint=DECLARE)


def _shared_types(scope: Scope, sides: list[Side], predicate: syntax.Expr) -> Mapping[str, Type]:
    """The types of the columns that the predicate names, over all tables. Raises KqlError for one with two types."""
    wanted: dict[str, syntax.Name] = {n.name: n for n in names_in(predicate)}
    found: dict[str, Type] = {}
    for _, side in sides:
        for column in side.visible:
            if column.name in wanted and found.setdefault(column.name, column.type) is not column.type:
                raise scope.error(
                    "KQL105", f"column '{column.name}' has two types in these tables", wanted[column.name].span
                )
    return found


def _with_nulls(tabular: Tabular, types: Mapping[str, Type], origin: Origin) -> Tabular:
    """The table with a null column for each that it lacks."""
    own = {c.name for c in tabular.visible}
    lacking: dict[Column, Scalar] = {Column(n, t, True): Constant(t, None) for n, t in types.items() if n not in own}
    if not lacking:
        return tabular
    columns = (*tabular.relation.columns, *lacking)
    relation = Project(columns=columns, origin=origin, input=tabular.relation, computed=lacking)
    return over(tabular, relation, (*tabular.visible, *lacking))


def _filtered(
    scope: Scope,
    side: Side,
    types: Mapping[str, Type],
    node: syntax.Search | syntax.Find,
    bind: Callable[[Scope], Scalar | None],
) -> Tabular:
    """The rows of one table for which the predicate holds."""
    name, tabular = side
    origin = origin_of(scope, node, node.keyword)
    visible = tabular.visible
    padded = _with_nulls(tabular, types, origin.without_text)
    row = scope.over(padded).bind(TABLE, ScalarLet(Constant(Type.STRING, name, node.span)))
    predicate = bind(row)
    if predicate is None:
        return tabular
    relation = Filter(columns=padded.relation.columns, origin=origin, input=padded.relation, predicate=predicate)
    return over(padded, relation, visible)


@binds_operator(syntax.Search)
def _search(scope: Scope, tabular: Tabular | None, node: syntax.Search) -> Tabular:
    kind = kind_of(scope, node, ("case_insensitive", "case_sensitive", "default"))
    if tabular is not None and node.tables:
        raise scope.error("KQL105", "search in (…) is the first operator of a query", node.span)
    if tabular is not None:
        _check_named(scope, "search's input", tabular, node)
        name = tabular.table_name if isinstance(tabular.relation, Scan) else tabular.alias
        sides = [(name or "search_arg0", tabular)]
    else:
        sides = _sides(scope, node.tables, node, "search_arg")
    types = _shared_types(scope, sides, node.predicate)

    def bind(row: Scope) -> Scalar | None:
        return bind_search(row, node.predicate, case_sensitive=kind == "case_sensitive")

    return _united(scope, [(n, _filtered(scope, (n, t), types, node, bind)) for n, t in sides], TABLE, node)


def _united(scope: Scope, sides: list[Side], source: str, node: syntax.Node) -> Tabular:
    """All rows, with the name of their table in the first column."""
    if len(sides) > 1:
        return unite(scope, sides, "outer", source, node)
    name, tabular = sides[0]
    column = Column(source, Type.STRING, False)
    visible = (column, *(c for c in tabular.visible if c.name != source))
    origin = origin_of(scope, node, "search").without_text
    return project(tabular, visible, {column: Constant(Type.STRING, name, node.span)}, origin)


@binds_operator(syntax.Find)
def _find(scope: Scope, tabular: Tabular | None, node: syntax.Find) -> Tabular:
    source = word(node, "withsource", "source_")
    sides = _sides(scope, node.tables, node, "union_arg")
    types = _shared_types(scope, sides, node.predicate)

    def bind(row: Scope) -> Scalar | None:
        if isinstance(node.predicate, syntax.Literal) and node.predicate.kind == "string":
            if "*" in str(node.predicate.value):
                raise scope.error("KQL204", "what a star in a term of find stands for is not documented", node.span)
            return _in_any_column(row, node.predicate, False)
        return bind_predicate(row, node.predicate)

    asked = _asked(sides, types, node.predicate)
    found = [(n, _filtered(scope, (n, t), types, node, bind)) for n, t in asked]
    if node.project_away:
        raise scope.error("KQL200", "find … project-away is not translated", node.span, hint="project names columns")
    if node.project and not node.project_smart:
        found = [(n, _projected(scope, sides, t, node)) for n, t in found]
    elif any(side.is_open for _, side in found):
        raise scope.error("KQL203", "find shows every column, and not all are declared", node.span, hint="project …")
    elif len(found) > 1:
        asked_for = sorted(names_in(node.predicate), key=lambda name: name.span.start)
        found = _shown_smartly(scope, found, [name.name for name in asked_for], node)
    return _united(scope, found, source, node)


def _shown_smartly(scope: Scope, found: list[Side], asked: Sequence[str], node: syntax.Find) -> list[Side]:
    """What find shows of several tables: the columns that all have, those of the predicate, the rest of each in ``pack_``.

    In this order by Microsoft's binder; whether empty values are packed is not documented, so that one stops the query.
    """
    types: dict[str, Type] = {}
    for column in (c for _, side in found for c in side.visible):
        if types.setdefault(column.name, column.type) is not column.type:
            reason = f"column '{column.name}' has two types in the tables of find"
            raise scope.error("KQL105", reason, node.span, hint="project …")
    common = [c.name for c in found[0][1].visible if all(side.column(c.name) is not None for _, side in found)]
    shown = list(dict.fromkeys([*common, *(name for name in asked if name in types)]))
    rests = [[c for c in side.visible if c.name not in shown] for _, side in found]
    results = []
    for (name, side), rest in zip(found, rests, strict=True):
        columns = {Column(n, types[n], True): _own(side, n, types[n]) for n in shown}
        if any(rests):
            columns[Column("pack_", Type.DYNAMIC, True)] = _packed_rest(scope, name, rest, node)
        result = project(side, tuple(columns), columns, origin_of(scope, node, "find").without_text)
        results.append((name, replace(result, openness=Openness.CLOSED)))
    return results


def _own(side: Tabular, name: str, kind: Type) -> Scalar:
    own = side.column(name)
    return Constant(kind, None) if own is None else ColumnRef(own)


def _packed_rest(scope: Scope, table: str, rest: Sequence[Column], node: syntax.Find) -> Scalar:
    """A bag of the columns that find does not show; the query stops where one of them is empty."""
    if not rest:
        reason = f"what find packs of {table}, which has no further column, is not documented"
        raise scope.error("KQL204", reason, node.span, hint="project …")
    pairs = [s for c in rest for s in (Constant(Type.STRING, c.name, node.span), ColumnRef(c))]
    tests: list[Scalar] = [
        call_function(scope, "isnotempty" if c.type is Type.STRING else "isnotnull", [ColumnRef(c)], node.span)
        for c in rest
    ]
    holds = connect(scope, "and", tests, node.span)
    message = Constant(
        Type.STRING, "whether find packs empty values into pack_ is not documented, and one is in this table"
    )
    bag = packed(scope, "bag_pack", pairs, node.span)
    return call_function(scope, "value if", [bag, holds, message, Constant(Type.STRING, table)], node.span)


def _asked(sides: list[Side], named: Mapping[str, Type], predicate: syntax.Expr) -> list[Side]:
    """The tables that find looks at: it leaves out one that has none of the predicate's columns (the operator's page)."""
    if not named or any(isinstance(node, syntax.Star) for node in nodes_in(predicate)):
        return sides
    return [(name, side) for name, side in sides if any(column.name in named for column in side.visible)]


def _projected(scope: Scope, sides: list[Side], tabular: Tabular, node: syntax.Find) -> Tabular:
    """The columns that find projects, of one table; null where it lacks one."""
    computed: dict[Column, Scalar] = {}
    for item in node.project:
        name, wanted = _item(scope, item)
        types = {c.type for _, t in sides for c in t.visible if c.name == name}
        if not types and wanted is None:
            known = sorted({c.name for _, t in sides for c in t.visible})
            raise scope.error("KQL100", f"no column '{name}'", item.span, hint=did_you_mean(name, known))
        if len(types) > 1 and wanted is None:
            raise scope.error(
                "KQL105", f"column '{name}' has two types in these tables", item.span, hint=f"{name}:string"
            )
        final = wanted or next(iter(types))
        own = tabular.column(name)
        value: Scalar = Constant(final, None, item.span) if own is None else convert(scope, ColumnRef(own), final)
        computed[Column(name, final, True)] = value
    result = project(tabular, tuple(computed), computed, origin_of(scope, node, "find").without_text)
    return replace(result, openness=Openness.CLOSED)


def _item(scope: Scope, item: syntax.Expr) -> tuple[str, Type | None]:
    match item:
        case syntax.Name():
            return item.name, None
        case syntax.NamedExpression(value=syntax.Name() as name, type_name=str() as written):
            return name.name, type_named(scope, written, item.span)
        case _:
            raise scope.error("KQL200", "find … project takes columns; pack(*) is not translated", item.span)
