"""DuckDB's spellings: strings and regular expressions.

DuckDB counts code points, as Kusto does; only its ``reverse`` keeps grapheme clusters together, which Kusto does not.
"""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import guarded, hygienic
from transpiler.dialects.duckdb.paths import elements_at, json_of, text_of
from transpiler.dialects.formats import VERSION, parse_csv
from transpiler.dialects.known import is_array
from transpiler.dialects.literals import constant_text
from transpiler.dialects.regex_functions import RegexForms, indexof_patterns, regex_spellings, sought
from transpiler.dialects.spelling import Speller, Spelling, call, number, sql_type, text
from transpiler.dialects.text_functions import TextForms, element_index, shared_spellings
from transpiler.plan.scalars import Call, Scalar
from transpiler.types import Type

_FORMS = TextForms(
    length="length({s})",
    part="substring({s}, {at}, {n})",
    position="strpos({s}, {n})",
    nth_position=(
        "COALESCE(list_extract(list_filter(range(1, length({s}) + 1), "
        "lambda @i@: starts_with(substring({s}, @i@), {n})), {k}), 0)"
    ),
    count_overlapping="len(list_filter(range(1, length({s}) + 1), lambda @i@: starts_with(substring({s}, @i@), {n})))",
    greatest="greatest({a}, {b})",
    divided="({a}) // {b}",
)


def _rows_of_groups(speller: Speller, value: exp.Expr, patterns: list[str]) -> exp.Expr:
    """``[["a","1"],["b","2"]]``: the texts of each group, side by side."""
    lists = [speller.sql("regexp_extract_all({s}, {p}, 1)", s=value.copy(), p=text(p)) for p in patterns]
    cells = ", ".join(f"COALESCE({{g{k}}}[@i@], '')" for k in range(len(lists)))
    return hygienic(
        speller,
        f"NULLIF(CAST(to_json(list_transform(range(1, len({{all}}) + 1), lambda @i@: [{cells}])) AS VARCHAR), '[]')",
        all=lists[0].copy(),
        **{f"g{k}": tree for k, tree in enumerate(lists)},
    )


_REGEX = RegexForms(
    extract="regexp_extract({s}, {p}, 1)",
    extract_whole="regexp_extract({s}, {p})",
    replace="regexp_replace({s}, {p}, {r}, 'g')",
    count="len(regexp_extract_all({s}, {p}))",
    all_of_group=(
        "NULLIF(CAST(to_json(list_transform(regexp_extract_all({s}, {p}, 1), lambda x: COALESCE(x, ''))) AS VARCHAR), '[]')"
    ),
    all_of_group_but_empty=(
        "NULLIF(CAST(to_json(list_filter(regexp_extract_all({s}, {p}, 1), lambda @e@: @e@ <> '')) AS VARCHAR), '[]')"
    ),
    rows_of_groups=_rows_of_groups,
    marked="regexp_replace({s}, {p}, concat(repeat(chr(1114111), {n}), {g}, repeat(chr(1114111), {n})), 'g')",
    unmarked="replace({s}, chr(1114111), '')",
)


def _strcat(speller: Speller, strcat: Call) -> exp.Expr:
    """``concat`` passes over NULL, so that no argument needs a guard."""
    return call("concat", *(speller.value(a) for a in strcat.arguments))


def _strcat_delim(speller: Speller, strcat: Call) -> exp.Expr:
    delimiter, *values = (speller.text(a) for a in strcat.arguments)
    return call("concat_ws", delimiter, *values)


def _strcat_array(speller: Speller, strcat: Call) -> exp.Expr:
    """The elements' texts with a delimiter between; a null has none. What is no array is its own text."""
    array, delimiter = strcat.arguments

    def joined(found: exp.Expr) -> exp.Expr:
        return _joined(
            speller, hygienic(speller, "list_transform({l}, lambda @e@: COALESCE(@e@, ''))", l=found), delimiter
        )

    if is_array(array):
        return joined(text_of(speller, array, "[*]"))
    template = "CASE WHEN json_type({v}) = 'ARRAY' THEN {j} ELSE json_extract_string({v}, '$') END"
    return speller.once(
        json_of(speller, array), lambda v: speller.sql(template, v=v, j=joined(elements_at(v.copy(), "->>")))
    )


def _joined(speller: Speller, items: exp.Expr, delimiter: Scalar) -> exp.Expr:
    """The strings of a list with a delimiter between them; ``array_to_string`` takes only a constant one."""
    between = speller.text(delimiter)
    if isinstance(between, exp.Literal):
        return speller.sql("array_to_string({l}, {d})", l=items, d=between)
    return speller.once(
        items,
        lambda items: hygienic(
            speller,
            "CASE WHEN len({l}) > 0 THEN list_reduce({l}, lambda @a@, @b@: concat(@a@, {d}, @b@)) WHEN NOT {l} IS NULL THEN '' END",
            l=items,
            d=between,
        ),
    )


def _strrep(speller: Speller, strrep: Call) -> exp.Expr:
    value, times = guarded(speller, strrep, 0), speller.value(strrep.arguments[1])
    if len(strrep.arguments) < 3:
        return speller.sql("repeat({v}, {n})", v=value, n=times)
    items = hygienic(speller, "list_transform(range({n}), lambda @i@: {v})", v=value, n=times)
    return _joined(speller, items, strrep.arguments[2])


