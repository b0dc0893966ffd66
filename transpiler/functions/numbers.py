"""Numbers: rounding, logarithms, trigonometry, bits. ``bin`` of numbers and times too, for they share their meaning.

A function of reals gives NaN or an infinity where IEEE 754 does; the logarithms of a negative number are null (oracle
``type-casts-coercion``: ``log(-1.0)`` is null, ``log(0.0)`` is -inf, ``sqrt(-1.0)`` is NaN, ``exp(1000.0)`` is inf).
"""

from __future__ import annotations

from transpiler.functions.registry import FUNCTIONS, Naming, fn, refused

_FIRST = Naming.FIRST

fn("abs(number: integer) -> long", "abs(number: number|timespan) -> number", naming=_FIRST)
fn(("sign(number: real) -> real", "sign"), ("sign(number: decimal) -> real", "sign decimal"))
fn(
    ("round(number: integer) -> number", "round whole"),
    ("round(number: integer, precision: long) -> number", "round long"),
    "round(number: real|decimal, precision: long#?) -> number",
    naming=_FIRST,
)
# Microsoft's binder says that the result has the argument's type; the engine's is real (oracle docs:ceiling).
fn("ceiling(number: real|integer) -> real", ("ceiling(number: decimal) -> decimal", "ceiling decimal"), naming=_FIRST)
for _name in ("bin", "floor"):
    fn(
        (f"{_name}(value: integer, roundTo: integer) -> arithmetic?", "bin"),
        (f"{_name}(value: real, roundTo: real) -> real?", "bin real"),
        (f"{_name}(value: decimal, roundTo: decimal) -> decimal?", "bin decimal"),
        (f"{_name}(value: timespan, roundTo: timespan) -> timespan?", "bin"),
        (f"{_name}(value: datetime, roundTo: timespan) -> datetime?", "bin datetime"),
        naming=_FIRST,
    )
FUNCTIONS.alias("bin_auto", "bin")
fn(
    ("bin_at(value: integer, bin_size: integer, fixed_point: integer) -> arithmetic?", "bin_at"),
    ("bin_at(value: real, bin_size: real, fixed_point: real) -> real?", "bin_at real"),
    ("bin_at(value: decimal, bin_size: decimal, fixed_point: decimal) -> decimal?", "bin_at decimal"),
    ("bin_at(value: timespan, bin_size: timespan, fixed_point: timespan) -> timespan?", "bin_at"),
    ("bin_at(value: datetime, bin_size: timespan, fixed_point: datetime) -> datetime?", "bin_at datetime"),
    naming=_FIRST,
)

fn("pow(base: real, exponent: real) -> real", naming=_FIRST)
for _name in ("sqrt", "exp", "exp2", "exp10", "cos", "sin", "tan", "atan", "acos", "asin", "gamma", "loggamma"):
    fn(f"{_name}(number: real) -> real", naming=_FIRST)
for _name in ("log", "log2", "log10"):
    fn(f"{_name}(number: real) -> real?", naming=_FIRST)
for _name in ("erf", "erfc"):
    fn(f"{_name}(number: real) -> real", naming=_FIRST)
fn("atan2(y: real, x: real) -> real", naming=_FIRST)
for _name in ("cot", "degrees", "radians"):
    fn(f"{_name}(number: real) -> real")
fn("pi() -> real!")
fn("beta_pdf(x: real, alpha: real, beta: real) -> real")
fn(
    "welch_test(mean1: real, variance1: real, count1: real, mean2: real, variance2: real, count2: real) -> real",
)
refused("neither target has the incomplete beta function", "beta_cdf", "beta_inv")
for _name in ("isnan", "isinf", "isfinite"):
    fn(f"{_name}(number: real) -> bool")

for _name in ("binary_and", "binary_or", "binary_xor"):
    fn(f"{_name}(value1: integer, value2: integer) -> long", naming=_FIRST)
fn("binary_not(value: integer) -> long", naming=_FIRST)
fn("binary_shift_left(value: integer, shift: integer) -> long?", naming=_FIRST)
fn("binary_shift_right(value: integer, shift: integer) -> long?", naming=_FIRST)
fn("bitset_count_ones(value: integer) -> long", naming=_FIRST)
fn("max_of(arguments: orderable*) -> common?")
fn("min_of(arguments: orderable*) -> common?")
