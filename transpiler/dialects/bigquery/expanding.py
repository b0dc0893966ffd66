"""BigQuery: a row per element of a dynamic value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from transpiler.diagnostics import KqlError
from transpiler.dialects.spelling import Speller
from transpiler.plan.relations import Expand
from transpiler.plan.scalars import Column


def expand(
    speller: Speller, expansion: Expand, source: exp.Expr, kept: Sequence[exp.Expr], names: Mapping[Column, str]
) -> exp.Select:
    """A SELECT over ``source`` that yields the kept columns and a row per element."""
    raise KqlError("KQL200", "mv-expand is not translated", expansion.origin.span)
