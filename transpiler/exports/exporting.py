"""The gate: every rule is translated and proven, and only what a good verdict covers is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

from transpiler.catalog import Catalog
from transpiler.diagnostics import KqlError, RuleError
from transpiler.exports.formats import DEFAULT_FORMATS, Format, RuleExport, formats_of
from transpiler.exports.header import header_of
from transpiler.exports.notes import export_notes, unplaced
from transpiler.exports.settings import Settings, identifier_of
from transpiler.exports.writing import is_stale, write_whole
from transpiler.rule import load_rule
from transpiler.rule.checks import check_together
from transpiler.rule.findings import Finding, shown_error
from transpiler.rule.fixture import fixture_folder, load_fixtures
from transpiler.rule.model import Kind, Rule
from transpiler.validation import DELAY, Outcome, Verdict, validate
from transpiler.validation.alerting import alerts_problem

EXPORTED_KINDS = frozenset({Kind.SCHEDULED, Kind.NRT, Kind.HUNTING, Kind.CUSTOM_DETECTION})


@dataclass(frozen=True, slots=True)
class Exported:
    """One rule's result. ``files`` by path relative to the output folder; ``problem`` when nothing may be written."""

    path: str
    rule: Rule | None
    verdict: Verdict | None
    files: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    stale: tuple[str, ...] = ()
    written: tuple[str, ...] = ()
    notes: tuple[Finding, ...] = ()
    """What the rule's run in the service differs in, or costs: no fault of the rule."""

    @property
    def is_good(self) -> bool:
        """Whether the rule was exported (or could have been, with ``check``)."""
        return bool(self.files) and not self.problem


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The results of all rules, in the order of their paths. ``stale`` names files that ``check`` found outdated."""

    results: tuple[Exported, ...]
    stale: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Whether every rule was exported and nothing is stale."""
        return not self.error and not self.stale and all(r.is_good for r in self.results)


def export_rules(
    rules: Iterable[str | Path],
    catalog: Catalog,
    out: str | Path,
    *,
    root: str | Path = "rules",
    fixtures: str | Path = "fixtures",
    check: bool = False,
    allow_untested: bool = False,
    progress: Callable[[Exported], None] | None = None,
    formats: Sequence[str] = DEFAULT_FORMATS,
    settings: Settings | None = None,
) -> ExportReport:
    """Translates, proves and writes rules. A failing rule leaves its earlier export untouched; the others still go out.

    ``check`` writes nothing and reports what is stale. ``report.json`` lists every rule
    that was given, now or in an earlier export.
    ``formats`` are names of ``FORMATS`` (ValueError for another); ``settings`` say where alerts go.
    """
    chosen, shared = formats_of(formats), settings or Settings()
    results: list[Exported] = []
    paths = sorted(map(str, rules))
    same = shared_ids(paths)
    taken = taken_files(chosen, shared, paths, Path(out))
    for path in paths:
        if path in same and any(f.needs_alerts for f in chosen):
            # The alerts of both would have the same ids, and one rule's would be taken for the other's.
            result = Exported(path, same[path][0], None, problem=str(same[path][1]))
        else:
            result = export_rule(path, catalog, Path(out), root, fixtures, check, allow_untested, chosen, shared, taken)
            taken |= dict.fromkeys(_claims(result.files, _stem(path, root), chosen), path)
            result = replace(result, notes=(*result.notes, same[path][1])) if path in same else result
        results.append(result)
        if progress:
            progress(result)
    files = {**_shared_files(chosen, shared, results, Path(out)), "report.json": report_json(results, Path(out))}
    return _settled(tuple(results), files, Path(out), check)


def taken_files(formats: Sequence[Format], settings: Settings, paths: Sequence[str], out: Path) -> dict[str, str]:
    """Who has which file of the output, names in lower case: all rules together, and rules of an earlier export."""
    found: dict[str, str] = {}
    given = {Path(path).resolve() for path in paths}
    for entry in _earlier(out / "report.json"):
        if Path(entry["path"]).resolve() not in given:
            found |= {f["path"].lower(): entry["path"] for f in entry.get("files", ())}
    for form in formats:
        names = [*form.for_all(settings, ["rule"]), *form.reserved(settings)]
        found |= dict.fromkeys(map(str.lower, names), "all rules")
    return found


