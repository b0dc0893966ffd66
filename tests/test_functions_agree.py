"""Every function over constants and stored columns alike: both engines take the SQL, agree, and promise what they describe.

``RULESQL_FUZZ=1000`` draws as many examples, each time others; without it they are few and always the same.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.generated import CALLS, FAMILIES, POOLS, ROWS, fill, literal, table
from tests.support.running import check_description
from transpiler import KqlError, transpile
from transpiler.engine import Column, EngineError, duckdb, googlesql
from transpiler.engine.comparison import same
from transpiler.engine.values import canonical
from transpiler.types import Type

pytestmark = [
    pytest.mark.bigquery,
    pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed"),
]
EXAMPLES = int(os.environ.get("RULESQL_FUZZ", "0"))
COLUMNS, CELLS = table()
TABLES = {"T": {name: str(kind) for name, kind in COLUMNS.items()}}
NAMES = list(COLUMNS)
# A sum or product that leaves the range of its type stops a query: SEMANTICS says so.
STOPS = re.compile("overflow|out of range|Floating point error", re.IGNORECASE)
_MARK = re.compile("«(.+?)»")


@dataclass(frozen=True, slots=True)
class Expression:
    """A call with columns in marks: ``strlen(«s0»)``."""

    call: str
    marked: str

    @property
    def stored(self) -> str:
        """Over the table's columns."""
        return _MARK.sub(r"\1", self.marked)

    def constant(self, row: int) -> str:
        """Over a row's values as literals."""
        values = dict(zip(NAMES, CELLS[row], strict=True))
        return _MARK.sub(lambda m: literal(values[m[1]], COLUMNS[m[1]]), self.marked)


@st.composite
def expressions(draw: st.DrawFn) -> Expression:
    def choose(letter: str) -> str:
        letter = draw(st.sampled_from(FAMILIES.get(letter, letter)))
        kind, values = POOLS[letter]
        if draw(st.integers(0, 3)):
            return f"«{letter}{draw(st.integers(0, 2))}»"
        return literal(draw(st.sampled_from(values)), kind)

    call = draw(st.sampled_from(CALLS))
    return Expression(call, fill(call, choose))


class Target:
    """An engine that holds the table."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.given = {"T": googlesql.stored(COLUMNS, CELLS)}
        if name == "duckdb":
            self.session = duckdb.connect(threads=1)
            self.session.create_table("T", COLUMNS, CELLS)

    def answers(self, source: str, texts: Sequence[str]) -> dict[str, tuple[Type, list[object]]]:
        """The type and the values of each expression; without those that are refused, or stop the query."""
        listed = ", ".join(f"e{i} = {text}" for i, text in enumerate(texts))
        try:
            made = transpile(f"{source} {listed}", target=self.name, tables=TABLES)
            described, rows = self.run(made.sql)
        except (KqlError, EngineError) as e:
            if len(texts) > 1:
                return {t: a for text in texts for t, a in self.answers(source, [text]).items()}
            if isinstance(e, KqlError) or STOPS.search(e.message):
                return {}
            raise AssertionError(f"{self.name} refuses {texts[0]}: {e}") from None
        check_description(made.columns, described, self.name)
        kinds = [Type(str(c.type)) for c in made.columns][-len(texts) :]
        rows = sorted(rows, key=lambda r: int(str(r[0]))) if source != "print" else rows
        cells = [list(c) for c in zip(*rows, strict=True)][-len(texts) :]
        found = {}
        for text, kind, column in zip(texts, kinds, cells, strict=True):
            found[text] = (kind, [canonical(v, kind) for v in column])
        return found

    def run(self, sql: str) -> tuple[Sequence[Column], Sequence[Sequence[object]]]:
        if self.name == "duckdb":
            result = self.session.run(sql)
            return result.columns, result.rows
        result = googlesql.connect().execute(sql, self.given)
        return result.columns, result.rows


@pytest.fixture(scope="module")
def targets() -> tuple[Target, Target]:
    return Target("duckdb"), Target("bigquery")


@settings(
    max_examples=EXAMPLES or 40,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.generate],  # a failure names its expression; to make it smaller takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(
    listed=st.lists(expressions(), min_size=4, max_size=8, unique_by=lambda e: e.marked), row=st.integers(0, ROWS - 1)
)
def test_engines_and_constants_agree(targets: tuple[Target, Target], listed: list[Expression], row: int) -> None:
    stored = [t.answers("T | project rn,", [e.stored for e in listed]) for t in targets]
    wrong = [w for e in listed if (w := _differing(e, *(s.get(e.stored) for s in stored)))]
    for target, answers in zip(targets, stored, strict=True):
        known = [e for e in listed if e.stored in answers]
        constants = target.answers("print", [e.constant(row) for e in known]) if known else {}
        wrong += [w for e in known if (w := _unlike(target.name, e, row, answers, constants))]
    assert not wrong, "\n".join(wrong)


Answer = tuple[Type, list[object]]


def _differing(expression: Expression, ours: Answer | None, theirs: Answer | None) -> str:
    if ours is None or theirs is None:
        return ""
    if ours[0] is not theirs[0]:
        return f"{expression.stored} is a {ours[0]} in DuckDB, a {theirs[0]} in BigQuery"
    for row, (a, b) in enumerate(zip(ours[1], theirs[1], strict=True)):
        if not same(a, b):
            return f"{expression.constant(row)}, stored, is {a!r} in DuckDB, {b!r} in BigQuery"
    return ""


def _unlike(
    target: str, expression: Expression, row: int, stored: Mapping[str, Answer], constants: Mapping[str, Answer]
) -> str:
    text = expression.constant(row)
    if text not in constants:
        return ""
    (kind, values), (other, (value,)) = stored[expression.stored], constants[text]
    if kind is other and same(values[row], value):
        return ""
    return f"{text} in {target} is {value!r} ({other}), stored {values[row]!r} ({kind})"
