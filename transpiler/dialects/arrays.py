"""What the targets share of arrays: which elements are texts to Kusto, and answers that are null for a number that is none."""

from __future__ import annotations

from transpiler.plan.scalars import Constant, Scalar

# The JSON text of an instant, a duration and a guid, which are no texts in Kusto.
NO_TEXT = (
    r'^(?:[^"]|"(?:\d{4}-\d\d-\d\dT[\d:.]+Z|-?(?:\d+\.)?\d\d:\d\d:\d\d(?:\.\d+)?'
    r'|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"$)'
)
# The text of a duration of a day and more. Trap: as texts ten days come before two, and one day before two hours.
OF_DAYS = r"^\d+\.\d\d:\d\d:\d\d(?:\.\d+)?$"


def _reaches(scalar: Scalar, least: int) -> bool:
    """Whether a whole number is a constant from a least one on."""
    return isinstance(scalar, Constant) and isinstance(scalar.value, int) and scalar.value >= least


def where_given(template: str, slots: dict[str, Scalar], least: dict[str, int]) -> str:
    """A template that is null where a whole number of a slot is, or is below the least that is named for it."""
    tests = [f"{{{slot}}} >= {n}" for slot, n in least.items() if slot in slots and not _reaches(slots[slot], n)]
    tests += [f"NOT {{{slot}}} IS NULL" for slot, of in slots.items() if slot not in least and of.nullable]
    return f"CASE WHEN {' AND '.join(tests)} THEN {template} END" if tests else template
