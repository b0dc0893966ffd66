"""What is known of a dynamic value before it is computed: calls that yield an array whatever they get."""

from __future__ import annotations

from transpiler.plan.scalars import Call, Constant, Scalar

_ARRAYS = frozenset(
    "split range extract_all bag_keys pack_array repeat zip array_concat array_reverse array_slice array_split array_iff "
    "set_union set_intersect set_difference".split()
) | {"shifted array", "rotated array", "sorted array"}


def is_array(scalar: Scalar) -> bool:
    """Whether a dynamic value is an array, or null."""
    if isinstance(scalar, Constant):
        return scalar.value is None or str(scalar.value).startswith("[")
    return isinstance(scalar, Call) and scalar.overload.name in _ARRAYS
