"""A bag is taken apart alike on both engines, whatever the nesting of its members."""

from __future__ import annotations

import json

import pytest

from transpiler import transpile
from transpiler.engine import duckdb, googlesql

KQL = {
    "keys": "bag_keys(d)",
    "key": 'bag_has_key(d, "k")',
    "member": "d[n]",
    "removed": 'bag_remove_keys(d, dynamic(["b"]))',
}


def query(levels: int, expression: str) -> str:
    inner = "[" * (levels - 1) + '{"k":1}' + "]" * (levels - 1)
    bag = json.dumps(f'{{"a":{inner},"b":2}}')
    return f'print s = {bag}, n = "b" | extend d = parse_json(s) | project r = tostring({expression})'


@pytest.mark.parametrize("name", KQL)
@pytest.mark.parametrize("levels", [1, 6, 7, 8, 10, 11, 19])
def test_bag_keys_of_any_depth(name: str, levels: int) -> None:
    kql = query(levels, KQL[name])
    with duckdb.connect(threads=1) as engine:
        rows = engine.run(transpile(kql).sql).rows
    sql = transpile(kql, target="bigquery").sql
    if not googlesql.available():
        pytest.skip("Google's engine is not installed")
    assert googlesql.connect().execute(sql).rows == rows
