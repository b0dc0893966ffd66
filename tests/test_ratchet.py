"""Figures on public rules and on answers of the real Kusto engine: what was right once stays right.

The evidence lies beside the repository (``../shared``); without it these tests are skipped. ``RULESQL_RATCHET=all``
runs the suites that take minutes as well, ``RULESQL_RATCHET=update`` (``make ratchet``) also writes better figures to
``ratchet.json``.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCORE = ROOT.parent / "shared" / "score" / "score.py"
FIGURES = Path(__file__).parent / "ratchet.json"
MODE = os.environ.get("RULESQL_RATCHET", "")
QUICK = ("parse", "rejected", "terms-duckdb", "oracle-duckdb")
SLOW = ("corpus-duckdb", "terms-bigquery", "oracle-bigquery", "corpus-bigquery")
_LINE = re.compile(
    r"^(?P<suite>[a-z-]+)\s+(?P<right>\d+) of\s+(?P<total>\d+) right.*"
    r"wrong (?P<wrong>\d+), refused (?P<refused>\d+), invalid (?P<invalid>\d+), crashed (?P<crashed>\d+)",
    re.MULTILINE,
)
COUNTED = ("right", "total", "wrong", "invalid", "crashed")


def read_figures(report: str) -> dict[str, dict[str, int]]:
    """The figures of each suite that a report of the scoreboard holds."""
    figures = {m["suite"]: {key: int(m[key]) for key in COUNTED} for m in _LINE.finditer(report)}
    if "rejected" in figures:
        # There "wrong" is a query that Kusto refuses and that is accepted: the count of right ones says the same.
        figures["rejected"]["wrong"] = 0
    return figures


def worse(kept: dict[str, int], now: dict[str, int]) -> list[str]:
    """What has become worse: fewer right, or more wrong, invalid or crashed."""
    fewer = [f"right {now['right']}, was {kept['right']}"] if now["right"] < kept["right"] else []
    more = [f"{key} {now[key]}, was {kept[key]}" for key in ("wrong", "invalid", "crashed") if now[key] > kept[key]]
    return fewer + more


@pytest.mark.skipif(not SCORE.is_file(), reason="the evidence is not here: no ../shared/score/score.py")
@pytest.mark.parametrize("suite", [*QUICK, *(pytest.param(s, marks=pytest.mark.slow) for s in SLOW)])
def test_figures_only_go_up(suite: str, tmp_path: Path) -> None:
    if suite in SLOW and not MODE:
        pytest.skip("takes minutes: set RULESQL_RATCHET=all")
    failures = tmp_path / "failures.jsonl"
    command = [sys.executable, str(SCORE), "--suite", suite, "--failures", str(failures)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    now = read_figures(run.stdout).get(suite)
    assert now, f"the scoreboard did not run:\n{run.stdout}\n{run.stderr[-2000:]}"
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    got_worse = worse(kept[suite], now)
    assert not got_worse, f"{suite}: {'; '.join(got_worse)}\n{run.stdout}\n{_first_failures(failures)}"
    if MODE == "update" and now != kept[suite]:
        FIGURES.write_text(json.dumps(kept | {suite: now}, indent=2) + "\n", encoding="utf-8")


def _first_failures(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    bad = [line for line in lines if json.loads(line)["verdict"] != "refused"]
    return "\n".join(line[:500] for line in bad[:10])


def test_every_suite_has_figures() -> None:
    kept = json.loads(FIGURES.read_text(encoding="utf-8"))
    assert list(kept) == [*QUICK, *SLOW]
    assert [suite for suite, f in kept.items() if f["wrong"] or f["invalid"] or f["crashed"]] == []


def test_a_fall_is_found() -> None:
    report = (
        "oracle-duckdb      900 of  1368 right ( 65.8 %), within reach 70.0 % of 1200   "
        "wrong 1, refused 467, invalid 0, crashed 0   median 1 ms"
    )
    now = read_figures(report)["oracle-duckdb"]
    assert now == {"right": 900, "total": 1368, "wrong": 1, "invalid": 0, "crashed": 0}
    assert worse({**now, "right": 901}, now) == ["right 900, was 901"]
    assert worse({**now, "wrong": 0}, now) == ["wrong 1, was 0"]
    assert worse({**now, "right": 899}, now) == []
