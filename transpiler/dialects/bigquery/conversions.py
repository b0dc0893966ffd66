"""BigQuery's spellings: conversions and text forms.

``SAFE_CAST`` reads whole numbers just as Kusto does (hexadecimal, blanks around); real numbers and instants need a
regular expression first, and nothing may depend on the project's time zone.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from transpiler.dialects.arithmetic import EPOCH
from transpiler.dialects.bigquery.columns import is_queried, scalar_in
from transpiler.dialects.bigquery.formats import part_at
from transpiler.dialects.bigquery.paths import is_parsed, is_plain, json_of, scalar_text_of
from transpiler.dialects.computed import computed_from, computed_once, for_ends, from_ticks, hygienic
from transpiler.dialects.instant_texts import (
    DATE_FORMS,
    DATE_MARKS,
    INSTANT_PATTERNS,
    TIMESPAN_PARTS,
    TIMESPAN_PATTERNS,
    clock_ticks,
    group,
    unit_ticks,
)
from transpiler.dialects.known import OF_16_DIGITS, has_few_digits
from transpiler.dialects.spelling import Speller, Spelling, text
from transpiler.kql.instants import MAX_INSTANT
from transpiler.kql.literals import GUID_TEXT
from transpiler.plan.scalars import Call, Path
from transpiler.types import Type

_LONG_TEXT = "SAFE_CAST({x} AS INT64)"
# FLOAT64 would also take 0x10.
_REAL_TEXT = "SAFE_CAST(NULLIF(REGEXP_REPLACE({x}, '(?i)^.*0x.*$', ''), '') AS FLOAT64)"
_DECIMAL_TEXT = "SAFE_CAST({x} AS BIGNUMERIC)"
_BOOL_TEXT = "CASE LOWER({x}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE ELSE SAFE_CAST({x} AS INT64) <> 0 END"
_IN_INT = "CASE WHEN {v} BETWEEN -2147483648 AND 2147483647 THEN {v} END"
_SATURATED = (
    "CASE WHEN NOT IS_NAN({v}) AND NOT IS_INF({v}) THEN COALESCE(SAFE_CAST(TRUNC({v}) AS INT64), "
    "CASE WHEN {v} > 0 THEN 9223372036854775807 ELSE -9223372036854775808 END) END"
)
_SATURATED_INT = (
    "CASE WHEN NOT IS_NAN({v}) AND NOT IS_INF({v}) "
    "THEN CAST(TRUNC(GREATEST(LEAST({v}, 2147483647.0), -2147483648.0)) AS INT64) END"
)
_WRAPPED = "(({v} & 4294967295) ^ 2147483648) - 2147483648"
_TICKS = f"(UNIX_MICROS({{value}}) + {EPOCH}) * 10"
_WRITTEN_INSTANT = "FORMAT_TIMESTAMP('%E4Y-%m-%dT%H:%M:%E6S0Z', {value}, 'UTC')"

# The shortest text that reads back as the same number; BigQuery's own has 17 digits where 16 are enough.
_SHORTEST = (
    "(SELECT @f@ FROM UNNEST([FORMAT('%.15g', {v}), FORMAT('%.16g', {v}), FORMAT('%.17g', {v})]) AS @f@ WITH OFFSET AS @o@ "
    "WHERE CAST(@f@ AS FLOAT64) = {v} ORDER BY @o@ LIMIT 1)"
)
# Kusto writes plain digits from 1e-6 up to 1e21.
_REAL_AS_TEXT = (
    "CASE WHEN IS_NAN({v}) THEN 'NaN' WHEN IS_INF({v}) THEN CAST({v} AS STRING) WHEN {v} = 0 THEN FORMAT('%t', {v}) "
    "WHEN ABS({v}) >= 1e-6 AND ABS({v}) < 1e21 "
    f"THEN REGEXP_REPLACE(CAST(CAST({_SHORTEST} AS BIGNUMERIC) AS STRING), {{whole}}, {{point}}) "
    f"WHEN NOT {{v}} IS NULL THEN REGEXP_REPLACE({_SHORTEST}, {{exponent}}, {{short}}) END"
)
# Of the last digits that read back Kusto writes the greatest, but where it moves them (see ``semantics/constants/real_digits``).
_LAST_DIGIT = (
    "IF(REGEXP_CONTAINS({t}, {long}) AND NOT ABS({v}) BETWEEN 1e4 AND 65536, CONCAT(LEFT({t}, LENGTH({t}) - 1), "
    "(SELECT CAST(MAX(@d@) AS STRING) FROM UNNEST(GENERATE_ARRAY(0, 9)) AS @d@ "
    "WHERE CAST(CONCAT(LEFT({t}, LENGTH({t}) - 1), CAST(@d@ AS STRING)) AS FLOAT64) = {v})), {t})"
)
TIMESPAN_AS_TEXT = (
    "CONCAT(CASE WHEN {v} < 0 THEN '-' ELSE '' END, "
    "CASE WHEN ABS({v}) >= 86400000000 THEN CONCAT(CAST(DIV(ABS({v}), 86400000000) AS STRING), '.') ELSE '' END, "
    "FORMAT('%02d:%02d:%02d', MOD(DIV(ABS({v}), 3600000000), 24), MOD(DIV(ABS({v}), 60000000), 60), "
    "MOD(DIV(ABS({v}), 1000000), 60)), "
    "CASE WHEN MOD({v}, 1000000) <> 0 THEN FORMAT('.%06d0', MOD(ABS({v}), 1000000)) ELSE '' END)"
)

_INSTANT_PARTS = ";".join(
    "".join(group(name) for name in names)
    for names in (("date", "year", "digits"), ("clock",), ("s",), ("f",), ("zone",), ("half",))
)
# A blank of a form would stand for none as well, and 1210/24 be the 10th of December.
_DATE = (
    f"(SELECT MAX(SAFE.PARSE_DATE(@f@, REGEXP_REPLACE(@p@[SAFE_OFFSET(0)], '[{DATE_MARKS} ]+', '/'))) "
    f"FROM UNNEST(SPLIT('{';'.join(DATE_FORMS).replace(' ', '/')}', ';')) AS @f@)"
)
_INSTANT_TEXT = (
    "(SELECT SAFE.PARSE_TIMESTAMP("
    "IF(@p@[SAFE_OFFSET(5)] = '', '%Y-%m-%d %H:%M:%E*S%Ez', '%Y-%m-%d %I:%M:%E*S%Ez%p'), "
    f"CONCAT(CAST({_DATE} AS STRING), ' ', IF(@p@[SAFE_OFFSET(1)] = '', '0:0', @p@[SAFE_OFFSET(1)]), "
    "IF(@p@[SAFE_OFFSET(2)] = '', ':0', @p@[SAFE_OFFSET(2)]), @p@[SAFE_OFFSET(3)], "
    "IF(@p@[SAFE_OFFSET(4)] = '', 'Z', @p@[SAFE_OFFSET(4)]), @p@[SAFE_OFFSET(5)])) "
    "FROM UNNEST([STRUCT(SPLIT(REGEXP_REPLACE({value}, {pattern}, {parts}), ';') AS @p@)]))"
)


def _of(part: str) -> str:
    return f"@p@[SAFE_OFFSET({TIMESPAN_PARTS.index(part)})]"


_TIMESPAN_TEXT = (
    f"(SELECT DIV(SAFE_CAST(IF({_of('sign')} = '-', -1, 1) * IF(CONCAT({_of('d')}, {_of('h')}) <> '', "
    f"{clock_ticks(_of, 'SAFE_CAST({x} AS BIGNUMERIC)')} + CAST(RPAD({_of('f')}, 7, '0') AS BIGNUMERIC), "
    f"SAFE_CAST({_of('amount')} AS BIGNUMERIC) * {unit_ticks(_of)}) AS INT64), 10) "
    "FROM UNNEST([STRUCT(SPLIT(REGEXP_REPLACE({value}, {pattern}, {parts}), ';') AS @p@)]))"
)


def _argument(speller: Speller, call: Call) -> exp.Expr:
    """The string that is to be read: the argument, or what a dynamic argument holds."""
    (argument,) = call.arguments
    return scalar_text_of(speller, argument) if argument.type is Type.DYNAMIC else speller.value(argument)


def _tostring_dynamic(speller: Speller, call: Call) -> exp.Expr:
    """A string as it is, anything else as its JSON text."""
    (argument,) = call.arguments
    if (part := part_at(speller, argument)) is not None:
        return part
    tree = json_of(speller, argument)
    scalar = scalar_in(speller.dialect, tree)
    if isinstance(argument, Path) and is_plain(argument) and is_parsed(argument):
        scalar = scalar_text_of(speller, argument)
    if scalar is not None:
        return speller.sql("COALESCE({s}, {j})", s=scalar, j=tree)
    whole = "{v}" if is_queried(tree) else "NULLIF({v}, 'null')"
    return speller.once(tree, lambda v: speller.sql(f"COALESCE(JSON_VALUE({{v}}), {whole})", v=v))


def _of_parts(template: str, patterns: Mapping[Type, str], parts: str) -> Spelling:
    """A template over the parts of the string, or of what a dynamic value holds. A text that does not match has no parts."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        value = _argument(speller, call)
        pattern = rf"{patterns[call.arguments[0].type]}|^[\s\S]*$"
        return hygienic(speller, template, value=value, pattern=text(pattern), parts=text(parts))

    return spell


