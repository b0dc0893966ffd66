"""Backtests as one HTML page: a bar chart in SVG for each rule, its noisiest entities, and its runs. No script, no link."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

from transpiler.backtest.history import Backtest, counted, unit_of

_WIDTH, _LEFT, _TOP, _BASE, _HEIGHT = 960, 44, 14, 164, 186
_MOST_RUNS = 200
_MOST_LABELS = 8
_NUMBER, _PLAIN = ' class="n"', ""
_STYLE = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #667; --line: #d8dbe0; --bar: #3467a8; --hover: #c2410c;
  --tint: #3467a826; --paper: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e6ea; --soft: #9aa1ad; --line: #3a3f47; --bar: #6fa3e0;
  --hover: #f0883e; --tint: #6fa3e033; --paper: #16181c } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: var(--ink);
  background: var(--paper) }
h1 { font-size: 1.4rem; margin-bottom: .3rem } h3 { font-size: 1rem; margin: 1.4rem 0 .3rem }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .2rem; border-top: 1px solid var(--line); padding-top: 1rem }
p { margin: .2rem 0 } svg { width: 100%; height: auto; margin-top: .6rem }
rect { fill: var(--bar) } rect:hover { fill: var(--hover) }
text { font: 11px system-ui, sans-serif; fill: var(--soft) } line { stroke: var(--line) }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
td, th { padding: .15rem 1.2rem .15rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { color: var(--soft); font-weight: 600; border-bottom: 1px solid var(--line) }
td.n, th.n { text-align: right; white-space: nowrap } .note { color: var(--soft) } a { color: inherit }
summary { cursor: pointer; margin-top: 1rem; color: var(--soft) }
td.share { background: linear-gradient(var(--tint), var(--tint)) no-repeat left / var(--share) 100%; padding-left: .4rem }
"""


def backtest_page(results: Sequence[Backtest], title: str = "Backtest") -> str:
    """The page's text. Everything that comes from rules and logs is escaped."""
    parts = [_overview(results)] if len(results) > 1 else []
    body = "\n".join([*parts, *(_section(r, n) for n, r in enumerate(results, 1))])
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _overview(results: Sequence[Backtest]) -> str:
    """All rules in a table, the loudest first, each with a link to its part of the page."""
    ranked = sorted(enumerate(results, 1), key=lambda pair: -len(pair[1].alerts))
    lines = ['<tr><th class="n">alerts</th><th class="n">runs with alerts</th><th>severity</th><th>rule</th></tr>']
    for number, result in ranked:
        name = f'<a href="#rule-{number}">{escape(result.rule.name)}</a>'
        runs = f"{result.loud:,} of {result.runs:,}"
        lines.append(
            f'<tr><td class="n">{len(result.alerts):,}</td><td class="n">{runs}</td>'
            f"<td>{escape(result.rule.severity)}</td><td>{name}</td></tr>"
        )
    return "\n".join(["<table>", *lines, "</table>"])


def _section(result: Backtest, number: int) -> str:
    rested = sum(r.rested for r in result.noisy)
    facts = f"{counted(len(result.alerts), 'alert')} in {result.loud:,} of {counted(result.runs, 'run')}"
    facts += f"; {counted(rested, 'run')} rested by suppression" if rested else ""
    period = f"{result.start:%Y-%m-%d %H:%M} to {result.end:%Y-%m-%d %H:%M} UTC"
    parts = [f'<h2 id="rule-{number}">{escape(result.rule.name)}</h2>', f"<p>{escape(facts)}</p>"]
    said = f"{result.rule.severity} severity, {period}" if result.rule.severity else period
    parts += [f'<p class="note">{escape(said)}</p>', *([_chart(result)] if result.loud else [])]
    if result.note:
        parts.append(f'<p class="note">{escape(f"Computed one run after the other: {result.note}")}</p>')
    if entities := result.entities():
        rows = [(f"{e.alerts:,}", e.type, e.text) for e in entities]
        shares = [e.alerts / entities[0].alerts for e in entities]
        parts += ["<h3>Noisiest entities</h3>", _table(("alerts", "type", "entity"), rows, shares=shares)]
    loud = [r for r in result.noisy if r.alerts]
    if loud:
        rows = [(f"{r.alerts:,}", f"{r.rows:,}", f"{r.scheduled:%Y-%m-%d %H:%M}") for r in loud[:_MOST_RUNS]]
        hidden = len(loud) - len(rows)
        parts += [f"<details><summary>{counted(len(loud), 'run')} with alerts</summary>"]
        parts += [_table(("alerts", "rows", "scheduled (UTC)"), rows, numbers=2)]
        parts += [f'<p class="note">and {hidden:,} more</p>'] if hidden else []
        parts += ["</details>"]
    return "\n".join(parts)


