"""``rulesql backtest`` and ``rulesql cost``: what a rule would have done, and what its runs cost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from transpiler.alerts import run_window
from transpiler.alerts.scans import TableScan
from transpiler.backtest import Backtest, backtest, backtest_page, plot_lines
from transpiler.cli.app import FINDINGS, app
from transpiler.cli.options import (
    CatalogOption,
    Format,
    FormatOption,
    RulesOption,
    catalog_of,
    inputs_of,
    moment_of,
    pairs_of,
    rule_paths,
)
from transpiler.cli.printing import console, messages, note
from transpiler.diagnostics import RulesqlError
from transpiler.engine import EngineError
from transpiler.exports import Cost, TableSize
from transpiler.exports import cost as cost_of
from transpiler.exports.writing import write_whole
from transpiler.report.data import json_text
from transpiler.rule import load_rule
from transpiler.rule.findings import Severity
from transpiler.rule.model import Rule
from transpiler.run import Prepared, prepare_rule, ready

MEMORY = "2GB"
LogsOption = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="NAME=FILE", help="Log files of a table, as for rulesql run. Repeatable."),
]


def _prepared(rule: Rule, table: list[str] | None, catalog: list[Path] | None, now: datetime) -> Prepared:
    """The rule over the files. Exits with 2 when a table that it reads has none."""
    window = run_window(rule)
    prepared = prepare_rule(
        rule, inputs_of(table), catalog_of(catalog), now=now, window=window.period if window else None
    )
    if prepared.missing:
        hint = " ".join(f"--table {r.name}=FILE" for r in prepared.missing)
        message = f"no files for tables that '{rule.name or rule.path}' reads: give {hint}"
        raise typer.BadParameter(message, param_hint="--table")
    for text in prepared.notes:
        note(text)
    return prepared


@app.command(name="backtest")
def run_backtest(
    names: Annotated[list[str], typer.Argument(metavar="RULE...", help="Rule files, folders, or paths below rules/.")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Where the period begins, in UTC.")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="Where it ends, in UTC.")] = "now",
    table: LogsOption = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with a plot, too.")] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Keep what is done, so that a stopped run goes on.")
    ] = None,
    format_: FormatOption = Format.TEXT,
    rules: RulesOption = Path("rules"),
    catalog: CatalogOption = None,
) -> None:
    """Repeat every scheduled run of rules over a period of log files: alerts by day, and who caused them.

    [bold]Examples[/bold]

      rulesql backtest gcp/dns/mining_pools --from 2026-02-01 --to 2026-03-01 --table GCPCloudDNS='logs/*.jsonl.gz'

      rulesql backtest gcp/dns --from 2026-02-01 --table GCPCloudDNS=dns.parquet --html backtest.html --keep .backtest
    """
    begin, last = moment_of(start, "--from"), moment_of(end, "--to")
    if last <= begin:
        raise typer.BadParameter("the period ends before it begins", param_hint="--to")
    results: list[Backtest] = []
    failed = False
    paths = rule_paths(names, rules)
    for path in paths:
        try:
            results.append(_backtest(load_rule(path), table, catalog, begin, last, keep))
        except (RulesqlError, EngineError, typer.BadParameter) as error:
            # One rule's error is no reason to lose the others' hours of work.
            if isinstance(error, typer.BadParameter) and len(paths) == 1:
                raise
            failed = True
            messages().print(Text(f"{path}: {error}", style="bold red"))
    _show_history(results, format_, html)
    if failed:
        raise typer.Exit(FINDINGS)


def _show_history(results: list[Backtest], format_: Format, html: Path | None) -> None:
    if format_ is Format.JSON:
        typer.echo(json_text([_data(r) for r in results]))
    else:
        for result in results:
            for line in [*plot_lines(result, min(console().width, 100)), ""]:
                console().print(Text(line))
    if html is not None:
        write_whole(html, backtest_page(results))


def _backtest(
    rule: Rule, table: list[str] | None, catalog: list[Path] | None, start: datetime, end: datetime, keep: Path | None
) -> Backtest:
    prepared = _prepared(rule, table, catalog, end)
    state = keep / f"{rule.sha256[:16]}.jsonl" if keep else None
    with ready(prepared, memory=MEMORY) as engine, _progress(rule) as told:
        found = backtest(rule, prepared.catalog, engine, start, end, keep=state, progress=told)
    for finding in found.findings:
        if finding.severity is Severity.WARNING:
            note(str(finding))
    return found


@contextmanager
def _progress(rule: Rule) -> Iterator[_Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    out = messages()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as shown:
        yield _Told(shown, shown.add_task(rule.name, total=None))


class _Told:
    """Moves the bar: called with the runs that are done, and all of them."""

    def __init__(self, shown: Progress, task: TaskID) -> None:
        self._shown = shown
        self._task = task

    def __call__(self, done: int, total: int) -> None:
        self._shown.update(self._task, completed=done, total=total)


def _data(result: Backtest) -> dict[str, object]:
    return {
        "rule": result.rule.path,
        "id": result.rule.id,
        "from": result.start.isoformat() + "Z",
        "to": result.end.isoformat() + "Z",
        "runs": result.runs,
        "alerts": len(result.alerts),
        "days": {day.isoformat(): count for day, count in result.days.items()},
        "noisy_runs": [
            {"scheduled": r.scheduled.isoformat() + "Z", "alerts": r.alerts, "rows": r.rows, "rested": r.rested}
            for r in result.noisy
        ],
        "entities": [{"type": e.type, "entity": e.text, "alerts": e.alerts} for e in result.entities()],
        "computed": "together" if result.set_based else "in turn",
        "note": result.note,
    }


@app.command()
def cost(
    names: Annotated[list[str] | None, typer.Argument(metavar="[RULE]...", help="Rules. Default: all.")] = None,
    size: Annotated[
        list[str] | None,
        typer.Option("--size", metavar="TABLE=GB/DAYS", help="A table's gigabytes a day, and its days. Repeatable."),
    ] = None,
    hourly: Annotated[bool, typer.Option("--hourly", help="The tables are partitioned by hour, not by day.")] = False,
    format_: FormatOption = Format.TEXT,
    rules: RulesOption = Path("rules"),
    catalog: CatalogOption = None,
) -> None:
    """What each run of a rule reads in BigQuery: columns, partitions, how often, and the bytes for given sizes.

    [bold]Examples[/bold]

      rulesql cost gcp/dns/mining_pools --size GCPCloudDNS=20/90

      rulesql cost --size GCPCloudDNS=20/90 --size GCPAuditLogs=5/400 --hourly --format json
    """
    sizes = {name: _size(text, hourly) for name, text in pairs_of(size, "--size").items()}
    known = catalog_of(catalog)
    data, failed = [], False
    for path in rule_paths(names, rules):
        try:
            rule = load_rule(path)
            found = cost_of(rule, known, sizes)
        except RulesqlError as error:
            failed = True
            messages().print(Text(f"{path}: {str(error).splitlines()[0]}", style="bold red"))
            continue
        data.append({"rule": rule.path, **_cost_data(found)})
        if format_ is Format.TEXT:
            _show_cost(rule, found)
    if format_ is Format.JSON:
        typer.echo(json_text(data))
    if failed:
        raise typer.Exit(FINDINGS)


def _size(text: str, hourly: bool) -> TableSize:
    gigabytes, _, days = text.partition("/")
    try:
        return TableSize(
            int(float(gigabytes) * 10**9), int(days or 30), timedelta(hours=1) if hourly else timedelta(days=1)
        )
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not of the form GB/DAYS, such as 20/90", param_hint="--size") from None


def _cost_data(found: Cost) -> dict[str, object]:
    return {
        "scans": [
            {
                "table": p.scan.table,
                "physical": p.scan.physical,
                "columns": list(p.scan.columns),
                "partition": p.scan.partition,
                "daily_tables": p.scan.shards,
                "times": p.scan.times,
                "times_in_script": p.scan.times_in_script,
                "bytes": p.bytes,
            }
            for p in found.scans
        ],
        "runs_in_30_days": found.runs,
        "bytes_per_run": found.bytes_per_run,
        "bytes_in_30_days": found.bytes_per_month,
        "dollars_in_30_days": found.dollars_per_month,
        "findings": [str(f) for f in found.findings],
    }


def _times(scan: TableScan) -> str:
    once = "once" if scan.times_in_script == 1 else f"{scan.times_in_script} times"
    return f"{scan.times} times in one statement, {once} in a script"


def _show_cost(rule: Rule, found: Cost) -> None:
    out = console()
    out.print(Text(rule.name, style="bold"))
    for part in found.scans:
        pruned = f"cut on {part.scan.partition}" if part.scan.partition or part.scan.shards else "read whole"
        times = "" if part.scan.times == 1 else f", {_times(part.scan)}"
        size = "" if part.bytes is None else f", {part.bytes / 1e9:,.2f} GB a run"
        out.print(Text(f"  {part.scan.physical}: {pruned}{times}{size}"))
        out.print(Text(f"    {', '.join(part.scan.columns)}", style="dim"))
    if found.dollars_per_month is not None and found.runs:
        gigabytes = (found.bytes_per_month or 0) / 1e9
        out.print(
            Text(f"  {found.runs:,} runs in 30 days: {gigabytes:,.0f} GB, ${found.dollars_per_month:,.2f} on demand")
        )
    for finding in found.findings:
        out.print(Text(f"  {finding}", style="yellow" if finding.severity is Severity.WARNING else "dim"))
    out.print()
