"""BigQuery's spellings: instants and durations, always in UTC. A TIMESTAMP has no months: those go through DATE and DATETIME."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from transpiler.dialects.bigquery.arithmetic import moved
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
from transpiler.dialects.spelling import Speller, Spelling, number, text
from transpiler.dialects.spelling import call as call_of
from transpiler.plan.scalars import Call, Constant, columns_of
from transpiler.plan.time_formats import Piece

_DAY = 86_400_000_000
_MONTHS_OF = {"month": "MONTH", "quarter": "QUARTER", "year": "YEAR"}
_CLOCK = {
    "week": ("DAY", 7),
    "day": ("DAY", 1),
    "hour": ("HOUR", 1),
    "minute": ("MINUTE", 1),
    "second": ("SECOND", 1),
    "millisecond": ("MILLISECOND", 1),
    "microsecond": ("MICROSECOND", 1),
}


def _start(speller: Speller, call: Call, unit: str) -> exp.Expr:
    """The begin of a unit, the call's offset on."""
    instant = speller.value(call.arguments[0])
    offset = whole_amount(call, 1) if len(call.arguments) > 1 else 0
    safe = "SAFE." if columns_of(call) else ""
    if offset == 0:
        # The year 1 begins in a week of the year before.
        guard = safe if unit == "week" else ""
        return speller.sql(f"{guard}TIMESTAMP_TRUNC({{t}}, {unit.upper()}, 'UTC')", t=instant)
    if unit == "week":
        return _in_week(speller, call, offset, 1, 0)
    amount = speller.value(call.arguments[1]) if offset is None else number(offset)
    if unit in _MONTHS_OF:
        word = unit.upper()
        template = f"TIMESTAMP({safe}DATE_ADD(DATE_TRUNC(DATE({{t}}, 'UTC'), {word}), INTERVAL {{n}} {word}), 'UTC')"
        return _with_interval(speller, template, word, t=instant, n=amount)
    start = speller.sql("TIMESTAMP_TRUNC({t}, DAY, 'UTC')", t=instant)
    return call_of(f"{safe}TIMESTAMP_ADD", start, exp.Interval(this=amount, unit=exp.Var(this="DAY")))


def _with_interval(speller: Speller, template: str, unit: str, **slots: exp.Expr) -> exp.Expr:
    """A template whose INTERVAL takes the slot ``{n}``; a literal there must stay a number."""
    interval = exp.Interval(this=slots.pop("n"), unit=exp.Var(this=unit))
    return speller.sql(template.replace(f"INTERVAL {{n}} {unit}", "{interval}"), interval=interval, **slots)


def _extract(part: str) -> str:
    return f"EXTRACT({part} FROM DATETIME({{date}}, 'UTC'))"


def _week_from_sunday(speller: Speller, call: Call) -> exp.Expr:
    """By the Wednesday of its week, which begins on Sunday; that day lies in the calendar, though the Sunday may not."""
    wednesday = f"DATE_FROM_UNIX_DATE(UNIX_DATE(DATE({{date}}, 'UTC')) + 4 - {_extract('DAYOFWEEK')})"
    week = f"DIV(EXTRACT(DAYOFYEAR FROM {wednesday}) - 1, 7) + 1"
    return speller.once(speller.value(call.arguments[0]), lambda t: speller.sql(week, date=t))


def _in_week(speller: Speller, call: Call, offset: int | None, day_of_week: int, micros: int) -> exp.Expr:
    """A moment of a week's day, some weeks on, counted from the instant's day: the calendar's first week has no begin."""
    # A long of weeks may be more days than 64 bits hold.
    ahead = (
        f"{offset * 7 + day_of_week} - {{d}}"
        if offset is not None
        else f"SAFE_ADD(SAFE_MULTIPLY({{n}}, 7), {day_of_week} - {{d}})"
    ).replace("{d}", _extract("DAYOFWEEK"))
    weeks = {"n": speller.value(call.arguments[1])} if offset is None else {}

    def moment(t: exp.Expr) -> exp.Expr:
        days = speller.sql(ahead, date=t.copy(), **weeks)
        day = moved(speller, speller.sql("TIMESTAMP_TRUNC({t}, DAY, 'UTC')", t=t), micros)
        return call_of("SAFE.TIMESTAMP_ADD", day, exp.Interval(this=exp.Paren(this=days), unit=exp.Var(this="DAY")))

    return speller.once(speller.value(call.arguments[0]), moment)


