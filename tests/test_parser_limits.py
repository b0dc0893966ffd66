"""Whatever the text, only KqlError leaves the parser; nesting has a stated limit, length has none."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kql_samples import SAMPLES
from transpiler.diagnostics import KqlError
from transpiler.kql import Query, parse_query, print_query
from transpiler.kql.cursor import MAX_NESTING
from transpiler.kql.depth import MAX_HEIGHT
from transpiler.kql.tokens import tokenize
from transpiler.source import Source

N = 10_000


def outcome(text: str) -> Query | KqlError:
    try:
        return parse_query(Source(text))
    except KqlError as error:
        return error


TOO_DEEP = {
    "parentheses": "print " + "(" * N + "1" + ")" * N,
    "unclosed parentheses": "print " + "(" * N,
    "calls": "print " + "f(" * N + "1" + ")" * N,
    "not": "T | where " + "not(" * N + "true" + ")" * N,
    "named arguments": "print " + "f(x=" * N + "1" + ")" * N,
    "indexes within indexes": "print " + "a[" * N + "1" + "]" * N,
    "signs": "print " + "-(" * N + "1" + ")" * N,
    "methods": "print " + "a.f(" * N + "1" + ")" * N,
    "subqueries": "T " + "| where x in (T " * N + ")" * N,
    "joins": "T " + "| join (T " * N + ")" * N,
    "unions": "union " + "(union " * N + "T" + ")" * N,
    "toscalar": "print " + "toscalar(" * N + "T" + ")" * N,
    "partitions": "T " + "| partition by x (where y " * N + ")" * N,
    "mv-apply": "T " + "| mv-apply x on (where y " * N + ")" * N,
    "forks": "T " + "| fork (where y " * N + ")" * N,
    "between": "print " + "a between (" * N + "1 .. 2" + ")" * N,
    "functions": "let f = () {" * N + "1" + "}" * N,
    "scans": "T " + "| scan with (step s: x == toscalar(T " * N,
    "macro-expand": "macro-expand entity_group [a] as b (" * N,
    "dynamic arrays": "print dynamic(" + "[" * N + "]" * N + ")",
    "dynamic objects": "print dynamic(" + '{"a":' * N + "1" + "}" * N + ")",
    "dynamic in dynamic": "print " + "dynamic(" * N + "1" + ")" * N,
    "external data": "print " + "externaldata (a:long) [ " * N,
    "mixed operands": "print " + "(1 or 2 and 3 == 4 + 5 * " * N,
    "sums": "print " + " + ".join(["a"] * N),
    "products": "T | where x == " + " * ".join(["a"] * N),
    "paths": "print " + ".".join(["a"] * N),
    "indexes": "print a" + "[0]" * N,
    "sum chains within sum chains": "print " + ("a + " * 100 + "(") * 60,
}


@pytest.mark.parametrize("name", TOO_DEEP)
def test_too_deep(name: str) -> None:
    with pytest.raises(KqlError) as caught:
        parse_query(Source(TOO_DEEP[name]))
    assert caught.value.code == "KQL004"
    assert caught.value.span.end > 0


LONG: dict[str, Callable[[int], str]] = {
    "or": lambda n: "T | where " + " or ".join(["x == 1"] * n),
    "and in or": lambda n: "T | where " + " or ".join(["x == 1 and y == 2"] * n),
    "pipes": lambda n: "T" + "| where x" * n,
    "arguments": lambda n: "print f(" + ", ".join(["1"] * n) + ")",
    "list": lambda n: "T | where x in (" + ", ".join(["'a'"] * n) + ")",
    "statements": lambda n: ";".join(f"let a{i} = {i}" for i in range(n)) + "; print 1",
    "dynamic": lambda n: "print dynamic([" + ", ".join(["1"] * n) + "])",
    "adjacent strings": lambda n: "print " + "'a' " * n,
}


@pytest.mark.parametrize("name", LONG)
def test_length_has_no_limit(name: str) -> None:
    query = parse_query(Source(LONG[name](20_000)))
    assert len(query.statements) >= 1


def test_what_is_within_the_limit_is_read_and_printed() -> None:
    levels = MAX_NESTING // 2 - 2
    for text in (
        "print " + "(" * levels + "1" + ")" * levels,
        "print " + "f(" * levels + "1" + ")" * levels,
        "print " + " + ".join(["a"] * (MAX_HEIGHT - 10)),
    ):
        query = parse_query(Source(text))
        assert print_query(parse_query(Source(print_query(query)))) == print_query(query)


def test_the_parser_leaves_most_of_the_stack_to_others() -> None:
    def deepest(text: str) -> int:
        most = 0

        def watch(frame: object, event: str, argument: object) -> None:
            nonlocal most
            if event == "call":
                depth, at = 0, sys._getframe()
                while at.f_back is not None:
                    depth, at = depth + 1, at.f_back
                most = max(most, depth)

        start = len(_frames())
        sys.setprofile(watch)
        try:
            parse_query(Source(text))
        except KqlError:
            pass
        finally:
            sys.setprofile(None)
        return most - start

    assert max(deepest(text) for text in TOO_DEEP.values() if len(text) < 400_000) < 550


def _frames() -> list[object]:
    found: list[object] = []
    frame = sys._getframe()
    while frame.f_back is not None:
        found.append(frame)
        frame = frame.f_back
    return found


def test_a_caller_deep_in_its_own_stack_gets_a_kql_error() -> None:
    def descend(levels: int) -> None:
        if levels:
            descend(levels - 1)
        else:
            parse_query(Source("print " + "f(" * 40 + "1" + ")" * 40))

    room = sys.getrecursionlimit() - len(_frames())
    with pytest.raises(KqlError) as caught:
        descend(room - 60)
    assert caught.value.code == "KQL004"


MEGABYTE = 1_000_000

HUGE = {
    "string": "print '" + "a" * MEGABYTE + "'",
    "open string": "print '" + "a" * MEGABYTE,
    "names": "a " * (MEGABYTE // 2),
    "blanks": " " * MEGABYTE,
    "comments": "//x\n" * (MEGABYTE // 4) + "T",
    "quotes": '"' * MEGABYTE,
    "back-ticks": "`" * MEGABYTE,
    "digits": "print " + "1" * MEGABYTE,
    "exponent": "print 1e" + "1" * MEGABYTE,
    "timespan": "print " + "1" * MEGABYTE + "d",
    "typed": "print int(" + "1" * MEGABYTE + ")",
    "decimal": "print decimal(" + "1" * MEGABYTE + ")",
    "datetime": "print datetime(" + "1" * MEGABYTE + ")",
    "blank datetime": "print datetime(x" + " " * MEGABYTE + "x)",
    "open brackets": "(" * MEGABYTE,
    "pipes": "|" * MEGABYTE,
    "backslashes": "print '" + "\\\\" * (MEGABYTE // 2) + "'",
    "lists without end": "print " + ",".join(["a in (1, 2"] * (MEGABYTE // 11)),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_megabyte_is_read_or_refused(name: str) -> None:
    found = outcome(HUGE[name])
    assert not isinstance(found, KqlError) or len(str(found)) < 2_000


def only_kql_errors(text: str) -> None:
    found = outcome(text)
    if isinstance(found, KqlError):
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert str(found)
    else:
        printed = print_query(found)
        assert print_query(parse_query(Source(printed))) == printed


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=60))
def test_any_text(text: str) -> None:
    only_kql_errors(text)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    only_kql_errors(data.decode("latin-1"))
    only_kql_errors(data.decode("utf-8", "surrogateescape"))


def _pieces(text: str) -> list[str]:
    tokens = tokenize(Source(text))
    return [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]


PIECES = [_pieces(text) for text in SAMPLES]
VOCABULARY = sorted({piece for pieces in PIECES for piece in pieces})


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_mutated_queries(data: st.DataObject) -> None:
    pieces = list(data.draw(st.sampled_from(PIECES)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(pieces) - 1))
        match data.draw(st.sampled_from(["delete", "insert", "replace", "repeat"])):
            case "delete":
                pieces[at] = ""
            case "insert":
                pieces.insert(at, data.draw(st.sampled_from(VOCABULARY)))
            case "replace":
                pieces[at] = data.draw(st.sampled_from(VOCABULARY))
            case _:
                pieces[at : at + 1] = [pieces[at]] * 2
    only_kql_errors(data.draw(st.sampled_from([" ", "\n"])).join(pieces))
