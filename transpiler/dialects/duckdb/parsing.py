"""parse and parse-kv in DuckDB: all groups of a match are one STRUCT."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.parsing import BLANKS, names_of, pair_patterns, pattern_of
from transpiler.dialects.spelling import Speller, Spelling, text
from transpiler.plan.scalars import Call


def _groups(speller: Speller, call: Call) -> exp.Expr:
    names = exp.Array(expressions=[text(n) for n in names_of(call)])
    pattern = text(pattern_of(speller, call, None))
    return speller.sql("regexp_extract({s}, {p}, {n})", s=speller.value(call.arguments[0]), p=pattern, n=names)


def _group(speller: Speller, call: Call) -> exp.Expr:
    pattern = text(pattern_of(speller, call, 0))
    return speller.sql("regexp_extract({s}, {p}, 1)", s=speller.value(call.arguments[0]), p=pattern)


def _test(speller: Speller, call: Call) -> exp.Expr:
    pattern = text(pattern_of(speller, call, -1))
    return speller.sql("regexp_matches({s}, {p})", s=speller.text(call.arguments[0]), p=pattern)


def _field(speller: Speller, call: Call) -> exp.Expr:
    name = exp.to_identifier(str(call.options[0]))
    return exp.Dot(this=speller.value(call.arguments[0]), expression=name)


_PAIR = (
    "list_extract(list_filter(list_zip(list_transform(regexp_extract_all({s}, {k}, 1), "
    "lambda @e@: regexp_replace(@e@, {blanks}, '', 'g')), regexp_extract_all({s}, {v}, 1)), "
    "lambda @e@: struct_extract(@e@, 1) = {key}), 1)"
)


def _pair(speller: Speller, call: Call) -> exp.Expr:
    keys, values = pair_patterns(speller, call)
    slots = {"k": text(keys), "v": text(values), "blanks": text(BLANKS), "key": text(str(call.options[1]))}
    found = speller.once(speller.value(call.arguments[0]), lambda s: hygienic(speller, _PAIR, s=s, **slots))
    template = "regexp_replace(struct_extract({found}, 2), {blanks}, '', 'g')"
    return speller.sql(template, found=found, blanks=text(BLANKS))


SPELLINGS: dict[str, Spelling] = {
    "parse groups": _groups,
    "parse group": _group,
    "parse test": _test,
    "parse field": _field,
    "parse whole": "TRY_CAST({text} AS BIGINT)",
    "parse whole int": "CAST(TRY_CAST({text} AS INT) AS BIGINT)",
    "parse pair": _pair,
    "parse unquoted": lambda speller, call: speller.sql(
        "regexp_replace({s}, {p}, {r}, 'g')",
        s=speller.value(call.arguments[0]),
        p=text(str(call.options[0])),
        r=text(r"\1"),
    ),
}
