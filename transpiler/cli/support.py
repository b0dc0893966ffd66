"""``rulesql support``: the support matrix."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from transpiler.cli.app import FINDINGS, app
from transpiler.cli.options import Format, FormatOption
from transpiler.cli.printing import console, problem
from transpiler.report.data import json_text
from transpiler.report.show_support import matrix_markdown, replaced, show_support, summary_markdown
from transpiler.report.support import Feature, State, support_matrix


class Only(StrEnum):
    """Which features are shown."""

    ALL = "all"
    TRANSLATED = "translated"
    REFUSED = "refused"


@app.command()
def support(
    word: Annotated[str, typer.Argument(metavar="[WORD]", help="Only features whose name holds this word.")] = "",
    only: Annotated[Only, typer.Option("--only", help="refused: also what is translated in part.")] = Only.ALL,
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole matrix as Markdown.")] = False,
    update: Annotated[
        Path | None, typer.Option("--update", metavar="FILE", help="Rewrite the generated summary in a README.")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show every operator, function, aggregate and plugin of KQL: its state on each target, and why not.

    Operators and plugins are tried on small queries; functions are read off the registry and the dialects.

    [bold]Examples[/bold]

      rulesql support join

      rulesql support --only refused

      rulesql support --update README.md
    """
    features = _named(word)
    if update is not None:
        try:
            update.write_text(
                replaced(update.read_text(encoding="utf-8"), summary_markdown(features)), encoding="utf-8"
            )
        except ValueError as error:
            problem(f"{update}: {error}")
            raise typer.Exit(FINDINGS) from None
        return
    wanted = {Only.TRANSLATED: (State.TRANSLATED,), Only.REFUSED: (State.REFUSED, State.PARTLY), Only.ALL: tuple(State)}
    shown = [f for f in features if any(s.state in wanted[only] for s in f.targets.values())]
    if format_ is Format.JSON:
        typer.echo(json_text(shown))
    elif markdown:
        typer.echo(matrix_markdown(shown), nl=False)
    else:
        show_support(shown, console())


def _named(word: str) -> list[Feature]:
    """The features whose name holds a word. Exits with 2 where there are none."""
    found = [f for f in support_matrix() if word.lower() in f.name.lower()]
    if not found:
        raise typer.BadParameter(f"nothing of KQL has a name with '{word}' in it", param_hint="WORD")
    return found
