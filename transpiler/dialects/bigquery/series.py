"""BigQuery's spellings: series. An array is JSON text; its numbers are FLOAT64 or, where all are whole, INT64."""

from __future__ import annotations

import json
import math
from dataclasses import replace

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.literals import real_text
from transpiler.dialects.series import NULL_BESIDE, PAIRS, REAL_MARK, Element, linear_edges
from transpiler.dialects.spelling import Builder, Refusal, Speller, Spelling, text
from transpiler.plan.scalars import Call, Scalar
from transpiler.types import Type

_NAN = "CAST('nan' AS FLOAT64)"
_INFINITE = "CAST('inf' AS FLOAT64)"
_UNARY: dict[str, Element] = {
    "series_abs": Element("ABS({a})", "ABS({a})"),
    "series_sign": Element("SIGN({a})", "SIGN({a})"),
    "series_floor": Element("FLOOR({a})", "{a}"),
    "series_ceiling": Element("CEIL({a})", "{a}"),
    "series_exp": Element(f"IF({{a}} > 709.78, {_INFINITE}, EXP({{a}}))"),
    "series_log": Element(
        f"CASE WHEN {{a}} > 0 THEN LN({{a}}) WHEN {{a}} = 0 THEN -{_INFINITE} WHEN {{a}} < 0 THEN {_NAN} END"
    ),
    "series_sin": Element("SIN({a})"),
    "series_cos": Element("COS({a})"),
    "series_tan": Element("TAN({a})"),
    "series_asin": Element(f"CASE WHEN ABS({{a}}) <= 1 THEN ASIN({{a}}) WHEN {{a}} IS NOT NULL THEN {_NAN} END"),
    "series_acos": Element(f"CASE WHEN ABS({{a}}) <= 1 THEN ACOS({{a}}) WHEN {{a}} IS NOT NULL THEN {_NAN} END"),
    "series_atan": Element("ATAN({a})"),
}
# Where POW raises: a root of a negative number, or more than a real holds.
_POW = (
    f"COALESCE(SAFE.POW({{a}}, {{b}}), CASE WHEN {{a}} < 0 AND {{b}} <> TRUNC({{b}}) THEN {_NAN} "
    f"WHEN IEEE_DIVIDE(1.0, {{a}}) < 0 AND MOD(SAFE_CAST({{b}} AS INT64), 2) <> 0 THEN -{_INFINITE} "
    f"WHEN NOT {{a}} IS NULL AND NOT {{b}} IS NULL THEN {_INFINITE} END)"
)
_PAIRS: dict[str, Element] = {
    **PAIRS,
    "series_divide": Element("IEEE_DIVIDE({a}, {b})"),
    "series_pow": Element(_POW),
}
# A real as JSON: 1 is 1.0, what is no finite number is quoted (TO_JSON_STRING does so).
REAL_TEXT = "REGEXP_REPLACE(TO_JSON_STRING({r}), r'^(-?[0-9]+)$', r'\\1.0')"
_IS_REAL = f"REGEXP_CONTAINS({{s}}, '{REAL_MARK}')"


def joined(text: str, source: str) -> str:
    """A SELECT that joins the texts of elements, in their order ``o``, to an array."""
    return (
        f"(SELECT CONCAT('[', COALESCE(STRING_AGG(COALESCE({text}, 'null'), ',' ORDER BY @o@), ''), ']') FROM {source})"
    )


def of_array(body: str) -> str:
    """The body for arrays, NULL for what is none."""
    return f"IF(JSON_QUERY_ARRAY({{s}}) IS NULL, NULL, {body})"


def _texts(element: Element, a: str, b: str = "") -> str:
    """The JSON text of an element's result. ``a`` and ``b`` are the SQL of the operands with ``TYPE`` for their type."""

    def of(template: str, t: str) -> str:
        return template.replace("{a}", a.replace("TYPE", t)).replace("{b}", b.replace("TYPE", t))

    real = of(element.real, "FLOAT64")
    if element.is_bool:
        return f"TO_JSON_STRING(COALESCE({of(element.whole, 'INT64')}, {real}))"
    shown = f"IF(({real}) IS NULL, NULL, {REAL_TEXT.replace('{r}', real)})"
    if not element.whole:
        return shown
    return f"IF({_IS_REAL}, {shown}, CAST({of(element.whole, 'INT64')} AS STRING))"


