"""DuckDB's spellings: numbers and bins. Its functions of reals follow IEEE 754, as Kusto's do."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.arithmetic import EPOCH
from transpiler.dialects.duckdb.arithmetic import in_calendar, modulo, wide
from transpiler.dialects.numbers import bin_at_real, bin_instant, bin_real, bin_whole, error_function, rounded
from transpiler.dialects.spelling import Speller, Spelling, number, operand
from transpiler.dialects.times import interval_of
from transpiler.dialects.welch import DENSITY, DISTANCE, WEIGHT, welch_test
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

_DAY = 86_400_000_000
_NAN = "CAST('nan' AS DOUBLE)"
# The bits that stay, moved, as a number without sign; then the sign of 64 bits.
_SHIFT_LEFT = (
    "CASE WHEN {n} >= 0 THEN CAST(xor((CAST({v} AS HUGEINT) & ((CAST(1 AS HUGEINT) << CAST(64 - {n} % 64 AS INTEGER)) - 1)) "
    "<< CAST({n} % 64 AS INTEGER), 9223372036854775808) - 9223372036854775808 AS BIGINT) END"
)
_GAMMA = (
    "CASE WHEN {{v}} > 0 OR {{v}} <> floor({{v}}) THEN {name}({{v}}) WHEN {{v}} = 0 THEN CAST('inf' AS DOUBLE) "
    f"WHEN {{{{v}}}} < 0 THEN {_NAN} END"
)


def _tail(t: str) -> str:
    """The integral of Student's density from a number on: no subquery, which a lambda does not take."""
    y = f"({t} + {DISTANCE}) * ({t} + {DISTANCE}) / {{v}}"
    density = f"list_transform([{y}], lambda @y@: {DENSITY})[1]"
    return f"list_sum(list_transform(range(-67, 68), lambda @i@: {WEIGHT} * {density}))"


_TAIL = f"{_tail('{t}')} / {_tail('0')}"


def bucket(speller: Speller, instant: exp.Expr, size: int, origin: Constant | None) -> exp.Expr | None:
    """``date_trunc('hour', t)`` for one unit, else ``time_bucket``. Its own origin is a Monday midnight, as Kusto's is."""
    count, unit = interval_of(size)
    if origin is None and count == 1 and unit != "MICROSECOND":
        return speller.sql(f"date_trunc('{unit.lower()}', {{t}})", t=instant)
    step = exp.Interval(this=number(count), unit=exp.Var(this=unit))
    if origin is not None:
        found = speller.sql("time_bucket({step}, {t}, {o})", step=step, t=instant, o=speller.value(origin))
        return in_calendar(speller, found)
    if _DAY % size == 0 or size == 7 * _DAY:
        return speller.sql("time_bucket({step}, {t})", step=step, t=instant)
    return speller.sql("time_bucket({step}, {t}, TIMESTAMP '0001-01-01 00:00:00')", step=step, t=instant)


