"""Scalars made anew: with some of their columns replaced, or with each of their parts changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from transpiler.plan.scalars import Call, Column, ColumnRef, InRelation, Path, Scalar, WindowCall


def substituted(scalar: Scalar, values: Mapping[Column, Scalar]) -> Scalar:
    """The scalar with some columns replaced by other scalars."""
    if isinstance(scalar, ColumnRef):
        return values.get(scalar.column, scalar)
    return with_parts(scalar, lambda part: substituted(part, values))


def with_parts(scalar: Scalar, change: Callable[[Scalar], Scalar]) -> Scalar:
    """The scalar with each of the scalars directly within it changed (not those of its subqueries)."""
    match scalar:
        case Call():
            return replace(scalar, arguments=tuple(map(change, scalar.arguments)))
        case WindowCall():
            return replace(
                scalar,
                arguments=tuple(map(change, scalar.arguments)),
                partition=tuple(map(change, scalar.partition)),
                order=tuple(replace(k, value=change(k.value)) for k in scalar.order),
            )
        case Path():
            steps = tuple(s if isinstance(s, str | int) else change(s) for s in scalar.steps)
            return replace(scalar, base=change(scalar.base), steps=steps)
        case InRelation():
            return replace(scalar, value=change(scalar.value))
        case _:
            return scalar
