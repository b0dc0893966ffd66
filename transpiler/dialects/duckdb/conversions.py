"""DuckDB's spellings: conversions and text forms.

DuckDB's own casts are laxer than Kusto's (they round, take ``1_000``, ``infinity`` as an instant, and drop a zone), so
that texts pass a regular expression first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from transpiler.dialects.arithmetic import EPOCH
from transpiler.dialects.computed import computed_once, for_ends, from_ticks, guarded, hygienic
from transpiler.dialects.duckdb.paths import json_of, text_of
from transpiler.dialects.instant_texts import (
    DATE_FORMS,
    DATE_MARKS,
    INSTANT_PARTS,
    INSTANT_PATTERNS,
    TIMESPAN_PARTS,
    TIMESPAN_PATTERNS,
    clock_ticks,
    unit_ticks,
)
from transpiler.dialects.known import OF_16_DIGITS, has_few_digits
from transpiler.dialects.spelling import Speller, Spelling, sql_type, text
from transpiler.kql.instants import MAX_INSTANT
from transpiler.kql.literals import GUID_TEXT
from transpiler.plan.scalars import Call
from transpiler.types import Type

_LONG_TEXT = r"TRY_CAST(regexp_extract({x}, '^\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*$', 1) AS BIGINT)"
_INT_TEXT = _LONG_TEXT.replace("BIGINT", "INTEGER")
_REAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_REAL_TEXT = rf"TRY_CAST(regexp_extract({{x}}, '^\s*({_REAL}|(?i:[+-]?(?:inf(?:inity)?|nan)))\s*$', 1) AS DOUBLE)"
# A number that DuckDB's DECIMAL does not hold stops the query: it is none that could be missing.
_DECIMAL_TEXT = rf"CAST(NULLIF(regexp_extract({{x}}, '^\s*({_REAL})\s*$', 1), '') AS DECIMAL(38, 18))"
# What stands behind the digits is passed over (documentation: toguid).
_GUID_TEXT = f"TRY_CAST(regexp_extract({{value}}, '^(?:{GUID_TEXT})') AS UUID)"
_LEAST_LONG = "(-9223372036854775807 - 1)"
_SATURATED = (
    "CASE WHEN isfinite({v}) THEN COALESCE(TRY_CAST(trunc({v}) AS BIGINT), "
    f"CASE WHEN {{v}} > 0 THEN 9223372036854775807 ELSE {_LEAST_LONG} END) END"
)
_SATURATED_INT = (
    "CASE WHEN isfinite({v}) THEN CAST(trunc(greatest(least({v}, 2147483647e0), -2147483648e0)) AS BIGINT) END"
)
_WRAPPED = "xor({v} & 4294967295, 2147483648) - 2147483648"
_TICKS = f"(epoch_us({{value}}) + {EPOCH}) * 10"
_WRITTEN_INSTANT = "strftime({value}, '%Y-%m-%dT%H:%M:%S.%f') || '0Z'"

# Kusto writes plain digits from 1e-6 up to 1e21, DuckDB's cast only from 1e-4 up to 1e16.
_REAL_AS_TEXT = (
    "CASE WHEN NOT contains({t}, 'e') THEN regexp_replace({t}, '-?nan', 'NaN') "
    "WHEN abs({v}) >= 1e21 OR abs({v}) < 1e-6 THEN regexp_replace({t}, 'e\\+?(-?)0*', 'e\\1') "
    "WHEN abs({v}) > 1 THEN CAST(CAST({t} AS DECIMAL(38, 1)) AS VARCHAR) "
    "ELSE rtrim(CAST(CAST({t} AS DECIMAL(38, 25)) AS VARCHAR), '0') END"
)
# Of the last digits that read back Kusto writes the greatest, but where it moves them (see ``semantics/constants/real_digits``).
_LAST_DIGIT = (
    "CASE WHEN regexp_matches({t}, {long}) AND NOT abs({v}) BETWEEN 1e4 AND 65536 THEN left({t}, -1) || list_max("
    "list_filter(range(10), lambda @d@: CAST(left({t}, -1) || @d@ AS DOUBLE) = {v})) ELSE {t} END"
)
_CLOCK = (
    "lpad(CAST(abs({v}) // 3600000000 % 24 AS VARCHAR), 2, '0') || ':' || "
    "lpad(CAST(abs({v}) // 60000000 % 60 AS VARCHAR), 2, '0') || ':' || "
    "lpad(CAST(abs({v}) // 1000000 % 60 AS VARCHAR), 2, '0')"
)
TIMESPAN_AS_TEXT = (
    "CASE WHEN {v} < 0 THEN '-' ELSE '' END || "
    "CASE WHEN abs({v}) >= 86400000000 THEN CAST(abs({v}) // 86400000000 AS VARCHAR) || '.' ELSE '' END || "
    f"{_CLOCK} || "
    "CASE WHEN {v} % 1000000 <> 0 THEN '.' || lpad(CAST(abs({v}) % 1000000 AS VARCHAR), 6, '0') || '0' ELSE '' END"
)


def _of(part: str) -> str:
    return f"{{v}}['{part}']"


# DuckDB's %b takes a month's short name only, and %B its long name only.
_DATE_FORMS = ";".join(f for form in DATE_FORMS for f in dict.fromkeys((form.replace("%B", "%b"), form)))
_CLOCK_FORMS = ";".join(
    f"%Y-%m-%d %{hour}:%M{second}%z{half}"
    for hour, half in (("H", ""), ("I", "%p"))
    for second in (":%S.%f", ":%S", "")
)
_DATE_TEXT = f"translate({_of('date')} || {_of('year')} || {_of('digits')}, '{DATE_MARKS}', '{' ' * len(DATE_MARKS)}')"
_INSTANT_TEXT = (
    f"CAST(CAST(try_strptime({_DATE_TEXT}, string_split('{_DATE_FORMS}', ';')) AS DATE) AS VARCHAR) || ' ' || "
    f"COALESCE(NULLIF({_of('clock')}, ''), '0:0') || {_of('s')} || {_of('f')} || "
    f"COALESCE(NULLIF({_of('zone')}, ''), '+00') || {_of('half')}"
)
# An offset may lead out of the calendar.
_INSTANT_OF_PARTS = (
    f"list_filter([try_strptime({_INSTANT_TEXT}, string_split('{_CLOCK_FORMS}', ';')) AT TIME ZONE 'UTC'], "
    "lambda @t@: year(@t@) BETWEEN 1 AND 9999)[1]"
)

_TIMESPAN_OF_PARTS = (
    f"TRY_CAST(CASE {_of('sign')} WHEN '-' THEN -1 ELSE 1 END * CASE WHEN {_of('d')} || {_of('h')} <> '' "
    f"THEN {clock_ticks(_of, 'TRY_CAST({x} AS HUGEINT)')} + CAST(rpad({_of('f')}, 7, '0') AS HUGEINT) "
    f"ELSE CAST(TRY_CAST({_of('amount')} AS DECIMAL(38, 9)) * {unit_ticks(_of)} AS HUGEINT) END AS BIGINT) // 10"
)
_S = "json_extract_string({v}, '$')"
_D = "TRY_CAST({t} AS DOUBLE)"


def _dynamic(template: str) -> Spelling:
    """A template over ``{v}``, a dynamic value, and ``{t}``, its JSON text: casts of the JSON type read into strings."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        def build(v: exp.Expr) -> exp.Expr:
            return speller.sql(template, v=v, t=exp.Cast(this=v.copy(), to=sql_type("TEXT", "duckdb")))

        return speller.once(json_of(speller, call.arguments[0]), build)

    return spell


