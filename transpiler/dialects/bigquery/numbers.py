"""BigQuery's spellings: numbers and bins. Its functions raise where IEEE 754 has an infinity or NaN."""

from __future__ import annotations

import math

from sqlglot import exp

from transpiler.dialects.arithmetic import EPOCH
from transpiler.dialects.bigquery.arithmetic import modulo
from transpiler.dialects.numbers import (
    bin_at_real,
    bin_instant,
    bin_real,
    bin_whole,
    error_function,
    log_gamma,
    rounded,
)
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.dialects.spelling import call as call_of
from transpiler.dialects.times import interval_of
from transpiler.dialects.welch import DENSITY, DISTANCE, WEIGHT, welch_test
from transpiler.plan.ranges import may_be_nan
from transpiler.plan.scalars import Call, Constant
from transpiler.types import Type

_NAN = "CAST('nan' AS FLOAT64)"
_INF = "CAST('inf' AS FLOAT64)"
_PI = "3.141592653589793"


def _above(x: str) -> str:
    """Ln of the gamma function of a number above 0."""
    return f"({log_gamma(f'({x} + 1)')} - LN({x}))"


_LOG = f"CASE WHEN {{{{v}}}} = 0 THEN -{_INF} WHEN NOT {{{{v}}}} < 0 THEN {{log}} END"
_GAMMA_ABOVE = f"COALESCE(SAFE.EXP({log_gamma('{v}')}), {_INF} + {{v}})"
_GAMMA_BELOW = f"{_PI} / (SIN({_PI} * {{v}}) * EXP({log_gamma('(1 - {v})')}))"
# Exact where the approximation misses a last digit, so that gamma(5) == 24 holds.
_FACTORIALS = f"[{', '.join(repr(float(math.factorial(n))) for n in range(23))}][SAFE_OFFSET(CAST({{v}} AS INT64) - 1)]"
_IS_SMALL = "{v} = FLOOR({v}) AND {v} BETWEEN 1 AND 23"
_GAMMA = (
    f"CASE WHEN {_IS_SMALL} THEN {_FACTORIALS} WHEN {{v}} > 1e300 THEN {{v}} WHEN {{v}} >= 0.5 THEN {_GAMMA_ABOVE} "
    f"WHEN {{v}} = 0 THEN {_INF} WHEN {{v}} = FLOOR({{v}}) THEN {_NAN} WHEN {{v}} < 0.5 THEN {_GAMMA_BELOW} ELSE {{v}} END"
)
_LOG_GAMMA = (
    f"CASE WHEN {_IS_SMALL} THEN LN({_FACTORIALS}) WHEN {{v}} > 1e300 THEN {{v}} WHEN {{v}} >= 0.5 THEN {log_gamma('{v}')} "
    f"WHEN {{v}} = FLOOR({{v}}) THEN {_INF} "
    f"WHEN {{v}} < 0.5 THEN LN({_PI} / ABS(SIN({_PI} * {{v}}))) - {log_gamma('(1 - {v})')} ELSE {{v}} END"
)


_B = f"{_above('({alpha} + {beta})')} - {_above('{alpha}')} - {_above('{beta}')}"
# Trap: of large parameters the first factors are 0 and the last leaves the reals.
_BETA_PDF = (
    "CASE WHEN {x} > 0 AND {x} < 1 AND {alpha} > 0 AND {beta} > 0 THEN IF({alpha} + {beta} < 100, "
    f"POW({{x}}, {{alpha}} - 1) * POW(1 - {{x}}, {{beta}} - 1) * EXP({_B}), "
    f"COALESCE(SAFE.EXP(({{alpha}} - 1) * LN({{x}}) + ({{beta}} - 1) * LN(1 - {{x}}) + {_B}), {_INF})) "
    f"WHEN NOT {{x}} + {{alpha}} + {{beta}} IS NULL THEN {_NAN} END"
)
_TAIL = (
    f"(SELECT SUM(@w@ * {DENSITY}) / SUM(@w@ * {DENSITY.replace('@y@', '@z@')}) FROM "
    "(SELECT @w@, ({t} + @e@) * ({t} + @e@) / {v} AS @y@, @e@ * @e@ / {v} AS @z@ FROM "
    f"(SELECT {WEIGHT} AS @w@, {DISTANCE} AS @e@ FROM UNNEST(GENERATE_ARRAY(-67, 67)) AS @i@)))"
)


