"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from transpiler.alerts import run_window
from transpiler.catalog import Catalog, Table, default_catalog, kql_type, load_catalog, load_schema
from transpiler.rule import load_rule, rule_files
from transpiler.rule.durations import parse_duration
from transpiler.rule.model import Rule
from transpiler.run import Input


class Format(StrEnum):
    """How a report is printed."""

    TEXT = "text"
    JSON = "json"


class Target(StrEnum):
    """A warehouse."""

    BIGQUERY = "bigquery"
    DUCKDB = "duckdb"


RUN_TIME = "run-time"
"""The value of --now that stands for a scheduled query's own parameter."""

FormatOption = Annotated[Format, typer.Option("--format", "-f", help="text for people, json for programs.")]
RulesOption = Annotated[Path, typer.Option("--rules", metavar="DIR", help="The folder of rules.")]
FixturesOption = Annotated[Path, typer.Option("--fixtures", metavar="DIR", help="The folder of fixtures.")]
CatalogOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--catalog",
        metavar="DIR",
        envvar="RULESQL_CATALOG",
        help="A folder of schemas/, sources/, functions/ and targets.yaml, on top of the product's own. Repeatable.",
    ),
]
TargetOption = Annotated[Target, typer.Option("--target", "-t", help="The warehouse.")]
ColumnsOption = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="NAME=COLUMNS", help="schema.yaml, or column:type,... Repeatable."),
]
InferOption = Annotated[
    bool, typer.Option("--infer-schema", help="Give undeclared tables the columns that the query uses.")
]
NowOption = Annotated[
    str | None,
    typer.Option("--now", metavar="TIME", help=f"now() as a literal, or {RUN_TIME}: @run_time of a scheduled query."),
]
WindowOption = Annotated[
    str | None,
    typer.Option("--window", metavar="TIME", help="How far to look back: 1d, 15m; all: no window."),
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A value for declare query_parameters. Repeatable."),
]


DelayOption = Annotated[
    str,
    typer.Option(
        "--delay", metavar="TIME", help="How long events take to arrive: a run is due so much after its window ends."
    ),
]


def catalog_of(folders: Iterable[Path] | None) -> Catalog:
    """The product's catalog with the given folders on top. Raises RuleError for a file that cannot be used."""
    catalog = default_catalog()
    for folder in folders or ():
        if not folder.is_dir():
            raise typer.BadParameter(f"no folder '{folder}'", param_hint="--catalog")
        catalog = load_catalog(folder, catalog)
    return catalog


def rule_path(given: str, rules: Path) -> Path:
    """The file of a rule: a path, or a path below the rules folder with or without its ending. Exits with 2 for others."""
    candidates = [Path(given), rules / given, *(rules / f"{given}{suffix}" for suffix in (".yaml", ".yml", ".json"))]
    found = next((path for path in candidates if path.is_file()), None)
    if found is None:
        raise typer.BadParameter(f"no rule '{given}' (looked here and below {rules}/)", param_hint="RULE")
    return _as_below(found, rules)


def _as_below(path: Path, rules: Path) -> Path:
    """A path into the rules folder as one that begins with that folder, however it was written.

    Trap: a rule's place below the folder is its identity in every output; its absolute path would be another rule's.
    """
    whole, root = Path(os.path.abspath(path)), Path(os.path.abspath(rules))
    return rules / whole.relative_to(root) if whole.is_relative_to(root) else path


def rule_paths(given: Iterable[str] | None, rules: Path) -> list[Path]:
    """The files of the given rules and folders; every rule of the folder where none is given."""
    names = list(given or ())
    if not names:
        if not rules.is_dir():
            raise typer.BadParameter(f"no folder '{rules}'", param_hint="--rules")
        return _below(rules, "--rules")
    found: list[Path] = []
    for name in names:
        folder = next((f for f in (Path(name), rules / name) if f.is_dir()), None)
        found += _below(_as_below(folder, rules), "RULE") if folder else [rule_path(name, rules)]
    return list(dict.fromkeys(found))


def _below(folder: Path, given_as: str) -> list[Path]:
    """The rules of a folder. Exits with 2 for one without any, which is a mistyped path more often than not."""
    found = list(rule_files(folder))
    if not found:
        raise typer.BadParameter(f"no rule in the folder '{folder}'", param_hint=given_as)
    return found


