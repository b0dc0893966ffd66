"""Whether two values are the same to Kusto."""

from __future__ import annotations

import math
from decimal import Decimal

from transpiler.engine.values import Misfit

# Sums of reals depend on the order of their terms, which no engine promises.
_REAL = 1e-9
_DECIMAL = Decimal("1e-17")


def same(a: object, b: object) -> bool:
    """Whether two KQL values are equal: numbers within the noise of sums, NaN to itself, bags and arrays deeply."""
    if isinstance(a, Misfit) or isinstance(b, Misfit):
        return False
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float | Decimal) and isinstance(b, int | float | Decimal):
        return _same_number(a, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(v, b[k]) for k, v in a.items())
    return a == b


def _same_number(a: float | Decimal, b: float | Decimal) -> bool:
    if isinstance(a, Decimal) and isinstance(b, Decimal):
        return a == b or abs(a - b) <= abs(a) * _DECIMAL
    if isinstance(a, float) or isinstance(b, float):
        x, y = float(a), float(b)
        return math.isclose(x, y, rel_tol=_REAL, abs_tol=1e-15) or (math.isnan(x) and math.isnan(y))
    return a == b
