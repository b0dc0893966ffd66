"""The walk over BigQuery statements finds what the service lacks, and leaves the lawful neighbour alone."""

from __future__ import annotations

import pytest

from tests.support.bigquery_service import MAX_LENGTH, refusals

REFUSED = {
    "a correlated subquery over a table": [
        "SELECT (SELECT MAX(u.z) FROM u WHERE u.k = t.x) AS m FROM t",
        "SELECT x FROM t WHERE EXISTS(SELECT 1 FROM u WHERE u.k = t.x)",
        "SELECT x FROM t WHERE x IN (SELECT u.k FROM u WHERE u.z > t.y)",
        "SELECT TO_JSON(ARRAY(SELECT u.k FROM u WHERE u.z = t.y)) AS a FROM t",
        # no qualifier: y is none of u's columns
        "WITH u AS (SELECT 1 AS k), t AS (SELECT 1 AS x, 2 AS y) SELECT (SELECT MAX(k) FROM u WHERE k > y) AS m FROM t",
        # two levels down, and through SELECT *
        "WITH v AS (SELECT * FROM (SELECT 1 AS k)) SELECT (SELECT MAX(k) FROM (SELECT k FROM v WHERE k = x)) AS m",
    ],
    "needs an equality of fields from both sides": [
        "SELECT a.x FROM a LEFT JOIN b ON a.x < b.x",
        "SELECT a.x FROM a FULL JOIN b ON a.x = b.x OR a.y = b.y",
        "SELECT a.x FROM a RIGHT JOIN b ON TRUE",
        "SELECT a.x FROM a LEFT JOIN b ON a.x = a.y AND b.x > 1",
        "SELECT a.x FROM a FULL JOIN b ON a.x IS NOT DISTINCT FROM b.x",
        "SELECT a.x FROM a LEFT JOIN b ON b.x = 5",
    ],
    "a subquery in the condition of an outer join": [
        "SELECT a.x FROM a LEFT JOIN b ON a.x = b.x AND b.y IN (SELECT c.z FROM c)",
    ],
    "an ORDER BY inside a query": [
        "WITH a AS (SELECT x FROM t ORDER BY x) SELECT x FROM a",
        "SELECT x FROM (SELECT x FROM t ORDER BY x DESC)",
        "WITH a AS (SELECT x FROM t UNION ALL SELECT x FROM u ORDER BY x) SELECT x FROM a",
    ],
    "PARTITION BY a FLOAT64": [
        "SELECT ROW_NUMBER() OVER (PARTITION BY CAST(x AS FLOAT64)) AS r FROM t",
        "SELECT ROW_NUMBER() OVER (PARTITION BY SAFE_CAST(x AS FLOAT64) ORDER BY y) AS r FROM t",
        "SELECT ROW_NUMBER() OVER (PARTITION BY 1.5) AS r FROM t",
    ],
    "a window function within a conditional expression": [
        "SELECT IF(x > 1, SUM(x) OVER (), 0) AS s FROM t",
        "SELECT COALESCE(LAG(x) OVER (ORDER BY x), 0) AS s FROM t",
        "SELECT CASE WHEN x > 1 THEN (SELECT MAX(r) FROM (SELECT RANK() OVER (ORDER BY e) AS r FROM UNNEST(a) AS e)) END AS s",
    ],
    "returns an array that may hold NULL": [
        "SELECT ARRAY_AGG(x) AS a FROM t",
        "SELECT [1, NULL] AS a",
        "SELECT ARRAY(SELECT x FROM t) AS a",
        "SELECT ARRAY_CONCAT([1], ARRAY_AGG(x)) AS a FROM t",
        "WITH s AS (SELECT ARRAY_AGG(x) AS a FROM t), r AS (SELECT * FROM s) SELECT r.a AS b FROM r",
        "WITH s AS (SELECT ARRAY_AGG(x) AS a FROM t) SELECT * FROM s",
        "SELECT [1] AS a UNION ALL SELECT ARRAY_AGG(x) FROM t",
    ],
    "no column of a result is called": [
        "SELECT 1 AS `a.b`",
        "SELECT 1 AS `count(*)`",
        "SELECT 1 AS _partition_day",
        "WITH t AS (SELECT 1 AS `x/y`) SELECT * FROM t",
        f"SELECT 1 AS {'n' * 301}",
    ],
    "one query is wanted": [
        "CREATE TEMP FUNCTION f(x INT64) AS (x + 1); SELECT f(1) AS a",
        "CREATE TEMP TABLE t AS SELECT 1 AS a",
        "SELECT 1 AS a; SELECT 2 AS a",
        "DECLARE x INT64 DEFAULT 1",
    ],
    "longer than": ["SELECT '" + "x" * MAX_LENGTH + "' AS a"],
}

