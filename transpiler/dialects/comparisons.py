"""Logic and comparison, whose SQL is the standard's and the same in every target; what varies is where a guard is needed.

A string that is missing equals ''; a null of another type equals nothing, and differs from every value. Evidence: the
Kusto documentation on null values; oracle ``null-and-edge`` cases (``where i != 0`` keeps a null, ``where x == x`` drops it).
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.spelling import Speller, Spelling, grouped, operand, text
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.scalars import Call, Constant, InRelation, Scalar, ScalarSubquery
from transpiler.plan.ticks import ticks_beyond, whole_microseconds
from transpiler.types import Type


def total(tree: exp.Expr) -> exp.Expr:
    """Marks a tree that is never NULL, whatever its arguments."""
    tree.meta["total"] = True
    return tree


def is_total(tree: exp.Expr) -> bool:
    """Whether ``total`` marked the tree."""
    return bool(tree.meta.get("total")) if tree._meta else False


def is_text_constant(scalar: Scalar) -> bool:
    """Whether a scalar is a constant string other than ''."""
    return isinstance(scalar, Constant) and scalar.type is Type.STRING and bool(scalar.value)


def equal_strings(speller: Speller, call: Call) -> exp.Expr:
    """``==`` of strings: a bare comparison with a constant; guards only where both sides may be NULL or ''."""
    left, right = call.arguments
    if is_text_constant(left) or is_text_constant(right):
        return exp.EQ(this=operand(speller.value(left)), expression=operand(speller.value(right)))
    return total(exp.EQ(this=operand(speller.text(left)), expression=operand(speller.text(right))))


def unequal_strings(speller: Speller, call: Call) -> exp.Expr:
    """``!=`` of strings; a missing string differs from every constant but ''."""
    left, right = call.arguments
    if is_text_constant(left) or is_text_constant(right):
        return total(_unequal(speller, left, right))
    return total(exp.NEQ(this=operand(speller.text(left)), expression=operand(speller.text(right))))


def _unequal(speller: Speller, left: Scalar, right: Scalar) -> exp.Expr:
    kind = exp.NullSafeNEQ if left.nullable or right.nullable else exp.NEQ
    return kind(this=operand(speller.value(left)), expression=operand(speller.value(right)))


def _both_null(speller: Speller, left: Scalar, right: Scalar) -> exp.Expr:
    return exp.And(
        this=exp.Is(this=operand(speller.value(left)), expression=exp.Null()),
        expression=exp.Is(this=operand(speller.value(right)), expression=exp.Null()),
    )


def equal(speller: Speller, call: Call) -> exp.Expr:
    """``==`` of other types: false when one side is null, null when both are."""
    left, right = call.arguments
    tree: exp.Expr = exp.EQ(this=operand(speller.value(left)), expression=operand(speller.value(right)))
    tree = _unless_nan(speller, tree, left if may_be_nan(right) else None)
    if speller.loose or not (left.nullable or right.nullable):
        return tree
    guarded = speller.dialect.coalesce(tree, exp.Boolean(this=False))
    if not (left.nullable and right.nullable):
        return guarded
    null = exp.If(this=_both_null(speller, left, right), true=exp.Null())
    return exp.Case(ifs=[null], default=guarded)


def unequal(speller: Speller, call: Call) -> exp.Expr:
    """``!=`` of other types: true when one side is null, null when both are."""
    left, right = call.arguments
    tree = _unequal(speller, left, right)
    if (
        may_be_nan(left)
        and may_be_nan(right)
        and (speller.dialect.nan_is_greatest or isinstance(tree, exp.NullSafeNEQ))
    ):
        is_nan = speller.sql(speller.dialect.is_nan, x=speller.value(left))
        tree = exp.Paren(this=exp.Or(this=tree, expression=is_nan))
    if speller.loose or not (left.nullable and right.nullable):
        return tree
    null = exp.If(this=_both_null(speller, left, right), true=exp.Null())
    return exp.Case(ifs=[null], default=tree)


def _unless_nan(speller: Speller, tree: exp.Expr, side: Scalar | None, other: Scalar | None = None) -> exp.Expr:
    """The comparison, false where a side is NaN; only a target that orders NaN above all numbers needs to be told.

    With a null on the ``other`` side it stays null.
    """
    if side is None or not speller.dialect.nan_is_greatest or not may_be_nan(side):
        return tree
    check: exp.Expr = exp.Not(this=speller.sql(speller.dialect.is_nan, x=speller.value(side)))
    if other is not None and other.nullable and not speller.loose:
        is_null = exp.Is(this=operand(speller.value(other)), expression=exp.Null())
        check = exp.Paren(this=exp.Or(this=check, expression=is_null))
    return exp.Paren(this=exp.And(this=tree, expression=check))


def _bound(scalar: Scalar, other: Scalar, *, upward: bool) -> Scalar:
    """A constant time of 100 ns as the microsecond that divides the same stored times, which have no 100 ns.

    An end of a day that is computed stands one tick too early in the warehouse; against it the constant stays as it is,
    and is refused where it is written.
    """
    return scalar if ticks_beyond(other) else whole_microseconds(scalar, upward=upward)


def ordering(kind: type[exp.Expr]) -> Callable[[Speller, Call], exp.Expr]:
    """``<`` and kin: NULL when an operand is."""
    is_greater = kind in (exp.GT, exp.GTE)

    def spell(speller: Speller, call: Call) -> exp.Expr:
        left, right = call.arguments
        upward = kind in (exp.LT, exp.GTE)
        left, right = _bound(left, right, upward=not upward), _bound(right, left, upward=upward)
        of = speller.text if left.type is Type.STRING else speller.value
        tree = kind(this=operand(of(left)), expression=operand(of(right)))
        return _unless_nan(speller, tree, *((left, right) if is_greater else (right, left)))

    return spell


def negation(speller: Speller, call: Call) -> exp.Expr:
    """``not(x)``, and the negated string operators: the operand keeps its nulls apart from false."""
    (inner,) = call.arguments
    tree = speller.value(inner)
    if isinstance(tree, exp.Boolean):
        return exp.Boolean(this=not tree.this)
    return exp.Not(this=operand(tree))


def between(speller: Speller, call: Call) -> exp.Expr:
    """``between (a .. b)``, both ends included."""
    moment, first, last = call.arguments
    bounds = (moment, _bound(first, moment, upward=True), _bound(last, moment, upward=False))
    value, low, high = (speller.value(a) for a in bounds)
    tree = exp.Between(this=operand(value), low=operand(low), high=operand(high))
    return _unless_nan(speller, tree, last, moment)


def in_strings(speller: Speller, call: Call) -> exp.Expr:
    """``in`` over strings; a list with '' also takes a missing value."""
    value, *items = call.arguments
    guarded = any(not is_text_constant(i) for i in items)
    tree = speller.text(value) if guarded else speller.value(value)
    listed = exp.In(this=operand(tree), expressions=[speller.text(i) for i in items])
    return total(listed) if guarded or not value.nullable else listed


def in_values(speller: Speller, call: Call) -> exp.Expr:
    """``in`` over other types; a null is in no list, and a null in a list is like none."""
    value, *items = call.arguments
    listed = [speller.value(i) for i in items if not (isinstance(i, Constant) and i.value is None)]
    if not listed:
        return total(exp.Boolean(this=False))
    tree = exp.In(this=operand(speller.value(value)), expressions=listed)
    return _unless_nan(speller, tree, value) if any(map(may_be_nan, items)) else tree


def in_relation(speller: Speller, scalar: InRelation) -> exp.Expr:
    """``in (tabular)``: an uncorrelated subquery over the relation's CTE."""
    table, column = speller.relation(scalar.relation, scalar.column)
    is_text = scalar.value.type is Type.STRING
    value = speller.text(scalar.value) if is_text else speller.value(scalar.value)
    if is_text and scalar.column.nullable:
        column = speller.dialect.coalesce(column, text(""))
    if scalar.operator == "in~":
        value, column = speller.dialect.fold(value), speller.dialect.fold(column)
    select = exp.Select(expressions=[column], from_=exp.From(this=table))
    if not is_text and scalar.column.nullable:
        name = column.copy()
        select.set("where", exp.Where(this=exp.Not(this=exp.Is(this=name, expression=exp.Null()))))
    tree = exp.In(this=operand(value), query=exp.Subquery(this=select))
    if scalar.value.nullable and not is_text and not speller.loose:
        return speller.dialect.coalesce(tree, exp.Boolean(this=False))
    return tree


