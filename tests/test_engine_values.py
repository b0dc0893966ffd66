"""KQL values: how they are written, what an engine may return for them, and when two rows are the same."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from decimal import Decimal

import pytest

from tests.support.comparing import compare_rows
from transpiler.engine.comparison import same
from transpiler.engine.values import JsonText, Misfit, canonical, parse_value
from transpiler.types import Type

UTC = dt.UTC


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        (None, Type.STRING, ""),
        (None, Type.LONG, None),
        ("5", Type.LONG, 5),
        ("NaN", Type.REAL, math.nan),
        (3, Type.REAL, 3.0),
        ("true", Type.BOOL, True),
        ("2024-01-01T00:00:00.1234567Z", Type.DATETIME, dt.datetime(2024, 1, 1, 0, 0, 0, 123456)),
        ("2024-01-01T00:00:00+05:30", Type.DATETIME, dt.datetime(2023, 12, 31, 18, 30)),
        ("2024-01-01", Type.DATETIME, dt.datetime(2024, 1, 1)),
        (dt.date(2024, 1, 1), Type.DATETIME, dt.datetime(2024, 1, 1)),
        ("-1.02:03:04.0000015", Type.TIMESPAN, -dt.timedelta(1, 7384, 1)),
        ("90s", Type.TIMESPAN, dt.timedelta(seconds=90)),
        ("1.5h", Type.TIMESPAN, dt.timedelta(minutes=90)),
        ("75491DB8-EAF7-40BB-A46A-279872CC82F5", Type.GUID, "75491db8-eaf7-40bb-a46a-279872cc82f5"),
        ("1.50", Type.DECIMAL, Decimal("1.50")),
        (JsonText('{"a": 1}'), Type.DYNAMIC, {"a": 1}),
        ("text", Type.DYNAMIC, "text"),
    ],
)
def test_written_values_are_read(written: object, kind: Type, value: object) -> None:
    assert same(parse_value(written, kind), value)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        (5, Type.STRING),
        (True, Type.LONG),
        (1.5, Type.LONG),
        ("yes", Type.BOOL),
        ("noon", Type.DATETIME),
        ("1.2.3", Type.TIMESPAN),
        ("abc", Type.GUID),
        ("x", Type.DECIMAL),
    ],
)
def test_what_is_no_such_value_is_told(written: object, kind: Type) -> None:
    with pytest.raises(ValueError, match=f"is no {kind}"):
        parse_value(written, kind)


@pytest.mark.parametrize(
    ("returned", "kind", "value"),
    [
        (None, Type.STRING, ""),
        (None, Type.DYNAMIC, None),
        ("null", Type.DYNAMIC, None),
        ('{"a":[1]}', Type.DYNAMIC, {"a": [1]}),
        (5, Type.TIMESPAN, dt.timedelta(microseconds=5)),
        (dt.timedelta(1), Type.TIMESPAN, dt.timedelta(1)),
        (dt.datetime(2024, 1, 1, tzinfo=UTC), Type.DATETIME, dt.datetime(2024, 1, 1)),
        (uuid.UUID(int=5), Type.GUID, "00000000-0000-0000-0000-000000000005"),
    ],
)
def test_returned_values_become_kql(returned: object, kind: Type, value: object) -> None:
    assert canonical(returned, kind) == value


@pytest.mark.parametrize(
    ("returned", "kind"),
    [
        ("5", Type.LONG),
        (True, Type.LONG),
        (5, Type.REAL),
        (1, Type.BOOL),
        (5, Type.STRING),
        ([1], Type.DYNAMIC),
        ("{", Type.DYNAMIC),
        ("2024-01-01", Type.DATETIME),
        (1.5, Type.DECIMAL),
        (True, Type.TIMESPAN),
    ],
)
def test_a_value_of_another_type_equals_nothing(returned: object, kind: Type) -> None:
    misfit = canonical(returned, kind)
    assert isinstance(misfit, Misfit)
    assert not same(misfit, misfit)
    assert compare_rows([("x", kind)], [[returned]], [[returned]]) is not None


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (0.1 + 0.2, 0.3, True),
        (1.0, 1.001, False),
        (math.nan, math.nan, True),
        (math.inf, -math.inf, False),
        (True, 1, False),
        (1, 1.0, True),
        ({"a": [1, {"b": None}]}, {"a": [1.0, {"b": None}]}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1, 2], [2, 1], False),
        ("1", 1, False),
        (None, "", False),
        (2**53, 2**53 + 1, False),
    ],
)
def test_same(a: object, b: object, equal: bool) -> None:
    assert same(a, b) is equal
    assert same(b, a) is equal


COLUMNS = [("a", Type.STRING), ("n", Type.LONG), ("s", Type.DYNAMIC)]


def test_rows_are_a_multiset_unless_ordered() -> None:
    expected: list[list[object]] = [["x", 1, None], ["x", 1, None], ["", 2, None]]
    got: list[list[object]] = [[None, 2, None], ["x", 1, None], ["x", 1, None]]
    assert compare_rows(COLUMNS, expected, got) is None
    assert "their order is not: row 1 is a='', n=2" in str(compare_rows(COLUMNS, expected, got, ordered=True))
    assert "1 row is missing, 1 row is not expected" in str(compare_rows(COLUMNS, expected, [*got[:2], got[0]]))


def test_a_set_has_no_order_and_only_where_it_is_told() -> None:
    expected: list[list[object]] = [["x", 1, [1, 2, [3, 4]]]]
    got = [["x", 1, "[[3,4],2,1]"]]
    assert compare_rows(COLUMNS, expected, got, any_order={"s"}) is None
    assert compare_rows(COLUMNS, expected, got) is not None
    assert compare_rows(COLUMNS, expected, [["x", 1, "[[4,3],2,1]"]], any_order={"s"}) is not None
    assert compare_rows(COLUMNS, expected, [["x", 1, "[[3,4],2,2]"]], any_order={"s"}) is not None


def test_the_difference_names_the_columns_that_differ() -> None:
    text = compare_rows(COLUMNS, [["x", 1, None], ["y", 2, None]], [["x", 1, None], ["y", 3, None]])
    assert text == (
        "1 row is missing, 1 row is not expected\n  missing: a='y', n=2, s=null\n  found:   a='y', n=3, s=null   (n)"
    )


def test_a_long_difference_is_cut() -> None:
    text = compare_rows(COLUMNS, [], [["x", n, None] for n in range(100)])
    assert text is not None
    assert text.startswith("0 rows are missing, 100 rows are not expected")
    assert text.endswith("… and 95 more")


def test_the_number_of_columns_counts() -> None:
    assert "2 values for 3 columns" in str(compare_rows(COLUMNS, [], [["x", 1]]))
