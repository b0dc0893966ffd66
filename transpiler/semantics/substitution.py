"""Scalars with some of their columns replaced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from transpiler.plan.scalars import Call, Column, ColumnRef, InRelation, Path, Scalar, WindowCall


def substituted(scalar: Scalar, values: Mapping[Column, Scalar]) -> Scalar:
    """The scalar with some columns replaced by other scalars."""
    match scalar:
        case ColumnRef():
            return values.get(scalar.column, scalar)
        case Call():
            return replace(scalar, arguments=tuple(substituted(a, values) for a in scalar.arguments))
        case WindowCall():
            return replace(
                scalar,
                arguments=tuple(substituted(a, values) for a in scalar.arguments),
                partition=tuple(substituted(p, values) for p in scalar.partition),
                order=tuple(replace(k, value=substituted(k.value, values)) for k in scalar.order),
            )
        case Path():
            steps = tuple(s if isinstance(s, str | int) else substituted(s, values) for s in scalar.steps)
            return replace(scalar, base=substituted(scalar.base, values), steps=steps)
        case InRelation():
            return replace(scalar, value=substituted(scalar.value, values))
        case _:
            return scalar
