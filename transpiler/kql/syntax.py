"""The syntax tree of KQL: what was written, node by node. The file to read first.

Every node is immutable and keeps its ``span`` in the query's text. The tree knows no tables, types or SQL; spellings
that KQL treats as one (``order by`` and ``sort by``, ``limit`` and ``take``, ``filter`` and ``where``) share a node.
Names follow the query language's documentation. Chains of ``and``/``or`` are flat, so that a long list is not deep.

Expressions are in ``syntax_expressions``, tabular operators in ``syntax_operators``, statements here; all are imported
from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from transpiler.kql.syntax_expressions import (
    Argument,
    Between,
    Binary,
    Bracketed,
    Call,
    ColumnDeclaration,
    DataScoped,
    DataTable,
    EntityGroup,
    Expr,
    ExternalData,
    Index,
    InList,
    Literal,
    Logical,
    Member,
    Name,
    NamedExpression,
    NameList,
    NamePattern,
    Node,
    OpaqueTable,
    Pipeline,
    Property,
    Star,
    TabularWildcard,
    TypeOf,
    Unary,
)
from transpiler.kql.syntax_operators import (
    As,
    AssertSchema,
    Consume,
    Count,
    Distinct,
    Evaluate,
    ExecuteAndCache,
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
    Operator,
    OperatorNode,
    OrderBy,
    Parse,
    ParseKv,
    ParsePart,
    Partition,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
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
    Summarize,
    Take,
    Top,
    TopHitters,
    TopNested,
    TopNestedClause,
    Union,
    Where,
)
from transpiler.source import Span

__all__ = [
    "AliasDatabase",
    "Argument",
    "As",
    "AssertSchema",
    "Between",
    "Binary",
    "Bracketed",
    "Call",
    "ColumnDeclaration",
    "Consume",
    "ControlCommand",
    "Count",
    "DataScoped",
    "DataTable",
    "DeclareParameters",
    "DeclarePattern",
    "Distinct",
    "EntityGroup",
    "Evaluate",
    "ExecuteAndCache",
    "Expr",
    "Extend",
    "ExternalData",
    "Facet",
    "Find",
    "Fork",
    "FunctionBody",
    "GetSchema",
    "GraphOperator",
    "InList",
    "Index",
    "Invoke",
    "Join",
    "Let",
    "Literal",
    "Logical",
    "Lookup",
    "MacroExpand",
    "MakeSeries",
    "MakeSeriesAggregate",
    "Member",
    "MvApply",
    "MvExpand",
    "Name",
    "NameList",
    "NamePattern",
    "NamedExpression",
    "Node",
    "OpaqueTable",
    "Operator",
    "OperatorNode",
    "OrderBy",
    "Parameter",
    "Parse",
    "ParseKv",
    "ParsePart",
    "Partition",
    "Pipeline",
    "Print",
    "Project",
    "ProjectAway",
    "ProjectByNames",
    "ProjectKeep",
    "ProjectRename",
    "ProjectReorder",
    "Property",
    "Query",
    "QueryStatement",
    "Range",
    "Reduce",
    "Render",
    "ReorderColumn",
    "RestrictAccess",
    "Sample",
    "SampleDistinct",
    "Scan",
    "ScanAssignment",
    "ScanStep",
    "Search",
    "Serialize",
    "SetOption",
    "Sort",
    "Star",
    "Statement",
    "Summarize",
    "TabularWildcard",
    "Take",
    "Top",
    "TopHitters",
    "TopNested",
    "TopNestedClause",
    "TypeOf",
    "Unary",
    "Union",
    "Where",
]


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


@dataclass(frozen=True, slots=True)
class ControlCommand(Node):
    """``.create function name(…) { … }``, ``.set-or-append name <| query``: recognised, refused later.

    ``content`` is the one FunctionBody, or the statements of the query.
    """

    verb: str
    name: str
    content: tuple[FunctionBody | Statement, ...]


Statement: TypeAlias = (
    Let
    | SetOption
    | DeclareParameters
    | DeclarePattern
    | AliasDatabase
    | RestrictAccess
    | ControlCommand
    | QueryStatement
)


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A whole text: its statements in order."""

    statements: tuple[Statement, ...]
