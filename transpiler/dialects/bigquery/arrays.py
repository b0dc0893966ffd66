"""BigQuery's spellings: arrays, and sets of their elements.

An array is JSON text; its elements are an ARRAY of JSON texts, in which JSON's null is ``null`` and not NULL. Subqueries
run over the array of the same row only, which the service allows anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from sqlglot import exp

from transpiler.dialects.arrays import NO_TEXT, OF_DAYS, where_given
from transpiler.dialects.bigquery.conversions import TIMESPAN_AS_TEXT
from transpiler.dialects.bigquery.paths import elements_of, json_of
from transpiler.dialects.computed import hygienic
from transpiler.dialects.known import is_array
from transpiler.dialects.literals import is_finite
from transpiler.dialects.spelling import Speller, Spelling, call, number, text
from transpiler.functions.arrays import MOST_VALUES
from transpiler.plan.scalars import Call, Constant, Scalar

_ELEMENTS = "JSON_QUERY_ARRAY({v})"
_LIST = "CONCAT('[', ARRAY_TO_STRING({x}, ','), ']')"
_LISTED = "CONCAT('[', ARRAY_TO_STRING(ARRAY(SELECT {x} FROM {from} ORDER BY {order}), ','), ']')"
_EACH = "UNNEST({a}) AS @e@ WITH OFFSET AS @o@"
_AS_REAL = "SAFE_CAST(@e@ AS FLOAT64)"


def listed(item: str, source: str, order: str = "@o@") -> str:
    """The template of an array's text: the items of a source in an order, an empty array where there are none."""
    return _LISTED.replace("{x}", item).replace("{from}", source).replace("{order}", order)


def over_array(speller: Speller, array: Scalar, template: str, **slots: exp.Expr | list[exp.Expr]) -> exp.Expr:
    """A template over ``{a}``, the elements of an array; NULL for what is no array."""
    guarded = template if is_array(array) and not array.nullable else f"CASE WHEN NOT {{a}} IS NULL THEN {template} END"
    if guarded.count("{a}") == 1:
        return hygienic(speller, guarded, a=elements_of(speller, array), **slots)
    return speller.once(
        json_of(speller, array), lambda v: hygienic(speller, guarded.replace("{a}", _ELEMENTS), v=v, **slots)
    )


def _strict(template: str) -> Spelling:
    """A template over the elements of the only argument whose SQL is NULL for NULL."""
    return lambda speller, of: hygienic(speller, template, a=elements_of(speller, of.arguments[0]))


