"""The types that expressions have and ask for, read off their syntax: evidence for columns that nobody declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from transpiler.functions.registry import FUNCTIONS
from transpiler.functions.registry import Function as Declared
from transpiler.kql import syntax
from transpiler.semantics.inference.rows import Function, Place, Reading, Rows, Value
from transpiler.semantics.inference.types import Term, Unknown, kind_of, ordered, summed, unfit
from transpiler.semantics.scalars.reflection import COLUMN_IF_EXISTS
from transpiler.types import INTEGERS, SUMMABLE, TYPE_NAMES, Type

_TEXT_OPERATORS = frozenset({"=~", "!~", "matches regex"})
_ARITHMETIC = frozenset("+-*/%")
_ORDER = frozenset({"<", "<=", ">", ">="})
# Their first argument names a part ('day') and is bound apart from the declared parameters.
_BY_PART = frozenset({"datetime_diff", "datetime_part", "datetime_add"})
# The result is of its arguments' type: from this position on, every so many.
_CHOOSING = {
    **dict.fromkeys(("coalesce", "max_of", "min_of"), (0, 1)),
    **dict.fromkeys(("iff", "iif"), (1, 1)),
    "case": (1, 2),
}
_RETURNING = frozenset(
    {
        "min",
        "max",
        "minif",
        "maxif",
        "take_any",
        "take_anyif",
        "any",
        "anyif",
        "arg_max",
        "arg_min",
        "prev",
        "next",
        "abs",
        "percentile",
        "percentiles",
        "percentilew",
        "percentilesw",
    }
)
_EXTREMES = frozenset({"min", "max", "minif", "maxif", "arg_min", "arg_max", "argmin", "argmax"})
_NULL_TESTS = frozenset({"isnull", "isnotnull", "notnull"})


def read(reading: Reading, place: Place, node: syntax.Node) -> Term:
    """The type of an expression, with everything that it tells of the columns within."""
    reader = _READERS.get(type(node))
    if reader is not None:
        return reader(reading, place, node)
    for child in children(node):
        read(reading, place, child)
    return None


def children(node: syntax.Node) -> Iterator[syntax.Node]:
    """The nodes directly below one."""
    for f in fields(node):
        value = getattr(node, f.name)
        for item in value if isinstance(value, tuple) else (value,):
            if isinstance(item, syntax.Node):
                yield item


def compare(term: Term, kind: Type | None) -> None:
    """Keeps the type with which something is compared."""
    if isinstance(term, Unknown) and kind is not None:
        term.compared.add(Type.LONG if kind is Type.INT else kind)


def fill(term: Term, kind: Type | None) -> None:
    """Keeps the type that a place asks for."""
    if isinstance(term, Unknown) and kind is not None:
        term.firm.add(kind)


def predicate(reading: Reading, place: Place, node: syntax.Node) -> Term:
    """An expression that must be a bool."""
    found = read(reading, place, node)
    if isinstance(node, syntax.Name):
        compare(found, Type.BOOL)
    return Type.BOOL


def _literal(reading: Reading, place: Place, node: syntax.Literal) -> Term:
    return TYPE_NAMES[node.kind]


def _name(reading: Reading, place: Place, node: syntax.Name) -> Term:
    if node.name.startswith("$"):
        return None
    if node.name in place.rows.made or node.name not in place.lets:
        return reading.column(place.rows, node.name)
    found = place.lets[node.name]
    if isinstance(found, Function) and not found.body.parameters:
        return _own(reading, place, found, syntax.Call(node.name, (), node.span, span=node.span))
    return found.term if isinstance(found, Value) else None


def _step(reading: Reading, place: Place, node: syntax.Member | syntax.Index) -> Term:
    fill(read(reading, place, node.base), Type.DYNAMIC)
    if isinstance(node, syntax.Index):
        read(reading, place, node.index)
    return Type.DYNAMIC


def _unary(reading: Reading, place: Place, node: syntax.Unary) -> Term:
    found = read(reading, place, node.operand)
    summed(found)
    return found


def _binary(reading: Reading, place: Place, node: syntax.Binary) -> Term:
    left, right = read(reading, place, node.left), read(reading, place, node.right)
    if node.operator in _ARITHMETIC:
        return reading.facts.arithmetic(node.operator, left, right, node.span)
    if node.operator.lstrip("!")[:1].isalpha() or node.operator in _TEXT_OPERATORS or node.operator == ":":
        fill(left, Type.STRING)
        fill(right, Type.STRING)
        return Type.BOOL
    for mine, other, node_of in ((left, right, node.right), (right, left, node.left)):
        if isinstance(node_of, syntax.Literal | syntax.Call | syntax.Unary) and kind_of(other) is not Type.DYNAMIC:
            compare(mine, None if isinstance(other, Unknown) else kind_of(other))
    if node.operator in _ORDER:
        for term in (left, right):
            unfit(term, f"'{node.operator}' does not compare strings", node.span)
    reading.facts.same(left, right, by_comparison=True)
    return Type.BOOL


def _logical(reading: Reading, place: Place, node: syntax.Logical) -> Term:
    for operand in node.operands:
        predicate(reading, place, operand)
    return Type.BOOL


def _in_list(reading: Reading, place: Place, node: syntax.InList) -> Term:
    left = read(reading, place, node.left)
    is_text = node.operator.lstrip("!") != "in"
    if is_text:
        fill(left, Type.STRING)
    for item in node.items:
        table = _table_of(reading, place, item)
        if table is not None:
            reading.facts.same(left, table.first(), by_comparison=True)
            continue
        term = read(reading, place, item)
        if not is_text:
            compare(left, kind_of(term) if kind_of(term) is not Type.DYNAMIC else None)
            reading.facts.same(left, term, by_comparison=True)
    return Type.BOOL


def _between(reading: Reading, place: Place, node: syntax.Between) -> Term:
    operand, low, high = (read(reading, place, e) for e in (node.operand, node.low, node.high))
    unfit(operand, "between does not compare strings", node.span)
    if isinstance(node.low, syntax.Literal):
        compare(operand, kind_of(low))
    reading.facts.same(operand, low, by_comparison=True)
    if kind_of(high) is not Type.TIMESPAN:
        reading.facts.same(operand, high, by_comparison=True)
    return Type.BOOL


def _table_of(reading: Reading, place: Place, node: syntax.Node) -> Rows | None:
    """The rows of an expression that is a table; None for a scalar."""
    from transpiler.semantics.inference.contract import table

    match node:
        case syntax.Pipeline() | syntax.DataTable() | syntax.ExternalData():
            return table(reading, place.lets, node)
        case syntax.Name() if isinstance(place.lets.get(node.name), Rows) and node.name not in place.rows.made:
            return table(reading, place.lets, node)
        case syntax.Call(name="materialize" | "table" | "_GetWatchlist"):
            return table(reading, place.lets, node)
        case _:
            return None


def _subquery(reading: Reading, place: Place, node: syntax.Node) -> Term:
    found = _table_of(reading, place, node)
    return found.first() if found is not None else None


# ---------------------------------------------------------------- calls


def _call(reading: Reading, place: Place, node: syntax.Call) -> Term:
    own = place.lets.get(node.name)
    if isinstance(own, Function):
        return _own(reading, place, own, node)
    if node.name in COLUMN_IF_EXISTS and len(node.arguments) == 2:
        return _if_exists(reading, place, node)
    if node.name == "toscalar" and len(node.arguments) == 1:
        table = _table_of(reading, place, node.arguments[0])
        return table.first() if table is not None else read(reading, place, node.arguments[0])
    terms = [read(reading, place, a) for a in node.arguments]
    if node.name in _NULL_TESTS and terms:
        unfit(terms[0], f"{node.name} of a string says the same of every row", node.span)
        return Type.BOOL
    if node.name in _CHOOSING:
        return _chosen(reading, node, terms)
    function = FUNCTIONS.find(node.name) or FUNCTIONS.find(node.name, aggregate=True)
    if function is None or not function.overloads:
        return Type.DATETIME if node.name in ("ago", "now") else None
    if node.name in ("bin", "floor") and len(terms) == 2:
        return _binned(reading, node, terms)
    _arguments(node, function, terms)
    if node.name in _EXTREMES and terms:
        ordered(terms[0])
    return _result(reading, node, function, terms)


def _own(reading: Reading, place: Place, function: Function, node: syntax.Call) -> Term:
    """A call of one of the query's own functions, where a scalar is wanted."""
    from transpiler.semantics.inference.contract import called

    found = called(reading, place, function, node)
    return found.first() if isinstance(found, Rows) else found