def bucket(speller: Speller, instant: exp.Expr, size: int, origin: Constant | None) -> exp.Expr | None:
    """``TIMESTAMP_TRUNC(t, HOUR, 'UTC')`` for one unit, else ``TIMESTAMP_BUCKET``, whose own origin is a midnight of
    the project's default zone."""
    count, unit = interval_of(size)
    if origin is None and count == 1 and unit != "MICROSECOND":
        # A zone's local mean time of old differs from UTC by seconds, so that minutes need it, too.
        zone = "" if unit == "SECOND" else ", 'UTC'"
        return speller.sql(f"TIMESTAMP_TRUNC({{t}}, {unit}{zone})", t=instant)
    step = exp.Interval(this=number(count), unit=exp.Var(this=unit))
    if origin is not None:
        return call_of("SAFE.TIMESTAMP_BUCKET", instant, step, speller.value(origin))
    first = exp.Cast(this=text("0001-01-01 00:00:00+00"), to=speller.dialect.data_type(Type.DATETIME))
    return call_of("TIMESTAMP_BUCKET", instant, step, first)


def _extreme(name: str, word: str) -> Spelling:
    """GREATEST and LEAST are null when one argument is; Kusto passes over nulls."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        trees = [speller.text(a) if a.type is Type.STRING else speller.value(a) for a in call.arguments]
        if not any(a.nullable for a in call.arguments) or call.type is Type.STRING:
            return call_of(name, *trees)
        return speller.sql(f"(SELECT {word}(v) FROM UNNEST([{{xs*}}]) AS v)", xs=trees)

    return spell


def _sign(speller: Speller, call: Call) -> exp.Expr:
    """NaN has no sign: 0."""
    (argument,) = call.arguments
    value = speller.value(argument)
    if not may_be_nan(argument):
        return speller.sql("SIGN({v})", v=value)
    return speller.once(value, lambda v: speller.sql("CASE WHEN IS_NAN({v}) THEN 0.0 ELSE SIGN({v}) END", v=v))


def _once(template: str) -> Spelling:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.once(speller.value(call.arguments[0]), lambda v: speller.sql(template, v=v))

    return spell


def _unless(condition: str, name: str, otherwise: str) -> Spelling:
    return _once(f"CASE WHEN {condition} THEN {otherwise} ELSE {name}({{v}}) END")


def _raised(base: str, exponent: str) -> str:
    """A power: beyond the largest real an infinity, with the sign of an odd power; a root of a negative number is NaN."""
    # -0.0 is not below 0, but its reciprocal is.
    odd = f"IEEE_DIVIDE(1.0, {base}) < 0 AND MOD(SAFE_CAST({exponent} AS BIGNUMERIC), 2) <> 0"
    beyond = (
        f"CASE WHEN {base} < 0 AND {exponent} <> TRUNC({exponent}) THEN {_NAN} WHEN {odd} THEN -{_INF} "
        f"WHEN NOT {base} IS NULL AND NOT {exponent} IS NULL THEN {_INF} END"
    )
    return f"COALESCE(SAFE.POW({base}, {exponent}), {beyond})"


def _pow(speller: Speller, call: Call) -> exp.Expr:
    base, exponent = (speller.value(a) for a in call.arguments)
    return speller.once(
        base, lambda b: speller.once(exponent, lambda e: speller.sql(_raised("{b}", "{e}"), b=b, e=e))
    )  # fmt: skip


def _safe(_: Speller, instant: exp.Expr) -> exp.Expr:
    instant.set("this", f"SAFE.{instant.this}")
    return instant


_BIN_INSTANT = bin_instant(
    bucket, f"UNIX_MICROS({{t}}) + {EPOCH}", "TIMESTAMP_SUB({t}, INTERVAL {n} MICROSECOND)", modulo, _safe
)  # fmt: skip

SPELLINGS: dict[str, Spelling] = {
    "abs": "ABS({number})",
    "sign decimal": "CAST(SIGN({number}) AS FLOAT64)",
    "sign": _sign,
    "round whole": "{number}",
    "round long": "CAST(ROUND(CAST({number} AS BIGNUMERIC), {precision}) AS INT64)",
    "round": rounded,
    "ceiling": "CEIL({number})",
    "ceiling decimal": "CEIL({number})",
    "bin": bin_whole(modulo),
    "bin decimal": bin_whole(modulo),
    "bin real": bin_real,
    "bin datetime": _BIN_INSTANT,
    "bin_at": bin_whole(modulo),
    "bin_at real": bin_at_real,
    "bin_at decimal": bin_whole(modulo),
    "bin_at datetime": _BIN_INSTANT,
    "pow": _pow,
    "sqrt": _unless("{v} < 0", "SQRT", _NAN),
    "exp": _once(f"COALESCE(SAFE.EXP({{v}}), {_INF} + {{v}})"),
    "exp2": _once(f"COALESCE(SAFE.POW(2, {{v}}), {_INF} + {{v}})"),
    "exp10": _once(f"COALESCE(SAFE.POW(10, {{v}}), {_INF} + {{v}})"),
    "log": _once(_LOG.format(log="LN({v})")),
    "log2": _once(_LOG.format(log="LOG({v}, 2)")),
    "log10": _once(_LOG.format(log="LOG10({v})")),
    "cos": _unless("IS_INF({v})", "COS", _NAN),
    "sin": _unless("IS_INF({v})", "SIN", _NAN),
    "tan": _unless("IS_INF({v})", "TAN", _NAN),
    "atan": "ATAN({number})",
    "acos": _unless("ABS({v}) > 1", "ACOS", _NAN),
    "asin": _unless("ABS({v}) > 1", "ASIN", _NAN),
    "atan2": "ATAN2({y}, {x})",
    "cot": "IEEE_DIVIDE(1, TAN({number}))",
    "degrees": f"{{number}} * 180 / {_PI}",
    "radians": f"{{number}} * {_PI} / 180",
    "pi": _PI,
    "gamma": _once(_GAMMA),
    "loggamma": _once(_LOG_GAMMA),
    "erf": error_function(False),
    "erfc": error_function(True),
    "beta_pdf": _BETA_PDF,
    "welch_test": welch_test(_TAIL, "FLOAT64"),
    "isnan": "IS_NAN({number})",
    "isinf": "IS_INF({number})",
    "isfinite": "NOT (IS_INF({number}) OR IS_NAN({number}))",
    "binary_and": "{value1} & {value2}",
    "binary_or": "{value1} | {value2}",
    "binary_xor": "{value1} ^ {value2}",
    "binary_not": "~{value}",
    "binary_shift_left": "CASE WHEN {shift} >= 0 THEN {value} << MOD({shift}, 64) END",
    # BigQuery moves zeros in from the left; the complement of a negative number's complement keeps the sign.
    "binary_shift_right": (
        "CASE WHEN {shift} < 0 THEN NULL WHEN {value} < 0 THEN ~(~{value} >> MOD({shift}, 64)) "
        "ELSE {value} >> MOD({shift}, 64) END"
    ),
    "bitset_count_ones": "BIT_COUNT({value})",
    "max_of": _extreme("GREATEST", "MAX"),
    "min_of": _extreme("LEAST", "MIN"),
}
