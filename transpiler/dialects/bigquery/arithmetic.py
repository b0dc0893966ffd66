"""BigQuery's arithmetic: null on division by zero, IEEE division of reals, Kusto's non-negative remainder, times as microseconds."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.arithmetic import (
    ORIGIN,
    bin_at_instant,
    bin_at_real,
    bin_at_whole,
    bin_instant,
    bin_real,
    bin_whole,
    remainder,
)
from transpiler.dialects.spelling import Builder, Speller, Spelling
from transpiler.dialects.times import interval_of, microseconds
from transpiler.plan.scalars import Call, Constant
from transpiler.types import Type

_MOD = "MOD({a}, {b})"
_MICROS = "UNIX_MICROS({v})"
_EARLIER = "TIMESTAMP_SUB({v}, INTERVAL {n} MICROSECOND)"


def _divide(speller: Speller, call: Call) -> exp.Expr:
    left, right = (speller.value(a) for a in call.arguments)
    return speller.sql(
        "SAFE_DIVIDE({a}, {b})" if call.type is Type.DECIMAL else "IEEE_DIVIDE({a}, {b})", a=left, b=right
    )


def _moved(forward: bool) -> Builder:
    """A datetime and a timespan: ``TIMESTAMP_SUB(t, INTERVAL 1 HOUR)`` where the timespan is constant."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        moment, span = call.arguments
        if isinstance(span, Constant) and isinstance(span.value, int):
            micros = microseconds(span.value, span.span)
            count, unit = interval_of(abs(micros))
            name = "TIMESTAMP_ADD" if (micros >= 0) is forward else "TIMESTAMP_SUB"
            interval = exp.Interval(this=exp.Literal.number(count), unit=exp.Var(this=unit))
            return exp.Anonymous(this=name, expressions=[speller.value(moment), interval])
        name = "TIMESTAMP_ADD" if forward else "TIMESTAMP_SUB"
        return speller.sql(f"{name}({{t}}, INTERVAL {{n}} MICROSECOND)", t=speller.value(moment), n=speller.value(span))

    return spell


def _nice_bin(speller: Speller, value: exp.Expr, micros: int) -> exp.Expr | None:
    count, unit = interval_of(micros)
    if count == 1 and unit != "MICROSECOND":
        return speller.sql(f"TIMESTAMP_TRUNC({{v}}, {unit})", v=value)
    return None


ARITHMETIC: dict[str, Spelling] = {
    "+": "{left} + {right}",
    "-": "{left} - {right}",
    "*": "{left} * {right}",
    "/ long": "DIV({left}, NULLIF({right}, 0))",
    "/": _divide,
    "/ timespans": "IEEE_DIVIDE({left}, {right})",
    "/ timespan": "CAST(TRUNC(SAFE_DIVIDE({left}, {right})) AS INT64)",
    "% long": remainder(_MOD),
    "% timespan": remainder(_MOD),
    "%": "{left} - FLOOR(IEEE_DIVIDE({left}, ABS({right}))) * ABS({right})",
    "% datetime": f"MOD(UNIX_MICROS({{left}}) + {ORIGIN}, NULLIF({{right}}, 0))",
    "* timespan": "CAST(TRUNC({left} * {right}) AS INT64)",
    "* number timespan": "CAST(TRUNC({left} * {right}) AS INT64)",
    "negate": "-{value}",
    "+ datetime": _moved(True),
    "+ timespan datetime": "TIMESTAMP_ADD({right}, INTERVAL {left} MICROSECOND)",
    "- datetime": _moved(False),
    "- datetimes": "TIMESTAMP_DIFF({left}, {right}, MICROSECOND)",
    "bin long": bin_whole(_MOD),
    "floor long": bin_whole(_MOD),
    "bin real": bin_real,
    "floor real": bin_real,
    "bin datetime": bin_instant(_MICROS, _EARLIER, _MOD, _nice_bin),
    "floor datetime": bin_instant(_MICROS, _EARLIER, _MOD, _nice_bin),
    "bin_at long": bin_at_whole(_MOD),
    "bin_at real": bin_at_real,
    "bin_at datetime": bin_at_instant(_MICROS, _EARLIER, _MOD),
}
