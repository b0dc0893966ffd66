"""``rulesql translate``: a rule file or bare KQL as SQL."""

from __future__ import annotations

import re
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from transpiler.alerts import is_continuous
from transpiler.alerts.notes import lacking, uncut
from transpiler.api import Translation, transpile
from transpiler.catalog import Catalog
from transpiler.cli.app import app
from transpiler.cli.options import (
    RUN_TIME,
    CatalogOption,
    ColumnsOption,
    DelayOption,
    Format,
    FormatOption,
    InferOption,
    NowOption,
    ParameterOption,
    Target,
    TargetOption,
    WindowOption,
    catalog_of,
    delay_of,
    moment_of,
    parameters_of,
    period_of,
    tables_of,
    window_of,
)
from transpiler.cli.printing import note
from transpiler.lowering.runtime import RunTime
from transpiler.report.data import json_text
from transpiler.rule.document import decode
from transpiler.rule.load import SUFFIXES, load_rule_bytes
from transpiler.rule.model import Rule
from transpiler.source import Source
from transpiler.validation.validate import SHORTEST_INTERVAL

_RULE = re.compile(r"^[ \t\"']*(?:query|queryText|FunctionQuery|ParserQuery)[\"']?[ \t]*:", re.MULTILINE)


@app.command()
def translate(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A rule (YAML, JSON), a file of KQL, or - for stdin.")],
    target: TargetOption = Target.BIGQUERY,
    table: ColumnsOption = None,
    catalog: CatalogOption = None,
    now: NowOption = None,
    window: WindowOption = None,
    delay: DelayOption = "5m",
    parameter: ParameterOption = None,
    infer_schema: InferOption = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Translate one rule or query, and print the SQL.

    A rule is cut to its queryPeriod unless --window says otherwise; nothing is executed.

    [bold]Examples[/bold]

      rulesql translate rules/gcp/dns/malicious_python_packages.yaml --target duckdb

      echo 'T | where Name has "evil" | count' | rulesql translate - --table T=Name:string
    """
    source, rule = _read(file)
    known = catalog_of(catalog).merged(Catalog(tables_of(table)))
    period = window_of(window, period_of(rule, SHORTEST_INTERVAL) if rule else None)
    found = transpile(
        source,
        str(target),
        known,
        now=_now(now, delay_of(delay)),
        window=period,
        parameters=parameters_of(parameter),
        infer=infer_schema,
        by_arrival=rule is not None and is_continuous(rule),
    )
    _notes(found, rule)
    whole = lacking(known, str(target), found.requires).whole
    if period is not None and whole:
        note(uncut(whole))
    print_translation(found, format_)


def _notes(found: Translation, rule: Rule | None) -> None:
    """What was derived, and what the rule's file has that is worth a look."""
    for name, columns in found.inferred.items():
        known = ", ".join(f"{column}: {kind}" for column, kind in columns.items())
        note(f"{name} is not declared; columns found from their use: {known}")
    if found.guesses:
        names = ", ".join(found.guesses)
        note(
            f"nothing tells the type of {names}, by which rows are ordered: taken for a string; declare it if it is none"
        )
    for finding in rule.findings if rule else ():
        note(str(finding))


def print_translation(found: Translation, format_: Format) -> None:
    """The SQL, or everything known of it as JSON."""
    if format_ is Format.JSON:
        typer.echo(json_text(found))
    else:
        typer.echo(found.sql, nl=not found.sql.endswith("\n"))


def _now(text: str | None, delay: timedelta) -> datetime | RunTime | None:
    if text is None:
        return None
    return RunTime(delay) if text == RUN_TIME else moment_of(text, "--now")


def _read(file: str) -> tuple[Source, Rule | None]:
    """The query of a file, and the rule around it if there is one."""
    if file == "-":
        data, name = sys.stdin.buffer.read(), "stdin"
        is_rule = _RULE.search(decode(name, data)) is not None
    else:
        path = Path(file)
        if not path.is_file():
            raise typer.BadParameter(f"no file '{file}'", param_hint="FILE")
        data, name, is_rule = path.read_bytes(), file, path.suffix.lower() in SUFFIXES
    if is_rule:
        rule = load_rule_bytes(name, data)
        return rule.source, rule
    return Source(decode(name, data), name), None
