"""BigQuery's spellings: property bags. A bag's members are an ARRAY of texts ``"name":value``, in their order."""

from __future__ import annotations

import json

from sqlglot import exp

from transpiler.dialects.bigquery.arrays import listed, or_null, present_elements
from transpiler.dialects.bigquery.paths import MEMBER_NAME, elements_of, if_bag, json_of, members, property_step
from transpiler.dialects.computed import hygienic
from transpiler.dialects.spelling import Speller, Spelling, call, text
from transpiler.plan.scalars import Call, Constant, Scalar

_EACH = "UNNEST({m}) AS @e@ WITH OFFSET AS @o@"
_NAME = "REGEXP_EXTRACT(@e@, {name})"
_IS_NAMED = f"JSON_VALUE({_NAME}) = {{k}}"


def _bag(source: str) -> str:
    """The template of a bag's text: the members of a source."""
    return listed("@e@", source).replace("'['", "{open}").replace("']'", "{close}")


def _filled(speller: Speller, template: str, **slots: exp.Expr) -> exp.Expr:
    return hygienic(speller, template, open=text("{"), close=text("}"), name=text(MEMBER_NAME), **slots)


def _bag_keys(speller: Speller, of: Call) -> exp.Expr:
    return speller.once(
        json_of(speller, of.arguments[0]),
        lambda v: if_bag(
            speller, v, hygienic(speller, listed(_NAME, _EACH), m=members(speller, v), name=text(MEMBER_NAME))
        ),
    )


def _has_key(speller: Speller, of: Call) -> exp.Expr:
    """Null for what is no bag; where the way to the key leads through no bag, the key is not there."""
    bag, key = of.arguments
    *way, last = [str(s) for s in of.options] or [""]
    wanted = text(last) if isinstance(key, Constant) else speller.text(key)
    found = f"EXISTS(SELECT 1 FROM UNNEST({{m}}) AS @e@ WHERE {_IS_NAMED})"

    def has(v: exp.Expr) -> exp.Expr:
        return if_bag(speller, v, hygienic(speller, found, m=members(speller, v), k=wanted, name=text(MEMBER_NAME)))

    def build(v: exp.Expr) -> exp.Expr:
        if not way:
            return has(v)
        steps = "".join(property_step(speller, s, of.span) for s in way)
        inner = speller.once(speller.sql("JSON_QUERY({v}, {p})", v=v.copy(), p=text(f"${steps}")), has)
        return if_bag(speller, v, speller.sql("COALESCE({x}, FALSE)", x=inner))

    return speller.once(json_of(speller, bag), build)


def _members_or_none(speller: Speller, bag: Scalar) -> exp.Expr:
    return speller.once(
        json_of(speller, bag),
        lambda v: speller.sql(
            "IF(STARTS_WITH({v}, {open}), {m}, [])", v=v.copy(), m=members(speller, v), open=text("{")
        ),
    )


def _merge(speller: Speller, of: Call) -> exp.Expr:
    """Of members with one name the first counts; a null bag adds none."""
    lists = [_members_or_none(speller, b) for b in of.arguments]
    every = call("ARRAY_CONCAT", *lists) if len(lists) > 1 else lists[0]
    first = (
        f"(SELECT ARRAY_AGG(@e@ ORDER BY @o@ LIMIT 1)[OFFSET(0)] AS @e@, MIN(@o@) AS @o@ FROM {_EACH} GROUP BY {_NAME})"
    )
    tree = _filled(speller, _bag(first), m=every)
    if not all(b.nullable for b in of.arguments):
        return tree
    known = call("COALESCE", *(speller.value(b) for b in of.arguments))
    return speller.sql("CASE WHEN NOT {k} IS NULL THEN {x} END", k=known, x=tree)


def _remove(speller: Speller, of: Call) -> exp.Expr:
    bag, keys = of.arguments
    template = _bag(f"{_EACH} WHERE NOT {_NAME} IN UNNEST({{keys}})")
    tree = speller.once(
        json_of(speller, bag),
        lambda v: if_bag(
            speller, v, _filled(speller, template, m=members(speller, v), keys=present_elements(speller, keys))
        ),
    )
    for path in of.options:
        tree = _without(speller, tree, json.loads(str(path)), of)
    return tree


