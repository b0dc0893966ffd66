"""Source files: those of the product, and what is refused in anyone's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transpiler import transpile
from transpiler.catalog import RAW, Catalog, Physical, Shape, default_catalog, load_catalog, load_functions, load_source
from transpiler.catalog.sources import parse_path, parse_physical
from transpiler.catalog.views import compose_view
from transpiler.diagnostics import RuleError
from transpiler.engine import googlesql
from transpiler.kql import parse_query
from transpiler.rule import parse_rule
from transpiler.source import Source

CATALOG = default_catalog()
SHAPES = [
    pytest.param(shape, id=f"{name}-{target}-{shape_name}")
    for name, source in CATALOG.sources.items()
    for (target, shape_name), shape in source.shapes.items()
]

GOOD = """\
table: T
columns: {TimeGenerated: datetime, Who: string, Count: long}
parameters: {project: p}
time: at
raw:
  at: datetime
  who: string
  n: long
view: |
  raw
  | project TimeGenerated = at, Who = who, Count = n
shapes:
  bigquery:
    one:
      table: "{project}.d.t"
      columns:
        at: at TIMESTAMP
        who: payload STRUCT $.who
        n: payload.n INT64
    two:
      like: one
      table: "{project}.d.t_*"
      shards: day
    three:
      table: t
      where: kind == "x" and
        n > 0
      compute:
        n: tolong(text)
      columns:
        at: at TIMESTAMP
        kind: kind STRING
        who: j JSON $.a["b c"][0]
        text: j JSON $.n
    four:
      query: T2 | project TimeGenerated
    five:
      table: [p, d, T]
