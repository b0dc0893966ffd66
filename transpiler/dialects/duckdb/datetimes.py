"""DuckDB's spellings: instants and durations. Weeks begin on Sunday; DuckDB's own begin on Monday."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.clocks import Piece, datetime_pieces, timespan_pieces
from transpiler.dialects.spelling import Builder, Speller, Spelling, number, text
from transpiler.plan.scalars import Call

_START = {
    "day": "date_trunc('day', {date})",
    "week": "date_trunc('week', {date} + INTERVAL 1 DAY) - INTERVAL 1 DAY",
    "month": "date_trunc('month', {date})",
    "year": "date_trunc('year', {date})",
}
_STEP = {
    "day": "to_days(CAST({n} AS INTEGER))",
    "week": "to_days(CAST({n} * 7 AS INTEGER))",
    "month": "to_months(CAST({n} AS INTEGER))",
    "year": "to_years(CAST({n} AS INTEGER))",
}
_TICK = "INTERVAL 1 MICROSECOND"


def start_of(unit: str) -> dict[str, Spelling]:
    """``startof…`` and ``endof…`` with and without an offset. An end is the last microsecond: the warehouse has no tick."""
    step = _STEP[unit].replace("{n}", "{offset}")
    one = _STEP[unit].replace("{n}", "1")
    after = _STEP[unit].replace("{n}", "({offset} + 1)")
    start = _START[unit]
    return {
        f"startof{unit}/1": start,
        f"startof{unit}/2": f"({start}) + {step}",
        f"endof{unit}/1": f"({start}) + {one} - {_TICK}",
        f"endof{unit}/2": f"({start}) + {after} - {_TICK}",
    }


_PARTS = {
    "year": "year({date})",
    "quarter": "quarter({date})",
    "month": "month({date})",
    "week": "week({date})",
    "day": "day({date})",
    "dayofyear": "dayofyear({date})",
    "hour": "hour({date})",
    "minute": "minute({date})",
    "second": "second({date})",
    "millisecond": "millisecond({date}) % 1000",
    "microsecond": "microsecond({date}) % 1000000",
    "nanosecond": "(microsecond({date}) % 1000000) * 1000",
}
_ADD = {
    "year": "{date} + to_years(CAST({n} AS INTEGER))",
    "quarter": "{date} + to_months(CAST({n} * 3 AS INTEGER))",
    "month": "{date} + to_months(CAST({n} AS INTEGER))",
    "week": "{date} + to_days(CAST({n} * 7 AS INTEGER))",
    "day": "{date} + to_days(CAST({n} AS INTEGER))",
    "hour": "{date} + to_hours({n})",
    "minute": "{date} + to_minutes({n})",
    "second": "{date} + to_seconds({n})",
    "millisecond": "{date} + to_milliseconds({n})",
    "microsecond": "{date} + to_microseconds({n})",
}
_WEEK = "date_trunc('week', {x} + INTERVAL 1 DAY)"


def _part(speller: Speller, call: Call) -> exp.Expr:
    return speller.sql(_PARTS[str(call.options[0])], date=speller.value(call.arguments[0]))


def _add(speller: Speller, call: Call) -> exp.Expr:
    unit = str(call.options[0])
    if unit == "nanosecond":
        raise speller.refuse("nanoseconds cannot be held by the warehouse", call.span)
    amount, date = call.arguments
    moved = speller.sql(_ADD[unit], date=speller.value(date), n=speller.value(amount))
    return speller.once(
        moved,
        lambda v: speller.sql(
            "CASE WHEN {v} BETWEEN TIMESTAMP '0001-01-01 00:00:00' AND TIMESTAMP '9999-12-31 23:59:59.999999' THEN {v} END",
            v=v,
        ),
    )


def _diff(speller: Speller, call: Call) -> exp.Expr:
    """Boundaries between two instants, as Kusto counts them; weeks have theirs on Sundays."""
    unit = str(call.options[0])
    first, second = (speller.value(a) for a in call.arguments)
    if unit == "week":
        days = f"date_diff('day', {_WEEK.replace('{x}', '{b}')}, {_WEEK.replace('{x}', '{a}')}) // 7"
        return speller.sql(days, a=first, b=second)
    if unit == "nanosecond":
        return speller.sql("(epoch_us({a}) - epoch_us({b})) * 1000", a=first, b=second)
    return speller.sql(f"date_diff('{unit}', {{b}}, {{a}})", a=first, b=second)


_STRFTIME = {
    ("y", 1): "%-y",
    ("y", 2): "%y",
    ("y", 3): "%Y",
    ("y", 4): "%Y",
    ("M", 1): "%-m",
    ("M", 2): "%m",
    ("d", 1): "%-d",
    ("d", 2): "%d",
    ("H", 1): "%-H",
    ("H", 2): "%H",
    ("h", 1): "%-I",
    ("h", 2): "%I",
    ("m", 1): "%-M",
    ("m", 2): "%M",
    ("s", 1): "%-S",
    ("s", 2): "%S",
    ("t", 1): "%p",
    ("t", 2): "%p",
}


def concatenated(trees: list[exp.Expr]) -> exp.Expr:
    """Texts joined by ``||``."""
    tree = trees[0]
    for other in trees[1:]:
        tree = exp.DPipe(this=tree, expression=other, safe=False)
    return tree


def fraction(speller: Speller, micros: exp.Expr, piece: Piece) -> exp.Expr:
    """The first digits of a second's fraction; ``F`` leaves out zeros at the end."""
    digits = speller.sql("lpad(CAST({m} % 1000000 AS TEXT), 6, '0') || '0'", m=micros)
    cut = speller.sql("left({d}, {n})", d=digits, n=number(piece.count))
    return speller.sql("rtrim({c}, '0')", c=cut) if piece.letter == "F" else cut