_TODATETIME = _of_parts(_INSTANT_TEXT, INSTANT_PATTERNS, _INSTANT_PARTS)
_TOTIMESPAN = _of_parts(_TIMESPAN_TEXT, TIMESPAN_PATTERNS, ";".join(f"\\{n}" for n in range(1, 9)))

_S = "JSON_VALUE({v})"
_D = "SAFE_CAST({v} AS FLOAT64)"


def _beyond(greatest: str, least: str) -> str:
    """What a dynamic value is that is no whole number of the size wanted: a bool, or a number out of range."""
    return (
        "CASE WHEN {v} = 'true' THEN 1 WHEN {v} = 'false' THEN 0 "
        f"WHEN {_D} > 0 THEN {greatest} WHEN {_D} < 0 THEN {least} END"
    )


_LONG_OF_DYNAMIC = (
    f"COALESCE(SAFE_CAST({_S} AS INT64), SAFE_CAST(TRUNC({_D}) AS INT64), "
    f"{_beyond('9223372036854775807', '-9223372036854775808')})"
)
# A whole number wraps, as a long does; a fraction stops at the largest int; a string that is too large is null.
_INT_OF_DYNAMIC = (
    f"COALESCE({_IN_INT.replace('{v}', f'SAFE_CAST({_S} AS INT64)')}, {_WRAPPED.replace('{v}', 'SAFE_CAST({v} AS INT64)')}, "
    f"{_IN_INT.replace('{v}', f'SAFE_CAST(TRUNC({_D}) AS INT64)')}, {_beyond('2147483647', '-2147483648')})"
)
_ZERO_OR_ONE = "CASE {v} WHEN 'true' THEN 1 WHEN 'false' THEN 0 END"
_BOOL_OF_DYNAMIC = (
    f"CASE LOWER({_S}) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE "
    f"ELSE COALESCE(SAFE_CAST({_S} AS INT64) <> 0, {_D} <> 0) END"
)