def _claims(files: Iterable[str], stem: str, formats: Sequence[Format]) -> list[str]:
    """What an exported rule has for itself, in lower case: its files, and the table into which its rows go."""
    names = [f.lower() for f in files]
    has_table = names and any(f.name == "scheduled-query" for f in formats)
    return [*names, f"table {identifier_of(stem).lower()}"] if has_table else names


def _owner(files: Iterable[str], stem: str, formats: Sequence[Format], taken: Mapping[str, str]) -> str:
    """What is wrong when another rule has one of a rule's files or its table; ``''`` when none has."""
    lost = next((c for c in _claims(files, stem, formats) if c in taken), "")
    return f"its {lost} is that of {taken[lost]}, too: rename the rule's file" if lost else ""


def _settled(results: tuple[Exported, ...], files: dict[str, str], out: Path, check: bool) -> ExportReport:
    """Writes the files that are no rule's own, or says which are stale."""
    if check:
        stale = [s for r in results for s in r.stale]
        stale += [name for name, content in files.items() if is_stale(out / name, content)]
        return ExportReport(results, tuple(stale))
    for name, content in files.items():
        try:
            write_whole(out / name, content)
        except OSError as error:
            return ExportReport(results, error=f"{out / name} cannot be written: {error.strerror or error}")
    return ExportReport(results)


def shared_ids(paths: Sequence[str]) -> dict[str, tuple[Rule, Finding]]:
    """The files whose rule has the id of an earlier one, and what is said of each."""
    rules: dict[str, Rule] = {}
    for path in paths:
        with suppress(RuleError):
            rules[path] = load_rule(path)
    found = {f.place.path: f for f in check_together(rules.values())}
    return {path: (rule, found[rule.path]) for path, rule in rules.items() if rule.path in found}


def _shared_files(
    formats: Sequence[Format], settings: Settings, results: Sequence[Exported], out: Path
) -> dict[str, str]:
    """The files that all rules of a format share; they know the rules of earlier exports, too."""
    found: dict[str, str] = {}
    for form in formats:
        names = {p.stem for p in out.glob(form.listing)} if form.listing else set()
        if form.listing:
            folder = PurePath(form.listing).parent
            names |= {PurePath(f).stem for r in results for f in r.files if PurePath(f).parent == folder}
        if any(r.is_good for r in results) or names:
            found |= form.for_all(settings, sorted(names))
    return found


def export_rule(
    path: str,
    catalog: Catalog,
    out: Path,
    root: str | Path,
    fixtures: str | Path,
    check: bool,
    allow_untested: bool,
    formats: Sequence[Format] | None = None,
    settings: Settings | None = None,
    taken: Mapping[str, str] | None = None,
) -> Exported:
    """One rule through the gate, which may write no ``taken`` file. Raises nothing for a bad rule or output folder."""
    try:
        rule = load_rule(path)
        stem = _stem(path, root)
        given = load_fixtures(rule, Path(fixtures, stem) if Path(fixtures, stem).is_dir() else fixture_folder(path))
    except RuleError as error:
        return Exported(path, None, None, problem=shown_error(error))
    if rule.kind not in EXPORTED_KINDS:
        return Exported(
            path, rule, None, problem=f"a {rule.kind} file is no detection; it is used by rules, not exported"
        )
    header = header_of(rule)
    chosen, shared = formats or formats_of(DEFAULT_FORMATS), settings or Settings()
    verdict = validate(rule, catalog, given, delay=shared.delay, headers={"bigquery": header, "duckdb": header})
    problem = _problem(verdict, allow_untested) or _placeless(verdict, catalog)
    if not problem and any(f.needs_alerts for f in chosen):
        problem = alerts_problem(rule, catalog, given, shared.delay)
    files: dict[str, str] = {}
    if not problem:
        try:
            files = _files(RuleExport(rule, verdict, stem, catalog, shared), chosen)
        except KqlError as error:
            problem = str(error)
    problem = problem or _owner(files, stem, chosen, taken or {})
    files = {} if problem else files
    notes = export_notes(rule, catalog, verdict) if files else ()
    return _written(Exported(path, rule, verdict, files, problem, notes=notes), out, check)


def _stem(path: str, root: str | Path) -> str:
    """A rule's path below the rules folder, without its ending: its identity in every folder."""
    given, base = PurePath(path), PurePath(root)
    below = given.relative_to(base) if given.is_relative_to(base) else PurePath(given.name)
    return str(below.with_suffix(""))


