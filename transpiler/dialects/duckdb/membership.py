"""DuckDB's spellings: tests against the elements of an array that each row brings."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.comparisons import total
from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb.paths import elements_at, json_of
from transpiler.dialects.spelling import Speller, Spelling
from transpiler.dialects.terms import row_pattern
from transpiler.plan.scalars import Call, Scalar
from transpiler.types import Type

_LISTED = "CASE WHEN json_type({v}) = 'ARRAY' THEN {l} WHEN {v} <> 'null' THEN [json_extract_string({v}, '$')] END"


def _listed(speller: Speller, array: Scalar) -> exp.Expr:
    """The texts of an array's elements; what is no array stands for itself, as a constant of that kind does."""
    return speller.once(json_of(speller, array), lambda v: speller.sql(_LISTED, v=v, l=elements_at(v.copy(), "->>")))


def _contains(*, fold: bool) -> Callable[[Speller, Call], exp.Expr]:
    def spell(speller: Speller, of: Call) -> exp.Expr:
        value, array = of.arguments
        needle, listed = speller.text(value), _listed(speller, array)
        if not fold:
            return speller.sql("list_contains({l}, {x})", l=listed, x=needle)
        pattern = f"'(?i)^(?:' || {speller.dialect.regex_escape.replace('{text}', '@e@')} || ')$'"
        match = speller.dialect.regex_matches.replace("{text}", "{x}").replace("{pattern}", pattern)
        tests = hygienic(speller, f"list_bool_or(list_transform({{l}}, lambda @e@: {match}))", l=listed, x=needle)
        return _holds(speller, tests)

    return spell


def _holds(speller: Speller, tests: exp.Expr) -> exp.Expr:
    """Trap: of no elements ``list_bool_or`` is NULL, and ``NOT`` leaves it so."""
    return tests if speller.loose else total(speller.dialect.coalesce(tests, exp.Boolean(this=False)))


def _contains_number(speller: Speller, of: Call) -> exp.Expr:
    """Whether an element is the number, or a text of it, as a constant list holds both. Longs are compared to the last digit."""
    value, array = of.arguments
    wanted = {Type.REAL: "DOUBLE", Type.DECIMAL: "DECIMAL(38, 18)"}.get(value.type, "DECIMAL(38, 15)")
    # Trap: a list of DuckDB's holds a NaN, which equals nothing.
    cast = {Type.REAL: "CASE WHEN NOT isnan({x}) THEN {x} END", Type.DECIMAL: "{x}"}.get(
        value.type, f"CAST({{x}} AS {wanted})"
    )
    test = f"list_contains(list_transform({{l}}, lambda @e@: TRY_CAST(@e@ AS {wanted})), {cast})"
    return hygienic(speller, test, l=_listed(speller, array), x=speller.value(value))


def _terms(joined: str, test: str) -> Callable[[Speller, Call], exp.Expr]:
    """A test over ``{m}``, ``has`` of each element (NULL for a null), joined by a function over the list of answers."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        value, array = of.arguments
        hay, listed = speller.text(value), _listed(speller, array)
        used = {i.name.lower() for t in (hay, listed) for i in t.find_all(exp.Identifier)}
        name = next(n for n in ("e", *(f"e{k}" for k in range(1, 99))) if n not in used)
        pattern = row_pattern(speller, exp.column(name), left=True, right=True)
        return speller.sql(
            f"{joined}(list_transform({{l}}, lambda {name}: {test}))".replace("{m}", "regexp_matches({h}, '(?i)' || {p})"),
            l=listed, h=hay, p=pattern,
        )  # fmt: skip

    return spell


def _has_any(speller: Speller, of: Call) -> exp.Expr:
    """A null is in every text, as the empty text is."""
    return _holds(speller, _terms("list_bool_or", "COALESCE({m}, TRUE)")(speller, of))


def _has_all(speller: Speller, of: Call) -> exp.Expr:
    """No terms at all are all there; a null array is none."""
    tests = _terms("list_bool_and", "{m}")(speller, of)
    return speller.sql("COALESCE({t}, NOT {d} IS NULL)", t=tests, d=speller.value(of.arguments[1]))


MEMBERSHIP: dict[str, Spelling] = {
    "in array": _contains(fold=False),
    "in array number": _contains_number,
    "in~ array": _contains(fold=True),
    "has_any array": _has_any,
    "has_all array": _has_all,
}
