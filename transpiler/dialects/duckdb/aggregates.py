"""DuckDB's aggregates."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.aggregation import (
    Shape,
    extreme_key,
    fields_of,
    filtered,
    may_have_none,
    operand_of,
    ordered,
    predicate_of,
    rank_fraction,
    row_of,
    shaped,
)
from transpiler.dialects.computed import hygienic
from transpiler.dialects.dialect import AggregateBuilder
from transpiler.dialects.spelling import Speller, Spelling, call
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.relations import AggregateCall
from transpiler.plan.scalars import Call, Column, Constant
from transpiler.types import Type

_NAN = "CAST('nan' AS DOUBLE)"
_BAG_OF_MEMBERS = (
    "array_to_string(list_transform(list_filter({l}, lambda @e@, @i@: list_position(list_transform({l}, "
    "lambda @o@: struct_extract(@o@, 1)), struct_extract(@e@, 1)) = @i@), lambda @e@: "
    "to_json(struct_extract(@e@, 1)) || ':' || COALESCE(CAST(struct_extract(@e@, 2) AS TEXT), 'null')), ',')"
)
_SHAPES: dict[str, Shape] = {
    "count_distinct": Shape("count(DISTINCT {x})"),
    "dcount": Shape("count(DISTINCT {x})"),
    # sum of BIGINT is HUGEINT.
    "sum": Shape("sum({x})", "CAST({a} AS BIGINT)", "0"),
    "sum real": Shape("sum({x})", none="0e0"),
    "sum decimal": Shape("sum({x})", none="0"),
    "min": Shape("min({x})"),
    "max": Shape("max({x})"),
    "max real": Shape("max({x})"),
    "avg": Shape("avg({x})", none=_NAN),
    "avg real": Shape("avg({x})", none=_NAN),
    "avg decimal": Shape("avg({x})", "CAST(round({a}, 15) AS DECIMAL(38, 18))"),
    "avg timespan": Shape("avg({x})", "CAST(trunc({a}) AS BIGINT)"),
    "avg datetime": Shape("avg(epoch_us({x}))", "make_timestamp(CAST(trunc({a}) AS BIGINT))"),
    "stdev": Shape("stddev_samp({x})", none="0e0", partial=True),
    "stdevp": Shape("stddev_pop({x})", none="0e0"),
    "variance": Shape("var_samp({x})", none="0e0", partial=True),
    "variancep": Shape("var_pop({x})", none="0e0"),
    "covariance": Shape("covar_samp({x}, {y})", none="0e0", partial=True),
    "covariancep": Shape("covar_pop({x}, {y})", none="0e0", partial=True),
    "binary_all_and": Shape("bit_and({x})"),
    "binary_all_or": Shape("bit_or({x})"),
    "binary_all_xor": Shape("bit_xor({x})"),
}


def _min_real(speller: Speller, call: Call) -> exp.Expr:
    """The least real, NaN where one occurs (it sorts last in DuckDB)."""
    value = speller.value(call.arguments[0])
    conditions = [speller.predicate(p)] if (p := predicate_of(call)) is not None else []
    least = filtered(speller.sql("min({x})", x=value), *conditions)
    if not may_be_nan(call.arguments[0]):
        return least
    any_nan = filtered(speller.sql("bool_or(isnan({x}))", x=value.copy()), *[c.copy() for c in conditions])
    return speller.sql(f"CASE WHEN {{n}} THEN {_NAN} ELSE {{m}} END", n=any_nan, m=least)


def _count_if(speller: Speller, call: Call) -> exp.Expr:
    return filtered(speller.sql("count(*)"), speller.predicate(call.arguments[0]))


def _elements(speller: Speller, of: Call) -> exp.Expr:
    """Each element of an array once, or its first elements; as JSON text."""
    listed = speller.sql("CAST(json_extract({x}, '$[*]') AS TEXT[])", x=speller.value(of.arguments[0]))
    if of.overload.key == "distinct elements":
        listed = call("list_distinct", listed)
    if of.options[0] is not None:
        listed = speller.sql(f"{{x}}[:{of.options[0]}]", x=listed)
    return speller.sql("'[' || array_to_string({x}, ',') || ']'", x=listed)


SIMPLE_AGGREGATES: dict[str, Spelling] = {
    "json of real": "CASE WHEN isnan({value}) THEN '\"NaN\"' WHEN isinf({value}) THEN "
    "CASE WHEN {value} > 0 THEN '\"Infinity\"' ELSE '\"-Infinity\"' END ELSE {text} END",
    "distinct elements": _elements,
    "first elements": _elements,
    "count": "count(*)",
    "countif": _count_if,
    **{key: shaped(shape) for key, shape in _SHAPES.items()},
    **{f"{key} if": shaped(shape) for key, shape in _SHAPES.items() if not key.startswith("binary")},
    "min real": _min_real,
    "min real if": _min_real,
}


# ---------------------------------------------------------------- lists


def _list(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """make_list, make_set and their kin, as JSON text. ``options``: (every group has rows, kind of elements, limit)."""
    of = aggregate.call
    _, kind, limit = of.options
    value = of.arguments[0]
    tree = speller.value(value) if kind == "json" else operand_of(speller, value)
    if kind in ("json", "flat") and of.overload.name == "make_list_with_nulls":
        tree = speller.sql("COALESCE({x}, 'null')", x=tree)
    is_set = of.overload.name.startswith("make_set")
    conditions = [speller.predicate(p)] if (p := predicate_of(of)) is not None else []
    if value.nullable and value.type is not Type.STRING and of.overload.name != "make_list_with_nulls":
        conditions.append(speller.sql("{x} IS NOT NULL", x=tree.copy()))
    if kind == "flat":
        tree = speller.sql(
            "CASE WHEN json_type({x}) = 'ARRAY' THEN CAST(json_extract({x}, '$[*]') AS TEXT[]) ELSE [CAST({x} AS TEXT)] END",
            x=tree,
        )
    listed = call("list", _arranged(speller, tree, aggregate, is_set=is_set))
    listed = filtered(listed, *conditions)
    if kind == "flat":
        listed = call("flatten", listed)
    if limit is not None:
        listed = speller.sql(f"{{x}}[:{limit}]", x=listed)
    if kind == "native":
        tree = call("to_json", listed)
        return {aggregate.columns[0]: _or(speller, of, tree, "'[]'")}
    joined = _or(speller, of, speller.sql("array_to_string({x}, ',')", x=listed), "''")
    return {aggregate.columns[0]: speller.sql("'[' || {x} || ']'", x=joined)}


def _or(speller: Speller, of: Call, tree: exp.Expr, none: str) -> exp.Expr:
    return speller.sql(f"COALESCE({{x}}, {none})", x=tree) if may_have_none(of) else tree


def _arranged(speller: Speller, tree: exp.Expr, aggregate: AggregateCall, *, is_set: bool) -> exp.Expr:
    """The argument of ``list``: distinct, or in the order of the rows."""
    if is_set:
        return exp.Distinct(expressions=[tree])
    keys = ordered(speller, aggregate.order)
    return exp.Order(this=tree, expressions=keys) if keys else tree


def _bag(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """make_bag: the members of all bags; of one key the first."""
    of = aggregate.call
    tree = speller.value(of.arguments[0])
    conditions = [speller.predicate(p)] if (p := predicate_of(of)) is not None else []
    # Trap: a cast to MAP raises for a bag that holds one key twice, and for what is no bag, whatever a FILTER drops.
    entries = speller.once(tree, lambda v: speller.sql("list_zip(json_keys({v}), json_extract({v}, '$.*'))", v=v))
    keys = ordered(speller, aggregate.order)
    inner = exp.Order(this=entries, expressions=keys) if keys else entries
    every = speller.sql("flatten({x})", x=filtered(call("list", inner), *conditions))
    joined = speller.once(
        every,
        lambda entry: hygienic(speller, _BAG_OF_MEMBERS, l=entry),
    )
    return {aggregate.columns[0]: speller.sql("'{' || {x} || '}'", x=_or(speller, of, joined, "''"))}


# ---------------------------------------------------------------- values of one row


def _extreme(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """arg_max and arg_min: the extreme, and the returned values of one row that has it (of any row when all are null)."""
    of = aggregate.call
    key = of.arguments[0]
    is_max = extreme_key(aggregate).descending
    function = "arg_max" if is_max else "arg_min"
    own = operand_of(speller, key)
    word = "max" if is_max else "min"
    found = {aggregate.columns[0]: speller.sql(f"{word}({{x}})", x=own)}
    if key.type is Type.REAL and not is_max and may_be_nan(key):
        found = {aggregate.columns[0]: _min_real(speller, of)}
        own = speller.sql("CASE WHEN isnan({x}) THEN CAST('-infinity' AS DOUBLE) ELSE {x} END", x=own)
    columns, values = aggregate.columns[1:], of.arguments[1:]
    if not columns:
        return found
    is_null = key.nullable and key.type is not Type.STRING
    if len(columns) == 1 and not is_null:
        found[columns[0]] = call(f"{function}_null", speller.value(values[0]), own.copy())
        return found
    row, names = row_of(speller, columns, values)
    tree = call(function, row, own.copy())
    if is_null:
        tree = call("COALESCE", tree, call("any_value", row.copy()))
    return found | fields_of(tree, columns, names)


def _any(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """take_any: the values of one row; a single one is a value that is not null (nor ''), where there is any."""
    of = aggregate.call
    if len(aggregate.columns) == 1:
        return {aggregate.columns[0]: _any_value(speller, of)}
    row, names = row_of(speller, aggregate.columns, of.arguments)
    return fields_of(call("any_value", row), aggregate.columns, names)


def _any_value(speller: Speller, of: Call) -> exp.Expr:
    value = of.arguments[0]
    tree = speller.value(value)
    if value.type is Type.STRING:
        tree = speller.sql("NULLIF({x}, '')", x=tree)
    return call("any_value", tree)


def _any_if(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    tree = _any_value(speller, aggregate.call)
    return {aggregate.columns[0]: filtered(tree, speller.predicate(aggregate.call.arguments[1]))}


def _percentiles(speller: Speller, aggregate: AggregateCall) -> dict[Column, exp.Expr]:
    """Percentiles by nearest rank: the value at position ⌈p · n / 100⌉ of the sorted values."""
    value, *points = aggregate.call.arguments
    tree = speller.value(value)
    found: dict[Column, exp.Expr] = {}
    for column, point in zip(aggregate.columns, points, strict=True):
        assert isinstance(point, Constant)
        top, bottom = rank_fraction(str(point.value))
        rank = _decimal(top, bottom)
        template = f"quantile_disc({{x}}, {rank})"
        if may_be_nan(value):
            # Trap: NaN is DuckDB's greatest real; where Kusto sorts ascending it stands first, beside the nulls.
            place = f"greatest(1, (count({{x}}) * {top} + {bottom - 1}) // {bottom})"
            template = (
                f"CASE WHEN count_if(isnan({{x}})) >= {place} THEN {_NAN} "
                f"ELSE quantile_disc(CASE WHEN isnan({{x}}) THEN CAST('-infinity' AS DOUBLE) ELSE {{x}} END, {rank}) END"
            )
        found[column] = speller.sql(template, x=tree.copy())
    return found


def _decimal(top: int, bottom: int) -> str:
    digits = len(str(bottom)) - 1
    text = str(top).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}"


AGGREGATES: dict[str, AggregateBuilder] = {
    **dict.fromkeys(("make_list", "make_list_if", "make_list_with_nulls", "make_set", "make_set_if"), _list),
    **dict.fromkeys(("make_bag", "make_bag_if"), _bag),
    **dict.fromkeys(("arg_max", "arg_min"), _extreme),
    "take_any": _any,
    "take_anyif": _any_if,
    "percentile": _percentiles,
}
