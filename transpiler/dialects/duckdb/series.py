"""DuckDB's spellings: series. An array is JSON text; its numbers are DOUBLE or, where all are whole, BIGINT."""

from __future__ import annotations

import json

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.literals import real_text
from transpiler.dialects.series import NULL_BESIDE, PAIRS, REAL_MARK, Element, linear_edges
from transpiler.dialects.spelling import Builder, Speller, Spelling, call, text
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.scalars import Call, Scalar
from transpiler.types import Type

_IS_REAL = f"regexp_matches(array_to_string({{v}}, ','), '{REAL_MARK}')"
# The elements of an array ``{x}`` as JSON texts.
ELEMENTS = "CASE WHEN json_type({x}) = 'ARRAY' THEN CAST(json_extract({x}, '$[*]') AS TEXT[]) END"
_NAN = "CAST('nan' AS DOUBLE)"
_AS_REAL = "TRY_CAST({e} AS DOUBLE)"
# A cast alone would round a real.
_AS_WHOLE = "TRY_CAST(regexp_extract({e}, '^-?[0-9]+$') AS BIGINT)"
_UNARY: dict[str, Element] = {
    "series_abs": Element("abs({a})", "abs({a})"),
    "series_sign": Element("CAST(sign({a}) AS DOUBLE)", "sign({a})"),
    "series_floor": Element("floor({a})", "{a}"),
    "series_ceiling": Element("ceil({a})", "{a}"),
    "series_exp": Element("CASE WHEN {a} > 709.78 THEN CAST('inf' AS DOUBLE) ELSE exp({a}) END"),
    "series_log": Element(
        f"CASE WHEN {{a}} > 0 THEN ln({{a}}) WHEN {{a}} = 0 THEN CAST('-inf' AS DOUBLE) WHEN {{a}} < 0 THEN {_NAN} END"
    ),
    "series_sin": Element("sin({a})"),
    "series_cos": Element("cos({a})"),
    "series_tan": Element("tan({a})"),
    "series_asin": Element(f"CASE WHEN abs({{a}}) <= 1 THEN asin({{a}}) WHEN {{a}} IS NOT NULL THEN {_NAN} END"),
    "series_acos": Element(f"CASE WHEN abs({{a}}) <= 1 THEN acos({{a}}) WHEN {{a}} IS NOT NULL THEN {_NAN} END"),
    "series_atan": Element("atan({a})"),
}
_PAIRS: dict[str, Element] = {
    **PAIRS,
    "series_divide": Element(
        f"CASE WHEN {{b}} = 0 THEN CASE WHEN {{a}} = 0 THEN {_NAN} "
        "WHEN {a} > 0 THEN CAST('inf' AS DOUBLE) WHEN {a} < 0 THEN CAST('-inf' AS DOUBLE) END "
        "ELSE {a} / {b} END"
    ),
    "series_pow": Element("pow({a}, {b})"),
}