def present_elements(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The elements of an array, an empty ARRAY for what is none."""
    found = elements_of(speller, scalar)
    return found if is_array(scalar) and not scalar.nullable else speller.sql("COALESCE({x}, [])", x=found)


def _concat(speller: Speller, of: Call) -> exp.Expr:
    """A null array adds nothing; of nulls only it is null."""
    lists = [present_elements(speller, a) for a in of.arguments]
    tree = speller.sql(_LIST, x=call("ARRAY_CONCAT", *lists))
    if all(a.nullable for a in of.arguments):
        known = call("COALESCE", *(speller.value(a) for a in of.arguments))
        return speller.sql("CASE WHEN NOT {k} IS NULL THEN {x} END", k=known, x=tree)
    return tree


def _bound(index: Scalar, slot: str) -> str:
    """A position, one below 0 from the end."""
    if isinstance(index, Constant) and isinstance(index.value, int):
        return str(index.value) if index.value >= 0 else f"ARRAY_LENGTH({{a}}) - {-index.value}"
    return f"IF({{{slot}}} < 0, {{{slot}}} + ARRAY_LENGTH({{a}}), {{{slot}}})"


def _slice(speller: Speller, of: Call) -> exp.Expr:
    array, start, end = of.arguments
    source = f"{_EACH} WHERE @o@ BETWEEN {_bound(start, 'low')} AND {_bound(end, 'high')}"
    slots = {"low": speller.value(start), "high": speller.value(end)}
    tree = over_array(speller, array, listed("@e@", source), **slots)
    for bound in (start, end):
        if bound.nullable:  # between unknown bounds lies no element, and the array would be empty
            tree = speller.sql("IF({u} IS NULL, NULL, {x})", u=speller.value(bound), x=tree)
    return tree


def _index_of(speller: Speller, of: Call) -> exp.Expr:
    array, value, *rest = of.arguments
    wanted = speller.value(value)
    if not rest:
        template = (
            f"COALESCE(ARRAY(SELECT @o@ FROM {_EACH} WHERE @e@ = {{x}} ORDER BY @o@ LIMIT 1)[SAFE_OFFSET(0)], -1)"
        )
        return over_array(speller, array, template, x=wanted)
    start = _bound(rest[0], "s")
    given = dict(zip("snk", rest, strict=False))
    template = where_given(
        f"COALESCE(ARRAY(SELECT @o@ FROM {_EACH} WHERE @e@ = {{x}} AND @o@ >= {start} "
        f"AND ({{n}} < 0 OR @o@ < {start} + {{n}}) ORDER BY @o@)[SAFE_OFFSET({{k}} - 1)], -1)",
        given, {"n": -1, "k": 0},
    )  # fmt: skip
    slots = {"n": number(-1), "k": number(1)} | {slot: speller.value(a) for slot, a in given.items()}
    return over_array(speller, array, template, x=wanted, **slots)


def _sum(speller: Speller, of: Call) -> exp.Expr:
    """The sum of the numbers, 0 where there are none; null for what is no array and for one of other elements than numbers."""
    every = f"ARRAY_CONCAT(COALESCE({_ELEMENTS}, []), ['0'])"
    total = f"IF(LOGICAL_OR(@e@ <> 'null' AND {_AS_REAL} IS NULL), NULL, SUM({_AS_REAL}))"
    template = f"IF({_ELEMENTS} IS NULL, NULL, (SELECT {total} FROM UNNEST({every}) AS @e@))"
    return speller.once(json_of(speller, of.arguments[0]), lambda v: hygienic(speller, template, v=v))


_POSITIONS = "UNNEST(GENERATE_ARRAY(0, ARRAY_LENGTH({a}) - 1)) AS @o@"
_SHIFTED = "IF({n} BETWEEN -@o@ AND ARRAY_LENGTH({a}) - 1 - @o@, {a}[SAFE_OFFSET(@o@ + {n})], {d})"
# A place of which nothing is shifted in: null, and the empty text among texts only (the function's page).
_NONE_OF_ITS_KIND = (
    f"IF((SELECT LOGICAL_OR(REGEXP_CONTAINS(@e@, r'{NO_TEXT}')) FROM UNNEST({{a}}) AS @e@), 'null', '\"\"')"
)
_ROTATED = "{a}[SAFE_OFFSET(MOD(@o@ + MOD({n}, ARRAY_LENGTH({a})) + ARRAY_LENGTH({a}), ARRAY_LENGTH({a})))]"


def or_null(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The JSON text of a dynamic value, ``null`` for null."""
    tree = speller.value(scalar)
    if isinstance(scalar, Constant) and scalar.value is None:
        return text("null")
    return speller.sql("COALESCE({x}, 'null')", x=tree) if scalar.nullable else tree


def _shift(speller: Speller, of: Call) -> exp.Expr:
    array, shift, *default = of.arguments
    slots = {"n": speller.value(shift)}
    item = _SHIFTED.replace("{d}", _NONE_OF_ITS_KIND)
    if default:
        item, slots["d"] = _SHIFTED, or_null(speller, default[0])
    return over_array(speller, array, where_given(listed(item, _POSITIONS), {"n": shift}, {}), **slots)


def _rotate(speller: Speller, of: Call) -> exp.Expr:
    array, shift = of.arguments
    template = where_given(listed(_ROTATED, _POSITIONS), {"n": shift}, {})
    return over_array(speller, array, template, n=speller.value(shift))


def _split(speller: Speller, of: Call) -> exp.Expr:
    """The parts between the positions, which are constant, or before and after one that is not."""
    (array, index), positions = of.arguments, [int(str(p)) for p in of.options]
    if not isinstance(index, Constant):
        before, after = (listed("@e@", f"{_EACH} WHERE @o@ {t} {_bound(index, 'n')}") for t in ("<", ">="))
        template = where_given(f"CONCAT('[', {before}, ',', {after}, ']')", {"n": index}, {})
        return over_array(speller, array, template, n=speller.value(index))
    cuts = [str(p) if p >= 0 else f"GREATEST(ARRAY_LENGTH({{a}}) - {-p}, 0)" for p in positions]
    tests = [f"@o@ >= {low} AND @o@ < {high}" for low, high in pairwise(cuts)]
    tests = [f"@o@ < {cuts[0]}", *tests, f"@o@ >= {cuts[-1]}"] if cuts else ["TRUE"]
    parts = ", ',', ".join(listed("@e@", f"{_EACH} WHERE {test}") for test in tests)
    return over_array(speller, array, f"CONCAT('[', {parts}, ']')")


_SORTED_TEXT = (
    f"IF(REGEXP_CONTAINS(JSON_VALUE(@e@), r'{OF_DAYS}'), CONCAT('3', LPAD(REGEXP_EXTRACT(JSON_VALUE(@e@), r'^\\d+'), 8, '0'), "
    "REGEXP_EXTRACT(JSON_VALUE(@e@), r'\\..*')), JSON_VALUE(@e@))"
)


def _keys(ascending: bool, nulls_last: bool) -> str:
    """Numbers by value, then texts, then other values by their text; nulls last or first."""
    way = "" if ascending else " DESC"
    nulls = "@e@ = 'null'" + ("" if nulls_last else " DESC")
    keys = (f"{_AS_REAL} IS NULL", _AS_REAL, "SAFE_CAST(@e@ AS BIGNUMERIC)", "LEFT(@e@, 1) <> '\"'", _SORTED_TEXT)
    return ", ".join([nulls, *(f"{key}{way}" for key in keys)])


def _sort(speller: Speller, of: Call) -> exp.Expr:
    ascending, nulls_last = of.options
    return over_array(speller, of.arguments[0], listed("@e@", _EACH, _keys(bool(ascending), bool(nulls_last))))


def _sort_by(speller: Speller, of: Call) -> exp.Expr:
    """An array in the order of another; null when they differ in length."""
    ascending, nulls_last = of.options
    key, array = of.arguments
    arranged = listed("{b}[SAFE_OFFSET(@o@)]", _EACH, _keys(bool(ascending), bool(nulls_last)) + ", @o@")
    template = f"CASE WHEN ARRAY_LENGTH({{a}}) = ARRAY_LENGTH({{b}}) THEN {arranged} END"
    return over_array(speller, key, template, b=elements_of(speller, array))


_TEST = f"CASE @e@ WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE {_AS_REAL} <> 0 END"


def _iff(speller: Speller, of: Call) -> exp.Expr:
    """Per element; a condition is a bool or a number, a branch that is no array stands for every element."""
    conditions, *branches = of.arguments
    each = "IF(STARTS_WITH({x}, '['), COALESCE(JSON_QUERY_ARRAY({x})[SAFE_OFFSET(@o@)], 'null'), {x})"
    item = (
        f"CASE WHEN {_TEST} THEN {each.replace('{x}', '{t}')} WHEN NOT ({_TEST}) THEN {each.replace('{x}', '{f}')} "
        "ELSE 'null' END"
    )
    slots = {name: or_null(speller, b) for name, b in zip(("t", "f"), branches, strict=True)}
    return over_array(speller, conditions, listed(item, _EACH), **slots)


def _zip(speller: Speller, of: Call) -> exp.Expr:
    """Arrays of the elements at each position, as many as the longest has."""
    lists = [present_elements(speller, a) for a in of.arguments]
    names = [f"l{i}" for i in range(len(lists))]
    most = ", ".join(f"ARRAY_LENGTH({{{n}}})" for n in names)
    row = ", ',', ".join(f"COALESCE({{{n}}}[SAFE_OFFSET(@o@)], 'null')" for n in names)
    template = listed(f"CONCAT('[', {row}, ']')", f"UNNEST(GENERATE_ARRAY(0, GREATEST({most}) - 1)) AS @o@")
    return hygienic(speller, template, **dict(zip(names, lists, strict=True)))


def _repeat(speller: Speller, of: Call) -> exp.Expr:
    value, count = of.arguments
    return hygienic(
        speller,
        "CASE WHEN {n} >= 0 THEN " + listed("{x}", "UNNEST(GENERATE_ARRAY(1, {n})) AS @o@") + " END",
        x=or_null(speller, value), n=speller.value(count),
    )  # fmt: skip


def _strcat(speller: Speller, of: Call) -> exp.Expr:
    """The elements' texts with a delimiter between; a null has none. What is no array is its own text."""
    array, delimiter = of.arguments
    template = (
        "ARRAY_TO_STRING(ARRAY(SELECT COALESCE(JSON_VALUE(@e@), NULLIF(@e@, 'null'), '') "
        f"FROM {_EACH} ORDER BY @o@), {{d}})"
    )
    if is_array(array):
        return hygienic(speller, template, a=elements_of(speller, array), d=speller.text(delimiter))
    template = template.replace("{a}", _ELEMENTS)
    template = f"IF(STARTS_WITH({{v}}, '['), {template}, COALESCE(JSON_VALUE({{v}}), NULLIF({{v}}, 'null'), ''))"
    return speller.once(json_of(speller, array), lambda v: hygienic(speller, template, v=v, d=speller.text(delimiter)))


def _generated(array: str, item: str) -> Callable[[Speller, Call], exp.Expr]:
    """A range: null where an end or the step is, or where it would never end."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        slots = dict(zip(("start", "stop", "step"), map(speller.value, of.arguments), strict=True))
        every = listed(item, f"UNNEST({array}) AS @e@ WITH OFFSET AS @o@")
        tests = [f"NOT {{{n}}} IS NULL" for n, a in zip(slots, of.arguments, strict=True) if a.nullable]
        if not (isinstance(of.arguments[2], Constant) and of.arguments[2].value):
            tests.append("{step} <> 0")
        template = f"CASE WHEN {' AND '.join(tests)} THEN {every} END" if tests else every
        return hygienic(speller, template, **slots)

    return spell


_REAL_COUNT = "FLOOR(({stop} - {start}) / NULLIF({step}, 0))"
_REAL_STEPS = f"GENERATE_ARRAY(0, CAST({_REAL_COUNT} AS INT64))"
_REAL_ITEM = "{start} + @e@ * {step}"
_REAL_TEXT = f"REGEXP_REPLACE(TO_JSON_STRING({_REAL_ITEM}), '^(-?[0-9]+)$', CONCAT(TO_JSON_STRING({_REAL_ITEM}), '.0'))"


def _generated_reals(speller: Speller, of: Call) -> exp.Expr:
    """No number of steps leads from NaN or to it, and there are not more than an array holds."""
    if all(is_finite(a) for a in of.arguments):
        return _generated(_REAL_STEPS, _REAL_TEXT)(speller, of)
    cut = f"GENERATE_ARRAY(0, CAST(GREATEST(LEAST({_REAL_COUNT}, {MOST_VALUES - 1}), -1) AS INT64))"
    every = listed(_REAL_TEXT, f"UNNEST({cut}) AS @e@ WITH OFFSET AS @o@")
    start, stop, step = (speller.value(a) for a in of.arguments)
    finite = "NOT IS_NAN({start} - {start}) AND NOT IS_NAN({step} - {step}) AND NOT IS_NAN({stop})"
    template = f"CASE WHEN {finite} AND {{step}} <> 0 THEN {every} END"
    return hygienic(speller, template, start=start, stop=stop, step=step)


# ---------------------------------------------------------------- sets

_FIRST = "(SELECT @e@, MIN(@o@) AS @o@ FROM UNNEST({l}) AS @e@ WITH OFFSET AS @o@%s GROUP BY @e@)"


def _set(make: Callable[[Speller, list[exp.Expr]], exp.Expr]) -> Spelling:
    """A set made of the elements of several; null when one is no array."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        tree = make(speller, [elements_of(speller, a) for a in of.arguments])
        open_ones = [a for a in of.arguments if not is_array(a) or a.nullable]
        if not open_ones:
            return tree
        tests = " AND ".join(f"NOT {{t{i}}} IS NULL" for i in range(len(open_ones)))
        slots = {f"t{i}": elements_of(speller, a) for i, a in enumerate(open_ones)}
        return speller.sql(f"CASE WHEN {tests} THEN {{x}} END", x=tree, **slots)

    return spell


def _union(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
    every = call("ARRAY_CONCAT", *lists) if len(lists) > 1 else lists[0]
    return hygienic(speller, listed("@e@", _FIRST % ""), l=every)


def _among(test: str) -> Callable[[Speller, list[exp.Expr]], exp.Expr]:
    def make(speller: Speller, lists: Sequence[exp.Expr]) -> exp.Expr:
        tests = " AND ".join(f"@e@ {test}IN UNNEST({{o{i}}})" for i in range(1, len(lists)))
        slots = {f"o{i}": t for i, t in enumerate(lists) if i}
        return hygienic(speller, listed("@e@", _FIRST % (f" WHERE {tests}" if tests else "")), l=lists[0], **slots)

    return make


def _equals(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
    sorted_text = "ARRAY_TO_STRING(ARRAY(SELECT DISTINCT @e@ FROM UNNEST({%s}) AS @e@ ORDER BY @e@), ',')"
    return hygienic(speller, f"{sorted_text % 'a'} = {sorted_text % 'b'}", a=lists[0], b=lists[1])


def _jaccard(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
    """The size of the intersection by that of the union; NaN of two empty sets."""
    ratio = (
        "TO_JSON_STRING(IEEE_DIVIDE(ARRAY_LENGTH(ARRAY(SELECT DISTINCT @e@ FROM UNNEST({a}) AS @e@ WHERE @e@ IN UNNEST({b}))), "
        "ARRAY_LENGTH(ARRAY(SELECT DISTINCT @e@ FROM UNNEST(ARRAY_CONCAT({a}, {b})) AS @e@))))"
    )
    return hygienic(
        speller, f"REGEXP_REPLACE({ratio}, '^([01])$', {{point}})", a=lists[0], b=lists[1], point=text(r"\1.0")
    )


def _has_element(speller: Speller, of: Call) -> exp.Expr:
    array, value = of.arguments
    return speller.sql("{x} IN UNNEST({a})", a=elements_of(speller, array), x=speller.value(value))


ARRAYS: dict[str, Spelling] = {
    "array_length": _strict("ARRAY_LENGTH({a})"),
    "array_concat": _concat,
    "array_reverse": _strict(_LIST.replace("{x}", "ARRAY_REVERSE({a})")),
    "array_slice": _slice,
    "array_sum": _sum,
    "array_index_of": _index_of,
    "shifted array": _shift,
    "shifted array plain": _shift,
    "rotated array": _rotate,
    "array_iff": _iff,
    "array_split": _split,
    "sorted array": _sort,
    "sorted array by": _sort_by,
    "zip": _zip,
    "repeat": _repeat,
    "strcat_array": _strcat,
    "range": _generated("GENERATE_ARRAY({start}, {stop}, NULLIF({step}, 0))", "CAST(@e@ AS STRING)"),
    "range real": _generated_reals,
    "range datetime": _generated(
        "GENERATE_TIMESTAMP_ARRAY({start}, {stop}, INTERVAL NULLIF({step}, 0) MICROSECOND)",
        "TO_JSON_STRING(FORMAT_TIMESTAMP('%E4Y-%m-%dT%H:%M:%E6S0Z', @e@, 'UTC'))",
    ),
    "range timespan": _generated(
        "GENERATE_ARRAY({start}, {stop}, NULLIF({step}, 0))",
        f"TO_JSON_STRING({TIMESPAN_AS_TEXT.replace('{v}', '@e@')})",
    ),
    "set_union": _set(_union),
    "set_intersect": _set(_among("")),
    "set_difference": _set(_among("NOT ")),
    "set_has_element": _has_element,
    "set_equals": _set(_equals),
    "jaccard_index": _set(_jaccard),
}
