"""Verdicts of rules as text: one line a rule, then what is wrong with those that are not good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from transpiler.dialects import TARGET_NAMES, TARGETS
from transpiler.validation import Verdict

_STYLES = {"passed": "bold green", "failed": "bold red", "refused": "bold red", "untested": "bold yellow"}
_HEADINGS = ("verdict", "BigQuery on Google's engine", "DuckDB")


@dataclass(frozen=True, slots=True)
class Line:
    """One rule of the table: its name, verdict in a word, ``proofs`` by target, and problems for below."""

    name: str
    outcome: str
    proofs: dict[str, str] = field(default_factory=dict)
    note: str = ""
    problems: tuple[str, ...] = ()


def line_of(name: str, verdict: Verdict | None, note: str = "", problems: Iterable[str] = ()) -> Line:
    """The line of a verdict; None stands for a file that is no rule that can be read."""
    if verdict is None:
        return Line(name, "unreadable", {}, note, tuple(problems))
    proofs = {target: proof_of(verdict, target) for target in TARGET_NAMES}
    return Line(name, str(verdict.outcome), proofs, note, tuple(problems))


def proof_of(verdict: Verdict, target: str) -> str:
    """What proves a target's SQL: how many runs of fixtures on its engine, over how many physical shapes."""
    if target in verdict.refusals:
        return f"refused: {verdict.refusals[target].code}"
    if target not in verdict.translations:
        return ""
    runs = [e for e in verdict.evidence if e.target == target]
    if not runs:
        return "translated, not run"
    passed = sum(e.passed for e in runs)
    shapes = len({e.shape for e in runs})
    share = _number(passed, "run") if passed == len(runs) else f"{passed} of {_number(len(runs), 'run')}"
    return f"{share}, {_number(shapes, 'shape')}"


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def verdict_problems(verdict: Verdict) -> list[str]:
    """What is wrong: refusals, fixtures that came out otherwise, findings that are errors."""
    refusals: dict[str, list[str]] = {}
    for target, error in verdict.refusals.items():
        refusals.setdefault(str(error), []).append(TARGETS[target].title)
    found = [f"{' and '.join(targets)}: {text}" for text, targets in refusals.items()]
    found += [f"fixture {e.fixture} ({e.engine}, {e.shape}): {e.problem}" for e in verdict.evidence if not e.passed]
    return found + [str(f) for f in verdict.findings if f.severity == "error"]


def verdict_remarks(verdict: Verdict) -> list[str]:
    """What stops nothing: fields that nobody knows, values that Sentinel would refuse, advice."""
    return [str(f) for f in verdict.findings if f.severity != "error"]


def show_lines(lines: Sequence[Line], out: Console) -> None:
    """The table, then the problems and remarks of each rule that has any."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule", overflow="fold")
    for title in _HEADINGS:
        table.add_column(title, no_wrap=True)
    if any(line.note for line in lines):
        table.add_column("files", overflow="fold")
    for line in lines:
        cells = [Text(line.name), Text(line.outcome, style=_STYLES.get(line.outcome, "bold red"))]
        cells += [Text(line.proofs.get(target, "")) for target in TARGET_NAMES]
        table.add_row(*cells, Text(line.note))
    out.print(table)
    for line in lines:
        if line.problems:
            out.print()
            out.print(Text(line.name, style="bold"))
            for problem in line.problems:
                out.print(Text("  " + problem.replace("\n", "\n    ")), soft_wrap=True)


def verdict_data(verdict: Verdict) -> dict[str, object]:
    """A verdict for ``--format json``: outcome, refusals, findings, and each run of a fixture."""
    return {
        "id": verdict.rule.id,
        "name": verdict.rule.name,
        "verdict": str(verdict.outcome),
        "proven_by": {target: list(verdict.proven_by(target)) for target in verdict.translations},
        "refusals": {t: {"code": e.code, "message": e.message, "line": e.line} for t, e in verdict.refusals.items()},
        "findings": [str(f) for f in verdict.findings],
        "runs": [
            {"fixture": e.fixture, "target": e.target, "shape": e.shape, "engine": e.engine, "rows": e.rows}
            | ({"problem": e.problem} if e.problem else {})
            for e in verdict.evidence
        ],
    }
