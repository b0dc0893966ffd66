"""The nodes of tabular operators. ``syntax`` is the module to import from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from transpiler.kql.syntax_expressions import Call, ColumnDeclaration, Expr, Node, Pipeline, Property

if TYPE_CHECKING:
    from transpiler.kql.syntax import Statement


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
