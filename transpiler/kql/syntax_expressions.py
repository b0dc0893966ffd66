"""The nodes of scalar expressions, and what expressions are made of. ``syntax`` is the module to import from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from transpiler.source import Span

if TYPE_CHECKING:
    from transpiler.kql.syntax_operators import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that was written; ``span`` is its place, in characters of the query."""

    span: Span


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
