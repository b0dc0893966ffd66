"""Fixture files: what they may say, what is refused, and those of the project's own rules."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from transpiler.catalog import default_catalog
from transpiler.catalog.layouts import stored_tables
from transpiler.diagnostics import RuleError
from transpiler.kql import parse_query
from transpiler.rule import Fixture, fixture_folder, load_fixtures, load_rule, load_rules
from transpiler.rule.document import parse_document
from transpiler.rule.fixture import parse_instant, read_fixture

ROOT = Path(__file__).parents[1]
RULES = load_rules(ROOT / "rules").rules
CATALOG = default_catalog()
TABLES = {name: list(CATALOG.tables[name].columns) for name in CATALOG.tables}  # type: ignore[union-attr]

GOOD = """\
trap: Words.
now: 2026-03-02T10:00:00Z
given:
  T:
    base: {a: {b: 1}, x: base}
    log_entries:
      - trap: one
        entry: {timestamp: 2026-03-02T09:00:00Z, a: {c: NO}, x: "{n}"}
      - entry: {timestamp: 2026-03-02T09:00:00.25Z, port: {n: 10}, x: "{n}"}
        repeat: 3
        every: 30s
  U:
    rows:
      - {TimeGenerated: 2026-03-02T09:00:00Z, C: null}
expect:
  columns: [A, B]
  rows:
    - {A: 1}
"""


def _read(text: str, tables: dict[str, list[str]] | None = None) -> Fixture:
    return read_fixture(parse_document("f.yaml", text), tables)


def test_a_fixture_s_parts() -> None:
    fixture = _read(GOOD)
    assert fixture.now == dt.datetime(2026, 3, 2, 10)
    log, rows = fixture.given["T"], fixture.given["U"]
    assert log.data[0] == {"timestamp": "2026-03-02T09:00:00Z", "a": {"b": 1, "c": "NO"}, "x": "{n}"}
    assert [e["timestamp"] for e in log.data[1:]] == [
        "2026-03-02T09:00:00.250000Z",
        "2026-03-02T09:00:30.250000Z",
        "2026-03-02T09:01:00.250000Z",
    ]
    assert [(e["port"], e["x"]) for e in log.data[1:]] == [(10, "0"), (11, "1"), (12, "2")]
    assert log.events[0].trap == "one"
    assert rows.data == ({"TimeGenerated": "2026-03-02T09:00:00Z", "C": None},)
    assert (fixture.expected.count, fixture.expected.rows, fixture.expected.columns) == (1, ({"A": 1},), ("A", "B"))


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("trap: Words.\n", "", "RULE002", 1),
        ("2026-03-02T10:00:00Z\n", "tomorrow\n", "RULE004", 2),
        ("2026-03-02T10:00:00Z\n", "2026-03-02T10:00:00+02:00\n", "RULE004", 2),
        ("log_entries:", "log_entry:", "RULE008", 5),
        ("entry: {timestamp: 2026-03-02T09:00:00Z,", "entry: {time: 2026-03-02T09:00:00Z,", "RULE004", 8),
        ("- trap: one\n        entry: {t", "- {t", "RULE002", 7),
        ("repeat: 3", "repeat: 0", "RULE007", 10),
        ("repeat: 3", "repeats: 3", "RULE003", 10),
        ("every: 30s", "every: often", "RULE004", 11),
        ("- {TimeGenerated: 2026-03-02T09:00:00Z, C: null}", "- just text", "RULE004", 14),
        ("C: null", "D: null", "RULE003", 14),
        ("  U:", "  V:", "RULE007", 12),
        ("- {A: 1}", "- {C: 1}", "RULE008", 18),
        ("  rows:\n    - {A: 1}\n", "  count: some\n", "RULE004", 17),
        ("  rows:\n    - {A: 1}\n", "  counts: 1\n", "RULE002", 16),
        ("    - {A: 1}\n", "    - {A: 1}\n  count: 2\n", "RULE008", 19),
        ("    - {A: 1}\n", "    - [A, 1]\n", "RULE004", 18),
    ],
)
def test_what_is_no_fixture(old: str, new: str, code: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        _read(GOOD.replace(old, new, 1), {"T": ["a"], "U": ["TimeGenerated", "C"]})
    assert (caught.value.code, caught.value.line) == (code, line), str(caught.value)


def test_where_fixtures_lie() -> None:
    assert fixture_folder("x/rules/gcp/dns/a.yaml") == Path("x/fixtures/gcp/dns/a")
    assert fixture_folder("rules/rules/a.yml") == Path("rules/fixtures/a")
    assert fixture_folder("elsewhere/a.yaml") == Path("elsewhere/fixtures/a")


@pytest.mark.parametrize(
    ("text", "micros"),
    [("2026-03-02T10:00:00.1234567Z", 123456), ("2026-03-02 10:00:00", 0), ("2026-03-02T10:00:00.5+00:00", 500000)],
)
def test_instants(text: str, micros: int) -> None:
    assert parse_instant(text) == dt.datetime(2026, 3, 2, 10, 0, 0, micros)


def test_the_project_has_the_promised_rules() -> None:
    loaded = load_rules(ROOT / "rules")
    assert not loaded.errors
    assert not loaded.findings
    assert len(loaded.rules) >= 11
    for folder in ("gcp/dns", "gcp/audit", "gcp/vpc"):
        assert any(name.startswith(folder) for name in loaded.rules)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_of_the_project_is_without_findings_and_has_fixtures_with_hits_and_misses(name: str) -> None:
    rule = RULES[name]
    assert rule.findings == ()
    parse_query(rule.source)
    fixtures = load_fixtures(rule, tables=TABLES)
    assert fixtures
    assert any(fixture.expected.count for fixture in fixtures)
    for fixture in fixtures:
        given = sum(len(g.events) for g in fixture.given.values())
        assert given > fixture.expected.count, "nothing that must not match"
        assert fixture.trap


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_fixture_s_log_entries_fit_every_physical_shape(name: str) -> None:
    for fixture in load_fixtures(RULES[name]):
        for given in fixture.given.values():
            source = CATALOG.sources[given.table]
            for target, shape_name in source.shapes:
                shape = source.shape(target, shape_name)
                assert shape is not None
                if given.is_log and shape.layout in ("sink", "all_logs", "log_entries"):
                    tables = stored_tables(shape, given.data)
                    kept = sum(len(table.rows) for table in tables.values())
                    assert 0 < kept <= len(given.events)
                    for table in tables.values():
                        columns = {physical.column[0] for physical in shape.columns.values()}
                        assert columns & set(table.columns), (target, shape_name)


def test_the_seed_rule_is_as_published() -> None:
    rule = load_rule(ROOT / "rules/gcp/dns/malicious_python_packages.yaml")
    assert rule.id == "75491db8-eaf7-40bb-a46a-279872cc82f5"
    assert rule.name == "Google DNS - Malicous Python packages"  # the misspelling is the publisher's
    assert rule.query.splitlines()[0] == "GCPCloudDNS"
    assert rule.sha256 == "d745ed48416c39a2bb266c78d956d60e67da2b648c633231f3b08d9332351041"
