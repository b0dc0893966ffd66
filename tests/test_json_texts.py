"""A JSON text means the same however it is written: with blanks and line breaks, with escapes, with numbers in other forms."""

from __future__ import annotations

import pytest

from transpiler import transpile
from transpiler.engine import duckdb, googlesql
from transpiler.engine.values import canonical
from transpiler.types import Type

# As a writer may write it, and as Kusto writes it.
TEXTS = (
    ('{"a": "x", "b": 2}', '{"a":"x","b":2}'),
    (' \t\r\n{\n "a" : [ 1 , 2 ] ,\r\n\t"b" : { "c" : null , "a" : true } }\n ', '{"a":[1,2],"b":{"c":null,"a":true}}'),
    ('[ "a" , 1 , null , { "a" : 1 } , [ 2 , 3 ] ]', '["a",1,null,{"a":1},[2,3]]'),
    (' "a b" ', '"a b"'),
    ("\ttrue\n", "true"),
    (" null ", "null"),
    (" [ ] ", "[]"),
    ('{ "a" : { } , "b" : [ ] , "" : "" }', '{"a":{},"b":[],"":""}'),
    (r'{ "a" : "x\/y \" \\ \b\f\n\r\t" , "b" : "\u0041\u00e9" }', r'{"a":"x/y \" \\ \b\f\n\r\t","b":"Aé"}'),
    (r'{ "\u0061" : 1 , "b\/" : 2, "c\"" : 3 , "d\\": 4 }', r'{"a":1,"b/":2,"c\"":3,"d\\":4}'),
    ('{ "a" : [ 1.50 , 1E+2 , 0.0 , -1.25 , -0 ] , "b" : 1e3 }', '{"a":[1.5,100.0,0.0,-1.25,0],"b":1000.0}'),
    (r'{ "a" : "\ud83d\ude00 1e3" , "\uD83D\uDE00" : [ "\\ud83d" ] }', r'{"a":"😀 1e3","😀":["\\ud83d"]}'),
    ('{ "a" : "{ \\"q\\" : 1 }" , "b" : " : , { } [ ] " }', '{"a":"{ \\"q\\" : 1 }","b":" : , { } [ ] "}'),
    (
        '{ "b" : {"a":{"a":{"a":{"a":{"a":{"a": {"a" : [ [ 1 ] ] }}}}}}} }',
        '{"b":{"a":{"a":{"a":{"a":{"a":{"a":{"a":[[1]]}}}}}}}}',
    ),
)
EXPRESSIONS = (
    "tostring({d})", "tostring({d}[k])", "tostring({d}.b[k])", "tostring({d}[todynamic(q)])", "tostring({d}[n])",
    "tostring({d}[-1])", "tostring({d}.a)", "gettype({d})", "gettype({d}[k])", "isnull({d})",
    "tolong({d}[n])", "toreal({d}.b)", "tobool({d})",
    "tostring(bag_keys({d}))", "bag_has_key({d}, k)", "bag_has_key({d}, '$.b.c')", "tostring(bag_merge({d}, dynamic({{'z':1}})))",
    "tostring(bag_remove_keys({d}, dynamic(['a'])))", "tostring(bag_set_key({d}, 'a', {d}.b))", "tostring(bag_pack('k', {d}))",
    "array_length({d})", "array_length({d}[k])", "tostring(array_concat({d}, {d}.a))", "array_index_of({d}, 'a')", "k in ({d})",
    "strcat_array({d}, '-')", "tostring(set_union({d}, dynamic([1])))", "set_has_element({d}, {d}[n])", "set_equals({d}, {d}.a)",
    "tostring(array_iff(dynamic([true, false]), {d}, {d}.a))", "dynamic_to_json({d})", "tostring(todynamic(tostring({d})))",
)  # fmt: skip
COLUMNS = {"i": "long", "s": "string", "k": "string", "q": "string", "n": "long"}
BASES = ("parse_json(s)", "parse_json(strcat('{ \"m\" : ', s, '}')).m")


def _answers(target: str, query: str, texts: list[str]) -> list[list[object]]:
    made = transpile(query, target=target, tables={"T": COLUMNS})
    columns = {name: Type(kind) for name, kind in COLUMNS.items()}
    rows = [[i, s, "a", '"b"', 1] for i, s in enumerate(texts)]
    if target == "bigquery":
        found = googlesql.connect().execute(made.sql, {"T": googlesql.stored(columns, rows)}).rows
    else:
        with duckdb.connect(threads=1) as session:
            session.create_table("T", columns, rows)
            found = session.run(made.sql).rows
    return [[canonical(v, c.type) for v, c in zip(row, made.columns, strict=True)] for row in found]


@pytest.mark.parametrize("target", ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)])
@pytest.mark.parametrize("base", BASES)
def test_a_text_means_what_its_compact_form_means(target: str, base: str) -> None:
    if target == "bigquery" and not googlesql.available():
        pytest.skip("Google's engine is not installed")
    wrong = []
    for start in range(0, len(EXPRESSIONS), 8):
        part = [e.format(d=base) for e in EXPRESSIONS[start : start + 8]]
        query = "T | sort by i asc | project " + ", ".join(f"e{n} = {e}" for n, e in enumerate(part))
        written, compact = (_answers(target, query, [pair[form] for pair in TEXTS]) for form in (0, 1))
        for (text, _), one, other in zip(TEXTS, written, compact, strict=True):
            wrong += [f"{e} of {text!r}: {a!r}, not {b!r}" for e, a, b in zip(part, one, other, strict=True) if a != b]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("target", ["duckdb", pytest.param("bigquery", marks=pytest.mark.bigquery)])
def test_a_parsed_text_is_written_in_its_compact_form(target: str) -> None:
    if target == "bigquery" and not googlesql.available():
        pytest.skip("Google's engine is not installed")
    wanted = [c for _, c in TEXTS if c.startswith(("{", "["))]
    query = "T | sort by i asc | project x = tostring(parse_json(s))"
    found = _answers(target, query, [s for s, c in TEXTS if c.startswith(("{", "["))])
    assert [row[0] for row in found] == wanted
