"""DuckDB's spellings: instants and durations. Weeks begin on Sunday; DuckDB's own begin on Monday."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.datetimes import (
    TWICE,
    ZONE_NAME,
    beyond_of,
    datetime_format,
    is_zero,
    part_of,
    timespan_format,
    whole_amount,
    within_clock,
)
from transpiler.dialects.duckdb.arithmetic import in_calendar, wide
from transpiler.dialects.spelling import Speller, Spelling, number
from transpiler.plan.scalars import Call, Constant, columns_of
from transpiler.plan.time_formats import Piece

_DAYS = "to_days(CAST({n} AS INTEGER))"
_WEEKS = "to_days(CAST({n} * 7 AS INTEGER))"
_MONTHS = "to_months(CAST({n} AS INTEGER))"
_PLAIN_UNITS = {
    **{u: (u.upper(), 1) for u in ("year", "month", "week", "day", "hour", "minute", "second")},
    **{u: (u.upper(), 1) for u in ("millisecond", "microsecond")},
    "quarter": ("MONTH", 3),
}
_COMPUTED_UNITS = {
    "year": "to_months(CAST({n} * 12 AS INTEGER))",
    "quarter": "to_months(CAST({n} * 3 AS INTEGER))",
    "month": _MONTHS,
    "week": _WEEKS,
    "day": _DAYS,
    "hour": "to_hours({n})",
    "minute": "to_minutes({n})",
    "second": "to_seconds({n})",
    "millisecond": "to_milliseconds({n})",
    "microsecond": "to_microseconds({n})",
}
_BEGIN_OF_WEEK = "date_trunc('week', {t} + INTERVAL '1' DAY)"


def _shifted(speller: Speller, instant: exp.Expr, unit: str, amount: int) -> exp.Expr:
    """An instant some units on, by a constant interval."""
    if not amount:
        return instant
    word, factor = _PLAIN_UNITS[unit]
    interval = exp.Interval(this=number(abs(amount) * factor), unit=exp.Var(this=word))
    return (exp.Sub if amount < 0 else exp.Add)(this=instant, expression=interval)


def _start(speller: Speller, instant: exp.Expr, unit: str) -> exp.Expr:
    if unit != "week":
        return speller.sql(f"date_trunc('{unit}', {{t}})", t=instant)
    return _shifted(speller, speller.sql(_BEGIN_OF_WEEK, t=instant), "day", -1)


def _edge(unit: str, is_end: bool) -> Spelling:
    """``startof…`` and ``endof…``. An end is the last microsecond: the warehouse has no tick."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        start = _start(speller, speller.value(call.arguments[0]), unit)
        ahead = 1 if is_end else 0
        offset = whole_amount(call, 1) if len(call.arguments) > 1 else 0
        if offset is not None:
            tree = _shifted(speller, start, unit, ahead + offset)
        else:
            offset_tree = speller.value(call.arguments[1])
            amount = speller.sql("{n} + 1", n=offset_tree) if is_end else offset_tree
            tree = speller.sql(f"TRY({{t}} + {_COMPUTED_UNITS[unit]})", t=start, n=amount)
        tree = _shifted(speller, tree, "microsecond", -1) if is_end else tree
        # The year 1 begins, and the year 9999 ends, within a week.
        may_leave = offset != 0 or unit == "week"
        return in_calendar(speller, tree) if may_leave and columns_of(call) else tree

    return spell


def _add(speller: Speller, call: Call) -> exp.Expr:
    unit = str(call.options[0])
    amount, date = call.arguments
    if unit == "nanosecond":
        raise speller.refuse("nanoseconds cannot be held by the warehouse", call.span, code="KQL206")
    whole = whole_amount(call, 0)
    if whole is not None:
        tree = _shifted(speller, speller.value(date), unit, whole)
        return in_calendar(speller, tree) if columns_of(date) else tree
    moved = speller.sql(f"TRY({{t}} + {_COMPUTED_UNITS[unit]})", t=speller.value(date), n=speller.value(amount))
    return in_calendar(speller, moved)


def _diff(speller: Speller, call: Call) -> exp.Expr:
    """Boundaries between two instants, as Kusto counts them; weeks have theirs on Sundays."""
    unit = str(call.options[0])
    first, second = (speller.value(a) for a in call.arguments)
    if unit == "week":
        days = f"date_diff('day', {_BEGIN_OF_WEEK.replace('{t}', '{b}')}, {_BEGIN_OF_WEEK.replace('{t}', '{a}')}) // 7"
        return speller.sql(days, a=first, b=second)
    if unit == "nanosecond":
        return beyond_of(speller, call, speller.sql("(epoch_us({a}) - epoch_us({b})) * 1000", a=first, b=second))
    return speller.sql(f"date_diff('{unit}', {{b}}, {{a}})", a=first, b=second)


