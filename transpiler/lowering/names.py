"""Names of the SQL: unique ignoring case among stages, tables and columns.

A CTE captures a table of the same name in both engines, and a warehouse does not tell ``Sub`` from ``sub``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from transpiler.plan.scalars import Column


class Names:
    """Hands out names that no one else has, ignoring case."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = taken
        self._taken_text = ""
        self._given: set[str] = set()

    def unique(self, wanted: str) -> str:
        """The wanted name, or with ``_2``, ``_3`` … behind it."""
        # One text is made and searched faster than a set of many names; few statements want a name at all.
        self._taken_text = self._taken_text or "\n".join(("", *self._taken, "")).lower()
        name, n = wanted, 1
        while (lowered := name.lower()) in self._given or f"\n{lowered}\n" in self._taken_text:
            n += 1
            name = f"{wanted}_{n}"
        self._given.add(lowered)
        return name


def column_names(columns: Iterable[Column], spelled: Callable[[str, str], str] | None = None) -> dict[Column, str]:
    """A name for each column of one stage: KQL's own where it is free, ``Sub_1`` where another has it in some case.

    Earlier columns choose first; hidden sort keys stand last, so that they never take a name from a visible one. A name
    that begins with ``$`` (search's ``$table``) is BigQuery's for columns without a name, so it begins with ``_``; the empty
    name (a value that pivot made a column) is ``_`` itself. ``spelled`` makes of a name and its number one that the target takes.
    """
    columns = tuple(columns)
    wanted = {c: c.name if spelled is None else spelled(c.name, "") for c in columns}
    if len({"", *map(str.lower, wanted.values())}) > len(columns) and "\n$" not in "\n".join(("", *wanted.values())):
        return wanted  # as nearly always
    names: dict[Column, str] = {}
    taken: set[str] = set()
    for column in columns:
        first = wanted[column]
        first = f"_{first[1:]}" if first.startswith("$") or not first else first
        name, lowered, n = first, first.lower(), 0
        while lowered in taken:
            n += 1
            name = f"{first}_{n}" if spelled is None else spelled(first, f"_{n}")
            lowered = name.lower()
        taken.add(lowered)
        names[column] = name
    return names
