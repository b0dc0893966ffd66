"""Instants and durations. Parts, formats and zones are constants that the binder checks (``semantics/scalars/instants.py``)."""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn, refused

fn("startofday(date: datetime, offset: long?) -> datetime?", naming=Naming.FIRST)
for _name in ("endofday", "startofweek", "startofmonth", "startofyear", "endofweek", "endofmonth", "endofyear"):
    fn(f"{_name}(date: datetime, offset: long?) -> datetime?")
fn("dayofweek(date: datetime) -> timespan")
for _name in ("dayofmonth", "dayofyear", "hourofday", "monthofyear", "getyear", "week_of_year", "weekofyear"):
    fn(f"{_name}(date: datetime) -> int")
fn("getmonth(date: datetime) -> int")
fn("datetime_part(date: datetime) -> int", aliases=("datepart",))
fn("datetime_add(amount: long, date: datetime) -> datetime?")
fn("datetime_diff(first: datetime, second: datetime) -> long")
fn("format_datetime(date: datetime) -> string", naming=Naming.FIRST)
fn("format_timespan(timespan: timespan) -> string", naming=Naming.FIRST)
fn(
    "make_datetime(year: long, month: long, day: long, hour: long, minute: long, second: real) -> datetime?",
    naming=Naming.ONLY,
)
fn("make_timespan(days: long, hours: long, minutes: long, seconds: real) -> timespan?", naming=Naming.ONLY)
for _unit in ("seconds", "milliseconds", "microseconds", "nanoseconds"):
    fn(
        (f"unixtime_{_unit}_todatetime(number: integer) -> datetime?", f"unixtime {_unit}"),
        (f"unixtime_{_unit}_todatetime(number: real) -> datetime?", f"unixtime {_unit} real"),
    )
fn("datetime_utc_to_local(from: datetime, timezone: string) -> datetime?")
fn("datetime_local_to_utc(from: datetime, timezone: string) -> datetime?")
refused("the list of time zones is Kusto's own", "datetime_list_timezones")
