"""What the targets share of the functions over series: how a number is computed from the elements ``{a}`` and ``{b}``.

An element is whole where the series holds whole numbers only; then ``whole`` computes it, where there is such a rule. Two
numbers are compared as whole ones where both are whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from transpiler.plan.scalars import Call, Constant

REAL_MARK = "[.eEN]|[0-9]{20}"
"""What tells that a series holds reals, among them whole numbers beyond 64 bits."""


@dataclass(frozen=True, slots=True)
class Element:
    """The rule for one element of the result: over reals, over whole numbers, and whether it is a bool."""

    real: str
    whole: str = ""
    is_bool: bool = False


COMPARISONS = {
    "series_greater": ">",
    "series_greater_equals": ">=",
    "series_less": "<",
    "series_less_equals": "<=",
    "series_equals": "=",
    "series_not_equals": "<>",
}
PAIRS: dict[str, Element] = {
    "series_add": Element("{a} + {b}", "{a} + {b}"),
    "series_subtract": Element("{a} - {b}", "{a} - {b}"),
    "series_multiply": Element("{a} * {b}", "{a} * {b}"),
    **{name: Element(f"{{a}} {sign} {{b}}", f"{{a}} {sign} {{b}}", is_bool=True) for name, sign in COMPARISONS.items()},
}


NULL_BESIDE = "what becomes of nulls beside another placeholder of missing values is not documented"


def linear_edges(of: Call) -> tuple[bool, str]:
    """Of series_fill_linear: whether it fills the edges, and the JSON text of all elements where no number is there."""
    edges, constant = (of.arguments[n] if len(of.arguments) > n else None for n in (1, 2))
    fills = not isinstance(edges, Constant) or edges.value is None or bool(edges.value)
    if not isinstance(constant, Constant):
        return fills, "0.0"
    return fills, "null" if constant.value is None else repr(float(str(constant.value)))
