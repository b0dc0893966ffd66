"""A target spells what is declared, each key once: what it leaves out, has for nobody or has twice stops the import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from transpiler.dialects import TARGETS, check_targets, known
from transpiler.dialects.dialect import Dialect, check_complete, side_by_side
from transpiler.dialects.duckdb.target import DuckDB
from transpiler.functions.registry import FUNCTIONS, Kind
from transpiler.plan import ranges


def with_tables(**tables: Mapping[str, object]) -> Dialect:
    """DuckDB with other tables of spellings."""
    made = type("Changed", (DuckDB,), tables)()
    assert isinstance(made, Dialect)
    return made


def without(table: Mapping[str, object], key: str) -> dict[str, object]:
    assert key in table
    return {k: v for k, v in table.items() if k != key}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"spellings": without(DuckDB.spellings, "strlen")}, "does not spell: strlen"),
        ({"aggregates": without(DuckDB.aggregates, "make_list")}, "does not spell: make_list"),
        ({"special": without(DuckDB.special, "prev")}, "does not spell: prev"),
        ({"special": without(DuckDB.special, "toscalar")}, "does not spell: toscalar"),
        ({"spellings": {**DuckDB.spellings, "strlem": "length({string})"}}, "spells what is not declared: strlem"),
        ({"special": {**DuckDB.special, "strlen": None}}, "spells what is not declared: strlen"),
    ],
)
def test_a_gap_and_a_leftover_are_named(changed: dict[str, Mapping[str, object]], reason: str) -> None:
    with pytest.raises(ImportError, match=f"^duckdb {reason}$"):
        check_complete(with_tables(**changed))


def test_a_target_spells_before_what_targets_share() -> None:
    shared = ({"a": "SHARED()"}, {"b": "SHARED()"})
    assert side_by_side({"a": "OWN()"}, shared=shared) == {"a": "OWN()", "b": "SHARED()"}


def test_a_table_by_target_has_every_target_and_no_other() -> None:
    check_targets(dict.fromkeys(TARGETS), "these words")
    for table, odd in (({"duckdb": 1}, "bigquery"), ({**dict.fromkeys(TARGETS), "oracle": 1}, "oracle")):
        with pytest.raises(ImportError, match=f"^these words differ from the targets by: {odd}$"):
            check_targets(table, "these words")


@pytest.mark.parametrize(
    ("own", "shared"),
    [
        (({"a": "ONE()"}, {"a": "TWO()"}), ()),
        ((), ({"a": "ONE()"}, {"a": "TWO()"})),
    ],
)
def test_a_key_in_two_tables_is_named(own: tuple[dict[str, str], ...], shared: tuple[dict[str, str], ...]) -> None:
    with pytest.raises(ImportError, match=r"^two tables spell: a$"):
        side_by_side(*own, shared=shared)


@pytest.mark.parametrize(
    ("what", "keys"),
    [
        ("results", ranges._RESULTS),
        ("spreading", ranges._SPREADING),
        ("steady", ranges._STEADY),
        ("arrays", known._ARRAYS),
    ],
)
def test_what_is_known_of_a_function_is_of_one_that_is_declared(what: str, keys: Iterable[str]) -> None:
    declared = FUNCTIONS.keys(Kind.SCALAR, Kind.AGGREGATE, Kind.WINDOW) | {
        o.name for f in FUNCTIONS for o in f.overloads
    }
    assert set(keys) <= declared, what
