"""BigQuery: a row per element of a dynamic value, through UNNEST of an array that the same row makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count

from sqlglot import exp

from transpiler.dialects.bigquery.paths import MEMBER_NAME, MEMBER_VALUE, elements_of, json_of, members
from transpiler.dialects.computed import hygienic
from transpiler.dialects.known import is_array
from transpiler.dialects.spelling import Speller, text
from transpiler.plan.relations import Expand, Expansion
from transpiler.plan.scalars import Column
from transpiler.types import Type

_BAG = "CONCAT({open}, @e@, {close})"
_PAIR = "CONCAT('[', REGEXP_EXTRACT(@e@, {name}), ',', REGEXP_EXTRACT(@e@, {value}), ']')"
_ELEMENTS = (
    "COALESCE(JSON_QUERY_ARRAY({v}), IF(STARTS_WITH({v}, {open}), "
    "ARRAY(SELECT %s FROM UNNEST({members}) AS @e@ WITH OFFSET AS @o@ ORDER BY @o@), [{v}]))"
)


def expand(
    speller: Speller, expansion: Expand, source: exp.Expr, kept: Sequence[exp.Expr], names: Mapping[Column, str]
) -> exp.Select:
    """A SELECT over ``source`` that yields the kept columns and a row per element."""
    lists = [_list(speller, e, expansion) for e in expansion.expansions]
    taken = {c.name.lower() for c in expansion.input.columns}
    taken |= {i.name.lower() for t in (*kept, *lists) for i in t.find_all(exp.Identifier)}
    position = _free("item_index", taken)
    joins: list[exp.Expr] = []
    elements: list[exp.Expr] = []
    if len(lists) == 1:
        element = _free("item", taken)
        joins.append(_unnest(lists[0], element, position))
        elements.append(exp.column(element))
    else:
        row = _free("items", taken)
        fields = [exp.PropertyEQ(this=exp.to_identifier(f"list{i}"), expression=t) for i, t in enumerate(lists)]
        joins.append(_unnest(exp.Array(expressions=[exp.Struct(expressions=fields)]), row))
        own = [exp.Dot(this=exp.column(row), expression=exp.to_identifier(f"list{i}")) for i in range(len(lists))]
        lengths = [speller.sql("ARRAY_LENGTH({a})", a=a.copy()) for a in own]
        most = speller.sql("GENERATE_ARRAY(0, GREATEST({n*}) - 1)", n=lengths)
        joins.append(_unnest(most, position))
        elements += [speller.sql("{a}[SAFE_OFFSET({o})]", a=a, o=exp.column(position)) for a in own]
    found = {e.column: _element(speller, e, t) for e, t in zip(expansion.expansions, elements, strict=True)}
    if expansion.index is not None:
        found[expansion.index] = exp.column(position)
    named = [_alias(speller, t, names[c]) for c, t in found.items()]
    by_name = {k.alias_or_name: k for k in (*kept, *named)}
    select = exp.Select(expressions=[by_name[n] for n in names.values() if n in by_name], from_=exp.From(this=source))
    select.set("joins", joins)
    if expansion.limit is not None:
        bound = speller.sql(f"{{o}} < {max(expansion.limit, 0)}", o=exp.column(position))
        select.set("where", exp.Where(this=bound))
    return select


def _free(wanted: str, taken: set[str]) -> str:
    name = next(n for n in chain((wanted,), (f"{wanted}_{i}" for i in count(1))) if n not in taken)
    taken.add(name)
    return name


def _alias(speller: Speller, tree: exp.Expr, name: str) -> exp.Expr:
    return exp.Alias(this=tree, alias=speller.dialect.identifier(name))


def _unnest(array: exp.Expr, name: str, offset: str | None = None) -> exp.Join:
    columns: Iterable[exp.Identifier] = [exp.to_identifier(name)]
    unnest = exp.Unnest(expressions=[array], alias=exp.TableAlias(columns=list(columns)))
    if offset is not None:
        unnest.set("offset", exp.to_identifier(offset))
    return exp.Join(this=unnest, kind="CROSS")


def _element(speller: Speller, each: Expansion, tree: exp.Expr) -> exp.Expr:
    if each.column.type is Type.STRING:
        return speller.sql("COALESCE(JSON_VALUE({x}), NULLIF({x}, 'null'))", x=tree)
    return speller.sql("NULLIF({x}, 'null')", x=tree)


def _list(speller: Speller, each: Expansion, expansion: Expand) -> exp.Expr:
    """The elements of a value: of an array its own, of a bag one bag (or pair) per member, else the value itself."""
    if is_array(each.value):
        listed = elements_of(speller, each.value)
        return speller.sql("COALESCE({x}, ['null'])", x=listed) if each.value.nullable else listed

    def build(v: exp.Expr) -> exp.Expr:
        return _any_elements(speller, v, bag_as_array=expansion.bag_as_array)

    return speller.once(json_of(speller, each.value), build)


def _any_elements(speller: Speller, v: exp.Expr, *, bag_as_array: bool) -> exp.Expr:
    return hygienic(
        speller,
        _ELEMENTS % (_PAIR if bag_as_array else _BAG),
        v=v, members=members(speller, v), open=text("{"), close=text("}"), name=text(MEMBER_NAME), value=text(MEMBER_VALUE),
    )  # fmt: skip
