"""scan and row_window_session against their documented models, written as loops, over rows at random."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest

from tests.support.running import run_bigquery, run_duckdb
from transpiler import transpile
from transpiler.types import Type

Row: TypeAlias = Mapping[str, int | str]
State: TypeAlias = Callable[[int, str], int]
"""A column of a step's state; 0 where the step has none."""

RUNNERS = {"duckdb": run_duckdb, "bigquery": run_bigquery}


def _sessions(rows: Sequence[tuple[str, datetime | None]], length: timedelta, gap: timedelta) -> list[datetime | None]:
    """The start of each row's session; a change of the text restarts."""
    start: datetime | None = None
    starts: list[datetime | None] = []
    for number, (key, time) in enumerate(rows):
        before = rows[number - 1] if number else None
        if time is None:
            start = None
        elif start is None or time - start >= length or before is None or before[0] != key:
            start = time
        elif before[1] is not None:
            start = time if time - before[1] >= gap else start
        starts.append(start)
    return starts


@pytest.mark.parametrize("target", RUNNERS)
@pytest.mark.parametrize("order", ["k asc, t asc, n asc", "n asc"])
@pytest.mark.parametrize("seed", range(3))
def test_sessions(seed: int, order: str, target: str) -> None:
    chance = random.Random(seed)
    first = datetime(2024, 1, 1, tzinfo=UTC)
    times = [None if chance.random() < 0.1 else first + timedelta(minutes=chance.randint(0, 90)) for _ in range(25)]
    rows = [(chance.choice("ab"), time, n) for n, time in enumerate(times)]
    length, gap = chance.choice([10, 30]), chance.choice([5, 20, 500])
    query = f"T | sort by {order} | extend s = row_window_session(t, {length}m, {gap}m, k != prev(k)) | project n, s"
    if order.startswith("k"):
        rows.sort(key=lambda r: (r[0], r[1] or datetime(1, 1, 1, tzinfo=UTC), r[2]))
    starts = _sessions([r[:2] for r in rows], timedelta(minutes=length), timedelta(minutes=gap))
    columns = {"k": Type.STRING, "t": Type.DATETIME, "n": Type.LONG}
    got = _rows(query, target, columns, [list(r) for r in rows])
    assert got == [[r[2], start] for r, start in zip(rows, starts, strict=True)]


STEPS = """
    step s1: e == "x" => a = v, b = s1.b + 1;
    step s2: e != "z" and v - s1.v <= 5 => a = s1.a + v, b = s2.b + 10;
    step s3 output=none: e == "z" and s2.a > 2 => b = s2.b;
    step s4: v > s3.v => a = s3.v, b = s1.b + s3.b;
"""
CONDITIONS: list[Callable[[Row, State], bool]] = [
    lambda row, of: row["e"] == "x",
    lambda row, of: row["e"] != "z" and int(row["v"]) - of(0, "v") <= 5,
    lambda row, of: row["e"] == "z" and of(1, "a") > 2,
    lambda row, of: int(row["v"]) > of(2, "v"),
]
ASSIGNED: list[Callable[[Row, State], tuple[int, int]]] = [
    lambda row, of: (int(row["v"]), of(0, "b") + 1),
    lambda row, of: (of(0, "a") + int(row["v"]), of(1, "b") + 10),
    lambda row, of: (0, of(1, "b")),
    lambda row, of: (of(2, "v"), of(0, "b") + of(2, "b")),
]


def _matches(rows: Sequence[Row]) -> list[list[int]]:
    """What STEPS yield: each row's number, a, b, and the number of its sequence."""
    states: list[tuple[int, dict[int, Mapping[str, int]]] | None] = [None] * 4
    begun, found = 0, []
    for row in rows:
        for k in reversed(range(4)):
            before, own = states[k - 1] if k else None, states[k]
            if before is not None and CONDITIONS[k](row, _of(before[1])):
                states[k - 1], own = None, before
            elif not ((k == 0 or own is not None) and CONDITIONS[k](row, _of(own[1] if own else {}))):
                continue
            if own is None:
                own, begun = (begun, {}), begun + 1
            a, b = ASSIGNED[k](row, _of(own[1]))
            states[k] = (own[0], {**own[1], k: {"v": int(row["v"]), "a": a, "b": b}})
            found += [[int(row["n"]), a, b, own[0]]] if k != 2 else []
    return found


def _of(state: Mapping[int, Mapping[str, int]]) -> State:
    return lambda step, column: state[step][column] if step in state else 0


@pytest.mark.parametrize("target", RUNNERS)
@pytest.mark.parametrize("seed", range(4))
def test_steps(seed: int, target: str) -> None:
    chance = random.Random(seed)
    rows: list[Row] = [{"e": chance.choice("xyz"), "v": chance.randint(0, 9), "n": n} for n in range(30)]
    query = f"T | sort by n asc | scan with_match_id=m declare (a:long=0, b:long=0) with ({STEPS}) | project n, a, b, m"
    columns = {"e": Type.STRING, "v": Type.LONG, "n": Type.LONG}
    wanted = _matches(rows)
    assert len(wanted) > 5
    assert _rows(query, target, columns, [list(r.values()) for r in rows]) == wanted


def _rows(query: str, target: str, columns: Mapping[str, Type], rows: Sequence[Sequence[object]]) -> list[list[object]]:
    made = transpile(query, target=target, tables={"T": {c: str(t) for c, t in columns.items()}})
    _, found = RUNNERS[target](made.sql, {"T": (columns, rows)}, False)
    assert found is not None
    return [[_plain(value) for value in row] for row in found]


def _plain(value: object) -> object:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