def _each(element: Element) -> Builder:
    """A function of one element."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        text = _texts(element, "SAFE_CAST(@e@ AS TYPE)")
        body = of_array(joined(text, "UNNEST(JSON_QUERY_ARRAY({s})) AS @e@ WITH OFFSET AS @o@"))
        return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))

    return spell


def _pair(element: Element) -> Builder:
    """A function of the elements at the same place of two arrays, or of an array and a number."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        first, second = of.arguments
        if Type.DYNAMIC not in (first.type, second.type):
            raise speller.refuse(f"{of.overload.name} takes an array", of.span)
        a, b = (f"SAFE_CAST({n} AS TYPE)" for n in ("@x@[SAFE_OFFSET(@o@)]", "@y@[SAFE_OFFSET(@o@)]"))
        is_real = Type.REAL in (first.type, second.type) and not element.is_bool
        rule = replace(element, whole="") if is_real else element
        text = _texts(rule, a, b).replace("{s}", "CONCAT(ARRAY_TO_STRING(@x@, ','), ',', ARRAY_TO_STRING(@y@, ','))")
        longest = "GENERATE_ARRAY(0, GREATEST(ARRAY_LENGTH(@x@), ARRAY_LENGTH(@y@)) - 1)"
        source = f"UNNEST({longest}) AS @o@"
        inner = joined(text, source)
        template = f"(SELECT IF(@x@ IS NULL OR @y@ IS NULL, NULL, {inner}) FROM (SELECT {{x}} AS @x@, {{y}} AS @y@))"
        return hygienic(speller, template, x=_operand(speller, first, second), y=_operand(speller, second, first))

    return spell


def _operand(speller: Speller, scalar: Scalar, other: Scalar) -> exp.Expr:
    """An array's texts; a number as often as the other array is long."""
    if scalar.type is Type.DYNAMIC:
        return speller.sql("JSON_QUERY_ARRAY({x})", x=speller.value(scalar))
    # Trap: as a text 1.0 is 1, and the arithmetic would be that of whole numbers.
    written = f"TRIM({REAL_TEXT}, '\"')" if scalar.type is Type.REAL else "CAST({r} AS STRING)"
    return speller.sql(
        f"ARRAY(SELECT {written} FROM UNNEST(JSON_QUERY_ARRAY({{x}})))",
        r=speller.value(scalar),
        x=speller.value(other),
    )


# ---------------------------------------------------------------- numbers of a whole series

POINTS = "UNNEST(JSON_QUERY_ARRAY({s})) AS @e@ WITH OFFSET AS @o@"
NUMBER = "SAFE_CAST(@e@ AS FLOAT64)"


def _number(template: str) -> Builder:
    return lambda speller, of: hygienic(speller, f"(SELECT {template} FROM {POINTS})", s=speller.value(of.arguments[0]))


