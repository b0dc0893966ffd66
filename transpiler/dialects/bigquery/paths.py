"""BigQuery: steps into dynamic values, ``d.a[0]['c']``.

JSON paths are constants there and count from the start only. An index from the end, or one that is computed, takes the
array apart; a computed name looks through the members. The JSON functions over STRING keep numbers and the order of
members as written, and answer NULL for what is missing or is null. They take the beginning of what is no JSON for a
value (``10.0`` of an address), so that a text is parsed before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from transpiler.dialects.bigquery.columns import stored_json, whole_text, written_json
from transpiler.dialects.bigquery.formats import part_at
from transpiler.dialects.computed import hygienic
from transpiler.dialects.spelling import Speller, text
from transpiler.plan.scalars import Call, Path, Scalar
from transpiler.source import Span
from transpiler.types import INTEGERS, Type

_PLAIN = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_AS_INDEX = re.compile(r" *[+-]?\d", re.ASCII)
"""A name of which BigQuery's paths make the number at its begin: ``$."1st"`` of an array is its second element."""

_TREE = "SAFE.PARSE_JSON(CONCAT(' ', {v}), wide_number_mode => 'round')"
"""The JSON value of a text, NULL for what is no JSON. A byte order mark is skipped at the beginning, and only there."""
IS_JSON = f"NOT {_TREE} IS NULL"
"""Whether a text ``{v}`` is JSON, null included."""

_STRING = r'"(?:[^"\\]|\\.)*"'
# The functions over STRING leave 1.50, 1e3 and -0 as they are written and take each half of a pair of surrogates for a
# character that is none; BigQuery's JSON has them as Kusto does, 1.5, 1000.0 and 0, but would sort the members of a bag.
_ODD = r"-0\b|\d[eE]|\.\d+0|\.\d{16}|\\u[dD][89abAB]"
_AROUND_ODD = rf'{_STRING}|[^"\d-]+|[-+.\deE]+'
_MENDED = (
    "IF(REGEXP_CONTAINS({v}, {odd}), (SELECT STRING_AGG(IF(REGEXP_CONTAINS(@e@, {odd}), "
    "TO_JSON_STRING(PARSE_JSON(@e@, wide_number_mode => 'round')), @e@), '' ORDER BY @o@) "
    "FROM UNNEST(REGEXP_EXTRACT_ALL({v}, {parts})) AS @e@ WITH OFFSET AS @o@), {v})"
)
# A value of that nesting or less is one token, so that bags come to few.
_DEPTH = 6


def _nested(depth: int) -> str:
    inner = rf'(?:[^][{{}}"]|{_STRING})*'
    for _ in range(depth - 1):
        inner = rf'(?:[^][{{}}"]|{_STRING}|[{{[]{inner}[]}}])*'
    return inner


_TOKEN = rf'{_STRING}:(?:[^][{{}}",]|{_STRING}|[{{[]{_nested(_DEPTH)}[]}}])+|{_STRING}|[][{{}},]|[^][{{}},"]+'
# RE2 does not count brackets, so that the text is taken apart and its brackets are counted: a comma at the first level ends
# a member, whatever the nesting of its value. A window function would count faster, but cannot stand within a condition.
_LEVEL = (
    "(SELECT SUM(CASE WHEN @u@ IN ({open}, '[') THEN 1 WHEN @u@ IN ({close}, ']') THEN -1 ELSE 0 END) "
    "FROM UNNEST(@l@) AS @u@ WITH OFFSET AS @p@ WHERE @p@ <= @o@)"
)
_TOKENS = (
    f"(SELECT ARRAY(SELECT AS STRUCT @e@, @o@, {_LEVEL} AS @d@ FROM UNNEST(@l@) AS @e@ WITH OFFSET AS @o@) AS @t@ "
    "FROM UNNEST([STRUCT(REGEXP_EXTRACT_ALL({x}, {token}) AS @l@)]))"
)
_MEMBERS = (
    "ARRAY(SELECT STRING_AGG(@e@, '' ORDER BY @o@) FROM (SELECT @r@.@e@ AS @e@, @r@.@o@ AS @o@, "
    "(SELECT COUNTIF(@u@.@d@ = 1 AND @u@.@e@ = ',') FROM UNNEST(@t@) AS @u@ WHERE @u@.@o@ < @r@.@o@) AS @n@ "
    f"FROM {_TOKENS}, UNNEST(@t@) AS @r@ WHERE @r@.@d@ > 0 AND @r@.@o@ > 0 AND NOT (@r@.@d@ = 1 AND @r@.@e@ = ',')) "
    "GROUP BY @n@ ORDER BY @n@)"
)
MEMBER_NAME = rf"^({_STRING}):"
MEMBER_VALUE = rf"(?s)^{_STRING}:(.*)$"
_MEMBER = (
    "(SELECT NULLIF(REGEXP_EXTRACT(@e@, {value}), 'null') FROM UNNEST({members}) AS @e@ WITH OFFSET AS @o@ "
    "WHERE JSON_VALUE(REGEXP_EXTRACT(@e@, {name})) = {k} ORDER BY @o@ LIMIT 1)"
)


