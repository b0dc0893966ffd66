"""What is known of a value before it is computed: calls that yield an array whatever they get, reals of few digits."""

from __future__ import annotations

from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

_ARRAYS = frozenset(
    "split range extract_all bag_keys pack_array repeat zip array_concat array_reverse array_slice array_split array_iff "
    "set_union set_intersect set_difference".split()
) | {"shifted array", "rotated array", "sorted array"}


def is_array(scalar: Scalar) -> bool:
    """Whether a dynamic value is an array, or null."""
    if isinstance(scalar, Constant):
        return scalar.value is None or str(scalar.value).startswith("[")
    return isinstance(scalar, Call) and scalar.overload.name in _ARRAYS


# A text of at least 16 significant digits with a point: of fewer only one reads back as a real.
OF_16_DIGITS = r"^-?(?:0\.0*)?[1-9](?:\.?\d){14,15}\.?[1-9]$"
_PLACES = 6


def has_few_digits(real: Scalar) -> bool:
    """Whether a real was rounded, so that nobody asks for its 16th digit."""
    if not isinstance(real, Call) or real.overload.name != "round":
        return False
    precision = real.arguments[1] if len(real.arguments) > 1 else Constant(Type.LONG, 0)
    return isinstance(precision, Constant) and isinstance(precision.value, int) and precision.value <= _PLACES
