"""DuckDB's spellings: property bags. A bag's members are a list of STRUCT(k, v), in their order."""

from __future__ import annotations

import json

from sqlglot import exp

from transpiler.dialects.computed import hygienic
from transpiler.dialects.duckdb.arrays import elements
from transpiler.dialects.duckdb.paths import elements_at, json_of, property_step, text_of
from transpiler.dialects.spelling import Speller, Spelling, call, text
from transpiler.plan.scalars import Call, Constant

_MEMBERS = "list_transform(json_keys({v}), lambda @k@, @i@: struct_pack(k := @k@, v := json_extract({v}, '$.*')[@i@]))"
_KEY, _VALUE = "struct_extract(@e@, 'k')", "struct_extract(@e@, 'v')"
_MEMBER = f"to_json({_KEY}) || ':' || CAST({_VALUE} AS TEXT)"
_JOINED = f"{{open}} || array_to_string(list_transform({{l}}, lambda @e@: {_MEMBER}), ',') || {{close}}"


def _members(speller: Speller, v: exp.Expr) -> exp.Expr:
    return hygienic(speller, _MEMBERS, v=v)


def _joined(speller: Speller, members: exp.Expr) -> exp.Expr:
    """The text of a bag of members."""
    return hygienic(speller, _JOINED, l=members, open=text("{"), close=text("}"))


def _if_bag(speller: Speller, v: exp.Expr, tree: exp.Expr) -> exp.Expr:
    return speller.sql("CASE WHEN json_type({v}) = 'OBJECT' THEN {x} END", v=v.copy(), x=tree)


def _bag_keys(speller: Speller, of: Call) -> exp.Expr:
    return speller.once(
        json_of(speller, of.arguments[0]), lambda v: _if_bag(speller, v, speller.sql("to_json(json_keys({v}))", v=v))
    )


def _has_key(speller: Speller, of: Call) -> exp.Expr:
    bag, key = of.arguments

    def build(v: exp.Expr) -> exp.Expr:
        if isinstance(key, Constant) and all(of.options):
            written = "$" + "".join(property_step(str(s)) for s in of.options)
            return _if_bag(speller, v, call("json_exists", v, text(written)))
        return _if_bag(speller, v, speller.sql("list_contains(json_keys({v}), {k})", v=v, k=speller.text(key)))

    return speller.once(json_of(speller, bag), build)


def _merge(speller: Speller, of: Call) -> exp.Expr:
    """Of members with one name the first counts; a null bag adds none."""
    lists = [speller.once(json_of(speller, b), lambda v: _members(speller, v)) for b in of.arguments]
    every = call("list_concat", *lists) if len(lists) > 1 else lists[0]
    keys = "list_transform({l}, lambda @o@: struct_extract(@o@, 'k'))"
    first = f"list_filter({{l}}, lambda @e@, @i@: list_position({keys}, {_KEY}) = @i@)"
    tree = speller.once(every, lambda v: _joined(speller, hygienic(speller, first, l=v)))
    if not all(b.nullable for b in of.arguments):
        return tree
    known = call("COALESCE", *(speller.value(b) for b in of.arguments))
    return speller.sql("CASE WHEN NOT {k} IS NULL THEN {x} END", k=known, x=tree)


def _remove(speller: Speller, of: Call) -> exp.Expr:
    bag, keys = of.arguments
    names = text_of(speller, keys, "[*]")
    if keys.nullable:  # what is in no list is neither in it nor not in it
        names = speller.sql("COALESCE({k}, [])", k=names)

    def build(v: exp.Expr) -> exp.Expr:
        kept = hygienic(
            speller, "list_filter({l}, lambda @e@: NOT list_contains({k}, struct_extract(@e@, 'k')))",
            l=_members(speller, v), k=names,
        )  # fmt: skip
        return _if_bag(speller, v, _joined(speller, kept))

    tree = speller.once(json_of(speller, bag), build)
    for path in of.options:
        tree = _without(speller, tree, json.loads(str(path)))
    return tree


def _without(speller: Speller, bag: exp.Expr, names: list[str]) -> exp.Expr:
    """The bag without the member to which the names lead; NULL for what is no bag."""
    name, *rest = names

    def build(v: exp.Expr) -> exp.Expr:
        if not rest:
            kept = hygienic(
                speller, f"list_filter({{l}}, lambda @e@: {_KEY} <> {{k}})", l=_members(speller, v), k=text(name)
            )
            return _if_bag(speller, v, _joined(speller, kept))
        member = speller.sql("json_extract({v}, {p})", v=v.copy(), p=text("$" + property_step(name)))
        inner = _without(speller, member.copy(), rest)
        changed = hygienic(
            speller,
            f"list_transform({{l}}, lambda @e@: CASE WHEN {_KEY} = {{k}} "
            f"THEN struct_pack(k := {_KEY}, v := COALESCE(CAST({{x}} AS JSON), {_VALUE})) ELSE @e@ END)",
            l=_members(speller, v), k=text(name), x=inner,
        )  # fmt: skip
        return _if_bag(speller, v, _joined(speller, changed))

    return speller.once(bag, build)


