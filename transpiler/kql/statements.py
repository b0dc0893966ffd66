"""Statements: let, set, declare, alias, restrict, and the queries themselves, separated by semicolons."""

from __future__ import annotations

from collections.abc import Callable

from transpiler.kql.combining import entity
from transpiler.kql.cursor import Cursor
from transpiler.kql.expressions import entity_group, expression
from transpiler.kql.literal_rules import try_literal
from transpiler.kql.names import column_declaration, declared_name, declared_type, name, scan_name
from transpiler.kql.series_scan import default_value
from transpiler.kql.syntax import (
    AliasDatabase,
    Call,
    ColumnDeclaration,
    DeclareParameters,
    DeclarePattern,
    Expr,
    FunctionBody,
    Let,
    Parameter,
    QueryStatement,
    RestrictAccess,
    SetOption,
    Statement,
)
from transpiler.kql.tables import with_properties
from transpiler.kql.tokens import DECLARED_KEYWORDS, IDENT

_CLOSE = frozenset({")"})
_STATEMENT_ENDS = frozenset({"END", ")"})


def statement_list(c: Cursor) -> tuple[Statement, ...]:
    """Statements up to the end of the text or the bracket that holds them."""
    found: list[Statement] = []
    while c.kind not in _STATEMENT_ENDS:
        found.append(statement(c))
        if not c.accept(";"):
            break
    return tuple(found)


def statement(c: Cursor) -> Statement:
    """One statement."""
    rule = _STATEMENTS.get(c.kind)
    if rule is not None and _begins(c):
        return rule(c)
    start = c.pos
    value = c.pipeline(c)
    return QueryStatement(value, span=c.span_from(start))


def _begins(c: Cursor) -> bool:
    """Whether a word that may also be a name begins a statement here."""
    kind, following = c.kind, c.peek(1)
    if kind == "let":
        return scan_name(c, 1) > 0
    return kind == "set" or (kind, following) in _STATEMENT_PAIRS


_STATEMENT_PAIRS = frozenset(
    {("alias", "database"), ("declare", "pattern"), ("declare", "query_parameters"), ("restrict", "access")}
)


# ---------------------------------------------------------------- let


def let(c: Cursor) -> Let:
    """``let name = value``: a scalar, a table, or a function."""
    start = c.expect("let")
    name_start = c.pos
    declared = name(c)
    name_span = c.span_from(name_start)
    c.expect("=", f"let {declared}")
    value = _let_value(c)
    return Let(declared, value, name_span, span=c.span_from(start))


def _let_value(c: Cursor) -> Expr | FunctionBody:
    if c.kind == "materialize":
        return _materialize(c)
    if c.kind == "entity_group" and c.peek(1) != "(":
        start = c.pos
        c.pos += 1
        return entity_group(c, start)
    if _function_begins(c):
        return function_body(c)
    return c.pipeline(c)


def _materialize(c: Cursor) -> Call:
    start = c.pos
    c.pos += 1
    c.enter()
    c.expect("(", "materialize")
    argument = c.pipeline(c)
    c.expect(")", "the query of materialize")
    c.depth -= 1
    return Call("materialize", (argument,), c.token_span(start), span=c.span_from(start))


_PARAMETER_NAMES = DECLARED_KEYWORDS | {IDENT}


def _function_begins(c: Cursor) -> bool:
    """Whether parameters follow: ``()``, ``(x:``, ``(*``, after an optional ``view``."""
    offset = 1 if c.kind == "view" else 0
    if c.peek(offset) != "(":
        return False
    if c.peek(offset + 1) in (")", "*"):
        return True
    length = scan_name(c, offset + 1, _PARAMETER_NAMES)
    return length > 0 and c.peek(offset + 1 + length) == ":"


def function_body(c: Cursor) -> FunctionBody:
    """``(parameters) { body }``, after an optional ``view``."""
    start = c.pos
    is_view = c.accept("view")
    parameters = _parameters(c)
    statements = _body(c, frozenset({"let", "declare"}))
    return FunctionBody(parameters, statements, is_view, span=c.span_from(start))


def _body(c: Cursor, words: frozenset[str]) -> tuple[Statement, ...]:
    """``{ let y = …; query }``: the statements that those words begin, then a query or none."""
    c.enter()
    c.expect("{", "the parameters")
    statements: list[Statement] = []
    while c.kind in words and _begins_in_body(c):
        statements.append(let(c) if c.kind == "let" else declare_parameters(c))
        c.expect(";", "the statement")
    if c.kind != "}":
        first = c.pos
        value = c.pipeline(c)
        statements.append(QueryStatement(value, span=c.span_from(first)))
        c.accept(";")
    c.expect("}", "the body")
    c.depth -= 1
    return tuple(statements)