def _of_two(template: str) -> Builder:
    """A number of two arrays, or of one and a number: ``p`` and ``q`` are the numbers at the same place."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        first, second = of.arguments
        if Type.DYNAMIC not in (first.type, second.type):
            raise speller.refuse(f"{of.overload.name} takes an array", of.span)
        sql = (
            f"(SELECT {template} FROM (SELECT SAFE_CAST(@d@ AS FLOAT64) AS @p@, SAFE_CAST(@e@ AS FLOAT64) AS @q@ "
            "FROM UNNEST({x}) AS @d@ WITH OFFSET AS @n@ "
            "INNER JOIN UNNEST({y}) AS @e@ WITH OFFSET AS @o@ ON @n@ = @o@))"
        )
        return hygienic(speller, sql, x=_operand(speller, first, second), y=_operand(speller, second, first))

    return spell


_CORRELATION = _of_two(
    "IF(COUNT(@p@ * @q@) < COUNT(*), NULL, IF(COUNT(*) = 1, CAST('nan' AS FLOAT64), CORR(@p@, @q@)))"
)


def _pearson(speller: Speller, of: Call) -> exp.Expr:
    """Null for series of different lengths, and where an element is no number."""
    tree = _CORRELATION(speller, of)
    first, second = (speller.value(a) for a in of.arguments)
    test = "CASE WHEN ARRAY_LENGTH(JSON_QUERY_ARRAY({x})) = ARRAY_LENGTH(JSON_QUERY_ARRAY({y})) THEN {tree} END"
    return speller.sql(test, x=first, y=second, tree=tree)


_STATISTICS: dict[str, str] = {
    "min": "MIN(@y@)",
    "max": "MAX(@y@)",
    "min_idx": "ARRAY_AGG(@o@ ORDER BY @y@, @o@ LIMIT 1)[SAFE_OFFSET(0)]",
    "max_idx": "ARRAY_AGG(@o@ ORDER BY @y@ DESC, @o@ LIMIT 1)[SAFE_OFFSET(0)]",
    "avg": "AVG(@y@)",
    "stdev": "COALESCE(STDDEV_SAMP(@y@), 0)",
    "variance": "COALESCE(VAR_SAMP(@y@), 0)",
    "sum": "SUM(@y@)",
    "len": "COUNT(*)",
}


def _statistic(speller: Speller, of: Call) -> exp.Expr:
    """One of series_stats' numbers; NULL where an element is no finite number, unless those are ignored."""
    which, ignores = of.options
    value = _STATISTICS[str(which)]
    is_finite = "@y@ IS NOT NULL AND NOT IS_NAN(@y@) AND NOT IS_INF(@y@)"
    rows = f"SELECT {NUMBER} AS @y@, @o@ FROM {POINTS}"
    if ignores:
        template = f"(SELECT {value} FROM ({rows}) WHERE {is_finite})"
    else:
        template = f"(SELECT IF(COUNTIF({is_finite}) = COUNT(*), {value}, NULL) FROM ({rows}))"
    series = speller.value(of.arguments[0])
    if which not in ("stdev", "variance", "len"):
        return hygienic(speller, template, s=series)
    # These have a value over no rows, which an empty array has and what is no array has not.
    return speller.once(series, lambda s: hygienic(speller, of_array(template), s=s))


# Positions count from 1, as the interception of Kusto's documentation shows.
_LINE_ROWS = f"(SELECT {NUMBER} AS @y@, CAST(@o@ + 1 AS FLOAT64) AS @x@ FROM {POINTS})"
SLOPE = "COVAR_POP(@y@, @x@) / NULLIF(VAR_POP(@x@), 0)"
LINE: dict[str, str] = {
    "rsquare": "POW(CORR(@y@, @x@), 2)",
    "slope": SLOPE,
    "variance": "COALESCE(VAR_SAMP(@y@), 0)",
    "rvariance": "(VAR_POP(@y@) - POW(COVAR_POP(@y@, @x@), 2) / NULLIF(VAR_POP(@x@), 0)) * COUNT(@y@) / NULLIF(COUNT(@y@) - 1, 0)",
    "interception": f"AVG(@y@) - {SLOPE} * AVG(@x@)",
}


def _line(speller: Speller, of: Call) -> exp.Expr:
    return hygienic(speller, f"(SELECT {LINE[str(of.options[0])]} FROM {_LINE_ROWS})", s=speller.value(of.arguments[0]))


def _line_values(speller: Speller, of: Call) -> exp.Expr:
    fit = f"(SELECT AS STRUCT {LINE['slope']} AS slope, {LINE['interception']} AS base FROM {_LINE_ROWS})"
    text = REAL_TEXT.replace("{r}", "@f@.slope * (@o@ + 1) + @f@.base")
    body = joined(text, f"{POINTS} CROSS JOIN UNNEST([{fit}]) AS @f@")
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, of_array(body), s=s))


