"""A rule, its fixtures, both engines: the verdict. What is wrong with one rule or fixture never stops another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from transpiler.alerts import is_continuous, run_window
from transpiler.api import Translation, transpile
from transpiler.catalog import Catalog, Table
from transpiler.diagnostics import KqlError
from transpiler.dialects import TARGET_NAMES, TARGETS
from transpiler.engine import EngineError
from transpiler.lowering.runtime import RunTime
from transpiler.rule import check_columns
from transpiler.rule.findings import At, Finding, Severity
from transpiler.rule.fixture import Fixture
from transpiler.rule.model import Rule
from transpiler.validation.inputs import Variant, variants, without_plain
from transpiler.validation.matching import difference
from transpiler.validation.provers import PROVERS, Prepared, moment
from transpiler.validation.verdict import Evidence, Outcome, Verdict

DELAY = timedelta(minutes=5)
SHORTEST_INTERVAL = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Proof:
    """How a rule is translated for a target: the catalog with its shapes, the window, and the ingestion delay."""

    catalog: Catalog
    delay: timedelta = DELAY

    def exported(self, rule: Rule, target: str, header: str = "") -> Translation:
        """The statement that is exported: the service's run time in BigQuery, the engine's clock in DuckDB."""
        return self.translated(rule, target, RunTime(self.delay) if TARGETS[target].has_run_time else None, header)

    def translated(self, rule: Rule, target: str, now: datetime | RunTime | None, header: str = "") -> Translation:
        """The rule's query in a target's SQL, cut to its window."""
        # A continuous rule runs as often as BigQuery's scheduler can, and looks back as far.
        run = run_window(rule, SHORTEST_INTERVAL)
        return transpile(
            rule.source,
            target,
            self.catalog,
            now=now,
            window=run.period if run else None,
            header=header,
            by_arrival=is_continuous(rule),
        )


def validate(
    rule: Rule,
    catalog: Catalog,
    fixtures: Sequence[Fixture] = (),
    *,
    targets: Iterable[str] = TARGET_NAMES,
    delay: timedelta = DELAY,
    headers: Mapping[str, str] | None = None,
) -> Verdict:
    """The verdict of a rule. BigQuery's SQL runs on Google's engine where the extra ``bigquery`` is installed.

    Raises nothing for what is wrong with the rule: refusals, differences and engine errors are in the verdict.
    """
    proof = Proof(catalog, delay)
    translations: dict[str, Translation] = {}
    refusals: dict[str, KqlError] = {}
    for target in targets:
        try:
            translations[target] = proof.exported(rule, target, (headers or {}).get(target, ""))
        except KqlError as error:
            refusals[target] = error
    read = {r.name for t in translations.values() for r in t.requires}
    findings = [*rule.findings, *_column_findings(rule, translations)]
    if translations:
        findings += [finding for fixture in fixtures for finding in _unread(fixture, read)]
    proof = replace(proof, catalog=with_outside(catalog, translations.values()))
    evidence: list[Evidence] = []
    seen: set[tuple[str, str, str]] = set()
    for fixture in fixtures:
        for target, translation in translations.items():
            tables = list(dict.fromkeys(r.name for r in translation.requires))
            for variant in variants(proof.catalog, fixture, tables, target):
                evidence += _run(proof, rule, fixture, variant, tables)
                seen |= {(target, table, shape) for table, shape in variant.shapes.items()}
    if evidence:
        findings += [f for t, made in translations.items() for f in _unseen(rule, catalog, t, made, seen)]
    missing = tuple(PROVERS[t].engine for t in translations if not PROVERS[t].available())
    outcome = _outcome(translations, refusals, evidence, findings)
    return Verdict(rule, outcome, tuple(evidence), tuple(findings), translations, refusals, missing)


def with_outside(catalog: Catalog, translations: Iterable[Translation]) -> Catalog:
    """The catalog with what the query reads from outside (externaldata, watchlists …) as plain tables, for fixtures to fill."""
    outside = {
        r.name: Table(r.name, {column: str(t) for column, t in r.columns.items()})
        for translation in translations
        for r in translation.requires
        if r.kind != "table" and catalog.shape(r.name, translation.target) is None
    }
    return catalog.merged(Catalog(outside)) if outside else catalog


def _column_findings(rule: Rule, translations: Mapping[str, Translation]) -> tuple[Finding, ...]:
    """What the rule says of its result's columns, against the columns that the query returns."""
    if not translations:
        return ()
    return tuple(check_columns(rule, [c.name for c in next(iter(translations.values())).columns]))


def _unread(fixture: Fixture, read: set[str]) -> list[Finding]:
    """Tables that a fixture gives and the query does not read: a name with a typo would leave the query without events."""
    found = []
    for table in fixture.given:
        if table not in read:
            line, column = fixture.source.file_position(max(0, fixture.source.text.find(f"{table}:")))
            message = (
                f"the query does not read the given table '{table}' (it reads {', '.join(sorted(read)) or 'none'})"
            )
            found.append(Finding("RULE008", Severity.ERROR, message, At(line, column, fixture.path)))
    return found


def _unseen(
    rule: Rule, catalog: Catalog, target: str, translation: Translation, seen: set[tuple[str, str, str]]
) -> Iterator[Finding]:
    """Tables that no fixture filled as the exported SQL reads them: where their columns lie was not tried."""
    for table in dict.fromkeys(r.name for r in translation.requires):
        shape = catalog.shape(table, target) if table in catalog.sources else None
        if shape is None or (target, table, shape.name) in seen:
            continue
        title = TARGETS[target].title
        message = f"no fixture fills {table} in the shape '{shape.name}', which the SQL for {title} reads"
        hint = "rows fill the plain shape, log_entries those with a layout; which column is where has not been tried"
        yield rule.finding(Severity.WARNING, "RULE008", message, "query", hint)


def _outcome(
    translations: Mapping[str, Translation],
    refusals: Mapping[str, KqlError],
    evidence: Sequence[Evidence],
    findings: Sequence[Finding],
) -> Outcome:
    if refusals and not translations:
        return Outcome.REFUSED
    if any(not e.passed for e in evidence) or any(f.severity is Severity.ERROR for f in findings):
        return Outcome.FAILED
    return Outcome.PASSED if evidence else Outcome.UNTESTED


def _run(proof: Proof, rule: Rule, fixture: Fixture, variant: Variant, tables: Sequence[str]) -> list[Evidence]:
    stored = replace(proof, catalog=proof.catalog.with_shapes(variant.target, variant.shapes))
    prover = PROVERS[variant.target]
    if not prover.available():
        return []
    rows, problem, sql = 0, without_plain(proof.catalog, variant), ""
    if problem:
        return [Evidence(fixture.name, variant.target, variant.name, prover.engine, rows, problem, sql)]
    try:
        translation = stored.translated(rule, variant.target, moment(variant.target, fixture, proof.delay))
        sql = translation.sql
        result = prover.rows(Prepared(sql, stored.catalog, tables, proof.delay), fixture)
        rows = len(result)
        columns = [(c.name, c.type) for c in translation.columns]
        problem = difference(columns, fixture.expected, result)
    except KqlError as error:
        problem = str(error)
    except (EngineError, ValueError) as error:
        problem = f"{prover.engine}: {error}"
    return [Evidence(fixture.name, variant.target, variant.name, prover.engine, rows, problem, sql)]
