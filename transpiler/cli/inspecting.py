"""``rulesql inspect``: a rule's page of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transpiler.cli.app import app
from transpiler.cli.options import CatalogOption, Format, FormatOption, RulesOption, catalog_of, one_rule
from transpiler.cli.printing import console
from transpiler.report.data import json_text
from transpiler.report.page import rule_page
from transpiler.report.show_page import show_page
from transpiler.rule import load_rules


@app.command()
def inspect(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule file, or its path below the rules folder.")],
    rules: RulesOption = Path("rules"),
    catalog: CatalogOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show what a rule is, looks for, reads and returns.

    Indicators come with the number of other rules under the rules folder that look for the same, result columns with
    the table columns that they are computed from.

    [bold]Examples[/bold]

      rulesql inspect gcp/dns/mining_pools

      rulesql inspect rules/gcp/audit/owner_granted.yaml --format json
    """
    found = one_rule(rule, rules)
    others = load_rules(rules).rules.values() if rules.is_dir() else ()
    page = rule_page(found, catalog_of(catalog), others)
    if format_ is Format.JSON:
        typer.echo(json_text(page))
    else:
        show_page(page, console())
