"""Tabular operators with one input that keep, shape, order or cut rows and columns."""

from __future__ import annotations

from transpiler.kql.cursor import DECLARED_KINDS, LIST_END, Cursor
from transpiler.kql.expressions import PARAMETERS, call, expression, named_expression
from transpiler.kql.lookahead import CHARTS
from transpiler.kql.names import (
    column_declaration,
    column_pattern,
    declared_type,
    name,
    row_schema,
    string_text,
    try_name,
)
from transpiler.kql.parameters import NAMES, TEXT, parameter_table
from transpiler.kql.syntax import (
    As,
    AssertSchema,
    ColumnDeclaration,
    Consume,
    Count,
    Distinct,
    Evaluate,
    ExecuteAndCache,
    Expr,
    Extend,
    GetSchema,
    Index,
    Invoke,
    Member,
    Name,
    OrderBy,
    Parse,
    ParseKv,
    ParsePart,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    Property,
    Range,
    Reduce,
    Render,
    ReorderColumn,
    Sample,
    SampleDistinct,
    Serialize,
    Sort,
    Star,
    Summarize,
    Take,
    Top,
    Where,
)
from transpiler.kql.tokens import IDENT
from transpiler.source import Span

_NO_PARAMETERS: dict[str, str] = {}
_HINTS = parameter_table("hint.shufflekey hint.strategy hint.num_partitions")


def keyword(c: Cursor) -> tuple[int, str]:
    """Steps over an operator's keyword and gives its index and text."""
    start = c.pos
    c.pos = start + 1
    return start, c.token_text(start)


def columns(c: Cursor) -> tuple[Expr, ...]:
    """Named expressions separated by commas; there may be none."""
    return () if c.kind in LIST_END else c.comma_list(named_expression)


def ordered(c: Cursor) -> OrderBy:
    """``x desc nulls last``."""
    start = c.pos
    value = named_expression(c)
    descending: bool | None = None
    natural = False
    if c.kind in _ORDERS:
        descending, natural = _ORDERS[c.kind]
        c.pos += 1
    nulls_first: bool | None = None
    if c.accept("nulls"):
        if c.kind not in ("first", "last"):
            c.fail("first or last", "nulls")
        nulls_first = c.kind == "first"
        c.pos += 1
    return OrderBy(value, descending, nulls_first, natural, span=c.span_from(start))


_ORDERS = {"asc": (False, False), "desc": (True, False), "granny-asc": (False, True), "granny-desc": (True, True)}


# ---------------------------------------------------------------- rows


def where(c: Cursor) -> Where:
    """``where predicate``, ``filter predicate``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _NO_PARAMETERS)
    predicate = named_expression(c)
    return Where(predicate, keyword=word, parameters=parameters, span=c.span_from(start))


def take(c: Cursor) -> Take:
    """``take n``, ``limit n``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _NO_PARAMETERS)
    return Take(named_expression(c), keyword=word, parameters=parameters, span=c.span_from(start))


def sort(c: Cursor) -> Sort:
    """``sort by x desc, …``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("hint.strategy"), equals_needed=False)
    c.expect("by", word)
    return Sort(c.comma_list(ordered), keyword=word, parameters=parameters, span=c.span_from(start))


def top(c: Cursor) -> Top:
    """``top n by x desc``: one key."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("hint.progressive_top"))
    count = named_expression(c)
    c.expect("by", "the number of rows")
    return Top(count, (ordered(c),), keyword=word, parameters=parameters, span=c.span_from(start))


def sample(c: Cursor) -> Sample:
    """``sample n``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _NO_PARAMETERS)
    return Sample(named_expression(c), keyword=word, parameters=parameters, span=c.span_from(start))


def sample_distinct(c: Cursor) -> SampleDistinct:
    """``sample-distinct n of x``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _NO_PARAMETERS)
    count = named_expression(c)
    c.expect("of", "the number of values")
    return SampleDistinct(count, named_expression(c), keyword=word, parameters=parameters, span=c.span_from(start))


