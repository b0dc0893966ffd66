"""The syntax tree of KQL: what was written, node by node. The file to read first.

Every node is immutable and keeps its ``span`` in the query's text. The tree knows no tables, types or SQL; spellings
that KQL treats as one (``order by`` and ``sort by``, ``limit`` and ``take``, ``filter`` and ``where``) share a node.
Names follow the query language's documentation. Chains of ``and``/``or`` are flat, so that a long list is not deep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from transpiler.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that was written; ``span`` is its place, in characters of the query."""

    span: Span


# ---------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant. ``kind`` is a KQL type; ``value`` is None for a typed null (``int(null)``), else

    string: str; bool: bool; int, long: int; real: float; decimal: Decimal's text as str; guid: lower-case text;
    datetime: ticks of 100 ns since 0001-01-01; timespan: ticks of 100 ns;
    dynamic: compact JSON text in written member order (instants and timespans within it are JSON strings).
    ``malformed`` is the text of a typed literal that is no value of its type (``int(abc)``): the value is None, and
    it is not a null. Microsoft's parser takes it, so that the parser does too; the binder refuses it.
    """

    kind: str
    value: str | bool | int | float | None
    malformed: str | None = None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A column, variable, table or function by name: ``Account``, ``['a b']``, ``["x"]``."""

    name: str


@dataclass(frozen=True, slots=True)
class NamePattern(Node):
    """A name with wildcards: ``Account*``, ``*_dynamic``; a lone ``*`` is a Star."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Star(Node):
    """``*`` where it stands for every column."""


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``base.name`` and ``base.['name']``. Also ``$left.x``, ``$right.x`` (base is Name), ``database("d").T``."""

    base: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``base[index]``."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``name(arguments)``; ``base`` is set for ``database("d").f(x)`` and the like.

    An argument may be a NamedExpression (``f(x=1)``), a Star (``count(*)``, ``pack_all(*)``), or a Pipeline
    (``toscalar(T | count)``, ``materialize(...)``, tabular parameters). ``parameters`` only for
    ``toscalar kind=nooptimization (...)`` and ``totable``.
    """

    name: str
    arguments: tuple[Argument, ...]
    name_span: Span
    base: Expr | None = None
    parameters: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``-x``, ``+x``."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, comparison and string operators with two operands: ``+ - * / % == != < <= > >= =~ !~ has ...``.

    ``operator`` is KQL's own lower-case spelling; ``<>`` is ``!=``, ``notcontains`` is ``!contains`` and so on.
    """

    operator: str
    left: Expr
    right: Expr
    operator_span: Span


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """A flat chain of one connective, ``and`` or ``or``; at least two operands."""

    operator: str
    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class InList(Node):
    """``x in (…)``, ``in~``, ``!in``, ``!in~``, ``has_any (…)``, ``has_all (…)``.

    ``items`` are scalars, names, or one Pipeline; ``left`` may be a Star.
    """

    operator: str
    left: Expr
    items: tuple[Expr, ...]
    operator_span: Span


@dataclass(frozen=True, slots=True)
class Between(Node):
    """``x between (low .. high)`` and ``!between``."""

    operator: str
    operand: Expr
    low: Expr
    high: Expr
    operator_span: Span


