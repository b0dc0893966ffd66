"""Scalar expressions by precedence climbing: or, and, equality, comparison, + -, * / %, string operators, unary, paths.

Equality, comparison and string operators do not chain (``a == b == c`` is no KQL); ``and``, ``or`` make flat chains.
What follows KQL and not intuition: a unary minus takes one path or call and nothing else, so that ``--1`` is no KQL;
the string operators bind closer than ``*`` (``a + b has c`` is ``a + (b has c)``).
"""

from __future__ import annotations

from collections.abc import Callable

from transpiler.kql.cursor import DECLARED_KINDS, LIST_END, NAME_KINDS, Cursor
from transpiler.kql.literal_rules import LITERALS, SIGNS, try_literal
from transpiler.kql.lookahead import is_query_in_list
from transpiler.kql.names import (
    name_reference,
    scan_bracketed_name,
    scan_name,
    scan_pattern,
    try_name,
    try_pattern,
    type_of,
)
from transpiler.kql.parameters import ParameterRules
from transpiler.kql.syntax import (
    Between,
    Binary,
    Bracketed,
    Call,
    DataScoped,
    EntityGroup,
    Expr,
    Index,
    InList,
    Logical,
    Member,
    Name,
    NamedExpression,
    Pipeline,
    Property,
    Star,
    Unary,
)
from transpiler.kql.tables import (
    contextual_data_table,
    data_table,
    external_data,
    materialized_view_combine,
)
from transpiler.source import Span

OR, AND, EQUALITY, COMPARISON, SUM, PRODUCT, STRING_OPERATION = range(1, 8)

# Every spelling of a string operator, and the one that the tree uses.
STRING_OPERATORS: dict[str, str] = {
    "=~": "=~", "!~": "!~", ":": ":", "matches regex": "matches regex",
    "has": "has", "!has": "!has", "has_cs": "has_cs", "!has_cs": "!has_cs",
    "hasprefix": "hasprefix", "!hasprefix": "!hasprefix", "hasprefix_cs": "hasprefix_cs",
    "!hasprefix_cs": "!hasprefix_cs",
    "hassuffix": "hassuffix", "!hassuffix": "!hassuffix", "hassuffix_cs": "hassuffix_cs",
    "!hassuffix_cs": "!hassuffix_cs",
    "like": "like", "notlike": "!like", "likecs": "like_cs", "notlikecs": "!like_cs",
    "contains": "contains", "notcontains": "!contains", "!contains": "!contains",
    "contains_cs": "contains_cs", "containscs": "contains_cs",
    "notcontainscs": "!contains_cs", "!contains_cs": "!contains_cs",
    "startswith": "startswith", "!startswith": "!startswith", "startswith_cs": "startswith_cs",
    "!startswith_cs": "!startswith_cs",
    "endswith": "endswith", "!endswith": "!endswith", "endswith_cs": "endswith_cs", "!endswith_cs": "!endswith_cs",
}  # fmt: skip
LIST_OPERATORS = frozenset({"in", "in~", "!in", "!in~", "has_any", "has_all"})
_RANGE_OPERATORS = frozenset({"between", "!between"})

_LEVELS: dict[str, int] = {
    "or": OR,
    "and": AND,
    **dict.fromkeys(("==", "!=", "<>", *LIST_OPERATORS, *_RANGE_OPERATORS), EQUALITY),
    **dict.fromkeys(("<", "<=", ">", ">="), COMPARISON),
    **dict.fromkeys(("+", "-"), SUM),
    **dict.fromkeys(("*", "/", "%"), PRODUCT),
    **dict.fromkeys(STRING_OPERATORS, STRING_OPERATION),
}
_SPELLINGS = {**STRING_OPERATORS, "<>": "!="}
_CHAINING = frozenset({SUM, PRODUCT})


