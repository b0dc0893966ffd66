"""Columns and types of undeclared tables, from their use in a query: a contract that a data engineer can read and mend.

The syntax tree is read, not the plan: nothing can be bound yet. A name belongs to the table at the head of its pipeline
until an operator closes the columns (project, summarize …). Evidence of a type is what a name is compared with, or the
parameter that it fills; where there is none a column is a string, but TimeGenerated and Timestamp are datetimes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields

from transpiler.catalog import Catalog, Table
from transpiler.functions.registry import FUNCTIONS
from transpiler.kql import syntax
from transpiler.types import INTEGERS, SUMMABLE, TYPE_NAMES, Type

Columns = dict[str, Type]
Roots = frozenset[str]
NOTHING: Roots = frozenset()

# Weakest evidence first: what reads a property must be dynamic, whatever else is done to it.
_STRENGTH = (
    Type.STRING,
    Type.BOOL,
    Type.LONG,
    Type.REAL,
    Type.DECIMAL,
    Type.GUID,
    Type.TIMESPAN,
    Type.DATETIME,
    Type.DYNAMIC,
)
_TIMES = frozenset({"TimeGenerated", "Timestamp"})
_CLOSING = (
    syntax.Project,
    syntax.ProjectKeep,
    syntax.Summarize,
    syntax.Distinct,
    syntax.Count,
    syntax.MakeSeries,
    syntax.TopNested,
    syntax.TopHitters,
    syntax.GetSchema,
    syntax.SampleDistinct,
)
# After these a name may be another table's; a watchlist is not given columns by guessing.
_JOINING = (syntax.Join, syntax.Lookup, syntax.Union)
_TEXT_OPERATORS = frozenset({"=~", "!~", "matches regex"})
# Their first argument names a part ('day') and is bound apart from the declared parameters.
_BY_PART = frozenset({"datetime_diff", "datetime_part", "datetime_add"})


@dataclass(slots=True)
class Inference:
    """One query under reading. ``evidence`` maps each undeclared table to its columns and what speaks for their types."""

    catalog: Catalog
    known: set[str] = field(default_factory=set)
    lets: dict[str, Roots] = field(default_factory=dict)
    evidence: dict[str, dict[str, set[Type]]] = field(default_factory=dict)
    watchlists: bool = False

    def statements(self, statements: Iterable[syntax.Statement]) -> Roots:
        """Reads statements in order; the roots of the last expression."""
        last = NOTHING
        for statement in statements:
            match statement:
                case syntax.Let(value=syntax.FunctionBody() as body):
                    self.known |= {p.name for p in body.parameters}
                    self.known.add(statement.name)
                    self.lets[statement.name] = self.statements(body.statements)
                case syntax.Let():
                    self.lets[statement.name] = self.table(statement.value)
                    self.known.add(statement.name)
                case syntax.QueryStatement():
                    last = self.table(statement.value)
                case _:
                    pass
        return last

    def table(self, node: syntax.Node | None) -> Roots:
        """The undeclared tables whose columns are still open after a tabular expression."""
        match node:
            case syntax.Name():
                return self._named(node.name)
            case syntax.Pipeline():
                roots = self.table(node.source)
                return self.operators(roots, node.operators)
            case syntax.Call(name="_GetWatchlist") if self.watchlists:
                return self._watchlist(node)
            case syntax.Call(name="materialize"):
                return self.table(node.arguments[0]) if node.arguments else NOTHING
            case syntax.Call():
                return self.lets.get(node.name, NOTHING)
            case _:
                return NOTHING

    def _named(self, name: str) -> Roots:
        if name in self.lets:
            return self.lets[name]
        if name in self.known or self.catalog.table(name) or self.catalog.function(name):
            return NOTHING
        self.evidence.setdefault(name, {})
        return frozenset({name})

    def _watchlist(self, node: syntax.Call) -> Roots:
        """A watchlist as a root of its own, named by the place of the call (its alias may be a let)."""
        root = str(node.span.start)
        self.evidence.setdefault(root, {})
        return frozenset({root})

    def operators(self, roots: Roots, operators: Iterable[syntax.Operator]) -> Roots:
        """Reads operators over open roots; what is left open after them."""
        made: set[str] = set()
        for operator in operators:
            for name, kind in _uses(operator):
                if name not in made and name not in self.known:
                    self._use(roots, name, kind)
            for table in _tables_within(operator):
                self._side(operator, roots, self.table(table), made)
            if isinstance(operator, syntax.Union):
                roots |= frozenset().union(*(self.table(o) for o in operator.operands))
            made |= _made(operator)
            if isinstance(operator, _CLOSING) or (self.watchlists and isinstance(operator, _JOINING)):
                roots = NOTHING
        return roots

    def _side(self, operator: syntax.Operator, left: Roots, right: Roots, made: set[str]) -> None:
        """The keys of a join are columns of both sides."""
        if not isinstance(operator, syntax.Join | syntax.Lookup):
            return
        for key in operator.on:
            for node in walk(key):
                match node:
                    case syntax.Member(base=syntax.Name(name="$left")):
                        self._use(left if node.name not in made else NOTHING, node.name, None)
                    case syntax.Member(base=syntax.Name(name="$right")):
                        self._use(right, node.name, None)
                    case syntax.Name() if not node.name.startswith("$"):
                        self._use(left if node.name not in made else NOTHING, node.name, None)
                        self._use(right, node.name, None)
                    case _:
                        pass

    def _use(self, roots: Roots, name: str, kind: Type | None) -> None:
        for root in roots:
            found = self.evidence[root].setdefault(name, set())
            if kind is not None:
                found.add(kind)


def infer_tables(query: syntax.Query, catalog: Catalog) -> dict[str, dict[str, str]]:
    """KQL types by column of each table that the query reads and the catalog does not declare. Names in order of use."""
    inference = Inference(catalog)
    inference.statements(query.statements)
    return {t: {c: str(_type(c, e)) for c, e in columns.items()} for t, columns in inference.evidence.items()}


def watchlist_columns(query: syntax.Query, catalog: Catalog) -> dict[int, list[str]]:
    """The columns that a query uses of each call of ``_GetWatchlist``, by the place where the call begins."""
    inference = Inference(catalog, watchlists=True)
    inference.statements(query.statements)
    return {int(root): list(columns) for root, columns in inference.evidence.items() if root.isdecimal()}


def _type(name: str, evidence: set[Type]) -> Type:
    if not evidence:
        return Type.DATETIME if name in _TIMES else Type.STRING
    return max(evidence, key=_STRENGTH.index)


def _made(operator: syntax.Operator) -> set[str]:
    """The names that an operator gives to columns of its own."""
    made: set[str] = set()
    for node in walk(operator):
        match node:
            case syntax.NamedExpression():
                made |= set(node.names)
            case syntax.ParsePart(column=str() as column):
                made.add(column)
            case syntax.ColumnDeclaration():
                made.add(node.name)
            case _:
                pass
    return made


def _children(node: syntax.Node) -> Iterator[syntax.Node]:
    for f in fields(node):
        value = getattr(node, f.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, syntax.Node):
                yield item


def walk(node: syntax.Node) -> Iterator[syntax.Node]:
    """A node and all below it, tables of their own excepted."""
    stack: list[syntax.Node] = [node]
    while stack:
        current = stack.pop()
        yield current
        below = [c for c in _children(current) if not isinstance(c, syntax.Pipeline | syntax.DataTable)]
        stack.extend(reversed(below))


def _tables_within(operator: syntax.Operator) -> Iterator[syntax.Node]:
    """Tables that an operator reads besides its input: a join's right side, ``in (T | …)``, ``toscalar(…)``."""
    if isinstance(operator, syntax.Join | syntax.Lookup):
        yield operator.right
    for node in walk(operator):
        yield from (
            c for c in _children(node) if isinstance(c, syntax.Pipeline) and c is not getattr(operator, "right", None)
        )