def _of_parts(template: str, patterns: Mapping[Type, str], parts: Sequence[str]) -> Spelling:
    """A template over ``{v}``, the parts of the string, or of what a dynamic value holds; all empty where it does not match."""
    names = ", ".join(f"'{part}'" for part in parts)

    def spell(speller: Speller, call: Call) -> exp.Expr:
        (argument,) = call.arguments
        value = text_of(speller, argument) if argument.type is Type.DYNAMIC else guarded(speller, call, 0)
        found = speller.sql(
            f"regexp_extract({{value}}, {{pattern}}, [{names}])", value=value, pattern=text(patterns[argument.type])
        )
        return speller.once(found, lambda v: hygienic(speller, template, v=v))

    return spell


_TODATETIME = _of_parts(_INSTANT_OF_PARTS, INSTANT_PATTERNS, INSTANT_PARTS)
_TOTIMESPAN = _of_parts(_TIMESPAN_OF_PARTS, TIMESPAN_PATTERNS, TIMESPAN_PARTS)


def _of_string(template: str) -> Spelling:
    """A template over ``{value}``, the string that a dynamic value holds."""
    return lambda speller, call: speller.sql(template, value=text_of(speller, call.arguments[0]))


def _beyond(greatest: str, least: str) -> str:
    """What a dynamic value is that is no whole number of the size wanted: a bool, or a number out of range."""
    return (
        "CASE WHEN {t} = 'true' THEN 1 WHEN {t} = 'false' THEN 0 "
        f"WHEN {_D} > 0 THEN {greatest} WHEN {_D} < 0 THEN {least} END"
    )


