"""``rulesql run`` and ``rulesql query``: over log files, now."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import IO, Annotated

import typer
from rich.console import Console

from transpiler.alerts.notes import lacking, uncut
from transpiler.cli.app import app
from transpiler.cli.options import (
    CatalogOption,
    DelayOption,
    ParameterOption,
    RulesOption,
    WindowOption,
    catalog_of,
    delay_of,
    inputs_of,
    moment_of,
    one_rule,
    pairs_of,
    parameters_of,
    period_of,
    window_of,
)
from transpiler.cli.printing import console, messages, note
from transpiler.diagnostics import KqlError
from transpiler.engine.duckdb import DuckDb
from transpiler.exports.writing import replacing
from transpiler.report.rows import write_csv, write_json, write_table
from transpiler.rule.document import decode
from transpiler.rule.findings import Severity
from transpiler.rule.model import Rule
from transpiler.run import Prepared, prepare, prepare_alerts, prepare_rule, ready
from transpiler.source import Source

MEMORY = "2GB"


class RowFormat(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


TablesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--table",
        metavar="NAME=FILE",
        help="Log files of a table: JSON Lines, JSON, CSV, Parquet (also .gz), globs, FILE.duckdb#table. Repeatable.",
    ),
]
AtOption = Annotated[str, typer.Option("--at", metavar="TIME", help="The moment of the run, in UTC: now() is this.")]
ShapeOption = Annotated[
    list[str] | None,
    typer.Option("--shape", metavar="NAME=SHAPE", help="The shape of a table's files, instead of detecting it."),
]
RowsOption = Annotated[RowFormat, typer.Option("--format", "-f", help="How rows are written.")]
OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Write rows to a file; its ending gives the format."),
]
EmptyOption = Annotated[
    bool, typer.Option("--missing-as-empty", help="Tables without a file have no rows, instead of being an error.")
]

AlertsOption = Annotated[bool, typer.Option("--alerts", help="The rule's alerts, not its rows.")]


@app.command()
def run(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule file, or its path below the rules folder.")],
    table: TablesOption = None,
    at: AtOption = "now",
    window: WindowOption = None,
    shape: ShapeOption = None,
    parameter: ParameterOption = None,
    alerts: AlertsOption = False,
    delay: DelayOption = "5m",
    missing_as_empty: EmptyOption = False,
    format_: RowsOption = RowFormat.TABLE,
    output: OutputOption = None,
    rules: RulesOption = Path("rules"),
    catalog: CatalogOption = None,
) -> None:
    """Run a rule over log files, as it would run at a moment, and print the matching rows, or its alerts.

    The files are streamed by DuckDB; nothing is stored. The window is the rule's queryPeriod before --at.

    [bold]Examples[/bold]

      rulesql run gcp/dns/malicious_python_packages --table GCPCloudDNS='logs/*.jsonl.gz' --at 2026-03-02T10:00:00Z

      rulesql run gcp/dns/mining_pools --table GCPCloudDNS=dns.parquet --window all --format csv -o hits.csv

      rulesql run gcp/dns/mining_pools --table GCPCloudDNS=dns.jsonl --at 2026-03-02T10:00:00Z --alerts -f json
    """
    found = _told(one_rule(rule, rules))
    inputs, known, moment = inputs_of(table), catalog_of(catalog), moment_of(at, "--at")
    shapes = pairs_of(shape, "--shape")
    with files_as_way_out():
        if alerts:
            if window or parameter:
                raise typer.BadParameter("alerts have the rule's own window and no parameters", param_hint="--alerts")
            prepared = prepare_alerts(found, inputs, known, now=moment, shapes=shapes, delay=delay_of(delay))
        else:
            period, values = window_of(window, period_of(found)), parameters_of(parameter)
            prepared = prepare_rule(found, inputs, known, now=moment, window=period, shapes=shapes, parameters=values)
            _tell_uncut(prepared)
    _execute(prepared, format_, output, missing_as_empty)


@app.command()
def query(
    kql: Annotated[str, typer.Argument(metavar="KQL|-", help="The query, or - for stdin.")],
    table: TablesOption = None,
    at: AtOption = "now",
    window: WindowOption = None,
    shape: ShapeOption = None,
    parameter: ParameterOption = None,
    missing_as_empty: EmptyOption = False,
    format_: RowsOption = RowFormat.TABLE,
    output: OutputOption = None,
    catalog: CatalogOption = None,
) -> None:
    """Run a KQL query over log files, and print its rows.

    A table that nobody declares gets the columns and types that all records of its files allow.

    [bold]Examples[/bold]

      rulesql query 'Log | where status >= 500 | summarize count() by host' --table Log='access-*.jsonl'

      rulesql query 'T | count' --table T=events.duckdb#raw_events --format json
    """
    with files_as_way_out():
        prepared = prepare(
            Source(decode("stdin", sys.stdin.buffer.read()) if kql == "-" else kql),
            inputs_of(table),
            catalog_of(catalog),
            now=moment_of(at, "--at"),
            window=window_of(window, None),
            shapes=pairs_of(shape, "--shape"),
            parameters=parameters_of(parameter),
        )
        _tell_uncut(prepared)
    _execute(prepared, format_, output, missing_as_empty)


@contextmanager
def files_as_way_out() -> Iterator[None]:
    """Within it, an unknown table's way out is a file."""
    try:
        yield
    except KqlError as error:
        if error.code == "KQL100" and error.message.startswith("no table"):
            error.hint = "--table NAME=FILE says which files are its rows"
        raise