@dataclass(frozen=True, slots=True)
class TypeOf(Node):
    """``typeof(long)`` or a schema, ``typeof(a:long, b:string, *)``; ``open`` for the ``*``."""

    type_name: str | None
    columns: tuple[ColumnDeclaration, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class NamedExpression(Node):
    """``name = value``, ``(a, b) = value``; ``names`` is empty for a bare expression that only carries a type.

    ``type_name`` is set for ``to typeof(…)`` of mv-expand and mv-apply, and for ``name:type`` where it is allowed.
    """

    names: tuple[str, ...]
    value: Expr
    type_name: str | None = None


@dataclass(frozen=True, slots=True)
class ColumnDeclaration(Node):
    """``name: type`` in datatable, externaldata, evaluate's schema, scan, parameters."""

    name: str
    type_name: str


@dataclass(frozen=True, slots=True)
class DataTable(Node):
    """``datatable (a:long, b:string) [1, "x", …]``: values in rows, left to right."""

    columns: tuple[ColumnDeclaration, ...]
    values: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ExternalData(Node):
    """``externaldata (a:string) [@"https://…"] with (format="csv")``."""

    columns: tuple[ColumnDeclaration, ...]
    uris: tuple[Expr, ...]
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Property(Node):
    """``name = value`` in a ``with (…)`` list, and an operator's parameter (``kind=inner``, ``hint.strategy=shuffle``).

    ``value`` is an Expr; a bare word is a Name.
    """

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """A tabular expression: a source and the operators that follow it, in order.

    ``source`` is None where the operators stand alone: the body of mv-apply, partition, fork, top-level ``print`` and
    ``range`` have their own nodes. A parenthesised pipeline is a Pipeline of its own.
    """

    source: Expr | None
    operators: tuple[Operator, ...]


@dataclass(frozen=True, slots=True)
class Bracketed(Node):
    """``[x]`` that is no name. Microsoft's parser takes it for an expression; nothing gives it a meaning."""

    value: Expr


@dataclass(frozen=True, slots=True)
class NameList(Node):
    """``a, b`` as the value of a property: ``ycolumns=a, b``, ``hint.shufflekey=a``; two names or more."""

    names: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class DataScoped(Node):
    """``T datascope=hotcache``."""

    table: Expr
    scope: str


@dataclass(frozen=True, slots=True)
class EntityGroup(Node):
    """``entity_group [cluster("c").database("d"), …]``."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class OpaqueTable(Node):
    """inline_external_table, materialized-view-combine, __contextual_datatable: kept as text, always refused later."""

    keyword: str
    text: str


@dataclass(frozen=True, slots=True)
class TabularWildcard(Node):
    """``Security*`` or ``*`` as an operand of union, search in, find in; ``base`` for ``database("d").Security*``."""

    pattern: str
    base: Expr | None = None


Expr: TypeAlias = (
    Literal
    | Name
    | NamePattern
    | Star
    | Member
    | Index
    | Call
    | Unary
    | Binary
    | Logical
    | InList
    | Between
    | TypeOf
    | DataTable
    | ExternalData
    | Pipeline
    | Bracketed
    | NameList
    | DataScoped
    | EntityGroup
    | OpaqueTable
    | TabularWildcard
    | NamedExpression
)
Argument: TypeAlias = Expr


# ---------------------------------------------------------------- tabular operators


@dataclass(frozen=True, slots=True)
class OrderBy(Node):
    """One key of sort/top: ``x desc nulls last``. ``descending`` and ``nulls_first`` are None where not written.

    ``natural`` is granny-asc or granny-desc.
    """

    value: Expr
    descending: bool | None = None
    nulls_first: bool | None = None
    natural: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorNode(Node):
    """A tabular operator. ``keyword`` is as written (``order``, ``sort``); ``parameters`` as in ``kind=inner``."""

    keyword: str
    parameters: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Where(OperatorNode):
    """``where predicate``, ``filter predicate``."""

    predicate: Expr


@dataclass(frozen=True, slots=True)
class Extend(OperatorNode):
    """``extend a = x, …``"""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Project(OperatorNode):
    """``project a, b = x``"""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ProjectAway(OperatorNode):
    """``project-away a, b*``; each is a Name or a NamePattern."""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ProjectKeep(OperatorNode):
    """``project-keep a, b*``"""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ProjectRename(OperatorNode):
    """``project-rename new = old, …``"""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ProjectReorder(OperatorNode):
    """``project-reorder a, b* asc``; each key's value is a Name, NamePattern or Star; granny-asc sets ``natural``."""

    columns: tuple[ReorderColumn, ...]


@dataclass(frozen=True, slots=True)
class ReorderColumn(Node):
    """``b* asc``; ``order`` is asc, desc, granny-asc, granny-desc or None."""

    column: Expr
    order: str | None = None


@dataclass(frozen=True, slots=True)
class ProjectByNames(OperatorNode):
    """``project-by-names expr, …``"""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Summarize(OperatorNode):
    """``summarize a = count(), … by k = x, …``; ``legacy_bin`` for ``by Timestamp bin=1h``."""

    aggregates: tuple[Expr, ...]
    by: tuple[Expr, ...]
    has_by: bool = False
    legacy_bin: Expr | None = None


@dataclass(frozen=True, slots=True)
class Distinct(OperatorNode):
    """``distinct a, b`` or ``distinct *``."""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Sort(OperatorNode):
    """``sort by``, ``order by``."""

    keys: tuple[OrderBy, ...]


@dataclass(frozen=True, slots=True)
class Top(OperatorNode):
    """``top n by key, …``"""

    count: Expr
    keys: tuple[OrderBy, ...]


@dataclass(frozen=True, slots=True)
class Take(OperatorNode):
    """``take n``, ``limit n``."""

    count: Expr


@dataclass(frozen=True, slots=True)
class Count(OperatorNode):
    """``count``, ``count as Name``."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Join(OperatorNode):
    """``join kind=inner (right) on …``: names, ``$left.a == $right.b`` or predicates; empty for ``where``."""

    right: Expr
    on: tuple[Expr, ...]
    where: Expr | None = None


@dataclass(frozen=True, slots=True)
class Lookup(OperatorNode):
    """``lookup kind=leftouter (right) on …``"""

    right: Expr
    on: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Union(OperatorNode):
    """``union kind=outer withsource=T isfuzzy=true A, (B | …), C*``; as a source or after a pipe."""

    operands: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Print(OperatorNode):
    """``print a = 1, …`` (a source)."""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Range(OperatorNode):
    """``range x from a to b step c`` (a source)."""

    column: str
    start: Expr
    stop: Expr
    step: Expr | None


@dataclass(frozen=True, slots=True)
class As(OperatorNode):
    """``as Name``"""

    name: str


@dataclass(frozen=True, slots=True)
class MvExpand(OperatorNode):
    """``mv-expand kind=array a = x to typeof(long), b limit 10``; columns are NamedExpression or Expr."""

    columns: tuple[Expr, ...]
    limit: Expr | None = None


@dataclass(frozen=True, slots=True)
class MvApply(OperatorNode):
    """``mv-apply a = x to typeof(long) limit n on (operators)``; ``context_id`` for ``id x``.

    A NamedExpression whose value is a Star stands for ``to typeof(long)`` without a column.
    """

    columns: tuple[Expr, ...]
    body: Pipeline
    limit: Expr | None = None
    context_id: Expr | None = None


@dataclass(frozen=True, slots=True)
class ParsePart(Node):
    """One part of a parse pattern: a literal text, ``*``, or a column with an optional type."""

    text: str | None = None
    column: str | None = None
    type_name: str | None = None
    star: bool = False


@dataclass(frozen=True, slots=True)
class Parse(OperatorNode):
    """``parse kind=regex flags=U x with "a" b:long *`` and ``parse-where`` (``must_match``)."""

    operand: Expr
    parts: tuple[ParsePart, ...]
    must_match: bool = False


@dataclass(frozen=True, slots=True)
class ParseKv(OperatorNode):
    """``parse-kv x as (a:string, b:long) with (pair_delimiter=",", …)``"""

    operand: Expr
    columns: tuple[ColumnDeclaration, ...]
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeSeriesAggregate(Node):
    """``a = avg(x) default = 0``"""

    value: Expr
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class MakeSeries(OperatorNode):
    """``make-series … on t from a to b step c by k`` and the older ``on t in range(a, b, c) by k`` (``in_range``)."""

    aggregates: tuple[MakeSeriesAggregate, ...]
    axis: Expr
    start: Expr | None
    stop: Expr | None
    step: Expr
    by: tuple[Expr, ...]
    in_range: bool = False


@dataclass(frozen=True, slots=True)
class Serialize(OperatorNode):
    """``serialize a = row_number(), …``"""

    columns: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class TopNestedClause(Node):
    """``top-nested n of x with others = "o" by sum(y) desc``"""

    count: Expr | None
    value: Expr
    others: Expr | None
    by: Expr
    descending: bool | None
    nulls_first: bool | None = None
    natural: bool = False


@dataclass(frozen=True, slots=True)
class TopNested(OperatorNode):
    """``top-nested …, top-nested …``"""

    clauses: tuple[TopNestedClause, ...]


@dataclass(frozen=True, slots=True)
class TopHitters(OperatorNode):
    """``top-hitters n of x by y``"""

    count: Expr
    value: Expr
    by: Expr | None = None


@dataclass(frozen=True, slots=True)
class Partition(OperatorNode):
    """``partition by k (body)`` and ``partition hint… by k { body }``; ``body`` may have a source in braces."""

    by: Expr
    body: Pipeline
    scope: Expr | None = None
    braced: bool = False


@dataclass(frozen=True, slots=True)
class ScanAssignment(Node):
    """``=> a = x`` within a step."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class ScanStep(Node):
    """``step s optional output=last: condition => a = x;``"""

    name: str
    condition: Expr
    assignments: tuple[ScanAssignment, ...]
    optional: bool = False
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Scan(OperatorNode):
    """``scan order by … partition by … declare (a:long = 0) with (step …; step …;)``; with_match_id is a parameter."""

    order: tuple[OrderBy, ...]
    partition: tuple[Expr, ...]
    declare: tuple[tuple[ColumnDeclaration, Expr | None], ...]
    steps: tuple[ScanStep, ...]


@dataclass(frozen=True, slots=True)
class Search(OperatorNode):
    """``search kind=case_sensitive in (A, B) predicate``; as a source or after a pipe."""

    tables: tuple[Expr, ...]
    predicate: Expr


@dataclass(frozen=True, slots=True)
class Find(OperatorNode):
    """``find withsource=T in (A, B) where predicate project a, b:string, pack(*)`` (a source)."""

    tables: tuple[Expr, ...]
    predicate: Expr
    project: tuple[Expr, ...] = ()
    project_smart: bool = False
    project_away: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Evaluate(OperatorNode):
    """``evaluate plugin(…) : (a:string, *)``; ``schema`` None where none is written, ``schema_open`` for the ``*``."""

    call: Call
    schema: tuple[ColumnDeclaration, ...] | None = None
    schema_open: bool = False


@dataclass(frozen=True, slots=True)
class Invoke(OperatorNode):
    """``invoke f(x)``"""

    call: Call


@dataclass(frozen=True, slots=True)
class GetSchema(OperatorNode):
    """``getschema``"""


@dataclass(frozen=True, slots=True)
class Render(OperatorNode):
    """``render timechart with (title="…")``"""

    chart: str
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample(OperatorNode):
    """``sample n``"""

    count: Expr


@dataclass(frozen=True, slots=True)
class SampleDistinct(OperatorNode):
    """``sample-distinct n of x``"""

    count: Expr
    of: Expr


@dataclass(frozen=True, slots=True)
class Consume(OperatorNode):
    """``consume``"""


@dataclass(frozen=True, slots=True)
class Facet(OperatorNode):
    """``facet by a, b with (body)``"""

    by: tuple[Expr, ...]
    body: Pipeline | None = None


@dataclass(frozen=True, slots=True)
class Fork(OperatorNode):
    """``fork (body) n=(body)``"""

    branches: tuple[tuple[str | None, Pipeline], ...]


@dataclass(frozen=True, slots=True)
class Reduce(OperatorNode):
    """``reduce by x with threshold=0.1``"""

    by: Expr
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class ExecuteAndCache(OperatorNode):
    """``execute_and_cache``"""


@dataclass(frozen=True, slots=True)
class AssertSchema(OperatorNode):
    """``assert-schema (a:long, b:string)``"""

    columns: tuple[ColumnDeclaration, ...]


@dataclass(frozen=True, slots=True)
class MacroExpand(OperatorNode):
    """``macro-expand isfuzzy=true EG as X (body)`` (a source)."""

    group: Expr
    name: str | None
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class GraphOperator(OperatorNode):
    """make-graph, graph-match, graph-to-table and kin, __partitionby: kept as text, always refused later."""

    text: str


Operator: TypeAlias = (
    Where
    | Extend
    | Project
    | ProjectAway
    | ProjectKeep
    | ProjectRename
    | ProjectReorder
    | ProjectByNames
    | Summarize
    | Distinct
    | Sort
    | Top
    | Take
    | Count
    | Join
    | Lookup
    | Union
    | Print
    | Range
    | As
    | MvExpand
    | MvApply
    | Parse
    | ParseKv
    | MakeSeries
    | Serialize
    | TopNested
    | TopHitters
    | Partition
    | Scan
    | Search
    | Find
    | Evaluate
    | Invoke
    | GetSchema
    | Render
    | Sample
    | SampleDistinct
    | Consume
    | Facet
    | Fork
    | Reduce
    | ExecuteAndCache
    | AssertSchema
    | MacroExpand
    | GraphOperator
)


# ---------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """``x:long = 5`` of a function or of declare query_parameters.

    ``columns`` for a tabular ``T:(a:long)``; ``open`` for ``T:(*)``, whose columns are empty.
    """

    name: str
    type_name: str | None
    default: Expr | None = None
    columns: tuple[ColumnDeclaration, ...] | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class FunctionBody(Node):
    """``view (x:long = 5) { let y = …; T | where … }``: the value of a let that declares a function."""

    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    is_view: bool = False


@dataclass(frozen=True, slots=True)
class Let(Node):
    """``let name = value;``"""

    name: str
    value: Expr | FunctionBody
    name_span: Span


@dataclass(frozen=True, slots=True)
class SetOption(Node):
    """``set name = value;``"""

    name: str
    value: Expr | None


@dataclass(frozen=True, slots=True)
class DeclareParameters(Node):
    """``declare query_parameters (a:long = 5);``"""

    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class DeclarePattern(Node):
    """``declare pattern p = (…)[…] { … };``: recognised, kept as text, refused later."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class AliasDatabase(Node):
    """``alias database d = cluster("…").database("…");``"""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True)
class RestrictAccess(Node):
    """``restrict access to (…);``"""

    items: tuple[Expr, ...]
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryStatement(Node):
    """A tabular (or scalar) expression that is the query, or one of several."""

    value: Expr


Statement: TypeAlias = (
    Let | SetOption | DeclareParameters | DeclarePattern | AliasDatabase | RestrictAccess | QueryStatement
)


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A whole text: its statements in order."""

    statements: tuple[Statement, ...]
