"""What the printer writes parses back to the same tree: over our own samples and rules, and over public queries."""

from __future__ import annotations

import gzip
import json
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from tests.kql_samples import SAMPLES
from transpiler.diagnostics import KqlError
from transpiler.kql import parse_query, print_node, print_query
from transpiler.kql import syntax as s
from transpiler.source import NOWHERE, Source

ROOT = Path(__file__).parent.parent
PUBLIC = ROOT.parent / "shared"
PUBLIC_FILES = ("corpus/queries.jsonl.gz", "corpus/docs_queries.jsonl.gz", "oracle/oracle.jsonl.gz")


def bare(item: object) -> object:
    """A tree without its places, comparable; floats by their text, since nan is not itself."""
    if isinstance(item, s.Node):
        names = [f.name for f in fields(item) if not f.name.endswith("span")]
        return (type(item).__name__, *[bare(getattr(item, name)) for name in names])
    if isinstance(item, tuple):
        return tuple(bare(member) for member in item)
    return repr(item) if isinstance(item, float) else item


def check_round_trip(text: str) -> None:
    tree = parse_query(Source(text))
    printed = print_query(tree)
    again = parse_query(Source(printed))
    assert bare(again) == bare(tree)
    assert print_query(again) == printed


@pytest.mark.parametrize("text", SAMPLES)
def test_samples(text: str) -> None:
    check_round_trip(text)


def _own_queries() -> list[str]:
    texts: list[str] = []
    for path in sorted((ROOT / "rules").rglob("*.yaml")):
        rule = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(rule, dict) and isinstance(rule.get("query"), str):
            texts.append(rule["query"])
    return texts


def test_rules() -> None:
    texts = _own_queries()
    if not texts:
        pytest.skip("there are no rules yet")
    for text in texts:
        check_round_trip(text)


CANONICAL = [
    ("T|where x=='a'and(b or c)|take 5", 'T\n| where x == "a" and (b or c)\n| take 5'),
    ("T | where (a + b) * c == (d)", "T\n| where (a + b) * c == d"),
    ("T | where a <> b or c notcontains 'x'", 'T\n| where a != b or c !contains "x"'),
    ("print ['count'], ['a b'], ['x'], ['first']", "print ['count'], ['a b'], x, ['first']"),
    ("print 1.0, 1e30, 0x10, long(5), real(-1), -1", "print 1.0, 1e+30, 16, 5, real(-1.0), -1"),
    ("print time(1.00:00:00), 90s, 1tick, 0s", "print 1d, 90s, timespan(00:00:00.0000001), timespan(00:00:00)"),
    ("print datetime(1/2/2020)", "print datetime(2020-01-02)"),
    ("print datetime(2020-01-02 03:04)", "print datetime(2020-01-02T03:04:00.0000000Z)"),
    ("print @'a\\b', 'it''s', h\"q\"", 'print "a\\\\b", "its", "q"'),
    ("print dynamic({'a': [1, 2]}), dynamic(null)", 'print dynamic({"a":[1,2]}), dynamic(null)'),
    ("T | join kind = inner (U|take 1) on $left.a==b", "T\n| join kind=inner (U | take 1) on $left.a == b"),
    ("let f=(x:double){T|where y>x};f(1)", "let f = (x:real) {\nT\n| where y > x\n};\nf(1)"),
    ("T | where x in ((U | project y))", "T\n| where x in (U | project y)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CANONICAL, ids=[case[0] for case in CANONICAL])
def test_canonical_text(text: str, expected: str) -> None:
    assert print_query(parse_query(Source(text))) == expected + "\n"


NAMES = ["a", "a b", "count", "where", "it's", 'q"q', "a\\b", "é", "1a", "true", "", "{x}", "a\nb"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_printed_so_that_it_is_read_again(name: str) -> None:
    text = print_node(s.Name(name, span=NOWHERE))
    (statement,) = parse_query(Source(f"T | where {text} == 1")).statements
    assert isinstance(statement, s.QueryStatement)
    assert isinstance(statement.value, s.Pipeline)
    where = statement.value.operators[0]
    assert isinstance(where, s.Where)
    assert isinstance(where.predicate, s.Binary)
    assert bare(where.predicate.left) == ("Name", name)


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public queries in ../shared are not there")
@pytest.mark.parametrize("name", PUBLIC_FILES)
def test_public_queries(name: str) -> None:
    read = 0
    with gzip.open(PUBLIC / name, "rt", encoding="utf-8") as lines:
        for line in lines:
            case = json.loads(line)
            try:
                parse_query(Source(case["query"]))
            except KqlError:
                continue
            check_round_trip(case["query"])
            read += 1
    assert read > 900


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public queries in ../shared are not there")
def test_public_queries_are_read_as_kusto_reads_them() -> None:
    wrong: list[str] = []
    refused = 0
    for name in PUBLIC_FILES:
        with gzip.open(PUBLIC / name, "rt", encoding="utf-8") as lines:
            for line in lines:
                case = json.loads(line)
                try:
                    parse_query(Source(case["query"]))
                    accepted = True
                except KqlError:
                    accepted = False
                expected = case.get("parses", True)
                if accepted and not expected:
                    wrong.append(case["query"])
                refused += expected and not accepted
    assert wrong == []
    assert refused <= 2  # control commands without a query in them