"""


def _source(tmp_path: Path, text: str) -> dict[str, Shape]:
    path = tmp_path / "source.yaml"
    path.write_text(text, "utf-8")
    source = load_source(path, Catalog())
    return {name: found for name in source.names("bigquery") if (found := source.shape("bigquery", name))}


def test_the_parts_of_a_source(tmp_path: Path) -> None:
    shapes = _source(tmp_path, GOOD)
    one, two, three, four, five = (shapes[name] for name in ("one", "two", "three", "four", "five"))
    assert one.identifier == ("p", "d", "t")
    assert one.raw is not None
    assert one.raw.columns == {"at": "datetime", "who": "string", "n": "long"}
    assert (one.raw.name, one.raw.time, one.time) == (RAW, "at", "at")
    assert one.columns["who"] == Physical(("payload",), "STRUCT", ("who",))
    assert one.columns["n"].is_bare
    assert not one.columns["who"].is_bare
    assert (two.identifier, two.shards, two.columns, two.view) == (("p", "d", "t_*"), "day", one.columns, one.view)
    assert three.columns["who"].json_path == '$.a."b c"[0]'
    assert three.raw is not None
    assert three.raw.columns == {"at": "datetime", "kind": "string", "who": "string", "text": "string"}
    assert (four.is_kql, four.is_plain, four.identifier) == (True, False, ())
    assert (five.is_plain, five.identifier, five.time, five.layout) == (True, ("p", "d", "T"), "TimeGenerated", "plain")


def test_a_composed_view_leads_back_to_each_part_of_the_file(tmp_path: Path) -> None:
    view = _source(tmp_path, GOOD)["three"].view
    assert view is not None
    parse_query(view)
    lines = GOOD.splitlines()
    for word in ("kind", "n > 0", "tolong", "project", "Count = n"):
        line, column = view.file_position(view.text.index(word))
        assert lines[line - 1][column - 1 :].startswith(word), word


def test_a_view_without_a_file_is_composed_too() -> None:
    composed = compose_view(Source("raw | project a"), Source("b == 1"), {"c": Source("d + 1")})
    assert re.sub(r"\s+", " ", composed.text) == "raw | where b == 1 | extend c = d + 1 | project a"


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("table: T\n", "", "RULE002", 1),
        ("columns: {TimeGenerated: datetime, Who: string, Count: long}\n", "", "RULE002", 1),
        ("Who: string", "Who: varchar", "RULE007", 2),
        ("  n: long\n", "  n: varchar\n", "RULE007", 6),
        ("parameters: {project: p}\n", "", "RULE002", 12),
        ("time: at\n", "", "RULE002", 1),
        ("time: at\n", "time: who\n", "RULE002", 4),
        ("at: at TIMESTAMP\n        who: payload", "at: somewhere\n        who: payload", "RULE004", 17),
        ("at: at TIMESTAMP\n        who: payload", "at: at TIME\n        who: payload", "RULE004", 17),
        ("        n: payload.n INT64\n", "", "RULE002", 16),
        ("payload.n INT64", "payload.n STRUCT", "RULE008", 19),
        ("payload.n INT64", "payload.n INT64 $.a", "RULE008", 19),
        ("payload.n INT64", "payload.n STRING parse", "RULE008", 19),
        ("payload.n INT64", "payload.n", "RULE004", 19),
        ("$.who", "$who", "RULE004", 18),
        ("like: one", "like: none", "RULE007", 21),
        ("shards: day", "shards: hour", "RULE007", 23),
        ("      shards: day\n", "", "RULE008", 22),
        ("d.t_*", "d.t", "RULE008", 22),
        ("      shards: day\n", "      shards: day\n      layout: rows\n", "RULE007", 24),
        ("      shards: day\n", "      shards: day\n      tabel: x\n", "RULE003", 24),
        ("shapes:\n", "colour: red\nshapes:\n", "RULE003", 12),
        ("| project Time", "| summarize Time", "KQL105", 16),
        ("  raw\n", "  other\n", "KQL105", 16),
        ("TimeGenerated = at,", "TimeGenerated = at + 1h,", "KQL105", 16),
        ("Count = n\n", "Count = \n", "KQL003", 16),
        ("table: [p, d, T]", "layout: plain", "RULE002", 38),
    ],
)
def test_what_is_no_source(tmp_path: Path, old: str, new: str, code: str, line: int) -> None:
    assert old in GOOD
    with pytest.raises(RuleError) as caught:
        _source(tmp_path, GOOD.replace(old, new, 1))
    assert (caught.value.code, caught.value.line) == (code, line), str(caught.value)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_of_the_product_gives_every_column(shape: Shape) -> None:
    if shape.view is not None:
        parse_query(shape.view)
    if shape.raw is None:
        return
    assert set(shape.raw.columns) == set(shape.columns)
    assert shape.raw.columns[shape.time] == "datetime"
    names = re.findall(r"^\s+(\w+) = ", shape.view.text if shape.view else "", re.MULTILINE)
    assert names == list(shape.table.columns), "the view's columns are the table's, in their order"


@pytest.mark.parametrize("shape", [p for p in SHAPES if "bigquery" in str(p.id)])
def test_the_time_column_in_bigquery_is_bare_so_that_partitions_are_pruned(shape: Shape) -> None:
    if shape.raw is not None:
        assert shape.columns[shape.time] == Physical(("timestamp",), "TIMESTAMP")
    assert not shape.shards or shape.identifier[-1].endswith("_*")


def test_a_sink_reads_payload_fields_in_lower_case_and_optional_ones_through_json() -> None:
    for name in ("GCPCloudDNS", "GCPVPCFlow"):
        shape = CATALOG.shape(name, "bigquery")
        assert shape is not None
        payload = [p for p in shape.columns.values() if p.column[0] == "jsonPayload"]
        assert payload
        for physical in payload:
            steps = [*physical.column[1:], *map(str, physical.path)]
            assert all(step == step.lower() for step in steps)
            assert physical.is_bare == (physical.type != "STRUCT")


PARSED = """\
table: T
columns: {TimeGenerated: datetime, D: dynamic}
time: at
raw:
  at: datetime
  d: dynamic
view: |
  raw
  | project TimeGenerated = at, D = d
shapes:
  bigquery:
    one:
      table: t
      columns:
        at: at TIMESTAMP
        d: text STRING parse
