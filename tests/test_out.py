"""The project's own rules: every fixture passes in every physical shape, and ``out/`` is what the rules give today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.bigquery_service import refusals
from transpiler.catalog.load import default_catalog
from transpiler.engine import googlesql
from transpiler.exports import export_rules

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "rules").rglob("*.yaml"))


def test_every_rule_is_proven_and_out_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    report = export_rules(RULES, default_catalog(), "out", check=True)
    assert {r.path: r.problem for r in report.results if not r.is_good} == {}
    stale = [name for name in report.stale if name != "report.json" or googlesql.available()]
    assert stale == [], "make export"


def test_out_holds_nothing_else() -> None:
    """A rule that is gone leaves no SQL behind."""
    stems = {str(Path(p).relative_to("rules").with_suffix("")) for p in RULES}
    files = [p.relative_to(ROOT / "out") for p in (ROOT / "out").rglob("*") if p.is_file() and p.name != "report.json"]
    assert {str(Path(*f.parts[1:]).with_suffix("")) for f in files} == stems


@pytest.mark.parametrize("path", sorted((ROOT / "out" / "bigquery").rglob("*.sql")), ids=lambda p: p.stem)
def test_exported_sql_is_of_the_service(path: Path) -> None:
    assert refusals(path.read_text(encoding="utf-8")) == []


def test_the_first_rule_reads_as_a_person_would_write_it() -> None:
    text = (ROOT / "out/bigquery/gcp/dns/malicious_python_packages.sql").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert text.count("REGEXP_CONTAINS(") == 1
