"""What validation found of a rule: evidence by fixture, target, shape and engine, and the outcome of it all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from transpiler.api import Translation
from transpiler.diagnostics import KqlError
from transpiler.rule.findings import Finding
from transpiler.rule.model import Rule


class Outcome(StrEnum):
    """``passed``: every fixture came out as expected on every engine. ``untested``: translated, but there are no fixtures."""

    PASSED = "passed"
    FAILED = "failed"
    UNTESTED = "untested"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fixture run on one engine over one physical shape. ``problem`` is '' when the rows are the expected ones."""

    fixture: str
    target: str
    shape: str
    engine: str
    rows: int
    problem: str = ""
    sql: str = ""

    @property
    def passed(self) -> bool:
        """Whether the fixture came out as expected."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings of one rule. ``translations`` by target as they are exported; ``refusals`` by target."""

    rule: Rule
    outcome: Outcome
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[Finding, ...] = ()
    translations: Mapping[str, Translation] = field(default_factory=dict)
    refusals: Mapping[str, KqlError] = field(default_factory=dict)
    missing_engines: tuple[str, ...] = ()

    def proven_by(self, target: str) -> tuple[str, ...]:
        """The engines on which the target's own SQL ran."""
        return tuple(dict.fromkeys(e.engine for e in self.evidence if e.target == target and e.passed))
