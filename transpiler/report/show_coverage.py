"""Coverage as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transpiler.report.coverage import Coverage, Reason

_SHOWN = 40


def show_coverage(found: Coverage, out: Console) -> None:
    """The counts by target, the reasons of refusals (most frequent first), the tables that are missing, broken files."""
    out.print(_counts(found))
    _reasons("Refused", found.reasons, list(found.translated), out)
    _missing(found.missing, out)
    _reasons("Not readable", found.unreadable, ["file"], out)
    _inferred(found, out)


def _inferred(found: Coverage, out: Console) -> None:
    """The tables whose columns were found from their use, each with all that any rule uses; what one tells none guesses."""
    tables: dict[str, dict[str, str]] = {}
    for file in found.files:
        for table, columns in file.inferred.items():
            known = tables.setdefault(table, {})
            for name, kind in columns.items():
                if f"{table}.{name}" in file.guesses:
                    known.setdefault(name, f"{kind} (a guess: nothing tells it, and rows are ordered by it)")
                else:
                    known[name] = kind
    if not tables:
        return
    out.print()
    out.print(Text("Columns found from their use", style="bold underline"))
    for table, columns in sorted(tables.items())[:_SHOWN]:
        out.print(Text(f"  {table}: {', '.join(f'{n}: {t}' for n, t in columns.items())}"), soft_wrap=True)
    if len(tables) > _SHOWN:
        out.print(Text(f"  and {len(tables) - _SHOWN} more tables (--format json has all)", style="dim"))


def _counts(found: Coverage) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("target")
    for title in ("translated", "refused", "of"):
        table.add_column(title, justify="right")
    for target, number in found.translated.items():
        share = f"{number} ({number / found.readable:.0%})" if found.readable else "0"
        table.add_row(target, share, str(found.readable - number), str(found.readable))
    if len(found.files) > found.readable:
        table.add_row("not readable", "", str(len(found.files) - found.readable), str(len(found.files)))
    return table


def _reasons(title: str, reasons: Sequence[Reason], targets: Sequence[str], out: Console) -> None:
    if not reasons:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for target in targets:
        table.add_column(target, justify="right")
    table.add_column("code")
    table.add_column("why", overflow="fold", ratio=3)
    table.add_column("for example", overflow="fold", ratio=2)
    for reason in reasons[:_SHOWN]:
        numbers = (str(reason.targets.get(target, "")) for target in targets)
        table.add_row(*numbers, reason.code, Text(reason.message), Text(reason.examples[0], style="dim"))
    out.print()
    out.print(Text(title, style="bold underline"))
    out.print(table)
    if len(reasons) > _SHOWN:
        out.print(Text(f"and {len(reasons) - _SHOWN} more reasons (--format json has all)", style="dim"))


def _missing(missing: Mapping[str, int], out: Console) -> None:
    if not missing:
        return
    out.print()
    out.print(
        Text(
            "Tables and functions that are not declared, by the number of files that want them", style="bold underline"
        )
    )
    shown = list(missing.items())[:_SHOWN]
    out.print(Text("  " + ", ".join(f"{name} ({count})" for name, count in shown)))
    if len(missing) > _SHOWN:
        out.print(Text(f"  and {len(missing) - _SHOWN} more", style="dim"))
