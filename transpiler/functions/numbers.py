"""Numbers: rounding, logarithms, trigonometry, bits. ``bin`` of numbers and times too, for they share their meaning."""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn

fn(
    "abs(number: integer) -> long",
    "abs(number: real|decimal) -> number",
    "abs(number: timespan) -> timespan",
    naming=Naming.FIRST,
)
fn("sign(number: number) -> real")
fn(
    ("round(number: integer, precision: long#?) -> number", "round long"),
    ("round(number: real|decimal, precision: long#?) -> number", "round"),
    naming=Naming.FIRST,
)
fn(
    ("ceiling(number: integer) -> number", "ceiling long"),
    ("ceiling(number: real|decimal) -> number", "ceiling"),
    naming=Naming.FIRST,
)
for _name in ("bin", "floor"):
    fn(
        (f"{_name}(value: integer, roundTo: integer) -> arithmetic?", f"{_name} long"),
        (f"{_name}(value: number, roundTo: number) -> widest?", f"{_name} real"),
        (f"{_name}(value: timespan, roundTo: timespan) -> timespan?", f"{_name} long"),
        (f"{_name}(value: datetime, roundTo: timespan) -> datetime?", f"{_name} datetime"),
        naming=Naming.FIRST,
    )
fn(
    ("bin_at(value: integer, bin_size: integer, fixed_point: integer) -> arithmetic?", "bin_at long"),
    ("bin_at(value: number, bin_size: number, fixed_point: number) -> widest?", "bin_at real"),
    ("bin_at(value: timespan, bin_size: timespan, fixed_point: timespan) -> timespan?", "bin_at long"),
    ("bin_at(value: datetime, bin_size: timespan, fixed_point: datetime) -> datetime?", "bin_at datetime"),
    naming=Naming.FIRST,
)

fn("pow(base: real, exponent: real) -> real?", naming=Naming.FIRST)
for _name in ("sqrt", "exp", "exp2", "exp10", "cos", "sin", "tan", "atan"):
    fn(f"{_name}(number: real) -> real", naming=Naming.FIRST)
for _name in ("log", "log2", "log10", "acos", "asin"):
    fn(f"{_name}(number: real) -> real?", naming=Naming.FIRST)
fn("atan2(y: real, x: real) -> real", naming=Naming.FIRST)
for _name in ("cot", "degrees", "radians"):
    fn(f"{_name}(number: real) -> real")
fn("pi() -> real!")
for _name in ("isnan", "isinf", "isfinite"):
    fn(f"{_name}(number: real) -> bool!")

for _name in ("binary_and", "binary_or", "binary_xor"):
    fn(f"{_name}(value1: integer, value2: integer) -> long", naming=Naming.FIRST)
fn("binary_not(value: integer) -> long", naming=Naming.FIRST)
fn("binary_shift_left(value: integer, shift: integer) -> long?", naming=Naming.FIRST)
fn("binary_shift_right(value: integer, shift: integer) -> long?", naming=Naming.FIRST)
fn("bitset_count_ones(value: integer) -> long", naming=Naming.FIRST)
fn("max_of(arguments: orderable*) -> common?")
fn("min_of(arguments: orderable*) -> common?")
