"""BigQuery's spellings: strings and regular expressions."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import guarded, hygienic
from transpiler.dialects.formats import VERSION, parse_csv
from transpiler.dialects.literals import constant_text
from transpiler.dialects.regex_functions import RegexForms, captured, regex_spellings, sought
from transpiler.dialects.spelling import Speller, Spelling, call, number, text
from transpiler.dialects.text_functions import TextForms, element_index, shared_spellings
from transpiler.plan.scalars import Call
from transpiler.types import Type

_FORMS = TextForms(
    length="LENGTH({s})",
    part="SUBSTR({s}, {at}, {n})",
    position="STRPOS({s}, {n})",
    nth_position="INSTR({s}, {n}, 1, {k})",
    count_overlapping=(
        "(SELECT COUNTIF(STARTS_WITH(SUBSTR({s}, @i@), {n})) FROM UNNEST(GENERATE_ARRAY(1, LENGTH({s}))) AS @i@)"
    ),
    greatest="GREATEST({a}, {b})",
    divided="DIV({a}, {b})",
)


def _rows_of_groups(speller: Speller, value: exp.Expr, patterns: list[str]) -> exp.Expr:
    """``[["a","1"],["b","2"]]``: the texts of each group, side by side. An array cannot hold arrays, so it is written."""
    rest = "".join(
        f", ',', TO_JSON_STRING(COALESCE(REGEXP_EXTRACT_ALL({{s}}, {{p{k}}})[SAFE_OFFSET(@o@)], ''))"
        for k in range(1, len(patterns))
    )
    return hygienic(
        speller,
        f"(SELECT CONCAT('[', STRING_AGG(CONCAT('[', TO_JSON_STRING(COALESCE(@f@, '')){rest}, ']'), ',' ORDER BY @o@), ']') "
        "FROM UNNEST(REGEXP_EXTRACT_ALL({s}, {p0})) AS @f@ WITH OFFSET AS @o@)",
        s=value,
        **{f"p{k}": text(pattern) for k, pattern in enumerate(patterns)},
    )


_REGEX = RegexForms(
    extract="REGEXP_EXTRACT({s}, {p})",
    extract_whole="REGEXP_EXTRACT({s}, {p})",
    replace="REGEXP_REPLACE({s}, {p}, {r})",
    count="ARRAY_LENGTH(REGEXP_EXTRACT_ALL({s}, {p}))",
    all_of_group="NULLIF(TO_JSON_STRING(REGEXP_EXTRACT_ALL({s}, {p})), '[]')",
    all_of_group_but_empty=(
        "NULLIF(TO_JSON_STRING(ARRAY(SELECT @e@ FROM UNNEST(REGEXP_EXTRACT_ALL({s}, {p})) AS @e@ WITH OFFSET AS @o@ "
        "WHERE @e@ <> '' ORDER BY @o@)), '[]')"
    ),
    rows_of_groups=_rows_of_groups,
    marked="REGEXP_REPLACE({s}, {p}, CONCAT(REPEAT(CHR(1114111), {n}), {g}, REPEAT(CHR(1114111), {n})))",
    unmarked="REPLACE({s}, CHR(1114111), '')",
)


def _strcat(speller: Speller, strcat: Call) -> exp.Expr:
    trees = [speller.text(a) for a in strcat.arguments]
    return call("CONCAT", *trees) if len(trees) > 1 else trees[0]


def _strcat_delim(speller: Speller, strcat: Call) -> exp.Expr:
    delimiter, *values = (speller.text(a) for a in strcat.arguments)
    return call("ARRAY_TO_STRING", exp.Array(expressions=values), delimiter)


def _strrep(speller: Speller, strrep: Call) -> exp.Expr:
    value, times = guarded(speller, strrep, 0), speller.value(strrep.arguments[1])
    if len(strrep.arguments) < 3:
        return speller.sql("REPEAT({v}, GREATEST({n}, 0))", v=value, n=times)
    return hygienic(
        speller,
        "ARRAY_TO_STRING(ARRAY(SELECT {v} FROM UNNEST(GENERATE_ARRAY(1, {n})) AS @i@), {d})",
        v=value,
        n=times,
        d=speller.text(strrep.arguments[2]),
    )


def _split(speller: Speller, split: Call) -> exp.Expr:
    if constant_text(split.arguments[1]) == "":
        raise speller.refuse("what an empty delimiter splits is not known", split.arguments[1].span)
    parts = speller.sql("SPLIT({s}, {d})", s=speller.text(split.arguments[0]), d=speller.text(split.arguments[1]))
    if len(split.arguments) == 2:
        return call("TO_JSON_STRING", parts)
    return hygienic(
        speller,
        "TO_JSON_STRING(ARRAY(SELECT @p@ FROM UNNEST({parts}) AS @p@ WITH OFFSET AS @o@ WHERE @o@ = {i}))",
        parts=parts,
        i=element_index(speller, split),
    )


def _indexof_regex(speller: Speller, search: Call) -> exp.Expr:
    """REGEXP_INSTR gives the place of the group where the pattern has one."""
    found = sought(speller, search)
    if found is None:
        return speller.sql("CAST(NULL AS INT64)")
    written, _ = captured(speller, search.arguments[1], found.regex, 0)
    tree = speller.text(search.arguments[0])
    if found.is_first:
        return speller.sql("REGEXP_INSTR({s}, {p}) - 1", s=tree, p=text(written))
    # A position beyond the text stops the query.
    return speller.sql(
        "COALESCE(NULLIF(REGEXP_INSTR(SUBSTR({s}, {b}), {p}, 1, {k}), 0) + {b} - 2, -1)",
        s=tree, p=text(written), b=number(found.start + 1), k=number(found.occurrence),
    )  # fmt: skip


def _from_codepoints(speller: Speller, made: Call) -> exp.Expr:
    parts = [
        speller.sql("COALESCE(SAFE.CODE_POINTS_TO_STRING([{x}]), '')", x=speller.value(a))
        if a.type is not Type.DYNAMIC
        else speller.sql(
            "COALESCE((SELECT STRING_AGG(SAFE.CODE_POINTS_TO_STRING([SAFE_CAST(c AS INT64)]), '' ORDER BY o) "
            "FROM UNNEST(JSON_VALUE_ARRAY({x})) AS c WITH OFFSET AS o), '')",
            x=speller.value(a),
        )
        for a in made.arguments
    ]
    return call("CONCAT", *parts) if len(parts) > 1 else parts[0]


def _tohex(inner: str) -> Spelling:
    def spell(speller: Speller, tohex: Call) -> exp.Expr:
        value = speller.value(tohex.arguments[0])
        if len(tohex.arguments) < 2:
            return speller.once(value, lambda v: speller.sql(inner, v=v))
        return speller.once(
            speller.once(value, lambda v: speller.sql(inner, v=v)),
            lambda h: speller.sql(
                "LPAD({h}, GREATEST(LENGTH({h}), LEAST(COALESCE({n}, 0), 16)), '0')",
                h=h,
                n=speller.value(tohex.arguments[1]),
            ),
        )

    return spell


_CSV = (
    "TO_JSON_STRING(ARRAY(SELECT REPLACE(REGEXP_REPLACE(f, {quoted}, {inner}), '\"\"', '\"') "
    "FROM UNNEST(REGEXP_EXTRACT_ALL(CONCAT(REGEXP_EXTRACT({s}, {record}), ','), {field})) AS f WITH OFFSET AS o ORDER BY o))"
)


def _parse_version(speller: Speller, parse: Call) -> exp.Expr:
    """Up to four numbers of up to eight digits, side by side."""

    def part(v: exp.Expr, i: int) -> exp.Expr:
        return speller.sql(
            f"RPAD(LPAD(COALESCE(SPLIT({{v}}, '.')[SAFE_OFFSET({i})], '0'), 8, '0'), 8, '0')", v=v.copy()
        )

    return speller.once(
        speller.text(parse.arguments[0]),
        lambda v: speller.sql(
            "CASE WHEN REGEXP_CONTAINS({v}, {valid}) THEN CAST(CONCAT({parts*}) AS BIGNUMERIC) END",
            v=v,
            valid=text(VERSION),
            parts=[part(v, i) for i in range(4)],
        ),
    )


SPELLINGS: dict[str, Spelling] = {
    **shared_spellings(_FORMS, _REGEX),
    **regex_spellings(_REGEX),
    "strlen": "LENGTH({string})",
    "string_size": "BYTE_LENGTH({string})",
    "reverse": "REVERSE({value})",
    "strcat": _strcat,
    "strcat_delim": _strcat_delim,
    "strrep": _strrep,
    "split": _split,
    "indexof_regex": _indexof_regex,
    "parse_csv": parse_csv(_CSV),
    "isascii": "REGEXP_CONTAINS({value}, '^[\\\\x00-\\\\x7f]*$')",
    "isutf8": lambda speller, check: exp.Boolean(this=True),
    "unicode_codepoints_from_string": "TO_JSON_STRING(TO_CODE_POINTS({value}))",
    # A Σ at a word's end would become ς, and İ two characters.
    "tolower": "LOWER(TRANSLATE({value}, 'Σİ', 'σi'))",
    "unicode_codepoints_to_string": _from_codepoints,
    "tohex": _tohex("CASE WHEN {v} = 0 THEN '0' ELSE LTRIM(FORMAT('%08x%08x', {v} >> 32, {v} & 4294967295), '0') END"),
    "tohex int": _tohex("FORMAT('%x', {v} & 4294967295)"),
    "parse_version": _parse_version,
}