_LONG_OF_DYNAMIC = (
    f"COALESCE({_LONG_TEXT.replace('{x}', _S)}, TRY_CAST(trunc({_D}) AS BIGINT), "
    f"{_beyond('9223372036854775807', _LEAST_LONG)})"
)
# A whole number wraps, as a long does; a fraction stops at the largest int; a string that is too large is null.
_INT_OF_DYNAMIC = (
    f"COALESCE(CAST({_INT_TEXT.replace('{x}', _S)} AS BIGINT), "
    + _WRAPPED.replace("{v}", "TRY_CAST(regexp_extract({t}, '^-?[0-9]+$') AS BIGINT)")
    + f", CAST(TRY_CAST(trunc({_D}) AS INTEGER) AS BIGINT), {_beyond('2147483647', '-2147483648')})"
)
_ZERO_OR_ONE = "CASE {t} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
_BOOL_TEXT = (
    f"CASE lower({{v}}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE {_LONG_TEXT.replace('{x}', '{v}')} <> 0 END"
)
_BOOL_OF_DYNAMIC = (
    f"CASE lower({_S}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE "
    f"ELSE COALESCE({_LONG_TEXT.replace('{x}', _S)} <> 0, {_D} <> 0) END"
)


def _tostring_real(speller: Speller, call: Call) -> exp.Expr:
    def written(v: exp.Expr) -> exp.Expr:
        cast = exp.Cast(this=v.copy(), to=sql_type("TEXT", "duckdb"))
        plain = speller.once(cast, lambda t: speller.sql(_REAL_AS_TEXT, t=t, v=v.copy()))
        if call.options or has_few_digits(call.arguments[0]):
            return plain
        return speller.once(plain, lambda t: hygienic(speller, _LAST_DIGIT, t=t, v=v.copy(), long=text(OF_16_DIGITS)))

    return speller.once(speller.value(call.arguments[0]), written)


def _gettype(speller: Speller, call: Call) -> exp.Expr:
    return speller.sql(
        "CASE json_type({v}) WHEN 'VARCHAR' THEN 'string' WHEN 'BIGINT' THEN 'long' "
        "WHEN 'UBIGINT' THEN CASE WHEN TRY_CAST({v} AS BIGINT) IS NULL THEN 'double' ELSE 'long' END "
        "WHEN 'DOUBLE' THEN 'double' WHEN 'BOOLEAN' THEN 'bool' WHEN 'ARRAY' THEN 'array' "
        "WHEN 'OBJECT' THEN 'dictionary' ELSE 'null' END",
        v=json_of(speller, call.arguments[0]),
    )


def _identity(speller: Speller, call: Call) -> exp.Expr:
    return speller.value(call.arguments[0])


def _wide(speller: Speller, call: Call) -> exp.Expr:
    """A stored int has 32 bits."""
    tree = speller.value(call.arguments[0])
    return speller.sql("CAST({x} AS BIGINT)", x=tree) if call.arguments[0].type is Type.INT else tree


