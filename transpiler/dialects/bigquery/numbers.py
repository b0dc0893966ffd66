"""BigQuery's spellings: numbers."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.spelling import Speller, Spelling
from transpiler.plan.scalars import Call


def _extreme(name: str) -> Spelling:
    """GREATEST and LEAST are null when one argument is; Kusto passes over nulls."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        trees = [speller.value(a) for a in call.arguments]
        if not any(a.nullable for a in call.arguments):
            return exp.Anonymous(this=name, expressions=trees)
        word = "MAX" if name == "GREATEST" else "MIN"
        return speller.sql(f"(SELECT {word}(v) FROM UNNEST([{{xs*}}]) AS v)", xs=trees)

    return spell


SPELLINGS: dict[str, Spelling] = {
    "abs": "ABS({number})",
    "sign": "CAST(SIGN({number}) AS FLOAT64)",
    "round long/1": "{number}",
    "round long/2": "CAST(ROUND(CAST({number} AS NUMERIC), {precision}) AS INT64)",
    "round/1": "ROUND({number})",
    "round/2": "ROUND({number}, {precision})",
    "ceiling long": "{number}",
    "ceiling": "CEIL({number})",
    "pow": "SAFE.POW({base}, {exponent})",
    "sqrt": "IF({number} < 0, CAST('nan' AS FLOAT64), SQRT({number}))",
    "exp": "SAFE.EXP({number})",
    "exp2": "SAFE.POW(2.0, {number})",
    "exp10": "SAFE.POW(10.0, {number})",
    "log": "IF({number} > 0, LN({number}), IF({number} = 0, CAST('-inf' AS FLOAT64), NULL))",
    "log2": "IF({number} > 0, LOG({number}, 2), IF({number} = 0, CAST('-inf' AS FLOAT64), NULL))",
    "log10": "IF({number} > 0, LOG10({number}), IF({number} = 0, CAST('-inf' AS FLOAT64), NULL))",
    "cos": "COS({number})",
    "sin": "SIN({number})",
    "tan": "TAN({number})",
    "atan": "ATAN({number})",
    "acos": "IF(ABS({number}) <= 1, ACOS({number}), CAST('nan' AS FLOAT64))",
    "asin": "IF(ABS({number}) <= 1, ASIN({number}), CAST('nan' AS FLOAT64))",
    "atan2": "ATAN2({y}, {x})",
    "cot": "IEEE_DIVIDE(1, TAN({number}))",
    "degrees": "{number} * 180 / ACOS(-1)",
    "radians": "{number} * ACOS(-1) / 180",
    "pi": "ACOS(-1)",
    "isnan": "IFNULL(IS_NAN({number}), FALSE)",
    "isinf": "IFNULL(IS_INF({number}), FALSE)",
    "isfinite": "IFNULL(NOT IS_INF({number}) AND NOT IS_NAN({number}), FALSE)",
    "binary_and": "{value1} & {value2}",
    "binary_or": "{value1} | {value2}",
    "binary_xor": "{value1} ^ {value2}",
    "binary_not": "~{value}",
    "binary_shift_left": "IF({shift} BETWEEN 0 AND 63, {value} << {shift}, NULL)",
    "binary_shift_right": "IF({shift} BETWEEN 0 AND 63, {value} >> {shift}, NULL)",
    "bitset_count_ones": "BIT_COUNT({value})",
    "max_of": _extreme("GREATEST"),
    "min_of": _extreme("LEAST"),
}
