"""Spellings that use an argument several times, or have variables of their own.

What is used several times is computed once, unless it is as cheap as a column.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain, count

from sqlglot import exp

from transpiler.dialects.spelling import Speller
from transpiler.plan.scalars import Call, Scalar
from transpiler.plan.ticks import ticks_beyond
from transpiler.types import Type

_VARIABLE = re.compile(r"@(\w+)@")


def hygienic(speller: Speller, template: str, **slots: exp.Expr | list[exp.Expr]) -> exp.Expr:
    """A template with variables of its own, written ``@i@``: each gets a name that no slot uses, since a column may be called
    ``i`` as well."""
    trees = [t for slot in slots.values() for t in (slot if isinstance(slot, list) else [slot])]
    used = {i.name.lower() for tree in trees for i in tree.find_all(exp.Identifier)}
    for variable in sorted(set(_VARIABLE.findall(template))):
        name = next(n for n in chain((variable,), (f"{variable}{k}" for k in count(1))) if n not in used)
        template = template.replace(f"@{variable}@", name)
    return speller.sql(template, **slots)


def guarded(speller: Speller, call: Call, position: int) -> exp.Expr:
    """An argument as a template's slot gets it: a string is never NULL, unless its parameter lets NULL pass."""
    argument: Scalar = call.arguments[position]
    parameter = call.overload.parameter(position)
    if argument.type is Type.STRING and not (parameter is not None and parameter.keeps_null):
        return speller.text(argument)
    return speller.value(argument)


def computed_once(template: str) -> Callable[[Speller, Call], exp.Expr]:
    """A template over ``{v}``, the only argument."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.once(guarded(speller, call, 0), lambda v: speller.sql(template, v=v))

    return spell


def for_ends(template: str, of_an_end: str) -> Callable[[Speller, Call], exp.Expr]:
    """A template over ``{value}``, an instant, and the one that knows of the ticks which the warehouse lacks of an end."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        (instant,) = call.arguments
        return speller.sql(of_an_end if ticks_beyond(instant) else template, value=speller.value(instant))

    return spell


def from_ticks(ticks: str, template: str) -> Callable[[Speller, Call], exp.Expr]:
    """A number made of an instant's ``{ticks}``, which are those that the warehouse holds and what an end has beyond."""
    return for_ends(template.replace("{ticks}", ticks), template.replace("{ticks}", f"{ticks} + 9"))


def computed_from(inner: str, template: str) -> Callable[[Speller, Call], exp.Expr]:
    """A template over ``{v}``, which is computed by ``inner`` from ``{value}``, the only argument."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value = speller.sql(inner, value=guarded(speller, call, 0))
        return speller.once(value, lambda v: speller.sql(template, v=v))

    return spell