def _told(rule: Rule) -> Rule:
    """The rule, of which is said what may be why it finds nothing."""
    for finding in rule.findings:
        if finding.severity is Severity.WARNING:
            note(str(finding))
    return rule


def _tell_uncut(prepared: Prepared) -> None:
    """Says which tables a window that was asked for leaves whole."""
    read = lacking(prepared.catalog, "duckdb", prepared.translation.requires)
    if prepared.window is not None and read.whole:
        note(uncut(read.whole))


def check_missing(prepared: Prepared, missing_as_empty: bool) -> None:
    """Exits with 2 for tables that the query reads and nobody gave, unless they may be empty; tells what was decided."""
    if prepared.missing and not missing_as_empty:
        wanted = ", ".join(r.name for r in prepared.missing)
        hint = " ".join(f"--table {r.name}=FILE" for r in prepared.missing)
        raise typer.BadParameter(f"no files for {wanted}: give {hint}, or --missing-as-empty", param_hint="--table")
    for text in prepared.notes:
        note(text)


def _execute(prepared: Prepared, format_: RowFormat, output: Path | None, missing_as_empty: bool) -> None:
    if output is not None and format_ is RowFormat.TABLE:
        format_ = _format_of(output)
    if format_ is RowFormat.PARQUET and output is None:
        raise typer.BadParameter("Parquet is written to a file: --output hits.parquet", param_hint="--format")
    check_missing(prepared, missing_as_empty)
    started = time.monotonic()
    count = _written(prepared, format_, output)
    _summary(prepared, count, time.monotonic() - started)


_ENDINGS = {
    ".json": RowFormat.JSON,
    ".csv": RowFormat.CSV,
    ".parquet": RowFormat.PARQUET,
    ".pq": RowFormat.PARQUET,
    ".txt": RowFormat.TABLE,
    "": RowFormat.TABLE,
}


def _format_of(output: Path) -> RowFormat:
    """The format that an output's ending stands for. Exits with 2 for others: a table is not what ``.jsonl`` promises."""
    found = _ENDINGS.get(output.suffix.lower())
    if found is None:
        known = ", ".join(filter(None, _ENDINGS))
        message = f"the ending '{output.suffix}' gives no format; known: {known}; or say it with --format"
        raise typer.BadParameter(message, param_hint="--output")
    return found


def _written(prepared: Prepared, format_: RowFormat, output: Path | None) -> int:
    """Runs the query and writes its rows; how many there were."""
    with ready(prepared, memory=MEMORY) as engine:
        if output is None:
            return _rows(engine, prepared, format_, sys.stdout, console())
        with replacing(output) as path:
            if format_ is RowFormat.PARQUET:
                return engine.write(prepared.translation.sql, path, "parquet")
            with path.open("w", encoding="utf-8", newline="") as file:
                return _rows(engine, prepared, format_, file, None)


def _rows(engine: DuckDb, prepared: Prepared, format_: RowFormat, file: IO[str], screen: Console | None) -> int:
    columns, portions = prepared.translation.columns, _begun(engine.stream(prepared.translation.sql))
    if format_ is RowFormat.JSON:
        return write_json(columns, portions, file)
    if format_ is RowFormat.CSV:
        return write_csv(columns, portions, file)
    return write_table(columns, portions, screen, file)


def _begun(portions: Iterator[Sequence[tuple[object, ...]]]) -> Iterator[Sequence[tuple[object, ...]]]:
    """The same portions, of which the first is there: a query that fails has written no bracket and no heading."""
    first = next(portions, None)
    return portions if first is None else chain([first], portions)


def _summary(prepared: Prepared, count: int, seconds: float) -> None:
    rows = "1 row" if count == 1 else f"{count:,} rows"
    window = "the whole of the files"
    if prepared.window is not None:
        window = f"{(prepared.now - prepared.window).isoformat()}Z to {prepared.now.isoformat()}Z"
    messages().print(f"{rows} in {seconds:.1f} s ({window})", style="dim")