def _chart(result: Backtest) -> str:
    unit = unit_of(result)
    bars = list(result.periods(unit).items())
    highest = _nice(max((count for _, count in bars), default=0))
    step = (_WIDTH - _LEFT) / len(bars)
    drawn = []
    for i, (start, count) in enumerate(bars):
        height = (_BASE - _TOP) * count / highest
        if count:
            drawn.append(
                f'<rect x="{_LEFT + i * step + 0.5:.1f}" y="{_BASE - height:.1f}" width="{max(step - 1, 0.5):.1f}" '
                f'height="{height:.1f}"><title>{_label(start, unit)}: {counted(count, "alert")}</title></rect>'
            )
    return "\n".join(
        [
            f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Alerts by {_WORDS[unit]}">',
            *_grid(highest),
            *drawn,
            *_labels(bars, unit, step),
            "</svg>",
        ]
    )


_WORDS = {timedelta(days=1): "day", timedelta(hours=1): "hour"}


def _nice(highest: int) -> int:
    """The top of the scale: an even number of 1, 2, 5 and their tens that holds the highest bar."""
    top = 2
    while top < highest:
        digits = 10 ** (len(str(top)) - 1)
        top = next(n * digits for n in (2, 4, 6, 8, 10, 20) if n * digits > top)
    return top


def _grid(highest: int) -> list[str]:
    lines = []
    for value in (0, highest // 2, highest):
        y = _BASE - (_BASE - _TOP) * value / highest
        lines.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH}" y2="{y:.1f}"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>')
    return lines


def _labels(bars: Sequence[tuple[datetime, int]], unit: timedelta, step: float) -> list[str]:
    """Under some of the bars, evenly spread, what they stand for."""
    apart = max(1, -(-len(bars) // _MOST_LABELS))
    return [
        f'<text x="{_LEFT + (i + 0.5) * step:.1f}" y="{_BASE + 16}" text-anchor="middle">{_label(start, unit)}</text>'
        for i, (start, _) in enumerate(bars)
        if i % apart == 0 and _LEFT + (i + 0.5) * step < _WIDTH - 40
    ]


def _label(start: datetime, unit: timedelta) -> str:
    return f"{start:%Y-%m-%d}" if unit >= timedelta(days=1) else f"{start:%m-%d %H:%M}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 1, shares: Sequence[float] = ()) -> str:
    """A table whose first columns are numbers; ``shares`` draw a bar behind the last column."""

    def line(cells: Sequence[str], tag: str, share: float | None) -> str:
        marked = [f"<{tag}{_NUMBER if i < numbers else _PLAIN}>{escape(cell)}</{tag}>" for i, cell in enumerate(cells)]
        if share is not None:
            marked[-1] = f'<td class="share" style="--share: {share:.0%}">{escape(cells[-1])}</td>'
        return f"<tr>{''.join(marked)}</tr>"

    drawn = [*shares, *[None] * (len(rows) - len(shares))]
    lines = [line(row, "td", share) for row, share in zip(rows, drawn, strict=True)]
    return "\n".join(["<table>", line(heads, "th", None), *lines, "</table>"])