_PARTS = {
    **{u: f"{u}({{date}})" for u in ("year", "quarter", "month", "day", "dayofyear", "hour", "minute", "second")},
    "week_of_year": "weekofyear({date})",
    "millisecond": "millisecond({date}) % 1000",
    "microsecond": "microsecond({date}) % 1000000",
    "nanosecond": "microsecond({date}) % 1000000 * 1000",
}


_STRFTIME = {
    ("y", 1): "%-y", ("y", 2): "%y", ("y", 4): "%Y",
    ("M", 1): "%-m", ("M", 2): "%m", ("d", 1): "%-d", ("d", 2): "%d",
    ("H", 1): "%-H", ("H", 2): "%H", ("h", 1): "%-I", ("h", 2): "%I",
    ("m", 1): "%-M", ("m", 2): "%M", ("s", 1): "%-S", ("s", 2): "%S",
    ("t", 2): "%p", ("f", 3): "%g", ("f", 6): "%f", ("f", 7): "%f0",
}  # fmt: skip


def _digits(speller: Speller, six: exp.Expr, piece: Piece) -> exp.Expr:
    """The first of six digits; ``F`` leaves out zeros at the end."""
    tree = speller.sql("{six} || '0'", six=six) if piece.letter == "f" and piece.count == 7 else six
    if piece.count < 6:
        tree = speller.sql("left({s}, {n})", s=tree, n=number(piece.count))
    return speller.sql("rtrim({s}, '0')", s=tree) if piece.letter == "F" else tree


def _instant_digits(speller: Speller, instant: exp.Expr, piece: Piece) -> exp.Expr:
    return _digits(speller, speller.sql("strftime({t}, '%f')", t=instant), piece)


def _padded(speller: Speller, count: exp.Expr, piece: Piece) -> exp.Expr:
    if piece.count == 1:
        return speller.sql("CAST({c} AS TEXT)", c=count)
    return speller.sql(f"printf('%0{piece.count}d', {{c}})", c=count)


def _span_digits(speller: Speller, micros: exp.Expr, piece: Piece) -> exp.Expr:
    return _digits(speller, speller.sql("printf('%06d', {m})", m=micros), piece)


def _make_datetime(speller: Speller, call: Call) -> exp.Expr:
    names = ("year", "month", "day", "hour", "minute", "second")
    parts = dict(zip(names, call.arguments, strict=True))
    trees = {name: number(0) if is_zero(part) else speller.value(part) for name, part in parts.items()}
    if not is_zero(parts["second"]):
        # make_timestamp rounds to microseconds; the tick of Kusto's seconds is cut off.
        trees["second"] = speller.sql("trunc(round({s} * 1e7) / 10) / 1e6", s=trees["second"])
    made = speller.sql("TRY(make_timestamp({year}, {month}, {day}, {hour}, {minute}, {second}))", **trees)
    return in_calendar(speller, within_clock(speller, parts, made))


def _make_timespan(speller: Speller, call: Call) -> exp.Expr:
    days, hours, minutes, seconds = (speller.value(a) for a in call.arguments)
    # Literals are of 32 bits, too few for microseconds.
    template = "((CAST({d} AS BIGINT) * 24 + {h}) * 60 + {m}) * 60000000"
    if not is_zero(call.arguments[3]):
        template += " + CAST(trunc(round({s} * 1e7) / 10) AS BIGINT)"
    made = speller.sql(template, d=days, h=hours, m=minutes, s=seconds)
    return within_clock(speller, dict(zip(("days", "hour", "minute", "second"), call.arguments, strict=True)), made)


def _unix_time(per_second: int, is_real: bool) -> Spelling:
    """Kusto's own range; the number is in units of which a second has ``per_second``."""
    low, high = -62_135_596_800 * per_second, 253_402_300_800 * per_second - 1
    factor = 1_000_000 // per_second
    if is_real:
        micros = f"CAST({{v}} * 1e6 / {per_second} AS BIGINT)"
    elif per_second > 1_000_000:
        micros = "{v} // 1000 - CASE WHEN {v} % 1000 < 0 THEN 1 ELSE 0 END"
    else:
        micros = f"{{v}} * {factor}" if factor > 1 else "{v}"

    def spell(speller: Speller, call: Call) -> exp.Expr:
        (number,) = wide(speller, call.arguments[0])  # 32 bits are too few for microseconds
        return speller.once(
            number,
            lambda v: speller.sql(f"CASE WHEN {{v}} BETWEEN {low} AND {high} THEN make_timestamp({micros}) END", v=v),
        )

    return spell


