"""DuckDB's spellings: dynamic values as a whole, and the making of bags and arrays."""

from __future__ import annotations

import json

from sqlglot import exp

from transpiler.dialects.dialect import SpecialBuilder
from transpiler.dialects.duckdb.arrays import ARRAYS
from transpiler.dialects.duckdb.bags import BAGS
from transpiler.dialects.duckdb.membership import MEMBERSHIP
from transpiler.dialects.duckdb.paths import json_of, path
from transpiler.dialects.spelling import Speller, Spelling, call, sql_type, text
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import Type

_PARSED = (
    "CASE WHEN json_valid({v}) AND NOT regexp_matches(regexp_replace({v}, {strings}, '0', 'g'), {odd}) "
    "THEN NULLIF(CAST(json({v}) AS TEXT), 'null') "
    "WHEN {v} <> '' THEN CAST(to_json({v}) AS TEXT) END"
)
_STRINGS = r'"(?:[^"\\]|\\.)*"'
_NO_JSON = r"(?i)nan|inf|,\s*[\]}]"
_JSON_FUNCTIONS = frozenset({"to_json", "json_object", "json_array", "json"})


def _parse_json(speller: Speller, of: Call) -> exp.Expr:
    """A text that is no JSON is a string; DuckDB would also take NaN, inf, and a comma behind the last element."""
    return speller.once(
        speller.value(of.arguments[0]),
        lambda v: speller.sql(_PARSED, v=v, strings=text(_STRINGS), odd=text(_NO_JSON)),
    )


def identity(speller: Speller, of: Call) -> exp.Expr:
    """The argument itself."""
    return speller.value(of.arguments[0])


def as_json(tree: exp.Expr) -> exp.Expr:
    """A tree of JSON text as DuckDB's JSON type, so that it is nested and not quoted."""
    if isinstance(tree, exp.Anonymous) and str(tree.this) in _JSON_FUNCTIONS:
        return tree
    if isinstance(tree, exp.JSONExtract):
        return tree
    return exp.Cast(this=tree, to=sql_type("JSON", "duckdb"))


def member_value(speller: Speller, value: Scalar) -> exp.Expr:
    """A value as an argument of ``json_object`` and ``json_array``."""
    if value.type is Type.STRING:
        return speller.text(value)
    return as_json(json_of(speller, value)) if value.type is Type.DYNAMIC else speller.value(value)


def _pack(speller: Speller, of: Call) -> exp.Expr:
    trees = [speller.text(a) if i % 2 == 0 else member_value(speller, a) for i, a in enumerate(of.arguments)]
    return call("json_object", *trees)


def _pack_array(speller: Speller, of: Call) -> exp.Expr:
    return call("json_array", *(member_value(speller, a) for a in of.arguments))


def _pack_present(speller: Speller, of: Call) -> exp.Expr:
    """The pairs as texts ``"name":value``, NULL where the value is missing or empty; a list's text leaves NULLs out."""
    pairs: list[exp.Expr] = []
    for name, value in zip(of.arguments[::2], of.arguments[1::2], strict=True):
        assert isinstance(name, Constant)
        key = text(json.dumps(str(name.value), ensure_ascii=False) + ":")
        if value.type is Type.STRING:
            tree = speller.sql("to_json(NULLIF({x}, ''))", x=speller.value(value))
        elif value.type is Type.DYNAMIC:
            tree = speller.sql("CAST({x} AS TEXT)", x=speller.value(value))
        else:
            tree = speller.sql("CAST({x} AS VARCHAR)", x=speller.value(value))
        pairs.append(speller.sql("{k} || {x}", k=key, x=tree))
    listed = exp.Array(expressions=pairs)
    # The text of a list of nothing but NULL is NULL.
    joined = speller.sql("COALESCE(array_to_string({listed}, ','), '')", listed=listed)
    return speller.sql("{o} || {x} || {c}", x=joined, o=text("{"), c=text("}"))


SPELLINGS: dict[str, Spelling] = {
    **ARRAYS,
    **BAGS,
    **MEMBERSHIP,
    "parse_json": _parse_json,
    "parse_json dynamic": identity,
    "dynamic of string": "to_json({value})",
    "dynamic of text": "to_json({value})",
    "dynamic of long": "CAST({value} AS VARCHAR)",
    "dynamic of bool": "CAST({value} AS VARCHAR)",
    "bag_pack": _pack,
    "pack_array": _pack_array,
    "bag of present": _pack_present,
    "number alone": "CASE WHEN NOT left({value}, 1) IN ('\"', 't', 'f') THEN {value} END",
    "truth alone": "CASE WHEN regexp_full_match({value}, 'true|false|-?[0-9]+') THEN {value} END",
}
SPECIAL: dict[str, SpecialBuilder] = {"path": path}
