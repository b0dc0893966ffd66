"""Texts of instants, durations, numbers and guids, put together of parts: a stored one is read as a constant is."""

from __future__ import annotations

from itertools import product

import pytest

from tests.support.running import kusto_rows
from transpiler.engine import googlesql
from transpiler.engine.comparison import same

DATES = (
    "2020-01-02", "2020-1-2", "2020-02-30", "2020/01/02", "2020 - 1 - 2", "2020-01", "1/2/2020", "13/2/2020", "1.2.2020",
    "3 Mar 2026", "03-Mar-26", "3 Mar 60", "3 march 2026", "March 3, 2026", "Tues, 3 Mar 2026", "Mar  3", "3 Sept 2026",
    "9999-12-31", "0001-01-01", "0000-12-31", "20200102", "2020", "2020.5", "3/3/26",
    "1210/24", "0102-24", "12101/24",
)  # fmt: skip
CLOCKS = ("", " 3:04", "T03:04:05", "t01:02:03.1234567", " 12:04 AM", "  3:4:5 pm", " 13:00 PM", " 24:00", " 23:59:60")
ZONES = ("", "Z", " utc", "+02:00", " -0530", "+14", "+14:30", " EST", " 2026")
AMOUNTS = (
    "",
    "1",
    "-1",
    "+1",
    "1.5",
    "99999999",
    "10675199",
    "1.",
    "1.02:03",
    "24:00",
    "1:2:3.1234567",
    "10675199.02:48:05.4775808",
)
UNITS = (
    "",
    "d",
    "days",
    " hr",
    "h",
    "m",
    "minutes",
    "mins",
    "s",
    "ms",
    "millisec",
    "micros",
    "tick",
    "ticks",
    "w",
    "D",
    "  d",
    ":00",
)
WHOLE = (
    "0",
    "7",
    "007",
    "0x1F",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "1_0",
    "",
)
AROUND = ("{}", " {}\t", "-{}", "+{}", "{}d", "{} 1")
GUIDS = (
    "0123456789abcdef0123456789ABCDEF",
    "01234567-89ab-cdef-0123-456789abcdef",
    "01234567-89ab-cdef-0123-456789abcdeg",
)
BRACES = ("{}", "{{{}}}", "{{{}", "{}}}", "({})", " {}", "{}0")

# No-break and other blanks of Unicode, a vertical tab, a next line: none of them is a blank to RE2.
BLANKS = ("\u00a0{}", "{}\u2003", "\u3000{}", "\x0b{}", "{}\x0c", "{}\x85", "\x1c{}", "\ufeff{}", "\t {} ")

TEXTS = {
    "todatetime": ["".join(parts) for parts in product(DATES, CLOCKS, ZONES)]
    + [form.format(date) for form, date in product(BLANKS, ("2020-01-02", "20200102", "3 Mar 2026 1:02"))],
    "totimespan": ["".join(parts) for parts in product(AMOUNTS, UNITS)]
    + [form.format(span) for form, span in product(BLANKS, ("1d", "3", "1:02:03"))],
    "toguid": [form.format(guid) for guid, form in product(GUIDS, BRACES)],
    **{
        name: [
            form.format(number) for number, form in product(WHOLE, AROUND) if not (form[0] in "+-" and "x" in number)
        ]
        for name in ("toint", "tolong", "todouble", "tobool")
    },
}
ROWS = 500


@pytest.mark.parametrize("target", ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)])
@pytest.mark.parametrize("function", TEXTS)
def test_a_stored_text_is_read_as_a_constant(target: str, function: str) -> None:
    if target == "bigquery" and not googlesql.available():
        pytest.skip("Google's engine is not installed")
    texts = TEXTS[function]
    wrong = []
    for start in range(0, len(texts), ROWS):
        part = texts[start : start + ROWS]
        quoted = [f"@'{text}'" for text in part]
        cells = ", ".join(f"{i}, {text}" for i, text in enumerate(quoted))
        stored = kusto_rows(
            f"datatable(i:long, s:string)[{cells}] | project i, v = {function}(s) | sort by i asc", target
        )
        constants = kusto_rows(
            f"datatable(i:long)[0] | project {', '.join(f'{function}({q})' for q in quoted)}", target
        )
        for text, (_, a), b in zip(part, stored, constants[0], strict=True):
            if not same(a, b):
                wrong.append(f"{function}({text!r}): {b} as a constant, {a} in a column")
    assert not wrong, "\n".join(wrong[:20])
