"""Choices between values, whose SQL is the standard's in every target: ``case``, ``coalesce``, ``isnull``, ``isempty``."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.comparisons import total
from transpiler.dialects.spelling import Speller, Spelling, call, operand, text
from transpiler.plan.scalars import Call, Constant


def case(speller: Speller, choice: Call) -> exp.Expr:
    """``case`` and ``iff``: a null condition counts as false, as it does in CASE."""
    *pairs, default = choice.arguments
    ifs = [
        exp.If(this=speller.predicate(condition), true=speller.value(result))
        for condition, result in zip(pairs[::2], pairs[1::2], strict=True)
    ]
    return exp.Case(ifs=ifs, default=speller.value(default))


def coalesce_strings(speller: Speller, choice: Call) -> exp.Expr:
    """The first string that is neither missing nor empty."""
    *heads, last = choice.arguments
    trees: list[exp.Expr] = []
    for argument in heads:
        if isinstance(argument, Constant):
            if argument.value:
                return call("COALESCE", *trees, speller.value(argument)) if trees else speller.value(argument)
            continue
        trees.append(call("NULLIF", speller.value(argument), text("")))
    tail = speller.value(last)
    return call("COALESCE", *trees, tail) if trees else tail


def is_empty(speller: Speller, check: Call) -> exp.Expr:
    """``isempty`` of a string: missing or ''."""
    (value,) = check.arguments
    return total(exp.EQ(this=operand(speller.text(value)), expression=text("")))


CHOICES: dict[str, Spelling] = {
    "case": case,
    "coalesce": "COALESCE({arguments*})",
    "coalesce string": coalesce_strings,
    "isnull string": lambda speller, check: total(exp.Boolean(this=False)),
    "isnotnull string": lambda speller, check: total(exp.Boolean(this=True)),
    "isnull": "{value} IS NULL",
    "isnotnull": "NOT {value} IS NULL",
    "isempty": is_empty,
    "isempty any": "{value} IS NULL",
    "isnotempty": "{value} <> ''",
    "isnotempty any": "NOT {value} IS NULL",
    "isempty dynamic": "COALESCE({value}, '\"\"') = '\"\"'",
    "isnotempty dynamic": "COALESCE({value}, '\"\"') <> '\"\"'",
}