def _without(speller: Speller, bag: exp.Expr, names: list[str], of: Call) -> exp.Expr:
    """The bag without the member to which the names lead; NULL for what is no bag."""
    name, *rest = names

    def build(v: exp.Expr) -> exp.Expr:
        every = members(speller, v)
        if not rest:
            template = _bag(f"{_EACH} WHERE NOT {_IS_NAMED}")
            return if_bag(speller, v, _filled(speller, template, m=every, k=text(name)))
        member = speller.sql("JSON_QUERY({v}, {p})", v=v.copy(), p=text("$" + property_step(speller, name, of.span)))
        inner = _without(speller, member, rest, of)
        item = f"IF({_IS_NAMED}, COALESCE(CONCAT({{w}}, {{x}}), @e@), @e@)"
        template = listed(item, _EACH).replace("'['", "{open}").replace("']'", "{close}")
        written = text(json.dumps(name, ensure_ascii=False) + ":")
        return if_bag(speller, v, _filled(speller, template, m=every, w=written, x=inner, k=text(name)))

    return speller.once(bag, build)


def _set_key(speller: Speller, of: Call) -> exp.Expr:
    bag, _, value = of.arguments
    return _with_member(speller, json_of(speller, bag), [str(s) for s in of.options], or_null(speller, value), of)


def _with_member(speller: Speller, bag: exp.Expr, names: list[str], value: exp.Expr, of: Call) -> exp.Expr:
    """The bag with a member set in its place or at the end; a missing bag on the way is made."""
    name, *rest = names
    written = text(json.dumps(name, ensure_ascii=False) + ":")

    def build(v: exp.Expr) -> exp.Expr:
        new = value
        if rest:
            step = text("$" + property_step(speller, name, of.span))
            inner = speller.sql("COALESCE(JSON_QUERY({v}, {p}), {empty})", v=v.copy(), p=step, empty=text("{}"))
            new = _with_member(speller, inner, rest, value, of)
        every = members(speller, v)
        exists = f"EXISTS(SELECT 1 FROM UNNEST({{m}}) AS @e@ WHERE {_IS_NAMED})"
        extended = hygienic(
            speller,
            f"ARRAY_CONCAT({{m}}, IF({exists}, [], [CONCAT({{w}}, 'null')]))",
            m=every, w=written, k=text(name), name=text(MEMBER_NAME),
        )  # fmt: skip
        item = f"IF({_IS_NAMED}, CONCAT({{w}}, {{x}}), @e@)"
        template = listed(item, _EACH).replace("'['", "{open}").replace("']'", "{close}")
        tree = _filled(speller, template, m=extended, w=written.copy(), x=new, k=text(name))
        return if_bag(speller, v, if_bag(speller, inner, tree) if rest else tree)

    return speller.once(bag, build)


def _zip(speller: Speller, of: Call) -> exp.Expr:
    """Strings of the keys' array with the values at their places; what has no value is null."""
    keys, values = of.arguments
    item = "CONCAT(@e@, ':', COALESCE({b}[SAFE_OFFSET(@o@)], 'null'))"
    every = listed(item, f"{_EACH} WHERE STARTS_WITH(@e@, '\"')").replace("'['", "{open}").replace("']'", "{close}")
    return speller.once(
        json_of(speller, keys),
        lambda v: _filled(
            speller,
            f"CASE WHEN NOT {{m}} IS NULL THEN {every} END",
            m=speller.sql("JSON_QUERY_ARRAY({v})", v=v),
            b=elements_of(speller, values),
        ),
    )


BAGS: dict[str, Spelling] = {
    "bag_keys": _bag_keys,
    "bag_has_key": _has_key,
    "bag_merge": _merge,
    "bag_remove_keys": _remove,
    "bag_set_key": _set_key,
    "bag_zip": _zip,
    "dynamic_to_json": "COALESCE(TO_JSON_STRING(SAFE.PARSE_JSON({value}, wide_number_mode => 'round')), 'null')",
}