def count_rows(c: Cursor) -> Count:
    """``count``, ``count as Name``."""
    start, word = keyword(c)
    if c.kind == "(":
        c.fail("'|' or the end of the query", "count", "the function count() belongs to summarize")
    alias = None
    if c.accept("as"):
        index = c.expect(IDENT) if c.kind == IDENT else c.fail("a name", "as")
        alias = c.token_text(index)
    return Count(alias, keyword=word, span=c.span_from(start))


# ---------------------------------------------------------------- columns


def extend(c: Cursor) -> Extend:
    """``extend a = x, …``; at least one."""
    start, word = keyword(c)
    return Extend(c.comma_list(named_expression), keyword=word, span=c.span_from(start))


def project(c: Cursor) -> Project:
    """``project a, b = x``."""
    start, word = keyword(c)
    return Project(columns(c), keyword=word, span=c.span_from(start))


def project_rename(c: Cursor) -> ProjectRename:
    """``project-rename new = old``."""
    start, word = keyword(c)
    return ProjectRename(columns(c), keyword=word, span=c.span_from(start))


def _patterns(c: Cursor) -> tuple[Expr, ...]:
    return () if c.kind in LIST_END else c.comma_list(column_pattern)


def project_away(c: Cursor) -> ProjectAway:
    """``project-away a, b*``."""
    start, word = keyword(c)
    return ProjectAway(_patterns(c), keyword=word, span=c.span_from(start))


def project_keep(c: Cursor) -> ProjectKeep:
    """``project-keep a, b*``."""
    start, word = keyword(c)
    return ProjectKeep(_patterns(c), keyword=word, span=c.span_from(start))


def project_reorder(c: Cursor) -> ProjectReorder:
    """``project-reorder a, b* granny-asc``."""
    start, word = keyword(c)
    keys = () if c.kind in LIST_END else c.comma_list(_reordered)
    return ProjectReorder(keys, keyword=word, span=c.span_from(start))


def _reordered(c: Cursor) -> ReorderColumn:
    start = c.pos
    column = column_pattern(c)
    order = None
    if c.kind in _ORDERS:
        order = c.kind
        c.pos += 1
    return ReorderColumn(column, order, span=c.span_from(start))


def project_by_names(c: Cursor) -> ProjectByNames:
    """``project-by-names expression, …``."""
    start, word = keyword(c)
    found = () if c.kind in LIST_END else c.comma_list(expression)
    return ProjectByNames(found, keyword=word, span=c.span_from(start))


def serialize(c: Cursor) -> Serialize:
    """``serialize a = row_number()``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _NO_PARAMETERS)
    return Serialize(columns(c), keyword=word, parameters=parameters, span=c.span_from(start))


def print_row(c: Cursor) -> Print:
    """``print a = 1, …``; at least one."""
    start, word = keyword(c)
    return Print(c.comma_list(named_expression), keyword=word, span=c.span_from(start))


def range_rows(c: Cursor) -> Range:
    """``range x from a to b step c``."""
    start, word = keyword(c)
    column = name(c, "a column's name")
    c.expect("from", "the column of range")
    first = expression(c)
    c.expect("to", "the first value")
    last = expression(c)
    c.expect("step", "the last value")
    return Range(column, first, last, expression(c), keyword=word, span=c.span_from(start))


# ---------------------------------------------------------------- groups


def summarize(c: Cursor) -> Summarize:
    """``summarize a = count(), … by k = x, …``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _HINTS)
    aggregates = () if c.kind == "by" else columns(c)
    by: tuple[Expr, ...] = ()
    legacy_bin = None
    has_by = c.accept("by")
    if has_by:
        if _legacy_bin_follows(c):
            c.fail("an expression", "by")
        by = c.comma_list(_group)
        if c.kind == "bin" and c.peek(1) == "=":
            c.pos += 2
            legacy_bin = expression(c)
    span = c.span_from(start)
    return Summarize(aggregates, by, has_by, legacy_bin, keyword=word, parameters=parameters, span=span)


