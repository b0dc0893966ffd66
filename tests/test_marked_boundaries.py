"""Patterns over marked boundaries against Python's own regular expressions, whose ``\\b`` is Unicode's, too."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from transpiler.dialects.regex import RegexError, compiled
from transpiler.dialects.regex_marks import MARK, WORDS
from transpiler.engine import duckdb

ATOMS = ["a", "b", "é", "-", " ", ".", r"\w", r"\W", r"\D", r"\S", r"\s", "[ab-]", "[^a]", "[^- ]", "5", r"[\w-]"]
REPEATED = ["", "", "", "*", "+", "?", "*?", "+?", "{1,2}"]
TEXTS = st.text("abé- ,_5\n", max_size=9)


def _sequence(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    part = st.tuples(st.sampled_from(["", r"\b"]), inner, st.sampled_from(REPEATED)).map("".join)
    return st.tuples(st.lists(part, min_size=1, max_size=4).map("".join), st.sampled_from(["", r"\b"])).map("".join)


def _grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    branches = st.lists(_sequence(inner), min_size=1, max_size=2).map("|".join)
    return st.tuples(st.sampled_from(["(", "(?:"]), branches, st.just(")")).map("".join)


PATTERNS = _sequence(st.recursive(st.sampled_from(ATOMS), _grouped, max_leaves=4))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(PATTERNS, st.lists(TEXTS, min_size=5, max_size=15, unique=True))
def test_marks_find_the_matches_of_unicode_boundaries(pattern: str, texts: list[str]) -> None:
    assume(r"\b" in pattern)
    try:
        written, marks = compiled(pattern).over_marks(None)
    except RegexError:
        assume(False)
    quoted = ", ".join(f"('{t}')" for t in texts)
    marked = (
        f"regexp_replace(t, '{WORDS}', repeat(chr(1114111), {marks}) || '\\1' || repeat(chr(1114111), {marks}), 'g')"
    )
    sql = f"SELECT t, regexp_replace({marked}, '{written}', '<\\0>', 'g') FROM (VALUES {quoted}) AS v(t)"
    with duckdb.connect() as engine:
        rows = engine.run(sql).rows
    for text, replaced in [(str(t), str(r)) for t, r in rows]:
        assert replaced.replace(MARK, "") == re.sub(pattern, r"<\g<0>>", text), (pattern, text)