# ---------------------------------------------------------------- missing values and filters


def _filled(where: str, direction: str) -> Builder:
    """An element, or where it is null the nearest that is there, on one side."""
    nearest = (
        "(SELECT @d@ FROM UNNEST(JSON_QUERY_ARRAY({s})) AS @d@ WITH OFFSET AS @n@ "
        f"WHERE @d@ <> 'null' AND @n@ {where} @o@ ORDER BY @n@ {direction} LIMIT 1)"
    )
    body = of_array(joined(f"IF(@e@ <> 'null', @e@, {nearest})", POINTS))
    return lambda speller, of: speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))


def _without(speller: Speller, of: Call) -> exp.Expr:
    """A series with nulls where the placeholder stands."""
    each = "CASE WHEN @e@ = 'null' THEN ERROR({m}) WHEN SAFE_CAST(@e@ AS FLOAT64) = {p} THEN 'null' ELSE @e@ END"
    series, mark = (speller.value(a) for a in of.arguments)
    body = of_array(joined(each, POINTS))
    return speller.once(series, lambda s: hygienic(speller, body, s=s, p=mark, m=text(NULL_BESIDE)))


def _or(speller: Speller, of: Call) -> exp.Expr:
    """A series, and another where it is null."""
    body = of_array(joined("IF(@e@ <> 'null', @e@, JSON_QUERY_ARRAY({r})[SAFE_OFFSET(@o@)])", POINTS))
    first, second = (speller.value(a) for a in of.arguments)
    return speller.once(first, lambda s: hygienic(speller, body, s=s, r=second))


def _fill_const(speller: Speller, of: Call) -> exp.Expr:
    constant = of.arguments[1] if len(of.arguments) > 1 else None
    text = speller.sql("'0'")
    if constant is not None:
        value = speller.value(constant)
        text = hygienic(speller, REAL_TEXT if constant.type is Type.REAL else "CAST({r} AS STRING)", r=value)
    body = of_array(joined("IF(@e@ <> 'null', @e@, {c})", POINTS))
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s, c=text))


def _shown(element: str) -> str:
    """An element that is a number, as a real where the array has one."""
    return f"IF({_IS_REAL}, {REAL_TEXT.replace('{r}', f'SAFE_CAST({element} AS FLOAT64)')}, {element})"


def _fill_linear(speller: Speller, of: Call) -> exp.Expr:
    """Between two neighbours along the line through them; whole numbers are cut, edges take the nearest.

    What is no number is missing, as it is to every function of series.
    """
    fills, nothing = linear_edges(of)
    there = "UNNEST(JSON_QUERY_ARRAY({s})) AS @d@ WITH OFFSET AS @n@ WHERE NOT SAFE_CAST(@d@ AS FLOAT64) IS NULL"
    low = f"(SELECT AS STRUCT @d@, @n@ FROM {there} AND @n@ <= @o@ ORDER BY @n@ DESC LIMIT 1)"
    high = f"(SELECT AS STRUCT @d@, @n@ FROM {there} AND @n@ >= @o@ ORDER BY @n@ LIMIT 1)"
    a, b = "SAFE_CAST(@l@.@d@ AS FLOAT64)", "SAFE_CAST(@h@.@d@ AS FLOAT64)"
    between = f"{a} + ({b} - {a}) * (@o@ - @l@.@n@) / (@h@.@n@ - @l@.@n@)"
    number = f"IF({_IS_REAL}, {REAL_TEXT.replace('{r}', between)}, CAST(CAST(TRUNC({between}) AS INT64) AS STRING))"
    edge = _shown("COALESCE(@l@.@d@, @h@.@d@)") if fills else "'null'"
    filled = (
        f"CASE WHEN NOT {NUMBER} IS NULL THEN {_shown('@e@')} "
        f"WHEN @l@.@n@ IS NULL OR @h@.@n@ IS NULL THEN {edge} ELSE {number} END"
    )
    text = f"IF(NOT EXISTS (SELECT 1 FROM {there}), '{nothing}', {filled})"
    source = f"{POINTS} CROSS JOIN UNNEST([{low}]) AS @l@ CROSS JOIN UNNEST([{high}]) AS @h@"
    body = of_array(joined(text, source))
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))


