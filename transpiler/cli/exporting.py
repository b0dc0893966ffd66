"""``rulesql export`` and ``rulesql validate``: rules through the gate."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from transpiler.cli.app import FINDINGS, app
from transpiler.cli.options import (
    CatalogOption,
    DelayOption,
    FixturesOption,
    Format,
    FormatOption,
    RulesOption,
    catalog_of,
    delay_of,
    rule_paths,
)
from transpiler.cli.printing import console, messages, note
from transpiler.diagnostics import RuleError
from transpiler.exports import DEFAULT_FORMATS, FORMATS, Exported, ExportReport, Settings, export_rules
from transpiler.exports.formats import formats_of
from transpiler.report.data import json_text
from transpiler.report.show_verdicts import Line, line_of, show_lines, verdict_data, verdict_problems, verdict_remarks
from transpiler.rule import Fixture, fixture_folder, load_fixtures, load_rule
from transpiler.rule.checks import check_together
from transpiler.rule.findings import Severity, shown_error
from transpiler.rule.model import Rule
from transpiler.validation import Outcome, Verdict, validate

NamesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RULE]...", help="Rule files, folders, or paths below the rules folder. Default: all."),
]


OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the SQL is written.")]
CheckOption = Annotated[bool, typer.Option("--check", help="Write nothing; fail when the output folder is stale.")]
UntestedOption = Annotated[
    bool, typer.Option("--allow-untested", help="Export rules without fixtures, too, marked as such.")
]
FormatsOption = Annotated[
    list[str] | None,
    typer.Option("--format", "-f", metavar="NAME", help=f"What is written: {', '.join(FORMATS)}. Repeatable."),
]
AlertsOption = Annotated[str, typer.Option("--alerts", metavar="DATASET.TABLE", help="BigQuery's table of alerts.")]
LocationOption = Annotated[str, typer.Option("--location", help="BigQuery's location.")]
ReportOption = Annotated[Format, typer.Option("--report", help="How the summary is printed.")]


_FORMATS = "\n\n".join(["[bold]Formats[/bold]", *(f"{f.name}: {f.help}" for f in FORMATS.values())])


@app.command(epilog=_FORMATS)
def export(
    names: NamesArgument = None,
    out: OutOption = Path("out"),
    rules: RulesOption = Path("rules"),
    fixtures: FixturesOption = Path("fixtures"),
    check: CheckOption = False,
    allow_untested: UntestedOption = False,
    formats: FormatsOption = None,
    alerts: AlertsOption = "detections.alerts",
    location: LocationOption = "US",
    delay: DelayOption = "5m",
    catalog: CatalogOption = None,
    report: ReportOption = Format.TEXT,
) -> None:
    """Translate, prove and write rules: SQL for both targets, scheduled queries, Terraform, Dataform, dbt.

    A rule is written only when its fixtures come out as expected; one that fails leaves its earlier export as it is.

    [bold]Examples[/bold]

      rulesql export

      rulesql export --check

      rulesql export --out deploy --format terraform --format alerts --alerts soc.alerts --location EU --delay 10m
    """
    done = export_rules(
        rule_paths(names, rules),
        catalog_of(catalog),
        out,
        root=rules,
        fixtures=fixtures,
        check=check,
        allow_untested=allow_untested,
        progress=_progress,
        formats=_known(formats),
        settings=_settings(alerts, location, delay_of(delay)),
    )
    (_show_json if report is Format.JSON else _show)(done, rules, out, check)
    raise typer.Exit(0 if done.is_good else FINDINGS)


def _known(formats: list[str] | None) -> Sequence[str]:
    """The formats to write. Exits with 2 for one that is not known."""
    try:
        formats_of(formats or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--format") from None
    return formats or DEFAULT_FORMATS


def _settings(alerts: str, location: str, delay: timedelta) -> Settings:
    """Where alerts go. Exits with 2 for what is no name of BigQuery's: it goes into scripts as it is."""
    dataset, _, table = alerts.partition(".")
    if not re.fullmatch(r"\w+", dataset, re.ASCII) or not re.fullmatch(r"[\w-]+", table, re.ASCII):
        raise typer.BadParameter(f"'{alerts}' is not of the form DATASET.TABLE", param_hint="--alerts")
    if not re.fullmatch(r"[A-Za-z0-9-]+", location):
        raise typer.BadParameter(f"'{location}' is no location such as EU or europe-west3", param_hint="--location")
    return Settings(dataset, table, location, delay)


def _progress(result: Exported) -> None:
    out = messages()
    if out.is_terminal:
        out.print(Text(f"{'✓' if result.is_good else '✗'} {result.path}", style="dim"))


