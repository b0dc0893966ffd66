"""A rule's page as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from transpiler.report.indicators import Indicator
from transpiler.report.page import RulePage, TablePart, Timing
from transpiler.rule.durations import show_duration

_SEVERITIES = {"High": "bold red", "Medium": "bold yellow", "Low": "bold cyan", "Informational": "bold"}
_SHOWN_VALUES = 12


def show_page(page: RulePage, out: Console) -> None:
    """Prints the page, its parts under headings; parts without content are left out."""
    out.print(Text.assemble((page.name, "bold"), "  ", (page.severity, _SEVERITIES.get(page.severity, ""))))
    kind = " ".join(filter(None, (page.kind, page.version, page.status)))
    out.print(Text(f"{page.id}  {kind}  {page.path}", style="dim"))
    if page.description:
        out.print(Padding(Text(page.description), (1, 2)))
    _facts(page, out)
    _part("Parameters", _grid((p.name, f"{p.kind}{_number(p.count)}", p.value) for p in page.parameters), out)
    _part("Stages", _grid(_stages(page)), out)
    _part("Looks for", _grid(_indicators(i for i in page.indicators if not i.excluded)), out)
    _part("Leaves out", _grid(_indicators(i for i in page.indicators if i.excluded)), out)
    _part("Result columns", _grid((c.name, str(c.type), _origin(c.sources, c.expression)) for c in page.columns), out)
    _part("Entities", _grid((e.type, _assignments(e.fields)) for e in page.entities), out)
    _part("Custom details", _grid((name, column) for name, column in page.custom_details.items()), out)
    _part("Alert takes from the result", _grid(page.overrides.items()), out)
    _part("Reads", _grid(_tables(page.tables)), out)
    _part("Targets", _grid(page.targets.items()), out)
    _part("Findings", _grid((f,) for f in page.findings), out)


def _facts(page: RulePage, out: Console) -> None:
    facts = [("Schedule", _schedule(page.timing)), ("Alert when", page.timing.alert_when if page.timing else "")]
    facts += [("ATT&CK", ", ".join((*page.tactics, *page.techniques))), ("Connectors", ", ".join(page.connectors))]
    out.print(_grid((name, value) for name, value in facts if value))


def _schedule(timing: Timing | None) -> str:
    if timing is None or timing.frequency is None or timing.period is None:
        return ""
    parts = [f"every {show_duration(timing.frequency)} over the last {show_duration(timing.period)}"]
    parts += [f"{timing.grouping}"]
    if timing.suppression is not None:
        parts.append(f"rests {show_duration(timing.suppression)} after an alert")
    return ", ".join(parts)


def _number(count: int) -> str:
    return f" of {count}" if count > 1 else ""


def _stages(page: RulePage) -> Iterator[tuple[str, str]]:
    for stage in page.stages:
        if len(stage.predicates) > 1:
            yield str(stage.line), f"{stage.keyword} {stage.predicates[0]}"
            yield from (("", f"  and {p}") for p in stage.predicates[1:])
        else:
            yield str(stage.line), stage.text


def _indicators(found: Iterable[Indicator]) -> Iterator[tuple[str, str, str]]:
    for indicator in found:
        shown = [f"{v.value}{_others(v.others)}" for v in indicator.values[:_SHOWN_VALUES]]
        if len(indicator.values) > _SHOWN_VALUES:
            shown.append(f"and {len(indicator.values) - _SHOWN_VALUES} more")
        kinds = ", ".join(dict.fromkeys(v.kind for v in indicator.values))
        yield f"{indicator.field} {indicator.operator}", kinds, "\n".join(shown)


def _others(count: int) -> str:
    return "" if not count else "  (1 other rule)" if count == 1 else f"  ({count} other rules)"


def _origin(sources: tuple[str, ...], expression: str) -> str:
    origin = ", ".join(sources)
    if not expression:
        return origin
    return f"{expression}  ← {origin}" if origin else expression


def _assignments(fields: Mapping[str, str]) -> str:
    return ", ".join(f"{identifier} = {column}" for identifier, column in fields.items())


def _tables(tables: Iterable[TablePart]) -> Iterator[tuple[str, str, str]]:
    for table in tables:
        yield table.name, table.kind, ", ".join(table.columns)
        if table.origin:
            yield "", "from", table.origin
        yield from (("", target, physical) for target, physical in table.stored.items())


def _grid(rows: Iterable[Iterable[str]]) -> Table | None:
    lines = [[Text(cell) for cell in row] for row in rows]
    if not lines:
        return None
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(max(map(len, lines))):
        table.add_column(overflow="fold")
    for line in lines:
        table.add_row(*line)
    return table


def _part(title: str, table: Table | None, out: Console) -> None:
    if table is not None:
        out.print()
        out.print(Text(title, style="bold underline"))
        out.print(Padding(table, (0, 0, 0, 2)))