def expression(c: Cursor, lowest: int = OR) -> Expr:
    """A scalar expression without a name and without pipes; its operators bind at least as closely as ``lowest``."""
    c.enter()
    start = c.starts[c.pos]
    left = _operand(c, lowest) if c.kinds[c.pos] in _SIGNS_AND_STAR else path(c)
    limit = STRING_OPERATION
    steps = 0
    while True:
        kind = c.kinds[c.pos]
        level = _LEVELS.get(kind)
        if level is None or level < lowest or level > limit:
            break
        if level <= AND:
            left = _chain(c, kind, level, left, start)
            limit = level
        elif kind in LIST_OPERATORS:
            if kind == "in" and c.peek(1) == "range":  # make-series … on t in range(…)
                break
            left = _in_list(c, left, start)
            limit = AND
        elif kind in _RANGE_OPERATORS:
            left = _between(c, left, start)
            limit = AND
        else:
            index = c.pos
            c.pos += 1
            right = expression(c, level + 1) if level < STRING_OPERATION else _operand(c, STRING_OPERATION + 1)
            operator = _SPELLINGS.get(kind, kind)
            left = Binary(operator, left, right, c.token_span(index), span=c.spanning(start))
            limit = level if level in _CHAINING else level - 1
            steps += 1
    if steps > c.most:
        c.most = steps
    c.depth -= 1
    return left


def _chain(c: Cursor, kind: str, level: int, first: Expr, start: int) -> Logical:
    operands = [first]
    while c.kinds[c.pos] == kind:
        c.pos += 1
        operands.append(expression(c, level + 1))
    return Logical(kind, tuple(operands), span=c.spanning(start))


_SIGNS_AND_STAR = SIGNS | {"*"}


def _operand(c: Cursor, lowest: int) -> Expr:
    """A signed or unsigned primary expression, or the star of ``* has "x"`` and ``* == "x"``."""
    if c.kinds[c.pos] == "*":
        following = c.peek(1)
        if (following in STRING_OPERATORS and lowest <= STRING_OPERATION) or (following == "==" and lowest <= EQUALITY):
            c.pos += 1
            return Star(span=c.token_span(c.pos - 1))
    return signed(c)


def signed(c: Cursor) -> Expr:
    """A path with a sign before it or none: what a sign takes is one path, and never another sign."""
    kind = c.kinds[c.pos]
    if kind not in SIGNS:
        return path(c)
    start = c.pos
    c.pos += 1
    operand = path(c)
    return Unary(kind, operand, span=c.span_from(start))


def _in_list(c: Cursor, left: Expr, start: int) -> InList:
    index = c.pos
    operator = c.kinds[index]
    c.pos += 1
    c.enter()
    c.expect("(", operator)
    if is_query_in_list(c):
        items: tuple[Expr, ...] = (c.pipeline(c),)
    else:
        items = c.comma_list(expression)
    c.expect(")", f"the list of {operator}")
    c.depth -= 1
    return InList(operator, left, items, c.token_span(index), span=c.spanning(start))


def _between(c: Cursor, operand: Expr, start: int) -> Between:
    index = c.pos
    operator = c.kinds[index]
    c.pos += 1
    c.expect("(", operator)
    low = expression(c)
    c.expect("..", "the lower bound")
    high = expression(c)
    c.expect(")", "the upper bound")
    return Between(operator, operand, low, high, c.token_span(index), span=c.spanning(start))


# ---------------------------------------------------------------- paths


def path(c: Cursor) -> Expr:
    """A primary expression and what follows it: ``.name``, ``.f(x)``, ``[index]``."""
    index = c.pos
    kinds = c.kinds
    start = c.starts[index]
    if kinds[index] == "IDENT" and kinds[index + 1] not in _NAME_ENDS:
        c.pos = index + 1
        span = Span(start, c.ends[index])
        value: Expr = Name(c.text[start : span.end], span=span)
    else:
        value = primary(c)
    steps = 0
    while True:
        kind = kinds[c.pos]
        if kind == ".":
            c.pos += 1
            value = _member(c, value, start)
        elif kind == "[":
            value = _element(c, value, start)
        else:
            break
        steps += 1
    if steps > c.most:
        c.most = steps
    return value


# What after a word makes it more than a name.
_NAME_ENDS = frozenset({"(", "datascope"})


def path_step(c: Cursor, base: Expr, start: int) -> Expr:
    """One step of a path, at its dot or bracket."""
    if c.kind == "[":
        return _element(c, base, start)
    c.pos += 1
    return _member(c, base, start)


def _member(c: Cursor, base: Expr, start: int) -> Expr:
    length = scan_name(c)
    if length and c.peek(length) == "(":
        return _call(c, start, base)
    index = c.pos
    kind = c.kinds[index]
    if kind == "[" and not length:
        return _element(c, base, start)
    if kind == "@" or kind in _PATH_KEYWORDS:
        c.pos += 1
        return Member(base, c.token_text(index), span=c.spanning(start))
    found = try_name(c)
    if found is None:
        c.fail("a name", "'.'")
    return Member(base, found, span=c.spanning(start))


