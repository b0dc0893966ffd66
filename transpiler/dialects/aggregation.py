"""What the aggregates of all targets share: whether a group may be without a value, and where the rows of ``…if`` are chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp

from transpiler.dialects.ordering import nan_key
from transpiler.dialects.spelling import Builder, Speller, operand
from transpiler.plan.relations import AggregateCall, OrderKey
from transpiler.plan.scalars import Call, Column, Constant, Scalar
from transpiler.types import Type


@dataclass(frozen=True, slots=True)
class Shape:
    """One aggregate in a target's SQL: over ``{x}`` (and ``{y}``), what is made of its result ``{a}``, and Kusto's answer for none.

    ``partial``: the SQL may be NULL even over values (a sample variance of one).
    """

    template: str
    result: str = "{a}"
    none: str = ""
    partial: bool = False


def predicate_of(call: Call) -> Scalar | None:
    """The condition on the rows that an ``…if`` aggregate takes."""
    for position, argument in enumerate(call.arguments):
        parameter = call.overload.parameter(position)
        if parameter is not None and parameter.name in ("predicate", "present"):
            return argument
    return None


def may_have_none(call: Call) -> bool:
    """Whether a group may hold only nulls, so that Kusto's answer for none is due here (a group of a ``by`` has rows)."""
    value = call.arguments[0]
    is_null = value.nullable and value.type is not Type.STRING
    return not is_defaulted(call) and (predicate_of(call) is not None or is_null)


def is_defaulted(call: Call) -> bool:
    """Whether the next stage gives the answer for none: it does where there is no ``by``, and so perhaps no row."""
    return not (call.options and call.options[0])


def operand_of(speller: Speller, scalar: Scalar) -> exp.Expr:
    """A value to aggregate: a string is never NULL."""
    return speller.text(scalar) if scalar.type is Type.STRING else speller.value(scalar)


Inside: TypeAlias = Callable[[Speller, exp.Expr, exp.Expr], exp.Expr]


def shaped(shape: Shape, *, inside: Inside | None = None) -> Builder:
    """The spelling of an aggregate and of its ``…if`` form.

    ``inside`` is how a target without FILTER chooses rows: it makes a value NULL where the predicate is not true.
    """

    def spell(speller: Speller, call: Call) -> exp.Expr:
        values = [
            operand_of(speller, a)
            for i, a in enumerate(call.arguments)
            if (p := call.overload.parameter(i)) is not None and p.name in ("expr", "other")
        ]
        predicate = predicate_of(call)
        if predicate is not None and inside is not None:
            values[0] = inside(speller, values[0], speller.predicate(predicate))
        tree = speller.sql(shape.template, **dict(zip(("x", "y"), values, strict=False)))
        if predicate is not None and inside is None:
            tree = filtered(tree, speller.predicate(predicate))
        tree = speller.sql(shape.result, a=tree)
        if shape.none and not is_defaulted(call) and (shape.partial or may_have_none(call)):
            tree = speller.sql(f"COALESCE({{a}}, {shape.none})", a=tree)
        return tree

    return spell


def filtered(tree: exp.Expr, *predicates: exp.Expr) -> exp.Expr:
    """The aggregate over the rows for which all predicates are true."""
    if not predicates:
        return tree
    parts = [exp.Paren(this=p) if isinstance(p, exp.Or) else p for p in predicates]
    condition = parts[0]
    for part in parts[1:]:
        condition = exp.And(this=condition, expression=part)
    return exp.Filter(this=tree, expression=exp.Where(this=condition))


def ordered(
    speller: Speller, keys: Sequence[OrderKey], *, has_nulls_clause: bool = True, is_extreme: bool = False
) -> list[exp.Expr]:
    """Sort keys within an aggregate; without NULLS FIRST in a target, ``x IS NULL`` sorts first where its default differs.

    Of an extreme NaN is both ends: the caller says where it stands.
    """
    found: list[exp.Expr] = []
    for key in keys:
        if isinstance(key.value, Constant):
            continue
        tree = speller.dialect.order_key(speller, key.value)
        is_default = key.nulls_first is not key.descending
        if not has_nulls_clause and not is_default and key.value.nullable and key.value.type is not Type.STRING:
            test = exp.Is(this=operand(tree.copy()), expression=exp.Null())
            found.append(exp.Ordered(this=test, desc=key.nulls_first, nulls_first=not key.nulls_first))
        found += [] if is_extreme else nan_key(speller, key, has_nulls_clause=has_nulls_clause)
        nulls_first = key.nulls_first if has_nulls_clause else not key.descending
        found.append(exp.Ordered(this=tree, desc=key.descending, nulls_first=nulls_first))
    return found


def row_of(
    speller: Speller, columns: tuple[Column, ...], values: tuple[Scalar, ...]
) -> tuple[exp.Expr, list[exp.Identifier]]:
    """A STRUCT of values, so that they come from one row, and the names of its fields."""
    folded = [c.name.lower() for c in columns]
    unique = len(set(folded)) == len(folded)
    names = [speller.dialect.identifier(c.name if unique else f"value{i}") for i, c in enumerate(columns)]
    fields = [exp.PropertyEQ(this=n.copy(), expression=speller.value(v)) for n, v in zip(names, values, strict=True)]
    return exp.Struct(expressions=fields), names


def fields_of(row: exp.Expr, columns: tuple[Column, ...], names: list[exp.Identifier]) -> dict[Column, exp.Expr]:
    """Each column as a field of the same row; the row is one tree, which the lowering may give a name."""
    return {c: exp.Dot(this=row, expression=n.copy()) for c, n in zip(columns, names, strict=True)}


def rank_fraction(text: str) -> tuple[int, int]:
    """A percentage as a fraction of whole numbers: ``99.9`` is (999, 1000)."""
    whole, _, digits = text.partition(".")
    return int(whole + digits), 100 * 10 ** len(digits)


def extreme_key(aggregate: AggregateCall) -> OrderKey:
    """The order in which the row of arg_max or arg_min comes first; nulls last."""
    return OrderKey(aggregate.call.arguments[0], aggregate.call.overload.name == "arg_max", False)
