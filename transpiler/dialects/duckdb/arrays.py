"""DuckDB's spellings: arrays, and sets of their elements.

An array is JSON text; its elements are a list of JSON values, in which JSON's null is ``null`` and not NULL. A list's
positions count from 1, and below 0 from the end, so that an index that falls out of the array needs a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from transpiler.dialects.arrays import NO_TEXT, OF_DAYS, where_given
from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb.conversions import TIMESPAN_AS_TEXT
from transpiler.dialects.duckdb.paths import elements_at, json_of
from transpiler.dialects.known import is_array
from transpiler.dialects.literals import is_finite
from transpiler.dialects.spelling import Speller, Spelling, call, number
from transpiler.functions.arrays import MOST_VALUES
from transpiler.plan.scalars import Call, Constant, Scalar

_AS_REAL = "TRY_CAST(CAST({e} AS TEXT) AS DOUBLE)"
# One element that is neither a number nor null makes the sum null.
_SUM = (
    "CASE WHEN NOT list_contains(list_transform({a}, lambda @e@: json_type(@e@) <> 'NULL' AND {r} IS NULL), TRUE) "
    "THEN COALESCE(list_sum(list_transform({a}, lambda @e@: {r})), 0e0) END"
).replace("{r}", _AS_REAL.replace("{e}", "@e@"))
# Beyond 2^53 several whole numbers are one real. Trap: a cast to a whole number rounds a real.
_AS_KEYS = f"n := {_AS_REAL}, w := TRY_CAST(regexp_extract(CAST({{e}} AS TEXT), '^-?\\d{{16,}}$') AS HUGEINT)"


# No array reaches beyond; more than 64 bits would be needed for the position behind the last long.
_LAST = 2**31


def elements(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The elements of an array as a list of JSON; an empty list for what is no array, NULL for null."""
    return json_of(speller, scalar, "[*]")


def over_array(speller: Speller, array: Scalar, template: str, **slots: exp.Expr | list[exp.Expr]) -> exp.Expr:
    """A template over ``{a}``, the elements of an array; NULL for what is no array."""

    def build(v: exp.Expr) -> exp.Expr:
        tree = hygienic(speller, template, a=elements_at(v), **slots)
        if is_array(array) and not array.nullable:
            return tree
        return speller.sql("CASE WHEN json_type({v}) = 'ARRAY' THEN {x} END", v=v.copy(), x=tree)

    return speller.once(json_of(speller, array), build)


def _simple(template: str) -> Spelling:
    """A template over the elements of the only argument."""
    return lambda speller, of: over_array(speller, of.arguments[0], template)


def lists_of(speller: Speller, arrays: Sequence[Scalar]) -> list[exp.Expr]:
    """The elements of several arrays."""
    return [elements(speller, a) for a in arrays]


def _concat(speller: Speller, of: Call) -> exp.Expr:
    """A null array adds nothing; of nulls only it is null."""
    tree: exp.Expr = call("to_json", call("list_concat", *lists_of(speller, of.arguments)))
    if all(a.nullable for a in of.arguments):
        known = call("COALESCE", *(speller.value(a) for a in of.arguments))
        return speller.sql("CASE WHEN NOT {k} IS NULL THEN {x} END", k=known, x=tree)
    return tree


def _bound(speller: Speller, index: Scalar) -> exp.Expr:
    """A position of Kusto's as one of a DuckDB slice: both count from the end below 0."""
    if isinstance(index, Constant) and isinstance(index.value, int):
        return number(min(index.value, _LAST) + 1 if index.value >= 0 else index.value)
    template = f"CASE WHEN {{i}} < 0 THEN {{i}} WHEN {{i}} > {_LAST} THEN {_LAST} ELSE {{i}} + 1 END"
    return speller.sql(template, i=speller.value(index))


def _slice(speller: Speller, of: Call) -> exp.Expr:
    array, start, end = of.arguments
    low, high = _bound(speller, start), _bound(speller, end)
    return over_array(speller, array, "to_json(({a})[{low}:{high}])", low=low, high=high)


