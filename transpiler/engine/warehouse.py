"""What holds in every warehouse, whatever its engine."""

from __future__ import annotations

from collections.abc import Mapping

from transpiler.types import Type

# A zone far from UTC, with half an hour: SQL that leans on the session's zone returns wrong rows at once.
ODD_ZONE = "Asia/Kolkata"


def stored_columns(columns: Mapping[str, Type]) -> dict[str, Type]:
    """The columns that a warehouse can hold: of those that differ only by case, the first."""
    first: dict[str, str] = {}
    for name in columns:
        first.setdefault(name.lower(), name)
    return {name: kind for name, kind in columns.items() if first[name.lower()] == name}
