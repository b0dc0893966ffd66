"""Every public rule file loads, with its own query and with findings that are right (skipped without ../shared)."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from transpiler.rule import Kind, Rule
from transpiler.rule.load import load_rule_bytes

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "queries.jsonl.gz"
pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="../shared/corpus is absent")

KINDS = {
    "Detections": Kind.SCHEDULED,
    "Scheduled": Kind.SCHEDULED,
    "NRT": Kind.NRT,
    "Hunting Queries": Kind.HUNTING,
    "hunting": Kind.HUNTING,
    "Exploration Queries": Kind.EXPLORATION,
    "defender-custom-detection": Kind.CUSTOM_DETECTION,
}

EXPECTED = {
    ("RULE002", "'kind' is missing"): 99,
    ("RULE002", "'requiredDataConnectors' is missing"): 21,
    ("RULE002", "'id' is missing"): 1,
    ("RULE002", "'connectorId' is missing"): 3,
    ("RULE002", "'dataTypes' is missing"): 1,
    ("RULE002", "tactics without techniques"): 29,
    ("RULE003", "has no meaning in this kind of rule"): 8,
    ("RULE003", "is not known"): 1,
    ("RULE004", "is not a GUID"): 11,
    ("RULE004", "must be a list, found a mapping"): 3,
    ("RULE004", "must be a list of texts, found nothing"): 2,
    ("RULE007", "is no tactic"): 5,
    ("RULE007", "is no technique"): 1,
    ("RULE007", "is no identifier of DNS"): 1,
    ("RULE008", "none of the tactics of"): 14,
    ("RULE008", "but no entity mapping uses it"): 1,
}
"""How often each finding is made over the corpus, checked by hand against the files."""


@cache
def _rules() -> list[tuple[dict[str, Any], Rule]]:  # Any: rows of the corpus
    with gzip.open(CORPUS, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(row, load_rule_bytes(row["path"], row["yaml"].encode())) for row in rows if row.get("yaml")]


def test_every_file_loads_as_its_kind_with_its_query() -> None:
    assert len(_rules()) > 390
    for row, rule in _rules():
        parser = rule.kind is Kind.PARSER and rule.function is not None and row["kind"] == "hunting"
        assert parser or rule.kind is KINDS[row["kind"]], row["path"]
        assert rule.query == row["query"], row["path"]


def test_findings_over_the_corpus() -> None:
    found = [(f.code, f.message, str(f)) for _, rule in _rules() for f in rule.findings]
    counts = Counter({key: sum(f[0] == key[0] and key[1] in f[1] for f in found) for key in EXPECTED})
    assert dict(counts) == EXPECTED
    unexpected = [f[2] for f in found if not any(f[0] == code and words in f[1] for code, words in EXPECTED)]
    assert unexpected == []


def test_every_word_of_every_query_is_found_in_its_file() -> None:
    for row, rule in _rules():
        lines = re.split(r"\r\n|\n|\r", row["yaml"].removeprefix("\ufeff"))
        for word in list(re.finditer(r"\w+", rule.query))[::7]:
            line, column = rule.source.file_position(word.start())
            assert lines[line - 1][column - 1 :].startswith(word.group()), (row["path"], word.group())
