"""Rule files of every kind and fault, each with exactly the findings that its head promises (tests/cases/rules)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpiler.rule import FileError, Finding, load_rule, load_rules

CASES = Path(__file__).parent / "cases" / "rules"
FILES = sorted(p for p in CASES.iterdir() if p.suffix in (".yaml", ".json", ".yaral"))
_EXPECT = re.compile(r"^(?:#|//) expect (\w+) (\w+) (\d+):(\d+) (.*)$", re.MULTILINE)


def _expected(path: Path) -> list[tuple[str, str, int, int, str]]:
    beside = path.with_name(path.name + ".expect")
    text = (beside if beside.exists() else path).read_text("utf-8")
    return sorted(
        (code, severity, int(line), int(column), words) for code, severity, line, column, words in _EXPECT.findall(text)
    )


def _findings(path: Path) -> tuple[Finding, ...]:
    try:
        return load_rule(path).findings
    except FileError as error:
        return error.findings


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_findings_are_exactly_those_that_the_file_promises(path: Path) -> None:
    expected = _expected(path)
    found = sorted((f.code, str(f.severity), f.place.line, f.place.column, f.message) for f in _findings(path))
    assert [f[:4] for f in found] == [e[:4] for e in expected], found
    for code, severity, line, column, words in expected:
        at = (code, severity, line, column)
        assert any(f[:4] == at and words in f[4] for f in found), (words, found)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_refusal_happens_exactly_when_an_error_is_found(path: Path) -> None:
    refused = any(severity == "error" for _, severity, *_ in _expected(path))
    if not refused:
        load_rule(path)
        return
    with pytest.raises(FileError) as caught:
        load_rule(path)
    error = caught.value
    first = next(f for f in error.findings if f.severity == "error")
    assert (error.code, error.message, error.hint) == (first.code, first.message, first.hint)
    assert (error.line, error.column) == first.place[:2]


def test_a_broken_file_costs_no_other_one_anything() -> None:
    loaded = load_rules(CASES)
    refused = {p.name for p in FILES if any(severity == "error" for _, severity, *_ in _expected(p))}
    assert set(loaded.errors) == refused
    assert set(loaded.rules) == {p.name for p in FILES} - refused


def test_an_id_that_two_rules_share_is_found_with_both_places() -> None:
    shared = [f for f in load_rules(CASES).findings if "is also that of" in f.message]
    assert shared
    assert all(f.code == "RULE008" and re.search(r"\.(yaml|json):\d+:\d+\)", f.message) for f in shared)