def _split(speller: Speller, split: Call) -> exp.Expr:
    if constant_text(split.arguments[1]) == "":
        raise speller.refuse("what an empty delimiter splits is not known", split.arguments[1].span)
    parts = speller.sql(
        "string_split({s}, {d})", s=speller.text(split.arguments[0]), d=speller.text(split.arguments[1])
    )
    if len(split.arguments) > 2:
        parts = speller.once(
            element_index(speller, split),
            lambda i: speller.sql("CASE WHEN {i} >= 0 THEN {p}[{i} + 1:{i} + 1] ELSE [] END", p=parts, i=i),
        )
    return exp.Cast(this=call("to_json", parts), to=sql_type("TEXT", "duckdb"))


def _indexof_regex(speller: Speller, search: Call) -> exp.Expr:
    """The length of the shortest text before a match; before a later one, of the matches before it, too."""
    found = sought(speller, search)
    if found is None:
        return speller.sql("CAST(NULL AS BIGINT)")
    if not found.is_first:
        return speller.once(
            speller.sql("substring({s}, {b})", s=speller.text(search.arguments[0]), b=number(found.start + 1)),
            lambda s: speller.sql(
                "CASE WHEN len(regexp_extract_all({s}, {p})) >= {k} THEN {b} "
                "+ length(array_to_string(list_slice(regexp_extract_all({s}, {p}), 1, {k} - 1), '')) "
                "+ length(list_extract(regexp_extract_all({s}, {p}, 1), {k})) ELSE -1 END",
                s=s, p=text(found.regex.pacing()), k=number(found.occurrence), b=number(found.start),
            ),
        )  # fmt: skip
    measuring, matching = indexof_patterns(speller, search, found.regex)
    return speller.once(
        speller.text(search.arguments[0]),
        lambda s: speller.sql(
            "CASE WHEN regexp_matches({s}, {p}) THEN length(regexp_extract({s}, {before}, 1)) ELSE -1 END",
            s=s,
            p=text(matching),
            before=text(measuring),
        ),
    )


def _from_codepoints(speller: Speller, made: Call) -> exp.Expr:
    parts = [
        speller.sql("TRY(chr(CAST({x} AS INTEGER)))", x=speller.value(a))
        if a.type is not Type.DYNAMIC
        else speller.sql(
            "array_to_string(list_transform({l}, lambda c: TRY(chr(CAST(c AS INTEGER)))), '')",
            l=elements_at(speller.value(a), "->>"),
        )
        for a in made.arguments
    ]
    return call("concat", *parts)


def _tohex(inner: str) -> Spelling:
    def spell(speller: Speller, tohex: Call) -> exp.Expr:
        tree = speller.sql(inner, value=speller.value(tohex.arguments[0]))
        if len(tohex.arguments) < 2:
            return tree
        return speller.once(
            tree,
            lambda v: speller.sql(
                "lpad({v}, CAST(greatest(length({v}), least(coalesce({n}, 0), 16)) AS INTEGER), '0')",
                v=v,
                n=speller.value(tohex.arguments[1]),
            ),
        )

    return spell


_CSV = (
    "CAST(to_json(list_transform(regexp_extract_all(regexp_extract({s}, {record}) || ',', {field}, 1), "
    "lambda f: replace(regexp_replace(f, {quoted}, {inner}), '\"\"', '\"'))) AS VARCHAR)"
)


def _parse_version(speller: Speller, parse: Call) -> exp.Expr:
    """Up to four numbers of up to eight digits, side by side: 25 digits or more, of which no other decimal holds as many."""
    part = "lpad(COALESCE(list_extract(string_split({v}, '.'), %d), '0'), 8, '0')"
    return speller.once(
        speller.text(parse.arguments[0]),
        lambda v: speller.sql(
            "CASE WHEN regexp_matches({v}, {valid}) THEN CAST(concat({parts*}) AS DECIMAL(38, 0)) END",
            v=v,
            valid=text(VERSION),
            parts=[speller.sql(part % i, v=v.copy()) for i in range(1, 5)],
        ),
    )


SPELLINGS: dict[str, Spelling] = {
    **shared_spellings(_FORMS, _REGEX),
    **regex_spellings(_REGEX),
    "strlen": "length({string})",
    "string_size": "strlen({string})",
    "reverse": "array_to_string(list_reverse(string_split({value}, '')), '')",
    "strcat": _strcat,
    "strcat_delim": _strcat_delim,
    "strcat_array": _strcat_array,
    "strrep": _strrep,
    "split": _split,
    "indexof_regex": _indexof_regex,
    "parse_csv": parse_csv(_CSV),
    "isascii": "regexp_full_match({value}, '[\\x00-\\x7f]*')",
    "isutf8": lambda speller, check: exp.Boolean(this=True),
    "unicode_codepoints_from_string": (
        "CAST(to_json(list_transform(string_split({value}, ''), lambda c: unicode(c))) AS VARCHAR)"
    ),
    "unicode_codepoints_to_string": _from_codepoints,
    "tohex": _tohex("lower(to_hex({value}))"),
    "tohex int": _tohex("lower(to_hex({value} & 4294967295))"),
    "parse_version": _parse_version,
}
