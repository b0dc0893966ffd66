"""Backtests as one HTML page: a bar chart in SVG for each rule, its runs, and its noisiest entities. No script, no link."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from transpiler.backtest.history import Backtest

_WIDTH, _HEIGHT, _BASE = 960, 160, 140
_MOST_RUNS = 200
_NUMBER, _PLAIN = ' class="n"', ""
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1e21; }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2.5rem; border-top: 1px solid #ddd; padding-top: 1rem }
svg { width: 100%; height: auto } rect { fill: #3467a8 } rect:hover { fill: #c2410c }
text { font: 11px system-ui, sans-serif; fill: #555 } line { stroke: #bbb }
table { border-collapse: collapse } td, th { padding: .15rem .8rem .15rem 0; text-align: left; vertical-align: top }
td.n, th.n { text-align: right } .note { color: #666 }
"""


def backtest_page(results: Sequence[Backtest], title: str = "Backtest") -> str:
    """The page's text. Everything that comes from rules and logs is escaped."""
    body = "\n".join(_section(r) for r in results)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _section(result: Backtest) -> str:
    total = sum(r.alerts for r in result.noisy)
    rested = sum(r.rested for r in result.noisy)
    facts = (
        f"{total:,} alerts in {result.runs:,} runs, {result.start:%Y-%m-%d %H:%M} to {result.end:%Y-%m-%d %H:%M} UTC"
    )
    facts += f"; {rested:,} runs rested by suppression" if rested else ""
    parts = [f"<h2>{escape(result.rule.name)}</h2>", f"<p>{escape(facts)}</p>", _chart(result)]
    if result.note:
        parts.append(f'<p class="note">{escape(f"Computed one run after the other: {result.note}")}</p>')
    if entities := result.entities():
        rows = [(f"{e.alerts:,}", e.type, e.text) for e in entities]
        parts += ["<h3>Noisiest entities</h3>", _table(("alerts", "type", "entity"), rows)]
    loud = [r for r in result.noisy if r.alerts]
    if loud:
        rows = [(f"{r.alerts:,}", f"{r.rows:,}", f"{r.scheduled:%Y-%m-%d %H:%M}") for r in loud[:_MOST_RUNS]]
        hidden = len(loud) - len(rows)
        parts += ["<h3>Runs with alerts</h3>", _table(("alerts", "rows", "scheduled (UTC)"), rows, numbers=2)]
        parts += [f'<p class="note">and {hidden:,} more</p>'] if hidden else []
    return "\n".join(parts)


def _chart(result: Backtest) -> str:
    days = list(result.days.items())
    highest = max((count for _, count in days), default=0)
    step = _WIDTH / len(days)
    bars = []
    for i, (day, count) in enumerate(days):
        height = (_BASE - 20) * count / highest if highest else 0
        if count:
            bars.append(
                f'<rect x="{i * step:.1f}" y="{_BASE - height:.1f}" width="{max(step - 1, 0.5):.1f}" height="{height:.1f}">'
                f"<title>{day.isoformat()}: {count:,} alerts</title></rect>"
            )
    first, last = days[0][0].isoformat(), days[-1][0].isoformat()
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Alerts by day">\n'
        f'<line x1="0" y1="{_BASE}" x2="{_WIDTH}" y2="{_BASE}"/>\n'
        + "\n".join(bars)
        + f'\n<text x="0" y="12">{highest:,} a day at most</text>\n<text x="0" y="{_HEIGHT - 4}">{first}</text>\n'
        f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{last}</text>\n</svg>'
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 1) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        marked = [f"<{tag}{_NUMBER if i < numbers else _PLAIN}>{escape(cell)}</{tag}>" for i, cell in enumerate(cells)]
        return f"<tr>{''.join(marked)}</tr>"

    return "\n".join(["<table>", line(heads, "th"), *(line(row, "td") for row in rows), "</table>"])
