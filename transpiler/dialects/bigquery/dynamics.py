"""BigQuery's spellings: dynamic values as a whole, and the making of bags and arrays.

JSON is written as text: BigQuery's own JSON type would sort the members of a bag.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlglot import exp

from transpiler.dialects.bigquery.arrays import ARRAYS
from transpiler.dialects.bigquery.bags import BAGS
from transpiler.dialects.bigquery.membership import MEMBERSHIP
from transpiler.dialects.bigquery.paths import IS_JSON, mended, path
from transpiler.dialects.dialect import SpecialBuilder
from transpiler.dialects.spelling import Speller, Spelling, call, text
from transpiler.plan.scalars import Call, Constant, Scalar
from transpiler.types import INTEGERS, Type

_PARSED = f"CASE WHEN {IS_JSON} THEN JSON_QUERY({{x}}, '$') WHEN {{v}} <> '' THEN TO_JSON_STRING({{v}}) END"


def _parse_json(speller: Speller, of: Call) -> exp.Expr:
    """A text that is no JSON is a string. JSON_QUERY answers NULL for null, and reads on where JSON ends or breaks off."""

    def build(v: exp.Expr) -> exp.Expr:
        return speller.sql(_PARSED, v=v, x=mended(speller, v.copy()))

    return speller.once(speller.value(of.arguments[0]), build)


def identity(speller: Speller, of: Call) -> exp.Expr:
    """The argument itself."""
    return speller.value(of.arguments[0])


def json_text(speller: Speller, value: Scalar) -> exp.Expr:
    """A value as it stands in JSON; ``null`` for null."""
    if value.type is Type.STRING:
        return speller.sql("TO_JSON_STRING({x})", x=speller.text(value))
    tree = speller.value(value)
    if value.type in INTEGERS or value.type is Type.BOOL:
        tree = speller.sql("CAST({x} AS STRING)", x=tree)
    return speller.sql("COALESCE({x}, 'null')", x=tree) if value.nullable else tree


def joined(trees: Iterable[exp.Expr | str]) -> exp.Expr:
    """Texts one after another; neighbouring literals are one."""
    parts: list[exp.Expr] = []
    for tree in trees:
        part = text(tree) if isinstance(tree, str) else tree
        if part.is_string and parts and parts[-1].is_string:
            parts[-1] = text(f"{parts[-1].this}{part.this}")
        else:
            parts.append(part)
    return parts[0] if len(parts) == 1 else call("CONCAT", *parts)


def _key(speller: Speller, key: Scalar) -> exp.Expr:
    if isinstance(key, Constant):
        return text(json.dumps(str(key.value or ""), ensure_ascii=False))
    return json_text(speller, key)


def _pack(speller: Speller, of: Call) -> exp.Expr:
    trees: list[exp.Expr | str] = []
    for position in range(0, len(of.arguments), 2):
        trees.append("," if position else "{")
        trees += [_key(speller, of.arguments[position]), ":", json_text(speller, of.arguments[position + 1])]
    return joined([*(trees or ["{"]), "}"])


def _pack_array(speller: Speller, of: Call) -> exp.Expr:
    trees: list[exp.Expr | str] = ["["]
    for position, argument in enumerate(of.arguments):
        trees += [",", json_text(speller, argument)] if position else [json_text(speller, argument)]
    return joined([*trees, "]"])


def _pack_present(speller: Speller, of: Call) -> exp.Expr:
    """The pairs as texts ``"name":value``, NULL where the value is missing or empty; ARRAY_TO_STRING leaves NULLs out."""
    pairs: list[exp.Expr] = []
    for name, value in zip(of.arguments[::2], of.arguments[1::2], strict=True):
        tree = speller.value(value)
        if value.type is Type.STRING:
            tree = speller.sql("IF({x} <> '', TO_JSON_STRING({x}), NULL)", x=tree)
        elif value.type in INTEGERS or value.type is Type.BOOL:
            tree = speller.sql("CAST({x} AS STRING)", x=tree)
        pairs.append(joined([_key(speller, name), ":", tree]))
    listed = exp.Array(expressions=pairs)
    return joined(["{", speller.sql("ARRAY_TO_STRING({listed}, ',')", listed=listed), "}"])


SPELLINGS: dict[str, Spelling] = {
    **ARRAYS,
    **BAGS,
    **MEMBERSHIP,
    "parse_json": _parse_json,
    "parse_json dynamic": identity,
    "dynamic of string": "TO_JSON_STRING({value})",
    "dynamic of text": "CASE WHEN NOT {value} IS NULL THEN TO_JSON_STRING({value}) END",
    "dynamic of long": "CAST({value} AS STRING)",
    "dynamic of bool": "CAST({value} AS STRING)",
    "bag_pack": _pack,
    "pack_array": _pack_array,
    "bag of present": _pack_present,
    "number alone": "CASE WHEN NOT LEFT({value}, 1) IN ('\"', 't', 'f') THEN {value} END",
    "truth alone": "CASE WHEN REGEXP_CONTAINS({value}, '^(true|false|-?[0-9]+)$') THEN {value} END",
}
SPECIAL: dict[str, SpecialBuilder] = {"path": path}