def _problem(verdict: Verdict, allow_untested: bool) -> str:
    if verdict.refusals:
        return "\n".join(f"{target}: {error}" for target, error in verdict.refusals.items())
    if verdict.outcome is Outcome.FAILED:
        failed = [f"{e.fixture} ({e.engine}, {e.shape}): {e.problem}" for e in verdict.evidence if not e.passed]
        errors = [str(f) for f in verdict.findings if f.severity == "error"]
        return "\n".join([*failed, *errors])
    if verdict.outcome is Outcome.UNTESTED and not allow_untested:
        return "it has no fixtures; --allow-untested exports it, marked as such"
    return ""


def _placeless(verdict: Verdict, catalog: Catalog) -> str:
    """What of the query's data lies outside (externaldata, a watchlist …), and no source says where in BigQuery."""
    translation = verdict.translations.get("bigquery")
    problems = []
    for required in unplaced(catalog, translation.requires) if translation else ():
        if required.kind == "table":
            continue
        columns = ", ".join(f"{name}: {kind}" for name, kind in required.columns.items())
        problems.append(
            f"no source says where the table {required.name} lies in BigQuery, which stands for {required.origin}: "
            f"a source file does, with 'table: {required.name}' and the columns {{{columns}}}"
        )
    return "\n".join(problems)


def _files(export: RuleExport, formats: Sequence[Format]) -> dict[str, str]:
    found: dict[str, str] = {}
    for form in formats:
        found |= form.for_rule(export)
    return found


def _written(result: Exported, out: Path, check: bool) -> Exported:
    if check:
        stale = tuple(name for name, content in result.files.items() if is_stale(out / name, content))
        return replace(result, stale=stale)
    try:
        written = tuple(name for name, content in result.files.items() if write_whole(out / name, content))
    except OSError as error:
        problem = f"{error.filename or out} cannot be written: {error.strerror or error}"
        return replace(result, files={}, problem=problem)
    return replace(result, written=written)


def report_json(results: Sequence[Exported], out: Path) -> str:
    """What was exported and which engine proved which file, as JSON text. The same input gives the same bytes.

    Rules of an earlier export that were not given this time keep their entries, as long as their files are there.
    """
    entries = {e["path"]: e for e in [*_earlier(out / "report.json"), *map(_entry, results)]}
    listed = [entries[path] for path in sorted(entries)]
    counts = {"rules": len(listed), "exported": sum(bool(e.get("files")) and "problem" not in e for e in listed)}
    return json.dumps({**counts, "results": listed}, ensure_ascii=False, indent=2) + "\n"


def _earlier(path: Path) -> list[dict[str, Any]]:  # Any: JSON
    """The entries of an earlier report whose rules still exist; none when there is no report that can be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["results"]
        return [e for e in found if Path(e["path"]).is_file()]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _entry(result: Exported) -> dict[str, Any]:  # Any: JSON
    rule, verdict = result.rule, result.verdict
    entry: dict[str, Any] = {"path": result.path}
    if rule is not None:
        entry |= {"id": rule.id, "name": rule.name, "severity": rule.severity, "sha256": rule.sha256}
    unjudged = "unreadable" if rule is None else "not exported"
    entry["verdict"] = str(verdict.outcome) if verdict else unjudged
    if result.problem:
        entry["problem"] = result.problem.splitlines()
    if verdict is not None:
        entry["files"] = [_file(name, content, verdict) for name, content in sorted(result.files.items())]
        entry["evidence"] = _evidence(verdict)
        entry["findings"] = [str(f) for f in (*verdict.findings, *result.notes)]
    return entry


def _file(name: str, content: str, verdict: Verdict) -> dict[str, Any]:  # Any: JSON
    target = "duckdb" if name.startswith("duckdb/") else "bigquery"
    digest = hashlib.sha256(content.encode()).hexdigest()
    return {"path": name, "sha256": digest, "proven_by": list(verdict.proven_by(target))}


def _evidence(verdict: Verdict) -> list[dict[str, Any]]:  # Any: JSON
    """Fixtures passed and run, by engine and physical shape."""
    groups: dict[tuple[str, str, str], list[bool]] = {}
    for e in verdict.evidence:
        groups.setdefault((e.target, e.shape, e.engine), []).append(e.passed)
    return [
        {"target": t, "shape": s, "engine": engine, "fixtures": len(runs), "passed": sum(runs)}
        for (t, s, engine), runs in sorted(groups.items())
    ]


__all__ = ["DELAY", "ExportReport", "Exported", "export_rule", "export_rules", "report_json"]