def _uses(operator: syntax.Operator) -> Iterator[tuple[str, Type | None]]:
    """(name, evidence) of every column name that an operator reads of its input."""
    if isinstance(operator, syntax.Union | syntax.As | syntax.Render):
        return
    if isinstance(operator, syntax.Join | syntax.Lookup):
        return
    skipped: set[int] = set()
    for node in walk(operator):
        yield from _evidence(node, skipped)
        if isinstance(node, syntax.Name) and id(node) not in skipped and not node.name.startswith("$"):
            yield node.name, None


def _evidence(node: syntax.Node, skipped: set[int]) -> Iterator[tuple[str, Type | None]]:
    match node:
        case syntax.Binary():
            yield from _pair(node.operator, node.left, node.right)
            yield from _pair(node.operator, node.right, node.left)
        case syntax.InList(left=syntax.Name() as left) if node.items:
            yield left.name, _kind(node.items[0]) if node.operator.lstrip("!") == "in" else Type.STRING
        case syntax.Between(operand=syntax.Name() as operand):
            yield operand.name, _kind(node.low)
        case syntax.Member(base=syntax.Name() as base) if not base.name.startswith("$"):
            yield base.name, Type.DYNAMIC
        case syntax.Index(base=syntax.Name() as base):
            yield base.name, Type.DYNAMIC
        case syntax.Call():
            yield from _arguments(node)
        case syntax.MvExpand() | syntax.MvApply():
            yield from ((c.name, Type.DYNAMIC) for c in map(_expanded, node.columns) if isinstance(c, syntax.Name))
        case _:
            pass