def _format_datetime(speller: Speller, call: Call) -> exp.Expr:
    found = datetime_pieces(str(call.options[0]))
    if found is None:
        raise speller.refuse(f"the format '{call.options[0]}' holds a character that Kusto does not take", call.span)
    date = speller.value(call.arguments[0])

    def build(d: exp.Expr) -> exp.Expr:
        parts: list[exp.Expr] = []
        pattern = ""
        for piece in found:
            if piece.letter in ("f", "F"):
                if pattern:
                    parts.append(speller.sql("strftime({d}, {p})", d=d.copy(), p=text(pattern)))
                    pattern = ""
                parts.append(fraction(speller, speller.sql("microsecond({d})", d=d.copy()), piece))
            else:
                pattern += _STRFTIME[(piece.letter, piece.count)] if piece.letter else piece.text
        if pattern or not parts:
            parts.append(speller.sql("strftime({d}, {p})", d=d.copy(), p=text(pattern)))
        return concatenated(parts)

    return speller.once(date, build) if sum(p.letter in "fF" and p.letter != "" for p in found) else build(date)


_UNITS = {
    "d": (86_400_000_000, 0),
    "h": (3_600_000_000, 24),
    "H": (3_600_000_000, 24),
    "m": (60_000_000, 60),
    "s": (1_000_000, 60),
}


def format_timespan(
    text_of: Callable[[Speller, exp.Expr, int], exp.Expr],
    fraction_of: Callable[[Speller, exp.Expr, Piece], exp.Expr],
    divide: str,
) -> Builder:
    """A builder of ``format_timespan`` from a target's way to pad a number, to cut a fraction, and to divide."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        found = timespan_pieces(str(call.options[0]))
        if found is None:
            raise speller.refuse(
                f"the format '{call.options[0]}' holds a character that Kusto does not take", call.span
            )

        def build(v: exp.Expr) -> exp.Expr:
            micros = speller.sql("ABS({v})", v=v.copy())
            parts = [speller.sql("CASE WHEN {v} < 0 THEN '-' ELSE '' END", v=v.copy())]
            for piece in found:
                if not piece.letter:
                    parts.append(text(piece.text))
                elif piece.letter in "fF":
                    parts.append(fraction_of(speller, micros.copy(), piece))
                else:
                    size, most = _UNITS[piece.letter]
                    count = speller.sql(divide, a=micros.copy(), b=number(size))
                    count = speller.sql("MOD({c}, {m})", c=count, m=number(most)) if most else count
                    parts.append(text_of(speller, count, piece.count))
            return concatenated(parts)

        return speller.once(speller.value(call.arguments[0]), build)

    return spell


def _padded(speller: Speller, count: exp.Expr, width: int) -> exp.Expr:
    return (
        speller.once(
            speller.sql("CAST({c} AS TEXT)", c=count),
            lambda t: speller.sql("lpad({t}, CAST(greatest(length({t}), {w}) AS INTEGER), '0')", t=t, w=number(width)),
        )
        if width > 1
        else speller.sql("CAST({c} AS TEXT)", c=count)
    )


def _zone(template: str) -> Builder:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.sql(template, t=speller.value(call.arguments[0]), z=text(str(call.options[0])))

    return spell


SPELLINGS: dict[str, Spelling] = {
    **start_of("day"),
    **start_of("week"),
    **start_of("month"),
    **start_of("year"),
    "dayofweek": "dayofweek({date}) * 86400000000",
    "dayofmonth": "day({date})",
    "dayofyear": "dayofyear({date})",
    "hourofday": "hour({date})",
    "monthofyear": "month({date})",
    "getmonth": "month({date})",
    "getyear": "year({date})",
    "week_of_year": "week({date})",
    "datetime_part": _part,
    "datetime_add": _add,
    "datetime_diff": _diff,
    "format_datetime": _format_datetime,
    "format_timespan": format_timespan(_padded, fraction, "{a} // {b}"),
    "make_datetime/3": "TRY(make_timestamp({year}, {month}, {day}, 0, 0, 0))",
    "make_datetime/4": "TRY(make_timestamp({year}, {month}, {day}, {hour}, 0, 0))",
    "make_datetime/5": "TRY(make_timestamp({year}, {month}, {day}, {hour}, {minute}, 0))",
    "make_datetime/6": "TRY(make_timestamp({year}, {month}, {day}, {hour}, {minute}, {second}))",
    "make_timespan": "(({days} * 24 + {hours}) * 60 + {minutes}) * 60000000 + CAST({seconds} * 1000000 AS BIGINT)",
    "unixtime_seconds_todatetime": "make_timestamp(CAST({number} * 1000000 AS BIGINT))",
    "unixtime_milliseconds_todatetime": "make_timestamp(CAST({number} * 1000 AS BIGINT))",
    "unixtime_microseconds_todatetime": "make_timestamp(CAST({number} AS BIGINT))",
    "unixtime_nanoseconds_todatetime": "make_timestamp(CAST(floor({number} / 1000) AS BIGINT))",
    "datetime_utc_to_local": _zone("{t} AT TIME ZONE 'UTC' AT TIME ZONE {z}"),
    "datetime_local_to_utc": _zone("{t} AT TIME ZONE {z} AT TIME ZONE 'UTC'"),
}