def elements(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The elements of an array as JSON texts; NULL for what is no array."""
    return speller.sql(ELEMENTS, x=speller.value(scalar))


def numbers(speller: Speller, texts: exp.Expr, t: str = "DOUBLE") -> exp.Expr:
    """Elements as numbers; NULL for what is none."""
    return hygienic(speller, f"list_transform({{v}}, lambda @e@: TRY_CAST(@e@ AS {t}))", v=texts)


def as_json(speller: Speller, listed: exp.Expr) -> exp.Expr:
    """A list of reals as JSON text; what is no finite number is quoted, as Kusto does."""
    return speller.sql("regexp_replace(CAST(to_json({x}) AS TEXT), '-?(NaN|Infinity)', '\"\\0\"', 'g')", x=listed)


def _either(speller: Speller, texts: exp.Expr, real: exp.Expr, whole: exp.Expr | None) -> exp.Expr:
    if whole is None:
        return real
    return speller.sql(
        f"CASE WHEN {_IS_REAL} THEN {{r}} ELSE CAST(to_json({{w}}) AS TEXT) END", v=texts, r=real, w=whole
    )


def _each(element: Element) -> Builder:
    """A function of one element."""

    def listed(speller: Speller, texts: exp.Expr, template: str, t: str) -> exp.Expr:
        inner = template.replace("{a}", "@e@")
        return hygienic(speller, f"list_transform({{v}}, lambda @e@: {inner})", v=numbers(speller, texts, t))

    def spell(speller: Speller, of: Call) -> exp.Expr:
        def over(texts: exp.Expr) -> exp.Expr:
            real = as_json(speller, listed(speller, texts.copy(), element.real, "DOUBLE"))
            whole = listed(speller, texts.copy(), element.whole, "BIGINT") if element.whole else None
            return _either(speller, texts, real, whole)

        return speller.once(elements(speller, of.arguments[0]), over)

    return spell


def _pair(element: Element) -> Builder:
    """A function of the elements at the same place of two arrays, or of an array and a number."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        first, second = of.arguments
        has_arrays = Type.DYNAMIC in (first.type, second.type)
        if not has_arrays:
            raise speller.refuse(f"{of.overload.name} takes an array", of.span)
        return speller.once(
            _operand(speller, first),
            lambda a: speller.once(_operand(speller, second), lambda b: _paired(speller, element, of, a, b)),
        )

    return spell


def _operand(speller: Speller, scalar: Scalar) -> exp.Expr:
    """An array's texts; a number as a list of its one text."""
    if scalar.type is Type.DYNAMIC:
        return elements(speller, scalar)
    # Trap: as a text a NaN is nan, which is not how JSON's numbers are told.
    return speller.sql("[CAST(to_json({x}) AS TEXT)]", x=speller.value(scalar))


def _paired(speller: Speller, element: Element, of: Call, a: exp.Expr, b: exp.Expr) -> exp.Expr:
    first, second = of.arguments
    x = "{x}[@i@]" if first.type is Type.DYNAMIC else "{x}[1]"
    y = "{y}[@i@]" if second.type is Type.DYNAMIC else "{y}[1]"

    lengths = [f"len({{{n}}})" for n, s in (("x", first), ("y", second)) if s.type is Type.DYNAMIC]
    length = f"greatest({', '.join(lengths)})" if len(lengths) > 1 else lengths[0]

    def inner(template: str, operand: str) -> str:
        return template.replace("{a}", operand.replace("{e}", x)).replace("{b}", operand.replace("{e}", y))

    def listed(template: str, operand: str) -> exp.Expr:
        each = f"list_transform(range(1, {length} + 1), lambda @i@: {inner(template, operand)})"
        return hygienic(speller, each, x=a.copy(), y=b.copy())

    if element.is_bool:
        compared = f"COALESCE({inner(element.whole, _AS_WHOLE)}, {inner(element.real, _AS_REAL)})"
        for operand, scalar in ((x, first), (y, second)):
            if may_be_nan(scalar):  # which DuckDB finds above every number
                differs = of.overload.name == "series_not_equals"
                compared = f"CASE WHEN isnan({_AS_REAL.replace('{e}', operand)}) THEN {differs} ELSE {compared} END"
        tree = speller.sql("CAST(to_json({x}) AS TEXT)", x=listed(compared, ""))
    else:
        is_whole = element.whole and Type.REAL not in (first.type, second.type)
        whole = listed(element.whole, "TRY_CAST({e} AS BIGINT)") if is_whole else None
        both = speller.sql("list_concat({x}, {y})", x=a.copy(), y=b.copy())
        tree = _either(speller, both, as_json(speller, listed(element.real, _AS_REAL)), whole)
    return speller.sql("CASE WHEN {x} IS NOT NULL AND {y} IS NOT NULL THEN {t} END", x=a, y=b, t=tree)


# ---------------------------------------------------------------- numbers of a whole series


def _number(template: str) -> Builder:
    def spell(speller: Speller, of: Call) -> exp.Expr:
        listed = [numbers(speller, _operand(speller, a)) for a in of.arguments]
        if len(listed) == 1:
            return speller.once(listed[0], lambda x: hygienic(speller, template, x=x))
        return speller.once(
            listed[0], lambda x: speller.once(listed[1], lambda y: hygienic(speller, template, x=x, y=y))
        )

    return spell


_DOT = "list_sum(list_transform(range(1, least(len({x}), len({y})) + 1), lambda @i@: {x}[@i@] * {y}[@i@]))"
_ALL_SQUARES = "list_sum(list_transform({x}, lambda @e@: @e@ * @e@))"
# The longer series is cut to the length of the shorter one.
_SQUARES = "list_sum(list_transform(range(1, least(len({x}), len({y})) + 1), lambda @i@: {x}[@i@] * {x}[@i@]))"
_OTHER_SQUARES = _SQUARES.replace("{x}[@i@]", "{y}[@i@]")


def _dot(speller: Speller, of: Call) -> exp.Expr:
    """A number stands for a series of it that is as long as the other."""
    first, second = (a.type is Type.DYNAMIC for a in of.arguments)
    if not first and not second:
        raise speller.refuse("series_dot_product takes an array", of.span)
    if first and second:
        return _number(_DOT)(speller, of)
    series, number = ("{x}", "{y}") if first else ("{y}", "{x}")
    return _number(f"list_sum(list_transform({series}, lambda @e@: @e@ * {number}[1]))")(speller, of)


_COSINE = f"{_DOT} / NULLIF(sqrt({_SQUARES}) * sqrt({_OTHER_SQUARES}), 0)"


def _pearson(speller: Speller, of: Call) -> exp.Expr:
    """Null for series of different lengths, and where an element is no number."""
    first, second = (numbers(speller, elements(speller, a)) for a in of.arguments)
    template = (
        "CASE WHEN len({x}) = len({y}) AND list_count({x}) = len({x}) AND list_count({y}) = len({y}) "
        "THEN (SELECT corr(@p@, @q@) FROM (SELECT unnest({x}) AS @p@, unnest({y}) AS @q@)) END"
    )
    return hygienic(speller, template, x=first, y=second)


_STATISTICS: dict[str, str] = {
    "min": "list_min({x})",
    "max": "list_max({x})",
    "min_idx": "CAST(list_position({x}, list_min({x})) - 1 AS BIGINT)",
    "max_idx": "CAST(list_position({x}, list_max({x})) - 1 AS BIGINT)",
    "avg": "list_avg({x})",
    "stdev": "CASE WHEN {x} IS NOT NULL THEN COALESCE(list_stddev_samp({x}), 0) END",
    "variance": "CASE WHEN {x} IS NOT NULL THEN COALESCE(list_var_samp({x}), 0) END",
    "sum": "list_sum({x})",
    "len": "len({x})",
}
# Positions are those in the input array, of which {y} is what counts (documentation: series_stats). Trap: a NULL is found, too.
_POSITIONS: dict[str, str] = {
    f"{end}_idx": f"CASE WHEN len({{y}}) > 0 THEN CAST(list_position({{x}}, list_{end}({{y}})) - 1 AS BIGINT) END"
    for end in ("min", "max")
}


def _statistic(speller: Speller, of: Call) -> exp.Expr:
    """One of series_stats' numbers; NULL where an element is no finite number, unless those are ignored."""
    which, ignores = of.options
    template = _STATISTICS[str(which)]

    def over(x: exp.Expr) -> exp.Expr:
        if ignores:
            kept = hygienic(speller, "list_filter({x}, lambda @e@: isfinite(@e@))", x=x)
            own = _POSITIONS.get(str(which), template.replace("{x}", "{y}"))
            return speller.once(kept, lambda y: hygienic(speller, own, x=x.copy(), y=y))
        test = "len(list_filter({x}, lambda @e@: isfinite(@e@))) = len({x})"  # NULL for what is no array
        return hygienic(speller, f"CASE WHEN {test} THEN {template} END", x=x)

    return speller.once(numbers(speller, elements(speller, of.arguments[0])), over)


# Positions count from 1, as the interception of Kusto's documentation shows.
_POINTS = (
    "FROM (SELECT unnest(@l@) AS @y@, CAST(unnest(range(1, len(@l@) + 1)) AS DOUBLE) AS @x@ FROM (SELECT {v} AS @l@))"
)
_SLOPE = "covar_pop(@y@, @x@) / NULLIF(var_pop(@x@), 0)"
_LINE: dict[str, str] = {
    "rsquare": "CASE WHEN count(@y@) > 1 THEN pow(corr(@y@, @x@), 2) END",
    "slope": _SLOPE,
    "variance": "COALESCE(var_samp(@y@), 0)",
    "rvariance": "(var_pop(@y@) - pow(covar_pop(@y@, @x@), 2) / NULLIF(var_pop(@x@), 0)) * count(@y@) / NULLIF(count(@y@) - 1, 0)",
    "interception": f"avg(@y@) - {_SLOPE} * avg(@x@)",
}


def _line(speller: Speller, of: Call) -> exp.Expr:
    listed = numbers(speller, elements(speller, of.arguments[0]))
    return hygienic(speller, f"(SELECT {_LINE[str(of.options[0])]} {_POINTS})", v=listed)


def _line_values(speller: Speller, of: Call) -> exp.Expr:
    slope = "covar_pop(@y@, @x@) OVER () / NULLIF(var_pop(@x@) OVER (), 0)"
    fitted = f"SELECT @x@, avg(@y@) OVER () + {slope} * (@x@ - avg(@x@) OVER ()) AS @f@ {_POINTS}"
    listed = numbers(speller, elements(speller, of.arguments[0]))
    return as_json(speller, hygienic(speller, f"(SELECT list(@f@ ORDER BY @x@) FROM ({fitted}))", v=listed))


# ---------------------------------------------------------------- missing values and filters


def _filled(pick: str) -> Builder:
    """An element, or where it is null another that ``pick`` finds in the texts ``v`` from place ``i``."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        return speller.once(
            elements(speller, of.arguments[0]),
            lambda v: hygienic(
                speller,
                "'[' || array_to_string(list_transform(range(1, len({v}) + 1), "
                f"lambda @i@: COALESCE(NULLIF({{v}}[@i@], 'null'), {pick}, 'null')), ',') || ']'",
                v=v,
            ),
        )

    return spell


def _without(speller: Speller, of: Call) -> exp.Expr:
    """A series with nulls where the placeholder stands."""
    each = "CASE WHEN @e@ = 'null' THEN error({m}) WHEN TRY_CAST(@e@ AS DOUBLE) = {p} THEN 'null' ELSE @e@ END"
    sql = f"'[' || array_to_string(list_transform({{v}}, lambda @e@: {each}), ',') || ']'"
    series, mark = of.arguments
    return hygienic(speller, sql, v=elements(speller, series), p=speller.value(mark), m=text(NULL_BESIDE))


def _or(speller: Speller, of: Call) -> exp.Expr:
    """A series, and another where it is null."""
    each = "lambda @i@: COALESCE(NULLIF({x}[@i@], 'null'), {y}[@i@])"
    sql = f"'[' || array_to_string(list_transform(range(1, len({{x}}) + 1), {each}), ',') || ']'"
    first, second = (elements(speller, a) for a in of.arguments)
    return speller.once(first, lambda x: speller.once(second, lambda y: hygienic(speller, sql, x=x, y=y)))


def _fill_const(speller: Speller, of: Call) -> exp.Expr:
    constant = of.arguments[1] if len(of.arguments) > 1 else None
    text = speller.sql("'0'") if constant is None else _shown(speller, constant)
    return speller.once(
        elements(speller, of.arguments[0]),
        lambda v: hygienic(
            speller,
            "'[' || array_to_string(list_transform({v}, lambda @e@: COALESCE(NULLIF(@e@, 'null'), {c}, 'null')), ',') || ']'",
            v=v,
            c=text,
        ),
    )


def _shown(speller: Speller, number: Scalar) -> exp.Expr:
    """A number as JSON text."""
    tree = speller.value(number)
    return as_json(speller, tree) if number.type is Type.REAL else speller.sql("CAST({n} AS TEXT)", n=tree)


def _fir(speller: Speller, of: Call) -> exp.Expr:
    """Each element of the result is a weighted sum of those before; there is 0 before the first."""
    text, is_whole, shift = of.options
    weights = json.loads(str(text))

    def listed(v: exp.Expr, t: str) -> exp.Expr:
        parts = [
            f"{w!r} * COALESCE({{x}}[@i@ - {k} + {shift}], 0)" if k else f"{w!r} * COALESCE({{x}}[@i@ + {shift}], 0)"
            for k, w in enumerate(weights)
        ]
        guarded = [f"CASE WHEN @i@ - {k} + {shift} > 0 THEN {p} ELSE 0 END" for k, p in enumerate(parts)]
        return hygienic(
            speller,
            f"list_transform(range(1, len({{x}}) + 1), lambda @i@: {' + '.join(guarded)})",
            x=numbers(speller, v, t),
        )

    def over(v: exp.Expr) -> exp.Expr:
        real = as_json(speller, call("list_transform", listed(v.copy(), "DOUBLE"), _as_double(speller)))
        whole = listed(v.copy(), "BIGINT") if is_whole else None
        return _either(speller, v, real, whole)

    return speller.once(elements(speller, of.arguments[0]), over)


def _as_double(speller: Speller) -> exp.Expr:
    function: exp.Expr = hygienic(speller, "list_transform([1], lambda @e@: CAST(@e@ AS DOUBLE))").expressions[1]
    return function


def _iir(speller: Speller, of: Call) -> exp.Expr:
    """``list_reduce`` carries the results so far: each needs those before it."""
    above, below = (json.loads(str(o)) for o in of.options)
    inputs = " + ".join(
        f"CASE WHEN len(@y@) + 1 > {k} THEN COALESCE({{x}}[len(@y@) + 1 - {k}], 0) ELSE 0 END * {real_text(b)}"
        for k, b in enumerate(above)
    )
    outputs = "".join(
        f" - CASE WHEN len(@y@) >= {k} THEN @y@[len(@y@) + 1 - {k}] ELSE 0 END * {real_text(a)}"
        for k, a in enumerate(below)
        if k
    )
    step = f"list_append(@y@, ({inputs}{outputs}) / {real_text(below[0])})"

    def over(x: exp.Expr) -> exp.Expr:
        return as_json(
            speller,
            hygienic(
                speller,
                f"list_reduce(list_transform({{x}}, lambda @e@: [@e@]), lambda @y@, @e@: {step}, CAST([] AS DOUBLE[]))",
                x=x,
            ),
        )

    return speller.once(numbers(speller, elements(speller, of.arguments[0])), over)


# The last (first) element that is there, before (after) a place.
_BEFORE = "list_filter(list_slice({v}, 1, @i@), lambda @e@: @e@ <> 'null')[-1]"
_AFTER = "list_filter(list_slice({v}, @i@, len({v})), lambda @e@: @e@ <> 'null')[1]"


def _fill_linear(speller: Speller, of: Call) -> exp.Expr:
    """Between two neighbours along the line through them; whole numbers are cut, edges take the nearest.

    What is no number is missing, as it is to every function of series.
    """
    edges, nothing = linear_edges(of)
    places = "list_filter(range(1, len({v}) + 1), lambda @j@: NOT TRY_CAST({v}[@j@] AS DOUBLE) IS NULL)"
    low = f"list_filter({places}, lambda @j@: @j@ <= @i@)[-1]"
    high = f"list_filter({places}, lambda @j@: @j@ >= @i@)[1]"

    def value(t: str) -> str:
        a, b = f"TRY_CAST({{v}}[{low}] AS DOUBLE)", f"TRY_CAST({{v}}[{high}] AS DOUBLE)"
        between = f"{a} + ({b} - {a}) * (@i@ - {low}) / ({high} - {low})"
        cut = between if t == "DOUBLE" else f"trunc({between})"
        edge = f"COALESCE({{v}}[{low}], {{v}}[{high}])" if edges else "NULL"
        return (
            f"CASE WHEN NOT TRY_CAST({{v}}[@i@] AS DOUBLE) IS NULL THEN TRY_CAST({{v}}[@i@] AS {t}) "
            f"WHEN {low} IS NULL OR {high} IS NULL THEN TRY_CAST({edge} AS {t}) ELSE CAST({cut} AS {t}) END"
        )

    def over(v: exp.Expr) -> exp.Expr:
        def listed(t: str) -> exp.Expr:
            return hygienic(speller, f"list_transform(range(1, len({{v}}) + 1), lambda @i@: {value(t)})", v=v.copy())

        filled = _either(speller, v.copy(), as_json(speller, listed("DOUBLE")), listed("BIGINT"))
        none = hygienic(
            speller, f"'[' || array_to_string(list_transform({{v}}, lambda @e@: '{nothing}'), ',') || ']'", v=v.copy()
        )
        return hygienic(
            speller,
            "CASE WHEN len({v}) > 0 AND len(list_filter({v}, lambda @e@: NOT TRY_CAST(@e@ AS DOUBLE) IS NULL)) = 0 "
            "THEN {n} ELSE {f} END",
            v=v,
            n=none,
            f=filled,
        )

    return speller.once(elements(speller, of.arguments[0]), over)


SPELLINGS: dict[str, Spelling] = {
    **{key: _each(element) for key, element in _UNARY.items()},
    **{key: _pair(element) for key, element in _PAIRS.items()},
    "series_sum": _number("list_sum({x})"),
    "series_product": _number("list_product({x})"),
    "series_magnitude": _number(f"sqrt({_ALL_SQUARES})"),
    "series_dot_product": _dot,
    "series_cosine_similarity": _number(_COSINE),
    "series_pearson_correlation": _pearson,
    "series_fill_const": _fill_const,
    "series_fill_forward": _filled(_BEFORE),
    "series_fill_backward": _filled(_AFTER),
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
