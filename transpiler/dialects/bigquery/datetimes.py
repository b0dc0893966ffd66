"""BigQuery's spellings: instants and durations, always in UTC. A TIMESTAMP has no months: those go through DATETIME."""

from __future__ import annotations

from sqlglot import exp

from transpiler.dialects.clocks import Piece, datetime_pieces
from transpiler.dialects.duckdb.datetimes import concatenated, format_timespan
from transpiler.dialects.spelling import Builder, Speller, Spelling, number, text
from transpiler.plan.scalars import Call

_TICK = "INTERVAL 1 MICROSECOND"


def _start_of(unit: str, days: int) -> dict[str, Spelling]:
    word = unit.upper()
    start = f"TIMESTAMP_TRUNC({{date}}, {word})"
    if days:
        moved = f"TIMESTAMP_ADD({start}, INTERVAL {{n}} DAY)"
        one, offset, after = (str(days), f"{{offset}} * {days}", f"({{offset}} + 1) * {days}")
    else:
        moved = f"TIMESTAMP(DATETIME_ADD(DATETIME_TRUNC(DATETIME({{date}}), {word}), INTERVAL {{n}} {word}))"
        one, offset, after = ("1", "{offset}", "({offset} + 1)")
    return {
        f"startof{unit}/1": start,
        f"startof{unit}/2": moved.replace("{n}", f"({offset})"),
        f"endof{unit}/1": f"TIMESTAMP_SUB({moved.replace('{n}', one)}, {_TICK})",
        f"endof{unit}/2": f"TIMESTAMP_SUB({moved.replace('{n}', f'({after})')}, {_TICK})",
    }


_PARTS = {
    "year": "EXTRACT(YEAR FROM {date})",
    "quarter": "EXTRACT(QUARTER FROM {date})",
    "month": "EXTRACT(MONTH FROM {date})",
    "week": "EXTRACT(ISOWEEK FROM {date})",
    "day": "EXTRACT(DAY FROM {date})",
    "dayofyear": "EXTRACT(DAYOFYEAR FROM {date})",
    "hour": "EXTRACT(HOUR FROM {date})",
    "minute": "EXTRACT(MINUTE FROM {date})",
    "second": "EXTRACT(SECOND FROM {date})",
    "millisecond": "EXTRACT(MILLISECOND FROM {date})",
    "microsecond": "EXTRACT(MICROSECOND FROM {date})",
    "nanosecond": "EXTRACT(MICROSECOND FROM {date}) * 1000",
}
_CALENDAR = {"year": "YEAR", "quarter": "QUARTER", "month": "MONTH"}
_CLOCK = {
    "week": ("DAY", 7),
    "day": ("DAY", 1),
    "hour": ("HOUR", 1),
    "minute": ("MINUTE", 1),
    "second": ("SECOND", 1),
    "millisecond": ("MILLISECOND", 1),
    "microsecond": ("MICROSECOND", 1),
}


def _part(speller: Speller, call: Call) -> exp.Expr:
    return speller.sql(_PARTS[str(call.options[0])], date=speller.value(call.arguments[0]))


def _add(speller: Speller, call: Call) -> exp.Expr:
    unit = str(call.options[0])
    amount, date = (speller.value(a) for a in call.arguments)
    if unit == "nanosecond":
        raise speller.refuse("nanoseconds cannot be held by the warehouse", call.span)
    if unit in _CALENDAR:
        return speller.sql(
            f"TIMESTAMP(SAFE.DATETIME_ADD(DATETIME({{d}}), INTERVAL {{n}} {_CALENDAR[unit]}))", d=date, n=amount
        )
    word, factor = _CLOCK[unit]
    scaled = speller.sql("{n} * {f}", n=amount, f=number(factor)) if factor > 1 else amount
    return speller.sql(f"SAFE.TIMESTAMP_ADD({{d}}, INTERVAL {{n}} {word})", d=date, n=scaled)


def _diff(speller: Speller, call: Call) -> exp.Expr:
    """Boundaries between two instants: DATE_DIFF counts them for days and more, TIMESTAMP_DIFF counts elapsed units."""
    unit = str(call.options[0])
    first, second = (speller.value(a) for a in call.arguments)
    if unit in ("year", "quarter", "month", "week", "day"):
        return speller.sql(f"DATE_DIFF(DATE({{a}}), DATE({{b}}), {unit.upper()})", a=first, b=second)
    if unit == "nanosecond":
        return speller.sql("TIMESTAMP_DIFF({a}, {b}, MICROSECOND) * 1000", a=first, b=second)
    word = unit.upper()
    cut = f"TIMESTAMP_DIFF(TIMESTAMP_TRUNC({{a}}, {word}), TIMESTAMP_TRUNC({{b}}, {word}), {word})"
    return speller.sql(cut, a=first, b=second)


