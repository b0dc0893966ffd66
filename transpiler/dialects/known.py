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


# The JSON text of an instant, a duration and a guid, which are no texts in Kusto.
NO_TEXT = (
    r'^(?:[^"]|"(?:\d{4}-\d\d-\d\dT[\d:.]+Z|-?(?:\d+\.)?\d\d:\d\d:\d\d(?:\.\d+)?'
    r'|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"$)'
)


# The text of a duration of a day and more. Trap: as texts ten days come before two, and one day before two hours.
OF_DAYS = r"^\d+\.\d\d:\d\d:\d\d(?:\.\d+)?$"


def reaches(scalar: Scalar, least: int) -> bool:
    """Whether a whole number is a constant from a least one on."""
    return isinstance(scalar, Constant) and isinstance(scalar.value, int) and scalar.value >= least


def where_given(template: str, slots: dict[str, Scalar], least: dict[str, int]) -> str:
    """A template that is null where a whole number of a slot is, or is below the least that is named for it."""
    tests = [f"{{{slot}}} >= {n}" for slot, n in least.items() if slot in slots and not reaches(slots[slot], n)]
    tests += [f"NOT {{{slot}}} IS NULL" for slot, of in slots.items() if slot not in least and of.nullable]
    return f"CASE WHEN {' AND '.join(tests)} THEN {template} END" if tests else template


# A text of at least 16 significant digits with a point: of fewer only one reads back as a real.
OF_16_DIGITS = r"^-?(?:0\.0*)?[1-9](?:\.?\d){14,15}\.?[1-9]$"
_PLACES = 6


def has_few_digits(real: Scalar) -> bool:
    """Whether a real was rounded, so that nobody asks for its 16th digit."""
    if not isinstance(real, Call) or real.overload.name != "round":
        return False
    precision = real.arguments[1] if len(real.arguments) > 1 else Constant(Type.LONG, 0)
    return isinstance(precision, Constant) and isinstance(precision.value, int) and precision.value <= _PLACES
