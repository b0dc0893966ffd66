"""SEMANTICS.md and SEMANTICS_VALUES.md: numbered without gaps, and every statement names cases and tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = [(ROOT / "transpiler" / name).read_text(encoding="utf-8") for name in ("SEMANTICS.md", "SEMANTICS_VALUES.md")]
STATEMENT = re.compile(r"^\*\*K(\d+)\.\*\* (.*?)(?=^\*\*K\d+\.\*\*|^## |\Z)", re.MULTILINE | re.DOTALL)
STATEMENTS = sorted((found for text in TEXTS for found in STATEMENT.findall(text)), key=lambda found: int(found[0]))
FOLDERS = (ROOT / "tests/cases", ROOT / "tests", ROOT / "fixtures")


def test_numbers_have_no_gaps() -> None:
    assert [int(number) for number, _ in STATEMENTS] == list(range(1, len(STATEMENTS) + 1))
    assert len(STATEMENTS) > 30


@pytest.mark.parametrize(("number", "statement"), STATEMENTS, ids=[f"K{number}" for number, _ in STATEMENTS])
def test_what_pins_a_statement_exists(number: str, statement: str) -> None:
    _, _, pins = statement.partition("Pinned by: ")
    assert pins.strip(), f"K{number} names no test"
    for pin in (p.strip() for p in re.split(r";(?= \S+\.(?:md|test|py|yaml))", pins.strip())):
        file, _, case = (part.strip() for part in pin.partition("»"))
        assert exists(file, case), f"K{number}: {pin}"


def exists(file: str, case: str) -> bool:
    """Whether a case stands in a file: a heading in Markdown, a function in one-line cases and in Python."""
    path = next((folder / file for folder in FOLDERS if (folder / file).is_file()), None)
    if path is None:
        return False
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return f"\n## {case}\n" in f"\n{text}"
    if not case:  # a file of rules or of alerts is one case
        return path.suffix == ".yaml"
    if path.suffix == ".test":
        return re.search(rf"\b{re.escape(case)}\(", text) is not None
    if path.suffix == ".py":
        return f"\ndef {case}(" in text
    return case in text


def test_a_pin_that_does_not_exist_is_found() -> None:
    assert exists("operators/rows.md", "A missing string equals ''")
    assert not exists("operators/rows.md", "A heading that is not there")
    assert not exists("functions/strings.test", "no_such_function")
    assert not exists("no_such_file.md", "")