def _tostring_real(speller: Speller, call: Call) -> exp.Expr:
    (number,) = call.arguments

    def written(v: exp.Expr) -> exp.Expr:
        plain = hygienic(
            speller,
            _REAL_AS_TEXT, v=v, whole=text(r"^(-?\d+)$"), point=text(r"\1.0"), exponent=text(r"e\+?(-?)0*"), short=text(r"e\1")
        )  # fmt: skip
        if call.options or has_few_digits(number):
            return plain
        return speller.once(plain, lambda t: hygienic(speller, _LAST_DIGIT, t=t, v=v.copy(), long=text(OF_16_DIGITS)))

    return speller.once(speller.value(number), written)


def _toguid(speller: Speller, call: Call) -> exp.Expr:
    """What stands behind the digits is passed over (documentation: toguid)."""
    return speller.sql(
        "REGEXP_REPLACE(LOWER(REGEXP_REPLACE(REGEXP_EXTRACT({v}, {guid}), '[{}-]', '')), {parts}, {form})",
        v=_argument(speller, call),
        guid=text(f"^(?:{GUID_TEXT})"),
        parts=text("^(.{8})(.{4})(.{4})(.{4})(.{12})$"),
        form=text(r"\1-\2-\3-\4-\5"),
    )


def _gettype(speller: Speller, call: Call) -> exp.Expr:
    return speller.once(
        speller.value(call.arguments[0]),
        lambda v: speller.sql(
            "CASE WHEN {v} IS NULL OR {v} = 'null' THEN 'null' WHEN STARTS_WITH({v}, '\"') THEN 'string' "
            "WHEN STARTS_WITH({v}, '[') THEN 'array' WHEN STARTS_WITH({v}, {brace}) THEN 'dictionary' "
            "WHEN {v} IN ('true', 'false') THEN 'bool' WHEN SAFE_CAST({v} AS INT64) IS NULL THEN 'double' ELSE 'long' END",
            v=v, brace=text("{"),
        ),
    )  # fmt: skip


