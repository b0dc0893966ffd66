"""What is said about a file: findings with a place and a way to mend them, and the error that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from transpiler.diagnostics import RuleError, place_of, shortened, show_place
from transpiler.source import NOWHERE, Source, Span


class Severity(StrEnum):
    """How much a finding weighs.

    ERROR: the file is not used. WARNING: it is used, though Sentinel would refuse it or it is most likely a mistake.
    INFO: advice.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class At(NamedTuple):
    """A place in a file; line and column from 1."""

    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or doubtful. ``code`` is one of ``diagnostics.CODES``; ``hint`` says how to mend it."""

    code: str
    severity: Severity
    message: str
    place: At
    span: Span = NOWHERE
    hint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", shortened(self.message))

    def __str__(self) -> str:
        place = f"{self.place.path}:{self.place.line}:{self.place.column}"
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}: {self.severity}: {self.code} {self.message}{hint}"

    def show(self, source: Source) -> str:
        """The finding under the line that it speaks of; ``source`` is the file's text."""
        lines = [f"{self.code} {self.severity}: {self.message}", *show_place(place_of(source, self.span))]
        return "\n".join([*lines, f"  hint: {self.hint}"] if self.hint else lines)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings in the order of their file, errors first where two share a place."""
    weight = list(Severity).index
    return tuple(sorted(findings, key=lambda f: (f.place.path, f.place.line, f.place.column, weight(f.severity))))


class FileError(RuleError):
    """A file that cannot be used. The error itself is the first one found; ``findings`` are all, warnings included."""

    def __init__(self, findings: tuple[Finding, ...], source: Source) -> None:
        first = next(f for f in findings if f.severity is Severity.ERROR)
        super().__init__(first.code, first.message, first.span, hint=first.hint, source=source)
        self.findings = findings


def shown_error(error: RuleError) -> str:
    """Why a file cannot be used, whole: every finding with its place. A field that is missing is often one with a typo."""
    if not isinstance(error, FileError) or error.source is None:
        return str(error)
    return "\n".join(f.show(error.source).replace(f"{f.code} error: ", f"{f.code} ", 1) for f in error.findings)
