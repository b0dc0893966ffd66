"""Conversions of constants, done while binding: ``todatetime("2020-01-01")`` is a literal in the SQL, at Kusto's 100 ns.

Only what is exact is done here; the rest is left to the target (``fold_conversion`` answers None).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

from transpiler.diagnostics import KqlError
from transpiler.kql.instants import BLANKS, MAX_INSTANT, instant_text, instant_ticks, timespan_text, timespan_ticks
from transpiler.kql.literals import GUID_TEXT
from transpiler.plan.scalars import Constant
from transpiler.semantics.constants.real_digits import shortest_digits
from transpiler.types import NUMBERS, Type, promotes

Value: TypeAlias = str | bool | int | float | None

_WHOLE = re.compile(r"\s*([+-]?\d+|0[xX][0-9a-fA-F]+)\s*", re.ASCII)
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*", re.ASCII)
_SPECIAL = re.compile(r"\s*([+-]?(?:inf(?:inity)?|nan))\s*", re.IGNORECASE)
_LONGEST = 40
_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1


def _integer(bits: int) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        match = _WHOLE.fullmatch(text)
        if match is None or len(match[1]) > _LONGEST:
            return None
        value = int(match[1], 16 if match[1][:2].lower() == "0x" else 10)
        return value if -(1 << (bits - 1)) <= value < 1 << (bits - 1) else None

    return parse


def _real(text: str) -> float | None:
    match = _NUMBER.fullmatch(text) or _SPECIAL.fullmatch(text)
    return float(match[1]) if match else None


def _decimal(text: str) -> str | None:
    match = _NUMBER.fullmatch(text)
    return match[1].removeprefix("+") if match else None


def _bool(text: str) -> bool | None:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    whole = _integer(64)(text)
    return None if whole is None else whole != 0


def _guid(text: str) -> str | None:
    """What stands behind the 32 digits is passed over (documentation: toguid)."""
    found = re.match(GUID_TEXT, text)
    if not found:
        return None
    bare = re.sub("[{}-]", "", found[0]).lower()
    return f"{bare[:8]}-{bare[8:12]}-{bare[12:16]}-{bare[16:20]}-{bare[20:]}"


def real_text(value: float, digits_of: Callable[[float], tuple[str, int]] = shortest_digits) -> str:
    """A real as Kusto writes it: plain digits from 1e-6 up to 1e21, else ``1e21`` and ``1.5e-7``."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        return f"{sign}0.0"
    digits, last = digits_of(abs(value))
    digits, last = digits.rstrip("0"), last + len(digits) - len(digits.rstrip("0"))
    point = len(digits) + last
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1}"


_REAL_IN_JSON = re.compile(r'("(?:[^"\\]|\\.)*")|-?\d+(?:\.\d+(?:[eE][+-]?\d+)?|[eE][+-]?\d+)')


def _nearest_digits(value: float) -> tuple[str, int]:
    written = Decimal(repr(value)).as_tuple()
    assert isinstance(written.exponent, int)
    return "".join(map(str, written.digits)), written.exponent


def json_real_text(value: float) -> str:
    """A real within JSON. The last of its digits is the nearest, as in the targets, which write numbers in JSON themselves."""
    return real_text(value, _nearest_digits)


def json_as_kusto_writes(text: str) -> str:
    """JSON text with its reals as Kusto writes them: ``1.5`` for 1.50. What is too large for a real stays."""

    def written(match: re.Match[str]) -> str:
        value = 0.0 if match[1] else float(match[0])
        return match[0] if match[1] or math.isinf(value) else json_real_text(value)

    return _REAL_IN_JSON.sub(written, text)


def _truncated(low: int, high: int) -> Callable[[float], int | None]:
    """A real without its fraction; what is too large becomes the largest, what is no finite number null."""
    return lambda value: min(max(math.trunc(value), low), high) if math.isfinite(value) else None


def _low_bits(value: float) -> int:
    """The lower 32 bits of a long, or of the ticks of a time (toint(1d) was measured on Kusto's emulator)."""
    return (int(value) + 2**31) % 2**32 - 2**31


