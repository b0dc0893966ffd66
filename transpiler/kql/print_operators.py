"""The text of tabular operators and pipelines."""

from __future__ import annotations

from transpiler.kql.print_expressions import constant, operand, operands, schema, value, with_list
from transpiler.kql.print_text import TEXT_OF, comma, name_text, string_text, text_of
from transpiler.kql.syntax import (
    As,
    AssertSchema,
    Call,
    Consume,
    Count,
    Distinct,
    Evaluate,
    ExecuteAndCache,
    Expr,
    Extend,
    Facet,
    Find,
    Fork,
    GetSchema,
    GraphOperator,
    Invoke,
    Join,
    Lookup,
    MacroExpand,
    MakeSeries,
    MakeSeriesAggregate,
    MvApply,
    MvExpand,
    Name,
    NamedExpression,
    NamePattern,
    OperatorNode,
    OrderBy,
    Parse,
    ParseKv,
    ParsePart,
    Partition,
    Pipeline,
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
    Scan,
    ScanAssignment,
    ScanStep,
    Search,
    Serialize,
    Sort,
    Star,
    Summarize,
    Take,
    Top,
    TopHitters,
    TopNested,
    TopNestedClause,
    Union,
    Where,
)


def pipeline_text(node: Pipeline, separator: str = " | ") -> str:
    """The source and the operators."""
    parts = [text_of(operator) for operator in node.operators]
    if node.source is not None:
        parts.insert(0, value(node.source))
    return separator.join(parts)


def _head(node: OperatorNode) -> str:
    """The keyword and the parameters."""
    if not node.parameters:
        return node.keyword
    return " ".join([node.keyword, *[text_of(parameter) for parameter in node.parameters]])


def _with_columns(node: Extend | Project | ProjectRename | ProjectByNames | Serialize | Distinct | Print) -> str:
    return f"{_head(node)} {operands(node.columns)}".rstrip()


def _pattern(node: Expr) -> str:
    return node.pattern if isinstance(node, NamePattern) else text_of(node)


def _with_patterns(node: ProjectAway | ProjectKeep) -> str:
    return f"{_head(node)} {', '.join([_pattern(column) for column in node.columns])}".rstrip()


def _reordered(node: ReorderColumn) -> str:
    return _pattern(node.column) + (f" {node.order}" if node.order else "")


def _with_count(node: Take | Sample) -> str:
    return f"{_head(node)} {value(node.count)}"


def _order_words(descending: bool | None, nulls_first: bool | None, natural: bool) -> str:
    order = "" if descending is None else f" {'granny-' if natural else ''}{'desc' if descending else 'asc'}"
    nulls = "" if nulls_first is None else f" nulls {'first' if nulls_first else 'last'}"
    return order + nulls


def _order_by(node: OrderBy) -> str:
    return value(node.value) + _order_words(node.descending, node.nulls_first, node.natural)


def _summarize(node: Summarize) -> str:
    text = f"{_head(node)} {operands(node.aggregates)}".rstrip()
    if not node.has_by:
        return text
    legacy = f" bin={value(node.legacy_bin)}" if node.legacy_bin is not None else ""
    return f"{text} by {operands(node.by)}{legacy}"


def _reduce(node: Reduce) -> str:
    properties = f" with {comma(node.properties)}" if node.properties else ""
    return f"{_head(node)} by {value(node.by)}{properties}"


def _range(node: Range) -> str:
    step = f" step {value(node.step)}" if node.step is not None else ""
    return f"{_head(node)} {name_text(node.column)} from {value(node.start)} to {value(node.stop)}{step}"


# ---------------------------------------------------------------- parsing


def _parse(node: Parse) -> str:
    parts = "".join([f" {text_of(part)}" for part in node.parts])
    return f"{_head(node)} {value(node.operand)} with{parts}"


def _parse_part(node: ParsePart) -> str:
    if node.star:
        return "*"
    if node.text is not None:
        return string_text(node.text)
    type_name = f":{node.type_name}" if node.type_name else ""
    return name_text(node.column or "") + type_name


def _parse_kv(node: ParseKv) -> str:
    return f"{_head(node)} {value(node.operand)} as {schema(node.columns)}{with_list(node.properties)}"


