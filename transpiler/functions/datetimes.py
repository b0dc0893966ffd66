"""Instants and durations. Parts and formats are constants that the binder checks (``semantics/instants.py``)."""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

for _name in ("startofday", "endofday"):
    fn(f"{_name}(date: datetime, offset: long?) -> datetime", naming=Naming.FIRST)
for _name in ("startofweek", "startofmonth", "startofyear", "endofweek", "endofmonth", "endofyear"):
    fn(f"{_name}(date: datetime, offset: long?) -> datetime")
fn("dayofweek(date: datetime) -> timespan")
for _name in ("dayofmonth", "dayofyear", "hourofday", "monthofyear", "getmonth", "getyear"):
    fn(f"{_name}(date: datetime) -> int")
fn("week_of_year(date: datetime) -> int", aliases=("weekofyear",))
fn("datetime_part(date: datetime) -> int", aliases=("datepart",))
fn("datetime_add(amount: long, date: datetime) -> datetime?")
fn("datetime_diff(first: datetime, second: datetime) -> long")
fn("format_datetime(date: datetime) -> string", naming=Naming.FIRST)
fn("format_timespan(timespan: timespan) -> string", naming=Naming.FIRST)
fn(
    "make_datetime(year: long, month: long, day: long, hour: long?, minute: long?, second: real?) -> datetime?",
    naming=Naming.ONLY,
)
fn("make_timespan(days: long, hours: long, minutes: long, seconds: real) -> timespan", naming=Naming.ONLY)
fn("unixtime_seconds_todatetime(number: number) -> datetime?")
fn("unixtime_milliseconds_todatetime(number: number) -> datetime?")
fn("unixtime_microseconds_todatetime(number: number) -> datetime?")
fn("unixtime_nanoseconds_todatetime(number: number) -> datetime?")
fn("datetime_utc_to_local(from: datetime) -> datetime")
fn("datetime_local_to_utc(from: datetime) -> datetime")
