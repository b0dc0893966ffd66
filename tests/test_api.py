"""The public function ``transpile``: what its arguments may be, and that nothing but KqlError comes back from the rest."""

from __future__ import annotations

import contextlib
import gc
from datetime import UTC, date, datetime, timedelta, timezone
from threading import Thread
from typing import Any

import pytest

import transpiler
from transpiler.dialects import TARGETS
from transpiler.engine.duckdb import connect
from transpiler.lowering.runtime import RunTime

EVENTS = {"T": {"TimeGenerated": "datetime", "a": "string"}}
EAST = timezone(timedelta(hours=5))


def refusal(kql: str, target: str = "duckdb", **arguments: Any) -> transpiler.KqlError:  # Any: wrong types on purpose
    with pytest.raises(transpiler.KqlError) as caught:
        transpiler.transpile(kql, target, **{"tables": EVENTS, **arguments})
    str(caught.value)
    return caught.value


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize(
    ("kql", "code"),
    [
        ("where a == 'x'", "KQL003"),
        ("sort by a | union T", "KQL003"),
        ("T | project-away *", "KQL204"),
        ("T | take 1 | project-keep zz*", "KQL204"),
        ("print n = dynamic([1]) | mv-expand n to typeof(strin)", "KQL100"),
        ("print extract_json('$.a', '{}', typeof(strin))", "KQL100"),
        ('print s = "" | parse kind=regex s with "[" a: string "]"', "KQL205"),
        ("print '\ud800'", "KQL206"),
        (r"print '\ud800'", "KQL206"),
    ],
)
def test_queries_that_once_escaped(kql: str, code: str, target: str) -> None:
    assert refusal(kql, target).code == code


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_an_address_may_hold_half_a_character(target: str) -> None:
    assert refusal(r'externaldata(a: string)["https://x/\ud800"] | where a != "\ud800"', target).code == "KQL206"


def test_a_typo_in_a_type_has_a_hint() -> None:
    assert refusal("print n = dynamic([1]) | mv-expand n to typeof(strin)").hint == "did you mean 'string'?"


@pytest.mark.parametrize("now", ["2026-01-01", 5, date(2026, 1, 1), datetime(1, 1, 1, tzinfo=EAST)])
def test_now_is_a_moment(now: object) -> None:
    assert refusal("print now()", now=now).code in ("KQL104", "KQL206")


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_now_with_and_without_a_zone_is_one_moment(target: str) -> None:
    bare = transpiler.transpile("print now()", target, now=datetime(2026, 1, 1))
    east = transpiler.transpile("print now()", target, now=datetime(2026, 1, 1, 5, tzinfo=EAST))
    assert bare.sql == east.sql
    assert transpiler.transpile("print now()", target, now=datetime(2026, 1, 1, tzinfo=UTC)).sql == bare.sql


def test_a_run_time_is_bigquerys() -> None:
    assert "@run_time" in transpiler.transpile("print now()", "bigquery", now=RunTime()).sql
    assert refusal("print now()", now=RunTime()).code == "KQL204"


@pytest.mark.parametrize("window", ["15m", 15, timedelta(0), timedelta(-1), timedelta.max, timedelta.min])
def test_a_window_is_a_length_of_time(window: object) -> None:
    assert refusal("T", window=window).code in ("KQL104", "KQL206")


@pytest.mark.parametrize("tables", [{"T": {"a": "strin"}}, {"T": {"a": 5}}, {"T": ["a"]}, {"T": None}, {5: {}}, "T", 5])
def test_tables_are_types_of_columns(tables: object) -> None:
    assert refusal("T", tables=tables).code == "KQL104"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("long", 2**63),
        ("int", 2**31),
        ("long", "5"),
        ("long", True),
        ("real", True),
        ("decimal", "abc"),
        ("decimal", 5),
        ("guid", "abc"),
        ("dynamic", "{bad"),
        ("dynamic", "[NaN]"),
        ("string", 5),
        ("datetime", "2026-01-01"),
        ("datetime", datetime(1, 1, 1, tzinfo=EAST)),
        ("timespan", timedelta.max),
    ],
)
def test_a_parameter_has_the_declared_type(kind: str, value: object) -> None:
    assert refusal(f"declare query_parameters(p: {kind}); print p", parameters={"p": value}).code == "KQL107"


