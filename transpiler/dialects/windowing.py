"""Window functions, whose SQL is the same in every target: over the order of the rows, split by their partition."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.aggregation import ordered
from transpiler.dialects.dialect import SpecialBuilder
from transpiler.dialects.spelling import Speller, call, number, operand
from transpiler.dialects.times import microseconds
from transpiler.plan.scalars import Constant, Scalar, WindowCall
from transpiler.types import Type


def _over(speller: Speller, function: exp.Expr, window: WindowCall, *, is_running: bool = False) -> exp.Window:
    # Trap: BigQuery takes NULLS FIRST from row_number, not for sure from an aggregate.
    keys = ordered(speller, window.order, has_nulls_clause=not is_running or speller.dialect.has_nulls_clause)
    tree = exp.Window(this=function)
    if window.partition:
        tree.set("partition_by", [partition_key(speller, p) for p in window.partition])
    if keys:
        tree.set("order", exp.Order(expressions=keys))
    if is_running:
        start = {"kind": "ROWS", "start": "UNBOUNDED", "start_side": "PRECEDING"}
        tree.set("spec", exp.WindowSpec(**start, end="CURRENT ROW"))
    return tree


def _plain(speller: Speller, scalar: Scalar) -> exp.Expr:
    return speller.text(scalar) if scalar.type is Type.STRING else speller.value(scalar)


def partition_key(speller: Speller, scalar: Scalar) -> exp.Expr:
    """What rows with equal values are parted by."""
    tree = _plain(speller, scalar)
    return speller.sql(speller.dialect.real_key, x=tree) if scalar.type is Type.REAL else tree


def row_number(speller: Speller, window: WindowCall) -> exp.Expr:
    """The position of a row, from a start that is 1 unless given."""
    tree: exp.Expr = _over(speller, call("ROW_NUMBER"), window)
    if not window.arguments:
        return tree
    start = window.arguments[0]
    if isinstance(start, Constant) and isinstance(start.value, int):
        shift = start.value - 1
        kind = exp.Add if shift > 0 else exp.Sub
        return kind(this=tree, expression=number(abs(shift))) if shift else tree
    return exp.Sub(this=exp.Add(this=operand(speller.value(start)), expression=tree), expression=number(1))


def neighbour(name: str) -> SpecialBuilder:
    """``prev`` is LAG, ``next`` is LEAD; the default stands only where there is no such row."""

    def spell(speller: Speller, window: WindowCall) -> exp.Expr:
        value, *rest = window.arguments
        return _over(speller, call(name, speller.value(value), *(speller.value(r) for r in rest)), window)

    return spell


def running(
    name: str, none: str = "", cast: Callable[[Speller, exp.Expr, Type], exp.Expr] | None = None
) -> SpecialBuilder:
    """An aggregate over the rows so far. ``none`` stands for a null."""

    def spell(speller: Speller, window: WindowCall) -> exp.Expr:
        value = window.arguments[0]
        inner = speller.value(value)
        if none and value.nullable:
            inner = speller.sql(f"COALESCE({{x}}, {none})", x=inner)
        tree: exp.Expr = _over(speller, call(name, inner), window, is_running=True)
        return cast(speller, tree, window.type) if cast is not None else tree

    return spell


def total(name: str, cast: Callable[[Speller, exp.Expr, Type], exp.Expr] | None = None) -> SpecialBuilder:
    """An aggregate over the whole partition."""

    def spell(speller: Speller, window: WindowCall) -> exp.Expr:
        tree: exp.Expr = _over(speller, call(name, speller.value(window.arguments[0])), window)
        return cast(speller, tree, window.type) if cast is not None else tree

    return spell


def count_within(speller: Speller, window: WindowCall) -> exp.Expr:
    """The rows of the part whose term (microseconds) is less than this row's and a distance."""
    term, distance = window.arguments
    assert isinstance(distance, Constant)
    assert isinstance(distance.value, int)
    tree = _over(speller, call("COUNT", exp.Star()), window)
    tree.set("order", exp.Order(expressions=[exp.Ordered(this=speller.value(term), desc=False, nulls_first=True)]))
    start = {"kind": "RANGE", "start": "UNBOUNDED", "start_side": "PRECEDING"}
    last = number(microseconds(distance.value, distance.span) - 1)
    tree.set("spec", exp.WindowSpec(**start, end=last, end_side="FOLLOWING"))
    return tree


def nearby(speller: Speller, window: WindowCall) -> exp.Expr:
    """Whether a condition holds for some row from so many rows before to so many after."""
    term, before, after = window.arguments
    assert isinstance(before, Constant)
    assert isinstance(after, Constant)
    one = exp.Case(ifs=[exp.If(this=speller.predicate(term), true=number(1))])
    tree = _over(speller, call("COUNT", one), window, is_running=True)
    ends = {"start": number(int(before.value or 0)), "start_side": "PRECEDING", "end_side": "FOLLOWING"}
    tree.set("spec", exp.WindowSpec(kind="ROWS", end=number(int(after.value or 0)), **ends))
    return exp.GT(this=tree, expression=number(0))


def staged_only(speller: Speller, window: WindowCall) -> exp.Expr:
    """Ranks are several windows one over another; the binder makes them stages."""
    raise speller.refuse(f"{window.overload.name} cannot stand here", window.span)
