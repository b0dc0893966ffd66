"""How long a translation takes, how large its SQL is, and how long DuckDB takes for it on empty tables.

    python tests/benchmarks/translation.py [QUERIES.jsonl.gz SCHEMAS.json.gz] [--limit N]

Without files the project's own rules are measured. A line of QUERIES is ``{"query": …}``; SCHEMAS maps tables to columns
and KQL types. duckdb-kql is measured beside ours on the same queries, in the same run, where it is installed. Figures are
reported and not tested: they depend on the machine.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import json
import re
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import duckdb

from transpiler import KqlError, transpile
from transpiler.rule import load_rules

ROOT = Path(__file__).parents[2]
STORED = {
    "string": "VARCHAR",
    "long": "BIGINT",
    "int": "INTEGER",
    "real": "DOUBLE",
    "bool": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "timespan": "INTERVAL",
    "dynamic": "JSON",
    "guid": "UUID",
    "decimal": "DECIMAL(38, 18)",
}
Schemas = Mapping[str, Mapping[str, str]]
Case = tuple[str, Schemas]


def main() -> None:
    """Measures and prints one line per figure."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("files", nargs="*", type=Path)
    options.add_argument("--limit", type=int, default=None)
    given = options.parse_args()
    cases = list(corpus(*given.files) if given.files else own_rules())[: given.limit]
    sqls: dict[str, list[tuple[str, Schemas]]] = {}
    for target in ("duckdb", "bigquery"):
        translate(cases[0], target)  # the first call pays for imports
        times, sqls[target] = measured(cases, target)
        report(f"{target}, parse to text", times, "ms")
        report(f"{target}, size of the SQL", [len(sql) / 1000 for sql, _ in sqls[target]], "KB")
    report("duckdb, on empty tables", run_empty(sqls["duckdb"]), "ms")
    beside(cases)


def own_rules() -> Iterable[Case]:
    """The queries of rules/, with columns from their use."""
    for rule in load_rules(ROOT / "rules").rules.values():
        inferred = transpile(rule.query, target="duckdb", infer=True).inferred
        yield rule.query, inferred


def corpus(queries: Path, schemas: Path) -> Iterable[Case]:
    """Queries of a file, each with the tables whose names occur in it."""
    with gzip.open(schemas, "rt", encoding="utf-8") as text:
        known: dict[str, dict[str, str]] = json.load(text)
    with gzip.open(queries, "rt", encoding="utf-8") as lines:
        for query in (json.loads(line)["query"] for line in lines):
            names = set(re.findall(r"\w+", query))
            yield query, {table: columns for table, columns in known.items() if table in names}


def translate(case: Case, target: str) -> str:
    """The SQL of a query. Raises KqlError for a refusal."""
    return transpile(case[0], target=target, tables=case[1]).sql


def measured(cases: list[Case], target: str) -> tuple[list[float], list[tuple[str, Schemas]]]:
    """Milliseconds and results of the cases that are translated."""
    times, results = [], []
    for case in cases:
        begin = time.perf_counter()
        try:
            sql = translate(case, target)
        except KqlError:
            continue
        times.append((time.perf_counter() - begin) * 1000)
        results.append((sql, case[1]))
    return times, results


def run_empty(sqls: list[tuple[str, Schemas]]) -> list[float]:
    """Milliseconds of each statement in a database of its own whose tables are empty."""
    times = []
    for sql, tables in sqls:
        with duckdb.connect() as database:
            try:
                for table, columns in tables.items():
                    spelled = ", ".join(f'"{name}" {STORED[kind]}' for name, kind in columns.items())
                    database.execute(f'CREATE TABLE "{table}" ({spelled})')
                begin = time.perf_counter()
                database.execute(sql).fetchall()
            except duckdb.Error:  # two columns that differ by case, or a lookup table, which is not made here
                continue
            times.append((time.perf_counter() - begin) * 1000)
    return times


def beside(cases: list[Case]) -> None:
    """duckdb-kql and ours on the queries that both translate: in one process, one tool after the other.

    Trap: query by query in turns each tool finds its code and data driven out of the processor's caches by the other, which
    costs the quicker one more; no user runs them so.
    """
    try:
        peer = importlib.import_module("duckdb_kql")
    except ImportError:
        print("duckdb-kql is not installed: no comparison")
        return
    both = [case for case in cases if timed(lambda c: peer.to_sql(c[0]), case) and measured([case], "duckdb")[0]]
    theirs = [took for case in both for took in timed(lambda c: peer.to_sql(c[0]), case)]
    ours, _ = measured(both, "duckdb")
    report("duckdb-kql, both translate", theirs, "ms")
    report("rulesql, both translate", ours, "ms")
    if ours:
        print(f"{'times faster at the median':34} {statistics.median(theirs) / statistics.median(ours):8.1f}")
        print(f"{'times faster over all of them':34} {sum(theirs) / sum(ours):8.1f}")


def timed(translated: Callable[[Case], object], case: Case) -> list[float]:
    """The milliseconds of a translation; none where there is none."""
    begin = time.perf_counter()
    try:
        translated(case)
    except Exception:  # whatever a peer raises, it has no answer
        return []
    return [(time.perf_counter() - begin) * 1000]


def report(what: str, values: list[float], unit: str) -> None:
    """One line: count, median, 95th percentile, most."""
    if not values:
        print(f"{what:34} no figures")
        return
    ordered = sorted(values)
    high = ordered[int(len(ordered) * 0.95)]
    print(
        f"{what:34} {statistics.median(ordered):8.2f} {unit} at the median, {high:.2f} at 95 %, {ordered[-1]:.2f} at most"
        f" ({len(ordered)})"
    )


if __name__ == "__main__":
    main()
