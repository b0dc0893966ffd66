"""The lexer: kinds and places of tokens, and what is no token."""

from __future__ import annotations

import pytest

from transpiler.diagnostics import KqlError
from transpiler.kql.tokens import DECLARED_KEYWORDS, KEYWORDS, RESERVED_WORDS, SOFT_KEYWORDS, tokenize
from transpiler.source import Source


def kinds(text: str) -> list[str]:
    return tokenize(Source(text)).kinds[:-1]


def texts(text: str) -> list[str]:
    tokens = tokenize(Source(text))
    return [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)][:-1]


KINDS = [
    ("", []),
    (" \t\r\n\f\u00a0\u2003\u200b\ufeff // comment\n//another", []),
    ("where Where whereas", ["where", "IDENT", "IDENT"]),
    ("project-away project-away2 project -away", ["project-away", "project", "-", "IDENT", "project", "-", "IDENT"]),
    ("mv-expand make-series top-nested", ["mv-expand", "make-series", "top-nested"]),
    ("matches regex", ["matches regex"]),
    ("matches  regex", ["IDENT", "regex"]),
    ("hint.strategy hint.pass_filters", ["hint.strategy", "IDENT", ".", "IDENT"]),
    ("in~('a') !in~ !in in", ["in~", "(", "STRING", ")", "!in~", "!in", "in"]),
    ("!has !has_cs !hasprefix !between", ["!has", "!has_cs", "!hasprefix", "!between"]),
    ("a==b!=c=~d!~e<>f<=g>=h", "IDENT == IDENT != IDENT =~ IDENT !~ IDENT <> IDENT <= IDENT >= IDENT".split()),
    ("=> .. . = < >", ["=>", "..", ".", "=", "<", ">"]),
    ("1 1.5 1. 1e3 1.5e-3 0x1F", ["LONG", "REAL", "REAL", "REAL", "REAL", "LONG"]),
    ("1..5", ["LONG", "..", "LONG"]),
    ("1d 1.5h 90sec 1tick 3microseconds 2nanos 5min", ["TIMESPAN"] * 7),
    ("1dx 3abc 3Dchart 0xZ 1_", ["IDENT", "IDENT", "3Dchart", "IDENT", "IDENT"]),
    ("true True TRUE tRUE", ["BOOL", "BOOL", "BOOL", "IDENT"]),
    ("int(5) datetime(2020-01-01 10:00) guid(x) bool() time(1d)", ["TYPED"] * 5),
    ("int (5) tolong(5)", ["int", "(", "LONG", ")", "IDENT", "(", "LONG", ")"]),
    ("boolean(1)", ["boolean", "(", "LONG", ")"]),
    ("74be27de-1e4e-49d9-b579-fe0b331d3642", ["RAW_GUID"]),
    ("""'a' "b" @'c\\' @"d""d" h'e' H@'f' 'it\\'s'""", ["STRING"] * 7),
    ("```a\n'b'``` ~~~c\n~~~ h```d``` @```e```", ["STRING"] * 4),
    ("has'x'", ["has", "STRING"]),
    ("$left.a _x x_1", ["IDENT", ".", "IDENT", "IDENT", "IDENT"]),
    ("#connect here\nT", ["DIRECTIVE", "IDENT"]),
    ("@ a", ["@", "IDENT"]),
]


@pytest.mark.parametrize(("text", "expected"), KINDS, ids=[text[:30] for text, _ in KINDS])
def test_kinds(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_places_are_character_offsets_without_blanks_and_comments() -> None:
    text = "é𝄞 // x\n| where"
    with pytest.raises(KqlError):
        tokenize(Source(text))
    text = "'é𝄞' // x\n| where"
    tokens = tokenize(Source(text))
    assert list(zip(tokens.starts, tokens.ends, strict=True)) == [(0, 4), (10, 11), (12, 17), (17, 17)]


def test_the_text_between_tokens_is_blank_or_comment() -> None:
    assert texts("T|where x=='a'// b\n|take 1") == ["T", "|", "where", "x", "==", "'a'", "|", "take", "1"]


BAD = [
    ("T | where x = ‘a’", "KQL001", 14, "‘"),
    ("a & b", "KQL001", 2, "&"),
    ("a\0b", "KQL001", 1, "\0"),
    ("a \ud800", "KQL001", 2, "\ud800"),
    ("x == 'abc", "KQL002", 5, "'abc"),
    ("x == 'abc\ny", "KQL002", 5, "'abc"),
    ('x == "a\\d"', "KQL002", 7, "\\d"),
    ("x == 'a\\u12'", "KQL002", 7, "\\u"),
    ("x == @'a\\", "KQL002", 5, "@'a\\"),
    ("x ```abc", "KQL002", 2, "```abc"),
    ("int(5", "KQL002", 0, "int(5"),
    ("datetime(2020\n-01-01)", "KQL002", 0, "datetime(2020"),
]


@pytest.mark.parametrize(("text", "code", "start", "under"), BAD, ids=[repr(b[0]) for b in BAD])
def test_what_is_no_token(text: str, code: str, start: int, under: str) -> None:
    with pytest.raises(KqlError) as caught:
        tokenize(Source(text))
    assert caught.value.code == code
    assert caught.value.span.start == start
    assert text[caught.value.span.start : caught.value.span.end] == under


def test_sets_of_keywords() -> None:
    assert not SOFT_KEYWORDS & RESERVED_WORDS
    assert SOFT_KEYWORDS < DECLARED_KEYWORDS
    assert set(KEYWORDS) == SOFT_KEYWORDS | RESERVED_WORDS


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_every_keyword_is_a_token_of_its_own_kind(word: str) -> None:
    assert kinds(word) == [word]
    assert kinds(word + "_1") == ["IDENT"]