def _fir(speller: Speller, of: Call) -> exp.Expr:
    """Each element of the result is a weighted sum of those before; there is 0 before the first."""
    weights, is_whole, shift = of.options
    terms = [
        f"{w!r} * COALESCE(SAFE_CAST(JSON_QUERY_ARRAY({{s}})[SAFE_OFFSET(@o@ - {k} + {shift})] AS TYPE), 0)"
        for k, w in enumerate(json.loads(str(weights)))
    ]
    total = " + ".join(terms)
    text = REAL_TEXT.replace("{r}", total.replace("TYPE", "FLOAT64"))
    if is_whole:
        text = f"IF({_IS_REAL}, {text}, CAST({total.replace('TYPE', 'INT64')} AS STRING))"
    body = of_array(joined(text, POINTS))
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))


def _iir(speller: Speller, of: Call) -> exp.Expr:
    """A filter that feeds back its last result alone: each result in closed form.

    Trap: BigQuery raises where a power is more than a real holds, so that a feedback that grows is refused.
    """
    above, below = (json.loads(str(o)) for o in of.options)
    while len(below) > 1 and below[-1] == 0:
        below.pop()
    feedback = -below[1] / below[0] if len(below) > 1 else 0
    weights = [a / below[0] for a in above]
    if len(below) > 2 or abs(feedback) > 1 or not all(map(math.isfinite, weights)):
        raise speller.refuse("each result depends on those before it, which BigQuery's SQL does not follow", of.span)
    # The sum of what each input so far, at its place n, adds. Trap: as a window it could not stand within a condition.
    parts = (_answer(k, w, feedback) for k, w in enumerate(weights))
    inputs = "UNNEST(JSON_QUERY_ARRAY({s})) AS @d@ WITH OFFSET AS @n@ WHERE @n@ <= @o@"
    total = f"(SELECT SUM(COALESCE(SAFE_CAST(@d@ AS FLOAT64), 0) * ({' + '.join(parts)})) FROM {inputs})"
    body = of_array(joined(REAL_TEXT.replace("{r}", "@y@"), f"(SELECT @o@, {total} AS @y@ FROM {POINTS})"))
    return speller.once(speller.value(of.arguments[0]), lambda s: hygienic(speller, body, s=s))


def _answer(delay: int, weight: float, feedback: float) -> str:
    power = real_text(weight)
    if feedback != 1:
        power += f" * POW({real_text(feedback)}, @o@ - @n@ - {delay})"
    return f"IF(@n@ + {delay} <= @o@, {power}, 0)" if delay else power


_SUM_OF_PRODUCTS = "SUM(@p@ * @q@)"
SPELLINGS: dict[str, Spelling] = {
    **{key: _each(element) for key, element in _UNARY.items()},
    **{key: _pair(element) for key, element in _PAIRS.items()},
    "series_sum": _number(f"SUM({NUMBER})"),
    "series_product": Refusal("BigQuery has no product over rows"),
    "series_magnitude": _number(f"SQRT(SUM(POW({NUMBER}, 2)))"),
    "series_dot_product": _of_two(_SUM_OF_PRODUCTS),
    "series_cosine_similarity": _of_two(f"{_SUM_OF_PRODUCTS} / NULLIF(SQRT(SUM(@p@ * @p@)) * SQRT(SUM(@q@ * @q@)), 0)"),
    "series_pearson_correlation": _pearson,
    "series_fill_const": _fill_const,
    "series_fill_forward": _filled("<=", "DESC"),
    "series_fill_backward": _filled(">=", "ASC"),
    "series_fill_linear": _fill_linear,
    "series without": _without,
    "series or": _or,
    "series_fir": _fir,
    "series_iir": _iir,
    "series statistic": _statistic,
    "series index": _statistic,
    "series line": _line,
    "series line values": _line_values,
}