def _index_of(speller: Speller, of: Call) -> exp.Expr:
    array, value, *rest = of.arguments
    wanted = speller.value(value)
    if not rest:
        return over_array(speller, array, "CAST(COALESCE(list_position({a}, {x}), 0) - 1 AS BIGINT)", x=wanted)
    given = dict(zip("snk", rest, strict=False))
    template = where_given(
        "COALESCE(list_extract(list_filter(range(len({a})), lambda @i@: ({a})[@i@ + 1] = {x} "
        "AND @i@ >= CASE WHEN {s} < 0 THEN {s} + len({a}) ELSE {s} END "
        "AND ({n} < 0 OR @i@ < CASE WHEN {s} < 0 THEN {s} + len({a}) ELSE {s} END + {n})), {k}), -1)",
        given, {"n": -1, "k": 0},
    )  # fmt: skip
    slots = {"n": number(-1), "k": number(1)} | {slot: speller.value(a) for slot, a in given.items()}
    return over_array(speller, array, template, x=wanted, **slots)


_SHIFTED = (
    "to_json(list_transform(range(len({a})), lambda @i@: "
    "CASE WHEN {n} BETWEEN -@i@ AND len({a}) - 1 - @i@ THEN ({a})[@i@ + {n} + 1] ELSE {d} END))"
)
# A place of which nothing is shifted in: null, and the empty text among texts only (the function's page).
_NONE_OF_ITS_KIND = (
    f"CASE WHEN NOT list_bool_or(list_transform({{a}}, lambda @e@: regexp_matches(CAST(@e@ AS TEXT), '{NO_TEXT}'))) "
    "THEN CAST('\"\"' AS JSON) END"
)
_ROTATED = (
    "to_json(list_transform(range(len({a})), lambda @i@: ({a})[(@i@ + {n} % len({a}) + len({a})) % len({a}) + 1]))"
)


def _shift(speller: Speller, of: Call) -> exp.Expr:
    array, shift, *default = of.arguments
    slots = {"n": speller.value(shift)}
    template = _SHIFTED.replace("{d}", _NONE_OF_ITS_KIND)
    if default:
        template, slots["d"] = _SHIFTED, speller.sql("CAST({d} AS JSON)", d=speller.value(default[0]))
    return over_array(speller, array, where_given(template, {"n": shift}, {}), **slots)


def _rotate(speller: Speller, of: Call) -> exp.Expr:
    array, shift = of.arguments
    return over_array(speller, array, where_given(_ROTATED, {"n": shift}, {}), n=speller.value(shift))


_CUT = "CASE WHEN {n} >= 0 THEN least({n}, len({a})) + 1 ELSE greatest(len({a}) + {n}, 0) + 1 END"
_SPLIT_AT = "to_json([({a})[1:{c} - 1], ({a})[{c}:len({a})]])"


def _split(speller: Speller, of: Call) -> exp.Expr:
    """The parts between the positions, which are constant, or before and after one that is not."""
    (array, index), positions = of.arguments, [int(str(p)) for p in of.options]
    if not isinstance(index, Constant):
        template = where_given(_SPLIT_AT.replace("{c}", _CUT), {"n": index}, {})
        return over_array(speller, array, template, n=speller.value(index))
    starts = ["1", *(_cut(p) for p in positions)]
    ends = [*(f"{_cut(p)} - 1" for p in positions), "len({a})"]
    parts = ", ".join(f"({{a}})[{low}:greatest({high}, 0)]" for low, high in zip(starts, ends, strict=True))
    return over_array(speller, array, f"to_json([{parts}])")


def _cut(position: int) -> str:
    """Where the part after a position begins, from 1; a position below 0 counts from the end."""
    return str(min(position, _LAST) + 1) if position >= 0 else f"greatest(len({{a}}) - {-position}, 0) + 1"


_TEXT = "json_extract_string(@e@, '$')"
_SORTED_TEXT = (
    f"CASE WHEN regexp_matches({_TEXT}, '{OF_DAYS}') "
    f"THEN concat('3', lpad(regexp_extract({_TEXT}, '^\\d+'), 8, '0'), regexp_extract({_TEXT}, '\\..*')) ELSE {_TEXT} END"
)
_SORTED_BY = f"{_AS_KEYS.replace('{e}', '@e@')}, o := json_type(@e@) <> 'VARCHAR', t := {_SORTED_TEXT}"


