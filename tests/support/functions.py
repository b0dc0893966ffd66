"""One-line cases of functions: ``strlen("héllo") == 5``. Many lines share one query, each is judged on its own.

The format is told in ``tests/cases/README.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.support.markdown import TARGETS
from tests.support.running import (
    Answer,
    CaseFailedError,
    Given,
    ResultColumn,
    Transpile,
    check_description,
    run_bigquery,
    run_duckdb,
)
from tests.support.tables import MalformedCaseError
from transpiler.diagnostics import KqlError
from transpiler.engine.comparison import same
from transpiler.engine.values import canonical
from transpiler.types import Type

_BATCH = 25
_LITERAL = re.compile(
    r"-?\d[\w.+-]*|true|false|h?@?(\".*\"|'.*')"
    r"|(bool|int|long|real|double|decimal|datetime|timespan|time|guid|dynamic)\s*\(.*\)",
    re.DOTALL,
)
_STRING = re.compile(r"@\"[^\"]*\"|@'[^']*'|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'")


@dataclass(frozen=True, slots=True)
class FunctionCase:
    """A line: the expression, the literal that it equals (or the refusal, code and fragment), and where it holds."""

    number: int
    text: str
    expression: str
    expected: str = ""
    refusal: tuple[str, str] | None = None
    only: str = ""


def parse_lines(text: str) -> list[FunctionCase]:
    """The cases of a ``.test`` file; MalformedCaseError with its line where one does not follow the format."""
    cases = []
    for number, line in enumerate(text.splitlines(), 1):
        code = _without_comment(line).strip()
        if code:
            cases.append(_case(number, code))
    return cases


def _outside_strings(text: str) -> Iterator[int]:
    """The indices of a line's characters that are in no string."""
    at = 0
    while at < len(text):
        if string := _STRING.match(text, at):
            at = string.end()
        else:
            yield at
            at += 1


def _without_comment(line: str) -> str:
    start = next((i for i in _outside_strings(line) if line.startswith("//", i)), len(line))
    return line[:start]


def _case(number: int, code: str) -> FunctionCase:
    only = next((t for t in TARGETS if code.endswith(f" @{t}")), "")
    body = code.removesuffix(f" @{only}").rstrip() if only else code
    free = list(_outside_strings(body))
    if refusal := next((i for i in free if body.startswith(" !! ", i)), None):
        kind, _, fragment = body[refusal + 4 :].strip().partition(" ")
        return FunctionCase(number, code, body[:refusal].strip(), refusal=(kind, fragment.strip()), only=only)
    # The last one: the expression may hold a comparison of its own.
    equals = next((i for i in reversed(free) if body.startswith(" == ", i)), None)
    if equals is None:
        raise MalformedCaseError("a line is 'EXPRESSION == LITERAL' or 'EXPRESSION !! CODE fragment'", number)
    expected = body[equals + 4 :].strip()
    if not _LITERAL.fullmatch(expected):
        raise MalformedCaseError(f"what is expected is a literal, not '{expected}'", number)
    return FunctionCase(number, code, body[:equals].strip(), expected, only=only)


def run_lines(cases: Sequence[FunctionCase], target: str, transpile: Transpile) -> dict[int, str]:
    """What went wrong, by line number; a line that holds is not there."""
    failures: dict[int, str] = {}
    shared = []
    for case in cases:
        if case.refusal or (case.only and case.only != target):
            failures |= _refused(case, target, transpile)
        else:
            shared.append(case)
    for start in range(0, len(shared), _BATCH):
        failures |= _equal(shared[start : start + _BATCH], target, transpile)
    return failures


def _refused(case: FunctionCase, target: str, transpile: Transpile) -> dict[int, str]:
    code, fragment = case.refusal or ("KQL2", "")
    try:
        made = transpile(f"print x = {case.expression}", target=target, tables={})
    except KqlError as e:
        right = e.code == code or (not case.refusal and e.code.startswith(code))
        return {} if right and fragment in e.message else {case.number: f"refused otherwise: {e}"}
    return {case.number: f"not refused\n\n{made.sql}"}


def _equal(cases: Sequence[FunctionCase], target: str, transpile: Transpile) -> dict[int, str]:
    """Both sides of many lines in one row; when the query as a whole fails, line by line, to find which one did it."""
    assignments = (f"l{c.number} = {c.expression}, r{c.number} = {c.expected}" for c in cases)
    query = "print " + ", ".join(assignments)
    try:
        made = transpile(query, target=target, tables={})
        described, rows = _RUN[target](made.sql, {}, False)
        check_description(made.columns, described, target)
    except (KqlError, CaseFailedError) as e:
        if len(cases) == 1:
            return {cases[0].number: str(e)}
        return {n: text for case in cases for n, text in _equal([case], target, transpile).items()}
    row = rows[0] if rows else ()
    sides = list(zip(made.columns, row, strict=True))
    return {
        case.number: f"{problem}\n\n{made.sql if len(cases) == 1 else ''}".rstrip()
        for case, left, right in zip(cases, sides[::2], sides[1::2], strict=True)
        if (problem := _unequal(left, right))
    }


_RUN: dict[str, Callable[[str, Given, bool], Answer]] = {
    "duckdb": run_duckdb,
    "bigquery": run_bigquery,
}


def _unequal(left: tuple[ResultColumn, object], right: tuple[ResultColumn, object]) -> str:
    (column, value), (wanted_column, wanted_value) = left, right
    kind, wanted_kind = Type(str(column.type)), Type(str(wanted_column.type))
    got, wanted = canonical(value, kind), canonical(wanted_value, wanted_kind)
    if kind is not wanted_kind:
        return f"is a {kind} ({got!r}), not a {wanted_kind} ({wanted!r})"
    return "" if same(wanted, got) else f"is {got!r}, not {wanted!r}"