def _edge(unit: str, is_end: bool) -> Spelling:
    """``startof…`` and ``endof…``. An end is the last microsecond: the warehouse has no tick."""

    def spell(speller: Speller, call: Call) -> exp.Expr:
        if not is_end:
            return _start(speller, call, unit)
        # The begin of the last unit of the calendar's last year has no begin after it: a day's length is added instead.
        if unit == "week":
            return _in_week(speller, call, whole_amount(call, 1) if len(call.arguments) > 1 else 0, 7, _DAY - 1)
        if unit == "day":
            return moved(speller, _start(speller, call, unit), _DAY - 1)
        begin = speller.value(call.arguments[0]) if len(call.arguments) == 1 else _start(speller, call, unit)
        last = speller.sql(f"TIMESTAMP(LAST_DAY(DATE({{t}}, 'UTC'), {unit.upper()}), 'UTC')", t=begin)
        return moved(speller, last, _DAY - 1)

    return spell


def _add(speller: Speller, call: Call) -> exp.Expr:
    unit = str(call.options[0])
    amount, date = (speller.value(a) for a in call.arguments)
    if unit == "nanosecond":
        raise speller.refuse("nanoseconds cannot be held by the warehouse", call.span, code="KQL206")
    whole = whole_amount(call, 0)
    safe = "" if whole is not None and not columns_of(call) else "SAFE."
    if unit in _MONTHS_OF:
        word = _MONTHS_OF[unit]
        template = f"TIMESTAMP({safe}DATETIME_ADD(DATETIME({{t}}, 'UTC'), INTERVAL {{n}} {word}), 'UTC')"
        return _with_interval(speller, template, word, t=date, n=amount)
    word, factor = _CLOCK[unit]
    if factor > 1:
        amount = number(whole * factor) if whole is not None else speller.sql("SAFE_MULTIPLY({n}, 7)", n=amount)
    return call_of(f"{safe}TIMESTAMP_ADD", date, exp.Interval(this=amount, unit=exp.Var(this=word)))


def _diff(speller: Speller, call: Call) -> exp.Expr:
    """Boundaries between two instants, which DATE_DIFF and DATETIME_DIFF count; TIMESTAMP_DIFF counts elapsed units."""
    unit = str(call.options[0])
    first, second = (speller.value(a) for a in call.arguments)
    if unit in ("nanosecond", "microsecond"):
        micros = "TIMESTAMP_DIFF({a}, {b}, MICROSECOND)"
        if unit == "microsecond":
            return speller.sql(micros, a=first, b=second)
        return beyond_of(speller, call, speller.sql(f"{micros} * 1000", a=first, b=second))
    kind = "DATE" if unit in (*_MONTHS_OF, "week", "day") else "DATETIME"
    template = f"{kind}_DIFF({kind}({{a}}, 'UTC'), {kind}({{b}}, 'UTC'), {unit.upper()})"
    return speller.sql(template, a=first, b=second)


_PARTS = {
    **{u: _extract(u.upper()) for u in ("year", "quarter", "month", "day", "dayofyear", "hour", "minute", "second")},
    "week_of_year": _extract("ISOWEEK"),
    "millisecond": _extract("MILLISECOND"),
    "microsecond": _extract("MICROSECOND"),
    "nanosecond": f"{_extract('MICROSECOND')} * 1000",
}


