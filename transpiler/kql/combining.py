"""Tabular operators with other tables or whole pipelines inside: join, union, search, find, partition, mv-apply …"""

from __future__ import annotations

from transpiler.kql.cursor import NAME_KINDS, Cursor
from transpiler.kql.expressions import (
    PARAMETERS,
    data_scope_value,
    entity_group,
    expression,
    named_expression,
    path_step,
    primary,
)
from transpiler.kql.literals import TYPE_NAMES
from transpiler.kql.lookahead import OPERATOR_KEYWORDS
from transpiler.kql.names import name, name_reference, scan_name, scan_pattern, try_name, try_pattern, type_of
from transpiler.kql.operators import keyword, simple_path
from transpiler.kql.parameters import parameter_table
from transpiler.kql.syntax import (
    As,
    Call,
    Expr,
    Facet,
    Find,
    Fork,
    Join,
    Logical,
    Lookup,
    MacroExpand,
    MvApply,
    MvExpand,
    Name,
    NamedExpression,
    Operator,
    Partition,
    Pipeline,
    Property,
    Search,
    Star,
    TabularWildcard,
    Union,
)
from transpiler.kql.tables import contextual_data_table
from transpiler.source import Span

_JOIN = parameter_table("kind hint.remote hint.shufflekey hint.strategy hint.num_partitions")
_UNION = parameter_table("kind withsource with_source isfuzzy __isFuzzy best_effort hint.concurrency hint.spread")
_PARTITION = parameter_table("hint.concurrency hint.spread hint.materialized hint.shufflekey hint.strategy")


# ---------------------------------------------------------------- two tables


def join(c: Cursor) -> Join:
    """``join kind=inner (right) on a, $left.b == $right.c``; ``join (right) where …``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _JOIN)
    right = expression(c)
    on: tuple[Expr, ...] = ()
    condition = None
    if c.accept("on"):
        on = c.comma_list(expression)
    elif c.accept("where"):
        condition = expression(c)
    return Join(right, on, condition, keyword=word, parameters=parameters, span=c.span_from(start))


def lookup(c: Cursor) -> Lookup:
    """``lookup kind=leftouter (right) on a``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("kind"))
    right = expression(c)
    c.expect("on", "the table of lookup")
    return Lookup(right, c.comma_list(expression), keyword=word, parameters=parameters, span=c.span_from(start))


def union(c: Cursor) -> Union:
    """``union kind=outer withsource=T A, (B | …), C*``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _UNION)
    operands = c.comma_list(_union_operand)
    return Union(operands, keyword=word, parameters=parameters, span=c.span_from(start))


def _union_operand(c: Cursor) -> Expr:
    if c.kind == "(":
        c.enter()
        start = c.pos
        c.pos += 1
        inner = c.pipeline(c)
        c.expect(")", "the operand of union")
        c.depth -= 1
        if isinstance(inner, Pipeline):
            return Pipeline(inner.source, inner.operators, span=c.span_from(start))
        return inner
    return entity(c)


def entity(c: Cursor) -> Expr:
    """A table by name, wildcard or path: ``T``, ``T*``, ``database("d").T*``, ``f(x)``."""
    start = c.starts[c.pos]
    if scan_pattern(c):
        return _wildcard(c, None, start)
    if c.kind not in NAME_KINDS and c.kind not in _ENTITY_STARTS:
        c.fail("a table")
    value = _entity_start(c)
    steps = 0
    while c.kind in (".", "["):
        if c.kind == "." and scan_pattern(c, 1):
            c.pos += 1
            return _wildcard(c, value, start)
        value = path_step(c, value, start)
        steps += 1
    c.most = max(c.most, steps)
    return value


_ENTITY_STARTS = frozenset({"[", "{", "@", "kind", "withsource", "with_source"})


def _entity_start(c: Cursor) -> Expr:
    length = scan_name(c)
    if length and c.peek(length) != "(":
        return name_reference(c)
    return primary(c)


def _wildcard(c: Cursor, base: Expr | None, start: int) -> TabularWildcard:
    first = c.pos
    try_pattern(c)
    span = c.span_from(first)
    return TabularWildcard(c.text[span.start : span.end], base, span=c.spanning(start))


# ---------------------------------------------------------------- search and find


def search(c: Cursor) -> Search:
    """``search kind=case_sensitive in (A, B) predicate``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("kind")) + _data_scope(c)
    tables = _in_tables(c)
    predicate = _search_predicate(c)
    return Search(tables, predicate, keyword=word, parameters=parameters, span=c.span_from(start))