def _if_exists(reading: Reading, place: Place, node: syntax.Call) -> Term:
    """Trap: a column that is not there gives the default without a word, so the name is a use like any other."""
    name, default = node.arguments
    fallback = read(reading, place, default)
    if not isinstance(name, syntax.Literal) or name.kind != "string":
        return fallback
    found = reading.column(place.rows, str(name.value))
    is_null = isinstance(default, syntax.Literal) and default.value is None
    reading.facts.same(found, None if is_null else fallback)
    return found if found is not None else fallback


def _chosen(reading: Reading, node: syntax.Call, terms: list[Term]) -> Term:
    start, step = _CHOOSING[node.name]
    values = terms[start::step]
    if node.name == "case" and len(terms) % 2:
        values = [*terms[1:-1:2], terms[-1]]
    if node.name in ("iff", "iif", "case"):
        tests = terms[:1] if node.name != "case" else terms[:-1:2]
        for test in tests:
            compare(test, Type.BOOL)
    known = [v for v in values if v is not None]
    if node.name in ("max_of", "min_of"):
        for value in known:
            ordered(value)
    for other in known[1:]:
        reading.facts.same(known[0], other)
    return known[0] if known else None


def _binned(reading: Reading, node: syntax.Call, terms: list[Term]) -> Term:
    """Trap: moments are binned by a length of time, so the step of a value that is out of sight does not tell what it is."""
    value, step = terms
    kind = kind_of(step)
    compare(value, Type.DATETIME if kind is Type.TIMESPAN and _is_plain(value) else kind)
    return value