def _set_key(speller: Speller, of: Call) -> exp.Expr:
    bag, _, value = of.arguments
    new = speller.sql("COALESCE({x}, 'null')", x=speller.value(value)) if value.nullable else speller.value(value)
    return _with_member(speller, json_of(speller, bag), [str(s) for s in of.options], new)


def _with_member(speller: Speller, bag: exp.Expr, names: list[str], value: exp.Expr) -> exp.Expr:
    """The bag with a member set in its place or at the end; a missing bag on the way is made."""
    name, *rest = names

    def build(v: exp.Expr) -> exp.Expr:
        new = value
        if rest:
            step = text("$" + property_step(name))
            member = speller.sql("json_extract({v}, {p})", v=v.copy(), p=step)
            inner = speller.sql("COALESCE(NULLIF({x}, 'null'), {empty})", x=member, empty=text("{}"))
            new = _with_member(speller, inner, rest, value)
        found = hygienic(
            speller,
            f"list_concat(list_transform({{l}}, lambda @e@: CASE WHEN {_KEY} = {{k}} "
            f"THEN struct_pack(k := {_KEY}, v := CAST({{x}} AS JSON)) ELSE @e@ END), "
            "CASE WHEN list_contains(json_keys({v}), {k}) THEN [] ELSE [struct_pack(k := {k}, v := CAST({x} AS JSON))] END)",
            l=_members(speller, v), k=text(name), x=new, v=v.copy(),
        )  # fmt: skip
        tree = _joined(speller, found)
        # A list's text leaves NULLs out: the member would vanish.
        return _if_bag(speller, v, _if_bag(speller, inner, tree) if rest else tree)

    return speller.once(bag, build)


def _zip(speller: Speller, of: Call) -> exp.Expr:
    """Strings of the keys' array with the values at their places; what has no value is null."""
    keys, values = of.arguments

    def build(v: exp.Expr) -> exp.Expr:
        listed = hygienic(
            speller,
            "list_filter(list_transform({l}, lambda @k@, @i@: struct_pack(j := @k@, "
            "k := json_extract_string(@k@, '$'), v := COALESCE({o}[@i@], 'null'))), "
            "lambda @e@: json_type(struct_extract(@e@, 'j')) = 'VARCHAR')",
            l=elements_at(v), o=elements(speller, values),
        )  # fmt: skip
        return speller.sql("CASE WHEN json_type({v}) = 'ARRAY' THEN {x} END", v=v.copy(), x=_joined(speller, listed))

    return speller.once(json_of(speller, keys), build)


# json_tree lists what a value holds, each with its way there; sorted by that way, a container's end after all within it, the
# texts make up the value again. chr(1), which JSON never holds, stands where no comma may follow.
_STEPS = r"""\."(?:[^"\\]|\\.)*"|\.[^."\[]+|\[[0-9]+\]"""
_CANONICAL = (
    "COALESCE((SELECT replace(replace(string_agg(@s@.w, '' ORDER BY @s@.p), concat(chr(1), ','), ''), chr(1), '') "
    "FROM (SELECT unnest(CASE WHEN @o@ IS NULL THEN [struct_pack(p := @p@, w := concat(@h@, COALESCE(@a@, 'null')))] ELSE "
    "[struct_pack(p := @p@, w := concat(@h@, @o@, chr(1))), struct_pack(p := list_append(@p@, '~'), w := @e@)] END) AS @s@ "
    "FROM (SELECT @p@, @n@.atom AS @a@, CASE @n@.type WHEN 'OBJECT' THEN {open} WHEN 'ARRAY' THEN '[' END AS @o@, "
    "CASE @n@.type WHEN 'OBJECT' THEN {close} ELSE ']' END AS @e@, CASE WHEN len(@p@) = 0 THEN '' "
    "WHEN starts_with(@p@[-1], '.') THEN concat(',', to_json(@n@.key), ':') ELSE ',' END AS @h@ "
    "FROM (SELECT @n@, list_transform(regexp_extract_all(@n@.fullkey, {steps}), lambda @c@: "
    "CASE WHEN starts_with(@c@, '[') THEN lpad(@c@, 12, '0') WHEN starts_with(@c@, '.\"') "
    "THEN concat('.', json_extract_string(substr(@c@, 2), '$')) ELSE @c@ END) AS @p@ FROM json_tree({v}) AS @n@)))), 'null')"
)


def _canonical(speller: Speller, of: Call) -> exp.Expr:
    """The members of every bag in the order of their names."""
    return hygienic(
        speller,
        _CANONICAL,
        v=json_of(speller, of.arguments[0]), steps=text(_STEPS), open=text("{"), close=text("}"),
    )  # fmt: skip


BAGS: dict[str, Spelling] = {
    "bag_keys": _bag_keys,
    "bag_has_key": _has_key,
    "bag_merge": _merge,
    "bag_remove_keys": _remove,
    "bag_set_key": _set_key,
    "bag_zip": _zip,
    "dynamic_to_json": _canonical,
}
