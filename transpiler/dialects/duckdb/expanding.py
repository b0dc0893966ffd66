"""DuckDB: a row per element of a dynamic value.

Several ``unnest`` in one SELECT run side by side, the shorter filled up with NULL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb.paths import elements_at, json_of, reads_row
from transpiler.dialects.known import is_array
from transpiler.dialects.spelling import Speller, call
from transpiler.plan.relations import Expand, Expansion
from transpiler.plan.scalars import Column, Constant
from transpiler.types import Type

_MEMBER = "list_transform(json_keys({v}), lambda @k@, @i@: {member})"
_ONE = "{make}(@k@, json_extract({v}, '$.*')[@i@])"


def expand(
    speller: Speller, expansion: Expand, source: exp.Expr, kept: Sequence[exp.Expr], names: Mapping[Column, str]
) -> exp.Select:
    """A SELECT over ``source`` that yields the kept columns and a row per element."""
    lists = [_list(speller, e, expansion) for e in expansion.expansions]
    found: dict[Column, exp.Expr] = {}
    for each, listed in zip(expansion.expansions, lists, strict=True):
        element = call("unnest", listed)
        found[each.column] = (
            element if each.column.type is Type.STRING else speller.sql("NULLIF({x}, 'null')", x=element)
        )
    if expansion.index is not None:
        lengths = [call("len", listed.copy()) for listed in lists]
        most = lengths[0] if len(lengths) == 1 else call("greatest", *lengths)
        found[expansion.index] = call("unnest", call("range", most))
    named = [exp.Alias(this=t, alias=speller.dialect.identifier(names[c])) for c, t in found.items()]
    by_name = {k.alias_or_name: k for k in (*kept, *named)}
    ordered = [by_name[n] for n in names.values() if n in by_name]
    return exp.Select(expressions=ordered, from_=exp.From(this=source))


def _elements(speller: Speller, array: exp.Expr, arrow: str) -> exp.Expr:
    """The elements of an array: here no list function takes the arrow, which is shorter, for its own."""
    return speller.sql(f"{{v}} {arrow} '$[*]'", v=array) if reads_row(array) else elements_at(array, arrow)


def _list(speller: Speller, each: Expansion, expansion: Expand) -> exp.Expr:
    """The elements of a value: of an array its own, of a bag one bag (or pair) per member, else the value itself."""
    is_text = each.column.type is Type.STRING
    arrow = "->>" if is_text else "->"
    if isinstance(each.value, Constant) and each.value.value is None:
        listed: exp.Expr = exp.Array(expressions=[speller.dialect.null(each.column.type)])
    elif is_array(each.value):
        listed = _elements(speller, json_of(speller, each.value), arrow)
        if each.value.nullable:
            listed = speller.sql("COALESCE({x}, [NULL])", x=listed)
    else:
        make = "json_array" if expansion.bag_as_array else "json_object"
        # One branch of JSON would make JSON of the texts of the others.
        one = _ONE.replace("{make}", make)
        bag = _MEMBER.replace("{member}", f"CAST({one} AS TEXT)" if is_text else one)
        single = "{v} ->> '$'" if is_text else "{v}"
        template = f"CASE json_type({{v}}) WHEN 'ARRAY' THEN {{l}} WHEN 'OBJECT' THEN {bag} ELSE [{single}] END"
        listed = speller.once(
            json_of(speller, each.value),
            lambda v: hygienic(speller, template, v=v, l=_elements(speller, v.copy(), arrow)),
        )
    if expansion.limit is not None:
        listed = speller.sql(f"({{x}})[:{max(expansion.limit, 0)}]", x=listed)
    return listed