def _is_plain(term: Term) -> bool:
    """Whether a term is a column of a table, of which nothing is told: a moment more likely than a length."""
    return isinstance(term, Unknown) and bool(term.table)


def _arguments(call: syntax.Call, function: Declared, terms: list[Term]) -> None:
    """What the parameters of a function say of what fills them; nothing where its overloads differ."""
    if call.name in _BY_PART:
        terms = terms[1:]
    if not terms:
        return
    overloads = [o for o in function.overloads if o.parameter(len(terms) - 1) is not None] or function.overloads
    for position, term in enumerate(terms):
        found = (o.parameter(position) for o in overloads)
        parameters = [p for p in found if p is not None]
        accepts = frozenset[Type]().union(*(p.accepts for p in parameters))
        if len(accepts) == 1:
            fill(term, next(iter(accepts)))
        elif accepts and accepts <= INTEGERS:
            fill(term, Type.LONG)
        elif accepts and accepts <= SUMMABLE and Type.DATETIME not in accepts and isinstance(term, Unknown):
            term.is_number = term.is_number or term.follows is None
        elif accepts and accepts <= SUMMABLE and Type.REAL in accepts:
            summed(term)
        elif accepts and accepts <= SUMMABLE:
            unfit(term, f"{call.name} does not take a string", call.span)


def _result(reading: Reading, call: syntax.Call, function: Declared, terms: list[Term]) -> Term:
    """The type of a function's result, where its declaration says one."""
    if call.name in _RETURNING or call.name in ("sum", "sumif"):
        return terms[0] if terms else None
    results = {o.result for o in function.overloads}
    return TYPE_NAMES.get(results.pop()) if len(results) == 1 else None


def _first(reading: Reading, place: Place, node: syntax.NamedExpression) -> Term:
    return read(reading, place, node.value)


def _nothing(reading: Reading, place: Place, node: syntax.Node) -> Term:
    return None


_READERS: dict[type[syntax.Node], Callable[..., Term]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.Member: _step,
    syntax.Index: _step,
    syntax.Unary: _unary,
    syntax.Binary: _binary,
    syntax.Logical: _logical,
    syntax.InList: _in_list,
    syntax.Between: _between,
    syntax.Call: _call,
    syntax.NamedExpression: _first,
    syntax.Pipeline: _subquery,
    syntax.DataTable: _subquery,
    syntax.ExternalData: _subquery,
    syntax.TypeOf: _nothing,
    syntax.ColumnDeclaration: _nothing,
}


def read_all(reading: Reading, place: Place, nodes: Iterable[syntax.Node]) -> None:
    """Reads expressions for what they tell."""
    for node in nodes:
        read(reading, place, node)