_CODES = {
    ("y", 2): "%y", ("y", 4): "%E4Y", ("M", 2): "%m", ("d", 2): "%d", ("H", 2): "%H", ("h", 2): "%I", ("m", 2): "%M",
    ("s", 2): "%S", ("t", 2): "%p",
}  # fmt: skip
_BARE = {
    "y": "MOD(EXTRACT(YEAR FROM DATETIME({t}, 'UTC')), 100)",
    "M": "EXTRACT(MONTH FROM DATETIME({t}, 'UTC'))",
    "d": "EXTRACT(DAY FROM DATETIME({t}, 'UTC'))",
    "H": "EXTRACT(HOUR FROM DATETIME({t}, 'UTC'))",
    "h": "MOD(EXTRACT(HOUR FROM DATETIME({t}, 'UTC')) + 11, 12) + 1",
    "m": "EXTRACT(MINUTE FROM DATETIME({t}, 'UTC'))",
    "s": "EXTRACT(SECOND FROM DATETIME({t}, 'UTC'))",
}


def _digits(speller: Speller, micros: exp.Expr, piece: Piece) -> exp.Expr:
    """The first digits of a second's fraction; ``F`` leaves out zeros at the end."""
    form = "%06d0" if piece.letter == "f" and piece.count == 7 else "%06d"
    tree = speller.sql("FORMAT({f}, {m})", f=text(form), m=micros)
    if piece.count < 6:
        tree = speller.sql("LEFT({s}, {n})", s=tree, n=number(piece.count))
    return speller.sql("RTRIM({s}, '0')", s=tree) if piece.letter == "F" else tree


def _instant_piece(speller: Speller, instant: exp.Expr, piece: Piece) -> exp.Expr:
    if piece.letter in "fF":
        return _digits(speller, speller.sql("EXTRACT(MICROSECOND FROM DATETIME({t}, 'UTC'))", t=instant), piece)
    return speller.sql(f"CAST({_BARE[piece.letter]} AS STRING)", t=instant)


def _padded(speller: Speller, count: exp.Expr, piece: Piece) -> exp.Expr:
    return speller.sql("FORMAT({f}, {c})", f=text(f"%0{piece.count}d" if piece.count > 1 else "%d"), c=count)


def _make_datetime(speller: Speller, call: Call) -> exp.Expr:
    names = ("year", "month", "day", "hour", "minute", "second")
    parts = dict(zip(names, call.arguments, strict=True))
    trees = {name: number(0) if is_zero(part) else speller.value(part) for name, part in parts.items()}
    template = "TIMESTAMP(SAFE.DATETIME({year}, {month}, {day}, {hour}, {minute}, 0), 'UTC')"
    made = speller.sql(template, **{n: t for n, t in trees.items() if n != "second"})
    if not is_zero(parts["second"]):
        micros = speller.sql("DIV(CAST({s} * 1e7 AS INT64), 10)", s=trees["second"])
        made = call_of("TIMESTAMP_ADD", made, exp.Interval(this=micros, unit=exp.Var(this="MICROSECOND")))
    return within_clock(speller, parts, made)


def _make_timespan(speller: Speller, call: Call) -> exp.Expr:
    days, hours, minutes, seconds = (speller.value(a) for a in call.arguments)
    template = "(({d} * 24 + {h}) * 60 + {m}) * 60000000"
    if not is_zero(call.arguments[3]):
        template += " + DIV(CAST({s} * 1e7 AS INT64), 10)"
    made = speller.sql(template, d=days, h=hours, m=minutes, s=seconds)
    return within_clock(speller, dict(zip(("days", "hour", "minute", "second"), call.arguments, strict=True)), made)


def _real_unix_time(per_second: int) -> str:
    return f"SAFE.TIMESTAMP_MICROS(SAFE_CAST({{number}} * 1e6 / {per_second} AS INT64))"


_WHOLE_MICROS = "DIV({number}, 1000) - IF(MOD({number}, 1000) < 0, 1, 0)"

# Of an hour that the clocks leave out BigQuery takes the offset before, Kusto that after it (the function's page); of one that
# comes twice BigQuery takes the first.
_TOMORROW = "SAFE.TIMESTAMP_ADD({t}, INTERVAL 1 DAY)"
_OFFSET_AFTER = f"DATETIME_DIFF(SAFE.DATETIME({_TOMORROW}, {{zone}}), SAFE.DATETIME({_TOMORROW}, 'UTC'), MICROSECOND)"
_FROM_LOCAL = (
    "CASE WHEN DATETIME({t}, {zone}) <> DATETIME({l}, 'UTC') "
    "THEN TIMESTAMP_SUB({t}, INTERVAL DATETIME_DIFF(DATETIME({t}, {zone}), DATETIME({l}, 'UTC'), MICROSECOND) MICROSECOND) "
    "WHEN {e} <> {t} AND SAFE.DATETIME({e}, {zone}) = DATETIME({l}, 'UTC') "
    f"THEN ERROR(CONCAT('{TWICE}: ', STRING({{l}}, 'UTC'))) ELSE {{t}} END"
)