def _begins_in_body(c: Cursor) -> bool:
    return c.kind == "let" or c.peek(1) == "query_parameters"


def _parameters(c: Cursor) -> tuple[Parameter, ...]:
    c.expect("(", "view")
    found = () if c.kind == ")" else c.comma_list(_parameter)
    c.expect(")", "the parameters")
    return found


def _parameter(c: Cursor) -> Parameter:
    """``x:long = 5``, ``T:(a:long)``, ``T:(*)``."""
    start = c.pos
    declared = declared_name(c, "a parameter's name")
    c.expect(":", f"the parameter {declared}")
    if c.kind == "(":
        columns, is_open = _table_type(c)
        default = default_value(c)
        return Parameter(declared, None, default, columns, is_open, span=c.span_from(start))
    type_name = declared_type(c)
    return Parameter(declared, type_name, default_value(c), span=c.span_from(start))


def _table_type(c: Cursor) -> tuple[tuple[ColumnDeclaration, ...], bool]:
    c.expect("(")
    if c.accept("*"):
        c.expect(")", "'*'")
        return (), True
    columns = () if c.kind == ")" else c.comma_list(column_declaration, trailing=_CLOSE)
    c.expect(")", "the columns")
    return columns, False


# ---------------------------------------------------------------- the other statements


def set_option(c: Cursor) -> SetOption:
    """``set name``, ``set name = value``."""
    start = c.expect("set")
    option = name(c, "an option's name")
    value = expression(c) if c.accept("=") else None
    return SetOption(option, value, span=c.span_from(start))


def declare(c: Cursor) -> DeclareParameters | DeclarePattern:
    """``declare query_parameters (…)`` or ``declare pattern …``."""
    return declare_pattern(c) if c.peek(1) == "pattern" else declare_parameters(c)


def declare_parameters(c: Cursor) -> DeclareParameters:
    """``declare query_parameters (a:long = 5, …)``; at least one."""
    start = c.expect("declare")
    c.expect("query_parameters", "declare")
    c.expect("(", "query_parameters")
    parameters = c.comma_list(_parameter)
    c.expect(")", "the parameters")
    return DeclareParameters(parameters, span=c.span_from(start))


def declare_pattern(c: Cursor) -> DeclarePattern:
    """``declare pattern p = (…)[…] { … }``, kept as text."""
    start = c.expect("declare")
    c.expect("pattern")
    pattern = name(c, "a pattern's name")
    if c.accept("="):
        c.expect("(", "'='")
        if c.kind != ")":
            c.comma_list(column_declaration)
        c.expect(")", "the pattern's parameters")
        if c.accept("["):
            column_declaration(c)
            c.expect("]", "the path's parameter")
        c.expect("{", "the pattern's parameters")
        _pattern_match(c)
        while c.kind == "(":
            _pattern_match(c)
        c.expect("}", "the matches")
    span = c.span_from(start)
    return DeclarePattern(pattern, c.text[span.start : span.end], span=span)


def _pattern_match(c: Cursor) -> None:
    """``("a", "b").["path"] = { query };``"""
    c.enter()
    c.expect("(", "'{'")
    c.comma_list(expression)
    c.expect(")", "the values")
    if c.accept("."):
        c.expect("[", "'.'")
        if try_literal(c) is None:
            c.fail("a literal", "'['")
        c.expect("]", "the path")
    c.expect("=", "the values")
    _body(c, frozenset({"let"}))
    c.expect(";", "a match")
    c.depth -= 1


def alias_database(c: Cursor) -> AliasDatabase:
    """``alias database d = cluster("…").database("…")``."""
    start = c.expect("alias")
    c.expect("database", "alias")
    alias = name(c)
    c.expect("=", "the alias")
    return AliasDatabase(alias, expression(c), span=c.span_from(start))


def restrict_access(c: Cursor) -> RestrictAccess:
    """``restrict access to (A, B*)``."""
    start = c.expect("restrict")
    c.expect("access", "restrict")
    c.expect("to", "access")
    c.expect("(", "to")
    items = c.comma_list(entity)
    c.expect(")", "the entities")
    return RestrictAccess(items, with_properties(c), span=c.span_from(start))


_STATEMENTS: dict[str, Callable[[Cursor], Statement]] = {
    "let": let,
    "set": set_option,
    "declare": declare,
    "alias": alias_database,
    "restrict": restrict_access,
}