def _sort(speller: Speller, of: Call) -> exp.Expr:
    """Numbers by value, then texts, then other values by their text; nulls last or first as they are."""
    ascending, nulls_last = of.options
    sort = "list_sort" if ascending else "list_reverse_sort"
    nulls = "list_filter({a}, lambda @e@: @e@ = 'null')"
    others = "list_filter({a}, lambda @e@: @e@ <> 'null')"
    struct = f"struct_pack({_SORTED_BY}, j := @e@)"
    arranged = (
        f"list_transform({sort}(list_transform({others}, lambda @e@: {struct})), lambda @s@: struct_extract(@s@, 'j'))"
    )
    both = f"{arranged}, {nulls}" if nulls_last else f"{nulls}, {arranged}"
    return over_array(speller, of.arguments[0], f"to_json(list_concat({both}))")


def _sort_by(speller: Speller, of: Call) -> exp.Expr:
    """An array in the order of another; null when they differ in length."""
    ascending, nulls_last = of.options
    key, array = of.arguments
    sort = "list_sort" if ascending else "list_reverse_sort"
    # The flag sorts before all else: false comes first when ascending, true when descending.
    null_flag = "@e@ = 'null'" if bool(ascending) is bool(nulls_last) else "@e@ <> 'null'"
    # Trap: what is sorted the other way turns equal elements round, unless their positions fall.
    struct = f"struct_pack(z := {null_flag}, {_SORTED_BY}, i := {'' if ascending else '-'}@i@)"
    other = elements(speller, array)
    return over_array(
        speller,
        key,
        f"CASE WHEN len({{a}}) = len({{o}}) THEN to_json(list_transform({sort}(list_transform({{a}}, lambda @e@, @i@: {struct})), "
        "lambda @s@: ({o})[abs(struct_extract(@s@, 'i'))])) END",
        o=other,
    )


def _iff(speller: Speller, of: Call) -> exp.Expr:
    """Per element; a condition is a bool or a number, a branch that is no array stands for every element."""
    conditions, *branches = of.arguments
    slots: dict[str, exp.Expr | list[exp.Expr]] = {}
    for name, branch in zip(("t", "f"), branches, strict=True):
        value = speller.sql("CAST({x} AS JSON)", x=speller.value(branch))
        slots[name] = value
    each = "CASE WHEN json_type({x}) = 'ARRAY' THEN json_extract({x}, '$[*]')[@i@] ELSE {x} END"
    test = "CASE @e@ WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE " + _AS_REAL.replace("{e}", "@e@") + " <> 0 END"
    template = (
        f"to_json(list_transform({{a}}, lambda @e@, @i@: CASE WHEN {test} THEN {each.replace('{x}', '{t}')} "
        f"WHEN NOT ({test}) THEN {each.replace('{x}', '{f}')} END))"
    )
    return over_array(speller, conditions, template, **slots)


def _zip(speller: Speller, of: Call) -> exp.Expr:
    """Arrays of the elements at each position, as many as the longest has."""
    lists = lists_of(speller, of.arguments)
    names = [f"l{i}" for i in range(len(lists))]
    slots = dict(zip(names, lists, strict=True))
    most = ", ".join(f"len({{{n}}})" for n in names)
    most = f"greatest({most})" if len(names) > 1 else most
    row = ", ".join(f"({{{n}}})[@i@ + 1]" for n in names)
    return hygienic(speller, f"to_json(list_transform(range(COALESCE({most}, 0)), lambda @i@: [{row}]))", **slots)


def _repeat(speller: Speller, of: Call) -> exp.Expr:
    value, count = of.arguments
    slot = speller.sql("CAST({x} AS JSON)", x=speller.value(value))
    return hygienic(
        speller,
        "CASE WHEN {n} >= 0 THEN to_json(list_transform(range({n}), lambda @i@: {x})) END", x=slot, n=speller.value(count),
    )  # fmt: skip


def _range_real(speller: Speller, of: Call) -> exp.Expr:
    start, stop, step = (speller.value(a) for a in of.arguments)
    steps = "floor(({b} - {a}) / NULLIF({c}, 0))"
    listed = "to_json(list_transform(range(CAST(%s AS BIGINT) + 1), lambda @i@: {a} + @i@ * {c}))"
    if all(is_finite(a) for a in of.arguments):
        return hygienic(speller, listed % steps, a=start, b=stop, c=step)
    # No number of steps leads from NaN or to it, and there are not more than an array holds.
    finite = "isfinite({a}) AND isfinite({c}) AND NOT isnan({b})"
    cut = listed % f"greatest(least({steps}, {MOST_VALUES - 1}), -1)"
    return hygienic(speller, f"CASE WHEN {finite} AND {{c}} <> 0 THEN {cut} END", a=start, b=stop, c=step)


