"""Queries with tokens dropped, doubled, swapped, and operators of one put into another: an honest answer or a KqlError.

Whatever is translated is accepted by DuckDB on empty tables and, in a sample, by Google's analyser. The queries are our own
rules, the cases' queries, and the public ones where ``../shared`` is there. ``RULESQL_FUZZ=1000`` makes as many, each
time others.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Mapping
from pathlib import Path

from tests.kql_samples import SAMPLES
from tests.support.running import CaseFailedError, check_description, run_bigquery, run_duckdb
from transpiler import KqlError, transpile
from transpiler.api import Translation
from transpiler.engine import googlesql
from transpiler.types import Type

ROOT = Path(__file__).parents[1]
CORPUS = ROOT.parent / "shared" / "corpus"
MANY = int(os.environ.get("RULESQL_FUZZ", "0"))
SAMPLE = 7
"""Of so many translated queries one goes to Google's analyser."""

TABLE = {
    "s": "string", "Level": "string", "Message": "string", "User": "string", "Key": "string", "i": "int", "l": "long",
    "x": "long", "Code": "long", "r": "real", "b": "bool", "d": "dynamic", "Items": "dynamic", "t": "datetime",
    "Time": "datetime", "ts": "timespan", "g": "guid", "m": "decimal",
}  # fmt: skip
OWN = dict.fromkeys(("T", "Logs", "A", "B"), TABLE)
_TOKEN = re.compile(r"\s+|//[^\n]*|@?\"(?:\\.|[^\"\\])*\"|@?'(?:\\.|[^'\\])*'|[\w.]+|[=!<>~]+|.", re.DOTALL)
Tables = Mapping[str, Mapping[str, str]]


def queries() -> list[tuple[str, Tables]]:
    """Texts with the tables that they may read."""
    found: list[tuple[str, Tables]] = [(text, OWN) for text in SAMPLES]
    cases = (p.read_text(encoding="utf-8") for p in sorted((ROOT / "tests" / "cases" / "operators").glob("*.md")))
    found += [(text, OWN) for case in cases for text in re.findall(r"```kql\n(.*?)```", case, re.DOTALL)]
    if CORPUS.is_dir():
        with gzip.open(CORPUS / "schemas.json.gz", "rt", encoding="utf-8") as file:
            known = json.load(file)
        with gzip.open(CORPUS / "queries.jsonl.gz", "rt", encoding="utf-8") as lines:
            texts = [json.loads(line)["query"] for line in lines]
        found += [(text, {t: c for t, c in known.items() if t in text}) for text in texts if len(text) < 4000]
    return found


def mutated(text: str, other: str, chance: random.Random) -> str:
    """The text with one to three changes of its tokens, or with an operator of another text."""
    if chance.random() < 0.3:
        stages, more = text.split("|"), other.split("|")
        stages.insert(chance.randint(1, len(stages)), chance.choice(more[1:] or more))
        return "|".join(stages)
    tokens = _TOKEN.findall(text)
    for _ in range(chance.choice((1, 1, 2, 3))):
        at, to = chance.randrange(len(tokens)), chance.randrange(len(tokens))
        match chance.randrange(4):
            case 0 if len(tokens) > 1:
                del tokens[at]
            case 1:
                tokens.insert(at, tokens[at])
            case 2:
                tokens[at], tokens[to] = tokens[to], tokens[at]
            case _:
                tokens[at] = tokens[to]
    return "".join(tokens)


def translated(text: str, target: str, tables: Tables) -> Translation | None:
    """The translation; None when it is refused. Any other exception is a defect and passes."""
    try:
        return transpile(text, target=target, tables=tables)
    except KqlError:
        return None


def accepted(made: Translation, tables: Tables) -> str:
    """What is wrong with the SQL, '' when its engine takes it and describes what was promised."""
    read = {r.name: r.columns for r in made.requires}
    given = {name: {c: Type(str(k)) for c, k in columns.items()} for name, columns in {**tables, **read}.items()}
    run = run_duckdb if made.target == "duckdb" else run_bigquery
    try:
        described, _ = run(made.sql, {name: (columns, []) for name, columns in given.items()}, True)
        check_description(made.columns, described, made.target)
    except CaseFailedError as e:
        return str(e)
    return ""


def test_mutated_queries_are_refused_or_run() -> None:
    chance = random.Random(None if MANY else 20)
    texts = queries()
    wrong, count = [], 0
    for _ in range(MANY or 250):
        (text, tables), (other, more) = chance.choice(texts), chance.choice(texts)
        tables = {**tables, **more}
        query = mutated(text, other, chance)
        targets = ["duckdb"]
        if googlesql.available() and chance.randrange(SAMPLE) == 0:
            targets.append("bigquery")
        for target in targets:
            if made := translated(query, target, tables):
                count += 1
                if problem := accepted(made, tables):
                    wrong.append(f"{query}\n{problem}")
    assert not wrong, "\n\n".join(wrong[:5])
    assert count > (MANY or 250) / 20
