"""Markdown cases: the format is told in ``tests/cases/README.md``. This module only reads and rewrites text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.support.tables import MalformedCaseError, TextTable, parse_table

TARGETS = ("duckdb", "bigquery")
_FENCE = re.compile(r"^(`{3,})(.*)$")
_HEADING = re.compile(r"^#{1,6}\s+(.*)$")
_OPTIONS = frozenset({"now", "window", "parameters", "analyzed only"})


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: the words of its info string, its text, and the lines (from 1) where that begins and ends."""

    words: tuple[str, ...]
    text: str
    first: int
    end: int

    @property
    def kind(self) -> str:
        """What the block holds: given, kql, rows, columns, error, sql, options."""
        return self.words[0] if self.words else ""


@dataclass(frozen=True, slots=True)
class ExpectedError:
    """A refusal: its code, a fragment of its message, and (line, column) of the query where it points."""

    code: str
    fragment: str
    place: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a file. ``errors`` maps a target to the refusal that is expected there."""

    title: str
    line: int
    kql: str
    given: Mapping[str, TextTable]
    rows: TextTable | None
    ordered: bool
    any_order: frozenset[str]
    columns: tuple[tuple[str, str], ...] | None
    errors: Mapping[str, ExpectedError]
    snapshots: Mapping[str, Fence]
    options: Mapping[str, Any] = field(default_factory=dict)  # what YAML holds


def parse_cases(text: str) -> list[Case]:
    """The cases of a Markdown file, in order; MalformedCaseError with its line where the format is not kept."""
    cases = []
    for title, line, fences in _sections(text):
        if fences:
            cases.append(_case(title, line, fences))
    titles = [c.title for c in cases]
    if twice := next((t for t in titles if titles.count(t) > 1), None):
        raise MalformedCaseError(f"two cases are called '{twice}'", next(c.line for c in cases if c.title == twice))
    return cases


def _sections(text: str) -> Iterator[tuple[str, int, list[Fence]]]:
    title, line, fences = "", 0, list[Fence]()
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        if opening := _FENCE.match(lines[at]):
            end = next((i for i in range(at + 1, len(lines)) if lines[i].rstrip() == opening[1]), None)
            if end is None:
                raise MalformedCaseError("a fence is not closed", at + 1)
            fences.append(Fence(tuple(opening[2].split()), "\n".join(lines[at + 1 : end]), at + 2, end + 1))
            at = end
        elif heading := _HEADING.match(lines[at]):
            yield title, line, fences
            title, line, fences = heading[1].strip(), at + 1, []
        at += 1
    yield title, line, fences


def _case(title: str, line: int, fences: list[Fence]) -> Case:
    kinds = [f.kind for f in fences]
    if unknown := next((f for f in fences if f.kind not in _KINDS), None):
        raise MalformedCaseError(
            f"a fence '{unknown.kind}' is not known; known: {', '.join(_KINDS)}", unknown.first - 1
        )
    if kinds.count("kql") != 1 or kinds.count("rows") > 1:
        raise MalformedCaseError(f"'{title}' needs one kql fence and at most one rows fence", line)
    if not {"rows", "columns", "error"} & set(kinds):
        raise MalformedCaseError(f"'{title}' expects nothing: a rows, columns or error fence is missing", line)
    rows = next((f for f in fences if f.kind == "rows"), None)
    words = rows.words[1:] if rows else ()
    columns = next((f for f in fences if f.kind == "columns"), None)
    return Case(
        title=title,
        line=line,
        kql=next(f.text for f in fences if f.kind == "kql"),
        given=dict(_given(f) for f in fences if f.kind == "given"),
        rows=parse_table(rows.text, rows.first) if rows else None,
        ordered="ordered" in words,
        any_order=frozenset(w.removeprefix("set:") for w in words if w.startswith("set:")),
        columns=_columns(columns) if columns else None,
        errors={t: e for f in fences if f.kind == "error" for t, e in _errors(f)},
        snapshots={f.words[1]: f for f in fences if f.kind == "sql" and _is_target(f)},
        options=_options([f for f in fences if f.kind == "options"]),
    )


_KINDS = ("given", "kql", "rows", "columns", "error", "sql", "options")


def _is_target(fence: Fence) -> bool:
    if fence.words[1:] not in {(t,) for t in TARGETS}:
        raise MalformedCaseError(f"a sql fence names one target: {' or '.join(TARGETS)}", fence.first - 1)
    return True


def _given(fence: Fence) -> tuple[str, TextTable]:
    name = " ".join(fence.words[1:])
    if not name:
        raise MalformedCaseError("a given fence names its table", fence.first - 1)
    table = parse_table(fence.text, fence.first)
    table.typed()
    return name, table


def _columns(fence: Fence) -> tuple[tuple[str, str], ...]:
    pairs = (line.rpartition(":") for line in fence.text.splitlines() if line.strip())
    return tuple((name.strip(), kind.strip()) for name, _, kind in pairs)


def _errors(fence: Fence) -> Iterator[tuple[str, ExpectedError]]:
    head, *rest = fence.text.splitlines() or [""]
    code, _, fragment = head.strip().partition(" ")
    place = None
    if rest and (at := re.fullmatch(r"at (\d+):(\d+)", rest[0].strip())):
        place = (int(at[1]), int(at[2]))
    elif rest:
        raise MalformedCaseError("the second line of an error fence is 'at LINE:COLUMN'", fence.first + 1)
    if not re.fullmatch(r"[A-Z]+\d{3}", code):
        raise MalformedCaseError(f"an error fence begins with a code, not '{code}'", fence.first)
    for target in fence.words[1:] or TARGETS:
        yield target, ExpectedError(code, fragment.strip(), place)


def _options(fences: list[Fence]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for fence in fences:
        options |= yaml.safe_load(fence.text) or {}
        if unknown := sorted(options.keys() - _OPTIONS):
            raise MalformedCaseError(f"an option '{unknown[0]}' is not known; known: {', '.join(sorted(_OPTIONS))}")
    return options


def rewrite_snapshots(path: Path, replacements: Mapping[int, str]) -> None:
    """Put new text into the sql fences of a file; ``replacements`` is keyed by the fences' first lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    fences = {f.first: f for _, _, found in _sections("\n".join(lines)) for f in found}
    for first in sorted(replacements, reverse=True):
        fence = fences[first]
        if fence.kind != "sql":
            raise MalformedCaseError(f"only sql fences are rewritten, not '{fence.kind}'", first - 1)
        lines[first - 1 : fence.end - 1] = replacements[first].rstrip("\n").splitlines()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
