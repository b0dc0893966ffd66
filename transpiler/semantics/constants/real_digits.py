"""The digits of a real as Kusto writes them, which are those of Grisu2 and not always the nearest.

The shortest digits that read back are found from the upper end of what reads back (Loitsch, *Printing Floating-Point Numbers
Quickly and Accurately with Integers*, 2010). They are moved towards the number only where fewer than nine digits follow
the whole part of the scaled number. So Kusto writes 0.1 + 0.2 as 0.30000000000000007 (oracle type-casts-coercion-0023~2),
and plain digits up to 1e21, as RapidJSON 1.1 does with both.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from functools import lru_cache

_MOVED_BELOW = 9
_LEAST_POWER, _STEP = -348, 8


@dataclass(frozen=True, slots=True)
class _Scaled:
    """``significand * 2 ** exponent``, the significand of 64 bits."""

    significand: int
    exponent: int

    def __mul__(self, other: _Scaled) -> _Scaled:
        product = self.significand * other.significand
        return _Scaled((product >> 64) + (product >> 63 & 1), self.exponent + other.exponent + 64)


def _normal(significand: int, exponent: int) -> _Scaled:
    shift = 64 - significand.bit_length()
    return _Scaled(significand << shift, exponent - shift)


@lru_cache(maxsize=128)
def _power_of_ten(power: int) -> _Scaled:
    """The nearest of 64 bits."""
    above, below = (10**power, 1) if power >= 0 else (1, 10**-power)
    exponent = above.bit_length() - below.bit_length() - 64
    while True:
        scaled = above << -exponent if exponent < 0 else above
        divisor = below << exponent if exponent > 0 else below
        significand = (2 * scaled + divisor) // (2 * divisor)
        if significand.bit_length() == 64:
            return _Scaled(significand, exponent)
        exponent += 1 if significand.bit_length() > 64 else -1


def shortest_digits(value: float) -> tuple[str, int]:
    """The digits of a positive finite number, and the power of ten of the last of them."""
    bits: int = struct.unpack(">Q", struct.pack(">d", value))[0]
    biased, significand = bits >> 52, bits & (1 << 52) - 1
    if biased:
        significand |= 1 << 52
    exponent = max(biased, 1) - 1075
    above = _normal(2 * significand + 1, exponent - 1)
    # The gap below a power of two is half as wide.
    half, place = (
        (4 * significand - 1, exponent - 2)
        if significand == 1 << 52 and biased
        else (2 * significand - 1, exponent - 1)
    )
    below = _Scaled(half << place - above.exponent, above.exponent)

    power = _STEP * (math.ceil((-61 - above.exponent) * 0.30102999566398114 + 347) // 8 + 1) + _LEAST_POWER
    scale = _power_of_ten(power)
    top = above * scale
    end = top.significand - 1  # each product is off by less than one unit
    width = end - (below * scale).significand - 1
    distance = end - (_normal(significand, exponent) * scale).significand
    digits, last = _digits(end, -top.exponent, width, distance)
    return digits, last - power


def _digits(end: int, point: int, width: int, distance: int) -> tuple[str, int]:
    """The first digits of ``end``, which has ``point`` binary places, that lie within its last ``width``."""
    whole, fraction = end >> point, end & (1 << point) - 1
    written = str(whole)
    for count in range(1, len(written) + 1):
        left = len(written) - count
        rest = (whole % 10**left << point) + fraction
        if rest <= width:
            return _moved(written[:count], width, rest, 10**left << point, distance), left
    places = 0
    while True:
        fraction, width, places = fraction * 10, width * 10, places + 1
        written += str(fraction >> point)
        fraction &= (1 << point) - 1
        if fraction < width:
            far = distance * 10**places if places < _MOVED_BELOW else 0
            return _moved(written, width, fraction, 1 << point, far), -places


def _moved(digits: str, width: int, rest: int, unit: int, distance: int) -> str:
    """The last digit lowered as long as that comes nearer to the number, which lies ``distance`` below the end."""
    last = int(digits[-1])
    while (
        rest < distance
        and width - rest >= unit
        and (rest + unit < distance or distance - rest > rest + unit - distance)
    ):
        last, rest = last - 1, rest + unit
    return f"{digits[:-1]}{last}"
