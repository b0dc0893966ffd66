"""Result rows as people and programs read them: a table, JSON, CSV, with Kusto's own texts for its types."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from transpiler.api import ColumnInfo
from transpiler.types import Type

Portions = Iterable[Sequence[tuple[object, ...]]]
SHOWN = 1_000
"""A table on the screen ends here; files and other formats hold every row."""


def json_value(value: object, kind: Type) -> Any:  # Any: JSON
    """A value of DuckDB as JSON: instants in ISO 8601 with Z, timespans as Kusto prints them, dynamic values nested."""
    if value is None:
        return "" if kind is Type.STRING else None
    if kind is Type.DYNAMIC and isinstance(value, str):
        return json.loads(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, str | bool | int | float):
        return value
    return text_of(value)


def text_of(value: object) -> str:
    """A value as one line of text."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat(timespec="microseconds" if value.microsecond else "seconds") + "Z"
        case timedelta():
            return _timespan(value)
        case Decimal():
            return format(value.normalize(), "f") if value == value.to_integral_value() else str(value.normalize())
        case UUID():
            return str(value)
        case _:
            return str(value)


def _timespan(value: timedelta) -> str:
    """Kusto's text: [-][d.]hh:mm:ss[.fffffff]."""
    sign, left = ("-", -value) if value < timedelta() else ("", value)
    hours, rest = divmod(left.seconds, 3600)
    days = f"{left.days}." if left.days else ""
    fraction = f".{left.microseconds:06d}0" if left.microseconds else ""
    return f"{sign}{days}{hours:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}"


def write_json(columns: Sequence[ColumnInfo], portions: Portions, file: IO[str]) -> int:
    """A JSON array with one object a line."""
    count = 0
    file.write("[")
    for rows in portions:
        for row in rows:
            cells = {c.name: json_value(v, c.type) for c, v in zip(columns, row, strict=True)}
            file.write(f"{',' if count else ''}\n  {json.dumps(cells, ensure_ascii=False)}")
            count += 1
    file.write("\n]\n" if count else "]\n")
    return count


def write_csv(columns: Sequence[ColumnInfo], portions: Portions, file: IO[str]) -> int:
    """CSV with a header; nulls are empty."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([c.name for c in columns])
    count = 0
    for rows in portions:
        writer.writerows([text_of(v) for v in row] for row in rows)
        count += len(rows)
    return count


def write_table(columns: Sequence[ColumnInfo], portions: Portions, screen: Console | None, file: IO[str]) -> int:
    """A table on the screen (the first rows), or as text in a file. Columns in which nothing stands are left out."""
    kept: list[tuple[object, ...]] = []
    count = 0
    for rows in portions:
        kept += rows[: SHOWN - len(kept)] if screen else rows
        count += len(rows)
    out = screen or Console(file=file, width=240)
    filled = [i for i in range(len(columns)) if any(row[i] not in (None, "") for row in kept)]
    if kept:
        _show(columns, kept, filled or list(range(len(columns))), out)
    if hidden := [c.name for i, c in enumerate(columns) if i not in filled] if kept and filled else []:
        out.print(Text(f"empty in every row: {', '.join(hidden)}", style="dim"))
    if count > len(kept):
        out.print(Text(f"and {count - len(kept):,} more rows (--output FILE writes all)", style="dim"))
    return count


_CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "\N{REPLACEMENT CHARACTER}")
"""Control characters but tab and line break: a log's text sends the terminal no commands."""


def _shown(value: object) -> str:
    return text_of(value).translate(_CONTROLS)


_RIGHT = frozenset({Type.INT, Type.LONG, Type.REAL, Type.DECIMAL})


def _show(
    columns: Sequence[ColumnInfo], rows: Sequence[tuple[object, ...]], shown: Sequence[int], out: Console
) -> None:
    """One line a row where that fits; else one line a value."""
    widths = [max(cell_len(columns[i].name), *(cell_len(_shown(row[i])) for row in rows)) for i in shown]
    if sum(widths) + 2 * len(widths) <= out.width:
        out.print(_table(columns, rows, shown))
        return
    name_width = max(cell_len(columns[i].name) for i in shown)
    for number, row in enumerate(rows, 1):
        out.print(Text(f"row {number}", style="bold"))
        for i in shown:
            if row[i] not in (None, ""):
                out.print(Text(f"  {columns[i].name:<{name_width}}  {_shown(row[i])}"), soft_wrap=True)


def _table(columns: Sequence[ColumnInfo], rows: Sequence[tuple[object, ...]], shown: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i in shown:
        justify: Any = "right" if columns[i].type in _RIGHT else "left"  # Any: rich's literal type
        table.add_column(columns[i].name, justify=justify, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_shown(row[i])) for i in shown))
    return table
