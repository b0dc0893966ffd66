"""Functions over series: arrays of numbers, element by element, filled, or summed up in numbers.

``series_stats`` and ``series_fit_line`` yield several columns (semantics.scalars.series_functions), and so do
``series_decompose`` and its family (semantics.scalars.decomposition).
"""

from __future__ import annotations

from transpiler.functions.registry import Naming, fn, refused

for _word in ("add", "subtract", "multiply", "divide", "pow"):
    fn(f"series_{_word}(first: dynamic|number, second: dynamic|number) -> dynamic?")
for _word in ("greater", "greater_equals", "less", "less_equals", "equals", "not_equals"):
    fn(f"series_{_word}(first: dynamic|number, second: dynamic|number) -> dynamic?")
for _word in ("abs", "sign", "floor", "ceiling", "exp", "log", "sin", "cos", "tan", "asin", "acos", "atan"):
    fn(f"series_{_word}(series: dynamic) -> dynamic?")
for _word in ("sum", "product", "magnitude"):
    fn(f"series_{_word}(series: dynamic) -> real?")
fn("series_dot_product(first: dynamic|number, second: dynamic|number) -> real?")
fn("series_pearson_correlation(first: dynamic, second: dynamic) -> real?")
fn("series_cosine_similarity(first: dynamic, second: dynamic) -> real?")

fn("series_fill_const(series: dynamic, constant: number?) -> dynamic?", naming=Naming.FIRST)
fn("series_fill_forward(series: dynamic) -> dynamic?", naming=Naming.FIRST)
fn("series_fill_backward(series: dynamic) -> dynamic?", naming=Naming.FIRST)
fn("series_fill_linear(series: dynamic, edges: bool#?, constant: number#?) -> dynamic?", naming=Naming.FIRST)
fn("series_fir(series: dynamic, filter: dynamic#, normalize: bool#?, center: bool#?) -> dynamic?", naming=Naming.FIRST)
fn("series_iir(series: dynamic, numerators: dynamic#, denominators: dynamic#) -> dynamic?", naming=Naming.FIRST)
# The series with nulls where the placeholder stands; and one series where another is null. What fills another placeholder than null
# is made of the two.
fn("series without(series: dynamic, placeholder: real#) -> dynamic?")
fn("series or(series: dynamic, other: dynamic) -> dynamic?")

# One number of the several; ``options`` names it.
fn("series statistic(series: dynamic) -> real?")
fn("series index(series: dynamic) -> long?")
fn("series line(series: dynamic) -> real?")
fn("series line values(series: dynamic) -> dynamic?")
# Of the split at which two lines fit best. The query stops where it is not known for certain. ``options``: (which, which side).
fn("series split(series: dynamic) -> long?")
fn("series split fit(series: dynamic) -> real?")
fn("series split values(series: dynamic) -> dynamic?")

# Seasons, trends and outliers. ``options`` of a component: (which, period, trend, how many points are held out); of the
# scores: (low percentile, high percentile, factor, what counts as missing); of the flags: (threshold,).
fn("series component(series: dynamic) -> dynamic?")
fn(
    "series_outliers(series: dynamic, kind: string#?, missing: number#?, low: number#?, high: number#?) -> dynamic?",
    naming=Naming.FIRST,
)
fn("series flags(scores: dynamic) -> dynamic?")

refused(
    "which peaks of the autocorrelation count as periods is not documented",
    *("series_periods_detect", "series_periods_validate"),
    hint="series_decompose, series_decompose_anomalies and series_seasonal take the period as an argument",
)
refused("a polynomial is fitted by a solver of Kusto's own", "series_fit_poly", hint="series_fit_line fits one line")
refused("the warehouse has no Fourier transform", "series_fft", "series_ifft")