SPELLINGS: dict[str, Spelling] = {
    "tostring long": "CAST({value} AS VARCHAR)",
    "tostring dynamic": _of_string("{value}"),
    "tostring real": _tostring_real,
    "tostring decimal": r"regexp_replace(CAST({value} AS VARCHAR), '(\.\d*[1-9])0+$|\.0+$', '\1')",
    "tostring bool": "CASE WHEN {value} THEN 'True' WHEN NOT {value} THEN 'False' END",
    "tostring datetime": for_ends(_WRITTEN_INSTANT, _WRITTEN_INSTANT.replace("0Z", "9Z")),
    "tostring timespan": computed_once(TIMESPAN_AS_TEXT),
    "tostring guid": "CAST({value} AS VARCHAR)",
    "tolong string": _LONG_TEXT.replace("{x}", "{value}"),
    "tolong dynamic": _dynamic(_LONG_OF_DYNAMIC),
    "tolong integer": _wide,
    "tolong real": computed_once(_SATURATED),
    "tolong decimal": "TRY_CAST(trunc({value}) AS BIGINT)",
    "tolong bool": "CAST({value} AS BIGINT)",
    "tolong datetime": from_ticks(_TICKS, "{ticks}"),
    "tolong timespan": "{value} * 10",
    "toint string": f"CAST({_INT_TEXT.replace('{x}', '{value}')} AS BIGINT)",
    "toint dynamic": _dynamic(_INT_OF_DYNAMIC),
    "toint long": _WRAPPED.replace("{v}", "{value}"),
    "toint real": computed_once(_SATURATED_INT),
    "toint decimal": "CAST(TRY_CAST(trunc({value}) AS INTEGER) AS BIGINT)",
    "toint bool": "CAST({value} AS BIGINT)",
    "toint datetime": from_ticks(_TICKS, _WRAPPED.replace("{v}", "({ticks})")),
    "toint timespan": _WRAPPED.replace("{v}", "({value} * 10)"),
    "toreal string": _REAL_TEXT.replace("{x}", "{value}"),
    "toreal dynamic": _dynamic(f"COALESCE({_REAL_TEXT.replace('{x}', _S)}, {_ZERO_OR_ONE})"),
    "toreal integer": "CAST({value} AS DOUBLE)",
    "toreal decimal": "CAST({value} AS DOUBLE)",
    "toreal bool": "CAST(CAST({value} AS BIGINT) AS DOUBLE)",
    "toreal datetime": from_ticks(_TICKS, "CAST({ticks} AS DOUBLE)"),
    "toreal timespan": "CAST({value} * 10 AS DOUBLE)",
    "todecimal string": _DECIMAL_TEXT.replace("{x}", "{value}"),
    "todecimal dynamic": _dynamic(f"COALESCE({_DECIMAL_TEXT.replace('{x}', _S)}, {_ZERO_OR_ONE})"),
    "todecimal integer": "CAST({value} AS DECIMAL(38, 18))",
    "todecimal real": computed_once("CASE WHEN isfinite({v}) THEN CAST(CAST({v} AS VARCHAR) AS DECIMAL(38, 18)) END"),
    "todecimal bool": "CAST(CAST({value} AS BIGINT) AS DECIMAL(38, 18))",
    "tobool string": computed_once(_BOOL_TEXT),
    "tobool dynamic": _dynamic(_BOOL_OF_DYNAMIC),
    "tobool number": "{value} <> 0",
    "todatetime string": _TODATETIME,
    "todatetime dynamic": _TODATETIME,
    "todatetime integer": computed_once(
        f"CASE WHEN {{v}} BETWEEN 0 AND {MAX_INSTANT} THEN make_timestamp({{v}} // 10 - {EPOCH}) END"
    ),
    "totimespan string": _TOTIMESPAN,
    "totimespan dynamic": _TOTIMESPAN,
    "totimespan integer": "{value} // 10",
    "toguid string": _GUID_TEXT,
    "toguid dynamic": _of_string(_GUID_TEXT),
    "gettype": _gettype,
}
