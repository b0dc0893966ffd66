"""parse and parse-kv in BigQuery: REGEXP_EXTRACT takes one group, so each is extracted by a pattern of its own."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.parsing import BLANKS, names_of, pair_patterns, pattern_of
from transpiler.dialects.spelling import Speller, Spelling, text
from transpiler.plan.scalars import Call


def _groups(speller: Speller, call: Call) -> exp.Expr:
    value = speller.value(call.arguments[0])
    fields = []
    for n, name in enumerate(names_of(call)):
        pattern = text(pattern_of(speller, call, n))
        extract = speller.sql("REGEXP_EXTRACT({s}, {p})", s=value.copy(), p=pattern)
        fields.append(exp.Alias(this=extract, alias=exp.to_identifier(name)))
    return exp.Struct(expressions=fields)


def _group(speller: Speller, call: Call) -> exp.Expr:
    pattern = text(pattern_of(speller, call, 0))
    return speller.sql("REGEXP_EXTRACT({s}, {p})", s=speller.value(call.arguments[0]), p=pattern)


def _test(speller: Speller, call: Call) -> exp.Expr:
    pattern = text(pattern_of(speller, call, -1))
    return speller.sql("REGEXP_CONTAINS({s}, {p})", s=speller.text(call.arguments[0]), p=pattern)


def _field(speller: Speller, call: Call) -> exp.Expr:
    name = exp.to_identifier(str(call.options[0]))
    return exp.Dot(this=speller.value(call.arguments[0]), expression=name)


def _whole_int(speller: Speller, call: Call) -> exp.Expr:
    value = speller.sql("SAFE_CAST({text} AS INT64)", text=speller.value(call.arguments[0]))
    return speller.once(value, lambda v: speller.sql("IF({v} BETWEEN -2147483648 AND 2147483647, {v}, NULL)", v=v))


_PAIR = (
    "(SELECT REGEXP_REPLACE(@v@, {blanks}, '') FROM UNNEST(REGEXP_EXTRACT_ALL({s}, {k})) AS @k@ WITH OFFSET AS @i@ "
    "JOIN UNNEST(REGEXP_EXTRACT_ALL({s}, {v})) AS @v@ WITH OFFSET AS @j@ ON @i@ = @j@ "
    "WHERE REGEXP_REPLACE(@k@, {blanks}, '') = {key} ORDER BY @i@ LIMIT 1)"
)


def _pair(speller: Speller, call: Call) -> exp.Expr:
    keys, values = pair_patterns(speller, call)
    slots = {"k": text(keys), "v": text(values), "blanks": text(BLANKS), "key": text(str(call.options[1]))}
    return speller.once(speller.value(call.arguments[0]), lambda s: hygienic(speller, _PAIR, s=s, **slots))


SPELLINGS: dict[str, Spelling] = {
    "parse groups": _groups,
    "parse group": _group,
    "parse test": _test,
    "parse field": _field,
    "parse whole": "SAFE_CAST({text} AS INT64)",
    "parse whole int": _whole_int,
    "parse pair": _pair,
    "parse unquoted": lambda speller, call: speller.sql(
        "REGEXP_REPLACE({s}, {p}, {r})",
        s=speller.value(call.arguments[0]),
        p=text(str(call.options[0])),
        r=text(r"\1"),
    ),
}