# A zone that is not known stops the query, but not in a text that is cast. A text without a zone is one in the session's.
_IN_KNOWN_ZONE = (
    f"CASE WHEN regexp_matches({{zone}}, '{ZONE_NAME}') AND TRY_CAST('2000-01-01 00:00 ' || {{zone}} AS TIMESTAMPTZ) IS NOT NULL "
    "THEN {local} END"
)


def _zoned(moved: Callable[[Speller, exp.Expr, exp.Expr], exp.Expr]) -> Spelling:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        instant, zone = (speller.value(a) for a in call.arguments)

        def local(z: exp.Expr) -> exp.Expr:
            return moved(speller, instant, z.copy())

        if isinstance(call.arguments[1], Constant):
            return in_calendar(speller, local(zone))
        guarded = speller.once(zone, lambda z: speller.sql(_IN_KNOWN_ZONE, zone=z, local=local(z)))
        return in_calendar(speller, guarded)

    return spell


_LOCAL = "(<x> AT TIME ZONE 'UTC') AT TIME ZONE {zone}"
# Of an hour that the clocks leave out DuckDB takes the offset before, Kusto that after it (the function's page); of one that
# comes twice DuckDB takes the second.
_FROM_LOCAL = (
    "CASE WHEN {b} <> {l} THEN {t} - ({b} - {l}) WHEN {e} <> {t} AND {local} = {l} "
    f"THEN CAST(error('{TWICE}: ' || {{l}}) AS TIMESTAMP) ELSE {{t}} END"
)


def _local_to_utc(speller: Speller, local: exp.Expr, zone: exp.Expr) -> exp.Expr:
    def at(template: str, **slots: exp.Expr) -> exp.Expr:
        return speller.sql(template, zone=zone.copy(), **slots)

    def found(wall: exp.Expr, instant: exp.Expr) -> exp.Expr:
        before = "{l} - (" + _LOCAL.replace("<x>", "({t} - INTERVAL 1 DAY)") + " - ({t} - INTERVAL 1 DAY))"
        return speller.once(
            at(before, l=wall, t=instant),
            lambda e: at(
                _FROM_LOCAL, l=wall, t=instant, e=e,
                b=at(_LOCAL.replace("<x>", "{t}"), t=instant), local=at(_LOCAL.replace("<x>", "{e}"), e=e),
            ),
        )  # fmt: skip

    return speller.once(
        local,
        lambda wall: speller.once(
            at("({l} AT TIME ZONE {zone}) AT TIME ZONE 'UTC'", l=wall), lambda instant: found(wall, instant)
        ),
    )


def _utc_to_local(speller: Speller, instant: exp.Expr, zone: exp.Expr) -> exp.Expr:
    return speller.sql(_LOCAL.replace("<x>", "{t}"), t=instant, zone=zone)


_SIZES = {"seconds": 1, "milliseconds": 1_000, "microseconds": 1_000_000, "nanoseconds": 1_000_000_000}

SPELLINGS: dict[str, Spelling] = {
    **{f"startof{u}": _edge(u, False) for u in ("day", "week", "month", "year")},
    **{f"endof{u}": _edge(u, True) for u in ("day", "week", "month", "year")},
    "dayofweek": "dayofweek({date}) * 86400000000",
    "dayofmonth": "day({date})",
    "dayofyear": "dayofyear({date})",
    "hourofday": "hour({date})",
    "monthofyear": "month({date})",
    "getmonth": "month({date})",
    "getyear": "year({date})",
    "week_of_year": "weekofyear({date})",
    # By the Wednesday of its week, which begins on Sunday.
    "weekofyear": "(dayofyear(date_trunc('week', {date} + INTERVAL 1 DAY) + INTERVAL 2 DAY) - 1) // 7 + 1",
    "datetime_part": part_of(_PARTS),
    "datetime_add": _add,
    "datetime_diff": _diff,
    "format_datetime": datetime_format(_STRFTIME, "strftime({t}, {p})", _instant_digits),
    "format_timespan": timespan_format(_padded, _span_digits, "{a} // {b}", "{a} % {b}"),
    "make_datetime": _make_datetime,
    "make_timespan": _make_timespan,
    **{f"unixtime {unit}": _unix_time(size, False) for unit, size in _SIZES.items()},
    **{f"unixtime {unit} real": _unix_time(size, True) for unit, size in _SIZES.items()},
    "datetime_utc_to_local": _zoned(_utc_to_local),
    "datetime_local_to_utc": _zoned(_local_to_utc),
}
