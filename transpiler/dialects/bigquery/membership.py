"""BigQuery's spellings: tests against the elements of an array that each row brings."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.bigquery.paths import json_of
from transpiler.dialects.comparisons import total
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.dialects.terms import row_pattern
from transpiler.plan.scalars import Call, Scalar
from transpiler.types import Type

_LISTED = "IF(STARTS_WITH({v}, '['), JSON_QUERY_ARRAY({v}), IF({v} IS NULL, [], [{v}]))"


def _listed(speller: Speller, array: Scalar) -> exp.Expr:
    """The elements of an array, as JSON; what is no array stands for itself, as a constant of that kind does."""
    return speller.once(json_of(speller, array), lambda v: speller.sql(_LISTED, v=v))


def _element(speller: Speller, of: Call, test: str) -> exp.Expr:
    """Whether an element passes a test: over ``{e}``, its text, ``{x}``, the value, ``{p}``, the pattern of the text as a term."""
    value, array = of.arguments
    needle = speller.text(value) if value.type is Type.STRING else speller.value(value)
    listed = _listed(speller, array)
    used = {i.name.lower() for t in (needle, listed) for i in t.find_all(exp.Identifier)}
    name = next(n for n in ("e", *(f"e{k}" for k in range(1, 99))) if n not in used)
    element = speller.sql("COALESCE(JSON_VALUE({e}), NULLIF({e}, 'null'))", e=exp.column(name))
    slots = {"x": needle, "e": element}
    if "{p}" in test:
        slots["p"] = row_pattern(speller, element, left=True, right=True)
    condition = speller.sql(test, **slots)
    return speller.sql(f"EXISTS(SELECT 1 FROM UNNEST({{l}}) AS {name} WHERE {{c}})", l=listed, c=condition)


def _any(test: str) -> Callable[[Speller, Call], exp.Expr]:
    return lambda speller, of: total(_element(speller, of, test))


def _any_number(speller: Speller, of: Call) -> exp.Expr:
    """Whether an element is the number, or a text of it, as a constant list holds both. Longs are compared to the last digit."""
    wanted = "FLOAT64" if of.arguments[0].type is Type.REAL else "BIGNUMERIC"
    return total(_element(speller, of, f"SAFE_CAST({{e}} AS {wanted}) = {{x}}"))


def _any_folded(speller: Speller, of: Call) -> exp.Expr:
    escape = speller.dialect.regex_escape.replace("{text}", "{e}")
    pattern = f"'(?i)^(?:' || {escape} || ')$'"
    test = speller.dialect.regex_matches.replace("{text}", "{x}").replace("{pattern}", pattern)
    return total(_element(speller, of, test))


def _has_all(speller: Speller, of: Call) -> exp.Expr:
    """No terms at all are all there; a null array is none."""
    missing = _element(speller, of, "NOT COALESCE(REGEXP_CONTAINS({x}, '(?i)' || {p}), TRUE)")
    known = speller.value(of.arguments[1])
    return total(speller.sql("NOT {d} IS NULL AND NOT {m}", d=known, m=missing))


MEMBERSHIP: dict[str, Spelling] = {
    "in array": _any("{e} = {x}"),
    "in array number": _any_number,
    "in~ array": _any_folded,
    # A null is in every text, as the empty text is.
    "has_any array": _any("COALESCE(REGEXP_CONTAINS({x}, '(?i)' || {p}), TRUE)"),
    "has_all array": _has_all,
}
