"""BigQuery's aggregates. There is no FILTER: a value is NULL where its row does not count, and NULLs are passed over."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.aggregation import (
    Shape,
    extreme_key,
    fields_of,
    is_defaulted,
    may_have_none,
    operand_of,
    ordered,
    predicate_of,
    rank_fraction,
    row_of,
    shaped,
)
from transpiler.dialects.dialect import AggregateBuilder
from transpiler.dialects.spelling import Speller, Spelling, call
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import AggregateCall
from transpiler.plan.scalars import Call, Column, Constant
from transpiler.types import Type

_NAN = "CAST('nan' AS FLOAT64)"
_SHAPES: dict[str, Shape] = {
    "count_distinct": Shape("COUNT(DISTINCT {x})"),
    "dcount": Shape("COUNT(DISTINCT {x})"),
    "sum": Shape("SUM({x})", none="0"),
    "sum real": Shape("SUM({x})", none="0.0"),
    "sum decimal": Shape("SUM({x})", none="0"),
    "min": Shape("MIN({x})"),
    "max": Shape("MAX({x})"),
    "min real": Shape("MIN({x})"),
    "max real": Shape("MAX({x})"),
    "avg": Shape("AVG({x})", none=_NAN),
    # Trap: AVG works its way from row to row, and from an infinity the next row is infinitely far: NaN.
    "avg real": Shape("IEEE_DIVIDE(SUM({x}), COUNT({x}))", none=_NAN),
    "avg decimal": Shape("AVG({x})"),
    "avg timespan": Shape("AVG({x})", "CAST(TRUNC({a}) AS INT64)"),
    "avg datetime": Shape("AVG(UNIX_MICROS({x}))", "TIMESTAMP_MICROS(CAST(TRUNC({a}) AS INT64))"),
    "stdev": Shape("STDDEV_SAMP({x})", none="0.0", partial=True),
    "stdevp": Shape("STDDEV_POP({x})", none="0.0"),
    "variance": Shape("VAR_SAMP({x})", none="0.0", partial=True),
    "variancep": Shape("VAR_POP({x})", none="0.0"),
    "covariance": Shape("COVAR_SAMP({x}, {y})", none="0.0", partial=True),
    "covariancep": Shape("COVAR_POP({x}, {y})", none="0.0", partial=True),
    "binary_all_and": Shape("BIT_AND({x})"),
    "binary_all_or": Shape("BIT_OR({x})"),
    "binary_all_xor": Shape("BIT_XOR({x})"),
}


def chosen(speller: Speller, value: exp.Expr, predicate: exp.Expr) -> exp.Expr:
    """The value where the predicate is true, else NULL."""
    return speller.sql("IF({p}, {x}, NULL)", p=predicate, x=value)


def _elements(speller: Speller, of: Call) -> exp.Expr:
    """Each element of an array once, or its first elements; as JSON text."""
    which = "DISTINCT e" if of.overload.key == "distinct elements" else "e"
    order = "" if of.overload.key == "distinct elements" else " ORDER BY o"
    limit = "" if of.options[0] is None else f" LIMIT {of.options[0]}"
    return speller.sql(
        f"(SELECT CONCAT('[', COALESCE(STRING_AGG({which}, ','{order}{limit}), ''), ']') "
        "FROM UNNEST(JSON_QUERY_ARRAY({x})) AS e WITH OFFSET AS o)",
        x=speller.value(of.arguments[0]),
    )


SIMPLE_AGGREGATES: dict[str, Spelling] = {
    "json of real": "CASE WHEN IS_NAN({value}) THEN '\"NaN\"' WHEN IS_INF({value}) THEN "
    "IF({value} > 0, '\"Infinity\"', '\"-Infinity\"') ELSE {text} END",
    "distinct elements": _elements,
    "first elements": _elements,
    "count": "COUNT(*)",
    "countif": lambda speller, of: speller.sql("COUNTIF({p})", p=speller.predicate(of.arguments[0])),
    **{key: shaped(shape) for key, shape in _SHAPES.items()},
    **{f"{key} if": shaped(shape, inside=chosen) for key, shape in _SHAPES.items() if not key.startswith("binary")},
}


# ---------------------------------------------------------------- lists


# The elements of a dynamic value. JSON_QUERY_ARRAY is NULL for what is no array.
_FLAT = "IF({x} IS NULL, NULL, COALESCE(JSON_QUERY_ARRAY({x}), [{x}]))"
_FLAT_WITH_NULLS = "COALESCE(JSON_QUERY_ARRAY({x}), [COALESCE({x}, 'null')])"


def _list(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """make_list, make_set and their kin, as JSON text. ``options``: (every group has rows, kind of elements, limit)."""
    of = aggregate.call
    _, kind, limit = of.options
    column = aggregate.columns[0]
    tree = speller.value(of.arguments[0]) if kind == "json" else operand_of(speller, of.arguments[0])
    if kind == "native" and of.arguments[0].type is Type.LONG:
        # TO_JSON_STRING quotes what a FLOAT64 does not hold.
        tree, kind = speller.sql("CAST({x} AS STRING)", x=tree), "json"
    if kind == "flat":
        tree = speller.sql(_FLAT_WITH_NULLS if of.overload.name == "make_list_with_nulls" else _FLAT, x=tree)
    if (predicate := predicate_of(of)) is not None:
        tree = chosen(speller, tree, speller.predicate(predicate))
    if kind == "flat":
        listed = call("ARRAY_CONCAT_AGG", _arranged(speller, tree, aggregate))
        joined = speller.sql("ARRAY_TO_STRING({x}, ',')", x=listed)
        joined = speller.sql("COALESCE({x}, '')", x=joined) if may_have_none(of) else joined
        return {column: speller.sql("CONCAT('[', {x}, ']')", x=joined)}
    if of.overload.name.startswith("make_set"):
        tree = exp.Distinct(expressions=[tree])
    if kind == "native":
        value = of.arguments[0]
        may_be_null = predicate is not None or (value.nullable and value.type is not Type.STRING)
        if may_be_null and of.overload.name != "make_list_with_nulls":
            tree = exp.IgnoreNulls(this=tree)
        listed = call("ARRAY_AGG", _limited(_arranged(speller, tree, aggregate), limit))
        listed = speller.sql("COALESCE({x}, [])", x=listed) if may_have_none(of) else listed
        tree = speller.sql("TO_JSON_STRING({x})", x=listed)
        return {column: speller.sql("NULLIF({x}, 'null')", x=tree) if is_defaulted(of) else tree}
    if of.overload.name == "make_list_with_nulls":
        tree = speller.sql("COALESCE({x}, 'null')", x=tree)
    arranged = _limited(_arranged(speller, tree, aggregate), limit)
    joined = call("STRING_AGG", arranged)
    joined = speller.sql("COALESCE({x}, '')", x=joined) if may_have_none(of) else joined
    return {column: speller.sql("CONCAT('[', {x}, ']')", x=joined)}


def _arranged(speller: Speller, tree: exp.Expr, aggregate: AggregateCall) -> exp.Expr:
    """The argument of an array aggregate, in the order of the rows; a set has none."""
    if isinstance(tree, exp.Distinct) or isinstance(tree.this, exp.Distinct):
        return tree
    keys = ordered(speller, aggregate.order, has_nulls_clause=False)
    return exp.Order(this=tree, expressions=keys) if keys else tree


def _limited(tree: exp.Expr, limit: str | int | float | bool | None) -> exp.Expr:
    return tree if limit is None else exp.Limit(this=tree, expression=exp.Literal.number(int(limit)))


def _bag(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """make_bag: the members of all bags in one text; PARSE_JSON keeps the first of a key."""
    of = aggregate.call
    tree = speller.value(of.arguments[0])
    inner = speller.sql("IF(STARTS_WITH({x}, '{') AND LENGTH({x}) > 2, SUBSTR({x}, 2, LENGTH({x}) - 2), NULL)", x=tree)
    if (predicate := predicate_of(of)) is not None:
        inner = chosen(speller, inner, speller.predicate(predicate))
    joined = call("STRING_AGG", _arranged(speller, inner, aggregate))
    joined = speller.sql("COALESCE({x}, '')", x=joined) if not is_defaulted(of) else joined
    text = speller.sql("CONCAT('{', {x}, '}')", x=joined)
    tree = speller.sql("TO_JSON_STRING(PARSE_JSON({x}, wide_number_mode => 'round'))", x=text)
    return {aggregate.columns[0]: speller.sql("NULLIF({x}, 'null')", x=tree) if is_defaulted(of) else tree}


# ---------------------------------------------------------------- values of one row


def _extreme(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """arg_max and arg_min: the extreme, and the returned values of one row that has it (of any row when all are null)."""
    of = aggregate.call
    key = extreme_key(aggregate)
    word = "MAX" if key.descending else "MIN"
    found = {aggregate.columns[0]: call(word, operand_of(speller, key.value))}
    columns = aggregate.columns[1:]
    if not columns:
        return found
    row, names = row_of(speller, columns, of.arguments[1:])
    keys = ordered(speller, [key], has_nulls_clause=False, is_extreme=True)
    if key.value.type is Type.REAL and key.descending and may_be_nan(key.value):
        keys.insert(0, exp.Ordered(this=call("IS_NAN", speller.value(key.value)), desc=True, nulls_first=False))
    first = exp.Limit(this=exp.Order(this=row, expressions=keys), expression=exp.Literal.number(1))
    tree = speller.sql("{x}[SAFE_OFFSET(0)]", x=call("ARRAY_AGG", first))
    return found | fields_of(tree, columns, names)


def _any(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """take_any: the values of one row; a single one is a value that is not null (nor ''), where there is any."""
    of = aggregate.call
    if len(aggregate.columns) == 1:
        return {aggregate.columns[0]: _some(speller, _present(speller, of), of)}
    row, names = row_of(speller, aggregate.columns, of.arguments)
    return fields_of(call("ANY_VALUE", row), aggregate.columns, names)


def _present(speller: Speller, of: Call) -> exp.Expr:
    value = of.arguments[0]
    tree = speller.value(value)
    return speller.sql("NULLIF({x}, '')", x=tree) if value.type is Type.STRING else tree


def _any_if(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    of = aggregate.call
    tree = chosen(speller, _present(speller, of), speller.predicate(of.arguments[1]))
    return {aggregate.columns[0]: _some(speller, tree, of)}


def _some(speller: Speller, tree: exp.Expr, of: Call) -> exp.Expr:
    """Some value that is not NULL: ANY_VALUE may give a NULL though there are others."""
    value = of.arguments[0]
    if predicate_of(of) is None and not value.nullable and value.type is not Type.STRING:
        return call("ANY_VALUE", tree)
    return speller.sql("ARRAY_AGG({x} IGNORE NULLS LIMIT 1)[SAFE_OFFSET(0)]", x=tree)


def _percentiles(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """Percentiles by nearest rank: the value at position ⌈p · n / 100⌉ of the sorted values."""
    value, *points = aggregate.call.arguments
    tree = speller.value(value)
    found: dict[Column, exp.Expr] = {}
    for column, point in zip(aggregate.columns, points, strict=True):
        assert isinstance(point, Constant)
        top, bottom = rank_fraction(str(point.value))
        found[column] = speller.sql(
            "ARRAY_AGG({x} IGNORE NULLS ORDER BY {x})"
            f"[SAFE_ORDINAL(GREATEST(1, DIV(COUNT({{x}}) * {top} + {bottom - 1}, {bottom})))]",
            x=tree.copy(),
        )
    return found


AGGREGATES: dict[str, AggregateBuilder] = {
    **dict.fromkeys(("make_list", "make_list_if", "make_list_with_nulls", "make_set", "make_set_if"), _list),
    **dict.fromkeys(("make_bag", "make_bag_if"), _bag),
    **dict.fromkeys(("arg_max", "arg_min"), _extreme),
    "take_any": _any,
    "take_anyif": _any_if,
    "percentile": _percentiles,
}