ACCEPTED = [
    "SELECT ARRAY_TO_STRING(ARRAY(SELECT e FROM UNNEST(t.xs) AS e WHERE e = t.x ORDER BY e), ',') AS a FROM t",
    "SELECT x FROM t WHERE EXISTS(SELECT 1 FROM UNNEST(xs) AS e WHERE e = x)",
    "SELECT x FROM t WHERE x IN (SELECT u.k FROM u)",
    "SELECT x, (SELECT MAX(k) FROM u) AS m FROM t",
    "SELECT x FROM t WHERE x IN (SELECT p.q FROM u)",  # a field of a STRUCT looks like a qualified column
    "SELECT a.x FROM a LEFT JOIN b ON a.x = b.x",
    "SELECT a.x FROM a LEFT JOIN b ON a.x = b.x AND a.t < b.t",
    "SELECT a.x FROM a FULL JOIN b ON COALESCE(a.x, '') = COALESCE(b.x, '')",
    "SELECT a.x FROM a LEFT JOIN b USING (x)",
    "SELECT a.x FROM a JOIN b ON a.x < b.x",
    "SELECT a.x FROM a CROSS JOIN b",
    "SELECT a.x, e FROM a LEFT JOIN UNNEST(a.xs) AS e",
    "WITH a AS (SELECT x FROM t ORDER BY x LIMIT 5) SELECT x FROM a ORDER BY x",
    "SELECT STRING_AGG(x, ',' ORDER BY y) AS s, ROW_NUMBER() OVER (PARTITION BY z ORDER BY y) AS r FROM t",
    "SELECT ROW_NUMBER() OVER (PARTITION BY TO_JSON_STRING(x), 1) AS r FROM t",
    "SELECT ARRAY_AGG(x IGNORE NULLS ORDER BY y LIMIT 3) AS a FROM t",
    "SELECT TO_JSON(ARRAY_AGG(x)) AS a FROM t",
    "WITH s AS (SELECT ARRAY_AGG(x) AS a FROM t) SELECT TO_JSON(a) AS a FROM s",
    "SELECT [1, 2] AS a",
    "SELECT 1 AS `a b`, 2 AS `größe-1`, 3 AS `x=y:z`",
    "WITH t AS (SELECT 1 AS `x/y`) SELECT `x/y` AS z FROM t",
]


@pytest.mark.parametrize(("reason", "sql"), [(r, sql) for r, many in REFUSED.items() for sql in many])
def test_what_the_service_lacks_is_found(reason: str, sql: str) -> None:
    found = refusals(sql)
    assert len(found) == 1
    assert reason in found[0]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_what_the_service_has_is_left_alone(sql: str) -> None:
    assert refusals(sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT ROW_NUMBER() OVER (PARTITION BY y) AS r FROM t",
        "WITH s AS (SELECT y * 2 AS z FROM t) SELECT ROW_NUMBER() OVER (PARTITION BY s.z) AS r FROM s",
        "WITH s AS (SELECT * FROM t) SELECT x FROM s QUALIFY ROW_NUMBER() OVER (PARTITION BY y) = 1",
    ],
)
def test_a_stored_float_parts_no_rows(sql: str) -> None:
    assert "PARTITION BY a FLOAT64" in refusals(sql, {"t": ["x", "y"]}, {"t": ["y"]})[0]
    assert refusals(sql, {"t": ["x", "y"]}, {"t": ["x"]}) == []
    assert (
        refusals(
            sql.replace("PARTITION BY y", "PARTITION BY CAST(y AS STRING)").replace("y * 2", "'y'"), None, {"t": ["y"]}
        )
        == []
    )


def test_declared_tables_tell_whose_column_it_is() -> None:
    sql = "SELECT (SELECT MAX(k) FROM u WHERE k > y) AS m FROM t"
    assert refusals(sql) == []
    assert "correlated" in refusals(sql, {"u": ["k"], "t": ["y"]})[0]