def to_scalar(speller: Speller, scalar: ScalarSubquery) -> exp.Expr:
    """``toscalar``: the first column of the first row."""
    table, column = speller.relation(scalar.relation, scalar.column)
    select = exp.Select(
        expressions=[column], from_=exp.From(this=table), limit=exp.Limit(expression=exp.Literal.number(1))
    )
    subquery = exp.Subquery(this=select)
    subquery.meta[_TOSCALAR] = True
    return subquery


_TOSCALAR = "toscalar"


def is_toscalar(tree: exp.Expr) -> bool:
    """Whether a tree is what ``to_scalar`` made."""
    return bool(tree.meta.get(_TOSCALAR))


STANDARD: dict[str, Spelling] = {
    "not": negation,
    "== string": equal_strings,
    "!= string": unequal_strings,
    "==": equal,
    "!=": unequal,
    "<": ordering(exp.LT),
    "<=": ordering(exp.LTE),
    ">": ordering(exp.GT),
    ">=": ordering(exp.GTE),
    "< string": ordering(exp.LT),
    "<= string": ordering(exp.LTE),
    "> string": ordering(exp.GT),
    ">= string": ordering(exp.GTE),
    "between": between,
    "in string": in_strings,
    "in": in_values,
    "and": "{operands*}",
    "or": "{operands*}",
}

__all__ = ["STANDARD", "grouped", "in_relation", "is_total", "to_scalar", "total"]