def _expanded(column: syntax.Expr) -> syntax.Expr:
    return column.value if isinstance(column, syntax.NamedExpression) else column


def _pair(operator: str, name: syntax.Expr, other: syntax.Expr) -> Iterator[tuple[str, Type | None]]:
    if not isinstance(name, syntax.Name):
        return
    text = operator.lstrip("!")[:1].isalpha() or operator in _TEXT_OPERATORS
    yield name.name, Type.STRING if text else _kind(other)


def _kind(other: syntax.Expr) -> Type | None:
    """The type that an expression speaks for."""
    match other:
        case syntax.Literal():
            kind = TYPE_NAMES[other.kind]
            return Type.LONG if kind is Type.INT else kind
        case syntax.Name(name="TimeGenerated" | "Timestamp"):
            return Type.DATETIME
        case syntax.Call():
            return _result_kind(other)
        case syntax.Binary(operator="+" | "-"):
            return _kind(other.left) or _kind(other.right)
        case syntax.Unary():
            return _kind(other.operand)
        case _:
            return None


def _result_kind(call: syntax.Call) -> Type | None:
    """The type of a function's result, where its declaration says one."""
    if call.name in ("ago", "now"):
        return Type.DATETIME
    function = FUNCTIONS.find(call.name) or FUNCTIONS.find(call.name, aggregate=True)
    results = {o.result for o in function.overloads} if function is not None else set()
    (only,) = results if len(results) == 1 else ("",)
    kind = TYPE_NAMES.get(only)
    return Type.LONG if kind is Type.INT else kind


def _arguments(call: syntax.Call) -> Iterator[tuple[str, Type | None]]:
    """What the parameters of a function say of the names that fill them; nothing where its overloads differ."""
    function = FUNCTIONS.find(call.name) or FUNCTIONS.find(call.name, aggregate=True)
    if function is None or not function.overloads or not call.arguments:
        return
    if call.name in ("bin", "floor") and len(call.arguments) == 2 and isinstance(call.arguments[0], syntax.Name):
        step = _kind(call.arguments[1])
        yield call.arguments[0].name, Type.DATETIME if step is Type.TIMESPAN else step
        return
    arguments = call.arguments[1:] if call.name in _BY_PART else call.arguments
    overloads = [o for o in function.overloads if o.parameter(len(arguments) - 1) is not None] or function.overloads
    for position, argument in enumerate(arguments):
        if isinstance(argument, syntax.Name):
            parameters = (o.parameter(position) for o in overloads)
            accepts = frozenset[Type]().union(*(p.accepts for p in parameters if p is not None))
            yield argument.name, _of_family(accepts)


def _of_family(accepts: frozenset[Type]) -> Type | None:
    """What a parameter says of its argument: its one type, or a number where only numbers (and spans) are taken."""
    if len(accepts) == 1:
        return next(iter(accepts))
    if accepts and accepts <= SUMMABLE and Type.DATETIME not in accepts:
        return Type.LONG if accepts <= INTEGERS else Type.REAL
    return None


def declared_with(catalog: Catalog, inferred: Mapping[str, Mapping[str, str]]) -> Catalog:
    """The catalog and the inferred tables."""
    tables = {name: Table(name, columns, inferred=True) for name, columns in inferred.items()}
    return catalog.merged(Catalog(tables)) if tables else catalog