def _element(c: Cursor, base: Expr, start: int) -> Index:
    c.enter()
    c.expect("[")
    index: Expr = try_pattern(c) or expression(c) if scan_pattern(c) and c.kind != "*" else expression(c)
    c.expect("]", "the index")
    c.depth -= 1
    return Index(base, index, span=c.spanning(start))


_PATH_KEYWORDS = frozenset({"kind", "withsource", "with_source"})


def primary(c: Cursor) -> Expr:
    """The first step of a path: a name, a call, a literal, anything in brackets."""
    kind = c.kinds[c.pos]
    if kind == "IDENT":
        if c.kinds[c.pos + 1] == "(":
            return _call(c, c.starts[c.pos], None)
        return _data_scope(c, name_reference(c))
    rule = _PRIMARIES.get(kind)
    if rule is not None:
        return rule(c)
    if kind in NAME_KINDS:
        return _soft_keyword(c)
    comment = kind == "/" and c.text.startswith("/*", c.starts[c.pos])
    return c.fail("an expression", hint="a line comment begins with //" if comment else "")


def _soft_keyword(c: Cursor) -> Expr:
    """A word that is a keyword elsewhere and a name or function here."""
    index = c.pos
    following = c.kinds[index + 1]
    if following == "(":
        return type_of(c) if c.kinds[index] == "typeof" else _call(c, c.starts[index], None)
    if following == "[" and c.kinds[index] == "entity_group":
        c.pos += 1
        return entity_group(c, index)
    return _data_scope(c, name_reference(c))


def _special_name(c: Cursor) -> Expr:
    """``kind`` and its like, which are columns' names in expressions; ``@``, which the language reserves."""
    c.pos += 1
    span = c.token_span(c.pos - 1)
    return _data_scope(c, Name(c.text[span.start : span.end], span=span))


def _data_scope(c: Cursor, table: Expr) -> Expr:
    if not c.accept("datascope"):
        return table
    return DataScoped(table, data_scope_value(c), span=c.spanning(table.span.start))


def data_scope_value(c: Cursor) -> str:
    """``= all`` or ``= hotcache``, the keyword being read."""
    c.expect("=", "datascope")
    text = c.token_text(c.pos)
    if text not in ("all", "hotcache"):
        c.fail("all or hotcache", "datascope=")
    c.pos += 1
    return text


def entity_group(c: Cursor, start: int) -> EntityGroup:
    """``[cluster("c").database("d"), …]``, the keyword being read."""
    c.expect("[", "entity_group")
    items = c.comma_list(expression)
    c.expect("]", "the entities")
    return EntityGroup(items, span=c.span_from(start))


# ---------------------------------------------------------------- brackets and calls


def _parenthesised(c: Cursor) -> Expr:
    c.enter()
    start = c.expect("(")
    value = c.pipeline(c)
    c.expect(")", "the expression in parentheses")
    c.depth -= 1
    if isinstance(value, Pipeline):
        return Pipeline(value.source, value.operators, span=c.span_from(start))
    return value


def _bracketed_name(c: Cursor) -> Expr:
    """``['a b']``, ``[pattern*]``, or a call of a function with such a name."""
    start = c.pos
    length = scan_bracketed_name(c, 0)
    if length and c.peek(length) == "(":
        return _call(c, c.starts[start], None)
    if not length and scan_pattern(c, 1):
        c.pos += 1
        pattern = try_pattern(c)
        c.expect("]", "the name")
        if pattern is not None:
            return _data_scope(c, pattern)
    if not length:
        c.pos += 1
        value = expression(c)
        c.expect("]", "the expression in brackets")
        return Bracketed(value, span=c.span_from(start))
    return _data_scope(c, name_reference(c))


def _braced_name(c: Cursor) -> Expr:
    start = c.pos
    found = try_name(c)
    if found is None:
        c.fail("an expression")
    if c.kind == "(":
        c.pos = start
        return _call(c, c.starts[start], None)
    return Name(found, span=c.span_from(start))


