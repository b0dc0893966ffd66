"""Tables written as text: a header of names and types, then a row a line, cells between `` | ``.

```
Account:string | n:long | Tags:dynamic
bob            | 3      | ["a", {"b": 1}]
               | NULL   |
```

An empty cell and ``NULL`` are NULL. A string cell in double quotes is read as JSON (``""`` is the empty string,
``"a\\nb"`` two lines, ``"NULL"`` the word); any other is taken as it stands. A dynamic cell is JSON; other cells are
written as Kusto prints them: ``2024-01-01T10:00:00Z``, ``1.02:03:04`` or ``90s``, ``true``, ``1.5``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from transpiler.engine.values import JsonText, parse_value
from transpiler.types import TYPE_NAMES, Type

_BAR = re.compile(r"(?:(?<=\s)|^)\|(?=\s|$)")


class MalformedCaseError(Exception):
    """A case that does not follow the format: its text, and the line of the file at which it goes wrong."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class TextTable:
    """Names, declared types (None where a header cell has none), and cells as text with the line each row stands on."""

    names: tuple[str, ...]
    types: tuple[Type | None, ...]
    cells: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def typed(self, types: Mapping[str, Type] | None = None) -> dict[str, Type]:
        """Every column's type: the declared one, or that of ``types``."""
        known = types or {}
        found: dict[str, Type] = {}
        for name, kind in zip(self.names, self.types, strict=True):
            resolved = kind or known.get(name)
            if resolved is None:
                raise MalformedCaseError(f"column '{name}' has no type", self.lines[0] - 1 if self.lines else 0)
            found[name] = resolved
        return found

    def rows(self, types: Mapping[str, Type] | None = None) -> list[list[object]]:
        """The cells as KQL values; NULL is None, for a string as well."""
        kinds = list(self.typed(types).values())
        out = []
        for line, row in zip(self.lines, self.cells, strict=True):
            try:
                out.append([cell(text, kind) for text, kind in zip(row, kinds, strict=True)])
            except ValueError as e:
                raise MalformedCaseError(str(e), line) from None
        return out


def parse_table(text: str, line: int = 1) -> TextTable:
    """A table from a fence's text, whose first line is line ``line`` of its file; blank lines are passed over."""
    filled = [(line + i, t) for i, t in enumerate(text.splitlines()) if t.strip()]
    if not filled:
        raise MalformedCaseError("a table needs a header", line)
    head = [part.strip() for part in _BAR.split(filled[0][1])]
    columns = [_column(part, filled[0][0]) for part in head]
    rows = []
    for at, row in filled[1:]:
        parts = tuple(part.strip() for part in _BAR.split(row))
        if len(parts) != len(columns):
            raise MalformedCaseError(f"{len(parts)} cells for {len(columns)} columns: {row.strip()}", at)
        rows.append((at, parts))
    return TextTable(
        tuple(name for name, _ in columns),
        tuple(kind for _, kind in columns),
        tuple(parts for _, parts in rows),
        tuple(at for at, _ in rows),
    )


def _column(text: str, line: int) -> tuple[str, Type | None]:
    name, colon, kind = text.rpartition(":")
    if not colon:
        return text, None
    if kind.strip() not in TYPE_NAMES:
        raise MalformedCaseError(f"'{kind.strip()}' is no KQL type", line)
    return name.strip(), TYPE_NAMES[kind.strip()]


def cell(text: str, kind: Type) -> object:
    """One cell as a KQL value; a dynamic one stays JSON text, so that what is stored is spelled as written."""
    if text in ("", "NULL"):
        return None
    if kind is Type.STRING:
        return json.loads(text) if len(text) > 1 and text[0] == text[-1] == '"' else text
    if kind is Type.DYNAMIC:
        json.loads(text)
        return JsonText(text)
    return parse_value(text, kind)