_LITERAL_KINDS = frozenset({"STRING", "LONG", "REAL", "TIMESPAN", "BOOL", "TYPED", "RAW_GUID"})


def _legacy_bin_follows(c: Cursor) -> bool:
    """Whether ``bin=1h`` is the old clause that sets the bin of the keys before it."""
    return c.kind == "bin" and c.peek(1) == "=" and c.peek(2) in _LITERAL_KINDS


def _group(c: Cursor) -> Expr:
    if _legacy_bin_follows(c):
        c.fail("an expression", "','")
    return named_expression(c)


def distinct(c: Cursor) -> Distinct:
    """``distinct a, b``, ``distinct *``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _HINTS)
    return Distinct(c.comma_list(_distinct), keyword=word, parameters=parameters, span=c.span_from(start))


def _distinct(c: Cursor) -> Expr:
    if c.accept("*"):
        return Star(span=c.token_span(c.pos - 1))
    return named_expression(c)


_REDUCE = parameter_table("threshold characters")


def reduce(c: Cursor) -> Reduce:
    """``reduce by x with threshold=0.1, characters="_"``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _REDUCE, equals_needed=False)
    c.expect("by", "reduce")
    by = named_expression(c)
    properties: tuple[Property, ...] = ()
    if c.accept("with") and c.kind not in LIST_END:
        properties = PARAMETERS.listed_any(c, _REDUCE)
    return Reduce(by, properties, keyword=word, parameters=parameters, span=c.span_from(start))


# ---------------------------------------------------------------- parsing of text


_PARSE = parameter_table("kind flags")


def parse(c: Cursor) -> Parse:
    """``parse kind=regex x with "a" b:long *`` and ``parse-where``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, _PARSE)
    operand = expression(c)
    c.expect("with", f"the operand of {word}")
    parts: list[ParsePart] = []
    while True:
        part = _parse_part(c)
        if part is None:
            break
        parts.append(part)
    must_match = word == "parse-where"
    return Parse(operand, tuple(parts), must_match, keyword=word, parameters=parameters, span=c.span_from(start))


def _parse_part(c: Cursor) -> ParsePart | None:
    start = c.pos
    kind = c.kind
    if kind == "*":
        c.pos += 1
        return ParsePart(star=True, span=c.span_from(start))
    if kind == "STRING":
        return ParsePart(text=string_text(c), span=c.span_from(start))
    column = try_name(c, DECLARED_KINDS)
    if column is None:
        return None if kind != ":" else c.fail("a column's name")
    type_name = declared_type(c) if c.accept(":") else None
    return ParsePart(column=column, type_name=type_name, span=c.span_from(start))


_PARSE_KV = parameter_table("pair_delimiter kv_delimiter regex quote escape greedy")


def parse_kv(c: Cursor) -> ParseKv:
    """``parse-kv x as (a:string, …) with (pair_delimiter=",")``."""
    start, word = keyword(c)
    operand = expression(c)
    c.expect("as", "the operand of parse-kv")
    keys = row_schema(c)
    properties: tuple[Property, ...] = ()
    if c.accept("with"):
        c.expect("(", "with")
        properties = () if c.kind == ")" else PARAMETERS.listed(c, _PARSE_KV)
        c.expect(")", "a property")
    return ParseKv(operand, keys, properties, keyword=word, span=c.span_from(start))


# ---------------------------------------------------------------- plugins, functions, rendering


def evaluate(c: Cursor) -> Evaluate:
    """``evaluate plugin(…) : (a:string, *)``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("hint.distribution hint.remote"), equals_needed=False)
    plugin = call(c)
    schema: tuple[ColumnDeclaration, ...] | None = None
    is_open = False
    if c.accept(":"):
        c.expect("(", "':'")
        c.accept(",")
        is_open = c.accept("*")
        c.accept(",")
        schema = () if c.kind == ")" else c.comma_list(column_declaration, trailing=LIST_END)
        c.expect(")", "the plugin's columns")
    return Evaluate(plugin, schema, is_open, keyword=word, parameters=parameters, span=c.span_from(start))