def _data_scope(c: Cursor) -> tuple[Property, ...]:
    start = c.pos
    if not c.accept("datascope"):
        return ()
    value = data_scope_value(c)
    return (Property("datascope", Name(value, span=c.token_span(c.pos - 1)), span=c.span_from(start)),)


def _in_tables(c: Cursor) -> tuple[Expr, ...]:
    if not c.accept("in"):
        return ()
    c.expect("(", "in")
    tables = c.comma_list(_found_table)
    c.expect(")", "the tables")
    return tables


def _found_table(c: Cursor) -> Expr:
    """A table of ``in (…)``, which may be named: ``T | as X``."""
    start = c.pos
    table = entity(c)
    if c.kind != "|":
        return table
    c.pos += 1
    if c.kind != "as":
        c.fail("as", "'|' within the tables")
    first, word = keyword(c)
    alias = As(name(c), keyword=word, span=c.span_from(first))
    return Pipeline(table, (alias,), span=c.span_from(start))


def _search_predicate(c: Cursor) -> Expr:
    """An expression, a lone ``*``, or ``* and …``."""
    start = c.pos
    if c.kind != "*" or c.peek(1) not in _AFTER_STAR:
        return expression(c)
    c.pos += 1
    star = Star(span=c.token_span(start))
    if not c.accept("and"):
        return star
    return Logical("and", (star, expression(c)), span=c.span_from(start))


_AFTER_STAR = frozenset({"and", "|", ";", ")", "}", "]", ",", "END"})


def find(c: Cursor) -> Find:
    """``find withsource=T in (A, B) where predicate project a, b:string, pack(*)``."""
    start, word = keyword(c)
    scope = _data_scope(c)
    parameters = scope + PARAMETERS.leading(c, parameter_table("withsource with_source"), equals_needed=False)
    tables = _in_tables(c)
    if not c.accept("where") and (tables or len(parameters) > len(scope)):
        c.fail("where", "the tables of find")
    predicate = expression(c)
    project: tuple[Expr, ...] = ()
    smart = False
    if c.accept("project"):
        project = c.comma_list(_found_column)
    elif c.accept("project-smart"):
        smart = True
    away = c.comma_list(_found_column) if c.accept("__projectAway") else ()
    return Find(tables, predicate, project, smart, away, keyword=word, parameters=parameters, span=c.span_from(start))


def _found_column(c: Cursor) -> Expr:
    """``a``, ``a:string``, ``*`` or ``pack(*)``."""
    start = c.pos
    if c.accept("*"):
        return Star(span=c.span_from(start))
    if c.accept("pack"):
        c.expect("(", "pack")
        star = Star(span=c.token_span(c.expect("*", "'('")))
        c.expect(")", "'*'")
        return Call("pack", (star,), c.token_span(start), span=c.span_from(start))
    column = name_reference(c)
    if not c.accept(":"):
        return column
    return NamedExpression((), column, _found_type(c), span=c.span_from(start))


def _found_type(c: Cursor) -> str:
    known = TYPE_NAMES.get(c.kind)
    if known is None:
        c.fail("a type", "':'")
    c.pos += 1
    return known


# ---------------------------------------------------------------- pipelines within pipelines


def body(c: Cursor, closing: str, *, may_have_source: bool) -> Pipeline:
    """Operators in brackets, without a source; where ``may_have_source``, any tabular expression as well."""
    c.enter()
    start = c.pos
    c.pos += 1
    if may_have_source and not (c.kind in OPERATOR_KEYWORDS and c.peek(1) != "("):
        inner = c.pipeline(c)
        source, operators = (inner.source, inner.operators) if isinstance(inner, Pipeline) else (inner, ())
    else:
        source, operators = None, c.operators(c)
    c.expect(closing, "the query in brackets")
    c.depth -= 1
    return Pipeline(source, operators, span=c.span_from(start))


