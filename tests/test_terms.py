"""The term operators against a plain reading of their definition, on both engines, stored NULLs included.

The reference works character by character and knows nothing of regular expressions: a needle occurs where the folded texts
agree, and an end of it may not cut a term, that is, stand between two term characters.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from transpiler import transpile
from transpiler.engine import duckdb, googlesql
from transpiler.types import Type

# Letters of several scripts with and without case, digits, marks that are no terms, and RE2's own signs. ſ and the Kelvin
# sign are left out: their folding is RE2's own business and pinned by a case of its own.
ALPHABET = "aAbBxéÉжЖ日ß٣09_-. ./\\*+?()[]{}^$|#\n'\"%"
TEXTS = st.text(ALPHABET, max_size=8)
NEEDLES = st.text(ALPHABET, max_size=3)
OPERATORS = (
    "has",
    "!has",
    "has_cs",
    "!has_cs",
    "hasprefix",
    "!hasprefix",
    "hassuffix",
    "!hassuffix",
    "hasprefix_cs",
    "hassuffix_cs",
    "contains",
    "!contains",
    "contains_cs",
    "startswith",
    "!startswith",
    "endswith",
    "startswith_cs",
    "endswith_cs",
    "=~",
    "!~",
)


def is_term(character: str) -> bool:
    return unicodedata.category(character)[0] in "LN"


def folded(text: str, *, case: bool) -> str:
    """One character for one: ß stays ß."""
    return text if case else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def cuts(text: str, at: int, edge: str) -> bool:
    """Whether a needle's end cuts a term: its edge and the neighbour at ``at`` are both term characters."""
    return 0 <= at < len(text) and is_term(text[at]) and is_term(edge)


def occurs(text: str, needle: str, *, left: bool, right: bool, case: bool) -> bool:
    if not needle:
        return True
    hay, wanted = folded(text, case=case), folded(needle, case=case)
    for start in range(len(hay) - len(wanted) + 1):
        end = start + len(wanted)
        if hay[start:end] != wanted:
            continue
        if not (left and cuts(text, start - 1, needle[0])) and not (right and cuts(text, end, needle[-1])):
            return True
    return False


def reference(operator: str, text: str | None, needle: str) -> bool:
    negated = operator.startswith("!")
    name = operator.removeprefix("!").removesuffix("_cs") if operator != "!~" else "=~"
    case = operator.endswith("_cs")
    hay = text or ""
    a, b = folded(hay, case=case), folded(needle, case=case)
    answers = {
        "has": lambda: occurs(hay, needle, left=True, right=True, case=case),
        "hasprefix": lambda: occurs(hay, needle, left=True, right=False, case=case),
        "hassuffix": lambda: occurs(hay, needle, left=False, right=True, case=case),
        "contains": lambda: b in a,
        "startswith": lambda: a.startswith(b),
        "endswith": lambda: a.endswith(b),
        "=~": lambda: a == b,
    }
    return answers[name]() is not negated


def literal(text: str) -> str:
    special = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}
    return '"' + "".join(special.get(c, c) for c in text) + '"'


def on_duckdb(sql: str, texts: Sequence[str | None]) -> list[tuple[object, ...]]:
    with duckdb.connect() as engine:
        engine.create_table("T", {"i": Type.LONG, "s": Type.STRING}, list(enumerate(texts)))
        return sorted(engine.run(sql).rows, key=lambda row: int(str(row[0])))


def on_google(sql: str, texts: Sequence[str | None]) -> list[tuple[object, ...]]:
    tables = {"T": googlesql.stored({"i": Type.LONG, "s": Type.STRING}, list(enumerate(texts)))}
    return sorted(googlesql.connect().execute(sql, tables).rows, key=lambda row: int(str(row[0])))


RUNNERS = {"duckdb": on_duckdb, "bigquery": on_google}
TARGETS = ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)]
TABLES = {"T": {"i": "long", "s": "string"}}
TRIALS = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def skip_without_engine(target: str) -> None:
    if target == "bigquery" and not googlesql.available():
        pytest.skip("Google's engine is not installed: pip install 'rulesql[bigquery]'")


@pytest.mark.parametrize("target", TARGETS)
@TRIALS
@given(texts=st.lists(st.one_of(st.none(), TEXTS), min_size=1, max_size=8), needle=NEEDLES)
def test_one_needle(target: str, texts: list[str | None], needle: str) -> None:
    skip_without_engine(target)
    tests = ", ".join(f"c{n} = s {operator} {literal(needle)}" for n, operator in enumerate(OPERATORS))
    made = transpile(f"T | project i, {tests}", target=target, tables=TABLES)
    got = RUNNERS[target](made.sql, texts)
    expected = [(i, *(reference(o, t, needle) for o in OPERATORS)) for i, t in enumerate(texts)]
    assert got == expected


@pytest.mark.parametrize("target", TARGETS)
@TRIALS
@given(
    texts=st.lists(st.one_of(st.none(), TEXTS), min_size=1, max_size=8),
    needles=st.lists(NEEDLES, min_size=1, max_size=5),
)
def test_lists_of_needles(target: str, texts: list[str | None], needles: list[str]) -> None:
    skip_without_engine(target)
    listed = ", ".join(map(literal, needles))
    tests = f"a = s has_any ({listed}), b = s has_all ({listed}), c = s in~ ({listed}), d = not(s has_any ({listed}))"
    made = transpile(f"T | project i, {tests}", target=target, tables=TABLES)
    got = RUNNERS[target](made.sql, texts)
    expected = []
    for i, t in enumerate(texts):
        found = [reference("has", t, n) for n in needles]
        listed_in = any(reference("=~", t, n) for n in needles)
        expected.append((i, any(found), all(found), listed_in, not any(found)))
    assert got == expected


@pytest.mark.parametrize("target", TARGETS)
@TRIALS
@given(pairs=st.lists(st.tuples(st.one_of(st.none(), TEXTS), NEEDLES), min_size=1, max_size=8))
def test_needles_from_a_column(target: str, pairs: list[tuple[str | None, str]]) -> None:
    skip_without_engine(target)
    made = transpile(
        "T | project i, a = s has n, b = s !hasprefix n, c = s hassuffix_cs n, d = s contains n",
        target=target,
        tables={"T": {"i": "long", "s": "string", "n": "string"}},
    )
    columns = {"i": Type.LONG, "s": Type.STRING, "n": Type.STRING}
    rows = [(i, t, n) for i, (t, n) in enumerate(pairs)]
    if target == "duckdb":
        with duckdb.connect() as engine:
            engine.create_table("T", columns, rows)
            got = sorted(engine.run(made.sql).rows)
    else:
        got = sorted(googlesql.connect().execute(made.sql, {"T": googlesql.stored(columns, rows)}).rows)
    operators = ("has", "!hasprefix", "hassuffix_cs", "contains")
    assert got == [(i, *(reference(o, t, n) for o in operators)) for i, t, n in rows]


def test_thousands_of_needles_in_one_list() -> None:
    needles = [f"n{i}.example" for i in range(3000)]
    made = transpile(f"T | where s has_any ({', '.join(map(literal, needles))})", target="duckdb", tables=TABLES)
    got = on_duckdb(made.sql, ["x n2999.example.", "n3000.example", "an0.example", None])
    assert [row[0] for row in got] == [0]