@pytest.mark.parametrize(
    ("kind", "value", "written"),
    [
        ("long", -(2**63), "long(-9223372036854775808)"),
        ("int", 5, "int(5)"),
        ("decimal", "1.5", "decimal(1.5)"),
        ("guid", "74BE27DE-1E4E-49D9-B579-FE0B331D3642", "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)"),
        ("dynamic", '{"a":[1]}', 'dynamic({"a":[1]})'),
        ("string", "a'b\\", r"'a\'b\\'"),
        ("real", 2, "real(2)"),
        ("timespan", timedelta(hours=1), "1h"),
        ("datetime", datetime(2026, 1, 1), "datetime(2026-01-01)"),
        ("datetime", datetime(2026, 1, 1, 5, tzinfo=EAST), "datetime(2026-01-01)"),
    ],
)
def test_a_parameter_is_what_its_literal_is(kind: str, value: object, written: str) -> None:
    given = transpiler.transpile(
        f"declare query_parameters(p: {kind}); print x = tostring(p)", parameters={"p": value}
    ).sql
    literal = transpiler.transpile(f"print x = tostring({written})").sql
    assert given.partition("*/")[2] == literal.partition("*/")[2]


@pytest.mark.parametrize("space", ["\u00a0", "\u2003", "\u200b", "\ufeff"])
@pytest.mark.parametrize("header", ["Bob's rule", 'a 3.5" disk', "*/ SELECT 1 /*"])
def test_no_comment_changes_a_text_in_duckdb(space: str, header: str) -> None:
    sql = transpiler.transpile(f"print x = 'it\\'s{space}b'", header=header).sql
    with connect() as database:
        assert database.run(sql).rows == ((f"it's{space}b",),)


def test_a_comment_keeps_its_quotes_where_they_harm_nothing() -> None:
    assert "Bob's rule" in transpiler.transpile("print x = 'é'", header="Bob's rule").sql


@pytest.mark.parametrize("is_on", [True, False])
@pytest.mark.parametrize("kql", ["T | count", "T | where"])
def test_the_collector_of_cycles_is_left_as_it_was_found(is_on: bool, kql: str) -> None:
    found = gc.isenabled()
    (gc.enable if is_on else gc.disable)()
    try:
        with contextlib.suppress(transpiler.KqlError):
            transpiler.transpile(kql, tables={"T": {"x": "long"}})
        assert gc.isenabled() is is_on
    finally:
        (gc.enable if found else gc.disable)()


def test_a_translation_within_another_thread_s_goes_on_without_a_pause() -> None:
    seen: list[bool] = []

    class Columns(dict[str, str]):
        """Columns that are asked for while one translation is under way."""

        def items(self) -> Any:  # Any: a view of the mapping
            if not seen:
                seen.append(gc.isenabled())
                worker = Thread(target=lambda: transpiler.transpile("U | count", tables={"U": {"y": "long"}}))
                worker.start()
                worker.join()
                seen.append(gc.isenabled())
            return super().items()

    assert gc.isenabled()
    transpiler.transpile("T | count", tables={"T": Columns(x="long")})
    assert seen == [False, False]
    assert gc.isenabled()


@pytest.mark.parametrize("query", [None, b"T", 5])
def test_what_is_no_text_is_refused(query: Any) -> None:  # Any: what mypy would not let a caller give
    for call in (transpiler.parse, transpiler.transpile):
        with pytest.raises(transpiler.KqlError) as error:
            call(query)
        assert error.value.code == "KQL003"
