"""The plugins over a timeline against loops that say what each counts, over rows at random, on both engines."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeAlias

import pytest

from tests.support.running import CaseFailedError, run_bigquery, run_duckdb
from transpiler import transpile
from transpiler.types import Type

Row: TypeAlias = tuple[str | None, int, str | None, int]
"""Who, when, in which slice, and a value."""
Answer: TypeAlias = "list[tuple[object, ...]] | None"
"""The rows of an answer; None where the query stops."""

RUNNERS = {"duckdb": run_duckdb, "bigquery": run_bigquery}
COLUMNS = {"who": Type.STRING, "at": Type.LONG, "slice": Type.STRING, "v": Type.LONG}


def _slices(rows: Sequence[Row]) -> dict[str, list[tuple[str, int, int]]]:
    """The rows of each slice; a missing text is the empty one."""
    found = defaultdict(list)
    for who, at, part, value in rows:
        found[part or ""].append((who or "", at, value))
    return found


def _sliding(rows: Sequence[Row], start: int, end: int, lookback: int, step: int) -> Answer:
    if any(not start <= at <= end for _, at, _, _ in rows):
        return None
    answer: list[tuple[object, ...]] = []
    for part, own in _slices(rows).items():
        for period in range(start, end + 1, step):
            seen = [who for who, at, _ in own if period + step - lookback <= at < period + step]
            if seen:
                answer.append((period, part, len(seen), len(set(seen))))
    return answer


def _counts(rows: Sequence[Row], start: int, end: int, window: int) -> Answer:
    if any(not start <= at <= end for _, at, _, _ in rows):
        return None
    answer: list[tuple[object, ...]] = []
    for part, own in _slices(rows).items():
        known: set[str] = set()
        for period in sorted({at // window * window for _, at, _ in own}):
            seen = [who for who, at, _ in own if at // window * window == period]
            new = set(seen) - known
            known |= new
            answer.append((period, part, len(seen), len(set(seen)), len(new), len(known)))
    return answer


def _engagement(rows: Sequence[Row], start: int, end: int, inner: int, outer: int) -> Answer:
    if any(not start <= at < end for _, at, _, _ in rows):
        return None
    answer: list[tuple[object, ...]] = []
    for part, own in _slices(rows).items():
        for period in sorted({at // inner * inner for _, at, _ in own}):
            within = {who for who, at, _ in own if period <= at < period + inner}
            around = {who for who, at, _ in own if period + inner - outer <= at < period + inner}
            answer.append((period, part, len(within), len(around), len(within) / len(around)))
    return answer


def _sessions(rows: Sequence[Row], start: int, end: int, step: int, lookback: int) -> Answer:
    if any(not start <= at < end for _, at, _, _ in rows):
        return None
    answer: list[tuple[object, ...]] = []
    for part, own in _slices(rows).items():
        begun = {at // step * step: 0 for _, at, _ in own}
        for who in {who for who, _, _ in own}:
            moments = sorted(at for other, at, _ in own if other == who)
            for at in sorted(set(moments)):
                if not any(at - lookback < before < at for before in moments):
                    if moments.count(at) > 1:
                        return None
                    begun[at // step * step] += 1
        if 0 in begun.values():
            return None
        answer += [(period, part, count) for period, count in begun.items()]
    return answer


def _rolling(rows: Sequence[Row], point: int, step: int, count: int) -> Answer:
    bins = {at // step for _, at, _, _ in rows}
    answer: list[tuple[object, ...]] = []
    for part, own in _slices(rows).items():
        if {at // step for _, at, _ in own} != set(range(min(bins), max(bins) + 1)):
            return None
        for bin_ in sorted(bins):
            values = sorted(value for _, at, value in own if bin_ - count < at // step <= bin_)
            answer.append((bin_ * step, part, values[max(math.ceil(point * len(values) / 100), 1) - 1]))
    return answer


CALLS: dict[str, tuple[Callable[..., Answer], tuple[int, ...]]] = {
    "sliding_window_counts(who, at, {}, {}, {}, {}, slice)": (_sliding, (2, 21, 6, 3)),
    "activity_counts_metrics(who, at, {}, {}, {}, slice)": (_counts, (0, 20, 5)),
    "activity_engagement(who, at, {}, {}, {}, {}, slice)": (_engagement, (0, 24, 4, 12)),
    "session_count(who, at, {}, {}, {}, {}, slice)": (_sessions, (1, 25, 10, 3)),
    "rolling_percentile(v, {}, at, {}, {}, slice)": (_rolling, (50, 10, 2)),
}


@pytest.mark.parametrize("target", ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)])
@pytest.mark.parametrize("call", CALLS)
def test_what_is_counted(call: str, target: str) -> None:
    model, numbers = CALLS[call]
    answered = 0
    for seed in range(12):
        chance = random.Random(seed)
        latest = chance.choice([19, 19, 19, 30])
        rows: list[Row] = [
            (chance.choice(["a", "b", "", None]), chance.randint(2, latest), chance.choice(["x", "", None]), chance.randint(0, 9))
            for _ in range(chance.choice([0, 6, 12, 25]))
        ]  # fmt: skip
        wanted = model(rows, *numbers)
        got = _answer(f"T | evaluate {call.format(*numbers)}", target, rows)
        assert (got is None) == (wanted is None), rows
        if wanted is not None:
            answered += bool(wanted)
            assert sorted(got or [], key=str) == sorted(wanted, key=str), rows
    assert answered > 1


def _answer(query: str, target: str, rows: Sequence[Row]) -> Answer:
    """The rows that an engine gives, a missing text as the empty one; None where the query stops."""
    made = transpile(query, target=target, tables={"T": {n: str(t) for n, t in COLUMNS.items()}})
    try:
        _, found = RUNNERS[target](made.sql, {"T": (COLUMNS, [list(r) for r in rows])}, False)
    except CaseFailedError as error:
        if f"{query.split()[3].partition('(')[0]}: " not in str(error):
            raise
        return None
    return [tuple("" if v is None else v for v in row) for row in found or ()]