"""


@pytest.mark.bigquery
@pytest.mark.skipif(not googlesql.available(), reason="Google's engine is not installed")
def test_a_stored_text_that_holds_json_is_taken_apart_without_its_blanks(tmp_path: Path) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "t.yaml").write_text(PARSED, "utf-8")
    query = (
        "T | project keys = tostring(bag_keys(D)), named = tostring(D[tostring(D.k)]), whole = tostring(D), type = gettype(D), "
        "a = tostring(D.a), D"
    )
    sql = transpile(query, target="bigquery", tables=load_catalog(tmp_path)).sql
    assert "JSON_VALUE(text, '$.a')" in sql, "a path needs no compact text"
    rows = ({"at": "2026-01-01T00:00:00Z", "text": ' {"k" : "a" ,\n"a" : [ 1 ] }'}, {"at": None, "text": " null"})
    given = {"t": googlesql.StoredTable({"at": "TIMESTAMP", "text": "STRING"}, rows)}
    (first, second) = googlesql.connect().execute(sql, given).rows
    assert list(first[:5]) == ['["k","a"]', "[1]", '{"k":"a","a":[1]}', "dictionary", "[1]"]
    assert list(second) == [None, None, None, "null", None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a STRING", Physical(("a",), "STRING")),
        ("a.`b-c`.d INT64", Physical(("a", "b-c", "d"), "INT64")),
        ("a JSON", Physical(("a",), "JSON")),
        ("a JSON $.b[0].c", Physical(("a",), "JSON", ("b", 0, "c"))),
        ("a STRUCT $.b parse", Physical(("a",), "STRUCT", ("b",), True)),
        ("a STRING parse", Physical(("a",), "STRING", (), True)),
        ("a", None),
        ("a string", None),
        ("a TEXTUAL", None),
        ("a b STRING", None),
        ("a JSON .b", None),
        ("a JSON $.", None),
        ("", None),
    ],
)
def test_where_a_column_is_stored(text: str, expected: Physical | None) -> None:
    assert parse_physical(text) == expected


def test_paths() -> None:
    assert parse_path("$") == ()
    assert parse_path("$.a['@type'].\"b c\"[12]") == ("a", "@type", "b c", 12)
    assert Physical(("x",), "JSON", ("a", "@type", 'q"', 3)).json_path == '$.a."@type"."q\\""[3]'


def test_the_product_s_functions_are_parsers_that_read_its_tables() -> None:
    for function in CATALOG.functions.values():
        assert not isinstance(function, str)
        parse_query(function.body)
        assert function.body.embedding is not None


def test_a_folder_of_a_user_s_own(tmp_path: Path) -> None:
    for part in ("schemas", "sources", "functions"):
        (tmp_path / part).mkdir()
    (tmp_path / "schemas" / "t.yaml").write_text(
        "table: T\ncolumns: {TimeGenerated: datetime, a: string}\ntime: TimeGenerated\n"
    )
    (tmp_path / "sources" / "t.yaml").write_text("table: T\nshapes: {bigquery: {own: {table: p.d.t}}}\n")
    (tmp_path / "functions" / "f.yaml").write_text(
        "FunctionName: F\nFunctionAlias: G\nFunctionParams: 'T:(*), n:int=3'\nFunctionQuery: T | take n\n"
    )
    (tmp_path / "targets.yaml").write_text("bigquery: {shapes: {'*': shards}, parameters: {project: acme}}\n")
    catalog = load_catalog(tmp_path, CATALOG)
    shape = catalog.shape("T", "bigquery")
    assert shape is not None
    assert shape.identifier == ("p", "d", "t")
    function = catalog.function("G")
    assert function is not None
    assert [(p.name, p.type, p.default) for p in function.parameters] == [("T", "table", None), ("n", "int", "3")]
    dns = catalog.shape("GCPCloudDNS", "bigquery")
    assert dns is not None
    assert dns.identifier[0] == "acme"
    assert dns.shards == "day"


@pytest.mark.parametrize(
    ("file", "text", "code", "line"),
    [
        ("schemas/t.yaml", "table: T\n", "RULE002", 1),
        ("schemas/t.yaml", "table: T\ncolumns: {a: strin}\n", "RULE007", 2),
        ("schemas/t.yaml", "table: T\ncolumns: [a]\n", "RULE004", 2),
        ("schemas/t.yaml", "table: T\ncolumns: {a: string, a: string}\n", "RULE005", 2),
        ("schemas/t.yaml", "table: T\ncolumns: {a: string}\ntime: a\n", "RULE008", 3),
        ("schemas/t.yaml", "- a\n", "RULE004", 1),
        ("functions/f.yaml", "name: not a function\nquery: T\n", "RULE006", 1),
        ("functions/f.yaml", "FunctionName: F\nFunctionParams: text\nFunctionQuery: T\n", "RULE004", 2),
        ("targets.yaml", "bigquery: {shape: {T: sink}}\n", "RULE003", 1),
    ],
)
def test_a_broken_file_of_a_folder(tmp_path: Path, file: str, text: str, code: str, line: int) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(RuleError) as caught:
        load_catalog(tmp_path)
    assert (caught.value.code, caught.value.line) == (code, line), str(caught.value)


def test_a_rule_is_no_function(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text("kind: Hunting\nname: n\nquery: T\n")
    assert parse_rule(path.read_text()).function is None
    with pytest.raises(RuleError, match="not a parser function"):
        load_functions(path)