_FORMAT = {
    ("y", 2): "%y",
    ("y", 3): "%Y",
    ("y", 4): "%E4Y",
    ("M", 2): "%m",
    ("d", 2): "%d",
    ("H", 2): "%H",
    ("h", 2): "%I",
    ("m", 2): "%M",
    ("s", 2): "%S",
    ("t", 1): "%p",
    ("t", 2): "%p",
}
_BARE = {
    "y": "CAST(MOD(EXTRACT(YEAR FROM {d}), 100) AS STRING)",
    "M": "CAST(EXTRACT(MONTH FROM {d}) AS STRING)",
    "d": "CAST(EXTRACT(DAY FROM {d}) AS STRING)",
    "H": "CAST(EXTRACT(HOUR FROM {d}) AS STRING)",
    "h": "CAST(MOD(EXTRACT(HOUR FROM {d}) + 11, 12) + 1 AS STRING)",
    "m": "CAST(EXTRACT(MINUTE FROM {d}) AS STRING)",
    "s": "CAST(EXTRACT(SECOND FROM {d}) AS STRING)",
}


def _fraction(speller: Speller, micros: exp.Expr, piece: Piece) -> exp.Expr:
    digits = speller.sql("CONCAT(FORMAT('%06d', MOD({m}, 1000000)), '0')", m=micros)
    cut = speller.sql("SUBSTR({d}, 1, {n})", d=digits, n=number(piece.count))
    return speller.sql("RTRIM({c}, '0')", c=cut) if piece.letter == "F" else cut


def _format_datetime(speller: Speller, call: Call) -> exp.Expr:
    found = datetime_pieces(str(call.options[0]))
    if found is None:
        raise speller.refuse(f"the format '{call.options[0]}' holds a character that Kusto does not take", call.span)

    def build(d: exp.Expr) -> exp.Expr:
        parts: list[exp.Expr] = []
        pattern = ""
        for piece in found:
            known = _FORMAT.get((piece.letter, piece.count)) if piece.letter else piece.text
            if known is not None:
                pattern += known
                continue
            if pattern:
                parts.append(speller.sql("FORMAT_TIMESTAMP({p}, {d}, 'UTC')", p=text(pattern), d=d.copy()))
                pattern = ""
            if piece.letter in "fF":
                parts.append(_fraction(speller, speller.sql("EXTRACT(MICROSECOND FROM {d})", d=d.copy()), piece))
            else:
                parts.append(speller.sql(_BARE[piece.letter], d=d.copy()))
        if pattern or not parts:
            parts.append(speller.sql("FORMAT_TIMESTAMP({p}, {d}, 'UTC')", p=text(pattern), d=d.copy()))
        return concatenated(parts)

    return speller.once(speller.value(call.arguments[0]), build)


def _padded(speller: Speller, count: exp.Expr, width: int) -> exp.Expr:
    return speller.sql("FORMAT({f}, {c})", f=text(f"%0{width}d" if width > 1 else "%d"), c=count)


def _zone(template: str) -> Builder:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        return speller.sql(template, t=speller.value(call.arguments[0]), z=text(str(call.options[0])))

    return spell


_DATETIME = "TIMESTAMP(SAFE.DATETIME({year}, {month}, {day}, {hour}, {minute}, {second}))"

SPELLINGS: dict[str, Spelling] = {
    **_start_of("day", 1),
    **_start_of("week", 7),
    **_start_of("month", 0),
    **_start_of("year", 0),
    "dayofweek": "(EXTRACT(DAYOFWEEK FROM {date}) - 1) * 86400000000",
    "dayofmonth": "EXTRACT(DAY FROM {date})",
    "dayofyear": "EXTRACT(DAYOFYEAR FROM {date})",
    "hourofday": "EXTRACT(HOUR FROM {date})",
    "monthofyear": "EXTRACT(MONTH FROM {date})",
    "getmonth": "EXTRACT(MONTH FROM {date})",
    "getyear": "EXTRACT(YEAR FROM {date})",
    "week_of_year": "EXTRACT(ISOWEEK FROM {date})",
    "datetime_part": _part,
    "datetime_add": _add,
    "datetime_diff": _diff,
    "format_datetime": _format_datetime,
    "format_timespan": format_timespan(_padded, _fraction, "DIV({a}, {b})"),
    "make_datetime/3": _DATETIME.replace("{hour}, {minute}, {second}", "0, 0, 0"),
    "make_datetime/4": _DATETIME.replace("{minute}, {second}", "0, 0"),
    "make_datetime/5": _DATETIME.replace("{second}", "0"),
    "make_datetime/6": "TIMESTAMP_ADD("
    + _DATETIME.replace("{second}", "0")
    + ", INTERVAL CAST({second} * 1000000 AS INT64) MICROSECOND)",
    "make_timespan": "(({days} * 24 + {hours}) * 60 + {minutes}) * 60000000 + CAST({seconds} * 1000000 AS INT64)",
    "unixtime_seconds_todatetime": "TIMESTAMP_MICROS(CAST({number} * 1000000 AS INT64))",
    "unixtime_milliseconds_todatetime": "TIMESTAMP_MICROS(CAST({number} * 1000 AS INT64))",
    "unixtime_microseconds_todatetime": "TIMESTAMP_MICROS(CAST({number} AS INT64))",
    "unixtime_nanoseconds_todatetime": "TIMESTAMP_MICROS(CAST(FLOOR({number} / 1000) AS INT64))",
    "datetime_utc_to_local": _zone("TIMESTAMP(DATETIME({t}, {z}))"),
    "datetime_local_to_utc": _zone("TIMESTAMP(DATETIME({t}), {z})"),
}
