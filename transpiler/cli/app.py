"""The application, and what becomes of errors: a message with its place on stderr and an exit code, never a traceback."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import transpiler
from transpiler.cli.printing import problem
from transpiler.diagnostics import RulesqlError
from transpiler.engine import EngineError

FINDINGS = 1
_DEBUG = "RULESQL_DEBUG"


class Guarded(TyperGroup):
    """A group of commands that shows the product's own errors and turns them into exit codes."""

    def invoke(self, ctx: Any) -> Any:  # Any: typer's context is no public type
        """Runs the command; exits with 1 for an error of the query, the rule, a file or an engine."""
        try:
            return super().invoke(ctx)
        except RulesqlError as error:
            problem(error)
        except EngineError as error:
            problem(error)
        except BrokenPipeError:
            raise
        except OSError as error:
            problem(f"{error.filename or 'a file'}: {error.strerror or error}")
        except Exception as error:
            # typer's own exceptions are how it leaves a command and how it shows wrong usage.
            if os.environ.get(_DEBUG) or type(error).__module__.startswith("typer"):
                raise
            problem(f"a defect of rulesql: {type(error).__name__}: {error} ({_DEBUG}=1 shows where)")
        raise typer.Exit(FINDINGS)


app = typer.Typer(
    name="rulesql",
    cls=Guarded,
    help="Microsoft Sentinel rules (YAML and KQL) as proven SQL for BigQuery and DuckDB.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rulesql {transpiler.__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Microsoft Sentinel rules (YAML and KQL) as proven SQL for BigQuery and DuckDB."""
