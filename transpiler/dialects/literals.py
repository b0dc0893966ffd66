"""Constants that a spelling needs to see, and their refusal where they are computed."""

from __future__ import annotations

import json
import math
from decimal import Decimal

from transpiler.diagnostics import KqlError
from transpiler.dialects.spelling import Speller
from transpiler.plan.scalars import Constant, Scalar


def constant_text(scalar: Scalar) -> str | None:
    """The value of a constant string ('' where it is null); None for one that is computed."""
    if not isinstance(scalar, Constant):
        return None
    return "" if scalar.value is None else str(scalar.value)


def constant_whole(scalar: Scalar) -> int | None:
    """The value of a constant whole number; None for one that is computed, or null."""
    if isinstance(scalar, Constant) and isinstance(scalar.value, int):
        return int(scalar.value)
    return None


FARTHEST = 2**31 - 2
"""What no place in a text or among its parts lies beyond; one more has 32 bits."""


def is_finite(scalar: Scalar) -> bool:
    """Whether a number is known to be no NaN, no infinity and no null: a constant."""
    return isinstance(scalar, Constant) and isinstance(scalar.value, int | float) and math.isfinite(scalar.value)


def real_text(value: float) -> str:
    """A finite real in the text of a template. Trap: with a point alone it is a decimal in DuckDB."""
    written = repr(float(value))
    return written if "e" in written else f"{written}e0"


def decimal_text(constant: Constant, digits: int) -> str:
    """A constant decimal's text. Raises KqlError (KQL206) for one with more digits before the point than a warehouse holds."""
    written = str(constant.value)
    number = Decimal(written)
    if not number.is_finite() or number.adjusted() >= digits:
        raise KqlError("KQL206", f"the decimal {written} is too large for the warehouse", constant.span)
    return written


def need_text(speller: Speller, scalar: Scalar, what: str) -> str:
    """A constant string. Raises KqlError (KQL204) for one that is computed."""
    value = constant_text(scalar)
    if value is None:
        raise speller.refuse(f"{what} must be a constant", scalar.span)
    return value


def need_array(speller: Speller, scalar: Scalar, what: str) -> list[object]:
    """A constant dynamic array as Python values. Raises KqlError (KQL204) for another."""
    value = json.loads(str(scalar.value)) if isinstance(scalar, Constant) and scalar.value is not None else None
    if not isinstance(value, list):
        raise speller.refuse(f"{what} must be a constant array", scalar.span)
    return value


def overlaps_itself(needle: str) -> bool:
    """Whether two occurrences of a text may share characters (``aa`` within ``aaa``)."""
    return any(needle.startswith(needle[i:]) for i in range(1, len(needle)))
