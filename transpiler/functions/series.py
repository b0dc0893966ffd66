"""Functions over series: arrays of numbers, element by element, filled, or summed up in numbers.

``series_stats`` and ``series_fit_line`` yield several columns (semantics.series_functions).
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

# One number of the several; ``options`` names it.
fn("series statistic(series: dynamic) -> real?")
fn("series index(series: dynamic) -> long?")
fn("series line(series: dynamic) -> real?")
fn("series line values(series: dynamic) -> dynamic?")

_BASELINE = "a baseline of avg and stdev over make-series' bins says it in plain KQL"
refused(
    "it finds seasons by Kusto's own detection of periods, whose scores are not documented",
    *("series_decompose", "series_decompose_anomalies", "series_decompose_forecast"),
    *("series_seasonal", "series_periods_detect", "series_periods_validate"),
    hint=_BASELINE,
)
refused("how Kusto normalizes the scores of Tukey's test is not documented", "series_outliers", hint=_BASELINE)
refused(
    "which of two equal splits Kusto takes, and how short a part may be, is not documented",
    *("series_fit_2lines", "series_fit_2lines_dynamic"),
    hint="series_fit_line fits one line",
)
refused("a polynomial is fitted by a solver of Kusto's own", "series_fit_poly", hint="series_fit_line fits one line")
refused("the warehouse has no Fourier transform", "series_fft", "series_ifft")