def partition(c: Cursor) -> Partition:
    """``partition by k (operators)``, ``partition by k { query }``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _PARTITION, equals_needed=False)
    c.expect("by", "partition")
    by = simple_path(c)
    scope = expression(c) if c.accept("in") else None
    if c.kind not in ("(", "{"):
        c.fail("'(' or '{'", "the key of partition")
    braced = c.kind == "{"
    inner = body(c, "}" if braced else ")", may_have_source=braced)
    return Partition(by, inner, scope, braced, keyword=word, parameters=parameters, span=c.span_from(start))


def fork(c: Cursor) -> Fork:
    """``fork (operators) n=(operators)``."""
    start, word = keyword(c)
    branches = [_branch(c)]
    while c.kind == "(" or _branch_name_follows(c):
        branches.append(_branch(c))
    return Fork(tuple(branches), keyword=word, span=c.span_from(start))


def _branch_name_follows(c: Cursor) -> bool:
    length = scan_name(c)
    return length > 0 and c.peek(length) == "="


def _branch(c: Cursor) -> tuple[str | None, Pipeline]:
    branch = None
    if _branch_name_follows(c):
        branch = try_name(c)
        c.pos += 1
    if c.kind != "(":
        c.fail("'('", "fork" if branch is None else "'='")
    return branch, body(c, ")", may_have_source=True)


def facet(c: Cursor) -> Facet:
    """``facet by a, b with (operators)``, ``facet by a with operator``."""
    start, word = keyword(c)
    c.expect("by", "facet")
    by = c.comma_list(simple_path)
    inner = None
    if c.accept("with"):
        if c.kind == "(":
            inner = body(c, ")", may_have_source=False)
        else:
            first = c.pos
            operator: Operator = c.operator(c)
            inner = Pipeline(None, (operator,), span=c.span_from(first))
    return Facet(by, inner, keyword=word, span=c.span_from(start))


def macro_expand(c: Cursor) -> MacroExpand:
    """``macro-expand isfuzzy=true EG as X ( statements )``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _UNION)
    first = c.pos
    group: Expr
    if c.kind == "entity_group" and c.peek(1) != "(":
        c.pos += 1
        group = entity_group(c, first)
    elif c.kind in NAME_KINDS and c.peek(1) == "(" and c.token_text(c.pos) not in _ENTITY_FUNCTIONS:
        group = name_reference(c)
    else:
        group = entity(c)
    scope = name(c) if c.accept("as") else None
    c.enter()
    c.expect("(", "the entity group")
    statements = c.statements(c)
    c.expect(")", "the query of macro-expand")
    c.depth -= 1
    return MacroExpand(group, scope, statements, keyword=word, parameters=parameters, span=c.span_from(start))


_ENTITY_FUNCTIONS = frozenset({"cluster", "database", "entity_group"})


# ---------------------------------------------------------------- arrays and bags


_MV_EXPAND = parameter_table("kind bagexpansion with_itemindex")
_MV_APPLY = parameter_table("with_itemindex")


def mv_expand(c: Cursor) -> MvExpand:
    """``mv-expand kind=array a = x to typeof(long), b limit 10``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _MV_EXPAND)
    if c.kind == "limit":
        c.fail("an expression", word)
    columns = c.comma_list(_expanded)
    limit = expression(c) if c.accept("limit") else None
    return MvExpand(columns, limit, keyword=word, parameters=parameters, span=c.span_from(start))


def _expanded(c: Cursor) -> Expr:
    start = c.pos
    value = named_expression(c)
    if c.kind != "to":
        return value
    type_name = _to_type_of(c)
    if isinstance(value, NamedExpression):
        return NamedExpression(value.names, value.value, type_name, span=c.span_from(start))
    return NamedExpression((), value, type_name, span=c.span_from(start))


def _to_type_of(c: Cursor) -> str:
    c.expect("to")
    if c.kind != "typeof":
        c.fail("typeof", "to")
    found = type_of(c)
    if found.type_name is None:
        c.refuse("one type is expected after to", found)
    return found.type_name


def mv_apply(c: Cursor) -> MvApply:
    """``mv-apply a = x to typeof(long) limit n on (operators)``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _MV_APPLY)
    columns: tuple[Expr, ...]
    if c.kind == "to":  # no column: the rows' values are of that type
        first = c.pos
        type_name = _to_type_of(c)
        span = c.span_from(first)
        columns = (NamedExpression((), Star(span=Span(span.start, span.start)), type_name, span=span),)
    else:
        if c.kind in ("limit", "id", "on") and c.peek(1) not in (",", "to", "="):
            c.fail("an expression", word)
        columns = c.comma_list(_expanded)
    limit = expression(c) if c.accept("limit") else None
    context_id = expression(c) if c.accept("id") else None
    c.expect("on", f"the columns of {word}")
    inner = _applied(c)
    return MvApply(columns, inner, limit, context_id, keyword=word, parameters=parameters, span=c.span_from(start))


def _applied(c: Cursor) -> Pipeline:
    if c.kind != "(":
        c.fail("'('", "on")
    if c.peek(1) != "__contextual_datatable":
        return body(c, ")", may_have_source=False)
    start = c.pos
    c.pos += 1
    source = contextual_data_table(c)
    operators: tuple[Operator, ...] = ()
    if c.accept("|"):
        operators = c.operators(c)
    c.expect(")", "the query in brackets")
    return Pipeline(source, operators, span=c.span_from(start))