def _identity(speller: Speller, call: Call) -> exp.Expr:
    return speller.value(call.arguments[0])


SPELLINGS: dict[str, Spelling] = {
    "tostring long": "CAST({value} AS STRING)",
    "tostring dynamic": _tostring_dynamic,
    "tostring real": _tostring_real,
    "tostring decimal": "CAST({value} AS STRING)",
    "tostring bool": "CASE WHEN {value} THEN 'True' WHEN NOT {value} THEN 'False' END",
    "tostring datetime": for_ends(_WRITTEN_INSTANT, _WRITTEN_INSTANT.replace("0Z", "9Z")),
    "tostring timespan": computed_once(TIMESPAN_AS_TEXT),
    "tostring guid": _identity,
    "tolong string": _LONG_TEXT.replace("{x}", "{value}"),
    "tolong dynamic": computed_once(_LONG_OF_DYNAMIC),
    "tolong integer": _identity,
    "tolong real": computed_once(_SATURATED),
    "tolong decimal": "SAFE_CAST(TRUNC({value}) AS INT64)",
    "tolong bool": "CAST({value} AS INT64)",
    "tolong datetime": from_ticks(_TICKS, "{ticks}"),
    "tolong timespan": "{value} * 10",
    "toint string": computed_from(_LONG_TEXT.replace("{x}", "{value}"), _IN_INT),
    "toint dynamic": computed_once(_INT_OF_DYNAMIC),
    "toint long": _WRAPPED.replace("{v}", "{value}"),
    "toint real": computed_once(_SATURATED_INT),
    "toint decimal": computed_from("SAFE_CAST(TRUNC({value}) AS INT64)", _IN_INT),
    "toint bool": "CAST({value} AS INT64)",
    "toint datetime": from_ticks(_TICKS, _WRAPPED.replace("{v}", "({ticks})")),
    "toint timespan": _WRAPPED.replace("{v}", "({value} * 10)"),
    "toreal string": _REAL_TEXT.replace("{x}", "{value}"),
    "toreal dynamic": computed_once(f"COALESCE({_REAL_TEXT.replace('{x}', _S)}, {_ZERO_OR_ONE})"),
    "toreal integer": "CAST({value} AS FLOAT64)",
    "toreal decimal": "CAST({value} AS FLOAT64)",
    "toreal bool": "CAST(CAST({value} AS INT64) AS FLOAT64)",
    "toreal datetime": from_ticks(_TICKS, "CAST({ticks} AS FLOAT64)"),
    "toreal timespan": "CAST({value} * 10 AS FLOAT64)",
    "todecimal string": _DECIMAL_TEXT.replace("{x}", "{value}"),
    "todecimal dynamic": computed_once(f"COALESCE({_DECIMAL_TEXT.replace('{x}', _S)}, {_ZERO_OR_ONE})"),
    "todecimal integer": "CAST({value} AS BIGNUMERIC)",
    "todecimal real": "SAFE_CAST(CAST({value} AS STRING) AS BIGNUMERIC)",
    "todecimal bool": "CAST(CAST({value} AS INT64) AS BIGNUMERIC)",
    "tobool string": computed_once(_BOOL_TEXT.replace("{x}", "{v}")),
    "tobool dynamic": computed_once(_BOOL_OF_DYNAMIC),
    "tobool number": "{value} <> 0",
    "todatetime string": _TODATETIME,
    "todatetime dynamic": _TODATETIME,
    "todatetime integer": computed_once(
        f"CASE WHEN {{v}} BETWEEN 0 AND {MAX_INSTANT} THEN TIMESTAMP_MICROS(DIV({{v}}, 10) - {EPOCH}) END"
    ),
    "totimespan string": _TOTIMESPAN,
    "totimespan dynamic": _TOTIMESPAN,
    "totimespan integer": "DIV({value}, 10)",
    "toguid string": _toguid,
    "toguid dynamic": _toguid,
    "gettype": _gettype,
}