# ---------------------------------------------------------------- other tables


def _join(node: Join) -> str:
    text = f"{_head(node)} {value(node.right)}"
    if node.on:
        return f"{text} on {operands(node.on)}"
    return f"{text} where {value(node.where)}" if node.where is not None else text


def _union(node: Union) -> str:
    return f"{_head(node)} {operands(node.operands)}"


def _tables(tables: tuple[Expr, ...]) -> str:
    return f" in ({comma(tables)})" if tables else ""


def _search(node: Search) -> str:
    return f"{_head(node)}{_tables(node.tables)} {value(node.predicate)}"


def _find(node: Find) -> str:
    text = f"{_head(node)}{_tables(node.tables)} where {value(node.predicate)}"
    if node.project_smart:
        text += " project-smart"
    if node.project:
        text += f" project {', '.join([_found_column(column) for column in node.project])}"
    if node.project_away:
        text += f" __projectAway {', '.join([_found_column(column) for column in node.project_away])}"
    return text


def _found_column(node: Expr) -> str:
    if isinstance(node, NamedExpression) and node.type_name:
        return f"{text_of(node.value)}:{node.type_name}"
    return "pack(*)" if isinstance(node, Call) else text_of(node)


def _partition(node: Partition) -> str:
    scope = f" in {value(node.scope)}" if node.scope is not None else ""
    inner = text_of(node.body)
    bracketed = f"{{ {inner} }}" if node.braced else f"({inner})"
    return f"{_head(node)} by {value(node.by)}{scope} {bracketed}"


def _fork(node: Fork) -> str:
    branches = [f"{f'{name_text(name)}=' if name else ''}({text_of(body)})" for name, body in node.branches]
    return f"{_head(node)} {' '.join(branches)}"


def _facet(node: Facet) -> str:
    return f"{_head(node)} by {operands(node.by)}" + (f" with ({text_of(node.body)})" if node.body else "")


def _macro_expand(node: MacroExpand) -> str:
    alias = f" as {name_text(node.name)}" if node.name else ""
    return f"{_head(node)} {value(node.group)}{alias} ({'; '.join([text_of(item) for item in node.body])})"


# ---------------------------------------------------------------- arrays, series, scan


def _expanded(node: Expr) -> str:
    """A column of mv-expand; a star stands for the column that mv-apply may leave out."""
    if isinstance(node, NamedExpression) and isinstance(node.value, Star):
        return f"to typeof({node.type_name})"
    return value(node)


def _mv_expand(node: MvExpand) -> str:
    limit = f" limit {value(node.limit)}" if node.limit is not None else ""
    return f"{_head(node)} {', '.join([_expanded(column) for column in node.columns])}{limit}"


def _mv_apply(node: MvApply) -> str:
    limit = f" limit {value(node.limit)}" if node.limit is not None else ""
    context = f" id {value(node.context_id)}" if node.context_id is not None else ""
    columns = ", ".join([_expanded(column) for column in node.columns])
    return f"{_head(node)} {columns}{limit}{context} on ({text_of(node.body)})"


def _series(node: MakeSeriesAggregate) -> str:
    return value(node.value) + (f" default={value(node.default)}" if node.default is not None else "")


def _make_series(node: MakeSeries) -> str:
    text = f"{_head(node)} {comma(node.aggregates)} on {value(node.axis)}"
    if node.in_range and node.start is not None and node.stop is not None:
        text += f" in range({value(node.start)}, {value(node.stop)}, {value(node.step)})"
    else:
        text += f" from {value(node.start)}" if node.start is not None else ""
        text += f" to {value(node.stop)}" if node.stop is not None else ""
        text += f" step {value(node.step)}"
    return text + (f" by {operands(node.by)}" if node.by else "")


def _scan(node: Scan) -> str:
    text = _head(node)
    text += f" order by {comma(node.order)}" if node.order else ""
    text += f" partition by {operands(node.partition)}" if node.partition else ""
    if node.declare:
        declared = [text_of(column) + (f"={constant(d)}" if d is not None else "") for column, d in node.declare]
        text += f" declare ({', '.join(declared)})"
    return f"{text} with ({' '.join([text_of(step) for step in node.steps])})"


