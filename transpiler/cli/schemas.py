"""``rulesql schema import``: a schema file from what another system says about a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transpiler.catalog import Table
from transpiler.catalog.schema_import import read_table_lists, schema_yaml
from transpiler.cli.app import app
from transpiler.cli.printing import note
from transpiler.diagnostics import RuleError
from transpiler.run import inferred_tables

schema = typer.Typer(help="Schema files: the columns and types that KQL sees.", no_args_is_help=True)
app.add_typer(schema, name="schema")

_LISTS = (".csv", ".tsv", ".json", ".jsonl", ".txt")


@schema.callback()
def group() -> None:
    """Schema files: the columns and types that KQL sees."""


@schema.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A list of columns, a DuckDB file, or a log file.")],
    name: Annotated[str, typer.Option("--name", "-n", metavar="TABLE", help="The table's name in KQL.")] = "",
    table: Annotated[str, typer.Option("--table", metavar="TABLE", help="One table of a DuckDB file.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Write TABLE.yaml there, not to stdout.")
    ] = None,
) -> None:
    """Make schema files from a list of columns, or from the data.

    Known lists: a getschema result (CSV, JSON), BigQuery's INFORMATION_SCHEMA.COLUMNS (CSV, JSON), Azure Monitor's
    columns (CSV). From DuckDB, Parquet, CSV and JSON files the types are found in all records.

    [bold]Examples[/bold]

      rulesql schema import columns.json --output catalog/schemas

      rulesql schema import events.duckdb --table raw_events --name RawEvents
    """
    if not file.is_file():
        raise typer.BadParameter(f"no file '{file}'", param_hint="FILE")
    tables = _tables(file, name, table)
    for found in tables:
        text = schema_yaml(found)
        if output is None:
            typer.echo(text if found is tables[0] else f"---\n{text}", nl=False)
        else:
            output.mkdir(parents=True, exist_ok=True)
            path = output / f"{found.name}.yaml"
            path.write_text(text, encoding="utf-8")
            typer.echo(str(path))


def _tables(file: Path, name: str, member: str) -> tuple[Table, ...]:
    """The tables of a list of columns where the file is one, else of its data."""
    if file.suffix.lower() in _LISTS:
        try:
            return _listed(file, file.read_text(encoding="utf-8-sig"), name)
        except (UnicodeDecodeError, KeyError, AttributeError):
            pass
        except RuleError as error:
            if error.code not in ("RULE006", "RULE001"):
                raise
    note(f"{file} is read as data; the types are those that all of its records allow")
    return inferred_tables([str(file)], name, member)


def _listed(file: Path, text: str, name: str) -> tuple[Table, ...]:
    """The tables of a list; one that does not name its table is named after the file."""
    try:
        return read_table_lists(text, name, str(file))
    except RuleError as error:
        if error.code != "RULE002" or name:
            raise
    own = file.name.split(".", 1)[0]
    found = read_table_lists(text, own, str(file))
    note(f"the list does not name its table; {own} is the file's name (--name TABLE gives another)")
    return found