def property_step(speller: Speller, name: str, span: Span) -> str:
    """A property's name as a step of a JSON path."""
    if _PLAIN.fullmatch(name):
        return f".{name}"
    if "\\" in name or any(c < " " for c in name):
        raise speller.refuse("a JSON path of BigQuery cannot hold a backslash or control character", span)
    escaped = name.replace('"', '\\"')
    return f'."{escaped}"'


def is_plain(scalar: Path) -> bool:
    """Whether a path is one that BigQuery's JSON functions take as it is."""
    return all(isinstance(s, str) or (isinstance(s, int) and s >= 0) for s in scalar.steps)


def json_of(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The JSON text of a dynamic scalar, compact; NULL for null."""
    return _at(speller, scalar, "JSON_QUERY", bare=True)


def scalar_text_of(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The text of a dynamic scalar that is a string, number or bool; NULL for null, arrays and bags."""
    if (part := part_at(speller, scalar)) is not None:
        return part
    return _at(speller, scalar, "JSON_VALUE")


def elements_of(speller: Speller, scalar: Scalar) -> exp.Expr:
    """The elements of a dynamic array as an ARRAY of JSON texts (``null`` for null); NULL for what is no array."""
    return _at(speller, scalar, "JSON_QUERY_ARRAY")


def path(speller: Speller, scalar: Path) -> exp.Expr:
    """The value at a path; NULL where there is none or where it is JSON's null."""
    if (part := part_at(speller, scalar)) is not None:
        return speller.sql("TO_JSON_STRING({x})", x=part)
    return json_of(speller, scalar)


def mended(speller: Speller, v: exp.Expr) -> exp.Expr:
    """A text that is JSON, with its numbers as Kusto writes them and its characters as the functions over STRING read them."""
    return hygienic(speller, _MENDED, v=v, odd=text(_ODD), parts=text(_AROUND_ODD))


def is_parsed(scalar: Scalar) -> bool:
    """Whether a scalar is a path into a text that is parsed for it."""
    base = scalar.base if isinstance(scalar, Path) else None
    return isinstance(base, Call) and base.overload.key == "parse_json"


def _at(speller: Speller, scalar: Scalar, function: str, *, bare: bool = False) -> exp.Expr:
    steps: Sequence[str | int | Scalar] = scalar.steps if isinstance(scalar, Path) else ()
    base = scalar.base if isinstance(scalar, Path) else scalar
    is_parsed = isinstance(base, Call) and base.overload.key == "parse_json" and bool(steps)
    tree = speller.value(base.arguments[0] if is_parsed and isinstance(base, Call) else base)
    is_compact = True
    if is_parsed and function == "JSON_VALUE" and isinstance(scalar, Path) and is_plain(scalar):
        # The JSON value gives a number as Kusto does, 1.5 for 1.50.
        tree = speller.sql(_TREE, v=tree)
    elif is_parsed:
        tree = speller.once(
            tree, lambda v: speller.sql(f"CASE WHEN {IS_JSON} THEN {{x}} END", v=v, x=mended(speller, v.copy()))
        )
        is_compact = False
    written = "$"
    for step in steps:
        if isinstance(step, str) and not _AS_INDEX.match(step):
            written += property_step(speller, step, scalar.span)
        elif isinstance(step, int) and step >= 0:
            written += f"[{step}]"
        else:
            tree, written = _apart(speller, tree, written, step, scalar.span, is_compact=is_compact), "$"
            is_compact = True
    if written == "$" and bare and (steps or not is_parsed):
        return tree
    if (stored := stored_json(tree)) is not None:
        tree = stored if function == "JSON_VALUE" else whole_text(speller.dialect, stored)
    elif (as_written := written_json(tree)) is not None:
        tree = as_written
    if written == "$":
        return speller.sql(f"{function}({{x}})", x=tree)
    return speller.sql(f"{function}({{x}}, {{p}})", x=tree, p=text(written))


def if_bag(speller: Speller, v: exp.Expr, tree: exp.Expr) -> exp.Expr:
    """A tree over a JSON text that is a bag; NULL for every other text."""
    return speller.sql("CASE WHEN STARTS_WITH({v}, {open}) THEN {x} END", v=v.copy(), x=tree, open=text("{"))


def _apart(
    speller: Speller, tree: exp.Expr, written: str, step: str | int | Scalar, span: Span, *, is_compact: bool
) -> exp.Expr:
    """One step that no path takes: from the end, known per row, or a name that is a number to an array.

    A member is looked for in compact text only.
    """
    if isinstance(step, int):
        last = "NULLIF(ARRAY_REVERSE(JSON_QUERY_ARRAY({x}, {p}))[SAFE_OFFSET({i})], 'null')"
        return speller.sql(last, x=tree, p=text(written), i=exp.Literal.number(-1 - step))
    if not isinstance(step, str) and step.type in INTEGERS:
        array = speller.sql("JSON_QUERY_ARRAY({x}, {p})", x=tree, p=text(written))
        return _element(speller, array, speller.value(step))
    if not isinstance(step, str) and step.type not in (Type.STRING, Type.DYNAMIC):
        raise speller.refuse(f"an index is a string or a whole number, this is {step.type}", step.span)
    if written != "$" or not is_compact:
        tree = speller.sql("JSON_QUERY({x}, {p})", x=tree, p=text(written))
    if isinstance(step, str):
        name = text(f"${property_step(speller, step, span)}")
        return speller.once(tree, lambda x: if_bag(speller, x, speller.sql("JSON_QUERY({x}, {p})", x=x, p=name)))
    if step.type is Type.STRING:
        return speller.once(tree, lambda x: member(speller, x, speller.text(step)))
    return speller.once(tree, lambda x: _named_or_placed(speller, x, step))


def _named_or_placed(speller: Speller, tree: exp.Expr, step: Scalar) -> exp.Expr:
    """A step that is a string in one row and a number in another."""
    by_name = member(speller, tree, scalar_text_of(speller, step))
    array = speller.sql("JSON_QUERY_ARRAY({x})", x=tree.copy())
    index = speller.sql("SAFE_CAST({v} AS INT64)", v=json_of(speller, step))
    return speller.sql(
        "CASE WHEN STARTS_WITH({v}, '\"') THEN {m} ELSE {e} END",
        v=json_of(speller, step), m=by_name, e=_element(speller, array, index),
    )  # fmt: skip


def _element(speller: Speller, array: exp.Expr, index: exp.Expr) -> exp.Expr:
    return speller.sql(
        "NULLIF(IF({i} < 0, ARRAY_REVERSE({a})[SAFE_OFFSET(-1 - {i})], {a}[SAFE_OFFSET({i})]), 'null')",
        a=array,
        i=index,
    )


def members(speller: Speller, tree: exp.Expr) -> exp.Expr:
    """The members of a bag's JSON text as an ARRAY of texts ``"name":value``, in their order; of no use for what is no bag."""
    return hygienic(speller, _MEMBERS, x=tree, token=text(_TOKEN), open=text("{"), close=text("}"))


def member_value(speller: Speller, tree: exp.Expr) -> exp.Expr:
    """The value in a member's text, as JSON."""
    return speller.sql("REGEXP_EXTRACT({e}, {value})", e=tree, value=text(MEMBER_VALUE))


def member(speller: Speller, tree: exp.Expr, name: exp.Expr) -> exp.Expr:
    """The value of a member by a computed name; NULL where there is none."""
    found = hygienic(
        speller, _MEMBER, members=members(speller, tree), value=text(MEMBER_VALUE), name=text(MEMBER_NAME), k=name
    )
    return speller.sql(
        "CASE WHEN STARTS_WITH({x}, {open}) THEN {found} END", x=tree.copy(), open=text("{"), found=found
    )