def _data(result: Exported, check: bool) -> dict[str, object]:
    data: dict[str, object] = {"path": result.path, "exported": result.is_good, "files": sorted(result.files)}
    data |= {"stale" if check else "written": result.stale if check else result.written}
    if result.problem:
        data["problem"] = result.problem
    if result.verdict is None:
        return data
    known = verdict_data(result.verdict)
    return data | known | {"findings": [str(f) for f in (*result.verdict.findings, *result.notes)]}


def _show_json(done: ExportReport, rules: Path, out: Path, check: bool) -> None:
    data = {"good": done.is_good, "stale": done.stale, "error": done.error}
    typer.echo(json_text({**data, "rules": [_data(r, check) for r in done.results]}))


def _show(done: ExportReport, rules: Path, out: Path, check: bool) -> None:
    lines = [_line(result, rules, check) for result in done.results]
    show_lines(lines, console())
    _missing_engines([r.verdict for r in done.results if r.verdict])
    good = sum(r.is_good for r in done.results)
    written = sum(len(r.written) for r in done.results)
    end = "nothing is written" if check else f"{written} files changed under {out}/"
    console().print(Text(f"\n{good} of {len(done.results)} rules exported, {end}", style="bold"))
    for name in done.stale:
        console().print(Text(f"stale: {out / name}", style="bold red"))
    if done.error:
        console().print(Text(f"error: {done.error}", style="bold red"))


def _line(result: Exported, rules: Path, check: bool) -> Line:
    changed = result.stale if check else result.written
    files = f"{len(result.files)} files, {len(changed)} {'stale' if check else 'changed'}" if result.files else "none"
    problems = verdict_problems(result.verdict) if result.verdict else []
    remarks = verdict_remarks(result.verdict) if result.verdict else []
    remarks += [str(f) for f in result.notes if f.severity is Severity.WARNING]
    shown = [*(problems or [result.problem] * bool(result.problem)), *remarks]
    line = line_of(_name(result.path, rules), result.verdict, files, shown)
    return replace(line, outcome="not exported") if result.rule and not result.verdict else line


def _name(path: str | Path, rules: Path) -> str:
    """A rule's path below the rules folder, without its ending."""
    found = Path(path)
    return (found.relative_to(rules) if found.is_relative_to(rules) else found).with_suffix("").as_posix()


@app.command(name="validate")
def validate_rules(
    names: NamesArgument = None,
    rules: RulesOption = Path("rules"),
    fixtures: FixturesOption = Path("fixtures"),
    catalog: CatalogOption = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Translate rules and run their fixtures on the engines; write nothing.

    [bold]Examples[/bold]

      rulesql validate

      rulesql validate rules/gcp/dns --format json
    """
    known = catalog_of(catalog)
    found: list[tuple[str, Verdict | None, str]] = []
    for path in rule_paths(names, rules):
        try:
            rule = load_rule(path)
            found.append((str(path), validate(rule, known, _fixtures(rule, path, rules, fixtures)), ""))
        except RuleError as error:
            found.append((str(path), None, shown_error(error)))
    found = _with_shared_ids(found)
    if format_ is Format.JSON:
        data = [{"path": p} | (verdict_data(v) if v else {"verdict": "unreadable", "problem": e}) for p, v, e in found]
        typer.echo(json_text(data))
    else:
        said = [[*verdict_problems(v), *verdict_remarks(v)] if v else [e] for _, v, e in found]
        show_lines([line_of(_name(p, rules), v, "", s) for (p, v, _), s in zip(found, said, strict=True)], console())
        _missing_engines([v for _, v, _ in found if v])
    if any(v is None or v.outcome in (Outcome.FAILED, Outcome.REFUSED) or v.refusals for _, v, _ in found):
        raise typer.Exit(FINDINGS)


def _with_shared_ids(found: list[tuple[str, Verdict | None, str]]) -> list[tuple[str, Verdict | None, str]]:
    """The verdicts, with a finding in each whose rule has the id of an earlier one."""
    shared = {f.place.path: f for f in check_together(v.rule for _, v, _ in found if v)}
    return [
        (p, replace(v, findings=(*v.findings, shared[v.rule.path])) if v and v.rule.path in shared else v, e)
        for p, v, e in found
    ]


def _fixtures(rule: Rule, path: Path, rules: Path, fixtures: Path) -> tuple[Fixture, ...]:
    """The rule's fixtures: at its path below the fixtures folder, else where the rule's own path leads."""
    if path.is_relative_to(rules):
        own = fixtures / path.relative_to(rules).with_suffix("")
        if own.is_dir():
            return load_fixtures(rule, own)
    return load_fixtures(rule, fixture_folder(path))


def _missing_engines(verdicts: list[Verdict]) -> None:
    if any(v.missing_engines for v in verdicts):
        note("BigQuery's SQL was not run: Google's engine is not installed (pip install 'rulesql[bigquery]')")