def _wide(template: str) -> Spelling:
    """A template over ``{xs*}``, the arguments as 64-bit numbers."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.sql(template, xs=wide(speller, *call.arguments))

    return spell


def _wide_value(speller: Speller, scalar: Scalar) -> exp.Expr:
    return wide(speller, scalar)[0]


def _not(speller: Speller, call: Call) -> exp.Expr:
    return exp.BitwiseNot(this=operand(_wide_value(speller, call.arguments[0])))


def _wide_operation(kind: type[exp.Expr]) -> Spelling:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        left, right = (operand(t) for t in wide(speller, *call.arguments))
        return kind(this=left, expression=right)

    return spell


def _greatest(speller: Speller, call: Call) -> exp.Expr:
    """``max_of``: nulls are passed over."""
    return speller.sql("greatest({xs*})", xs=_candidates(speller, call))


def _candidates(speller: Speller, call: Call) -> list[exp.Expr]:
    if call.type is Type.STRING:
        return [speller.text(a) for a in call.arguments]
    return wide(speller, *call.arguments) if call.type is Type.LONG else [speller.value(a) for a in call.arguments]


def _least(speller: Speller, call: Call) -> exp.Expr:
    """``min_of``: nulls are passed over, NaN is not."""
    trees = _candidates(speller, call)
    least = speller.sql("least({xs*})", xs=trees)
    checks = [
        speller.sql("isnan({x})", x=t.copy()) for a, t in zip(call.arguments, trees, strict=True) if may_be_nan(a)
    ]
    if not checks:
        return least
    test = checks[0]
    for check in checks[1:]:
        test = exp.Or(this=test, expression=check)
    return speller.sql(f"CASE WHEN {{test}} THEN {_NAN} ELSE {{least}} END", test=test, least=least)


def _once(template: str) -> Spelling:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.once(speller.value(call.arguments[0]), lambda v: speller.sql(template, v=v))

    return spell


_B = "lgamma({alpha} + {beta}) - lgamma({alpha}) - lgamma({beta})"
# Trap: of large parameters the first factors are 0 and the last is infinite.
_BETA_PDF = (
    "CASE WHEN {x} > 0 AND {x} < 1 AND {alpha} > 0 AND {beta} > 0 THEN CASE WHEN {alpha} + {beta} < 100 "
    f"THEN pow({{x}}, {{alpha}} - 1) * pow(1 - {{x}}, {{beta}} - 1) * exp({_B}) "
    f"ELSE exp(({{alpha}} - 1) * ln({{x}}) + ({{beta}} - 1) * ln(1 - {{x}}) + {_B}) END "
    f"WHEN NOT {{x}} + {{alpha}} + {{beta}} IS NULL THEN {_NAN} END"
)
_BIN_INSTANT = bin_instant(bucket, f"epoch_us({{t}}) + {EPOCH}", "{t} - to_microseconds({n})", modulo, in_calendar)

SPELLINGS: dict[str, Spelling] = {
    "abs": _wide("abs({xs*})"),
    "sign decimal": "CAST(sign({number}) AS DOUBLE)",
    "sign": "CAST(sign({number}) AS DOUBLE)",
    "round whole": "{number}",
    "round long": "round({number}, CAST({precision} AS INTEGER))",
    "round": rounded,
    "ceiling": "ceil({number})",
    "ceiling decimal": "CAST(ceil({number}) AS DECIMAL(38, 18))",
    "bin": bin_whole(modulo, _wide_value),
    "bin decimal": bin_whole(modulo),
    "bin real": bin_real,
    "bin datetime": _BIN_INSTANT,
    "bin_at": bin_whole(modulo, _wide_value),
    "bin_at real": bin_at_real,
    "bin_at decimal": bin_whole(modulo),
    "bin_at datetime": _BIN_INSTANT,
    "pow": "pow({base}, {exponent})",
    "sqrt": "sqrt({number})",
    "exp": "exp({number})",
    "exp2": "pow(2, {number})",
    "exp10": "pow(10, {number})",
    "log": _once("CASE WHEN NOT {v} < 0 THEN ln({v}) END"),
    "log2": _once("CASE WHEN NOT {v} < 0 THEN log2({v}) END"),
    "log10": _once("CASE WHEN NOT {v} < 0 THEN log10({v}) END"),
    "cos": "cos({number})",
    "sin": "sin({number})",
    "tan": "tan({number})",
    "atan": "atan({number})",
    "acos": "acos({number})",
    "asin": "asin({number})",
    "atan2": "atan2({y}, {x})",
    "cot": "1 / tan({number})",
    "degrees": "degrees({number})",
    "radians": "radians({number})",
    "pi": "pi()",
    "gamma": _once(_GAMMA.format(name="gamma")),
    "loggamma": _once(_GAMMA.format(name="lgamma").replace(_NAN, "CAST('inf' AS DOUBLE)")),
    "erf": error_function(False),
    "erfc": error_function(True),
    "beta_pdf": _BETA_PDF,
    "welch_test": welch_test(_TAIL, "DOUBLE"),
    "isnan": "isnan({number})",
    "isinf": "isinf({number})",
    "isfinite": "isfinite({number})",
    "binary_and": _wide_operation(exp.BitwiseAnd),
    "binary_or": _wide_operation(exp.BitwiseOr),
    "binary_xor": _wide("xor({xs*})"),
    "binary_not": _not,
    "binary_shift_left": _SHIFT_LEFT.replace("{n}", "{shift}").replace("{v}", "{value}"),
    "binary_shift_right": "CASE WHEN {shift} >= 0 THEN CAST({value} AS BIGINT) >> CAST({shift} % 64 AS INTEGER) END",
    "bitset_count_ones": "CAST(bit_count(CAST({value} AS BIGINT)) AS BIGINT)",
    "max_of": _greatest,
    "min_of": _least,
}