def _scan_step(node: ScanStep) -> str:
    optional = " optional" if node.optional else ""
    output = f" output={node.output}" if node.output else ""
    assigned = f" => {comma(node.assignments)}" if node.assignments else ""
    return f"step {name_text(node.name)}{optional}{output}: {value(node.condition)}{assigned};"


def _top_nested_clause(node: TopNestedClause) -> str:
    count = f" {value(node.count)}" if node.count is not None else ""
    others = f" with others={value(node.others)}" if node.others is not None else ""
    order = _order_words(node.descending, node.nulls_first, node.natural)
    return f"top-nested{count} of {value(node.value)}{others} by {value(node.by)}{order}"


def _top_hitters(node: TopHitters) -> str:
    by = f" by {value(node.by)}" if node.by is not None else ""
    return f"{_head(node)} {value(node.count)} of {value(node.value)}{by}"


# ---------------------------------------------------------------- plugins, rendering


def _evaluate(node: Evaluate) -> str:
    declared = f" : {schema(node.schema, is_open=node.schema_open)}" if node.schema is not None else ""
    return f"{_head(node)} {text_of(node.call)}{declared}"


def _old_property(node: Property) -> str:
    """A property of render before ``with (…)``: two of them take no equals sign."""
    if node.name not in ("with", "by"):
        return text_of(node)
    written = node.value
    return f"{node.name} {name_text(written.name) if isinstance(written, Name) else text_of(written)}"


def _render(node: Render) -> str:
    old = "".join([f" {_old_property(parameter)}" for parameter in node.parameters])
    return f"{node.keyword} {node.chart}{old}{with_list(node.properties)}"


TEXT_OF.update(
    dict.fromkeys((Extend, Project, ProjectRename, ProjectByNames, Serialize, Distinct, Print), _with_columns)
)
TEXT_OF.update(dict.fromkeys((ProjectAway, ProjectKeep), _with_patterns))
TEXT_OF.update(dict.fromkeys((Take, Sample), _with_count))
TEXT_OF.update(dict.fromkeys((Consume, GetSchema, ExecuteAndCache), _head))
TEXT_OF.update(
    {
        Pipeline: pipeline_text,
        Where: lambda node: f"{_head(node)} {value(node.predicate)}",
        ProjectReorder: lambda node: f"{_head(node)} {comma(node.columns)}".rstrip(),
        ReorderColumn: _reordered,
        SampleDistinct: lambda node: f"{_head(node)} {value(node.count)} of {value(node.of)}",
        Sort: lambda node: f"{_head(node)} by {comma(node.keys)}",
        Top: lambda node: f"{_head(node)} {value(node.count)} by {comma(node.keys)}",
        OrderBy: _order_by,
        Count: lambda node: _head(node) + (f" as {node.name}" if node.name else ""),
        Summarize: _summarize,
        Reduce: _reduce,
        Range: _range,
        As: lambda node: f"{_head(node)} {name_text(node.name)}",
        Parse: _parse,
        ParsePart: _parse_part,
        ParseKv: _parse_kv,
        Join: _join,
        Lookup: lambda node: f"{_head(node)} {value(node.right)} on {operands(node.on)}",
        Union: _union,
        Search: _search,
        Find: _find,
        Partition: _partition,
        Fork: _fork,
        Facet: _facet,
        MacroExpand: _macro_expand,
        MvExpand: _mv_expand,
        MvApply: _mv_apply,
        MakeSeriesAggregate: _series,
        MakeSeries: _make_series,
        Scan: _scan,
        ScanStep: _scan_step,
        ScanAssignment: lambda node: f"{name_text(node.name)} = {operand(node.value)}",
        TopNested: lambda node: comma(node.clauses),
        TopNestedClause: _top_nested_clause,
        TopHitters: _top_hitters,
        Evaluate: _evaluate,
        Invoke: lambda node: f"{_head(node)} {text_of(node.call)}",
        Render: _render,
        AssertSchema: lambda node: f"{_head(node)} {schema(node.columns)}",
        GraphOperator: lambda node: node.text,
    }
)
