"""Schema files from the lists of columns that other systems give."""

from __future__ import annotations

from pathlib import Path

import pytest

from transpiler.catalog import Table, load_schema
from transpiler.catalog.schema_import import kql_type_of, read_table_lists, schema_yaml, table_of
from transpiler.diagnostics import RuleError

GETSCHEMA_CSV = """\
ColumnName,ColumnOrdinal,DataType,ColumnType
B,1,System.Int64,long
TimeGenerated,0,System.DateTime,datetime
C,10,System.Object,dynamic
D,2,System.SByte,bool
"""
GETSCHEMA_JSON = """\
{"tables": [{"name": "PrimaryResult", "columns": [{"name": "ColumnName", "type": "string"}, {"name": "ColumnOrdinal",
"type": "int"}, {"name": "DataType", "type": "string"}], "rows": [["A", 0, "System.Data.SqlTypes.SqlDecimal"],
["B", 1, "System.TimeSpan"], ["C", 2, "System.SByte"]]}]}
"""
INFORMATION_SCHEMA_CSV = """\
table_catalog,table_schema,table_name,column_name,ordinal_position,is_nullable,data_type
p,d,one,b,2,YES,"STRUCT<x INT64, y ARRAY<STRING>>"
p,d,one,a,1,NO,TIMESTAMP
p,d,one,c,3,YES,INTEGER
p,d,two,a,1,NO,NUMERIC(38)
"""
INFORMATION_SCHEMA_JSON = """\
[{"table_name": "one", "column_name": "a", "ordinal_position": "1", "data_type": "JSON"},
 {"table_name": "one", "column_name": "b", "ordinal_position": "2", "data_type": "ARRAY<INT64>"}]
"""
INFORMATION_SCHEMA_LINES = """\
{"table_name": "one", "column_name": "a", "data_type": "BYTES"}
{"table_name": "one", "column_name": "b", "data_type": "BIGNUMERIC(76, 38)"}
"""
AZURE_CSV = """\
Column,Type,Description
TimeGenerated,DateTime,"When, in UTC"
Ok,Boolean,x
Data,Object,x
"""
AZURE_LIST = """\
table_name,column_name,column_type,description
One,A,string,x
One,B,Real,x
Two,A,guid,x
"""


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        (GETSCHEMA_CSV, "T", {"T": {"TimeGenerated": "datetime", "B": "long", "D": "bool", "C": "dynamic"}}),
        ("\ufeff" + GETSCHEMA_CSV, "T", {"T": {"TimeGenerated": "datetime", "B": "long", "D": "bool", "C": "dynamic"}}),
        (GETSCHEMA_JSON, "T", {"T": {"A": "decimal", "B": "timespan", "C": "bool"}}),
        (
            INFORMATION_SCHEMA_CSV,
            "",
            {"one": {"a": "datetime", "b": "dynamic", "c": "long"}, "two": {"a": "decimal"}},
        ),
        (INFORMATION_SCHEMA_CSV, "two", {"two": {"a": "decimal"}}),
        (INFORMATION_SCHEMA_JSON, "Mine", {"Mine": {"a": "dynamic", "b": "dynamic"}}),
        (INFORMATION_SCHEMA_LINES, "", {"one": {"a": "string", "b": "decimal"}}),
        (AZURE_CSV, "T", {"T": {"TimeGenerated": "datetime", "Ok": "bool", "Data": "dynamic"}}),
        (AZURE_LIST, "", {"One": {"A": "string", "B": "real"}, "Two": {"A": "guid"}}),
    ],
)
def test_lists_of_columns(text: str, name: str, expected: dict[str, dict[str, str]]) -> None:
    tables = read_table_lists(text, name)
    assert {t.name: dict(t.columns) for t in tables} == expected
    assert [list(t.columns) for t in tables] == [list(columns) for columns in expected.values()]


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        ("", "T", "RULE006"),
        ("a,b\n1,2\n", "T", "RULE006"),
        (GETSCHEMA_CSV, "", "RULE002"),
        (GETSCHEMA_CSV.replace("long", "longer"), "T", "RULE007"),
        (INFORMATION_SCHEMA_CSV, "three", "RULE002"),
        (INFORMATION_SCHEMA_CSV.replace("TIMESTAMP", "GEOGRAPHY"), "", "RULE007"),
        ('{"a": 1}\n{"b":', "T", "RULE001"),
    ],
)
def test_what_is_no_list(text: str, name: str, code: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_table_lists(text, name, "list.csv")
    assert caught.value.code == code
    assert "list.csv" in caught.value.message


@pytest.mark.parametrize(
    ("stored", "kql"),
    [
        ("VARCHAR", "string"),
        ("DECIMAL(18,3)", "decimal"),
        ("TIMESTAMP WITH TIME ZONE", "datetime"),
        ("STRUCT(a INTEGER)", "dynamic"),
        ("INTEGER[]", "dynamic"),
        ("MAP(VARCHAR, INTEGER)", "dynamic"),
        ("integer", "int"),
        ("UUID", "guid"),
        ("STRING(36)", "string"),
    ],
)
def test_types_of_warehouses(stored: str, kql: str) -> None:
    assert kql_type_of(stored) == kql


def test_a_schema_file_reads_back_as_the_table(tmp_path: Path) -> None:
    table = Table(
        "T", {"TimeGenerated": "datetime", "on": "string", "a b": "long", 'q"': "real", "null": "bool"}, open=True
    )
    path = tmp_path / "t.yaml"
    path.write_text(schema_yaml(table), "utf-8")
    read = load_schema(path)
    assert (read.name, dict(read.columns), read.time, read.open) == (table.name, dict(table.columns), table.time, True)
    other = table_of("T", [("ts", "TIMESTAMP"), ("x", "BIGINT")])
    assert schema_yaml(other) == "table: T\ncolumns:\n  ts: datetime\n  x: long\n"
    timed = Table("T", {"ts": "datetime"}, time="ts", description="Words: more.")
    path.write_text(schema_yaml(timed), "utf-8")
    assert (load_schema(path).time, load_schema(path).description) == ("ts", "Words: more.")