def _zoned(moved: Callable[[Speller, exp.Expr, exp.Expr], exp.Expr]) -> Spelling:
    def spell(speller: Speller, call: Call) -> exp.Expr:
        instant, zone = (speller.value(a) for a in call.arguments)
        if isinstance(call.arguments[1], Constant):
            return moved(speller, instant, zone)
        named = speller.sql(f"IF(REGEXP_CONTAINS({{z}}, r'{ZONE_NAME}'), {{z}}, NULL)", z=zone)
        return speller.once(named, lambda z: moved(speller, instant, z))

    return spell


def _utc_to_local(speller: Speller, instant: exp.Expr, zone: exp.Expr) -> exp.Expr:
    return speller.sql("TIMESTAMP(SAFE.DATETIME({t}, {zone}), 'UTC')", t=instant, zone=zone)


def _local_to_utc(speller: Speller, local: exp.Expr, zone: exp.Expr) -> exp.Expr:
    def found(wall: exp.Expr, instant: exp.Expr) -> exp.Expr:
        other = f"SAFE.TIMESTAMP_SUB({{l}}, INTERVAL {_OFFSET_AFTER} MICROSECOND)"
        return speller.once(
            speller.sql(other, l=wall, t=instant, zone=zone),
            lambda e: speller.sql(_FROM_LOCAL, l=wall, t=instant, e=e, zone=zone),
        )

    return speller.once(
        local,
        lambda wall: speller.once(
            speller.sql("SAFE.TIMESTAMP(DATETIME({l}, 'UTC'), {zone})", l=wall, zone=zone),
            lambda instant: found(wall, instant),
        ),
    )


SPELLINGS: dict[str, Spelling] = {
    **{f"startof{u}": _edge(u, False) for u in ("day", "week", "month", "year")},
    **{f"endof{u}": _edge(u, True) for u in ("day", "week", "month", "year")},
    "dayofweek": f"({_extract('DAYOFWEEK')} - 1) * 86400000000",
    "dayofmonth": _extract("DAY"),
    "dayofyear": _extract("DAYOFYEAR"),
    "hourofday": _extract("HOUR"),
    "monthofyear": _extract("MONTH"),
    "getmonth": _extract("MONTH"),
    "getyear": _extract("YEAR"),
    "week_of_year": _extract("ISOWEEK"),
    "weekofyear": _week_from_sunday,
    "datetime_part": part_of(_PARTS),
    "datetime_add": _add,
    "datetime_diff": _diff,
    "format_datetime": datetime_format(_CODES, "FORMAT_TIMESTAMP({p}, {t}, 'UTC')", _instant_piece),
    "format_timespan": timespan_format(_padded, _digits, "DIV({a}, {b})", "MOD({a}, {b})"),
    "make_datetime": _make_datetime,
    "make_timespan": _make_timespan,
    "unixtime seconds": "SAFE.TIMESTAMP_SECONDS({number})",
    "unixtime milliseconds": "SAFE.TIMESTAMP_MILLIS({number})",
    "unixtime microseconds": "SAFE.TIMESTAMP_MICROS({number})",
    "unixtime nanoseconds": f"SAFE.TIMESTAMP_MICROS({_WHOLE_MICROS})",
    "unixtime seconds real": _real_unix_time(1),
    "unixtime milliseconds real": _real_unix_time(1_000),
    "unixtime microseconds real": _real_unix_time(1_000_000),
    "unixtime nanoseconds real": _real_unix_time(1_000_000_000),
    "datetime_utc_to_local": _zoned(_utc_to_local),
    "datetime_local_to_utc": _zoned(_local_to_utc),
}