def _range_datetime(speller: Speller, of: Call) -> exp.Expr:
    start, stop, step = (speller.value(a) for a in of.arguments)
    return hygienic(
        speller,
        "to_json(list_transform(generate_series({a}, {b}, to_microseconds(NULLIF({c}, 0))), "
        "lambda @t@: strftime(@t@, '%Y-%m-%dT%H:%M:%S.%f') || '0Z'))",
        a=start, b=stop, c=step,
    )  # fmt: skip


def _range_timespan(speller: Speller, of: Call) -> exp.Expr:
    start, stop, step = (speller.value(a) for a in of.arguments)
    item = TIMESPAN_AS_TEXT.replace("{v}", "@t@")
    series = "generate_series({a}, {b}, NULLIF({c}, 0))"
    return hygienic(speller, f"to_json(list_transform({series}, lambda @t@: {item}))", a=start, b=stop, c=step)


# ---------------------------------------------------------------- sets

_DISTINCT = "list_filter({l}, lambda @e@, @i@: list_position({l}, @e@) = @i@)"


def _set(make: Callable[[Speller, list[exp.Expr]], exp.Expr]) -> Spelling:
    """A set made of the elements of several; null when one is no array."""

    def spell(speller: Speller, of: Call) -> exp.Expr:
        tree = make(speller, lists_of(speller, of.arguments))
        open_ones = [a for a in of.arguments if not is_array(a) or a.nullable]
        if not open_ones:
            return tree
        tests = " AND ".join(f"json_type({{t{i}}}) = 'ARRAY'" for i in range(len(open_ones)))
        slots = {f"t{i}": json_of(speller, a) for i, a in enumerate(open_ones)}
        return speller.sql(f"CASE WHEN {tests} THEN {{x}} END", x=tree, **slots)

    return spell


def _distinct(speller: Speller, listed: exp.Expr) -> exp.Expr:
    return speller.once(listed, lambda v: hygienic(speller, _DISTINCT, l=v))


def _union(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
    return call("to_json", _distinct(speller, call("list_concat", *lists) if len(lists) > 1 else lists[0]))


def _among(test: str) -> Callable[[Speller, list[exp.Expr]], exp.Expr]:
    def make(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
        tests = " AND ".join(f"{test}list_contains({{o{i}}}, @e@)" for i in range(1, len(lists)))
        slots = {f"o{i}": t for i, t in enumerate(lists)}
        kept = hygienic(speller, f"list_filter({{o0}}, lambda @e@: {tests})", **slots) if tests else lists[0]
        return call("to_json", _distinct(speller, kept))

    return make


def _equals(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
    return hygienic(
        speller,
        "list_sort(list_distinct({a})) = list_sort(list_distinct({b}))", a=lists[0], b=lists[1],
    )  # fmt: skip


def _jaccard(speller: Speller, lists: list[exp.Expr]) -> exp.Expr:
    """The size of the intersection by that of the union; NaN of two empty sets."""
    return hygienic(
        speller,
        "CASE WHEN len({a}) + len({b}) = 0 THEN to_json('NaN') ELSE to_json(len(list_intersect({a}, {b})) "
        "/ len(list_distinct(list_concat({a}, {b})))) END", a=lists[0], b=lists[1],
    )  # fmt: skip


def _has_element(speller: Speller, of: Call) -> exp.Expr:
    array, value = of.arguments
    return speller.sql("list_contains({a}, {x})", a=elements(speller, array), x=speller.value(value))


ARRAYS: dict[str, Spelling] = {
    "array_length": _simple("CAST(len({a}) AS BIGINT)"),
    "array_concat": _concat,
    "array_reverse": _simple("to_json(list_reverse({a}))"),
    "array_slice": _slice,
    "array_sum": _simple(_SUM),
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
    "range": "to_json(generate_series(CAST({start} AS BIGINT), CAST({stop} AS BIGINT), CAST(NULLIF({step}, 0) AS BIGINT)))",
    "range real": _range_real,
    "range datetime": _range_datetime,
    "range timespan": _range_timespan,
    "set_union": _set(_union),
    "set_intersect": _set(_among("")),
    "set_difference": _set(_among("NOT ")),
    "set_has_element": _has_element,
    "set_equals": _set(_equals),
    "jaccard_index": _set(_jaccard),
}