def _call(c: Cursor, start: int, base: Expr | None) -> Call:
    c.enter()
    first = c.pos
    function = try_name(c) or ""
    name_span = c.span_from(first)
    c.expect("(")
    arguments: list[Expr] = []
    if c.kinds[c.pos] != ")":
        arguments.append(_star_argument(c) or named_expression(c))
        while c.accept(","):
            arguments.append(_star_argument(c) or named_expression(c))
    if c.kinds[c.pos] != ")":
        hint = "a query as an argument stands in parentheses of its own" if c.kind == "|" else ""
        c.fail("',' or ')'", f"an argument of {function}", hint)
    c.pos += 1
    c.depth -= 1
    return Call(function, tuple(arguments), name_span, base, span=c.spanning(start))


def _star_argument(c: Cursor) -> Star | None:
    """The star of ``count(*)`` and ``pack_all(*)``."""
    if c.kinds[c.pos] != "*" or c.kinds[c.pos + 1] not in (")", ","):
        return None
    c.pos += 1
    return Star(span=c.token_span(c.pos - 1))


def call(c: Cursor) -> Call:
    """A call that must be there, as after evaluate and invoke."""
    length = scan_name(c)
    if not length:
        c.fail("a function's name")
    if c.peek(length) != "(":
        c.pos += length
        c.fail("'('", "the function's name")
    return _call(c, c.starts[c.pos], None)


def _query_function(c: Cursor) -> Call:
    """``toscalar(T | count)`` and ``totable(…)``: their one argument may be a pipeline without parentheses."""
    start = c.pos
    c.enter()
    c.pos += 1
    function = c.token_text(start)
    parameters: tuple[Property, ...] = ()
    if c.kind == "kind" and c.peek(1) == "=":
        first = c.pos
        c.pos += 2
        value = name_reference(c) if c.kind in NAME_KINDS else _special_word(c)
        parameters = (Property("kind", value, span=c.span_from(first)),)
    c.expect("(", function)
    argument = c.pipeline(c)
    c.expect(")", f"the query of {function}")
    c.depth -= 1
    return Call(function, (argument,), c.token_span(start), None, parameters, span=c.span_from(start))


def _special_word(c: Cursor) -> Name:
    if c.kind != "nooptimization":
        c.fail("nooptimization", "kind=")
    c.pos += 1
    span = c.token_span(c.pos - 1)
    return Name(c.text[span.start : span.end], span=span)


_PRIMARIES: dict[str, Callable[[Cursor], Expr]] = {
    **LITERALS,
    "(": _parenthesised,
    "[": _bracketed_name,
    "{": _braced_name,
    "@": _special_name,
    "toscalar": _query_function,
    "totable": _query_function,
    "datatable": data_table,
    "externaldata": external_data,
    "external_data": external_data,
    "materialized-view-combine": materialized_view_combine,
    "__contextual_datatable": contextual_data_table,
    **dict.fromkeys(_PATH_KEYWORDS, _special_name),
}

# ---------------------------------------------------------------- named expressions


def named_expression(c: Cursor) -> Expr:
    """``name = value``, ``(a, b) = value``, or a bare expression."""
    kinds = c.kinds
    kind = kinds[c.pos]
    if kind in DECLARED_KINDS:
        length = 1
    elif kind == "[" or kind == "{":
        length = scan_name(c)
    elif kind == "(" and kinds[c.pos + 1] in _NAME_LIST_STARTS:
        return _name_list(c) or expression(c)
    else:
        length = 0
    if not length or c.peek(length) != "=":
        return expression(c)
    start = c.pos
    found = try_name(c, DECLARED_KINDS)
    c.pos += 1
    value = expression(c)
    return NamedExpression((found or "",), value, span=c.span_from(start))


_NAME_LIST_STARTS = DECLARED_KINDS | {"[", "{", ")"}


def _name_list(c: Cursor) -> Expr | None:
    """``(a, b) = value``; None when the parenthesis holds something else, with the cursor where it was."""
    start = c.pos
    at = 1
    while c.peek(at) not in LIST_END:
        length = scan_name(c, at, DECLARED_KINDS)
        if not length:
            return None
        at += length
        if c.peek(at) != ",":
            break
        at += 1
    if c.peek(at) != ")" or c.peek(at + 1) != "=":
        return None
    c.pos += 1
    names = c.comma_list(lambda cursor: try_name(cursor, DECLARED_KINDS) or cursor.fail("a name"))
    c.expect(")")
    c.expect("=")
    value = expression(c)
    return NamedExpression(names, value, span=c.span_from(start))


PARAMETERS = ParameterRules(try_literal, path)