def invoke(c: Cursor) -> Invoke:
    """``invoke f(x)``, ``invoke database("d").f(x)``."""
    start, word = keyword(c)
    function = call(c)
    while c.kind == "." and c.peek(2) == "(":
        c.pos += 1
        outer = call(c)
        function = type(outer)(
            outer.name, outer.arguments, outer.name_span, function, span=Span(function.span.start, outer.span.end)
        )
    return Invoke(function, keyword=word, span=c.span_from(start))


_RENDER = {
    **parameter_table("kind accumulate xcolumn xaxis yaxis legend ysplit ymin ymax xmin xmax"),
    **parameter_table("title xtitle ytitle", TEXT),
    **parameter_table("ycolumns anomalycolumns series", NAMES),
}


def render(c: Cursor) -> Render:
    """``render timechart with (title="…")`` and the older ``render timechart title="…" by x``."""
    start, word = keyword(c)
    index = c.pos
    if c.kind != IDENT and c.kind not in CHARTS:
        c.fail("a kind of chart", "render")
    c.pos += 1
    old = _old_render_parameters(c)
    properties: tuple[Property, ...] = ()
    if c.accept("with"):
        c.expect("(", "with")
        c.accept(",")
        properties = () if c.kind == ")" else PARAMETERS.listed(c, _RENDER)
        c.expect(")", "a property")
    return Render(c.token_text(index), properties, keyword=word, parameters=old, span=c.span_from(start))


def _old_render_parameters(c: Cursor) -> tuple[Property, ...]:
    found: list[Property] = []
    while True:
        start = c.pos
        more = PARAMETERS.single(c, "kind") or PARAMETERS.single(c, "title", TEXT) or PARAMETERS.single(c, "accumulate")
        if more:
            found += more
        elif c.kind == "with" and c.peek(1) != "(":
            c.pos += 1
            value = PARAMETERS.value(c, "", "with", _NO_PARAMETERS)
            found.append(Property("with", value, span=c.span_from(start)))
        elif c.accept("by"):
            value = PARAMETERS.names(c, _OLD_RENDER_NAMES)
            found.append(Property("by", value, span=c.span_from(start)))
        else:
            return tuple(found)


_OLD_RENDER_NAMES = parameter_table("kind title accumulate with by")


# ---------------------------------------------------------------- the rest


def as_name(c: Cursor) -> As:
    """``as Name``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("hint.materialized"))
    return As(name(c), keyword=word, parameters=parameters, span=c.span_from(start))


def consume(c: Cursor) -> Consume:
    """``consume``."""
    start, word = keyword(c)
    parameters = PARAMETERS.leading(c, parameter_table("decodeblocks"), equals_needed=False)
    return Consume(keyword=word, parameters=parameters, span=c.span_from(start))


def getschema(c: Cursor) -> GetSchema:
    """``getschema``."""
    start, word = keyword(c)
    parameters = PARAMETERS.single(c, "kind")
    return GetSchema(keyword=word, parameters=parameters, span=c.span_from(start))


def execute_and_cache(c: Cursor) -> ExecuteAndCache:
    """``__executeAndCache``."""
    start, word = keyword(c)
    return ExecuteAndCache(keyword=word, span=c.span_from(start))


def assert_schema(c: Cursor) -> AssertSchema:
    """``assert-schema (a:long, b:string)``."""
    start, word = keyword(c)
    return AssertSchema(row_schema(c), keyword=word, span=c.span_from(start))


def simple_path(c: Cursor) -> Expr:
    """A column or a member of one, without calls: what stands before a bracket that is not its own."""
    start = c.starts[c.pos]
    found = try_name(c)
    if found is None:
        c.fail("a column's name")
    value: Expr = Name(found, span=c.spanning(start))
    while True:
        if c.accept("."):
            value = Member(value, name(c), span=c.spanning(start))
        elif c.kind == "[":
            c.pos += 1
            index = expression(c)
            c.expect("]", "the index")
            value = Index(value, index, span=c.spanning(start))
        else:
            return value