def one_rule(given: str, rules: Path) -> Rule:
    """The rule of a path or name. Raises RuleError for a file that is none."""
    return load_rule(rule_path(given, rules))


def inputs_of(given: Iterable[str] | None) -> list[Input]:
    """``NAME=FILE`` (a path, glob, or ``FILE.duckdb#table``), several of one name put together. Exits with 2 for others."""
    files: dict[str, list[str]] = {}
    members: dict[str, str] = {}
    for text in given or ():
        name, sign, file = text.partition("=")
        if not sign or not name.strip() or not file:
            raise typer.BadParameter(f"'{text}' is not of the form NAME=FILE", param_hint="--table")
        path, mark, member = file.rpartition("#")
        if mark and not os.path.exists(file):
            file, members[name] = path, member
        file = os.path.expanduser(file)
        if not os.path.exists(file) and not glob.glob(file, recursive=True):
            raise typer.BadParameter(f"no file matches '{file}'", param_hint="--table")
        files.setdefault(name.strip(), []).append(file)
    return [Input(name, tuple(paths), members.get(name, "")) for name, paths in files.items()]


def tables_of(given: Iterable[str] | None) -> dict[str, Table]:
    """``NAME=schema.yaml`` or ``NAME=col:type,col:type`` as tables. Exits with 2 for others; raises RuleError for files."""
    tables: dict[str, Table] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise typer.BadParameter(f"'{text}' is neither NAME=FILE nor NAME=column:type,...", param_hint="--table")
        if value.endswith((".yaml", ".yml")):
            table = load_schema(value)
            tables[name] = Table(name, table.columns, table.time, table.open, table.origin, table.description)
        else:
            tables[name] = Table(name, _columns(value))
    return tables


def _columns(text: str) -> dict[str, str]:
    columns: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, sign, kind = part.partition(":")
        try:
            columns[name.strip().strip("[]'\"")] = kql_type(kind.strip() if sign else "")
        except ValueError as error:
            raise typer.BadParameter(f"column '{part}': {error}", param_hint="--table") from None
    return columns


def pairs_of(given: Iterable[str] | None, option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping. Exits with 2 for others."""
    found: dict[str, str] = {}
    for text in given or ():
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise typer.BadParameter(f"'{text}' is not of the form NAME=VALUE", param_hint=option)
        found[name.strip()] = value
    return found


def parameters_of(given: Iterable[str] | None) -> Mapping[str, object]:
    """Values for query parameters: numbers, true and false, instants, durations; every other text is a string."""
    return {name: _value(text) for name, text in pairs_of(given, "--parameter").items()}


def _value(text: str) -> object:
    for read in (int, float, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    duration = parse_duration(text)
    return duration if duration is not None else text


def period_of(rule: Rule, least: timedelta = timedelta(minutes=1)) -> timedelta | None:
    """How far a run of a rule looks back, continuous rules included; None for rules without a schedule."""
    window = run_window(rule, least)
    return window.period if window else None


def delay_of(text: str) -> timedelta:
    """An ingestion delay: a duration, 0 for none. Exits with 2 for others."""
    found = timedelta() if text == "0" else parse_duration(text)
    if found is None or found < timedelta():
        raise typer.BadParameter(f"'{text}' is no duration such as 5m or 0", param_hint="--delay")
    return found


def moment_of(text: str, option: str) -> datetime:
    """An instant in UTC, without zone: ISO 8601; ``now``. Exits with 2 for others."""
    if text == "now":
        return datetime.now(UTC).replace(tzinfo=None)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no instant such as 2026-03-02T10:00:00Z", param_hint=option) from None
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def window_of(text: str | None, default: timedelta | None) -> timedelta | None:
    """A duration, None for ``all``, the default where nothing is given. Exits with 2 for others."""
    if text is None:
        return default
    if text == "all":
        return None
    found = parse_duration(text)
    if found is None or found <= timedelta():
        raise typer.BadParameter(f"'{text}' is no duration such as 15m, 1d or all", param_hint="--window")
    return found
