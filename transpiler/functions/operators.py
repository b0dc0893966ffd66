"""Operators are functions too: arithmetic, comparison, logic, and the string operators.

Where a pair of operand types has its own meaning it has its own key, which the dialects spell. The binder has already
converted: numbers of mixed types to the wider one where SQL would not, dynamic operands to the other's type.
"""

from __future__ import annotations

from transpiler.functions.registry import fn

# Logic. Three-valued, as in SQL.
fn("and(operands: bool*) -> bool")
fn("or(operands: bool*) -> bool")
fn("not(expression: bool) -> bool")

# Arithmetic: int becomes long; a timespan is INT64 microseconds. Whole numbers divide towards zero, a remainder is never
# negative, a whole division by zero is null, a real one an infinity or NaN.
fn(
    "+(left: number, right: number) -> arithmetic",
    ("+(left: timespan, right: timespan) -> timespan", "+"),
    ("+(left: datetime, right: timespan) -> datetime?", "+ datetime"),
    ("+(left: timespan, right: datetime) -> datetime?", "+ timespan datetime"),
)
fn(
    "-(left: number, right: number) -> arithmetic",
    ("-(left: timespan, right: timespan) -> timespan", "-"),
    ("-(left: datetime, right: datetime) -> timespan", "- datetimes"),
    ("-(left: datetime, right: timespan) -> datetime?", "- datetime"),
    ("-(left: timespan, right: datetime) -> datetime", "- timespan datetime"),
)
fn(
    "*(left: number, right: number) -> arithmetic",
    ("*(left: timespan, right: integer) -> timespan", "*"),
    ("*(left: timespan, right: number) -> timespan?", "* timespan"),
    ("*(left: integer, right: timespan) -> timespan", "*"),
    ("*(left: number, right: timespan) -> timespan?", "* number timespan"),
    ("*(left: timespan, right: timespan) -> timespan", "* timespans"),
    ("*(left: datetime, right: number) -> datetime", "* datetime"),
    ("*(left: number, right: datetime) -> datetime", "* number datetime"),
)
fn(
    ("/(left: integer, right: integer) -> long?", "/ long"),
    ("/(left: decimal, right: decimal) -> decimal?", "/ decimal"),
    "/(left: number, right: number) -> widest",
    ("/(left: timespan, right: timespan) -> real", "/ timespans"),
    ("/(left: timespan, right: integer) -> timespan?", "/ long"),
    ("/(left: timespan, right: number) -> timespan?", "/ timespan"),
    ("/(left: datetime, right: timespan) -> real", "/ datetime timespan"),
    ("/(left: datetime, right: datetime) -> real", "/ datetimes"),
    ("/(left: datetime, right: number) -> datetime", "/ datetime"),
)
fn(
    ("%(left: integer, right: integer) -> long?", "% long"),
    ("%(left: decimal, right: decimal) -> decimal?", "% long"),
    "%(left: number, right: number) -> widest",
    ("%(left: timespan, right: timespan) -> timespan?", "% long"),
    ("%(left: datetime, right: timespan) -> timespan?", "% datetime"),
    ("%(left: timespan, right: number) -> timespan?", "% timespan number"),
    ("%(left: datetime, right: datetime) -> timespan?", "% datetimes"),
    ("%(left: datetime, right: number) -> datetime?", "% datetime number"),
)
fn(
    ("unary -(value: number|timespan) -> arithmetic", "negate"),
    ("unary -(value: datetime) -> datetime", "negate datetime"),
)

# Equality is total but for two nulls: a null and a value are not equal, two nulls give null. A string has no null.
fn(
    ("==(left: string~, right: string~) -> bool%", "== string"),
    ("==(left: any, right: any) -> bool&", "=="),
)
fn(
    ("!=(left: string~, right: string~) -> bool%", "!= string"),
    ("!=(left: any, right: any) -> bool&", "!="),
)

# Order: null when an operand is.
for _operator in ("<", "<=", ">", ">="):
    fn(
        (f"{_operator}(left: string, right: string) -> bool", f"{_operator} string"),
        (f"{_operator}(left: any, right: any) -> bool", _operator),
    )
fn("between(value: any, low: any, high: any) -> bool")

# Lists of scalars: the value, then the items.
fn(
    ("in(value: string~, items: string*) -> bool%", "in string"),
    ("in(value: any, items: any*) -> bool%", "in"),
)
fn("in~(value: string~, items: string~*) -> bool%")

# Case-insensitive equality and the term operators: spellings in dialects/terms.py.
fn("=~(left: string~, right: string~) -> bool%")
for _operator in ("has", "hasprefix", "hassuffix", "contains", "startswith", "endswith"):
    fn(f"{_operator}(text: string~, term: string) -> bool%")
    fn(f"{_operator}_cs(text: string~, term: string) -> bool%")
fn("has_any(text: string~, terms: string*) -> bool%")
fn("has_all(text: string~, terms: string*) -> bool%")
fn("has_any array(text: string~, terms: dynamic) -> bool%")
fn("has_all array(text: string~, terms: dynamic) -> bool%")
fn("matches regex(text: string~, pattern: string#) -> bool%")
fn(
    ("in array(value: string, items: dynamic) -> bool%", "in array"),
    ("in array(value: number, items: dynamic) -> bool%", "in array number"),
)
fn("in~ array(value: string, items: dynamic) -> bool%")
