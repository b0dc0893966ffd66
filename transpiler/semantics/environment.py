"""What the caller brought: the catalog for a target, query parameters, and what was said about time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from transpiler.catalog import Catalog, Function, Parameter
from transpiler.diagnostics import KqlError
from transpiler.kql import syntax
from transpiler.kql.parser import parse_query
from transpiler.plan.relations import Relation
from transpiler.plan.scalars import Column, Scalar, children
from transpiler.source import NOWHERE, Source


@dataclass(frozen=True, slots=True)
class StoredFunction:
    """A function of the catalog: parameters and body, parsed, with the text they come from."""

    body: syntax.FunctionBody
    source: Source


@dataclass(slots=True)
class Environment:
    """What the caller brought, for one target, and what binding has come upon so far.

    ``moments``: between which ``now()`` lies, where it is a column. ``options``: what ``set`` says. ``calls`` counts those of
    functions written in KQL, ``unnamed`` columns without a name. ``watchlists``: the columns that a text uses of each, by the
    call's place. ``declared``: whose columns are in use already. ``disputed``: what is said of columns of a union whose names
    the engine and Microsoft's binder do not agree upon, if they are shown. ``located``: the hidden columns of addresses that
    are looked up, by text and place. ``chooses``: whether an innerunique join has been met. ``sought``: how often one was
    looked for.
    """

    catalog: Catalog
    target: str
    window: timedelta | None = None
    by_arrival: bool = False
    moments: tuple[datetime, datetime] | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    options: dict[str, syntax.Expr] = field(default_factory=dict)
    calls: int = 0
    unnamed: int = 0
    watchlists: dict[int, dict[int, list[str]]] = field(default_factory=dict)
    declared: set[object] = field(default_factory=set)
    disputed: dict[str, KqlError] = field(default_factory=dict)
    located: dict[tuple[int, int], Column] = field(default_factory=dict)
    chooses: bool = False
    sought: int = 0
    _fixed: dict[int, Relation] = field(default_factory=dict)
    _named: dict[int, tuple[tuple[Column, ...], dict[str, Column]]] = field(default_factory=dict)
    _parsed: dict[str, StoredFunction] = field(default_factory=dict)
    _sizes: dict[int, int] = field(default_factory=dict)
    _measured: list[Scalar] = field(default_factory=list)

    def fix(self, relation: Relation) -> None:
        """Lets nothing be moved into a relation: it is materialized, or operators of a body begin with it."""
        self._fixed[id(relation)] = relation

    def is_fixed(self, relation: Relation) -> bool:
        """Whether nothing may be moved into a relation."""
        return id(relation) in self._fixed

    def size_of(self, scalar: Scalar) -> int:
        """How many nodes a scalar has when it is written out. What a let holds is measured once, however often it is used."""
        known = self._sizes.get(id(scalar))
        if known is None:
            known = 1 + sum(self.size_of(s) for s in children(scalar))
            self._sizes[id(scalar)] = known
            self._measured.append(scalar)
        return known

    def named(self, columns: tuple[Column, ...]) -> dict[str, Column]:
        """Columns by name, the first of each; made once for the operators that hand the same columns on."""
        known = self._named.get(id(columns))
        if known is None:
            # The columns are kept, so that no others get their id.
            known = self._named[id(columns)] = columns, {c.name: c for c in reversed(columns)}
        return known[1]

    def has_table(self, name: str) -> bool:
        """Whether the catalog declares a table of that name."""
        return self.catalog.table(name) is not None

    def function(self, name: str) -> StoredFunction | None:
        """The catalog's function of that name, parsed once; None when there is none. Raises KqlError for a body that is not KQL."""
        if name not in self._parsed:
            function = self.catalog.function(name)
            if function is None:
                return None
            self._parsed[name] = _parsed(function)
        return self._parsed[name]


def _parsed(function: Function) -> StoredFunction:
    query = parse_query(function.body)
    parameters = tuple(_parameter(p) for p in function.parameters)
    return StoredFunction(syntax.FunctionBody(parameters, query.statements, span=query.span), function.body)


def _parameter(parameter: Parameter) -> syntax.Parameter:
    default = None
    if parameter.default is not None:
        statement = parse_query(Source(f"print {parameter.default}", parameter.name)).statements[0]
        assert isinstance(statement, syntax.QueryStatement)
        assert isinstance(statement.value, syntax.Pipeline)
        operator = statement.value.operators[0]
        assert isinstance(operator, syntax.Print)
        default = operator.columns[0]
    if parameter.type == "table":
        columns = tuple(syntax.ColumnDeclaration(n, t, span=NOWHERE) for n, t in parameter.columns.items())
        return syntax.Parameter(parameter.name, None, default, columns, not columns, span=NOWHERE)
    return syntax.Parameter(parameter.name, parameter.type, default, span=NOWHERE)