_PARSERS: dict[Type, Callable[[str], Value]] = {
    Type.INT: _integer(32),
    Type.LONG: _integer(64),
    Type.REAL: _real,
    Type.DECIMAL: _decimal,
    Type.BOOL: _bool,
    Type.GUID: _guid,
    Type.DATETIME: lambda text: instant_ticks(text.strip(BLANKS)),
    Type.TIMESPAN: lambda text: timespan_ticks(text.strip(BLANKS)),
}
_WRITERS: dict[Type, Callable[[Value], str]] = {
    Type.INT: str,
    Type.LONG: str,
    Type.BOOL: str,
    Type.REAL: lambda value: real_text(float(str(value))),
    Type.GUID: str,
    Type.DATETIME: lambda value: instant_text(int(value or 0)),
    Type.TIMESPAN: lambda value: timespan_text(int(value or 0)),
}
_NUMERIC: dict[tuple[Type, Type], Callable[[float], Value]] = {
    (Type.REAL, Type.LONG): _truncated(-(2**63), 2**63 - 1),
    (Type.REAL, Type.INT): _truncated(_INT_MIN, _INT_MAX),
    (Type.LONG, Type.INT): _low_bits,
    (Type.BOOL, Type.LONG): int,
    (Type.BOOL, Type.INT): int,
    (Type.BOOL, Type.REAL): float,
    (Type.LONG, Type.BOOL): bool,
    (Type.INT, Type.BOOL): bool,
    (Type.REAL, Type.BOOL): bool,
    (Type.DATETIME, Type.LONG): int,
    (Type.TIMESPAN, Type.LONG): int,
    (Type.DATETIME, Type.INT): _low_bits,
    (Type.TIMESPAN, Type.INT): _low_bits,
    (Type.DATETIME, Type.REAL): float,
    (Type.TIMESPAN, Type.REAL): float,
    (Type.LONG, Type.DATETIME): lambda value: int(value) if 0 <= value <= MAX_INSTANT else None,
    (Type.INT, Type.DATETIME): lambda value: int(value) if 0 <= value <= MAX_INSTANT else None,
    (Type.LONG, Type.TIMESPAN): int,
    (Type.INT, Type.TIMESPAN): int,
}


def fold_conversion(constant: Constant, wanted: Type) -> Constant | None:
    """A constant as another type, as Kusto converts it (a text that is no such value is null); None when not done here."""
    value, given = constant.value, constant.type
    if value is None:
        return Constant(wanted, None, constant.span)
    if given is Type.DYNAMIC:
        return _fold_dynamic(json.loads(str(value)), wanted, constant)
    if given is Type.STRING and (parser := _PARSERS.get(wanted)) is not None:
        return Constant(wanted, parser(str(value)), constant.span)
    if wanted is Type.STRING and (writer := _WRITERS.get(given)) is not None:
        return Constant(wanted, writer(value), constant.span)
    if (convert := _NUMERIC.get((given, wanted))) is not None:
        assert not isinstance(value, str)
        if given is Type.REAL and wanted is Type.INT:
            _check_int(value, constant)
        return Constant(wanted, convert(value), constant.span)
    if given in NUMBERS and wanted in NUMBERS and promotes(given, wanted):
        return Constant(wanted, _widened(value, wanted), constant.span)
    return None


def _check_int(value: float, constant: Constant) -> None:
    """Trap: toint(1e10) is the least int as a constant, the greatest of a stored 1e10 (measured on Kusto's emulator)."""
    if math.isfinite(value) and not _INT_MIN <= int(value) <= _INT_MAX:
        reason = "Kusto converts a constant real beyond an int otherwise than a stored one"
        raise KqlError("KQL204", reason, constant.span)


def _widened(value: str | bool | int | float, wanted: Type) -> Value:
    if wanted is Type.DECIMAL:
        return str(value) if math.isfinite(float(value)) else None
    return float(value) if wanted is Type.REAL else value


def _fold_dynamic(value: object, wanted: Type, constant: Constant) -> Constant | None:
    """A dynamic constant: a string, number or bool within is converted as one of its own type, the rest is null."""
    kind = _DYNAMIC_KINDS.get(type(value))
    if wanted is Type.STRING:
        return Constant(wanted, value, constant.span) if isinstance(value, str) else None
    if kind is None:
        return Constant(wanted, None, constant.span) if wanted in (Type.INT, Type.LONG, Type.REAL, Type.BOOL) else None
    if kind is Type.LONG and not -(2**63) <= int(str(value)) < 2**63:
        return None
    assert isinstance(value, str | bool | int | float)
    if kind is not Type.STRING and wanted in (Type.DATETIME, Type.TIMESPAN):
        raise KqlError(
            "KQL204", "what Kusto makes of a number in a dynamic value as a time is not known", constant.span
        )
    return (
        Constant(wanted, value, constant.span)
        if kind is wanted
        else fold_conversion(Constant(kind, value, constant.span), wanted)
    )


_DYNAMIC_KINDS: dict[type, Type] = {str: Type.STRING, bool: Type.BOOL, int: Type.LONG, float: Type.REAL}
