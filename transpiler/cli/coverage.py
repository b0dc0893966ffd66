"""``rulesql coverage``: how much of a folder of rules translates."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn

from transpiler.catalog import Catalog
from transpiler.cli.app import FINDINGS, app
from transpiler.cli.options import (
    CatalogOption,
    ColumnsOption,
    Format,
    FormatOption,
    Target,
    catalog_of,
    tables_of,
)
from transpiler.cli.printing import console, messages
from transpiler.report.coverage import Coverage, Covered, files_of
from transpiler.report.coverage import coverage as coverage_of
from transpiler.report.data import json_text
from transpiler.report.show_coverage import show_coverage


@app.command()
def coverage(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Folders and files: YAML, JSON, .kql.")],
    target: Annotated[
        list[Target] | None, typer.Option("--target", "-t", help="Only these targets. Repeatable.")
    ] = None,
    table: ColumnsOption = None,
    infer_schema: Annotated[
        bool,
        typer.Option(
            "--infer-schema/--declared-only", help="Whether undeclared tables have the columns that the query uses."
        ),
    ] = True,
    catalog: CatalogOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Report what translates of other people's rules, what is refused and why, and which tables are missing.

    A table that nobody declares has the columns that the rules use, and is listed with them. Parser functions among the
    files serve the other rules. A file that cannot be read costs no other one anything.

    [bold]Examples[/bold]

      rulesql coverage ~/Azure-Sentinel/Detections

      rulesql coverage rules --declared-only --format json
    """
    for path in paths:
        if not Path(path).exists():
            raise typer.BadParameter(f"no file or folder '{path}'", param_hint="PATH")
        if not any(files_of([path])):
            raise typer.BadParameter(f"no rule and no query in '{path}' (YAML, JSON, .kql)", param_hint="PATH")
    known = catalog_of(catalog).merged(Catalog(tables_of(table)))
    targets = [str(t) for t in target or Target]
    found = _counted(paths, known, targets, infer_schema)
    if format_ is Format.JSON:
        typer.echo(json_text(found))
    else:
        show_coverage(found, console())
    if found.reasons or found.unreadable:
        raise typer.Exit(FINDINGS)


def _counted(paths: list[str], known: Catalog, targets: list[str], infer_schema: bool) -> Coverage:
    """The report, with the number of files so far on a terminal."""
    out = messages()
    columns = (SpinnerColumn(), TextColumn("{task.completed} files"))
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("files", total=None)

        def step(_: Covered) -> None:
            progress.advance(task)

        return coverage_of(paths, known, targets=targets, infer_schema=infer_schema, progress=step)
