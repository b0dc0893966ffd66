"""Subqueries and window functions where a target takes none: they are computed beside it.

DuckDB takes none within TRY and within a lambda: ``TRY(t + (SELECT …))`` becomes ``list_transform([(SELECT …)], LAMBDA v :
TRY(t + v))[1]``. Google's analyzer takes no window function within a conditional: ``IF(c, (SELECT … OVER …), d)`` becomes
``(SELECT IF(c, v, d) FROM UNNEST([(SELECT … OVER …)]) AS v)``.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from transpiler.dialects.dialect import Dialect, identifier
from transpiler.dialects.spelling import call
from transpiler.dialects.spelling import text as literal

_CONDITIONALS = frozenset({"COALESCE", "IF", "IFNULL"})
_AGGREGATES = frozenset(
    """ANY_VALUE ARRAY_AGG AVG COUNT COUNTIF CORR COVAR_POP COVAR_SAMP LOGICAL_AND LOGICAL_OR MAX MIN STDDEV STDDEV_POP
    STDDEV_SAMP STRING_AGG SUM VARIANCE VAR_POP VAR_SAMP BIT_AND BIT_OR BIT_XOR""".split()
)
_ITEMS = exp.From | exp.Join | exp.CTE | exp.With | exp.SetOperation


def lift(statement: exp.Expr, dialect: Dialect) -> None:
    """Puts what TRY and lambdas must not hold around them, as the element of a list of one."""
    every = [n for n in statement.find_all(exp.Subquery, exp.Exists, exp.In, exp.Window) if _is_value(n)]
    known = {id(n) for n in every}
    found = [(node, _outermost(node)) for node in every if not any(id(a) in known for a in _above(node))]
    places: dict[int, tuple[exp.Expr, list[exp.Expr]]] = {id(p): (p, []) for _, p in found if p is not None}
    if not places:
        return
    for node, own in found:
        # What is only an argument there would come to lie in the new lambda.
        place = own or next((a for a in _above(node) if id(a) in places), None)
        if place is not None:
            places[id(place)][1].append(node)
    for place, nodes in places.values():
        _put_around(nodes, place, dialect)


def lift_windows(statement: exp.Expr, dialect: Dialect) -> None:
    """Puts subqueries that hold window functions around the conditionals that they lie in, the outermost ones first."""
    waiting = list(statement.find_all(exp.Window))
    while waiting:
        window = waiting[-1]
        place, value = _conditional_around(window)
        if place is None or value is None or _may_stop(value):
            waiting.pop()
            continue
        stub = exp.Column(this=identifier("place"))
        place.replace(stub)
        mark = exp.Column(this=identifier("value"))
        value.replace(mark)

        def body(read: exp.Expr, mark: exp.Expr = mark, place: exp.Expr = place) -> exp.Expr:
            mark.replace(read)
            return place

        stub.replace(dialect.bind_once(value, body))


def _may_stop(value: exp.Expr) -> bool:
    """Whether a value may stop the query: a conditional around it says where it must not be computed."""
    return any(str(call.this).upper() == "ERROR" for call in value.find_all(exp.Anonymous))


def _conditional_around(window: exp.Expr) -> tuple[exp.Expr | None, exp.Expr | None]:
    """The outermost conditional around a window function, and the outermost subquery in it that holds the function.

    Trap: what an aggregate computes of each row is not computed beside it; of several rows one would be left.
    """
    place: exp.Expr | None = None
    value: exp.Expr | None = None
    found: exp.Expr | None = None
    node = window.parent
    while node is not None:
        if isinstance(node, exp.Subquery) and _is_value(node):
            found = node
        elif found is not None and _is_aggregate(node):
            break
        elif found is not None and _is_conditional(node):
            place, value = node, found
        node = node.parent
    return place, value


def _is_aggregate(node: exp.Expr) -> bool:
    name = str(node.this).upper() if isinstance(node, exp.Anonymous) else ""
    return isinstance(node, exp.AggFunc) or name in _AGGREGATES


def _is_conditional(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return str(node.this).upper() in _CONDITIONALS
    # A branch of CASE is an If as well.
    return isinstance(node, exp.If | exp.Case | exp.Coalesce) and not isinstance(node.parent, exp.Case)


def _is_value(node: exp.Expr) -> bool:
    """Whether a node is a value that is computed of other rows, and not a part of FROM, or of such a value."""
    if isinstance(node, exp.In):
        return node.args.get("query") is not None
    if isinstance(node, exp.Subquery):
        return not isinstance(node.parent, _ITEMS) and not (isinstance(node.parent, exp.In) and node.arg_key == "query")
    return True


def _outermost(node: exp.Expr) -> exp.Expr | None:
    """The outermost TRY, or call with a lambda, that a value lies in and does not take its variable from."""
    place: exp.Expr | None = None
    names: set[str] | None = None
    child = node
    for parent in _above(node):
        if isinstance(parent, exp.Anonymous) and str(parent.this).upper() == "TRY":
            place = parent
        elif isinstance(parent, exp.Lambda) and child is parent.this:
            names = _free(node) if names is None else names
            if names & {e.name for e in parent.expressions}:
                break
            place = parent.parent
        child = parent
    return place


def _above(node: exp.Expr) -> Iterator[exp.Expr]:
    """The nodes around a value, up to its SELECT."""
    parent = node.parent
    while parent is not None and not isinstance(parent, exp.Select):
        yield parent
        parent = parent.parent


def _free(node: exp.Expr) -> set[str]:
    """The names that a value reads and does not make itself; each variable of a template has a name that nothing else there has."""
    made = {n.alias for n in node.find_all(exp.Alias)}
    made |= {c.name for n in node.find_all(exp.TableAlias) for c in n.columns}
    made |= {e.name for n in node.find_all(exp.Lambda) for e in n.expressions}
    return {c.name for c in node.find_all(exp.Column)} - made


def _put_around(nodes: list[exp.Expr], place: exp.Expr, dialect: Dialect) -> None:
    """All of a place's values at once, several as a STRUCT: of two lists around it one would lie in the other's lambda."""
    stub = exp.Column(this=identifier("place"))
    place.replace(stub)
    marks: dict[str, list[exp.Expr]] = {}
    values: dict[str, exp.Expr] = {}
    for node in nodes:
        mark = exp.Column(this=identifier("value"))
        node.replace(mark)
        text = node.sql(dialect.sqlglot_name)
        marks.setdefault(text, []).append(mark)
        values.setdefault(text, node)
    fields = {text: f"f{n}" for n, text in enumerate(values)}

    def body(value: exp.Expr) -> exp.Expr:
        for text, own in marks.items():
            for mark in own:
                read = value.copy()
                mark.replace(read if len(values) == 1 else call("struct_extract", read, literal(fields[text])))
        return place

    pairs = [exp.PropertyEQ(this=identifier(fields[t]), expression=v) for t, v in values.items()]
    whole = next(iter(values.values())) if len(values) == 1 else exp.Struct(expressions=pairs)
    stub.replace(dialect.bind_once(whole, body))
