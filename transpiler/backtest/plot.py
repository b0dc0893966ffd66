"""A backtest as lines of text: a bar for each day (hour, of two days at most), then the noisiest entities."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from transpiler.backtest.history import Backtest, counted, unit_of

_EIGHTHS = " ▏▎▍▌▋▊▉█"


def bar(share: float, width: int) -> str:
    """A bar of a share of the width, to an eighth of a character; something that is not nothing is visible."""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    eighths = max(eighths, 1) if share > 0 else 0
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def plot_lines(result: Backtest, width: int = 100, most_days: int = 60) -> list[str]:
    """The text of a backtest, no line longer than ``width``. Days beyond ``most_days`` are put together."""
    rested = sum(r.rested for r in result.noisy)
    alerts = counted(len(result.alerts), "alert")
    lines = [f"{result.rule.name}: {alerts} in {result.loud:,} of {counted(result.runs, 'run')}"]
    if rested:
        lines.append(f"{counted(rested, 'run')} rested by suppression")
    if result.note:
        lines.append(f"computed one run after the other: {result.note}")
    if result.loud:
        lines += ["", *_bars(_periods(result, most_days), width)]
    if entities := result.entities():
        lines += ["", "noisiest entities"]
        lines += [f"{e.alerts:>8,}  {e.type}  {e.text}" for e in entities]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


def _periods(result: Backtest, most: int) -> list[tuple[str, int]]:
    unit = unit_of(result)
    bars = list(result.periods(unit).items())
    size = max(1, -(-len(bars) // most))
    groups = [bars[i : i + size] for i in range(0, len(bars), size)]
    form = "%Y-%m-%d" if unit >= timedelta(days=1) else "%Y-%m-%d %H:%M"
    return [(f"{g[0][0]:{form}}" + (f" +{len(g)}d" if size > 1 else ""), sum(n for _, n in g)) for g in groups]


def _bars(periods: Sequence[tuple[str, int]], width: int) -> list[str]:
    highest = max((n for _, n in periods), default=0)
    digits = len(f"{highest:,}")
    label = max((len(name) for name, _ in periods), default=0)
    room = max(10, width - label - digits - 4)
    return [
        f"{name:<{label}}  {count:>{digits},}  {bar(count / highest if highest else 0, room)}".rstrip()
        for name, count in periods
    ]
